use std::{fmt, sync::Arc};

use algoflow_core::{
    instrument::Instrument,
    number::{Price, Rounding},
    order::Side,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{FillContext, SimError};

/// A slippage model of the user's own.
pub trait SlippageModel: fmt::Debug + Send + Sync {
    /// How much worse than `fill.price` the fill is, in units of the price. Zero or more; the venue puts it against
    /// the order and rounds to the tick against the order.
    fn slippage(&self, fill: &FillContext<'_>) -> f64;
}

/// A bid-ask spread for data that do not show one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Spread {
    /// A number of price steps.
    Ticks(u32),
    /// Basis points of the price.
    Bps(f64),
}

/// How much worse than the market price a taker fills.
///
/// Slippage is applied to fills that take liquidity, never to those that add it; always against the order; and the
/// result is rounded to the tick against the order. It may leave the range of the bar. It never makes a limit order
/// worse than its limit, and never turns a positive price into zero or less (the lowest is one tick).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Slippage {
    /// None.
    #[default]
    None,
    /// Basis points of the price. Computed exactly.
    Bps(f64),
    /// A number of price steps.
    Ticks(u32),
    /// `price * impact * min(q / V, max_share)^2`, where `q` fills against the volume `V`: quadratic in the share
    /// of the volume, as in the volume-share model of the Zipline and LEAN engines (there `impact` is 0.1 and
    /// `max_share` 0.025). A volume that is not known counts as `max_share`.
    VolumeShare {
        /// The price impact of a share of one.
        impact: f64,
        /// The largest share that counts, above 0 and at most 1.
        max_share: f64,
    },
    /// `price * coefficient * sqrt(q / V)`: the square-root law of market impact, where the coefficient is a
    /// number near one times the volatility over the time in which `V` trades. A volume that is not known counts as `q`.
    SquareRoot {
        /// The price impact, as a fraction, of an order as large as the volume.
        coefficient: f64,
    },
    /// Half of a stated spread, for bars and trades. On quotes nothing is added, because a fill there crosses the
    /// real spread already.
    HalfSpread(Spread),
    /// A model of the user's own.
    #[serde(skip)]
    Custom(Arc<dyn SlippageModel>),
}

impl Slippage {
    /// Half of a spread of one tick: on data without quotes, a taker pays half a tick, which is rounded up to one.
    #[must_use]
    pub const fn half_spread() -> Self {
        Self::HalfSpread(Spread::Ticks(1))
    }

    /// A number of basis points.
    #[must_use]
    pub const fn bps(points: f64) -> Self {
        Self::Bps(points)
    }

    /// A model of the user's own.
    #[must_use]
    pub fn custom(model: impl SlippageModel + 'static) -> Self {
        Self::Custom(Arc::new(model))
    }
}

/// The model in the form in which fills use it.
#[derive(Clone, Debug)]
pub(crate) enum SlippageRule {
    None,
    /// A fraction of the price.
    Fraction {
        fraction: Decimal,
        on_quotes: bool,
    },
    /// A number of half ticks.
    HalfTicks {
        count: Decimal,
        on_quotes: bool,
    },
    VolumeShare {
        impact: f64,
        max_share: f64,
    },
    SquareRoot {
        coefficient: f64,
    },
    Custom(Arc<dyn SlippageModel>),
}

