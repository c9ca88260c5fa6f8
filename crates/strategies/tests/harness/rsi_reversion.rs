use algoflow_core::{
    capabilities::{Capabilities, Feature},
    command::Command,
    ledger::AccountKind,
    order::{OrderEventKind, RejectCode},
    prelude::*,
};
use algoflow_execution::Harness;
use algoflow_strategies::{RsiReversion, RsiReversionParams, Sizing};

use crate::market::{
    Market, TestResult, assert_no_look_ahead, cancelled, id, instrument, q, refusals, sent, spy, waves,
};

/// RSI(2) below 20, exit above 50, ATR(2); days within half a dollar of the close.
fn params() -> RsiReversionParams {
    RsiReversionParams {
        period: 2,
        oversold: 20.0,
        overbought: 80.0,
        atr_period: 2,
        take_profit_atr: 2.0,
        stop_atr: 1.0,
        sizing: Sizing::Quantity(q(10)),
        ..RsiReversionParams::new(spy())
    }
}

fn market() -> Market {
    Market::new(&["SPY.NYSE"], RsiReversion::from_params(params()).unwrap())
}

/// After these the RSI is 60; a fall to 97 makes it 8.
const FALL: [f64; 4] = [100.0, 101.0, 101.5, 101.0];

/// Up to the entry: order 1 with its take-profit 2 and its stop 3.
fn entered() -> Market {
    let mut market = market();
    market.quiet(spy(), &FALL);
    assert_eq!(sent(&market.close(spy(), 97.0)), [(Side::Buy, 10)]);
    market
}

/// The entry filled, and both legs of the bracket at the venue.
fn holding() -> Market {
    let mut market = entered();
    assert_eq!(market.harness.fill(id(1), "97").unwrap().len(), 2);
    market.harness.accept(id(2)).unwrap();
    market.harness.accept(id(3)).unwrap();
    market
}

#[test]
fn nothing_is_sent_before_there_is_an_rsi_to_compare_with() {
    // Falls from the start: the RSI never crosses, it begins below.
    market().quiet(spy(), &[100.0, 95.0, 90.0, 85.0, 80.0]);
}

#[test]
fn the_bracket_stands_at_average_ranges_from_the_close() {
    let mut market = entered();
    let legs = Harness::submitted(&market.harness.fill(id(1), "97.20").unwrap());
    // Wilder's average of the true ranges, which are counted from the close before where that is further away.
    let ranges = [1.5, 1.0, 1.0, 4.5];
    let mut atr = (ranges[0] + ranges[1]) / 2.0;
    for range in &ranges[2..] {
        atr += (range - atr) / 2.0;
    }
    let spy = instrument("SPY.NYSE");
    let (take_profit, stop) = (spy.price(97.0 + 2.0 * atr).unwrap(), spy.price(97.0 - atr).unwrap());
    assert_eq!(legs[0].spec.kind, OrderKind::Limit { price: take_profit });
    assert_eq!(legs[1].spec.kind, OrderKind::Stop { trigger: stop });
    assert!(legs.iter().all(|leg| leg.spec.quantity == q(10).into() && leg.spec.side == Side::Sell));
}

#[test]
fn the_exit_cancels_the_bracket_before_it_closes() -> TestResult {
    let mut market = holding();
    market.quiet(spy(), &[96.5]);
    let commands = market.close(spy(), 102.0);
    assert_eq!((cancelled(&commands), sent(&commands)), (vec![id(2), id(3)], vec![]));
    assert_eq!(market.harness.cancelled(id(2))?, [], "the stop may still fill");
    let close = market.harness.cancelled(id(3))?;
    assert_eq!(sent(&close), [(Side::Sell, 10)]);
    market.fill_all(&close);
    assert_eq!((market.held(spy()), market.open_orders()), (0, 0));
    Ok(())
}

#[test]
fn a_stop_that_fills_during_the_exit_leaves_nothing_to_close() -> TestResult {
    let mut market = holding();
    market.close(spy(), 104.0);
    market.harness.cancelled(id(2))?;
    assert_eq!(market.harness.fill_part(id(3), q(4), "95")?, []);
    assert_eq!(market.harness.fill(id(3), "95")?, []);
    assert_eq!((market.held(spy()), market.open_orders()), (0, 0));
    market.quiet(spy(), &[104.0]);
    Ok(())
}

