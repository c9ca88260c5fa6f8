//! [`AlertSettings`]: who is told of what. The section `[alerts]` of a configuration.

use std::collections::BTreeMap;

use algoflow_core::time::TimeDelta;
use secrecy::SecretString;
use serde::Deserialize;

use super::{alert::AlertLevel, error::AlertError};

/// The most sinks.
pub const MAX_SINKS: usize = 32;

/// The most rules.
pub const MAX_RULES: usize = 256;

/// Who is told of what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// For how long after an alert others of the same key are only counted. A rule can say otherwise.
    pub dedup: TimeDelta,
    /// Which alerts go where. An alert that no rule matches goes nowhere.
    pub rules: Vec<AlertRule>,
    /// Receivers of HTTP requests, by name.
    pub webhook: BTreeMap<String, WebhookSettings>,
    /// Chats of Telegram, by name.
    pub telegram: BTreeMap<String, TelegramSettings>,
    /// Receivers of e-mail, by name.
    pub email: BTreeMap<String, EmailSettings>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            dedup: TimeDelta::minutes(5),
            rules: Vec::new(),
            webhook: BTreeMap::new(),
            telegram: BTreeMap::new(),
            email: BTreeMap::new(),
        }
    }
}

/// Which alerts go where: those whose code and level match.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// The codes; one that ends in `*` stands for all that begin so. All codes if there is none.
    #[serde(default)]
    pub codes: Vec<String>,
    /// This level and those above.
    #[serde(default = "info")]
    pub level: AlertLevel,
    /// The sinks, by name.
    pub sinks: Vec<String>,
    /// For how long others of the same key are only counted.
    #[serde(default)]
    pub dedup: Option<TimeDelta>,
}

const fn info() -> AlertLevel {
    AlertLevel::Info
}

impl AlertRule {
    pub(super) fn matches(&self, code: &str, level: AlertLevel) -> bool {
        let matches = |wanted: &String| match wanted.strip_suffix('*') {
            Some(start) => code.starts_with(start),
            None => code == wanted,
        };
        level >= self.level && (self.codes.is_empty() || self.codes.iter().any(matches))
    }
}

/// How many messages a sink takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// At most this many messages, from 1 to [`RateLimit::MAX_MESSAGES`],
    pub messages: usize,
    /// in this time.
    pub per: TimeDelta,
}

impl RateLimit {
    /// The most messages of a limit.
    pub const MAX_MESSAGES: usize = 1_000;
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { messages: 20, per: TimeDelta::minutes(5) }
    }
}

/// How the body of a webhook looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// The alert with all its fields.
    #[default]
    Json,
    /// `{"text": ..}`, which Slack and Mattermost take.
    Slack,
    /// `{"content": ..}`, which Discord takes.
    Discord,
}

/// A receiver of HTTP requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where to. Who has the address of a Slack or Discord webhook can write there: it is a secret.
    pub url: SecretString,
    /// How the body looks.
    #[serde(default)]
    pub format: WebhookFormat,
    /// With it each request has the headers `x-algoflow-timestamp` (seconds since 1970) and `x-algoflow-signature`:
    /// `sha256=` and the HMAC-SHA256 of the timestamp, a dot and the body, in hexadecimal.
    #[serde(default)]
    pub signing_secret: Option<SecretString>,
    /// Headers to send, for instance `authorization`.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// Allows `http://` to an address that is not of this machine.
    #[serde(default)]
    pub plain_http: bool,
    /// How many messages it takes.
    #[serde(default)]
    pub limit: RateLimit,
}

/// A chat of Telegram.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramSettings {
    /// The token of the bot.
    pub token: SecretString,
    /// The chat: its number, or `@name` of a public channel.
    pub chat: String,
    /// The server, for those who run their own.
    #[serde(default = "telegram_server")]
    pub server: String,
    /// How many messages it takes.
    #[serde(default)]
    pub limit: RateLimit,
}

impl TelegramSettings {
    /// A chat that a bot writes to, at Telegram's own server, with the usual limit.
    #[must_use]
    pub fn new(token: SecretString, chat: impl Into<String>) -> Self {
        Self { token, chat: chat.into(), server: telegram_server(), limit: RateLimit::default() }
    }
}

fn telegram_server() -> String {
    "https://api.telegram.org".to_owned()
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// From the first byte (port 465).
    #[default]
    Implicit,
    /// After a first exchange, and always (port 587).
    Starttls,
    /// Not at all: only to a server on this machine.
    None,
}

/// A receiver of e-mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// The mail server.
    pub host: String,
    /// Its port; that of the protection if nothing is said.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: MailTls,
    /// The account at the server.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// The sender.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
    /// How many messages it takes.
    #[serde(default)]
    pub limit: RateLimit,
}

impl AlertSettings {
    /// The sinks by name, with their limits.
    pub(super) fn limits(&self) -> Vec<(&str, RateLimit)> {
        let webhook = self.webhook.iter().map(|(name, sink)| (name.as_str(), sink.limit));
        let telegram = self.telegram.iter().map(|(name, sink)| (name.as_str(), sink.limit));
        let email = self.email.iter().map(|(name, sink)| (name.as_str(), sink.limit));
        webhook.chain(telegram).chain(email).collect()
    }

