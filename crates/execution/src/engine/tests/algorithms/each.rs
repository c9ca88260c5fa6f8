//! What each algorithm does, at a venue that does what the test says.

use super::*;

#[test]
fn a_twap_leaves_no_rest_and_catches_up() {
    let (mut rig, commands) = Rig::buy(10, twap(4, 4));
    let mut all = sizes(&commands);
    rig.h.fill(order(2), "10").unwrap();
    all.extend(sizes(&rig.minute()));
    // The second is lost, so that the third is for both.
    rig.h.report(order(3), OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce }).unwrap();
    all.extend(sizes(&rig.minute()));
    all.extend(sizes(&rig.minute()));
    assert_eq!(all, [(2, 3), (3, 3), (4, 5), (5, 2)]);
}

#[test]
fn an_amended_schedule_spreads_the_change() {
    let (strategy, _) = scripted(BarSpec::Time(MINUTE), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(8)).via(Twap::new(TimeDelta::minutes(6), 4)).submit().map(drop),
        2 => ctx.amend(order(1), OrderKind::Market, q(14)),
        _ => Ok(()),
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap().step(MINUTE);
    assert_eq!(sizes(&h.close(id(), "10").unwrap()), [(2, 2)]);
    h.close(id(), "10").unwrap();
    let mut later = Vec::new();
    for _ in 0..4 {
        later.extend(sizes(&h.wait_until(h.now().saturating_add(MINUTE)).unwrap()));
    }
    assert_eq!(later, [(3, 4), (4, 4), (5, 4)]);
}

#[test]
fn at_its_end_a_twap_expires_or_takes() {
    let run = |at_end| {
        let (mut rig, commands) = Rig::new(move |ctx| {
            ctx.buy(id(), q(4)).limit(p("10")).via(twap(1, 1).at_end(at_end)).submit().map(drop)
        });
        assert_eq!(sent(&commands).spec.kind, OrderKind::Limit { price: p("10") });
        rig.h.accept(order(2)).unwrap();
        assert_eq!(cancelled(&rig.minute()), [2]);
        let next = rig.h.cancelled(order(2)).unwrap();
        (rig, next)
    };
    let (rig, next) = run(AtEnd::Cancel);
    assert_eq!((next.len(), rig.status(1)), (0, OrderStatus::Expired));
    let (mut rig, next) = run(AtEnd::Take);
    let take = sent(&next);
    assert_eq!((take.spec.time_in_force, take.spec.quantity), (TimeInForce::Ioc, q(4).into()));
    rig.h.fill_part(order(3), q(1), "10").unwrap();
    let next =
        rig.h.report(order(3), OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce }).unwrap();
    assert_eq!(sizes(&next), [(4, 3)], "as long as it gets something");
    rig.h.report(order(4), OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce }).unwrap();
    assert_eq!((rig.status(1), rig.order(1).filled), (OrderStatus::Expired, q(1)));
}

#[test]
fn a_vwap_follows_its_profile() {
    // The first hour of the day has three times the volume of the second; the order begins a minute past midnight.
    let mut weights = vec![1.0; 24];
    weights[0] = 3.0;
    let profile = VolumeProfile::new(TimeDelta::hours(1), weights).unwrap();
    let (mut rig, commands) = Rig::buy(400, Vwap::new(TimeDelta::minutes(118), 2, profile));
    assert_eq!(sizes(&commands), [(2, 300)]);
    assert_eq!(sizes(&rig.after(59 * 60)), [(3, 100)]);
}

#[test]
fn a_shortfall_is_fast_at_first() {
    let shortfall = Shortfall::new(TimeDelta::days(5), 5, 1e-6, 0.95, 2.5e-6).permanent_impact(2.5e-7);
    let (mut rig, commands) = Rig::buy(10_000, shortfall);
    let mut all = sizes(&commands);
    for _ in 0..4 {
        all.extend(sizes(&rig.after(86_400)));
    }
    // 4580.44, 2521.01, 1419.57, 857.56, 621.42: the largest remainders get the rest.
    assert_eq!(all, [(2, 4580), (3, 2521), (4, 1420), (5, 858), (6, 621)]);
}

