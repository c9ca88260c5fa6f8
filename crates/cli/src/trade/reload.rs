//! Reading the configuration again while trading runs.

use std::{path::PathBuf, sync::Arc};

use algoflow_live::{
    control::{Change, Operator},
    driver::{Handle, LiveError},
};
use async_trait::async_trait;
use tokio::sync::Mutex;

use super::record::{RunRecord, When};
use crate::{
    connectors::Connectors,
    error::CliError,
    plan::{Override, Plan, Purpose},
};

/// How the configuration was read at the start.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) config: PathBuf,
    pub(crate) overrides: Vec<Override>,
    /// Whether recorded data are played back.
    pub(crate) replays: bool,
    /// Whether it trades on paper whatever the configuration says.
    pub(crate) on_paper: bool,
}

impl Reading {
    /// Reads and checks the configuration.
    pub(crate) fn read(&self, connectors: &Connectors) -> Result<Plan, CliError> {
        let purpose = match (self.replays, self.on_paper) {
            (true, _) => Purpose::Replay,
            (false, true) => Purpose::Paper(connectors),
            (false, false) => Purpose::Run(connectors),
        };
        Plan::read(&self.config, &self.overrides, purpose)
    }
}

/// Reads the configuration again when it is asked to, one at a time.
#[derive(Clone)]
pub(crate) struct Reloader {
    reading: Arc<Reading>,
    connectors: Arc<Connectors>,
    handle: Handle,
    record: Arc<Mutex<RunRecord>>,
    path: PathBuf,
}

impl Reloader {
    /// Of trading whose record is at `path`.
    pub(crate) fn new(
        reading: Reading,
        connectors: Arc<Connectors>,
        handle: Handle,
        record: RunRecord,
        path: PathBuf,
    ) -> Self {
        Self { reading: Arc::new(reading), connectors, handle, record: Arc::new(Mutex::new(record)), path }
    }

    /// Checks all of it, and then changes what may change.
    pub(crate) async fn reload(&self) -> Result<Vec<Change>, CliError> {
        let mut record = self.record.lock().await;
        let plan = self.reading.read(&self.connectors)?;
        let mut changes = Vec::new();
        for (what, action) in record.changes(&plan, When::Running)? {
            let done = self.handle.control(action).await.map_err(|error| refused(&what, &error, &changes))?;
            changes.push(Change { what, sequence: done.sequence });
        }
        record.applied = plan.written;
        record.write(&self.path)?;
        Ok(changes)
    }
}

/// What was changed before something was refused is said.
fn refused(what: &str, error: &LiveError, done: &[Change]) -> CliError {
    let done: Vec<&str> = done.iter().map(|change| change.what.as_str()).collect();
    let done = match done.is_empty() {
        true => "nothing was changed".to_owned(),
        false => format!("changed before: {}", done.join(", ")),
    };
    CliError::Run { message: format!("`{what}` was not changed: {error}; {done}") }
}

#[async_trait]
impl Operator for Reloader {
    async fn reload(&self) -> Result<Vec<Change>, (String, String)> {
        Self::reload(self).await.map_err(|error| (error.code().to_owned(), error.to_string()))
    }
}
