use std::{fmt, path::PathBuf};

use algoflow_core::{
    id::InstrumentId,
    market::{Bar, Depth, MarketData, Quote, Trade},
    time::Timestamp,
};

use super::{DataKind, open_file};
use crate::{error::DataError, source::DataSource};

/// A range of a catalog, read one day after the other.
pub struct CatalogSource {
    instrument: InstrumentId,
    kind: DataKind,
    files: std::vec::IntoIter<PathBuf>,
    open: Option<Box<dyn DataSource>>,
    from: Timestamp,
    to: Timestamp,
}

impl fmt::Debug for CatalogSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogSource").field("range", &self.describe()).finish_non_exhaustive()
    }
}

impl CatalogSource {
    pub(super) fn new(
        instrument: InstrumentId,
        kind: DataKind,
        files: Vec<PathBuf>,
        from: Timestamp,
        to: Timestamp,
    ) -> Self {
        Self { instrument, kind, files: files.into_iter(), open: None, from, to }
    }

    fn open_next(&mut self) -> Result<bool, DataError> {
        let Some(path) = self.files.next() else { return Ok(false) };
        self.open = Some(match self.kind {
            DataKind::Bars(_) => Box::new(open_file::<Bar>(&path, self.instrument, self.kind)?),
            DataKind::Trades => Box::new(open_file::<Trade>(&path, self.instrument, self.kind)?),
            DataKind::Quotes => Box::new(open_file::<Quote>(&path, self.instrument, self.kind)?),
            DataKind::Depth => Box::new(open_file::<Depth>(&path, self.instrument, self.kind)?),
        });
        Ok(true)
    }
}

impl DataSource for CatalogSource {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        loop {
            let Some(source) = &mut self.open else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            match source.next()? {
                None => self.open = None,
                Some(record) if record.ts_recv() < self.from => {}
                Some(record) if record.ts_recv() >= self.to => {
                    self.open = None;
                    self.files = Vec::new().into_iter();
                }
                Some(record) => return Ok(Some(record)),
            }
        }
    }

    fn describe(&self) -> String {
        format!("{} of {} from {} to {}", self.kind, self.instrument, self.from, self.to)
    }
}
