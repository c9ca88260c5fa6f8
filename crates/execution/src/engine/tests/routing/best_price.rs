use super::*;

fn buy(quantity: i64) -> Rig {
    Rig::once(abc(), move |ctx| {
        ctx.buy(listing("A"), q(quantity)).route(Route::best_price(ids())).submit().map(drop)
    })
}

/// SR1, SR4, SR10.
#[test]
fn an_order_is_taken_where_it_is_cheapest_and_adds_up() {
    let mut rig = buy(170);
    rig.quote("A", "10.00", "10.03");
    rig.quote("B", "10.00", "10.01");
    rig.quote_of("C", ("10.00", 100), ("10.02", 40));
    let commands = rig.go();
    assert_eq!(sent(&commands), at(&[(2, "A", 30), (3, "B", 100), (4, "C", 40)]));
    assert!(rig.h.engine().is_worked(order(1)));
    rig.fill(3, "10.01");
    rig.fill(4, "10.02");
    rig.fill(2, "10.03");
    assert_eq!(rig.told(), ["1 Accepted", "1 Filled B", "1 Filled C", "1 Filled A"]);
    assert_eq!([rig.held("A"), rig.held("B"), rig.held("C")], [q(30), q(100), q(40)]);
    let parent = rig.order(1);
    assert_eq!((parent.status, parent.filled), (OrderStatus::Filled, q(170)));
    let cost: Decimal = "1702.7".parse().unwrap();
    assert_eq!(parent.average_price(), Some(cost / Decimal::from(170)));
    let all = rig.h.state().combined_position(Some(0), &ids()).unwrap();
    assert_eq!((all.total.quantity, all.total.cost()), (q(170), cost));
    let cash = |venue: &str| rig.h.state().portfolio.balance(listing(venue).venue(), "USD".parse().unwrap());
    assert_eq!(cash("B").total, "98999".parse().unwrap());
    assert!(rig.h.engine().works.all.is_empty());
}

/// SR4: fees count, and pools are places like others.
#[test]
fn fees_and_pools_count() {
    let mut pool = sol("C", 0);
    pool.kind = algoflow_core::instrument::InstrumentKind::AmmPool {
        pool: algoflow_core::instrument::PoolKind::ConstantProduct,
        address: "x".into(),
        base_decimals: 9,
        quote_decimals: 6,
        fee: Decimal::new(30, 4),
    };
    let mut rig = Rig::once([sol("A", 0), sol("B", 50), pool], |ctx| {
        ctx.buy(listing("A"), q(60)).route(Route::best_price(ids())).submit().map(drop)
    });
    rig.quote_of("A", ("9.90", 9), ("10.05", 20));
    // 10.01 and half a percent is 10.06.
    rig.quote("B", "9.90", "10.01");
    // 9.90 and 0.3 percent is 9.93 at first: up to 10.06 it gives 10000 * (1 - sqrt(9.90 / 0.997 / 10.06005)) = 65.3.
    rig.pool("C", 10_000, 99_000);
    let commands = rig.go();
    assert_eq!(sent(&commands), at(&[(2, "C", 60)]));
    let mut rig = Rig::once([sol("A", 0), sol("B", 50), rig_pool()], |ctx| {
        ctx.buy(listing("A"), q(90)).route(Route::best_price(ids())).submit().map(drop)
    });
    rig.quote_of("A", ("9.90", 9), ("10.05", 20));
    rig.quote("B", "9.90", "10.01");
    rig.pool("C", 10_000, 99_000);
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 20), (3, "B", 5), (4, "C", 65)]));
}

fn rig_pool() -> Instrument {
    let mut pool = sol("C", 0);
    pool.kind = algoflow_core::instrument::InstrumentKind::AmmPool {
        pool: algoflow_core::instrument::PoolKind::ConstantProduct,
        address: "x".into(),
        base_decimals: 9,
        quote_decimals: 6,
        fee: Decimal::new(30, 4),
    };
    pool
}

