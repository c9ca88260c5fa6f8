use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use algoflow_core::{error::VenueError, number::Money, state::Subscription, venue::Venue};
use algoflow_execution::{ControlAction, Engine};
use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, Span};

use super::{
    Clock, Handle, LiveConfig, LiveError, MAX_CONTROLS, MAX_EVENTS, Outcome, Status, View,
    clock::Watch,
    guard::words_of,
    journal,
    observer::{BEAT, Depths, Observer, Watcher},
    pump::pump,
    snapshot::{Past, Snapshots},
    wish::{Owed, Wish, input},
};
use crate::{
    journal::{Entry, JournalWriter, Store},
    session::{Answer, Effect, Event, Now, Request, Session, SessionError, VenueFacts},
    telemetry::LiveMetrics,
};

/// How often the status is told at most.
const STATUS_EVERY: Duration = Duration::from_millis(100);

/// What a runner is made of.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) venues: Vec<Arc<dyn Venue>>,
    pub(super) store: Box<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: LiveConfig,
    pub(super) past: Past,
    pub(super) at_start: Vec<ControlAction>,
    pub(super) observer: Option<Observer>,
}

/// The task that decides.
pub(super) struct Runner {
    pub(super) session: Session,
    pub(super) venues: Vec<Arc<dyn Venue>>,
    pub(super) effects: Vec<Effect>,
    /// How it ended, once it has.
    pub(super) ended: Option<bool>,
    pub(super) told: mpsc::UnboundedReceiver<Event>,
    pub(super) controls: mpsc::Receiver<Wish>,
    /// What is asked of the engine before anything else happens.
    pub(super) at_start: Vec<ControlAction>,
    snapshots: Snapshots,
    clock: Arc<dyn Clock>,
    watch: Watch,
    writer: Option<JournalWriter>,
    /// Passes on what the writer says.
    _durable: AbortOnDropHandle<()>,
    tell: mpsc::UnboundedSender<Event>,
    handle: Handle,
    status: watch::Sender<Option<Status>>,
    status_at: Option<Instant>,
    requests: JoinSet<()>,
    events: mpsc::Sender<Event>,
    incoming: Option<mpsc::Receiver<Event>>,
    pumps: Vec<Option<AbortOnDropHandle<()>>>,
    seed: u64,
    watcher: Option<Watcher>,
}

impl Runner {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { engine, venues, store, clock, config, past, at_start, observer } = parts;
        let facts = venues.iter().map(|venue| VenueFacts {
            id: venue.id(),
            lifetime: venue.request_lifetime(),
            is_paced: venue.is_paced(),
        });
        let sequence = store.last_sequence();
        let session = Session::new(engine, facts.collect(), config.session, sequence, &past.submits);
        let snapshots = Snapshots::new(config.snapshot_every, config.on_error, past);
        let (tell, told) = mpsc::unbounded_channel();
        let (sender, controls) = mpsc::channel(MAX_CONTROLS);
        let (status, seen) = watch::channel(None);
        let (events, incoming) = mpsc::channel(MAX_EVENTS);
        let metrics = observer.as_ref().map_or_else(LiveMetrics::none, Observer::metrics);
        let names = venues.iter().map(|venue| venue.id()).collect();
        let watcher = observer.map(|observer| Watcher::new(observer, names, session.engine()));
        let writer = JournalWriter::observed(store, metrics);
        let durable = tokio::spawn(journal::pass_on(writer.durable(), sequence, tell.clone()));
        let pumps = venues.iter().map(|_| None).collect();
        Self {
            session,
            venues,
            effects: Vec::new(),
            ended: None,
            told,
            controls,
            at_start,
            snapshots,
            clock,
            watch: Watch::start(),
            writer: Some(writer),
            _durable: AbortOnDropHandle::new(durable),
            tell,
            handle: Handle { controls: sender, status: seen },
            status,
            status_at: None,
            requests: JoinSet::new(),
            events,
            incoming: Some(incoming),
            pumps,
            seed: config.seed,
            watcher,
        }
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    pub(super) fn now(&self) -> Now {
        self.watch.now(&*self.clock)
    }

    /// The instant of a time that the process has run.
    pub(super) fn instant(&self, running: algoflow_core::time::TimeDelta) -> Instant {
        self.watch.instant(running)
    }

    /// Trades until it ends.
    pub(super) async fn run(mut self) -> Result<Outcome, LiveError> {
        let result = if self.venues.iter().any(|venue| venue.is_paced()) {
            self.run_paced().await
        } else {
            self.run_live().await
        };
        self.finish(result).await
    }

