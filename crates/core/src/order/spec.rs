use serde::{Deserialize, Serialize};

use super::{OrderKind, OrderQuantity, Side, TimeInForce, TriggerBy};
use crate::{
    error::OrderError,
    id::{InstrumentId, OrderId},
    instrument::Instrument,
    number::{Money, Price, Quantity},
};

/// Switches of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFlags {
    /// Only add liquidity: refused if it would fill at once.
    pub post_only: bool,
    /// Only make a position smaller: never opens one, never turns one around.
    pub reduce_only: bool,
    /// Show only this much at a time (iceberg).
    pub display: Option<Quantity>,
}

/// Bounds on what a fill may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// The worst price, in basis points away from the price when the order was submitted.
    pub max_slippage_bps: Option<u32>,
    /// The worst price.
    pub worst_price: Option<Price>,
    /// The largest fee for the whole order.
    pub max_fee: Option<Money>,
}

/// How an order depends on others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contingency {
    /// One-triggers-other: the order waits until its parent fills, and then has the quantity that the parent
    /// has filled.
    pub parent: Option<OrderId>,
    /// One-cancels-other: orders of one group share one quantity. What one of them fills, the others lose; when
    /// one is filled or cancelled, the others are cancelled.
    pub group: Option<u64>,
    /// What part the order plays.
    pub role: OrderRole,
}

/// The part that an order plays for its strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderRole {
    /// An order of its own.
    #[default]
    Plain,
    /// The first order of a bracket.
    Entry,
    /// Takes a profit.
    TakeProfit,
    /// Bounds a loss.
    StopLoss,
    /// Moves a position to a target.
    Target,
    /// Closes a position.
    Close,
    /// A slice of an order with an algorithm, which is its parent. The engine makes it, and the strategy is told of its
    /// parent instead.
    Slice,
}

impl OrderRole {
    /// Whether its order counts towards a position that is aimed at.
    #[must_use]
    #[inline]
    pub const fn is_target(self) -> bool {
        matches!(self, Self::Target | Self::Close)
    }
}

/// Everything that is asked of a venue in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSpec {
    /// What is traded.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub quantity: OrderQuantity,
    /// Which kind of order.
    pub kind: OrderKind,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Which price sets it off.
    pub trigger_by: TriggerBy,
    /// Switches.
    pub flags: OrderFlags,
    /// Bounds on what a fill may cost.
    pub protection: Protection,
    /// How it depends on other orders.
    pub contingency: Contingency,
}

impl OrderSpec {
    /// A good-till-cancelled market order without flags or links.
    #[must_use]
    pub fn market(instrument: InstrumentId, side: Side, quantity: impl Into<OrderQuantity>) -> Self {
        Self {
            instrument,
            side,
            quantity: quantity.into(),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Gtc,
            trigger_by: TriggerBy::Last,
            flags: OrderFlags::default(),
            protection: Protection::default(),
            contingency: Contingency::default(),
        }
    }

    /// A good-till-cancelled limit order without flags or links.
    #[must_use]
    pub fn limit(
        instrument: InstrumentId,
        side: Side,
        quantity: impl Into<OrderQuantity>,
        price: Price,
    ) -> Self {
        Self { kind: OrderKind::Limit { price }, ..Self::market(instrument, side, quantity) }
    }

    /// Whether it is of a slice of an order with an algorithm.
    #[must_use]
    #[inline]
    pub const fn is_slice(&self) -> bool {
        matches!(self.contingency.role, OrderRole::Slice)
    }

    /// Whether it is of a slice of this order.
    #[must_use]
    pub fn is_slice_of(&self, parent: OrderId) -> bool {
        self.is_slice() && self.contingency.parent == Some(parent)
    }

