//! [`Session`]: the engine, its venues and its journal as one state machine without I/O.
//!
//! What happens goes in as an [`Event`] with the time; what is to be done comes out as [`Effect`]s. A driver carries them out: the one
//! of this crate with tokio, a simulation with a seeded clock and a network that fails.
//!
//! - **N1** *Durable before sent.* Every input of the engine becomes an entry of the journal, in order, with what it led to. A command
//!   leaves only once its entry is durable.
//! - **N2** *Every request ends.* A request is confirmed, surely refused, surely not sent, or in doubt. One without an answer in time
//!   is in doubt. A sure refusal and a confirmation are believed whenever they come.
//! - **N3** *Doubt ends by proof.* An order in doubt is found in a snapshot of the account, or missing from one that must hold it
//!   ([Y1](crate::reconcile)). It is never sent again before that, and after it only if the time of the engine has not moved on by
//!   more than [`resend_within`](SessionConfig::resend_within), with the same client id. Else it is refused as
//!   [`Lost`](RejectCode::Lost).
//! - **N4** *Barrier.* While a snapshot is on its way, what the stream tells of orders is held back. It is taken in after what the
//!   snapshot corrects.
//! - **N5** *Until clean only less.* A venue is `Uncertain` from the start, after a connection was lost, after data of the account may
//!   have been lost, and when [`UNCLEAN_SNAPSHOTS`] snapshots in a row do not agree with our books: the engine then lets only
//!   orders through that reduce. It is `Ready` when a snapshot agrees.
//! - **N6** *What ends an order is asked for again.* A cancellation that surely had no effect because of the connection or a rate limit is sent
//!   again, at most [`MAX_CANCEL_TRIES`] times; a new order or a change never is: it is refused, and the strategy decides.
//! - **N7** *A journal that fails stops new business.* Nothing that is not durable is sent. What is open at the venues is left or cancelled by
//!   [`on_journal_failure`](SessionConfig::on_journal_failure).
//! - **N8** *A mute stream is stale.* A venue of which nothing was heard for [`stale_after`](SessionConfig::stale_after) is `Uncertain` and
//!   subscribed to anew. The same goes for quotes, books and bars that are mute for
//!   [`stale_data_after`](SessionConfig::stale_data_after) though the connection is up, while their market is open.
//! - **N9** *The past first.* When strategies have started, and when a venue is there again after a restart or a lost connection, they are
//!   told of the bars that they do not know yet ([`warm_up`](SessionConfig::warm_up)) as past: see [`Engine::warm_up`]. What the venue's
//!   market does meanwhile waits.
//! - **N10** *Clocks agree.* A venue whose clock surely differs from ours by more than
//!   [`max_clock_skew`](SessionConfig::max_clock_skew) is `Uncertain` until it no longer does.

mod answers;
mod asking;
mod config;
mod link;
mod liveness;
mod snapshots;
mod stop;
mod warm_up;

pub use config::{JournalFailure, SessionConfig, TimeSource};
pub use warm_up::MAX_WAITING_DATA;

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    command::{Amend, Command, OrderRef, Submit},
    error::VenueError,
    id::{OrderId, VenueId},
    market::MarketData,
    order::{OrderEvent, OrderEventKind, RejectCode},
    state::Subscription,
    time::{TimeDelta, Timestamp},
    trading::Standing,
    venue::{AccountSnapshot, Ack, HistoryRequest, OrderReport, VenueEvent},
};
use algoflow_execution::{Engine, EngineError, Input, journal::Ending};

use crate::{
    journal::{Entry, Record},
    telemetry::ReconcileOutcome,
};
use link::Link;

/// How many snapshots in a row have to disagree before a venue that was ready is so no longer (N5).
pub const UNCLEAN_SNAPSHOTS: u32 = 3;

/// How often a cancellation is sent that surely had no effect (N6).
pub const MAX_CANCEL_TRIES: u32 = 8;

