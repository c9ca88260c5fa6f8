//! Several feeds as one stream, in one order that is the same everywhere.

use std::{collections::VecDeque, ops::ControlFlow};

use algoflow_core::{market::MarketData, time::Timestamp};

use crate::{
    error::DataError,
    feed::Feed,
    source::DataSource,
    visitor::{Each, Visitor},
};

/// What a feed's next record is ordered by: time, rank, and the place of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    time: i64,
    rank: u8,
    length: i64,
    feed: usize,
}

impl Key {
    const FIRST: Self = Self { time: i64::MIN, rank: 0, length: i64::MIN, feed: 0 };
    const LAST: Self = Self { time: i64::MAX, rank: u8::MAX, length: i64::MAX, feed: usize::MAX };

    #[inline]
    fn new(time: Timestamp, (rank, length): (u8, i64), feed: usize) -> Self {
        Self { time: time.nanos(), rank, length, feed }
    }
}

/// Joins feeds by (`ts_recv`, [`MarketData::rank`], place of the feed, place in the feed).
///
/// A feed whose time runs backwards is refused with [`DataError::SourceBackwards`].
///
/// ```
/// # use algoflow_core::{bar_spec::BarSpec, market::Bar, number::Price, time::{TimeDelta, Timestamp}};
/// # use algoflow_data::{BarSeries, DataError, Merge};
/// # fn bars(id: &str, step: i64) -> BarSeries {
/// #     let (instrument, spec) = (id.parse().unwrap(), BarSpec::minutes(step));
/// #     BarSeries::from_bars((0..3).map(|i| {
/// #         let (open, step) = (Timestamp::EPOCH, TimeDelta::minutes(step));
/// #         let ts_open = Timestamp::from_nanos(open.nanos() + i * step.nanos());
/// #         let ts_close = ts_open.saturating_add(step);
/// #         Bar { instrument, spec, ts_open, ts_close, ts_recv: ts_close, open: Price::ONE, high: Price::ONE,
/// #               low: Price::ONE, close: Price::ONE, volume: Default::default() }
/// #     })).unwrap()
/// # }
/// let (minutes, fives) = (bars("A.X", 1), bars("B.X", 5));
/// let mut merge = Merge::new([fives.into(), minutes.into()]);
/// let mut seen = Vec::new();
/// while let Some(symbol) = merge.next_event(|event| event.instrument().symbol())? {
///     seen.push(symbol);
/// }
/// assert_eq!(seen, ["A", "A", "A", "B", "B", "B"]);
/// # Ok::<(), DataError>(())
/// ```
#[derive(Debug)]
pub struct Merge {
    feeds: Vec<Feed>,
    /// The feed that delivers.
    active: usize,
    /// It delivers as long as its next key is below this, the smallest key of the others.
    bound: Key,
    /// The keys of the others in ascending order, without feeds at their end and those not asked yet. Feeds of one
    /// rhythm take turns, so a new key nearly always belongs at the back: cheaper than a heap.
    waiting: VecDeque<Key>,
    /// How many feeds have been asked for their head.
    started: usize,
    /// The record that is being visited; kept so that its place is reused.
    slot: Option<MarketData>,
}

impl Merge {
    /// Joins `feeds`; their order decides between equal keys.
    pub fn new(feeds: impl IntoIterator<Item = Feed>) -> Self {
        Self {
            feeds: feeds.into_iter().collect(),
            active: usize::MAX,
            bound: Key::FIRST,
            waiting: VecDeque::new(),
            started: 0,
            slot: None,
        }
    }

    /// Adds a feed behind the others. It joins at the next record.
    pub fn push(&mut self, feed: impl Into<Feed>) {
        self.feeds.push(feed.into());
        self.bound = Key::FIRST;
    }

