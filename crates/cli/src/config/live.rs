//! Trading, live or on paper, as it is written in a file.

use algoflow_core::time::TimeDelta;
use algoflow_live::{
    driver::SNAPSHOT_EVERY,
    reconcile::ExternalPolicy,
    session::{JournalFailure, SessionConfig, TimeSource},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::schema;

/// Where orders go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// To a simulated venue, with recorded or live data. No order leaves the machine.
    #[default]
    Paper,
    /// To the venues, for real money. Needs a `connector` for each and a flag of the command line.
    Live,
}

impl Mode {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

/// How trading is run, live or on paper. What is not given is as in `docs/deployment.md`. Lengths of time are text: `"10s"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LiveSection {
    /// Where orders go: `"paper"` or `"live"`.
    pub mode: Mode,
    /// The number of the run, which is in the ids of its orders. Runs that trade through one account need different ones. 1 if not
    /// given.
    #[schemars(range(min = 1))]
    pub run: u32,
    /// The folder of the journal, the control socket and the token: of mode 0700. `"state"` if not given.
    pub state: String,
    /// What becomes of orders, positions and balances of the account that are not ours: `"adopt"`, `"ignore"` or `"halt"`.
    #[schemars(schema_with = "schema::external")]
    pub external: ExternalPolicy,
    /// Whether open orders are cancelled at the end. They are if not given.
    pub cancel_on_stop: bool,
    /// How long the end may take: `"30s"`.
    #[schemars(with = "Option<String>")]
    pub stop_within: Option<TimeDelta>,
    /// After how long a request without an answer is in doubt: `"10s"`.
    #[schemars(with = "Option<String>")]
    pub request_timeout: Option<TimeDelta>,
    /// How old a new order may be when it can leave at last: `"5s"`. Only a journal that is slow makes it old.
    #[schemars(with = "Option<String>")]
    pub max_command_age: Option<TimeDelta>,
    /// How often the account is compared with our books while all is well: `"60s"`.
    #[schemars(with = "Option<String>")]
    pub reconcile_every: Option<TimeDelta>,
    /// How soon it is compared again while it is not: `"500ms"`.
    #[schemars(with = "Option<String>")]
    pub reconcile_retry: Option<TimeDelta>,
    /// How much further back the account is asked about than is needed, for clocks that differ: `"5m"`.
    #[schemars(with = "Option<String>")]
    pub history_margin: Option<TimeDelta>,
    /// After how long a venue that tells nothing is subscribed to anew: `"60s"`; `"0s"` is never.
    #[schemars(with = "Option<String>")]
    pub stale_after: Option<TimeDelta>,
    /// After how long quotes and books that tell nothing are stale though the connection is up, bars after their own length more: `"5m"`;
    /// `"0s"` is never.
    #[schemars(with = "Option<String>")]
    pub stale_data_after: Option<TimeDelta>,
    /// How far a venue's clock may be from that of this machine: `"1s"`; `"0s"` is any.
    #[schemars(with = "Option<String>")]
    pub max_clock_skew: Option<TimeDelta>,
    /// How many bars of each subscription strategies are told of from the past before they trade. 500 if not given, 0 for none. Recorded data
    /// that are played back are their own past.
    pub warm_up: u32,
    /// How old an order may be that is sent again once it is proven that the venue never took it: `"0s"`, which is never.
    #[schemars(with = "Option<String>")]
    pub resend_within: Option<TimeDelta>,
    /// What becomes of open orders when the journal can no longer be written: `"cancel"` or `"keep"`.
    #[schemars(schema_with = "schema::journal_failure")]
    pub on_journal_failure: JournalFailure,
    /// After how many entries of the journal a snapshot is taken, from which a restart goes on; zero takes and uses none.
    pub snapshot_every: u64,
}

impl Default for LiveSection {
    fn default() -> Self {
        let session = SessionConfig::default();
        Self {
            mode: Mode::default(),
            run: 1,
            state: "state".to_owned(),
            external: session.external,
            cancel_on_stop: session.cancel_on_stop,
            stop_within: None,
            request_timeout: None,
            max_command_age: None,
            reconcile_every: None,
            reconcile_retry: None,
            history_margin: None,
            stale_after: None,
            stale_data_after: None,
            max_clock_skew: None,
            warm_up: session.warm_up,
            resend_within: None,
            on_journal_failure: session.on_journal_failure,
            snapshot_every: SNAPSHOT_EVERY,
        }
    }
}

