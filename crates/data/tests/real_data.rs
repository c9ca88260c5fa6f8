//! Published data sets, where they are present: the folder that `ALGOFLOW_DATA` names, or `../shared/data` beside the
//! workspace.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

use std::path::PathBuf;

use algoflow_core::{bar_spec::BarSpec, id::InstrumentId, market::MarketData, order::Side};
use algoflow_data::{
    Column, CsvBars, CsvDepth, CsvQuotes, CsvTrades, DataSource, Problem, Repairs, RowPolicy, Schema,
    StampIs, inspect,
};

/// The path of a data set, or `None` with a message if it is not there.
fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ALGOFLOW_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: {} is not there (set ALGOFLOW_DATA)", path.display());
    None
}

fn id() -> InstrumentId {
    "REAL.X".parse().unwrap()
}

fn at(text: &str) -> Option<algoflow_core::time::Timestamp> {
    Some(text.parse().unwrap())
}

#[test]
fn binance_minutes() {
    let Some(path) = data("crypto/binance_um_BTCUSDT_1m_202505.csv.gz") else { return };
    let schema = Schema { stamp: Some(StampIs::Open), ..Schema::default() };
    let (bars, report) = CsvBars::open(path).unwrap().instrument(id()).schema(schema).load().unwrap();
    assert_eq!((bars.spec(), report.is_clean()), (BarSpec::minutes(1), true));
    let first = bars.first().unwrap();
    assert_eq!(Some(first.ts_open), at("2025-05-04T15:33:00Z"));
    assert_eq!((first.close, first.volume), ("95502.7".parse().unwrap(), "16.536".parse().unwrap()));
    assert_eq!(report.price_scale.unwrap().places(), 1);
    assert!(bars.iter().all(|bar| bar.validate().is_ok()));
}

#[test]
fn bitfinex_year() {
    let Some(path) = data("crypto/bitfinex_BTCUSD_1m_2018.csv.gz") else { return };
    let policy = RowPolicy::Repair(Repairs::fix_all());
    let (bars, report) = CsvBars::open(path).unwrap().instrument(id()).policy(policy).load().unwrap();
    assert!(bars.len() > 500_000 && bars.bytes() / bars.len() < 150, "{report:?}");
    assert_eq!(report.kept, bars.len() as u64);
    let hours = bars.resample(BarSpec::hours(1)).unwrap();
    let total = |series: &algoflow_data::BarSeries| series.volumes().iter().sum::<f64>();
    let part = bars.slice(..bars.index_at(hours.last_ts().unwrap()) + 1);
    assert!((total(&hours) / total(&part) - 1.0).abs() < 1e-9);
}

#[test]
fn one_symbol_of_many() {
    let Some(path) = data("equity/kaggle_sandp500_100_symbols_daily_2013_2018.csv.gz") else { return };
    let schema = Schema { symbol: Some("AAPL".into()), ..Schema::default() };
    let (bars, report) = CsvBars::open(&path).unwrap().instrument(id()).schema(schema).load().unwrap();
    assert_eq!((bars.spec(), bars.len()), (BarSpec::day(), 1_259));
    assert!(report.filtered > 100_000 && report.gaps > 200, "weekends are gaps: {report:?}");
    assert_eq!(bars.first().unwrap().ts_close, "2013-02-09".parse().unwrap());
}

#[test]
fn one_column_of_a_wide_file() {
    let Some(path) = data("equity/skfolio_sp500_dataset.csv.gz") else { return };
    let schema = Schema::default().column(Column::Close, "KO");
    let (bars, _) = CsvBars::open(path).unwrap().instrument(id()).schema(schema).load().unwrap();
    let first = bars.first().unwrap();
    assert_eq!(
        (first.open, first.close, first.volume.is_zero()),
        (first.low, "2.235".parse().unwrap(), true)
    );
}

#[test]
fn fxcm_minutes_without_volume() {
    let Some(path) = data("fx/fxcm_gbpusd_m1_ask_2012.csv.gz") else { return };
    let (bars, report) = CsvBars::open(path).unwrap().instrument(id()).load().unwrap();
    assert_eq!((bars.spec(), report.price_scale.unwrap().places()), (BarSpec::minutes(1), 5));
    assert_eq!(Some(bars.first().unwrap().ts_close), at("2012-02-01T00:00:00Z"));
}

