//! A small venue in memory that keeps every rule, and mutants of it that each break one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use algoflow_core::{
    capabilities::{Capabilities, Feature},
    command::{Amend, OrderRef, Submit},
    error::VenueError,
    id::{Asset, ExecutionId, InstrumentId, OrderId, VenueId, VenueOrderId},
    instrument::Instrument,
    market::Quote,
    number::{Money, Price, Quantity},
    order::{
        CancelReason, Fill, Liquidity, OrderEvent, OrderEventKind, OrderKind, OrderSpec, RejectCode, Side,
        TimeInForce,
    },
    state::Subscription,
    time::{TimeDelta, Timestamp},
    venue::{
        AccountSnapshot, Ack, BalanceReport, EventStream, FillReport, OrderReport, ReportedStatus, Venue,
        VenueEvent,
    },
};
use algoflow_testkit::{Cannot, Stage};
use async_trait::async_trait;
use rust_decimal::Decimal;
use tokio::sync::mpsc;

/// As many events wait for a reader of the mock at most; more fail the test.
const MAX_WAITING: usize = 10_000;

/// What is wrong with a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    ForeignInstrument,
    NoReason,
    RefusesIoc,
    TakesStops,
    UnknownForStops,
    LosesClientId,
    ChangesPrice,
    TwoOrders,
    ExpiresCancelled,
    FillsTwice,
    LosesFillInSnapshot,
    StrangeFee,
    CancelsUnknown,
    UnknownForFilled,
    KeepsCancelled,
    FillsCancelled,
    IgnoresAmend,
    IocRests,
    FokRests,
    PostOnlyTakes,
    ReduceOnlyOpens,
    FillsWorse,
    WatermarkGoesBack,
    ForgetsFee,
    LocksTooMuch,
    OneSubscriber,
    LeaksStreams,
    NoGap,
    TakesAnyInstrument,
    NoMarketData,
    KnowsTooEarly,
    ForgetsOnRestart,
    RoundsQuantity,
    ClockGoesBack,
}

#[derive(Clone)]
struct Working {
    report: OrderReport,
}

struct State {
    now: Timestamp,
    bid: Price,
    ask: Price,
    balances: BTreeMap<Asset, Decimal>,
    orders: Vec<Working>,
    fills: Vec<FillReport>,
    streams: Vec<mpsc::Sender<VenueEvent>>,
    count: u64,
}

pub(crate) struct MockVenue {
    capabilities: Capabilities,
    instrument: Instrument,
    mutant: Mutant,
    state: Arc<Mutex<State>>,
    forgets: bool,
}

fn refuse<T>(code: RejectCode) -> Result<T, VenueError> {
    Err(VenueError::Rejected { code, text: "says the mock".to_owned() })
}

fn base(spec: &OrderSpec) -> Quantity {
    spec.quantity.value()
}

impl MockVenue {
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.now = state.now.saturating_add(TimeDelta::millis(1));
        state
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    fn tell(&self, state: &mut State, order: OrderId, kind: OrderEventKind) {
        let (instrument, now) = (self.instrument.id, state.now);
        let event = OrderEvent { order, instrument, ts_event: now, ts_recv: now, kind };
        self.send(state, &VenueEvent::Order(event));
    }

