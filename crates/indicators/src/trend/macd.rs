use crate::average::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, parameter};

/// The values of [`Macd`], in units of price.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MacdOutput {
    /// The fast average less the slow one.
    pub macd: f64,
    /// The average of `macd`.
    pub signal: f64,
    /// `macd - signal`.
    pub histogram: f64,
}

/// Moving average convergence divergence (Appel 1979).
///
/// `macd = EMA(fast) - EMA(slow)`, `signal = EMA(macd)`. Each average begins with the simple average of the first
/// values of its own period, or as [`Macd::with_seed`] says. TA-Lib lets the fast average begin later, together
/// with the slow one: [`Macd::ta_lib`] selects that. The difference fades within a few dozen bars. The first value
/// comes after `slow + signal - 1` updates.
///
/// ```
/// use algoflow_indicators::Macd;
///
/// let mut macd = Macd::new(2, 3, 2)?;
/// let outputs: Vec<_> = [1.0, 2.0, 3.0, 4.0, 8.0].into_iter().filter_map(|x| macd.update(x)).collect();
/// assert_eq!(outputs.len(), 2);
/// // On the straight part the averages are half a step apart.
/// assert!((outputs[0].macd - 0.5).abs() < 1e-12 && outputs[0].histogram.abs() < 1e-12);
/// assert!(outputs[1].histogram > 0.0);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Macd {
    fast: Smoother,
    slow: Smoother,
    signal: Smoother,
    /// How many values the fast average leaves out at the start.
    fast_delay: usize,
    delayed: usize,
    value: Option<MacdOutput>,
}

impl Macd {
    /// Averages of the given periods, each begun with [`Seed::Sma`]; usually 12, 26 and 9.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless all lie between 1 and `MAX_PERIOD`, and
    /// [`IndicatorError::Order`] unless `fast < slow`.
    pub fn new(fast: usize, slow: usize, signal: usize) -> Result<Self, IndicatorError> {
        Self::with_seed(fast, slow, signal, Seed::Sma)
    }

    /// Averages of the given periods, each begun as `seed` says.
    ///
    /// # Errors
    ///
    /// As [`Macd::new`].
    pub fn with_seed(fast: usize, slow: usize, signal: usize, seed: Seed) -> Result<Self, IndicatorError> {
        let fast = parameter::period("Macd", "fast", fast)?;
        let slow = parameter::period("Macd", "slow", slow)?;
        let signal = parameter::period("Macd", "signal", signal)?;
        parameter::fast_below_slow("Macd", fast, slow)?;
        Ok(Self {
            fast: Smoother::exponential(fast, seed),
            slow: Smoother::exponential(slow, seed),
            signal: Smoother::exponential(signal, seed),
            fast_delay: 0,
            delayed: 0,
            value: None,
        })
    }

    /// As TA-Lib does it: [`Seed::Sma`], with the fast average beginning so late that it is first known together
    /// with the slow one.
    ///
    /// # Errors
    ///
    /// As [`Macd::new`].
    pub fn ta_lib(fast: usize, slow: usize, signal: usize) -> Result<Self, IndicatorError> {
        Ok(Self { fast_delay: slow.saturating_sub(fast), ..Self::new(fast, slow, signal)? })
    }
}

impl Indicator for Macd {
    type Input = f64;
    type Output = MacdOutput;

    #[inline]
    fn update(&mut self, value: f64) -> Option<MacdOutput> {
        if !usable(value) {
            return None;
        }
        let fast = if self.delayed == self.fast_delay {
            self.fast.push(value)
        } else {
            self.delayed += 1;
            None
        };
        let slow = self.slow.push(value)?;
        let macd = fast? - slow;
        let signal = self.signal.push(macd)?;
        let value = Some(MacdOutput { macd, signal, histogram: macd - signal });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<MacdOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.slow.warm_up() + self.signal.warm_up() - 1
    }

    fn reset(&mut self) {
        self.fast.clear();
        self.slow.clear();
        self.signal.clear();
        self.delayed = 0;
        self.value = None;
    }
}

inherent_api!(Macd, f64 => MacdOutput);
