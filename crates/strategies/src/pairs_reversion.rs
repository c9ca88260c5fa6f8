mod spread;

use algoflow_core::{order::OrderEventKind, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Sizing,
    exit::Exit,
    parameters::{below, defaults, distinct, not_negative, positive, setters},
    registry::Parameters,
};
use spread::{Reading, Spread};

/// How much of the second instrument stands against one of the first, in money.
///
/// Written `{ "fixed": 1.0 }` or `"rolling_ols"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HedgeRatio {
    /// Always this much, above zero: with 1, both legs are worth the same.
    Fixed(f64),
    /// The slope of the regression of the first log price on the second, over the last `lookback` pairs of
    /// closes.
    RollingOls,
}

/// Both legs are worth the same.
impl Default for HedgeRatio {
    fn default() -> Self {
        Self::Fixed(1.0)
    }
}

/// Parameters of [`PairsReversion`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairsReversionParams {
    /// The instrument that is bought when the spread is low, as SYMBOL.VENUE.
    #[schemars(with = "String")]
    pub first: InstrumentId,
    /// The instrument that is sold when the spread is low, as SYMBOL.VENUE.
    #[schemars(with = "String")]
    pub second: InstrumentId,
    /// The bars that are compared: `5m`, `4h`, `1d`.
    #[serde(default = "BarSpec::day")]
    #[schemars(with = "String")]
    pub bars: BarSpec,
    /// How many pairs of closes the mean, the deviation and the regression span. At least 2.
    #[serde(default = "lookback")]
    #[schemars(range(min = 2))]
    pub lookback: usize,
    /// How much of the second instrument stands against one of the first, in money.
    #[serde(default)]
    pub hedge: HedgeRatio,
    /// Enter when the spread is this many standard deviations or more away from its mean.
    #[serde(default = "entry")]
    pub entry: f64,
    /// Leave when it is only this many away, or on the other side. Below `entry`; 0 waits for the mean
    /// itself.
    #[serde(default = "exit")]
    pub exit: f64,
    /// Give up when it is this many away. Above `entry`.
    #[serde(default = "stop")]
    pub stop: f64,
    /// How large a position is: as a quantity, that of the first leg; as a weight, the values of both legs
    /// together.
    #[serde(default)]
    pub sizing: Sizing,
}

defaults! {
    lookback: usize = 60;
    entry: f64 = 2.0;
    exit: f64 = 0.5;
    stop: f64 = 4.0;
}

impl PairsReversionParams {
    /// The defaults, for two instruments.
    #[must_use]
    pub fn new(first: InstrumentId, second: InstrumentId) -> Self {
        Self {
            first,
            second,
            bars: BarSpec::day(),
            lookback: lookback(),
            hedge: HedgeRatio::default(),
            entry: entry(),
            exit: exit(),
            stop: stop(),
            sizing: Sizing::default(),
        }
    }

    /// Checks that the parameters make sense together.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn validate(&self) -> StrategyResult {
        distinct("second", &[self.first, self.second])?;
        if let HedgeRatio::Fixed(ratio) = self.hedge {
            positive("hedge", ratio)?;
        }
        not_negative("exit", self.exit)?;
        below("exit", self.exit, "entry", self.entry)?;
        below("entry", self.entry, "stop", self.stop)?;
        positive("stop", self.stop)?;
        self.sizing.validate()
    }
}

