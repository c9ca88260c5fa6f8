//! Orders that are worked at a venue that fills in parts, refuses, answers late and loses requests at random.
//!
//! The venue keeps its own truth. Commands reach it and reports come back in order, each when the test says so. The rules
//! are checked after every step; after the random part the venue answers everything, and all has to come to an end.

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::order::{Order, OrderQuantity};
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::works::{SavedWork, Works};

#[derive(Clone, Copy, Debug)]
struct Habits {
    /// Bits of what the venue does not do: amendments, IOC, display, worst prices, reduce-only.
    lacks: u8,
    /// One in how many requests of a kind is refused or lost; never if zero.
    refuse_orders: u8,
    refuse_amends: u8,
    refuse_cancels: u8,
    lose: u8,
    delay_fills: u8,
    min: i64,
    poor: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The strategy does something.
    Ask(u8, u8, u8),
    Arrive(u8),
    Fill(u8, u8),
    Report,
    LateFill(u8),
    Prove(u8),
    Quote(u8),
    Trade(u8),
    Wait(u8),
}

#[derive(Clone, Debug)]
struct AtVenue {
    total: i64,
    filled: i64,
    open: bool,
    side: Side,
    price: Option<Price>,
}

type Asks = Arc<Mutex<Vec<(u8, u8, u8)>>>;

struct World {
    h: Harness,
    asks: Asks,
    log: Log,
    habits: Habits,
    venue: BTreeMap<u64, AtVenue>,
    commands: VecDeque<Command>,
    reports: VecDeque<(u64, OrderEventKind)>,
    late_fills: Vec<(u64, OrderEventKind)>,
    lost: Vec<u64>,
    fills: u64,
    spent: Decimal,
    /// A fill was told after the end of its order, or past it.
    raced: bool,
    /// All that was commanded, to compare runs.
    trace: Vec<Command>,
}

const CASH: i64 = 100_000;

fn algorithm(which: u8, how: u8) -> Algorithm {
    let (seed, size) = (u64::from(how), q(3 + i64::from(how % 5)));
    let at_end = if how.is_multiple_of(2) { AtEnd::Take } else { AtEnd::Cancel };
    let span = TimeDelta::seconds(1 + i64::from(how % 90));
    let profile = VolumeProfile::new(TimeDelta::hours(12), vec![1.0, 2.0]).unwrap();
    match which % 9 {
        0 => Twap::new(span, 1 + u32::from(how % 7)).jitter(0.4, 0.4).seed(seed).at_end(at_end).into(),
        1 => Vwap::new(span, 1 + u32::from(how % 7), profile).at_end(at_end).into(),
        2 => Shortfall::new(span, 1 + u32::from(how % 7), 1.0, 1.0, 1e-3).at_end(at_end).into(),
        3 => Participation::new(0.3).within(span).at_end(at_end).into(),
        4 => Chunks::of(size, TimeDelta::seconds(i64::from(how % 4))).jitter(0.5, 0.5).seed(seed).into(),
        5 => Iceberg::new(size).jitter(0.5).seed(seed).into(),
        6 => Sniper::new().min_size(size).into(),
        7 => Peg::new(PegTo::Mid).every(TimeDelta::seconds(1)).within(span).at_end(at_end).into(),
        _ => Peg::new(PegTo::Own).max_chase(p("0.50")).into(),
    }
}

