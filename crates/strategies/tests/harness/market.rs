//! A market of daily bars in which the test decides what the venue does.

use algoflow_core::{
    capabilities::Capabilities,
    command::{Command, Submit},
    ledger::AccountKind,
    prelude::*,
};
use algoflow_execution::Harness;

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error>>;

pub(crate) fn instrument(id: &str) -> Instrument {
    Instrument::equity(id, "USD").unwrap()
}

pub(crate) fn spy() -> InstrumentId {
    instrument("SPY.NYSE").id
}

pub(crate) fn q(units: i64) -> Quantity {
    Quantity::from_int(units)
}

/// The parameter that a refusal names.
pub(crate) fn refused<T>(result: Result<T, StrategyError>) -> String {
    match result {
        Err(StrategyError::Parameter { name, .. }) => name,
        Err(other) => panic!("not a parameter: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Which parameter is refused once `params` are changed.
pub(crate) fn refusals<P, S>(
    params: fn() -> P,
    build: fn(P) -> Result<S, StrategyError>,
) -> impl Fn(fn(&mut P)) -> String {
    move |change| {
        let mut params = params();
        change(&mut params);
        refused(build(params))
    }
}

/// An order of the strategy, by number.
pub(crate) fn id(sequence: u64) -> OrderId {
    OrderId { run: 1, strategy: 0, sequence }
}

/// Sides and quantities of what is sent, in order.
pub(crate) fn sent(commands: &[Command]) -> Vec<(Side, i64)> {
    let size = |submit: Submit| {
        let quantity = submit.spec.quantity.value().normalized();
        (submit.spec.side, quantity.mantissa())
    };
    Harness::submitted(commands).into_iter().map(size).collect()
}

pub(crate) fn cancelled(commands: &[Command]) -> Vec<OrderId> {
    let cancel = |command: &Command| match command {
        Command::Cancel(order) => Some(order.order),
        _ => None,
    };
    commands.iter().filter_map(cancel).collect()
}

/// A harness whose time moves day by day for all instruments at once, from 1970-01-01.
pub(crate) struct Market {
    pub(crate) harness: Harness,
    days: i64,
}

impl Market {
    /// With 100,000 USD on margin.
    pub(crate) fn new(instruments: &[&str], strategy: impl Strategy + 'static) -> Self {
        let instruments = instruments.iter().map(|id| instrument(id));
        let harness = Harness::new(instruments, "100000 USD".parse().unwrap(), strategy).unwrap();
        Self { harness, days: 0 }
    }

    /// With 100,000 USD in an account without credit.
    pub(crate) fn with_cash_account(instruments: &[&str], strategy: impl Strategy + 'static) -> Self {
        let instruments = instruments.iter().map(|id| instrument(id));
        let (cash, venue) = ("100000 USD".parse().unwrap(), Capabilities::all_native());
        let harness = Harness::with(instruments, cash, AccountKind::Cash, venue, strategy).unwrap();
        Self { harness, days: 0 }
    }

    /// A day on which these instruments have a bar with this open, high, low and close.
    pub(crate) fn bars(&mut self, bars: &[(InstrumentId, [f64; 4])]) -> Vec<Command> {
        let mut commands = Vec::new();
        let at = |day: i64| Timestamp::EPOCH.saturating_add(TimeDelta::days(day));
        let (ts_open, ts_close) = (at(self.days), at(self.days + 1));
        for (id, prices) in bars {
            let [open, high, low, close] = prices.map(|price| instrument("X.Y").price(price).unwrap());
            let bar = Bar {
                instrument: *id,
                spec: BarSpec::day(),
                ts_open,
                ts_close,
                ts_recv: ts_close,
                open,
                high,
                low,
                close,
                volume: q(1_000_000),
            };
            commands.extend(self.harness.feed(bar).unwrap());
        }
        commands.extend(self.harness.wait_until(ts_close).unwrap());
        self.days += 1;
        assert_eq!(self.harness.engine().halts(), []);
        commands
    }

    /// A day on which these instruments closed here, within half a dollar of it.
    pub(crate) fn day(&mut self, closes: &[(InstrumentId, f64)]) -> Vec<Command> {
        let bar = |(id, close): &(InstrumentId, f64)| (*id, [*close, close + 0.5, close - 0.5, *close]);
        self.bars(&closes.iter().map(bar).collect::<Vec<_>>())
    }

    pub(crate) fn close(&mut self, id: InstrumentId, close: f64) -> Vec<Command> {
        self.day(&[(id, close)])
    }

    /// Days on which nothing may be sent.
    pub(crate) fn quiet(&mut self, id: InstrumentId, closes: &[f64]) {
        for close in closes {
            assert_eq!(self.close(id, *close), [], "at {close}");
        }
    }

    /// The venue fills everything that was just sent, at the last price.
    pub(crate) fn fill_all(&mut self, commands: &[Command]) -> Vec<Command> {
        let mut answers = Vec::new();
        for submit in Harness::submitted(commands) {
            let state = self.harness.state();
            let index = state.instruments.index(submit.spec.instrument).unwrap();
            let last = state.portfolio.mark(index).unwrap();
            answers.extend(self.harness.fill(submit.order, &last.to_string()).unwrap());
        }
        answers
    }

    pub(crate) fn held(&self, id: InstrumentId) -> i64 {
        self.harness.position(id).quantity.normalized().mantissa()
    }

    pub(crate) fn open_orders(&self) -> usize {
        self.harness.state().orders.open().count()
    }
}

/// What is decided on each day by a strategy whose market orders fill at the close and whose cancellations succeed.
pub(crate) fn decisions(
    instruments: &[&str],
    strategy: impl Strategy + 'static,
    days: &[Vec<f64>],
) -> Vec<Vec<Command>> {
    let ids: Vec<_> = instruments.iter().map(|id| instrument(id).id).collect();
    let mut market = Market::new(instruments, strategy);
    let one_day = |closes: &Vec<f64>| {
        let closes: Vec<_> = ids.iter().copied().zip(closes.iter().copied()).collect();
        let mut all = market.day(&closes);
        let mut next = 0;
        while let Some(command) = all.get(next).cloned() {
            next += 1;
            all.extend(match command {
                Command::Submit(submit) if submit.spec.kind == OrderKind::Market => {
                    market.fill_all(&[command])
                }
                Command::Submit(submit) => market.harness.accept(submit.order).unwrap(),
                Command::Cancel(order) => market.harness.cancelled(order.order).unwrap(),
                other => panic!("{other:?}"),
            });
        }
        all
    };
    days.iter().map(one_day).collect()
}

/// Asserts that what is decided before a day does not depend on that day and those after it.
pub(crate) fn assert_no_look_ahead<S: Strategy + 'static>(
    instruments: &[&str],
    make: impl Fn() -> S,
    days: &[Vec<f64>],
) {
    let all = decisions(instruments, make(), days);
    let busy = all.iter().filter(|commands| !commands.is_empty()).count();
    assert!(busy >= 4, "only {busy} days with decisions: the test would show nothing");
    for cut in (0..days.len()).step_by(7) {
        let known = &days[..cut];
        assert_eq!(decisions(instruments, make(), known), all[..cut], "cut off at {cut}");
        let mut other = known.to_vec();
        other.extend(days[cut..].iter().map(|closes| closes.iter().map(|close| 400.0 - close).collect()));
        assert_eq!(decisions(instruments, make(), &other)[..cut], all[..cut], "another future from {cut}");
    }
}

/// Prices that rise and fall, each in its own rhythm.
pub(crate) fn waves(instruments: usize, days: usize) -> Vec<Vec<f64>> {
    let price = |day: usize, k: usize| {
        let (t, k) = (day as f64, k as f64);
        100.0 + 12.0 * (t / (5.0 + 2.0 * k)).sin() + 3.0 * (t * (1.3 + k)).sin()
    };
    (0..days).map(|day| (0..instruments).map(|k| price(day, k)).collect()).collect()
}
