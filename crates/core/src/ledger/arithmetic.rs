//! Checked decimal arithmetic that names what overflowed.
//!
//! Amounts of money nearly always have less than 19 digits. Those are added as integers here, which is quicker than the
//! general way of the decimal type and gives the same digits and the same scale.

use rust_decimal::Decimal;

use crate::{error::NumberError, number::Scale};

#[inline]
pub(super) fn add(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    if let Some(sum) = quick_sum(a, b, 1) {
        return Ok(sum);
    }
    a.checked_add(b).ok_or_else(|| NumberError::Overflow { operation: "adding money" })
}

#[inline]
pub(super) fn sub(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    if let Some(difference) = quick_sum(a, b, -1) {
        return Ok(difference);
    }
    a.checked_sub(b).ok_or_else(|| NumberError::Overflow { operation: "subtracting money" })
}

pub(super) fn mul(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_mul(b).ok_or_else(|| NumberError::Overflow { operation: "multiplying money" })
}

pub(super) fn div(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_div(b).ok_or_else(|| NumberError::Overflow { operation: "dividing money" })
}

/// The double nearest to an amount.
#[inline]
pub(super) fn to_f64(amount: Decimal) -> f64 {
    match (small(amount), scale(amount)) {
        // Both operands are exact doubles up to 2^53 and 10^18, so the one division is correctly rounded.
        (Some(mantissa), Some(scale)) if mantissa.unsigned_abs() <= 1 << 53 => {
            mantissa as f64 / scale.factor_f64()
        }
        _ => f64::try_from(amount).unwrap_or(f64::NAN),
    }
}

/// `a` plus `sign` times `b`, if both are small.
#[inline]
fn quick_sum(a: Decimal, b: Decimal, sign: i64) -> Option<Decimal> {
    let (x, y) = (small(a)?, small(b)? * sign);
    if x == 0 || y == 0 {
        // The decimal type has rules of its own for the scale of a zero.
        return None;
    }
    let (x, y) = (i128::from(x), i128::from(y));
    let (fine, coarse) = (scale(a)?, scale(b)?);
    // At most 2^63 * 10^18 + 2^63, which is far from the end of an i128.
    let (sum, scale) = if fine >= coarse {
        (x + y * i128::from(fine.factor_over(coarse)), fine)
    } else {
        (x * i128::from(coarse.factor_over(fine)) + y, coarse)
    };
    Decimal::try_from_i128_with_scale(sum, u32::from(scale.places())).ok()
}

/// The mantissa, if it has at most 63 bits.
#[inline]
fn small(value: Decimal) -> Option<i64> {
    let parts = value.unpack();
    let low = u64::from(parts.lo) | u64::from(parts.mid) << 32;
    let mantissa = i64::try_from(low).ok().filter(|_| parts.hi == 0)?;
    Some(if parts.negative { -mantissa } else { mantissa })
}

#[inline]
fn scale(value: Decimal) -> Option<Scale> {
    u8::try_from(value.scale()).ok().and_then(|places| Scale::new(places).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimals() -> impl Strategy<Value = Decimal> {
        let mantissas = prop_oneof![
            Just(0i128),
            -1_000_000i128..1_000_000,
            any::<i64>().prop_map(i128::from),
            -(1i128 << 95)..(1i128 << 95),
        ];
        (mantissas, 0u32..=28).prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
    }

    /// Digits and scale, where `==` looks at the value alone.
    fn written(result: Option<Decimal>) -> Option<String> {
        result.map(|value| value.to_string())
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_decimal_type(a in decimals(), b in decimals()) {
            prop_assert_eq!(written(add(a, b).ok()), written(a.checked_add(b)));
            prop_assert_eq!(written(sub(a, b).ok()), written(a.checked_sub(b)));
        }

        #[test]
        fn doubles_are_the_nearest(value in decimals()) {
            let text: f64 = value.to_string().parse().unwrap();
            let near = to_f64(value);
            // Beyond 2^53 the decimal type's own conversion may be off by a few units in the last place.
            let exact = value.mantissa().unsigned_abs() <= 1 << 53 && value.scale() <= 18;
            let bound = if exact { 0.0 } else { text.abs() * 1e-14 };
            prop_assert!((near - text).abs() <= bound, "{} is not {}", near, text);
        }
    }
}
