use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;

use algoflow_core::market::MarketData;
use algoflow_execution::Input;

use super::{Entry, Store, StoreError};
use crate::telemetry::LiveMetrics;

/// How many entries and snapshots wait at most. Then [`JournalWriter::append`] waits too, and
/// [`JournalWriter::try_append`] gives the entry back.
pub const MAX_QUEUED_ENTRIES: usize = 65_536;

/// How many entries are written at once at most.
pub const MAX_GROUP_ENTRIES: usize = 16_384;

/// About how many bytes are written at once at most, unless a single entry has more.
pub const MAX_GROUP_BYTES: usize = 16 << 20;

/// How far the journal is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durable {
    /// The last entry that is.
    pub sequence: u64,
    /// What ended the writer: its code and words. Nothing behind `sequence` will be durable then.
    pub failure: Option<(&'static str, String)>,
}

#[allow(clippy::large_enum_variant, reason = "nearly all are entries, and a box for each would cost more")]
enum Job {
    Entry(Entry),
    Snapshot { sequence: u64, body: Vec<u8> },
}

/// Writes a journal beside the thread that decides: takes entries from a queue, writes all that have gathered as one group, and
/// tells how far they are durable.
///
/// - **W1** Entries are written in the order in which they came, each group all or nothing.
/// - **W2** While a group is written the next one gathers: the slower the disk, the larger the groups.
/// - **W3** The first failure ends the writer. It is told to whoever watches, and from [`JournalWriter::shutdown`].
/// - **W4** A shutdown writes what was taken before it. To drop the writer ends it at once, like the end of the process.
///
/// ```
/// use algoflow_live::journal::{Faults, JournalWriter, MemoryDisk, MemoryStore, SessionStop};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let disk = MemoryDisk::default();
/// let writer = JournalWriter::spawn(Box::new(MemoryStore::open(&disk, Faults::none())?));
/// let mut durable = writer.durable();
/// writer.append(SessionStop { sequence: 1, at: Default::default(), clean: true }.into()).await?;
/// // What the entry asks for may be sent once this returns.
/// durable.wait_for(|durable| durable.sequence >= 1 || durable.failure.is_some()).await?;
/// writer.shutdown().await?;
/// # Ok(())
/// # }
/// ```
pub struct JournalWriter {
    queue: mpsc::Sender<Job>,
    durable: watch::Receiver<Durable>,
    task: AbortOnDropHandle<Result<Box<dyn Store>, StoreError>>,
}

impl std::fmt::Debug for JournalWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalWriter").field("durable", &*self.durable.borrow()).finish_non_exhaustive()
    }
}

impl JournalWriter {
    /// Begins to write to `store`, in a task of the runtime that this is called in.
    #[must_use]
    pub fn spawn(store: Box<dyn Store>) -> Self {
        Self::observed(store, LiveMetrics::none())
    }

    /// The same, and measures how long it takes.
    #[must_use]
    pub fn observed(store: Box<dyn Store>, metrics: LiveMetrics) -> Self {
        let (queue, jobs) = mpsc::channel(MAX_QUEUED_ENTRIES);
        let (tell, durable) = watch::channel(Durable { sequence: store.last_sequence(), failure: None });
        let task = tokio::spawn(Task { store, jobs, tell, group: Vec::new(), metrics }.run());
        let task = AbortOnDropHandle::new(task);
        Self { queue, durable, task }
    }

