use rust_decimal::Decimal;

use super::{
    account::{Account, AccountKind, Balance, Funds},
    position::{Position, signed_value, worth},
    rates::{Edge, Hop, routes},
    sum::{Sum, SumError},
};
use crate::{
    error::{AccountError, InstrumentError},
    id::{Asset, InstrumentId, VenueId},
    instrument::{Instrument, InstrumentKind},
    number::{Money, Price, Quantity},
    order::Fill,
};

/// One instrument as the portfolio sees it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Line {
    instrument: Instrument,
    account: usize,
    base: usize,
    quote: usize,
    settlement: usize,
    paid_in_full: bool,
    /// What the account holds.
    position: Position,
    /// What open orders close of it.
    closing: funds::Closing,
    /// Other lines with the same base in the same account: L6 adds them up.
    siblings: Vec<usize>,
    /// Whether only trades in which it is the base move the base asset: what L6 holds for.
    only_base: bool,
}

/// All accounts and positions, valued in one reporting asset.
///
/// Positions are kept per account (netted), and per strategy where there are several. Rule L5 of the [module](super) ties them together.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Portfolio {
    reporting: usize,
    assets: Vec<Asset>,
    lines: Vec<Line>,
    /// By line: the last price, by which the position is valued. Apart from the lines, because it changes with every event.
    marks: Vec<Option<Price>>,
    accounts: Vec<Account>,
    strategies: usize,
    /// By strategy, then by instrument: what each of several strategies holds. What one alone holds is what the account holds.
    shares: Vec<Vec<Position>>,
    ways: Vec<Option<Vec<Hop>>>,
    /// By account, then by asset: the line of the account by whose price the asset is valued (L8).
    own_lines: Vec<Vec<Option<usize>>>,
    /// How each balance is valued in [`Portfolio::equity_f64`].
    valued: Vec<Valued>,
    /// The lines of contracts.
    contracts: Vec<usize>,
    /// The part of the equity that does not move with prices, as a double.
    #[serde(skip)]
    constant: f64,
    /// The parts that do. Both are rebuilt when a balance or position changes.
    #[serde(skip)]
    terms: Vec<Term>,
    #[serde(skip, default = "is_stale")]
    stale: bool,
}

/// How the balance of an asset in an account is valued.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Valued {
    account: usize,
    asset: usize,
    by: By,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
enum By {
    /// It is in the reporting asset.
    Itself,
    /// One unit of it is worth `unit` times the mark of a line.
    Mark { line: usize, unit: f64 },
    /// In another way, or not at all.
    Else,
}

/// A part of the equity that moves with a price: `amount` times the mark of a line.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Term {
    line: usize,
    amount: f64,
}

