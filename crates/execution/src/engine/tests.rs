use std::sync::{Arc, Mutex};

use algoflow_core::{
    capabilities::{Capabilities, Feature},
    command::{Amend, Command},
    id::{InstrumentId, OrderId},
    instrument::Instrument,
    ledger::AccountKind,
    order::{OrderKind, OrderStatus, RejectCode, TrailingOffset},
    prelude::*,
    state::Timer,
};

use crate::{EngineError, Harness, Journal, replay};

mod algorithms;
mod contingent;
mod emulation;
mod halt;
mod late;
mod limits;
mod random_venue;
mod risk;
mod routing;

type Script = Box<dyn FnMut(&mut Context<'_>, usize) -> StrategyResult + Send>;

/// Runs a closure at every bar (with the bar's number) and writes down what it is told.
struct Scripted {
    instrument: InstrumentId,
    spec: BarSpec,
    bars: usize,
    script: Script,
    log: Arc<Mutex<Vec<String>>>,
}

impl Strategy for Scripted {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.instrument, self.spec))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        self.log.lock().unwrap().push(format!("bar {} {}", bar.spec, bar.close));
        self.bars += 1;
        (self.script)(ctx, self.bars)
    }
    fn on_order(&mut self, _ctx: &mut Context<'_>, event: &OrderEvent) -> StrategyResult {
        let kind = format!("{:?}", event.kind);
        let kind = kind.split([' ', '(']).next().unwrap_or_default().to_owned();
        self.log.lock().unwrap().push(format!("{} {kind}", event.order.sequence));
        Ok(())
    }
    fn on_timer(&mut self, ctx: &mut Context<'_>, timer: &Timer) -> StrategyResult {
        self.log.lock().unwrap().push(format!("timer {} at {}", timer.name, ctx.now()));
        Ok(())
    }
    fn save(&self) -> Result<Option<serde_json::Value>, algoflow_core::error::StrategyError> {
        Ok(Some(self.bars.into()))
    }
    fn load(&mut self, state: serde_json::Value) -> StrategyResult {
        self.bars = serde_json::from_value(state).map_err(algoflow_core::error::StrategyError::other)?;
        Ok(())
    }
}

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

fn id() -> InstrumentId {
    spy().id
}

fn q(units: i64) -> Quantity {
    Quantity::from_int(units)
}

fn p(text: &str) -> Price {
    text.parse().unwrap()
}

fn order(sequence: u64) -> OrderId {
    OrderId { run: 1, strategy: 0, sequence }
}

type Log = Arc<Mutex<Vec<String>>>;

