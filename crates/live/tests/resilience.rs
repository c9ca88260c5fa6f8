//! What the driver does when venues are late, mute, wrong about the time, or panic, and when strategies do.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex, MutexGuard};

use algoflow_core::{
    capabilities::Capabilities,
    command::{Amend, OrderRef, Submit},
    error::VenueError,
    id::VenueOrderId,
    ledger::AccountKind,
    market::MarketData,
    prelude::*,
    venue::{AccountSnapshot, Ack, BalanceReport, EventStream, HistoryRequest, Venue, VenueEvent},
};
use algoflow_live::{
    driver::{Clock, Handle, Live, LiveConfig, Observer, Outcome, QUEUES, Status},
    journal::{Faults, MemoryDisk, MemoryStore},
    telemetry::{Health, LiveMetrics, MetricLabels, MetricRegistry, Redactor},
};
use async_trait::async_trait;
use tokio::{sync::mpsc, time::Instant};

/// The wall clock as the runtime's, which stands still while a test does nothing.
#[derive(Clone, Copy)]
struct TestClock(Instant);

impl Clock for TestClock {
    fn wall(&self) -> Timestamp {
        let nanos = i64::try_from(self.0.elapsed().as_nanos()).unwrap();
        begin().saturating_add(TimeDelta::from_nanos(nanos))
    }
}

fn begin() -> Timestamp {
    "2026-03-02T10:00:30Z".parse().unwrap()
}

fn spy() -> Instrument {
    Instrument::equity("SPY.X", "USD").unwrap()
}

fn bar(minutes_ago: i64, close: &str) -> MarketData {
    let ts_close =
        begin().saturating_sub(TimeDelta::seconds(30)).saturating_sub(TimeDelta::minutes(minutes_ago));
    let price: Price = close.parse().unwrap();
    Bar {
        instrument: spy().id,
        spec: BarSpec::minutes(1),
        ts_open: ts_close.saturating_sub(TimeDelta::minutes(1)),
        ts_close,
        ts_recv: ts_close,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Quantity::ONE,
    }
    .into()
}

#[derive(Default)]
struct State {
    stream: Option<mpsc::UnboundedSender<VenueEvent>>,
    subscribed: usize,
    history: Vec<MarketData>,
    asked: Vec<HistoryRequest>,
    skew: TimeDelta,
    submits: Vec<Submit>,
    down: bool,
    stumbles: bool,
    falls: bool,
}

/// A venue that does what a test says.
#[derive(Clone)]
struct Scripted {
    state: Arc<Mutex<State>>,
    clock: TestClock,
    capabilities: Capabilities,
}