/// How many events of orders are held back while a snapshot is on its way (N4). When there are more, the snapshot is asked for anew and
/// they are dropped: it will hold what they told.
pub const MAX_HELD: usize = 65_536;

/// How many timers of the engine go off in one go.
const MAX_TIMERS_AT_ONCE: usize = 1_000;

/// The time: what the clock on the wall says, and how long the process has run. Only the second never jumps; whatever has to do with
/// how long something takes goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The clock on the wall.
    pub wall: Timestamp,
    /// Since the start of the process.
    pub running: TimeDelta,
}

/// Names a request, for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

/// Something that a venue is asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// A new order.
    Submit(Submit),
    /// A change of an order.
    Amend(Amend),
    /// The end of an order.
    Cancel(OrderRef),
    /// What the account holds.
    Account {
        /// Orders that ended and fills since this time.
        since: Timestamp,
    },
    /// What the venue knows of one order.
    Order(OrderRef),
    /// What happened before.
    History(HistoryRequest),
    /// What its clock says.
    Time,
}

/// What a venue answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// To a submit, an amend or a cancel.
    Command(Result<Ack, VenueError>),
    /// To a question about the account.
    Account(Result<Box<AccountSnapshot>, VenueError>),
    /// To a question about an order.
    Order(Result<Option<Box<OrderReport>>, VenueError>),
    /// To a question about the past.
    History(Result<Vec<MarketData>, VenueError>),
    /// To a question about the time.
    Time(Result<Timestamp, VenueError>),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A venue told of something.
    Venue {
        /// Which: the index that it was added with.
        venue: usize,
        /// Of what.
        event: VenueEvent,
    },
    /// A request was answered.
    Answer {
        /// Which.
        request: RequestId,
        /// With what.
        answer: Answer,
    },
    /// Everything up to this entry of the journal is durable.
    Durable(u64),
    /// The journal takes nothing more.
    JournalFailed {
        /// Why.
        reason: String,
    },
    /// An operator or the configuration gives the engine this.
    Input(Box<Input>),
    /// Trading is to end.
    Stop,
    /// The recorded data are over and time stands still: what is still under way never arrives.
    End,
    /// Time has passed: see [`Session::next_wakeup`].
    Tick,
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// This is to be made durable, in order.
    Append(Box<Entry>),
    /// This is to be asked of a venue, in order, and answered with [`Event::Answer`].
    Ask {
        /// Names the request.
        request: RequestId,
        /// Which venue.
        venue: usize,
        /// What.
        what: Request,
    },
    /// A venue is to be subscribed to with all of this, in place of what was subscribed to before.
    Subscribe {
        /// Which venue.
        venue: usize,
        /// What.
        wanted: Vec<Subscription>,
    },
    /// A person should know of this.
    Alert {
        /// A stable code.
        code: &'static str,
        /// A venue, an instrument or an order that it is about; empty if it is about none.
        about: String,
        /// Of what.
        text: String,
    },
    /// Our books were compared with a venue's account.
    Reconciled {
        /// Which venue.
        venue: usize,
        /// With what outcome.
        outcome: ReconcileOutcome,
    },
    /// Trading has ended.
    Stopped {
        /// Whether nothing is left in doubt.
        clean: bool,
    },
}

/// What ends a session at once: a defect, or a ledger that does not add up. Everything that was durable still is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The engine cannot go on.
    #[error("the engine stopped: {0}")]
    Engine(#[from] EngineError),
    /// A venue that was not added.
    #[error("there is no venue with index {0}")]
    NoVenue(usize),
}

impl SessionError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Engine(error) => error.code(),
            Self::NoVenue(_) => "SESSION_NO_VENUE",
        }
    }
}

