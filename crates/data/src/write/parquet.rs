use std::{io::Write, path::Path, sync::Arc};

use ::parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding},
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties},
};
use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    market::{Bar, Depth, DepthKind, Level, Quote, Trade},
    number::Scale,
    order::Side,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal64Array, Decimal128Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema as ArrowSchema, TimeUnit};

use super::{atomically, check_depth};
use crate::{
    error::DataError,
    parquet::{KEY_INSTRUMENT, KEY_SPEC},
    series::{Record, Series},
};

/// Rows that are written at once.
const CHUNK: usize = 65_536;
/// What 18 digits hold; beyond it a column needs 128 bits.
const MAX_18_DIGITS: u64 = 1_000_000_000_000_000_000;

/// A record whose series can be written as Parquet: bars, trades and quotes. Not for implementing outside.
#[expect(private_bounds, reason = "how a kind is laid out in columns is internal")]
pub trait ParquetRecord: Columns {}
impl<E: Columns> ParquetRecord for E {}

/// How the rows of a series become columns.
pub(crate) trait Columns: Record {
    /// The columns of a part of a series.
    fn columns(rows: &[Self::Row], recv: &[i64], scales: &Scales) -> Vec<Named>;
    /// The largest magnitudes of price and quantity.
    fn magnitudes(row: &Self::Row) -> (u64, u64);
    /// The spec of bars.
    fn spec(tag: Self::Tag) -> Option<BarSpec>;
}

/// The name and values of a column.
type Named = (&'static str, ArrayRef);

/// How prices and quantities are held in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scales {
    price: Scale,
    quantity: Scale,
    wide_price: bool,
    wide_quantity: bool,
}

impl Scales {
    fn prices(&self, name: &'static str, mantissas: impl Iterator<Item = i64>) -> Named {
        (name, decimals(mantissas, self.price, self.wide_price))
    }

    fn quantities(&self, name: &'static str, mantissas: impl Iterator<Item = i64>) -> Named {
        (name, decimals(mantissas, self.quantity, self.wide_quantity))
    }
}

fn decimals(mantissas: impl Iterator<Item = i64>, scale: Scale, wide: bool) -> ArrayRef {
    // Scales are at most 18.
    let places = scale.places() as i8;
    if wide {
        let array: Decimal128Array = mantissas.map(|m| Some(i128::from(m))).collect();
        Arc::new(array.with_data_type(DataType::Decimal128(38, places)))
    } else {
        let array: Decimal64Array = mantissas.map(Some).collect();
        Arc::new(array.with_data_type(DataType::Decimal64(18, places)))
    }
}

fn times(name: &'static str, nanos: impl Iterator<Item = i64>) -> Named {
    let array: TimestampNanosecondArray = nanos.map(Some).collect();
    (name, Arc::new(array.with_data_type(DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())))))
}

impl Columns for Bar {
    fn columns(rows: &[Self::Row], recv: &[i64], scales: &Scales) -> Vec<Named> {
        vec![
            times("ts_open", rows.iter().map(|row| row.ts_open)),
            times("ts_close", rows.iter().map(|row| row.ts_close)),
            times("ts_recv", recv.iter().copied()),
            scales.prices("open", rows.iter().map(|row| row.open)),
            scales.prices("high", rows.iter().map(|row| row.high)),
            scales.prices("low", rows.iter().map(|row| row.low)),
            scales.prices("close", rows.iter().map(|row| row.close)),
            scales.quantities("volume", rows.iter().map(|row| row.volume)),
        ]
    }

    fn magnitudes(row: &Self::Row) -> (u64, u64) {
        let price = [row.open, row.high, row.low, row.close].map(i64::unsigned_abs);
        (price.into_iter().max().unwrap_or(0), row.volume.unsigned_abs())
    }

    fn spec(tag: BarSpec) -> Option<BarSpec> {
        Some(tag)
    }
}

impl Columns for Trade {
    fn columns(rows: &[Self::Row], recv: &[i64], scales: &Scales) -> Vec<Named> {
        let side = |row: &Self::Row| row.aggressor.map(|side| if side == Side::Buy { "buy" } else { "sell" });
        let sides: StringArray = rows.iter().map(side).collect();
        vec![
            times("ts_event", rows.iter().map(|row| row.ts_event)),
            times("ts_recv", recv.iter().copied()),
            scales.prices("price", rows.iter().map(|row| row.price)),
            scales.quantities("quantity", rows.iter().map(|row| row.quantity)),
            ("side", Arc::new(sides)),
        ]
    }

