//! Numbers from text and from doubles, as mantissas and places.

#[cfg(feature = "parquet")]
mod float;

#[cfg(feature = "parquet")]
pub(crate) use float::{all_from_f64_at, from_f64, from_f64_at};

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

    proptest! {
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
