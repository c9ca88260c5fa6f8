//! What a run tells while it trades: metrics, health, spans, alerts.
//!
//! - **O1** Nothing here decides anything. Who observes nothing pays for nothing.
//! - **O2** Alerts have stable codes: those of the session and of reconciliation, the codes of risk limits, and `TRADING_*`,
//!   `VENUE_READY`, `STRATEGY_HALTED`. What is told twice of the same venue, strategy or instrument has the same key.
//! - **O3** The heart beats when the task that decides has come around, every [`BEAT`] at least.

use std::{collections::BTreeMap, time::Duration};

use algoflow_core::{
    Decimal,
    command::Command,
    id::{OrderId, VenueId},
    number::Money,
    order::OrderStatus,
    time::Timestamp,
    trading::{Standing, TradingState},
    venue::VenueEvent,
};
use algoflow_execution::{Engine, risk::RiskEventKind};
use indexmap::IndexMap;
use tokio::time::Instant;
use tracing::Span;

use super::Status;
use crate::{
    alerts::{Alert, AlertLevel},
    journal::Entry,
    session::{Answer, Effect, Event, Phase, Request, RequestId, Session},
    telemetry::{self, EventKind, Health, LiveMetrics, MAX_TRACED, OrderTrace, TraceOutcome},
};

/// How often the heart beats at least.
pub const BEAT: Duration = Duration::from_secs(1);

/// The queues of the driver, as the label `queue` of `algoflow_queue_depth` names them.
pub const QUEUES: [&str; 3] = ["events", "controls", "journal"];

/// Receives alerts.
type Alarm = Box<dyn Fn(Alert) + Send>;

/// Who watches a run: see [`Live::observe`](super::Live::observe).
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use algoflow_live::{driver::{Observer, QUEUES}, telemetry::{Health, LiveMetrics, MetricLabels, MetricRegistry, Redactor}};
///
/// let registry = MetricRegistry::new();
/// let labels = MetricLabels { queues: QUEUES.to_vec(), ..MetricLabels::default() };
/// let metrics = LiveMetrics::new(Arc::new(registry.clone()), &labels);
/// let health = Health::new(Duration::from_secs(30), &Redactor::new());
/// let observer = Observer::new(metrics).health(health).alert(|alert| eprintln!("{}", alert.plain()));
/// # let _ = observer;
/// ```
pub struct Observer {
    metrics: LiveMetrics,
    health: Option<Health>,
    alarm: Option<Alarm>,
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").field("health", &self.health).finish_non_exhaustive()
    }
}

impl Observer {
    /// One that counts and measures.
    #[must_use]
    pub fn new(metrics: LiveMetrics) -> Self {
        Self { metrics, health: None, alarm: None }
    }

    /// Which also says whether all is well: the conditions `trading`, `journal` and one for each venue.
    #[must_use]
    pub fn health(mut self, health: Health) -> Self {
        self.health = Some(health);
        self
    }

    /// Which also hands alerts over: to [`AlertSender::alert`](crate::alerts), for one. What it calls must not wait.
    #[must_use]
    pub fn alert(mut self, alarm: impl Fn(Alert) + Send + 'static) -> Self {
        self.alarm = Some(Box::new(alarm));
        self
    }

    /// What the writer of the journal measures with.
    pub(super) fn metrics(&self) -> LiveMetrics {
        self.metrics.clone()
    }
}

/// A request that is under way.
struct Sent {
    venue: VenueId,
    order: Option<OrderId>,
    at: Instant,
}

/// An event that is being decided on.
pub(super) struct Moment {
    at: Instant,
    span: Span,
    is_market: bool,
}

/// How far the queues are filled, in the order of [`QUEUES`].
pub(super) type Depths = [usize; QUEUES.len()];

/// What an observer has seen so far.
pub(super) struct Watcher {
    observer: Observer,
    venues: Vec<VenueId>,
    trace: OrderTrace,
    /// When the market data arrived that led to an order.
    arrived: IndexMap<OrderId, Instant>,
    sent: BTreeMap<RequestId, Sent>,
    /// The last event of risk management that was told.
    risk: u64,
    halts: usize,
    peak: Option<Decimal>,
    connected_before: Vec<bool>,
    mute: Vec<String>,
    journal_failed: bool,
}

