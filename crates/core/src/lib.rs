//! The vocabulary of Algoflow.

pub mod bar_spec;
pub mod capabilities;
pub mod command;
pub mod error;
pub mod id;
pub mod instrument;
pub mod market;
pub mod number;
pub mod order;
pub mod time;
