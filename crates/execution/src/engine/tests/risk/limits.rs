//! Each limit below, at and above it (RK6, RK7), and what no limit blocks (RK3).

use algoflow_core::order::OrderQuantity;

use super::*;
use crate::risk::OrderRate;

#[test]
fn rk6_the_quantity_of_an_order() {
    let mut rig = Rig::new(limits().max_order_quantity(q(10)));
    assert!(rig.market("100", Side::Buy, 9).is_ok());
    assert!(rig.market("100", Side::Sell, 10).is_ok());
    let text = rig.send("100", |ctx| ctx.buy(id(), q(11)).submit()).unwrap_err();
    assert_eq!(text, "RISK_MAX_ORDER_QUANTITY: an order 11, the most is 10 (the account)");
}

#[test]
fn rk6_what_an_order_is_worth() {
    let mut rig = Rig::new(limits().max_order_notional(d("1000")));
    assert!(rig.market("99", Side::Buy, 10).is_ok());
    assert!(rig.market("100", Side::Buy, 10).is_ok());
    assert_eq!(rig.market("100.01", Side::Buy, 10).unwrap_err(), "RISK_MAX_ORDER_NOTIONAL");
    // Its own price counts where it is dearer, the last where that is: a sale far below the market fills at the market.
    let limit = |price| move |ctx: &mut Context<'_>| ctx.sell(id(), q(10)).limit(p(price)).submit();
    assert!(rig.send("100", limit("100")).is_ok());
    assert_eq!(code(rig.send("100", limit("100.01")).unwrap_err()), "RISK_MAX_ORDER_NOTIONAL");
    assert_eq!(code(rig.send("101", limit("50")).unwrap_err()), "RISK_MAX_ORDER_NOTIONAL");
    // An amount of the quote is counted in units first.
    let amount = |units| move |ctx: &mut Context<'_>| ctx.buy(id(), OrderQuantity::Quote(q(units))).submit();
    assert!(rig.send("100", amount(1099)).is_ok(), "ten units");
    assert_eq!(code(rig.send("100", amount(1100)).unwrap_err()), "RISK_MAX_ORDER_NOTIONAL");
}

#[test]
fn rk6_prices_are_near_the_market() {
    let mut rig = Rig::new(limits().price_collar_bps(100));
    for (price, passes) in [("101.00", true), ("101.01", false), ("99.00", true), ("98.99", false)] {
        let limit = rig.send("100", move |ctx| ctx.buy(id(), q(1)).limit(p(price)).submit());
        assert_eq!(limit.is_ok(), passes, "{limit:?}");
        let stop = rig.send("100", move |ctx| ctx.buy(id(), q(1)).stop(p(price)).submit());
        assert_eq!(stop.map_err(code), stop_of(passes, rig.h.state().orders.len() as u64));
    }
    let quote = Quote {
        instrument: id(),
        ts_event: rig.h.now(),
        ts_recv: rig.h.now(),
        bid: p("109"),
        bid_size: q(1),
        ask: p("111"),
        ask_size: q(1),
    };
    rig.h.feed(MarketData::Quote(quote)).unwrap();
    let far = rig.send("100", |ctx| ctx.buy(id(), q(1)).limit(p("100")).submit()).unwrap_err();
    assert_eq!(
        far, "RISK_PRICE_COLLAR: 100 is more than 100 basis points from the market at 110 (the account)",
        "the middle of the quote counts, not the last price"
    );
}

fn stop_of(passes: bool, sequence: u64) -> Result<OrderId, String> {
    if passes { Ok(order(sequence)) } else { Err("RISK_PRICE_COLLAR".to_owned()) }
}

#[test]
fn rk6_orders_in_a_length_of_time() {
    let rate = OrderRate { orders: 2, per: TimeDelta::seconds(2) };
    let mut rig = Rig::new(limits().max_order_rate(rate));
    rig.h = rig.h.step(TimeDelta::seconds(1));
    let first = rig.send("100", |ctx| ctx.buy(id(), q(1)).limit(p("90")).submit()).unwrap();
    rig.h.accept(first).unwrap();
    // A change counts too.
    let commands = rig.at("100", move |ctx| ctx.amend(first, OrderKind::Limit { price: p("91") }, q(1)));
    assert_eq!(amends(&commands).len(), 1);
    // The first was two seconds ago, and counts no more.
    assert!(rig.market("100", Side::Buy, 1).is_ok());
    rig.h = rig.h.step(TimeDelta::millis(1));
    let text = rig.send("100", |ctx| ctx.buy(id(), q(1)).submit()).unwrap_err();
    assert_eq!(text, "RISK_ORDER_RATE: 2 were sent within 2s, the most is 2 (the account)");
    let changed = rig.at("100", move |ctx| ctx.amend(first, OrderKind::Limit { price: p("92") }, q(1)));
    assert!(amends(&changed).is_empty(), "a change that is one too many");
}

