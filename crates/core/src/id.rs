//! Identifiers: interned names that are `Copy`, compare fast and order by content.
//!
//! Every name ([`InstrumentId`], [`VenueId`], [`Asset`], [`StrategyId`]) is a pointer to one interned
//! string, so an id is eight bytes, `Copy`, and equal ids are the same pointer. Ordering and hashing use
//! the *content*, so nothing depends on addresses or on the order in which names were first seen. Names are
//! never freed: a process holds as many as it has instruments, venues and assets, which is bounded and small.

mod external;

pub use external::{ExecutionId, VenueOrderId};

use std::{
    cmp::Ordering,
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::{LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::IdError;

/// The longest name that is interned, in bytes.
pub const MAX_NAME_LEN: usize = 128;

struct Entry {
    text: Box<str>,
    hash: u64,
    slot: u32,
}

/// Lookup-only: never iterated, so its order cannot reach a result.
static NAMES: LazyLock<Mutex<HashMap<&'static str, &'static Entry>>> = LazyLock::new(Mutex::default);

#[derive(Clone, Copy)]
struct Name(&'static Entry);

impl Name {
    fn intern(text: &str) -> Result<Self, IdError> {
        if text.is_empty()
            || text.len() > MAX_NAME_LEN
            || text.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err(IdError::InvalidName { name: text.chars().take(MAX_NAME_LEN).collect() });
        }
        // A panic while the lock is held leaves the map intact, so a poisoned lock is still good.
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = names.get(text) {
            return Ok(Self(entry));
        }
        let slot = u32::try_from(names.len()).map_err(|_| IdError::TooManyNames)?;
        let entry: &'static Entry = Box::leak(Box::new(Entry { text: text.into(), hash: fnv1a(text), slot }));
        names.insert(&entry.text, entry);
        Ok(Self(entry))
    }

    fn text(self) -> &'static str {
        &self.0.text
    }
}

/// FNV-1a, 64 bit (Fowler, Noll, Vo): a content hash that is equal in every process.
fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}
impl Eq for Name {}
impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        if self == other { Ordering::Equal } else { self.text().cmp(other.text()) }
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Name);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.0.text()
            }

            /// A small number that is unique to this name in this process: an index for lookup tables.
            ///
            /// It depends on the order in which names were first used, so it must never be stored, sent,
            /// or used to order anything.
            #[must_use]
            #[inline]
            pub fn slot(self) -> usize {
                self.0.0.slot as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl TryFrom<&str> for $name {
            type Error = IdError;
            fn try_from(text: &str) -> Result<Self, IdError> {
                text.parse()
            }
        }
    };
}

name_type! {
    /// A place where orders execute: `NYSE`, `BINANCE`, `ORCA`.
    VenueId
}
name_type! {
    /// Something that is owned and counted: a currency, a token, a share, a contract. `USD`, `SOL`, `AAPL`.
    Asset
}
name_type! {
    /// The name of a strategy instance. Unique within an engine.
    StrategyId
}
name_type! {
    /// One instrument at one venue, written `SYMBOL.VENUE`: `SOL-USDC.ORCA`, `AAPL.NASDAQ`, `BRK.B.NYSE`.
    ///
    /// The venue is what follows the last dot.
    InstrumentId
}

macro_rules! plain_name {
    ($($name:ident),*) => {$(
        impl $name {
            /// Interns `name`.
            ///
            /// # Errors
            /// [`IdError::InvalidName`] if it is empty, longer than [`MAX_NAME_LEN`] or holds white space.
            pub fn new(name: &str) -> Result<Self, IdError> {
                Name::intern(name).map(Self)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    )*};
}
plain_name!(VenueId, Asset, StrategyId);

impl InstrumentId {
    /// The id of `symbol` at `venue`.
    ///
    /// # Errors
    /// [`IdError::InvalidName`] if the symbol is empty or holds white space.
    pub fn new(symbol: &str, venue: VenueId) -> Result<Self, IdError> {
        format!("{symbol}.{venue}").parse()
    }

    /// The part before the last dot.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        self.split().0
    }

    /// The venue: the part after the last dot.
    #[must_use]
    pub fn venue(self) -> VenueId {
        // `from_str` interned the venue when it checked the name, so this only looks it up.
        Name::intern(self.split().1).map_or(VenueId(self.0), VenueId)
    }

    fn split(self) -> (&'static str, &'static str) {
        self.as_str().rsplit_once('.').unwrap_or((self.as_str(), self.as_str()))
    }
}

impl FromStr for InstrumentId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.rsplit_once('.') {
            Some((symbol, venue)) if !symbol.is_empty() && !venue.is_empty() => {
                Name::intern(venue)?;
                Name::intern(text).map(Self)
            }
            _ => Err(IdError::NoVenue { name: text.chars().take(MAX_NAME_LEN).collect() }),
        }
    }
}

/// The identity of an order: which run made it, which strategy, and the how-manieth order of that run it is.
///
/// Deterministic (no clock, no randomness), unique over restarts because every run has its own number, and
/// written in at most 40 characters of `[0-9a-z-]` that parse back: `r1-s0-17`. A venue's client order id is
/// made from it, reversibly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId {
    /// The run (session) that created the order.
    pub run: u32,
    /// The index of the strategy in its engine.
    pub strategy: u16,
    /// Counts the orders of the run from 1.
    pub sequence: u64,
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("r{}-s{}-{}", self.run, self.strategy, self.sequence))
    }
}

impl FromStr for OrderId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let parse = || {
            let (run, rest) = text.strip_prefix('r')?.split_once("-s")?;
            let (strategy, sequence) = rest.split_once('-')?;
            let id = Self {
                run: run.parse().ok()?,
                strategy: strategy.parse().ok()?,
                sequence: sequence.parse().ok()?,
            };
            // Only the canonical spelling, so that text and id map one to one.
            (id.to_string() == text).then_some(id)
        };
        parse().ok_or_else(|| IdError::InvalidOrderId { text: text.chars().take(MAX_NAME_LEN).collect() })
    }
}

impl Serialize for OrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for OrderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instrument_ids_split_at_the_last_dot() {
        let id: InstrumentId = "BRK.B.NYSE".parse().unwrap();
        assert_eq!((id.symbol(), id.venue().as_str()), ("BRK.B", "NYSE"));
        assert_eq!(InstrumentId::new("BRK.B", VenueId::new("NYSE").unwrap()).unwrap(), id);
    }

    #[test]
    fn names_order_and_hash_by_content() {
        let (b, a) = (Asset::new("zeta-b").unwrap(), Asset::new("zeta-a").unwrap());
        assert!(a < b, "first seen last, still smaller");
        assert_eq!(a, Asset::new("zeta-a").unwrap());
        assert_ne!(a.slot(), b.slot());
    }

    #[test]
    fn bad_names_are_refused() {
        for bad in ["", "A B", "A\n", &"x".repeat(129)] {
            assert!(matches!(Asset::new(bad), Err(IdError::InvalidName { .. })), "{bad:?}");
        }
        for bad in ["SPY", ".NYSE", "SPY.", "SPY.NY SE"] {
            assert!(bad.parse::<InstrumentId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn order_ids_round_trip_as_text() {
        let id = OrderId { run: u32::MAX, strategy: u16::MAX, sequence: u64::MAX };
        assert_eq!(id.to_string().parse::<OrderId>().unwrap(), id);
        assert!(id.to_string().len() <= 40);
        for bad in ["", "r1-s0", "r01-s0-1", "r1-s0-+1", "1-0-1"] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad:?}");
        }
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<OrderId>(&json).unwrap(), id);
    }
}
