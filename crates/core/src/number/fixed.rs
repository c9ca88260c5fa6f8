use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Rounding, Scale};
use crate::error::NumberError;

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name {
            mantissa: i64,
            scale: Scale,
        }

        impl $name {
            /// Zero, at scale 0.
            pub const ZERO: Self = Self { mantissa: 0, scale: Scale::ZERO };
            /// One, at scale 0.
            pub const ONE: Self = Self { mantissa: 1, scale: Scale::ZERO };

            /// `mantissa / 10^scale`.
            #[must_use]
            #[inline]
            pub const fn new(mantissa: i64, scale: Scale) -> Self {
                Self { mantissa, scale }
            }

            /// The whole number `units`.
            #[must_use]
            #[inline]
            pub const fn from_int(units: i64) -> Self {
                Self { mantissa: units, scale: Scale::ZERO }
            }

            /// The number times `10^scale`.
            #[must_use]
            #[inline]
            pub const fn mantissa(self) -> i64 {
                self.mantissa
            }

            /// The number of decimal places held.
            #[must_use]
            #[inline]
            pub const fn scale(self) -> Scale {
                self.scale
            }

            /// Whether this is zero.
            #[must_use]
            #[inline]
            pub const fn is_zero(self) -> bool {
                self.mantissa == 0
            }

            /// Whether this is above zero.
            #[must_use]
            #[inline]
            pub const fn is_positive(self) -> bool {
                self.mantissa > 0
            }

            /// Whether this is below zero.
            #[must_use]
            #[inline]
            pub const fn is_negative(self) -> bool {
                self.mantissa < 0
            }

            /// The sum.
            ///
            /// # Errors
            /// [`NumberError::Overflow`] if it does not fit at the finer of the two scales.
            #[inline]
            pub fn checked_add(self, other: Self) -> Result<Self, NumberError> {
                if self.scale == other.scale {
                    return match self.mantissa.checked_add(other.mantissa) {
                        Some(mantissa) => Ok(Self { mantissa, scale: self.scale }),
                        None => Err(overflow("addition")),
                    };
                }
                let scale = self.scale.max(other.scale);
                from_i128(self.at(scale) + other.at(scale), scale, "addition").map(|m| Self::new(m, scale))
            }

            /// The difference.
            ///
            /// # Errors
            /// [`NumberError::Overflow`] if it does not fit at the finer of the two scales.
            #[inline]
            pub fn checked_sub(self, other: Self) -> Result<Self, NumberError> {
                if self.scale == other.scale {
                    return match self.mantissa.checked_sub(other.mantissa) {
                        Some(mantissa) => Ok(Self { mantissa, scale: self.scale }),
                        None => Err(overflow("subtraction")),
                    };
                }
                let scale = self.scale.max(other.scale);
                from_i128(self.at(scale) - other.at(scale), scale, "subtraction").map(|m| Self::new(m, scale))
            }

            /// The number with the opposite sign.
            ///
            /// # Errors
            /// [`NumberError::Overflow`] for a mantissa of `i64::MIN`.
            #[inline]
            pub fn checked_neg(self) -> Result<Self, NumberError> {
                let mantissa = self.mantissa.checked_neg().ok_or_else(|| overflow("negation"))?;
                Ok(Self { mantissa, scale: self.scale })
            }

            /// The number without its sign.
            ///
            /// # Errors
            /// [`NumberError::Overflow`] for a mantissa of `i64::MIN`.
            #[inline]
            pub fn checked_abs(self) -> Result<Self, NumberError> {
                if self.mantissa < 0 { self.checked_neg() } else { Ok(self) }
            }

            /// The number times `factor`, rounded to the nearest at the scale it has.
            ///
            /// # Errors
            /// [`NumberError::NotFinite`] for a NaN or infinite factor, [`NumberError::Overflow`] if it does not fit.
            pub fn scaled_by(self, factor: f64) -> Result<Self, NumberError> {
                Self::from_f64(self.to_f64() * factor, self.scale)
            }

            /// The same value at another scale, rounded if places are dropped.
            ///
            /// # Errors
            /// [`NumberError::Overflow`] if the mantissa does not fit.
            #[inline]
            pub fn rescale(self, scale: Scale, rounding: Rounding) -> Result<Self, NumberError> {
                if scale == self.scale {
                    return Ok(self);
                }
                let mantissa = if scale > self.scale {
                    self.at(scale)
                } else {
                    let divisor = i128::from(self.scale.factor_over(scale));
                    rounding.div_i128(i128::from(self.mantissa), divisor).ok_or_else(|| overflow("rescaling"))?
                };
                from_i128(mantissa, scale, "rescaling").map(|m| Self::new(m, scale))
            }

            /// The same value without trailing zeros.
            #[must_use]
            pub fn normalized(self) -> Self {
                let (mut mantissa, mut places) = (self.mantissa, self.scale.places());
                while places > 0 && mantissa % 10 == 0 {
                    mantissa /= 10;
                    places -= 1;
                }
                Self { mantissa, scale: Scale::new(places).unwrap_or(self.scale) }
            }

            /// The nearest multiple of `increment` in the direction that `rounding` says, at the increment's scale.
            ///
            /// # Errors
            /// [`NumberError::Increment`] unless the increment is above zero, [`NumberError::Overflow`] if the result does not fit.
            pub fn round_to(self, increment: Self, rounding: Rounding) -> Result<Self, NumberError> {
                if increment.mantissa <= 0 {
                    return Err(NumberError::Increment { increment: increment.to_string() });
                }
                if self.is_multiple_of(increment) {
                    return self.rescale(increment.scale, rounding);
                }
                let scale = self.scale.max(increment.scale);
                let steps = rounding
                    .div_i128(self.at(scale), increment.at(scale))
                    .and_then(|steps| steps.checked_mul(i128::from(increment.mantissa)))
                    .ok_or_else(|| overflow("rounding to an increment"))?;
                from_i128(steps, increment.scale, "rounding to an increment").map(|m| Self::new(m, increment.scale))
            }

            /// Whether this is a whole number of `increment`s. False for an increment of zero.
            #[must_use]
            #[inline]
            pub fn is_multiple_of(self, increment: Self) -> bool {
                if increment.mantissa == 0 {
                    return false;
                }
                if self.scale == increment.scale {
                    // Most increments are one in their last place, and a division takes long.
                    return increment.mantissa == 1 || self.mantissa.checked_rem(increment.mantissa).unwrap_or(0) == 0;
                }
                let scale = self.scale.max(increment.scale);
                self.at(scale) % increment.at(scale) == 0
            }

            /// The exact value as a decimal.
            #[must_use]
            #[inline]
            pub fn to_decimal(self) -> Decimal {
                Decimal::from_i128_with_scale(i128::from(self.mantissa), u32::from(self.scale.places()))
            }

            /// The value of a decimal, exactly.
            ///
            /// # Errors
            /// [`NumberError::Inexact`] if it needs more than 18 places or does not fit.
            pub fn from_decimal(value: Decimal) -> Result<Self, NumberError> {
                let inexact = || NumberError::Inexact { value: value.to_string() };
                let mut value = value;
                if value.scale() > u32::from(Scale::MAX.places()) || i64::try_from(value.mantissa()).is_err() {
                    value = value.normalize();
                }
                let places = u8::try_from(value.scale()).map_err(|_| inexact())?;
                let mantissa = i64::try_from(value.mantissa()).map_err(|_| inexact())?;
                Ok(Self { mantissa, scale: Scale::new(places).map_err(|_| inexact())? })
            }

            /// The decimal rounded to `scale`.
            ///
            /// # Errors
            /// [`NumberError::Overflow`] if it does not fit.
            pub fn from_decimal_rounded(value: Decimal, scale: Scale, rounding: Rounding) -> Result<Self, NumberError> {
                let places = u32::from(scale.places());
                let mantissa = if value.scale() > places {
                    let divisor = 10i128.checked_pow(value.scale() - places).ok_or_else(|| overflow("rounding"))?;
                    rounding.div_i128(value.mantissa(), divisor)
                } else {
                    10i128.checked_pow(places - value.scale()).and_then(|factor| value.mantissa().checked_mul(factor))
                };
                let mantissa = mantissa.ok_or_else(|| overflow("rounding"))?;
                from_i128(mantissa, scale, "rounding").map(|m| Self::new(m, scale))
            }

            /// The double nearest to this value.
            #[must_use]
            #[inline]
            pub fn to_f64(self) -> f64 {
                // Both operands are exact doubles up to 2^53, so the one division is correctly rounded.
                if self.mantissa.unsigned_abs() <= 1 << 53 {
                    self.mantissa as f64 / self.scale.factor_f64()
                } else {
                    self.to_f64_slow()
                }
            }

            #[cold]
            fn to_f64_slow(self) -> f64 {
                // The parser of the standard library rounds correctly.
                self.to_string().parse().unwrap_or(f64::NAN)
            }

            /// The double `value` rounded to `scale`, to the nearest; a tie goes to the even digit.
            ///
            /// What is rounded is the exact value of the double: `1.005` is a little less than 1.005, so at
            /// two places it is `1.00`.
            ///
            /// # Errors
            /// [`NumberError::NotFinite`] for NaN and infinities, [`NumberError::Overflow`] if it does not fit.
            pub fn from_f64(value: f64, scale: Scale) -> Result<Self, NumberError> {
                super::fixed::mantissa_of(value, scale).map(|mantissa| Self { mantissa, scale })
            }

            /// The mantissa at a scale that is no coarser than our own: at most 2^63 times 10^18, which fits.
            #[inline]
            fn at(self, scale: Scale) -> i128 {
                i128::from(self.mantissa) * i128::from(scale.factor_over(self.scale))
            }
        }

        impl PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> Ordering {
                if self.scale == other.scale {
                    return self.mantissa.cmp(&other.mantissa);
                }
                let scale = self.scale.max(other.scale);
                self.at(scale).cmp(&other.at(scale))
            }
        }
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                let value = self.normalized();
                (value.mantissa, value.scale).hash(state);
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::ZERO
            }
        }
        impl From<$name> for f64 {
            #[inline]
            fn from(value: $name) -> Self {
                value.to_f64()
            }
        }
        impl From<$name> for Decimal {
            fn from(value: $name) -> Self {
                value.to_decimal()
            }
        }
        impl TryFrom<Decimal> for $name {
            type Error = NumberError;
            fn try_from(value: Decimal) -> Result<Self, NumberError> {
                Self::from_decimal(value)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let places = usize::from(self.scale.places());
                let (magnitude, factor) = (self.mantissa.unsigned_abs(), self.scale.factor().unsigned_abs());
                let (whole, part) = (magnitude / factor, magnitude % factor);
                let text = if places == 0 { whole.to_string() } else { format!("{whole}.{part:0places$}") };
                f.pad_integral(self.mantissa >= 0, "", &text)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl FromStr for $name {
            type Err = NumberError;
            /// Decimal text, with an optional sign, point and exponent: `1.50`, `-3`, `2.5e-7`.
            /// The scale is the number of places written.
            fn from_str(text: &str) -> Result<Self, NumberError> {
                parse(text).map(|(mantissa, scale)| Self { mantissa, scale })
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

fixed_point! {
    /// The price of one unit of an instrument in its quote asset. May be negative (spreads, some futures).
    Price
}
fixed_point! {
    /// A number of units, contracts, shares or tokens. Signed: a short position is negative; the quantity
    /// of an order is above zero.
    Quantity
}

fn overflow(operation: &'static str) -> NumberError {
    NumberError::Overflow { operation }
}

fn from_i128(mantissa: i128, scale: Scale, operation: &'static str) -> Result<i64, NumberError> {
    let _ = scale;
    i64::try_from(mantissa).map_err(|_| overflow(operation))
}

/// `value * 10^scale` rounded half to even, computed exactly.
fn mantissa_of(value: f64, scale: Scale) -> Result<i64, NumberError> {
    if !value.is_finite() {
        return Err(NumberError::NotFinite { value });
    }
    let bits = value.to_bits();
    let exponent_bits = ((bits >> 52) & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i128;
    let (significand, exponent) =
        if exponent_bits == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent_bits - 1075) };
    // At most 2^53 * 10^18 < 2^113.
    let product = significand * i128::from(scale.factor());
    let magnitude = if exponent >= 0 {
        if product == 0 {
            Some(0)
        } else if exponent > 63 {
            None
        } else {
            product.checked_mul(1 << exponent)
        }
    } else if exponent < -120 {
        Some(0)
    } else {
        Rounding::HalfEven.div_i128(product, 1 << -exponent)
    };
    let signed = magnitude.map(|m| if value.is_sign_negative() { -m } else { m });
    signed.and_then(|m| i64::try_from(m).ok()).ok_or_else(|| overflow("conversion from a float"))
}

fn parse(text: &str) -> Result<(i64, Scale), NumberError> {
    let invalid = || NumberError::Parse { text: text.chars().take(64).collect() };
    let bytes = text.as_bytes();
    let (negative, mut rest) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let (mut mantissa, mut places, mut digits, mut point) = (0i128, 0i64, 0u32, false);
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + i128::from(byte - b'0');
                digits += 1;
                places += i64::from(point);
                // 2^63 has 19 digits; beyond 36 no spelling can fit, and the product could overflow.
                if mantissa > 0 && digits > 36 {
                    return Err(overflow("parsing"));
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' if digits > 0 => break,
            b'_' if digits > 0 => {}
            _ => return Err(invalid()),
        }
        rest = tail;
    }
    if digits == 0 {
        return Err(invalid());
    }
    if let [_, exponent @ ..] = rest {
        let exponent: i64 =
            std::str::from_utf8(exponent).ok().and_then(|e| e.parse().ok()).ok_or_else(invalid)?;
        if exponent.unsigned_abs() > 64 {
            return Err(if mantissa == 0 { invalid() } else { overflow("parsing") });
        }
        places -= exponent;
    }
    while places < 0 {
        mantissa = mantissa.checked_mul(10).ok_or_else(|| overflow("parsing"))?;
        places += 1;
    }
    // Zeros written beyond the finest scale say nothing; other digits there would be lost.
    while places > i64::from(Scale::MAX.places()) && mantissa % 10 == 0 {
        mantissa /= 10;
        places -= 1;
    }
    let places = u8::try_from(places).map_err(|_| NumberError::Scale { places: u32::MAX })?;
    let scale = Scale::new(places)?;
    let signed = if negative { -mantissa } else { mantissa };
    Ok((from_i128(signed, scale, "parsing")?, scale))
}

#[cfg(test)]
mod tests;
