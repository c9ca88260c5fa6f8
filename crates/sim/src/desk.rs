//! What all books of a venue share: the clock, the reports and the models, and the one way in which orders fill.

mod bars;
mod names;
mod ticks;

use self::names::Names;
pub(crate) use self::{bars::Moment, ticks::Tick};

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    capabilities::{Capabilities, Feature, FeatureSet},
    error::NumberError,
    id::{ExecutionId, InstrumentId, OrderId, VenueOrderId},
    instrument::Instrument,
    number::{Money, Price, Quantity, Rounding, Scale},
    order::{
        CancelReason, Fill, Liquidity, OrderEvent, OrderEventKind, OrderKind, OrderQuantity, OrderSpec,
        RejectCode, Side, TimeInForce,
    },
    time::{TimeDelta, Timestamp},
};
use rust_decimal::Decimal;

use crate::{
    BarFill, Depth, FillContext, FillPolicy, SimConfig, SimError,
    book::{Book, Market, Pool, Share, Source, Working},
    fees::{FeeSchedule, Paid},
    reject::Rejections,
    slippage::SlippageRule,
};

/// Whether an order lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Open,
    Closed,
}

#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) now: Timestamp,
    pub(crate) reports: VecDeque<OrderEvent>,
    /// Orders that expire, by the time after which they do.
    pub(crate) expiries: BTreeMap<(Timestamp, u64), (InstrumentId, OrderId)>,
    pub(crate) policy: FillPolicy,
    pub(crate) share: Share,
    pub(crate) rejections: Option<Rejections>,
    pub(crate) capabilities: Capabilities,
    possible: FeatureSet,
    ack: TimeDelta,
    fees: FeeSchedule,
    slippage: SlippageRule,
    fills: Names,
    accepted: Names,
    tickets: u64,
}

impl Desk {
    pub(crate) fn new(capabilities: Capabilities, config: &SimConfig, seed: u64) -> Result<Self, SimError> {
        let part = match config.participation {
            // One is the same as no part, and saves the product.
            Some(part) if part < 1.0 => Some(
                Decimal::try_from(part)
                    .map_err(|_| SimError::setting("participation", part, "it must be between 0 and 1"))?,
            ),
            _ => None,
        };
        let possible =
            Feature::ALL.iter().filter(|f| capabilities.objection(FeatureSet::EMPTY.with(**f)).is_none());
        Ok(Self {
            now: Timestamp::MIN,
            reports: VecDeque::with_capacity(64),
            expiries: BTreeMap::new(),
            policy: config.fill,
            share: Share {
                part,
                bars: config.participation.is_some(),
                ticks: config.fill.depth == Depth::Consume,
            },
            rejections: config.reject.clone().map(|model| Rejections::new(model, seed)),
            possible: possible.fold(FeatureSet::EMPTY, |set, feature| set.with(*feature)),
            capabilities,
            ack: config.latency.ack,
            fees: FeeSchedule::new(&config.fees)?,
            slippage: SlippageRule::new(&config.slippage)?,
            fills: Names::new(b'F'),
            accepted: Names::new(b'V'),
            tickets: 0,
        })
    }

    /// Whether an order that asks for `features` can be placed here.
    #[inline]
    pub(crate) const fn can(&self, features: FeatureSet) -> bool {
        features.minus(self.possible).is_empty()
    }

    #[inline]
    pub(crate) fn report(&mut self, order: OrderId, instrument: InstrumentId, kind: OrderEventKind) {
        let ts_recv = self.now.saturating_add(self.ack);
        self.reports.push_back(OrderEvent { order, instrument, ts_event: self.now, ts_recv, kind });
    }

    #[inline]
    fn tell(&mut self, order: &Working, kind: OrderEventKind) {
        self.report(order.id, order.spec.instrument, kind);
    }

    /// Tells that the venue has the order, if that was not told before (O2).
    pub(crate) fn accept(&mut self, order: &mut Working) {
        if !order.accepted {
            order.accepted = true;
            let (text, length) = self.accepted.next();
            let venue_order = Some(VenueOrderId::from_ascii(text, length));
            self.tell(order, OrderEventKind::Accepted { venue_order });
        }
    }

    pub(crate) fn cancel(&mut self, order: &mut Working, reason: CancelReason) -> Outcome {
        self.accept(order);
        self.tell(order, OrderEventKind::Cancelled { reason });
        Outcome::Closed
    }

    pub(crate) fn reject(&mut self, order: &Working, code: RejectCode, text: String) -> Outcome {
        self.tell(order, OrderEventKind::Rejected { code, text });
        Outcome::Closed
    }

    /// An order that met the market and did not fill: it waits, unless it may not (B18).
    pub(crate) fn unfilled(&mut self, order: &mut Working) -> Outcome {
        if order.is_immediate() { self.cancel(order, CancelReason::NotFilledAtOnce) } else { Outcome::Open }
    }