/// A venue, as the session has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueFacts {
    /// Its name.
    pub id: VenueId,
    /// See [`Venue::request_lifetime`](algoflow_core::venue::Venue::request_lifetime).
    pub lifetime: TimeDelta,
    /// See [`Venue::is_paced`](algoflow_core::venue::Venue::is_paced).
    pub is_paced: bool,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Venues are connected and compared with; strategies have not begun.
    Starting,
    /// Strategies trade.
    Running,
    /// Nothing new is begun; what is open comes to its end.
    Stopping {
        /// Since when, as time the process has run.
        since: TimeDelta,
    },
    /// It is over.
    Stopped,
}

/// A command that waits until its entry is durable.
#[derive(Clone, Debug)]
struct Waiting {
    sequence: u64,
    venue: usize,
    command: Command,
    made: TimeDelta,
}

/// A request without an answer.
#[derive(Clone, Debug)]
struct Asked {
    venue: usize,
    what: Request,
    sent: TimeDelta,
    /// It took too long: an answer is believed if it is sure.
    overdue: bool,
}

/// The engine, its venues and its journal as one state machine without I/O.
#[derive(Debug)]
pub struct Session {
    engine: Engine,
    links: Vec<Link>,
    config: SessionConfig,
    phase: Phase,
    /// The last entry of the journal, and the last that is durable.
    sequence: u64,
    durable: u64,
    waiting: VecDeque<Waiting>,
    asked: BTreeMap<RequestId, Asked>,
    requests: u64,
    /// The subscriptions that venues were told of.
    subscriptions: u64,
    /// The newest time of data, and the time before which nothing comes any more: what time it is if that is in the data.
    data_time: Timestamp,
    data_bound: Timestamp,
    journal_failed: bool,
    /// At the end: when what is still open is cancelled anew.
    cancel_again_at: TimeDelta,
    commands: Vec<Command>,
}

impl Session {
    /// A session of an engine that has not started, or that a replay has brought to where it stood after entry `sequence` of the
    /// journal. `submits` are the orders that were perhaps sent, as far as they are open: those of the journal.
    ///
    /// The engine must have been told to [tolerate](Engine::tolerate).
    #[must_use]
    pub fn new(
        engine: Engine,
        venues: Vec<VenueFacts>,
        config: SessionConfig,
        sequence: u64,
        submits: &BTreeMap<OrderId, Submit>,
    ) -> Self {
        let phase = if engine.is_trading() { Phase::Running } else { Phase::Starting };
        let (data_time, subscriptions) = (engine.state().now, engine.subscription_count());
        let known_until = engine.is_trading().then_some(data_time);
        let links = venues.into_iter().map(|facts| Link::new(facts, known_until)).collect();
        let mut this = Self {
            engine,
            links,
            config,
            phase,
            sequence,
            durable: sequence,
            waiting: VecDeque::new(),
            asked: BTreeMap::new(),
            requests: 0,
            subscriptions,
            data_time,
            data_bound: Timestamp::MIN,
            journal_failed: false,
            cancel_again_at: TimeDelta::ZERO,
            commands: Vec::new(),
        };
        this.doubt_what_is_open(submits);
        this
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where the session stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The last entry of the journal.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The last entry of the journal that is durable.
    #[must_use]
    pub const fn durable(&self) -> u64 {
        self.durable
    }

    /// Hands over the engine at the end.
    #[must_use]
    pub fn into_engine(self) -> Engine {
        self.engine
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Whether a venue is known to agree with our books.
    #[must_use]
    pub fn is_ready(&self, venue: usize) -> bool {
        self.links.get(venue).is_some_and(|link| link.ready)
    }

    /// Whether everything that was begun is done: nothing waits for the journal, no request for its answer.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.asked.values().all(|asked| asked.overdue)
    }

    /// The orders of which it is not known what became of them.
    pub fn in_doubt(&self) -> impl Iterator<Item = OrderId> + '_ {
        self.links.iter().flat_map(|link| link.doubts.keys().copied())
    }

