use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::arithmetic::{add, div, mul, sub};
use crate::{
    error::NumberError,
    instrument::{Instrument, InstrumentKind},
    number::{Price, Quantity},
};

/// What is held of one instrument, what it cost and what it has earned.
///
/// Amounts are in the quote asset, for contracts in the settlement asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// How much: above zero is long, below zero short.
    pub quantity: Quantity,
    /// What it cost: the sum of price times quantity times multiplier, signed like the quantity.
    pub cost: Decimal,
    /// What closing parts of it has earned or lost, before fees.
    pub realized: Decimal,
    /// Dividends, funding and other payments received (negative: paid).
    pub income: Decimal,
    /// What was paid in fees, in whatever asset they were charged; see the fills for the asset.
    pub fees: Decimal,
}

impl Position {
    /// Whether nothing is held.
    #[must_use]
    #[inline]
    pub const fn is_flat(&self) -> bool {
        self.quantity.is_zero()
    }

    /// Whether it is above zero.
    #[must_use]
    #[inline]
    pub const fn is_long(&self) -> bool {
        self.quantity.is_positive()
    }

    /// Whether it is below zero.
    #[must_use]
    #[inline]
    pub const fn is_short(&self) -> bool {
        self.quantity.is_negative()
    }

    /// The average price of what is held; `None` if nothing is.
    #[must_use]
    pub fn average_price(&self, instrument: &Instrument) -> Option<Decimal> {
        if self.is_flat() {
            return None;
        }
        let units = self.quantity.to_decimal().checked_mul(instrument.multiplier)?;
        if is_inverse(instrument) { units.checked_div(-self.cost) } else { self.cost.checked_div(units) }
    }

    /// What closing the whole position at `price` would earn or lose, before fees.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if it does not fit.
    pub fn unrealized(&self, instrument: &Instrument, price: Price) -> Result<Decimal, NumberError> {
        if self.is_flat() {
            return Ok(Decimal::ZERO);
        }
        sub(signed_value(instrument, price, self.quantity)?, self.cost)
    }

    /// Takes in a fill of `quantity` (signed) at `price`; returns the profit that it realized (rule L3).
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if a number does not fit; the position is unchanged then.
    #[inline]
    pub(super) fn apply(
        &mut self,
        instrument: &Instrument,
        quantity: Quantity,
        price: Price,
        value: Decimal,
    ) -> Result<Decimal, NumberError> {
        let held = self.quantity;
        let after = held.checked_add(quantity)?;
        if held.is_zero() || held.is_negative() == quantity.is_negative() {
            self.cost = add(self.cost, value)?;
            self.quantity = after;
            return Ok(Decimal::ZERO);
        }
        let (gained, cost) = if after.is_zero() {
            (sub(-value, self.cost)?, Decimal::ZERO)
        } else if after.is_negative() == held.is_negative() {
            let part = mul(self.cost, quantity.to_decimal().abs())?;
            let closed = div(part, held.to_decimal().abs())?;
            (sub(-value, closed)?, sub(self.cost, closed)?)
        } else {
            let closing = signed_value(instrument, price, held.checked_neg()?)?;
            (sub(-closing, self.cost)?, sub(value, closing)?)
        };
        self.realized = add(self.realized, gained)?;
        self.cost = cost;
        // A flat position forgets its scale, so that flat is one value.
        self.quantity = if after.is_zero() { Quantity::ZERO } else { after };
        Ok(gained)
    }

    /// Takes in a split of `from` units into `to`; returns the fraction of a step that is paid out and its cost.
    pub(super) fn split(
        &mut self,
        instrument: &Instrument,
        to: u32,
        from: u32,
    ) -> Result<(Decimal, Decimal), NumberError> {
        if self.is_flat() {
            return Ok((Decimal::ZERO, Decimal::ZERO));
        }
        let exact = div(mul(self.quantity.to_decimal(), to.into())?, from.into())?;
        let step = instrument.quantity_increment;
        let whole = Quantity::from_decimal_rounded(
            exact,
            crate::number::Scale::MAX,
            crate::number::Rounding::Truncate,
        )
        .or_else(|_| Quantity::from_decimal_rounded(exact, step.scale(), crate::number::Rounding::Truncate))?
        .round_to(step, crate::number::Rounding::Truncate)?;
        let fraction = sub(exact, whole.to_decimal())?;
        let paid_out =
            if fraction.is_zero() { Decimal::ZERO } else { div(mul(self.cost, fraction)?, exact)? };
        self.quantity = if whole.is_zero() { Quantity::ZERO } else { whole };
        self.cost = sub(self.cost, paid_out)?;
        Ok((fraction, paid_out))
    }
}

fn is_inverse(instrument: &Instrument) -> bool {
    matches!(instrument.kind, InstrumentKind::Perpetual { inverse: true, .. })
}

/// The value whose difference is the profit: price times quantity, for an inverse contract minus quantity by price.
#[inline]
pub(super) fn signed_value(
    instrument: &Instrument,
    price: Price,
    quantity: Quantity,
) -> Result<Decimal, NumberError> {
    let value = instrument.notional(price, quantity)?;
    Ok(if is_inverse(instrument) { -value } else { value })
}