/// Trades the gap between two related prices back to its mean.
///
/// # The idea
///
/// Two prices with a common cause drift together, and what separates them for a while tends to close again.
/// Gatev, Goetzmann and Rouwenhorst, *Pairs trading: performance of a relative-value arbitrage rule*, Review
/// of Financial Studies 19 (2006), opened a pair at two standard deviations; John Bollinger's bands, a mean
/// and a multiple of the deviation over a moving window, are drawn around the spread here.
///
/// # The rules
///
/// 1. The spread is `ln(first) - hedge × ln(second)`. It is looked at once the bars of both that end at the
///    same time have arrived; a time at which one of them is missing is left out.
/// 2. Its z-score is its distance from the mean of the last `lookback` spreads in their standard deviations
///    (population, the present one included). With [`HedgeRatio::RollingOls`], hedge ratio, mean and
///    deviation are those of the regression over the same window. Nothing happens before the window is full.
/// 3. When nothing is held and the score is at or beyond `entry`, but not `stop`: sell the spread if it is
///    high (sell the first, buy the second), buy it if it is low. The values of the two legs are in the ratio
///    1 : hedge.
/// 4. The quantities are kept until the exit: the score back within `exit`, or on the other side of the mean.
/// 5. A score at or beyond `stop` closes both legs, and the same side is not entered again before the score
///    has been back within `exit`. So it is if an order of the entry is refused: a leg alone is not a hedge.
/// 6. Without a positive hedge ratio, or if one leg is too small for the instrument's step, nothing is
///    entered.
///
/// Records the series `z_score` and `hedge_ratio`.
///
/// # The risks
///
/// - The cause that held the two together can end: a takeover, a new product, a delisting. The spread then
///   has no mean to come back to, and the stop is the only thing that says so.
/// - The position is only neutral to what moves both prices in the hedge ratio; an estimated ratio lags, and
///   a short window fits noise.
/// - The two legs fill at different times and prices. In between there is no hedge.
/// - Shorting costs money, and shares may be called back. Returns of the simple rule have shrunk since it was
///   published (Do and Faff, *Does simple pairs trading still work?*, Financial Analysts Journal 66, 2010).
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_strategies::{HedgeRatio, PairsReversion, PairsReversionParams};
///
/// let (ko, pep): (InstrumentId, InstrumentId) = ("KO.NYSE".parse()?, "PEP.NASDAQ".parse()?);
/// let bands = PairsReversion::new(ko, pep, 20)?.weight(0.5);
/// let regression = PairsReversion::from_params(PairsReversionParams {
///     lookback: 120,
///     hedge: HedgeRatio::RollingOls,
///     ..PairsReversionParams::new(ko, pep)
/// })?;
/// assert!(PairsReversion::new(ko, ko, 20).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct PairsReversion {
    params: PairsReversionParams,
    spread: Spread,
    first: Leg,
    second: Leg,
    phase: Phase,
}

/// One of the two instruments.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Leg {
    instrument: InstrumentId,
    /// When its last bar ended, and where.
    latest: Option<(Timestamp, Price)>,
    /// What is held while the spread is.
    target: Quantity,
    exit: Exit,
}

impl Leg {
    fn new(instrument: InstrumentId) -> Self {
        Self { instrument, latest: None, target: Quantity::ZERO, exit: Exit::new(instrument) }
    }

    fn is_idle(&self, ctx: &Context<'_>) -> bool {
        ctx.position(self.instrument).is_flat()
            && !ctx.orders().any(|order| order.spec.instrument == self.instrument)
    }
}

/// What is done with the spread: [`Side::Buy`] is long the first and short the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Phase {
    Flat,
    Holding(Side),
    /// Not entered again on this side before the score was back.
    Barred(Side),
}

/// How far the spread is away from its mean, seen from a position that waits for it to come back.
fn distance(side: Side, z_score: f64) -> f64 {
    match side {
        Side::Buy => -z_score,
        Side::Sell => z_score,
    }
}

impl PairsReversion {
    /// The spread of two instruments over `lookback` daily closes, both legs of the same value, together
    /// worth 95 % of the equity; enters at 2 deviations, leaves at 0.5, gives up at 4.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] if the instruments are the same or the lookback is below 2.
    pub fn new(first: InstrumentId, second: InstrumentId, lookback: usize) -> Result<Self, StrategyError> {
        Self::from_params(PairsReversionParams { lookback, ..PairsReversionParams::new(first, second) })
    }

    /// With all parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter.
    pub fn from_params(params: PairsReversionParams) -> Result<Self, StrategyError> {
        params.validate()?;
        Ok(Self {
            spread: Spread::new(params.hedge, params.lookback)?,
            first: Leg::new(params.first),
            second: Leg::new(params.second),
            phase: Phase::Flat,
            params,
        })
    }

    fn decide(&mut self, ctx: &mut Context<'_>, reading: Reading) -> StrategyResult {
        let PairsReversionParams { entry, exit, stop, .. } = self.params;
        match self.phase {
            Phase::Holding(side) => {
                let away = distance(side, reading.z_score);
                if away >= stop {
                    self.leave(ctx, Phase::Barred(side))
                } else if away <= exit {
                    self.leave(ctx, Phase::Flat)
                } else {
                    self.hold(ctx)
                }
            }
            Phase::Barred(side) if distance(side, reading.z_score) > exit => Ok(()),
            Phase::Flat | Phase::Barred(_) => {
                self.phase = Phase::Flat;
                let side = if reading.z_score < 0.0 { Side::Buy } else { Side::Sell };
                if (entry..stop).contains(&reading.z_score.abs()) {
                    self.enter(ctx, side, reading.hedge)?;
                }
                Ok(())
            }
        }
    }

