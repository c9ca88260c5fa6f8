use algoflow_core::order::OrderEvent;
use algoflow_execution::{
    Engine, EngineError,
    journal::{Ending, replay_input},
};

use super::{Entry, SessionStart, Store, StoreError};

/// What a replay did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The last entry that was replayed; zero if there was none.
    pub sequence: u64,
    /// How many inputs went in.
    pub inputs: u64,
    /// How many commands came out, each the same as the recorded one.
    pub commands: u64,
    /// How many sessions began.
    pub sessions: u64,
}

/// Prepares an engine for a session: gives it what [`SessionStart::setup`] holds.
///
/// # Errors
/// What the engine says, also if the setup leads to commands, since nobody would send them.
pub fn set_up(engine: &mut Engine, start: &SessionStart) -> Result<(), EngineError> {
    for input in &start.setup {
        replay_input(engine, start.sequence, input, &[], &Ending::Done)?;
    }
    Ok(())
}

/// Runs the entries of a journal through an engine, one at a time, and checks that each input leads to the same commands, byte
/// for byte as they are written, to the same refusals, and to the same error if it led to one.
///
/// The engine has the strategies of the recorded one and nothing else, or the state of a snapshot. At the start of a session
/// `prepare` is called: [`set_up`], or what more a session's start means to the caller.
pub struct EntryReplay<'e, P> {
    engine: &'e mut Engine,
    prepare: P,
    done: Replayed,
}

impl<P> std::fmt::Debug for EntryReplay<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EntryReplay").field("done", &self.done).finish_non_exhaustive()
    }
}

impl<'e, P> EntryReplay<'e, P>
where
    P: FnMut(&mut Engine, &SessionStart) -> Result<(), EngineError>,
{
    /// Nothing is replayed yet.
    pub fn new(engine: &'e mut Engine, prepare: P) -> Self {
        Self { engine, prepare, done: Replayed::default() }
    }

    /// Replays the next entry.
    ///
    /// # Errors
    /// [`StoreError::Replay`] with [`EngineError::Diverged`] at the first difference, or with what `prepare` said.
    pub fn step(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let sequence = entry.sequence();
        let failed = |source| StoreError::Replay { sequence, source };
        match entry {
            Entry::Start(start) => {
                (self.prepare)(self.engine, start).map_err(failed)?;
                self.done.sessions += 1;
            }
            Entry::Record(record) => {
                let denials = self.engine.denials().len();
                replay_input(self.engine, sequence, &record.input, &record.commands, &record.ending)
                    .map_err(failed)?;
                let denied = self.engine.denials().get(denials..).unwrap_or_default();
                if denied != record.denied {
                    return Err(failed(EngineError::Diverged {
                        input: sequence,
                        command: record.commands.len() + 1,
                        replayed: format!("the refusals {}", written(denied)),
                        recorded: format!("the refusals {}", written(&record.denied)),
                    }));
                }
                self.done.inputs += 1;
                self.done.commands += record.commands.len() as u64;
            }
            Entry::Stop(_) => {}
        }
        self.done.sequence = sequence;
        Ok(())
    }

    /// What was done.
    #[must_use]
    pub fn done(&self) -> &Replayed {
        &self.done
    }
}

/// Replays a journal from entry `from` on; see [`EntryReplay`].
///
/// ```
/// # use algoflow_execution::Engine;
/// # use algoflow_live::journal::{Faults, MemoryDisk, MemoryStore, SessionStop, Store, StoreError, replay, set_up};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut store = MemoryStore::open(&MemoryDisk::default(), Faults::none())?;
/// let mut engine = Engine::new(1, "USD".parse()?);
/// let done = replay(&mut store, 1, &mut engine, set_up).await?;
/// println!("{} inputs led to the same {} commands", done.inputs, done.commands);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of reading, and those of [`EntryReplay::step`].
pub async fn replay(
    store: &mut dyn Store,
    from: u64,
    engine: &mut Engine,
    prepare: impl FnMut(&mut Engine, &SessionStart) -> Result<(), EngineError>,
) -> Result<Replayed, StoreError> {
    let mut replay = EntryReplay::new(engine, prepare);
    let mut next = from;
    loop {
        let entries = store.read(next).await?;
        let Some(last) = entries.last() else { break };
        next = last.sequence() + 1;
        for entry in &entries {
            replay.step(entry)?;
        }
    }
    Ok(replay.done)
}

fn written(events: &[OrderEvent]) -> String {
    serde_json::to_string(events).unwrap_or_else(|error| error.to_string())
}

#[cfg(test)]
mod tests;
