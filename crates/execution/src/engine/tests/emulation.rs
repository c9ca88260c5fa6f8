//! The rules of `emulation.rs`, by number.

use algoflow_core::market::{
    CorporateAction, CorporateActionKind, MarketData, PoolState, PoolUpdate, Quote, Trade,
};
use algoflow_core::order::{CancelReason, TriggerBy};

use super::*;

/// A venue that leaves every trigger and reduce-only to the engine, and does the rest.
fn bare() -> Capabilities {
    [
        Feature::Stop,
        Feature::StopLimit,
        Feature::TrailingStop,
        Feature::MarketIfTouched,
        Feature::LimitIfTouched,
        Feature::ReduceOnly,
        Feature::Oto,
        Feature::Oco,
    ]
    .into_iter()
    .fold(Capabilities::all_native(), |venue, feature| venue.emulating(feature, "late"))
}

/// Does something at the first bar.
fn once(mut f: impl FnMut(&mut Context<'_>) -> StrategyResult + Send + 'static) -> (Harness, Log) {
    with_venue(bare(), move |ctx, bar| if bar == 1 { f(ctx) } else { Ok(()) })
}

fn hours(h: &Harness, count: i64) -> Timestamp {
    h.now().saturating_add(TimeDelta::hours(count))
}

fn quote(at: Timestamp, bid: (&str, i64), ask: (&str, i64)) -> Quote {
    Quote {
        instrument: id(),
        ts_event: at,
        ts_recv: at,
        bid: p(bid.0),
        bid_size: q(bid.1),
        ask: p(ask.0),
        ask_size: q(ask.1),
    }
}

fn trade(ts_event: Timestamp, ts_recv: Timestamp, price: &str) -> Trade {
    Trade { instrument: id(), ts_event, ts_recv, price: p(price), quantity: q(1), aggressor: None }
}

fn bar(open: Timestamp, length: TimeDelta, prices: [&str; 4]) -> Bar {
    let close = open.saturating_add(length);
    Bar {
        instrument: id(),
        spec: BarSpec::Time(length),
        ts_open: open,
        ts_close: close,
        ts_recv: close,
        open: p(prices[0]),
        high: p(prices[1]),
        low: p(prices[2]),
        close: p(prices[3]),
        volume: q(1),
    }
}

fn sent(commands: &[Command]) -> Vec<(u64, OrderKind)> {
    Harness::submitted(commands).iter().map(|s| (s.order.sequence, s.spec.kind)).collect()
}

#[test]
fn held_orders_set_nothing_aside_until_they_leave() {
    // E1, E6
    let (strategy, log) = scripted(BarSpec::day(), |ctx, bar| match bar {
        1 => {
            ctx.buy(id(), q(10)).stop(p("105")).submit()?;
            ctx.buy(id(), q(10)).stop(p("105")).limit(p("106")).submit().map(drop)
        }
        _ => Ok(()),
    });
    let cash = "1050 USD".parse().unwrap();
    let mut h = Harness::with([spy()], cash, AccountKind::Cash, bare(), strategy).unwrap();
    assert!(h.close(id(), "100").unwrap().is_empty());
    assert_eq!((status(&h, 1), status(&h, 2)), (OrderStatus::Held, OrderStatus::Held));
    assert!(h.state().portfolio.balance(spy().venue(), Asset::new("USD").unwrap()).reserved.is_zero());
    // Enough for the first at 105; then 106 each is too much for the second.
    assert_eq!(sent(&h.close(id(), "105").unwrap()), [(1, OrderKind::Market)]);
    assert_eq!(log.lock().unwrap()[1..3], ["1 Triggered", "2 Denied"]);
    let known = h.state().orders.get(order(1)).unwrap();
    assert_eq!(known.spec.kind, OrderKind::Market, "that is what the venue has, and what can be amended");
}

#[test]
fn last_orders_follow_quotes_until_there_is_a_trade() {
    // E2
    let (mut h, _) = once(|ctx| {
        ctx.sell(id(), q(1)).stop(p("95")).submit()?;
        ctx.buy(id(), q(1)).stop(p("105")).submit()?;
        ctx.sell(id(), q(1)).stop(p("90")).submit().map(drop)
    });
    h.close(id(), "100").unwrap();
    let t = hours(&h, 1);
    assert!(h.feed(quote(t, ("94", 0), ("100", 1))).unwrap().is_empty(), "nobody bids");
    assert_eq!(sent(&h.feed(quote(t, ("95", 1), ("104", 1))).unwrap()), [(1, OrderKind::Market)]);
    assert!(h.feed(trade(t, t, "100")).unwrap().is_empty());
    assert!(h.feed(quote(t, ("80", 1), ("120", 1))).unwrap().is_empty(), "it trades, so trades count");
    assert_eq!(sent(&h.feed(trade(t, t, "105")).unwrap()), [(2, OrderKind::Market)]);
    let pool = PoolUpdate {
        instrument: id(),
        ts_event: t,
        ts_recv: t,
        slot: 1,
        state: PoolState::ConstantProduct { base_reserve: 1, quote_reserve: 1 },
        price: p("90"),
    };
    assert_eq!(sent(&h.feed(pool).unwrap()), [(3, OrderKind::Market)], "a pool's price is its last");
}

#[test]
fn bid_ask_orders_follow_bars_and_trades_until_there_is_a_quote() {
    // E2
    let (mut h, _) = once(|ctx| {
        for trigger in ["95", "94", "93"] {
            ctx.sell(id(), q(1)).stop(p(trigger)).trigger_by(TriggerBy::BidAsk).submit()?;
        }
        Ok(())
    });
    h.close(id(), "100").unwrap();
    assert_eq!(sent(&h.bar(id(), ["100", "100", "95", "100"]).unwrap()), [(1, OrderKind::Market)]);
    let t = hours(&h, 1);
    assert_eq!(sent(&h.feed(trade(t, t, "94")).unwrap()), [(2, OrderKind::Market)]);
    h.feed(quote(t, ("96", 1), ("97", 1))).unwrap();
    assert!(h.feed(trade(t, t, "90")).unwrap().is_empty());
    assert!(h.bar(id(), ["90", "90", "90", "90"]).unwrap().is_empty(), "bars no longer count");
    assert_eq!(sent(&h.feed(quote(t, ("93", 1), ("97", 1))).unwrap()), [(3, OrderKind::Market)]);
}

#[test]
fn only_the_shortest_bars_count() {
    // E2: the stop trails what the hours show; the day repeats their low after their high.
    let (mut h, _) =
        once(|ctx| ctx.sell(id(), q(1)).trailing(TrailingOffset::Price(p("3"))).submit().map(drop));
    h.close(id(), "100").unwrap();
    let day = h.now();
    for (hour, price) in [(0, "98"), (1, "102")] {
        let open = day.saturating_add(TimeDelta::hours(hour));
        assert!(h.feed(bar(open, TimeDelta::hours(1), [price; 4])).unwrap().is_empty());
    }
    assert!(h.feed(bar(day, TimeDelta::days(1), ["98", "102", "98", "102"])).unwrap().is_empty());
    let open = day.saturating_add(TimeDelta::hours(24));
    assert_eq!(sent(&h.feed(bar(open, TimeDelta::hours(1), ["99"; 4])).unwrap()).len(), 1);
}

#[test]
fn the_range_of_a_bar_from_before_the_order_does_not_count() {
    // E3: an entry at 95 fills on the way down from 106, which is older than the sale.
    let (mut h, _) = once(|ctx| {
        let entry = ctx.buy(id(), q(5)).limit(p("95")).submit()?;
        ctx.sell(id(), q(5)).if_touched(p("105")).after(entry).submit()?;
        ctx.sell(id(), q(5)).stop(p("90")).after(entry).submit().map(drop)
    });
    h.close(id(), "100").unwrap();
    let open = h.now();
    h.accept(order(1)).unwrap();
    h.wait_until(hours(&h, 15)).unwrap();
    h.fill(order(1), "95").unwrap();
    assert_eq!(status(&h, 2), OrderStatus::Held);
    let day = |close| bar(open, TimeDelta::days(1), ["100", "106", "85", close]);
    assert!(h.feed(day("96")).unwrap().is_empty());
    assert_eq!(sent(&h.feed(day("90")).unwrap()), [(3, OrderKind::Market)], "the close is newer");
    let old = bar(open, TimeDelta::hours(15), ["105"; 4]);
    assert!(h.feed(old).unwrap().is_empty(), "closed when the order was made");
    let next = bar(hours(&h, 0), TimeDelta::hours(12), ["100", "105", "95", "100"]);
    assert_eq!(sent(&h.feed(next).unwrap()), [(2, OrderKind::Market)]);
}

#[test]
fn a_trade_from_before_the_order_does_not_count() {
    // E3
    let (mut h, _) = once(|ctx| ctx.sell(id(), q(1)).stop(p("95")).submit().map(drop));
    h.close(id(), "100").unwrap();
    let (made, later) = (h.now(), hours(&h, 1));
    let before = made.saturating_sub(TimeDelta::hours(1));
    assert!(h.feed(trade(before, later, "90")).unwrap().is_empty());
    assert_eq!(sent(&h.feed(trade(made, later, "95")).unwrap()).len(), 1);
}

#[test]
fn what_came_before_an_amendment_does_not_count() {
    // E3
    let (mut h, _) = with_venue(bare(), |ctx, bar| match bar {
        1 => ctx.sell(id(), q(1)).stop(p("90")).submit().map(drop),
        2 => ctx.amend(order(1), OrderKind::Stop { trigger: p("95") }, q(1)),
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    let day = h.now();
    h.bar(id(), ["100", "100", "94", "96"]).unwrap();
    assert!(h.feed(bar(day, TimeDelta::days(1), ["100", "100", "94", "96"])).unwrap().is_empty());
    assert_eq!(sent(&h.close(id(), "95").unwrap()).len(), 1);
}

#[test]
fn triggers_are_reached_on_their_side() {
    // E4
    let (mut h, _) = once(|ctx| {
        ctx.buy(id(), q(1)).stop(p("105")).submit()?;
        ctx.buy(id(), q(1)).if_touched(p("95")).limit(p("94")).submit()?;
        ctx.sell(id(), q(1)).stop(p("95")).limit(p("93")).submit()?;
        ctx.sell(id(), q(1)).if_touched(p("105")).submit().map(drop)
    });
    h.close(id(), "100").unwrap();
    assert!(h.bar(id(), ["100", "104.99", "95.01", "100"]).unwrap().is_empty());
    let limit = |price| OrderKind::Limit { price: p(price) };
    assert_eq!(sent(&h.bar(id(), ["96", "96", "95", "96"]).unwrap()), [(2, limit("94")), (3, limit("93"))]);
    let market = OrderKind::Market;
    assert_eq!(sent(&h.bar(id(), ["104", "105", "104", "104"]).unwrap()), [(1, market), (4, market)]);
}

#[test]
fn a_trail_starts_where_its_parent_filled() {
    // E5: the market gapped from 100 to 90.
    let (mut h, _) =
        once(|ctx| ctx.buy(id(), q(5)).trailing_stop_loss(TrailingOffset::Price(p("2"))).submit().map(drop));
    h.close(id(), "100").unwrap();
    h.fill(order(1), "90").unwrap();
    assert!(h.bar(id(), ["90", "90", "88.01", "90"]).unwrap().is_empty());
    assert_eq!(sent(&h.bar(id(), ["90", "90", "88", "90"]).unwrap()).len(), 1);
}

#[test]
fn a_trail_starts_from_the_prices_that_set_it_off() {
    // E5: sales trail the bid, not the middle.
    let (mut h, _) = with_venue(bare(), |ctx, bar| match bar {
        2 => ctx.sell(id(), q(1)).trailing(TrailingOffset::Price(p("3"))).submit().map(drop),
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.feed(quote(hours(&h, 1), ("98", 1), ("102", 1))).unwrap();
    h.close(id(), "100").unwrap();
    let t = hours(&h, 1);
    assert!(h.feed(quote(t, ("95.5", 1), ("102", 1))).unwrap().is_empty());
    assert_eq!(sent(&h.feed(quote(t, ("95", 1), ("102", 1))).unwrap()).len(), 1);
}

#[test]
fn a_trail_is_checked_before_it_follows_and_after() {
    // E5: at 97 the stop stands; the bar's low comes before its high.
    let (mut h, _) = once(|ctx| {
        ctx.sell(id(), q(1)).trailing(TrailingOffset::Price(p("3"))).submit()?;
        ctx.sell(id(), q(2)).trailing(TrailingOffset::BasisPoints(200)).submit().map(drop)
    });
    h.close(id(), "100").unwrap();
    assert!(h.bar(id(), ["100", "103", "98.01", "102"]).unwrap().is_empty());
    // Stops now at 100 and 103 * 0.98 = 100.94.
    let out = h.bar(id(), ["102", "102", "100.5", "102"]).unwrap();
    assert_eq!(sent(&out), [(2, OrderKind::Market)]);
    // The low of 101 does not reach 100; the high of 110 lifts the stop to 107; the close of 105 reaches that.
    assert_eq!(sent(&h.bar(id(), ["102", "110", "101", "105"]).unwrap()), [(1, OrderKind::Market)]);
}

#[test]
fn a_reduce_only_order_is_cut_down_when_it_leaves() {
    // E7
    let (mut h, log) = with_venue(bare(), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(5)).submit().map(drop),
        2 => {
            ctx.sell(id(), q(5)).stop(p("98")).reduce_only().submit()?;
            ctx.sell(id(), q(5)).stop(p("95")).reduce_only().submit()?;
            ctx.sell(id(), q(2)).submit().map(drop)
        }
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.fill(order(1), "100").unwrap();
    h.close(id(), "100").unwrap();
    h.fill(order(4), "100").unwrap();
    let out = Harness::submitted(&h.close(id(), "97").unwrap());
    assert_eq!((out.len(), out[0].spec.quantity), (1, q(3).into()));
    h.fill(order(2), "97").unwrap();
    assert!(h.position(id()).is_flat());
    assert!(h.close(id(), "94").unwrap().is_empty());
    assert_eq!(status(&h, 3), OrderStatus::Cancelled);
    assert!(log.lock().unwrap().contains(&"3 Cancelled".to_owned()));
}

#[test]
fn a_held_order_ends_in_time() {
    // E8: the venue keeps days and dates, but it does not have the order.
    let (mut h, log) = once(|ctx| {
        let at = ctx.now().saturating_add(TimeDelta::hours(30));
        ctx.buy(id(), q(1)).stop(p("105")).tif(TimeInForce::Day).submit()?;
        ctx.buy(id(), q(1)).stop(p("105")).tif(TimeInForce::Gtd(at)).submit()?;
        ctx.buy(id(), q(1)).stop(p("101")).tif(TimeInForce::Day).submit().map(drop)
    });
    h.close(id(), "100").unwrap();
    let t = hours(&h, 1);
    let out = Harness::submitted(&h.feed(trade(t, t, "101")).unwrap());
    assert_eq!(out[0].spec.time_in_force, TimeInForce::Day);
    h.wait_until(hours(&h, 23)).unwrap();
    assert_eq!((status(&h, 1), status(&h, 2)), (OrderStatus::Expired, OrderStatus::Held));
    assert_eq!(status(&h, 3), OrderStatus::Triggered, "once it has left, the venue keeps the time");
    h.wait_until(hours(&h, 6)).unwrap();
    assert_eq!(status(&h, 2), OrderStatus::Expired);
    let log = log.lock().unwrap();
    let told: Vec<_> = log.iter().filter(|line| !line.starts_with("bar")).collect();
    assert_eq!(told, ["3 Triggered", "1 Expired", "2 Expired"]);
    assert_eq!(h.engine().next_wakeup(), Timestamp::MAX);
}

#[test]
fn a_date_in_the_past_is_refused() {
    // E8
    let (mut h, log) = once(|ctx| {
        let past = ctx.now().saturating_sub(TimeDelta::hours(1));
        ctx.buy(id(), q(1)).stop(p("105")).tif(TimeInForce::Gtd(past)).submit().map(drop)
    });
    h.close(id(), "100").unwrap();
    assert_eq!(log.lock().unwrap()[1], "1 Denied");
}

#[test]
fn the_deadline_of_an_order_goes_with_it() {
    let (mut h, _) = with_venue(bare(), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(1)).stop(p("105")).tif(TimeInForce::Day).submit().map(drop),
        _ => ctx.cancel(order(1)),
    });
    h.close(id(), "100").unwrap();
    assert_eq!(h.engine().next_wakeup(), hours(&h, 24));
    h.close(id(), "100").unwrap();
    assert_eq!((status(&h, 1), h.engine().next_wakeup()), (OrderStatus::Cancelled, Timestamp::MAX));
}

#[test]
fn a_split_ends_what_the_engine_holds() {
    // E9
    let reasons = Arc::new(Mutex::new(Vec::new()));
    struct Watcher(Arc<Mutex<Vec<CancelReason>>>);
    impl Strategy for Watcher {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::bars(id(), BarSpec::day()))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
            ctx.buy(id(), q(1)).stop(p("105")).submit()?;
            let entry = ctx.buy(id(), q(1)).limit(p("90")).submit()?;
            ctx.sell(id(), q(1)).stop(p("80")).after(entry).submit().map(drop)
        }
        fn on_order(&mut self, _: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
            if let OrderEventKind::Cancelled { reason } = event.kind {
                self.0.lock().unwrap().push(reason);
            }
            Ok(())
        }
    }
    let account = AccountKind::Margin { leverage: Decimal::TEN };
    let cash = "100000 USD".parse().unwrap();
    let mut h = Harness::with([spy()], cash, account, bare(), Watcher(reasons.clone())).unwrap();
    h.close(id(), "100").unwrap();
    let split = MarketData::CorporateAction(CorporateAction {
        instrument: id(),
        ts_event: h.now(),
        ts_recv: h.now(),
        action: CorporateActionKind::Split { to: 2, from: 1 },
    });
    h.feed(split).unwrap();
    assert_eq!((status(&h, 1), status(&h, 3)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
    assert_eq!(*reasons.lock().unwrap(), [CancelReason::Venue; 2]);
    assert_eq!(status(&h, 2), OrderStatus::Submitted, "what is at the venue is the venue's");
}
