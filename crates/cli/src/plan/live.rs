//! Checks what concerns trading, live or on paper.

use algoflow_core::time::TimeDelta;

use super::Checker;
use algoflow_live::{alerts::AlertError, telemetry::TelemetryError};

use crate::{
    config::{Config, ConnectorConfig, Mode, NamedSecret},
    connectors::Connectors,
    diagnostic::Diagnostic,
    document::{Document, KeyPath},
    suggest,
};

/// Keys that would hold a secret.
pub(crate) const SECRET_KEYS: [&str; 12] = [
    "api_key",
    "api_secret",
    "passphrase",
    "password",
    "private_key",
    "secret",
    "secret_key",
    "token",
    "apikey",
    "url",
    "signing_secret",
    "authorization",
];

/// What a configuration is read for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'c> {
    /// A backtest.
    Backtest,
    /// To be checked for everything that it may be used for.
    Check(&'c Connectors),
    /// Trading on paper with recorded data.
    Replay,
    /// Trading on paper with the data of real venues.
    Paper(&'c Connectors),
    /// Trading as the configuration says.
    Run(&'c Connectors),
}

impl<'c> Purpose<'c> {
    /// Whether recorded data are needed.
    pub(super) fn needs_data(self, config: &Config) -> bool {
        match self {
            Self::Backtest | Self::Replay => true,
            Self::Check(_) => {
                config.venue.is_empty() || config.venue.iter().any(|venue| venue.connector.is_none())
            }
            Self::Paper(_) | Self::Run(_) => false,
        }
    }

    /// The connectors among which that of every venue must be.
    fn connectors(self, config: &Config) -> Option<&'c Connectors> {
        match self {
            Self::Paper(known) | Self::Run(known) => Some(known),
            Self::Check(known) if config.live.mode == Mode::Live => Some(known),
            _ => None,
        }
    }

    /// Whether orders go to simulated venues.
    fn is_paper(self, config: &Config) -> bool {
        match self {
            Self::Backtest | Self::Check(_) => false,
            Self::Replay | Self::Paper(_) => true,
            Self::Run(_) => config.live.mode == Mode::Paper,
        }
    }
}

/// Refuses secrets that are written in the file, before anything of it is shown.
pub(super) fn literal_secrets(document: &Document<'_>) -> Vec<Diagnostic> {
    let mut tables = Vec::new();
    let venues = KeyPath::top("venue");
    for index in 0..document.len(&venues) {
        let connector = venues.index(index).key("connector");
        let options = connector.key("options");
        tables.extend([(connector, "api_key"), (options, "api_key")]);
    }
    for (kind, secret) in [("webhook", "url"), ("telegram", "token"), ("email", "password")] {
        let kind = KeyPath::top("alerts").key(kind);
        tables.extend(document.keys(&kind).into_iter().map(|name| (kind.key(&name), secret)));
    }
    let mut found = Vec::new();
    for (table, example) in tables {
        for key in document.keys(&table) {
            if !SECRET_KEYS.contains(&key.to_lowercase().as_str()) {
                continue;
            }
            let message = format!("`{key}` holds a secret, which does not belong into a configuration");
            let help = format!(
                "put it into an environment variable and name that: {example}_env = \"NAME\", or into a file of mode \
                 0600: {example}_file = \"PATH\"; the same for every other secret"
            );
            let mut problem = document.at_key(&table.key(&key), "CONFIG_LITERAL_SECRET", message).help(help);
            problem.excerpt = None;
            found.push(problem);
        }
    }
    found
}

impl Checker<'_, '_> {
    /// Checks `[live]`, `[control]` and the connectors.
    pub(super) fn live(&mut self, purpose: Purpose<'_>) {
        let section = KeyPath::top("live");
        let live = &self.config.live;
        if live.run == 0 {
            self.value(
                &section.key("run"),
                "CONFIG_SETTING",
                "`run` is 0",
                "write a number from 1 on; runs that trade through one account need different ones",
            );
        }
        if live.state.trim().is_empty() {
            self.value(
                &section.key("state"),
                "CONFIG_SETTING",
                "`state` is empty",
                "name the folder of the journal: \"state\" or \"/var/lib/algoflow\"",
            );
        }
        for (key, length, may_be_zero) in live.lengths() {
            let Some(length) = length else { continue };
            if length < TimeDelta::ZERO || (length == TimeDelta::ZERO && !may_be_zero) {
                self.value(
                    &section.key(key),
                    "CONFIG_SETTING",
                    format!(
                        "`{key}` is {length}, which is {}",
                        if may_be_zero { "negative" } else { "not above zero" }
                    ),
                    "write a length of time like \"10s\"; leave it out for the default",
                );
            }
        }
        self.control();
        self.telemetry();
        self.alerts();
        self.connectors(purpose);
        if purpose.is_paper(self.config) {
            self.feed_latency();
        }
    }

    fn control(&mut self) {
        let section = KeyPath::top("control");
        let control = &self.config.control;
        for (key, path) in [("socket", &control.socket), ("token_file", &control.token_file)] {
            if path.trim().is_empty() {
                self.value(
                    &section.key(key),
                    "CONFIG_SETTING",
                    format!("`{key}` is empty"),
                    "name a file, relative to the state folder; or switch it off with enabled = false",
                );
            }
        }
        if control.socket == control.token_file && !control.socket.is_empty() {
            self.value(
                &section.key("token_file"),
                "CONFIG_SETTING",
                "the socket and the file of the token are the same",
                "give them different names",
            );
        }
    }

    fn telemetry(&mut self) {
        let Err(error) = self.config.telemetry.validate() else { return };
        let at = match &error {
            TelemetryError::Setting { setting, .. } | TelemetryError::Feature { setting, .. } => {
                let mut names = setting.split('.');
                let first = KeyPath::top(names.next().unwrap_or("telemetry"));
                names.fold(first, |path, name| path.key(name))
            }
            _ => KeyPath::top("telemetry").key("filter"),
        };
        let help = match &error {
            TelemetryError::Filter { .. } => {
                "write a level (\"info\"), or levels by part: \"info,algoflow_live=debug\""
            }
            TelemetryError::Feature { .. } => "leave the section out, or build the program with that feature",
            _ => "write a value that is allowed",
        };
        self.value(&at, "CONFIG_TELEMETRY", error.to_string(), help);
    }

    fn alerts(&mut self) {
        let section = KeyPath::top("alerts");
        let alerts = &self.config.alerts;
        for (table, sink, secret, is_needed) in alerts.secrets() {
            let at = section.key(table).key(sink);
            if secret.env.is_none() && secret.file.is_none() {
                if is_needed {
                    let name = secret.name;
                    self.key(
                        &at,
                        "CONFIG_SECRET",
                        format!("nothing says where the {name} of {sink} is"),
                        format!("name an environment variable that holds it, {name}_env = \"NAME\", or a file, {name}_file"),
                    );
                }
                continue;
            }
            self.named_secret(&at, &secret);
        }
        // Names and limits are checked without the secrets.
        let Ok(settings) = alerts.settings(|_| Ok::<_, std::convert::Infallible>(None));
        if let Err(error) = settings.validate() {
            let at = match &error {
                AlertError::UnusedSink { sink } | AlertError::Setting { sink, .. } => {
                    ["webhook", "telegram", "email"]
                        .map(|table| section.key(table).key(sink))
                        .into_iter()
                        .find(|path| !self.document.keys(path).is_empty())
                        .unwrap_or_else(|| section.clone())
                }
                _ => section,
            };
            self.key(
                &at,
                "CONFIG_ALERTS",
                error.to_string(),
                "rules name sinks of [alerts.webhook.NAME], [alerts.telegram.NAME] and [alerts.email.NAME]",
            );
        }
    }

    fn connectors(&mut self, purpose: Purpose<'_>) {
        let known = purpose.connectors(self.config);
        for (index, venue) in self.config.venue.iter().enumerate() {
            let at = KeyPath::top("venue").index(index);
            let Some(connector) = &venue.connector else {
                if known.is_some() {
                    self.key(
                        &at,
                        "CONFIG_NO_CONNECTOR",
                        format!(
                            "{} has no `connector`, so neither its data nor its account can be reached",
                            venue.name
                        ),
                        "add [venue.connector] with kind = \"..\" below it; \
                         or play recorded data back: `algoflow paper --replay`",
                    );
                }
                continue;
            };
            let at = at.key("connector");
            self.secrets(&at, connector);
            if let Some(known) = known
                && known.get(&connector.kind).is_none()
            {
                let kinds: Vec<&str> = known.kinds().collect();
                let help = if kinds.is_empty() {
                    "this program has no connectors built in: it trades on paper with recorded data only, \
                     `algoflow paper --replay`"
                        .to_owned()
                } else {
                    suggest::advice(&connector.kind, "connectors", &kinds)
                };
                self.value(
                    &at.key("kind"),
                    "CONFIG_CONNECTOR",
                    format!("no connector of kind `{}` is built in", connector.kind),
                    help,
                );
            }
        }
    }

    fn secrets(&mut self, at: &KeyPath, connector: &ConnectorConfig) {
        for secret in connector.secrets() {
            self.named_secret(at, &secret);
        }
    }

    fn named_secret(&mut self, at: &KeyPath, secret: &NamedSecret<'_>) {
        let name = secret.name;
        if secret.env.is_some() && secret.file.is_some() {
            self.key(
                &at.key(&format!("{name}_file")),
                "CONFIG_SECRET",
                format!("both `{name}_env` and `{name}_file` are given"),
                "keep one of the two",
            );
        }
        let sound = |env: &str| {
            !env.is_empty()
                && env.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        if secret.env.is_some_and(|env| !sound(env)) {
            // Perhaps it is the secret itself, so it is not shown.
            let mut problem = self
                .document
                .at_key(
                    &at.key(&format!("{name}_env")),
                    "CONFIG_SECRET",
                    format!("`{name}_env` is not the name of an environment variable"),
                )
                .help("write the name, of capital letters, digits and _; never the secret itself");
            problem.excerpt = None;
            self.problems.push(problem);
        }
        if secret.file.is_some_and(|file| file.trim().is_empty()) {
            self.value(
                &at.key(&format!("{name}_file")),
                "CONFIG_SECRET",
                format!("`{name}_file` is empty"),
                "name a file of mode 0600 that holds the secret and nothing else",
            );
        }
    }

    /// The data of a paper venue have their own latency.
    fn feed_latency(&mut self) {
        for (index, venue) in self.config.venue.iter().enumerate() {
            if venue.latency.feed != TimeDelta::ZERO {
                self.value(
                    &KeyPath::top("venue").index(index).key("latency").key("feed"),
                    "CONFIG_FEED_LATENCY",
                    format!("{} delays its data, which trading on paper does not", venue.name),
                    "set latency.feed to \"0s\"; `delay` of a [[data]] section says when recorded data could be known",
                );
            }
        }
    }
}
