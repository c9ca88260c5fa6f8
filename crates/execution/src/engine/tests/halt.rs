//! The rules of `halt.rs` and `reduce_only.rs`, by number.

use super::*;
use crate::{Engine, ErrorPolicy};

/// A long position of 10 under a bracket; the strategy fails at its second bar.
struct Failing {
    engine: Engine,
    now: Timestamp,
}

impl Failing {
    fn new(account: AccountKind) -> Self {
        let (strategy, _) = scripted(BarSpec::day(), |ctx, bar| {
            if bar == 2 {
                return Err(StrategyError::other("out of ideas"));
            }
            buy_with_bracket(ctx, bar)
        });
        let mut engine = Engine::new(1, Asset::new("USD").unwrap());
        engine.set_error_policy(ErrorPolicy::Flatten);
        let venue = Capabilities::all_native().emulating(Feature::ReduceOnly, "none in a test");
        engine.add_venue(spy().venue(), venue, account);
        engine.add_instrument(spy()).unwrap();
        engine.deposit(spy().venue(), "1000 USD".parse().unwrap()).unwrap();
        engine.add_strategy(StrategyId::new("s").unwrap(), Box::new(strategy)).unwrap();
        engine.start(Timestamp::EPOCH, &mut Vec::new()).unwrap();
        let mut failing = Self { engine, now: Timestamp::EPOCH };
        failing.bar();
        failing
    }

    fn bar(&mut self) -> Vec<Command> {
        let (ts_open, price) = (self.now, p("100"));
        self.now = ts_open.saturating_add(TimeDelta::days(1));
        let bar = Bar {
            instrument: id(),
            spec: BarSpec::day(),
            ts_open,
            ts_close: self.now,
            ts_recv: self.now,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: q(1),
        };
        let mut commands = Vec::new();
        self.engine.market(&bar.into(), &mut commands).unwrap();
        commands
    }

    fn report(&mut self, sequence: u64, kind: OrderEventKind) -> Vec<Command> {
        let (ts_event, ts_recv) = (self.now, self.now);
        let event = OrderEvent { order: order(sequence), instrument: id(), ts_event, ts_recv, kind };
        let mut commands = Vec::new();
        self.engine.order(&event, &mut commands).unwrap();
        commands
    }

    fn fill(&mut self, sequence: u64, side: Side, quantity: i64) -> Vec<Command> {
        let fill = algoflow_core::order::Fill {
            id: format!("{sequence} {quantity}").into(),
            order: order(sequence),
            instrument: id(),
            side,
            price: p("100"),
            quantity: q(quantity),
            liquidity: algoflow_core::order::Liquidity::Taker,
            fee: "0 USD".parse().unwrap(),
            ts_event: self.now,
            ts_recv: self.now,
        };
        self.report(sequence, OrderEventKind::Filled(fill))
    }

    fn cancelled(&mut self, sequence: u64) -> Vec<Command> {
        let reason = algoflow_core::order::CancelReason::StrategyStopped;
        self.report(sequence, OrderEventKind::Cancelled { reason })
    }

    fn held(&self) -> Quantity {
        self.engine.state().position(0, 0).quantity
    }
}

#[test]
fn a_cash_account_is_flattened_once_its_orders_are_out_of_the_way() {
    // H2, H3
    let mut f = Failing::new(AccountKind::Cash);
    f.fill(1, Side::Buy, 10);
    let failed = f.bar();
    assert_eq!((cancels(&failed), Harness::submitted(&failed).len()), (vec![2, 3], 0));
    assert!(f.cancelled(3).is_empty(), "the take-profit still has the shares set aside");
    let close = Harness::submitted(&f.cancelled(2));
    assert_eq!((close.len(), close[0].spec.side, close[0].spec.quantity), (1, Side::Sell, q(10).into()));
    f.fill(4, Side::Sell, 10);
    assert!(f.held().is_zero() && f.engine.denials().is_empty());
    assert!(f.engine.state().pending_target(0, 0).is_zero());
}

