//! The live driver.

pub mod alerts;
pub mod telemetry;
