//! The ways through a run are one: over series, where most records only go to a strategy; with a journal, where none takes
//! the short way; and over a stream, where each comes by itself.

#![allow(clippy::unwrap_used)]

use algoflow_backtest::Backtest;
use algoflow_core::{ledger::AccountKind, number::Scale, prelude::*, strategy::Strategy};
use algoflow_data::{BarSeries, EventSource, Feed, TradeSeries};
use algoflow_sim::{BarFill, BarPath, Fees, Latency, SimVenue};
use proptest::prelude::{Strategy as Any, *};

fn stock() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(TimeDelta::minutes(minutes))
}

fn cents(value: i64) -> Price {
    Price::new(value, Scale::new(2).unwrap())
}

/// What a strategy does at one of its bars or trades; all prices are in cents from the last one.
#[derive(Clone, Debug)]
enum Deed {
    Target(i64),
    Limit(i64),
    Stop(i64),
    Trail(u32),
    Bracket(i64, i64),
    Cancel,
    Timer(i64),
    Fail,
}

fn deeds() -> impl Any<Value = Vec<(usize, Deed)>> {
    let deed = prop_oneof![
        4 => (-20i64..40).prop_map(Deed::Target),
        4 => (-60i64..60).prop_map(Deed::Limit),
        3 => (-60i64..60).prop_map(Deed::Stop),
        2 => (10u32..200).prop_map(Deed::Trail),
        3 => (5i64..80, 5i64..80).prop_map(|(up, down)| Deed::Bracket(up, down)),
        2 => Just(Deed::Cancel),
        2 => (0i64..40).prop_map(Deed::Timer),
        1 => Just(Deed::Fail),
    ];
    proptest::collection::vec((0usize..40, deed), 0..30)
}

/// Does each deed so many events after the one before it.
struct Doer {
    on_trades: bool,
    keeps: usize,
    deeds: std::vec::IntoIter<(usize, Deed)>,
    next: Option<(usize, Deed)>,
}

impl Doer {
    fn act(&mut self, ctx: &mut Context<'_>, price: Price) -> StrategyResult {
        let id = stock().id;
        let away = |by: i64| price.checked_add(cents(by));
        while let Some((0, deed)) = &self.next {
            match *deed {
                Deed::Target(quantity) => ctx.target_position(id, Quantity::from_int(quantity))?,
                Deed::Limit(by) => {
                    let side = if by < 0 { Side::Buy } else { Side::Sell };
                    ctx.trade(id, side, Quantity::from_int(7)).limit(away(by)?).submit()?;
                }
                Deed::Stop(by) => {
                    let side = if by < 0 { Side::Sell } else { Side::Buy };
                    ctx.trade(id, side, Quantity::from_int(5)).stop(away(by)?).submit()?;
                }
                Deed::Trail(points) => {
                    let offset = TrailingOffset::BasisPoints(points);
                    ctx.sell(id, Quantity::from_int(3)).trailing(offset).submit()?;
                }
                Deed::Bracket(up, down) => {
                    ctx.buy(id, Quantity::from_int(4)).bracket(away(up)?, away(-down)?).submit()?;
                }
                Deed::Cancel => ctx.cancel_all(id)?,
                Deed::Timer(minutes) => {
                    ctx.schedule("timer", ctx.now().saturating_add(TimeDelta::minutes(minutes)));
                }
                Deed::Fail => return Err(StrategyError::parameter("deed", "it fails")),
            }
            self.next = self.deeds.next();
        }
        if let Some((wait, _)) = &mut self.next {
            *wait -= 1;
        }
        if self.keeps > 0 && !self.on_trades {
            let sum: f64 = ctx.history(id, BarSpec::minutes(1))?.map(|bar| bar.close.to_f64()).sum();
            ctx.record("history", sum);
        }
        Ok(())
    }
}

impl Strategy for Doer {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        let id = stock().id;
        ctx.subscribe(if self.on_trades {
            Subscription::Trades(id)
        } else {
            Subscription::bars(id, BarSpec::minutes(1)).keep(self.keeps)
        })
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.act(ctx, bar.close)
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.act(ctx, trade.price)
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
        ctx.record("timer", ctx.now().as_seconds_f64());
        ctx.target_position(stock().id, Quantity::ONE)
    }
}

