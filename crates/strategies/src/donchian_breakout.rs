use algoflow_core::prelude::*;
use algoflow_indicators::{Atr, Channel, Donchian, DonchianWindow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Direction, Sizing,
    parameters::{defaults, ohlcv, positive, refused, setters},
    protected_position::ProtectedPosition,
    registry::Parameters,
};

/// Parameters of [`DonchianBreakout`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DonchianBreakoutParams {
    /// What is traded, as SYMBOL.VENUE.
    #[schemars(with = "String")]
    pub instrument: InstrumentId,
    /// The bars that make the channels: `5m`, `4h`, `1d`.
    #[serde(default = "BarSpec::day")]
    #[schemars(with = "String")]
    pub bars: BarSpec,
    /// How many bars before the current one the channel of the entry spans.
    #[serde(default = "entry")]
    #[schemars(range(min = 1))]
    pub entry: usize,
    /// How many bars before the current one the channel of the exit spans. At most `entry`.
    #[serde(default = "exit")]
    #[schemars(range(min = 1))]
    pub exit: usize,
    /// How many bars the average true range spans.
    #[serde(default = "atr_period")]
    #[schemars(range(min = 1))]
    pub atr_period: usize,
    /// The distance of the trailing stop from the best price, in average true ranges at the entry.
    #[serde(default = "trail_atr")]
    pub trail_atr: f64,
    /// How large a position is.
    #[serde(default)]
    pub sizing: Sizing,
    /// Whether breakouts to the downside are sold short.
    #[serde(default)]
    pub direction: Direction,
}

defaults! {
    entry: usize = 20;
    exit: usize = 10;
    atr_period: usize = 20;
    trail_atr: f64 = 3.0;
}

impl DonchianBreakoutParams {
    /// The defaults, for an instrument.
    #[must_use]
    pub fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            bars: BarSpec::day(),
            entry: entry(),
            exit: exit(),
            atr_period: atr_period(),
            trail_atr: trail_atr(),
            sizing: Sizing::default(),
            direction: Direction::default(),
        }
    }

    /// Checks that the parameters make sense together.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn validate(&self) -> StrategyResult {
        if self.exit > self.entry {
            let reason = format!("must be at most entry ({}), is {}", self.entry, self.exit);
            return Err(StrategyError::parameter("exit", reason));
        }
        positive("trail_atr", self.trail_atr)?;
        self.sizing.validate()
    }
}

/// Follows a close outside the channel of the last bars, behind a trailing stop.
///
/// # The idea
///
/// A price above everything that was paid for weeks meets no one who waits to sell at what they paid, and
/// large trends must begin with such a price. Richard Donchian's channel rule became famous with the
/// "Turtles" of Richard Dennis: Curtis Faith, *Way of the Turtle* (2007), whose shorter system enters on 20
/// days and leaves on 10. Here the fixed stop of the Turtles is one that trails.
///
/// # The rules
///
/// 1. The channels span the bars *before* the current one: highest high and lowest low. Nothing happens
///    before the longer one is full and the average true range (ATR) has a value.
/// 2. When nothing is held and a bar closes above the upper line of the entry channel: buy at the market.
///    What has filled is protected by a stop that trails the best price by `trail_atr` ATRs, as measured at
///    the entry.
/// 3. When a long position is held and a bar closes below the lower line of the exit channel: cancel the
///    trailing stop, then close the position.
/// 4. With [`Direction::LongShort`], the mirror image on the other side.
/// 5. After an exit, or a refused entry, the next close outside the entry channel enters again.
/// 6. A position is never held without a stop: if the stop is refused or ends early, the position is closed.
///
/// # The risks
///
/// - Most breakouts fail: expect to be wrong six times in ten or more, and long runs of small losses.
/// - The gain comes from few large trends. Leaving one of them out, through a refused order or a missed bar,
///   can turn a good year into a bad one.
/// - A stop is not a price: a gap fills beyond it. A trailing stop that the venue does not have is emulated
///   by the engine, which only acts when it sees a price (on bars: at their end).
/// - Everybody sees the same channel, so breakouts are crowded, and slippage at the entry is worse than
///   average.
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_strategies::{DonchianBreakout, DonchianBreakoutParams, Sizing};
///
/// let sol: InstrumentId = "SOL-USDC.ORCA".parse()?;
/// let short_system = DonchianBreakout::new(sol, 20, 10)?.bars(BarSpec::hours(4));
/// let long_system = DonchianBreakout::from_params(DonchianBreakoutParams {
///     entry: 55,
///     exit: 20,
///     trail_atr: 4.0,
///     sizing: Sizing::Quantity("2.5".parse()?),
///     ..DonchianBreakoutParams::new(sol)
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct DonchianBreakout {
    params: DonchianBreakoutParams,
    entry: Donchian,
    exit: Donchian,
    atr: Atr,
    position: ProtectedPosition,
}

