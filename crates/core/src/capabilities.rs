//! What a venue can do, as data.
//!
//! For every [`Feature`] a venue says [`Support::Native`], [`Support::Emulated`] (the engine does it, with the risk
//! that this carries) or [`Support::Unsupported`] (and why). An order that needs what is not supported is refused
//! with that reason; a simulated venue loads the same table, so that a backtest cannot use what the live venue lacks.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::order::{OrderKind, OrderQuantity, OrderSpec, TimeInForce};

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Something that an order can ask of a venue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Feature { $($(#[$doc])* $name,)* }

        impl Feature {
            /// Every feature.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

features! {
    /// Market orders.
    Market,
    /// Limit orders.
    Limit,
    /// Stop orders.
    Stop,
    /// Stop-limit orders.
    StopLimit,
    /// Trailing stops.
    TrailingStop,
    /// Market-if-touched orders.
    MarketIfTouched,
    /// Limit-if-touched orders.
    LimitIfTouched,
    /// Good till cancelled.
    Gtc,
    /// Immediate or cancel.
    Ioc,
    /// Fill or kill.
    Fok,
    /// Good till a date.
    Gtd,
    /// Good for the day.
    Day,
    /// For the opening auction.
    AtOpen,
    /// For the closing auction.
    AtClose,
    /// Only add liquidity.
    PostOnly,
    /// Only reduce a position.
    ReduceOnly,
    /// Show only a part.
    Display,
    /// A bound on slippage, in basis points or as a worst price.
    WorstPrice,
    /// A bound on the fee.
    MaxFee,
    /// A quantity in units of the quote.
    QuoteQuantity,
    /// A swap with an exact amount in.
    ExactIn,
    /// A swap with an exact amount out.
    ExactOut,
    /// One-triggers-other.
    Oto,
    /// One-cancels-other.
    Oco,
    /// Changing the price or the quantity of an open order.
    Amend,
}

impl Feature {
    #[inline]
    const fn bit(self) -> u64 {
        1 << self as u32
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeatureSet(u64);

impl FeatureSet {
    /// No feature.
    pub const EMPTY: Self = Self(0);

    /// What a market order asks for that asks for nothing else: see [`OrderSpec::plain_quantity`].
    pub const PLAIN: Self = Self::EMPTY.with(Feature::Market).with(Feature::Gtc);

    /// What the engine can do for a venue that lacks it.
    pub const EMULATED_BY_ENGINE: Self = Self::EMPTY
        .with(Feature::Stop)
        .with(Feature::StopLimit)
        .with(Feature::TrailingStop)
        .with(Feature::MarketIfTouched)
        .with(Feature::LimitIfTouched)
        .with(Feature::Gtd)
        .with(Feature::Day)
        .with(Feature::ReduceOnly)
        .with(Feature::Oto)
        .with(Feature::Oco);

    /// This set and one more feature.
    #[must_use]
    #[inline]
    pub const fn with(self, feature: Feature) -> Self {
        Self(self.0 | feature.bit())
    }

    /// This set without one feature.
    #[must_use]
    #[inline]
    pub const fn without(self, feature: Feature) -> Self {
        Self(self.0 & !feature.bit())
    }

    /// Whether the feature is in the set.
    #[must_use]
    #[inline]
    pub const fn contains(self, feature: Feature) -> bool {
        self.0 & feature.bit() != 0
    }

    /// What is in this set but not in `other`.
    #[must_use]
    #[inline]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both.
    #[must_use]
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in the set.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |feature| self.contains(*feature))
    }
}

impl OrderSpec {
    /// What this order asks of a venue.
    #[must_use]
    #[inline]
    pub const fn features(&self) -> FeatureSet {
        let kind = match self.kind {
            OrderKind::Market => Feature::Market,
            OrderKind::Limit { .. } => Feature::Limit,
            OrderKind::Stop { .. } => Feature::Stop,
            OrderKind::StopLimit { .. } => Feature::StopLimit,
            OrderKind::TrailingStop { .. } => Feature::TrailingStop,
            OrderKind::MarketIfTouched { .. } => Feature::MarketIfTouched,
            OrderKind::LimitIfTouched { .. } => Feature::LimitIfTouched,
        };
        let tif = match self.time_in_force {
            TimeInForce::Gtc => Feature::Gtc,
            TimeInForce::Ioc => Feature::Ioc,
            TimeInForce::Fok => Feature::Fok,
            TimeInForce::Gtd(_) => Feature::Gtd,
            TimeInForce::Day => Feature::Day,
            TimeInForce::AtOpen => Feature::AtOpen,
            TimeInForce::AtClose => Feature::AtClose,
        };
        let mut set = FeatureSet::EMPTY.with(kind).with(tif);
        match self.quantity {
            OrderQuantity::Base(_) => {}
            OrderQuantity::Quote(_) => set = set.with(Feature::QuoteQuantity),
            OrderQuantity::ExactIn(_) => set = set.with(Feature::ExactIn),
            OrderQuantity::ExactOut(_) => set = set.with(Feature::ExactOut),
        }
        if self.flags.post_only {
            set = set.with(Feature::PostOnly);
        }
        if self.flags.reduce_only {
            set = set.with(Feature::ReduceOnly);
        }
        if self.flags.display.is_some() {
            set = set.with(Feature::Display);
        }
        if self.protection.max_slippage_bps.is_some() || self.protection.worst_price.is_some() {
            set = set.with(Feature::WorstPrice);
        }
        if self.protection.max_fee.is_some() {
            set = set.with(Feature::MaxFee);
        }
        if self.contingency.parent.is_some() {
            set = set.with(Feature::Oto);
        }
        if self.contingency.group.is_some() {
            set = set.with(Feature::Oco);
        }
        set
    }
}

/// How a venue supports a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// The venue does it.
    Native,
    /// The engine does it.
    Emulated {
        /// What can go wrong because of that.
        risk: String,
    },
    /// Nobody does it.
    Unsupported {
        /// Why.
        why: String,
    },
}

/// What a venue can do. What is not mentioned is unsupported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Feature, Support>", into = "BTreeMap<Feature, Support>")]
pub struct Capabilities {
    table: BTreeMap<Feature, Support>,
    native: FeatureSet,
    emulated: FeatureSet,
}

impl Capabilities {
    /// A venue that can do nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A venue that does everything itself.
    #[must_use]
    pub fn all_native() -> Self {
        Feature::ALL.iter().fold(Self::none(), |table, feature| table.with(*feature, Support::Native))
    }

    /// The same, but for one feature.
    #[must_use]
    pub fn with(mut self, feature: Feature, support: Support) -> Self {
        self.native = self.native.without(feature);
        self.emulated = self.emulated.without(feature);
        match &support {
            Support::Native => self.native = self.native.with(feature),
            Support::Emulated { .. } => self.emulated = self.emulated.with(feature),
            Support::Unsupported { .. } => {}
        }
        self.table.insert(feature, support);
        self
    }

    /// The same, with the feature left to the engine.
    #[must_use]
    pub fn emulating(self, feature: Feature, risk: impl Into<String>) -> Self {
        self.with(feature, Support::Emulated { risk: risk.into() })
    }

    /// The same, without the feature.
    #[must_use]
    pub fn without(self, feature: Feature, why: impl Into<String>) -> Self {
        self.with(feature, Support::Unsupported { why: why.into() })
    }

    /// How the feature is supported; `None` is unsupported without a reason given.
    #[must_use]
    pub fn support(&self, feature: Feature) -> Option<&Support> {
        self.table.get(&feature)
    }

    /// What the venue does itself.
    #[must_use]
    #[inline]
    pub const fn native(&self) -> FeatureSet {
        self.native
    }

    /// What is left to the engine.
    #[must_use]
    #[inline]
    pub const fn emulated(&self) -> FeatureSet {
        self.emulated
    }

    /// Why an order that needs `features` cannot be placed here; `None` if it can.
    #[must_use]
    pub fn objection(&self, features: FeatureSet) -> Option<String> {
        let possible = FeatureSet(self.native.0 | self.emulated.and(FeatureSet::EMULATED_BY_ENGINE).0);
        let missing = features.minus(possible).iter().next()?;
        let why = match self.table.get(&missing) {
            Some(Support::Unsupported { why }) => why.as_str(),
            Some(Support::Emulated { .. }) => "the engine cannot emulate it",
            _ => "the venue does not offer it",
        };
        Some(format!("{missing} is not supported: {why}"))
    }
}

impl From<BTreeMap<Feature, Support>> for Capabilities {
    fn from(table: BTreeMap<Feature, Support>) -> Self {
        table.into_iter().fold(Self::none(), |all, (feature, support)| all.with(feature, support))
    }
}
impl From<Capabilities> for BTreeMap<Feature, Support> {
    fn from(capabilities: Capabilities) -> Self {
        capabilities.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{number::Quantity, order::Side};

    #[test]
    fn objections_name_the_feature_and_the_reason() {
        let venue = Capabilities::all_native()
            .without(Feature::Fok, "no book to fill from")
            .emulating(Feature::Stop, "triggers late")
            .emulating(Feature::Fok, "impossible");
        let mut order = OrderSpec::market("A.X".parse().unwrap(), Side::Buy, Quantity::ONE);
        assert_eq!(venue.objection(order.features()), None);
        order.kind = OrderKind::Stop { trigger: crate::number::Price::ONE };
        assert_eq!(venue.objection(order.features()), None, "the engine emulates stops");
        order.time_in_force = TimeInForce::Fok;
        assert_eq!(
            venue.objection(order.features()).unwrap(),
            "Fok is not supported: the engine cannot emulate it"
        );
        let venue = venue.without(Feature::Fok, "no book to fill from");
        assert_eq!(venue.objection(order.features()).unwrap(), "Fok is not supported: no book to fill from");
        assert!(Capabilities::none().objection(order.features()).is_some());
    }

    #[test]
    fn a_plain_order_asks_for_nothing_else() {
        let order = OrderSpec::market("A.X".parse().unwrap(), Side::Buy, Quantity::ONE);
        assert_eq!((order.features(), order.plain_quantity()), (FeatureSet::PLAIN, Some(Quantity::ONE)));
        let mut bounded = order;
        bounded.flags.reduce_only = true;
        assert_eq!(bounded.plain_quantity(), None);
    }

    #[test]
    fn tables_round_trip_as_json() {
        let venue = Capabilities::all_native()
            .emulating(Feature::Oco, "a leg may fill before the other is cancelled");
        let json = serde_json::to_string(&venue).unwrap();
        assert_eq!(serde_json::from_str::<Capabilities>(&json).unwrap(), venue);
    }
}
