//! What a replay costs per record: cursors and merges over a million bars.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a panic is the report of a failed bench"
)]

use std::{hint::black_box, ops::ControlFlow, sync::Arc};

use algoflow_core::{
    bar_spec::BarSpec,
    market::{Bar, MarketData},
    number::{Price, Quantity, Scale},
    time::{TimeDelta, Timestamp},
};
use algoflow_data::{BarCursor, BarSeries, DataSource, EventSource, Merge};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BARS: i64 = 1_000_000;

fn bars(id: &str) -> Arc<BarSeries> {
    let (instrument, spec, scale) = (id.parse().unwrap(), BarSpec::minutes(1), Scale::new(2).unwrap());
    let bar = |i: i64| {
        let ts_open = Timestamp::from_nanos(i * 60_000_000_000);
        let ts_close = ts_open.saturating_add(TimeDelta::minutes(1));
        let price = |offset: i64| Price::new(1_000_000 + i % 1_000 + offset, scale);
        Bar {
            instrument,
            spec,
            ts_open,
            ts_close,
            ts_recv: ts_close,
            open: price(0),
            high: price(5),
            low: price(-5),
            close: price(1),
            volume: Quantity::from_int(10),
        }
    };
    Arc::new(BarSeries::from_bars((0..BARS).map(bar)).unwrap())
}

/// What a consumer does at least: look at the kind of the record and use some of it.
fn look(event: &MarketData) -> i64 {
    match event {
        MarketData::Bar(bar) => bar.close.mantissa() ^ bar.ts_recv.nanos(),
        _ => 0,
    }
}

fn replay(c: &mut Criterion) {
    let mut group = c.benchmark_group("replay");
    group.sample_size(20).throughput(Throughput::Elements(BARS.unsigned_abs()));
    let series = bars("A.X");
    group.bench_function("cursor", |b| {
        b.iter(|| {
            BarCursor::new(Arc::clone(&series))
                .fold(0, |sum, bar| sum ^ black_box(bar.close.mantissa() ^ bar.ts_recv.nanos()))
        });
    });
    group.bench_function("merge_one_series", |b| {
        b.iter(|| {
            let (mut merge, mut sum) = (Merge::new([(&series).into()]), 0);
            while let Some(value) = merge.next_event(look).unwrap() {
                sum ^= value;
            }
            black_box(sum)
        });
    });
    group.bench_function("merge_one_series_run", |b| {
        b.iter(|| {
            let (mut merge, mut sum) = (Merge::new([(&series).into()]), 0);
            let end = merge.run(|event| {
                sum ^= look(event);
                ControlFlow::<()>::Continue(())
            });
            black_box((end.unwrap(), sum))
        });
    });
    group.bench_function("merge_one_series_as_source", |b| {
        b.iter(|| {
            let (mut merge, mut sum) = (Merge::new([(&series).into()]), 0);
            while let Some(event) = DataSource::next(&mut merge).unwrap() {
                sum ^= look(black_box(&event));
            }
            black_box(sum)
        });
    });
    let events: Vec<MarketData> = series.iter().map(MarketData::Bar).collect();
    group.bench_function("merge_one_stream", |b| {
        b.iter_batched(
            || EventSource::new("bars", events.clone()),
            |source| {
                let (mut merge, mut sum) = (Merge::new([source.into()]), 0);
                while let Some(value) = merge.next_event(look).unwrap() {
                    sum ^= value;
                }
                sum
            },
            criterion::BatchSize::LargeInput,
        );
    });
    for feeds in [2u64, 8] {
        let many: Vec<_> = (0..feeds).map(|i| bars(&format!("S{i}.X"))).collect();
        group.throughput(Throughput::Elements(BARS.unsigned_abs() * feeds));
        group.bench_function(format!("merge_{feeds}_interleaved"), |b| {
            b.iter(|| {
                let (mut merge, mut sum) = (Merge::new(many.iter().map(Into::into)), 0);
                while let Some(value) = merge.next_event(look).unwrap() {
                    sum ^= value;
                }
                black_box(sum)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
