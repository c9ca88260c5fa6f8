use algoflow_core::{order::RejectCode, prelude::*};
use algoflow_execution::Harness;
use algoflow_strategies::{TrendMomentum, TrendMomentumParams};

use crate::market::{Market, TestResult, assert_no_look_ahead, instrument, refusals, sent, spy, waves};

const NAMES: [&str; 2] = ["SPY.NYSE", "TLT.NYSE"];

fn tlt() -> InstrumentId {
    instrument(NAMES[1]).id
}

/// Returns over 3 bars, volatility over 2, 100 bars a year, adjusted every 2 bars.
fn params() -> TrendMomentumParams {
    TrendMomentumParams {
        bars_per_year: 100.0,
        lookback: 3,
        volatility_span: 2,
        target_volatility: 0.2,
        max_weight: 2.0,
        max_gross: 4.0,
        rebalance_every: 2,
        no_trade_band: 0.0,
        ..TrendMomentumParams::new([spy()])
    }
}

fn both() -> TrendMomentumParams {
    TrendMomentumParams { instruments: vec![spy(), tlt()], ..params() }
}

fn market(params: TrendMomentumParams) -> Market {
    Market::new(&NAMES, TrendMomentum::from_params(params).unwrap())
}

/// The exponential average of squared returns, span 2, begun with the mean of the first two.
fn yearly_volatility(closes: &[f64]) -> f64 {
    let squares: Vec<_> = closes.windows(2).map(|pair| (pair[1] / pair[0] - 1.0).powi(2)).collect();
    let mut average = (squares[0] + squares[1]) / 2.0;
    for square in &squares[2..] {
        average += (square - average) * 2.0 / 3.0;
    }
    (average * 100.0).sqrt()
}

const RISE: [f64; 4] = [100.0, 102.0, 101.0, 104.0];

#[test]
fn nothing_is_sent_before_the_lookback_is_full() {
    market(params()).quiet(spy(), &RISE[..3]);
    market(TrendMomentumParams { volatility_span: 9, ..params() }).quiet(spy(), &RISE);
}

#[test]
fn the_size_is_the_target_over_the_volatility() {
    let mut market = market(params());
    market.quiet(spy(), &RISE[..3]);
    let units = 100_000.0 * 0.2 / yearly_volatility(&RISE) / 104.0;
    assert_eq!(sent(&market.close(spy(), 104.0)), [(Side::Buy, units as i64)]);
}

#[test]
fn it_adjusts_every_so_many_bars() {
    let mut market = market(params());
    market.quiet(spy(), &RISE[..3]);
    let entry = market.close(spy(), 104.0);
    market.fill_all(&entry);
    market.quiet(spy(), &[120.0]);
    let held = market.held(spy());
    let adjusted = sent(&market.close(spy(), 121.0));
    assert_eq!((adjusted[0].0, adjusted[0].1 < held), (Side::Sell, true), "the jump made it riskier");
}

#[test]
fn a_fall_ends_the_position_or_turns_it_around() {
    let mut long_only = market(params());
    let mut turning = Market::new(&NAMES, TrendMomentum::from_params(params()).unwrap().long_short());
    for market in [&mut long_only, &mut turning] {
        market.quiet(spy(), &RISE[..3]);
        let entry = market.close(spy(), 104.0);
        market.fill_all(&entry);
        market.quiet(spy(), &[100.0]);
    }
    let held = long_only.held(spy());
    let exit = long_only.close(spy(), 96.0);
    assert_eq!(sent(&exit), [(Side::Sell, held)]);
    let turn = sent(&turning.close(spy(), 96.0));
    assert!(turn[0].0 == Side::Sell && turn[0].1 > held, "{turn:?}");

    // The signal comes again.
    long_only.fill_all(&exit);
    long_only.quiet(spy(), &[99.0]);
    assert_eq!(sent(&long_only.close(spy(), 103.0))[0].0, Side::Buy);
}

#[test]
fn each_instrument_gets_its_part_and_all_are_decided_together() {
    let mut market = market(both());
    for close in &RISE[..3] {
        assert_eq!(market.day(&[(spy(), *close), (tlt(), *close / 2.0)]), []);
    }
    let commands = market.day(&[(spy(), 104.0), (tlt(), 52.0)]);
    let value = 100_000.0 * 0.1 / yearly_volatility(&RISE);
    assert_eq!(sent(&commands), [(Side::Buy, (value / 104.0) as i64), (Side::Buy, (value / 52.0) as i64)]);
}

#[test]
fn an_instrument_without_bars_does_not_hold_up_the_other() {
    let mut market = market(both());
    market.quiet(spy(), &RISE[..3]);
    let units = 100_000.0 * 0.1 / yearly_volatility(&RISE) / 104.0;
    assert_eq!(sent(&market.close(spy(), 104.0)), [(Side::Buy, units as i64)]);
}

