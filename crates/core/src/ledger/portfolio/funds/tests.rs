use proptest::prelude::*;

use super::*;
use crate::{
    id::Asset,
    instrument::Instrument,
    number::Money,
    order::{Fill, Liquidity},
    time::Timestamp,
};

fn q(units: i64) -> Quantity {
    Quantity::from_int(units)
}

fn price() -> Price {
    Price::from_int(10)
}

fn stock() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

/// A margin account of 1000 USD without leverage.
fn books() -> Portfolio {
    let mut p = Portfolio::new(Asset::new("USD").unwrap());
    p.open_account(stock().venue(), AccountKind::Margin { leverage: Decimal::ONE });
    p.add_instrument(stock());
    p.add_strategy();
    p.deposit(stock().venue(), "1000 USD".parse().unwrap()).unwrap();
    p.set_mark(0, price());
    p
}

fn trade(p: &mut Portfolio, side: Side, quantity: i64) {
    let fill = Fill {
        id: "1".into(),
        order: crate::id::OrderId { run: 1, strategy: 0, sequence: 1 },
        instrument: stock().id,
        side,
        price: price(),
        quantity: q(quantity),
        liquidity: Liquidity::Taker,
        fee: Money::zero(Asset::new("USD").unwrap()),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
    };
    p.apply_fill(0, 0, &fill).unwrap();
}

fn reserve(p: &mut Portfolio, side: Side, quantity: i64) -> Result<Reservation, Shortfall> {
    let affords = p.affords(0, side, q(quantity), price(), Decimal::ZERO);
    let reserved = p.reserve(0, side, q(quantity), price(), Decimal::ZERO).unwrap();
    assert_eq!(affords, reserved.is_ok(), "{reserved:?}");
    reserved
}

#[test]
fn what_is_held_is_closed_once() {
    let mut p = books();
    trade(&mut p, Side::Buy, 50);
    let mut first = reserve(&mut p, Side::Sell, 50).unwrap();
    assert!(first.amount().is_zero() && !first.is_empty(), "it only closes");
    let mut second = reserve(&mut p, Side::Sell, 50).unwrap();
    assert_eq!(second.amount(), Decimal::from(500), "what it sells is short");
    assert_eq!(reserve(&mut p, Side::Sell, 60).unwrap_err().text, "needs 600 USD of margin, free are 500");
    p.release(0, &mut first, None).unwrap();
    let mut third = reserve(&mut p, Side::Sell, 60).unwrap();
    assert_eq!(third.amount(), Decimal::from(100), "what ended is free to be closed again");
    for order in [&mut second, &mut third] {
        p.release(0, order, None).unwrap();
        assert!(order.is_empty());
    }
    assert!(p.lines[0].closing.is_empty() && p.accounts[0].reserved_margin.is_zero());
}

#[test]
fn what_is_afforded_can_be_set_aside() {
    let mut p = Portfolio::new(Asset::new("USD").unwrap());
    p.add_instrument(stock());
    p.add_strategy();
    p.deposit(stock().venue(), "1000 USD".parse().unwrap()).unwrap();
    let fee = Decimal::new(1, 3);
    for (side, quantity, wanted) in [(Side::Buy, 99, true), (Side::Buy, 100, false), (Side::Sell, 1, false)] {
        assert_eq!(p.affords(0, side, q(quantity), price(), fee), wanted, "{side:?} {quantity}");
        let reserved = p.reserve(0, side, q(quantity), price(), fee).unwrap();
        assert_eq!(reserved.is_ok(), wanted);
        if let Ok(mut reserved) = reserved {
            assert!(!p.affords(0, side, q(1), price(), fee), "it is set aside");
            p.release(0, &mut reserved, None).unwrap();
        }
    }
    assert!(!p.affords(1, Side::Buy, q(1), price(), fee), "no such instrument");
    let huge = Price::from_int(i64::MAX);
    assert!(!p.affords(0, Side::Buy, q(i64::MAX), huge, fee), "it cannot be valued");
}

#[test]
fn an_order_that_turns_a_position_around_closes_first() {
    let mut p = books();
    trade(&mut p, Side::Sell, 30);
    let mut order = reserve(&mut p, Side::Buy, 100).unwrap();
    assert_eq!(order.amount(), Decimal::from(700));
    trade(&mut p, Side::Buy, 30);
    p.release(0, &mut order, Some((q(30), q(100)))).unwrap();
    assert_eq!((order.amount(), order.closes), (Decimal::from(700), Quantity::ZERO));
    trade(&mut p, Side::Buy, 35);
    p.release(0, &mut order, Some((q(35), q(70)))).unwrap();
    assert_eq!(order.amount(), Decimal::from(350));
}

