//! [`Context`]: what a strategy sees and does.

mod order_builder;

pub use order_builder::{OrderBuilder, WorkedOrder};

use rust_decimal::Decimal;

use crate::{
    bar_spec::BarSpec,
    error::{NumberError, OrderError, StrategyError},
    id::{InstrumentId, OrderId, StrategyId},
    instrument::Instrument,
    ledger::{CombinedPosition, Portfolio, Position},
    market::{Bar, Quote},
    number::{Price, Quantity, Rounding},
    order::{
        Order, OrderKind, OrderQuantity, OrderRole, OrderSpec, Side, algorithm::Algorithm, route::Route,
    },
    state::{Hold, OrderView, Request, State, Subscription, Timer},
    strategy::StrategyResult,
    time::{TimeDelta, Timestamp},
    trading::TradingState,
};

/// What a strategy sees and does.
///
/// A plain view of the engine's state: reading is a field access. What is asked for (orders, timers, subscriptions) is
/// carried out when the callback returns; a new order is visible in [`Context::orders`] at once.
#[derive(Debug)]
pub struct Context<'a> {
    state: &'a mut State,
    strategy: usize,
}

impl<'a> Context<'a> {
    /// The view of the strategy with this index.
    #[must_use]
    #[inline]
    pub fn new(state: &'a mut State, strategy: usize) -> Self {
        Self { state, strategy }
    }

