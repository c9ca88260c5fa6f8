//! Parquet files: bars, trades, quotes and depth, of our own layout and of others.
//!
//! Files that [`write`](crate::write) made carry instrument, spec and exact prices (decimals). Files of others may
//! hold prices as doubles, decimals or integers, and times as timestamps of any unit, dates, integers or text; their
//! columns are found by name like those of CSV.

mod columns;

use std::{any::Any, borrow::Cow, io, marker::PhantomData, path::Path, sync::Arc};

use ::parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder,
        },
    },
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};
use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    market::{Bar, Depth, MarketData, Quote, Trade},
    time::TimeDelta,
};
use bytes::Bytes;

use self::columns::{ParquetCells, Table};
use crate::{
    columns::{self as layout, Resolved},
    error::DataError,
    input::Input,
    options::{ReadOptions, RecordStream, collect_series, collect_vec, reader_options},
    policy::RowPolicy,
    report::LoadReport,
    rows::{Assemble, Context, HasAssembler, Loadable, NoSink, QuickSink, Readable, Slots},
    schema::{Column, Schema, StampIs},
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

reader_options!(ParquetFile);

impl<E: Readable> ParquetFile<E> {
    fn new(input: Input) -> Self {
        Self { input, options: ReadOptions::default(), kind: PhantomData }
    }

    /// The file at `path`.
    ///
    /// # Errors
    /// [`DataError::Io`] if it cannot be found, [`DataError::Format`] for a folder.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Input::file(path.as_ref()).map(Self::new)
    }

    /// A file that is already in memory; `name` is for messages.
    #[must_use]
    pub fn from_bytes(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::new(Input::bytes(name, bytes.into()))
    }

    /// Says which instrument the file is about, and that it may not name another.
    pub(crate) fn expecting(mut self, instrument: InstrumentId) -> Self {
        self.options.instrument = Some(instrument);
        self.options.must_match = true;
        self
    }

    /// Begins to read, holding no more than a part of the file at any time.
    ///
    /// # Errors
    /// [`DataError`] if the file or the options make no sense.
    pub fn stream(self) -> Result<ParquetStream<E>, DataError> {
        self.options.refuse_sorting()?;
        ParquetStream::new(&self.input, &self.options)
    }
}

impl<E: Loadable> ParquetFile<E> {
    /// Reads the file into a series.
    ///
    /// # Errors
    /// [`DataError`] if the file or the options make no sense, or at the first row that the policy refuses.
    pub fn load(self) -> Result<(Series<E>, LoadReport), DataError> {
        let mut stream = ParquetStream::new(&self.input, &self.options)?;
        let expected = stream.row_count;
        collect_series(&mut stream, &self.options, expected)
    }
}

impl ParquetFile<Depth> {
    /// Reads the file into memory.
    ///
    /// # Errors
    /// [`DataError`] if the file or the options make no sense, or at the first row that the policy refuses.
    pub fn load(self) -> Result<(Vec<Depth>, LoadReport), DataError> {
        let mut stream = ParquetStream::new(&self.input, &self.options)?;
        collect_vec(&mut stream, &self.options)
    }
}

/// A file or bytes, as the Parquet reader wants them.
enum Chunks {
    File(std::fs::File),
    Bytes(Bytes),
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl ChunkReader for Chunks {
    type T = Box<dyn io::Read + Send>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(match self {
            Self::File(file) => Box::new(ChunkReader::get_read(file, start)?),
            Self::Bytes(bytes) => Box::new(io::Cursor::new(self.slice(bytes, start, None)?)),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Bytes(bytes) => self.slice(bytes, start, Some(length)),
        }
    }
}

impl Chunks {
    fn slice(&self, bytes: &Bytes, start: u64, length: Option<usize>) -> Result<Bytes, ParquetError> {
        let beyond = || ParquetError::EOF("a range lies beyond the end of the file".into());
        let start = usize::try_from(start).map_err(|_| beyond())?;
        let end = match length {
            Some(length) => start.checked_add(length).ok_or_else(beyond)?,
            None => bytes.len(),
        };
        if start > end || end > bytes.len() { Err(beyond()) } else { Ok(bytes.slice(start..end)) }
    }
}

/// Runs code of the Parquet library, which may panic on a corrupt file.
fn guarded<T>(file: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, DataError> {
    let panicked = |payload: Box<dyn Any + Send>| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_string()));
        format!("it is corrupt: {}", text.unwrap_or_default())
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(panicked(payload)))
        .map_err(|reason| DataError::format(file, reason))
}

/// A Parquet file that is being read.
pub struct ParquetStream<E: Readable> {
    batches: ParquetRecordBatchReader,
    table: Table,
    /// The row of the table that is next.
    row: usize,
    /// Rows in the tables before.
    rows_before: u64,
    symbol: Option<(usize, Box<str>)>,
    /// The slots of numbers, and whether they are prices.
    numbers: Vec<(usize, bool)>,
    assembler: <E as HasAssembler>::Assembler,
    context: Context,
    row_count: usize,
    ended: bool,
}

impl<E: Readable> std::fmt::Debug for ParquetStream<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetStream").field("file", self.context.file()).finish_non_exhaustive()
    }
}

