//! Linked orders at a venue that fills in parts, refuses, answers late and loses requests at random.
//!
//! The venue keeps its own truth. Commands reach it and reports come back in order, each when the test says so;
//! acknowledgements may come later still. After the random part it answers everything, and the rules C1 to C8 must hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use algoflow_core::order::{CancelReason, OrderQuantity, OrderRole};
use algoflow_core::state::OrderView;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::links::MAX_ASKS;

mod rules;
mod saved;

/// What the venue has of an order.
#[derive(Clone, Debug)]
struct AtVenue {
    total: i64,
    filled: i64,
    open: bool,
}

#[derive(Clone, Copy, Debug)]
struct Habits {
    amends: bool,
    emulate_stop: bool,
    /// Everything is delivered before anything else happens, so that there are no races.
    at_once: bool,
    /// One in how many requests of a kind is refused or lost; never if zero.
    refuse_orders: u8,
    refuse_amends: u8,
    refuse_cancels: u8,
    lose: u8,
    /// One in how many fills is told late, also after the end of its order.
    delay_fills: u8,
    min: i64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The strategy does something.
    Ask(u8, u8, u8),
    /// The next command arrives.
    Arrive(u8),
    /// An open order fills in part.
    Fill(u8, u8),
    /// The next report comes in.
    Report,
    /// A delayed acknowledgement comes in.
    LateAck(u8),
    /// What became of a lost request becomes known.
    Prove(u8),
    /// A bar.
    Bar(u8),
}

type Asks = Arc<Mutex<Vec<(u8, u8, u8)>>>;
type Touched = Arc<Mutex<BTreeSet<u64>>>;

struct World {
    h: Harness,
    asks: Asks,
    /// Orders that the strategy cancelled or gave another quantity.
    touched: Touched,
    log: Log,
    habits: Habits,
    venue: BTreeMap<u64, AtVenue>,
    commands: VecDeque<Command>,
    reports: VecDeque<(u64, OrderEventKind)>,
    late: Vec<u64>,
    lost: Vec<u64>,
    late_fills: Vec<(u64, OrderEventKind)>,
    repeat: Option<(u64, OrderEventKind)>,
    fills: u64,
    draws: u8,
    /// An exit filled what was no longer there, while something was on its way.
    raced: bool,
    refused_cancel: bool,
    /// Orders that the venue would not cancel, and how often it was asked after they were over.
    kept: BTreeMap<u64, u8>,
    refused_order: bool,
}

fn ask(ctx: &mut Context<'_>, touched: &Touched, (what, which, how): (u8, u8, u8)) -> StrategyResult {
    let mut touched = touched.lock().unwrap();
    let size = 1 + i64::from(how % 9);
    let open: Vec<_> = ctx.orders().map(|o| (o.id, o.spec.kind, o.spec.quantity)).collect();
    let pick = (!open.is_empty()).then(|| open[usize::from(which) % open.len()]);
    match (what % 8, pick) {
        (0, _) => ctx.buy(id(), q(size)).limit(p("10")).bracket(p("12"), p("8")).submit().map(drop),
        (1, _) => ctx.buy(id(), q(size)).limit(p("10")).stop_loss(p("8")).submit().map(drop),
        (2, _) => {
            let group = ctx.new_group();
            ctx.buy(id(), q(size)).limit(p("9")).one_cancels_other(group).submit()?;
            let other = 1 + i64::from(which % 9);
            ctx.buy(id(), q(other)).stop(p("11")).one_cancels_other(group).submit().map(drop)
        }
        (3, _) => {
            let parent = ctx.buy(id(), q(size)).limit(p("10")).submit()?;
            ctx.sell(id(), q(size)).limit(p("11")).after(parent).submit().map(drop)
        }
        (4, Some((order, ..))) if how % 4 == 0 => {
            touched.insert(order.sequence);
            ctx.cancel(order)
        }
        (5, Some((order, kind, OrderQuantity::Base(quantity)))) => {
            let quantity = if how % 2 == 0 { quantity } else { q(size) };
            if how % 2 == 1 {
                touched.insert(order.sequence);
            }
            ctx.amend(order, kind, quantity).or(Ok(()))
        }
        (6, _) => {
            let parent = ctx.buy(id(), q(size)).limit(p("10")).submit()?;
            ctx.buy(id(), q(size)).limit(p("9.50")).after(parent).bracket(p("12"), p("8")).submit().map(drop)
        }
        (7, _) if how == 0 => {
            touched.extend(ctx.orders().map(|order| order.id.sequence));
            ctx.cancel_all(id())
        }
        _ => Ok(()),
    }
}

