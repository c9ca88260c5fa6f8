//! What cannot be valued is refused, and what never ends is bounded.

use algoflow_core::{market::Trade, order::OrderQuantity};

use super::*;

fn denied(h: &Harness) -> Vec<RejectCode> {
    let code = |event: &OrderEvent| match &event.kind {
        OrderEventKind::Denied { code, .. } => *code,
        other => panic!("{other:?}"),
    };
    h.engine().denials().iter().map(code).collect()
}

#[test]
fn an_order_that_cannot_be_valued_is_denied() {
    let sap = Instrument::equity("SAP.NYSE", "EUR").unwrap();
    let other = sap.id;
    let (strategy, _) = scripted(BarSpec::day(), move |ctx, _| {
        ctx.buy(other, q(1)).limit(p("10")).submit()?;
        ctx.buy(id(), q(i64::MAX)).limit(p("10000000000")).submit()?;
        ctx.buy(id(), q(1)).limit(p("10")).submit().map(drop)
    });
    let account = AccountKind::Margin { leverage: Decimal::ONE };
    let cash = "1000 USD".parse().unwrap();
    let mut h = Harness::with([spy(), sap], cash, account, Capabilities::all_native(), strategy).unwrap();
    assert_eq!(Harness::submitted(&h.close(id(), "10").unwrap()).len(), 1, "the run goes on");
    assert_eq!(denied(&h), [RejectCode::NoPrice, RejectCode::InvalidOrder]);
}

#[test]
fn a_position_without_a_price_refuses_orders_and_not_the_run() {
    // A contract is bought before the first price of it is known.
    let perp = Instrument::perpetual("BTC-USD.X").unwrap();
    let held = perp.id;
    struct Early(InstrumentId);
    impl Strategy for Early {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::Trades(self.0))?;
            ctx.buy(self.0, q(1)).limit(p("100")).submit().map(drop)
        }
        fn on_order(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
            if event.fill().is_some() {
                ctx.buy(self.0, q(1)).limit(p("100")).submit()?;
            }
            Ok(())
        }
        fn on_trade(&mut self, ctx: &mut Context<'_>, _: &Trade) -> StrategyResult {
            ctx.buy(self.0, q(1)).limit(p("100")).submit().map(drop)
        }
    }
    let mut h = Harness::new([perp], "1000 USD".parse().unwrap(), Early(held)).unwrap();
    assert!(h.fill(order(1), "100").unwrap().is_empty());
    assert_eq!(denied(&h), [RejectCode::NoPrice]);
    assert_eq!(h.trade(held, "100").unwrap().len(), 1);
}

#[test]
fn amounts_of_the_quote_count_the_multiplier() {
    let option = spy().with_multiplier(Decimal::from(100));
    let (strategy, _) = scripted(BarSpec::day(), |ctx, _| {
        ctx.buy(id(), OrderQuantity::Quote(q(900))).submit()?;
        ctx.buy(id(), OrderQuantity::Quote(q(100))).submit().map(drop)
    });
    let cash = "1000 USD".parse().unwrap();
    let venue = Capabilities::all_native();
    let mut h = Harness::with([option], cash, AccountKind::Cash, venue, strategy).unwrap();
    assert_eq!(Harness::submitted(&h.close(id(), "4").unwrap()).len(), 1);
    let reserved = h.state().portfolio.balance(spy().venue(), Asset::new("USD").unwrap()).reserved;
    assert_eq!(reserved, Decimal::from(800), "two contracts of 100 at 4");
    assert_eq!(denied(&h), [RejectCode::InvalidOrder], "100 does not pay for one");
}

#[test]
fn missed_repeats_come_once() {
    let (mut h, log) = harness(|ctx, bar| {
        if bar == 1 {
            ctx.schedule_every("often", Timestamp::EPOCH, TimeDelta::hours(7))?;
        }
        Ok(())
    });
    h.close(id(), "100").unwrap();
    assert_eq!(h.engine().next_wakeup(), Timestamp::EPOCH);
    h.wait_until(h.now().saturating_add(TimeDelta::hours(12))).unwrap();
    // Once for the hours 0 to 21 of the first day; then at 28 and 35.
    let log = log.lock().unwrap();
    assert_eq!(
        log[1..],
        [
            "timer often at 1970-01-02T00:00:00Z",
            "timer often at 1970-01-02T04:00:00Z",
            "timer often at 1970-01-02T11:00:00Z"
        ]
    );
}

