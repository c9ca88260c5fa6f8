use std::{fmt::Write as _, io::Write, path::Path};

use algoflow_core::{
    market::{Bar, Depth, DepthKind, Quote, Trade},
    order::Side,
    time::Timestamp,
};
use flate2::{Compression, write::GzEncoder};

use super::{atomically, check_depth};
use crate::error::DataError;

/// A record that can be written as rows of CSV: bars, trades, quotes and depth.
pub trait CsvRecord {
    /// The names of the columns.
    const HEADER: &'static str;

    /// Appends the rows of the record, each with the end of its line.
    fn write_rows(&self, out: &mut String) -> std::fmt::Result;

    /// Checks that the record can be told from the one before when it is read back.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if it cannot.
    fn check(previous: Option<&Self>, next: &Self) -> Result<(), DataError> {
        let _ = (previous, next);
        Ok(())
    }
}

fn nanos(time: Timestamp) -> i64 {
    time.nanos()
}

impl CsvRecord for Bar {
    const HEADER: &'static str = "ts_open_ns,ts_close_ns,ts_recv_ns,open,high,low,close,volume";

    fn write_rows(&self, out: &mut String) -> std::fmt::Result {
        let (open, close, recv) = (nanos(self.ts_open), nanos(self.ts_close), nanos(self.ts_recv));
        writeln!(
            out,
            "{open},{close},{recv},{},{},{},{},{}",
            self.open, self.high, self.low, self.close, self.volume
        )
    }
}

impl CsvRecord for Trade {
    const HEADER: &'static str = "ts_event_ns,ts_recv_ns,price,quantity,side";

    fn write_rows(&self, out: &mut String) -> std::fmt::Result {
        let side = match self.aggressor {
            Some(Side::Buy) => "buy",
            Some(Side::Sell) => "sell",
            None => "",
        };
        let (event, recv) = (nanos(self.ts_event), nanos(self.ts_recv));
        writeln!(out, "{event},{recv},{},{},{side}", self.price, self.quantity)
    }
}

impl CsvRecord for Quote {
    const HEADER: &'static str = "ts_event_ns,ts_recv_ns,bid,bid_size,ask,ask_size";

    fn write_rows(&self, out: &mut String) -> std::fmt::Result {
        let (event, recv) = (nanos(self.ts_event), nanos(self.ts_recv));
        writeln!(out, "{event},{recv},{},{},{},{}", self.bid, self.bid_size, self.ask, self.ask_size)
    }
}

impl CsvRecord for Depth {
    const HEADER: &'static str = "ts_event_ns,ts_recv_ns,is_snapshot,sequence,side,price,quantity";

    fn write_rows(&self, out: &mut String) -> std::fmt::Result {
        let (event, recv) = (nanos(self.ts_event), nanos(self.ts_recv));
        let sequence = self.sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
        for level in self.levels.iter() {
            let side = if level.side == Side::Buy { "bid" } else { "ask" };
            let snapshot = self.kind == DepthKind::Snapshot;
            writeln!(out, "{event},{recv},{snapshot},{sequence},{side},{},{}", level.price, level.quantity)?;
        }
        Ok(())
    }

    fn check(previous: Option<&Self>, next: &Self) -> Result<(), DataError> {
        check_depth(previous, next)
    }
}

/// Writes records as CSV: times as nanoseconds, numbers exactly. Compressed with gzip if the name ends in `.gz`.
/// The file appears whole or not at all. Returns how many records were written.
///
/// Updates of a book that follow each other with the same times and sequence are read back as one.
///
/// # Errors
/// [`DataError::Io`] if the file cannot be written, [`DataError::Mismatch`] for a depth record without levels.
pub fn write_csv<E: CsvRecord>(
    path: impl AsRef<Path>,
    records: impl IntoIterator<Item = E>,
) -> Result<u64, DataError> {
    let path = path.as_ref();
    let mut count = 0;
    atomically(path, |file| {
        let name = path.display().to_string();
        count = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
            let mut packed = GzEncoder::new(file, Compression::default());
            let count = write_csv_to(&mut packed, &name, records)?;
            packed.finish().map_err(|error| DataError::io(path, error))?;
            count
        } else {
            write_csv_to(file, &name, records)?
        };
        Ok(())
    })?;
    Ok(count)
}

/// Writes records as CSV to anything; `name` is for messages. Returns how many were written.
///
/// # Errors
/// [`DataError::Io`] if it cannot be written, [`DataError::Mismatch`] for a depth record without levels.
pub fn write_csv_to<E: CsvRecord>(
    mut writer: impl Write,
    name: &str,
    records: impl IntoIterator<Item = E>,
) -> Result<u64, DataError> {
    let failed = |source| DataError::Io { file: name.to_string(), source };
    let mut text = String::from(E::HEADER);
    text.push('\n');
    let (mut count, mut previous) = (0, None);
    for record in records {
        E::check(previous.as_ref(), &record)?;
        record.write_rows(&mut text).map_err(|error| failed(std::io::Error::other(error)))?;
        if text.len() >= 64 << 10 {
            writer.write_all(text.as_bytes()).map_err(failed)?;
            text.clear();
        }
        count += 1;
        previous = Some(record);
    }
    writer.write_all(text.as_bytes()).map_err(failed)?;
    writer.flush().map_err(failed)?;
    Ok(count)
}
