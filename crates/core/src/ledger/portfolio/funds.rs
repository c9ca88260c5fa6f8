//! What an order needs, and whether the account has it.

use rust_decimal::Decimal;

use super::{AccountKind, Funds, Line, Portfolio, Sum, SumError, worth};
use crate::{
    error::{AccountError, NumberError},
    number::{Price, Quantity},
    order::{RejectCode, Side},
};

/// To how many decimal places a part of a reservation is given back, unless the reservation itself has more.
const SHARE_PLACES: u32 = 9;

/// What an open order has set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reservation {
    /// How much is still set aside.
    amount: Sum,
    /// Of which asset (an index); margin, in the reporting asset, if none.
    asset: Option<usize>,
    /// How much of the position it closes, for which it needs no margin; signed like the position.
    closes: Quantity,
}

/// How much of a position open orders close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Closing {
    /// Of a long position, by sells.
    long: Quantity,
    /// Of a short position, by buys; below zero.
    short: Quantity,
}

impl Closing {
    /// What orders close of positions like `held`.
    const fn of(&mut self, held: Quantity) -> &mut Quantity {
        if held.is_negative() { &mut self.short } else { &mut self.long }
    }

    /// What is left of `held` for another order to close.
    fn left_of(mut self, held: Quantity) -> Result<Quantity, NumberError> {
        let left = held.checked_sub(*self.of(held))?;
        Ok(if left.is_negative() == held.is_negative() { left } else { Quantity::ZERO })
    }

    /// What they were to close and is not held any more: it is as good as new exposure.
    fn beyond(self, held: Quantity) -> Result<Quantity, NumberError> {
        let long = self.long.checked_sub(held.max(Quantity::ZERO))?.max(Quantity::ZERO);
        let short = held.min(Quantity::ZERO).checked_sub(self.short)?.max(Quantity::ZERO);
        long.checked_add(short)
    }

    const fn is_empty(&self) -> bool {
        self.long.is_zero() && self.short.is_zero()
    }
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
    pub fn amount(&self) -> Decimal {
        self.amount.to_decimal()
    }

    /// Whether nothing is set aside, neither money nor a part of a position.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.amount.is_zero() && self.closes.is_zero()
    }

    /// Whether an order that needs `need` has enough.
    #[must_use]
    pub fn covers(&self, need: &Self) -> bool {
        need.amount <= self.amount && !is_further(need.closes, self.closes)
    }

    /// What two orders of one side need of which only one can fill.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (mut larger, smaller) = if other.amount > self.amount { (other, self) } else { (self, other) };
        if is_further(smaller.closes, larger.closes) {
            larger.closes = smaller.closes;
        }
        larger
    }

    /// What two orders of one side need that share their units, the dearer order first: `whole` is what the other one needs
    /// alone, and `shared` what it would need for as many units as the first has, which are counted with the first.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit.
    pub fn with_rest(self, whole: Self, shared: Self) -> Result<Self, AccountError> {
        if whole.amount <= shared.amount {
            let none = Self { amount: Sum::ZERO, ..whole };
            return Ok(self.or(none));
        }
        let rest = whole.amount.sub(shared.amount)?;
        let closes = if is_further(whole.closes, self.closes) { whole.closes } else { self.closes };
        Ok(Self { amount: self.amount.add(rest)?, asset: whole.asset, closes })
    }

    /// The same for an order that only reduces a position: it opens nothing, so it needs no margin.
    #[must_use]
    pub const fn reducing(mut self) -> Self {
        if self.asset.is_none() {
            self.amount = Sum::ZERO;
        }
        self
    }
}

/// Whether `a` is further from zero than `b`, on its side of it.
fn is_further(a: Quantity, b: Quantity) -> bool {
    if a.is_negative() { a < b } else { a > b && !a.is_zero() }
}

impl Line {
    /// What an order needs in a cash account, and of which asset.
    #[inline(always)]
    fn cash_needed(
        &self,
        side: Side,
        quantity: Quantity,
        price: Price,
        fee: Decimal,
    ) -> Result<(usize, Sum), SumError> {
        if side == Side::Sell {
            return Ok((self.base, quantity.into()));
        }
        let notional = worth(&self.instrument, price, quantity)?.abs();
        let fee = notional.mul(fee.into())?;
        let fee = if fee.is_negative() { Sum::ZERO } else { fee };
        Ok((self.quote, notional.add(fee)?))
    }
}

