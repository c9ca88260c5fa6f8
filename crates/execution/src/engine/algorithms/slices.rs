//! The slices of an order that is worked: sent, changed, cancelled, and what is told of them.

use algoflow_core::{
    Decimal,
    capabilities::Feature,
    command::Command,
    error::AccountError,
    id::OrderId,
    number::{Money, Price, Quantity, Rounding},
    order::{
        CancelReason, Fill, OrderEvent, OrderEventKind, OrderKind, OrderRole, OrderSpec, OrderStatus,
        RejectCode, Side, TimeInForce,
    },
    time::TimeDelta,
};

use super::{super::Engine, MAX_REFUSALS, PAUSE, bound_of};
use crate::{
    algorithm::{Occasion, Slice},
    error::EngineError,
    links::MAX_ASKS,
    works::Finish,
};

impl Engine {
    /// Sends a slice, cut to what may be sent (A2, A5, A6).
    pub(super) fn send_slice(
        &mut self,
        parent: OrderId,
        slice: Slice,
        is_news: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get(&parent) else { return Ok(()) };
        if work.routing.is_some() {
            return self.route_slice(parent, slice, is_news, commands);
        }
        let over = work.ending.is_some() || work.change.is_some() || !self.can_send(work, is_news);
        let Some(view) = self.view(parent, is_news).filter(|view| !over && view.order.is_open()) else {
            return Ok(());
        };
        let quantity = view.fit(slice.quantity);
        if quantity.is_zero() {
            return Ok(());
        }
        let mut spec = slice_spec(&view, parent, slice, quantity);
        let instrument = work.instrument;
        if let Some(max) = view.order.spec.protection.max_fee {
            let affordable = self.cut_to_fee(parent, None, instrument, &spec, quantity, max)?;
            if affordable < view.least() {
                return self.end_work(parent, Finish::Cancel(CancelReason::Protection), commands);
            }
            spec.quantity = affordable.into();
        }
        spec.flags.display = spec.flags.display.map(|shown| shown.min(spec.quantity.value()));
        let id = self.state.orders.create(usize::from(parent.strategy), instrument, spec, self.state.now);
        if let Some(work) = self.works.all.get_mut(&parent) {
            work.slices.push(id);
        }
        self.submit(id, commands)
    }

    /// How much of a slice the bound on fees allows (A6), in place of `instead` if it takes the place of one.
    pub(in crate::engine) fn cut_to_fee(
        &self,
        parent: OrderId,
        instead: Option<OrderId>,
        instrument: usize,
        spec: &OrderSpec,
        quantity: Quantity,
        max: Money,
    ) -> Result<Quantity, EngineError> {
        let Some(work) = self.works.all.get(&parent) else { return Ok(Quantity::ZERO) };
        let Some(known) = self.state.instruments.get(instrument) else { return Ok(Quantity::ZERO) };
        if known.fee() <= Decimal::ZERO {
            return Ok(quantity);
        }
        let fee_of = |instrument, kind: OrderKind, worst: Option<Price>, quantity| {
            let Some(known) = self.state.instruments.get(instrument) else { return Ok(Decimal::ZERO) };
            let price = kind.limit_price().or(worst).or_else(|| self.state.portfolio.mark(instrument));
            let price = price.unwrap_or(work.arrival);
            let worth = known.spec.notional(price, quantity).map_err(AccountError::from)?.abs();
            let rate = known.fee().max(Decimal::ZERO);
            worth.checked_mul(rate).ok_or_else(|| overflow("a fee"))
        };
        let mut expected = work.fees;
        for id in work.slices.iter().filter(|id| Some(**id) != instead) {
            let Some(entry) = self.state.orders.entry(*id) else { continue };
            let open = &entry.order;
            let worst = open.spec.protection.worst_price;
            let fee = fee_of(entry.instrument, open.spec.kind, worst, open.leaves())?;
            expected = expected.checked_add(fee).ok_or_else(|| overflow("fees"))?;
        }
        let whole = fee_of(instrument, spec.kind, spec.protection.worst_price, quantity)?;
        let left = max.amount.checked_sub(expected).ok_or_else(|| overflow("fees"))?;
        if whole <= left {
            return Ok(quantity);
        }
        let share = left.max(Decimal::ZERO).checked_div(whole).unwrap_or(Decimal::ZERO);
        let exact = quantity.to_decimal().checked_mul(share).unwrap_or(Decimal::ZERO);
        let step = known.spec.quantity_increment;
        let floor = Quantity::from_decimal_rounded(exact, step.scale(), Rounding::Floor);
        Ok(floor.and_then(|floor| floor.round_to(step, Rounding::Floor)).unwrap_or(Quantity::ZERO))
    }