    /// Checks that names fit together and limits are within their bounds.
    ///
    /// # Errors
    /// [`AlertError`], with the name that is wrong.
    pub fn validate(&self) -> Result<(), AlertError> {
        let sinks = self.limits();
        for (what, count, most) in [("sinks", sinks.len(), MAX_SINKS), ("rules", self.rules.len(), MAX_RULES)]
        {
            if count > most {
                return Err(AlertError::TooMany { what, count, most });
            }
        }
        let setting = |sink: &str, setting, reason: &str| {
            Err(AlertError::Setting { sink: sink.to_owned(), setting, reason: reason.to_owned() })
        };
        for (at, (name, limit)) in sinks.iter().enumerate() {
            if sinks.iter().take(at).any(|(other, _)| other == name) {
                return Err(AlertError::SameName { sink: (*name).to_owned() });
            }
            if !(1..=RateLimit::MAX_MESSAGES).contains(&limit.messages) {
                return setting(
                    name,
                    "limit.messages",
                    &format!("must be from 1 to {}", RateLimit::MAX_MESSAGES),
                );
            }
            if limit.per <= TimeDelta::ZERO {
                return setting(name, "limit.per", "must be more than nothing");
            }
            if !self.rules.iter().any(|rule| rule.sinks.iter().any(|sink| sink == name)) {
                return Err(AlertError::UnusedSink { sink: (*name).to_owned() });
            }
        }
        let windows = self.rules.iter().filter_map(|rule| rule.dedup).chain([self.dedup]);
        if windows.min().is_some_and(|window| window < TimeDelta::ZERO) {
            return setting("", "dedup", "must not be negative");
        }
        let unknown = self
            .rules
            .iter()
            .flat_map(|rule| &rule.sinks)
            .find(|name| !sinks.iter().any(|(sink, _)| sink == name));
        match unknown {
            Some(sink) => Err(AlertError::UnknownSink { sink: sink.clone() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<AlertSettings, String> {
        let settings: AlertSettings = serde_json::from_str(text).map_err(|error| error.to_string())?;
        settings.validate().map(|()| settings).map_err(|error| format!("{} {error}", error.code()))
    }

    #[test]
    fn a_whole_configuration() {
        let settings = parsed(
            r#"{
                "dedup": "10m",
                "rules": [
                    {"level": "critical", "sinks": ["phone", "mail"], "dedup": "1m"},
                    {"codes": ["RISK_*", "VENUE_STALE"], "level": "warning", "sinks": ["slack"]}
                ],
                "webhook": {"slack": {"url": "https://hooks.slack.com/services/x", "format": "slack"}},
                "telegram": {"phone": {"token": "123:abc", "chat": "-100", "limit": {"messages": 3, "per": "1m"}}},
                "email": {"mail": {"host": "mail.example.org", "from": "a@example.org", "to": ["b@example.org"]}}
            }"#,
        )
        .unwrap();
        assert_eq!(settings.dedup, TimeDelta::minutes(10));
        assert_eq!(settings.limits().len(), 3);
        assert!(
            !format!("{settings:?}").contains("123:abc") && !format!("{settings:?}").contains("services/x")
        );
        let rule = &settings.rules[1];
        for (code, level, matches) in [
            ("RISK_LIMIT", AlertLevel::Warning, true),
            ("RISK_LIMIT", AlertLevel::Info, false),
            ("VENUE_STALE", AlertLevel::Critical, true),
            ("VENUE_STALE_2", AlertLevel::Critical, false),
        ] {
            assert_eq!(rule.matches(code, level), matches, "{code} {level}");
        }
    }

    #[test]
    fn mistakes_are_refused() {
        let telegram = r#""telegram": {"a": {"token": "t", "chat": "1"}}"#;
        for (text, says) in [
            (r#"{"ruels": []}"#.to_owned(), "ruels"),
            (r#"{"rules": [{"sinks": ["a"], "lvl": 1}]}"#.to_owned(), "lvl"),
            (r#"{"rules": [{"sinks": ["a"]}]}"#.to_owned(), "ALERT_UNKNOWN_SINK"),
            (format!("{{{telegram}}}"), "ALERT_UNUSED_SINK"),
            (
                format!(r#"{{"rules": [{{"sinks": ["a"]}}], {telegram}, "webhook": {{"a": {{"url": "https://x"}}}}}}"#),
                "ALERT_SAME_NAME",
            ),
            (format!(r#"{{"rules": [{{"sinks": ["a"]}}], {telegram}, "dedup": "-1s"}}"#), "ALERT_SETTING"),
            (
                r#"{"rules": [{"sinks": ["a"]}], "telegram": {"a": {"token": "t", "chat": "1", "limit": {"messages": 0, "per": "1m"}}}}"#.to_owned(),
                "limit.messages",
            ),
            (
                r#"{"rules": [{"sinks": ["a"]}], "telegram": {"a": {"token": "t", "chat": "1", "limit": {"messages": 1, "per": "0s"}}}}"#.to_owned(),
                "limit.per",
            ),
        ] {
            let error = parsed(&text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
