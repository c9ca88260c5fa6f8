//! What must hold for any data and any commands.

use algoflow_core::{
    Decimal,
    command::{Amend, Command, OrderRef, Submit},
    market::{Bar, MarketData, Quote, Trade},
    number::{Price, Quantity, Scale},
    order::{
        Liquidity, OrderEvent, OrderEventKind, OrderFlags, OrderKind, OrderQuantity, OrderSpec, Protection,
        Side, TimeInForce, TrailingOffset, TriggerBy,
    },
    time::TimeDelta,
};
use algoflow_sim::{
    BarFill, BarPath, Depth, Fees, FillPolicy, Latency, LimitFill, SimVenue, Slippage, TradeFill,
};
use proptest::prelude::*;

use crate::rig::{Rig, at, bar, id, spy, venue};

#[derive(Clone, Debug)]
enum Step {
    Data,
    Submit(OrderSpec),
    Cancel(u64),
    Amend(u64, OrderSpec),
    /// Part of the time to the next data passes.
    Wait,
}

fn cents(cents: i64) -> Price {
    Price::new(cents, Scale::new(2).unwrap())
}

fn price() -> impl Strategy<Value = Price> {
    (9_500..10_500i64).prop_map(cents)
}

fn kind() -> impl Strategy<Value = OrderKind> {
    let offset = prop_oneof![
        (1..300i64).prop_map(|points| TrailingOffset::Price(cents(points))),
        (1..300u32).prop_map(TrailingOffset::BasisPoints),
    ];
    prop_oneof![
        Just(OrderKind::Market),
        price().prop_map(|price| OrderKind::Limit { price }),
        price().prop_map(|trigger| OrderKind::Stop { trigger }),
        (price(), price()).prop_map(|(trigger, price)| OrderKind::StopLimit { trigger, price }),
        price().prop_map(|trigger| OrderKind::MarketIfTouched { trigger }),
        (price(), price()).prop_map(|(trigger, price)| OrderKind::LimitIfTouched { trigger, price }),
        (offset, prop::option::of(price()))
            .prop_map(|(offset, activation)| OrderKind::TrailingStop { offset, activation }),
    ]
}

fn spec() -> impl Strategy<Value = OrderSpec> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let quantity = prop_oneof![
        4 => (1..20i64).prop_map(|units| OrderQuantity::Base(Quantity::from_int(units))),
        1 => (50..2_000i64).prop_map(|amount| OrderQuantity::Quote(Quantity::from_int(amount))),
    ];
    let time_in_force = prop_oneof![
        6 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok),
        1 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::AtOpen),
        1 => Just(TimeInForce::AtClose),
        1 => (0..1_500i64).prop_map(|seconds| TimeInForce::Gtd(at(seconds as f64))),
    ];
    let protection = (prop::option::weighted(0.1, 1..200u32), prop::option::weighted(0.1, price())).prop_map(
        |(max_slippage_bps, worst_price)| Protection { max_slippage_bps, worst_price, max_fee: None },
    );
    (side, quantity, kind(), time_in_force, any::<bool>(), prop::bool::weighted(0.1), protection).prop_map(
        |(side, quantity, kind, time_in_force, bid_ask, post_only, protection)| OrderSpec {
            kind,
            time_in_force,
            trigger_by: if bid_ask { TriggerBy::BidAsk } else { TriggerBy::Last },
            flags: OrderFlags { post_only, ..OrderFlags::default() },
            protection,
            ..OrderSpec::market(spy().id, side, quantity)
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Data),
        4 => spec().prop_map(Step::Submit),
        1 => (1..30u64).prop_map(Step::Cancel),
        1 => (1..30u64, spec()).prop_map(|(order, spec)| Step::Amend(order, spec)),
        1 => Just(Step::Wait),
    ]
}

