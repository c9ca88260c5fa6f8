//! What is paid on what is held: dividends, splits, funding.

use rust_decimal::Decimal;

use super::{Portfolio, Position, Price, Quantity, Sum};
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
        let pay = |position: &mut Position| -> Result<Sum, NumberError> {
            let paid = Sum::from(position.quantity).mul(per_share.amount.into())?;
            position.income = position.income.add(paid)?;
            Ok(paid)
        };
        let Some(line) = self.lines.get_mut(instrument) else { return Ok(()) };
        let paid = pay(&mut line.position)?;
        for positions in &mut self.shares {
            if let Some(own) = positions.get_mut(instrument) {
                pay(own)?;
            }
        }
        if let Some(account) = self.accounts.get_mut(line.account) {
            account.pay(asset, paid)?;
        }
        let same_asset = line.quote == asset;
        if let Some(mark) = self.marks.get_mut(instrument).and_then(Option::as_mut).filter(|_| same_asset) {
            let without = Sum::from(*mark).sub(per_share.amount.into())?.to_decimal();
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
        let mark = before_split.map(Sum::from).unwrap_or_default();
        let price_after = mark.mul(Decimal::from(from).into())?.div(Decimal::from(to).into())?;
        let (mut quantity, mut fractions) = (Quantity::ZERO, Sum::ZERO);
        // One strategy alone has no position of its own.
        let mut alone = line.position;
        let alone = (self.strategies == 1).then_some(&mut alone);
        let shares = self.shares.iter_mut().filter_map(|positions| positions.get_mut(instrument));
        for own in shares.chain(alone) {
            let (fraction, fraction_cost) = own.split(&line.instrument, to, from)?;
            let earned = fraction.mul(price_after)?.sub(fraction_cost)?;
            own.realized = own.realized.add(earned)?;
            fractions = fractions.add(fraction)?;
            quantity = quantity.checked_add(own.quantity)?;
        }
        // The account nets what strategies hold against each other, so its cost is its own.
        let position = &mut line.position;
        let (before, paid_out) = (Sum::from(position.quantity), fractions.mul(price_after)?);
        let exact = Sum::from(quantity).add(fractions)?;
        let part = if exact.is_zero() { Sum::ZERO } else { position.cost.mul(fractions)?.div(exact)? };
        position.quantity = if quantity.is_zero() { Quantity::ZERO } else { quantity };
        position.cost = position.cost.sub(part)?;
        position.realized = position.realized.add(paid_out.sub(part)?)?;
        if let Some(account) = self.accounts.get_mut(line.account) {
            account.credit(line.base, Sum::from(quantity).sub(before)?)?;
            account.pay(line.quote, paid_out)?;
        }
        if let (Some(before), Some(mark)) = (before_split, self.marks.get_mut(instrument)) {
            let scale = Scale::new(8)?.max(before.scale());
            *mark = Price::from_decimal_rounded(price_after.to_decimal(), scale, Rounding::HalfEven).ok();
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
        let pay = |position: &mut Position| -> Result<Sum, NumberError> {
            let paid = -Sum::from(spec.notional(price, position.quantity)?).mul(rate.into())?;
            position.income = position.income.add(paid)?;
            Ok(paid)
        };
        let paid = pay(&mut line.position)?;
        for positions in &mut self.shares {
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
