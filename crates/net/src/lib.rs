//! What venue connectors are built from.

pub mod backoff;
pub mod clock;
mod error;
pub mod rate;

pub use error::NetError;