fn scripted(
    spec: BarSpec,
    script: impl FnMut(&mut Context<'_>, usize) -> StrategyResult + Send + 'static,
) -> (Scripted, Log) {
    let log = Log::default();
    (Scripted { instrument: id(), spec, bars: 0, script: Box::new(script), log: log.clone() }, log)
}

fn harness(script: impl FnMut(&mut Context<'_>, usize) -> StrategyResult + Send + 'static) -> (Harness, Log) {
    let (strategy, log) = scripted(BarSpec::day(), script);
    (Harness::new([spy()], "100000 USD".parse().unwrap(), strategy).unwrap(), log)
}

fn with_venue(
    venue: Capabilities,
    script: impl FnMut(&mut Context<'_>, usize) -> StrategyResult + Send + 'static,
) -> (Harness, Log) {
    let (strategy, log) = scripted(BarSpec::day(), script);
    let account = AccountKind::Margin { leverage: Decimal::from(10) };
    (Harness::with([spy()], "100000 USD".parse().unwrap(), account, venue, strategy).unwrap(), log)
}

fn status(h: &Harness, sequence: u64) -> OrderStatus {
    h.state().orders.get(order(sequence)).unwrap().status
}

fn amends(commands: &[Command]) -> Vec<(u64, i64)> {
    let amend = |c: &Command| match c {
        Command::Amend(Amend { order, quantity, .. }) => Some((order.sequence, quantity.mantissa())),
        _ => None,
    };
    commands.iter().filter_map(amend).collect()
}

fn cancels(commands: &[Command]) -> Vec<u64> {
    let cancel = |c: &Command| match c {
        Command::Cancel(order) => Some(order.order.sequence),
        _ => None,
    };
    commands.iter().filter_map(cancel).collect()
}

fn buy_with_bracket(ctx: &mut Context<'_>, bar: usize) -> StrategyResult {
    if bar == 1 {
        ctx.buy(id(), q(10)).limit(p("100")).bracket(p("110"), p("95")).submit()?;
    }
    Ok(())
}

#[test]
fn a_target_said_twice_sends_one_order() {
    let (mut h, _) = harness(|ctx, _| ctx.target_position(id(), q(10)));
    let first = h.close(id(), "100").unwrap();
    assert_eq!(Harness::submitted(&first).len(), 1);
    assert!(h.close(id(), "101").unwrap().is_empty(), "still on its way");
    h.fill_part(order(1), q(4), "101").unwrap();
    assert!(h.close(id(), "102").unwrap().is_empty(), "six are still on their way");
    h.cancelled(order(1)).unwrap();
    let again = h.close(id(), "103").unwrap();
    assert_eq!(Harness::submitted(&again)[0].spec.quantity, q(6).into());
}

#[test]
fn bracket_legs_follow_partial_fills() {
    // C1, C2, C3
    let (mut h, _) = harness(buy_with_bracket);
    let sent = h.close(id(), "101").unwrap();
    assert_eq!(Harness::submitted(&sent).len(), 1, "only the entry leaves");
    assert_eq!((status(&h, 2), status(&h, 3)), (OrderStatus::Held, OrderStatus::Held));
    h.accept(order(1)).unwrap();

    let legs = Harness::submitted(&h.fill_part(order(1), q(4), "100").unwrap());
    assert_eq!(legs.iter().map(|l| l.spec.quantity).collect::<Vec<_>>(), [q(4).into(), q(4).into()]);
    assert_eq!(legs[0].spec.kind, OrderKind::Limit { price: p("110") });
    assert_eq!(legs[1].spec.kind, OrderKind::Stop { trigger: p("95") });
    h.accept(order(2)).unwrap();
    h.accept(order(3)).unwrap();

    // The take-profit fills one of four: three are left for the stop.
    assert_eq!(amends(&h.fill_part(order(2), q(1), "110").unwrap()), [(3, 3)]);
    // The entry fills its other six while the amendment is on its way: the take-profit may have 10, the stop waits.
    assert_eq!(amends(&h.fill_part(order(1), q(6), "100").unwrap()), [(2, 10)]);
    let kind = OrderKind::Stop { trigger: p("95") };
    let amended = OrderEventKind::Amended { kind, quantity: q(3) };
    assert_eq!(amends(&h.report(order(3), amended).unwrap()), [(3, 9)]);
    let amended = OrderEventKind::Amended { kind, quantity: q(9) };
    h.report(order(3), amended).unwrap();

    // The stop takes all nine: the take-profit is cancelled.
    assert_eq!(cancels(&h.fill(order(3), "94.90").unwrap()), [2]);
    assert!(h.position(id()).is_flat());
    h.cancelled(order(2)).unwrap();
    assert_eq!(h.state().orders.open().count(), 0);
}

#[test]
fn an_entry_ends_when_its_exit_has_filled() {
    // C3
    let (mut h, _) = harness(buy_with_bracket);
    h.close(id(), "101").unwrap();
    h.accept(order(1)).unwrap();
    h.fill_part(order(1), q(4), "100").unwrap();
    assert_eq!(cancels(&h.fill(order(2), "110").unwrap()), [3, 1]);
}

#[test]
fn children_end_with_a_parent_that_never_filled() {
    // C4
    let (mut h, log) = harness(buy_with_bracket);
    h.close(id(), "101").unwrap();
    h.cancelled(order(1)).unwrap();
    assert_eq!((status(&h, 2), status(&h, 3)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
    assert_eq!(log.lock().unwrap()[1..], ["1 Cancelled", "2 Cancelled", "3 Cancelled"]);
}

#[test]
fn a_partly_filled_parent_that_ends_stays_protected() {
    // C4
    let (mut h, _) = harness(buy_with_bracket);
    h.close(id(), "101").unwrap();
    h.fill_part(order(1), q(4), "100").unwrap();
    assert!(h.cancelled(order(1)).unwrap().is_empty());
    assert!(status(&h, 2).is_at_venue() && status(&h, 3).is_at_venue());
}

#[test]
fn a_rejected_leg_leaves_the_other() {
    // C3
    let (mut h, _) = harness(buy_with_bracket);
    h.close(id(), "101").unwrap();
    h.fill(order(1), "100").unwrap();
    assert!(h.reject(order(2), RejectCode::Other).unwrap().is_empty());
    assert!(status(&h, 3).is_at_venue());
    h.fill(order(3), "95").unwrap();
    assert!(h.position(id()).is_flat());
}

#[test]
fn one_cancels_other_without_a_parent() {
    let (mut h, _) = harness(|ctx, bar| {
        if bar == 1 {
            let group = ctx.new_group();
            ctx.buy(id(), q(5)).limit(p("99")).one_cancels_other(group).submit()?;
            ctx.buy(id(), q(5)).stop(p("105")).one_cancels_other(group).submit()?;
        }
        Ok(())
    });
    h.close(id(), "100").unwrap();
    assert_eq!(amends(&h.fill_part(order(1), q(2), "99").unwrap()), [(2, 3)]);
    assert_eq!(cancels(&h.fill(order(1), "99").unwrap()), [2]);
}

#[test]
fn emulated_stops_and_trails_leave_as_market_orders() {
    let venue = Capabilities::all_native()
        .emulating(Feature::Stop, "late")
        .emulating(Feature::TrailingStop, "late")
        .emulating(Feature::StopLimit, "late");
    let (mut h, log) = with_venue(venue, |ctx, bar| {
        if bar == 1 {
            ctx.buy(id(), q(1)).stop(p("105")).submit()?;
            ctx.sell(id(), q(2)).trailing(TrailingOffset::Price(p("3"))).activate_at(p("104")).submit()?;
            ctx.buy(id(), q(3)).stop(p("110")).limit(p("111")).submit()?;
        }
        Ok(())
    });
    assert!(h.close(id(), "100").unwrap().is_empty());
    assert!(
        h.bar(id(), ["100", "104.99", "100", "103"]).unwrap().is_empty(),
        "104 was reached: the trail starts there"
    );
    // 105 sets off the stop; the trail stood at 104.99 - 3 = 101.99 and follows to 103.
    let out = Harness::submitted(&h.bar(id(), ["103", "106", "103", "105"]).unwrap());
    assert_eq!((out.len(), out[0].order, out[0].spec.kind), (1, order(1), OrderKind::Market));
    let out = Harness::submitted(&h.bar(id(), ["105", "105", "103", "104"]).unwrap());
    assert_eq!((out.len(), out[0].order), (1, order(2)));
    let out = Harness::submitted(&h.bar(id(), ["110", "110", "109", "110"]).unwrap());
    assert_eq!((out[0].order, out[0].spec.kind), (order(3), OrderKind::Limit { price: p("111") }));
    assert!(log.lock().unwrap().contains(&"1 Triggered".to_owned()));
}

#[test]
fn reduce_only_orders_never_turn_a_position_around() {
    let (mut h, log) = harness(|ctx, bar| match bar {
        1 => ctx.sell(id(), q(5)).reduce_only().submit().map(drop),
        2 => ctx.target_position(id(), q(4)),
        3 => ctx.sell(id(), q(9)).limit(p("120")).reduce_only().submit().map(drop),
        4 => ctx.target_position(id(), q(1)),
        _ => Ok(()),
    });
    h.close(id(), "100").unwrap();
    assert_eq!(status(&h, 1), OrderStatus::Denied);
    h.close(id(), "100").unwrap();
    h.fill(order(2), "100").unwrap();
    let sent = Harness::submitted(&h.close(id(), "100").unwrap());
    assert_eq!(sent[0].spec.quantity, q(4).into(), "cut down to what is held");
    h.accept(order(3)).unwrap();
    h.close(id(), "100").unwrap();
    assert_eq!(amends(&h.fill(order(4), "100").unwrap()), [(3, 1)], "one is left to reduce");
    assert_eq!(log.lock().unwrap()[1], "1 Denied");
}

#[test]
fn refusals_carry_a_code_and_the_numbers() {
    let venue = Capabilities::all_native().without(Feature::Fok, "there is no book");
    let (mut h, _) = with_venue(venue, |ctx, _| {
        ctx.buy(id(), "0.5".parse::<Quantity>()?).submit()?;
        ctx.buy(id(), q(1)).limit(p("100.005")).submit()?;
        ctx.buy(id(), q(1)).tif(TimeInForce::Fok).submit()?;
        ctx.buy(id(), q(20_000)).submit()?;
        Ok(())
    });
    assert!(h.close(id(), "100").unwrap().is_empty());
    let refusals: Vec<_> = h
        .engine()
        .denials()
        .iter()
        .map(|event| match &event.kind {
            OrderEventKind::Denied { code, text } => format!("{code}: {text}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        refusals,
        [
            "INVALID_ORDER: the quantity 0.5 is not a multiple of 1",
            "INVALID_ORDER: the price 100.005 is not a multiple of 0.01",
            "UNSUPPORTED: Fok is not supported: there is no book",
            "INSUFFICIENT_FUNDS: needs 200000 USD of margin, free are 100000",
        ]
    );
}

#[test]
fn an_order_before_the_first_price_is_refused() {
    struct Early;
    impl Strategy for Early {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.buy(id(), q(1)).submit().map(drop)
        }
    }
    let h = Harness::new([spy()], "1000 USD".parse().unwrap(), Early).unwrap();
    let OrderEventKind::Denied { code, .. } = &h.engine().denials()[0].kind else { panic!("not denied") };
    assert_eq!(*code, RejectCode::NoPrice);
}

#[test]
fn a_failing_strategy_is_halted_and_its_orders_cancelled() {
    let (mut h, log) = harness(|ctx, bar| {
        if bar == 1 {
            ctx.buy(id(), q(1)).limit(p("90")).submit()?;
        }
        if bar == 2 {
            ctx.buy(id(), q(7)).submit()?;
            return Err(StrategyError::other("out of ideas"));
        }
        Ok(())
    });
    h.close(id(), "100").unwrap();
    let commands = h.close(id(), "100").unwrap();
    assert_eq!((cancels(&commands), Harness::submitted(&commands).len()), (vec![1], 0));
    assert_eq!(h.engine().halts()[0].reason, "out of ideas");
    h.close(id(), "100").unwrap();
    assert_eq!(log.lock().unwrap().iter().filter(|line| line.starts_with("bar")).count(), 2);
}

#[test]
fn a_strategy_that_answers_itself_without_end_is_caught() {
    struct Loop;
    impl Strategy for Loop {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.buy(id(), q(0)).submit().map(drop)
        }
        fn on_order(&mut self, ctx: &mut Context<'_>, _: &OrderEvent) -> StrategyResult {
            ctx.buy(id(), q(0)).submit().map(drop)
        }
    }
    let error = Harness::new([spy()], "1000 USD".parse().unwrap(), Loop).unwrap_err();
    assert!(matches!(error, EngineError::RequestStorm { .. }));
}

#[test]
fn timers_come_in_order_and_again() {
    let (mut h, log) = harness(|ctx, bar| {
        if bar == 1 {
            let now = ctx.now();
            ctx.schedule("once", now.saturating_add(TimeDelta::hours(5)));
            ctx.schedule("never", now.saturating_add(TimeDelta::hours(6)));
            ctx.unschedule("never");
            ctx.schedule_every("often", now.saturating_add(TimeDelta::hours(3)), TimeDelta::hours(3))?;
        }
        Ok(())
    });
    h.close(id(), "100").unwrap();
    h.wait_until(h.now().saturating_add(TimeDelta::hours(9))).unwrap();
    let log = log.lock().unwrap();
    let timers: Vec<_> = log.iter().filter(|line| line.starts_with("timer")).map(|l| &l[6..11]).collect();
    assert_eq!(timers, ["often", "once ", "often", "often"]);
}

#[test]
fn longer_bars_are_built_and_told_after_the_short_one() {
    struct Two(Log);
    impl Strategy for Two {
        fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
            ctx.subscribe(Subscription::bars(id(), BarSpec::minutes(3)))?;
            ctx.subscribe(Subscription::bars(id(), BarSpec::minutes(1)).keep(2))
        }
        fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
            let forming = ctx.forming_bar(id(), BarSpec::minutes(3)).map(|bar| bar.close.to_string());
            let kept: Vec<_> =
                ctx.history(id(), BarSpec::minutes(1))?.map(|bar| bar.close.to_string()).collect();
            self.0.lock().unwrap().push(format!(
                "{} {} {:?} {}",
                bar.spec,
                bar.close,
                forming,
                kept.join(",")
            ));
            Ok(())
        }
    }
    let log = Log::default();
    let h = Harness::new([spy()], "1000 USD".parse().unwrap(), Two(log.clone())).unwrap();
    let mut h = h.step(TimeDelta::minutes(1));
    for price in ["1", "2", "3", "4"] {
        h.close(id(), price).unwrap();
    }
    assert_eq!(
        *log.lock().unwrap(),
        ["1m 1 None 1", "1m 2 Some(\"1\") 1,2", "1m 3 Some(\"2\") 2,3", "3m 3 None 2,3", "1m 4 None 3,4",]
    );
}

#[test]
fn a_journal_replays_to_the_same_commands() {
    let run = |journal: bool| {
        let (strategy, _) = scripted(BarSpec::day(), |ctx, bar| {
            buy_with_bracket(ctx, bar)?;
            ctx.target_position(id(), q((bar as i64 * 7) % 5))
        });
        let mut engine = crate::Engine::new(1, Asset::new("USD")?);
        let account = AccountKind::Margin { leverage: Decimal::from(10) };
        engine.add_venue(spy().venue(), Capabilities::all_native(), account);
        engine.add_instrument(spy())?;
        engine.deposit(spy().venue(), "100000 USD".parse()?)?;
        engine.add_strategy(StrategyId::new("s")?, Box::new(strategy))?;
        if journal {
            engine.start_journal();
        }
        Ok::<_, Box<dyn std::error::Error>>(engine)
    };
    let mut engine = run(true).unwrap();
    let mut commands = Vec::new();
    engine.start(Timestamp::EPOCH, &mut commands).unwrap();
    for day in 1..20 {
        let at = Timestamp::from_seconds(day * 86_400).unwrap();
        let price = Price::from_int(100 + day % 3);
        let bar = Bar {
            instrument: id(),
            spec: BarSpec::day(),
            ts_open: at,
            ts_close: at,
            ts_recv: at,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: q(1),
        };
        engine.market(&bar.into(), &mut commands).unwrap();
    }
    let journal = engine.take_journal().unwrap();
    assert!(journal.commands().len() > 15);

    let mut bytes = Vec::new();
    journal.write(&mut bytes).unwrap();
    let read = Journal::read(bytes.as_slice()).unwrap();
    assert_eq!(read, journal);
    replay(&mut run(false).unwrap(), &read).unwrap();

    let text = String::from_utf8(bytes).unwrap().replacen("\"102\"", "\"101\"", 1);
    let other = Journal::read(text.as_bytes()).unwrap();
    assert!(replay(&mut run(false).unwrap(), &other).is_ok(), "targets do not depend on the price here");
    let cut: String = text.lines().take(text.lines().count() - 1).map(|line| format!("{line}\n")).collect();
    let cut = Journal::read(cut.as_bytes()).unwrap();
    assert!(matches!(replay(&mut run(false).unwrap(), &cut), Err(EngineError::Diverged { .. })));
    assert!(matches!(Journal::read(&b"{}\n"[..]), Err(EngineError::Journal { line: 1, .. })));
}
