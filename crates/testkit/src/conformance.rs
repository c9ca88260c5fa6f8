use std::time::Duration;

use algoflow_core::{id::OrderId, time::TimeDelta};

use crate::{
    cases,
    report::{Outcome, Report},
    rule::Rule,
    scene::{End, Scene},
    stage::Stage,
};

/// How long one case may take. One that takes longer has failed.
pub const MAX_CASE: Duration = Duration::from_secs(600);

/// The suite. It plays one case for each [`Rule`] at a venue that the [`Stage`] opens anew.
#[derive(Clone, Debug)]
pub struct Conformance {
    run: u32,
    patience: Duration,
    away: u32,
    rules: Vec<Rule>,
}

impl Default for Conformance {
    fn default() -> Self {
        Self::new()
    }
}

impl Conformance {
    /// All rules; an event is waited for for two seconds; orders rest 5 % away from the market; client ids are of run 1.
    #[must_use]
    pub fn new() -> Self {
        Self { run: 1, patience: Duration::from_secs(2), away: 500, rules: Rule::ALL.to_vec() }
    }

    /// The run of the client ids. A venue that remembers ids (a test net) needs another for each run of the suite.
    #[must_use]
    pub const fn run_number(mut self, run: u32) -> Self {
        self.run = run;
        self
    }

    /// How long an event is waited for: longer than the venue ever takes. Cases that check that nothing comes take as long.
    #[must_use]
    pub fn patience(mut self, longest: TimeDelta) -> Self {
        self.patience = Duration::from_nanos(u64::try_from(longest.nanos()).unwrap_or(0));
        self
    }

    /// How far from the market orders rest, in basis points below 10,000: further than it moves during a case, and within the venue's bounds.
    #[must_use]
    pub const fn away(mut self, basis_points: u32) -> Self {
        self.away = if basis_points < 10_000 { basis_points } else { 9_999 };
        self
    }

    /// Only these rules.
    #[must_use]
    pub fn only(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules = rules.into_iter().collect();
        self.rules.sort_unstable();
        self.rules.dedup();
        self
    }

    /// Plays the cases, by number.
    pub async fn run(&self, stage: &mut dyn Stage) -> Report {
        let mut next = OrderId { run: self.run, strategy: 0, sequence: 0 };
        let mut results = Vec::new();
        for rule in &self.rules {
            let case = self.play(*rule, stage, &mut next);
            let outcome = match tokio::time::timeout(MAX_CASE, case).await {
                Ok(Ok(())) => Outcome::Passed,
                Ok(Err(End::Failed(why))) => Outcome::Failed(why),
                Ok(Err(End::Skipped(why))) => Outcome::Skipped(why),
                Err(_) => Outcome::Failed(format!("it took longer than {MAX_CASE:?}")),
            };
            results.push((*rule, outcome));
        }
        Report { venue: stage.instrument().venue().to_string(), results }
    }

    async fn play(&self, rule: Rule, stage: &mut dyn Stage, next: &mut OrderId) -> Result<(), End> {
        let mut scene = Scene::open(stage, next, self.patience, self.away).await?;
        let outcome = cases::play(rule, &mut scene).await;
        scene.leave().await;
        outcome
    }
}
