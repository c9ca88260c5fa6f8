use crate::average::Sma;
use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::{RollingMax, RollingMin};
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`Stochastic`] and [`StochRsi`](crate::StochRsi), between 0 and 100.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StochasticOutput {
    /// %K: where the latest value lies in the range of the window, smoothed.
    pub k: f64,
    /// %D: the simple average of %K.
    pub d: f64,
}

/// Stochastic oscillator (Lane): where the close lies in the range of the latest bars.
///
/// Raw %K is `100 (close - lowest low) / (highest high - lowest low)` over `period` bars; %K is its simple average
/// over `smoothing` bars, %D the simple average of %K over `signal` bars. [`Stochastic::slow`] smooths %K over
/// three bars, [`Stochastic::fast`] not at all. Where the range is zero, raw %K is 50 (TA-Lib: 0).
///
/// ```
/// use algoflow_indicators::{Ohlcv, Stochastic, StochasticOutput};
///
/// let bar = |high, low, close| Ohlcv { open: close, high, low, close, volume: 0.0 };
/// let mut stochastic = Stochastic::fast(2, 2)?;
/// assert_eq!(stochastic.update(bar(3.0, 1.0, 2.0)), None);
/// assert_eq!(stochastic.update(bar(4.0, 2.0, 4.0)), None);
/// assert_eq!(stochastic.update(bar(6.0, 4.0, 4.0)), Some(StochasticOutput { k: 50.0, d: 75.0 }));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stochastic {
    core: StochasticCore,
}

impl Stochastic {
    /// An oscillator over `period` bars with %K averaged over `smoothing` and %D over `signal` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless all lie between 1 and `MAX_PERIOD`.
    pub fn new(period: usize, smoothing: usize, signal: usize) -> Result<Self, IndicatorError> {
        Ok(Self { core: StochasticCore::new("Stochastic", period, smoothing, signal)? })
    }

    /// The slow oscillator: %K averaged over three bars, %D over three more.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn slow(period: usize) -> Result<Self, IndicatorError> {
        Self::new(period, 3, 3)
    }

    /// The fast oscillator: raw %K, and %D averaged over `signal` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless both lie between 1 and `MAX_PERIOD`.
    pub fn fast(period: usize, signal: usize) -> Result<Self, IndicatorError> {
        Self::new(period, 1, signal)
    }
}

impl Indicator for Stochastic {
    type Input = Ohlcv;
    type Output = StochasticOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<StochasticOutput> {
        if usable(bar.high) && usable(bar.low) && usable(bar.close) {
            self.core.push(bar.high, bar.low, bar.close)
        } else {
            None
        }
    }

    #[inline]
    fn value(&self) -> Option<StochasticOutput> {
        self.core.value
    }

    fn warm_up(&self) -> usize {
        self.core.warm_up()
    }

    fn reset(&mut self) {
        self.core.clear();
    }
}

inherent_api!(Stochastic, Ohlcv => StochasticOutput);

/// The oscillator of any series that has a high, a low and a latest value.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct StochasticCore {
    highest: RollingMax,
    lowest: RollingMin,
    k: Sma,
    d: Sma,
    value: Option<StochasticOutput>,
}

impl StochasticCore {
    pub(crate) fn new(
        indicator: &'static str,
        period: usize,
        smoothing: usize,
        signal: usize,
    ) -> Result<Self, IndicatorError> {
        let period = parameter::period(indicator, "period", period)?;
        Ok(Self {
            highest: RollingMax::new(period)?,
            lowest: RollingMin::new(period)?,
            k: Sma::unchecked(parameter::period(indicator, "smoothing", smoothing)?),
            d: Sma::unchecked(parameter::period(indicator, "signal", signal)?),
            value: None,
        })
    }

    #[inline]
    pub(crate) fn push(&mut self, high: f64, low: f64, close: f64) -> Option<StochasticOutput> {
        let highest = self.highest.push(high);
        let lowest = self.lowest.push(low);
        let (highest, lowest) = (highest?, lowest?);
        let raw = 100.0 * ratio_or(close - lowest, highest - lowest, 0.5);
        let k = self.k.push(raw)?;
        let d = self.d.push(k)?;
        let value = Some(StochasticOutput { k, d });
        self.value = value;
        value
    }

    pub(crate) fn value(&self) -> Option<StochasticOutput> {
        self.value
    }

    pub(crate) fn warm_up(&self) -> usize {
        self.highest.warm_up() + self.k.warm_up() + self.d.warm_up() - 2
    }

    pub(crate) fn clear(&mut self) {
        self.highest.reset();
        self.lowest.reset();
        self.k.reset();
        self.d.reset();
        self.value = None;
    }
}
