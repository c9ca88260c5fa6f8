//! What is in a file: read to its end, with every problem counted and none in the way.

use std::{io::Read, path::Path};

use algoflow_core::{
    id::InstrumentId,
    market::{Bar, Depth, MarketData, Quote, Trade},
    number::Price,
};
use serde::Serialize;

use crate::{
    csv::CsvFile,
    error::DataError,
    options::RecordStream,
    policy::{Repairs, RowPolicy},
    report::LoadReport,
    rows::{NoSink, Readable},
    schema::{Column, Schema},
};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// `csv` or `parquet`.
    pub format: &'static str,
    /// `bars`, `trades`, `quotes` or `depth`.
    pub kind: &'static str,
    /// Rows, problems, gaps, times, columns; counted under a policy that leaves out every bad row.
    pub report: LoadReport,
    /// The lowest price of a row that makes sense.
    pub lowest: Option<Price>,
    /// The highest one.
    pub highest: Option<Price>,
}

/// Reads a file to its end and says what is in it. CSV, plain or compressed, and Parquet are told apart by their
/// first bytes; bars, quotes, depth and trades by their columns. Holds only a part of the file at any time.
///
/// # Errors
/// [`DataError`] if the file is of no known format, or its columns are none of these kinds.
pub fn inspect(path: impl AsRef<Path>, schema: &Schema) -> Result<Inspection, DataError> {
    let path = path.as_ref();
    let instrument: InstrumentId = match &schema.symbol {
        Some(symbol) => format!("{symbol}.INSPECTED").parse()?,
        None => "FILE.INSPECTED".parse()?,
    };
    let policy = RowPolicy::Repair(Repairs::drop_all());
    if is_parquet(path)? {
        return inspect_parquet(path, schema, instrument, &policy);
    }
    first_that_fits(
        || {
            stream_csv::<Bar>(path, schema, instrument, &policy)
                .and_then(|mut s| survey(&mut s, "csv", "bars"))
        },
        || {
            stream_csv::<Quote>(path, schema, instrument, &policy)
                .and_then(|mut s| survey(&mut s, "csv", "quotes"))
        },
        || {
            let stream = stream_csv::<Depth>(path, schema, instrument, &policy)?;
            let is_depth =
                stream.report().columns.iter().any(|column| column.starts_with(Column::Snapshot.as_str()));
            let mut stream = if is_depth { stream } else { return Err(other_kind(path)) };
            survey(&mut stream, "csv", "depth")
        },
        || {
            stream_csv::<Trade>(path, schema, instrument, &policy)
                .and_then(|mut s| survey(&mut s, "csv", "trades"))
        },
    )
}

type Attempt = Result<Inspection, DataError>;

/// The result of the first kind whose columns are there; if none are, what the last says.
fn first_that_fits(
    bars: impl FnOnce() -> Attempt,
    quotes: impl FnOnce() -> Attempt,
    depth: impl FnOnce() -> Attempt,
    trades: impl FnOnce() -> Attempt,
) -> Attempt {
    let missing = |attempt: &Attempt| matches!(attempt, Err(DataError::MissingColumn { .. }));
    let mut attempt = bars();
    if missing(&attempt) {
        attempt = quotes();
    }
    if missing(&attempt) {
        attempt = depth();
    }
    if missing(&attempt) {
        attempt = trades();
    }
    match attempt {
        Err(DataError::MissingColumn { file, found, .. }) => Err(DataError::MissingColumn {
            file,
            role: "bars (time, open, high, low, close), quotes (time, bid, ask) or trades (time, price, quantity)",
            found,
        }),
        other => other,
    }
}

fn other_kind(path: &Path) -> DataError {
    DataError::MissingColumn {
        file: path.display().to_string(),
        role: Column::Snapshot.as_str(),
        found: String::new(),
    }
}

fn stream_csv<E: Readable>(
    path: &Path,
    schema: &Schema,
    instrument: InstrumentId,
    policy: &RowPolicy,
) -> Result<crate::csv::CsvStream<E>, DataError> {
    let file = CsvFile::<E>::open(path)?.instrument(instrument).schema(schema.clone());
    file.policy(policy.clone()).stream()
}

#[cfg(feature = "parquet")]
fn inspect_parquet(path: &Path, schema: &Schema, instrument: InstrumentId, policy: &RowPolicy) -> Attempt {
    fn stream<E: Readable>(
        path: &Path,
        schema: &Schema,
        instrument: InstrumentId,
        policy: &RowPolicy,
    ) -> Result<crate::parquet::ParquetStream<E>, DataError> {
        let file =
            crate::parquet::ParquetFile::<E>::open(path)?.instrument(instrument).schema(schema.clone());
        file.policy(policy.clone()).stream()
    }
    first_that_fits(
        || {
            stream::<Bar>(path, schema, instrument, policy)
                .and_then(|mut s| survey(&mut s, "parquet", "bars"))
        },
        || {
            stream::<Quote>(path, schema, instrument, policy)
                .and_then(|mut s| survey(&mut s, "parquet", "quotes"))
        },
        || {
            let stream = stream::<Depth>(path, schema, instrument, policy)?;
            let is_depth =
                stream.report().columns.iter().any(|column| column.starts_with(Column::Snapshot.as_str()));
            let mut stream = if is_depth { stream } else { return Err(other_kind(path)) };
            survey(&mut stream, "parquet", "depth")
        },
        || {
            stream::<Trade>(path, schema, instrument, policy)
                .and_then(|mut s| survey(&mut s, "parquet", "trades"))
        },
    )
}

#[cfg(not(feature = "parquet"))]
fn inspect_parquet(path: &Path, _: &Schema, _: InstrumentId, _: &RowPolicy) -> Attempt {
    Err(DataError::format(path.display().to_string(), "this build cannot read Parquet (feature parquet)"))
}

fn is_parquet(path: &Path) -> Result<bool, DataError> {
    let mut magic = [0; 4];
    let mut file = std::fs::File::open(path).map_err(|error| DataError::io(path, error))?;
    match file.read_exact(&mut magic) {
        Ok(()) => Ok(magic == *b"PAR1"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(DataError::io(path, error)),
    }
}

fn survey<E: Readable>(
    stream: &mut impl RecordStream<E>,
    format: &'static str,
    kind: &'static str,
) -> Result<Inspection, DataError> {
    let (mut lowest, mut highest): (Option<Price>, Option<Price>) = (None, None);
    let mut see = |low: Price, high: Price| {
        lowest = Some(lowest.map_or(low, |price| price.min(low)));
        highest = Some(highest.map_or(high, |price| price.max(high)));
    };
    while let Some(record) = stream.next_beside(&mut NoSink)? {
        match record.into() {
            MarketData::Bar(bar) => see(bar.low, bar.high),
            MarketData::Trade(trade) => see(trade.price, trade.price),
            MarketData::Quote(quote) => see(quote.bid.min(quote.ask), quote.ask.max(quote.bid)),
            MarketData::Depth(depth) => depth.levels.iter().for_each(|level| see(level.price, level.price)),
            _ => {}
        }
    }
    let report = stream.context().finished_report();
    Ok(Inspection { format, kind, report, lowest, highest })
}
