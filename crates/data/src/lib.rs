//! Market data for Algoflow: readers and writers for CSV and Parquet, series in memory, a catalog on disk, streams
//! and merges for replay, and bars out of ticks.
//!
//! - **Read**: [`CsvBars`], [`CsvTrades`], [`CsvQuotes`], [`CsvDepth`], [`CsvActions`] and the `Parquet` readers of the
//!   same kinds. A [`Schema`] declares what the columns mean; what it leaves open is found out from the file. Each
//!   reader loads into a series or streams.
//! - **Hold**: [`BarSeries`], [`TradeSeries`], [`QuoteSeries`] keep 56, 32 and 40 bytes a record and are shared between
//!   backtests behind an `Arc`.
//! - **Replay**: anything is a [`Feed`]; [`Merge`] joins feeds in one order. A [`DataSource`] is a stream of your own.
//! - **Bars**: [`BarAggregator`] makes bars of time, ticks, volume or notional; [`BarSeries::resample`](Series::resample)
//!   and [`BarSource`] use it.
//! - **Keep**: `Catalog` is a folder of Parquet files by instrument, kind and day; [`write_csv`] and `write_parquet`
//!   write single files.
//! - **Look**: [`inspect`](fn@inspect) says what is in a file.
//!
//! # What holds
//!
//! 1. *Numbers are exact.* Decimal text becomes a mantissa at a scale, without a detour through a double. Doubles become
//!    the shortest decimal that is within two units in their last place; what is rounded is counted.
//! 2. *Nothing is repaired silently.* Under [`RowPolicy::Strict`], the default, the first bad row is an error with file,
//!    line, column, value and reason. A [`RowPolicy::Repair`] says what happens to each kind of problem, and the
//!    [`LoadReport`] counts it.
//! 3. *Time does not run back.* A series and a merge are in the order of `ts_recv`; whatever breaks it is refused.
//! 4. *A bar is not known before it ends.* Whether a file stamps bars with their open or their close is declared
//!    ([`StampIs`]), never guessed.
//! 5. *Memory is bounded.* Streams hold a part of the file, whatever its size, also inside gzip and zip.
//!
//! Limits: times from 1677 to 2262; 18 decimal places; records of text up to 1 MiB.
//!
//! # Example
//!
//! ```
//! use algoflow_core::bar_spec::BarSpec;
//! use algoflow_data::{CsvBars, Merge, Schema, StampIs};
//!
//! // Exchange style: milliseconds, stamped with the open of each minute.
//! let text = "\
//! ts_ms,open,high,low,close,volume
//! 1746372780000,95505.4,95505.5,95502.7,95502.7,16.536
//! 1746372840000,95502.8,95502.8,95478.0,95478.1,28.313
//! 1746372900000,95478.1,95479.0,95470.2,95475.5,11.090
//! ";
//! let (minutes, report) = CsvBars::from_bytes("btcusdt.csv", text.as_bytes())
//!     .instrument("BTC-USDT.BINANCE".parse()?)
//!     .schema(Schema { stamp: Some(StampIs::Open), ..Schema::default() })
//!     .load()?;
//! assert!(report.is_clean());
//! assert_eq!(minutes.spec(), BarSpec::minutes(1));
//!
//! let mut merge = Merge::new([minutes.into()]);
//! let mut count = 0;
//! while let Some(time) = merge.next_event(|event| event.ts_recv())? {
//!     count += 1;
//!     println!("{time}");
//! }
//! assert_eq!(count, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `parquet` (default): Parquet files and the catalog. Without it the crate builds without Arrow.

pub mod aggregate;
#[cfg(feature = "parquet")]
pub mod catalog;
mod columns;
pub mod csv;
pub mod cursor;
mod decimal;
pub mod error;
pub mod feed;
mod input;
pub mod inspect;
pub mod merge;
mod options;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod policy;
mod reading;
pub mod report;
pub mod resample;
mod rows;
pub mod schema;
pub mod series;
pub mod source;
mod stamp;
mod visitor;
pub mod write;

pub use aggregate::{AggregateError, BarAggregator};
#[cfg(feature = "parquet")]
pub use catalog::{Catalog, CatalogEntry, CatalogSource, DataKind, WriteMode};
pub use csv::{CsvActions, CsvBars, CsvDepth, CsvFile, CsvQuotes, CsvStream, CsvTrades};
pub use cursor::{BarCursor, Cursor, QuoteCursor, TradeCursor};
pub use error::DataError;
pub use feed::Feed;
pub use inspect::{Inspection, inspect};
pub use merge::Merge;
#[cfg(feature = "parquet")]
pub use parquet::{ParquetBars, ParquetDepth, ParquetFile, ParquetQuotes, ParquetStream, ParquetTrades};
pub use policy::{Position, Problem, Repairs, RowError, RowPolicy};
pub use report::{Gap, LoadReport};
pub use resample::BarSource;
pub use rows::{Loadable, Readable};
pub use schema::{Column, ColumnRef, LocalTime, Schema, Session, StampIs, TimeUnit};
pub use series::{BarRow, BarSeries, QuoteRow, QuoteSeries, Series, TradeRow, TradeSeries};
pub use source::{DataSource, EventSource};
pub use visitor::{Stretch, Visitor};
pub use write::{write_csv, write_csv_to};
#[cfg(feature = "parquet")]
pub use write::{write_parquet, write_parquet_depth};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
