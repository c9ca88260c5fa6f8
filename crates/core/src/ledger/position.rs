use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::sum::{Sum, SumError};
use crate::{
    error::NumberError,
    instrument::Instrument,
    number::{Price, Quantity},
};

/// What is held of one instrument, what it cost and what it has earned.
///
/// Amounts are in the quote asset, for contracts in the settlement asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// How much: above zero is long, below zero short.
    pub quantity: Quantity,
    pub(super) cost: Sum,
    pub(super) realized: Sum,
    pub(super) income: Sum,
    pub(super) fees: Sum,
}

impl Position {
    /// What it cost: the sum of price times quantity times multiplier, signed like the quantity.
    #[must_use]
    #[inline]
    pub fn cost(&self) -> Decimal {
        self.cost.to_decimal()
    }

    /// What closing parts of it has earned or lost, before fees.
    #[must_use]
    #[inline]
    pub fn realized(&self) -> Decimal {
        self.realized.to_decimal()
    }

    /// Dividends, funding and other payments received (negative: paid).
    #[must_use]
    #[inline]
    pub fn income(&self) -> Decimal {
        self.income.to_decimal()
    }

    /// What was paid in fees, in whatever asset they were charged; see the fills for the asset.
    #[must_use]
    #[inline]
    pub fn fees(&self) -> Decimal {
        self.fees.to_decimal()
    }

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
        if instrument.is_inverse() { units.checked_div(-self.cost()) } else { self.cost().checked_div(units) }
    }

    /// What closing the whole position at `price` would earn or lose, before fees.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if it does not fit.
    pub fn unrealized(&self, instrument: &Instrument, price: Price) -> Result<Decimal, NumberError> {
        if self.is_flat() {
            return Ok(Decimal::ZERO);
        }
        Ok(self.profit(instrument, price)?.to_decimal())
    }

    /// The same as a sum.
    pub(super) fn profit(&self, instrument: &Instrument, price: Price) -> Result<Sum, NumberError> {
        Ok(signed_value(instrument, price, self.quantity)?.sub(self.cost)?)
    }

    /// Takes in a fill of `quantity` (signed) at `price`; returns the profit that it realized (rule L3).
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if a number does not fit; the position is unchanged then.
    #[inline(always)]
    pub(super) fn apply(
        &mut self,
        instrument: &Instrument,
        quantity: Quantity,
        price: Price,
        value: Sum,
    ) -> Result<Sum, NumberError> {
        let held = self.quantity;
        let after = held.checked_add(quantity)?;
        if held.is_zero() || held.is_negative() == quantity.is_negative() {
            self.cost = self.cost.add(value)?;
            self.quantity = after;
            return Ok(Sum::ZERO);
        }
        let (gained, cost) = if after.is_zero() {
            ((-value).sub(self.cost)?, Sum::ZERO)
        } else if after.is_negative() == held.is_negative() {
            let part = self.cost.mul(Sum::from(quantity).abs())?;
            let closed = part.div(Sum::from(held).abs())?;
            ((-value).sub(closed)?, self.cost.sub(closed)?)
        } else {
            let closing = signed_value(instrument, price, held.checked_neg()?)?;
            ((-closing).sub(self.cost)?, value.sub(closing)?)
        };
        self.realized = self.realized.add(gained)?;
        self.cost = cost;
        // A flat position forgets its scale, so that flat is one value.
        self.quantity = if after.is_zero() { Quantity::ZERO } else { after };
        Ok(gained)
    }

    /// Takes in a fill and its fee.
    pub(super) fn take(
        &mut self,
        instrument: &Instrument,
        quantity: Quantity,
        price: Price,
        value: Sum,
        fee: Sum,
    ) -> Result<(), NumberError> {
        self.apply(instrument, quantity, price, value)?;
        self.fees = self.fees.add(fee)?;
        Ok(())
    }

    /// Takes in a split of `from` units into `to`; returns the fraction of a step that is paid out and its cost.
    pub(super) fn split(
        &mut self,
        instrument: &Instrument,
        to: u32,
        from: u32,
    ) -> Result<(Sum, Sum), NumberError> {
        if self.is_flat() {
            return Ok((Sum::ZERO, Sum::ZERO));
        }
        let exact =
            Sum::from(self.quantity).mul(Decimal::from(to).into())?.div(Decimal::from(from).into())?;
        let step = instrument.quantity_increment;
        let whole = Quantity::from_decimal_rounded(
            exact.to_decimal(),
            crate::number::Scale::MAX,
            crate::number::Rounding::Truncate,
        )
        .or_else(|_| {
            Quantity::from_decimal_rounded(
                exact.to_decimal(),
                step.scale(),
                crate::number::Rounding::Truncate,
            )
        })?
        .round_to(step, crate::number::Rounding::Truncate)?;
        let fraction = exact.sub(whole.into())?;
        let paid_out = if fraction.is_zero() { Sum::ZERO } else { self.cost.mul(fraction)?.div(exact)? };
        self.quantity = if whole.is_zero() { Quantity::ZERO } else { whole };
        self.cost = self.cost.sub(paid_out)?;
        Ok((fraction, paid_out))
    }
}

/// The value whose difference is the profit: price times quantity, for an inverse contract minus quantity by price.
#[inline(always)]
pub(super) fn signed_value(
    instrument: &Instrument,
    price: Price,
    quantity: Quantity,
) -> Result<Sum, SumError> {
    let value = worth(instrument, price, quantity)?;
    Ok(if instrument.is_inverse() { -value } else { value })
}

/// [`Instrument::notional`] as a sum.
#[inline(always)]
pub(super) fn worth(instrument: &Instrument, price: Price, quantity: Quantity) -> Result<Sum, SumError> {
    if instrument.is_counted_in_units()
        && let Some(product) = Sum::product(price, quantity)
    {
        return Ok(product);
    }
    worth_in_full(instrument, price, quantity)
}

#[inline(never)]
fn worth_in_full(instrument: &Instrument, price: Price, quantity: Quantity) -> Result<Sum, SumError> {
    let error = if instrument.is_inverse() { SumError::WorthOfInverse } else { SumError::Worth };
    instrument.notional(price, quantity).map(Sum::from).map_err(|_| error)
}
