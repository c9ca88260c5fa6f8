use algoflow_core::{
    number::{Price, Quantity, Scale},
    time::TimeDelta,
};
use proptest::prelude::*;

use super::*;

fn id() -> InstrumentId {
    "T.X".parse().unwrap()
}

fn trade(nanos: i64, price: i64, quantity: i64) -> Trade {
    let time = Timestamp::from_nanos(nanos);
    Trade {
        instrument: id(),
        ts_event: time,
        ts_recv: time,
        price: Price::new(price, Scale::new(2).unwrap()),
        quantity: Quantity::new(quantity, Scale::new(1).unwrap()),
        aggressor: None,
    }
}

fn run(spec: BarSpec, trades: &[Trade]) -> (Vec<Bar>, BarAggregator) {
    let mut aggregator = BarAggregator::new(id(), spec).unwrap();
    let mut bars = Vec::new();
    for trade in trades {
        aggregator.on_trade(trade, |bar| bars.push(bar)).unwrap();
    }
    (bars, aggregator)
}

const SECOND: i64 = 1_000_000_000;

#[test]
fn bars_of_time_come_out_at_their_end_and_not_before() {
    let trades = [trade(1, 100, 10), trade(SECOND - 1, 120, 10), trade(3 * SECOND, 90, 5)];
    let (bars, mut aggregator) = run(BarSpec::seconds(1), &trades[..2]);
    assert!(bars.is_empty());
    assert_eq!(aggregator.forming().unwrap().high, trades[1].price);
    assert_eq!(aggregator.flush(Timestamp::from_nanos(SECOND - 1)), None);
    let flushed = aggregator.flush(Timestamp::from_nanos(SECOND)).unwrap();
    let (bars, aggregator) = run(BarSpec::seconds(1), &trades);
    assert_eq!(bars.len(), 1, "the empty seconds make no bars");
    assert_eq!(bars[0], Bar { ts_recv: trades[2].ts_recv, ..flushed });
    assert_eq!((bars[0].ts_open.nanos(), bars[0].ts_close.nanos()), (0, SECOND));
    assert_eq!(aggregator.forming().unwrap().ts_open.nanos(), 3 * SECOND);
}

#[test]
fn late_inputs_are_left_out_and_counted() {
    let trades = [trade(SECOND, 100, 10), trade(2 * SECOND, 100, 10), trade(SECOND + 1, 900, 10)];
    let (bars, aggregator) = run(BarSpec::seconds(1), &trades);
    assert_eq!((bars.len(), aggregator.late()), (1, 1));
    assert_eq!(aggregator.forming().unwrap().high, trades[1].price);
}

#[test]
fn a_trade_that_overshoots_is_not_split() {
    let trades = [trade(1, 100, 15), trade(2, 200, 100), trade(3, 300, 19), trade(4, 400, 1)];
    let (bars, _) = run(BarSpec::Volume(2), &trades);
    assert_eq!(bars.iter().map(|bar| bar.volume.mantissa()).collect::<Vec<_>>(), [115, 20]);
    let (bars, _) = run(BarSpec::Ticks(3), &trades);
    assert_eq!((bars.len(), bars[0].ts_open.nanos(), bars[0].ts_close.nanos()), (1, 1, 3));
    // 1.5 + 20 + 5.7 + 0.4
    let (bars, aggregator) = run(BarSpec::Notional(21), &trades);
    assert_eq!(bars.len(), 1);
    assert_eq!(aggregator.forming().unwrap().volume.mantissa(), 20);
}

#[test]
fn shorter_bars_complete_a_bar_that_ends_with_them() {
    let minute = |i: i64, price: i64| {
        let open = Timestamp::from_nanos(i * 60 * SECOND);
        let close = open.saturating_add(TimeDelta::minutes(1));
        let price = Price::from_int(price);
        Bar {
            instrument: id(),
            spec: BarSpec::minutes(1),
            ts_open: open,
            ts_close: close,
            ts_recv: close,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::ONE,
        }
    };
    let mut aggregator = BarAggregator::new(id(), BarSpec::minutes(5)).unwrap();
    let mut bars = Vec::new();
    for i in [0, 1, 9, 10, 11, 12, 13, 14] {
        aggregator.on_bar(&minute(i, i + 1), |bar| bars.push(bar)).unwrap();
    }
    let seen: Vec<_> =
        bars.iter().map(|bar| (bar.ts_open.nanos() / (60 * SECOND), bar.volume.mantissa())).collect();
    assert_eq!(seen, [(0, 2), (5, 1), (10, 5)]);
    assert_eq!(bars[1].ts_recv, bars[1].ts_close);
    assert!(bars.iter().all(|bar| bar.validate().is_ok()));
    let long = Bar { ts_close: Timestamp::from_nanos(9_999 * SECOND), ..minute(16, 1) };
    assert_eq!(aggregator.on_bar(&long, |_| {}).unwrap_err().code(), "AGGREGATE_STRADDLES");
    let mut ticks = BarAggregator::new(id(), BarSpec::Ticks(5)).unwrap();
    assert_eq!(ticks.on_bar(&minute(0, 1), |_| {}).unwrap_err().code(), "AGGREGATE_UNSUPPORTED");
}

