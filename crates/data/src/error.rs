//! What can go wrong with data, with stable codes.

use std::{io, path::Path};

use algoflow_core::{
    error::{IdError, MarketDataError, NumberError, TimeError},
    id::InstrumentId,
    time::Timestamp,
};

use crate::{aggregate::AggregateError, policy::RowError};

/// Why data could not be read, written, joined or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file that holds no rows.
    #[error("{file} holds no rows")]
    Empty {
        /// The file.
        file: String,
    },
    /// A row that makes no sense, under a policy that refuses it.
    #[error(transparent)]
    Row(#[from] Box<RowError>),
    /// A file that is not of the format that it should have.
    #[error("{file}: {reason}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A column that is needed and not there.
    #[error("{file}: no column for {role} among {found}; map one in the schema")]
    MissingColumn {
        /// The file.
        file: String,
        /// What the column should hold.
        role: &'static str,
        /// The columns that are there.
        found: String,
    },
    /// A column of a type that cannot be what it should be.
    #[error("{file}: column {column:?} is {found}, which cannot be read as {wanted}")]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// An option that is missing, or does not go with the others.
    #[error("{option}: {reason}")]
    Option {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A record that runs back in time.
    #[error("{instrument}: {next} comes after {previous} in the data but not in time")]
    OutOfOrder {
        /// The instrument.
        instrument: InstrumentId,
        /// The time before.
        previous: Timestamp,
        /// The time that should not be before it.
        next: Timestamp,
    },
    /// A record that does not belong into a series.
    #[error("a record of {found} does not belong into a series of {wanted}")]
    Mismatch {
        /// What the series holds.
        wanted: String,
        /// What the record is.
        found: String,
    },
    /// A source whose time runs backwards.
    #[error("source {source_index} ({describe}) runs back in time: {next} after {previous}")]
    SourceBackwards {
        /// Which source of the merge.
        source_index: usize,
        /// What the source says of itself.
        describe: String,
        /// The time before.
        previous: Timestamp,
        /// The time that should not be before it.
        next: Timestamp,
    },
    /// A number that does not fit.
    #[error("{instrument}: {source}")]
    Number {
        /// The instrument.
        instrument: InstrumentId,
        /// What is wrong.
        source: NumberError,
    },
    /// A record that makes no sense.
    #[error("{instrument} at {time}: {source}")]
    Record {
        /// The instrument.
        instrument: InstrumentId,
        /// When.
        time: Timestamp,
        /// What is wrong.
        source: MarketDataError,
    },
    /// An input that could not become part of a bar.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
    /// A time that is not one.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A name that is not one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Something is wrong with a catalog.
    #[error("catalog {path}: {reason}")]
    Catalog {
        /// The folder or file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A source of the user's own failed.
    #[error("{describe}: {reason}")]
    Custom {
        /// What the source says of itself.
        describe: String,
        /// What went wrong.
        reason: String,
    },
}

impl DataError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "DATA_IO",
            Self::Empty { .. } => "DATA_EMPTY",
            Self::Row(row) => row.problem.code(),
            Self::Format { .. } => "DATA_FORMAT",
            Self::MissingColumn { .. } => "DATA_MISSING_COLUMN",
            Self::ColumnType { .. } => "DATA_COLUMN_TYPE",
            Self::Option { .. } => "DATA_OPTION",
            Self::OutOfOrder { .. } => "DATA_OUT_OF_ORDER",
            Self::Mismatch { .. } => "DATA_MISMATCH",
            Self::SourceBackwards { .. } => "DATA_SOURCE_BACKWARDS",
            Self::Number { source, .. } => source.code(),
            Self::Record { source, .. } => source.code(),
            Self::Aggregate(source) => source.code(),
            Self::Time(source) => source.code(),
            Self::Id(source) => source.code(),
            Self::Catalog { .. } => "DATA_CATALOG",
            Self::Custom { .. } => "DATA_CUSTOM",
        }
    }

    /// An error of the operating system at `path`.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { file: path.display().to_string(), source }
    }

    /// An option that makes no sense.
    pub(crate) fn option(option: &'static str, reason: impl Into<String>) -> Self {
        Self::Option { option, reason: reason.into() }
    }

    /// A file that is not of its format.
    pub(crate) fn format(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Format { file: file.into(), reason: reason.into() }
    }
}
