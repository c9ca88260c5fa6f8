//! E-mail by SMTP.

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use secrecy::ExposeSecret as _;

use super::{SEND_TIMEOUT, SendFailure, causes, hide, is_loopback, wrong};
use crate::{
    alerts::{
        alert::Alert,
        error::AlertError,
        settings::{EmailSettings, MailTls},
    },
    telemetry::Redactor,
};

/// The most receivers of a message.
const MAX_RECEIVERS: usize = 32;

#[derive(Debug)]
pub(in crate::alerts) struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    pub(super) fn new(name: &str, settings: &EmailSettings, redactor: &Redactor) -> Result<Self, AlertError> {
        let mailbox = |setting, text: &String| {
            text.parse::<Mailbox>()
                .map_err(|error| wrong(name, setting, format!("{text:?} is no address: {error}")))
        };
        let from = mailbox("from", &settings.from)?;
        let to = settings.to.iter().map(|text| mailbox("to", text)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() || to.len() > MAX_RECEIVERS {
            return Err(wrong(name, "to", format!("must have from 1 to {MAX_RECEIVERS} addresses")));
        }
        let host = settings.host.as_str();
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let builder = match settings.tls {
            MailTls::Implicit => Transport::relay(host).map_err(|error| wrong(name, "host", error))?,
            MailTls::Starttls => {
                Transport::starttls_relay(host).map_err(|error| wrong(name, "host", error))?
            }
            MailTls::None if is_loopback(host) => Transport::builder_dangerous(host),
            MailTls::None => {
                return Err(wrong(name, "tls", "can only be \"none\" for a server on this machine"));
            }
        };
        let builder = match settings.port {
            Some(port) => builder.port(port),
            None => builder,
        };
        let builder = match (&settings.user, &settings.password) {
            (Some(user), Some(password)) => {
                hide(name, password, redactor)?;
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()))
            }
            (None, None) => builder,
            _ => return Err(wrong(name, "user", "needs a password, and a password needs a user")),
        };
        Ok(Self { transport: builder.timeout(Some(SEND_TIMEOUT)).build(), from, to })
    }

    pub(super) async fn send(&self, alert: &Alert) -> Result<(), SendFailure> {
        let level = alert.level.as_str().to_uppercase();
        let message =
            Message::builder().from(self.from.clone()).subject(format!("[algoflow] {level} {}", alert.title));
        let message = self.to.iter().fold(message, |message, to| message.to(to.clone()));
        let message = message.header(ContentType::TEXT_PLAIN).body(alert.plain());
        let message = message.map_err(|error| SendFailure::refused(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(SendFailure::refused(causes(&error))),
            Err(error) => Err(SendFailure::try_again(causes(&error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_refused_without_showing_the_password() {
        for (text, says) in [
            (r#"{"host": "h", "from": "nobody", "to": ["a@b.org"]}"#, "\"nobody\" is no address"),
            (r#"{"host": "h", "from": "a@b.org", "to": []}"#, "from 1 to 32"),
            (
                r#"{"host": "mail.example.org", "tls": "none", "from": "a@b.org", "to": ["a@b.org"]}"#,
                "on this machine",
            ),
            (
                r#"{"host": "h", "from": "a@b.org", "to": ["a@b.org"], "password": "secret-word"}"#,
                "needs a user",
            ),
            (
                r#"{"host": "h", "from": "a@b.org", "to": ["a@b.org"], "user": "u", "password": "short"}"#,
                "at least 6",
            ),
        ] {
            let settings = serde_json::from_str(text).unwrap();
            let error = Email::new("m", &settings, &Redactor::new()).unwrap_err();
            let error = format!("{error} {error:?}");
            assert!(error.contains(says) && !error.contains("secret-word"), "{text}: {error}");
        }
        for tls in ["implicit", "starttls"] {
            let text = format!(
                r#"{{"host": "mail.example.org", "tls": "{tls}", "from": "A <a@b.org>", "to": ["a@b.org"],
                    "user": "u", "password": "secret-word"}}"#
            );
            let settings = serde_json::from_str(&text).unwrap();
            Email::new("m", &settings, &Redactor::new()).unwrap();
        }
    }
}
