//! Where an order goes: to one listing of what is traded, or to several.
//!
//! A listing is an instrument. The same pair on two exchanges is two listings, and so is the same pair in two accounts or
//! wallets of one exchange, each of which is a venue of its own (`BTC-USDT.BINANCE`, `BTC-USDT.BINANCE-2`). A [`Route`] is data:
//! which listings, and by which policy the parts of the order are spread over them.
//! [`OrderBuilder::route`](crate::context::OrderBuilder::route) gives it to an order. The rules are in the engine's crate.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::OrderSpec;
use crate::{
    error::OrderError,
    id::InstrumentId,
    instrument::{Instrument, InstrumentKind},
    number::Quantity,
    time::TimeDelta,
};

/// How many listings an order may be spread over.
pub const MAX_LISTINGS: usize = 16;

/// How many of them may have a fixed cost: each choice among them is looked at.
pub const MAX_FIXED_COSTS: usize = 8;

/// By what the parts of an order are spread over listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RoutePolicy {
    /// What takes goes to where it costs least by marginal price after fees, over the books, quotes and pools of all listings. What
    /// rests goes to the lowest maker fee.
    BestPrice,
    /// Each slice goes to the listing after the one before. A strategy has one turn for the same listings, over all its orders.
    RoundRobin,
    /// The listing to which routed slices worth least were sent on this day (UTC), by all strategies.
    LeastUsed,
    /// The listing whose account has most that is free of what the order spends: the settlement asset for a buy and for contracts,
    /// the base for a sale of what is paid in full; for a reduce-only order the largest position.
    ByBalance,
    /// A listing drawn for each slice, by the order's id and this seed.
    Random {
        /// Says, with the order's id, what is drawn.
        seed: u64,
    },
    /// Always the same listing for a strategy, by its name; the next one if that cannot take it.
    Sticky,
}

/// Bounds on what is sent to one listing, beside those of the venue and of risk management.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListingLimits {
    /// The largest slice, in units of the base.
    pub max_order_quantity: Option<Quantity>,
    /// The largest slice, by its worth in the quote (for an inverse contract in the settlement asset), at its bound or the last price.
    pub max_order_notional: Option<Decimal>,
    /// How many orders may be open in the listing, of all strategies.
    pub max_open_orders: Option<u32>,
    /// The largest position of the account in the listing, with what is open, on either side.
    pub max_position: Option<Quantity>,
}

/// One of the places where an order may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// What is traded there.
    pub instrument: InstrumentId,
    /// Bounds on what is sent there.
    #[serde(default)]
    pub limits: ListingLimits,
    /// What each slice costs there however large it is (gas, a network fee), in the quote.
    #[serde(default)]
    pub fixed_cost: Decimal,
}

impl Listing {
    /// Without bounds of its own.
    #[must_use]
    pub fn new(instrument: InstrumentId) -> Self {
        Self { instrument, limits: ListingLimits::default(), fixed_cost: Decimal::ZERO }
    }

    /// With bounds on what is sent there.
    #[must_use]
    pub const fn limits(mut self, limits: ListingLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With what each slice costs there however large it is, in the quote.
    #[must_use]
    pub const fn fixed_cost(mut self, cost: Decimal) -> Self {
        self.fixed_cost = cost;
        self
    }
}

impl From<InstrumentId> for Listing {
    fn from(instrument: InstrumentId) -> Self {
        Self::new(instrument)
    }
}

/// Where an order goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// By what its parts are spread.
    pub policy: RoutePolicy,
    /// The listings. The first is the order's own instrument.
    pub listings: Vec<Listing>,
    /// What a listing shows that is older than this counts as nothing, and a listing that shows no quote, book or pool is passed over.
    /// Without it the newest is believed, however old.
    #[serde(default)]
    pub max_age: Option<TimeDelta>,
}

impl Route {
    /// Over these listings, by this policy.
    pub fn new<L: Into<Listing>>(policy: RoutePolicy, listings: impl IntoIterator<Item = L>) -> Self {
        Self { policy, listings: listings.into_iter().map(Into::into).collect(), max_age: None }
    }

    /// To where it costs least: see [`RoutePolicy::BestPrice`].
    pub fn best_price<L: Into<Listing>>(listings: impl IntoIterator<Item = L>) -> Self {
        Self::new(RoutePolicy::BestPrice, listings)
    }

    /// In turn: see [`RoutePolicy::RoundRobin`].
    pub fn round_robin<L: Into<Listing>>(listings: impl IntoIterator<Item = L>) -> Self {
        Self::new(RoutePolicy::RoundRobin, listings)
    }

    /// To where least was sent on this day: see [`RoutePolicy::LeastUsed`].
    pub fn least_used<L: Into<Listing>>(listings: impl IntoIterator<Item = L>) -> Self {
        Self::new(RoutePolicy::LeastUsed, listings)
    }

