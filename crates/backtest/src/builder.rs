use std::sync::Arc;

use algoflow_core::{
    id::{Asset, StrategyId, VenueId},
    ledger::AccountKind,
    number::Money,
    strategy::Strategy,
    time::TimeDelta,
};
use algoflow_data::{BarSeries, Feed};
use algoflow_execution::{
    Engine, ErrorPolicy,
    algorithm::{AlgorithmFactory, ExecutionAlgorithm},
    risk::RiskLimits,
};
use algoflow_sim::{SimError, SimVenue};

use crate::{driver::Driver, error::BacktestError, result::BacktestResult};

/// Something that can be read as an amount of money: [`Money`], or text like `"100000 USD"`.
pub trait IntoMoney {
    /// The amount.
    ///
    /// # Errors
    /// [`BacktestError::Number`] for text that is not an amount.
    fn into_money(self) -> Result<Money, BacktestError>;
}

impl IntoMoney for Money {
    fn into_money(self) -> Result<Money, BacktestError> {
        Ok(self)
    }
}

impl IntoMoney for &str {
    fn into_money(self) -> Result<Money, BacktestError> {
        Ok(self.parse()?)
    }
}

/// How far a run has come; see [`Backtest::on_progress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Events processed.
    pub events: u64,
    /// All events, if every feed knows its length.
    pub total: Option<u64>,
    /// The time of the data.
    pub now: algoflow_core::time::Timestamp,
}

/// A backtest in the making: venues, cash, data and strategies.
///
/// The order of the calls does not matter, but for data and strategies among themselves: earlier ones come first where
/// times are equal. What is wrong is said by [`Backtest::run`].
pub struct Backtest {
    venues: Vec<(SimVenue, AccountKind)>,
    deposits: Vec<(Option<VenueId>, Result<Money, BacktestError>)>,
    reporting: Option<Asset>,
    feeds: Vec<Feed>,
    prices: Vec<Arc<BarSeries>>,
    strategies: Vec<(String, Box<dyn Strategy>)>,
    algorithms: Vec<(String, Box<AlgorithmFactory>)>,
    seed: u64,
    run: u32,
    sample_every: Option<TimeDelta>,
    on_error: ErrorPolicy,
    limits: Option<RiskLimits>,
    strategy_limits: Vec<(String, RiskLimits)>,
    journal: Record,
    progress: Option<Box<dyn FnMut(Progress) + Send>>,
}

/// Where the journal goes.
enum Record {
    Nowhere,
    Memory,
    Stream(Box<dyn std::io::Write + Send>),
}

