use std::collections::BTreeMap;

use algoflow_core::{
    capabilities::Capabilities,
    id::{ExecutionId, VenueOrderId},
    ledger::AccountKind,
    order::{Liquidity, OrderKind, OrderStatus},
    prelude::*,
    strategy::Strategy,
    venue::{BalanceReport, FillReport, OrderReport, ReportedStatus},
};
use proptest::prelude::{Strategy as Any, *};

use super::*;

/// Buys ten at a limit at every trade.
struct Buyer(InstrumentId);

impl Strategy for Buyer {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(self.0))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        ctx.buy(self.0, Quantity::from_int(10)).limit(trade.price).submit().map(|_| ())
    }
}

fn spot() -> Instrument {
    Instrument::spot("BTC-USD.X").unwrap()
}

fn perpetual() -> Instrument {
    Instrument::perpetual("BTC-USD.X").unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

fn order(sequence: u64) -> OrderId {
    OrderId { run: 1, strategy: 0, sequence }
}

fn venue() -> VenueId {
    spot().venue()
}

fn asset(name: &str) -> Asset {
    name.parse().unwrap()
}

/// An engine with this many orders on their way, which was paid 100,000 USD.
fn engine(instrument: &Instrument, orders: i64) -> Engine {
    let mut engine = Engine::new(1, asset("USD"));
    let kind = AccountKind::Margin { leverage: Decimal::TEN };
    engine.add_venue(venue(), Capabilities::all_native(), kind);
    engine.add_instrument(instrument.clone()).unwrap();
    engine.deposit(venue(), "100000 USD".parse().unwrap()).unwrap();
    engine.add_strategy("buyer".parse().unwrap(), Box::new(Buyer(instrument.id))).unwrap();
    engine.tolerate().unwrap();
    let mut commands = Vec::new();
    engine.start(at(0), &mut commands).unwrap();
    for second in 1..=orders {
        let (instrument, price, quantity) = (instrument.id, Price::from_int(100), Quantity::ONE);
        let (ts_event, ts_recv) = (at(second), at(second));
        let trade = Trade { instrument, ts_event, ts_recv, price, quantity, aggressor: None };
        engine.market(&trade.into(), &mut commands).unwrap();
    }
    assert_eq!(commands.len(), usize::try_from(orders).unwrap());
    engine
}

fn tell(engine: &mut Engine, sequence: u64, seconds: i64, kind: OrderEventKind) {
    let instrument = engine.state().orders.get(order(sequence)).unwrap().spec.instrument;
    let (ts_event, ts_recv) = (at(seconds), at(seconds));
    let event = OrderEvent { order: order(sequence), instrument, ts_event, ts_recv, kind };
    engine.order(&event, &mut Vec::new()).unwrap();
}

fn accept(engine: &mut Engine, sequence: u64) {
    let venue_order = Some(VenueOrderId::new(&format!("v{sequence}")));
    tell(engine, sequence, 50, OrderEventKind::Accepted { venue_order });
}

fn report(engine: &Engine, sequence: u64, status: ReportedStatus, filled: i64) -> OrderReport {
    OrderReport {
        order: Some(order(sequence)),
        venue_order: Some(VenueOrderId::new(&format!("v{sequence}"))),
        spec: engine.state().orders.get(order(sequence)).unwrap().spec,
        status,
        filled: Quantity::from_int(filled),
        ts_event: at(60),
    }
}

fn fill(engine: &Engine, sequence: u64, name: &str, quantity: i64) -> FillReport {
    FillReport {
        order: Some(order(sequence)),
        venue_order: None,
        id: ExecutionId::new(name),
        instrument: engine.state().orders.get(order(sequence)).unwrap().spec.instrument,
        side: Side::Buy,
        price: Price::from_int(100),
        quantity: Quantity::from_int(quantity),
        liquidity: Liquidity::Maker,
        fee: "1 USD".parse().unwrap(),
        ts_event: at(55),
    }
}

/// What the account holds after so many units were bought at 100, with fees.
fn snapshot(bought: i64, fees: i64) -> AccountSnapshot {
    let balance = |name, total: i64| BalanceReport {
        asset: asset(name),
        total: Decimal::from(total),
        locked: Decimal::ZERO,
    };
    let mut balances = vec![balance("USD", 100_000 - bought * 100 - fees)];
    if bought != 0 {
        balances.push(balance("BTC", bought));
    }
    AccountSnapshot { balances, complete_since: at(0), watermark: at(100), ..AccountSnapshot::default() }
}

fn compare(engine: &Engine, snapshot: &AccountSnapshot, known: &Knowledge) -> Reconciliation {
    reconcile(engine, venue(), snapshot, known, ExternalPolicy::Adopt, at(100))
}

/// Takes in the corrections of a snapshot until there are none; what the last comparison found.
fn set_right(engine: &mut Engine, snapshot: &AccountSnapshot, known: &Knowledge) -> Reconciliation {
    for _ in 0..MAX_PASSES {
        let outcome = compare(engine, snapshot, known);
        if outcome.corrections.is_empty() {
            return outcome;
        }
        for correction in &outcome.corrections {
            engine.process(correction, &mut Vec::new()).unwrap();
        }
    }
    panic!("{MAX_PASSES} comparisons were not enough: {:?}", compare(engine, snapshot, known));
}

fn position(engine: &Engine) -> Quantity {
    engine.portfolio().positions().fold(Quantity::ZERO, |sum, (_, p)| sum.checked_add(p.quantity).unwrap())
}

/// A restart must not take a held position for one that is not ours: nautilus_trader issue 4736.
#[test]
fn a_position_that_is_held_stays_after_a_restart() {
    let mut engine = engine(&spot(), 1);
    accept(&mut engine, 1);
    let mut there = snapshot(10, 1);
    there.orders = vec![report(&engine, 1, ReportedStatus::Filled, 10)];
    there.fills = vec![fill(&engine, 1, "a", 10)];
    let outcome = set_right(&mut engine, &there, &Knowledge::default());
    assert!(outcome.is_clean(), "{outcome:?}");
    assert_eq!(position(&engine), Quantity::from_int(10));
    assert!(outcome.findings.is_empty(), "everything is explained");
}

/// A snapshot that is older than the stream must not open anything: nautilus_trader issue 4517 (Y2).
#[test]
fn what_the_stream_told_after_the_snapshot_stays() {
    let mut engine = engine(&spot(), 1);
    accept(&mut engine, 1);
    let mut there = snapshot(0, 0);
    there.orders = vec![report(&engine, 1, ReportedStatus::Open, 0)];
    there.watermark = at(60);
    let told = fill(&engine, 1, "a", 10);
    let filled = OrderEventKind::Filled(algoflow_core::order::Fill {
        id: told.id,
        order: order(1),
        instrument: told.instrument,
        side: told.side,
        price: told.price,
        quantity: told.quantity,
        liquidity: told.liquidity,
        fee: told.fee,
        ts_event: at(70),
        ts_recv: at(70),
    });
    tell(&mut engine, 1, 70, filled);
    let known = Knowledge { newest_fill: Some(at(70)), ..Knowledge::default() };
    let outcome = compare(&engine, &there, &known);
    assert_eq!((outcome.corrections.len(), outcome.is_clean()), (0, false), "{outcome:?}");
    // An order that was cancelled since stays cancelled.
    let mut engine = self::engine(&spot(), 1);
    accept(&mut engine, 1);
    let known = Knowledge { newest: BTreeMap::from([(order(1), at(70))]), ..Knowledge::default() };
    there.orders.clear();
    assert!(compare(&engine, &there, &known).corrections.is_empty());
}

/// Working orders stay, whether the venue lists what ended or not: nautilus_trader issue 5000.
#[test]
fn orders_that_work_stay() {
    let mut engine = engine(&spot(), 3);
    for sequence in 1..=3 {
        accept(&mut engine, sequence);
    }
    let mut there = snapshot(0, 0);
    there.orders = (1..=3).map(|sequence| report(&engine, sequence, ReportedStatus::Open, 0)).collect();
    assert!(set_right(&mut engine, &there, &Knowledge::default()).is_clean());
    assert_eq!(engine.state().orders.open().count(), 3);
    // One is missing: that is a question, not an answer (Y7).
    there.orders.pop();
    let mut known = Knowledge::default();
    for _ in 1..CONFIRMATIONS {
        let outcome = compare(&engine, &there, &known);
        assert!(outcome.corrections.is_empty() && outcome.open.contains_key(&order(3)), "{outcome:?}");
        known.missing = outcome.missing;
    }
    let outcome = compare(&engine, &there, &known);
    assert_eq!(outcome.findings.first().map(|finding| finding.code), Some("ORDER_VANISHED"));
    assert_eq!(outcome.corrections.len(), 1);
}

/// A position in contracts that differs is set right to what the venue has, and the books still add up: nautilus_trader issue
/// 3104.
#[test]
fn a_position_in_contracts_becomes_the_venues() {
    let mut engine = engine(&perpetual(), 1);
    accept(&mut engine, 1);
    let mut there = snapshot(0, 0);
    there.orders = vec![report(&engine, 1, ReportedStatus::Open, 0)];
    there.positions = vec![(perpetual().id, Quantity::from_int(-7))];
    let outcome = set_right(&mut engine, &there, &Knowledge::default());
    assert!(outcome.is_clean(), "{outcome:?}");
    assert_eq!(position(&engine), Quantity::from_int(-7));
    let ours = engine.state().position(0, 0).quantity;
    assert!(ours.is_zero(), "it is not the strategy's");
}

/// An order that is not found is not one that failed: hummingbot issue 8457 (Y1).
#[test]
fn not_found_proves_nothing_before_its_time() {
    let engine = engine(&spot(), 1);
    let there = snapshot(0, 0);
    let doubted = BTreeSet::from([order(1)]);
    let mut known = Knowledge { doubted, ..Knowledge::default() };
    let outcome = compare(&engine, &there, &known);
    assert!(outcome.lost.is_empty() && outcome.corrections.is_empty() && !outcome.is_clean());
    known.settled.insert(order(1));
    let mut short = there.clone();
    short.complete_since = at(30);
    assert!(compare(&engine, &short, &known).lost.is_empty(), "the history does not reach back to it");
    assert_eq!(compare(&engine, &there, &known).lost, [order(1)]);
    known.in_flight.insert(order(1));
    assert!(compare(&engine, &there, &known).lost.is_empty());
}

/// Fills during an interruption are taken in, in the order of time, before the end of their order: Lean issue 249 (Y3).
#[test]
fn fills_that_were_missed_are_taken_in() {
    let mut engine = engine(&spot(), 1);
    accept(&mut engine, 1);
    let mut there = snapshot(7, 2);
    there.orders = vec![report(&engine, 1, ReportedStatus::Cancelled, 7)];
    let (mut first, mut second) = (fill(&engine, 1, "a", 3), fill(&engine, 1, "b", 4));
    (first.ts_event, second.ts_event) = (at(52), at(53));
    there.fills = vec![second.clone(), first, second];
    let outcome = set_right(&mut engine, &there, &Knowledge::default());
    assert!(outcome.is_clean(), "{outcome:?}");
    let known = engine.state().orders.get(order(1)).unwrap();
    assert_eq!((known.status, known.filled), (OrderStatus::Cancelled, Quantity::from_int(7)));
}

#[test]
fn fills_that_are_counted_but_not_listed_are_not_made_up() {
    let mut engine = engine(&spot(), 1);
    accept(&mut engine, 1);
    let mut there = snapshot(5, 0);
    there.orders = vec![report(&engine, 1, ReportedStatus::Open, 5)];
    let outcome = compare(&engine, &there, &Knowledge::default());
    assert!(outcome.corrections.is_empty() && outcome.open.contains_key(&order(1)), "{outcome:?}");
    assert!(!outcome.totals_compared, "the balances are not set right behind its back (Y4)");
}

#[test]
fn what_is_not_ours_is_adopted_ignored_or_a_reason_to_halt() {
    let mut engine = engine(&spot(), 0);
    let mut there = snapshot(0, 0);
    there.balances[0].total += Decimal::from(500);
    let spec = OrderSpec::limit(spot().id, Side::Buy, Quantity::from_int(4), Price::from_int(90));
    there.orders = vec![OrderReport {
        order: None,
        venue_order: Some("by-hand".into()),
        spec,
        status: ReportedStatus::Open,
        filled: Quantity::from_int(1),
        ts_event: at(60),
    }];
    let known = Knowledge::default();
    let with = |engine: &Engine, policy| reconcile(engine, venue(), &there, &known, policy, at(100));
    let halted = with(&engine, ExternalPolicy::Halt);
    assert!(halted.halt && halted.corrections.is_empty() && !halted.is_clean());
    let ignored = with(&engine, ExternalPolicy::Ignore);
    assert!(ignored.corrections.is_empty() && ignored.is_clean(), "{ignored:?}");
    let outcome = set_right(&mut engine, &there, &known);
    assert!(outcome.is_clean(), "{outcome:?}");
    let adopted = engine.state().orders.open().next().unwrap();
    assert_eq!(adopted.leaves(), Quantity::from_int(3));
    assert_eq!(engine.portfolio().balance(venue(), asset("USD")).total, Decimal::from(100_500));
    // When it fills, that is ours.
    let mut later = there.clone();
    later.orders[0].status = ReportedStatus::Cancelled;
    let outcome = set_right(&mut engine, &later, &known);
    assert!(outcome.is_clean(), "{outcome:?}");
    assert_eq!(engine.state().orders.open().count(), 0);
}

#[test]
fn a_change_that_took_effect_is_known_by_its_terms() {
    let mut engine = engine(&spot(), 1);
    accept(&mut engine, 1);
    let mut there = snapshot(0, 0);
    there.orders = vec![report(&engine, 1, ReportedStatus::Open, 0)];
    there.orders[0].spec.kind = OrderKind::Limit { price: Price::from_int(99) };
    let outcome = compare(&engine, &there, &Knowledge::default());
    assert_eq!(outcome.findings.first().map(|finding| finding.code), Some("EXTERNAL_AMEND"));
    assert!(set_right(&mut engine, &there, &Knowledge::default()).is_clean());
    let kind = engine.state().orders.get(order(1)).unwrap().spec.kind;
    assert_eq!(kind, OrderKind::Limit { price: Price::from_int(99) });
}

/// How an order of ours stands at the venue.
#[derive(Clone, Debug)]
struct There {
    listed: bool,
    status: u8,
    fills: Vec<i64>,
    accepted: bool,
}

fn there() -> impl Any<Value = There> {
    let fills = proptest::collection::vec(1i64..4, 0..3);
    (any::<bool>(), 0u8..3, fills, any::<bool>()).prop_map(|(listed, status, fills, accepted)| There {
        listed,
        status,
        fills,
        accepted,
    })
}

proptest! {
    /// Y5, Y6, and that what was compared agrees afterwards.
    #[test]
    fn corrections_do_not_depend_on_order_and_leave_nothing(
        orders in proptest::collection::vec(there(), 1..6),
        shuffle in any::<u64>(),
    ) {
        let mut engine = engine(&spot(), i64::try_from(orders.len()).unwrap());
        let mut bought = 0;
        let mut fees = 0;
        let mut snapshot = snapshot(0, 0);
        for (sequence, there) in (1..).zip(&orders) {
            if there.accepted {
                accept(&mut engine, sequence);
            }
            if !there.listed {
                continue;
            }
            let filled: i64 = there.fills.iter().sum();
            let status = match there.status {
                0 => ReportedStatus::Open,
                1 => ReportedStatus::Cancelled,
                _ => ReportedStatus::Expired,
            };
            for (number, quantity) in there.fills.iter().enumerate() {
                snapshot.fills.push(fill(&engine, sequence, &format!("{sequence}-{number}"), *quantity));
            }
            bought += filled;
            fees += i64::try_from(there.fills.len()).unwrap();
            snapshot.orders.push(report(&engine, sequence, status, filled));
        }
        snapshot.balances = self::snapshot(bought, fees).balances;
        let known = Knowledge { doubted: (1..=6).map(order).collect(), ..Knowledge::default() };
        let first = compare(&engine, &snapshot, &known);
        let mut shuffled = snapshot.clone();
        let turn = usize::try_from(shuffle % 7).unwrap();
        shuffled.orders.reverse();
        shuffled.fills.rotate_left(turn.min(snapshot.fills.len()));
        shuffled.balances.reverse();
        prop_assert_eq!(&first, &compare(&engine, &shuffled, &known));
        let last = set_right(&mut engine, &snapshot, &known);
        prop_assert_eq!(&last, &compare(&engine, &snapshot, &known));
        if last.is_clean() {
            let total = engine.portfolio().balance(venue(), asset("USD")).total;
            prop_assert_eq!(total, snapshot.balances[0].total);
            prop_assert_eq!(position(&engine), Quantity::from_int(bought));
        } else {
            // Only what is not listed is open.
            let open = orders.iter().filter(|there| !there.listed).count();
            prop_assert_eq!(last.open.len(), open);
        }
    }
}
