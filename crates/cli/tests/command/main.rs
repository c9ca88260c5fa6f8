//! The command as a user runs it: arguments in, exit code and text out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod config_errors;
mod data;
mod data_errors;
mod init_and_run;
mod listing;
#[cfg(unix)]
mod trading;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// A configuration without a mistake.
const CONFIG: &str = "\
[backtest]
cash = [\"100000 USD\"]

[[venue]]
name = \"SIM\"

[[instrument]]
id = \"SPX.SIM\"
kind = \"equity\"
quote = \"USD\"

[[data]]
path = \"prices.csv\"
kind = \"bars\"
instrument = \"SPX.SIM\"

[[strategy]]
name = \"sma_cross\"
params = { instrument = \"SPX.SIM\", fast = 2, slow = 3 }
";

/// Data without a mistake.
const PRICES: &str = "\
date,open,high,low,close,volume
2024-01-02,100,101,99,100,1000
2024-01-03,100,102,99,101,1000
2024-01-04,101,103,100,102,1000
2024-01-05,102,104,101,103,1000
";

/// A folder of its own, in which the command runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with a configuration and its data, made by `algoflow init`.
    fn initialized() -> Self {
        let folder = Self::new();
        folder.run(&["init"]).success();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_algoflow"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .output()
            .unwrap();
        Run(output)
    }
}

/// What a run of the command left behind.
struct Run(Output);

impl Run {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    fn success(self) -> Self {
        assert_eq!(self.code(), 0, "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        self
    }

    #[track_caller]
    fn failure(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        assert!(!self.stderr().contains("panicked"), "{}", self.stderr());
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|error| panic!("{error}: {}", self.stdout()))
    }
}
