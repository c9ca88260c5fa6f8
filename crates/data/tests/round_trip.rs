//! What is written reads back as it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

use std::sync::Arc;

use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    market::{Bar, Depth, DepthKind, Level, Quote, Trade},
    number::{Price, Quantity, Scale},
    order::Side,
    time::{TimeDelta, Timestamp},
};
use algoflow_data::{
    BarSeries, CsvBars, CsvDepth, CsvQuotes, CsvTrades, QuoteSeries, TradeSeries, write_csv, write_csv_to,
};
use proptest::prelude::*;

fn id() -> InstrumentId {
    "TEST.X".parse().unwrap()
}

fn price(mantissa: i64, places: u8) -> Price {
    Price::new(mantissa, Scale::new(places).unwrap())
}

fn quantity(mantissa: i64, places: u8) -> Quantity {
    Quantity::new(mantissa, Scale::new(places).unwrap())
}

fn delays() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0i64), 0i64..1_000]
}

prop_compose! {
    fn bars()(
        start in -100_000_000i64..100_000_000,
        places in 0u8..9,
        steps in proptest::collection::vec((1i64..5, 1i64..1_000_000, 0i64..1_000, 0i64..1_000, 0i64..1_000_000, delays()), 1..40),
    ) -> Vec<Bar> {
        let (mut at, mut recv) = (start * 60_000_000_000, i64::MIN);
        steps.into_iter().map(|(step, low, body, wick, volume, delay)| {
            let ts_open = Timestamp::from_nanos(at);
            at += step * 60_000_000_000;
            let ts_close = ts_open.saturating_add(TimeDelta::minutes(1));
            recv = recv.max(ts_close.nanos() + delay);
            Bar {
                instrument: id(), spec: BarSpec::minutes(1), ts_open, ts_close, ts_recv: Timestamp::from_nanos(recv),
                open: price(low, places), high: price(low + body + wick, places),
                low: price(low, places), close: price(low + body, places), volume: quantity(volume, 3),
            }
        }).collect()
    }
}

prop_compose! {
    fn trades()(
        steps in proptest::collection::vec((0i64..5_000, 1i64..1_000_000, 0u8..6, 1i64..1_000_000, 0u8..3, delays()), 1..40),
    ) -> Vec<Trade> {
        let (mut at, mut recv) = (1_700_000_000_000_000_000, 0);
        steps.into_iter().map(|(step, mantissa, places, size, side, delay)| {
            at += step;
            recv = recv.max(at + delay);
            Trade {
                instrument: id(), ts_event: Timestamp::from_nanos(at), ts_recv: Timestamp::from_nanos(recv),
                price: price(mantissa, places), quantity: quantity(size, 4),
                aggressor: [None, Some(Side::Buy), Some(Side::Sell)][usize::from(side)],
            }
        }).collect()
    }
}

prop_compose! {
    fn quotes()(
        steps in proptest::collection::vec((0i64..5_000, 1i64..1_000_000, 0i64..100, 0i64..1_000, 0i64..1_000), 1..40),
    ) -> Vec<Quote> {
        let mut at = 1_700_000_000_000_000_000;
        steps.into_iter().map(|(step, bid, spread, bid_size, ask_size)| {
            at += step;
            let time = Timestamp::from_nanos(at);
            Quote {
                instrument: id(), ts_event: time, ts_recv: time, bid: price(bid, 5), bid_size: quantity(bid_size, 2),
                ask: price(bid + spread, 5), ask_size: quantity(ask_size, 1),
            }
        }).collect()
    }
}

prop_compose! {
    fn depth()(
        steps in proptest::collection::vec(
            (1i64..5_000, any::<bool>(), proptest::option::of(any::<u32>()),
             proptest::collection::vec((any::<bool>(), 1i64..1_000_000, 0i64..1_000), 1..8)), 1..20),
    ) -> Vec<Depth> {
        let mut at = 1_700_000_000_000_000_000;
        steps.into_iter().map(|(step, snapshot, sequence, levels)| {
            at += step;
            let time = Timestamp::from_nanos(at);
            let level = |(bid, mantissa, size): (bool, i64, i64)| Level {
                side: if bid { Side::Buy } else { Side::Sell }, price: price(mantissa, 2), quantity: quantity(size, 3),
            };
            Depth {
                instrument: id(), ts_event: time, ts_recv: time,
                kind: if snapshot { DepthKind::Snapshot } else { DepthKind::Update },
                sequence: sequence.map(u64::from), levels: levels.into_iter().map(level).collect::<Vec<_>>().into(),
            }
        }).collect()
    }
}