impl SlippageRule {
    pub(crate) fn new(model: &Slippage) -> Result<Self, SimError> {
        let bps = |name, points: f64, per: i64| {
            let negative = || SimError::setting(name, points, "it must be a number of zero or more");
            let points = Decimal::try_from(points).map_err(|_| negative())?;
            if points < Decimal::ZERO {
                return Err(negative());
            }
            points.checked_div(Decimal::from(per)).ok_or_else(negative)
        };
        let above_zero = |name, value: f64| {
            if value.is_finite() && value >= 0.0 {
                Ok(value)
            } else {
                Err(SimError::setting(name, value, "it must be a number of zero or more"))
            }
        };
        Ok(match model {
            Slippage::None => Self::None,
            Slippage::Bps(points) => {
                Self::Fraction { fraction: bps("slippage.bps", *points, 10_000)?, on_quotes: true }
            }
            Slippage::Ticks(ticks) => {
                Self::HalfTicks { count: Decimal::from(u64::from(*ticks) * 2), on_quotes: true }
            }
            Slippage::HalfSpread(Spread::Bps(points)) => {
                Self::Fraction { fraction: bps("slippage.half_spread", *points, 20_000)?, on_quotes: false }
            }
            Slippage::HalfSpread(Spread::Ticks(ticks)) => {
                Self::HalfTicks { count: Decimal::from(*ticks), on_quotes: false }
            }
            Slippage::VolumeShare { impact, max_share } => {
                if !(*max_share > 0.0 && *max_share <= 1.0) {
                    return Err(SimError::setting(
                        "slippage.volume_share.max_share",
                        max_share,
                        "it must be above 0 and at most 1",
                    ));
                }
                let impact = above_zero("slippage.volume_share.impact", *impact)?;
                Self::VolumeShare { impact, max_share: *max_share }
            }
            Slippage::SquareRoot { coefficient } => Self::SquareRoot {
                coefficient: above_zero("slippage.square_root.coefficient", *coefficient)?,
            },
            Slippage::Custom(model) => Self::Custom(Arc::clone(model)),
        })
    }

    /// The price of `fill` after slippage.
    #[inline]
    pub(crate) fn apply(&self, fill: &FillContext<'_>, on_quote: bool) -> Result<Price, SimError> {
        match self {
            Self::None => Ok(fill.price),
            rule => rule.worse(fill, on_quote),
        }
    }

    fn worse(&self, fill: &FillContext<'_>, on_quote: bool) -> Result<Price, SimError> {
        let price = fill.price.to_decimal();
        let float = fill.price.to_f64().abs();
        let overflow = || algoflow_core::error::NumberError::Overflow { operation: "slippage" };
        let amount = match self {
            Self::None => return Ok(fill.price),
            Self::Fraction { on_quotes, .. } | Self::HalfTicks { on_quotes, .. }
                if on_quote && !on_quotes =>
            {
                return Ok(fill.price);
            }
            Self::Fraction { fraction, .. } => price.abs().checked_mul(*fraction).ok_or_else(overflow)?,
            Self::HalfTicks { count, .. } => {
                let ticks = fill.instrument.price_increment.to_decimal().checked_mul(*count);
                ticks.and_then(|t| t.checked_div(Decimal::TWO)).ok_or_else(overflow)?
            }
            Self::VolumeShare { impact, max_share } => {
                let share = fill.share().map_or(*max_share, |share| share.min(*max_share));
                fine(fill.instrument, float * impact * share * share)?
            }
            Self::SquareRoot { coefficient } => {
                fine(fill.instrument, float * coefficient * fill.share().unwrap_or(1.0).sqrt())?
            }
            Self::Custom(model) => {
                let amount = model.slippage(fill);
                if !amount.is_finite() || amount < 0.0 {
                    return Err(SimError::Model {
                        model: "slippage",
                        value: amount.to_string(),
                        reason: "it must be a number of zero or more",
                    });
                }
                fine(fill.instrument, amount)?
            }
        };
        if amount.is_zero() {
            return Ok(fill.price);
        }
        let moved = match fill.side {
            Side::Buy => price.checked_add(amount),
            Side::Sell => price.checked_sub(amount),
        };
        let rounded = against(fill.instrument, fill.side, moved.ok_or_else(overflow)?)?;
        if fill.price.is_positive() && !rounded.is_positive() {
            return Ok(fill.price.min(fill.instrument.price_increment));
        }
        Ok(rounded)
    }
}

/// A price rounded to the tick in the direction that is worse for an order on `side`.
pub(crate) fn against(instrument: &Instrument, side: Side, price: Decimal) -> Result<Price, SimError> {
    let direction = match side {
        Side::Buy => Rounding::Ceil,
        Side::Sell => Rounding::Floor,
    };
    let tick = instrument.price_increment;
    Ok(Price::from_decimal_rounded(price, tick.scale(), direction)?.round_to(tick, direction)?)
}

