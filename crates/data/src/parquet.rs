//! Parquet files: bars, trades, quotes and depth, of our own layout and of others.
//!
//! Files that [`write`](crate::write) made carry instrument, spec and exact prices (decimals). Files of others may
//! hold prices as doubles, decimals or integers, and times as timestamps of any unit, dates, integers or text; their
//! columns are found by name like those of CSV.

mod arrays;
mod chunks;
mod table;

use std::{marker::PhantomData, sync::Arc};

use ::parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder,
        },
    },
    basic::Compression,
    file::{metadata::RowGroupMetaData, reader::Length},
};
use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    market::{Bar, Depth, MarketData, Quote, Trade},
    time::TimeDelta,
};
use bytes::Bytes;

use self::{
    chunks::{Chunks, guarded},
    table::{ParquetCells, Table},
};
use crate::{
    columns::{self as layout, Resolved},
    error::DataError,
    input::Input,
    options::ReadOptions,
    policy::RowPolicy,
    reading::{InUse, Reading, Rows, file_reader},
    report::LoadReport,
    rows::{Assemble, Context, HasAssembler, Loadable, Readable, Slots},
    schema::{Column, Schema},
    series::Series,
    source::DataSource,
};

/// The key under which a file names its instrument.
pub(crate) const KEY_INSTRUMENT: &str = "algoflow.instrument";
/// The key under which a file of bars says what they cover.
pub(crate) const KEY_SPEC: &str = "algoflow.spec";

const BATCH: usize = 8_192;

/// A Parquet file of bars.
pub type ParquetBars = ParquetFile<Bar>;
/// A Parquet file of trades.
pub type ParquetTrades = ParquetFile<Trade>;
/// A Parquet file of quotes.
pub type ParquetQuotes = ParquetFile<Quote>;
/// A Parquet file of order book levels, one a row.
pub type ParquetDepth = ParquetFile<Depth>;

/// A Parquet file that is going to be read.
#[derive(Debug)]
pub struct ParquetFile<E: Readable> {
    input: Input,
    options: ReadOptions,
    kind: PhantomData<fn() -> E>,
}

file_reader!(ParquetFile, ParquetStream, begin);

impl<E: Readable> ParquetFile<E> {
    /// Says which instrument and spec the file is about, and that it may not name others.
    pub(crate) fn expecting(mut self, instrument: InstrumentId, spec: Option<BarSpec>) -> Self {
        self.options.instrument = Some(instrument);
        self.options.spec = spec;
        self.options.must_match = true;
        self
    }
}

/// A Parquet file that is being read.
pub struct ParquetStream<E: Readable>(Reading<ParquetRows, E>);

/// The rows of a Parquet file, one batch at a time.
struct ParquetRows {
    batches: ParquetRecordBatchReader,
    table: Table,
    /// The row of the table that is next.
    next: usize,
    /// The slots of numbers, and whether they are prices.
    numbers: Vec<(usize, bool)>,
    /// The slots of times.
    times: Vec<usize>,
    row_count: usize,
}

/// Finds out about a file and begins to read it.
fn begin<E: Readable>(input: Input, options: &mut ReadOptions) -> Result<Reading<ParquetRows, E>, DataError> {
    let file = Arc::clone(input.name());
    refuse_csv_options(&options.schema)?;
    let chunks = input.chunks(Chunks::File, |bytes| Chunks::Bytes(Bytes::from_owner(bytes)))?;
    if chunks.len() == 0 {
        return Err(DataError::Empty { file: file.to_string() });
    }
    let metadata = guarded(&file, || {
        ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::new())
            .map_err(|error| format!("not a Parquet file that can be read: {error}"))
    })?;
    own_metadata(&metadata, options)?;
    let context = options.context(&file)?;
    let (used, places) = columns_in_use::<E>(&file, &metadata, &options.schema)?;
    for chunk in metadata.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
        check_compression(&file, chunk.compression())?;
    }
    let slots_of = |wanted: fn(Column) -> bool| used.slots.iter().filter(move |(column, _)| wanted(*column));
    let numbers = slots_of(|column| is_price(column) || is_quantity(column))
        .map(|(column, slot)| (slot, is_price(column)))
        .collect();
    let times = slots_of(is_time).map(|(_, slot)| slot).collect();
    let mask = ProjectionMask::roots(metadata.parquet_schema(), places);
    // A corrupt file may claim any number of rows; it only serves to make room.
    let row_count = usize::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0).min(1 << 24);
    let batches = guarded(&file, || {
        ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
            .with_batch_size(BATCH)
            .with_projection(mask)
            .build()
            .map_err(|error| error.to_string())
    })?;
    let rows = ParquetRows { batches, table: Table::default(), next: 0, numbers, times, row_count };
    Reading::new(rows, used, &options.schema, context)
}

/// Finds the columns, and their places in the file. A slot is the place of a column among those in use.
fn columns_in_use<E: Readable>(
    file: &str,
    metadata: &ArrowReaderMetadata,
    schema: &Schema,
) -> Result<(InUse, Vec<usize>), DataError> {
    let fields = metadata.schema().fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let resolved = layout::by_name(file, &names, <E as HasAssembler>::Assembler::WANTED, schema)?;
    let mut places: Vec<usize> = resolved.columns.iter().map(|(_, at)| *at).collect();
    places.sort_unstable();
    places.dedup();
    for at in &places {
        if let Some(field) = fields.get(*at) {
            arrays::check(file, field, role_of(&resolved, *at))?;
        }
    }
    let slot = |at: usize| places.binary_search(&at).unwrap_or(usize::MAX);
    let used = InUse {
        described: resolved.describe(&names),
        slots: Slots::new(resolved.columns.iter().map(|(column, at)| (*column, slot(*at))).collect()),
        symbol: resolved.symbol.map(slot),
        names: places.iter().filter_map(|at| names.get(*at).cloned()).collect(),
        resolved,
    };
    Ok((used, places))
}

