//! One-triggers-other and one-cancels-other, right under partial fills, refusals and races.
//!
//! - **C1** A child waits until its parent fills. Then it is for what the parent has filled so far, and grows with it. While
//!   that is below the venue's minimum (quantity or notional) it goes on waiting; if the parent ends there, it is denied.
//! - **C2** A group shares one quantity; a child alone is a group of one. With a parent it is what the parent has filled,
//!   and each member's order is for what the others have not filled of it. Without one, each member has its own
//!   quantity, less what the others fill. A change of quantity that the strategy asks for becomes the most that the
//!   member fills.
//! - **C3** When nothing is left (or, without a parent, when a member has filled), the other members are cancelled. When one is
//!   cancelled on request, so are the others, and nothing more is sent for the group. A member that is refused or
//!   expires, or that the venue cancels, leaves the others working. Once no member of a bracket is left, the rest of
//!   its parent is cancelled, since nothing would protect what it fills. (The parent of a child alone goes on.)
//! - **C4** If the parent ends without a fill, its children are cancelled. If it ends partly filled, they protect that part.
//! - **C5** What the parent fills after a member has filled, or has been taken back by the engine, is for a new order with the
//!   member's terms: nothing that filled stays bare because a cancellation lost a race. Members that were refused, or
//!   that the venue cancelled, come back with the parent's next fill if no other is left; those that expired or were
//!   cancelled on request do not, nor do those that have children of their own, which belong to their order.
//! - **C6** An open order is changed with an amendment. Where the venue has none, refused it, or would not take a total below
//!   its minimum, the order is taken back, and a new one follows when that is confirmed: in between it is missing, but
//!   an exit that is too large could turn the position around. A member whose outcome is unknown, or whose change or
//!   cancellation is on its way, is left alone until the answer. A cancellation that was refused is asked again after the
//!   next fill, a change at most three times before something new is known, so a venue that refuses everything, or
//!   answers with something else, is asked a bounded number of times.
//! - **C7** Of the members whose triggers the engine watches one leaves per event, and none while one that was set off as a
//!   market order is out.
//! - **C8** Members of one instrument and side set aside together, once, the most that they can cost: what is left in the group
//!   fills on the dearest terms of a member that is large enough. (Where all are equally large that is the largest need of
//!   one; a small dear member besides a large cheap one needs more, since what it fills is taken off the large one in
//!   units, not in money.) It passes on when its holder ends. An order that the venue has refused to cancel counts with
//!   all that is open of it, from then to its end, also while it is asked again. An amendment that needs more sets it
//!   aside before it is asked for, and is refused if it is not there.
//!
//! A fill that is told after the end of its order counts like one that lost a race: see [late fills](super::late).
//!
//! Races that remain, because the venue and the engine do not know of each other at once: until a change or cancellation
//! is confirmed (or if the venue refuses it), a member can fill what another has just filled. The exits can then be too
//! large by at most what was open in the other members at that moment, and a cash account overdrawn by as much: they had
//! set the money aside once. From the refusal on nothing new is sent with what the order would cost; but what other
//! orders have set aside by then stays theirs, so if less is free no engine can keep it.

mod legs;

use algoflow_core::{
    command::Command,
    error::AccountError,
    id::OrderId,
    number::Quantity,
    order::{CancelReason, Order, OrderEvent, OrderEventKind, OrderKind, OrderStatus, RejectCode},
};

use super::{Engine, submit::Refusal};
use crate::{
    error::EngineError,
    links::{End, Group, Leg},
};

/// What the members of a group share at this moment (C2).
pub(super) struct Share {
    /// What the parent has filled, if there is one.
    base: Option<Quantity>,
    /// Whether the parent may fill more.
    parent_open: bool,
    /// What all members have filled.
    filled: Quantity,
    /// Nothing is left for anybody (C3).
    exhausted: bool,
    /// A member is open.
    alive: bool,
}

