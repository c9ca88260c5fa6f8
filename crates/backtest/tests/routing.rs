//! Orders over several listings in backtests: two books and three wallets, over quotes and bars.

#![allow(clippy::unwrap_used)]

use algoflow_backtest::{Backtest, BacktestResult};
use algoflow_core::{
    ledger::AccountKind,
    number::Scale,
    order::{
        Order, OrderStatus,
        algorithm::Twap,
        route::{Listing, ListingLimits, Route},
    },
    prelude::*,
};
use algoflow_data::{BarSeries, QuoteSeries};
use algoflow_execution::replay;
use algoflow_sim::{Depth, Fees, RejectModel, SimVenue};

const SECOND: i64 = 1_000_000_000;

fn sol(venue: &str) -> Instrument {
    Instrument::spot(&format!("SOL-USD.{venue}")).unwrap().with_quantity_increment(Quantity::ONE)
}

fn id(venue: &str) -> InstrumentId {
    sol(venue).id
}

fn ids() -> [InstrumentId; 3] {
    ["A", "B", "C"].map(id)
}

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn q(units: i64) -> Quantity {
    Quantity::from_int(units)
}

fn cents(mantissa: i64) -> Price {
    Price::new(mantissa, Scale::new(2).unwrap())
}

/// A quote a second: asks in cents and how much there is.
fn quotes(venue: &str, asks: &[(i64, i64)]) -> QuoteSeries {
    let quotes = asks.iter().zip(0..).map(|((ask, size), second)| Quote {
        instrument: id(venue),
        ts_event: at(second * SECOND),
        ts_recv: at(second * SECOND),
        bid: cents(ask - 4),
        bid_size: q(*size),
        ask: cents(*ask),
        ask_size: q(*size),
    });
    QuoteSeries::from_quotes(quotes).unwrap()
}

/// Acts once at each quote of the first listing.
struct Trader<F> {
    act: F,
    times: usize,
}

impl<F: FnMut(&mut Context<'_>, usize) -> StrategyResult + Send> Strategy for Trader<F> {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(id("A"), BarSpec::day()))?;
        ids().into_iter().try_for_each(|id| ctx.subscribe(Subscription::Quotes(id)))
    }
    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) -> StrategyResult {
        if quote.instrument == id("C") {
            self.times += 1;
            return (self.act)(ctx, self.times);
        }
        Ok(())
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
        self.times += 1;
        (self.act)(ctx, self.times)
    }
}

fn trader(
    act: impl FnMut(&mut Context<'_>, usize) -> StrategyResult + Send + 'static,
) -> impl Strategy + 'static {
    Trader { act, times: 0 }
}

fn backtest(fees: [i64; 3]) -> Backtest {
    let mut backtest = Backtest::new();
    for (venue, fee) in ["A", "B", "C"].into_iter().zip(fees) {
        let sim = SimVenue::new(venue).instrument(sol(venue)).fees(Fees::bps(fee)).depth(Depth::Consume);
        backtest = backtest
            .venue_with(sim, AccountKind::Margin { leverage: Decimal::TWO })
            .cash_at(id(venue).venue(), "10000 USD");
    }
    backtest
}

fn filled(result: &BacktestResult) -> Vec<(String, i64, i64)> {
    let fills = result.fills.iter().map(|fill| {
        let units = fill.quantity.to_decimal().try_into().unwrap();
        (fill.instrument.venue().to_string(), units, fill.price.mantissa())
    });
    fills.collect()
}

fn parent(result: &BacktestResult) -> Order {
    result.orders.iter().find(|order| !order.spec.is_slice()).unwrap().into_owned()
}

fn places(list: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    list.iter().map(|(venue, units, price)| ((*venue).to_owned(), *units, *price)).collect()
}

#[test]
fn an_order_is_taken_where_it_is_cheapest_after_fees() {
    // 10.01 and 50 basis points are dearer than 10.05.
    let run = || {
        backtest([0, 50, 0])
            .data(quotes("A", &[(1_005, 20), (1_005, 20), (1_005, 20)]))
            .data(quotes("B", &[(1_001, 30), (1_001, 30), (1_001, 30)]))
            .data(quotes("C", &[(1_004, 15), (1_004, 15), (1_004, 15)]))
            .strategy(trader(|ctx, time| match time {
                1 => ctx.buy(id("A"), q(40)).route(Route::best_price(ids())).submit().map(drop),
                _ => Ok(()),
            }))
    };
    let result = run().run().unwrap();
    assert_eq!(filled(&result), places(&[("A", 20, 1_005), ("B", 5, 1_001), ("C", 15, 1_004)]));
    let order = parent(&result);
    assert_eq!((order.status, order.filled), (OrderStatus::Filled, q(40)));
    assert_eq!(order.average_price(), Some(Decimal::new(1_004_125, 5)));
    let journaled = run().journal().run().unwrap();
    assert_eq!(result.hash(), journaled.hash());
    let mut engine = run().engine().unwrap();
    replay(&mut engine, &journaled.journal.unwrap()).unwrap();
}

