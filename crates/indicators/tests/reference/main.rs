//! The indicators against values that others have computed on real prices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod compare;
mod fixtures;
mod lean;
mod shared_data;
mod stock_charts;
mod stock_indicators;
