//! Orders over several listings: where each slice goes.
//!
//! A listing is an instrument: the pair at another exchange or in a pool, or in another account or wallet of the same exchange, each
//! of which is a venue of its own. Tests cite these numbers.
//!
//! - **SR1** An order with a route is an order that is worked: rules A1 to A14 of [algorithms](super::algorithms) hold, with its
//!   slices on several listings of the same thing. The algorithm says when and how much, the route where; without another it is
//!   [`Algorithm::AtOnce`](algoflow_core::order::algorithm::Algorithm::AtOnce). Algorithms see the market of the order's own
//!   listing, and those that take at once hear of all.
//! - **SR2** A listing is passed over while it does not trade, its venue is down (or uncertain, unless the order only reduces), it has
//!   refused a slice lately, its venue cannot do what the slice needs, no price of it is known, or the least that it takes is more
//!   than its limits, its account or what is left allow. An order that is immediate or cancel never rests: a venue that does
//!   not know that is passed over for limit orders.
//! - **SR3** The pauses and counts of A9 and A10 are those of one listing: what one refuses goes to the others at once. After
//!   [`MAX_REFUSALS`](super::MAX_REFUSALS) in a row, or a refusal that cannot get better, a listing is left out for good; the parent
//!   ends once all are.
//! - **SR4** By best price, a slice that takes is split over what all listings show so that it costs least, fees and fixed costs
//!   included: exactly so in whole lots where the steps are the same, within a lot of each where they differ. Equal costs
//!   go to the earlier listing. One slice goes to each listing at a time.
//! - **SR5** What a listing shows is its pool, else its book or its quote, whichever is newer. What slices have taken since it was shown
//!   is counted as gone. What is older than the maximum age, or was shown before its venue was last down, is nothing. A listing that
//!   has shown only trades and bars offers any quantity at its last price, unless there is a maximum age. Books are kept of
//!   instruments to whose books a strategy is subscribed, from the first snapshot on.
//! - **SR6** The bound of A5 is that of the whole parent, on the price step of each listing. The bound of A6 counts the fees of all
//!   listings, each by its own rate.
//! - **SR7** By best price, nothing is sent for what no listing shows within the bound. What is left of a market order waits for what is
//!   shown next; what is left of a limit order rests, as slices that do not take do, where the maker fee is lowest.
//! - **SR8** By the other policies a slice goes to one listing whole, as far as its limits and its account allow, and what is left to
//!   the next in the order of the policy. What cannot be placed is the algorithm's to send again.
//! - **SR9** In turn: the listing after the one that was last sent to, by the same strategy for the same listings. Least used: the one
//!   that routed slices of this day (UTC) are worth least at, by what was sent. By balance: the largest free balance of what is
//!   spent. At random: drawn by the parent's id and the seed. Sticky: by a hash of the strategy's name. Of equals the earlier
//!   comes first, and after a drawn, sticky or turning one those that follow it in the list.
//! - **SR10** A fill moves the ledger of the listing where it happened, and the strategy is told of it as a fill of the parent that
//!   names that instrument. What the parent has filled, and at which average price, adds up over listings.
//! - **SR11** A reduce-only parent looks at the strategy's position in each listing: no more is sent to one than it holds less what
//!   reduces it already. If none holds anything, it ends (`ReduceOnly`).
//! - **SR12** A listing that is delisted is left out; after the last of them the parent ends. A split of any ends it.
//! - **SR13** No slice leaves a rest that no listing would take, if a smaller one avoids that.

mod places;

use algoflow_core::{
    Decimal,
    command::Command,
    error::AccountError,
    id::OrderId,
    market::{Depth, TradingStatus},
    number::Quantity,
    order::{
        CancelReason, OrderSpec, RejectCode,
        route::{Route, RoutePolicy},
    },
    trading::{Standing, VenueStanding},
};

use super::{Engine, algorithms::slice_spec, submit::Refusal};
use crate::{
    algorithm::{Draws, Slice, View},
    bars::middle,
    error::EngineError,
    routing::{Leg, Routing},
    works::{Finish, Pause},
};

/// A part of a slice, and the place of its listing in the route.
struct Part {
    leg: usize,
    quantity: Quantity,
    /// How it is sent: what is left of a limit order rests.
    slice: Slice,
}

