//! Each test cites the rule of `engine/contingent.rs` that it shows.

use algoflow_core::order::{CancelReason, OrderQuantity};

use super::*;

mod money;

pub(super) fn engine_keeps_links() -> Capabilities {
    Capabilities::all_native()
        .emulating(Feature::ReduceOnly, "x")
        .emulating(Feature::Oto, "x")
        .emulating(Feature::Oco, "x")
}

pub(super) type Bars = fn(&mut Context<'_>, usize) -> StrategyResult;

/// A margin account of 1000 USD without leverage.
pub(super) fn at(venue: Capabilities, script: Bars) -> (Harness, Log) {
    let (strategy, log) = scripted(BarSpec::day(), script);
    let account = AccountKind::Margin { leverage: Decimal::ONE };
    (Harness::with([spy()], "1000 USD".parse().unwrap(), account, venue, strategy).unwrap(), log)
}

/// The venue takes nothing below five.
fn at_least_five(script: Bars) -> Harness {
    let mut instrument = spy();
    instrument.limits.min_quantity = Some(q(5));
    let (strategy, _) = scripted(BarSpec::day(), script);
    let account = AccountKind::Margin { leverage: Decimal::ONE };
    let cash = "1000 USD".parse().unwrap();
    Harness::with([instrument], cash, account, engine_keeps_links(), strategy).unwrap()
}

pub(super) fn bracket(ctx: &mut Context<'_>, bar: usize) -> StrategyResult {
    if bar == 1 {
        ctx.buy(id(), q(10)).limit(p("10")).bracket(p("12"), p("8")).submit()?;
    }
    Ok(())
}

pub(super) fn sizes(commands: &[Command]) -> Vec<(u64, i64)> {
    let size = |submit: &algoflow_core::command::Submit| {
        (submit.order.sequence, submit.spec.quantity.value().mantissa())
    };
    Harness::submitted(commands).iter().map(size).collect()
}

pub(super) fn amended(h: &mut Harness, sequence: u64, quantity: i64) -> Vec<Command> {
    let kind = h.state().orders.get(order(sequence)).unwrap().spec.kind;
    h.report(order(sequence), OrderEventKind::Amended { kind, quantity: q(quantity) }).unwrap()
}

pub(super) fn amend_refused(h: &mut Harness, sequence: u64) -> Vec<Command> {
    let (code, text) = (RejectCode::Other, String::new());
    h.report(order(sequence), OrderEventKind::AmendRejected { code, text }).unwrap()
}

pub(super) fn cancel_refused(h: &mut Harness, sequence: u64) -> Vec<Command> {
    let (code, text) = (RejectCode::Other, String::new());
    h.report(order(sequence), OrderEventKind::CancelRejected { code, text }).unwrap()
}

/// An entry of ten, of which `filled` have filled, with both exits accepted.
pub(super) fn entered(h: &mut Harness, filled: i64) {
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.fill_part(order(1), q(filled), "10").unwrap();
    h.accept(order(2)).unwrap();
    h.accept(order(3)).unwrap();
}

pub(super) fn reserved(h: &Harness, asset: &str) -> Decimal {
    h.state().portfolio.balance(spy().venue(), asset.parse().unwrap()).reserved
}

#[test]
fn an_acknowledgement_after_an_emulated_trigger_is_late() {
    let (mut h, log) = at(engine_keeps_links().emulating(Feature::Stop, "x"), |ctx, bar| {
        if bar == 1 {
            ctx.buy(id(), q(1)).stop(p("105")).submit()?;
        }
        Ok(())
    });
    h.close(id(), "100").unwrap();
    assert_eq!(sizes(&h.close(id(), "106").unwrap()), [(1, 1)]);
    h.accept(order(1)).unwrap();
    assert_eq!(status(&h, 1), OrderStatus::Triggered);
    h.fill(order(1), "106").unwrap();
    assert_eq!(log.lock().unwrap().last().unwrap(), "1 Filled");
}

#[test]
fn children_wait_until_the_venue_takes_so_little() {
    // C1
    let mut h = at_least_five(bracket);
    h.close(id(), "10").unwrap();
    assert!(h.fill_part(order(1), q(3), "10").unwrap().is_empty());
    assert_eq!((status(&h, 2), status(&h, 3)), (OrderStatus::Held, OrderStatus::Held));
    assert_eq!(sizes(&h.fill_part(order(1), q(3), "10").unwrap()), [(2, 6), (3, 6)]);
}

#[test]
fn what_is_too_little_when_the_parent_ends_is_denied() {
    // C1
    let mut h = at_least_five(bracket);
    h.close(id(), "10").unwrap();
    h.fill_part(order(1), q(3), "10").unwrap();
    h.cancelled(order(1)).unwrap();
    assert_eq!((status(&h, 2), status(&h, 3)), (OrderStatus::Denied, OrderStatus::Denied));
    let OrderEventKind::Denied { text, .. } = &h.engine().denials()[0].kind else { panic!("not denied") };
    assert_eq!(text, "3 is left for it, the least is 5");
}

#[test]
fn members_without_a_parent_keep_their_own_quantities() {
    // C2, C3
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| {
        if bar == 1 {
            let group = ctx.new_group();
            ctx.buy(id(), q(10)).limit(p("9")).one_cancels_other(group).submit()?;
            ctx.buy(id(), q(50)).stop(p("12")).one_cancels_other(group).submit()?;
            ctx.buy(id(), q(500)).stop(p("13")).one_cancels_other(group).submit()?;
        }
        Ok(())
    });
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [(1, 10), (2, 50)]);
    assert_eq!(status(&h, 3), OrderStatus::Denied, "there is no money for 500");
    assert!(h.accept(order(1)).unwrap().is_empty() && h.accept(order(2)).unwrap().is_empty());
    assert_eq!(amends(&h.fill_part(order(2), q(4), "12").unwrap()), [(1, 6)]);
    amended(&mut h, 1, 6);
    assert_eq!(cancels(&h.fill(order(1), "9").unwrap()), [2], "one has filled: the other goes");
}

