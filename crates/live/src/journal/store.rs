use async_trait::async_trait;

use super::{Checksum, Entry, MAX_SNAPSHOT_BYTES, StoreError};

/// The state of an engine and its strategies behind an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last entry that is in it.
    pub sequence: u64,
    /// The state, as whoever saved it wrote it.
    pub body: Vec<u8>,
}

/// What a check of a whole journal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// In how many frames.
    pub frames: u64,
    /// The checksum of the last frame, which depends on every byte of every entry.
    pub checksum: Checksum,
}

/// Where a journal is kept: numbered entries that are only ever added to, and snapshots.
///
/// What every store holds to:
///
/// - **S1** When [`Store::append`] returns, all of its entries are durable; when it fails, none of them is or will be, but for
///   the failures that say that it is not known, which opening the store again decides.
/// - **S2** Entries are numbered from one without gaps; others are refused.
/// - **S3** After a failed append nothing more is taken until the store is opened again.
/// - **S4** What is read is what was written, or an error: each frame has a checksum over itself and the checksum before it.
/// - **S5** One writer at a time.
#[async_trait]
pub trait Store: Send {
    /// Adds entries, all or nothing. They are durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Sequence`] unless they follow the last one, [`StoreError::TooLarge`] (both leave the store usable);
    /// [`StoreError::Full`], [`StoreError::Database`], [`StoreError::Broken`], [`StoreError::ReadOnly`].
    async fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError>;

    /// The number of the last entry that is durable; zero in an empty journal.
    fn last_sequence(&self) -> u64;

    /// The next entries from `from` on, in order: one frame's, so at most [`MAX_FRAME_ENTRIES`](super::MAX_FRAME_ENTRIES). None
    /// once the journal ends. To read on, ask from the one behind the last that was given.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Database`].
    async fn read(&mut self, from: u64) -> Result<Vec<Entry>, StoreError>;

    /// Keeps a snapshot of the state behind entry `sequence`. Older ones are forgotten but for the last
    /// [`MAX_SNAPSHOTS`](super::MAX_SNAPSHOTS).
    ///
    /// # Errors
    /// [`StoreError::SnapshotAhead`], [`StoreError::TooLarge`], and those of writing.
    async fn save_snapshot(&mut self, sequence: u64, body: &[u8]) -> Result<(), StoreError>;

    /// The newest snapshot that is whole. One that is damaged is passed over: a replay from an earlier one leads to the same.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn latest_snapshot(&mut self) -> Result<Option<Snapshot>, StoreError>;

    /// Reads all of the journal and checks it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Database`].
    async fn verify(&mut self) -> Result<Verified, StoreError>;

    /// Ends the use of the store and lets others write. To drop it does the same, at some time soon.
    ///
    /// # Errors
    /// [`StoreError::Database`]. What was appended is durable all the same.
    async fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// Whether a snapshot may be kept.
pub(super) fn check_snapshot(sequence: u64, last: u64, body: &[u8]) -> Result<(), StoreError> {
    if sequence > last {
        return Err(StoreError::SnapshotAhead { sequence, last });
    }
    if body.len() > MAX_SNAPSHOT_BYTES {
        return Err(StoreError::TooLarge { sequence, bytes: body.len(), limit: MAX_SNAPSHOT_BYTES });
    }
    Ok(())
}
