//! What readers of every format are told.

use std::sync::Arc;

use algoflow_core::{
    bar_spec::BarSpec,
    id::{Asset, InstrumentId},
    time::TimeDelta,
};

use crate::{
    error::DataError,
    policy::{OnDisorder, RowPolicy},
    report::LoadReport,
    rows::{Assemble, Context, Loadable, NoSink, QuickSink, Readable},
    schema::Schema,
    series::Series,
};

/// What a reader is told before it begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadOptions {
    pub(crate) instrument: Option<InstrumentId>,
    pub(crate) spec: Option<BarSpec>,
    pub(crate) schema: Schema,
    pub(crate) policy: RowPolicy,
    pub(crate) recv_delay: TimeDelta,
    /// What the dividends of corporate actions are paid in.
    pub(crate) currency: Option<Asset>,
    /// Whether a file that names another instrument than the declared one is refused.
    #[cfg(feature = "parquet")]
    pub(crate) must_match: bool,
}

impl ReadOptions {
    pub(crate) fn context(&self, file: &Arc<str>) -> Result<Context, DataError> {
        let instrument = self.instrument.ok_or_else(|| {
            DataError::option("instrument", format!("say which instrument {file} is about"))
        })?;
        if self.recv_delay.nanos() < 0 {
            return Err(DataError::option("recv_delay", format!("{} is negative", self.recv_delay)));
        }
        if let Some(spec) = self.spec
            && !spec.is_valid()
        {
            return Err(DataError::option("spec", format!("{spec} covers nothing")));
        }
        let repairs = self.policy.repairs();
        let mut context = Context::new(Arc::clone(file), instrument, self.recv_delay, &self.schema, repairs)?;
        context.report.spec = self.spec;
        context.currency = self.currency;
        Ok(context)
    }

    fn sorts(&self) -> bool {
        self.policy.repairs().out_of_order == OnDisorder::Sort
    }

    pub(crate) fn refuse_sorting(&self) -> Result<(), DataError> {
        if self.sorts() {
            return Err(DataError::option(
                "policy",
                "rows can be sorted only by load(), which holds them all in memory",
            ));
        }
        Ok(())
    }
}

/// A stream of records of one kind out of a file, whatever its format.
pub(crate) trait RecordStream<E: Readable> {
    /// The next record. Rows that can go the short way go into `sink` instead and do not come out.
    fn next_beside(&mut self, sink: &mut impl QuickSink<E>) -> Result<Option<E>, DataError>;
    fn context(&mut self) -> &mut Context;
}

/// Reads a stream to its end and sorts what it yields.
fn sorted<E: Readable>(stream: &mut impl RecordStream<E>) -> Result<Vec<E>, DataError> {
    let mut all = Vec::new();
    while let Some(record) = stream.next_beside(&mut NoSink)? {
        all.push(record);
    }
    all.sort_by_key(E::Assembler::sort_key);
    E::Assembler::after_sort(all, stream.context())
}

/// Reads a stream to its end into a series.
pub(crate) fn collect_series<E: Loadable>(
    stream: &mut impl RecordStream<E>,
    options: &ReadOptions,
    expected: usize,
) -> Result<(Series<E>, LoadReport), DataError> {
    let mut series: Option<Series<E>> = None;
    let put = |series: &mut Option<Series<E>>, record: E| match series {
        Some(series) => series.push(&record),
        None => {
            let mut first = Series::with_header(record.header());
            first.reserve(expected);
            first.push(&record)?;
            *series = Some(first);
            Ok(())
        }
    };
    if options.sorts() {
        for record in sorted(stream)? {
            put(&mut series, record)?;
        }
    } else {
        while let Some(record) = stream.next_beside(&mut series)? {
            put(&mut series, record)?;
        }
    }
    let report = stream.context().finished_report();
    let mut series = series.ok_or_else(|| nothing(&report, &options.schema))?;
    series.shrink_to_fit();
    Ok((series, report))
}

/// Reads a stream to its end into memory.
pub(crate) fn collect_vec<E: Readable>(
    stream: &mut impl RecordStream<E>,
    options: &ReadOptions,
) -> Result<(Vec<E>, LoadReport), DataError> {
    let all = if options.sorts() {
        sorted(stream)?
    } else {
        let mut all = Vec::new();
        while let Some(record) = stream.next_beside(&mut NoSink)? {
            all.push(record);
        }
        all
    };
    let report = stream.context().finished_report();
    if all.is_empty() { Err(nothing(&report, &options.schema)) } else { Ok((all, report)) }
}

/// The error for a file of which nothing was kept.
fn nothing(report: &LoadReport, schema: &Schema) -> DataError {
    match &schema.symbol {
        Some(symbol) if report.filtered > 0 && report.filtered == report.rows => DataError::option(
            "symbol",
            format!("none of the {} rows of {} is of {symbol:?}", report.rows, report.file),
        ),
        _ if report.rows > 0 => DataError::format(
            &report.file,
            format!("none of its {} rows could be kept: {:?}", report.rows, report.problems),
        ),
        _ => DataError::Empty { file: report.file.clone() },
    }
}

/// The setters that readers of every format have.
macro_rules! reader_options {
    ($reader:ident) => {
        impl<E: Readable> $reader<E> {
            /// Says which instrument the file is about. Needed.
            #[must_use]
            pub fn instrument(mut self, instrument: InstrumentId) -> Self {
                self.options.instrument = Some(instrument);
                self
            }

            /// Says what the columns mean, as far as it cannot be seen.
            #[must_use]
            pub fn schema(mut self, schema: Schema) -> Self {
                self.options.schema = schema;
                self
            }

            /// Says what to do with rows that make no sense. [`RowPolicy::Strict`] unless said.
            #[must_use]
            pub fn policy(mut self, policy: RowPolicy) -> Self {
                self.options.policy = policy;
                self
            }

            /// Sets how long after it happened a record is received, for files that do not say. Zero unless said.
            #[must_use]
            pub fn recv_delay(mut self, delay: TimeDelta) -> Self {
                self.options.recv_delay = delay;
                self
            }

            /// The instrument, if it was set.
            #[must_use]
            pub fn instrument_id(&self) -> Option<InstrumentId> {
                self.options.instrument
            }
        }

        impl $reader<Bar> {
            /// Says what each bar covers. If not said, the most frequent step between bars.
            #[must_use]
            pub fn spec(mut self, spec: BarSpec) -> Self {
                self.options.spec = Some(spec);
                self
            }
        }
    };
}
pub(crate) use reader_options;
