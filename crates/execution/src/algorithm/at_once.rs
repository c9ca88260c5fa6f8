use algoflow_core::order::TimeInForce;

use super::{Actions, ExecutionAlgorithm, Occasion, Slice, View};

/// Takes what is there, at once and whenever more comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taking;

impl ExecutionAlgorithm for Taking {
    fn listens(&self) -> bool {
        true
    }

    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let rest = view.remaining();
        if view.order().spec.time_in_force == TimeInForce::Ioc {
            match occasion {
                Occasion::Start => {
                    act.slice(Slice::market(rest).immediate());
                    // If nothing can be sent, nothing will tell of it.
                    act.wake_at(view.now());
                }
                Occasion::Slice(_) | Occasion::Time if view.slices().next().is_none() => act.finish(),
                _ => {}
            }
            return;
        }
        if !view.can_send() || !rest.is_positive() {
            return;
        }
        match view.bound().filter(|_| view.is_split && view.has_limit()) {
            // What is shown is taken where it is, and what is left of it comes back; the rest is shown to others.
            Some(limit) => {
                act.slice(Slice::market(rest).immediate());
                act.slice(Slice::limit(rest, limit));
            }
            None => act.slice(Slice::market(rest)),
        }
    }
}
