//! The live driver.

pub mod journal;
