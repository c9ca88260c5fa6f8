//! The suite is checked with a venue that keeps every rule, and with mutants that each break one: a suite that cannot fail proves
//! nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod connector;
mod exchange;
mod mock;

use algoflow_core::capabilities::{Capabilities, Feature, Support};
use algoflow_testkit::{Conformance, Outcome, Report, Rule};
use mock::{MockStage, Mutant};

async fn report(stage: &mut MockStage) -> Report {
    Conformance::new().run(stage).await
}

#[tokio::test(start_paused = true)]
async fn a_correct_venue_passes_every_case() {
    let report = report(&mut MockStage::new(Mutant::None)).await;
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.results().len(), Rule::ALL.len());
    assert_eq!(report.skipped().count(), 0);
    assert!(report.to_string().ends_with("27 passed, 0 failed, 0 skipped"));
}

#[tokio::test(start_paused = true)]
async fn each_mutant_is_caught_by_the_case_of_the_rule_that_it_breaks() {
    use Rule as R;
    let mutants: &[(Mutant, &[Rule])] = &[
        (Mutant::ForeignInstrument, &[R::Instruments]),
        (Mutant::NoReason, &[R::Reasons]),
        (Mutant::RefusesIoc, &[R::NativeAccepted]),
        (Mutant::TakesStops, &[R::OthersRefused]),
        (Mutant::UnknownForStops, &[R::OthersRefused]),
        // Whoever cannot find an order again fails wherever one is looked for.
        (Mutant::LosesClientId, &[R::ClientId, R::Fills, R::Amend, R::PostOnly, R::Reconnected]),
        (Mutant::ChangesPrice, &[R::ClientId, R::FillOrKill, R::Reconnected]),
        (Mutant::TwoOrders, &[R::OneOrder]),
        (Mutant::ExpiresCancelled, &[R::LegalSteps]),
        (Mutant::FillsTwice, &[R::LegalSteps, R::Fills, R::ReduceOnly, R::Balances]),
        (Mutant::LosesFillInSnapshot, &[R::Fills]),
        (Mutant::StrangeFee, &[R::Fills, R::Balances]),
        (Mutant::CancelsUnknown, &[R::CancelUnknown]),
        (Mutant::UnknownForFilled, &[R::CancelFinished]),
        (Mutant::KeepsCancelled, &[R::OneOrder, R::CancelFinished, R::CancelOpen, R::Reconnected]),
        (Mutant::FillsCancelled, &[R::CancelOpen]),
        (Mutant::IgnoresAmend, &[R::Amend]),
        (Mutant::IocRests, &[R::ImmediateOrCancel]),
        (Mutant::FokRests, &[R::FillOrKill]),
        (Mutant::PostOnlyTakes, &[R::PostOnly]),
        (Mutant::ReduceOnlyOpens, &[R::ReduceOnly]),
        (Mutant::FillsWorse, &[R::LimitPrice]),
        (Mutant::WatermarkGoesBack, &[R::Watermark]),
        (Mutant::ForgetsFee, &[R::Balances]),
        (Mutant::LocksTooMuch, &[R::Balances]),
        (Mutant::OneSubscriber, &[R::TwoSubscribers]),
        (Mutant::LeaksStreams, &[R::DroppedStream]),
        (Mutant::NoGap, &[R::Disconnect]),
        (Mutant::TakesAnyInstrument, &[R::UnknownInstrument]),
        (Mutant::NoMarketData, &[R::MarketData]),
        (Mutant::KnowsTooEarly, &[R::MarketData]),
        (Mutant::ForgetsOnRestart, &[R::Reconnected]),
        (Mutant::RoundsQuantity, &[R::Increments]),
        (Mutant::ClockGoesBack, &[R::Clock]),
    ];
    let mut wrong = Vec::new();
    for (mutant, expected) in mutants {
        let report = report(&mut MockStage::new(*mutant)).await;
        let failed: Vec<_> = report.failed().collect();
        if failed != *expected {
            wrong.push(format!("{mutant:?}: expected {expected:?}, failed {failed:?}\n{report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // Every rule is broken by some mutant.
    for rule in Rule::ALL {
        assert!(mutants.iter().any(|(_, rules)| rules.contains(rule)), "no mutant breaks {rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stage_cannot_do_is_skipped_with_its_words() {
    let mut stage = MockStage::new(Mutant::None);
    stage.able = false;
    let report = report(&mut stage).await;
    report.assert_passed();
    let skipped: Vec<_> = report.skipped().collect();
    assert_eq!(skipped, [Rule::LimitPrice, Rule::Disconnect, Rule::MarketData, Rule::Reconnected]);
    assert_eq!(report.outcome(Rule::Disconnect), Some(&Outcome::Skipped("it only trades".to_owned())));
    assert!(
        report.to_string().contains("V22  disconnects                  skipped  it only trades"),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn cases_follow_the_capabilities() {
    let table = [Feature::Market, Feature::Gtc];
    let table =
        table.iter().fold(Capabilities::none(), |table, feature| table.with(*feature, Support::Native));
    let report = report(&mut MockStage::with(Mutant::None, table)).await;
    report.assert_passed();
    let skipped = report.outcome(Rule::ClientId);
    assert_eq!(skipped, Some(&Outcome::Skipped("Limit is not native".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_report_in_which_nothing_was_checked_has_not_passed() {
    let mut stage = MockStage::new(Mutant::None);
    stage.able = false;
    let report = Conformance::new().only([Rule::Disconnect, Rule::Disconnect]).run(&mut stage).await;
    assert_eq!(report.results().len(), 1);
    assert!(!report.passed());
}
