//! Risk management: limits before every order and all the time, states of trading, standing of venues.
//!
//! Tests cite these numbers.
//!
//! - **RK1** Limits hold for the account, which is what all strategies do together, and for single strategies. An order has to
//!   keep those of both. What may be traded is the stricter of the account's state and the strategy's. Without limits,
//!   with every state active and all venues ready, nothing is checked and nothing is counted.
//! - **RK2** An order reduces a position if it is against it and for no more than what is left of it once the open orders on the
//!   same side have filled. Members of a one-cancels-other group count once, with the largest. For an order that is marked
//!   reduce-only those do not count whose cancellation was asked for; one whose venue keeps that promise always reduces
//!   the account's position if it is against it.
//! - **RK3** Exits are never blocked by limits: what reduces the position of its strategy, or is marked reduce-only and against
//!   it. Of those the price collar checks plain limit prices, on the side where they would give money away. What reduces the
//!   account's position is not blocked by limits of the account.
//! - **RK4** In the state *reduce-only* an order passes that reduces the position of its strategy, and, if it is the account that is
//!   in this state, the account's too. In the state *halted* nothing new passes. In both states a protective exit passes that
//!   reduces the position of its strategy: an order that waited for a parent, or for a trigger that the engine watches.
//! - **RK5** Where a venue is uncertain an order passes that reduces the account's position there. Where it is down nothing
//!   passes (`VENUE_NOT_READY`); triggers are not set off, children are not sent and positions not closed before it is
//!   back. Cancellations always pass.
//! - **RK6** One order: lists of instruments, quantity, worth, distance of its prices from the market (the middle of the quote, else
//!   the last price), how many were sent in a length of time (changes count; exits count and pass), how many are open.
//!   What is equal to a limit passes. An order is valued at its own price or the last, whichever is dearer.
//! - **RK7** Positions: what is held is taken with what open orders on the order's side can still fill, and the order itself.
//!   For exposure, leverage and shares of the equity it is the larger side of each instrument, all without their signs. An
//!   equity of zero or less allows no leverage. What cannot be computed is refused (`RISK_NO_VALUE`).
//! - **RK8** A change of an order is checked like an order for what would be open of it then. One that only makes it smaller
//!   passes everywhere but where the venue is down.
//! - **RK9** An order that the engine holds until a trigger is checked when it is made and again when it leaves; a child when it
//!   leaves. Prices that are changed meanwhile are checked then.
//! - **RK10** Losses are looked at once for each time at which something happened, after all that happened then: the engine asks
//!   to be called at that time. The account has lost what its equity is below the reference, payments from outside set
//!   aside; a strategy what its profit is below it: realized, unrealized and income, less fees at the rate when they were
//!   paid. References are the value at the end of the day before, and the highest ever. A loss that is equal to a limit
//!   breaks it. While a value cannot be computed nothing is broken, but new risk is refused (`RISK_NO_VALUE`).
//! - **RK11** A loss limit that breaks sets the state, cancels what would not reduce (or makes it smaller, where the venue
//!   changes orders), closes positions if it says so, and is written down once. While the state stands, orders are cut
//!   again after every fill.
//! - **RK12** A state ends by hand; one that the daily loss has set ends by itself when the next day begins, if the limit says so.
//!   When it ends by hand, losses are counted from then on.
//! - **RK13** A losing trade is one that went from flat to flat, or turned around, at a loss after fees. So many in a row, or so
//!   much, start a pause, in which only exits pass. A winning trade begins the count anew, and so does the pause.
//! - **RK14** New limits hold for what is sent from then on. Open orders stay, and references of losses too.
//! - **RK15** Closing orders of the engine pass all limits and states. If positions are to be kept closed, what fills meanwhile is
//!   closed too.

mod code;
mod event;
mod limits;

pub use code::{RiskCode, RiskError};
pub(crate) use event::RiskLog;
pub use event::{MAX_RISK_EVENTS, RiskEvent, RiskEventKind};
pub use limits::{BreachAction, CoolDown, LossLimit, MAX_LISTED, MAX_ORDER_RATE, OrderRate, RiskLimits};

use std::collections::VecDeque;

use algoflow_core::{
    Decimal,
    id::OrderId,
    time::{TimeDelta, Timestamp},
    trading::TradingState,
};
use serde::{Deserialize, Serialize};

/// What risk management knows: limits, states, and what is counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RiskState {
    /// All strategies together.
    pub(crate) account: Book,
    /// By strategy.
    pub(crate) strategies: Vec<Book>,
    pub(crate) log: RiskLog,
    /// By strategy, then by instrument: the trade that is going on.
    pub(crate) trades: Vec<Vec<Trade>>,
    /// Since when losses are to be looked at.
    pub(crate) due: Option<Timestamp>,
    /// Money was paid in or out whose worth was not known: the next value is where the last was.
    pub(crate) rebase: bool,
    /// Orders that do not reduce are to be cut.
    pub(crate) trim: bool,
    /// An order of the engine's own that passes (RK15).
    pub(crate) exempt: Option<OrderId>,
}

