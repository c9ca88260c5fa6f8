use serde::{Deserialize, Serialize};

use crate::{
    bar_spec::BarSpec,
    error::MarketDataError,
    id::InstrumentId,
    number::{Price, Quantity},
    time::Timestamp,
};

/// A completed bar: what a price did over an interval.
///
/// A bar is delivered when it is complete: `ts_recv` is never before `ts_close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Whose price.
    pub instrument: InstrumentId,
    /// What the bar covers.
    pub spec: BarSpec,
    /// When the interval began.
    pub ts_open: Timestamp,
    /// When the interval ended.
    pub ts_close: Timestamp,
    /// When the completed bar could be known.
    pub ts_recv: Timestamp,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// The quantity traded, in units of the base. Zero where it is not known.
    pub volume: Quantity,
}

impl Bar {
    /// Checks that the bar makes sense.
    ///
    /// # Errors
    /// [`MarketDataError`] if high is below low, open or close lies outside, the volume is negative, or the
    /// times are out of order.
    pub fn validate(&self) -> Result<(), MarketDataError> {
        if self.high < self.low {
            return Err(MarketDataError::HighBelowLow { high: self.high, low: self.low });
        }
        for (name, price) in [("open", self.open), ("close", self.close)] {
            if price > self.high || price < self.low {
                return Err(MarketDataError::OutsideRange { name, price, high: self.high, low: self.low });
            }
        }
        if self.volume.is_negative() {
            return Err(MarketDataError::NegativeQuantity { quantity: self.volume });
        }
        if self.ts_open > self.ts_close || self.ts_close > self.ts_recv {
            return Err(MarketDataError::TimesOutOfOrder { first: self.ts_open, second: self.ts_close });
        }
        Ok(())
    }

    /// The mean of high, low and close, as a double.
    #[must_use]
    pub fn typical(&self) -> f64 {
        (self.high.to_f64() + self.low.to_f64() + self.close.to_f64()) / 3.0
    }
}
