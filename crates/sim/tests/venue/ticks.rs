//! Golden cases on quotes and trades, derived by hand from the conditions that they cite.

use crate::rig::{Rig, at, bar, order, trade};

/// The condition, the settings, what happens second by second, and the reports.
///
/// A step is `q QUOTE`, `t TRADE`, or an order; a report begins with the number of the step in which it came.
type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Takers on quotes.
    ("Q1", "", &["q 99x10/101x20", "buy 5 market"], &["1:1 take 5@101"]),
    ("Q1", "", &["q 99x10/101x20", "sell 5 market"], &["1:1 take 5@99"]),
    ("Q1", "", &["t 5@100", "q 99x10/101x20", "buy 5 market", "t 5@100"], &["2:1 take 5@101"]),
    ("Q1", "", &["buy 5 market", "q 99x10/101x20"], &["1:1 take 5@101"]),
    ("Q2", "", &["q 99x10/101x20", "buy 30 market", "q 99x10/102x20"], &["1:1 take 20@101", "2:1 take 10@102"]),
    ("Q2", "", &["q 99x10/101x20", "buy 30 market ioc"], &["1:1 take 20@101", "1:1 cancelled unfilled"]),
    ("Q2", "", &["q 99x10/101x20", "buy 30 market fok"], &["1:1 cancelled unfilled"]),
    ("Q2", "", &["q 99x10/101x20", "buy 20 market fok"], &["1:1 take 20@101"]),
    ("O12", "ticks=2", &["q 99x10/101x20", "buy 5 market"], &["1:1 take 5@101.02"]),
    // Displayed size is used up.
    ("Q3", "", &["q 99x10/101x20", "buy 15 market", "buy 15 market", "q 99x11/101x20", "q 99x11/101x30"],
        &["1:1 take 15@101", "2:2 take 5@101", "4:2 take 10@101"]),
    ("Q3", "infinite", &["q 99x10/101x20", "buy 500 market", "buy 500 market"], &["1:1 take 500@101", "2:2 take 500@101"]),
    ("Q3", "", &["q 99x10/101x0", "buy 5 market", "q 99x10/103x9"], &["2:1 take 5@103"]),
    ("Q3", "", &["q 99x10/101x0", "buy 5 market ioc"], &["1:1 cancelled unfilled"]),
    ("Q3", "cap=0.25", &["q 99x10/101x22", "buy 10 market", "q 99x10/101x40"], &["1:1 take 5@101", "2:1 take 5@101"]),
    // Limit orders on quotes.
    ("Q4", "", &["q 99x10/101x20", "buy 5 limit 102"], &["1:1 take 5@101"]),
    ("Q4", "", &["q 99x10/101x20", "buy 25 limit 101", "q 99x10/100x20"], &["1:1 take 20@101", "2:1 make 5@101"]),
    ("Q4", "", &["q 99x10/101x20", "buy 5 limit 100 ioc"], &["1:1 cancelled unfilled"]),
    ("Q4", "", &["buy 5 limit 102", "q 99x10/101x20"], &["1:1 take 5@101"]),
    ("Q5", "", &["q 99x10/101x20", "buy 5 limit 100", "q 98x10/100x20"], &["2:1 make 5@100"]),
    ("Q5", "", &["q 99x10/101x20", "buy 5 limit 100", "q 98x10/99x3", "q 98x10/99x3", "q 98x10/99x4"], &["2:1 make 3@100", "4:1 make 2@100"]),
    ("Q5", "", &["q 99x10/101x20", "sell 5 limit 100", "q 99.99x10/101x20", "q 100x10/101x20"], &["3:1 make 5@100"]),
    ("O6", "", &["q 99x10/101x20", "buy 5 limit 101 post"], &["1:1 rejected POST_ONLY_WOULD_TAKE"]),
    ("O6", "", &["q 99x10/101x20", "buy 5 limit 100 post", "q 98x10/100x20"], &["2:1 make 5@100"]),
    // Resting orders on trades.
    ("Q6", "", &["q 99x10/101x20", "buy 5 limit 100", "t 9@100"], &[]),
    ("Q6", "", &["q 99x10/101x20", "buy 5 limit 100", "t 9@99.99"], &["2:1 make 5@100"]),
    ("Q6", "touch", &["q 99x10/101x20", "buy 5 limit 100", "t 9@100"], &["2:1 make 5@100"]),
    ("Q6", "touch", &["q 99x10/101x20", "buy 5 limit 100", "t 9@100s"], &["2:1 make 5@100"]),
    ("Q6", "touch", &["q 99x10/101x20", "buy 5 limit 100", "t 9@100b"], &[]),
    ("Q6", "touch", &["q 99x10/101x20", "sell 5 limit 100", "t 9@100b"], &["2:1 make 5@100"]),
    // Takers on trades alone.
    ("Q7", "", &["t 9@100", "buy 5 market", "t 9@101"], &["2:1 take 5@101"]),
    ("Q7", "last", &["t 9@100", "buy 5 market"], &["1:1 take 5@100"]),
    ("Q7", "last", &["t 9@100", "buy 15 market", "t 9@101"], &["1:1 take 9@100", "2:1 take 6@101"]),
    ("Q7", "", &["t 9@100", "buy 5 limit 101", "t 9@100.5"], &["2:1 take 5@100.5"]),
    ("Q7", "", &["t 9@100", "buy 5 limit 101", "t 9@102", "t 9@101", "t 9@100.99"], &["4:1 make 5@101"]),
    ("Q7", "", &["t 9@100", "buy 5 limit 99", "t 9@98"], &["2:1 make 5@99"]),
    ("Q7", "", &["t 9@100", "buy 5 limit 99 ioc"], &["1:1 cancelled unfilled"]),
    ("Q7", "", &["t 9@100", "buy 5 limit 101 ioc", "t 9@102"], &["2:1 cancelled unfilled"]),
    ("Q7", "last", &["t 9@100", "buy 5 limit 101 ioc"], &["1:1 take 5@100"]),
    ("Q7", "", &["buy 5 limit 101", "t 9@100"], &["1:1 take 5@100"]),
    ("O6", "", &["t 9@100", "buy 5 limit 100 post"], &["1:1 rejected POST_ONLY_WOULD_TAKE"]),
    ("Q8", "", &["t 9@100", "buy 5 market", "buy 5 limit 101", "t 8@100", "t 8@100"],
        &["3:1 take 5@100", "3:2 take 3@100", "4:2 make 2@101"]),
    ("Q8", "infinite", &["t 9@100", "buy 500 market", "t 1@101"], &["2:1 take 500@101"]),
    ("Q8", "cap=0.5", &["t 9@100", "buy 5 market", "t 9@101", "t 9@102"], &["2:1 take 4@101", "3:1 take 1@102"]),
    // What sets orders off.
    ("Q9", "", &["q 99x10/101x20", "sell 5 stop 98", "q 97x10/101x20"], &["2:1 set off", "2:1 take 5@97"]),
    ("Q9", "", &["t 5@100", "q 99x10/101x20", "sell 5 stop 98", "q 97x10/101x20", "t 5@97.5"], &["4:1 set off", "4:1 take 5@97"]),
    ("Q9", "", &["t 5@100", "q 99x10/101x20", "sell 5 stop 98 bidask", "t 5@97.5", "q 97x10/101x20"], &["4:1 set off", "4:1 take 5@97"]),
    ("Q9", "", &["t 5@100", "sell 5 stop 98 bidask", "t 5@97.5", "t 5@97"], &["2:1 set off", "3:1 take 5@97"]),
    ("Q9", "last", &["t 5@100", "sell 5 stop 98", "t 9@97.5"], &["2:1 set off", "2:1 take 5@97.5"]),
    ("Q9", "", &["q 99x10/101x20", "buy 5 stop 101"], &["1:1 set off", "1:1 take 5@101"]),
    ("Q9", "", &["q 99x10/101x20", "buy 5 touch 100 limit 100", "q 99x10/99.5x20"], &["2:1 set off", "2:1 take 5@99.5"]),
    ("Q9", "", &["t 5@100", "buy 5 stop 102 limit 103", "t 9@102.5", "t 9@104", "t 9@102.9"], &["2:1 set off", "4:1 make 5@103"]),
    ("O6", "", &["q 99x10/101x20", "buy 5 touch 100 limit 100 post", "q 99x10/99.5x20"], &["2:1 set off", "2:1 rejected POST_ONLY_WOULD_TAKE"]),
    // Trailing stops.
    ("Q10", "", &["q 99x10/101x20", "sell 5 trail 2", "q 103x10/104x20", "q 101x10/104x20"], &["3:1 set off", "3:1 take 5@101"]),
    ("Q10", "", &["t 5@100", "sell 5 trail 2", "t 5@103", "t 5@101.5", "t 5@101", "t 5@100.5"], &["4:1 set off", "5:1 take 5@100.5"]),
    ("Q10", "", &["t 5@100", "sell 5 trail 2 from 102", "t 5@97", "t 5@102", "t 5@100", "t 5@99"], &["4:1 set off", "5:1 take 5@99"]),
    // The order of events.
    ("Q12", "", &["t 5@100", "buy 5 limit 98", "buy 5 limit 99", "t 7@97"], &["3:2 make 5@99", "3:1 make 2@98"]),
    ("Q12", "", &["t 5@100", "buy 5 limit 98", "buy 5 limit 98", "t 7@97"], &["3:1 make 5@98", "3:2 make 2@98"]),
    ("Q12", "", &["t 5@100", "buy 5 limit 99", "sell 5 market", "t 7@98"], &["3:2 take 5@98", "3:1 make 2@99"]),
    ("Q12", "last", &["t 5@100", "buy 5 limit 99", "sell 5 stop 98.5", "t 7@98"], &["3:2 set off", "3:2 take 5@98", "3:1 make 2@99"]),
    ("Q13", "", &["q 99x10/101x20", "buy 5 market at_open"], &["1:1 rejected UNSUPPORTED"]),
    ("Q13", "", &["buy 5 market at_close", "q 99x10/101x20"], &["1:1 cancelled venue"]),
    // Bounds and amounts.
    ("O3", "", &["q 99x10/101x20", "buy $1000 market"], &["1:1 amended 9", "1:1 take 9@101"]),
    ("O3", "", &["q 99x10/101x4", "buy $1000 market", "q 99x10/200x20"], &["1:1 amended 9", "1:1 take 4@101", "2:1 take 5@200"]),
    ("O4", "", &["q 99x10/101x20", "buy 30 market slip=100", "q 99x10/102x20"], &["1:1 take 20@101", "2:1 take 10@102"]),
    ("O4", "", &["q 99x10/101x20", "buy 30 market slip=99", "q 99x10/102x20"], &["1:1 take 20@101", "2:1 cancelled protection"]),
    ("O4", "", &["buy 30 market slip=99"], &["0:1 rejected NO_PRICE"]),
];

