use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::EPOCH;

fn at(seconds: i64) -> Timestamp {
    START.saturating_add(TimeDelta::seconds(seconds))
}

fn settings(text: &str) -> AlertSettings {
    serde_json::from_str(text).unwrap()
}

/// One chat that gets everything, with a limit.
fn one(messages: usize, dedup: &str) -> AlertRouter {
    let text = format!(
        r#"{{"rules": [{{"sinks": ["chat"]}}], "dedup": "{dedup}",
             "telegram": {{"chat": {{"token": "t", "chat": "1", "limit": {{"messages": {messages}, "per": "1m"}}}}}}}}"#
    );
    AlertRouter::new(&settings(&text), &Redactor::new()).unwrap()
}

fn alert(level: AlertLevel, code: &'static str) -> Alert {
    Alert::new(START, level, code, format!("title of {code}"))
}

/// What is sent now, each message being confirmed at once.
fn sent(router: &mut AlertRouter, now: Timestamp) -> Vec<String> {
    let mut titles = Vec::new();
    loop {
        let deliveries = router.poll(now);
        if deliveries.is_empty() {
            return titles;
        }
        for delivery in deliveries {
            titles.push(format!("{}: {}", router.sinks()[delivery.sink], delivery.alert.title));
            router.finished(delivery.sink, &SendOutcome::Sent, now);
        }
    }
}

#[test]
fn a1_rules_choose_sinks_and_each_gets_an_alert_once() {
    let text = r#"{
        "rules": [
            {"level": "critical", "sinks": ["phone", "slack"], "dedup": "1m"},
            {"codes": ["RISK_*"], "sinks": ["slack"], "dedup": "10m"}
        ],
        "telegram": {"phone": {"token": "t", "chat": "1"}},
        "webhook": {"slack": {"url": "https://x"}}
    }"#;
    let mut router = AlertRouter::new(&settings(text), &Redactor::new()).unwrap();
    router.alert(alert(AlertLevel::Critical, "RISK_LOSS"), at(0));
    router.alert(alert(AlertLevel::Warning, "RISK_RATE"), at(0));
    router.alert(alert(AlertLevel::Warning, "OTHER"), at(0));
    assert_eq!(
        sent(&mut router, at(0)),
        ["slack: title of RISK_LOSS", "phone: title of RISK_LOSS", "slack: title of RISK_RATE"]
    );
    assert_eq!(router.unrouted(), 1);
    // After a minute the window of the phone is over, that of Slack is not.
    router.alert(alert(AlertLevel::Critical, "RISK_LOSS"), at(61));
    assert_eq!(sent(&mut router, at(61)), ["phone: title of RISK_LOSS"]);
}

#[test]
fn a2_a3_the_same_again_is_counted_and_told() {
    let mut router = one(20, "5m");
    for second in 0..13 {
        router.alert(alert(AlertLevel::Warning, "X"), at(second));
    }
    router.alert(alert(AlertLevel::Warning, "X").key("another"), at(13));
    assert_eq!(sent(&mut router, at(13)), ["chat: title of X", "chat: title of X"]);
    assert_eq!(router.next_wake(), Some(at(300)));
    assert_eq!(sent(&mut router, at(299)), [""; 0]);
    assert_eq!(sent(&mut router, at(300)), ["chat: 12 more of X in 5m"]);
    // The window goes on, and ends without a word.
    router.alert(alert(AlertLevel::Warning, "X"), at(301));
    assert_eq!(sent(&mut router, at(600)), ["chat: 1 more of X in 5m"]);
    assert_eq!(sent(&mut router, at(900)), [""; 0]);
    assert_eq!(router.next_wake(), None);
    router.alert(alert(AlertLevel::Warning, "X"), at(901));
    assert_eq!(sent(&mut router, at(901)), ["chat: title of X"]);
    assert_eq!(
        router.counts().next().unwrap(),
        SinkCounts { sent: 5, suppressed: 13, ..SinkCounts::default() }
    );
}

#[test]
fn a2_worse_is_sent_at_once() {
    let mut router = one(20, "5m");
    router.alert(alert(AlertLevel::Info, "X"), at(0));
    router.alert(alert(AlertLevel::Info, "X"), at(1));
    assert_eq!(sent(&mut router, at(1)), ["chat: title of X"]);
    router.alert(alert(AlertLevel::Critical, "X"), at(60));
    router.alert(alert(AlertLevel::Info, "X"), at(61));
    assert_eq!(sent(&mut router, at(61)), ["chat: title of X", "chat: 1 more of X in 1m"]);
    assert_eq!(router.next_wake(), Some(at(360)));
}

#[test]
fn a2_no_window_sends_everything() {
    let mut router = one(20, "0s");
    router.alert(alert(AlertLevel::Info, "X"), at(0));
    router.alert(alert(AlertLevel::Info, "X"), at(0));
    assert_eq!(sent(&mut router, at(0)).len(), 2);
    assert_eq!(router.next_wake(), None);
}

