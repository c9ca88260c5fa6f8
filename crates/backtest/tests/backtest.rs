//! Whole runs: the ledger by hand, honesty about time, determinism, errors.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use algoflow_backtest::{Backtest, BacktestError, BacktestResult, Sweep};
use algoflow_core::{
    capabilities::Feature,
    ledger::AccountKind,
    market::{CorporateAction, CorporateActionKind},
    order::{Liquidity, OrderStatus},
    prelude::*,
};
use algoflow_data::{BarSeries, EventSource, QuoteSeries, TradeSeries};
use algoflow_execution::{ErrorPolicy, Harness, replay};
use algoflow_sim::{BarFill, BarPath, Fees, Latency, RejectModel, SimVenue, Slippage, default_capabilities};

const DAY: i64 = 86_400_000_000_000;

fn acme() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn at(days: i64) -> Timestamp {
    Timestamp::from_nanos(days * DAY)
}

/// A daily bar `open,high,low,close,volume`.
fn bar(day: i64, text: &str) -> Bar {
    let fields: Vec<&str> = text.split(',').collect();
    let price = |i: usize| fields[i].parse().unwrap();
    Bar {
        instrument: acme().id,
        spec: BarSpec::day(),
        ts_open: at(day),
        ts_close: at(day + 1),
        ts_recv: at(day + 1),
        open: price(0),
        high: price(1),
        low: price(2),
        close: price(3),
        volume: fields[4].parse().unwrap(),
    }
}

fn series(bars: &[&str]) -> BarSeries {
    BarSeries::from_bars(bars.iter().enumerate().map(|(day, text)| bar(day as i64, text))).unwrap()
}

/// Pseudo-random daily bars from a small generator, so that tests need no files.
fn noise(count: usize, seed: u64) -> BarSeries {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    let mut draw = |bound: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % bound
    };
    let mut close = 10_000i64;
    let cents = |mantissa| Price::new(mantissa, algoflow_core::number::Scale::new(2).unwrap());
    BarSeries::from_bars((0..count as i64).map(|day| {
        let open = close + draw(41) - 20;
        close = (open + draw(201) - 100).max(1_000);
        let (high, low) = (open.max(close) + draw(60), open.min(close) - draw(60));
        Bar {
            instrument: acme().id,
            spec: BarSpec::day(),
            ts_open: at(day),
            ts_close: at(day + 1),
            ts_recv: at(day + 1),
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(close),
            volume: Quantity::from_int(1_000 + draw(5_000)),
        }
    }))
    .unwrap()
}

type Script = Box<dyn FnMut(&mut Context<'_>, usize) -> StrategyResult + Send>;

/// Calls a closure with the number of each bar, from one.
struct Scripted(usize, Script);

impl Scripted {
    fn new(script: impl FnMut(&mut Context<'_>, usize) -> StrategyResult + Send + 'static) -> Self {
        Self(0, Box::new(script))
    }
}

impl Strategy for Scripted {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(acme().id, BarSpec::day()))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
        self.0 += 1;
        let number = self.0;
        (self.1)(ctx, number)
    }
}

/// Trades a lot and in every way: targets, limits, stops, brackets, cancellations.
struct Busy {
    bars: usize,
    log: Arc<Mutex<Vec<String>>>,
}

impl Strategy for Busy {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(acme().id, BarSpec::day()))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.bars += 1;
        let id = acme().id;
        let instrument = ctx.instrument(id)?.clone();
        let around = |factor: f64| instrument.price(bar.close.to_f64() * factor);
        let up = bar.close > bar.open;
        match self.bars % 7 {
            0 => ctx.target_position(id, Quantity::from_int(if up { 30 } else { -20 }))?,
            1 => {
                let entry = ctx.buy(id, Quantity::from_int(10)).limit(around(0.995)?);
                entry.bracket(around(1.01)?, around(0.985)?).submit()?;
            }
            2 => {
                ctx.sell(id, Quantity::from_int(5)).stop(around(0.99)?).submit()?;
            }
            3 => ctx.cancel_all(id)?,
            4 => {
                let trail = TrailingOffset::BasisPoints(80);
                ctx.sell(id, Quantity::from_int(7)).trailing(trail).submit()?;
            }
            5 => {
                ctx.buy(id, Quantity::from_int(3)).tif(TimeInForce::Ioc).submit()?;
            }
            _ => {}
        }
        ctx.record("close", bar.close.to_f64());
        self.log.lock().unwrap().push(format!("{} {}", ctx.now(), ctx.position(id).quantity));
        Ok(())
    }
    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        self.log.lock().unwrap().push(format!("{} {:?}", ctx.now(), event));
        Ok(())
    }
}