impl LiveSection {
    /// The lengths of time that are given, by their keys, and whether each may be zero.
    pub(crate) fn lengths(&self) -> [(&'static str, Option<TimeDelta>, bool); 10] {
        [
            ("stop_within", self.stop_within, false),
            ("request_timeout", self.request_timeout, false),
            ("max_command_age", self.max_command_age, false),
            ("reconcile_every", self.reconcile_every, false),
            ("reconcile_retry", self.reconcile_retry, false),
            ("history_margin", self.history_margin, true),
            ("stale_after", self.stale_after, true),
            ("stale_data_after", self.stale_data_after, true),
            ("max_clock_skew", self.max_clock_skew, true),
            ("resend_within", self.resend_within, true),
        ]
    }

    /// The settings of a session, with time from `time`.
    #[must_use]
    pub fn session(&self, time: TimeSource) -> SessionConfig {
        let mut session = SessionConfig {
            external: self.external,
            cancel_on_stop: self.cancel_on_stop,
            on_journal_failure: self.on_journal_failure,
            warm_up: self.warm_up,
            time,
            ..SessionConfig::default()
        };
        let set = |key: &mut TimeDelta, given: Option<TimeDelta>| *key = given.unwrap_or(*key);
        set(&mut session.stop_within, self.stop_within);
        set(&mut session.request_timeout, self.request_timeout);
        set(&mut session.max_command_age, self.max_command_age);
        set(&mut session.reconcile_every, self.reconcile_every);
        set(&mut session.reconcile_retry, self.reconcile_retry);
        set(&mut session.history_margin, self.history_margin);
        set(&mut session.resend_within, self.resend_within);
        // Zero switches it off.
        let set = |key: &mut Option<TimeDelta>, given: Option<TimeDelta>| {
            if let Some(length) = given {
                *key = (length > TimeDelta::ZERO).then_some(length);
            }
        };
        set(&mut session.stale_after, self.stale_after);
        set(&mut session.stale_data_after, self.stale_data_after);
        set(&mut session.max_clock_skew, self.max_clock_skew);
        session
    }
}

/// How a running process is asked and steered by others on the same machine.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ControlSection {
    /// Whether there is a control socket. There is if not given.
    pub enabled: bool,
    /// The socket, relative to the state folder. `"control.sock"` if not given.
    pub socket: String,
    /// The file of the token that a call must bear, relative to the state folder: of mode 0600, made at the first start.
    /// `"control.token"` if not given.
    pub token_file: String,
}

impl Default for ControlSection {
    fn default() -> Self {
        Self { enabled: true, socket: "control.sock".to_owned(), token_file: "control.token".to_owned() }
    }
}

/// How a real venue is reached. Secrets are never in this file: they are named.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorConfig {
    /// Which connector, of those that are built into the program.
    pub kind: String,
    /// The environment variable that holds the key of the account.
    pub api_key_env: Option<String>,
    /// Or the file that does.
    pub api_key_file: Option<String>,
    /// The environment variable that holds the secret of the key.
    pub api_secret_env: Option<String>,
    /// Or the file that does.
    pub api_secret_file: Option<String>,
    /// The environment variable that holds the passphrase of the key.
    pub passphrase_env: Option<String>,
    /// Or the file that does.
    pub passphrase_file: Option<String>,
    /// What else the connector takes.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub options: toml::Table,
}

/// A secret by its name, and where it is, if that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamedSecret<'c> {
    pub(crate) name: &'static str,
    pub(crate) env: Option<&'c str>,
    pub(crate) file: Option<&'c str>,
}

impl ConnectorConfig {
    /// The secrets that a connector may have.
    pub(crate) fn secrets(&self) -> [NamedSecret<'_>; 3] {
        [
            NamedSecret {
                name: "api_key",
                env: self.api_key_env.as_deref(),
                file: self.api_key_file.as_deref(),
            },
            NamedSecret {
                name: "api_secret",
                env: self.api_secret_env.as_deref(),
                file: self.api_secret_file.as_deref(),
            },
            NamedSecret {
                name: "passphrase",
                env: self.passphrase_env.as_deref(),
                file: self.passphrase_file.as_deref(),
            },
        ]
    }
}
