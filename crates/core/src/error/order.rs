use rust_decimal::Decimal;

use super::{NumberError, codes};
use crate::{
    id::{Asset, InstrumentId, OrderId},
    number::{Price, Quantity},
    order::OrderStatus,
};

/// An order that breaks a rule, or an event that does not fit the order.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The state machine has no such step.
    #[error("order {order} cannot go from {from} to {to}")]
    IllegalTransition {
        /// The order.
        order: OrderId,
        /// Where it stands.
        from: OrderStatus,
        /// Where the event would take it.
        to: OrderStatus,
    },
    /// More filled than was ever asked of the venue.
    #[error("order {order}: a fill of {fill} after {filled} is not possible{}", at_most(*.most))]
    Overfill {
        /// The order.
        order: OrderId,
        /// What had filled before.
        filled: Quantity,
        /// What was reported.
        fill: Quantity,
        /// The largest total that was asked for, in units of the base, if that is what was counted.
        most: Option<Quantity>,
    },
    /// A quantity of zero or less.
    #[error("the quantity must be above zero, not {quantity}")]
    QuantityNotPositive {
        /// The quantity.
        quantity: Quantity,
    },
    /// A quantity between two steps.
    #[error("the quantity {quantity} is not a multiple of {increment}")]
    QuantityStep {
        /// The quantity.
        quantity: Quantity,
        /// The step.
        increment: Quantity,
    },
    /// A quantity outside the venue's bounds.
    #[error("the quantity {quantity} is {}", outside(*quantity, *min, *max))]
    QuantityLimits {
        /// The quantity.
        quantity: Quantity,
        /// The smallest.
        min: Option<Quantity>,
        /// The largest.
        max: Option<Quantity>,
    },
    /// A price between two steps.
    #[error("the price {price} is not a multiple of {increment}")]
    PriceStep {
        /// The price.
        price: Price,
        /// The step.
        increment: Price,
    },
    /// A price outside the venue's bounds.
    #[error("the price {price} is {}", outside(*price, *min, *max))]
    PriceLimits {
        /// The price.
        price: Price,
        /// The lowest.
        min: Option<Price>,
        /// The highest.
        max: Option<Price>,
    },
    /// A trailing distance of zero or less, or of 100 % or more.
    #[error("a trailing offset must be above zero and below 10000 basis points")]
    TrailingOffset,
    /// A parameter of an execution algorithm that makes no sense.
    #[error("{algorithm}: {parameter} {problem}")]
    Algorithm {
        /// Which algorithm.
        algorithm: &'static str,
        /// Which parameter.
        parameter: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A route that makes no sense.
    #[error("route: {problem}")]
    Route {
        /// What is wrong with it.
        problem: String,
    },
    /// Terms that do not go together.
    #[error("{what}")]
    Conflict {
        /// Which.
        what: &'static str,
    },
}

fn at_most(most: Option<Quantity>) -> String {
    most.map_or_else(String::new, |most| format!(": no more than {most} was asked for"))
}

/// The bound that a value breaks, in words.
fn outside<T: PartialOrd + std::fmt::Display>(value: T, min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), _) if value < min => format!("below the least that the venue takes, {min}"),
        (_, Some(max)) => format!("above the most that the venue takes, {max}"),
        _ => "not what the venue takes".to_owned(),
    }
}

codes!(OrderError {
    IllegalTransition => "ORDER_ILLEGAL_TRANSITION",
    Overfill => "ORDER_OVERFILL",
    QuantityNotPositive => "ORDER_QUANTITY_NOT_POSITIVE",
    QuantityStep => "ORDER_QUANTITY_STEP",
    QuantityLimits => "ORDER_QUANTITY_LIMITS",
    PriceStep => "ORDER_PRICE_STEP",
    PriceLimits => "ORDER_PRICE_LIMITS",
    TrailingOffset => "ORDER_TRAILING_OFFSET",
    Algorithm => "ORDER_ALGORITHM",
    Route => "ORDER_ROUTE",
    Conflict => "ORDER_CONFLICT",
});

/// Something that an account cannot do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// A number does not fit.
    #[error("account arithmetic: {source}")]
    Number {
        /// What went wrong.
        #[from]
        source: NumberError,
    },
    /// An instrument that the portfolio was not told of.
    #[error("the portfolio does not know {instrument}")]
    UnknownInstrument {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// An asset whose value in the reporting currency cannot be computed.
    #[error("no traded price leads from {asset} to {to}")]
    NoRate {
        /// The asset held.
        asset: Asset,
        /// The reporting currency.
        to: Asset,
    },
    /// Positions that are not counted in the same units.
    #[error("positions in {one} and {other} do not add up: {problem}")]
    NotAlike {
        /// One instrument.
        one: InstrumentId,
        /// The other.
        other: InstrumentId,
        /// How they differ.
        problem: String,
    },
    /// The books do not add up: a defect, reported at once.
    #[error("the ledger of {asset} does not add up: {left} is not {right}")]
    NotConserved {
        /// The asset.
        asset: Asset,
        /// One side.
        left: Decimal,
        /// The other.
        right: Decimal,
    },
}

codes!(AccountError {
    Number => "ACCOUNT_NUMBER",
    UnknownInstrument => "ACCOUNT_UNKNOWN_INSTRUMENT",
    NoRate => "ACCOUNT_NO_RATE",
    NotAlike => "ACCOUNT_NOT_ALIKE",
    NotConserved => "ACCOUNT_NOT_CONSERVED",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_named_by_the_side_that_is_broken() {
        let (one, ten) = (Quantity::from_int(1), Quantity::from_int(10));
        let limits = |quantity, min, max| OrderError::QuantityLimits { quantity, min, max }.to_string();
        assert_eq!(
            limits(Quantity::ZERO, Some(one), None),
            "the quantity 0 is below the least that the venue takes, 1"
        );
        assert_eq!(
            limits(Quantity::from_int(11), Some(one), Some(ten)),
            "the quantity 11 is above the most that the venue takes, 10"
        );
    }
}
