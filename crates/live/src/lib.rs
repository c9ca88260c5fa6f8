//! The live driver.

#[cfg(all(unix, feature = "control"))]
pub mod control;
pub mod driver;
pub mod journal;
pub mod paper;
pub mod reconcile;
pub mod session;