#[test]
fn a_group_is_made_by_the_strategy_that_uses_it() {
    // C2
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| {
        if bar == 1 {
            ctx.buy(id(), q(10)).limit(p("10")).bracket(p("12"), p("8")).submit()?;
            ctx.sell(id(), q(3)).limit(p("15")).one_cancels_other(1).submit()?;
            ctx.sell(id(), q(3)).limit(p("15")).one_cancels_other(77).submit()?;
            let group = ctx.new_group();
            ctx.sell(id(), OrderQuantity::Quote(q(30))).one_cancels_other(group).submit()?;
        }
        Ok(())
    });
    h.close(id(), "10").unwrap();
    assert_eq!([4, 5, 6].map(|n| status(&h, n)), [OrderStatus::Denied; 3]);
    assert_eq!(sizes(&h.fill(order(1), "10").unwrap()), [(2, 10), (3, 10)]);
}

#[test]
fn a_strategy_may_change_a_member() {
    // C2
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| match bar {
        1 => {
            let group = ctx.new_group();
            ctx.buy(id(), q(10)).limit(p("5")).one_cancels_other(group).submit()?;
            ctx.buy(id(), q(10)).stop(p("20")).one_cancels_other(group).submit().map(drop)
        }
        2 => ctx.amend(order(1), OrderKind::Limit { price: p("5") }, q(20)),
        _ => Ok(()),
    });
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.accept(order(2)).unwrap();
    assert_eq!(amends(&h.close(id(), "10").unwrap()), [(1, 20)]);
    assert!(amended(&mut h, 1, 20).is_empty(), "it is not changed back");
    assert_eq!(amends(&h.fill_part(order(2), q(3), "20").unwrap()), [(1, 17),]);
}

#[test]
fn an_exit_that_the_strategy_made_smaller_stays_so() {
    // C2
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| {
        bracket(ctx, bar)?;
        if bar == 2 {
            ctx.amend(order(2), OrderKind::Limit { price: p("12") }, q(2))?;
            ctx.amend(order(3), OrderKind::Stop { trigger: p("9") }, q(4))?;
        }
        Ok(())
    });
    entered(&mut h, 4);
    assert_eq!(amends(&h.close(id(), "10").unwrap()), [(2, 2), (3, 4)]);
    amended(&mut h, 2, 2);
    let kind = OrderKind::Stop { trigger: p("9") };
    h.report(order(3), OrderEventKind::Amended { kind, quantity: q(4) }).unwrap();
    let more = amends(&h.fill(order(1), "10").unwrap());
    assert_eq!(more, [(3, 10)], "only the price of the stop was changed, so it goes on growing");
    amended(&mut h, 3, 10);
    assert_eq!(amends(&h.fill(order(2), "12").unwrap()), [(3, 8)], "it protects what the target leaves");
}

