use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::Ring;
use crate::{Indicator, IndicatorError, parameter};

macro_rules! change_over_period {
    ($(#[$doc:meta])* $name:ident, $label:literal, $change:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            ring: Ring<f64>,
            value: Option<f64>,
        }

        impl $name {
            /// The change over `period` values.
            ///
            /// # Errors
            ///
            /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
            pub fn new(period: usize) -> Result<Self, IndicatorError> {
                Ok(Self { ring: Ring::new(parameter::period($label, "period", period)?), value: None })
            }
        }

        impl Indicator for $name {
            type Input = f64;
            type Output = f64;

            #[inline]
            fn update(&mut self, value: f64) -> Option<f64> {
                if !usable(value) {
                    return None;
                }
                let past = self.ring.push(value)?;
                let change: fn(f64, f64) -> f64 = $change;
                let value = Some(change(value, past));
                self.value = value;
                value
            }

            #[inline]
            fn value(&self) -> Option<f64> {
                self.value
            }

            fn warm_up(&self) -> usize {
                self.ring.capacity() + 1
            }

            fn reset(&mut self) {
                self.ring.clear();
                self.value = None;
            }
        }

        inherent_api!($name, f64 => f64);
    };
}

change_over_period! {
    /// Momentum: the value less the value `period` updates before.
    ///
    /// ```
    /// use algoflow_indicators::Momentum;
    ///
    /// let mut momentum = Momentum::new(2)?;
    /// let values: Vec<_> = [5.0, 6.0, 8.0, 5.0].into_iter().map(|x| momentum.update(x)).collect();
    /// assert_eq!(values, [None, None, Some(3.0), Some(-1.0)]);
    /// # Ok::<(), algoflow_indicators::IndicatorError>(())
    /// ```
    Momentum, "Momentum", |value, past| value - past
}

change_over_period! {
    /// Rate of change in percent: `100 (x - x[period]) / x[period]`, and 0 where `x[period]` is zero.
    ///
    /// ```
    /// use algoflow_indicators::Roc;
    ///
    /// let mut roc = Roc::new(1)?;
    /// let values: Vec<_> = [8.0, 10.0, 5.0].into_iter().map(|x| roc.update(x)).collect();
    /// assert_eq!(values, [None, Some(25.0), Some(-50.0)]);
    /// # Ok::<(), algoflow_indicators::IndicatorError>(())
    /// ```
    Roc, "Roc", |value, past| 100.0 * ratio_or(value - past, past, 0.0)
}