impl Watcher {
    pub(super) fn new(observer: Observer, venues: Vec<VenueId>, engine: &Engine) -> Self {
        let connected_before = vec![false; venues.len()];
        Self {
            observer,
            venues,
            trace: OrderTrace::new(),
            arrived: IndexMap::new(),
            sent: BTreeMap::new(),
            // What a journal tells is old.
            risk: engine.risk_events().next_back().map_or(0, |event| event.number),
            halts: engine.halts().len(),
            peak: None,
            connected_before,
            mute: Vec::new(),
            journal_failed: false,
        }
    }

    fn venue(&self, index: usize) -> Option<VenueId> {
        self.venues.get(index).copied()
    }

    /// An event is about to be decided on.
    pub(super) fn begin(&mut self, event: &Event) -> Moment {
        let at = Instant::now();
        let mut moment = Moment { at, span: Span::none(), is_market: false };
        match event {
            Event::Venue { venue, event } => {
                let Some(id) = self.venue(*venue) else { return moment };
                let kind = EventKind::from(event);
                self.observer.metrics.events(id, kind);
                let (name, instrument) = match event {
                    VenueEvent::Market(data) => ("market", Some(data.instrument())),
                    VenueEvent::Order(event) => ("order", Some(event.instrument)),
                    _ => ("other", None),
                };
                moment.is_market = kind == EventKind::Market;
                moment.span = OrderTrace::event(id, name, instrument);
                self.connection(*venue, id, event);
            }
            Event::Answer { request, answer } => self.answered(*request, answer),
            Event::JournalFailed { .. } => self.journal_failed = true,
            _ => {}
        }
        moment
    }

    fn connection(&mut self, index: usize, id: VenueId, event: &VenueEvent) {
        match event {
            VenueEvent::Connected => {
                self.observer.metrics.connected(id, true);
                if let Some(before) = self.connected_before.get_mut(index)
                    && std::mem::replace(before, true)
                {
                    self.observer.metrics.reconnects(id);
                }
            }
            VenueEvent::Disconnected { .. } => self.observer.metrics.connected(id, false),
            _ => {}
        }
    }

    fn answered(&mut self, request: RequestId, answer: &Answer) {
        let Some(Sent { venue, order, at }) = self.sent.remove(&request) else { return };
        self.observer.metrics.ack_latency(venue, nanos(at));
        if let (Some(order), Answer::Command(result)) = (order, answer) {
            let outcome = match result {
                Ok(_) => TraceOutcome::Acknowledged,
                Err(error) if !error.had_no_effect() => TraceOutcome::Unknown,
                Err(algoflow_core::error::VenueError::Rejected { .. }) => TraceOutcome::Rejected,
                Err(_) => TraceOutcome::NotSent,
            };
            self.trace.answered(order, outcome);
        }
    }

    /// It is decided.
    pub(super) fn decided(
        &mut self,
        moment: &Moment,
        effects: &[Effect],
        session: &Session,
        wall: Timestamp,
    ) {
        self.observer.metrics.decision(nanos(moment.at));
        for effect in effects {
            match effect {
                Effect::Append(entry) => self.written(moment, entry),
                Effect::Ask { request, venue, what } => self.asked(*request, *venue, what),
                Effect::Alert { code, about, text } => {
                    self.alert(wall, level_of(code), code, about, code, text)
                }
                Effect::Reconciled { venue, outcome } => {
                    if let Some(id) = self.venue(*venue) {
                        self.observer.metrics.reconciliations(id, *outcome);
                    }
                }
                Effect::Subscribe { .. } | Effect::Stopped { .. } => {}
            }
        }
        self.tell_risk(session.engine(), wall);
    }

    fn written(&mut self, moment: &Moment, entry: &Entry) {
        let Entry::Record(record) = entry else { return };
        for command in &record.commands {
            self.trace.decided(&moment.span, command);
            if moment.is_market && !matches!(command, Command::Cancel(_)) {
                if self.arrived.len() >= MAX_TRACED {
                    self.arrived.shift_remove_index(0);
                }
                self.arrived.insert(command.order(), moment.at);
            }
        }
        for denied in &record.denied {
            if let algoflow_core::order::OrderEventKind::Denied { code, .. } = &denied.kind {
                self.observer.metrics.denials(&code.to_string());
            }
        }
    }

