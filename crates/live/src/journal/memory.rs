mod disk;
mod faults;

pub use disk::MemoryDisk;
pub use faults::{Fault, FaultRates, Faults};

use async_trait::async_trait;

use super::{
    Checksum, Entry, MAX_FRAME_ENTRIES, Snapshot, Store, StoreError, Verified, frame::Frame,
    store::check_snapshot,
};

/// A journal in memory that fails when it is told to: for simulations and tests.
///
/// Its content is a [`MemoryDisk`], laid out as a file of frames would be, and survives the store: what was durable when a
/// simulated crash came is there when it is opened again.
///
/// ```
/// use algoflow_live::journal::{Fault, Faults, MemoryDisk, MemoryStore, SessionStop, Store, StoreError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StoreError> {
/// let disk = MemoryDisk::default();
/// let stop = |sequence| SessionStop { sequence, at: Default::default(), clean: true }.into();
/// let mut store = MemoryStore::open(&disk, Faults::none().at(2, Fault::CrashAfter))?;
/// store.append(&[stop(1)]).await?;
/// assert!(matches!(store.append(&[stop(2)]).await, Err(StoreError::Crashed { .. })));
/// drop(store);
///
/// // The process had died before it knew, but the second entry was durable.
/// let store = MemoryStore::open(&disk, Faults::none())?;
/// assert_eq!(store.last_sequence(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    disk: MemoryDisk,
    /// By frame: its first entry, the checksum before it, and where it is.
    index: Vec<(u64, Checksum, usize)>,
    last: u64,
    checksum: Checksum,
    faults: Faults,
    appends: u64,
    /// Why it takes nothing more.
    broken: Option<Why>,
}

#[derive(Clone, Debug)]
enum Why {
    Failed(String),
    Crashed(u64),
}

impl MemoryStore {
    /// Opens what is on `disk`. A group of entries at the end that was not written whole is cut off, since nobody was told
    /// that it is durable.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another store has it open, [`StoreError::Corrupt`].
    pub fn open(disk: &MemoryDisk, faults: Faults) -> Result<Self, StoreError> {
        if !disk.lock() {
            return Err(StoreError::Locked { location: "memory".to_owned() });
        }
        let mut this = Self {
            disk: disk.clone(),
            index: Vec::new(),
            last: 0,
            checksum: Checksum::genesis(),
            faults,
            appends: 0,
            broken: None,
        };
        for (at, frame) in disk.recover()? {
            this.take_in(&frame, at)?;
        }
        Ok(this)
    }

    fn take_in(&mut self, frame: &Frame, at: usize) -> Result<(), StoreError> {
        frame.check(self.checksum)?;
        if frame.first != self.last + 1 || frame.count == 0 || frame.count as usize > MAX_FRAME_ENTRIES {
            let reason = format!("a frame of {} entries from {} follows", frame.count, frame.first);
            return Err(StoreError::Corrupt { sequence: self.last, reason });
        }
        self.index.push((frame.first, self.checksum, at));
        self.last = frame.last();
        self.checksum = frame.checksum;
        Ok(())
    }

    fn check_usable(&self) -> Result<(), StoreError> {
        match &self.broken {
            None => Ok(()),
            Some(Why::Failed(reason)) => Err(StoreError::Broken { reason: reason.clone() }),
            Some(Why::Crashed(append)) => Err(StoreError::Crashed { append: *append }),
        }
    }

    /// Goes wrong in the way of `fault`.
    fn fail(&mut self, fault: Fault, frames: &[Frame]) -> StoreError {
        let append = self.appends;
        match fault {
            Fault::Full => {
                let error = StoreError::Full { reason: format!("simulated at append {append}") };
                self.broken = Some(Why::Failed(error.to_string()));
                return error;
            }
            Fault::CrashBefore => {}
            Fault::CrashAfter => {
                self.disk.write(frames);
            }
            Fault::Torn { permille } => self.disk.write_part(frames, permille),
        }
        self.broken = Some(Why::Crashed(append));
        // The process is gone, and with it its lock.
        self.disk.unlock();
        StoreError::Crashed { append }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.check_usable()?;
        let frames = Frame::encode(entries, self.last, self.checksum)?;
        if frames.is_empty() {
            return Ok(());
        }
        self.appends += 1;
        if let Some(wait) = self.faults.latency() {
            tokio::time::sleep(wait).await;
        }
        if let Some(fault) = self.faults.of(self.appends) {
            return Err(self.fail(fault, &frames));
        }
        let places = self.disk.write(&frames);
        for (frame, at) in frames.iter().zip(places) {
            self.take_in(frame, at)?;
        }
        Ok(())
    }

    fn last_sequence(&self) -> u64 {
        self.last
    }

    async fn read(&mut self, from: u64) -> Result<Vec<Entry>, StoreError> {
        if from > self.last {
            return Ok(Vec::new());
        }
        let from = from.max(1);
        let next = self.index.partition_point(|(first, ..)| *first <= from);
        let Some((first, previous, at)) = next.checked_sub(1).and_then(|place| self.index.get(place)) else {
            return Ok(Vec::new());
        };
        let corrupt = || StoreError::Corrupt { sequence: *first, reason: "a frame is gone".to_owned() };
        let frame = self.disk.frame(*at).ok_or_else(corrupt)?;
        let mut entries = frame.decode(*previous)?;
        entries.retain(|entry| entry.sequence() >= from);
        Ok(entries)
    }

    async fn save_snapshot(&mut self, sequence: u64, body: &[u8]) -> Result<(), StoreError> {
        self.check_usable()?;
        check_snapshot(sequence, self.last, body)?;
        self.disk.save_snapshot(sequence, body);
        Ok(())
    }

    async fn latest_snapshot(&mut self) -> Result<Option<Snapshot>, StoreError> {
        let last = self.last;
        Ok(self.disk.snapshots().into_iter().rev().find(|snapshot| snapshot.sequence <= last))
    }

    async fn verify(&mut self) -> Result<Verified, StoreError> {
        let frames = self.index.clone();
        for (first, previous, at) in &frames {
            let corrupt = || StoreError::Corrupt { sequence: *first, reason: "a frame is gone".to_owned() };
            self.disk.frame(*at).ok_or_else(corrupt)?.decode(*previous)?;
        }
        Ok(Verified { entries: self.last, frames: frames.len() as u64, checksum: self.checksum })
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        // After a crash the lock is another's.
        if !matches!(self.broken, Some(Why::Crashed(_))) {
            self.disk.unlock();
        }
    }
}

#[cfg(test)]
mod tests;
