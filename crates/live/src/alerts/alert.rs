//! [`Alert`]: something that a person has to know of.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use algoflow_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::telemetry::Redactor;

/// A title is cut behind this many characters.
pub const MAX_TITLE: usize = 200;

/// A text is cut behind this many characters: a Telegram message has at most 4096 in all.
pub const MAX_TEXT: usize = 2_500;

/// More labels are left out.
pub const MAX_LABELS: usize = 16;

/// A name or value of a label, a code or a key is cut behind this many characters.
pub const MAX_WORD: usize = 100;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// Good to know.
    Info,
    /// To be looked at today.
    Warning,
    /// To be looked at now: money is at risk.
    Critical,
}

impl AlertLevel {
    /// In small letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for AlertLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that a person has to know of.
///
/// ```
/// use algoflow_core::time::Timestamp;
/// use algoflow_live::alerts::{Alert, AlertLevel};
///
/// let alert = Alert::new(Timestamp::EPOCH, AlertLevel::Critical, "RISK_DAILY_LOSS", "Trading is halted")
///     .text("The loss of the day is 1020 USD, the limit 1000 USD.")
///     .label("strategy", "sma-cross");
/// assert_eq!(alert.key, "RISK_DAILY_LOSS");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// When it happened.
    pub at: Timestamp,
    /// How bad it is.
    pub level: AlertLevel,
    /// A name of what happened that stays the same between versions. Rules choose by it.
    pub code: Cow<'static, str>,
    /// One line.
    pub title: String,
    /// More about it; may be empty.
    pub text: String,
    /// Alerts of the same key are the same thing happening again. The code, if nothing else is said.
    pub key: String,
    /// Names and values: venue, instrument, strategy.
    pub labels: BTreeMap<String, String>,
}

impl Alert {
    /// An alert without text and labels, whose key is its code.
    #[must_use]
    pub fn new(
        at: Timestamp,
        level: AlertLevel,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<String>,
    ) -> Self {
        let code = code.into();
        let key = code.clone().into_owned();
        Self { at, level, code, title: title.into(), text: String::new(), key, labels: BTreeMap::new() }
    }

    /// With a text.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// With a key of its own: the code and what it is about, so that two venues do not hide each other.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: key.into(), ..self }
    }

    /// With a label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Without secrets, and cut to its bounds.
    pub(super) fn cleaned(self, redactor: &Redactor) -> Self {
        let word = |text: &str| cut(&redactor.text(text), MAX_WORD);
        let labels = self.labels.iter().take(MAX_LABELS);
        let labels =
            labels.map(|(name, value)| (word(name), cut(&redactor.field(name, value), MAX_WORD))).collect();
        Self {
            at: self.at,
            level: self.level,
            code: Cow::Owned(word(&self.code)),
            title: cut(&redactor.text(&self.title).replace(['\n', '\r'], " "), MAX_TITLE),
            text: cut(&redactor.text(&self.text), MAX_TEXT),
            key: word(&self.key),
            labels,
        }
    }

    /// As plain text: the level and the title, the text, the labels, the code and the time.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut lines = vec![format!("[{}] {}", self.level.as_str().to_uppercase(), self.title)];
        if !self.text.is_empty() {
            lines.push(self.text.clone());
        }
        if !self.labels.is_empty() {
            let labels: Vec<_> = self.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.push(labels.join(" "));
        }
        lines.push(format!("{} {}", self.code, self.at));
        lines.join("\n")
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn secrets_go_and_lengths_are_bounded() {
        let redactor = Redactor::new();
        redactor.register(&SecretString::from("hunter2-hunter2")).unwrap();
        let mut alert = Alert::new(
            Timestamp::EPOCH,
            AlertLevel::Info,
            "C",
            format!("a\nhunter2-hunter2 {}", "x".repeat(300)),
        )
        .text(format!("{}{}", "y".repeat(MAX_TEXT - 3), "hunter2-hunter2"))
        .key("hunter2-hunter2")
        .label("api_key", "abc")
        .label("venue", "KRAKEN");
        for n in 0..20 {
            alert = alert.label(format!("z{n:02}"), "1");
        }
        let alert = alert.cleaned(&redactor);
        assert!(alert.title.starts_with("a *** xxx") && alert.title.len() == MAX_TITLE + 3);
        assert_eq!(alert.text.len(), MAX_TEXT);
        assert!(alert.text.ends_with("y***"));
        assert_eq!(alert.key, "***");
        assert_eq!((alert.labels["api_key"].as_str(), alert.labels["venue"].as_str()), ("***", "KRAKEN"));
        assert_eq!(alert.labels.len(), MAX_LABELS);
        assert!(alert.plain().starts_with("[INFO] a ***"));
    }
}
