//! HTTP requests.

use algoflow_core::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::Sha256;

use super::{SendFailure, address, hide, request, wrong};
use crate::{
    alerts::{
        alert::Alert,
        error::AlertError,
        settings::{WebhookFormat, WebhookSettings},
    },
    telemetry::{MIN_SECRET, Redactor},
};

/// A path is a secret of its own from this length on, in bytes: those of Slack and Discord are far longer.
const MIN_SECRET_PATH: usize = 16;

/// Discord refuses more characters.
const MAX_DISCORD: usize = 2_000;

#[derive(Debug)]
pub(in crate::alerts) struct Webhook {
    url: SecretString,
    format: WebhookFormat,
    signing_secret: Option<SecretString>,
    /// Marked as sensitive, so that they are not printed.
    headers: HeaderMap,
    client: reqwest::Client,
}

impl Webhook {
    pub(super) fn new(
        name: &str,
        settings: &WebhookSettings,
        client: reqwest::Client,
        redactor: &Redactor,
    ) -> Result<Self, AlertError> {
        let url = address(name, "url", settings.url.expose_secret(), settings.plain_http)?;
        hide(name, &settings.url, redactor)?;
        if url.path().len() >= MIN_SECRET_PATH {
            // The path alone lets one write.
            hide(name, &SecretString::from(url.path()), redactor)?;
        }
        if let Some(secret) = &settings.signing_secret {
            hide(name, secret, redactor)?;
        }
        let mut headers = HeaderMap::new();
        for (header, value) in &settings.headers {
            // Not all headers hold secrets; a short value whose name does not say so is none.
            if Redactor::is_secret_name(header) || value.expose_secret().len() >= MIN_SECRET {
                hide(name, value, redactor)?;
            }
            let header: HeaderName =
                header.parse().map_err(|_| wrong(name, "headers", format!("{header:?} is no name")))?;
            let value = HeaderValue::from_str(value.expose_secret());
            let mut value = value.map_err(|_| {
                wrong(name, "headers", format!("the value of {header} has control characters"))
            })?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        let signing_secret = settings.signing_secret.clone();
        Ok(Self { url: settings.url.clone(), format: settings.format, signing_secret, headers, client })
    }

    pub(super) async fn send(&self, alert: &Alert, now: Timestamp) -> Result<(), SendFailure> {
        let body = self.body(alert);
        let post = self.client.post(self.url.expose_secret()).headers(self.headers.clone());
        let mut post = post.header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &self.signing_secret {
            let timestamp = now.nanos().div_euclid(1_000_000_000).to_string();
            let signature = signature(secret, &timestamp, &body).map_err(SendFailure::refused)?;
            post = post.header("x-algoflow-timestamp", timestamp).header("x-algoflow-signature", signature);
        }
        request(post.body(body), |_| None).await
    }

    fn body(&self, alert: &Alert) -> String {
        let body = match self.format {
            WebhookFormat::Json => json!(alert),
            // Slack reads these three as markup.
            WebhookFormat::Slack => {
                json!({ "text": alert.plain().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") })
            }
            WebhookFormat::Discord => {
                let text: String = alert.plain().chars().take(MAX_DISCORD).collect();
                json!({ "content": text, "allowed_mentions": { "parse": [] } })
            }
        };
        body.to_string()
    }
}

/// `sha256=` and the HMAC-SHA256 (RFC 2104) of the timestamp, a dot and the body.
fn signature(secret: &SecretString, timestamp: &str, body: &str) -> Result<String, String> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac = mac.map_err(|error| format!("the signing secret cannot be used: {error}"))?;
    for part in [timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    let digits: Vec<String> = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256={}", digits.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::alert::AlertLevel;

    /// Made with: `printf '1704153600.{"a":1}' | openssl dgst -sha256 -hmac the-secret`.
    #[test]
    fn signatures_are_those_of_openssl() {
        let signature = signature(&SecretString::from("the-secret"), "1704153600", r#"{"a":1}"#).unwrap();
        assert_eq!(signature, "sha256=753152443b798ce1502d38f1bf69c7cbf55ef1fcc58616e5e3df67b8d023ac9b");
    }

    #[test]
    fn bodies_are_those_of_their_receivers() {
        let alert =
            Alert::new(Timestamp::EPOCH, AlertLevel::Critical, "C", "a <b> & c").text("x".repeat(3_000));
        let settings = |format: &str| {
            let text = format!(r#"{{"url": "https://host/path", "format": "{format}"}}"#);
            let settings = serde_json::from_str(&text).unwrap();
            Webhook::new("w", &settings, super::super::client().unwrap(), &Redactor::new()).unwrap()
        };
        let body =
            |format| serde_json::from_str::<serde_json::Value>(&settings(format).body(&alert)).unwrap();
        assert!(body("slack")["text"].as_str().unwrap().starts_with("[CRITICAL] a &lt;b&gt; &amp; c\nxxx"));
        assert_eq!(body("discord")["content"].as_str().unwrap().len(), MAX_DISCORD);
        let json = body("json");
        assert_eq!(
            (&json["level"], &json["code"], &json["at"]),
            (&"critical".into(), &"C".into(), &"1970-01-01T00:00:00Z".into())
        );
    }

    #[test]
    fn mistakes_are_refused_without_showing_secrets() {
        for (text, says) in [
            (r#"{"url": "ftp://host/secret-path"}"#, "https://"),
            (r#"{"url": "http://example.org/secret-path"}"#, "https://"),
            (r#"{"url": "secret-path"}"#, "url of the sink"),
            (
                r#"{"url": "https://host/secret-path", "headers": {"a b": "secret-path"}}"#,
                "\"a b\" is no name",
            ),
            (
                r#"{"url": "https://host/secret-path", "headers": {"a": "secret-path\n"}}"#,
                "control characters",
            ),
            (r#"{"url": "https://host/secret-path", "signing_secret": "short"}"#, "at least 6"),
        ] {
            let settings = serde_json::from_str(text).unwrap();
            let error =
                Webhook::new("w", &settings, super::super::client().unwrap(), &Redactor::new()).unwrap_err();
            let error = format!("{error} {error:?}");
            assert!(error.contains(says) && !error.contains("secret-path"), "{text}: {error}");
        }
        let allowed = [
            r#"{"url": "http://127.0.0.1:80/secret-path"}"#,
            r#"{"url": "http://[::1]:80/secret-path"}"#,
            r#"{"url": "http://example.org/secret-path", "plain_http": true}"#,
        ];
        for text in allowed {
            let settings = serde_json::from_str(text).unwrap();
            let webhook =
                Webhook::new("w", &settings, super::super::client().unwrap(), &Redactor::new()).unwrap();
            assert!(!format!("{webhook:?}").contains("secret-path"));
        }
    }
}
