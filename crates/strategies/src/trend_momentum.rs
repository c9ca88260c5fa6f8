use algoflow_core::prelude::*;
use algoflow_indicators::{Ema, Momentum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Direction,
    allocation::{Allocation, exceeds_band},
    parameters::{defaults, distinct, not_negative, positive, refused, setters},
    registry::Parameters,
};

const REBALANCE: &str = "rebalance";

/// Parameters of [`TrendMomentum`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrendMomentumParams {
    /// What is traded, each as SYMBOL.VENUE.
    #[schemars(with = "Vec<String>")]
    pub instruments: Vec<InstrumentId>,
    /// The bars that returns are taken of: `4h`, `1d`, `1w`.
    #[serde(default = "BarSpec::day")]
    #[schemars(with = "String")]
    pub bars: BarSpec,
    /// How many bars make a year: 252 for daily bars of shares, 365 for daily bars of crypto assets.
    #[serde(default = "bars_per_year")]
    pub bars_per_year: f64,
    /// The return over this many bars decides on the side.
    #[serde(default = "lookback")]
    #[schemars(range(min = 1))]
    pub lookback: usize,
    /// The span, in bars, of the exponential average of squared returns: the weight of the newest is 2 /
    /// (span + 1).
    #[serde(default = "volatility_span")]
    #[schemars(range(min = 1))]
    pub volatility_span: usize,
    /// The yearly volatility of all positions together, if their returns were perfectly correlated: 0.1 is 10
    /// %. Each instrument gets an equal part of it.
    #[serde(default = "target_volatility")]
    pub target_volatility: f64,
    /// No position is worth more than this share of the equity, long or short.
    #[serde(default = "max_weight")]
    pub max_weight: f64,
    /// All positions together, long and short, are not worth more than this share of the equity; 1 is no
    /// leverage.
    #[serde(default = "max_gross")]
    pub max_gross: f64,
    /// How many bars lie between two adjustments.
    #[serde(default = "rebalance_every")]
    #[schemars(range(min = 1))]
    pub rebalance_every: u32,
    /// A position that is to keep its side is only changed by more than this share of the equity.
    #[serde(default = "no_trade_band")]
    pub no_trade_band: f64,
    /// Whether falling prices are sold short.
    #[serde(default)]
    pub direction: Direction,
}

defaults! {
    bars_per_year: f64 = 252.0;
    lookback: usize = 252;
    volatility_span: usize = 60;
    target_volatility: f64 = 0.1;
    max_weight: f64 = 0.95;
    max_gross: f64 = 0.95;
    rebalance_every: u32 = 21;
    no_trade_band: f64 = 0.01;
}

impl TrendMomentumParams {
    /// The defaults, for some instruments.
    pub fn new(instruments: impl IntoIterator<Item = InstrumentId>) -> Self {
        Self {
            instruments: instruments.into_iter().collect(),
            bars: BarSpec::day(),
            bars_per_year: bars_per_year(),
            lookback: lookback(),
            volatility_span: volatility_span(),
            target_volatility: target_volatility(),
            max_weight: max_weight(),
            max_gross: max_gross(),
            rebalance_every: rebalance_every(),
            no_trade_band: no_trade_band(),
            direction: Direction::default(),
        }
    }

    /// Checks that the parameters make sense together.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn validate(&self) -> StrategyResult {
        distinct("instruments", &self.instruments)?;
        positive("bars_per_year", self.bars_per_year)?;
        positive("target_volatility", self.target_volatility)?;
        positive("max_weight", self.max_weight)?;
        positive("max_gross", self.max_gross)?;
        not_negative("no_trade_band", self.no_trade_band)?;
        if self.rebalance_every == 0 {
            return Err(StrategyError::parameter("rebalance_every", "must be at least 1, is 0"));
        }
        Ok(())
    }
}

