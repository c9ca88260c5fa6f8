//! One case: the venue, its stream, and what has become of the orders.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use algoflow_core::{
    command::{Amend, OrderRef, Submit},
    error::VenueError,
    id::{ExecutionId, OrderId},
    instrument::Instrument,
    number::{Price, Quantity, Rounding},
    order::{Fill, Order, OrderEvent, OrderEventKind, OrderKind, OrderSpec, OrderStatus, Side},
    time::Timestamp,
    venue::{AccountSnapshot, Ack, EventStream, OrderReport, ReportedStatus, Venue, VenueEvent},
};
use futures_util::StreamExt;
use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::stage::{Cannot, Stage};

/// How many events one case takes in at most; a venue that tells more has failed it.
pub const MAX_EVENTS: usize = 100_000;

/// Why a case ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Failed(String),
    Skipped(String),
}

impl From<Cannot> for End {
    fn from(cannot: Cannot) -> Self {
        Self::Skipped(cannot.0)
    }
}

pub(crate) type Case = Result<(), End>;

pub(crate) fn fail<T>(why: impl Into<String>) -> Result<T, End> {
    Err(End::Failed(why.into()))
}

pub(crate) fn skip<T>(why: impl Into<String>) -> Result<T, End> {
    Err(End::Skipped(why.into()))
}

/// Fails the case with these words unless the condition holds.
pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Case {
    if holds { Ok(()) } else { fail(why()) }
}

/// Whether a request was surely refused.
pub(crate) const fn is_refusal(error: &VenueError) -> bool {
    matches!(error, VenueError::Rejected { .. } | VenueError::Unsupported { .. })
}

pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a mut dyn Stage,
    pub(crate) venue: Arc<dyn Venue>,
    pub(crate) instrument: Instrument,
    pub(crate) bid: Price,
    pub(crate) ask: Price,
    pub(crate) quantity: Quantity,
    /// When the case began.
    pub(crate) since: Timestamp,
    pub(crate) events: Vec<VenueEvent>,
    /// Steps that the state machine has not, and fills that it cannot have.
    pub(crate) illegal: Vec<String>,
    stream: EventStream,
    orders: BTreeMap<OrderId, Order>,
    fills: BTreeMap<OrderId, Vec<Fill>>,
    next: &'a mut OrderId,
    patience: Duration,
    /// What a limit order is away from the market to rest, in basis points.
    away: u32,
}

impl<'a> Scene<'a> {
    pub(crate) async fn open(
        stage: &'a mut dyn Stage,
        next: &'a mut OrderId,
        patience: Duration,
        away: u32,
    ) -> Result<Self, End> {
        let failed = |what: &str, error: &VenueError| End::Failed(format!("{what}: {error}"));
        let venue = stage.open().await.map_err(|error| failed("the venue does not open", &error))?;
        let since = stage.now();
        let (bid, ask) = stage.market().await.map_err(|error| failed("the market is not known", &error))?;
        let listed = venue.instruments().await.map_err(|error| failed("instruments", &error))?;
        let id = stage.instrument();
        let instrument = listed.into_iter().find(|instrument| instrument.id == id);
        let Some(instrument) = instrument else {
            return fail(format!("{id} is not among the venue's instruments"));
        };
        let wanted = stage.subscriptions();
        let stream = venue.subscribe(&wanted).await.map_err(|error| failed("subscribing", &error))?;
        Ok(Self {
            quantity: stage.quantity(),
            stage,
            venue,
            instrument,
            bid,
            ask,
            since,
            events: Vec::new(),
            illegal: Vec::new(),
            stream,
            orders: BTreeMap::new(),
            fills: BTreeMap::new(),
            next,
            patience,
            away,
        })
    }

    /// Ends what is open and opens the venue anew, as at the beginning of a case.
    pub(crate) async fn again(&mut self) -> Case {
        self.end_open_orders().await;
        (self.orders, self.fills) = (BTreeMap::new(), BTreeMap::new());
        let opened = async {
            self.venue = self.stage.open().await?;
            (self.bid, self.ask) = self.stage.market().await?;
            self.stream = self.venue.subscribe(&self.stage.subscriptions()).await?;
            Ok::<_, VenueError>(())
        };
        opened.await.or_else(|error| fail(format!("the venue does not open again: {error}")))
    }

    /// The id of an order that was not made yet.
    pub(crate) fn fresh_id(&mut self) -> OrderId {
        self.next.sequence += 1;
        *self.next
    }

    /// A price that is away from the market, where an order on this side rests.
    pub(crate) fn away(&self, side: Side) -> Result<Price, End> {
        let bps = Decimal::from(self.away);
        let (price, factor, rounding) = match side {
            Side::Buy => (self.bid, Decimal::from(10_000) - bps, Rounding::Floor),
            Side::Sell => (self.ask, Decimal::from(10_000) + bps, Rounding::Ceil),
        };
        let away = price.to_decimal() * factor / Decimal::from(10_000);
        let fine = price.scale();
        let price = Price::from_decimal_rounded(away, fine, rounding)
            .and_then(|price| self.instrument.round_price(price, rounding));
        price.or_else(|error| fail(format!("no price is away from {}: {error}", self.bid)))
    }

