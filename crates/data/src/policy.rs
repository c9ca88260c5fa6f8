//! What to do with rows that make no sense: refuse them, or repair them and count.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// What can be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// More or fewer columns than the file has.
    ColumnCount,
    /// A cell that is empty or does not parse.
    Unparsable,
    /// NaN or an infinity.
    NotFinite,
    /// A price of zero or below.
    NonPositivePrice,
    /// A volume or a size below zero, or a trade of nothing.
    Quantity,
    /// A bar whose high is below its low.
    HighBelowLow,
    /// A bar whose open or close lies outside low to high.
    OutsideRange,
    /// A quote whose bid is above its ask.
    Crossed,
    /// A number that needs more places or digits than can be held.
    OutOfScale,
    /// A second bar of the same time.
    Duplicate,
    /// A row that is earlier than the one before.
    OutOfOrder,
}

impl Problem {
    /// A name that stays the same between versions.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ColumnCount => "ROW_COLUMN_COUNT",
            Self::Unparsable => "ROW_UNPARSABLE",
            Self::NotFinite => "ROW_NOT_FINITE",
            Self::NonPositivePrice => "ROW_NON_POSITIVE_PRICE",
            Self::Quantity => "ROW_QUANTITY",
            Self::HighBelowLow => "ROW_HIGH_BELOW_LOW",
            Self::OutsideRange => "ROW_OUTSIDE_RANGE",
            Self::Crossed => "ROW_CROSSED",
            Self::OutOfScale => "ROW_OUT_OF_SCALE",
            Self::Duplicate => "ROW_DUPLICATE",
            Self::OutOfOrder => "ROW_OUT_OF_ORDER",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ColumnCount => "wrong column count",
            Self::Unparsable => "unparsable",
            Self::NotFinite => "NaN or infinite",
            Self::NonPositivePrice => "zero or negative price",
            Self::Quantity => "impossible quantity",
            Self::HighBelowLow => "high below low",
            Self::OutsideRange => "open or close outside the range",
            Self::Crossed => "bid above ask",
            Self::OutOfScale => "too many digits",
            Self::Duplicate => "duplicate time",
            Self::OutOfOrder => "out of order",
        })
    }
}

/// Where a row stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// A line of text, counted from 1.
    Line(u64),
    /// A row of a table, counted from 1.
    Row(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(n) => write!(f, "line {n}"),
            Self::Row(n) => write!(f, "row {n}"),
        }
    }
}

/// A row that makes no sense: where, which cell, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{file}, {position}{}: {reason}", ColumnAndValue(.column, .value))]
pub struct RowError {
    /// The file.
    pub file: Arc<str>,
    /// The line or row.
    pub position: Position,
    /// The column, where one cell is wrong.
    pub column: Option<String>,
    /// What the cell holds, shortened to 64 characters.
    pub value: String,
    /// The kind of problem.
    pub problem: Problem,
    /// What is wrong, in words.
    pub reason: String,
}

struct ColumnAndValue<'a>(&'a Option<String>, &'a str);

impl fmt::Display for ColumnAndValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(column) => write!(f, ", column {column:?}, value {:?}", self.1),
            None => Ok(()),
        }
    }
}

/// What to do with rows that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowPolicy {
    /// The first one is an error that says where and why.
    #[default]
    Strict,
    /// Each is repaired, dropped or refused, as the table says; the report counts them.
    Repair(Repairs),
}

impl RowPolicy {
    /// The table of repairs that this policy means.
    #[must_use]
    pub(crate) fn repairs(&self) -> Repairs {
        match self {
            Self::Strict => Repairs::refuse_all(),
            Self::Repair(repairs) => repairs.clone(),
        }
    }
}

/// Whether a bad row stops the reading or is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// It is an error.
    Refuse,
    /// It is left out and counted.
    Drop,
}

/// What happens to a row that could be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadValue {
    /// It is an error.
    Refuse,
    /// It is left out and counted.
    Drop,
    /// It is mended in the way that its field of [`Repairs`] says, and counted.
    Fix,
}

/// Which of several bars of one time is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicate {
    /// A second one is an error.
    Refuse,
    /// The first one.
    KeepFirst,
    /// The last one.
    KeepLast,
}

/// What happens to a row that is earlier than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDisorder {
    /// It is an error.
    Refuse,
    /// It is left out and counted.
    Drop,
    /// The rows are sorted by time. Needs the whole file in memory, so only `load` can do it.
    Sort,
}

