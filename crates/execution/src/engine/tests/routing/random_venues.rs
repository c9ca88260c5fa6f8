//! Orders over three listings at venues that fill in parts, refuse, halt, go down, answer late and lose requests at random.
//!
//! Each venue keeps its own truth. Commands reach it and reports come back in order, each when the test says so. The rules are
//! checked after every step; after the random part the venues answer everything, and all has to come to an end.

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::order::OrderQuantity;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::{
    Journal,
    routing::Listings,
    works::{SavedWork, Works},
};

mod strategy;

use strategy::ask;

#[derive(Clone, Copy, Debug)]
struct Habits {
    policy: u8,
    /// Bits of what the venues do not do: IOC and worst prices at each.
    lacks: u8,
    /// One in how many requests of a kind is refused or lost; never if zero.
    refuse_orders: u8,
    refuse_cancels: u8,
    lose: u8,
    delay_fills: u8,
    limits: u8,
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
    Quote(u8, u8),
    Book(u8, u8),
    Pool(u8),
    Stand(u8),
    Wait(u8),
}

#[derive(Clone, Debug)]
struct AtVenue {
    total: i64,
    filled: i64,
    open: bool,
    side: Side,
    instrument: InstrumentId,
    price: Option<Price>,
}

type Asks = Arc<Mutex<Vec<(u8, u8, u8)>>>;

struct World {
    rig: Rig,
    asks: Asks,
    habits: Habits,
    venue: BTreeMap<u64, AtVenue>,
    commands: VecDeque<Command>,
    reports: VecDeque<(u64, OrderEventKind)>,
    late_fills: Vec<(u64, OrderEventKind)>,
    lost: Vec<u64>,
    fills: u64,
    /// A fill was told after the end of its order, or past it.
    raced: bool,
    trace: Vec<Command>,
}

/// Fees in hundredths of a percent by listing.
const FEES: [i64; 3] = [10, 50, 0];

fn refusal() -> (RejectCode, String) {
    (RejectCode::Other, "x".to_owned())
}

fn unlucky(odds: u8, draw: u8) -> bool {
    odds > 0 && draw.is_multiple_of(odds)
}

fn units(quantity: Quantity) -> i64 {
    quantity.to_decimal().try_into().unwrap()
}

fn pool() -> Instrument {
    let mut pool = sol("C", FEES[2]);
    pool.kind = algoflow_core::instrument::InstrumentKind::AmmPool {
        pool: algoflow_core::instrument::PoolKind::ConstantProduct,
        address: "x".into(),
        base_decimals: 9,
        quote_decimals: 6,
        fee: Decimal::new(30, 4),
    };
    pool
}

impl World {
    fn new(habits: Habits) -> Self {
        let asks = Asks::default();
        let queue = asks.clone();
        let mut coarse = sol("B", FEES[1]).with_price_increment(p("0.05"));
        coarse.limits.min_quantity = Some(q(2));
        let rig = Rig::new([sol("A", FEES[0]), coarse, pool()], move |ctx, _| {
            let asked = std::mem::take(&mut *queue.lock().unwrap());
            asked.into_iter().try_for_each(|what| ask(ctx, habits, what))
        });
        let mut world = Self {
            rig,
            asks,
            habits,
            venue: BTreeMap::new(),
            commands: VecDeque::new(),
            reports: VecDeque::new(),
            late_fills: Vec::new(),
            lost: Vec::new(),
            fills: 0,
            raced: false,
            trace: Vec::new(),
        };
        for (bit, id) in ids().into_iter().enumerate() {
            let mut venue = native();
            for (feature, bit) in [(Feature::Ioc, bit), (Feature::WorstPrice, bit + 3)] {
                if habits.lacks >> bit & 1 == 1 {
                    venue = venue.without(feature, "x");
                }
            }
            world.rig.h.engine_mut().add_venue(id.venue(), venue, AccountKind::Cash);
        }
        world.rig.h.engine_mut().start_journal();
        world.rig.quote("A", "9.98", "10.02");
        world.rig.quote("B", "9.95", "10.05");
        world.rig.pool("C", 10_000, 100_000);
        world
    }

