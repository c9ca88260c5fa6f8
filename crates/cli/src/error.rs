//! What can go wrong, and with which exit code the command then ends.

use std::fmt;

use algoflow_backtest::BacktestError;
use algoflow_data::DataError;
#[cfg(unix)]
use algoflow_live::control::ControlError;
use algoflow_live::{driver::LiveError, journal::StoreError, paper::PaperError};

use crate::diagnostic::Diagnostic;

/// The exit codes of the command.
pub mod exit {
    /// All went well.
    pub const OK: u8 = 0;
    /// The run failed: a strategy was halted, or a result could not be written.
    pub const RUN: u8 = 1;
    /// The command line or the configuration is wrong.
    pub const USAGE: u8 = 2;
    /// The data are missing, malformed or empty.
    pub const DATA: u8 = 3;
    /// Trading could not begin or broke off, the journal cannot be used, or the process that was asked did not answer or refused.
    pub const LIVE: u8 = 4;
    /// Trading ended, but it is not known what became of some orders.
    pub const UNCLEAN: u8 = 5;
    /// A second signal ended trading at once.
    pub const INTERRUPTED: u8 = 6;
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The configuration is wrong, in one or more places.
    #[error("{}", Joined(.0))]
    Config(Vec<Diagnostic>),
    /// The command line is wrong.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Data could not be read or stored.
    #[error("{context}{source}")]
    Data {
        /// Where in the configuration, or empty.
        context: String,
        /// What went wrong.
        source: Box<DataError>,
        /// What to do.
        help: Option<String>,
    },
    /// There are no data where some are needed.
    #[error("{message}")]
    NoData {
        /// What is missing.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// The backtest stopped.
    #[error(transparent)]
    Backtest(Box<BacktestError>),
    /// Strategies were halted by errors of their own; the rest of the run is complete.
    #[error("{message}")]
    Halted {
        /// Which, when and why.
        message: String,
    },
    /// Trading could not begin, or broke off.
    #[error(transparent)]
    Live(Box<LiveError>),
    /// The process that was asked did not answer, or refused.
    #[cfg(unix)]
    #[error("{source}")]
    Control {
        /// What went wrong.
        source: ControlError,
        /// What to do.
        help: Option<String>,
    },
    /// Keys that may not change.
    #[error("{keys} cannot change {}; nothing was changed", if *running { "while trading runs" } else { "in a run that goes on" })]
    Fixed {
        /// Which.
        keys: String,
        /// Whether trading runs.
        running: bool,
    },
    /// Trading cannot go on.
    #[error("{message}")]
    Run {
        /// Why.
        message: String,
    },
    /// Trading ended, but not cleanly.
    #[error("{message}")]
    Unclean {
        /// What is in doubt.
        message: String,
    },
    /// A second signal ended trading at once.
    #[error("ended at once by a second signal; the journal tells the next start what may be open")]
    Interrupted,
    /// A file could not be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file or folder.
        path: String,
        /// Why.
        reason: String,
    },
}

struct Joined<'a>(&'a [Diagnostic]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl From<BacktestError> for CliError {
    fn from(error: BacktestError) -> Self {
        Self::Backtest(Box::new(error))
    }
}

impl From<LiveError> for CliError {
    fn from(error: LiveError) -> Self {
        Self::Live(Box::new(error))
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        LiveError::from(error).into()
    }
}

impl From<PaperError> for CliError {
    fn from(error: PaperError) -> Self {
        LiveError::from(error).into()
    }
}

#[cfg(unix)]
impl From<ControlError> for CliError {
    fn from(source: ControlError) -> Self {
        Self::Control { source, help: None }
    }
}

impl CliError {
    /// Data that could not be read or stored, with where in the configuration that was.
    pub(crate) fn data(context: impl Into<String>, source: DataError, help: Option<String>) -> Self {
        Self::Data { context: context.into(), source: Box::new(source), help }
    }

    /// A wrong command line, with what to do about it.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: Some(help.into()) }
    }

    /// A file that could not be written.
    pub(crate) fn write(path: &std::path::Path, reason: impl fmt::Display) -> Self {
        Self::Write { path: path.display().to_string(), reason: reason.to_string() }
    }

    /// A name of the kind of error that stays the same between versions. Of several errors in a configuration, the
    /// first one's.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(all) => all.first().map_or("CONFIG", Diagnostic::code),
            Self::Usage { .. } => "CLI_USAGE",
            Self::Data { source, .. } => source.code(),
            Self::NoData { .. } => "CLI_NO_DATA",
            Self::Backtest(source) => source.code(),
            Self::Halted { .. } => "CLI_STRATEGY_HALTED",
            Self::Live(error) => error.code(),
            #[cfg(unix)]
            Self::Control { source: ControlError::Refused { .. }, .. } => "CONTROL_REFUSED",
            #[cfg(unix)]
            Self::Control { .. } => "CONTROL",
            Self::Fixed { .. } => "CONFIG_FIXED",
            Self::Run { .. } => "CLI_RUN",
            Self::Unclean { .. } => "CLI_UNCLEAN",
            Self::Interrupted => "CLI_INTERRUPTED",
            Self::Write { .. } => "CLI_WRITE",
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Usage { help, .. } | Self::Data { help, .. } | Self::NoData { help, .. } => help.as_deref(),
            #[cfg(unix)]
            Self::Control { help, .. } => help.as_deref(),
            Self::Fixed { running: true, .. } => Some(
                "only [risk], `risk` and `params` of strategies may; stop, and start with a new state folder",
            ),
            Self::Fixed { running: false, .. } => Some(
                "the journal depends on them: change them back, or start with a new state folder, --state DIR",
            ),
            _ => None,
        }
    }

    /// With which code the command ends; see [`exit`].
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage { .. } | Self::Fixed { .. } => exit::USAGE,
            Self::Data { .. } | Self::NoData { .. } => exit::DATA,
            Self::Backtest(error) => match **error {
                BacktestError::Data(_) | BacktestError::Missing { what: "data", .. } => exit::DATA,
                _ => exit::RUN,
            },
            Self::Halted { .. } | Self::Write { .. } => exit::RUN,
            Self::Live(_) | Self::Run { .. } => exit::LIVE,
            #[cfg(unix)]
            Self::Control { .. } => exit::LIVE,
            Self::Unclean { .. } => exit::UNCLEAN,
            Self::Interrupted => exit::INTERRUPTED,
        }
    }
}
