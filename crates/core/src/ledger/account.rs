use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::sum::{Sum, SumError};
use crate::id::VenueId;

/// What an account may do with money that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "account", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AccountKind {
    /// Only what it holds: nothing is sold short, nothing bought on credit.
    #[default]
    Cash,
    /// It may borrow: an order needs its notional times the instrument's initial margin, divided by the leverage.
    Margin {
        /// How many times the equity may be held; 2 is what Regulation T allows for shares overnight.
        leverage: Decimal,
    },
}

/// How much of an asset an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// All of it; below zero is borrowed.
    pub total: Decimal,
    /// The part that open orders have set aside.
    pub reserved: Decimal,
    /// What was paid in from outside.
    pub deposited: Decimal,
    /// Fees, dividends, funding and fractions of splits: what came (below zero: went) without being traded.
    pub paid: Decimal,
    /// The least that it ever was, zero if it never was below: how far a cash account was overdrawn.
    pub lowest: Decimal,
}

impl Balance {
    /// What new orders can use.
    #[must_use]
    pub fn free(&self) -> Decimal {
        self.total.checked_sub(self.reserved).unwrap_or(Decimal::MIN)
    }
}

/// A [`Balance`] while it is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Funds {
    pub(super) total: Sum,
    pub(super) reserved: Sum,
    pub(super) deposited: Sum,
    pub(super) paid: Sum,
    pub(super) lowest: Sum,
}

impl Funds {
    /// What new orders can use.
    #[inline]
    pub(super) fn free(&self) -> Sum {
        if self.reserved.is_zero() {
            return self.total;
        }
        self.total.sub(self.reserved).unwrap_or_else(|_| Decimal::MIN.into())
    }

    #[inline(always)]
    fn add(&mut self, amount: Sum) -> Result<(), SumError> {
        self.total = self.total.add(amount)?;
        if self.total.is_negative() {
            self.note_lowest();
        }
        Ok(())
    }

    #[cold]
    fn note_lowest(&mut self) {
        self.lowest = self.lowest.min(self.total);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.total.is_zero() && self.reserved.is_zero()
    }
}

impl From<Funds> for Balance {
    fn from(funds: Funds) -> Self {
        Self {
            total: funds.total.to_decimal(),
            reserved: funds.reserved.to_decimal(),
            deposited: funds.deposited.to_decimal(),
            paid: funds.paid.to_decimal(),
            lowest: funds.lowest.to_decimal(),
        }
    }
}

/// The money at one venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Where it is.
    pub venue: VenueId,
    /// What it may do.
    pub kind: AccountKind,
    /// Balances in the order of the portfolio's assets.
    pub(super) balances: Vec<Funds>,
    /// Margin set aside by open orders, in the reporting asset.
    pub(super) reserved_margin: Sum,
}

impl Account {
    pub(super) fn new(venue: VenueId, kind: AccountKind, assets: usize) -> Self {
        Self { venue, kind, balances: vec![Funds::default(); assets], reserved_margin: Sum::ZERO }
    }

    #[inline]
    pub(super) fn funds(&self, asset: usize) -> Option<&Funds> {
        self.balances.get(asset)
    }

    /// Adds `amount` to the balance of an asset.
    #[inline(always)]
    pub(super) fn credit(&mut self, asset: usize, amount: Sum) -> Result<(), SumError> {
        if let Some(funds) = self.balances.get_mut(asset) { funds.add(amount) } else { Ok(()) }
    }

    /// Adds a payment that belongs to no trade.
    #[inline(always)]
    pub(super) fn pay(&mut self, asset: usize, amount: Sum) -> Result<(), SumError> {
        if let Some(funds) = self.balances.get_mut(asset) {
            funds.add(amount)?;
            funds.paid = funds.paid.add(amount)?;
        }
        Ok(())
    }

    pub(super) fn deposit(&mut self, asset: usize, amount: Sum) -> Result<(), SumError> {
        if let Some(funds) = self.balances.get_mut(asset) {
            funds.add(amount)?;
            funds.deposited = funds.deposited.add(amount)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn reserve(&mut self, asset: usize, amount: Sum) -> Result<(), SumError> {
        if let Some(funds) = self.balances.get_mut(asset) {
            funds.reserved = funds.reserved.add(amount)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn release(&mut self, asset: usize, amount: Sum) -> Result<(), SumError> {
        if let Some(funds) = self.balances.get_mut(asset) {
            funds.reserved = funds.reserved.sub(amount)?;
        }
        Ok(())
    }

    /// The balances that are not empty, with the indices of their assets.
    #[inline]
    pub(super) fn nonzero(&self) -> impl Iterator<Item = (usize, &Funds)> {
        self.balances.iter().enumerate().filter(|(_, funds)| !funds.is_empty())
    }
}
