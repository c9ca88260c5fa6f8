use proptest::prelude::*;

use super::*;
use crate::{
    id::Asset,
    number::Money,
    order::{CancelReason, Fill, Liquidity, RejectCode, Side},
};

fn order(quantity: i64) -> Order {
    let id = OrderId { run: 1, strategy: 0, sequence: 1 };
    let spec = OrderSpec::market("SPY.NYSE".parse().unwrap(), Side::Buy, Quantity::from_int(quantity));
    Order::new(id, spec, Timestamp::EPOCH)
}

fn event(order: &Order, kind: OrderEventKind) -> OrderEvent {
    let now = Timestamp::EPOCH;
    OrderEvent { order: order.id, instrument: order.spec.instrument, ts_event: now, ts_recv: now, kind }
}

fn fill(order: &Order, quantity: i64, price: i64) -> OrderEventKind {
    OrderEventKind::Filled(Fill {
        id: "1".into(),
        order: order.id,
        instrument: order.spec.instrument,
        side: order.spec.side,
        price: Price::from_int(price),
        quantity: Quantity::from_int(quantity),
        liquidity: Liquidity::Taker,
        fee: Money::zero(Asset::new("USD").unwrap()),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
    })
}

fn drive(order: &mut Order, kinds: impl IntoIterator<Item = OrderEventKind>) -> Result<(), OrderError> {
    for kind in kinds {
        let event = event(order, kind);
        order.apply(&event)?;
    }
    Ok(())
}

#[test]
fn an_order_lives_and_fills() {
    let mut o = order(10);
    let (first, second) = (fill(&o, 4, 100), fill(&o, 6, 110));
    let accepted = OrderEventKind::Accepted { venue_order: Some("x1".into()) };
    drive(&mut o, [OrderEventKind::Submitted, accepted, first]).unwrap();
    assert_eq!((o.status, o.leaves()), (OrderStatus::PartiallyFilled, Quantity::from_int(6)));
    drive(&mut o, [second]).unwrap();
    assert_eq!(o.status, OrderStatus::Filled);
    assert_eq!(o.average_price().unwrap().to_string(), "106");
    assert_eq!(o.venue_order.as_deref(), Some("x1"));
}

#[test]
fn illegal_steps_name_both_states() {
    let mut o = order(10);
    let error = drive(&mut o, [OrderEventKind::Expired]).unwrap_err();
    assert_eq!(error.to_string(), "order r1-s0-1 cannot go from Initialized to Expired");
    assert_eq!(o.status, OrderStatus::Initialized);
}

#[test]
fn overfills_are_refused_and_change_nothing() {
    let mut o = order(10);
    let (part, over) = (fill(&o, 9, 100), fill(&o, 2, 100));
    drive(&mut o, [OrderEventKind::Submitted, part]).unwrap();
    let before = o.clone();
    assert!(matches!(drive(&mut o, [over]), Err(OrderError::Overfill { .. })));
    assert_eq!(o, before);
}

#[test]
fn a_refused_cancel_resumes_where_it_was() {
    let mut o = order(10);
    let part = fill(&o, 3, 100);
    let accepted = OrderEventKind::Accepted { venue_order: None };
    drive(&mut o, [OrderEventKind::Submitted, accepted, OrderEventKind::CancelRequested, part]).unwrap();
    assert_eq!(o.status, OrderStatus::PendingCancel, "a fill in between does not end the wait");
    let refused = OrderEventKind::CancelRejected { code: RejectCode::Other, text: String::new() };
    drive(&mut o, [refused]).unwrap();
    assert_eq!(o.status, OrderStatus::PartiallyFilled);
}

#[test]
fn amendments_replace_price_and_quantity() {
    let mut o = order(10);
    o.spec.kind = OrderKind::Limit { price: Price::from_int(99) };
    let kind = OrderKind::Limit { price: Price::from_int(98) };
    let amended = OrderEventKind::Amended { kind, quantity: Quantity::from_int(5) };
    let accepted = OrderEventKind::Accepted { venue_order: None };
    drive(&mut o, [OrderEventKind::Submitted, accepted, OrderEventKind::AmendRequested, amended]).unwrap();
    assert_eq!((o.status, o.spec.kind, o.leaves()), (OrderStatus::Accepted, kind, Quantity::from_int(5)));
}

#[test]
fn a_late_acknowledgement_names_the_order_and_takes_nothing_back() {
    let accepted = |name: &str| OrderEventKind::Accepted { venue_order: Some(name.into()) };
    let mut o = order(10);
    drive(&mut o, [OrderEventKind::Submitted, OrderEventKind::Triggered, accepted("a")]).unwrap();
    assert_eq!((o.status, o.venue_order.as_deref()), (OrderStatus::Triggered, Some("a")));
    let part = fill(&o, 3, 100);
    drive(&mut o, [part, accepted("b")]).unwrap();
    assert_eq!((o.status, o.venue_order.as_deref()), (OrderStatus::PartiallyFilled, Some("b")));
    let refused = OrderEventKind::CancelRejected { code: RejectCode::Other, text: String::new() };
    drive(&mut o, [OrderEventKind::CancelRequested, accepted("c"), refused]).unwrap();
    assert_eq!(o.status, OrderStatus::PartiallyFilled, "the status to come back to is kept too");
    let rest = fill(&o, 7, 100);
    drive(&mut o, [rest, accepted("d")]).unwrap();
    assert_eq!((o.status, o.venue_order.as_deref()), (OrderStatus::Filled, Some("d")));
}

