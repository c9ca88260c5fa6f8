mod rolling;

use std::{fmt, sync::Arc};

use algoflow_core::{
    error::NumberError,
    instrument::FeeRates,
    number::{Quantity, product},
    order::Liquidity,
    time::Timestamp,
};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use self::rolling::RollingVolume;
use crate::{FillContext, SimError};

/// A fee model of the user's own.
pub trait FeeModel: fmt::Debug + Send + Sync {
    /// The fee of a fill in the instrument's settlement asset; negative is a rebate.
    ///
    /// # Errors
    /// [`NumberError`] if it cannot be computed; the run ends with it.
    fn fee(&self, fill: &FillContext<'_>) -> Result<Decimal, NumberError>;
}

/// One step of a fee schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeTier {
    /// The 30-day notional from which the step holds.
    pub volume: Decimal,
    /// The maker's fee in basis points of the notional.
    pub maker: Decimal,
    /// The taker's fee in basis points of the notional.
    pub taker: Decimal,
}

/// What a fixed fee is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeePer {
    /// Once for an order, with its first fill.
    #[default]
    Order,
    /// For each fill.
    Fill,
}

/// What the venue takes for a fill, in the settlement asset of the instrument.
///
/// Fees are exact decimals: nothing is rounded unless [`Fees::rounded`] says so (beyond 28 digits a decimal rounds
/// half to even).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fees {
    /// Nothing.
    None,
    /// The fee rates of the instrument, as fractions of the notional.
    #[default]
    Instrument,
    /// Basis points of the notional.
    Bps {
        /// For fills that add liquidity.
        maker: Decimal,
        /// For fills that take liquidity.
        taker: Decimal,
    },
    /// An amount for each unit (share, contract), with a minimum and a maximum for the whole order.
    ///
    /// `min(max(per_unit * quantity, minimum), maximum_fraction * notional)` over what the order has filled so far,
    /// less what it has paid: many small fills cost as much as one large one.
    PerUnit {
        /// For each unit.
        per_unit: Decimal,
        /// The least that an order pays.
        #[serde(default)]
        minimum: Decimal,
        /// The most that an order pays, as a fraction of its notional. It goes before the minimum.
        #[serde(default)]
        maximum_fraction: Option<Decimal>,
    },
    /// Basis points by what was traded at the venue in the last 30 days: today and the 29 days before in UTC, the
    /// present fill excluded, in whatever quote assets the fills had.
    Tiered {
        /// The steps, by rising volume; the first begins at zero.
        tiers: Vec<FeeTier>,
    },
    /// A fixed amount.
    Fixed {
        /// How much.
        amount: Decimal,
        /// For what.
        #[serde(default)]
        per: FeePer,
    },
    /// Another model, each fee of which is rounded to a number of decimal places, halves away from zero.
    Rounded {
        /// The number of decimal places, at most 28.
        places: u32,
        /// The model.
        fees: Box<Fees>,
    },
    /// A model of the user's own.
    #[serde(skip)]
    Custom(Arc<dyn FeeModel>),
}

impl Fees {
    /// The same basis points of the notional for makers and takers.
    #[must_use]
    pub fn bps(points: impl Into<Decimal>) -> Self {
        let points = points.into();
        Self::Bps { maker: points, taker: points }
    }

    /// Basis points of the notional for makers and takers.
    #[must_use]
    pub fn maker_taker(maker: impl Into<Decimal>, taker: impl Into<Decimal>) -> Self {
        Self::Bps { maker: maker.into(), taker: taker.into() }
    }

    /// An amount for each unit, with no minimum and no maximum.
    #[must_use]
    pub fn per_unit(amount: impl Into<Decimal>) -> Self {
        Self::PerUnit { per_unit: amount.into(), minimum: Decimal::ZERO, maximum_fraction: None }
    }

    /// A fixed amount for each order.
    #[must_use]
    pub fn per_order(amount: impl Into<Decimal>) -> Self {
        Self::Fixed { amount: amount.into(), per: FeePer::Order }
    }

    /// A model of the user's own.
    #[must_use]
    pub fn custom(model: impl FeeModel + 'static) -> Self {
        Self::Custom(Arc::new(model))
    }

