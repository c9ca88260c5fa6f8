use super::Trend;
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::volatility::AtrCore;
use crate::{FirstBar, Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`SuperTrend`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SuperTrendOutput {
    /// The band on the far side of the trend, in units of price: where a stop would lie.
    pub value: f64,
    /// The direction of the trend.
    pub trend: Trend,
}

/// SuperTrend (Seban): bands of average true range around the median price that only move with the trend.
///
/// The basic bands are `(high + low) / 2 ± multiplier × ATR`. The upper band falls with its basic band and rises
/// only after a close above it; the lower band the reverse. The trend turns up when the close exceeds the upper
/// band, and down when it falls below the lower band. The first trend is up if the close of that bar is not
/// below the median price. The ATR is Wilder's, begun as [`Atr`](crate::Atr) does; the first value comes
/// after `period + 1` updates, or one earlier if [`SuperTrend::with_first_bar`] counts the first bar.
///
/// ```
/// use algoflow_indicators::{Ohlcv, SuperTrend, Trend};
///
/// let bar = |price: f64| Ohlcv { open: price, high: price + 1.0, low: price - 1.0, close: price, volume: 0.0 };
/// let mut super_trend = SuperTrend::new(2, 1.0)?;
/// let trends: Vec<_> = [10.0, 10.0, 10.0, 12.0, 12.0, 7.0]
///     .into_iter()
///     .filter_map(|price| super_trend.update(bar(price)))
///     .map(|output| output.trend)
///     .collect();
/// assert_eq!(trends, [Trend::Up, Trend::Up, Trend::Up, Trend::Down]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SuperTrend {
    atr: AtrCore,
    multiplier: f64,
    bands: Option<Bands>,
    value: Option<SuperTrendOutput>,
}

#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Bands {
    upper: f64,
    lower: f64,
    close: f64,
    trend: Trend,
}

impl SuperTrend {
    /// Bands of `multiplier` average true ranges over `period` bars; usually 10 and 3.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`, and
    /// [`IndicatorError::ParameterOutOfRange`] unless `0 < multiplier <= 1e6`.
    pub fn new(period: usize, multiplier: f64) -> Result<Self, IndicatorError> {
        Self::with_first_bar(period, multiplier, FirstBar::Skipped)
    }

    /// Bands whose average true range treats the first bar as given; TradingView counts its high-low range.
    ///
    /// # Errors
    ///
    /// As [`SuperTrend::new`].
    pub fn with_first_bar(
        period: usize,
        multiplier: f64,
        first_bar: FirstBar,
    ) -> Result<Self, IndicatorError> {
        let period = parameter::period("SuperTrend", "period", period)?;
        let multiplier = parameter::multiplier("SuperTrend", multiplier)?;
        Ok(Self { atr: AtrCore::new(period, first_bar), multiplier, bands: None, value: None })
    }
}

impl Indicator for SuperTrend {
    type Input = Ohlcv;
    type Output = SuperTrendOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<SuperTrendOutput> {
        if !(usable(bar.high) && usable(bar.low) && usable(bar.close)) {
            return None;
        }
        let width = self.multiplier * self.atr.push(&bar)?;
        let (median, close) = (bar.median_price(), bar.close);
        let (mut upper, mut lower) = (median + width, median - width);
        let trend = match self.bands {
            Some(previous) => {
                if upper > previous.upper && previous.close <= previous.upper {
                    upper = previous.upper;
                }
                if lower < previous.lower && previous.close >= previous.lower {
                    lower = previous.lower;
                }
                match previous.trend {
                    Trend::Up if close < lower => Trend::Down,
                    Trend::Down if close > upper => Trend::Up,
                    unchanged => unchanged,
                }
            }
            None if close >= median => Trend::Up,
            None => Trend::Down,
        };
        self.bands = Some(Bands { upper, lower, close, trend });
        let value = match trend {
            Trend::Up => lower,
            Trend::Down => upper,
        };
        let value = Some(SuperTrendOutput { value, trend });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<SuperTrendOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.atr.warm_up()
    }

    fn reset(&mut self) {
        self.atr.clear();
        self.bands = None;
        self.value = None;
    }
}

inherent_api!(SuperTrend, Ohlcv => SuperTrendOutput);
