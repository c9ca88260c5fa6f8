use super::*;

/// An order of 10 at each second.
fn each(route: Route) -> Rig {
    let mut rig =
        Rig::new(abc(), move |ctx, _| ctx.buy(listing("A"), q(10)).route(route.clone()).submit().map(drop));
    for venue in ["A", "B", "C"] {
        rig.quote(venue, "9.99", "10");
    }
    rig
}

fn venues(rig: &mut Rig, times: usize) -> String {
    let mut all = String::new();
    for _ in 0..times {
        let commands = rig.go();
        for (sequence, venue, quantity) in sent(&commands) {
            assert_eq!(quantity, 10);
            all.push_str(&venue);
            rig.fill(sequence, "10");
        }
    }
    all
}

/// SR9.
#[test]
fn orders_take_turns() {
    assert_eq!(venues(&mut each(Route::round_robin(ids())), 7), "ABCABCA");
    // A listing that is down is passed over, and the turn goes on after the one that took it.
    let mut rig = each(Route::round_robin(ids()));
    rig.h.standing(listing("B"), Standing::Down { why: "x".into() }).unwrap();
    assert_eq!(venues(&mut rig, 4), "ACAC");
}

/// SR9.
#[test]
fn the_least_used_comes_first() {
    let mut rig = each(Route::least_used(ids()));
    rig.h.engine_mut().listings.rotation.note_sent(0, Decimal::from(250), Timestamp::EPOCH);
    // 100 and 99.95 are alike until A is reached.
    assert_eq!(venues(&mut rig, 6), "BCBCBC");
    assert_eq!(venues(&mut rig, 1), "A");
    let tomorrow = Timestamp::EPOCH.saturating_add(TimeDelta::days(1));
    let used =
        |rig: &Rig, at| (0..3).map(|i| rig.h.engine().listings.rotation.sent_to(i, at)).sum::<Decimal>();
    assert_eq!((used(&rig, rig.h.now()), used(&rig, tomorrow)), ("949.65".parse().unwrap(), Decimal::ZERO));
}

/// SR9.
#[test]
fn the_largest_balance_comes_first() {
    let mut rig = each(Route::by_balance(ids()));
    let pay = |rig: &mut Rig, venue: &str, amount: &str| {
        rig.h.engine_mut().deposit(listing(venue).venue(), format!("{amount} USD").parse().unwrap()).unwrap();
    };
    pay(&mut rig, "C", "250");
    pay(&mut rig, "B", "50");
    assert_eq!(venues(&mut rig, 5), "CCBCA");
}

/// SR9.
#[test]
fn a_sale_goes_where_most_is_held() {
    let mut rig = Rig::new(abc(), |ctx, time| match time {
        1 => {
            ctx.buy(listing("A"), q(20)).submit()?;
            ctx.buy(listing("B"), q(30)).submit().map(drop)
        }
        2 => ctx.sell(listing("A"), q(40)).route(Route::by_balance(ids())).submit().map(drop),
        _ => Ok(()),
    });
    for venue in ["A", "B", "C"] {
        rig.quote(venue, "9.99", "10");
    }
    rig.go();
    rig.fill(1, "10");
    rig.fill(2, "10");
    assert_eq!(sent(&rig.go()), at(&[(4, "B", 30), (5, "A", 10)]), "a cash account sells what it has");
}

/// SR9, A13.
#[test]
fn what_is_drawn_is_the_same_in_each_run() {
    let drawn = |seed| venues(&mut each(Route::random(ids(), seed)), 40);
    let first = drawn(7);
    assert_eq!(first, drawn(7));
    assert_ne!(first, drawn(8));
    for venue in ["A", "B", "C"] {
        let times = first.matches(venue).count();
        assert!((6..=22).contains(&times), "{first}");
    }
}

/// SR9.
#[test]
fn a_strategy_stays_where_it_belongs() {
    // FNV-1a of "test" is 0xf9e6e6ef197c2b25, which leaves 0 when divided by 3.
    let home = ["A", "B", "C"][(0xf9e6_e6ef_197c_2b25_u64 % 3) as usize];
    let mut rig = each(Route::sticky(ids()));
    assert_eq!(venues(&mut rig, 3), home.repeat(3));
    rig.h.standing(listing(home), Standing::Down { why: "x".into() }).unwrap();
    let next = ["A", "B", "C"][((0xf9e6_e6ef_197c_2b25_u64 % 3) as usize + 1) % 3];
    assert_eq!(venues(&mut rig, 2), next.repeat(2));
}

/// SR8: an account that cannot pay for all of it takes what it can.
#[test]
fn what_an_account_does_not_pay_for_goes_to_the_next() {
    let mut rig = Rig::once(abc(), |ctx| {
        ctx.buy(listing("A"), q(12_000)).route(Route::round_robin(ids())).submit().map(drop)
    });
    for venue in ["A", "B", "C"] {
        rig.quote(venue, "10", "10");
    }
    assert_eq!(sent(&rig.go()), at(&[(2, "A", 10_000), (3, "B", 2_000)]));
}
