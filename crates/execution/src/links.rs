//! Which orders wait for, or share a quantity with, which.

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    id::OrderId,
    number::Quantity,
    order::{CancelReason, OrderKind},
    time::Timestamp,
};

/// How often a change of an order (or the end of what is left of one that is over) is asked for before something new is
/// known: a fill, a wish of the strategy, proof of an unknown outcome. After that it stays as the venue has it.
pub(crate) const MAX_ASKS: u8 = 3;

/// How many groups whose orders are all over are kept for a late fill of their parents. Then the oldest is forgotten: what
/// its parent fills after that is taken into the books, but nothing protects it.
pub(crate) const MAX_ENDED: usize = 4_096;

/// Orders that share one quantity; an order that waits for a parent alone is a group of one.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Group {
    /// The order whose fills they share.
    pub(crate) parent: Option<OrderId>,
    /// One child without one-cancels-other: its end says nothing about its parent.
    pub(crate) alone: bool,
    /// It was ended on request: nothing is sent for it any more.
    pub(crate) closed: bool,
    pub(crate) legs: Vec<Leg>,
    /// Orders whose place another has taken, with the position of their leg.
    pub(crate) earlier: Vec<(OrderId, usize)>,
}

impl Group {
    /// Every order that is or was a member.
    fn orders(&self) -> impl Iterator<Item = OrderId> + '_ {
        let earlier = self.earlier.iter().map(|(order, _)| *order);
        self.legs.iter().map(|leg| leg.order).chain(earlier)
    }
}

/// A member of a group: its newest order, which may have taken the place of earlier ones.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Leg {
    pub(crate) order: OrderId,
    /// What the earlier orders filled.
    pub(crate) before: Quantity,
    /// The most that it may fill in all: what was ordered, if there is no parent, or what the strategy made of it.
    pub(crate) own: Option<Quantity>,
    /// The total that the strategy asked for, until the venue answers.
    pub(crate) wished: Option<Quantity>,
    /// The total that we asked for, until the venue answers.
    pub(crate) asked: Option<Quantity>,
    /// How often we asked for a change since something new was known.
    pub(crate) asks: u8,
    /// The venue refused to change it: it has to be replaced.
    pub(crate) fixed: bool,
    /// The venue refused to cancel it: it is not asked again before something fills.
    pub(crate) kept: bool,
    /// The venue has refused to cancel it: what is open of it stays set aside to its end, also while it is asked again.
    pub(crate) stays: bool,
    /// It has children of its own, which belong to its order: no other takes its place.
    pub(crate) is_parent: bool,
    pub(crate) end: End,
}

/// Changes of one order that are on their way to the venue.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Changes {
    /// How many are not answered yet.
    pub(crate) unanswered: u32,
    /// The terms and totals that were asked for since the last time when all were answered: the venue may have any of them.
    pub(crate) asked: Vec<(OrderKind, Quantity)>,
}

/// What a venue still has of an order that has filled what was known of it.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Rest {
    /// The total that the venue has made of the order.
    pub(crate) total: Quantity,
    /// How often its cancellation was asked for since something new was known.
    pub(crate) asks: u8,
    /// The last of them is not answered yet.
    pub(crate) is_asked: bool,
}

/// What the end of a leg's order means for the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum End {
    /// It filled, or we took it back: another follows as soon as there is something for it.
    Renewable,
    /// It was refused, or the venue ended it: another follows when the parent fills more and nothing else is left.
    Lost,
    /// Nothing follows.
    Over,
}

impl Leg {
    pub(crate) fn new(order: OrderId, own: Option<Quantity>) -> Self {
        Self {
            order,
            before: Quantity::ZERO,
            own,
            wished: None,
            asked: None,
            asks: 0,
            fixed: false,
            kept: false,
            stays: false,
            is_parent: false,
            end: End::Over,
        }
    }
}

#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Links {
    /// By parent: the groups that wait for its fills.
    pub(crate) children: BTreeMap<OrderId, Vec<u64>>,
    /// By number. Groups of one are numbered from the other end.
    pub(crate) groups: BTreeMap<u64, Group>,
    /// Groups whose orders are all over, oldest first, for when a fill of their parent is told late.
    pub(crate) ended: VecDeque<(OrderId, u64, Group)>,
    /// The groups of the orders that are members.
    pub(crate) membership: BTreeMap<OrderId, u64>,
    /// How many groups of one were made.
    pub(crate) lone: u64,
    /// The changes of an order that are on their way to the venue.
    pub(crate) amending: BTreeMap<OrderId, Changes>,
    /// Orders that are over, and of which a venue still has a rest.
    pub(crate) rests: BTreeMap<OrderId, Rest>,
    /// Orders held back until their trigger is reached, by instrument.
    pub(crate) waiting: Vec<Vec<Waiting>>,
    /// How many orders wait for their trigger, over all instruments.
    pub(crate) waiting_count: usize,
    /// Orders at a venue that are reduce-only by our doing, by instrument.
    pub(crate) reducing: Vec<Vec<OrderId>>,
    /// Reduce-only orders that are being cancelled because they are too large, and come again smaller.
    pub(crate) to_replace: Vec<OrderId>,
    /// Cancellations that are due, with their reasons.
    pub(crate) to_cancel: Vec<(OrderId, CancelReason)>,
}

