//! Paper trading: the market data of any venue, or recorded ones, with the simulated matching of a backtest, as a [`Venue`].
//!
//! - **P1** Orders are matched by the [rules of a backtest](algoflow_sim::FillPolicy) against the data that are given, by the same code.
//! - **P2** *Recorded data* ([`PaperVenue::replay`]) are played back in step: the next piece is shown to the venue when all that the last one
//!   led to is done. A session in [data time](crate::session::TimeSource::Data) then sends what a backtest sends, in the same order.
//!   With a [speed](PaperVenue::at_speed) it waits between the pieces.
//! - **P3** *Live data* ([`PaperVenue::live`]) are those of another venue as they come. Nothing is ever sent there.
//! - **P4** The account holds what was paid in and what the fills made of it. It is asked for like that of any venue.
//! - **P5** A client id makes one order, however often it is sent.
//! - **P6** After a restart the venue is brought to where it stood by [`PaperVenue::rebuild`] with the entries of the journal: every
//!   command that was durable was received.
//! - **P7** *What is not native is refused*, for the engine does it: an order or a change that asks for such a feature surely has no effect.
//! - **P8** *Every stream tells of every order.* Several streams of live data may be open; the simulation sees the data of the newest.
//!
//! Quotes and trades show no auctions: a venue that gets such data should have capabilities without orders at the open and at the close.
//!
//! The latency of data belongs to the data: a venue whose settings have a feed latency is refused.

mod account;
mod error;
mod feed;
mod live;

pub use error::PaperError;
pub use live::MAX_WAITING_EVENTS;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use algoflow_core::{
    capabilities::{Capabilities, Feature, FeatureSet},
    command::{Amend, Command, OrderRef, Submit},
    error::VenueError,
    id::VenueId,
    instrument::Instrument,
    ledger::AccountKind,
    market::MarketData,
    number::Money,
    order::RejectCode,
    state::Subscription,
    time::{TimeDelta, Timestamp},
    venue::{AccountSnapshot, Ack, EventStream, HistoryRequest, OrderReport, Venue, VenueEvent},
};
use algoflow_sim::{SimError, SimExchange, SimVenue};
use async_trait::async_trait;

use account::PaperAccount;

/// Recorded data, in the order of time.
pub type Recording = Box<dyn Iterator<Item = Result<MarketData, PaperError>> + Send>;

/// Where the market data come from.
enum Source {
    Recorded { data: Recording, speed: Option<f64> },
    Live(Arc<dyn Venue>),
}

struct State {
    exchange: SimExchange,
    account: PaperAccount,
    /// What is to be told before anything else.
    told: VecDeque<VenueEvent>,
    /// The open streams of live data, oldest first.
    listeners: live::Listeners,
    /// Data that the venue has seen and whose reports come first.
    shown: Option<MarketData>,
    /// Data that the venue has not seen.
    next: Option<MarketData>,
    recording: Option<Recording>,
    /// The time up to which was told that nothing earlier comes.
    bound: Timestamp,
    /// What time it is.
    now: Timestamp,
    ended: bool,
}

struct Inner {
    id: VenueId,
    capabilities: Capabilities,
    instruments: Vec<Instrument>,
    speed: Option<f64>,
    live: Option<Arc<dyn Venue>>,
    state: Mutex<State>,
    /// Something happened that a stream of recorded data has to tell.
    stirred: tokio::sync::Notify,
}

/// A venue with real data and simulated fills. See the [module](self). Clones are the same venue.
#[derive(Clone)]
pub struct PaperVenue {
    inner: Arc<Inner>,
    kind: AccountKind,
}

impl std::fmt::Debug for PaperVenue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperVenue").field("id", &self.inner.id).finish_non_exhaustive()
    }
}

impl PaperVenue {
    /// Plays back `data`, which lie in the order of their time of receipt. The account holds `cash`; `seed` is that of a backtest.
    ///
    /// # Errors
    /// [`PaperError::Sim`] if the settings of the venue make no sense, [`PaperError::FeedLatency`].
    pub fn replay(
        venue: &SimVenue,
        data: impl Iterator<Item = Result<MarketData, PaperError>> + Send + 'static,
        kind: AccountKind,
        cash: &[Money],
        seed: u64,
    ) -> Result<Self, PaperError> {
        Self::new(venue, Source::Recorded { data: Box::new(data), speed: None }, kind, cash, seed)
    }

    /// Takes the market data of `source` as they come, and its name. Instruments and settings are those of `venue`.
    ///
    /// # Errors
    /// As [`PaperVenue::replay`].
    pub fn live(
        venue: &SimVenue,
        source: Arc<dyn Venue>,
        kind: AccountKind,
        cash: &[Money],
        seed: u64,
    ) -> Result<Self, PaperError> {
        Self::new(venue, Source::Live(source), kind, cash, seed)
    }

