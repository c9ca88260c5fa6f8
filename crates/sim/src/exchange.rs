mod arrival;

use std::collections::VecDeque;

use algoflow_core::{
    capabilities::Capabilities,
    command::Command,
    id::{InstrumentId, OrderId, VenueId},
    instrument::Instrument,
    market::{Bar, CorporateActionKind, InstrumentStatus, MarketData, Quote, Trade, TradingStatus},
    number::{Price, Quantity, Rounding},
    order::{CancelReason, OrderEvent, OrderEventKind, OrderSpec},
    time::{TimeDelta, Timestamp},
};
use rust_decimal::Decimal;

use crate::{
    SimConfig, SimError,
    book::{Book, Calm, Source},
    desk::{Desk, Tick},
};

/// The data that are being worked through, step by step.
#[derive(Clone, Copy, Debug)]
enum Active {
    Nothing,
    Bar(usize),
    Tick(usize, Tick),
}

/// An order that is open at the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Its identity.
    pub id: OrderId,
    /// What was asked for, with amendments applied and a quote amount replaced once it is known in the base.
    pub spec: OrderSpec,
    /// How much has filled, in units of the base.
    pub filled: Quantity,
    /// Whether its trigger was reached.
    pub triggered: bool,
}

/// A simulated venue that runs.
///
/// The driver owns time and calls it in one order, with times that never fall:
///
/// 1. [`SimExchange::advance`] while [`SimExchange::next_wakeup`] lies before the next data,
/// 2. [`SimExchange::on_market`] with the data,
/// 3. after each of these, and after each [`SimExchange::execute`], [`SimExchange::poll`] until it gives `None`,
///    handing each report to the engine and the engine's commands to [`SimExchange::execute`] before the next poll.
///
/// A bar is worked through while the driver polls, so that a command which answers a report from inside the bar acts
/// where the path of the price then stands ([`crate::policy`], B5). Every report from inside a bar carries the time at
/// which the bar was received.
#[derive(Clone, Debug)]
pub struct SimExchange {
    wakeup: Timestamp,
    /// Until when nothing is due: `wakeup`, or the beginning of time while data are being worked through.
    horizon: Timestamp,
    active: Active,
    /// For each slot of an instrument id the place of its book; [`u32::MAX`] is none.
    table: Vec<u32>,
    books: Vec<Book>,
    desk: Desk,
    /// The report that was polled last: it stays here while it is read.
    told: Option<OrderEvent>,
    /// Commands on their way, with the time of their arrival.
    commands: VecDeque<(Timestamp, Command)>,
    entry: TimeDelta,
    feed: TimeDelta,
    id: VenueId,
}

impl SimExchange {
    pub(crate) fn new(
        id: VenueId,
        instruments: &[Instrument],
        capabilities: Capabilities,
        config: &SimConfig,
        seed: u64,
    ) -> Result<Self, SimError> {
        let mut table = Vec::new();
        for (place, instrument) in (0..).zip(instruments) {
            let slot = instrument.id.slot();
            if table.len() <= slot {
                table.resize(slot + 1, u32::MAX);
            }
            if let Some(entry) = table.get_mut(slot) {
                *entry = place;
            }
        }
        Ok(Self {
            wakeup: Timestamp::MAX,
            horizon: Timestamp::MAX,
            active: Active::Nothing,
            table,
            books: instruments.iter().cloned().map(Book::new).collect(),
            desk: Desk::new(capabilities, config, seed)?,
            told: None,
            commands: VecDeque::with_capacity(64),
            entry: config.latency.entry,
            feed: config.latency.feed,
            id,
        })
    }

    /// The venue's name.
    #[must_use]
    pub const fn id(&self) -> VenueId {
        self.id
    }

    /// How long market data travel to the engine: the driver delays them by this.
    #[must_use]
    pub const fn feed_latency(&self) -> TimeDelta {
        self.feed
    }