#[test]
fn quotes_count_by_their_exact_middle() {
    let time = Timestamp::from_nanos(5);
    let quote = |bid: &str, ask: &str, bid_size: i64| Quote {
        instrument: id(),
        ts_event: time,
        ts_recv: time,
        bid: bid.parse().unwrap(),
        bid_size: Quantity::from_int(bid_size),
        ask: ask.parse().unwrap(),
        ask_size: Quantity::ONE,
    };
    let mut aggregator = BarAggregator::new(id(), BarSpec::seconds(1)).unwrap();
    aggregator.on_quote(&quote("1.01", "1.02", 1), |_| {}).unwrap();
    aggregator.on_quote(&quote("5", "6", 0), |_| {}).unwrap();
    let bar = aggregator.forming().unwrap();
    assert_eq!((bar.close, bar.volume), ("1.015".parse().unwrap(), Quantity::ZERO));
    let mut volume = BarAggregator::new(id(), BarSpec::Volume(1)).unwrap();
    assert!(volume.on_quote(&quote("1", "2", 1), |_| {}).is_err());
}

#[test]
fn strangers_and_empty_specs_are_refused() {
    let mut aggregator = BarAggregator::new(id(), BarSpec::seconds(1)).unwrap();
    let other = Trade { instrument: "U.X".parse().unwrap(), ..trade(1, 1, 1) };
    assert_eq!(aggregator.on_trade(&other, |_| {}).unwrap_err().code(), "AGGREGATE_INSTRUMENT");
    for spec in [BarSpec::seconds(0), BarSpec::Ticks(0), BarSpec::Time(TimeDelta::from_nanos(-1))] {
        assert!(BarAggregator::new(id(), spec).is_err(), "{spec}");
    }
}

proptest! {
    #[test]
    fn bars_are_what_a_direct_computation_gives(
        steps in proptest::collection::vec((0i64..400_000_000, 1i64..1_000, 1i64..50), 1..200),
        size in 1i64..5,
    ) {
        let mut now = 0;
        let trades: Vec<Trade> = steps.iter().map(|(step, price, quantity)| {
            now += step;
            trade(now, *price, *quantity)
        }).collect();
        let (mut bars, mut aggregator) = run(BarSpec::seconds(size), &trades);
        bars.extend(aggregator.flush(Timestamp::MAX));
        // Directly: group by the number of the interval.
        let mut groups: Vec<(i64, Vec<Trade>)> = Vec::new();
        for trade in &trades {
            let interval = trade.ts_event.nanos() / (size * SECOND);
            match groups.last_mut() {
                Some((last, group)) if *last == interval => group.push(*trade),
                _ => groups.push((interval, vec![*trade])),
            }
        }
        prop_assert_eq!(bars.len(), groups.len());
        for (bar, (interval, group)) in bars.iter().zip(&groups) {
            prop_assert_eq!(bar.ts_open.nanos(), interval * size * SECOND);
            prop_assert_eq!(bar.open, group[0].price);
            prop_assert_eq!(bar.close, group[group.len() - 1].price);
            prop_assert_eq!(Some(bar.high), group.iter().map(|t| t.price).max());
            prop_assert_eq!(Some(bar.low), group.iter().map(|t| t.price).min());
            prop_assert_eq!(bar.volume.mantissa(), group.iter().map(|t| t.quantity.mantissa()).sum::<i64>());
            prop_assert!(bar.validate().is_ok());
        }
        prop_assert!(bars.windows(2).all(|pair| pair[0].ts_recv <= pair[1].ts_recv));
    }

    #[test]
    fn volume_and_tick_bars_conserve_what_goes_in(
        pieces in proptest::collection::vec((1i64..1_000, 1i64..50), 1..200),
        size in 1u64..40,
    ) {
        let trades: Vec<Trade> =
            pieces.iter().enumerate().map(|(i, (price, quantity))| trade(i as i64, *price, *quantity)).collect();
        let total: i64 = pieces.iter().map(|(_, quantity)| quantity).sum();
        for spec in [BarSpec::Volume(size), BarSpec::Ticks(size), BarSpec::Notional(size)] {
            let (bars, aggregator) = run(spec, &trades);
            let rest = aggregator.forming().map_or(0, |bar| bar.volume.mantissa());
            prop_assert_eq!(bars.iter().map(|bar| bar.volume.mantissa()).sum::<i64>() + rest, total, "{}", spec);
            if let BarSpec::Volume(least) = spec {
                let least = i64::try_from(least).unwrap() * 10;
                prop_assert!(bars.iter().all(|bar| bar.volume.mantissa() >= least));
                prop_assert!(rest < least);
            }
        }
    }
}
