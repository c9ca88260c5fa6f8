use crate::{
    id::{InstrumentId, OrderId},
    number::{Price, Quantity},
    order::{Order, OrderRole, OrderSpec, Side},
    time::Timestamp,
};

/// A market order without flags, bounds or links that was filled whole in one step: most orders of many backtests. It needs a
/// sixth of the room of an order.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    quantity: Quantity,
    price: Price,
    instrument: InstrumentId,
    ts_created: Timestamp,
    ts_updated: Timestamp,
    index: u32,
    strategy: u16,
    side: Side,
    role: OrderRole,
}

impl Brief {
    /// A new order, filled whole at `price`; `None` if there is more to say of it.
    #[inline]
    pub(super) fn filled(order: &Order, index: usize, price: Price, now: Timestamp) -> Option<Self> {
        let spec = &order.spec;
        Some(Self {
            quantity: spec.plain_quantity()?,
            price,
            instrument: spec.instrument,
            ts_created: order.ts_created,
            ts_updated: now,
            index: u32::try_from(index).ok()?,
            strategy: order.id.strategy,
            side: spec.side,
            role: spec.contingency.role,
        })
    }

    /// The order.
    pub(super) fn order(&self, run: u32, sequence: u64) -> Order {
        let id = OrderId { run, strategy: self.strategy, sequence };
        let mut spec = OrderSpec::market(self.instrument, self.side, self.quantity);
        spec.contingency.role = self.role;
        let mut order = Order::new(id, spec, self.ts_created);
        order.fill_whole(self.price, self.ts_updated);
        order
    }

    /// The index of its instrument.
    pub(super) const fn instrument(&self) -> usize {
        self.index as usize
    }
}