    /// The earliest time at which [`SimExchange::advance`] would do something: a command arrives, a report becomes
    /// due, an order expires. [`Timestamp::MAX`] if nothing is under way.
    #[must_use]
    #[inline]
    pub const fn next_wakeup(&self) -> Timestamp {
        self.wakeup
    }

    /// The orders that are open, by instrument and arrival.
    pub fn open_orders(&self) -> impl Iterator<Item = OpenOrder> {
        self.books.iter().flat_map(|book| book.orders.iter()).map(|order| OpenOrder {
            id: order.id,
            spec: order.spec,
            filled: order.filled(),
            triggered: order.triggered,
        })
    }

    /// The venue sees new data, at their `ts_recv`.
    ///
    /// What is due before that time happens first. Reports come from [`SimExchange::poll`]; false if there are none, so
    /// that polling may be left out.
    ///
    /// # Errors
    /// [`SimError::UnknownInstrument`], [`SimError::TimeReversed`], [`SimError::Data`] for a bar that makes no sense
    /// (checked while orders wait for it), [`SimError::Number`] if a number does not fit.
    #[inline]
    pub fn on_market(&mut self, data: &MarketData) -> Result<bool, SimError> {
        // Data through which all orders of the instrument sleep only change the last price: the path that most of a
        // backtest takes.
        match data {
            MarketData::Bar(bar) => {
                if let Some(book) = self.glance(bar.instrument, bar.ts_recv)
                    && book.market.counts(bar.spec)
                    && book.orders.sleep_lightly(bar.low, bar.high)
                {
                    book.market.print(bar.close, bar.volume, bar.ts_recv);
                    self.desk.now = bar.ts_recv;
                    return Ok(false);
                }
            }
            MarketData::Trade(trade) => {
                if let Some(book) = self.glance(trade.instrument, trade.ts_recv)
                    && book.market.traded
                    && book.orders.sleep_lightly(trade.price, trade.price)
                {
                    book.market.print(trade.price, trade.quantity, trade.ts_recv);
                    self.desk.now = trade.ts_recv;
                    return Ok(false);
                }
            }
            MarketData::Quote(quote) => {
                if let Some(book) = self.glance(quote.instrument, quote.ts_recv)
                    && book.market.quoted
                    && book.orders.sleep_lightly(quote.bid, quote.ask)
                {
                    book.market.quote(quote);
                    self.desk.now = quote.ts_recv;
                    return Ok(false);
                }
            }
            _ => {}
        }
        self.look(data)?;
        Ok(true)
    }

    /// The prices between which nothing happens here as long as bars or trades like `data` come, if it can be said: no
    /// report or data are being worked through, and every order of the instrument waits for a price.
    ///
    /// While it holds, and up to [`next_wakeup`](Self::next_wakeup), only the last of the data has to be handed to
    /// [`on_market`](Self::on_market).
    #[must_use]
    #[inline]
    pub fn calm(&self, data: &MarketData) -> Option<Calm> {
        if !self.is_idle() || !self.desk.reports.is_empty() {
            return None;
        }
        let book = self.books.get(*self.table.get(data.instrument().slot())? as usize)?;
        let counts = match data {
            MarketData::Bar(bar) => book.market.counts(bar.spec),
            // After another price a quote shows its whole size again (Q3), so no quote may be left out.
            MarketData::Trade(_) => book.market.traded,
            _ => false,
        };
        if counts { book.orders.calm() } else { None }
    }

    /// The book of an instrument, if nothing else is due by `time`.
    #[inline]
    fn glance(&mut self, instrument: InstrumentId, time: Timestamp) -> Option<&mut Book> {
        if time < self.desk.now || time > self.horizon {
            return None;
        }
        // The place of no book is beyond all books.
        let place = *self.table.get(instrument.slot())?;
        self.books.get_mut(place as usize)
    }

