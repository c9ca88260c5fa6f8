use algoflow_core::{
    bar_spec::BarSpec,
    market::{Bar, Trade},
    number::{Price, Quantity},
    order::Side,
    time::{TimeDelta, Timestamp},
};

use super::*;

fn bar(minute: i64, prices: [&str; 4], volume: &str) -> Bar {
    let ts_open = Timestamp::from_nanos(minute * 60_000_000_000);
    let ts_close = ts_open.saturating_add(TimeDelta::minutes(1));
    let [open, high, low, close] = prices.map(|p| p.parse::<Price>().unwrap());
    Bar {
        instrument: "T.X".parse().unwrap(),
        spec: BarSpec::minutes(1),
        ts_open,
        ts_close,
        ts_recv: ts_close,
        open,
        high,
        low,
        close,
        volume: volume.parse().unwrap(),
    }
}

fn trade(event: i64, recv: i64) -> Trade {
    Trade {
        instrument: "T.X".parse().unwrap(),
        ts_event: Timestamp::from_nanos(event),
        ts_recv: Timestamp::from_nanos(recv),
        price: Price::from_int(5),
        quantity: Quantity::ONE,
        aggressor: Some(Side::Buy),
    }
}

#[test]
fn scales_unify_exactly() {
    let bars = [
        bar(0, ["1.50", "2", "1", "1.5"], "3"),
        bar(1, ["1.125", "2", "1", "1.5"], "0.5"),
        bar(2, ["1", "2", "1", "1"], "1e3"),
    ];
    let series = BarSeries::from_bars(bars).unwrap();
    assert_eq!((series.header().price_scale.places(), series.header().quantity_scale.places()), (3, 1));
    assert_eq!(series.iter().collect::<Vec<_>>(), bars);
    assert_eq!(series.closes(), [1.5, 1.5, 1.0]);
    assert_eq!(series.volumes(), [3.0, 0.5, 1000.0]);
    assert_eq!(series.rows()[0].open, 1500);
    assert_eq!(size_of::<BarRow>(), 56);
}

#[test]
fn what_does_not_fit_one_scale_is_refused_and_changes_nothing() {
    let mut series = BarSeries::from_bars([bar(0, ["9000000000", "9000000000", "1", "1"], "1")]).unwrap();
    let before = series.clone();
    let fine = bar(1, ["0.0000000001", "1", "0.0000000001", "1"], "1");
    let error = series.push(&fine).unwrap_err();
    assert_eq!(error.code(), "NUMBER_OVERFLOW");
    assert_eq!(series, before);
}

#[test]
fn time_does_not_run_back() {
    let error =
        BarSeries::from_bars([bar(1, ["1"; 4], "1"), bar(0, ["1"; 4], "1")]).expect_err("runs backwards");
    assert_eq!(error.code(), "DATA_OUT_OF_ORDER");
    assert!(error.to_string().contains("T.X"), "{error}");
    assert!(TradeSeries::from_trades([trade(5, 6), trade(4, 5)]).is_err());
}

#[test]
fn times_of_receipt_are_kept() {
    let trades = [trade(1, 11), trade(2, 12), trade(1, 13), trade(9, 20)];
    let series = TradeSeries::from_trades(trades).unwrap();
    assert_eq!(series.iter().collect::<Vec<_>>(), trades);
    assert_eq!((series.first_ts(), series.last_ts()), (Some(trades[0].ts_recv), Some(trades[3].ts_recv)));
    assert_eq!(series.index_at(Timestamp::from_nanos(13)), 2);
    assert_eq!(series.slice(1..3).iter().collect::<Vec<_>>(), trades[1..3]);
    assert!(series.with_recv_delay(TimeDelta::ZERO).is_err(), "they happened in another order");
    let delayed = TradeSeries::from_trades([trade(1, 1), trade(2, 2)]).unwrap();
    let delayed = delayed.with_recv_delay(TimeDelta::from_nanos(5)).unwrap();
    assert_eq!(delayed.get(1), Some(trade(2, 7)));
    assert!(delayed.with_recv_delay(TimeDelta::from_nanos(-1)).is_err());
}

#[test]
fn strangers_are_refused() {
    let mut series = BarSeries::from_bars([bar(0, ["1"; 4], "1")]).unwrap();
    let other = Bar { spec: BarSpec::minutes(5), ..bar(1, ["1"; 4], "1") };
    assert_eq!(series.push(&other).unwrap_err().code(), "DATA_MISMATCH");
    assert_eq!(BarSeries::from_bars([]).unwrap_err().code(), "DATA_EMPTY");
}

#[test]
fn ranges_are_cut_to_what_there_is() {
    let series = BarSeries::from_bars((0..10).map(|i| bar(i, ["1"; 4], "1"))).unwrap();
    assert_eq!(series.slice(8..99).len(), 2);
    assert_eq!(series.slice(20..30).len(), 0);
    let (from, to) = (series.recv_at(2).unwrap(), series.recv_at(5).unwrap());
    assert_eq!(series.indices_between(from, to), 2..5);
    assert_eq!(series.indices_between(to, from), 5..5);
    assert_eq!((series.get(10), series.recv_at(10)), (None, None));
}
