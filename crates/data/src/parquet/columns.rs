use std::{borrow::Cow, cell::Cell as Counter};

use algoflow_core::number::Scale;
use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray,
    cast::AsArray,
    types::{
        ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
        Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, TimeUnit as ArrowUnit};

use crate::{
    decimal::{self, Decimal64, NumberFault},
    error::DataError,
    policy::{Position, Problem},
    rows::{Cells, Fault},
    schema::{Column, TimeUnit},
    stamp::{Stamp, StampReader},
};

/// The values of one column of a batch.
enum Values {
    Int(ScalarBuffer<i64>),
    Float(ScalarBuffer<f64>),
    /// Decimals; `None` where a mantissa does not fit 64 bits.
    Fixed {
        mantissas: ScalarBuffer<i64>,
        places: u8,
    },
    WideFixed {
        mantissas: Vec<Option<i64>>,
        places: u8,
    },
    /// Times; `naive` where the column says no zone.
    Time {
        values: ScalarBuffer<i64>,
        unit: TimeUnit,
        naive: bool,
    },
    Days(Vec<i64>),
    Text(StringArray),
    Bool(BooleanArray),
}

struct ColumnData {
    values: Values,
    nulls: Option<NullBuffer>,
}

/// One batch of rows.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<ColumnData>,
    rows: usize,
    rounded: Counter<u64>,
}

/// A time that needs no parsing.
enum Moment {
    Number(i64),
    Nanos(i64),
}

/// What a cell holds.
#[derive(Debug)]
pub(super) enum Cell<'a> {
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

fn ints<T: ArrowPrimitiveType>(array: &ArrayRef) -> ScalarBuffer<i64>
where
    i64: From<T::Native>,
{
    array.as_primitive::<T>().values().iter().map(|value| i64::from(*value)).collect()
}

fn unit_of(unit: ArrowUnit) -> TimeUnit {
    match unit {
        ArrowUnit::Second => TimeUnit::Seconds,
        ArrowUnit::Millisecond => TimeUnit::Millis,
        ArrowUnit::Microsecond => TimeUnit::Micros,
        ArrowUnit::Nanosecond => TimeUnit::Nanos,
    }
}

/// The places of a decimal, if they can be held.
fn places_of(scale: i8) -> Option<u8> {
    u8::try_from(scale).ok().filter(|places| *places <= Scale::MAX.places())
}

/// The values of a column; `None` for a type that means nothing here.
fn values(array: &ArrayRef) -> Option<Values> {
    Some(match array.data_type() {
        DataType::Int8 => Values::Int(ints::<Int8Type>(array)),
        DataType::Int16 => Values::Int(ints::<Int16Type>(array)),
        DataType::Int32 => Values::Int(ints::<Int32Type>(array)),
        DataType::Int64 => Values::Int(array.as_primitive::<Int64Type>().values().clone()),
        DataType::UInt8 => Values::Int(ints::<UInt8Type>(array)),
        DataType::UInt16 => Values::Int(ints::<UInt16Type>(array)),
        DataType::UInt32 => Values::Int(ints::<UInt32Type>(array)),
        DataType::UInt64 => Values::WideFixed {
            mantissas: array
                .as_primitive::<UInt64Type>()
                .values()
                .iter()
                .map(|v| i64::try_from(*v).ok())
                .collect(),
            places: 0,
        },
        DataType::Float32 => Values::Float(
            // The shortest decimal of the single is what was meant, not the digits that widening shows.
            array.as_primitive::<Float32Type>().values().iter().map(|v| widened(*v)).collect(),
        ),
        DataType::Float64 => Values::Float(array.as_primitive::<Float64Type>().values().clone()),
        DataType::Decimal32(_, scale) => Values::Fixed {
            mantissas: array.as_primitive::<Decimal32Type>().values().iter().map(|v| i64::from(*v)).collect(),
            places: places_of(*scale)?,
        },
        DataType::Decimal64(_, scale) => Values::Fixed {
            mantissas: array.as_primitive::<Decimal64Type>().values().clone(),
            places: places_of(*scale)?,
        },
        DataType::Decimal128(_, scale) => Values::WideFixed {
            mantissas: array
                .as_primitive::<Decimal128Type>()
                .values()
                .iter()
                .map(|v| i64::try_from(*v).ok())
                .collect(),
            places: places_of(*scale)?,
        },
        DataType::Timestamp(unit, zone) => Values::Time {
            values: match unit {
                ArrowUnit::Second => array.as_primitive::<TimestampSecondType>().values().clone(),
                ArrowUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values().clone(),
                ArrowUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values().clone(),
                ArrowUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values().clone(),
            },
            unit: unit_of(*unit),
            naive: zone.is_none(),
        },
        DataType::Date32 => {
            Values::Days(array.as_primitive::<Date32Type>().values().iter().map(|v| i64::from(*v)).collect())
        }
        DataType::Date64 => Values::Days(
            array.as_primitive::<Date64Type>().values().iter().map(|v| v.div_euclid(86_400_000)).collect(),
        ),
        DataType::Utf8 => Values::Text(array.as_string::<i32>().clone()),
        DataType::LargeUtf8 => Values::Text(array.as_string::<i64>().iter().collect()),
        DataType::Utf8View => Values::Text(array.as_string_view().iter().collect()),
        DataType::Boolean => Values::Bool(array.as_boolean().clone()),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let words = dictionary.values();
            let Some(Values::Text(words)) =
                (!matches!(words.data_type(), DataType::Dictionary(_, _))).then(|| values(words)).flatten()
            else {
                return None;
            };
            let keys = dictionary.normalized_keys();
            let word = |(row, key): (usize, &usize)| {
                (!array.is_null(row) && *key < words.len() && !words.is_null(*key)).then(|| words.value(*key))
            };
            Values::Text(keys.iter().enumerate().map(word).collect())
        }
        _ => return None,
    })
}

