use super::*;

/// A1, A3.
#[test]
fn a_parent_fills_with_its_slices_and_the_ledger_moves_once() {
    let (mut rig, commands) = Rig::buy(10, twap(2, 2));
    let slice = sent(&commands);
    assert_eq!((slice.order.sequence, slice.spec.quantity), (2, q(5).into()));
    assert_eq!((slice.spec.contingency.parent, slice.spec.contingency.role), (None, OrderRole::Slice));
    assert_eq!(rig.told(), ["1 Accepted"]);
    assert!(rig.h.engine().is_worked(order(1)) && !rig.h.engine().is_worked(order(2)));
    rig.h.accept(order(2)).unwrap();
    rig.h.fill_part(order(2), q(2), "10").unwrap();
    assert_eq!((rig.order(1).filled, rig.status(1), rig.held()), (q(2), OrderStatus::PartiallyFilled, q(2)));
    rig.h.fill(order(2), "12").unwrap();
    assert_eq!(rig.order(1).average_price(), Some("11.2".parse().unwrap()));
    assert_eq!((rig.told(), rig.held()), (vec!["1 Filled".to_owned(), "1 Filled".into()], q(5)));
    assert_eq!(sizes(&rig.minute()), [(3, 5)]);
    rig.h.fill(order(3), "12").unwrap();
    assert_eq!(
        (rig.told(), rig.status(1), rig.held()),
        (vec!["1 Filled".into()], OrderStatus::Filled, q(10))
    );
    let h = &rig.h;
    assert!(h.state().orders.open().next().is_none() && h.engine().works.all.is_empty());
    assert_eq!(h.engine().next_wakeup(), Timestamp::MAX, "no alarm is left");
    assert_eq!(h.state().portfolio.balances().map(|(.., b)| b.reserved).sum::<Decimal>(), Decimal::ZERO);
}

/// A1.
#[test]
fn what_cannot_be_worked_is_denied_with_the_reason() {
    let denied = |instrument: Instrument, script: fn(&mut Context<'_>) -> StrategyResult, text: &str| {
        let (rig, commands) = Rig::at(instrument, native(), script);
        assert_eq!((commands.len(), rig.told()), (0, vec!["1 Denied".to_owned()]));
        let OrderEventKind::Denied { text: found, .. } = &rig.h.engine().denials()[0].kind else { panic!() };
        assert!(found.contains(text), "{found}");
    };
    denied(
        spy(),
        |ctx| {
            let unknown = Algorithm::Custom { name: "nobody".into(), parameters: String::new() };
            ctx.buy(id(), q(1)).via(unknown).submit().map(drop)
        },
        "nobody",
    );
    denied(
        spy(),
        |ctx| {
            let quantity: Quantity = "1.5".parse()?;
            ctx.buy(id(), quantity).via(twap(1, 1)).submit().map(drop)
        },
        "multiple of 1",
    );
    denied(
        spy(),
        |ctx| ctx.buy(id(), q(1)).max_fee("1 EUR".parse()?).via(twap(1, 1)).submit().map(drop),
        "cannot be bound in EUR",
    );
    denied(
        spy(),
        |ctx| ctx.buy(id(), q(1)).tif(TimeInForce::Gtd(Timestamp::EPOCH)).via(twap(1, 1)).submit().map(drop),
        "its time was over",
    );
    let mut large = spy();
    large.limits.max_quantity = Some(q(4));
    let (rig, commands) =
        Rig::at(large, native(), |ctx| ctx.buy(id(), q(10)).via(twap(1, 1)).submit().map(drop));
    assert_eq!(
        (sizes(&commands), rig.told()),
        (vec![(2, 4)], vec!["1 Accepted".into()]),
        "split as it has to be"
    );
}

/// What makes no sense is the strategy's mistake.
#[test]
fn parameters_that_make_no_sense_halt_the_strategy() {
    let (rig, commands) = Rig::buy(10, twap(0, 2));
    assert!(commands.is_empty());
    let reason = |rig: &Rig| rig.h.engine().halts()[0].reason.clone();
    assert!(reason(&rig).starts_with("twap: duration must be above zero"));
    let (rig, _) = Rig::new(|ctx| {
        let parent = ctx.buy(id(), q(4)).via(twap(1, 1)).submit()?;
        ctx.sell(id(), q(4)).after(parent).via(twap(1, 1)).submit().map(drop)
    });
    assert!(reason(&rig).starts_with("an order with an algorithm waits for no other"));
}

