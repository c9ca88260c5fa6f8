//! Random orders, changes, fills and states at a venue that answers at once: no limit is ever exceeded, in the state reduce-only
//! no position grows, in a halt nothing leaves but what closes; and a replay is the same.

use std::collections::BTreeMap;

use algoflow_core::{
    command::Submit,
    order::{Liquidity, OrderRole},
    strategy::Strategy,
};
use proptest::{
    prelude::{ProptestConfig, prop},
    prop_assert, prop_assert_eq, prop_oneof, proptest,
    strategy::Strategy as Random,
    test_runner::TestCaseError,
};

use super::*;
use crate::{Control, Engine, risk::OrderRate};

const MOST: i64 = 20;
const MOST_OF_ORDER: i64 = 8;
const MOST_OPEN: usize = 6;
const RATE: OrderRate = OrderRate { orders: 3, per: TimeDelta::seconds(4) };

/// Does what the quantity of a trade says, so that a replay does the same.
struct Monkey;

impl Strategy for Monkey {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::Trades(id()))
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        let n = trade.quantity.mantissa();
        let side = if n & 1 == 0 { Side::Buy } else { Side::Sell };
        let quantity = q(1 + (n >> 4) % 12);
        let price = trade.price.checked_add(Price::from_int((n >> 8) % 9 - 4))?;
        let first = ctx.orders().next().map(|order| (order.id, order.spec.kind));
        match ((n >> 1) % 8, first) {
            (0..2, _) => drop(ctx.trade(id(), side, quantity).submit()?),
            (2..4, _) => drop(ctx.trade(id(), side, quantity).limit(price).submit()?),
            (4, _) => drop(ctx.trade(id(), side, quantity).stop(price).submit()?),
            (5, Some((order, OrderKind::Limit { .. }))) => {
                ctx.amend(order, OrderKind::Limit { price }, quantity)?;
            }
            (6, Some((order, _))) => ctx.cancel(order)?,
            (7, _) => {
                let exit = price.checked_add(Price::from_int(3))?;
                let stop = price.checked_sub(Price::from_int(3))?;
                let entry = ctx.trade(id(), side, quantity).limit(price);
                let (exit, stop) = if side == Side::Buy { (exit, stop) } else { (stop, exit) };
                entry.bracket(exit, stop).submit()?;
            }
            _ => {}
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Trade { n: i64, price: i64 },
    Fill { pick: usize, quantity: i64 },
    State(u8),
}

fn step() -> impl Random<Value = Step> {
    prop_oneof![
        6 => (0i64..1 << 12, 96i64..105).prop_map(|(n, price)| Step::Trade { n: n + 1, price }),
        5 => (0usize..8, 1i64..12).prop_map(|(pick, quantity)| Step::Fill { pick, quantity }),
        1 => (0u8..5).prop_map(Step::State),
    ]
}

/// What the venue has, and what a test knows without the engine.
struct Market {
    engine: Engine,
    now: Timestamp,
    last: i64,
    held: i64,
    /// Side, what is open.
    orders: BTreeMap<u64, (Submit, i64)>,
    sent: Vec<Timestamp>,
    fills: u64,
}

fn engine() -> Engine {
    let mut engine = Engine::new(1, "USD".parse().unwrap());
    engine.add_venue(spy().venue(), emulating(), AccountKind::Margin { leverage: Decimal::from(10) });
    engine.add_instrument(spy()).unwrap();
    engine.deposit(spy().venue(), "100000 USD".parse().unwrap()).unwrap();
    engine.add_strategy(StrategyId::new("monkey").unwrap(), Box::new(Monkey)).unwrap();
    let limits = limits()
        .max_order_quantity(q(MOST_OF_ORDER))
        .max_position_quantity(q(MOST))
        .max_open_orders(MOST_OPEN as u32)
        .price_collar_bps(300)
        .max_order_rate(RATE)
        .max_drawdown(crate::risk::LossLimit::amount(d("100")))
        .max_daily_loss(crate::risk::LossLimit::amount(d("60")).halt().flatten().resume_next_day());
    engine.set_limits(limits).unwrap();
    engine
}

