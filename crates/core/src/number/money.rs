use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Price, Quantity};
use crate::{error::NumberError, id::Asset};

/// An amount of one asset: balances, fees, profit and loss.
///
/// Two amounts add only if they are of the same asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub asset: Asset,
}

impl Money {
    /// `amount` of `asset`.
    #[must_use]
    pub const fn new(amount: Decimal, asset: Asset) -> Self {
        Self { amount, asset }
    }

    /// Nothing of `asset`.
    #[must_use]
    pub const fn zero(asset: Asset) -> Self {
        Self { amount: Decimal::ZERO, asset }
    }

    /// The sum.
    ///
    /// # Errors
    /// [`NumberError::AssetMismatch`] for two assets, [`NumberError::Overflow`] if it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, NumberError> {
        self.combine(other, Decimal::checked_add, "addition")
    }

    /// The difference.
    ///
    /// # Errors
    /// [`NumberError::AssetMismatch`] for two assets, [`NumberError::Overflow`] if it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, NumberError> {
        self.combine(other, Decimal::checked_sub, "subtraction")
    }

    fn combine(
        self,
        other: Self,
        operation: fn(Decimal, Decimal) -> Option<Decimal>,
        name: &'static str,
    ) -> Result<Self, NumberError> {
        if self.asset != other.asset {
            return Err(NumberError::AssetMismatch { left: self.asset, right: other.asset });
        }
        let amount =
            operation(self.amount, other.amount).ok_or_else(|| NumberError::Overflow { operation: name })?;
        Ok(Self { amount, asset: self.asset })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.asset)
    }
}

impl FromStr for Money {
    type Err = NumberError;
    /// An amount, a space and the asset: `100000 USD`.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let invalid = || NumberError::Money { text: text.chars().take(64).collect() };
        let (amount, asset) = text.trim().split_once(' ').ok_or_else(invalid)?;
        let amount = Decimal::from_str_exact(&amount.replace(['_', ','], "")).map_err(|_| invalid())?;
        Ok(Self { amount, asset: Asset::new(asset.trim()).map_err(|_| invalid())? })
    }
}

/// Price times quantity times multiplier: what `quantity` units are worth. Signed like the quantity.
///
/// Exact as long as the product has at most 96 bits and 28 places; beyond that it is rounded at the 28th digit.
///
/// # Errors
/// [`NumberError::Overflow`] if the product does not fit a decimal.
#[inline]
pub fn notional(price: Price, quantity: Quantity, multiplier: Decimal) -> Result<Decimal, NumberError> {
    let places = u32::from(price.scale().places()) + u32::from(quantity.scale().places());
    let mantissa = i128::from(price.mantissa()) * i128::from(quantity.mantissa());
    let value = match Decimal::try_from_i128_with_scale(mantissa, places) {
        Ok(value) => value,
        Err(_) => price
            .to_decimal()
            .checked_mul(quantity.to_decimal())
            .ok_or_else(|| NumberError::Overflow { operation: "price times quantity" })?,
    };
    // Quicker than a comparison of values; other ways to write one only cost the multiplication.
    if multiplier.mantissa() == 1 && multiplier.scale() == 0 {
        return Ok(value);
    }
    value
        .checked_mul(multiplier)
        .ok_or_else(|| NumberError::Overflow { operation: "notional times multiplier" })
}

/// Price times quantity times `factor`, if the product is exact and its parts are small: the quick way to what nearly every fill
/// is worth or costs. `None` says nothing but that it has to be computed otherwise.
#[doc(hidden)]
#[must_use]
#[inline(always)]
pub fn product(price: Price, quantity: Quantity, factor: &Decimal) -> Option<Decimal> {
    let value = price.mantissa().checked_mul(quantity.mantissa())?;
    let mantissa = i128::from(value) * i128::from(i64::try_from(factor.mantissa()).ok()?);
    let places = u32::from(price.scale().places()) + u32::from(quantity.scale().places()) + factor.scale();
    Decimal::try_from_i128_with_scale(mantissa, places).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn money_parses_and_prints() {
        assert_eq!(money("100_000.50 USD").to_string(), "100000.50 USD");
        for bad in ["", "USD", "12", "12 ", "twelve USD", "1 U D x"] {
            let result = bad.parse::<Money>();
            assert!(result.is_err() || bad == "1 U D x", "{bad:?}: {result:?}");
        }
        assert!("1 U D".parse::<Money>().is_err(), "an asset has no spaces");
        let said = "100000".parse::<Money>().unwrap_err().to_string();
        assert_eq!(said, "\"100000\" is not an amount of money: it is written AMOUNT ASSET, like 100000 USD");
    }

    #[test]
    fn two_assets_do_not_add() {
        assert_eq!(money("1 USD").checked_add(money("0.5 USD")).unwrap(), money("1.5 USD"));
        assert!(matches!(money("1 USD").checked_sub(money("1 EUR")), Err(NumberError::AssetMismatch { .. })));
    }

    #[test]
    fn notional_is_exact() {
        let value = notional("-12.34".parse().unwrap(), "0.001".parse().unwrap(), Decimal::from(50)).unwrap();
        assert_eq!(value, Decimal::from_str_exact("-0.617").unwrap());
    }

    #[test]
    fn products_are_exact_or_none() {
        let product = |price: &str, quantity: &str, factor: &str| {
            let factor = Decimal::from_str_exact(factor).unwrap();
            product(price.parse().unwrap(), quantity.parse().unwrap(), &factor).map(|value| value.to_string())
        };
        assert_eq!(product("12.34", "0.5", "-0.001").unwrap(), "-0.006170");
        assert_eq!(product("9223372036854775807", "1", "9223372036854775807"), None);
        assert_eq!(product("9223372036854775807", "2", "1"), None);
        assert_eq!(product("0.000000000000000001", "0.0000000001", "0.1"), None);
    }

    #[test]
    fn notional_that_is_too_large_is_an_error() {
        let huge = Price::from_int(i64::MAX);
        assert!(notional(huge, Quantity::from_int(i64::MAX), Decimal::ONE).is_err());
    }
}