impl Engine {
    /// What is kept of a route, if the order may go there (SR1).
    pub(super) fn routing_of(
        &self,
        parent: OrderId,
        spec: &OrderSpec,
        route: &Route,
    ) -> Result<Routing, Refusal> {
        let known = |id| {
            let index = self.state.instruments.index(id)?;
            self.state.instruments.get(index).map(|known| &known.spec)
        };
        let invalid = |error: algoflow_core::error::OrderError| {
            Refusal::new(RejectCode::InvalidOrder, error.to_string())
        };
        route.validate(spec, known).map_err(invalid)?;
        let legs = route.listings.iter().filter_map(|listing| {
            let instrument = self.state.instruments.index(listing.instrument)?;
            let is_out = self.state.instruments.get(instrument)?.status == TradingStatus::Delisted;
            let (limits, fixed_cost) = (listing.limits, listing.fixed_cost);
            Some(Leg { instrument, limits, fixed_cost, pause: Pause::NONE, is_out })
        });
        let draws = match route.policy {
            RoutePolicy::Random { seed } => Some(Draws::new(parent, seed)),
            _ => None,
        };
        let (policy, max_age) = (route.policy, route.max_age);
        let routing = Routing { policy, max_age, legs: legs.collect(), draws };
        if routing.is_over() {
            let text = "none of its listings trades any more";
            return Err(Refusal::new(RejectCode::MarketClosed, text));
        }
        Ok(routing)
    }

    /// Whether something may be sent to a listing at all (SR2, SR3).
    pub(super) fn is_reachable(&self, leg: &Leg, is_news: bool) -> bool {
        let is_up = !self.standing_at(leg.instrument).is_some_and(Standing::is_down);
        !leg.is_out
            && is_up
            && self.is_trading_in(leg.instrument)
            && !leg.pause.is_on(self.state.now, is_news)
    }

    /// The least that any listing of an order takes.
    pub(super) fn least_of(&self, parent: OrderId, view: &View<'_>) -> Quantity {
        let routing = self.works.all.get(&parent).and_then(|work| work.routing.as_ref());
        let Some(routing) = routing else { return view.least() };
        let legs = routing.legs.iter().filter(|leg| !leg.is_out);
        let least = legs.filter_map(|leg| Some(self.view_at(parent, leg.instrument, false)?.least()));
        least.min().unwrap_or_else(|| view.least())
    }

