//! Checked decimal arithmetic that names what overflowed.

use rust_decimal::Decimal;

use crate::{error::NumberError, number::Scale};

#[inline]
pub(super) fn add(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_add(b).ok_or_else(|| NumberError::Overflow { operation: "adding money" })
}

#[inline]
pub(super) fn sub(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
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
    let parts = amount.unpack();
    let mantissa = u64::from(parts.lo) | u64::from(parts.mid) << 32;
    let scale = u8::try_from(parts.scale).ok().and_then(|places| Scale::new(places).ok());
    match scale {
        // Both operands are exact doubles up to 2^53 and 10^18, so the one division is correctly rounded.
        Some(scale) if parts.hi == 0 && mantissa <= 1 << 53 => {
            let magnitude = mantissa as f64 / scale.factor_f64();
            if parts.negative { -magnitude } else { magnitude }
        }
        _ => f64::try_from(amount).unwrap_or(f64::NAN),
    }
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

    proptest! {
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