/// SR5, SR7: what was taken is gone until something newer is shown; what is shown anywhere is taken.
#[test]
fn a_market_order_waits_for_what_is_shown_next() {
    let mut rig = buy(100);
    rig.quote_of("A", ("10.00", 9), ("10.01", 30));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 30)]));
    assert_eq!(rig.fill(2, "10.01"), []);
    assert_eq!(rig.go(), []);
    assert_eq!(sent(&rig.quote_of("B", ("10.00", 9), ("10.30", 50))), at(&[(3, "B", 50)]));
    assert_eq!(sent(&rig.quote_of("A", ("10.00", 9), ("10.01", 30))), at(&[(4, "A", 20)]));
    assert_eq!(rig.quote("C", "1", "1.01"), [], "all of it is out");
    rig.fill(3, "10.30");
    rig.fill(4, "10.01");
    assert_eq!(rig.order(1).status, OrderStatus::Filled);
}

/// SR5: whole books count, and the newer of book and quote.
#[test]
fn books_are_walked_level_by_level() {
    let mut rig = buy(70);
    rig.book("A", DepthKind::Update, &[("9.00", 100)], &[]);
    rig.book("A", DepthKind::Snapshot, &[("10.00", 10), ("10.02", 30), ("10.10", 50)], &[("9.99", 5)]);
    rig.book("A", DepthKind::Update, &[("10.00", 20)], &[]);
    rig.quote_of("B", ("9.99", 9), ("10.01", 15));
    assert_eq!(rig.h.state().portfolio.mark(0), Some(p("9.995")), "a book is a market");
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 55), (3, "B", 15)]));
    let mut rig = buy(70);
    rig.book("A", DepthKind::Snapshot, &[("10.00", 50)], &[("9.99", 5)]);
    rig.quote_of("A", ("9.99", 5), ("10.00", 8));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 8)]));
}

/// SR5.
#[test]
fn what_is_old_or_was_lost_counts_as_nothing() {
    let route = Route::best_price(ids()).max_age(TimeDelta::millis(500));
    let mut rig = Rig::new(abc(), move |ctx, time| match time {
        1 | 2 => ctx.buy(listing("A"), q(10)).tif(TimeInForce::Ioc).route(route.clone()).submit().map(drop),
        _ => Ok(()),
    });
    rig.quote("A", "10", "10.01");
    let early = rig.go();
    assert_eq!(sent(&early), [], "a second old");
    let at_half = Timestamp::EPOCH.saturating_add(TimeDelta::millis(1_700));
    rig.h.wait_until(at_half).unwrap();
    rig.quote("B", "10", "10.50");
    assert_eq!(sent(&rig.go()), at(&[(3, "B", 10)]));

    let mut rig = buy(10);
    rig.quote("A", "10", "10.01");
    rig.quote("B", "10", "10.05");
    let down = Standing::Down { why: "x".into() };
    rig.h.standing(listing("A"), down).unwrap();
    rig.h.standing(listing("A"), Standing::Ready).unwrap();
    assert_eq!(sent(&rig.go()), at(&[(2, "B", 10)]), "A has shown nothing since");
}

/// SR2.
#[test]
fn a_listing_that_cannot_take_it_is_passed_over() {
    let down = Standing::Down { why: "x".into() };
    let ready = |rig: &mut Rig| {
        rig.quote("A", "10", "10.01");
        rig.quote("B", "10", "10.02");
        rig.quote("C", "10", "10.03");
    };
    let mut rig = buy(10);
    ready(&mut rig);
    rig.h.standing(listing("A"), down).unwrap();
    rig.status("B", TradingStatus::Halted);
    assert_eq!(sent(&rig.go()), at(&[(2, "C", 10)]));
    assert!(rig.h.engine().denials().is_empty());

    let mut rig = buy(10);
    ready(&mut rig);
    rig.h.standing(listing("A"), Standing::Uncertain { why: "x".into() }).unwrap();
    assert_eq!(sent(&rig.go()), at(&[(2, "B", 10)]));

    // A limit order that is immediate must not rest.
    let mut rig = Rig::once(abc(), |ctx| {
        let order = ctx.buy(listing("A"), q(10)).limit(p("11")).tif(TimeInForce::Ioc);
        order.route(Route::best_price(ids())).submit().map(drop)
    });
    let venue = native().without(Feature::Ioc, "x");
    rig.h.engine_mut().add_venue(listing("A").venue(), venue, AccountKind::Cash);
    ready(&mut rig);
    let commands = rig.go();
    assert_eq!(sent(&commands), at(&[(2, "B", 10)]));
    assert_eq!(Harness::submitted(&commands)[0].spec.time_in_force, TimeInForce::Ioc);
}

