use super::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// Exponential moving average: `ema += alpha (x - ema)`, `alpha = 2 / (period + 1)`.
///
/// By default it begins with the simple average of the first `period` values, as in TA-Lib; [`Ema::with_seed`]
/// selects the first value instead.
///
/// ```
/// use algoflow_indicators::{Ema, Seed};
///
/// let mut ema = Ema::new(3)?;
/// let values: Vec<_> = [2.0, 4.0, 6.0, 8.0].into_iter().map(|x| ema.update(x)).collect();
/// assert_eq!(values, [None, None, Some(4.0), Some(6.0)]);
///
/// let mut ema = Ema::with_seed(3, Seed::First)?;
/// let values: Vec<_> = [2.0, 4.0, 6.0, 8.0].into_iter().map(|x| ema.update(x)).collect();
/// assert_eq!(values, [Some(2.0), Some(3.0), Some(4.5), Some(6.25)]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ema {
    smoother: Smoother,
}

impl Ema {
    /// An average of the given period, begun with [`Seed::Sma`].
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::with_seed(period, Seed::Sma)
    }

    /// An average of the given period, begun as `seed` says.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn with_seed(period: usize, seed: Seed) -> Result<Self, IndicatorError> {
        let period = parameter::period("Ema", "period", period)?;
        Ok(Self { smoother: Smoother::exponential(period, seed) })
    }

    /// An average with the given weight of the newest value, begun with the first value.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::ParameterOutOfRange`] unless `0 < alpha <= 1`.
    pub fn with_alpha(alpha: f64) -> Result<Self, IndicatorError> {
        Ok(Self { smoother: Smoother::weighted(parameter::weight("Ema", "alpha", alpha)?) })
    }
}

impl Indicator for Ema {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if usable(value) { self.smoother.push(value) } else { None }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.smoother.value()
    }

    fn warm_up(&self) -> usize {
        self.smoother.warm_up()
    }

    fn reset(&mut self) {
        self.smoother.clear();
    }
}

inherent_api!(Ema, f64 => f64);