    /// Takes in data through which all orders of the instrument sleep. False, with nothing changed, if they do not.
    fn doze(&mut self, data: &MarketData) -> bool {
        match data {
            MarketData::Bar(bar) => match self.glance(bar.instrument, bar.ts_recv) {
                Some(Book { market, orders, .. })
                    if market.counts(bar.spec) && orders.sleep_through(bar.low, bar.high) =>
                {
                    market.print(bar.close, bar.volume, bar.ts_recv);
                }
                _ => return false,
            },
            MarketData::Trade(trade) => match self.glance(trade.instrument, trade.ts_recv) {
                Some(Book { market, orders, .. })
                    if market.traded && orders.sleep_through(trade.price, trade.price) =>
                {
                    market.print(trade.price, trade.quantity, trade.ts_recv);
                }
                _ => return false,
            },
            MarketData::Quote(quote) => match self.glance(quote.instrument, quote.ts_recv) {
                Some(Book { market, orders, .. })
                    if market.quoted && orders.sleep_through(quote.bid, quote.ask) =>
                {
                    market.quote(quote);
                }
                _ => return false,
            },
            _ => return false,
        }
        self.desk.now = data.ts_recv();
        true
    }

    #[inline(never)]
    fn look(&mut self, data: &MarketData) -> Result<(), SimError> {
        if self.doze(data) {
            return Ok(());
        }
        self.begin(data.ts_recv())?;
        let place = self.place(data.instrument())?;
        match data {
            MarketData::Bar(bar) => self.on_bar(place, bar)?,
            MarketData::Trade(trade) => self.on_trade(place, trade)?,
            MarketData::Quote(quote) => self.on_quote(place, quote)?,
            MarketData::Status(status) => self.on_status(place, status)?,
            MarketData::CorporateAction(action) => {
                if let CorporateActionKind::Split { to, from } = action.action {
                    self.on_split(place, to, from)?;
                }
            }
            _ => {}
        }
        self.refresh();
        Ok(())
    }

    /// A command leaves the engine at `now`. It acts here after the entry latency, at once if there is none.
    ///
    /// # Errors
    /// [`SimError::TimeReversed`], [`SimError::DuplicateOrder`], [`SimError::UnknownCommand`], or
    /// [`SimError::Number`] if a number does not fit. Orders that break a rule are rejected by a report instead.
    pub fn execute(&mut self, command: &Command, now: Timestamp) -> Result<(), SimError> {
        if now != self.desk.now {
            self.begin(now)?;
        }
        if self.entry == TimeDelta::ZERO {
            self.arrive(command)?;
        } else {
            self.commands.push_back((now.saturating_add(self.entry), command.clone()));
        }
        self.refresh();
        Ok(())
    }

    /// [`execute`](Self::execute) and [`poll`](Self::poll) in one for a new order whose only report is that it has filled whole:
    /// that report. `None` if the order is not of this kind; then nothing has happened.
    ///
    /// # Errors
    /// As [`SimExchange::execute`].
    pub fn fill_at_once(
        &mut self,
        order: OrderId,
        spec: &OrderSpec,
        now: Timestamp,
    ) -> Result<Option<&OrderEvent>, SimError> {
        let idle = self.is_idle() && self.desk.reports.is_empty();
        if !idle || now != self.desk.now || self.entry != TimeDelta::ZERO {
            return Ok(None);
        }
        let Ok(place) = self.place(spec.instrument) else { return Ok(None) };
        let Some(book) = self.books.get(place) else { return Ok(None) };
        if !book.orders.is_empty() && book.orders.find(order).is_some() {
            return Ok(None);
        }
        let filled = self.desk.fill_at_once(book, order, spec, &mut self.told)?;
        Ok(self.told.as_ref().filter(|_| filled))
    }

    /// Time passes: delayed commands arrive, delayed reports become due, orders expire.
    ///
    /// # Errors
    /// As [`SimExchange::execute`].
    #[inline]
    pub fn advance(&mut self, now: Timestamp) -> Result<(), SimError> {
        if now < self.horizon && now >= self.desk.now {
            self.desk.now = now;
            return Ok(());
        }
        self.advance_slowly(now)
    }

