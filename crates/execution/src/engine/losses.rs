//! What is lost, and what follows from it: rules RK10 to RK13 of [risk](crate::risk).

use algoflow_core::{
    Decimal,
    error::{AccountError, NumberError},
    ledger::Position,
    number::Quantity,
    order::Fill,
    trading::TradingState,
};

use super::{Engine, exposure::Whose};
use crate::{
    risk::{Book, BreachAction, CoolDown, LossLimit, RiskCode, RiskEventKind, Value},
    timers::Alarm,
};

/// A loss limit that is reached.
struct Breach {
    code: RiskCode,
    limit: LossLimit,
    text: String,
}

impl Engine {
    /// Something happened that changes values: asks to be called once all that happens at this time has (RK10).
    pub(super) fn stir(&mut self) {
        if self.risk.due.is_none() && self.risk.books().any(|book| book.limits.watches_losses()) {
            let now = self.state.now;
            self.risk.due = Some(now);
            self.timers.set(now, Alarm::Losses);
        }
    }

    /// Looks at losses that are due from an earlier time, whether or not the driver came at that time.
    pub(super) fn look_before(&mut self, at: algoflow_core::time::Timestamp) {
        if self.risk.due.is_some_and(|due| due < at) {
            self.look_at_losses();
        }
    }

    /// Looks at what was lost (RK10), and ends states whose time is over (RK12).
    pub(super) fn look_at_losses(&mut self) {
        self.risk.due = None;
        self.end_states();
        for whose in self.everybody() {
            if !self.book(whose).is_some_and(|book| book.limits.watches_losses()) {
                continue;
            }
            let Ok(value) = self.value_of(whose) else { continue };
            for breach in self.judge(whose, value) {
                self.break_limit(whose, breach);
            }
        }
    }

    pub(super) fn everybody(&self) -> Vec<Whose> {
        std::iter::once(Whose::All).chain((0..self.risk.strategies.len()).map(Whose::One)).collect()
    }

    pub(super) fn book(&self, whose: Whose) -> Option<&Book> {
        match whose {
            Whose::All => Some(&self.risk.account),
            Whose::One(strategy) => self.risk.strategies.get(strategy),
        }
    }

    pub(super) fn book_mut(&mut self, whose: Whose) -> Option<&mut Book> {
        match whose {
            Whose::All => Some(&mut self.risk.account),
            Whose::One(strategy) => self.risk.strategies.get_mut(strategy),
        }
    }

    /// The equity of the account, or the profit of a strategy.
    pub(super) fn value_of(&self, whose: Whose) -> Result<Value, AccountError> {
        let equity = self.state.portfolio.equity()?;
        let amount = match whose {
            Whose::All => equity,
            Whose::One(strategy) => self.profit_of(strategy)?,
        };
        Ok(Value { amount, equity })
    }

    /// What a strategy has earned, in the reporting asset: realized, unrealized and income, less fees since they are counted.
    fn profit_of(&self, strategy: usize) -> Result<Decimal, AccountError> {
        let mut profit = Decimal::ZERO;
        for instrument in 0..self.state.instruments.len() {
            let position = self.state.position(strategy, instrument);
            if position == Position::default() {
                continue;
            }
            let known = self.state.instruments.get(instrument);
            let known = known.map(|known| &known.spec);
            let mut open = Decimal::ZERO;
            if let Some(spec) = known.filter(|_| !position.is_flat()) {
                let to = self.state.portfolio.reporting_asset();
                let no_rate = AccountError::NoRate { asset: spec.base, to };
                let mark = self.state.portfolio.mark(instrument).ok_or(no_rate)?;
                open = position.unrealized(spec, mark)?;
            }
            let open = self.in_reporting(instrument, open)?;
            let net = self.net_of(strategy, instrument)?;
            profit = sum([profit, open, net])?;
        }
        Ok(profit)
    }

    /// What a strategy has earned in an instrument and realized: fees taken off.
    fn net_of(&self, strategy: usize, instrument: usize) -> Result<Decimal, AccountError> {
        let position = self.state.position(strategy, instrument);
        let earned = sum([position.realized(), position.income()])?;
        let earned = self.in_reporting(instrument, earned)?;
        let net = sum([earned, -self.risk.trade(strategy, instrument).fees])?;
        // Without a sign that a zero may have: what is counted is written down and read again.
        Ok(net.normalize())
    }

    /// An amount of what an instrument is paid in, in the reporting asset.
    fn in_reporting(&self, instrument: usize, amount: Decimal) -> Result<Decimal, AccountError> {
        let known = self.state.instruments.get(instrument).filter(|_| !amount.is_zero());
        let Some(known) = known else { return Ok(Decimal::ZERO) };
        let asset = if known.spec.is_paid_in_full() { known.spec.quote } else { known.spec.settlement };
        let rate = self.state.portfolio.rate(asset)?;
        amount.checked_mul(rate).ok_or_else(does_not_fit)
    }

