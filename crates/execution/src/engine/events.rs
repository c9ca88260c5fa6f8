//! What happens to orders: the order, the account, the strategy, then the orders that depend on it.

use algoflow_core::{
    command::Command,
    error::OrderError,
    id::OrderId,
    number::Quantity,
    order::{CancelReason, Fill, OrderEvent, OrderEventKind, OrderQuantity, OrderStatus},
    state::Hold,
    strategy::Strategy,
};

use super::Engine;
use crate::error::EngineError;

impl Engine {
    pub(super) fn on_event(
        &mut self,
        event: &OrderEvent,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let id = event.order;
        let Some(entry) = self.state.orders.entry_mut(id) else {
            return self.impossible(event, EngineError::UnknownOrder { order: id });
        };
        if let OrderEventKind::Cancelled { reason: CancelReason::Requested } = event.kind
            && let Some(ending) = entry.ending.take()
        {
            // The venue only knows that it was asked; we know why. A refusal in between does not change that: the order may
            // have been gone already.
            let OrderEvent { order, instrument, ts_event, ts_recv, .. } = *event;
            let kind = super::submit::ended(ending);
            return self.on_event(&OrderEvent { order, instrument, ts_event, ts_recv, kind }, commands);
        }
        if self.anomalies.is_some() && is_repeated_end(entry.order.status, &event.kind) {
            // So are the ends of orders.
            return Ok(());
        }
        let worked = entry.hold == Hold::Algorithm;
        if let OrderEventKind::Filled(fill) = &event.kind
            && !worked
            && !self.fills.is_new(&mut entry.last_fill, &fill.id)
        {
            // A venue repeats what it told before a connection was lost.
            return Ok(());
        }
        let leaves = entry.order.leaves();
        let target = entry.order.spec.contingency.role.is_target();
        let is_slice = entry.order.spec.is_slice();
        let was_final = entry.order.status.is_final();
        let was_unknown = entry.order.status == OrderStatus::Unknown;
        if let Err(error) = entry.order.apply(event) {
            return match error {
                OrderError::Overfill { .. } => {
                    self.on_impossible_fill(event, &error);
                    Ok(())
                }
                error => self.impossible(event, error.into()),
            };
        }
        if was_final {
            return self.on_late(event, commands);
        }
        if was_unknown && entry.order.status != OrderStatus::Unknown {
            // What was on its way to the venue is not answered any more.
            self.links.amending.remove(&id);
            if let Some(leg) = self.links.leg_mut(id) {
                leg.asks = 0;
            }
        }
        let (instrument, side, is_final) =
            (entry.instrument, entry.order.spec.side, entry.order.status.is_final());
        match &event.kind {
            // The ledger knows of it as a fill of a slice.
            OrderEventKind::Filled(fill) if worked => {
                let expected = if target { fill.quantity.min(leaves) } else { Quantity::ZERO };
                let signed = side.signed(expected).unwrap_or(Quantity::ZERO);
                self.unexpect(usize::from(id.strategy), instrument, signed);
            }
            OrderEventKind::Filled(fill) => self.on_fill(id, instrument, fill, leaves, target)?,
            OrderEventKind::Denied { .. } if !self.warming => self.denials.push(event.clone()),
            OrderEventKind::Amended { .. } if !is_final => self.on_amended(id, instrument, leaves, target),
            _ => {}
        }
        if !worked {
            self.amend_answered(event, instrument, is_final)?;
        }
        if is_final {
            self.state.orders.close(id);
            let filled_now = event.fill().map_or(Quantity::ZERO, |fill| fill.quantity);
            let unfilled = leaves.checked_sub(filled_now).unwrap_or(Quantity::ZERO);
            if target && unfilled.is_positive() {
                self.unexpect(
                    usize::from(id.strategy),
                    instrument,
                    side.signed(unfilled).unwrap_or(Quantity::ZERO),
                );
            }
            self.free(id, instrument, None)?;
        }
        let linked = !self.links.membership.is_empty() || !self.links.children.is_empty();
        let group = if linked { self.before_told(event, is_final)? } else { None };
        if is_slice {
            if let Some(fill) = event.fill() {
                self.fill_parent(event, fill, commands)?;
            }
        } else if tells_strategy(&event.kind) && !self.warming {
            self.call(usize::from(id.strategy), |strategy, ctx| Strategy::on_order(strategy, ctx, event));
        }
        if is_final {
            self.links.forget_waiting(instrument, id);
            self.timers.remove_deadline(id);
        }
        self.after_halt(event, is_final);
        if self.guarded {
            self.after_guarded(event, instrument);
        }
        if !self.links.to_replace.is_empty() {
            self.replace_reduced(event, instrument, is_final, commands)?;
        }
        if linked {
            self.after_linked(event, group, is_final, commands)?;
        }
        let fills = event.fill().is_some();
        if fills && self.links.reducing.get(instrument).is_some_and(|orders| !orders.is_empty()) {
            self.shrink_reducing(instrument, commands)?;
        }
        if is_slice { self.after_slice(event, commands) } else { Ok(()) }
    }

