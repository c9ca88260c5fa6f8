use algoflow_core::error::VenueError;
use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn minute(limit: u32) -> Quota {
    Quota::window(limit, TimeDelta::minutes(1)).unwrap()
}

#[test]
fn l1_a_window_gives_back_what_is_older_than_it() {
    let mut limits = RateLimits::none().with("weight", minute(10));
    let cost = Cost::of("weight", 6);
    assert_eq!(limits.ask(&cost, Priority::Order, at(0)), Ok(Verdict::Go));
    // A slot is 937.5 ms, so what went at 0 counts until 60.9375 s.
    let free = Timestamp::from_nanos(60_937_500_000);
    assert_eq!(limits.ask(&cost, Priority::Order, at(100)), Ok(Verdict::Wait(free)));
    assert_eq!(limits.ask(&Cost::of("weight", 4), Priority::Order, at(100)), Ok(Verdict::Go));
    assert_eq!(limits.ask(&cost, Priority::Order, at(60_937)), Ok(Verdict::Wait(free)));
    assert_eq!(limits.ask(&cost, Priority::Order, free), Ok(Verdict::Go));
}

#[test]
fn l2_a_bucket_fills_evenly() {
    let bucket = Quota::bucket(3, 2, TimeDelta::seconds(1)).unwrap();
    let mut limits = RateLimits::none().with("orders", bucket);
    let cost = Cost::of("orders", 1);
    for _ in 0..3 {
        assert_eq!(limits.ask(&cost, Priority::Order, at(1_000)), Ok(Verdict::Go));
    }
    assert_eq!(limits.ask(&cost, Priority::Order, at(1_000)), Ok(Verdict::Wait(at(1_500))));
    assert_eq!(limits.ask(&Cost::of("orders", 2), Priority::Order, at(1_200)), Ok(Verdict::Wait(at(2_000))));
    assert_eq!(limits.ask(&cost, Priority::Order, at(1_500)), Ok(Verdict::Go));
    assert_eq!(limits.ask(&Cost::of("orders", 3), Priority::Order, at(9_000)), Ok(Verdict::Go));
    assert_eq!(limits.used("orders", at(9_000)), Ok(3), "no more than the burst was saved up");
}

#[test]
fn l3_all_limits_or_none() {
    let mut limits = RateLimits::none().with("weight", minute(100)).with("orders", minute(1));
    let order = Cost::of("weight", 5).and("orders", 1);
    assert_eq!(limits.ask(&order, Priority::Order, at(0)), Ok(Verdict::Go));
    assert!(matches!(limits.ask(&order, Priority::Order, at(0)), Ok(Verdict::Wait(_))));
    assert_eq!(limits.used("weight", at(0)), Ok(5), "the refused one took nothing");
}

#[test]
fn l4_the_reserved_part_is_for_cancels() {
    let mut limits = RateLimits::none().with("orders", minute(10).reserving(2).unwrap());
    assert_eq!(limits.ask(&Cost::of("orders", 8), Priority::Order, at(0)), Ok(Verdict::Go));
    let one = Cost::of("orders", 1);
    assert!(matches!(limits.ask(&one, Priority::Order, at(0)), Ok(Verdict::Wait(_))));
    assert!(matches!(limits.ask(&one, Priority::Query, at(0)), Ok(Verdict::Wait(_))));
    assert_eq!(limits.ask(&one, Priority::Cancel, at(0)), Ok(Verdict::Go));
    assert_eq!(
        limits.ask(&Cost::of("orders", 9), Priority::Order, at(0)),
        Err(NetError::Weight { name: "orders", weight: 9, most: 8 })
    );
    assert!(minute(10).reserving(10).is_err(), "nothing would be left");
}

#[test]
fn l5_the_venue_knows_better() {
    let mut limits = RateLimits::none().with("weight", minute(100));
    limits.ask(&Cost::of("weight", 10), Priority::Query, at(0)).unwrap();
    limits.observe_used("weight", 95, at(1)).unwrap();
    assert_eq!(limits.used("weight", at(1)), Ok(95));
    limits.observe_used("weight", 20, at(2)).unwrap();
    assert_eq!(limits.used("weight", at(2)), Ok(95), "a lower count can be an old answer");

    limits.observe_retry_after(TimeDelta::seconds(5), at(1_000));
    limits.observe_retry_after(TimeDelta::seconds(1), at(1_000));
    let verdict = limits.ask(&Cost::of("weight", 1), Priority::Cancel, at(2_000));
    assert_eq!(verdict, Ok(Verdict::Wait(at(6_000))));
    assert_eq!(limits.ask(&Cost::of("weight", 1), Priority::Cancel, at(6_000)), Ok(Verdict::Go));
}

#[test]
fn unknown_limits_are_refused() {
    let mut limits = RateLimits::none();
    let unknown = Err(NetError::UnknownLimit { name: "x".to_owned() });
    assert_eq!(limits.ask(&Cost::of("x", 1), Priority::Query, at(0)), unknown);
    assert_eq!(limits.ask(&Cost::free(), Priority::Query, at(0)), Ok(Verdict::Go));
    assert_eq!(Cost::of("x", 1).and("x", 2), Cost::of("x", 3));
}

