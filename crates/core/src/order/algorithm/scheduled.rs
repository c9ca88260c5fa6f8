//! Algorithms that follow the clock, or what others trade.

use serde::{Deserialize, Serialize};

use super::{AtEnd, Check, Jitter, VolumeProfile};
use crate::{error::OrderError, instrument::Instrument, number::Quantity, time::TimeDelta};

/// Equal parts over equal times: the average price over the time (time-weighted average price).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twap {
    /// How long it takes in all. The first slice leaves at once, the last one `duration / slices` before the end.
    pub duration: TimeDelta,
    /// Into how many slices the order is split.
    pub slices: u32,
    /// How much their sizes and times stray.
    #[serde(default)]
    pub jitter: Jitter,
    /// Says, with the order's id, how they stray.
    #[serde(default)]
    pub seed: u64,
    /// What becomes of the rest.
    #[serde(default)]
    pub at_end: AtEnd,
}

impl Twap {
    /// So many equal slices over this time.
    #[must_use]
    pub fn new(duration: TimeDelta, slices: u32) -> Self {
        Self { duration, slices, jitter: Jitter::default(), seed: 0, at_end: AtEnd::default() }
    }

    /// With sizes and times that stray.
    #[must_use]
    pub const fn jitter(mut self, size: f64, delay: f64) -> Self {
        self.jitter = Jitter { size, delay };
        self
    }

    /// With another seed for what strays.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With this end.
    #[must_use]
    pub const fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    pub(super) fn validate(&self) -> Result<(), OrderError> {
        let check = Check("twap");
        check.duration(self.duration)?;
        check.slices(self.slices)?;
        check.jitter(self.jitter)
    }
}

/// Parts as large as the volume that is usual at their time of the day: the average price of what is traded
/// (volume-weighted average price). A time in which the profile has no volume at all is worked evenly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vwap {
    /// How long it takes in all.
    pub duration: TimeDelta,
    /// Into how many slices the order is split; they leave at equal distances.
    pub slices: u32,
    /// The volume that is usual at a time of the day.
    pub profile: VolumeProfile,
    /// How much sizes and times stray.
    #[serde(default)]
    pub jitter: Jitter,
    /// Says, with the order's id, how they stray.
    #[serde(default)]
    pub seed: u64,
    /// What becomes of the rest.
    #[serde(default)]
    pub at_end: AtEnd,
}

impl Vwap {
    /// So many slices over this time, sized by the profile.
    #[must_use]
    pub fn new(duration: TimeDelta, slices: u32, profile: VolumeProfile) -> Self {
        Self { duration, slices, profile, jitter: Jitter::default(), seed: 0, at_end: AtEnd::default() }
    }

    /// With sizes and times that stray.
    #[must_use]
    pub const fn jitter(mut self, size: f64, delay: f64) -> Self {
        self.jitter = Jitter { size, delay };
        self
    }

    /// With another seed for what strays.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With this end.
    #[must_use]
    pub const fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    pub(super) fn validate(&self) -> Result<(), OrderError> {
        let check = Check("vwap");
        check.duration(self.duration)?;
        check.slices(self.slices)?;
        check.jitter(self.jitter)
    }
}

/// A share of the volume that others trade (percentage of volume, POV): the order has filled, and has out, at most `rate`
/// times what others have traded since it began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participation {
    /// The share: 0.1 is one unit for ten of others. Above 0, at most 1.
    pub rate: f64,
    /// When it ends; when it is filled, if none.
    #[serde(default)]
    pub duration: Option<TimeDelta>,
    /// Slices are not smaller than this, but for the last.
    #[serde(default)]
    pub min_slice: Option<Quantity>,
    /// Slices are not larger than this.
    #[serde(default)]
    pub max_slice: Option<Quantity>,
    /// Whether the order's own fills are among the trades that the venue shows, so that they have to be taken off. They are at
    /// real venues. They are not in recorded data with which a backtest is run.
    #[serde(default = "yes")]
    pub sees_itself: bool,
    /// What becomes of the rest when the time is over.
    #[serde(default)]
    pub at_end: AtEnd,
}

const fn yes() -> bool {
    true
}

impl Participation {
    /// This share of what others trade, until the order is filled.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            duration: None,
            min_slice: None,
            max_slice: None,
            sees_itself: true,
            at_end: AtEnd::default(),
        }
    }

    /// For at most this long.
    #[must_use]
    pub const fn within(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }

    /// With slices of at least this size, but for the last.
    #[must_use]
    pub const fn min_slice(mut self, size: Quantity) -> Self {
        self.min_slice = Some(size);
        self
    }

    /// With slices of at most this size.
    #[must_use]
    pub const fn max_slice(mut self, size: Quantity) -> Self {
        self.max_slice = Some(size);
        self
    }

    /// The data do not show the order's own fills: see [`Participation::sees_itself`].
    #[must_use]
    pub const fn unseen(mut self) -> Self {
        self.sees_itself = false;
        self
    }

    /// With this end.
    #[must_use]
    pub const fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    pub(super) fn validate(&self, instrument: &Instrument) -> Result<(), OrderError> {
        let check = Check("participation");
        if !(self.rate > 0.0 && self.rate <= 1.0) {
            return check.fail("rate", format!("must be above 0 and at most 1, not {}", self.rate));
        }
        self.duration.map_or(Ok(()), |duration| check.duration(duration))?;
        self.min_slice.map_or(Ok(()), |size| check.size("min_slice", size, instrument))?;
        self.max_slice.map_or(Ok(()), |size| check.size("max_slice", size, instrument))?;
        if let (Some(min), Some(max)) = (self.min_slice, self.max_slice)
            && min > max
        {
            return check.fail("max_slice", format!("must be at least min_slice, {min}, not {max}"));
        }
        Ok(())
    }
}

