//! Snapshots of a run, from which the next process goes on without the whole journal.
//!
//! - **V1** A snapshot holds the state behind one entry of the journal. It is copied by the task that decides, written down beside it, and
//!   saved once the entry is durable.
//! - **V2** A process begins from the newest snapshot that is whole, of this software, of the same run, strategies and settings, and replays
//!   what came after it. If there is none, it replays the whole journal, and says why in the log.
//! - **V3** There are none if a strategy cannot be saved, or a venue is simulated: what the simulation holds is not in them.
//! - **V4** One that could not be made changes nothing but the time that a recovery takes.

use std::collections::BTreeMap;

use algoflow_core::{
    command::{Command, Submit},
    id::OrderId,
};
use algoflow_execution::{Engine, EngineSnapshot, ErrorPolicy};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::RecentFills;
use crate::journal::{Entry, JournalWriter, MAX_SNAPSHOT_BYTES, Record, SCHEMA_VERSION, Snapshot};

/// The version of what surrounds the state of the engine.
const FORMAT: u32 = 1;

/// How many orders are remembered before those are forgotten that are over.
const MAX_SUBMITS: usize = 4_096;

/// What a journal tells besides the state of the engine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Past {
    #[serde(with = "list")]
    pub(super) submits: BTreeMap<OrderId, Submit>,
    pub(super) fills: RecentFills,
    /// The entry behind which the snapshot was taken from which the process went on; zero if there was none.
    #[serde(skip)]
    pub(super) from: u64,
}

/// Orders as a list: each names itself.
mod list {
    use std::collections::BTreeMap;

    use algoflow_core::{command::Submit, id::OrderId};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        submits: &BTreeMap<OrderId, Submit>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(submits.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<OrderId, Submit>, D::Error> {
        let all = Vec::<Submit>::deserialize(deserializer)?;
        Ok(all.into_iter().map(|submit| (submit.order, submit)).collect())
    }
}

impl Past {
    /// Takes in an entry that the engine has acted on.
    pub(super) fn note(&mut self, entry: &Entry, engine: &Engine) {
        if let Entry::Record(record) = entry {
            self.note_record(record, engine);
        }
    }

    pub(super) fn note_record(&mut self, record: &Record, engine: &Engine) {
        self.fills.note_input(&record.input);
        for command in &record.commands {
            if let Command::Submit(submit) = command {
                self.submits.insert(submit.order, *submit);
            }
        }
        if self.submits.len() > 2 * MAX_SUBMITS {
            self.forget(engine);
        }
    }

    /// Forgets the orders that are over.
    fn forget(&mut self, engine: &Engine) {
        let orders = &engine.state().orders;
        self.submits.retain(|id, _| orders.get(*id).is_some_and(|order| order.is_open()));
    }
}

/// What a snapshot holds.
#[derive(Serialize, Deserialize)]
struct Body {
    format: u32,
    software: String,
    schema: u32,
    /// What the configuration said; it may have been changed while trading went on.
    on_error: ErrorPolicy,
    past: Past,
    engine: EngineSnapshot,
}

/// What of a snapshot can be read by any version.
#[derive(Deserialize)]
struct Head {
    format: u32,
    software: String,
    schema: u32,
    on_error: ErrorPolicy,
}

/// Brings an engine and what goes with it to where they stood (V2). The reason if the snapshot is not of them; the engine is then as it was.
pub(super) fn restore(
    snapshot: &Snapshot,
    engine: &mut Engine,
    on_error: ErrorPolicy,
) -> Result<Past, String> {
    let read = |error: serde_json::Error| format!("it cannot be read: {error}");
    let head: Head = serde_json::from_slice(&snapshot.body).map_err(read)?;
    if head.format != FORMAT {
        return Err(format!("it has format {}, this software reads {FORMAT}", head.format));
    }
    // The same format of another version may mean something else: the journal does not.
    let software = env!("CARGO_PKG_VERSION");
    if head.software != software || head.schema != SCHEMA_VERSION {
        return Err(format!("it is of version {} of the software, this is {software}", head.software));
    }
    if head.on_error != on_error {
        return Err(format!("the error policy was {:?} and is {on_error:?} now", head.on_error));
    }
    let body: Body = serde_json::from_slice(&snapshot.body).map_err(read)?;
    engine.restore(body.engine).map_err(|error| error.to_string())?;
    Ok(Past { from: snapshot.sequence, ..body.past })
}

/// A snapshot that is being written down: its bytes, or why there are none.
type Writing = JoinHandle<Result<Vec<u8>, String>>;

/// Takes the snapshots of a run.
pub(super) struct Snapshots {
    /// After how many entries; `None` if there are none (V3).
    every: Option<u64>,
    on_error: ErrorPolicy,
    /// The entry behind which the last one was taken.
    last: u64,
    past: Past,
    /// The last one, while it is written down.
    pending: Option<(u64, Writing)>,
}

impl Snapshots {
    pub(super) fn new(every: Option<u64>, on_error: ErrorPolicy, past: Past) -> Self {
        Self { every, on_error, last: past.from, past, pending: None }
    }