impl Scripted {
    fn new(history: Vec<MarketData>) -> Self {
        let state = Arc::new(Mutex::new(State { history, ..State::default() }));
        Self { state, clock: TestClock(Instant::now()), capabilities: Capabilities::all_native() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn tell(&self, event: impl Into<MarketData>) {
        self.state().stream.as_ref().unwrap().send(VenueEvent::Market(event.into())).unwrap();
    }

    fn quote(&self) {
        let (at, instrument) = (self.clock.wall(), spy().id);
        let (bid, ask, size) = ("10".parse().unwrap(), "10.1".parse().unwrap(), Quantity::ONE);
        self.tell(Quote { instrument, ts_event: at, ts_recv: at, bid, ask, bid_size: size, ask_size: size });
    }

    fn trade(&self) {
        let (at, instrument) = (self.clock.wall(), spy().id);
        let price = "10".parse().unwrap();
        self.tell(Trade {
            instrument,
            ts_event: at,
            ts_recv: at,
            price,
            quantity: Quantity::ONE,
            aggressor: None,
        });
    }
}

#[async_trait]
impl Venue for Scripted {
    fn id(&self) -> VenueId {
        spy().venue()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        Ok(vec![spy()])
    }
    async fn subscribe(&self, _: &[Subscription]) -> Result<EventStream, VenueError> {
        if self.state().down {
            return Err(VenueError::Connection { reason: "it is down".to_owned() });
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(VenueEvent::Connected).unwrap();
        let mut state = self.state();
        (state.stream, state.subscribed) = (Some(sender), state.subscribed + 1);
        drop(state);
        let this = self.clone();
        Ok(Box::pin(futures_util::stream::unfold((receiver, this), |(mut receiver, this)| async move {
            let event = receiver.recv().await?;
            assert!(!std::mem::take(&mut this.state().stumbles), "a connector that stumbles");
            Some((event, (receiver, this)))
        })))
    }
    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError> {
        self.state().submits.push(*order);
        assert!(!self.state().falls, "a connector that falls");
        Ok(Ack { venue_order: Some(VenueOrderId::new("1")), ts_event: self.clock.wall() })
    }
    async fn amend(&self, _: &Amend) -> Result<Ack, VenueError> {
        Ok(Ack { venue_order: None, ts_event: self.clock.wall() })
    }
    async fn cancel(&self, _: &OrderRef) -> Result<Ack, VenueError> {
        Ok(Ack { venue_order: None, ts_event: self.clock.wall() })
    }
    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        let balance = BalanceReport {
            asset: "USD".parse().unwrap(),
            total: Decimal::from(1_000),
            locked: Decimal::ZERO,
        };
        Ok(AccountSnapshot {
            balances: vec![balance],
            complete_since: since,
            watermark: self.clock.wall(),
            ..AccountSnapshot::default()
        })
    }
    async fn history(&self, request: &HistoryRequest) -> Result<Vec<MarketData>, VenueError> {
        self.state().asked.push(request.clone());
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        Ok(self.state().history.clone())
    }
    async fn time(&self) -> Result<Timestamp, VenueError> {
        Ok(self.clock.wall().saturating_add(self.state().skew))
    }
}

/// What a strategy was told of, and what it should do.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Witness {
    log: Log,
    buys: bool,
    panics: bool,
}

impl Strategy for Witness {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(spy().id, BarSpec::minutes(1)))?;
        ctx.subscribe(Subscription::Quotes(spy().id))?;
        ctx.subscribe(Subscription::Trades(spy().id))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.log.0.lock().unwrap().push(format!("bar {}", bar.close));
        // During a warm-up this comes to nothing.
        if self.buys { ctx.buy(bar.instrument, Quantity::ONE).submit().map(drop) } else { Ok(()) }
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.log.0.lock().unwrap().push("trade".to_owned());
        assert!(!self.panics, "a strategy that falls");
        if self.buys { ctx.buy(trade.instrument, Quantity::ONE).submit().map(drop) } else { Ok(()) }
    }
    fn on_order(&mut self, _: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        self.log.0.lock().unwrap().push({
            let kind = format!("{:?}", event.kind);
            format!("order {}", kind.split([' ', '{', '(']).next().unwrap())
        });
        Ok(())
    }
}

struct Run {
    venue: Scripted,
    handle: Handle,
    disk: MemoryDisk,
    done: tokio::task::JoinHandle<Outcome>,
}

impl Run {
    async fn start(venue: Scripted, strategies: impl IntoIterator<Item = Witness>) -> Self {
        Self::begin(venue, strategies, &MemoryDisk::default()).await
    }

    async fn begin(
        venue: Scripted,
        strategies: impl IntoIterator<Item = Witness>,
        disk: &MemoryDisk,
    ) -> Self {
        Self::observed(venue, strategies, disk, Observer::new(LiveMetrics::none())).await
    }

    async fn observed(
        venue: Scripted,
        strategies: impl IntoIterator<Item = Witness>,
        disk: &MemoryDisk,
        observer: Observer,
    ) -> Self {
        let mut config = LiveConfig::new("USD".parse().unwrap());
        config.session.cancel_on_stop = false;
        let mut live = Live::new(config)
            .store(MemoryStore::open(disk, Faults::none()).unwrap())
            .observe(observer)
            .clock(venue.clock)
            .venue(venue.clone(), AccountKind::Cash);
        for (index, strategy) in strategies.into_iter().enumerate() {
            live = live.strategy(&format!("s{index}"), strategy);
        }
        let ready = live.ready().await.unwrap();
        let handle = ready.handle();
        let done = tokio::spawn(async move { ready.run().await.unwrap() });
        Self { venue, handle, disk: disk.clone(), done }
    }

