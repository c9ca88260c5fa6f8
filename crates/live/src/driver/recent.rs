use std::collections::VecDeque;

use algoflow_core::order::{Fill, OrderEventKind};
use algoflow_execution::Input;

use crate::journal::Entry;

/// How many fills are kept to be asked for; then the oldest is forgotten. The journal has them all.
pub const MAX_RECENT_FILLS: usize = 1_000;

/// The last fills, oldest first.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct RecentFills(VecDeque<Fill>);

impl RecentFills {
    /// Takes the fill of an entry of the journal, if it holds one.
    pub fn note(&mut self, entry: &Entry) {
        if let Entry::Record(record) = entry {
            self.note_input(&record.input);
        }
    }

    pub(super) fn note_input(&mut self, input: &Input) {
        let Input::Order(event) = input else { return };
        let OrderEventKind::Filled(fill) = &event.kind else { return };
        if self.0.len() >= MAX_RECENT_FILLS {
            self.0.pop_front();
        }
        self.0.push_back(fill.clone());
    }

    /// The fills, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Fill> + ExactSizeIterator {
        self.0.iter()
    }
}