/// The schedule with the least expected cost plus `risk_aversion` times its variance, by R. Almgren and N. Chriss, "Optimal
/// execution of portfolio transactions", Journal of Risk 3 (2000), with linear impact. The more averse to risk, the more
/// is traded early.
///
/// Time is counted in days of 24 hours, prices in the quote, quantities in units of the base.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortfall {
    /// How long it takes in all (the paper's `T`).
    pub duration: TimeDelta,
    /// Into how many slices the order is split (`N`).
    pub slices: u32,
    /// What a unit of variance is worth (`lambda`), per amount of the quote. Zero is a TWAP.
    pub risk_aversion: f64,
    /// The standard deviation of the price over a day (`sigma`).
    pub volatility: f64,
    /// By how much the price is worse for each unit that is traded per day (`eta`). Above half of what the permanent impact
    /// moves it in one interval: `permanent_impact * duration / slices / 2`.
    pub temporary_impact: f64,
    /// By how much each unit that is traded moves the price for good (`gamma`).
    #[serde(default)]
    pub permanent_impact: f64,
    /// What becomes of the rest.
    #[serde(default)]
    pub at_end: AtEnd,
}

impl Shortfall {
    /// So many slices over this time, with this risk aversion, volatility per day and temporary impact.
    #[must_use]
    pub fn new(
        duration: TimeDelta,
        slices: u32,
        risk_aversion: f64,
        volatility: f64,
        temporary_impact: f64,
    ) -> Self {
        Self {
            duration,
            slices,
            risk_aversion,
            volatility,
            temporary_impact,
            permanent_impact: 0.0,
            at_end: AtEnd::default(),
        }
    }

    /// With a permanent impact.
    #[must_use]
    pub const fn permanent_impact(mut self, gamma: f64) -> Self {
        self.permanent_impact = gamma;
        self
    }

    /// With this end.
    #[must_use]
    pub const fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    /// The time between two slices (`tau`), in days.
    #[must_use]
    pub fn interval(&self) -> f64 {
        self.duration.as_seconds_f64() / 86_400.0 / f64::from(self.slices.max(1))
    }

    /// The temporary impact less half the permanent one of an interval: `eta - gamma * tau / 2`.
    #[must_use]
    pub fn net_impact(&self) -> f64 {
        self.temporary_impact - 0.5 * self.permanent_impact * self.interval()
    }

    pub(super) fn validate(&self) -> Result<(), OrderError> {
        let check = Check("shortfall");
        check.duration(self.duration)?;
        check.slices(self.slices)?;
        let numbers = [
            ("risk_aversion", self.risk_aversion),
            ("volatility", self.volatility),
            ("temporary_impact", self.temporary_impact),
            ("permanent_impact", self.permanent_impact),
        ];
        for (parameter, number) in numbers {
            if !number.is_finite() || number < 0.0 {
                return check.fail(parameter, format!("must be zero or more, not {number}"));
            }
        }
        let net = self.net_impact();
        if net > 0.0 {
            return Ok(());
        }
        let problem =
            format!("less half the permanent impact of an interval it must be above zero, not {net}");
        check.fail("temporary_impact", problem)
    }
}

/// How large chunks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkSize {
    /// So many chunks of equal size.
    Count(u32),
    /// Chunks of this size, the last one of what is left.
    Quantity(Quantity),
}

/// Chunk after chunk: the next one leaves when the one before is over, and not before the pause has passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunks {
    /// How large they are.
    pub size: ChunkSize,
    /// The pause between two.
    pub delay: TimeDelta,
    /// How much sizes and pauses stray.
    #[serde(default)]
    pub jitter: Jitter,
    /// Says, with the order's id, how they stray.
    #[serde(default)]
    pub seed: u64,
}

impl Chunks {
    /// So many chunks of equal size.
    #[must_use]
    pub fn count(count: u32, delay: TimeDelta) -> Self {
        Self { size: ChunkSize::Count(count), delay, jitter: Jitter::default(), seed: 0 }
    }

    /// Chunks of this size.
    #[must_use]
    pub fn of(size: Quantity, delay: TimeDelta) -> Self {
        Self { size: ChunkSize::Quantity(size), delay, jitter: Jitter::default(), seed: 0 }
    }

    /// With sizes and pauses that stray.
    #[must_use]
    pub const fn jitter(mut self, size: f64, delay: f64) -> Self {
        self.jitter = Jitter { size, delay };
        self
    }

    /// With another seed for what strays.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(super) fn validate(&self, instrument: &Instrument) -> Result<(), OrderError> {
        let check = Check("chunks");
        match self.size {
            ChunkSize::Count(count) => check.slices(count)?,
            ChunkSize::Quantity(size) => check.size("size", size, instrument)?,
        }
        if self.delay < TimeDelta::ZERO {
            return check.fail("delay", format!("must not be negative, not {}", self.delay));
        }
        check.jitter(self.jitter)
    }
}
