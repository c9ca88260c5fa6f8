//! The live driver.

pub mod telemetry;
