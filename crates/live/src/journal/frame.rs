//! How entries become bytes, the same in every store.
//!
//! A frame is a run of entries that is written as one. Its body is a JSON array with one entry a line, which people can read and
//! databases can take apart. Its checksum is BLAKE3 over the checksum of the frame before it, the number of its first entry, how
//! many there are, the length of its body and the body: a frame that is missing, moved, altered or of another journal is seen.

use std::fmt;

use super::{Entry, StoreError};

/// How many entries a frame has at most.
pub const MAX_FRAME_ENTRIES: usize = 4_096;

/// How many bytes the body of a frame has at most, unless a single entry has more.
pub const MAX_FRAME_BYTES: usize = 1 << 20;

/// How many bytes an entry has at most. A larger one is refused.
pub const MAX_ENTRY_BYTES: usize = 1 << 26;

/// A BLAKE3 checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum(pub(crate) [u8; 32]);

impl Checksum {
    /// What stands in for the checksum before the first frame.
    pub(crate) fn genesis() -> Self {
        Self(*blake3::hash(b"algoflow journal, format 1").as_bytes())
    }

    /// The checksum of a snapshot.
    pub(crate) fn of_snapshot(sequence: u64, body: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"algoflow snapshot, format 1").update(&sequence.to_le_bytes()).update(body);
        Self(*hasher.finalize().as_bytes())
    }

    /// From what a store kept.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&blake3::Hash::from(self.0).to_hex())
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Entries that are written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The number of the first.
    pub(crate) first: u64,
    /// How many.
    pub(crate) count: u32,
    /// The entries.
    pub(crate) body: String,
    /// Over the one before it and all of the above.
    pub(crate) checksum: Checksum,
}

impl Frame {
    /// Writes entries into frames that follow the one with the checksum `previous`.
    pub(crate) fn encode(entries: &[Entry], last: u64, previous: Checksum) -> Result<Vec<Self>, StoreError> {
        let mut frames = Vec::new();
        let mut open = Open { first: last + 1, count: 0, body: Vec::new(), previous };
        for (expected, entry) in (last + 1..).zip(entries) {
            let sequence = entry.sequence();
            if sequence != expected {
                return Err(StoreError::Sequence { last: expected - 1, found: sequence });
            }
            let before = open.body.len();
            open.push(entry)?;
            let bytes = open.body.len() - before;
            if bytes > MAX_ENTRY_BYTES {
                return Err(StoreError::TooLarge { sequence, bytes, limit: MAX_ENTRY_BYTES });
            }
            if open.count as usize >= MAX_FRAME_ENTRIES || open.body.len() >= MAX_FRAME_BYTES {
                open.finish(&mut frames)?;
            }
        }
        open.finish(&mut frames)?;
        Ok(frames)
    }

    /// The entries, if the frame is what follows the one with the checksum `previous`.
    pub(crate) fn decode(&self, previous: Checksum) -> Result<Vec<Entry>, StoreError> {
        self.check(previous)?;
        let corrupt = |reason: String| StoreError::Corrupt { sequence: self.first, reason };
        let entries: Vec<Entry> =
            serde_json::from_str(&self.body).map_err(|error| corrupt(format!("not readable: {error}")))?;
        let in_order = (self.first..).zip(&entries).all(|(sequence, entry)| entry.sequence() == sequence);
        if entries.len() != self.count as usize || !in_order {
            return Err(corrupt(format!("a frame does not hold the {} entries that it says", self.count)));
        }
        Ok(entries)
    }

    /// Whether the frame is what follows the one with the checksum `previous`.
    pub(crate) fn check(&self, previous: Checksum) -> Result<(), StoreError> {
        if checksum(previous, self.first, self.count, &self.body) == self.checksum {
            return Ok(());
        }
        let reason = "the checksum of a frame does not fit it and the frame before it".to_owned();
        Err(StoreError::Corrupt { sequence: self.first, reason })
    }

    /// The number of the last entry.
    pub(crate) fn last(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count).saturating_sub(1))
    }
}

fn checksum(previous: Checksum, first: u64, count: u32, body: &str) -> Checksum {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&previous.0).update(&first.to_le_bytes()).update(&count.to_le_bytes());
    hasher.update(&(body.len() as u64).to_le_bytes()).update(body.as_bytes());
    Checksum(*hasher.finalize().as_bytes())
}

/// A frame that is being written.
struct Open {
    first: u64,
    count: u32,
    body: Vec<u8>,
    previous: Checksum,
}

impl Open {
    fn push(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.body.extend_from_slice(if self.count == 0 { b"[" } else { b",\n" });
        let written = serde_json::to_writer(&mut self.body, entry);
        let unwritable = |error: serde_json::Error| StoreError::Unwritable {
            sequence: entry.sequence(),
            reason: error.to_string(),
        };
        written.map_err(unwritable)?;
        self.count += 1;
        Ok(())
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) -> Result<(), StoreError> {
        if self.count == 0 {
            return Ok(());
        }
        self.body.extend_from_slice(b"]");
        let body = String::from_utf8(std::mem::take(&mut self.body))
            .map_err(|error| StoreError::Unwritable { sequence: self.first, reason: error.to_string() })?;
        let checksum = checksum(self.previous, self.first, self.count, &body);
        frames.push(Frame { first: self.first, count: self.count, body, checksum });
        self.first += u64::from(self.count);
        self.count = 0;
        self.previous = checksum;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
