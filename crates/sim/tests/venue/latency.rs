//! Timelines of delayed messages.

use algoflow_core::{
    order::RejectCode,
    time::{TimeDelta, Timestamp},
};
use algoflow_sim::{BarFill, Latency, RejectModel};

use crate::rig::{Rig, at, order, venue};

fn delayed(entry: i64, ack: i64) -> Rig {
    let latency = Latency::new(TimeDelta::ZERO, TimeDelta::seconds(entry), TimeDelta::seconds(ack));
    Rig::new(&venue().latency(latency))
}

const FLAT: &str = "100 100 100 100";

#[test]
fn without_latency_nothing_is_ever_under_way() {
    let mut rig = delayed(0, 0);
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX);
    rig.bar(0, FLAT);
    rig.place("buy 10 market");
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX);
}

#[test]
fn a_command_acts_after_the_entry_latency() {
    let mut rig = delayed(5, 0);
    rig.bar(0, FLAT);
    assert!(rig.place("buy 10 market").is_empty());
    assert_eq!(rig.exchange.next_wakeup(), at(65.0));
    assert_eq!(rig.exchange.open_orders().count(), 0);
    assert!(rig.advance(64.0).is_empty());
    assert_eq!(rig.exchange.next_wakeup(), at(65.0));
    rig.advance(65.0);
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX);
    assert_eq!(rig.exchange.open_orders().count(), 1);
    assert_eq!(rig.events.last().unwrap().ts_event, at(65.0));
    // 100 to 98 (the nearer extreme) to 104 to 100 is 12 points in 60 seconds: 5 seconds in it stands at 99.
    assert_eq!(rig.bar(1, "100 104 98 100"), ["1 take 10@99"]);
}

#[test]
fn the_same_close_is_missed_by_a_delayed_order() {
    let latency = Latency { entry: TimeDelta::millis(1), ..Latency::NONE };
    let mut rig = Rig::new(&venue().bar_fill(BarFill::SameClose).latency(latency));
    rig.bar(0, FLAT);
    assert!(rig.place("buy 10 market").is_empty());
    assert!(rig.advance(60.001).is_empty());
    assert_eq!(rig.bar(1, "103 104 102 103"), ["1 take 10@103"], "a millisecond in, still at the open");
}

#[test]
fn reports_come_after_the_ack_latency() {
    let mut rig = delayed(0, 5);
    rig.bar(0, FLAT);
    assert!(rig.place("buy 10 market").is_empty());
    assert!(rig.events.is_empty(), "even the acceptance is on its way");
    assert_eq!(rig.exchange.next_wakeup(), at(65.0));
    rig.advance(65.0);
    let accepted = rig.events.last().unwrap();
    assert_eq!((accepted.ts_event, accepted.ts_recv), (at(60.0), at(65.0)));
    assert!(rig.bar(1, "101 101 101 101").is_empty(), "filled at the venue, not known yet");
    assert_eq!(rig.exchange.open_orders().count(), 0);
    assert_eq!(rig.exchange.next_wakeup(), at(125.0));
    assert_eq!(rig.advance(125.0), ["1 take 10@101"]);
    let filled = rig.events.last().unwrap();
    assert_eq!((filled.ts_event, filled.ts_recv), (at(120.0), at(125.0)));
    assert_eq!(filled.fill().unwrap().ts_recv, at(125.0));
    assert_eq!(rig.exchange.next_wakeup(), Timestamp::MAX);
}

#[test]
fn a_cancellation_can_come_too_late() {
    let mut rig = delayed(5, 0);
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    rig.advance(65.0);
    rig.advance(118.0);
    assert!(rig.cancel(1).is_empty());
    assert_eq!(rig.bar(1, "100 100 98 98"), ["1 make 10@99"]);
    assert_eq!(rig.exchange.next_wakeup(), at(123.0));
    assert_eq!(rig.advance(123.0), ["1 cancel refused UNKNOWN_ORDER"]);
}

#[test]
fn what_is_due_before_the_data_happens_first() {
    // The driver forgets to advance: the venue catches up by itself.
    let mut rig = delayed(5, 0);
    rig.bar(0, FLAT);
    rig.place("buy 10 market");
    assert_eq!(rig.bar(2, "103 103 103 103"), ["1 take 10@103"]);
    assert_eq!(rig.events.first().unwrap().ts_event, at(65.0));
}

#[test]
fn commands_arrive_in_the_order_in_which_they_left() {
    let mut rig = delayed(2, 3);
    rig.quote(1.0, "99x10/101x10");
    rig.place("buy 10 market");
    rig.place("buy 10 market ioc");
    assert_eq!(rig.exchange.next_wakeup(), at(3.0));
    assert!(rig.advance(3.0).is_empty());
    assert_eq!(rig.exchange.next_wakeup(), at(6.0));
    assert_eq!(rig.advance(6.0), ["1 take 10@101", "2 cancelled unfilled"]);
}

#[test]
fn time_does_not_go_back() {
    let mut rig = delayed(0, 0);
    rig.bar(1, FLAT);
    let early = crate::rig::bar(0, FLAT).into();
    assert_eq!(rig.exchange.on_market(&early).unwrap_err().code(), "SIM_TIME_REVERSED");
    assert_eq!(rig.exchange.advance(at(1.0)).unwrap_err().code(), "SIM_TIME_REVERSED");
    let command = algoflow_core::command::Command::Submit(algoflow_core::command::Submit {
        order: crate::rig::id(1),
        spec: order("buy 1 market"),
    });
    assert_eq!(rig.exchange.execute(&command, at(1.0)).unwrap_err().code(), "SIM_TIME_REVERSED");
}

#[test]
fn rejections_depend_on_the_seed_alone() {
    let model = RejectModel { probability: 0.3, code: RejectCode::RateLimited, text: "slow down".to_owned() };
    let venue = venue().bar_fill(BarFill::SameClose).reject(model);
    let run = |seed| {
        let mut rig = Rig::new(&venue);
        rig.exchange = venue.start(seed).unwrap();
        rig.bar(0, FLAT);
        (0..1000).map(|_| rig.place("buy 1 market")[0].contains("RATE_LIMITED")).collect::<Vec<bool>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let refused = run(1).iter().filter(|refused| **refused).count();
    assert!((250..350).contains(&refused), "{refused} of 1000");
    let all = crate::rig::venue().reject(RejectModel::new(1.0));
    assert_eq!(Rig::new(&all).place("buy 1 market"), ["1 rejected SIMULATED"]);
    let none = crate::rig::venue().reject(RejectModel::new(0.0));
    assert!(Rig::new(&none).place("buy 1 market").is_empty());
}
