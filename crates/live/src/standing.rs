//! How far a venue can be relied on.

use std::fmt;

use algoflow_core::{id::VenueId, time::Timestamp};
use algoflow_execution::Input;

/// How far a venue can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is connected, and its account agrees with our books.
    Ready,
    /// It is not known whether its account agrees with our books.
    Uncertain,
    /// It is not connected.
    Down,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "ready",
            Self::Uncertain => "uncertain",
            Self::Down => "down",
        })
    }
}

/// All open orders are to end.
pub(crate) fn cancel_all(_at: Timestamp) -> Option<Input> {
    None
}

/// What the engine is told of it.
pub(crate) fn input(_venue: VenueId, _standing: Standing, _why: String, _at: Timestamp) -> Option<Input> {
    None
}
