//! What can go wrong.

use std::path::PathBuf;

use algoflow_core::{error::NumberError, id::InstrumentId, time::Timestamp};

/// Why an analysis could not be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalyticsError {
    /// Too few equity points: a return needs two.
    #[error("{count} equity points; at least 2 are needed")]
    TooFewPoints {
        /// How many there were.
        count: usize,
    },
    /// An equity that is NaN or infinite.
    #[error("the equity at {ts} is {equity}, which is not a finite number")]
    NotFinite {
        /// When.
        ts: Timestamp,
        /// The equity.
        equity: f64,
    },
    /// Nothing to earn a return on at the start.
    #[error("the first equity, at {ts}, is {equity}; it must be above zero")]
    NoCapital {
        /// When.
        ts: Timestamp,
        /// The equity.
        equity: f64,
    },
    /// Times that go back.
    #[error("the time {next} follows {previous}; times must not go back")]
    TimeOrder {
        /// The earlier entry.
        previous: Timestamp,
        /// The entry after it.
        next: Timestamp,
    },
    /// Two series that should be of one length.
    #[error("{what}: {left} and {right} entries; they must be as many")]
    LengthMismatch {
        /// Which series.
        what: &'static str,
        /// The length of the first.
        left: usize,
        /// The length of the second.
        right: usize,
    },
    /// A return below -1, NaN or infinite.
    #[error("the return at {ts} is {value}; it must be a finite number of at least -1")]
    InvalidReturn {
        /// When.
        ts: Timestamp,
        /// The return.
        value: f64,
    },
    /// A price bar that is not one.
    #[error("the price bar of {instrument} at {ts} is not valid: {reason}")]
    InvalidBar {
        /// Whose.
        instrument: InstrumentId,
        /// When.
        ts: Timestamp,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An option out of its range.
    #[error("the option {name} is {value}; it must be {expected}")]
    InvalidOption {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A fill of an instrument that is not described.
    #[error("there is a fill of {instrument}, but no description of it among the instruments")]
    UnknownInstrument {
        /// Which.
        instrument: InstrumentId,
    },
    /// A fill with a quantity of zero or below.
    #[error("the fill {fill} has a quantity that is not above zero")]
    InvalidFill {
        /// The id of the fill.
        fill: String,
    },
    /// Arithmetic on prices, quantities or money that does not fit.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A result that cannot be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A picture that cannot be drawn or encoded.
    #[error("cannot draw the picture: {reason}")]
    Picture {
        /// Why.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl AnalyticsError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooFewPoints { .. } => "ANALYTICS_TOO_FEW_POINTS",
            Self::NotFinite { .. } => "ANALYTICS_NOT_FINITE",
            Self::NoCapital { .. } => "ANALYTICS_NO_CAPITAL",
            Self::TimeOrder { .. } => "ANALYTICS_TIME_ORDER",
            Self::LengthMismatch { .. } => "ANALYTICS_LENGTH_MISMATCH",
            Self::InvalidReturn { .. } => "ANALYTICS_INVALID_RETURN",
            Self::InvalidBar { .. } => "ANALYTICS_INVALID_BAR",
            Self::InvalidOption { .. } => "ANALYTICS_INVALID_OPTION",
            Self::UnknownInstrument { .. } => "ANALYTICS_UNKNOWN_INSTRUMENT",
            Self::InvalidFill { .. } => "ANALYTICS_INVALID_FILL",
            Self::Number(error) => error.code(),
            Self::Json(_) => "ANALYTICS_JSON",
            Self::Picture { .. } => "ANALYTICS_PICTURE",
            Self::Write { .. } => "ANALYTICS_WRITE",
        }
    }
}

/// The result of an analysis.
pub type Result<T> = std::result::Result<T, AnalyticsError>;