    /// Puts an order into its book.
    pub(crate) fn open(&mut self, book: &mut Book, mut order: Working) {
        self.accept(&mut order);
        if let Some(expiry) = order.expiry {
            self.tickets += 1;
            order.ticket = self.tickets;
            self.expiries.insert((expiry, order.ticket), (order.spec.instrument, order.id));
        }
        book.orders.push(order);
    }

    /// Takes an order out of its book.
    pub(crate) fn close(&mut self, book: &mut Book, position: usize) {
        if let Some(order) = book.orders.remove(position)
            && let Some(expiry) = order.expiry
        {
            self.expiries.remove(&(expiry, order.ticket));
        }
    }

    /// Cancels every order of a book.
    pub(crate) fn cancel_all(&mut self, book: &mut Book, reason: CancelReason) {
        while let Some(order) = book.orders.get_mut(0) {
            self.cancel(order, reason);
            self.close(book, 0);
        }
    }

    /// Sets an order off: from now on it is a market or a limit order. `Closed` if it is post-only and would take.
    fn set_off(&mut self, order: &mut Working, price: Price) -> Result<Outcome, SimError> {
        self.accept(order);
        self.tell(order, OrderEventKind::Triggered);
        order.live = order.live.triggered();
        order.triggered = true;
        order.fresh = true;
        protect(order, Some(price))?;
        if would_take(order, Some(price)) {
            let text = format!("set off at {price}, the order would take at once");
            return Ok(self.reject(order, RejectCode::PostOnlyWouldTake, text));
        }
        if order.spec.flags.post_only {
            order.fresh = false;
        }
        Ok(Outcome::Open)
    }

    /// Fills an order at `price`, as far as there is liquidity and its bounds allow. What is decided here is decided for plain
    /// orders in `fill_at_once` too.
    fn trade(
        &mut self,
        instrument: &Instrument,
        market: &mut Market,
        order: &mut Working,
        price: Price,
        liquidity: Liquidity,
        pool: Pool,
    ) -> Result<Outcome, SimError> {
        let available = market.available(pool, &self.share, instrument.quantity_increment)?;
        if available.is_some_and(Quantity::is_zero) {
            return Ok(self.unfilled(order));
        }
        let at_most = |wanted: Quantity| available.map_or(wanted, |available| wanted.min(available));
        let wanted = match order.total {
            Some(total) => total.checked_sub(order.filled())?,
            None => instrument.base_for(order.spec.quantity.value(), price)?,
        };
        let mut fill = FillContext {
            instrument,
            side: order.spec.side,
            price,
            quantity: at_most(wanted),
            liquidity,
            volume: market.volume_of(pool),
            ts: self.now,
        };
        if liquidity == Liquidity::Taker {
            fill.price = self.slippage.apply(&fill, pool.is_quote())?;
            if let OrderKind::Limit { price: limit } = order.live
                && !order.spec.side.accepts(fill.price, limit)
            {
                fill.price = limit;
            }
        }
        let total = match order.total {
            Some(total) => total,
            None => {
                let total = instrument.base_for(order.spec.quantity.value(), fill.price)?;
                if let Some(text) = unfit(total, instrument) {
                    return Ok(self.reject(order, RejectCode::InvalidOrder, text));
                }
                total
            }
        };
        let leaves = total.checked_sub(order.filled())?;
        fill.quantity = at_most(leaves);
        let complete = fill.quantity == leaves;
        if !complete && order.spec.time_in_force == TimeInForce::Fok {
            return Ok(self.cancel(order, CancelReason::NotFilledAtOnce));
        }
        if order.worst.is_some_and(|worst| !order.spec.side.accepts(fill.price, worst)) {
            return Ok(self.cancel(order, CancelReason::Protection));
        }
        let notional = fill.notional()?;
        let fee = self.fees.fee(&fill, notional, &order.paid)?;
        if let Some(max) = order.spec.protection.max_fee
            && sum(order.paid.fee, fee)? > max.amount
        {
            return Ok(self.cancel(order, CancelReason::Protection));
        }
        if !complete {
            self.accept(order);
        }
        if order.total.is_none() {
            order.total = Some(total);
            order.spec.quantity = OrderQuantity::Base(total);
            self.tell(order, OrderEventKind::Amended { kind: order.spec.kind, quantity: total });
        }
        if !complete {
            // Of an order that is complete nobody asks any more.
            order.paid = Paid {
                quantity: order.paid.quantity.checked_add(fill.quantity)?,
                notional: sum(order.paid.notional, notional)?,
                fee: sum(order.paid.fee, fee)?,
            };
        }
        if available.is_some() {
            market.consume(pool, fill.quantity)?;
        }
        let execution = self.execution(order.id, &fill, notional, fee)?;
        self.tell(order, OrderEventKind::Filled(execution));
        if complete { Ok(Outcome::Closed) } else { Ok(self.unfilled(order)) }
    }
}

