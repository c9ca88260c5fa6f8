//! Orders that are worked: the engine sends slices of them, and plays the venue for the orders themselves.
//!
//! The order that a strategy gave to an algorithm is the parent; its slices are orders of their own. Tests cite these
//! numbers.
//!
//! - **A1** A parent never leaves the engine. It is checked (the instrument's rules but for the largest quantity, the parameters
//!   of its algorithm, that a price is known), then `Accepted`, and ends like an order at a venue. Nothing is set aside
//!   for it. Its slices are checked like every order: the instrument's rules, what the venue can do, money, reduce-only.
//! - **A2** What the slices of a parent have filled and what they may still fill together never exceed its quantity. A slice
//!   that is being changed or cancelled, or whose outcome is unknown, may still fill until the contrary is known.
//! - **A3** A fill of a slice moves the ledger once. The strategy is told of it as a fill of the parent, with the same execution
//!   id, price and fee; of slices it is told nothing else. What depends on the parent (a bracket's exits, a target) goes by
//!   what the parent has filled.
//! - **A4** A fill that is told after the end of a slice counts, also beyond the quantity of the parent: it has happened. If
//!   slices that are out do not fit any more, the newest are cancelled.
//! - **A5** No slice is sent at a price beyond the bound of the parent: its limit, its worst price, or `max_slippage` from the
//!   arrival price (the middle of the quote, else the last price, when it began), whichever is nearest. A market slice has the
//!   bound as its worst price; where the venue knows none, it is a limit order at the bound (immediate or cancel, if
//!   the venue knows that).
//! - **A6** A slice is cut so that the fees that its parent has paid, and those that its open slices and itself are expected to
//!   cost by the higher fee rate of the instrument, stay within `max_fee`. If no slice fits, or the fees of fills
//!   came out above it, the parent is cancelled (`Protection`).
//! - **A7** A parent that is to end (cancelled, its day or date over, its algorithm at its end) sends nothing more. Its slices are
//!   cancelled, and it ends when none of them can fill any more, filled if they have filled all of it meanwhile. A slice whose
//!   outcome is unknown is waited for. A cancellation that the venue refuses is asked again after a pause, at most
//!   [`MAX_ASKS`] times in all; then the strategy is told `CancelRejected`, and the parent ends with its slices.
//! - **A8** A change of quantity or limit takes effect once the slices that are out fit it; those that do not are cancelled,
//!   newest first, and nothing is sent meanwhile. Down to what has filled, the parent is then filled. If the venue
//!   refuses to cancel one, the change is refused.
//! - **A9** A slice that is refused (by the engine or the venue, or cancelled by the venue without a fill) is followed by none for a
//!   second, then two, four and so on. After [`MAX_REFUSALS`] in a row the parent ends: rejected with the last reason if
//!   nothing has filled, else cancelled (`Unworkable`). What cannot get better ends it at once: what is not supported,
//!   an instrument that is not known, nothing to reduce (`ReduceOnly`). A slice that fills, or ends in another way, begins the
//!   count anew.
//! - **A10** A slice that comes back without a fill though nobody refused it (not filled at once, or beyond its bound) is
//!   followed by none for a second, unless news of the market call for one.
//! - **A11** If nothing is out and what is left is less than the venue takes, the parent is cancelled (`Unworkable`).
//! - **A12** Algorithms see trades, quotes and pool prices of their instrument, and bars of the shortest length that it has shown, as
//!   the venue gives them, before strategies do. They are told of nothing while their parent is to end or to change.
//! - **A13** What strays at random is drawn from the run, the parent's id and the seed of the parameters alone.
//! - **A14** A split or a delisting ends the parents of the instrument (`Venue`), as it ends the orders at a venue. While the
//!   instrument is halted or closed nothing is sent.
//!
//! [`MAX_ASKS`]: crate::links::MAX_ASKS

mod slices;

pub(super) use slices::slice_spec;

use algoflow_core::{
    capabilities::{Feature, FeatureSet},
    command::Command,
    id::OrderId,
    market::{MarketRef, TradingStatus},
    number::{Price, Quantity, Rounding},
    order::{
        CancelReason, OrderEventKind, OrderKind, OrderSpec, OrderStatus, RejectCode, Side, TimeInForce,
        algorithm::Algorithm,
        route::{Route, RoutePolicy},
    },
    state::{Ending, Hold},
    time::{TimeDelta, Timestamp},
};

use super::{Engine, submit::Refusal};
use crate::{
    algorithm::{Action, Actions, Occasion, View},
    bars::middle,
    error::EngineError,
    routing::Routing,
    timers::Alarm,
    works::{Change, Finish, Work},
};

