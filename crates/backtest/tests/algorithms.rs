//! Execution algorithms in backtests: the same state machines as live, over bars, trades and quotes.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use algoflow_backtest::{Backtest, BacktestResult};
use algoflow_core::{
    ledger::AccountKind,
    number::{Rounding, Scale},
    order::{
        Order, OrderStatus,
        algorithm::{Algorithm, AtEnd, Chunks, Participation, Peg, PegTo, Twap},
    },
    prelude::*,
};
use algoflow_data::{BarSeries, QuoteSeries, TradeSeries};
use algoflow_execution::{
    algorithm::{Actions, ExecutionAlgorithm, Occasion, Slice, View},
    replay,
};
use algoflow_sim::{Fees, LimitFill, RejectModel, SimVenue};

const DAY: i64 = 86_400_000_000_000;
const SECOND: i64 = 1_000_000_000;

fn acme() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
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

fn bar(day: i64, open: i64, close: i64, volume: i64) -> Bar {
    Bar {
        instrument: acme().id,
        spec: BarSpec::day(),
        ts_open: at(day * DAY),
        ts_close: at((day + 1) * DAY),
        ts_recv: at((day + 1) * DAY),
        open: cents(open),
        high: cents(open.max(close) + 20),
        low: cents(open.min(close) - 20),
        close: cents(close),
        volume: q(volume),
    }
}

/// Days whose opens are 10.00, 10.10, 10.20 ... and whose volume is 1000, 1100, 1200 ...
fn rising(days: i64) -> BarSeries {
    BarSeries::from_bars((0..days).map(|day| bar(day, 1_000 + 10 * day, 1_005 + 10 * day, 1_000 + 100 * day)))
        .unwrap()
}

type Told = Arc<Mutex<Vec<String>>>;

/// Places one order at the first piece of data, and writes down what it is told of orders.
struct Once<F> {
    subscription: Subscription,
    place: Option<F>,
    told: Told,
}

impl<F: FnOnce(&mut Context<'_>) -> Result<OrderId, algoflow_core::error::StrategyError> + Send> Once<F> {
    fn new(subscription: Subscription, place: F) -> Self {
        Self { subscription, place: Some(place), told: Told::default() }
    }

    fn go(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.place.take().map_or(Ok(()), |place| place(ctx).map(drop))
    }
}

impl<F: FnOnce(&mut Context<'_>) -> Result<OrderId, algoflow_core::error::StrategyError> + Send> Strategy
    for Once<F>
{
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(self.subscription)
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
        self.go(ctx)
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, _trade: &Trade) -> StrategyResult {
        self.go(ctx)
    }
    fn on_quote(&mut self, ctx: &mut Context<'_>, _quote: &Quote) -> StrategyResult {
        self.go(ctx)
    }
    fn on_order(&mut self, _ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        self.told.lock().unwrap().push(format!("{} {}", event.order.sequence, event.fill().is_some()));
        Ok(())
    }
}

fn daily() -> Subscription {
    Subscription::bars(acme().id, BarSpec::day())
}

fn nyse() -> SimVenue {
    SimVenue::new("NYSE").instrument(acme())
}

fn parent(result: &BacktestResult) -> Order {
    result.orders.iter().next().unwrap().into_owned()
}

fn prices(result: &BacktestResult) -> Vec<(i64, i64)> {
    result
        .fills
        .iter()
        .map(|fill| {
            let price = fill.price.rescale(Scale::new(2).unwrap(), Rounding::HalfEven).unwrap();
            (fill.quantity.to_decimal().try_into().unwrap(), price.mantissa())
        })
        .collect()
}

