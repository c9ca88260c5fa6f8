//! Which numbers an indicator accepts, and division that stays finite.

/// Greatest magnitude of an input, 1e100: squares and products of two inputs stay far from overflow.
const MAX_MAGNITUDE: f64 = 1e100;

/// Whether a number can be used: not NaN, not infinite, not absurdly large.
#[inline]
pub(crate) fn usable(value: f64) -> bool {
    value.abs() <= MAX_MAGNITUDE
}

/// Whether a number can be used as a volume.
#[inline]
pub(crate) fn usable_volume(volume: f64) -> bool {
    (0.0..=MAX_MAGNITUDE).contains(&volume)
}

/// `numerator / denominator`, or `otherwise` where that is not a finite number.
#[inline]
pub(crate) fn ratio_or(numerator: f64, denominator: f64, otherwise: f64) -> f64 {
    let ratio = numerator / denominator;
    if ratio.is_finite() { ratio } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_numbers_are_named_as_such() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e100, -1.1e100] {
            assert!(!usable(bad), "{bad}");
            assert!(!usable_volume(bad), "{bad}");
        }
        assert!(usable(-37.63) && usable(0.0) && usable(-0.0));
        assert!(usable_volume(0.0) && !usable_volume(-1.0));
    }

    #[test]
    fn a_ratio_is_always_finite() {
        assert_eq!(ratio_or(1.0, 4.0, 9.0), 0.25);
        assert_eq!(ratio_or(0.0, 0.0, 9.0), 9.0);
        assert_eq!(ratio_or(1.0, 0.0, 9.0), 9.0);
        assert_eq!(ratio_or(1e100, 1e-300, 9.0), 9.0);
    }
}
