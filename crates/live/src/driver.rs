//! The tokio driver: it carries out what a [`Session`](crate::session::Session) wants, and tells it what happened.
//!
//! One task decides: it owns the session. Every venue has a task that reads its stream, every request a task of its own, the journal one
//! that writes. Between them are queues:
//!
//! | queue | bound | when it is full |
//! |---|---|---|
//! | events of a venue | [`MAX_EVENTS`] | market data are dropped and reported as a gap; what is told of orders and of the account waits |
//! | answers of venues | one for each request | - |
//! | entries for the journal | [`MAX_QUEUED_ENTRIES`](crate::journal::MAX_QUEUED_ENTRIES) | deciding waits |
//! | orders of an operator | [`MAX_CONTROLS`] | the operator waits |

mod clock;
mod guard;
mod handle;
mod journal;
mod observer;
mod paced;
mod pump;
mod recent;
mod run;
mod setup;
mod snapshot;
mod wish;

pub use clock::{Clock, SystemClock};
pub use guard::Guarded;
pub use handle::{Controlled, Handle, Outcome, Status};
pub use observer::{BEAT, Observer, QUEUES};
pub use recent::{MAX_RECENT_FILLS, RecentFills};
pub use setup::{Live, LiveConfig, Ready, SNAPSHOT_EVERY};
pub use wish::View;

use algoflow_core::{
    error::{InstrumentError, VenueError},
    id::VenueId,
};
use algoflow_execution::EngineError;

use crate::{journal::StoreError, paper::PaperError, session::SessionError};

/// How many events of a venue wait to be decided on.
pub const MAX_EVENTS: usize = 65_536;

/// How many orders of an operator wait.
pub const MAX_CONTROLS: usize = 64;

/// Why trading could not begin, or ended at once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine or the session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The engine, while it was set up or recovered.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A paper venue.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// A name that is not one.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// A venue that cannot be reached at the start.
    #[error("{venue}: {source}")]
    Venue {
        /// Which.
        venue: VenueId,
        /// What it said.
        source: VenueError,
    },
    /// Something is missing, or does not go together.
    #[error("{0}")]
    Setup(String),
    /// The journal is of other strategies than these.
    #[error(
        "the journal is of the strategies {recorded}, these are {given}: go on with those, or begin a new journal"
    )]
    Strategies {
        /// Those of the journal.
        recorded: String,
        /// Those that were given.
        given: String,
    },
    /// The recorded data ended with an error.
    #[error("{venue} stopped to play back its data: {reason}")]
    Recording {
        /// Which venue.
        venue: VenueId,
        /// Why.
        reason: String,
    },
    /// The engine does not do what an operator asked for.
    #[error("{what}: {text}")]
    Refused {
        /// What was asked for.
        what: String,
        /// A stable code of the engine.
        code: String,
        /// Why.
        text: String,
    },
    /// The driver's own task is gone.
    #[error("trading ended without saying why")]
    Gone,
}

impl LiveError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Session(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Paper(error) => error.code(),
            Self::Instrument(error) => error.code(),
            Self::Venue { source, .. } => source.code(),
            Self::Setup(_) => "LIVE_SETUP",
            Self::Strategies { .. } => "LIVE_STRATEGIES",
            Self::Recording { .. } => "LIVE_RECORDING",
            Self::Refused { .. } => "LIVE_REFUSED",
            Self::Gone => "LIVE_GONE",
        }
    }
}