impl World {
    fn new(habits: Habits) -> Self {
        let mut venue = Capabilities::all_native()
            .emulating(Feature::ReduceOnly, "x")
            .emulating(Feature::Oto, "x")
            .emulating(Feature::Oco, "x");
        if !habits.amends {
            venue = venue.without(Feature::Amend, "x");
        }
        if habits.emulate_stop {
            venue = venue.emulating(Feature::Stop, "x");
        }
        let mut instrument = spy();
        instrument.limits.min_quantity = Some(q(habits.min));
        let asks = Asks::default();
        let queue = asks.clone();
        let touched = Touched::default();
        let seen = touched.clone();
        let (strategy, log) = scripted(BarSpec::day(), move |ctx, _| {
            let asked = std::mem::take(&mut *queue.lock().unwrap());
            asked.into_iter().try_for_each(|what| ask(ctx, &seen, what))
        });
        let cash = "400 USD".parse().unwrap();
        let mut h = Harness::with([instrument], cash, AccountKind::Cash, venue, strategy).unwrap();
        h.close(id(), "10").unwrap();
        Self {
            h,
            asks,
            touched,
            log,
            habits,
            venue: BTreeMap::new(),
            commands: VecDeque::new(),
            reports: VecDeque::new(),
            late: Vec::new(),
            lost: Vec::new(),
            late_fills: Vec::new(),
            repeat: None,
            fills: 0,
            draws: 0,
            raced: false,
            refused_cancel: false,
            kept: BTreeMap::new(),
            refused_order: false,
        }
    }

    fn take(&mut self, answer: Result<Vec<Command>, EngineError>) -> Result<(), TestCaseError> {
        let commands = answer.map_err(|error| TestCaseError::fail(format!("the engine stopped: {error}")))?;
        prop_assert!(commands.len() < 40, "{} commands at once", commands.len());
        self.commands.extend(commands);
        Ok(())
    }

    fn tell(&mut self, order: u64, kind: OrderEventKind) -> Result<(), TestCaseError> {
        if matches!(kind, OrderEventKind::Filled(_)) {
            self.repeat = Some((order, kind.clone()));
        }
        let answer = self.h.report(super::order(order), kind);
        self.take(answer)
    }

    fn unlucky(odds: u8, draw: u8) -> bool {
        odds > 0 && draw.is_multiple_of(odds)
    }

