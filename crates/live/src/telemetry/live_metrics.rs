//! [`LiveMetrics`]: what a session tells in numbers, as typed calls.
//!
//! The hot calls (time to order, decision, journal, queues, events, acknowledgements) go to handles that are made at the
//! start: no lock, no memory. Of what is not known at the start the label is [`OTHER`](super::OTHER). The cold calls (denials,
//! reconciliations, stale subscriptions) look their series up.

use std::{fmt, sync::Arc};

use algoflow_core::{
    id::{Asset, VenueId},
    number::Money,
    order::OrderStatus,
    venue::VenueEvent,
};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use rust_decimal::prelude::ToPrimitive as _;

use super::{
    catalog::{self, Metric},
    registry::OTHER,
};

#[cfg(test)]
mod tests;

/// What kind of event came from a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// Market data.
    Market,
    /// Of one of our orders.
    Order,
    /// Of the account.
    Account,
    /// Data were lost.
    Gap,
    /// The connection is up.
    Connected,
    /// The connection is lost.
    Disconnected,
    /// Anything else.
    Other,
}

impl EventKind {
    const ALL: [Self; 7] = [
        Self::Market,
        Self::Order,
        Self::Account,
        Self::Gap,
        Self::Connected,
        Self::Disconnected,
        Self::Other,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Order => "order",
            Self::Account => "account",
            Self::Gap => "gap",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Other => OTHER,
        }
    }
}

impl From<&VenueEvent> for EventKind {
    fn from(event: &VenueEvent) -> Self {
        match event {
            VenueEvent::Market(_) => Self::Market,
            VenueEvent::Order(_) => Self::Order,
            VenueEvent::Account { .. } => Self::Account,
            VenueEvent::Gap { .. } => Self::Gap,
            VenueEvent::Connected => Self::Connected,
            VenueEvent::Disconnected { .. } => Self::Disconnected,
            _ => Self::Other,
        }
    }
}

/// What trading is allowed to do, as `algoflow_risk_state` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradingState {
    /// Everything.
    Active,
    /// Only to reduce positions.
    ReduceOnly,
    /// Nothing.
    Halted,
}

/// How a comparison with a venue's account ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconcileOutcome {
    /// Nothing to correct.
    Clean,
    /// Something was corrected.
    Corrected,
    /// It could not be done.
    Failed,
}

/// How the sending of an alert ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertOutcome {
    /// The receiver confirmed it.
    Sent,
    /// It was given up after the last try.
    Failed,
    /// It was the same as one before, or one too many; the next one tells of it.
    Suppressed,
    /// There was no room for it.
    Dropped,
}

/// The values of labels that are known at the start of a session.
#[derive(Clone, Debug, Default)]
pub struct MetricLabels {
    /// The venues.
    pub venues: Vec<VenueId>,
    /// The queues of the driver.
    pub queues: Vec<&'static str>,
    /// The currencies in which equity is told.
    pub currencies: Vec<Asset>,
}

struct VenueMetrics {
    acks: Histogram,
    events: [Counter; EventKind::ALL.len()],
    connected: Gauge,
    reconnects: Counter,
    clock_skew: Gauge,
}

struct CurrencyMetrics {
    equity: Gauge,
    realized: Gauge,
    unrealized: Gauge,
    drawdown: Gauge,
}

/// Handles by a small set of names that is searched from the front; the last is for all others.
struct Known<K, T> {
    known: Vec<(K, T)>,
    other: T,
}

impl<K: Copy + PartialEq, T> Known<K, T> {
    fn new(names: &[K], make: impl Fn(Option<K>) -> T) -> Self {
        let mut known: Vec<(K, T)> = Vec::new();
        for name in names {
            if !known.iter().any(|(other, _)| other == name) {
                known.push((*name, make(Some(*name))));
            }
        }
        Self { known, other: make(None) }
    }

    #[inline]
    fn get(&self, name: K) -> &T {
        self.known.iter().find(|(known, _)| *known == name).map_or(&self.other, |(_, handles)| handles)
    }
}

/// The metrics of one session. Clones share them, and every method takes `&self`, so that each task has its own.
#[derive(Clone)]
pub struct LiveMetrics {
    inner: Arc<Inner>,
}

struct Inner {
    recorder: Arc<dyn Recorder + Send + Sync>,
    tick_to_order: Histogram,
    decision: Histogram,
    journal_append: Histogram,
    journal_records: Counter,
    journal_lag: Gauge,
    lost_log_lines: Counter,
    orders: [Gauge; OrderStatus::ALL.len()],
    risk: [Gauge; 3],
    queues: Known<&'static str, Gauge>,
    venues: Known<VenueId, VenueMetrics>,
    currencies: Known<Asset, CurrencyMetrics>,
}

