//! From the text of a market message to the text of the order that it leads to.
//!
//! A message is decoded and given to a [`Session`] whose strategy sends an order at each tenth, under risk limits; what the session wants
//! sent is encoded. Of the other messages the time is measured until all that they lead to is decided. The venue confirms and fills each order
//! before the next message, outside of what is measured.
//!
//! - [`session`]: the session alone; every entry of the journal is durable at once.
//! - [`driver::run`]: the whole driver with its tasks and a journal in a file.

pub mod driver;

use std::{collections::BTreeMap, error::Error, time::Instant};

use algoflow_core::{
    capabilities::Capabilities, command::Submit, error::VenueError, ledger::AccountKind, market::Trade,
    order::Liquidity, prelude::*, venue::AccountSnapshot, venue::Ack, venue::BalanceReport,
    venue::VenueEvent,
};
use algoflow_execution::{
    Control, ControlAction, Engine, Input,
    risk::{LossLimit, OrderRate, RiskLimits},
};
use algoflow_live::{
    driver::{Clock, SystemClock},
    session::{
        Answer, Effect, Event, Now, Phase, Request, RequestId, Session, SessionConfig, TimeSource, VenueFacts,
    },
};

use super::wire;
use crate::data::pair;

/// After how many messages the strategy sends an order.
pub const MESSAGES_AN_ORDER: u64 = 10;

/// How many messages are not measured at the beginning: caches and branch predictors are cold.
pub const WARM_UP: u64 = 10_000;

/// How long the messages took, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// Those that led to an order, until its text was written.
    pub orders: Vec<u64>,
    /// The others, until everything was decided.
    pub decisions: Vec<u64>,
}

impl Latencies {
    pub(super) fn take(&mut self, message: u64, begun: Instant, led_to_order: bool) {
        if message <= WARM_UP {
            return;
        }
        let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if led_to_order { self.orders.push(nanos) } else { self.decisions.push(nanos) }
    }
}

/// Microseconds that so many in a thousand do not exceed; `sorted` are nanoseconds.
#[must_use]
pub fn per_mille(sorted: &[u64], share: usize) -> f64 {
    let place = (sorted.len() * share / 1_000).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(0) as f64 / 1e3
}

/// The instrument, in whole steps of the messages.
pub(super) fn instrument() -> Result<Instrument, Box<dyn Error>> {
    let spot = Instrument::spot(pair().as_str())?;
    Ok(spot.with_price_increment("0.01".parse()?).with_quantity_increment("0.001".parse()?))
}

/// Buys and sells in turn, at the price of each tenth trade.
#[derive(Debug)]
pub(super) struct InTurn {
    instrument: InstrumentId,
    quantity: Quantity,
    trades: u64,
}

impl InTurn {
    pub(super) fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self { instrument: pair(), quantity: "0.004".parse()?, trades: 0 })
    }
}

impl Strategy for InTurn {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(self.instrument))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.trades += 1;
        if !self.trades.is_multiple_of(MESSAGES_AN_ORDER) {
            return Ok(());
        }
        let (id, quantity) = (self.instrument, self.quantity);
        let buys = !(self.trades / MESSAGES_AN_ORDER).is_multiple_of(2);
        let order = if buys { ctx.buy(id, quantity) } else { ctx.sell(id, quantity) };
        order.limit(trade.price).submit().map(drop)
    }
}

/// Limits of every kind that the messages do not break.
pub(super) fn limits() -> Result<ControlAction, Box<dyn Error>> {
    let limits = RiskLimits::new()
        .max_order_quantity("1".parse()?)
        .max_order_notional(Decimal::from(10_000))
        .price_collar_bps(500)
        .max_order_rate(OrderRate { orders: 10_000, per: TimeDelta::millis(50) })
        .max_open_orders(10)
        .max_position_quantity("20".parse()?)
        .max_exposure(Decimal::from(2_000_000))
        .max_leverage(Decimal::TWO)
        .max_daily_loss(LossLimit::amount(Decimal::from(500_000)))
        .max_drawdown(LossLimit::amount(Decimal::from(500_000)).halt());
    Ok(ControlAction::Limits { strategy: None, limits: Box::new(limits) })
}