#[test]
fn what_fills_before_its_cancellation_is_not_sold_again() {
    // H3: the take-profit wins the race for four.
    let mut f = Failing::new(AccountKind::Margin { leverage: Decimal::TEN });
    f.fill(1, Side::Buy, 10);
    f.bar();
    f.fill(2, Side::Sell, 4);
    f.cancelled(2);
    let close = Harness::submitted(&f.cancelled(3));
    assert_eq!(close[0].spec.quantity, q(6).into());
}

#[test]
fn a_refused_cancellation_does_not_hold_up_the_close() {
    // H3: the close is reduce-only, so that it is cut down when the other fills.
    let mut f = Failing::new(AccountKind::Margin { leverage: Decimal::TEN });
    f.fill(1, Side::Buy, 10);
    f.bar();
    assert!(f.cancelled(3).is_empty());
    let text = String::new();
    let refused = OrderEventKind::CancelRejected { code: RejectCode::Other, text };
    assert_eq!(Harness::submitted(&f.report(2, refused))[0].spec.quantity, q(10).into());
    f.report(4, OrderEventKind::Accepted { venue_order: None });
    assert_eq!(amends(&f.fill(2, Side::Sell, 4)), [(4, 6)]);
}

#[test]
fn what_fills_after_the_close_is_closed_too() {
    // L3 of late fills
    let mut f = Failing::new(AccountKind::Margin { leverage: Decimal::TEN });
    assert_eq!(cancels(&f.bar()), [1]);
    assert!(f.cancelled(1).is_empty(), "nothing is held");
    let close = Harness::submitted(&f.fill(1, Side::Buy, 4));
    assert_eq!((close.len(), close[0].spec.side, close[0].spec.quantity), (1, Side::Sell, q(4).into()));
    f.fill(close[0].order.sequence, Side::Sell, 4);
    assert!(f.held().is_zero());
}

#[test]
fn without_a_position_nothing_is_closed() {
    // H3
    let mut f = Failing::new(AccountKind::Cash);
    assert_eq!(cancels(&f.bar()), [1]);
    assert!(f.cancelled(1).is_empty());
    assert_eq!(f.engine.state().orders.open().count(), 0);
}

#[test]
fn what_a_halted_strategy_had_asked_for_is_dropped() {
    // H1: the refusal of its first order makes it fail while its others wait to be sent.
    struct Fails;
    impl Strategy for Fails {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::bars(id(), BarSpec::day()))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
            ctx.buy(id(), q(1_000_000)).submit()?;
            ctx.schedule("later", ctx.now().saturating_add(TimeDelta::hours(1)));
            ctx.buy(id(), q(1)).submit().map(drop)
        }
        fn on_order(&mut self, _: &mut Context<'_>, _: &OrderEvent) -> StrategyResult {
            Err(StrategyError::other("refused"))
        }
    }
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), Fails).unwrap();
    assert!(h.close(id(), "10").unwrap().is_empty());
    assert_eq!(status(&h, 2), OrderStatus::Denied);
    assert_eq!((h.state().orders.open().count(), h.engine().next_wakeup()), (0, Timestamp::MAX));
}

#[test]
fn a_timer_that_is_always_set_for_the_present_halts_its_strategy() {
    // H1
    struct Loop;
    impl Strategy for Loop {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.schedule("now", ctx.now());
            Ok(())
        }
        fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
            ctx.schedule("now", ctx.now());
            Ok(())
        }
    }
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), Loop).unwrap();
    h.close(id(), "100").unwrap();
    assert!(h.engine().halts()[0].reason.contains("\"now\""));
    assert_eq!(h.engine().next_wakeup(), Timestamp::MAX);
}

