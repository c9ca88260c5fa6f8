use std::collections::BTreeMap;

use algoflow_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    allocation::{Allocation, exceeds_band},
    parameters::{defaults, distinct, not_negative, setters},
    registry::Parameters,
};

const REBALANCE: &str = "rebalance";

/// When the weights are looked at.
///
/// Written `{ "bars": 20 }`, `"monthly"`, `"quarterly"` or `"yearly"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// Every so many bars. At least 1.
    Bars(u32),
    /// With the first bars that open in a new month, UTC.
    #[default]
    Monthly,
    /// With the first bars that open in a new quarter, UTC.
    Quarterly,
    /// With the first bars that open in a new year, UTC.
    Yearly,
}

impl Schedule {
    /// Counts the calendar's periods; always the same for a schedule by bars.
    fn period(self, opened: Timestamp) -> i32 {
        if let Self::Bars(_) = self {
            return 0;
        }
        let (year, month, _) = opened.date();
        let month = i32::from(year) * 12 + i32::from(month) - 1;
        match self {
            Self::Bars(_) => 0,
            Self::Monthly => month,
            Self::Quarterly => month.div_euclid(3),
            Self::Yearly => month.div_euclid(12),
        }
    }
}

/// Parameters of [`Rebalance`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RebalanceParams {
    /// The share of the equity that each instrument (SYMBOL.VENUE) is to have: 0.6 is 60 %, below zero is
    /// short. What is missing to 1 stays cash; some should, for fees.
    #[schemars(with = "BTreeMap<String, f64>")]
    pub weights: BTreeMap<InstrumentId, f64>,
    /// The bars by which time is told: `4h`, `1d`, `1w`.
    #[serde(default = "BarSpec::day")]
    #[schemars(with = "String")]
    pub bars: BarSpec,
    /// When the weights are looked at.
    #[serde(default)]
    pub schedule: Schedule,
    /// Nothing is done unless one weight is off by more than this: 0.01 is one percent of the equity.
    #[serde(default = "drift_band")]
    pub drift_band: f64,
}

defaults! {
    drift_band: f64 = 0.01;
}

impl RebalanceParams {
    /// The defaults, for some instruments and their weights.
    pub fn new(weights: impl IntoIterator<Item = (InstrumentId, f64)>) -> Self {
        Self {
            weights: weights.into_iter().collect(),
            bars: BarSpec::day(),
            schedule: Schedule::default(),
            drift_band: drift_band(),
        }
    }

    /// Checks that the parameters make sense together.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn validate(&self) -> StrategyResult {
        distinct("weights", &self.weights.keys().copied().collect::<Vec<_>>())?;
        if let Some((instrument, weight)) = self.weights.iter().find(|(_, weight)| !weight.is_finite()) {
            let reason = format!("the weight of {instrument} must be finite, is {weight}");
            return Err(StrategyError::parameter("weights", reason));
        }
        if self.schedule == Schedule::Bars(0) {
            return Err(StrategyError::parameter("schedule", "bars must be at least 1, is 0"));
        }
        not_negative("drift_band", self.drift_band)
    }
}

