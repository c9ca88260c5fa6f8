//! Triggers that the engine watches because the venue does not.
//!
//! - **E1** On trades and quotes a trigger is reached when a price reaches it. On bars it is reached when the bar's range
//!   does, and the order leaves when the bar is complete: later than a venue's own stop. That is the risk of emulation.
//! - **E2** A trailing stop on a bar is checked against the low (high) with the stop as it stood, then follows the high
//!   (low), then is checked against the close.

use algoflow_core::{
    command::Command,
    id::OrderId,
    market::{Bar, Quote},
    number::Price,
    order::{OrderEventKind, OrderKind, Side, TriggerBy},
    state::Hold,
};

use super::Engine;
use crate::{error::EngineError, links::Waiting};

/// The prices that an event shows, in the order in which a trigger is checked against them.
struct Seen {
    buy: [Price; 3],
    sell: [Price; 3],
    by_quote: bool,
}

impl Engine {
    /// Holds an order until its trigger is reached.
    pub(super) fn watch(&mut self, id: OrderId, instrument: usize) -> Result<(), EngineError> {
        let last = self.state.portfolio.mark(instrument);
        let Some(order) = self.state.orders.get(id) else { return Ok(()) };
        let (extreme, active) = match order.spec.kind {
            OrderKind::TrailingStop { activation: None, .. } => (last, true),
            OrderKind::TrailingStop { .. } => (None, false),
            _ => (None, true),
        };
        self.hold(id, Hold::Trigger)?;
        self.links.wait(instrument, Waiting { order: id, extreme, active });
        Ok(())
    }

    #[inline]
    fn has_waiting(&self, instrument: usize) -> bool {
        self.links.waiting.get(instrument).is_some_and(|orders| !orders.is_empty())
    }

    #[inline]
    pub(super) fn watch_bar(
        &mut self,
        instrument: usize,
        bar: &Bar,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        if !self.has_waiting(instrument) {
            return Ok(());
        }
        let seen = Seen {
            buy: [bar.high, bar.low, bar.close],
            sell: [bar.low, bar.high, bar.close],
            by_quote: false,
        };
        self.watch_seen(instrument, &seen, commands)
    }

    #[inline]
    pub(super) fn watch_price(
        &mut self,
        instrument: usize,
        price: Price,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        if !self.has_waiting(instrument) {
            return Ok(());
        }
        self.watch_seen(instrument, &Seen { buy: [price; 3], sell: [price; 3], by_quote: false }, commands)
    }

    #[inline]
    pub(super) fn watch_quote(
        &mut self,
        instrument: usize,
        quote: &Quote,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        if !self.has_waiting(instrument) {
            return Ok(());
        }
        // A buy is set off by what it would pay, a sale by what it would get.
        self.watch_seen(
            instrument,
            &Seen { buy: [quote.ask; 3], sell: [quote.bid; 3], by_quote: true },
            commands,
        )
    }

    fn watch_seen(
        &mut self,
        instrument: usize,
        seen: &Seen,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(all) = self.links.waiting.get_mut(instrument) else { return Ok(()) };
        let increment = self.state.instruments.get(instrument).map(|known| known.spec.price_increment);
        let mut reached = Vec::new();
        for waiting in all.iter_mut() {
            let Some(order) = self.state.orders.get(waiting.order) else { continue };
            if seen.by_quote != (order.spec.trigger_by == TriggerBy::BidAsk) {
                continue;
            }
            let prices = if order.spec.side == Side::Buy { seen.buy } else { seen.sell };
            let increment = increment.unwrap_or(Price::ONE);
            if is_reached(waiting, order.spec.side, order.spec.kind, prices, increment) {
                reached.push(waiting.order);
            }
        }
        for (at, id) in reached.iter().enumerate() {
            // C7: of a group, one leaves at a time.
            let earlier = reached.get(..at).unwrap_or_default();
            let same_event = self.links.companions(*id).any(|other| earlier.contains(&other));
            if !same_event && !self.is_outrun(*id) {
                self.trigger(*id, instrument, commands)?;
            }
        }
        Ok(())
    }

    /// The trigger was reached: the order goes out as what it becomes.
    fn trigger(
        &mut self,
        id: OrderId,
        instrument: usize,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.links.forget_waiting(instrument, id);
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        entry.was_triggered = true;
        let kind = entry.order.spec.kind.triggered();
        self.send(id, kind, instrument, commands)?;
        if self.state.orders.get(id).is_some_and(|order| order.status.is_at_venue()) {
            self.tell(id, OrderEventKind::Triggered, commands)?;
        }
        Ok(())
    }
}

/// Whether one of `prices` reaches the trigger; moves a trailing stop along.
fn is_reached(
    waiting: &mut Waiting,
    side: Side,
    kind: OrderKind,
    prices: [Price; 3],
    increment: Price,
) -> bool {
    // A stop buys when the price rises to it; an if-touched order buys when it falls to it.
    let [adverse, favorable, last] = prices;
    match kind {
        OrderKind::Stop { trigger } | OrderKind::StopLimit { trigger, .. } => side.accepts(trigger, adverse),
        OrderKind::MarketIfTouched { trigger } | OrderKind::LimitIfTouched { trigger, .. } => {
            side.accepts(favorable, trigger)
        }
        OrderKind::TrailingStop { offset, activation } => {
            if !waiting.active {
                waiting.active = activation.is_none_or(|level| side.accepts(favorable, level));
                if !waiting.active {
                    return false;
                }
                waiting.extreme = Some(favorable);
            } else if let Some(stop) =
                waiting.extreme.and_then(|best| offset.stop_from(side, best, increment).ok())
                && side.accepts(stop, adverse)
            {
                return true;
            }
            let better =
                |best: Price| if side == Side::Buy { best.min(favorable) } else { best.max(favorable) };
            let best = waiting.extreme.map_or(favorable, better);
            waiting.extreme = Some(best);
            offset.stop_from(side, best, increment).is_ok_and(|stop| side.accepts(stop, last))
        }
        _ => true,
    }
}