    /// How much an order is for that is a good-till-cancelled market order of an amount of the base, and nothing else: no flags, no
    /// bounds, no links.
    #[must_use]
    #[inline]
    pub fn plain_quantity(&self) -> Option<Quantity> {
        let OrderQuantity::Base(quantity) = self.quantity else { return None };
        let plain = matches!(self.kind, OrderKind::Market)
            && matches!(self.time_in_force, TimeInForce::Gtc)
            && matches!(self.trigger_by, TriggerBy::Last)
            && matches!(self.flags, OrderFlags { post_only: false, reduce_only: false, display: None })
            && matches!(
                self.protection,
                Protection { max_slippage_bps: None, worst_price: None, max_fee: None }
            )
            && matches!(self.contingency, Contingency { parent: None, group: None, .. });
        plain.then_some(quantity)
    }

    /// Checks the order against itself and the rules of its instrument.
    ///
    /// # Errors
    /// [`OrderError`] naming the rule: quantity above zero, steps and limits kept, prices in the right order,
    /// flags that go together.
    #[inline]
    pub fn validate(&self, instrument: &Instrument) -> Result<(), OrderError> {
        let quantity = self.quantity.value();
        if !quantity.is_positive() {
            return Err(OrderError::QuantityNotPositive { quantity });
        }
        if let Some(base) = self.quantity.base(self.side) {
            if !base.is_multiple_of(instrument.quantity_increment) {
                return Err(OrderError::QuantityStep {
                    quantity: base,
                    increment: instrument.quantity_increment,
                });
            }
            let limits = &instrument.limits;
            if limits.min_quantity.is_some_and(|min| base < min)
                || limits.max_quantity.is_some_and(|max| base > max)
            {
                return Err(OrderError::QuantityLimits {
                    quantity: base,
                    min: limits.min_quantity,
                    max: limits.max_quantity,
                });
            }
        }
        if !matches!(self.kind, OrderKind::Market) {
            self.validate_prices(instrument)?;
        }
        self.validate_flags()
    }

    fn validate_prices(&self, instrument: &Instrument) -> Result<(), OrderError> {
        let activation = match self.kind {
            OrderKind::TrailingStop { activation, .. } => activation,
            _ => None,
        };
        for price in [self.kind.limit_price(), self.kind.trigger_price(), activation].into_iter().flatten() {
            if !price.is_multiple_of(instrument.price_increment) {
                return Err(OrderError::PriceStep { price, increment: instrument.price_increment });
            }
            let limits = &instrument.limits;
            if limits.min_price.is_some_and(|min| price < min)
                || limits.max_price.is_some_and(|max| price > max)
            {
                return Err(OrderError::PriceLimits { price, min: limits.min_price, max: limits.max_price });
            }
        }
        if let OrderKind::TrailingStop { offset, .. } = self.kind {
            let positive = match offset {
                super::TrailingOffset::Price(distance) => distance.is_positive(),
                super::TrailingOffset::BasisPoints(points) => (1..10_000).contains(&points),
            };
            if !positive {
                return Err(OrderError::TrailingOffset);
            }
        }
        Ok(())
    }

    #[inline]
    fn validate_flags(&self) -> Result<(), OrderError> {
        let conflict = |what| Err(OrderError::Conflict { what });
        if self.flags.post_only {
            if self.kind.limit_price().is_none() {
                return conflict("post-only needs a limit price");
            }
            if matches!(self.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
                return conflict("post-only cannot fill at once, so it cannot be IOC or FOK");
            }
        }
        if let Some(display) = self.flags.display {
            if self.kind.limit_price().is_none() {
                return conflict("a display quantity needs a limit price");
            }
            if !display.is_positive() || display > self.quantity.value() {
                return conflict("the display quantity must be above zero and at most the quantity");
            }
        }
        if matches!(self.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose)
            && self.kind.is_conditional()
        {
            return conflict("an order for the open or the close must be a market or limit order");
        }
        if self.protection.max_fee.is_some_and(|fee| fee.amount < rust_decimal::Decimal::ZERO) {
            return conflict("max_fee must not be negative");
        }
        Ok(())
    }
}
