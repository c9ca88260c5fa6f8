use crate::indicator::inherent_api;
use crate::input::usable;
use crate::rolling::{AnchoredWindow, Total};
use crate::{Indicator, IndicatorError, parameter};

/// Simple moving average: the mean of the latest `period` values.
///
/// What has left the window leaves no rounding error behind: the average does not drift, however long the stream and
/// however large the values that passed through. The average of equal values is exactly that value, whatever the
/// period, so that averages do not cross in a flat market.
///
/// ```
/// use algoflow_indicators::Sma;
///
/// let mut sma = Sma::new(3)?;
/// assert_eq!(sma.update(1.0), None);
/// assert_eq!(sma.update(2.0), None);
/// assert_eq!(sma.update(6.0), Some(3.0));
/// assert_eq!(sma.update(7.0), Some(5.0));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sma {
    window: AnchoredWindow<Total>,
    divisor: f64,
    value: Option<f64>,
}

impl Sma {
    /// An average over `period` values.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Ok(Self::unchecked(parameter::period("Sma", "period", period)?))
    }

    /// For a period that was checked under the name of another indicator.
    pub(crate) fn unchecked(period: usize) -> Self {
        Self { window: AnchoredWindow::new(period), divisor: period as f64, value: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
        let total = self.window.push(value)?;
        let value = Some(self.window.anchor() + total.sum / self.divisor);
        self.value = value;
        value
    }
}

impl Indicator for Sma {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if usable(value) { self.push(value) } else { None }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.window.period()
    }

    fn reset(&mut self) {
        self.window.clear();
        self.value = None;
    }
}

inherent_api!(Sma, f64 => f64);
