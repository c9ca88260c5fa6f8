use std::fmt;

use crate::rule::Rule;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rule holds, as far as the case can see.
    Passed,
    /// The rule is broken.
    Failed(String),
    /// The case could not be played.
    Skipped(String),
}

/// What became of every case that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub(crate) venue: String,
    pub(crate) results: Vec<(Rule, Outcome)>,
}

impl Report {
    /// The outcomes, by rule.
    #[must_use]
    pub fn results(&self) -> &[(Rule, Outcome)] {
        &self.results
    }

    /// The outcome of one case; `None` if it was not run.
    #[must_use]
    pub fn outcome(&self, rule: Rule) -> Option<&Outcome> {
        self.results.iter().find(|(known, _)| *known == rule).map(|(_, outcome)| outcome)
    }

    /// The rules that are broken.
    pub fn failed(&self) -> impl Iterator<Item = Rule> {
        self.results
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
            .map(|(rule, _)| *rule)
    }

    /// The rules that could not be checked.
    pub fn skipped(&self) -> impl Iterator<Item = Rule> {
        self.results
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Skipped(_)))
            .map(|(rule, _)| *rule)
    }

    /// Whether something was checked and no rule is broken.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failed().next().is_none() && self.results.iter().any(|(_, outcome)| *outcome == Outcome::Passed)
    }

    /// For the end of a test.
    ///
    /// # Panics
    /// With the table if a rule is broken, or nothing could be checked.
    #[expect(clippy::panic, reason = "a test fails by it")]
    pub fn assert_passed(&self) {
        if !self.passed() {
            panic!("\n{self}");
        }
    }
}

/// The table, one line a rule.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "conformance of {}", self.venue)?;
        for (rule, outcome) in &self.results {
            let (word, why) = match outcome {
                Outcome::Passed => ("passed", ""),
                Outcome::Failed(why) => ("FAILED", why.as_str()),
                Outcome::Skipped(why) => ("skipped", why.as_str()),
            };
            let line = format!("{rule:<4} {:<28} {word:<8} {why}", rule.name());
            writeln!(f, "{}", line.trim_end())?;
        }
        let (failed, skipped) = (self.failed().count(), self.skipped().count());
        let passed = self.results.len() - failed - skipped;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