    fn send(&self, state: &mut State, event: &VenueEvent) {
        state.streams.retain(|stream| self.is(Mutant::LeaksStreams) || !stream.is_closed());
        let skipped = if self.is(Mutant::OneSubscriber) { state.streams.len().saturating_sub(1) } else { 0 };
        for stream in state.streams.iter().skip(skipped) {
            match stream.try_send(event.clone()) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn fill(&self, state: &mut State, at: usize, price: Price, liquidity: Liquidity) {
        let Working { report } = state.orders[at].clone();
        let total = base(&report.spec);
        let half = Quantity::from_decimal(total.to_decimal() / Decimal::TWO).unwrap();
        for quantity in [half, total.checked_sub(half).unwrap()] {
            state.count += 1;
            let paid = self.instrument.notional(price, quantity).unwrap();
            let fee = Money::new(paid * Decimal::new(1, 3), self.instrument.quote);
            let sign = Decimal::from(report.spec.side.sign());
            *state.balances.entry(self.instrument.base).or_default() += quantity.to_decimal() * sign;
            let charged = if self.is(Mutant::ForgetsFee) { Decimal::ZERO } else { fee.amount };
            *state.balances.entry(self.instrument.quote).or_default() -= paid * sign + charged;
            let id = ExecutionId::new(&format!("F{}", state.count));
            let asset = if self.is(Mutant::StrangeFee) { "POINTS".parse().unwrap() } else { fee.asset };
            let fill = Fill {
                id: id.clone(),
                order: report.order.unwrap(),
                instrument: self.instrument.id,
                side: report.spec.side,
                price,
                quantity,
                liquidity,
                fee: Money::new(fee.amount, asset),
                ts_event: state.now,
                ts_recv: state.now,
            };
            state.fills.push(FillReport {
                order: report.order,
                venue_order: report.venue_order.clone(),
                id,
                instrument: fill.instrument,
                side: fill.side,
                price,
                quantity,
                liquidity,
                fee: fill.fee,
                ts_event: state.now,
            });
            self.tell(state, fill.order, OrderEventKind::Filled(fill.clone()));
            if self.is(Mutant::FillsTwice) {
                let id = ExecutionId::new(&format!("F{}-again", state.count));
                self.tell(state, fill.order, OrderEventKind::Filled(Fill { id, ..fill }));
            }
        }
        if self.is(Mutant::LosesFillInSnapshot) {
            state.fills.pop();
        }
        let now = state.now;
        let report = &mut state.orders[at].report;
        (report.status, report.filled, report.ts_event) = (ReportedStatus::Filled, total, now);
    }

    fn end(&self, state: &mut State, at: usize, reason: CancelReason) {
        let now = state.now;
        let report = &mut state.orders[at].report;
        (report.status, report.ts_event) = (ReportedStatus::Cancelled, now);
        let order = report.order.unwrap();
        self.tell(state, order, OrderEventKind::Cancelled { reason });
        if self.is(Mutant::ExpiresCancelled) {
            self.tell(state, order, OrderEventKind::Expired);
        }
    }

    /// Whether an order would fill at once, and at which price.
    fn takes(&self, state: &State, spec: &OrderSpec) -> Option<Price> {
        let best = if spec.side == Side::Buy { state.ask } else { state.bid };
        let takes = spec.kind.limit_price().is_none_or(|limit| spec.side.accepts(best, limit));
        takes.then_some(best)
    }

    /// What the mock makes of the terms; the spec that it takes.
    fn checked(&self, state: &State, mut spec: OrderSpec) -> Result<OrderSpec, VenueError> {
        // What is emulated is the engine's, so the venue must not know it.
        if let Some(feature) = spec.features().minus(self.capabilities.native()).iter().next() {
            match self.mutant {
                Mutant::TakesStops if spec.kind.is_conditional() => spec.kind = OrderKind::Market,
                Mutant::UnknownForStops if spec.kind.is_conditional() => {
                    return Err(VenueError::Unknown { evidence: "status 500".to_owned() });
                }
                _ => return Err(VenueError::Unsupported { venue: self.id(), what: feature.to_string() }),
            }
        }
        if self.is(Mutant::RefusesIoc) && spec.time_in_force == TimeInForce::Ioc {
            return refuse(RejectCode::Other);
        }
        if spec.instrument != self.instrument.id && !self.is(Mutant::TakesAnyInstrument) {
            return refuse(RejectCode::UnknownInstrument);
        }
        if self.is(Mutant::RoundsQuantity) && base(&spec).is_positive() {
            let step = self.instrument.quantity_increment;
            spec.quantity =
                base(&spec).round_to(step, algoflow_core::number::Rounding::Floor).unwrap().into();
        }
        if spec.validate(&self.instrument).is_err() {
            return refuse(RejectCode::InvalidOrder);
        }
        let held = state.balances.get(&self.instrument.base).copied().unwrap_or_default();
        if spec.flags.reduce_only && !self.is(Mutant::ReduceOnlyOpens) {
            if spec.side == Side::Buy || held <= Decimal::ZERO {
                return refuse(RejectCode::ReduceOnly);
            }
            spec.quantity = Quantity::from_decimal(held.min(base(&spec).to_decimal())).unwrap().into();
        }
        if spec.side == Side::Sell && base(&spec).to_decimal() > held {
            return refuse(RejectCode::ShortNotAllowed);
        }
        let takes = self.takes(state, &spec).is_some();
        if spec.flags.post_only && takes && !self.is(Mutant::PostOnlyTakes) {
            return refuse(RejectCode::PostOnlyWouldTake);
        }
        if spec.time_in_force == TimeInForce::Fok && !takes && !self.is(Mutant::FokRests) {
            return refuse(RejectCode::CannotFillInFull);
        }
        Ok(spec)
    }

    fn open_order(&self, state: &State, order: &OrderRef) -> Option<usize> {
        let is_it = |working: &Working| {
            working.report.order == Some(order.order) && working.report.status == ReportedStatus::Open
        };
        state.orders.iter().position(is_it)
    }

    fn move_market(&self, bid: Price, ask: Price) {
        let mut state = self.lock();
        (state.bid, state.ask) = (bid, ask);
        if !self.is(Mutant::NoMarketData) {
            let size = Quantity::from_int(1_000);
            let now = state.now;
            let early = if self.is(Mutant::KnowsTooEarly) { TimeDelta::seconds(1) } else { TimeDelta::ZERO };
            let quote = Quote {
                instrument: self.instrument.id,
                ts_event: now,
                ts_recv: now.saturating_sub(early),
                bid,
                bid_size: size,
                ask,
                ask_size: size,
            };
            self.send(&mut state, &VenueEvent::Market(quote.into()));
        }
        for at in 0..state.orders.len() {
            let report = state.orders[at].report.clone();
            let open = report.status == ReportedStatus::Open
                || (self.is(Mutant::FillsCancelled) && report.status == ReportedStatus::Cancelled);
            if open && self.takes(&state, &report.spec).is_some() {
                let mut price = report.spec.kind.limit_price().unwrap();
                if self.is(Mutant::FillsWorse) {
                    price = price.checked_add(self.instrument.price_increment).unwrap();
                }
                self.fill(&mut state, at, price, Liquidity::Maker);
            }
        }
    }

    fn disconnect(&self) {
        let mut state = self.lock();
        self.send(&mut state, &VenueEvent::Disconnected { reason: "reset".to_owned() });
        self.send(&mut state, &VenueEvent::Connected);
        if !self.is(Mutant::NoGap) {
            let gap = VenueEvent::Gap { instruments: Vec::new(), reason: "reconnected".to_owned() };
            self.send(&mut state, &gap);
        }
    }
}

#[async_trait]
impl Venue for MockVenue {
    fn id(&self) -> VenueId {
        self.instrument.venue()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        let mut listed = vec![self.instrument.clone()];
        if self.is(Mutant::ForeignInstrument) {
            listed.push(Instrument::spot("ETH-USD.ELSEWHERE").unwrap());
        }
        Ok(listed)
    }

    async fn subscribe(&self, _wanted: &[Subscription]) -> Result<EventStream, VenueError> {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        self.lock().streams.push(sender);
        let stream = futures_util::stream::unfold(receiver, async |mut receiver| {
            let event = receiver.recv().await?;
            Some((event, receiver))
        });
        Ok(Box::pin(stream))
    }

    async fn submit(&self, submit: &Submit) -> Result<Ack, VenueError> {
        let state = &mut *self.lock();
        let now = state.now;
        let known = state.orders.iter().find(|working| working.report.order == Some(submit.order));
        if let Some(known) = known
            && !self.is(Mutant::TwoOrders)
        {
            return Ok(Ack { venue_order: known.report.venue_order.clone(), ts_event: now });
        }
        let mut spec = self.checked(state, submit.spec)?;
        if self.is(Mutant::ChangesPrice)
            && let OrderKind::Limit { price } = spec.kind
        {
            spec.kind =
                OrderKind::Limit { price: price.checked_sub(self.instrument.price_increment).unwrap() };
        }
        state.count += 1;
        let venue_order = Some(VenueOrderId::new(&format!("O{}", state.count)));
        let report = OrderReport {
            order: Some(submit.order),
            venue_order: venue_order.clone(),
            spec,
            status: ReportedStatus::Open,
            filled: Quantity::ZERO,
            ts_event: now,
        };
        state.orders.push(Working { report });
        let at = state.orders.len() - 1;
        self.tell(state, submit.order, OrderEventKind::Accepted { venue_order: venue_order.clone() });
        if let Some(price) = self.takes(state, &spec) {
            self.fill(state, at, price, Liquidity::Taker);
        } else if spec.time_in_force == TimeInForce::Ioc && !self.is(Mutant::IocRests) {
            self.end(state, at, CancelReason::NotFilledAtOnce);
        }
        Ok(Ack { venue_order, ts_event: now })
    }

    async fn amend(&self, change: &Amend) -> Result<Ack, VenueError> {
        let state = &mut *self.lock();
        if !self.capabilities.native().contains(Feature::Amend) {
            return Err(VenueError::Unsupported { venue: self.id(), what: "amending".to_owned() });
        }
        let reference = OrderRef { order: change.order, venue_order: None, instrument: change.instrument };
        let Some(at) = self.open_order(state, &reference) else { return refuse(RejectCode::UnknownOrder) };
        let (kind, quantity, now) = (change.kind, change.quantity, state.now);
        if !self.is(Mutant::IgnoresAmend) {
            let spec = &mut state.orders[at].report.spec;
            (spec.kind, spec.quantity) = (kind, quantity.into());
        }
        self.tell(state, change.order, OrderEventKind::Amended { kind, quantity });
        Ok(Ack { venue_order: None, ts_event: now })
    }

    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError> {
        let state = &mut *self.lock();
        let ack = Ack { venue_order: None, ts_event: state.now };
        let Some(at) = self.open_order(state, order) else {
            let known = state.orders.iter().any(|working| working.report.order == Some(order.order));
            return match self.mutant {
                Mutant::CancelsUnknown if !known => Ok(ack),
                Mutant::UnknownForFilled if known => {
                    Err(VenueError::Unknown { evidence: "status 500".to_owned() })
                }
                _ => refuse(RejectCode::UnknownOrder),
            };
        };
        self.end(state, at, CancelReason::Requested);
        if self.is(Mutant::KeepsCancelled) {
            state.orders[at].report.status = ReportedStatus::Open;
        }
        Ok(ack)
    }

    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        let state = self.lock();
        let mut orders: Vec<_> = state
            .orders
            .iter()
            .map(|working| working.report.clone())
            .filter(|report| report.status == ReportedStatus::Open || report.ts_event >= since)
            .collect();
        if self.forgets {
            orders.clear();
        }
        if self.is(Mutant::LosesClientId) {
            orders.iter_mut().for_each(|report| report.order = None);
        }
        let open = orders.iter().filter(|report| report.status == ReportedStatus::Open);
        let reserved = open.filter(|report| report.spec.side == Side::Buy).map(|report| {
            let price = report.spec.kind.limit_price().unwrap();
            self.instrument.notional(price, base(&report.spec)).unwrap()
        });
        let mut reserved: Decimal = reserved.sum();
        if self.is(Mutant::LocksTooMuch) {
            reserved = Decimal::from(1_000_000_000);
        }
        let quote = self.instrument.quote;
        let balances = state.balances.iter().map(|(asset, total)| BalanceReport {
            asset: *asset,
            total: *total,
            locked: if *asset == quote { reserved } else { Decimal::ZERO },
        });
        let back = TimeDelta::seconds(i64::try_from(state.fills.len()).unwrap());
        let back = if self.is(Mutant::WatermarkGoesBack) { back } else { TimeDelta::ZERO };
        Ok(AccountSnapshot {
            balances: balances.collect(),
            positions: Vec::new(),
            orders,
            fills: state.fills.iter().filter(|fill| fill.ts_event >= since).cloned().collect(),
            complete_since: since,
            watermark: state.now.saturating_sub(back),
        })
    }

    async fn time(&self) -> Result<Timestamp, VenueError> {
        let mut state = self.lock();
        if self.is(Mutant::ClockGoesBack) {
            state.now = state.now.saturating_sub(TimeDelta::seconds(1));
        }
        Ok(state.now)
    }
}

/// Opens a venue of the kind, with nothing in its account but money.
pub(crate) struct MockStage {
    mutant: Mutant,
    capabilities: Capabilities,
    /// Whether it can do more than trade.
    pub(crate) able: bool,
    pub(crate) venue: Option<Arc<MockVenue>>,
}

impl MockStage {
    pub(crate) fn new(mutant: Mutant) -> Self {
        let native = [
            Feature::Market,
            Feature::Limit,
            Feature::Gtc,
            Feature::Ioc,
            Feature::Fok,
            Feature::PostOnly,
            Feature::ReduceOnly,
            Feature::Amend,
        ];
        let table = Feature::ALL.iter().fold(Capabilities::none(), |table, feature| {
            let why = if mutant == Mutant::NoReason { "" } else { "the mock has no such thing" };
            table.without(*feature, why)
        });
        let table = native
            .iter()
            .fold(table, |table, feature| table.with(*feature, algoflow_core::capabilities::Support::Native));
        let capabilities = table.emulating(Feature::Stop, "triggers late");
        Self::with(mutant, capabilities)
    }

