use super::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// Wilder's moving average (also SMMA, modified or running moving average): an exponential average with
/// `alpha = 1 / period`.
///
/// By default it begins with the simple average of the first `period` values, as Wilder does;
/// [`Rma::with_seed`] selects the first value instead.
///
/// ```
/// use algoflow_indicators::Rma;
///
/// let mut rma = Rma::new(4)?;
/// let values: Vec<_> = [1.0, 2.0, 3.0, 6.0, 7.0].into_iter().filter_map(|x| rma.update(x)).collect();
/// assert_eq!(values, [3.0, 4.0]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Rma {
    smoother: Smoother,
}

impl Rma {
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
        let period = parameter::period("Rma", "period", period)?;
        Ok(Self { smoother: Smoother::wilder(period, seed) })
    }
}

impl Indicator for Rma {
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

inherent_api!(Rma, f64 => f64);
