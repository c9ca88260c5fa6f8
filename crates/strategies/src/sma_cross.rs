use std::cmp::Ordering;

use algoflow_core::{
    number::{Rounding, Scale},
    order::OrderEventKind,
    prelude::*,
};
use algoflow_indicators::RollingSum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Direction, Sizing,
    parameters::{below, defaults, refused, setters},
    registry::Parameters,
};

/// Closes are compared in units of this many decimal places, or of the instrument's price step if that is
/// finer.
const PLACES: u8 = 8;

/// Parameters of [`SmaCross`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmaCrossParams {
    /// What is traded, as SYMBOL.VENUE.
    #[schemars(with = "String")]
    pub instrument: InstrumentId,
    /// The bars that are averaged: `5m`, `4h`, `1d`.
    #[serde(default = "BarSpec::day")]
    #[schemars(with = "String")]
    pub bars: BarSpec,
    /// How many closes the fast average spans. At least 1, below `slow`.
    #[serde(default = "fast")]
    #[schemars(range(min = 1))]
    pub fast: usize,
    /// How many closes the slow average spans.
    #[serde(default = "slow")]
    #[schemars(range(min = 2))]
    pub slow: usize,
    /// How large a position is.
    #[serde(default)]
    pub sizing: Sizing,
    /// Whether the strategy is short, not flat, while the fast average is below the slow one.
    #[serde(default)]
    pub direction: Direction,
}

defaults! {
    fast: usize = 20;
    slow: usize = 50;
}

impl SmaCrossParams {
    /// The defaults, for an instrument.
    #[must_use]
    pub fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            bars: BarSpec::day(),
            fast: fast(),
            slow: slow(),
            sizing: Sizing::default(),
            direction: Direction::default(),
        }
    }

    /// Checks that the parameters make sense together.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn validate(&self) -> StrategyResult {
        below("fast", self.fast, "slow", self.slow)?;
        self.sizing.validate()
    }
}

/// Long while a fast moving average is above a slow one.
///
/// # The idea
///
/// Prices trend: a mean of the last few closes above a mean of more closes says that the market has been
/// rising. The rule is the "variable-length moving average" of Brock, Lakonishok and LeBaron, *Simple
/// technical trading rules and the stochastic properties of stock returns*, Journal of Finance 47 (1992),
/// without their band.
///
/// # The rules
///
/// 1. With every bar, both averages take its close. Nothing happens before the slow one is full.
/// 2. While the fast average is above the slow one, the position is long.
/// 3. Otherwise it is flat, or short with [`Direction::LongShort`]. Two averages that are equal mean flat.
/// 4. The size is fixed when the signal changes, and kept until it changes again.
///
/// Averages are compared exactly, as integer sums, so a tie is a tie. Closes that have more than 8 decimal
/// places, and more than the price step, are rounded to the finer of the two.
///
/// # The risks
///
/// - In a market without a trend it buys high and sells low again and again; most trades lose, and a few long
///   trends have to pay for them, fees and slippage included.
/// - It is late by construction: part of every trend is over before it enters, and part of the gain is given
///   back before it leaves. A gap is taken in full, since there is no stop.
/// - Lengths that were best in the past were often best by luck (Sullivan, Timmermann and White,
///   *Data-snooping, technical trading rule performance, and the bootstrap*, Journal of Finance 54, 1999).
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_strategies::{Direction, SmaCross, SmaCrossParams};
///
/// let spy: InstrumentId = "SPY.NYSE".parse()?;
/// let daily = SmaCross::new(spy, 50, 200)?.weight(0.5);
/// let hourly = SmaCross::from_params(SmaCrossParams {
///     bars: BarSpec::hours(1),
///     direction: Direction::LongShort,
///     ..SmaCrossParams::new(spy)
/// })?;
/// assert!(SmaCross::new(spy, 200, 50).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SmaCross {
    params: SmaCrossParams,
    fast: RollingSum,
    slow: RollingSum,
    /// The unit of the sums.
    scale: Scale,
    /// How the averages compared when the target was set; `None` if it has to be set anew.
    #[serde(with = "signal")]
    signal: Option<Ordering>,
    target: Quantity,
}

/// A signal as -1, 0 or 1.
mod signal {
    use std::cmp::Ordering;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        signal: &Option<Ordering>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        signal.map(|signal| signal as i8).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Ordering>, D::Error> {
        Ok(Option::<i8>::deserialize(deserializer)?.map(|sign| sign.cmp(&0)))
    }
}

impl SmaCross {
    /// Averages of `fast` and `slow` daily closes of an instrument, long only, with 95 % of the equity.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] unless `1 <= fast < slow`.
    pub fn new(instrument: InstrumentId, fast: usize, slow: usize) -> Result<Self, StrategyError> {
        Self::from_params(SmaCrossParams { fast, slow, ..SmaCrossParams::new(instrument) })
    }

    /// With all parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn from_params(params: SmaCrossParams) -> Result<Self, StrategyError> {
        params.validate()?;
        Ok(Self {
            fast: RollingSum::new(params.fast).map_err(refused("fast"))?,
            slow: RollingSum::new(params.slow).map_err(refused("slow"))?,
            scale: Scale::new(PLACES)?,
            signal: None,
            target: Quantity::ZERO,
            params,
        })
    }

    fn target_for(&self, ctx: &Context<'_>, signal: Ordering) -> Result<Quantity, StrategyError> {
        match signal {
            Ordering::Greater => self.params.sizing.quantity(ctx, self.params.instrument),
            Ordering::Less if self.params.direction.allows_short() => {
                Ok(self.params.sizing.quantity(ctx, self.params.instrument)?.checked_neg()?)
            }
            Ordering::Less | Ordering::Equal => Ok(Quantity::ZERO),
        }
    }
}

setters!(SmaCross: bars sizing direction);

impl Strategy for SmaCross {
    crate::parameters::kept!();

    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.params.sizing.check(ctx, self.params.instrument)?;
        self.scale = self.scale.max(ctx.instrument(self.params.instrument)?.price_increment.scale());
        ctx.subscribe(Subscription::bars(self.params.instrument, self.params.bars))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let close = bar.close.rescale(self.scale, Rounding::HalfEven)?.mantissa();
        self.fast.update(close);
        self.slow.update(close);
        let Some(signal) = self.fast.compare_mean(&self.slow) else { return Ok(()) };
        if self.signal != Some(signal) {
            self.target = self.target_for(ctx, signal)?;
            self.signal = Some(signal);
        }
        ctx.target_position(self.params.instrument, self.target)
    }

    fn on_order(&mut self, _ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        // The next bar sizes the position anew and tries again.
        if matches!(event.kind, OrderEventKind::Denied { .. } | OrderEventKind::Rejected { .. }) {
            self.signal = None;
        }
        Ok(())
    }
}

impl Parameters for SmaCrossParams {
    const NAME: &'static str = "sma_cross";
    const SUMMARY: &'static str = "Long while a fast moving average is above a slow one";
    type Strategy = SmaCross;

    fn instruments(&self) -> Vec<InstrumentId> {
        vec![self.instrument]
    }

    fn build(self) -> Result<SmaCross, StrategyError> {
        SmaCross::from_params(self)
    }
}