    pub(super) fn fills(&self) -> &RecentFills {
        &self.past.fills
    }

    pub(super) fn note(&mut self, entry: &Entry, engine: &Engine) {
        self.past.note(entry, engine);
    }

    /// Whether one is written down and can be [saved](Self::save) without waiting.
    pub(super) fn is_written(&self) -> bool {
        self.pending.as_ref().is_some_and(|(_, pending)| pending.is_finished())
    }

    /// Takes one behind entry `sequence`, the last that the engine has acted on, if it is time for it.
    pub(super) fn take_if_due(&mut self, sequence: u64, engine: &Engine) {
        let is_due = self.every.is_some_and(|every| sequence.saturating_sub(self.last) >= every);
        if is_due && self.pending.is_none() {
            self.take(sequence, engine);
        }
    }

    /// Takes one at the end, if anything has happened since the last.
    pub(super) fn take_last(&mut self, sequence: u64, engine: &Engine) {
        if self.every.is_some() && sequence > self.last && self.pending.is_none() {
            self.take(sequence, engine);
        }
    }

    fn take(&mut self, sequence: u64, engine: &Engine) {
        self.last = sequence;
        self.past.forget(engine);
        match engine.save() {
            Ok(engine) => {
                let body = Body {
                    format: FORMAT,
                    software: env!("CARGO_PKG_VERSION").to_owned(),
                    schema: SCHEMA_VERSION,
                    on_error: self.on_error,
                    past: self.past.clone(),
                    engine,
                };
                let write = move || serde_json::to_vec(&body).map_err(|error| error.to_string());
                self.pending = Some((sequence, tokio::task::spawn_blocking(write)));
            }
            Err(error) => {
                tracing::warn!(code = error.code(), sequence, "no snapshot could be taken: {error}");
            }
        }
    }

    /// Hands over what was written down. The entries before it are in the queue, and durable when it is saved.
    pub(super) async fn save(&mut self, writer: Option<&JournalWriter>) {
        let Some((sequence, pending)) = self.pending.take() else { return };
        let body = match pending.await {
            Ok(Ok(body)) => body,
            Ok(Err(reason)) => {
                return tracing::warn!(sequence, "a snapshot could not be written down: {reason}");
            }
            Err(error) => return tracing::warn!(sequence, "a snapshot could not be written down: {error}"),
        };
        let bytes = body.len();
        if bytes > MAX_SNAPSHOT_BYTES {
            // It would end the writer; the next ones would be no smaller.
            self.every = None;
            tracing::warn!(
                sequence,
                bytes,
                "the state is too large for a snapshot: there are none from now on"
            );
            return;
        }
        if let Some(writer) = writer {
            // A writer that is gone has said why.
            let _ = writer.save_snapshot(sequence, body).await;
        }
    }
}

#[cfg(test)]
mod tests;