    /// The highest rates that a fill of an instrument with the rates `own` can pay, as fractions of its notional; `own` where
    /// a fee is not a fraction of the notional or not known beforehand. Of tiers the dearest counts.
    #[must_use]
    pub fn rates(&self, own: FeeRates) -> FeeRates {
        let fraction = |points: Decimal| points.checked_div(Decimal::from(10_000)).unwrap_or(Decimal::ONE);
        match self {
            Self::None => FeeRates::default(),
            Self::Bps { maker, taker } => FeeRates { maker: fraction(*maker), taker: fraction(*taker) },
            Self::PerUnit { maximum_fraction: Some(rate), .. } => FeeRates { maker: *rate, taker: *rate },
            Self::Tiered { tiers } => {
                let highest =
                    |rate: fn(&FeeTier) -> Decimal| tiers.iter().map(rate).max().unwrap_or_default();
                FeeRates {
                    maker: fraction(highest(|tier| tier.maker)),
                    taker: fraction(highest(|tier| tier.taker)),
                }
            }
            Self::Rounded { fees, .. } => fees.rates(own),
            Self::Instrument | Self::PerUnit { .. } | Self::Fixed { .. } | Self::Custom(_) => own,
        }
    }

    /// The same, each fee rounded to `places` decimal places, halves away from zero.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        Self::Rounded { places, fees: Box::new(self) }
    }
}

/// What an order has filled and paid before the present fill.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paid {
    pub(crate) quantity: Quantity,
    pub(crate) notional: Decimal,
    pub(crate) fee: Decimal,
}

#[derive(Clone, Debug)]
enum Rule {
    None,
    Instrument,
    Rates { maker: Decimal, taker: Decimal },
    PerUnit { per_unit: Decimal, minimum: Decimal, maximum_fraction: Option<Decimal> },
    Tiered { tiers: Vec<FeeTier>, volume: RollingVolume },
    PerOrder(Decimal),
    PerFill(Decimal),
    Custom(Arc<dyn FeeModel>),
}

/// The model in the form in which fills use it, with its memory of what was traded.
#[derive(Clone, Debug)]
pub(crate) struct FeeSchedule {
    rule: Rule,
    places: Option<u32>,
}

fn overflow() -> NumberError {
    NumberError::Overflow { operation: "a fee" }
}

/// Basis points as a fraction.
fn fraction(points: Decimal) -> Result<Decimal, NumberError> {
    points.checked_div(Decimal::from(10_000)).ok_or_else(overflow)
}

impl FeeSchedule {
    pub(crate) fn new(fees: &Fees) -> Result<Self, SimError> {
        let rule = match fees {
            Fees::None => Rule::None,
            Fees::Instrument => Rule::Instrument,
            Fees::Bps { maker, taker } => Rule::Rates { maker: fraction(*maker)?, taker: fraction(*taker)? },
            Fees::PerUnit { per_unit, minimum, maximum_fraction } => {
                for (name, value) in [
                    ("fees.per_unit.per_unit", *per_unit),
                    ("fees.per_unit.minimum", *minimum),
                    ("fees.per_unit.maximum_fraction", maximum_fraction.unwrap_or_default()),
                ] {
                    if value < Decimal::ZERO {
                        return Err(SimError::setting(name, value, "it cannot be negative"));
                    }
                }
                Rule::PerUnit { per_unit: *per_unit, minimum: *minimum, maximum_fraction: *maximum_fraction }
            }
            Fees::Tiered { tiers } => Rule::Tiered { tiers: steps(tiers)?, volume: RollingVolume::default() },
            Fees::Fixed { amount, per: FeePer::Order } => Rule::PerOrder(*amount),
            Fees::Fixed { amount, per: FeePer::Fill } => Rule::PerFill(*amount),
            Fees::Rounded { places, fees } => {
                if *places > 28 {
                    return Err(SimError::setting("fees.rounded.places", places, "it must be at most 28"));
                }
                let inner = Self::new(fees)?;
                let places = inner.places.map_or(*places, |inner| inner.min(*places));
                return Ok(Self { rule: inner.rule, places: Some(places) });
            }
            Fees::Custom(model) => Rule::Custom(Arc::clone(model)),
        };
        Ok(Self { rule, places: None })
    }

