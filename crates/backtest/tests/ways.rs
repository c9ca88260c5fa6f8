//! The ways through a run are one: over series, where most records only go to a strategy; with a journal, where none takes
//! the short way; and over a stream, where each comes by itself.

#![allow(clippy::unwrap_used)]

use algoflow_backtest::Backtest;
use algoflow_core::{
    ledger::AccountKind,
    market::{CorporateAction, CorporateActionKind, InstrumentStatus, TradingStatus},
    number::Scale,
    prelude::*,
    strategy::Strategy,
};
use algoflow_data::{BarSeries, EventSource, Feed, TradeSeries};
use algoflow_sim::{BarFill, BarPath, Fees, Latency, RejectModel, SimVenue, Slippage};
use proptest::prelude::{Strategy as Any, *};

fn stock() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

/// Another stock at the same venue, ten of which are one share.
fn elsewhere() -> Instrument {
    Instrument::equity("OTHER.NYSE", "USD").unwrap().with_multiplier(Decimal::TEN)
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
    /// A market order, which may be larger than the account allows.
    Market(i64),
    /// A position in the other stock.
    Elsewhere(i64),
    Close,
    /// What is done when the next report comes: another target, or an error.
    React(Option<i64>),
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
        4 => prop_oneof![-30i64..30, -2_000i64..2_000].prop_map(Deed::Market),
        2 => (-3i64..6).prop_map(Deed::Elsewhere),
        1 => Just(Deed::Close),
        3 => prop_oneof![4 => (-20i64..40).prop_map(Some), 1 => Just(None)].prop_map(Deed::React),
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
    reaction: Option<Option<i64>>,
}

impl Doer {
    fn new(deeds: Vec<(usize, Deed)>, on_trades: bool, keeps: usize) -> Self {
        let mut deeds = deeds.into_iter();
        let next = deeds.next();
        Self { on_trades, keeps, deeds, next, reaction: None }
    }

