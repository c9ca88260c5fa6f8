//! What orders have set aside while they are out: rule C8 of [contingent orders](super::contingent).

use algoflow_core::{
    error::AccountError,
    id::OrderId,
    ledger::Reservation,
    number::{Price, Quantity},
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
}

/// What an order may fill, and on which terms.
pub(super) struct Claim {
    pub(super) kind: OrderKind,
    pub(super) open: Quantity,
    /// It only reduces a position.
    pub(super) reduces: bool,
}

impl Engine {
    /// The member of the order's group, other than itself, that sets aside what it needs too.
    pub(super) fn pool_holder(&self, id: OrderId, instrument: usize, side: Side) -> Option<OrderId> {
        if self.links.membership.is_empty() {
            return None;
        }
        let others = self.links.companions(id).filter(|other| *other != id);
        let at_venue = others.filter_map(|other| self.state.orders.entry(other)).filter(|entry| {
            entry.instrument == instrument
                && entry.order.spec.side == side
                && entry.order.status.is_at_venue()
        });
        at_venue.min_by_key(|entry| entry.reservation.is_empty()).map(|entry| entry.order.id)
    }

    /// Has `holder` set aside what its group needs once `id` may fill `claim` too, if that is free.
    pub(super) fn raise(
        &mut self,
        id: OrderId,
        holder: OrderId,
        instrument: usize,
        side: Side,
        claim: Claim,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let mut claims = match self.links.membership.get(&id) {
            Some(number) => self.claims_of(*number, instrument, side)?,
            None => Vec::new(),
        };
        claims.push(claim);
        let had = self.state.orders.entry(holder).map(|entry| entry.reservation).unwrap_or_default();
        let need = self.shared_need(instrument, side, &claims, &had)?;
        claims.pop();
        // A change that needs no more is never refused: not if the account has less than its orders need by now, either.
        if had.covers(&need) || self.shared_need(instrument, side, &claims, &had)?.covers(&need) {
            return Ok(Ok(()));
        }
        let Some(entry) = self.state.orders.entry_mut(holder) else { return Ok(Ok(())) };
        let (reservation, portfolio) = (&mut entry.reservation, &mut self.state.portfolio);
        Ok(portfolio.raise_reservation(instrument, side, reservation, need)?.map_err(Refusal::from))
    }

    /// Sets aside what an order that is out needs once it is changed; until the venue answers, its old and new terms count.
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
        self.raise(id, holder.unwrap_or(id), instrument, side, Claim { kind, open, reduces })
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
            Some(changes) if changes.unanswered > 1 => {
                changes.unanswered -= 1;
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

    /// The most that orders need together which share their units, so that each unit fills once: for each the dearest terms
    /// count on which it can fill.
    fn shared_need(
        &self,
        instrument: usize,
        side: Side,
        claims: &[Claim],
        had: &Reservation,
    ) -> Result<Reservation, EngineError> {
        let need = |claim: &Claim, open| {
            let need = self.need_of(instrument, side, claim.kind, open, had)?;
            Ok::<_, EngineError>(if claim.reduces { need.reducing() } else { need })
        };
        let mut needs = Vec::with_capacity(claims.len());
        for claim in claims {
            let whole = need(claim, claim.open)?;
            // What needs nothing comes last: it must not hide what others need for the same units.
            let price = self.price_of(claim.kind, instrument).filter(|_| !whole.amount().is_zero());
            let price = price.map(Price::checked_abs).transpose().map_err(AccountError::from)?;
            needs.push((price, claim, whole));
        }
        needs.sort_by_key(|(price, ..)| std::cmp::Reverse(*price));
        let (mut all, mut counted) = (Reservation::default(), Quantity::ZERO);
        for (_, claim, whole) in needs {
            if claim.open > counted {
                all = all.with_rest(whole, need(claim, counted)?).map_err(EngineError::from)?;
                counted = claim.open;
            }
        }
        Ok(all)
    }

    /// What the members of a group on one side of an instrument may fill that are at the venue.
    fn claims_of(&self, number: u64, instrument: usize, side: Side) -> Result<Vec<Claim>, EngineError> {
        let mut claims = Vec::with_capacity(4);
        let Some(share) = self.share_of(number)? else { return Ok(claims) };
        let legs = self.links.groups.get(&number).map(|group| group.legs.as_slice()).unwrap_or_default();
        for leg in legs {
            let Some(entry) = self.state.orders.entry(leg.order) else { continue };
            let (order, reduces) = (&entry.order, entry.order.spec.flags.reduce_only);
            if entry.instrument != instrument || order.spec.side != side || !order.status.is_at_venue() {
                continue;
            }
            // What the venue would not cancel can still fill, whether it should or not.
            let leaves = order.leaves();
            let open = if leg.stays { leaves } else { share.open_for(leg, order)?.min(leaves) };
            claims.push(Claim { kind: order.spec.kind, open, reduces });
            for (kind, total) in self.links.amending.get(&leg.order).into_iter().flat_map(|all| &all.asked) {
                let open = total.checked_sub(order.filled).map_err(AccountError::from)?;
                claims.push(Claim { kind: *kind, open, reduces });
            }
        }
        Ok(claims)
    }

    /// Brings what the members of a group have set aside to what they need together (C8).
    pub(super) fn cover_group(&mut self, number: u64) -> Result<(), EngineError> {
        let mut pools: Vec<Pool> = Vec::new();
        let mut at = 0;
        while let Some(leg) = self.links.leg(number, at) {
            at += 1;
            let Some(entry) = self.state.orders.entry_mut(leg.order) else { continue };
            if !entry.order.status.is_at_venue() {
                continue;
            }
            let (instrument, side) = (entry.instrument, entry.order.spec.side);
            if !pools.iter().any(|pool| pool.instrument == instrument && pool.side == side) {
                pools.push(Pool { instrument, side, holder: leg.order });
            }
            self.state.portfolio.release(instrument, &mut entry.reservation, None)?;
        }
        // Only now, when none of them closes anything, is known what is there to be closed.
        for Pool { instrument, side, holder } in pools {
            let claims = self.claims_of(number, instrument, side)?;
            let need = self.shared_need(instrument, side, &claims, &Reservation::default())?;
            if let Some(entry) = self.state.orders.entry_mut(holder) {
                self.state.portfolio.set_reservation(instrument, &mut entry.reservation, need)?;
            }
        }
        Ok(())
    }
}
