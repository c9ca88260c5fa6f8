//! A folder of Parquet files, by instrument, kind and day.

mod layout;
mod source;

pub use layout::DataKind;
pub use source::CatalogSource;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use algoflow_core::{
    id::InstrumentId,
    market::{Bar, Depth, Quote, Trade},
    time::{TimeDelta, Timestamp},
};

use self::layout::{day_name, day_of, escaped, parse_day, unescaped};
use crate::{
    error::DataError,
    parquet::{ParquetFile, ParquetStream},
    rows::Readable,
    series::Series,
    write::{write_parquet, write_parquet_depth},
};

/// What happens to data that a catalog has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// New data may follow or precede what is there on a day, but not overlap it.
    Append,
    /// New records are sorted in among those of the day. A record that is already there is kept once; a bar that
    /// differs from the one of the same time is an error.
    Merge,
    /// The days that are written are replaced.
    Replace,
}

/// A record that a catalog can hold: bars, trades, quotes and depth.
#[expect(private_bounds, reason = "how a catalog stores a kind is internal")]
pub trait Storable: Readable + PartialEq + Stored {}

/// How a catalog stores one kind of record.
pub(crate) trait Stored: Sized {
    fn kind(&self) -> DataKind;
    fn instrument(&self) -> InstrumentId;
    fn recv(&self) -> Timestamp;
    /// Whether two records cannot both be there.
    fn conflicts(&self, other: &Self) -> bool;
    fn write(path: &Path, records: Vec<Self>) -> Result<(), DataError>;
}

macro_rules! stored_series {
    ($($record:ty, $kind:expr, $conflicts:expr;)*) => {$(
        impl Stored for $record {
            fn kind(&self) -> DataKind {
                ($kind)(self)
            }
            fn instrument(&self) -> InstrumentId {
                self.instrument
            }
            fn recv(&self) -> Timestamp {
                self.ts_recv
            }
            fn conflicts(&self, other: &Self) -> bool {
                ($conflicts)(self, other)
            }
            fn write(path: &Path, records: Vec<Self>) -> Result<(), DataError> {
                write_parquet(path, &Series::from_records(records)?)
            }
        }
        impl Storable for $record {}
    )*};
}
stored_series! {
    Bar, |bar: &Bar| DataKind::Bars(bar.spec), |a: &Bar, b: &Bar| a.ts_close == b.ts_close;
    Trade, |_: &Trade| DataKind::Trades, |_: &Trade, _: &Trade| false;
    Quote, |_: &Quote| DataKind::Quotes, |_: &Quote, _: &Quote| false;
}

impl Stored for Depth {
    fn kind(&self) -> DataKind {
        DataKind::Depth
    }
    fn instrument(&self) -> InstrumentId {
        self.instrument
    }
    fn recv(&self) -> Timestamp {
        self.ts_recv
    }
    fn conflicts(&self, _: &Self) -> bool {
        false
    }
    fn write(path: &Path, records: Vec<Self>) -> Result<(), DataError> {
        write_parquet_depth(path, &records)
    }
}
impl Storable for Depth {}

/// What a catalog holds of one instrument and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogEntry {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The kind.
    pub kind: DataKind,
    /// The begins of the days (UTC) that there are files for, in order.
    pub days: Vec<Timestamp>,
}

/// A folder of Parquet files: `ROOT/INSTRUMENT/KIND/DAY.parquet`, where the day is that of `ts_recv` in UTC.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let root = folder.path().join("catalog");
/// use algoflow_core::time::Timestamp;
/// use algoflow_data::{Catalog, CsvBars, DataKind, DataSource, WriteMode};
/// let text = "ts,open,high,low,close,volume\n1704067260,5,6,4,5,10\n1704067320,5,7,5,6,12\n";
/// let instrument = "SOL-USD.X".parse()?;
/// let (bars, _) = CsvBars::from_bytes("bars.csv", text.as_bytes()).instrument(instrument).load()?;
///
/// let catalog = Catalog::create(&root)?;
/// catalog.write(bars.iter(), WriteMode::Append)?;
/// let mut source = catalog.range(instrument, DataKind::Bars(bars.spec()), Timestamp::MIN, Timestamp::MAX)?;
/// assert_eq!(source.next()?, bars.get(0).map(Into::into));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    root: PathBuf,
}

