use super::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// An indicator that is nothing but a [`Smoother`], which `smoother` makes of a period and a seed.
macro_rules! exponential_average {
    ($(#[$doc:meta])* $name:ident, $label:literal, $smoother:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            smoother: Smoother,
        }

        impl $name {
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
                let period = parameter::period($label, "period", period)?;
                Ok(Self { smoother: $smoother(period, seed) })
            }
        }

        impl Indicator for $name {
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

        inherent_api!($name, f64 => f64);
    };
}

exponential_average! {
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
    Ema, "Ema", Smoother::exponential
}

impl Ema {
    /// An average with the given weight of the newest value, begun with the first value.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::ParameterOutOfRange`] unless `0 < alpha <= 1`.
    pub fn with_alpha(alpha: f64) -> Result<Self, IndicatorError> {
        Ok(Self { smoother: Smoother::weighted(parameter::weight("Ema", "alpha", alpha)?) })
    }
}

exponential_average! {
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
    Rma, "Rma", Smoother::wilder
}
