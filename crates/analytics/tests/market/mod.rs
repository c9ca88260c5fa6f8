//! Real prices for the tests, and a simple strategy over them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "not every test uses everything")]

use std::path::PathBuf;

use algoflow_analytics::{
    EquityPoint, Report,
    trade::{PriceBar, PriceSeries},
};
use algoflow_core::{
    id::OrderId,
    instrument::Instrument,
    number::{Money, Price, Quantity, Scale},
    order::{Fill, Liquidity, Side},
    time::{TimeDelta, Timestamp},
};
use rust_decimal::Decimal;

pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The closes of a column of a fixture, at the end of their days in UTC.
pub(crate) fn closes(file: &str, column: &str) -> Vec<EquityPoint> {
    let mut reader = csv::Reader::from_path(fixture(file)).unwrap();
    let index = reader.headers().unwrap().iter().position(|name| name == column).unwrap();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            EquityPoint::at_close_of(record[0].parse().unwrap(), record[index].parse().unwrap())
        })
        .collect()
}

pub(crate) fn sp500() -> Vec<EquityPoint> {
    closes("sp500.csv", "SP500")
}

pub(crate) fn cents(value: f64) -> Price {
    Price::from_f64(value, Scale::new(2).unwrap()).unwrap()
}

pub(crate) fn fill(
    number: usize,
    instrument: &Instrument,
    side: Side,
    price: Price,
    quantity: i64,
    ts: Timestamp,
) -> Fill {
    let value = price.to_decimal() * Decimal::from(quantity);
    Fill {
        id: format!("f{number}").into(),
        order: OrderId { run: 1, strategy: 0, sequence: number as u64 },
        instrument: instrument.id,
        side,
        price,
        quantity: Quantity::from_int(quantity),
        liquidity: Liquidity::Taker,
        // One basis point.
        fee: Money::new((value / Decimal::from(10_000)).round_dp(2), instrument.quote),
        ts_event: ts,
        ts_recv: ts,
    }
}

/// Bars from closes alone: each opens where the one before closed.
pub(crate) fn bars(instrument: &Instrument, closes: &[EquityPoint]) -> PriceSeries {
    let mut open = closes[0].equity;
    let bars = closes.iter().map(|point| {
        let close = point.equity;
        let bar = PriceBar { ts: point.ts, open, high: open.max(close), low: open.min(close), close };
        open = close;
        bar
    });
    PriceSeries::new(instrument.id, bars.collect()).unwrap()
}

/// What a strategy did: equity at each close, and its fills.
pub(crate) struct Run {
    pub(crate) instrument: Instrument,
    pub(crate) equity: Vec<EquityPoint>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) prices: PriceSeries,
}

/// Long while the 50-day average is above the 200-day one, else flat; decided at one close, filled at the next.
pub(crate) fn sma_timing(closes: &[EquityPoint]) -> Run {
    let instrument = Instrument::equity("SPX.CBOE", "USD").unwrap();
    let (mut cash, mut held) = (Decimal::from(100_000), 0_i64);
    let (mut equity, mut fills) = (Vec::new(), Vec::new());
    let average =
        |end: usize, n: usize| closes[end - n..end].iter().map(|p| p.equity).sum::<f64>() / n as f64;
    for (index, point) in closes.iter().enumerate() {
        let price = cents(point.equity);
        if index > 200 {
            let long = average(index, 50) > average(index, 200);
            if long != (held > 0) {
                let (side, quantity) = if long {
                    (
                        Side::Buy,
                        i64::try_from((cash * Decimal::new(99, 2) / price.to_decimal()).trunc().mantissa())
                            .unwrap(),
                    )
                } else {
                    (Side::Sell, held)
                };
                let fill = fill(fills.len(), &instrument, side, price, quantity, point.ts);
                held += side.sign() * quantity;
                cash -= price.to_decimal() * Decimal::from(side.sign() * quantity) + fill.fee.amount;
                fills.push(fill);
            }
        }
        let value = cash + price.to_decimal() * Decimal::from(held);
        equity.push(EquityPoint::new(point.ts, value.to_string().parse().unwrap()));
    }
    let prices = bars(&instrument, closes);
    Run { instrument, equity, fills, prices }
}

pub(crate) fn report(run: &Run, benchmark: Vec<EquityPoint>) -> Report {
    Report::builder("S&P 500 timing", run.equity.clone())
        .strategy("SMA cross")
        .parameter("fast", "50")
        .parameter("slow", "200")
        .currency("USD")
        .benchmark("S&P 500, buy and hold", benchmark)
        .fills(run.fills.clone(), vec![run.instrument.clone()])
        .prices(run.prices.clone())
        .note("Orders decided at a close fill at the next close, without slippage.")
        .note("Fees are one basis point of the value traded; cash earns nothing.")
        .run_hash("b3:5f0c2c1e9a7d44ab")
        .build()
        .unwrap()
}

/// Equity that wanders, the same every time: `count` points `step` apart.
pub(crate) fn wandering(count: usize, step: TimeDelta) -> Vec<EquityPoint> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut equity = 100_000.0;
    let start: Timestamp = "2024-03-01".parse().unwrap();
    (0..count)
        .map(|index| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let noise = (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.498;
            equity *= 1.0 + 0.002 * noise;
            EquityPoint::new(Timestamp::from_nanos(start.nanos() + step.nanos() * index as i64), equity)
        })
        .collect()
}
