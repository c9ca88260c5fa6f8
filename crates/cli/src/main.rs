//! The `algoflow` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    algoflow_cli::run(std::env::args_os())
}
