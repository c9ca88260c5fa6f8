//! What an order needs, and whether the account has it.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{AccountKind, Portfolio, add, div, mul, sub};
use crate::{
    error::AccountError,
    number::{Price, Quantity},
    order::{RejectCode, Side},
};

/// To how many decimal places a part of a reservation is given back, unless the reservation itself has more.
const SHARE_PLACES: u32 = 9;

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

impl Reservation {
    /// How much is set aside.
    #[must_use]
    pub const fn amount(&self) -> Decimal {
        self.amount
    }
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
        if self.accounts.get(line.account).is_none() {
            return Ok(Err(Shortfall { code: RejectCode::InsufficientFunds, text: "no account".into() }));
        }
        let need = self.need(instrument, side, quantity, price, fee)?;
        let mut reservation = Reservation::default();
        let done = self.raise_reservation(instrument, side, &mut reservation, need)?;
        Ok(done.map(|()| reservation))
    }

    /// What [`Portfolio::reserve`] would set aside, without setting it aside or asking whether it is there.
    ///
    /// # Errors
    /// [`AccountError`] if something cannot be valued.
    pub fn need(
        &self,
        instrument: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
        fee: Decimal,
    ) -> Result<Reservation, AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(Reservation::default()) };
        match self.accounts.get(line.account).map(|account| account.kind) {
            Some(AccountKind::Cash) if line.paid_in_full => {
                let (asset, amount) = match side {
                    Side::Buy => {
                        let notional = line.instrument.notional(price, quantity)?.abs();
                        let fee = if fee.is_zero() {
                            Decimal::ZERO
                        } else {
                            mul(notional, fee)?.max(Decimal::ZERO)
                        };
                        (line.quote, add(notional, fee)?)
                    }
                    Side::Sell => (line.base, quantity.to_decimal()),
                };
                Ok(Reservation { amount, asset: Some(asset) })
            }
            Some(AccountKind::Margin { leverage }) => {
                let amount = self.margin_needed(instrument, side, quantity, price, leverage)?;
                Ok(Reservation { amount, asset: None })
            }
            _ => {
                let amount = self.margin_needed(instrument, side, quantity, price, Decimal::ONE)?;
                Ok(Reservation { amount, asset: None })
            }
        }
    }

    /// Raises what an order on `side` has set aside to `need`, if the difference is free. A reservation that is as large
    /// already stays as it is.
    ///
    /// # Errors
    /// [`AccountError`] if something cannot be valued. A lack of funds is the inner error, and changes nothing.
    pub fn raise_reservation(
        &mut self,
        instrument: usize,
        side: Side,
        reservation: &mut Reservation,
        need: Reservation,
    ) -> Result<Result<(), Shortfall>, AccountError> {
        let kept = if need.asset == reservation.asset { reservation.amount } else { Decimal::ZERO };
        let more = sub(need.amount, kept)?;
        if more <= Decimal::ZERO {
            return Ok(Ok(()));
        }
        let free = match need.asset {
            Some(asset) => {
                let account = self.lines.get(instrument).and_then(|line| self.accounts.get(line.account));
                account.map_or(Decimal::ZERO, |account| account.balance(asset).free())
            }
            None => self.free_margin(instrument, side)?,
        };
        if more > free {
            let shortfall = match need.asset {
                Some(asset) => {
                    let name = self.assets.get(asset).map_or("", |asset| asset.as_str());
                    let code = match side {
                        Side::Buy => RejectCode::InsufficientFunds,
                        Side::Sell => RejectCode::ShortNotAllowed,
                    };
                    Shortfall { code, text: format!("needs {more} {name}, free are {free}") }
                }
                None => {
                    let asset = self.reporting_asset();
                    let (more, free) = (more.normalize(), free.normalize());
                    let text = format!("needs {more} {asset} of margin, free are {free}");
                    Shortfall { code: RejectCode::InsufficientFunds, text }
                }
            };
            return Ok(Err(shortfall));
        }
        self.set_reservation(instrument, reservation, need)?;
        Ok(Ok(()))
    }

    /// Sets aside `need` instead of what was set aside, whether it is free or not: for an order that a venue already has.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit.
    pub fn set_reservation(
        &mut self,
        instrument: usize,
        reservation: &mut Reservation,
        need: Reservation,
    ) -> Result<(), AccountError> {
        if *reservation == need {
            return Ok(());
        }
        self.release(instrument, reservation, None)?;
        let account = self.lines.get(instrument).map(|line| line.account);
        if let Some(account) = account.and_then(|index| self.accounts.get_mut(index)) {
            match need.asset {
                Some(asset) => account.reserve(asset, need.amount)?,
                None => account.reserved_margin = add(account.reserved_margin, need.amount)?,
            }
            *reservation = need;
        }
        Ok(())
    }

    /// The initial margin of what an order adds to the exposure.
    fn margin_needed(
        &self,
        instrument: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
        leverage: Decimal,
    ) -> Result<Decimal, AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(Decimal::ZERO) };
        // Only what goes beyond closing the present position is new exposure.
        let added = match self.closed_by(instrument, side) {
            Some(held) => quantity.checked_sub(held.checked_abs()?)?,
            None => quantity,
        };
        if !added.is_positive() {
            return Ok(Decimal::ZERO);
        }
        let notional = line.instrument.notional(price, added)?.abs();
        let asset = if line.paid_in_full { line.quote } else { line.settlement };
        let rate = if asset == self.reporting { Decimal::ONE } else { self.rate_of(asset)? };
        Ok(div(mul(mul(notional, rate)?, line.instrument.margin.initial)?, leverage)?)
    }

    /// The equity that is neither margin of positions nor set aside, for an order on `side`.
    fn free_margin(&self, instrument: usize, side: Side) -> Result<Decimal, AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(Decimal::ZERO) };
        let Some(account) = self.accounts.get(line.account) else { return Ok(Decimal::ZERO) };
        let leverage = match account.kind {
            AccountKind::Margin { leverage } => leverage,
            AccountKind::Cash => Decimal::ONE,
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
        if let Some(held) = self.closed_by(instrument, side) {
            // Closing frees the margin of what is held.
            let freed = self.exposure(instrument, held)?.abs();
            used = sub(used, div(mul(freed, line.instrument.margin.initial)?, leverage)?)?;
        }
        Ok(sub(equity, used)?)
    }

    /// The position in an instrument, if an order on `side` closes it.
    fn closed_by(&self, instrument: usize, side: Side) -> Option<Quantity> {
        let held = self.lines.get(instrument)?.position.quantity;
        (!held.is_zero() && held.is_negative() == (side == Side::Buy)).then_some(held)
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
                // Cut to so many digits that taking it from both sums is exact: nothing may be left over in the end.
                let share = div(mul(reservation.amount, part.to_decimal())?, whole.to_decimal())?;
                let places = reservation.amount.scale().max(SHARE_PLACES);
                share.round_dp_with_strategy(places, RoundingStrategy::ToZero)
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
