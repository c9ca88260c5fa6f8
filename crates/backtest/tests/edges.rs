//! The edges of a run: its start, orders without end, money that is not enough.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use algoflow_backtest::{Backtest, BacktestError, BacktestResult};
use algoflow_core::{order::OrderStatus, prelude::*};
use algoflow_data::{BarSeries, QuoteSeries};
use algoflow_execution::{
    replay,
    risk::{LossLimit, RiskEventKind, RiskLimits},
};
use algoflow_sim::{BarFill, Fees, SimVenue};

const DAY: i64 = 86_400_000_000_000;

fn acme() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

/// Bars of so many hours, one behind the other, each at one price.
fn flat_bars(hours: i64, prices: &[i64]) -> BarSeries {
    let at = |bar: i64| Timestamp::from_nanos(bar * hours * DAY / 24);
    BarSeries::from_bars((0..).zip(prices).map(|(bar, price)| {
        let price = Price::from_int(*price);
        Bar {
            instrument: acme().id,
            spec: BarSpec::hours(hours),
            ts_open: at(bar),
            ts_close: at(bar + 1),
            ts_recv: at(bar + 1),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::from_int(1_000),
        }
    }))
    .unwrap()
}

fn days(prices: &[i64]) -> BarSeries {
    flat_bars(24, prices)
}

/// Buys at the start or at the first bar, and after every fill if it is greedy.
struct Buyer {
    at_start: Option<TimeInForce>,
    quantity: i64,
    greedy: bool,
    bars: usize,
}

impl Buyer {
    fn once(quantity: i64) -> Self {
        Self { at_start: None, quantity, greedy: false, bars: 0 }
    }
}

impl Strategy for Buyer {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        if let Some(tif) = self.at_start {
            let limit = Price::from_int(10);
            ctx.buy(acme().id, Quantity::from_int(self.quantity)).limit(limit).tif(tif).submit()?;
        }
        ctx.subscribe(Subscription::bars(acme().id, BarSpec::day()))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
        self.bars += 1;
        if self.bars == 1 && self.at_start.is_none() {
            ctx.buy(acme().id, Quantity::from_int(self.quantity)).submit()?;
        }
        Ok(())
    }
    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        if self.greedy && event.fill().is_some() {
            let side = if ctx.position(acme().id).is_long() { Side::Sell } else { Side::Buy };
            ctx.trade(acme().id, side, Quantity::from_int(self.quantity)).submit()?;
        }
        Ok(())
    }
}

fn run(venue: SimVenue, prices: &[i64], buyer: Buyer) -> Result<BacktestResult, BacktestError> {
    Backtest::new().venue(venue.instrument(acme())).cash("1000 USD").data(days(prices)).strategy(buyer).run()
}

#[test]
fn an_order_at_the_start_lives_from_then_on() {
    let buyer = Buyer { at_start: Some(TimeInForce::Day), ..Buyer::once(1) };
    let result = run(SimVenue::new("NYSE"), &[12, 9, 9], buyer).unwrap();
    let order = result.orders.iter().next().unwrap();
    // It comes with the first data, at the first midnight, so it is good for the whole second day.
    assert_eq!((order.status, order.ts_created), (OrderStatus::Filled, Timestamp::from_nanos(DAY)));
}

#[test]
fn orders_that_follow_each_other_without_end_end_the_run() {
    let buyer = Buyer { greedy: true, ..Buyer::once(1) };
    let error = run(SimVenue::new("NYSE").bar_fill(BarFill::SameClose), &[10, 10], buyer).unwrap_err();
    assert_eq!(error.code(), "BACKTEST_REPORT_STORM");
    assert!(error.to_string().contains("let it wait for the next bar"), "{error}");
}

#[test]
fn an_order_sets_aside_the_fee_that_the_venue_takes() {
    let refused = run(SimVenue::new("NYSE").fees(Fees::bps(100)), &[10, 10], Buyer::once(100)).unwrap();
    assert_eq!(refused.denials.len(), 1, "1000 and a fee of 10");
    let filled = run(SimVenue::new("NYSE").fees(Fees::bps(100)), &[10, 10], Buyer::once(99)).unwrap();
    assert_eq!((filled.denials.len(), filled.fills.len()), (0, 1));
    assert!(!filled.notes().iter().any(|note| note.contains("overdrawn")));
}

#[test]
fn a_gap_that_overdraws_a_cash_account_is_noted() {
    let result = run(SimVenue::new("NYSE").fees(Fees::bps(100)), &[10, 11, 11], Buyer::once(99)).unwrap();
    // 1000 - 99 * 11 * 1.01
    let cash = result.portfolio.balance(acme().venue(), Asset::new("USD").unwrap());
    assert_eq!((cash.total.to_string().as_str(), cash.lowest), ("-99.89", cash.total));
    let note = "The cash account at NYSE was overdrawn by up to 99.89 USD";
    assert!(result.notes().iter().any(|text| text.starts_with(note)), "{:?}", result.notes());
}

/// Writes down the end of every daily bar that it is told.
struct Listener(Arc<Mutex<Vec<i64>>>);

