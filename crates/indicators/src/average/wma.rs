use crate::indicator::inherent_api;
use crate::input::usable;
use crate::rolling::{AnchoredWindow, Ramp};
use crate::{Indicator, IndicatorError, parameter};

/// Linearly weighted moving average: the newest of `period` values has weight `period`, the oldest weight 1.
///
/// What has left the window leaves no rounding error behind, so the average does not drift.
///
/// ```
/// use algoflow_indicators::Wma;
///
/// let mut wma = Wma::new(3)?;
/// let values: Vec<_> = [3.0, 6.0, 6.0, 12.0].into_iter().filter_map(|x| wma.update(x)).collect();
/// assert_eq!(values, [5.5, 9.0]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Wma {
    window: AnchoredWindow<Ramp>,
    divisor: f64,
    value: Option<f64>,
}

impl Wma {
    /// An average over `period` values.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Ok(Self::unchecked(parameter::period("Wma", "period", period)?))
    }

    /// For a period that was checked under the name of another indicator.
    pub(crate) fn unchecked(period: usize) -> Self {
        let length = period as f64;
        Self { window: AnchoredWindow::new(period), divisor: length * (length + 1.0) / 2.0, value: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
        let ramp = self.window.push(value)?;
        // Positions count from 0, weights from 1.
        let value = Some(self.window.anchor() + (ramp.products + ramp.sum) / self.divisor);
        self.value = value;
        value
    }
}

impl Indicator for Wma {
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

inherent_api!(Wma, f64 => f64);