    fn arrive(&mut self, draw: u8) {
        let Some(command) = self.commands.pop_front() else { return };
        let key = command.order().sequence;
        let refusal = |code| (code, "x".to_owned());
        let lost = Self::unlucky(self.habits.lose, draw / 3);
        match command {
            Command::Submit(submit) => {
                let OrderQuantity::Base(total) = submit.spec.quantity else { panic!("not in the base") };
                let total = total.mantissa();
                if Self::unlucky(self.habits.refuse_orders, draw) || total < self.habits.min {
                    self.refused_order = true;
                    let (code, text) = refusal(RejectCode::Other);
                    self.reports.push_back((key, OrderEventKind::Rejected { code, text }));
                    return;
                }
                // A lost request may have arrived or not.
                if !lost || draw.is_multiple_of(2) {
                    self.venue.insert(key, AtVenue { total, filled: 0, open: true });
                }
                if lost {
                    self.lost.push(key);
                    self.reports.push_back((key, OrderEventKind::OutcomeUnknown { evidence: "x".into() }));
                } else if draw.is_multiple_of(3) {
                    self.late.push(key);
                } else {
                    self.reports.push_back((key, OrderEventKind::Accepted { venue_order: None }));
                }
            }
            Command::Amend(amend) => {
                let total = amend.quantity.mantissa();
                let possible = self.venue.get(&key).is_some_and(|o| o.open && total > o.filled);
                if !possible || total < self.habits.min || Self::unlucky(self.habits.refuse_amends, draw) {
                    let (code, text) = refusal(RejectCode::Other);
                    self.reports.push_back((key, OrderEventKind::AmendRejected { code, text }));
                    return;
                }
                if let Some(order) = self.venue.get_mut(&key) {
                    order.total = total;
                }
                if lost {
                    self.lost.push(key);
                    self.reports.push_back((key, OrderEventKind::OutcomeUnknown { evidence: "x".into() }));
                    return;
                }
                let kind = amend.kind;
                self.reports.push_back((key, OrderEventKind::Amended { kind, quantity: amend.quantity }));
            }
            Command::Cancel(_) => {
                let open = self.venue.get(&key).is_some_and(|order| order.open);
                let refuses = Self::unlucky(self.habits.refuse_cancels, draw);
                if open && refuses {
                    self.refused_cancel = true;
                    let is_over = !self.is_open(key);
                    *self.kept.entry(key).or_default() += u8::from(is_over);
                }
                if open && !refuses {
                    if let Some(order) = self.venue.get_mut(&key) {
                        order.open = false;
                    }
                    if lost {
                        self.lost.push(key);
                        self.reports
                            .push_back((key, OrderEventKind::OutcomeUnknown { evidence: "x".into() }));
                        return;
                    }
                    let reason = CancelReason::Requested;
                    self.reports.push_back((key, OrderEventKind::Cancelled { reason }));
                } else {
                    let (code, text) = refusal(RejectCode::UnknownOrder);
                    self.reports.push_back((key, OrderEventKind::CancelRejected { code, text }));
                }
            }
            _ => {}
        }
    }

    fn fill(&mut self, which: u8, how: u8) {
        // Of an order whose change was lost nobody knows how much can fill.
        let fills = |(key, order): &(&u64, &AtVenue)| order.open && !self.lost.contains(key);
        let open: Vec<u64> = self.venue.iter().filter(fills).map(|(key, _)| *key).collect();
        if open.is_empty() {
            return;
        }
        let key = open[usize::from(which) % open.len()];
        let part = {
            let Some(order) = self.venue.get_mut(&key) else { return };
            let part = 1 + i64::from(how) % (order.total - order.filled);
            order.filled += part;
            order.open = order.filled < order.total;
            part
        };
        self.fills += 1;
        let known = self.h.state().orders.get(order(key)).unwrap();
        let fill = Fill {
            id: format!("v{}", self.fills).into(),
            order: known.id,
            instrument: id(),
            side: known.spec.side,
            price: match known.spec.kind {
                // What a market order costs nobody knows before: here no more than it was ever valued at.
                OrderKind::Market => p("7"),
                kind => kind.limit_price().unwrap_or(p("10")),
            },
            quantity: q(part),
            liquidity: algoflow_core::order::Liquidity::Maker,
            fee: Money::zero(self.h.state().portfolio.reporting_asset()),
            ts_event: self.h.now(),
            ts_recv: self.h.now(),
        };
        let busy = !self.commands.is_empty() || !self.reports.is_empty() || !self.lost.is_empty();
        self.raced |= busy;
        let fill = (key, OrderEventKind::Filled(fill));
        if Self::unlucky(self.habits.delay_fills, how) {
            self.raced = true;
            self.late_fills.push(fill);
        } else {
            self.reports.push_back(fill);
        }
    }

    fn report(&mut self) -> Result<(), TestCaseError> {
        let Some((key, kind)) = self.reports.pop_front() else { return Ok(()) };
        // The report of an order's end can come before the answer to a lost request is looked up.
        // (A change of an order that is over may show a rest of it, which does matter.)
        let may_show_rest = matches!(kind, OrderEventKind::Amended { .. });
        if matches!(kind, OrderEventKind::Cancelled { .. }) || !(may_show_rest || self.matters(key)) {
            self.lost.retain(|lost| *lost != key);
        }
        self.tell(key, kind)
    }