#[test]
fn a_stop_cancelled_on_request_ends_the_bracket() {
    // C3
    let (mut h, log) = at(engine_keeps_links(), |ctx, bar| {
        bracket(ctx, bar)?;
        if bar == 2 { ctx.cancel(order(3)) } else { Ok(()) }
    });
    entered(&mut h, 4);
    assert_eq!(cancels(&h.close(id(), "10").unwrap()), [3]);
    assert_eq!(cancels(&h.cancelled(order(3)).unwrap()), [2, 1]);
    // The strategy wanted no exits: what fills in the race gets none either.
    assert!(h.fill_part(order(1), q(2), "10").unwrap().is_empty());
    h.cancelled(order(2)).unwrap();
    assert!(h.cancelled(order(1)).unwrap().is_empty());
    assert_eq!(h.state().orders.open().count(), 0);
    assert_eq!(log.lock().unwrap().last().unwrap(), "1 Cancelled");
}

#[test]
fn an_entry_whose_exits_were_refused_ends() {
    // C3, C5
    let (mut h, _) = at(engine_keeps_links(), bracket);
    h.close(id(), "10").unwrap();
    h.fill_part(order(1), q(4), "10").unwrap();
    assert!(h.reject(order(2), RejectCode::Other).unwrap().is_empty());
    assert_eq!(cancels(&h.reject(order(3), RejectCode::Other).unwrap()), [1]);
    // What fills before that is confirmed is another occasion to protect all of it.
    assert_eq!(sizes(&h.fill_part(order(1), q(2), "10").unwrap()), [(4, 6), (5, 6)]);
    h.reject(order(4), RejectCode::Other).unwrap();
    assert!(Harness::submitted(&h.reject(order(5), RejectCode::Other).unwrap()).is_empty());
}

#[test]
fn an_order_whose_time_is_over_leaves_its_partner() {
    // C3
    let (mut h, log) = at(engine_keeps_links().emulating(Feature::Day, "x"), |ctx, bar| {
        if bar == 1 {
            let group = ctx.new_group();
            ctx.sell(id(), q(1)).limit(p("12")).tif(TimeInForce::Day).one_cancels_other(group).submit()?;
            ctx.sell(id(), q(1)).stop(p("8")).one_cancels_other(group).submit()?;
        }
        Ok(())
    });
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.accept(order(2)).unwrap();
    let midnight = h.now().saturating_add(TimeDelta::days(1));
    assert_eq!(cancels(&h.wait_until(midnight).unwrap()), [1]);
    assert!(h.cancelled(order(1)).unwrap().is_empty());
    assert_eq!((status(&h, 1), status(&h, 2)), (OrderStatus::Expired, OrderStatus::Accepted));
    assert_eq!(log.lock().unwrap().last().unwrap(), "1 Expired");
}

#[test]
fn a_strategy_is_told_why_an_order_was_cancelled() {
    struct Reasons(Arc<Mutex<Vec<CancelReason>>>);
    impl Strategy for Reasons {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::bars(id(), BarSpec::day()))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
            bracket(ctx, 1)
        }
        fn on_order(&mut self, _: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
            if let OrderEventKind::Cancelled { reason } = event.kind {
                self.0.lock().unwrap().push(reason);
            }
            Ok(())
        }
    }
    let told = Arc::default();
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), Reasons(Arc::clone(&told))).unwrap();
    entered(&mut h, 10);
    h.fill(order(2), "12").unwrap();
    h.cancelled(order(3)).unwrap();
    assert_eq!(*told.lock().unwrap(), [CancelReason::Contingent]);
}

#[test]
fn a_child_alone_is_for_all_that_its_parent_fills() {
    // C5
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| {
        if bar == 1 {
            let parent = ctx.buy(id(), q(10)).limit(p("10")).submit()?;
            ctx.sell(id(), q(10)).after(parent).submit()?;
        }
        Ok(())
    });
    h.close(id(), "10").unwrap();
    assert_eq!(sizes(&h.fill_part(order(1), q(4), "10").unwrap()), [(2, 4)]);
    assert!(h.fill(order(2), "10").unwrap().is_empty(), "the parent goes on");
    assert_eq!(sizes(&h.fill(order(1), "10").unwrap()), [(3, 6)]);
    h.fill(order(3), "10").unwrap();
    assert!(h.position(id()).is_flat());
    assert!(h.engine().links.groups.is_empty() && h.engine().links.membership.is_empty());
}