    /// How many entries and snapshots wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// How far the journal is durable, and whether the writer failed. The last that it says holds after the writer's end.
    #[must_use]
    pub fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.clone()
    }

    /// Puts an entry into the queue; waits while it is full.
    ///
    /// # Errors
    /// [`StoreError::Ended`] if the writer has failed.
    pub async fn append(&self, entry: Entry) -> Result<(), StoreError> {
        self.queue.send(Job::Entry(entry)).await.map_err(|_| self.ended())
    }

    /// Puts an entry into the queue if there is room; else gives it back.
    ///
    /// # Errors
    /// [`StoreError::Ended`] if the writer has failed.
    pub fn try_append(&self, entry: Entry) -> Result<Option<Entry>, StoreError> {
        match self.queue.try_send(Job::Entry(entry)) {
            Ok(()) => Ok(None),
            Err(mpsc::error::TrySendError::Full(Job::Entry(entry))) => Ok(Some(entry)),
            Err(_) => Err(self.ended()),
        }
    }

    /// Saves a snapshot once all entries that were put into the queue before are durable; waits while the queue is full.
    ///
    /// # Errors
    /// [`StoreError::Ended`] if the writer has failed.
    pub async fn save_snapshot(&self, sequence: u64, body: Vec<u8>) -> Result<(), StoreError> {
        self.queue.send(Job::Snapshot { sequence, body }).await.map_err(|_| self.ended())
    }

    /// Writes what is in the queue, and hands the store back.
    ///
    /// # Errors
    /// What ended the writer, if it failed.
    pub async fn shutdown(self) -> Result<Box<dyn Store>, StoreError> {
        drop(self.queue);
        let ended = |error: tokio::task::JoinError| StoreError::Ended { reason: error.to_string() };
        self.task.await.map_err(ended)?
    }

    fn ended(&self) -> StoreError {
        let failure = self.durable.borrow().failure.clone();
        let reason =
            failure.map_or_else(|| "it was stopped".to_owned(), |(code, text)| format!("{code}: {text}"));
        StoreError::Ended { reason }
    }
}

struct Task {
    store: Box<dyn Store>,
    jobs: mpsc::Receiver<Job>,
    tell: watch::Sender<Durable>,
    group: Vec<Entry>,
    metrics: LiveMetrics,
}

impl Task {
    async fn run(mut self) -> Result<Box<dyn Store>, StoreError> {
        let result = self.work().await;
        if let Err(error) = &result {
            // Before the queue closes, so that whoever finds it closed finds out why.
            let failure = Some((error.code(), error.to_string()));
            self.tell.send_modify(|durable| durable.failure = failure);
        }
        result.map(|()| self.store)
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        let mut jobs = Vec::new();
        while self.jobs.recv_many(&mut jobs, MAX_GROUP_ENTRIES).await > 0 {
            let mut bytes = 0;
            for job in jobs.drain(..) {
                match job {
                    Job::Entry(entry) => {
                        bytes += weight(&entry);
                        self.group.push(entry);
                    }
                    Job::Snapshot { sequence, body } => {
                        flush(&mut *self.store, &mut self.group, &self.tell, &self.metrics).await?;
                        self.store.save_snapshot(sequence, &body).await?;
                        bytes = 0;
                    }
                }
                if bytes >= MAX_GROUP_BYTES {
                    flush(&mut *self.store, &mut self.group, &self.tell, &self.metrics).await?;
                    bytes = 0;
                }
            }
            flush(&mut *self.store, &mut self.group, &self.tell, &self.metrics).await?;
        }
        Ok(())
    }
}

async fn flush(
    store: &mut dyn Store,
    group: &mut Vec<Entry>,
    tell: &watch::Sender<Durable>,
    metrics: &LiveMetrics,
) -> Result<(), StoreError> {
    if group.is_empty() {
        return Ok(());
    }
    let begun = Instant::now();
    store.append(group).await?;
    metrics.journal_append(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX), group.len() as u64);
    group.clear();
    let sequence = store.last_sequence();
    tell.send_modify(|durable| durable.sequence = sequence);
    Ok(())
}

/// About how many bytes an entry takes.
fn weight(entry: &Entry) -> usize {
    /// A trade, a quote, a bar; a command; an event.
    const USUAL: usize = 512;
    /// A level of a book or a number of the user's own.
    const LEVEL: usize = 64;
    /// A venue with all that it can do, an instrument.
    const SETUP: usize = 4_096;
    match entry {
        Entry::Start(start) => (start.setup.len() + 1) * SETUP,
        Entry::Stop(_) => USUAL,
        Entry::Record(record) => {
            let input = match &record.input {
                Input::Market(MarketData::Depth(depth)) => depth.levels.len() * LEVEL,
                Input::Market(MarketData::Custom(data)) => data.values.len() * LEVEL,
                Input::Venue { .. } | Input::Instrument(_) => SETUP,
                _ => 0,
            };
            input + (1 + record.commands.len() + record.denied.len()) * USUAL
        }
    }
}

#[cfg(test)]
mod tests;