#[test]
fn a_twap_pays_the_average_of_its_time() {
    let twap = Twap::new(TimeDelta::days(5), 5);
    let told = Told::default();
    let mut strategy =
        Once::new(daily(), move |ctx: &mut Context<'_>| ctx.buy(acme().id, q(50)).via(twap).submit());
    strategy.told = told.clone();
    let result = Backtest::new()
        .venue(nyse().fees(Fees::bps(10)))
        .cash("1000 USD")
        .data(rising(10))
        .strategy(strategy)
        .run();
    let result = result.unwrap();
    // Each slice leaves at the close of a day and fills at the next open.
    assert_eq!(prices(&result), [(10, 1_010), (10, 1_020), (10, 1_030), (10, 1_040), (10, 1_050)]);
    let order = parent(&result);
    assert_eq!((order.status, order.filled), (OrderStatus::Filled, q(50)));
    assert_eq!(order.average_price(), Some(Decimal::new(1_030, 2)));
    // 515 and a thousandth of it.
    let cash = result.portfolio.balance(nyse().id().unwrap(), "USD".parse().unwrap()).total;
    assert_eq!(cash, Decimal::new(1_000_000 - 515_515, 3));
    let told = told.lock().unwrap().clone();
    assert_eq!(told, ["1 false", "1 true", "1 true", "1 true", "1 true", "1 true"]);
}

#[test]
fn a_share_of_the_volume_is_bought_over_bars() {
    let result = Backtest::new()
        .venue(nyse())
        .cash("10000 USD")
        .data(rising(6))
        .strategy(Once::new(daily(), |ctx: &mut Context<'_>| {
            let share = Participation::new(0.1).unseen().within(TimeDelta::days(3));
            ctx.buy(acme().id, q(1_000)).via(share).submit()
        }))
        .run()
        .unwrap();
    // It begins with the first close; a tenth of 1100 and 1200, at the opens after them. Then its time is over.
    assert_eq!(prices(&result), [(110, 1_020), (120, 1_030)]);
    let order = parent(&result);
    assert_eq!((order.status, order.filled), (OrderStatus::Expired, q(230)));
}

fn trades() -> TradeSeries {
    TradeSeries::from_trades((0..40).map(|second| Trade {
        instrument: acme().id,
        ts_event: at(second * SECOND),
        ts_recv: at(second * SECOND),
        price: cents(1_000 + second % 5),
        quantity: q(10 + second % 3),
        aggressor: None,
    }))
    .unwrap()
}

#[test]
fn a_share_of_the_volume_is_bought_over_trades() {
    let run = |journal: bool| {
        let backtest = Backtest::new().venue(nyse()).cash("10000 USD").data(trades()).strategy(Once::new(
            Subscription::Trades(acme().id),
            |ctx: &mut Context<'_>| {
                ctx.buy(acme().id, q(30)).limit(cents(1_003)).via(Participation::new(0.1).unseen()).submit()
            },
        ));
        if journal { backtest.journal() } else { backtest }.run().unwrap()
    };
    let result = run(false);
    let order = parent(&result);
    assert_eq!((order.status, order.filled), (OrderStatus::Filled, q(30)));
    assert!(result.fills.iter().all(|fill| fill.price <= cents(1_003)));
    // Never more than a tenth of what others had traded by then.
    let mut bought = Decimal::ZERO;
    for fill in &result.fills {
        bought += fill.quantity.to_decimal();
        let tape: i64 = (1..40).filter(|s| s * SECOND <= fill.ts_event.nanos()).map(|s| 10 + s % 3).sum();
        assert!(bought <= Decimal::new(tape, 1), "{bought} of {tape}");
    }
    assert_eq!(result.hash(), run(true).hash());
}

#[test]
fn a_peg_rests_at_the_bid_and_takes_at_its_end() {
    let quotes = |moves: &[(i64, i64)]| {
        let quotes = moves.iter().enumerate().map(|(second, (bid, ask))| Quote {
            instrument: acme().id,
            ts_event: at(second as i64 * SECOND),
            ts_recv: at(second as i64 * SECOND),
            bid: cents(*bid),
            bid_size: q(100),
            ask: cents(*ask),
            ask_size: q(100),
        });
        QuoteSeries::from_quotes(quotes).unwrap()
    };
    let run = |moves: &[(i64, i64)]| {
        let result = Backtest::new()
            .venue(nyse().limit_fill(LimitFill::Touch))
            .cash("10000 USD")
            .data(quotes(moves))
            .strategy(Once::new(Subscription::Quotes(acme().id), |ctx: &mut Context<'_>| {
                let peg = Peg::new(PegTo::Own).within(TimeDelta::seconds(4)).at_end(AtEnd::Take);
                ctx.buy(acme().id, q(10)).max_slippage(100).via(peg).submit()
            }))
            .run()
            .unwrap();
        (prices(&result), parent(&result).status)
    };
    let falls = [(1_000, 1_004), (1_001, 1_005), (1_002, 1_006), (999, 1_001), (990, 992)];
    assert_eq!(run(&falls), (vec![(10, 1_002)], OrderStatus::Filled), "it had followed to 10.02");
    let rises =
        [(1_000, 1_004), (1_001, 1_005), (1_003, 1_007), (1_005, 1_009), (1_006, 1_010), (1_006, 1_010)];
    assert_eq!(run(&rises), (vec![(10, 1_010)], OrderStatus::Filled), "the ask at the end");
    let runs =
        [(1_000, 1_004), (1_010, 1_014), (1_020, 1_024), (1_030, 1_034), (1_040, 1_044), (1_040, 1_044)];
    assert_eq!(run(&runs), (vec![], OrderStatus::Expired), "more than a hundredth away");
}

