//! The behavior of a simulated venue, by the numbered conditions of `algoflow_sim::policy`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bars;
mod config;
mod latency;
mod lifecycle;
mod properties;
mod rig;
mod ticks;