    /// A buy that rests.
    pub(crate) fn resting(&self) -> Result<OrderSpec, End> {
        Ok(OrderSpec::limit(self.instrument.id, Side::Buy, self.quantity, self.away(Side::Buy)?))
    }

    /// A buy that fills at once.
    pub(crate) fn taking(&self) -> OrderSpec {
        self.taking_on(Side::Buy, self.quantity)
    }

    /// An order on `side` that fills at once: a market order, or a limit order at the market where there are none.
    pub(crate) fn taking_on(&self, side: Side, quantity: Quantity) -> OrderSpec {
        let market = OrderSpec::market(self.instrument.id, side, quantity);
        if self.venue.capabilities().objection(market.features()).is_none() {
            return market;
        }
        let price = if side == Side::Buy { self.ask } else { self.bid };
        OrderSpec::limit(self.instrument.id, side, quantity, price)
    }

    /// Sends an order and follows it.
    pub(crate) async fn send(&mut self, spec: OrderSpec) -> (OrderId, Result<Ack, VenueError>) {
        let order = self.fresh_id();
        let sent = self.submit(Submit { order, spec }).await;
        (order, sent)
    }

    pub(crate) async fn submit(&mut self, submit: Submit) -> Result<Ack, VenueError> {
        let (order, now) = (submit.order, self.stage.now());
        if let Entry::Vacant(new) = self.orders.entry(order) {
            new.insert(Order::new(order, submit.spec, now));
            self.happened(order, now, OrderEventKind::Submitted);
        }
        let answer = self.venue.submit(&submit).await;
        match &answer {
            Ok(ack) => {
                let venue_order = ack.venue_order.clone();
                self.happened(order, ack.ts_event, OrderEventKind::Accepted { venue_order });
            }
            Err(VenueError::Rejected { code, text }) => {
                let (code, text) = (*code, text.clone());
                // A second order with the same id was refused, not the first.
                if self.status(order) == OrderStatus::Submitted {
                    self.happened(order, now, OrderEventKind::Rejected { code, text });
                }
            }
            Err(_) => {}
        }
        self.stage.settle().await;
        answer
    }

    /// Sends an order that must be taken.
    pub(crate) async fn place(&mut self, spec: OrderSpec) -> Result<OrderId, End> {
        let (order, answer) = self.send(spec).await;
        match answer {
            Ok(_) => Ok(order),
            Err(error) => fail(format!("an order was not taken ({}): {error}", describe(&spec))),
        }
    }

    /// Buys, and waits until it has filled.
    pub(crate) async fn buy(&mut self, quantity: Quantity) -> Result<OrderId, End> {
        let order = self.place(self.taking_on(Side::Buy, quantity)).await?;
        self.wait_for(order, "fill", |order| order.status == OrderStatus::Filled).await?;
        Ok(order)
    }

    pub(crate) fn reference(&self, order: OrderId) -> OrderRef {
        let venue_order = self.orders.get(&order).and_then(|order| order.venue_order.clone());
        OrderRef { order, venue_order, instrument: self.instrument.id }
    }

    pub(crate) async fn cancel(&mut self, order: OrderId) -> Result<Ack, VenueError> {
        let answer = self.venue.cancel(&self.reference(order)).await;
        if answer.is_ok() && self.orders.get(&order).is_some_and(Order::is_open) {
            let now = self.stage.now();
            self.happened(order, now, OrderEventKind::CancelRequested);
        }
        self.stage.settle().await;
        answer
    }

    pub(crate) async fn amend(
        &mut self,
        order: OrderId,
        kind: OrderKind,
        quantity: Quantity,
    ) -> Result<Ack, VenueError> {
        let OrderRef { order, venue_order, instrument } = self.reference(order);
        if let Some(order) = self.orders.get_mut(&order) {
            order.ask_total(quantity);
        }
        let answer = self.venue.amend(&Amend { order, venue_order, instrument, kind, quantity }).await;
        self.stage.settle().await;
        answer
    }

    fn happened(&mut self, order: OrderId, at: Timestamp, kind: OrderEventKind) {
        let instrument = self.instrument.id;
        self.apply(&OrderEvent { order, instrument, ts_event: at, ts_recv: at, kind });
    }

    fn apply(&mut self, event: &OrderEvent) {
        let Some(order) = self.orders.get_mut(&event.order) else { return };
        if let Some(fill) = event.fill() {
            let fills = self.fills.entry(event.order).or_default();
            // The same fill told again is no other fill.
            if fills.iter().any(|known| known.id == fill.id) {
                return;
            }
            fills.push(fill.clone());
        }
        if let Err(error) = order.apply(event) {
            self.illegal.push(error.to_string());
        }
    }

    pub(crate) fn status(&self, order: OrderId) -> OrderStatus {
        self.orders.get(&order).map_or(OrderStatus::Initialized, |order| order.status)
    }

