//! Protected positions at a venue that fills in parts, refuses, expires and forgets at random.

use algoflow_core::{
    command::Command,
    order::{CancelReason, OrderEventKind, OrderRole, OrderStatus, RejectCode},
    prelude::*,
};
use algoflow_strategies::{
    Direction, DonchianBreakout, DonchianBreakoutParams, RsiReversion, RsiReversionParams, Sizing,
};

use crate::market::{Market, q, spy};

/// A linear congruential generator (Knuth's MMIX): the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Changes are confirmed at once: what an order that is changed and filled at the same time becomes is the engine's matter.
fn confirm_amendments(market: &mut Market, commands: Vec<Command>) {
    let mut commands = commands;
    while let Some(command) = commands.pop() {
        if let Command::Amend(amend) = command {
            let amended = OrderEventKind::Amended { kind: amend.kind, quantity: amend.quantity };
            commands.extend(market.harness.report(amend.order, amended).unwrap());
        }
    }
}

/// One thing that may happen to an order that is at the venue.
fn whatever(order: &Order, random: &mut Random) -> Option<OrderEventKind> {
    let refusal = (RejectCode::Simulated, "at random".to_owned());
    Some(match (order.status, random.below(10)) {
        (OrderStatus::Submitted, 0) => OrderEventKind::Rejected { code: refusal.0, text: refusal.1 },
        (OrderStatus::Submitted, 1..5) => OrderEventKind::Accepted { venue_order: None },
        (OrderStatus::PendingCancel, 0..6) => OrderEventKind::Cancelled { reason: CancelReason::Requested },
        (OrderStatus::PendingCancel, 6) => {
            OrderEventKind::CancelRejected { code: refusal.0, text: refusal.1 }
        }
        (OrderStatus::Accepted | OrderStatus::PartiallyFilled, 0) if random.below(4) == 0 => {
            OrderEventKind::Expired
        }
        _ => return None,
    })
}

fn at_venue(market: &Market) -> Vec<Order> {
    let open = market.harness.state().orders.open();
    open.filter(|order| order.status.is_at_venue()).cloned().collect()
}

/// Something or nothing happens to each order, market orders more often than protective ones.
fn one_round(market: &mut Market, random: &mut Random, price: f64) {
    for order in at_venue(market) {
        let patience = if order.spec.kind == OrderKind::Market { 2 } else { 12 };
        // An earlier event of this round may have ended it.
        if !market.harness.state().orders.get(order.id).unwrap().is_open() {
            continue;
        }
        let answer = if random.below(patience) == 0 {
            let leaves = market.harness.state().orders.get(order.id).unwrap().leaves();
            let part = q(1 + random.below(leaves.mantissa().unsigned_abs()) as i64);
            market.harness.fill_part(order.id, part, &format!("{price:.2}")).unwrap()
        } else if let Some(kind) = whatever(&order, random) {
            let current = market.harness.state().orders.get(order.id).unwrap();
            if current.status != order.status {
                continue;
            }
            market.harness.report(order.id, kind).unwrap()
        } else {
            continue;
        };
        confirm_amendments(market, answer);
    }
}

/// Nothing may be held without a stop, an order that closes, or a cancellation that the close waits for.
fn assert_guarded(market: &Market, seed: u64, day: usize) {
    if market.held(spy()) == 0 {
        return;
    }
    let side = if market.held(spy()) > 0 { Side::Sell } else { Side::Buy };
    let guards = |order: &Order| {
        let role = order.spec.contingency.role;
        (matches!(role, OrderRole::StopLoss | OrderRole::Close) && order.spec.side == side)
            || order.status == OrderStatus::PendingCancel
    };
    let orders: Vec<_> = market.harness.state().orders.open().collect();
    assert!(orders.iter().any(|order| guards(order)), "seed {seed}, day {day}: {orders:#?}");
}

/// Trades at random for a while, then at a venue that does everything at once. Returns how many entries were sent.
fn run(strategy: impl Strategy + 'static, seed: u64) -> usize {
    let mut random = Random(seed);
    let mut market = Market::new(&["SPY.NYSE"], strategy);
    let mut price = 100.0_f64;
    for day in 0..300 {
        price = (price + random.below(701) as f64 / 100.0 - 3.5).clamp(50.0, 150.0);
        let commands = market.close(spy(), price);
        confirm_amendments(&mut market, commands);
        assert_guarded(&market, seed, day);
        for _ in 0..3 {
            one_round(&mut market, &mut random, price);
        }
    }
    // A last wave: the signals to leave come, whichever way the position is.
    for day in 0..60 {
        price = 100.0 + 30.0 * (f64::from(day) / 4.0).sin();
        let commands = market.close(spy(), price);
        confirm_amendments(&mut market, commands);
        assert_guarded(&market, seed, 300 + day as usize);
        for _ in 0..6 {
            for order in at_venue(&market) {
                let current = market.harness.state().orders.get(order.id).unwrap();
                let answer = match current.status {
                    OrderStatus::PendingCancel => market.harness.cancelled(order.id).unwrap(),
                    status if status.is_final() => continue,
                    // Entries are not answered any more, so that nothing new is held.
                    _ if order.spec.contingency.role == OrderRole::Entry => {
                        market.harness.report(order.id, OrderEventKind::Expired).unwrap_or_default()
                    }
                    _ if order.spec.kind == OrderKind::Market => {
                        market.harness.fill(order.id, &format!("{price:.2}")).unwrap()
                    }
                    _ => continue,
                };
                confirm_amendments(&mut market, answer);
            }
        }
    }
    let left: Vec<_> = market.harness.state().orders.open().collect();
    assert!(
        market.held(spy()) == 0 && left.is_empty(),
        "seed {seed}: {} held, {left:#?}",
        market.held(spy())
    );
    let orders = market.harness.state().orders.iter();
    orders.filter(|order| order.spec.contingency.role == OrderRole::Entry).count()
}

#[test]
fn an_rsi_position_is_always_guarded_and_never_stuck() {
    for seed in 0..200 {
        let params = RsiReversionParams {
            period: 2,
            atr_period: 3,
            sizing: Sizing::Quantity(q(10)),
            direction: Direction::LongShort,
            ..RsiReversionParams::new(spy())
        };
        let entries = run(RsiReversion::from_params(params).unwrap(), seed);
        assert!(entries > 15, "seed {seed}: stuck after {entries} entries");
    }
}

#[test]
fn a_breakout_position_is_always_guarded_and_never_stuck() {
    for seed in 0..200 {
        let params = DonchianBreakoutParams {
            entry: 6,
            exit: 3,
            atr_period: 3,
            sizing: Sizing::Quantity(q(10)),
            direction: Direction::LongShort,
            ..DonchianBreakoutParams::new(spy())
        };
        let entries = run(DonchianBreakout::from_params(params).unwrap(), seed);
        assert!(entries > 15, "seed {seed}: stuck after {entries} entries");
    }
}