/// Holds several instruments at fixed weights.
///
/// # The idea
///
/// A portfolio that is left alone drifts into whatever rose most. Bringing it back to its weights keeps its
/// risk what it was meant to be, and sells what became dear for what became cheap. Perold and Sharpe,
/// *Dynamic strategies for asset allocation*, Financial Analysts Journal 44 (1988), call it the constant mix
/// and compare it with its alternatives.
///
/// # The rules
///
/// 1. Nothing happens before every instrument has a price. Then the positions are opened.
/// 2. The weights are looked at as the [`Schedule`] says, once all bars of that time have arrived: every so
///    many bars, or with the first bars that open in a new month, quarter or year (UTC).
/// 3. If at least one weight is off by more than `drift_band`, or a position is missing, all are brought
///    back. Otherwise none is.
/// 4. What shrinks is sent first; what grows once that is done, so that it can be paid for.
/// 5. If an order is refused, the weights are looked at again with the next bars.
///
/// # The risks
///
/// - It buys what falls, all the way down: in a long trend it earns less, and in a collapse it loses more,
///   than a portfolio that is left alone. It does best in markets that go back and forth.
/// - Every adjustment costs fees, spread and, where profits are taxed when they are realized, taxes. A wide
///   band and a slow schedule keep most of the benefit.
/// - Weights are shares of the whole portfolio's equity. Other strategies in the same account change it, and
///   weights that add up to 1 leave nothing for fees.
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_strategies::{Rebalance, RebalanceParams, Schedule};
///
/// let (spy, tlt): (InstrumentId, InstrumentId) = ("SPY.ARCA".parse()?, "TLT.NASDAQ".parse()?);
/// let sixty_forty = Rebalance::new([(spy, 0.6), (tlt, 0.39)])?;
/// let quarterly = Rebalance::from_params(RebalanceParams {
///     schedule: Schedule::Quarterly,
///     drift_band: 0.05,
///     ..RebalanceParams::new([(spy, 0.5), (tlt, 0.49)])
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Rebalance {
    params: RebalanceParams,
    /// The end of the newest bars.
    latest: Option<Timestamp>,
    /// The calendar's period of the newest bars.
    period: i32,
    /// How many bars ago the weights were looked at.
    since: u32,
    /// Whether they are to be looked at now.
    due: bool,
    allocation: Allocation,
}

impl Rebalance {
    /// These weights of daily bars, looked at every month, with a band of one percent.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] if there are none, or one is not finite.
    pub fn new(weights: impl IntoIterator<Item = (InstrumentId, f64)>) -> Result<Self, StrategyError> {
        Self::from_params(RebalanceParams::new(weights))
    }

    /// With all parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn from_params(params: RebalanceParams) -> Result<Self, StrategyError> {
        params.validate()?;
        let allocation = Allocation::default();
        Ok(Self { params, latest: None, period: 0, since: 0, due: true, allocation })
    }

    /// When the weights are looked at. Checked again when the strategy starts.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.params.schedule = schedule;
        self
    }
}

setters!(Rebalance: bars);

impl Strategy for Rebalance {
    crate::parameters::kept!();

    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.params.validate()?;
        for instrument in self.params.weights.keys() {
            ctx.subscribe(Subscription::bars(*instrument, self.params.bars))?;
        }
        Ok(())
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        if self.latest.is_some_and(|latest| bar.ts_close <= latest) {
            return Ok(());
        }
        self.latest = Some(bar.ts_close);
        self.since = self.since.saturating_add(1);
        let period = self.params.schedule.period(bar.ts_open);
        self.due |= match self.params.schedule {
            Schedule::Bars(bars) => self.since >= bars,
            _ => period != self.period,
        };
        self.period = period;
        if self.due {
            // A timer goes off after all bars of this time.
            ctx.schedule(REBALANCE, ctx.now());
        }
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, timer: &Timer) -> StrategyResult {
        let known = |instrument: &InstrumentId| ctx.last_price(*instrument).is_some();
        if timer.name != REBALANCE || !self.params.weights.keys().all(known) {
            return Ok(());
        }
        (self.due, self.since) = (false, 0);
        let mut drifted = false;
        let mut targets = Vec::with_capacity(self.params.weights.len());
        for (instrument, weight) in &self.params.weights {
            let target = ctx.quantity_for_weight(*instrument, *weight)?;
            drifted |= exceeds_band(ctx, *instrument, target, self.params.drift_band)?;
            targets.push((*instrument, target));
        }
        if drifted { self.allocation.set(ctx, targets) } else { Ok(()) }
    }

    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        self.due |= self.allocation.on_order(ctx, event)?;
        Ok(())
    }
}

impl Parameters for RebalanceParams {
    const NAME: &'static str = "rebalance";
    const SUMMARY: &'static str = "Holds several instruments at fixed weights";
    type Strategy = Rebalance;

    fn instruments(&self) -> Vec<InstrumentId> {
        self.weights.keys().copied().collect()
    }

    fn build(self) -> Result<Rebalance, StrategyError> {
        Rebalance::from_params(self)
    }
}