fn ask(ctx: &mut Context<'_>, (what, which, how): (u8, u8, u8)) -> StrategyResult {
    let size = 4 + i64::from(how % 30);
    let worked = |order: &&Order| {
        order.spec.contingency.role != OrderRole::TakeProfit
            && order.spec.contingency.role != OrderRole::StopLoss
    };
    let open: Vec<_> = ctx.orders().filter(worked).map(|o| (o.id, o.spec.kind, o.spec.side)).collect();
    let pick = (!open.is_empty()).then(|| open[usize::from(which) % open.len()]);
    match (what % 8, pick) {
        (0..=2, _) if open.len() < 3 => {
            let algorithm = algorithm(which, how);
            let needs_limit = matches!(algorithm, Algorithm::Iceberg(_) | Algorithm::Sniper(_));
            let mut order = ctx.buy(id(), q(size));
            if needs_limit || how % 3 == 0 {
                order = order.limit(p("10.50")).max_fee("3 USD".parse()?);
            }
            if how % 4 == 1 {
                order = order.max_slippage(200);
            }
            if what.is_multiple_of(8) && how.is_multiple_of(5) {
                order = order.bracket(p("30"), p("1"));
            }
            order.via(algorithm).submit().map(drop)
        }
        (3, Some((order, ..))) if how % 3 == 0 => ctx.cancel(order),
        (4, Some((order, kind, _))) => ctx.amend(order, kind, q(size)).or(Ok(())),
        (5, Some((order, OrderKind::Limit { .. }, _))) => {
            let price = p(["9.80", "10.20", "10.50", "11"][usize::from(how) % 4]);
            let total =
                ctx.order(order).and_then(|order| order.spec.quantity.base(Side::Buy)).unwrap_or(q(1));
            ctx.amend(order, OrderKind::Limit { price }, total).or(Ok(()))
        }
        (7, _) if how.is_multiple_of(16) => ctx.cancel_all(id()),
        _ => Ok(()),
    }
}

fn refusal() -> (RejectCode, String) {
    (RejectCode::Other, "x".to_owned())
}

fn unlucky(odds: u8, draw: u8) -> bool {
    odds > 0 && draw.is_multiple_of(odds)
}

impl World {
    fn new(habits: Habits) -> Self {
        let mut venue = native();
        let features = [Feature::Amend, Feature::Ioc, Feature::Display, Feature::WorstPrice];
        for (bit, feature) in features.into_iter().enumerate() {
            if habits.lacks >> bit & 1 == 1 {
                venue = venue.without(feature, "x");
            }
        }
        let mut instrument = spy().with_fees(Decimal::new(1, 2), Decimal::new(1, 2));
        instrument.limits.min_quantity = Some(q(habits.min));
        let asks = Asks::default();
        let queue = asks.clone();
        let (strategy, log) = scripted(BarSpec::Time(MINUTE), move |ctx, _| {
            let asked = std::mem::take(&mut *queue.lock().unwrap());
            asked.into_iter().try_for_each(|what| ask(ctx, what))
        });
        let cash = Money::new(Decimal::from(if habits.poor { 150 } else { CASH }), "USD".parse().unwrap());
        let mut h = Harness::with([instrument], cash, AccountKind::Cash, venue, strategy).unwrap();
        h = h.step(MINUTE);
        h.close(id(), "10").unwrap();
        Self {
            h: h.step(TimeDelta::millis(10)),
            asks,
            log,
            habits,
            venue: BTreeMap::new(),
            commands: VecDeque::new(),
            reports: VecDeque::new(),
            late_fills: Vec::new(),
            lost: Vec::new(),
            fills: 0,
            spent: Decimal::ZERO,
            raced: false,
            trace: Vec::new(),
        }
    }

    fn orders(&self) -> Vec<Order> {
        self.h.state().orders.iter().map(|order| order.into_owned()).collect()
    }

    fn take(&mut self, answer: Result<Vec<Command>, EngineError>) -> Result<(), TestCaseError> {
        let commands = answer.map_err(|error| TestCaseError::fail(format!("the engine stopped: {error}")))?;
        prop_assert!(commands.len() < 60, "{} commands at once", commands.len());
        for command in &commands {
            self.check_command(command)?;
        }
        self.trace.extend(commands.iter().cloned());
        self.commands.extend(commands);
        Ok(())
    }