fn bars() -> impl Strategy<Value = Vec<Bar>> {
    let shape = (9_600..10_400i64, 0..150i64, 0..150i64, 0..=100i64, 0..=100i64, 0..200i64);
    prop::collection::vec(shape, 20).prop_map(|shapes| {
        let bar =
            |(index, (middle, up, down, open, close, volume)): (usize, (i64, i64, i64, i64, i64, i64))| {
                let (low, range) = (middle - down, up + down);
                Bar {
                    open: cents(low + range * open / 100),
                    high: cents(middle + up),
                    low: cents(low),
                    close: cents(low + range * close / 100),
                    volume: Quantity::from_int(volume),
                    ..bar(index, "1 1 1 1")
                }
            };
        shapes.into_iter().enumerate().map(bar).collect()
    })
}

/// Quotes and trades, one a second.
fn ticks(quotes: bool, trades: bool) -> impl Strategy<Value = Vec<MarketData>> {
    let shape = (9_700..10_300i64, 0..40i64, 0..15i64, 0..15i64, 0..3u8, any::<bool>());
    prop::collection::vec(shape, 60).prop_map(move |shapes| {
        let tick = |(i, (middle, spread, bid, ask, side, quote)): (usize, (i64, i64, i64, i64, u8, bool))| {
            let (instrument, ts_event, ts_recv) = (spy().id, at(i as f64 + 1.0), at(i as f64 + 1.0));
            if trades && (!quotes || !quote) {
                let aggressor = [None, Some(Side::Buy), Some(Side::Sell)][usize::from(side)];
                let quantity = Quantity::from_int(bid + 1);
                Trade { instrument, ts_event, ts_recv, price: cents(middle), quantity, aggressor }.into()
            } else {
                Quote {
                    instrument,
                    ts_event,
                    ts_recv,
                    bid: cents(middle - spread),
                    bid_size: Quantity::from_int(bid),
                    ask: cents(middle + spread),
                    ask_size: Quantity::from_int(ask),
                }
                .into()
            }
        };
        shapes.into_iter().enumerate().map(tick).collect()
    })
}

fn policy() -> impl Strategy<Value = FillPolicy> {
    let bar = prop_oneof![
        Just(BarFill::SameClose),
        Just(BarFill::NextOpen),
        Just(BarFill::NextClose),
        Just(BarFill::NextVwap)
    ];
    let path =
        prop_oneof![Just(BarPath::Ohlc), Just(BarPath::Olhc), Just(BarPath::Adaptive), Just(BarPath::Worst)];
    let limit = prop_oneof![Just(LimitFill::Touch), Just(LimitFill::Through)];
    let trade = prop_oneof![Just(TradeFill::Next), Just(TradeFill::Last)];
    (bar, path, limit, trade).prop_map(|(bar, path, limit, trade)| FillPolicy {
        bar,
        path,
        limit,
        trade,
        depth: Depth::Consume,
    })
}

fn latency() -> impl Strategy<Value = Latency> {
    let leg = || prop_oneof![Just(TimeDelta::ZERO), (0..100_000i64).prop_map(TimeDelta::millis)];
    (leg(), leg()).prop_map(|(entry, ack)| Latency { feed: TimeDelta::ZERO, entry, ack })
}

/// A report, and how many pieces of data the venue had seen by then.
type Seen = (usize, OrderEvent);

/// Runs the steps over the data; commands in `answers` answer fills at once, one each.
fn run(venue: &SimVenue, data: &[MarketData], steps: &[Step], answers: &[Step]) -> Vec<Seen> {
    let mut rig = Rig::new(venue);
    let mut events = Vec::new();
    let mut answers = answers.iter();
    let mut next = 0;
    for step in steps.iter().chain(std::iter::repeat_n(&Step::Data, data.len())) {
        match step {
            Step::Data => {
                let Some(event) = data.get(next) else { break };
                while rig.exchange.next_wakeup() < event.ts_recv() {
                    rig.now = rig.exchange.next_wakeup();
                    rig.exchange.advance(rig.now).unwrap();
                    collect(&mut rig, next, &mut answers, &mut events);
                }
                next += 1;
                rig.now = event.ts_recv();
                rig.exchange.on_market(event).unwrap();
            }
            Step::Wait => {
                if let Some(event) = data.get(next) {
                    let half = event.ts_recv().since(rig.now).nanos() / 2;
                    rig.now = rig.now.saturating_add(TimeDelta::from_nanos(half));
                    rig.exchange.advance(rig.now).unwrap();
                }
            }
            command => send(&mut rig, command),
        }
        collect(&mut rig, next, &mut answers, &mut events);
    }
    events
}

