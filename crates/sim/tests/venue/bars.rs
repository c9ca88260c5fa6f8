//! Golden cases on bars, derived by hand from the conditions that they cite.

use algoflow_core::order::OrderEventKind;

use crate::rig::{Rig, at, bar, bar_of, order};

/// The condition, the settings, the orders, the bars and the reports.
///
/// Orders are placed at the end of bar 0, in the order written; `+30s` in front places one 30 seconds later, which is
/// inside bar 1. A report begins with the number of the bar in which it came and the number of the order.
type Case =
    (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// A bar that says nothing but that the price is 100.
const FLAT: &str = "100 100 100 100";
/// 100 up to 104, down to 98, back to 100: 4 + 6 + 2 points, so 30 seconds in it stands at 102 on its way down.
const SWING: &str = "100 104 98 100";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Market orders.
    ("B6", "next_open", &["buy 10 market"], &[FLAT, "101 103 99 102"], &["1:1 take 10@101"]),
    ("B6", "next_open", &["sell 10 market"], &[FLAT, "101 103 99 102"], &["1:1 take 10@101"]),
    ("B6", "next_open", &["buy 10 market", "sell 4 market"], &[FLAT, "99 99 99 99"], &["1:1 take 10@99", "1:2 take 4@99"]),
    ("B7", "same_close", &["buy 10 market"], &["99 102 98 101.5", "103 103 103 103"], &["0:1 take 10@101.5"]),
    ("B7", "same_close ohlc", &["+30s buy 10 market"], &[FLAT, SWING], &["1:1 take 10@102"]),
    ("B7", "same_close", &["+60s buy 10 market", "+60s sell 4 limit 103"], &[FLAT, "101 103 99 102", FLAT], &["1:1 take 10@102"]),
    ("B8", "next_close", &["buy 10 market"], &[FLAT, "101 103 99 102"], &["1:1 take 10@102"]),
    ("B8", "next_close ohlc", &["+30s sell 10 market"], &[FLAT, "100 104 98 100.5"], &["1:1 take 10@100.5"]),
    ("B9", "next_vwap", &["buy 10 market"], &[FLAT, "101 103 99 102"], &["1:1 take 10@101.34"]),
    ("B9", "next_vwap", &["sell 10 market"], &[FLAT, "101 103 99 102"], &["1:1 take 10@101.33"]),
    ("B9", "next_vwap", &["+30s buy 10 market"], &[FLAT, SWING, "101 103 99 101"], &["2:1 take 10@101"]),
    ("B9", "next_vwap", &["buy 10 market"], &[FLAT, "100.005 100.005 100.005 100.005"], &["1:1 take 10@100.005"]),
    // The age of an order.
    ("B2", "next_open ohlc", &["+0s buy 10 market"], &[FLAT, SWING], &["1:1 take 10@100"]),
    ("B2", "next_open ohlc", &["+30s buy 10 market"], &[FLAT, SWING], &["1:1 take 10@102"]),
    ("B2", "next_open ohlc", &["+55s sell 10 market"], &[FLAT, SWING], &["1:1 take 10@99"]),
    ("B2", "next_open ohlc", &["+60s buy 10 market"], &[FLAT, SWING, "97 97 97 97"], &["2:1 take 10@97"]),
    ("B2", "ohlc", &["+30s buy 10 limit 103"], &[FLAT, SWING], &["1:1 take 10@102"]),
    ("B2", "ohlc", &["+30s buy 10 limit 101"], &[FLAT, SWING], &["1:1 make 10@101"]),
    ("B2", "ohlc touch", &["+30s sell 10 limit 103"], &[FLAT, SWING], &[]),
    ("B2", "ohlc", &["+30s buy 10 stop 103"], &[FLAT, SWING], &[]),
    ("B2", "ohlc", &["+30s sell 10 stop 101"], &[FLAT, SWING], &["1:1 set off", "1:1 take 10@101"]),
    ("B2", "ohlc", &["+30s sell 10 stop 102.5"], &[FLAT, SWING], &["1:1 set off", "1:1 take 10@102"]),
    // Limit orders that take.
    ("B10", "", &["buy 10 limit 101"], &[FLAT, "100.5 102 100 101"], &["1:1 take 10@100.5"]),
    ("B10", "through", &["buy 10 limit 100"], &[FLAT, "100 102 100 101"], &["1:1 take 10@100"]),
    ("B10", "", &["sell 10 limit 99"], &[FLAT, "100 102 98 101"], &["1:1 take 10@100"]),
    ("B7", "same_close", &["buy 10 limit 100"], &[FLAT, "90 90 90 90"], &["0:1 take 10@100"]),
    ("B7", "same_close", &["sell 10 limit 99.5"], &[FLAT, "90 90 90 90"], &["0:1 take 10@100"]),
    ("B7", "same_close", &["sell 10 stop 100.5"], &[FLAT, "90 90 90 90"], &["0:1 set off", "0:1 take 10@100"]),
    ("O12", "ticks=5", &["buy 10 limit 100.02"], &[FLAT, FLAT], &["1:1 take 10@100.02"]),
    ("O12", "ticks=5", &["sell 10 market"], &[FLAT, FLAT], &["1:1 take 10@99.95"]),
    ("O12", "ticks=5 touch", &["buy 10 limit 99"], &[FLAT, "100 100 98 98"], &["1:1 make 10@99"]),
    // Limit orders that rest.
    ("B11", "", &["buy 10 limit 99"], &[FLAT, "100 101 99.5 100", "98 98.5 97 98"], &["2:1 take 10@98"]),
    ("B11", "through", &["buy 10 limit 99"], &[FLAT, "100 101 99.5 100", "99 100 99 100"], &[]),
    ("B11", "touch", &["buy 10 limit 99"], &[FLAT, "100 101 99.5 100", "99 100 99 100"], &["2:1 take 10@99"]),
    ("B11", "", &["sell 10 limit 101"], &[FLAT, "100 100.5 99 100", "102 103 102 103"], &["2:1 take 10@102"]),
    ("B11", "", &["buy 10 limit 99 post"], &[FLAT, "98 98.5 97 98"], &["1:1 make 10@98"]),
    ("B12", "through", &["buy 10 limit 99"], &[FLAT, "100 101 99 100"], &[]),
    ("B12", "through", &["buy 10 limit 99"], &[FLAT, "100 101 98.99 100"], &["1:1 make 10@99"]),
    ("B12", "touch", &["buy 10 limit 99"], &[FLAT, "100 101 99 100"], &["1:1 make 10@99"]),
    ("B12", "through", &["sell 10 limit 101"], &[FLAT, "100 101 99 100"], &[]),
    ("B12", "through", &["sell 10 limit 101"], &[FLAT, "100 101.01 99 100"], &["1:1 make 10@101"]),
    ("B12", "touch", &["sell 10 limit 101"], &[FLAT, "100 101 99 100"], &["1:1 make 10@101"]),
    // Stops and if-touched orders.
    ("B13", "", &["buy 10 stop 102"], &[FLAT, "100 102 99 100"], &["1:1 set off", "1:1 take 10@102"]),
    ("B13", "", &["buy 10 stop 102"], &[FLAT, "103 104 102 103"], &["1:1 set off", "1:1 take 10@103"]),
    ("B13", "", &["buy 10 stop 102"], &[FLAT, "102 104 101 103"], &["1:1 set off", "1:1 take 10@102"]),
    ("B13", "", &["buy 10 stop 102"], &[FLAT, "100 101.99 99 100"], &[]),
    ("B13", "", &["sell 10 stop 98"], &[FLAT, "100 101 97 100"], &["1:1 set off", "1:1 take 10@98"]),
    ("B13", "", &["sell 10 stop 98"], &[FLAT, "96 99 95 97"], &["1:1 set off", "1:1 take 10@96"]),
    ("B13", "ticks=2", &["sell 10 stop 98"], &[FLAT, "100 101 97 100"], &["1:1 set off", "1:1 take 10@97.98"]),
    ("B13", "next_close", &["buy 10 stop 102"], &[FLAT, "100 103 99 100"], &["1:1 set off", "1:1 take 10@102"]),
    ("B13", "", &["buy 10 touch 98"], &[FLAT, "100 101 97 100"], &["1:1 set off", "1:1 take 10@98"]),
    ("B13", "", &["buy 10 touch 98"], &[FLAT, "97 101 96 100"], &["1:1 set off", "1:1 take 10@97"]),
    ("B13", "", &["sell 10 touch 102"], &[FLAT, "100 102 99 100"], &["1:1 set off", "1:1 take 10@102"]),
    ("B21", "", &["sell 10 stop 98 bidask"], &[FLAT, "100 101 97 100"], &["1:1 set off", "1:1 take 10@98"]),
    // Orders that become limit orders.
    ("B14", "", &["buy 10 stop 102 limit 103"], &[FLAT, "100 104 99 100"], &["1:1 set off", "1:1 take 10@102"]),
    ("B14", "ohlc", &["buy 10 stop 102 limit 101"], &[FLAT, "100 103 99 100"], &["1:1 set off", "1:1 make 10@101"]),
    ("B14", "olhc", &["buy 10 stop 102 limit 101"], &[FLAT, "100 103 99 102"], &["1:1 set off"]),
    ("B14", "ohlc", &["buy 10 stop 102 limit 103"], &[FLAT, "104 105 102 103"], &["1:1 set off", "1:1 make 10@103"]),
    ("B14", "", &["buy 10 stop 102 limit 103"], &[FLAT, "104 105 103.5 104"], &["1:1 set off"]),
    ("B14", "", &["buy 10 touch 98 limit 98.5"], &[FLAT, "100 101 97 100"], &["1:1 set off", "1:1 take 10@98"]),
    ("B14", "", &["buy 10 touch 98 limit 97"], &[FLAT, "100 101 96.5 100"], &["1:1 set off", "1:1 make 10@97"]),
    ("O6", "", &["buy 10 touch 98 limit 98.5 post"], &[FLAT, "100 101 97 100"], &["1:1 set off", "1:1 rejected POST_ONLY_WOULD_TAKE"]),
    ("B18", "", &["buy 10 stop 102 limit 101 ioc"], &[FLAT, "100 103 99 100"], &["1:1 set off", "1:1 cancelled unfilled"]),
    // Trailing stops. The last price at arrival is 100.
    ("B15", "olhc", &["sell 10 trail 2"], &[FLAT, "100 103 99 101"], &["1:1 set off", "1:1 take 10@101"]),
    ("B15", "ohlc", &["sell 10 trail 2"], &[FLAT, "100 103 99 101"], &["1:1 set off", "1:1 take 10@101"]),
    ("B15", "olhc", &["sell 10 trail 2"], &[FLAT, "100 103 99 101.5"], &[]),
    ("B15", "olhc", &["sell 10 trail 2"], &[FLAT, "100 103 98 103"], &["1:1 set off", "1:1 take 10@98"]),
    ("B15", "", &["sell 10 trail 2"], &[FLAT, "97 99 96 97"], &["1:1 set off", "1:1 take 10@97"]),
    ("B15", "ohlc", &["sell 10 trail 2 from 102"], &[FLAT, "100 101.5 95 100", "100 103 100 101"], &["2:1 set off", "2:1 take 10@101"]),
    ("B15", "olhc", &["buy 10 trail 2"], &[FLAT, "100 101 96 99"], &["1:1 set off", "1:1 take 10@98"]),
    ("B15", "ohlc", &["sell 10 trail 100bp"], &[FLAT, "100 103 99 101"], &["1:1 set off", "1:1 take 10@101.97"]),
    ("B15", "ohlc", &["sell 10 trail 2"], &[FLAT, "102 103 101.5 102", "100.5 101 100 100"], &["2:1 set off", "2:1 take 10@100.5"]),
    // Auctions.
    ("B16", "next_close", &["buy 10 market at_open"], &[FLAT, "101 103 99 102"], &["1:1 take 10@101"]),
    ("B16", "", &["buy 10 limit 100 at_open"], &[FLAT, "101 103 99 102"], &["1:1 cancelled unfilled"]),
    ("B16", "", &["buy 10 limit 100 at_open"], &[FLAT, "99.5 103 99 102"], &["1:1 take 10@99.5"]),
    ("B16", "", &["+30s buy 10 market at_open"], &[FLAT, SWING, "103 103 103 103"], &["2:1 take 10@103"]),
    ("B16", "same_close", &["buy 10 market at_open"], &[FLAT, "101 103 99 102"], &["1:1 take 10@101"]),
    ("B17", "", &["buy 10 market at_close"], &[FLAT, "101 103 99 102"], &["1:1 take 10@102"]),
    ("B17", "", &["+30s buy 10 market at_close"], &[FLAT, "100 104 98 101"], &["1:1 take 10@101"]),
    ("B17", "", &["sell 10 limit 102.5 at_close"], &[FLAT, "101 103 99 102"], &["1:1 cancelled unfilled"]),
    ("B17", "", &["sell 10 limit 101 at_close"], &[FLAT, "103 103 99 102"], &["1:1 take 10@102"]),
    ("B17", "same_close", &["buy 10 market at_close"], &[FLAT, "101 103 99 102"], &["0:1 take 10@100"]),
    // Orders that must fill at once.
    ("B18", "", &["buy 10 limit 99 ioc"], &[FLAT, "100 103 98 102"], &["1:1 cancelled unfilled"]),
    ("B18", "", &["buy 10 limit 101 ioc"], &[FLAT, "100 103 98 102"], &["1:1 take 10@100"]),
    ("B18", "same_close", &["buy 10 limit 99 fok"], &[FLAT, "90 90 90 90"], &["0:1 cancelled unfilled"]),
    ("B18", "cap=0.1", &["buy 10 market ioc"], &[FLAT, "100 101 99 100 55"], &["1:1 take 5@100", "1:1 cancelled unfilled"]),
    ("B18", "cap=0.1", &["buy 10 market fok"], &[FLAT, "100 101 99 100 55"], &["1:1 cancelled unfilled"]),
    ("B18", "cap=0.1", &["buy 5 market fok"], &[FLAT, "100 101 99 100 55"], &["1:1 take 5@100"]),
    // The participation cap.
    ("B19", "cap=0.1", &["buy 10 market"], &[FLAT, "100 101 99 100 55", "101 101 101 101 39", "102 102 102 102 100"],
        &["1:1 take 5@100", "2:1 take 3@101", "3:1 take 2@102"]),
    ("B19", "cap=0.1", &["buy 4 market", "sell 4 market"], &[FLAT, "100 101 99 100 60", "101 101 101 101 60"],
        &["1:1 take 4@100", "1:2 take 2@100", "2:2 take 2@101"]),
    ("B19", "cap=0.5", &["buy 10 market"], &[FLAT, FLAT], &[]),
    ("B19", "cap=0.1 touch", &["buy 10 limit 99"], &[FLAT, "100 101 98 100 60", "100 101 98 100 60"], &["1:1 make 6@99", "2:1 make 4@99"]),
    ("B19", "cap=0.1", &["buy 10 stop 102"], &[FLAT, "100 103 99 101 60", "101.5 103 99 101 60"],
        &["1:1 set off", "1:1 take 6@102", "2:1 take 4@101.5"]),
    ("B19", "cap=0.1 next_close", &["buy 10 market"], &[FLAT, "100 103 99 101 60", "102 103 99 100 60"], &["1:1 take 6@101", "2:1 take 4@100"]),
    ("B19", "cap=0.1 same_close", &["buy 10 market"], &["100 100 100 100 40", "102 103 99 100 200"], &["0:1 take 4@100", "1:1 take 6@102"]),
    ("B19", "cap=0.1 ohlc", &["buy 5 market", "sell 5 limit 101"], &[FLAT, "100 103 99 101 60"], &["1:1 take 5@100", "1:2 make 1@101"]),
    // The order of events.
    ("B3", "ohlc", &["sell 5 stop 98", "sell 5 limit 102"], &[FLAT, "100 103 97 100"], &["1:2 make 5@102", "1:1 set off", "1:1 take 5@98"]),
    ("B3", "olhc", &["sell 5 stop 98", "sell 5 limit 102"], &[FLAT, "100 103 97 100"], &["1:1 set off", "1:1 take 5@98", "1:2 make 5@102"]),
    ("B3", "adaptive", &["sell 5 stop 98", "sell 5 limit 101"], &[FLAT, "100 102 97 100"], &["1:2 make 5@101", "1:1 set off", "1:1 take 5@98"]),
    ("B3", "adaptive", &["sell 5 stop 98", "sell 5 limit 101"], &[FLAT, "100 103 97 100"], &["1:1 set off", "1:1 take 5@98", "1:2 make 5@101"]),
    ("B3", "worst", &["sell 5 limit 101", "sell 5 stop 98"], &[FLAT, "100 102 97 100"], &["1:2 set off", "1:2 take 5@98", "1:1 make 5@101"]),
    ("B3", "worst", &["buy 5 limit 99", "buy 5 stop 102"], &[FLAT, "100 103 98.5 100"], &["1:2 set off", "1:2 take 5@102", "1:1 make 5@99"]),
    ("B3", "worst", &["buy 5 limit 99", "sell 5 limit 102"], &[FLAT, "100 104 98.5 100"], &["1:2 make 5@102", "1:1 make 5@99"]),
    ("B4", "ohlc touch", &["buy 5 stop 102", "sell 5 limit 101"], &[FLAT, "100 103 99 100"], &["1:2 make 5@101", "1:1 set off", "1:1 take 5@102"]),
    ("B4", "ohlc through", &["sell 5 limit 102", "buy 5 stop 102"], &[FLAT, "100 103 99 100"], &["1:2 set off", "1:2 take 5@102", "1:1 make 5@102"]),
    ("B4", "ohlc touch", &["sell 5 limit 102", "buy 5 stop 102"], &[FLAT, "100 103 99 100"], &["1:1 make 5@102", "1:2 set off", "1:2 take 5@102"]),
    ("B4", "", &["buy 5 limit 98", "buy 5 limit 99"], &[FLAT, "100 101 97 100"], &["1:2 make 5@99", "1:1 make 5@98"]),
    // Amounts of the quote, and bounds.
    ("O3", "", &["buy $1000 market"], &[FLAT, "101 101 101 101"], &["1:1 amended 9", "1:1 take 9@101"]),
    ("O3", "ticks=100", &["buy $1000 market"], &[FLAT, "110 110 110 110"], &["1:1 amended 9", "1:1 take 9@111"]),
    ("O3", "", &["buy $99 market"], &[FLAT, "101 101 101 101"], &["1:1 rejected INVALID_ORDER"]),
    ("O3", "cap=0.1", &["buy $1000 market"], &[FLAT, "100 100 100 100 40", "50 50 50 50 100"], &["1:1 amended 10", "1:1 take 4@100", "2:1 take 6@50"]),
    ("O4", "", &["buy 10 market worst=100.5"], &[FLAT, "101 101 101 101"], &["1:1 cancelled protection"]),
    ("O4", "", &["buy 10 market worst=101"], &[FLAT, "101 101 101 101"], &["1:1 take 10@101"]),
    ("O4", "", &["buy 10 market slip=50"], &[FLAT, "100.5 101 100 101"], &["1:1 take 10@100.5"]),
    ("O4", "", &["buy 10 market slip=50"], &[FLAT, "100.51 101 100 101"], &["1:1 cancelled protection"]),
    ("O4", "", &["sell 10 market slip=50 worst=99.8"], &[FLAT, "99.7 101 99 101"], &["1:1 cancelled protection"]),
    ("O4", "", &["sell 10 stop 95 slip=100"], &[FLAT, "96 97 94 96"], &["1:1 set off", "1:1 take 10@95"]),
    ("O4", "ticks=100", &["sell 10 stop 95 slip=100"], &[FLAT, "96 97 94 96"], &["1:1 set off", "1:1 cancelled protection"]),
    ("O5", "fee=10", &["buy 10 market fee=1.01"], &[FLAT, "101 101 101 101"], &["1:1 take 10@101"]),
    ("O5", "fee=10", &["buy 10 market fee=1"], &[FLAT, "101 101 101 101"], &["1:1 cancelled protection"]),
    ("O5", "fee=10 cap=0.1", &["buy 10 market fee=0.8"], &[FLAT, "100 100 100 100 50", "100 100 100 100 50"], &["1:1 take 5@100", "2:1 cancelled protection"]),
];

