use rust_decimal::Decimal;

use super::{
    account::{Account, AccountKind, Balance},
    arithmetic::{add, div, mul, sub, to_f64},
    position::{Position, signed_value},
    rates::{Edge, Hop, routes},
};
use crate::{
    error::{AccountError, NumberError},
    id::{Asset, InstrumentId, VenueId},
    instrument::{Instrument, InstrumentKind},
    number::{Money, Price, Quantity},
    order::Fill,
};

/// One instrument as the portfolio sees it.
#[derive(Clone, Debug)]
struct Line {
    instrument: Instrument,
    account: usize,
    base: usize,
    quote: usize,
    settlement: usize,
    paid_in_full: bool,
    /// What the account holds.
    position: Position,
    /// Other lines with the same base in the same account: L6 adds them up.
    siblings: Vec<usize>,
    /// Whether only trades in which it is the base move the base asset: what L6 holds for.
    only_base: bool,
}

/// All accounts and positions, valued in one reporting asset.
///
/// Positions are kept twice: per account (netted), and per strategy. Rule L5 of the [module](super) ties them together.
#[derive(Clone, Debug)]
pub struct Portfolio {
    reporting: usize,
    assets: Vec<Asset>,
    lines: Vec<Line>,
    /// By line: the last price, by which the position is valued. Apart from the lines, because it changes with every event.
    marks: Vec<Option<Price>>,
    accounts: Vec<Account>,
    /// By strategy, then by instrument.
    strategies: Vec<Vec<Position>>,
    ways: Vec<Option<Vec<Hop>>>,
    /// The part of the equity that does not move with prices, as a double.
    constant: f64,
    /// The parts that do. Both are rebuilt when a balance or position changes.
    terms: Vec<Term>,
    stale: bool,
}

/// A part of the equity that moves with a price: `amount` times the mark of a line.
#[derive(Clone, Copy, Debug)]
struct Term {
    line: usize,
    amount: f64,
}

impl Portfolio {
    /// An empty portfolio that reports in `reporting`.
    #[must_use]
    pub fn new(reporting: Asset) -> Self {
        Self {
            reporting: 0,
            assets: vec![reporting],
            lines: Vec::new(),
            marks: Vec::new(),
            accounts: Vec::new(),
            strategies: Vec::new(),
            ways: vec![Some(Vec::new())],
            constant: 0.0,
            terms: Vec::new(),
            stale: true,
        }
    }

    /// The asset in which everything is valued.
    #[must_use]
    pub fn reporting_asset(&self) -> Asset {
        self.assets[self.reporting]
    }

    /// Opens an account at a venue, or changes what kind it is.
    pub fn open_account(&mut self, venue: VenueId, kind: AccountKind) {
        match self.accounts.iter_mut().find(|account| account.venue == venue) {
            Some(account) => account.kind = kind,
            None => self.accounts.push(Account::new(venue, kind, self.assets.len())),
        }
    }

    /// Registers an instrument; its index is the number of instruments before it. A venue without an account gets
    /// one of kind cash.
    pub fn add_instrument(&mut self, instrument: Instrument) -> usize {
        let venue = instrument.venue();
        let account = self.accounts.iter().position(|account| account.venue == venue).unwrap_or_else(|| {
            self.open_account(venue, AccountKind::Cash);
            self.accounts.len() - 1
        });
        let (base, quote) = (self.asset_index(instrument.base), self.asset_index(instrument.quote));
        let settlement = self.asset_index(instrument.settlement);
        let index = self.lines.len();
        let paid_in_full = instrument.is_paid_in_full();
        let mut siblings = Vec::new();
        if paid_in_full {
            for (other, line) in self.lines.iter_mut().enumerate() {
                if line.account == account && line.base == base && line.paid_in_full {
                    line.siblings.push(index);
                    siblings.push(other);
                }
            }
        }
        let position = Position::default();
        self.marks.push(None);
        self.lines.push(Line {
            instrument,
            account,
            base,
            quote,
            settlement,
            paid_in_full,
            position,
            siblings,
            only_base: false,
        });
        self.find_only_bases();
        for positions in &mut self.strategies {
            positions.push(Position::default());
        }
        self.find_ways();
        index
    }

    /// Adds a strategy; its index is the number of strategies before it.
    pub fn add_strategy(&mut self) -> usize {
        self.strategies.push(vec![Position::default(); self.lines.len()]);
        self.strategies.len() - 1
    }

