use std::io::{self, Read};

use memchr::{memchr, memchr_iter};

/// The longest record that is read, in bytes: beyond it a file is no table of market data.
pub(super) const MAX_RECORD: usize = 1 << 20;
const CHUNK: usize = 256 << 10;

/// Splits a stream into records: lines, or several if a quoted cell goes over the end of one. Holds one chunk, or one
/// record if that is longer.
pub(super) struct Records {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// The line on which the last record began.
    line: u64,
    next_line: u64,
}

/// One record, without the end of its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
}

impl Records {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, ended: false, line: 0, next_line: 1 }
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        self.buffer.get(span.start..span.end).unwrap_or_default()
    }

    /// Cuts a byte order mark off the front of the file.
    pub(super) fn skip_mark(&mut self) -> io::Result<()> {
        while self.end - self.start < 3 && !self.ended {
            self.fill()?;
        }
        if self.buffer.get(self.start..self.end).unwrap_or_default().starts_with(b"\xef\xbb\xbf") {
            self.start += 3;
        }
        Ok(())
    }

    /// The next line as it is, whatever quotes it holds.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Span>> {
        self.next_span(false)
    }

    /// The next record. The span holds until the next call.
    #[inline]
    pub(super) fn next(&mut self) -> io::Result<Option<Span>> {
        self.next_span(true)
    }

    #[inline]
    fn next_span(&mut self, quotes: bool) -> io::Result<Option<Span>> {
        let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
        if let Some(length) = memchr(b'\n', rest) {
            let line = rest.get(..length).unwrap_or_default();
            if !quotes || memchr(b'"', line).is_none() {
                self.line = self.next_line;
                self.next_line += 1;
                let start = self.start;
                self.start += length + 1;
                let end = start + length - usize::from(line.last() == Some(&b'\r'));
                return Ok(Some(Span { start, end, quoted: false }));
            }
        }
        self.next_slow(quotes)
    }

    #[cold]
    fn next_slow(&mut self, quotes: bool) -> io::Result<Option<Span>> {
        // How far the record has been searched for its end, whether a quote is open there, and whether it has any.
        let (mut searched, mut open, mut quoted, mut lines) = (0, false, false, 0);
        loop {
            let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
            let tail = rest.get(searched..).unwrap_or_default();
            let end_of_line = memchr(b'\n', tail);
            if end_of_line.is_some() || self.ended {
                let part = end_of_line.map_or(tail, |length| tail.get(..length).unwrap_or_default());
                if quotes {
                    let count = memchr_iter(b'"', part).count();
                    quoted |= count > 0;
                    open ^= count % 2 == 1;
                }
                lines += u64::from(end_of_line.is_some());
                if rest.is_empty() {
                    return Ok(None);
                }
                if !open || (end_of_line.is_none() && self.ended) {
                    if open {
                        return Err(invalid(self.next_line, "a quoted cell is not closed before the end"));
                    }
                    let length = searched + part.len();
                    let strip = usize::from(part.last() == Some(&b'\r'));
                    let start = self.start;
                    self.start += length + usize::from(end_of_line.is_some());
                    self.line = self.next_line;
                    self.next_line += lines.max(1);
                    return Ok(Some(Span { start, end: start + length - strip, quoted }));
                }
                searched += part.len() + 1;
            } else if self.end - self.start >= MAX_RECORD {
                return Err(invalid(self.next_line, "a record is longer than 1 MiB; is this a text file?"));
            } else {
                self.fill()?;
            }
        }
    }

    /// Reads on, after moving what is left to the front.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        loop {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(free) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

fn invalid(line: u64, reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {reason}"))
}
