//! Reads the data of a plan.

mod advice;
mod records;
mod section;

use std::{collections::BTreeMap, sync::Arc};

use algoflow_analytics::EquityPoint;
use algoflow_core::{
    bar_spec::BarSpec,
    id::{InstrumentId, VenueId},
    time::Timestamp,
};
use algoflow_data::{Cursor, DataError, Feed, LoadReport};
use serde_json::{Value, json};

pub(crate) use self::{
    advice::{Place, advice},
    records::Records,
    section::{Request, file},
};
use crate::{
    config::DataKind,
    error::CliError,
    plan::{Origin, Plan},
    term::{Align, Table, Term, count},
};

/// The data of one `[[data]]` section.
#[derive(Debug)]
pub(crate) struct Section {
    /// Where it stands: `data[0]`.
    place: String,
    kind: DataKind,
    instrument: InstrumentId,
    source: String,
    records: Records,
    reports: Vec<LoadReport>,
}

/// The data of all sections, in their order.
#[derive(Debug)]
pub(crate) struct LoadedData {
    sections: Vec<Section>,
}

/// Reads everything.
pub(crate) fn all(plan: &Plan, term: &Term, progress: bool) -> Result<LoadedData, CliError> {
    let files: usize = plan.origins.iter().map(|origin| origin.files().len().max(1)).sum();
    let bar = term.bar(progress, "reading", Some(files as u64));
    let mut sections = Vec::new();
    for (index, (written, origin)) in plan.config.data.iter().zip(&plan.origins).enumerate() {
        let place = format!("data[{index}]");
        sections.push(section::read(place, written, origin, plan.currency(written.instrument), &bar)?);
    }
    bar.finish_and_clear();
    Ok(LoadedData { sections })
}

impl Origin {
    fn files(&self) -> &[std::path::PathBuf] {
        match self {
            Self::Files(files) => files,
            Self::Catalog(_) => &[],
        }
    }
}

impl Section {
    /// What the data are: `bars 1d`.
    fn what(&self) -> String {
        match self.records.spec() {
            Some(spec) => format!("{} {spec}", self.kind.as_str()),
            None => self.kind.as_str().to_owned(),
        }
    }

    fn document(&self) -> Value {
        json!({
            "section": self.place,
            "instrument": self.instrument,
            "kind": self.kind.as_str(),
            "bars": self.records.spec(),
            "source": self.source,
            "records": self.records.len(),
            "first": self.records.first(),
            "last": self.records.last(),
            "reports": self.reports,
        })
    }
}

impl LoadedData {
    /// What was read, for machines.
    pub(crate) fn document(&self) -> Value {
        self.sections.iter().map(Section::document).collect()
    }

    /// What was read, for people.
    pub(crate) fn table(&self, term: &Term) -> String {
        let mut table = Table::new(&[
            ("instrument", Align::Left),
            ("data", Align::Left),
            ("records", Align::Right),
            ("first", Align::Left),
            ("last", Align::Left),
            ("source", Align::Left),
        ]);
        for section in &self.sections {
            let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
            table.row([
                section.instrument.to_string(),
                section.what(),
                section.records.len().map_or_else(|| "streamed".into(), count),
                time(section.records.first()),
                time(section.records.last()),
                section.source.clone(),
            ]);
        }
        table.render(term)
    }

    /// How many records there are, if that is known before they are read.
    pub(crate) fn len(&self) -> Option<u64> {
        self.sections.iter().try_fold(0, |sum, section| Some(sum + section.records.len()?))
    }

    /// What was repaired, and data that a strategy cannot use.
    pub(crate) fn warnings(&self, plan: &Plan) -> Vec<String> {
        let mut warnings = Vec::new();
        for section in &self.sections {
            for report in section.reports.iter().filter(|report| !report.is_clean()) {
                let problems: Vec<String> =
                    report.problems.iter().map(|(problem, count)| format!("{count} {problem}")).collect();
                warnings.push(format!(
                    "{} ({}): {} of {} rows dropped, {} mended: {}",
                    section.place,
                    report.file,
                    report.dropped,
                    report.rows,
                    report.fixed,
                    problems.join(", ")
                ));
            }
        }
        for planned in &plan.strategies {
            let wanted =
                planned.params.get("bars").and_then(Value::as_str).and_then(|text| text.parse().ok());
            let Some(wanted): Option<BarSpec> = wanted else { continue };
            for id in &planned.instruments {
                let mut own = self.sections.iter().filter(|section| section.instrument == *id).peekable();
                let too_long = |section: &Section| {
                    section.records.spec().is_some_and(|spec| spec.rank() > wanted.rank())
                };
                if own.peek().is_some() && own.all(too_long) {
                    warnings.push(format!(
                        "{} asks for {wanted} bars of {id}, but all data of it are longer bars: it will see none",
                        planned.label
                    ));
                }
            }
        }
        warnings
    }

    /// Feeds of what could be known from `from` to before `to`.
    pub(crate) fn feeds(
        &self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Feed>, CliError> {
        let range = format!(
            "{} and {}",
            from.map_or_else(|| "the beginning".into(), |from| from.to_string()),
            to.map_or_else(|| "the end".into(), |to| to.to_string())
        );
        let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        let mut left = Some(0);
        let mut feeds = Vec::new();
        for section in &self.sections {
            let failed = |source: DataError| {
                let help = advice(&source, Place::Config);
                CliError::data(format!("{}: ", section.place), source, help)
            };
            let (count, feed) = section.records.feed(&section.source, from, to).map_err(failed)?;
            left = left.zip(count).map(|(left, count)| left + count);
            feeds.push(feed);
        }
        if left == Some(0) {
            let spans: Vec<String> = self
                .sections
                .iter()
                .filter_map(|s| {
                    Some(format!("{} {} to {}", s.instrument, s.records.first()?, s.records.last()?))
                })
                .collect();
            return Err(CliError::NoData {
                message: format!("there are no data between {range}"),
                help: Some(format!("the data cover {}", spans.join("; "))),
            });
        }
        Ok(feeds)
    }

    /// The same by venue: each has the feeds of its own instruments.
    pub(crate) fn feeds_by_venue(
        &self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<BTreeMap<VenueId, Vec<Feed>>, CliError> {
        let mut by_venue: BTreeMap<VenueId, Vec<Feed>> = BTreeMap::new();
        for (section, feed) in self.sections.iter().zip(self.feeds(from, to)?) {
            by_venue.entry(section.instrument.venue()).or_default().push(feed);
        }
        Ok(by_venue)
    }

    /// The closes of the first bars of an instrument: what buying and holding it was worth.
    pub(crate) fn closes(
        &self,
        instrument: InstrumentId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Vec<EquityPoint> {
        let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        let bars = self.sections.iter().filter(|section| section.instrument == instrument);
        let series = bars.filter_map(|section| section.records.bars()).next();
        let Some(series) = series else { return Vec::new() };
        let mut points = Vec::new();
        for bar in Cursor::between(Arc::clone(series), from, to) {
            if points.is_empty() {
                points.push(EquityPoint { ts: bar.ts_open, equity: bar.open.to_f64() });
            }
            points.push(EquityPoint { ts: bar.ts_recv, equity: bar.close.to_f64() });
        }
        points
    }
}