    /// Takes in a value; the limits that are reached by it for the first time.
    fn judge(&mut self, whose: Whose, value: Value) -> Vec<Breach> {
        let now = self.state.now;
        let rebase = whose == Whose::All && std::mem::take(&mut self.risk.rebase);
        let Some(book) = self.book_mut(whose) else { return Vec::new() };
        if rebase {
            book.shift_to(value.amount);
        }
        let start = book.day_start(now);
        if book.day.is_none_or(|(at, _)| at < start) {
            book.day = Some((start, book.last.unwrap_or(value)));
            book.broken.retain(|code| *code != RiskCode::DailyLoss);
        }
        if book.peak.is_none_or(|peak| peak.amount < value.amount) {
            book.peak = Some(value);
        }
        book.last = Some(value);
        let limits = [
            (RiskCode::DailyLoss, book.limits.max_daily_loss, book.day.map(|(_, from)| from)),
            (RiskCode::Drawdown, book.limits.max_drawdown, book.peak),
        ];
        let reached = limits.into_iter().filter_map(|(code, limit, from)| {
            let text = reached(&limit?, from?, value)?;
            (!book.broken.contains(&code)).then_some(Breach { code, limit: limit?, text })
        });
        reached.collect()
    }

    /// RK11.
    fn break_limit(&mut self, whose: Whose, breach: Breach) {
        let Breach { code, limit, text } = breach;
        let target = match limit.action {
            BreachAction::ReduceOnly => TradingState::ReduceOnly,
            BreachAction::Halt => TradingState::Halted,
        };
        let now = self.state.now;
        self.log_risk(whose, RiskEventKind::Breach { code, text: text.clone() });
        let Some(book) = self.book_mut(whose) else { return };
        book.broken.push(code);
        book.flat |= limit.flatten;
        let was = book.state;
        // What somebody has set, or the drawdown, does not end by itself.
        let ends = limit.resume_next_day && (was == TradingState::Active || book.resume_at.is_some());
        let next = book.day_start(now).saturating_add(algoflow_core::time::TimeDelta::days(1));
        book.resume_at = if ends {
            Some(next)
        } else if limit.resume_next_day {
            book.resume_at
        } else {
            None
        };
        if ends {
            self.timers.set(next, Alarm::Losses);
        }
        self.set_state(whose, was.max(target), &format!("{code}: {text}"));
        self.risk.trim = true;
        if limit.flatten {
            self.close_all(whose, None, true);
        }
    }

    /// RK12: what the daily loss has set ends when the next day begins.
    fn end_states(&mut self) {
        let now = self.state.now;
        for whose in self.everybody() {
            let Some(book) = self.book_mut(whose) else { continue };
            if book.resume_at.is_some_and(|at| at <= now) {
                book.resume_at = None;
                book.flat = false;
                book.broken.retain(|code| *code != RiskCode::DailyLoss);
                self.set_state(whose, TradingState::Active, "the next day has begun");
            }
        }
    }

    /// What is paid in or out is neither won nor lost: `pay` moves money.
    pub(super) fn pay<T>(&mut self, pay: impl FnOnce(&mut Self) -> T) -> T {
        if !self.guarded {
            return pay(self);
        }
        let seen = |engine: &Self| engine.value_of(Whose::All).ok();
        if let Some(value) = seen(self) {
            self.risk.account.last = self.risk.account.last.map(|_| value);
        }
        let result = pay(self);
        match seen(self) {
            Some(value) if !self.risk.rebase => self.risk.account.shift_to(value.amount),
            _ => self.risk.rebase = true,
        }
        result
    }

    /// What a strategy had earned in an instrument before a fill, if that is counted.
    pub(super) fn before_fill(&self, strategy: usize, instrument: usize) -> Option<(Quantity, Decimal)> {
        let held = self.state.portfolio.strategy_quantity(strategy, instrument);
        Some((held, self.net_of(strategy, instrument).ok()?))
    }