#[test]
fn rk6_open_orders() {
    let mut rig = Rig::new(limits().max_open_orders(2));
    let rest = |ctx: &mut Context<'_>| ctx.buy(id(), q(1)).limit(p("90")).submit();
    let first = rig.send("100", rest).unwrap();
    assert!(rig.send("100", rest).is_ok());
    assert_eq!(
        rig.send("100", rest).unwrap_err(),
        "RISK_MAX_OPEN_ORDERS: 2 are open, the most is 2 (the account)"
    );
    rig.h.fill(first, "90").unwrap();
    assert!(rig.send("100", rest).is_ok(), "one has ended");
    let exit = rig.send("100", |ctx| ctx.sell(id(), q(1)).stop(p("80")).submit());
    assert!(exit.is_ok(), "RK3: exits are not counted out");
}

#[test]
fn rk6_lists_of_instruments() {
    let other = Instrument::equity("QQQ.NYSE", "USD").unwrap();
    let qqq = other.id;
    for limits in [limits().allow(vec![qqq]), limits().deny(vec![id()])] {
        let mut rig = Rig::with([spy(), other.clone()], emulating(), limits);
        assert_eq!(rig.market("100", Side::Buy, 1).unwrap_err(), "RISK_NOT_ALLOWED");
        assert!(rig.send("100", move |ctx| ctx.buy(qqq, q(1)).limit(p("10")).submit()).is_ok());
    }
}

#[test]
fn rk7_the_position_counts_what_open_orders_can_make_of_it() {
    let mut rig = Rig::new(limits().max_position_quantity(q(10)));
    rig.hold("100", 4);
    let rest = |side, units| {
        move |ctx: &mut Context<'_>| {
            ctx.trade(id(), side, q(units)).limit(p(if side == Side::Buy { "90" } else { "110" })).submit()
        }
    };
    assert!(rig.send("100", rest(Side::Buy, 5)).is_ok());
    assert_eq!(
        rig.send("100", rest(Side::Buy, 2)).unwrap_err(),
        "RISK_MAX_POSITION: a position with open orders of 11, the most is 10 (the account)"
    );
    let one = rig.send("100", rest(Side::Buy, 1)).unwrap();
    // RK8: a larger total is a larger position.
    rig.h.accept(one).unwrap();
    let kind = OrderKind::Limit { price: p("90") };
    assert!(amends(&rig.at("100", move |ctx| ctx.amend(one, kind, q(2)))).is_empty());
    // The short side is counted for itself: 4 - 14 is ten short.
    assert_eq!(rig.market("100", Side::Sell, 15).unwrap_err(), "RISK_MAX_POSITION");
    assert!(rig.send("100", rest(Side::Sell, 14)).is_ok());
    assert_eq!(rig.market("100", Side::Sell, 1).unwrap_err(), "RISK_MAX_POSITION");
}

#[test]
fn rk7_members_of_a_group_count_once() {
    let mut rig = Rig::new(limits().max_position_quantity(q(10)));
    let commands = rig.at("100", |ctx| {
        let group = ctx.new_group();
        ctx.buy(id(), q(10)).limit(p("90")).one_cancels_other(group).submit()?;
        ctx.buy(id(), q(10)).stop(p("110")).one_cancels_other(group).submit()?;
        ctx.buy(id(), q(1)).limit(p("90")).submit().map(drop)
    });
    assert_eq!(Harness::submitted(&commands).len(), 2);
    assert_eq!(rig.h.engine().denials().len(), 1);
}

#[test]
fn rk7_what_a_position_is_worth() {
    let mut rig = Rig::new(limits().max_position_notional(d("1000")));
    rig.hold("100", 5);
    assert!(rig.market("100", Side::Buy, 5).is_ok());
    assert_eq!(rig.market("100", Side::Buy, 1).unwrap_err(), "RISK_MAX_POSITION_NOTIONAL");
}

#[test]
fn rk7_exposure_and_shares_of_the_equity() {
    let qqq = Instrument::equity("QQQ.NYSE", "USD").unwrap();
    // The same share at another place.
    let mut spy_too = Instrument::equity("SPY.BATS", "USD").unwrap();
    spy_too.base = spy().base;
    let ids = [qqq.id, spy_too.id];
    let buy =
        |instrument: InstrumentId, units| move |ctx: &mut Context<'_>| ctx.buy(instrument, q(units)).submit();
    let try_all = |limits: RiskLimits, units: [i64; 3]| {
        let mut rig = Rig::with([spy(), qqq.clone(), spy_too.clone()], emulating(), limits);
        for id in ids {
            rig.h.close(id, "100").unwrap();
        }
        let [a, b, c] = units;
        let all = [(id(), a), (ids[0], b), (ids[1], c)];
        all.map(|(id, units)| rig.send("100", buy(id, units)).map_or_else(code, |_| "sent".to_owned()))
    };
    let sent = "sent";
    // 100,000 USD are there, all of them at one of the venues.
    let exposure = limits().max_exposure(d("20000"));
    assert_eq!(try_all(exposure.clone(), [100, 100, 1]), [sent, sent, "RISK_MAX_EXPOSURE"]);
    assert_eq!(try_all(exposure, [100, 101, 1]), [sent, "RISK_MAX_EXPOSURE", "INSUFFICIENT_FUNDS"]);
    let leverage = limits().max_leverage(d("2"));
    assert_eq!(try_all(leverage.clone(), [1500, 500, 1]), [sent, sent, "RISK_MAX_LEVERAGE"]);
    assert_eq!(try_all(leverage, [2001, 500, 1])[0], "RISK_MAX_LEVERAGE");
    let one = limits().max_instrument_share(d("0.1"));
    assert_eq!(try_all(one, [100, 101, 1])[..2], [sent, "RISK_INSTRUMENT_SHARE"]);
    let base = limits().max_asset_share(d("0.1"));
    assert_eq!(try_all(base, [100, 100, 1]), [sent, sent, "RISK_ASSET_SHARE"]);
}