    async fn run_live(&mut self) -> Result<(), LiveError> {
        let Some(mut events) = self.incoming.take() else { return Err(LiveError::Gone) };
        let now = self.now();
        self.session.begin(now, &mut self.effects)?;
        self.perform().await;
        for action in std::mem::take(&mut self.at_start) {
            self.take(self.at_once(action)).await?;
        }
        while self.ended.is_none() {
            let beat = self.next_beat();
            let wakeup = self.session.next_wakeup(self.now()).map(|at| self.watch.instant(at));
            let event = tokio::select! {
                biased;
                Some(event) = self.told.recv() => event,
                Some(wish) = self.controls.recv() => {
                    if let Some((event, owed)) = self.grant(wish) {
                        self.take(event).await?;
                        self.settle_up(owed);
                    }
                    continue;
                }
                Some(event) = events.recv() => event,
                () = sleep_until(wakeup) => Event::Tick,
                () = sleep_until(beat) => {
                    self.tell_status(true);
                    continue;
                }
            };
            self.take(event).await?;
            while self.requests.try_join_next().is_some() {}
        }
        Ok(())
    }

    /// What an operator's wish comes to: an event, and perhaps an answer that is owed.
    pub(super) fn grant(&mut self, wish: Wish) -> Option<(Event, Option<Owed>)> {
        match wish {
            Wish::Event(event) => Some((event, None)),
            Wish::Control(action, reply) => {
                let owed = Owed::new(reply, self.session.engine());
                Some((self.at_once(*action), Some(owed)))
            }
            Wish::Look(look) => {
                let status = self.standing();
                look(View { status: &status, engine: self.session.engine(), fills: self.snapshots.fills() });
                None
            }
        }
    }

    /// An action at the present time.
    pub(super) fn at_once(&self, action: ControlAction) -> Event {
        Event::Input(Box::new(input(action, self.session.clock(self.now()))))
    }

    pub(super) fn settle_up(&self, owed: Option<Owed>) {
        if let Some(owed) = owed {
            owed.pay(self.session.engine(), self.session.sequence());
        }
    }

    /// Gives the session an event, and those who watch what comes of it.
    pub(super) fn decide(&mut self, event: Event) -> Result<(), SessionError> {
        let now = self.now();
        let Some(watcher) = &mut self.watcher else {
            return self.session.handle(now, event, &mut self.effects);
        };
        let moment = watcher.begin(&event);
        let result = self.session.handle(now, event, &mut self.effects);
        watcher.decided(&moment, &self.effects, &self.session, now.wall);
        result
    }

    /// When those who watch are told at the latest that the task comes around.
    pub(super) fn next_beat(&self) -> Option<Instant> {
        self.watcher.as_ref()?;
        Some(self.status_at.unwrap_or_else(Instant::now) + BEAT)
    }

    /// Gives the session an event, and does what it wants.
    pub(super) async fn take(&mut self, event: Event) -> Result<(), LiveError> {
        let result = self.decide(event);
        self.perform().await;
        self.take_snapshot().await;
        self.tell_status(false);
        Ok(result?)
    }

    /// Takes a snapshot if it is time for it: everything that the engine acted on is in the queue of the journal.
    pub(super) async fn take_snapshot(&mut self) {
        if self.snapshots.is_written() {
            self.snapshots.save(self.writer.as_ref()).await;
        }
        self.snapshots.take_if_due(self.session.sequence(), self.session.engine());
    }