    /// Gives a slice another price, within the bound (A5).
    pub(super) fn move_slice(
        &mut self,
        parent: OrderId,
        id: OrderId,
        price: Price,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(work) = self.works.all.get(&parent).filter(|work| work.slices.contains(&id)) else {
            return Ok(());
        };
        let arrival = work.arrival;
        let over = work.ending.is_some() || work.change.is_some();
        let (Some(order), Some(entry)) =
            (self.state.orders.entry(parent).map(|entry| &entry.order), self.state.orders.entry(id))
        else {
            return Ok(());
        };
        let (slice, instrument) = (&entry.order, entry.instrument);
        let Some(known) = self.state.instruments.get(instrument) else { return Ok(()) };
        let works = matches!(slice.status, OrderStatus::Accepted | OrderStatus::PartiallyFilled);
        let OrderKind::Limit { price: before } = slice.spec.kind else { return Ok(()) };
        if over || !works || !self.native(instrument).contains(Feature::Amend) {
            return Ok(());
        }
        let (side, step) = (slice.spec.side, known.spec.price_increment);
        let bound = bound_of(&order.spec, order.spec.kind, arrival, step);
        let price = bound.filter(|bound| !side.accepts(price, *bound)).unwrap_or(price);
        let price = on_step(side, price, step);
        if price == before {
            return Ok(());
        }
        let total = slice.spec.quantity.base(side).unwrap_or(Quantity::ZERO);
        let kind = OrderKind::Limit { price };
        if let Some(max) = order.spec.protection.max_fee {
            let (leaves, spec) = (slice.leaves(), OrderSpec { kind, ..slice.spec });
            if self.cut_to_fee(parent, Some(id), instrument, &spec, leaves, max)? < leaves {
                // Too dear at that price: a smaller one can follow.
                return self.cancel_slice(id, commands);
            }
        }
        match self.ask_amend(id, kind, total, commands)? {
            Ok(()) => Ok(()),
            Err(refusal) => self.refuse_amend(id, refusal, commands),
        }
    }

    /// Cancels a slice. One whose outcome is unknown is left alone until that is known.
    pub(super) fn cancel_slice(
        &mut self,
        id: OrderId,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(order) = self.state.orders.entry(id).map(|entry| &entry.order) else { return Ok(()) };
        if order.status == OrderStatus::Unknown {
            return Ok(());
        }
        let work = order.spec.contingency.parent.and_then(|parent| self.works.all.get(&parent));
        // Not as a request: a venue that tells of one nobody made has refused the slice.
        let reason = match work {
            Some(work) if work.ending.is_none() => CancelReason::Replaced,
            _ => CancelReason::Contingent,
        };
        self.cancel(id, reason, commands)
    }

    /// A slice has filled: so has its parent (A3).
    pub(in crate::engine) fn fill_parent(
        &mut self,
        event: &OrderEvent,
        fill: &Fill,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let slice = self.state.orders.get(event.order);
        let Some(parent) = slice.and_then(|slice| slice.spec.contingency.parent) else { return Ok(()) };
        self.count_slice_fee(parent, fill);
        let Some(entry) = self.state.orders.entry_mut(parent) else { return Ok(()) };
        let filled = entry.order.filled.checked_add(fill.quantity).map_err(AccountError::from)?;
        if entry.order.spec.quantity.base(fill.side).is_some_and(|total| filled > total) {
            // Told late, and another slice has filled in its place: both have happened (A4).
            entry.order.ask_total(filled);
        }
        let fill = Fill { order: parent, ..fill.clone() };
        let event = OrderEvent { order: parent, kind: OrderEventKind::Filled(fill), ..event.clone() };
        self.on_event(&event, commands)
    }

    /// Counts the fee of a fill in the asset of the bound (A6).
    fn count_slice_fee(&mut self, parent: OrderId, fill: &Fill) {
        let bound = self.state.orders.entry(parent).and_then(|entry| entry.order.spec.protection.max_fee);
        let (Some(max), Some(work)) = (bound, self.works.all.get_mut(&parent)) else { return };
        let portfolio = &self.state.portfolio;
        let fee = if fill.fee.asset == max.asset || fill.fee.amount.is_zero() {
            Some(fill.fee.amount)
        } else {
            let rates = portfolio.rate(fill.fee.asset).ok().zip(portfolio.rate(max.asset).ok());
            rates.and_then(|(from, to)| fill.fee.amount.checked_mul(from)?.checked_div(to))
        };
        // A fee that cannot be counted cannot be bound: it uses up what was allowed.
        let counted = fee.and_then(|fee| work.fees.checked_add(fee));
        work.fees = counted.unwrap_or(Decimal::MAX);
    }