#[test]
fn a4_over_the_limit_critical_waits_and_others_are_summed_up() {
    let mut router = one(3, "0s");
    for code in ["A", "B", "C", "D", "E", "D"] {
        router.alert(alert(AlertLevel::Warning, code), at(0));
    }
    router.alert(alert(AlertLevel::Critical, "BAD"), at(1));
    // Critical overtakes, and takes the place that C had.
    assert_eq!(sent(&mut router, at(1)), ["chat: title of BAD", "chat: title of A", "chat: title of B"]);
    router.alert(alert(AlertLevel::Critical, "WORSE"), at(2));
    assert_eq!(sent(&mut router, at(60)), [""; 0]);
    assert_eq!(router.next_wake(), Some(at(61)));
    let mut deliveries = router.poll(at(61));
    assert_eq!(deliveries.pop().unwrap().alert.title, "title of WORSE");
    router.finished(0, &SendOutcome::Sent, at(61));
    assert_eq!(router.poll(at(61)).pop().unwrap().alert.title, "title of C");
    router.finished(0, &SendOutcome::Sent, at(61));
    let held = router.poll(at(61)).pop().unwrap().alert;
    assert_eq!(held.title, "3 alerts were held back by the limit of this receiver");
    assert_eq!((held.text.as_str(), held.level), ("2 of D\n1 of E", AlertLevel::Warning));
}

#[test]
fn a5_one_message_at_a_time() {
    let mut router = one(20, "0s");
    router.alert(alert(AlertLevel::Info, "A"), at(0));
    router.alert(alert(AlertLevel::Info, "B"), at(0));
    assert_eq!(router.poll(at(0)).len(), 1);
    assert_eq!(router.poll(at(0)).len(), 0);
    assert!(!router.is_idle());
    router.finished(0, &SendOutcome::Sent, at(0));
    assert_eq!(router.poll(at(0)).len(), 1);
    router.finished(0, &SendOutcome::Sent, at(0));
    assert!(router.is_idle());
}

#[test]
fn a6_overflow_drops_the_oldest_of_the_lowest_level() {
    let mut router = one(1_000, "0s");
    router.alert(alert(AlertLevel::Critical, "FIRST"), at(0));
    router.alert(alert(AlertLevel::Info, "LOW"), at(0));
    router.alert(alert(AlertLevel::Warning, "MIDDLE"), at(0));
    for _ in 0..MAX_WAITING - 1 {
        router.alert(alert(AlertLevel::Critical, "MORE"), at(0));
    }
    // LOW and MIDDLE had to go.
    let first = router.poll(at(0)).pop().unwrap().alert;
    assert_eq!(
        (first.title.as_str(), first.text.as_str()),
        ("title of FIRST", "\n2 alerts before this were dropped: too many waited.")
    );
    router.finished(0, &SendOutcome::Sent, at(0));
    let rest = sent(&mut router, at(0));
    assert_eq!(rest.len(), MAX_WAITING - 1);
    assert!(rest.iter().all(|title| title.ends_with("MORE")));
    assert_eq!(router.counts().next().unwrap().dropped, 2);
}

#[test]
fn a7_tries_again_with_growing_pauses_and_gives_up() {
    let mut router = one(1_000, "0s");
    router.alert(alert(AlertLevel::Info, "X"), at(0));
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..MAX_TRIES {
        assert_eq!(router.poll(now).len(), 1);
        router.finished(0, &SendOutcome::TryAgain { after: None }, now);
        if let Some(wake) = router.next_wake() {
            assert_eq!(router.poll(wake.saturating_sub(TimeDelta::millis(1))).len(), 0);
            pauses.push(wake.since(now).to_string());
            now = wake;
        }
    }
    assert_eq!(pauses, ["1s", "2s", "4s", "8s", "16s"]);
    assert!(router.is_idle());
    assert_eq!(router.counts().next().unwrap().failed, 1);
    // What the receiver says holds, within the bound.
    router.alert(alert(AlertLevel::Info, "X"), at(100));
    assert_eq!(router.poll(at(100)).len(), 1);
    router.finished(0, &SendOutcome::TryAgain { after: Some(TimeDelta::hours(5)) }, at(100));
    assert_eq!(router.next_wake(), Some(at(400)));
    assert_eq!(router.poll(at(400)).len(), 1);
    router.finished(0, &SendOutcome::Refused, at(400));
    assert_eq!(router.counts().next().unwrap().failed, 2);
}

