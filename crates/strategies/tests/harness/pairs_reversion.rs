use algoflow_core::{command::Command, order::RejectCode, prelude::*};
use algoflow_execution::Harness;
use algoflow_strategies::{HedgeRatio, PairsReversion, PairsReversionParams, Sizing};

use crate::market::{
    Market, TestResult, assert_no_look_ahead, cancelled, instrument, q, refusals, sent, waves,
};

const NAMES: [&str; 2] = ["KO.NYSE", "PEP.NYSE"];

fn ko() -> InstrumentId {
    instrument(NAMES[0]).id
}

fn pep() -> InstrumentId {
    instrument(NAMES[1]).id
}

/// A window of 6; enters at 1.4, leaves at 0.5, gives up at 2.1 (no value in 6 has a score above √5).
fn params() -> PairsReversionParams {
    PairsReversionParams {
        lookback: 6,
        entry: 1.4,
        exit: 0.5,
        stop: 2.1,
        sizing: Sizing::Quantity(q(100)),
        ..PairsReversionParams::new(ko(), pep())
    }
}

fn market_with(params: PairsReversionParams) -> Market {
    Market::new(&NAMES, PairsReversion::from_params(params).unwrap())
}

/// A day on which the second costs 200 and the first this.
fn day(market: &mut Market, first: f64) -> Vec<Command> {
    market.day(&[(ko(), first), (pep(), 200.0)])
}

fn quiet(market: &mut Market, closes: &[f64]) {
    for close in closes {
        assert_eq!(day(market, *close), [], "at {close}");
    }
}

fn last_score(market: &Market) -> f64 {
    market.harness.state().recorded.get("z_score").unwrap().last().unwrap().1
}

const CALM: [f64; 5] = [100.0, 101.0, 99.0, 101.0, 99.0];

/// Short the spread: 100 of the first at 102, twice as dear 51 of the second.
fn holding() -> Market {
    let mut market = market_with(params());
    quiet(&mut market, &CALM);
    let entry = day(&mut market, 102.0);
    assert_eq!(sent(&entry), [(Side::Sell, 100), (Side::Buy, 51)]);
    market.fill_all(&entry);
    market
}

#[test]
fn nothing_is_sent_before_the_window_is_full() {
    let mut market = market_with(params());
    quiet(&mut market, &[100.0, 100.0, 100.0, 100.0, 150.0]);
}

#[test]
fn both_legs_are_entered_and_left() {
    let mut market = holding();
    assert!((1.4..2.1).contains(&last_score(&market)), "{}", last_score(&market));
    quiet(&mut market, &[102.0]);
    let exit = day(&mut market, 100.0);
    assert!(last_score(&market) < 0.5);
    assert_eq!(sent(&exit), [(Side::Buy, 100), (Side::Sell, 51)]);
    market.fill_all(&exit);
    assert_eq!((market.held(ko()), market.held(pep()), market.open_orders()), (0, 0, 0));
}

#[test]
fn a_low_spread_is_bought() {
    let mut market = market_with(params());
    quiet(&mut market, &CALM);
    assert_eq!(sent(&day(&mut market, 98.0)), [(Side::Buy, 100), (Side::Sell, 49)]);
}

#[test]
fn after_an_exit_the_next_signal_enters_again() {
    let mut market = holding();
    let exit = day(&mut market, 99.0);
    market.fill_all(&exit);
    quiet(&mut market, &[100.0, 100.0]);
    let entry = day(&mut market, 104.0);
    assert_eq!(sent(&entry), [(Side::Sell, 100), (Side::Buy, 52)]);
}

#[test]
fn it_waits_for_the_bars_of_both() {
    let mut market = market_with(params());
    quiet(&mut market, &CALM);
    assert_eq!(market.close(ko(), 102.0), [], "the second has no bar");
    assert_eq!(market.close(pep(), 200.0), [], "of another day");
    assert_eq!(market.harness.state().recorded.get("z_score"), None, "five pairs so far");
    let late = market.day(&[(pep(), 200.0), (ko(), 102.0)]);
    assert_eq!(sent(&late), [(Side::Sell, 100), (Side::Buy, 51)], "in whatever order they come");
}

