//! A venue, the network to it and a clock, all from one seed, and all of them fail.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use algoflow_core::{
    capabilities::{Capabilities, Feature},
    command::{Amend, OrderRef, Submit},
    error::VenueError,
    id::ExecutionId,
    order::{CancelReason, Fill, Liquidity, OrderKind, RejectCode},
    prelude::*,
    state::Subscription,
    venue::{
        AccountSnapshot, Ack, BalanceReport, EventStream, FillReport, OrderReport, ReportedStatus, Venue,
        VenueEvent,
    },
};
use algoflow_live::driver::Clock;
use async_trait::async_trait;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::{sync::mpsc, time::Instant};

/// How long a request may be under way and still take effect.
pub(crate) const LIFETIME: Duration = Duration::from_secs(20);

/// How often what goes wrong, as a share of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) request_lost: f64,
    pub(crate) answer_lost: f64,
    pub(crate) rate_limited: f64,
    pub(crate) not_sent: f64,
    pub(crate) slow: f64,
    pub(crate) refused: f64,
    pub(crate) event_lost: f64,
    pub(crate) event_twice: f64,
    pub(crate) event_late: f64,
    pub(crate) snapshot_failed: f64,
    /// At each step of the market.
    pub(crate) disconnected: f64,
    pub(crate) muted: f64,
    pub(crate) clock_jumps: f64,
    pub(crate) made_elsewhere: f64,
    pub(crate) garbage: f64,
}

impl Rates {
    pub(crate) const NONE: Self = Self {
        request_lost: 0.0,
        answer_lost: 0.0,
        rate_limited: 0.0,
        not_sent: 0.0,
        slow: 0.0,
        refused: 0.0,
        event_lost: 0.0,
        event_twice: 0.0,
        event_late: 0.0,
        snapshot_failed: 0.0,
        disconnected: 0.0,
        muted: 0.0,
        clock_jumps: 0.0,
        made_elsewhere: 0.0,
        garbage: 0.0,
    };