    fn orders(&self) -> Vec<Order> {
        self.rig.h.state().orders.iter().map(|order| order.into_owned()).collect()
    }

    fn get(&self, key: u64) -> Order {
        self.rig.order(key)
    }

    fn take(&mut self, answer: Result<Vec<Command>, EngineError>) -> Result<(), TestCaseError> {
        let commands = answer.map_err(|error| TestCaseError::fail(format!("the engine stopped: {error}")))?;
        prop_assert!(commands.len() < 100, "{} commands at once", commands.len());
        for command in &commands {
            self.check_command(command)?;
        }
        self.trace.extend(commands.iter().cloned());
        self.commands.extend(commands);
        Ok(())
    }

    /// SR2, SR6: no parent is sent, nothing goes to a venue that is down or halted, and no slice is beyond a bound or a limit.
    fn check_command(&self, command: &Command) -> Result<(), TestCaseError> {
        let id = command.order();
        let h = &self.rig.h;
        prop_assert!(!h.engine().is_worked(id), "a parent: {command:?}");
        let Command::Submit(submit) = command else { return Ok(()) };
        let instrument = submit.spec.instrument;
        let known = h.state().instruments.get(h.state().instruments.index(instrument).unwrap()).unwrap();
        let slice = self.get(id.sequence);
        let parent = self.get(slice.spec.contingency.parent.unwrap().sequence);
        prop_assert!(parent.is_open(), "{submit:?} for {parent:?}");
        prop_assert_eq!(known.status, TradingStatus::Open);
        let standing = h.engine().standing_of(instrument.venue()).unwrap();
        prop_assert!(standing.is_ready() || parent.spec.flags.reduce_only, "{submit:?} at {standing:?}");
        let worst = submit.spec.kind.limit_price().or(submit.spec.protection.worst_price);
        let side = parent.spec.side;
        if let Some(limit) = parent.spec.kind.limit_price() {
            prop_assert!(worst.is_some_and(|worst| side.accepts(worst, limit)), "{submit:?} for {parent:?}");
        }
        if parent.spec.protection.max_slippage_bps.is_some() {
            // Two hundredths of middles between 8.975 and 12.975.
            let far = if side == Side::Buy { p("13.26") } else { p("8.79") };
            prop_assert!(worst.is_some_and(|worst| side.accepts(worst, far)), "{submit:?} for {parent:?}");
        }
        if parent.spec.time_in_force == TimeInForce::Ioc {
            let never_rests =
                submit.spec.kind == OrderKind::Market || submit.spec.time_in_force == TimeInForce::Ioc;
            prop_assert!(never_rests, "{submit:?} for {parent:?}");
        }
        let quantity = submit.spec.quantity.value();
        prop_assert!(self.habits.limits & 1 == 0 || quantity <= q(7), "{submit:?}");
        if self.habits.limits >> 2 & 1 == 1 {
            let at_listing = h.state().orders.open_entries().filter(|entry| {
                entry.order.spec.instrument == instrument && !h.engine().is_worked(entry.order.id)
            });
            prop_assert!(at_listing.count() <= 2, "{submit:?}");
        }
        Ok(())
    }

    fn tell(&mut self, key: u64, kind: OrderEventKind) -> Result<(), TestCaseError> {
        self.raced |= matches!(kind, OrderEventKind::Filled(_)) && !self.get(key).is_open();
        let answer = self.rig.h.report(order(key), kind);
        self.take(answer)
    }