/// An order that waits for its trigger, which the engine watches.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Waiting {
    pub(crate) order: OrderId,
    /// Since when: older prices do not count.
    pub(crate) since: Timestamp,
    /// For a trailing stop: the best price since it became active.
    pub(crate) extreme: Option<algoflow_core::number::Price>,
    /// For a trailing stop: whether the activation price was reached.
    pub(crate) active: bool,
}

impl Links {
    /// Whether no order of the instrument depends on another, and nothing is due.
    #[inline]
    pub(crate) fn are_idle(&self, instrument: usize) -> bool {
        self.membership.is_empty()
            && self.children.is_empty()
            && self.to_cancel.is_empty()
            && self.to_replace.is_empty()
            && self.reducing.get(instrument).is_none_or(Vec::is_empty)
    }

    /// The leg whose newest order this is.
    pub(crate) fn leg_mut(&mut self, order: OrderId) -> Option<&mut Leg> {
        let group = self.groups.get_mut(self.membership.get(&order)?)?;
        group.legs.iter_mut().find(|leg| leg.order == order)
    }

    pub(crate) fn leg_mut_at(&mut self, number: u64, at: usize) -> Option<&mut Leg> {
        self.groups.get_mut(&number).and_then(|group| group.legs.get_mut(at))
    }

    pub(crate) fn leg(&self, number: u64, at: usize) -> Option<Leg> {
        self.groups.get(&number).and_then(|group| group.legs.get(at)).copied()
    }

    /// The orders of the group of `order`, itself among them.
    pub(crate) fn companions(&self, order: OrderId) -> impl Iterator<Item = OrderId> + '_ {
        let group = self.membership.get(&order).and_then(|number| self.groups.get(number));
        group.into_iter().flat_map(|group| group.legs.iter().map(|leg| leg.order))
    }

    /// Takes a group off, and puts it by if `keep`.
    pub(crate) fn end_group(&mut self, number: u64, keep: bool) {
        let Some(group) = self.groups.remove(&number) else { return };
        for order in group.orders() {
            self.membership.remove(&order);
        }
        let Some(parent) = group.parent else { return };
        if let Some(groups) = self.children.get_mut(&parent) {
            groups.retain(|other| *other != number);
            if groups.is_empty() {
                self.children.remove(&parent);
            }
        }
        if keep {
            if self.ended.len() >= MAX_ENDED {
                self.ended.pop_front();
            }
            self.ended.push_back((parent, number, group));
        }
    }

    /// Takes up the groups of `parent` again that were put by.
    pub(crate) fn revive(&mut self, parent: OrderId) {
        while let Some(at) = self.ended.iter().position(|(of, ..)| *of == parent) {
            let Some((_, number, group)) = self.ended.remove(at) else { return };
            for order in group.orders() {
                self.membership.insert(order, number);
            }
            self.children.entry(parent).or_default().push(number);
            self.groups.insert(number, group);
        }
    }

    pub(crate) fn wait(&mut self, instrument: usize, waiting: Waiting) {
        if self.waiting.len() <= instrument {
            self.waiting.resize_with(instrument + 1, Vec::new);
        }
        if let Some(all) = self.waiting.get_mut(instrument) {
            all.push(waiting);
            self.waiting_count += 1;
        }
    }

    pub(crate) fn forget_waiting(&mut self, instrument: usize, order: OrderId) {
        if let Some(all) = self.waiting.get_mut(instrument) {
            let before = all.len();
            all.retain(|waiting| waiting.order != order);
            self.waiting_count -= before - all.len();
        }
    }

    pub(crate) fn add_reducing(&mut self, instrument: usize, order: OrderId) {
        if self.reducing.len() <= instrument {
            self.reducing.resize_with(instrument + 1, Vec::new);
        }
        if let Some(all) = self.reducing.get_mut(instrument) {
            all.push(order);
        }
    }
}
