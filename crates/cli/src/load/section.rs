//! Reads one section: files of one kind in the order of time, or a part of a catalog.

use std::{io::Read, path::Path, sync::Arc};

use algoflow_core::{
    bar_spec::BarSpec,
    id::{Asset, InstrumentId},
    market::{Bar, CorporateAction, Depth, MarketData, Quote, Trade},
    time::{TimeDelta, Timestamp},
};
use algoflow_data::{
    BarSeries, Catalog, CsvFile, DataError, DataSource, LoadReport, ParquetFile, RowPolicy, Schema,
};
use indicatif::ProgressBar;

use super::{Place, Records, Section, advice};
use crate::{
    config::{DataConfig, DataKind},
    error::CliError,
    plan::Origin,
};

/// What a reader is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) kind: DataKind,
    pub(crate) instrument: InstrumentId,
    /// What dividends are paid in.
    pub(crate) currency: Option<Asset>,
    pub(crate) bars: Option<BarSpec>,
    pub(crate) schema: &'a Schema,
    pub(crate) policy: &'a RowPolicy,
    pub(crate) delay: TimeDelta,
}

/// Sets the options that every reader has.
macro_rules! told {
    ($reader:expr, $request:expr) => {
        $reader
            .instrument($request.instrument)
            .schema($request.schema.clone())
            .policy($request.policy.clone())
            .recv_delay($request.delay)
    };
}

/// Reads one file.
pub(crate) fn file(path: &Path, request: &Request<'_>) -> Result<(Records, LoadReport), DataError> {
    let parquet = is_parquet(path)?;
    Ok(match request.kind {
        DataKind::Bars => {
            let (series, report) = if parquet {
                let reader = told!(ParquetFile::<Bar>::open(path)?, request);
                request.bars.into_iter().fold(reader, ParquetFile::spec).load()?
            } else {
                let reader = told!(CsvFile::<Bar>::open(path)?, request);
                request.bars.into_iter().fold(reader, CsvFile::spec).load()?
            };
            (Records::Bars(Arc::new(series)), report)
        }
        DataKind::Trades => {
            let (series, report) = if parquet {
                told!(ParquetFile::<Trade>::open(path)?, request).load()?
            } else {
                told!(CsvFile::<Trade>::open(path)?, request).load()?
            };
            (Records::Trades(Arc::new(series)), report)
        }
        DataKind::Quotes => {
            let (series, report) = if parquet {
                told!(ParquetFile::<Quote>::open(path)?, request).load()?
            } else {
                told!(CsvFile::<Quote>::open(path)?, request).load()?
            };
            (Records::Quotes(Arc::new(series)), report)
        }
        DataKind::Depth => {
            let (all, report) = if parquet {
                told!(ParquetFile::<Depth>::open(path)?, request).load()?
            } else {
                told!(CsvFile::<Depth>::open(path)?, request).load()?
            };
            (Records::Depth(all), report)
        }
        DataKind::Actions => {
            let reader = told!(CsvFile::<CorporateAction>::open(path)?, request);
            let (all, report) = request.currency.into_iter().fold(reader, CsvFile::currency).load()?;
            (Records::Actions(all), report)
        }
    })
}

/// Whether a file begins like one of Parquet.
fn is_parquet(path: &Path) -> Result<bool, DataError> {
    let mut magic = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut magic))
        .map_err(|source| DataError::Io { file: path.display().to_string(), source })?;
    Ok(magic == b"PAR1")
}

/// Reads a section. `currency` is what its instrument is priced in.
pub(super) fn read(
    place: String,
    written: &DataConfig,
    origin: &Origin,
    currency: Option<Asset>,
    bar: &ProgressBar,
) -> Result<Section, CliError> {
    let failed = |source: DataError| {
        let help = advice(&source, Place::Config);
        CliError::data(format!("{place}: "), source, help)
    };
    let (source, records, reports) = match origin {
        Origin::Files(files) => {
            let request = Request {
                kind: written.kind,
                instrument: written.instrument,
                currency,
                bars: written.bars,
                schema: &written.schema,
                policy: &written.policy.0,
                delay: written.delay.unwrap_or(TimeDelta::ZERO),
            };
            let (records, reports) = read_files(files, &request, bar).map_err(failed)?;
            (written.path.clone().unwrap_or_default(), records, reports)
        }
        Origin::Catalog(folder) => {
            let records = read_catalog(folder, written).map_err(failed)?;
            bar.inc(1);
            (format!("catalog {}", folder.display()), records, Vec::new())
        }
    };
    Ok(Section { place, kind: written.kind, instrument: written.instrument, source, records, reports })
}

fn read_files(
    files: &[std::path::PathBuf],
    request: &Request<'_>,
    bar: &ProgressBar,
) -> Result<(Records, Vec<LoadReport>), DataError> {
    let mut all: Option<Records> = None;
    let mut reports = Vec::new();
    for path in files {
        bar.set_message(path.display().to_string());
        let (records, report) = file(path, request)?;
        reports.push(report);
        match &mut all {
            Some(all) => all.append(records)?,
            None => all = Some(records),
        }
        bar.inc(1);
    }
    let all = all.ok_or_else(|| DataError::Empty { file: request.instrument.to_string() })?;
    Ok((all, reports))
}

/// Bars of a catalog are read at once, so that they can be charted; ticks while the run goes on.
fn read_catalog(folder: &Path, written: &DataConfig) -> Result<Records, DataError> {
    let instrument = written.instrument;
    let kind = written.kind.stored(written.bars).ok_or_else(|| DataError::Catalog {
        path: folder.display().to_string(),
        reason: format!("it holds no {}", written.kind.as_str()),
    })?;
    let mut source = Catalog::open(folder)?.range(instrument, kind, Timestamp::MIN, Timestamp::MAX)?;
    let algoflow_data::DataKind::Bars(spec) = kind else {
        return Ok(Records::Stored { catalog: folder.to_owned(), instrument, kind });
    };
    let mut series = BarSeries::new(instrument, spec);
    while let Some(record) = source.next()? {
        if let MarketData::Bar(bar) = record {
            series.push(&bar)?;
        }
    }
    Ok(Records::Bars(Arc::new(series)))
}