/// Registers series of the catalog with a recorder.
struct Register<'a>(&'a dyn Recorder);

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

fn key(metric: &Metric, values: &[&str]) -> Key {
    let labels = metric.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}

impl Register<'_> {
    fn counter(&self, metric: &Metric, values: &[&str]) -> Counter {
        self.0.register_counter(&key(metric, values), &METADATA)
    }

    fn gauge(&self, metric: &Metric, values: &[&str]) -> Gauge {
        self.0.register_gauge(&key(metric, values), &METADATA)
    }

    fn histogram(&self, metric: &Metric, values: &[&str]) -> Histogram {
        self.0.register_histogram(&key(metric, values), &METADATA)
    }

    fn venue(&self, venue: Option<VenueId>) -> VenueMetrics {
        let venue = venue.map_or(OTHER, VenueId::as_str);
        VenueMetrics {
            acks: self.histogram(&catalog::ACK_LATENCY, &[venue]),
            events: EventKind::ALL.map(|kind| self.counter(&catalog::EVENTS, &[venue, kind.as_str()])),
            connected: self.gauge(&catalog::CONNECTED, &[venue]),
            reconnects: self.counter(&catalog::RECONNECTS, &[venue]),
            clock_skew: self.gauge(&catalog::CLOCK_SKEW, &[venue]),
        }
    }

    fn currency(&self, currency: Option<Asset>) -> CurrencyMetrics {
        let currency = currency.map_or(OTHER, Asset::as_str);
        CurrencyMetrics {
            equity: self.gauge(&catalog::EQUITY, &[currency]),
            realized: self.gauge(&catalog::PNL, &[currency, "realized"]),
            unrealized: self.gauge(&catalog::PNL, &[currency, "unrealized"]),
            drawdown: self.gauge(&catalog::DRAWDOWN, &[currency]),
        }
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// As a number that is shown. A decimal is never too large for a double.
fn shown(money: Money) -> f64 {
    money.amount.to_f64().unwrap_or(f64::NAN)
}

impl LiveMetrics {
    /// Registers everything with a recorder: a [`MetricRegistry`](super::MetricRegistry), or another of the `metrics` crate.
    #[must_use]
    pub fn new(recorder: Arc<dyn Recorder + Send + Sync>, labels: &MetricLabels) -> Self {
        catalog::describe(&*recorder);
        let register = Register(&*recorder);
        let inner = Inner {
            tick_to_order: register.histogram(&catalog::TICK_TO_ORDER, &[]),
            decision: register.histogram(&catalog::DECISION, &[]),
            journal_append: register.histogram(&catalog::JOURNAL_APPEND, &[]),
            journal_records: register.counter(&catalog::JOURNAL_RECORDS, &[]),
            journal_lag: register.gauge(&catalog::JOURNAL_LAG, &[]),
            lost_log_lines: register.counter(&catalog::LOST_LOG_LINES, &[]),
            orders: OrderStatus::ALL.map(|status| register.gauge(&catalog::ORDERS, &[&snake_case(status)])),
            risk: ["active", "reduce_only", "halted"]
                .map(|state| register.gauge(&catalog::RISK_STATE, &[state])),
            queues: Known::new(&labels.queues, |queue| {
                register.gauge(&catalog::QUEUE_DEPTH, &[queue.unwrap_or(OTHER)])
            }),
            venues: Known::new(&labels.venues, |venue| register.venue(venue)),
            currencies: Known::new(&labels.currencies, |currency| register.currency(currency)),
            recorder: Arc::clone(&recorder),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Metrics that nobody reads.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Arc::new(metrics::NoopRecorder), &MetricLabels::default())
    }

    /// The time from the arrival of market data to a command being handed to a connector.
    #[inline]
    pub fn tick_to_order(&self, nanos: u64) {
        self.inner.tick_to_order.record(seconds(nanos));
    }

    /// The time that the engine took for one input.
    #[inline]
    pub fn decision(&self, nanos: u64) {
        self.inner.decision.record(seconds(nanos));
    }

    /// A group of `records` records became durable `nanos` after it was handed to the journal.
    #[inline]
    pub fn journal_append(&self, nanos: u64, records: u64) {
        self.inner.journal_append.record(seconds(nanos));
        self.inner.journal_records.increment(records);
    }

    /// How many records are decided and not yet durable.
    #[inline]
    pub fn journal_durable_lag(&self, records: u64) {
        self.inner.journal_lag.set(records as f64);
    }

    /// How many entries wait in a queue.
    #[inline]
    pub fn queue_depth(&self, queue: &'static str, entries: usize) {
        self.inner.queues.get(queue).set(entries as f64);
    }

    /// An event came from a venue.
    #[inline]
    pub fn events(&self, venue: VenueId, kind: EventKind) {
        if let Some(counter) = self.inner.venues.get(venue).events.get(kind as usize) {
            counter.increment(1);
        }
    }

    /// The time from sending a request to the venue's answer.
    #[inline]
    pub fn ack_latency(&self, venue: VenueId, nanos: u64) {
        self.inner.venues.get(venue).acks.record(seconds(nanos));
    }

    /// How many orders stand in a state.
    #[inline]
    pub fn orders(&self, status: OrderStatus, orders: usize) {
        if let Some(gauge) = self.inner.orders.get(status as usize) {
            gauge.set(orders as f64);
        }
    }

    /// The worth of the account.
    pub fn equity(&self, equity: Money) {
        self.inner.currencies.get(equity.asset).equity.set(shown(equity));
    }

    /// Profit and loss since the start.
    pub fn pnl(&self, realized: Money, unrealized: Money) {
        self.inner.currencies.get(realized.asset).realized.set(shown(realized));
        self.inner.currencies.get(unrealized.asset).unrealized.set(shown(unrealized));
    }

    /// How far the equity is below its highest, as a part of that (0.1: ten percent).
    pub fn drawdown(&self, currency: Asset, part: f64) {
        self.inner.currencies.get(currency).drawdown.set(part);
    }

    /// The stream of a venue is up, or not.
    pub fn connected(&self, venue: VenueId, is_up: bool) {
        self.inner.venues.get(venue).connected.set(f64::from(u8::from(is_up)));
    }

    /// The stream of a venue came up again.
    pub fn reconnects(&self, venue: VenueId) {
        self.inner.venues.get(venue).reconnects.increment(1);
    }

    /// The venue's clock less this machine's, in nanoseconds.
    pub fn clock_skew(&self, venue: VenueId, nanos: i64) {
        self.inner.venues.get(venue).clock_skew.set(nanos as f64 / 1e9);
    }

    /// What trading is allowed to do.
    pub fn risk_state(&self, state: TradingState) {
        for (gauge, of) in
            self.inner.risk.iter().zip([TradingState::Active, TradingState::ReduceOnly, TradingState::Halted])
        {
            gauge.set(f64::from(u8::from(of == state)));
        }
    }

    /// An order was refused by the engine. Looks its series up.
    #[cold]
    pub fn denials(&self, code: &str) {
        self.register().counter(&catalog::DENIALS, &[code]).increment(1);
    }

    /// A connected subscription is mute, or not any more. Looks its series up.
    #[cold]
    pub fn stale(&self, venue: VenueId, subscription: &str, is_stale: bool) {
        let gauge = self.register().gauge(&catalog::STALE, &[venue.as_str(), subscription]);
        gauge.set(f64::from(u8::from(is_stale)));
    }

    /// The account was compared with the venue's. Looks its series up.
    #[cold]
    pub fn reconciliations(&self, venue: VenueId, outcome: ReconcileOutcome) {
        let outcome = match outcome {
            ReconcileOutcome::Clean => "clean",
            ReconcileOutcome::Corrected => "corrected",
            ReconcileOutcome::Failed => "failed",
        };
        self.register().counter(&catalog::RECONCILIATIONS, &[venue.as_str(), outcome]).increment(1);
    }

    /// What became of `alerts` alerts for a sink. Looks its series up.
    #[cold]
    pub fn alerts(&self, sink: &str, outcome: AlertOutcome, alerts: u64) {
        let outcome = match outcome {
            AlertOutcome::Sent => "sent",
            AlertOutcome::Failed => "failed",
            AlertOutcome::Suppressed => "suppressed",
            AlertOutcome::Dropped => "dropped",
        };
        self.register().counter(&catalog::ALERTS, &[sink, outcome]).increment(alerts);
    }

    /// How many log lines were lost since the start: [`TelemetryGuard::lost_lines`](super::TelemetryGuard::lost_lines).
    pub fn lost_log_lines(&self, lines: u64) {
        self.inner.lost_log_lines.absolute(lines);
    }

    /// When the session began, its version and mode. Looks its series up.
    #[cold]
    pub fn started(&self, at: algoflow_core::time::Timestamp, version: &str, mode: &str) {
        self.register().gauge(&catalog::START_TIME, &[]).set(at.as_seconds_f64());
        self.register().gauge(&catalog::INFO, &[version, mode]).set(1.0);
    }

    fn register(&self) -> Register<'_> {
        Register(&*self.inner.recorder)
    }
}

/// `PartiallyFilled` as `partially_filled`.
fn snake_case(status: OrderStatus) -> String {
    let mut name = String::new();
    for c in format!("{status:?}").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

impl fmt::Debug for LiveMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveMetrics").finish_non_exhaustive()
    }
}