#[test]
fn the_stop_closes_and_bars_the_side_until_the_spread_is_back() {
    let mut market = holding();
    let stop = day(&mut market, 115.0);
    assert!(last_score(&market) >= 2.1);
    assert_eq!(sent(&stop), [(Side::Buy, 100), (Side::Sell, 51)]);
    market.fill_all(&stop);
    quiet(&mut market, &[116.0]);
    assert!((1.4..2.1).contains(&last_score(&market)), "it would enter, but the side is barred");
    quiet(&mut market, &[110.0]);
    assert!(last_score(&market) < 0.5);
    quiet(&mut market, &[112.0, 111.0, 112.0, 111.0]);
    assert_eq!(sent(&day(&mut market, 113.0)), [(Side::Sell, 100), (Side::Buy, 56)]);
}

#[test]
fn a_score_beyond_the_stop_is_not_entered() {
    let mut market = market_with(params());
    quiet(&mut market, &CALM);
    quiet(&mut market, &[130.0]);
    assert!(last_score(&market) >= 2.1);
}

#[test]
fn a_leg_that_is_refused_takes_the_other_one_with_it() -> TestResult {
    let mut market = market_with(params());
    quiet(&mut market, &CALM);
    let entry = Harness::submitted(&day(&mut market, 102.0));
    let (short, long) = (entry[0].order, entry[1].order);
    // The short sale is refused; of the purchase, 20 fill before it is cancelled.
    assert_eq!(cancelled(&market.harness.reject(short, RejectCode::ShortNotAllowed)?), [long]);
    market.harness.fill_part(long, q(20), "200")?;
    let close = market.harness.cancelled(long)?;
    assert_eq!(sent(&close), [(Side::Sell, 20)]);
    market.fill_all(&close);
    assert_eq!((market.held(ko()), market.held(pep()), market.open_orders()), (0, 0, 0));
    quiet(&mut market, &[103.0]);
    assert!((1.4..2.1).contains(&last_score(&market)), "it would enter, but the side is barred");
    Ok(())
}

#[test]
fn two_legs_that_are_denied_leave_nothing() {
    // Without credit, neither the short sale nor the far too large purchase passes.
    let params = PairsReversionParams { sizing: Sizing::Quantity(q(10_000)), ..params() };
    let strategy = PairsReversion::from_params(params).unwrap();
    let mut market = Market::with_cash_account(&NAMES, strategy);
    quiet(&mut market, &CALM);
    quiet(&mut market, &[102.0]);
    assert_eq!(market.harness.engine().denials().len(), 2);
    assert_eq!(market.open_orders(), 0);
    quiet(&mut market, &[103.0]);
    assert_eq!(market.harness.engine().denials().len(), 2);
}

#[test]
fn a_part_that_was_not_filled_is_completed() -> TestResult {
    let mut market = market_with(params());
    quiet(&mut market, &CALM);
    let entry = Harness::submitted(&day(&mut market, 102.0));
    market.harness.fill_part(entry[0].order, q(30), "102")?;
    market.harness.fill(entry[1].order, "200")?;
    quiet(&mut market, &[102.0]);
    market.harness.cancelled(entry[0].order)?;
    assert_eq!(sent(&day(&mut market, 103.0)), [(Side::Sell, 70)]);
    Ok(())
}

#[test]
fn a_weight_is_shared_in_the_hedge_ratio() {
    let params =
        PairsReversionParams { hedge: HedgeRatio::Fixed(0.5), sizing: Sizing::Weight(0.6), ..params() };
    let mut market = market_with(params);
    quiet(&mut market, &CALM);
    // 40,000 of the first at 102, 20,000 of the second at 200.
    assert_eq!(sent(&day(&mut market, 102.0)), [(Side::Sell, 392), (Side::Buy, 100)]);
}