/// The double whose shortest decimal is that of the single.
fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn is_known(data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            places_of(*scale).is_some()
        }
        DataType::Dictionary(_, inner) => {
            matches!(**inner, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        }
        DataType::Timestamp(_, _) => true,
        other => {
            other.is_integer()
                || matches!(
                    other,
                    DataType::Float32
                        | DataType::Float64
                        | DataType::Date32
                        | DataType::Date64
                        | DataType::Utf8
                        | DataType::LargeUtf8
                        | DataType::Utf8View
                        | DataType::Boolean
                )
        }
    }
}

/// Whether a column of a type can hold what its role wants.
fn suits(data_type: &DataType, role: Column) -> bool {
    let is_time = matches!(data_type, DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64);
    match role {
        Column::Time | Column::TimeOpen | Column::Received => *data_type != DataType::Boolean,
        Column::Side | Column::BuyerMaker | Column::Snapshot | Column::Symbol | Column::Sequence => !is_time,
        Column::TimeOfDay => !is_time && *data_type != DataType::Boolean,
        _ => !is_time && *data_type != DataType::Boolean,
    }
}

impl Table {
    /// Refuses a column of a type that cannot be what it should be.
    pub(super) fn check(file: &str, field: &Field, role: Option<Column>) -> Result<(), DataError> {
        let wanted = role.map_or("a value", Column::as_str);
        if is_known(field.data_type()) && role.is_none_or(|role| suits(field.data_type(), role)) {
            return Ok(());
        }
        Err(DataError::ColumnType {
            file: file.into(),
            column: field.name().clone(),
            found: field.data_type().to_string(),
            wanted,
        })
    }

    pub(super) fn new(file: &str, batch: &RecordBatch) -> Result<Self, DataError> {
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (array, field) in batch.columns().iter().zip(schema.fields()) {
            let Some(values) = values(array) else {
                return Err(DataError::ColumnType {
                    file: file.into(),
                    column: field.name().clone(),
                    found: field.data_type().to_string(),
                    wanted: "a number, a time or text",
                });
            };
            let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
            columns.push(ColumnData { values, nulls });
        }
        Ok(Self { columns, rows: batch.num_rows(), rounded: Counter::new(0) })
    }

    /// Turns a column of doubles into decimals of `scale`, if all of its values are that.
    pub(super) fn settle(&mut self, slot: usize, scale: Scale) {
        if let Some(column) = self.columns.get_mut(slot)
            && let Values::Float(values) = &column.values
            && column.nulls.is_none()
            && let Some(mantissas) = decimal::all_from_f64_at(values, scale.places())
        {
            column.values = Values::Fixed { mantissas: mantissas.into(), places: scale.places() };
        }
    }