    fn is_open(&self, key: u64) -> bool {
        self.h.state().orders.get(order(key)).is_some_and(|order| order.is_open())
    }

    /// Whether the engine asks what became of an order: it is open, or over but for a rest (L5).
    fn matters(&self, key: u64) -> bool {
        self.is_open(key) || self.h.engine().links.rests.contains_key(&order(key))
    }

    fn prove(&mut self, which: u8) -> Result<(), TestCaseError> {
        // The proof is as new as what was reported.
        if self.lost.is_empty() || !self.reports.is_empty() {
            return Ok(());
        }
        let key = self.lost.remove(usize::from(which) % self.lost.len());
        match self.venue.get(&key) {
            _ if !self.matters(key) => Ok(()),
            Some(truth) if !truth.open && truth.filled < truth.total => {
                self.tell(key, OrderEventKind::Cancelled { reason: CancelReason::Requested })
            }
            Some(truth) => {
                let (total, spec) = (q(truth.total), self.h.state().orders.get(order(key)).unwrap().spec);
                self.tell(
                    key,
                    match spec.quantity == total.into() {
                        true => OrderEventKind::Accepted { venue_order: None },
                        false => OrderEventKind::Amended { kind: spec.kind, quantity: total },
                    },
                )
            }
            None => {
                self.refused_order = true;
                let (code, text) = (RejectCode::UnknownOrder, "x".to_owned());
                self.tell(key, OrderEventKind::Rejected { code, text })
            }
        }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Ask(a, b, c) => {
                self.asks.lock().unwrap().push((a, b, c));
                let answer = self.h.close(id(), "10");
                self.take(answer)?;
            }
            Step::Arrive(draw) => self.arrive(draw),
            Step::Fill(which, how) => self.fill(which, how),
            Step::Report => self.report()?,
            Step::LateAck(which) if which % 2 == 0 && !self.late_fills.is_empty() => {
                let (key, kind) = self.late_fills.remove(usize::from(which) % self.late_fills.len());
                self.tell(key, kind)?;
            }
            Step::LateAck(which) if !self.late.is_empty() => {
                let key = self.late.remove(usize::from(which) % self.late.len());
                self.tell(key, OrderEventKind::Accepted { venue_order: None })?;
            }
            Step::LateAck(_) => {
                // Nothing new: a fill that was told is told again.
                if let Some((key, kind)) = self.repeat.clone() {
                    self.tell(key, kind)?;
                }
            }
            Step::Prove(which) => self.prove(which)?,
            Step::Bar(price) => {
                let answer = self.h.close(id(), ["7", "9.50", "10", "12.50"][usize::from(price) % 4]);
                self.take(answer)?;
            }
        }
        if self.habits.at_once {
            self.deliver()?;
        }
        self.check_always()
    }

    fn deliver(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..500 {
            if !self.reports.is_empty() {
                self.report()?;
            } else if !self.commands.is_empty() {
                self.draws = self.draws.wrapping_mul(37).wrapping_add(11);
                self.arrive(self.draws);
            } else {
                return Ok(());
            }
        }
        Err(TestCaseError::fail("it never comes to rest"))
    }

    fn check_always(&self) -> Result<(), TestCaseError> {
        let balance = self.usd();
        if !self.raced && balance.total < Decimal::ZERO {
            // No order costs more than 10 for each unit.
            let excused = Decimal::from(10 * self.filled_beyond());
            prop_assert!(balance.total + excused >= Decimal::ZERO, "overdrawn without a race: {balance:?}");
        }
        Ok(())
    }

    /// The most that groups with money of their own can have filled beyond their quantity, because the venue would not
    /// cancel a member: what one member has filled as well as the other (C8).
    fn filled_beyond(&self) -> i64 {
        let mut groups: BTreeMap<u64, (bool, [i64; 2])> = BTreeMap::new();
        for order in self.orders() {
            let contingency = &order.spec.contingency;
            let Some(group) = contingency.group.filter(|_| contingency.parent.is_none()) else { continue };
            let (was_kept, filled) = groups.entry(group).or_default();
            *was_kept |= self.kept.contains_key(&order.id.sequence);
            let is_limit = order.spec.kind.limit_price().is_some();
            filled[usize::from(is_limit)] += order.filled.mantissa();
        }
        let kept = groups.into_values().filter(|(was_kept, _)| *was_kept);
        kept.map(|(_, [one, other])| one.min(other)).sum()
    }

    fn usd(&self) -> algoflow_core::ledger::Balance {
        self.h.state().portfolio.balance(spy().venue(), "USD".parse().unwrap())
    }

    /// The venue answers everything, and refuses nothing.
    fn calm(&mut self) -> Result<(), TestCaseError> {
        let habits = Habits { refuse_orders: 0, refuse_amends: 0, refuse_cancels: 0, lose: 0, ..self.habits };
        self.habits = habits;
        for _ in 0..2_000 {
            if !self.reports.is_empty() {
                self.report()?;
            } else if !self.lost.is_empty() {
                self.prove(0)?;
            } else if !self.commands.is_empty() {
                self.arrive(1);
            } else if let Some((key, kind)) = self.late_fills.pop() {
                self.tell(key, kind)?;
            } else if let Some(key) = self.late.pop() {
                self.tell(key, OrderEventKind::Accepted { venue_order: None })?;
            } else {
                return Ok(());
            }
        }
        Err(TestCaseError::fail("it never comes to rest"))
    }

    /// Everything is cancelled: nothing is set aside, linked or open any more.
    fn end(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..20 {
            if self.h.state().orders.open().next().is_none() {
                break;
            }
            self.step(Step::Ask(7, 0, 0))?;
            self.calm()?;
        }
        let open: Vec<_> = self.h.state().orders.open().collect();
        prop_assert!(open.is_empty(), "still open: {open:#?}");
        for (_, asset, balance) in self.h.state().portfolio.balances() {
            prop_assert!(balance.reserved.is_zero(), "still set aside: {asset} {balance:?}");
        }
        let links = &self.h.engine().links;
        prop_assert!(
            links.groups.is_empty() && links.membership.is_empty() && links.children.is_empty(),
            "still linked: {links:?}"
        );
        prop_assert!(links.amending.is_empty(), "still changing: {links:?}");
        let is_open = |order: &OrderId| self.venue.get(&order.sequence).is_some_and(|order| order.open);
        prop_assert!(links.rests.keys().all(is_open), "no rest of it: {links:?}");
        Ok(())
    }
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    let byte = any::<u8>;
    let step = prop_oneof![
        3 => (byte(), byte(), byte()).prop_map(|(a, b, c)| Step::Ask(a, b, c)),
        6 => byte().prop_map(Step::Arrive),
        4 => (byte(), byte()).prop_map(|(a, b)| Step::Fill(a, b)),
        6 => Just(Step::Report),
        1 => byte().prop_map(Step::LateAck),
        1 => byte().prop_map(Step::Prove),
        1 => byte().prop_map(Step::Bar),
    ];
    proptest::collection::vec(step, 0..160)
}

fn habits() -> impl proptest::strategy::Strategy<Value = Habits> {
    let odds = || prop_oneof![2 => Just(0u8), 1 => 2u8..9];
    let odd = (any::<bool>(), any::<bool>(), any::<bool>());
    let min = prop_oneof![2 => Just(1i64), 1 => 2i64..5];
    (odd, (odds(), odds(), odds()), odds(), odds(), min).prop_map(
        |(
            (amends, emulate_stop, at_once),
            (refuse_orders, refuse_amends, refuse_cancels),
            lose,
            late,
            min,
        )| {
            let delay_fills = if at_once { 0 } else { late };
            Habits {
                amends,
                emulate_stop,
                at_once,
                refuse_orders,
                refuse_amends,
                refuse_cancels,
                lose,
                delay_fills,
                min,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn links_hold_at_any_venue(habits in habits(), steps in steps()) {
        let mut world = World::new(habits);
        for step in steps {
            world.step(step)?;
        }
        world.calm()?;
        world.check_calm()?;
        world.end()?;
    }
}