#[test]
fn weights_are_bounded_one_by_one_and_together() {
    let bounded = TrendMomentumParams { max_weight: 0.3, ..params() };
    let mut market = market(bounded);
    market.quiet(spy(), &RISE[..3]);
    assert_eq!(sent(&market.close(spy(), 104.0)), [(Side::Buy, 288)]);

    let mut market = self::market(TrendMomentumParams { max_weight: 0.3, max_gross: 0.52, ..both() });
    for close in &RISE[..3] {
        market.day(&[(spy(), *close), (tlt(), *close)]);
    }
    let commands = market.day(&[(spy(), 104.0), (tlt(), 104.0)]);
    assert_eq!(sent(&commands), [(Side::Buy, 250), (Side::Buy, 250)]);
}

#[test]
fn small_changes_are_left_out() {
    let banded = TrendMomentumParams { no_trade_band: 0.3, ..params() };
    let mut market = market(banded);
    market.quiet(spy(), &RISE[..3]);
    let entry = market.close(spy(), 104.0);
    market.fill_all(&entry);
    market.quiet(spy(), &[106.0, 109.0, 111.0, 114.0]);
    assert_eq!(
        sent(&{
            market.quiet(spy(), &[100.0]);
            market.close(spy(), 90.0)
        })[0]
            .0,
        Side::Sell
    );
}

#[test]
fn what_shrinks_pays_for_what_grows() -> TestResult {
    let all_in = TrendMomentumParams { max_weight: 0.95, max_gross: 0.95, target_volatility: 5.0, ..both() };
    let strategy = TrendMomentum::from_params(all_in)?;
    let mut market = Market::with_cash_account(&NAMES, strategy);
    for close in [100.0, 101.0, 102.0] {
        market.day(&[(spy(), close), (tlt(), 200.0 - close)]);
    }
    let entry = market.day(&[(spy(), 103.0), (tlt(), 97.0)]);
    assert_eq!(sent(&entry).len(), 1);
    market.fill_all(&entry);
    let held = market.held(spy());
    market.day(&[(spy(), 100.0), (tlt(), 102.0)]);
    let exit = market.day(&[(spy(), 95.0), (tlt(), 110.0)]);
    assert_eq!(sent(&exit), [(Side::Sell, held)]);
    let order = Harness::submitted(&exit)[0].order;
    let half = Quantity::from_int(held / 2);
    assert_eq!(market.harness.fill_part(order, half, "95")?, [], "not before all of it is sold");
    let bought = market.harness.fill(order, "95")?;
    assert_eq!(sent(&bought)[0].0, Side::Buy);
    assert_eq!(market.harness.engine().denials(), []);
    Ok(())
}

#[test]
fn a_refused_order_is_tried_again_with_the_next_bar() -> TestResult {
    let mut market = market(params());
    market.quiet(spy(), &RISE[..3]);
    let order = Harness::submitted(&market.close(spy(), 104.0))[0].order;
    assert_eq!(market.harness.reject(order, RejectCode::MarketClosed)?, []);
    assert_eq!(sent(&market.close(spy(), 105.0))[0].0, Side::Buy);
    Ok(())
}

#[test]
fn a_close_that_is_not_above_zero_is_left_out() {
    let mut market = market(params());
    market.quiet(spy(), &RISE[..3]);
    market.quiet(spy(), &[0.0]);
    let units = 100_000.0 * 0.2 / yearly_volatility(&RISE) / 104.0;
    assert_eq!(sent(&market.close(spy(), 104.0)), [(Side::Buy, units as i64)]);
}

#[test]
fn later_bars_never_change_an_earlier_decision() {
    let make = || TrendMomentum::from_params(both()).unwrap().long_short();
    assert_no_look_ahead(&NAMES, make, &waves(2, 120));
}

#[test]
fn parameters_are_refused_by_name() {
    let refusal = refusals(params, TrendMomentum::from_params);
    assert_eq!(refusal(|p| p.instruments.clear()), "instruments");
    assert_eq!(refusal(|p| p.instruments.push(spy())), "instruments");
    assert_eq!(refusal(|p| p.bars_per_year = 0.0), "bars_per_year");
    assert_eq!(refusal(|p| p.lookback = 0), "lookback");
    assert_eq!(refusal(|p| p.volatility_span = 0), "volatility_span");
    assert_eq!(refusal(|p| p.target_volatility = f64::NAN), "target_volatility");
    assert_eq!(refusal(|p| p.max_weight = -1.0), "max_weight");
    assert_eq!(refusal(|p| p.max_gross = 0.0), "max_gross");
    assert_eq!(refusal(|p| p.rebalance_every = 0), "rebalance_every");
    assert_eq!(refusal(|p| p.no_trade_band = -0.1), "no_trade_band");
}
