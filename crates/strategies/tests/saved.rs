//! A strategy that is saved in the middle and loaded into another one decides from there on as the first.

#![allow(clippy::unwrap_used)]

use algoflow_core::{
    capabilities::Capabilities, command::Command, instrument::Instrument, ledger::AccountKind,
    market::MarketData, number::Scale, prelude::*,
};
use algoflow_execution::{Engine, EngineSnapshot};
use algoflow_strategies::{
    DonchianBreakout, PairsReversion, Rebalance, RsiReversion, SmaCross, TrendMomentum,
};

const DAYS: i64 = 900;

fn ids() -> [InstrumentId; 2] {
    ["ONE.X", "TWO.X"].map(|id| id.parse().unwrap())
}

fn engine(strategy: Box<dyn Strategy>) -> Engine {
    let mut engine = Engine::new(1, "USD".parse().unwrap());
    engine.add_strategy("kept".parse().unwrap(), strategy).unwrap();
    engine
}

fn set_up(engine: &mut Engine) {
    let venue = ids()[0].venue();
    engine.add_venue(venue, Capabilities::all_native(), AccountKind::Margin { leverage: Decimal::TEN });
    for id in ids() {
        engine.add_instrument(Instrument::equity(id.as_str(), "USD").unwrap()).unwrap();
    }
    engine.deposit(venue, "1000000 USD".parse().unwrap()).unwrap();
    engine.start(Timestamp::EPOCH, &mut Vec::new()).unwrap();
}

/// Prices that rise and fall, so that every strategy finds something to do.
fn bar(id: InstrumentId, day: i64) -> MarketData {
    let place = if id == ids()[0] { 0 } else { 7 };
    let wave = ((day + place) as f64 / 9.0).sin() * 900.0 + ((day * 7 + place * 3) % 23) as f64 * 20.0;
    let cents = |off: i64| Price::new(10_000 + wave as i64 + day + off, Scale::new(2).unwrap());
    let at = |day: i64| Timestamp::EPOCH.saturating_add(TimeDelta::days(day));
    Bar {
        instrument: id,
        spec: BarSpec::day(),
        ts_open: at(day),
        ts_close: at(day + 1),
        ts_recv: at(day + 1),
        open: cents(-11),
        high: cents(40),
        low: cents(-45),
        close: cents(0),
        volume: Quantity::from_int(1_000),
    }
    .into()
}

fn feed(engine: &mut Engine, days: std::ops::Range<i64>) -> Vec<Command> {
    let mut commands = Vec::new();
    for day in days {
        for id in ids() {
            engine.market(&bar(id, day), &mut commands).unwrap();
        }
        while engine.next_wakeup() <= engine.state().now {
            let at = engine.next_wakeup();
            engine.time(at, &mut commands).unwrap();
        }
    }
    commands
}

fn goes_on(name: &str, make: impl Fn() -> Box<dyn Strategy>) {
    let mut whole = engine(make());
    set_up(&mut whole);
    feed(&mut whole, 0..DAYS / 2);
    let text = serde_json::to_string(&whole.save().unwrap()).unwrap();
    let mut copy = engine(make());
    copy.restore(serde_json::from_str::<EngineSnapshot>(&text).unwrap()).unwrap();
    let written = |engine: &Engine| serde_json::to_string(&engine.save().unwrap()).unwrap();
    assert_eq!(written(&copy), text, "{name}");
    assert_eq!(feed(&mut whole, DAYS / 2..DAYS), feed(&mut copy, DAYS / 2..DAYS), "{name}");
    assert_eq!(written(&whole), written(&copy), "{name}");
    assert!(!whole.state().orders.is_empty(), "{name} does something");
}

#[test]
fn every_strategy_goes_on_from_where_it_was_saved() {
    let [one, two] = ids();
    goes_on("sma_cross", || Box::new(SmaCross::new(one, 5, 20).unwrap().weight(0.1)));
    goes_on("rsi_reversion", || Box::new(RsiReversion::new(one, 5).unwrap().weight(0.1)));
    goes_on("donchian_breakout", || Box::new(DonchianBreakout::new(one, 15, 5).unwrap().weight(0.1)));
    goes_on("pairs_reversion", || Box::new(PairsReversion::new(one, two, 20).unwrap()));
    goes_on("rebalance", || Box::new(Rebalance::new([(one, 0.3), (two, 0.3)]).unwrap()));
    goes_on("trend_momentum", || Box::new(TrendMomentum::new([one, two], 40).unwrap()));
}

#[test]
fn a_state_of_other_parameters_is_refused() {
    let one = ids()[0];
    let state = SmaCross::new(one, 5, 20).unwrap().save().unwrap().unwrap();
    assert!(SmaCross::new(one, 5, 20).unwrap().load(state.clone()).is_ok());
    assert_eq!(SmaCross::new(one, 5, 21).unwrap().load(state).unwrap_err().code(), "STRATEGY_PARAMETER");
}