impl Portfolio {
    /// Sets aside what an order of `quantity` at `price` needs, with `fee` as a fraction of the notional.
    ///
    /// A cash account needs the quote for a buy and the base for a sale. A margin account needs the initial margin of
    /// what the order adds to the exposure, out of the equity that is not margin already. An order adds nothing as far as it
    /// closes what is held and no other open order closes already.
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
        let need = self.need(instrument, side, quantity, price, fee, &Reservation::default())?;
        let mut reservation = Reservation::default();
        let done = self.raise_reservation(instrument, side, &mut reservation, need)?;
        Ok(done.map(|()| reservation))
    }

    /// What [`Portfolio::reserve`] would set aside instead of `had`, without setting it aside or asking whether it is there.
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
        had: &Reservation,
    ) -> Result<Reservation, AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(Reservation::default()) };
        match self.accounts.get(line.account).map(|account| account.kind) {
            Some(AccountKind::Cash) if line.paid_in_full => {
                let (asset, amount) = line.cash_needed(side, quantity, price, fee)?;
                Ok(Reservation { amount, asset: Some(asset), closes: Quantity::ZERO })
            }
            Some(AccountKind::Margin { leverage }) => {
                self.margin_needed(instrument, side, quantity, price, leverage, had)
            }
            _ => self.margin_needed(instrument, side, quantity, price, Decimal::ONE, had),
        }
    }

    /// Whether [`Portfolio::reserve`] would set aside what the order needs, without setting it aside. False, too, if it cannot be
    /// valued.
    #[must_use]
    pub fn affords(
        &self,
        instrument: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
        fee: Decimal,
    ) -> bool {
        let line = self.lines.get(instrument);
        let Some((line, account)) = line.and_then(|line| Some((line, self.accounts.get(line.account)?)))
        else {
            return false;
        };
        if account.kind == AccountKind::Cash && line.paid_in_full {
            let Ok((asset, amount)) = line.cash_needed(side, quantity, price, fee) else { return false };
            return amount <= account.funds(asset).map_or(Sum::ZERO, Funds::free);
        }
        let need = || self.need(instrument, side, quantity, price, fee, &Reservation::default());
        need().is_ok_and(|need| {
            let asks = !need.amount.is_zero() && !need.amount.is_negative();
            !asks || self.free(instrument, side, &need).is_ok_and(|free| need.amount <= free)
        })
    }

    /// What is free of that in which an order on `side` sets aside what it needs.
    fn free(&self, instrument: usize, side: Side, need: &Reservation) -> Result<Sum, AccountError> {
        match need.asset {
            Some(asset) => {
                let account = self.lines.get(instrument).and_then(|line| self.accounts.get(line.account));
                Ok(account.and_then(|account| account.funds(asset)).map_or(Sum::ZERO, Funds::free))
            }
            None => self.free_margin(instrument, side),
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
        let is_new = reservation.is_empty();
        let more = if is_new || need.asset != reservation.asset {
            need.amount
        } else {
            need.amount.sub(reservation.amount)?
        };
        if more.is_zero() || more.is_negative() {
            if is_further(need.closes, reservation.closes) {
                let all = Reservation { closes: need.closes, ..*reservation };
                self.set_reservation(instrument, reservation, all)?;
            }
            return Ok(Ok(()));
        }
        let free = self.free(instrument, side, &need)?;
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
                    let (more, free) = (more.to_decimal().normalize(), free.to_decimal().normalize());
                    let text = format!("needs {more} {asset} of margin, free are {free}");
                    Shortfall { code: RejectCode::InsufficientFunds, text }
                }
            };
            return Ok(Err(shortfall));
        }
        let need = if is_new { need } else { need.or(Reservation { amount: Sum::ZERO, ..*reservation }) };
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
        if !reservation.is_empty() {
            if *reservation == need {
                return Ok(());
            }
            self.release(instrument, reservation, None)?;
        }
        let Some(line) = self.lines.get_mut(instrument) else { return Ok(()) };
        if let Some(account) = self.accounts.get_mut(line.account) {
            if !need.closes.is_zero() {
                let closing = line.closing.of(need.closes);
                *closing = closing.checked_add(need.closes)?;
            }
            match need.asset {
                Some(asset) => account.reserve(asset, need.amount)?,
                None => account.reserved_margin = account.reserved_margin.add(need.amount)?,
            }
            *reservation = need;
        }
        Ok(())
    }

    /// What an order closes, and the initial margin of what it adds to the exposure.
    fn margin_needed(
        &self,
        instrument: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
        leverage: Decimal,
        had: &Reservation,
    ) -> Result<Reservation, AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(Reservation::default()) };
        // Only what goes beyond closing the present position is new exposure, and it is closed only once.
        let (mut added, mut closes) = (quantity, Quantity::ZERO);
        if let Some(held) = self.closed_by(instrument, side) {
            let mut others = line.closing;
            if had.closes.is_negative() == held.is_negative() {
                *others.of(held) = others.of(held).checked_sub(had.closes)?;
            }
            let closed = others.left_of(held)?.checked_abs()?.min(quantity);
            added = quantity.checked_sub(closed)?;
            closes = if held.is_negative() { closed.checked_neg()? } else { closed };
        }
        if !added.is_positive() {
            return Ok(Reservation { amount: Sum::ZERO, asset: None, closes });
        }
        let notional = worth(&line.instrument, price, added)?.abs();
        let asset = if line.paid_in_full { line.quote } else { line.settlement };
        let rate = if asset == self.reporting { Sum::ONE } else { self.rate_of(asset)? };
        let margin = notional.mul(rate)?.mul(line.instrument.margin.initial.into())?;
        let amount = margin.div(leverage.into())?;
        Ok(Reservation { amount, asset: None, closes })
    }

    /// The equity that is neither margin of positions nor set aside, for an order on `side`.
    fn free_margin(&self, instrument: usize, side: Side) -> Result<Sum, AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(Sum::ZERO) };
        let Some(account) = self.accounts.get(line.account) else { return Ok(Sum::ZERO) };
        let leverage = match account.kind {
            AccountKind::Margin { leverage } => leverage.into(),
            AccountKind::Cash => Sum::ONE,
        };
        let equity = self.account_equity(line.account, account)?;
        let mut used = account.reserved_margin;
        for (index, other) in self.lines.iter().enumerate() {
            let idle = other.position.is_flat() && other.closing.is_empty();
            if other.account != line.account || idle {
                continue;
            }
            let mut exposed = other.position.quantity.checked_abs()?;
            if !other.closing.is_empty() {
                exposed = exposed.checked_add(other.closing.beyond(other.position.quantity)?)?;
            }
            let exposure = self.exposure(index, exposed)?.abs();
            used = used.add(exposure.mul(other.instrument.margin.initial.into())?.div(leverage)?)?;
        }
        if let Some(held) = self.closed_by(instrument, side) {
            // Closing frees the margin of what is held.
            let freed = self.exposure(instrument, held)?.abs();
            used = used.sub(freed.mul(line.instrument.margin.initial.into())?.div(leverage)?)?;
        }
        Ok(equity.sub(used)?)
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
        if reservation.is_empty() {
            return Ok(());
        }
        let (part, whole, closed) = match share {
            Some((part, whole)) if part < whole => {
                // What it closes comes first: the money is for the rest.
                let all = reservation.closes.checked_abs()?;
                let closed = all.min(part);
                let signed = if reservation.closes.is_negative() { closed.checked_neg()? } else { closed };
                (part.checked_sub(closed)?, whole.checked_sub(all)?, signed)
            }
            _ => (Quantity::ONE, Quantity::ONE, reservation.closes),
        };
        if !closed.is_zero() {
            if let Some(line) = self.lines.get_mut(instrument) {
                let closing = line.closing.of(closed);
                *closing = closing.checked_sub(closed)?;
            }
            reservation.closes = reservation.closes.checked_sub(closed)?;
        }
        if reservation.amount.is_zero() || part.is_zero() {
            return Ok(());
        }
        let is_part = whole.is_positive() && part < whole;
        let amount = match is_part {
            true => {
                // Cut to so many digits that taking it from both sums is exact: nothing may be left over in the end.
                let share = reservation.amount.mul(part.into())?.div(whole.into())?;
                share.truncated(reservation.amount.places().max(SHARE_PLACES))
            }
            false => reservation.amount,
        };
        let account = self.lines.get(instrument).map(|line| line.account);
        if let Some(account) = account.and_then(|index| self.accounts.get_mut(index)) {
            match reservation.asset {
                Some(asset) => account.release(asset, amount)?,
                None => account.reserved_margin = account.reserved_margin.sub(amount)?,
            }
        }
        reservation.amount = if is_part { reservation.amount.sub(amount)? } else { Sum::ZERO };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
