use std::{cmp::Ordering, fmt, ops::Neg};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    error::{AccountError, NumberError},
    number::{Price, Quantity, Scale},
};

/// What a [`Decimal`] can hold: whole numbers below 2^96, and 28 places.
const LIMIT: u128 = 1 << 96;
const MAX_PLACES: u8 = 28;

/// A sum that does not fit. It is no larger than it must be, so that results of the arithmetic stay in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SumError {
    Add,
    Subtract,
    Multiply,
    Divide,
    Worth,
    WorthOfInverse,
}

impl From<SumError> for NumberError {
    #[cold]
    fn from(error: SumError) -> Self {
        let operation = match error {
            SumError::Add => "adding money",
            SumError::Subtract => "subtracting money",
            SumError::Multiply => "multiplying money",
            SumError::Divide => "dividing money",
            SumError::Worth => "price times quantity times multiplier",
            SumError::WorthOfInverse => "inverse notional",
        };
        Self::Overflow { operation }
    }
}
impl From<SumError> for AccountError {
    #[cold]
    fn from(error: SumError) -> Self {
        NumberError::from(error).into()
    }
}

/// An amount inside the ledger: the value of a [`Decimal`], held as an integer and a scale.
///
/// It computes what decimals compute, to the last digit. A decimal keeps its sign apart and its digits in three parts, which
/// costs an addition some fifty instructions. Here it is one addition of integers, as long as the scales are equal or near, and
/// what is not so simple is left to the decimals.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    mantissa: i128,
    places: u8,
}

impl Sum {
    pub(crate) const ZERO: Self = Self::new(0, 0);
    pub(crate) const ONE: Self = Self::new(1, 0);

    #[inline]
    const fn new(mantissa: i128, places: u8) -> Self {
        Self { mantissa, places }
    }

    /// `mantissa / 10^places`, if a decimal can hold it.
    #[inline]
    const fn checked(mantissa: i128, places: u8) -> Option<Self> {
        if mantissa.unsigned_abs() < LIMIT && places <= MAX_PLACES {
            Some(Self::new(mantissa, places))
        } else {
            None
        }
    }

    /// The same for the integers that are quickly seen to fit: all below 2^95.
    #[inline(always)]
    const fn quickly(mantissa: i128, places: u8) -> Option<Self> {
        let high = (mantissa >> 64) as i64;
        if high as i32 as i64 == high { Some(Self::new(mantissa, places)) } else { None }
    }

    #[inline]
    const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// The same as a decimal.
    #[inline]
    pub(crate) fn to_decimal(self) -> Decimal {
        // It cannot fail: the limits are those of a decimal.
        Decimal::try_from_i128_with_scale(self.mantissa(), u32::from(self.places)).unwrap_or_default()
    }

    #[inline]
    pub(crate) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    #[inline]
    pub(crate) const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    #[inline]
    pub(crate) const fn abs(self) -> Self {
        if self.is_negative() { Self::new(-self.mantissa(), self.places) } else { self }
    }

    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Result<Self, SumError> {
        if self.places == other.places
            && let Some(sum) = Self::quickly(self.mantissa() + other.mantissa(), self.places)
        {
            return Ok(sum);
        }
        if let Some(sum) = self.add_scaled(other) {
            return Ok(sum);
        }
        self.add_unlike(other)
    }

    /// The sum at the finer scale, if the scales are not far apart and the coarse number is small.
    #[inline(always)]
    fn add_scaled(self, other: Self) -> Option<Self> {
        let (fine, coarse) = if self.places >= other.places { (self, other) } else { (other, self) };
        let narrow = i64::try_from(coarse.mantissa()).ok()?;
        if narrow == 0 || fine.is_zero() {
            return None;
        }
        let factor = Scale::new(fine.places - coarse.places).ok()?.factor();
        Self::quickly(i128::from(narrow) * i128::from(factor) + fine.mantissa(), fine.places)
    }

    /// At the finer of two scales, if that has room.
    #[cold]
    #[inline(never)]
    fn add_unlike(self, other: Self) -> Result<Self, SumError> {
        if self.is_zero() {
            return Ok(other);
        }
        if other.is_zero() {
            return Ok(self);
        }
        let (fine, coarse) = if self.places >= other.places { (self, other) } else { (other, self) };
        let sum = Self::factor(fine.places - coarse.places)
            .and_then(|factor| coarse.mantissa().checked_mul(factor))
            .and_then(|coarse| coarse.checked_add(fine.mantissa()))
            .and_then(|sum| Self::checked(sum, fine.places));
        match sum {
            Some(sum) => Ok(sum),
            None => {
                let sum = self.to_decimal().checked_add(other.to_decimal());
                sum.map(Self::from).ok_or(SumError::Add)
            }
        }
    }

    #[inline(always)]
    pub(crate) fn sub(self, other: Self) -> Result<Self, SumError> {
        self.add(-other).map_err(|_| SumError::Subtract)
    }

    #[inline(always)]
    pub(crate) fn mul(self, other: Self) -> Result<Self, SumError> {
        if self.is_zero() || other.is_zero() {
            return Ok(Self::ZERO);
        }
        let narrow = |sum: Self| i64::try_from(sum.mantissa()).ok();
        if let (Some(a), Some(b)) = (narrow(self), narrow(other))
            && self.places + other.places <= MAX_PLACES
            && let Some(product) = Self::quickly(i128::from(a) * i128::from(b), self.places + other.places)
        {
            return Ok(product);
        }
        self.mul_wide(other)
    }