    fn asked(&mut self, request: RequestId, venue: usize, what: &Request) {
        let Some(venue) = self.venue(venue) else { return };
        let order = match what {
            Request::Submit(submit) => Some(submit.order),
            Request::Amend(amend) => Some(amend.order),
            Request::Cancel(order) => Some(order.order),
            _ => None,
        };
        if let Some(order) = order {
            self.trace.sent(order);
            if let Some(at) = self.arrived.swap_remove(&order) {
                self.observer.metrics.tick_to_order(nanos(at));
            }
        }
        if self.sent.len() >= MAX_TRACED {
            self.sent.pop_first();
        }
        self.sent.insert(request, Sent { venue, order, at: Instant::now() });
    }

    /// The span in which the connector works on a request.
    pub(super) fn span_of(&self, what: &Request) -> Span {
        match what {
            Request::Submit(submit) => self.trace.send_span(submit.order),
            Request::Amend(amend) => self.trace.send_span(amend.order),
            Request::Cancel(order) => self.trace.send_span(order.order),
            _ => Span::none(),
        }
    }

    fn tell_risk(&mut self, engine: &Engine, wall: Timestamp) {
        let newest = engine.risk_events().next_back().map_or(0, |event| event.number);
        if newest > self.risk {
            for event in engine.risk_events().filter(|event| event.number > self.risk) {
                self.tell_risk_event(event, wall);
            }
            self.risk = newest;
        }
        for halt in engine.halts().get(self.halts..).unwrap_or_default() {
            let name = halt.strategy.as_str();
            let text = format!("{} ({})", halt.reason, halt.code);
            let title = format!("The strategy {name} was halted by an error");
            self.alert(wall, AlertLevel::Critical, "STRATEGY_HALTED", name, &title, &text);
        }
        self.halts = engine.halts().len();
    }

    fn tell_risk_event(&self, event: &algoflow_execution::risk::RiskEvent, wall: Timestamp) {
        let whose = event.strategy.map_or_else(|| "all strategies".to_owned(), |id| id.to_string());
        match &event.kind {
            RiskEventKind::Breach { code, text } => {
                let title = format!("A limit of {whose} was reached");
                self.alert(wall, AlertLevel::Critical, code.as_str(), &whose, &title, text);
            }
            RiskEventKind::CoolDown { text, until } => {
                let title = format!("A pause of {whose} until {until}");
                self.alert(wall, AlertLevel::Warning, "RISK_COOL_DOWN", &whose, &title, text);
            }
            RiskEventKind::State { to, why, .. } => {
                let (level, code, what) = match to {
                    TradingState::Active => (AlertLevel::Info, "TRADING_ACTIVE", "trade"),
                    TradingState::ReduceOnly => (AlertLevel::Warning, "TRADING_REDUCE_ONLY", "only reduce"),
                    _ => (AlertLevel::Critical, "TRADING_HALTED", "are halted"),
                };
                self.alert(wall, level, code, &whose, &format!("Now {whose}: {what}"), why);
            }
            RiskEventKind::Standing(standing) if standing.standing == Standing::Ready => {
                let venue = standing.venue.as_str();
                let title = format!("{venue} agrees with our books");
                self.alert(wall, AlertLevel::Info, "VENUE_READY", venue, &title, "");
            }
            RiskEventKind::Refused { what, code, text } => {
                let title = format!("{what} was refused");
                self.alert(
                    wall,
                    AlertLevel::Warning,
                    "CONTROL_REFUSED",
                    &whose,
                    &title,
                    &format!("{text} ({code})"),
                );
            }
            RiskEventKind::Unvalued { text } => {
                self.alert(
                    wall,
                    AlertLevel::Warning,
                    "FEE_UNVALUED",
                    &whose,
                    "A fee has no known value",
                    text,
                );
            }
            _ => {}
        }
    }

    fn alert(&self, at: Timestamp, level: AlertLevel, code: &str, about: &str, title: &str, text: &str) {
        let Some(alarm) = &self.observer.alarm else { return };
        let alert = Alert::new(at, level, code.to_owned(), title).text(text).key(format!("{code} {about}"));
        alarm(if about.is_empty() { alert } else { alert.label("about", about) });
    }

