//! The loop: data to the venues, their reports to the engine, its commands back to them.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use algoflow_core::{
    command::Command,
    id::{Asset, InstrumentId},
    market::MarketData,
    number::Money,
    order::{OrderEvent, OrderEventKind},
    time::{TimeDelta, Timestamp},
};
use algoflow_data::{BarSeries, Feed, Merge, Stretch, Visitor, series::Record};
use algoflow_execution::{Engine, Quiet};
use algoflow_sim::{Calm, SimExchange, SimVenue};

use crate::{
    builder::{Parts, Progress},
    curve::Curve,
    error::BacktestError,
    fills::Fills,
    result::BacktestResult,
};

/// How many reports of venues are carried to the engine before time has to go on.
const MAX_REPORTS: usize = 100_000;

/// How many events lie between two calls of a progress callback.
const PROGRESS_EVERY: u64 = 1 << 16;

/// One order in so many events is what room is made for.
const EVENTS_PER_ORDER: u64 = 16;

/// And for at most so many.
const MAX_RESERVED: u64 = 1 << 17;

pub(crate) struct Driver {
    engine: Engine,
    venues: Vec<SimExchange>,
    configs: Vec<SimVenue>,
    /// From an instrument's slot to the index of its venue plus one; zero is none.
    venue_by_slot: Vec<u32>,
    commands: Vec<Command>,
    /// Data that the engine has not yet received, because a venue's feed is delayed.
    on_the_way: BTreeMap<(Timestamp, u64), MarketData>,
    /// The earliest of them; a plain field, since it is read for every event.
    next_arrival: Timestamp,
    recorder: Recorder,
    curve: Curve,
    feeds: Vec<Feed>,
    prices: Vec<Arc<BarSeries>>,
    reporting: Asset,
    seed: u64,
    progress: Option<Box<dyn FnMut(Progress) + Send>>,
    now: Timestamp,
    events: u64,
    /// How many there will be, if every feed knows.
    total: Option<u64>,
}

/// What is written down while the run goes on.
#[derive(Default)]
struct Recorder {
    fills: Fills,
    rejections: Vec<OrderEvent>,
}

impl Recorder {
    #[inline]
    fn report(&mut self, event: &OrderEvent) {
        match &event.kind {
            OrderEventKind::Filled(fill) => self.fills.push(fill),
            OrderEventKind::Rejected { .. } => self.rejections.push(event.clone()),
            _ => {}
        }
    }
}

