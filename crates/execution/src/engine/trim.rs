//! Orders that would not reduce are taken back where only reducing is allowed (RK11 of [risk](crate::risk)).

use std::collections::BTreeMap;

use algoflow_core::{
    capabilities::Feature,
    command::Command,
    error::AccountError,
    id::OrderId,
    number::Quantity,
    order::{CancelReason, OrderKind, OrderStatus, Side},
    state::{Hold, OrderEntry},
};

use super::{Engine, exposure::Whose};
use crate::error::EngineError;

/// What becomes of an order that is for too much.
enum Cut {
    /// It is made smaller, to this total.
    To(OrderKind, Quantity),
    /// It is cancelled.
    Off,
}

/// What is still there to be reduced while orders are looked at one after the other.
#[derive(Default)]
struct Rooms {
    /// By strategy, instrument and side.
    left: BTreeMap<(usize, usize, bool), Quantity>,
    /// What the members of a group have of it.
    groups: BTreeMap<u64, Quantity>,
}

impl Engine {
    /// Takes back or makes smaller what does not reduce, of the strategies that may only reduce. Older orders come first.
    pub(super) fn trim(&mut self, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.risk.trim = false;
        let now = self.state.now;
        let (mut rooms, mut cuts) = (Rooms::default(), Vec::new());
        for entry in self.state.orders.open_entries() {
            let id = entry.order.id;
            if self.risk.is_restricted(usize::from(id.strategy), now) {
                // What cannot be counted cannot be known to reduce.
                cuts.extend(self.cut(entry, &mut rooms).unwrap_or(Some(Cut::Off)).map(|cut| (id, cut)));
            }
        }
        for (id, cut) in cuts {
            match cut {
                Cut::To(kind, total) => {
                    self.wish(id, total);
                    self.amend(id, kind, total, commands)?;
                }
                Cut::Off => self.links.to_cancel.push((id, CancelReason::RiskLimit)),
            }
        }
        Ok(())
    }

    /// What has to become of an order.
    fn cut(&self, entry: &OrderEntry, rooms: &mut Rooms) -> Result<Option<Cut>, AccountError> {
        let (order, spec) = (&entry.order, &entry.order.spec);
        let (id, side) = (order.id, spec.side);
        let strategy = usize::from(id.strategy);
        let against = || self.against(Whose::One(strategy), entry.instrument, side);
        match order.status {
            OrderStatus::Initialized | OrderStatus::PendingCancel => return Ok(None),
            OrderStatus::Held if entry.hold == Hold::Parent => return Ok(None),
            // It is looked at again when it leaves.
            OrderStatus::Held => return Ok(against().is_zero().then_some(Cut::Off)),
            // What is out of it is looked at as its slices.
            _ if entry.hold == Hold::Algorithm => return self.cut_worked(entry),
            _ => {}
        }
        let open = self.open_at_most(entry)?;
        let left = rooms.left.entry((strategy, entry.instrument, side == Side::Buy)).or_insert_with(against);
        let room = match self.links.membership.get(&id) {
            None => *left,
            Some(number) => match rooms.groups.get(number) {
                Some(room) => *room,
                None => {
                    let room = (*left).min(self.most_of_group(entry, open)?);
                    rooms.groups.insert(*number, room);
                    *left = left.checked_sub(room)?;
                    room
                }
            },
        };
        let share = open.min(room);
        if !self.links.membership.contains_key(&id) {
            *left = left.checked_sub(share)?;
        }
        // What is marked reduce-only is kept so by the venue or by rules R1 to R4.
        if open <= share || (spec.flags.reduce_only && !against().is_zero()) {
            return Ok(None);
        }
        let can_change = self.native(entry.instrument).contains(Feature::Amend)
            && spec.quantity.base(side).is_some()
            && matches!(
                order.status,
                OrderStatus::Submitted
                    | OrderStatus::Accepted
                    | OrderStatus::Triggered
                    | OrderStatus::PartiallyFilled
            );
        if share.is_positive() && can_change {
            return Ok(Some(Cut::To(spec.kind, order.filled.checked_add(share)?)));
        }
        Ok(Some(Cut::Off))
    }

    /// What has to become of an order that is worked, by what it can reduce at all its listings.
    fn cut_worked(&self, entry: &OrderEntry) -> Result<Option<Cut>, AccountError> {
        let (order, room) = (&entry.order, self.reducible(entry.order.id));
        if room.is_zero() {
            return Ok(Some(Cut::Off));
        }
        if order.leaves() <= room || order.spec.flags.reduce_only {
            return Ok(None);
        }
        Ok(Some(Cut::To(order.spec.kind, order.filled.checked_add(room)?)))
    }

    fn most_of_group(&self, entry: &OrderEntry, open: Quantity) -> Result<Quantity, AccountError> {
        let mut most = open;
        let others = self.links.companions(entry.order.id).filter(|other: &OrderId| *other != entry.order.id);
        for other in others.filter_map(|other| self.state.orders.entry(other)) {
            if other.instrument == entry.instrument
                && other.order.spec.side == entry.order.spec.side
                && other.order.status.is_at_venue()
            {
                most = most.max(self.open_at_most(other)?);
            }
        }
        Ok(most)
    }
}