#[test]
fn what_was_not_there_is_taken_when_it_comes() {
    let result = backtest([0; 3])
        .data(quotes("A", &[(1_005, 10), (1_005, 10), (1_006, 10), (1_007, 10), (1_006, 9), (1_006, 9)]))
        .data(quotes("B", &[(1_090, 10), (1_090, 10), (1_004, 25), (1_090, 10), (1_090, 10), (1_090, 10)]))
        .data(quotes("C", &[(1_090, 10); 6]))
        .strategy(trader(|ctx, time| match time {
            1 => {
                let order = ctx.buy(id("A"), q(50)).worst_price(cents(1_006));
                order.route(Route::best_price(ids())).submit().map(drop)
            }
            _ => Ok(()),
        }))
        .run()
        .unwrap();
    assert!(result.fills.iter().all(|fill| fill.price <= cents(1_006)), "{:?}", filled(&result));
    let bought: i64 = filled(&result).iter().map(|(_, units, _)| units).sum();
    assert_eq!((parent(&result).filled, bought), (q(50), 50));
    // An order fills at the next quote of its listing, and comes back if that is beyond the bound.
    let cheap = filled(&result).into_iter().filter(|(venue, ..)| venue == "B");
    assert_eq!(cheap.map(|(_, units, _)| units).sum::<i64>(), 25);
}

/// Daily bars of three wallets of one exchange: one price.
fn wallets() -> Vec<BarSeries> {
    let day = 86_400 * SECOND;
    let bars = |instrument| {
        (0..40).map(move |n| Bar {
            instrument,
            spec: BarSpec::day(),
            ts_open: at(n * day),
            ts_close: at((n + 1) * day),
            ts_recv: at((n + 1) * day),
            open: cents(1_000 + n),
            high: cents(1_010 + n),
            low: cents(990 + n),
            close: cents(1_000 + n),
            volume: q(1_000),
        })
    };
    ids().into_iter().map(|id| BarSeries::from_bars(bars(id)).unwrap()).collect()
}

#[test]
fn a_schedule_goes_over_wallets_in_turn_and_all_is_closed_by_positions() {
    let run = |journal: bool| {
        let mut backtest = Backtest::new();
        for venue in ["A", "B", "C"] {
            let sim =
                SimVenue::new(venue).instrument(sol(venue)).fees(Fees::bps(10)).reject(RejectModel::new(0.1));
            backtest = backtest.venue(sim).cash_at(id(venue).venue(), "1000 USD");
        }
        for bars in wallets() {
            backtest = backtest.data(bars);
        }
        let backtest = backtest.seed(3).strategy(trader(|ctx, day| match day {
            1 => {
                let limits = ListingLimits { max_position: Some(q(25)), ..Default::default() };
                let route = Route::round_robin(ids().map(|id| Listing::new(id).limits(limits)));
                let twap = Twap::new(TimeDelta::days(12), 12);
                ctx.buy(id("A"), q(60)).route(route).via(twap).submit().map(drop)
            }
            25 => {
                let held = ctx.combined_position(&ids())?;
                assert_eq!((held.total.quantity, held.parts.len()), (q(60), 3));
                for (wallet, part) in &held.parts {
                    assert!(part.quantity <= q(25), "{wallet}: {part:?}");
                }
                let order = ctx.sell(id("A"), held.total.quantity).reduce_only();
                order.route(Route::by_balance(ids())).submit().map(drop)
            }
            39 => {
                assert!(ctx.combined_position(&ids())?.total.is_flat());
                Ok(())
            }
            _ => Ok(()),
        }));
        if journal { backtest.journal() } else { backtest }.run().unwrap()
    };
    let result = run(false);
    assert!(result.halts.is_empty(), "{:?}", result.halts);
    assert!(!result.rejections.is_empty(), "what one refuses another takes");
    let parents: Vec<Order> =
        result.orders.iter().filter(|o| !o.spec.is_slice()).map(|o| o.into_owned()).collect();
    assert_eq!(parents.len(), 2);
    assert!(parents.iter().all(|o| o.status == OrderStatus::Filled && o.filled == q(60)), "{parents:?}");
    assert_eq!(result.hash(), run(true).hash());
}
