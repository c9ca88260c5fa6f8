use super::codes;
use crate::{
    id::{Asset, InstrumentId},
    number::{Price, Quantity},
    time::Timestamp,
};

/// A name or an order id that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The name is empty, too long, or holds white space.
    #[error("{name:?} is not a valid name: it needs 1 to 128 bytes without white space")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// An instrument id without a venue.
    #[error("{name:?} names no venue: an instrument is written SYMBOL.VENUE, like SPY.NYSE")]
    NoVenue {
        /// The name.
        name: String,
    },
    /// Text that is not an order id.
    #[error("{text:?} is not an order id: it is written like r1-s0-17")]
    InvalidOrderId {
        /// The text.
        text: String,
    },
    /// More names than can be told apart.
    #[error("more than 4 billion names")]
    TooManyNames,
}

codes!(IdError {
    InvalidName => "ID_INVALID_NAME",
    NoVenue => "ID_NO_VENUE",
    InvalidOrderId => "ID_INVALID_ORDER",
    TooManyNames => "ID_TOO_MANY",
});

/// A number that does not fit, does not parse, or does not go with another.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// The result does not fit.
    #[error("the result of {operation} does not fit")]
    Overflow {
        /// What was computed.
        operation: &'static str,
    },
    /// More decimal places than can be held.
    #[error("{places} decimal places; at most 18 can be held")]
    Scale {
        /// How many were asked for.
        places: u32,
    },
    /// Text that is not an amount of money.
    #[error("{text:?} is not an amount of money: it is written AMOUNT ASSET, like 100000 USD")]
    Money {
        /// The text.
        text: String,
    },
    /// Text that is not a number.
    #[error("{text:?} is not a number")]
    Parse {
        /// The text.
        text: String,
    },
    /// NaN or an infinity.
    #[error("{value} is not a finite number")]
    NotFinite {
        /// The value.
        value: f64,
    },
    /// A value that cannot be held exactly.
    #[error("{value} cannot be held exactly in 18 places")]
    Inexact {
        /// The value.
        value: String,
    },
    /// A step that is not above zero.
    #[error("an increment must be above zero, not {increment}")]
    Increment {
        /// The step.
        increment: String,
    },
    /// Two assets that do not add.
    #[error("{left} and {right} cannot be added")]
    AssetMismatch {
        /// One asset.
        left: Asset,
        /// The other.
        right: Asset,
    },
}

codes!(NumberError {
    Overflow => "NUMBER_OVERFLOW",
    Scale => "NUMBER_SCALE",
    Money => "NUMBER_PARSE",
    Parse => "NUMBER_PARSE",
    NotFinite => "NUMBER_NOT_FINITE",
    Inexact => "NUMBER_INEXACT",
    Increment => "NUMBER_INCREMENT",
    AssetMismatch => "NUMBER_ASSET_MISMATCH",
});

/// A time or a length of time that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Text that is not a time.
    #[error("{text:?} is not a time: use 2024-01-02, 2024-01-02T09:30:00Z, or a length like 5m or 1h30m")]
    Parse {
        /// The text.
        text: String,
    },
    /// Outside the years 1678 to 2262.
    #[error("the time lies outside the years 1678 to 2262")]
    OutOfRange,
}

codes!(TimeError {
    Parse => "TIME_PARSE",
    OutOfRange => "TIME_RANGE",
});

/// An instrument whose specification makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InstrumentError {
    /// A name that is not one.
    #[error(transparent)]
    Id {
        /// What is wrong with it.
        #[from]
        source: IdError,
    },
    /// A symbol that does not name two assets.
    #[error("{symbol:?} does not name two assets: a pair is written BASE-QUOTE, like SOL-USDC")]
    NotAPair {
        /// The symbol.
        symbol: String,
    },
    /// A field with a value that makes no sense.
    #[error("{instrument}: {field} {reason}")]
    Invalid {
        /// The instrument.
        instrument: InstrumentId,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

codes!(InstrumentError {
    Id => "INSTRUMENT_ID",
    NotAPair => "INSTRUMENT_NOT_A_PAIR",
    Invalid => "INSTRUMENT_INVALID",
});

/// Market data that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MarketDataError {
    /// A bar whose high is below its low.
    #[error("high {high} is below low {low}")]
    HighBelowLow {
        /// The high.
        high: Price,
        /// The low.
        low: Price,
    },
    /// A bar whose open or close lies outside its range.
    #[error("{name} {price} lies outside {low} to {high}")]
    OutsideRange {
        /// `open` or `close`.
        name: &'static str,
        /// Its value.
        price: Price,
        /// The high.
        high: Price,
        /// The low.
        low: Price,
    },
    /// A quantity below zero, or zero where there must be one.
    #[error("{quantity} is no quantity: that of a trade is above zero, a volume or size not below zero")]
    NegativeQuantity {
        /// The quantity.
        quantity: Quantity,
    },
    /// A bid above the ask.
    #[error("bid {bid} is above ask {ask}")]
    Crossed {
        /// The bid.
        bid: Price,
        /// The ask.
        ask: Price,
    },
    /// Times that run backwards.
    #[error("{second} comes after {first} in the record but not in time")]
    TimesOutOfOrder {
        /// The first time.
        first: Timestamp,
        /// The time that should not be before it.
        second: Timestamp,
    },
}

codes!(MarketDataError {
    HighBelowLow => "DATA_HIGH_BELOW_LOW",
    OutsideRange => "DATA_OUTSIDE_RANGE",
    NegativeQuantity => "DATA_QUANTITY",
    Crossed => "DATA_CROSSED",
    TimesOutOfOrder => "DATA_TIME_ORDER",
});