#[test]
fn what_fills_before_a_cancellation_is_protected() {
    // C5
    let (mut h, _) = at(engine_keeps_links(), bracket);
    entered(&mut h, 4);
    assert_eq!(cancels(&h.fill(order(2), "12").unwrap()), [3, 1]);
    // The rest of the entry fills two more before its cancellation arrives: a new target at once, a new stop as soon as
    // the old one is gone.
    assert_eq!(sizes(&h.fill_part(order(1), q(2), "10").unwrap()), [(4, 2)]);
    let stop = Harness::submitted(&h.cancelled(order(3)).unwrap());
    assert_eq!((stop[0].order, stop[0].spec.quantity), (order(5), q(2).into()));
    assert_eq!(stop[0].spec.kind, OrderKind::Stop { trigger: p("8") });
    h.cancelled(order(1)).unwrap();
    assert_eq!(cancels(&h.fill(order(5), "8").unwrap()), [4]);
    h.cancelled(order(4)).unwrap();
    assert!(h.position(id()).is_flat() && h.engine().links.groups.is_empty());
}

#[test]
fn a_child_with_children_does_not_come_back_without_them() {
    // C5
    for venue in [engine_keeps_links(), engine_keeps_links().without(Feature::Amend, "x")] {
        let (mut h, _) = at(venue.clone(), |ctx, bar| {
            if bar == 1 {
                let parent = ctx.buy(id(), q(10)).limit(p("10")).submit()?;
                ctx.buy(id(), q(10)).limit(p("10")).after(parent).bracket(p("12"), p("8")).submit()?;
            }
            Ok(())
        });
        h.close(id(), "10").unwrap();
        assert_eq!(sizes(&h.fill_part(order(1), q(4), "10").unwrap()), [(2, 4)]);
        h.accept(order(2)).unwrap();
        let more = h.fill_part(order(1), q(1), "10").unwrap();
        let can_amend = venue.native().contains(Feature::Amend);
        assert_eq!(amends(&more), if can_amend { vec![(2, 5)] } else { vec![] });
        assert!(cancels(&more).is_empty(), "in its place there would be an order without exits");
        if can_amend {
            amended(&mut h, 2, 5);
        }
        h.fill_part(order(2), q(2), "10").unwrap();
        assert_eq!(cancels(&h.fill(order(3), "12").unwrap()), [4, 2]);
        h.cancelled(order(4)).unwrap();
        assert!(h.cancelled(order(2)).unwrap().is_empty());
        assert!(h.fill(order(1), "10").unwrap().is_empty());
        assert!(h.engine().links.groups.is_empty() && h.engine().links.membership.is_empty());
    }
}

#[test]
fn where_orders_cannot_be_changed_they_are_replaced() {
    // C6
    let (mut h, log) = at(engine_keeps_links().without(Feature::Amend, "x"), bracket);
    entered(&mut h, 4);
    let answer = h.fill_part(order(1), q(3), "10").unwrap();
    assert_eq!((cancels(&answer), answer.len()), (vec![2, 3], 2));
    h.fill_part(order(1), q(3), "10").unwrap();
    assert_eq!(sizes(&h.cancelled(order(2)).unwrap()), [(4, 10)], "for all that has filled by then");
    assert_eq!(sizes(&h.cancelled(order(3)).unwrap()), [(5, 10)]);
    assert!(h.accept(order(4)).unwrap().is_empty() && h.accept(order(5)).unwrap().is_empty());
    assert_eq!(cancels(&h.fill(order(4), "12").unwrap()), [5]);
    h.cancelled(order(5)).unwrap();
    assert_eq!(h.state().orders.open().count(), 0);
    assert!(!log.lock().unwrap().iter().any(|line| line.contains("AmendRejected")));
}

#[test]
fn a_refused_change_is_not_asked_again() {
    // C6
    let (mut h, _) = at(engine_keeps_links(), bracket);
    entered(&mut h, 10);
    assert_eq!(amends(&h.fill_part(order(2), q(7), "12").unwrap()), [(3, 3)]);
    assert_eq!(
        cancels(&amend_refused(&mut h, 3)),
        [3],
        "a stop of ten for three would turn the position around"
    );
    assert!(cancel_refused(&mut h, 3).is_empty(), "and that is all");
    // The next fill is another occasion.
    assert_eq!(cancels(&h.fill_part(order(2), q(1), "12").unwrap()), [3]);
    assert_eq!(sizes(&h.cancelled(order(3)).unwrap()), [(4, 2)]);
}

