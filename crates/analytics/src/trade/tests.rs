use algoflow_core::{
    id::OrderId,
    instrument::{Instrument, InstrumentKind},
    order::{Fill, Liquidity},
};

use super::*;
use crate::equity::EquityPoint;

fn second(count: i64) -> Timestamp {
    Timestamp::from_seconds(count).unwrap()
}

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

/// A fill at second `ts`: `+10@100.5` buys, `-10@100.5` sells.
fn fill(instrument: &Instrument, ts: i64, what: &str, fee: &str) -> Fill {
    let (quantity, price) = what[1..].split_once('@').unwrap();
    Fill {
        id: format!("f{ts}").into(),
        order: OrderId { run: 1, strategy: 0, sequence: 1 },
        instrument: instrument.id,
        side: if what.starts_with('+') { Side::Buy } else { Side::Sell },
        price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        liquidity: Liquidity::Taker,
        fee: fee.parse().unwrap(),
        ts_event: second(ts),
        ts_recv: second(ts),
    }
}

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

fn trades(instrument: &Instrument, fills: &[Fill], matching: Matching) -> Trades {
    round_trips(fills, std::slice::from_ref(instrument), matching, &()).unwrap()
}

#[test]
fn average_cost_runs_from_flat_to_flat() {
    let spy = spy();
    let fills = [
        fill(&spy, 1, "+10@100", "1 USD"),
        fill(&spy, 2, "+20@106", "2 USD"),
        fill(&spy, 3, "-15@110", "1.5 USD"),
        fill(&spy, 4, "+5@112", "0.5 USD"),
        fill(&spy, 9, "-20@108", "2 USD"),
    ];
    let trades = trades(&spy, &fills, Matching::AverageCost);
    assert!(trades.open.is_empty());
    let [trip] = &trades.closed[..] else { panic!("{trades:?}") };
    // Bought 1000 + 2120 + 560 = 3680 for 35, sold 1650 + 2160 = 3810.
    assert_eq!((trip.gross_pnl, trip.fees, trip.net_pnl), (dec("130"), dec("7"), dec("123")));
    assert_eq!((trip.quantity, trip.peak_quantity), (Quantity::from_int(35), Quantity::from_int(30)));
    assert_eq!((trip.entries, trip.exits, trip.side), (3, 2, Side::Buy));
    assert_eq!(
        (trip.entry_time, trip.exit_time, trip.holding_time()),
        (second(1), second(9), TimeDelta::seconds(8))
    );
    assert_eq!(trip.entry_price.round_dp(4), dec("105.1429"));
    assert_eq!(trip.net_return(), Some(123.0 / 3680.0));
}

#[test]
fn fifo_closes_the_oldest_first() {
    let spy = spy();
    let fills = [
        fill(&spy, 1, "+10@100", "1 USD"),
        fill(&spy, 2, "+20@106", "2 USD"),
        fill(&spy, 3, "-15@110", "3 USD"),
    ];
    let trades = trades(&spy, &fills, Matching::Fifo);
    let [first, second] = &trades.closed[..] else { panic!("{trades:?}") };
    // Ten of the first lot with two thirds of the exit fee; five of the second with a quarter of its own fee.
    assert_eq!((first.gross_pnl, first.fees), (dec("100"), dec("3")));
    assert_eq!((second.gross_pnl, second.fees), (dec("20"), dec("1.5")));
    let [open] = &trades.open[..] else { panic!("{trades:?}") };
    assert_eq!(
        (open.quantity, open.entry_price, open.fees),
        (Quantity::from_int(15), dec("106"), dec("1.5"))
    );
}

