use super::codes;
use crate::{order::RejectCode, time::TimeDelta};

/// What became of a request to a venue that was not confirmed.
///
/// The difference that matters: after [`VenueError::NotSent`] and [`VenueError::Rejected`] the venue surely does
/// not have the order, after [`VenueError::Unknown`] it may. An unknown outcome must never be retried; it ends only
/// by proof.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VenueError {
    /// The request surely never reached the venue.
    #[error("not sent: {reason}")]
    NotSent {
        /// Why.
        reason: String,
    },
    /// The venue surely refused.
    #[error("rejected ({code}): {text}")]
    Rejected {
        /// A stable code.
        code: RejectCode,
        /// The venue's words.
        text: String,
    },
    /// Too many requests; the venue did nothing.
    #[error("rate limited; try again in {retry_after}")]
    RateLimited {
        /// When a new attempt makes sense.
        retry_after: TimeDelta,
    },
    /// The request was sent, and nobody knows what became of it.
    #[error("outcome unknown: {evidence}")]
    Unknown {
        /// What was seen.
        evidence: String,
    },
    /// The venue cannot do this.
    #[error("{venue} does not support {what}")]
    Unsupported {
        /// The venue.
        venue: crate::id::VenueId,
        /// What was asked for.
        what: String,
    },
    /// The credentials were refused.
    #[error("authentication failed: {reason}")]
    Authentication {
        /// Why.
        reason: String,
    },
    /// The connection failed before anything was asked.
    #[error("connection: {reason}")]
    Connection {
        /// Why.
        reason: String,
    },
    /// The venue said something that cannot be understood.
    #[error("protocol: {reason}")]
    Protocol {
        /// What.
        reason: String,
    },
}

impl VenueError {
    /// Whether the request surely had no effect, so that sending it again is safe.
    #[must_use]
    pub const fn had_no_effect(&self) -> bool {
        !matches!(self, Self::Unknown { .. } | Self::Protocol { .. })
    }
}

codes!(VenueError {
    NotSent => "VENUE_NOT_SENT",
    Rejected => "VENUE_REJECTED",
    RateLimited => "VENUE_RATE_LIMITED",
    Unknown => "VENUE_OUTCOME_UNKNOWN",
    Unsupported => "VENUE_UNSUPPORTED",
    Authentication => "VENUE_AUTHENTICATION",
    Connection => "VENUE_CONNECTION",
    Protocol => "VENUE_PROTOCOL",
});
