//! Orders on quotes and trades (Q1 to Q13).

use std::cmp::Ordering;

use algoflow_core::{
    error::NumberError,
    instrument::Instrument,
    number::{Price, Quantity},
    order::{Liquidity, OrderKind, Side, TriggerBy},
    time::Timestamp,
};

use super::{Desk, Outcome};
use crate::{
    LimitFill, SimError, TradeFill,
    book::{Book, Market, Pool, Working},
};

/// A quote or a trade that is being worked through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tick {
    Quote,
    Trade { happened: Timestamp, aggressor: Option<Side> },
}

/// What an order does at a quote or a trade.
#[derive(Clone, Copy, Debug)]
enum Deed {
    SetOff(Price),
    Take(Price, Pool),
    /// A resting limit order fills at its price.
    Make(Price, Pool),
    /// It is its turn to take, but there is nothing.
    Miss,
}

impl Desk {
    /// Lets trailing stops follow the new price (Q10).
    pub(crate) fn begin_tick(&self, book: &mut Book, tick: Tick) -> Result<(), SimError> {
        let Book { market, orders, instrument, .. } = book;
        orders.event += 1;
        orders.try_each(|order| {
            if !order.is_waiting() {
                return Ok(());
            }
            order.fresh = false;
            seen_by(order, market, tick).map_or(Ok(()), |price| order.follow(price, instrument))
        })?;
        Ok(())
    }

    /// Does the next thing at a quote or a trade (Q12). True if there is nothing left.
    pub(crate) fn step_tick(&mut self, book: &mut Book, tick: Tick) -> Result<bool, SimError> {
        let Some((position, deed)) = self.next_deed(book, tick)? else { return Ok(true) };
        let event = book.orders.event;
        let Book { market, orders, instrument, .. } = book;
        let Some(order) = orders.get_mut(position) else { return Ok(true) };
        let outcome = match deed {
            Deed::SetOff(price) => match self.set_off(order, price)? {
                Outcome::Closed => Outcome::Closed,
                Outcome::Open => self.take_after_set_off(instrument, market, order, price, event)?,
            },
            Deed::Take(price, pool) => {
                order.fresh = false;
                self.trade(instrument, market, order, price, Liquidity::Taker, pool)?
            }
            Deed::Make(price, pool) => {
                self.trade(instrument, market, order, price, Liquidity::Maker, pool)?
            }
            Deed::Miss => {
                order.fresh = false;
                self.unfilled(order)
            }
        };
        if outcome == Outcome::Closed {
            self.close(book, position);
        }
        Ok(false)
    }

    /// A new or changed order meets the standing quote, or the trade of the present time.
    pub(crate) fn arrive_on_ticks(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
    ) -> Result<Outcome, SimError> {
        if order.is_waiting() {
            order.fresh = false;
            if !by_quotes(order, market) {
                return Ok(Outcome::Open);
            }
            let Some(price) = market.facing(order.spec.side) else { return Ok(Outcome::Open) };
            if !order.is_set_off_by(price) {
                return Ok(Outcome::Open);
            }
            if self.set_off(order, price)? == Outcome::Closed {
                return Ok(Outcome::Closed);
            }
        }
        if market.quoted {
            return self.take_quote(instrument, market, order);
        }
        if self.policy.trade == TradeFill::Last && market.traded && market.time == self.now {
            return self.take_trade(instrument, market, order);
        }
        if let OrderKind::Limit { price } = order.live {
            // Only an order that the last price would fill waits as a taker; any other is in the queue (Q7).
            let takes =
                market.reference(order.spec.side).is_none_or(|last| order.spec.side.accepts(last, price));
            order.fresh = order.fresh && takes;
            if !order.fresh {
                return Ok(self.unfilled(order));
            }
        }
        Ok(Outcome::Open)
    }

    fn take_after_set_off(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
        price: Price,
        event: u64,
    ) -> Result<Outcome, SimError> {
        if market.quoted {
            return self.take_quote(instrument, market, order);
        }
        if self.policy.trade == TradeFill::Last {
            return self.take_trade(instrument, market, order);
        }
        // From here on as if it had arrived with this trade: it meets the next one.
        order.born = event;
        if let OrderKind::Limit { price: limit } = order.live {
            order.fresh = order.fresh && order.spec.side.accepts(price, limit);
            if !order.fresh {
                return Ok(self.unfilled(order));
            }
        }
        Ok(Outcome::Open)
    }

    fn take_quote(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
    ) -> Result<Outcome, SimError> {
        let fresh = std::mem::replace(&mut order.fresh, false);
        let side = order.spec.side;
        match (market.facing(side), order.live) {
            (Some(price), OrderKind::Limit { price: limit }) if !side.accepts(price, limit) || !fresh => {
                Ok(self.unfilled(order))
            }
            (Some(price), _) => {
                self.trade(instrument, market, order, price, Liquidity::Taker, Pool::facing(side))
            }
            (None, _) => Ok(self.unfilled(order)),
        }
    }

