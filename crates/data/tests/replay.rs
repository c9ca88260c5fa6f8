//! Merging, streaming and custom sources.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

use std::{ops::ControlFlow, sync::Arc};

use algoflow_core::{
    bar_spec::BarSpec,
    market::{Bar, MarketData, Quote, Trade},
    number::{Price, Quantity},
    time::{TimeDelta, Timestamp},
};
use algoflow_data::{
    BarAggregator, BarCursor, BarSeries, BarSource, CsvBars, DataError, DataSource, EventSource, Feed, Merge,
    TradeSeries,
};
use proptest::prelude::*;

fn bar(symbol: &str, close: i64, minutes: i64) -> Bar {
    let ts_close = Timestamp::from_nanos(close);
    Bar {
        instrument: format!("{symbol}.X").parse().unwrap(),
        spec: BarSpec::minutes(minutes),
        ts_open: ts_close.saturating_sub(TimeDelta::minutes(minutes)),
        ts_close,
        ts_recv: ts_close,
        open: Price::ONE,
        high: Price::ONE,
        low: Price::ONE,
        close: Price::ONE,
        volume: Quantity::ONE,
    }
}

fn trade(time: i64) -> Trade {
    let time = Timestamp::from_nanos(time);
    Trade {
        instrument: "T.X".parse().unwrap(),
        ts_event: time,
        ts_recv: time,
        price: Price::ONE,
        quantity: Quantity::ONE,
        aggressor: None,
    }
}

fn quote(time: i64) -> Quote {
    let time = Timestamp::from_nanos(time);
    Quote {
        instrument: "Q.X".parse().unwrap(),
        ts_event: time,
        ts_recv: time,
        bid: Price::ONE,
        bid_size: Quantity::ONE,
        ask: Price::ONE,
        ask_size: Quantity::ONE,
    }
}

fn drain(merge: &mut Merge) -> Vec<MarketData> {
    let mut all = Vec::new();
    while let Some(event) = merge.next_event(MarketData::clone).unwrap() {
        all.push(event);
    }
    all
}

#[test]
fn equal_times_go_by_rank_then_by_source() {
    let long = BarSeries::from_bars([bar("L", 100, 5)]).unwrap();
    let short = BarSeries::from_bars([bar("S", 100, 1)]).unwrap();
    let twin = BarSeries::from_bars([bar("Z", 100, 1)]).unwrap();
    let trades = TradeSeries::from_trades([trade(100)]).unwrap();
    let quotes = EventSource::new("quotes", [quote(100).into()]);
    let mut merge = Merge::new([long.into(), twin.into(), short.into(), trades.into(), quotes.into()]);
    let order: Vec<&str> = drain(&mut merge).iter().map(|event| event.instrument().symbol()).collect();
    assert_eq!(order, ["Q", "T", "Z", "S", "L"]);
}

#[test]
fn a_source_that_runs_back_is_refused_and_the_others_go_on() {
    let back = EventSource::new("broken clock", [trade(5).into(), trade(9).into(), trade(7).into()]);
    let good = TradeSeries::from_trades([trade(6), trade(20)]).unwrap();
    let mut merge = Merge::new([good.into(), back.into()]);
    let mut times = Vec::new();
    let error = loop {
        match merge.next_event(|event| event.ts_recv().nanos()) {
            Ok(Some(time)) => times.push(time),
            Ok(None) => panic!("the error was lost"),
            Err(error) => break error,
        }
    };
    assert_eq!(times, [5, 6, 9]);
    assert_eq!(error.code(), "DATA_SOURCE_BACKWARDS");
    let message = error.to_string();
    assert!(message.contains("broken clock") && message.contains("source 1"), "{message}");
    assert_eq!(drain(&mut merge), [MarketData::from(trade(20))]);
}

#[test]
fn an_error_comes_after_what_was_before_it() {
    struct Failing(i64);
    impl DataSource for Failing {
        fn next(&mut self) -> Result<Option<MarketData>, DataError> {
            self.0 += 1;
            if self.0 < 3 {
                return Ok(Some(trade(self.0).into()));
            }
            Err(DataError::Custom { describe: self.describe(), reason: "the wire is cut".into() })
        }
        fn describe(&self) -> String {
            "a failing source".into()
        }
    }
    let mut merge = Merge::new([Feed::from(Failing(0))]);
    assert!(merge.next_event(|_| ()).unwrap().is_some() && merge.next_event(|_| ()).unwrap().is_some());
    let error = merge.next_event(|_| ()).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("wire")), ("DATA_CUSTOM", true));
    assert!(merge.next_event(|_| ()).unwrap().is_none(), "it is over");
}

