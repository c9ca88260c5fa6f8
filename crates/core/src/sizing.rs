//! Position sizes: how much to hold, from what there is and what is at risk.
//!
//! A [`Sizer`] is a pure function of [`SizingInput`]. The result is never negative (the side is the strategy's), is rounded down
//! to the instrument's step, is worth no more than the sizer's cap of the equity, and is at most what the venue takes in one
//! order; what is less than the venue's smallest order is zero.
//!
//! Amounts are in one asset: that in which the instrument is priced, or settled if it is a contract. An equity in another
//! asset is converted first, with [`Portfolio::rate`](crate::ledger::Portfolio::rate).
//!
//! ```
//! use algoflow_core::{prelude::*, sizing::{Sizer, SizingInput}};
//!
//! // Risk half a percent of the equity on a stop two average true ranges away.
//! let spy = Instrument::equity("SPY.NYSE", "USD")?;
//! let sizer = Sizer::AtrRisk { risk: 0.005, multiple: 2.0, max_weight: 1.0 };
//! let input = SizingInput::new(&spy, Decimal::from(100_000), "470".parse()?).atr(5.5);
//! assert_eq!(sizer.quantity(&input)?, Quantity::from_int(45));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    error::{NumberError, SizingError},
    instrument::Instrument,
    number::{Price, Quantity, Rounding, Scale},
};

/// What sizes are computed from. What a sizer does not use need not be given.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SizingInput<'a> {
    instrument: &'a Instrument,
    equity: Decimal,
    price: Price,
    volatility: Option<f64>,
    atr: Option<f64>,
    odds: Option<(f64, f64)>,
}

impl<'a> SizingInput<'a> {
    /// An instrument at a price, for an account that is worth `equity`.
    pub fn new(instrument: &'a Instrument, equity: Decimal, price: Price) -> Self {
        Self { instrument, equity, price, volatility: None, atr: None, odds: None }
    }

    /// The realized volatility of the instrument's returns, in the unit of the target (per year, if that is per year).
    pub fn volatility(mut self, realized: f64) -> Self {
        self.volatility = Some(realized);
        self
    }

    /// The average true range, in units of the price.
    pub fn atr(mut self, atr: f64) -> Self {
        self.atr = Some(atr);
        self
    }

    /// How often a trade wins (0 to 1), and how much it wins then for each unit that it loses otherwise.
    pub fn odds(mut self, win_rate: f64, payoff: f64) -> Self {
        self.odds = Some((win_rate, payoff));
        self
    }
}

/// How much to hold.
///
/// A weight is a part of the equity: 0.1 is a tenth of it. `max_weight` caps what the position is worth; above 1 is credit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Sizer {
    /// Always the same quantity.
    Fixed {
        /// How much.
        quantity: Quantity,
        /// The cap.
        max_weight: f64,
    },
    /// A part of the equity: `quantity = equity * weight / (price * multiplier)`.
    EquityShare {
        /// The part.
        weight: f64,
        /// The cap.
        max_weight: f64,
    },
    /// As much as gives the volatility wanted: `weight = target / realized` (Moreira and Muir 2017, "Volatility-Managed
    /// Portfolios", with the realized volatility itself in place of its square).
    VolatilityTarget {
        /// The volatility wanted, in the unit of the realized one.
        target: f64,
        /// The cap.
        max_weight: f64,
    },
    /// As much as loses a part of the equity when the price moves a multiple of the average true range against it:
    /// `quantity = equity * risk / (multiple * atr * multiplier)` (the unit of Faith 2007, "Way of the Turtle"). For an inverse
    /// contract the loss of one is `multiplier * (1 / (price - multiple * atr) - 1 / price)`.
    AtrRisk {
        /// The part of the equity that is lost then.
        risk: f64,
        /// How many average true ranges away the stop is.
        multiple: f64,
        /// The cap.
        max_weight: f64,
    },
    /// A fraction of what makes capital grow fastest: `weight = fraction * (p - (1 - p) / b)`, with the win rate `p` and the
    /// payoff `b` (Kelly 1956, "A New Interpretation of Information Rate"). Nothing if the odds are against it.
    Kelly {
        /// The fraction, above 0 and at most 1: 0.5 is half Kelly.
        fraction: f64,
        /// The cap.
        max_weight: f64,
    },
}

impl Sizer {
    /// How much to hold.
    ///
    /// # Errors
    /// [`SizingError`] for a parameter or an input that makes no sense or is missing, and for numbers that do not fit.
    pub fn quantity(&self, input: &SizingInput<'_>) -> Result<Quantity, SizingError> {
        let instrument = input.instrument;
        let unit = instrument.notional(input.price, Quantity::ONE)?;
        if unit <= Decimal::ZERO {
            return Err(SizingError::OutOfRange {
                name: "price",
                value: input.price.to_f64(),
                wanted: "above 0",
            });
        }
        // Whoever has lost everything holds nothing.
        let equity = input.equity.max(Decimal::ZERO);
        let cap = units(equity, bounded("max_weight", self.max_weight(), "above 0", above_zero)?, unit)?;
        let wanted = match *self {
            Self::Fixed { quantity, .. } if quantity.is_negative() => {
                let value = quantity.to_f64();
                return Err(SizingError::OutOfRange { name: "quantity", value, wanted: "0 or above" });
            }
            Self::Fixed { quantity, .. } => quantity.to_decimal(),
            Self::EquityShare { weight, .. } => {
                units(equity, bounded("weight", weight, "0 or above", |value| value >= 0.0)?, unit)?
            }
            Self::VolatilityTarget { target, .. } => {
                let target = bounded("target", target, "above 0", above_zero)?;
                let realized = given("volatility", input.volatility)?;
                units(equity, target / bounded("volatility", realized, "above 0", above_zero)?, unit)?
            }
            Self::AtrRisk { risk, multiple, .. } => at_risk(input, equity, risk, multiple)?,
            Self::Kelly { fraction, .. } => {
                let fraction = bounded("fraction", fraction, "above 0 and at most 1", share)?;
                let (win_rate, payoff) = given("odds", input.odds)?;
                let weight = fraction * kelly(win_rate, payoff)?;
                units(equity, weight.max(0.0), unit)?
            }
        };
        rounded(instrument, wanted.min(cap))
    }