#[test]
fn a8_secrets_are_hidden() {
    let redactor = Redactor::new();
    redactor.register(&"hunter2-hunter2".into()).unwrap();
    let text = r#"{"rules": [{"sinks": ["chat"]}], "telegram": {"chat": {"token": "t", "chat": "1"}}}"#;
    let mut router = AlertRouter::new(&settings(text), &redactor).unwrap();
    let secret = alert(AlertLevel::Info, "X").text("it is hunter2-hunter2").key("hunter2-hunter2");
    router.alert(secret.clone(), at(0));
    router.alert(secret, at(1));
    let first = router.poll(at(1));
    router.finished(0, &SendOutcome::Sent, at(1));
    let second = router.poll(at(600));
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(!format!("{first:?}{second:?}").contains("hunter2"));
}

#[test]
fn a9_windows_are_bounded() {
    let mut router = one(1_000, "5m");
    router.alert(alert(AlertLevel::Info, "X").key("first"), at(0));
    router.alert(alert(AlertLevel::Info, "X").key("first"), at(0));
    sent(&mut router, at(0));
    for n in 0..MAX_KEYS {
        router.alert(alert(AlertLevel::Info, "Y").key(n.to_string()), at(1));
    }
    assert_eq!(router.windows.len(), MAX_KEYS);
    router.outboxes[0].waiting.retain(|waiting| waiting.alert.code == "X");
    assert_eq!(sent(&mut router, at(2)), ["chat: 1 more of X in 1s"]);
}

#[test]
fn a10_the_last_words_are_said() {
    let mut router = one(2, "5m");
    for code in ["A", "A", "B", "C"] {
        router.alert(alert(AlertLevel::Warning, code), at(0));
    }
    assert_eq!(sent(&mut router, at(0)), ["chat: title of A", "chat: title of B"]);
    router.close(at(30));
    router.alert(alert(AlertLevel::Critical, "LATE"), at(30));
    // The summary is over the limit too, so that it is summed up with what was held back.
    let last = router.poll(at(30)).pop().unwrap().alert;
    assert_eq!(last.text, "1 of A\n1 of C");
    router.finished(0, &SendOutcome::Sent, at(30));
    assert!(router.is_idle());
}

#[test]
fn a10_what_is_given_up_is_counted() {
    let mut router = one(2, "0s");
    for code in ["A", "B", "C"] {
        router.alert(alert(AlertLevel::Warning, code), at(0));
    }
    assert_eq!(router.poll(at(0)).len(), 1);
    router.close(at(0));
    assert_eq!(router.abandon(), [3]);
    assert!(router.is_idle());
    router.finished(0, &SendOutcome::Sent, at(1));
    assert_eq!(
        router.counts().next().unwrap(),
        SinkCounts { failed: 3, suppressed: 1, ..SinkCounts::default() }
    );
}

#[derive(Clone, Debug)]
enum Step {
    Alert(u8, u8),
    Wait(u16),
    Finish(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, 0..6_u8).prop_map(|(level, code)| Step::Alert(level, code)),
        2 => (0..400_u16).prop_map(Step::Wait),
        3 => (0..4_u8).prop_map(Step::Finish),
    ]
}

proptest! {
    /// A4, A6: no interval has more messages than the limit, what waits is bounded, and every alert is accounted for.
    #[test]
    fn limits_hold_and_nothing_is_lost(steps in prop::collection::vec(step(), 1..300), messages in 1..5_usize) {
        let mut router = one(messages, "2m");
        let (mut now, mut alerts, mut out) = (0, 0_u64, Vec::new());
        for step in steps {
            match step {
                Step::Alert(level, code) => {
                    let level = [AlertLevel::Info, AlertLevel::Warning, AlertLevel::Critical][usize::from(level)];
                    let code = ["A", "B", "C", "D", "E", "F"][usize::from(code)];
                    router.alert(alert(level, code), at(now));
                    alerts += 1;
                }
                Step::Wait(seconds) => now += i64::from(seconds),
                Step::Finish(0) => router.finished(0, &SendOutcome::TryAgain { after: None }, at(now)),
                Step::Finish(1) => router.finished(0, &SendOutcome::Refused, at(now)),
                Step::Finish(_) => router.finished(0, &SendOutcome::Sent, at(now)),
            }
            out.extend(router.poll(at(now)).iter().map(|_| now));
            prop_assert!(router.outboxes[0].waiting.len() <= MAX_WAITING);
            let recent = out.iter().filter(|sent| **sent > now - 60).count();
            prop_assert!(recent <= messages, "{recent} messages in a minute");
            if let Some(wake) = router.next_wake() {
                prop_assert!(wake > at(now), "what is due was not polled");
            }
        }
        // In the end everything is out, or was counted.
        router.close(at(now));
        for _ in 0..MAX_WAITING * 2 {
            router.finished(0, &SendOutcome::Sent, at(now));
            router.poll(at(now + 1_000));
        }
        prop_assert!(router.is_idle());
        let counts = router.counts().next().unwrap();
        prop_assert!(counts.sent + counts.failed + counts.suppressed + counts.dropped >= alerts);
    }
}