/// The loop of [`Driver::glide`]: tells the strategy of at most `most` records while they are calm and it asks for nothing. How
/// many it was told, and whether a record came that is not calm, of which it was not told.
///
/// A function of its own, so that what each record needs stays in registers.
#[inline(never)]
fn glide_along<E: Record>(
    stretch: &mut Stretch<'_, E>,
    until: Timestamp,
    most: u64,
    now: &mut Timestamp,
    curve: &mut Curve,
    calm: &Calm,
    quiet: &mut Quiet<'_>,
) -> (u64, bool) {
    let (mut count, mut stir, mut time) = (0, false, *now);
    stretch.each_before(until, |data| {
        let at = Record::ts_recv(data);
        if at > time {
            if curve.is_due(at) {
                curve.take(time, quiet.equity_f64(), at);
            }
            time = at;
        }
        if !calm.holds(data.view()) {
            stir = true;
            return ControlFlow::Break(());
        }
        count += 1;
        if quiet.tell(data.view()) && count < most {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    *now = time;
    (count, stir)
}

/// The index of the venue of an instrument.
#[inline]
fn venue_in(by_slot: &[u32], id: InstrumentId) -> Option<usize> {
    (*by_slot.get(id.slot())? as usize).checked_sub(1)
}

/// How many records a feed still has, if it knows.
fn length(feed: &Feed) -> Option<u64> {
    match feed {
        Feed::Bars(cursor) => Some(cursor.len() as u64),
        Feed::Trades(cursor) => Some(cursor.len() as u64),
        Feed::Quotes(cursor) => Some(cursor.len() as u64),
        _ => None,
    }
}

impl Visitor for Driver {
    type Break = BacktestError;

    #[inline]
    fn record(&mut self, data: &MarketData) -> ControlFlow<BacktestError> {
        broken(self.step(data))
    }

    #[inline]
    fn stretch<E: Record>(&mut self, stretch: &mut Stretch<'_, E>) -> ControlFlow<BacktestError> {
        while let Some(data) = stretch.next() {
            broken(self.step(data))?;
            while broken(self.glide(stretch))? {}
        }
        ControlFlow::Continue(())
    }
}

/// An error ends the visit.
#[inline]
fn broken<T>(result: Result<T, BacktestError>) -> ControlFlow<BacktestError, T> {
    match result {
        Ok(value) => ControlFlow::Continue(value),
        Err(error) => ControlFlow::Break(error),
    }
}

impl Driver {
    pub(crate) fn new(engine: Engine, parts: Parts) -> Result<Self, BacktestError> {
        let mut venues = Vec::new();
        let mut venue_by_slot = Vec::new();
        for (index, venue) in parts.venues.iter().enumerate() {
            // Every venue draws from its own stream, so that adding one does not change the others.
            venues.push(venue.start(parts.seed.wrapping_add(index as u64))?);
            for instrument in venue.instruments() {
                let slot = instrument.id.slot();
                if venue_by_slot.len() <= slot {
                    venue_by_slot.resize(slot + 1, 0);
                }
                if let Some(entry) = venue_by_slot.get_mut(slot) {
                    *entry = u32::try_from(index + 1).unwrap_or(0);
                }
            }
        }
        Ok(Self {
            engine,
            venues,
            configs: parts.venues,
            venue_by_slot,
            commands: Vec::with_capacity(16),
            on_the_way: BTreeMap::new(),
            next_arrival: Timestamp::MAX,
            recorder: Recorder::default(),
            curve: Curve::new(parts.sample_every),
            feeds: parts.feeds,
            prices: parts.prices,
            reporting: parts.reporting,
            seed: parts.seed,
            progress: parts.progress,
            now: Timestamp::MIN,
            events: 0,
            total: None,
        })
    }

    pub(crate) fn run(mut self) -> Result<BacktestResult, BacktestError> {
        let feeds = std::mem::take(&mut self.feeds);
        let total = feeds.iter().try_fold(0u64, |sum, feed| Some(sum + length(feed)?));
        let mut merge = Merge::new(feeds);
        let initial =
            self.engine.portfolio().balances().map(|(_, asset, b)| (asset, b.total)).collect::<Vec<_>>();
        let start = merge.peek_ts()?.ok_or_else(|| BacktestError::Missing {
            what: "data",
            hint: "every feed is empty; check the files and the range",
        })?;
        self.now = start;
        self.engine.start(start, &mut self.commands)?;
        self.pump()?;
        self.curve.reserve(total.unwrap_or(0));
        // Where memory is handed out as it is touched, room that is not used costs nothing.
        let orders = total.map_or(0, |total| total / EVENTS_PER_ORDER).min(MAX_RESERVED);
        let orders = usize::try_from(orders).unwrap_or(0);
        self.engine.reserve_orders(orders);
        self.recorder.fills.reserve(orders);
        self.total = total;
        if let Some(error) = merge.visit(&mut self)? {
            return Err(error);
        }
        // What was due by the end of the data still happens; what is due later never does.
        self.run_alarms(self.now.saturating_add(TimeDelta::from_nanos(1)))?;
        self.engine.stop(self.now, &mut self.commands)?;
        self.pump()?;
        self.tell_progress();
        self.finish(start, initial)
    }

    #[inline]
    fn count(&mut self) {
        self.events += 1;
        if self.events.is_multiple_of(PROGRESS_EVERY) {
            self.tell_progress();
        }
    }

    #[cold]
    fn tell_progress(&mut self) {
        let (events, now, total) = (self.events, self.now, self.total);
        if let Some(progress) = &mut self.progress {
            progress(Progress { events, total, now });
        }
    }

    #[inline]
    fn step(&mut self, data: &MarketData) -> Result<(), BacktestError> {
        let (id, at) = match data {
            MarketData::Bar(bar) => (bar.instrument, bar.ts_recv),
            MarketData::Trade(trade) => (trade.instrument, trade.ts_recv),
            other => (other.instrument(), other.ts_recv()),
        };
        if at > self.now {
            if self.next_alarm() < at {
                self.run_alarms(at)?;
            }
            if self.events > 0 && self.curve.is_due(at) {
                self.curve.take(self.now, self.engine.equity_f64(), at);
            }
            self.now = at;
        }
        if self.events == 0 {
            self.first_point(data);
        }
        self.count();
        let venue = self.venue_of(id).ok_or_else(|| BacktestError::NoVenue { instrument: id })?;
        self.pass_on(venue, data)
    }

    /// Hands data to the venue, to the engine once it can know them, and carries what they cause.
    #[inline]
    fn pass_on(&mut self, venue: usize, data: &MarketData) -> Result<(), BacktestError> {
        let Some(exchange) = self.venues.get_mut(venue) else { return Ok(()) };
        let delay = exchange.feed_latency();
        if exchange.on_market(data)? {
            self.pump()?;
        }
        if delay == TimeDelta::ZERO {
            self.engine.market(data, &mut self.commands)?;
        } else {
            self.delay(data, data.ts_recv().saturating_add(delay));
        }
        if !self.commands.is_empty() {
            self.pump()?;
        }
        Ok(())
    }

    /// Goes on with the records behind the one that was stepped through last as long as only one strategy has anything to
    /// do about them: the way of nearly every record. True if it did; what it leaves needs a step of its own.
    #[inline]
    fn glide<E: Record>(&mut self, stretch: &mut Stretch<'_, E>) -> Result<bool, BacktestError> {
        // What is due at a time comes before the data of later times.
        let until = self.next_alarm().saturating_add(TimeDelta::from_nanos(1));
        let Some(data) = stretch.last() else { return Ok(false) };
        let Some(venue) = self.venue_of(data.instrument()) else { return Ok(false) };
        let Some(exchange) = self.venues.get_mut(venue) else { return Ok(false) };
        if exchange.feed_latency() != TimeDelta::ZERO {
            return Ok(false);
        }
        let Some(calm) = exchange.calm(data) else { return Ok(false) };
        let Some(mut quiet) = self.engine.quiet(data) else { return Ok(false) };
        // As many as there may be before the next call of a progress callback.
        let most = PROGRESS_EVERY - self.events % PROGRESS_EVERY;
        let (count, stir) =
            glide_along(stretch, until, most, &mut self.now, &mut self.curve, &calm, &mut quiet);
        let (glided, told) = (count > 0, quiet.end());
        self.events += count;
        if stir {
            self.count();
            if let Some(data) = stretch.last() {
                self.pass_on(venue, data)?;
            }
            return Ok(true);
        }
        if glided && let Some(data) = stretch.last() {
            exchange.on_market(data)?;
            let now = self.now;
            let report = self.engine.rouse_at_once(told, &mut self.commands, |order, spec| {
                exchange.fill_at_once(order, spec, now).map_err(BacktestError::from)
            })?;
            if let Some(report) = report {
                self.recorder.report(report);
            }
            if self.events.is_multiple_of(PROGRESS_EVERY) {
                self.tell_progress();
            }
            if !self.commands.is_empty() {
                self.pump()?;
            }
        }
        Ok(glided)
    }

    /// The curve starts with what was paid in, at the start of the first bar.
    fn first_point(&mut self, data: &MarketData) {
        let at = match data {
            MarketData::Bar(bar) => bar.ts_open,
            other => other.ts_recv(),
        };
        self.curve.begin(at, self.engine.equity_f64());
    }

    #[cold]
    fn delay(&mut self, data: &MarketData, until: Timestamp) {
        let mut data = data.clone();
        data.set_ts_recv(until);
        self.on_the_way.insert((until, self.events), data);
        self.next_arrival = self.next_arrival.min(until);
    }

    #[inline]
    fn venue_of(&self, id: InstrumentId) -> Option<usize> {
        venue_in(&self.venue_by_slot, id)
    }

    #[inline]
    fn next_alarm(&self) -> Timestamp {
        let mut next = self.engine.next_wakeup().min(self.next_arrival);
        for venue in &self.venues {
            next = next.min(venue.next_wakeup());
        }
        next
    }

    /// Everything that is due before `until`: reports and delayed commands, then delayed data, then timers.
    fn run_alarms(&mut self, until: Timestamp) -> Result<(), BacktestError> {
        loop {
            let at = self.next_alarm();
            if at >= until {
                return Ok(());
            }
            self.now = self.now.max(at);
            for venue in &mut self.venues {
                if venue.next_wakeup() <= at {
                    venue.advance(at)?;
                }
            }
            self.pump()?;
            while let Some(entry) = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= at) {
                let data = entry.remove();
                self.next_arrival =
                    self.on_the_way.first_key_value().map_or(Timestamp::MAX, |((at, _), _)| *at);
                self.engine.market(&data, &mut self.commands)?;
                self.pump()?;
            }
            if self.engine.next_wakeup() <= at {
                self.engine.time(at, &mut self.commands)?;
                self.pump()?;
            }
        }
    }

    /// Carries commands to the venues and reports to the engine until both are silent.
    fn pump(&mut self) -> Result<(), BacktestError> {
        let mut reports = 0;
        loop {
            for command in &self.commands {
                let venue = venue_in(&self.venue_by_slot, command.instrument());
                if let Some(venue) = venue.and_then(|index| self.venues.get_mut(index)) {
                    venue.execute(command, self.now)?;
                }
            }
            self.commands.clear();
            let mut is_silent = true;
            for venue in &mut self.venues {
                if let Some(report) = venue.poll()? {
                    reports += 1;
                    self.engine.order(report, &mut self.commands)?;
                    self.recorder.report(report);
                    is_silent = false;
                    break;
                }
            }
            if is_silent && self.commands.is_empty() {
                return Ok(());
            }
            if reports > MAX_REPORTS {
                return Err(BacktestError::ReportStorm { at: self.now, limit: MAX_REPORTS });
            }
        }
    }

    fn finish(
        mut self,
        start: Timestamp,
        initial: Vec<(Asset, algoflow_core::Decimal)>,
    ) -> Result<BacktestResult, BacktestError> {
        let curve = self.curve.finish(self.now, self.engine.equity_f64());
        let journal = self.engine.take_journal();
        let risk_events = self.engine.risk_events().cloned().collect();
        let (state, halts, denials) = self.engine.into_state();
        let equity = state.portfolio.equity().ok().map(|amount| Money::new(amount, self.reporting));
        Ok(BacktestResult {
            start,
            end: self.now,
            events: self.events,
            seed: self.seed,
            reporting: self.reporting,
            initial: initial.into_iter().map(|(asset, amount)| Money::new(amount, asset)).collect(),
            final_equity: equity,
            equity: curve,
            fills: self.recorder.fills,
            rejections: self.recorder.rejections,
            denials,
            halts,
            risk_events,
            orders: state.orders,
            instruments: state.instruments.iter().map(|known| known.spec.clone()).collect(),
            strategies: state.strategies,
            recorded: state.recorded,
            portfolio: state.portfolio,
            venues: self.configs,
            prices: self.prices,
            journal,
        })
    }
}