impl Share {
    /// The total that the member's newest order is to have.
    fn total_for(&self, leg: &Leg, order: &Order) -> Result<Quantity, AccountError> {
        let others = self.filled.checked_sub(leg.before)?.checked_sub(order.filled)?;
        let most = match (self.base, leg.own) {
            (Some(base), None) => base.checked_sub(others)?,
            (Some(base), Some(own)) => base.checked_sub(others)?.min(own),
            (None, own) => own.unwrap_or(Quantity::ZERO).checked_sub(others)?,
        };
        Ok(most.checked_sub(leg.before)?)
    }

    /// What the member may still fill; nothing or less if it has to go.
    pub(super) fn open_for(&self, leg: &Leg, order: &Order) -> Result<Quantity, AccountError> {
        if self.exhausted {
            return Ok(Quantity::ZERO);
        }
        Ok(self.total_for(leg, order)?.checked_sub(order.filled)?)
    }
}

impl Engine {
    /// Takes up the links of a new order.
    pub(super) fn link(&mut self, id: OrderId) -> Result<(), Refusal> {
        let Some(order) = self.state.orders.get(id) else { return Ok(()) };
        let (spec, strategy) = (&order.spec, usize::from(id.strategy));
        let parent = spec.contingency.parent;
        let invalid = |text: String| Err(Refusal::new(RejectCode::InvalidOrder, text));
        let own = match parent {
            Some(_) => None,
            None => match spec.quantity.base(spec.side) {
                None => return invalid("a group without a parent shares units of the base".into()),
                own => own,
            },
        };
        let number = match spec.contingency.group {
            Some(group) if !self.state.orders.may_join(group, strategy, parent) => {
                return invalid(format!(
                    "group {group} was not made for orders like this; ask for a new one"
                ));
            }
            Some(group) => group,
            None => {
                self.links.lone += 1;
                u64::MAX - self.links.lone
            }
        };
        let alone = spec.contingency.group.is_none();
        let fresh =
            || Group { parent, alone, closed: false, legs: Vec::with_capacity(2), earlier: Vec::new() };
        let group = self.links.groups.entry(number).or_insert_with(fresh);
        if group.parent != parent {
            return invalid(format!("the members of group {number} have another parent, or none"));
        }
        group.legs.push(Leg::new(id, own));
        self.links.membership.insert(id, number);
        if let Some(parent) = parent {
            if let Some(leg) = self.links.leg_mut(parent) {
                leg.is_parent = true;
            }
            let groups = self.links.children.entry(parent).or_default();
            if !groups.contains(&number) {
                groups.push(number);
            }
        }
        Ok(())
    }

    /// A strategy asks for a new quantity of a member: if the venue takes it, it is the most that the member fills (C2).
    pub(super) fn wish(&mut self, id: OrderId, quantity: Quantity) {
        if self.links.membership.is_empty() {
            return;
        }
        let changes = self.total_of(id) != quantity;
        if let Some(leg) = self.links.leg_mut(id) {
            leg.asks = 0;
            if changes {
                leg.wished = Some(quantity);
            }
        }
    }

    /// Whether another member of the order's group was set off as a market order and is still out (C7).
    pub(super) fn is_outrun(&self, id: OrderId) -> bool {
        self.links.companions(id).filter(|other| *other != id).any(|other| {
            self.state.orders.entry(other).is_some_and(|entry| {
                entry.was_triggered
                    && entry.order.status.is_at_venue()
                    && entry.order.spec.kind.triggered() == OrderKind::Market
            })
        })
    }

    /// What an event means for the groups of its order, before the strategy is told: a member that has to come back is among
    /// the strategy's open orders by then, so that it does not take its position for bare. Returns the order's own group.
    pub(super) fn before_told(
        &mut self,
        event: &OrderEvent,
        is_final: bool,
    ) -> Result<Option<u64>, EngineError> {
        use OrderEventKind as E;
        let (id, filled) = (event.order, event.fill().is_some());
        if filled && self.links.children.contains_key(&id) {
            for number in self.links.children.get(&id).cloned().unwrap_or_default() {
                self.count_earlier(number)?;
                self.ask_again(number);
                self.renew_legs(number, true)?;
            }
        }
        let Some(number) = self.links.membership.get(&id).copied() else { return Ok(None) };
        self.note_answer(number, event, is_final)?;
        if filled {
            self.count_earlier(number)?;
            self.ask_again(number);
        }
        let answered = matches!(
            event.kind,
            E::Filled(_) | E::Amended { .. } | E::AmendRejected { .. } | E::CancelRejected { .. }
        );
        if is_final || answered {
            self.cover_group(number)?;
        }
        if let E::Cancelled { reason } = event.kind
            && is_wish(reason)
        {
            self.close_group(number, id);
        }
        self.renew_legs(number, false)?;
        Ok(Some(number))
    }

