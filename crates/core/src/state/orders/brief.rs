use rust_decimal::Decimal;

use crate::{
    id::{InstrumentId, OrderId},
    number::Quantity,
    order::{Order, OrderRole, OrderSpec, Side},
    time::Timestamp,
};

/// A market order without flags, bounds or links that was filled whole in one step: most orders of many backtests. It needs a
/// sixth of the room of an order.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    quantity: Quantity,
    filled_value: Decimal,
    instrument: InstrumentId,
    ts_created: Timestamp,
    ts_updated: Timestamp,
    index: u32,
    strategy: u16,
    side: Side,
    role: OrderRole,
}

impl Brief {
    /// The order of the instrument with this index in brief, if that says all of it.
    #[inline]
    pub(super) fn of(order: &Order, index: usize) -> Option<Self> {
        let spec = &order.spec;
        let (quantity, filled_value) = order.filled_at_once()?;
        Some(Self {
            quantity,
            filled_value,
            instrument: spec.instrument,
            ts_created: order.ts_created,
            ts_updated: order.ts_updated,
            index: u32::try_from(index).ok()?,
            strategy: order.id.strategy,
            side: spec.side,
            role: spec.contingency.role,
        })
    }

    /// The order, as it was.
    pub(super) fn order(&self, run: u32, sequence: u64) -> Order {
        let id = OrderId { run, strategy: self.strategy, sequence };
        let mut spec = OrderSpec::market(self.instrument, self.side, self.quantity);
        spec.contingency.role = self.role;
        let mut order = Order::new(id, spec, self.ts_created);
        order.set_filled_at_once(self.quantity, self.filled_value, self.ts_updated);
        order
    }

    /// The index of its instrument.
    pub(super) const fn instrument(&self) -> usize {
        self.index as usize
    }
}
