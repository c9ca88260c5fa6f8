//! The engine: one input in, commands out.

mod contingent;
mod dispatch;
mod emulation;
mod events;
mod pools;
mod quiet;
mod submit;

pub use quiet::{Quiet, Told};

use algoflow_core::{
    capabilities::Capabilities,
    command::Command,
    context::Context,
    id::{Asset, StrategyId, VenueId},
    instrument::Instrument,
    ledger::{AccountKind, Portfolio},
    market::MarketData,
    number::Money,
    order::{CancelReason, OrderEvent, OrderRole},
    state::{Pending, State},
    strategy::{Strategy, StrategyResult},
    time::Timestamp,
};

use crate::{
    error::EngineError, fills::KnownFills, input::Input, journal::Journal, links::Links, routes::Routes,
    timers::Timers,
};

/// How many requests strategies may make while one input is processed, before the engine takes it for a loop.
pub const MAX_REQUESTS_PER_INPUT: usize = 100_000;

/// What becomes of the positions of a strategy that returned an error. Its orders are cancelled in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorPolicy {
    /// They are kept.
    #[default]
    KeepPositions,
    /// They are closed with market orders.
    Flatten,
}

/// A strategy that was halted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Which.
    pub strategy: StrategyId,
    /// When.
    pub at: Timestamp,
    /// The stable code of its error.
    pub code: &'static str,
    /// Its error.
    pub reason: String,
}

struct Slot {
    strategy: Box<dyn Strategy>,
    halted: bool,
}

#[derive(Debug)]
struct VenueRules {
    id: VenueId,
    capabilities: Capabilities,
}

/// The trading engine: orders, positions and strategies as one deterministic state machine.
///
/// It never waits, reads no clock and draws no randomness: [`Engine::process`] takes one input and appends to a buffer
/// of commands. A backtest, paper trading and live trading are drivers around this one type.
pub struct Engine {
    state: State,
    strategies: Vec<Slot>,
    venues: Vec<VenueRules>,
    /// By instrument: the index of its venue.
    venue_of: Vec<usize>,
    routes: Routes,
    links: Links,
    fills: KnownFills,
    timers: Timers,
    on_error: ErrorPolicy,
    halts: Vec<Halt>,
    denials: Vec<OrderEvent>,
    journal: Option<Journal>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("now", &self.state.now)
            .field("strategies", &self.state.strategies)
            .field("instruments", &self.state.instruments.len())
            .field("orders", &self.state.orders.len())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An empty engine for the run with this number, whose portfolio reports in `reporting`.
    #[must_use]
    pub fn new(run: u32, reporting: Asset) -> Self {
        Self {
            state: State::new(run, reporting),
            strategies: Vec::new(),
            venues: Vec::new(),
            venue_of: Vec::new(),
            routes: Routes::default(),
            links: Links::default(),
            fills: KnownFills::default(),
            timers: Timers::default(),
            on_error: ErrorPolicy::default(),
            halts: Vec::new(),
            denials: Vec::new(),
            journal: None,
        }
    }

    /// What becomes of the positions of a strategy that fails.
    pub fn set_error_policy(&mut self, policy: ErrorPolicy) {
        self.on_error = policy;
    }

    /// Records every input from now on; [`Engine::take_journal`] hands the record over.
    pub fn start_journal(&mut self) {
        self.journal = Some(Journal::default());
    }

    /// The record of the inputs and commands since [`Engine::start_journal`].
    pub fn take_journal(&mut self) -> Option<Journal> {
        self.journal.take()
    }

    /// Registers a venue with what it can do, and opens an account there.
    pub fn add_venue(&mut self, id: VenueId, capabilities: Capabilities, account: AccountKind) {
        match self.venues.iter_mut().find(|venue| venue.id == id) {
            Some(venue) => venue.capabilities = capabilities,
            None => self.venues.push(VenueRules { id, capabilities }),
        }
        self.state.portfolio.open_account(id, account);
    }