    const fn max_weight(&self) -> f64 {
        match *self {
            Self::Fixed { max_weight, .. }
            | Self::EquityShare { max_weight, .. }
            | Self::VolatilityTarget { max_weight, .. }
            | Self::AtrRisk { max_weight, .. }
            | Self::Kelly { max_weight, .. } => max_weight,
        }
    }
}

/// The part of the capital that makes it grow fastest when a bet is won with the probability `win_rate` and then pays `payoff`
/// for each unit that is lost otherwise: `p - (1 - p) / b` (Kelly 1956). Below zero if the odds are against it.
///
/// # Errors
/// [`SizingError::OutOfRange`] unless the win rate is 0 to 1 and the payoff above 0.
pub fn kelly(win_rate: f64, payoff: f64) -> Result<f64, SizingError> {
    let p = bounded("win_rate", win_rate, "0 to 1", |value| (0.0..=1.0).contains(&value))?;
    let b = bounded("payoff", payoff, "above 0", above_zero)?;
    Ok(p - (1.0 - p) / b)
}

/// How many units lose `risk` of the equity when the price moves `multiple` average true ranges against them.
fn at_risk(
    input: &SizingInput<'_>,
    equity: Decimal,
    risk: f64,
    multiple: f64,
) -> Result<Decimal, SizingError> {
    let risk = bounded("risk", risk, "above 0 and at most 1", share)?;
    let multiple = bounded("multiple", multiple, "above 0", above_zero)?;
    let atr = bounded("atr", given("atr", input.atr)?, "above 0", above_zero)?;
    let distance = decimal("atr", multiple * atr)?;
    let overflow = NumberError::Overflow { operation: "sizing a position" };
    let unit = distance.checked_mul(input.instrument.multiplier).ok_or(overflow.clone())?;
    if !input.instrument.is_inverse() {
        return units(equity, risk, unit);
    }
    let price = input.price.to_decimal();
    let stop = price.checked_sub(distance).filter(|stop| *stop > Decimal::ZERO);
    let Some(stop) = stop else {
        return Err(SizingError::OutOfRange { name: "atr", value: atr, wanted: "a stop above a price of 0" });
    };
    // Multiplied first, so that only one division rounds.
    let amount = equity.checked_mul(price).and_then(|amount| amount.checked_mul(stop)).ok_or(overflow)?;
    units(amount, risk, unit)
}

const fn above_zero(value: f64) -> bool {
    value > 0.0
}

const fn share(value: f64) -> bool {
    value > 0.0 && value <= 1.0
}

fn given<T>(name: &'static str, value: Option<T>) -> Result<T, SizingError> {
    value.ok_or(SizingError::Missing { name })
}

fn bounded(
    name: &'static str,
    value: f64,
    wanted: &'static str,
    is_right: impl Fn(f64) -> bool,
) -> Result<f64, SizingError> {
    if value.is_finite() && is_right(value) {
        Ok(value)
    } else {
        Err(SizingError::OutOfRange { name, value, wanted })
    }
}

fn decimal(name: &'static str, value: f64) -> Result<Decimal, SizingError> {
    Decimal::try_from(value).map_err(|_| SizingError::OutOfRange {
        name,
        value,
        wanted: "a number that a decimal can hold",
    })
}

/// How many units `weight` of the equity pays for.
fn units(equity: Decimal, weight: f64, unit: Decimal) -> Result<Decimal, SizingError> {
    let amount = equity.checked_mul(decimal("weight", weight)?);
    let units = amount.and_then(|amount| amount.checked_div(unit));
    Ok(units.ok_or(NumberError::Overflow { operation: "sizing a position" })?)
}

/// Rounded down to what can be ordered.
fn rounded(instrument: &Instrument, units: Decimal) -> Result<Quantity, SizingError> {
    let step = instrument.quantity_increment;
    let fine = Scale::new(step.scale().places().saturating_add(4).min(18))?;
    let fine = Quantity::from_decimal_rounded(units, fine, Rounding::Floor)
        .or_else(|_| Quantity::from_decimal_rounded(units, step.scale(), Rounding::Floor))?;
    let quantity = fine.round_to(step, Rounding::Floor)?;
    let limits = &instrument.limits;
    let quantity = match limits.max_quantity {
        Some(most) if quantity > most => most.round_to(step, Rounding::Floor)?,
        _ => quantity,
    };
    let is_enough = limits.min_quantity.is_none_or(|least| quantity >= least);
    Ok(if is_enough { quantity } else { Quantity::ZERO })
}

#[cfg(test)]
mod tests;