impl Market {
    fn new() -> Self {
        let mut engine = engine();
        engine.start_journal();
        engine.start(Timestamp::EPOCH, &mut Vec::new()).unwrap();
        Self {
            engine,
            now: Timestamp::EPOCH,
            last: 0,
            held: 0,
            orders: BTreeMap::new(),
            sent: Vec::new(),
            fills: 0,
        }
    }

    fn signed(side: Side, quantity: i64) -> i64 {
        side.sign() * quantity
    }

    /// What is open on a side, but for one order and those that share its quantity.
    fn open_beside(&self, submit: &Submit) -> i64 {
        let number = |order: OrderId| self.engine.links.membership.get(&order).copied();
        let own = number(submit.order);
        let mut groups: BTreeMap<u64, i64> = BTreeMap::new();
        let mut sum = 0;
        for (other, open) in self.orders.values().filter(|(other, _)| other.spec.side == submit.spec.side) {
            match number(other.order) {
                group if other.order == submit.order || (own.is_some() && group == own) => {}
                None => sum += open,
                Some(group) => {
                    let most = groups.entry(group).or_default();
                    *most = (*most).max(*open);
                }
            }
        }
        sum + groups.values().sum::<i64>()
    }

    fn check(&mut self, submit: &Submit, open: i64, is_change: bool) -> Result<(), TestCaseError> {
        let side = submit.spec.side;
        let beside = self.open_beside(submit);
        let against = (-Self::signed(side, self.held)).max(0);
        let reduces = open <= against - beside;
        let closes = submit.spec.contingency.role == OrderRole::Close;
        let is_leg = matches!(submit.spec.contingency.role, OrderRole::TakeProfit | OrderRole::StopLoss);
        match self.engine.trading_state(None).unwrap() {
            TradingState::Active => {}
            TradingState::ReduceOnly => prop_assert!(reduces, "{submit:?} of {} with {beside}", self.held),
            TradingState::Halted => prop_assert!(closes || (is_leg && reduces), "{submit:?}"),
        }
        if reduces || closes {
            return Ok(());
        }
        prop_assert!(open <= MOST_OF_ORDER);
        prop_assert!(Self::signed(side, self.held) + beside + open <= MOST, "{submit:?}");
        prop_assert!(is_change || self.orders.len() < MOST_OPEN);
        for price in [submit.spec.kind.limit_price(), submit.spec.kind.trigger_price()].into_iter().flatten()
        {
            let away = price.to_decimal() - Decimal::from(self.last);
            prop_assert!(away.abs() * Decimal::from(100) <= Decimal::from(3 * self.last));
        }
        let since = self.now.saturating_sub(RATE.per);
        let sent = self.sent.iter().filter(|at| **at > since).count();
        prop_assert!(sent < RATE.orders as usize);
        Ok(())
    }

    fn report(&mut self, order: OrderId, kind: OrderEventKind) -> Result<(), TestCaseError> {
        let event = OrderEvent { order, instrument: id(), ts_event: self.now, ts_recv: self.now, kind };
        let mut commands = Vec::new();
        self.engine.order(&event, &mut commands).unwrap();
        self.answer(commands)
    }

