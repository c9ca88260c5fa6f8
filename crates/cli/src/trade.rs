//! Trading, live or on paper: the state folder, what runs, how it is steered, and what its journal tells later.

mod folder;
mod past;
mod record;
mod reload;
mod secrets;
mod signals;
mod start;
mod watch;

use self::signals::{Signal, Signals};
pub(crate) use self::{
    folder::StateFolder,
    past::{Past, prove},
    record::RunRecord,
    reload::Reading,
    secrets::{described, secrets},
    start::{Feeds, run},
};

use algoflow_core::time::Timestamp;
use algoflow_live::driver::{Clock, SystemClock};

use crate::error::CliError;

/// Runs something asynchronous to its end, on this thread.
pub(crate) fn block_on<T>(what: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::Run { message: format!("no runtime: {error}") })?;
    runtime.block_on(what)
}

/// What the clock on the wall says.
pub(crate) fn wall() -> Timestamp {
    SystemClock.wall()
}
