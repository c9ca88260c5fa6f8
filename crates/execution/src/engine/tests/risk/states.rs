//! States of trading and what is asked for by hand (RK2, RK4, RK8, RK11, RK12, RK14, RK15).

use super::*;

fn halt(cancel_all: bool, flatten: bool) -> ControlAction {
    ControlAction::Halt { strategy: None, cancel_all, flatten, why: "by hand".to_owned() }
}

fn reduce_only() -> ControlAction {
    ControlAction::ReduceOnly { strategy: None, why: "by hand".to_owned() }
}

fn resume() -> ControlAction {
    ControlAction::Resume { strategy: None, why: "by hand".to_owned() }
}

/// An entry with its exits, which fills `units` of ten.
fn bracket(rig: &mut Rig, units: i64) -> OrderId {
    let entry =
        rig.send("100", |ctx| ctx.buy(id(), q(10)).limit(p("100")).bracket(p("110"), p("90")).submit());
    let entry = entry.unwrap();
    rig.h.accept(entry).unwrap();
    let commands = rig.h.fill_part(entry, q(units), "100").unwrap();
    for exit in Harness::submitted(&commands) {
        rig.h.accept(exit.order).unwrap();
    }
    entry
}

#[test]
fn rk4_reduce_only_lets_through_what_reduces() {
    let mut rig = Rig::new(limits());
    rig.hold("100", 10);
    rig.h.control(reduce_only()).unwrap();
    assert_eq!(rig.told(), ["reduce-only"]);
    let text = rig.send("100", |ctx| ctx.buy(id(), q(1)).submit()).unwrap_err();
    assert_eq!(
        text,
        "RISK_REDUCE_ONLY: only what reduces is sent: a buy of 1, where the strategy holds 10 and the account 10, with \
         what is open"
    );
    assert_eq!(rig.market("100", Side::Sell, 11).unwrap_err(), "RISK_REDUCE_ONLY");
    let six = rig.send("100", |ctx| ctx.sell(id(), q(6)).limit(p("120")).submit()).unwrap();
    // RK2: two sales of the whole do not both pass.
    assert_eq!(rig.market("100", Side::Sell, 5).unwrap_err(), "RISK_REDUCE_ONLY");
    let four = rig.market("100", Side::Sell, 4).unwrap();
    rig.h.fill(four, "100").unwrap();
    // RK8: a change is checked for what would be open of it.
    rig.h.accept(six).unwrap();
    let change =
        |total| move |ctx: &mut Context<'_>| ctx.amend(six, OrderKind::Limit { price: p("120") }, q(total));
    assert!(amends(&rig.at("100", change(7))).is_empty());
    assert_eq!(amends(&rig.at("100", change(5))), [(six.sequence, 5)]);
    // A position that is marked to be closed while the cancellation of its exit is on its way.
    let commands = rig.at("100", move |ctx| {
        ctx.cancel(six)?;
        ctx.close(id())
    });
    assert_eq!((cancels(&commands), Harness::submitted(&commands).len()), (vec![six.sequence], 1));
    rig.h.control(resume()).unwrap();
    assert_eq!(rig.told(), ["active"]);
    assert!(rig.market("100", Side::Buy, 50).is_ok());
    assert_eq!(rig.events()[1..], ["active to reduce-only: by hand", "reduce-only to active: by hand"]);
    assert!(!rig.h.engine().guarded, "nothing is left to check");
}

#[test]
fn rk4_halted_lets_through_protective_exits_only() {
    let mut rig = Rig::new(limits());
    let entry = bracket(&mut rig, 4);
    let commands = rig.h.control(halt(false, false)).unwrap();
    assert_eq!(cancels(&commands), [entry.sequence], "the exits stay");
    assert_eq!(rig.market("100", Side::Sell, 1).unwrap_err(), "RISK_HALTED");
    // What the entry fills before its cancellation comes through is protected.
    let commands = rig.h.fill_part(entry, q(3), "100").unwrap();
    assert_eq!(amends(&commands), [(2, 7), (3, 7)]);
    rig.h.cancelled(entry).unwrap();
    assert_eq!(rig.told(), ["halted", "1 cancelled RiskLimit"]);
}