    /// The decimal in a column of decimals without gaps: most of what is read.
    #[inline]
    fn fixed(&self, slot: usize, row: usize) -> Option<Decimal64> {
        match self.columns.get(slot) {
            Some(ColumnData { values: Values::Fixed { mantissas, places }, nulls: None }) => {
                mantissas.get(row).map(|mantissa| Decimal64 { mantissa: *mantissa, places: *places })
            }
            _ => None,
        }
    }

    /// The time in a column of times or numbers without gaps: a number, or nanoseconds.
    #[inline]
    fn moment(&self, slot: usize, row: usize) -> Option<Moment> {
        match self.columns.get(slot) {
            Some(ColumnData { values: Values::Int(values), nulls: None }) => {
                values.get(row).map(|value| Moment::Number(*value))
            }
            Some(ColumnData {
                values: Values::Time { values, unit: TimeUnit::Nanos, naive: false },
                nulls: None,
            }) => values.get(row).map(|value| Moment::Nanos(*value)),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn rounded(&self) -> u64 {
        self.rounded.get()
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

/// The cells of one row.
pub(super) struct ParquetCells<'a> {
    table: &'a Table,
    row: usize,
    rows_before: u64,
}

impl<'a> ParquetCells<'a> {
    pub(super) fn new(table: &'a Table, row: usize, rows_before: u64) -> Self {
        Self { table, row, rows_before }
    }

    pub(super) fn trimmed(&self, slot: usize) -> Cow<'_, [u8]> {
        self.text(slot)
    }

    #[inline(never)]
    fn any_number(&self, slot: usize, hint: Scale) -> Result<Decimal64, Box<Fault>> {
        match self.table.cell(slot, self.row) {
            Cell::Float(value) => {
                if let Some(mantissa) = decimal::from_f64_at(value, hint.places()) {
                    return Ok(Decimal64 { mantissa, places: hint.places() });
                }
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
        match self.table.fixed(slot, self.row) {
            Some(number) => Ok(number),
            None => self.any_number(slot, hint),
        }
    }

    #[inline]
    fn stamp(&self, slot: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        let result = match self.table.moment(slot, self.row) {
            Some(Moment::Nanos(nanos)) => Ok(Stamp::instant(nanos)),
            Some(Moment::Number(value)) => times.number(value),
            None => return self.any_stamp(slot, times),
        };
        result.map_err(|reason| Fault::cell(Problem::Unparsable, slot, &self.text(slot), reason))
    }

    fn date_and_time(&self, date: usize, time: usize, times: &mut StampReader) -> Result<Stamp, Box<Fault>> {
        let (date_text, time_text) = (self.text(date), self.text(time));
        times
            .date_and_time(&date_text, &time_text)
            .map_err(|reason| Fault::cell(Problem::Unparsable, date, &date_text, reason))
    }

    fn text(&self, slot: usize) -> Cow<'_, [u8]> {
        let owned = match self.table.cell(slot, self.row) {
            Cell::Null => String::new(),
            Cell::Int(value) => value.to_string(),
            Cell::Float(value) => value.to_string(),
            Cell::Fixed(mantissa, places) => match Scale::new(places) {
                Ok(scale) => algoflow_core::number::Price::new(mantissa, scale).to_string(),
                Err(_) => mantissa.to_string(),
            },
            Cell::TooWide => "a number beyond 64 bits".into(),
            Cell::Time(value, unit, _) => match value.checked_mul(unit.nanos()) {
                Some(nanos) => algoflow_core::time::Timestamp::from_nanos(nanos).to_string(),
                None => format!("{value} {unit:?}"),
            },
            Cell::Days(days) => format!("day {days}"),
            Cell::Bool(value) => value.to_string(),
            Cell::Text(text) => return Cow::Borrowed(text.trim().as_bytes()),
        };
        Cow::Owned(owned.into_bytes())
    }

    fn position(&self) -> Position {
        Position::Row(self.rows_before + self.row as u64 + 1)
    }
}
