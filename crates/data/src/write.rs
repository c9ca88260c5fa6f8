//! Writers: what they write reads back as it was.

mod csv;
#[cfg(feature = "parquet")]
mod parquet;

pub use self::csv::{CsvRecord, write_csv, write_csv_to};
#[cfg(feature = "parquet")]
pub use self::parquet::{ParquetRecord, write_parquet, write_parquet_depth};

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use crate::error::DataError;

/// Writes a file so that it appears whole or not at all: beside its place first, then renamed over it.
fn atomically(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let Some(name) = path.file_name() else {
        return Err(DataError::format(path.display().to_string(), "it names no file"));
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".part");
    let part = path.with_file_name(hidden);
    let result = (|| {
        let file = File::create(&part).map_err(|error| DataError::io(&part, error))?;
        let mut file = BufWriter::with_capacity(256 << 10, file);
        write(&mut file)?;
        file.flush().map_err(|error| DataError::io(&part, error))?;
        file.get_ref().sync_all().map_err(|error| DataError::io(&part, error))?;
        fs::rename(&part, path).map_err(|error| DataError::io(path, error))
    })();
    if result.is_err() {
        // What is left of a failed attempt is of no use; that it cannot be removed is not the error to report.
        let _ = fs::remove_file(&part);
    }
    result
}

/// Checks that depth records read back: each has levels, and snapshots in a row can be told apart.
fn check_depth(
    previous: Option<&algoflow_core::market::Depth>,
    next: &algoflow_core::market::Depth,
) -> Result<(), DataError> {
    use algoflow_core::market::DepthKind;
    let refuse = |reason: &str| {
        Err(DataError::Mismatch {
            wanted: "depth that can be written".into(),
            found: format!("{} at {}, {reason}", next.instrument, next.ts_event),
        })
    };
    if next.levels.is_empty() {
        return refuse("which has no levels");
    }
    if next.kind == DepthKind::Snapshot
        && previous.is_some_and(|previous| {
            previous.kind == next.kind
                && previous.ts_event == next.ts_event
                && previous.ts_recv == next.ts_recv
                && previous.sequence == next.sequence
        })
    {
        return refuse("a second snapshot of the same times and sequence");
    }
    Ok(())
}
