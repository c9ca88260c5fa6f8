//! The task that writes the journal: all that waits, as one group.

use tokio::sync::mpsc;

use super::MAX_GROUP;
use crate::{
    journal::{Entry, Store},
    session::Event,
};

/// Writes until nobody sends any more, or until it fails; says what is durable. Hands the store back.
pub(super) async fn write(
    mut store: Box<dyn Store>,
    mut entries: mpsc::Receiver<Entry>,
    told: mpsc::UnboundedSender<Event>,
) -> Box<dyn Store> {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while entries.recv_many(&mut group, MAX_GROUP).await > 0 {
        let last = group.last().map_or(0, Entry::sequence);
        let event = match store.append(&group).await {
            Ok(()) => Event::Durable(last),
            Err(error) => Event::JournalFailed { reason: error.to_string() },
        };
        group.clear();
        let failed = matches!(event, Event::JournalFailed { .. });
        if told.send(event).is_err() || failed {
            break;
        }
    }
    store
}
