//! What loading costs: a million bars from CSV, plain and compressed, and from Parquet.
//!
//! Reads the file that `ALGOFLOW_BENCH_BARS` names (`.csv`; a `.parquet` beside it), or one that it writes itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a panic is the report of a failed bench"
)]

use std::{fmt::Write as _, path::PathBuf};

use algoflow_data::{BarSeries, CsvBars, write_csv};
#[cfg(feature = "parquet")]
use algoflow_data::{ParquetBars, write_parquet};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BARS: i64 = 1_000_000;

fn csv_file(folder: &std::path::Path) -> PathBuf {
    if let Some(path) = std::env::var_os("ALGOFLOW_BENCH_BARS") {
        return path.into();
    }
    let mut text = String::from("ts,open,high,low,close,volume\n");
    for i in 0..BARS {
        let (ts, cents) = (1_704_067_260_000_000_000 + i * 60_000_000_000, 1_000_000 + (i * 7_919) % 100_000);
        let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let (open, high) = (price(cents), price(cents + 75));
        let (low, close) = (price(cents - 83), price(cents + 11));
        writeln!(text, "{ts},{open},{high},{low},{close},{}.0", 100 + i % 9_900).unwrap();
    }
    let path = folder.join("bars.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn load_csv(path: &std::path::Path) -> BarSeries {
    CsvBars::open(path).unwrap().instrument("BENCH.X".parse().unwrap()).load().unwrap().0
}

fn load(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let csv = csv_file(folder.path());
    let mut group = c.benchmark_group("load_1m_bars");
    group.sample_size(10).throughput(Throughput::Elements(BARS.unsigned_abs()));
    let series = load_csv(&csv);
    println!("{} bars in {} bytes a bar", series.len(), series.bytes() / series.len());
    group.bench_function("csv", |b| b.iter(|| load_csv(&csv)));
    let packed = folder.path().join("bars.csv.gz");
    write_csv(&packed, series.iter()).unwrap();
    group.bench_function("csv_gz_own_layout", |b| b.iter(|| load_csv(&packed)));
    #[cfg(feature = "parquet")]
    {
        let own = folder.path().join("own.parquet");
        write_parquet(&own, &series).unwrap();
        let load = |path: &std::path::Path| {
            ParquetBars::open(path).unwrap().instrument(series.instrument()).load().unwrap().0
        };
        group.bench_function("parquet_own_layout", |b| b.iter(|| load(&own)));
        let foreign = csv.with_extension("parquet");
        if foreign.exists() {
            group.bench_function("parquet_of_doubles", |b| b.iter(|| load(&foreign)));
        }
        group.bench_function("write_parquet", |b| b.iter(|| write_parquet(&own, &series).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
