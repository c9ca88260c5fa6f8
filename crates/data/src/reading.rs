//! Reading a file of any format to its end: rows become records, in a stream or a series.

use std::fmt;

use crate::{
    columns::Resolved,
    error::DataError,
    options::ReadOptions,
    report::LoadReport,
    rows::{Assemble, Cells, Context, HasAssembler, Loadable, NoSink, QuickSink, Readable, Slots},
    schema::{Schema, StampIs},
    series::Series,
};

/// The rows of a file, whatever its format.
pub(crate) trait Rows: Send + Sized {
    type Cells<'a>: Cells
    where
        Self: 'a;

    /// Steps to the next row whose cells can be looked at, and counts it; false at the end. Rows that have no cells to
    /// look at are put to the policy.
    fn step(&mut self, context: &mut Context) -> Result<bool, DataError>;

    /// The cells of the row.
    fn cells(&self) -> Self::Cells<'_>;

    /// About how many rows there are, if the file says it; otherwise zero.
    fn expected(&self) -> usize {
        0
    }

    /// Takes as many rows at once as need no attention, and counts them.
    #[inline]
    fn run<A: Assemble>(&mut self, assembler: &mut A, context: &mut Context, out: &mut Vec<A::Row>) -> usize {
        let _ = (assembler, context, out);
        0
    }
}

/// Which columns of a file are read.
pub(crate) struct InUse {
    pub(crate) resolved: Resolved,
    /// The slot of each column.
    pub(crate) slots: Slots,
    /// The slot of the symbol.
    pub(crate) symbol: Option<usize>,
    /// The names of the columns, by slot.
    pub(crate) names: Vec<String>,
    /// What the report says of them.
    pub(crate) described: Vec<String>,
}

/// A file that is being read.
pub(crate) struct Reading<R, E: Readable> {
    rows: R,
    symbol: Option<(usize, Box<str>)>,
    assembler: <E as HasAssembler>::Assembler,
    context: Context,
    ended: bool,
}

impl<R, E: Readable> fmt::Debug for Reading<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("file", self.context.file()).finish_non_exhaustive()
    }
}

impl<R: Rows, E: Readable> Reading<R, E> {
    pub(crate) fn new(
        rows: R,
        used: InUse,
        schema: &Schema,
        mut context: Context,
    ) -> Result<Self, DataError> {
        context.report.columns = used.described;
        context.times.set_unit(used.resolved.unit);
        context.report.stamp = schema.stamp.or(used.resolved.stamp).or(Some(StampIs::Close));
        context.set_names(used.names);
        let symbol = schema.symbol.as_deref().zip(used.symbol).map(|(symbol, slot)| (slot, symbol.into()));
        let assembler = <E as HasAssembler>::Assembler::new(used.slots, schema, &context)?;
        Ok(Self { rows, symbol, assembler, context, ended: false })
    }

    pub(crate) fn report(&self) -> LoadReport {
        self.context.finished_report()
    }

    pub(crate) fn describe(&self) -> String {
        format!("{} of {} in {}", E::NAME, self.context.instrument, self.context.file())
    }

    /// The next record, or `None` at the end. After an error the reading is over.
    #[inline]
    pub(crate) fn next_record(&mut self) -> Result<Option<E>, DataError> {
        self.next_beside(&mut NoSink)
    }

    /// The next record. Rows that can go the short way go into `sink` instead and do not come out.
    #[inline]
    fn next_beside(&mut self, sink: &mut impl QuickSink<E>) -> Result<Option<E>, DataError> {
        let result = self.advance(sink);
        if result.is_err() {
            self.ended = true;
        }
        result
    }

