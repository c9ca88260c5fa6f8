//! Whether trading goes on: the state of trading, and how a venue stands.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{id::VenueId, time::Timestamp};

/// What may be traded. A later one allows less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Everything that the limits allow.
    #[default]
    Active,
    /// Only what makes a position smaller.
    ReduceOnly,
    /// Nothing new: exits that were placed before stay, and positions may be closed by the engine.
    Halted,
}

impl fmt::Display for TradingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::ReduceOnly => "reduce-only",
            Self::Halted => "halted",
        })
    }
}

/// Whether a venue can be traded at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can.
    #[default]
    Ready,
    /// What is known of the account there is not certain: only what makes the account's position smaller is sent.
    Uncertain {
        /// Why.
        why: String,
    },
    /// It cannot be reached: no new order and no change of one is sent.
    Down {
        /// Why.
        why: String,
    },
}

impl Standing {
    /// Whether it can be traded at without more ado.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Whether nothing new can be sent there.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        matches!(self, Self::Down { .. })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.pad("ready"),
            Self::Uncertain { why } => write!(f, "uncertain ({why})"),
            Self::Down { why } => write!(f, "down ({why})"),
        }
    }
}

/// How a venue stands since a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueStanding {
    /// Which venue.
    pub venue: VenueId,
    /// How it stands.
    pub standing: Standing,
    /// Since when.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_state_allows_less() {
        assert!(TradingState::Active < TradingState::ReduceOnly);
        assert!(TradingState::ReduceOnly < TradingState::Halted);
    }

    #[test]
    fn a_standing_is_written_as_it_reads() {
        for (standing, text) in [
            (Standing::Ready, "\"ready\""),
            (Standing::Down { why: "closed".to_owned() }, r#"{"down":{"why":"closed"}}"#),
        ] {
            assert_eq!(serde_json::to_string(&standing).unwrap(), text);
            assert_eq!(serde_json::from_str::<Standing>(text).unwrap(), standing);
        }
    }
}
