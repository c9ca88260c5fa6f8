//! What every indicator promises, checked on every indicator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod definitions;
mod drift;
mod parameters;
mod promises;
mod registry;