    /// Something happened to a slice: what follows for its parent, once the books are right.
    pub(in crate::engine) fn after_slice(
        &mut self,
        event: &OrderEvent,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(slice) = self.state.orders.get(event.order) else { return Ok(()) };
        let (is_over, unfilled) = (!slice.is_open(), slice.filled.is_zero());
        let Some(parent) = slice.spec.contingency.parent else { return Ok(()) };
        let Some(work) = self.works.all.get_mut(&parent) else { return Ok(()) };
        let was_out = work.slices.contains(&event.order);
        if is_over {
            work.slices.retain(|id| *id != event.order);
        }
        let is_ending = work.ending.is_some();
        self.judge_slice(parent, event, is_over && unfilled && was_out);
        if let OrderEventKind::CancelRejected { code, text } = &event.kind {
            return self.keep_slice(parent, (*code, text), commands);
        }
        if is_ending {
            return self.go_on_ending(parent, event, commands);
        }
        if self.state.orders.get(parent).is_some_and(|order| !order.is_open()) {
            // What is still out would fill beyond it.
            return self.wind_up(parent, commands);
        }
        if let Some(finish) = self.verdict(parent, event) {
            return self.end_work(parent, finish, commands);
        }
        self.trim_slices(parent, commands)?;
        if self.works.all.get(&parent).is_some_and(|work| work.change.is_some()) {
            return self.change_work(parent, commands);
        }
        self.step_work(parent, Occasion::Slice(event), commands)
    }

    /// Counts refusals, and sets the pause that follows them (A9, A10).
    fn judge_slice(&mut self, parent: OrderId, event: &OrderEvent, is_fruitless: bool) {
        use CancelReason as R;
        use OrderEventKind as E;
        let now = self.state.now;
        let instrument = self.state.orders.entry(event.order).map(|entry| entry.instrument);
        let (Some(work), Some(instrument)) = (self.works.all.get_mut(&parent), instrument) else { return };
        let rest = work.pause_mut(instrument);
        let (times, is_refused) = match event.kind {
            E::Filled(_) => {
                rest.refusals = 0;
                return;
            }
            E::Cancelled { reason: R::Replaced | R::Contingent | R::StrategyStopped } if is_fruitless => {
                rest.refusals = 0;
                return;
            }
            E::Cancelled { reason: R::NotFilledAtOnce | R::Protection | R::ReduceOnly } if is_fruitless => {
                rest.refusals = 0;
                (1, false)
            }
            _ if is_fruitless => {
                rest.refusals = rest.refusals.saturating_add(1);
                (1 << (rest.refusals - 1).min(MAX_REFUSALS), true)
            }
            _ => return,
        };
        rest.is_refused = is_refused;
        rest.fruitless_at = now;
        rest.until = now.saturating_add(pause(times));
    }

    /// Whether what happened to a slice ends its parent.
    fn verdict(&mut self, parent: OrderId, event: &OrderEvent) -> Option<Finish> {
        use OrderEventKind as E;
        let instrument = self.state.orders.entry(event.order)?.instrument;
        let max_fee = self.state.orders.entry(parent)?.order.spec.protection.max_fee;
        let can_reduce = self.can_reduce_elsewhere(parent, instrument);
        let work = self.works.all.get_mut(&parent)?;
        if max_fee.is_some_and(|max| work.fees > max.amount) {
            return Some(Finish::Cancel(CancelReason::Protection));
        }
        let (code, text) = match &event.kind {
            E::Denied { code: RejectCode::ReduceOnly, .. } if can_reduce => return None,
            E::Denied { code: RejectCode::ReduceOnly, .. } => {
                return Some(Finish::Cancel(CancelReason::ReduceOnly));
            }
            E::Denied { code, text } | E::Rejected { code, text } => (*code, text.clone()),
            E::Cancelled { reason: CancelReason::Venue | CancelReason::Requested } => {
                (RejectCode::Other, "the venue cancelled it".to_owned())
            }
            E::Expired => (RejectCode::Other, "it expired".to_owned()),
            _ => return None,
        };
        let is_hopeless = matches!(code, RejectCode::Unsupported | RejectCode::UnknownInstrument);
        let refusals = work.pause_mut(instrument).refusals;
        if !is_hopeless && refusals < MAX_REFUSALS {
            return None;
        }
        if let Some(routing) = &mut work.routing {
            if let Some(leg) = routing.leg_mut(instrument) {
                leg.is_out = true;
            }
            // Others may take what one will not (SR3).
            if !routing.is_over() {
                return None;
            }
        }
        let text = match is_hopeless {
            true => text,
            false => format!("{refusals} slices in a row were refused, the last one: {text}"),
        };
        Some(Finish::Refused { code, text })
    }

