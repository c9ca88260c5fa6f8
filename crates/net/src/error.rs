use algoflow_core::error::VenueError;

/// What can go wrong in the parts that connectors are built from, before a venue is asked anything: settings, addresses,
/// credentials, queues that are full. What became of a request to a venue is told by a
/// [`VenueError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// A setting outside its bounds.
    #[error("{name} is {value}, but {reason}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What must hold.
        reason: &'static str,
    },
    /// An address that cannot be used.
    #[error("the address {url} cannot be used: {reason}")]
    Address {
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The secure transport cannot be set up.
    #[error("TLS: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
    /// A request cannot be signed. The text never holds a secret.
    #[error("the request cannot be signed: {reason}")]
    Signing {
        /// Why.
        reason: String,
    },
    /// A rate limit bucket that nobody declared.
    #[error("there is no rate limit named {name}")]
    UnknownLimit {
        /// The name.
        name: String,
    },
    /// A request that weighs more than a bucket ever has.
    #[error("a weight of {weight} never fits into {name}, which has {most}")]
    Weight {
        /// The bucket.
        name: &'static str,
        /// What was asked for.
        weight: u32,
        /// What a request of this priority can have at most.
        most: u32,
    },
    /// More streams are tracked than there may be.
    #[error("stream {stream} would be one more than the {most} that are tracked")]
    TooManyStreams {
        /// The stream that did not fit.
        stream: String,
        /// How many fit.
        most: usize,
    },
    /// The queue of messages to send is full.
    #[error("{waiting} messages wait to be sent already")]
    SendQueueFull {
        /// How many wait.
        waiting: usize,
    },
    /// The connection is down; what was sent would be lost.
    #[error("the connection is down")]
    NotConnected,
    /// The connection was closed for good.
    #[error("the connection is closed")]
    Closed,
}

impl NetError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "NET_SETTING",
            Self::Address { .. } => "NET_ADDRESS",
            Self::Tls { .. } => "NET_TLS",
            Self::Signing { .. } => "NET_SIGNING",
            Self::UnknownLimit { .. } => "NET_UNKNOWN_LIMIT",
            Self::Weight { .. } => "NET_WEIGHT",
            Self::TooManyStreams { .. } => "NET_TOO_MANY_STREAMS",
            Self::SendQueueFull { .. } => "NET_SEND_QUEUE_FULL",
            Self::NotConnected => "NET_NOT_CONNECTED",
            Self::Closed => "NET_CLOSED",
        }
    }

    pub(crate) fn setting(name: &'static str, value: impl ToString, reason: &'static str) -> Self {
        Self::Setting { name, value: value.to_string(), reason }
    }
}

/// Whatever failed here failed before anything was sent.
impl From<NetError> for VenueError {
    fn from(error: NetError) -> Self {
        Self::NotSent { reason: error.to_string() }
    }
}
