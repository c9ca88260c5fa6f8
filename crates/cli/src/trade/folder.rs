use std::{
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use algoflow_live::journal::{Location, SqlStore};

use crate::error::CliError;

/// The bits of a mode that let others in.
const OTHERS: u32 = 0o077;

/// The folder of a run: its journal, its record, its control socket and its token.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// The folder, which is made if it is not there.
    pub(crate) fn make(path: &Path) -> Result<Self, CliError> {
        if !path.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|error| CliError::write(path, error))?;
        }
        Self::open(path)
    }

    /// The folder as it is.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let shown = path.display();
        let metadata = fs::metadata(path).map_err(|error| {
            let help = "name the state folder of a run with --state, or its configuration with -c";
            CliError::usage(format!("there is no state folder {shown}: {error}"), help)
        })?;
        if !metadata.is_dir() {
            return Err(CliError::usage(format!("{shown} is a file, not a state folder"), "name a folder"));
        }
        let mode = metadata.mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(CliError::usage(
                format!("the state folder {shown} is open to others (mode {mode:o})"),
                format!("close it: chmod 700 {shown}"),
            ));
        }
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it. A path that is absolute stays as it is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("journal.db")
    }

    /// The record of the run.
    pub(crate) fn record(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// Opens the journal to write to it. No other process can meanwhile.
    pub(crate) async fn open_store(&self) -> Result<SqlStore, CliError> {
        Ok(SqlStore::open(&Location::sqlite(self.journal())).await?)
    }

    /// Opens the journal to read it.
    pub(crate) async fn read_store(&self) -> Result<SqlStore, CliError> {
        Ok(SqlStore::open_read_only(&Location::sqlite(self.journal())).await?)
    }
}
