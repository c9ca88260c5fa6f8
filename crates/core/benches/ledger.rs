//! What a fill costs the books: money set aside, the fill itself, the money given back, the equity after it.

#![allow(clippy::unwrap_used, reason = "the data are constants")]
#![allow(missing_docs, reason = "criterion generates the items")]

use std::hint::black_box;

use algoflow_core::{
    id::{Asset, OrderId},
    instrument::Instrument,
    ledger::{AccountKind, Portfolio},
    number::{Money, Price, Quantity, Scale},
    order::{Fill, Liquidity, Side},
    time::Timestamp,
};
use criterion::{Criterion, criterion_group, criterion_main};
use rust_decimal::Decimal;

fn usd() -> Asset {
    Asset::new("USD").unwrap()
}

/// A cash account with `instruments` shares of which each but the first is held.
fn portfolio(instruments: usize) -> Portfolio {
    let mut portfolio = Portfolio::new(usd());
    portfolio.add_strategy();
    for number in 0..instruments {
        let stock = Instrument::equity(&format!("S{number}.NYSE"), "USD").unwrap();
        portfolio.deposit(stock.venue(), Money::new(Decimal::from(1_000_000), usd())).unwrap();
        let index = portfolio.add_instrument(stock);
        portfolio.set_mark(index, Price::from_int(100));
        if number > 0 {
            portfolio.apply_fill(0, index, &fill(number, Side::Buy)).unwrap();
        }
    }
    portfolio
}

fn fill(number: usize, side: Side) -> Fill {
    Fill {
        id: "F1".into(),
        order: OrderId { run: 1, strategy: 0, sequence: 1 },
        instrument: format!("S{number}.NYSE").parse().unwrap(),
        side,
        price: Price::new(10_005, Scale::new(2).unwrap()),
        quantity: Quantity::from_int(10),
        liquidity: Liquidity::Taker,
        fee: Money::new(Decimal::new(10_005, 4), usd()),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
    }
}

fn ledger(c: &mut Criterion) {
    let mut group = c.benchmark_group("ledger");
    for instruments in [1, 100] {
        let mut books = portfolio(instruments);
        let [buy, sell] = [Side::Buy, Side::Sell].map(|side| fill(0, side));
        group.bench_function(format!("two fills, {instruments} instruments"), |b| {
            b.iter(|| {
                for fill in [&buy, &sell] {
                    books.apply_fill(0, 0, black_box(fill)).unwrap();
                }
            });
        });
        group.bench_function(format!("two fills and the equity, {instruments} instruments"), |b| {
            b.iter(|| {
                for fill in [&buy, &sell] {
                    books.apply_fill(0, 0, black_box(fill)).unwrap();
                    black_box(books.equity_f64());
                }
            });
        });
        group.bench_function(format!("the equity at a new price, {instruments} instruments"), |b| {
            b.iter(|| {
                books.set_mark(0, black_box(Price::from_int(101)));
                black_box(books.equity_f64())
            });
        });
    }
    let mut books = portfolio(1);
    let (quantity, price) = (Quantity::from_int(10), Price::from_int(100));
    group.bench_function("money set aside and given back", |b| {
        b.iter(|| {
            let kept = books.reserve(0, Side::Buy, black_box(quantity), price, Decimal::new(1, 3)).unwrap();
            books.release(0, &mut kept.unwrap(), None).unwrap();
        });
    });
    // A margin account looks at all that it holds.
    books.open_account("NYSE".parse().unwrap(), AccountKind::Margin { leverage: Decimal::TWO });
    group.bench_function("margin set aside and given back", |b| {
        b.iter(|| {
            let kept = books.reserve(0, Side::Buy, black_box(quantity), price, Decimal::new(1, 3)).unwrap();
            books.release(0, &mut kept.unwrap(), None).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, ledger);
criterion_main!(benches);
