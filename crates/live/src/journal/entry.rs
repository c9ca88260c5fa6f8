use algoflow_core::{command::Command, id::StrategyId, order::OrderEvent, time::Timestamp};
use algoflow_execution::{Input, journal::Ending};
use serde::{Deserialize, Serialize};

/// An input of the engine and what it led to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the journal.
    pub sequence: u64,
    /// What went in.
    pub input: Input,
    /// What came out, in order. None of it is sent before the record is durable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
    /// How it ended.
    #[serde(default = "done", skip_serializing_if = "is_done")]
    pub ending: Ending,
    /// What the engine itself refused, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<OrderEvent>,
}

/// A process begins to trade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionStart {
    /// Its place in the journal.
    pub sequence: u64,
    /// The number of the run, which is in the ids of its orders.
    pub run: u32,
    /// The version of the software.
    pub software: String,
    /// The version of the store's schema.
    pub schema: u32,
    /// A digest of the configuration.
    pub configuration: String,
    /// When.
    pub at: Timestamp,
    /// What the engine is given before the first record of the session, as inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Input>,
    /// The names of the strategies. The index of one is what the ids of its orders hold.
    pub strategies: Vec<StrategyId>,
}

/// A process ends to trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStop {
    /// Its place in the journal.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Whether all went as it should: no order in doubt, no error.
    pub clean: bool,
}

/// What a journal is made of. Entries are numbered from one, without gaps, over all sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "nearly all are records, and a box for each would cost more")]
pub enum Entry {
    /// A process begins to trade.
    Start(Box<SessionStart>),
    /// An input of the engine and what it led to.
    Record(Record),
    /// A process ends to trade.
    Stop(SessionStop),
}

impl Entry {
    /// Its place in the journal: counts from one.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Start(start) => start.sequence,
            Self::Record(record) => record.sequence,
            Self::Stop(stop) => stop.sequence,
        }
    }

    /// When the process knew of it. `None` for inputs that have no time.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Start(start) => Some(start.at),
            Self::Stop(stop) => Some(stop.at),
            Self::Record(record) => match &record.input {
                Input::Start(at) | Input::Time(at) | Input::Stop(at) => Some(*at),
                Input::Market(data) => Some(data.ts_recv()),
                Input::Order(event) => Some(event.ts_recv),
                _ => None,
            },
        }
    }
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}

impl From<SessionStart> for Entry {
    fn from(start: SessionStart) -> Self {
        Self::Start(Box::new(start))
    }
}

impl From<SessionStop> for Entry {
    fn from(stop: SessionStop) -> Self {
        Self::Stop(stop)
    }
}

fn done() -> Ending {
    Ending::Done
}

fn is_done(ending: &Ending) -> bool {
    *ending == Ending::Done
}
