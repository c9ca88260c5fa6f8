//! One thing that is wrong with a configuration: where, what, and what to do.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a configuration.
///
/// Its text is the message with its place, an excerpt of the file, and the help:
///
/// ```text
/// unknown key `cahs` in [backtest]
///   --> algoflow.toml:3:1
///    |
///  3 | cahs = ["100000 USD"]
///    | ^^^^
///    = help: did you mean `cash`? known keys: seed, cash, report_in
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// A name of the kind of error that stays the same between versions.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// The file, or the option of the command line.
    pub(crate) file: Option<String>,
    /// The line, counted from 1.
    pub(crate) line: Option<usize>,
    /// The column in characters, counted from 1.
    pub(crate) column: Option<usize>,
    /// The key, like `strategy[0].params.fast`.
    pub(crate) key: Option<String>,
    /// What to do.
    pub(crate) help: Option<String>,
    #[serde(skip)]
    pub(crate) excerpt: Option<Excerpt>,
}

/// A line of the file, and how much of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) line: String,
    /// Characters before the marked part.
    pub(crate) before: usize,
    /// Characters that are marked, at least one.
    pub(crate) marked: usize,
}

impl Diagnostic {
    /// One without a place.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            file: None,
            line: None,
            column: None,
            key: None,
            help: None,
            excerpt: None,
        }
    }

    /// With what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line, counted from 1, if it is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The column in characters, counted from 1, if it is known.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.column
    }

    /// The key, like `strategy[0].params.fast`, if it is known.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What to do, if that is known.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        // As wide as the number of the line, so that everything stands below it.
        let margin = " ".repeat(self.line.map_or(1, |line| line.to_string().len()));
        match (&self.file, self.line, self.column) {
            (Some(file), Some(line), Some(column)) => write!(f, "\n{margin} --> {file}:{line}:{column}")?,
            (Some(file), _, _) => write!(f, "\n{margin} --> {file}")?,
            _ => {}
        }
        if let (Some(excerpt), Some(number)) = (&self.excerpt, self.line) {
            let (before, marks) = (" ".repeat(excerpt.before), "^".repeat(excerpt.marked));
            write!(f, "\n {margin} |\n {number} | {}\n {margin} | {before}{marks}", excerpt.line)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n {margin} = help: {help}")?;
        }
        Ok(())
    }
}