#[test]
fn a_cancellation_that_is_refused_is_asked_for_again_with_the_next_bar() -> TestResult {
    let mut market = holding();
    market.close(spy(), 104.0);
    market.harness.cancelled(id(2))?;
    let busy = OrderEventKind::CancelRejected { code: RejectCode::RateLimited, text: "busy".into() };
    assert_eq!(market.harness.report(id(3), busy)?, []);
    assert_eq!(cancelled(&market.close(spy(), 104.0)), [id(3)]);
    assert_eq!(sent(&market.harness.cancelled(id(3))?), [(Side::Sell, 10)]);
    Ok(())
}

#[test]
fn a_closing_order_that_is_refused_is_sent_again_with_the_next_bar() -> TestResult {
    let mut market = holding();
    market.close(spy(), 104.0);
    market.harness.cancelled(id(2))?;
    market.harness.cancelled(id(3))?;
    assert_eq!(market.harness.reject(id(4), RejectCode::MarketClosed)?, []);
    let close = market.close(spy(), 104.0);
    assert_eq!(sent(&close), [(Side::Sell, 10)]);
    assert_eq!(market.close(spy(), 104.0), [], "it still works");
    market.fill_all(&close);
    assert_eq!(market.held(spy()), 0);
    Ok(())
}

#[test]
fn the_bracket_follows_a_partial_fill_and_the_exit_takes_back_the_rest() -> TestResult {
    let mut market = entered();
    let legs = Harness::submitted(&market.harness.fill_part(id(1), q(4), "97")?);
    assert!(legs.iter().all(|leg| leg.spec.quantity == q(4).into()));
    let commands = market.close(spy(), 104.0);
    assert_eq!(cancelled(&commands), [id(1), id(2), id(3)]);
    // Two more fill before the venue has read the cancellation.
    market.harness.fill_part(id(1), q(2), "97")?;
    market.harness.cancelled(id(1))?;
    market.harness.cancelled(id(2))?;
    assert_eq!(sent(&market.harness.cancelled(id(3))?), [(Side::Sell, 6)]);
    Ok(())
}

#[test]
fn after_a_stop_the_rsi_must_cross_anew() -> TestResult {
    let mut market = holding();
    assert_eq!(cancelled(&market.harness.fill(id(3), "94")?), [id(2)]);
    market.harness.cancelled(id(2))?;
    market.quiet(spy(), &[93.0, 91.0]);
    market.quiet(spy(), &[99.0]);
    assert_eq!(sent(&market.close(spy(), 90.0)).len(), 0, "from 76 to 28: not below the threshold");
    assert_eq!(sent(&market.close(spy(), 80.0)), [(Side::Buy, 10)]);
    Ok(())
}

#[test]
fn the_take_profit_ends_the_trade() -> TestResult {
    let mut market = holding();
    assert_eq!(cancelled(&market.harness.fill(id(2), "104")?), [id(3)]);
    market.harness.cancelled(id(3))?;
    assert_eq!((market.held(spy()), market.open_orders()), (0, 0));
    market.quiet(spy(), &[104.0]);
    Ok(())
}

#[test]
fn a_refused_entry_waits_for_the_next_signal() -> TestResult {
    let mut market = entered();
    assert_eq!(market.harness.reject(id(1), RejectCode::InsufficientFunds)?, []);
    assert_eq!(market.open_orders(), 0, "the bracket went with it");
    market.quiet(spy(), &[96.0, 99.0]);
    market.quiet(spy(), &[98.5]);
    assert_eq!(sent(&market.close(spy(), 90.0)), [(Side::Buy, 10)]);
    Ok(())
}

#[test]
fn a_position_whose_stop_is_refused_is_closed() -> TestResult {
    let mut market = entered();
    market.harness.fill(id(1), "97")?;
    let answer = market.harness.reject(id(3), RejectCode::Unsupported)?;
    assert_eq!(cancelled(&answer), [id(2)]);
    assert_eq!(sent(&market.harness.cancelled(id(2))?), [(Side::Sell, 10)]);
    Ok(())
}

#[test]
fn a_refused_take_profit_leaves_the_stop() -> TestResult {
    let mut market = entered();
    market.harness.fill(id(1), "97")?;
    assert_eq!(market.harness.reject(id(2), RejectCode::Other)?, []);
    let commands = market.close(spy(), 104.0);
    assert_eq!(cancelled(&commands), [id(3)]);
    Ok(())
}

