use std::{borrow::Cow, cell::Cell as Counter};

use algoflow_core::number::{Price, Scale};
use algoflow_core::time::Timestamp;
use arrow_array::{Array, RecordBatch};
use arrow_buffer::{NullBuffer, ScalarBuffer};

use super::arrays::{self, Values};
use crate::{
    decimal::{self, Decimal64, NumberFault},
    error::DataError,
    policy::{Position, Problem},
    rows::{Block, Cells, Fault},
    schema::TimeUnit,
    stamp::{Stamp, StampReader},
};

/// A column with what its values become in a series.
struct ColumnData {
    values: Values,
    nulls: Option<NullBuffer>,
    settled: Settled,
}

/// The values of a column as a series holds them, if all of them can be held so.
enum Settled {
    No,
    /// Mantissas at a scale.
    Mantissas(ScalarBuffer<i64>, Scale),
    /// Nanoseconds since the epoch.
    Instants(ScalarBuffer<i64>),
}

/// One batch of rows.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<ColumnData>,
    rows: usize,
    /// Rows in the tables before.
    pub(super) rows_before: u64,
    rounded: Counter<u64>,
    /// For which scales and unit of time the columns were brought into form.
    settled_for: Option<(Scale, Scale, Option<TimeUnit>)>,
}

/// What a cell holds.
#[derive(Debug)]
enum Cell<'a> {
    Null,
    Int(i64),
    Float(f64),
    Fixed(i64, u8),
    TooWide,
    Time(i64, TimeUnit, bool),
    Days(i64),
    Text(&'a str),
    Bool(bool),
}

impl Table {
    pub(super) fn new(file: &str, batch: &RecordBatch, rows_before: u64) -> Result<Self, DataError> {
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (array, field) in batch.columns().iter().zip(schema.fields()) {
            let Some(values) = arrays::values(array) else {
                return Err(DataError::ColumnType {
                    file: file.into(),
                    column: field.name().clone(),
                    found: field.data_type().to_string(),
                    wanted: "a number, a time or text",
                });
            };
            let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
            columns.push(ColumnData { values, nulls, settled: Settled::No });
        }
        let rows = batch.num_rows();
        Ok(Self { columns, rows, rows_before, ..Self::default() })
    }

    /// Whether the columns were already brought to these scales and this unit. If not, that is to be done now.
    #[inline]
    pub(super) fn is_settled(&mut self, price: Scale, quantity: Scale, unit: Option<TimeUnit>) -> bool {
        self.settled_for.replace((price, quantity, unit)) == Some((price, quantity, unit))
    }

    /// Brings a column of numbers to a scale, if all of its values are exact there.
    pub(super) fn settle_number(&mut self, slot: usize, scale: Scale) {
        let Some(column) = self.columns.get_mut(slot) else { return };
        let mantissas = match &column.values {
            _ if column.nulls.is_some() => None,
            Values::Float(values) => decimal::all_from_f64_at(values, scale.places()).map(ScalarBuffer::from),
            Values::Fixed { mantissas, places } => at_scale(mantissas, *places, scale),
            Values::Int(values) => at_scale(values, 0, scale),
            _ => None,
        };
        column.settled = match mantissas {
            Some(mantissas) => Settled::Mantissas(mantissas, scale),
            None => Settled::No,
        };
    }

    /// Brings a column of times to nanoseconds, if the unit is known and all of its values are instants.
    pub(super) fn settle_time(&mut self, slot: usize, times: &StampReader) {
        let Some(column) = self.columns.get_mut(slot) else { return };
        let instants = match &column.values {
            _ if column.nulls.is_some() => None,
            Values::Time { values, unit, naive } if !*naive || times.is_utc() => {
                multiplied(values, unit.nanos())
            }
            Values::Int(values) => times.unit_of(values).and_then(|unit| multiplied(values, unit.nanos())),
            _ => None,
        };
        column.settled = instants.map_or(Settled::No, Settled::Instants);
    }

    /// How many numbers were rounded.
    pub(super) fn rounded(&self) -> u64 {
        self.rounded.get()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    #[inline]
    pub(super) fn cells_at(&self, row: usize) -> ParquetCells<'_> {
        ParquetCells { table: self, row }
    }

    /// The values of a column that was brought into form.
    #[inline]
    fn settled(&self, slot: usize) -> &Settled {
        self.columns.get(slot).map_or(&Settled::No, |column| &column.settled)
    }

