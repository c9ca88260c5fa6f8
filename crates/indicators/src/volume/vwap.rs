use super::{PairSum, usable_with_volume};
use crate::indicator::inherent_api;
use crate::input::ratio_or;
use crate::rolling::{BlockScan, CompensatedSum};
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// Volume-weighted average price since the start of the session.
///
/// `Σ typical price × volume / Σ volume`, where the typical price is `(high + low + close) / 3`. Bars carry no
/// time here, so the caller says when a session starts: [`Vwap::start_session`]. As long as nothing has been
/// traded, the value is the typical price of the latest bar. A bar whose volume is negative or not finite is not
/// usable.
///
/// ```
/// use algoflow_indicators::{Ohlcv, Vwap};
///
/// let bar = |price, volume| Ohlcv { volume, ..Ohlcv::from(price) };
/// let mut vwap = Vwap::new();
/// assert_eq!(vwap.update(bar(10.0, 100.0)), Some(10.0));
/// assert_eq!(vwap.update(bar(14.0, 300.0)), Some(13.0));
/// vwap.start_session();
/// assert_eq!(vwap.update(bar(20.0, 50.0)), Some(20.0));
/// ```
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Vwap {
    amount: CompensatedSum,
    volume: CompensatedSum,
    value: Option<f64>,
}

impl Vwap {
    /// An average that begins with the first bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the next bar begin a new average. The value stays that of the old session until then.
    pub fn start_session(&mut self) {
        self.amount = CompensatedSum::default();
        self.volume = CompensatedSum::default();
    }
}

impl Indicator for Vwap {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if !usable_with_volume(&bar) {
            return None;
        }
        let typical = bar.typical_price();
        self.amount.add(typical * bar.volume);
        self.volume.add(bar.volume);
        let value = Some(ratio_or(self.amount.total(), self.volume.total(), typical));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        1
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

inherent_api!(Vwap, Ohlcv => f64);

/// Volume-weighted average price of the latest `period` bars.
///
/// `Σ typical price × volume / Σ volume` over the window, and the typical price of the latest bar where nothing
/// was traded in it. A bar whose volume is negative or not finite is not usable.
///
/// ```
/// use algoflow_indicators::{Ohlcv, RollingVwap};
///
/// let bar = |price, volume| Ohlcv { volume, ..Ohlcv::from(price) };
/// let mut vwap = RollingVwap::new(2)?;
/// assert_eq!(vwap.update(bar(99.0, 1.0)), None);
/// assert_eq!(vwap.update(bar(10.0, 0.0)), Some(99.0));
/// assert_eq!(vwap.update(bar(14.0, 3.0)), Some(14.0));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RollingVwap {
    /// The amount and the volume traded.
    bars: BlockScan<[f64; 2], PairSum>,
    value: Option<f64>,
}

impl RollingVwap {
    /// An average over `period` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Ok(Self { bars: BlockScan::new(parameter::period("RollingVwap", "period", period)?), value: None })
    }
}

impl Indicator for RollingVwap {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if !usable_with_volume(&bar) {
            return None;
        }
        let typical = bar.typical_price();
        let [amount, volume] = self.bars.push([typical * bar.volume, bar.volume])?;
        let value = Some(ratio_or(amount, volume, typical));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.bars.period()
    }

    fn reset(&mut self) {
        self.bars.clear();
        self.value = None;
    }
}

inherent_api!(RollingVwap, Ohlcv => f64);