    /// Pays `money` into the account at `venue`, from outside.
    ///
    /// # Errors
    /// [`AccountError::Number`] if it does not fit.
    pub fn deposit(&mut self, venue: VenueId, money: Money) -> Result<(), AccountError> {
        if !self.accounts.iter().any(|account| account.venue == venue) {
            self.open_account(venue, AccountKind::Cash);
        }
        let asset = self.asset_index(money.asset);
        self.find_ways();
        if let Some(account) = self.accounts.iter_mut().find(|account| account.venue == venue) {
            account.deposit(asset, money.amount)?;
        }
        self.stale = true;
        Ok(())
    }

    fn asset_index(&mut self, asset: Asset) -> usize {
        if let Some(index) = self.assets.iter().position(|known| *known == asset) {
            return index;
        }
        self.assets.push(asset);
        for account in &mut self.accounts {
            account.balances.push(Balance::default());
        }
        self.assets.len() - 1
    }

    /// Trades in which an asset is the quote move it too; L6 holds for assets that are only ever a base.
    fn find_only_bases(&mut self) {
        let quotes: Vec<usize> = self.lines.iter().flat_map(|line| [line.quote, line.settlement]).collect();
        for line in &mut self.lines {
            line.only_base = !quotes.contains(&line.base) && line.base != self.reporting;
        }
    }