    /// Some of it, by the seed.
    pub(crate) fn some(random: &mut ChaCha8Rng) -> Self {
        let mut rate = |most: f64| if random.random_bool(0.5) { random.random_range(0.0..most) } else { 0.0 };
        Self {
            request_lost: rate(0.2),
            answer_lost: rate(0.3),
            rate_limited: rate(0.2),
            not_sent: rate(0.2),
            slow: rate(0.3),
            refused: rate(0.1),
            event_lost: rate(0.1),
            event_twice: rate(0.3),
            event_late: rate(0.5),
            snapshot_failed: rate(0.4),
            disconnected: rate(0.02),
            muted: rate(0.005),
            clock_jumps: rate(0.02),
            made_elsewhere: rate(0.01),
            garbage: rate(0.02),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct WorldOrder {
    pub(crate) client: Option<OrderId>,
    pub(crate) name: String,
    pub(crate) spec: OrderSpec,
    pub(crate) filled: Quantity,
    pub(crate) status: ReportedStatus,
    pub(crate) at: Timestamp,
}

impl WorldOrder {
    fn total(&self) -> Quantity {
        self.spec.quantity.value()
    }

    fn left(&self) -> Quantity {
        self.total().checked_sub(self.filled).unwrap()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status == ReportedStatus::Open
    }
}

pub(crate) struct Inner {
    random: ChaCha8Rng,
    pub(crate) rates: Rates,
    begin: Instant,
    pub(crate) price: i64,
    pub(crate) orders: Vec<WorldOrder>,
    pub(crate) fills: Vec<FillReport>,
    pub(crate) balances: BTreeMap<Asset, Decimal>,
    stream: Option<mpsc::UnboundedSender<VenueEvent>>,
    mute_until: Option<Instant>,
    down_until: Option<Instant>,
    /// How far the clock on the wall of the trader is off, in nanoseconds.
    skew: i64,
    pub(crate) submits: u64,
}

/// All that is outside of the process that trades. It goes on when that ends.
#[derive(Clone)]
pub(crate) struct World {
    inner: Arc<Mutex<Inner>>,
    capabilities: Arc<Capabilities>,
}

pub(crate) fn instrument() -> Instrument {
    Instrument::spot("BTC-USD.WORLD").unwrap()
}

fn venue_id() -> VenueId {
    instrument().venue()
}

fn usd() -> Asset {
    "USD".parse().unwrap()
}

fn btc() -> Asset {
    "BTC".parse().unwrap()
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let rates = Rates::some(&mut random);
        let balances = BTreeMap::from([(usd(), Decimal::from(1_000_000))]);
        let inner = Inner {
            random,
            rates,
            begin: Instant::now(),
            price: 10_000,
            orders: Vec::new(),
            fills: Vec::new(),
            balances,
            stream: None,
            mute_until: None,
            down_until: None,
            skew: 0,
            submits: 0,
        };
        let mut capabilities = Capabilities::all_native();
        for feature in [Feature::Stop, Feature::StopLimit, Feature::TrailingStop, Feature::ReduceOnly] {
            capabilities = capabilities.emulating(feature, "the engine is late");
        }
        if seed.is_multiple_of(3) {
            capabilities = capabilities.without(Feature::Amend, "not here");
        }
        Self { inner: Arc::new(Mutex::new(inner)), capabilities: Arc::new(capabilities) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Nothing fails any more.
    pub(crate) fn heal(&self) {
        let mut inner = self.lock();
        inner.rates = Rates::NONE;
        inner.mute_until = None;
        inner.down_until = None;
    }

    /// The market and the network, until the task is ended.
    pub(crate) async fn turn(self) {
        loop {
            let pause = self.lock().random.random_range(50..400);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.step();
        }
    }

    fn step(&self) {
        let mut inner = self.lock();
        let rates = inner.rates;
        let now = Instant::now();
        if inner.down_until.is_some_and(|until| until <= now) {
            inner.down_until = None;
            inner.emit(VenueEvent::Connected);
        }
        if inner.down_until.is_none() && inner.random.random_bool(rates.disconnected) {
            let seconds = inner.random.random_range(1..8);
            inner.emit(VenueEvent::Disconnected { reason: "the network".to_owned() });
            if inner.random.random_bool(0.3) {
                // The stream itself ends.
                inner.stream = None;
            } else {
                inner.down_until = Some(now + Duration::from_secs(seconds));
            }
        }
        if inner.mute_until.is_none_or(|until| until <= now) && inner.random.random_bool(rates.muted) {
            let seconds = inner.random.random_range(5..120);
            inner.mute_until = Some(now + Duration::from_secs(seconds));
        }
        if inner.random.random_bool(rates.clock_jumps) {
            let seconds = inner.random.random_range(-3_600..3_600_i64);
            inner.skew = seconds * 1_000_000_000;
        }
        if inner.random.random_bool(rates.made_elsewhere) {
            inner.elsewhere();
        }
        let step = inner.random.random_range(-40..41);
        inner.price = (inner.price + step).clamp(5_000, 20_000);
        inner.work_orders(self);
        let (at, price) = (inner.now(), inner.last());
        let trade = Trade {
            instrument: instrument().id,
            ts_event: at,
            ts_recv: at,
            price,
            quantity: Quantity::ONE,
            aggressor: None,
        };
        inner.emit(VenueEvent::Market(trade.into()));
        if inner.random.random_bool(rates.garbage) {
            let run = inner.random.random_range(0..3);
            let order = OrderId { run, strategy: 0, sequence: inner.random.random_range(0..30) };
            let kind = match inner.random.random_range(0..3) {
                0 => OrderEventKind::Triggered,
                1 => OrderEventKind::Amended { kind: OrderKind::Market, quantity: Quantity::ZERO },
                _ => OrderEventKind::Denied { code: RejectCode::Other, text: "garbage".to_owned() },
            };
            // What cannot be true of an order that the venue does not know.
            let known = inner.orders.iter().any(|known| known.client == Some(order));
            if !known {
                let instrument = instrument().id;
                inner.emit(VenueEvent::Order(OrderEvent {
                    order,
                    instrument,
                    ts_event: at,
                    ts_recv: at,
                    kind,
                }));
            }
        }
    }

    /// An event travels to whoever listens: late, twice, or not at all.
    fn tell(&self, inner: &mut Inner, event: OrderEvent) {
        let rates = inner.rates;
        if inner.random.random_bool(rates.event_lost) {
            return;
        }
        let copies = if inner.random.random_bool(rates.event_twice) { 2 } else { 1 };
        for _ in 0..copies {
            if inner.random.random_bool(rates.event_late) {
                let delay = Duration::from_millis(inner.random.random_range(0..3_000));
                let (world, event) = (self.clone(), event.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    world.lock().emit(VenueEvent::Order(event));
                });
            } else {
                inner.emit(VenueEvent::Order(event.clone()));
            }
        }
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        let nanos = i64::try_from(self.begin.elapsed().as_nanos()).unwrap();
        Timestamp::EPOCH.saturating_add(TimeDelta::hours(10)).saturating_add(TimeDelta::from_nanos(nanos))
    }

    fn last(&self) -> Price {
        Price::new(self.price, algoflow_core::number::Scale::new(2).unwrap())
    }

    fn emit(&mut self, event: VenueEvent) {
        let now = Instant::now();
        let silent = self.mute_until.is_some_and(|until| until > now) || self.down_until.is_some();
        let always = matches!(event, VenueEvent::Disconnected { .. });
        if silent && !always {
            return;
        }
        if let Some(stream) = &self.stream
            && stream.send(event).is_err()
        {
            self.stream = None;
        }
    }

    /// Somebody uses the account by hand.
    fn elsewhere(&mut self) {
        match self.random.random_range(0..2) {
            0 => *self.balances.entry(usd()).or_default() += Decimal::from(self.random.random_range(1..500)),
            _ => {
                let name = format!("by-hand-{}", self.orders.len());
                let spec = OrderSpec::limit(
                    instrument().id,
                    Side::Buy,
                    Quantity::from_int(self.random.random_range(1..5)),
                    Price::new(self.price - 200, algoflow_core::number::Scale::new(2).unwrap()),
                );
                let at = self.now();
                let (filled, status) = (Quantity::ZERO, ReportedStatus::Open);
                self.orders.push(WorldOrder { client: None, name, spec, filled, status, at });
            }
        }
        self.emit(VenueEvent::Account { what: "something was done by hand".to_owned() });
    }

    /// Orders whose price is reached fill, whole or in part.
    fn work_orders(&mut self, world: &World) {
        for place in 0..self.orders.len() {
            let order = &self.orders[place];
            if !order.is_open() {
                continue;
            }
            let reached = match order.spec.kind {
                OrderKind::Limit { price } => match order.spec.side {
                    Side::Buy => self.last() <= price,
                    Side::Sell => self.last() >= price,
                },
                _ => true,
            };
            if reached && self.random.random_bool(0.7) {
                let left = order.left();
                let whole = self.random.random_bool(0.5) || left == Quantity::ONE;
                let part =
                    if whole { left } else { Quantity::from_int(self.random.random_range(1..=int(left))) };
                self.fill(place, part, world);
            }
        }
    }

    fn fill(&mut self, place: usize, quantity: Quantity, world: &World) {
        let (at, price) = (self.now(), self.last());
        let id = ExecutionId::new(&format!("x{}", self.fills.len() + 1));
        let value = price.to_decimal() * quantity.to_decimal();
        let fee = Money::new(value / Decimal::from(1_000), usd());
        let order = &mut self.orders[place];
        order.filled = order.filled.checked_add(quantity).unwrap();
        order.at = at;
        if order.left().is_zero() {
            order.status = ReportedStatus::Filled;
        }
        let side = order.spec.side;
        let sign = if side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
        let (client, name, instrument) = (order.client, order.name.clone(), order.spec.instrument);
        *self.balances.entry(btc()).or_default() += sign * quantity.to_decimal();
        *self.balances.entry(usd()).or_default() -= sign * value + fee.amount;
        let liquidity = Liquidity::Taker;
        self.fills.push(FillReport {
            order: client,
            venue_order: Some(name.as_str().into()),
            id: id.clone(),
            instrument,
            side,
            price,
            quantity,
            liquidity,
            fee,
            ts_event: at,
        });
        match client {
            Some(order) => {
                let fill = Fill {
                    id,
                    order,
                    instrument,
                    side,
                    price,
                    quantity,
                    liquidity,
                    fee,
                    ts_event: at,
                    ts_recv: at,
                };
                let kind = OrderEventKind::Filled(fill);
                world.tell(self, OrderEvent { order, instrument, ts_event: at, ts_recv: at, kind });
            }
            None => self.emit(VenueEvent::Account { what: format!("{name} filled") }),
        }
    }

    fn report(&self, place: usize, kind: OrderEventKind) -> Option<OrderEvent> {
        let order = &self.orders[place];
        let at = self.now();
        let (order, instrument) = (order.client?, order.spec.instrument);
        Some(OrderEvent { order, instrument, ts_event: at, ts_recv: at, kind })
    }

    fn find(&self, order: &OrderRef) -> Option<usize> {
        let named = |known: &WorldOrder| {
            known.client == Some(order.order)
                || order.venue_order.as_ref().is_some_and(|name| name.as_str() == known.name)
        };
        self.orders.iter().position(|known| named(known) && known.is_open())
    }
}

fn int(quantity: Quantity) -> i64 {
    quantity.to_decimal().try_into().unwrap()
}

fn unknown(evidence: &str) -> VenueError {
    VenueError::Unknown { evidence: evidence.to_owned() }
}

impl World {
    /// Carries a request to the venue, where `act` happens once it arrives: perhaps late, perhaps never. The way there goes on when
    /// nobody waits for it any more.
    async fn request(
        &self,
        act: impl FnOnce(&World, &mut Inner) -> Result<Ack, VenueError> + Send + 'static,
    ) -> Result<Ack, VenueError> {
        let (rates, there, back, late, lost, unanswered) = {
            let mut inner = self.lock();
            let rates = inner.rates;
            let random = &mut inner.random;
            if random.random_bool(rates.not_sent) {
                return Err(VenueError::NotSent { reason: "no route".to_owned() });
            }
            if random.random_bool(rates.rate_limited) {
                return Err(VenueError::RateLimited { retry_after: TimeDelta::millis(200) });
            }
            let slow = random.random_bool(rates.slow);
            let most = if slow { 18_000 } else { 300 };
            let there = Duration::from_millis(random.random_range(1..most));
            let back = Duration::from_millis(random.random_range(1..most));
            let impatient = random.random_bool(0.3);
            (
                rates,
                there,
                back,
                impatient,
                random.random_bool(rates.request_lost),
                random.random_bool(rates.answer_lost),
            )
        };
        let _ = rates;
        let (tell, told) = tokio::sync::oneshot::channel();
        let world = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(there).await;
            if lost {
                return;
            }
            let answer = {
                let mut inner = world.lock();
                act(&world, &mut inner)
            };
            tokio::time::sleep(back).await;
            if !unanswered {
                let _ = tell.send(answer);
            }
        });
        if late {
            // Whoever asks gives up early, whatever comes of it.
            return match tokio::time::timeout(Duration::from_millis(2_000), told).await {
                Ok(Ok(answer)) => answer,
                _ => Err(unknown("no answer")),
            };
        }
        match told.await {
            Ok(answer) => answer,
            Err(_) => Err(unknown("the connection broke")),
        }
    }
}

#[async_trait]
impl Venue for World {
    fn id(&self) -> VenueId {
        venue_id()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        Ok(vec![instrument()])
    }