fn busy(bars: BarSeries, venue: SimVenue) -> (Backtest, Arc<Mutex<Vec<String>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let backtest = Backtest::new()
        .venue_with(venue.instrument(acme()), AccountKind::Margin { leverage: Decimal::from(4) })
        .cash("100000 USD")
        .data(bars)
        .strategy(Busy { bars: 0, log: log.clone() });
    (backtest, log)
}

fn nyse() -> SimVenue {
    SimVenue::new("NYSE").fees(Fees::bps(10))
}

/// Ten trades through the whole stack: partial fills by a volume cap, fees, a reversal through zero, a dividend, a split.
#[test]
fn a_ledger_by_hand() {
    let bars = series(&[
        "10.00,10.20,9.90,10.00,1000",  // 1: orders 100
        "10.00,10.40,10.00,10.30,600",  // 2: 60 fill at 10.00, a tenth of the volume
        "10.05,10.50,10.00,10.40,800",  // 3: 40 fill at 10.05
        "10.50,10.60,10.30,10.50,9000", // 4: 50 are sold at 10.50
        "9.90,10.10,9.80,10.00,9000",   // 5: 80 are sold at 9.90, through zero to -30
        "9.50,9.70,9.40,9.60,9000",     // 6: 10 are bought at 9.50: -20; then the split: -30
        "6.30,6.50,6.10,6.40,9000",     // 7
        "6.20,6.50,6.10,6.40,9000",     // 8: 45 are bought at 6.20: 15
        "6.40,6.60,6.30,6.50,9000",     // 9: 5 are bought at 6.40: 20
        "6.50,6.60,6.30,6.40,9000",     // 10: 8 are sold at 6.50: 12
        "6.00,6.10,5.90,6.00,9000",     // 11: 12 are sold at 6.00: flat
    ]);
    let ordered = [100i64, 0, -50, -80, 10, 0, 45, 5, -8, -12, 0];
    let strategy = Scripted::new(move |ctx, n| match ordered[n - 1] {
        0 => Ok(()),
        q => ctx
            .trade(acme().id, if q > 0 { Side::Buy } else { Side::Sell }, Quantity::from_int(q.abs()))
            .submit()
            .map(drop),
    });
    // Effective at midnight: after the bar that ends then.
    let action = |day: i64, action| -> MarketData {
        CorporateAction { instrument: acme().id, ts_event: at(day), ts_recv: at(day), action }.into()
    };
    let dividend = |per_share: &str| CorporateActionKind::Dividend { per_share: per_share.parse().unwrap() };
    let split = CorporateActionKind::Split { to: 3, from: 2 };
    let actions = [action(4, dividend("0.24 USD")), action(5, dividend("0.10 USD")), action(6, split)];
    let actions = EventSource::new("actions", actions);
    let venue = SimVenue::new("NYSE").instrument(acme()).fees(Fees::per_unit(dec("0.01"))).participation(0.1);
    let result = Backtest::new()
        .venue_with(venue, AccountKind::Margin { leverage: Decimal::from(4) })
        .cash("10000 USD")
        .data(actions)
        .data(bars)
        .strategy(strategy)
        .run()
        .unwrap();

    let fills: Vec<String> = result
        .fills
        .iter()
        .map(|f| format!("{} {} {} {}", f.side, f.quantity, f.price, f.fee.amount.normalize()))
        .collect();
    assert_eq!(
        fills,
        [
            "buy 60 10.00 0.6",
            "buy 40 10.05 0.4",
            "sell 50 10.50 0.5",
            "sell 80 9.90 0.8",
            "buy 10 9.50 0.1",
            "buy 45 6.20 0.45",
            "buy 5 6.40 0.05",
            "sell 8 6.50 0.08",
            "sell 12 6.00 0.12",
        ]
    );
    let (_, position) = result.portfolio.positions().next().unwrap();
    assert!(position.is_flat());
    // By hand: 24 - 6 + 4 + 12 + 2 - 3 = 33 realized; 0.24 * 50 - 0.10 * 30 = 9 of dividends; 3.10 of fees.
    assert_eq!(
        (position.realized(), position.income(), position.fees()),
        (dec("33.00"), dec("9.00"), dec("3.10"))
    );
    assert_eq!(result.final_equity.unwrap().amount, dec("10038.90"));
}