/// The data of one run: minutes as moves of the open, high, low and close.
fn bars(moves: &[(i64, i64, i64)]) -> BarSeries {
    let mut last = 10_000;
    BarSeries::from_bars((0..).zip(moves).map(|(minute, (up, down, end))| {
        let open = last;
        let (high, low) = (open + up, open - down);
        last = (open + end).clamp(low, high);
        Bar {
            instrument: stock().id,
            spec: BarSpec::minutes(1),
            ts_open: at(minute),
            ts_close: at(minute + 1),
            ts_recv: at(minute + 1),
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(last),
            volume: Quantity::from_int(50),
        }
    }))
    .unwrap()
}

fn trades(moves: &[(i64, i64, i64)]) -> TradeSeries {
    let mut last = 10_000;
    TradeSeries::from_trades((0..).zip(moves).map(|(minute, (up, down, _))| {
        last += up - down;
        Trade {
            instrument: stock().id,
            ts_event: at(minute),
            ts_recv: at(minute),
            price: cents(last),
            quantity: Quantity::from_int(10),
            aggressor: None,
        }
    }))
    .unwrap()
}

#[derive(Clone, Debug)]
struct Setting {
    fill: BarFill,
    path: BarPath,
    entry: i64,
    feed: i64,
    share: bool,
    keeps: usize,
}

fn settings() -> impl Any<Value = Setting> {
    let fills = prop_oneof![Just(BarFill::NextOpen), Just(BarFill::SameClose), Just(BarFill::NextClose)];
    let paths = prop_oneof![Just(BarPath::Adaptive), Just(BarPath::Worst)];
    let delay = || prop_oneof![3 => Just(0i64), 1 => 1i64..200];
    (fills, paths, delay(), delay(), any::<bool>(), prop_oneof![Just(0usize), Just(3)])
        .prop_map(|(fill, path, entry, feed, share, keeps)| Setting { fill, path, entry, feed, share, keeps })
}

fn hash(setting: &Setting, deeds: Vec<(usize, Deed)>, feed: Feed, on_trades: bool, journal: bool) -> String {
    let latency =
        Latency::new(TimeDelta::seconds(setting.feed), TimeDelta::seconds(setting.entry), TimeDelta::ZERO);
    let mut venue = SimVenue::new("NYSE")
        .instrument(stock())
        .fees(Fees::bps(3))
        .bar_fill(setting.fill)
        .bar_path(setting.path)
        .latency(latency);
    if setting.share {
        venue = venue.participation(0.1);
    }
    let mut deeds = deeds.into_iter();
    let next = deeds.next();
    let doer = Doer { on_trades, keeps: setting.keeps, deeds, next };
    let mut backtest = Backtest::new()
        .venue_with(venue, AccountKind::Margin { leverage: Decimal::TWO })
        .cash("100000 USD")
        .data(feed)
        .strategy(doer);
    if journal {
        backtest = backtest.journal();
    }
    backtest.run().unwrap().hash()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn all_ways_give_one_result(
        moves in proptest::collection::vec((0i64..60, 0i64..60, -60i64..60), 50..300),
        deeds in deeds(),
        setting in settings(),
        on_trades in any::<bool>(),
    ) {
        let (series, ticks) = (bars(&moves), trades(&moves));
        let feed = || if on_trades { Feed::from(ticks.clone()) } else { Feed::from(series.clone()) };
        let events: Vec<MarketData> = if on_trades {
            ticks.iter().map(MarketData::from).collect()
        } else {
            series.iter().map(MarketData::from).collect()
        };
        let short = hash(&setting, deeds.clone(), feed(), on_trades, false);
        let journaled = hash(&setting, deeds.clone(), feed(), on_trades, true);
        let streamed = hash(&setting, deeds, EventSource::new("stream", events).into(), on_trades, false);
        prop_assert_eq!(&short, &journaled);
        prop_assert_eq!(&short, &streamed);
    }
}
