//! The strategies on the harness of `algoflow-execution`: events go in, commands are looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod donchian_breakout;
mod market;
mod pairs_reversion;
mod random_venue;
mod rebalance;
mod registry;
mod rsi_reversion;
mod sma_cross;
mod trend_momentum;