#[test]
fn what_strays_adds_up_and_is_the_same_again() {
    let run = |seed| {
        let twap = twap(10, 10).jitter(0.5, 0.5).seed(seed);
        let (mut rig, commands) = Rig::buy(100, twap);
        let (mut times, mut all) = (Vec::new(), sizes(&commands));
        for second in 1..=600 {
            let sent = sizes(&rig.after(1));
            times.extend(sent.iter().map(|_| second));
            all.extend(sent);
        }
        (times, all)
    };
    let (times, all) = run(7);
    assert_eq!(all.iter().map(|(_, size)| size).sum::<i64>(), 100);
    assert_eq!(all.len(), 10);
    assert!(
        all.iter().any(|(_, size)| *size != 10) && all.iter().all(|(_, size)| (4..=16).contains(size)),
        "{all:?}"
    );
    assert!(times.iter().any(|second| second % 60 != 0) && times.is_sorted());
    assert_eq!(run(7), (times, all.clone()));
    assert_ne!(run(8).1, all);
}

#[test]
fn chunks_wait_for_the_one_before_and_for_the_pause() {
    let (mut rig, commands) = Rig::buy(7, Chunks::count(3, MINUTE));
    assert_eq!(sizes(&commands), [(2, 3)]);
    rig.h.accept(order(2)).unwrap();
    assert!(rig.minute().is_empty(), "the first is still out");
    assert!(rig.h.fill(order(2), "10").unwrap().is_empty());
    assert_eq!(sizes(&rig.after(0)), [(3, 3)], "by the clock");
    assert!(rig.h.fill(order(3), "10").unwrap().is_empty(), "a pause");
    assert_eq!(sizes(&rig.minute()), [(4, 1)]);
}

#[test]
fn participation_is_a_share_of_what_others_trade() {
    let run = |participation: Participation| {
        let (mut rig, commands) = Rig::buy(100, participation);
        assert!(commands.is_empty());
        assert!(rig.trade("10", 9).is_empty());
        assert_eq!(sizes(&rig.trade("10", 11)), [(2, 2)], "a tenth of 20");
        assert!(rig.trade("10", 9).is_empty(), "2 of 29 are out");
        rig.h.fill(order(2), "10").unwrap();
        rig
    };
    let mut rig = run(Participation::new(0.1));
    assert!(rig.trade("10", 2).is_empty(), "of 31, 2 were our own");
    assert_eq!(sizes(&rig.trade("10", 1)), [(3, 1)]);
    let mut rig = run(Participation::new(0.1).unseen());
    assert_eq!(sizes(&rig.trade("10", 1)), [(3, 1)]);
}

#[test]
fn participation_goes_by_bars_until_there_are_trades() {
    let mut slow = Participation::new(0.000_01).min_slice(q(15)).max_slice(q(20));
    slow = slow.within(TimeDelta::minutes(10));
    let (mut rig, _) = Rig::buy(50, slow);
    assert!(rig.h.close(id(), "10").unwrap().is_empty(), "10 of a million");
    assert_eq!(sizes(&rig.h.close(id(), "10").unwrap()), [(2, 20)]);
    assert!(rig.h.close(id(), "10").unwrap().is_empty(), "10 more, but 15 is the least");
    rig.trade("10", 1);
    assert!(rig.h.close(id(), "10").unwrap().is_empty(), "bars are made of trades");
    rig.h.accept(order(2)).unwrap();
    assert_eq!(cancelled(&rig.after(600)), [2]);
}

#[test]
fn an_iceberg_shows_a_part_at_a_time() {
    let iceberg = |ctx: &mut Context<'_>| {
        ctx.buy(id(), q(10)).limit(p("9")).post_only().via(Iceberg::new(q(4))).submit().map(drop)
    };
    let (_, commands) = Rig::at(spy(), native(), iceberg);
    let spec = sent(&commands).spec;
    assert_eq!((spec.quantity, spec.flags.display, spec.flags.post_only), (q(10).into(), Some(q(4)), true));
    let (mut rig, commands) = Rig::at(spy(), native().without(Feature::Display, "x"), iceberg);
    let spec = sent(&commands).spec;
    assert_eq!((spec.kind, spec.flags.display), (OrderKind::Limit { price: p("9") }, None));
    assert!(rig.h.fill_part(order(2), q(3), "9").unwrap().is_empty());
    assert_eq!(sizes(&rig.h.fill(order(2), "9").unwrap()), [(3, 4)]);
    assert_eq!(sizes(&rig.h.fill(order(3), "9").unwrap()), [(4, 2)]);
    rig.h.fill(order(4), "9").unwrap();
    assert_eq!((rig.status(1), rig.held()), (OrderStatus::Filled, q(10)));
}