impl<E: Readable> ParquetStream<E> {
    fn new(input: &Input, options: &ReadOptions) -> Result<Self, DataError> {
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
        let mut options = options.clone();
        own_metadata(&metadata, &mut options)?;
        let mut context = options.context(&file)?;
        let fields = metadata.schema().fields();
        let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        let wanted = <E as HasAssembler>::Assembler::WANTED;
        let resolved = layout::by_name(&file, &names, wanted, &options.schema)?;
        context.report.columns = resolved.describe(&names);
        context.times.set_unit(resolved.unit);
        context.report.stamp = options.schema.stamp.or(resolved.stamp).or(Some(StampIs::Close));
        // The columns in use, in the order of the file: their places are the slots.
        let mut used: Vec<usize> = resolved.columns.iter().map(|(_, at)| *at).collect();
        used.sort_unstable();
        used.dedup();
        for at in &used {
            if let Some(field) = fields.get(*at) {
                Table::check(&file, field, role_of(&resolved, *at))?;
            }
        }
        let slot = |at: usize| used.binary_search(&at).unwrap_or(usize::MAX);
        let kind = |column: Column| match column {
            Column::Open | Column::High | Column::Low | Column::Close => Some(true),
            Column::Price | Column::Bid | Column::Ask => Some(true),
            Column::Volume | Column::Quantity | Column::BidSize | Column::AskSize => Some(false),
            _ => None,
        };
        let numbers =
            resolved.columns.iter().filter_map(|(c, at)| kind(*c).map(|price| (slot(*at), price))).collect();
        let slots = resolved.columns.iter().map(|(column, at)| (*column, slot(*at))).collect();
        let symbol = match (&options.schema.symbol, resolved.symbol) {
            (Some(symbol), Some(at)) => Some((slot(at), symbol.as_str().into())),
            _ => None,
        };
        context.set_names(used.iter().filter_map(|at| names.get(*at).cloned()).collect());
        let assembler = <E as HasAssembler>::Assembler::new(Slots::new(slots), &options.schema, &context)?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), used.iter().copied());
        let row_count = usize::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let batches = guarded(&file, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
                .with_batch_size(BATCH)
                .with_projection(mask)
                .build()
                .map_err(|error| error.to_string())
        })?;
        let table = Table::default();
        let (row, rows_before, ended) = (0, 0, false);
        // A corrupt file may claim any number of rows; it only serves to make room.
        let row_count = row_count.min(1 << 24);
        Ok(Self { batches, table, row, rows_before, symbol, numbers, assembler, context, row_count, ended })
    }

    /// What was found so far; complete once the stream has ended.
    #[must_use]
    pub fn report(&self) -> LoadReport {
        self.context.finished_report()
    }

    /// The next record, or `None` at the end.
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be read on, or at a row that the policy refuses. The stream is over then.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<E>, DataError> {
        self.next_beside(&mut NoSink)
    }

    #[inline]
    fn advance(&mut self, sink: &mut impl QuickSink<E>) -> Result<Option<E>, DataError> {
        loop {
            if let Some(record) = self.assembler.ready() {
                return Ok(Some(record));
            }
            if self.ended {
                return Ok(None);
            }
            if self.row >= self.table.len() && !self.next_table()? {
                self.ended = true;
                self.assembler.end(&mut self.context)?;
                continue;
            }
            let cells = ParquetCells::new(&self.table, self.row, self.rows_before);
            self.row += 1;
            self.context.report.rows += 1;
            if let Some((slot, symbol)) = &self.symbol
                && *cells.trimmed(*slot) != *symbol.as_bytes()
            {
                self.context.report.filtered += 1;
                continue;
            }
            if sink.is_open()
                && let Some(row) = self.assembler.quick(&cells, &mut self.context)
            {
                sink.put(row, &self.context)?;
                continue;
            }
            let before = self.context.before_row();
            let record = self.assembler.row(&cells, &mut self.context)?;
            self.context.after_row(before);
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    fn next_table(&mut self) -> Result<bool, DataError> {
        let file = Arc::clone(self.context.file());
        self.context.report.rounded += self.table.rounded();
        self.rows_before += self.table.len() as u64;
        (self.row, self.table) = (0, Table::default());
        loop {
            let batches = &mut self.batches;
            let rows = self.rows_before;
            let batch = guarded(&file, || {
                batches.next().transpose().map_err(|error| format!("after row {rows}: {error}"))
            })?;
            let Some(batch) = batch else { return Ok(false) };
            if batch.num_rows() > 0 {
                self.table = Table::new(&file, &batch)?;
                for (slot, is_price) in &self.numbers {
                    let rule = if *is_price { self.context.price } else { self.context.quantity };
                    self.table.settle(*slot, rule.scale);
                }
                return Ok(true);
            }
        }
    }
}

impl<E: Readable> RecordStream<E> for ParquetStream<E> {
    #[inline]
    fn next_beside(&mut self, sink: &mut impl QuickSink<E>) -> Result<Option<E>, DataError> {
        let result = self.advance(sink);
        if result.is_err() {
            self.ended = true;
        }
        result
    }
    fn context(&mut self) -> &mut Context {
        &mut self.context
    }
}

impl<E: Readable> DataSource for ParquetStream<E> {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        Ok(self.next_record()?.map(Into::into))
    }
    fn describe(&self) -> String {
        format!("{} of {} in {}", E::NAME, self.context.instrument, self.context.file())
    }
}

/// Takes instrument and spec from a file that names them, unless they are declared.
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
            KEY_SPEC if options.spec.is_none() => options.spec = Some(value.parse()?),
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
