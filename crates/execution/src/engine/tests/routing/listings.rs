use super::*;

fn limits(limits: ListingLimits) -> Rig {
    Rig::once(abc(), move |ctx| {
        let listings = ids().map(|id| Listing::new(id).limits(limits));
        ctx.buy(listing("A"), q(100)).route(Route::round_robin(listings)).submit().map(drop)
    })
}

fn quoted(mut rig: Rig) -> Rig {
    for venue in ["A", "B", "C"] {
        rig.quote(venue, "9.99", "10");
    }
    rig
}

/// SR8: the limits of each account.
#[test]
fn each_listing_takes_no_more_than_its_limits() {
    let none = ListingLimits::default();
    let mut rig = quoted(limits(ListingLimits { max_order_quantity: Some(q(30)), ..none }));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 30), (3, "B", 30), (4, "C", 30)]));
    assert_eq!(sent(&rig.fill(2, "10")), at(&[(5, "A", 10)]), "the rest follows");

    let mut rig = quoted(limits(ListingLimits { max_order_notional: Some(Decimal::from(255)), ..none }));
    // 9.995 is the last price: 25.5 units.
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 25), (3, "B", 25), (4, "C", 25)]));

    let mut rig = quoted(limits(ListingLimits {
        max_order_quantity: Some(q(10)),
        max_open_orders: Some(1),
        max_position: Some(q(15)),
        ..none
    }));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 10), (3, "B", 10), (4, "C", 10)]));
    assert_eq!(sent(&rig.fill(3, "10")), at(&[(5, "B", 5)]), "up to a position of 15");
    assert_eq!(rig.fill(5, "10"), [], "B is full, the others have their order open");
    assert_eq!(sent(&rig.fill(2, "10")), at(&[(6, "A", 5)]));
}

/// SR11.
#[test]
fn what_only_reduces_closes_each_account_by_its_position() {
    let mut rig = Rig::new(abc(), |ctx, time| match time {
        1 => {
            ctx.buy(listing("A"), q(5)).submit()?;
            ctx.buy(listing("C"), q(7)).submit().map(drop)
        }
        2 => {
            let order = ctx.sell(listing("A"), q(50)).reduce_only();
            order.route(Route::best_price(ids())).submit().map(drop)
        }
        _ => Ok(()),
    });
    rig = quoted(rig);
    rig.go();
    rig.fill(1, "10");
    rig.fill(2, "10");
    assert_eq!(sent(&rig.go()), at(&[(4, "A", 5), (5, "C", 7)]), "B holds nothing");
    rig.fill(4, "9.99");
    assert_eq!(rig.order(3).status, OrderStatus::PartiallyFilled);
    rig.fill(5, "9.99");
    assert_eq!([rig.held("A"), rig.held("B"), rig.held("C")], [q(0); 3]);
    let parent = rig.order(3);
    assert_eq!((parent.status, parent.filled), (OrderStatus::Cancelled, q(12)));
}

/// SR11.
#[test]
fn with_nothing_to_reduce_anywhere_it_ends() {
    for route in [Route::best_price(ids()), Route::round_robin(ids())] {
        let mut rig = quoted(Rig::once(abc(), move |ctx| {
            let order = ctx.sell(listing("A"), q(50)).reduce_only();
            order.route(route.clone()).submit().map(drop)
        }));
        assert_eq!(rig.go(), []);
        assert_eq!(rig.told(), ["1 Accepted", "1 Cancelled"]);
    }
}

