//! A conformance suite for venues: whoever implements [`Venue`](algoflow_core::venue::Venue) runs it in a test, and knows that engine,
//! recovery and reconciliation can rely on what the venue says.
//!
//! The venue's author writes a [`Stage`]: how to open the venue, what to trade there, and, where it can be done, how to move the market and
//! break the connection. [`Conformance::run`] plays one case for each [`Rule`], as far as the venue's
//! [`Capabilities`](algoflow_core::capabilities::Capabilities) and the stage let it, and gives a [`Report`]: passed, failed with what was seen, or
//! skipped with the reason.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use algoflow_core::{
//!     error::VenueError,
//!     id::InstrumentId,
//!     number::{Price, Quantity},
//!     time::Timestamp,
//!     venue::Venue,
//! };
//! use algoflow_testkit::{Conformance, Rule, Stage};
//! # async fn connect_to_test_net() -> Result<Arc<dyn Venue>, VenueError> { unimplemented!() }
//! # async fn best_prices() -> Result<(Price, Price), VenueError> { unimplemented!() }
//! # fn now() -> Timestamp { unimplemented!() }
//!
//! /// A test net, where the market moves as it likes.
//! struct TestNet;
//!
//! #[async_trait::async_trait]
//! impl Stage for TestNet {
//!     async fn open(&mut self) -> Result<Arc<dyn Venue>, VenueError> {
//!         connect_to_test_net().await
//!     }
//!     fn instrument(&self) -> InstrumentId {
//!         "BTC-USDT.VENUE".parse().unwrap()
//!     }
//!     fn quantity(&self) -> Quantity {
//!         "0.004".parse().unwrap()
//!     }
//!     fn now(&self) -> Timestamp {
//!         now()
//!     }
//!     async fn market(&mut self) -> Result<(Price, Price), VenueError> {
//!         best_prices().await
//!     }
//! }
//!
//! # async fn conforms() {
//! let report = Conformance::new().run_number(7).run(&mut TestNet).await;
//! println!("{report}");
//! report.assert_passed();
//! # }
//! ```
//!
//! # The rules
//!
//! They are the variants of [`Rule`], numbered V1 to V27. A number stays with its rule between versions; new rules get new numbers.
//!
//! # What holds
//!
//! 1. *The suite can fail.* Its own tests run it on a correct venue and on mutants that each break a rule, and each is caught by the case
//!    of that rule.
//! 2. *A skipped case says why*, and a report in which nothing passed has not passed.
//! 3. *A case leaves nothing behind* but positions: it cancels what it left open. The stage opens each case with a flat account.
//!
//! # Limits
//!
//! The cases see one instrument and one account. They cannot see what a venue does under load, and of linked orders, displayed quantities and
//! bounds on fees they check that they are taken or surely refused, not that they are carried out.

mod cases;
mod conformance;
mod report;
mod rule;
mod scene;
mod stage;

pub use conformance::{Conformance, MAX_CASE};
pub use report::{Outcome, Report};
pub use rule::Rule;
pub use scene::MAX_EVENTS;
pub use stage::{Cannot, Stage};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
