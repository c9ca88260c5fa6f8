//! Shadow mode: a simulated venue beside the real one, to see how far its fills are from the real ones.
//!
//! - **H1** Every order goes to both. What the real venue says is all that the strategy ever learns.
//! - **H2** The simulated venue sees the market data of the real one, when the strategy does. An order reaches it when it is sent.
//! - **H3** What the real venue surely refused is cancelled in the simulation, and counts for nothing.
//! - **H4** The gap of an order is the difference of the average prices as a share of the simulated one, in basis points: above zero, the
//!   real fill cost more than the simulated one.
//!
//! A backtest whose gap on paper is large cannot be believed; [`ShadowReport`] says it with numbers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use algoflow_core::{
    capabilities::Capabilities,
    command::{Amend, Command, OrderRef, Submit},
    error::VenueError,
    id::{ExecutionId, InstrumentId, OrderId, VenueId},
    instrument::Instrument,
    number::Quantity,
    order::{Fill, OrderEventKind, Side},
    state::Subscription,
    time::{TimeDelta, Timestamp},
    venue::{
        AccountSnapshot, Ack, EventStream, HistoryRequest, OrderReport, QuoteRequest, Venue, VenueEvent,
        VenueQuote,
    },
};
use async_trait::async_trait;
use futures_util::StreamExt;
use rust_decimal::Decimal;

use crate::paper::PaperVenue;

/// How many orders are compared; of more, the oldest are forgotten.
pub const MAX_SHADOWED: usize = 65_536;

/// What filled of an order at one of the two venues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// How much.
    pub quantity: Quantity,
    /// The sum of price times quantity.
    pub value: Decimal,
    /// The time of the first fill.
    pub first: Option<Timestamp>,
}

impl Filled {
    /// The average price, if anything filled.
    #[must_use]
    pub fn average(&self) -> Option<Decimal> {
        self.value.checked_div(self.quantity.to_decimal())
    }

    fn add(&mut self, fill: &Fill) {
        let value = fill.price.to_decimal().checked_mul(fill.quantity.to_decimal());
        let sums = value.and_then(|value| self.value.checked_add(value));
        if let (Some(value), Ok(quantity)) = (sums, self.quantity.checked_add(fill.quantity)) {
            (self.value, self.quantity) = (value, quantity);
            self.first = self.first.or(Some(fill.ts_event));
        }
    }
}

/// An order at both venues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// Which order.
    pub order: OrderId,
    /// Its instrument.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// What really filled.
    pub real: Filled,
    /// What filled in the simulation.
    pub simulated: Filled,
}

impl Shadowed {
    /// By how much the real fills were worse, in basis points (H4); `None` unless both venues filled something.
    #[must_use]
    pub fn gap_bps(&self) -> Option<Decimal> {
        let (real, simulated) = (self.real.average()?, self.simulated.average()?);
        let sign = if self.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        real.checked_sub(simulated)?
            .checked_mul(sign)?
            .checked_mul(Decimal::from(10_000))?
            .checked_div(simulated)
    }
}

/// How far the simulation is from the venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowReport {
    /// The orders, in the order in which they were made.
    pub orders: Vec<Shadowed>,
    /// How many orders both venues filled, at least in part.
    pub both: usize,
    /// How many only the real one.
    pub only_real: usize,
    /// How many only the simulated one.
    pub only_simulated: usize,
    /// The mean gap of the orders that both filled, in basis points.
    pub mean_gap_bps: Option<Decimal>,
    /// The largest gap by amount.
    pub worst_gap_bps: Option<Decimal>,
    /// What went wrong in the simulation, if something did: from then on it says nothing.
    pub failure: Option<String>,
}

#[derive(Default)]
struct Ledger {
    orders: BTreeMap<OrderId, Shadowed>,
    age: VecDeque<OrderId>,
    failure: Option<String>,
    /// Fills that were told already, by order: venues repeat themselves.
    seen: BTreeMap<OrderId, Vec<ExecutionId>>,
}

/// A real venue with a simulated one beside it. See the [module](self). Clones are the same venue.
#[derive(Clone)]
pub struct ShadowVenue {
    real: Arc<dyn Venue>,
    simulated: PaperVenue,
    ledger: Arc<Mutex<Ledger>>,
}

impl std::fmt::Debug for ShadowVenue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShadowVenue").field("real", &self.real.id()).finish_non_exhaustive()
    }
}

impl ShadowVenue {
    /// `real` with `simulated` beside it: a [live](PaperVenue::live) paper venue of the same instruments.
    #[must_use]
    pub fn new(real: Arc<dyn Venue>, simulated: PaperVenue) -> Self {
        Self { real, simulated, ledger: Arc::default() }
    }

