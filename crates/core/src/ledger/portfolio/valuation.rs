//! What everything is worth: conversion through traded rates, equity, exposure.

use rust_decimal::Decimal;

use super::{
    Account, By, Edge, Hop, InstrumentKind, Line, Portfolio, Price, Quantity, Sum, Term, Valued, routes,
    worth,
};
use crate::{error::AccountError, id::Asset};

impl Portfolio {
    /// Finds the conversions that the known prices allow.
    pub(super) fn find_ways(&mut self) {
        let edges: Vec<Edge> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(index, line)| {
                let spot =
                    !matches!(line.instrument.kind, InstrumentKind::Option { .. }) || line.paid_in_full;
                spot && self.mark(*index).is_some()
            })
            .map(|(instrument, line)| Edge { instrument, base: line.base, quote: line.quote })
            .collect();
        self.ways = routes(self.assets.len(), &edges, self.reporting);
        self.own_lines = vec![vec![None; self.assets.len()]; self.accounts.len()];
        for (index, line) in self.lines.iter().enumerate() {
            let usable = line.paid_in_full && line.quote == self.reporting && self.mark(index).is_some();
            if let Some(own) = self.own_lines.get_mut(line.account).and_then(|own| own.get_mut(line.base))
                && usable
            {
                *own = own.or(Some(index));
            }
        }
        let accounts = 0..self.accounts.len();
        let places = accounts.flat_map(|account| (0..self.assets.len()).map(move |asset| (account, asset)));
        self.valued = places
            .map(|(account, asset)| Valued { account, asset, by: self.valued_by(account, asset) })
            .collect();
        let lines = self.lines.iter().enumerate();
        self.contracts = lines.filter(|(_, line)| !line.paid_in_full).map(|(index, _)| index).collect();
        self.stale = true;
    }

    fn valued_by(&self, account: usize, asset: usize) -> By {
        if asset == self.reporting {
            return By::Itself;
        }
        let line = match (self.own_line(account, asset), self.ways.get(asset).and_then(Option::as_deref)) {
            (Some(own), _) => own,
            (None, Some([Hop { instrument, inverse: false }])) => *instrument,
            _ => return By::Else,
        };
        By::Mark { line, unit: self.lines.get(line).map_or(1.0, |line| line.unit().to_f64()) }
    }

    /// The instrument of the account itself by whose price `asset` is valued there, if there is one (L8).
    fn own_line(&self, account: usize, asset: usize) -> Option<usize> {
        self.own_lines.get(account)?.get(asset).copied().flatten()
    }

    /// How much of the reporting asset one unit of `asset` is worth at the present marks.
    ///
    /// # Errors
    /// [`AccountError::NoRate`] if no chain of known prices leads there.
    pub fn rate(&self, asset: Asset) -> Result<Decimal, AccountError> {
        let no_rate = || AccountError::NoRate { asset, to: self.reporting_asset() };
        let index = self.assets.iter().position(|known| *known == asset).ok_or_else(no_rate)?;
        Ok(self.rate_of(index)?.to_decimal())
    }

    pub(super) fn rate_of(&self, asset: usize) -> Result<Sum, AccountError> {
        let no_rate = || AccountError::NoRate {
            asset: self.assets.get(asset).copied().unwrap_or_else(|| self.reporting_asset()),
            to: self.reporting_asset(),
        };
        let way = self.ways.get(asset).and_then(Option::as_ref).ok_or_else(no_rate)?;
        let mut rate = Sum::ONE;
        for hop in way {
            let price = self.price_of(hop.instrument).map_err(|_| no_rate())?;
            rate = if hop.inverse { rate.div(price)? } else { rate.mul(price)? };
        }
        Ok(rate)
    }

    /// Units of the quote that one unit of the base is worth at the mark of an instrument.
    fn price_of(&self, instrument: usize) -> Result<Sum, AccountError> {
        let line = self.lines.get(instrument);
        match (line, self.mark(instrument)) {
            (Some(line), Some(mark)) => Ok(Sum::from(mark).mul(line.unit())?),
            _ => Err(AccountError::NoRate {
                asset: line.map_or(self.reporting_asset(), |line| line.instrument.base),
                to: self.reporting_asset(),
            }),
        }
    }

    /// Everything that is owned, valued at the present marks, in the reporting asset. Exact, but for the rounding of
    /// divisions by inverse rates.
    ///
    /// # Errors
    /// [`AccountError::NoRate`] if something is held whose price is not known.
    pub fn equity(&self) -> Result<Decimal, AccountError> {
        let mut equity = Sum::ZERO;
        for (index, account) in self.accounts.iter().enumerate() {
            equity = equity.add(self.account_equity(index, account)?)?;
        }
        Ok(equity.to_decimal())
    }

    pub(super) fn account_equity(&self, index: usize, account: &Account) -> Result<Sum, AccountError> {
        let mut equity = Sum::ZERO;
        for (asset, funds) in account.nonzero() {
            if !funds.total.is_zero() {
                let rate = match self.own_line(index, asset) {
                    _ if asset == self.reporting => Sum::ONE,
                    Some(line) => self.price_of(line)?,
                    None => self.rate_of(asset)?,
                };
                equity = equity.add(funds.total.mul(rate)?)?;
            }
        }
        let contracts = |(_, line): &(usize, &Line)| !line.paid_in_full && !line.position.is_flat();
        for (number, line) in self.lines.iter().enumerate().filter(contracts) {
            if line.account == index {
                let mark = self.mark(number).ok_or_else(|| AccountError::NoRate {
                    asset: line.instrument.base,
                    to: self.reporting_asset(),
                })?;
                let profit = line.position.profit(&line.instrument, mark)?;
                equity = equity.add(profit.mul(self.rate_of(line.settlement)?)?)?;
            }
        }
        Ok(equity)
    }

    /// The equity as a double, for the equity curve: a few nanoseconds for each asset held. NaN while something is held
    /// whose price is not known.
    #[inline]
    pub fn equity_f64(&mut self) -> f64 {
        if self.stale {
            self.rebuild_terms();
        }
        let mut equity = self.constant;
        for term in &self.terms {
            equity += term.amount * self.mark(term.line).map_or(f64::NAN, Price::to_f64);
        }
        equity
    }

    /// Balances in the reporting asset are constants, those one price away a product; anything else (several hops,
    /// inverse contracts) is computed exactly once per rebuild and so moves only when something trades or is marked.
    fn rebuild_terms(&mut self) {
        let mut terms = std::mem::take(&mut self.terms);
        terms.clear();
        let (mut constant, mut all_simple) = (0.0, true);
        for Valued { account, asset, by } in &self.valued {
            let funds = self.accounts.get(*account).and_then(|account| account.funds(*asset));
            let Some(funds) = funds.filter(|funds| !funds.total.is_zero()) else { continue };
            let amount = funds.total.to_f64();
            match by {
                By::Itself => constant += amount,
                By::Mark { line, unit } => terms.push(Term { line: *line, amount: amount * unit }),
                By::Else => all_simple = false,
            }
        }
        for index in self.contracts.iter().copied() {
            let Some(line) = self.lines.get(index).filter(|line| !line.position.is_flat()) else { continue };
            let inverse = matches!(line.instrument.kind, InstrumentKind::Perpetual { inverse: true, .. });
            if inverse || line.settlement != self.reporting {
                all_simple = false;
                continue;
            }
            let units = line.position.quantity.to_f64() * Sum::from(line.instrument.multiplier).to_f64();
            terms.push(Term { line: index, amount: units });
            constant -= line.position.cost.to_f64();
        }
        if !all_simple {
            // Not a sum of simple products: the exact equity, again at every call.
            constant = self.equity().map_or(f64::NAN, |equity| Sum::from(equity).to_f64());
            terms.clear();
        }
        self.constant = constant;
        self.terms = terms;
        self.stale = !all_simple;
    }

    /// What all open positions are worth, without signs, in the reporting asset.
    ///
    /// # Errors
    /// [`AccountError::NoRate`] if a price is not known.
    pub fn gross_exposure(&self) -> Result<Decimal, AccountError> {
        let mut total = Sum::ZERO;
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.position.is_flat()) {
            total = total.add(self.exposure(index, line.position.quantity)?.abs())?;
        }
        Ok(total.to_decimal())
    }

    /// What `quantity` of an instrument is worth at `price`, without its sign, in the reporting asset.
    ///
    /// # Errors
    /// [`AccountError::NoRate`] if no chain of known prices leads there, or the instrument is not known;
    /// [`AccountError::Number`] if it does not fit.
    pub fn worth(
        &self,
        instrument: usize,
        quantity: Quantity,
        price: Price,
    ) -> Result<Decimal, AccountError> {
        let no_rate = || AccountError::NoRate { asset: self.reporting_asset(), to: self.reporting_asset() };
        let line = self.lines.get(instrument).ok_or_else(no_rate)?;
        let notional = worth(&line.instrument, price, quantity)?;
        let asset = if line.paid_in_full { line.quote } else { line.settlement };
        let value = if asset == self.reporting { notional } else { notional.mul(self.rate_of(asset)?)? };
        Ok(value.abs().to_decimal())
    }

    pub(super) fn exposure(&self, index: usize, quantity: Quantity) -> Result<Sum, AccountError> {
        let Some(line) = self.lines.get(index) else { return Ok(Sum::ZERO) };
        let no_rate = || AccountError::NoRate { asset: line.instrument.base, to: self.reporting_asset() };
        let notional = worth(&line.instrument, self.mark(index).ok_or_else(no_rate)?, quantity)?;
        let asset = if line.paid_in_full { line.quote } else { line.settlement };
        Ok(if asset == self.reporting { notional } else { notional.mul(self.rate_of(asset)?)? })
    }
}

impl Line {
    /// Units of quote per unit of base at a price of one.
    fn unit(&self) -> Sum {
        if self.paid_in_full { self.instrument.multiplier.into() } else { Sum::ONE }
    }
}