/// A float amount with four places more than the tick, so that the noise of floats does not cost a tick.
fn fine(instrument: &Instrument, amount: f64) -> Result<Decimal, SimError> {
    let places = instrument.price_increment.scale().places().saturating_add(4).min(18);
    let scale = algoflow_core::number::Scale::new(places)?;
    Ok(Price::from_f64(amount, scale)?.to_decimal())
}

#[cfg(test)]
mod tests {
    use algoflow_core::{number::Quantity, order::Liquidity, time::Timestamp};

    use super::*;

    fn slipped(model: &Slippage, side: Side, price: &str, quantity: i64, volume: Option<i64>) -> String {
        let spy = Instrument::equity("SPY.NYSE", "USD").unwrap();
        let fill = FillContext {
            instrument: &spy,
            side,
            price: price.parse().unwrap(),
            quantity: Quantity::from_int(quantity),
            liquidity: Liquidity::Taker,
            volume: volume.map(Quantity::from_int),
            ts: Timestamp::EPOCH,
        };
        SlippageRule::new(model).unwrap().apply(&fill, false).unwrap().to_string()
    }

    #[test]
    fn every_model_is_against_the_order_and_on_the_tick() {
        use Side::{Buy, Sell};
        let share = Slippage::VolumeShare { impact: 0.1, max_share: 0.025 };
        let root = Slippage::SquareRoot { coefficient: 0.02 };
        let cases = [
            (Slippage::None, Buy, "100.00", "100.00"),
            (Slippage::Bps(10.0), Buy, "100.00", "100.10"),
            (Slippage::Bps(10.0), Sell, "100.00", "99.90"),
            (Slippage::Bps(1.0), Buy, "100.01", "100.03"),
            (Slippage::Bps(1.0), Sell, "100.01", "99.99"),
            (Slippage::Ticks(3), Buy, "100.00", "100.03"),
            (Slippage::Ticks(3), Sell, "100.00", "99.97"),
            (Slippage::half_spread(), Buy, "100.00", "100.01"),
            (Slippage::half_spread(), Sell, "100.00", "99.99"),
            (Slippage::HalfSpread(Spread::Ticks(4)), Buy, "100.00", "100.02"),
            (Slippage::HalfSpread(Spread::Bps(10.0)), Sell, "100.00", "99.95"),
            // 10 of 1000: 100 * 0.1 * 0.01^2 = 0.001, rounded up to a tick.
            (share.clone(), Buy, "100.00", "100.01"),
            // 10 of 1000: 100 * 0.02 * 0.1 = 0.2 exactly, so no tick is lost to the noise of floats.
            (root.clone(), Buy, "100.00", "100.20"),
            (root.clone(), Sell, "100.00", "99.80"),
            // A positive price stays positive.
            (Slippage::Ticks(5), Sell, "0.03", "0.01"),
        ];
        for (model, side, price, want) in cases {
            assert_eq!(slipped(&model, side, price, 10, Some(1000)), want, "{model:?} {side} {price}");
        }
        // Volume unknown: the largest share counts, 10000 * 0.1 * 0.025^2 = 0.625.
        assert_eq!(slipped(&share, Buy, "10000.00", 10, None), "10000.63");
        assert_eq!(slipped(&root, Buy, "100.00", 10, None), "102.00");
    }

    #[test]
    fn settings_out_of_bounds_are_refused() {
        for bad in [
            Slippage::Bps(-1.0),
            Slippage::Bps(f64::NAN),
            Slippage::HalfSpread(Spread::Bps(-0.5)),
            Slippage::VolumeShare { impact: -0.1, max_share: 0.1 },
            Slippage::VolumeShare { impact: 0.1, max_share: 0.0 },
            Slippage::SquareRoot { coefficient: f64::INFINITY },
        ] {
            assert_eq!(SlippageRule::new(&bad).unwrap_err().code(), "SIM_SETTING", "{bad:?}");
        }
    }
}
