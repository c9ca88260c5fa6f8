use std::io::BufRead;

use algoflow_core::command::Command;

use super::{Ending, Journal, JournalReader};
use crate::{engine::Engine, error::EngineError, input::Input};

/// What a replay did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many inputs went in.
    pub inputs: u64,
    /// What the last input led to, if the journal ends before it says: nobody knows whether that was sent.
    pub unrecorded: Vec<Command>,
    /// Whether the last line of the journal was cut off, and so did not count.
    pub cut_off: bool,
}

/// Runs the inputs of a journal through `engine`, which must be set up as the recorded one was, and checks that each
/// leads to the same commands, byte for byte as they are written, and to the same error if it led to one.
///
/// # Errors
/// [`EngineError::Diverged`] at the first difference. A journal that ends before it says what its last input led to
/// differs if that led to anything.
pub fn replay(engine: &mut Engine, journal: &Journal) -> Result<(), EngineError> {
    let mut replay = Replay { engine, done: Replayed::default() };
    for (input, commands, ending) in journal.entries() {
        replay.step(input, commands, ending)?;
    }
    let Replayed { inputs, unrecorded, .. } = replay.done;
    match unrecorded.first() {
        None => Ok(()),
        Some(command) => Err(diverged(inputs, 1, text(Some(command)), text(None))),
    }
}

/// The same for a journal that is read on the way, one entry at a time, and that may end with an input whose outcome is not
/// known: what a process that was killed leaves behind. The engine then stands where it stood.
///
/// # Errors
/// [`EngineError::Journal`] if the journal cannot be read, [`EngineError::Diverged`] at the first difference.
pub fn replay_stream(engine: &mut Engine, journal: impl BufRead) -> Result<Replayed, EngineError> {
    let mut reader = JournalReader::new(journal)?;
    let mut replay = Replay { engine, done: Replayed::default() };
    for entry in &mut reader {
        let entry = entry?;
        replay.step(&entry.input, &entry.commands, &entry.ending)?;
    }
    let mut done = replay.done;
    done.cut_off = reader.is_cut_off();
    Ok(done)
}

struct Replay<'e> {
    engine: &'e mut Engine,
    done: Replayed,
}

impl Replay<'_> {
    fn step(&mut self, input: &Input, recorded: &[Command], ending: &Ending) -> Result<(), EngineError> {
        self.done.inputs += 1;
        let commands = replay_input(self.engine, self.done.inputs, input, recorded, ending)?;
        if *ending == Ending::Unknown {
            self.done.unrecorded = commands;
        }
        Ok(())
    }
}

/// Runs one input of a journal through `engine` and checks that it leads to the same as was recorded, like [`replay`]: for
/// journals that are kept in another way. `number` is what an error calls the input. The commands that came out.
///
/// # Errors
/// [`EngineError::Diverged`] at the first difference; none if it is not known how the input ended.
pub fn replay_input(
    engine: &mut Engine,
    number: u64,
    input: &Input,
    recorded: &[Command],
    ending: &Ending,
) -> Result<Vec<Command>, EngineError> {
    let mut commands = Vec::new();
    let result = engine.process(input, &mut commands);
    if *ending == Ending::Unknown {
        return Ok(commands);
    }
    for index in 0..commands.len().max(recorded.len()) {
        // Equal numbers can be written differently, and a venue may care.
        let (replayed, recorded) = (text(commands.get(index)), text(recorded.get(index)));
        if replayed != recorded {
            return Err(diverged(number, index + 1, replayed, recorded));
        }
    }
    let replayed = Ending::of(result.as_ref().err());
    if replayed != *ending {
        return Err(diverged(number, commands.len() + 1, said(&replayed), said(ending)));
    }
    Ok(commands)
}

fn diverged(input: u64, command: usize, replayed: String, recorded: String) -> EngineError {
    EngineError::Diverged { input, command, replayed, recorded }
}

/// A command as a journal has it.
fn text(command: Option<&Command>) -> String {
    let written = command.map(|command| serde_json::to_string(command).unwrap_or_else(|e| e.to_string()));
    written.unwrap_or_else(|| "nothing".to_owned())
}

fn said(ending: &Ending) -> String {
    match ending {
        Ending::Done => "nothing more".to_owned(),
        Ending::Failed { code, text } => format!("the error {code}: {text}"),
        Ending::Unknown => "nothing that is known".to_owned(),
    }
}
