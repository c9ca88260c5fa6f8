/// What can go wrong with a journal. Unless it says otherwise, what was durable before still is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is nothing where a journal was to be read.
    #[error("there is no journal at {location}")]
    Missing {
        /// Where.
        location: String,
    },
    /// What is there is something else.
    #[error("{location} is no Algoflow journal: {reason}")]
    NotAJournal {
        /// Where.
        location: String,
        /// What is there.
        reason: String,
    },
    /// The journal is of another version of the software.
    #[error("the journal at {location} has schema version {found}, this software knows version {known}")]
    Version {
        /// Where.
        location: String,
        /// The version that it has.
        found: i64,
        /// The version that is known.
        known: u32,
    },
    /// Another process writes to the journal.
    #[error(
        "another process has the journal at {location} open for writing; two must not trade on one journal"
    )]
    Locked {
        /// Where.
        location: String,
    },
    /// The operating system or the database does not allow it.
    #[error("no permission for the journal at {location}: {reason}")]
    Permission {
        /// Where.
        location: String,
        /// What was said.
        reason: String,
    },
    /// A location that cannot be understood, or a database that this build cannot use.
    #[error("{location} is no location of a journal: {reason}")]
    Location {
        /// What was given, without secrets.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no room for more. Nothing of the group was written.
    #[error("there is no room to write the journal: {reason}")]
    Full {
        /// What was said.
        reason: String,
    },
    /// The database failed. Whether what it was asked to write is durable is not known before it is opened again.
    #[error("the journal's database failed at {action}: {reason}")]
    Database {
        /// What was asked of it.
        action: &'static str,
        /// What it said.
        reason: String,
    },
    /// What was read is not what was written.
    #[error("the journal is corrupt at entry {sequence}: {reason}")]
    Corrupt {
        /// At or behind which entry.
        sequence: u64,
        /// What was seen.
        reason: String,
    },
    /// An entry that does not follow the last one.
    #[error("entry {found} does not follow entry {last} of the journal")]
    Sequence {
        /// The last entry of the journal.
        last: u64,
        /// The one that was to follow.
        found: u64,
    },
    /// An entry that is larger than a journal takes.
    #[error("entry {sequence} has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Which.
        sequence: u64,
        /// How large it is.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// An entry that cannot be written as JSON.
    #[error("entry {sequence} cannot be written: {reason}")]
    Unwritable {
        /// Which.
        sequence: u64,
        /// Why.
        reason: String,
    },
    /// A snapshot of what the journal does not hold yet.
    #[error("a snapshot at entry {sequence}, but the journal ends at {last}")]
    SnapshotAhead {
        /// What the snapshot is of.
        sequence: u64,
        /// The last entry of the journal.
        last: u64,
    },
    /// The store was opened for reading.
    #[error("the journal was opened for reading only")]
    ReadOnly,
    /// Writing failed before, so nothing more is written until the store is opened again.
    #[error("the journal takes nothing more until it is opened again, because it failed before: {reason}")]
    Broken {
        /// What failed.
        reason: String,
    },
    /// The writer has ended, by a failure or because it was asked to.
    #[error("the journal's writer has ended: {reason}")]
    Ended {
        /// Why.
        reason: String,
    },
    /// A simulated crash of the process: the store is to be opened again.
    #[error("simulated crash at append {append}")]
    Crashed {
        /// Which append.
        append: u64,
    },
    /// A replay that went another way than the journal, or an engine that refused it.
    #[error("replaying entry {sequence}: {source}")]
    Replay {
        /// Which entry.
        sequence: u64,
        /// What the engine said.
        source: algoflow_execution::EngineError,
    },
}

impl StoreError {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "STORE_MISSING",
            Self::NotAJournal { .. } => "STORE_NOT_A_JOURNAL",
            Self::Version { .. } => "STORE_VERSION",
            Self::Locked { .. } => "STORE_LOCKED",
            Self::Permission { .. } => "STORE_PERMISSION",
            Self::Location { .. } => "STORE_LOCATION",
            Self::Full { .. } => "STORE_FULL",
            Self::Database { .. } => "STORE_DATABASE",
            Self::Corrupt { .. } => "STORE_CORRUPT",
            Self::Sequence { .. } => "STORE_SEQUENCE",
            Self::TooLarge { .. } => "STORE_TOO_LARGE",
            Self::Unwritable { .. } => "STORE_UNWRITABLE",
            Self::SnapshotAhead { .. } => "STORE_SNAPSHOT_AHEAD",
            Self::ReadOnly => "STORE_READ_ONLY",
            Self::Broken { .. } => "STORE_BROKEN",
            Self::Ended { .. } => "STORE_ENDED",
            Self::Crashed { .. } => "STORE_CRASHED",
            Self::Replay { .. } => "STORE_REPLAY",
        }
    }
}
