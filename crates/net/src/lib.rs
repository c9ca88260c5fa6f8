//! What venue connectors are built from.

pub mod backoff;
pub mod breaker;
pub mod clock;
mod error;
pub mod http;
pub mod rate;
pub mod retry;
pub mod sequence;
pub mod sign;
pub mod tls;
pub mod websocket;

pub use error::NetError;
