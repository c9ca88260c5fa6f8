use std::cmp::Ordering;

use crate::input::usable;

/// The direction in which one series crossed another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Crossing {
    /// The first series was below the second and is now above it.
    Up,
    /// The first series was above the second and is now below it.
    Down,
}

/// Detects when one series crosses another.
///
/// A crossing is reported at the update where the first series is strictly on the other side of the second
/// than when they last differed. Touching is not crossing: below, equal, below gives nothing; below, equal,
/// above gives [`Crossing::Up`] at "above". The first side ever seen is no crossing.
///
/// A pair that contains an unusable number is ignored. Unlike an [`Indicator`](crate::Indicator) this has no
/// value on most updates, so it does not implement that trait.
///
/// ```
/// use algoflow_indicators::{Cross, Crossing, Ema, Sma};
///
/// let (mut fast, mut slow, mut cross) = (Ema::new(2)?, Sma::new(3)?, Cross::new());
/// let mut crossings = Vec::new();
/// for price in [5.0, 4.0, 3.0, 2.0, 4.0, 6.0, 7.0] {
///     if let (Some(fast), Some(slow)) = (fast.update(price), slow.update(price)) {
///         crossings.extend(cross.update(fast, slow));
///     }
/// }
/// assert_eq!(crossings, [Crossing::Up]);
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cross {
    side: Option<Side>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Side {
    Above,
    Below,
}

impl Cross {
    /// A detector that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next pair of values.
    #[inline]
    pub fn update(&mut self, first: impl Into<f64>, second: impl Into<f64>) -> Option<Crossing> {
        let (first, second) = (first.into(), second.into());
        if usable(first) && usable(second) { self.update_ordering(first.partial_cmp(&second)?) } else { None }
    }

    /// Takes how the first series now compares to the second, for series that are compared exactly
    /// ([`RollingSum::compare_mean`](crate::RollingSum::compare_mean)).
    #[inline]
    pub fn update_ordering(&mut self, first_to_second: Ordering) -> Option<Crossing> {
        let side = match first_to_second {
            Ordering::Greater => Side::Above,
            Ordering::Less => Side::Below,
            Ordering::Equal => return None,
        };
        match (self.side.replace(side), side) {
            (Some(Side::Below), Side::Above) => Some(Crossing::Up),
            (Some(Side::Above), Side::Below) => Some(Crossing::Down),
            _ => None,
        }
    }

    /// Forgets on which side the first series was.
    pub fn reset(&mut self) {
        self.side = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(differences: &[f64]) -> Vec<(usize, Crossing)> {
        let mut cross = Cross::new();
        let found = differences.iter().enumerate();
        found.filter_map(|(i, x)| cross.update(*x, 0.0).map(|crossing| (i, crossing))).collect()
    }

    #[test]
    fn a_change_of_side_is_a_crossing() {
        assert_eq!(crossings(&[-1.0, 1.0, 2.0, -1.0]), [(1, Crossing::Up), (3, Crossing::Down)]);
    }

    #[test]
    fn touching_is_not_crossing() {
        assert_eq!(crossings(&[-1.0, 0.0, -1.0, 0.0, 0.0, 1.0]), [(5, Crossing::Up)]);
        assert_eq!(crossings(&[0.0, 1.0]), []);
    }

    #[test]
    fn unusable_pairs_are_ignored() {
        assert_eq!(crossings(&[-1.0, f64::NAN, f64::INFINITY, 1.0]), [(3, Crossing::Up)]);
    }

    #[test]
    fn reset_forgets_the_side() {
        let mut cross = Cross::new();
        assert_eq!(cross.update(-1.0, 0.0), None);
        cross.reset();
        assert_eq!(cross.update(1.0, 0.0), None);
    }
}
