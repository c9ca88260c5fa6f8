//! Which listings can take a slice, how much of it, and how it is spread over them.

use std::cmp::Reverse;

use algoflow_core::{
    Decimal,
    id::OrderId,
    number::{Price, Quantity, Rounding, Scale},
    order::{OrderKind, OrderSpec, TimeInForce, route::RoutePolicy},
    state::Hold,
    time::TimeDelta,
    trading::Standing,
};

use super::{
    super::{Engine, algorithms::slice_spec},
    Part,
};
use crate::{
    algorithm::{Slice, View},
    routing::{Inquiry, Leg, Offer, Source, split, stable_hash, to_f64},
};

/// A listing that can take a part of a slice.
#[derive(Clone, Debug)]
struct Place {
    leg: usize,
    instrument: usize,
    step: Quantity,
    least: Quantity,
    capacity: Quantity,
    maker_fee: Decimal,
    fixed_cost: Decimal,
    /// What a part of it would be.
    spec: OrderSpec,
}

impl Engine {
    /// How a slice is spread over listings (SR4, SR7 to SR9, SR13).
    pub(super) fn parts_of(
        &mut self,
        parent: OrderId,
        slice: Slice,
        left: Quantity,
        is_news: bool,
    ) -> Vec<Part> {
        let Some(work) = self.works.all.get(&parent) else { return Vec::new() };
        let Some(routing) = &work.routing else { return Vec::new() };
        let legs = routing.legs.iter().enumerate();
        let policy = routing.policy;
        let places: Vec<Place> =
            legs.filter_map(|(at, leg)| self.place(parent, (at, leg), slice, left, is_news)).collect();
        let mut parts = match policy {
            RoutePolicy::BestPrice if slice.takes() => {
                let mut parts = self.cheapest(parent, &places, slice, left);
                let has_limit = self.view(parent, is_news).is_some_and(|view| view.has_limit());
                if has_limit && !slice.immediate {
                    rest(&places, &mut parts, slice, left);
                }
                parts
            }
            RoutePolicy::BestPrice => {
                let mut parts = Vec::new();
                rest(&places, &mut parts, slice, left);
                parts
            }
            policy => {
                let ranked = self.ranked(parent, policy, places.clone());
                one_after_the_other(&ranked, slice, left)
            }
        };
        self.leave_no_crumb(parent, &places, &mut parts);
        parts.retain(|part| part.quantity.is_positive());
        parts
    }

    /// A listing, if it can take a part (SR2).
    fn place(
        &self,
        parent: OrderId,
        (at, leg): (usize, &Leg),
        slice: Slice,
        left: Quantity,
        is_news: bool,
    ) -> Option<Place> {
        if !self.is_reachable(leg, is_news) {
            return None;
        }
        let view = self.view_at(parent, leg.instrument, is_news)?;
        let asked = &view.order.spec;
        let is_uncertain = matches!(self.standing_at(leg.instrument), Some(Standing::Uncertain { .. }));
        if is_uncertain && !asked.flags.reduce_only {
            return None;
        }
        let (step, least) = (view.instrument.quantity_increment, view.least());
        let mut spec = slice_spec(&view, parent, slice, least);
        spec.flags.display = spec.flags.display.map(|shown| shown.min(least));
        let would_rest = spec.kind != OrderKind::Market && spec.time_in_force != TimeInForce::Ioc;
        if asked.time_in_force == TimeInForce::Ioc && would_rest {
            return None;
        }
        self.check(&spec, spec.features(), leg.instrument).ok()?;
        let capacity = self.capacity(&view, leg, &spec, left)?;
        (capacity >= least).then(|| Place {
            leg: at,
            instrument: leg.instrument,
            step,
            least,
            capacity,
            maker_fee: view.instrument.fees.maker,
            fixed_cost: leg.fixed_cost,
            spec,
        })
    }

