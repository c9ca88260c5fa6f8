//! The live driver.

pub mod journal;
pub mod reconcile;
pub mod session;
mod standing;

pub use standing::Standing;
pub mod driver;
pub mod paper;