impl DonchianBreakout {
    /// Channels of `entry` and `exit` daily bars, long only, with 95 % of the equity.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] unless `1 <= exit <= entry`.
    pub fn new(instrument: InstrumentId, entry: usize, exit: usize) -> Result<Self, StrategyError> {
        Self::from_params(DonchianBreakoutParams { entry, exit, ..DonchianBreakoutParams::new(instrument) })
    }

    /// With all parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn from_params(params: DonchianBreakoutParams) -> Result<Self, StrategyError> {
        params.validate()?;
        let channel = |period| Donchian::with_window(period, DonchianWindow::Before);
        Ok(Self {
            entry: channel(params.entry).map_err(refused("entry"))?,
            exit: channel(params.exit).map_err(refused("exit"))?,
            atr: Atr::new(params.atr_period).map_err(refused("atr_period"))?,
            position: ProtectedPosition::new(params.instrument),
            params,
        })
    }

    /// The side of an entry, if the close is outside the channel.
    fn signal(&self, close: f64, channel: Channel) -> Option<Side> {
        if close > channel.upper {
            Some(Side::Buy)
        } else if close < channel.lower && self.params.direction.allows_short() {
            Some(Side::Sell)
        } else {
            None
        }
    }

    fn enter(&self, ctx: &mut Context<'_>, side: Side, atr: f64) -> StrategyResult {
        let quantity = self.params.sizing.quantity(ctx, self.params.instrument)?;
        let instrument = ctx.instrument(self.params.instrument)?;
        let distance = instrument.price(self.params.trail_atr * atr)?.max(instrument.price_increment);
        if quantity.is_positive() {
            let order = ctx.trade(self.params.instrument, side, quantity);
            order.trailing_stop_loss(TrailingOffset::Price(distance)).submit()?;
        }
        Ok(())
    }
}

setters!(DonchianBreakout: bars sizing direction);

impl Strategy for DonchianBreakout {
    crate::parameters::kept!();

    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.params.sizing.check(ctx, self.params.instrument)?;
        ctx.subscribe(Subscription::bars(self.params.instrument, self.params.bars))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.position.on_bar(ctx)?;
        let (close, bar) = (bar.close.to_f64(), ohlcv(bar));
        let (entry, exit, atr) = (self.entry.update(bar), self.exit.update(bar), self.atr.update(bar));
        let (Some(entry), Some(exit), Some(atr)) = (entry, exit, atr) else { return Ok(()) };
        match self.position.side(ctx) {
            Some(Side::Buy) if close < exit.lower => self.position.leave(ctx),
            Some(Side::Sell) if close > exit.upper => self.position.leave(ctx),
            None if self.position.is_idle(ctx) => match self.signal(close, entry) {
                Some(side) => self.enter(ctx, side, atr),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        self.position.on_order(ctx, event)
    }
}

impl Parameters for DonchianBreakoutParams {
    const NAME: &'static str = "donchian_breakout";
    const SUMMARY: &'static str = "Follows a close outside a price channel, behind a trailing stop";
    type Strategy = DonchianBreakout;

    fn instruments(&self) -> Vec<InstrumentId> {
        vec![self.instrument]
    }

    fn build(self) -> Result<DonchianBreakout, StrategyError> {
        DonchianBreakout::from_params(self)
    }
}