#[tokio::test(start_paused = true)]
async fn l6_priority_first_then_in_the_order_of_coming() {
    let quota = Quota::bucket(1, 1, TimeDelta::seconds(1)).unwrap();
    let limits = RateLimits::none().with("orders", quota).with("other", minute(1));
    let limiter = RateLimiter::new(limits);
    let patient = Waiting::AtMost(TimeDelta::minutes(1));
    limiter.acquire(&Cost::of("orders", 1), Priority::Order, patient).await.unwrap();

    let (done, mut order) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = Vec::new();
    for (name, priority) in [
        ("query", Priority::Query),
        ("first", Priority::Order),
        ("second", Priority::Order),
        ("cancel", Priority::Cancel),
    ] {
        let (limiter, done) = (limiter.clone(), done.clone());
        tasks.push(tokio::spawn(async move {
            limiter.acquire(&Cost::of("orders", 1), priority, patient).await.unwrap();
            done.send(name).unwrap();
        }));
        tokio::task::yield_now().await;
    }
    // It needs another limit, so it passes all of them.
    limiter.acquire(&Cost::of("other", 1), Priority::Query, Waiting::Never).await.unwrap();
    for expected in ["cancel", "first", "second", "query"] {
        assert_eq!(order.recv().await, Some(expected));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn l6_who_would_wait_too_long_is_told_at_once() {
    let limits = RateLimits::none().with("w", Quota::bucket(1, 1, TimeDelta::seconds(10)).unwrap());
    let limiter = RateLimiter::new(limits);
    let cost = Cost::of("w", 1);
    limiter.acquire(&cost, Priority::Order, Waiting::Never).await.unwrap();
    let error = limiter.acquire(&cost, Priority::Order, Waiting::AtMost(TimeDelta::seconds(9))).await;
    assert_eq!(error, Err(VenueError::RateLimited { retry_after: TimeDelta::seconds(10) }));

    // One that is dropped while it waits makes room for the next.
    let waiting = Waiting::AtMost(TimeDelta::seconds(30));
    let dropped = tokio::time::timeout(
        std::time::Duration::from_secs(1),
        limiter.acquire(&cost, Priority::Order, waiting),
    );
    assert!(dropped.await.is_err());
    limiter.acquire(&cost, Priority::Order, waiting).await.unwrap();
}

#[test]
fn l6_the_queue_is_bounded() {
    let mut queue = queue::Queue::default();
    for _ in 0..MAX_WAITING {
        assert!(queue.join(Cost::of("w", 1), Priority::Query).is_some());
    }
    assert_eq!(queue.join(Cost::of("w", 1), Priority::Cancel), None);
}

proptest! {
    /// L1: whatever is asked whenever, no span of one window holds more than the limit.
    #[test]
    fn l1_no_span_holds_more_than_the_limit(
        limit in 1_u32..40,
        asks in prop::collection::vec((0_i64..400, 1_u32..10), 1..300),
    ) {
        let mut limits = RateLimits::none().with("w", Quota::window(limit, TimeDelta::millis(1_000)).unwrap());
        let (mut now, mut granted) = (0, Vec::<(i64, u32)>::new());
        for (pause, weight) in asks {
            now += pause;
            let weight = weight.min(limit);
            if limits.ask(&Cost::of("w", weight), Priority::Order, at(now)) == Ok(Verdict::Go) {
                granted.push((now, weight));
            }
        }
        for (start, _) in &granted {
            let span = granted.iter().filter(|(time, _)| (*start..*start + 1_000).contains(time));
            prop_assert!(span.map(|(_, weight)| weight).sum::<u32>() <= limit);
        }
    }

    /// L2: never more than the burst and what came back since; and who waits as long as told may go.
    #[test]
    fn l2_no_more_than_the_burst_and_the_rate(
        burst in 1_u32..20,
        rate in 1_u32..20,
        asks in prop::collection::vec((0_i64..400, 1_u32..10), 1..200),
    ) {
        let bucket = Quota::bucket(burst, rate, TimeDelta::seconds(1)).unwrap();
        let mut limits = RateLimits::none().with("w", bucket);
        let (mut now, mut granted) = (at(0), Vec::<(Timestamp, u32)>::new());
        for (pause, weight) in asks {
            now = now.saturating_add(TimeDelta::millis(pause));
            let cost = Cost::of("w", weight.min(burst));
            if let Verdict::Wait(time) = limits.ask(&cost, Priority::Order, now).unwrap() {
                prop_assert!(time > now);
                now = time;
                prop_assert_eq!(limits.ask(&cost, Priority::Order, now).unwrap(), Verdict::Go);
            }
            granted.push((now, weight.min(burst)));
        }
        for (first, (start, _)) in granted.iter().enumerate() {
            let mut sum = 0;
            for (time, weight) in &granted[first..] {
                sum += u64::from(*weight);
                let elapsed = u64::try_from(time.since(*start).nanos()).unwrap();
                prop_assert!(sum <= u64::from(burst) + (elapsed * u64::from(rate)).div_ceil(1_000_000_000));
            }
        }
    }

    /// L1: the time that a refused one is told is the right one: it may go then, unless others came first.
    #[test]
    fn l1_who_waits_as_long_as_told_may_go(asks in prop::collection::vec((0_i64..300, 1_u32..8), 1..200)) {
        let mut limits = RateLimits::none().with("w", Quota::window(8, TimeDelta::millis(777)).unwrap());
        let mut now = at(0);
        for (pause, weight) in asks {
            now = now.saturating_add(TimeDelta::millis(pause));
            let cost = Cost::of("w", weight);
            if let Verdict::Wait(time) = limits.ask(&cost, Priority::Order, now).unwrap() {
                prop_assert!(time > now);
                now = time;
                prop_assert_eq!(limits.ask(&cost, Priority::Order, now).unwrap(), Verdict::Go);
            }
        }
    }
}
