//! From cells to records: the part of reading that all formats share.
//!
//! A format offers the cells of one row at a time through [`Cells`]; an [`Assemble`] makes records of them, applies
//! the policy, and counts.

mod actions;
mod bars;
mod context;
mod depth;
mod ticks;

pub(crate) use actions::ActionAssembler;
pub(crate) use bars::BarAssembler;
pub(crate) use context::Context;
pub(crate) use depth::DepthAssembler;
pub(crate) use ticks::{QuoteAssembler, TradeAssembler};

use algoflow_core::{
    market::{Bar, CorporateAction, Depth, MarketData, Quote, Trade},
    number::Scale,
    time::Timestamp,
};

use crate::{
    decimal::{Decimal64, NumberFault},
    error::DataError,
    policy::{Position, Problem},
    schema::{Column, Schema},
    series::{Record, Series},
    stamp::{Stamp, StampReader},
};

/// What is wrong with one row, before the policy is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    /// The place of the cell among the columns in use; none if the row as a whole is wrong.
    pub(crate) slot: Option<usize>,
    pub(crate) value: String,
    pub(crate) reason: String,
}

impl Fault {
    pub(crate) fn row(problem: Problem, reason: impl Into<String>) -> Box<Self> {
        Box::new(Self { problem, slot: None, value: String::new(), reason: reason.into() })
    }

    pub(crate) fn cell(problem: Problem, slot: usize, value: &[u8], reason: impl Into<String>) -> Box<Self> {
        let value = String::from_utf8_lossy(value).chars().take(64).collect();
        Box::new(Self { problem, slot: Some(slot), value, reason: reason.into() })
    }

    pub(crate) fn number(fault: NumberFault, slot: usize, value: &[u8]) -> Box<Self> {
        let (problem, reason) = match fault {
            NumberFault::Empty => (Problem::Unparsable, "it is empty"),
            NumberFault::Invalid => (Problem::Unparsable, "it is not a number"),
            NumberFault::NotFinite => (Problem::NotFinite, "it is not a finite number"),
            NumberFault::TooLong => (Problem::OutOfScale, "it has more digits than can be held (18)"),
        };
        Self::cell(problem, slot, value, reason)
    }
}

/// The cells of the row that is being read. A slot is the place of a column among those in use.
pub(crate) trait Cells {
    /// The number in a slot; `hint` is the scale that numbers of its kind have had so far.
    fn number(&self, slot: usize, hint: Scale) -> Result<Decimal64, Box<Fault>>;
    /// The number in a slot, if it is one and nothing has to be rounded to hold it at `scale`.
    #[inline]
    fn unrounded(&self, slot: usize, scale: Scale) -> Option<Decimal64> {
        self.number(slot, scale).ok()
    }
    /// The time in a slot.
    fn stamp(&self, slot: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>>;
    /// The time whose date and time of day are in two slots.
    fn date_and_time(&self, date: usize, time: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>>;
    /// The text in a slot. A number is given as text, without a sign for a positive one.
    fn text(&self, slot: usize) -> std::borrow::Cow<'_, [u8]>;
    /// Where the row stands.
    fn position(&self) -> Position;
}

/// Rows whose columns lie apart, and are numbers already.
#[cfg(feature = "parquet")]
pub(crate) trait Block {
    /// How many rows there are.
    fn len(&self) -> usize;
    /// The mantissas of a column at a scale, if every row has one there.
    fn mantissas(&self, slot: usize, scale: Scale) -> Option<&[i64]>;
    /// The instants of a column in nanoseconds, if every row has one; never dates.
    fn instants(&self, slot: usize) -> Option<&[i64]>;
    /// The cells of one row.
    fn cells(&self, row: usize) -> impl Cells;
}

/// The columns that a file must or may have for one kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) required: &'static [Column],
    pub(crate) optional: &'static [Column],
    /// The order of the columns in a file without a header.
    pub(crate) positional: &'static [Column],
}

/// Makes records of rows.
pub(crate) trait Assemble: Send + Sized {
    type Record: Into<MarketData> + Clone + Send + 'static;
    /// What a series holds of a record; nothing for records that no series holds.
    type Row: Copy;