fn send(rig: &mut Rig, step: &Step) {
    let instrument = spy().id;
    let command = match step {
        Step::Submit(spec) => {
            rig.send(*spec);
            return;
        }
        Step::Cancel(order) => Command::Cancel(OrderRef { order: id(*order), venue_order: None, instrument }),
        Step::Amend(order, spec) => Command::Amend(Amend {
            order: id(*order),
            venue_order: None,
            instrument,
            kind: spec.kind,
            quantity: spec.quantity.value(),
        }),
        Step::Data | Step::Wait => return,
    };
    rig.exchange.execute(&command, rig.now).unwrap();
}

fn collect<'a>(
    rig: &mut Rig,
    seen: usize,
    answers: &mut impl Iterator<Item = &'a Step>,
    events: &mut Vec<Seen>,
) {
    while rig.poll().is_some() {
        let event = rig.events.last().unwrap().clone();
        let filled = event.fill().is_some();
        if let Some(fill) = event.fill() {
            // The engine's view has the limit that holds, with all amendments.
            let order = rig.orders.iter().find(|order| order.id == event.order).unwrap();
            if let Some(limit) = order.spec.kind.limit_price() {
                assert!(order.spec.side.accepts(fill.price, limit), "{fill:?} beyond {limit}");
            }
            if let Some(worst) = order.spec.protection.worst_price {
                assert!(order.spec.side.accepts(fill.price, worst), "{fill:?} beyond {worst}");
            }
        }
        events.push((seen, event));
        if filled && let Some(answer) = answers.next() {
            send(rig, answer);
        }
    }
}

