//! A harness for testing strategies: feed events, look at the commands.

use algoflow_core::{
    bar_spec::BarSpec,
    capabilities::Capabilities,
    command::{Command, Submit},
    id::{InstrumentId, OrderId, StrategyId},
    instrument::Instrument,
    ledger::{AccountKind, Position},
    market::{Bar, MarketData, Trade},
    number::{Money, Price, Quantity},
    order::{CancelReason, Fill, Liquidity, OrderEvent, OrderEventKind, RejectCode},
    state::State,
    strategy::Strategy,
    time::{TimeDelta, Timestamp},
};

use crate::{engine::Engine, error::EngineError};

/// One strategy in an engine of its own, with a venue that does exactly what the test says.
///
/// Events go in through methods; each returns the commands that the engine answers with. Time moves by one step (a day,
/// unless [`Harness::step`] says otherwise) with every bar and trade.
///
/// ```
/// use algoflow_core::prelude::*;
/// use algoflow_execution::Harness;
///
/// struct BuyTheDip { instrument: InstrumentId, level: Price }
/// impl Strategy for BuyTheDip {
///     fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
///         ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
///     }
///     fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
///         if bar.close < self.level { ctx.target_position(self.instrument, Quantity::from_int(10))?; }
///         Ok(())
///     }
/// }
///
/// let spy = Instrument::equity("SPY.NYSE", "USD")?;
/// let id = spy.id;
/// let strategy = BuyTheDip { instrument: id, level: "95".parse()? };
/// let mut harness = Harness::new([spy], "10000 USD".parse()?, strategy)?;
///
/// assert!(harness.close(id, "100")?.is_empty());
/// let commands = harness.close(id, "94.5")?;
/// let order = Harness::submitted(&commands)[0].order;
/// harness.fill(order, "94.6")?;
/// assert_eq!(harness.position(id).quantity, Quantity::from_int(10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Harness {
    engine: Engine,
    now: Timestamp,
    step: TimeDelta,
    fills: u64,
}

impl Harness {
    /// Starts a strategy with these instruments and this much cash at the venue of the first, with margin accounts (so
    /// that short sales pass) and venues that support everything but links and reduce-only, which the engine keeps.
    ///
    /// # Errors
    /// [`EngineError`] if an instrument makes no sense or the start fails.
    pub fn new(
        instruments: impl IntoIterator<Item = Instrument>,
        cash: Money,
        strategy: impl Strategy + 'static,
    ) -> Result<Self, EngineError> {
        let account = AccountKind::Margin { leverage: algoflow_core::Decimal::from(10) };
        let venue = Capabilities::all_native()
            .emulating(algoflow_core::capabilities::Feature::ReduceOnly, "none in a test")
            .emulating(algoflow_core::capabilities::Feature::Oto, "none in a test")
            .emulating(algoflow_core::capabilities::Feature::Oco, "none in a test");
        Self::with(instruments, cash, account, venue, strategy)
    }

    /// The same with the accounts and venues that the test wants.
    ///
    /// # Errors
    /// [`EngineError`] if an instrument makes no sense or the start fails.
    pub fn with(
        instruments: impl IntoIterator<Item = Instrument>,
        cash: Money,
        account: AccountKind,
        venue: Capabilities,
        strategy: impl Strategy + 'static,
    ) -> Result<Self, EngineError> {
        let mut engine = Engine::new(1, cash.asset);
        let mut first = None;
        for instrument in instruments {
            engine.add_venue(instrument.venue(), venue.clone(), account);
            first = first.or(Some(instrument.venue()));
            engine.add_instrument(instrument)?;
        }
        if let Some(first) = first {
            engine.deposit(first, cash)?;
        }
        if let Ok(name) = StrategyId::new("test") {
            engine.add_strategy(name, Box::new(strategy))?;
        }
        engine.start(Timestamp::EPOCH, &mut Vec::new())?;
        Ok(Self { engine, now: Timestamp::EPOCH, step: TimeDelta::days(1), fills: 0 })
    }

    /// How far time moves with every bar and trade.
    #[must_use]
    pub fn step(mut self, step: TimeDelta) -> Self {
        self.step = step;
        self
    }

    /// The time of the last event.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The engine, to look at.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    #[cfg(test)]
    pub(crate) fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// What the strategy sees.
    #[must_use]
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// The position in an instrument.
    #[must_use]
    pub fn position(&self, id: InstrumentId) -> Position {
        let index = self.state().instruments.index(id);
        index.map_or(Position::default(), |index| self.state().position(0, index))
    }

    /// The orders that are sent by `commands`.
    #[must_use]
    pub fn submitted(commands: &[Command]) -> Vec<Submit> {
        let submit = |command: &Command| match command {
            Command::Submit(submit) => Some(*submit),
            _ => None,
        };
        commands.iter().filter_map(submit).collect()
    }

    /// Any market data.
    ///
    /// # Errors
    /// [`EngineError`] from the engine.
    pub fn feed(&mut self, data: impl Into<MarketData>) -> Result<Vec<Command>, EngineError> {
        let (data, mut commands) = (data.into(), Vec::new());
        self.wake(data.ts_recv(), &mut commands)?;
        self.now = self.now.max(data.ts_recv());
        self.engine.market(&data, &mut commands)?;
        Ok(commands)
    }

