//! What venue connectors are built from, so that each of them need not learn by itself what goes wrong on a network.
//!
//! - [`http`]: a client whose errors say what became of a request: refused, surely not sent, or unknown.
//! - [`websocket`]: a WebSocket that reconnects, resubscribes, notices mute streams, and tells all of it.
//! - [`rate`]: rate limits of several buckets, with a part that is reserved for cancels, that follow what the venue says.
//! - [`retry`]: retries out of a shared budget, and only of what surely had no effect; [`backoff`] with full jitter.
//! - [`breaker`]: circuit breakers.
//! - [`sequence`]: gaps, duplicates and resets in numbered streams, and checksums that differ.
//! - [`sign`]: signed requests, with secrets that are never shown.
//! - [`client_id`]: client order ids that read back, for venues that take short ones or UUIDs.
//! - [`clock`]: how far the venue's clock is from ours.
//! - [`tls`]: rustls with ring, and nothing installed for the process.
//!
//! What decides is in state machines that are told the time and do no I/O ([`rate::RateLimits`], [`retry::Attempts`],
//! [`breaker::Breaker`], [`sequence::SequenceTracker`], [`clock::ClockSkew`], [`websocket::Liveness`]); thin shells on tokio wait for them.
//! A connector of another runtime, or a simulation, uses the machines.
//!
//! # A client for a venue
//!
//! ```
//! use algoflow_core::time::TimeDelta;
//! use algoflow_net::{
//!     backoff::Backoff,
//!     breaker::{CircuitBreaker, Trip},
//!     http::{HttpSettings, Request},
//!     rate::{Cost, Priority, Quota, RateLimiter, RateLimits},
//!     retry::{Retry, RetryBudget},
//!     sign::{HmacSigner, Part, Place, Stamp},
//! };
//!
//! # fn main() -> Result<(), algoflow_net::NetError> {
//! let limits = RateLimits::none()
//!     .with("weight", Quota::window(6_000, TimeDelta::minutes(1))?.reserving(200)?)
//!     .with("orders", Quota::window(100, TimeDelta::seconds(10))?.reserving(20)?);
//! let signer = HmacSigner::new("my-key", "my-secret".into())
//!     .over([Part::Query, Part::Body])
//!     .key(Place::Header("X-MBX-APIKEY"))
//!     .lifetime(Place::Query("recvWindow"), TimeDelta::seconds(5))
//!     .time(Place::Query("timestamp"), Stamp::Millis)
//!     .signature(Place::Query("signature"));
//! let backoff = Backoff::new(TimeDelta::millis(100), TimeDelta::seconds(5), 1)?;
//! let client = HttpSettings::new("https://api.venue.com")
//!     .limiter(RateLimiter::new(limits), TimeDelta::seconds(2))
//!     .used_header("X-MBX-USED-WEIGHT-1M", "weight")
//!     .retry(Retry::new(backoff, RetryBudget::new(20, 0.1)?))
//!     .breaker(CircuitBreaker::new(Trip::default())?)
//!     .signer(signer)
//!     .build()?;
//!
//! let cancel = Request::new(algoflow_net::http::Method::Delete, "/api/v3/order")
//!     .query("symbol", "BTCUSDT")
//!     .query("origClientOrderId", "r1-s0-17")
//!     .costing(Cost::of("weight", 1))
//!     .priority(Priority::Cancel)
//!     .signed();
//! // let answer = client.send(&cancel).await?;
//! # let _ = (client, cancel);
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! 1. *A request that may have had an effect is never sent again* by anything here ([`retry`], R1).
//! 2. *An error says what is known*, by rules O1 to O8 of [`http`]; where it is not certain that a request had no effect, it is unknown.
//! 3. *Nothing is lost silently.* Lost messages, lost connections and gaps are events with a reason.
//! 4. *Everything is bounded*, and what happens at the bound is stated: see the constants named `MAX_..`.
//! 5. *Secrets are not shown*: not by `Debug`, not in an error, not in a log.
//! 6. *Waits are drawn from a seed.* With paused time, tests of all of this repeat exactly.
//!
//! # Limits
//!
//! `Retry-After` is read in seconds, not as a date. Queries are written as `application/x-www-form-urlencoded`, so a space is `+`.
//! Requests go without a proxy. A WebSocket does not compress.

pub mod backoff;
pub mod breaker;
pub mod client_id;
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

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