/// SR3.
#[test]
fn what_one_refuses_goes_to_the_others_at_once() {
    let mut rig = buy(10);
    rig.quote("A", "10", "10.01");
    rig.quote("B", "10", "10.02");
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 10)]));
    assert_eq!(sent(&rig.h.reject(order(2), RejectCode::Other).unwrap()), at(&[(3, "B", 10)]));
    // Both pause now; A is the first that is asked again.
    assert_eq!(rig.h.reject(order(3), RejectCode::Other).unwrap(), []);
    assert_eq!(rig.quote("A", "10", "10.01"), [], "news do not shorten the pause after a refusal");
    assert_eq!(sent(&rig.go()), at(&[(4, "A", 10)]));
    rig.fill(4, "10.01");
    assert_eq!(rig.told(), ["1 Accepted", "1 Filled A"]);

    // The account of A has no money for it: the engine itself refuses nothing, A is just too poor.
    let mut rig = buy(9_900);
    rig.quote_of("A", ("10", 9), ("10.01", 50_000));
    rig.quote_of("B", ("10", 9), ("10.02", 50_000));
    let usd = |amount: &str| format!("{amount} USD").parse::<Money>().unwrap();
    rig.h.engine_mut().deposit(listing("A").venue(), usd("-99000")).unwrap();
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 99), (3, "B", 9_801)]));
}

/// SR3.
#[test]
fn the_order_ends_once_every_listing_has_refused_for_good() {
    let mut rig = buy(10);
    rig.quote("A", "10", "10.01");
    rig.quote("B", "10", "10.02");
    rig.go();
    let next = rig.h.reject(order(2), RejectCode::Unsupported).unwrap();
    assert_eq!(sent(&next), at(&[(3, "B", 10)]));
    rig.h.reject(order(3), RejectCode::Unsupported).unwrap();
    assert_eq!(rig.told(), ["1 Accepted"], "C may still show something");
    let next = rig.quote("C", "10", "10.02");
    assert_eq!(sent(&next), at(&[(4, "C", 10)]));
    rig.h.reject(order(4), RejectCode::Unsupported).unwrap();
    assert_eq!(rig.told(), ["1 Rejected"]);
}

/// SR6.
#[test]
fn bounds_hold_over_all_listings_on_their_own_steps() {
    let coarse = sol("B", 0).with_price_increment(p("0.10"));
    let mut rig = Rig::once([sol("A", 0), coarse, sol("C", 0)], |ctx| {
        let order = ctx.buy(listing("A"), q(200)).worst_price(p("10.05"));
        order.route(Route::best_price(ids())).submit().map(drop)
    });
    rig.quote_of("A", ("9.90", 9), ("10.05", 20));
    rig.quote_of("B", ("9.90", 9), ("10.00", 30));
    rig.quote_of("C", ("9.90", 9), ("10.06", 100));
    let commands = rig.go();
    assert_eq!(sent(&commands), at(&[(2, "A", 20), (3, "B", 30)]));
    let worst = |at: usize| Harness::submitted(&commands)[at].spec.protection.worst_price;
    assert_eq!((worst(0), worst(1)), (Some(p("10.05")), Some(p("10.00"))));

    // A fee of at most 3: 1 percent of 10 at A for 20 units is 2, and 2 percent at B for 5 units is 1.
    let mut rig = Rig::once([sol("A", 100), sol("B", 200), sol("C", 0)], |ctx| {
        let order = ctx.buy(listing("A"), q(100)).limit(p("10")).max_fee("3 USD".parse()?);
        order.route(Route::best_price([listing("A"), listing("B")])).submit().map(drop)
    });
    rig.quote_of("A", ("9", 9), ("10", 20));
    rig.quote_of("B", ("9", 9), ("10", 100));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 20), (3, "B", 5)]));
}