    fn arrive(&mut self, draw: u8) {
        let Some(command) = self.commands.pop_front() else { return };
        let key = command.order().sequence;
        let lost = unlucky(self.habits.lose, draw / 3);
        let answer = match command {
            Command::Submit(submit) => self.on_submit(&submit, draw, lost),
            Command::Amend(_) => {
                let (code, text) = refusal();
                Some(OrderEventKind::AmendRejected { code, text })
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
        if unlucky(self.habits.refuse_orders, draw) {
            let code = if draw.is_multiple_of(7) { RejectCode::Unsupported } else { RejectCode::Other };
            return Some(OrderEventKind::Rejected { code, text: "x".into() });
        }
        let key = submit.order.sequence;
        let price = submit.spec.kind.limit_price().or(submit.spec.protection.worst_price);
        let (side, instrument) = (submit.spec.side, submit.spec.instrument);
        // A lost request may have arrived or not.
        if !lost || draw.is_multiple_of(2) {
            let total = units(total);
            self.venue.insert(key, AtVenue { total, filled: 0, open: true, side, instrument, price });
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

    fn fill_order(&mut self, key: u64, how: u8) {
        let Some(order) = self.venue.get_mut(&key) else { return };
        let part = 1 + i64::from(how) % (order.total - order.filled);
        order.filled += part;
        order.open = order.filled < order.total;
        self.fills += 1;
        let price = order.price.unwrap_or(p("10"));
        let at = ids().iter().position(|id| *id == order.instrument).unwrap();
        let fee = price.to_decimal() * Decimal::from(part) * Decimal::new(FEES[at], 4);
        let fill = Fill {
            id: format!("v{}", self.fills).into(),
            order: super::order(key),
            instrument: order.instrument,
            side: order.side,
            price,
            quantity: q(part),
            liquidity: algoflow_core::order::Liquidity::Taker,
            fee: Money::new(fee, "USD".parse().unwrap()),
            ts_event: self.rig.h.now(),
            ts_recv: self.rig.h.now(),
        };
        let fill = (key, OrderEventKind::Filled(fill));
        match unlucky(self.habits.delay_fills, how) {
            true => self.late_fills.push(fill),
            false => self.reports.push_back(fill),
        }
    }

    fn fill(&mut self, which: u8, how: u8) {
        let fills = |(key, order): &(&u64, &AtVenue)| order.open && !self.lost.contains(key);
        let open: Vec<u64> = self.venue.iter().filter(fills).map(|(key, _)| *key).collect();
        if let Some(key) = open.get(usize::from(which) % open.len().max(1)) {
            self.fill_order(*key, how);
        }
    }

    fn report(&mut self) -> Result<(), TestCaseError> {
        let Some((key, kind)) = self.reports.pop_front() else { return Ok(()) };
        self.tell(key, kind)
    }

    fn prove(&mut self, which: u8) -> Result<(), TestCaseError> {
        if self.lost.is_empty() || !self.reports.is_empty() {
            return Ok(());
        }
        let key = self.lost.remove(usize::from(which) % self.lost.len());
        if !self.get(key).is_open() {
            return Ok(());
        }
        match self.venue.get(&key).cloned() {
            Some(truth) if !truth.open && truth.filled < truth.total => {
                self.tell(key, OrderEventKind::Cancelled { reason: CancelReason::Requested })
            }
            Some(_) => self.tell(key, OrderEventKind::Accepted { venue_order: None }),
            None => {
                let (code, text) = refusal();
                self.tell(key, OrderEventKind::Rejected { code, text })
            }
        }
    }

    fn stand(&mut self, how: u8) -> Result<(), TestCaseError> {
        let id = ids()[usize::from(how) % 3];
        let why = || "x".to_owned();
        // What is due before is done before.
        let at = self.rig.now();
        let answer = self.rig.h.wait_until(at);
        self.take(answer)?;
        let answer = match how / 3 % 5 {
            0 => self.rig.h.standing(id, Standing::Down { why: why() }),
            1 => self.rig.h.standing(id, Standing::Uncertain { why: why() }),
            2 => self.rig.status_at(id, TradingStatus::Halted, at),
            3 => self.rig.status_at(id, TradingStatus::Open, at),
            _ => self.rig.h.standing(id, Standing::Ready),
        };
        self.take(answer)
    }

    fn market(&mut self, step: Step) -> Vec<Command> {
        let cents =
            |mantissa: i64| Price::new(mantissa, algoflow_core::number::Scale::new(2).unwrap()).to_string();
        match step {
            Step::Quote(venue, how) => {
                let venue = ["A", "B"][usize::from(venue % 2)];
                let mid = 180 + i64::from(how) * 80 / 256;
                let (bid, ask) = (cents(5 * (mid - 1)), cents(5 * (mid + i64::from(how % 2))));
                let size = 1 + i64::from(how % 29);
                self.rig.quote_of(venue, (&bid, size), (&ask, size))
            }
            Step::Book(venue, how) => {
                let mid = 950 + i64::from(how) * 100 / 256;
                let level = |away: i64| cents(mid + away);
                let asks = [level(1), level(5), level(12)];
                let bids = [level(-1), level(-4), level(-9)];
                let sizes = [1 + i64::from(how % 5), i64::from(how % 11), 20];
                let asks: Vec<(&str, i64)> = asks.iter().map(String::as_str).zip(sizes).collect();
                let bids: Vec<(&str, i64)> = bids.iter().map(String::as_str).zip(sizes).collect();
                let kind = if how % 2 == 0 { DepthKind::Snapshot } else { DepthKind::Update };
                self.rig.book(["A", "B"][usize::from(venue % 2)], kind, &asks, &bids)
            }
            Step::Pool(how) => self.rig.pool("C", 1_000, 9_500 + u64::from(how) * 4),
            _ => Vec::new(),
        }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Ask(a, b, c) => {
                self.asks.lock().unwrap().push((a, b, c));
                let commands = self.rig.go();
                self.take(Ok(commands))?;
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
            Step::Stand(how) => self.stand(how)?,
            Step::Wait(seconds) => {
                let until = self.rig.h.now().saturating_add(TimeDelta::seconds(i64::from(seconds % 32)));
                let answer = self.rig.h.wait_until(until);
                self.take(answer)?;
            }
            market => {
                let commands = self.market(market);
                self.take(Ok(commands))?;
            }
        }
        self.check_always()
    }

    fn check_always(&self) -> Result<(), TestCaseError> {
        let (orders, engine) = (self.orders(), self.rig.h.engine());
        for parent in orders.iter().filter(|order| engine.is_worked(order.id)) {
            let slices: Vec<&Order> = orders.iter().filter(|o| o.spec.is_slice_of(parent.id)).collect();
            // SR10: over all listings, and at the average price of all fills.
            let filled: i64 = slices.iter().map(|slice| units(slice.filled)).sum();
            prop_assert_eq!(units(parent.filled), filled, "{:?}", parent);
            let value = |order: &Order| order.average_price().unwrap_or_default() * order.filled.to_decimal();
            let worth: Decimal = slices.iter().map(|slice| value(slice)).sum();
            prop_assert!((value(parent) - worth).abs() < Decimal::new(1, 9), "{parent:?}");
            // A2.
            let open: i64 = slices.iter().filter(|s| s.is_open()).map(|s| units(s.leaves())).sum();
            let total = parent.spec.quantity.base(parent.spec.side).map_or(0, units);
            prop_assert!(self.raced || filled + open <= total, "{filled} and {open} of {parent:?}");
            prop_assert!(self.raced || parent.is_open() || open == 0, "{parent:?} is over: {slices:?}");
            // A6: the fees of all listings together.
            let fees: Decimal = slices
                .iter()
                .map(|slice| {
                    let at = ids().iter().position(|id| *id == slice.spec.instrument).unwrap();
                    value(slice) * Decimal::new(FEES[at], 4)
                })
                .sum();
            let max = parent.spec.protection.max_fee.map_or(Decimal::MAX, |max| max.amount);
            prop_assert!(self.raced || fees <= max, "fees of {fees} for {parent:?}");
            prop_assert!(engine.works.all.contains_key(&parent.id) || !parent.is_open(), "{parent:?}");
        }
        // SR10: each ledger has what the slices of its listing have filled.
        for id in ids() {
            let here = orders.iter().filter(|o| !engine.is_worked(o.id) && o.spec.instrument == id);
            let held: i64 =
                here.map(|o| if o.spec.side == Side::Buy { units(o.filled) } else { -units(o.filled) }).sum();
            prop_assert_eq!(self.rig.h.position(id).quantity, q(held));
        }
        let all = self.rig.h.state().combined_position(Some(0), &ids()).unwrap();
        let sum: i64 = ids().iter().map(|id| units(self.rig.h.position(*id).quantity)).sum();
        prop_assert_eq!(all.total.quantity, q(sum));
        prop_assert!(engine.halts().is_empty(), "the test itself went wrong: {:?}", engine.halts());
        for line in self.rig.log.lock().unwrap().iter() {
            let sequence: u64 = line.split(' ').next().unwrap().parse().unwrap();
            prop_assert!(!self.get(sequence).spec.is_slice(), "told of a slice: {line}");
        }
        Ok(())
    }

    /// The venues answer everything, and refuse nothing.
    fn calm(&mut self) -> Result<(), TestCaseError> {
        self.habits = Habits { refuse_orders: 0, refuse_cancels: 0, lose: 0, ..self.habits };
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
        let engine = self.rig.h.engine();
        prop_assert!(engine.works.all.is_empty() && engine.works.are_deaf(), "{:?}", engine.works);
        for (_, asset, balance) in self.rig.h.state().portfolio.balances() {
            prop_assert!(balance.reserved.is_zero(), "still set aside: {asset} {balance:?}");
        }
        for (key, truth) in &self.venue {
            prop_assert_eq!(self.get(*key).filled, q(truth.filled));
            prop_assert!(!truth.open, "{truth:?} is open at the venue");
        }
        Ok(())
    }

    /// Writes down what is worked and where, and goes on with what was read again.
    fn restart(&mut self) -> Result<(), TestCaseError> {
        let engine = self.rig.h.engine_mut();
        let json = serde_json::to_string(&engine.works.save().unwrap()).unwrap();
        let saved: Vec<SavedWork> = serde_json::from_str(&json).unwrap();
        let mut works = Works::default();
        works.restore(saved).map_err(TestCaseError::fail)?;
        engine.works = works;
        let json = serde_json::to_string(&engine.listings).unwrap();
        *engine.listings = serde_json::from_str::<Listings>(&json).unwrap();
        Ok(())
    }
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    let byte = any::<u8>;
    let step = prop_oneof![
        4 => (byte(), byte(), byte()).prop_map(|(a, b, c)| Step::Ask(a, b, c)),
        7 => byte().prop_map(Step::Arrive),
        4 => (byte(), byte()).prop_map(|(a, b)| Step::Fill(a, b)),
        8 => Just(Step::Report),
        1 => byte().prop_map(Step::LateFill),
        1 => byte().prop_map(Step::Prove),
        2 => (byte(), byte()).prop_map(|(a, b)| Step::Quote(a, b)),
        2 => (byte(), byte()).prop_map(|(a, b)| Step::Book(a, b)),
        1 => byte().prop_map(Step::Pool),
        1 => byte().prop_map(Step::Stand),
        2 => byte().prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..150)
}

fn habits() -> impl proptest::strategy::Strategy<Value = Habits> {
    let odds = || prop_oneof![2 => Just(0u8), 1 => 2u8..9];
    let limits = prop_oneof![Just(0u8), 0..16u8];
    (any::<u8>(), 0..64u8, odds(), odds(), odds(), odds(), limits).prop_map(
        |(policy, lacks, refuse_orders, refuse_cancels, lose, delay_fills, limits)| Habits {
            policy,
            lacks,
            refuse_orders,
            refuse_cancels,
            lose,
            delay_fills,
            limits,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// SR1 to SR13.
    #[test]
    fn the_rules_hold_over_any_venues(habits in habits(), steps in steps()) {
        let mut world = World::new(habits);
        for step in steps {
            world.step(step)?;
        }
        for venue in ids() {
            world.rig.h.standing(venue, Standing::Ready).unwrap();
        }
        world.calm()?;
        world.end()?;
    }

    /// What is kept of routes is all that is needed to go on, and the record of a run leads to the same commands.
    #[test]
    fn a_restart_and_a_replay_change_nothing(habits in habits(), steps in steps()) {
        let (mut through, mut again) = (World::new(habits), World::new(habits));
        for step in steps {
            through.step(step)?;
            again.restart()?;
            again.step(step)?;
        }
        prop_assert_eq!(&through.trace, &again.trace);
        let recorded = |world: &mut World| -> Journal { world.rig.h.engine_mut().take_journal().unwrap() };
        prop_assert_eq!(recorded(&mut through), recorded(&mut again));
    }
}
