use super::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// Double exponential moving average (Mulloy 1994): `2 EMA - EMA(EMA)`.
///
/// Both averages begin with the simple average of the first `period` of their inputs, so the first value comes
/// after `2 period - 1` updates, as in TA-Lib.
///
/// ```
/// use algoflow_indicators::Dema;
///
/// let mut dema = Dema::new(2)?;
/// let values: Vec<_> = [1.0, 2.0, 3.0, 4.0].into_iter().filter_map(|x| dema.update(x)).collect();
/// assert_eq!(values, [3.0, 4.0]); // a straight line is followed without lag
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dema {
    once: Smoother,
    twice: Smoother,
    value: Option<f64>,
}

impl Dema {
    /// An average of the given period, begun with [`Seed::Sma`].
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::with_seed(period, Seed::Sma)
    }

    /// An average of the given period, whose parts begin as `seed` says.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn with_seed(period: usize, seed: Seed) -> Result<Self, IndicatorError> {
        let smoother = Smoother::exponential(parameter::period("Dema", "period", period)?, seed);
        Ok(Self { once: smoother.clone(), twice: smoother, value: None })
    }
}

impl Indicator for Dema {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            return None;
        }
        let once = self.once.push(value)?;
        let twice = self.twice.push(once)?;
        let value = Some(2.0 * once - twice);
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.once.warm_up() + self.twice.warm_up() - 1
    }

    fn reset(&mut self) {
        self.once.clear();
        self.twice.clear();
        self.value = None;
    }
}

inherent_api!(Dema, f64 => f64);