    /// How everything stands, a few times a second.
    pub(super) fn look(&mut self, session: &Session, status: &Status, depths: Depths) {
        let metrics = &self.observer.metrics;
        for (queue, depth) in QUEUES.into_iter().zip(depths) {
            metrics.queue_depth(queue, depth);
        }
        metrics.journal_durable_lag(status.sequence.saturating_sub(status.durable));
        let mut counts = [0; OrderStatus::ALL.len()];
        for order in session.engine().state().orders.open() {
            if let Some(count) = counts.get_mut(order.status as usize) {
                *count += 1;
            }
        }
        for status in OrderStatus::ALL {
            if !status.is_final() {
                metrics.orders(status, counts.get(status as usize).copied().unwrap_or(0));
            }
        }
        if let Some(state) = session.engine().trading_state(None) {
            metrics.risk_state(match state {
                TradingState::Active => telemetry::TradingState::Active,
                TradingState::ReduceOnly => telemetry::TradingState::ReduceOnly,
                _ => telemetry::TradingState::Halted,
            });
        }
        for (index, id) in self.venues.iter().enumerate() {
            if let Some(skew) = session.clock_skew(index) {
                metrics.clock_skew(*id, skew.nanos());
            }
        }
        self.look_at_money(session, status);
        self.look_at_mute(session);
        self.look_at_health(session, status);
    }

    fn look_at_money(&mut self, session: &Session, status: &Status) {
        let Some(equity) = status.equity else { return };
        let metrics = &self.observer.metrics;
        metrics.equity(equity);
        let peak = self.peak.map_or(equity.amount, |peak| peak.max(equity.amount));
        self.peak = Some(peak);
        if peak > Decimal::ZERO {
            use rust_decimal::prelude::ToPrimitive as _;
            let part = equity.amount.checked_div(peak).and_then(|part| part.to_f64()).unwrap_or(f64::NAN);
            metrics.drawdown(equity.asset, 1.0 - part);
        }
        if let Some((realized, unrealized)) = profit(session.engine()) {
            metrics.pnl(Money::new(realized, equity.asset), Money::new(unrealized, equity.asset));
        }
    }

    fn look_at_mute(&mut self, session: &Session) {
        let mut mute = Vec::new();
        for (index, venue) in self.venues.iter().enumerate() {
            for id in session.mute(index) {
                let name = id.to_string();
                if !self.mute.contains(&name) {
                    self.observer.metrics.stale(*venue, &name, true);
                }
                mute.push(name);
            }
            for name in self.mute.iter().filter(|name| !mute.contains(name)) {
                if name.ends_with(&format!(".{venue}")) {
                    self.observer.metrics.stale(*venue, name, false);
                }
            }
        }
        self.mute = mute;
    }

    fn look_at_health(&self, session: &Session, status: &Status) {
        let Some(health) = &self.observer.health else { return };
        health.beat();
        match status.phase {
            Phase::Running => health.is_met("trading"),
            Phase::Starting => health.waits_for("trading", "strategies have not begun"),
            Phase::Stopping { .. } => health.waits_for("trading", "it comes to its end"),
            Phase::Stopped => health.waits_for("trading", "it has ended"),
        }
        if self.journal_failed {
            health.waits_for("journal", "it cannot be written");
        } else {
            health.is_met("journal");
        }
        for id in &self.venues {
            let condition = format!("venue {id}");
            match session.engine().standing_of(*id) {
                Some(Standing::Ready) => health.is_met(&condition),
                Some(Standing::Uncertain { why } | Standing::Down { why }) => {
                    health.waits_for(&condition, why)
                }
                None => health.waits_for(&condition, "it is not known"),
            }
        }
    }
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Profit and loss of the run in the reporting asset, realized with income and less fees, and unrealized; `None` while a price is missing.
fn profit(engine: &Engine) -> Option<(Decimal, Decimal)> {
    let state = engine.state();
    let (mut realized, mut unrealized) = (Decimal::ZERO, Decimal::ZERO);
    for known in state.instruments.iter() {
        let index = state.instruments.index(known.spec.id)?;
        let position = state.portfolio.position(index);
        let rate = state.portfolio.rate(known.spec.settlement).ok();
        let booked = position.realized().checked_add(position.income())?.checked_sub(position.fees())?;
        if booked.is_zero() && position.is_flat() {
            continue;
        }
        let rate = rate?;
        realized = realized.checked_add(booked.checked_mul(rate)?)?;
        if !position.is_flat() {
            let price = state.portfolio.mark(index)?;
            let open = position.unrealized(&known.spec, price).ok()?;
            unrealized = unrealized.checked_add(open.checked_mul(rate)?)?;
        }
    }
    Some((realized, unrealized))
}

/// How bad it is, by its code.
fn level_of(code: &str) -> AlertLevel {
    match code {
        "JOURNAL_FAILED" | "CLOCK_SKEW" | "ORDER_VANISHED" => AlertLevel::Critical,
        "WARM_UP_FAILED" => AlertLevel::Info,
        _ => AlertLevel::Warning,
    }
}
