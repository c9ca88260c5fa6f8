use std::collections::BTreeMap;

use algoflow_core::time::Timestamp;

use super::{Cost, Priority, RateLimits, Verdict};
use crate::error::NetError;

/// How many requests wait for one limiter at most (L6).
pub const MAX_WAITING: usize = 1_024;

/// A place in the queue: by priority, then in the order of coming.
pub(super) type Place = (Priority, u64);

/// Those who wait, in the order in which they are served (L6).
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Place, Cost>,
    came: u64,
}

/// What one who waits is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Go; the place is given up.
    Go,
    /// Ask again at this time, or when somebody else went.
    At(Timestamp),
    /// Ask again when somebody else went or left.
    After,
}

impl Queue {
    /// A place at the end of its priority; `None` if the queue is full.
    pub(super) fn join(&mut self, cost: Cost, priority: Priority) -> Option<Place> {
        if self.waiting.len() >= MAX_WAITING {
            return None;
        }
        self.came += 1;
        self.waiting.insert((priority, self.came), cost);
        Some((priority, self.came))
    }

    pub(super) fn leave(&mut self, place: Place) {
        self.waiting.remove(&place);
    }

    /// Whether it is the turn of one who waits.
    pub(super) fn turn(
        &mut self,
        place: Place,
        limits: &mut RateLimits,
        now: Timestamp,
    ) -> Result<Turn, NetError> {
        let Some(cost) = self.waiting.get(&place) else { return Ok(Turn::After) };
        if self.waiting.range(..place).any(|(_, ahead)| ahead.shares_with(cost)) {
            return Ok(Turn::After);
        }
        Ok(match limits.ask(cost, place.0, now)? {
            Verdict::Wait(time) => Turn::At(time),
            Verdict::Go => {
                self.waiting.remove(&place);
                Turn::Go
            }
        })
    }
}