/// The limits of the account or of a strategy, its state, and what is counted for them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) limits: RiskLimits,
    pub(crate) state: TradingState,
    /// Positions are kept closed until the state ends.
    pub(crate) flat: bool,
    /// When the state ends by itself.
    pub(crate) resume_at: Option<Timestamp>,
    /// The value that was seen last.
    pub(crate) last: Option<Value>,
    /// What the daily loss is measured from, and when that day began.
    pub(crate) day: Option<(Timestamp, Value)>,
    /// What the drawdown is measured from.
    pub(crate) peak: Option<Value>,
    /// The limits that broke since trading last began.
    pub(crate) broken: Vec<RiskCode>,
    /// Losing trades since the last that won.
    pub(crate) losses: u32,
    /// What they lost.
    pub(crate) lost: Decimal,
    /// Until when only exits pass.
    pub(crate) pause_until: Option<Timestamp>,
    /// When orders were sent, as far back as the rate counts.
    pub(crate) sent: VecDeque<Timestamp>,
}

/// What is watched, with the equity of all accounts then, of which shares are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) amount: Decimal,
    pub(crate) equity: Decimal,
}

/// A trade of a strategy in an instrument: from flat to flat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trade {
    /// The fees of all trades since counting began, in the reporting asset.
    pub(crate) fees: Decimal,
    /// What all trades had earned when this one was opened.
    pub(crate) opened: Decimal,
}

impl RiskState {
    /// The account's book and those of the strategies.
    pub(crate) fn books(&self) -> impl Iterator<Item = &Book> {
        std::iter::once(&self.account).chain(&self.strategies)
    }

    pub(crate) fn trade_mut(&mut self, strategy: usize, instrument: usize) -> Option<&mut Trade> {
        if self.trades.len() <= strategy {
            self.trades.resize_with(strategy + 1, Vec::new);
        }
        let trades = self.trades.get_mut(strategy)?;
        if trades.len() <= instrument {
            trades.resize(instrument + 1, Trade::default());
        }
        trades.get_mut(instrument)
    }

    pub(crate) fn trade(&self, strategy: usize, instrument: usize) -> Trade {
        self.trades.get(strategy).and_then(|trades| trades.get(instrument)).copied().unwrap_or_default()
    }

    /// What a strategy may trade.
    pub(crate) fn state_of(&self, strategy: usize) -> TradingState {
        let own = self.strategies.get(strategy).map_or(TradingState::Active, |book| book.state);
        own.max(self.account.state)
    }

    /// Whether only exits pass.
    pub(crate) fn is_restricted(&self, strategy: usize, now: Timestamp) -> bool {
        self.state_of(strategy) != TradingState::Active
            || self.account.is_paused(now)
            || self.strategies.get(strategy).is_some_and(|book| book.is_paused(now))
    }

    /// Whether positions of a strategy are kept closed.
    pub(crate) fn is_kept_flat(&self, strategy: usize) -> bool {
        self.account.flat || self.strategies.get(strategy).is_some_and(|book| book.flat)
    }
}

impl Book {
    /// Whether there is something to check or to count.
    pub(crate) fn is_active(&self) -> bool {
        !self.limits.is_empty() || self.state != TradingState::Active || self.pause_until.is_some()
    }

    pub(crate) fn is_paused(&self, now: Timestamp) -> bool {
        self.pause_until.is_some_and(|until| now < until)
    }

    /// When the day of the daily loss began that `now` belongs to.
    pub(crate) fn day_start(&self, now: Timestamp) -> Timestamp {
        let offset = self.limits.session_start;
        now.saturating_sub(offset).floor_to(TimeDelta::days(1)).saturating_add(offset)
    }

    /// Forgets what is counted: the next value is the first.
    pub(crate) fn begin_anew(&mut self) {
        (self.last, self.day, self.peak) = (None, None, None);
        self.broken.clear();
        (self.losses, self.lost, self.pause_until) = (0, Decimal::ZERO, None);
    }

    /// How many orders were sent in the time that the rate counts.
    pub(crate) fn sent_within(&self, per: TimeDelta, now: Timestamp) -> usize {
        let since = now.saturating_sub(per);
        self.sent.iter().rev().take_while(|at| **at > since).count()
    }

    /// An order was sent.
    pub(crate) fn note_sent(&mut self, now: Timestamp) {
        let Some(rate) = self.limits.max_order_rate else { return };
        // No more are ever counted than the rate allows; of exits beyond it the newest count.
        while self.sent.len() >= rate.orders as usize {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }
}