    /// A1, A5: no parent is sent, and no slice beyond the bound.
    fn check_command(&self, command: &Command) -> Result<(), TestCaseError> {
        let id = command.order();
        prop_assert!(!self.h.engine().is_worked(id), "a parent: {command:?}");
        let slice = self.h.state().orders.get(id).unwrap().into_owned();
        let Some(parent) = slice.spec.contingency.parent.filter(|_| slice.spec.is_slice()) else {
            return Ok(());
        };
        let parent = self.h.state().orders.get(parent).unwrap().into_owned();
        let slipped = parent.spec.protection.max_slippage_bps.is_some();
        let prices = match command {
            Command::Submit(submit) => {
                prop_assert!(parent.is_open(), "{submit:?} for {parent:?}");
                submit.spec.kind.limit_price().or(submit.spec.protection.worst_price)
            }
            Command::Amend(amend) => amend.kind.limit_price(),
            _ => return Ok(()),
        };
        if let Some(limit) = parent.spec.kind.limit_price() {
            prop_assert!(prices.is_some_and(|price| price <= limit), "{command:?} for {parent:?}");
        }
        if slipped {
            // Two hundredths of at most 13.
            prop_assert!(prices.is_some_and(|price| price <= p("13.26")), "{command:?} for {parent:?}");
        }
        Ok(())
    }

    fn tell(&mut self, key: u64, kind: OrderEventKind) -> Result<(), TestCaseError> {
        let order = self.h.state().orders.get(order(key)).unwrap().into_owned();
        self.raced |= matches!(kind, OrderEventKind::Filled(_)) && !order.is_open();
        let answer = self.h.report(order.id, kind);
        self.take(answer)
    }

    fn arrive(&mut self, draw: u8) {
        let Some(command) = self.commands.pop_front() else { return };
        let key = command.order().sequence;
        let lost = unlucky(self.habits.lose, draw / 3);
        let answer = match command {
            Command::Submit(submit) => self.on_submit(&submit, draw, lost),
            Command::Amend(amend) => {
                let possible = self.venue.get(&key).is_some_and(|o| o.open && amend.quantity > q(o.filled));
                if !possible || unlucky(self.habits.refuse_amends, draw) {
                    let (code, text) = refusal();
                    Some(OrderEventKind::AmendRejected { code, text })
                } else {
                    if let Some(order) = self.venue.get_mut(&key) {
                        order.total = amend.quantity.mantissa();
                        order.price = amend.kind.limit_price();
                    }
                    Some(OrderEventKind::Amended { kind: amend.kind, quantity: amend.quantity })
                }
            }
            _ => match self.venue.get_mut(&key).filter(|order| order.open) {
                Some(order) if !unlucky(self.habits.refuse_cancels, draw) => {
                    order.open = false;
                    Some(OrderEventKind::Cancelled { reason: CancelReason::Requested })
                }
                _ => {
                    let (code, text) = refusal();
                    Some(OrderEventKind::CancelRejected { code, text })
                }
            },
        };
        let Some(answer) = answer else { return };
        if lost && !matches!(answer, OrderEventKind::Rejected { .. }) {
            self.lost.push(key);
            self.reports.push_back((key, OrderEventKind::OutcomeUnknown { evidence: "x".into() }));
        } else {
            self.reports.push_back((key, answer));
        }
    }

    fn on_submit(&mut self, submit: &Submit, draw: u8, lost: bool) -> Option<OrderEventKind> {
        let OrderQuantity::Base(total) = submit.spec.quantity else { panic!("not in the base") };
        let total: i64 = total.to_decimal().try_into().unwrap();
        assert!(total >= self.habits.min);
        if unlucky(self.habits.refuse_orders, draw) {
            let (code, text) = refusal();
            return Some(OrderEventKind::Rejected { code, text });
        }
        let key = submit.order.sequence;
        let price = submit.spec.kind.limit_price().or(submit.spec.protection.worst_price);
        let at_venue = AtVenue { total, filled: 0, open: true, side: submit.spec.side, price };
        // A lost request may have arrived or not.
        if !lost || draw.is_multiple_of(2) {
            self.venue.insert(key, at_venue);
        }
        if submit.spec.time_in_force == TimeInForce::Ioc && !lost {
            if !draw.is_multiple_of(3) {
                self.fill_order(key, draw);
            }
            if let Some(order) = self.venue.get_mut(&key).filter(|order| order.open) {
                order.open = false;
                return Some(OrderEventKind::Cancelled { reason: CancelReason::NotFilledAtOnce });
            }
            return None;
        }
        Some(OrderEventKind::Accepted { venue_order: None })
    }

