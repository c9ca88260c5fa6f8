//! Records of one instrument, held compactly in memory.
//!
//! A [`Series`] keeps the mantissas of its records at one scale for prices and one for quantities, so that a bar
//! needs 56 bytes; the [`Bar`], [`Trade`] or [`Quote`] is made when it is read. Shared as `Arc<Series<_>>`, one copy
//! serves any number of backtests at once.

mod bar;
mod record;
mod tick;

pub use bar::BarRow;
pub use record::{Header, Record};
pub use tick::{QuoteRow, TradeRow};

use std::ops::{Bound, Range, RangeBounds};

use algoflow_core::{
    error::{NumberError, TimeError},
    id::InstrumentId,
    market::{Bar, Quote, Trade},
    number::Scale,
    time::{TimeDelta, Timestamp},
};

use crate::error::DataError;

/// Bars of one instrument and one spec.
pub type BarSeries = Series<Bar>;
/// Trades of one instrument.
pub type TradeSeries = Series<Trade>;
/// Quotes of one instrument.
pub type QuoteSeries = Series<Quote>;

/// Records of one instrument in the order of `ts_recv`.
///
/// What a series holds is always in order and at common scales; [`push`](Self::push) sees to that.
///
/// ```
/// use algoflow_core::{bar_spec::BarSpec, market::Bar, number::Price, time::Timestamp};
/// use algoflow_data::BarSeries;
/// let instrument = "SPY.NYSE".parse()?;
/// let mut series = BarSeries::new(instrument, BarSpec::minutes(1));
/// let (open, close) = ("2024-01-02T14:30:00Z".parse()?, "2024-01-02T14:31:00Z".parse()?);
/// let price: Price = "472.16".parse()?;
/// let volume = "1200".parse()?;
/// series.push(&Bar {
///     instrument, spec: BarSpec::minutes(1), ts_open: open, ts_close: close, ts_recv: close,
///     open: price, high: price, low: price, close: price, volume,
/// })?;
/// assert_eq!(series.get(0).map(|bar| bar.close), Some(price));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series<E: Record> {
    header: Header<E>,
    rows: Vec<E::Row>,
    /// Empty as long as every record was received `header.recv_delay` after it happened.
    recv: Vec<i64>,
}

impl<E: Record> Series<E> {
    pub(crate) fn with_header(header: Header<E>) -> Self {
        Self { header, rows: Vec::new(), recv: Vec::new() }
    }

    /// A series of the records given, which must be of one instrument (and spec) and in the order of time.
    ///
    /// # Errors
    /// [`DataError::Empty`] without records; otherwise as for [`push`](Self::push).
    pub fn from_records(records: impl IntoIterator<Item = E>) -> Result<Self, DataError> {
        let mut records = records.into_iter();
        let first = records.next().ok_or_else(|| DataError::Empty { file: "an empty series".into() })?;
        let mut series = Self::with_header(first.header());
        series.rows.reserve(records.size_hint().0.saturating_add(1));
        series.push(&first)?;
        for record in records {
            series.push(&record)?;
        }
        Ok(series)
    }

    /// Makes room for `additional` more records.
    pub fn reserve(&mut self, additional: usize) {
        self.rows.reserve(additional);
    }