    /// The next report that is due. Works through a bar, a quote or a trade as far as that report.
    ///
    /// # Errors
    /// [`SimError::Number`] if a number does not fit, [`SimError::Model`] for a custom model that went wrong.
    #[inline]
    pub fn poll(&mut self) -> Result<Option<&OrderEvent>, SimError> {
        if self.desk.reports.is_empty() && self.is_idle() {
            return Ok(None);
        }
        self.poll_slowly()
    }

    #[inline]
    const fn is_idle(&self) -> bool {
        matches!(self.active, Active::Nothing)
    }

    fn poll_slowly(&mut self) -> Result<Option<&OrderEvent>, SimError> {
        loop {
            if self.desk.reports.front().is_some_and(|report| report.ts_recv <= self.desk.now) {
                self.told = self.desk.reports.pop_front();
                if self.desk.reports.front().is_some_and(|next| next.ts_recv > self.desk.now) {
                    self.refresh();
                }
                return Ok(self.told.as_ref());
            }
            if !self.step()? {
                self.refresh();
                return Ok(None);
            }
        }
    }

    /// Does the next thing with the data that are being worked through. False if there is nothing to do.
    fn step(&mut self) -> Result<bool, SimError> {
        let (place, done) = match self.active {
            Active::Nothing => return Ok(false),
            Active::Bar(place) => match self.books.get_mut(place) {
                Some(book) => (place, self.desk.step_bar(book)?),
                None => (place, true),
            },
            Active::Tick(place, tick) => match self.books.get_mut(place) {
                Some(book) => (place, self.desk.step_tick(book, tick)?),
                None => (place, true),
            },
        };
        if done {
            self.active = Active::Nothing;
            if let Some(book) = self.books.get_mut(place) {
                let scale =
                    if book.market.quoted { book.market.ask.price.scale() } else { book.market.last.scale() };
                book.orders.settle(scale);
            }
        }
        Ok(true)
    }

    /// Gets ready for something that happens at `time`.
    fn begin(&mut self, time: Timestamp) -> Result<(), SimError> {
        if time >= self.desk.now && time <= self.horizon {
            self.desk.now = time;
            return Ok(());
        }
        if time < self.desk.now {
            return Err(SimError::TimeReversed { now: self.desk.now, to: time });
        }
        while self.step()? {}
        self.elapse(time, false)
    }

    #[cold]
    fn advance_slowly(&mut self, now: Timestamp) -> Result<(), SimError> {
        if now < self.desk.now {
            return Err(SimError::TimeReversed { now: self.desk.now, to: now });
        }
        if now > self.desk.now {
            while self.step()? {}
        }
        self.elapse(now, true)
    }

    /// Lets happen what is due before `until`, or by then if `inclusive`, and puts the clock there.
    fn elapse(&mut self, until: Timestamp, inclusive: bool) -> Result<(), SimError> {
        loop {
            let command = self.commands.front().map_or(Timestamp::MAX, |(due, _)| *due);
            let expiry = self.next_expiry();
            let next = command.min(expiry);
            if next > until || (next == until && !inclusive) || next == Timestamp::MAX {
                break;
            }
            if expiry <= command {
                self.expire_first();
            } else if let Some((due, command)) = self.commands.pop_front() {
                self.desk.now = self.desk.now.max(due);
                self.arrive(&command)?;
            }
        }
        self.desk.now = self.desk.now.max(until);
        self.refresh();
        Ok(())
    }

    /// When the next order expires: one nanosecond after its last moment, so that data of that moment count (O9).
    fn next_expiry(&self) -> Timestamp {
        let first = self.desk.expiries.first_key_value();
        first.map_or(Timestamp::MAX, |((time, _), _)| time.saturating_add(TimeDelta::from_nanos(1)))
    }

