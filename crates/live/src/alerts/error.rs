//! [`AlertError`].

/// Why alerts cannot be set up. No variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlertError {
    /// A rule sends to a sink that there is not.
    #[error("a rule sends to the sink {sink:?}, which is not configured")]
    UnknownSink {
        /// Its name.
        sink: String,
    },
    /// No rule sends to a sink.
    #[error("no rule sends to the sink {sink:?}")]
    UnusedSink {
        /// Its name.
        sink: String,
    },
    /// Two sinks have one name.
    #[error("two sinks are named {sink:?}")]
    SameName {
        /// The name.
        sink: String,
    },
    /// There are too many sinks or rules.
    #[error("there are {count} {what}, but at most {most} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The most.
        most: usize,
    },
    /// A setting is wrong.
    #[error("{setting} of the sink {sink:?}: {reason}")]
    Setting {
        /// Of which sink; empty if it is of none.
        sink: String,
        /// Which.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A secret cannot be hidden in logs, so that it is not used.
    #[error("the secret of the sink {sink:?} cannot be used: {reason}")]
    Secret {
        /// Of which sink.
        sink: String,
        /// Why.
        reason: String,
    },
}

impl AlertError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownSink { .. } => "ALERT_UNKNOWN_SINK",
            Self::UnusedSink { .. } => "ALERT_UNUSED_SINK",
            Self::SameName { .. } => "ALERT_SAME_NAME",
            Self::TooMany { .. } => "ALERT_TOO_MANY",
            Self::Setting { .. } => "ALERT_SETTING",
            Self::Secret { .. } => "ALERT_SECRET",
        }
    }
}
