//! Reference data that is too large to keep with the crate.

use std::io::Read;
use std::path::{Path, PathBuf};

use algoflow_indicators::Ohlcv;

/// The file below `$ALGOFLOW_DATA` (default: `shared/data` beside the workspace), or nothing with a message.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ALGOFLOW_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        Some(path)
    } else {
        eprintln!("SKIPPED: {} is absent; set ALGOFLOW_DATA to the folder that holds it", path.display());
        None
    }
}

/// The text files of a zip archive.
pub(crate) struct Archive(zip::ZipArchive<std::fs::File>);

impl Archive {
    pub(crate) fn open(name: &str) -> Option<Self> {
        let file = std::fs::File::open(find(name)?).unwrap();
        Some(Self(zip::ZipArchive::new(file).unwrap()))
    }

    pub(crate) fn text(&mut self, name: &str) -> String {
        let mut text = String::new();
        let mut entry = self.0.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        entry.read_to_string(&mut text).unwrap();
        text
    }
}

/// A table of text with a header.
pub(crate) struct Table {
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        Self { names, rows: reader.records().map(Result::unwrap).collect() }
    }

    /// A column by name: the number in each row, or nothing where there is none.
    pub(crate) fn column(&self, name: &str) -> Vec<Option<f64>> {
        let index = self.names.iter().position(|candidate| candidate.eq_ignore_ascii_case(name));
        let index = index.unwrap_or_else(|| panic!("no column {name} in {:?}", self.names));
        let number = |row: &csv::StringRecord| row.get(index)?.parse().ok().filter(|x: &f64| x.is_finite());
        self.rows.iter().map(number).collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.column(name).into_iter().map(Option::unwrap).collect()
    }

    /// The columns that make up bars; what the table lacks is filled with the close, and the close, which some sheets
    /// leave out while it is not used, with the low.
    pub(crate) fn bars(&self) -> Vec<Ohlcv> {
        let mut close = self.column("close");
        if self.has("low") {
            close.iter_mut().zip(self.column("low")).for_each(|(close, low)| *close = close.or(low));
        }
        let close: Vec<f64> = close.into_iter().map(Option::unwrap).collect();
        let or_close = |name: &str| if self.has(name) { self.numbers(name) } else { close.clone() };
        let (open, high, low) = (or_close("open"), or_close("high"), or_close("low"));
        let volume = if self.has("volume") { self.numbers("volume") } else { vec![0.0; close.len()] };
        let bar = |i: usize| Ohlcv {
            open: open[i],
            high: high[i],
            low: low[i],
            close: close[i],
            volume: volume[i],
        };
        (0..close.len()).map(bar).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|candidate| candidate.eq_ignore_ascii_case(name))
    }
}

/// A column with its row numbers, from row `first` on.
pub(crate) fn rows_from(first: usize, column: Vec<Option<f64>>) -> Vec<(usize, Option<f64>)> {
    column.into_iter().enumerate().skip(first).collect()
}