/// What is summed for the quick equity is not written down: it is computed again when it is asked for.
const fn is_stale() -> bool {
    true
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
            strategies: 0,
            shares: Vec::new(),
            ways: vec![Some(Vec::new())],
            own_lines: Vec::new(),
            valued: Vec::new(),
            contracts: Vec::new(),
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
            closing: funds::Closing::default(),
            siblings,
            only_base: false,
        });
        self.find_only_bases();
        for positions in &mut self.shares {
            positions.push(Position::default());
        }
        self.find_ways();
        index
    }

    /// Replaces the specification of an instrument.
    ///
    /// # Errors
    /// [`InstrumentError::Invalid`] if the new one has other assets, or is paid for in another way: that is another instrument.
    pub fn update_instrument(&mut self, index: usize, instrument: Instrument) -> Result<(), InstrumentError> {
        let Some(line) = self.lines.get_mut(index) else { return Ok(()) };
        let old = &line.instrument;
        for (field, same) in [
            ("id", old.id == instrument.id),
            ("base", old.base == instrument.base),
            ("quote", old.quote == instrument.quote),
            ("settlement", old.settlement == instrument.settlement),
            ("kind", line.paid_in_full == instrument.is_paid_in_full()),
        ] {
            if !same {
                let reason = "cannot change while the instrument is in use";
                return Err(InstrumentError::Invalid { instrument: old.id, field, reason });
            }
        }
        line.instrument = instrument;
        self.find_ways();
        Ok(())
    }

    /// Adds a strategy; its index is the number of strategies before it.
    pub fn add_strategy(&mut self) -> usize {
        if self.strategies == 1 {
            self.shares.push(self.lines.iter().map(|line| line.position).collect());
        }
        if self.strategies > 0 {
            self.shares.push(vec![Position::default(); self.lines.len()]);
        }
        self.strategies += 1;
        self.strategies - 1
    }

    /// Pays `money` into the account at `venue`, from outside. Shares or coins that are paid in are a balance and no
    /// position: dividends and splits do not touch them.
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
            account.deposit(asset, money.amount.into())?;
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
            account.balances.push(Funds::default());
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

    /// The price by which an instrument is valued from now on.
    #[inline]
    pub fn set_mark(&mut self, instrument: usize, price: Price) {
        if let Some(mark) = self.marks.get_mut(instrument)
            && mark.replace(price).is_none()
        {
            // Another asset can be valued now.
            self.find_ways();
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

    /// The assets of which a cash account ever had less than nothing, and how much less.
    pub fn overdrawn<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = (Asset, Decimal)> + 'a {
        let cash = account.kind == AccountKind::Cash;
        let balances = account.balances.iter().zip(&self.assets).filter(move |_| cash);
        balances
            .filter(|(funds, _)| !funds.lowest.is_zero())
            .map(|(funds, asset)| (*asset, funds.lowest.to_decimal()))
    }

    /// What the account at `venue` has of `asset`.
    #[must_use]
    pub fn balance(&self, venue: VenueId, asset: Asset) -> Balance {
        let account = self.accounts.iter().find(|account| account.venue == venue);
        let asset = self.assets.iter().position(|known| *known == asset);
        match (account, asset) {
            (Some(account), Some(asset)) => {
                account.funds(asset).map(|funds| (*funds).into()).unwrap_or_default()
            }
            _ => Balance::default(),
        }
    }

    /// Every balance that is not empty: venue, asset, balance.
    pub fn balances(&self) -> impl Iterator<Item = (VenueId, Asset, Balance)> + '_ {
        self.accounts.iter().flat_map(|account| {
            let assets = self.balances_of(account);
            assets.map(|(asset, funds)| (account.venue, asset, Balance::from(*funds)))
        })
    }

    fn balances_of<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = (Asset, &'a Funds)> + 'a {
        account.nonzero().filter_map(|(index, funds)| Some((*self.assets.get(index)?, funds)))
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
        self.share(strategy, instrument).copied().unwrap_or_default()
    }

    /// How much one strategy holds of the instrument with this index.
    #[must_use]
    #[inline]
    pub fn strategy_quantity(&self, strategy: usize, instrument: usize) -> Quantity {
        self.share(strategy, instrument).map_or(Quantity::ZERO, |position| position.quantity)
    }

    #[inline]
    fn share(&self, strategy: usize, instrument: usize) -> Option<&Position> {
        if strategy == 0 && self.strategies == 1 {
            self.lines.get(instrument).map(|line| &line.position)
        } else {
            self.shares.get(strategy)?.get(instrument)
        }
    }

    /// Takes in a fill.
    ///
    /// # Errors
    /// [`AccountError`] if a number does not fit, the instrument is not known, or the books do not add up.
    pub fn apply_fill(
        &mut self,
        strategy: usize,
        instrument: usize,
        fill: &Fill,
    ) -> Result<(), AccountError> {
        let unknown = || AccountError::UnknownInstrument { instrument: fill.instrument };
        let fee_asset = match self.lines.get(instrument) {
            Some(line) if line.instrument.quote == fill.fee.asset => line.quote,
            Some(_) => self.fee_asset(fill.fee.asset),
            None => return Err(unknown()),
        };
        let quantity = fill.side.signed(fill.quantity)?;
        if strategy >= self.strategies {
            // Nobody would have it.
            return Err(self.not_conserved(instrument, Sum::ZERO, quantity.into()));
        }
        let line = self.lines.get_mut(instrument).ok_or_else(unknown)?;
        let value = signed_value(&line.instrument, fill.price, quantity)?;

        let fee = Sum::from(fill.fee.amount);
        let gained = line.position.apply(&line.instrument, quantity, fill.price, value)?;
        line.position.fees = line.position.fees.add(fee)?;
        if let Some(own) = self.shares.get_mut(strategy).and_then(|all| all.get_mut(instrument)) {
            own.take(&line.instrument, quantity, fill.price, value, fee)?;
        }
        let account = self.accounts.get_mut(line.account).ok_or_else(unknown)?;
        if line.paid_in_full {
            account.credit(line.base, quantity.into())?;
            account.credit(line.quote, -value)?;
        } else if !gained.is_zero() {
            account.credit(line.settlement, gained)?;
        }
        if !fee.is_zero() {
            account.pay(fee_asset, -fee)?;
        }
        self.stale = true;
        self.check(instrument)
    }

    #[inline(never)]
    fn fee_asset(&mut self, asset: Asset) -> usize {
        let known = self.assets.len();
        let index = self.asset_index(asset);
        if index == known {
            self.find_ways();
        }
        index
    }

    /// Rules L5 and L6 for one instrument. Always on: a ledger that does not add up must not trade on.
    fn check(&self, instrument: usize) -> Result<(), AccountError> {
        let Some(line) = self.lines.get(instrument) else { return Ok(()) };
        if !self.shares.is_empty() {
            let mut sum = Quantity::ZERO;
            for positions in &self.shares {
                let own = positions.get(instrument).map_or(Quantity::ZERO, |own| own.quantity);
                if !own.is_zero() {
                    sum = sum.checked_add(own)?;
                }
            }
            if sum != line.position.quantity {
                return Err(self.not_conserved(instrument, sum.into(), line.position.quantity.into()));
            }
        }
        if line.paid_in_full && line.only_base {
            let mut held = Sum::from(line.position.quantity);
            for other in &line.siblings {
                held = held.add(self.position(*other).quantity.into())?;
            }
            if let Some(funds) = self.accounts.get(line.account).and_then(|account| account.funds(line.base))
            {
                let total = funds.deposited.add(funds.paid)?.add(held)?;
                if total != funds.total {
                    return Err(self.not_conserved(instrument, total, funds.total));
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn not_conserved(&self, instrument: usize, left: Sum, right: Sum) -> AccountError {
        let asset = self.lines.get(instrument).map_or_else(|| self.reporting_asset(), |l| l.instrument.base);
        AccountError::NotConserved { asset, left: left.to_decimal(), right: right.to_decimal() }
    }
}

mod combined;
mod funds;
mod payments;
mod valuation;

pub use combined::CombinedPosition;
pub use funds::{Reservation, Shortfall};

#[cfg(test)]
mod tests;