    #[inline]
    fn cell(&self, slot: usize, row: usize) -> Cell<'_> {
        let Some(column) = self.columns.get(slot) else { return Cell::Null };
        if let Some(nulls) = &column.nulls
            && (row >= nulls.len() || nulls.is_null(row))
        {
            return Cell::Null;
        }
        let found = match &column.values {
            Values::Int(values) => values.get(row).map(|value| Cell::Int(*value)),
            Values::Float(values) => values.get(row).map(|value| Cell::Float(*value)),
            Values::Fixed { mantissas, places } => mantissas.get(row).map(|m| Cell::Fixed(*m, *places)),
            Values::WideFixed { mantissas, places } => {
                mantissas.get(row).map(|m| m.map_or(Cell::TooWide, |m| Cell::Fixed(m, *places)))
            }
            Values::Time { values, unit, naive } => {
                values.get(row).map(|value| Cell::Time(*value, *unit, *naive))
            }
            Values::Days(values) => values.get(row).map(|value| Cell::Days(*value)),
            Values::Text(values) => (row < values.len()).then(|| Cell::Text(values.value(row))),
            Values::Bool(values) => (row < values.len()).then(|| Cell::Bool(values.value(row))),
        };
        found.unwrap_or(Cell::Null)
    }
}

/// Every value times `factor`; `None` if one does not fit.
fn multiplied(values: &ScalarBuffer<i64>, factor: i64) -> Option<ScalarBuffer<i64>> {
    if factor == 1 {
        return Some(values.clone());
    }
    let mut overflows = false;
    let product = |value: &i64| {
        let (product, overflow) = value.overflowing_mul(factor);
        overflows |= overflow;
        product
    };
    let products = values.iter().map(product).collect();
    (!overflows).then_some(products)
}

/// Mantissas at another scale; `None` if one does not fit or is not exact there.
fn at_scale(mantissas: &ScalarBuffer<i64>, places: u8, scale: Scale) -> Option<ScalarBuffer<i64>> {
    let own = Scale::new(places).ok()?;
    if own <= scale {
        return multiplied(mantissas, scale.factor() / own.factor().max(1));
    }
    let divisor = own.factor() / scale.factor().max(1);
    if mantissas.iter().any(|mantissa| mantissa % divisor != 0) {
        return None;
    }
    Some(mantissas.iter().map(|mantissa| mantissa / divisor).collect())
}

impl Block for Table {
    #[inline]
    fn len(&self) -> usize {
        self.rows
    }

    #[inline]
    fn mantissas(&self, slot: usize, scale: Scale) -> Option<&[i64]> {
        match self.settled(slot) {
            Settled::Mantissas(mantissas, at) if *at == scale => Some(mantissas),
            _ => None,
        }
    }

    #[inline]
    fn instants(&self, slot: usize) -> Option<&[i64]> {
        match self.settled(slot) {
            Settled::Instants(nanos) => Some(nanos),
            _ => None,
        }
    }

    #[inline]
    fn cells(&self, row: usize) -> impl Cells {
        self.cells_at(row)
    }
}

/// The cells of one row.
pub(super) struct ParquetCells<'a> {
    table: &'a Table,
    row: usize,
}

