//! The `algoflow` command: configure, check and run backtests, import and inspect market data, trade on
//! paper and live.
//!
//! The command line is parsed and run by [`run`]; the types of the configuration file are in [`config`]. What is wrong
//! with a configuration is said with file, line, column, key and what to do, everything at once.
//!
//! - Nothing is read from the environment but `NO_COLOR` and the secrets of connectors that a configuration names: a run depends on
//!   its configuration and its command line only.
//! - Trading, on paper and live, is there on Unix systems.
//! - Every failure is a [`CliError`] with a stable code; the exit codes are in [`exit`].
//! - Results go to standard output, progress, warnings and errors to standard error. With `--json` both a result and an
//!   error are one JSON object on standard output.
//!
//! ```
//! use algoflow_cli::check_text;
//!
//! let error = check_text("[backtest]\ncahs = [\"100000 USD\"]\n").unwrap_err();
//! assert_eq!(error.code(), "CONFIG_UNKNOWN_KEY");
//! assert!(error.to_string().contains("did you mean `cash`?"));
//! ```

// Trading needs a Unix system; elsewhere what only it uses is not used.
#![cfg_attr(not(unix), allow(dead_code, unused_imports))]

mod args;
mod artifacts;
mod command;
pub mod config;
mod connectors;
mod diagnostic;
mod document;
mod error;
mod files;
mod load;
mod plan;
mod run;
mod sample;
mod suggest;
mod term;
#[cfg(unix)]
mod trade;

pub use connectors::{Connect, ConnectorSettings, Connectors};
pub use diagnostic::Diagnostic;
pub use error::{CliError, exit};
pub use run::{check_text, command_line, run, run_with};