    fn fill(&mut self, which: u8, how: u8) {
        let fills = |(key, order): &(&u64, &AtVenue)| order.open && !self.lost.contains(key);
        let open: Vec<u64> = self.venue.iter().filter(fills).map(|(key, _)| *key).collect();
        if let Some(key) = open.get(usize::from(which) % open.len().max(1)) {
            self.fill_order(*key, how);
        }
    }

    fn fill_order(&mut self, key: u64, how: u8) {
        let Some(order) = self.venue.get_mut(&key) else { return };
        let part = 1 + i64::from(how) % (order.total - order.filled);
        order.filled += part;
        order.open = order.filled < order.total;
        self.fills += 1;
        let price = order.price.unwrap_or(p("10"));
        let (side, fee) = (order.side, price.to_decimal() * Decimal::from(part) * Decimal::new(1, 2));
        let cost = price.to_decimal() * Decimal::from(part);
        self.spent += fee + if side == Side::Buy { cost } else { -cost };
        let fill = Fill {
            id: format!("v{}", self.fills).into(),
            order: super::order(key),
            instrument: id(),
            side,
            price,
            quantity: q(part),
            liquidity: algoflow_core::order::Liquidity::Maker,
            fee: Money::new(fee, "USD".parse().unwrap()),
            ts_event: self.h.now(),
            ts_recv: self.h.now(),
        };
        let fill = (key, OrderEventKind::Filled(fill));
        match unlucky(self.habits.delay_fills, how) {
            true => self.late_fills.push(fill),
            false => self.reports.push_back(fill),
        }
    }

    fn report(&mut self) -> Result<(), TestCaseError> {
        let Some((key, kind)) = self.reports.pop_front() else { return Ok(()) };
        self.tell(key, kind)
    }

    fn prove(&mut self, which: u8) -> Result<(), TestCaseError> {
        // The proof is as new as what was reported.
        if self.lost.is_empty() || !self.reports.is_empty() {
            return Ok(());
        }
        let key = self.lost.remove(usize::from(which) % self.lost.len());
        if !self.h.state().orders.get(order(key)).unwrap().is_open() {
            return Ok(());
        }
        let spec = self.h.state().orders.get(order(key)).unwrap().spec;
        match self.venue.get(&key).cloned() {
            Some(truth) if !truth.open && truth.filled < truth.total => {
                self.tell(key, OrderEventKind::Cancelled { reason: CancelReason::Requested })
            }
            Some(truth) => {
                let kind = match truth.price {
                    Some(price) if spec.kind.limit_price().is_some_and(|known| known != price) => {
                        OrderEventKind::Amended { kind: OrderKind::Limit { price }, quantity: q(truth.total) }
                    }
                    _ => OrderEventKind::Accepted { venue_order: None },
                };
                self.tell(key, kind)
            }
            None => {
                let (code, text) = refusal();
                self.tell(key, OrderEventKind::Rejected { code, text })
            }
        }
    }

    fn feed(&mut self, data: impl Into<MarketData>) -> Result<(), TestCaseError> {
        let answer = self.h.feed(data);
        self.take(answer)
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.h.now().saturating_add(TimeDelta::millis(10));
        match step {
            Step::Ask(a, b, c) => {
                self.asks.lock().unwrap().push((a, b, c));
                // A bar of the size that the strategy asked for.
                let bar = Bar {
                    instrument: id(),
                    spec: BarSpec::Time(MINUTE),
                    ts_open: self.h.now(),
                    ts_close: now,
                    ts_recv: now,
                    open: p("10"),
                    high: p("10"),
                    low: p("10"),
                    close: p("10"),
                    volume: q(5),
                };
                self.feed(bar)?;
            }
            Step::Arrive(draw) => self.arrive(draw),
            Step::Fill(which, how) => self.fill(which, how),
            Step::Report => self.report()?,
            Step::LateFill(which) if !self.late_fills.is_empty() => {
                let (key, kind) = self.late_fills.remove(usize::from(which) % self.late_fills.len());
                self.tell(key, kind)?;
            }
            Step::LateFill(_) => {}
            Step::Prove(which) => self.prove(which)?,
            Step::Quote(how) => {
                let mid = 900 + i64::from(how) * 400 / 256;
                let cents = |mantissa| Price::new(mantissa, algoflow_core::number::Scale::new(2).unwrap());
                let (bid, ask) = (cents(mid - 3), cents(mid + i64::from(how % 4)));
                let size = q(1 + i64::from(how % 9));
                let (ts_event, ts_recv) = (now, now);
                self.feed(Quote {
                    instrument: id(),
                    ts_event,
                    ts_recv,
                    bid,
                    bid_size: size,
                    ask,
                    ask_size: size,
                })?;
            }
            Step::Trade(how) => {
                let (price, quantity) =
                    (p(["9.50", "10", "10.50"][usize::from(how) % 3]), q(1 + i64::from(how % 20)));
                let (ts_event, ts_recv) = (now, now);
                self.feed(Trade { instrument: id(), ts_event, ts_recv, price, quantity, aggressor: None })?;
            }
            Step::Wait(seconds) => {
                let until = self.h.now().saturating_add(TimeDelta::seconds(i64::from(seconds % 32)));
                let answer = self.h.wait_until(until);
                self.take(answer)?;
            }
        }
        self.check_always()
    }