/// How many slices of one order may be refused in a row.
pub const MAX_REFUSALS: u32 = 5;

/// How many slices of one order may be out at a time. No more are sent until one of them is over.
pub const MAX_OPEN_SLICES: usize = 10_000;

/// The pause after a slice without a fill; it doubles with every further refusal.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

impl Engine {
    /// A new order that an algorithm is to work (A1), over several listings if it has a route (SR1).
    pub(super) fn work(
        &mut self,
        id: OrderId,
        algorithm: Algorithm,
        route: Option<&Route>,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        if entry.order.status != OrderStatus::Initialized {
            return Ok(());
        }
        let (spec, instrument) = (entry.order.spec, entry.instrument);
        let routing = match route.map(|route| self.routing_of(id, &spec, route)).transpose() {
            Ok(routing) => routing,
            Err(refusal) => return self.deny(id, refusal, commands),
        };
        let arrival = match self.check_work(&spec, instrument, &algorithm, routing.as_ref()) {
            Ok(arrival) => arrival,
            Err(refusal) => return self.deny(id, refusal, commands),
        };
        let runner = match self.works.make(&algorithm, id) {
            Ok(runner) => runner,
            Err((code, text)) => return self.deny(id, Refusal::new(code, text), commands),
        };
        // No venue keeps the time of what it does not have.
        if let Some(deadline) = self.deadline(spec.time_in_force, FeatureSet::EMPTY) {
            if deadline < self.state.now {
                let text = format!("its time was over at {deadline}");
                return self.deny(id, Refusal::new(RejectCode::InvalidOrder, text), commands);
            }
            self.timers.set(deadline, Alarm::Expire(id));
        }
        self.note(id, OrderEventKind::Submitted)?;
        if let Some(entry) = self.state.orders.entry_mut(id) {
            entry.hold = Hold::Algorithm;
        }
        let mut work = Work::new(instrument, algorithm, self.state.now, arrival);
        work.routing = routing.map(Box::new);
        self.works.insert(id, work, runner);
        self.tell(id, OrderEventKind::Accepted { venue_order: None }, commands)?;
        self.step_work(id, Occasion::Start, commands)
    }

    /// The price at which the order begins, if it can be worked.
    fn check_work(
        &self,
        spec: &OrderSpec,
        instrument: usize,
        algorithm: &Algorithm,
        routing: Option<&Routing>,
    ) -> Result<Price, Refusal> {
        let unknown = || Refusal::new(RejectCode::UnknownInstrument, "unknown instrument");
        let known = self.state.instruments.get(instrument).ok_or_else(unknown)?;
        if known.status == TradingStatus::Delisted && routing.is_none() {
            let text = format!("{} does not trade any more", spec.instrument);
            return Err(Refusal::new(RejectCode::MarketClosed, text));
        }
        let invalid = |error: algoflow_core::error::OrderError| {
            Refusal::new(RejectCode::InvalidOrder, error.to_string())
        };
        let mut rules = known.spec.clone();
        // That it is too large for one order is a reason to work it.
        rules.limits.max_quantity = None;
        spec.validate(&rules).map_err(invalid)?;
        algorithm.validate(spec, &rules).map_err(invalid)?;
        let legs = || places_of(instrument, routing);
        let is_ioc = spec.time_in_force == TimeInForce::Ioc;
        if (matches!(algorithm, Algorithm::Sniper(_)) || is_ioc)
            && !legs().any(|leg| self.native(leg).contains(Feature::Ioc))
        {
            let text = "it needs orders that are immediate or cancel, which the venue does not offer";
            return Err(Refusal::new(RejectCode::Unsupported, text));
        }
        if let Some(fee) = spec.protection.max_fee.filter(|fee| fee.asset != known.spec.settlement) {
            let text =
                format!("fees are in {}, so they cannot be bound in {}", known.spec.settlement, fee.asset);
            return Err(Refusal::new(RejectCode::InvalidOrder, text));
        }
        let price_of = |leg: usize| {
            let quote = self.state.instruments.get(leg).and_then(|known| known.quote);
            let quote = quote.filter(|q| q.bid_size.is_positive() && q.ask_size.is_positive());
            let arrival = quote.and_then(|quote| middle(&quote).ok());
            arrival.or_else(|| self.state.portfolio.mark(leg))
        };
        legs().find_map(price_of).ok_or_else(|| {
            Refusal::new(RejectCode::NoPrice, format!("no price of {} is known", spec.instrument))
        })
    }

