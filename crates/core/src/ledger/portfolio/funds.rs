//! What an order needs, and whether the account has it.

use rust_decimal::Decimal;

use super::{AccountKind, Portfolio, add, div, mul, sub};
use crate::{
    error::AccountError,
    number::{Price, Quantity},
    order::{RejectCode, Side},
};

/// What an open order has set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reservation {
    /// How much is still set aside.
    amount: Decimal,
    /// Of which asset (an index); margin, in the reporting asset, if none.
    asset: Option<usize>,
}

/// Why an account cannot carry an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// A stable code.
    pub code: RejectCode,
    /// The numbers.
    pub text: String,
}

impl Portfolio {
    /// Sets aside what an order of `quantity` at `price` needs, with `fee` as a fraction of the notional.
    ///
    /// A cash account needs the quote for a buy and the base for a sale. A margin account needs the initial margin of
    /// what the order adds to the exposure, out of the equity that is not margin already.
    ///
    /// # Errors
    /// [`AccountError`] if something cannot be valued. A lack of funds is the inner error.
    pub fn reserve(
        &mut self,
        instrument: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
        fee: Decimal,
    ) -> Result<Result<Reservation, Shortfall>, AccountError> {
        let Some(line) = self.lines.get(instrument) else {
            return Ok(Err(Shortfall {
                code: RejectCode::UnknownInstrument,
                text: "unknown instrument".into(),
            }));
        };
        let Some(account) = self.accounts.get(line.account) else {
            return Ok(Err(Shortfall { code: RejectCode::InsufficientFunds, text: "no account".into() }));
        };
        let notional = line.instrument.notional(price, quantity)?.abs();
        match account.kind {
            AccountKind::Cash if line.paid_in_full => {
                let (asset, amount, code) = match side {
                    Side::Buy => {
                        let fee = if fee.is_zero() {
                            Decimal::ZERO
                        } else {
                            mul(notional, fee)?.max(Decimal::ZERO)
                        };
                        (line.quote, add(notional, fee)?, RejectCode::InsufficientFunds)
                    }
                    Side::Sell => (line.base, quantity.to_decimal(), RejectCode::ShortNotAllowed),
                };
                let free = account.balance(asset).free();
                if amount > free {
                    let name = self.assets.get(asset).map_or("", |asset| asset.as_str());
                    let text = format!("needs {amount} {name}, free are {free}");
                    return Ok(Err(Shortfall { code, text }));
                }
                let account = line.account;
                if let Some(account) = self.accounts.get_mut(account) {
                    account.reserve(asset, amount)?;
                }
                Ok(Ok(Reservation { amount, asset: Some(asset) }))
            }
            AccountKind::Cash => self.reserve_margin(instrument, side, quantity, price, Decimal::ONE),
            AccountKind::Margin { leverage } => {
                self.reserve_margin(instrument, side, quantity, price, leverage)
            }
        }
    }

    fn reserve_margin(
        &mut self,
        instrument: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
        leverage: Decimal,
    ) -> Result<Result<Reservation, Shortfall>, AccountError> {
        let Some(line) = self.lines.get(instrument) else {
            return Ok(Ok(Reservation::default()));
        };
        // Only what goes beyond closing the present position is new exposure.
        let held = line.position.quantity;
        let opposite = held.is_negative() == (side == Side::Buy) && !held.is_zero();
        let added = if opposite { quantity.checked_sub(held.checked_abs()?)? } else { quantity };
        if !added.is_positive() {
            return Ok(Ok(Reservation::default()));
        }
        let notional = line.instrument.notional(price, added)?.abs();
        let asset = if line.paid_in_full { line.quote } else { line.settlement };
        let rate = if asset == self.reporting { Decimal::ONE } else { self.rate_of(asset)? };
        let needed = div(mul(mul(notional, rate)?, line.instrument.margin.initial)?, leverage)?;
        let Some(account) = self.accounts.get(line.account) else {
            return Ok(Ok(Reservation::default()));
        };
        let equity = self.account_equity(line.account, account)?;
        let mut used = account.reserved_margin;
        for (index, other) in self.lines.iter().enumerate() {
            if other.account != line.account || other.position.is_flat() {
                continue;
            }
            let exposure = self.exposure(index, other.position.quantity)?.abs();
            used = add(used, div(mul(exposure, other.instrument.margin.initial)?, leverage)?)?;
        }
        if opposite {
            // Closing frees the margin of what is held.
            let freed = self.exposure(instrument, held)?.abs();
            used = sub(used, div(mul(freed, line.instrument.margin.initial)?, leverage)?)?;
        }
        let free = sub(equity, used)?;
        if needed > free {
            let asset = self.reporting_asset();
            let text =
                format!("needs {} {asset} of margin, free are {}", needed.normalize(), free.normalize());
            return Ok(Err(Shortfall { code: RejectCode::InsufficientFunds, text }));
        }
        let account = line.account;
        if let Some(account) = self.accounts.get_mut(account) {
            account.reserved_margin = add(account.reserved_margin, needed)?;
        }
        Ok(Ok(Reservation { amount: needed, asset: None }))
    }

    /// Gives back what an order had set aside: all of it when it ends, or the share of a fill of `part` out of `whole`.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit.
    pub fn release(
        &mut self,
        instrument: usize,
        reservation: &mut Reservation,
        share: Option<(Quantity, Quantity)>,
    ) -> Result<(), AccountError> {
        if reservation.amount.is_zero() {
            return Ok(());
        }
        let amount = match share {
            Some((part, whole)) if part < whole => {
                div(mul(reservation.amount, part.to_decimal())?, whole.to_decimal())?
            }
            _ => reservation.amount,
        };
        let account = self.lines.get(instrument).map(|line| line.account);
        if let Some(account) = account.and_then(|index| self.accounts.get_mut(index)) {
            match reservation.asset {
                Some(asset) => account.release(asset, amount)?,
                None => account.reserved_margin = sub(account.reserved_margin, amount)?,
            }
        }
        reservation.amount = sub(reservation.amount, amount)?;
        Ok(())
    }
}