    async fn wait(&self, seconds: u64) {
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
    }

    async fn status(&self) -> Status {
        self.handle.look(|view| view.status.clone()).await.unwrap()
    }

    async fn is_ready(&self) -> bool {
        self.status().await.venues[0].1
    }

    async fn stop(self) -> Outcome {
        self.handle.stop().await.unwrap();
        self.done.await.unwrap()
    }
}

fn witness(log: &Log) -> Witness {
    Witness { log: log.clone(), buys: false, panics: false }
}

fn told(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.0.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn n9_strategies_know_the_past_before_the_present_and_do_not_trade_on_it() {
    let log = Log::default();
    // Not in order, one twice, one that is not complete yet.
    let history = vec![bar(1, "3"), bar(2, "2"), bar(0, "4"), bar(2, "2"), bar(3, "1"), bar(-1, "9")];
    let venue = Scripted::new(history);
    let run = Run::start(venue, [Witness { buys: true, ..witness(&log) }]).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    // While the past is on its way the present waits.
    run.venue.trade();
    run.venue.tell(bar(0, "4"));
    run.wait(2).await;
    let heard = told(&log);
    assert_eq!(&heard[..5], ["bar 1", "bar 2", "bar 3", "bar 4", "trade"], "{heard:?}");
    assert_eq!(run.venue.state().submits.len(), 1, "only the trade led to an order");
    let asked = run.venue.state().asked.clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].to.since(asked[0].from), TimeDelta::minutes(500));

    // The connection is lost for a while: what is missing is told, and nothing else.
    // The minute in which it was lost is known as far as it was seen.
    run.venue.state().history.push(bar(-2, "6"));
    run.venue.state().down = true;
    run.venue.state().stream = None;
    run.wait(150).await;
    run.venue.state().down = false;
    run.wait(60).await;
    let heard: Vec<_> = told(&log).into_iter().filter(|line| line.starts_with("bar")).collect();
    assert_eq!(heard, ["bar 10", "bar 6"]);
    run.stop().await;
}

#[tokio::test(start_paused = true)]
async fn n8_a_subscription_that_is_mute_makes_its_venue_uncertain_until_it_is_heard_again() {
    let log = Log::default();
    let run = Run::start(Scripted::new(Vec::new()), [witness(&log)]).await;
    run.wait(1).await;
    let subscribed = run.venue.state().subscribed;
    assert!(run.is_ready().await);
    // Trades come, quotes do not.
    for _ in 0..40 {
        run.venue.trade();
        run.wait(10).await;
    }
    assert!(!run.is_ready().await);
    assert_eq!(run.venue.state().subscribed, subscribed + 1);
    run.venue.quote();
    run.wait(2).await;
    assert!(run.is_ready().await);
    run.stop().await;
}

