//! What the venue adds to a backtest: data without orders, data with orders that wait, and orders that fill.

#![allow(clippy::unwrap_used, reason = "the data are constants")]
#![allow(missing_docs, reason = "criterion generates the items")]

use std::hint::black_box;

use algoflow_core::{
    bar_spec::BarSpec,
    command::{Command, OrderRef, Submit},
    id::OrderId,
    instrument::Instrument,
    market::{Bar, MarketData, Quote, Trade},
    number::{Price, Quantity, Scale},
    order::{OrderKind, OrderSpec, Side},
    time::{TimeDelta, Timestamp},
};
use algoflow_sim::{BarFill, Fees, SimExchange, SimVenue, Slippage};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Few enough to stay in the cache, so that the venue is measured and not the memory.
const EVENTS: i64 = 2_000;
const SUBMITS: u64 = 1_000;

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

fn price(cents: i64) -> Price {
    Price::new(cents, Scale::new(2).unwrap())
}

fn time(i: i64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(TimeDelta::minutes(i))
}

/// A price that swings between 99.00 and 101.00.
fn cents(i: i64) -> i64 {
    10_000 + (i % 200 - 100).abs() * 2 - 100
}

fn bars() -> Vec<MarketData> {
    let bar = |i| {
        let middle = cents(i);
        MarketData::Bar(Bar {
            instrument: spy().id,
            spec: BarSpec::minutes(1),
            ts_open: time(i),
            ts_close: time(i + 1),
            ts_recv: time(i + 1),
            open: price(middle),
            high: price(middle + 3),
            low: price(middle - 3),
            close: price(middle + 1),
            volume: Quantity::from_int(1_000),
        })
    };
    (0..EVENTS).map(bar).collect()
}

fn trades() -> Vec<MarketData> {
    let trade = |i| {
        MarketData::Trade(Trade {
            instrument: spy().id,
            ts_event: time(i),
            ts_recv: time(i),
            price: price(cents(i)),
            quantity: Quantity::from_int(10),
            aggressor: None,
        })
    };
    (0..EVENTS).map(trade).collect()
}

fn quotes() -> Vec<MarketData> {
    let quote = |i| {
        MarketData::Quote(Quote {
            instrument: spy().id,
            ts_event: time(i),
            ts_recv: time(i),
            bid: price(cents(i) - 1),
            bid_size: Quantity::from_int(100),
            ask: price(cents(i) + 1),
            ask_size: Quantity::from_int(100),
        })
    };
    (0..EVENTS).map(quote).collect()
}

fn submit(sequence: u64, spec: OrderSpec) -> Command {
    Command::Submit(Submit { order: OrderId { run: 1, strategy: 0, sequence }, spec })
}

fn market(sequence: u64) -> Command {
    let side = if sequence.is_multiple_of(2) { Side::Buy } else { Side::Sell };
    submit(sequence, OrderSpec::market(spy().id, side, Quantity::ONE))
}

fn drain(exchange: &mut SimExchange) -> usize {
    let mut reports = 0;
    while let Some(report) = exchange.poll().unwrap() {
        black_box(&report);
        reports += 1;
    }
    reports
}

fn replay(exchange: &mut SimExchange, data: &[MarketData]) -> usize {
    let mut reports = 0;
    for event in data {
        exchange.on_market(event).unwrap();
        reports += drain(exchange);
    }
    reports
}

fn data_alone(c: &mut Criterion) {
    let mut group = c.benchmark_group("data");
    group.throughput(Throughput::Elements(EVENTS.unsigned_abs()));
    let fresh = || SimVenue::new("NYSE").instrument(spy()).start(0).unwrap();
    for (name, data) in [("bars", bars()), ("trades", trades()), ("quotes", quotes())] {
        group.bench_function(format!("{name}/no orders"), |b| {
            b.iter_batched_ref(fresh, |exchange| replay(exchange, &data), BatchSize::LargeInput);
        });
        group.bench_function(format!("{name}/two orders far away"), |b| {
            let waiting = || {
                let mut exchange = fresh();
                let buy = OrderSpec::limit(spy().id, Side::Buy, Quantity::ONE, price(9_000));
                let sell =
                    OrderSpec { kind: OrderKind::Stop { trigger: price(9_000) }, side: Side::Sell, ..buy };
                exchange.execute(&submit(1, buy), Timestamp::EPOCH).unwrap();
                exchange.execute(&submit(2, sell), Timestamp::EPOCH).unwrap();
                exchange
            };
            b.iter_batched_ref(waiting, |exchange| replay(exchange, &data), BatchSize::LargeInput);
        });
        group.bench_function(format!("{name}/trailing stop"), |b| {
            let waiting = || {
                let mut exchange = fresh();
                let offset = algoflow_core::order::TrailingOffset::Price(price(900));
                let kind = OrderKind::TrailingStop { offset, activation: None };
                let spec = OrderSpec { kind, ..OrderSpec::market(spy().id, Side::Sell, Quantity::ONE) };
                exchange.execute(&submit(1, spec), Timestamp::EPOCH).unwrap();
                exchange
            };
            b.iter_batched_ref(waiting, |exchange| replay(exchange, &data), BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn orders(c: &mut Criterion) {
    let mut group = c.benchmark_group("orders");
    group.throughput(Throughput::Elements(SUBMITS));
    let venue = SimVenue::new("NYSE").instrument(spy()).fees(Fees::bps(1));
    let first = bars().swap_remove(0);
    let now = first.ts_recv();
    for (name, venue) in [
        ("market at the same close", venue.clone().bar_fill(BarFill::SameClose)),
        ("the same with slippage", venue.clone().bar_fill(BarFill::SameClose).slippage(Slippage::bps(1.0))),
    ] {
        let ready = || {
            let mut exchange = venue.start(0).unwrap();
            exchange.on_market(&first).unwrap();
            exchange
        };
        let commands: Vec<Command> = (1..=SUBMITS).map(market).collect();
        group.bench_function(name, |b| {
            let fill = |exchange: &mut SimExchange| {
                for command in &commands {
                    exchange.execute(command, now).unwrap();
                    assert_eq!(drain(exchange), 1);
                }
            };
            b.iter_batched_ref(ready, fill, BatchSize::SmallInput);
        });
    }
    group.bench_function("market at the next open", |b| {
        let data = bars();
        let mut events = data.iter().cycle();
        let mut exchange = venue.start(0).unwrap();
        let (mut sequence, mut last) = (0, Timestamp::MIN);
        b.iter(|| {
            for _ in 0..SUBMITS {
                let event = events.next().unwrap();
                if event.ts_recv() < last {
                    exchange = venue.start(0).unwrap();
                }
                last = event.ts_recv();
                exchange.on_market(event).unwrap();
                drain(&mut exchange);
                sequence += 1;
                exchange.execute(&market(sequence), last).unwrap();
                drain(&mut exchange);
            }
        });
    });
    group.bench_function("limit placed and cancelled", |b| {
        let mut exchange = venue.start(0).unwrap();
        exchange.on_market(&first).unwrap();
        let mut sequence = 0;
        b.iter(|| {
            for _ in 0..SUBMITS {
                sequence += 1;
                let limit = OrderSpec::limit(spy().id, Side::Buy, Quantity::ONE, price(9_000));
                let command = submit(sequence, limit);
                let (order, instrument) = (command.order(), limit.instrument);
                let order = OrderRef { order, venue_order: None, instrument };
                exchange.execute(&command, now).unwrap();
                drain(&mut exchange);
                exchange.execute(&Command::Cancel(order), now).unwrap();
                drain(&mut exchange);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, data_alone, orders);
criterion_main!(benches);