    /// Registers an instrument of a registered venue.
    ///
    /// # Errors
    /// [`EngineError::Instrument`] if the specification makes no sense, [`EngineError::UnknownVenue`].
    pub fn add_instrument(&mut self, instrument: Instrument) -> Result<(), EngineError> {
        instrument.validate()?;
        let (id, venue) = (instrument.id, instrument.venue());
        let rules = self.venues.iter().position(|known| known.id == venue);
        let rules = rules.ok_or_else(|| EngineError::UnknownVenue { instrument: id, venue })?;
        if self.state.instruments.index(id).is_none() {
            self.state.portfolio.add_instrument(instrument.clone());
            self.venue_of.push(rules);
            for pending in &mut self.state.pending {
                pending.push(Pending::default());
            }
        }
        let index = self.state.instruments.add(instrument);
        self.routes.ensure(index);
        Ok(())
    }

    /// Pays money into the account at a venue.
    ///
    /// # Errors
    /// [`EngineError::Account`] if it does not fit.
    pub fn deposit(&mut self, venue: VenueId, money: Money) -> Result<(), EngineError> {
        Ok(self.state.portfolio.deposit(venue, money)?)
    }

    /// Adds a strategy under a name of its own.
    ///
    /// # Errors
    /// [`EngineError::DuplicateStrategy`], [`EngineError::TooManyStrategies`].
    pub fn add_strategy(&mut self, id: StrategyId, strategy: Box<dyn Strategy>) -> Result<(), EngineError> {
        if self.state.strategies.contains(&id) {
            return Err(EngineError::DuplicateStrategy { strategy: id });
        }
        if self.strategies.len() >= usize::from(u16::MAX) {
            return Err(EngineError::TooManyStrategies);
        }
        self.state.strategies.push(id);
        self.state.pending.push(vec![Pending::default(); self.state.instruments.len()]);
        self.state.portfolio.add_strategy();
        self.strategies.push(Slot { strategy, halted: false });
        Ok(())
    }

    /// Takes one input and appends what the venues are to do to `commands`.
    ///
    /// # Errors
    /// [`EngineError`] for an input that cannot be: a report on an unknown order, an illegal step of an order, a ledger
    /// that does not add up. The engine must not be used after that.
    pub fn process(&mut self, input: &Input, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        match input {
            Input::Start(at) => self.start(*at, commands),
            Input::Market(data) => self.market(data, commands),
            Input::Order(event) => self.order(event, commands),
            Input::Time(at) => self.time(*at, commands),
            Input::Stop(at) => self.stop(*at, commands),
        }
    }