impl Catalog {
    /// The catalog in an existing folder.
    ///
    /// # Errors
    /// [`DataError::Catalog`] if there is no such folder.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, DataError> {
        let root = root.into();
        if root.is_dir() { Ok(Self { root }) } else { Err(failed(&root, "there is no such folder")) }
    }

    /// The catalog in a folder that is made if it does not exist.
    ///
    /// # Errors
    /// [`DataError::Io`] if it cannot be made.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, DataError> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(|error| DataError::io(&root, error))?;
        Ok(Self { root })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn folder(&self, instrument: InstrumentId, kind: DataKind) -> PathBuf {
        self.root.join(escaped(instrument.as_str())).join(kind.to_string())
    }

    /// Writes records of one instrument and kind, in the order of `ts_recv`. Each day's file changes whole or not at
    /// all; an error leaves the days before it written. Returns how many records were new.
    ///
    /// # Errors
    /// [`DataError::Catalog`] for an overlap or a conflict that the mode does not allow, [`DataError::Mismatch`] for
    /// records of several kinds or instruments, [`DataError::OutOfOrder`], [`DataError::Io`].
    pub fn write<E: Storable>(
        &self,
        records: impl IntoIterator<Item = E>,
        mode: WriteMode,
    ) -> Result<u64, DataError> {
        let (mut count, mut day, mut part) = (0, None, Vec::<E>::new());
        for record in records {
            if let Some(last) = part.last() {
                check_follows(last, &record)?;
            }
            let of = day_of(record.recv());
            if day.is_some_and(|day| day != of)
                && let Some(last) = part.last().cloned()
            {
                count += self.write_day(std::mem::take(&mut part), mode)?;
                check_follows(&last, &record)?;
            }
            day = Some(of);
            part.push(record);
        }
        Ok(count + self.write_day(part, mode)?)
    }

    /// Writes the records of one day.
    fn write_day<E: Storable>(&self, new: Vec<E>, mode: WriteMode) -> Result<u64, DataError> {
        let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(0) };
        let folder = self.folder(first.instrument(), first.kind());
        let path = folder.join(format!("{}.parquet", day_name(day_of(first.recv()))));
        let (from, to, count) = (first.recv(), last.recv(), new.len() as u64);
        fs::create_dir_all(&folder).map_err(|error| DataError::io(&folder, error))?;
        if mode == WriteMode::Replace || !path.exists() {
            E::write(&path, new)?;
            return Ok(count);
        }
        let old = read_all::<E>(&path, first.instrument(), first.kind())?;
        let before = old.len() as u64;
        let apart =
            old.last().is_none_or(|old| old.recv() < from) || old.first().is_none_or(|old| old.recv() > to);
        if mode == WriteMode::Append && !apart {
            return Err(failed(
                &path,
                &format!(
                    "what it holds overlaps the new data, {from} to {to}; merge them or replace the day"
                ),
            ));
        }
        let all = merged(old, new, &path)?;
        let added = (all.len() as u64).saturating_sub(before);
        E::write(&path, all)?;
        Ok(added)
    }

    /// What the catalog holds, in the order of the instruments' and kinds' names.
    ///
    /// # Errors
    /// [`DataError::Io`] if a folder cannot be read, [`DataError::Catalog`] for a folder or file that does not belong.
    pub fn list(&self) -> Result<Vec<CatalogEntry>, DataError> {
        let mut entries = Vec::new();
        for (name, path) in children(&self.root)? {
            let instrument = unescaped(&name)
                .and_then(|id| id.parse::<InstrumentId>().ok())
                .ok_or_else(|| failed(&path, "its name is not that of an instrument"))?;
            for (name, path) in children(&path)? {
                let kind: DataKind =
                    name.parse().map_err(|_| failed(&path, "its name is not that of a kind"))?;
                let days = days_in(&path)?.into_keys().collect();
                entries.push(CatalogEntry { instrument, kind, days });
            }
        }
        Ok(entries)
    }

    /// The records of an instrument that could be known from `from` to before `to`, read day by day.
    ///
    /// # Errors
    /// [`DataError::Catalog`] if there are none of this kind, [`DataError::Io`].
    pub fn range(
        &self,
        instrument: InstrumentId,
        kind: DataKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<CatalogSource, DataError> {
        let folder = self.folder(instrument, kind);
        if !folder.is_dir() {
            return Err(failed(&folder, &format!("there are no {kind} of {instrument}")));
        }
        let day = TimeDelta::days(1);
        let files = days_in(&folder)?
            .into_iter()
            .filter(|(start, _)| *start < to && start.saturating_add(day) > from)
            .map(|(_, path)| path)
            .collect();
        Ok(CatalogSource::new(instrument, kind, files, from, to))
    }

    /// Reads every file and checks that it holds what its place says, in order. Returns how many records there are.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<u64, DataError> {
        let mut count = 0;
        for entry in self.list()? {
            for (day, path) in days_in(&self.folder(entry.instrument, entry.kind))? {
                count += match entry.kind {
                    DataKind::Bars(_) => check_file::<Bar>(&path, &entry, day),
                    DataKind::Trades => check_file::<Trade>(&path, &entry, day),
                    DataKind::Quotes => check_file::<Quote>(&path, &entry, day),
                    DataKind::Depth => check_file::<Depth>(&path, &entry, day),
                }?;
            }
        }
        Ok(count)
    }
}