    /// Calls the algorithm of an order, and does what it asks for.
    pub(super) fn step_work(
        &mut self,
        parent: OrderId,
        occasion: Occasion<'_>,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get(&parent) else { return Ok(()) };
        if work.ending.is_some() || work.change.is_some() {
            return Ok(());
        }
        let Some(mut runner) = self.works.take_runner(parent) else { return Ok(()) };
        let mut act = Actions::default();
        let is_news = matches!(occasion, Occasion::Market(_));
        if let Some(view) = self.view(parent, is_news) {
            runner.step(&view, occasion, &mut act);
        }
        self.works.put_back(parent, runner);
        let now = self.state.now;
        if let Some(work) = self.works.all.get_mut(&parent) {
            // A time that is past comes at once; but not again and again at the same time.
            let is_woken = matches!(occasion, Occasion::Time);
            let soonest = now.saturating_add(TimeDelta::from_nanos(i64::from(is_woken)));
            let before = work.wake.filter(|at| *at > now || !is_woken);
            work.wake = act.wake.map(|at| at.max(soonest)).or(before);
        }
        for action in act.list {
            match action {
                Action::Send(slice) => self.send_slice(parent, slice, is_news, commands)?,
                Action::Move { order, price } => self.move_slice(parent, order, price, commands)?,
                Action::Cancel(order) => {
                    let is_ours =
                        self.works.all.get(&parent).is_some_and(|work| work.slices.contains(&order));
                    if is_ours {
                        self.cancel_slice(order, commands)?;
                    }
                }
                Action::Finish => {
                    let order = self.state.orders.entry(parent).map(|entry| &entry.order);
                    let is_ioc = order.is_some_and(|order| order.spec.time_in_force == TimeInForce::Ioc);
                    let unfilled = Finish::Cancel(CancelReason::NotFilledAtOnce);
                    self.end_work(parent, if is_ioc { unfilled } else { Finish::Expire }, commands)?;
                }
            }
        }
        self.end_if_unworkable(parent, commands)?;
        self.set_alarm(parent);
        Ok(())
    }

