//! What a merge joins: cursors over series, or streams.

use std::{fmt, ops::ControlFlow, sync::Arc};

use algoflow_core::{
    market::{Bar, MarketData, Quote, Trade},
    time::Timestamp,
};

use crate::{
    cursor::{BarCursor, Cursor, QuoteCursor, TradeCursor},
    error::DataError,
    series::{Record, Series},
    source::DataSource,
    visitor::{Stretch, Visitor},
};

/// One input of a [`Merge`](crate::Merge): made with `into()` from a series, a cursor or any [`DataSource`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Feed {
    /// Bars in memory.
    Bars(BarCursor),
    /// Trades in memory.
    Trades(TradeCursor),
    /// Quotes in memory.
    Quotes(QuoteCursor),
    /// A stream.
    Source(Box<SourceFeed>),
}

/// The time and the rank of a record.
pub(crate) type Head = (Timestamp, (u8, i64));

/// A stream with its next record read ahead.
pub struct SourceFeed {
    source: Box<dyn DataSource>,
    head: Option<MarketData>,
    last: Timestamp,
    ended: bool,
}

impl fmt::Debug for SourceFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFeed")
            .field("source", &self.source.describe())
            .field("head", &self.head)
            .field("last", &self.last)
            .field("ended", &self.ended)
            .finish()
    }
}

impl SourceFeed {
    fn new(source: Box<dyn DataSource>) -> Self {
        Self { source, head: None, last: Timestamp::MIN, ended: false }
    }

    /// Reads ahead if nothing is read ahead. `index` is the feed's place in the merge, for messages.
    fn fill(&mut self, index: usize) -> Result<Option<&MarketData>, DataError> {
        if self.head.is_none() && !self.ended {
            match self.source.next() {
                Ok(Some(next)) => {
                    let time = next.ts_recv();
                    if time < self.last {
                        self.ended = true;
                        return Err(DataError::SourceBackwards {
                            source_index: index,
                            describe: self.source.describe(),
                            previous: self.last,
                            next: time,
                        });
                    }
                    self.last = time;
                    self.head = Some(next);
                }
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(self.head.as_ref())
    }
}

impl Feed {
    /// The time and rank of the next record; `None` at the end. Streams read ahead for it.
    #[inline]
    pub(crate) fn head(&mut self, index: usize) -> Result<Option<Head>, DataError> {
        Ok(match self {
            Self::Bars(cursor) => cursor.head(),
            Self::Trades(cursor) => cursor.head(),
            Self::Quotes(cursor) => cursor.head(),
            Self::Source(stream) => stream.fill(index)?.map(|next| (next.ts_recv(), next.rank())),
        })
    }

    /// Puts the next record of a series into `slot` if it could be known before `time`. A stream never does.
    #[inline]
    pub(crate) fn take_before(&mut self, time: Timestamp, slot: &mut Option<MarketData>) -> bool {
        match self {
            Self::Bars(cursor) => cursor.take_before(time, slot),
            Self::Trades(cursor) => cursor.take_before(time, slot),
            Self::Quotes(cursor) => cursor.take_before(time, slot),
            Self::Source(_) => false,
        }
    }

    /// Lets `visitor` take the records of a series that could be known before `time`. Does nothing for a stream.
    #[inline]
    pub(crate) fn visit_before<V: Visitor>(
        &mut self,
        time: Timestamp,
        slot: &mut Option<MarketData>,
        visitor: &mut V,
    ) -> ControlFlow<V::Break> {
        match self {
            Self::Bars(cursor) => give(cursor, time, slot, visitor),
            Self::Trades(cursor) => give(cursor, time, slot, visitor),
            Self::Quotes(cursor) => give(cursor, time, slot, visitor),
            Self::Source(_) => ControlFlow::Continue(()),
        }
    }

    /// Puts the next record into `slot`. False at the end; a stream must have been asked for its `head` before.
    pub(crate) fn take_into(&mut self, slot: &mut Option<MarketData>) -> bool {
        match self {
            Self::Bars(cursor) => cursor.take_into(slot),
            Self::Trades(cursor) => cursor.take_into(slot),
            Self::Quotes(cursor) => cursor.take_into(slot),
            Self::Source(stream) => match stream.head.take() {
                Some(next) => {
                    *slot = Some(next);
                    true
                }
                None => false,
            },
        }
    }

    /// What this is, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Bars(cursor) => cursor.series().header().to_string(),
            Self::Trades(cursor) => cursor.series().header().to_string(),
            Self::Quotes(cursor) => cursor.series().header().to_string(),
            Self::Source(stream) => stream.source.describe(),
        }
    }
}

/// Gives the records of a series before `time` to a visitor.
#[inline]
fn give<E: Record, V: Visitor>(
    cursor: &mut Cursor<E>,
    time: Timestamp,
    slot: &mut Option<MarketData>,
    visitor: &mut V,
) -> ControlFlow<V::Break> {
    let Some(mut stretch) = Stretch::new(cursor, time, slot) else { return ControlFlow::Continue(()) };
    visitor.stretch(&mut stretch)?;
    while let Some(data) = stretch.next() {
        visitor.record(data)?;
    }
    ControlFlow::Continue(())
}

macro_rules! from_series {
    ($($variant:ident($record:ty)),*) => {$(
        impl From<Cursor<$record>> for Feed {
            fn from(cursor: Cursor<$record>) -> Self {
                Self::$variant(cursor)
            }
        }
        impl From<Arc<Series<$record>>> for Feed {
            fn from(series: Arc<Series<$record>>) -> Self {
                Self::$variant(Cursor::new(series))
            }
        }
        impl From<&Arc<Series<$record>>> for Feed {
            fn from(series: &Arc<Series<$record>>) -> Self {
                Self::$variant(Cursor::new(Arc::clone(series)))
            }
        }
        impl From<Series<$record>> for Feed {
            fn from(series: Series<$record>) -> Self {
                Self::$variant(Cursor::new(Arc::new(series)))
            }
        }
    )*};
}
from_series!(Bars(Bar), Trades(Trade), Quotes(Quote));

impl<S: DataSource + 'static> From<S> for Feed {
    fn from(source: S) -> Self {
        Self::Source(Box::new(SourceFeed::new(Box::new(source))))
    }
}