fn failed(path: &Path, reason: &str) -> DataError {
    DataError::Catalog { path: path.display().to_string(), reason: reason.into() }
}

fn check_follows<E: Storable>(last: &E, next: &E) -> Result<(), DataError> {
    if last.instrument() != next.instrument() || last.kind() != next.kind() {
        return Err(DataError::Mismatch {
            wanted: format!("{} {}", last.instrument(), last.kind()),
            found: format!("{} {}", next.instrument(), next.kind()),
        });
    }
    if next.recv() < last.recv() {
        let (instrument, previous, next) = (last.instrument(), last.recv(), next.recv());
        return Err(DataError::OutOfOrder { instrument, previous, next });
    }
    Ok(())
}

/// Joins the records of one day that are there with new ones.
fn merged<E: Storable>(old: Vec<E>, new: Vec<E>, path: &Path) -> Result<Vec<E>, DataError> {
    let mut all: Vec<E> = Vec::with_capacity(old.len() + new.len());
    let mut old = old.into_iter().peekable();
    let same_time = |a: &E, b: &E| a.recv() == b.recv();
    for record in new {
        while let Some(before) = old.next_if(|old| old.recv() <= record.recv()) {
            all.push(before);
        }
        let rivals = all.iter().rev().take_while(|other| same_time(other, &record));
        let mut known = false;
        for rival in rivals {
            if *rival == record {
                known = true;
            } else if rival.conflicts(&record) {
                return Err(failed(path, &format!("it has another record at {}", record.recv())));
            }
        }
        if !known {
            all.push(record);
        }
    }
    all.extend(old);
    Ok(all)
}

pub(crate) fn open_file<E: Readable>(
    path: &Path,
    instrument: InstrumentId,
    kind: DataKind,
) -> Result<ParquetStream<E>, DataError> {
    let spec = match kind {
        DataKind::Bars(spec) => Some(spec),
        _ => None,
    };
    ParquetFile::<E>::open(path)?.expecting(instrument, spec).stream()
}

fn read_all<E: Storable>(path: &Path, instrument: InstrumentId, kind: DataKind) -> Result<Vec<E>, DataError> {
    let mut stream = open_file::<E>(path, instrument, kind)?;
    let mut all = Vec::new();
    while let Some(record) = stream.next_record()? {
        if record.kind() != kind {
            return Err(failed(path, &format!("it holds {} and not {kind}", record.kind())));
        }
        all.push(record);
    }
    Ok(all)
}

fn check_file<E: Storable>(path: &Path, entry: &CatalogEntry, day: Timestamp) -> Result<u64, DataError> {
    let records = read_all::<E>(path, entry.instrument, entry.kind)?;
    if let Some(stray) = records.iter().find(|record| day_of(record.recv()) != day) {
        return Err(failed(path, &format!("it holds a record of {}", stray.recv())));
    }
    for pair in records.windows(2) {
        if let [last, next] = pair {
            check_follows(last, next)?;
        }
    }
    Ok(records.len() as u64)
}

/// The visible files or folders in a folder, by name.
fn children(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DataError> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| DataError::io(folder, error))? {
        let entry = entry.map_err(|error| DataError::io(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.insert(name, entry.path());
        }
    }
    Ok(found)
}

/// The files of days in a folder.
fn days_in(folder: &Path) -> Result<BTreeMap<Timestamp, PathBuf>, DataError> {
    let mut days = BTreeMap::new();
    for (name, path) in children(folder)? {
        let day = name.strip_suffix(".parquet").and_then(parse_day);
        let day = day.ok_or_else(|| failed(&path, "its name is not a day like 2024-01-02.parquet"))?;
        days.insert(day, path);
    }
    Ok(days)
}

#[cfg(test)]
mod tests;
