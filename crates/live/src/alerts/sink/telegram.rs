//! Chats of Telegram, by `sendMessage` of the Bot API (core.telegram.org/bots/api).

use algoflow_core::time::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{SendFailure, address, hide, request, wrong};
use crate::{
    alerts::{alert::Alert, error::AlertError, settings::TelegramSettings},
    telemetry::Redactor,
};

/// Telegram refuses more characters.
const MAX_MESSAGE: usize = 4_096;

#[derive(Debug)]
pub(in crate::alerts) struct Telegram {
    /// The address of the method: the token is part of it.
    url: SecretString,
    chat: String,
    client: reqwest::Client,
}

impl Telegram {
    pub(super) fn new(
        name: &str,
        settings: &TelegramSettings,
        client: reqwest::Client,
        redactor: &Redactor,
    ) -> Result<Self, AlertError> {
        let token = settings.token.expose_secret();
        hide(name, &settings.token, redactor)?;
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if !token.chars().all(is_token) {
            return Err(wrong(name, "token", "has characters that no token has"));
        }
        if settings.chat.trim().is_empty() {
            return Err(wrong(name, "chat", "is empty"));
        }
        let server = address(name, "server", &settings.server, false)?;
        let url = format!("{}/bot{token}/sendMessage", server.as_str().trim_end_matches('/'));
        Ok(Self { url: SecretString::from(url), chat: settings.chat.clone(), client })
    }

    pub(super) async fn send(&self, alert: &Alert) -> Result<(), SendFailure> {
        let text: String = alert.plain().chars().take(MAX_MESSAGE).collect();
        // Without a `parse_mode` the text is shown as it is.
        let body =
            json!({ "chat_id": self.chat, "text": text, "link_preview_options": { "is_disabled": true } });
        request(self.client.post(self.url.expose_secret()).json(&body), retry_after).await
    }
}

/// `{"parameters": {"retry_after": seconds}}` of an answer.
fn retry_after(answer: &str) -> Option<TimeDelta> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    answer.get("parameters")?.get("retry_after")?.as_i64().map(TimeDelta::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_refused_without_showing_the_token() {
        for (text, says) in [
            (r#"{"token": "123:secret/../x", "chat": "1"}"#, "no token has"),
            (r#"{"token": "123", "chat": "1"}"#, "at least 6"),
            (r#"{"token": "123:secret", "chat": " "}"#, "is empty"),
            (r#"{"token": "123:secret", "chat": "1", "server": "http://example.org"}"#, "https://"),
        ] {
            let settings = serde_json::from_str(text).unwrap();
            let client = super::super::client().unwrap();
            let error = Telegram::new("t", &settings, client, &Redactor::new()).unwrap_err();
            let error = format!("{error} {error:?}");
            assert!(error.contains(says) && !error.contains("123:"), "{text}: {error}");
        }
    }

    #[test]
    fn an_answer_says_when_to_try_again() {
        assert_eq!(
            retry_after(r#"{"ok": false, "parameters": {"retry_after": 7}}"#),
            Some(TimeDelta::seconds(7))
        );
        assert_eq!(retry_after("<html>"), None);
    }
}
