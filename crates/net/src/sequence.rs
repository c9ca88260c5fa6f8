//! Numbers that tell of lost messages.
//!
//! - **S1** *Contiguous*: each message has the number after the last one's.
//! - **S2** *Chained*: each message covers a range of numbers and names the last number of the one before (`U`, `u`, `pu` at Binance's
//!   futures). Where it names none (Binance spot), its range must begin right after the last one's end.
//! - **S3** *Increasing*: numbers only grow, holes mean nothing. Such a stream cannot show a gap, only what is repeated.
//! - **S4** A message that ends no later than the last one is a duplicate, and is to be dropped; if it ends more than [`Rules::reset_below`] numbers
//!   before, the venue has begun to count anew: a reset. One that begins earlier and ends later overlaps: it is new, where its numbers are
//!   absolute, as book levels are.
//! - **S5** After a gap, a reset or a checksum that differs, the stream is out of step: every message is stale until a snapshot is taken in.
//! - **S6** A snapshot has a number. Messages up to it are duplicates; the first one after it must cover the next number, or be chained to it.
//!   With a snapshot that is too old for the messages that follow, there is a gap at once, and another one is needed.

mod tracker;

pub use tracker::{MAX_STREAMS, SequenceTracker};

/// What a message says of its place in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The first number that it covers.
    pub first: u64,
    /// The last number that it covers.
    pub last: u64,
    /// The last number of the message before, where the venue says it.
    pub previous: Option<u64>,
}

impl Numbers {
    /// A message with one number.
    #[must_use]
    pub const fn one(number: u64) -> Self {
        Self { first: number, last: number, previous: None }
    }

    /// A message that covers a range.
    #[must_use]
    pub const fn range(first: u64, last: u64) -> Self {
        Self { first, last, previous: None }
    }

    /// The same, chained to the message that ended with `previous`.
    #[must_use]
    pub const fn after(self, previous: u64) -> Self {
        Self { previous: Some(previous), ..self }
    }
}

/// How numbers of a stream follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// S1.
    Contiguous,
    /// S2.
    Chained,
    /// S3.
    Increasing,
}

/// The rules of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How numbers follow each other.
    pub order: Order,
    /// A number that is lower by more than this is of a new count (S4).
    pub reset_below: u64,
    /// Whether messages make no sense before a snapshot, as for books. Trades need none: the first message begins.
    pub needs_snapshot: bool,
}

impl Rules {
    /// A stream that begins with its first message; a number lower by more than 10,000 is of a new count.
    #[must_use]
    pub const fn new(order: Order) -> Self {
        Self { order, reset_below: 10_000, needs_snapshot: false }
    }

    /// The same, for a stream that makes no sense before a snapshot.
    #[must_use]
    pub const fn from_snapshot(self) -> Self {
        Self { needs_snapshot: true, ..self }
    }
}

/// What is to be thought of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It is the next one.
    Next,
    /// It was there before: drop it.
    Duplicate,
    /// Messages were lost before it (S5). Ask for a snapshot.
    Gap {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// The venue counts anew (S5). Ask for a snapshot.
    Reset {
        /// The last number of the old count.
        last: u64,
        /// The number that came.
        got: u64,
    },
    /// The checksum of what we have is not that of the venue (S5). Ask for a snapshot.
    Mismatch {
        /// What the venue says.
        theirs: u64,
        /// What we compute.
        ours: u64,
    },
    /// The stream is out of step, and this message changes nothing about it (S5). Keep it until the snapshot comes, if the venue's protocol
    /// says so.
    Stale,
}

impl Step {
    /// Whether a snapshot has to be asked for now.
    #[must_use]
    pub const fn needs_snapshot(self) -> bool {
        matches!(self, Self::Gap { .. } | Self::Reset { .. } | Self::Mismatch { .. })
    }
}

#[cfg(test)]
mod tests;