/// Cutting the data off at any bar never changes what was decided before.
#[test]
fn nothing_looks_ahead() {
    let bars = noise(120, 7);
    let (full, log) = busy(bars.clone(), nyse().slippage(Slippage::bps(2.0)));
    full.run().unwrap();
    let whole = log.lock().unwrap().clone();
    for cut in (1..120).step_by(7) {
        let (part, log) = busy(bars.slice(..cut), nyse().slippage(Slippage::bps(2.0)));
        part.run().unwrap();
        let part = log.lock().unwrap();
        assert_eq!(part[..], whole[..part.len()], "cut at bar {cut}");
        assert!(part.len() >= cut);
    }
}

#[test]
fn the_same_inputs_give_the_same_hash() {
    let venue = || {
        nyse().reject(RejectModel::new(0.2)).latency(Latency::new(
            TimeDelta::hours(1),
            TimeDelta::hours(2),
            TimeDelta::hours(3),
        ))
    };
    let run = |seed: u64, bars: u64| busy(noise(200, bars), venue()).0.seed(seed).run().unwrap().hash();
    let hash = run(1, 7);
    assert_eq!(hash.len(), 64);
    assert_eq!(hash, run(1, 7));
    assert_ne!(hash, run(2, 7), "the seed decides what is rejected");
    assert_ne!(hash, run(1, 8));
}

#[test]
fn a_sweep_gives_what_single_runs_give_on_any_number_of_threads() {
    let bars = Arc::new(noise(150, 3));
    let build = |size: &i64| {
        let size = *size;
        let strategy = Scripted::new(move |ctx, n| {
            ctx.target_position(acme().id, Quantity::from_int(size * (n as i64 % 3)))
        });
        Ok(Backtest::new().venue(nyse().instrument(acme())).cash("100000 USD").data(&bars).strategy(strategy))
    };
    let single: Vec<String> = (1..20).map(|size| build(&size).unwrap().run().unwrap().hash()).collect();
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let counted = Arc::new(Mutex::new(0));
        let seen = counted.clone();
        let sweep = Sweep::over(1..20).on_progress(move |p| *seen.lock().unwrap() = p.total.max(p.done));
        let hashes = pool.install(|| sweep.run(build, |_, result| result.hash())).unwrap();
        assert_eq!(hashes, single, "{threads} threads");
        assert_eq!(*counted.lock().unwrap(), 19);
    }
}

/// A writer whose bytes can still be looked at.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_journal_of_a_run_replays() {
    let latency = Latency::new(TimeDelta::ZERO, TimeDelta::hours(1), TimeDelta::hours(1));
    let (backtest, _) = busy(noise(100, 5), nyse().latency(latency));
    let result = backtest.journal().run().unwrap();
    let journal = result.journal.unwrap();
    let (streamed, mut kept) = (Tape::default(), Vec::new());
    let (backtest, _) = busy(noise(100, 5), nyse().latency(latency));
    assert!(backtest.journal_to(streamed.clone()).run().unwrap().journal.is_none());
    journal.write(&mut kept).unwrap();
    assert!(*streamed.0.lock().unwrap() == kept, "streamed or kept, it is the same");
    assert!(journal.commands().len() > 50);
    let (fresh, _) = busy(noise(1, 5), nyse().latency(latency));
    let mut engine = fresh.engine().unwrap();
    replay(&mut engine, &journal).unwrap();
    assert_eq!(engine.portfolio().equity().unwrap(), result.final_equity.unwrap().amount);
}

#[test]
fn latency_delays_what_is_seen_and_what_is_sent() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let strategy = Scripted::new(move |ctx, n| {
        log.lock().unwrap().push(ctx.now());
        if n == 1 { ctx.target_position(acme().id, Quantity::from_int(5)) } else { Ok(()) }
    });
    let hours = TimeDelta::hours;
    let venue = nyse().instrument(acme()).latency(Latency::new(hours(1), hours(2), hours(4)));
    let bars = series(&["10,11,9,10,100", "12,13,11,12,100", "14,15,13,14,100", "16,17,15,16,100"]);
    let result = Backtest::new().venue(venue).cash("1000 USD").data(bars).strategy(strategy).run().unwrap();
    assert_eq!(seen.lock().unwrap()[0], at(1).saturating_add(hours(1)), "the first bar is seen an hour late");
    let fill = result.fills.first().unwrap();
    // Sent at 1:00 of day two, at the venue at 3:00: that bar is under way, so the order joins it between open and close.
    assert!(
        fill.ts_event > at(1).saturating_add(hours(3))
            && fill.ts_recv == fill.ts_event.saturating_add(hours(4))
    );
    assert!(fill.price >= "11".parse().unwrap() && fill.price <= "13".parse().unwrap());
}