    fn on_fill(
        &mut self,
        id: OrderId,
        instrument: usize,
        fill: &Fill,
        leaves: Quantity,
        target: bool,
    ) -> Result<(), EngineError> {
        self.take_fill(id, instrument, fill, target)?;
        if fill.quantity < leaves {
            self.free(id, instrument, Some((fill.quantity, leaves)))?;
        }
        Ok(())
    }

    /// A fill goes into the books; of a target order that much less is expected from now on.
    pub(super) fn take_fill(
        &mut self,
        id: OrderId,
        instrument: usize,
        fill: &Fill,
        target: bool,
    ) -> Result<(), EngineError> {
        let strategy = usize::from(id.strategy);
        if self.guarded {
            let before = self.before_fill(strategy, instrument);
            self.state.portfolio.apply_fill(strategy, instrument, fill)?;
            self.count_fill(strategy, instrument, fill, before);
        } else {
            self.state.portfolio.apply_fill(strategy, instrument, fill)?;
        }
        if target {
            let signed = fill.side.signed(fill.quantity).map_err(algoflow_core::error::AccountError::from)?;
            self.unexpect(usize::from(id.strategy), instrument, signed);
        }
        Ok(())
    }

    /// An order has other prices and another quantity from now on.
    fn on_amended(&mut self, id: OrderId, instrument: usize, before: Quantity, target: bool) {
        if self.links.waiting_count > 0 {
            self.watch_anew(instrument, id);
        }
        let Some(order) = self.state.orders.get(id).filter(|_| target) else { return };
        let less = before.checked_sub(order.leaves()).and_then(|less| order.spec.side.signed(less));
        if let Ok(less) = less {
            self.unexpect(usize::from(id.strategy), instrument, less);
        }
    }

    /// A target order will add this much less from now on.
    pub(super) fn unexpect(&mut self, strategy: usize, instrument: usize, signed: Quantity) {
        self.state.pending.lower(strategy, instrument, signed);
    }

    /// Gives back what an order had set aside.
    #[inline]
    fn free(
        &mut self,
        id: OrderId,
        instrument: usize,
        share: Option<(Quantity, Quantity)>,
    ) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        Ok(self.state.portfolio.release(instrument, &mut entry.reservation, share)?)
    }

    /// The quantity of an order that was counted in the quote, once the venue has said it.
    pub(super) fn total_of(&self, id: OrderId) -> Quantity {
        self.state.orders.get(id).map_or(Quantity::ZERO, |order| match order.spec.quantity {
            OrderQuantity::Base(quantity) => quantity,
            other => other.base(order.spec.side).unwrap_or(Quantity::ZERO),
        })
    }
}

/// Whether this is the end of an order that is over, told again. What a venue still has of a filled order can end (L5 of late
/// fills).
const fn is_repeated_end(status: OrderStatus, kind: &OrderEventKind) -> bool {
    use OrderEventKind as E;
    match kind {
        E::Cancelled { .. } | E::Expired => {
            matches!(status, OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Rejected)
        }
        E::Rejected { .. } => status.is_final(),
        _ => false,
    }
}

/// A strategy is told what it does not know: not what it asked for itself.
const fn tells_strategy(kind: &OrderEventKind) -> bool {
    !matches!(
        kind,
        OrderEventKind::Held
            | OrderEventKind::Submitted
            | OrderEventKind::AmendRequested
            | OrderEventKind::CancelRequested
    )
}
