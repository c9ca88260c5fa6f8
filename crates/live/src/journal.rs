//! The journal: every input of the engine and what it led to, durable before anything is sent.
//!
//! An [`Entry`] is a [`Record`] (one input, its commands), or the start or stop of a session. A [`Store`] keeps them, numbered
//! from one without gaps, in frames with chained checksums; it also keeps snapshots, so that recovery need not begin at the first
//! entry.
//!
//! - [`MemoryStore`]: in memory, with faults on demand, for simulations.

mod entry;
mod error;
mod frame;
mod memory;
#[cfg(test)]
mod samples;
mod store;

pub use entry::{Entry, Record, SessionStart, SessionStop};
pub use error::StoreError;
pub use frame::{Checksum, MAX_ENTRY_BYTES, MAX_FRAME_BYTES, MAX_FRAME_ENTRIES};
pub use memory::{Fault, FaultRates, Faults, MemoryDisk, MemoryStore};
pub use store::{Snapshot, Store, Verified};

/// The version of the schema that is written, and the newest that is read.
pub const SCHEMA_VERSION: u32 = 1;

/// How many snapshots a store keeps: the newest, and one in case that it is damaged.
pub const MAX_SNAPSHOTS: usize = 2;

/// How many bytes a snapshot has at most. A larger one is refused.
pub const MAX_SNAPSHOT_BYTES: usize = 1 << 28;
