//! Numbers from text and from doubles, as mantissas and places.

use algoflow_core::number::{Rounding, Scale};

/// A number as it was written: `mantissa / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal64 {
    pub(crate) mantissa: i64,
    pub(crate) places: u8,
}

/// Why text is not a number that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberFault {
    Empty,
    Invalid,
    NotFinite,
    TooLong,
}

/// Reads a decimal number: sign, digits, a point, an exponent. `point` is `.` or `,`.
#[inline]
pub(crate) fn parse(text: &[u8], point: u8) -> Result<Decimal64, NumberFault> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    // Up to 18 digits fit whatever they are.
    if digits.len() > 19 {
        return parse_any(text, point);
    }
    let (mut mantissa, mut rest) = (0i64, digits);
    while let [byte, tail @ ..] = rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        mantissa = mantissa.wrapping_mul(10).wrapping_add(i64::from(digit));
        rest = tail;
    }
    let mut places = 0;
    if let [byte, tail @ ..] = rest {
        if *byte != point {
            return parse_any(text, point);
        }
        for byte in tail {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return parse_any(text, point);
            }
            mantissa = mantissa.wrapping_mul(10).wrapping_add(i64::from(digit));
        }
        places = tail.len();
    }
    let count = digits.len() - usize::from(!rest.is_empty());
    if count == 0 || count > 18 {
        return parse_any(text, point);
    }
    Ok(Decimal64 { mantissa: if negative { -mantissa } else { mantissa }, places: places as u8 })
}

#[cold]
fn parse_any(text: &[u8], point: u8) -> Result<Decimal64, NumberFault> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(NumberFault::Empty);
    }
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if [&b"nan"[..], b"inf", b"infinity", b"na", b"n/a", b"null", b"none"]
        .iter()
        .any(|word| rest.eq_ignore_ascii_case(word))
    {
        return Err(NumberFault::NotFinite);
    }
    let (mut mantissa, mut digits, mut places, mut after_point) = (0i128, 0u32, 0i64, false);
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                // 38 digits fit an i128; what is longer fits no scale, whatever follows.
                if mantissa >= 10i128.pow(37) {
                    return Err(NumberFault::TooLong);
                }
                mantissa = mantissa * 10 + i128::from(byte - b'0');
                digits += 1;
                places += i64::from(after_point);
            }
            byte if *byte == point && !after_point => after_point = true,
            b'e' | b'E' if digits > 0 => break,
            _ => return Err(NumberFault::Invalid),
        }
        rest = tail;
    }
    if digits == 0 {
        return Err(NumberFault::Invalid);
    }
    if let [_, exponent @ ..] = rest {
        let exponent: i32 =
            std::str::from_utf8(exponent).ok().and_then(|e| e.parse().ok()).ok_or(NumberFault::Invalid)?;
        places -= i64::from(exponent);
    }
    if mantissa == 0 {
        return Ok(Decimal64 { mantissa: 0, places: 0 });
    }
    while places > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        places -= 1;
    }
    while places < 0 {
        mantissa = mantissa.checked_mul(10).filter(|m| *m < 10i128.pow(20)).ok_or(NumberFault::TooLong)?;
        places += 1;
    }
    let places = u8::try_from(places).map_err(|_| NumberFault::TooLong)?;
    if places > Scale::MAX.places() {
        return Err(NumberFault::TooLong);
    }
    let signed = if negative { -mantissa } else { mantissa };
    Ok(Decimal64 { mantissa: i64::try_from(signed).map_err(|_| NumberFault::TooLong)?, places })
}

/// Powers of ten that doubles hold exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Beyond this a double has no digit after the point to round, and the rounding below does not work.
const MAX_INTEGER: f64 = 2_251_799_813_685_248.0;

/// The mantissa of `value` at `places`, if the decimal is within two units in the last place of the double: the
/// noise that a computation leaves.
#[inline]
pub(crate) fn from_f64_at(value: f64, places: u8) -> Option<i64> {
    let scaled = value * POWERS.get(usize::from(places)).copied()?;
    // NaN and infinities fail this, too.
    if !(scaled.abs() < MAX_INTEGER) {
        return None;
    }
    // Adding and subtracting 1.5 * 2^52 rounds to the nearest integer.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let rounded = (scaled + ROUNDER) - ROUNDER;
    ((scaled - rounded).abs() <= scaled.abs() * (2.0 * f64::EPSILON)).then_some(rounded as i64)
}

