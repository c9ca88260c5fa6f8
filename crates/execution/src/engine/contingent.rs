//! One-triggers-other and one-cancels-other, right under partial fills.
//!
//! - **C1** A child waits until its parent fills. Its quantity is what the parent has filled so far.
//! - **C2** A group shares one quantity: its parent's fills, or the quantity of its largest member if it has no parent.
//!   What members have filled is gone for all of them; each member's open quantity is what is left.
//! - **C3** When nothing is left, the other members are cancelled. When one is cancelled on request, so are the others.
//!   The rest of a parent that is still open is cancelled too, since nothing would protect what it fills.
//!   A member that is rejected or expires leaves the others working.
//! - **C4** If the parent ends without a fill, its children are cancelled. If it ends partly filled, they protect that part.

use algoflow_core::{
    command::Command,
    id::OrderId,
    number::Quantity,
    order::{CancelReason, OrderEvent, OrderEventKind, OrderStatus},
    state::Hold,
};

use super::Engine;
use crate::error::EngineError;

impl Engine {
    /// Takes up the links of a new order.
    pub(super) fn link(&mut self, id: OrderId, parent: Option<OrderId>, group: Option<u64>) {
        if let Some(parent) = parent {
            self.links.children.entry(parent).or_default().push(id);
        }
        if let Some(number) = group {
            let quantity = self.total_of(id);
            let group = self.links.groups.entry(number).or_default();
            group.members.push(id);
            group.parent = group.parent.or(parent);
            group.total = group.total.max(quantity);
        }
    }

    pub(super) fn group_has_reservation(&self, group: u64) -> bool {
        let members = self.links.groups.get(&group).map(|group| group.members.as_slice()).unwrap_or_default();
        members.iter().filter_map(|id| self.state.orders.get(*id)).any(|order| order.status.is_at_venue())
    }

    pub(super) fn after_linked(
        &mut self,
        event: &OrderEvent,
        is_final: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let id = event.order;
        if self.links.children.contains_key(&id) {
            self.sync_children(id, commands)?;
        }
        let Some(order) = self.state.orders.get(id) else { return Ok(()) };
        let Some(number) = order.spec.contingency.group else { return Ok(()) };
        // A confirmed or refused change may leave a newer one to ask for.
        let settled = matches!(
            event.kind,
            OrderEventKind::Filled(_)
                | OrderEventKind::Amended { .. }
                | OrderEventKind::AmendRejected { .. }
                | OrderEventKind::Accepted { .. }
        );
        if settled {
            self.sync_group(number, commands)?;
        }
        if let OrderEventKind::Cancelled { reason: CancelReason::Requested } = event.kind {
            let members =
                self.links.groups.get(&number).map(|group| group.members.clone()).unwrap_or_default();
            for member in members.into_iter().filter(|member| *member != id) {
                self.links.to_cancel.push((member, CancelReason::Contingent));
            }
        }
        if is_final {
            self.forget_group(number);
        }
        Ok(())
    }

    /// Brings the children of `parent` in line with what it has filled (C1, C4).
    pub(super) fn sync_children(
        &mut self,
        parent: OrderId,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(order) = self.state.orders.get(parent) else { return Ok(()) };
        let (filled, is_final) = (order.filled, order.status.is_final());
        let children = self.links.children.get(&parent).cloned().unwrap_or_default();
        if is_final {
            self.links.children.remove(&parent);
        }
        let mut groups = Vec::new();
        for child in children {
            if filled.is_zero() {
                if is_final {
                    self.links.to_cancel.push((child, CancelReason::Contingent));
                }
                continue;
            }
            match self.state.orders.get(child).and_then(|order| order.spec.contingency.group) {
                Some(group) if !groups.contains(&group) => groups.push(group),
                Some(_) => {}
                None => self.set_open(child, filled, commands)?,
            }
        }
        for group in groups {
            self.sync_group(group, commands)?;
        }
        Ok(())
    }

    /// Brings the members of a group in line with what is left of their quantity (C2, C3).
    fn sync_group(&mut self, number: u64, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(group) = self.links.groups.get(&number) else { return Ok(()) };
        let total = match group.parent {
            Some(parent) => self.state.orders.get(parent).map_or(Quantity::ZERO, |order| order.filled),
            None => group.total,
        };
        let (parent, members) = (group.parent, group.members.clone());
        let mut left = total;
        for member in &members {
            let filled = self.state.orders.get(*member).map_or(Quantity::ZERO, |order| order.filled);
            left = left.checked_sub(filled).map_err(algoflow_core::error::AccountError::from)?;
        }
        for member in members {
            let Some(order) = self.state.orders.get(member).filter(|order| order.is_open()) else { continue };
            if left.is_positive() {
                let filled = order.filled;
                let wanted = filled.checked_add(left).map_err(algoflow_core::error::AccountError::from)?;
                self.set_open(member, wanted, commands)?;
            } else if total.is_positive() && order.status != OrderStatus::PendingCancel {
                self.links.to_cancel.push((member, CancelReason::Contingent));
            }
        }
        let over = total.is_positive() && !left.is_positive();
        if let Some(parent) = parent.filter(|_| over) {
            // What the parent still fills would have nothing to protect it.
            self.links.to_cancel.push((parent, CancelReason::Contingent));
        }
        Ok(())
    }

    /// Gives an order the total quantity `wanted`: sends it if it waited for its parent, changes it if it is out.
    fn set_open(
        &mut self,
        id: OrderId,
        wanted: Quantity,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        let (status, kind) = (entry.order.status, entry.order.spec.kind);
        if status == OrderStatus::Held {
            entry.order.spec.quantity = wanted.into();
            if entry.hold == Hold::Parent {
                entry.hold = Hold::None;
                return self.release(id, commands);
            }
            return Ok(());
        }
        let working =
            !status.is_final() && !matches!(status, OrderStatus::PendingAmend | OrderStatus::PendingCancel);
        if working && status != OrderStatus::Initialized && self.total_of(id) != wanted {
            self.amend(id, kind, wanted, commands)?;
        }
        Ok(())
    }

    /// Drops a group none of whose members can change any more.
    fn forget_group(&mut self, number: u64) {
        let done = self.links.groups.get(&number).is_some_and(|group| {
            let over = |id: &OrderId| self.state.orders.get(*id).is_none_or(|order| !order.is_open());
            group.members.iter().all(over) && group.parent.as_ref().is_none_or(over)
        });
        if done {
            self.links.groups.remove(&number);
        }
    }
}