#[test]
fn rk4_a_stop_that_the_engine_watches_leaves_in_a_halt() {
    let venue = emulating().emulating(Feature::Stop, "none in a test");
    let mut rig = Rig::with([spy()], venue, limits());
    rig.hold("100", 10);
    let commands = rig.at("100", |ctx| {
        ctx.sell(id(), q(10)).stop(p("90")).submit()?;
        ctx.buy(id(), q(10)).stop(p("110")).submit().map(drop)
    });
    assert!(commands.is_empty());
    rig.h.control(halt(false, false)).unwrap();
    assert_eq!(rig.told(), ["halted", "3 cancelled RiskLimit"], "the entry that is held");
    let commands = rig.at("89", |_| Ok(()));
    assert_eq!(Harness::submitted(&commands)[0].order.sequence, 2);
}

#[test]
fn rk11_what_does_not_reduce_is_cut() {
    let mut rig = Rig::new(limits());
    rig.hold("100", 10);
    let rest = |side, price: &'static str, units| {
        move |ctx: &mut Context<'_>| ctx.trade(id(), side, q(units)).limit(p(price)).submit()
    };
    let entry = rig.send("100", rest(Side::Buy, "90", 5)).unwrap();
    let exits = [6, 6, 1].map(|units| rig.send("100", rest(Side::Sell, "110", units)).unwrap());
    for order in [entry, exits[0], exits[1], exits[2]] {
        rig.h.accept(order).unwrap();
    }
    let commands = rig.h.control(reduce_only()).unwrap();
    assert_eq!(cancels(&commands), [entry.sequence, exits[2].sequence]);
    assert_eq!(amends(&commands), [(exits[1].sequence, 4)], "older orders come first");
    // After a fill the orders are cut again: one that raced its change leaves too little for the others.
    let commands = rig.h.fill(exits[1], "110").unwrap();
    assert_eq!(amends(&commands), [(exits[0].sequence, 4)]);
}

#[test]
fn rk11_where_nothing_can_be_changed_it_is_cancelled() {
    let venue = emulating().without(Feature::Amend, "none in a test");
    let mut rig = Rig::with([spy()], venue, limits());
    rig.hold("100", 10);
    let exit = rig.send("100", |ctx| ctx.sell(id(), q(15)).limit(p("110")).submit()).unwrap();
    assert_eq!(cancels(&rig.h.control(reduce_only()).unwrap()), [exit.sequence]);
}

#[test]
fn rk15_a_halt_can_close_everything() {
    let mut rig = Rig::new(limits());
    let entry = bracket(&mut rig, 4);
    let commands = rig.h.control(halt(true, true)).unwrap();
    assert_eq!(cancels(&commands), [1, 2, 3]);
    assert!(Harness::submitted(&commands).is_empty(), "not before all are over");
    for order in [2, 3] {
        assert!(rig.h.cancelled(self::order(order)).unwrap().is_empty());
    }
    // It races its cancellation.
    rig.h.fill_part(entry, q(1), "100").unwrap();
    let commands = rig.h.cancelled(entry).unwrap();
    let close = Harness::submitted(&commands)[0];
    assert_eq!((close.spec.side, close.spec.quantity.value()), (Side::Sell, q(5)));
    rig.h.fill_part(close.order, q(3), "99").unwrap();
    // The venue ends it before it is done: it is asked for again, since something has filled.
    let commands = rig.h.cancelled(close.order).unwrap();
    let again = Harness::submitted(&commands)[0];
    assert_eq!(again.spec.quantity.value(), q(2));
    rig.h.fill(again.order, "99").unwrap();
    assert_eq!(rig.held(), 0);
    assert!(rig.h.engine().closing.is_empty());
    rig.h.control(resume()).unwrap();
    rig.hold("100", 1);
    assert_eq!(rig.held(), 1, "no longer kept closed");
}

