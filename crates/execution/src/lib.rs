//! The trading engine.

mod bars;
mod engine;
mod error;
mod fills;
mod harness;
mod input;
pub mod journal;
mod links;
mod routes;
mod timers;

pub use engine::{Engine, ErrorPolicy, Halt, MAX_REQUESTS_PER_INPUT, MAX_TIMERS_PER_INPUT, Quiet, Told};
pub use error::EngineError;
pub use fills::MAX_KNOWN_FILLS;
pub use harness::Harness;
pub use input::Input;
pub use journal::{Journal, JournalReader, replay, replay_stream};
