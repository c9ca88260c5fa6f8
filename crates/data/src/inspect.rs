//! What is in a file: read to its end, with every problem counted and none in the way.

use std::{io::Read, path::Path};

use algoflow_core::{
    id::InstrumentId,
    market::{Bar, Depth, MarketData, Quote, Trade},
    number::Price,
};
use serde::Serialize;

#[cfg(feature = "parquet")]
use crate::parquet::ParquetFile;
use crate::{
    csv::CsvFile,
    error::DataError,
    policy::{Repairs, RowPolicy},
    report::LoadReport,
    schema::{Column, Schema},
    source::DataSource,
};

/// Inspects a file as records of one kind, if its columns are there.
macro_rules! attempt {
    ($reader:ident, $format:literal, $record:ty, $kind:literal, $fits:expr) => {
        |path: &Path, schema: &Schema, instrument: InstrumentId, policy: &RowPolicy| -> Attempt {
            let file = $reader::<$record>::open(path)?.instrument(instrument).schema(schema.clone());
            let mut stream = file.policy(policy.clone()).stream()?;
            let fits: fn(&LoadReport) -> bool = $fits;
            if !fits(&stream.report()) {
                return Err(other_kind(path));
            }
            let (lowest, highest) = lowest_and_highest(&mut stream)?;
            Ok(Inspection { format: $format, kind: $kind, report: stream.report(), lowest, highest })
        }
    };
}

/// The kinds that a file of one format may hold, in the order in which they are tried.
macro_rules! attempts {
    ($reader:ident, $format:literal) => {
        [
            attempt!($reader, $format, Bar, "bars", |_| true),
            attempt!($reader, $format, Quote, "quotes", |_| true),
            attempt!($reader, $format, Depth, "depth", tells_snapshots),
            attempt!($reader, $format, Trade, "trades", |_| true),
        ]
    };
}

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
    first_that_fits(attempts!(CsvFile, "csv"), path, schema, instrument, &policy)
}

type Attempt = Result<Inspection, DataError>;

/// Of files with sides and prices, only those that tell snapshots from updates are depth; the others are trades.
fn tells_snapshots(report: &LoadReport) -> bool {
    report.columns.iter().any(|column| column.starts_with(Column::Snapshot.as_str()))
}

type Opener = fn(&Path, &Schema, InstrumentId, &RowPolicy) -> Attempt;

/// The result of the first kind whose columns are there; if none are, what the last says.
fn first_that_fits(
    kinds: [Opener; 4],
    path: &Path,
    schema: &Schema,
    instrument: InstrumentId,
    policy: &RowPolicy,
) -> Attempt {
    let mut attempt = Err(other_kind(path));
    for kind in kinds {
        if !matches!(attempt, Err(DataError::MissingColumn { .. })) {
            break;
        }
        attempt = kind(path, schema, instrument, policy);
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

#[cfg(feature = "parquet")]
fn inspect_parquet(path: &Path, schema: &Schema, instrument: InstrumentId, policy: &RowPolicy) -> Attempt {
    first_that_fits(attempts!(ParquetFile, "parquet"), path, schema, instrument, policy)
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

/// Reads a stream to its end and looks at its prices.
fn lowest_and_highest(stream: &mut impl DataSource) -> Result<(Option<Price>, Option<Price>), DataError> {
    let (mut lowest, mut highest): (Option<Price>, Option<Price>) = (None, None);
    let mut see = |low: Price, high: Price| {
        lowest = Some(lowest.map_or(low, |price| price.min(low)));
        highest = Some(highest.map_or(high, |price| price.max(high)));
    };
    while let Some(record) = stream.next()? {
        match record {
            MarketData::Bar(bar) => see(bar.low, bar.high),
            MarketData::Trade(trade) => see(trade.price, trade.price),
            MarketData::Quote(quote) => see(quote.bid.min(quote.ask), quote.ask.max(quote.bid)),
            MarketData::Depth(depth) => depth.levels.iter().for_each(|level| see(level.price, level.price)),
            _ => {}
        }
    }
    Ok((lowest, highest))
}
