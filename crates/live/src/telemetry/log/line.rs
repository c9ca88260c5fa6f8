//! How an entry looks as a line.

use std::{borrow::Cow, fmt::Write as _};

use serde_json::{Map, Value};
use tracing::Level;

use super::{Entry, LogFormat};

impl Entry<'_> {
    pub(super) fn line(&self, format: LogFormat, color: bool) -> String {
        match format {
            LogFormat::Pretty => self.pretty(color),
            LogFormat::Compact => self.compact(),
            LogFormat::Json => self.json(),
        }
    }

    fn json(&self) -> String {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), Value::from(self.at.to_string()));
        line.insert("level".to_owned(), Value::from(self.level.as_str()));
        line.insert("target".to_owned(), Value::from(self.target));
        line.insert("message".to_owned(), Value::from(self.message.as_str()));
        if !self.fields.0.is_empty() {
            line.insert("fields".to_owned(), object(&self.fields.0));
        }
        if !self.spans.is_empty() {
            let spans = self.spans.iter().map(|(name, fields)| {
                let mut span = Map::new();
                span.insert("name".to_owned(), Value::from(*name));
                if !fields.is_empty() {
                    span.insert("fields".to_owned(), object(fields));
                }
                Value::from(span)
            });
            line.insert("spans".to_owned(), Value::from(spans.collect::<Vec<_>>()));
        }
        Value::from(line).to_string()
    }

    fn compact(&self) -> String {
        let mut line = format!("{} {:5} {}", self.at, self.level, self.target);
        self.write_spans(&mut line);
        line.push_str(": ");
        line.push_str(&one_line(&self.message));
        self.write_fields(&mut line, "", "");
        line
    }

    fn pretty(&self, color: bool) -> String {
        let time = self.at.to_string();
        // `2024-01-02T09:30:00.123456Z`: of the day, to the millisecond.
        let time = time.get(11..).unwrap_or(&time).trim_end_matches('Z');
        let (dim, bold, off) = if color { ("\u{1b}[2m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
        let level_color = if color { color_of(self.level) } else { "" };
        let time = format!("{time:.12}");
        let mut line = format!(
            "{dim}{time:<12}{off} {level_color}{level:5}{off} {bold}{message}{off}",
            level = self.level.as_str(),
            message = one_line(&self.message)
        );
        self.write_fields(&mut line, dim, off);
        line.push_str(dim);
        line.push_str("  ");
        line.push_str(self.target);
        self.write_spans(&mut line);
        line.push_str(off);
        line
    }

    fn write_spans(&self, line: &mut String) {
        for (name, fields) in &self.spans {
            // Writing to a string cannot fail.
            let _ = write!(line, " {name}");
            if !fields.is_empty() {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
                let _ = write!(line, "{{{}}}", fields.join(" "));
            }
        }
    }

    fn write_fields(&self, line: &mut String, dim: &str, off: &str) {
        for (name, value) in &self.fields.0 {
            let _ = write!(line, " {dim}{name}={off}{}", shown(value));
        }
    }
}

const fn color_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        _ => "\u{1b}[35m",
    }
}

fn object(fields: &[(&'static str, Value)]) -> Value {
    Value::from(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>())
}

/// A value as text, without quotes.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// A value in a line: quoted if it could not be told apart from what follows.
fn shown(value: &Value) -> Cow<'_, str> {
    let text = text(value);
    let is_plain = !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"' || c == '=');
    if is_plain { text } else { Cow::Owned(format!("{text:?}")) }
}

/// A message that spans lines, or that would steer the terminal, as one line.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().flat_map(escaped).collect())
}

fn escaped(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}