    #[inline]
    fn advance(&mut self, sink: &mut impl QuickSink<E>) -> Result<Option<E>, DataError> {
        loop {
            if let Some(record) = self.assembler.ready() {
                return Ok(Some(record));
            }
            if self.ended {
                return Ok(None);
            }
            if self.symbol.is_none()
                && let Some(out) = sink.rows(&self.context)
                && self.rows.run(&mut self.assembler, &mut self.context, out) > 0
            {
                continue;
            }
            if !self.rows.step(&mut self.context)? {
                self.ended = true;
                self.assembler.end(&mut self.context)?;
                continue;
            }
            let cells = self.rows.cells();
            if let Some((slot, symbol)) = &self.symbol
                && *cells.text(*slot) != *symbol.as_bytes()
            {
                self.context.report.filtered += 1;
                continue;
            }
            if sink.is_open()
                && let Some(row) = self.assembler.quick(&cells, &mut self.context)
            {
                sink.put(row, &self.context)?;
                continue;
            }
            let before = self.context.before_row();
            let record = self.assembler.row(&cells, &mut self.context)?;
            self.context.after_row(before);
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    /// Reads to the end and sorts what comes out.
    fn sorted(&mut self) -> Result<Vec<E>, DataError> {
        let mut all = Vec::new();
        while let Some(record) = self.next_record()? {
            all.push(record);
        }
        all.sort_by_key(E::Assembler::sort_key);
        E::Assembler::after_sort(all, &mut self.context)
    }

    /// Reads to the end into memory.
    pub(crate) fn collect_vec(mut self, options: &ReadOptions) -> Result<(Vec<E>, LoadReport), DataError> {
        let all = if options.sorts() {
            self.sorted()?
        } else {
            let mut all = Vec::new();
            while let Some(record) = self.next_record()? {
                all.push(record);
            }
            all
        };
        let report = self.report();
        if all.is_empty() { Err(nothing(&report, &options.schema)) } else { Ok((all, report)) }
    }
}

impl<R: Rows, E: Loadable> Reading<R, E> {
    /// Reads to the end into a series.
    pub(crate) fn collect_series(
        mut self,
        options: &ReadOptions,
    ) -> Result<(Series<E>, LoadReport), DataError> {
        let expected = self.rows.expected();
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
            for record in self.sorted()? {
                put(&mut series, record)?;
            }
        } else {
            while let Some(record) = self.next_beside(&mut series)? {
                put(&mut series, record)?;
            }
        }
        let report = self.report();
        let mut series = series.ok_or_else(|| nothing(&report, &options.schema))?;
        series.shrink_to_fit();
        Ok((series, report))
    }
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

/// What readers and streams of every format offer. `$begin` makes a [`Reading`] of an input and options.
macro_rules! file_reader {
    ($reader:ident, $stream:ident, $begin:path) => {
        impl<E: Readable> $reader<E> {
            fn new(input: Input) -> Self {
                Self { input, options: ReadOptions::default(), kind: std::marker::PhantomData }
            }

            /// The file at `path`.
            ///
            /// # Errors
            /// [`DataError::Io`] if it cannot be found, [`DataError::Format`] for a folder.
            pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self, DataError> {
                Input::file(path.as_ref()).map(Self::new)
            }

            /// A file that is already in memory, such as one included in a program; `name` is for messages.
            #[must_use]
            pub fn from_bytes(name: &str, bytes: impl Into<std::borrow::Cow<'static, [u8]>>) -> Self {
                Self::new(Input::bytes(name, bytes.into()))
            }

            /// Says which instrument the file is about. Needed, unless the file says it.
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

            /// Begins to read, holding no more than a part of the file at any time.
            ///
            /// # Errors
            /// [`DataError`] if the file or the options make no sense.
            pub fn stream(mut self) -> Result<$stream<E>, DataError> {
                self.options.refuse_sorting()?;
                $begin(self.input, &mut self.options).map($stream)
            }

            fn load_vec(mut self) -> Result<(Vec<E>, LoadReport), DataError> {
                $begin(self.input, &mut self.options)?.collect_vec(&self.options)
            }
        }

        impl<E: Loadable> $reader<E> {
            /// Reads the file into a series.
            ///
            /// # Errors
            /// [`DataError`] if the file or the options make no sense, or at the first row that the policy refuses.
            pub fn load(mut self) -> Result<(Series<E>, LoadReport), DataError> {
                $begin(self.input, &mut self.options)?.collect_series(&self.options)
            }
        }

        impl $reader<Depth> {
            /// Reads the file into memory.
            ///
            /// # Errors
            /// [`DataError`] if the file or the options make no sense, or at the first row that the policy refuses.
            pub fn load(self) -> Result<(Vec<Depth>, LoadReport), DataError> {
                self.load_vec()
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

        impl<E: Readable> std::fmt::Debug for $stream<E> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($stream)).field(&self.0).finish()
            }
        }

        impl<E: Readable> $stream<E> {
            /// What was found so far; complete once the stream has ended.
            #[must_use]
            pub fn report(&self) -> LoadReport {
                self.0.report()
            }

            /// The next record, or `None` at the end.
            ///
            /// # Errors
            /// [`DataError`] if the file cannot be read on, or at a row that the policy refuses. The stream is over
            /// then.
            #[inline]
            pub fn next_record(&mut self) -> Result<Option<E>, DataError> {
                self.0.next_record()
            }
        }

        impl<E: Readable> DataSource for $stream<E> {
            fn next(&mut self) -> Result<Option<MarketData>, DataError> {
                Ok(self.next_record()?.map(Into::into))
            }
            fn describe(&self) -> String {
                self.0.describe()
            }
        }
    };
}
pub(crate) use file_reader;