    /// What the algorithm of an order sees.
    pub(super) fn view(&self, parent: OrderId, is_news: bool) -> Option<View<'_>> {
        self.view_at(parent, self.works.all.get(&parent)?.instrument, is_news)
    }

    /// The same at one of its listings.
    pub(super) fn view_at(&self, parent: OrderId, instrument: usize, is_news: bool) -> Option<View<'_>> {
        let work = self.works.all.get(&parent)?;
        let order = &self.state.orders.entry(parent)?.order;
        let known = self.state.instruments.get(instrument)?;
        let is_split = work.routing.as_ref().is_some_and(|routing| routing.policy == RoutePolicy::BestPrice);
        Some(View {
            now: self.state.now,
            started: work.started,
            order,
            orders: &self.state.orders,
            slices: &work.slices,
            instrument: &known.spec,
            quote: known.quote.as_ref(),
            last: self.state.portfolio.mark(instrument),
            arrival: work.arrival,
            bound: bound_of(&order.spec, order.spec.kind, work.arrival, known.spec.price_increment),
            native: self.native(instrument),
            open: self.open_of(work),
            can_send: self.can_send(work, is_news),
            is_split,
        })
    }

    /// Whether a slice may be sent now (A9, A10).
    pub(super) fn can_send(&self, work: &Work, is_news: bool) -> bool {
        let now = self.state.now;
        let is_open = match &work.routing {
            Some(routing) => routing.legs.iter().any(|leg| self.is_reachable(leg, is_news)),
            None => self.is_trading_in(work.instrument),
        };
        is_open && !work.pause.is_on(now, is_news) && work.slices.len() < MAX_OPEN_SLICES
    }

    /// Whether an instrument trades.
    pub(super) fn is_trading_in(&self, instrument: usize) -> bool {
        self.state.instruments.get(instrument).is_some_and(|known| known.status == TradingStatus::Open)
    }

    /// What the slices of an order may still fill (A2).
    fn open_of(&self, work: &Work) -> Quantity {
        work.slices.iter().fold(Quantity::ZERO, |sum, id| {
            let leaves = self.state.orders.entry(*id).map_or(Quantity::ZERO, |entry| entry.order.leaves());
            sum.checked_add(leaves).unwrap_or(sum)
        })
    }

    /// Wakes the algorithm when it wants, or when a pause is over.
    fn set_alarm(&mut self, parent: OrderId) {
        let Some(work) = self.works.all.get(&parent) else { return };
        let legs = work.routing.iter().flat_map(|routing| &routing.legs).filter(|leg| !leg.is_out);
        let pauses = std::iter::once(work.pause.until).chain(legs.map(|leg| leg.pause.until));
        let pauses = pauses.filter(|until| *until > self.state.now);
        let wake = work.wake.filter(|_| work.ending.is_none() && work.change.is_none());
        match pauses.chain(wake).min() {
            Some(at) => self.timers.set(at, Alarm::Work(parent)),
            None => self.timers.remove_wake(parent),
        }
    }

    /// The time of an alarm has come.
    pub(super) fn wake_work(
        &mut self,
        parent: OrderId,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get(&parent) else { return Ok(()) };
        if work.ending.is_some() {
            return self.cancel_slices(parent, commands);
        }
        self.step_work(parent, Occasion::Time, commands)
    }

    /// Tells the algorithms of an instrument what its market shows (A12).
    #[cold]
    pub(super) fn work_on(
        &mut self,
        instrument: usize,
        data: MarketRef<'_>,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        for parent in self.works.listeners(instrument) {
            self.step_work(parent, Occasion::Market(data), commands)?;
        }
        Ok(())
    }

    /// An order that is worked is to end (A7).
    pub(super) fn end_worked(
        &mut self,
        parent: OrderId,
        ending: Ending,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let finish = match ending {
            Ending::Cancel(reason) => Finish::Cancel(reason),
            Ending::Expire => Finish::Expire,
        };
        if let Some(work) = self.works.all.get_mut(&parent) {
            // Somebody asks anew: so is the venue.
            work.kept = 0;
        }
        self.end_work(parent, finish, commands)
    }

    pub(super) fn end_work(
        &mut self,
        parent: OrderId,
        finish: Finish,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get_mut(&parent) else { return Ok(()) };
        // Somebody's wish comes before our own reasons.
        let wished =
            matches!(finish, Finish::Cancel(CancelReason::Requested | CancelReason::StrategyStopped));
        if work.ending.is_none() || wished {
            work.ending = Some(finish);
        }
        work.change = None;
        work.pause.until = Timestamp::MIN;
        let status = self.state.orders.entry(parent).map(|entry| entry.order.status);
        if status.is_some_and(|status| !status.is_final() && status != OrderStatus::PendingCancel) {
            self.note(parent, OrderEventKind::CancelRequested)?;
        }
        self.cancel_slices(parent, commands)
    }

    /// Cancels what is out of an order, and ends it once nothing is.
    fn cancel_slices(&mut self, parent: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let slices = self.works.all.get(&parent).map(|work| work.slices.clone()).unwrap_or_default();
        for slice in slices {
            self.cancel_slice(slice, commands)?;
        }
        self.conclude(parent, commands)
    }

    /// Ends an order none of whose slices can fill any more.
    fn conclude(&mut self, parent: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get(&parent).filter(|work| work.slices.is_empty()) else {
            self.set_alarm(parent);
            return Ok(());
        };
        let Some(order) = self.state.orders.get(parent) else { return Ok(()) };
        let (is_open, unfilled) = (order.is_open(), order.filled.is_zero());
        let kind = match work.ending.clone() {
            _ if !is_open => None,
            None => return Ok(()),
            Some(Finish::Cancel(reason)) => Some(OrderEventKind::Cancelled { reason }),
            Some(Finish::Expire) => Some(OrderEventKind::Expired),
            Some(Finish::Refused { code, text }) if unfilled => Some(OrderEventKind::Rejected { code, text }),
            Some(Finish::Refused { .. }) => {
                Some(OrderEventKind::Cancelled { reason: CancelReason::Unworkable })
            }
        };
        self.works.remove(parent);
        self.timers.remove_wake(parent);
        match kind {
            Some(kind) => self.tell(parent, kind, commands),
            None => Ok(()),
        }
    }

    /// What is left is too little to be sent (A11).
    fn end_if_unworkable(&mut self, parent: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(view) = self.view(parent, false) else { return Ok(()) };
        let nothing_out = self.works.all.get(&parent).is_some_and(|work| work.slices.is_empty());
        if nothing_out && view.order.is_open() && view.remaining() < self.least_of(parent, &view) {
            return self.end_work(parent, Finish::Cancel(CancelReason::Unworkable), commands);
        }
        Ok(())
    }

    /// Changes an order that is worked (A8).
    pub(super) fn amend_work(
        &mut self,
        parent: OrderId,
        kind: OrderKind,
        quantity: Quantity,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get_mut(&parent).filter(|work| work.ending.is_none()) else {
            return Ok(());
        };
        work.change = Some(Change { kind, quantity });
        self.note(parent, OrderEventKind::AmendRequested)?;
        self.change_work(parent, commands)
    }

    /// Cancels the slices that do not fit a change, and makes it once none is left.
    fn change_work(&mut self, parent: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get(&parent) else { return Ok(()) };
        let (Some(change), Some(entry)) = (work.change, self.state.orders.entry(parent)) else {
            return Ok(());
        };
        let spec = &entry.order.spec;
        let mut unfit = Vec::new();
        let mut committed = entry.order.filled.checked_add(self.open_of(work)).unwrap_or(Quantity::ZERO);
        for id in work.slices.iter().rev() {
            let Some(out) = self.state.orders.entry(*id) else { continue };
            let slice = &out.order;
            let step = self.state.instruments.get(out.instrument).map(|known| known.spec.price_increment);
            let bound = bound_of(spec, change.kind, work.arrival, step.unwrap_or(Price::ONE));
            let worst = slice.spec.kind.limit_price().or(slice.spec.protection.worst_price);
            let beyond =
                bound.is_some_and(|bound| worst.is_none_or(|worst| !spec.side.accepts(worst, bound)));
            if beyond || committed > change.quantity {
                committed = committed.checked_sub(slice.leaves()).unwrap_or(committed);
                unfit.push(*id);
            }
        }
        if !unfit.is_empty() {
            for slice in unfit {
                self.cancel_slice(slice, commands)?;
            }
            return Ok(());
        }
        if let Some(work) = self.works.all.get_mut(&parent) {
            work.change = None;
        }
        let Change { kind, quantity } = change;
        self.tell(parent, OrderEventKind::Amended { kind, quantity }, commands)?;
        if self.state.orders.get(parent).is_some_and(|order| order.is_open()) {
            self.step_work(parent, Occasion::Amended, commands)
        } else {
            self.wind_up(parent, commands)
        }
    }

    /// An order has filled whole: what is still out of it is cancelled (A4).
    fn wind_up(&mut self, parent: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        if let Some(work) = self.works.all.get_mut(&parent) {
            work.ending.get_or_insert(Finish::Cancel(CancelReason::Contingent));
        }
        self.cancel_slices(parent, commands)
    }

    /// An instrument trades again, or never will: what its orders wait for has come.
    pub(super) fn work_by_status(
        &mut self,
        instrument: usize,
        status: TradingStatus,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        if status == TradingStatus::Delisted {
            self.delist(instrument);
        } else if status == TradingStatus::Open {
            for parent in self.works.on(instrument) {
                self.step_work(parent, Occasion::Time, commands)?;
            }
        }
        Ok(())
    }

    /// A split ends what is worked of an instrument (A14).
    pub(super) fn end_works(&mut self, instrument: usize) {
        let works = self.works.all.iter().filter(|(_, work)| work.goes_to(instrument));
        self.links.to_cancel.extend(works.map(|(parent, _)| (*parent, CancelReason::Venue)));
    }
}