    /// The venue does at once what it is told.
    fn answer(&mut self, commands: Vec<Command>) -> Result<(), TestCaseError> {
        for command in commands {
            match command {
                Command::Submit(submit) => {
                    let open = submit.spec.quantity.value().mantissa();
                    self.check(&submit, open, false)?;
                    self.sent.push(self.now);
                    self.orders.insert(submit.order.sequence, (submit, open));
                }
                Command::Amend(amend) => {
                    let filled = self.engine.state.orders.get(amend.order).unwrap().filled.mantissa();
                    let open = amend.quantity.mantissa() - filled;
                    let (mut submit, before) = self.orders[&amend.order.sequence];
                    if open > before || submit.spec.kind != amend.kind {
                        submit.spec.kind = amend.kind;
                        self.check(&submit, open, true)?;
                    }
                    self.sent.push(self.now);
                    // A total that has filled already is the order's end.
                    match open > 0 {
                        true => self.orders.insert(amend.order.sequence, (submit, open)),
                        false => self.orders.remove(&amend.order.sequence),
                    };
                    let kind = OrderEventKind::Amended { kind: amend.kind, quantity: amend.quantity };
                    self.report(amend.order, kind)?;
                }
                Command::Cancel(cancel) => {
                    if self.orders.remove(&cancel.order.sequence).is_some() {
                        let reason = CancelReason::Requested;
                        self.report(cancel.order, OrderEventKind::Cancelled { reason })?;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        Ok(())
    }

    fn fill(&mut self, pick: usize, quantity: i64) -> Result<(), TestCaseError> {
        let Some((submit, open)) = self.orders.values().nth(pick).copied() else { return Ok(()) };
        let quantity = quantity.min(open);
        let (order, side) = (submit.order, submit.spec.side);
        self.held += Self::signed(side, quantity);
        if quantity == open {
            self.orders.remove(&order.sequence);
        } else {
            self.orders.insert(order.sequence, (submit, open - quantity));
        }
        self.fills += 1;
        let fill = Fill {
            id: format!("{}", self.fills).into(),
            order,
            instrument: id(),
            side,
            price: Price::from_int(self.last),
            quantity: q(quantity),
            liquidity: Liquidity::Taker,
            fee: "0.01 USD".parse().unwrap(),
            ts_event: self.now,
            ts_recv: self.now,
        };
        self.report(order, OrderEventKind::Filled(fill))
    }

    fn run(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let before = (self.engine.trading_state(None).unwrap(), self.held.abs());
        self.now = self.now.saturating_add(TimeDelta::seconds(1));
        let mut commands = Vec::new();
        match *step {
            Step::Trade { n, price } => {
                self.last = price;
                let (at, price) = (self.now, Price::from_int(price));
                let trade = Trade {
                    instrument: id(),
                    ts_event: at,
                    ts_recv: at,
                    price,
                    quantity: q(n),
                    aggressor: None,
                };
                self.engine.market(&trade.into(), &mut commands).unwrap();
                self.answer(commands)?;
            }
            Step::Fill { pick, quantity } => self.fill(pick, quantity)?,
            Step::State(number) => {
                let (strategy, why) = (None, String::new());
                let action = match number {
                    0 => ControlAction::ReduceOnly { strategy, why },
                    1 | 2 => {
                        ControlAction::Halt { strategy, cancel_all: number == 1, flatten: number == 2, why }
                    }
                    _ => ControlAction::Resume { strategy, why },
                };
                self.engine.control(&Control { at: self.now, action }, &mut commands).unwrap();
                self.answer(commands)?;
            }
        }
        if self.engine.next_wakeup() <= self.now {
            let mut commands = Vec::new();
            self.engine.time(self.now, &mut commands).unwrap();
            self.answer(commands)?;
        }
        let after = self.engine.trading_state(None).unwrap();
        let position = self.engine.state.portfolio.position(0).quantity;
        prop_assert_eq!(position, q(self.held));
        prop_assert!(self.held.abs() <= MOST);
        if before.0 != TradingState::Active && after != TradingState::Active {
            prop_assert!(self.held.abs() <= before.1, "{} after {}", self.held, before.1);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn no_limit_is_ever_exceeded(steps in prop::collection::vec(step(), 1..120)) {
        let mut market = Market::new();
        let first = Step::Trade { n: 1 << 13 | 12, price: 100 };
        for step in std::iter::once(&first).chain(&steps) {
            market.run(step)?;
        }
        let journal = market.engine.take_journal().unwrap();
        let mut again = engine();
        replay(&mut again, &journal).unwrap();
        prop_assert!(again.risk_events().eq(market.engine.risk_events()));
        prop_assert_eq!(again.denials(), market.engine.denials());
        // What is counted can be put by and taken up again.
        let text = serde_json::to_string(&*market.engine.risk).unwrap();
        let read: crate::risk::RiskState = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