/// The account is compared once, before the messages: the venue here keeps no books.
pub(super) fn settings() -> SessionConfig {
    SessionConfig {
        reconcile_every: TimeDelta::hours(24),
        stale_data_after: None,
        max_clock_skew: None,
        warm_up: 0,
        time: TimeSource::Clock,
        ..SessionConfig::default()
    }
}

/// What the account holds before the messages.
pub(super) fn account(now: Timestamp) -> Result<AccountSnapshot, Box<dyn Error>> {
    let holds = |asset: &str, total| {
        let asset = asset.parse::<Asset>()?;
        Ok::<_, Box<dyn Error>>(BalanceReport { asset, total, locked: Decimal::ZERO })
    };
    Ok(AccountSnapshot {
        balances: vec![holds("USD", Decimal::from(1_000_000))?, holds("BTC", Decimal::TEN)?],
        positions: Vec::new(),
        orders: Vec::new(),
        fills: Vec::new(),
        complete_since: Timestamp::MIN,
        watermark: now,
    })
}

/// What the venue says of a new order: it is there, and it has filled.
pub(super) fn replies(submit: &Submit, now: Timestamp) -> Result<(Ack, OrderEvent), Box<dyn Error>> {
    let fill = Fill {
        id: format!("F{}", submit.order.sequence).as_str().into(),
        order: submit.order,
        instrument: submit.spec.instrument,
        side: submit.spec.side,
        price: submit.spec.kind.limit_price().ok_or("an order without a price")?,
        quantity: submit.spec.quantity.value(),
        liquidity: Liquidity::Maker,
        fee: "0 USD".parse()?,
        ts_event: now,
        ts_recv: now,
    };
    let event = OrderEvent {
        order: submit.order,
        instrument: submit.spec.instrument,
        ts_event: now,
        ts_recv: now,
        kind: OrderEventKind::Filled(fill),
    };
    let venue_order = Some(format!("V{}", submit.order.sequence).as_str().into());
    Ok((Ack { venue_order, ts_event: now }, event))
}

/// A session without a driver.
struct Desk {
    session: Session,
    effects: Vec<Effect>,
    begun: Instant,
    /// The text of the last order.
    text: Vec<u8>,
}

impl Desk {
    fn new() -> Result<Self, Box<dyn Error>> {
        let spot = instrument()?;
        let id = spot.venue();
        let mut engine = Engine::new(1, "USD".parse()?);
        engine.add_strategy("in-turn".parse()?, Box::new(InTurn::new()?))?;
        engine.tolerate()?;
        let capabilities = Capabilities::all_native();
        let at = Timestamp::MIN;
        for input in [
            Input::Venue { id, capabilities, account: AccountKind::Cash },
            Input::Instrument(Box::new(spot)),
            Input::Control(Control { at, action: limits()? }),
        ] {
            engine.process(&input, &mut Vec::new())?;
        }
        let facts = VenueFacts { id, lifetime: TimeDelta::seconds(5), is_paced: false };
        let session = Session::new(engine, vec![facts], settings(), 0, &BTreeMap::new());
        Ok(Self { session, effects: Vec::new(), begun: Instant::now(), text: Vec::new() })
    }

    fn now(&self) -> Now {
        let running = i64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(i64::MAX);
        Now { wall: SystemClock.wall(), running: TimeDelta::from_nanos(running) }
    }