/// Refuses compressions that this build cannot undo, before anything is read.
fn check_compression(file: &str, compression: Compression) -> Result<(), DataError> {
    let name = match compression {
        Compression::ZSTD(_) => "zstd",
        Compression::LZO => "LZO",
        _ => return Ok(()),
    };
    let reason = "snappy, gzip, LZ4 and Brotli are supported, and no compression";
    Err(DataError::format(file, format!("it is compressed with {name}; {reason}")))
}

fn is_price(column: Column) -> bool {
    use Column::{Ask, Bid, Close, High, Low, Open, Price};
    matches!(column, Open | High | Low | Close | Price | Bid | Ask)
}

fn is_quantity(column: Column) -> bool {
    matches!(column, Column::Volume | Column::Quantity | Column::BidSize | Column::AskSize)
}

fn is_time(column: Column) -> bool {
    matches!(column, Column::Time | Column::TimeOpen | Column::Received)
}

impl ParquetRows {
    /// Brings the columns of the table to the scales and the unit of time that hold now, as far as that is possible.
    #[inline]
    fn settle(&mut self, context: &Context) {
        let (price, quantity) = (context.price.scale, context.quantity.scale);
        if self.table.is_settled(price, quantity, context.times.unit()) {
            return;
        }
        for (slot, is_price) in &self.numbers {
            self.table.settle_number(*slot, if *is_price { price } else { quantity });
        }
        for slot in &self.times {
            self.table.settle_time(*slot, &context.times);
        }
    }

    /// Reads the next batch that has rows; false at the end.
    fn next_table(&mut self, context: &mut Context) -> Result<bool, DataError> {
        let file = Arc::clone(context.file());
        context.report.rounded += self.table.rounded();
        let rows = self.table.rows_before + self.table.len() as u64;
        (self.next, self.table) = (0, Table::default());
        loop {
            let batches = &mut self.batches;
            let batch = guarded(&file, || {
                batches.next().transpose().map_err(|error| format!("after row {rows}: {error}"))
            })?;
            let Some(batch) = batch else { return Ok(false) };
            if batch.num_rows() > 0 {
                self.table = Table::new(&file, &batch, rows)?;
                return Ok(true);
            }
        }
    }
}

impl Rows for ParquetRows {
    type Cells<'a> = ParquetCells<'a>;

    #[inline]
    fn step(&mut self, context: &mut Context) -> Result<bool, DataError> {
        if self.next >= self.table.len() && !self.next_table(context)? {
            return Ok(false);
        }
        self.settle(context);
        self.next += 1;
        context.report.rows += 1;
        Ok(true)
    }

    #[inline]
    fn cells(&self) -> ParquetCells<'_> {
        self.table.cells_at(self.next.saturating_sub(1))
    }

    fn expected(&self) -> usize {
        self.row_count
    }

    #[inline]
    fn run<A: Assemble>(&mut self, assembler: &mut A, context: &mut Context, out: &mut Vec<A::Row>) -> usize {
        if self.next >= self.table.len() {
            return 0;
        }
        self.settle(context);
        let count = assembler.quick_run(&self.table, self.next, context, out);
        self.next += count;
        context.report.rows += count as u64;
        count
    }
}

/// Takes instrument and spec from a file that names them, unless they are declared. A file of other bars than declared
/// is refused.
fn own_metadata(metadata: &ArrowReaderMetadata, options: &mut ReadOptions) -> Result<(), DataError> {
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    for pair in pairs.into_iter().flatten() {
        let Some(value) = &pair.value else { continue };
        match pair.key.as_str() {
            KEY_INSTRUMENT => match options.instrument {
                None => options.instrument = Some(value.parse()?),
                Some(wanted) if options.must_match && wanted.as_str() != value => {
                    let (wanted, found) = (wanted.to_string(), value.clone());
                    return Err(DataError::Mismatch { wanted, found });
                }
                Some(_) => {}
            },
            KEY_SPEC => match options.spec {
                None => options.spec = Some(value.parse()?),
                Some(wanted) if value.parse() != Ok(wanted) => {
                    let (wanted, found) = (format!("{wanted} bars"), format!("{value} bars"));
                    return Err(DataError::Mismatch { wanted, found });
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    Ok(())
}

fn role_of(resolved: &Resolved, at: usize) -> Option<Column> {
    resolved.columns.iter().find(|(_, place)| *place == at).map(|(column, _)| *column)
}

/// Options that say something about text have no meaning here.
fn refuse_csv_options(schema: &Schema) -> Result<(), DataError> {
    let named = [
        ("delimiter", schema.delimiter.is_some()),
        ("header", schema.header.is_some()),
        ("skip_lines", schema.skip_lines > 0),
        ("decimal_comma", schema.decimal_comma),
        ("entry", schema.entry.is_some()),
    ];
    match named.iter().find(|(_, set)| *set) {
        Some((option, _)) => Err(DataError::option(option, "it is about CSV, and this is Parquet")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressions_that_cannot_be_undone_are_named() {
        for fine in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4, Compression::LZ4_RAW] {
            assert!(check_compression("x", fine).is_ok());
        }
        let error = check_compression("x.parquet", Compression::ZSTD(Default::default())).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("x.parquet") && message.contains("zstd") && message.contains("snappy"),
            "{message}"
        );
    }
}
