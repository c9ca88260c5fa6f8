use algoflow_core::{
    command::Command,
    order::{OrderEventKind, RejectCode},
    prelude::*,
};
use algoflow_execution::Harness;
use algoflow_strategies::{DonchianBreakout, DonchianBreakoutParams, Sizing};

use crate::market::{Market, TestResult, assert_no_look_ahead, cancelled, id, q, refusals, sent, spy, waves};

/// Channels of 4 and 2 bars, a trail of two ATR(2).
fn params() -> DonchianBreakoutParams {
    DonchianBreakoutParams {
        entry: 4,
        exit: 2,
        atr_period: 2,
        trail_atr: 2.0,
        sizing: Sizing::Quantity(q(10)),
        ..DonchianBreakoutParams::new(spy())
    }
}

fn market() -> Market {
    Market::new(&["SPY.NYSE"], DonchianBreakout::from_params(params()).unwrap())
}

/// Up to the entry: order 1 with its trailing stop 2. The channel is 99.5 to 101.5, the average range 1.
fn entered() -> Market {
    let mut market = market();
    market.quiet(spy(), &[100.0, 101.0, 100.5, 100.0]);
    assert_eq!(sent(&market.close(spy(), 102.0)), [(Side::Buy, 10)]);
    market
}

fn holding() -> Market {
    let mut market = entered();
    market.harness.fill(id(1), "102").unwrap();
    market.harness.accept(id(2)).unwrap();
    market
}

#[test]
fn nothing_is_sent_before_the_channel_is_full() {
    market().quiet(spy(), &[100.0, 110.0, 120.0, 130.0]);
}

#[test]
fn a_close_on_the_line_is_no_breakout() {
    let mut market = market();
    // The highest high is 101.5.
    market.quiet(spy(), &[100.0, 101.0, 100.5, 100.0, 101.5]);
}

#[test]
fn the_high_of_the_bar_itself_does_not_count() {
    let mut market = market();
    market.quiet(spy(), &[100.0, 101.0, 100.5, 100.0]);
    let commands = market.bars(&[(spy(), [100.0, 150.0, 100.0, 101.6])]);
    assert_eq!(sent(&commands), [(Side::Buy, 10)]);
}

