use super::{AccountError, InstrumentError, NumberError, OrderError, SizingError, codes};
use crate::{
    bar_spec::BarSpec,
    id::{InstrumentId, OrderId},
};

/// What a strategy can run into. Returned from a callback, it halts the strategy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StrategyError {
    /// An instrument that no venue of the engine has.
    #[error("{instrument} is not known here; register it with a venue first")]
    UnknownInstrument {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// An order that was never made, or is no longer open.
    #[error("order {order} is not open")]
    OrderNotOpen {
        /// The order.
        order: OrderId,
    },
    /// An order that breaks a rule.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A number that does not fit.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Something that the account cannot do.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// An instrument that makes no sense.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// A position that cannot be sized.
    #[error(transparent)]
    Sizing(#[from] SizingError),
    /// No price is known yet.
    #[error("no price of {instrument} is known yet: wait for its first bar, trade or quote")]
    NoPrice {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// Bars that are not kept.
    #[error(
        "bars {spec} of {instrument} are not kept: subscribe with `Subscription::bars(id, spec).keep(count)`"
    )]
    NotSubscribed {
        /// The instrument.
        instrument: InstrumentId,
        /// The bars.
        spec: BarSpec,
    },
    /// A parameter that makes no sense.
    #[error("parameter {name}: {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A strategy that takes no parameters while it runs.
    #[error("the strategy has no parameters that can be set while it runs")]
    NoParameters,
    /// A strategy whose state cannot be saved, and so not be taken up either.
    #[error("the strategy cannot take up a saved state")]
    NotSaved,
    /// An error of the strategy's own.
    #[error("{0}")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StrategyError {
    /// A parameter that makes no sense.
    #[must_use]
    pub fn parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Parameter { name: name.into(), reason: reason.into() }
    }

    /// An error of the strategy's own.
    #[must_use]
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}

codes!(StrategyError {
    UnknownInstrument => "STRATEGY_UNKNOWN_INSTRUMENT",
    OrderNotOpen => "STRATEGY_ORDER_NOT_OPEN",
    Order => "STRATEGY_ORDER",
    Number => "STRATEGY_NUMBER",
    Account => "STRATEGY_ACCOUNT",
    Instrument => "STRATEGY_INSTRUMENT",
    Sizing => "STRATEGY_SIZING",
    NoPrice => "STRATEGY_NO_PRICE",
    NotSubscribed => "STRATEGY_NOT_SUBSCRIBED",
    Parameter => "STRATEGY_PARAMETER",
    NoParameters => "STRATEGY_NO_PARAMETERS",
    NotSaved => "STRATEGY_NOT_SAVED",
    Other => "STRATEGY_OTHER",
});
