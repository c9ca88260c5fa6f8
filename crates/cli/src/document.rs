//! A configuration as text and as a tree that knows where each value stands, with the overrides of the command line.

mod key_path;
mod translate;

use std::{ops::Range, path::Path};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

pub(crate) use self::{
    key_path::{KeyPath, Segment},
    translate::parameter_words,
};
use crate::{
    diagnostic::{Diagnostic, Excerpt},
    error::CliError,
    plan::SECRET_KEYS,
};

/// The largest configuration that is read, in bytes. Larger files are surely something else.
const MAX_BYTES: u64 = 4 << 20;

/// The text of a configuration file, with the values of overrides after it.
#[derive(Debug)]
pub(crate) struct Source {
    file: String,
    text: String,
    file_len: usize,
    overrides: Vec<Override>,
}

#[derive(Debug)]
struct Override {
    path: KeyPath,
    /// Where its value stands in the text.
    range: Range<usize>,
    /// As it was given.
    given: String,
}

impl Source {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let file = path.display().to_string();
        let fail = |code, message: String, help: &str| {
            CliError::Config(vec![Diagnostic::new(code, message).help(help)])
        };
        let unreadable = |error: std::io::Error| {
            let help = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "`algoflow init` writes a configuration that runs; or give another with -c FILE"
                }
                std::io::ErrorKind::PermissionDenied => "check the permissions of the file",
                _ => "check the path",
            };
            fail("CONFIG_IO", format!("cannot read the configuration {file}: {error}"), help)
        };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            let message = format!("{file} is a folder, not a configuration file");
            return Err(fail("CONFIG_IO", message, "name the file: -c FOLDER/algoflow.toml"));
        }
        if metadata.len() > MAX_BYTES {
            let message = format!("{file} has {} bytes, too many for a configuration", metadata.len());
            return Err(fail(
                "CONFIG_TOO_LARGE",
                message,
                "is this a data file? It belongs into a [[data]] section: path = \"...\"",
            ));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(file, text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
                let message = format!("{file} is not UTF-8 text (line {line})");
                Err(fail("CONFIG_NOT_UTF8", message, "save it as UTF-8; a configuration is a TOML text file"))
            }
        }
    }

    /// A text, for messages called `file`.
    pub(crate) fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { file: file.into(), file_len: text.len(), text, overrides: Vec::new() }
    }

    /// Adds an override of the form `key.path=value`, which on the command line was `given`. The value is TOML, or else
    /// text.
    pub(crate) fn set(&mut self, given: &str, assignment: &str) -> Result<(), CliError> {
        let help = "write --set KEY=VALUE, like --set strategy.params.fast=20 or --set backtest.seed=7";
        let Some((key, value)) = assignment.split_once('=') else {
            return Err(CliError::usage(format!("`{given}` has no `=`"), help));
        };
        let path = KeyPath::parse(key.trim())
            .ok_or_else(|| CliError::usage(format!("`{given}`: {:?} is not a key", key.trim()), help))?;
        let value = value.trim();
        let quoted = match DeValue::parse(value) {
            Ok(_) => value.to_owned(),
            Err(_) => toml::Value::String(value.to_owned()).to_string(),
        };
        self.text.push('\n');
        let start = self.text.len();
        self.text.push_str(&quoted);
        self.overrides.push(Override { path, range: start..self.text.len(), given: given.to_owned() });
        Ok(())
    }

    /// Parses the text and applies the overrides.
    pub(crate) fn parse(&self) -> Result<Document<'_>, CliError> {
        let text = self.text.get(..self.file_len).unwrap_or_default();
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut document = Document { source: self, root };
        // What the parser sees after the first error may only be a consequence of it.
        let first = errors.iter().min_by_key(|error| error.span().map_or(usize::MAX, |span| span.start));
        if let Some(error) = first {
            return Err(CliError::Config(vec![document.syntax(error)]));
        }
        for change in &self.overrides {
            document.apply(change)?;
        }
        Ok(document)
    }
}

/// A parsed configuration.
#[derive(Debug)]
pub(crate) struct Document<'s> {
    source: &'s Source,
    root: Spanned<DeTable<'s>>,
}