    fn check_always(&self) -> Result<(), TestCaseError> {
        let orders = self.orders();
        let sum = |of: &mut dyn Iterator<Item = i64>| of.sum::<i64>();
        let units = |quantity: Quantity| -> i64 { quantity.to_decimal().try_into().unwrap() };
        for parent in orders.iter().filter(|order| self.h.engine().is_worked(order.id)) {
            let slices: Vec<&Order> = orders.iter().filter(|o| o.spec.is_slice_of(parent.id)).collect();
            // A3.
            let filled = sum(&mut slices.iter().map(|slice| units(slice.filled)));
            prop_assert_eq!(units(parent.filled), filled, "{:?}", parent);
            // A2.
            let open =
                sum(&mut slices.iter().filter(|slice| slice.is_open()).map(|slice| units(slice.leaves())));
            let total = parent.spec.quantity.base(Side::Buy).map_or(0, units);
            prop_assert!(self.raced || filled + open <= total, "{filled} and {open} of {parent:?}");
            // A7.
            prop_assert!(self.raced || parent.is_open() || open == 0, "{parent:?} is over: {slices:?}");
            // A6.
            let fees = parent.average_price().unwrap_or_default() * parent.filled.to_decimal()
                / Decimal::ONE_HUNDRED;
            let max = parent.spec.protection.max_fee.map_or(Decimal::MAX, |max| max.amount);
            prop_assert!(self.raced || fees <= max, "fees of {fees} for {parent:?}");
            let is_worked = self.h.engine().works.all.contains_key(&parent.id);
            prop_assert!(is_worked || !parent.is_open(), "nobody works {parent:?}");
        }
        // A3: the ledger has what the slices and exits have filled.
        let signed = |order: &Order| match order.spec.side {
            Side::Buy => units(order.filled),
            Side::Sell => -units(order.filled),
        };
        let mut real = orders.iter().filter(|order| !self.h.engine().is_worked(order.id)).map(signed);
        let held = sum(&mut real);
        prop_assert_eq!(self.h.position(id()).quantity, q(held));
        let halts = self.h.engine().halts();
        prop_assert!(halts.is_empty(), "the test itself went wrong: {halts:?}");
        let parents = |line: &&String| !line.starts_with("bar");
        for line in self.log.lock().unwrap().iter().filter(parents) {
            let sequence: u64 = line.split(' ').next().unwrap().parse().unwrap();
            let told = self.h.state().orders.get(order(sequence)).unwrap().spec;
            prop_assert!(!told.is_slice(), "told of a slice: {line}");
        }
        Ok(())
    }