#[test]
fn trades_and_quotes_drive_a_backtest_too() {
    struct Taker(usize);
    impl Strategy for Taker {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::Quotes(acme().id))?;
            ctx.subscribe(Subscription::Trades(acme().id))?;
            ctx.subscribe(Subscription::bars(acme().id, BarSpec::minutes(1)))
        }
        fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) -> StrategyResult {
            if quote.bid == "10.00".parse()? {
                ctx.buy(acme().id, Quantity::from_int(5)).submit()?;
                ctx.sell(acme().id, Quantity::from_int(2)).limit("10.05".parse()?).submit()?;
            }
            Ok(())
        }
        fn on_bar(&mut self, _: &mut Context<'_>, bar: &Bar) -> StrategyResult {
            self.0 += 1;
            assert_eq!(bar.close, "10.06".parse()?);
            Ok(())
        }
    }
    let second = |s: i64| Timestamp::from_seconds(s).unwrap();
    let quote = |s: i64, bid: &str, ask: &str| Quote {
        instrument: acme().id,
        ts_event: second(s),
        ts_recv: second(s),
        bid: bid.parse().unwrap(),
        bid_size: Quantity::from_int(3),
        ask: ask.parse().unwrap(),
        ask_size: Quantity::from_int(3),
    };
    let trade = |s: i64, price: &str| Trade {
        instrument: acme().id,
        ts_event: second(s),
        ts_recv: second(s),
        price: price.parse().unwrap(),
        quantity: Quantity::from_int(9),
        aggressor: Some(Side::Buy),
    };
    let quotes = QuoteSeries::from_quotes([quote(1, "10.00", "10.02"), quote(2, "10.01", "10.03")]).unwrap();
    let trades = TradeSeries::from_trades([trade(3, "10.06"), trade(70, "10.06")]).unwrap();
    let result = Backtest::new()
        .venue_with(nyse().instrument(acme()), AccountKind::Margin { leverage: Decimal::TWO })
        .cash("1000 USD")
        .data(quotes)
        .data(trades)
        .strategy(Taker(0))
        .run()
        .unwrap();
    let fills: Vec<_> =
        result.fills.iter().map(|f| (f.quantity.mantissa(), f.price.to_string(), f.liquidity)).collect();
    assert_eq!(
        fills,
        [
            (3, "10.02".to_owned(), Liquidity::Taker),
            (2, "10.03".to_owned(), Liquidity::Taker),
            (2, "10.05".to_owned(), Liquidity::Maker),
        ]
    );
}

#[test]
fn short_sales_need_a_margin_account() {
    let run = |account| {
        let strategy = Scripted::new(|ctx, n| {
            if n == 1 { ctx.target_position(acme().id, Quantity::from_int(-5)) } else { Ok(()) }
        });
        Backtest::new()
            .venue_with(nyse().instrument(acme()), account)
            .cash("1000 USD")
            .data(series(&["10,10,10,10,9", "9,9,9,9,9"]))
            .strategy(strategy)
            .run()
            .unwrap()
    };
    let cash = run(AccountKind::Cash);
    assert_eq!((cash.fills.len(), cash.denials.len()), (0, 1));
    assert!(cash.notes().iter().any(|note| note.contains("refused 1 order before")));
    let margin = run(AccountKind::Margin { leverage: Decimal::ONE });
    assert_eq!(margin.fills.len(), 1);
}

#[test]
fn a_failing_strategy_is_reported_and_the_run_goes_on() {
    let strategy = Scripted::new(|_, n| if n == 2 { Err(StrategyError::other("no more")) } else { Ok(()) });
    let result = Backtest::new()
        .venue(nyse().instrument(acme()))
        .cash("1000 USD")
        .data(series(&["10,10,10,10,9"; 4].map(|t| t)))
        .named_strategy("fragile", strategy)
        .run()
        .unwrap();
    assert_eq!((result.events, result.halts.len()), (4, 1));
    assert_eq!((result.halts[0].strategy.as_str(), result.halts[0].reason.as_str()), ("fragile", "no more"));
}

