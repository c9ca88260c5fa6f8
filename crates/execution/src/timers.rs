//! Times that strategies asked for, and deadlines of orders and bars.

use std::collections::BTreeMap;

use algoflow_core::{
    id::OrderId,
    state::Timer,
    time::{TimeDelta, Timestamp},
};
use serde::{Deserialize, Serialize};

/// What a time was asked for.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Alarm {
    /// A strategy's own timer.
    Strategy { strategy: usize, timer: Timer },
    /// An order's time runs out.
    Expire(OrderId),
    /// Bars that end before this time are complete.
    Bars { instrument: usize },
    /// Losses are to be looked at, and states that end.
    Losses,
    /// The algorithm of an order wants to be called.
    Work(OrderId),
}

/// A time, and a number that tells alarms of one time apart.
type Key = (Timestamp, u64);

/// Alarms as they are written; where each stands follows from them.
#[derive(Debug, Serialize, Deserialize)]
struct Set {
    alarms: Vec<(Key, Alarm)>,
    sequence: u64,
}

impl From<Set> for Timers {
    fn from(set: Set) -> Self {
        let mut timers = Self::default();
        for ((at, sequence), alarm) in set.alarms {
            // Set again as it was: the number is one less before each.
            timers.sequence = sequence.wrapping_sub(1);
            timers.set(at, alarm);
        }
        timers.sequence = set.sequence;
        timers
    }
}

impl From<Timers> for Set {
    fn from(timers: Timers) -> Self {
        let Timers { alarms, named: _, deadlines: _, wakes: _, sequence, next: _ } = timers;
        Self { alarms: alarms.into_iter().collect(), sequence }
    }
}

/// Alarms by time, then by the order in which they were set. A strategy has one of a name, an order one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Set", into = "Set")]
pub(crate) struct Timers {
    alarms: BTreeMap<Key, Alarm>,
    /// Where the timers of strategies stand: by strategy, then by name.
    named: Vec<BTreeMap<String, Key>>,
    /// Where the deadlines of orders stand.
    deadlines: BTreeMap<OrderId, Key>,
    /// Where the alarms of algorithms stand.
    wakes: BTreeMap<OrderId, Key>,
    sequence: u64,
    next: Timestamp,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            alarms: BTreeMap::new(),
            named: Vec::new(),
            deadlines: BTreeMap::new(),
            wakes: BTreeMap::new(),
            sequence: 0,
            next: Timestamp::MAX,
        }
    }
}

impl Timers {
    /// The earliest alarm; a plain field, since it is read for every event.
    #[inline]
    pub(crate) fn next(&self) -> Timestamp {
        self.next
    }

    /// Sets an alarm, in place of the one that the timer's name or the order had.
    pub(crate) fn set(&mut self, at: Timestamp, alarm: Alarm) {
        self.sequence += 1;
        let key = (at, self.sequence);
        let earlier = match &alarm {
            Alarm::Strategy { strategy, timer } => {
                if self.named.len() <= *strategy {
                    self.named.resize_with(strategy + 1, BTreeMap::new);
                }
                self.named.get_mut(*strategy).and_then(|named| named.insert(timer.name.clone(), key))
            }
            Alarm::Expire(order) => self.deadlines.insert(*order, key),
            Alarm::Work(order) => self.wakes.insert(*order, key),
            Alarm::Bars { .. } | Alarm::Losses => None,
        };
        self.alarms.insert(key, alarm);
        self.next = self.next.min(at);
        self.take_back(earlier);
    }

    /// Takes the earliest alarm at or before `now`.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<Alarm> {
        if self.next > now {
            return None;
        }
        let alarm = self.alarms.first_entry().filter(|entry| entry.key().0 <= now)?.remove();
        match &alarm {
            Alarm::Strategy { strategy, timer } => {
                if let Some(named) = self.named.get_mut(*strategy) {
                    named.remove(&timer.name);
                }
            }
            Alarm::Expire(order) => {
                self.deadlines.remove(order);
            }
            Alarm::Work(order) => {
                self.wakes.remove(order);
            }
            Alarm::Bars { .. } | Alarm::Losses => {}
        }
        self.refresh();
        Some(alarm)
    }

    /// Takes back a strategy's timer.
    pub(crate) fn remove(&mut self, strategy: usize, name: &str) {
        let key = self.named.get_mut(strategy).and_then(|named| named.remove(name));
        self.take_back(key);
    }

    /// Takes back the deadline of an order, if it has one.
    #[inline]
    pub(crate) fn remove_deadline(&mut self, order: OrderId) {
        if !self.deadlines.is_empty() {
            let key = self.deadlines.remove(&order);
            self.take_back(key);
        }
    }

    /// Takes back the alarm of an order's algorithm, if it has one.
    pub(crate) fn remove_wake(&mut self, order: OrderId) {
        let key = self.wakes.remove(&order);
        self.take_back(key);
    }

    fn take_back(&mut self, key: Option<Key>) {
        if let Some(key) = key {
            self.alarms.remove(&key);
            self.refresh();
        }
    }

    fn refresh(&mut self) {
        self.next = self.alarms.first_key_value().map_or(Timestamp::MAX, |((at, _), _)| *at);
    }
}

/// The first of `at + every`, `at + 2 * every`, ... after `now`; `None` if there is no such time.
pub(crate) fn next_time(at: Timestamp, every: TimeDelta, now: Timestamp) -> Option<Timestamp> {
    let (at, every) = (i128::from(at.nanos()), i128::from(every.nanos()));
    if every <= 0 {
        return None;
    }
    let past = (i128::from(now.nanos()) - at).max(0);
    i64::try_from(at + (past / every + 1) * every).ok().map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    fn timer(name: &str, nanos: i64) -> Alarm {
        Alarm::Strategy { strategy: 1, timer: Timer { name: name.into(), at: at(nanos), every: None } }
    }

    fn order(sequence: u64) -> OrderId {
        OrderId { run: 1, strategy: 0, sequence }
    }

    #[test]
    fn a_name_and_an_order_have_one_alarm() {
        let mut timers = Timers::default();
        timers.set(at(5), timer("a", 5));
        timers.set(at(9), timer("a", 9));
        timers.set(at(7), Alarm::Expire(order(1)));
        timers.set(at(8), Alarm::Expire(order(1)));
        assert_eq!(timers.next(), at(8));
        timers.remove_deadline(order(1));
        timers.remove_deadline(order(2));
        assert_eq!(timers.next(), at(9));
        timers.remove(0, "a");
        timers.remove(1, "b");
        assert_eq!(timers.pop(at(9)), Some(timer("a", 9)));
        assert_eq!((timers.pop(Timestamp::MAX), timers.next()), (None, Timestamp::MAX));
        assert!(timers.named.iter().all(BTreeMap::is_empty) && timers.deadlines.is_empty());
    }

    #[test]
    fn repeats_stay_on_their_grid() {
        let every = TimeDelta::from_nanos(10);
        assert_eq!(next_time(at(3), every, at(3)), Some(at(13)));
        assert_eq!(next_time(at(3), every, at(12)), Some(at(13)));
        assert_eq!(next_time(at(3), every, at(13)), Some(at(23)));
        assert_eq!(next_time(at(3), every, at(-5)), Some(at(13)), "not before its own time");
        assert_eq!(next_time(Timestamp::MIN, every, at(0)), Some(at(2)));
        assert_eq!(next_time(at(3), every, Timestamp::MAX), None);
    }
}