    fn ledger<T>(&self, f: impl FnOnce(&mut Ledger) -> T) -> T {
        f(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How far the simulation is from the venue so far.
    #[must_use]
    pub fn report(&self) -> ShadowReport {
        self.ledger(|ledger| {
            let orders: Vec<Shadowed> =
                ledger.age.iter().filter_map(|id| ledger.orders.get(id)).cloned().collect();
            let mut report = ShadowReport { failure: ledger.failure.clone(), ..ShadowReport::default() };
            let mut sum = Some(Decimal::ZERO);
            for order in &orders {
                match (order.real.quantity.is_zero(), order.simulated.quantity.is_zero()) {
                    (false, false) => report.both += 1,
                    (false, true) => report.only_real += 1,
                    (true, false) => report.only_simulated += 1,
                    (true, true) => {}
                }
                let Some(gap) = order.gap_bps() else { continue };
                sum = sum.and_then(|sum| sum.checked_add(gap));
                if report.worst_gap_bps.is_none_or(|worst| gap.abs() > worst.abs()) {
                    report.worst_gap_bps = Some(gap);
                }
            }
            report.mean_gap_bps = sum.and_then(|sum| sum.checked_div(Decimal::from(report.both)));
            report.orders = orders;
            report
        })
    }

    /// The simulated venue does something, unless it has failed.
    fn simulate(&self, f: impl FnOnce(&PaperVenue) -> Result<Vec<VenueEvent>, String>) {
        if self.ledger(|ledger| ledger.failure.is_some()) {
            return;
        }
        match f(&self.simulated) {
            Ok(events) => self.ledger(|ledger| {
                for event in events {
                    if let VenueEvent::Order(event) = event
                        && let Some(fill) = event.fill()
                        && let Some(order) = ledger.orders.get_mut(&event.order)
                    {
                        order.simulated.add(fill);
                    }
                }
            }),
            Err(reason) => self.ledger(|ledger| ledger.failure = Some(reason)),
        }
    }

    fn command(&self, command: &Command) {
        self.simulate(|paper| paper.execute_beside(command).map_err(|error| error.to_string()));
    }

    fn on_real(&self, event: &VenueEvent) {
        match event {
            VenueEvent::Market(data) => {
                self.simulate(|paper| paper.see_beside(data).map_err(|error| error.to_string()));
            }
            VenueEvent::Order(event) => self.ledger(|ledger| {
                if let OrderEventKind::Filled(fill) = &event.kind
                    && let Some(order) = ledger.orders.get_mut(&event.order)
                {
                    let seen = ledger.seen.entry(event.order).or_default();
                    if !seen.contains(&fill.id) {
                        seen.push(fill.id.clone());
                        order.real.add(fill);
                    }
                }
            }),
            _ => {}
        }
    }

    fn begin(&self, submit: &Submit) {
        self.ledger(|ledger| {
            let (order, instrument, side) = (submit.order, submit.spec.instrument, submit.spec.side);
            let (real, simulated) = (Filled::default(), Filled::default());
            let fresh = Shadowed { order, instrument, side, real, simulated };
            if ledger.orders.insert(order, fresh).is_none() {
                ledger.age.push_back(order);
            }
            if ledger.age.len() > MAX_SHADOWED
                && let Some(oldest) = ledger.age.pop_front()
            {
                ledger.orders.remove(&oldest);
                ledger.seen.remove(&oldest);
            }
        });
    }

    /// The real venue surely refused an order (H3).
    fn undo(&self, submit: &Submit) {
        let (order, instrument) = (submit.order, submit.spec.instrument);
        self.command(&Command::Cancel(OrderRef { order, venue_order: None, instrument }));
        self.ledger(|ledger| {
            ledger.orders.remove(&order);
            ledger.age.retain(|known| *known != order);
        });
    }
}

#[async_trait]
impl Venue for ShadowVenue {
    fn id(&self) -> VenueId {
        self.real.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.real.capabilities()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        self.real.instruments().await
    }

    async fn subscribe(&self, wanted: &[Subscription]) -> Result<EventStream, VenueError> {
        let stream = self.real.subscribe(wanted).await?;
        let this = self.clone();
        Ok(Box::pin(stream.inspect(move |event| this.on_real(event))))
    }

    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError> {
        self.begin(order);
        self.command(&Command::Submit(*order));
        let answer = self.real.submit(order).await;
        if answer.as_ref().is_err_and(VenueError::had_no_effect) {
            self.undo(order);
        }
        answer
    }

    async fn amend(&self, change: &Amend) -> Result<Ack, VenueError> {
        let answer = self.real.amend(change).await;
        if answer.is_ok() {
            self.command(&Command::Amend(change.clone()));
        }
        answer
    }

    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError> {
        let answer = self.real.cancel(order).await;
        if answer.is_ok() {
            self.command(&Command::Cancel(order.clone()));
        }
        answer
    }

    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        self.real.account(since).await
    }

    async fn order(&self, order: &OrderRef) -> Result<Option<OrderReport>, VenueError> {
        self.real.order(order).await
    }

    fn request_lifetime(&self) -> TimeDelta {
        self.real.request_lifetime()
    }

    async fn history(
        &self,
        request: &HistoryRequest,
    ) -> Result<Vec<algoflow_core::market::MarketData>, VenueError> {
        self.real.history(request).await
    }

    async fn time(&self) -> Result<Timestamp, VenueError> {
        self.real.time().await
    }

    fn is_paced(&self) -> bool {
        self.real.is_paced()
    }

    fn set_time(&self, now: Timestamp) {
        self.real.set_time(now);
    }

    async fn quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueError> {
        self.real.quote(request).await
    }
}
