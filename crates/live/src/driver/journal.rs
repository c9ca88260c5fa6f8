//! What the writer of the journal says, as events.

use tokio::sync::{mpsc, watch};

use crate::{journal::Durable, session::Event};

/// Passes on how far the journal is durable beyond `last`, until its writer ends or nobody listens.
pub(super) async fn pass_on(
    mut durable: watch::Receiver<Durable>,
    mut last: u64,
    told: mpsc::UnboundedSender<Event>,
) {
    // The writer may have written before this is called for the first time.
    durable.mark_changed();
    loop {
        let ended = durable.changed().await.is_err();
        let Durable { sequence, failure } = durable.borrow_and_update().clone();
        if sequence > last {
            last = sequence;
            if told.send(Event::Durable(sequence)).is_err() {
                return;
            }
        }
        if let Some((code, text)) = failure {
            let _ = told.send(Event::JournalFailed { reason: format!("{code}: {text}") });
            return;
        }
        if ended {
            return;
        }
    }
}