    fn find_ways(&mut self) {
        let edges: Vec<Edge> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| {
                !matches!(line.instrument.kind, InstrumentKind::Option { .. }) || line.paid_in_full
            })
            .map(|(instrument, line)| Edge { instrument, base: line.base, quote: line.quote })
            .collect();
        self.ways = routes(self.assets.len(), &edges, self.reporting);
        self.stale = true;
    }

    /// The price by which an instrument is valued from now on.
    #[inline]
    pub fn set_mark(&mut self, instrument: usize, price: Price) {
        if let Some(mark) = self.marks.get_mut(instrument) {
            *mark = Some(price);
        }
    }

    /// The price by which an instrument is valued.
    #[must_use]
    #[inline]
    pub fn mark(&self, instrument: usize) -> Option<Price> {
        self.marks.get(instrument).copied().flatten()
    }

    /// The accounts, in the order in which they were opened.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// What the account at `venue` has of `asset`.
    #[must_use]
    pub fn balance(&self, venue: VenueId, asset: Asset) -> Balance {
        let account = self.accounts.iter().find(|account| account.venue == venue);
        let asset = self.assets.iter().position(|known| *known == asset);
        match (account, asset) {
            (Some(account), Some(asset)) => account.balance(asset),
            _ => Balance::default(),
        }
    }

    /// Every balance that is not empty: venue, asset, balance.
    pub fn balances(&self) -> impl Iterator<Item = (VenueId, Asset, Balance)> + '_ {
        self.accounts.iter().flat_map(|account| {
            account.nonzero(&self.assets).map(|(_, asset, balance)| (account.venue, asset, balance))
        })
    }

    /// Every position of the accounts that is, or has been, open.
    pub fn positions(&self) -> impl Iterator<Item = (InstrumentId, &Position)> + '_ {
        let used = |position: &Position| *position != Position::default();
        self.lines
            .iter()
            .filter(move |line| used(&line.position))
            .map(|line| (line.instrument.id, &line.position))
    }

    /// The position of the account in the instrument with this index.
    #[must_use]
    #[inline]
    pub fn position(&self, instrument: usize) -> Position {
        self.lines.get(instrument).map(|line| line.position).unwrap_or_default()
    }

    /// The position of one strategy in the instrument with this index.
    #[must_use]
    #[inline]
    pub fn strategy_position(&self, strategy: usize, instrument: usize) -> Position {
        self.strategies.get(strategy).and_then(|all| all.get(instrument)).copied().unwrap_or_default()
    }

    /// How much one strategy holds of the instrument with this index.
    #[must_use]
    #[inline]
    pub fn strategy_quantity(&self, strategy: usize, instrument: usize) -> Quantity {
        self.strategies
            .get(strategy)
            .and_then(|all| all.get(instrument))
            .map_or(Quantity::ZERO, |position| position.quantity)
    }

    /// Takes in a fill; returns the profit that it realized for the account.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit, the instrument is not known, or the books do not add up.
    pub fn apply_fill(
        &mut self,
        strategy: usize,
        instrument: usize,
        fill: &Fill,
    ) -> Result<Decimal, AccountError> {
        let unknown = || AccountError::UnknownInstrument { instrument: fill.instrument };
        let fee_asset = match self.lines.get(instrument) {
            Some(line) if line.instrument.quote == fill.fee.asset => line.quote,
            Some(_) => {
                let known = self.assets.len();
                let index = self.asset_index(fill.fee.asset);
                if index == known {
                    self.find_ways();
                }
                index
            }
            None => return Err(unknown()),
        };
        let quantity = fill.side.signed(fill.quantity)?;
        let line = self.lines.get_mut(instrument).ok_or_else(unknown)?;
        let value = signed_value(&line.instrument, fill.price, quantity)?;

        let gained = line.position.apply(&line.instrument, quantity, fill.price, value)?;
        line.position.fees = add(line.position.fees, fill.fee.amount)?;
        let own = self.strategies.get_mut(strategy).and_then(|all| all.get_mut(instrument));
        if let Some(own) = own {
            own.apply(&line.instrument, quantity, fill.price, value)?;
            own.fees = add(own.fees, fill.fee.amount)?;
        }
        let account = self.accounts.get_mut(line.account).ok_or_else(unknown)?;
        if line.paid_in_full {
            account.credit(line.base, quantity.to_decimal())?;
            account.credit(line.quote, -value)?;
        } else if !gained.is_zero() {
            account.credit(line.settlement, gained)?;
        }
        if !fill.fee.amount.is_zero() {
            account.credit(fee_asset, -fill.fee.amount)?;
        }
        self.stale = true;
        self.check(instrument)?;
        Ok(gained)
    }

    /// Rules L5 and L6 for one instrument. Always on: a ledger that does not add up must not trade on.
    fn check(&self, instrument: usize) -> Result<(), AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(()) };
        let mut sum = Quantity::ZERO;
        for positions in &self.strategies {
            let own = positions.get(instrument).map_or(Quantity::ZERO, |own| own.quantity);
            if !own.is_zero() {
                sum = sum.checked_add(own)?;
            }
        }
        if sum != line.position.quantity {
            let (left, right) = (sum.to_decimal(), line.position.quantity.to_decimal());
            return Err(AccountError::NotConserved { asset: line.instrument.base, left, right });
        }
        if line.paid_in_full && line.only_base {
            let mut held = line.position.quantity.to_decimal();
            for other in &line.siblings {
                held = add(held, self.position(*other).quantity.to_decimal())?;
            }
            let balance =
                self.accounts.get(line.account).map(|account| account.balance(line.base)).unwrap_or_default();
            let total = add(balance.deposited, held)?;
            if total != balance.total {
                return Err(AccountError::NotConserved {
                    asset: line.instrument.base,
                    left: total,
                    right: balance.total,
                });
            }
        }
        Ok(())
    }

    /// Pays a dividend on what is held (rule L7).
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
            account.credit(asset, paid)?;
        }
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
        let (mut quantity, mut cost) = (Quantity::ZERO, Decimal::ZERO);
        let (mut fractions, mut gained) = (Decimal::ZERO, Decimal::ZERO);
        for positions in &mut self.strategies {
            let Some(own) = positions.get_mut(instrument) else { continue };
            let (fraction, fraction_cost) = own.split(&line.instrument, to, from)?;
            let earned = sub(mul(fraction, price_after)?, fraction_cost)?;
            own.realized = add(own.realized, earned)?;
            gained = add(gained, earned)?;
            fractions = add(fractions, fraction)?;
            quantity = quantity.checked_add(own.quantity)?;
            cost = add(cost, own.cost)?;
        }
        let before = line.position.quantity.to_decimal();
        line.position.quantity = quantity;
        line.position.cost = cost;
        line.position.realized = add(line.position.realized, gained)?;
        if let Some(account) = self.accounts.get_mut(line.account) {
            account.credit(line.base, sub(quantity.to_decimal(), before)?)?;
            account.credit(line.quote, mul(fractions, price_after)?)?;
        }
        if let (Some(before), Some(mark)) = (before_split, self.marks.get_mut(instrument)) {
            let scale = crate::number::Scale::new(8)?.max(before.scale());
            *mark = Price::from_decimal_rounded(price_after, scale, crate::number::Rounding::HalfEven).ok();
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
            account.credit(line.settlement, paid)?;
        }
        self.stale = true;
        Ok(())
    }

    /// How much of the reporting asset one unit of `asset` is worth at the present marks.
    ///
    /// # Errors
    /// [`AccountError::NoRate`] if no chain of known prices leads there.
    pub fn rate(&self, asset: Asset) -> Result<Decimal, AccountError> {
        let no_rate = || AccountError::NoRate { asset, to: self.reporting_asset() };
        let index = self.assets.iter().position(|known| *known == asset).ok_or_else(no_rate)?;
        self.rate_of(index)
    }

    fn rate_of(&self, asset: usize) -> Result<Decimal, AccountError> {
        let no_rate = || AccountError::NoRate {
            asset: self.assets.get(asset).copied().unwrap_or_else(|| self.reporting_asset()),
            to: self.reporting_asset(),
        };
        let way = self.ways.get(asset).and_then(Option::as_ref).ok_or_else(no_rate)?;
        let mut rate = Decimal::ONE;
        for hop in way {
            let line = self.lines.get(hop.instrument).ok_or_else(no_rate)?;
            let price = mul(self.mark(hop.instrument).ok_or_else(no_rate)?.to_decimal(), line.unit())?;
            rate = if hop.inverse { div(rate, price)? } else { mul(rate, price)? };
        }
        Ok(rate)
    }

    /// Everything that is owned, valued at the present marks, in the reporting asset. Exact, but for the rounding of
    /// divisions by inverse rates.
    ///
    /// # Errors
    /// [`AccountError::NoRate`] if something is held whose price is not known.
    pub fn equity(&self) -> Result<Decimal, AccountError> {
        let mut equity = Decimal::ZERO;
        for account in &self.accounts {
            equity = add(equity, self.account_equity(account)?)?;
        }
        Ok(equity)
    }

    fn account_equity(&self, account: &Account) -> Result<Decimal, AccountError> {
        let mut equity = Decimal::ZERO;
        for (asset, _, balance) in account.nonzero(&self.assets) {
            if !balance.total.is_zero() {
                let value = if asset == self.reporting {
                    balance.total
                } else {
                    mul(balance.total, self.rate_of(asset)?)?
                };
                equity = add(equity, value)?;
            }
        }
        let contracts = |(_, line): &(usize, &Line)| !line.paid_in_full && !line.position.is_flat();
        for (index, line) in self.lines.iter().enumerate().filter(contracts) {
            if self.accounts.get(line.account).is_some_and(|own| own.venue == account.venue) {
                let mark = self.mark(index).ok_or_else(|| AccountError::NoRate {
                    asset: line.instrument.base,
                    to: self.reporting_asset(),
                })?;
                let profit = line.position.unrealized(&line.instrument, mark)?;
                equity = add(equity, mul(profit, self.rate_of(line.settlement)?)?)?;
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
        for account in &self.accounts {
            for (asset, _, balance) in account.nonzero(&self.assets) {
                if balance.total.is_zero() {
                    continue;
                }
                let amount = to_f64(balance.total);
                match self.ways.get(asset).and_then(Option::as_deref) {
                    Some([]) => constant += amount,
                    Some([Hop { instrument, inverse: false }]) => {
                        let unit = self.lines.get(*instrument).map_or(1.0, |line| to_f64(line.unit()));
                        terms.push(Term { line: *instrument, amount: amount * unit });
                    }
                    _ => all_simple = false,
                }
            }
        }
        for (index, line) in self.lines.iter().enumerate() {
            if line.paid_in_full || line.position.is_flat() {
                continue;
            }
            let inverse = matches!(line.instrument.kind, InstrumentKind::Perpetual { inverse: true, .. });
            if inverse || line.settlement != self.reporting {
                all_simple = false;
                continue;
            }
            let units = to_f64(line.position.quantity.to_decimal()) * to_f64(line.instrument.multiplier);
            terms.push(Term { line: index, amount: units });
            constant -= to_f64(line.position.cost);
        }
        if !all_simple {
            // Not a sum of simple products: the exact equity, again at every call.
            constant = self.equity().map_or(f64::NAN, to_f64);
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
        let mut total = Decimal::ZERO;
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.position.is_flat()) {
            total = add(total, self.exposure(index, line.position.quantity)?.abs())?;
        }
        Ok(total)
    }

    fn exposure(&self, index: usize, quantity: Quantity) -> Result<Decimal, AccountError> {
        let Some(line) = self.lines.get(index) else { return Ok(Decimal::ZERO) };
        let no_rate = || AccountError::NoRate { asset: line.instrument.base, to: self.reporting_asset() };
        let notional = line.instrument.notional(self.mark(index).ok_or_else(no_rate)?, quantity)?;
        let asset = if line.paid_in_full { line.quote } else { line.settlement };
        Ok(if asset == self.reporting { notional } else { mul(notional, self.rate_of(asset)?)? })
    }
}

impl Line {
    /// Units of quote per unit of base at a price of one.
    fn unit(&self) -> Decimal {
        if self.paid_in_full { self.instrument.multiplier } else { Decimal::ONE }
    }
}

mod funds;
pub use funds::{Reservation, Shortfall};

#[cfg(test)]
mod tests;
