//! Market data and time: what is known changes, then strategies are told.

use algoflow_core::{
    command::Command,
    error::StrategyError,
    market::{Bar, CorporateActionKind, MarketData, MarketRef},
    state::Timer,
    strategy::Strategy,
    time::Timestamp,
};

use super::{Engine, MAX_TIMERS_PER_INPUT, emulation::Seen};
use crate::{
    bars::middle,
    error::EngineError,
    timers::{Alarm, next_time},
};

/// Calls each strategy of one subscription list. The lists only change between callbacks.
macro_rules! tell {
    ($self:ident, $instrument:expr, $list:ident, $method:ident, $data:expr) => {{
        let mut at = 0;
        while let Some(strategy) =
            $self.routes.get($instrument).and_then(|route| route.$list.get(at)).copied()
        {
            $self.call(strategy, |strategy, ctx| Strategy::$method(strategy, ctx, $data));
            at += 1;
        }
    }};
}
pub(super) use tell;

impl Engine {
    pub(super) fn on_market(
        &mut self,
        data: &MarketData,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let id = data.instrument();
        let index = self
            .state
            .instruments
            .index(id)
            .ok_or_else(|| EngineError::UnknownInstrument { instrument: id })?;
        self.state.now = self.state.now.max(data.ts_recv());
        match data {
            MarketData::Bar(bar) => {
                self.state.portfolio.set_mark(index, bar.close);
                self.watch_event(index, Seen::Bar(bar), commands)?;
                if !self.works.are_deaf() && self.shown.get(index).is_some_and(|shown| shown.is_shortest(bar))
                {
                    self.work_on(index, MarketRef::Bar(bar), commands)?;
                }
                self.on_bar(index, bar, commands)?;
            }
            MarketData::Trade(trade) => {
                self.state.portfolio.set_mark(index, trade.price);
                self.watch_event(index, Seen::from(trade), commands)?;
                if !self.works.are_deaf() {
                    self.work_on(index, MarketRef::Trade(trade), commands)?;
                }
                tell!(self, index, trades, on_trade, trade);
                self.build_bars(index, commands, |builder, done| builder.on_trade(trade, done))?;
            }
            MarketData::Quote(quote) => {
                if let Some(known) = self.state.instruments.get_mut(index) {
                    known.quote = Some(*quote);
                }
                if quote.bid_size.is_positive() && quote.ask_size.is_positive() {
                    self.state
                        .portfolio
                        .set_mark(index, middle(quote).map_err(algoflow_core::error::AccountError::from)?);
                }
                self.watch_event(index, Seen::Quote(quote), commands)?;
                if !self.works.are_deaf() {
                    self.work_on(index, MarketRef::Quote(quote), commands)?;
                }
                tell!(self, index, quotes, on_quote, quote);
                self.build_bars(index, commands, |builder, done| builder.on_quote(quote, done))?;
            }
            MarketData::Depth(depth) => {
                // Kept where somebody asked for it: only that is whole, from a snapshot on.
                if self.routes.get(index).is_some_and(|route| !route.books.is_empty()) {
                    self.show_depth(index, depth)?;
                    if !self.works.are_deaf() {
                        self.work_on(index, MarketRef::Other, commands)?;
                    }
                }
                tell!(self, index, books, on_depth, depth);
            }
            MarketData::BookOrder(order) => tell!(self, index, books, on_book_order, order),
            MarketData::Pool(pool) => {
                self.state.portfolio.set_mark(index, pool.price);
                self.listings.shown.pool(index, pool);
                let seen = Seen::Trade { price: pool.price, ts_event: pool.ts_event };
                self.watch_event(index, seen, commands)?;
                if !self.works.are_deaf() {
                    self.work_on(index, MarketRef::Other, commands)?;
                }
                tell!(self, index, pools, on_pool, pool);
            }
            MarketData::CorporateAction(action) => {
                match action.action {
                    CorporateActionKind::Dividend { per_share } => {
                        self.state.portfolio.apply_dividend(index, per_share)?;
                    }
                    CorporateActionKind::Split { to, from } => {
                        self.state.portfolio.apply_split(index, to, from)?;
                        self.end_held(index);
                        self.end_works(index);
                    }
                    _ => {}
                }
                tell!(self, index, events, on_event, data);
            }
            MarketData::Funding(funding) => {
                let price = funding.mark.or_else(|| self.state.portfolio.mark(index));
                if let Some(price) = price {
                    self.state.portfolio.apply_funding(index, funding.rate, price)?;
                }
                tell!(self, index, events, on_event, data);
            }
            MarketData::Status(status) => {
                if let Some(known) = self.state.instruments.get_mut(index) {
                    known.status = status.status;
                }
                self.work_by_status(index, status.status, commands)?;
                tell!(self, index, events, on_event, data);
            }
            _ => tell!(self, index, events, on_event, data),
        }
        Ok(())
    }

