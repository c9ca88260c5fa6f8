//! What orders have set aside while they are out: rule C8 of [contingent orders](super::contingent).

use algoflow_core::{
    error::AccountError,
    id::OrderId,
    ledger::Reservation,
    number::Quantity,
    order::{OrderEvent, OrderEventKind, OrderKind, Side},
};

use super::{Engine, submit::Refusal};
use crate::error::EngineError;

/// Members of a group that need the same money: of one instrument, on one side.
struct Pool {
    instrument: usize,
    side: Side,
    /// The member that has set it aside.
    holder: OrderId,
    /// The largest need of a member.
    need: Reservation,
    /// What its members had set aside.
    had: Reservation,
    /// A change of a member is on its way, so that it may need more than it shows.
    changing: bool,
}

impl Pool {
    fn is_of(&self, instrument: usize, side: Side) -> bool {
        self.instrument == instrument && self.side == side
    }
}

impl Engine {
    /// The member of the order's group, other than itself, that sets aside what it needs too.
    pub(super) fn pool_holder(&self, id: OrderId, instrument: usize, side: Side) -> Option<OrderId> {
        if self.links.membership.is_empty() {
            return None;
        }
        self.links.companions(id).find(|other| {
            *other != id
                && self.state.orders.entry(*other).is_some_and(|entry| {
                    entry.instrument == instrument
                        && entry.order.spec.side == side
                        && entry.order.status.is_at_venue()
                })
        })
    }

    /// Sets aside more, if it is free.
    pub(super) fn raise(
        &mut self,
        holder: OrderId,
        instrument: usize,
        side: Side,
        need: Reservation,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let Some(entry) = self.state.orders.entry_mut(holder) else { return Ok(Ok(())) };
        let (reservation, portfolio) = (&mut entry.reservation, &mut self.state.portfolio);
        if reservation.covers(&need) {
            return Ok(Ok(()));
        }
        Ok(portfolio.raise_reservation(instrument, side, reservation, need)?.map_err(Refusal::from))
    }

    /// Sets aside what an order that is out needs once it is changed; until the venue answers, the larger of both counts.
    pub(super) fn cover_change(
        &mut self,
        id: OrderId,
        kind: OrderKind,
        total: Quantity,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(Ok(())) };
        let (instrument, side) = (entry.instrument, entry.order.spec.side);
        let open = total.checked_sub(entry.order.filled).map_err(AccountError::from)?;
        let reduces = entry.order.spec.flags.reduce_only;
        let holder = self.pool_holder(id, instrument, side).filter(|other| {
            self.state.orders.entry(*other).is_some_and(|entry| !entry.reservation.is_empty())
        });
        let holder = holder.unwrap_or(id);
        let had = self.state.orders.entry(holder).map(|entry| entry.reservation).unwrap_or_default();
        let need = self.need_of(instrument, side, kind, open, &had)?;
        self.raise(holder, instrument, side, if reduces { need.reducing() } else { need })
    }

    /// Once the venue has answered a change, what is set aside is what the order needs as it now stands.
    pub(super) fn amend_answered(
        &mut self,
        event: &OrderEvent,
        instrument: usize,
        is_final: bool,
    ) -> Result<(), EngineError> {
        let id = event.order;
        if is_final {
            if !self.links.amending.is_empty() {
                self.links.amending.remove(&id);
            }
            return Ok(());
        }
        let amended = matches!(event.kind, OrderEventKind::Amended { .. });
        if !amended && !matches!(event.kind, OrderEventKind::AmendRejected { .. }) {
            return Ok(());
        }
        match self.links.amending.get_mut(&id) {
            Some(more) if *more > 1 => {
                *more -= 1;
                return Ok(());
            }
            Some(_) => drop(self.links.amending.remove(&id)),
            None if !amended => return Ok(()),
            None => {}
        }
        // Those of a group are covered together, when the group is looked at.
        if self.links.membership.contains_key(&id) {
            return Ok(());
        }
        let Some(order) = self.state.orders.get(id).filter(|order| order.status.is_at_venue()) else {
            return Ok(());
        };
        let had = self.state.orders.entry(id).map(|entry| entry.reservation).unwrap_or_default();
        let need = self.need_of(instrument, order.spec.side, order.spec.kind, order.leaves(), &had)?;
        let need = if order.spec.flags.reduce_only { need.reducing() } else { need };
        if let Some(entry) = self.state.orders.entry_mut(id) {
            self.state.portfolio.set_reservation(instrument, &mut entry.reservation, need)?;
        }
        Ok(())
    }

    fn need_of(
        &self,
        instrument: usize,
        side: Side,
        kind: OrderKind,
        open: Quantity,
        had: &Reservation,
    ) -> Result<Reservation, EngineError> {
        let known = self.state.instruments.get(instrument).filter(|_| open.is_positive());
        let (Some(known), Some(price)) = (known, self.price_of(kind, instrument)) else {
            return Ok(Reservation::default());
        };
        let fee = known.fee();
        Ok(self.state.portfolio.need(instrument, side, open, price, fee, had)?)
    }

    /// Brings what the members of a group have set aside to the largest need of one of them (C8).
    pub(super) fn cover_group(&mut self, number: u64) -> Result<(), EngineError> {
        let Some(share) = self.share_of(number)? else { return Ok(()) };
        let mut pools: Vec<Pool> = Vec::new();
        let mut at = 0;
        while let Some(leg) = self.links.leg(number, at) {
            at += 1;
            let Some(entry) = self.state.orders.entry(leg.order) else { continue };
            if !entry.order.status.is_at_venue() {
                continue;
            }
            let (instrument, had, side) = (entry.instrument, entry.reservation, entry.order.spec.side);
            let changing = self.links.amending.contains_key(&leg.order);
            match pools.iter_mut().find(|pool| pool.is_of(instrument, side)) {
                Some(pool) => {
                    pool.had = pool.had.or(had);
                    pool.changing |= changing;
                }
                None => {
                    let (holder, need) = (leg.order, Reservation::default());
                    pools.push(Pool { instrument, side, holder, need, had, changing });
                }
            }
            if let Some(entry) = self.state.orders.entry_mut(leg.order) {
                self.state.portfolio.release(instrument, &mut entry.reservation, None)?;
            }
        }
        // Only now, when none of them closes anything, is known what is there to be closed.
        let mut at = 0;
        while let Some(leg) = self.links.leg(number, at) {
            at += 1;
            let Some(entry) = self.state.orders.entry(leg.order) else { continue };
            let (instrument, order) = (entry.instrument, &entry.order);
            let (side, kind) = (order.spec.side, order.spec.kind);
            let pool = pools.iter_mut().find(|pool| pool.is_of(instrument, side));
            let Some(pool) = pool.filter(|_| order.status.is_at_venue()) else { continue };
            // What the venue would not cancel can still fill, whether it should or not.
            let leaves = order.leaves();
            let open = if leg.kept { leaves } else { share.open_for(&leg, order)?.min(leaves) };
            let need = self.need_of(instrument, side, kind, open, &Reservation::default())?;
            pool.need = pool.need.or(if order.spec.flags.reduce_only { need.reducing() } else { need });
        }
        for pool in pools {
            let need = if pool.changing { pool.need.or(pool.had) } else { pool.need };
            if let Some(entry) = self.state.orders.entry_mut(pool.holder) {
                self.state.portfolio.set_reservation(pool.instrument, &mut entry.reservation, need)?;
            }
        }
        Ok(())
    }
}
