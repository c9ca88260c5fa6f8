//! What the commands do.

pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod data;
pub(crate) mod init;
#[cfg(unix)]
pub(crate) mod setup;
#[cfg(unix)]
pub(crate) mod steer;
pub(crate) mod strategies;
#[cfg(unix)]
pub(crate) mod trade;

use crate::{error::CliError, term::Term};

/// Prints a document for machines.
pub(crate) fn print_json(term: &Term, value: &serde_json::Value) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| CliError::Write { path: "standard output".into(), reason: error.to_string() })?;
    term.result(text);
    Ok(())
}
