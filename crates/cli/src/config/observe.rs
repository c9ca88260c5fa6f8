//! Who is told when something is wrong, as it is written in a file.

use std::collections::BTreeMap;

use algoflow_core::time::TimeDelta;
use algoflow_live::alerts::{
    AlertRule, AlertSettings, EmailSettings, MailTls, RateLimit, TelegramSettings, WebhookFormat,
    WebhookSettings,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::{NamedSecret, schema};

/// Who is told of what while trading runs. Secrets are never in this file: they are named.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertsSection {
    /// For how long after an alert others of the same kind are only counted: `"5m"` if not given.
    #[schemars(with = "Option<String>")]
    pub dedup: Option<TimeDelta>,
    /// Which alerts go where: `{ codes = ["RISK_*"], level = "warning", sinks = ["phone"] }`. An alert that no rule matches goes nowhere.
    #[schemars(schema_with = "schema::alert_rules")]
    pub rules: Vec<AlertRule>,
    /// Receivers of HTTP requests, by name.
    pub webhook: BTreeMap<String, WebhookConfig>,
    /// Chats of Telegram, by name.
    pub telegram: BTreeMap<String, TelegramConfig>,
    /// Receivers of e-mail, by name.
    pub email: BTreeMap<String, EmailConfig>,
}

/// A receiver of HTTP requests.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// The environment variable that holds the address. Who has the address of a Slack or Discord webhook can write there.
    pub url_env: Option<String>,
    /// Or the file that does.
    pub url_file: Option<String>,
    /// How the body looks: `"json"`, `"slack"` or `"discord"`.
    #[serde(default)]
    #[schemars(schema_with = "schema::webhook_format")]
    pub format: WebhookFormat,
    /// The environment variable that holds the secret with which requests are signed.
    pub signing_secret_env: Option<String>,
    /// Or the file that does.
    pub signing_secret_file: Option<String>,
    /// The environment variable that holds the value of the header `authorization`.
    pub authorization_env: Option<String>,
    /// Or the file that does.
    pub authorization_file: Option<String>,
    /// Allows `http://` to an address that is not of this machine.
    #[serde(default)]
    pub plain_http: bool,
    /// How many messages it takes: `{ messages = 20, per = "5m" }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::rate_limit")]
    pub limit: RateLimit,
}

/// A chat of Telegram.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelegramConfig {
    /// The environment variable that holds the token of the bot.
    pub token_env: Option<String>,
    /// Or the file that does.
    pub token_file: Option<String>,
    /// The chat: its number as text, or `@name` of a public channel.
    pub chat: String,
    /// The server, for those who run their own.
    pub server: Option<String>,
    /// How many messages it takes: `{ messages = 20, per = "5m" }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::rate_limit")]
    pub limit: RateLimit,
}

/// A receiver of e-mail.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The mail server.
    pub host: String,
    /// Its port; that of the protection if not given.
    pub port: Option<u16>,
    /// How the connection is protected: `"implicit"`, `"starttls"` or `"none"`.
    #[serde(default)]
    #[schemars(schema_with = "schema::mail_tls")]
    pub tls: MailTls,
    /// The account at the server.
    pub user: Option<String>,
    /// The environment variable that holds its password.
    pub password_env: Option<String>,
    /// Or the file that does.
    pub password_file: Option<String>,
    /// The sender.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
    /// How many messages it takes: `{ messages = 20, per = "5m" }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::rate_limit")]
    pub limit: RateLimit,
}

const fn named<'c>(name: &'static str, env: &'c Option<String>, file: &'c Option<String>) -> NamedSecret<'c> {
    NamedSecret { name, env: text(env), file: text(file) }
}

const fn text(of: &Option<String>) -> Option<&str> {
    match of {
        Some(text) => Some(text.as_str()),
        None => None,
    }
}

impl AlertsSection {
    /// Whether anybody is told.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.webhook.is_empty() && self.telegram.is_empty() && self.email.is_empty()
    }

    /// The secrets of all receivers, each with the table and the name of its receiver, and whether it is needed.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, &str, NamedSecret<'_>, bool)> {
        let mut all = Vec::new();
        for (name, sink) in &self.webhook {
            all.push(("webhook", name.as_str(), named("url", &sink.url_env, &sink.url_file), true));
            let signing = named("signing_secret", &sink.signing_secret_env, &sink.signing_secret_file);
            all.push(("webhook", name, signing, false));
            let authorization = named("authorization", &sink.authorization_env, &sink.authorization_file);
            all.push(("webhook", name, authorization, false));
        }
        for (name, sink) in &self.telegram {
            all.push(("telegram", name, named("token", &sink.token_env, &sink.token_file), true));
        }
        for (name, sink) in &self.email {
            all.push((
                "email",
                name,
                named("password", &sink.password_env, &sink.password_file),
                sink.user.is_some(),
            ));
        }
        all
    }

    /// The settings, with secrets from `secret`, which is asked for each that is named.
    pub(crate) fn settings<E>(
        &self,
        mut secret: impl FnMut(NamedSecret<'_>) -> Result<Option<SecretString>, E>,
    ) -> Result<AlertSettings, E> {
        let mut settings = AlertSettings { rules: self.rules.clone(), ..AlertSettings::default() };
        settings.dedup = self.dedup.unwrap_or(settings.dedup);
        for (name, sink) in &self.webhook {
            let authorization =
                secret(named("authorization", &sink.authorization_env, &sink.authorization_file))?;
            let webhook = WebhookSettings {
                url: secret(named("url", &sink.url_env, &sink.url_file))?.unwrap_or_default(),
                format: sink.format,
                signing_secret: secret(named(
                    "signing_secret",
                    &sink.signing_secret_env,
                    &sink.signing_secret_file,
                ))?,
                headers: authorization.map(|value| ("authorization".to_owned(), value)).into_iter().collect(),
                plain_http: sink.plain_http,
                limit: sink.limit,
            };
            settings.webhook.insert(name.clone(), webhook);
        }
        for (name, sink) in &self.telegram {
            let token = secret(named("token", &sink.token_env, &sink.token_file))?.unwrap_or_default();
            let mut telegram = TelegramSettings::new(token, sink.chat.clone());
            if let Some(server) = &sink.server {
                telegram.server.clone_from(server);
            }
            telegram.limit = sink.limit;
            settings.telegram.insert(name.clone(), telegram);
        }
        for (name, sink) in &self.email {
            let email = EmailSettings {
                host: sink.host.clone(),
                port: sink.port,
                tls: sink.tls,
                user: sink.user.clone(),
                password: secret(named("password", &sink.password_env, &sink.password_file))?,
                from: sink.from.clone(),
                to: sink.to.clone(),
                limit: sink.limit,
            };
            settings.email.insert(name.clone(), email);
        }
        Ok(settings)
    }
}
