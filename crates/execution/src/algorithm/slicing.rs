//! Quantities in whole steps that add up.

use algoflow_core::{
    Decimal,
    number::{Quantity, Rounding},
};
use std::cmp::Reverse;

/// Above how much integer weights are not needed to be fine: doubles have no more bits.
const FINE: f64 = (1u64 << 40) as f64;

/// Divides `total` whole units by weights so that the parts add up to it: each has its quota rounded down, and those with the
/// largest remainders one more (Hamilton's method), earlier ones first among equals. Weights that are all zero count as equal.
pub(crate) fn apportion(total: i64, weights: &[f64]) -> Vec<i64> {
    let total = i128::from(total.max(0));
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let scale = if largest > 0.0 { FINE / largest } else { 0.0 };
    let mut whole: Vec<i128> =
        weights.iter().map(|weight| (weight * scale).round().max(0.0) as i128).collect();
    let mut sum: i128 = whole.iter().sum();
    if sum == 0 {
        whole.fill(1);
        sum = whole.len() as i128;
    }
    if sum == 0 {
        return Vec::new();
    }
    // At most 2^63 times 2^40: far from the end of 128 bits.
    let mut parts: Vec<i128> = whole.iter().map(|weight| total * weight / sum).collect();
    let rest = total - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|at| Reverse(whole.get(*at).map_or(0, |weight| total * weight % sum)));
    // Fewer than there are parts.
    for at in by_remainder.into_iter().take(usize::try_from(rest).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
        }
    }
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or(i64::MAX)).collect()
}

/// How many whole steps are in a quantity.
pub(crate) fn steps(quantity: Quantity, step: Quantity) -> i64 {
    let floor = quantity.round_to(step, Rounding::Floor).ok();
    let count = floor.and_then(|floor| floor.to_decimal().checked_div(step.to_decimal()));
    count.and_then(|count| i64::try_from(count.trunc()).ok()).unwrap_or(0)
}

/// A quantity of so many steps.
pub(crate) fn of_steps(count: i64, step: Quantity) -> Quantity {
    let exact = Decimal::from(count).checked_mul(step.to_decimal());
    exact
        .and_then(|exact| Quantity::from_decimal_rounded(exact, step.scale(), Rounding::Floor).ok())
        .unwrap_or(Quantity::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_remainders_get_the_rest() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(apportion(10, &[5.0, 3.0, 2.0]), [5, 3, 2]);
        assert_eq!(apportion(7, &[0.0, 0.0]), [4, 3]);
        // Quotas 1.5, 2.25, 6.25.
        assert_eq!(apportion(10, &[0.6, 0.9, 2.5]), [2, 2, 6]);
        assert_eq!((apportion(5, &[]), apportion(-1, &[1.0])), (vec![], vec![0]));
    }

    proptest! {
        #[test]
        fn parts_add_up_and_keep_to_their_quota(
            total in 0..=i64::MAX,
            weights in proptest::collection::vec(0.0..1e6f64, 1..50),
        ) {
            let parts = apportion(total, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
            let sum: f64 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                if sum > 0.0 {
                    let quota = total as f64 * weight / sum;
                    prop_assert!((*part as f64 - quota).abs() <= 1.0 + total as f64 * 1e-9, "{part} {quota}");
                }
            }
        }

        #[test]
        fn steps_and_quantities_agree(count in 0..1_000_000_000i64, mantissa in 1..1_000i64) {
            let step = Quantity::new(mantissa, algoflow_core::number::Scale::new(3).unwrap());
            prop_assert_eq!(steps(of_steps(count, step), step), count);
        }
    }
}
