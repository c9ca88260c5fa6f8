use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::{BlockScan, Combine, Ring};
use crate::{Indicator, IndicatorError, parameter};

/// Kaufman's adaptive moving average (Kaufman 1995).
///
/// The efficiency ratio `|x - x[period]| / Σ |x - x[1]|` selects a smoothing weight between those of a fast and
/// a slow EMA: `weight = (ratio (2/(fast+1) - 2/(slow+1)) + 2/(slow+1))²`, `kama += weight (x - kama)`. It
/// begins with the value before the first one smoothed, as in TA-Lib, so the first value comes after `period + 1`
/// updates. Where nothing moved during the period the ratio is 0 (TA-Lib: 1), and the average keeps
/// approaching the price slowly.
///
/// ```
/// use algoflow_indicators::Kama;
///
/// let mut kama = Kama::new(2)?;
/// assert_eq!(kama.update(10.0), None);
/// assert_eq!(kama.update(11.0), None);
/// let weight: f64 = 2.0 / 3.0; // a straight move has the weight of the fast EMA
/// assert_eq!(kama.update(12.0), Some(11.0 + weight * weight));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Kama {
    values: Ring<f64>,
    moves: BlockScan<f64, Added>,
    fast: f64,
    slow: f64,
    previous: Option<f64>,
    value: Option<f64>,
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Added;

impl Combine<f64> for Added {
    #[inline]
    fn combine(earlier: f64, later: f64) -> f64 {
        earlier + later
    }
}

impl Kama {
    /// An average with the efficiency ratio over `period` moves, between EMAs of 2 and 30.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::with_smoothing(period, 2, 30)
    }

    /// An average with the efficiency ratio over `period` moves, between EMAs of the given periods.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless all lie between 1 and `MAX_PERIOD`, and
    /// [`IndicatorError::Order`] unless `fast < slow`.
    pub fn with_smoothing(period: usize, fast: usize, slow: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Kama", "period", period)?;
        let fast = parameter::period("Kama", "fast", fast)?;
        let slow = parameter::period("Kama", "slow", slow)?;
        parameter::fast_below_slow("Kama", fast, slow)?;
        Ok(Self {
            values: Ring::new(period),
            moves: BlockScan::new(period),
            fast: 2.0 / (fast as f64 + 1.0),
            slow: 2.0 / (slow as f64 + 1.0),
            previous: None,
            value: None,
        })
    }
}

impl Indicator for Kama {
    type Input = f64;
    type Output = f64;

    #[inline]
    fn update(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            return None;
        }
        let previous = self.previous.replace(value);
        let oldest = self.values.push(value);
        let path = self.moves.push((value - previous?).abs())?;
        let efficiency = ratio_or((value - oldest?).abs(), path, 0.0).min(1.0);
        let weight = efficiency * (self.fast - self.slow) + self.slow;
        let level = self.value.or(previous).unwrap_or(value);
        let value = Some(level + weight * weight * (value - level));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.values.capacity() + 1
    }

    fn reset(&mut self) {
        self.values.clear();
        self.moves.clear();
        self.previous = None;
        self.value = None;
    }
}

inherent_api!(Kama, f64 => f64);