#[test]
fn a_bar_that_a_timer_completes_is_no_longer_forming() {
    struct Watch(Log);
    impl Strategy for Watch {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.schedule("look", Timestamp::EPOCH.saturating_add(TimeDelta::hours(30)));
            ctx.subscribe(Subscription::bars(id(), BarSpec::day()))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
            let forming = ctx.forming_bar(id(), BarSpec::day()).is_some();
            self.0.lock().unwrap().push(format!("bar {} {forming}", bar.close));
            Ok(())
        }
        fn on_timer(&mut self, ctx: &mut Context<'_>, _: &Timer) -> StrategyResult {
            let forming = ctx.forming_bar(id(), BarSpec::day()).is_some();
            self.0.lock().unwrap().push(format!("timer {forming}"));
            Ok(())
        }
    }
    let log = Log::default();
    let h = Harness::new([spy()], "1000 USD".parse().unwrap(), Watch(log.clone())).unwrap();
    let mut h = h.step(TimeDelta::hours(1));
    h.trade(id(), "10").unwrap();
    h.wait_until(Timestamp::EPOCH.saturating_add(TimeDelta::hours(31))).unwrap();
    assert_eq!(*log.lock().unwrap(), ["bar 10 false", "timer false"]);
}

#[test]
fn a_position_is_closed_once_however_many_orders_would() {
    let (strategy, _) = scripted(BarSpec::day(), |ctx, bar| match bar {
        1 => ctx.buy(id(), q(50)).submit().map(drop),
        2 => (0..20).try_for_each(|_| ctx.sell(id(), q(50)).limit(p("10")).submit().map(drop)),
        3 => ctx.sell(id(), q(50)).limit(p("10")).reduce_only().submit().map(drop),
        _ => Ok(()),
    });
    let account = AccountKind::Margin { leverage: Decimal::ONE };
    let venue = Capabilities::all_native();
    let mut h = Harness::with([spy()], "1000 USD".parse().unwrap(), account, venue, strategy).unwrap();
    h.close(id(), "10").unwrap();
    h.fill(order(1), "10").unwrap();
    let sent = Harness::submitted(&h.close(id(), "10").unwrap());
    // One closes, which frees what it used; the account is worth two more.
    assert_eq!(sent.iter().map(|s| s.order.sequence).collect::<Vec<_>>(), [2, 3, 4]);
    let denial = &h.engine().denials()[0].kind;
    let OrderEventKind::Denied { text, .. } = denial else { panic!("not denied") };
    assert_eq!(text, "needs 500 USD of margin, free are 0");
    let reducing = Harness::submitted(&h.close(id(), "10").unwrap());
    assert_eq!(reducing.len(), 1, "what can only reduce needs no margin");
}

#[test]
fn terms_that_do_not_go_together_are_said() {
    let offset = TrailingOffset::BasisPoints(50);
    let (strategy, _) = scripted(BarSpec::day(), move |ctx, _| {
        let sell = |ctx: &mut Context<'_>| ctx.sell(id(), q(1)).trailing(offset).limit(p("9")).submit();
        assert!(sell(ctx).unwrap_err().to_string().contains("a trailing stop has no"));
        assert!(ctx.sell(id(), q(1)).stop(p("9")).trailing(offset).submit().is_err());
        let early = ctx.sell(id(), q(1)).activate_at(p("11")).trailing(offset).submit();
        assert!(early.unwrap_err().to_string().contains("say `trailing` first"));
        ctx.sell(id(), q(1)).trailing(offset).activate_at(p("11")).submit().map(drop)
    });
    let mut h = Harness::new([spy()], "1000 USD".parse().unwrap(), strategy).unwrap();
    h.close(id(), "10").unwrap();
    assert_eq!(h.engine().state().orders.len(), 1, "what is refused is not an order");
}

#[test]
fn bars_to_keep_without_end_take_no_room_before_they_come() {
    let mut bars = algoflow_core::state::BarHistory::default();
    bars.keep(0, BarSpec::day(), usize::MAX);
    assert_eq!(bars.get(0, BarSpec::day()).unwrap().len(), 0);
}