/// SR7.
#[test]
fn what_is_left_of_a_limit_order_rests_where_making_is_cheap() {
    let maker = |venue: &str, fee: i64| sol(venue, 10).with_fees(Decimal::new(fee, 4), Decimal::new(10, 4));
    let mut rig = Rig::once([maker("A", 5), maker("B", -1), maker("C", 5)], |ctx| {
        let order = ctx.buy(listing("A"), q(100)).limit(p("10.05"));
        order.route(Route::best_price(ids())).submit().map(drop)
    });
    rig.quote_of("A", ("9.90", 9), ("10.02", 20));
    rig.quote_of("C", ("9.90", 9), ("10.01", 30));
    rig.quote_of("B", ("9.90", 9), ("10.20", 30));
    let commands = rig.go();
    assert_eq!(sent(&commands), at(&[(2, "A", 20), (3, "C", 30), (4, "B", 50)]));
    let tif: Vec<_> = Harness::submitted(&commands).iter().map(|s| s.spec.time_in_force).collect();
    assert_eq!(tif, [TimeInForce::Ioc, TimeInForce::Ioc, TimeInForce::Gtc]);
    // Half of what was shown at C was gone: that rests too.
    rig.h.accept(order(3)).unwrap();
    rig.h.fill_part(order(3), q(10), "10.01").unwrap();
    let unfilled = OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce };
    assert_eq!(sent(&rig.h.report(order(3), unfilled).unwrap()), at(&[(5, "B", 20)]));
    // The end of the parent is the end of what rests.
    rig.fill(2, "10.02");
    rig.h.accept(order(4)).unwrap();
    rig.h.accept(order(5)).unwrap();
    rig.h.engine_mut().state.requests.push(algoflow_core::state::Request::Cancel(order(1)));
    let mut commands = Vec::new();
    let now = rig.now();
    rig.h.engine_mut().time(now, &mut commands).unwrap();
    assert_eq!(cancelled(&commands), [4, 5]);
    rig.h.cancelled(order(4)).unwrap();
    rig.h.cancelled(order(5)).unwrap();
    let parent = rig.order(1);
    assert_eq!((parent.status, parent.filled), (OrderStatus::Cancelled, q(30)));
}

/// SR1, SR7: immediate or cancel.
#[test]
fn what_cannot_be_had_at_once_of_an_immediate_order_is_cancelled() {
    let ioc = || {
        Rig::once(abc(), |ctx| {
            let order = ctx.buy(listing("A"), q(100)).limit(p("10.01")).tif(TimeInForce::Ioc);
            order.route(Route::best_price(ids())).submit().map(drop)
        })
    };
    let mut rig = ioc();
    rig.quote_of("A", ("9", 9), ("10", 20));
    rig.quote_of("B", ("9", 9), ("10.01", 30));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 20), (3, "B", 30)]));
    rig.fill(2, "10");
    rig.h.report(order(3), OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce }).unwrap();
    assert_eq!(rig.told(), ["1 Accepted", "1 Filled A", "1 Cancelled"]);
    let mut rig = ioc();
    rig.quote("A", "9", "10.50");
    assert_eq!(rig.go(), []);
    let now = rig.now();
    rig.h.wait_until(now).unwrap();
    assert_eq!(rig.told(), ["1 Accepted", "1 Cancelled"]);
}

/// SR13.
#[test]
fn no_rest_is_left_that_nobody_takes() {
    let least = |venue: &str| {
        let mut sol = sol(venue, 0);
        sol.limits.min_quantity = Some(q(5));
        sol
    };
    let mut rig = Rig::once([least("A"), least("B")], |ctx| {
        let route = Route::best_price([listing("A"), listing("B")]);
        ctx.buy(listing("A"), q(20)).route(route).submit().map(drop)
    });
    rig.quote_of("A", ("9", 9), ("10", 10));
    rig.quote_of("B", ("9", 9), ("10", 7));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 8), (3, "B", 7)]), "so that five are left");
}

/// SR1: the algorithm says when, the route where.
#[test]
fn an_algorithm_goes_over_listings_too() {
    let mut rig = Rig::once(abc(), |ctx| {
        let order = ctx.buy(listing("A"), q(40)).route(Route::best_price(ids()));
        order.via(Twap::new(TimeDelta::seconds(20), 2)).submit().map(drop)
    });
    rig.quote_of("A", ("9", 9), ("10", 8));
    rig.quote_of("B", ("9", 9), ("10.50", 50));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 8), (3, "B", 12)]));
    rig.fill(2, "10");
    rig.fill(3, "10.50");
    rig.quote_of("C", ("9", 9), ("9.50", 50));
    let later = rig.h.now().saturating_add(TimeDelta::seconds(10));
    assert_eq!(sent(&rig.h.wait_until(later).unwrap()), at(&[(4, "C", 20)]));
    rig.fill(4, "9.50");
    assert_eq!(rig.order(1).status, OrderStatus::Filled);
}
