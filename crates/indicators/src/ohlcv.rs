/// One bar: open, high, low and close price and the volume traded.
///
/// Bars are expected to be well formed (`low <= open, close <= high`, `volume >= 0`): readers of market data
/// refuse others. An indicator checks that the fields which it reads are usable numbers, not their order.
///
/// ```
/// use algoflow_indicators::Ohlcv;
///
/// let bar = Ohlcv { open: 10.0, high: 12.0, low: 9.0, close: 12.0, volume: 1_500.0 };
/// assert_eq!(bar.median_price(), 10.5);
/// assert_eq!(bar.typical_price(), 11.0);
/// assert_eq!(bar.weighted_close(), 11.25);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ohlcv {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Quantity traded, in units of the instrument.
    pub volume: f64,
}

impl Ohlcv {
    /// `(high + low) / 2`.
    #[inline]
    pub fn median_price(&self) -> f64 {
        (self.high + self.low) / 2.0
    }

    /// `(high + low + close) / 3`.
    #[inline]
    pub fn typical_price(&self) -> f64 {
        (self.high + self.low + self.close) / 3.0
    }

    /// `(high + low + 2 close) / 4`.
    #[inline]
    pub fn weighted_close(&self) -> f64 {
        (self.high + self.low + 2.0 * self.close) / 4.0
    }

    /// `(open + high + low + close) / 4`.
    #[inline]
    pub fn average_price(&self) -> f64 {
        (self.open + self.high + self.low + self.close) / 4.0
    }
}

/// A bar in which all prices are the same and nothing was traded, for a series that has only prices.
impl From<f64> for Ohlcv {
    fn from(price: f64) -> Self {
        Self { open: price, high: price, low: price, close: price, volume: 0.0 }
    }
}

impl From<&Ohlcv> for Ohlcv {
    fn from(bar: &Ohlcv) -> Self {
        *bar
    }
}

/// The prices of a completed bar as doubles.
impl From<&algoflow_core::market::Bar> for Ohlcv {
    fn from(bar: &algoflow_core::market::Bar) -> Self {
        Self {
            open: bar.open.to_f64(),
            high: bar.high.to_f64(),
            low: bar.low.to_f64(),
            close: bar.close.to_f64(),
            volume: bar.volume.to_f64(),
        }
    }
}
