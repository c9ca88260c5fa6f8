use std::sync::Arc;

use algoflow_core::{
    id::{Asset, StrategyId},
    ledger::AccountKind,
    strategy::Strategy,
    time::Timestamp,
    venue::Venue,
};
use algoflow_execution::{ControlAction, Engine, EngineError, ErrorPolicy, Input, journal::Ending};

use super::{
    Clock, Guarded, Handle, LiveError, Observer, Outcome, SystemClock,
    run::{Parts, Runner},
    snapshot::{self, Past},
    wish::input,
};
use crate::{
    journal::{Entry, Record, SCHEMA_VERSION, SessionStart, Store},
    paper::PaperVenue,
    session::SessionConfig,
};

/// After how many entries of the journal a snapshot is taken, unless the settings say otherwise.
pub const SNAPSHOT_EVERY: u64 = 100_000;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    /// The number of the run, which is in the ids of its orders. Runs that trade through one account need different ones.
    pub run: u32,
    /// What everything is valued in.
    pub reporting: Asset,
    /// A digest of the configuration, for the journal.
    pub fingerprint: String,
    /// How venues and the journal are dealt with.
    pub session: SessionConfig,
    /// What becomes of the positions of a strategy that fails.
    pub on_error: ErrorPolicy,
    /// After how many entries of the journal a snapshot is taken, from which the next process goes on; one more is taken at the end of
    /// trading. `None`: none is taken and none is used, and the whole journal is replayed.
    pub snapshot_every: Option<u64>,
    /// Seeds what is drawn at random: pauses before a new connection.
    pub seed: u64,
}

impl LiveConfig {
    /// The settings of run 1 that reports in `reporting`.
    #[must_use]
    pub fn new(reporting: Asset) -> Self {
        Self {
            run: 1,
            reporting,
            fingerprint: String::new(),
            session: SessionConfig::default(),
            on_error: ErrorPolicy::default(),
            snapshot_every: Some(SNAPSHOT_EVERY),
            seed: 0,
        }
    }
}

/// Trading that is ready to begin.
pub struct Ready(Runner);

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

impl Ready {
    /// Steers it.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.0.handle()
    }

    /// Trades until it ends: recorded data come to their end, or the [handle](Handle) stops it.
    ///
    /// # Errors
    /// [`LiveError`]: what ended at once. What was durable is in the journal.
    pub async fn run(self) -> Result<Outcome, LiveError> {
        self.0.run().await
    }
}

struct Place {
    venue: Arc<dyn Venue>,
    paper: Option<PaperVenue>,
    kind: AccountKind,
}

