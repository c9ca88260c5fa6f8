//! The journal: what went in and what came out, so that a run can be repeated.
//!
//! # Format, version 1
//!
//! One JSON value a line (UTF-8, `\n`), each an object with one field that says what the line is:
//!
//! | line | when |
//! |---|---|
//! | `{"journal":{"version":1}}` | The first line. |
//! | `{"input":INPUT}` | An [`Input`], written before the engine acts on it. |
//! | `{"commands":[COMMAND, ...]}` | What the input before led to, perhaps nothing. |
//! | `{"failed":{"code":CODE,"text":TEXT,"commands":[COMMAND, ...]}}` | The same, for an input that ended in an [`EngineError`]. |
//!
//! Every input has one outcome, on the line that follows. Only the last may lack it, when the process ended in between; a
//! last line without its `\n` was cut off in the writing and does not count, since the engine acts on nothing that was not
//! written. Prices, quantities, amounts of money and numbers of 128 bits are text with all their digits; times are as in
//! [`Timestamp`](algoflow_core::time::Timestamp); names of fields and variants are those of the types. A reader refuses
//! versions that it does not know.
//!
//! A journal begins with [`Input::Start`]: what an engine is given before that is its setup, which the journal does not hold.

mod reader;
mod recorder;
mod replay;

pub use reader::{JournalReader, MAX_JOURNAL_LINE};
pub(crate) use recorder::Recorder;
pub use replay::{Replayed, replay, replay_input, replay_stream};

use std::io::{BufRead, Write};

use algoflow_core::command::Command;
use serde::{Deserialize, Serialize};

use crate::{error::EngineError, input::Input};

/// The version of the format that is written, and the only one that is read.
pub const JOURNAL_VERSION: u32 = 1;

/// How an input ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// As it should.
    Done,
    /// In an error.
    Failed {
        /// Its stable code.
        code: String,
        /// What it said.
        text: String,
    },
    /// Nobody knows: the process ended before that was written.
    Unknown,
}

/// An input and what it led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What went in.
    pub input: Input,
    /// What came out, in order.
    pub commands: Vec<Command>,
    /// How it ended.
    pub ending: Ending,
}

/// The inputs of an engine and the commands that each led to, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    inputs: Vec<Input>,
    commands: Vec<Command>,
    /// By input: how many commands there are up to its end, and how it ended.
    ends: Vec<(usize, Ending)>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    Journal(Header),
    Input(&'a Input),
    Commands(&'a [Command]),
    Failed { code: &'a str, text: &'a str, commands: &'a [Command] },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "half of the lines are inputs, and each is taken apart at once")]
enum Line {
    Journal(Header),
    Input(Input),
    Commands(Vec<Command>),
    Failed { code: String, text: String, commands: Vec<Command> },
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
}

impl Written<'_> {
    const HEADER: Self = Written::Journal(Header { version: JOURNAL_VERSION });

    fn write(&self, mut writer: impl Write) -> std::io::Result<()> {
        serde_json::to_writer(&mut writer, self)?;
        writer.write_all(b"\n")
    }
}

/// The line of an outcome; none if it is not known.
fn outcome<'a>(commands: &'a [Command], ending: &'a Ending) -> Option<Written<'a>> {
    match ending {
        Ending::Done => Some(Written::Commands(commands)),
        Ending::Failed { code, text } => Some(Written::Failed { code, text, commands }),
        Ending::Unknown => None,
    }
}

impl Ending {
    fn of(error: Option<&EngineError>) -> Self {
        match error {
            None => Self::Done,
            Some(error) => Self::Failed { code: error.code().to_owned(), text: error.to_string() },
        }
    }
}

impl Journal {
    /// Reads what [`Journal::write`] or [`Engine::stream_journal`](crate::Engine::stream_journal) wrote, all of it into
    /// memory. [`JournalReader`] reads one entry at a time.
    ///
    /// # Errors
    /// [`EngineError::Journal`] naming the line.
    pub fn read(reader: impl BufRead) -> Result<Self, EngineError> {
        let mut journal = Self::default();
        for entry in JournalReader::new(reader)? {
            let Entry { input, commands, ending } = entry?;
            journal.inputs.push(input);
            journal.end(&commands, ending);
        }
        Ok(journal)
    }

    /// Writes the journal in the format of this module. It is not flushed.
    ///
    /// # Errors
    /// Whatever the writer returns.
    pub fn write(&self, mut writer: impl Write) -> std::io::Result<()> {
        Written::HEADER.write(&mut writer)?;
        for (input, commands, ending) in self.entries() {
            Written::Input(input).write(&mut writer)?;
            if let Some(line) = outcome(commands, ending) {
                line.write(&mut writer)?;
            }
        }
        Ok(())
    }

    /// The inputs, in order.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The commands of all inputs, in order.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Each input with the commands that it led to and how it ended, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&Input, &[Command], &Ending)> {
        let mut from = 0;
        self.inputs.iter().enumerate().map(move |(index, input)| match self.ends.get(index) {
            Some((to, ending)) => {
                let commands = self.commands.get(from..*to).unwrap_or_default();
                from = *to;
                (input, commands, ending)
            }
            None => (input, &[] as &[Command], &Ending::Unknown),
        })
    }

    fn end(&mut self, commands: &[Command], ending: Ending) {
        self.commands.extend_from_slice(commands);
        self.ends.push((self.commands.len(), ending));
    }
}