fn csv<E: algoflow_data::write::CsvRecord>(records: impl IntoIterator<Item = E>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_csv_to(&mut bytes, "memory", records).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bars_come_back(bars in bars()) {
        let series = BarSeries::from_bars(bars.clone()).unwrap();
        let file = CsvBars::from_bytes("b", csv(bars.clone())).instrument(id()).spec(series.spec());
        let read: Vec<Bar> = file.load().unwrap().0.iter().collect();
        prop_assert_eq!(&read, &bars);
        #[cfg(feature = "parquet")]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("b.parquet");
            algoflow_data::write_parquet(&path, &series).unwrap();
            let (read, report) = algoflow_data::ParquetBars::open(&path).unwrap().load().unwrap();
            prop_assert_eq!(read, series);
            prop_assert!(report.is_clean());
        }
    }

    #[test]
    fn trades_come_back(trades in trades()) {
        let series = TradeSeries::from_trades(trades.clone()).unwrap();
        let read = CsvTrades::from_bytes("t", csv(trades)).instrument(id()).load().unwrap().0;
        prop_assert!(read.iter().eq(series.iter()));
        #[cfg(feature = "parquet")]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.parquet");
            algoflow_data::write_parquet(&path, &series).unwrap();
            prop_assert!(algoflow_data::ParquetTrades::open(&path).unwrap().load().unwrap().0.iter().eq(series.iter()));
        }
    }

    #[test]
    fn quotes_come_back(quotes in quotes()) {
        let series = QuoteSeries::from_quotes(quotes.clone()).unwrap();
        let read = CsvQuotes::from_bytes("q", csv(quotes)).instrument(id()).load().unwrap().0;
        prop_assert!(read.iter().eq(series.iter()));
        #[cfg(feature = "parquet")]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("q.parquet");
            algoflow_data::write_parquet(&path, &series).unwrap();
            prop_assert!(algoflow_data::ParquetQuotes::open(&path).unwrap().load().unwrap().0.iter().eq(series.iter()));
        }
    }

    #[test]
    fn depth_comes_back(depth in depth()) {
        let (read, _) = CsvDepth::from_bytes("d", csv(depth.clone())).instrument(id()).load().unwrap();
        prop_assert_eq!(&read, &depth);
        #[cfg(feature = "parquet")]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("d.parquet");
            algoflow_data::write_parquet_depth(&path, &depth).unwrap();
            prop_assert_eq!(algoflow_data::ParquetDepth::open(&path).unwrap().load().unwrap().0, depth);
        }
    }
}

fn one_bar(spec: BarSpec, from: &str, to: &str, places: u8, mantissa: i64) -> Bar {
    let (ts_open, ts_close) = (from.parse().unwrap(), to.parse().unwrap());
    let price = price(mantissa, places);
    let volume = Quantity::from_int(i64::MAX);
    Bar {
        instrument: id(),
        spec,
        ts_open,
        ts_close,
        ts_recv: ts_close,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
    }
}

#[cfg(feature = "parquet")]
#[test]
fn extremes_come_back_from_parquet() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bar) in [
        ("month", one_bar(BarSpec::Month, "2024-02-01", "2024-03-01", 2, 12_345)),
        ("ticks", one_bar(BarSpec::Ticks(500), "2024-02-01", "2024-02-01", 18, i64::MAX)),
        ("past", one_bar(BarSpec::day(), "1969-12-31", "1970-01-01", 0, 1)),
    ] {
        let path = folder.path().join(name);
        let series = BarSeries::from_bars([bar]).unwrap();
        algoflow_data::write_parquet(&path, &series).unwrap();
        assert_eq!(algoflow_data::ParquetBars::open(&path).unwrap().load().unwrap().0, series, "{name}");
    }
    let empty = BarSeries::new(id(), BarSpec::day());
    let path = folder.path().join("empty");
    assert!(algoflow_data::write_parquet(&path, &empty).is_err() && !path.exists());
}

#[test]
fn files_are_compressed_by_name_and_appear_whole() {
    let folder = tempfile::tempdir().unwrap();
    let bars: Vec<Bar> =
        ["2024-01-02", "2024-01-03"].map(|day| one_bar(BarSpec::day(), day, "2024-01-04", 2, 500)).into();
    let path = folder.path().join("bars.csv.gz");
    assert_eq!(write_csv(&path, bars.clone()).unwrap(), 2);
    assert!(std::fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]));
    let file = CsvBars::open(&path).unwrap().instrument(id()).spec(BarSpec::day());
    let repairs = algoflow_data::Repairs {
        duplicate: algoflow_data::policy::OnDuplicate::KeepFirst,
        ..algoflow_data::Repairs::refuse_all()
    };
    let (read, report) = file.policy(algoflow_data::RowPolicy::Repair(repairs)).load().unwrap();
    assert_eq!((read.len(), report.dropped), (1, 1), "both close at one time");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    let nothing = Depth {
        instrument: id(),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
        kind: DepthKind::Snapshot,
        sequence: None,
        levels: Arc::new([]),
    };
    let path = folder.path().join("depth.csv");
    assert!(write_csv(&path, [nothing]).unwrap_err().to_string().contains("no levels"));
    assert!(!path.exists(), "a failed attempt leaves no file");
}
