//! Commands arrive at the venue.

use algoflow_core::capabilities::{Feature, FeatureSet};
use algoflow_core::{
    command::{Amend, Command, OrderRef, Submit},
    id::{InstrumentId, OrderId},
    market::TradingStatus,
    number::{Price, Quantity},
    order::{CancelReason, OrderEventKind, OrderKind, OrderQuantity, OrderSpec, RejectCode, TimeInForce},
    time::{TimeDelta, Timestamp},
};

use super::{Active, SimExchange};
use crate::{
    BarFill, SimError,
    book::{Book, Source, Stage, Working},
    desk::{Desk, Moment, Outcome, protect, would_take},
    path::LEGS,
};

type Refusal = (RejectCode, String);

impl SimExchange {
    pub(super) fn arrive(&mut self, command: &Command) -> Result<(), SimError> {
        match command {
            Command::Submit(submit) => self.submit(submit),
            Command::Amend(amend) => self.amend(amend),
            Command::Cancel(order) => {
                self.cancel(order);
                Ok(())
            }
            other => Err(SimError::UnknownCommand { order: other.order() }),
        }
    }

    /// Whether the price is on its way through a bar of this book.
    fn is_on_path(&self, place: usize) -> bool {
        matches!(self.active, Active::Bar(active) if active == place)
            && self.books.get(place).is_some_and(|book| book.path.leg < LEGS)
    }

    fn submit(&mut self, submit: &Submit) -> Result<(), SimError> {
        let (id, spec) = (submit.order, &submit.spec);
        let Ok(place) = self.place(spec.instrument) else {
            let text = format!("{} does not trade at {}", spec.instrument, self.id);
            self.refuse(id, spec.instrument, (RejectCode::UnknownInstrument, text));
            return Ok(());
        };
        let on_path = self.is_on_path(place);
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        if !book.orders.is_empty() && book.orders.find(id).is_some() {
            return Err(SimError::DuplicateOrder { order: id });
        }
        let reference = reference(book, spec, on_path);
        if let Some(refusal) = self.desk.objection(book, spec, reference)? {
            self.refuse(id, spec.instrument, refusal);
            return Ok(());
        }
        let mut order = Working::new(id, spec, self.desk.now, book.orders.event);
        order.expiry = expiry(spec.time_in_force, self.desk.now);
        protect(&mut order, if spec.kind.is_conditional() { None } else { reference })?;
        if would_take(&order, reference) {
            self.refuse(id, spec.instrument, post_only(reference));
            return Ok(());
        }
        order.fresh = !spec.flags.post_only;
        if let Some(price) = reference {
            order.follow(price, &book.instrument)?;
        }
        if self.desk.arrive(book, &mut order, on_path)? == Outcome::Open {
            self.desk.open(book, order);
        }
        Ok(())
    }

    fn amend(&mut self, amend: &Amend) -> Result<(), SimError> {
        let Some((place, position)) = self.find(amend.order, amend.instrument) else {
            let refusal = not_open(amend.order);
            self.refuse_change(amend.order, amend.instrument, refusal);
            return Ok(());
        };
        let on_path = self.is_on_path(place);
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        let Some(order) = book.orders.get(position) else { return Ok(()) };
        let mut changed = order.clone();
        changed.spec.kind = amend.kind;
        changed.spec.quantity = OrderQuantity::Base(amend.quantity);
        changed.total = Some(amend.quantity);
        if amend.kind != order.spec.kind {
            // Its new price is no older than now (B2, Q11).
            (changed.arrival, changed.born) = (self.desk.now, book.orders.event);
        }
        changed.live = if order.triggered { amend.kind.triggered() } else { amend.kind };
        if let Some(trail) = order.trail {
            changed.trail_from(trail.extreme, &book.instrument)?;
        }
        let repriced = amend.kind != order.spec.kind;
        let enlarged = order.total.is_none_or(|total| amend.quantity > total);
        let reference = reference(book, &changed.spec, on_path);
        let refusal = if self.desk.can(FeatureSet::EMPTY.with(Feature::Amend)) {
            amend_objection(book, order, &changed, repriced.then_some(reference).flatten())
        } else {
            let objection = self.desk.capabilities.objection(FeatureSet::EMPTY.with(Feature::Amend));
            Some((RejectCode::Unsupported, objection.unwrap_or_default()))
        };
        if let Some(refusal) = refusal {
            self.refuse_change(amend.order, amend.instrument, refusal);
            return Ok(());
        }
        let kind = OrderEventKind::Amended { kind: amend.kind, quantity: amend.quantity };
        self.desk.report(amend.order, amend.instrument, kind);
        let mut position = position;
        if repriced || enlarged {
            book.orders.requeue(position);
            position = book.orders.len() - 1;
        }
        book.orders.disturb();
        let Some(order) = book.orders.get_mut(position) else { return Ok(()) };
        *order = changed;
        if repriced {
            order.fresh = !order.spec.flags.post_only;
            let mut order = order.clone();
            let outcome = self.desk.arrive(book, &mut order, on_path)?;
            if let Some(place) = book.orders.get_mut(position) {
                *place = order;
            }
            if outcome == Outcome::Closed {
                self.desk.close(book, position);
            }
        }
        Ok(())
    }

