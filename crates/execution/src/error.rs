use algoflow_core::{
    error::{AccountError, InstrumentError, OrderError},
    id::{InstrumentId, OrderId, StrategyId, VenueId},
};

/// What stops an engine. A strategy's own errors do not: they halt that strategy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A venue told of an order that this run never made.
    #[error("a report about order {order}, which this run did not make")]
    UnknownOrder {
        /// The order.
        order: OrderId,
    },
    /// Data of an instrument that was not registered.
    #[error("data of {instrument}, which was not registered")]
    UnknownInstrument {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// A report that does not fit the order.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A ledger that overflowed or does not add up.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// An instrument that makes no sense.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// Two strategies of one name.
    #[error("there are two strategies named {strategy}")]
    DuplicateStrategy {
        /// The name.
        strategy: StrategyId,
    },
    /// More strategies than an order id can tell apart.
    #[error("more than 65535 strategies")]
    TooManyStrategies,
    /// An instrument at a venue that was not registered.
    #[error("{instrument} trades at {venue}, the last part of its id; no venue of that name was registered")]
    UnknownVenue {
        /// The instrument.
        instrument: InstrumentId,
        /// Its venue.
        venue: VenueId,
    },
    /// A strategy that answers its own orders without end.
    #[error("strategies made more than {limit} requests during one event; is one answering its own orders?")]
    RequestStorm {
        /// How many are allowed.
        limit: usize,
    },
    /// A journal that cannot be read.
    #[error("journal line {line}: {reason}")]
    Journal {
        /// The line.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A journal that cannot be written. What it does not hold, the engine does not act on.
    #[error("the journal cannot be written: {source}")]
    JournalWrite {
        /// What the writer said.
        source: std::io::Error,
    },
    /// A replay that went another way than the journal.
    #[error(
        "the replay diverged at input {input}, command {command}: it gave {replayed}, the journal has {recorded}"
    )]
    Diverged {
        /// Which input: counts from one.
        input: u64,
        /// Which of its commands: counts from one. One more than there are if it is about how the input ended.
        command: usize,
        /// What the replay gave.
        replayed: String,
        /// What was recorded.
        recorded: String,
    },
    /// Something of an order or a position that was made elsewhere, in an engine that has no owner for it.
    #[error("what was made elsewhere has no owner here: call `tolerate` before the start")]
    NotTolerant,
    /// A strategy that was not added.
    #[error("there is no strategy {strategy}")]
    UnknownStrategy {
        /// The name.
        strategy: String,
    },
    /// Limits that make no sense.
    #[error(transparent)]
    Risk(#[from] crate::risk::RiskError),
    /// Two execution algorithms of one name.
    #[error("there are two execution algorithms named {name:?}")]
    DuplicateAlgorithm {
        /// The name.
        name: String,
    },
    /// An execution algorithm that is registered after the start.
    #[error(
        "the execution algorithm {name:?} comes too late: it is registered before the start, or a journal could not be replayed"
    )]
    AlgorithmTooLate {
        /// The name.
        name: String,
    },
    /// A strategy that is added after the start.
    #[error(
        "{strategy} comes too late: strategies are added before the start, or a journal could not be replayed"
    )]
    Started {
        /// Its name.
        strategy: StrategyId,
    },
}

impl EngineError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrder { .. } => "ENGINE_UNKNOWN_ORDER",
            Self::UnknownInstrument { .. } => "ENGINE_UNKNOWN_INSTRUMENT",
            Self::Order(error) => error.code(),
            Self::Account(error) => error.code(),
            Self::Instrument(error) => error.code(),
            Self::DuplicateStrategy { .. } => "ENGINE_DUPLICATE_STRATEGY",
            Self::TooManyStrategies => "ENGINE_TOO_MANY_STRATEGIES",
            Self::UnknownVenue { .. } => "ENGINE_UNKNOWN_VENUE",
            Self::RequestStorm { .. } => "ENGINE_REQUEST_STORM",
            Self::Journal { .. } => "ENGINE_JOURNAL",
            Self::JournalWrite { .. } => "ENGINE_JOURNAL_WRITE",
            Self::Diverged { .. } => "ENGINE_DIVERGED",
            Self::NotTolerant => "ENGINE_NOT_TOLERANT",
            Self::UnknownStrategy { .. } => "ENGINE_UNKNOWN_STRATEGY",
            Self::Risk(error) => error.code(),
            Self::DuplicateAlgorithm { .. } => "ENGINE_DUPLICATE_ALGORITHM",
            Self::AlgorithmTooLate { .. } => "ENGINE_ALGORITHM_TOO_LATE",
            Self::Started { .. } => "ENGINE_STARTED",
        }
    }
}
