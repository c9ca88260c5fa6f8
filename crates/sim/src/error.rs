use algoflow_core::{
    capabilities::Feature,
    error::{IdError, InstrumentError, MarketDataError, NumberError},
    id::{InstrumentId, OrderId, VenueId},
    time::Timestamp,
};

/// What can go wrong with a simulated venue: a configuration that makes no sense, or calls that a correct driver
/// does not make. Orders that break a rule are not errors; they are rejected by a report.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// The name of the venue is not one.
    #[error("the venue's name: {source}")]
    VenueName {
        /// What is wrong with it.
        #[from]
        source: IdError,
    },
    /// An instrument that makes no sense.
    #[error(transparent)]
    Instrument {
        /// What is wrong with it.
        #[from]
        source: InstrumentError,
    },
    /// An instrument of another venue.
    #[error("{instrument} does not trade at {venue}")]
    WrongVenue {
        /// The instrument.
        instrument: InstrumentId,
        /// The venue to which it was given.
        venue: VenueId,
    },
    /// An instrument that was given twice.
    #[error("{instrument} was added twice")]
    DuplicateInstrument {
        /// The instrument.
        instrument: InstrumentId,
    },
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
    /// A capability that this simulation does not have.
    #[error("the simulated venue cannot do {feature} itself: {reason}")]
    Capability {
        /// The feature.
        feature: Feature,
        /// Why not.
        reason: &'static str,
    },
    /// Market data of an instrument that the venue does not have.
    #[error("the venue has no instrument {instrument}")]
    UnknownInstrument {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// Time went backwards.
    #[error("time cannot go back from {now} to {to}")]
    TimeReversed {
        /// Where it stood.
        now: Timestamp,
        /// Where it was to go.
        to: Timestamp,
    },
    /// An order id that is still in use.
    #[error("order {order} is already open")]
    DuplicateOrder {
        /// The order.
        order: OrderId,
    },
    /// A command that this version does not know.
    #[error("the command for order {order} is not known to this venue")]
    UnknownCommand {
        /// The order.
        order: OrderId,
    },
    /// Market data that makes no sense.
    #[error("{instrument}: {source}")]
    Data {
        /// The instrument.
        instrument: InstrumentId,
        /// What is wrong with it.
        source: MarketDataError,
    },
    /// A number that does not fit.
    #[error(transparent)]
    Number {
        /// What went wrong.
        #[from]
        source: NumberError,
    },
    /// A custom model gave a value that cannot be used.
    #[error("the {model} model gave {value}, but {reason}")]
    Model {
        /// `slippage` or `fee`.
        model: &'static str,
        /// The value.
        value: String,
        /// What must hold.
        reason: &'static str,
    },
}

impl SimError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VenueName { .. } => "SIM_VENUE_NAME",
            Self::Instrument { .. } => "SIM_INSTRUMENT",
            Self::WrongVenue { .. } => "SIM_WRONG_VENUE",
            Self::DuplicateInstrument { .. } => "SIM_DUPLICATE_INSTRUMENT",
            Self::Setting { .. } => "SIM_SETTING",
            Self::Capability { .. } => "SIM_CAPABILITY",
            Self::UnknownInstrument { .. } => "SIM_UNKNOWN_INSTRUMENT",
            Self::TimeReversed { .. } => "SIM_TIME_REVERSED",
            Self::DuplicateOrder { .. } => "SIM_DUPLICATE_ORDER",
            Self::UnknownCommand { .. } => "SIM_UNKNOWN_COMMAND",
            Self::Data { .. } => "SIM_DATA",
            Self::Number { .. } => "SIM_NUMBER",
            Self::Model { .. } => "SIM_MODEL",
        }
    }

    pub(crate) fn setting(name: &'static str, value: impl std::fmt::Display, reason: &'static str) -> Self {
        Self::Setting { name, value: value.to_string(), reason }
    }
}
