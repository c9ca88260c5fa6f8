use algoflow_core::number::{Price, Scale};

use super::{Decimal64, NumberFault};

/// Powers of ten that doubles hold exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Beyond this a double has no digit after the point to round, and the rounding below does not work.
const MAX_INTEGER: f64 = 2_251_799_813_685_248.0;

/// Adding and subtracting 1.5 * 2^52 rounds to the nearest integer.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The mantissa of `value` at `places`, if the decimal is within two units in the last place of the double: the
/// noise that a computation leaves.
#[inline]
pub(crate) fn from_f64_at(value: f64, places: u8) -> Option<i64> {
    let scaled = value * POWERS.get(usize::from(places)).copied()?;
    if scaled.is_nan() || scaled.abs() >= MAX_INTEGER {
        return None;
    }
    let rounded = (scaled + ROUNDER) - ROUNDER;
    ((scaled - rounded).abs() <= scaled.abs() * (2.0 * f64::EPSILON)).then_some(rounded as i64)
}

/// The mantissas of all `values` at `places`, if [`from_f64_at`] has one for each.
pub(crate) fn all_from_f64_at(values: &[f64], places: u8) -> Option<Vec<i64>> {
    let power = POWERS.get(usize::from(places)).copied()?;
    let mut fits = true;
    // The same as `from_f64_at`, without a branch for each value: the bits of a number between 2^52 and 2^53 count
    // integers, so their difference to those of the rounder is the mantissa.
    let mantissas = values
        .iter()
        .map(|value| {
            let scaled = value * power;
            let shifted = scaled + ROUNDER;
            let rounded = shifted - ROUNDER;
            // False for NaN.
            fits &= (scaled.abs() < MAX_INTEGER)
                & ((scaled - rounded).abs() <= scaled.abs() * (2.0 * f64::EPSILON));
            shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i64
        })
        .collect();
    fits.then_some(mantissas)
}

/// The decimal with the fewest places, at least `places`, that is as near to `value` as [`from_f64_at`] asks. If
/// there is none with up to 12 significant places and 15 digits, the one with that many, and true for rounded.
pub(crate) fn from_f64(value: f64, places: u8) -> Result<(Decimal64, bool), NumberFault> {
    if !value.is_finite() {
        return Err(NumberFault::NotFinite);
    }
    if let Some(mantissa) = from_f64_at(value, places) {
        return Ok((Decimal64 { mantissa, places }, false));
    }
    let most = most_places(value);
    for places in places.min(most)..=most {
        if let Some(mantissa) = from_f64_at(value, places) {
            return Ok((Decimal64 { mantissa, places }, false));
        }
    }
    let scale = Scale::new(most).map_err(|_| NumberFault::TooLong)?;
    let rounded = Price::from_f64(value, scale).map_err(|_| NumberFault::TooLong)?;
    Ok((Decimal64 { mantissa: rounded.mantissa(), places: most }, rounded.to_f64() != value))
}

/// 12 places and one more for every zero behind the point, but at most 15 significant digits and 18 places.
fn most_places(value: f64) -> u8 {
    let magnitude = value.abs();
    let below = POWERS.iter().take(19).take_while(|power| magnitude * **power < 0.1).count();
    let above = POWERS.iter().take(19).take_while(|power| magnitude >= **power).count();
    let places = (12 + below).min(15usize.saturating_sub(above) + below).min(18);
    u8::try_from(places).unwrap_or(18)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_become_the_decimal_that_was_meant() {
        let cases = [
            (39432.48, (3_943_248, 2)),
            (0.000_310_999_999_999_999_97, (311, 6)),
            (0.1 + 0.2, (3, 1)),
            (2.24e-5, (224, 7)),
            (-5.0, (-5, 0)),
            (0.0, (0, 0)),
            (1e15, (1_000_000_000_000_000, 0)),
            (2.9e-16, (29, 17)),
        ];
        for (value, expected) in cases {
            let (number, rounded) = from_f64(value, 0).unwrap();
            assert_eq!((number.mantissa, number.places, rounded), (expected.0, expected.1, false), "{value}");
        }
        let (third, rounded) = from_f64(1.0 / 3.0, 0).unwrap();
        assert_eq!((third.mantissa, third.places, rounded), (333_333_333_333, 12, true));
        assert_eq!(from_f64(f64::NAN, 2), Err(NumberFault::NotFinite));
        assert_eq!(from_f64(1e300, 2), Err(NumberFault::TooLong));
    }

    proptest! {
        #[test]
        fn many_doubles_become_what_each_becomes(
            values in proptest::collection::vec(
                prop_oneof![
                    (-9_999_999i64..9_999_999, 0u32..6).prop_map(|(m, p)| m as f64 / 10f64.powi(p as i32)),
                    -1e17f64..1e17,
                    any::<f64>(),
                ],
                0..6,
            ),
            places in 0u8..=18,
        ) {
            let each: Option<Vec<i64>> = values.iter().map(|value| from_f64_at(*value, places)).collect();
            prop_assert_eq!(all_from_f64_at(&values, places), each);
        }

        #[test]
        fn decimals_survive_the_way_through_doubles(mantissa in -99_999_999_999i64..99_999_999_999, places in 0u8..=8) {
            let value = mantissa as f64 / POWERS[usize::from(places)];
            let (number, rounded) = from_f64(value, 0).unwrap();
            prop_assert!(!rounded);
            let by = 10i128.pow(u32::from(places)) ;
            let back = i128::from(number.mantissa) * by;
            prop_assert_eq!(back, i128::from(mantissa) * 10i128.pow(u32::from(number.places)));
        }
    }
}