    /// The venue answers everything, and refuses nothing.
    fn calm(&mut self) -> Result<(), TestCaseError> {
        let calm = Habits { refuse_orders: 0, refuse_amends: 0, refuse_cancels: 0, lose: 0, ..self.habits };
        self.habits = calm;
        for _ in 0..5_000 {
            if !self.reports.is_empty() {
                self.report()?;
            } else if !self.lost.is_empty() {
                self.prove(0)?;
            } else if !self.commands.is_empty() {
                self.arrive(1);
            } else if let Some((key, kind)) = self.late_fills.pop() {
                self.tell(key, kind)?;
            } else {
                return self.check_always();
            }
        }
        Err(TestCaseError::fail("it never comes to rest"))
    }

    /// Everything is cancelled: nothing is set aside, worked or open any more.
    fn end(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..20 {
            self.step(Step::Ask(7, 0, 0))?;
            self.calm()?;
            self.step(Step::Wait(31))?;
            self.calm()?;
        }
        let open: Vec<Order> = self.orders().into_iter().filter(Order::is_open).collect();
        prop_assert!(open.is_empty(), "still open: {open:#?}");
        let engine = self.h.engine();
        prop_assert!(engine.works.all.is_empty() && engine.works.are_deaf(), "{:?}", engine.works);
        for (_, asset, balance) in self.h.state().portfolio.balances() {
            prop_assert!(balance.reserved.is_zero(), "still set aside: {asset} {balance:?}");
        }
        for (key, truth) in &self.venue {
            let known = self.h.state().orders.get(order(*key)).unwrap().into_owned();
            prop_assert_eq!(known.filled, q(truth.filled), "{:?}", known);
            prop_assert!(!truth.open, "{known:?} is open at the venue");
        }
        let usd = self.h.state().portfolio.balance(spy().venue(), "USD".parse().unwrap()).total;
        let paid_in = Decimal::from(if self.habits.poor { 150 } else { CASH });
        prop_assert_eq!(usd, paid_in - self.spent);
        Ok(())
    }

    /// Writes down what is worked, and goes on with what was read again.
    fn restart(&mut self) -> Result<(), TestCaseError> {
        let engine = self.h.engine_mut();
        let json = serde_json::to_string(&engine.works.save().unwrap()).unwrap();
        let saved: Vec<SavedWork> = serde_json::from_str(&json).unwrap();
        let mut works = Works::default();
        works.restore(saved).map_err(TestCaseError::fail)?;
        prop_assert_eq!(works.are_deaf(), engine.works.are_deaf());
        engine.works = works;
        Ok(())
    }
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    let byte = any::<u8>;
    let step = prop_oneof![
        3 => (byte(), byte(), byte()).prop_map(|(a, b, c)| Step::Ask(a, b, c)),
        6 => byte().prop_map(Step::Arrive),
        4 => (byte(), byte()).prop_map(|(a, b)| Step::Fill(a, b)),
        7 => Just(Step::Report),
        1 => byte().prop_map(Step::LateFill),
        1 => byte().prop_map(Step::Prove),
        2 => byte().prop_map(Step::Quote),
        1 => byte().prop_map(Step::Trade),
        3 => byte().prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..200)
}

fn habits() -> impl proptest::strategy::Strategy<Value = Habits> {
    let odds = || prop_oneof![2 => Just(0u8), 1 => 2u8..9];
    let refusals = (odds(), odds(), odds());
    (0..16u8, refusals, odds(), odds(), 1..4i64, any::<u8>()).prop_map(
        |(lacks, (refuse_orders, refuse_amends, refuse_cancels), lose, delay_fills, min, poor)| Habits {
            lacks,
            refuse_orders,
            refuse_amends,
            refuse_cancels,
            lose,
            delay_fills,
            min,
            poor: poor.is_multiple_of(8),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A1 to A13.
    #[test]
    fn the_rules_hold_at_any_venue(habits in habits(), steps in steps()) {
        let mut world = World::new(habits);
        for step in steps {
            world.step(step)?;
        }
        world.calm()?;
        world.end()?;
    }

    /// A13: the same again, also if it is interrupted at every step.
    #[test]
    fn a_restart_changes_nothing(habits in habits(), steps in steps()) {
        let (mut through, mut again) = (World::new(habits), World::new(habits));
        for step in steps {
            through.step(step)?;
            again.restart()?;
            again.step(step)?;
        }
        prop_assert_eq!(through.trace, again.trace);
    }
}
