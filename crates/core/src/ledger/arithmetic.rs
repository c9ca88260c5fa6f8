//! Checked decimal arithmetic that names what overflowed.

use rust_decimal::Decimal;

use crate::error::NumberError;

pub(super) fn add(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_add(b).ok_or_else(|| NumberError::Overflow { operation: "adding money" })
}

pub(super) fn sub(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_sub(b).ok_or_else(|| NumberError::Overflow { operation: "subtracting money" })
}

pub(super) fn mul(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_mul(b).ok_or_else(|| NumberError::Overflow { operation: "multiplying money" })
}

pub(super) fn div(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_div(b).ok_or_else(|| NumberError::Overflow { operation: "dividing money" })
}
