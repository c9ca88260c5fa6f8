//! Losses and what follows from them (RK10 to RK13).

use super::*;
use crate::risk::{CoolDown, LossLimit};

fn loss(amount: &str) -> LossLimit {
    LossLimit::amount(d(amount))
}

#[test]
fn rk10_a_daily_loss_breaks_where_it_is_reached() {
    let mut rig = Rig::new(limits().max_daily_loss(loss("100")));
    rig.hold("100", 10);
    rig.pass();
    rig.at("90.01", |_| Ok(()));
    rig.pass();
    assert!(rig.told().is_empty(), "99.90 were lost since yesterday");
    // The next day counts from there.
    rig.at("80.02", |_| Ok(()));
    rig.pass();
    assert!(rig.told().is_empty());
    rig.at("70.02", |_| Ok(()));
    assert!(rig.told().is_empty(), "it is looked at after all that happens at this time");
    rig.pass();
    assert_eq!(rig.told(), ["reduce-only"]);
    let text = "RISK_DAILY_LOSS: 100.00 lost, from 99800.20 to 99700.20; the most is 100";
    assert_eq!(rig.events()[1..], [text.to_owned(), format!("active to reduce-only: {text}")]);
    rig.at("60", |_| Ok(()));
    rig.pass();
    assert_eq!(rig.market("60", Side::Buy, 1).unwrap_err(), "RISK_REDUCE_ONLY", "it does not end by itself");
    assert!(rig.market("60", Side::Sell, 10).is_ok());
}

#[test]
fn rk10_losses_are_looked_at_though_nobody_came_in_time() {
    let mut rig = Rig::new(limits().max_daily_loss(loss("100")));
    rig.hold("100", 10);
    rig.pass();
    let mut commands = Vec::new();
    for (days, price) in [(5, "80"), (6, "80")] {
        let ts = Timestamp::EPOCH.saturating_add(TimeDelta::days(days));
        let trade = Trade {
            instrument: id(),
            ts_event: ts,
            ts_recv: ts,
            price: p(price),
            quantity: q(1),
            aggressor: None,
        };
        rig.h.engine_mut().market(&trade.into(), &mut commands).unwrap();
    }
    assert_eq!(rig.told(), ["reduce-only"], "before what came later");
}

#[test]
fn rk12_a_daily_loss_can_end_with_the_day() {
    let day = loss("100").resume_next_day();
    let mut rig = Rig::new(limits().max_daily_loss(day).session_start(TimeDelta::hours(6)));
    rig.h = rig.h.step(TimeDelta::hours(1));
    rig.h.trade(id(), "100").unwrap();
    // It buys one.
    let parameters = serde_json::json!({ "value": 1 });
    let strategy = StrategyId::new("test").unwrap();
    let commands = rig.h.control(ControlAction::Parameters { strategy, parameters }).unwrap();
    rig.h.fill(Harness::submitted(&commands)[0].order, "100").unwrap();
    rig.pass();
    rig.told();
    let feed = |rig: &mut Rig, price: &str| {
        rig.h.trade(id(), price).unwrap();
        rig.pass();
    };
    feed(&mut rig, "0.01");
    assert!(rig.told().is_empty(), "99.99 are lost");
    feed(&mut rig, "0.00");
    assert_eq!(rig.told(), ["reduce-only"]);
    // The day begins at six.
    rig.h.wait_until(Timestamp::EPOCH.saturating_add(TimeDelta::hours(5))).unwrap();
    assert!(rig.told().is_empty());
    rig.h.wait_until(Timestamp::EPOCH.saturating_add(TimeDelta::hours(6))).unwrap();
    assert_eq!(rig.told(), ["active"]);
    feed(&mut rig, "0.00");
    assert!(rig.told().is_empty(), "what was lost yesterday does not count");
}

#[test]
fn rk12_what_was_set_by_hand_ends_by_hand() {
    let mut rig = Rig::new(limits().max_daily_loss(loss("100").resume_next_day()));
    rig.hold("100", 10);
    rig.pass();
    rig.h.control(ControlAction::ReduceOnly { strategy: None, why: "lunch".into() }).unwrap();
    rig.at("80", |_| Ok(()));
    rig.pass();
    rig.h.wait_until(rig.h.now().saturating_add(TimeDelta::days(2))).unwrap();
    assert_eq!(rig.told(), ["reduce-only"]);
    rig.h.control(ControlAction::Resume { strategy: None, why: String::new() }).unwrap();
    rig.pass();
    assert_eq!(rig.told(), ["active"], "losses are counted from now on");
    rig.at("70.01", |_| Ok(()));
    rig.pass();
    assert!(rig.told().is_empty());
    rig.at("60", |_| Ok(()));
    rig.pass();
    assert_eq!(rig.told(), ["reduce-only"]);
}

#[test]
fn rk11_a_drawdown_can_close_everything() {
    let limit = LossLimit::share(d("0.01")).halt().flatten();
    let mut rig = Rig::new(limits().max_drawdown(limit));
    rig.hold("100", 100);
    let rest = rig.send("100", |ctx| ctx.buy(id(), q(1)).limit(p("50")).submit()).unwrap();
    for price in ["150", "140", "139.51"] {
        rig.at(price, |_| Ok(()));
        rig.pass();
    }
    assert!(rig.told().is_empty(), "1049 of 105000 were lost");
    rig.at("139.50", |_| Ok(()));
    let commands = rig.pass();
    assert_eq!((rig.told(), cancels(&commands)), (vec!["halted".to_owned()], vec![rest.sequence]));
    let close = Harness::submitted(&rig.h.cancelled(rest).unwrap())[0];
    assert_eq!(close.spec.quantity.value(), q(100));
    rig.h.fill(close.order, "139").unwrap();
    assert_eq!(rig.held(), 0);
    let text = &rig.events()[1];
    assert_eq!(
        text,
        "RISK_DRAWDOWN: 1050.00 lost, from 105000 to 103950.00; the most is 1050.00, 0.01 of 105000"
    );
    assert_eq!(rig.events().len(), 3, "it breaks once");
}

