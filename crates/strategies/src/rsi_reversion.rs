use algoflow_core::prelude::*;
use algoflow_indicators::{Atr, Rsi};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Direction, Sizing,
    parameters::{below, defaults, ohlcv, positive, refused, setters},
    protected_position::ProtectedPosition,
    registry::Parameters,
};

/// Parameters of [`RsiReversion`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RsiReversionParams {
    /// What is traded, as SYMBOL.VENUE.
    #[schemars(with = "String")]
    pub instrument: InstrumentId,
    /// The bars that are looked at: `5m`, `4h`, `1d`.
    #[serde(default = "BarSpec::day")]
    #[schemars(with = "String")]
    pub bars: BarSpec,
    /// How many changes of the close the RSI averages.
    #[serde(default = "period")]
    #[schemars(range(min = 1))]
    pub period: usize,
    /// Buy when the RSI falls below this. From 0 to 100, below `exit`.
    #[serde(default = "oversold")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub oversold: f64,
    /// Leave when the RSI is back beyond this. From 0 to 100, between `oversold` and `overbought`.
    #[serde(default = "exit")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub exit: f64,
    /// Sell short when the RSI rises above this, if short positions are allowed. From 0 to 100.
    #[serde(default = "overbought")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub overbought: f64,
    /// How many bars the average true range spans.
    #[serde(default = "atr_period")]
    #[schemars(range(min = 1))]
    pub atr_period: usize,
    /// The distance of the take-profit from the close that decided, in average true ranges.
    #[serde(default = "take_profit_atr")]
    pub take_profit_atr: f64,
    /// The distance of the stop from the close that decided, in average true ranges.
    #[serde(default = "stop_atr")]
    pub stop_atr: f64,
    /// How large a position is.
    #[serde(default)]
    pub sizing: Sizing,
    /// Whether rises are sold short too.
    #[serde(default)]
    pub direction: Direction,
}

defaults! {
    period: usize = 14;
    oversold: f64 = 30.0;
    exit: f64 = 50.0;
    overbought: f64 = 70.0;
    atr_period: usize = 14;
    take_profit_atr: f64 = 3.0;
    stop_atr: f64 = 2.0;
}

impl RsiReversionParams {
    /// The defaults, for an instrument.
    #[must_use]
    pub fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            bars: BarSpec::day(),
            period: period(),
            oversold: oversold(),
            exit: exit(),
            overbought: overbought(),
            atr_period: atr_period(),
            take_profit_atr: take_profit_atr(),
            stop_atr: stop_atr(),
            sizing: Sizing::default(),
            direction: Direction::default(),
        }
    }

    /// Checks that the parameters make sense together.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn validate(&self) -> StrategyResult {
        positive("oversold", self.oversold)?;
        below("oversold", self.oversold, "exit", self.exit)?;
        below("exit", self.exit, "overbought", self.overbought)?;
        below("overbought", self.overbought, "the top of the RSI", 100.0)?;
        positive("take_profit_atr", self.take_profit_atr)?;
        positive("stop_atr", self.stop_atr)?;
        self.sizing.validate()
    }
}

/// Buys what has fallen too fast, behind a bracket, until the price has calmed down.
///
/// # The idea
///
/// After a quick fall sellers are exhausted, and the price tends to come back part of the way. The relative
/// strength index measures the quickness: J. Welles Wilder, *New Concepts in Technical Trading Systems*
/// (1978). Buying short-term weakness and selling into the recovery was made popular by Connors and Alvarez,
/// *Short Term Trading Strategies That Work* (2008), with periods as short as 2.
///
/// # The rules
///
/// 1. With every bar, the RSI takes its close and the average true range (ATR) takes the bar. Nothing happens
///    before both have a value.
/// 2. When nothing is held and the RSI falls from `oversold` or above to below it: buy at the market, with a
///    bracket. The take-profit is `take_profit_atr` ATRs above the close of that bar, the stop `stop_atr`
///    ATRs below it.
/// 3. When a long position is held and the RSI is above `exit`: cancel the bracket, then close the position.
/// 4. With [`Direction::LongShort`], the mirror image: sell short when the RSI rises above `overbought`,
///    cover when it is below `exit`.
/// 5. After an exit by whatever means, the RSI must cross its threshold anew before the next entry. So must
///    it after a refused entry.
/// 6. A position is never held without a stop: if the stop is refused or ends early, the position is closed.
///
/// The bracket keeps its prices when the entry fills at another price than the close that decided.
///
/// # The risks
///
/// - It buys what falls. Many small gains are paid for by few large losses: the fall that goes on is the
///   trade that hurts, and it comes when volatility is high and the stops of others are hit too.
/// - A stop is not a price: a gap fills beyond it.
/// - In a long decline it buys again after every recovery of the RSI, at a lower price each time. A filter
///   for the trend (only buy above a long average) is the usual remedy, and not included.
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_strategies::{RsiReversion, RsiReversionParams};
///
/// let spy: InstrumentId = "SPY.NYSE".parse()?;
/// let wilder = RsiReversion::new(spy, 14)?.weight(0.5);
/// let connors = RsiReversion::from_params(RsiReversionParams {
///     period: 2,
///     oversold: 10.0,
///     exit: 60.0,
///     overbought: 90.0,
///     ..RsiReversionParams::new(spy)
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RsiReversion {
    params: RsiReversionParams,
    rsi: Rsi,
    atr: Atr,
    /// The RSI of the bar before.
    previous: Option<f64>,
    position: ProtectedPosition,
}