#[test]
fn positions_are_closed_and_orders_cancelled_by_scope() {
    let qqq = Instrument::equity("QQQ.NYSE", "USD").unwrap();
    let other = qqq.id;
    let mut rig = Rig::with([spy(), qqq], emulating(), limits());
    rig.h.close(other, "100").unwrap();
    rig.hold("100", 10);
    rig.send("100", |ctx| ctx.sell(id(), q(10)).limit(p("110")).submit()).unwrap();
    rig.send("100", move |ctx| ctx.buy(other, q(1)).limit(p("90")).submit()).unwrap();
    let scope = Scope { instrument: Some(other), ..Scope::default() };
    assert_eq!(cancels(&rig.h.control(ControlAction::CancelAll { scope }).unwrap()), [3]);
    rig.h.cancelled(order(3)).unwrap();
    assert_eq!(rig.told(), ["3 cancelled Requested"]);
    let commands = rig.h.control(ControlAction::Flatten { scope }).unwrap();
    assert!(commands.is_empty(), "nothing is held there");
    let scope = Scope { strategy: Some(StrategyId::new("test").unwrap()), instrument: Some(id()) };
    assert_eq!(cancels(&rig.h.control(ControlAction::Flatten { scope }).unwrap()), [2]);
    let close = Harness::submitted(&rig.h.cancelled(order(2)).unwrap())[0];
    assert_eq!(close.spec.quantity.value(), q(10));
    rig.h.fill(close.order, "100").unwrap();
    assert_eq!(rig.held(), 0);
}

#[test]
fn rk14_what_cannot_be_done_is_written_down_and_changes_nothing() {
    let mut rig = Rig::new(limits().max_order_quantity(q(5)));
    let nobody = Some(StrategyId::new("nobody").unwrap());
    let wrong = Box::new(limits().max_order_quantity(q(0)));
    rig.h.control(ControlAction::Limits { strategy: None, limits: wrong }).unwrap();
    rig.h.control(ControlAction::Resume { strategy: nobody, why: String::new() }).unwrap();
    let scope = Scope { instrument: Some("X.Y".parse().unwrap()), ..Scope::default() };
    rig.h.control(ControlAction::Flatten { scope }).unwrap();
    assert_eq!(
        rig.events()[1..],
        [
            "limits RISK_LIMIT_INVALID: the limit max_order_quantity is 0, which must be above zero",
            "resume ENGINE_UNKNOWN_STRATEGY: there is no strategy nobody",
            "flatten ENGINE_UNKNOWN_INSTRUMENT: there is no instrument X.Y",
        ]
    );
    assert_eq!(rig.h.engine().limits(None).unwrap().max_order_quantity, Some(q(5)));
    let other = Box::new(limits().max_order_quantity(q(7)));
    rig.h.control(ControlAction::Limits { strategy: None, limits: other }).unwrap();
    assert!(rig.market("100", Side::Buy, 7).is_ok());
}

#[test]
fn parameters_are_set_all_or_none() {
    let mut rig = Rig::new(limits());
    rig.at("100", |_| Ok(()));
    let strategy = StrategyId::new("test").unwrap();
    let set = |value: &str| {
        let parameters = serde_json::from_str(value).unwrap();
        ControlAction::Parameters { strategy, parameters }
    };
    let commands = rig.h.control(set(r#"{"value":"x"}"#)).unwrap();
    assert!(commands.is_empty(), "what it asked for on the way is dropped");
    assert_eq!(rig.h.state().orders.open().count(), 0);
    assert_eq!(rig.events()[1..], ["parameters STRATEGY_PARAMETER: parameter value: must be a number"]);
    assert!(rig.h.engine().halts().is_empty());
    assert_eq!(rig.h.control(set(r#"{"value":7}"#)).unwrap().len(), 1);
    assert_eq!(rig.told(), ["parameter 7"]);
    let (strategy, _) = scripted(BarSpec::day(), |_, _| Ok(()));
    let mut plain = Harness::new([spy()], "1 USD".parse().unwrap(), strategy).unwrap();
    plain.control(set("{}")).unwrap();
    let event = plain.engine().risk_events().next().unwrap();
    assert!(matches!(&event.kind, RiskEventKind::Refused { code, .. } if code == "STRATEGY_NO_PARAMETERS"));
}

#[test]
fn cancellations_pass_in_every_state() {
    let mut rig = Rig::new(limits());
    let rest = rig.send("100", |ctx| ctx.buy(id(), q(1)).limit(p("90")).submit()).unwrap();
    rig.h.control(halt(false, false)).unwrap();
    assert_eq!(status(&rig.h, 1), OrderStatus::PendingCancel);
    rig.h
        .report(rest, OrderEventKind::CancelRejected { code: RejectCode::Other, text: String::new() })
        .unwrap();
    let commands = rig.at("100", move |ctx| ctx.cancel(rest));
    assert_eq!(cancels(&commands), [1]);
    rig.h.report(rest, OrderEventKind::Cancelled { reason: CancelReason::Requested }).unwrap();
    assert_eq!(rig.h.state().orders.open().count(), 0);
}
