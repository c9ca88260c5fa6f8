//! The live driver.

pub mod driver;
pub mod journal;
pub mod paper;
pub mod reconcile;
pub mod session;