#[test]
fn what_fills_after_the_bracket_is_done_is_closed() -> TestResult {
    // The take-profit fills all that was bought so far, while the entry still works.
    let mut market = entered();
    market.harness.fill_part(id(1), q(4), "97")?;
    // The engine ends the stop and what is left of the entry; the entry fills all the same, before it is cancelled.
    assert_eq!(cancelled(&market.harness.fill(id(2), "104")?), [id(3), id(1)]);
    assert_eq!(cancelled(&market.harness.cancelled(id(3))?), []);
    let exits = market.harness.fill(id(1), "97")?;
    assert_eq!(market.held(spy()), 6);
    // The engine protects that with new exits. The strategy is leaving already: it takes them back and closes.
    assert_eq!(sent(&exits), [(Side::Sell, 6), (Side::Sell, 6)]);
    for exit in cancelled(&exits) {
        market.harness.cancelled(exit)?;
    }
    assert_eq!(market.harness.state().orders.open().count(), 1, "the order that closes");
    let close = market.harness.state().orders.open().next().unwrap().id;
    market.harness.fill(close, "97")?;
    assert_eq!(market.held(spy()), 0);
    Ok(())
}

#[test]
fn a_venue_without_stops_gets_no_position() {
    let venue = Capabilities::all_native()
        .emulating(Feature::Oto, "none in a test")
        .emulating(Feature::Oco, "none in a test")
        .without(Feature::Stop, "there are none here");
    let account = AccountKind::Margin { leverage: Decimal::from(10) };
    let strategy = RsiReversion::from_params(params()).unwrap();
    let cash = "100000 USD".parse().unwrap();
    let mut harness = Harness::with([instrument("SPY.NYSE")], cash, account, venue, strategy).unwrap();
    let mut last = Vec::new();
    for close in ["100", "101", "101.5", "101", "97"] {
        last = harness.close(spy(), close).unwrap();
    }
    // The entry has left when the stop is denied, and is taken back at once.
    assert!(matches!(&last[..], [Command::Submit(_), Command::Cancel(order)] if order.order == id(1)));
    harness.cancelled(id(1)).unwrap();
    assert_eq!(harness.state().orders.open().count(), 0);
}

#[test]
fn rises_are_sold_short_if_that_is_allowed() -> TestResult {
    let rise = [100.0, 99.0, 98.5, 99.0];
    let mut long_only = market();
    long_only.quiet(spy(), &rise);
    long_only.quiet(spy(), &[103.0]);

    let strategy = RsiReversion::from_params(params())?.long_short();
    let mut market = Market::new(&["SPY.NYSE"], strategy);
    market.quiet(spy(), &rise);
    assert_eq!(sent(&market.close(spy(), 103.0)), [(Side::Sell, 10)]);
    let legs = Harness::submitted(&market.harness.fill(id(1), "103")?);
    let OrderKind::Limit { price } = legs[0].spec.kind else { panic!("{legs:?}") };
    let OrderKind::Stop { trigger } = legs[1].spec.kind else { panic!("{legs:?}") };
    assert!(price < Price::from_int(103) && trigger > Price::from_int(103));
    assert!(legs.iter().all(|leg| leg.spec.side == Side::Buy));
    assert_eq!(cancelled(&market.close(spy(), 96.0)), [id(2), id(3)]);
    market.harness.cancelled(id(2))?;
    assert_eq!(sent(&market.harness.cancelled(id(3))?), [(Side::Buy, 10)]);
    Ok(())
}

#[test]
fn a_bracket_without_room_is_not_sent() {
    // A thousandth of the average range is less than a price step.
    let tiny = RsiReversionParams { take_profit_atr: 0.001, ..params() };
    let mut market = Market::new(&["SPY.NYSE"], RsiReversion::from_params(tiny).unwrap());
    market.quiet(spy(), &FALL);
    market.quiet(spy(), &[97.0]);
}

#[test]
fn later_bars_never_change_an_earlier_decision() {
    let make = || RsiReversion::from_params(params()).unwrap().long_short();
    assert_no_look_ahead(&["SPY.NYSE"], make, &waves(1, 120));
}

#[test]
fn parameters_are_refused_by_name() {
    let refusal = refusals(params, RsiReversion::from_params);
    assert_eq!(refusal(|p| p.period = 0), "period");
    assert_eq!(refusal(|p| p.oversold = 0.0), "oversold");
    assert_eq!(refusal(|p| p.oversold = 50.0), "oversold");
    assert_eq!(refusal(|p| p.exit = 80.0), "exit");
    assert_eq!(refusal(|p| p.exit = f64::NAN), "oversold");
    assert_eq!(refusal(|p| p.overbought = 100.0), "overbought");
    assert_eq!(refusal(|p| p.atr_period = 0), "atr_period");
    assert_eq!(refusal(|p| p.take_profit_atr = -1.0), "take_profit_atr");
    assert_eq!(refusal(|p| p.stop_atr = f64::INFINITY), "stop_atr");
    assert_eq!(refusal(|p| p.sizing = Sizing::Weight(0.0)), "sizing");
}
