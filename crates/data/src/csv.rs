//! CSV files: bars, trades, quotes and depth, read as a stream.

mod cells;
mod lines;

use std::{io, io::Read, sync::Arc};

use algoflow_core::{
    bar_spec::BarSpec,
    id::{Asset, InstrumentId},
    market::{Bar, CorporateAction, Depth, MarketData, Quote, Trade},
    time::TimeDelta,
};

use self::{
    cells::{CsvCells, Fields},
    lines::{Records, Span},
};
use crate::{
    columns::{self, Resolved},
    decimal,
    error::DataError,
    input::Input,
    options::ReadOptions,
    policy::{OnBadValue, Position, Problem, RowPolicy},
    reading::{InUse, Reading, Rows, file_reader},
    report::LoadReport,
    rows::{Assemble, Context, Fault, HasAssembler, Loadable, Readable},
    schema::Schema,
    series::Series,
    source::DataSource,
    stamp,
};

/// A CSV file of bars.
pub type CsvBars = CsvFile<Bar>;
/// A CSV file of trades.
pub type CsvTrades = CsvFile<Trade>;
/// A CSV file of quotes.
pub type CsvQuotes = CsvFile<Quote>;
/// A CSV file of order book levels, one a row.
pub type CsvDepth = CsvFile<Depth>;

/// A CSV file of corporate actions: a date, `dividend` or `split`, and the amount per share or the ratio (`4:1`).
///
/// ```
/// use algoflow_data::CsvActions;
/// let text = "date,kind,value\n2020-08-07,dividend,0.82\n2020-08-31,split,4:1\n";
/// let (actions, _) = CsvActions::from_bytes("aapl.csv", text.as_bytes())
///     .instrument("AAPL.NASDAQ".parse()?)
///     .currency("USD".parse()?)
///     .load()?;
/// assert_eq!(actions.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type CsvActions = CsvFile<CorporateAction>;

/// A CSV file that is going to be read, plain or compressed with gzip or zip.
///
/// ```
/// use algoflow_core::bar_spec::BarSpec;
/// use algoflow_data::{CsvBars, Schema, StampIs};
/// let text = "\
/// date,open,high,low,close,volume
/// 2024-01-02,187.15,188.44,183.89,185.64,82488700
/// 2024-01-03,184.22,185.88,183.43,184.25,58414500
/// 2024-01-04,182.15,183.09,180.88,181.91,71983600
/// ";
/// let (bars, report) =
///     CsvBars::from_bytes("aapl.csv", text.as_bytes()).instrument("AAPL.NASDAQ".parse()?).load()?;
/// assert_eq!((bars.len(), bars.spec()), (3, BarSpec::day()));
/// assert!(report.is_clean());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CsvFile<E: Readable> {
    input: Input,
    options: ReadOptions,
    kind: std::marker::PhantomData<fn() -> E>,
}

file_reader!(CsvFile, CsvStream, begin);

impl<E: Readable> CsvFile<E> {
    /// Whatever `reader` yields (not a zip, which needs to be read at any place); `name` is for messages.
    #[must_use]
    pub fn from_reader(name: &str, reader: impl Read + Send + 'static) -> Self {
        Self::new(Input::reader(name, Box::new(reader)))
    }
}

impl CsvActions {
    /// Says what dividends are paid in. Needed if there are any.
    #[must_use]
    pub fn currency(mut self, currency: Asset) -> Self {
        self.options.currency = Some(currency);
        self
    }

    /// Reads the file into memory.
    ///
    /// # Errors
    /// [`DataError`] if the file or the options make no sense, or at the first row that the policy refuses.
    pub fn load(self) -> Result<(Vec<CorporateAction>, LoadReport), DataError> {
        self.load_vec()
    }
}

/// A CSV file that is being read.
pub struct CsvStream<E: Readable>(Reading<CsvRows, E>);

/// The rows of a CSV file.
struct CsvRows {
    records: Records,
    fields: Fields,
    delimiter: u8,
    point: u8,
    /// How many cells a record has.
    width: usize,
    /// A first row that was read to find out about the file.
    first: Option<Span>,
    /// The row that is looked at.
    span: Span,
}

/// Finds out about a file and begins to read it.
fn begin<E: Readable>(input: Input, options: &mut ReadOptions) -> Result<Reading<CsvRows, E>, DataError> {
    let schema = &options.schema;
    let file = Arc::clone(input.name());
    let context = options.context(&file)?;
    let point = if schema.decimal_comma { b',' } else { b'.' };
    let declared = schema.delimiter.map(delimiter_byte).transpose()?;
    if schema.decimal_comma && declared == Some(b',') {
        return Err(DataError::option("decimal_comma", "the comma cannot separate columns as well"));
    }
    let mut records = Records::new(input.text(schema.entry.as_deref())?);
    let first = first_record(&mut records, schema.skip_lines, &file)?;
    let mut fields = Fields::default();
    let bytes = records.bytes(first);
    if !first.quoted && bytes.contains(&b'\r') {
        let reason = "its lines end with a carriage return alone; save it with line feeds";
        return Err(DataError::format(file.as_ref(), format!("line {}: {reason}", records.line())));
    }
    let delimiter = declared.unwrap_or_else(|| likely_delimiter(bytes, schema.decimal_comma));
    split(&mut fields, bytes, first.quoted, delimiter)
        .map_err(|reason| DataError::format(file.as_ref(), format!("line {}: {reason}", records.line())))?;
    let texts = fields.texts(bytes, first.quoted);
    let has_header = schema.header.unwrap_or_else(|| !texts.iter().any(|text| is_data(text, point)));
    let (names, resolved) = layout::<E>(&file, texts, has_header, schema)?;
    let used = InUse {
        described: resolved.describe(&names),
        slots: resolved.slots(),
        symbol: resolved.symbol,
        resolved,
        names,
    };
    let width = used.names.len();
    let pending = (!has_header).then_some(first);
    let rows = CsvRows { records, fields, delimiter, point, width, first: pending, span: first };
    Reading::new(rows, used, schema, context)
}

