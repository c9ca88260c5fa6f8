use algoflow_core::order::RejectCode;
use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn trip() -> Trip {
    let (rest, longest_rest) = (TimeDelta::seconds(1), TimeDelta::seconds(3));
    Trip { failures: 2, of: 3, rest, longest_rest, probes: 2 }
}

fn send(breaker: &mut Breaker, failed: bool, now: i64) {
    let pass = breaker.ask(at(now)).unwrap();
    breaker.done(pass, failed, at(now));
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new(trip()).unwrap();
    send(&mut breaker, true, 0);
    send(&mut breaker, true, 0);
    breaker
}

#[test]
fn b1_failures_among_the_last_outcomes_open() {
    let mut breaker = Breaker::new(trip()).unwrap();
    for failed in [true, false, false, true, false, false] {
        send(&mut breaker, failed, 0);
        assert_eq!(breaker.state(at(0)), BreakerState::Closed);
    }
    send(&mut breaker, true, 0);
    send(&mut breaker, true, 5);
    assert_eq!(breaker.state(at(5)), BreakerState::Open { until: at(1_005) });
}

#[test]
fn b2_nothing_goes_while_it_is_open() {
    let mut breaker = opened();
    assert_eq!(breaker.ask(at(400)), Err(TimeDelta::millis(600)));
    assert!(breaker.ask(at(1_000)).is_ok());
}

#[test]
fn b3_probes_close_it_or_open_it_for_longer() {
    let mut breaker = opened();
    let (first, second) = (breaker.ask(at(1_000)).unwrap(), breaker.ask(at(1_000)).unwrap());
    assert_eq!(breaker.ask(at(1_000)), Err(TimeDelta::ZERO), "two at a time");
    breaker.done(first, false, at(1_100));
    assert_eq!(breaker.state(at(1_100)), BreakerState::HalfOpen);
    breaker.done(second, false, at(1_100));
    assert_eq!(breaker.state(at(1_100)), BreakerState::Closed);

    let mut breaker = opened();
    let mut now = 1_000;
    for rest in [2_000, 3_000, 3_000] {
        send(&mut breaker, true, now);
        assert_eq!(breaker.state(at(now)), BreakerState::Open { until: at(now + rest) });
        now += rest;
    }
    send(&mut breaker, false, now);
    send(&mut breaker, false, now);
    send(&mut breaker, true, now);
    send(&mut breaker, true, now);
    assert_eq!(
        breaker.state(at(now)),
        BreakerState::Open { until: at(now + 1_000) },
        "short again once it was well"
    );
}

#[test]
fn b4_only_what_tells_of_an_ill_venue_is_a_failure() {
    let text = String::new;
    assert!(is_failure(&VenueError::Unknown { evidence: text() }));
    assert!(is_failure(&VenueError::Connection { reason: text() }));
    assert!(is_failure(&VenueError::Protocol { reason: text() }));
    assert!(!is_failure(&VenueError::Rejected { code: RejectCode::Other, text: text() }));
    assert!(!is_failure(&VenueError::RateLimited { retry_after: TimeDelta::ZERO }));
    assert!(!is_failure(&VenueError::NotSent { reason: text() }));
}

#[test]
fn b5_outcomes_of_the_past_are_not_counted() {
    let mut breaker = Breaker::new(trip()).unwrap();
    let slow = breaker.ask(at(0)).unwrap();
    send(&mut breaker, true, 0);
    send(&mut breaker, true, 0);
    let probe = breaker.ask(at(1_000)).unwrap();
    breaker.done(slow, true, at(1_000));
    assert_eq!(breaker.state(at(1_000)), BreakerState::HalfOpen);
    breaker.done(probe, true, at(1_000));
    assert!(matches!(breaker.state(at(1_000)), BreakerState::Open { .. }));
}

#[tokio::test(start_paused = true)]
async fn b6_a_permit_that_is_dropped_frees_its_place() {
    let circuit = CircuitBreaker::new(Trip { probes: 1, ..trip() }).unwrap();
    let failed: Result<(), _> = Err(VenueError::Connection { reason: String::new() });
    circuit.permit().unwrap().done(&failed);
    circuit.permit().unwrap().done(&failed);
    assert_eq!(circuit.permit().unwrap_err().code(), "VENUE_NOT_SENT");
    tokio::time::advance(std::time::Duration::from_secs(1)).await;

    let probe = circuit.permit().unwrap();
    assert!(circuit.permit().is_err());
    drop(probe);
    circuit.permit().unwrap().done::<()>(&Err(VenueError::NotSent { reason: String::new() }));
    assert_eq!(circuit.state(), BreakerState::HalfOpen, "what did not go says nothing of the venue");
    circuit.permit().unwrap().done(&Ok(()));
    assert_eq!(circuit.state(), BreakerState::Closed);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let bad = [
        Trip { failures: 0, ..trip() },
        Trip { failures: 4, ..trip() },
        Trip { of: MAX_OUTCOMES + 1, ..trip() },
        Trip { rest: TimeDelta::ZERO, ..trip() },
        Trip { longest_rest: TimeDelta::millis(1), ..trip() },
        Trip { probes: 0, ..trip() },
    ];
    for trip in bad {
        assert_eq!(Breaker::new(trip).unwrap_err().code(), "NET_SETTING", "{trip:?}");
    }
}

proptest! {
    /// However requests overlap, an open breaker lets nothing through, a half-open one no more than its probes, and it always
    /// becomes half-open in the end.
    #[test]
    fn states_hold_under_any_overlap(steps in prop::collection::vec((0_i64..800, 0_u8..4, any::<prop::sample::Index>()), 1..200)) {
        let mut breaker = Breaker::new(trip()).unwrap();
        let (mut now, mut under_way) = (0, Vec::new());
        for (pause, action, which) in steps {
            now += pause;
            let before = breaker.state(at(now));
            match action {
                0 | 1 => match breaker.ask(at(now)) {
                    Ok(pass) => {
                        let was_open = matches!(before, BreakerState::Open { .. });
                        prop_assert!(!was_open);
                        under_way.push(pass);
                    }
                    Err(wait) => {
                        prop_assert!(before != BreakerState::Closed && wait <= trip().longest_rest);
                    }
                },
                _ if under_way.is_empty() => {}
                2 => breaker.given_up(under_way.swap_remove(which.index(under_way.len()))),
                _ => {
                    let pass = under_way.swap_remove(which.index(under_way.len()));
                    breaker.done(pass, which.index(2) == 0, at(now));
                }
            }
            if breaker.state(at(now)) == BreakerState::HalfOpen {
                let probes = under_way.iter().filter(|pass| pass.epoch == breaker.epoch).count();
                prop_assert!(probes <= trip().probes);
                prop_assert_eq!(probes, breaker.probing);
            }
        }
        let still_open = matches!(breaker.state(at(now + 3_000)), BreakerState::Open { .. });
        prop_assert!(!still_open);
    }
}