    /// The time of the event that is being told: when it could be known.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Timestamp {
        self.state.now
    }

    /// The name of this strategy.
    #[must_use]
    pub fn strategy_id(&self) -> Option<StrategyId> {
        self.state.strategies.get(self.strategy).copied()
    }

    /// What this strategy may trade now.
    #[must_use]
    pub fn trading_state(&self) -> TradingState {
        self.state.trading.get(self.strategy).copied().unwrap_or_default()
    }

    /// The specification of an instrument.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`].
    pub fn instrument(&self, id: InstrumentId) -> Result<&Instrument, StrategyError> {
        let index = self.state.instruments.require(id)?;
        let known = self.state.instruments.get(index);
        known.map(|known| &known.spec).ok_or_else(|| StrategyError::UnknownInstrument { instrument: id })
    }

    /// Every instrument of the engine, in the order in which they were registered.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.state.instruments.iter().map(|known| &known.spec)
    }

    /// The last price: of a trade, a bar's close, or the middle of a quote. `None` before the first.
    #[must_use]
    #[inline]
    pub fn last_price(&self, id: InstrumentId) -> Option<Price> {
        self.state.portfolio.mark(self.state.instruments.index(id)?)
    }

    /// The best bid and ask. `None` before the first quote.
    #[must_use]
    #[inline]
    pub fn quote(&self, id: InstrumentId) -> Option<&Quote> {
        self.state.instruments.get(self.state.instruments.index(id)?)?.quote.as_ref()
    }

    /// The bars kept for a subscription made with [`Subscription::keep`], oldest first.
    ///
    /// # Errors
    /// [`StrategyError::NotSubscribed`] if they are not kept.
    pub fn history(
        &self,
        id: InstrumentId,
        spec: BarSpec,
    ) -> Result<impl DoubleEndedIterator<Item = &Bar> + ExactSizeIterator, StrategyError> {
        let index = self.state.instruments.require(id)?;
        let bars = self.state.bars.get(index, spec);
        bars.map(|bars| bars.iter()).ok_or_else(|| StrategyError::NotSubscribed { instrument: id, spec })
    }

    /// The bar of a subscription that is being built from finer data and is **not complete**: its high, low and close will
    /// still change. `None` between bars, and for bars that the venue itself gives.
    #[must_use]
    pub fn forming_bar(&self, id: InstrumentId, spec: BarSpec) -> Option<&Bar> {
        self.state.bars.forming(self.state.instruments.index(id)?, spec)
    }

    /// This strategy's position in an instrument: flat if it has none.
    #[must_use]
    #[inline]
    pub fn position(&self, id: InstrumentId) -> Position {
        self.state
            .instruments
            .index(id)
            .map_or(Position::default(), |index| self.state.position(self.strategy, index))
    }

    /// Every listing of what an instrument is: itself first, then the other instruments of the engine that are the same pair or
    /// contract, in the order in which they were registered. Accounts and wallets of one exchange are venues of their own, so
    /// that each has a listing.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`].
    pub fn listings(&self, id: InstrumentId) -> Result<Vec<InstrumentId>, StrategyError> {
        let own = self.instrument(id)?;
        let others = self.instruments().filter(|other| other.id != id && own.differs_from(other).is_none());
        Ok(std::iter::once(id).chain(others.map(|other| other.id)).collect())
    }

    /// This strategy's positions in several listings, added up.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`]; [`StrategyError::Account`] for listings that are not counted in the same units, a price
    /// that is not known, a sum that does not fit.
    pub fn combined_position(&self, listings: &[InstrumentId]) -> Result<CombinedPosition, StrategyError> {
        self.state.combined_position(Some(self.strategy), listings)
    }

    /// All accounts and positions, of every strategy.
    #[must_use]
    pub fn portfolio(&self) -> &Portfolio {
        &self.state.portfolio
    }

    /// Everything that is owned, in the reporting asset.
    ///
    /// # Errors
    /// [`StrategyError::Account`] if something is held whose price is not known.
    pub fn equity(&self) -> Result<Decimal, StrategyError> {
        Ok(self.state.portfolio.equity()?)
    }

    /// The open orders of this strategy, oldest first. Slices of orders with an algorithm are not among them: see
    /// [`Context::slices`].
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> {
        let strategy = self.strategy;
        self.state
            .orders
            .open()
            .filter(move |order| usize::from(order.id.strategy) == strategy && !order.spec.is_slice())
    }

    /// The open slices of an order with an algorithm, oldest first. They are the engine's: the strategy cancels and amends their
    /// parent.
    pub fn slices(&self, parent: OrderId) -> impl DoubleEndedIterator<Item = &Order> {
        let of_parent = move |order: &&Order| order.spec.is_slice_of(parent);
        self.state.orders.open().filter(of_parent)
    }

    /// An order of this run, open or not. Orders that are over may be kept in brief; such a one is written out, and so is not lent.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<OrderView<'_>> {
        self.state.orders.get(id)
    }

    /// Asks to be told of market data.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`].
    pub fn subscribe(&mut self, subscription: Subscription) -> StrategyResult {
        let instrument = self.state.instruments.require(subscription.instrument())?;
        if let Subscription::Bars { spec, keep, .. } = subscription {
            if !spec.is_valid() {
                return Err(StrategyError::parameter("bars", format!("{spec} is not a size of bars")));
            }
            self.state.bars.keep(instrument, spec, keep);
        }
        self.state.requests.push(Request::Subscribe { strategy: self.strategy, subscription });
        Ok(())
    }

    /// Asks to be told when `at` has come. A timer of the same name is replaced. A time that is past comes as soon as the
    /// engine is next told the time; a strategy that sets such timers from their own callbacks without end is halted.
    pub fn schedule(&mut self, name: impl Into<String>, at: Timestamp) {
        let timer = Timer { name: name.into(), at, every: None };
        self.state.requests.push(Request::Schedule { strategy: self.strategy, timer });
    }

    /// Asks to be told again and again, first when `at` has come. A timer of the same name is replaced.
    ///
    /// Times that are already past are told once, not one by one: the next time is the first of `at`, `at + every`,
    /// `at + 2 * every`, ... that is still to come. So it is too when the engine itself was not called for a while.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] unless the step is above zero.
    pub fn schedule_every(
        &mut self,
        name: impl Into<String>,
        at: Timestamp,
        every: TimeDelta,
    ) -> StrategyResult {
        if every <= TimeDelta::ZERO {
            return Err(StrategyError::parameter("every", "must be above zero"));
        }
        let timer = Timer { name: name.into(), at, every: Some(every) };
        self.state.requests.push(Request::Schedule { strategy: self.strategy, timer });
        Ok(())
    }

    /// Takes back a timer.
    pub fn unschedule(&mut self, name: impl Into<String>) {
        self.state.requests.push(Request::Unschedule { strategy: self.strategy, name: name.into() });
    }

    /// Starts an order to buy. Nothing is sent before [`OrderBuilder::submit`].
    #[inline]
    pub fn buy(
        &mut self,
        instrument: InstrumentId,
        quantity: impl Into<OrderQuantity>,
    ) -> OrderBuilder<'_, 'a> {
        OrderBuilder::new(self, OrderSpec::market(instrument, Side::Buy, quantity))
    }

    /// Starts an order to sell. Nothing is sent before [`OrderBuilder::submit`].
    #[inline]
    pub fn sell(
        &mut self,
        instrument: InstrumentId,
        quantity: impl Into<OrderQuantity>,
    ) -> OrderBuilder<'_, 'a> {
        OrderBuilder::new(self, OrderSpec::market(instrument, Side::Sell, quantity))
    }

    /// Starts an order on a side that is only known at run time.
    #[inline]
    pub fn trade(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        quantity: impl Into<OrderQuantity>,
    ) -> OrderBuilder<'_, 'a> {
        OrderBuilder::new(self, OrderSpec::market(instrument, side, quantity))
    }

    /// Asks for the end of an order. One with an algorithm ends once none of its slices can fill any more.
    ///
    /// # Errors
    /// [`StrategyError::OrderNotOpen`] if it is not an open order of this strategy; [`StrategyError::Order`] for a slice.
    pub fn cancel(&mut self, order: OrderId) -> StrategyResult {
        self.open_order(order)?;
        self.state.requests.push(Request::Cancel(order));
        Ok(())
    }

    /// Asks for the end of all orders of this strategy in an instrument.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`].
    pub fn cancel_all(&mut self, instrument: InstrumentId) -> StrategyResult {
        self.state.instruments.require(instrument)?;
        let strategy = self.strategy;
        let of_ours = |order: &&Order| {
            usize::from(order.id.strategy) == strategy
                && order.spec.instrument == instrument
                && !order.spec.is_slice()
        };
        let requests = self.state.orders.open().filter(of_ours).map(|order| Request::Cancel(order.id));
        self.state.requests.extend(requests);
        Ok(())
    }

    /// Asks for a change of an order: its kind with the new prices, and its new total quantity, including what has filled.
    ///
    /// # Errors
    /// [`StrategyError::OrderNotOpen`] if it is not an open order of this strategy; [`StrategyError::Order`] if the new
    /// kind is another one, or the change breaks a rule of the instrument.
    pub fn amend(&mut self, order: OrderId, kind: OrderKind, quantity: Quantity) -> StrategyResult {
        let mut spec = self.open_order(order)?.spec;
        if std::mem::discriminant(&spec.kind) != std::mem::discriminant(&kind) {
            return Err(OrderError::Conflict { what: "an amendment cannot change the kind" }.into());
        }
        (spec.kind, spec.quantity) = (kind, quantity.into());
        let worked = self.state.orders.entry(order).is_some_and(|entry| entry.hold == Hold::Algorithm);
        let instrument = self.instrument(spec.instrument)?;
        if worked {
            // Only its slices are as large as the venue takes.
            let mut rules = instrument.clone();
            rules.limits.max_quantity = None;
            spec.validate(&rules)?;
        } else {
            spec.validate(instrument)?;
        }
        self.state.requests.push(Request::Amend { order, kind, quantity });
        Ok(())
    }

    fn open_order(&self, id: OrderId) -> Result<&Order, StrategyError> {
        let ours = |order: &&Order| order.is_open() && usize::from(order.id.strategy) == self.strategy;
        let known = self.state.orders.entry(id).map(|entry| &entry.order);
        let order = known.filter(ours).ok_or_else(|| StrategyError::OrderNotOpen { order: id })?;
        if order.spec.is_slice() {
            let what = "a slice is the algorithm's: cancel or amend the order that it is a slice of";
            return Err(OrderError::Conflict { what }.into());
        }
        Ok(order)
    }

    /// Brings this strategy's position to `target` (below zero is short) with a market order for the difference.
    ///
    /// Target orders that are still open count as done, so saying the same target again sends nothing.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`], or [`StrategyError::Number`] if the difference does not fit.
    #[inline]
    pub fn target_position(&mut self, instrument: InstrumentId, target: Quantity) -> StrategyResult {
        let index = self.state.instruments.require(instrument)?;
        let held = self.state.portfolio.strategy_quantity(self.strategy, index);
        if held == target && self.state.pending_target(self.strategy, index).is_zero() {
            return Ok(());
        }
        self.move_to(instrument, index, target)
    }

    /// As [`Context::target_position`], with an order that an execution algorithm works. `None` if nothing is left to do.
    ///
    /// # Errors
    /// Those of [`Context::target_position`]; [`StrategyError::Order`] for parameters that make no sense.
    pub fn target_position_via(
        &mut self,
        instrument: InstrumentId,
        target: Quantity,
        algorithm: impl Into<Algorithm>,
    ) -> Result<Option<OrderId>, StrategyError> {
        let index = self.state.instruments.require(instrument)?;
        let held = self.state.portfolio.strategy_quantity(self.strategy, index);
        let expected = held.checked_add(self.state.pending_target(self.strategy, index))?;
        let difference = target.checked_sub(expected)?;
        if difference.is_zero() {
            return Ok(None);
        }
        let side = if difference.is_negative() { Side::Sell } else { Side::Buy };
        let mut spec = OrderSpec::market(instrument, side, difference.checked_abs()?);
        spec.contingency.role = OrderRole::Target;
        let algorithm = algorithm.into();
        algorithm.validate(&spec, self.instrument(instrument)?)?;
        self.state.pending.raise(self.strategy, index, difference);
        Ok(Some(self.push_work(index, spec, Box::new(algorithm), None)))
    }

    /// Apart from [`Context::target_position`], so that saying the same target again costs next to nothing.
    #[inline(never)]
    fn move_to(&mut self, instrument: InstrumentId, index: usize, target: Quantity) -> StrategyResult {
        let held = self.state.portfolio.strategy_quantity(self.strategy, index);
        let expected = held.checked_add(self.state.pending_target(self.strategy, index))?;
        let difference = target.checked_sub(expected)?;
        if difference.is_zero() {
            return Ok(());
        }
        self.send_target(instrument, index, difference, OrderRole::Target)
    }

    /// Brings this strategy's position to a share of the portfolio's equity: 0.5 is half of it long, -0.5 half of it
    /// short. The quantity is rounded down to what the venue takes.
    ///
    /// # Errors
    /// [`StrategyError::NoPrice`] before the first price, [`StrategyError::Parameter`] for a weight that is not finite,
    /// and the errors of [`Context::target_position`].
    pub fn target_weight(&mut self, instrument: InstrumentId, weight: f64) -> StrategyResult {
        let target = self.quantity_for_weight(instrument, weight)?;
        self.target_position(instrument, target)
    }

    /// How many units are worth `weight` times the portfolio's equity, rounded down to what the venue takes.
    ///
    /// # Errors
    /// [`StrategyError::NoPrice`] before the first price, [`StrategyError::Parameter`] for a weight that is not finite.
    pub fn quantity_for_weight(
        &self,
        instrument: InstrumentId,
        weight: f64,
    ) -> Result<Quantity, StrategyError> {
        let weight = Decimal::try_from(weight)
            .map_err(|_| StrategyError::parameter("weight", format!("{weight} is not a usable weight")))?;
        let price = self.last_price(instrument).ok_or_else(|| StrategyError::NoPrice { instrument })?;
        let spec = self.instrument(instrument)?;
        let overflow = NumberError::Overflow { operation: "sizing a position" };
        let asset = if spec.is_paid_in_full() { spec.quote } else { spec.settlement };
        let rate = self.state.portfolio.rate(asset)?;
        let unit = spec.notional(price, Quantity::ONE)?.checked_mul(rate).ok_or(overflow.clone())?;
        let amount = self.equity()?.checked_mul(weight).ok_or(overflow.clone())?;
        let quantity = amount.checked_div(unit).ok_or(overflow)?;
        let step = spec.quantity_increment;
        let fine = crate::number::Scale::new(step.scale().places().saturating_add(4).min(18))?;
        let fine = Quantity::from_decimal_rounded(quantity, fine, Rounding::Truncate)?;
        Ok(fine.round_to(step, Rounding::Truncate)?)
    }

    /// Closes this strategy's position with a market order that can only reduce it: whatever else fills meanwhile, it never
    /// opens a position. Closing orders that are still open count as done, so saying it twice sends one order; what other
    /// target orders still add is not there yet, and is not closed.
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`], or [`StrategyError::Number`] if what is left does not fit.
    pub fn close(&mut self, instrument: InstrumentId) -> StrategyResult {
        let index = self.state.instruments.require(instrument)?;
        let held = self.state.portfolio.strategy_quantity(self.strategy, index);
        let pending = self.state.pending_target(self.strategy, index);
        let adds = !pending.is_zero() && pending.is_negative() == held.is_negative();
        let left = if adds { held } else { held.checked_add(pending)? };
        if held.is_zero() || left.is_zero() || left.is_negative() != held.is_negative() {
            return Ok(());
        }
        self.send_target(instrument, index, left.checked_neg()?, OrderRole::Close)
    }

    #[inline]
    fn send_target(
        &mut self,
        instrument: InstrumentId,
        index: usize,
        difference: Quantity,
        role: OrderRole,
    ) -> StrategyResult {
        let side = if difference.is_negative() { Side::Sell } else { Side::Buy };
        let quantity = difference.checked_abs()?;
        let id = self.state.orders.create_as(self.strategy, index, instrument, self.state.now, |spec| {
            *spec = OrderSpec::market(instrument, side, quantity);
            spec.contingency.role = role;
            spec.flags.reduce_only = role == OrderRole::Close;
        });
        // The order counts towards the target that it works for.
        self.state.pending.raise(self.strategy, index, difference);
        self.state.requests.push(Request::Submit(id));
        Ok(())
    }

    #[inline]
    fn push_order(&mut self, instrument: usize, spec: OrderSpec) -> OrderId {
        let id = self.state.orders.create(self.strategy, instrument, spec, self.state.now);
        self.state.requests.push(Request::Submit(id));
        id
    }

    fn push_work(
        &mut self,
        instrument: usize,
        spec: OrderSpec,
        algorithm: Box<Algorithm>,
        route: Option<Box<Route>>,
    ) -> OrderId {
        let order = self.state.orders.create(self.strategy, instrument, spec, self.state.now);
        self.state.requests.push(Request::Work { order, algorithm, route });
        order
    }

    /// Adds a value to a named series that the report shows.
    pub fn record(&mut self, name: &str, value: f64) {
        let now = self.state.now;
        self.state.recorded.push(name, now, value);
    }
}