    pub(crate) fn with(mutant: Mutant, capabilities: Capabilities) -> Self {
        Self { mutant, capabilities, able: true, venue: None }
    }

    fn connect(&self, state: Arc<Mutex<State>>, forgets: bool) -> Arc<MockVenue> {
        let mut instrument = Instrument::spot("BTC-USD.MOCK").unwrap();
        instrument.quantity_increment = "0.001".parse().unwrap();
        let (mutant, capabilities) = (self.mutant, self.capabilities.clone());
        Arc::new(MockVenue { capabilities, instrument, mutant, state, forgets })
    }

    fn able(&self) -> Result<Arc<MockVenue>, Cannot> {
        match &self.venue {
            Some(venue) if self.able => Ok(Arc::clone(venue)),
            _ => Err(Cannot::because("it only trades")),
        }
    }
}

#[async_trait]
impl Stage for MockStage {
    async fn open(&mut self) -> Result<Arc<dyn Venue>, VenueError> {
        let state = State {
            now: Timestamp::from_seconds(1_700_000_000).unwrap(),
            bid: "100".parse().unwrap(),
            ask: "100.01".parse().unwrap(),
            balances: BTreeMap::from([("USD".parse().unwrap(), Decimal::from(1_000_000))]),
            orders: Vec::new(),
            fills: Vec::new(),
            streams: Vec::new(),
            count: 0,
        };
        let venue = self.connect(Arc::new(Mutex::new(state)), false);
        self.venue = Some(Arc::clone(&venue));
        Ok(venue)
    }