#[test]
fn an_estimated_ratio_sizes_the_second_leg() {
    let params = PairsReversionParams { hedge: HedgeRatio::RollingOls, lookback: 8, ..params() };
    let mut market = market_with(params);
    let second = [200.0, 204.0, 198.0, 206.0, 196.0, 202.0, 199.0];
    for (day, price) in second.into_iter().enumerate() {
        let noise = if day % 2 == 0 { 1.001 } else { 0.999 };
        let first = 100.0 * (price / 200.0_f64).powi(2) * noise;
        assert_eq!(market.day(&[(ko(), first), (pep(), price)]), []);
    }
    let entry = market.day(&[(ko(), 101.1), (pep(), 201.0)]);
    let ratio = market.harness.state().recorded.get("hedge_ratio").unwrap()[0].1;
    assert!((1.9..2.1).contains(&ratio), "{ratio}");
    let second_leg = (100.0 * 101.1 * ratio / 201.0).floor() as i64;
    assert_eq!(sent(&entry), [(Side::Sell, 100), (Side::Buy, second_leg)]);
}

#[test]
fn prices_that_move_against_each_other_are_no_pair() {
    let params = PairsReversionParams { hedge: HedgeRatio::RollingOls, ..params() };
    let mut market = market_with(params);
    for (first, second) in [(100.0, 200.0), (101.0, 198.0), (99.0, 202.0), (101.0, 197.0), (99.5, 202.0)] {
        assert_eq!(market.day(&[(ko(), first), (pep(), second)]), []);
    }
    assert_eq!(market.day(&[(ko(), 100.2), (pep(), 201.0)]), []);
    assert!((1.4..2.1).contains(&last_score(&market)), "{}", last_score(&market));
    assert!(market.harness.state().recorded.get("hedge_ratio").unwrap()[0].1 < 0.0);
}

#[test]
fn a_leg_that_is_too_small_is_not_entered() {
    let mut market = market_with(PairsReversionParams { sizing: Sizing::Quantity(q(1)), ..params() });
    quiet(&mut market, &CALM);
    // 102 buys no share of 200.
    quiet(&mut market, &[102.0]);
    assert!(last_score(&market) >= 1.4);
}

#[test]
fn a_quantity_needs_prices_in_one_asset() {
    let instruments = [instrument(NAMES[0]), Instrument::equity(NAMES[1], "EUR").unwrap()];
    let strategy = PairsReversion::from_params(params()).unwrap();
    let harness = Harness::new(instruments, "1000 USD".parse().unwrap(), strategy).unwrap();
    assert!(harness.engine().halts()[0].reason.starts_with("parameter sizing: "));
}

#[test]
fn later_bars_never_change_an_earlier_decision() {
    for hedge in [HedgeRatio::Fixed(1.0), HedgeRatio::RollingOls] {
        let params = PairsReversionParams { hedge, lookback: 12, entry: 1.0, stop: 3.0, ..params() };
        let make = || PairsReversion::from_params(params.clone()).unwrap();
        assert_no_look_ahead(&NAMES, make, &waves(2, 120));
    }
}

#[test]
fn parameters_are_refused_by_name() {
    let refusal = refusals(params, PairsReversion::from_params);
    assert_eq!(refusal(|p| p.second = p.first), "second");
    assert_eq!(refusal(|p| p.lookback = 1), "lookback");
    assert_eq!(refusal(|p| p.hedge = HedgeRatio::Fixed(0.0)), "hedge");
    assert_eq!(refusal(|p| p.exit = -0.1), "exit");
    assert_eq!(refusal(|p| p.exit = 1.5), "exit");
    assert_eq!(refusal(|p| p.entry = 2.1), "entry");
    assert_eq!(refusal(|p| p.stop = f64::INFINITY), "stop");
    assert_eq!(refusal(|p| p.sizing = Sizing::Weight(-1.0)), "sizing");
}
