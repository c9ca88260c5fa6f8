//! What a listing costs by quantity.
//!
//! Numbers are doubles here: which listing is cheaper is a judgment, and what it is judged by is in doubles enough. What leaves
//! has exact quantities and an exact worst price. Only additions, multiplications, divisions and square roots are
//! used, which are the same on every machine.

use algoflow_core::{
    instrument::InstrumentKind,
    market::{PoolState, PoolUpdate},
    order::Side,
};

/// What a listing costs by quantity, fees included, in the quote. Below zero is what is received. The price of one unit more never
/// falls.
#[derive(Clone, Debug)]
pub(crate) enum Curve {
    /// Levels, best first: what a unit costs, and how much there is up to and with it.
    Levels(Vec<(f64, f64)>),
    /// A pool whose product of reserves stays the same.
    Pool(PoolCurve),
}

/// Reserves as an order moves along them. After `q` the next unit costs `scale / (reserve - q)^2` for a buy, and brings `scale /
/// (reserve + q)^2` for a sale: the derivatives of the constant product, with the fee on what goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolCurve {
    side: Side,
    scale: f64,
    reserve: f64,
    /// How much can be had.
    most: f64,
}

impl PoolCurve {
    /// The pool of an instrument, less what was taken since it was shown. `taker` is a fee beside the pool's own, as a fraction of the
    /// notional. `None` if the instrument is no pool, or its state makes no sense.
    ///
    /// A concentrated pool is one of constant product within its present tick; what lies beyond is not known and counts as
    /// nothing.
    pub(crate) fn new(
        kind: &InstrumentKind,
        shown: &PoolUpdate,
        side: Side,
        taker: f64,
        taken: f64,
    ) -> Option<Self> {
        let InstrumentKind::AmmPool { base_decimals, quote_decimals, fee, .. } = kind else { return None };
        let (base_unit, quote_unit) = (ten_to(*base_decimals)?, ten_to(*quote_decimals)?);
        let kept = 1.0 - to_f64(*fee);
        let (base, quote, most) = match shown.state {
            PoolState::ConstantProduct { base_reserve, quote_reserve } => {
                let base = base_reserve as f64 / base_unit;
                // The last units of a reserve cost more than there is money.
                let most = if side == Side::Buy { base * (1.0 - 1e-9) } else { f64::INFINITY };
                (base, quote_reserve as f64 / quote_unit, most)
            }
            PoolState::Concentrated { sqrt_price, liquidity, tick } => {
                let (root, depth) = (sqrt_price as f64 / TWO_TO_64, liquidity as f64);
                let edge = match side {
                    Side::Buy => tick_price(tick.checked_add(1)?).sqrt(),
                    Side::Sell => tick_price(tick).sqrt(),
                };
                let within = (depth / root - depth / edge).abs() / base_unit;
                let is_inside = if side == Side::Buy { edge > root } else { edge < root };
                let most = if is_inside { within } else { 0.0 };
                (depth / root / base_unit, depth * root / quote_unit, most)
            }
            _ => return None,
        };
        let curve = match side {
            Side::Buy => Self {
                side,
                scale: base * quote * (1.0 + taker) / kept,
                reserve: base - taken,
                most: most - taken,
            },
            // What goes in is less the fee; so the reserve is as if it were larger by it.
            Side::Sell => Self {
                side,
                scale: quote * (base / kept) * (1.0 - taker),
                reserve: base / kept + taken,
                most: most / kept - taken,
            },
        };
        let is_sound =
            curve.scale.is_finite() && curve.scale > 0.0 && curve.reserve > 0.0 && curve.most > 0.0;
        is_sound.then_some(curve)
    }

    fn depth_at(&self, quantity: f64) -> f64 {
        match self.side {
            Side::Buy => self.reserve - quantity,
            Side::Sell => self.reserve + quantity,
        }
    }

    fn signed(&self, amount: f64) -> f64 {
        if self.side == Side::Buy { amount } else { -amount }
    }

    fn at(&self, quantity: f64) -> f64 {
        let depth = self.depth_at(quantity);
        self.signed(self.scale / (depth * depth))
    }

    fn between(&self, from: f64, to: f64) -> f64 {
        self.signed(self.scale * (to - from) / (self.depth_at(from) * self.depth_at(to)))
    }