impl std::fmt::Debug for Backtest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backtest")
            .field("venues", &self.venues.iter().map(|(venue, _)| venue).collect::<Vec<_>>())
            .field("feeds", &self.feeds.len())
            .field("strategies", &self.strategies.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Default for Backtest {
    fn default() -> Self {
        Self::new()
    }
}

impl Backtest {
    /// An empty backtest.
    #[must_use]
    pub fn new() -> Self {
        Self {
            venues: Vec::new(),
            deposits: Vec::new(),
            reporting: None,
            feeds: Vec::new(),
            prices: Vec::new(),
            strategies: Vec::new(),
            algorithms: Vec::new(),
            seed: 0,
            run: 1,
            sample_every: None,
            on_error: ErrorPolicy::default(),
            limits: None,
            strategy_limits: Vec::new(),
            journal: Record::Nowhere,
            progress: None,
        }
    }

    /// Adds a simulated venue with a cash account: nothing is sold short, nothing bought on credit.
    #[must_use]
    pub fn venue(self, venue: SimVenue) -> Self {
        self.venue_with(venue, AccountKind::Cash)
    }

    /// Adds a simulated venue with an account of this kind.
    #[must_use]
    pub fn venue_with(mut self, venue: SimVenue, account: AccountKind) -> Self {
        self.venues.push((venue, account));
        self
    }

    /// Pays money into the account of the first venue. The first amount also says in which asset results are reported.
    #[must_use]
    pub fn cash(mut self, money: impl IntoMoney) -> Self {
        self.deposits.push((None, money.into_money()));
        self
    }

    /// Pays money into the account of a venue.
    #[must_use]
    pub fn cash_at(mut self, venue: VenueId, money: impl IntoMoney) -> Self {
        self.deposits.push((Some(venue), money.into_money()));
        self
    }

    /// The asset in which results are reported, if it is not that of the first cash.
    #[must_use]
    pub fn report_in(mut self, asset: Asset) -> Self {
        self.reporting = Some(asset);
        self
    }

    /// Adds data: a series, a shared series, or any [`DataSource`](algoflow_data::DataSource).
    #[must_use]
    pub fn data(mut self, feed: impl Into<Feed>) -> Self {
        let feed = feed.into();
        if let Feed::Bars(cursor) = &feed {
            self.prices.push(Arc::clone(cursor.series()));
        }
        self.feeds.push(feed);
        self
    }

    /// Adds a strategy, named after its type (`SmaCross`, then `SmaCross-2`).
    #[must_use]
    pub fn strategy<S: Strategy + 'static>(self, strategy: S) -> Self {
        let full = std::any::type_name::<S>();
        let path = full.split('<').next().unwrap_or(full);
        let name = path.rsplit("::").next().unwrap_or("strategy").to_owned();
        self.boxed_strategy(name, Box::new(strategy))
    }

    /// Adds a strategy under a name.
    #[must_use]
    pub fn named_strategy<S: Strategy + 'static>(self, name: &str, strategy: S) -> Self {
        self.boxed_strategy(name.to_owned(), Box::new(strategy))
    }

    /// Adds a strategy that is only known at run time.
    #[must_use]
    pub fn boxed_strategy(mut self, name: String, strategy: Box<dyn Strategy>) -> Self {
        let taken = |name: &str| self.strategies.iter().any(|(other, _)| other == name);
        let unique = (1..)
            .map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") })
            .find(|name| !taken(name));
        self.strategies.push((unique.unwrap_or(name), strategy));
        self
    }

    /// Registers an execution algorithm of the user's own: see [`Engine::add_algorithm`].
    #[must_use]
    pub fn algorithm(
        mut self,
        name: &str,
        factory: impl Fn(&str) -> Result<Box<dyn ExecutionAlgorithm>, String> + Send + Sync + 'static,
    ) -> Self {
        self.algorithms.push((name.to_owned(), Box::new(factory)));
        self
    }

    /// The seed of everything that is drawn at random (rejections). The same seed gives the same run.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The number of the run, which is part of every order id. 1 unless said otherwise.
    #[must_use]
    pub fn run_number(mut self, run: u32) -> Self {
        self.run = run;
        self
    }

    /// How often the equity curve takes a point: the last in each interval of this length, after all that happened at
    /// its time; zero takes one at every time at which something happened. A point takes 16 bytes.
    ///
    /// Unless this is called a curve begins with minutes, and goes over to longer intervals (5, 15, 30 minutes, 1, 2, 4, 12
    /// hours, days) as often as it has 32,768 points.
    #[must_use]
    pub fn sample_equity_every(mut self, interval: TimeDelta) -> Self {
        self.sample_every = Some(interval);
        self
    }

    /// What becomes of the positions of a strategy that returns an error.
    #[must_use]
    pub fn on_error(mut self, policy: ErrorPolicy) -> Self {
        self.on_error = policy;
        self
    }

    /// Limits what the account may risk: what all strategies do together.
    #[must_use]
    pub fn limits(mut self, limits: RiskLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Limits what one strategy may risk, by its name. Said again, the last holds.
    #[must_use]
    pub fn strategy_limits(mut self, name: &str, limits: RiskLimits) -> Self {
        self.strategy_limits.push((name.to_owned(), limits));
        self
    }

    /// Keeps a journal of the engine's inputs and commands in memory, for [`algoflow_execution::replay`].
    #[must_use]
    pub fn journal(mut self) -> Self {
        self.journal = Record::Memory;
        self
    }

    /// Writes the journal to `writer` as it grows, in the format of [`algoflow_execution::journal`]; nothing of it is kept in
    /// memory. If the writer fails, the run ends.
    #[must_use]
    pub fn journal_to(mut self, writer: impl std::io::Write + Send + 'static) -> Self {
        self.journal = Record::Stream(Box::new(writer));
        self
    }

    /// Calls `f` now and then while the run goes on.
    #[must_use]
    pub fn on_progress(mut self, f: impl FnMut(Progress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(f));
        self
    }

    /// Runs the backtest.
    ///
    /// # Errors
    /// [`BacktestError`]: something is missing or does not fit together, the data are bad, or an invariant broke. A
    /// strategy's own error does not end the run; see [`BacktestResult::halts`].
    pub fn run(self) -> Result<BacktestResult, BacktestError> {
        let (engine, parts) = self.build()?;
        Driver::new(engine, parts)?.run()
    }

    /// An engine set up as [`Backtest::run`] would: to replay a journal with.
    ///
    /// # Errors
    /// What [`Backtest::run`] would say of the setup.
    pub fn engine(self) -> Result<Engine, BacktestError> {
        self.build().map(|(engine, _)| engine)
    }

    fn build(self) -> Result<(Engine, Parts), BacktestError> {
        let missing = |what, hint| BacktestError::Missing { what, hint };
        let Some((first, _)) = self.venues.first() else {
            return Err(missing("venue", "add one with `.venue(SimVenue::new(..))`"));
        };
        let first = first.id()?;
        if self.feeds.is_empty() {
            return Err(missing("data", "add some with `.data(..)`"));
        }
        if self.strategies.is_empty() {
            return Err(missing("strategy", "add one with `.strategy(..)`"));
        }
        let mut deposits = Vec::new();
        for (venue, money) in self.deposits {
            deposits.push((venue.unwrap_or(first), money?));
        }
        let reporting = self.reporting.or(deposits.first().map(|(_, money)| money.asset));
        let reporting = reporting.ok_or(missing("cash", "pay some in with `.cash(\"100000 USD\")`"))?;

        let mut engine = Engine::new(self.run, reporting);
        engine.set_error_policy(self.on_error);
        let mut known = Vec::new();
        for (venue, account) in &self.venues {
            let id = venue.id()?;
            if known.contains(&id) {
                return Err(BacktestError::DuplicateVenue { venue: id });
            }
            known.push(id);
            engine.add_venue(id, venue.capabilities().clone(), *account);
            for instrument in venue.instruments() {
                if instrument.venue() != id {
                    return Err(SimError::WrongVenue { instrument: instrument.id, venue: id }.into());
                }
                let mut instrument = instrument.clone();
                // What an order sets aside counts the fees that the venue really takes.
                instrument.fees = venue.settings().fees.rates(instrument.fees);
                engine.add_instrument(instrument)?;
            }
        }
        for (venue, money) in deposits {
            if !known.contains(&venue) {
                return Err(BacktestError::UnknownVenue { venue });
            }
            engine.deposit(venue, money)?;
        }
        for (name, factory) in self.algorithms {
            engine.add_algorithm(name, factory)?;
        }
        for (name, strategy) in self.strategies {
            engine.add_strategy(StrategyId::new(&name)?, strategy)?;
        }
        if let Some(limits) = self.limits {
            engine.set_limits(limits)?;
        }
        for (name, limits) in self.strategy_limits {
            engine.set_strategy_limits(StrategyId::new(&name)?, limits)?;
        }
        match self.journal {
            Record::Nowhere => {}
            Record::Memory => engine.start_journal(),
            Record::Stream(writer) => engine.stream_journal(writer),
        }
        let parts = Parts {
            venues: self.venues.into_iter().map(|(venue, _)| venue).collect(),
            feeds: self.feeds,
            prices: self.prices,
            reporting,
            seed: self.seed,
            sample_every: self.sample_every,
            progress: self.progress,
        };
        Ok((engine, parts))
    }
}

/// What the driver needs beside the engine.
pub(crate) struct Parts {
    pub(crate) venues: Vec<SimVenue>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) prices: Vec<Arc<BarSeries>>,
    pub(crate) reporting: Asset,
    pub(crate) seed: u64,
    pub(crate) sample_every: Option<TimeDelta>,
    pub(crate) progress: Option<Box<dyn FnMut(Progress) + Send>>,
}