impl RsiReversion {
    /// An RSI of `period` daily closes, long only, with 95 % of the equity.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for a period of zero.
    pub fn new(instrument: InstrumentId, period: usize) -> Result<Self, StrategyError> {
        Self::from_params(RsiReversionParams { period, ..RsiReversionParams::new(instrument) })
    }

    /// With all parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn from_params(params: RsiReversionParams) -> Result<Self, StrategyError> {
        params.validate()?;
        Ok(Self {
            rsi: Rsi::new(params.period).map_err(refused("period"))?,
            atr: Atr::new(params.atr_period).map_err(refused("atr_period"))?,
            previous: None,
            position: ProtectedPosition::new(params.instrument),
            params,
        })
    }

    /// The side of an entry, if the RSI has just crossed a threshold.
    fn signal(&self, before: f64, rsi: f64) -> Option<Side> {
        let RsiReversionParams { oversold, overbought, direction, .. } = self.params;
        if before >= oversold && rsi < oversold {
            Some(Side::Buy)
        } else if before <= overbought && rsi > overbought && direction.allows_short() {
            Some(Side::Sell)
        } else {
            None
        }
    }

    fn enter(&self, ctx: &mut Context<'_>, side: Side, close: Price, atr: f64) -> StrategyResult {
        let quantity = self.params.sizing.quantity(ctx, self.params.instrument)?;
        let instrument = ctx.instrument(self.params.instrument)?;
        let away = |ranges: f64| {
            let distance = if side == Side::Buy { ranges * atr } else { -ranges * atr };
            instrument.price(close.to_f64() + distance)
        };
        let (take_profit, stop) = (away(self.params.take_profit_atr)?, away(-self.params.stop_atr)?);
        let apart = match side {
            Side::Buy => stop < close && close < take_profit,
            Side::Sell => take_profit < close && close < stop,
        };
        // Less than a price step between the close and the bracket leaves nothing to win.
        if apart && quantity.is_positive() {
            ctx.trade(self.params.instrument, side, quantity).bracket(take_profit, stop).submit()?;
        }
        Ok(())
    }
}

setters!(RsiReversion: bars sizing direction);

impl Strategy for RsiReversion {
    crate::parameters::kept!();

    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.params.sizing.check(ctx, self.params.instrument)?;
        ctx.subscribe(Subscription::bars(self.params.instrument, self.params.bars))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.position.on_bar(ctx)?;
        let (Some(rsi), atr) = (self.rsi.update(bar.close), self.atr.update(ohlcv(bar))) else {
            return Ok(());
        };
        let before = self.previous.replace(rsi);
        let (Some(before), Some(atr)) = (before, atr) else { return Ok(()) };
        match self.position.side(ctx) {
            Some(Side::Buy) if rsi > self.params.exit => self.position.leave(ctx),
            Some(Side::Sell) if rsi < self.params.exit => self.position.leave(ctx),
            None if self.position.is_idle(ctx) => match self.signal(before, rsi) {
                Some(side) => self.enter(ctx, side, bar.close, atr),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        self.position.on_order(ctx, event)
    }
}

impl Parameters for RsiReversionParams {
    const NAME: &'static str = "rsi_reversion";
    const SUMMARY: &'static str = "Buys what has fallen too fast, behind a bracket";
    type Strategy = RsiReversion;

    fn instruments(&self) -> Vec<InstrumentId> {
        vec![self.instrument]
    }

    fn build(self) -> Result<RsiReversion, StrategyError> {
        RsiReversion::from_params(self)
    }
}
