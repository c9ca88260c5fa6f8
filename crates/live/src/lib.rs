//! The live driver.

pub mod journal;
pub mod reconcile;
pub mod session;

pub mod driver;
pub mod paper;