impl Desk {
    /// What a fill is told as. From now on it has happened.
    #[inline(always)]
    fn execution(
        &mut self,
        order: OrderId,
        fill: &FillContext<'_>,
        notional: Decimal,
        fee: Decimal,
    ) -> Result<Fill, SimError> {
        self.fees.record(self.now, notional)?;
        let (text, length) = self.fills.next();
        Ok(Fill {
            id: ExecutionId::from_ascii(text, length),
            order,
            instrument: fill.instrument.id,
            side: fill.side,
            price: fill.price,
            quantity: fill.quantity,
            liquidity: fill.liquidity,
            fee: Money::new(fee, fill.instrument.settlement),
            ts_event: self.now,
            ts_recv: self.now.saturating_add(self.ack),
        })
    }

    /// Puts into `told` the report of a new order that fills whole as it arrives, if that is all that happens: a market order at
    /// the close that decided (B7), against no volume. Otherwise false, and nothing has changed.
    pub(crate) fn fill_at_once(
        &mut self,
        book: &Book,
        order: OrderId,
        spec: &OrderSpec,
        told: &mut Option<OrderEvent>,
    ) -> Result<bool, SimError> {
        let Book { market, instrument, .. } = book;
        let closes = matches!(market.source, Source::Bar(_)) && market.time == self.now && market.is_open();
        let plain = self.policy.bar == BarFill::SameClose
            && self.ack == TimeDelta::ZERO
            && self.rejections.is_none()
            && !self.share.bars;
        let limits = &instrument.limits;
        if !closes
            || !plain
            || limits.min_notional.is_some()
            || limits.max_notional.is_some()
            || !self.can(FeatureSet::PLAIN)
            || spec.validate(instrument).is_err()
        {
            return Ok(false);
        }
        let Some(quantity) = spec.plain_quantity() else { return Ok(false) };
        let mut fill = FillContext {
            instrument,
            side: spec.side,
            price: market.last,
            quantity,
            liquidity: Liquidity::Taker,
            volume: market.volume_of(Pool::Bar),
            ts: self.now,
        };
        fill.price = self.slippage.apply(&fill, false)?;
        let (notional, fee) = match self.fees.simple_fee(&fill) {
            Some(fee) => (Decimal::ZERO, fee),
            None => {
                let notional = fill.notional()?;
                (notional, self.fees.fee(&fill, notional, &Paid::default())?)
            }
        };
        let (ts_event, ts_recv) = (self.now, self.now);
        let kind = OrderEventKind::Filled(self.execution(order, &fill, notional, fee)?);
        *told = Some(OrderEvent { order, instrument: instrument.id, ts_event, ts_recv, kind });
        Ok(true)
    }
}

fn sum(a: Decimal, b: Decimal) -> Result<Decimal, NumberError> {
    a.checked_add(b).ok_or(NumberError::Overflow { operation: "the fees of an order" })
}

/// Whether a post-only order would fill at once at the price (O6).
pub(crate) fn would_take(order: &Working, price: Option<Price>) -> bool {
    let OrderKind::Limit { price: limit } = order.live else { return false };
    order.spec.flags.post_only && price.is_some_and(|price| order.spec.side.accepts(price, limit))
}

/// Finds the worst price at which the order may fill (O4).
pub(crate) fn protect(order: &mut Working, reference: Option<Price>) -> Result<(), NumberError> {
    let (side, protection) = (order.spec.side, &order.spec.protection);
    order.worst = protection.worst_price;
    if let (Some(points), Some(reference)) = (protection.max_slippage_bps, reference) {
        let overflow = NumberError::Overflow { operation: "slippage bound" };
        let (price, way) = (reference.to_decimal(), Decimal::new(i64::from(points), 4));
        let distance = price.abs().checked_mul(way).ok_or_else(|| overflow.clone())?;
        let (bound, rounding) = match side {
            Side::Buy => (price.checked_add(distance), Rounding::Floor),
            Side::Sell => (price.checked_sub(distance), Rounding::Ceil),
        };
        let scale = Scale::new(reference.scale().places().saturating_add(4).min(18))?;
        let bound = Price::from_decimal_rounded(bound.ok_or(overflow)?, scale, rounding)?;
        order.worst = Some(match (order.worst, side) {
            (Some(worst), Side::Buy) => worst.min(bound),
            (Some(worst), Side::Sell) => worst.max(bound),
            (None, _) => bound,
        });
    }
    Ok(())
}

/// Why a quantity cannot be traded, if so.
fn unfit(quantity: Quantity, instrument: &Instrument) -> Option<String> {
    let limits = &instrument.limits;
    if !quantity.is_positive() {
        Some("the amount does not pay for one step of the quantity".to_owned())
    } else if limits.min_quantity.is_some_and(|min| quantity < min) {
        Some(format!("the amount pays for {quantity}, which is below the smallest quantity"))
    } else if limits.max_quantity.is_some_and(|max| quantity > max) {
        Some(format!("the amount pays for {quantity}, which is above the largest quantity"))
    } else {
        None
    }
}