    /// The most that may be sent to a listing now, in whole steps.
    fn capacity(&self, view: &View<'_>, leg: &Leg, spec: &OrderSpec, left: Quantity) -> Option<Quantity> {
        let (instrument, side) = (leg.instrument, spec.side);
        let (step, limits) = (view.instrument.quantity_increment, &leg.limits);
        let price = self.price_of(spec.kind, instrument)?;
        let mut most = left;
        for bound in [view.instrument.limits.max_quantity, limits.max_order_quantity].into_iter().flatten() {
            most = most.min(bound);
        }
        let notional = [view.instrument.limits.max_notional, limits.max_order_notional];
        if let Some(bound) = notional.into_iter().flatten().min() {
            let dearest = view.bound.filter(|_| side == algoflow_core::order::Side::Buy);
            let dearest = dearest.map_or(price, |bound| bound.max(price));
            let unit = view.instrument.notional(dearest, Quantity::ONE).ok()?.abs();
            if unit > Decimal::ZERO {
                let quantity = bound.checked_div(unit)?;
                let scale = step.scale();
                most = most.min(Quantity::from_decimal_rounded(quantity, scale, Rounding::Floor).ok()?);
            }
        }
        if limits.max_open_orders.is_some() || limits.max_position.is_some() || spec.flags.reduce_only {
            most = most.min(self.room(view, leg, spec)?);
        }
        let most = most.round_to(step, Rounding::Floor).ok()?;
        if spec.flags.reduce_only || !most.is_positive() {
            return Some(most);
        }
        self.affordable(instrument, spec, most, step, price, view.instrument.fees.taker)
    }

    /// What the limits on open orders and positions of a listing leave, and what there is to reduce (SR11).
    fn room(&self, view: &View<'_>, leg: &Leg, spec: &OrderSpec) -> Option<Quantity> {
        let (instrument, limits, side) = (leg.instrument, &leg.limits, spec.side);
        let strategy = usize::from(view.order.id.strategy);
        let (mut orders, mut open, mut reducing) = (0_u32, Quantity::ZERO, Quantity::ZERO);
        for entry in self.state.orders.open_entries() {
            let order = &entry.order;
            if entry.instrument != instrument || !order.status.is_at_venue() || entry.hold == Hold::Algorithm
            {
                continue;
            }
            orders = orders.saturating_add(1);
            if order.spec.side == side {
                let leaves = order.leaves();
                open = open.checked_add(leaves).ok()?;
                if order.spec.flags.reduce_only && usize::from(order.id.strategy) == strategy {
                    reducing = reducing.checked_add(leaves).ok()?;
                }
            }
        }
        if limits.max_open_orders.is_some_and(|most| orders >= most) {
            return None;
        }
        let mut room = view.total();
        if let Some(most) = limits.max_position {
            let held = side.signed(self.state.portfolio.position(instrument).quantity).ok()?;
            room = room.min(most.checked_sub(held).ok()?.checked_sub(open).ok()?);
        }
        if spec.flags.reduce_only {
            let held = self.room_to_reduce(strategy, instrument, side);
            room = room.min(held.checked_sub(reducing).ok()?);
        }
        Some(room)
    }

