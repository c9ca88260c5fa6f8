use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::{RollingMax, RollingMin};
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// Williams %R (Williams 1973), between -100 and 0.
///
/// `-100 (highest high - close) / (highest high - lowest low)` over `period` bars. Where the range is zero it is
/// -50 (TA-Lib: 0).
///
/// ```
/// use algoflow_indicators::{Ohlcv, WilliamsR};
///
/// let bar = |high, low, close| Ohlcv { open: close, high, low, close, volume: 0.0 };
/// let mut williams = WilliamsR::new(2)?;
/// assert_eq!(williams.update(bar(5.0, 1.0, 2.0)), None);
/// assert_eq!(williams.update(bar(4.0, 2.0, 4.0)), Some(-25.0));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WilliamsR {
    highest: RollingMax,
    lowest: RollingMin,
    value: Option<f64>,
}

impl WilliamsR {
    /// An oscillator over `period` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("WilliamsR", "period", period)?;
        Ok(Self { highest: RollingMax::new(period)?, lowest: RollingMin::new(period)?, value: None })
    }
}

impl Indicator for WilliamsR {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if !(usable(bar.high) && usable(bar.low) && usable(bar.close)) {
            return None;
        }
        let highest = self.highest.push(bar.high);
        let lowest = self.lowest.push(bar.low);
        let (highest, lowest) = (highest?, lowest?);
        let value = Some(-100.0 * ratio_or(highest - bar.close, highest - lowest, 0.5));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.highest.warm_up()
    }

    fn reset(&mut self) {
        self.highest.reset();
        self.lowest.reset();
        self.value = None;
    }
}

inherent_api!(WilliamsR, Ohlcv => f64);
