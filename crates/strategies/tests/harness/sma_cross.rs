use algoflow_core::{order::RejectCode, prelude::*};
use algoflow_strategies::{SmaCross, SmaCrossParams};

use crate::market::{Market, TestResult, assert_no_look_ahead, q, refused, sent, spy, waves};

fn market(strategy: SmaCross) -> Market {
    Market::new(&["SPY.NYSE"], strategy)
}

fn ten() -> SmaCross {
    SmaCross::new(spy(), 2, 3).unwrap().size(q(10))
}

#[test]
fn nothing_is_sent_before_the_slow_average_is_full() {
    let mut market = market(ten());
    market.quiet(spy(), &[100.0, 110.0]);
    assert_eq!(sent(&market.close(spy(), 120.0)), [(Side::Buy, 10)]);
}

#[test]
fn it_enters_leaves_and_enters_again() {
    let mut market = market(ten());
    market.quiet(spy(), &[100.0, 99.0, 98.0, 97.0]);
    let entry = market.close(spy(), 103.0);
    assert_eq!(sent(&entry), [(Side::Buy, 10)]);
    market.fill_all(&entry);
    market.quiet(spy(), &[104.0, 105.0]);
    let exit = market.close(spy(), 90.0);
    assert_eq!(sent(&exit), [(Side::Sell, 10)]);
    market.fill_all(&exit);
    market.quiet(spy(), &[89.0, 88.0]);
    assert_eq!(sent(&market.close(spy(), 99.0)), [(Side::Buy, 10)]);
}

#[test]
fn a_tie_is_flat() {
    // In doubles, (0.1 + 0.2) / 2 is more than (0.1 + 0.2 + 0.15) / 3.
    let mut market = market(ten());
    market.quiet(spy(), &[0.15, 0.1, 0.2]);
    let mut market = self::market(ten().long_short());
    market.quiet(spy(), &[0.15, 0.1, 0.2]);
}

#[test]
fn closes_of_different_precision_are_compared_in_one_unit() -> TestResult {
    let mut market = market(ten());
    for close in ["100", "100.5", "100.25"] {
        // Means 100.375 and 100.25.
        let commands = market.harness.close(spy(), close)?;
        assert_eq!(commands.is_empty(), close != "100.25");
    }
    Ok(())
}

#[test]
fn it_turns_around_if_it_may_be_short() {
    let mut market = market(ten().long_short());
    market.quiet(spy(), &[100.0, 101.0]);
    let long = market.close(spy(), 102.0);
    market.fill_all(&long);
    let short = market.close(spy(), 90.0);
    assert_eq!(sent(&short), [(Side::Sell, 20)]);
    market.fill_all(&short);
    assert_eq!(market.held(spy()), -10);
}

#[test]
fn a_weight_is_sized_once_for_each_signal() {
    let mut market = market(SmaCross::new(spy(), 2, 3).unwrap().weight(0.5));
    market.quiet(spy(), &[98.0, 99.0]);
    let entry = market.close(spy(), 100.0);
    assert_eq!(sent(&entry), [(Side::Buy, 500)]);
    market.fill_all(&entry);
    market.quiet(spy(), &[150.0, 200.0]);
}

#[test]
fn a_part_that_was_not_filled_is_completed() -> TestResult {
    let mut market = market(ten());
    market.quiet(spy(), &[98.0, 99.0]);
    let order = algoflow_execution::Harness::submitted(&market.close(spy(), 100.0))[0].order;
    market.harness.fill_part(order, q(4), "100")?;
    market.quiet(spy(), &[101.0]);
    market.harness.cancelled(order)?;
    assert_eq!(sent(&market.close(spy(), 102.0)), [(Side::Buy, 6)]);
    Ok(())
}

#[test]
fn a_refused_order_is_sized_anew_with_the_next_bar() -> TestResult {
    let mut market = market(SmaCross::new(spy(), 2, 3).unwrap().weight(0.5));
    market.quiet(spy(), &[98.0, 99.0]);
    let order = algoflow_execution::Harness::submitted(&market.close(spy(), 100.0))[0].order;
    assert!(market.harness.reject(order, RejectCode::RateLimited)?.is_empty());
    assert_eq!(sent(&market.close(spy(), 125.0)), [(Side::Buy, 400)]);
    Ok(())
}

#[test]
fn an_order_that_the_account_cannot_pay_is_denied_and_tried_again() {
    let mut market = Market::with_cash_account(&["SPY.NYSE"], ten().size(q(1_100)));
    market.quiet(spy(), &[98.0, 99.0, 100.0]);
    assert_eq!(market.harness.engine().denials().len(), 1);
    market.quiet(spy(), &[101.0]);
    assert_eq!(market.harness.engine().denials().len(), 2);
    // 110,000 was too much. The next signal comes at 84, where 92,400 can be paid.
    market.quiet(spy(), &[80.0, 82.0]);
    assert_eq!(sent(&market.close(spy(), 84.0)), [(Side::Buy, 1_100)]);
}

#[test]
fn later_bars_never_change_an_earlier_decision() {
    let make = || SmaCross::new(spy(), 3, 8).unwrap().size(q(10)).long_short();
    assert_no_look_ahead(&["SPY.NYSE"], make, &waves(1, 120));
}

#[test]
fn parameters_are_refused_by_name() {
    assert_eq!(refused(SmaCross::new(spy(), 0, 3)), "fast");
    assert_eq!(refused(SmaCross::new(spy(), 3, 3)), "fast");
    assert_eq!(refused(SmaCross::new(spy(), 3, usize::MAX)), "slow");
    let nothing = SmaCrossParams {
        sizing: algoflow_strategies::Sizing::Weight(f64::NAN),
        ..SmaCrossParams::new(spy())
    };
    assert_eq!(refused(SmaCross::from_params(nothing)), "sizing");
}

#[test]
fn a_size_that_the_instrument_does_not_take_stops_the_start() {
    for strategy in [ten().size("0.5".parse().unwrap()), ten().size(q(-1)), ten().weight(-0.5)] {
        let instruments = [crate::market::instrument("SPY.NYSE")];
        let cash = "1000 USD".parse().unwrap();
        let harness = algoflow_execution::Harness::new(instruments, cash, strategy).unwrap();
        let halt = &harness.engine().halts()[0];
        assert_eq!(halt.code, "STRATEGY_PARAMETER");
        assert!(halt.reason.starts_with("parameter sizing: "), "{}", halt.reason);
    }
}