#[tokio::test(start_paused = true)]
async fn n10_nothing_begins_while_the_clocks_differ() {
    let log = Log::default();
    let venue = Scripted::new(Vec::new());
    venue.state().skew = TimeDelta::seconds(5);
    let run = Run::start(venue, [witness(&log)]).await;
    run.wait(30).await;
    assert!(!run.is_ready().await);
    run.venue.state().skew = TimeDelta::millis(-300);
    // Not at the moment at which the venue, of which nothing is heard, is subscribed to anew.
    run.wait(80).await;
    run.venue.trade();
    run.wait(1).await;
    assert!(run.is_ready().await);
    assert_eq!(told(&log), ["trade"]);
    run.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_is_asked_what_became_of_it() {
    let log = Log::default();
    let run = Run::start(Scripted::new(Vec::new()), [Witness { buys: true, ..witness(&log) }]).await;
    run.wait(1).await;
    // Its stream: it is subscribed to again.
    let subscribed = run.venue.state().subscribed;
    run.venue.state().stumbles = true;
    run.venue.quote();
    run.wait(2).await;
    assert_eq!(run.venue.state().subscribed, subscribed + 1);
    assert!(run.is_ready().await);
    // A request: nobody knows what became of the order, until the account has shown for long enough that it is not there.
    run.venue.state().falls = true;
    run.venue.trade();
    run.wait(200).await;
    // Meanwhile bars go on, and orders that do not reduce are denied.
    let mut heard = told(&log);
    heard.retain(|line| !line.starts_with("bar") && line != "order Denied");
    assert_eq!(heard, ["trade", "order OutcomeUnknown", "order Rejected"]);
    assert_eq!(run.venue.state().submits.len(), 1, "it is not sent again");
    assert_eq!(run.status().await.in_doubt, 0);
    run.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_strategy_that_panics_is_halted_and_the_other_trades_on() {
    let (clumsy, sound) = (Log::default(), Log::default());
    let strategies =
        [Witness { panics: true, ..witness(&clumsy) }, Witness { buys: true, ..witness(&sound) }];
    let run = Run::start(Scripted::new(Vec::new()), strategies).await;
    run.wait(1).await;
    run.venue.trade();
    run.wait(1).await;
    run.venue.trade();
    run.wait(1).await;
    assert_eq!(told(&clumsy), ["trade"]);
    assert_eq!(run.venue.state().submits.len(), 2);
    let disk = run.disk.clone();
    let outcome = run.stop().await;
    assert!(outcome.halts[0].reason.contains("panicked: a strategy that falls"), "{:?}", outcome.halts);
    // The panic is in the journal, and a replay comes to the same.
    let strategies =
        [Witness { panics: true, ..witness(&clumsy) }, Witness { buys: true, ..witness(&sound) }];
    let again = Run::begin(Scripted::new(Vec::new()), strategies, &disk).await;
    assert_eq!(again.handle.look(|view| view.engine.halts().len()).await.unwrap(), 1);
    again.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_told() {
    let (registry, log, alerts) = (MetricRegistry::new(), Log::default(), Log::default());
    let labels = MetricLabels {
        venues: vec![spy().venue()],
        queues: QUEUES.to_vec(),
        currencies: vec!["USD".parse().unwrap()],
    };
    let metrics = LiveMetrics::new(Arc::new(registry.clone()), &labels);
    let health = Health::new(std::time::Duration::from_secs(30), &Redactor::new());
    let told_alerts = alerts.clone();
    let observer = Observer::new(metrics).health(health.clone()).alert(move |alert| {
        told_alerts.0.lock().unwrap().push(alert.key);
    });
    let venue = Scripted::new(Vec::new());
    let disk = MemoryDisk::default();
    let strategies = [Witness { buys: true, ..witness(&log) }, Witness { panics: true, ..witness(&log) }];
    let run = Run::observed(venue, strategies, &disk, observer).await;
    run.wait(2).await;
    assert!(health.readiness().ready, "{:?}", health.readiness());
    run.venue.trade();
    run.wait(1).await;
    run.venue.state().down = true;
    run.venue.state().stream = None;
    run.wait(2).await;
    let readiness = health.readiness();
    assert!(readiness.waiting_for["venue X"].contains("the stream ended"), "{readiness:?}");
    run.venue.state().down = false;
    run.wait(60).await;
    assert!(health.readiness().ready && health.liveness().alive);
    let keys = told(&alerts);
    for key in ["STRATEGY_HALTED s1", "VENUE_DOWN X", "VENUE_READY X"] {
        assert!(keys.iter().any(|known| known == key), "{key} in {keys:?}");
    }
    let text = registry.render();
    for line in [
        "algoflow_tick_to_order_seconds_count 1\n",
        "algoflow_ack_latency_seconds_count{venue=\"X\"}",
        "algoflow_events_total{kind=\"market\",venue=\"X\"} 1\n",
        "algoflow_reconnects_total{venue=\"X\"}",
        "algoflow_connected{venue=\"X\"} 1\n",
        "algoflow_equity{currency=\"USD\"} 1000\n",
        "algoflow_risk_state{state=\"active\"} 1\n",
        "algoflow_journal_records_total",
        "algoflow_queue_depth{queue=\"events\"} 0\n",
        "algoflow_reconciliations_total{outcome=\"clean\",venue=\"X\"}",
        "algoflow_clock_skew_seconds{venue=\"X\"} 0\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    run.stop().await;
}
