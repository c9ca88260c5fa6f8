//! Positions in shared series: the cheapest way to replay.

use std::{
    iter::FusedIterator,
    ops::{ControlFlow, Range, RangeBounds},
    sync::Arc,
};

use algoflow_core::{
    market::{Bar, MarketData, Quote, Trade},
    time::Timestamp,
};

use crate::series::{Record, Series};

/// A position in bars.
pub type BarCursor = Cursor<Bar>;
/// A position in trades.
pub type TradeCursor = Cursor<Trade>;
/// A position in quotes.
pub type QuoteCursor = Cursor<Quote>;

/// A position in a shared series: an iterator that can be asked for the time of its next record.
#[derive(Clone, Debug)]
pub struct Cursor<E: Record> {
    series: Arc<Series<E>>,
    at: usize,
    end: usize,
    /// The rank of the records among data of one time.
    rank: (u8, i64),
}

impl<E: Record> Cursor<E> {
    /// A cursor over the whole series.
    #[must_use]
    pub fn new(series: Arc<Series<E>>) -> Self {
        Self::over(0..series.len(), series)
    }

    /// A cursor over the records of `range` (cut to what there is). Nothing is copied.
    #[must_use]
    pub fn range(series: Arc<Series<E>>, range: impl RangeBounds<usize>) -> Self {
        Self::over(series.clamp(range), series)
    }

    /// A cursor over the records that could be known from `from` to before `to`.
    #[must_use]
    pub fn between(series: Arc<Series<E>>, from: Timestamp, to: Timestamp) -> Self {
        Self::over(series.indices_between(from, to), series)
    }

    fn over(range: Range<usize>, series: Arc<Series<E>>) -> Self {
        Self { at: range.start, end: range.end, rank: E::rank(series.header().tag), series }
    }

    /// The time and rank of the next record; `None` at the end.
    #[inline]
    pub(crate) fn head(&self) -> Option<(Timestamp, (u8, i64))> {
        self.peek_ts().map(|time| (time, self.rank))
    }

    /// The series.
    #[must_use]
    pub fn series(&self) -> &Arc<Series<E>> {
        &self.series
    }

    /// The index in the series of the next record.
    #[must_use]
    #[inline]
    pub fn index(&self) -> usize {
        self.at
    }

    /// When the next record could be known; `None` at the end.
    #[must_use]
    #[inline]
    pub fn peek_ts(&self) -> Option<Timestamp> {
        if self.at < self.end { self.series.recv_at(self.at) } else { None }
    }

    /// Puts the next record into `slot` and steps on, if it could be known before `time`. False, with `slot` as it
    /// was, otherwise.
    #[inline]
    pub(crate) fn take_before(&mut self, time: Timestamp, slot: &mut Option<MarketData>) -> bool {
        if self.at >= self.end {
            return false;
        }
        let Some(record) = self.series.get(self.at) else { return false };
        if record.ts_recv() >= time {
            return false;
        }
        self.at += 1;
        put(record, slot);
        true
    }

    /// Puts the next record into `slot` without stepping on, if it could be known before `time`.
    pub(crate) fn lay_out(&self, time: Timestamp, slot: &mut Option<MarketData>) -> bool {
        let next = if self.at < self.end { self.series.get(self.at) } else { None };
        match next {
            Some(record) if record.ts_recv() < time => {
                put(record, slot);
                true
            }
            _ => false,
        }
    }

    /// Writes the next record over `place`, an earlier record of this series, steps on and hands it to `take`, again and again, as
    /// long as `take` says so and the records could be known before `time`.
    #[inline(always)]
    pub(crate) fn take_over(
        &mut self,
        time: Timestamp,
        place: &mut E,
        mut take: impl FnMut(&E) -> ControlFlow<()>,
    ) {
        let rows = self.series.rows().get(self.at..self.end).unwrap_or_default();
        let mut at = self.at;
        for row in rows {
            let recv = self.series.recv_of(at, row);
            if recv >= time {
                break;
            }
            at += 1;
            place.set_row(row, recv);
            if take(place).is_break() {
                break;
            }
        }
        self.at = at;
    }

    /// Puts the next record into `slot` and steps on. False, with `slot` as it was, at the end.
    pub(crate) fn take_into(&mut self, slot: &mut Option<MarketData>) -> bool {
        match self.next() {
            Some(record) => {
                put(record, slot);
                true
            }
            None => false,
        }
    }
}

#[inline]
fn put<E: Record>(record: E, slot: &mut Option<MarketData>) {
    // A record over one of its kind needs no destructor and is written in place.
    match slot.as_mut().and_then(E::in_event) {
        Some(place) => *place = record,
        None => *slot = Some(record.into()),
    }
}

impl<E: Record> Iterator for Cursor<E> {
    type Item = E;

    #[inline]
    fn next(&mut self) -> Option<E> {
        if self.at >= self.end {
            return None;
        }
        let record = self.series.get(self.at);
        self.at += 1;
        record
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.at, Some(self.end - self.at))
    }
}
impl<E: Record> ExactSizeIterator for Cursor<E> {}
impl<E: Record> FusedIterator for Cursor<E> {}
