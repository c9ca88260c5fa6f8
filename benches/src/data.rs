//! The data of the workloads: from a file, or generated.

use std::{path::Path, sync::Arc};

use algoflow_core::{number::Scale, prelude::*};
use algoflow_data::{BarSeries, CsvBars, CsvTrades, DataError, ParquetBars, ParquetTrades, TradeSeries};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// 2024-01-01T00:00:00Z.
const START: i64 = 1_704_067_200_000_000_000;
const MINUTE: i64 = 60_000_000_000;

/// The instrument of the bar workloads.
///
/// # Errors
/// [`DataError`] never; names are valid.
pub fn stock() -> InstrumentId {
    #[allow(clippy::expect_used)]
    "BENCH.SIM".parse().expect("a valid id")
}

/// The instrument of the tick workload.
pub fn pair() -> InstrumentId {
    #[allow(clippy::expect_used)]
    "BTC-USD.SIM".parse().expect("a valid id")
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

/// Minute bars from a file, CSV or Parquet, whose stamps are the close in nanoseconds; at most `rows`.
///
/// # Errors
/// [`DataError`] if the file cannot be read.
pub fn load_bars(path: &Path, rows: Option<usize>) -> Result<Arc<BarSeries>, DataError> {
    let (series, _) = if is_parquet(path) {
        ParquetBars::open(path)?.instrument(stock()).spec(BarSpec::minutes(1)).load()?
    } else {
        CsvBars::open(path)?.instrument(stock()).spec(BarSpec::minutes(1)).load()?
    };
    let series = match rows {
        Some(rows) if rows < series.len() => series.slice(..rows),
        _ => series,
    };
    Ok(Arc::new(series))
}

/// Trades from a file, CSV or Parquet; at most `rows`.
///
/// # Errors
/// [`DataError`] if the file cannot be read.
pub fn load_trades(path: &Path, rows: Option<usize>) -> Result<Arc<TradeSeries>, DataError> {
    let (series, _) = if is_parquet(path) {
        ParquetTrades::open(path)?.instrument(pair()).load()?
    } else {
        CsvTrades::open(path)?.instrument(pair()).load()?
    };
    let series = match rows {
        Some(rows) if rows < series.len() => series.slice(..rows),
        _ => series,
    };
    Ok(Arc::new(series))
}

/// A walk of about `step` mantissa units a move, that never falls below a tenth of where it began.
fn walk(rng: &mut impl Rng, from: i64, step: i64, at: i64) -> i64 {
    (at + rng.random_range(-step..=step)).max(from / 10)
}

/// Gapless minute bars of a random walk in cents.
///
/// # Errors
/// [`DataError`] never; the bars are in order.
pub fn generate_bars(rows: usize) -> Result<Arc<BarSeries>, DataError> {
    let mut rng = ChaCha8Rng::seed_from_u64(20_240_117);
    let cents = Scale::new(2).unwrap_or(Scale::ZERO);
    let price = |mantissa| Price::new(mantissa, cents);
    let mut close = 1_000_000;
    let bars = (0..rows as i64).map(|i| {
        let open = close;
        close = walk(&mut rng, 1_000_000, 800, close);
        let (up, down) = (rng.random_range(0..400), rng.random_range(0..400));
        let (ts_open, ts_close) =
            (Timestamp::from_nanos(START + i * MINUTE), Timestamp::from_nanos(START + (i + 1) * MINUTE));
        Bar {
            instrument: stock(),
            spec: BarSpec::minutes(1),
            ts_open,
            ts_close,
            ts_recv: ts_close,
            open: price(open),
            high: price(open.max(close) + up),
            low: price(open.min(close) - down),
            close: price(close),
            volume: Quantity::from_int(rng.random_range(100..10_000)),
        }
    });
    Ok(Arc::new(BarSeries::from_bars(bars)?))
}

/// Trades of a random walk in tenths, about a hundred milliseconds apart.
///
/// # Errors
/// [`DataError`] never; the trades are in order.
pub fn generate_trades(rows: usize) -> Result<Arc<TradeSeries>, DataError> {
    let mut rng = ChaCha8Rng::seed_from_u64(20_240_118);
    let (tenths, thousandths) = (Scale::new(1).unwrap_or(Scale::ZERO), Scale::new(3).unwrap_or(Scale::ZERO));
    let (mut mantissa, mut nanos) = (500_000, START);
    let trades = (0..rows).map(|_| {
        mantissa = walk(&mut rng, 500_000, 8, mantissa);
        nanos += rng.random_range(1..200_000_000);
        let at = Timestamp::from_nanos(nanos);
        Trade {
            instrument: pair(),
            ts_event: at,
            ts_recv: at,
            price: Price::new(mantissa, tenths),
            quantity: Quantity::new(rng.random_range(1..2_000), thousandths),
            aggressor: Some(if rng.random_bool(0.5) { Side::Buy } else { Side::Sell }),
        }
    });
    Ok(Arc::new(TradeSeries::from_trades(trades)?))
}