    fn act(&mut self, ctx: &mut Context<'_>, price: Price) -> StrategyResult {
        let id = stock().id;
        let away = |by: i64| price.checked_add(cents(by));
        while let Some((0, deed)) = &self.next {
            match *deed {
                Deed::Target(quantity) => ctx.target_position(id, Quantity::from_int(quantity))?,
                Deed::Market(quantity) => {
                    let side = if quantity < 0 { Side::Sell } else { Side::Buy };
                    ctx.trade(id, side, Quantity::from_int(quantity.abs())).submit()?;
                }
                Deed::Elsewhere(quantity) => {
                    // Where there is no other stock there is nothing to do.
                    if ctx.instrument(elsewhere().id).is_ok() {
                        ctx.target_position(elsewhere().id, Quantity::from_int(quantity))?;
                    }
                }
                Deed::Close => ctx.close(id)?,
                Deed::React(reaction) => self.reaction = Some(reaction),
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
    fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        // All that a strategy can see of it.
        let order = ctx.order(event.order).map(|order| (order.status, order.filled, order.average_price()));
        let (held, free) =
            (ctx.position(stock().id), ctx.portfolio().balance(stock().venue(), stock().quote).free());
        ctx.record(
            &format!("{:?} {order:?} {held:?} {free}", event.kind),
            ctx.equity()?.try_into().unwrap_or(f64::NAN),
        );
        match self.reaction.take() {
            Some(Some(quantity)) => ctx.target_position(stock().id, Quantity::from_int(quantity)),
            Some(None) => Err(StrategyError::parameter("reaction", "it fails")),
            None => Ok(()),
        }
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
        ctx.record("timer", ctx.now().as_seconds_f64());
        ctx.target_position(stock().id, Quantity::ONE)
    }
}

/// A strategy that only wakes up now and then, so that there are two.
struct Other;

impl Strategy for Other {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        let first = ctx.now().saturating_add(TimeDelta::minutes(9));
        ctx.schedule_every("other", first, TimeDelta::minutes(31))
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
        let held = ctx.position(stock().id).quantity;
        ctx.target_position(stock().id, if held.is_zero() { Quantity::from_int(3) } else { Quantity::ZERO })
    }
}

/// The data of one run: minutes as moves of the open, high, low and close.
///
/// They are delivered in batches.
fn bars(moves: &[(i64, i64, i64)], batch: i64) -> BarSeries {
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
            ts_recv: at((minute / batch + 1) * batch),
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

/// A few trades of the other stock.
fn trades_elsewhere(minutes: usize) -> TradeSeries {
    TradeSeries::from_trades((0..minutes as i64).step_by(17).map(|minute| Trade {
        instrument: elsewhere().id,
        ts_event: at(minute),
        ts_recv: at(minute),
        price: cents(1_000 + minute),
        quantity: Quantity::from_int(100),
        aggressor: None,
    }))
    .unwrap()
}

/// A dividend, a halt and a split.
fn happenings() -> Vec<MarketData> {
    let action = |minute, action| {
        let (ts_event, ts_recv) = (at(minute), at(minute));
        MarketData::from(CorporateAction { instrument: stock().id, ts_event, ts_recv, action })
    };
    let status = |minute, status| {
        let (ts_event, ts_recv) = (at(minute), at(minute));
        MarketData::from(InstrumentStatus { instrument: stock().id, ts_event, ts_recv, status })
    };
    let per_share = Money::new(Decimal::new(25, 2), stock().quote);
    vec![
        action(20, CorporateActionKind::Dividend { per_share }),
        status(30, TradingStatus::Halted),
        status(36, TradingStatus::Open),
        action(45, CorporateActionKind::Split { to: 2, from: 1 }),
        status(60, TradingStatus::Closed),
        status(66, TradingStatus::Open),
    ]
}

#[derive(Clone, Debug)]
struct Setting {
    fill: BarFill,
    path: BarPath,
    entry: i64,
    feed: i64,
    share: bool,
    keeps: usize,
    account: AccountKind,
    ack: i64,
    rejects: bool,
    smallest: bool,
    slippage: Slippage,
    fees: Fees,
    others: bool,
    elsewhere: bool,
    happenings: bool,
    batch: i64,
    sample: Option<TimeDelta>,
}

fn settings() -> impl Any<Value = Setting> {
    let fills = prop_oneof![Just(BarFill::NextOpen), Just(BarFill::SameClose), Just(BarFill::NextClose)];
    let paths = prop_oneof![Just(BarPath::Adaptive), Just(BarPath::Worst)];
    let delay = || prop_oneof![3 => Just(0i64), 1 => 1i64..200];
    let rare = || prop_oneof![4 => Just(false), 1 => Just(true)];
    let slippages =
        prop_oneof![3 => Just(Slippage::None), 1 => Just(Slippage::Ticks(2)), 1 => Just(Slippage::Bps(3.0))];
    let fees = prop_oneof![
        3 => Just(Fees::bps(3)),
        1 => Just(Fees::None),
        1 => Just(Fees::Instrument),
        1 => Just(Fees::per_order(Decimal::ONE)),
        1 => Just(Fees::bps(3).rounded(2)),
        1 => Just(Fees::per_unit(Decimal::new(5, 3))),
    ];
    let accounts = prop_oneof![Just(AccountKind::Cash), Just(AccountKind::Margin { leverage: Decimal::TWO })];
    let market = (fills, paths, slippages, fees, rare(), rare(), rare());
    let rest = (delay(), delay(), delay(), rare(), prop_oneof![Just(0usize), Just(3)], accounts);
    let samples =
        prop_oneof![3 => Just(None), 1 => (0i64..9).prop_map(|every| Some(TimeDelta::minutes(every)))];
    let more = (rare(), rare(), prop_oneof![3 => Just(1i64), 1 => 2i64..20], samples);
    (market, rest, more).prop_map(|((fill, path, slippage, fees, share, rejects, smallest), rest, more)| {
        let (entry, feed, ack, others, keeps, account) = rest;
        let (elsewhere, happenings, batch, sample) = more;
        Setting {
            fill,
            path,
            entry,
            feed,
            share,
            keeps,
            account,
            ack,
            rejects,
            smallest,
            slippage,
            fees,
            others,
            elsewhere,
            happenings,
            batch,
            sample,
        }
    })
}

/// What a run comes to: its hash, and all that its strategies saw.
fn outcome(
    setting: &Setting,
    deeds: Vec<(usize, Deed)>,
    feed: Feed,
    on_trades: bool,
    journal: bool,
) -> [String; 2] {
    let seconds = TimeDelta::seconds;
    let latency = Latency::new(seconds(setting.feed), seconds(setting.entry), seconds(setting.ack));
    let mut instrument = stock();
    if setting.smallest {
        instrument.limits.min_notional = Some(Decimal::from(500));
        instrument.limits.max_quantity = Some(Quantity::from_int(25));
    }
    let mut venue = SimVenue::new("NYSE")
        .instrument(instrument)
        .fees(setting.fees.clone())
        .slippage(setting.slippage.clone())
        .bar_fill(setting.fill)
        .bar_path(setting.path)
        .latency(latency);
    if setting.elsewhere {
        venue = venue.instrument(elsewhere());
    }
    if setting.share {
        venue = venue.participation(0.1);
    }
    if setting.rejects {
        venue = venue.reject(RejectModel::new(0.3));
    }
    let doer = Doer::new(deeds, on_trades, setting.keeps);
    let mut backtest =
        Backtest::new().venue_with(venue, setting.account).cash("100000 USD").data(feed).strategy(doer);
    if setting.elsewhere {
        backtest = backtest.data(trades_elsewhere(300));
    }
    if setting.happenings {
        backtest = backtest.data(EventSource::new("happenings", happenings()));
    }
    if let Some(every) = setting.sample {
        backtest = backtest.sample_equity_every(every);
    }
    if setting.others {
        backtest = backtest.strategy(Other);
    }
    if journal {
        backtest = backtest.journal();
    }
    let result = backtest.run().unwrap();
    let orders = result.orders.iter().collect::<Vec<_>>();
    let seen = format!("{:#?} {:?} {orders:?} {:?}", result.recorded, result.halts, result.equity);
    [result.hash(), seen]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_ways_give_one_result(
        moves in proptest::collection::vec((0i64..60, 0i64..60, -60i64..60), 50..300),
        deeds in deeds(),
        setting in settings(),
        on_trades in any::<bool>(),
    ) {
        let (series, ticks) = (bars(&moves, setting.batch), trades(&moves));
        let feed = || if on_trades { Feed::from(ticks.clone()) } else { Feed::from(series.clone()) };
        let events: Vec<MarketData> = if on_trades {
            ticks.iter().map(MarketData::from).collect()
        } else {
            series.iter().map(MarketData::from).collect()
        };
        let short = outcome(&setting, deeds.clone(), feed(), on_trades, false);
        let journaled = outcome(&setting, deeds.clone(), feed(), on_trades, true);
        let streamed = outcome(&setting, deeds, EventSource::new("stream", events).into(), on_trades, false);
        prop_assert_eq!(&short, &journaled);
        prop_assert_eq!(&short, &streamed);
    }
}

/// Two stops that trail on the path of one bar.
#[test]
fn trailing_stops_on_one_path() {
    let moves: Vec<_> =
        (0..60).map(|n| if n == 40 { (37, 50, -50) } else { (0, n % 7 * 5, -(n % 7 * 5)) }).collect();
    let series = bars(&moves, 1);
    let setting = Setting {
        fill: BarFill::NextOpen,
        path: BarPath::Adaptive,
        entry: 0,
        feed: 0,
        share: false,
        keeps: 0,
        account: AccountKind::Margin { leverage: Decimal::TWO },
        ack: 0,
        rejects: false,
        smallest: false,
        slippage: Slippage::None,
        fees: Fees::bps(3),
        others: false,
        elsewhere: false,
        happenings: false,
        batch: 1,
        sample: None,
    };
    let deeds = || vec![(0, Deed::Trail(22)), (0, Deed::Trail(10))];
    let short = outcome(&setting, deeds(), series.clone().into(), false, false);
    let events: Vec<MarketData> = series.iter().map(MarketData::from).collect();
    assert_eq!(short, outcome(&setting, deeds(), series.into(), false, true));
    assert_eq!(short, outcome(&setting, deeds(), EventSource::new("stream", events).into(), false, false));
    assert!(short[1].contains("Filled"), "{}", short[1]);
}
