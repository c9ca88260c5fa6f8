use crate::indicator::inherent_api;
use crate::input::{ratio_or, usable};
use crate::rolling::Ring;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// Lambert's scale: it puts most values between -100 and 100.
const SCALE: f64 = 0.015;

/// Commodity channel index (Lambert 1980).
///
/// `(tp - mean) / (0.015 × mean absolute deviation)` of the typical price `(high + low + close) / 3` over
/// `period` bars. Where all typical prices of the window are equal it is 0.
///
/// The mean absolute deviation around a moving mean has no constant-time update: this is the one indicator of
/// the crate that reads its whole window each time, O(`period`).
///
/// ```
/// use algoflow_indicators::Cci;
///
/// let mut cci = Cci::new(3)?;
/// for price in [1.0, 2.0, 6.0] {
///     cci.update(price);
/// }
/// // mean 3, mean absolute deviation 2
/// assert!((cci.value().unwrap() - 3.0 / (0.015 * 2.0)).abs() < 1e-12);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cci {
    typical: Ring<f64>,
    length: f64,
    value: Option<f64>,
}

impl Cci {
    /// An index over `period` bars.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let period = parameter::period("Cci", "period", period)?;
        Ok(Self { typical: Ring::new(period), length: period as f64, value: None })
    }
}

impl Indicator for Cci {
    type Input = Ohlcv;
    type Output = f64;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<f64> {
        if !(usable(bar.high) && usable(bar.low) && usable(bar.close)) {
            return None;
        }
        let typical = bar.typical_price();
        self.typical.push(typical);
        if !self.typical.is_full() {
            return None;
        }
        // Measured from the latest value, so that equal values deviate by exactly zero.
        let mean = sum_of(self.typical.slots(), |value| value - typical) / self.length;
        let deviation = sum_of(self.typical.slots(), |value| ((value - typical) - mean).abs()) / self.length;
        let value = Some(ratio_or(-mean, SCALE * deviation, 0.0));
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.typical.capacity()
    }

    fn reset(&mut self) {
        self.typical.clear();
        self.value = None;
    }
}

inherent_api!(Cci, Ohlcv => f64);

/// The sum of a term over all values, in four partial sums that do not wait for each other.
#[inline]
fn sum_of(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let (quads, rest) = values.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for quad in quads {
        for (sum, value) in sums.iter_mut().zip(quad) {
            *sum += term(*value);
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest.iter().map(|value| term(*value)).sum::<f64>()
}