    async fn subscribe(&self, _: &[Subscription]) -> Result<EventStream, VenueError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        if inner.down_until.is_some() {
            return Err(VenueError::Connection { reason: "down".to_owned() });
        }
        inner.stream = Some(sender);
        // A new connection is not mute.
        inner.mute_until = None;
        inner.emit(VenueEvent::Connected);
        let next = |mut receiver: mpsc::UnboundedReceiver<VenueEvent>| async move {
            receiver.recv().await.map(|event| (event, receiver))
        };
        Ok(Box::pin(futures_util::stream::unfold(receiver, next)))
    }

    async fn submit(&self, submit: &Submit) -> Result<Ack, VenueError> {
        let submit = *submit;
        self.request(move |world, inner| {
            inner.submits += 1;
            let at = inner.now();
            let rate = inner.rates.refused;
            if inner.random.random_bool(rate) {
                let text = "not today".to_owned();
                return Err(VenueError::Rejected { code: RejectCode::Other, text });
            }
            let name = format!("w{}", inner.orders.len() + 1);
            let (client, spec) = (Some(submit.order), submit.spec);
            let (filled, status) = (Quantity::ZERO, ReportedStatus::Open);
            inner.orders.push(WorldOrder { client, name: name.clone(), spec, filled, status, at });
            let place = inner.orders.len() - 1;
            let venue_order = Some(name.as_str().into());
            let accepted = OrderEventKind::Accepted { venue_order: venue_order.clone() };
            if let Some(event) = inner.report(place, accepted) {
                world.tell(inner, event);
            }
            if spec.kind == OrderKind::Market && inner.random.random_bool(0.8) {
                let left = inner.orders[place].left();
                inner.fill(place, left, world);
            }
            Ok(Ack { venue_order, ts_event: at })
        })
        .await
    }

