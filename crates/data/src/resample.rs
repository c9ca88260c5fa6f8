//! Longer bars out of series and streams.

use std::collections::VecDeque;

use algoflow_core::{
    bar_spec::BarSpec,
    market::{Bar, MarketData, Trade},
    time::Timestamp,
};

use crate::{
    aggregate::BarAggregator,
    error::DataError,
    series::{BarSeries, Series, TradeSeries},
    source::DataSource,
};

impl Series<Bar> {
    /// The same prices as longer bars. A last bar that is not complete is left out.
    ///
    /// Each bar is received when it ends plus the delay of the series, even if its last part has no data. An interval
    /// without data makes no bar.
    ///
    /// # Errors
    /// [`DataError::Aggregate`] if bars of this series do not lie within bars of `spec`, or for a spec of ticks.
    pub fn resample(&self, spec: BarSpec) -> Result<BarSeries, DataError> {
        let mut aggregator = BarAggregator::new(self.instrument(), spec)?;
        let (mut out, mut result) = (BarSeries::new(self.instrument(), spec), Ok(()));
        let delay = self.header().recv_delay;
        for bar in self.iter() {
            let end = aggregator.forming().map(|forming| forming.ts_close);
            if let Some(end) = end
                && bar.ts_open >= end
                && let Some(ended) = aggregator.flush(end)
            {
                out.push(&Bar { ts_recv: ended.ts_close.saturating_add(delay), ..ended })?;
            }
            aggregator.on_bar(&bar, |bar| {
                if result.is_ok() {
                    result = out.push(&bar);
                }
            })?;
            std::mem::replace(&mut result, Ok(()))?;
        }
        if let Some(bar) = self.last().and_then(|last| aggregator.flush(last.ts_close)) {
            out.push(&bar)?;
        }
        Ok(out)
    }
}

impl Series<Trade> {
    /// The trades as bars. A last bar that is not complete is left out.
    ///
    /// # Errors
    /// [`DataError::Aggregate`] if a volume does not fit.
    pub fn to_bars(&self, spec: BarSpec) -> Result<BarSeries, DataError> {
        bars_of(self, spec)
    }
}

fn bars_of(trades: &TradeSeries, spec: BarSpec) -> Result<BarSeries, DataError> {
    let mut aggregator = BarAggregator::new(trades.instrument(), spec)?;
    let (mut out, mut result) = (BarSeries::new(trades.instrument(), spec), Ok(()));
    for trade in trades.iter() {
        aggregator.on_trade(&trade, |bar| {
            if result.is_ok() {
                result = out.push(&bar);
            }
        })?;
        std::mem::replace(&mut result, Ok(()))?;
    }
    if let Some(bar) = trades.last_ts().and_then(|last| aggregator.flush(last)) {
        out.push(&bar)?;
    }
    Ok(out)
}

/// A stream of bars made of the trades, quotes or bars of another stream.
///
/// Bars come out as [`BarAggregator`] says; the input itself does not. What is no trade, quote or bar is passed over.
#[derive(Debug)]
pub struct BarSource<S> {
    source: S,
    aggregator: BarAggregator,
    ready: VecDeque<Bar>,
    last: Timestamp,
    ended: bool,
}

impl<S: DataSource> BarSource<S> {
    /// Makes bars of what `source` delivers.
    pub fn new(source: S, aggregator: BarAggregator) -> Self {
        Self { source, aggregator, ready: VecDeque::new(), last: Timestamp::MIN, ended: false }
    }
}

impl<S: DataSource> DataSource for BarSource<S> {
    fn next(&mut self) -> Result<Option<MarketData>, DataError> {
        loop {
            if let Some(bar) = self.ready.pop_front() {
                return Ok(Some(bar.into()));
            }
            if self.ended {
                return Ok(None);
            }
            let Some(event) = self.source.next()? else {
                self.ended = true;
                self.ready.extend(self.aggregator.flush(self.last));
                continue;
            };
            self.last = self.last.max(event.ts_recv());
            let ready = &mut self.ready;
            let emit = |bar| ready.push_back(bar);
            match &event {
                MarketData::Trade(trade) => self.aggregator.on_trade(trade, emit)?,
                MarketData::Quote(quote) => self.aggregator.on_quote(quote, emit)?,
                MarketData::Bar(bar) => self.aggregator.on_bar(bar, emit)?,
                _ => {}
            }
        }
    }

    fn describe(&self) -> String {
        format!("{} bars of {}", self.aggregator.spec(), self.source.describe())
    }
}