#[test]
fn an_unknown_outcome_ends_with_proof() {
    let unknown = || OrderEventKind::OutcomeUnknown { evidence: "timeout".into() };
    let accepted = OrderEventKind::Accepted { venue_order: None };
    let mut o = order(10);
    let part = fill(&o, 3, 100);
    drive(&mut o, [OrderEventKind::Submitted, part, unknown(), accepted]).unwrap();
    assert_eq!(o.status, OrderStatus::PartiallyFilled);
    let amended = OrderEventKind::Amended { kind: OrderKind::Market, quantity: Quantity::from_int(8) };
    drive(&mut o, [OrderEventKind::AmendRequested, unknown(), amended]).unwrap();
    assert_eq!((o.status, o.leaves()), (OrderStatus::PartiallyFilled, Quantity::from_int(5)));
    // A request that got no answer says nothing of an order that has filled meanwhile.
    let rest = fill(&o, 5, 100);
    drive(&mut o, [OrderEventKind::CancelRequested, rest, unknown()]).unwrap();
    assert_eq!(o.status, OrderStatus::Filled);
}

#[test]
fn an_order_amended_to_what_has_filled_is_filled() {
    let mut o = order(10);
    let part = fill(&o, 6, 100);
    let amended = OrderEventKind::Amended { kind: OrderKind::Market, quantity: Quantity::from_int(5) };
    drive(&mut o, [OrderEventKind::Submitted, part, OrderEventKind::AmendRequested, amended]).unwrap();
    assert_eq!(
        (o.status, o.leaves(), o.filled),
        (OrderStatus::Filled, Quantity::ZERO, Quantity::from_int(6))
    );
}

#[test]
fn final_states_lead_nowhere_but_by_a_late_fill() {
    for status in OrderStatus::ALL {
        let ends_here = status.next().iter().all(|next| *next == status || *next == OrderStatus::Filled);
        assert_eq!(status.is_final(), ends_here, "{status}");
        assert!(!(status.is_final() && status.is_at_venue()));
    }
    assert!(OrderStatus::Denied.next().is_empty(), "what never left cannot have traded");
}

#[test]
fn a_fill_after_the_end_is_taken_in() {
    let rejected = OrderEventKind::Rejected { code: RejectCode::Other, text: String::new() };
    let cancelled = OrderEventKind::Cancelled { reason: CancelReason::Requested };
    for (end, status) in [
        (cancelled, OrderStatus::Cancelled),
        (OrderEventKind::Expired, OrderStatus::Expired),
        (rejected, OrderStatus::Rejected),
    ] {
        let mut o = order(10);
        let (first, second, over) = (fill(&o, 4, 100), fill(&o, 6, 110), fill(&o, 1, 110));
        drive(&mut o, [OrderEventKind::Submitted, end.clone(), first]).unwrap();
        assert_eq!((o.status, o.filled, o.is_open()), (status, Quantity::from_int(4), false));
        assert_eq!(o.average_price().unwrap().to_string(), "100");
        let again = drive(&mut o, [end]).unwrap_err();
        assert!(matches!(again, OrderError::IllegalTransition { .. }), "an order ends once");
        drive(&mut o, [second]).unwrap();
        assert_eq!((o.status, o.average_price().unwrap().to_string()), (OrderStatus::Filled, "106".into()));
        assert!(!o.may_have_filled_more());
        let whole = o.clone();
        drive(&mut o, [OrderEventKind::Expired]).unwrap();
        assert_eq!(o, whole, "what a venue has beyond what is known of a filled order may end");
        let error = drive(&mut o, [over]).unwrap_err().to_string();
        assert_eq!(
            error,
            "order r1-s0-1: a fill of 1 after 10 is not possible: no more than 10 was asked for"
        );
    }
    let mut o = order(10);
    let (part, denied) =
        (fill(&o, 4, 100), OrderEventKind::Denied { code: RejectCode::Other, text: String::new() });
    assert!(drive(&mut o, [denied, part]).is_err());
}