    fn magnitudes(row: &Self::Row) -> (u64, u64) {
        (row.price.unsigned_abs(), row.quantity.unsigned_abs())
    }

    fn spec((): ()) -> Option<BarSpec> {
        None
    }
}

impl Columns for Quote {
    fn columns(rows: &[Self::Row], recv: &[i64], scales: &Scales) -> Vec<Named> {
        vec![
            times("ts_event", rows.iter().map(|row| row.ts_event)),
            times("ts_recv", recv.iter().copied()),
            scales.prices("bid", rows.iter().map(|row| row.bid)),
            scales.quantities("bid_size", rows.iter().map(|row| row.bid_size)),
            scales.prices("ask", rows.iter().map(|row| row.ask)),
            scales.quantities("ask_size", rows.iter().map(|row| row.ask_size)),
        ]
    }

    fn magnitudes(row: &Self::Row) -> (u64, u64) {
        let larger = |a: i64, b: i64| a.unsigned_abs().max(b.unsigned_abs());
        (larger(row.bid, row.ask), larger(row.bid_size, row.ask_size))
    }

    fn spec((): ()) -> Option<BarSpec> {
        None
    }
}

/// Writes a series as Parquet: times as nanosecond timestamps, prices and quantities as exact decimals, instrument and
/// spec in the metadata. The file appears whole or not at all.
///
/// # Errors
/// [`DataError::Io`] or [`DataError::Format`] if the file cannot be written; [`DataError::Empty`] for an empty series.
pub fn write_parquet<E: ParquetRecord>(path: impl AsRef<Path>, series: &Series<E>) -> Result<(), DataError> {
    let path = path.as_ref();
    if series.is_empty() {
        return Err(DataError::Empty { file: path.display().to_string() });
    }
    let header = series.header();
    let (price, quantity) = series
        .rows()
        .iter()
        .map(E::magnitudes)
        .fold((0, 0), |most: (u64, u64), next| (most.0.max(next.0), most.1.max(next.1)));
    let scales = Scales {
        price: header.price_scale,
        quantity: header.quantity_scale,
        wide_price: price >= MAX_18_DIGITS,
        wide_quantity: quantity >= MAX_18_DIGITS,
    };
    let chunks = (0..series.len()).step_by(CHUNK).map(|start| {
        let end = (start + CHUNK).min(series.len());
        let recv: Vec<i64> =
            (start..end).filter_map(|index| series.recv_at(index)).map(|time| time.nanos()).collect();
        E::columns(series.rows().get(start..end).unwrap_or_default(), &recv, &scales)
    });
    atomically(path, |file| write_chunks(file, path, header.instrument, E::spec(header.tag), chunks))
}

/// Writes depth records as Parquet, one level a row. The file appears whole or not at all.
///
/// Updates that follow each other with the same times and sequence are read back as one.
///
/// # Errors
/// [`DataError::Empty`] without records; [`DataError::Mismatch`] for records of several instruments, without levels, or
/// for two snapshots that could not be told apart; otherwise as for [`write_parquet`].
pub fn write_parquet_depth(path: impl AsRef<Path>, records: &[Depth]) -> Result<(), DataError> {
    let path = path.as_ref();
    let Some(first) = records.first() else {
        return Err(DataError::Empty { file: path.display().to_string() });
    };
    let mut rows: Vec<(&Depth, Level)> = Vec::new();
    let mut previous: Option<&Depth> = None;
    for record in records {
        check_depth(previous, record)?;
        if record.instrument != first.instrument {
            return Err(DataError::Mismatch {
                wanted: first.instrument.to_string(),
                found: record.instrument.to_string(),
            });
        }
        if previous.is_some_and(|previous| record.ts_recv < previous.ts_recv) {
            let (instrument, next) = (record.instrument, record.ts_recv);
            let previous = previous.map_or(next, |previous| previous.ts_recv);
            return Err(DataError::OutOfOrder { instrument, previous, next });
        }
        rows.extend(record.levels.iter().map(|level| (record, *level)));
        previous = Some(record);
    }
    let finest =
        |scale: fn(&Level) -> Scale| rows.iter().map(|(_, level)| scale(level)).max().unwrap_or(Scale::ZERO);
    let scales = Scales {
        price: finest(|level| level.price.scale()),
        quantity: finest(|level| level.quantity.scale()),
        wide_price: true,
        wide_quantity: true,
    };
    let chunks = rows.chunks(CHUNK).map(|part| depth_columns(part, &scales));
    atomically(path, |file| write_chunks(file, path, first.instrument, None, chunks))
}

