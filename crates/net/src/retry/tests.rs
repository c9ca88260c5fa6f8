use std::cell::Cell;

use algoflow_core::{id::VenueId, order::RejectCode};

use super::*;

fn policy(most: u32, part: f64) -> Retry {
    let backoff = Backoff::new(TimeDelta::millis(10), TimeDelta::millis(100), 1).unwrap();
    Retry::new(backoff, RetryBudget::new(most, part).unwrap())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn lost() -> VenueError {
    VenueError::Connection { reason: "reset".to_owned() }
}

#[test]
fn r1_what_may_have_had_an_effect_is_not_sent_again() {
    let maybe = [
        VenueError::Unknown { evidence: "timeout".into() },
        VenueError::Protocol { reason: "cut off".into() },
    ];
    for error in maybe {
        let mut attempts = policy(10, 0.1).begin(at(0));
        assert_eq!(attempts.failed(&error, at(0)), Decision::GiveUp(GiveUp::MayHaveHadEffect), "{error}");
    }
}

#[test]
fn r2_what_will_not_change_is_not_asked_again() {
    let answers = [
        VenueError::Rejected { code: RejectCode::InvalidOrder, text: String::new() },
        VenueError::Unsupported { venue: VenueId::new("V").unwrap(), what: String::new() },
        VenueError::Authentication { reason: String::new() },
    ];
    for error in answers {
        let mut attempts = policy(10, 0.1).begin(at(0));
        assert_eq!(attempts.failed(&error, at(0)), Decision::GiveUp(GiveUp::Final), "{error}");
    }
    for error in [lost(), VenueError::NotSent { reason: String::new() }] {
        assert!(matches!(policy(10, 0.1).begin(at(0)).failed(&error, at(0)), Decision::Again(_)), "{error}");
    }
}

#[test]
fn r3_all_requests_pay_from_one_budget() {
    let retry = policy(2, 0.25);
    let mut paid = 0;
    for _ in 0..100 {
        if let Decision::Again(_) = retry.clone().begin(at(0)).failed(&lost(), at(0)) {
            paid += 1;
        }
    }
    // Two at first, then one for four requests; the first deposit went into a full budget.
    assert_eq!(paid, 2 + 99 / 4);
    assert_eq!(policy(2, 0.0).begin(at(0)).policy.budget.left(), 2);
    assert!(RetryBudget::new(1, f64::NAN).is_err());
    assert!(RetryBudget::new(MAX_BUDGET + 1, 0.1).is_err());
}

#[test]
fn r4_attempts_and_time_end() {
    let mut attempts = policy(10, 0.1).attempts(2).unwrap().begin(at(0));
    assert!(matches!(attempts.failed(&lost(), at(0)), Decision::Again(_)));
    assert_eq!(attempts.failed(&lost(), at(0)), Decision::GiveUp(GiveUp::Attempts));

    let retry = policy(10, 0.1).within(TimeDelta::millis(500));
    let decision = retry.begin(at(0)).failed(&lost(), at(500));
    assert_eq!(decision, Decision::GiveUp(GiveUp::Deadline));
    assert_eq!(retry.budget.left(), 10, "what is not tried costs nothing");
    assert!(policy(1, 0.1).attempts(0).is_err());
    assert!(policy(1, 0.1).attempts(MAX_ATTEMPTS + 1).is_err());
}

#[test]
fn r5_the_venue_is_given_the_time_that_it_asked_for() {
    let busy = VenueError::RateLimited { retry_after: TimeDelta::seconds(2) };
    let Decision::Again(wait) = policy(10, 0.1).begin(at(0)).failed(&busy, at(0)) else {
        panic!("not retried")
    };
    assert!((TimeDelta::seconds(2)..=TimeDelta::millis(2_010)).contains(&wait), "{wait}");
}

#[tokio::test(start_paused = true)]
async fn requests_are_repeated_until_they_succeed_or_must_not_be() {
    let calls = Cell::new(0);
    let failing = |last: VenueError| {
        calls.set(0);
        let calls = &calls;
        move || {
            calls.set(calls.get() + 1);
            let error = if calls.get() == 1 { lost() } else { last.clone() };
            async move { Err::<(), _>(error) }
        }
    };
    let unknown = VenueError::Unknown { evidence: "timeout".to_owned() };
    assert_eq!(policy(10, 0.1).run(failing(unknown.clone())).await, Err(unknown));
    assert_eq!(calls.get(), 2);
    assert_eq!(policy(10, 0.1).run(failing(lost())).await, Err(lost()));
    assert_eq!(calls.get(), 3);
}