#[test]
fn a_sniper_takes_what_is_offered() {
    let (mut rig, commands) = Rig::new(|ctx| {
        ctx.buy(id(), q(100))
            .limit(p("9.50"))
            .via(Sniper::new().min_size(q(10)).max_slice(q(40)))
            .submit()
            .map(drop)
    });
    assert!(commands.is_empty(), "nothing rests");
    assert!(rig.quote_of("9.40", 100, "9.51", 100).is_empty(), "too dear");
    assert!(rig.quote_of("9.40", 100, "9.50", 9).is_empty(), "too little");
    let slice = sent(&rig.quote_of("9.40", 100, "9.45", 30));
    assert_eq!((slice.spec.quantity, slice.spec.time_in_force), (q(30).into(), TimeInForce::Ioc));
    assert_eq!(slice.spec.kind, OrderKind::Limit { price: p("9.50") });
    assert!(rig.quote("9.40", "9.45").is_empty(), "one at a time");
    rig.h.report(order(2), OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce }).unwrap();
    assert_eq!(sizes(&rig.quote("9.40", "9.45")), [(3, 40)], "news of the market");
    let without = native().without(Feature::Ioc, "x");
    let (rig, _) = Rig::at(spy(), without, |ctx| {
        ctx.buy(id(), q(1)).limit(p("9")).via(Sniper::new()).submit().map(drop)
    });
    assert_eq!(rig.told(), ["1 Denied"]);
}

#[test]
fn a_sniper_without_quotes_goes_by_trades_and_bars() {
    let (mut rig, commands) =
        Rig::new(|ctx| ctx.sell(id(), q(9)).limit(p("10.50")).via(Sniper::new()).submit().map(drop));
    assert!(commands.is_empty());
    assert!(rig.trade("10.49", 5).is_empty());
    assert_eq!(sizes(&rig.trade("10.50", 5)), [(2, 5)]);
    rig.h.fill(order(2), "10.50").unwrap();
    assert_eq!(sizes(&rig.h.close(id(), "11").unwrap()), [(3, 4)]);
}

fn limit_of(commands: &[Command]) -> Price {
    sent(commands).spec.kind.limit_price().unwrap()
}

fn moved(commands: &[Command]) -> Vec<(u64, Price)> {
    let amend = |command: &Command| match command {
        Command::Amend(amend) => Some((amend.order.sequence, amend.kind.limit_price().unwrap())),
        _ => None,
    };
    assert_eq!(commands.iter().filter_map(amend).count(), commands.len(), "{commands:?}");
    commands.iter().filter_map(amend).collect()
}

#[test]
fn a_peg_follows_and_stays_within_its_bounds() {
    let (mut rig, commands) = Rig::new(|ctx| {
        let peg = Peg::new(PegTo::Own).offset(p("0.01")).threshold(p("0.02")).max_chase(p("0.20"));
        ctx.buy(id(), q(10)).limit(p("10.15")).via(peg).submit().map(drop)
    });
    assert_eq!(limit_of(&commands), p("9.99"), "behind the last price while there is no quote");
    assert!(rig.quote("10.05", "10.10").is_empty(), "not before the venue has it");
    assert_eq!(moved(&rig.h.accept(order(2)).unwrap()), [(2, p("10.04"))]);
    let amended = |rig: &mut Rig, price| {
        let kind = OrderKind::Limit { price: p(price) };
        rig.h.report(order(2), OrderEventKind::Amended { kind, quantity: q(10) }).unwrap()
    };
    amended(&mut rig, "10.04");
    assert!(rig.quote("10.06", "10.10").is_empty(), "below the threshold");
    assert_eq!(moved(&rig.quote("10.50", "10.60")), [(2, p("10.15"))], "the limit");
    amended(&mut rig, "10.15");
    rig.h.fill_part(order(2), q(4), "10.15").unwrap();
    assert_eq!(moved(&rig.quote("9.50", "10.60")), [(2, p("9.49"))]);
    assert_eq!(rig.h.state().orders.get(order(2)).unwrap().leaves(), q(6));
}

#[test]
fn a_peg_chases_only_so_far_and_so_often() {
    let (mut rig, commands) = Rig::new(|ctx| {
        let peg = Peg::new(PegTo::Mid).max_chase(p("0.20")).every(MINUTE);
        ctx.sell(id(), q(10)).via(peg).submit().map(drop)
    });
    assert_eq!(limit_of(&commands), p("10"));
    rig.h.accept(order(2)).unwrap();
    assert!(rig.quote("9.00", "9.03").is_empty(), "a minute has not passed");
    assert_eq!(moved(&rig.minute()), [(2, p("9.80"))]);
}