/// The instruments to which the slices of an order may go.
pub(super) fn places_of(instrument: usize, routing: Option<&Routing>) -> impl Iterator<Item = usize> {
    let own = routing.is_none().then_some(instrument);
    own.into_iter().chain(routing.into_iter().flat_map(|routing| &routing.legs).map(|leg| leg.instrument))
}

/// The worst price at which a slice may fill (A5), on the price step.
fn bound_of(spec: &OrderSpec, kind: OrderKind, arrival: Price, step: Price) -> Option<Price> {
    let (side, protection) = (spec.side, &spec.protection);
    let slipped = protection.max_slippage_bps.and_then(|points| {
        let distance = algoflow_core::Decimal::new(i64::from(points), 4);
        let distance = arrival.to_decimal().abs().checked_mul(distance)?;
        let fine =
            algoflow_core::number::Scale::new(arrival.scale().places().saturating_add(4).min(18)).ok()?;
        let distance = Price::from_decimal_rounded(distance, fine, Rounding::Floor).ok()?;
        match side {
            Side::Buy => arrival.checked_add(distance).ok(),
            Side::Sell => arrival.checked_sub(distance).ok(),
        }
    });
    let bounds = [kind.limit_price(), protection.worst_price, slipped].into_iter().flatten();
    let (nearest, rounding) = match side {
        Side::Buy => (bounds.min(), Rounding::Floor),
        Side::Sell => (bounds.max(), Rounding::Ceil),
    };
    nearest.and_then(|bound| bound.round_to(step, rounding).ok())
}
