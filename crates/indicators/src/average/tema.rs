use super::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// Triple exponential moving average (Mulloy 1994): `3 EMA - 3 EMA(EMA) + EMA(EMA(EMA))`.
///
/// The three averages begin with the simple average of the first `period` of their inputs, so the first value
/// comes after `3 period - 2` updates, as in TA-Lib.
///
/// ```
/// use algoflow_indicators::Tema;
///
/// let mut tema = Tema::new(2)?;
/// let values: Vec<_> = [1.0, 2.0, 3.0, 4.0, 5.0].into_iter().filter_map(|x| tema.update(x)).collect();
/// assert_eq!(values.len(), 2);
/// assert!((values[1] - 5.0).abs() < 1e-12); // a straight line is followed without lag
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tema {
    once: Smoother,
    twice: Smoother,
    thrice: Smoother,
    value: Option<f64>,
}

impl Tema {
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
        let smoother = Smoother::exponential(parameter::period("Tema", "period", period)?, seed);
        Ok(Self { once: smoother.clone(), twice: smoother.clone(), thrice: smoother, value: None })
    }
}

impl Indicator for Tema {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            return None;
        }
        let once = self.once.push(value)?;
        let twice = self.twice.push(once)?;
        let thrice = self.thrice.push(twice)?;
        let value = Some(3.0 * (once - twice) + thrice);
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.once.warm_up() + self.twice.warm_up() + self.thrice.warm_up() - 2
    }

    fn reset(&mut self) {
        self.once.clear();
        self.twice.clear();
        self.thrice.clear();
        self.value = None;
    }
}

inherent_api!(Tema, f64 => f64);