    /// Begins: every venue is to be subscribed to.
    ///
    /// # Errors
    /// As [`Session::handle`].
    pub fn begin(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        for venue in 0..self.links.len() {
            if self.links.get(venue).is_some_and(|link| !link.facts.is_paced) {
                let why = "its account was not compared with our books yet".to_owned();
                self.stand(venue, Standing::Uncertain { why }, now, effects)?;
            }
            self.subscribe(venue, now, effects);
        }
        Ok(())
    }

    /// Takes in an event.
    ///
    /// # Errors
    /// [`SessionError`]: the session is over then.
    pub fn handle(&mut self, now: Now, event: Event, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        match event {
            Event::Venue { venue, event } => self.on_venue(venue, event, now, effects)?,
            Event::Answer { request, answer } => self.on_answer(request, answer, now, effects)?,
            Event::Durable(sequence) => {
                self.durable = self.durable.max(sequence);
                self.send_what_is_durable(now, effects)?;
            }
            Event::JournalFailed { reason } => self.on_journal_failed(reason, now, effects),
            Event::Input(input) => self.feed(*input, now, effects)?,
            Event::Stop => self.begin_to_stop(now, effects)?,
            Event::End => self.end(true, now, effects),
            Event::Tick => {}
        }
        self.pass_time(now, effects)
    }

    /// When [`Event::Tick`] is due, as time the process has run, at the latest.
    #[must_use]
    pub fn next_wakeup(&self, now: Now) -> Option<TimeDelta> {
        let engine = match self.config.time {
            TimeSource::Clock if self.phase == Phase::Running => {
                let wakeup = self.engine.next_wakeup();
                (wakeup < Timestamp::MAX)
                    .then(|| now.running.saturating_add(wakeup.since(now.wall).max(TimeDelta::ZERO)))
            }
            _ => None,
        };
        let links = self.links.iter().flat_map(|link| link.wakeups(&self.config));
        let overdue = self
            .asked
            .values()
            .filter(|asked| !asked.overdue)
            .map(|asked| asked.sent.saturating_add(self.config.request_timeout));
        let stop = match self.phase {
            Phase::Stopping { since } => {
                let last = since.saturating_add(self.config.stop_within);
                let again = self.config.cancel_on_stop.then_some(self.cancel_again_at);
                Some(again.filter(|at| *at > now.running).map_or(last, |at| at.min(last)))
            }
            _ => None,
        };
        links.chain(overdue).chain(engine).chain(stop).min()
    }

    /// In data time: whether a timer of the engine is due before the data to come, so that [`Event::Tick`] sets it off. One at a time,
    /// so that what it leads to is done before the next.
    #[must_use]
    pub fn has_timer_due(&self) -> bool {
        self.config.time == TimeSource::Data
            && self.phase == Phase::Running
            && self.engine.next_wakeup() < self.data_bound
    }

    /// In data time: the time before which nothing comes any more.
    #[must_use]
    pub const fn data_bound(&self) -> Timestamp {
        self.data_bound
    }

    fn link(&mut self, venue: usize) -> Result<&mut Link, SessionError> {
        self.links.get_mut(venue).ok_or(SessionError::NoVenue(venue))
    }

    /// What time it is for the engine.
    pub(crate) fn clock(&self, now: Now) -> Timestamp {
        match self.config.time {
            TimeSource::Clock => now.wall.max(self.engine.state().now),
            TimeSource::Data => self.data_time.max(self.engine.state().now),
        }
    }