    /// Gives back memory that was reserved and not used.
    pub fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
        self.recv.shrink_to_fit();
    }

    /// Appends a record. If it needs more decimal places than the series has, the series gets them: exactly.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] for another instrument or spec, [`DataError::OutOfOrder`] if it is earlier than
    /// the last record, [`DataError::Number`] if the numbers do not fit at one scale.
    #[inline]
    pub fn push(&mut self, record: &E) -> Result<(), DataError> {
        if !record.belongs_to(&self.header) {
            return Err(self.mismatch(record));
        }
        let (price, quantity) = record.scales_needed(self.header.price_scale, self.header.quantity_scale);
        if price != self.header.price_scale || quantity != self.header.quantity_scale {
            self.rescale(price, quantity)?;
        }
        let row = record.to_row(price, quantity).ok_or_else(|| self.overflow())?;
        let recv = record.ts_recv().nanos();
        let happened = E::ts_of(&row);
        if let Some(last) = self.rows.last() {
            let previous = self.recv_nanos(self.rows.len() - 1, last);
            if recv < previous || !E::in_order(last, &row) {
                return Err(DataError::OutOfOrder {
                    instrument: self.header.instrument,
                    previous: Timestamp::from_nanos(previous.max(E::ts_of(last))),
                    next: Timestamp::from_nanos(recv.min(happened)),
                });
            }
        } else {
            self.header.recv_delay = TimeDelta::from_nanos(recv.saturating_sub(happened));
        }
        if !self.recv.is_empty() {
            self.recv.push(recv);
        } else if Some(recv) != happened.checked_add(self.header.recv_delay.nanos()) {
            self.recv = self.rows.iter().enumerate().map(|(i, row)| self.recv_nanos(i, row)).collect();
            self.recv.push(recv);
        }
        self.rows.push(row);
        Ok(())
    }

    /// Appends a row at the scales given that is received `delay` after it happened and follows the last one.
    #[inline]
    pub(crate) fn push_row(
        &mut self,
        row: E::Row,
        price: Scale,
        quantity: Scale,
        delay: TimeDelta,
    ) -> Result<(), DataError> {
        match self.rows_for(price, quantity, delay) {
            Some(rows) => {
                rows.push(row);
                Ok(())
            }
            None => self.push_other(&row, price, quantity, delay),
        }
    }

    /// The rows, to append such that have the scales given, are received `delay` after they happened and follow the
    /// last one. `None` if the series is of other scales or another delay.
    #[inline]
    pub(crate) fn rows_for(
        &mut self,
        price: Scale,
        quantity: Scale,
        delay: TimeDelta,
    ) -> Option<&mut Vec<E::Row>> {
        let header = &self.header;
        let fits = price == header.price_scale
            && quantity == header.quantity_scale
            && delay == header.recv_delay
            && self.recv.is_empty();
        fits.then_some(&mut self.rows)
    }

    /// Appends a row whose scales or delay are not those of the series.
    #[cold]
    fn push_other(
        &mut self,
        row: &E::Row,
        price: Scale,
        quantity: Scale,
        delay: TimeDelta,
    ) -> Result<(), DataError> {
        let header = Header { price_scale: price, quantity_scale: quantity, ..self.header };
        let recv = Timestamp::from_nanos(E::ts_of(row)).saturating_add(delay);
        self.push(&E::from_row(row, &header, recv))
    }

    /// Brings every record to finer scales.
    #[cold]
    fn rescale(&mut self, price: Scale, quantity: Scale) -> Result<(), DataError> {
        let factor = |old: Scale, new: Scale| new.factor() / old.factor().max(1);
        let by_price = factor(self.header.price_scale, price);
        let by_quantity = factor(self.header.quantity_scale, quantity);
        // First see whether all fit, so that an error leaves the series as it was.
        if self.rows.iter().any(|row| E::scaled_row(row, by_price, by_quantity).is_none()) {
            return Err(self.overflow());
        }
        for row in &mut self.rows {
            if let Some(scaled) = E::scaled_row(row, by_price, by_quantity) {
                *row = scaled;
            }
        }
        self.header.price_scale = price;
        self.header.quantity_scale = quantity;
        Ok(())
    }

    #[cold]
    fn mismatch(&self, record: &E) -> DataError {
        DataError::Mismatch { wanted: self.header.to_string(), found: record.header().to_string() }
    }

    #[cold]
    fn overflow(&self) -> DataError {
        DataError::Number {
            instrument: self.header.instrument,
            source: NumberError::Overflow { operation: "bringing all records to one scale" },
        }
    }

    #[inline]
    fn recv_nanos(&self, index: usize, row: &E::Row) -> i64 {
        if self.recv.is_empty() {
            // It cannot overflow: records for which it would are held with their own time of receipt.
            E::ts_of(row).wrapping_add(self.header.recv_delay.nanos())
        } else {
            // The two vectors have the same length; the fallback is never reached.
            self.recv.get(index).copied().unwrap_or(i64::MAX)
        }
    }

    /// The instrument, scales and what else is common to all records.
    #[must_use]
    pub fn header(&self) -> &Header<E> {
        &self.header
    }

    /// The instrument.
    #[must_use]
    pub fn instrument(&self) -> InstrumentId {
        self.header.instrument
    }

    /// The number of records.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no records.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The record at `index`, counted from 0.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<E> {
        let (row, recv) = self.row_at(index)?;
        Some(E::from_row(row, &self.header, recv))
    }

    /// The row at `index` and when it could be known.
    #[inline(always)]
    pub(crate) fn row_at(&self, index: usize) -> Option<(&E::Row, Timestamp)> {
        let row = self.rows.get(index)?;
        Some((row, self.recv_of(index, row)))
    }

    /// When the record of the row at `index` could be known.
    #[inline]
    pub(crate) fn recv_of(&self, index: usize, row: &E::Row) -> Timestamp {
        Timestamp::from_nanos(self.recv_nanos(index, row))
    }

    /// When the record at `index` could be known.
    #[must_use]
    #[inline]
    pub fn recv_at(&self, index: usize) -> Option<Timestamp> {
        self.row_at(index).map(|(_, recv)| recv)
    }

    /// The first record.
    #[must_use]
    pub fn first(&self) -> Option<E> {
        self.get(0)
    }

    /// The last record.
    #[must_use]
    pub fn last(&self) -> Option<E> {
        self.get(self.len().checked_sub(1)?)
    }

    /// When the first record could be known.
    #[must_use]
    pub fn first_ts(&self) -> Option<Timestamp> {
        self.recv_at(0)
    }

    /// When the last record could be known.
    #[must_use]
    pub fn last_ts(&self) -> Option<Timestamp> {
        self.recv_at(self.len().checked_sub(1)?)
    }

    /// All records, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = E> + ExactSizeIterator + '_ {
        self.rows.iter().enumerate().map(|(index, row)| {
            E::from_row(row, &self.header, Timestamp::from_nanos(self.recv_nanos(index, row)))
        })
    }

    /// The compact rows: mantissas at the scales of the [`header`](Self::header).
    #[must_use]
    pub fn rows(&self) -> &[E::Row] {
        &self.rows
    }

    /// A series of the records of `range` (cut to what there is). It copies; a [`Cursor`](crate::Cursor) over a
    /// range does not.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Self {
        let range = self.clamp(range);
        Self {
            header: self.header,
            rows: self.rows.get(range.clone()).unwrap_or_default().to_vec(),
            recv: self.recv.get(range).unwrap_or_default().to_vec(),
        }
    }

    /// The indices of the records that could be known from `from` to before `to`.
    #[must_use]
    pub fn indices_between(&self, from: Timestamp, to: Timestamp) -> Range<usize> {
        let start = self.index_at(from);
        start..self.index_at(to).max(start)
    }

    /// The index of the first record that could be known at `time` or later; the length if there is none.
    #[must_use]
    pub fn index_at(&self, time: Timestamp) -> usize {
        if self.recv.is_empty() {
            self.rows.partition_point(|row| self.recv_nanos(0, row) < time.nanos())
        } else {
            self.recv.partition_point(|recv| *recv < time.nanos())
        }
    }

    /// The same records, each received `delay` after it happened: a model of a slower feed.
    ///
    /// # Errors
    /// [`DataError::Option`] for a negative delay: nothing is known before it happens; [`DataError::OutOfOrder`] if
    /// the records did not happen in the order in which they were received; [`DataError::Time`] if a time leaves the
    /// range of [`Timestamp`].
    pub fn with_recv_delay(mut self, delay: TimeDelta) -> Result<Self, DataError> {
        if delay.nanos() < 0 {
            return Err(DataError::option("recv_delay", format!("{delay} is negative")));
        }
        for pair in self.rows.windows(2) {
            if let [previous, next] = pair
                && E::ts_of(next) < E::ts_of(previous)
            {
                return Err(DataError::OutOfOrder {
                    instrument: self.header.instrument,
                    previous: Timestamp::from_nanos(E::ts_of(previous)),
                    next: Timestamp::from_nanos(E::ts_of(next)),
                });
            }
        }
        if self.rows.last().is_some_and(|row| E::ts_of(row).checked_add(delay.nanos()).is_none()) {
            return Err(TimeError::OutOfRange.into());
        }
        self.header.recv_delay = delay;
        self.recv = Vec::new();
        Ok(self)
    }

    /// The memory that the records take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<E::Row>() + self.recv.capacity() * size_of::<i64>()
    }

    pub(crate) fn clamp(&self, range: impl RangeBounds<usize>) -> Range<usize> {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => self.len(),
        };
        let end = end.min(self.len());
        start.min(end)..end
    }
}

#[cfg(test)]
mod tests;
