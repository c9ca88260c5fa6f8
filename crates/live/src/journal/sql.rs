mod database;
mod failure;
mod location;
mod open;
mod projection;
mod schema;

pub use location::Location;
pub use projection::MAX_ORDERS_IN_MEMORY;

use std::fs::File;

use algoflow_core::time::Timestamp;
use async_trait::async_trait;

use self::{
    database::{Database, Value},
    failure::{failed, number},
    projection::Projection,
};
use super::{
    Checksum, Entry, MAX_FRAME_ENTRIES, MAX_SNAPSHOTS, Snapshot, Store, StoreError, Verified, frame::Frame,
    store::check_snapshot,
};

/// A journal in a SQLite file or a PostgreSQL database, which can be queried with SQL: `docs/guides/journal.md` has the tables.
///
/// A SQLite file is written ahead (WAL) with `synchronous=FULL`, so that a commit is on disk when it returns, and readers do not
/// wait. Beside `NAME` lies `NAME.lock`, which the operating system holds for the process that writes. In PostgreSQL an
/// advisory lock of the connection does that.
///
/// The tables of orders, fills, events and sessions are written with the entries in one transaction and never read again;
/// [`SqlStore::rebuild_projections`] makes them anew.
///
/// ```
/// use algoflow_live::journal::{Location, SessionStop, SqlStore, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let directory = tempfile::tempdir()?;
/// let location = Location::sqlite(directory.path().join("journal.db"));
/// let mut store = SqlStore::open(&location).await?;
/// let stop = SessionStop { sequence: 1, at: "2024-01-02T21:00:00Z".parse()?, clean: true };
/// store.append(&[stop.into()]).await?;
///
/// // Another process may read meanwhile, but not write.
/// assert!(SqlStore::open(&location).await.is_err());
/// let mut reader = SqlStore::open_read_only(&location).await?;
/// assert_eq!(reader.read(1).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqlStore {
    database: Database,
    location: String,
    is_read_only: bool,
    head: Head,
    projection: Projection,
    /// What failed, once something has.
    broken: Option<String>,
    /// The checksum before the frame that begins with this entry: what reading on needs.
    cursor: (u64, Checksum),
    /// Held as long as the store is open.
    _lock: Option<File>,
}

/// How far the journal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    last: u64,
    frames: u64,
    checksum: Checksum,
    /// The newest time of an entry.
    at: Timestamp,
}

impl SqlStore {
    /// Where it is, without secrets.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Makes the tables of orders, fills, events and sessions anew from the entries.
    ///
    /// # Errors
    /// Those of reading and writing. The tables are as before then.
    pub async fn rebuild_projections(&mut self) -> Result<(), StoreError> {
        self.check_usable()?;
        self.begin().await?;
        let result = self.rebuild().await;
        self.end(result).await
    }

    async fn rebuild(&mut self) -> Result<(), StoreError> {
        self.database.script(schema::CLEAR_PROJECTIONS).await.map_err(failed("rebuilding"))?;
        let (mut projection, mut from) = (Projection::default(), 1);
        loop {
            let entries = self.read(from).await?;
            let Some(last) = entries.last() else { break };
            from = last.sequence() + 1;
            projection.apply(&mut self.database, &entries).await.map_err(failed("rebuilding"))?;
        }
        self.projection = projection;
        Ok(())
    }