    /// Sends a slice to one or several listings. What is refused at once goes to those that are left (SR3).
    pub(super) fn route_slice(
        &mut self,
        parent: OrderId,
        slice: Slice,
        is_news: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let rounds = self.works.all.get(&parent).and_then(|work| work.routing.as_ref());
        let rounds = rounds.map_or(0, |routing| routing.legs.len());
        let mut left = slice.quantity;
        for _ in 0..rounds {
            let Some(work) = self.works.all.get(&parent) else { return Ok(()) };
            let is_over = work.ending.is_some() || work.change.is_some() || !self.can_send(work, is_news);
            let Some(view) = self.view(parent, is_news).filter(|view| !is_over && view.order.is_open())
            else {
                return Ok(());
            };
            left = left.min(view.remaining());
            let reduces_nothing = view.order.spec.flags.reduce_only
                && work.slices.is_empty()
                && !self.reducible(parent).is_positive();
            if reduces_nothing {
                return self.end_work(parent, Finish::Cancel(CancelReason::ReduceOnly), commands);
            }
            let parts = self.parts_of(parent, slice, left, is_news);
            let mut refused = false;
            let mut too_dear = false;
            for part in &parts {
                match self.send_part(parent, part, commands)? {
                    Some(true) => left = left.checked_sub(part.quantity).map_err(AccountError::from)?,
                    Some(false) => refused = true,
                    None => too_dear = true,
                }
            }
            let nothing_out = self.works.all.get(&parent).is_some_and(|work| work.slices.is_empty());
            if too_dear && !refused && nothing_out {
                return self.end_work(parent, Finish::Cancel(CancelReason::Protection), commands);
            }
            if !refused {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends a part to its listing: whether it was taken, or refused at once; `None` if its fees would be too high (A6).
    fn send_part(
        &mut self,
        parent: OrderId,
        part: &Part,
        commands: &mut Vec<Command>,
    ) -> Result<Option<bool>, EngineError> {
        let Some(work) = self.works.all.get(&parent).filter(|work| work.ending.is_none()) else {
            return Ok(Some(false));
        };
        let leg = work.routing.as_ref().and_then(|routing| routing.legs.get(part.leg));
        let Some(instrument) = leg.map(|leg| leg.instrument) else { return Ok(Some(false)) };
        let Some(view) = self.view_at(parent, instrument, false) else { return Ok(Some(false)) };
        let mut spec = slice_spec(&view, parent, part.slice, part.quantity);
        let mut quantity = part.quantity;
        if let Some(max) = view.order.spec.protection.max_fee {
            quantity = self.cut_to_fee(parent, None, instrument, &spec, quantity, max)?;
            if quantity < view.least() {
                return Ok(None);
            }
            spec.quantity = quantity.into();
        }
        spec.flags.display = spec.flags.display.map(|shown| shown.min(quantity));
        let takes = view.is_split && part.slice.takes();
        let shown_at = takes.then(|| self.offer_at(parent, &view, instrument, &spec)?.shown_at).flatten();
        let worth = self.price_of(spec.kind, instrument);
        let worth = worth.and_then(|price| view.instrument.notional(price, quantity).ok());
        let now = self.state.now;
        let id = self.state.orders.create(usize::from(parent.strategy), instrument, spec, now);
        if let Some(work) = self.works.all.get_mut(&parent) {
            work.slices.push(id);
        }
        self.submit(id, commands)?;
        let was_sent =
            self.state.orders.get(id).is_some_and(|order| order.is_open() || !order.filled.is_zero());
        if was_sent {
            self.listings.rotation.note_sent(instrument, worth.map_or(Decimal::ZERO, |w| w.abs()), now);
            if let Some(shown_at) = shown_at {
                self.listings.shown.take(instrument, spec.side, shown_at, quantity);
            }
            self.note_turn(parent, part.leg);
        }
        Ok(Some(was_sent))
    }

    /// Whether a reduce-only order has something to reduce at another of its listings (SR11).
    pub(super) fn can_reduce_elsewhere(&self, parent: OrderId, but: usize) -> bool {
        let work = self.works.all.get(&parent);
        let Some(routing) = work.and_then(|work| work.routing.as_ref()) else { return false };
        let Some(side) = self.state.orders.entry(parent).map(|entry| entry.order.spec.side) else {
            return false;
        };
        let others = routing.legs.iter().filter(|leg| leg.instrument != but && !leg.is_out);
        let strategy = usize::from(parent.strategy);
        others.into_iter().any(|leg| self.room_to_reduce(strategy, leg.instrument, side).is_positive())
    }

    /// How much an order that is worked can reduce, over all its listings (SR11).
    pub(super) fn reducible(&self, parent: OrderId) -> Quantity {
        let (Some(work), Some(entry)) = (self.works.all.get(&parent), self.state.orders.entry(parent)) else {
            return Quantity::ZERO;
        };
        let (strategy, side) = (usize::from(parent.strategy), entry.order.spec.side);
        let legs = super::algorithms::places_of(work.instrument, work.routing.as_deref());
        legs.fold(Quantity::ZERO, |sum, leg| {
            sum.checked_add(self.room_to_reduce(strategy, leg, side)).unwrap_or(sum)
        })
    }

    /// An instrument is gone for good (A14, SR12).
    pub(super) fn delist(&mut self, instrument: usize) {
        for (parent, work) in &mut self.works.all {
            let is_over = match &mut work.routing {
                Some(routing) => {
                    let Some(leg) = routing.leg_mut(instrument) else { continue };
                    leg.is_out = true;
                    routing.is_over()
                }
                None => work.instrument == instrument,
            };
            if is_over {
                self.links.to_cancel.push((*parent, CancelReason::Venue));
            }
        }
    }

    /// What a venue that is down has shown is not believed when it comes back (SR5).
    pub(super) fn forget_shown(&mut self, told: &VenueStanding) {
        if !told.standing.is_down() {
            return;
        }
        let now = self.state.now;
        for (index, known) in self.state.instruments.iter().enumerate() {
            if known.spec.venue() == told.venue {
                self.listings.shown.forget(index, now);
            }
        }
    }

    /// A book is shown. It is the market of an instrument that shows no quotes.
    pub(super) fn show_depth(&mut self, index: usize, depth: &Depth) -> Result<(), EngineError> {
        let best = self.listings.shown.depth(index, depth);
        let quotes = self.shown.get(index).is_some_and(super::emulation::Shown::has_quotes);
        let Some(best) = best.filter(|best| !quotes && best.bid <= best.ask) else { return Ok(()) };
        if let Some(known) = self.state.instruments.get_mut(index) {
            known.quote = Some(best);
        }
        self.state.portfolio.set_mark(index, middle(&best).map_err(AccountError::from)?);
        Ok(())
    }
}
