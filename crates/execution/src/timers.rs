//! Times that strategies asked for, and deadlines of orders and bars.

use std::collections::BTreeMap;

use algoflow_core::{id::OrderId, state::Timer, time::Timestamp};

/// What a time was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Alarm {
    /// A strategy's own timer.
    Strategy { strategy: usize, timer: Timer },
    /// An order's time runs out.
    Expire(OrderId),
    /// Bars that end before this time are complete.
    Bars { instrument: usize },
}

/// Alarms by time, then by the order in which they were set.
#[derive(Debug)]
pub(crate) struct Timers {
    alarms: BTreeMap<(Timestamp, u64), Alarm>,
    sequence: u64,
    next: Timestamp,
}

impl Default for Timers {
    fn default() -> Self {
        Self { alarms: BTreeMap::new(), sequence: 0, next: Timestamp::MAX }
    }
}

impl Timers {
    /// The earliest alarm; a plain field, since it is read for every event.
    #[inline]
    pub(crate) fn next(&self) -> Timestamp {
        self.next
    }

    pub(crate) fn set(&mut self, at: Timestamp, alarm: Alarm) {
        self.sequence += 1;
        self.alarms.insert((at, self.sequence), alarm);
        self.next = self.next.min(at);
    }

    /// Takes the earliest alarm at or before `now`.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Alarm)> {
        if self.next > now {
            return None;
        }
        let entry = self.alarms.first_entry().filter(|entry| entry.key().0 <= now);
        let popped = entry.map(|entry| {
            let at = entry.key().0;
            (at, entry.remove())
        });
        self.refresh();
        popped
    }

    /// Takes back a strategy's timer.
    pub(crate) fn remove(&mut self, strategy: usize, name: &str) {
        self.alarms.retain(|_, alarm| {
            !matches!(alarm, Alarm::Strategy { strategy: owner, timer } if *owner == strategy && timer.name == name)
        });
        self.refresh();
    }

    fn refresh(&mut self) {
        self.next = self.alarms.first_key_value().map_or(Timestamp::MAX, |((at, _), _)| *at);
    }
}