    fn check_usable(&self) -> Result<(), StoreError> {
        match &self.broken {
            _ if self.is_read_only => Err(StoreError::ReadOnly),
            Some(reason) => Err(StoreError::Broken { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Begins a transaction. Until [`SqlStore::end`] has seen to it the store is broken, so that a caller who drops the future
    /// half way cannot go on as if nothing had been.
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.broken = Some("a transaction was left in the middle".to_owned());
        let begun = self.database.begin().await.map_err(failed("beginning a transaction"));
        if let Err(error) = &begun {
            self.broken = Some(error.to_string());
        }
        begun
    }

    async fn end(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        let result = match result {
            Ok(()) => self.database.script("COMMIT").await.map_err(failed("committing")),
            Err(error) => Err(error),
        };
        match &result {
            Ok(()) => self.broken = None,
            Err(error) => {
                self.broken = Some(error.to_string());
                // If this fails too the connection is of no more use, and the database does it when that ends.
                let _ = self.database.script("ROLLBACK").await;
            }
        }
        result
    }

    async fn write(&mut self, frames: Vec<Frame>, entries: &[Entry]) -> Result<Head, StoreError> {
        let mut head = self.head;
        for frame in frames {
            (head.last, head.checksum, head.frames) = (frame.last(), frame.checksum, head.frames + 1);
            const INSERT: &str =
                "INSERT INTO frames (first_sequence, entries, checksum, body) VALUES ($1, $2, $3, $4)";
            let values = [
                number(frame.first)?.into(),
                i64::from(frame.count).into(),
                Value::from(&frame.checksum.0[..]),
                frame.body.into(),
            ];
            self.database.execute(INSERT, values).await.map_err(failed("writing entries"))?;
        }
        head.at = entries.iter().filter_map(Entry::at).fold(head.at, Timestamp::max);
        // Fails if another has written, whatever the locks say.
        const MOVE: &str = "UPDATE journal_meta SET last_sequence = $1, frames = $2, checksum = $3, last_at = $4 \
                            WHERE id = 1 AND last_sequence = $5 AND checksum = $6";
        let values = [
            number(head.last)?.into(),
            number(head.frames)?.into(),
            Value::from(&head.checksum.0[..]),
            head.at.nanos().into(),
            number(self.head.last)?.into(),
            Value::from(&self.head.checksum.0[..]),
        ];
        if self.database.execute(MOVE, values).await.map_err(failed("writing entries"))? != 1 {
            return Err(StoreError::Locked { location: self.location.clone() });
        }
        self.projection
            .apply(&mut self.database, entries)
            .await
            .map_err(failed("writing orders and fills"))?;
        Ok(head)
    }

    /// The checksum before the frame that begins with entry `first`.
    async fn checksum_before(&mut self, first: u64) -> Result<Checksum, StoreError> {
        if self.cursor.0 == first {
            return Ok(self.cursor.1);
        }
        const BEFORE: &str =
            "SELECT checksum FROM frames WHERE first_sequence < $1 ORDER BY first_sequence DESC LIMIT 1";
        let row = self.database.row(BEFORE, [number(first)?.into()]).await.map_err(failed("reading"))?;
        match row {
            Some(row) => {
                let bytes = row.bytes(0).map_err(failed("reading"))?;
                Checksum::from_slice(&bytes).ok_or_else(|| corrupt(first, "the frame before has no checksum"))
            }
            None => Ok(Checksum::genesis()),
        }
    }

    /// The frame in which entry `sequence` is.
    async fn frame_of(&mut self, sequence: u64) -> Result<Frame, StoreError> {
        const FRAME: &str = "SELECT first_sequence, entries, checksum, body FROM frames WHERE first_sequence <= $1 \
                             ORDER BY first_sequence DESC LIMIT 1";
        let row = self.database.row(FRAME, [number(sequence)?.into()]).await.map_err(failed("reading"))?;
        let row = row.ok_or_else(|| corrupt(sequence, "its frame is gone"))?;
        let read = || -> Result<_, sqlx::Error> {
            Ok((row.integer(0)?, row.integer(1)?, row.bytes(2)?, row.text(3)?))
        };
        let (first, count, checksum, body) = read().map_err(|error| corrupt(sequence, &error.to_string()))?;
        let frame = || {
            let count = u32::try_from(count).ok().filter(|count| *count as usize <= MAX_FRAME_ENTRIES)?;
            let first = u64::try_from(first).ok().filter(|first| *first > 0)?;
            Some(Frame { first, count, body, checksum: Checksum::from_slice(&checksum)? })
        };
        let frame = frame().ok_or_else(|| corrupt(sequence, "the head of its frame makes no sense"))?;
        if frame.last() < sequence {
            return Err(corrupt(sequence, "its frame is gone"));
        }
        Ok(frame)
    }

    /// Decodes a frame, knowing what is before it.
    async fn decode(&mut self, frame: &Frame) -> Result<Vec<Entry>, StoreError> {
        let previous = self.checksum_before(frame.first).await?;
        let entries = frame.decode(previous)?;
        if frame.last() == self.head.last && frame.checksum != self.head.checksum {
            return Err(corrupt(frame.last(), "the last frame is not the one that was written last"));
        }
        self.cursor = (frame.last() + 1, frame.checksum);
        Ok(entries)
    }

    async fn put_snapshot(&mut self, sequence: u64, body: &[u8]) -> Result<(), StoreError> {
        let checksum = Checksum::of_snapshot(sequence, body);
        const PUT: &str = "INSERT INTO snapshots (sequence, checksum, body) VALUES ($1, $2, $3) \
                           ON CONFLICT (sequence) DO UPDATE SET checksum = excluded.checksum, body = excluded.body";
        let values = [number(sequence)?.into(), Value::from(&checksum.0[..]), Value::from(body)];
        self.database.execute(PUT, values).await.map_err(failed("writing a snapshot"))?;
        const FORGET: &str = "DELETE FROM snapshots WHERE sequence NOT IN \
                              (SELECT sequence FROM snapshots ORDER BY sequence DESC LIMIT $1)";
        let keep = [Value::from(number(MAX_SNAPSHOTS as u64)?)];
        self.database.execute(FORGET, keep).await.map_err(failed("writing a snapshot")).map(drop)
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.check_usable()?;
        let frames = Frame::encode(entries, self.head.last, self.head.checksum)?;
        if frames.is_empty() {
            return Ok(());
        }
        self.begin().await?;
        let written = self.write(frames, entries).await;
        let head = written.as_ref().ok().copied();
        self.end(written.map(drop)).await?;
        self.head = head.unwrap_or(self.head);
        Ok(())
    }

    fn last_sequence(&self) -> u64 {
        self.head.last
    }

    async fn read(&mut self, from: u64) -> Result<Vec<Entry>, StoreError> {
        let from = from.max(1);
        if from > self.head.last {
            if self.is_read_only {
                // The process that writes may have gone on.
                self.head = open::head(&mut self.database, &self.location).await?;
            }
            if from > self.head.last {
                return Ok(Vec::new());
            }
        }
        let frame = self.frame_of(from).await?;
        let mut entries = self.decode(&frame).await?;
        entries.retain(|entry| entry.sequence() >= from);
        Ok(entries)
    }

    async fn save_snapshot(&mut self, sequence: u64, body: &[u8]) -> Result<(), StoreError> {
        self.check_usable()?;
        check_snapshot(sequence, self.head.last, body)?;
        self.begin().await?;
        let result = self.put_snapshot(sequence, body).await;
        self.end(result).await
    }

    async fn latest_snapshot(&mut self) -> Result<Option<Snapshot>, StoreError> {
        const NEWEST: &str = "SELECT sequence FROM snapshots WHERE sequence <= $1 ORDER BY sequence DESC";
        const ONE: &str = "SELECT checksum, body FROM snapshots WHERE sequence = $1";
        let last = number(self.head.last)?.into();
        for row in self.database.rows(NEWEST, [last]).await.map_err(failed("reading snapshots"))? {
            let sequence = row.integer(0).map_err(failed("reading snapshots"))?;
            let row = self.database.row(ONE, [sequence.into()]).await.map_err(failed("reading snapshots"))?;
            let (Some(row), Ok(sequence)) = (row, u64::try_from(sequence)) else { continue };
            if let (Ok(checksum), Ok(body)) = (row.bytes(0), row.bytes(1))
                && checksum == Checksum::of_snapshot(sequence, &body).0
            {
                return Ok(Some(Snapshot { sequence, body }));
            }
            tracing::warn!(sequence, location = self.location, "a snapshot of the journal is damaged");
        }
        Ok(None)
    }

    async fn verify(&mut self) -> Result<Verified, StoreError> {
        if self.database.is_sqlite() {
            let rows = self.database.rows("PRAGMA quick_check(1)", []).await.map_err(failed("verifying"))?;
            let said = rows.first().map(|row| row.text(0)).transpose().map_err(failed("verifying"))?;
            if said.as_deref() != Some("ok") {
                return Err(corrupt(0, &said.unwrap_or_else(|| "no answer from the check".to_owned())));
            }
        }
        self.head = open::head(&mut self.database, &self.location).await?;
        let (mut next, mut frames) = (1, 0);
        while next <= self.head.last {
            let frame = self.frame_of(next).await?;
            if frame.first != next {
                return Err(corrupt(next, "a frame begins before the one before it ends"));
            }
            self.decode(&frame).await?;
            (next, frames) = (frame.last() + 1, frames + 1);
        }
        // In one statement, since another process may be writing.
        const COUNT: &str = "SELECT frames, (SELECT COUNT(*) FROM frames) FROM journal_meta WHERE id = 1";
        let row = self.database.row(COUNT, []).await.map_err(failed("verifying"))?;
        let row = row.ok_or_else(|| corrupt(0, "the table journal_meta is empty"))?;
        let told = row.integer(0).map_err(failed("verifying"))?;
        if frames != self.head.frames || row.integer(1).map_err(failed("verifying"))? != told {
            return Err(corrupt(self.head.last, "there are more or less frames than were written"));
        }
        Ok(Verified { entries: self.head.last, frames, checksum: self.head.checksum })
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.database.close().await.map_err(failed("closing"))
    }
}

fn corrupt(sequence: u64, reason: &str) -> StoreError {
    StoreError::Corrupt { sequence, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