    /// Counts a fill: its fee, and the trade that it ends (RK13).
    pub(super) fn count_fill(
        &mut self,
        strategy: usize,
        instrument: usize,
        fill: &Fill,
        before: Option<(Quantity, Decimal)>,
    ) {
        self.count_fee(strategy, instrument, fill);
        self.stir();
        let after = self.state.portfolio.strategy_quantity(strategy, instrument);
        let net = self.net_of(strategy, instrument);
        let (Some((held, earned)), Ok(net)) = (before, net) else { return };
        let turns = !held.is_zero() && !after.is_zero() && held.is_negative() != after.is_negative();
        let Some(trade) = self.risk.trade_mut(strategy, instrument) else { return };
        let opened = trade.opened;
        if held.is_zero() {
            trade.opened = earned;
        } else if turns || after.is_zero() {
            trade.opened = net;
            if let Some(result) = net.checked_sub(opened) {
                self.count_trade(Whose::All, result);
                self.count_trade(Whose::One(strategy), result);
            }
        }
    }

    fn count_fee(&mut self, strategy: usize, instrument: usize, fill: &Fill) {
        if fill.fee.amount.is_zero() {
            return;
        }
        let rate = self.state.portfolio.rate(fill.fee.asset);
        let fee = rate.and_then(|rate| fill.fee.amount.checked_mul(rate).ok_or_else(does_not_fit));
        let counted = fee.and_then(|fee| sum([self.risk.trade(strategy, instrument).fees, fee]));
        match counted {
            Ok(fees) => {
                if let Some(trade) = self.risk.trade_mut(strategy, instrument) {
                    trade.fees = fees;
                }
            }
            Err(error) => {
                let text = format!("{}: {error}", fill.fee);
                self.log_risk(Whose::One(strategy), RiskEventKind::Unvalued { text });
            }
        }
    }

    /// A trade has ended (RK13).
    fn count_trade(&mut self, whose: Whose, result: Decimal) {
        let now = self.state.now;
        let Some(book) = self.book_mut(whose) else { return };
        let Some(CoolDown { losses, loss, pause }) = book.limits.cool_down else { return };
        if result >= Decimal::ZERO {
            (book.losses, book.lost) = (0, Decimal::ZERO);
            return;
        }
        book.losses = book.losses.saturating_add(1);
        book.lost = book.lost.saturating_sub(result);
        let is_enough =
            losses.is_some_and(|most| book.losses >= most) || loss.is_some_and(|most| book.lost >= most);
        if !is_enough {
            return;
        }
        let until = now.saturating_add(pause);
        let text = format!("{} losing trades in a row lost {}", book.losses, book.lost);
        (book.losses, book.lost) = (0, Decimal::ZERO);
        book.pause_until = Some(until);
        self.risk.trim = true;
        self.log_risk(whose, RiskEventKind::CoolDown { text, until });
    }

    /// Forgets what was counted and begins to count with the trades as they are: nothing was counted before.
    pub(super) fn begin_counting(&mut self) {
        let mut trades = Vec::with_capacity(self.strategies.len());
        self.risk.trades.clear();
        for strategy in 0..self.strategies.len() {
            let of_one = (0..self.state.instruments.len()).map(|instrument| crate::risk::Trade {
                fees: Decimal::ZERO,
                opened: self.net_of(strategy, instrument).unwrap_or_default(),
            });
            trades.push(of_one.collect());
        }
        self.risk.trades = trades;
        self.risk.account.begin_anew();
        self.risk.strategies.iter_mut().for_each(Book::begin_anew);
    }
}

impl Book {
    /// Moves what losses are measured from, so that the last value is `amount` without anything lost or won.
    fn shift_to(&mut self, amount: Decimal) {
        let Some(by) = self.last.and_then(|last| amount.checked_sub(last.amount)) else { return };
        let day = self.day.as_mut().map(|(_, value)| value);
        for value in [day, self.peak.as_mut(), self.last.as_mut()].into_iter().flatten() {
            value.amount = value.amount.saturating_add(by);
        }
    }
}

/// What was lost, in words, if a limit is reached.
fn reached(limit: &LossLimit, from: Value, to: Value) -> Option<String> {
    let loss = from.amount.checked_sub(to.amount)?;
    let of_equity = limit.share.and_then(|share| share.checked_mul(from.equity.max(Decimal::ZERO)));
    let [amount, part] = [limit.amount, of_equity].map(|most| most.filter(|most| loss >= *most));
    if loss <= Decimal::ZERO {
        return None;
    }
    let most = match (amount, part, limit.share) {
        (Some(amount), ..) => amount.to_string(),
        (None, Some(part), Some(share)) => format!("{part}, {share} of {}", from.equity),
        _ => return None,
    };
    Some(format!("{loss} lost, from {} to {}; the most is {most}", from.amount, to.amount))
}

fn sum<const N: usize>(parts: [Decimal; N]) -> Result<Decimal, AccountError> {
    parts.into_iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part).ok_or_else(does_not_fit))
}

fn does_not_fit() -> AccountError {
    NumberError::Overflow { operation: "counting what was won and lost" }.into()
}
