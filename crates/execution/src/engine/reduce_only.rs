//! Reduce-only orders where the engine keeps that promise for the venue.
//!
//! - **R1** When it leaves, an order is cut down to what its strategy holds against it; without anything to reduce it is
//!   refused (`REDUCE_ONLY`). An amount of the quote is first counted in units of the base, at the last price.
//! - **R2** After every fill of its strategy it is cut down again, or cancelled if nothing is left. Between the fill and the
//!   venue's answer it may still fill for more: that is the risk of emulation.
//! - **R3** A venue that does not change orders cancels it instead, and once that is confirmed another order with the same terms
//!   is sent for what is then left to reduce.
//! - **R4** In a cash account it has set aside what it sells, as the venue has: nothing else can sell that before it ends.
//! - **R5** A member of a group is cut down, grown and replaced by its group, and is for the smaller of what the group has left
//!   for it and what there is to reduce.

use algoflow_core::{
    capabilities::Feature,
    command::Command,
    id::OrderId,
    number::Quantity,
    order::{CancelReason, OrderEvent, OrderEventKind, OrderQuantity, RejectCode, Side},
};

use super::{Engine, submit::Refusal};
use crate::error::EngineError;

impl Engine {
    /// How much an order of the strategy on this side can reduce.
    pub(super) fn room_to_reduce(&self, strategy: usize, instrument: usize, side: Side) -> Quantity {
        let held = self.state.position(strategy, instrument).quantity;
        let reduces = !held.is_zero() && held.is_negative() == (side == Side::Buy);
        if reduces { held.checked_abs().unwrap_or(Quantity::ZERO) } else { Quantity::ZERO }
    }

    /// How much a reduce-only order can still fill, if it is for the engine to see to that (R5).
    pub(super) fn reducing_room(&self, id: OrderId) -> Option<Quantity> {
        let entry = self.state.orders.entry(id).filter(|entry| entry.order.spec.flags.reduce_only)?;
        let emulated = !self.native(entry.instrument).contains(Feature::ReduceOnly);
        emulated.then(|| self.room_to_reduce(id.strategy.into(), entry.instrument, entry.order.spec.side))
    }

    /// Cuts an order down to what is held against it (R1).
    pub(super) fn shrink_to_position(&mut self, id: OrderId, instrument: usize) -> Result<(), Refusal> {
        let strategy = usize::from(id.strategy);
        let held = self.state.position(strategy, instrument).quantity;
        let side = self.state.orders.get(id).map_or(Side::Sell, |order| order.spec.side);
        let room = self.room_to_reduce(strategy, instrument, side);
        let mark = self.state.portfolio.mark(instrument);
        let known = self.state.instruments.get(instrument);
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        let spec = &mut entry.order.spec;
        if room.is_zero() {
            let text = format!("a {} cannot reduce a position of {held}", spec.side);
            return Err(Refusal::new(RejectCode::ReduceOnly, text));
        }
        let asked = match (spec.quantity.base(spec.side), known, mark) {
            (Some(asked), ..) => asked,
            (None, Some(known), Some(mark)) => known
                .spec
                .base_for(spec.quantity.value(), mark)
                .map_err(|error| Refusal::new(RejectCode::InvalidOrder, error.to_string()))?,
            _ => return Err(Refusal::new(RejectCode::NoPrice, "no price to count the amount by")),
        };
        if !asked.is_positive() {
            return Err(Refusal::new(RejectCode::InvalidOrder, "the amount does not pay for one step"));
        }
        if asked > room || spec.quantity.base(spec.side).is_none() {
            spec.quantity = OrderQuantity::Base(asked.min(room));
        }
        let cut = asked.checked_sub(asked.min(room)).and_then(|cut| spec.side.signed(cut));
        if let Ok(cut) = cut
            && spec.contingency.role.is_target()
        {
            self.unexpect(strategy, instrument, cut);
        }
        Ok(())
    }

    /// Reduce-only orders at the venue never exceed the position that they reduce.
    pub(super) fn shrink_reducing(
        &mut self,
        instrument: usize,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let orders = self.links.reducing.get(instrument).cloned().unwrap_or_default();
        let mut open = Vec::with_capacity(orders.len());
        for id in orders {
            let Some(order) = self.state.orders.get(id).filter(|order| order.is_open()) else { continue };
            open.push(id);
            let room = self.room_to_reduce(id.strategy.into(), instrument, order.spec.side);
            if room.is_zero() {
                self.links.to_cancel.push((id, CancelReason::ReduceOnly));
            } else if let Some(number) = self.links.membership.get(&id).copied() {
                // Its group knows of the room, and of what it has asked for already (R5).
                if order.leaves() > room {
                    self.sync_group(number, false, commands)?;
                }
            } else if order.leaves() > room && !self.native(instrument).contains(Feature::Amend) {
                // What is left of a slice is its algorithm's to send.
                if !order.spec.is_slice() && !self.links.to_replace.contains(&id) {
                    self.links.to_replace.push(id);
                }
                self.links.to_cancel.push((id, CancelReason::ReduceOnly));
            } else if order.leaves() > room {
                let (kind, filled) = (order.spec.kind, order.filled);
                if let Ok(total) = filled.checked_add(room) {
                    self.amend(id, kind, total, commands)?;
                }
            }
        }
        if let Some(all) = self.links.reducing.get_mut(instrument) {
            *all = open;
        }
        Ok(())
    }

    /// Sends what is left of an order that was cancelled because it was too large (R3).
    pub(super) fn replace_reduced(
        &mut self,
        event: &OrderEvent,
        instrument: usize,
        is_final: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let id = event.order;
        let refused = matches!(event.kind, OrderEventKind::CancelRejected { .. });
        let Some(at) = self.links.to_replace.iter().position(|other| *other == id) else { return Ok(()) };
        if !is_final && !refused {
            return Ok(());
        }
        self.links.to_replace.swap_remove(at);
        let strategy = usize::from(id.strategy);
        let halted = self.strategies.get(strategy).is_none_or(|slot| slot.halted);
        let cancelled = matches!(event.kind, OrderEventKind::Cancelled { .. });
        let flat = self.state.position(strategy, instrument).quantity.is_zero();
        let Some(order) = self.state.orders.get(id).filter(|_| cancelled && !halted && !flat) else {
            return Ok(());
        };
        let mut spec = order.spec;
        spec.quantity = OrderQuantity::Base(order.leaves());
        spec.contingency.parent = None;
        let signed = spec.side.signed(order.leaves()).unwrap_or(Quantity::ZERO);
        let next = self.state.orders.create(strategy, instrument, spec, self.state.now);
        if spec.contingency.role.is_target() {
            self.unexpect(strategy, instrument, signed.checked_neg().unwrap_or(Quantity::ZERO));
        }
        // It takes the place of an order that was let through (RK15).
        self.risk.exempt = Some(next);
        let result = self.submit(next, commands);
        self.risk.exempt = None;
        result
    }
}