    /// The most of a quantity that the account of a listing pays for.
    fn affordable(
        &self,
        instrument: usize,
        spec: &OrderSpec,
        most: Quantity,
        step: Quantity,
        price: Price,
        taker: Decimal,
    ) -> Option<Quantity> {
        let fee = self.state.instruments.get(instrument).map_or(taker, |known| known.fee());
        let affords = |quantity| self.state.portfolio.affords(instrument, spec.side, quantity, price, fee);
        if affords(most) {
            return Some(most);
        }
        let lots = |count: i64| Some(Quantity::new(step.mantissa().checked_mul(count)?, step.scale()));
        let whole =
            most.rescale(step.scale(), Rounding::Floor).ok()?.mantissa().checked_div(step.mantissa())?;
        let (mut low, mut high) = (0, whole);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if affords(lots(middle)?) { low = middle } else { high = middle }
        }
        lots(low)
    }

    /// What a listing shows to a slice.
    pub(super) fn offer_at(
        &self,
        parent: OrderId,
        view: &View<'_>,
        instrument: usize,
        spec: &OrderSpec,
    ) -> Option<Offer> {
        let max_age = self.works.all.get(&parent)?.routing.as_ref()?.max_age;
        let age = |age: TimeDelta| {
            self.state.now.saturating_add(TimeDelta::from_nanos(age.nanos().saturating_neg()))
        };
        self.listings.shown.offer(&Inquiry {
            index: instrument,
            instrument: view.instrument,
            quote: view.quote,
            last: view.last,
            side: spec.side,
            bound: spec.kind.limit_price().or(spec.protection.worst_price),
            not_before: max_age.map(age),
        })
    }

    /// The cheapest split over what is shown (SR4).
    fn cheapest(&self, parent: OrderId, places: &[Place], slice: Slice, left: Quantity) -> Vec<Part> {
        let mut scale = left.scale();
        for place in places {
            scale = scale.max(place.step.scale());
        }
        let (mut legs, mut sources) = (Vec::new(), Vec::new());
        for place in places {
            if let Some(source) = self.source(parent, place, scale) {
                legs.push(place.leg);
                sources.push(source);
            }
        }
        let Some(total) = units(left, scale) else { return Vec::new() };
        let per = (0..scale.places()).fold(1.0, |ten, _| ten * 10.0);
        let parts = split(&sources, total, per);
        let part = |(leg, part)| Part { leg, quantity: Quantity::new(part, scale), slice };
        legs.into_iter().zip(parts).map(part).filter(|part| part.quantity.is_positive()).collect()
    }

    fn source(&self, parent: OrderId, place: &Place, scale: Scale) -> Option<Source> {
        let view = self.view_at(parent, place.instrument, false)?;
        let offer = self.offer_at(parent, &view, place.instrument, &place.spec)?;
        let most = offer.most.map_or(place.capacity, |most| most.min(place.capacity));
        let most = most.round_to(place.step, Rounding::Floor).ok().filter(|most| *most >= place.least)?;
        Some(Source {
            curve: offer.curve,
            step: units(place.step, scale)?,
            capacity: units(most, scale)?,
            least: units(place.least, scale)?,
            fixed: to_f64(place.fixed_cost),
        })
    }

    /// Listings in the order of a policy (SR9).
    fn ranked(&mut self, parent: OrderId, policy: RoutePolicy, mut places: Vec<Place>) -> Vec<Place> {
        if places.is_empty() {
            return places;
        }
        let legs = self.legs_of(parent);
        let count = legs.len().max(1);
        let first = match policy {
            RoutePolicy::RoundRobin => self.listings.rotation.turn(parent.strategy, &legs),
            RoutePolicy::Sticky => {
                let name = self.state.strategies.get(usize::from(parent.strategy));
                let hash = name.map_or(0, |name| stable_hash(name.as_str()));
                usize::try_from(hash % count as u64).unwrap_or(0)
            }
            RoutePolicy::Random { .. } => {
                let work = self.works.all.get_mut(&parent);
                let draws =
                    work.and_then(|work| work.routing.as_mut()).and_then(|route| route.draws.as_mut());
                let drawn = draws.map_or(0.0, |draws| draws.unit());
                ((drawn * count as f64) as usize).min(count - 1)
            }
            RoutePolicy::LeastUsed => {
                let now = self.state.now;
                places.sort_by_key(|place| self.listings.rotation.sent_to(place.instrument, now));
                return places;
            }
            _ => {
                places.sort_by_key(|place| Reverse(self.free_at(parent, place)));
                return places;
            }
        };
        places.sort_by_key(|place| (place.leg + count - first) % count);
        places
    }

    /// What is free at a listing of what an order spends (SR9).
    fn free_at(&self, parent: OrderId, place: &Place) -> Decimal {
        let Some(known) = self.state.instruments.get(place.instrument) else { return Decimal::ZERO };
        let (spec, side) = (&known.spec, place.spec.side);
        if place.spec.flags.reduce_only {
            return self.room_to_reduce(parent.strategy.into(), place.instrument, side).to_decimal();
        }
        let sells = side == algoflow_core::order::Side::Sell && spec.is_paid_in_full();
        let asset = if sells { spec.base } else { spec.settlement };
        self.state.portfolio.balance(spec.venue(), asset).free()
    }

    fn legs_of(&self, parent: OrderId) -> Vec<usize> {
        let work = self.works.all.get(&parent);
        let routing = work.and_then(|work| work.routing.as_ref());
        routing.map(|routing| routing.legs.iter().map(|leg| leg.instrument).collect()).unwrap_or_default()
    }

    /// A part was sent to a listing: in turn, it is that of the next.
    pub(super) fn note_turn(&mut self, parent: OrderId, leg: usize) {
        let work = self.works.all.get(&parent);
        let policy = work.and_then(|work| work.routing.as_ref()).map(|routing| routing.policy);
        if policy == Some(RoutePolicy::RoundRobin) {
            let legs = self.legs_of(parent);
            self.listings.rotation.took(parent.strategy, legs, leg);
        }
    }

    /// Makes the largest part smaller if what is left of the order would be less than any listing takes (SR13).
    fn leave_no_crumb(&self, parent: OrderId, places: &[Place], parts: &mut [Part]) {
        let Some(view) = self.view(parent, false) else { return };
        let sum = |sum: Quantity, part: &Part| sum.checked_add(part.quantity).unwrap_or(sum);
        let placed = parts.iter().fold(Quantity::ZERO, sum);
        let Ok(crumb) = view.remaining().checked_sub(placed) else { return };
        let least = self.least_of(parent, &view);
        if !crumb.is_positive() || crumb >= least {
            return;
        }
        let Some(part) = parts.iter_mut().max_by_key(|part| (part.quantity, Reverse(part.leg))) else {
            return;
        };
        let Some(place) = places.iter().find(|place| place.leg == part.leg) else { return };
        let missing =
            least.checked_sub(crumb).and_then(|missing| missing.round_to(place.step, Rounding::Ceil));
        let smaller = missing.and_then(|missing| part.quantity.checked_sub(missing));
        if let Ok(smaller) = smaller
            && smaller >= place.least
        {
            part.quantity = smaller;
        }
    }
}

