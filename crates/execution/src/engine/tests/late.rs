//! Each test cites the rule of `engine/late.rs` that it shows.

use algoflow_core::order::CancelReason;

use super::{
    contingent::{amend_refused, amended, at, bracket, engine_keeps_links, entered, reserved, sizes},
    *,
};

fn buy_ten(ctx: &mut Context<'_>, bar: usize) -> StrategyResult {
    match bar {
        1 => ctx.buy(id(), q(10)).limit(p("10")).submit().map(drop),
        2 => ctx.cancel(order(1)),
        _ => Ok(()),
    }
}

fn expire(h: &mut Harness, sequence: u64) -> Vec<Command> {
    h.report(order(sequence), OrderEventKind::Expired).unwrap()
}

#[test]
fn a_trade_told_after_the_end_is_in_the_books() {
    // L1, L2
    let (mut h, log) = at(engine_keeps_links(), buy_ten);
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.close(id(), "10").unwrap();
    h.cancelled(order(1)).unwrap();
    assert!(h.fill_part(order(1), q(4), "9.50").unwrap().is_empty());
    let known = h.state().orders.get(order(1)).unwrap();
    assert_eq!((known.status, known.filled), (OrderStatus::Cancelled, q(4)));
    assert_eq!(known.average_price().unwrap(), "9.5".parse().unwrap());
    assert_eq!(h.position(id()).quantity, q(4));
    let usd = h.state().portfolio.balance(spy().venue(), "USD".parse().unwrap());
    assert_eq!((usd.total, usd.reserved), (Decimal::from(962), Decimal::ZERO));
    assert_eq!(log.lock().unwrap().last().unwrap(), "1 Filled");
    h.fill_part(order(1), q(6), "10").unwrap();
    assert_eq!(status(&h, 1), OrderStatus::Filled);
    assert_eq!(h.position(id()).quantity, q(10));
    assert!(h.state().orders.open().next().is_none());
}

