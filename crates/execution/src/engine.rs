//! The engine: one input in, commands out.

mod adopt;
mod algorithms;
mod at_once;
mod contingent;
mod control;
mod dispatch;
mod emulation;
mod events;
mod exposure;
mod gate;
mod halt;
mod late;
mod losses;
mod past;
mod pools;
mod quiet;
mod reduce_only;
mod routing;
mod snapshot;
mod submit;
mod trim;

pub use adopt::{Adjustment, Adopted, Anomaly, EXTERNAL, MAX_ANOMALIES};
pub use algorithms::{MAX_OPEN_SLICES, MAX_REFUSALS};
pub use quiet::{Quiet, Told};
pub use snapshot::{EngineSnapshot, SNAPSHOT_VERSION, SnapshotError};

use std::sync::Arc;

use algoflow_core::{
    capabilities::Capabilities,
    command::Command,
    context::Context,
    id::{Asset, OrderId, StrategyId, VenueId},
    instrument::Instrument,
    ledger::{AccountKind, Portfolio},
    market::MarketData,
    number::Money,
    order::OrderEvent,
    state::{Hold, State},
    strategy::{Strategy, StrategyResult},
    time::Timestamp,
    trading::{Standing, TradingState},
};

use crate::{
    algorithm::ExecutionAlgorithm,
    error::EngineError,
    fills::KnownFills,
    input::Input,
    journal::{Journal, Recorder},
    links::Links,
    risk::{Book, RiskState},
    routes::Routes,
    routing::Listings,
    timers::Timers,
    works::Works,
};

/// How many requests strategies may make while one input is processed, before the engine takes it for a loop.
pub const MAX_REQUESTS_PER_INPUT: usize = 100_000;

/// How many timers of strategies may go off while one input is processed. The strategy whose timer is one more is halted:
/// it sets timers for the present without end.
pub const MAX_TIMERS_PER_INPUT: usize = 100_000;