/// Trading, before it begins: venues, strategies, a journal.
pub struct Live {
    config: LiveConfig,
    clock: Arc<dyn Clock>,
    store: Option<Box<dyn Store>>,
    places: Vec<Place>,
    strategies: Vec<(String, Box<dyn Strategy>)>,
    setup: Vec<ControlAction>,
    at_start: Vec<ControlAction>,
    observer: Option<Observer>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Live {
    /// With these settings.
    #[must_use]
    pub fn new(config: LiveConfig) -> Self {
        Self {
            config,
            clock: Arc::new(SystemClock),
            store: None,
            places: Vec::new(),
            strategies: Vec::new(),
            setup: Vec::new(),
            at_start: Vec::new(),
            observer: None,
        }
    }

    /// With somebody who watches: metrics, health, alerts.
    #[must_use]
    pub fn observe(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// With this journal. If it holds a run, that run goes on.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// With another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// With this venue, and an account of this kind there.
    #[must_use]
    pub fn venue(self, venue: impl Venue + 'static, kind: AccountKind) -> Self {
        self.shared_venue(Arc::new(venue), kind)
    }

    /// The same for a venue of a kind that is not known before.
    #[must_use]
    pub fn shared_venue(mut self, venue: Arc<dyn Venue>, kind: AccountKind) -> Self {
        self.places.push(Place { venue, paper: None, kind });
        self
    }

    /// With a paper venue, which is brought to where it stood when a run goes on.
    #[must_use]
    pub fn paper(mut self, venue: PaperVenue) -> Self {
        let kind = venue.account_kind();
        self.places.push(Place { venue: Arc::new(venue.clone()), paper: Some(venue), kind });
        self
    }

    /// With this strategy under a name of its own. If it fails or [panics](Guarded) it is halted, and the others trade on.
    #[must_use]
    pub fn strategy(self, name: &str, strategy: impl Strategy + 'static) -> Self {
        self.boxed_strategy(name, Box::new(strategy))
    }

    /// The same for a strategy of a kind that is not known before.
    #[must_use]
    pub fn boxed_strategy(mut self, name: &str, strategy: Box<dyn Strategy>) -> Self {
        self.strategies.push((name.to_owned(), Box::new(Guarded::new(strategy))));
        self
    }

    /// With this from the beginning of a new journal on: limits, for one. A run that goes on has it in its journal.
    #[must_use]
    pub fn setup(mut self, action: ControlAction) -> Self {
        self.setup.push(action);
        self
    }

    /// With this before anything else that happens in this process.
    #[must_use]
    pub fn at_start(mut self, action: ControlAction) -> Self {
        self.at_start.push(action);
        self
    }

    /// Trades until it ends: recorded data come to their end, or the [handle](Handle) given to `with` stops it.
    ///
    /// # Errors
    /// [`LiveError`]: what could not begin, or ended at once. What was durable is in the journal.
    pub async fn run_with(self, with: impl FnOnce(Handle)) -> Result<Outcome, LiveError> {
        let ready = self.ready().await?;
        with(ready.handle());
        ready.run().await
    }

    /// Brings everything to where it stood if the journal holds a run, so that trading can begin.
    ///
    /// # Errors
    /// [`LiveError`]: what could not begin.
    pub async fn ready(self) -> Result<Ready, LiveError> {
        self.prepare().await.map(Ready)
    }

    /// Trades until it ends.
    ///
    /// # Errors
    /// As [`Live::run_with`].
    pub async fn run(self) -> Result<Outcome, LiveError> {
        self.run_with(|_| {}).await
    }

    /// Sets the engine up, and brings it to where it stood if the journal holds a run.
    async fn prepare(mut self) -> Result<Runner, LiveError> {
        let mut store =
            self.store.take().ok_or_else(|| LiveError::Setup("a journal is missing".to_owned()))?;
        self.check()?;
        let mut engine = Engine::new(self.config.run, self.config.reporting);
        let mut names = Vec::new();
        for (name, strategy) in std::mem::take(&mut self.strategies) {
            let id: StrategyId = name.parse().map_err(algoflow_core::error::InstrumentError::from)?;
            engine.add_strategy(id, strategy)?;
            names.push(id);
        }
        engine.tolerate()?;
        engine.set_error_policy(self.config.on_error);
        self.config.snapshot_every = self.snapshot_every(&engine);
        let mut past = Past::default();
        let mut setup = Vec::new();
        if store.last_sequence() == 0 {
            setup = self.set_up().await?;
            for input in &setup {
                engine.process(input, &mut Vec::new())?;
            }
        } else {
            past = self.recover(&mut *store, &mut engine, &names).await?;
        }
        let start = SessionStart {
            sequence: store.last_sequence() + 1,
            run: self.config.run,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA_VERSION,
            configuration: self.config.fingerprint.clone(),
            at: self.clock.wall(),
            setup,
            strategies: names,
        };
        store.append(&[start.into()]).await?;
        let venues = self.places.into_iter().map(|place| place.venue).collect();
        Ok(Runner::new(Parts {
            engine,
            venues,
            store,
            clock: self.clock,
            config: self.config,
            past,
            at_start: self.at_start,
            observer: self.observer,
        }))
    }

    fn check(&self) -> Result<(), LiveError> {
        let setup = |what: &str| Err(LiveError::Setup(what.to_owned()));
        if self.places.is_empty() {
            return setup("a venue is missing");
        }
        if self.strategies.is_empty() {
            return setup("a strategy is missing");
        }
        let paced = self.places.iter().filter(|place| place.venue.is_paced()).count();
        if paced != 0 && paced != self.places.len() {
            return setup(
                "recorded and live data do not go together: time stands still between the one and not the other",
            );
        }
        let mut names: Vec<_> = self.places.iter().map(|place| place.venue.id()).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != self.places.len() {
            return setup("two venues have the same name");
        }
        Ok(())
    }

    /// What the engine is given first.
    async fn set_up(&self) -> Result<Vec<Input>, LiveError> {
        let mut setup = Vec::new();
        for Place { venue, kind, .. } in &self.places {
            let id = venue.id();
            let capabilities = venue.capabilities().clone();
            setup.push(Input::Venue { id, capabilities, account: *kind });
            let instruments = venue.instruments().await;
            let instruments = instruments.map_err(|source| LiveError::Venue { venue: id, source })?;
            setup.extend(instruments.into_iter().map(|spec| Input::Instrument(Box::new(spec))));
        }
        setup.extend(self.setup.iter().map(|action| input(action.clone(), Timestamp::MIN)));
        Ok(setup)
    }

    /// After how many entries snapshots are taken (V3 of snapshots).
    fn snapshot_every(&self, engine: &Engine) -> Option<u64> {
        let every = self.config.snapshot_every?.max(1);
        if let Some(place) = self.places.iter().find(|place| place.paper.is_some()) {
            tracing::info!(venue = %place.venue.id(), "no snapshots are taken: the venue is simulated");
            return None;
        }
        match engine.can_be_saved() {
            Ok(()) => Some(every),
            Err(error) => {
                tracing::info!(code = error.code(), "no snapshots are taken: {error}");
                None
            }
        }
    }

    /// Brings the engine to where the newest snapshot that is of it stands. What it leads to, and the entry that comes next.
    async fn start_from_snapshot(
        &self,
        store: &mut dyn Store,
        engine: &mut Engine,
    ) -> Result<(Past, u64), LiveError> {
        let from_the_beginning = (Past::default(), 1);
        if self.config.snapshot_every.is_none() {
            return Ok(from_the_beginning);
        }
        let Some(found) = store.latest_snapshot().await? else { return Ok(from_the_beginning) };
        let sequence = found.sequence;
        match snapshot::restore(&found, engine, self.config.on_error) {
            Ok(past) => {
                tracing::info!(sequence, "goes on from a snapshot");
                Ok((past, sequence.saturating_add(1)))
            }
            Err(reason) => {
                tracing::warn!(sequence, "replays the whole journal, the snapshot is not used: {reason}");
                Ok(from_the_beginning)
            }
        }
    }

    /// Replays the journal from the newest snapshot on: the engine has to want the same again.
    async fn recover(
        &self,
        store: &mut dyn Store,
        engine: &mut Engine,
        names: &[StrategyId],
    ) -> Result<Past, LiveError> {
        let (mut past, mut next) = self.start_from_snapshot(store, engine).await?;
        loop {
            let entries = store.read(next).await?;
            let Some(last) = entries.last() else { break };
            next = last.sequence() + 1;
            for entry in entries {
                match entry {
                    Entry::Start(start) => begin(engine, &start, names)?,
                    Entry::Record(record) => self.again(engine, record, &mut past)?,
                    _ => {}
                }
            }
        }
        Ok(past)
    }

    fn again(&self, engine: &mut Engine, record: Record, past: &mut Past) -> Result<(), LiveError> {
        let mut commands = Vec::new();
        let result = engine.process(&record.input, &mut commands);
        let _ = (engine.take_denials(), engine.take_anomalies());
        let same = commands == record.commands && result.is_ok() == (record.ending == Ending::Done);
        if !same {
            return Err(EngineError::Diverged {
                input: record.sequence,
                command: 1,
                replayed: format!("{commands:?}"),
                recorded: format!("{:?}", record.commands),
            }
            .into());
        }
        result?;
        past.note_record(&record, engine);
        for place in &self.places {
            if let Some(paper) = &place.paper {
                paper.rebuild([&record])?;
            }
        }
        Ok(())
    }
}

/// The beginning of a process: the setup counts for the first one.
fn begin(engine: &mut Engine, start: &SessionStart, names: &[StrategyId]) -> Result<(), LiveError> {
    if start.strategies != names {
        let list =
            |names: &[StrategyId]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(LiveError::Strategies { recorded: list(&start.strategies), given: list(names) });
    }
    for input in &start.setup {
        engine.process(input, &mut Vec::new())?;
    }
    Ok(())
}
