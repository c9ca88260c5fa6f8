use crate::indicator::inherent_api;
use crate::input::usable;
use crate::rolling::{BlockScan, Combine};
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`Aroon`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AroonOutput {
    /// `100 (period - bars since the highest high) / period`, between 0 and 100.
    pub up: f64,
    /// `100 (period - bars since the lowest low) / period`, between 0 and 100.
    pub down: f64,
    /// `up - down`, between -100 and 100.
    pub oscillator: f64,
}

/// Aroon (Chande 1995): how recent the highest high and the lowest low are.
///
/// The window is the latest bar and the `period` bars before it, so the first value comes after `period + 1`
/// updates. Of equal extremes the most recent counts, as in TA-Lib.
///
/// ```
/// use algoflow_indicators::{Aroon, AroonOutput};
///
/// let mut aroon = Aroon::new(4)?;
/// for price in [3.0, 1.0, 2.0, 4.0, 3.0] {
///     aroon.update(price);
/// }
/// assert_eq!(aroon.value(), Some(AroonOutput { up: 75.0, down: 25.0, oscillator: 50.0 }));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Aroon {
    highest: BlockScan<Stamped, LatestHighest>,
    lowest: BlockScan<Stamped, LatestLowest>,
    period: f64,
    bars: u64,
    value: Option<AroonOutput>,
}

#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Stamped {
    value: f64,
    bar: u64,
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct LatestHighest;

impl Combine<Stamped> for LatestHighest {
    #[inline]
    fn combine(earlier: Stamped, later: Stamped) -> Stamped {
        if later.value >= earlier.value { later } else { earlier }
    }
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct LatestLowest;

impl Combine<Stamped> for LatestLowest {
    #[inline]
    fn combine(earlier: Stamped, later: Stamped) -> Stamped {
        if later.value <= earlier.value { later } else { earlier }
    }
}

impl Aroon {
    /// The age of the extremes over `period` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Aroon", "period", period)?;
        Ok(Self {
            highest: BlockScan::new(period + 1),
            lowest: BlockScan::new(period + 1),
            period: period as f64,
            bars: 0,
            value: None,
        })
    }

    #[inline]
    fn freshness(&self, extreme: Stamped) -> f64 {
        100.0 * (self.period - (self.bars - extreme.bar) as f64) / self.period
    }
}

impl Indicator for Aroon {
    type Input = Ohlcv;
    type Output = AroonOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<AroonOutput> {
        if !(usable(bar.high) && usable(bar.low)) {
            return None;
        }
        self.bars += 1;
        let highest = self.highest.push(Stamped { value: bar.high, bar: self.bars });
        let lowest = self.lowest.push(Stamped { value: bar.low, bar: self.bars });
        let (up, down) = (self.freshness(highest?), self.freshness(lowest?));
        let value = Some(AroonOutput { up, down, oscillator: up - down });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<AroonOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.highest.period()
    }

    fn reset(&mut self) {
        self.highest.clear();
        self.lowest.clear();
        self.bars = 0;
        self.value = None;
    }
}

inherent_api!(Aroon, Ohlcv => AroonOutput);
