use std::borrow::Cow;

use algoflow_core::number::Scale;

use crate::{
    decimal::{self, Decimal64},
    policy::{Position, Problem},
    rows::{Cells, Fault},
    stamp::{Stamp, StampReader},
};

/// Where the cells of one record begin and end.
#[derive(Debug, Default)]
pub(super) struct Fields {
    spans: Vec<(usize, usize)>,
    /// The text of a record with quotes, without them.
    unquoted: Vec<u8>,
}

impl Fields {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Splits a record without quotes.
    #[inline]
    pub(super) fn split(&mut self, record: &[u8], delimiter: u8) {
        self.spans.clear();
        // Cells are short, so eight bytes at once are faster than a search for each end.
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let pattern = u64::from_le_bytes([delimiter; 8]);
        let (mut start, mut base, mut rest) = (0, 0, record);
        while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
            let differing = u64::from_le_bytes(*eight) ^ pattern;
            // The high bit of each byte that does not differ.
            let mut found = !(((differing & LOW) + LOW) | differing | LOW);
            while found != 0 {
                let end = base + (found.trailing_zeros() / 8) as usize;
                self.spans.push((start, end));
                start = end + 1;
                found &= found - 1;
            }
            (base, rest) = (base + 8, tail);
        }
        for (offset, byte) in rest.iter().enumerate() {
            if *byte == delimiter {
                self.spans.push((start, base + offset));
                start = base + offset + 1;
            }
        }
        self.spans.push((start, record.len()));
    }

    /// Splits a record with quotes. `Err` if something follows a closing quote.
    pub(super) fn split_quoted(&mut self, record: &[u8], delimiter: u8) -> Result<(), &'static str> {
        self.spans.clear();
        self.unquoted.clear();
        let mut bytes = record.iter().copied().peekable();
        loop {
            let start = self.unquoted.len();
            let mut more = false;
            if bytes.peek() == Some(&b'"') {
                bytes.next();
                loop {
                    match bytes.next() {
                        None => return Err("a quoted cell is not closed"),
                        Some(b'"') if bytes.peek() == Some(&b'"') => {
                            bytes.next();
                            self.unquoted.push(b'"');
                        }
                        Some(b'"') => break,
                        Some(byte) => self.unquoted.push(byte),
                    }
                }
                match bytes.next() {
                    None => {}
                    Some(byte) if byte == delimiter => more = true,
                    Some(_) => return Err("something follows the end of a quoted cell"),
                }
            } else {
                for byte in bytes.by_ref() {
                    if byte == delimiter {
                        more = true;
                        break;
                    }
                    self.unquoted.push(byte);
                }
            }
            self.spans.push((start, self.unquoted.len()));
            if !more {
                return Ok(());
            }
        }
    }

    /// The cells as text.
    pub(super) fn texts(&self, record: &[u8], quoted: bool) -> Vec<String> {
        let bytes = if quoted { &self.unquoted } else { record };
        let text = |(start, end): &(usize, usize)| {
            String::from_utf8_lossy(bytes.get(*start..*end).unwrap_or_default()).trim().to_string()
        };
        self.spans.iter().map(text).collect()
    }

    #[inline]
    pub(super) fn cells<'a>(&'a self, record: &'a [u8], quoted: bool, point: u8, line: u64) -> CsvCells<'a> {
        CsvCells { bytes: if quoted { &self.unquoted } else { record }, spans: &self.spans, point, line }
    }
}

/// The cells of one record.
pub(super) struct CsvCells<'a> {
    bytes: &'a [u8],
    spans: &'a [(usize, usize)],
    point: u8,
    line: u64,
}

impl CsvCells<'_> {
    /// The bytes of a cell; empty if there is none.
    #[inline]
    pub(super) fn get(&self, slot: usize) -> &[u8] {
        match self.spans.get(slot) {
            Some((start, end)) => self.bytes.get(*start..*end).unwrap_or_default(),
            None => &[],
        }
    }
}

impl Cells for CsvCells<'_> {
    #[inline]
    fn number(&self, slot: usize, _: Scale) -> Result<Decimal64, Box<Fault>> {
        let text = self.get(slot);
        decimal::parse(text, self.point).map_err(|fault| Fault::number(fault, slot, text))
    }

    #[inline]
    fn stamp(&self, slot: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        let text = self.get(slot);
        times.text(text).map_err(|reason| Fault::cell(Problem::Unparsable, slot, text, reason))
    }

    fn date_and_time(&self, date: usize, time: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        let (date_text, time_text) = (self.get(date), self.get(time));
        times.date_and_time(date_text, time_text).map_err(|reason| {
            let both = [date_text, b" ", time_text].concat();
            Fault::cell(Problem::Unparsable, date, &both, reason)
        })
    }

    fn text(&self, slot: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.get(slot).trim_ascii())
    }

    fn position(&self) -> Position {
        Position::Line(self.line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(record: &str) -> Vec<String> {
        let mut fields = Fields::default();
        fields.split(record.as_bytes(), b',');
        fields.spans.iter().map(|(start, end)| record[*start..*end].to_string()).collect()
    }

    proptest! {
        #[test]
        fn records_split_as_the_standard_library_splits(record in "[,a-c1-3é]{0,40}") {
            prop_assert_eq!(split(&record), record.split(',').collect::<Vec<_>>());
        }
    }

    #[test]
    fn quotes_are_taken_off() {
        let mut fields = Fields::default();
        let record = b"a,\"b,\"\"c\"\"\",,\"d\ne\"";
        fields.split_quoted(record, b',').unwrap();
        assert_eq!(fields.texts(record, true), ["a", "b,\"c\"", "", "d\ne"]);
        assert!(fields.split_quoted(b"\"a\"b,c", b',').is_err());
        assert!(fields.split_quoted(b"\"a", b',').is_err());
    }
}