#[test]
fn a_peg_is_replaced_where_orders_cannot_be_changed() {
    let peg = |ctx: &mut Context<'_>| ctx.buy(id(), q(10)).via(Peg::new(PegTo::Other)).submit().map(drop);
    let (mut rig, _) = Rig::at(spy(), native().without(Feature::Amend, "x"), peg);
    rig.h.accept(order(2)).unwrap();
    assert_eq!(cancelled(&rig.quote("10.00", "10.30")), [2]);
    rig.h.fill_part(order(2), q(3), "10").unwrap();
    assert!(rig.quote("10.00", "10.20").is_empty(), "never more out than the total");
    let next = rig.h.cancelled(order(2)).unwrap();
    assert_eq!((limit_of(&next), sizes(&next)), (p("10.20"), vec![(3, 7)]));
    // One that will not change an order is not asked again.
    let (mut rig, _) = Rig::new(peg);
    rig.h.accept(order(2)).unwrap();
    assert_eq!(moved(&rig.quote("10.00", "10.30")), [(2, p("10.30"))]);
    let (code, text) = (RejectCode::Other, "no".to_owned());
    let next = rig.h.report(order(2), OrderEventKind::AmendRejected { code, text }).unwrap();
    assert_eq!(cancelled(&next), [2]);
    assert_eq!(limit_of(&rig.h.cancelled(order(2)).unwrap()), p("10.30"));
}

#[test]
fn a_peg_takes_what_is_left_at_its_end() {
    let (mut rig, _) = Rig::new(|ctx| {
        let peg = Peg::new(PegTo::Own).within(MINUTE).at_end(AtEnd::Take);
        ctx.buy(id(), q(10)).max_slippage(100).via(peg).submit().map(drop)
    });
    rig.h.accept(order(2)).unwrap();
    rig.h.fill_part(order(2), q(1), "10").unwrap();
    assert_eq!(cancelled(&rig.minute()), [2]);
    let take = sent(&rig.h.cancelled(order(2)).unwrap());
    assert_eq!((take.spec.quantity, take.spec.protection.worst_price), (q(9).into(), Some(p("10.10"))));
    rig.h.fill(order(3), "10.10").unwrap();
    assert_eq!(rig.status(1), OrderStatus::Filled);
}

#[test]
fn one_of_the_users_own_works_an_order() {
    use crate::algorithm::{Actions, ExecutionAlgorithm, Occasion, Slice, View};

    /// Sends the order in slices of one size, each when the one before is over.
    #[derive(Debug)]
    struct InTurn(Quantity);

    impl ExecutionAlgorithm for InTurn {
        fn step(&mut self, view: &View<'_>, _occasion: Occasion<'_>, act: &mut Actions) {
            if view.slices().next().is_none() {
                act.slice(Slice::market(view.fit(self.0)));
            }
        }
    }

    let mut engine = crate::Engine::new(1, "USD".parse().unwrap());
    let make = |text: &str| -> Result<Box<dyn ExecutionAlgorithm>, String> {
        let size: Quantity = text.parse().map_err(|error| format!("{error}"))?;
        Ok(Box::new(InTurn(size)))
    };
    engine.add_algorithm("in_turn", make).unwrap();
    assert_eq!(engine.add_algorithm("in_turn", make).unwrap_err().code(), "ENGINE_DUPLICATE_ALGORITHM");
    engine.add_venue(spy().venue(), native(), AccountKind::Cash);
    engine.add_instrument(spy()).unwrap();
    engine.deposit(spy().venue(), "1000 USD".parse().unwrap()).unwrap();
    let (strategy, log) = scripted(BarSpec::day(), |ctx, _| {
        let via =
            |parameters: &str| Algorithm::Custom { name: "in_turn".into(), parameters: parameters.into() };
        ctx.buy(id(), q(5)).via(via("three")).submit()?;
        ctx.buy(id(), q(5)).via(via("3")).submit().map(drop)
    });
    engine.add_strategy("s".parse().unwrap(), Box::new(strategy)).unwrap();
    let mut commands = Vec::new();
    engine.start(Timestamp::EPOCH, &mut commands).unwrap();
    assert_eq!(engine.add_algorithm("late", make).unwrap_err().code(), "ENGINE_ALGORITHM_TOO_LATE");
    let bar = Bar {
        instrument: id(),
        spec: BarSpec::day(),
        ts_open: Timestamp::EPOCH,
        ts_close: Timestamp::EPOCH.saturating_add(TimeDelta::days(1)),
        ts_recv: Timestamp::EPOCH.saturating_add(TimeDelta::days(1)),
        open: p("10"),
        high: p("10"),
        low: p("10"),
        close: p("10"),
        volume: q(1),
    };
    engine.market(&bar.into(), &mut commands).unwrap();
    assert_eq!(sizes(&commands), [(3, 3)]);
    assert_eq!(log.lock().unwrap()[1..], ["1 Denied".to_owned(), "2 Accepted".into()]);
}
