use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::{Moments, Spread};
use crate::{Estimator, Indicator, IndicatorError};

/// Rolling z-score: how many standard deviations the latest value lies from the mean of its window.
///
/// `(x - mean) / standard deviation` over the latest `period` values, `x` among them. 0 where all are equal.
///
/// ```
/// use algoflow_indicators::ZScore;
///
/// let mut z_score = ZScore::new(4)?;
/// for price in [8.0, 8.0, 12.0, 12.0] {
///     z_score.update(price);
/// }
/// assert_eq!(z_score.value(), Some(1.0));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ZScore {
    spread: Spread,
    value: Option<f64>,
}

impl ZScore {
    /// The score in a window of `period` values, [`Estimator::Population`].
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `2 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::with_estimator(period, Estimator::Population)
    }

    /// The score in a window of `period` values with a chosen estimator of the standard deviation.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `2 <= period <= MAX_PERIOD`.
    pub fn with_estimator(period: usize, estimator: Estimator) -> Result<Self, IndicatorError> {
        let period = crate::parameter::period_from(2, "ZScore", "period", period)?;
        Ok(Self { spread: Spread::new("ZScore", period, estimator)?, value: None })
    }
}

impl Indicator for ZScore {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            return None;
        }
        let score = |moments: Moments| ratio_or(moments.latest_deviation, moments.standard_deviation(), 0.0);
        let value = self.spread.push(value).map(score);
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

inherent_api!(ZScore, f64 => f64);