fn market_data(bars: &[Bar]) -> Vec<MarketData> {
    bars.iter().copied().map(MarketData::from).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// B20, and that limits hold, reports are legal and nothing panics (both are checked on the way).
    #[test]
    fn fills_lie_inside_the_bar(
        bars in bars(),
        policy in policy(),
        steps in prop::collection::vec(step(), 0..60),
        answers in prop::collection::vec(step(), 0..10),
    ) {
        let venue = venue().fill_policy(policy);
        for (seen, event) in run(&venue, &market_data(&bars), &steps, &answers) {
            if let Some(fill) = event.fill() {
                let bar = bars[seen - 1];
                prop_assert!(fill.price >= bar.low && fill.price <= bar.high, "{:?} in {:?}", fill, bar);
                prop_assert_eq!(fill.ts_event, bar.ts_recv);
            }
        }
    }

    /// B19.
    #[test]
    fn the_participation_cap_is_kept(
        bars in bars(),
        policy in policy(),
        part in 0..=100u32,
        steps in prop::collection::vec(step(), 0..60),
        answers in prop::collection::vec(step(), 0..10),
    ) {
        let venue = venue().fill_policy(policy).participation(f64::from(part) / 100.0);
        let mut filled = vec![0; bars.len() + 1];
        for (seen, event) in run(&venue, &market_data(&bars), &steps, &answers) {
            if let Some(fill) = event.fill() {
                filled[seen] += fill.quantity.mantissa();
                let volume = bars[seen - 1].volume.mantissa();
                prop_assert!(filled[seen] * 100 <= volume * i64::from(part));
            }
        }
    }

    /// No look-ahead: what comes later changes no earlier report.
    #[test]
    fn the_future_does_not_change_the_past(
        bars in bars(),
        policy in policy(),
        latency in latency(),
        keep in 1..20usize,
        steps in prop::collection::vec(step(), 0..60),
        answers in prop::collection::vec(step(), 0..10),
    ) {
        let venue = venue().fill_policy(policy).latency(latency).participation(0.5);
        let data = market_data(&bars);
        let all = run(&venue, &data, &steps, &answers);
        // Steps after the last piece of data fall away with it.
        let mut left = keep + 1;
        let until = steps.iter().position(|step| { left -= usize::from(matches!(step, Step::Data)); left == 0 });
        let short = run(&venue, &data[..keep], &steps[..until.unwrap_or(steps.len())], &answers);
        let horizon = data[keep - 1].ts_recv();
        let before = |seen: &[Seen]| -> Vec<Seen> {
            seen.iter().filter(|(seen, event)| *seen <= keep && event.ts_recv < horizon).cloned().collect()
        };
        prop_assert_eq!(before(&all), before(&short));
        prop_assert_eq!(&run(&venue, &data, &steps, &answers), &all, "the same again");
    }

    /// Q2 and Q3: takers pay the quote, and displayed size fills us once.
    #[test]
    fn quotes_fill_as_much_as_they_show(
        data in ticks(true, false),
        policy in policy(),
        steps in prop::collection::vec(step(), 0..60),
        answers in prop::collection::vec(step(), 0..10),
    ) {
        let venue = venue().fill_policy(policy);
        let mut taken = [0, 0];
        let mut shown: Option<Quote> = None;
        for (seen, event) in run(&venue, &data, &steps, &answers) {
            let Some(fill) = event.fill() else { continue };
            let MarketData::Quote(quote) = data[seen - 1] else { panic!("only quotes") };
            let side = usize::from(fill.side == Side::Buy);
            let facing = |quote: &Quote| match fill.side {
                Side::Buy => (quote.ask, quote.ask_size),
                Side::Sell => (quote.bid, quote.bid_size),
            };
            if shown.is_none_or(|last| last.ts_recv != quote.ts_recv) {
                // A quote that shows the same again fills nothing more; that is stricter than this bound.
                taken = [0, 0];
                shown = Some(quote);
            }
            taken[side] += fill.quantity.mantissa();
            let (price, size) = facing(&quote);
            prop_assert!(taken[side] <= size.mantissa(), "{:?} of {:?}", fill, quote);
            match fill.liquidity {
                Liquidity::Taker => prop_assert_eq!(fill.price, price),
                Liquidity::Maker => prop_assert!(fill.side.accepts(price, fill.price)),
            }
        }
    }

    /// Q8, on any mix of quotes and trades with latency.
    #[test]
    fn trades_fill_as_much_as_they_print(
        data in prop_oneof![ticks(false, true), ticks(true, true)],
        policy in policy(),
        latency in latency(),
        steps in prop::collection::vec(step(), 0..60),
        answers in prop::collection::vec(step(), 0..10),
    ) {
        let venue = venue().fill_policy(policy).latency(latency);
        let mut filled = vec![0; data.len() + 1];
        for (seen, event) in run(&venue, &data, &steps, &answers) {
            let Some(fill) = event.fill() else { continue };
            // With an ack latency later data may have been seen by then.
            let Some(at) = data.iter().take(seen).rposition(|data| data.ts_recv() <= fill.ts_event) else {
                panic!("a fill before any data");
            };
            if let MarketData::Trade(trade) = &data[at]
                && fill.liquidity == Liquidity::Maker
            {
                filled[at] += fill.quantity.mantissa();
                prop_assert!(filled[at] <= trade.quantity.mantissa());
                prop_assert!(fill.side.accepts(trade.price, fill.price));
            }
        }
    }

    /// Every order ends at most once, and says `Accepted` at most once.
    #[test]
    fn orders_end_once(
        bars in bars(),
        latency in latency(),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let venue = venue().latency(latency).participation(0.3);
        let events = run(&venue, &market_data(&bars), &steps, &[]);
        for order in 1..=60 {
            let of = |wanted: fn(&OrderEventKind) -> bool| {
                events.iter().filter(|(_, event)| event.order == id(order) && wanted(&event.kind)).count()
            };
            let accepted = of(|kind| matches!(kind, OrderEventKind::Accepted { .. }));
            prop_assert!(accepted <= 1);
            let ends = of(|kind| {
                use OrderEventKind as K;
                matches!(kind, K::Rejected { .. } | K::Cancelled { .. } | K::Expired)
            });
            prop_assert!(ends <= 1);
        }
        prop_assert!(events.windows(2).all(|pair| pair[0].1.ts_recv <= pair[1].1.ts_recv));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A fill at once is what the long way makes of the order, or nothing has happened.
    #[test]
    fn fills_at_once_are_those_of_the_long_way(
        data in prop_oneof![3 => bars().prop_map(|bars| market_data(&bars)), 1 => ticks(true, true)],
        policy in policy(),
        fees in prop_oneof![
            2 => Just(Fees::bps(7)),
            1 => Just(Fees::Instrument),
            1 => Just(Fees::None),
            1 => Just(Fees::bps(7).rounded(2)),
            1 => Just(Fees::per_order(Decimal::ONE)),
        ],
        ticks in 0..3u32,
        slow in prop::bool::weighted(0.1),
        steps in prop::collection::vec(step(), 0..40),
        plain in prop::collection::vec((any::<bool>(), 1..50i64), 20),
    ) {
        let policy = if slow { policy } else { FillPolicy { bar: BarFill::SameClose, ..policy } };
        let latency = if slow { Latency { ack: TimeDelta::millis(5), ..Latency::default() } } else { Latency::default() };
        let venue = venue().fill_policy(policy).fees(fees).slippage(Slippage::Ticks(ticks)).latency(latency);
        let mut rig = Rig::new(&venue);
        let (mut data, mut plain, mut none, mut events) = (data.iter(), plain.iter(), [].iter(), Vec::new());
        for step in &steps {
            match step {
                Step::Data | Step::Wait => {
                    let Some(event) = data.next() else { break };
                    rig.now = event.ts_recv();
                    rig.exchange.on_market(event).unwrap();
                }
                command => send(&mut rig, command),
            }
            if rig.now.nanos() % 2 == 0 {
                collect(&mut rig, 0, &mut none, &mut events);
            }
            let Some((buy, quantity)) = plain.next() else { continue };
            let side = if *buy { Side::Buy } else { Side::Sell };
            let spec = match step {
                Step::Submit(spec) => *spec,
                _ => OrderSpec::market(spy().id, side, Quantity::from_int(*quantity)),
            };
            let order = id(1_000 + *quantity as u64);
            let before = format!("{:?}", rig.exchange);
            let (mut quick, mut long) = (rig.exchange.clone(), rig.exchange.clone());
            let report = quick.fill_at_once(order, &spec, rig.now).unwrap().cloned();
            if let Some(report) = report {
                long.execute(&Command::Submit(Submit { order, spec }), rig.now).unwrap();
                prop_assert_eq!(long.poll().unwrap(), Some(&report));
                prop_assert_eq!(long.poll().unwrap(), None);
                prop_assert_eq!(format!("{quick:?}"), format!("{long:?}"));
            } else {
                prop_assert_eq!(format!("{quick:?}"), before);
            }
        }
    }
}

#[test]
fn plain_orders_at_the_close_fill_at_once() {
    let mut rig = Rig::new(&venue().bar_fill(BarFill::SameClose).fees(Fees::bps(7)));
    rig.exchange.on_market(&bar(0, "100 101 99 100.5").into()).unwrap();
    let now = bar(0, "1 1 1 1").ts_recv;
    let spec = OrderSpec::market(spy().id, Side::Buy, Quantity::from_int(10));
    let report = rig.exchange.fill_at_once(id(1), &spec, now).unwrap().unwrap();
    let fill = report.fill().unwrap();
    assert_eq!(
        (fill.price.to_string(), fill.fee.to_string(), &*fill.id),
        ("100.5".to_owned(), "0.70350 USD".to_owned(), "F1")
    );
    assert!(rig.exchange.fill_at_once(id(2), &spec, at(61.0)).unwrap().is_none(), "the close is past");
}
