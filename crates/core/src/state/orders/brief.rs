use rust_decimal::Decimal;

use crate::{
    id::{InstrumentId, OrderId},
    number::{Price, Quantity, Scale},
    order::{Order, OrderRole, OrderSpec, Side},
    time::Timestamp,
};

/// A market order without flags, bounds or links that was filled whole in one step: most orders of many backtests. It needs an
/// eighth of the room of an order.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Brief {
    quantity: i64,
    price: i64,
    ts_created: Timestamp,
    /// How many nanoseconds after that it was filled.
    after: u32,
    /// The index of its instrument.
    index: u32,
    strategy: u16,
    quantity_scale: Scale,
    price_scale: Scale,
    side: Side,
    role: OrderRole,
}

impl Brief {
    /// A new order, filled whole at `price`; `None` if there is more to say of it.
    #[inline(always)]
    pub(super) fn filled(order: &Order, index: usize, price: Price, now: Timestamp) -> Option<Self> {
        let spec = &order.spec;
        let quantity = spec.plain_quantity()?;
        // What it is worth can be computed from these when it is asked for: a decimal holds any 63 bits at 28 places.
        price.mantissa().checked_mul(quantity.mantissa())?;
        let places = price.scale().places() + quantity.scale().places();
        if u32::from(places) > Decimal::MAX_SCALE {
            return None;
        }
        Some(Self {
            quantity: quantity.mantissa(),
            price: price.mantissa(),
            ts_created: order.ts_created,
            after: u32::try_from(now.nanos().checked_sub(order.ts_created.nanos())?).ok()?,
            index: u32::try_from(index).ok()?,
            strategy: order.id.strategy,
            quantity_scale: quantity.scale(),
            price_scale: price.scale(),
            side: spec.side,
            role: spec.contingency.role,
        })
    }

    /// The order, of the instrument given.
    pub(super) fn order(&self, run: u32, sequence: u64, instrument: InstrumentId) -> Order {
        let id = OrderId { run, strategy: self.strategy, sequence };
        let quantity = Quantity::new(self.quantity, self.quantity_scale);
        let mut spec = OrderSpec::market(instrument, self.side, quantity);
        spec.contingency.role = self.role;
        let mut order = Order::new(id, spec, self.ts_created);
        let filled = Timestamp::from_nanos(self.ts_created.nanos().saturating_add(self.after.into()));
        // It cannot fail: that was seen when the brief was made.
        let _ = order.fill_whole(Price::new(self.price, self.price_scale), filled);
        order
    }

    /// Whose it is.
    pub(super) const fn strategy(&self) -> u16 {
        self.strategy
    }

    /// The index of its instrument.
    #[inline]
    pub(super) const fn instrument(&self) -> usize {
        self.index as usize
    }
}
