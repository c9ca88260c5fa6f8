use algoflow_core::{
    error::{IdError, InstrumentError, NumberError, StrategyError},
    id::{InstrumentId, VenueId},
    time::Timestamp,
};
use algoflow_data::DataError;
use algoflow_execution::EngineError;
use algoflow_sim::SimError;

/// What stops a backtest, or keeps it from starting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BacktestError {
    /// Something is missing from the setup.
    #[error("the backtest has no {what}: {hint}")]
    Missing {
        /// What.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A name that is not one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An amount of money that is not one.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// An instrument that is not one.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// A strategy that could not be made.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// Data of an instrument that no venue has.
    #[error("there is data of {instrument}, but no venue has that instrument: add it to a venue")]
    NoVenue {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// A deposit at a venue that is not there.
    #[error("cash was paid in at {venue}, which is not part of the backtest")]
    UnknownVenue {
        /// The venue.
        venue: VenueId,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A simulated venue.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// Two venues of one name.
    #[error("there are two venues named {venue}")]
    DuplicateVenue {
        /// The name.
        venue: VenueId,
    },
    /// Orders and reports followed each other without end at one time.
    #[error(
        "at {at} venues reported more than {limit} times without time going on: a strategy answers every fill with \
         another order; let it wait for the next bar, or give the venue a latency"
    )]
    ReportStorm {
        /// When.
        at: Timestamp,
        /// How many reports may come at one time.
        limit: usize,
    },
    /// The report cannot be made.
    #[error("the report: {0}")]
    Report(String),
}

impl BacktestError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "BACKTEST_MISSING",
            Self::Id(error) => error.code(),
            Self::Number(error) => error.code(),
            Self::Instrument(error) => error.code(),
            Self::Strategy(error) => error.code(),
            Self::ReportStorm { .. } => "BACKTEST_REPORT_STORM",
            Self::NoVenue { .. } => "BACKTEST_NO_VENUE",
            Self::UnknownVenue { .. } => "BACKTEST_UNKNOWN_VENUE",
            Self::Data(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Sim(error) => error.code(),
            Self::DuplicateVenue { .. } => "BACKTEST_DUPLICATE_VENUE",
            Self::Report(_) => "BACKTEST_REPORT",
        }
    }
}