/// What is left of a limit order is shown where the maker fee is lowest (SR7).
fn rest(places: &[Place], parts: &mut Vec<Part>, slice: Slice, left: Quantity) {
    let sum = |sum: Quantity, part: &Part| sum.checked_add(part.quantity).unwrap_or(sum);
    let placed = parts.iter().fold(Quantity::ZERO, sum);
    let mut left = left.checked_sub(placed).unwrap_or(Quantity::ZERO);
    let mut ranked: Vec<&Place> = places.iter().collect();
    ranked.sort_by_key(|place| place.maker_fee);
    for place in ranked {
        let part = parts.iter_mut().find(|part| part.leg == place.leg);
        let has = part.as_ref().map_or(Quantity::ZERO, |part| part.quantity);
        let room = place.capacity.checked_sub(has).unwrap_or(Quantity::ZERO).min(left);
        let room = room.round_to(place.step, Rounding::Floor).unwrap_or(Quantity::ZERO);
        let Ok(quantity) = has.checked_add(room) else { continue };
        if !room.is_positive() || quantity < place.least {
            continue;
        }
        match part {
            // It is one order: what it does not take rests.
            Some(part) => part.quantity = quantity,
            None => parts.push(Part { leg: place.leg, quantity, slice }),
        }
        left = left.checked_sub(room).unwrap_or(Quantity::ZERO);
    }
}

/// As much as the first takes, then the next (SR8).
fn one_after_the_other(places: &[Place], slice: Slice, mut left: Quantity) -> Vec<Part> {
    let mut parts = Vec::new();
    for place in places {
        let quantity = place.capacity.min(left).round_to(place.step, Rounding::Floor);
        let Ok(quantity) = quantity else { continue };
        if quantity >= place.least {
            parts.push(Part { leg: place.leg, quantity, slice });
            left = left.checked_sub(quantity).unwrap_or(Quantity::ZERO);
        }
    }
    parts
}

/// A quantity in the smallest units of a scale.
fn units(quantity: Quantity, scale: Scale) -> Option<i64> {
    quantity.rescale(scale, Rounding::Floor).ok().map(Quantity::mantissa)
}