/// Slices are the engine's.
#[test]
fn a_strategy_sees_slices_and_leaves_them_alone() {
    let (strategy, log) = scripted(BarSpec::Time(MINUTE), |ctx, bar| {
        if bar == 1 {
            ctx.buy(id(), q(4)).via(twap(10, 2)).submit()?;
        } else {
            assert_eq!(ctx.orders().count(), 1);
            assert_eq!(ctx.slices(order(1)).map(|slice| slice.id).collect::<Vec<_>>(), [order(2)]);
            ctx.cancel(order(2))?;
        }
        Ok(())
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap().step(MINUTE);
    h.close(id(), "10").unwrap();
    h.close(id(), "10").unwrap();
    assert!(h.engine().halts()[0].reason.starts_with("a slice is the algorithm's"), "{log:?}");
}

/// A2.
#[test]
fn a_slice_whose_outcome_is_unknown_counts_as_out() {
    let (mut rig, _) = Rig::buy(10, twap(2, 2));
    let unknown = |text: &str| OrderEventKind::OutcomeUnknown { evidence: text.into() };
    rig.h.report(order(2), unknown("timeout")).unwrap();
    assert_eq!(sizes(&rig.minute()), [(3, 5)], "only the second half");
    rig.h.fill(order(3), "10").unwrap();
    assert!(rig.minute().is_empty(), "its time is over, but nobody knows of the first");
    assert_eq!(rig.status(1), OrderStatus::PendingCancel);
    assert_eq!(cancelled(&rig.h.accept(order(2)).unwrap()), [2], "now it can be asked for");
    rig.h.cancelled(order(2)).unwrap();
    assert_eq!((rig.status(1), rig.order(1).filled), (OrderStatus::Expired, q(5)));
}

/// A4.
#[test]
fn a_late_fill_counts_and_makes_room() {
    let (mut rig, _) =
        Rig::new(|ctx| ctx.buy(id(), q(10)).limit(p("10")).via(Chunks::of(q(6), MINUTE)).submit().map(drop));
    rig.h.accept(order(2)).unwrap();
    rig.h.report(order(2), OrderEventKind::Cancelled { reason: CancelReason::Venue }).unwrap();
    assert_eq!(sizes(&rig.minute()), [(3, 6)]);
    rig.h.accept(order(3)).unwrap();
    let fill = |h: &mut Harness, sequence, quantity| h.fill_part(order(sequence), q(quantity), "10").unwrap();
    assert_eq!(cancelled(&fill(&mut rig.h, 2, 6)), [3], "6 of 10 have filled: 6 more do not fit");
    assert_eq!((rig.order(1).filled, rig.held()), (q(6), q(6)));
    // It fills nevertheless.
    fill(&mut rig.h, 3, 6);
    assert_eq!((rig.order(1).filled, rig.status(1), rig.held()), (q(12), OrderStatus::Filled, q(12)));
    assert!(rig.h.engine().works.all.is_empty());
}

/// A4, after the end of the parent.
#[test]
fn a_fill_after_the_end_is_told_of_the_parent() {
    let (mut rig, _) = Rig::new(|ctx| {
        ctx.buy(id(), q(10))
            .tif(TimeInForce::Gtd("1970-01-01T00:01:30Z".parse().unwrap()))
            .via(twap(9, 1))
            .submit()
            .map(drop)
    });
    rig.h.accept(order(2)).unwrap();
    assert_eq!(cancelled(&rig.minute()), [2]);
    rig.h.cancelled(order(2)).unwrap();
    assert_eq!(
        (rig.told(), rig.status(1)),
        (vec!["1 Accepted".into(), "1 Expired".into()], OrderStatus::Expired)
    );
    rig.h.fill_part(order(2), q(4), "10").unwrap();
    assert_eq!((rig.told(), rig.status(1)), (vec!["1 Filled".into()], OrderStatus::Expired));
    assert_eq!((rig.order(1).filled, rig.held()), (q(4), q(4)));
}

/// A5.
#[test]
fn no_slice_is_sent_beyond_the_bound() {
    // 35 basis points of 10 are 10.035, on the step 10.03.
    let bounded =
        |ctx: &mut Context<'_>| ctx.buy(id(), q(4)).max_slippage(35).via(twap(1, 1)).submit().map(drop);
    let (_, commands) = Rig::new(bounded);
    let spec = sent(&commands).spec;
    assert_eq!((spec.kind, spec.protection.worst_price), (OrderKind::Market, Some(p("10.03"))));
    assert_eq!((spec.protection.max_slippage_bps, spec.protection.max_fee), (None, None));
    let (_, commands) = Rig::at(spy(), native().without(Feature::WorstPrice, "x"), bounded);
    let spec = sent(&commands).spec;
    assert_eq!((spec.kind, spec.time_in_force), (OrderKind::Limit { price: p("10.03") }, TimeInForce::Ioc));
    let venue = native().without(Feature::WorstPrice, "x").without(Feature::Ioc, "x");
    let (_, commands) = Rig::at(spy(), venue, bounded);
    assert_eq!(sent(&commands).spec.time_in_force, TimeInForce::Gtc);
    let sell = |ctx: &mut Context<'_>| {
        ctx.sell(id(), q(4))
            .limit(p("9.90"))
            .worst_price(p("9.95"))
            .max_slippage(35)
            .via(twap(1, 1))
            .submit()
            .map(drop)
    };
    let (_, commands) = Rig::new(sell);
    let spec = sent(&commands).spec;
    assert_eq!((spec.kind, spec.time_in_force), (OrderKind::Limit { price: p("9.97") }, TimeInForce::Gtc));
}

/// A6.
#[test]
fn fees_stay_within_their_bound() {
    let fees = spy().with_fees(Decimal::new(1, 2), Decimal::new(2, 2));
    // Two hundredths of 10 for each unit: 0.20.
    let (mut rig, commands) = Rig::at(fees, native(), |ctx| {
        ctx.buy(id(), q(10)).max_fee("1.50 USD".parse()?).via(twap(2, 2)).submit().map(drop)
    });
    assert_eq!(sizes(&commands), [(2, 5)], "1.00");
    let fill = |rig: &mut Rig, sequence, quantity, fee: &str| {
        let known = rig.order(sequence);
        let fill = Fill {
            id: format!("{sequence}").into(),
            order: known.id,
            instrument: id(),
            side: known.spec.side,
            price: p("10"),
            quantity: q(quantity),
            liquidity: algoflow_core::order::Liquidity::Taker,
            fee: fee.parse().unwrap(),
            ts_event: rig.h.now(),
            ts_recv: rig.h.now(),
        };
        rig.h.report(order(sequence), OrderEventKind::Filled(fill)).unwrap()
    };
    fill(&mut rig, 2, 5, "0.90 USD");
    assert_eq!(sizes(&rig.minute()), [(3, 3)], "0.60 of the 0.60 that are left");
    assert_eq!(rig.told(), ["1 Accepted", "1 Filled"]);
    fill(&mut rig, 3, 1, "0.61 USD");
    assert_eq!(rig.status(1), OrderStatus::PendingCancel, "more than was expected");
    rig.h.cancelled(order(3)).unwrap();
    assert_eq!((rig.status(1), rig.order(1).filled), (OrderStatus::Cancelled, q(6)));
}

/// A7.
#[test]
fn a_parent_ends_when_no_slice_can_fill_any_more() {
    let (strategy, log) = scripted(BarSpec::Time(MINUTE), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(10)).limit(p("10")).via(twap(10, 10)).submit().map(drop),
        3 => ctx.cancel_all(id()),
        _ => Ok(()),
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap().step(MINUTE);
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [(2, 1)]);
    h.accept(order(2)).unwrap();
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [], "a minute has not passed for the order");
    let commands = h.close(id(), "10").unwrap();
    assert_eq!((sizes(&commands), cancelled(&commands)), (vec![(3, 1)], vec![2, 3]));
    assert_eq!(status(&h, 1), OrderStatus::PendingCancel);
    h.fill(order(2), "10").unwrap();
    assert_eq!(status(&h, 1), OrderStatus::PendingCancel);
    h.cancelled(order(3)).unwrap();
    assert_eq!(status(&h, 1), OrderStatus::Cancelled);
    let log = log.lock().unwrap();
    let told: Vec<_> = log.iter().filter(|line| !line.starts_with("bar")).collect();
    assert_eq!(told, ["1 Accepted", "1 Filled", "1 Cancelled"]);
    assert!(h.engine().works.all.is_empty() && h.engine().next_wakeup() == Timestamp::MAX);
}

