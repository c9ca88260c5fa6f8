//! Algorithms that wait for the market to come to them.

use serde::{Deserialize, Serialize};

use super::{AtEnd, Check, Jitter, OrderKind, OrderSpec};
use crate::{
    error::OrderError,
    instrument::Instrument,
    number::{Price, Quantity},
    time::TimeDelta,
};

/// A limit order of which only a part is shown. Venues that do this themselves are given the whole order; elsewhere a new slice
/// follows when the one before has filled, behind those that wait at the price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iceberg {
    /// How much is shown.
    pub display: Quantity,
    /// How much the size of slices strays, as a fraction from 0 to below 1. The venue's own icebergs do not stray.
    #[serde(default)]
    pub jitter: f64,
    /// Says, with the order's id, how it strays.
    #[serde(default)]
    pub seed: u64,
}

impl Iceberg {
    /// Shows this much.
    #[must_use]
    pub const fn new(display: Quantity) -> Self {
        Self { display, jitter: 0.0, seed: 0 }
    }

    /// With sizes that stray.
    #[must_use]
    pub const fn jitter(mut self, size: f64) -> Self {
        self.jitter = size;
        self
    }

    /// With another seed for what strays.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(super) fn validate(&self, spec: &OrderSpec, instrument: &Instrument) -> Result<(), OrderError> {
        if spec.kind == OrderKind::Market {
            return Err(OrderError::Conflict { what: "an iceberg needs a limit price" });
        }
        let check = Check("iceberg");
        check.size("display", self.display, instrument)?;
        check.jitter(Jitter { size: self.jitter, delay: 0.0 })
    }
}

/// Waits unseen, and takes (immediate or cancel) when at least `min_size` is offered at the limit price or better. Without
/// quotes, prices of trades and closes of bars count as offers, trades with their size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sniper {
    /// How much has to be offered; any amount if none. When less is left of the order, that much.
    pub min_size: Option<Quantity>,
    /// The most that is taken at a time; what is offered if none.
    pub max_slice: Option<Quantity>,
}

impl Sniper {
    /// Takes whatever is offered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only if so much is offered.
    #[must_use]
    pub const fn min_size(mut self, size: Quantity) -> Self {
        self.min_size = Some(size);
        self
    }

    /// At most so much at a time.
    #[must_use]
    pub const fn max_slice(mut self, size: Quantity) -> Self {
        self.max_slice = Some(size);
        self
    }

    pub(super) fn validate(&self, spec: &OrderSpec, instrument: &Instrument) -> Result<(), OrderError> {
        if spec.kind == OrderKind::Market {
            return Err(OrderError::Conflict { what: "a sniper needs a limit price" });
        }
        let check = Check("sniper");
        if let Some(size) = self.min_size.filter(|size| !size.is_positive()) {
            return check.fail("min_size", format!("must be above zero, not {size}"));
        }
        self.max_slice.map_or(Ok(()), |size| check.size("max_slice", size, instrument))
    }
}

/// Which price a peg follows. Without quotes it is the last price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PegTo {
    /// The best price on the order's own side: the bid for a buy (primary peg).
    #[default]
    Own,
    /// The middle.
    Mid,
    /// The best price on the other side: the ask for a buy (market peg).
    Other,
}

/// A limit order that follows the market, inside the bounds of the order. Where the venue changes orders it is changed; elsewhere it
/// is cancelled, and sent again once that is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peg {
    /// What it follows.
    #[serde(default)]
    pub to: PegTo,
    /// How much worse for the other side its price is: taken off for a buy, added for a sell. Below zero it reaches into the
    /// market.
    #[serde(default)]
    pub offset: Price,
    /// It moves only once its price would be off by at least this much.
    #[serde(default)]
    pub threshold: Price,
    /// It moves at most once in this time.
    #[serde(default)]
    pub every: TimeDelta,
    /// It follows no further than this beyond its first price, against the order.
    #[serde(default)]
    pub max_chase: Option<Price>,
    /// When it ends; when it is filled, if none.
    #[serde(default)]
    pub duration: Option<TimeDelta>,
    /// What becomes of the rest when the time is over.
    #[serde(default)]
    pub at_end: AtEnd,
}

impl Peg {
    /// Follows this price, at once and wherever it goes.
    #[must_use]
    pub fn new(to: PegTo) -> Self {
        Self {
            to,
            offset: Price::ZERO,
            threshold: Price::ZERO,
            every: TimeDelta::ZERO,
            max_chase: None,
            duration: None,
            at_end: AtEnd::default(),
        }
    }

    /// So much behind it; into the market if below zero.
    #[must_use]
    pub const fn offset(mut self, offset: Price) -> Self {
        self.offset = offset;
        self
    }

    /// Only once it is off by this much.
    #[must_use]
    pub const fn threshold(mut self, distance: Price) -> Self {
        self.threshold = distance;
        self
    }

    /// At most once in this time.
    #[must_use]
    pub const fn every(mut self, interval: TimeDelta) -> Self {
        self.every = interval;
        self
    }

    /// No further than this.
    #[must_use]
    pub const fn max_chase(mut self, distance: Price) -> Self {
        self.max_chase = Some(distance);
        self
    }

    /// For at most this long.
    #[must_use]
    pub const fn within(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }

    /// With this end.
    #[must_use]
    pub const fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    pub(super) fn validate(&self, spec: &OrderSpec, _instrument: &Instrument) -> Result<(), OrderError> {
        let check = Check("peg");
        if spec.flags.post_only && self.at_end == AtEnd::Take {
            return Err(OrderError::Conflict {
                what: "a post-only order cannot take what is left at its end",
            });
        }
        if self.threshold.is_negative() {
            return check.fail("threshold", format!("must not be negative, not {}", self.threshold));
        }
        if self.every < TimeDelta::ZERO {
            return check.fail("every", format!("must not be negative, not {}", self.every));
        }
        if let Some(chase) = self.max_chase.filter(|chase| chase.is_negative()) {
            return check.fail("max_chase", format!("must not be negative, not {chase}"));
        }
        self.duration.map_or(Ok(()), |duration| check.duration(duration))
    }
}