/// Chunks at a venue that refuses at random, with a target that goes up and down.
struct Targets(usize);

impl Strategy for Targets {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(daily())
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
        self.0 += 1;
        if !self.0.is_multiple_of(10) {
            return Ok(());
        }
        let target = if self.0.is_multiple_of(20) { 30 } else { -20 };
        let chunks = Chunks::count(6, TimeDelta::hours(7)).jitter(0.5, 0.5).seed(3);
        ctx.target_position_via(acme().id, q(target), chunks).map(drop)
    }
}

#[test]
fn a_run_is_the_same_again_and_its_journal_replays() {
    let backtest = || {
        Backtest::new()
            .venue_with(
                nyse().reject(RejectModel::new(0.3)).fees(Fees::bps(5)),
                AccountKind::Margin { leverage: Decimal::TWO },
            )
            .cash("100000 USD")
            .data(rising(199))
            .seed(11)
            .strategy(Targets(0))
    };
    let result = backtest().run().unwrap();
    let journaled = backtest().journal().run().unwrap();
    assert_eq!(result.hash(), journaled.hash());
    let journal = journaled.journal.unwrap();
    let mut engine = backtest().engine().unwrap();
    replay(&mut engine, &journal).unwrap();
    assert!(!result.rejections.is_empty());
    let units = |fill: &algoflow_core::order::Fill| match fill.side {
        Side::Buy => fill.quantity.to_decimal(),
        Side::Sell => -fill.quantity.to_decimal(),
    };
    assert_eq!(result.fills.iter().map(|fill| units(&fill)).sum::<Decimal>(), Decimal::from(-20));
    let parents = result.orders.iter().filter(|order| !order.spec.is_slice());
    assert!(parents.map(|order| order.status).all(|status| status == OrderStatus::Filled));
}

/// Buys at every low that is new since the order began.
#[derive(Debug)]
struct NewLows {
    lowest: Option<Price>,
    size: Quantity,
}

impl ExecutionAlgorithm for NewLows {
    fn listens(&self) -> bool {
        true
    }
    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
        let Some(last) = view.last().filter(|_| matches!(occasion, Occasion::Market(_))) else { return };
        if last < self.lowest.unwrap_or(view.arrival()) {
            act.slice(Slice::market(view.fit(self.size)));
            self.lowest = Some(last);
        }
    }
}

#[test]
fn one_of_the_users_own_works_in_a_backtest() {
    let closes = [1_000, 990, 995, 980, 985, 970, 960, 1_000];
    let bars = closes.iter().zip(0..).map(|(close, day)| bar(day, *close, *close, 100));
    let result = Backtest::new()
        .venue(nyse())
        .cash("1000 USD")
        .data(BarSeries::from_bars(bars).unwrap())
        .algorithm("new_lows", |text| {
            let size = text.parse().map_err(|error| format!("{error}"))?;
            Ok(Box::new(NewLows { lowest: None, size }))
        })
        .strategy(Once::new(daily(), |ctx: &mut Context<'_>| {
            let via = Algorithm::Custom { name: "new_lows".into(), parameters: "5".into() };
            ctx.buy(acme().id, q(13)).via(via).submit()
        }))
        .run()
        .unwrap();
    assert_eq!(prices(&result), [(5, 995), (5, 985), (3, 960)]);
    assert_eq!(parent(&result).status, OrderStatus::Filled);
}