#[test]
fn what_an_order_was_to_close_and_another_did_is_exposure() {
    let mut p = books();
    trade(&mut p, Side::Buy, 50);
    let mut closing = reserve(&mut p, Side::Sell, 50).unwrap();
    let mut opening = reserve(&mut p, Side::Sell, 50).unwrap();
    trade(&mut p, Side::Sell, 50);
    p.release(0, &mut opening, None).unwrap();
    // Flat, and 50 are still on sale: they are short when they fill.
    assert!(reserve(&mut p, Side::Sell, 51).is_err());
    assert!(reserve(&mut p, Side::Buy, 51).is_err());
    let mut rest = reserve(&mut p, Side::Sell, 50).unwrap();
    p.release(0, &mut rest, None).unwrap();
    p.release(0, &mut closing, None).unwrap();
    assert!(reserve(&mut p, Side::Sell, 100).is_ok());
}

#[test]
fn a_change_does_not_count_the_order_itself() {
    let mut p = books();
    trade(&mut p, Side::Buy, 50);
    let mut order = reserve(&mut p, Side::Sell, 30).unwrap();
    let need = p.need(0, Side::Sell, q(60), price(), Decimal::ZERO, &order).unwrap();
    assert_eq!((need.amount(), need.closes), (Decimal::from(100), q(50)));
    assert!(!order.covers(&need) && need.covers(&order));
    p.raise_reservation(0, Side::Sell, &mut order, need).unwrap().unwrap();
    assert_eq!((order, p.lines[0].closing.long), (need, q(50)));
    let less = p.need(0, Side::Sell, q(20), price(), Decimal::ZERO, &order).unwrap();
    p.set_reservation(0, &mut order, less).unwrap();
    assert_eq!(p.lines[0].closing.long, q(20));
    assert_eq!(need.or(less), need);
    assert!(need.reducing().amount().is_zero());
}

proptest! {
    /// Whatever orders are made, changed, filled and ended: in the end nothing is set aside.
    #[test]
    fn after_all_orders_end_nothing_is_set_aside(
        steps in proptest::collection::vec((0u8..5, any::<bool>(), 1i64..40, any::<usize>()), 0..60),
    ) {
        let mut p = books();
        let mut orders: Vec<(Side, i64, Reservation)> = Vec::new();
        for (what, buys, quantity, which) in steps {
            let side = if buys { Side::Buy } else { Side::Sell };
            if what < 2 || orders.is_empty() {
                if let Ok(made) = reserve(&mut p, side, quantity) {
                    orders.push((side, quantity, made));
                }
                continue;
            }
            let at = which % orders.len();
            let (side, leaves, mut order) = orders.swap_remove(at);
            let claimed = p.lines[0].closing;
            match what {
                2 => {
                    let part = quantity.min(leaves);
                    trade(&mut p, side, part);
                    let share = (part < leaves).then(|| (q(part), q(leaves)));
                    p.release(0, &mut order, share).unwrap();
                    if part < leaves {
                        orders.push((side, leaves - part, order));
                    }
                }
                3 => {
                    let need = p.need(0, side, q(quantity), price(), Decimal::ZERO, &order).unwrap();
                    p.set_reservation(0, &mut order, need).unwrap();
                    orders.push((side, quantity, order));
                }
                _ => p.release(0, &mut order, None).unwrap(),
            }
            prop_assert!(what == 3 || claimed.long >= p.lines[0].closing.long);
            prop_assert!(p.lines[0].closing.long >= Quantity::ZERO);
            prop_assert!(p.lines[0].closing.short <= Quantity::ZERO);
        }
        for (_, _, mut order) in orders {
            p.release(0, &mut order, None).unwrap();
        }
        prop_assert!(p.lines[0].closing.is_empty(), "{:?}", p.lines[0].closing);
        prop_assert!(p.accounts[0].reserved_margin.is_zero(), "{}", p.accounts[0].reserved_margin);
    }
}

#[test]
fn orders_that_share_their_units_need_the_dearest_for_each() {
    let mut p = books();
    trade(&mut p, Side::Buy, 50);
    let none = Reservation::default();
    let need = |quantity| p.need(0, Side::Sell, q(quantity), price(), Decimal::ZERO, &none).unwrap();
    // The first closes 30, the second 50 of 90, the 30 of the first among them.
    let both = need(30).with_rest(need(90), need(30)).unwrap();
    assert_eq!((both.amount(), both.closes), (Decimal::from(400), q(50)));
    let both = need(70).with_rest(need(90), need(70)).unwrap();
    assert_eq!(both, need(90), "of one price they need what the larger needs");
    assert_eq!(need(30).with_rest(need(40), need(30)).unwrap(), need(40), "both only close");
}
