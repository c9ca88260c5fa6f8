//! Orders on the path of a bar (B1 to B21).

use algoflow_core::{
    error::NumberError,
    instrument::Instrument,
    market::Bar,
    number::{Price, Quantity},
    order::{Liquidity, OrderKind, Side, TimeInForce},
};

use super::{Desk, Outcome};
use crate::{
    BarFill, BarPath, LimitFill, SimError,
    book::{Book, Market, Pool, Stage, Working},
    path::{LEGS, Path},
    slippage::against,
};

/// At which point of a bar an order meets its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Open,
    Inside,
    Close,
}

/// Something that happens on a leg of the path.
#[derive(Clone, Copy, Debug)]
struct Crossing {
    position: usize,
    at: Price,
    /// It happens as soon as the price goes beyond `at`.
    beyond: bool,
}

impl Crossing {
    /// Whether this comes before `other` on a leg in the direction given (B4).
    fn is_before(&self, other: &Self, rising: bool) -> bool {
        let nearer = if rising { self.at.cmp(&other.at) } else { other.at.cmp(&self.at) };
        nearer.then(self.beyond.cmp(&other.beyond)).is_lt()
    }
}

impl Desk {
    /// Sets up the path of a bar and where each order joins it (B2, B3).
    pub(crate) fn begin_bar(&self, book: &mut Book, bar: &Bar) -> Result<(), SimError> {
        bar.validate().map_err(|source| SimError::Data { instrument: bar.instrument, source })?;
        let Book { orders, path, instrument, .. } = book;
        let same_close = self.policy.bar == BarFill::SameClose;
        orders.try_each(|order| {
            order.stage = if order.arrival <= bar.ts_open {
                if rests_at(order, bar.open) {
                    // To join one after the other would take a search among all orders for each.
                    order.follow(bar.open, instrument)?;
                    Stage::Live { whole: true }
                } else {
                    Stage::Joining { leg: 0, at: bar.open, whole: true }
                }
            } else if order.arrival < bar.ts_close {
                Stage::Joining { leg: 0, at: bar.open, whole: false }
            } else if same_close && order.arrival == bar.ts_recv {
                Stage::AfterClose
            } else {
                Stage::Out
            };
            Ok(())
        })?;
        *path = Path::new(bar, high_first(self.policy.path, bar, orders.iter())?);
        orders.try_each(|order| {
            if let Stage::Joining { leg, at, whole: false } = &mut order.stage {
                (*leg, *at) = path.join(order.arrival, instrument.price_increment)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Does the next thing on the path. True once the path is at its end.
    pub(crate) fn step_bar(&mut self, book: &mut Book) -> Result<bool, SimError> {
        if book.orders.is_empty() {
            (book.path.leg, book.path.at) = (LEGS, book.path.close());
            return Ok(true);
        }
        if book.path.leg >= LEGS {
            return self.step_close(book);
        }
        let Some(crossing) = self.next_crossing(book)? else {
            let end = book.path.end_of_leg();
            advance(book, end)?;
            book.path.leg += 1;
            return Ok(false);
        };
        advance(book, crossing.at)?;
        let Book { market, orders, instrument, .. } = book;
        let Some(order) = orders.get_mut(crossing.position) else { return Ok(true) };
        let outcome = match (order.stage, order.live) {
            (Stage::Joining { whole, .. }, _) => {
                order.stage = Stage::Live { whole };
                let moment = if whole { Moment::Open } else { Moment::Inside };
                self.meet(instrument, market, order, crossing.at, moment)?
            }
            (_, OrderKind::Limit { price }) => {
                self.trade(instrument, market, order, price, Liquidity::Maker, Pool::Bar)?
            }
            _ => self.meet_set_off(instrument, market, order, crossing.at)?,
        };
        if outcome == Outcome::Closed {
            self.close(book, crossing.position);
        }
        Ok(false)
    }

    /// An order meets a price of a bar.
    pub(crate) fn meet(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
        price: Price,
        moment: Moment,
    ) -> Result<Outcome, SimError> {
        let at_auction = match order.spec.time_in_force {
            TimeInForce::AtOpen => Some(moment == Moment::Open),
            TimeInForce::AtClose => Some(moment == Moment::Close),
            _ => None,
        };
        if at_auction == Some(false) {
            return Ok(Outcome::Open);
        }
        match order.live {
            OrderKind::Market => {
                let on_path = matches!(self.policy.bar, BarFill::NextOpen | BarFill::SameClose);
                if at_auction.is_none() && !order.triggered && !on_path && moment != Moment::Close {
                    return Ok(Outcome::Open);
                }
                self.trade(instrument, market, order, price, Liquidity::Taker, Pool::Bar)
            }
            OrderKind::Limit { price: limit } => {
                let fresh = std::mem::replace(&mut order.fresh, false);
                let accepts = order.spec.side.accepts(price, limit);
                if accepts && (fresh || price != limit || self.policy.limit == LimitFill::Touch) {
                    let liquidity =
                        if order.spec.flags.post_only { Liquidity::Maker } else { Liquidity::Taker };
                    self.trade(instrument, market, order, price, liquidity, Pool::Bar)
                } else {
                    Ok(self.unfilled(order))
                }
            }
            _ => {
                order.fresh = false;
                if order.is_set_off_by(price) {
                    return self.meet_set_off(instrument, market, order, price);
                }
                order.follow(price, instrument)?;
                Ok(Outcome::Open)
            }
        }
    }

    /// An order is set off on the path and meets the price there (B13, B14).
    fn meet_set_off(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
        price: Price,
    ) -> Result<Outcome, SimError> {
        match self.set_off(order, price)? {
            Outcome::Open => self.meet(instrument, market, order, price, Moment::Inside),
            Outcome::Closed => Ok(Outcome::Closed),
        }
    }

    /// Does the next thing at the close of the bar. True if there is nothing left.
    fn step_close(&mut self, book: &mut Book) -> Result<bool, SimError> {
        let policy = self.policy.bar;
        let wants_close = |order: &Working| match order.stage {
            Stage::AfterClose => true,
            Stage::Live { .. } if order.spec.time_in_force == TimeInForce::AtClose => true,
            Stage::Live { whole } => {
                let waits = order.live == OrderKind::Market && !order.triggered && !order.is_auction();
                waits && (policy == BarFill::NextClose || (policy == BarFill::NextVwap && whole))
            }
            _ => false,
        };
        let Some(position) = book.orders.first(wants_close) else { return Ok(true) };
        let close = book.path.close();
        let Book { market, orders, instrument, path, .. } = book;
        let Some(order) = orders.get_mut(position) else { return Ok(true) };
        let averaged = policy == BarFill::NextVwap && !order.is_auction();
        order.stage = Stage::Out;
        let outcome = if averaged {
            let price = against(instrument, order.spec.side, path.typical()?)?.clamp(path.low, path.high);
            self.trade(instrument, market, order, price, Liquidity::Taker, Pool::Bar)?
        } else {
            self.meet(instrument, market, order, close, Moment::Close)?
        };
        if outcome == Outcome::Closed {
            self.close(book, position);
        }
        Ok(false)
    }

    /// What happens next between the cursor and the end of the leg (B4).
    fn next_crossing(&self, book: &Book) -> Result<Option<Crossing>, SimError> {
        let (from, to, leg) = (book.path.at, book.path.end_of_leg(), book.path.leg);
        let rising = to >= from;
        let step = book.instrument.quantity_increment;
        let can_fill = !book.market.available(Pool::Bar, &self.share, step)?.is_some_and(Quantity::is_zero);
        let mut first: Option<Crossing> = None;
        for (position, order) in book.orders.iter().enumerate() {
            let found = match order.stage {
                Stage::Joining { leg: joins, at, .. } if joins == leg => Some((at, false)),
                Stage::Live { .. } => self.crossing(order, from, to, can_fill),
                _ => None,
            };
            if let Some((at, beyond)) = found {
                let crossing = Crossing { position, at, beyond };
                if first.is_none_or(|first| crossing.is_before(&first, rising)) {
                    first = Some(crossing);
                }
            }
        }
        Ok(first)
    }

    /// Where a price that moves from `from` to `to` sets off or fills an order, if it does, and whether it must go
    /// beyond that price.
    fn crossing(&self, order: &Working, from: Price, to: Price, can_fill: bool) -> Option<(Price, bool)> {
        let rising = to >= from;
        if let OrderKind::Limit { price } = order.live {
            let toward = rising == (order.spec.side == Side::Sell);
            let touch = self.policy.limit == LimitFill::Touch;
            let reached = if rising { to >= price } else { to <= price };
            let fills = can_fill && toward && !order.is_auction() && reached && (touch || to != price);
            return fills.then(|| (later(from, price, rising), !touch));
        }
        match order.trigger() {
            Some((trigger, from_below)) if from_below == rising => {
                let reached = if rising { to >= trigger } else { to <= trigger };
                reached.then(|| (later(from, trigger, rising), false))
            }
            _ => None,
        }
    }
}

/// Whether an order that has met the market before does nothing when it meets it again at this price.
fn rests_at(order: &Working, price: Price) -> bool {
    let acts = match order.live {
        OrderKind::Market => true,
        OrderKind::Limit { price: limit } => order.spec.side.accepts(price, limit),
        _ => order.is_set_off_by(price),
    };
    !order.fresh && !order.is_auction() && !acts
}

/// Moves the cursor, and with it the trailing stops (B15).
fn advance(book: &mut Book, to: Price) -> Result<(), NumberError> {
    let Book { orders, path, instrument, .. } = book;
    path.at = to;
    orders.try_each(|order| match order.stage {
        Stage::Live { .. } => order.follow(to, instrument),
        _ => Ok(()),
    })
}

/// The price that comes later on the way.
fn later(a: Price, b: Price, rising: bool) -> Price {
    if rising { a.max(b) } else { a.min(b) }
}

/// Whether the bar reaches its high before its low.
fn high_first<'a>(
    path: BarPath,
    bar: &Bar,
    orders: impl Iterator<Item = &'a Working>,
) -> Result<bool, SimError> {
    match path {
        BarPath::Ohlc => return Ok(true),
        BarPath::Olhc => return Ok(false),
        BarPath::Adaptive => {}
        BarPath::Worst => {
            let mut decided = None;
            for order in orders.filter(|order| order.stage != Stage::Out) {
                let stop = matches!(
                    order.live,
                    OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. }
                );
                let level = match order.live {
                    OrderKind::Limit { price } => Some((price, order.spec.side == Side::Sell)),
                    _ => order.trigger(),
                };
                let in_reach = match level {
                    Some((price, true)) => bar.high >= price,
                    Some((price, false)) => bar.low <= price,
                    None => false,
                };
                if stop && in_reach {
                    return Ok(order.spec.side == Side::Buy);
                }
                if in_reach && decided.is_none() {
                    decided = Some(order.spec.side == Side::Buy);
                }
            }
            if let Some(high_first) = decided {
                return Ok(high_first);
            }
        }
    }
    Ok(bar.high.checked_sub(bar.open)? < bar.open.checked_sub(bar.low)?)
}
