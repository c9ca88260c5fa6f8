use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::arithmetic::{add, sub};
use crate::{
    error::NumberError,
    id::{Asset, VenueId},
};

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
        if self.reserved.is_zero() {
            return self.total;
        }
        self.total.checked_sub(self.reserved).unwrap_or(Decimal::MIN)
    }

    #[inline]
    fn note_lowest(&mut self) {
        if self.total.is_sign_negative() && self.total < self.lowest {
            self.lowest = self.total;
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
    pub(super) balances: Vec<Balance>,
    /// Margin set aside by open orders, in the reporting asset.
    pub(super) reserved_margin: Decimal,
}

impl Account {
    pub(super) fn new(venue: VenueId, kind: AccountKind, assets: usize) -> Self {
        Self { venue, kind, balances: vec![Balance::default(); assets], reserved_margin: Decimal::ZERO }
    }

    #[inline]
    pub(super) fn balance(&self, asset: usize) -> Balance {
        self.balances.get(asset).copied().unwrap_or_default()
    }

    /// Adds `amount` to the balance of an asset.
    #[inline]
    pub(super) fn credit(&mut self, asset: usize, amount: Decimal) -> Result<(), NumberError> {
        if let Some(balance) = self.balances.get_mut(asset) {
            balance.total = add(balance.total, amount)?;
            balance.note_lowest();
        }
        Ok(())
    }

    /// Adds a payment that belongs to no trade.
    #[inline]
    pub(super) fn pay(&mut self, asset: usize, amount: Decimal) -> Result<(), NumberError> {
        if let Some(balance) = self.balances.get_mut(asset) {
            balance.total = add(balance.total, amount)?;
            balance.paid = add(balance.paid, amount)?;
            balance.note_lowest();
        }
        Ok(())
    }

    pub(super) fn deposit(&mut self, asset: usize, amount: Decimal) -> Result<(), NumberError> {
        self.credit(asset, amount)?;
        if let Some(balance) = self.balances.get_mut(asset) {
            balance.deposited = add(balance.deposited, amount)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn reserve(&mut self, asset: usize, amount: Decimal) -> Result<(), NumberError> {
        if let Some(balance) = self.balances.get_mut(asset) {
            balance.reserved = add(balance.reserved, amount)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn release(&mut self, asset: usize, amount: Decimal) -> Result<(), NumberError> {
        if let Some(balance) = self.balances.get_mut(asset) {
            balance.reserved = sub(balance.reserved, amount)?;
        }
        Ok(())
    }

    /// The balances that are not empty, with their assets.
    pub(super) fn nonzero<'a>(
        &'a self,
        assets: &'a [Asset],
    ) -> impl Iterator<Item = (usize, Asset, Balance)> + 'a {
        self.balances
            .iter()
            .zip(assets)
            .enumerate()
            .filter(|(_, (balance, _))| !balance.total.is_zero() || !balance.reserved.is_zero())
            .map(|(index, (balance, asset))| (index, *asset, *balance))
    }
}
