//! Fills that come when their order was thought to be over, and fills that cannot be.
//!
//! - **L1** A trade that the venue proves is taken into the books whenever it is told: also after the order was cancelled,
//!   expired or refused, and beyond its known total, up to the largest total that was ever asked of the venue. The status
//!   stays final. Nothing was set aside for it any more, so a cash account can be overdrawn by it, as by a race.
//! - **L2** The strategy is told of it like of any fill, and the orders that are linked to its order follow as for a fill
//!   that raced a cancellation (C5 of [contingent orders](super::contingent)): what an entry fills late is protected, what
//!   an exit fills late is taken off the others. Of links whose orders are all over, the last [`MAX_ENDED`] are kept for that.
//! - **L3** What an order of a halted strategy fills late is closed too, if its positions are flattened (H3).
//! - **L4** A fill of nothing, or of more than was ever asked for, is not taken into the books: they would not be the venue's
//!   either way. It is written down among the [denials](Engine::denials) with its numbers, and what is open of its order
//!   is cancelled.
//! - **L5** An order that has filled its known total is over, also while a larger one is asked for: most venues then refuse the
//!   change. If it turns out later that the venue took it, what it still has of the order is cancelled there. Where that is
//!   refused it is asked again: at most [`MAX_ASKS`] times in all, and as often after each fill of it.
//!
//! [`MAX_ASKS`]: crate::links::MAX_ASKS
//! [`MAX_ENDED`]: crate::links::MAX_ENDED

use algoflow_core::{
    command::{Command, OrderRef},
    error::OrderError,
    number::Quantity,
    order::{CancelReason, Fill, OrderEvent, OrderEventKind, OrderStatus, RejectCode},
    state::Hold,
};

use super::Engine;
use crate::{error::EngineError, links::MAX_ASKS};

impl Engine {
    /// A report on an order that was over before, which the order has taken in.
    #[cold]
    pub(super) fn on_late(
        &mut self,
        event: &OrderEvent,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        use OrderEventKind as E;
        let id = event.order;
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        let (instrument, filled) = (entry.instrument, entry.order.filled);
        match &event.kind {
            E::Filled(fill) => {
                self.on_late_fill(event, fill, instrument, commands)?;
                self.links.rests.entry(id).and_modify(|rest| rest.asks = 0);
            }
            E::Amended { quantity, .. } if entry.order.status == OrderStatus::Filled => {
                self.links.rests.entry(id).or_default().total = *quantity;
            }
            E::CancelRejected { .. } => {
                self.links.rests.entry(id).and_modify(|rest| rest.is_asked = false);
            }
            E::OutcomeUnknown { .. } => {
                // It is asked again when something is known.
                self.links.rests.entry(id).and_modify(|rest| rest.is_asked = false);
                return Ok(());
            }
            E::Accepted { .. } => {}
            E::Cancelled { .. } | E::Expired => drop(self.links.rests.remove(&id)),
            _ => return Ok(()),
        }
        self.end_rest(event, filled, commands);
        Ok(())
    }

    /// Asks for the end of what a venue still has of an order that is over (L5).
    fn end_rest(&mut self, event: &OrderEvent, filled: Quantity, commands: &mut Vec<Command>) {
        let (order, instrument) = (event.order, event.instrument);
        let Some(rest) = self.links.rests.get_mut(&order) else { return };
        if rest.total <= filled {
            self.links.rests.remove(&order);
        } else if !rest.is_asked && rest.asks < MAX_ASKS {
            rest.asks += 1;
            rest.is_asked = true;
            let venue_order =
                self.state.orders.entry(order).and_then(|entry| entry.order.venue_order.clone());
            commands.push(Command::Cancel(OrderRef { order, venue_order, instrument }));
        }
    }

    /// A fill of an order that was over before (L1 to L3).
    fn on_late_fill(
        &mut self,
        event: &OrderEvent,
        fill: &Fill,
        instrument: usize,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let strategy = usize::from(event.order.strategy);
        let entry = self.state.orders.entry(event.order);
        let is_slice = entry.is_some_and(|entry| entry.order.spec.is_slice());
        // Of an order that is worked only its slices move the ledger.
        if entry.is_none_or(|entry| entry.hold != Hold::Algorithm) {
            self.take_fill(event.order, instrument, fill, false)?;
        }
        if is_slice {
            self.fill_parent(event, fill, commands)?;
            return self.after_slice(event, commands);
        }
        self.links.revive(event.order);
        let linked = !self.links.membership.is_empty() || !self.links.children.is_empty();
        let group = if linked { self.before_told(event, false)? } else { None };
        self.call(strategy, |strategy, ctx| strategy.on_order(ctx, event));
        if linked {
            self.after_linked(event, group, true, commands)?;
        }
        self.close_again(strategy, instrument);
        if self.guarded {
            self.after_guarded(event, instrument);
        }
        self.shrink_reducing(instrument, commands)
    }

    /// A report that cannot be true (L4): the order's end, and not the run's.
    #[cold]
    pub(super) fn on_impossible_fill(&mut self, event: &OrderEvent, error: &OrderError) {
        let (code, text) = (RejectCode::Other, error.to_string());
        self.denials.push(OrderEvent { kind: OrderEventKind::Denied { code, text }, ..event.clone() });
        self.links.to_cancel.push((event.order, CancelReason::Venue));
    }
}
