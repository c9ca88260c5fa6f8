use super::{AnchoredWindow, Squares};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// By what the sum of the squared deviations is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Estimator {
    /// By the number of values: the variance of the window itself. Bollinger's definition, and TA-Lib's.
    #[default]
    Population,
    /// By one less (Bessel's correction): an unbiased estimate of the variance of where the values came from.
    Sample,
}

/// The mean and variance of a window, shared by what is built on them.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Spread {
    window: AnchoredWindow<Squares>,
    estimator: Estimator,
    length: f64,
    divisor: f64,
}

/// The mean and variance of one window.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    /// The latest value less the mean.
    pub(crate) latest_deviation: f64,
    pub(crate) variance: f64,
}

impl Moments {
    #[inline]
    pub(crate) fn standard_deviation(&self) -> f64 {
        self.variance.sqrt()
    }
}

impl Spread {
    pub(crate) fn new(
        indicator: &'static str,
        period: usize,
        estimator: Estimator,
    ) -> Result<Self, IndicatorError> {
        let (min, correction) = match estimator {
            Estimator::Population => (1, 0),
            Estimator::Sample => (2, 1),
        };
        let period = parameter::period_from(min, indicator, "period", period)?;
        Ok(Self {
            window: AnchoredWindow::new(period),
            estimator,
            length: period as f64,
            divisor: (period - correction) as f64,
        })
    }

    pub(crate) fn period(&self) -> usize {
        self.window.period()
    }

    /// Takes a value; returns the moments of the window once that is full.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<Moments> {
        let sums = self.window.push(value)?;
        let mean = sums.sum / self.length;
        Some(Moments {
            mean: self.window.anchor() + mean,
            latest_deviation: (value - self.window.anchor()) - mean,
            variance: ((sums.squares - sums.sum * mean) / self.divisor).max(0.0),
        })
    }

    pub(crate) fn clear(&mut self) {
        self.window.clear();
    }
}

macro_rules! rolling_spread {
    ($(#[$doc:meta])* $name:ident, $measure:expr, $label:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            spread: Spread,
            value: Option<f64>,
        }

        impl $name {
            /// A window of `period` values, [`Estimator::Population`].
            ///
            /// # Errors
            ///
            /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
            pub fn new(period: usize) -> Result<Self, IndicatorError> {
                Self::with_estimator(period, Estimator::Population)
            }

            /// A window of `period` values with a chosen estimator.
            ///
            /// # Errors
            ///
            /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`, or if the estimator is
            /// [`Estimator::Sample`] and `period` is one.
            pub fn with_estimator(period: usize, estimator: Estimator) -> Result<Self, IndicatorError> {
                Ok(Self { spread: Spread::new($label, period, estimator)?, value: None })
            }

            /// The estimator in use.
            pub fn estimator(&self) -> Estimator {
                self.spread.estimator
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
                let value = self.spread.push(value).map(|moments| ($measure)(&moments));
                self.value = value;
                value
            }

            #[inline]
            fn value(&self) -> Option<f64> {
                self.value
            }

            fn warm_up(&self) -> usize {
                self.spread.period()
            }

            fn reset(&mut self) {
                self.spread.clear();
                self.value = None;
            }
        }

        inherent_api!($name, f64 => f64);
    };
}

rolling_spread! {
    /// The variance of the latest `period` values.
    ///
    /// `Σ (x - mean)² / n`, or `/ (n - 1)` for [`Estimator::Sample`]. It is computed from deviations from a
    /// value inside the window, so it stays accurate for large values with a small spread, and is exactly
    /// zero when all values are equal.
    ///
    /// ```
    /// use algoflow_indicators::{Estimator, Variance};
    ///
    /// let mut population = Variance::new(4)?;
    /// let mut sample = Variance::with_estimator(4, Estimator::Sample)?;
    /// for value in [1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0, 1e9 + 4.0] {
    ///     population.update(value);
    ///     sample.update(value);
    /// }
    /// assert_eq!(population.value(), Some(1.25));
    /// assert_eq!(sample.value(), Some(5.0 / 3.0));
    /// # Ok::<(), algoflow_indicators::IndicatorError>(())
    /// ```
    Variance, |moments: &Moments| moments.variance, "Variance"
}

rolling_spread! {
    /// The standard deviation of the latest `period` values: the square root of [`Variance`].
    ///
    /// ```
    /// use algoflow_indicators::StdDev;
    ///
    /// let mut deviation = StdDev::new(8)?;
    /// for value in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
    ///     deviation.update(value);
    /// }
    /// assert_eq!(deviation.value(), Some(2.0));
    /// # Ok::<(), algoflow_indicators::IndicatorError>(())
    /// ```
    StdDev, Moments::standard_deviation, "StdDev"
}
