use algoflow_core::{
    market::MarketRef,
    number::{Price, Quantity},
    order::{Side, algorithm::Sniper},
};
use serde::{Deserialize, Serialize};

use super::{Actions, ExecutionAlgorithm, Occasion, Slice, View, saved_as_data};

/// Takes what is offered at the limit or better.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Sniping {
    sniper: Sniper,
}

impl Sniping {
    pub(super) fn new(sniper: Sniper) -> Self {
        Self { sniper }
    }
}

/// What is offered to the order: a price, and how much of it if that is known.
fn offer(view: &View<'_>, occasion: Occasion<'_>) -> Option<(Price, Option<Quantity>)> {
    if let Some(quote) = view.quote() {
        let (price, size) = match view.side() {
            Side::Buy => (quote.ask, quote.ask_size),
            Side::Sell => (quote.bid, quote.bid_size),
        };
        let is_news = matches!(
            occasion,
            Occasion::Start | Occasion::Amended | Occasion::Time | Occasion::Market(MarketRef::Quote(_))
        );
        return (is_news && size.is_positive()).then_some((price, Some(size)));
    }
    match occasion {
        Occasion::Market(MarketRef::Trade(trade)) => Some((trade.price, Some(trade.quantity))),
        Occasion::Market(MarketRef::Bar(bar)) => Some((bar.close, None)),
        Occasion::Start | Occasion::Amended => view.last().map(|last| (last, None)),
        _ => None,
    }
}

impl ExecutionAlgorithm for Sniping {
    fn listens(&self) -> bool {
        true
    }

    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        if !view.can_send() || view.slices().next().is_some() {
            return;
        }
        let (Some(limit), Some((price, size))) = (view.bound(), offer(view, occasion)) else { return };
        let least = self.sniper.min_size.map_or(Quantity::ZERO, |min| min.min(view.remaining()));
        if !view.side().accepts(price, limit) || size.is_some_and(|size| size < least) {
            return;
        }
        let offered = size.unwrap_or(view.remaining());
        let most = self.sniper.max_slice.map_or(offered, |max| offered.min(max));
        let slice = view.fit(most);
        if slice.is_positive() {
            act.slice(Slice::limit(slice, limit).immediate());
        }
    }

    saved_as_data!();
}
