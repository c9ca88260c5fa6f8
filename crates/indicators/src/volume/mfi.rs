use super::{PairSum, usable_with_volume};
use crate::indicator::inherent_api;
use crate::input::ratio_or;
use crate::rolling::BlockScan;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// Money flow index (Quong and Soudack 1989), between 0 and 100.
///
/// `100 P / (P + N)`, where `P` and `N` are the sums of `typical price × volume` over the bars of the window whose
/// typical price rose and fell against the bar before. The first value comes after `period + 1` updates. Where
/// nothing flowed it is 50 (TA-Lib: 0, also where less than 1 flowed).
///
/// A bar whose volume is negative or not finite is not usable. A negative typical price counts as a flow of its
/// magnitude.
///
/// ```
/// use algoflow_indicators::{Mfi, Ohlcv};
///
/// let bar = |price, volume| Ohlcv { volume, ..Ohlcv::from(price) };
/// let mut mfi = Mfi::new(2)?;
/// mfi.update(bar(10.0, 5.0));
/// mfi.update(bar(12.0, 10.0)); // 120 up
/// assert_eq!(mfi.update(bar(10.0, 4.0)), Some(75.0)); // 40 down
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mfi {
    /// What flowed in, and what flowed out.
    flows: BlockScan<[f64; 2], PairSum>,
    previous: Option<f64>,
    value: Option<f64>,
}

impl Mfi {
    /// An index over `period` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Mfi", "period", period)?;
        Ok(Self { flows: BlockScan::new(period), previous: None, value: None })
    }
}

impl Indicator for Mfi {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if !usable_with_volume(&bar) {
            return None;
        }
        let typical = bar.typical_price();
        let previous = self.previous.replace(typical)?;
        let amount = (typical * bar.volume).abs();
        let inward = if typical > previous { amount } else { 0.0 };
        let outward = if typical < previous { amount } else { 0.0 };
        let [inward, outward] = self.flows.push([inward, outward])?;
        let value = Some(100.0 * ratio_or(inward, inward + outward, 0.5));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.flows.period() + 1
    }

    fn reset(&mut self) {
        self.flows.clear();
        self.previous = None;
        self.value = None;
    }
}

inherent_api!(Mfi, Ohlcv => f64);