#[test]
fn what_an_entry_fills_late_is_protected() {
    // L2 after C4: the exits were gone.
    let (mut h, _) = at(engine_keeps_links(), bracket);
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    expire(&mut h, 1);
    assert_eq!((status(&h, 2), status(&h, 3)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
    assert!(h.engine().links.groups.is_empty());
    assert_eq!(sizes(&h.fill_part(order(1), q(4), "10").unwrap()), [(4, 4), (5, 4)]);
    h.accept(order(4)).unwrap();
    h.accept(order(5)).unwrap();
    assert_eq!(amends(&h.fill_part(order(1), q(3), "10").unwrap()), [(4, 7), (5, 7)]);
    amended(&mut h, 4, 7);
    amended(&mut h, 5, 7);
    assert_eq!(cancels(&h.fill(order(4), "12").unwrap()), [5]);
    h.cancelled(order(5)).unwrap();
    let links = &h.engine().links;
    assert!(links.groups.is_empty() && links.membership.is_empty() && links.children.is_empty());
    // Again, after one round trip.
    assert_eq!(sizes(&h.fill_part(order(1), q(1), "10").unwrap()), [(6, 1), (7, 1)]);
}

#[test]
fn what_an_exit_fills_late_is_taken_off_the_other() {
    // L2 after C3
    let (mut h, _) = at(engine_keeps_links(), bracket);
    entered(&mut h, 10);
    expire(&mut h, 2);
    assert_eq!(amends(&h.fill_part(order(2), q(4), "12").unwrap()), [(3, 6)]);
    amended(&mut h, 3, 6);
    assert_eq!(cancels(&h.fill_part(order(2), q(6), "12").unwrap()), [3]);
}

#[test]
fn what_an_exit_filled_before_it_was_replaced_counts() {
    // L2 after C6: a venue without amendments; order 3 is replaced by a larger one.
    let (mut h, _) = at(engine_keeps_links().without(Feature::Amend, "x"), bracket);
    entered(&mut h, 4);
    assert_eq!(cancels(&h.fill_part(order(1), q(6), "10").unwrap()), [2, 3]);
    assert_eq!(sizes(&h.cancelled(order(2)).unwrap()), [(4, 10)]);
    assert_eq!(sizes(&h.cancelled(order(3)).unwrap()), [(5, 10)]);
    h.accept(order(4)).unwrap();
    h.accept(order(5)).unwrap();
    assert_eq!(cancels(&h.fill_part(order(3), q(3), "8").unwrap()), [4, 5], "both are too large");
    assert_eq!(sizes(&h.cancelled(order(4)).unwrap()), [(6, 7)]);
    assert_eq!(sizes(&h.cancelled(order(5)).unwrap()), [(7, 7)]);
}

#[test]
fn ended_links_are_kept_up_to_a_bound() {
    // L2
    let mut links = crate::links::Links::default();
    for number in 1..=crate::links::MAX_ENDED as u64 + 1 {
        let parent = Some(order(number));
        let group = crate::links::Group {
            parent,
            alone: false,
            closed: false,
            legs: Vec::new(),
            earlier: Vec::new(),
        };
        links.groups.insert(number, group);
        links.end_group(number, true);
    }
    assert_eq!(links.ended.len(), crate::links::MAX_ENDED);
    links.revive(order(1));
    assert!(links.groups.is_empty(), "the oldest is forgotten");
    links.revive(order(2));
    assert_eq!((links.groups.len(), links.children.len()), (1, 1));
}

#[test]
fn an_impossible_fill_ends_its_order_and_not_the_run() {
    // L4
    let (mut h, _) = at(engine_keeps_links(), |ctx, bar| {
        if bar == 1 { ctx.buy(id(), q(10)).limit(p("10")).submit().map(drop) } else { Ok(()) }
    });
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.fill_part(order(1), q(4), "10").unwrap();
    assert_eq!(cancels(&h.fill_part(order(1), q(7), "10").unwrap()), [1]);
    assert_eq!(h.position(id()).quantity, q(4));
    let denial = h.engine().denials().last().unwrap();
    let OrderEventKind::Denied { text, .. } = &denial.kind else { panic!("not denied") };
    assert_eq!(text, "order r1-s0-1: a fill of 7 after 4 is not possible: no more than 10 was asked for");
    h.report(order(1), OrderEventKind::Cancelled { reason: CancelReason::Requested }).unwrap();
    assert_eq!(status(&h, 1), OrderStatus::Cancelled);
    assert!(h.fill_part(order(1), q(7), "10").unwrap().is_empty(), "it is over already");
    assert_eq!(h.engine().denials().len(), 2);
    h.close(id(), "10").unwrap();
}

fn grown(ctx: &mut Context<'_>, bar: usize) -> StrategyResult {
    let kind = OrderKind::Limit { price: p("10") };
    match bar {
        1 => ctx.buy(id(), q(10)).limit(p("10")).submit().map(drop),
        2 => ctx.amend(order(1), kind, q(15)),
        _ => Ok(()),
    }
}

#[test]
fn fills_may_be_told_before_the_change_that_made_them_possible() {
    // L1
    let (mut h, _) = at(engine_keeps_links(), grown);
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.close(id(), "10").unwrap();
    h.fill_part(order(1), q(12), "10").unwrap();
    assert_eq!(status(&h, 1), OrderStatus::PendingAmend);
    amended(&mut h, 1, 15);
    assert_eq!(status(&h, 1), OrderStatus::PartiallyFilled);
    h.fill(order(1), "10").unwrap();
    assert_eq!((status(&h, 1), h.position(id()).quantity), (OrderStatus::Filled, q(15)));
    assert_eq!(reserved(&h, "USD"), Decimal::ZERO);
}

/// A fill of ten of fifteen has overtaken the answer to the change.
fn overtaken() -> Harness {
    let (mut h, _) = at(engine_keeps_links(), grown);
    h.close(id(), "10").unwrap();
    h.accept(order(1)).unwrap();
    h.close(id(), "10").unwrap();
    h.fill(order(1), "10").unwrap();
    h
}

#[test]
fn what_a_venue_still_has_of_a_filled_order_is_cancelled() {
    // L5
    let mut h = overtaken();
    assert_eq!(status(&h, 1), OrderStatus::Filled);
    assert!(amend_refused(&mut h, 1).is_empty(), "as it mostly goes");
    assert_eq!(cancels(&amended(&mut h, 1, 15)), [1]);
    h.fill_part(order(1), q(2), "10").unwrap();
    assert!(h.cancelled(order(1)).unwrap().is_empty());
    assert_eq!((status(&h, 1), h.position(id()).quantity), (OrderStatus::Filled, q(12)));
}

#[test]
fn a_venue_that_will_not_end_a_rest_is_asked_again() {
    // L5
    let refused = |h: &mut Harness| {
        let (code, text) = (RejectCode::Other, "no".into());
        cancels(&h.report(order(1), OrderEventKind::CancelRejected { code, text }).unwrap())
    };
    let mut h = overtaken();
    assert_eq!(cancels(&amended(&mut h, 1, 15)), [1]);
    assert!(amended(&mut h, 1, 15).is_empty(), "it is asked already");
    assert_eq!((refused(&mut h), refused(&mut h)), (vec![1], vec![1]));
    assert!(refused(&mut h).is_empty(), "three times are enough");
    assert_eq!(cancels(&h.fill_part(order(1), q(2), "10").unwrap()), [1], "something new");
    assert!(h.fill_part(order(1), q(1), "10").unwrap().is_empty(), "that is not answered yet");
    assert_eq!(refused(&mut h), [1]);
    h.fill_part(order(1), q(2), "10").unwrap();
    assert!(refused(&mut h).is_empty(), "nothing is left");
    assert!(h.engine().links.rests.is_empty());
    assert_eq!((status(&h, 1), h.position(id()).quantity), (OrderStatus::Filled, q(15)));
}

#[test]
fn a_rest_that_the_venue_ended_is_forgotten() {
    // L5
    let ends = [OrderEventKind::Cancelled { reason: CancelReason::Requested }, OrderEventKind::Expired];
    for end in ends {
        let mut h = overtaken();
        assert_eq!(cancels(&amended(&mut h, 1, 15)), [1]);
        assert_eq!(h.engine().links.rests.len(), 1);
        assert!(h.report(order(1), end).unwrap().is_empty());
        assert!(h.engine().links.rests.is_empty());
        assert_eq!((status(&h, 1), h.position(id()).quantity), (OrderStatus::Filled, q(10)));
    }
}

#[test]
fn a_rest_whose_end_was_lost_is_asked_for_when_it_is_known() {
    // L5
    let mut h = overtaken();
    assert_eq!(cancels(&amended(&mut h, 1, 15)), [1]);
    assert!(h.accept(order(1)).unwrap().is_empty(), "it is asked already");
    let unknown = OrderEventKind::OutcomeUnknown { evidence: "timeout".into() };
    assert!(h.report(order(1), unknown).unwrap().is_empty());
    assert_eq!(cancels(&h.accept(order(1)).unwrap()), [1], "it is there");
}