impl<'s> Document<'s> {
    /// Reads it as a `T`.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, CliError> {
        T::deserialize(Deserializer::from(self.root.clone()))
            .map_err(|error| CliError::Config(vec![self.mismatch(&error)]))
    }

    fn apply(&mut self, change: &Override) -> Result<(), CliError> {
        let text = self.source.text.get(change.range.clone()).unwrap_or_default();
        let invalid = |reason: String| {
            CliError::usage(
                format!("`{}`: {reason}", change.given),
                "write the path of a key as in the file: backtest.seed, venue.SIM.fees, strategy.0.params.fast",
            )
        };
        let value = DeValue::parse(text).map_err(|error| invalid(error.message().to_owned()))?;
        let value = shifted(value, change.range.start);
        let span = value.span();
        let table = key_path::table_at(self.root.get_mut(), &change.path, &span).map_err(invalid)?;
        let Some(Segment::Key(last)) = change.path.last() else {
            return Err(invalid("it ends with an index; name a key of the entry".into()));
        };
        // The key of an entry that is there keeps its place in the file; the value has that of the override.
        table.insert(Spanned::new(span, last.clone().into()), value);
        Ok(())
    }

    /// An error at a value.
    pub(crate) fn at_value(
        &self,
        path: &KeyPath,
        code: &'static str,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.place(Diagnostic::new(code, message), path, key_path::value_span(self.root.get_ref(), path))
    }

    /// An error at a key, or at the header of a section.
    pub(crate) fn at_key(
        &self,
        path: &KeyPath,
        code: &'static str,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.place(Diagnostic::new(code, message), path, key_path::key_span(self.root.get_ref(), path))
    }

    /// An error of the document as a whole.
    pub(crate) fn at_file(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(code, message);
        diagnostic.file = Some(self.source.file.clone());
        diagnostic
    }

    /// The keys of the table at `path`.
    pub(crate) fn keys(&self, path: &KeyPath) -> Vec<String> {
        key_path::keys(self.root.get_ref(), path)
    }

    /// How many entries the array at `path` has; zero if there is none.
    pub(crate) fn len(&self, path: &KeyPath) -> usize {
        key_path::len(self.root.get_ref(), path)
    }

    fn place(&self, mut diagnostic: Diagnostic, path: &KeyPath, span: Option<Range<usize>>) -> Diagnostic {
        if !path.is_empty() {
            diagnostic.key = Some(path.to_string());
        }
        self.locate(diagnostic, span)
    }

    /// Fills in file, line, column and excerpt.
    fn locate(&self, mut diagnostic: Diagnostic, span: Option<Range<usize>>) -> Diagnostic {
        diagnostic.file = Some(self.source.file.clone());
        let Some(span) = span else { return diagnostic };
        if span.start > self.source.file_len || (span.start == self.source.file_len && span.end > span.start)
        {
            let given = self
                .source
                .overrides
                .iter()
                .find(|change| change.range.start <= span.start && span.start <= change.range.end);
            diagnostic.file = given.map(|change| format!("the command line: {}", change.given));
            return diagnostic;
        }
        let text = &self.source.text;
        let head = text.get(..span.start).unwrap_or(text);
        let start = head.rfind('\n').map_or(0, |at| at + 1);
        let line =
            text.get(start..self.source.file_len).unwrap_or_default().lines().next().unwrap_or_default();
        let before = head.get(start..).unwrap_or_default().chars().count();
        let marked = text.get(span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
        // A tab takes one column, as in most editors' status lines.
        let room = line.chars().count().saturating_sub(before);
        diagnostic.line = Some(head.matches('\n').count() + 1);
        diagnostic.column = Some(before + 1);
        if !may_hold_a_secret(line) {
            diagnostic.excerpt = Some(Excerpt {
                line: line.replace('\t', " "),
                before,
                marked: marked.chars().count().min(room).max(1),
            });
        }
        diagnostic
    }
}

/// Whether a line gives a value to a key that would hold a secret: such a line is not shown.
fn may_hold_a_secret(line: &str) -> bool {
    let line = line.to_lowercase();
    SECRET_KEYS.iter().any(|key| {
        line.match_indices(key).any(|(at, _)| {
            let rest = line.get(at + key.len()..).unwrap_or_default();
            rest.trim_start_matches(['"', '\'', ' ', '\t']).starts_with('=')
        })
    })
}

/// The value with all its places moved by `offset`.
fn shifted(value: Spanned<DeValue<'_>>, offset: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let inner = match value.into_inner() {
        DeValue::Array(items) => {
            DeValue::Array(items.into_iter().map(|item| shifted(item, offset)).collect())
        }
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    let span = key.span();
                    let key = Spanned::new(span.start + offset..span.end + offset, key.into_inner());
                    (key, shifted(value, offset))
                })
                .collect(),
        ),
        other => other,
    };
    Spanned::new(span.start + offset..span.end + offset, inner)
}

#[cfg(test)]
mod tests;