/// Follows the past return of each of several instruments, sized so that each carries the same risk.
///
/// # The idea
///
/// What has risen over the past year tends to rise on for a while, in every market that was looked at:
/// Moskowitz, Ooi and Pedersen, *Time series momentum*, Journal of Financial Economics 104 (2012). They size
/// each position by its volatility, so that a bond counts as much as natural gas. The volatility here is that
/// of RiskMetrics (J.P. Morgan, *RiskMetrics Technical Document*, 1996): an exponential average of squared
/// returns, without a mean.
///
/// # The rules
///
/// 1. With every bar of an instrument, its return over `lookback` bars and its volatility are updated. The
///    volatility σ is the square root of `bars_per_year` times the exponential average of squared returns,
///    begun with the simple average of the first `volatility_span`. An instrument without both is not traded
///    yet.
/// 2. The weight of each of the N instruments is `target_volatility / (N σ)`, at most `max_weight`; positive
///    after a rise, zero after a fall (negative with [`Direction::LongShort`]), zero where nothing has
///    changed.
/// 3. If the sizes of all weights add up to more than `max_gross`, all are scaled down to that.
/// 4. Every `rebalance_every` bars, once all bars of that time have arrived, positions are brought to their
///    weights; the first time as soon as one instrument is ready. A change of at most `no_trade_band` is left
///    out unless it begins, ends or turns a position.
/// 5. What shrinks is sent first; what grows once that is done, so that it can be paid for.
/// 6. If an order is refused, the positions are looked at again with the next bars.
///
/// A bar whose close is not above zero has no return and is left out.
///
/// # The risks
///
/// - Trends turn together. After a long one, all positions are on the same side of one bet, and a sharp
///   reversal hits them at once (Daniel and Moskowitz, *Momentum crashes*, Journal of Financial Economics
///   122, 2016).
/// - Volatility is estimated from the past: it is lowest, and positions are largest, just before it jumps.
/// - `target_volatility` is met only if returns are perfectly correlated; otherwise the portfolio is calmer,
///   and the more so the more instruments there are.
/// - Whether the effect is more than the average return of the instruments is disputed (Huang, Li, Wang and
///   Zhou, *Time series momentum: is it there?*, Journal of Financial Economics 135, 2020).
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_strategies::{Direction, TrendMomentum, TrendMomentumParams};
///
/// let ids = ["SPY.ARCA", "TLT.NASDAQ", "GLD.ARCA"].map(|id| id.parse::<InstrumentId>());
/// let ids = ids.into_iter().collect::<Result<Vec<_>, _>>()?;
/// let yearly = TrendMomentum::new(ids.iter().copied(), 252)?;
/// let quick = TrendMomentum::from_params(TrendMomentumParams {
///     lookback: 60,
///     rebalance_every: 5,
///     direction: Direction::LongShort,
///     ..TrendMomentumParams::new(ids)
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct TrendMomentum {
    params: TrendMomentumParams,
    trends: Vec<Trend>,
    /// The end of the newest bars.
    latest: Option<Timestamp>,
    /// How many bars ago the positions were adjusted; `None` if they are to be as soon as possible.
    since: Option<u32>,
    allocation: Allocation,
}

/// What is known about the price of one instrument.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Trend {
    instrument: InstrumentId,
    change: Momentum,
    squared_returns: Ema,
    previous: Option<f64>,
}

impl Trend {
    fn new(instrument: InstrumentId, params: &TrendMomentumParams) -> Result<Self, StrategyError> {
        Ok(Self {
            instrument,
            change: Momentum::new(params.lookback).map_err(refused("lookback"))?,
            squared_returns: Ema::new(params.volatility_span).map_err(refused("volatility_span"))?,
            previous: None,
        })
    }

    fn update(&mut self, close: f64) {
        if close <= 0.0 {
            return;
        }
        self.change.update(close);
        if let Some(previous) = self.previous.replace(close) {
            self.squared_returns.update((close / previous - 1.0).powi(2));
        }
    }

