//! What the members of a group set aside (C8).

use super::*;

/// A cash account of 1000 USD.
fn in_cash(venue: Capabilities, script: Bars) -> (Harness, Log) {
    let (strategy, log) = scripted(BarSpec::day(), script);
    (Harness::with([spy()], "1000 USD".parse().unwrap(), AccountKind::Cash, venue, strategy).unwrap(), log)
}

#[test]
fn an_amendment_needs_the_money() {
    // C8
    let (mut h, log) = in_cash(engine_keeps_links(), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(1)).limit(p("10")).submit().map(drop),
        2 => ctx.amend(order(1), OrderKind::Limit { price: p("10") }, q(101)),
        3 => ctx.amend(order(1), OrderKind::Limit { price: p("20") }, q(40)),
        _ => Ok(()),
    });
    h.close(id(), "11").unwrap();
    h.accept(order(1)).unwrap();
    assert!(h.close(id(), "11").unwrap().is_empty());
    assert_eq!(log.lock().unwrap().last().unwrap(), "1 AmendRejected");
    assert_eq!(amends(&h.close(id(), "11").unwrap()), [(1, 40)]);
    assert_eq!(reserved(&h, "USD"), Decimal::from(800));
    amend_refused(&mut h, 1);
    assert_eq!(reserved(&h, "USD"), Decimal::from(10), "the order is as it was");
    h.fill(order(1), "10").unwrap();
    assert_eq!(reserved(&h, "USD"), Decimal::ZERO);
}

/// Buys of one group, each with its quantity and price.
fn either(ctx: &mut Context<'_>, orders: [(i64, &str); 2]) -> StrategyResult {
    let group = ctx.new_group();
    for (quantity, price) in orders {
        ctx.buy(id(), q(quantity)).limit(p(price)).one_cancels_other(group).submit()?;
    }
    Ok(())
}

#[test]
fn a_group_sets_aside_what_its_members_need_once() {
    // C8
    let (mut h, _) = in_cash(engine_keeps_links(), |ctx, bar| match bar {
        1 => either(ctx, [(20, "9"), (10, "8")]),
        _ => Ok(()),
    });
    h.close(id(), "10").unwrap();
    assert_eq!(reserved(&h, "USD"), Decimal::from(180));
    h.reject(order(1), RejectCode::Other).unwrap();
    assert_eq!(reserved(&h, "USD"), Decimal::from(80));
}

#[test]
fn a_dear_member_counts_besides_a_larger_cheap_one() {
    // C8: the dear one fills five, the cheap one what that leaves: 5 * 20 + 85 * 10, though it needs 900 alone.
    let (mut h, log) = in_cash(engine_keeps_links(), |ctx, bar| match bar {
        1 => either(ctx, [(90, "10"), (6, "20")]),
        2 => ctx.buy(id(), q(5)).limit(p("10")).submit().map(drop),
        3 => ctx.amend(order(2), OrderKind::Limit { price: p("20") }, q(11)),
        _ => Ok(()),
    });
    h.close(id(), "20").unwrap();
    h.accept(order(1)).unwrap();
    h.accept(order(2)).unwrap();
    assert_eq!(reserved(&h, "USD"), Decimal::from(6 * 20 + 84 * 10));
    assert!(h.close(id(), "20").unwrap().is_empty());
    assert_eq!(status(&h, 3), OrderStatus::Denied, "50 are not free");
    assert!(h.close(id(), "20").unwrap().is_empty());
    assert_eq!(log.lock().unwrap().last().unwrap(), "2 AmendRejected", "nor are they for a change");

    assert_eq!(amends(&h.fill_part(order(2), q(5), "20").unwrap()), [(1, 85)]);
    amended(&mut h, 1, 85);
    assert_eq!(reserved(&h, "USD"), Decimal::from(20 + 84 * 10));
    assert_eq!(cancels(&h.fill(order(1), "10").unwrap()), [2]);
    let usd = h.state().portfolio.balance(spy().venue(), "USD".parse().unwrap());
    assert_eq!((usd.total, usd.reserved), (Decimal::from(50), Decimal::ZERO));
}

