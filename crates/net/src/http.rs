//! An HTTP client whose errors say what became of the request.
//!
//! - **O1** No connection was made (name, address, TLS, its timeout): [`VenueError::Connection`]. The request could not be built, signed, or
//!   was held back by the breaker: [`VenueError::NotSent`].
//! - **O2** It was sent, and no whole answer came (timeout, reset, cut off): [`VenueError::Unknown`] if it may have had an effect. One that
//!   only reads ([`Effect::None`]) surely had none: [`VenueError::Connection`].
//! - **O3** An answer is first shown to the venue's own [`Judge`], which knows its error bodies. What it has no opinion on goes by status:
//! - **O4** 429 and 418: [`VenueError::RateLimited`], with the time of `Retry-After` (seconds), else [`DEFAULT_RETRY_AFTER`] or [`DEFAULT_BAN`].
//!   The limiter holds all requests back until then.
//! - **O5** 401 and 403: [`VenueError::Authentication`]. Other 4xx: [`VenueError::Rejected`] with the words of the body; but 408 is no refusal, and
//!   goes by O6.
//! - **O6** 5xx and 408: as O2. A gateway that gives up says nothing of what the venue did.
//! - **O7** 3xx and anything else: as O2. Redirects are not followed: a signed request goes to nobody else.
//! - **O8** A body of more than the set size: as O2 if there may be an effect, else [`VenueError::Protocol`].
//!
//! [`VenueError::Connection`]: algoflow_core::error::VenueError::Connection
//! [`VenueError::NotSent`]: algoflow_core::error::VenueError::NotSent
//! [`VenueError::Unknown`]: algoflow_core::error::VenueError::Unknown
//! [`VenueError::RateLimited`]: algoflow_core::error::VenueError::RateLimited
//! [`VenueError::Authentication`]: algoflow_core::error::VenueError::Authentication
//! [`VenueError::Rejected`]: algoflow_core::error::VenueError::Rejected
//! [`VenueError::Protocol`]: algoflow_core::error::VenueError::Protocol

mod client;
mod outcome;
mod request;

pub use client::{HttpClient, HttpSettings};
pub use outcome::{DEFAULT_BAN, DEFAULT_RETRY_AFTER, Judge, MAX_RETRY_AFTER, MAX_WORDS, Response};
pub(crate) use outcome::{wait_from_header, words};
pub use request::{Effect, Method, Request};
