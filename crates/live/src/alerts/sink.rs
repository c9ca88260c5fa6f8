//! The receivers: each sends one message and says how that ended.

mod email;
mod telegram;
mod webhook;

use std::time::Duration;

use algoflow_core::time::{TimeDelta, Timestamp};
use secrecy::SecretString;

pub(super) use self::{email::Email, telegram::Telegram, webhook::Webhook};
use super::{alert::Alert, error::AlertError, router::SendOutcome, settings::AlertSettings};
use crate::telemetry::Redactor;

/// How long one try to send a message may take.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Of the answer of a receiver at most this many bytes are read.
const MAX_ANSWER: usize = 4 * 1_024;

/// Why a message was not sent.
#[derive(Debug)]
pub(super) struct SendFailure {
    pub(super) outcome: SendOutcome,
    pub(super) reason: String,
}

impl SendFailure {
    fn try_again(reason: impl Into<String>) -> Self {
        Self { outcome: SendOutcome::TryAgain { after: None }, reason: reason.into() }
    }

    fn refused(reason: impl Into<String>) -> Self {
        Self { outcome: SendOutcome::Refused, reason: reason.into() }
    }
}

#[derive(Debug)]
pub(super) enum Sink {
    Webhook(Webhook),
    Telegram(Telegram),
    Email(Box<Email>),
}

impl Sink {
    /// The sinks in the order of [`AlertSettings::limits`]. Their secrets are registered.
    pub(super) fn all(settings: &AlertSettings, redactor: &Redactor) -> Result<Vec<Self>, AlertError> {
        let client = client()?;
        let mut sinks = Vec::new();
        for (name, webhook) in &settings.webhook {
            sinks.push(Self::Webhook(Webhook::new(name, webhook, client.clone(), redactor)?));
        }
        for (name, telegram) in &settings.telegram {
            sinks.push(Self::Telegram(Telegram::new(name, telegram, client.clone(), redactor)?));
        }
        for (name, email) in &settings.email {
            sinks.push(Self::Email(Box::new(Email::new(name, email, redactor)?)));
        }
        Ok(sinks)
    }

    /// Sends a message; `now` is the time that signatures bear.
    pub(super) async fn send(&self, alert: &Alert, now: Timestamp) -> Result<(), SendFailure> {
        let sending = async {
            match self {
                Self::Webhook(webhook) => webhook.send(alert, now).await,
                Self::Telegram(telegram) => telegram.send(alert).await,
                Self::Email(email) => email.send(alert).await,
            }
        };
        match tokio::time::timeout(SEND_TIMEOUT, sending).await {
            Ok(result) => result,
            Err(_) => Err(SendFailure::try_again(format!("no answer within {} s", SEND_TIMEOUT.as_secs()))),
        }
    }
}

/// One client for all receivers by HTTP. It follows no redirection: what is sent is for the address that was configured.
fn client() -> Result<reqwest::Client, AlertError> {
    // Somebody may have chosen a provider before; then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(SEND_TIMEOUT);
    let client = builder.user_agent(concat!("algoflow/", env!("CARGO_PKG_VERSION"))).build();
    client.map_err(|error| AlertError::Setting {
        sink: String::new(),
        setting: "tls",
        reason: error.to_string(),
    })
}

fn wrong(sink: &str, setting: &'static str, reason: impl ToString) -> AlertError {
    AlertError::Setting { sink: sink.to_owned(), setting, reason: reason.to_string() }
}

/// From now on the secret is hidden. One that is too short to be hidden is not used.
fn hide(sink: &str, secret: &SecretString, redactor: &Redactor) -> Result<(), AlertError> {
    redactor
        .register(secret)
        .map_err(|error| AlertError::Secret { sink: sink.to_owned(), reason: error.to_string() })
}

/// The address of a receiver: `https`, or `http` to this machine or where that was allowed.
fn address(
    sink: &str,
    setting: &'static str,
    text: &str,
    plain_http: bool,
) -> Result<reqwest::Url, AlertError> {
    let url: reqwest::Url = text.parse().map_err(|error| wrong(sink, setting, error))?;
    let is_allowed = match url.scheme() {
        "https" => true,
        "http" => plain_http || url.host_str().is_some_and(is_loopback),
        _ => false,
    };
    if !is_allowed {
        return Err(wrong(
            sink,
            setting,
            "must begin with https://, or with http:// for an address of this machine",
        ));
    }
    Ok(url)
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Sends a request, and says what the answer means. `after` finds in the answer when to try again.
async fn request(
    request: reqwest::RequestBuilder,
    after: impl Fn(&str) -> Option<TimeDelta>,
) -> Result<(), SendFailure> {
    // The address may hold a secret, so that no error shows it.
    let sent = request.send().await.map_err(|error| SendFailure::try_again(causes(&error.without_url())));
    let mut answer = sent?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let header = answer.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let of_header = header.and_then(|value| value.parse::<i64>().ok()).map(TimeDelta::seconds);
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(chunk.get(..chunk.len().min(MAX_ANSWER - body.len())).unwrap_or_default());
        if body.len() >= MAX_ANSWER {
            break;
        }
    }
    let body = String::from_utf8_lossy(&body);
    let reason = format!("status {}: {}", status.as_u16(), body.trim());
    let outcome = match status.as_u16() {
        408 | 425 | 429 | 500..=599 => SendOutcome::TryAgain { after: of_header.or_else(|| after(&body)) },
        _ => SendOutcome::Refused,
    };
    Err(SendFailure { outcome, reason })
}

/// An error with what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    /// More causes are left out.
    const MAX_CAUSES: usize = 8;
    let chain = std::iter::successors(Some(error), |error| error.source()).take(MAX_CAUSES);
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