    fn instrument(&self) -> InstrumentId {
        "BTC-USD.MOCK".parse().unwrap()
    }

    fn quantity(&self) -> Quantity {
        "1".parse().unwrap()
    }

    fn now(&self) -> Timestamp {
        self.venue.as_ref().map_or(Timestamp::EPOCH, |venue| venue.lock().now)
    }

    async fn market(&mut self) -> Result<(Price, Price), VenueError> {
        let state = self.venue.as_ref().unwrap().lock();
        Ok((state.bid, state.ask))
    }

    async fn move_market(&mut self, bid: Price, ask: Price) -> Result<(), Cannot> {
        self.able()?.move_market(bid, ask);
        Ok(())
    }

    async fn disconnect(&mut self) -> Result<(), Cannot> {
        self.able()?.disconnect();
        Ok(())
    }

    async fn reopen(&mut self) -> Result<Arc<dyn Venue>, Cannot> {
        let venue = self.able()?;
        let forgets = self.mutant == Mutant::ForgetsOnRestart;
        Ok(self.connect(Arc::clone(&venue.state), forgets))
    }

    fn open_streams(&self) -> Option<usize> {
        let venue = self.venue.as_ref()?;
        let mut state = venue.lock();
        if self.mutant != Mutant::LeaksStreams {
            state.streams.retain(|stream| !stream.is_closed());
        }
        Some(state.streams.len())
    }
}