impl Strategy for Listener {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(acme().id, BarSpec::day()))
    }
    fn on_bar(&mut self, _ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.0.lock().unwrap().push(bar.ts_close.nanos() / DAY);
        Ok(())
    }
}

#[test]
fn a_bar_is_told_once_whatever_else_there_is_and_with_a_journal_or_without() {
    let half_days = flat_bars(12, &[10; 8]);
    let quotes = QuoteSeries::from_quotes((0..16).map(|quarter| {
        let at = Timestamp::from_nanos(DAY / 4 * quarter + 1_000);
        let (bid, ask) = ("9.99".parse().unwrap(), "10.01".parse().unwrap());
        let size = Quantity::ONE;
        Quote { instrument: acme().id, ts_event: at, ts_recv: at, bid, bid_size: size, ask, ask_size: size }
    }))
    .unwrap();
    for (journal, with_quotes) in [(false, false), (true, false), (false, true), (true, true)] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut backtest = Backtest::new()
            .venue(SimVenue::new("NYSE").instrument(acme()))
            .cash("1000 USD")
            .data(days(&[10, 10, 10, 10]))
            .strategy(Listener(Arc::clone(&told)));
        backtest = if with_quotes { backtest.data(quotes.clone()) } else { backtest.data(half_days.clone()) };
        backtest = if journal { backtest.journal() } else { backtest };
        backtest.run().unwrap();
        assert_eq!(*told.lock().unwrap(), [1, 2, 3, 4], "journal {journal}, quotes {with_quotes}");
    }
}

#[test]
fn an_instrument_of_another_venue_is_named() {
    let error = run(SimVenue::new("BATS"), &[10, 10], Buyer::once(1)).unwrap_err();
    assert_eq!(error.code(), "SIM_WRONG_VENUE");
    assert_eq!(error.to_string(), "ACME.NYSE does not trade at BATS");
}

/// Buys once and holds.
fn limited(prices: &[i64], limits: RiskLimits) -> Backtest {
    let venue = SimVenue::new("NYSE").instrument(acme());
    let buyer = Buyer::once(10);
    Backtest::new().venue(venue).cash("1000 USD").strategy(buyer).data(days(prices)).limits(limits)
}

#[test]
fn a_daily_loss_closes_at_the_next_open_and_trading_goes_on_the_day_after() {
    let loss = LossLimit::amount(Decimal::from(100)).halt().flatten().resume_next_day();
    let limits = RiskLimits::new().max_daily_loss(loss);
    let prices = [50, 50, 41, 40, 30, 21, 21];
    let result = limited(&prices, limits.clone()).journal().run().unwrap();
    // Bought at the open of the second bar, which is told at its end; 90, 10 and then 100 are lost in a day.
    let fills: Vec<_> = result.fills.iter().map(|fill| (fill.side, fill.price, fill.ts_event)).collect();
    let at = |day: i64| Timestamp::from_nanos(day * DAY);
    assert_eq!(fills, [(Side::Buy, Price::from_int(50), at(2)), (Side::Sell, Price::from_int(21), at(6))]);
    let what: Vec<_> = result.risk_events.iter().map(|event| (event.at, event.kind.clone())).collect();
    assert!(matches!(&what[0], (when, RiskEventKind::Breach { .. }) if *when == at(5)), "{what:?}");
    let states: Vec<_> = what
        .iter()
        .filter_map(|(when, kind)| match kind {
            RiskEventKind::State { from, to, .. } => Some((*when, *from, *to)),
            _ => None,
        })
        .collect();
    let (active, halted) = (TradingState::Active, TradingState::Halted);
    assert_eq!(states, [(at(5), active, halted), (at(6), halted, active)]);

    let mut engine = limited(&prices, limits).engine().unwrap();
    replay(&mut engine, result.journal.as_ref().unwrap()).unwrap();
    assert!(engine.risk_events().eq(&result.risk_events));
}

#[test]
fn limits_are_those_of_the_account_or_of_a_strategy() {
    let limits = |most| RiskLimits::new().max_order_quantity(Quantity::from_int(most));
    assert_eq!(limited(&[50, 50], limits(10)).run().unwrap().fills.len(), 1);
    let refused = limited(&[50, 50], limits(9)).run().unwrap();
    assert_eq!((refused.fills.len(), refused.denials.len()), (0, 1));
    let of_one = |name, most| limited(&[50, 50], RiskLimits::new()).strategy_limits(name, limits(most)).run();
    assert_eq!(of_one("Buyer", 9).unwrap().denials.len(), 1);
    assert_eq!(of_one("Seller", 9).unwrap_err().code(), "ENGINE_UNKNOWN_STRATEGY");
    assert_eq!(of_one("Buyer", 0).unwrap_err().code(), "RISK_LIMIT_INVALID");
    // Without limits, and with none that is reached, a run is the same.
    let free = limited(&[50, 50, 60], RiskLimits::new()).run().unwrap();
    let wide = limited(&[50, 50, 60], limits(1_000)).run().unwrap();
    assert_eq!(free.hash(), wide.hash());
}