    const WANTED: Wanted;

    /// `slots` gives the slot of each column in use.
    fn new(slots: Slots, schema: &Schema, context: &Context) -> Result<Self, DataError>;

    /// Takes the cells of a row. `None` if the row was dropped, or is held back.
    fn row<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Result<Option<Self::Record>, DataError>;

    /// The short way for a row with nothing unusual about it, counted as kept: a record received `recv_delay` after it
    /// happened, at the scales of the context. `None`, with nothing changed, sends the row the long way.
    #[inline]
    fn quick<C: Cells>(&mut self, cells: &C, context: &mut Context) -> Option<Self::Row> {
        let _ = (cells, context);
        None
    }

    /// The short way for rows one after the other, from row `from` of a block on: as many as need no attention are put
    /// into `out` and counted as kept. Returns how many.
    #[cfg(feature = "parquet")]
    #[inline]
    fn quick_run(
        &mut self,
        block: &impl Block,
        from: usize,
        context: &mut Context,
        out: &mut Vec<Self::Row>,
    ) -> usize {
        let _ = (block, from, context, out);
        0
    }

    /// A record that was held back and can go now. To be called before every row.
    #[inline]
    fn ready(&mut self) -> Option<Self::Record> {
        None
    }

    /// Says that there are no more rows; what is held back becomes ready.
    fn end(&mut self, context: &mut Context) -> Result<(), DataError> {
        let _ = context;
        Ok(())
    }

    /// The time by which records are sorted when the policy sorts.
    fn sort_key(record: &Self::Record) -> Timestamp;

    /// Finishes records that the policy had sorted: drops duplicates, counts gaps.
    fn after_sort(records: Vec<Self::Record>, context: &mut Context) -> Result<Vec<Self::Record>, DataError> {
        for record in &records {
            context.keep(Self::sort_key(record));
        }
        Ok(records)
    }
}

/// A record that files can hold: bars, trades, quotes, depth, corporate actions. Not for implementing outside.
#[expect(private_bounds, reason = "seals the trait: what assembles records is internal")]
pub trait Readable: Into<MarketData> + Clone + Send + HasAssembler + 'static {}

pub(crate) trait HasAssembler: Sized {
    type Assembler: Assemble<Record = Self>;
    const NAME: &'static str;
}

/// A record that files and series can hold: bars, trades and quotes. Not for implementing outside.
#[expect(private_bounds, reason = "seals the trait: the short way into a series is internal")]
pub trait Loadable: Readable + Record + HasSeries {}

pub(crate) trait HasSeries: HasAssembler + Record {
    /// Appends a row that came the short way.
    fn put(series: &mut Series<Self>, row: QuickRow<Self>, context: &Context) -> Result<(), DataError>;
    /// Where rows of the context's scales and delay can be appended, if the series has them.
    fn rows<'a>(series: &'a mut Series<Self>, context: &Context) -> Option<&'a mut Vec<QuickRow<Self>>>;
}

/// The row that the short way makes of a record.
pub(crate) type QuickRow<E> = <<E as HasAssembler>::Assembler as Assemble>::Row;

/// Where rows go that take the short way.
pub(crate) trait QuickSink<E: HasAssembler> {
    /// Whether there is one.
    fn is_open(&self) -> bool;
    fn put(&mut self, row: QuickRow<E>, context: &Context) -> Result<(), DataError>;
    /// Where rows can go without being looked at one by one, if they may: their scales and delay are those of the
    /// context.
    fn rows(&mut self, context: &Context) -> Option<&mut Vec<QuickRow<E>>>;
}

/// No short way: every record comes out.
pub(crate) struct NoSink;