#[test]
fn changes_on_their_way_count_together() {
    // C8: neither change is answered, and both may be made.
    let (mut h, _) = in_cash(engine_keeps_links(), |ctx, bar| match bar {
        1 => either(ctx, [(10, "10"), (10, "20")]),
        2 => ctx.amend(order(1), OrderKind::Limit { price: p("10") }, q(60)),
        3 => ctx.amend(order(2), OrderKind::Limit { price: p("20") }, q(30)),
        _ => Ok(()),
    });
    h.close(id(), "20").unwrap();
    h.accept(order(1)).unwrap();
    h.accept(order(2)).unwrap();
    assert_eq!(amends(&h.close(id(), "20").unwrap()), [(1, 60)]);
    assert_eq!(reserved(&h, "USD"), Decimal::from(10 * 20 + 50 * 10));
    assert_eq!(amends(&h.close(id(), "20").unwrap()), [(2, 30)]);
    assert_eq!(reserved(&h, "USD"), Decimal::from(30 * 20 + 30 * 10));
    amend_refused(&mut h, 1);
    assert_eq!(reserved(&h, "USD"), Decimal::from(30 * 20), "the first is for ten, as it was");
}

#[test]
fn what_the_venue_would_not_cancel_stays_set_aside() {
    // C8
    let (mut h, _) = in_cash(engine_keeps_links().without(Feature::Amend, "x"), |ctx, bar| match bar {
        1 => either(ctx, [(50, "10"), (50, "10")]),
        2 => ctx.buy(id(), q(11)).limit(p("10")).submit().map(drop),
        _ => Ok(()),
    });
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.accept(order(2)).unwrap();
    assert_eq!(cancels(&h.fill_part(order(1), q(20), "10").unwrap()), [2], "to come back with thirty");
    cancel_refused(&mut h, 2);
    assert_eq!(reserved(&h, "USD"), Decimal::from(500), "it can still fill fifty");
    // The next fill has it asked again. That is not an answer yet.
    assert_eq!(cancels(&h.fill_part(order(1), q(20), "10").unwrap()), [2]);
    assert_eq!(reserved(&h, "USD"), Decimal::from(500));
    assert!(h.close(id(), "10").unwrap().is_empty());
    assert_eq!(status(&h, 3), OrderStatus::Denied, "it needs 110, and 100 are free");
    cancel_refused(&mut h, 2);
    h.fill(order(2), "10").unwrap();
    let usd = h.state().portfolio.balance(spy().venue(), "USD".parse().unwrap());
    assert_eq!(usd.total, Decimal::from(100));
}

#[test]
fn shared_money_is_there_once_for_an_order_that_is_not_cancelled() {
    // C8, and the races that remain: all other money was set aside before the refusal, so it cannot be kept.
    let (mut h, _) = in_cash(engine_keeps_links(), |ctx, bar| match bar {
        1 => {
            either(ctx, [(50, "10"), (50, "10")])?;
            ctx.buy(id(), q(50)).limit(p("10")).submit().map(drop)
        }
        2 => ctx.buy(id(), q(1)).limit(p("10")).submit().map(drop),
        _ => Ok(()),
    });
    h.close(id(), "10").unwrap();
    assert_eq!(reserved(&h, "USD"), Decimal::from(1000));
    assert_eq!(cancels(&h.fill(order(1), "10").unwrap()), [2]);
    cancel_refused(&mut h, 2);
    assert_eq!(reserved(&h, "USD"), Decimal::from(1000), "500 for each, of 500");
    h.close(id(), "10").unwrap();
    assert_eq!(status(&h, 4), OrderStatus::Denied, "nothing new is sent with it");
    h.fill(order(2), "10").unwrap();
    h.fill(order(3), "10").unwrap();
    let usd = h.state().portfolio.balance(spy().venue(), "USD".parse().unwrap());
    assert_eq!(
        (usd.total, usd.reserved),
        (Decimal::from(-500), Decimal::ZERO),
        "what the group filled twice"
    );
}

#[test]
fn what_is_set_aside_passes_on() {
    // C8
    let (mut h, _) = in_cash(engine_keeps_links(), |ctx, bar| {
        bracket(ctx, bar)?;
        if bar == 2 { ctx.sell(id(), q(10)).submit().map(drop) } else { Ok(()) }
    });
    h.close(id(), "10").unwrap();
    h.fill(order(1), "10").unwrap();
    assert_eq!(reserved(&h, "SPY"), Decimal::from(10));
    h.reject(order(2), RejectCode::Other).unwrap();
    h.accept(order(3)).unwrap();
    assert_eq!(reserved(&h, "SPY"), Decimal::from(10), "for the stop");
    assert!(h.close(id(), "10").unwrap().is_empty());
    assert_eq!(status(&h, 4), OrderStatus::Denied);
    h.fill_part(order(3), q(4), "8").unwrap();
    assert_eq!(reserved(&h, "SPY"), Decimal::from(6));
}
