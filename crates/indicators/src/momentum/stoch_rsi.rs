use super::{Rsi, StochasticCore, StochasticOutput};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// Stochastic RSI (Chande and Kroll 1994): the stochastic oscillator of an [`Rsi`], between 0 and 100.
///
/// With a `smoothing` of 1 it is TA-Lib's `STOCHRSI`; charting programs usually smooth %K over three values. Where
/// the RSI has not moved during the window, raw %K is 50 (TA-Lib: 0).
///
/// ```
/// use algoflow_indicators::StochRsi;
///
/// let mut stoch_rsi = StochRsi::new(14, 14, 3, 3)?;
/// assert_eq!(stoch_rsi.warm_up(), 15 + 13 + 2 + 2);
/// for step in 0..32 {
///     stoch_rsi.update(100.0 + f64::from(step * step % 7));
/// }
/// let value = stoch_rsi.value().unwrap();
/// assert!((0.0..=100.0).contains(&value.k) && (0.0..=100.0).contains(&value.d));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StochRsi {
    rsi: Rsi,
    stochastic: StochasticCore,
}

impl StochRsi {
    /// The range of the latest `period` values of an RSI over `rsi_period` changes, with %K averaged over
    /// `smoothing` and %D over `signal` values.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless all lie between 1 and `MAX_PERIOD`.
    pub fn new(
        rsi_period: usize,
        period: usize,
        smoothing: usize,
        signal: usize,
    ) -> Result<Self, IndicatorError> {
        let rsi_period = parameter::period("StochRsi", "rsi_period", rsi_period)?;
        let stochastic = StochasticCore::new("StochRsi", period, smoothing, signal)?;
        Ok(Self { rsi: Rsi::unchecked(rsi_period), stochastic })
    }
}

impl Indicator for StochRsi {
    type Input = f64;
    type Output = StochasticOutput;

    #[inline]
    fn update(&mut self, value: f64) -> Option<StochasticOutput> {
        if !usable(value) {
            return None;
        }
        let rsi = self.rsi.push(value)?;
        self.stochastic.push(rsi, rsi, rsi)
    }

    #[inline]
    fn value(&self) -> Option<StochasticOutput> {
        self.stochastic.value()
    }

    fn warm_up(&self) -> usize {
        self.rsi.warm_up() + self.stochastic.warm_up() - 1
    }

    fn reset(&mut self) {
        self.rsi.reset();
        self.stochastic.clear();
    }
}

inherent_api!(StochRsi, f64 => StochasticOutput);