    /// Waits between recorded data as long as lies between their times, divided by `speed`: 1 is as fast as they came. Not above
    /// zero: without waiting.
    #[must_use]
    pub fn at_speed(mut self, speed: f64) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.speed = (speed > 0.0 && speed.is_finite()).then_some(speed);
        }
        self
    }

    fn new(
        venue: &SimVenue,
        source: Source,
        kind: AccountKind,
        cash: &[Money],
        seed: u64,
    ) -> Result<Self, PaperError> {
        let exchange = venue.start(seed)?;
        if exchange.feed_latency() != TimeDelta::ZERO {
            return Err(PaperError::FeedLatency { venue: exchange.id() });
        }
        let id = exchange.id();
        let account = PaperAccount::new(id, venue.instruments(), kind, cash)?;
        let (recording, live, speed) = match source {
            Source::Recorded { data, speed } => (Some(data), None, speed),
            Source::Live(venue) => (None, Some(venue), None),
        };
        let state = State {
            exchange,
            account,
            told: VecDeque::new(),
            listeners: live::Listeners::default(),
            shown: None,
            next: None,
            recording,
            bound: Timestamp::MIN,
            now: Timestamp::MIN,
            ended: false,
        };
        let inner = Inner {
            id,
            capabilities: venue.capabilities().clone(),
            instruments: venue.instruments().to_vec(),
            speed,
            live,
            state: Mutex::new(state),
            stirred: tokio::sync::Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner), kind })
    }

    /// The kind of its account.
    #[must_use]
    pub const fn account_kind(&self) -> AccountKind {
        self.kind
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state()
    }

    /// Carries out a command at the time of the last data, beside another venue; what comes of it at once.
    pub(crate) fn execute_beside(&self, command: &Command) -> Result<Vec<VenueEvent>, PaperError> {
        let mut state = self.state();
        let now = state.now;
        if let Command::Submit(submit) = command
            && !state.account.receive(submit, now)
        {
            return Ok(Vec::new());
        }
        state.exchange.execute(command, now)?;
        state.collect_until(now)?;
        Ok(state.told.drain(..).collect())
    }

    /// Sees data of another venue; what comes of them.
    pub(crate) fn see_beside(&self, data: &MarketData) -> Result<Vec<VenueEvent>, PaperError> {
        let mut state = self.state();
        let at = state.now.max(data.ts_recv());
        state.collect_until(at)?;
        state.see_until(data, at)?;
        Ok(state.told.drain(..).collect())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic elsewhere left is still whole: nothing here panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a command asks for that the venue does not do itself (P7).
    fn objection(&self, command: &Command) -> Option<String> {
        let wanted = match command {
            Command::Submit(submit) => submit.spec.features(),
            Command::Amend(_) => FeatureSet::EMPTY.with(Feature::Amend),
            _ => FeatureSet::EMPTY,
        };
        let missing = wanted.minus(self.capabilities.native()).iter().next()?;
        Some(format!("{missing}: it is not native here"))
    }

    /// Carries out a command at the present time.
    fn execute(&self, command: &Command) -> Result<Ack, VenueError> {
        if let Some(what) = self.objection(command) {
            return Err(VenueError::Unsupported { venue: self.id, what });
        }
        let mut state = self.state();
        if self.live.is_some() {
            state.now = state.now.max(wall());
        }
        let now = state.now;
        if let Command::Submit(submit) = command
            && !state.account.receive(submit, now)
        {
            // It is here already (P5).
            return Ok(Ack { venue_order: None, ts_event: now });
        }
        let done = state.exchange.execute(command, now);
        // What comes next may come earlier than was told.
        state.bound = now;
        if self.live.is_some() {
            state.tell_listeners();
        }
        drop(state);
        self.stirred.notify_one();
        match done {
            Ok(()) => Ok(Ack { venue_order: None, ts_event: now }),
            Err(error) => {
                Err(VenueError::Rejected { code: RejectCode::InvalidOrder, text: error.to_string() })
            }
        }
    }
}

impl State {
    /// The next report of an order, once the account has taken it in.
    fn report(&mut self) -> Result<Option<VenueEvent>, SimError> {
        let Some(event) = self.exchange.poll()? else { return Ok(None) };
        let event = event.clone();
        self.account.take(&event);
        Ok(Some(VenueEvent::Order(event)))
    }
}

/// What the clock on the wall says.
pub(crate) fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[async_trait]
impl Venue for PaperVenue {
    fn id(&self) -> VenueId {
        self.inner.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.inner.capabilities
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        Ok(self.inner.instruments.clone())
    }

    async fn subscribe(&self, wanted: &[Subscription]) -> Result<EventStream, VenueError> {
        match &self.inner.live {
            None => Ok(feed::stream(Arc::clone(&self.inner))),
            Some(source) => {
                let data = source.subscribe(wanted).await?;
                Ok(live::stream(Arc::clone(&self.inner), data))
            }
        }
    }

    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError> {
        self.inner.execute(&Command::Submit(*order))
    }

    async fn amend(&self, change: &Amend) -> Result<Ack, VenueError> {
        self.inner.execute(&Command::Amend(change.clone()))
    }

    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError> {
        self.inner.execute(&Command::Cancel(order.clone()))
    }

    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        let state = self.state();
        Ok(state.account.snapshot(since, state.now))
    }

    async fn order(&self, order: &OrderRef) -> Result<Option<OrderReport>, VenueError> {
        Ok(self.state().account.order(order.order))
    }

    async fn history(&self, request: &HistoryRequest) -> Result<Vec<MarketData>, VenueError> {
        match &self.inner.live {
            Some(source) => source.history(request).await,
            None => {
                let what = "history: recorded data are their own past".to_owned();
                Err(VenueError::Unsupported { venue: self.inner.id, what })
            }
        }
    }

    async fn time(&self) -> Result<Timestamp, VenueError> {
        match &self.inner.live {
            Some(source) => source.time().await,
            None => Ok(self.state().now),
        }
    }

    fn request_lifetime(&self) -> TimeDelta {
        // A call is carried out before it returns. A live session takes nothing for settled at the very time that it is sent.
        if self.inner.live.is_some() { TimeDelta::from_nanos(1) } else { TimeDelta::ZERO }
    }

    fn is_paced(&self) -> bool {
        self.inner.live.is_none()
    }

    fn set_time(&self, now: Timestamp) {
        let mut state = self.state();
        state.now = state.now.max(now);
    }
}

#[cfg(test)]
mod tests;