/// A7.
#[test]
fn a_refused_cancellation_is_asked_again_a_bounded_number_of_times() {
    let (mut rig, _) = Rig::buy(10, twap(1, 1));
    rig.h.accept(order(2)).unwrap();
    assert_eq!(cancelled(&rig.minute()), [2], "its time is over");
    let refuse = |rig: &mut Rig| {
        let (code, text) = (RejectCode::Other, "no".to_owned());
        assert!(rig.h.report(order(2), OrderEventKind::CancelRejected { code, text }).unwrap().is_empty());
    };
    refuse(&mut rig);
    assert_eq!(cancelled(&rig.after(1)), [2]);
    refuse(&mut rig);
    assert!(rig.after(1).is_empty(), "after two seconds");
    assert_eq!(cancelled(&rig.after(1)), [2]);
    assert_eq!(rig.told(), ["1 Accepted"]);
    refuse(&mut rig);
    assert_eq!((rig.told(), rig.status(1)), (vec!["1 CancelRejected".into()], OrderStatus::Accepted));
    assert!(rig.after(1_000).is_empty());
    rig.h.fill(order(2), "10").unwrap();
    assert_eq!((rig.told(), rig.status(1)), (vec!["1 Filled".into()], OrderStatus::Filled));
    assert!(rig.h.engine().works.all.is_empty());
}