#[test]
fn golden_cases() {
    let mut wrong = String::new();
    for (rule, settings, orders, bars, want) in CASES {
        let mut rig = Rig::with(settings);
        let mut got = Vec::new();
        let mut note = |bar: usize, reports: Vec<String>| {
            got.extend(reports.into_iter().map(|report| format!("{bar}:{report}")));
        };
        let mut late: Vec<(f64, &str)> = Vec::new();
        for (index, text) in bars.iter().enumerate() {
            if index == 1 {
                for order in *orders {
                    match order.strip_prefix('+').and_then(|order| order.split_once("s ")) {
                        Some((seconds, order)) => late.push((seconds.parse().unwrap(), order)),
                        None => note(0, rig.place(order)),
                    }
                }
                for (seconds, order) in late.drain(..) {
                    note(0, rig.advance(60.0 + seconds));
                    note(0, rig.place(order));
                }
            }
            note(index, rig.bar(index, text));
        }
        if got != *want {
            wrong.push_str(&format!(
                "{rule} [{settings}] {orders:?} on {bars:?}:\n  want {want:?}\n  got  {got:?}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(CASES.len() >= 100);
}

#[test]
fn every_bar_condition_is_cited() {
    // B1 and B5 and B20 have tests of their own.
    for number in (2..=21).filter(|n| ![5, 20].contains(n)) {
        let rule = format!("B{number}");
        assert!(CASES.iter().any(|case| case.0 == rule), "{rule}");
    }
}

#[test]
fn b1_the_shortest_bars_count() {
    let mut rig = Rig::with("");
    rig.feed(bar_of(0, FLAT, 60));
    rig.place("buy 10 limit 99");
    // The hour that ends now went lower, but before the order.
    assert!(rig.feed(bar_of(0, "100 101 90 100", 3600)).is_empty());
    assert!(rig.feed(bar_of(60, "100 101 90 100", 3600)).is_empty(), "longer bars do not count");
    assert_eq!(rig.feed(bar_of(61, "100 100 98 98", 60)), ["1 make 10@99"]);
    let mut rig = Rig::with("");
    rig.feed(bar_of(0, FLAT, 60));
    rig.feed(bar_of(1, FLAT, 1));
    rig.place("buy 10 market");
    assert!(rig.feed(bar_of(2, FLAT, 60)).is_empty(), "shorter bars came");
    assert_eq!(rig.feed(bar_of(3, "98 98 98 98", 1)), ["1 take 10@98"]);
}

#[test]
fn b1_quotes_and_trades_end_the_bars() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    rig.trade(70.0, "5@100");
    assert!(rig.bar(1, "100 100 90 90").is_empty());
    assert_eq!(rig.trade(130.0, "50@98"), ["1 make 10@99"]);
}

#[test]
fn b5_an_answer_acts_on_the_rest_of_the_path() {
    // Up to 104 first, then the entry at 99, down to 97, up to 101.
    let case = |exits: &[&str]| {
        let mut rig = Rig::with("ohlc");
        rig.bar(0, FLAT);
        rig.place("buy 10 limit 99");
        rig.now = at(120.0);
        rig.exchange.on_market(&bar(1, "100 104 97 101").into()).unwrap();
        assert_eq!(rig.poll().unwrap(), "1 make 10@99");
        for exit in exits {
            rig.send(order(exit));
        }
        rig.drain()
    };
    assert_eq!(case(&["sell 10 limit 100"]), ["2 make 10@100"], "on the way up to the close");
    assert!(case(&["sell 10 limit 102"]).is_empty(), "102 was before the entry");
    assert_eq!(case(&["sell 10 stop 98"]), ["2 set off", "2 take 10@98"]);
    assert_eq!(case(&["sell 10 market"]), ["2 take 10@99"], "where the path stands");
    assert_eq!(case(&["sell 10 limit 98"]), ["2 take 10@99"], "better than its limit");
    assert_eq!(case(&["sell 10 stop 99.5"]), ["2 set off", "2 take 10@99"], "beyond its trigger already");
    assert_eq!(case(&["sell 5 limit 100", "sell 5 stop 98"]), ["3 set off", "3 take 5@98", "2 make 5@100"]);
    assert_eq!(case(&["sell 10 trail 1"]), ["2 set off", "2 take 10@98"], "it trails from 99");
    assert_eq!(case(&["sell 10 market at_close"]), ["2 take 10@101"]);
    assert!(case(&["sell 10 market at_open"]).is_empty());
    assert_eq!(case(&["sell 10 limit 99.5 ioc"]), ["2 cancelled unfilled"]);
    assert_eq!(case(&["sell 10 limit 99 post"]), ["2 rejected POST_ONLY_WOULD_TAKE"]);
}

#[test]
fn b5_an_answer_lives_from_inside_the_bar_however_late_the_bar_came() {
    let mut rig = Rig::with("ohlc");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    let mut late = bar(1, "100 100 98 99");
    late.ts_recv = at(125.0);
    rig.now = late.ts_recv;
    rig.exchange.on_market(&late.into()).unwrap();
    assert_eq!(rig.poll().unwrap(), "1 make 10@99");
    rig.send(order("sell 10 stop 97"));
    assert!(rig.drain().is_empty());
    assert_eq!(rig.bar(2, "96 99 95 99"), ["2 set off", "2 take 10@96"], "at the gap, not 5 seconds later");
}

#[test]
fn b5_a_cancellation_inside_the_bar_is_in_time_for_the_rest() {
    let mut rig = Rig::with("ohlc");
    rig.bar(0, FLAT);
    rig.place("sell 5 limit 102");
    rig.place("sell 5 stop 98");
    rig.now = at(120.0);
    rig.exchange.on_market(&bar(1, "100 103 97 100").into()).unwrap();
    assert_eq!(rig.poll().unwrap(), "1 make 5@102");
    assert_eq!(rig.cancel(2), ["2 cancelled"]);
}

#[test]
fn b5_at_the_end_of_the_path_it_is_too_late() {
    for (settings, want) in [("next_open", "2 take 10@103"), ("same_close", "2 take 10@101")] {
        let mut rig = Rig::with(settings);
        rig.bar(0, FLAT);
        rig.advance(90.0);
        rig.place("buy 10 market at_close");
        rig.now = at(120.0);
        rig.exchange.on_market(&bar(1, "100 104 97 101").into()).unwrap();
        assert_eq!(rig.poll().unwrap(), "1 take 10@101");
        rig.send(order("sell 10 market"));
        let mut answers = rig.drain();
        answers.extend(rig.bar(2, "103 103 103 103"));
        assert_eq!(answers, [want], "{settings}");
    }
}

#[test]
fn data_may_come_before_the_last_bar_is_polled_to_its_end() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    rig.now = at(180.0);
    rig.exchange.on_market(&bar(1, "100 100 98 98").into()).unwrap();
    rig.exchange.on_market(&bar(2, "90 90 90 90").into()).unwrap();
    assert_eq!(rig.drain(), ["1 make 10@99"], "from bar 1, not from bar 2");
}

#[test]
fn nonsense_bars_are_refused_where_orders_wait() {
    let mut rig = Rig::with("");
    rig.bar(0, FLAT);
    rig.place("buy 10 limit 99");
    let error = rig.exchange.on_market(&bar(1, "100 99 101 100").into()).unwrap_err();
    assert_eq!(error.code(), "SIM_DATA");
}

#[test]
fn o2_acceptance_is_told_unless_all_fills_at_once() {
    let mut rig = Rig::with("same_close cap=0.1");
    rig.bar(0, "100 100 100 100 100");
    rig.send(order("buy 10 market"));
    assert_eq!(rig.poll().unwrap(), "1 take 10@100");
    assert_eq!(rig.poll(), None);
    rig.bar(1, "100 100 100 100 100");
    rig.send(order("buy 11 market"));
    rig.send(order("buy 1 limit 90"));
    let all: Vec<String> = std::iter::from_fn(|| rig.poll()).collect();
    assert_eq!(all, ["2 accepted V1", "2 take 10@100", "3 accepted V2"]);
    let fills: Vec<&str> = rig
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            OrderEventKind::Filled(fill) => Some(&*fill.id),
            _ => None,
        })
        .collect();
    assert_eq!(fills, ["F1", "F2"]);
}
