use std::cmp::Ordering;

use super::Ring;
use crate::indicator::inherent_api;
use crate::{Indicator, IndicatorError, parameter};

/// The exact sum of the latest `period` integers.
///
/// For prices in units of a fixed increment (the mantissas of fixed-point prices of one scale) this gives moving
/// averages that can be compared without rounding: two averages that are equal compare as equal, which sums
/// of `f64` do not promise.
///
/// ```
/// use algoflow_indicators::{Cross, Crossing, RollingSum};
///
/// // Prices in cents.
/// let (mut fast, mut slow, mut cross) = (RollingSum::new(2)?, RollingSum::new(3)?, Cross::new());
/// let mut crossings = Vec::new();
/// for price in [1_010_i64, 1_000, 990, 1_020, 990] {
///     fast.update(price);
///     slow.update(price);
///     if let Some(order) = fast.compare_mean(&slow) {
///         crossings.push(cross.update_ordering(order));
///     }
/// }
/// assert_eq!(slow.value(), Some(3_000));
/// assert_eq!(crossings, [None, Some(Crossing::Up), None]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RollingSum {
    ring: Ring<i64>,
    #[cfg_attr(feature = "serde", serde(with = "text"))]
    sum: i128,
}

/// The sum as text: not every reader of JSON holds 128 bits.
#[cfg(feature = "serde")]
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(sum: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(sum)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl RollingSum {
    /// A window of `period` integers.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Ok(Self { ring: Ring::new(parameter::period("RollingSum", "period", period)?), sum: 0 })
    }

    /// The sum divided by the period, rounded to the nearest `f64`s on the way; `None` while warming up.
    pub fn mean(&self) -> Option<f64> {
        self.value().map(|sum| sum as f64 / self.ring.capacity() as f64)
    }

    /// How the mean of this window compares to the mean of another one, exactly; `None` while either warms
    /// up. Both must hold integers of the same unit.
    #[inline]
    pub fn compare_mean(&self, other: &Self) -> Option<Ordering> {
        // No overflow: a sum has at most 63 + 24 bits, a period 24.
        let this = self.value()? * other.ring.capacity() as i128;
        let that = other.value()? * self.ring.capacity() as i128;
        Some(this.cmp(&that))
    }
}

impl Indicator for RollingSum {
    type Input = i64;
    type Output = i128;

    #[inline]
    fn update(&mut self, value: i64) -> Option<i128> {
        let leaving = self.ring.swap(value);
        self.sum += match value.checked_sub(leaving) {
            Some(change) => i128::from(change),
            None => i128::from(value) - i128::from(leaving),
        };
        self.value()
    }

    #[inline]
    fn value(&self) -> Option<i128> {
        self.ring.is_full().then_some(self.sum)
    }

    fn warm_up(&self) -> usize {
        self.ring.capacity()
    }

    fn reset(&mut self) {
        self.ring.clear();
        self.sum = 0;
    }
}

inherent_api!(RollingSum, i64 => i128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_do_not_overflow() {
        let mut sum = RollingSum::new(3).unwrap();
        for _ in 0..7 {
            sum.update(i64::MAX);
        }
        assert_eq!(sum.value(), Some(3 * i128::from(i64::MAX)));
        for _ in 0..3 {
            sum.update(i64::MIN);
        }
        assert_eq!(sum.value(), Some(3 * i128::from(i64::MIN)));
    }

    #[test]
    fn equal_means_of_different_lengths_are_equal() {
        let (mut short, mut long) = (RollingSum::new(3).unwrap(), RollingSum::new(7).unwrap());
        for _ in 0..7 {
            short.update(1_i64);
            long.update(1_i64);
        }
        assert_eq!(short.compare_mean(&long), Some(Ordering::Equal));
        short.update(2_i64);
        long.update(2_i64);
        assert_eq!(short.compare_mean(&long), Some(Ordering::Greater));
        assert_eq!(long.compare_mean(&short), Some(Ordering::Less));
    }

    #[test]
    fn nothing_is_compared_while_warming_up() {
        let (mut short, mut long) = (RollingSum::new(1).unwrap(), RollingSum::new(2).unwrap());
        short.update(1_i64);
        long.update(1_i64);
        assert_eq!(short.compare_mean(&long), None);
        assert_eq!(long.mean(), None);
        assert_eq!(short.mean(), Some(1.0));
    }
}