    /// Brings the groups of an order in line with what happened to it.
    pub(super) fn after_linked(
        &mut self,
        event: &OrderEvent,
        group: Option<u64>,
        is_final: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        use OrderEventKind as E;
        let filled = event.fill().is_some();
        if (filled || is_final) && self.links.children.contains_key(&event.order) {
            self.parent_moved(event.order, filled, commands)?;
        }
        let Some(number) = group else { return Ok(()) };
        if !matches!(event.kind, E::Held | E::Triggered | E::OutcomeUnknown { .. }) {
            self.sync_group(number, false, commands)?;
        }
        if is_final {
            self.end_bare_parent(number)?;
            self.forget_if_over(number)?;
        }
        Ok(())
    }

    /// Brings the children of `parent` in line with what it has filled (C1, C4, C5).
    pub(super) fn parent_moved(
        &mut self,
        parent: OrderId,
        filled: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        for number in self.links.children.get(&parent).cloned().unwrap_or_default() {
            self.sync_group(number, filled, commands)?;
            self.forget_if_over(number)?;
        }
        Ok(())
    }

    /// What an answer of the venue says about the member (C5, C6).
    fn note_answer(&mut self, number: u64, event: &OrderEvent, is_final: bool) -> Result<(), EngineError> {
        use OrderEventKind as E;
        let share = self.share_of(number)?;
        let order = self.state.orders.get(event.order);
        let (Some(share), Some(order)) = (share, order) else { return Ok(()) };
        let (filled, reason) = (order.filled, &event.kind);
        let Some(leg) = self.links.leg_mut(event.order) else { return Ok(()) };
        match reason {
            E::Amended { quantity, .. } if leg.asked == Some(*quantity) => leg.asked = None,
            E::Amended { quantity, .. } if leg.wished == Some(*quantity) => {
                leg.wished = None;
                let own = quantity.checked_add(leg.before).map_err(AccountError::from)?;
                let earlier = leg.before.checked_add(filled).map_err(AccountError::from)?;
                let others = share.filled.checked_sub(earlier).map_err(AccountError::from)?;
                leg.own = match share.base {
                    Some(_) => Some(own),
                    None => Some(own.checked_add(others).map_err(AccountError::from)?),
                };
            }
            // An earlier wish of the strategy, or the venue made something else of ours.
            E::Amended { .. } => leg.asked = None,
            E::AmendRejected { .. } if leg.asked.is_some() => {
                leg.asked = None;
                leg.fixed = true;
            }
            E::AmendRejected { .. } => leg.wished = None,
            E::CancelRejected { .. } => (leg.kept, leg.stays) = (true, true),
            _ => {}
        }
        if is_final {
            leg.end = match reason {
                _ if leg.is_parent => End::Over,
                E::Filled(_) | E::Amended { .. } => End::Renewable,
                E::Cancelled { reason: CancelReason::Replaced } => End::Renewable,
                E::Cancelled { reason: CancelReason::Contingent } if share.base.is_some() => End::Renewable,
                E::Cancelled { reason } if is_wish(*reason) => End::Over,
                E::Expired => End::Over,
                _ if share.base.is_some() => End::Lost,
                _ => End::Over,
            };
        }
        Ok(())
    }

    /// Something filled: what was refused before may be asked for again.
    pub(super) fn ask_again(&mut self, number: u64) {
        for leg in self.links.groups.get_mut(&number).into_iter().flat_map(|group| &mut group.legs) {
            (leg.asks, leg.kept) = (0, false);
        }
    }

    /// A member was cancelled on request: so are the others, and the rest of the parent (C3).
    fn close_group(&mut self, number: u64, except: OrderId) {
        let Some(group) = self.links.groups.get_mut(&number) else { return };
        group.closed = true;
        let parent = group.parent.filter(|_| !group.alone);
        let others = group.legs.iter().map(|leg| leg.order).filter(|order| *order != except);
        self.links.to_cancel.extend(others.chain(parent).map(|order| (order, CancelReason::Contingent)));
    }

