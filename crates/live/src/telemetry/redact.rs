//! [`Redactor`]: what is secret never leaves the process in a log line, a span or an alert.
//!
//! Two nets, because each catches what the other lets through. The rules, which the tests cite:
//!
//! - **S1** A secret that was [registered](Redactor::register) is hidden wherever it stands, also escaped as text in
//!   `Debug` or JSON output (twice over, for JSON within JSON) and percent-encoded as in a URL.
//! - **S2** The value of a field whose name [says that it is secret](Redactor::is_secret_name) is hidden whole.
//! - **S3** In running text, what stands behind such a name and `=` or `:` is hidden: to the closing quote, the closing
//!   bracket or the end of the word; for a phrase of words (mnemonic, seed) to the end of the line.
//! - **S4** Credentials in a URL, what follows `Bearer`, and the body of a PEM private key are hidden.
//! - **S5** Where hidden ranges touch or overlap they become one mark, so that no end of a secret stays.
//!
//! It hides too much rather than too little: `signature: invalid` loses its last word. Names of public values that would
//! be caught ([`PUBLIC_NAMES`]) are let through.

use std::{
    borrow::Cow,
    fmt,
    ops::Range,
    sync::{Arc, PoisonError, RwLock},
};

use secrecy::{ExposeSecret, SecretString};

use super::error::TelemetryError;

mod named;
#[cfg(test)]
mod tests;

/// What stands in the place of a secret.
pub const MARK: &str = "***";

/// How many secrets can be registered. More is an error: a secret that is not known would be printed.
pub const MAX_SECRETS: usize = 1_024;

/// A registered secret has at least this many bytes. Anything shorter would cut holes into every line.
pub const MIN_SECRET: usize = 6;

/// A line of a registered secret with several lines (a PEM key) is a secret of its own from this length on, in bytes.
const MIN_SECRET_LINE: usize = 12;

/// Names that [`Redactor::is_secret_name`] lets through although a word of them is on the list.
pub const PUBLIC_NAMES: &[&str] = &[
    "dedup_key",
    "public_key",
    "pubkey",
    "token_account",
    "token_mint",
    "token_program",
    "transaction_signature",
];

/// Knows what is secret, and hides it. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
struct Known {
    secrets: Vec<SecretString>,
    /// Every form in which a secret is looked for.
    forms: Vec<SecretString>,
}

impl Redactor {
    /// One that knows no secret yet, only names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this text is hidden wherever it would be printed (S1). Registering it again changes nothing.
    ///
    /// # Errors
    /// [`TelemetryError::SecretTooShort`] below [`MIN_SECRET`] bytes, [`TelemetryError::TooManySecrets`] above [`MAX_SECRETS`].
    pub fn register(&self, secret: &SecretString) -> Result<(), TelemetryError> {
        let text = secret.expose_secret();
        if text.len() < MIN_SECRET {
            return Err(TelemetryError::SecretTooShort { bytes: text.len(), least: MIN_SECRET });
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.secrets.iter().any(|other| other.expose_secret() == text) {
            return Ok(());
        }
        if known.secrets.len() >= MAX_SECRETS {
            return Err(TelemetryError::TooManySecrets { most: MAX_SECRETS });
        }
        known.secrets.push(secret.clone());
        let lines = text.lines().map(str::trim).filter(|line| line.len() >= MIN_SECRET_LINE && *line != text);
        for part in std::iter::once(text).chain(lines) {
            for form in forms(part) {
                if !known.forms.iter().any(|other| other.expose_secret() == form) {
                    known.forms.push(SecretString::from(form));
                }
            }
        }
        Ok(())
    }

    /// Whether a field of this name holds a secret (S2): one of its words, split at `_`, `-`, `.` and capitals, is on the
    /// list (key, secret, token, password, authorization, signature, private, mnemonic, seed and their kin).
    #[must_use]
    pub fn is_secret_name(name: &str) -> bool {
        named::is_secret(name)
    }

    /// The text without its secrets (S1, S3 to S5).
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut hidden = Vec::new();
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            for form in &known.forms {
                let form = form.expose_secret();
                hidden.extend(text.match_indices(form).map(|(at, _)| at..at + form.len()));
            }
        }
        named::find(text, &mut hidden);
        if hidden.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(cover(text, hidden)) }
    }

    /// The value of a field: hidden whole if the name says that it is secret (S2), else without its secrets.
    #[must_use]
    pub fn field<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        if Self::is_secret_name(name) { Cow::Borrowed(MARK) } else { self.text(value) }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Redactor").field("secrets", &known.secrets.len()).finish()
    }
}

/// The forms in which a secret can stand in a text.
fn forms(secret: &str) -> Vec<String> {
    let once = [secret.to_owned(), debug_escaped(secret), json_escaped(secret)];
    let twice = once.iter().flat_map(|form| [debug_escaped(form), json_escaped(form)]);
    let percent = [percent_encoded(secret, false), percent_encoded(secret, true)];
    let mut all: Vec<String> = once.iter().cloned().chain(twice).chain(percent).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn debug_escaped(text: &str) -> String {
    unquoted(&format!("{text:?}"))
}

fn json_escaped(text: &str) -> String {
    unquoted(&serde_json::Value::from(text).to_string())
}

fn unquoted(text: &str) -> String {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text).to_owned()
}

/// RFC 3986: all but the unreserved characters as `%XX`.
fn percent_encoded(text: &str, lower: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if lower => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text with a mark in the place of each group of ranges that touch (S5). Ranges lie on character borders.
fn cover(text: &str, mut hidden: Vec<Range<usize>>) -> String {
    hidden.sort_unstable_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut shown_to = 0;
    let mut ranges = hidden.into_iter().peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start <= range.end) {
            range.end = range.end.max(next.end);
        }
        out.push_str(text.get(shown_to..range.start).unwrap_or_default());
        out.push_str(MARK);
        shown_to = range.end;
    }
    out.push_str(text.get(shown_to..).unwrap_or_default());
    out
}