fn amending(change: impl Fn(&mut Context<'_>) -> StrategyResult + Send + 'static) -> (Harness, Log) {
    let (strategy, log) = scripted(BarSpec::Time(MINUTE), move |ctx, bar| match bar {
        1 => ctx.buy(id(), q(10)).limit(p("10")).via(Chunks::of(q(5), MINUTE)).submit().map(drop),
        2 => change(ctx),
        _ => Ok(()),
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap().step(MINUTE);
    h.close(id(), "10").unwrap();
    h.accept(order(2)).unwrap();
    (h, log)
}

fn to(price: &'static str, quantity: i64) -> impl Fn(&mut Context<'_>) -> StrategyResult {
    move |ctx| ctx.amend(order(1), OrderKind::Limit { price: p(price) }, q(quantity))
}

/// A8.
#[test]
fn a_change_that_fits_is_made_at_once() {
    let (mut h, log) = amending(to("11", 20));
    h.close(id(), "10").unwrap();
    assert_eq!(h.state().orders.get(order(1)).unwrap().leaves(), q(20));
    assert!(log.lock().unwrap().contains(&"1 Amended".to_owned()));
    h.fill(order(2), "10").unwrap();
    let slice = sent(&h.wait_until(h.now()).unwrap());
    assert_eq!((slice.spec.quantity, slice.spec.kind), (q(5).into(), OrderKind::Limit { price: p("11") }));
}

/// A8.
#[test]
fn a_smaller_quantity_waits_for_slices_that_do_not_fit() {
    let (mut h, _) = amending(to("10", 3));
    assert_eq!(cancelled(&h.close(id(), "10").unwrap()), [2]);
    assert_eq!(status(&h, 1), OrderStatus::PendingAmend);
    h.fill_part(order(2), q(1), "10").unwrap();
    let next = h.cancelled(order(2)).unwrap();
    assert_eq!((status(&h, 1), sizes(&next)), (OrderStatus::PartiallyFilled, vec![(3, 2)]));
    h.fill(order(3), "10").unwrap();
    assert_eq!((status(&h, 1), h.position(id()).quantity), (OrderStatus::Filled, q(3)));
}

/// A8.
#[test]
fn a_quantity_below_what_has_filled_ends_the_order() {
    let (mut h, _) = amending(to("10", 3));
    h.fill_part(order(2), q(4), "10").unwrap();
    assert_eq!(cancelled(&h.close(id(), "10").unwrap()), [2]);
    h.cancelled(order(2)).unwrap();
    let parent = h.state().orders.get(order(1)).unwrap().into_owned();
    assert_eq!(
        (parent.status, parent.filled, parent.spec.quantity),
        (OrderStatus::Filled, q(4), q(4).into())
    );
    assert!(h.engine().works.all.is_empty());
}

/// A8.
#[test]
fn a_worse_limit_takes_back_what_is_beyond_it() {
    let (mut h, log) = amending(to("9", 10));
    assert_eq!(cancelled(&h.close(id(), "10").unwrap()), [2]);
    let (code, text) = (RejectCode::Other, "no".to_owned());
    h.report(order(2), OrderEventKind::CancelRejected { code, text }).unwrap();
    assert!(log.lock().unwrap().contains(&"1 AmendRejected".to_owned()));
    assert_eq!(status(&h, 1), OrderStatus::Accepted);
    let limit = h.state().orders.get(order(1)).unwrap().spec.kind;
    assert_eq!(limit, OrderKind::Limit { price: p("10") }, "it stays as it was");

    let (mut h, _) = amending(to("9", 10));
    h.close(id(), "10").unwrap();
    let next = h.cancelled(order(2)).unwrap();
    assert_eq!(sent(&next).spec.kind, OrderKind::Limit { price: p("9") });
}

/// A9.
#[test]
fn refusals_are_answered_slowly_and_not_without_end() {
    let (mut rig, _) = Rig::buy(10, twap(10, 1));
    for (sequence, pause) in (2..).zip([1, 2, 4, 8]) {
        rig.h.reject(order(sequence), RejectCode::RateLimited).unwrap();
        assert!(
            rig.h
                .wait_until(rig.h.now().saturating_add(TimeDelta::millis(pause * 1_000 - 1)))
                .unwrap()
                .is_empty()
        );
        let next = rig.h.wait_until(rig.h.now().saturating_add(TimeDelta::millis(1))).unwrap();
        assert_eq!(sizes(&next), [(sequence + 1, 10)]);
    }
    assert!(rig.h.reject(order(6), RejectCode::RateLimited).unwrap().is_empty());
    assert_eq!(
        (rig.told(), rig.status(1)),
        (vec!["1 Accepted".into(), "1 Rejected".into()], OrderStatus::Rejected)
    );
    assert!(rig.h.engine().works.all.is_empty() && rig.h.engine().next_wakeup() == Timestamp::MAX);
}

/// A9.
#[test]
fn a_fill_begins_the_count_anew_and_a_part_stays() {
    let (mut rig, _) = Rig::buy(10, Chunks::of(q(1), TimeDelta::ZERO));
    for sequence in 2..6 {
        rig.h.reject(order(sequence), RejectCode::Other).unwrap();
        rig.after(20);
    }
    assert_eq!(sizes(&rig.h.fill(order(6), "10").unwrap()), [(7, 1)]);
    for sequence in 7..12 {
        rig.h.report(order(sequence), OrderEventKind::Cancelled { reason: CancelReason::Venue }).unwrap();
        rig.after(20);
    }
    assert_eq!((rig.status(1), rig.order(1).filled), (OrderStatus::Cancelled, q(1)));
}

/// A9.
#[test]
fn what_cannot_get_better_ends_the_order_at_once() {
    let venue = native().without(Feature::Market, "no market orders");
    let (rig, commands) = Rig::at(spy(), venue, |ctx| ctx.buy(id(), q(4)).via(twap(1, 1)).submit().map(drop));
    assert_eq!((commands.len(), rig.told()), (0, vec!["1 Accepted".into(), "1 Rejected".to_owned()]));
    let (rig, commands) =
        Rig::new(|ctx| ctx.sell(id(), q(4)).reduce_only().via(twap(1, 1)).submit().map(drop));
    assert_eq!((commands.len(), rig.told()), (0, vec!["1 Accepted".into(), "1 Cancelled".to_owned()]));
}

/// A10.
#[test]
fn a_slice_beyond_its_bound_is_not_sent_again_at_once() {
    let (mut rig, _) = Rig::new(|ctx| {
        ctx.buy(id(), q(4)).max_slippage(10).via(Chunks::of(q(4), TimeDelta::ZERO)).submit().map(drop)
    });
    for sequence in 2..20 {
        let kind = OrderEventKind::Cancelled { reason: CancelReason::Protection };
        assert!(rig.h.report(order(sequence), kind).unwrap().is_empty());
        assert_eq!(sizes(&rig.after(1)), [(sequence + 1, 4)], "that is not a refusal");
    }
}

/// A11.
#[test]
fn a_rest_that_is_too_small_ends_the_order() {
    let mut limited = spy();
    limited.limits.min_quantity = Some(q(3));
    let (mut rig, commands) =
        Rig::at(limited, native(), |ctx| ctx.buy(id(), q(5)).via(twap(2, 2)).submit().map(drop));
    assert_eq!(sizes(&commands), [(2, 5)], "3 would leave 2");
    rig.h.fill_part(order(2), q(3), "10").unwrap();
    rig.h.report(order(2), OrderEventKind::Cancelled { reason: CancelReason::Venue }).unwrap();
    assert_eq!((rig.status(1), rig.order(1).filled), (OrderStatus::Cancelled, q(3)));
}

/// A14.
#[test]
fn a_split_ends_the_order_and_a_halt_stops_it() {
    use algoflow_core::market::{CorporateAction, CorporateActionKind, InstrumentStatus, TradingStatus};
    let status_of = |rig: &Rig, status| InstrumentStatus {
        instrument: id(),
        ts_event: rig.h.now(),
        ts_recv: rig.h.now(),
        status,
    };
    let (mut rig, _) = Rig::buy(10, twap(2, 2));
    rig.h.fill(order(2), "10").unwrap();
    let halted = status_of(&rig, TradingStatus::Halted);
    rig.h.feed(MarketData::Status(halted)).unwrap();
    assert!(rig.minute().is_empty());
    let open = status_of(&rig, TradingStatus::Open);
    assert_eq!(sizes(&rig.h.feed(MarketData::Status(open)).unwrap()), [(3, 5)], "it was owed");
    let (ts_event, ts_recv) = (rig.h.now(), rig.h.now());
    let action = CorporateActionKind::Split { to: 2, from: 1 };
    let split = CorporateAction { instrument: id(), ts_event, ts_recv, action };
    assert_eq!(cancelled(&rig.h.feed(MarketData::CorporateAction(split)).unwrap()), [3]);
    rig.h.report(order(3), OrderEventKind::Cancelled { reason: CancelReason::Venue }).unwrap();
    assert_eq!(rig.status(1), OrderStatus::Cancelled);
}

/// A3 with C1 to C3: exits follow what the parent has filled.
#[test]
fn a_bracket_protects_what_the_slices_fill() {
    let (mut rig, commands) =
        Rig::new(|ctx| ctx.buy(id(), q(10)).bracket(p("12"), p("8")).via(twap(2, 2)).submit().map(drop));
    assert_eq!(sizes(&commands), [(4, 5)], "the exits are held");
    assert_eq!(sizes(&rig.h.fill_part(order(4), q(2), "10").unwrap()), [(2, 2), (3, 2)]);
    for exit in [2, 3] {
        rig.h.accept(order(exit)).unwrap();
    }
    assert_eq!(amends(&rig.h.fill(order(4), "10").unwrap()), [(2, 5), (3, 5)]);
    // The target takes all that is held: the rest of the parent would be bare.
    for exit in [2, 3] {
        let kind = rig.order(exit).spec.kind;
        rig.h.report(order(exit), OrderEventKind::Amended { kind, quantity: q(5) }).unwrap();
    }
    assert_eq!(cancelled(&rig.h.fill(order(2), "12").unwrap()), [3]);
    assert_eq!((rig.status(1), rig.held()), (OrderStatus::Cancelled, q(0)));
    assert!(rig.minute().is_empty());
}

/// A3: what is still to come of a target counts as done.
#[test]
fn a_target_counts_what_its_slices_will_fill() {
    let (strategy, _) = scripted(BarSpec::Time(MINUTE), |ctx, bar| match bar {
        1 => ctx.target_position_via(id(), q(10), twap(3, 2)).map(|order| assert!(order.is_some())),
        4 => ctx.cancel(order(1)),
        _ => {
            assert!(ctx.target_position_via(id(), q(10), twap(2, 2))?.is_none(), "bar {bar}");
            ctx.target_position(id(), q(10))
        }
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap().step(MINUTE);
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [(2, 5)]);
    h.accept(order(2)).unwrap();
    assert!(h.close(id(), "10").unwrap().is_empty());
    h.fill_part(order(2), q(3), "10").unwrap();
    assert_eq!(h.state().pending_target(0, 0), q(7));
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [(3, 5)], "due a moment before the third bar");
    assert_eq!(cancelled(&h.close(id(), "10").unwrap()), [2, 3]);
    for slice in [2, 3] {
        h.cancelled(order(slice)).unwrap();
    }
    assert_eq!((status(&h, 1), h.state().pending_target(0, 0)), (OrderStatus::Cancelled, q(0)));
}

/// H2 and A7: a strategy that fails leaves nothing behind.
#[test]
fn a_halted_strategy_ends_what_is_worked() {
    let (strategy, _) = scripted(BarSpec::Time(MINUTE), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(10)).via(twap(9, 3)).submit().map(drop),
        _ => Err(algoflow_core::error::StrategyError::other("x")),
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap().step(MINUTE);
    h.close(id(), "10").unwrap();
    assert_eq!(cancelled(&h.close(id(), "10").unwrap()), [2]);
    h.cancelled(order(2)).unwrap();
    assert_eq!(status(&h, 1), OrderStatus::Cancelled);
    assert!(h.engine().works.all.is_empty());
}