#[test]
fn a_fill_through_zero_makes_two_trades() {
    let spy = spy();
    let fills = [
        fill(&spy, 1, "+10@100", "1 USD"),
        fill(&spy, 2, "-30@90", "3 USD"),
        fill(&spy, 3, "+20@95", "2 USD"),
    ];
    for matching in [Matching::AverageCost, Matching::Fifo] {
        let trades = trades(&spy, &fills, matching);
        let [long, short] = &trades.closed[..] else { panic!("{trades:?}") };
        assert_eq!(
            (long.side, long.gross_pnl, long.fees),
            (Side::Buy, dec("-100"), dec("2")),
            "{matching:?}"
        );
        assert_eq!(
            (short.side, short.gross_pnl, short.fees),
            (Side::Sell, dec("-100"), dec("4")),
            "{matching:?}"
        );
        assert_eq!((short.entry_price, short.quantity), (dec("90"), Quantity::from_int(20)));
    }
}

#[test]
fn fees_that_do_not_divide_still_add_up() {
    let spy = spy();
    // A fee of 1 over seven closings of a lot, none of which is a decimal.
    let mut fills = vec![fill(&spy, 1, "+7@10", "1 USD")];
    fills.extend((2..9).map(|ts| fill(&spy, ts, "-1@11", "0 USD")));
    let trades = trades(&spy, &fills, Matching::Fifo);
    let fees: Decimal = trades.closed.iter().map(|trip| trip.fees).sum();
    assert_eq!((trades.closed.len(), fees), (7, Decimal::ONE));
}

#[test]
fn an_open_position_knows_its_average_cost() {
    let spy = spy();
    let fills = [
        fill(&spy, 1, "-10@100", "1 USD"),
        fill(&spy, 2, "-10@110", "1 USD"),
        fill(&spy, 3, "+5@95", "1 USD"),
    ];
    let trades = trades(&spy, &fills, Matching::AverageCost);
    let [open] = &trades.open[..] else { panic!("{trades:?}") };
    // Short 20 at 105 on average; 5 bought back at 95.
    assert_eq!((open.side, open.quantity), (Side::Sell, Quantity::from_int(15)));
    assert_eq!((open.entry_price, open.realized_pnl, open.fees), (dec("105"), dec("50"), dec("3")));
}

#[test]
fn multipliers_and_inverse_contracts() {
    let es = spy().with_multiplier(dec("50"));
    let fills = [fill(&es, 1, "+2@4000", "4 USD"), fill(&es, 2, "-2@4010.25", "4 USD")];
    let trip = &trades(&es, &fills, Matching::AverageCost).closed[0];
    assert_eq!((trip.gross_pnl, trip.net_pnl), (dec("1025"), dec("1017")));
    assert_eq!((trip.entry_price, trip.exit_price), (dec("4000"), dec("4010.25")));

    let mut inverse = Instrument::perpetual("BTC-USD.X").unwrap();
    inverse.kind = InstrumentKind::Perpetual { inverse: true, funding_interval: None };
    inverse.settlement = inverse.base;
    for matching in [Matching::AverageCost, Matching::Fifo] {
        let fills = [fill(&inverse, 1, "+100@20000", "0 BTC"), fill(&inverse, 2, "-100@25000", "5 USD")];
        let trip = &trades(&inverse, &fills, matching).closed[0];
        // 100 / 20000 - 100 / 25000 bitcoins gained; five dollars at 25000 paid.
        assert_eq!((trip.gross_pnl, trip.fees), (dec("0.001"), dec("0.0002")), "{matching:?}");
        assert_eq!((trip.entry_price, trip.settlement.as_str()), (dec("20000"), "BTC"));
    }
}

#[test]
fn fees_in_other_assets() {
    let pair = Instrument::spot("SOL-USDC.ORCA").unwrap();
    let fills = [
        fill(&pair, 1, "+10@150", "0.01 SOL"),
        fill(&pair, 2, "-4@160", "0.002 BNB"),
        fill(&pair, 3, "-6@160", "0.003 BNB"),
    ];
    let trip = &trades(&pair, &fills, Matching::AverageCost).closed[0];
    assert_eq!((trip.gross_pnl, trip.fees), (dec("100"), dec("1.5")), "0.01 SOL at 150");
    assert_eq!(trip.other_fees, ["0.005 BNB".parse().unwrap()]);
}

