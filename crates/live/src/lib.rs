//! The live driver.

pub mod journal;
pub mod reconcile;
pub mod session;
pub mod shadow;

pub mod driver;
pub mod paper;
