use std::io::{self, ErrorKind, Write};

use algoflow_core::command::Command;

use super::{Ending, Journal, Written, outcome};
use crate::{error::EngineError, input::Input};

/// Where an engine records what goes in and comes out.
pub(crate) enum Recorder {
    /// In memory, all of it.
    Memory(Journal),
    /// To a writer, keeping nothing.
    Stream(Stream),
}

pub(crate) struct Stream {
    writer: Box<dyn Write + Send>,
    begun: bool,
    /// Once writing has failed nothing more is written: a gap would make the rest worthless.
    broken: Option<(ErrorKind, String)>,
}

impl Recorder {
    pub(crate) fn memory() -> Self {
        Self::Memory(Journal::default())
    }

    pub(crate) fn stream(writer: Box<dyn Write + Send>) -> Self {
        Self::Stream(Stream { writer, begun: false, broken: None })
    }

    /// What was recorded in memory.
    pub(crate) fn into_journal(self) -> Option<Journal> {
        match self {
            Self::Memory(journal) => Some(journal),
            Self::Stream(_) => None,
        }
    }

    /// Records an input, before the engine acts on it.
    pub(crate) fn input(&mut self, input: Input) -> Result<(), EngineError> {
        match self {
            Self::Memory(journal) => journal.inputs.push(input),
            Self::Stream(stream) => {
                if !stream.begun {
                    stream.write(&Written::HEADER)?;
                    stream.begun = true;
                }
                stream.write(&Written::Input(&input))?;
                stream.flush()?;
            }
        }
        Ok(())
    }

    /// Records what the input led to.
    pub(crate) fn outcome(
        &mut self,
        commands: &[Command],
        error: Option<&EngineError>,
    ) -> Result<(), EngineError> {
        let ending = Ending::of(error);
        match self {
            Self::Memory(journal) => journal.end(commands, ending),
            Self::Stream(stream) => {
                if let Some(line) = outcome(commands, &ending) {
                    stream.write(&line)?;
                }
                stream.flush()?;
            }
        }
        Ok(())
    }
}

impl Stream {
    fn write(&mut self, line: &Written<'_>) -> Result<(), EngineError> {
        self.attempt(|writer| line.write(writer))
    }

    fn flush(&mut self) -> Result<(), EngineError> {
        self.attempt(|writer| writer.flush())
    }

    fn attempt(&mut self, f: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), EngineError> {
        if self.broken.is_none()
            && let Err(error) = f(&mut *self.writer)
        {
            self.broken = Some((error.kind(), error.to_string()));
        }
        match &self.broken {
            None => Ok(()),
            Some((kind, text)) => {
                Err(EngineError::JournalWrite { source: io::Error::new(*kind, text.clone()) })
            }
        }
    }
}
