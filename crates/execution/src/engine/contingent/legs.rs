//! The orders of the members of a group: made, sent, changed and taken back.

use algoflow_core::{
    capabilities::Feature,
    command::Command,
    error::AccountError,
    id::OrderId,
    number::Quantity,
    order::{CancelReason, OrderStatus, RejectCode},
    state::Hold,
};

use super::{
    super::{Engine, submit::Refusal},
    Share,
};
use crate::{
    error::EngineError,
    links::{End, Leg, MAX_ASKS},
};

impl Engine {
    /// Makes orders for the members that have something to do and no open order (C5, C6).
    pub(super) fn renew_legs(&mut self, number: u64, revive: bool) -> Result<(), EngineError> {
        let Some(share) = self.share_of(number)?.filter(|share| !share.exhausted) else { return Ok(()) };
        if self.links.groups.get(&number).is_none_or(|group| group.closed) {
            return Ok(());
        }
        let revive = revive && !share.alive;
        let mut at = 0;
        while let Some(leg) = self.links.leg(number, at) {
            at += 1;
            let wanted = leg.end == End::Renewable || (revive && leg.end == End::Lost);
            let Some(entry) = self.state.orders.entry(leg.order).filter(|_| wanted) else { continue };
            let open = share.open_for(&leg, &entry.order)?;
            let strategy = usize::from(leg.order.strategy);
            let halted = self.strategies.get(strategy).is_none_or(|slot| slot.halted);
            if entry.order.is_open() || !open.is_positive() || halted {
                continue;
            }
            let (mut spec, filled) = (entry.order.spec, entry.order.filled);
            spec.quantity = open.into();
            let next = self.state.orders.create(strategy, entry.instrument, spec, self.state.now);
            let before = leg.before.checked_add(filled).map_err(AccountError::from)?;
            // The earlier order stays known: a fill of it may be told late.
            if let Some(group) = self.links.groups.get_mut(&number) {
                group.earlier.push((leg.order, at - 1));
            }
            self.links.membership.insert(next, number);
            if let Some(leg) = self.links.leg_mut_at(number, at - 1) {
                *leg = Leg { before, ..Leg::new(next, leg.own) };
            }
        }
        Ok(())
    }

    /// Brings one member in line with what is left for it.
    pub(super) fn sync_leg(
        &mut self,
        leg: &Leg,
        share: &Share,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let id = leg.order;
        let room = self.reducing_room(id);
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        let (status, hold) = (entry.order.status, entry.hold);
        if status.is_final() {
            return Ok(());
        }
        let open = share.open_for(leg, &entry.order)?;
        let unfilled = share.base.is_some_and(Quantity::is_zero);
        if unfilled && share.parent_open {
            return Ok(());
        }
        if !open.is_positive() {
            if !leg.kept {
                self.links.to_cancel.push((id, CancelReason::Contingent));
            }
            return Ok(());
        }
        match status {
            OrderStatus::Initialized | OrderStatus::Held if hold != Hold::Trigger => {
                entry.order.spec.quantity = open.into();
                self.launch(id, share, commands)
            }
            OrderStatus::Held => {
                entry.order.spec.quantity = open.into();
                Ok(())
            }
            OrderStatus::PendingAmend | OrderStatus::PendingCancel | OrderStatus::Unknown => Ok(()),
            // More than one change is on its way: the strategy's and ours.
            _ if self.links.amending.contains_key(&id) => Ok(()),
            _ => {
                let mut total = share.total_for(leg, &entry.order)?;
                if let Some(room) = room {
                    // An order without room is cancelled as a reduce-only order.
                    total = total.min(entry.order.filled.checked_add(room).map_err(AccountError::from)?);
                }
                if total > entry.order.filled { self.resize(leg, total, commands) } else { Ok(()) }
            }
        }
    }

    /// Sends a child for what it is for now, if the venue takes so little (C1).
    fn launch(&mut self, id: OrderId, share: &Share, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let Some(entry) = self.state.orders.entry_mut(id) else { return Ok(()) };
        let fresh = entry.order.status == OrderStatus::Initialized;
        let (quantity, instrument) = (entry.order.leaves(), entry.instrument);
        if let Some(refusal) = self.too_small(id, quantity)? {
            if !share.parent_open {
                return self.deny(id, refusal, commands);
            }
            return if fresh { self.hold(id, Hold::Parent) } else { Ok(()) };
        }
        if self.is_down(instrument) {
            // It is sent when the venue is back (RK5).
            return if fresh { self.hold(id, Hold::Parent) } else { Ok(()) };
        }
        if let Some(entry) = self.state.orders.entry_mut(id) {
            entry.hold = Hold::None;
        }
        self.release(id, commands)
    }

    /// Why the venue would not take an order of this total.
    fn too_small(&self, id: OrderId, total: Quantity) -> Result<Option<Refusal>, EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(None) };
        let Some(known) = self.state.instruments.get(entry.instrument) else { return Ok(None) };
        let limits = &known.spec.limits;
        if let Some(min) = limits.min_quantity.filter(|min| total < *min) {
            let text = format!("{total} is left for it, the least is {min}");
            return Ok(Some(Refusal::new(RejectCode::InvalidOrder, text)));
        }
        let price = limits.min_notional.and_then(|_| self.price_of(entry.order.spec.kind, entry.instrument));
        let (Some(min), Some(price)) = (limits.min_notional, price) else { return Ok(None) };
        let worth = known.spec.notional(price, total).map_err(AccountError::from)?.abs();
        let text = || format!("what is left for it is worth {worth}, the least is {min}");
        Ok((worth < min).then(|| Refusal::new(RejectCode::NotionalLimit, text())))
    }

    /// Gives an order that is out another total (C6).
    fn resize(&mut self, leg: &Leg, total: Quantity, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let id = leg.order;
        if self.total_of(id) == total {
            return Ok(());
        }
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        let (kind, instrument) = (entry.order.spec.kind, entry.instrument);
        let reason = if self.too_small(id, total)?.is_some() {
            Some(CancelReason::Contingent)
        } else if leg.fixed || !self.native(instrument).contains(Feature::Amend) {
            // One with children is not replaced: rather too small than too large.
            match leg.is_parent {
                true if total > self.total_of(id) => return Ok(()),
                true => Some(CancelReason::Contingent),
                false => Some(CancelReason::Replaced),
            }
        } else {
            None
        };
        if let Some(reason) = reason {
            if !leg.kept {
                self.links.to_cancel.push((id, reason));
            }
            return Ok(());
        }
        if leg.asks >= MAX_ASKS {
            return Ok(());
        }
        let outcome = self.ask_amend(id, kind, total, commands)?;
        let Some(leg) = self.links.leg_mut(id) else { return Ok(()) };
        match outcome {
            Ok(()) => {
                leg.asked = Some(total);
                leg.asks += 1;
                Ok(())
            }
            Err(refusal) => {
                leg.asks = MAX_ASKS;
                self.refuse_amend(id, refusal, commands)
            }
        }
    }
}