/// The first record that is not blank.
fn first_record(records: &mut Records, skip_lines: usize, file: &str) -> Result<Span, DataError> {
    records.skip_mark().map_err(|error| read_error(file, 0, error))?;
    for _ in 0..skip_lines {
        records.next_line().map_err(|error| read_error(file, records.line(), error))?;
    }
    loop {
        match records.next().map_err(|error| read_error(file, records.line(), error))? {
            None => return Err(DataError::Empty { file: file.to_string() }),
            Some(span) if records.bytes(span).trim_ascii().is_empty() => {}
            Some(span) => return Ok(span),
        }
    }
}

impl Rows for CsvRows {
    type Cells<'a> = CsvCells<'a>;

    #[inline]
    fn step(&mut self, context: &mut Context) -> Result<bool, DataError> {
        loop {
            let next = match self.first.take() {
                Some(span) => Some(span),
                None => match self.records.next() {
                    Ok(span) => span,
                    Err(error) => return Err(read_error(context.file(), self.records.line(), error)),
                },
            };
            let Some(span) = next else { return Ok(false) };
            self.span = span;
            let (record, line) = (self.records.bytes(span), self.records.line());
            if let Err(reason) = split(&mut self.fields, record, span.quoted, self.delimiter) {
                context.report.rows += 1;
                context.reject(&Fault::row(Problem::Unparsable, reason), Position::Line(line))?;
                continue;
            }
            if self.fields.len() == self.width {
                context.report.rows += 1;
                return Ok(true);
            }
            if record.trim_ascii().is_empty() {
                continue;
            }
            context.report.rows += 1;
            if odd_width(self.fields.len(), self.width, line, context)? {
                return Ok(true);
            }
        }
    }

    #[inline]
    fn cells(&self) -> CsvCells<'_> {
        self.fields.cells(self.records.bytes(self.span), self.span.quoted, self.point, self.records.line())
    }
}

#[inline]
fn split(fields: &mut Fields, record: &[u8], quoted: bool, delimiter: u8) -> Result<(), &'static str> {
    if quoted {
        fields.split_quoted(record, delimiter)
    } else {
        fields.split(record, delimiter);
        Ok(())
    }
}

/// Whether a row of another width than the file's is read all the same.
#[cold]
fn odd_width(found: usize, width: usize, line: u64, context: &mut Context) -> Result<bool, DataError> {
    let fault = Fault::row(Problem::ColumnCount, format!("{found} columns; the file has {width}"));
    if found > width && context.repairs.action(Problem::ColumnCount) == OnBadValue::Fix {
        context.judge(&fault, Position::Line(line))?;
        context.report.fixed += 1;
        return Ok(true);
    }
    context.reject(&fault, Position::Line(line))?;
    Ok(false)
}

/// The names of the columns and what they are.
fn layout<E: Readable>(
    file: &str,
    texts: Vec<String>,
    has_header: bool,
    schema: &Schema,
) -> Result<(Vec<String>, Resolved), DataError> {
    let wanted = <E as HasAssembler>::Assembler::WANTED;
    if has_header {
        let resolved = columns::by_name(file, &texts, wanted, schema)?;
        return Ok((texts, resolved));
    }
    let names: Vec<String> = (1..=texts.len()).map(|n| format!("column {n}")).collect();
    let resolved = columns::by_place(file, &names, wanted, schema)?;
    Ok((names, resolved))
}

fn delimiter_byte(delimiter: char) -> Result<u8, DataError> {
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(byte),
        _ => Err(DataError::option("delimiter", format!("{delimiter:?} cannot separate columns"))),
    }
}

/// The likely delimiter that is most frequent outside quotes; a comma if there is none.
fn likely_delimiter(line: &[u8], decimal_comma: bool) -> u8 {
    let mut best = (if decimal_comma { b';' } else { b',' }, 0);
    for candidate in [b';', b'\t', b'|', b','] {
        let (mut count, mut quoted) = (0, false);
        for byte in line {
            quoted ^= *byte == b'"';
            count += usize::from(*byte == candidate && !quoted);
        }
        if count > best.1 && !(decimal_comma && candidate == b',') {
            best = (candidate, count);
        }
    }
    best.0
}

/// Whether a cell is a number or a time, so that its line is no header.
fn is_data(text: &str, point: u8) -> bool {
    decimal::parse(text.as_bytes(), point).is_ok() || stamp::looks_like_time(text.as_bytes())
}

fn read_error(file: &str, line: u64, error: io::Error) -> DataError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => {
            DataError::format(file, format!("after line {line}: {error}"))
        }
        _ => DataError::Io { file: file.to_string(), source: error },
    }
}