#[test]
fn bad_fills_are_refused() {
    let spy = spy();
    let code = |fills: &[Fill], known: &[Instrument]| {
        round_trips(fills, known, Matching::Fifo, &()).unwrap_err().code()
    };
    assert_eq!(code(&[fill(&spy, 1, "+1@1", "0 USD")], &[]), "ANALYTICS_UNKNOWN_INSTRUMENT");
    assert_eq!(code(&[fill(&spy, 1, "+0@1", "0 USD")], std::slice::from_ref(&spy)), "ANALYTICS_INVALID_FILL");
}

#[test]
fn excursions_see_only_what_happened_within_the_trade() {
    let spy = spy();
    let bar = |ts, low, high| PriceBar { ts: second(ts), open: low, high, low, close: high };
    // The bar at 5 covers 4 to 5: it ends with the entry. The bar at 8 covers 7 to 8: the exit at 7 is before it.
    let bars = vec![
        bar(4, 1.0, 999.0),
        bar(5, 1.0, 999.0),
        bar(6, 95.0, 104.0),
        bar(7, 98.0, 120.0),
        bar(8, 1.0, 999.0),
    ];
    let prices = [PriceSeries::new(spy.id, bars).unwrap()];
    let fills = [fill(&spy, 5, "+1@100", "0 USD"), fill(&spy, 7, "-1@118", "0 USD")];
    let of = |fills: &[Fill]| {
        round_trips(fills, std::slice::from_ref(&spy), Matching::AverageCost, &prices[..]).unwrap().closed[0]
            .excursion
    };
    assert_eq!(of(&fills), Some(Excursion { adverse: 0.05, favorable: 0.2 }));
    let short = [fill(&spy, 5, "-1@100", "0 USD"), fill(&spy, 7, "+1@118", "0 USD")];
    assert_eq!(of(&short), Some(Excursion { adverse: 0.2, favorable: 0.05 }));
    // A trade within one bar has no bar of its own.
    assert_eq!(of(&[fill(&spy, 5, "+1@100", "0 USD"), fill(&spy, 5, "-1@101", "0 USD")]), None);
    let closure = |_: InstrumentId, _: Timestamp, _: Timestamp| Some((99.0, 101.0));
    let trips = round_trips(&fills, std::slice::from_ref(&spy), Matching::Fifo, &closure).unwrap();
    assert_eq!(
        trips.closed[0].excursion,
        Some(Excursion { adverse: 0.01, favorable: 0.18 }),
        "the exit counts"
    );
}

#[test]
fn bad_bars_are_refused() {
    let id = spy().id;
    let bar = |ts, low, high, close| PriceBar { ts: second(ts), open: low, high, low, close };
    let code = |bars| PriceSeries::new(id, bars).unwrap_err().code();
    assert_eq!(code(vec![bar(1, 1.0, 2.0, 3.0)]), "ANALYTICS_INVALID_BAR");
    assert_eq!(code(vec![bar(1, 1.0, f64::NAN, 1.0)]), "ANALYTICS_INVALID_BAR");
    assert_eq!(code(vec![bar(1, 1.0, 2.0, 1.0), bar(1, 1.0, 2.0, 1.0)]), "ANALYTICS_TIME_ORDER");
}

/// Four long trades: +10, -4, -6, +20 after fees of 1 each, held 1, 2, 3 and 10 seconds.
fn four() -> Vec<RoundTrip> {
    let spy = spy();
    let mut fills = Vec::new();
    for (start, held, exit) in [(0, 1, "-1@111"), (10, 2, "-1@97"), (20, 3, "-1@95"), (30, 10, "-1@121")] {
        fills.push(fill(&spy, start, "+1@100", "0 USD"));
        fills.push(fill(&spy, start + held, exit, "1 USD"));
    }
    trades(&spy, &fills, Matching::AverageCost).closed
}