#[test]
fn a_close_never_opens_a_position() {
    // R1, R2
    let (mut h, _) = harness(|ctx, bar| match bar {
        1 => ctx.buy(id(), q(5)).submit().map(drop),
        2 => {
            ctx.sell(id(), q(5)).limit(p("120")).submit()?;
            ctx.close(id())?;
            ctx.close(id())
        }
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.fill(order(1), "100").unwrap();
    assert_eq!(
        Harness::submitted(&h.close(id(), "100").unwrap()).len(),
        2,
        "saying it twice is saying it once"
    );
    h.accept(order(3)).unwrap();
    assert_eq!(cancels(&h.fill(order(2), "120").unwrap()), [3]);
}

#[test]
fn an_amount_of_the_quote_reduces_by_what_it_pays_for_at_the_last_price() {
    // R1
    let (mut h, _) = harness(|ctx, bar| match bar {
        1 => ctx.buy(id(), q(5)).submit().map(drop),
        2 => {
            let amount = |amount| algoflow_core::order::OrderQuantity::Quote(q(amount));
            ctx.sell(id(), amount(250)).reduce_only().submit()?;
            ctx.sell(id(), amount(90_000)).reduce_only().submit().map(drop)
        }
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.fill(order(1), "100").unwrap();
    let out = Harness::submitted(&h.close(id(), "100").unwrap());
    assert_eq!(out.iter().map(|s| s.spec.quantity).collect::<Vec<_>>(), [q(2).into(), q(5).into()]);
}

#[test]
fn a_close_needs_no_venue_that_knows_reduce_only() {
    let venue = Capabilities::all_native().without(Feature::ReduceOnly, "a pool has no positions");
    let (mut h, _) = with_venue(venue, |ctx, bar| match bar {
        1 => ctx.target_position(id(), q(5)),
        // What the target adds meanwhile is not there to be closed.
        2 => ctx.target_position(id(), q(8)).and_then(|()| ctx.close(id())),
        3 => ctx.target_position(id(), q(3)),
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.fill(order(1), "100").unwrap();
    let out = Harness::submitted(&h.close(id(), "100").unwrap());
    assert_eq!((out[1].spec.quantity, out[1].spec.flags.reduce_only), (q(5).into(), false));
    h.fill(order(3), "100").unwrap();
    assert!(h.close(id(), "100").unwrap().is_empty(), "three are still on their way");
    h.fill(order(2), "100").unwrap();
    assert_eq!(h.position(id()).quantity, q(3));
}

#[test]
fn a_venue_without_amendments_gets_another_order_for_what_is_left_to_reduce() {
    // R3
    let venue = Capabilities::all_native()
        .emulating(Feature::ReduceOnly, "late")
        .without(Feature::Amend, "it has no such request");
    let (mut h, _) = with_venue(venue, |ctx, bar| match bar {
        1 => ctx.buy(id(), q(9)).submit().map(drop),
        2 => ctx.sell(id(), q(9)).limit(p("120")).reduce_only().submit().map(drop),
        3 => ctx.sell(id(), q(2)).submit().and_then(|_| ctx.sell(id(), q(3)).submit()).map(drop),
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.fill(order(1), "100").unwrap();
    h.close(id(), "100").unwrap();
    h.accept(order(2)).unwrap();
    h.close(id(), "100").unwrap();
    assert_eq!(cancels(&h.fill(order(3), "100").unwrap()), [2]);
    assert!(h.fill(order(4), "100").unwrap().is_empty(), "it is on its way out");
    let next = Harness::submitted(&h.cancelled(order(2)).unwrap());
    assert_eq!((next.len(), next[0].spec.quantity), (1, q(4).into()));
    assert_eq!(next[0].spec.kind, OrderKind::Limit { price: p("120") });
    assert!(h.fill(order(5), "120").unwrap().is_empty());
    assert!(h.position(id()).is_flat());
}

#[test]
fn an_amended_target_counts_for_what_it_became() {
    let (mut h, _) = harness(|ctx, bar| match bar {
        1 | 3 => ctx.target_position(id(), q(10)),
        2 => ctx.amend(order(1), OrderKind::Market, q(5)),
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    h.close(id(), "100").unwrap();
    h.report(order(1), OrderEventKind::Amended { kind: OrderKind::Market, quantity: q(5) }).unwrap();
    h.fill(order(1), "100").unwrap();
    let rest = Harness::submitted(&h.close(id(), "100").unwrap());
    assert_eq!((rest.len(), rest[0].spec.quantity), (1, q(5).into()));
}