impl<E: HasAssembler> QuickSink<E> for NoSink {
    #[inline]
    fn is_open(&self) -> bool {
        false
    }
    fn put(&mut self, _: QuickRow<E>, _: &Context) -> Result<(), DataError> {
        Ok(())
    }
    #[inline]
    fn rows(&mut self, _: &Context) -> Option<&mut Vec<QuickRow<E>>> {
        None
    }
}

impl<E: HasSeries> QuickSink<E> for Option<Series<E>> {
    #[inline]
    fn is_open(&self) -> bool {
        self.is_some()
    }
    #[inline]
    fn put(&mut self, row: QuickRow<E>, context: &Context) -> Result<(), DataError> {
        match self {
            Some(series) => E::put(series, row, context),
            None => Ok(()),
        }
    }
    #[inline]
    fn rows(&mut self, context: &Context) -> Option<&mut Vec<QuickRow<E>>> {
        E::rows(self.as_mut()?, context)
    }
}

macro_rules! loadable {
    ($($record:ty),*) => {$(
        impl HasSeries for $record {
            #[inline]
            fn put(
                series: &mut Series<Self>,
                row: QuickRow<Self>,
                context: &Context,
            ) -> Result<(), DataError> {
                series.push_row(row, context.price.scale, context.quantity.scale, context.recv_delay)
            }
            #[inline]
            fn rows<'a>(
                series: &'a mut Series<Self>,
                context: &Context,
            ) -> Option<&'a mut Vec<QuickRow<Self>>> {
                series.rows_for(context.price.scale, context.quantity.scale, context.recv_delay)
            }
        }
        impl Loadable for $record {}
    )*};
}
loadable!(Bar, Trade, Quote);

macro_rules! readable {
    ($($record:ty => $assembler:ty, $name:literal;)*) => {$(
        impl HasAssembler for $record {
            type Assembler = $assembler;
            const NAME: &'static str = $name;
        }
        impl Readable for $record {}
    )*};
}
readable! {
    Bar => BarAssembler, "bars";
    Trade => TradeAssembler, "trades";
    Quote => QuoteAssembler, "quotes";
    Depth => DepthAssembler, "depth";
    CorporateAction => ActionAssembler, "corporate actions";
}

/// Which slot holds which column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Vec<(Column, usize)>);

impl Slots {
    pub(crate) fn new(columns: Vec<(Column, usize)>) -> Self {
        Self(columns)
    }

    pub(crate) fn get(&self, column: Column) -> Option<usize> {
        self.0.iter().find(|(c, _)| *c == column).map(|(_, slot)| *slot)
    }

    /// The columns in use and their slots.
    #[cfg(feature = "parquet")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Column, usize)> {
        self.0.iter().copied()
    }

    /// The slot of a column that [`Wanted`] requires, so that it is always there.
    pub(crate) fn need(&self, column: Column, context: &Context) -> Result<usize, DataError> {
        self.get(column).ok_or_else(|| DataError::MissingColumn {
            file: context.file().to_string(),
            role: column.as_str(),
            found: "the columns in use".into(),
        })
    }
}

/// Which slots a time is read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeSlots {
    time: usize,
    time_of_day: Option<usize>,
}

impl TimeSlots {
    pub(crate) fn new(slots: &Slots, context: &Context) -> Result<Self, DataError> {
        Ok(Self { time: slots.need(Column::Time, context)?, time_of_day: slots.get(Column::TimeOfDay) })
    }

    /// The instants of a block, if the time is in one column and all of its rows have one.
    #[cfg(feature = "parquet")]
    #[inline]
    pub(crate) fn instants<'a>(&self, block: &'a impl Block) -> Option<&'a [i64]> {
        if self.time_of_day.is_some() { None } else { block.instants(self.time) }
    }

    #[inline]
    pub(crate) fn read<C: Cells>(&self, cells: &C, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        match self.time_of_day {
            None => cells.stamp(self.time, times),
            Some(time_of_day) => cells.date_and_time(self.time, time_of_day, times),
        }
    }
}
