use std::collections::{BTreeMap, VecDeque};

use algoflow_core::{
    Decimal,
    time::{TimeDelta, Timestamp},
};
use serde::{Deserialize, Serialize};

/// For how many sets of listings it is kept whose turn it is. Of more, the one that was used longest ago begins anew.
pub const MAX_TURNS: usize = 1_024;

/// Whose turn it is, and how much was sent where.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rotation {
    /// The one used last comes last.
    turns: VecDeque<Turn>,
    day: Option<Timestamp>,
    /// By instrument: what routed slices of this day were worth, in the quote.
    sent: BTreeMap<usize, Decimal>,
}

/// A strategy's turn among the same listings.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Turn {
    strategy: u16,
    listings: Vec<usize>,
    next: usize,
}

impl Rotation {
    /// The place of the listing whose turn it is.
    pub(crate) fn turn(&self, strategy: u16, listings: &[usize]) -> usize {
        let known = self.turns.iter().find(|turn| turn.is_of(strategy, listings));
        known.map_or(0, |turn| turn.next)
    }

    /// Something was sent to the listing at `place`: it is the turn of the one after it.
    pub(crate) fn took(&mut self, strategy: u16, listings: Vec<usize>, place: usize) {
        self.turns.retain(|turn| !turn.is_of(strategy, &listings));
        if self.turns.len() >= MAX_TURNS {
            self.turns.pop_front();
        }
        let next = (place + 1) % listings.len().max(1);
        self.turns.push_back(Turn { strategy, listings, next });
    }

    /// What was sent to a listing on the day of `now`.
    pub(crate) fn sent_to(&self, instrument: usize, now: Timestamp) -> Decimal {
        let today = self.day == Some(day_of(now));
        self.sent.get(&instrument).copied().filter(|_| today).unwrap_or(Decimal::ZERO)
    }

    /// A slice that is worth so much was sent.
    pub(crate) fn note_sent(&mut self, instrument: usize, worth: Decimal, now: Timestamp) {
        let day = Some(day_of(now));
        if self.day != day {
            self.sent.clear();
            self.day = day;
        }
        let sum = self.sent.entry(instrument).or_default();
        *sum = sum.checked_add(worth).unwrap_or(Decimal::MAX);
    }
}

impl Turn {
    fn is_of(&self, strategy: u16, listings: &[usize]) -> bool {
        self.strategy == strategy && self.listings == listings
    }
}

fn day_of(now: Timestamp) -> Timestamp {
    now.floor_to(TimeDelta::days(1))
}

/// A number that belongs to a name on every machine and in every version: FNV-1a of 64 bits.
pub(crate) fn stable_hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round_for_each_strategy_and_set_of_listings() {
        let mut rotation = Rotation::default();
        for expected in [0, 1, 2, 0] {
            let place = rotation.turn(0, &[4, 5, 6]);
            assert_eq!(place, expected);
            rotation.took(0, vec![4, 5, 6], place);
        }
        assert_eq!((rotation.turn(1, &[4, 5, 6]), rotation.turn(0, &[4, 5])), (0, 0));
        // The oldest is forgotten when there are too many.
        (0..MAX_TURNS).for_each(|other| rotation.took(7, vec![other], 0));
        assert_eq!((rotation.turn(0, &[4, 5, 6]), rotation.turns.len()), (0, MAX_TURNS));
    }

    #[test]
    fn what_was_sent_is_counted_by_day() {
        let mut rotation = Rotation::default();
        let hour = |hour| Timestamp::EPOCH.saturating_add(TimeDelta::hours(hour));
        rotation.note_sent(3, Decimal::TEN, hour(1));
        rotation.note_sent(3, Decimal::ONE, hour(23));
        assert_eq!(rotation.sent_to(3, hour(23)), Decimal::from(11));
        assert_eq!(
            (rotation.sent_to(3, hour(24)), rotation.sent_to(4, hour(23))),
            (Decimal::ZERO, Decimal::ZERO)
        );
        rotation.note_sent(4, Decimal::ONE, hour(25));
        assert_eq!(
            (rotation.sent_to(3, hour(25)), rotation.sent_to(4, hour(25))),
            (Decimal::ZERO, Decimal::ONE)
        );
    }

    #[test]
    fn a_name_has_one_number() {
        // The published test values of FNV-1a.
        assert_eq!(stable_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(stable_hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(stable_hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
