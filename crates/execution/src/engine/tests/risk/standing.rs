//! Venues that are uncertain or down (RK5).

use super::*;

fn down() -> Standing {
    Standing::Down { why: "connection lost".to_owned() }
}

fn uncertain() -> Standing {
    Standing::Uncertain { why: "reconciling".to_owned() }
}

#[test]
fn rk5_an_uncertain_venue_takes_what_reduces() {
    let mut rig = Rig::new(limits());
    rig.hold("100", 10);
    rig.h.standing(id(), uncertain()).unwrap();
    rig.h.standing(id(), uncertain()).unwrap();
    assert_eq!(rig.told(), ["NYSE uncertain (reconciling)"], "it is told once");
    let text = rig.send("100", |ctx| ctx.buy(id(), q(1)).submit()).unwrap_err();
    assert_eq!(
        text,
        "VENUE_NOT_READY: NYSE is uncertain (reconciling): only what reduces the account's position is sent"
    );
    assert!(rig.market("100", Side::Sell, 4).is_ok());
    assert!(rig.market("100", Side::Sell, 7).is_err());
    rig.h.standing(id(), Standing::Ready).unwrap();
    assert!(rig.market("100", Side::Buy, 7).is_ok());
    assert!(!rig.h.engine().guarded);
}

#[test]
fn rk5_a_venue_that_is_down_takes_nothing_but_cancellations() {
    let mut rig = Rig::new(limits());
    rig.hold("100", 10);
    let rest = rig.send("100", |ctx| ctx.buy(id(), q(2)).limit(p("90")).submit()).unwrap();
    rig.h.accept(rest).unwrap();
    rig.h.standing(id(), down()).unwrap();
    assert_eq!(rig.market("100", Side::Sell, 4).unwrap_err(), "VENUE_NOT_READY");
    let commands = rig.at("100", move |ctx| ctx.amend(rest, OrderKind::Limit { price: p("90") }, q(1)));
    assert!(commands.is_empty());
    assert_eq!(cancels(&rig.at("100", move |ctx| ctx.cancel(rest))), [rest.sequence]);
}

#[test]
fn rk5_triggers_wait_for_the_venue() {
    let venue = emulating().emulating(Feature::Stop, "none in a test");
    let mut rig = Rig::with([spy()], venue, limits());
    rig.hold("100", 10);
    rig.at("100", |ctx| ctx.sell(id(), q(10)).stop(p("90")).submit().map(drop));
    rig.h.standing(id(), down()).unwrap();
    assert!(rig.at("85", |_| Ok(())).is_empty());
    assert_eq!(status(&rig.h, 2), OrderStatus::Held);
    rig.h.standing(id(), Standing::Ready).unwrap();
    assert_eq!(rig.at("86", |_| Ok(())).len(), 1, "the next price sets it off");
}

#[test]
fn rk5_children_and_closings_wait_for_the_venue() {
    let mut rig = Rig::new(limits());
    let entry = rig.send("100", |ctx| ctx.buy(id(), q(10)).bracket(p("110"), p("90")).submit()).unwrap();
    rig.h.standing(id(), down()).unwrap();
    assert!(rig.h.fill(entry, "100").unwrap().is_empty(), "it was told late");
    let commands = rig.h.standing(id(), uncertain()).unwrap();
    let exits = Harness::submitted(&commands);
    assert_eq!(exits.iter().map(|exit| exit.order.sequence).collect::<Vec<_>>(), [2, 3]);
    for exit in &exits {
        rig.h.accept(exit.order).unwrap();
    }
    rig.h.standing(id(), down()).unwrap();
    let flatten = ControlAction::Flatten { scope: Scope::default() };
    assert_eq!(cancels(&rig.h.control(flatten).unwrap()), [2, 3]);
    for exit in exits {
        assert!(rig.h.cancelled(exit.order).unwrap().is_empty());
    }
    let commands = rig.h.standing(id(), Standing::Ready).unwrap();
    assert_eq!(Harness::submitted(&commands)[0].spec.quantity.value(), q(10));
}

#[test]
fn a_venue_that_nobody_knows_is_written_down() {
    let mut rig = Rig::new(limits());
    rig.h.standing("X.NOWHERE".parse().unwrap(), down()).unwrap();
    assert_eq!(rig.events()[1..], ["standing ENGINE_UNKNOWN_VENUE: there is no venue NOWHERE"]);
}