#[test]
fn the_stop_trails_by_average_ranges_and_follows_partial_fills() -> TestResult {
    let mut market = entered();
    let stop = Harness::submitted(&market.harness.fill_part(id(1), q(3), "102")?);
    assert_eq!((stop[0].spec.side, stop[0].spec.quantity), (Side::Sell, q(3).into()));
    // True ranges: 1.5, 1, 1, 2.5 (from 100 to 102.5). Wilder: 1.25, 1.125, 1.8125; twice that is 3.625.
    let OrderKind::TrailingStop { offset, activation: None } = stop[0].spec.kind else { panic!("{stop:?}") };
    assert_eq!(offset, TrailingOffset::Price("3.62".parse()?));
    market.harness.accept(id(2))?;
    let commands = market.harness.fill(id(1), "102")?;
    let [Command::Amend(amend)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((amend.order, amend.quantity), (id(2), q(10)));
    Ok(())
}

#[test]
fn the_exit_cancels_the_stop_before_it_closes() -> TestResult {
    let mut market = holding();
    market.quiet(spy(), &[103.0, 103.0]);
    // A close on the lowest low of the two bars before stays in.
    market.quiet(spy(), &[102.5]);
    // Now that is 102; the lowest low of the four bars before is 101.5.
    let commands = market.close(spy(), 101.75);
    assert_eq!((cancelled(&commands), sent(&commands)), (vec![id(2)], vec![]));
    let close = market.harness.cancelled(id(2))?;
    assert_eq!(sent(&close), [(Side::Sell, 10)]);
    market.fill_all(&close);
    assert_eq!((market.held(spy()), market.open_orders()), (0, 0));
    Ok(())
}

#[test]
fn a_stop_that_fills_during_the_exit_leaves_nothing_to_close() -> TestResult {
    let mut market = holding();
    market.close(spy(), 90.0);
    assert_eq!(market.harness.fill(id(2), "95")?, []);
    assert_eq!((market.held(spy()), market.open_orders()), (0, 0));
    market.quiet(spy(), &[90.0]);
    Ok(())
}

#[test]
fn after_a_stop_the_next_breakout_enters_again() -> TestResult {
    let mut market = holding();
    market.quiet(spy(), &[105.0]);
    assert_eq!(market.harness.fill(id(2), "101.38")?, []);
    market.quiet(spy(), &[101.0, 102.0]);
    assert_eq!(sent(&market.close(spy(), 106.0)), [(Side::Buy, 10)]);
    Ok(())
}

#[test]
fn a_refused_entry_leaves_nothing_and_the_next_close_outside_enters() -> TestResult {
    let mut market = entered();
    assert_eq!(market.harness.reject(id(1), RejectCode::InsufficientFunds)?, []);
    assert_eq!(market.open_orders(), 0);
    assert_eq!(sent(&market.close(spy(), 104.0)), [(Side::Buy, 10)]);
    Ok(())
}

#[test]
fn a_position_whose_stop_ends_early_is_closed() -> TestResult {
    for end in [
        OrderEventKind::Rejected { code: RejectCode::Unsupported, text: "no".into() },
        OrderEventKind::Expired,
        OrderEventKind::Cancelled { reason: algoflow_core::order::CancelReason::Venue },
    ] {
        let mut market = entered();
        market.harness.fill_part(id(1), q(6), "102")?;
        // The rest of the entry is taken back first.
        assert_eq!(cancelled(&market.harness.report(id(2), end)?), [id(1)]);
        assert_eq!(sent(&market.harness.cancelled(id(1))?), [(Side::Sell, 6)]);
    }
    Ok(())
}

#[test]
fn breakouts_to_the_downside_are_sold_if_that_is_allowed() -> TestResult {
    let mut long_only = market();
    long_only.quiet(spy(), &[100.0, 101.0, 100.5, 100.0, 95.0]);

    let strategy = DonchianBreakout::from_params(params())?.long_short();
    let mut market = Market::new(&["SPY.NYSE"], strategy);
    market.quiet(spy(), &[100.0, 101.0, 100.5, 100.0]);
    assert_eq!(sent(&market.close(spy(), 98.0)), [(Side::Sell, 10)]);
    let stop = Harness::submitted(&market.harness.fill(id(1), "98")?);
    assert_eq!((stop[0].spec.side, stop[0].spec.quantity), (Side::Buy, q(10).into()));
    market.quiet(spy(), &[97.0, 96.0]);
    assert_eq!(cancelled(&market.close(spy(), 98.0)), [id(2)]);
    assert_eq!(sent(&market.harness.cancelled(id(2))?), [(Side::Buy, 10)]);
    Ok(())
}

#[test]
fn later_bars_never_change_an_earlier_decision() {
    let make = || DonchianBreakout::from_params(params()).unwrap().long_short();
    assert_no_look_ahead(&["SPY.NYSE"], make, &waves(1, 120));
}

#[test]
fn parameters_are_refused_by_name() {
    let refusal = refusals(params, DonchianBreakout::from_params);
    assert_eq!(refusal(|p| p.exit = 5), "exit");
    assert_eq!(refusal(|p| p.exit = 0), "exit");
    assert_eq!(refusal(|p| (p.entry, p.exit) = (0, 0)), "entry");
    assert_eq!(refusal(|p| p.atr_period = 0), "atr_period");
    assert_eq!(refusal(|p| p.trail_atr = 0.0), "trail_atr");
    assert_eq!(refusal(|p| p.sizing = Sizing::Quantity(q(0))), "sizing");
}