#[test]
fn two_strategies_share_an_account_and_keep_their_own_positions() {
    let trader =
        |size: i64| Scripted::new(move |ctx, _| ctx.target_position(acme().id, Quantity::from_int(size)));
    let result = Backtest::new()
        .venue_with(nyse().instrument(acme()), AccountKind::Margin { leverage: Decimal::from(4) })
        .cash("10000 USD")
        .data(noise(10, 1))
        .strategy(trader(7))
        .strategy(trader(-3))
        .run()
        .unwrap();
    let names: Vec<_> = result.strategies.iter().map(|id| id.as_str()).collect();
    assert_eq!(names, ["Scripted", "Scripted-2"]);
    let own = |strategy| result.portfolio.strategy_position(strategy, 0).quantity.mantissa();
    assert_eq!((own(0), own(1), result.portfolio.position(0).quantity.mantissa()), (7, -3, 4));
}

#[test]
fn the_equity_curve_starts_with_the_cash_and_ends_with_the_final_equity() {
    let strategy = Scripted::new(|ctx, _| ctx.target_weight(acme().id, 0.5));
    let venue = nyse().instrument(acme()).bar_fill(BarFill::SameClose);
    let result =
        Backtest::new().venue(venue).cash("10000 USD").data(noise(50, 2)).strategy(strategy).run().unwrap();
    let (first, last) = (result.equity[0], result.equity[result.equity.len() - 1]);
    assert_eq!((first.ts, first.equity), (at(0), 10_000.0));
    assert_eq!((last.ts, result.equity.len()), (at(50), 51));
    let exact = f64::try_from(result.final_equity.unwrap().amount).unwrap();
    assert!((last.equity - exact).abs() < 1e-6);
    assert!((result.total_return().unwrap() - (exact / 10_000.0 - 1.0)).abs() < 1e-12);
    assert!(result.orders.iter().all(|order| order.status == OrderStatus::Filled));
}

fn complete() -> Backtest {
    Backtest::new()
        .venue(nyse().instrument(acme()))
        .cash("1000 USD")
        .data(series(&["10,10,10,10,9"]))
        .strategy(Scripted::new(|_, _| Ok(())))
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let error = |backtest: Backtest| -> (String, &'static str) {
        let error = backtest.run().unwrap_err();
        (error.to_string(), error.code())
    };
    let empty = Backtest::new;
    assert_eq!(error(empty()).1, "BACKTEST_MISSING");
    assert!(error(empty().venue(nyse())).0.contains(".data(..)"));
    assert!(error(empty().venue(nyse()).data(series(&["1,1,1,1,1"]))).0.contains(".strategy(..)"));
    let no_cash = empty().venue(nyse()).data(series(&["1,1,1,1,1"])).strategy(Scripted::new(|_, _| Ok(())));
    assert!(error(no_cash).0.contains("100000 USD"));
    assert_eq!(error(complete().cash("lots of money")).1, "NUMBER_PARSE");
    assert_eq!(error(complete().venue(nyse())).1, "BACKTEST_DUPLICATE_VENUE");
    assert_eq!(error(complete().cash_at(VenueId::new("MOON").unwrap(), "1 USD")).1, "BACKTEST_UNKNOWN_VENUE");
    let stranger = Bar { instrument: "OTHER.NYSE".parse().unwrap(), ..bar(0, "1,1,1,1,1") };
    let stranger = complete().data(BarSeries::from_bars([stranger]).unwrap());
    assert_eq!(error(stranger).1, "BACKTEST_NO_VENUE");
    let nothing = BarSeries::new(acme().id, BarSpec::day());
    let nothing = Backtest::new()
        .venue(nyse().instrument(acme()))
        .cash("1 USD")
        .data(nothing)
        .strategy(Scripted::new(|_, _| Ok(())));
    assert!(error(nothing).0.contains("every feed is empty"));
}

#[test]
fn a_report_is_made_of_any_run() {
    let (backtest, _) = busy(noise(300, 9), nyse());
    let result: BacktestResult = backtest.run().unwrap();
    let summary = result.summary().unwrap();
    assert!(summary.contains("Sharpe"), "{summary}");
    let html = result.report().unwrap().to_html().unwrap();
    assert!(html.contains(&result.hash()[..12]) && html.contains("Busy"));
    assert!(summary.starts_with("Busy on ACME.NYSE\n1970-01-01 to 1970-10-27, 300 days, "), "{summary}");
    let own = result.report_builder().unwrap().title("A first try").build().unwrap();
    assert_eq!((own.title(), own.summary().lines().nth(1)), ("A first try", Some("Busy")));
}