    async fn amend(&self, change: &Amend) -> Result<Ack, VenueError> {
        let change = change.clone();
        self.request(move |world, inner| {
            let order = OrderRef {
                order: change.order,
                venue_order: change.venue_order.clone(),
                instrument: change.instrument,
            };
            let gone = VenueError::Rejected { code: RejectCode::UnknownOrder, text: "not open".to_owned() };
            let place = inner.find(&order).ok_or(gone)?;
            if change.quantity <= inner.orders[place].filled {
                let text = "filled more".to_owned();
                return Err(VenueError::Rejected { code: RejectCode::InvalidOrder, text });
            }
            let at = inner.now();
            let known = &mut inner.orders[place];
            known.spec.kind = change.kind;
            known.spec.quantity = change.quantity.into();
            known.at = at;
            let kind = OrderEventKind::Amended { kind: change.kind, quantity: change.quantity };
            if let Some(event) = inner.report(place, kind) {
                world.tell(inner, event);
            }
            Ok(Ack { venue_order: None, ts_event: at })
        })
        .await
    }

    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError> {
        let order = order.clone();
        self.request(move |world, inner| {
            let gone = VenueError::Rejected { code: RejectCode::UnknownOrder, text: "not open".to_owned() };
            let place = inner.find(&order).ok_or(gone)?;
            let at = inner.now();
            inner.orders[place].status = ReportedStatus::Cancelled;
            inner.orders[place].at = at;
            let kind = OrderEventKind::Cancelled { reason: CancelReason::Requested };
            if let Some(event) = inner.report(place, kind) {
                world.tell(inner, event);
            }
            Ok(Ack { venue_order: None, ts_event: at })
        })
        .await
    }

    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        let (there, back, fails) = {
            let mut inner = self.lock();
            let rate = inner.rates.snapshot_failed;
            let random = &mut inner.random;
            (random.random_range(1..800), random.random_range(1..800), random.random_bool(rate))
        };
        tokio::time::sleep(Duration::from_millis(there)).await;
        let snapshot = self.lock().snapshot(since);
        tokio::time::sleep(Duration::from_millis(back)).await;
        if fails { Err(VenueError::Connection { reason: "bad gateway".to_owned() }) } else { Ok(snapshot) }
    }

    fn request_lifetime(&self) -> TimeDelta {
        TimeDelta::from_nanos(i64::try_from(LIFETIME.as_nanos()).unwrap())
    }
}