#[test]
fn an_order_may_fill_up_to_the_largest_total_that_was_asked_for() {
    let kind = OrderKind::Market;
    let amended = |quantity| OrderEventKind::Amended { kind, quantity: Quantity::from_int(quantity) };
    let refused = || OrderEventKind::AmendRejected { code: RejectCode::Other, text: String::new() };
    let asked = |quantity: i64| {
        let mut o = order(10);
        drive(&mut o, [OrderEventKind::Submitted, OrderEventKind::AmendRequested]).unwrap();
        o.ask_total(Quantity::from_int(quantity));
        o
    };
    // The answer comes after the fill.
    let mut o = asked(15);
    let (part, rest, over) = (fill(&o, 12, 100), fill(&o, 3, 100), fill(&o, 4, 100));
    drive(&mut o, [part.clone()]).unwrap();
    assert_eq!((o.status, o.leaves()), (OrderStatus::PendingAmend, Quantity::ZERO));
    assert!(matches!(drive(&mut o, [over]), Err(OrderError::Overfill { .. })));
    drive(&mut o, [amended(15)]).unwrap();
    assert_eq!((o.status, o.leaves()), (OrderStatus::PartiallyFilled, Quantity::from_int(3)));
    drive(&mut o, [rest]).unwrap();
    assert_eq!(o.status, OrderStatus::Filled);
    // Nobody knows whether it was taken: the proof tells.
    let mut o = asked(15);
    drive(&mut o, [OrderEventKind::OutcomeUnknown { evidence: String::new() }, part.clone()]).unwrap();
    assert_eq!(o.status, OrderStatus::Unknown);
    drive(&mut o, [amended(15)]).unwrap();
    assert_eq!((o.status, o.leaves()), (OrderStatus::PartiallyFilled, Quantity::from_int(3)));
    // A venue that contradicts itself leaves nothing open.
    let mut o = asked(15);
    drive(&mut o, [part, refused()]).unwrap();
    assert_eq!((o.status, o.leaves()), (OrderStatus::Filled, Quantity::ZERO));
    // A fill from before the change is told after it.
    let mut o = asked(5);
    let before = fill(&o, 7, 100);
    drive(&mut o, [amended(5), before]).unwrap();
    assert_eq!((o.status, o.filled), (OrderStatus::Filled, Quantity::from_int(7)));
    // What the known total ended, the answer does not open again; its fills count.
    let mut o = asked(15);
    let (whole, more) = (fill(&o, 10, 100), fill(&o, 5, 100));
    drive(&mut o, [whole, amended(15), more]).unwrap();
    assert_eq!((o.status, o.filled), (OrderStatus::Filled, Quantity::from_int(15)));
}

fn any_event() -> impl Strategy<Value = OrderEventKind> {
    let o = order(10);
    prop_oneof![
        Just(OrderEventKind::Held),
        Just(OrderEventKind::Submitted),
        Just(OrderEventKind::Accepted { venue_order: None }),
        Just(OrderEventKind::Rejected { code: RejectCode::Other, text: String::new() }),
        Just(OrderEventKind::Denied { code: RejectCode::Other, text: String::new() }),
        Just(OrderEventKind::Triggered),
        Just(OrderEventKind::AmendRequested),
        Just(OrderEventKind::AmendRejected { code: RejectCode::Other, text: String::new() }),
        (1i64..20).prop_map(|q| OrderEventKind::Amended {
            kind: OrderKind::Market,
            quantity: Quantity::from_int(q)
        }),
        Just(OrderEventKind::CancelRequested),
        Just(OrderEventKind::CancelRejected { code: RejectCode::Other, text: String::new() }),
        Just(OrderEventKind::Cancelled { reason: CancelReason::Requested }),
        Just(OrderEventKind::Expired),
        Just(OrderEventKind::OutcomeUnknown { evidence: String::new() }),
        (0i64..6, 90i64..110).prop_map(move |(q, p)| fill(&o, q, p)),
    ]
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_table_and_the_quantity(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut o = order(10);
        for kind in events {
            let before = o.clone();
            let event = event(&o, kind);
            match o.apply(&event) {
                Ok(()) => {
                    prop_assert!(o.status == before.status || before.status.allows(o.status));
                    let late = matches!(
                        event.kind,
                        OrderEventKind::Amended { .. }
                            | OrderEventKind::AmendRejected { .. }
                            | OrderEventKind::CancelRejected { .. }
                            | OrderEventKind::Accepted { .. }
                            | OrderEventKind::OutcomeUnknown { .. }
                    ) || (before.status == OrderStatus::Filled
                        && matches!(event.kind, OrderEventKind::Cancelled { .. } | OrderEventKind::Expired));
                    let traded = event.fill().is_some();
                    prop_assert!(
                        !before.status.is_final() || late || traded, "{} took {:?}", before.status, event.kind
                    );
                    prop_assert!(!before.status.is_final() || o == before || traded);
                    prop_assert!(!before.status.is_final() || !o.is_open());
                    prop_assert!(o.filled == before.filled || traded);
                    prop_assert!(o.filled >= before.filled);
                }
                Err(_) => prop_assert_eq!(&o, &before),
            }
            prop_assert_eq!(o.status == OrderStatus::Filled, o.filled.is_positive() && o.status == OrderStatus::Filled);
        }
    }
}

#[test]
fn the_bits_are_the_table() {
    for from in OrderStatus::ALL {
        for to in OrderStatus::ALL {
            assert_eq!(from.allows(to), from.next().contains(&to), "{from} to {to}");
        }
    }
}