    #[cold]
    #[inline(never)]
    fn mul_wide(self, other: Self) -> Result<Self, SumError> {
        let product = self.to_decimal().checked_mul(other.to_decimal());
        product.map(Self::from).ok_or(SumError::Multiply)
    }

    pub(crate) fn div(self, other: Self) -> Result<Self, SumError> {
        let quotient = self.to_decimal().checked_div(other.to_decimal());
        quotient.map(Self::from).ok_or(SumError::Divide)
    }

    /// Price times quantity, if it is exact and not very large.
    #[inline(always)]
    pub(crate) fn product(price: Price, quantity: Quantity) -> Option<Self> {
        let mantissa = i128::from(price.mantissa()) * i128::from(quantity.mantissa());
        let places = price.scale().places() + quantity.scale().places();
        if places <= MAX_PLACES { Self::quickly(mantissa, places) } else { None }
    }

    /// The double nearest to it; beyond 2^53 or 18 places within some units of its last place.
    #[inline]
    pub(crate) fn to_f64(self) -> f64 {
        let magnitude = self.mantissa().unsigned_abs();
        match Scale::new(self.places) {
            // Both operands are exact doubles up to 2^53 and 10^18, so the one division is correctly rounded.
            Ok(scale) if magnitude <= 1 << 53 => self.mantissa() as i64 as f64 / scale.factor_f64(),
            _ => f64::try_from(self.to_decimal()).unwrap_or(f64::NAN),
        }
    }

    /// Cut to so many places, towards zero.
    pub(crate) fn truncated(self, places: u32) -> Self {
        self.to_decimal().round_dp_with_strategy(places, RoundingStrategy::ToZero).into()
    }

    pub(crate) const fn places(self) -> u32 {
        self.places as u32
    }

    fn factor(places: u8) -> Option<i128> {
        10i128.checked_pow(u32::from(places))
    }
}

impl From<Decimal> for Sum {
    #[inline]
    fn from(value: Decimal) -> Self {
        // A decimal has at most 28 places.
        Self::new(value.mantissa(), value.scale() as u8)
    }
}
impl From<Quantity> for Sum {
    #[inline]
    fn from(value: Quantity) -> Self {
        Self::new(i128::from(value.mantissa()), value.scale().places())
    }
}
impl From<Price> for Sum {
    #[inline]
    fn from(value: Price) -> Self {
        Self::new(i128::from(value.mantissa()), value.scale().places())
    }
}
impl Neg for Sum {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self::new(-self.mantissa(), self.places)
    }
}
impl PartialEq for Sum {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Sum {}
impl PartialOrd for Sum {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Sum {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if self.places == other.places {
            self.mantissa().cmp(&other.mantissa())
        } else {
            self.to_decimal().cmp(&other.to_decimal())
        }
    }
}
impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decimal().fmt(f)
    }
}
impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_decimal(), f)
    }
}
impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.to_decimal(), serializer)
    }
}
impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Decimal as Deserialize>::deserialize(deserializer).map(Self::from)
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
            (1i128 << 96) - 1_000..1i128 << 96,
        ];
        let places = prop_oneof![0u32..=28, Just(2)];
        (mantissas, places).prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_computes_what_decimals_compute(a in decimals(), b in decimals()) {
            let (x, y) = (Sum::from(a), Sum::from(b));
            let same = |sum: Result<Sum, SumError>, decimal: Option<Decimal>| {
                let sum = sum.ok().map(Sum::to_decimal);
                // To the last digit, and as it is written. A zero has no digits.
                let text = |value: Decimal| if value.is_zero() { "0".to_owned() } else { value.to_string() };
                assert_eq!(sum.map(text), decimal.map(text), "{a} {b}");
            };
            same(Ok(x), Some(a));
            same(x.add(y), a.checked_add(b));
            same(x.sub(y), a.checked_sub(b));
            same(x.mul(y), a.checked_mul(b));
            same(x.div(y), a.checked_div(b));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!((-x).to_decimal(), -a);
            prop_assert_eq!(x.abs().to_decimal(), a.abs());
            prop_assert_eq!((x.is_zero(), x.is_negative()), (a.is_zero(), a < Decimal::ZERO));
        }

        #[test]
        fn products_are_exact_or_none(
            price in any::<i64>(), quantity in any::<i64>(), places in 0u8..=18, more in 0u8..=18
        ) {
            let price = Price::new(price, Scale::new(places).unwrap());
            let quantity = Quantity::new(quantity, Scale::new(more).unwrap());
            let mantissa = i128::from(price.mantissa()) * i128::from(quantity.mantissa());
            let exact = Decimal::try_from_i128_with_scale(mantissa, u32::from(places + more)).ok();
            if let Some(product) = Sum::product(price, quantity) {
                prop_assert_eq!(Some(product.to_decimal()), exact);
            } else {
                prop_assert!(exact.is_none_or(|exact| exact.mantissa().unsigned_abs() >= 1 << 95));
            }
        }

        #[test]
        fn doubles_are_the_nearest(value in decimals()) {
            let text: f64 = value.to_string().parse().unwrap();
            let near = Sum::from(value).to_f64();
            // Beyond 2^53 the decimal type's own conversion may be off by a few units in the last place.
            let exact = value.mantissa().unsigned_abs() <= 1 << 53 && value.scale() <= 18;
            let bound = if exact { 0.0 } else { text.abs() * 1e-14 };
            prop_assert!((near - text).abs() <= bound, "{} is not {}", near, text);
        }
    }
}