    /// Lets time pass to `at`: timers go off.
    ///
    /// # Errors
    /// [`EngineError`] from the engine.
    pub fn wait_until(&mut self, at: Timestamp) -> Result<Vec<Command>, EngineError> {
        let mut commands = Vec::new();
        self.wake(at.saturating_add(TimeDelta::from_nanos(1)), &mut commands)?;
        self.now = self.now.max(at);
        Ok(commands)
    }

    fn wake(&mut self, before: Timestamp, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        while self.engine.next_wakeup() < before {
            let at = self.engine.next_wakeup();
            self.engine.time(at, commands)?;
        }
        Ok(())
    }

    /// A bar of one step with this open, high, low and close.
    ///
    /// # Errors
    /// [`EngineError`] from the engine; a price that is not one is [`EngineError::Account`].
    pub fn bar(&mut self, id: InstrumentId, prices: [&str; 4]) -> Result<Vec<Command>, EngineError> {
        let [open, high, low, close] = prices;
        let (ts_open, ts_close) = (self.now, self.now.saturating_add(self.step));
        let bar = Bar {
            instrument: id,
            spec: BarSpec::Time(self.step),
            ts_open,
            ts_close,
            ts_recv: ts_close,
            open: price(open)?,
            high: price(high)?,
            low: price(low)?,
            close: price(close)?,
            volume: Quantity::from_int(1_000_000),
        };
        self.feed(bar)
    }

    /// A bar of one step whose four prices are the same.
    ///
    /// # Errors
    /// See [`Harness::bar`].
    pub fn close(&mut self, id: InstrumentId, price: &str) -> Result<Vec<Command>, EngineError> {
        self.bar(id, [price; 4])
    }

    /// A trade of the market, of one unit.
    ///
    /// # Errors
    /// See [`Harness::bar`].
    pub fn trade(&mut self, id: InstrumentId, at: &str) -> Result<Vec<Command>, EngineError> {
        let now = self.now.saturating_add(self.step);
        let (price, quantity) = (price(at)?, Quantity::ONE);
        self.feed(Trade { instrument: id, ts_event: now, ts_recv: now, price, quantity, aggressor: None })
    }

    /// The venue takes an order.
    ///
    /// # Errors
    /// [`EngineError`] if the order is not known or cannot be accepted.
    pub fn accept(&mut self, order: OrderId) -> Result<Vec<Command>, EngineError> {
        self.report(order, OrderEventKind::Accepted { venue_order: None })
    }

    /// The venue fills all that is left of an order, without a fee.
    ///
    /// # Errors
    /// [`EngineError`] if the order is not known or cannot fill.
    pub fn fill(&mut self, order: OrderId, at: &str) -> Result<Vec<Command>, EngineError> {
        let leaves = self.state().orders.get(order).map_or(Quantity::ZERO, |order| order.leaves());
        self.fill_part(order, leaves, at)
    }

    /// The venue fills a part of an order, without a fee.
    ///
    /// # Errors
    /// [`EngineError`] if the order is not known or cannot fill.
    pub fn fill_part(
        &mut self,
        order: OrderId,
        quantity: Quantity,
        at: &str,
    ) -> Result<Vec<Command>, EngineError> {
        let known = self.state().orders.get(order).ok_or_else(|| EngineError::UnknownOrder { order })?;
        let (instrument, side) = (known.spec.instrument, known.spec.side);
        let fee = self.state().portfolio.reporting_asset();
        self.fills += 1;
        let fill = Fill {
            id: format!("test-{}", self.fills).into(),
            order,
            instrument,
            side,
            price: price(at)?,
            quantity,
            liquidity: Liquidity::Taker,
            fee: Money::zero(fee),
            ts_event: self.now,
            ts_recv: self.now,
        };
        self.report(order, OrderEventKind::Filled(fill))
    }

    /// The venue refuses an order.
    ///
    /// # Errors
    /// [`EngineError`] if the order is not known or cannot be refused any more.
    pub fn reject(&mut self, order: OrderId, code: RejectCode) -> Result<Vec<Command>, EngineError> {
        self.report(order, OrderEventKind::Rejected { code, text: "refused by the test".into() })
    }

    /// The venue confirms that an order is cancelled.
    ///
    /// # Errors
    /// [`EngineError`] if the order is not known or not open.
    pub fn cancelled(&mut self, order: OrderId) -> Result<Vec<Command>, EngineError> {
        self.report(order, OrderEventKind::Cancelled { reason: CancelReason::Requested })
    }

    /// Any report of the venue about an order.
    ///
    /// # Errors
    /// [`EngineError`] if the order is not known or the step is not legal.
    pub fn report(&mut self, order: OrderId, kind: OrderEventKind) -> Result<Vec<Command>, EngineError> {
        let known = self.state().orders.get(order).ok_or_else(|| EngineError::UnknownOrder { order })?;
        let event = OrderEvent {
            order,
            instrument: known.spec.instrument,
            ts_event: self.now,
            ts_recv: self.now,
            kind,
        };
        let mut commands = Vec::new();
        self.engine.order(&event, &mut commands)?;
        Ok(commands)
    }
}

fn price(text: &str) -> Result<Price, EngineError> {
    Ok(text.parse().map_err(algoflow_core::error::AccountError::from)?)
}