#[test]
fn what_falls_below_the_minimum_is_taken_back() {
    // C6
    let mut h = at_least_five(bracket);
    entered(&mut h, 10);
    assert_eq!(cancels(&h.fill_part(order(2), q(7), "12").unwrap()), [3]);
    assert!(h.cancelled(order(3)).unwrap().is_empty());
    assert_eq!((status(&h, 2), status(&h, 4)), (OrderStatus::PartiallyFilled, OrderStatus::Denied));
}

#[test]
fn an_emulated_stop_is_changed_as_what_it_became() {
    // C6
    let (mut h, _) = at(engine_keeps_links().emulating(Feature::Stop, "x"), bracket);
    h.close(id(), "10").unwrap();
    h.fill_part(order(1), q(4), "10").unwrap();
    h.accept(order(2)).unwrap();
    assert_eq!(sizes(&h.close(id(), "7").unwrap()), [(3, 4)]);
    let commands = h.fill_part(order(1), q(2), "10").unwrap();
    let change = commands.iter().find_map(|command| match command {
        Command::Amend(amend) if amend.order == order(3) => Some(amend.clone()),
        _ => None,
    });
    assert_eq!(change.map(|change| (change.kind, change.quantity)), Some((OrderKind::Market, q(6))));
}

#[test]
fn an_order_of_unknown_outcome_is_left_alone() {
    // C6
    let (mut h, log) = at(engine_keeps_links(), |ctx, bar| {
        bracket(ctx, bar)?;
        if bar == 2 { ctx.amend(order(2), OrderKind::Limit { price: p("13") }, q(10)) } else { Ok(()) }
    });
    h.close(id(), "10").unwrap();
    h.fill(order(1), "10").unwrap();
    h.accept(order(3)).unwrap();
    h.report(order(2), OrderEventKind::OutcomeUnknown { evidence: "timeout".into() }).unwrap();
    assert!(h.close(id(), "10").unwrap().is_empty());
    assert_eq!(log.lock().unwrap().last().unwrap(), "2 AmendRejected");
    assert!(h.fill_part(order(3), q(4), "8").unwrap().is_empty());
    assert_eq!(amends(&h.accept(order(2)).unwrap()), [(2, 6)], "it is there: now it is changed");
}

#[test]
fn only_one_emulated_trigger_of_a_group_leaves() {
    // C7
    let venue = engine_keeps_links().emulating(Feature::Stop, "x").emulating(Feature::MarketIfTouched, "x");
    let (mut h, _) = at(venue, |ctx, bar| {
        if bar == 1 {
            let group = ctx.new_group();
            ctx.sell(id(), q(1)).if_touched(p("12")).one_cancels_other(group).submit()?;
            ctx.sell(id(), q(1)).stop(p("8")).one_cancels_other(group).submit()?;
        }
        Ok(())
    });
    h.close(id(), "10").unwrap();
    assert_eq!(sizes(&h.bar(id(), ["10", "13", "7", "10"]).unwrap()), [(1, 1)]);
    assert!(h.close(id(), "7").unwrap().is_empty(), "the first is still out");
    h.reject(order(1), RejectCode::Other).unwrap();
    assert_eq!(sizes(&h.close(id(), "7").unwrap()), [(2, 1)]);
}

#[test]
fn a_changed_target_order_counts_as_changed() {
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| match bar {
        1 | 3 => ctx.target_position(id(), q(10)),
        2 => ctx.amend(order(1), OrderKind::Market, q(5)),
        _ => Ok(()),
    });
    h.close(id(), "10").unwrap();
    h.close(id(), "10").unwrap();
    amended(&mut h, 1, 5);
    h.fill(order(1), "10").unwrap();
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [(2, 5)]);
}

#[test]
fn the_same_fill_twice_is_one() {
    let (mut h, log) =
        at(
            engine_keeps_links(),
            |ctx, bar| {
                if bar == 1 { ctx.buy(id(), q(2)).submit().map(drop) } else { Ok(()) }
            },
        );
    h.close(id(), "10").unwrap();
    let fill = Fill {
        id: "f1".into(),
        order: order(1),
        instrument: id(),
        side: Side::Buy,
        price: p("10"),
        quantity: q(1),
        liquidity: algoflow_core::order::Liquidity::Taker,
        fee: "0 USD".parse().unwrap(),
        ts_event: h.now(),
        ts_recv: h.now(),
    };
    h.report(order(1), OrderEventKind::Filled(fill.clone())).unwrap();
    h.report(order(1), OrderEventKind::Filled(fill.clone())).unwrap();
    assert_eq!(h.position(id()).quantity, q(1));
    h.fill(order(1), "10").unwrap();
    h.report(order(1), OrderEventKind::Filled(fill)).unwrap();
    assert_eq!(h.position(id()).quantity, q(2));
    assert_eq!(log.lock().unwrap().iter().filter(|line| line.ends_with("Filled")).count(), 2);
}