#[test]
fn futures_and_perpetuals_with_naive_times() {
    let Some(path) = data("futures/nautilus_6EH4_XCME_1min_202401.csv.gz") else { return };
    let (bars, _) = CsvBars::open(path).unwrap().instrument(id()).load().unwrap();
    assert_eq!(
        (bars.spec(), Some(bars.first().unwrap().ts_close)),
        (BarSpec::minutes(1), at("2024-01-01T23:01:00Z"))
    );
}

#[test]
fn ticks_with_two_times() {
    let Some(path) = data("crypto/tardis/bitmex_trades_XBTUSD.csv") else { return };
    let (trades, report) = CsvTrades::open(path).unwrap().instrument(id()).load().unwrap();
    assert!(report.is_clean() && trades.len() > 1, "{report:?}");
    let first = trades.first().unwrap();
    assert_eq!(first.aggressor, Some(Side::Sell));
    assert_eq!(first.ts_recv.since(first.ts_event).nanos(), 162_160_000);
    let Some(path) = data("crypto/tardis/huobi-dm-swap_quotes_BTC-USD.csv") else { return };
    let (quotes, _) = CsvQuotes::open(path).unwrap().instrument(id()).load().unwrap();
    assert_eq!(quotes.first().unwrap().ask_size, "5494".parse().unwrap());
    let Some(path) = data("fx/truefx_usdjpy_ticks.csv") else { return };
    let (quotes, _) = CsvQuotes::open(path).unwrap().instrument(id()).load().unwrap();
    assert_eq!(Some(quotes.first().unwrap().ts_event), at("2013-01-01T22:00:00.295Z"));
}

#[test]
fn books() {
    let Some(path) = data("crypto/tardis/deribit_incremental_book_L2_BTC-PERPETUAL.csv") else { return };
    let mut source = CsvDepth::open(path).unwrap().instrument(id()).stream().unwrap();
    let Some(MarketData::Depth(first)) = source.next().unwrap() else { panic!("no depth") };
    assert_eq!((first.levels[0].side, first.kind), (Side::Sell, algoflow_core::market::DepthKind::Snapshot));
    let Some(path) = data("crypto/nautilus_binance_btcusdt_depth_update.csv") else { return };
    let (records, report) = CsvDepth::open(path).unwrap().instrument(id()).load().unwrap();
    assert!(records[0].sequence == Some(2_098_041_696_700) && report.is_clean(), "{report:?}");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_of_others() {
    use algoflow_data::{ParquetQuotes, ParquetTrades};
    let Some(path) = data("crypto/nautilus_binance_btcusdt_trades.parquet") else { return };
    let (trades, report) = ParquetTrades::open(path).unwrap().instrument(id()).load().unwrap();
    let first = trades.first().unwrap();
    assert_eq!((trades.len(), report.rounded), (2_001, 0));
    assert_eq!((first.price, first.quantity), ("39432.48".parse().unwrap(), "0.000263".parse().unwrap()));
    assert_eq!(
        (first.aggressor, trades.get(2).unwrap().quantity),
        (Some(Side::Sell), "0.000311".parse().unwrap())
    );
    let Some(path) = data("crypto/nautilus_binance_btcusdt_quotes.parquet") else { return };
    let (quotes, _) = ParquetQuotes::open(path).unwrap().instrument(id()).load().unwrap();
    assert_eq!(quotes.first().unwrap().ask, "39433.62".parse().unwrap());
    let Some(path) = data("fx/nautilus_quote_tick_eurusd_2019_sim.parquet") else { return };
    let error = ParquetQuotes::open(path).unwrap().instrument(id()).load().unwrap_err();
    assert_eq!(error.code(), "DATA_COLUMN_TYPE", "{error}");
}

#[test]
fn inspections() {
    let Some(path) = data("equity/alphaflow_AAPL.csv") else { return };
    let found = inspect(path, &Schema::default()).unwrap();
    assert_eq!((found.format, found.kind, found.report.spec), ("csv", "bars", Some(BarSpec::day())));
    assert!(found.lowest < found.highest && found.lowest.is_some());
    let Some(path) = data("crypto/tardis/bitmex_trades_XBTUSD.csv") else { return };
    assert_eq!(inspect(path, &Schema::default()).unwrap().kind, "trades");
    let Some(path) = data("crypto/tardis/deribit_incremental_book_L2_BTC-PERPETUAL.csv") else { return };
    assert_eq!(inspect(path, &Schema::default()).unwrap().kind, "depth");
    let Some(path) = data("futures/binance_um_BTCUSDT_funding_8h_2025.csv.gz") else { return };
    let found = inspect(path, &Schema::default());
    assert!(found.is_err() || found.unwrap().report.count(Problem::NonPositivePrice) > 0);
}