    /// Makes the feed with the smallest key the active one. `None` when all are at their end.
    fn settle(&mut self) -> Result<Option<Timestamp>, DataError> {
        let mut best = match self.feeds.get_mut(self.active) {
            Some(feed) => feed.head(self.active)?.map(|(time, rank)| Key::new(time, rank, self.active)),
            None => None,
        };
        if let Some(key) = best
            && key < self.bound
        {
            return Ok(Some(Timestamp::from_nanos(key.time)));
        }
        while let Some(feed) = self.feeds.get_mut(self.started) {
            if let Some((time, rank)) = feed.head(self.started)? {
                self.wait(Key::new(time, rank, self.started));
            }
            self.started += 1;
        }
        if let Some(first) = self.waiting.front().copied()
            && best.is_none_or(|key| first < key)
        {
            self.waiting.pop_front();
            if let Some(key) = best.replace(first) {
                self.wait(key);
            }
        }
        self.active = best.map_or(usize::MAX, |key| key.feed);
        self.bound = self.waiting.front().copied().unwrap_or(Key::LAST);
        Ok(best.map(|key| Timestamp::from_nanos(key.time)))
    }

    #[inline]
    fn wait(&mut self, key: Key) {
        match self.waiting.back() {
            Some(last) if key < *last => {
                let place = self.waiting.partition_point(|other| *other < key);
                self.waiting.insert(place, key);
            }
            _ => self.waiting.push_back(key),
        }
    }

    /// When the next record could be known; `None` at the end.
    ///
    /// # Errors
    /// What a stream that has to read ahead reports.
    pub fn peek_ts(&mut self) -> Result<Option<Timestamp>, DataError> {
        self.settle()
    }

    /// Hands the next record to `visit` and returns what that returns; `None` at the end.
    ///
    /// This is the fast way: records of series are written to one place that is reused, and never moved.
    ///
    /// # Errors
    /// What a stream reports; [`DataError::SourceBackwards`] for one whose time runs backwards. The failed feed is
    /// over; calling again goes on with the others.
    #[inline]
    pub fn next_event<R>(&mut self, visit: impl FnOnce(&MarketData) -> R) -> Result<Option<R>, DataError> {
        // A record strictly before those of all other feeds needs no comparison of ranks.
        let before = Timestamp::from_nanos(self.bound.time);
        if let Some(feed) = self.feeds.get_mut(self.active)
            && feed.take_before(before, &mut self.slot)
        {
            return Ok(self.slot.as_ref().map(visit));
        }
        Ok(if self.take_settled()? { self.slot.as_ref().map(visit) } else { None })
    }

    /// Hands all records to `visit`, one by one, until it breaks or the end is reached (`None`).
    ///
    /// Does the same as calling [`next_event`](Self::next_event) in a loop and costs less. After a break, the next call goes
    /// on with the record that follows.
    ///
    /// # Errors
    /// As for [`next_event`](Self::next_event).
    #[inline]
    pub fn run<B>(
        &mut self,
        visit: impl FnMut(&MarketData) -> ControlFlow<B>,
    ) -> Result<Option<B>, DataError> {
        self.visit(&mut Each(visit))
    }

    /// Hands all records to `visitor` until it breaks or the end is reached (`None`). While one series delivers, the visitor
    /// gets its records as a [`Stretch`](crate::Stretch), which it can take in a loop of its own.
    ///
    /// # Errors
    /// As for [`next_event`](Self::next_event).
    #[inline]
    pub fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<Option<V::Break>, DataError> {
        loop {
            let before = Timestamp::from_nanos(self.bound.time);
            if let Some(feed) = self.feeds.get_mut(self.active)
                && let ControlFlow::Break(value) = feed.visit_before(before, &mut self.slot, visitor)
            {
                return Ok(Some(value));
            }
            if !self.take_settled()? {
                return Ok(None);
            }
            if let Some(event) = &self.slot
                && let ControlFlow::Break(value) = visitor.record(event)
            {
                return Ok(Some(value));
            }
        }
    }

    #[inline(never)]
    fn take_settled(&mut self) -> Result<bool, DataError> {
        Ok(self.settle()?.is_some()
            && self.feeds.get_mut(self.active).is_some_and(|feed| feed.take_into(&mut self.slot)))
    }
}

impl DataSource for Merge {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        self.next_event(MarketData::clone)
    }

    fn describe(&self) -> String {
        self.feeds.iter().map(Feed::describe).collect::<Vec<_>>().join(" + ")
    }
}
