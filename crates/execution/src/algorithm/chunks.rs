use algoflow_core::{
    id::OrderId,
    number::Quantity,
    order::algorithm::{ChunkSize, Chunks},
    time::{TimeDelta, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{
    Actions, Draws, ExecutionAlgorithm, Occasion, Slice, View, saved_as_data,
    slicing::{of_steps, steps},
};

/// Chunk after chunk.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Chunking {
    chunks: Chunks,
    draws: Draws,
    /// When the next chunk may leave.
    next: Timestamp,
    /// How large it is; drawn once, however often it has to be tried.
    size: Option<Quantity>,
}

impl Chunking {
    pub(super) fn new(chunks: Chunks, parent: OrderId) -> Self {
        Self { chunks, draws: Draws::new(parent, chunks.seed), next: Timestamp::MIN, size: None }
    }

    fn draw_size(&mut self, view: &View<'_>) -> Quantity {
        let step = view.instrument().quantity_increment;
        let base = match self.chunks.size {
            ChunkSize::Quantity(size) => steps(size, step),
            ChunkSize::Count(count) => {
                // Rounded up, so that there are no more chunks than that.
                let (total, count) = (steps(view.total(), step), i64::from(count.max(1)));
                total / count + i64::from(total % count != 0)
            }
        };
        let strayed = (base as f64 * self.draws.around_one(self.chunks.jitter.size)).round() as i64;
        of_steps(strayed.max(1), step).max(view.least())
    }
}

impl ExecutionAlgorithm for Chunking {
    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let is_answer = matches!(occasion, Occasion::Slice(_)) && self.chunks.delay > TimeDelta::ZERO;
        if view.now() < self.next || is_answer {
            act.wake_at(self.next);
            return;
        }
        if !view.can_send() || view.slices().next().is_some() || view.remaining().is_zero() {
            return;
        }
        let size = match self.size {
            Some(size) => size,
            None => self.draw_size(view),
        };
        self.size = None;
        let slice = view.fit(size);
        if slice.is_positive() {
            act.slice(Slice::market(slice));
        }
        let pause = self.chunks.delay.nanos() as f64 * self.draws.around_one(self.chunks.jitter.delay);
        self.next = view.now().saturating_add(TimeDelta::from_nanos(pause as i64));
        if self.next > view.now() {
            act.wake_at(self.next);
        }
    }

    saved_as_data!();
}