    #[inline]
    fn on_bar(&mut self, index: usize, bar: &Bar, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        if !self.routes.has_built(index, bar) {
            self.tell_bar(index, bar);
        }
        self.build_bars(index, commands, |builder, done| builder.on_bar(bar, done))?;
        // Now it is known that the venue gives these bars.
        self.routes.digest(index);
        Ok(())
    }

    #[inline]
    pub(super) fn tell_bar(&mut self, index: usize, bar: &Bar) {
        self.state.bars.push(index, bar);
        let mut at = 0;
        while let Some((spec, strategy)) =
            self.routes.get(index).and_then(|route| route.bars.get(at)).copied()
        {
            if spec == bar.spec {
                self.call(strategy, |strategy, ctx| strategy.on_bar(ctx, bar));
            }
            at += 1;
        }
    }

    /// Feeds the builders of an instrument and tells the bars that are complete, short ones first.
    pub(super) fn build_bars(
        &mut self,
        index: usize,
        commands: &mut Vec<Command>,
        feed: impl Fn(&mut crate::bars::Builder, &mut Vec<Bar>) -> Result<(), algoflow_core::error::NumberError>,
    ) -> Result<(), EngineError> {
        let Some(route) = self.routes.get_mut(index) else { return Ok(()) };
        if route.builders.is_empty() {
            return Ok(());
        }
        let mut done = Vec::new();
        let mut deadlines = Vec::new();
        for builder in &mut route.builders {
            let before = builder.deadline();
            feed(builder, &mut done).map_err(algoflow_core::error::AccountError::from)?;
            deadlines.extend(builder.deadline().filter(|at| before != Some(*at)));
        }
        for at in deadlines {
            self.timers.set(at, Alarm::Bars { instrument: index });
        }
        self.show_forming(index);
        self.tell_built(index, &done, commands)
    }

    /// Completes the bars of an instrument that end before `now` and tells them.
    fn complete_bars(
        &mut self,
        index: usize,
        now: Timestamp,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(route) = self.routes.get_mut(index).filter(|route| !route.builders.is_empty()) else {
            return Ok(());
        };
        let mut done = Vec::new();
        for builder in &mut route.builders {
            builder.on_time(now, &mut done);
        }
        self.show_forming(index);
        self.tell_built(index, &done, commands)
    }

    /// Strategies see the bars that are forming, and no longer those that are complete.
    fn show_forming(&mut self, index: usize) {
        if let Some(route) = self.routes.get(index) {
            let forming = route.builders.iter().filter_map(crate::bars::Builder::forming).copied();
            self.state.bars.set_forming(index, forming);
        }
    }

    fn tell_built(
        &mut self,
        index: usize,
        done: &[Bar],
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        for bar in done {
            self.tell_bar(index, bar);
            self.settle(commands)?;
        }
        Ok(())
    }

    pub(super) fn on_time(&mut self, due: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let mut timers = 0;
        while let Some(alarm) = self.timers.pop(due) {
            match alarm {
                Alarm::Strategy { strategy, timer } => {
                    timers += 1;
                    self.on_timer(strategy, &timer, timers);
                }
                Alarm::Expire(order) => self.expire(order, commands)?,
                Alarm::Work(order) => self.wake_work(order, commands)?,
                Alarm::Bars { instrument } => self.complete_bars(instrument, due, commands)?,
                Alarm::Losses => self.look_at_losses(),
            }
            self.settle(commands)?;
        }
        Ok(())
    }

    /// Tells a strategy of its timer, the `count`th during this input. One that comes again is set for its next time to
    /// come, before the strategy is told: it may take it back.
    fn on_timer(&mut self, strategy: usize, timer: &Timer, count: usize) {
        if self.strategies.get(strategy).is_none_or(|slot| slot.halted) {
            return;
        }
        if count > MAX_TIMERS_PER_INPUT {
            let text = format!(
                "more than {MAX_TIMERS_PER_INPUT} timers went off at once: is {:?} always set for the present?",
                timer.name
            );
            return self.halt(strategy, &StrategyError::other(text));
        }
        let next = timer.every.and_then(|every| next_time(timer.at, every, self.state.now));
        if let Some(at) = next {
            self.timers.set(at, Alarm::Strategy { strategy, timer: Timer { at, ..timer.clone() } });
        }
        self.call(strategy, |strategy, ctx| strategy.on_timer(ctx, timer));
    }

    /// At the end of the data: bars of time whose end has come are complete.
    pub(super) fn flush_bars(&mut self, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        let now = self.state.now.saturating_add(algoflow_core::time::TimeDelta::from_nanos(1));
        for instrument in 0..self.routes.len() {
            self.complete_bars(instrument, now, commands)?;
        }
        Ok(())
    }
}