fn depth_columns(rows: &[(&Depth, Level)], scales: &Scales) -> Vec<Named> {
    let wide = |mantissa: i64, from: Scale, to: Scale| {
        i128::from(mantissa) * i128::from(to.factor() / from.factor().max(1))
    };
    let column = |scale: Scale, values: Vec<i128>| -> ArrayRef {
        let array: Decimal128Array = values.into_iter().map(Some).collect();
        Arc::new(array.with_data_type(DataType::Decimal128(38, scale.places() as i8)))
    };
    let prices = rows.iter().map(|(_, l)| wide(l.price.mantissa(), l.price.scale(), scales.price)).collect();
    let quantities =
        rows.iter().map(|(_, l)| wide(l.quantity.mantissa(), l.quantity.scale(), scales.quantity)).collect();
    let snapshots: BooleanArray =
        rows.iter().map(|(depth, _)| Some(depth.kind == DepthKind::Snapshot)).collect();
    let sequences: UInt64Array = rows.iter().map(|(depth, _)| depth.sequence).collect();
    let sides: StringArray =
        rows.iter().map(|(_, l)| Some(if l.side == Side::Buy { "bid" } else { "ask" })).collect();
    vec![
        times("ts_event", rows.iter().map(|(depth, _)| depth.ts_event.nanos())),
        times("ts_recv", rows.iter().map(|(depth, _)| depth.ts_recv.nanos())),
        ("is_snapshot", Arc::new(snapshots)),
        ("sequence", Arc::new(sequences)),
        ("side", Arc::new(sides)),
        ("price", column(scales.price, prices)),
        ("quantity", column(scales.quantity, quantities)),
    ]
}

fn write_chunks(
    file: &mut (impl Write + Send),
    path: &Path,
    instrument: InstrumentId,
    spec: Option<BarSpec>,
    chunks: impl Iterator<Item = Vec<Named>>,
) -> Result<(), DataError> {
    let failed = |error: ParquetError| DataError::format(path.display().to_string(), error.to_string());
    let refused = |error: ArrowError| DataError::format(path.display().to_string(), error.to_string());
    let mut pairs = vec![KeyValue::new(KEY_INSTRUMENT.into(), instrument.to_string())];
    pairs.extend(spec.map(|spec| KeyValue::new(KEY_SPEC.into(), spec.to_string())));
    let mut writer: Option<ArrowWriter<&mut _>> = None;
    let mut target = Some(file);
    for columns in chunks {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, array)| {
                Field::new(*name, array.data_type().clone(), matches!(*name, "side" | "sequence"))
            })
            .collect();
        let schema = Arc::new(ArrowSchema::new(fields));
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(refused)?;
        if let Some(file) = target.take() {
            let mut properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_key_value_metadata(Some(std::mem::take(&mut pairs)));
            for field in schema.fields() {
                // Times and prices differ little from row to row; a dictionary of them would be as long as they.
                if matches!(field.data_type(), DataType::Timestamp(_, _) | DataType::Decimal64(_, _)) {
                    properties = properties
                        .set_column_dictionary_enabled(field.name().as_str().into(), false)
                        .set_column_encoding(field.name().as_str().into(), Encoding::DELTA_BINARY_PACKED);
                }
            }
            writer = Some(ArrowWriter::try_new(file, schema, Some(properties.build())).map_err(failed)?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch).map_err(failed)?;
        }
    }
    match writer {
        Some(writer) => writer.close().map(|_| ()).map_err(failed),
        None => Err(DataError::Empty { file: path.display().to_string() }),
    }
}
