use algoflow_core::{error::AccountError, id::VenueId};
use algoflow_sim::SimError;

/// What can go wrong with a paper venue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaperError {
    /// The simulated matching.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A venue at which nothing can be traded.
    #[error("{venue} has neither cash nor instruments")]
    Empty {
        /// Which.
        venue: VenueId,
    },
    /// A venue that would delay its data.
    #[error("{venue} has a feed latency: data that are played back or live have their own")]
    FeedLatency {
        /// Which.
        venue: VenueId,
    },
    /// The recorded data cannot be read.
    #[error("the recorded data: {0}")]
    Recording(String),
    /// The recorded data are not those of which the journal tells.
    #[error("the journal's entry {sequence} does not follow from the recorded data: {reason}")]
    Rebuild {
        /// Which entry.
        sequence: u64,
        /// What differs.
        reason: String,
    },
}

impl PaperError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sim(_) => "PAPER_SIMULATION",
            Self::Account(error) => error.code(),
            Self::Empty { .. } => "PAPER_EMPTY",
            Self::FeedLatency { .. } => "PAPER_FEED_LATENCY",
            Self::Recording(_) => "PAPER_RECORDING",
            Self::Rebuild { .. } => "PAPER_REBUILD",
        }
    }
}
