//! What the TOML parser and serde say, in words that tell what to do.

use std::ops::Range;

use toml::de::Error;

use super::{Document, KeyPath, Segment, key_path};
use crate::{diagnostic::Diagnostic, suggest};

impl Document<'_> {
    /// An error of the syntax.
    pub(super) fn syntax(&self, error: &Error) -> Diagnostic {
        let message = error.message().split('\n').next().unwrap_or_default();
        let rest = error.message().split('\n').skip(1).collect::<Vec<_>>().join("; ");
        let (code, help) = if message.contains("duplicate key") {
            ("CONFIG_DUPLICATE_KEY", "keep one of the two; several venues, instruments, data or strategies are written as [[section]] with two brackets".to_owned())
        } else if rest.is_empty() {
            (
                "CONFIG_SYNTAX",
                "the file is TOML: [section], key = value, text in \"quotes\", lists in [brackets]"
                    .to_owned(),
            )
        } else {
            ("CONFIG_SYNTAX", rest)
        };
        self.locate(Diagnostic::new(code, format!("not valid TOML: {message}")).help(help), error.span())
    }

    /// A value that does not fit what is expected.
    pub(super) fn mismatch(&self, error: &Error) -> Diagnostic {
        let span = error.span();
        let path = span.as_ref().map(|span| key_path::path_at(self.root.get_ref(), span)).unwrap_or_default();
        let text = error.message().split('\n').next().unwrap_or_default();
        let diagnostic = unknown_key(text, &path)
            .or_else(|| unknown_value(text, &path))
            .or_else(|| missing(text, &path))
            .or_else(|| wrong_type(text, &path))
            .unwrap_or_else(|| bad_value(text, &path));
        let path = match diagnostic.code() {
            "CONFIG_UNKNOWN_KEY" => self.unknown_key_path(&path, text),
            _ => path,
        };
        let span = match diagnostic.code() {
            "CONFIG_UNKNOWN_KEY" => key_path::key_span(self.root.get_ref(), &path).or(span),
            _ => span,
        };
        self.place(diagnostic, &path, span.filter(|span: &Range<usize>| span.end > 0))
    }

    /// The path down to the key that is not known.
    fn unknown_key_path(&self, path: &KeyPath, text: &str) -> KeyPath {
        let name = quoted(text).into_iter().next().unwrap_or_default();
        match path.last() {
            Some(Segment::Key(last)) if last == name => path.clone(),
            _ => path.key(name),
        }
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// "`key`: " or nothing.
fn subject(path: &KeyPath) -> String {
    if path.is_empty() { String::new() } else { format!("`{path}`: ") }
}

/// Where a key belongs: ` in [[venue]]`.
fn section(path: &KeyPath) -> String {
    let name = match path.segments() {
        [Segment::Key(top), Segment::Index(_)] | [Segment::Key(top), Segment::Index(_), _] => {
            format!("[[{top}]]")
        }
        [Segment::Key(top), Segment::Key(_)] | [Segment::Key(top)] => format!("[{top}]"),
        [] => return String::new(),
        _ => format!("`{path}`"),
    };
    format!(" in {name}")
}

fn unknown_key(text: &str, path: &KeyPath) -> Option<Diagnostic> {
    let names = quoted(text.strip_prefix("unknown field")?);
    let (name, known) = names.split_first()?;
    let place = path.before(name);
    let message = if place.is_empty() {
        format!("unknown section `{name}`")
    } else {
        format!("unknown key `{name}`{}", section(&place))
    };
    let known_as = if place.is_empty() { "sections" } else { "known keys" };
    let help =
        if known.is_empty() { "it takes no keys".into() } else { suggest::advice(name, known_as, known) };
    Some(Diagnostic::new("CONFIG_UNKNOWN_KEY", message).help(help))
}

fn unknown_value(text: &str, path: &KeyPath) -> Option<Diagnostic> {
    let names = quoted(text.strip_prefix("unknown variant")?);
    let (name, known) = names.split_first()?;
    let message = format!("{}unknown value `{name}`", subject(&path.before(name)));
    Some(Diagnostic::new("CONFIG_UNKNOWN_VALUE", message).help(suggest::advice(
        name,
        "allowed values",
        known,
    )))
}

/// A value that its type refuses, in the words of the type.
fn bad_value(text: &str, path: &KeyPath) -> Diagnostic {
    let diagnostic = Diagnostic::new("CONFIG_VALUE", format!("{}{text}", subject(path)));
    let keys = path.segments().iter().rev().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    let help = match keys.clone().next().unwrap_or_default() {
        "cash" => "write an amount and its asset: \"100000 USD\"",
        "bars" => "write what a bar covers: \"1s\", \"5m\", \"4h\", \"1d\", \"1w\", \"1mo\", \"100t\"",
        "from" | "to" | "expiry" => {
            "write a date or a time with its offset: 2024-01-02 or 2024-01-02T09:30:00Z"
        }
        "feed" | "entry" | "ack" | "delay" | "sample_equity_every" | "funding_interval" => {
            "write a length of time without spaces: \"20ms\", \"5m\", \"1h30m\""
        }
        "id" | "instrument" | "benchmark" => "the venue is the part after the last dot",
        _ => "`algoflow schema` describes every key",
    };
    diagnostic.help(help)
}

fn missing(text: &str, path: &KeyPath) -> Option<Diagnostic> {
    let name = *quoted(text.strip_prefix("missing field")?).first()?;
    let message = format!("the key `{name}` is missing{}", section(path));
    Some(
        Diagnostic::new("CONFIG_MISSING_KEY", message)
            .help(format!("add `{name} = ...`; `algoflow schema` describes every key")),
    )
}

/// What serde found, in the words of TOML.
fn found_words(found: &str) -> String {
    let pairs = [
        ("string ", "the text "),
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
    ];
    let words = pairs
        .iter()
        .find_map(|(word, meaning)| found.strip_prefix(word).map(|rest| format!("{meaning}{rest}")));
    match found {
        "map" => "a table".into(),
        "sequence" => "a list".into(),
        _ => words.unwrap_or_else(|| found.to_owned()),
    }
}

/// The message of a strategy's parameters in the same words: what is expected and found, and nothing of Rust.
pub(crate) fn parameter_words(text: &str) -> String {
    match wrong_type(text, &KeyPath::default()) {
        Some(diagnostic) => diagnostic.message,
        None => text.to_owned(),
    }
}

fn wrong_type(text: &str, path: &KeyPath) -> Option<Diagnostic> {
    let rest = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "))?;
    // A parser of JSON adds where it stands, which says nothing here.
    let rest = rest.split(" at line ").next().unwrap_or(rest);
    let (found, expected) = rest.split_once(", expected ")?;
    let (what, help) = match expected {
        "a string" | "string" | "str" => ("text", "write it in quotes: \"...\""),
        "a boolean" => ("true or false", "write true or false, without quotes"),
        "u8" | "u16" | "u32" | "u64" | "usize" => {
            ("a whole number of zero or more", "write digits only, without quotes")
        }
        "i8" | "i16" | "i32" | "i64" | "isize" => ("a whole number", "write digits only, without quotes"),
        "f64" | "f32" => ("a number", "write it without quotes: 0.5"),
        "a sequence" => ("a list", "write it in brackets: [..., ...]"),
        "a map" => ("a table", "write it in braces: { key = value }"),
        "one value" => ("one value", "write text in quotes, a number, or a date"),
        _ if expected.starts_with("a Decimal") => ("a number", "write it like 2.5 or \"2.5\""),
        _ if expected.starts_with("struct ") => ("a table", "write it in braces: { key = value }"),
        _ if expected.starts_with("internally tagged enum") => {
            ("a table", "write it in braces: { key = value }")
        }
        other => (other, "`algoflow schema` describes every key"),
    };
    let help = match path.segments() {
        [Segment::Key(top)] if found == "map" => {
            format!("write the header with two brackets, [[{top}]]: there can be several")
        }
        _ => help.to_owned(),
    };
    let message = format!("{}expected {what}, found {}", subject(path), found_words(found));
    Some(Diagnostic::new("CONFIG_TYPE", message).help(help))
}
