//! What the engine itself costs: a bar to one strategy, a bar to many, a market order from request to fill, a bracket.

#![allow(clippy::unwrap_used, reason = "the data are constants")]
#![allow(missing_docs, reason = "criterion generates the items")]

use std::{hint::black_box, sync::LazyLock};

use algoflow_core::{
    capabilities::Capabilities,
    command::Command,
    id::Asset,
    ledger::AccountKind,
    order::{CancelReason, Liquidity, OrderEvent},
    prelude::*,
};
use algoflow_execution::Engine;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Orders of one sample.
const ORDERS: i64 = 1_000;

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

/// A bar; what is looked up by name is looked up once.
fn minute(number: i64) -> MarketData {
    static ID: LazyLock<InstrumentId> = LazyLock::new(|| spy().id);
    let at = |minutes| Timestamp::EPOCH.saturating_add(TimeDelta::minutes(minutes));
    let price = Price::from_int(100);
    MarketData::Bar(Bar {
        instrument: *ID,
        spec: BarSpec::minutes(1),
        ts_open: at(number),
        ts_close: at(number + 1),
        ts_recv: at(number + 1),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Quantity::from_int(1_000),
    })
}

/// What a strategy does at every bar.
#[derive(Clone, Copy)]
enum Act {
    Nothing,
    /// Holds one unit, then none.
    Turn,
    /// Enters with a bracket.
    Bracket,
}

struct Actor {
    act: Act,
    spec: BarSpec,
    bars: u64,
}

impl Strategy for Actor {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(spy().id, self.spec))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.bars += 1;
        match self.act {
            Act::Nothing => Ok(()),
            Act::Turn => {
                let held = self.bars % 2 == 1;
                ctx.target_position(bar.instrument, if held { Quantity::ONE } else { Quantity::ZERO })
            }
            Act::Bracket => {
                let entry = ctx.buy(bar.instrument, Quantity::ONE);
                entry.bracket(Price::from_int(110), Price::from_int(90)).submit().map(drop)
            }
        }
    }
}

/// An engine with one strategy for each of `specs`, after its first bar.
fn engine(act: Act, specs: &[BarSpec]) -> Engine {
    let mut engine = Engine::new(1, Asset::new("USD").unwrap());
    let venue = spy().venue();
    engine.add_venue(venue, Capabilities::all_native(), AccountKind::Cash);
    engine.add_instrument(spy()).unwrap();
    engine.deposit(venue, "1000000000 USD".parse().unwrap()).unwrap();
    for (number, spec) in specs.iter().enumerate() {
        let actor = Actor { act, spec: *spec, bars: 0 };
        engine.add_strategy(format!("S{number}").parse().unwrap(), Box::new(actor)).unwrap();
    }
    engine.start(Timestamp::EPOCH, &mut Vec::new()).unwrap();
    engine
}

/// What a venue reports: a new order is filled in full, another is cancelled as asked.
fn answer(command: &Command, at: Timestamp) -> Option<OrderEvent> {
    static FEE: LazyLock<Money> = LazyLock::new(|| "0.1 USD".parse().unwrap());
    let submit = match command {
        Command::Submit(submit) => submit,
        Command::Cancel(order) => {
            let kind = OrderEventKind::Cancelled { reason: CancelReason::Requested };
            let (order, instrument) = (order.order, order.instrument);
            return Some(OrderEvent { order, instrument, ts_event: at, ts_recv: at, kind });
        }
        _ => return None,
    };
    let fill = Fill {
        id: "F1".into(),
        order: submit.order,
        instrument: submit.spec.instrument,
        side: submit.spec.side,
        price: Price::from_int(100),
        quantity: submit.spec.quantity.value(),
        liquidity: Liquidity::Taker,
        fee: *FEE,
        ts_event: at,
        ts_recv: at,
    };
    let (order, instrument) = (submit.order, submit.spec.instrument);
    Some(OrderEvent { order, instrument, ts_event: at, ts_recv: at, kind: OrderEventKind::Filled(fill) })
}

fn bars(c: &mut Criterion) {
    let mut group = c.benchmark_group("bar");
    let cases = [
        ("to one strategy", vec![BarSpec::minutes(1)]),
        ("to ten strategies", vec![BarSpec::minutes(1); 10]),
        ("built into four sizes", [1, 5, 15, 60].map(BarSpec::minutes).to_vec()),
    ];
    for (name, specs) in cases {
        let mut engine = engine(Act::Nothing, &specs);
        let (mut commands, mut number) = (Vec::new(), 0);
        group.bench_function(name, |b| {
            b.iter(|| {
                number += 1;
                engine.market(black_box(&minute(number)), &mut commands).unwrap();
            });
        });
    }
    group.finish();
}

fn orders(c: &mut Criterion) {
    let mut group = c.benchmark_group("order");
    group.throughput(Throughput::Elements(ORDERS as u64));
    for (name, act) in [("market order, filled", Act::Turn), ("bracket, filled and closed", Act::Bracket)] {
        group.bench_function(name, |b| {
            // An engine keeps every order, so each sample has its own.
            let fresh = || (engine(act, &[BarSpec::minutes(1)]), Vec::new());
            b.iter_batched(
                fresh,
                |(mut engine, commands)| trade(&mut engine, commands),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Fills what the strategy sends: the entry, then the first exit; the other exit is cancelled.
fn trade(engine: &mut Engine, mut commands: Vec<Command>) {
    for number in 0..ORDERS {
        let bar = minute(number);
        engine.market(&bar, &mut commands).unwrap();
        while let Some(event) = commands.first().and_then(|command| answer(command, bar.ts_recv())) {
            commands.clear();
            engine.order(&event, &mut commands).unwrap();
        }
        commands.clear();
    }
}

criterion_group!(benches, bars, orders);
criterion_main!(benches);
