//! The end of an algorithm's time.

use algoflow_core::{
    number::Quantity,
    order::{OrderStatus, algorithm::AtEnd},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Actions, Occasion, Slice, View};

/// What is done when the time is over: the rest expires, or is taken.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Finale {
    ends: Timestamp,
    at_end: AtEnd,
    begun: bool,
    /// What had filled when the rest was last taken.
    taken_at: Option<Quantity>,
}

impl Finale {
    /// An end that never comes is [`Timestamp::MAX`].
    pub(super) fn new(ends: Timestamp, at_end: AtEnd) -> Self {
        Self { ends, at_end, begun: false, taken_at: None }
    }

    /// Whether the time is over: then all that is left to do is done here.
    pub(super) fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) -> bool {
        if view.now() < self.ends {
            if self.ends < Timestamp::MAX {
                act.wake_at(self.ends);
            }
            return false;
        }
        if !self.begun && matches!(occasion, Occasion::Slice(_)) {
            act.wake_at(self.ends);
            return true;
        }
        self.begun = true;
        if self.at_end == AtEnd::Cancel {
            act.finish();
            return true;
        }
        let mut any_open = false;
        for slice in view.slices() {
            any_open = true;
            let asked = matches!(slice.status, OrderStatus::PendingCancel | OrderStatus::Unknown);
            if self.taken_at.is_none() && !asked {
                act.cancel(slice.id);
            }
        }
        if any_open {
            return true;
        }
        let rest = view.fit(view.remaining());
        let in_vain = self.taken_at.is_some_and(|before| before >= view.filled());
        if rest.is_zero() || in_vain {
            act.finish();
        } else if view.can_send() {
            self.taken_at = Some(view.filled());
            act.slice(Slice::market(rest).immediate());
        }
        true
    }
}