    /// The venue would not cancel a slice (A7, A8): nothing is asked again before a pause is over.
    fn keep_slice(
        &mut self,
        parent: OrderId,
        (code, text): (RejectCode, &str),
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let until = self.state.now;
        let Some(work) = self.works.all.get_mut(&parent) else { return Ok(()) };
        let text = text.to_owned();
        let told = if work.ending.is_some() {
            work.kept = work.kept.saturating_add(1);
            if work.kept < MAX_ASKS {
                work.pause.until = until.saturating_add(pause(1 << (work.kept - 1)));
            }
            (work.kept == MAX_ASKS).then_some(OrderEventKind::CancelRejected { code, text })
        } else {
            work.pause.is_refused = true;
            work.pause.until = work.pause.until.max(until.saturating_add(pause(1)));
            work.change.take().map(|_| OrderEventKind::AmendRejected { code, text })
        };
        self.set_alarm(parent);
        match told {
            Some(kind) => self.tell(parent, kind, commands),
            None => Ok(()),
        }
    }

    /// An order that is to end has one slice less, or knows of one what it did not (A7).
    fn go_on_ending(
        &mut self,
        parent: OrderId,
        event: &OrderEvent,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        // It was not known whether the venue had it, or it could not be cancelled while it was being changed.
        let is_news = matches!(
            event.kind,
            OrderEventKind::Accepted { .. }
                | OrderEventKind::Amended { .. }
                | OrderEventKind::AmendRejected { .. }
        );
        if is_news {
            self.cancel_slice(event.order, commands)?;
        }
        self.conclude(parent, commands)
    }

    /// Cancels the newest slices that do not fit any more (A4).
    fn trim_slices(&mut self, parent: OrderId, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let (Some(work), Some(entry)) = (self.works.all.get(&parent), self.state.orders.entry(parent)) else {
            return Ok(());
        };
        let total = entry.order.spec.quantity.base(entry.order.spec.side).unwrap_or(Quantity::ZERO);
        let open = self.open_of(work);
        let mut committed = entry.order.filled.checked_add(open).map_err(AccountError::from)?;
        let mut unfit = Vec::new();
        for id in work.slices.iter().rev() {
            if committed <= total {
                break;
            }
            let leaves = self.state.orders.entry(*id).map_or(Quantity::ZERO, |entry| entry.order.leaves());
            committed = committed.checked_sub(leaves).map_err(AccountError::from)?;
            unfit.push(*id);
        }
        for slice in unfit {
            self.cancel_slice(slice, commands)?;
        }
        Ok(())
    }
}

/// A price that a venue takes: the nearest one that is no worse.
fn on_step(side: Side, price: Price, step: Price) -> Price {
    let rounding = if side == Side::Buy { Rounding::Floor } else { Rounding::Ceil };
    price.round_to(step, rounding).unwrap_or(price)
}

/// The pause after a slice without a fill, so many times as long.
fn pause(times: i64) -> TimeDelta {
    TimeDelta::from_nanos(PAUSE.nanos().saturating_mul(times))
}

fn overflow(operation: &'static str) -> EngineError {
    AccountError::from(algoflow_core::error::NumberError::Overflow { operation }).into()
}

/// The order that a slice becomes (A5).
pub(in crate::engine) fn slice_spec(
    view: &crate::algorithm::View<'_>,
    parent: OrderId,
    slice: Slice,
    quantity: Quantity,
) -> OrderSpec {
    let asked = &view.order.spec;
    let mut spec = OrderSpec::market(view.instrument.id, asked.side, quantity);
    let nearest = |price: Price| match view.bound {
        Some(bound) if !asked.side.accepts(price, bound) => bound,
        _ => on_step(asked.side, price, view.instrument.price_increment),
    };
    let knows_ioc = view.native.contains(Feature::Ioc);
    let mut immediate = slice.immediate;
    match (slice.price, view.bound) {
        (Some(price), _) => spec.kind = OrderKind::Limit { price: nearest(price) },
        (None, Some(bound)) if view.has_limit() => spec.kind = OrderKind::Limit { price: bound },
        (None, Some(bound)) if view.native.contains(Feature::WorstPrice) => {
            spec.protection.worst_price = Some(bound);
        }
        (None, Some(bound)) => {
            spec.kind = OrderKind::Limit { price: bound };
            immediate = true;
        }
        (None, None) => {}
    }
    if immediate && knows_ioc {
        spec.time_in_force = TimeInForce::Ioc;
    }
    spec.flags.reduce_only = asked.flags.reduce_only;
    spec.flags.post_only = asked.flags.post_only && !immediate && spec.kind != OrderKind::Market;
    spec.flags.display = slice.display;
    spec.contingency.parent = Some(parent);
    spec.contingency.role = OrderRole::Slice;
    spec
}