    async fn perform(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Append(entry) => self.append(*entry).await,
                Effect::Ask { request, venue, what } => {
                    if let Some(venue) = self.venues.get(venue).cloned() {
                        let tell = self.tell.clone();
                        let span =
                            self.watcher.as_ref().map_or_else(Span::none, |watcher| watcher.span_of(&what));
                        let asked = async move {
                            let answer = ask(&*venue, what).await;
                            let _ = tell.send(Event::Answer { request, answer });
                        };
                        self.requests.spawn(asked.instrument(span));
                    }
                }
                Effect::Subscribe { venue, wanted } => self.subscribe(venue, wanted),
                Effect::Alert { code, about, text } => tracing::warn!(code, about, "{text}"),
                Effect::Reconciled { .. } => {}
                Effect::Stopped { clean } => self.ended = Some(clean),
            }
        }
    }

    pub(super) async fn append(&mut self, entry: Entry) {
        self.snapshots.note(&entry, self.session.engine());
        if let Some(writer) = &self.writer {
            // A writer that is gone has said why.
            let _ = writer.append(entry).await;
        }
    }

    fn subscribe(&mut self, venue: usize, wanted: Vec<Subscription>) {
        let (Some(place), Some(pumped)) = (self.venues.get(venue), self.pumps.get_mut(venue)) else { return };
        let seed = self.seed.wrapping_add(venue as u64);
        let (place, events) = (Arc::clone(place), self.events.clone());
        // The old one ends when it is dropped.
        *pumped = Some(AbortOnDropHandle::new(tokio::spawn(pump(place, venue, wanted, events, seed))));
    }

    pub(super) fn tell_status(&mut self, always: bool) {
        let now = Instant::now();
        let due = self.status_at.is_none_or(|at| now.duration_since(at) >= STATUS_EVERY);
        if !(due || always) {
            return;
        }
        self.status_at = Some(now);
        let status = self.standing();
        let depths = self.depths();
        if let Some(watcher) = &mut self.watcher {
            watcher.look(&self.session, &status, depths);
        }
        self.status.send_replace(Some(status));
    }

    fn depths(&self) -> Depths {
        let events = self.events.max_capacity() - self.events.capacity();
        let controls = self.handle.controls.max_capacity() - self.handle.controls.capacity();
        [events, controls, self.writer.as_ref().map_or(0, JournalWriter::depth)]
    }

    fn standing(&self) -> Status {
        let (session, state) = (&self.session, self.session.engine().state());
        let venues = self.venues.iter().enumerate();
        let equity = state.portfolio.equity().ok();
        Status {
            phase: session.phase(),
            now: state.now,
            sequence: session.sequence(),
            durable: session.durable(),
            venues: venues.map(|(index, venue)| (venue.id(), session.is_ready(index))).collect(),
            open_orders: state.orders.open().count(),
            in_doubt: session.in_doubt().count(),
            equity: equity.map(|amount| Money::new(amount, state.portfolio.reporting_asset())),
        }
    }

    async fn finish(mut self, result: Result<(), LiveError>) -> Result<Outcome, LiveError> {
        for pumped in self.pumps.iter_mut().filter_map(Option::take) {
            pumped.abort();
            let _ = pumped.await;
        }
        self.requests.shutdown().await;
        if result.is_ok() {
            self.snapshots.save(self.writer.as_ref()).await;
            self.snapshots.take_last(self.session.sequence(), self.session.engine());
            self.snapshots.save(self.writer.as_ref()).await;
        }
        let written = match self.writer.take() {
            Some(writer) => match writer.shutdown().await {
                Ok(store) => store.close().await,
                Err(error) => Err(error),
            },
            None => Ok(()),
        };
        self.tell_status(true);
        result?;
        written?;
        let clean = self.ended.unwrap_or(false);
        let sequence = self.session.sequence();
        let (state, halts, _) = self.session.into_engine().into_state();
        Ok(Outcome { clean, sequence, state, halts })
    }
}

/// Asks a venue. If its connector panics nobody knows what became of it.
pub(super) async fn ask(venue: &dyn Venue, what: Request) -> Answer {
    let asked = AssertUnwindSafe(put(venue, what.clone())).catch_unwind().await;
    asked.unwrap_or_else(|panic| {
        let evidence = format!("the connector panicked: {}", words_of(&*panic));
        tracing::error!(venue = %venue.id(), "{evidence}");
        let error = VenueError::Unknown { evidence };
        match what {
            Request::Submit(_) | Request::Amend(_) | Request::Cancel(_) => Answer::Command(Err(error)),
            Request::Account { .. } => Answer::Account(Err(error)),
            Request::Order(_) => Answer::Order(Err(error)),
            Request::History(_) => Answer::History(Err(error)),
            Request::Time => Answer::Time(Err(error)),
        }
    })
}

async fn put(venue: &dyn Venue, what: Request) -> Answer {
    match what {
        Request::Submit(submit) => Answer::Command(venue.submit(&submit).await),
        Request::Amend(amend) => Answer::Command(venue.amend(&amend).await),
        Request::Cancel(order) => Answer::Command(venue.cancel(&order).await),
        Request::Account { since } => Answer::Account(venue.account(since).await.map(Box::new)),
        Request::Order(order) => Answer::Order(venue.order(&order).await.map(|report| report.map(Box::new))),
        Request::History(request) => Answer::History(venue.history(&request).await),
        Request::Time => Answer::Time(venue.time().await),
    }
}

pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
