use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::journal::{Checksum, MAX_SNAPSHOTS, Snapshot, StoreError, frame::Frame};

/// What begins a group of frames: how many bytes they have, and a check of that number. Without it a number that changed could
/// not be told from a group that was not written whole.
const GROUP_HEADER: usize = 16;
/// What begins a frame: number of the first entry, how many entries, length of the body, checksum.
const FRAME_HEADER: usize = 8 + 4 + 8 + 32;

/// What a [`MemoryStore`](super::MemoryStore) has written, as a disk would have it. A clone is the same disk;
/// [`MemoryDisk::copy`] is another with the same content.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Content>>);

#[derive(Clone, Debug, Default)]
struct Content {
    /// Groups of frames, one behind the other.
    log: Vec<u8>,
    snapshots: Vec<(Snapshot, Checksum)>,
    is_locked: bool,
}

impl MemoryDisk {
    /// A disk with these bytes as its journal, as [`MemoryDisk::bytes`] gave them.
    #[must_use]
    pub fn from_bytes(log: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Content { log, ..Content::default() })))
    }

    /// The bytes of the journal.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.content().log.clone()
    }

    /// Another disk with the same content, that nobody has open.
    #[must_use]
    pub fn copy(&self) -> Self {
        let content = Content { is_locked: false, ..self.content().clone() };
        Self(Arc::new(Mutex::new(content)))
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Nothing in here can panic half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False if somebody else has it.
    pub(super) fn lock(&self) -> bool {
        !std::mem::replace(&mut self.content().is_locked, true)
    }

    pub(super) fn unlock(&self) {
        self.content().is_locked = false;
    }

    /// Writes a group. Where each frame is.
    pub(super) fn write(&self, frames: &[Frame]) -> Vec<usize> {
        let mut content = self.content();
        let start = content.log.len() + GROUP_HEADER;
        let (bytes, places) = group(frames);
        content.log.extend_from_slice(&bytes);
        places.into_iter().map(|place| start + place).collect()
    }

    /// Writes the beginning of a group.
    pub(super) fn write_part(&self, frames: &[Frame], permille: u16) {
        let (bytes, _) = group(frames);
        let part = bytes.len().saturating_mul(usize::from(permille)) / 1_000;
        self.content().log.extend(bytes.into_iter().take(part));
    }

    /// Every frame and where it is. A group at the end that is not whole is cut off.
    pub(super) fn recover(&self) -> Result<Vec<(usize, Frame)>, StoreError> {
        let mut content = self.content();
        let (mut frames, mut at) = (Vec::new(), 0);
        loop {
            let last = frames.last().map_or(0, |(_, frame): &(usize, Frame)| frame.last());
            let corrupt = |what: &str| {
                let reason = format!("what follows is no {what}");
                StoreError::Corrupt { sequence: last, reason }
            };
            let Some(length) = group_length(&content.log, at) else { break };
            let length = length.ok_or_else(|| corrupt("group of frames"))?;
            let start = at + GROUP_HEADER;
            let end = start.saturating_add(length);
            if end > content.log.len() {
                break;
            }
            at = start;
            while at < end {
                let frame = read_frame(&content.log, at).filter(|frame| at + size(frame) <= end);
                let frame = frame.ok_or_else(|| corrupt("frame"))?;
                let next = at + size(&frame);
                frames.push((at, frame));
                at = next;
            }
        }
        content.log.truncate(at);
        Ok(frames)
    }

    pub(super) fn frame(&self, at: usize) -> Option<Frame> {
        read_frame(&self.content().log, at)
    }

    pub(super) fn save_snapshot(&self, sequence: u64, body: &[u8]) {
        let snapshots = &mut self.content().snapshots;
        snapshots.retain(|(snapshot, _)| snapshot.sequence != sequence);
        let checksum = Checksum::of_snapshot(sequence, body);
        snapshots.push((Snapshot { sequence, body: body.to_vec() }, checksum));
        snapshots.sort_by_key(|(snapshot, _)| snapshot.sequence);
        let excess = snapshots.len().saturating_sub(MAX_SNAPSHOTS);
        snapshots.drain(..excess);
    }

    /// The snapshots that are whole, oldest first.
    pub(super) fn snapshots(&self) -> Vec<Snapshot> {
        let content = self.content();
        let whole = content.snapshots.iter().filter(|(snapshot, checksum)| {
            Checksum::of_snapshot(snapshot.sequence, &snapshot.body) == *checksum
        });
        whole.map(|(snapshot, _)| snapshot.clone()).collect()
    }
}

/// The bytes of a group, and where each frame is behind its header.
fn group(frames: &[Frame]) -> (Vec<u8>, Vec<usize>) {
    let length: usize = frames.iter().map(size).sum();
    let mut bytes = Vec::with_capacity(GROUP_HEADER + length);
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
    bytes.extend_from_slice(&check(length as u64).to_le_bytes());
    let mut places = Vec::with_capacity(frames.len());
    for frame in frames {
        places.push(bytes.len() - GROUP_HEADER);
        bytes.extend_from_slice(&frame.first.to_le_bytes());
        bytes.extend_from_slice(&frame.count.to_le_bytes());
        bytes.extend_from_slice(&(frame.body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&frame.checksum.0);
        bytes.extend_from_slice(frame.body.as_bytes());
    }
    (bytes, places)
}

fn size(frame: &Frame) -> usize {
    FRAME_HEADER + frame.body.len()
}

/// How long the group is that begins at `at`: nothing if its header is not whole, `Some(None)` if it is not true.
fn group_length(log: &[u8], at: usize) -> Option<Option<usize>> {
    let (length, told) = (number(log, at)?, number(log, at.checked_add(8)?)?);
    Some(usize::try_from(length).ok().filter(|length| *length > 0 && check(*length as u64) == told))
}

fn check(length: u64) -> u64 {
    let hash = blake3::hash(&length.to_le_bytes());
    number(hash.as_bytes(), 0).unwrap_or(0)
}

fn read_frame(log: &[u8], at: usize) -> Option<Frame> {
    let header = log.get(at..at.checked_add(FRAME_HEADER)?)?;
    let length = usize::try_from(number(header, 12)?).ok()?;
    let start = at + FRAME_HEADER;
    let body = log.get(start..start.checked_add(length)?)?;
    Some(Frame {
        first: number(header, 0)?,
        count: u32::from_le_bytes(header.get(8..12)?.try_into().ok()?),
        checksum: Checksum::from_slice(header.get(20..FRAME_HEADER)?)?,
        body: String::from_utf8(body.to_vec()).ok()?,
    })
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