#[test]
fn rk3_exits_are_not_blocked() {
    let mut rig = Rig::new(limits());
    rig.hold("100", 100);
    let tight = limits()
        .max_order_quantity(q(1))
        .max_order_notional(d("1"))
        .max_position_quantity(q(1))
        .max_exposure(d("1"))
        .max_leverage(d("0.001"))
        .max_open_orders(1)
        .price_collar_bps(100)
        .max_order_rate(crate::risk::OrderRate { orders: 1, per: TimeDelta::days(100) })
        .deny(vec![id()]);
    rig.h.control(ControlAction::Limits { strategy: None, limits: Box::new(tight) }).unwrap();
    assert_eq!(rig.market("100", Side::Buy, 1).unwrap_err(), "RISK_NOT_ALLOWED");
    for _ in 0..2 {
        assert!(rig.send("100", |ctx| ctx.sell(id(), q(20)).stop(p("50")).submit()).is_ok());
    }
    assert!(rig.send("100", |ctx| ctx.sell(id(), q(20)).limit(p("150")).submit()).is_ok());
    let cheap = rig.send("100", |ctx| ctx.sell(id(), q(20)).limit(p("98")).submit());
    assert_eq!(code(cheap.unwrap_err()), "RISK_PRICE_COLLAR", "that gives money away");
    assert!(rig.market("100", Side::Sell, 40).is_ok());
    // RK2: all of it is on its way out; one more would open a position.
    assert_eq!(rig.market("100", Side::Sell, 1).unwrap_err(), "RISK_NOT_ALLOWED");
    let marked = rig.send("100", |ctx| ctx.sell(id(), q(100)).reduce_only().stop(p("40")).submit());
    assert!(marked.is_ok(), "what is marked reduce-only is kept so");
}

#[test]
fn rk1_limits_of_a_strategy_are_its_own() {
    let names = ["a", "b"].map(|name| StrategyId::new(name).unwrap());
    let mut engine = crate::Engine::new(1, "USD".parse().unwrap());
    let account = AccountKind::Margin { leverage: Decimal::from(10) };
    engine.add_venue(spy().venue(), Capabilities::all_native(), account);
    engine.add_instrument(spy()).unwrap();
    engine.deposit(spy().venue(), "100000 USD".parse().unwrap()).unwrap();
    for name in names {
        let (strategy, _) = scripted(BarSpec::day(), |ctx, _| ctx.buy(id(), q(6)).submit().map(drop));
        engine.add_strategy(name, Box::new(strategy)).unwrap();
    }
    let unknown = StrategyId::new("c").unwrap();
    assert_eq!(engine.set_strategy_limits(unknown, limits()).unwrap_err().code(), "ENGINE_UNKNOWN_STRATEGY");
    assert_eq!(engine.set_limits(limits().price_collar_bps(0)).unwrap_err().code(), "RISK_LIMIT_INVALID");
    engine.set_strategy_limits(names[1], limits().max_order_quantity(q(5))).unwrap();
    engine.set_limits(limits().max_position_quantity(q(6))).unwrap();
    let mut commands = Vec::new();
    engine.start(Timestamp::EPOCH, &mut commands).unwrap();
    let ts_close = Timestamp::EPOCH.saturating_add(TimeDelta::days(1));
    let bar = Bar {
        instrument: id(),
        spec: BarSpec::day(),
        ts_open: Timestamp::EPOCH,
        ts_close,
        ts_recv: ts_close,
        open: p("10"),
        high: p("10"),
        low: p("10"),
        close: p("10"),
        volume: q(1),
    };
    engine.market(&bar.into(), &mut commands).unwrap();
    assert_eq!(commands.len(), 1);
    let texts: Vec<String> = engine.denials().iter().map(|event| format!("{:?}", event.kind)).collect();
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0]
            .contains("RISK_MAX_POSITION: a position with open orders of 12, the most is 6 (the account)")
    );
    // Without those of the account its own hold.
    engine.set_limits(limits()).unwrap();
    let next = TimeDelta::days(1);
    let bar = Bar {
        ts_open: ts_close,
        ts_close: ts_close.saturating_add(next),
        ts_recv: ts_close.saturating_add(next),
        ..bar
    };
    engine.market(&bar.into(), &mut commands).unwrap();
    assert_eq!(commands.len(), 2);
    assert!(format!("{:?}", engine.denials()[1].kind).contains("(strategy b)"));
}
