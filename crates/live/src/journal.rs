//! The journal: every input of the engine and what it led to, durable before anything is sent.
//!
//! An [`Entry`] is a [`Record`] (one input, its commands), or the start or stop of a session. A [`Store`] keeps them, numbered
//! from one without gaps, in frames with chained checksums; it also keeps snapshots, so that recovery need not begin at the first
//! entry.
//!
//! - [`SqlStore`]: in SQLite or PostgreSQL, to be queried with SQL.
//! - [`MemoryStore`]: in memory, with faults on demand, for simulations.
//! - [`JournalWriter`]: a task that writes what gathers as one group, and tells how far it is durable.
//! - [`replay`]: runs a journal through an engine and proves that it leads to the same.

mod entry;
mod error;
mod frame;
mod memory;
mod replay;
#[cfg(test)]
mod samples;
#[cfg(feature = "sqlite")]
mod sql;
mod store;
mod writer;

pub use entry::{Entry, Record, SessionStart, SessionStop};
pub use error::StoreError;
pub use frame::{Checksum, MAX_ENTRY_BYTES, MAX_FRAME_BYTES, MAX_FRAME_ENTRIES};
pub use memory::{Fault, FaultRates, Faults, MemoryDisk, MemoryStore};
pub use replay::{EntryReplay, Replayed, replay, set_up};
#[cfg(feature = "sqlite")]
pub use sql::{Location, MAX_ORDERS_IN_MEMORY, SqlStore};
pub use store::{Snapshot, Store, Verified};
pub use writer::{Durable, JournalWriter, MAX_GROUP_BYTES, MAX_GROUP_ENTRIES, MAX_QUEUED_ENTRIES};

/// The version of the schema that is written, and the newest that is read.
pub const SCHEMA_VERSION: u32 = 1;

/// How many snapshots a store keeps: the newest, and one in case that it is damaged.
pub const MAX_SNAPSHOTS: usize = 2;

/// How many bytes a snapshot has at most. A larger one is refused.
pub const MAX_SNAPSHOT_BYTES: usize = 1 << 28;
