//! Loading takes a short way for rows with nothing unusual about them; a stream does not. Both must give the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

mod csv;
#[cfg(feature = "parquet")]
mod parquet;

use algoflow_core::id::InstrumentId;
use algoflow_data::{DataError, LoadReport, Loadable, Series};
use proptest::prelude::*;

fn id() -> InstrumentId {
    "TEST.X".parse().unwrap()
}

/// The seconds from row to row: mostly a minute.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![40 => Just(60i64), 3 => Just(120), 1 => Just(0), 1 => Just(-60), 2 => Just(30)]
}

type Outcome<E> = Result<(Vec<E>, LoadReport), String>;

fn loaded<E: Loadable>(outcome: Result<(Series<E>, LoadReport), DataError>) -> Outcome<E> {
    outcome.map(|(series, report)| (series.iter().collect(), report)).map_err(|error| error.to_string())
}

/// Reads a stream, of which `next` gives the next record, to its end.
fn drained<E: Loadable>(mut next: impl FnMut() -> Result<Option<E>, DataError>) -> Result<Vec<E>, String> {
    let mut all = Vec::new();
    while let Some(record) = next().map_err(|error| error.to_string())? {
        all.push(record);
    }
    // Bringing all to one scale can fail only when loading.
    Series::<E>::from_records(all.iter().copied()).map_err(|error| error.to_string())?;
    Ok(all)
}

/// Compares outcomes; a load of nothing says so in words of its own.
fn same<E: PartialEq + std::fmt::Debug>(load: &Outcome<E>, stream: &Outcome<E>) -> Result<(), TestCaseError> {
    match (load, stream) {
        (Err(load), Err(stream)) if stream.contains("an empty series") => prop_assert!(load.contains("rows")),
        _ => prop_assert_eq!(load, stream),
    }
    Ok(())
}

/// Loads and streams what `$file` makes, and compares.
macro_rules! check_both {
    ($file:expr) => {{
        let load = crate::loaded($file().load());
        let stream = $file().stream().map_err(|error| error.to_string()).and_then(|mut stream| {
            let all = crate::drained(|| stream.next_record())?;
            Ok((all, stream.report()))
        });
        crate::same(&load, &stream)?;
    }};
}
use check_both;
