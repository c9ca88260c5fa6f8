//! Questions and answers.

use std::{
    collections::BTreeMap,
    io::{BufRead, IsTerminal},
};

use crate::{error::CliError, term::Term};

/// How often a question is asked before it is given up.
const MAX_TRIES: usize = 5;

/// The longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 4_096;

/// Asks a person, or reads the answers line by line; those of the command line are not asked for.
pub(super) struct Asker<'t> {
    term: &'t Term,
    given: BTreeMap<String, String>,
    input: Box<dyn BufRead>,
    is_person: bool,
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'q> {
    /// Its name, for answers on the command line.
    pub(super) key: &'static str,
    /// What is asked.
    pub(super) text: &'q str,
    /// The answer to an empty line.
    pub(super) default: Option<&'q str>,
}

impl<'t> Asker<'t> {
    pub(super) fn new(given: BTreeMap<String, String>, term: &'t Term) -> Self {
        let is_person = std::io::stdin().is_terminal();
        Self { term, given, input: Box::new(std::io::stdin().lock()), is_person }
    }

    /// Asks until the answer is one. A person is asked again; an answer that was given is an error.
    pub(super) fn ask<T>(
        &mut self,
        question: Question<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, CliError> {
        let Question { key, text, default } = question;
        let wrong = |reason: String| CliError::usage(format!("{key}: {reason}"), format!("{text}?"));
        if let Some(answer) = self.given.remove(key) {
            return read(&answer).map_err(wrong);
        }
        for _ in 0..MAX_TRIES {
            let shown = default.filter(|default| !default.is_empty()).map(|default| format!(" [{default}]"));
            if self.is_person {
                self.term.prompt(&format!("{text}{}: ", shown.unwrap_or_default()));
            }
            let line = self.line()?;
            let answer = match (line.as_deref().map(str::trim), default) {
                (Some(""), Some(default)) | (None, Some(default)) => default.to_owned(),
                (Some(line), _) => line.to_owned(),
                (None, None) => return Err(wrong("there is no answer".to_owned())),
            };
            match read(&answer) {
                Ok(value) => return Ok(value),
                Err(reason) if self.is_person => self.term.note(format!("  {reason}")),
                Err(reason) => return Err(wrong(reason)),
            }
        }
        Err(wrong(format!("{MAX_TRIES} answers made no sense")))
    }

    /// Answers that nothing has asked for.
    pub(super) fn left(&self) -> Vec<&str> {
        self.given.keys().map(String::as_str).collect()
    }

    fn line(&mut self) -> Result<Option<String>, CliError> {
        let failed =
            |reason: String| CliError::usage(format!("the answers cannot be read: {reason}"), "one a line");
        let mut bytes = Vec::new();
        let mut limited = std::io::Read::take(&mut self.input, MAX_ANSWER_BYTES as u64 + 1);
        let read = limited.read_until(b'\n', &mut bytes).map_err(|error| failed(error.to_string()))?;
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err(failed(format!("one is longer than {MAX_ANSWER_BYTES} bytes")));
        }
        let line = String::from_utf8(bytes).map_err(|_| failed("one is not UTF-8 text".to_owned()))?;
        Ok((read > 0).then_some(line))
    }
}
