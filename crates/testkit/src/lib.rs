//! A conformance suite for venues.

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
