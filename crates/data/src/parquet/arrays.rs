use algoflow_core::number::Scale;
use arrow_array::{
    Array, ArrayRef, BooleanArray, StringArray,
    cast::AsArray,
    types::{
        ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
        Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, TimeUnit as ArrowUnit};

use crate::{
    error::DataError,
    schema::{Column, TimeUnit},
};

/// The values of one column of a batch.
pub(super) enum Values {
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

fn ints<T: ArrowPrimitiveType>(array: &ArrayRef) -> ScalarBuffer<i64>
where
    i64: From<T::Native>,
{
    array.as_primitive::<T>().values().iter().map(|value| i64::from(*value)).collect()
}

/// Decimals that may be beyond 64 bits; most files of such have none that is.
fn wide<T: Copy + TryInto<i64>>(values: &[T], places: u8) -> Values {
    let narrow = |value: &T| (*value).try_into().ok();
    match values.iter().map(narrow).collect::<Option<Vec<i64>>>() {
        Some(mantissas) => Values::Fixed { mantissas: mantissas.into(), places },
        None => Values::WideFixed { mantissas: values.iter().map(narrow).collect(), places },
    }
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
pub(super) fn values(array: &ArrayRef) -> Option<Values> {
    Some(match array.data_type() {
        DataType::Int8 => Values::Int(ints::<Int8Type>(array)),
        DataType::Int16 => Values::Int(ints::<Int16Type>(array)),
        DataType::Int32 => Values::Int(ints::<Int32Type>(array)),
        DataType::Int64 => Values::Int(array.as_primitive::<Int64Type>().values().clone()),
        DataType::UInt8 => Values::Int(ints::<UInt8Type>(array)),
        DataType::UInt16 => Values::Int(ints::<UInt16Type>(array)),
        DataType::UInt32 => Values::Int(ints::<UInt32Type>(array)),
        DataType::UInt64 => wide(array.as_primitive::<UInt64Type>().values(), 0),
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
        DataType::Decimal128(_, scale) => {
            wide(array.as_primitive::<Decimal128Type>().values(), places_of(*scale)?)
        }
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
