//! The `algoflow` command.
fn main() {}