    /// The weight before all of them together are bounded. `None` while there is too little data.
    fn weight(&self, params: &TrendMomentumParams) -> Option<f64> {
        let (change, variance) = (self.change.value()?, self.squared_returns.value()?);
        let sign = if change > 0.0 {
            1.0
        } else if change < 0.0 && params.direction.allows_short() {
            -1.0
        } else {
            return Some(0.0);
        };
        let volatility = (variance * params.bars_per_year).sqrt();
        let part = params.target_volatility / params.instruments.len() as f64;
        // A price that stood still for long has a volatility of almost nothing: the bound holds then.
        Some(sign * (part / volatility).min(params.max_weight))
    }
}

impl TrendMomentum {
    /// The return of each instrument over `lookback` daily bars; long only, 10 % of volatility, no leverage,
    /// adjusted every 21 bars.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for a lookback of zero, no instruments, or one that is named twice.
    pub fn new(
        instruments: impl IntoIterator<Item = InstrumentId>,
        lookback: usize,
    ) -> Result<Self, StrategyError> {
        Self::from_params(TrendMomentumParams { lookback, ..TrendMomentumParams::new(instruments) })
    }

    /// With all parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn from_params(params: TrendMomentumParams) -> Result<Self, StrategyError> {
        params.validate()?;
        let trends =
            params.instruments.iter().map(|id| Trend::new(*id, &params)).collect::<Result<_, _>>()?;
        Ok(Self { trends, latest: None, since: None, allocation: Allocation::default(), params })
    }

    /// The weights of the instruments that have enough data.
    fn weights(&self) -> Vec<(InstrumentId, f64)> {
        let ready = |trend: &Trend| Some((trend.instrument, trend.weight(&self.params)?));
        let mut weights: Vec<_> = self.trends.iter().filter_map(ready).collect();
        let gross: f64 = weights.iter().map(|(_, weight)| weight.abs()).sum();
        if gross > self.params.max_gross {
            for (_, weight) in &mut weights {
                *weight *= self.params.max_gross / gross;
            }
        }
        weights
    }
}

setters!(TrendMomentum: bars direction);

impl Strategy for TrendMomentum {
    crate::parameters::kept!();

    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        for instrument in &self.params.instruments {
            ctx.subscribe(Subscription::bars(*instrument, self.params.bars))?;
        }
        Ok(())
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        if let Some(trend) = self.trends.iter_mut().find(|trend| trend.instrument == bar.instrument) {
            trend.update(bar.close.into());
        }
        if self.latest.is_some_and(|latest| bar.ts_close <= latest) {
            return Ok(());
        }
        self.latest = Some(bar.ts_close);
        self.since = self.since.map(|since| since.saturating_add(1));
        if self.since.is_none_or(|since| since >= self.params.rebalance_every) {
            // A timer goes off after all bars of this time.
            ctx.schedule(REBALANCE, ctx.now());
        }
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, timer: &Timer) -> StrategyResult {
        let weights = self.weights();
        if timer.name != REBALANCE || weights.is_empty() {
            return Ok(());
        }
        self.since = Some(0);
        let mut targets = Vec::with_capacity(weights.len());
        for (instrument, weight) in weights {
            let target = ctx.quantity_for_weight(instrument, weight)?;
            if exceeds_band(ctx, instrument, target, self.params.no_trade_band)? {
                targets.push((instrument, target));
            }
        }
        self.allocation.set(ctx, targets)
    }

    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        if self.allocation.on_order(ctx, event)? {
            self.since = None;
        }
        Ok(())
    }
}

impl Parameters for TrendMomentumParams {
    const NAME: &'static str = "trend_momentum";
    const SUMMARY: &'static str = "Follows the past returns of several instruments, sized by volatility";
    type Strategy = TrendMomentum;

    fn instruments(&self) -> Vec<InstrumentId> {
        self.instruments.clone()
    }

    fn build(self) -> Result<TrendMomentum, StrategyError> {
        TrendMomentum::from_params(self)
    }
}
