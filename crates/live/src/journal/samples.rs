//! A session as an engine makes it, for tests.

use algoflow_core::{
    capabilities::Capabilities, command::Command, ledger::AccountKind, market::Trade, order::Liquidity,
    prelude::*,
};
use algoflow_execution::{Engine, Input, journal::Ending};

use super::{Entry, Record, SCHEMA_VERSION, SessionStart, SessionStop};

pub(super) fn spy() -> algoflow_core::instrument::Instrument {
    algoflow_core::instrument::Instrument::equity("SPY.NYSE", "USD").unwrap()
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds).unwrap()
}

/// A limit order at every third trade, and one that is too large at every tenth.
struct Trader {
    trades: i64,
}

impl Strategy for Trader {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(spy().id))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.trades += 1;
        if self.trades % 10 == 0 {
            ctx.buy(spy().id, Quantity::from_int(1_000_000)).limit(trade.price).submit()?;
        } else if self.trades % 3 == 0 {
            ctx.buy(spy().id, Quantity::from_int(4)).limit(trade.price).submit()?;
        }
        Ok(())
    }
}

pub(super) fn setup() -> Vec<Input> {
    let account = AccountKind::Cash;
    vec![
        Input::Venue { id: spy().venue(), capabilities: Capabilities::all_native(), account },
        Input::Instrument(Box::new(spy())),
        Input::Deposit { venue: spy().venue(), money: "100000 USD".parse().unwrap() },
    ]
}

/// An engine with its strategies, but without its setup.
pub(super) fn engine() -> Engine {
    let mut engine = Engine::new(1, "USD".parse().unwrap());
    engine.add_strategy("trader".parse().unwrap(), Box::new(Trader { trades: 0 })).unwrap();
    engine
}

pub(super) fn start(sequence: u64) -> SessionStart {
    SessionStart {
        sequence,
        run: 1,
        software: "0.1.0".to_owned(),
        schema: SCHEMA_VERSION,
        configuration: "abc".to_owned(),
        at: at(0),
        setup: setup(),
        strategies: vec!["trader".parse().unwrap()],
    }
}

pub(super) fn stop(sequence: u64) -> Entry {
    SessionStop { sequence, at: at(sequence.cast_signed()), clean: true }.into()
}

/// Something to number through.
pub(super) fn stops(from: u64, count: u64) -> Vec<Entry> {
    (from..from + count).map(stop).collect()
}

struct Session {
    engine: Engine,
    entries: Vec<Entry>,
}

impl Session {
    /// What went in leads to: the commands.
    fn input(&mut self, input: Input) -> Vec<Command> {
        let (mut commands, denials) = (Vec::new(), self.engine.denials().len());
        self.engine.process(&input, &mut commands).unwrap();
        let denied = self.engine.denials()[denials..].to_vec();
        let sequence = self.entries.len() as u64 + 1;
        let record = Record { sequence, input, commands: commands.clone(), ending: Ending::Done, denied };
        self.entries.push(record.into());
        commands
    }

    fn event(&mut self, order: OrderId, count: i64, kind: OrderEventKind) {
        let event = OrderEvent { order, instrument: spy().id, ts_event: at(count), ts_recv: at(count), kind };
        assert_eq!(self.input(Input::Order(event)), []);
    }

    /// Accepts an order and fills it in two parts, or cancels the rest.
    fn execute(&mut self, order: OrderId, count: i64) {
        let venue_order = Some(format!("V{count}").as_str().into());
        self.event(order, count, OrderEventKind::Accepted { venue_order });
        for part in 1..=2 {
            if part == 2 && order.sequence.is_multiple_of(2) {
                let reason = algoflow_core::order::CancelReason::Venue;
                return self.event(order, count, OrderEventKind::Cancelled { reason });
            }
            let fill = Fill {
                id: format!("F{count}-{part}").as_str().into(),
                order,
                instrument: spy().id,
                side: Side::Buy,
                price: "100.5".parse().unwrap(),
                quantity: Quantity::from_int(if part == 1 { 1 } else { 3 }),
                liquidity: Liquidity::Maker,
                fee: "0.01 USD".parse().unwrap(),
                ts_event: at(count),
                ts_recv: at(count),
            };
            self.event(order, count, OrderEventKind::Filled(fill));
        }
    }
}

/// A session with so many trades: orders that fill, that are cancelled when they have filled in part, and that are denied.
pub(super) fn session(trades: i64) -> Vec<Entry> {
    let mut session = Session { engine: engine(), entries: vec![start(1).into()] };
    for input in setup() {
        session.engine.process(&input, &mut Vec::new()).unwrap();
    }
    session.input(Input::Start(at(0)));
    for count in 1..=trades {
        let trade = Trade {
            instrument: spy().id,
            ts_event: at(count),
            ts_recv: at(count),
            price: Price::from_int(100 + count % 3),
            quantity: Quantity::ONE,
            aggressor: None,
        };
        for command in session.input(Input::Market(trade.into())) {
            session.execute(command.order(), count);
        }
    }
    session.input(Input::Stop(at(trades)));
    let sequence = session.entries.len() as u64 + 1;
    session.entries.push(SessionStop { sequence, at: at(trades), clean: true }.into());
    session.entries
}

/// All that a store holds from `from` on.
pub(super) async fn all(store: &mut dyn super::Store, from: u64) -> Result<Vec<Entry>, super::StoreError> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let more = store.read(entries.last().map_or(from, |last| last.sequence() + 1)).await?;
        if more.is_empty() {
            return Ok(entries);
        }
        entries.extend(more);
    }
}
