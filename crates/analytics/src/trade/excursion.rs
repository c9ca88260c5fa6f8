use algoflow_core::{id::InstrumentId, market::Bar, time::Timestamp};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::RoundTrip;
use crate::{
    error::{AnalyticsError, Result},
    measure,
};

/// How far the price went against a trade and in its favor while it was open, as fractions of the average entry
/// price; both are zero or more.
///
/// Over the prices within the trade and those of its entry and exit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Excursion {
    /// The maximum adverse excursion (MAE).
    pub adverse: f64,
    /// The maximum favorable excursion (MFE).
    pub favorable: f64,
}

/// Says between which prices an instrument moved.
///
/// Implemented by closures `Fn(InstrumentId, Timestamp, Timestamp) -> Option<(f64, f64)>`, by [`PriceSeries`] and
/// slices of them, and by `()`, which knows nothing.
pub trait PriceRange {
    /// The lowest and the highest price of `instrument` from `from` to `to`; `None` where that is not known.
    ///
    /// Prices from before `from` or after `to` must have no part in it.
    fn range(&self, instrument: InstrumentId, from: Timestamp, to: Timestamp) -> Option<(f64, f64)>;
}

impl<F: Fn(InstrumentId, Timestamp, Timestamp) -> Option<(f64, f64)>> PriceRange for F {
    fn range(&self, instrument: InstrumentId, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        self(instrument, from, to)
    }
}

/// The prices of a bar, for measuring and drawing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceBar {
    /// When the bar was complete.
    pub ts: Timestamp,
    /// The first price.
    pub open: f64,
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
}

impl From<&Bar> for PriceBar {
    fn from(bar: &Bar) -> Self {
        Self {
            ts: bar.ts_close,
            open: bar.open.to_f64(),
            high: bar.high.to_f64(),
            low: bar.low.to_f64(),
            close: bar.close.to_f64(),
        }
    }
}

/// The bars of one instrument, in order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceSeries {
    instrument: InstrumentId,
    bars: Vec<PriceBar>,
}

impl PriceSeries {
    /// The bars of `instrument`.
    ///
    /// # Errors
    /// [`AnalyticsError`] for a time that does not follow the one before, and for prices that are not finite or outside
    /// low to high.
    pub fn new(instrument: InstrumentId, bars: Vec<PriceBar>) -> Result<Self> {
        let mut previous: Option<Timestamp> = None;
        for bar in &bars {
            if let Some(previous) = previous
                && bar.ts <= previous
            {
                return Err(AnalyticsError::TimeOrder { previous, next: bar.ts });
            }
            previous = Some(bar.ts);
            let invalid = |reason| Err(AnalyticsError::InvalidBar { instrument, ts: bar.ts, reason });
            if ![bar.open, bar.high, bar.low, bar.close].iter().all(|price| price.is_finite()) {
                return invalid("a price is not a finite number");
            }
            if bar.open.max(bar.close) > bar.high || bar.open.min(bar.close) < bar.low {
                return invalid("a price is outside low to high");
            }
        }
        Ok(Self { instrument, bars })
    }

    /// The bars of the first bar's instrument. `None` without bars.
    ///
    /// # Errors
    /// [`AnalyticsError`] as in [`new`](Self::new).
    pub fn from_bars(bars: &[Bar]) -> Result<Option<Self>> {
        let Some(first) = bars.first() else { return Ok(None) };
        let own = bars.iter().filter(|bar| bar.instrument == first.instrument);
        Self::new(first.instrument, own.map(PriceBar::from).collect()).map(Some)
    }

    /// Whose prices.
    #[must_use]
    pub const fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// The bars, the oldest first.
    #[must_use]
    pub fn bars(&self) -> &[PriceBar] {
        &self.bars
    }
}

impl PriceRange for PriceSeries {
    /// Over the bars that lie wholly between the two times: a bar covers the time since the bar before it.
    fn range(&self, instrument: InstrumentId, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        if instrument != self.instrument {
            return None;
        }
        // The first bar that begins, which is where the one before it ends, at `from` or later.
        let first = self.bars.partition_point(|bar| bar.ts < from) + 1;
        let end = self.bars.partition_point(|bar| bar.ts <= to);
        let inside = self.bars.get(first..end)?;
        let low = inside.iter().map(|bar| bar.low).reduce(f64::min)?;
        Some((low, inside.iter().map(|bar| bar.high).fold(low, f64::max)))
    }
}

impl PriceRange for [PriceSeries] {
    fn range(&self, instrument: InstrumentId, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        self.iter().find(|series| series.instrument == instrument)?.range(instrument, from, to)
    }
}

impl PriceRange for () {
    fn range(&self, _: InstrumentId, _: Timestamp, _: Timestamp) -> Option<(f64, f64)> {
        None
    }
}

/// The excursion of a trade; `None` where no prices are known or the entry price is not above zero.
pub(super) fn measure<P: PriceRange + ?Sized>(trip: &RoundTrip, prices: &P) -> Option<Excursion> {
    let (low, high) = prices.range(trip.instrument, trip.entry_time, trip.exit_time)?;
    let (entry, exit) = (trip.entry_price.to_f64()?, trip.exit_price.to_f64()?);
    if entry <= 0.0 {
        return None;
    }
    let (low, high) = (low.min(entry).min(exit), high.max(entry).max(exit));
    let (fall, rise) = (measure::ratio(entry - low, entry)?, measure::ratio(high - entry, entry)?);
    let (adverse, favorable) = if trip.is_long() { (fall, rise) } else { (rise, fall) };
    Some(Excursion { adverse, favorable })
}