    /// To where most is free: see [`RoutePolicy::ByBalance`].
    pub fn by_balance<L: Into<Listing>>(listings: impl IntoIterator<Item = L>) -> Self {
        Self::new(RoutePolicy::ByBalance, listings)
    }

    /// At random: see [`RoutePolicy::Random`].
    pub fn random<L: Into<Listing>>(listings: impl IntoIterator<Item = L>, seed: u64) -> Self {
        Self::new(RoutePolicy::Random { seed }, listings)
    }

    /// To one that belongs to the strategy: see [`RoutePolicy::Sticky`].
    pub fn sticky<L: Into<Listing>>(listings: impl IntoIterator<Item = L>) -> Self {
        Self::new(RoutePolicy::Sticky, listings)
    }

    /// Passes over what is older than this.
    #[must_use]
    pub const fn max_age(mut self, age: TimeDelta) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Checks that the order may go to all listings: that they are the same thing, counted and paid for in the same way, and that
    /// the first is the order's own. Increments, limits and fees may differ.
    ///
    /// # Errors
    /// [`OrderError::Route`] naming what is wrong, with which listing.
    pub fn validate<'a>(
        &self,
        spec: &OrderSpec,
        instrument: impl Fn(InstrumentId) -> Option<&'a Instrument>,
    ) -> Result<(), OrderError> {
        let fail = |problem: String| Err(OrderError::Route { problem });
        let first = self.listings.first().map(|listing| listing.instrument);
        if first != Some(spec.instrument) {
            return fail(format!("the first listing must be the order's own, {}", spec.instrument));
        }
        if self.listings.len() > MAX_LISTINGS {
            return fail(format!("{} listings, the most is {MAX_LISTINGS}", self.listings.len()));
        }
        let fixed = self.listings.iter().filter(|listing| !listing.fixed_cost.is_zero()).count();
        if fixed > MAX_FIXED_COSTS {
            return fail(format!("{fixed} listings have a fixed cost, the most is {MAX_FIXED_COSTS}"));
        }
        if let Some(age) = self.max_age.filter(|age| *age <= TimeDelta::ZERO) {
            return fail(format!("the maximum age must be above zero, not {age}"));
        }
        let Some(home) = instrument(spec.instrument) else {
            return fail(format!("{} is not known", spec.instrument));
        };
        for (place, listing) in self.listings.iter().enumerate() {
            listing.validate()?;
            let id = listing.instrument;
            if self.listings.iter().take(place).any(|other| other.instrument == id) {
                return fail(format!("{id} is listed twice"));
            }
            let Some(other) = instrument(id) else { return fail(format!("{id} is not known")) };
            if let Some(problem) = home.differs_from(other) {
                return fail(format!("{id} is not the same as {}: {problem}", home.id));
            }
        }
        Ok(())
    }
}

impl Listing {
    fn validate(&self) -> Result<(), OrderError> {
        let (id, limits) = (self.instrument, &self.limits);
        let fail = |what: &str| Err(OrderError::Route { problem: format!("{id}: {what}") });
        if self.fixed_cost < Decimal::ZERO {
            return fail("a fixed cost must not be negative");
        }
        if limits.max_order_quantity.is_some_and(|most| !most.is_positive()) {
            return fail("max_order_quantity must be above zero");
        }
        if limits.max_order_notional.is_some_and(|most| most <= Decimal::ZERO) {
            return fail("max_order_notional must be above zero");
        }
        if limits.max_open_orders == Some(0) {
            return fail("max_open_orders must be above zero");
        }
        if limits.max_position.is_some_and(Quantity::is_negative) {
            return fail("max_position must not be negative");
        }
        Ok(())
    }
}

impl Instrument {
    /// Why a position in another instrument is not counted in the same units, if it is not; `None` for two listings of one thing.
    /// Two quotes that are meant to be worth the same (USDT and USDC) are two things: nothing says what one is worth in
    /// the other.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Option<String> {
        use InstrumentKind as K;
        let assets = [
            ("base", self.base, other.base),
            ("quote", self.quote, other.quote),
            ("settlement", self.settlement, other.settlement),
        ];
        if let Some((what, mine, theirs)) = assets.into_iter().find(|(_, mine, theirs)| mine != theirs) {
            return Some(format!("its {what} is {theirs}, not {mine}"));
        }
        if self.multiplier != other.multiplier {
            return Some(format!("its multiplier is {}, not {}", other.multiplier, self.multiplier));
        }
        let is_alike = match (&self.kind, &other.kind) {
            // Both exchange the base for the quote at once.
            (K::Spot | K::AmmPool { .. }, K::Spot | K::AmmPool { .. }) => true,
            // How often funding is paid is the venue's.
            (K::Perpetual { inverse, .. }, K::Perpetual { inverse: other, .. }) => inverse == other,
            (mine, theirs) => mine == theirs,
        };
        (!is_alike).then(|| "it is of another kind".to_owned())
    }
}

#[cfg(test)]
mod tests;