#[test]
fn runs_can_be_broken_off_and_feeds_added() {
    let series = Arc::new(BarSeries::from_bars((1..=10).map(|i| bar("A", i, 1))).unwrap());
    let mut merge = Merge::new([(&series).into()]);
    let seen = merge.run(|event| {
        if event.ts_recv().nanos() == 4 { ControlFlow::Break("four") } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen.unwrap(), Some("four"));
    merge.push(BarCursor::range(Arc::clone(&series), 5..7));
    assert_eq!(merge.peek_ts().unwrap(), Some(Timestamp::from_nanos(5)));
    let times: Vec<i64> = drain(&mut merge).iter().map(|event| event.ts_recv().nanos()).collect();
    assert_eq!(times, [5, 6, 6, 7, 7, 8, 9, 10]);
    assert_eq!(merge.run(|_| ControlFlow::<()>::Continue(())).unwrap(), None);
    let cursor = BarCursor::between(series, Timestamp::from_nanos(3), Timestamp::from_nanos(6));
    assert_eq!((cursor.len(), cursor.peek_ts()), (3, Some(Timestamp::from_nanos(3))));
}

#[test]
fn a_stream_of_minutes_becomes_a_stream_of_hours() {
    let mut text = String::from("ts,open,high,low,close,volume\n");
    for i in 1..=150 {
        text.push_str(&format!("{},{i},{i},{i},{i},1\n", 1_704_067_200 + i * 60));
    }
    let instrument = "H.X".parse().unwrap();
    let file = || CsvBars::from_bytes("m", text.clone().into_bytes()).instrument(instrument);
    let hours = BarAggregator::new(instrument, BarSpec::hours(1)).unwrap();
    let mut source = BarSource::new(file().stream().unwrap(), hours);
    let mut streamed = Vec::new();
    while let Some(event) = source.next().unwrap() {
        streamed.push(event);
    }
    let resampled = file().load().unwrap().0.resample(BarSpec::hours(1)).unwrap();
    assert_eq!(streamed, resampled.iter().map(MarketData::from).collect::<Vec<_>>());
    assert_eq!(
        (resampled.len(), resampled.volumes()),
        (2, vec![60.0, 60.0]),
        "the half hour is not complete"
    );
    let three = file().load().unwrap().0.resample(BarSpec::Time(TimeDelta::seconds(90))).unwrap_err();
    assert_eq!(three.code(), "AGGREGATE_STRADDLES");
}

proptest! {
    #[test]
    fn a_merge_is_a_stable_sort(
        feeds in proptest::collection::vec(proptest::collection::vec((0i64..20, 0u8..3), 0..30), 0..6),
    ) {
        // Each feed is in the order of time; ranks within a feed stay as they come.
        let mut expected: Vec<(i64, (u8, i64), usize, usize)> = Vec::new();
        let mut inputs: Vec<Feed> = Vec::new();
        for (index, feed) in feeds.iter().enumerate() {
            let mut at = 0;
            let kind = feed.first().map_or(0, |(_, kind)| *kind);
            let times: Vec<i64> = feed.iter().map(|(step, _)| { at += step; at }).collect();
            let rank = match kind { 0 => (4, 0), 1 => (5, TimeDelta::minutes(1).nanos()), _ => (3, 0) };
            expected.extend(times.iter().enumerate().map(|(place, time)| (*time, rank, index, place)));
            inputs.push(match kind {
                0 if !times.is_empty() =>
                    TradeSeries::from_trades(times.iter().map(|time| trade(*time))).unwrap().into(),
                1 => BarSeries::from_bars(times.iter().map(|time| bar("B", *time, 1))).unwrap().into(),
                _ => EventSource::new("quotes", times.iter().map(|time| quote(*time).into())).into(),
            });
        }
        expected.sort();
        let expected: Vec<(i64, (u8, i64))> = expected.iter().map(|(time, rank, _, _)| (*time, *rank)).collect();
        let key = |event: &MarketData| (event.ts_recv().nanos(), event.rank());
        let mut merge = Merge::new(inputs);
        let merged: Vec<_> = drain(&mut merge).iter().map(key).collect();
        prop_assert_eq!(merged, expected);
    }
}