#[test]
fn rk10_money_that_is_paid_in_or_out_is_neither_won_nor_lost() {
    let mut rig = Rig::new(limits().max_daily_loss(loss("100")));
    rig.hold("100", 10);
    rig.pass();
    let pay = |rig: &mut Rig, money: &str| {
        rig.h.engine_mut().deposit(spy().venue(), money.parse().unwrap()).unwrap();
    };
    pay(&mut rig, "50000 USD");
    pay(&mut rig, "-50100 USD");
    rig.at("90.01", |_| Ok(()));
    rig.pass();
    assert!(rig.told().is_empty(), "99.90 were lost");
    pay(&mut rig, "1000 USD");
    rig.at("90", |_| Ok(()));
    rig.pass();
    assert!(rig.told().is_empty(), "a day later");
    rig.at("79.99", |_| Ok(()));
    rig.pass();
    assert_eq!(rig.told(), ["reduce-only"]);
}

#[test]
fn rk10_a_strategy_has_lost_what_its_profit_is_below() {
    let mut rig = Rig::new(limits());
    let strategy = Some(StrategyId::new("test").unwrap());
    let of_strategy = Box::new(limits().max_drawdown(loss("100")));
    rig.h.control(ControlAction::Limits { strategy, limits: of_strategy }).unwrap();
    let order = rig.market("100", Side::Buy, 10).unwrap();
    let fill = Fill {
        id: "f".into(),
        order,
        instrument: id(),
        side: Side::Buy,
        price: p("100"),
        quantity: q(10),
        liquidity: algoflow_core::order::Liquidity::Taker,
        fee: "10 USD".parse().unwrap(),
        ts_event: rig.h.now(),
        ts_recv: rig.h.now(),
    };
    rig.h.report(order, OrderEventKind::Filled(fill)).unwrap();
    rig.pass();
    rig.at("91.01", |_| Ok(()));
    rig.pass();
    assert!(rig.told().is_empty(), "89.90 are lost, and a fee of ten");
    rig.at("91", |_| Ok(()));
    rig.pass();
    assert_eq!(rig.told(), ["reduce-only"]);
    assert_eq!(rig.h.engine().trading_state(None), Some(TradingState::Active));
    assert_eq!(rig.h.engine().trading_state(strategy), Some(TradingState::ReduceOnly));
    assert_eq!(rig.h.engine().risk_events().last().unwrap().strategy, strategy);
}

/// Buys ten and sells them at a price.
fn trade(rig: &mut Rig, at: &str) {
    rig.hold("100", 10);
    let order = rig.market("100", Side::Sell, 10).unwrap();
    rig.h.fill(order, at).unwrap();
}

#[test]
fn rk13_losing_trades_in_a_row_are_followed_by_a_pause() {
    let pause = CoolDown { losses: Some(2), loss: Some(d("500")), pause: TimeDelta::days(3) };
    let mut rig = Rig::new(limits().cool_down(pause));
    trade(&mut rig, "99");
    trade(&mut rig, "101");
    trade(&mut rig, "99");
    assert!(rig.market("100", Side::Buy, 1).is_ok(), "one in a row");
    let rest = rig.send("100", |ctx| ctx.buy(id(), q(1)).limit(p("90")).submit()).unwrap();
    rig.h.fill(order(7), "100").unwrap();
    let out = rig.market("100", Side::Sell, 1).unwrap();
    let commands = rig.h.fill(out, "99.5").unwrap();
    assert_eq!(cancels(&commands), [rest.sequence], "what would be new risk");
    rig.h.cancelled(rest).unwrap();
    let until = rig.h.now().saturating_add(TimeDelta::days(3));
    assert_eq!(rig.events()[1], format!("2 losing trades in a row lost 10.5 until {until}"));
    for _ in 0..2 {
        assert_eq!(rig.market("100", Side::Buy, 1).unwrap_err(), "RISK_COOL_DOWN");
    }
    assert!(rig.market("100", Side::Buy, 10).is_ok(), "three days later");
    rig.h.fill(order(12), "100").unwrap();
    // Turned around at a loss of 500: that is one trade, and enough.
    let turn = rig.market("100", Side::Sell, 15).unwrap();
    rig.h.fill(turn, "50").unwrap();
    assert!(rig.events()[2].starts_with("1 losing trades in a row lost 500"));
    assert_eq!(rig.market("50", Side::Sell, 1).unwrap_err(), "RISK_COOL_DOWN");
    assert!(rig.market("50", Side::Buy, 5).is_ok(), "an exit");
}

#[test]
fn rk10_what_cannot_be_valued_adds_no_risk() {
    let other = Instrument::equity("SAP.NYSE", "EUR").unwrap();
    let mut rig = Rig::with([spy(), other], emulating(), limits().max_daily_loss(loss("100")));
    rig.hold("100", 10);
    rig.h.engine_mut().deposit(spy().venue(), "5 EUR".parse().unwrap()).unwrap();
    assert_eq!(rig.market("100", Side::Buy, 1).unwrap_err(), "RISK_NO_VALUE");
    assert!(rig.market("100", Side::Sell, 1).is_ok());
}
