//! The journal: what went in and what came out, so that a run can be repeated.

use std::io::{BufRead, Write};

use algoflow_core::command::Command;
use serde::{Deserialize, Serialize};

use crate::{engine::Engine, error::EngineError, input::Input};

/// The inputs of an engine and the commands that they led to, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    inputs: Vec<Input>,
    commands: Vec<Command>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Input(Input),
    Command(Command),
}

impl Journal {
    pub(crate) fn push_input(&mut self, input: Input) {
        self.inputs.push(input);
    }

    pub(crate) fn push_commands(&mut self, commands: &[Command]) {
        self.commands.extend_from_slice(commands);
    }

    /// The inputs, in order.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The commands, in order.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Writes the journal as one JSON value a line: all inputs, then all commands.
    ///
    /// # Errors
    /// Whatever the writer returns.
    pub fn write(&self, mut writer: impl Write) -> std::io::Result<()> {
        let inputs = self.inputs.iter().cloned().map(Line::Input);
        for line in inputs.chain(self.commands.iter().cloned().map(Line::Command)) {
            serde_json::to_writer(&mut writer, &line)?;
            writer.write_all(b"\n")?;
        }
        writer.flush()
    }

    /// Reads what [`Journal::write`] wrote.
    ///
    /// # Errors
    /// [`EngineError::Journal`] naming the line.
    pub fn read(reader: impl BufRead) -> Result<Self, EngineError> {
        let mut journal = Self::default();
        for (index, line) in reader.lines().enumerate() {
            let bad = |reason: String| EngineError::Journal { line: index + 1, reason };
            let line = line.map_err(|error| bad(error.to_string()))?;
            match serde_json::from_str(&line).map_err(|error| bad(error.to_string()))? {
                Line::Input(input) => journal.inputs.push(input),
                Line::Command(command) => journal.commands.push(command),
            }
        }
        Ok(journal)
    }
}

/// Runs the inputs of a journal through `engine`, which must be set up as the recorded one was, and checks that it
/// gives the same commands.
///
/// # Errors
/// [`EngineError::Diverged`] at the first command that differs, and whatever [`Engine::process`] returns.
pub fn replay(engine: &mut Engine, journal: &Journal) -> Result<(), EngineError> {
    let mut recorded = journal.commands.iter();
    let (mut commands, mut index) = (Vec::new(), 0);
    let text = |command: Option<&Command>| command.map_or_else(|| "nothing".to_owned(), |c| format!("{c:?}"));
    for input in &journal.inputs {
        commands.clear();
        engine.process(input, &mut commands)?;
        for command in &commands {
            let expected = recorded.next();
            if expected != Some(command) {
                let (replayed, recorded) = (text(Some(command)), text(expected));
                return Err(EngineError::Diverged { index, replayed, recorded });
            }
            index += 1;
        }
    }
    match recorded.next() {
        None => Ok(()),
        left => Err(EngineError::Diverged { index, replayed: text(None), recorded: text(left) }),
    }
}