#[test]
fn trade_statistics_by_hand() {
    let s = TradeStatistics::new(&four());
    let all = &s.all;
    assert_eq!((all.count, all.wins, all.losses, all.win_rate), (4, 2, 2, Some(0.5)));
    assert_eq!(
        (all.net_profit, all.gross_profit, all.gross_loss),
        (Some(dec("20")), Some(dec("30")), Some(dec("-10")))
    );
    assert_eq!((all.profit_factor, all.expectancy, all.fees), (Some(3.0), Some(5.0), Some(dec("4"))));
    assert_eq!((all.average_win, all.average_loss, all.payoff_ratio), (Some(15.0), Some(-5.0), Some(3.0)));
    assert_eq!((all.largest_win, all.largest_loss), (Some(dec("20")), Some(dec("-6"))));
    assert_eq!(
        (all.average_holding, all.median_holding),
        (Some(TimeDelta::seconds(4)), Some(TimeDelta::millis(2_500)))
    );
    assert_eq!((all.streaks.wins, all.streaks.losses), (1, 2));
    assert!((all.average_return.unwrap() - 0.05).abs() < 1e-15);
    assert_eq!((&s.long, s.short.count, s.short.win_rate), (all, 0, None));
}

#[test]
fn amounts_of_two_assets_do_not_add() {
    let mut trips = four();
    trips[0].settlement = Asset::new("EUR").unwrap();
    let all = TradeStatistics::new(&trips).all;
    assert_eq!((all.net_profit, all.profit_factor, all.fees, all.settlement), (None, None, None, None));
    assert_eq!((all.win_rate, all.count), (Some(0.5), 4));
    assert!(all.average_return.is_some());
}

#[test]
fn exposure_counts_the_time_with_a_position() {
    let (spy, qqq) = (spy(), Instrument::equity("QQQ.NYSE", "USD").unwrap());
    let fills = [
        fill(&spy, 10, "+1@1", "0 USD"),
        fill(&qqq, 20, "-1@1", "0 USD"),
        fill(&spy, 30, "-1@1", "0 USD"),
        fill(&qqq, 40, "+1@1", "0 USD"),
        fill(&qqq, 90, "+1@1", "0 USD"),
    ];
    assert_eq!(exposure(&fills, second(0), second(100)).unwrap(), Some(0.4), "10 to 40 and 90 to 100");
    assert_eq!(
        exposure(&fills, second(0), second(20)).unwrap(),
        Some(0.5),
        "fills after the end do not count"
    );
    assert_eq!(exposure(&[], second(0), second(20)).unwrap(), Some(0.0));
    assert_eq!(exposure(&fills, second(5), second(5)).unwrap(), None);
}

#[test]
fn turnover_is_per_year_of_mean_equity() {
    let spy = spy();
    let half_year = (365.2425 * 43_200.0) as i64;
    let points = [EquityPoint::new(second(0), 1_000.0), EquityPoint::new(second(half_year), 5_000.0)];
    let fills = [fill(&spy, 1, "+5@100", "0 USD"), fill(&spy, 2, "-5@100", "0 USD")];
    let known = std::slice::from_ref(&spy);
    let value = turnover(&fills, known, &points).unwrap().unwrap();
    assert!((value - 2.0).abs() < 1e-9, "1000 traded on 1000 in half a year: {value}");
    assert_eq!(turnover(&fills, known, &points[..1]).unwrap(), None);
    assert_eq!(turnover(&fills, &[], &points).unwrap_err().code(), "ANALYTICS_UNKNOWN_INSTRUMENT");
    let sol = Instrument::spot("SOL-USDC.ORCA").unwrap();
    let mixed = [fills[0].clone(), fill(&sol, 2, "+1@150", "0 USDC")];
    assert_eq!(
        turnover(&mixed, &[spy.clone(), sol], &points).unwrap(),
        None,
        "dollars and USDC do not add up"
    );
}