    /// [`Input::Start`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn start(&mut self, at: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let before = self.journal_input(|| Input::Start(at), commands);
        self.state.now = self.state.now.max(at);
        for index in 0..self.strategies.len() {
            self.call(index, |strategy, ctx| strategy.on_start(ctx));
        }
        self.settle(commands)?;
        self.journal_commands(before, commands);
        Ok(())
    }

    /// [`Input::Market`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    #[inline]
    pub fn market(&mut self, data: &MarketData, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        if let Some(mut quiet) = self.quiet(data) {
            let told = quiet.tell(data);
            return self.rouse(data, told, commands);
        }
        self.market_in_full(data, commands)
    }

    fn market_in_full(&mut self, data: &MarketData, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let before = self.journal_input(|| Input::Market(data.clone()), commands);
        self.on_market(data, commands)?;
        if !self.state.requests.is_empty() || !self.links.to_cancel.is_empty() {
            self.settle(commands)?;
        }
        self.journal_commands(before, commands);
        Ok(())
    }

    /// [`Input::Order`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn order(&mut self, event: &OrderEvent, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let before = self.journal_input(|| Input::Order(event.clone()), commands);
        self.state.now = self.state.now.max(event.ts_recv);
        self.on_event(event, commands)?;
        self.settle(commands)?;
        self.journal_commands(before, commands);
        Ok(())
    }

    /// [`Input::Time`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn time(&mut self, at: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let before = self.journal_input(|| Input::Time(at), commands);
        self.state.now = self.state.now.max(at);
        self.on_time(at, commands)?;
        self.settle(commands)?;
        self.journal_commands(before, commands);
        Ok(())
    }

    /// [`Input::Stop`] without the wrapping. Open orders stay as they are: whether they are cancelled is the driver's
    /// or the strategy's decision.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn stop(&mut self, at: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let before = self.journal_input(|| Input::Stop(at), commands);
        self.state.now = self.state.now.max(at);
        self.flush_bars(commands)?;
        for index in 0..self.strategies.len() {
            self.call(index, |strategy, ctx| strategy.on_stop(ctx));
        }
        self.settle(commands)?;
        self.journal_commands(before, commands);
        Ok(())
    }

    /// When the engine next wants an [`Input::Time`]; [`Timestamp::MAX`] if never.
    #[must_use]
    #[inline]
    pub fn next_wakeup(&self) -> Timestamp {
        self.timers.next()
    }

    /// What strategies see.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Accounts and positions.
    #[must_use]
    pub fn portfolio(&self) -> &Portfolio {
        &self.state.portfolio
    }

    /// The equity as a double, for the equity curve. NaN while something is held whose price is not known.
    #[inline]
    pub fn equity_f64(&mut self) -> f64 {
        self.state.portfolio.equity_f64()
    }

    /// The strategies that were halted by an error, in order.
    #[must_use]
    pub fn halts(&self) -> &[Halt] {
        &self.halts
    }

    /// The orders that the engine itself refused, with the reasons, in order.
    #[must_use]
    pub fn denials(&self) -> &[OrderEvent] {
        &self.denials
    }

    /// Hands over the state at the end of a run.
    #[must_use]
    pub fn into_state(self) -> (State, Vec<Halt>, Vec<OrderEvent>) {
        (self.state, self.halts, self.denials)
    }

    #[inline]
    fn journal_input(&mut self, input: impl FnOnce() -> Input, commands: &[Command]) -> usize {
        if let Some(journal) = &mut self.journal {
            journal.push_input(input());
        }
        commands.len()
    }

    #[inline]
    fn journal_commands(&mut self, before: usize, commands: &[Command]) {
        if let Some(journal) = &mut self.journal {
            journal.push_commands(commands.get(before..).unwrap_or_default());
        }
    }

    /// Calls a strategy unless it is halted; an error halts it.
    #[inline]
    fn call(&mut self, index: usize, f: impl FnOnce(&mut dyn Strategy, &mut Context<'_>) -> StrategyResult) {
        let Some(slot) = self.strategies.get_mut(index) else { return };
        if slot.halted {
            return;
        }
        if let Err(error) = f(&mut *slot.strategy, &mut Context::new(&mut self.state, index)) {
            self.halt(index, &error);
        }
    }

    #[cold]
    fn halt(&mut self, index: usize, error: &algoflow_core::error::StrategyError) {
        if let Some(slot) = self.strategies.get_mut(index) {
            slot.halted = true;
        }
        if let Some(strategy) = self.state.strategies.get(index) {
            let (at, code) = (self.state.now, error.code());
            self.halts.push(Halt { strategy: *strategy, at, code, reason: error.to_string() });
        }
        // What it asked for in the failing callback is dropped with it.
        let orders = &self.state.orders;
        let fresh: Vec<_> = orders
            .open()
            .filter(|order| usize::from(order.id.strategy) == index)
            .map(|order| order.id)
            .collect();
        self.state.requests.retain(|request| !request_of(request, index));
        for order in fresh {
            self.links.to_cancel.push((order, CancelReason::StrategyStopped));
        }
        if self.on_error == ErrorPolicy::Flatten {
            self.flatten(index);
        }
    }

    /// Closes every position of a strategy with orders that the engine itself makes.
    fn flatten(&mut self, strategy: usize) {
        for instrument in 0..self.state.instruments.len() {
            let held = self.state.position(strategy, instrument).quantity;
            let (Ok(quantity), Some(known)) = (held.checked_abs(), self.state.instruments.get(instrument))
            else {
                continue;
            };
            if quantity.is_zero() {
                continue;
            }
            let side = if held.is_negative() {
                algoflow_core::order::Side::Buy
            } else {
                algoflow_core::order::Side::Sell
            };
            let mut spec = algoflow_core::order::OrderSpec::market(known.spec.id, side, quantity);
            spec.contingency.role = OrderRole::Close;
            let id = self.state.orders.create(strategy, instrument, spec, self.state.now);
            self.state.requests.push(algoflow_core::state::Request::Submit(id));
        }
    }
}

fn request_of(request: &algoflow_core::state::Request, index: usize) -> bool {
    use algoflow_core::state::Request as R;
    match request {
        R::Submit(order) | R::Cancel(order) | R::Amend { order, .. } => usize::from(order.strategy) == index,
        R::Subscribe { strategy, .. } | R::Schedule { strategy, .. } | R::Unschedule { strategy, .. } => {
            *strategy == index
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