#[test]
fn a_group_is_forgotten_when_its_last_order_ends() {
    let (mut h, _) = at(engine_keeps_links(), bracket);
    entered(&mut h, 4);
    h.report(order(2), OrderEventKind::Expired).unwrap();
    h.report(order(3), OrderEventKind::Expired).unwrap();
    assert_eq!(status(&h, 1), OrderStatus::PendingCancel, "nothing protects what it would fill");
    h.cancelled(order(1)).unwrap();
    let links = &h.engine().links;
    assert!(links.groups.is_empty() && links.membership.is_empty() && links.children.is_empty());
}

/// Long ten under a bracket whose exits only reduce; the strategy sells six of them by another order.
fn sold_besides(ctx: &mut Context<'_>, bar: usize) -> StrategyResult {
    match bar {
        1 => {
            let entry = ctx.buy(id(), q(10)).limit(p("10")).submit()?;
            let group = ctx.new_group();
            ctx.sell(id(), q(10))
                .limit(p("12"))
                .reduce_only()
                .after(entry)
                .one_cancels_other(group)
                .submit()?;
            ctx.sell(id(), q(10))
                .stop(p("8"))
                .reduce_only()
                .after(entry)
                .one_cancels_other(group)
                .submit()?;
            Ok(())
        }
        2 => ctx.sell(id(), q(6)).submit().map(drop),
        _ => Ok(()),
    }
}

#[test]
fn a_member_that_only_reduces_is_not_grown_beyond_what_is_held() {
    // C2, R5
    let (mut h, _) = at(engine_keeps_links(), sold_besides);
    entered(&mut h, 10);
    h.close(id(), "10").unwrap();
    assert_eq!(amends(&h.fill(order(4), "10").unwrap()), [(2, 4), (3, 4)]);
    assert!(amended(&mut h, 2, 4).is_empty(), "the group does not grow it back");
    assert!(amended(&mut h, 3, 4).is_empty());
    // What one of them fills is taken off the other by both, once.
    assert_eq!(amends(&h.fill_part(order(2), q(1), "12").unwrap()), [(3, 3)]);
    assert!(amended(&mut h, 3, 3).is_empty());
    assert_eq!(cancels(&h.fill(order(2), "12").unwrap()), [3]);
    h.cancelled(order(3)).unwrap();
    assert!(h.position(id()).is_flat());
}

#[test]
fn a_member_that_only_reduces_is_replaced_by_its_group() {
    // C6, R5
    let (mut h, _) = at(engine_keeps_links().without(Feature::Amend, "x"), sold_besides);
    entered(&mut h, 10);
    h.close(id(), "10").unwrap();
    assert_eq!(cancels(&h.fill(order(4), "10").unwrap()), [2, 3]);
    assert_eq!(sizes(&h.cancelled(order(2)).unwrap()), [(5, 4)]);
    assert_eq!(sizes(&h.cancelled(order(3)).unwrap()), [(6, 4)]);
    assert!(h.accept(order(5)).unwrap().is_empty() && h.accept(order(6)).unwrap().is_empty());
    assert_eq!(cancels(&h.fill(order(5), "12").unwrap()), [6]);
    h.cancelled(order(6)).unwrap();
    assert!(h.position(id()).is_flat() && h.engine().links.groups.is_empty());
}

#[test]
fn members_without_a_parent_are_replaced_too() {
    // C2, C6
    let (mut h, _) = at(engine_keeps_links().without(Feature::Amend, "x"), |ctx, bar| {
        if bar == 1 {
            let group = ctx.new_group();
            ctx.buy(id(), q(10)).limit(p("9")).one_cancels_other(group).submit()?;
            ctx.buy(id(), q(10)).stop(p("12")).one_cancels_other(group).submit()?;
        }
        Ok(())
    });
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.accept(order(2)).unwrap();
    assert_eq!(cancels(&h.fill_part(order(1), q(4), "9").unwrap()), [2]);
    assert_eq!(sizes(&h.cancelled(order(2)).unwrap()), [(3, 6)]);
    h.accept(order(3)).unwrap();
    assert_eq!(cancels(&h.fill(order(3), "12").unwrap()), [1]);
}
