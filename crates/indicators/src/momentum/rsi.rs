use crate::average::{Seed, Smoother};
use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::{Indicator, IndicatorError, parameter};

/// Relative strength index (Wilder 1978), between 0 and 100.
///
/// `100 G / (G + L)`, where `G` and `L` are Wilder's averages of the rises and falls between successive values,
/// begun with the simple average of the first `period` of them. The first value comes after `period + 1` updates.
/// Where nothing has moved it is 50 (TA-Lib: 0).
///
/// ```
/// use algoflow_indicators::Rsi;
///
/// let mut rsi = Rsi::new(2)?;
/// let values: Vec<_> = [1.0, 2.0, 1.0, 4.0].into_iter().map(|x| rsi.update(x)).collect();
/// assert_eq!(values, [None, None, Some(50.0), Some(87.5)]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rsi {
    rises: Smoother,
    falls: Smoother,
    previous: Option<f64>,
    value: Option<f64>,
}

impl Rsi {
    /// An index over `period` changes.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Ok(Self::unchecked(parameter::period("Rsi", "period", period)?))
    }

    /// For a period that was checked under the name of another indicator.
    pub(crate) fn unchecked(period: usize) -> Self {
        let smoother = Smoother::wilder(period, Seed::Sma);
        Self { rises: smoother.clone(), falls: smoother, previous: None, value: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
        let change = value - self.previous.replace(value)?;
        let rise = self.rises.push(change.max(0.0));
        let fall = self.falls.push((-change).max(0.0));
        let (rise, fall) = (rise?, fall?);
        let value = Some(100.0 * ratio_or(rise, rise + fall, 0.5));
        self.value = value;
        value
    }
}

impl Indicator for Rsi {
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
        self.rises.warm_up() + 1
    }

    fn reset(&mut self) {
        self.rises.clear();
        self.falls.clear();
        self.previous = None;
        self.value = None;
    }
}

inherent_api!(Rsi, f64 => f64);