#[test]
fn golden_cases() {
    let mut wrong = String::new();
    for (rule, settings, steps, want) in CASES {
        let mut rig = Rig::with(settings);
        let mut got = Vec::new();
        let mut data = 0;
        for (index, step) in steps.iter().enumerate() {
            let reports = match step.split_at(2) {
                ("q ", text) => {
                    data += 1;
                    rig.quote(f64::from(data), text)
                }
                ("t ", text) => {
                    data += 1;
                    rig.trade(f64::from(data), text)
                }
                _ => rig.place(step),
            };
            got.extend(reports.into_iter().map(|report| format!("{index}:{report}")));
        }
        if got != *want {
            wrong.push_str(&format!("{rule} [{settings}] {steps:?}:\n  want {want:?}\n  got  {got:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    // Q11 has a test of its own.
    for number in (1..=13).filter(|n| *n != 11) {
        let rule = format!("Q{number}");
        assert!(CASES.iter().any(|case| case.0 == rule), "{rule}");
    }
}

#[test]
fn q7_the_last_trade_must_be_of_the_present() {
    let mut rig = Rig::with("last");
    rig.trade(1.0, "9@100");
    rig.advance(2.0);
    assert!(rig.place("buy 5 market").is_empty(), "the trade is a second old");
    assert_eq!(rig.trade(3.0, "9@102"), ["1 take 5@102"]);
}

#[test]
fn q11_a_trade_before_the_order_does_not_count() {
    let mut rig = Rig::with("touch");
    rig.trade(1.0, "9@100");
    rig.advance(2.0);
    rig.place("buy 5 limit 99");
    rig.place("sell 5 stop 99");
    let mut late = trade(3.0, "9@98");
    late.ts_event = at(1.5);
    assert!(rig.feed(late).is_empty(), "it happened at 1.5, the orders came at 2");
    assert_eq!(rig.trade(4.0, "9@99"), ["2 set off", "1 make 5@99"]);
}

#[test]
fn an_answer_to_a_fill_meets_the_same_quote() {
    let mut rig = Rig::with("");
    rig.quote(1.0, "99x10/101x20");
    rig.send(order("buy 15 market"));
    assert_eq!(rig.poll().unwrap(), "1 take 15@101");
    rig.send(order("sell 15 market"));
    rig.send(order("buy 15 limit 101"));
    assert_eq!(rig.drain(), ["2 take 10@99", "3 take 5@101"]);
}

#[test]
fn an_answer_to_a_trade_waits_for_the_next() {
    let mut rig = Rig::with("");
    rig.trade(1.0, "9@100");
    rig.place("buy 5 limit 99");
    rig.now = at(2.0);
    rig.exchange.on_market(&trade(2.0, "9@98").into()).unwrap();
    assert_eq!(rig.poll().unwrap(), "1 make 5@99");
    rig.send(order("sell 5 limit 97"));
    rig.send(order("buy 5 limit 99"));
    assert!(rig.drain().is_empty(), "the trade is past");
    assert_eq!(rig.trade(3.0, "9@98.5"), ["2 take 5@98.5", "3 take 4@98.5"]);
}

#[test]
fn bars_do_not_matter_after_quotes() {
    let mut rig = Rig::with("");
    rig.quote(1.0, "99x10/101x20");
    rig.place("buy 5 limit 100");
    assert!(rig.feed(bar(0, "100 100 90 90")).is_empty());
    assert_eq!(rig.quote(61.0, "98x10/99x20"), ["1 make 5@100"]);
}
