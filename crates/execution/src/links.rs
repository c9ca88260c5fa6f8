//! Which orders wait for, or share a quantity with, which.

use std::collections::BTreeMap;

use algoflow_core::{id::OrderId, number::Quantity, order::CancelReason, time::Timestamp};

/// One-cancels-other: members that share one quantity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// The order whose fills they protect; without one they share `total`.
    pub(crate) parent: Option<OrderId>,
    /// The quantity that they share, if they have no parent.
    pub(crate) total: Quantity,
    pub(crate) members: Vec<OrderId>,
}

#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Orders that wait for a parent.
    pub(crate) children: BTreeMap<OrderId, Vec<OrderId>>,
    pub(crate) groups: BTreeMap<u64, Group>,
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
#[derive(Clone, Copy, Debug)]
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
