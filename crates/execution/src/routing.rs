//! What is kept of where orders go: the listings of each routed order, what listings show, and whose turn it is.

mod book;
mod curve;
mod rotation;
mod shown;
mod split;

use algoflow_core::{
    Decimal,
    order::route::{ListingLimits, RoutePolicy},
    time::TimeDelta,
};
use serde::{Deserialize, Serialize};

pub(crate) use curve::{Curve, to_f64};
pub(crate) use rotation::{Rotation, stable_hash};
pub(crate) use shown::{Inquiry, Offer, Shown};
pub(crate) use split::{Source, split};

pub use book::MAX_BOOK_LEVELS;
pub use rotation::MAX_TURNS;

use crate::{algorithm::Draws, works::Pause};

/// One of the listings of an order that is routed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) instrument: usize,
    pub(crate) limits: ListingLimits,
    pub(crate) fixed_cost: Decimal,
    pub(crate) pause: Pause,
    /// Nothing is sent there any more.
    pub(crate) is_out: bool,
}

/// Where the slices of an order go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Routing {
    pub(crate) policy: RoutePolicy,
    pub(crate) max_age: Option<TimeDelta>,
    /// The first is the order's own.
    pub(crate) legs: Vec<Leg>,
    /// For listings that are drawn.
    pub(crate) draws: Option<Draws>,
}

impl Routing {
    pub(crate) fn leg_mut(&mut self, instrument: usize) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.instrument == instrument)
    }

    pub(crate) fn goes_to(&self, instrument: usize) -> bool {
        self.legs.iter().any(|leg| leg.instrument == instrument)
    }

    /// Whether no listing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.legs.iter().all(|leg| leg.is_out)
    }
}

/// What the engine knows of listings beside the orders that are routed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Listings {
    pub(crate) shown: Shown,
    pub(crate) rotation: Rotation,
}
