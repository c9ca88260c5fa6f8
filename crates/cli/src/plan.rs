//! From a configuration to what can be run: everything is checked, and all that is wrong is said at once.

mod data;
mod live;
mod market;
mod run;
mod strategy;

use std::path::{Path, PathBuf};

use algoflow_core::{
    id::{Asset, InstrumentId},
    instrument::Instrument,
    ledger::AccountKind,
    strategy::Strategy,
};
use algoflow_sim::SimVenue;

pub(crate) use self::{
    data::Origin,
    live::{Purpose, SECRET_KEYS},
};
use crate::{
    config::Config,
    diagnostic::Diagnostic,
    document::{Document, KeyPath, Source},
    error::CliError,
};

/// What can be run.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) venues: Vec<(SimVenue, AccountKind)>,
    pub(crate) strategies: Vec<PlannedStrategy>,
    /// Where the data of each `[[data]]` section come from, in their order.
    pub(crate) origins: Vec<Origin>,
    /// What is allowed but hardly meant.
    pub(crate) warnings: Vec<String>,
    /// The configuration as it is written, with the overrides of the command line.
    pub(crate) written: serde_json::Value,
    /// The folder of the configuration, to which its paths are relative.
    base: PathBuf,
}

/// A key that the command line changes.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    /// As it was given, for messages.
    given: String,
    /// `KEY=VALUE`.
    assignment: String,
}

impl Override {
    /// What `--set` says.
    pub(crate) fn set(assignment: &str) -> Self {
        Self { given: format!("--set {assignment}"), assignment: assignment.to_owned() }
    }

    /// What an option of its own says.
    pub(crate) fn option(option: &str, key: &str, value: impl std::fmt::Display) -> Self {
        Self { given: format!("{option} {value}"), assignment: format!("{key}={value}") }
    }
}

/// A strategy that is ready to run.
pub(crate) struct PlannedStrategy {
    pub(crate) label: String,
    pub(crate) strategy: Box<dyn Strategy>,
    /// The instruments that it trades.
    pub(crate) instruments: Vec<InstrumentId>,
    /// All its parameters, those that were not given with their defaults.
    pub(crate) params: serde_json::Map<String, serde_json::Value>,
}

impl Plan {
    /// Reads and checks a configuration file with the overrides of the command line.
    pub(crate) fn read(path: &Path, overrides: &[Override], purpose: Purpose<'_>) -> Result<Self, CliError> {
        let mut source = Source::read(path)?;
        for change in overrides {
            source.set(&change.given, &change.assignment)?;
        }
        let base = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::check(&source.parse()?, base, purpose)
    }

    /// The state folder of a configuration. Nothing else of it needs to be right.
    pub(crate) fn state_folder(path: &Path) -> Result<PathBuf, CliError> {
        let config: Config = Source::read(path)?.parse()?.read()?;
        Ok(path.parent().unwrap_or(Path::new("")).join(config.live.state))
    }

    /// Checks a configuration whose paths are relative to `base`.
    pub(crate) fn check(
        document: &Document<'_>,
        base: PathBuf,
        purpose: Purpose<'_>,
    ) -> Result<Self, CliError> {
        let secrets = live::literal_secrets(document);
        if !secrets.is_empty() {
            return Err(CliError::Config(secrets));
        }
        let config: Config = document.read()?;
        let needs_data = purpose.needs_data(&config);
        let mut checker =
            Checker { document, config: &config, base: &base, problems: Vec::new(), warnings: Vec::new() };
        let instruments = checker.instruments();
        let venues = checker.venues(&instruments);
        checker.run(&venues);
        let origins = checker.data(needs_data);
        let strategies = checker.strategies();
        checker.report();
        checker.usage(&strategies, &instruments, needs_data);
        checker.live(purpose);
        let Checker { problems, warnings, .. } = checker;
        if !problems.is_empty() {
            return Err(CliError::Config(problems));
        }
        let written = document.read()?;
        Ok(Self { venues, strategies, origins, warnings, written, base, config })
    }

    /// A path of the configuration.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    /// What an instrument is priced in.
    pub(crate) fn currency(&self, instrument: InstrumentId) -> Option<Asset> {
        self.instruments().find(|known| known.id == instrument).map(|known| known.quote)
    }

    /// The instruments of all venues.
    pub(crate) fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.venues.iter().flat_map(|(venue, _)| venue.instruments())
    }
}

/// Collects what is wrong.
struct Checker<'c, 's> {
    document: &'c Document<'s>,
    config: &'c Config,
    base: &'c Path,
    problems: Vec<Diagnostic>,
    warnings: Vec<String>,
}

impl Checker<'_, '_> {
    /// Something is wrong with a value.
    fn value(
        &mut self,
        path: &KeyPath,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(self.document.at_value(path, code, message).help(help));
    }

    /// Something is wrong with a key or a section.
    fn key(
        &mut self,
        path: &KeyPath,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(self.document.at_key(path, code, message).help(help));
    }

    /// A section is missing.
    fn absent(&mut self, code: &'static str, message: &str, help: &str) {
        self.problems.push(self.document.at_file(code, message).help(help));
    }

    /// The index of the first of `items` that is equal to one before it, with that one's.
    fn repeated<T: PartialEq>(items: &[T]) -> Option<(usize, usize)> {
        items.iter().enumerate().find_map(|(index, item)| {
            items.iter().take(index).position(|earlier| earlier == item).map(|first| (index, first))
        })
    }
}
