use crate::Indicator;
use crate::Ohlcv;
use crate::indicator::inherent_api;
use crate::input::{usable, usable_volume};
use crate::rolling::CompensatedSum;

/// With what [`Obv`] begins. The choice shifts all values by the volume of the first bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ObvStart {
    /// With zero: the first bar has neither risen nor fallen.
    #[default]
    Zero,
    /// With the volume of the first bar, as in TA-Lib.
    FirstVolume,
}

/// On-balance volume (Granville 1963): the volume of bars that closed higher less that of bars that closed lower.
///
/// Known from the first bar on. The sum is over all bars since the start, kept with the rounding errors of its
/// additions. A bar whose volume is negative or not finite is not usable.
///
/// ```
/// use algoflow_indicators::{Obv, Ohlcv};
///
/// let bar = |close, volume| Ohlcv { volume, ..Ohlcv::from(close) };
/// let mut obv = Obv::new();
/// let values: Vec<_> = [bar(5.0, 100.0), bar(6.0, 30.0), bar(6.0, 80.0), bar(5.5, 10.0)]
///     .into_iter()
///     .filter_map(|bar| obv.update(bar))
///     .collect();
/// assert_eq!(values, [0.0, 30.0, 30.0, 20.0]);
/// ```
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Obv {
    start: ObvStart,
    previous_close: Option<f64>,
    sum: CompensatedSum,
}

impl Obv {
    /// Begins with zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins as `start` says.
    pub fn with_start(start: ObvStart) -> Self {
        Self { start, ..Self::default() }
    }
}

impl Indicator for Obv {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if !(usable(bar.close) && usable_volume(bar.volume)) {
            return None;
        }
        match (self.previous_close.replace(bar.close), self.start) {
            (Some(previous), _) if bar.close > previous => self.sum.add(bar.volume),
            (Some(previous), _) if bar.close < previous => self.sum.add(-bar.volume),
            (None, ObvStart::FirstVolume) => self.sum.add(bar.volume),
            _ => {}
        }
        self.value()
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.previous_close.map(|_| self.sum.total())
    }

    fn warm_up(&self) -> usize {
        1
    }

    fn reset(&mut self) {
        self.previous_close = None;
        self.sum = CompensatedSum::default();
    }
}

inherent_api!(Obv, Ohlcv => f64);