/// The mantissas of all `values` at `places`, if [`from_f64_at`] has one for each.
#[cfg(feature = "parquet")]
pub(crate) fn all_from_f64_at(values: &[f64], places: u8) -> Option<Vec<i64>> {
    let mut fits = true;
    let mantissas = values
        .iter()
        .map(|value| {
            let mantissa = from_f64_at(*value, places);
            fits &= mantissa.is_some();
            mantissa.unwrap_or(0)
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
    let rounded = algoflow_core::number::Price::from_f64(value, scale).map_err(|_| NumberFault::TooLong)?;
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

/// Brings a number to a scale, rounded half to even. `None` if it does not fit.
pub(crate) fn rounded_to(number: Decimal64, scale: Scale) -> Option<i64> {
    let own = Scale::new(number.places).ok()?;
    algoflow_core::number::Price::new(number.mantissa, own)
        .rescale(scale, Rounding::HalfEven)
        .ok()
        .map(|price| price.mantissa())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<(i64, u8), NumberFault> {
        parse(text.as_bytes(), b'.').map(|n| (n.mantissa, n.places))
    }

    #[test]
    fn numbers_are_read_as_written() {
        let cases = [
            ("0", (0, 0)),
            ("12.50", (1250, 2)),
            ("-0.001", (-1, 3)),
            ("+7", (7, 0)),
            ("5.", (5, 0)),
            (".5", (5, 1)),
            ("2.24E-05", (224, 7)),
            ("1e3", (1000, 0)),
            ("1.50e1", (15, 0)),
            ("9223372036854775807", (i64::MAX, 0)),
            ("0.10000000000000000000", (1, 1)),
            (" 5 ", (5, 0)),
            ("0e999", (0, 0)),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        assert_eq!(parse(b"1,25", b','), Ok(Decimal64 { mantissa: 125, places: 2 }));
    }

    #[test]
    fn what_is_no_number_is_told_apart() {
        for text in ["nan", "NaN", "-inf", "Infinity", "null", "N/A"] {
            assert_eq!(read(text), Err(NumberFault::NotFinite), "{text}");
        }
        for text in ["x", "1.2.3", "--1", "1e", "e5", ".", "-", "1_000", "1,5", "0x10", "1 2", "\u{661}"] {
            assert_eq!(read(text), Err(NumberFault::Invalid), "{text}");
        }
        for text in ["9223372036854775808", "1e30", "1e-30", "0.1234567890123456789", "1e99999"] {
            assert_eq!(read(text), Err(NumberFault::TooLong), "{text}");
        }
        assert_eq!(read(&"9".repeat(100)), Err(NumberFault::TooLong));
        assert_eq!(read(""), Err(NumberFault::Empty));
    }

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
        fn decimals_survive_the_way_through_doubles(mantissa in -99_999_999_999i64..99_999_999_999, places in 0u8..=8) {
            let value = mantissa as f64 / POWERS[usize::from(places)];
            let (number, rounded) = from_f64(value, 0).unwrap();
            prop_assert!(!rounded);
            let by = 10i128.pow(u32::from(places)) ;
            let back = i128::from(number.mantissa) * by;
            prop_assert_eq!(back, i128::from(mantissa) * 10i128.pow(u32::from(number.places)));
        }

        #[test]
        fn written_numbers_read_back(mantissa in any::<i64>(), places in 0u8..=18) {
            let text = algoflow_core::number::Price::new(mantissa, Scale::new(places).unwrap()).to_string();
            let number = parse(text.as_bytes(), b'.').unwrap();
            let same = algoflow_core::number::Price::new(number.mantissa, Scale::new(number.places).unwrap());
            prop_assert_eq!(same, algoflow_core::number::Price::new(mantissa, Scale::new(places).unwrap()));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes, b'.');
        }
    }
}
