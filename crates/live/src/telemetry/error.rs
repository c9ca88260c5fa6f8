//! [`TelemetryError`].

use std::{net::SocketAddr, path::PathBuf};

/// Why logs, metrics or the HTTP endpoint cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// A filter of log lines cannot be understood.
    #[error("the log filter {filter:?} cannot be understood: {reason}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is outside its range.
    #[error("{setting} is {value}, but must be {allowed}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// The log file cannot be opened or written.
    #[error("the log file {path} cannot be written: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A thread could not be started.
    #[error("the thread that writes logs cannot be started: {source}")]
    Thread {
        /// Why.
        source: std::io::Error,
    },
    /// The process logs already: somebody else set up `tracing`.
    #[error("logs are set up already in this process")]
    AlreadySet,
    /// A secret is too short to be hidden.
    #[error("a secret of {bytes} bytes cannot be hidden in logs; it must have at least {least}")]
    SecretTooShort {
        /// Its length.
        bytes: usize,
        /// The least.
        least: usize,
    },
    /// Too many secrets are registered.
    #[error("more than {most} secrets are registered")]
    TooManySecrets {
        /// The most.
        most: usize,
    },
    /// The address of the HTTP endpoint cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The HTTP endpoint ended by an error.
    #[error("the HTTP endpoint failed: {reason}")]
    Http {
        /// Why.
        reason: String,
    },
    /// The exporter of spans cannot be set up.
    #[error("spans cannot be exported to {endpoint}: {reason}")]
    Otlp {
        /// Where to.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// A setting needs a feature that this build does not have.
    #[error("{setting} is set, but this build lacks the feature {feature:?}")]
    Feature {
        /// Which setting.
        setting: &'static str,
        /// Which feature.
        feature: &'static str,
    },
}

impl TelemetryError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "TELEMETRY_FILTER",
            Self::Setting { .. } => "TELEMETRY_SETTING",
            Self::File { .. } => "TELEMETRY_FILE",
            Self::Thread { .. } => "TELEMETRY_THREAD",
            Self::AlreadySet => "TELEMETRY_ALREADY_SET",
            Self::SecretTooShort { .. } => "TELEMETRY_SECRET_TOO_SHORT",
            Self::TooManySecrets { .. } => "TELEMETRY_TOO_MANY_SECRETS",
            Self::Listen { .. } => "TELEMETRY_LISTEN",
            Self::Http { .. } => "TELEMETRY_HTTP",
            Self::Otlp { .. } => "TELEMETRY_OTLP",
            Self::Feature { .. } => "TELEMETRY_FEATURE",
        }
    }
}