/// Bars from Monday to Friday; a dividend on Saturdays, which reaches the account on a day without a market.
#[test]
fn a_dividend_on_a_weekend_makes_no_day_of_its_own() {
    let weekday = |day: i64| (day + 3) % 7 < 5;
    let run = |dividends: bool| {
        let bars = noise(70, 4).iter().filter(|bar| weekday(bar.ts_open.nanos() / DAY)).collect::<Vec<_>>();
        let per_share = "0.10 USD".parse().unwrap();
        let actions = (0..70i64).filter(|day| dividends && (day + 3) % 7 == 5).map(|day| -> MarketData {
            let ts = at(day).saturating_add(TimeDelta::hours(12));
            let action = CorporateActionKind::Dividend { per_share };
            CorporateAction { instrument: acme().id, ts_event: ts, ts_recv: ts, action }.into()
        });
        Backtest::new()
            .venue(nyse().instrument(acme()))
            .cash("10000 USD")
            .data(BarSeries::from_bars(bars).unwrap())
            .data(EventSource::new("actions", actions.collect::<Vec<_>>()))
            .strategy(Scripted::new(|ctx, _| ctx.target_position(acme().id, Quantity::from_int(50))))
            .run()
            .unwrap()
    };
    let (with, without) = (run(true), run(false));
    assert!(with.equity.len() > without.equity.len() + 8, "the curve itself tells of each dividend");
    let (paid, none) = (with.report().unwrap(), without.report().unwrap());
    assert_eq!(paid.returns().times(), none.returns().times());
    assert_eq!(paid.returns().len(), 50);
    assert_eq!(paid.statistics().periods_per_year, 252.0);
    let (last, first) = (with.final_equity.unwrap().amount, without.final_equity.unwrap().amount);
    assert!(last > first + dec("40"), "they are earned all the same");
    let total = f64::try_from(last).unwrap() / 10_000.0 - 1.0;
    assert!((paid.statistics().total_return.unwrap() - total).abs() < 1e-12);
}

#[test]
fn the_same_strategy_runs_on_the_harness() {
    let strategy = Scripted::new(|ctx, _| ctx.target_position(acme().id, Quantity::from_int(5)));
    let mut harness = Harness::new([acme()], "1000 USD".parse().unwrap(), strategy).unwrap();
    assert_eq!(harness.close(acme().id, "10").unwrap().len(), 1);
}

#[test]
fn errors_are_small_enough_to_return() {
    assert!(std::mem::size_of::<BacktestError>() <= 128);
}

#[test]
fn a_trigger_of_the_engine_is_not_reached_by_what_was_before_the_entry() {
    // The path of the second bar: 100, 106, 94, 96. The entry fills on the way down.
    let strategy = Scripted::new(|ctx, n| {
        if n == 1 {
            let entry = ctx.buy(acme().id, Quantity::ONE).limit("95".parse().unwrap()).submit()?;
            ctx.sell(acme().id, Quantity::ONE).if_touched("105".parse().unwrap()).after(entry).submit()?;
        }
        Ok(())
    });
    let late = default_capabilities().emulating(Feature::MarketIfTouched, "late");
    let venue = nyse().instrument(acme()).bar_path(BarPath::Ohlc).with_capabilities(late);
    let bars = series(&["100,100,100,100,9", "100,106,94,96,9", "96,104,95,96,9"]);
    let result = Backtest::new().venue(venue).cash("1000 USD").data(bars).strategy(strategy).run().unwrap();
    assert_eq!(result.fills.len(), 1);
    assert_eq!(result.orders.iter().nth(1).unwrap().status, OrderStatus::Held);
}

#[test]
fn a_cash_account_with_a_bracket_is_flattened() {
    let strategy = Scripted::new(|ctx, n| match n {
        1 => {
            let (profit, loss) = ("20".parse().unwrap(), "5".parse().unwrap());
            ctx.buy(acme().id, Quantity::from_int(10)).bracket(profit, loss).submit().map(drop)
        }
        3 => Err(StrategyError::other("out of ideas")),
        _ => Ok(()),
    });
    let backtest = Backtest::new().venue(nyse().instrument(acme())).cash("1000 USD");
    let backtest = backtest.on_error(ErrorPolicy::Flatten).data(series(&["10,10,10,10,100"; 6]));
    let result = backtest.strategy(strategy).run().unwrap();
    assert!(result.denials.is_empty());
    assert!(result.portfolio.positions().all(|(_, position)| position.is_flat()));
    assert_eq!(result.fills.len(), 2);
}
