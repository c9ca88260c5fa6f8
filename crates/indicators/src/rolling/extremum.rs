use super::{BlockScan, Combine};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Greatest;

impl Combine<f64> for Greatest {
    #[inline]
    fn combine(earlier: f64, later: f64) -> f64 {
        if later > earlier { later } else { earlier }
    }
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Least;

impl Combine<f64> for Least {
    #[inline]
    fn combine(earlier: f64, later: f64) -> f64 {
        if later < earlier { later } else { earlier }
    }
}

macro_rules! rolling_extremum {
    ($(#[$doc:meta])* $name:ident, $rule:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            scan: BlockScan<f64, $rule>,
            value: Option<f64>,
        }

        impl $name {
            /// A window of `period` values.
            ///
            /// # Errors
            ///
            /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
            pub fn new(period: usize) -> Result<Self, IndicatorError> {
                Ok(Self { scan: BlockScan::new(parameter::period($label, "period", period)?), value: None })
            }

            #[inline]
            pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
                let value = self.scan.push(value);
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
                self.scan.period()
            }

            fn reset(&mut self) {
                self.scan.clear();
                self.value = None;
            }
        }

        inherent_api!($name, f64 => f64);
    };
}

rolling_extremum! {
    /// The greatest of the latest `period` values.
    ///
    /// ```
    /// use algoflow_indicators::RollingMax;
    ///
    /// let mut max = RollingMax::new(2)?;
    /// let values: Vec<_> = [3.0, 1.0, 2.0, 0.0, 0.0].into_iter().filter_map(|x| max.update(x)).collect();
    /// assert_eq!(values, [3.0, 2.0, 2.0, 0.0]);
    /// # Ok::<(), algoflow_indicators::IndicatorError>(())
    /// ```
    RollingMax, Greatest, "RollingMax"
}

rolling_extremum! {
    /// The least of the latest `period` values.
    ///
    /// ```
    /// use algoflow_indicators::RollingMin;
    ///
    /// let mut min = RollingMin::new(2)?;
    /// let values: Vec<_> = [3.0, 1.0, 2.0, 0.0, 5.0].into_iter().filter_map(|x| min.update(x)).collect();
    /// assert_eq!(values, [1.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), algoflow_indicators::IndicatorError>(())
    /// ```
    RollingMin, Least, "RollingMin"
}