    /// How much has filled, as the stream tells it.
    pub(crate) fn filled(&self, order: OrderId) -> Quantity {
        self.orders.get(&order).map_or(Quantity::ZERO, |order| order.filled)
    }

    pub(crate) fn fills(&self, order: OrderId) -> &[Fill] {
        self.fills.get(&order).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn order_events(&self, order: OrderId) -> impl Iterator<Item = &OrderEvent> {
        self.events.iter().filter_map(move |event| match event {
            VenueEvent::Order(event) if event.order == order => Some(event),
            _ => None,
        })
    }

    /// Until when an event that is waited for from now on has to come, however much else comes.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Takes in the next event; false if none comes before the deadline.
    pub(crate) async fn step(&mut self, deadline: Instant) -> Result<bool, End> {
        self.stage.settle().await;
        let Ok(event) = tokio::time::timeout_at(deadline, self.stream.next()).await else {
            return Ok(false);
        };
        let Some(event) = event else { return fail("the stream has ended") };
        if let VenueEvent::Order(event) = &event {
            self.apply(event);
        }
        self.events.push(event);
        ensure(self.events.len() < MAX_EVENTS, || format!("the stream told more than {MAX_EVENTS} events"))?;
        Ok(Instant::now() < deadline)
    }

    /// Takes in what comes, for as long as an event is waited for.
    pub(crate) async fn quiet(&mut self) -> Case {
        let deadline = self.deadline();
        while self.step(deadline).await? {}
        Ok(())
    }

    /// Takes in events until an order is as wanted.
    pub(crate) async fn wait_for(
        &mut self,
        order: OrderId,
        what: &str,
        wanted: impl Fn(&Order) -> bool,
    ) -> Case {
        let deadline = self.deadline();
        loop {
            let Some(known) = self.orders.get(&order) else { return fail(format!("{order} was never sent")) };
            if wanted(known) {
                return Ok(());
            }
            let (status, filled) = (known.status, known.filled);
            if !self.step(deadline).await? {
                let illegal = self.illegal.join("; ");
                return fail(format!("{order} did not {what}: it is {status}, filled {filled} {illegal}"));
            }
        }
    }

    /// Takes in events until one is as wanted, from the event with this index on.
    pub(crate) async fn wait_for_event(
        &mut self,
        from: usize,
        what: &str,
        wanted: impl Fn(&VenueEvent) -> bool,
    ) -> Result<usize, End> {
        let (deadline, mut at) = (self.deadline(), from);
        loop {
            while let Some(event) = self.events.get(at) {
                if wanted(event) {
                    return Ok(at);
                }
                at += 1;
            }
            if !self.step(deadline).await? {
                return fail(format!("the stream does not tell {what}"));
            }
        }
    }

    /// Takes in events until an order has one as wanted; false if it has none in time.
    pub(crate) async fn wait_for_order_event(
        &mut self,
        order: OrderId,
        wanted: impl Fn(&OrderEventKind) -> bool,
    ) -> Result<bool, End> {
        let deadline = self.deadline();
        while !self.order_events(order).any(|event| wanted(&event.kind)) {
            if !self.step(deadline).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) async fn snapshot(&mut self) -> Result<AccountSnapshot, End> {
        self.stage.settle().await;
        let snapshot = self.venue.account(self.since).await;
        snapshot.or_else(|error| fail(format!("there is no snapshot of the account: {error}")))
    }

    /// The open orders with this id in a snapshot.
    pub(crate) async fn open_reports(&mut self, order: OrderId) -> Result<Vec<OrderReport>, End> {
        let mut reports = self.snapshot().await?.orders;
        reports.retain(|report| report.order == Some(order) && report.status == ReportedStatus::Open);
        Ok(reports)
    }

    /// Checks that an order is open no more and has not filled (further than this).
    pub(crate) async fn is_gone(&mut self, order: OrderId, filled: Quantity) -> Case {
        self.wait_for(order, "end", |order| !order.is_open()).await?;
        ensure(self.filled(order) == filled, || {
            format!("{order} has filled {}, not {filled}", self.filled(order))
        })?;
        let open = self.open_reports(order).await?;
        ensure(open.is_empty(), || format!("{order} has ended, but the snapshot has it open"))
    }

    /// Ends what the case has left open.
    pub(crate) async fn leave(mut self) {
        self.end_open_orders().await;
    }

    /// A refusal is no failure of the case: an order may have ended by itself.
    async fn end_open_orders(&mut self) {
        let open: Vec<_> =
            self.orders.values().filter(|order| order.is_open()).map(|order| order.id).collect();
        for order in open {
            drop(self.cancel(order).await);
        }
    }
}

/// An order in words.
pub(crate) fn describe(spec: &OrderSpec) -> String {
    let features: Vec<_> = spec.features().iter().map(|feature| feature.to_string()).collect();
    format!("{} {} {}", spec.side, spec.quantity.value(), features.join("+"))
}

/// The ids of fills, sorted.
pub(crate) fn ids<'f>(fills: impl Iterator<Item = &'f ExecutionId>) -> Vec<ExecutionId> {
    let mut ids: Vec<_> = fills.cloned().collect();
    ids.sort();
    ids
}