    fn enter(&mut self, ctx: &mut Context<'_>, side: Side, hedge: f64) -> StrategyResult {
        if hedge <= 0.0 || !self.first.is_idle(ctx) || !self.second.is_idle(ctx) {
            return Ok(());
        }
        let (first, second) = self.quantities(ctx, hedge)?;
        if !first.is_positive() || !second.is_positive() {
            return Ok(());
        }
        self.first.target = side.signed(first)?;
        self.second.target = side.opposite().signed(second)?;
        self.phase = Phase::Holding(side);
        self.hold(ctx)
    }

    /// The sizes of the two legs.
    fn quantities(&self, ctx: &Context<'_>, hedge: f64) -> Result<(Quantity, Quantity), StrategyError> {
        let (first, second) = (self.first.instrument, self.second.instrument);
        match self.params.sizing {
            Sizing::Quantity(quantity) => {
                let money = value(ctx, first, quantity)? * hedge;
                let units = money / value(ctx, second, Quantity::ONE)?;
                Ok((quantity, ctx.instrument(second)?.quantity(units)?))
            }
            Sizing::Weight(weight) => {
                let share = weight / (1.0 + hedge);
                Ok((ctx.quantity_for_weight(first, share)?, ctx.quantity_for_weight(second, share * hedge)?))
            }
        }
    }

    /// Asks for the targets again: what a venue did not fill is completed.
    fn hold(&self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.target_position(self.first.instrument, self.first.target)?;
        ctx.target_position(self.second.instrument, self.second.target)
    }

    fn leave(&mut self, ctx: &mut Context<'_>, next: Phase) -> StrategyResult {
        self.phase = next;
        self.first.exit.begin(ctx)?;
        self.second.exit.begin(ctx)
    }
}

/// What `quantity` of an instrument is worth at its last price, in its quote asset.
fn value(ctx: &Context<'_>, id: InstrumentId, quantity: Quantity) -> Result<f64, StrategyError> {
    let price = ctx.last_price(id).ok_or(StrategyError::NoPrice { instrument: id })?;
    let notional = ctx.instrument(id)?.notional(price, quantity)?;
    f64::try_from(notional).map_err(StrategyError::other)
}

setters!(PairsReversion: bars sizing);

impl Strategy for PairsReversion {
    crate::parameters::kept!();

    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        let (first, second) = (self.first.instrument, self.second.instrument);
        self.params.sizing.check(ctx, first)?;
        let quotes = (ctx.instrument(first)?.quote, ctx.instrument(second)?.quote);
        if matches!(self.params.sizing, Sizing::Quantity(_)) && quotes.0 != quotes.1 {
            let reason =
                format!("a quantity needs prices in one asset, these are in {} and {}", quotes.0, quotes.1);
            return Err(StrategyError::parameter("sizing", reason));
        }
        ctx.subscribe(Subscription::bars(first, self.params.bars))?;
        ctx.subscribe(Subscription::bars(second, self.params.bars))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let leg = if bar.instrument == self.first.instrument { &mut self.first } else { &mut self.second };
        leg.latest = Some((bar.ts_close, bar.close));
        let (Some((at, first)), Some((also_at, second))) = (self.first.latest, self.second.latest) else {
            return Ok(());
        };
        if at != also_at {
            return Ok(());
        }
        self.first.exit.proceed(ctx)?;
        self.second.exit.proceed(ctx)?;
        let Some(reading) = self.spread.update(first.into(), second.into()) else { return Ok(()) };
        ctx.record("z_score", reading.z_score);
        ctx.record("hedge_ratio", reading.hedge);
        self.decide(ctx, reading)
    }

    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        let refused = matches!(event.kind, OrderEventKind::Denied { .. } | OrderEventKind::Rejected { .. });
        if let (true, Phase::Holding(side)) = (refused, self.phase) {
            return self.leave(ctx, Phase::Barred(side));
        }
        self.first.exit.on_order(ctx, event)?;
        self.second.exit.on_order(ctx, event)
    }
}

impl Parameters for PairsReversionParams {
    const NAME: &'static str = "pairs_reversion";
    const SUMMARY: &'static str = "Trades the gap between two related prices back to its mean";
    type Strategy = PairsReversion;

    fn instruments(&self) -> Vec<InstrumentId> {
        vec![self.first, self.second]
    }

    fn build(self) -> Result<PairsReversion, StrategyError> {
        PairsReversion::from_params(self)
    }
}
