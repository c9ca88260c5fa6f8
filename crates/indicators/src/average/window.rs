use crate::indicator::inherent_api;
use crate::input::usable;
use crate::rolling::{AnchoredWindow, Ramp, Total};
use crate::{Indicator, IndicatorError, parameter};

/// An average of a window: `weigh` makes a weighted sum of what the window keeps, `weights` is the sum of the weights.
macro_rules! window_average {
    ($(#[$doc:meta])* $name:ident, $label:literal, $sums:ty, weights: $weights:expr, weigh: $weigh:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            window: AnchoredWindow<$sums>,
            divisor: f64,
            value: Option<f64>,
        }

        impl $name {
            /// An average over `period` values.
            ///
            /// # Errors
            ///
            /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
            pub fn new(period: usize) -> Result<Self, IndicatorError> {
                Ok(Self::unchecked(parameter::period($label, "period", period)?))
            }

            /// For a period that was checked under the name of another indicator.
            pub(crate) fn unchecked(period: usize) -> Self {
                let weights: fn(f64) -> f64 = $weights;
                Self { window: AnchoredWindow::new(period), divisor: weights(period as f64), value: None }
            }

            #[inline]
            pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
                let sums = self.window.push(value)?;
                let value = Some(self.window.anchor() + ($weigh)(&sums) / self.divisor);
                self.value = value;
                value
            }
        }

        impl Indicator for $name {
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

        inherent_api!($name, f64 => f64);
    };
}

window_average! {
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
    Sma, "Sma", Total, weights: |length| length, weigh: |total: &Total| total.sum
}

window_average! {
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
    // Positions count from 0, weights from 1.
    Wma, "Wma", Ramp, weights: |length| length * (length + 1.0) / 2.0, weigh: |ramp: &Ramp| ramp.products + ramp.sum
}