    fn up_to(&self, cost: f64) -> f64 {
        let price = self.signed(cost);
        let quantity = match self.side {
            Side::Buy if price <= 0.0 => 0.0,
            Side::Buy => self.reserve - (self.scale / price).sqrt(),
            Side::Sell if price <= 0.0 => f64::INFINITY,
            Side::Sell => (self.scale / price).sqrt() - self.reserve,
        };
        quantity.clamp(0.0, self.most)
    }
}

impl Curve {
    /// Levels of prices and quantities, best first; `taker` is the fee as a fraction of the notional. `f64::INFINITY` is any quantity.
    pub(crate) fn levels(side: Side, levels: impl IntoIterator<Item = (f64, f64)>, taker: f64) -> Self {
        let mut sum = 0.0;
        let level = |(price, quantity): (f64, f64)| {
            sum += quantity;
            let signed = if side == Side::Buy { price } else { -price };
            (signed + price.abs() * taker, sum)
        };
        Self::Levels(levels.into_iter().map(level).collect())
    }

    /// How much can be had in all.
    pub(crate) fn most(&self) -> f64 {
        match self {
            Self::Levels(levels) => levels.last().map_or(0.0, |(_, sum)| *sum),
            Self::Pool(pool) => pool.most,
        }
    }

    /// The same, at a price of the pool or of levels that are within the bound already. A pool's own fee is part of its price, other
    /// fees are not.
    pub(crate) fn most_within(&self, bound: Option<f64>, taker: f64) -> f64 {
        match (self, bound) {
            (Self::Pool(pool), Some(bound)) => match pool.side {
                Side::Buy => pool.up_to(bound * (1.0 + taker)),
                Side::Sell => pool.up_to(-bound * (1.0 - taker)),
            },
            _ => self.most(),
        }
    }

    /// What one unit more costs after `quantity`.
    pub(crate) fn at(&self, quantity: f64) -> f64 {
        match self {
            Self::Levels(levels) => {
                let at = levels.partition_point(|(_, sum)| *sum <= quantity);
                levels.get(at).or(levels.last()).map_or(f64::INFINITY, |(cost, _)| *cost)
            }
            Self::Pool(pool) => pool.at(quantity),
        }
    }

    /// What it costs to go from one quantity to another.
    pub(crate) fn between(&self, from: f64, to: f64) -> f64 {
        let levels = match self {
            Self::Pool(pool) => return pool.between(from, to),
            Self::Levels(levels) => levels,
        };
        let (mut at, mut cost) = (from, 0.0);
        let first = levels.partition_point(|(_, sum)| *sum <= from);
        let last = levels.last().map_or(f64::INFINITY, |(cost, _)| *cost);
        for (unit, sum) in levels.iter().skip(first) {
            let end = sum.min(to);
            cost += unit * (end - at);
            at = end;
            if at >= to {
                return cost;
            }
        }
        // What a sum of doubles is short of.
        cost + last * (to - at)
    }

    /// How much can be had of which no unit costs more than this.
    pub(crate) fn up_to(&self, cost: f64) -> f64 {
        match self {
            Self::Levels(levels) => {
                let end = levels.partition_point(|(unit, _)| *unit <= cost);
                end.checked_sub(1).and_then(|at| levels.get(at)).map_or(0.0, |(_, sum)| *sum)
            }
            Self::Pool(pool) => pool.up_to(cost),
        }
    }
}

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

/// The price of a tick in base units: 1.0001 to its power, by squaring.
fn tick_price(tick: i32) -> f64 {
    let (mut power, mut base, mut result) = (tick.unsigned_abs(), 1.0001_f64, 1.0_f64);
    while power > 0 {
        if power & 1 == 1 {
            result *= base;
        }
        base *= base;
        power >>= 1;
    }
    if tick < 0 { 1.0 / result } else { result }
}

/// Ten to the power of decimal places; exact up to 22.
pub(super) fn ten_to(places: u8) -> Option<f64> {
    (places <= 22).then(|| (0..places).fold(1.0, |ten, _| ten * 10.0))
}

/// A decimal as a double; NaN if there is none.
pub(crate) fn to_f64(number: algoflow_core::Decimal) -> f64 {
    f64::try_from(number).unwrap_or(f64::NAN)
}

#[cfg(test)]
pub(super) mod tests;
