//! What the parameters of several strategies have in common.

use algoflow_core::prelude::*;
use algoflow_indicators::{IndicatorError, Ohlcv};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How large a position is.
///
/// Written `{ "quantity": "10" }` or `{ "weight": 0.5 }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sizing {
    /// A number of units (shares, contracts, coins), above zero and a multiple of the instrument's step.
    /// Written as text.
    Quantity(#[schemars(with = "String")] Quantity),
    /// A share of the portfolio's equity, above zero: 0.5 is half of it. Rounded down to the instrument's
    /// step.
    Weight(f64),
}

/// 95 % of the equity: what is left pays fees, and the difference if the price moves before the fill.
impl Default for Sizing {
    fn default() -> Self {
        Self::Weight(0.95)
    }
}

impl Sizing {
    /// Checks the number itself.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] unless it is above zero and finite.
    pub fn validate(&self) -> StrategyResult {
        match self {
            Self::Quantity(quantity) if !quantity.is_positive() => {
                Err(StrategyError::parameter("sizing", format!("quantity must be above zero, is {quantity}")))
            }
            Self::Weight(weight) if !(*weight > 0.0 && weight.is_finite()) => Err(StrategyError::parameter(
                "sizing",
                format!("weight must be above zero and finite, is {weight}"),
            )),
            _ => Ok(()),
        }
    }

    /// Checks the number against an instrument, so that a strategy fails at its start and not with its first
    /// order.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for a quantity that is not a multiple of the instrument's step, and the
    /// errors of [`Sizing::validate`]; [`StrategyError::UnknownInstrument`].
    pub fn check(&self, ctx: &Context<'_>, instrument: InstrumentId) -> StrategyResult {
        self.validate()?;
        let step = ctx.instrument(instrument)?.quantity_increment;
        match self {
            Self::Quantity(quantity) if !quantity.is_multiple_of(step) => Err(StrategyError::parameter(
                "sizing",
                format!("{instrument} trades in multiples of {step}, quantity is {quantity}"),
            )),
            _ => Ok(()),
        }
    }

    /// How many units of an instrument that is now; zero or above.
    ///
    /// # Errors
    /// For a weight, those of [`Context::quantity_for_weight`].
    pub fn quantity(&self, ctx: &Context<'_>, instrument: InstrumentId) -> Result<Quantity, StrategyError> {
        match self {
            Self::Quantity(quantity) => Ok(*quantity),
            Self::Weight(weight) => ctx.quantity_for_weight(instrument, *weight),
        }
    }
}

/// Which way a strategy may be positioned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// Long or flat.
    #[default]
    LongOnly,
    /// Long, flat or short. Cash accounts refuse the short side.
    LongShort,
}

impl Direction {
    /// Whether short positions are allowed.
    #[must_use]
    pub const fn allows_short(self) -> bool {
        matches!(self, Self::LongShort)
    }
}

/// Functions that return constants: what `serde` needs for the defaults of fields.
macro_rules! defaults {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(const fn $name() -> $type { $value })*
    };
}
pub(crate) use defaults;

/// Saves a strategy as a whole. It is loaded into one with the same parameters only.
macro_rules! kept {
    () => {
        fn save(&self) -> Result<Option<serde_json::Value>, algoflow_core::error::StrategyError> {
            serde_json::to_value(self).map(Some).map_err(algoflow_core::error::StrategyError::other)
        }

        fn load(&mut self, state: serde_json::Value) -> algoflow_core::strategy::StrategyResult {
            let saved: Self =
                serde_json::from_value(state).map_err(algoflow_core::error::StrategyError::other)?;
            if saved.params != self.params {
                let reason = "it was saved with other parameters than these";
                return Err(algoflow_core::error::StrategyError::parameter("state", reason));
            }
            *self = saved;
            Ok(())
        }
    };
}
pub(crate) use kept;

/// Methods that change parameters which many strategies have. They are checked again when the strategy
/// starts.
macro_rules! setters {
    ($strategy:ident: $($name:ident)*) => {
        impl $strategy {
            $($crate::parameters::setters!(@$name);)*
        }
    };
    (@bars) => {
        /// Decides on bars of this size (daily bars unless this says otherwise).
        #[must_use]
        pub fn bars(mut self, bars: algoflow_core::bar_spec::BarSpec) -> Self {
            self.params.bars = bars;
            self
        }
    };
    (@sizing) => {
        /// Positions have this many units.
        #[must_use]
        pub fn size(mut self, quantity: algoflow_core::number::Quantity) -> Self {
            self.params.sizing = $crate::Sizing::Quantity(quantity);
            self
        }

        /// Positions are worth this share of the portfolio's equity when they are opened: 0.5 is half of it.
        #[must_use]
        pub fn weight(mut self, weight: f64) -> Self {
            self.params.sizing = $crate::Sizing::Weight(weight);
            self
        }
    };
    (@direction) => {
        /// Takes short positions too.
        #[must_use]
        pub fn long_short(mut self) -> Self {
            self.params.direction = $crate::Direction::LongShort;
            self
        }
    };
}
pub(crate) use setters;

/// Refuses a parameter unless it is finite and above zero.
pub(crate) fn positive(name: &str, value: f64) -> StrategyResult {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(StrategyError::parameter(name, format!("must be above zero and finite, is {value}")))
}

/// Refuses a parameter unless it is finite and at least zero.
pub(crate) fn not_negative(name: &str, value: f64) -> StrategyResult {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(StrategyError::parameter(name, format!("must be finite and not below zero, is {value}")))
}

/// Refuses a parameter unless it is below the parameter `above`.
pub(crate) fn below<T: PartialOrd + std::fmt::Display>(
    name: &str,
    value: T,
    above: &str,
    bound: T,
) -> StrategyResult {
    if value < bound {
        return Ok(());
    }
    Err(StrategyError::parameter(name, format!("must be below {above} ({bound}), is {value}")))
}

/// Refuses an empty list of instruments and one that names an instrument twice.
pub(crate) fn distinct(name: &str, instruments: &[InstrumentId]) -> StrategyResult {
    if instruments.is_empty() {
        return Err(StrategyError::parameter(name, "must name at least one instrument"));
    }
    for (index, instrument) in instruments.iter().enumerate() {
        if instruments.iter().take(index).any(|earlier| earlier == instrument) {
            return Err(StrategyError::parameter(name, format!("names {instrument} twice")));
        }
    }
    Ok(())
}

/// Says which parameter an indicator refused.
pub(crate) fn refused(name: &'static str) -> impl Fn(IndicatorError) -> StrategyError {
    move |error| StrategyError::parameter(name, error.to_string())
}

/// A bar as indicators take it.
pub(crate) fn ohlcv(bar: &Bar) -> Ohlcv {
    Ohlcv {
        open: bar.open.into(),
        high: bar.high.into(),
        low: bar.low.into(),
        close: bar.close.into(),
        volume: bar.volume.into(),
    }
}
