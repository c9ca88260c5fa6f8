//! Triggers that the engine watches because the venue does not.
//!
//! Tests cite these numbers. What is said for a buy holds for a sell with the signs turned.
//!
//! - **E1** An order whose kind waits for a trigger that the venue does not watch is held by the engine, from when it is
//!   released (at once, or when its parent fills) until a price sets it off. It is not at the venue and has set nothing
//!   aside in the account.
//! - **E2** `Last` orders are set off by trades and pool prices, and by quotes as long as the instrument has shown neither.
//!   `BidAsk` orders are set off by quotes, and by trades as long as it has shown no quote. A quote is the ask for a
//!   buy and the bid for a sell; an empty side (size zero) sets nothing off. Bars count for both until the first trade,
//!   pool price or quote; of bars of several lengths only the shortest seen so far. Order books, funding payments and the
//!   user's own data set nothing off.
//! - **E3** Nothing older than the order counts. A bar that opened at or after its time counts from its open; of one that
//!   opened before it only the close counts; one that closed at or before it does not. A trade that happened (`ts_event`)
//!   before it does not count. A quote stands until the next, so that every one that comes counts. The time of an order is
//!   when it was last released or amended, as the engine knew; a venue whose clock is late is heard later by as much.
//! - **E4** A buy stop is reached by a price at or above its trigger, an if-touched buy by one at or below. On a bar the
//!   high and the low reach it, and the order leaves when the bar is complete: later than a venue's own stop. That is the
//!   risk of emulation.
//! - **E5** A trailing stop starts from the price at which its parent filled (the average), if it has one, else from the last
//!   price of those that set it off (E2), else from the first that comes; with an activation price it starts from the first
//!   price that reaches it. On a bar a sale is checked against the low with the stop as it stood, then the stop follows the
//!   high, then it is checked against the close.
//! - **E6** An order that is set off becomes a market or limit order ([`OrderKind::triggered`]), in the engine's books too.
//!   The money is set aside then: it is denied if there is not enough. The strategy is told `Triggered`.
//! - **E7** If the engine keeps reduce-only for the venue, the order is cut down to the position when it leaves. If nothing is
//!   left to reduce it is cancelled (`ReduceOnly`).
//! - **E8** While it is held, the engine ends a day or good-till-date order in time, even if the venue keeps such times
//!   itself. Once it has left, the venue does, if it can. Its day is the UTC day of its release.
//! - **E9** A split ends all orders of the instrument that the engine holds (`Venue`), as it ends those at a venue: their
//!   prices and quantities were meant for the shares before it.

use algoflow_core::{
    bar_spec::BarSpec,
    capabilities::Feature,
    command::Command,
    id::OrderId,
    market::{Bar, Quote, Trade},
    number::{Price, Rounding, Scale},
    order::{CancelReason, Order, OrderEventKind, OrderKind, OrderSpec, OrderStatus, Side, TriggerBy},
    state::Hold,
    time::Timestamp,
};

use super::Engine;
use crate::{error::EngineError, links::Waiting};

/// What an instrument has shown so far: it says which prices set off which orders (E2).
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Shown {
    trades: bool,
    quotes: bool,
    /// The shortest bars.
    bars: Option<BarSpec>,
}

impl Shown {
    #[inline]
    pub(super) fn bar(&mut self, spec: BarSpec) {
        if self.bars != Some(spec) && self.bars.is_none_or(|shortest| spec.rank() < shortest.rank()) {
            self.bars = Some(spec);
        }
    }

    #[inline]
    pub(super) fn trade(&mut self) {
        self.trades = true;
    }

    #[inline]
    pub(super) fn quote(&mut self) {
        self.quotes = true;
    }

    /// Whether quotes were seen.
    pub(super) const fn has_quotes(&self) -> bool {
        self.quotes
    }

    /// Whether no shorter bars were seen.
    pub(super) fn is_shortest(self, bar: &Bar) -> bool {
        self.bars == Some(bar.spec)
    }

    fn by_quotes(self, trigger_by: TriggerBy) -> bool {
        self.quotes && (trigger_by == TriggerBy::BidAsk || !self.trades)
    }
}

/// An event that shows prices.
#[derive(Clone, Copy)]
pub(super) enum Seen<'a> {
    Bar(&'a Bar),
    Trade { price: Price, ts_event: Timestamp },
    Quote(&'a Quote),
}

impl Seen<'_> {
    /// The prices that count for an order that waits since `since` (E2, E3): the most adverse, the most favorable, the last.
    fn prices(self, spec: &OrderSpec, since: Timestamp, shown: Shown) -> Option<[Price; 3]> {
        match self {
            Self::Bar(bar) if bar.ts_open >= since => Some(match spec.side {
                Side::Buy => [bar.high, bar.low, bar.close],
                Side::Sell => [bar.low, bar.high, bar.close],
            }),
            Self::Bar(bar) => (bar.ts_close > since).then_some([bar.close; 3]),
            Self::Trade { price, ts_event } => {
                (ts_event >= since && !shown.by_quotes(spec.trigger_by)).then_some([price; 3])
            }
            Self::Quote(quote) if shown.by_quotes(spec.trigger_by) => {
                side_of(quote, spec.side).map(|p| [p; 3])
            }
            Self::Quote(_) => None,
        }
    }
}

/// What a buy would pay or a sale would get; `None` for an empty side.
fn side_of(quote: &Quote, side: Side) -> Option<Price> {
    let (price, size) = match side {
        Side::Buy => (quote.ask, quote.ask_size),
        Side::Sell => (quote.bid, quote.bid_size),
    };
    size.is_positive().then_some(price)
}

