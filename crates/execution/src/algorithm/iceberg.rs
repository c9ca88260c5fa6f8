use algoflow_core::{capabilities::Feature, id::OrderId, order::algorithm::Iceberg};
use serde::{Deserialize, Serialize};

use super::{
    Actions, Draws, ExecutionAlgorithm, Occasion, Slice, View, saved_as_data,
    slicing::{of_steps, steps},
};

/// A limit order of which only a part is shown.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Floating {
    iceberg: Iceberg,
    draws: Draws,
}

impl Floating {
    pub(super) fn new(iceberg: Iceberg, parent: OrderId) -> Self {
        Self { iceberg, draws: Draws::new(parent, iceberg.seed) }
    }
}

impl ExecutionAlgorithm for Floating {
    fn step(&mut self, view: &View<'_>, _occasion: Occasion<'_>, act: &mut Actions) {
        let Some(price) = view.bound().filter(|_| view.can_send()) else { return };
        // An amendment makes the order larger, or ends slices whose price is not good enough any more. One that is better
        // than it has to be stays in its place in the queue.
        if view.native().contains(Feature::Display) {
            let rest = view.fit(view.remaining());
            if rest.is_positive() {
                act.slice(Slice::limit(rest, price).display(self.iceberg.display.min(rest)));
            }
            return;
        }
        if view.slices().next().is_some() || view.remaining().is_zero() {
            return;
        }
        let step = view.instrument().quantity_increment;
        let shown = steps(self.iceberg.display, step) as f64 * self.draws.around_one(self.iceberg.jitter);
        let size = of_steps((shown.round() as i64).max(1), step).max(view.least());
        let slice = view.fit(size);
        if slice.is_positive() {
            act.slice(Slice::limit(slice, price));
        }
    }

    saved_as_data!();
}
