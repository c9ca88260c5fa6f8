use super::{AtrCore, Channel, FirstBar};
use crate::average::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// Keltner channel, in Raschke's form: an EMA of the close and a multiple of the average true range around it.
///
/// The EMA begins with the simple average of its first `period` closes, the ATR as [`Atr`](crate::Atr) does. The
/// first value comes when both are known.
///
/// ```
/// use algoflow_indicators::{Channel, Keltner, Ohlcv};
///
/// let bar = |price: f64| Ohlcv { open: price, high: price + 1.0, low: price - 1.0, close: price, volume: 0.0 };
/// let mut keltner = Keltner::new(3, 2, 1.5)?;
/// for price in [10.0, 11.0, 12.0] {
///     keltner.update(bar(price));
/// }
/// assert_eq!(keltner.value(), Some(Channel { upper: 14.0, middle: 11.0, lower: 8.0 }));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Keltner {
    middle: Smoother,
    atr: AtrCore,
    multiplier: f64,
    value: Option<Channel>,
}

impl Keltner {
    /// A channel of `multiplier` average true ranges over `atr_period` bars around an EMA over `period` bars; often
    /// 20, 10 and 2.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless both periods lie between 1 and `MAX_PERIOD`, and
    /// [`IndicatorError::ParameterOutOfRange`] unless `0 < multiplier <= 1e6`.
    pub fn new(period: usize, atr_period: usize, multiplier: f64) -> Result<Self, IndicatorError> {
        let period = parameter::period("Keltner", "period", period)?;
        let atr_period = parameter::period("Keltner", "atr_period", atr_period)?;
        Ok(Self {
            middle: Smoother::exponential(period, Seed::Sma),
            atr: AtrCore::new(atr_period, FirstBar::Skipped),
            multiplier: parameter::multiplier("Keltner", multiplier)?,
            value: None,
        })
    }
}

impl Indicator for Keltner {
    type Input = Ohlcv;
    type Output = Channel;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<Channel> {
        if !(usable(bar.high) && usable(bar.low) && usable(bar.close)) {
            return None;
        }
        let middle = self.middle.push(bar.close);
        let atr = self.atr.push(&bar);
        let (middle, width) = (middle?, self.multiplier * atr?);
        let value = Some(Channel { upper: middle + width, middle, lower: middle - width });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<Channel> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.middle.warm_up().max(self.atr.warm_up())
    }

    fn reset(&mut self) {
        self.middle.clear();
        self.atr.clear();
        self.value = None;
    }
}

inherent_api!(Keltner, Ohlcv => Channel);