    fn take_trade(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
    ) -> Result<Outcome, SimError> {
        let fresh = std::mem::replace(&mut order.fresh, false);
        let price = market.last;
        match order.live {
            OrderKind::Limit { price: limit } if !fresh || !order.spec.side.accepts(price, limit) => {
                Ok(self.unfilled(order))
            }
            _ => self.trade(instrument, market, order, price, Liquidity::Taker, Pool::Trade),
        }
    }

    /// Which order acts next, and how: triggers, then takers, then resting orders by price (Q12).
    fn next_deed(&self, book: &Book, tick: Tick) -> Result<Option<(usize, Deed)>, SimError> {
        let Book { market, orders, instrument, .. } = book;
        let is_left = |pool: Pool| {
            let left = market.available(pool, &self.share, instrument.quantity_increment)?;
            Ok(!left.is_some_and(Quantity::is_zero))
        };
        let mut taker = None;
        let mut maker: Option<(usize, Price, Pool, Side)> = None;
        for (position, order) in orders.iter().enumerate() {
            if order.is_waiting() {
                if let Some(price) = seen_by(order, market, tick)
                    && order.is_set_off_by(price)
                {
                    return Ok(Some((position, Deed::SetOff(price))));
                }
                continue;
            }
            match self.deed(order, book, tick, &is_left)? {
                Some(Deed::Make(price, pool)) => {
                    let ahead = maker.is_none_or(|(_, best, _, side)| {
                        side == order.spec.side && better(side, price, best) == Ordering::Greater
                    });
                    if ahead {
                        maker = Some((position, price, pool, order.spec.side));
                    }
                }
                Some(deed) if taker.is_none() => taker = Some((position, deed)),
                _ => {}
            }
        }
        Ok(taker.or_else(|| maker.map(|(position, price, pool, _)| (position, Deed::Make(price, pool)))))
    }

    /// What an order that is not waiting for a trigger does.
    fn deed(
        &self,
        order: &Working,
        book: &Book,
        tick: Tick,
        is_left: &dyn Fn(Pool) -> Result<bool, NumberError>,
    ) -> Result<Option<Deed>, NumberError> {
        let (market, side) = (&book.market, order.spec.side);
        let (price, pool) = match tick {
            Tick::Quote => match market.facing(side) {
                Some(price) => (price, Pool::facing(side)),
                None => return Ok(None),
            },
            Tick::Trade { happened, .. } => {
                if order.born == book.orders.event || happened < order.arrival {
                    return Ok(None);
                }
                (market.last, Pool::Trade)
            }
        };
        let takes_here = matches!(tick, Tick::Quote) || !market.quoted;
        Ok(match order.live {
            OrderKind::Limit { price: limit } if order.fresh && takes_here => {
                let fills = side.accepts(price, limit) && is_left(pool)?;
                Some(if fills { Deed::Take(price, pool) } else { Deed::Miss })
            }
            OrderKind::Limit { price: limit } => {
                let fills = match tick {
                    // A trade at the price meets us only if its taker was on the other side (Q6).
                    Tick::Trade { aggressor, .. } if price == limit => {
                        self.policy.limit == LimitFill::Touch && aggressor != Some(side)
                    }
                    _ => side.accepts(price, limit),
                };
                (fills && is_left(pool)?).then_some(Deed::Make(limit, pool))
            }
            _ if !takes_here => None,
            _ if is_left(pool)? => Some(Deed::Take(price, pool)),
            _ => order.is_immediate().then_some(Deed::Miss),
        })
    }
}

/// Whether quotes, rather than trades, set the order off (Q9).
fn by_quotes(order: &Working, market: &Market) -> bool {
    match order.spec.trigger_by {
        TriggerBy::BidAsk => market.quoted,
        _ => !market.traded,
    }
}

/// The price that a waiting order sees at a quote or a trade, if that is the data it is set off by.
fn seen_by(order: &Working, market: &Market, tick: Tick) -> Option<Price> {
    match tick {
        Tick::Quote if by_quotes(order, market) => market.facing(order.spec.side),
        Tick::Trade { happened, .. } if !by_quotes(order, market) && happened >= order.arrival => {
            Some(market.last)
        }
        _ => None,
    }
}

/// How good a resting price is: the higher for a buy, the lower for a sell.
fn better(side: Side, price: Price, than: Price) -> Ordering {
    match side {
        Side::Buy => price.cmp(&than),
        Side::Sell => than.cmp(&price),
    }
}