    /// The fee of `fill` where it is simply a part of its notional, and exact. Such a fill need not be recorded.
    #[inline(always)]
    pub(crate) fn simple_fee(&self, fill: &FillContext<'_>) -> Option<Decimal> {
        let rate = self.rate(fill)?;
        let simple =
            self.places.is_none() && fill.instrument.is_counted_in_units() && !fill.price.is_negative();
        let fee = if simple { product(fill.price, fill.quantity, rate)? } else { return None };
        // A zero has no places.
        Some(if fee.is_zero() { Decimal::ZERO } else { fee })
    }

    /// The part of its notional that `fill` costs, where it is one that never changes.
    #[inline(always)]
    fn rate<'a>(&'a self, fill: &FillContext<'a>) -> Option<&'a Decimal> {
        let (maker, taker) = match &self.rule {
            Rule::Rates { maker, taker } => (maker, taker),
            Rule::Instrument => (&fill.instrument.fees.maker, &fill.instrument.fees.taker),
            _ => return None,
        };
        Some(if fill.liquidity == Liquidity::Maker { maker } else { taker })
    }

    /// The fee of `fill`, which is worth `notional`.
    #[inline]
    pub(crate) fn fee(
        &self,
        fill: &FillContext<'_>,
        notional: Decimal,
        paid: &Paid,
    ) -> Result<Decimal, SimError> {
        let part = |rate: Decimal| {
            if rate.is_zero() { Some(Decimal::ZERO) } else { notional.checked_mul(rate) }
        };
        let fee = match &self.rule {
            Rule::None => return Ok(Decimal::ZERO),
            Rule::Instrument | Rule::Rates { .. } => {
                self.rate(fill).map_or(Some(Decimal::ZERO), |rate| part(*rate))
            }
            Rule::PerUnit { per_unit, minimum, maximum_fraction } => {
                per_unit_fee(fill, notional, paid, *per_unit, *minimum, *maximum_fraction)
            }
            Rule::Tiered { tiers, volume } => {
                let traded = volume.sum(fill.ts);
                let step = tiers.iter().rev().find(|tier| tier.volume <= traded);
                step.map_or(Some(Decimal::ZERO), |tier| {
                    part(if fill.liquidity == Liquidity::Maker { tier.maker } else { tier.taker })
                })
            }
            Rule::PerOrder(amount) => Some(if paid.quantity.is_zero() { *amount } else { Decimal::ZERO }),
            Rule::PerFill(amount) => Some(*amount),
            Rule::Custom(model) => Some(model.fee(fill)?),
        };
        let fee = fee.ok_or_else(overflow)?;
        Ok(match self.places {
            Some(places) => fee.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero),
            None => fee,
        })
    }

    /// Remembers what was traded, for the fees of later fills.
    #[inline]
    pub(crate) fn record(&mut self, ts: Timestamp, notional: Decimal) -> Result<(), SimError> {
        if let Rule::Tiered { volume, .. } = &mut self.rule {
            volume.add(ts, notional).ok_or_else(overflow)?;
        }
        Ok(())
    }
}

fn per_unit_fee(
    fill: &FillContext<'_>,
    notional: Decimal,
    paid: &Paid,
    per_unit: Decimal,
    minimum: Decimal,
    maximum_fraction: Option<Decimal>,
) -> Option<Decimal> {
    let quantity = paid.quantity.to_decimal().checked_add(fill.quantity.to_decimal())?;
    let mut total = per_unit.checked_mul(quantity)?.max(minimum);
    if let Some(fraction) = maximum_fraction {
        total = total.min(fraction.checked_mul(paid.notional.checked_add(notional)?)?);
    }
    total.checked_sub(paid.fee)
}

/// The steps with their rates as fractions.
fn steps(tiers: &[FeeTier]) -> Result<Vec<FeeTier>, SimError> {
    let invalid = |value: Decimal, reason| Err(SimError::setting("fees.tiered.tiers", value, reason));
    match tiers.first() {
        Some(first) if first.volume.is_zero() => {}
        first => {
            return invalid(first.map(|f| f.volume).unwrap_or_default(), "the first tier must begin at zero");
        }
    }
    for pair in tiers.windows(2) {
        if let [lower, upper] = pair
            && lower.volume >= upper.volume
        {
            return invalid(upper.volume, "the tiers must rise");
        }
    }
    tiers
        .iter()
        .map(|t| Ok(FeeTier { volume: t.volume, maker: fraction(t.maker)?, taker: fraction(t.taker)? }))
        .collect()
}

#[cfg(test)]
mod tests;