    fn expire_first(&mut self) {
        let Some(((time, _), (instrument, order))) = self.desk.expiries.pop_first() else { return };
        self.desk.now = self.desk.now.max(time);
        let Ok(place) = self.place(instrument) else { return };
        let Some(book) = self.books.get_mut(place) else { return };
        if let Some(position) = book.orders.find(order) {
            self.desk.report(order, instrument, OrderEventKind::Expired);
            self.desk.close(book, position);
        }
    }

    /// Finds out again when something is due.
    fn refresh(&mut self) {
        let command = self.commands.front().map_or(Timestamp::MAX, |(due, _)| *due);
        let report = self.desk.reports.front().map_or(Timestamp::MAX, |report| report.ts_recv);
        let report = if report > self.desk.now { report } else { Timestamp::MAX };
        self.wakeup = command.min(report).min(self.next_expiry());
        self.horizon = if self.is_idle() { self.wakeup } else { Timestamp::MIN };
    }

    fn place(&self, instrument: InstrumentId) -> Result<usize, SimError> {
        let place = self.table.get(instrument.slot()).map_or(usize::MAX, |place| *place as usize);
        match self.books.get(place) {
            Some(book) if book.instrument.id == instrument => Ok(place),
            _ => Err(SimError::UnknownInstrument { instrument }),
        }
    }

    fn on_bar(&mut self, place: usize, bar: &Bar) -> Result<(), SimError> {
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        match book.market.source {
            Source::Ticks => return Ok(()),
            Source::Bar(spec) if spec != bar.spec && spec.rank() <= bar.spec.rank() => return Ok(()),
            _ => book.market.count(bar.spec),
        }
        book.market.print(bar.close, bar.volume, bar.ts_recv);
        if book.market.is_open() && !book.orders.is_empty() {
            self.desk.begin_bar(book, bar)?;
            self.active = Active::Bar(place);
        }
        Ok(())
    }

    fn on_trade(&mut self, place: usize, trade: &Trade) -> Result<(), SimError> {
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        self.desk.begin_ticks(book);
        book.market.traded = true;
        book.market.print(trade.price, trade.quantity, trade.ts_recv);
        let tick = Tick::Trade { happened: trade.ts_event, aggressor: trade.aggressor };
        self.on_tick(place, tick)
    }

    fn on_quote(&mut self, place: usize, quote: &Quote) -> Result<(), SimError> {
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        self.desk.begin_ticks(book);
        book.market.quoted = true;
        book.market.quote(quote);
        self.on_tick(place, Tick::Quote)
    }

    fn on_tick(&mut self, place: usize, tick: Tick) -> Result<(), SimError> {
        if let Some(book) = self.books.get_mut(place)
            && book.market.is_open()
            && !book.orders.is_empty()
        {
            self.desk.begin_tick(book, tick)?;
            self.active = Active::Tick(place, tick);
        }
        Ok(())
    }

    fn on_status(&mut self, place: usize, status: &InstrumentStatus) -> Result<(), SimError> {
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        book.market.status = status.status;
        book.orders.disturb();
        if status.status == TradingStatus::Delisted {
            self.desk.cancel_all(book, CancelReason::Venue);
        } else if book.market.is_open() && book.market.quoted && !book.orders.is_empty() {
            // A quote that stands when trading resumes is met at once.
            self.on_tick(place, Tick::Quote)?;
        }
        Ok(())
    }

    /// Cancels the orders, whose prices and quantities mean something else now, and restates the last price (O11).
    fn on_split(&mut self, place: usize, to: u32, from: u32) -> Result<(), SimError> {
        let Some(book) = self.books.get_mut(place) else { return Ok(()) };
        self.desk.cancel_all(book, CancelReason::Venue);
        book.market.clear_quote();
        let last = book.market.last.to_decimal().checked_mul(Decimal::from(from));
        if let Some(last) = last.and_then(|last| last.checked_div(Decimal::from(to))) {
            let scale = book.instrument.price_increment.scale();
            let last = Price::from_decimal_rounded(last, scale, Rounding::HalfEven)?;
            book.market.last = book.instrument.round_price(last, Rounding::HalfEven)?;
        }
        Ok(())
    }
}