impl ParquetCells<'_> {
    #[inline(never)]
    fn any_number(&self, slot: usize, hint: Scale) -> Result<Decimal64, Box<Fault>> {
        match self.table.cell(slot, self.row) {
            Cell::Float(value) => {
                let (number, rounded) =
                    decimal::from_f64(value, hint.places()).map_err(|fault| self.fault(slot, fault))?;
                self.table.rounded.set(self.table.rounded.get() + u64::from(rounded));
                Ok(number)
            }
            Cell::Fixed(mantissa, places) => Ok(Decimal64 { mantissa, places }),
            Cell::Int(mantissa) => Ok(Decimal64 { mantissa, places: 0 }),
            Cell::Text(text) => {
                decimal::parse(text.as_bytes(), b'.').map_err(|fault| self.fault(slot, fault))
            }
            Cell::Null => Err(self.fault(slot, NumberFault::Empty)),
            Cell::TooWide => Err(self.fault(slot, NumberFault::TooLong)),
            Cell::Time(..) | Cell::Days(_) | Cell::Bool(_) => Err(self.fault(slot, NumberFault::Invalid)),
        }
    }

    /// The number of a column that could not be brought into form as a whole.
    fn unrounded_cell(&self, slot: usize, scale: Scale) -> Option<Decimal64> {
        match self.table.cell(slot, self.row) {
            Cell::Float(value) => {
                let mantissa = decimal::from_f64_at(value, scale.places())?;
                Some(Decimal64 { mantissa, places: scale.places() })
            }
            _ => self.any_number(slot, scale).ok(),
        }
    }

    #[inline(never)]
    fn any_stamp(&self, slot: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        let result = match self.table.cell(slot, self.row) {
            Cell::Time(value, unit, naive) => match value.checked_mul(unit.nanos()) {
                Some(nanos) if naive => times.naive(nanos),
                Some(nanos) => Ok(Stamp::instant(nanos)),
                None => Err("it lies outside the years 1678 to 2262".into()),
            },
            Cell::Int(value) => times.number(value),
            Cell::Fixed(value, 0) => times.number(value),
            Cell::Fixed(mantissa, places) => times.float(mantissa as f64 / 10f64.powi(i32::from(places))),
            Cell::Float(value) => times.float(value),
            Cell::Days(days) => times.date(days),
            Cell::Text(text) => times.text(text.as_bytes()),
            Cell::Null => Err("it is empty".into()),
            Cell::TooWide | Cell::Bool(_) => Err("it is not a time".into()),
        };
        result.map_err(|reason| Fault::cell(Problem::Unparsable, slot, &self.text(slot), reason))
    }

    #[cold]
    fn fault(&self, slot: usize, fault: NumberFault) -> Box<Fault> {
        Fault::number(fault, slot, &self.text(slot))
    }
}

impl Cells for ParquetCells<'_> {
    #[inline]
    fn number(&self, slot: usize, hint: Scale) -> Result<Decimal64, Box<Fault>> {
        if let Settled::Mantissas(mantissas, scale) = self.table.settled(slot)
            && let Some(mantissa) = mantissas.get(self.row)
        {
            return Ok(Decimal64 { mantissa: *mantissa, places: scale.places() });
        }
        self.any_number(slot, hint)
    }

    #[inline]
    fn unrounded(&self, slot: usize, scale: Scale) -> Option<Decimal64> {
        match self.table.settled(slot) {
            Settled::No => self.unrounded_cell(slot, scale),
            _ => self.number(slot, scale).ok(),
        }
    }

    #[inline]
    fn stamp(&self, slot: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        if let Settled::Instants(nanos) = self.table.settled(slot)
            && let Some(nanos) = nanos.get(self.row)
        {
            return Ok(Stamp::instant(*nanos));
        }
        self.any_stamp(slot, times)
    }

    fn date_and_time(&self, date: usize, time: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        let (date_text, time_text) = (self.text(date), self.text(time));
        times
            .date_and_time(&date_text, &time_text)
            .map_err(|reason| Fault::cell(Problem::Unparsable, date, &date_text, reason))
    }

    fn text(&self, slot: usize) -> Cow<'_, [u8]> {
        let owned = match self.table.cell(slot, self.row) {
            Cell::Null => return Cow::Borrowed(b""),
            // What sides and flags are written with.
            Cell::Int(1) => return Cow::Borrowed(b"1"),
            Cell::Int(-1) => return Cow::Borrowed(b"-1"),
            Cell::Int(0) => return Cow::Borrowed(b"0"),
            Cell::Bool(true) => return Cow::Borrowed(b"true"),
            Cell::Bool(false) => return Cow::Borrowed(b"false"),
            Cell::Text(text) => return Cow::Borrowed(text.trim().as_bytes()),
            Cell::Int(value) => value.to_string(),
            Cell::Float(value) => value.to_string(),
            Cell::Fixed(mantissa, places) => match Scale::new(places) {
                Ok(scale) => Price::new(mantissa, scale).to_string(),
                Err(_) => mantissa.to_string(),
            },
            Cell::TooWide => "a number beyond 64 bits".into(),
            Cell::Time(value, unit, _) => match value.checked_mul(unit.nanos()) {
                Some(nanos) => Timestamp::from_nanos(nanos).to_string(),
                None => format!("{value} {unit:?}"),
            },
            Cell::Days(days) => format!("day {days}"),
        };
        Cow::Owned(owned.into_bytes())
    }

    fn position(&self) -> Position {
        Position::Row(self.table.rows_before + self.row as u64 + 1)
    }
}