    /// Once no exit is left, the parent must not fill more (C3).
    fn end_bare_parent(&mut self, number: u64) -> Result<(), EngineError> {
        let Some(share) = self.share_of(number)? else { return Ok(()) };
        let group = self.links.groups.get(&number).filter(|group| !group.alone);
        if let Some(parent) = group.and_then(|group| group.parent)
            && !share.alive
            && share.parent_open
        {
            self.links.to_cancel.push((parent, CancelReason::Contingent));
        }
        Ok(())
    }

    /// What the members of a group share now.
    pub(super) fn share_of(&self, number: u64) -> Result<Option<Share>, EngineError> {
        let Some(group) = self.links.groups.get(&number) else { return Ok(None) };
        let parent = group.parent.and_then(|parent| self.state.orders.get(parent));
        let (mut filled, mut alive, mut over) = (Quantity::ZERO, false, false);
        for leg in &group.legs {
            let add = |sum: Quantity, more| sum.checked_add(more).map_err(AccountError::from);
            filled = add(filled, leg.before)?;
            let Some(order) = self.state.orders.get(leg.order) else { continue };
            filled = add(filled, order.filled)?;
            alive |= order.is_open();
            over |= order.status == OrderStatus::Filled;
        }
        let base = group.parent.map(|_| parent.as_ref().map_or(Quantity::ZERO, |order| order.filled));
        let exhausted = base.map_or(over, |base| base.is_positive() && filled >= base);
        let parent_open = parent.is_some_and(|parent| parent.is_open());
        Ok(Some(Share { base, parent_open, filled, exhausted, alive }))
    }

    /// Brings the members of a group in line with what is left of their quantity; `revive` after a fill of the parent.
    pub(super) fn sync_group(
        &mut self,
        number: u64,
        revive: bool,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.renew_legs(number, revive)?;
        let Some(share) = self.share_of(number)? else { return Ok(()) };
        let mut at = 0;
        while let Some(leg) = self.links.leg(number, at) {
            at += 1;
            self.sync_leg(&leg, &share, commands)?;
        }
        let group = self.links.groups.get(&number).filter(|group| !group.alone);
        if let Some(parent) = group.and_then(|group| group.parent).filter(|_| share.exhausted) {
            // What the parent still fills would have nothing to protect it.
            self.links.to_cancel.push((parent, CancelReason::Contingent));
        }
        Ok(())
    }

    /// Drops a group none of whose orders can change any more; it is put by if its parent can still turn out to have filled.
    fn forget_if_over(&mut self, number: u64) -> Result<(), EngineError> {
        if self.share_of(number)?.is_some_and(|share| !share.alive && !share.parent_open) {
            let parent = self.links.groups.get(&number).and_then(|group| group.parent);
            let may_fill =
                |parent| self.state.orders.get(parent).is_some_and(|order| order.may_have_filled_more());
            self.links.end_group(number, parent.is_some_and(may_fill));
        }
        Ok(())
    }

    /// Orders whose place another has taken may fill after their end: that counts as filled by their member.
    fn count_earlier(&mut self, number: u64) -> Result<(), EngineError> {
        let Some(group) = self.links.groups.get_mut(&number).filter(|group| !group.earlier.is_empty()) else {
            return Ok(());
        };
        for leg in &mut group.legs {
            leg.before = Quantity::ZERO;
        }
        for (earlier, at) in &group.earlier {
            let filled = self.state.orders.get(*earlier).map_or(Quantity::ZERO, |order| order.filled);
            if let Some(leg) = group.legs.get_mut(*at) {
                leg.before = leg.before.checked_add(filled).map_err(AccountError::from)?;
            }
        }
        Ok(())
    }
}

/// Whether somebody wants the end of an order, so that nothing follows.
const fn is_wish(reason: CancelReason) -> bool {
    matches!(reason, CancelReason::Requested | CancelReason::StrategyStopped | CancelReason::RiskLimit)
}