    fn cancel(&mut self, command: &OrderRef) {
        let Some((place, position)) = self.find(command.order, command.instrument) else {
            let (code, text) = not_open(command.order);
            let kind = OrderEventKind::CancelRejected { code, text };
            self.desk.report(command.order, command.instrument, kind);
            return;
        };
        if let Some(book) = self.books.get_mut(place)
            && let Some(order) = book.orders.get_mut(position)
        {
            self.desk.cancel(order, CancelReason::Requested);
            self.desk.close(book, position);
        }
    }

    /// The book of an open order, and its position there.
    fn find(&self, order: OrderId, instrument: InstrumentId) -> Option<(usize, usize)> {
        let place = self.place(instrument).ok()?;
        Some((place, self.books.get(place)?.orders.find(order)?))
    }

    fn refuse(&mut self, order: OrderId, instrument: InstrumentId, (code, text): Refusal) {
        self.desk.report(order, instrument, OrderEventKind::Rejected { code, text });
    }

    fn refuse_change(&mut self, order: OrderId, instrument: InstrumentId, (code, text): Refusal) {
        self.desk.report(order, instrument, OrderEventKind::AmendRejected { code, text });
    }
}

impl Desk {
    /// Why a new order is refused, if it is (O1). What can refuse a plain market order leads `fill_at_once` here.
    fn objection(
        &mut self,
        book: &Book,
        spec: &OrderSpec,
        reference: Option<Price>,
    ) -> Result<Option<Refusal>, SimError> {
        if let Some(rejections) = &mut self.rejections
            && let Some(refusal) = rejections.draw()
        {
            return Ok(Some(refusal));
        }
        if let Some(refusal) = shut(book) {
            return Ok(Some(refusal));
        }
        let features = spec.features();
        if !self.can(features) {
            let text = self.capabilities.objection(features).unwrap_or_default();
            return Ok(Some((RejectCode::Unsupported, text)));
        }
        if let Err(broken) = spec.validate(&book.instrument) {
            return Ok(Some((RejectCode::InvalidOrder, broken.to_string())));
        }
        let auction = matches!(spec.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose);
        if auction && book.market.source == Source::Ticks {
            let text = "quotes and trades show no auctions".to_owned();
            return Ok(Some((RejectCode::Unsupported, text)));
        }
        if let TimeInForce::Gtd(until) = spec.time_in_force
            && until < self.now
        {
            let text = format!("the order ends at {until}, which is past");
            return Ok(Some((RejectCode::InvalidOrder, text)));
        }
        let protection = &spec.protection;
        if protection.max_slippage_bps.is_some() && !spec.kind.is_conditional() && reference.is_none() {
            let text = "no price is known to which max_slippage_bps could refer".to_owned();
            return Ok(Some((RejectCode::NoPrice, text)));
        }
        if let Some(max) = protection.max_fee
            && max.asset != book.instrument.settlement
        {
            let text =
                format!("fees are in {}, so max_fee cannot be in {}", book.instrument.settlement, max.asset);
            return Ok(Some((RejectCode::InvalidOrder, text)));
        }
        Ok(notional_objection(book, spec, reference)?)
    }

    /// An order meets the market when it arrives, as far as it may.
    fn arrive(&mut self, book: &mut Book, order: &mut Working, on_path: bool) -> Result<Outcome, SimError> {
        let Book { market, instrument, path, .. } = book;
        if !market.is_open() {
            // What waits for a trigger or an auction can do so while trading is halted.
            let waits = order.is_waiting() || order.is_auction();
            return Ok(if waits { Outcome::Open } else { self.unfilled(order) });
        }
        match market.source {
            Source::Ticks => self.arrive_on_ticks(instrument, market, order),
            Source::Bar(_) if on_path => {
                // It is live from inside the bar, however late the bar was delivered.
                order.arrival = order.arrival.min(path.ts_close);
                order.stage = Stage::Live { whole: false };
                self.meet(instrument, market, order, path.at, Moment::Inside)
            }
            Source::Bar(_) if self.policy.bar == BarFill::SameClose && market.time == self.now => {
                order.stage = Stage::Out;
                let close = market.last;
                self.meet(instrument, market, order, close, Moment::Close)
            }
            _ => {
                order.stage = Stage::Out;
                Ok(Outcome::Open)
            }
        }
    }

