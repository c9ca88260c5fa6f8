//! Records of one kind, in memory or still in a catalog.

use std::{path::PathBuf, sync::Arc};

use algoflow_core::{
    bar_spec::BarSpec,
    id::InstrumentId,
    market::{CorporateAction, Depth, MarketData},
    time::Timestamp,
};
use algoflow_data::{
    BarSeries, Catalog, Cursor, DataError, EventSource, Feed, QuoteSeries, Series, TradeSeries,
    series::Record,
};

/// Records of one instrument and kind.
#[derive(Clone, Debug)]
pub(crate) enum Records {
    Bars(Arc<BarSeries>),
    Trades(Arc<TradeSeries>),
    Quotes(Arc<QuoteSeries>),
    Depth(Vec<Depth>),
    Actions(Vec<CorporateAction>),
    /// Ticks of a catalog, which are read while the run goes on.
    Stored {
        catalog: PathBuf,
        instrument: InstrumentId,
        kind: algoflow_data::DataKind,
    },
}

impl Records {
    /// How many there are, if that is known before they are read.
    pub(crate) fn len(&self) -> Option<u64> {
        Some(match self {
            Self::Bars(series) => series.len() as u64,
            Self::Trades(series) => series.len() as u64,
            Self::Quotes(series) => series.len() as u64,
            Self::Depth(all) => all.len() as u64,
            Self::Actions(all) => all.len() as u64,
            Self::Stored { .. } => return None,
        })
    }

    /// When the first one began, or could be known.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        match self {
            Self::Bars(series) => series.first().map(|bar| bar.ts_open),
            Self::Trades(series) => series.first_ts(),
            Self::Quotes(series) => series.first_ts(),
            Self::Depth(all) => all.first().map(|depth| depth.ts_recv),
            Self::Actions(all) => all.first().map(|action| action.ts_recv),
            Self::Stored { .. } => None,
        }
    }

    /// When the last one could be known.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        match self {
            Self::Bars(series) => series.last_ts(),
            Self::Trades(series) => series.last_ts(),
            Self::Quotes(series) => series.last_ts(),
            Self::Depth(all) => all.last().map(|depth| depth.ts_recv),
            Self::Actions(all) => all.last().map(|action| action.ts_recv),
            Self::Stored { .. } => None,
        }
    }

    /// What the bars cover.
    pub(crate) fn spec(&self) -> Option<BarSpec> {
        self.bars().map(|series| series.spec())
    }

    /// The bars, if that is what they are.
    pub(crate) fn bars(&self) -> Option<&Arc<BarSeries>> {
        match self {
            Self::Bars(series) => Some(series),
            _ => None,
        }
    }

    /// Appends records that follow in time.
    pub(crate) fn append(&mut self, later: Self) -> Result<(), DataError> {
        match (self, later) {
            (Self::Bars(series), Self::Bars(later)) => join(series, &later),
            (Self::Trades(series), Self::Trades(later)) => join(series, &later),
            (Self::Quotes(series), Self::Quotes(later)) => join(series, &later),
            (Self::Depth(all), Self::Depth(later)) => {
                extend(all, later, |depth| (depth.instrument, depth.ts_recv))
            }
            (Self::Actions(all), Self::Actions(later)) => {
                extend(all, later, |action| (action.instrument, action.ts_recv))
            }
            // The files of a section are read with one request, so they are of one kind.
            _ => Ok(()),
        }
    }

    /// A feed of the records that could be known from `from` to before `to`, and how many there are, if that is known.
    pub(crate) fn feed(
        &self,
        source: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(Option<u64>, Feed), DataError> {
        let counted =
            |events: Vec<MarketData>| (Some(events.len() as u64), EventSource::new(source, events).into());
        let inside = |time: Timestamp| from <= time && time < to;
        Ok(match self {
            Self::Bars(series) => between(series, from, to),
            Self::Trades(series) => between(series, from, to),
            Self::Quotes(series) => between(series, from, to),
            Self::Depth(all) => counted(
                all.iter().filter(|depth| inside(depth.ts_recv)).map(|depth| depth.clone().into()).collect(),
            ),
            Self::Actions(all) => {
                counted(all.iter().filter(|one| inside(one.ts_recv)).map(|one| (*one).into()).collect())
            }
            Self::Stored { catalog, instrument, kind } => {
                (None, Catalog::open(catalog)?.range(*instrument, *kind, from, to)?.into())
            }
        })
    }
}

fn join<E: Record>(series: &mut Arc<Series<E>>, later: &Series<E>) -> Result<(), DataError> {
    let series = Arc::make_mut(series);
    series.reserve(later.len());
    later.iter().try_for_each(|record| series.push(&record))
}

fn extend<T>(
    all: &mut Vec<T>,
    later: Vec<T>,
    of: impl Fn(&T) -> (InstrumentId, Timestamp),
) -> Result<(), DataError> {
    if let (Some(last), Some(next)) = (all.last(), later.first()) {
        let ((_, previous), (instrument, next)) = (of(last), of(next));
        if next < previous {
            return Err(DataError::OutOfOrder { instrument, previous, next });
        }
    }
    all.extend(later);
    Ok(())
}

fn between<E: Record>(series: &Arc<Series<E>>, from: Timestamp, to: Timestamp) -> (Option<u64>, Feed)
where
    Cursor<E>: Into<Feed>,
{
    let cursor = Cursor::between(Arc::clone(series), from, to);
    (Some(cursor.len() as u64), cursor.into())
}
