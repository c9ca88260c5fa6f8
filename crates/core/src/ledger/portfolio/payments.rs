//! What is paid on what is held: dividends, splits, funding.

use rust_decimal::Decimal;

use super::{Portfolio, Position, Price, Quantity, add, div, mul, sub};
use crate::{
    error::{AccountError, NumberError},
    number::{Money, Rounding, Scale},
};

impl Portfolio {
    /// Pays a dividend on what is held (rule L7). The mark falls by as much if it is in the same asset: from this time on
    /// a share is worth its price without the dividend, and the next price will say so.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit or the instrument is not known.
    pub fn apply_dividend(&mut self, instrument: usize, per_share: Money) -> Result<(), AccountError> {
        let asset = self.asset_index(per_share.asset);
        self.find_ways();
        let pay = |position: &mut Position| -> Result<Decimal, NumberError> {
            let paid = mul(position.quantity.to_decimal(), per_share.amount)?;
            position.income = add(position.income, paid)?;
            Ok(paid)
        };
        let Some(line) = self.lines.get_mut(instrument) else { return Ok(()) };
        let paid = pay(&mut line.position)?;
        for positions in &mut self.strategies {
            if let Some(own) = positions.get_mut(instrument) {
                pay(own)?;
            }
        }
        if let Some(account) = self.accounts.get_mut(line.account) {
            account.pay(asset, paid)?;
        }
        let same_asset = line.quote == asset;
        if let Some(mark) = self.marks.get_mut(instrument).and_then(Option::as_mut).filter(|_| same_asset) {
            let without = sub(mark.to_decimal(), per_share.amount)?;
            let scale = Scale::new(8)?.max(mark.scale());
            *mark = Price::from_decimal_rounded(without, scale, Rounding::HalfEven)?;
        }
        self.stale = true;
        Ok(())
    }

    /// Applies a split (rule L7). The fraction of a step that a strategy cannot keep is paid at the mark, which is
    /// taken to be the price before the split.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit.
    pub fn apply_split(&mut self, instrument: usize, to: u32, from: u32) -> Result<(), AccountError> {
        if to == 0 || from == 0 {
            return Err(NumberError::Increment { increment: format!("{to}:{from}") }.into());
        }
        let before_split = self.mark(instrument);
        let Some(line) = self.lines.get_mut(instrument) else { return Ok(()) };
        let mark = before_split.map(Price::to_decimal).unwrap_or_default();
        let price_after = div(mul(mark, from.into())?, to.into())?;
        let (mut quantity, mut fractions) = (Quantity::ZERO, Decimal::ZERO);
        for positions in &mut self.strategies {
            let Some(own) = positions.get_mut(instrument) else { continue };
            let (fraction, fraction_cost) = own.split(&line.instrument, to, from)?;
            let earned = sub(mul(fraction, price_after)?, fraction_cost)?;
            own.realized = add(own.realized, earned)?;
            fractions = add(fractions, fraction)?;
            quantity = quantity.checked_add(own.quantity)?;
        }
        // The account nets what strategies hold against each other, so its cost is its own.
        let position = &mut line.position;
        let (before, paid_out) = (position.quantity.to_decimal(), mul(fractions, price_after)?);
        let exact = add(quantity.to_decimal(), fractions)?;
        let part = if exact.is_zero() { Decimal::ZERO } else { div(mul(position.cost, fractions)?, exact)? };
        position.quantity = if quantity.is_zero() { Quantity::ZERO } else { quantity };
        position.cost = sub(position.cost, part)?;
        position.realized = add(position.realized, sub(paid_out, part)?)?;
        if let Some(account) = self.accounts.get_mut(line.account) {
            account.credit(line.base, sub(quantity.to_decimal(), before)?)?;
            account.pay(line.quote, paid_out)?;
        }
        if let (Some(before), Some(mark)) = (before_split, self.marks.get_mut(instrument)) {
            let scale = Scale::new(8)?.max(before.scale());
            *mark = Price::from_decimal_rounded(price_after, scale, Rounding::HalfEven).ok();
        }
        self.stale = true;
        self.check(instrument)
    }

    /// Pays funding on what is held: a long position pays `rate` times its notional at `price`.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit.
    pub fn apply_funding(
        &mut self,
        instrument: usize,
        rate: Decimal,
        price: Price,
    ) -> Result<(), AccountError> {
        let Some(line) = self.lines.get_mut(instrument) else { return Ok(()) };
        let spec = line.instrument.clone();
        let pay = |position: &mut Position| -> Result<Decimal, NumberError> {
            let paid = -mul(spec.notional(price, position.quantity)?, rate)?;
            position.income = add(position.income, paid)?;
            Ok(paid)
        };
        let paid = pay(&mut line.position)?;
        for positions in &mut self.strategies {
            if let Some(own) = positions.get_mut(instrument) {
                pay(own)?;
            }
        }
        if let Some(account) = self.accounts.get_mut(line.account) {
            account.pay(line.settlement, paid)?;
        }
        self.stale = true;
        Ok(())
    }
}
