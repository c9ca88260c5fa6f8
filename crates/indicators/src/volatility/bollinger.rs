use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::{Moments, Spread};
use crate::{Estimator, Indicator, IndicatorError, parameter};

/// The values of [`BollingerBands`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BollingerBandsOutput {
    /// `middle + multiplier × standard deviation`.
    pub upper: f64,
    /// The simple moving average.
    pub middle: f64,
    /// `middle - multiplier × standard deviation`.
    pub lower: f64,
    /// `(upper - lower) / middle`, a fraction; 0 where the middle is zero.
    pub bandwidth: f64,
    /// %b: `(x - lower) / (upper - lower)`, 0 on the lower and 1 on the upper band; 0.5 where the bands meet.
    pub percent_b: f64,
}

/// Bollinger bands (Bollinger): a moving average and a multiple of the standard deviation around it.
///
/// The standard deviation is that of the window itself ([`Estimator::Population`]), as Bollinger and TA-Lib
/// define it; [`BollingerBands::with_estimator`] selects the other.
///
/// ```
/// use algoflow_indicators::BollingerBands;
///
/// let mut bands = BollingerBands::new(4, 2.0)?;
/// for price in [8.0, 8.0, 12.0, 12.0] {
///     bands.update(price);
/// }
/// let bands = bands.value().unwrap();
/// assert_eq!((bands.lower, bands.middle, bands.upper), (6.0, 10.0, 14.0));
/// assert_eq!((bands.bandwidth, bands.percent_b), (0.8, 0.75));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BollingerBands {
    spread: Spread,
    multiplier: f64,
    value: Option<BollingerBandsOutput>,
}

impl BollingerBands {
    /// Bands of `multiplier` standard deviations around an average over `period` values; usually 20 and 2.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`, and
    /// [`IndicatorError::ParameterOutOfRange`] unless `0 < multiplier <= 1e6`.
    pub fn new(period: usize, multiplier: f64) -> Result<Self, IndicatorError> {
        Self::with_estimator(period, multiplier, Estimator::Population)
    }

    /// Bands with a chosen estimator of the standard deviation.
    ///
    /// # Errors
    ///
    /// As [`BollingerBands::new`], and [`IndicatorError::PeriodOutOfRange`] if the estimator is
    /// [`Estimator::Sample`] and `period` is one.
    pub fn with_estimator(
        period: usize,
        multiplier: f64,
        estimator: Estimator,
    ) -> Result<Self, IndicatorError> {
        let multiplier = parameter::multiplier("BollingerBands", multiplier)?;
        Ok(Self { spread: Spread::new("BollingerBands", period, estimator)?, multiplier, value: None })
    }

    #[inline]
    fn bands(&self, moments: &Moments) -> BollingerBandsOutput {
        let middle = moments.mean;
        let half_width = self.multiplier * moments.standard_deviation();
        let width = 2.0 * half_width;
        BollingerBandsOutput {
            upper: middle + half_width,
            middle,
            lower: middle - half_width,
            bandwidth: ratio_or(width, middle, 0.0),
            percent_b: ratio_or(moments.latest_deviation + half_width, width, 0.5),
        }
    }
}

impl Indicator for BollingerBands {
    type Input = f64;
    type Output = BollingerBandsOutput;

    #[inline]
    fn update(&mut self, value: f64) -> Option<BollingerBandsOutput> {
        if !usable(value) {
            return None;
        }
        let value = self.spread.push(value).map(|moments| self.bands(&moments));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<BollingerBandsOutput> {
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

inherent_api!(BollingerBands, f64 => BollingerBandsOutput);
