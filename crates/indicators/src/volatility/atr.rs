use crate::average::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The true range of a bar after the close of the bar before.
#[inline]
pub(crate) fn true_range(bar: &Ohlcv, previous_close: f64) -> f64 {
    (bar.high - bar.low).max((bar.high - previous_close).abs()).max((bar.low - previous_close).abs())
}

/// What the true range of the very first bar is, which has no close before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FirstBar {
    /// Unknown: the ranges start with the second bar, as in TA-Lib.
    #[default]
    Skipped,
    /// `high - low`: as StockCharts and TradingView do it.
    HighLow,
}

/// True range (Wilder 1978): the greatest of `high - low`, `|high - previous close|` and
/// `|low - previous close|`.
///
/// ```
/// use algoflow_indicators::{FirstBar, Ohlcv, TrueRange};
///
/// let bar = |high, low, close| Ohlcv { open: close, high, low, close, volume: 0.0 };
/// let mut range = TrueRange::new();
/// assert_eq!(range.update(bar(11.0, 9.0, 9.5)), None);
/// assert_eq!(range.update(bar(12.0, 11.0, 11.5)), Some(2.5));
/// assert_eq!(TrueRange::with_first_bar(FirstBar::HighLow).update(bar(11.0, 9.0, 9.5)), Some(2.0));
/// ```
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrueRange {
    first_bar: FirstBar,
    previous_close: Option<f64>,
    value: Option<f64>,
}

impl TrueRange {
    /// Ranges from the second bar on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ranges from the second or the first bar on.
    pub fn with_first_bar(first_bar: FirstBar) -> Self {
        Self { first_bar, ..Self::default() }
    }

    #[inline]
    fn push(&mut self, bar: &Ohlcv) -> Option<f64> {
        let value = match self.previous_close.replace(bar.close) {
            Some(previous_close) => Some(true_range(bar, previous_close)),
            None => match self.first_bar {
                FirstBar::Skipped => None,
                FirstBar::HighLow => Some(bar.high - bar.low),
            },
        };
        self.value = value;
        value
    }
}

impl Indicator for TrueRange {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if usable(bar.high) && usable(bar.low) && usable(bar.close) { self.push(&bar) } else { None }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        match self.first_bar {
            FirstBar::Skipped => 2,
            FirstBar::HighLow => 1,
        }
    }

    fn reset(&mut self) {
        self.previous_close = None;
        self.value = None;
    }
}

inherent_api!(TrueRange, Ohlcv => f64);

/// Average true range (Wilder 1978), in units of price.
///
/// Wilder's average of [`TrueRange`], begun with the simple average of the first `period` ranges. Those start
/// with the second bar, as in TA-Lib, so the first value comes after `period + 1` updates;
/// [`Atr::with_first_bar`] counts the high-low range of the first bar too.
///
/// ```
/// use algoflow_indicators::{Atr, Ohlcv};
///
/// let bar = |high, low, close| Ohlcv { open: close, high, low, close, volume: 0.0 };
/// let mut atr = Atr::new(2)?;
/// atr.update(bar(11.0, 9.0, 10.0));
/// atr.update(bar(12.0, 10.0, 11.0)); // true range 2
/// assert_eq!(atr.update(bar(15.0, 12.0, 14.0)), Some(3.0)); // true range 4
/// assert_eq!(atr.update(bar(15.0, 14.0, 15.0)), Some(2.0)); // true range 1
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Atr {
    core: AtrCore,
}

impl Atr {
    /// An average over `period` ranges, the first bar skipped.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::with_first_bar(period, FirstBar::Skipped)
    }

    /// An average over `period` ranges, the first bar treated as given.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn with_first_bar(period: usize, first_bar: FirstBar) -> Result<Self, IndicatorError> {
        Ok(Self { core: AtrCore::new(parameter::period("Atr", "period", period)?, first_bar) })
    }
}

impl Indicator for Atr {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if usable(bar.high) && usable(bar.low) && usable(bar.close) { self.core.push(&bar) } else { None }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.core.average.value()
    }

    fn warm_up(&self) -> usize {
        self.core.warm_up()
    }

    fn reset(&mut self) {
        self.core.clear();
    }
}

inherent_api!(Atr, Ohlcv => f64);

/// The average true range of bars that were checked by another indicator.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct AtrCore {
    range: TrueRange,
    average: Smoother,
}

impl AtrCore {
    pub(crate) fn new(period: usize, first_bar: FirstBar) -> Self {
        Self { range: TrueRange::with_first_bar(first_bar), average: Smoother::wilder(period, Seed::Sma) }
    }

    #[inline]
    pub(crate) fn push(&mut self, bar: &Ohlcv) -> Option<f64> {
        let range = self.range.push(bar)?;
        self.average.push(range)
    }

    pub(crate) fn warm_up(&self) -> usize {
        self.range.warm_up() + self.average.warm_up() - 1
    }

    pub(crate) fn clear(&mut self) {
        self.range.reset();
        self.average.clear();
    }
}