/// What happens to each kind of bad row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Repairs {
    /// Rows with more or fewer columns than the file has. `Fix` ignores columns beyond the last; a row with too
    /// few is dropped.
    pub column_count: OnBadValue,
    /// Cells that do not parse.
    pub unparsable: OnBadRow,
    /// NaN and infinities. `Fix` reads a volume or size as zero; a price is dropped.
    pub not_finite: OnBadValue,
    /// Prices of zero or below.
    pub non_positive_price: OnBadRow,
    /// Negative volumes and sizes, and trades of nothing. `Fix` reads a volume or size as zero; a trade is dropped.
    pub quantity: OnBadValue,
    /// Bars whose high is below their low. `Fix` exchanges the two, then extends them to hold open and close.
    pub high_below_low: OnBadValue,
    /// Bars whose open or close lies outside. `Fix` extends high and low to hold them.
    pub outside_range: OnBadValue,
    /// Quotes whose bid is above their ask. `Fix` exchanges the two sides.
    pub crossed: OnBadValue,
    /// Numbers with more digits than can be held. `Fix` rounds to the places that the series has, half to even.
    pub out_of_scale: OnBadValue,
    /// Several bars of one time.
    pub duplicate: OnDuplicate,
    /// Rows earlier than the one before.
    pub out_of_order: OnDisorder,
}

impl Repairs {
    /// Refuses every kind.
    #[must_use]
    pub const fn refuse_all() -> Self {
        Self {
            column_count: OnBadValue::Refuse,
            unparsable: OnBadRow::Refuse,
            not_finite: OnBadValue::Refuse,
            non_positive_price: OnBadRow::Refuse,
            quantity: OnBadValue::Refuse,
            high_below_low: OnBadValue::Refuse,
            outside_range: OnBadValue::Refuse,
            crossed: OnBadValue::Refuse,
            out_of_scale: OnBadValue::Refuse,
            duplicate: OnDuplicate::Refuse,
            out_of_order: OnDisorder::Refuse,
        }
    }

    /// Leaves out every bad row; the first bar of a time is kept. No value is ever changed.
    #[must_use]
    pub const fn drop_all() -> Self {
        Self {
            column_count: OnBadValue::Drop,
            unparsable: OnBadRow::Drop,
            not_finite: OnBadValue::Drop,
            non_positive_price: OnBadRow::Drop,
            quantity: OnBadValue::Drop,
            high_below_low: OnBadValue::Drop,
            outside_range: OnBadValue::Drop,
            crossed: OnBadValue::Drop,
            out_of_scale: OnBadValue::Drop,
            duplicate: OnDuplicate::KeepFirst,
            out_of_order: OnDisorder::Drop,
        }
    }

    /// Mends what can be mended, sorts by time and keeps the last bar of a time; drops the rest.
    #[must_use]
    pub const fn fix_all() -> Self {
        Self {
            column_count: OnBadValue::Fix,
            unparsable: OnBadRow::Drop,
            not_finite: OnBadValue::Fix,
            non_positive_price: OnBadRow::Drop,
            quantity: OnBadValue::Fix,
            high_below_low: OnBadValue::Fix,
            outside_range: OnBadValue::Fix,
            crossed: OnBadValue::Fix,
            out_of_scale: OnBadValue::Fix,
            duplicate: OnDuplicate::KeepLast,
            out_of_order: OnDisorder::Sort,
        }
    }

    /// What is done about `problem`, as far as one row is concerned.
    pub(crate) const fn action(&self, problem: Problem) -> OnBadValue {
        match problem {
            Problem::ColumnCount => self.column_count,
            Problem::Unparsable => self.unparsable.as_value(),
            Problem::NotFinite => self.not_finite,
            Problem::NonPositivePrice => self.non_positive_price.as_value(),
            Problem::Quantity => self.quantity,
            Problem::HighBelowLow => self.high_below_low,
            Problem::OutsideRange => self.outside_range,
            Problem::Crossed => self.crossed,
            Problem::OutOfScale => self.out_of_scale,
            Problem::Duplicate => match self.duplicate {
                OnDuplicate::Refuse => OnBadValue::Refuse,
                OnDuplicate::KeepFirst => OnBadValue::Drop,
                OnDuplicate::KeepLast => OnBadValue::Fix,
            },
            Problem::OutOfOrder => match self.out_of_order {
                OnDisorder::Refuse => OnBadValue::Refuse,
                OnDisorder::Drop => OnBadValue::Drop,
                OnDisorder::Sort => OnBadValue::Fix,
            },
        }
    }
}

impl OnBadRow {
    const fn as_value(self) -> OnBadValue {
        match self {
            Self::Refuse => OnBadValue::Refuse,
            Self::Drop => OnBadValue::Drop,
        }
    }
}

impl Default for Repairs {
    /// The same as [`Repairs::drop_all`].
    fn default() -> Self {
        Self::drop_all()
    }
}
