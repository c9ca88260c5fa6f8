use algoflow_core::time::TimeDelta;

use super::Message;

/// What a WebSocket tells its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection is up, and what is sent first was sent.
    Connected {
        /// How many attempts it took since the last connection.
        attempts: u32,
    },
    /// A message came.
    Message(Message),
    /// Messages were lost because nobody read them ([`Overflow::DropOldest`](super::Overflow::DropOldest)).
    Lost {
        /// How many, from here on.
        count: u64,
    },
    /// The connection is lost. Another attempt is made.
    Disconnected {
        /// Why.
        reason: Dropped,
        /// How many messages waited to be sent and were not.
        unsent: usize,
        /// When the next attempt is made.
        again_in: TimeDelta,
    },
    /// An attempt to connect failed. Another one is made.
    Failed {
        /// Why.
        reason: Dropped,
        /// When the next attempt is made.
        again_in: TimeDelta,
    },
    /// As many attempts failed as were allowed. Nothing follows.
    GaveUp {
        /// Why the last one failed.
        reason: Dropped,
    },
}

/// Why there is no connection (any more).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Dropped {
    /// No connection was made: name, address, TLS, timeout.
    #[error("no connection: {reason}")]
    NoConnection {
        /// What failed.
        reason: String,
    },
    /// The venue answered the handshake with something else.
    #[error("the handshake was refused with status {status}: {text}")]
    Refused {
        /// The status.
        status: u16,
        /// The venue's words.
        text: String,
        /// How long it wants to be left alone.
        retry_after: Option<TimeDelta>,
    },
    /// The venue closed it.
    #[error("closed by the venue with code {code}: {text}")]
    Closed {
        /// The close code (RFC 6455, section 7.4); 1005 if there was none.
        code: u16,
        /// The venue's words.
        text: String,
    },
    /// It ended without being closed.
    #[error("the connection ended: {reason}")]
    Ended {
        /// What was seen.
        reason: String,
    },
    /// Nothing came any more, not even an answer to a ping (W1).
    #[error("nothing came for {silence}")]
    Silent {
        /// For how long.
        silence: TimeDelta,
    },
    /// It is connected, but a stream is mute (W2).
    #[error("nothing came of {stream} for {silence}")]
    Stale {
        /// The stream.
        stream: String,
        /// For how long.
        silence: TimeDelta,
    },
    /// A message was larger than allowed (W7).
    #[error("a message is too large: {reason}")]
    TooLarge {
        /// Its size and the limit.
        reason: String,
    },
    /// The venue broke the protocol (W7).
    #[error("the protocol was broken: {reason}")]
    Protocol {
        /// How.
        reason: String,
    },
    /// Messages were not read quickly enough ([`Overflow::Reconnect`](super::Overflow::Reconnect)).
    #[error("{waiting} messages wait to be read")]
    Overflow {
        /// How many wait.
        waiting: usize,
    },
    /// The protocol or the user wanted a new connection.
    #[error("asked to reconnect: {reason}")]
    Asked {
        /// Why.
        reason: String,
    },
}

impl Dropped {
    /// A name of the reason that stays the same between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoConnection { .. } => "WS_NO_CONNECTION",
            Self::Refused { .. } => "WS_REFUSED",
            Self::Closed { .. } => "WS_CLOSED",
            Self::Ended { .. } => "WS_ENDED",
            Self::Silent { .. } => "WS_SILENT",
            Self::Stale { .. } => "WS_STALE",
            Self::TooLarge { .. } => "WS_TOO_LARGE",
            Self::Protocol { .. } => "WS_PROTOCOL",
            Self::Overflow { .. } => "WS_OVERFLOW",
            Self::Asked { .. } => "WS_ASKED",
        }
    }

    /// How long the venue wants to be left alone.
    pub(super) fn at_least(&self) -> TimeDelta {
        match self {
            Self::Refused { retry_after, .. } => retry_after.unwrap_or(TimeDelta::ZERO),
            _ => TimeDelta::ZERO,
        }
    }
}