    /// The first quote or trade of an instrument: from now on bars do not count, and there are no auctions (B1, Q13).
    pub(super) fn begin_ticks(&mut self, book: &mut Book) {
        if book.market.source == Source::Ticks {
            return;
        }
        book.market.count_ticks();
        book.orders.disturb();
        while let Some(position) = book.orders.first(Working::is_auction) {
            if let Some(order) = book.orders.get_mut(position) {
                self.cancel(order, CancelReason::Venue);
            }
            self.close(book, position);
        }
    }
}

/// The last price for an order: where the path stands, or what the market last said.
fn reference(book: &Book, spec: &OrderSpec, on_path: bool) -> Option<Price> {
    if on_path { Some(book.path.at) } else { book.market.reference(spec.side) }
}

/// Why a closed instrument takes no orders.
fn shut(book: &Book) -> Option<Refusal> {
    let what = match book.market.status {
        TradingStatus::Closed => "closed",
        TradingStatus::Delisted => "delisted",
        _ => return None,
    };
    Some((RejectCode::MarketClosed, format!("{} is {what}", book.instrument.id)))
}

fn post_only(reference: Option<Price>) -> Refusal {
    let text = match reference {
        Some(price) => format!("at a price of {price} the order would take at once"),
        None => "the order would take at once".to_owned(),
    };
    (RejectCode::PostOnlyWouldTake, text)
}

fn not_open(order: OrderId) -> Refusal {
    (RejectCode::UnknownOrder, format!("order {order} is not open here"))
}

fn notional_objection(
    book: &Book,
    spec: &OrderSpec,
    reference: Option<Price>,
) -> Result<Option<Refusal>, algoflow_core::error::NumberError> {
    let limits = &book.instrument.limits;
    if limits.min_notional.is_none() && limits.max_notional.is_none() {
        return Ok(None);
    }
    let price = spec.kind.limit_price().or(spec.kind.trigger_price()).or(reference);
    let notional = match (spec.quantity, price) {
        (OrderQuantity::Quote(amount), _) => amount.to_decimal(),
        (_, Some(price)) => {
            let base = spec.quantity.base(spec.side).unwrap_or(Quantity::ZERO);
            book.instrument.notional(price, base)?.abs()
        }
        (_, None) => return Ok(None),
    };
    let outside = limits.min_notional.is_some_and(|min| notional < min)
        || limits.max_notional.is_some_and(|max| notional > max);
    Ok(outside.then(|| {
        let text =
            format!("the order is worth {notional} {}, which the venue does not take", book.instrument.quote);
        (RejectCode::NotionalLimit, text)
    }))
}

/// Why an order cannot become `changed`, if so (O7). `reference` is the price that a changed price must not take.
fn amend_objection(
    book: &Book,
    order: &Working,
    changed: &Working,
    reference: Option<Price>,
) -> Option<Refusal> {
    let invalid = |text: String| Some((RejectCode::InvalidOrder, text));
    if let Some(refusal) = shut(book) {
        return Some(refusal);
    }
    if std::mem::discriminant::<OrderKind>(&changed.spec.kind) != std::mem::discriminant(&order.spec.kind) {
        return invalid(format!(
            "a {} order cannot become a {} order",
            order.spec.kind.name(),
            changed.spec.kind.name()
        ));
    }
    if changed.total.is_some_and(|total| total <= order.filled()) {
        return invalid(format!("the total must be above {}, which has filled", order.filled()));
    }
    if let Err(broken) = changed.spec.validate(&book.instrument) {
        return invalid(broken.to_string());
    }
    would_take(changed, reference).then(|| post_only(reference))
}

/// The last moment of an order (O9).
fn expiry(time_in_force: TimeInForce, now: Timestamp) -> Option<Timestamp> {
    let day = TimeDelta::days(1);
    match time_in_force {
        TimeInForce::Gtd(until) => Some(until),
        TimeInForce::Day => Some(now.floor_to(day).saturating_add(day)),
        _ => None,
    }
}
