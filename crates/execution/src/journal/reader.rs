use std::io::{BufRead, Read};

use super::{Ending, Entry, JOURNAL_VERSION, Line};
use crate::{error::EngineError, input::Input};

/// How long a line may be, in bytes: an input, or the commands of one.
pub const MAX_JOURNAL_LINE: u64 = 1 << 28;

/// Reads a journal one entry at a time; only that one is in memory.
///
/// After an error it gives nothing more.
#[derive(Debug)]
pub struct JournalReader<R> {
    reader: R,
    buffer: Vec<u8>,
    line: usize,
    cut_off: bool,
    over: bool,
}

impl<R: BufRead> JournalReader<R> {
    /// Reads the first line, which says what the rest is.
    ///
    /// # Errors
    /// [`EngineError::Journal`] if it is no journal, or one of a version that is not known.
    pub fn new(reader: R) -> Result<Self, EngineError> {
        let mut this = Self { reader, buffer: Vec::new(), line: 0, cut_off: false, over: false };
        match this.next_line()? {
            Some(Line::Journal(header)) if header.version == JOURNAL_VERSION => Ok(this),
            Some(Line::Journal(header)) => {
                let version = header.version;
                Err(this.bad(format!("version {version} is not known; this reads {JOURNAL_VERSION}")))
            }
            _ => Err(this.bad("a journal begins with its version".to_owned())),
        }
    }

    /// Whether the last line was cut off in the writing, and so did not count. Known once the last entry was read.
    #[must_use]
    pub const fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    fn bad(&self, reason: String) -> EngineError {
        EngineError::Journal { line: self.line.max(1), reason }
    }

    fn next_line(&mut self) -> Result<Option<Line>, EngineError> {
        self.buffer.clear();
        self.line += 1;
        let read = (&mut self.reader).take(MAX_JOURNAL_LINE).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|error| self.bad(error.to_string()))?;
        if read == 0 {
            return Ok(None);
        }
        if self.buffer.last() != Some(&b'\n') {
            if read as u64 == MAX_JOURNAL_LINE {
                return Err(self.bad(format!("longer than {MAX_JOURNAL_LINE} bytes")));
            }
            self.cut_off = true;
            return Ok(None);
        }
        serde_json::from_slice(&self.buffer).map(Some).map_err(|error| self.bad(error.to_string()))
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, EngineError> {
        let input = match self.next_line()? {
            None => return Ok(None),
            Some(Line::Input(input)) => input,
            Some(_) => return Err(self.bad("expected an input".to_owned())),
        };
        self.outcome_of(input).map(Some)
    }

    fn outcome_of(&mut self, input: Input) -> Result<Entry, EngineError> {
        let (commands, ending) = match self.next_line()? {
            None => (Vec::new(), Ending::Unknown),
            Some(Line::Commands(commands)) => (commands, Ending::Done),
            Some(Line::Failed { code, text, commands }) => (commands, Ending::Failed { code, text }),
            Some(_) => return Err(self.bad("expected the outcome of the input before".to_owned())),
        };
        Ok(Entry { input, commands, ending })
    }
}

impl<R: BufRead> Iterator for JournalReader<R> {
    type Item = Result<Entry, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let entry = self.next_entry().transpose();
        self.over = !matches!(&entry, Some(Ok(entry)) if entry.ending != Ending::Unknown);
        entry
    }
}
