//! What the writer of the journal says, as events.

use tokio::sync::{mpsc, watch};

use crate::{journal::Durable, session::Event};

/// Passes on how far the journal is durable, until its writer ends or nobody listens.
pub(super) async fn pass_on(mut durable: watch::Receiver<Durable>, told: mpsc::UnboundedSender<Event>) {
    let mut last = durable.borrow_and_update().sequence;
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