/// SR12.
#[test]
fn a_delisting_takes_out_one_listing_and_a_split_ends_all() {
    let mut rig = Rig::once(abc(), |ctx| {
        ctx.buy(listing("A"), q(100)).route(Route::best_price(ids())).submit().map(drop)
    });
    rig.quote_of("A", ("9", 9), ("10", 5));
    rig.go();
    rig.status("A", TradingStatus::Delisted);
    rig.h.report(order(2), OrderEventKind::Cancelled { reason: CancelReason::Venue }).unwrap();
    assert_eq!(rig.told(), ["1 Accepted"]);
    assert_eq!(sent(&rig.quote_of("B", ("9", 9), ("10", 5))), at(&[(3, "B", 5)]));
    rig.fill(3, "10");
    rig.status("B", TradingStatus::Delisted);
    rig.status("C", TradingStatus::Delisted);
    assert_eq!(rig.told(), ["1 Filled B", "1 Cancelled"]);

    let mut rig = Rig::once(abc(), |ctx| {
        ctx.buy(listing("A"), q(100)).limit(p("9")).route(Route::best_price(ids())).submit().map(drop)
    });
    rig = quoted(rig);
    rig.go();
    let (instrument, now) = (listing("C"), rig.now());
    let split = algoflow_core::market::CorporateAction {
        instrument,
        ts_event: now,
        ts_recv: now,
        action: algoflow_core::market::CorporateActionKind::Split { to: 2, from: 1 },
    };
    assert_eq!(cancelled(&rig.h.feed(MarketData::CorporateAction(split)).unwrap()), [2]);
}

/// SR1: what cannot be routed is refused where it is asked for, or denied.
#[test]
fn what_is_not_the_same_thing_is_refused() {
    let other = Instrument::spot("SOL-EUR.B").unwrap();
    let mut rig = quoted(Rig::once([sol("A", 0), other, sol("B", 0), sol("C", 0)], |ctx| {
        let route = Route::best_price([listing("A"), "SOL-EUR.B".parse().unwrap()]);
        let refused = ctx.buy(listing("A"), q(1)).route(route).submit().unwrap_err().to_string();
        assert!(refused.contains("its quote is EUR, not USD"), "{refused}");
        let fok = ctx.buy(listing("A"), q(1)).tif(TimeInForce::Fok).route(Route::sticky(ids())).submit();
        assert!(fok.is_err());
        assert_eq!(ctx.listings(listing("B"))?, [listing("B"), listing("A"), listing("C")]);
        Ok(())
    }));
    assert_eq!(rig.go(), []);
    assert_eq!(rig.told(), [] as [String; 0]);
}

/// SR3, A8: a change waits for slices that do not fit it, at all listings.
#[test]
fn a_change_holds_for_all_listings() {
    let mut rig = Rig::new(abc(), |ctx, time| match time {
        1 => {
            let order = ctx.buy(listing("A"), q(30)).limit(p("10"));
            let each = ids().map(|id| {
                Listing::new(id)
                    .limits(ListingLimits { max_order_quantity: Some(q(10)), ..Default::default() })
            });
            order.route(Route::round_robin(each)).submit().map(drop)
        }
        2 => ctx.amend(order(1), OrderKind::Limit { price: p("10") }, q(15)),
        _ => Ok(()),
    });
    rig = quoted(rig);
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 10), (3, "B", 10), (4, "C", 10)]));
    for slice in 2..5 {
        rig.h.accept(order(slice)).unwrap();
    }
    rig.h.fill_part(order(2), q(4), "10").unwrap();
    assert_eq!(cancelled(&rig.go()), [4, 3]);
    rig.h.cancelled(order(3)).unwrap();
    let next = rig.h.cancelled(order(4)).unwrap();
    assert_eq!(sent(&next), at(&[(5, "A", 5)]), "10 are filled or out at A, whose turn it is again");
    assert_eq!(rig.order(1).spec.quantity, q(15).into());
}

/// A parent is at no venue: its slices alone count for limits of risk.
#[test]
fn limits_of_risk_count_slices_and_not_their_parents() {
    let limits = crate::risk::RiskLimits {
        max_position_quantity: Some(q(30)),
        max_open_orders: Some(3),
        ..Default::default()
    };
    let mut rig = Rig::once(abc(), |ctx| {
        ctx.buy(listing("A"), q(30)).route(Route::best_price(ids())).submit().map(drop)
    });
    rig.h.engine_mut().set_limits(limits).unwrap();
    rig.quote_of("A", ("9", 9), ("10", 20));
    rig.quote_of("B", ("9", 9), ("10", 10));
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 20), (3, "B", 10)]));
    assert!(rig.h.engine().denials().is_empty(), "{:?}", rig.h.engine().denials());
}
