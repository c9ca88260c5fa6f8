//! What our books say against what a venue says: a pure function to the corrections that make them agree.
//!
//! - **Y1** *Proof only.* An order whose outcome is not known ends by the venue's record of it, or by its absence from a snapshot that
//!   must hold it: one that was asked for after the last moment at which the request could still take effect, and whose
//!   history reaches back to before the order was made.
//! - **Y2** *Never older than the stream.* What the stream told after the watermark of the snapshot stays: such an order is looked at again
//!   with the next snapshot. So is everything that adds up over orders (balances, positions) while anything is newer.
//! - **Y3** *Fills first.* Fills that we do not know are taken in before the end of their order, in the order of their time and id.
//! - **Y4** *Account-atomic.* Positions are compared only when every order agrees, balances only when every position does. So the same
//!   snapshot is compared again after its corrections were taken in, at most [`MAX_PASSES`] times.
//! - **Y5** *Idempotent.* The last of these comparisons leads to no correction, nor does any later one of the same snapshot.
//! - **Y6** *Independent of order.* Snapshots that differ only in the order of what they list give the same corrections.
//! - **Y7** *An absence is not an answer.* An order that the venue had and does not list any more is an open question; after
//!   [`CONFIRMATIONS`] snapshots that agree it is taken for cancelled, with a finding.
//! - **Y8** What no order of ours explains is adopted, ignored or a reason to halt, by [`ExternalPolicy`].

mod orders;
mod totals;

use std::collections::{BTreeMap, BTreeSet};

use algoflow_core::{
    id::{InstrumentId, OrderId, VenueId},
    time::Timestamp,
    venue::AccountSnapshot,
};
use algoflow_execution::{Engine, Input};
use serde::{Deserialize, Serialize};

/// How many snapshots have to agree that an order is gone which the venue had (Y7).
pub const CONFIRMATIONS: u32 = 3;

/// How often one snapshot is compared at most (Y4): for the orders, the positions, the balances, and to see that all agree.
pub const MAX_PASSES: u32 = 4;

/// What becomes of orders, positions and balances of the account that are not ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalPolicy {
    /// They are taken into the books, under the name [`EXTERNAL`](algoflow_execution::EXTERNAL).
    #[default]
    Adopt,
    /// They are left alone: a difference is no finding.
    Ignore,
    /// Nothing new is traded until somebody has looked.
    Halt,
}

/// What is known of a venue besides the engine's books.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Orders of which the venue can never hear any more if it has not by now: the last request that was sent for them has
    /// outlived its lifetime when the snapshot was asked for.
    pub settled: BTreeSet<OrderId>,
    /// Orders of which it is not known whether the venue ever had them. Of others it has told.
    pub doubted: BTreeSet<OrderId>,
    /// Orders for which a request is on its way: that the venue does not list them says nothing.
    pub in_flight: BTreeSet<OrderId>,
    /// By open order: the time of the newest thing that the stream told of it, by the venue's clock.
    pub newest: BTreeMap<OrderId, Timestamp>,
    /// The time of the newest fill or change of a balance that the stream told, by the venue's clock.
    pub newest_fill: Option<Timestamp>,
    /// By order: how many snapshots in a row did not list it though the venue had it (Y7).
    pub missing: BTreeMap<OrderId, u32>,
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable code.
    pub code: &'static str,
    /// What was found, with the numbers.
    pub text: String,
}

/// What comes of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciliation {
    /// What makes our books agree, in order.
    pub corrections: Vec<Input>,
    /// Orders that need another snapshot, with the reason.
    pub open: BTreeMap<OrderId, &'static str>,
    /// Open orders that the venue had and does not list, with how many snapshots say so (Y7).
    pub missing: BTreeMap<OrderId, u32>,
    /// Orders of which it is proven that the venue never took them (Y1). The caller decides whether they are sent again or refused:
    /// there is no correction for them here.
    pub lost: Vec<OrderId>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// Balances and positions were compared (Y4).
    pub totals_compared: bool,
    /// What is not ours is a reason to halt.
    pub halt: bool,
}

impl Reconciliation {
    /// Whether our books and the venue's are known to agree.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.corrections.is_empty() && self.open.is_empty() && self.totals_compared && !self.halt
    }
}

/// Compares the books of `engine` on `venue` with a snapshot of the account there. `at` is the time that the corrections bear.
#[must_use]
pub fn reconcile(
    engine: &Engine,
    venue: VenueId,
    snapshot: &AccountSnapshot,
    known: &Knowledge,
    policy: ExternalPolicy,
    at: Timestamp,
) -> Reconciliation {
    let mut outcome = Reconciliation::default();
    let view = View { engine, venue, snapshot, known, policy, at };
    orders::compare(&view, &mut outcome);
    let agree = outcome.corrections.is_empty() && outcome.open.is_empty() && outcome.lost.is_empty();
    let newer = known.newest_fill.is_some_and(|newest| newest > snapshot.watermark);
    if agree && !newer {
        totals::compare(&view, &mut outcome);
    }
    outcome
}

/// What is compared.
struct View<'a> {
    engine: &'a Engine,
    venue: VenueId,
    snapshot: &'a AccountSnapshot,
    known: &'a Knowledge,
    policy: ExternalPolicy,
    at: Timestamp,
}

impl View<'_> {
    fn is_here(&self, instrument: InstrumentId) -> bool {
        self.engine
            .state()
            .instruments
            .index(instrument)
            .and_then(|index| self.engine.state().instruments.get(index))
            .is_some_and(|known| known.spec.venue() == self.venue)
    }
}

#[cfg(test)]
mod tests;