    /// Gives the engine an input, and writes down what it leads to (N1).
    fn feed(&mut self, input: Input, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        self.commands.clear();
        let result = self.engine.process(&input, &mut self.commands);
        self.sequence += 1;
        let ending = match &result {
            Ok(()) => Ending::Done,
            Err(error) => Ending::Failed { code: error.code().to_owned(), text: error.to_string() },
        };
        let record = Record {
            sequence: self.sequence,
            input,
            commands: self.commands.clone(),
            ending,
            denied: self.engine.take_denials(),
        };
        effects.push(Effect::Append(Box::new(record.into())));
        for command in self.commands.drain(..) {
            let name = command.instrument().venue();
            let Some(venue) = self.links.iter().position(|link| link.facts.id == name) else { continue };
            let (sequence, made) = (self.sequence, now.running);
            self.waiting.push_back(Waiting { sequence, venue, command, made });
        }
        for anomaly in self.engine.take_anomalies() {
            let text = format!("{}: {:?}", anomaly.reason, anomaly.event.kind);
            let about = anomaly.event.order.to_string();
            effects.push(Effect::Alert { code: anomaly.code, about, text });
            let name = anomaly.event.instrument.venue();
            if let Some(link) = self.links.iter_mut().find(|link| link.facts.id == name) {
                link.ask_soon(now);
            }
        }
        result?;
        if self.engine.subscription_count() != self.subscriptions {
            self.subscriptions = self.engine.subscription_count();
            for venue in 0..self.links.len() {
                if self.links.get(venue).is_some_and(|link| !link.facts.is_paced) {
                    self.subscribe(venue, now, effects);
                }
            }
        }
        Ok(())
    }

    /// Gives the engine an event of an order that the session itself knows of.
    fn tell(
        &mut self,
        command: &Command,
        kind: OrderEventKind,
        at: Timestamp,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let (order, instrument, ts_recv) = (command.order(), command.instrument(), self.clock(now));
        let event = OrderEvent { order, instrument, ts_event: at, ts_recv, kind };
        self.feed(Input::Order(event), now, effects)
    }

    /// Everything that is due by now.
    fn pass_time(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        if self.phase == Phase::Stopped {
            return Ok(());
        }
        self.overdue(now, effects)?;
        for venue in 0..self.links.len() {
            self.watch(venue, now, effects)?;
        }
        if self.phase == Phase::Starting && self.may_start() {
            self.phase = Phase::Running;
            let at = self.clock(now);
            self.feed(Input::Start(at), now, effects)?;
        }
        for venue in 0..self.links.len() {
            self.look_back(venue, now, effects)?;
        }
        self.set_off_timers(now, effects)?;
        self.try_to_stop(now, effects)
    }

    /// All venues agree, and it is known what time it is.
    fn may_start(&self) -> bool {
        let timed = self.config.time == TimeSource::Clock || self.data_bound > Timestamp::MIN;
        timed && self.links.iter().all(|link| link.ready)
    }

    fn set_off_timers(&mut self, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        if self.phase != Phase::Running {
            return Ok(());
        }
        match self.config.time {
            TimeSource::Clock => {
                for _ in 0..MAX_TIMERS_AT_ONCE {
                    let at = self.clock(now);
                    if self.engine.next_wakeup() > at {
                        break;
                    }
                    self.feed(Input::Time(at), now, effects)?;
                }
            }
            TimeSource::Data if self.has_timer_due() && self.is_settled() => {
                let at = self.engine.next_wakeup();
                self.data_time = self.data_time.max(at);
                // What comes of it may be earlier than what was to come next.
                self.data_bound = at;
                self.feed(Input::Time(at), now, effects)?;
            }
            TimeSource::Data => {}
        }
        Ok(())
    }
}

/// Whether an error means that the request surely had no effect and may have one when it is sent again.
const fn is_passing(error: &VenueError) -> bool {
    matches!(
        error,
        VenueError::NotSent { .. } | VenueError::Connection { .. } | VenueError::RateLimited { .. }
    )
}

/// The code of a refusal by which a strategy is told that its request surely had no effect.
fn code_of(error: &VenueError) -> RejectCode {
    match error {
        VenueError::Rejected { code, .. } => *code,
        VenueError::RateLimited { .. } => RejectCode::RateLimited,
        VenueError::Unsupported { .. } => RejectCode::Unsupported,
        _ => RejectCode::NotSent,
    }
}
