//! How the engine works a large order: as many small ones, over time.
//!
//! An [`Algorithm`] is data: which one, with which parameters. [`OrderBuilder::via`](crate::context::OrderBuilder::via) gives
//! an order to one; the engine then sends slices of it, and the order itself never reaches a venue. The rules that hold
//! for every algorithm are in the engine's crate.

mod passive;
mod profile;
mod scheduled;

use serde::{Deserialize, Serialize};

pub use passive::{Iceberg, Peg, PegTo, Sniper};
pub use profile::{MAX_PROFILE_BINS, VolumeProfile};
pub use scheduled::{ChunkSize, Chunks, Participation, Shortfall, Twap, Vwap};

use super::{OrderKind, OrderSpec, TimeInForce};
use crate::{error::OrderError, instrument::Instrument, number::Quantity, time::TimeDelta};

/// The most slices into which a schedule or a number of chunks may split an order.
pub const MAX_SLICES: u32 = 10_000;

/// How an order is worked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Algorithm {
    /// Equal parts over equal times.
    Twap(Twap),
    /// Parts as large as the volume that is usual at their time.
    Vwap(Vwap),
    /// A share of what others trade (percentage of volume).
    Participation(Participation),
    /// Fast at first, slower later: the least expected cost for a given risk (implementation shortfall).
    Shortfall(Shortfall),
    /// Chunk after chunk, with pauses.
    Chunks(Chunks),
    /// A limit order of which only a part is shown.
    Iceberg(Iceberg),
    /// Waits unseen and takes what is offered at the limit or better.
    Sniper(Sniper),
    /// A limit order that follows the market.
    Peg(Peg),
    /// Takes what is there to be taken at once, and whatever comes later: the rest of a limit order rests, that of a market order waits
    /// for what is shown next, that of an order that is immediate or cancel expires. What an order with a route and no other
    /// algorithm has.
    AtOnce,
    /// One that the user has registered with the engine.
    Custom {
        /// The name under which it is registered.
        name: String,
        /// Its parameters, in whatever text its factory reads.
        parameters: String,
    },
}

/// What becomes of the rest of an order when the time of its algorithm is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtEnd {
    /// It expires.
    #[default]
    Cancel,
    /// It is taken at once, within the bounds of the order; what cannot be had within them expires.
    Take,
}

/// How much sizes and delays stray at random, each as a fraction of what it would be, from 0 (none) to below 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jitter {
    /// Sizes: between `1 - size` and `1 + size` times what they would be.
    pub size: f64,
    /// Delays. A slice of a schedule is late by up to this fraction of the time to the next; the pause before a chunk is
    /// between `1 - delay` and `1 + delay` times what it would be.
    pub delay: f64,
}

impl Algorithm {
    /// The name, as in configuration files.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Twap(_) => "twap",
            Self::Vwap(_) => "vwap",
            Self::Participation(_) => "participation",
            Self::Shortfall(_) => "shortfall",
            Self::Chunks(_) => "chunks",
            Self::Iceberg(_) => "iceberg",
            Self::Sniper(_) => "sniper",
            Self::Peg(_) => "peg",
            Self::AtOnce => "at_once",
            Self::Custom { name, .. } => name,
        }
    }

    /// Checks the parameters, and that the order is one that can be worked: a market or limit order for units of the base,
    /// good till cancelled, till a date or for the day, that waits for no other order and shares its quantity with none.
    ///
    /// # Errors
    /// [`OrderError::Algorithm`] naming the parameter, [`OrderError::Conflict`] for terms that do not go together.
    pub fn validate(&self, spec: &OrderSpec, instrument: &Instrument) -> Result<(), OrderError> {
        self.validate_order(spec)?;
        match self {
            Self::Twap(twap) => twap.validate(),
            Self::Vwap(vwap) => vwap.validate(),
            Self::Participation(participation) => participation.validate(instrument),
            Self::Shortfall(shortfall) => shortfall.validate(),
            Self::Chunks(chunks) => chunks.validate(instrument),
            Self::Iceberg(iceberg) => iceberg.validate(spec, instrument),
            Self::Sniper(sniper) => sniper.validate(spec, instrument),
            Self::Peg(peg) => peg.validate(spec, instrument),
            Self::AtOnce | Self::Custom { .. } => Ok(()),
        }
    }

    fn validate_order(&self, spec: &OrderSpec) -> Result<(), OrderError> {
        let conflict = |what| Err(OrderError::Conflict { what });
        if spec.quantity.base(spec.side).is_none() {
            return conflict("an algorithm works units of the base");
        }
        if !matches!(spec.kind, OrderKind::Market | OrderKind::Limit { .. }) {
            return conflict("an algorithm works a market or a limit order");
        }
        let stays = matches!(spec.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd(_) | TimeInForce::Day);
        if matches!(self, Self::AtOnce) && !stays && spec.time_in_force != TimeInForce::Ioc {
            return conflict(
                "what is taken at once can be immediate or cancel, and not fill or kill, nor for an auction",
            );
        }
        if !matches!(self, Self::AtOnce) && !stays {
            return conflict("an order with an algorithm is good till cancelled, till a date or for the day");
        }
        if spec.contingency.parent.is_some() || spec.contingency.group.is_some() {
            return conflict(
                "an order with an algorithm waits for no other and is in no group; others can wait for it",
            );
        }
        if spec.flags.display.is_some() {
            return conflict("what is shown of an order is the parameter of an iceberg algorithm");
        }
        if spec.flags.post_only && !matches!(self, Self::Iceberg(_) | Self::Peg(_) | Self::Custom { .. }) {
            return conflict("post-only goes with the algorithms that rest: iceberg and peg");
        }
        Ok(())
    }
}

macro_rules! from {
    ($($name:ident)*) => {$(
        impl From<$name> for Algorithm {
            fn from(parameters: $name) -> Self {
                Self::$name(parameters)
            }
        }
    )*};
}
from!(Twap Vwap Participation Shortfall Chunks Iceberg Sniper Peg);

/// Checks the parameters of one algorithm.
#[derive(Clone, Copy)]
struct Check(&'static str);

impl Check {
    fn fail(self, parameter: &'static str, problem: impl Into<String>) -> Result<(), OrderError> {
        Err(OrderError::Algorithm { algorithm: self.0, parameter, problem: problem.into() })
    }

    fn duration(self, duration: TimeDelta) -> Result<(), OrderError> {
        if duration > TimeDelta::ZERO {
            return Ok(());
        }
        self.fail("duration", format!("must be above zero, not {duration}"))
    }

    fn slices(self, slices: u32) -> Result<(), OrderError> {
        if (1..=MAX_SLICES).contains(&slices) {
            return Ok(());
        }
        self.fail("slices", format!("must be 1 to {MAX_SLICES}, not {slices}"))
    }

    fn jitter(self, jitter: Jitter) -> Result<(), OrderError> {
        for (parameter, fraction) in [("jitter.size", jitter.size), ("jitter.delay", jitter.delay)] {
            if !(0.0..1.0).contains(&fraction) {
                return self.fail(parameter, format!("must be 0 or more and below 1, not {fraction}"));
            }
        }
        Ok(())
    }

    /// A size of slices that the venue takes.
    fn size(
        self,
        parameter: &'static str,
        size: Quantity,
        instrument: &Instrument,
    ) -> Result<(), OrderError> {
        let least = instrument.limits.min_quantity.unwrap_or(instrument.quantity_increment);
        if size < least || !size.is_multiple_of(instrument.quantity_increment) {
            let step = instrument.quantity_increment;
            return self.fail(parameter, format!("must be at least {least} in steps of {step}, not {size}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