impl<'a> From<&'a Trade> for Seen<'a> {
    fn from(trade: &'a Trade) -> Self {
        Self::Trade { price: trade.price, ts_event: trade.ts_event }
    }
}

impl Engine {
    /// Holds an order until its trigger is reached (E1).
    pub(super) fn watch(&mut self, id: OrderId, instrument: usize) -> Result<(), EngineError> {
        let Some(order) = self.state.orders.get(id) else { return Ok(()) };
        let (extreme, active) = match order.spec.kind {
            OrderKind::TrailingStop { activation: None, .. } => (self.trail_start(&order, instrument), true),
            OrderKind::TrailingStop { .. } => (None, false),
            _ => (None, true),
        };
        let since = self.state.now;
        self.hold(id, Hold::Trigger)?;
        self.links.wait(instrument, Waiting { order: id, since, extreme, active });
        Ok(())
    }

    /// Where a trailing stop starts (E5).
    fn trail_start(&self, order: &Order, instrument: usize) -> Option<Price> {
        let known = self.state.instruments.get(instrument)?;
        let parent = order.spec.contingency.parent.and_then(|parent| self.state.orders.get(parent));
        let fine = Scale::new(known.spec.price_increment.scale().places().saturating_add(4).min(18)).ok();
        let filled = parent.and_then(|parent| parent.average_price()).zip(fine);
        if let Some(start) =
            filled.and_then(|(price, fine)| Price::from_decimal_rounded(price, fine, Rounding::HalfEven).ok())
        {
            return Some(start);
        }
        let by_quotes =
            self.shown.get(instrument).is_some_and(|shown| shown.by_quotes(order.spec.trigger_by));
        let quote = known.quote.as_ref().filter(|_| by_quotes);
        quote
            .and_then(|quote| side_of(quote, order.spec.side))
            .or_else(|| self.state.portfolio.mark(instrument))
    }

    /// Notes what the instrument shows, and lets it set off the orders that wait (E2).
    #[inline]
    pub(super) fn watch_event(
        &mut self,
        instrument: usize,
        seen: Seen<'_>,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(shown) = self.shown.get_mut(instrument) else { return Ok(()) };
        match seen {
            Seen::Bar(bar) => shown.bar(bar.spec),
            Seen::Trade { .. } => shown.trade(),
            Seen::Quote(_) => shown.quote(),
        }
        let shown = *shown;
        if self.links.waiting.get(instrument).is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let counts = match seen {
            Seen::Bar(bar) => !shown.trades && !shown.quotes && shown.bars == Some(bar.spec),
            _ => true,
        };
        if counts { self.set_off(instrument, seen, shown, commands) } else { Ok(()) }
    }

    fn set_off(
        &mut self,
        instrument: usize,
        seen: Seen<'_>,
        shown: Shown,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let increment = self.state.instruments.get(instrument).map(|known| known.spec.price_increment);
        let increment = increment.unwrap_or(Price::ONE);
        let Some(all) = self.links.waiting.get_mut(instrument) else { return Ok(()) };
        let mut reached = Vec::new();
        for waiting in all.iter_mut() {
            let Some(order) = self.state.orders.get(waiting.order) else { continue };
            let prices = seen.prices(&order.spec, waiting.since, shown);
            if prices.is_some_and(|prices| {
                is_reached(waiting, order.spec.side, order.spec.kind, prices, increment)
            }) {
                reached.push(waiting.order);
            }
        }
        if self.is_down(instrument) {
            // What comes once the venue is back sets them off (RK5).
            return Ok(());
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

    /// The trigger was reached: the order goes out as what it becomes (E6).
    fn trigger(
        &mut self,
        id: OrderId,
        instrument: usize,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.links.forget_waiting(instrument, id);
        let native = self.native(instrument);
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        if entry.order.status != OrderStatus::Held {
            return Ok(());
        }
        entry.was_triggered = true;
        let spec = &mut entry.order.spec;
        spec.kind = spec.kind.triggered();
        let (reduce_only, in_force) = (spec.flags.reduce_only, spec.time_in_force);
        if reduce_only
            && !native.contains(Feature::ReduceOnly)
            && self.shrink_to_position(id, instrument).is_err()
        {
            let reason = CancelReason::ReduceOnly;
            return self.tell(id, OrderEventKind::Cancelled { reason }, commands);
        }
        if self.deadline(in_force, native).is_none() {
            self.timers.remove_deadline(id);
        }
        self.send(id, instrument, commands)?;
        if self.state.orders.get(id).is_some_and(|order| order.status.is_at_venue()) {
            self.tell(id, OrderEventKind::Triggered, commands)?;
        }
        Ok(())
    }

    /// An order that waits for its trigger was amended: what came before does not count for it any more (E3).
    pub(super) fn watch_anew(&mut self, instrument: usize, id: OrderId) {
        let now = self.state.now;
        if let Some(all) = self.links.waiting.get_mut(instrument) {
            for waiting in all.iter_mut().filter(|waiting| waiting.order == id) {
                waiting.since = now;
            }
        }
    }

    /// Ends the orders of an instrument that the engine holds, because of a split (E9).
    pub(super) fn end_held(&mut self, instrument: usize) {
        let waiting = self.links.waiting.get(instrument).map(Vec::as_slice).unwrap_or_default();
        let children = self.links.membership.keys().copied();
        for id in waiting.iter().map(|waiting| waiting.order).chain(children) {
            let entry = self.state.orders.entry(id);
            if entry.is_some_and(|e| e.instrument == instrument && e.order.status == OrderStatus::Held) {
                self.links.to_cancel.push((id, CancelReason::Venue));
            }
        }
    }
}

/// Whether one of `prices` reaches the trigger (E4); moves a trailing stop along (E5).
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