    /// Gives the session an event, makes durable what it wants and encodes what it sends; what it asks.
    fn take(&mut self, event: Event) -> Result<Vec<(RequestId, Request)>, Box<dyn Error>> {
        let mut asked = Vec::new();
        let (now, running) = (self.now(), self.session.phase() == Phase::Running);
        self.session.handle(now, event, &mut self.effects)?;
        while !self.effects.is_empty() {
            let mut durable = None;
            for effect in self.effects.drain(..) {
                match effect {
                    Effect::Append(entry) => durable = Some(entry.sequence()),
                    Effect::Ask { request, what, .. } => {
                        if let Request::Submit(submit) = &what {
                            wire::encode(submit, &mut self.text)?;
                        }
                        asked.push((request, what));
                    }
                    // Before the account was compared the venue is uncertain.
                    Effect::Alert { code, text, .. } if running => {
                        return Err(format!("{code}: {text}").into());
                    }
                    _ => {}
                }
            }
            if let Some(sequence) = durable {
                self.session.handle(now, Event::Durable(sequence), &mut self.effects)?;
            }
        }
        Ok(asked)
    }

    /// Takes an event and what the venue answers, until nothing is asked any more.
    fn settle(&mut self, event: Event) -> Result<(), Box<dyn Error>> {
        let mut asked = self.take(event)?;
        while let Some((request, what)) = asked.pop() {
            asked.extend(self.answer(request, &what)?);
        }
        Ok(())
    }

    fn answer(
        &mut self,
        request: RequestId,
        what: &Request,
    ) -> Result<Vec<(RequestId, Request)>, Box<dyn Error>> {
        let at = self.now().wall;
        let (answer, then) = match what {
            Request::Submit(submit) => {
                let (ack, filled) = replies(submit, at)?;
                (Answer::Command(Ok(ack)), Some(filled))
            }
            Request::Account { .. } => (Answer::Account(Ok(Box::new(account(at)?))), None),
            Request::Time => (Answer::Time(Ok(at)), None),
            other => {
                let (venue, what) = (pair().venue(), format!("{other:?}"));
                (Answer::Command(Err(VenueError::Unsupported { venue, what })), None)
            }
        };
        let mut asked = self.take(Event::Answer { request, answer })?;
        if let Some(event) = then {
            asked.extend(self.take(Event::Venue { venue: 0, event: VenueEvent::Order(event) })?);
        }
        Ok(asked)
    }

    fn begin(&mut self) -> Result<(), Box<dyn Error>> {
        let now = self.now();
        self.session.begin(now, &mut self.effects)?;
        self.settle(Event::Tick)?;
        self.settle(Event::Venue { venue: 0, event: VenueEvent::Connected })?;
        if self.session.phase() != Phase::Running {
            return Err(format!("the session does not begin: it is {:?}", self.session.phase()).into());
        }
        Ok(())
    }
}

/// So many messages through a session, each entry of the journal durable at once.
///
/// # Errors
/// What the session says, or if it does not send what it should.
pub fn session(messages: u64) -> Result<Latencies, Box<dyn Error>> {
    let mut desk = Desk::new()?;
    desk.begin()?;
    let mut latencies = Latencies::default();
    for number in 1..=WARM_UP + messages {
        let text = wire::trade(pair(), number)?;
        let begun = Instant::now();
        let trade = wire::decode(&text, pair(), desk.now().wall)?;
        let asked = desk.take(Event::Venue { venue: 0, event: VenueEvent::Market(trade.into()) })?;
        latencies.take(number, begun, !asked.is_empty());
        if asked.is_empty() == number.is_multiple_of(MESSAGES_AN_ORDER) {
            return Err(format!("message {number} led to {} requests", asked.len()).into());
        }
        for (request, what) in asked {
            desk.answer(request, &what)?;
        }
    }
    latencies.orders.sort_unstable();
    latencies.decisions.sort_unstable();
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenth_message_leads_to_an_order() {
        let found = session(1_000).unwrap();
        assert_eq!((found.orders.len(), found.decisions.len()), (100, 900));
    }

    #[test]
    fn shares_of_a_thousand_are_of_the_sorted_times() {
        let times: Vec<u64> = (1..=1_000).map(|micros| micros * 1_000).collect();
        assert_eq!(per_mille(&times, 500), 501.0);
        assert_eq!(per_mille(&times, 1_000), 1_000.0);
        assert_eq!(per_mille(&[], 500), 0.0);
    }
}
