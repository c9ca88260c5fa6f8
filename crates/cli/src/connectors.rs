//! The connectors that are built in: how real venues are reached.

use std::{collections::BTreeMap, fmt, sync::Arc};

use algoflow_core::{id::VenueId, instrument::Instrument, venue::Venue};
use secrecy::SecretString;

/// What a connector is made of.
#[derive(Debug)]
pub struct ConnectorSettings {
    /// The name of the venue in the configuration.
    pub venue: VenueId,
    /// The instruments that are to be traded there.
    pub instruments: Vec<Instrument>,
    /// The secrets that are given, by their names: `api_key`, `api_secret`, `passphrase`.
    pub secrets: BTreeMap<&'static str, SecretString>,
    /// What else is written for it.
    pub options: toml::Table,
}

/// Makes the venue of a kind of connector. An error says what is wrong with the settings, without secrets.
pub type Connect = Box<dyn Fn(ConnectorSettings) -> Result<Arc<dyn Venue>, String> + Send + Sync>;

/// The connectors that are built in, by kind. A program of its own adds those that it has, and runs the command with
/// [`run_with`](crate::run_with).
#[derive(Default)]
pub struct Connectors(BTreeMap<String, Connect>);

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Connectors {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more. One of the same kind is replaced.
    #[must_use]
    pub fn with(
        mut self,
        kind: &str,
        connect: impl Fn(ConnectorSettings) -> Result<Arc<dyn Venue>, String> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(kind.to_owned(), Box::new(connect));
        self
    }

    /// The kinds, in the order of the alphabet.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, kind: &str) -> Option<&Connect> {
        self.0.get(kind)
    }
}