impl Inner {
    pub(crate) fn snapshot(&mut self, since: Timestamp) -> AccountSnapshot {
        let orders = self.orders.iter().filter(|order| order.is_open() || order.at >= since);
        let mut orders: Vec<OrderReport> = orders
            .map(|order| OrderReport {
                order: order.client,
                venue_order: Some(order.name.as_str().into()),
                spec: order.spec,
                status: order.status.clone(),
                filled: order.filled,
                ts_event: order.at,
            })
            .collect();
        let mut fills: Vec<FillReport> =
            self.fills.iter().filter(|fill| fill.ts_event >= since).cloned().collect();
        // Their order means nothing.
        if self.random.random_bool(0.5) {
            orders.reverse();
            fills.reverse();
        }
        let balances = self.balances.iter();
        AccountSnapshot {
            balances: balances
                .map(|(asset, total)| BalanceReport { asset: *asset, total: *total, locked: Decimal::ZERO })
                .collect(),
            positions: Vec::new(),
            orders,
            fills,
            complete_since: since,
            watermark: self.now(),
        }
    }
}

/// The clock of the trader, which jumps.
pub(crate) struct SkewedClock(pub(crate) World);

impl Clock for SkewedClock {
    fn wall(&self) -> Timestamp {
        let inner = self.0.lock();
        inner.now().saturating_add(TimeDelta::from_nanos(inner.skew))
    }
}
