use std::collections::BTreeMap;

use super::{Numbers, Order, Rules, Step};
use crate::error::NetError;

/// How many streams one tracker follows at most; one more is refused.
pub const MAX_STREAMS: usize = 65_536;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing came yet.
    New,
    /// In step up to this number.
    At(u64),
    /// A snapshot of this number was taken in, and nothing after it came yet (S6).
    Snapshot(u64),
    /// Out of step (S5).
    Lost,
}

/// Follows the numbers of many streams (see the [module](super) for the rules). A stream is named by anything with an order: an
/// instrument, a channel with an instrument.
///
/// ```
/// use algoflow_net::sequence::{Numbers, Order, Rules, SequenceTracker, Step};
///
/// let mut tracker = SequenceTracker::new(Rules::new(Order::Contiguous));
/// assert_eq!(tracker.observe(&"trades", Numbers::one(7))?, Step::Next);
/// assert_eq!(tracker.observe(&"trades", Numbers::one(8))?, Step::Next);
/// assert_eq!(tracker.observe(&"trades", Numbers::one(10))?, Step::Gap { expected: 9, got: 10 });
/// assert_eq!(tracker.observe(&"trades", Numbers::one(11))?, Step::Stale);
/// tracker.snapshot(&"trades", 11)?;
/// assert_eq!(tracker.observe(&"trades", Numbers::one(12))?, Step::Next);
/// # Ok::<(), algoflow_net::NetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SequenceTracker<K> {
    rules: Rules,
    streams: BTreeMap<K, Place>,
}

impl<K: Ord + Clone + std::fmt::Debug> SequenceTracker<K> {
    /// A tracker of streams that all follow `rules`.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self { rules, streams: BTreeMap::new() }
    }

    /// A message came.
    ///
    /// # Errors
    /// [`NetError::TooManyStreams`] for a new stream beyond [`MAX_STREAMS`].
    pub fn observe(&mut self, stream: &K, numbers: Numbers) -> Result<Step, NetError> {
        let rules = self.rules;
        let place = self.place(stream)?;
        let (step, next) = follow(rules, *place, numbers);
        *place = next;
        Ok(step)
    }

    /// A snapshot with this number was taken in: the stream is in step again (S6).
    ///
    /// # Errors
    /// As [`SequenceTracker::observe`].
    pub fn snapshot(&mut self, stream: &K, number: u64) -> Result<(), NetError> {
        *self.place(stream)? = Place::Snapshot(number);
        Ok(())
    }

    /// The venue sent a checksum, and `ours` computes that of what we have. It is computed only if the stream is in step: out of step
    /// it would differ anyway.
    ///
    /// # Errors
    /// As [`SequenceTracker::observe`].
    pub fn checksum(
        &mut self,
        stream: &K,
        theirs: u64,
        ours: impl FnOnce() -> u64,
    ) -> Result<Step, NetError> {
        let place = self.place(stream)?;
        if !matches!(place, Place::At(_) | Place::Snapshot(_)) {
            return Ok(Step::Stale);
        }
        let ours = ours();
        if ours == theirs {
            return Ok(Step::Next);
        }
        *place = Place::Lost;
        Ok(Step::Mismatch { theirs, ours })
    }

    /// The connection was lost. Streams that need a snapshot are out of step, as messages may have been missed; the others begin with
    /// their next message.
    pub fn disconnected(&mut self) {
        let place = if self.rules.needs_snapshot { Place::Lost } else { Place::New };
        self.streams.values_mut().for_each(|stream| *stream = place);
    }

    /// The stream is followed no more.
    pub fn forget(&mut self, stream: &K) {
        self.streams.remove(stream);
    }

    /// Whether what we have of the stream is complete.
    #[must_use]
    pub fn is_in_step(&self, stream: &K) -> bool {
        matches!(self.streams.get(stream), Some(Place::At(_) | Place::Snapshot(_)))
    }

    fn place(&mut self, stream: &K) -> Result<&mut Place, NetError> {
        if self.streams.len() >= MAX_STREAMS && !self.streams.contains_key(stream) {
            return Err(NetError::TooManyStreams { stream: format!("{stream:?}"), most: MAX_STREAMS });
        }
        Ok(self.streams.entry(stream.clone()).or_insert(Place::New))
    }
}

/// What a message means to a stream at `place`, and where the stream is after it.
fn follow(rules: Rules, place: Place, numbers: Numbers) -> (Step, Place) {
    let (at, after_snapshot) = match place {
        Place::New if rules.needs_snapshot => return (Step::Stale, Place::Lost),
        Place::New => return (Step::Next, Place::At(numbers.last)),
        Place::Lost => return (Step::Stale, Place::Lost),
        Place::At(at) => (at, false),
        Place::Snapshot(at) => (at, true),
    };
    if numbers.last <= at {
        // A snapshot can be far ahead of the messages that were on their way (S6).
        if !after_snapshot && at - numbers.last > rules.reset_below {
            return (Step::Reset { last: at, got: numbers.last }, Place::Lost);
        }
        return (Step::Duplicate, place);
    }
    let expected = at.saturating_add(1);
    // It may overlap what we have, but must leave no hole (S4).
    let touches = numbers.first <= expected;
    let fits = match (rules.order, numbers.previous) {
        (Order::Increasing, _) => true,
        (Order::Contiguous, _) | (Order::Chained, None) => touches,
        // The message after a snapshot covers the next number, whatever it is chained to.
        (Order::Chained, Some(previous)) => previous == at || (after_snapshot && touches),
    };
    if fits {
        (Step::Next, Place::At(numbers.last))
    } else {
        (Step::Gap { expected, got: numbers.first }, Place::Lost)
    }
}