/// What becomes of the positions of a strategy that returned an error. Its orders are cancelled in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorPolicy {
    /// They are kept.
    #[default]
    KeepPositions,
    /// They are closed with market orders that can only reduce them, each once none of the strategy's orders in the
    /// instrument is open any more. If such an order is refused, the position stays: see [`Engine::denials`] and the venue's
    /// rejections.
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

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct VenueRules {
    id: VenueId,
    capabilities: Capabilities,
    standing: Standing,
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
    /// By instrument: what it has shown so far.
    shown: Vec<emulation::Shown>,
    fills: KnownFills,
    timers: Timers,
    works: Works,
    /// What listings show of their depth, and whose turn it is.
    listings: Box<Listings>,
    on_error: ErrorPolicy,
    halts: Vec<Halt>,
    /// Positions of halted strategies that are to be closed.
    closing: Vec<halt::Closing>,
    denials: Vec<OrderEvent>,
    /// Whether risk management has anything to check or count: the only thing that the quick ways look at.
    guarded: bool,
    risk: Box<RiskState>,
    journal: Option<Recorder>,
    started: bool,
    /// Whether trading has ended: strategies make no new orders (X6).
    stopped: bool,
    /// Whether strategies are being warmed up: what they ask of orders is dropped.
    warming: bool,
    /// Reports of venues that cannot be, once they are written down here and not the end of the run.
    anomalies: Option<Vec<Anomaly>>,
    /// How much of orders that were made elsewhere had filled before.
    adopted: std::collections::BTreeMap<algoflow_core::id::OrderId, algoflow_core::number::Quantity>,
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
            shown: Vec::new(),
            fills: KnownFills::default(),
            timers: Timers::default(),
            works: Works::default(),
            listings: Box::default(),
            on_error: ErrorPolicy::default(),
            halts: Vec::new(),
            closing: Vec::new(),
            denials: Vec::new(),
            guarded: false,
            risk: Box::default(),
            journal: None,
            started: false,
            stopped: false,
            warming: false,
            anomalies: None,
            adopted: std::collections::BTreeMap::new(),
        }
    }

    /// What becomes of the positions of a strategy that fails. After the start this is an input like others; a journal that
    /// cannot be written then says so at the next input.
    pub fn set_error_policy(&mut self, policy: ErrorPolicy) {
        let _ = self.take_policy(policy);
    }

    fn take_policy(&mut self, policy: ErrorPolicy) -> Result<(), EngineError> {
        let input = || Input::ErrorPolicy(policy);
        self.set_up(input, |engine| {
            engine.on_error = policy;
            Ok(())
        })
    }

    /// Records in memory every input from now on and what it leads to; [`Engine::take_journal`] hands the record over. To be
    /// called before the start, since a replay needs all of them.
    pub fn start_journal(&mut self) {
        self.journal = Some(Recorder::memory());
    }

    /// The same, written to `writer` as it grows: each input before the engine acts on it, each outcome after. Both are
    /// flushed. Nothing is kept in memory. An input that cannot be written is not acted on.
    pub fn stream_journal(&mut self, writer: impl std::io::Write + Send + 'static) {
        self.journal = Some(Recorder::stream(Box::new(writer)));
    }

    /// Ends the journal. What was recorded since [`Engine::start_journal`]; `None` if nothing was, or it was streamed.
    pub fn take_journal(&mut self) -> Option<Journal> {
        self.journal.take().and_then(Recorder::into_journal)
    }

    /// Registers a venue with what it can do, and opens an account there. After the start this is an input like others; a
    /// journal that cannot be written then says so at the next input.
    pub fn add_venue(&mut self, id: VenueId, capabilities: Capabilities, account: AccountKind) {
        let _ = self.take_venue(id, &capabilities, account);
    }

    fn take_venue(
        &mut self,
        id: VenueId,
        capabilities: &Capabilities,
        account: AccountKind,
    ) -> Result<(), EngineError> {
        let input = || Input::Venue { id, capabilities: capabilities.clone(), account };
        self.set_up(input, |engine| {
            match engine.venues.iter_mut().find(|venue| venue.id == id) {
                Some(venue) => venue.capabilities = capabilities.clone(),
                None => {
                    let (capabilities, standing) = (capabilities.clone(), Standing::Ready);
                    engine.venues.push(VenueRules { id, capabilities, standing });
                }
            }
            engine.state.portfolio.open_account(id, account);
            Ok(())
        })
    }

    /// Registers an instrument of a registered venue. After the start this is an input like others.
    ///
    /// # Errors
    /// [`EngineError::Instrument`] if the specification makes no sense, [`EngineError::UnknownVenue`],
    /// [`EngineError::JournalWrite`].
    pub fn add_instrument(&mut self, instrument: Instrument) -> Result<(), EngineError> {
        let input = || Input::Instrument(Box::new(instrument.clone()));
        self.set_up(input, |engine| engine.register(&instrument))
    }

    fn register(&mut self, instrument: &Instrument) -> Result<(), EngineError> {
        instrument.validate()?;
        let (id, venue) = (instrument.id, instrument.venue());
        let rules = self.venues.iter().position(|known| known.id == venue);
        let rules = rules.ok_or_else(|| EngineError::UnknownVenue { instrument: id, venue })?;
        if let Some(index) = self.state.instruments.index(id) {
            self.state.portfolio.update_instrument(index, instrument.clone())?;
        } else {
            self.state.portfolio.add_instrument(instrument.clone());
            self.venue_of.push(rules);
            self.shown.push(emulation::Shown::default());
            self.state.pending.add_instrument();
        }
        let index = self.state.instruments.add(instrument.clone());
        self.routes.ensure(index);
        Ok(())
    }

    /// Pays money into the account at a venue. After the start this is an input like others.
    ///
    /// # Errors
    /// [`EngineError::Account`] if it does not fit, [`EngineError::JournalWrite`].
    pub fn deposit(&mut self, venue: VenueId, money: Money) -> Result<(), EngineError> {
        let input = || Input::Deposit { venue, money };
        self.set_up(input, |engine| Ok(engine.pay(|engine| engine.state.portfolio.deposit(venue, money))?))
    }

    /// Makes room for `additional` more orders, so that it need not be found again and again while they come.
    pub fn reserve_orders(&mut self, additional: usize) {
        self.state.orders.reserve(additional);
    }

    /// Adds a strategy under a name of its own.
    ///
    /// # Errors
    /// [`EngineError::DuplicateStrategy`], [`EngineError::TooManyStrategies`], [`EngineError::Started`].
    pub fn add_strategy(&mut self, id: StrategyId, strategy: Box<dyn Strategy>) -> Result<(), EngineError> {
        if self.started {
            return Err(EngineError::Started { strategy: id });
        }
        if self.state.strategies.contains(&id) {
            return Err(EngineError::DuplicateStrategy { strategy: id });
        }
        if self.strategies.len() >= usize::from(u16::MAX) {
            return Err(EngineError::TooManyStrategies);
        }
        self.state.strategies.push(id);
        self.state.trading.push(TradingState::Active);
        self.risk.strategies.push(Book::default());
        self.state.pending.add_strategy();
        self.state.portfolio.add_strategy();
        self.strategies.push(Slot { strategy, halted: false });
        Ok(())
    }

    /// Registers an execution algorithm of the user's own under a name by which orders ask for it
    /// ([`Algorithm::Custom`](algoflow_core::order::algorithm::Algorithm::Custom)). The factory is called for each of them, with the
    /// text of its parameters, and says what is wrong with it.
    ///
    /// # Errors
    /// [`EngineError::DuplicateAlgorithm`], [`EngineError::AlgorithmTooLate`].
    pub fn add_algorithm(
        &mut self,
        name: impl Into<String>,
        factory: impl Fn(&str) -> Result<Box<dyn ExecutionAlgorithm>, String> + Send + Sync + 'static,
    ) -> Result<(), EngineError> {
        let name = name.into();
        if self.started {
            return Err(EngineError::AlgorithmTooLate { name });
        }
        if self.works.register(&name, Arc::new(factory)) {
            return Ok(());
        }
        Err(EngineError::DuplicateAlgorithm { name })
    }

    /// Whether an order of this run has an algorithm: it is then an order of the engine, which no venue knows.
    #[must_use]
    pub fn is_worked(&self, order: OrderId) -> bool {
        self.state.orders.entry(order).is_some_and(|entry| entry.hold == Hold::Algorithm)
    }

    /// Takes one input and appends what the venues are to do to `commands`.
    ///
    /// # Errors
    /// [`EngineError`] for an input that cannot be: a report on an unknown order, an illegal step of an order, a ledger
    /// that does not add up; a journal that cannot be written. The engine must not be used after that.
    pub fn process(&mut self, input: &Input, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        match input {
            Input::Start(at) => self.start(*at, commands),
            Input::Market(data) => self.market(data, commands),
            Input::Order(event) => self.order(event, commands),
            Input::Time(at) => self.time(*at, commands),
            Input::Stop(at) => self.stop(*at, commands),
            Input::Venue { id, capabilities, account } => self.take_venue(*id, capabilities, *account),
            Input::Instrument(instrument) => self.add_instrument((**instrument).clone()),
            Input::Deposit { venue, money } => self.deposit(*venue, *money),
            Input::ErrorPolicy(policy) => self.take_policy(*policy),
            Input::WarmUp(data) => self.warm_up(data, commands),
            Input::Adopt(order) => self.adopt(order, commands),
            Input::Adjust(adjustment) => self.adjust(adjustment, commands),
            Input::Control(control) => self.control(control, commands),
            Input::Standing(standing) => self.standing(standing, commands),
        }
    }

    /// [`Input::Start`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn start(&mut self, at: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Start(at),
            commands,
            |engine, commands| {
                engine.state.now = engine.state.now.max(at);
                engine.stopped = false;
                if std::mem::replace(&mut engine.started, true) {
                    // Trading goes on after it had ended: strategies know what they are at.
                    return engine.settle(commands);
                }
                for index in 0..engine.strategies.len() {
                    engine.call(index, |strategy, ctx| strategy.on_start(ctx));
                }
                engine.settle(commands)
            },
        )
    }

    /// [`Input::Market`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    #[inline]
    pub fn market(&mut self, data: &MarketData, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        if let Some(mut quiet) = self.quiet(data) {
            quiet.tell(data.into());
            let told = quiet.end();
            return self.rouse(told, commands);
        }
        self.market_in_full(data, commands)
    }

    fn market_in_full(&mut self, data: &MarketData, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Market(data.clone()),
            commands,
            |engine, commands| {
                if engine.guarded {
                    engine.look_before(data.ts_recv());
                }
                engine.on_market(data, commands)?;
                if engine.guarded {
                    engine.stir();
                }
                if engine.is_unsettled() { engine.settle(commands) } else { Ok(()) }
            },
        )
    }

    /// [`Input::Order`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn order(&mut self, event: &OrderEvent, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Order(event.clone()),
            commands,
            |engine, commands| {
                if engine.guarded {
                    engine.look_before(event.ts_recv);
                }
                engine.state.now = engine.state.now.max(event.ts_recv);
                engine.on_event(event, commands)?;
                engine.settle(commands)
            },
        )
    }

    /// [`Input::Time`] without the wrapping.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn time(&mut self, at: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Time(at),
            commands,
            |engine, commands| {
                engine.state.now = engine.state.now.max(at);
                engine.on_time(at, commands)?;
                engine.settle(commands)
            },
        )
    }

    /// [`Input::Stop`] without the wrapping. Open orders stay as they are: whether they are cancelled is the driver's
    /// or the strategy's decision. What strategies ask for after it is not sent, until another [`Input::Start`].
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn stop(&mut self, at: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Stop(at),
            commands,
            |engine, commands| {
                engine.state.now = engine.state.now.max(at);
                engine.flush_bars(commands)?;
                for index in 0..engine.strategies.len() {
                    engine.call(index, |strategy, ctx| strategy.on_stop(ctx));
                }
                engine.settle(commands)?;
                engine.stopped = true;
                Ok(())
            },
        )
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

    /// The same, handed over: [`Engine::denials`] begins anew. A driver that writes them down elsewhere keeps memory bounded.
    pub fn take_denials(&mut self) -> Vec<OrderEvent> {
        std::mem::take(&mut self.denials)
    }

    /// Whether trading has begun and not ended.
    #[must_use]
    pub const fn is_trading(&self) -> bool {
        self.started && !self.stopped
    }

    /// Whether trading has begun.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        self.started
    }

    /// Hands over the state at the end of a run.
    #[must_use]
    pub fn into_state(self) -> (State, Vec<Halt>, Vec<OrderEvent>) {
        (self.state, self.halts, self.denials)
    }

    /// Acts on an input, on the record if one is kept.
    #[inline]
    pub(crate) fn journaled(
        &mut self,
        input: impl FnOnce() -> Input,
        commands: &mut Vec<Command>,
        act: impl FnOnce(&mut Self, &mut Vec<Command>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let before = commands.len();
        if let Some(journal) = &mut self.journal {
            journal.input(input())?;
        }
        // The only call, so that it can be inlined: nearly every run keeps no journal.
        let result = act(self, commands);
        if self.journal.is_some() { self.record(commands.get(before..), result) } else { result }
    }

    /// Writes down what an input led to.
    #[cold]
    fn record(
        &mut self,
        commands: Option<&[Command]>,
        result: Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        if let Some(journal) = &mut self.journal {
            journal.outcome(commands.unwrap_or_default(), result.as_ref().err())?;
        }
        result
    }

    /// A part of the setup, which is an input once trading has begun.
    fn set_up(
        &mut self,
        input: impl FnOnce() -> Input,
        act: impl FnOnce(&mut Self) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        if !self.started {
            return act(self);
        }
        self.journaled(input, &mut Vec::new(), |engine, _| act(engine))
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
}

#[cfg(test)]
mod tests;
