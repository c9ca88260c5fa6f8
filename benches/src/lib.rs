//! Workloads that are timed by the `throughput` program and checked by the tests of this package.
//!
//! They use the public API as a user would: a boxed [`Strategy`](algoflow_core::strategy::Strategy), the real portfolio,
//! real fee and fill models.

pub mod data;
pub mod workloads;
