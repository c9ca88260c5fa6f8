use algoflow_core::{
    id::OrderId,
    number::{Price, Quantity, Rounding},
    order::{
        Order, OrderEventKind, OrderStatus, Side,
        algorithm::{Peg, PegTo},
    },
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Actions, ExecutionAlgorithm, Occasion, Slice, View, finale::Finale, saved_as_data};

/// A limit order that follows the market.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Pegging {
    peg: Peg,
    /// The first price, from which the chase is counted.
    first: Option<Price>,
    /// When it last moved.
    moved: Option<Timestamp>,
    /// A slice that the venue would not change: it is replaced.
    fixed: Option<OrderId>,
    finale: Option<Finale>,
}

impl Pegging {
    pub(super) fn new(peg: Peg) -> Self {
        Self { peg, first: None, moved: None, fixed: None, finale: None }
    }

    /// Where the order should stand.
    fn price(&mut self, view: &View<'_>) -> Option<Price> {
        let side = view.side();
        let base = reference(view, self.peg.to)?;
        // Behind the market: below it for a buy.
        let price = match side {
            Side::Buy => base.checked_sub(self.peg.offset),
            Side::Sell => base.checked_add(self.peg.offset),
        };
        let rounding = if side == Side::Buy { Rounding::Floor } else { Rounding::Ceil };
        let price = view.instrument().round_price(price.ok()?, rounding).ok()?;
        let first = *self.first.get_or_insert(price);
        let end_of_chase = self.peg.max_chase.and_then(|chase| match side {
            Side::Buy => first.checked_add(chase).ok(),
            Side::Sell => first.checked_sub(chase).ok(),
        });
        let end_of_chase = end_of_chase.and_then(|end| view.instrument().round_price(end, rounding).ok());
        let nearer = |price: Price, bound: Option<Price>| match (side, bound) {
            (Side::Buy, Some(bound)) => price.min(bound),
            (Side::Sell, Some(bound)) => price.max(bound),
            (_, None) => price,
        };
        Some(nearer(nearer(price, end_of_chase), view.bound()))
    }

    /// Whether a slice stands too far from where it should.
    fn is_off(&self, slice: &Order, price: Price) -> bool {
        let Some(now) = slice.spec.kind.limit_price() else { return false };
        let distance = now.checked_sub(price).and_then(Price::checked_abs).unwrap_or(Price::ZERO);
        distance.is_positive() && distance >= self.peg.threshold
    }

    fn follow(&mut self, view: &View<'_>, price: Price, act: &mut Actions) {
        let works =
            |slice: &&Order| matches!(slice.status, OrderStatus::Accepted | OrderStatus::PartiallyFilled);
        let off: Vec<&Order> =
            view.slices().filter(works).filter(|slice| self.is_off(slice, price)).collect();
        if off.is_empty() {
            return;
        }
        let since = self.moved.map(|moved| moved.saturating_add(self.peg.every));
        if let Some(next) = since.filter(|next| *next > view.now()) {
            act.wake_at(next);
            return;
        }
        self.moved = Some(view.now());
        for slice in off {
            if view.can_move() && self.fixed != Some(slice.id) {
                act.move_to(slice.id, price);
            } else {
                act.cancel(slice.id);
            }
        }
    }
}

/// The price that is followed, of the quote, or else the last one.
fn reference(view: &View<'_>, to: PegTo) -> Option<Price> {
    let quote = view.quote().filter(|quote| quote.bid_size.is_positive() && quote.ask_size.is_positive());
    let Some(quote) = quote else { return view.last() };
    match (to, view.side()) {
        (PegTo::Own, Side::Buy) | (PegTo::Other, Side::Sell) => Some(quote.bid),
        (PegTo::Own, Side::Sell) | (PegTo::Other, Side::Buy) => Some(quote.ask),
        (PegTo::Mid, _) => crate::bars::middle(quote).ok(),
    }
}

impl ExecutionAlgorithm for Pegging {
    fn listens(&self) -> bool {
        true
    }

    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let ends = self.peg.duration.map(|duration| view.started().saturating_add(duration));
        let mut finale =
            self.finale.unwrap_or_else(|| Finale::new(ends.unwrap_or(Timestamp::MAX), self.peg.at_end));
        let is_over = finale.step(view, occasion, act);
        self.finale = Some(finale);
        if is_over {
            return;
        }
        if let Occasion::Slice(event) = occasion
            && matches!(event.kind, OrderEventKind::AmendRejected { .. })
        {
            self.fixed = Some(event.order);
        }
        let Some(price) = self.price(view) else { return };
        self.follow(view, price, act);
        let rest = view.fit(view.remaining());
        // One that is being replaced comes first.
        let leaving = view.slices().any(|slice| slice.status == OrderStatus::PendingCancel);
        if rest > Quantity::ZERO && view.can_send() && !leaving {
            if view.slices().next().is_none() {
                self.moved = Some(view.now());
            }
            act.slice(Slice::limit(rest, price));
        }
    }

    saved_as_data!();
}
