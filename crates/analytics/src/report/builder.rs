use algoflow_core::{instrument::Instrument, order::Fill, time::Timestamp};

use super::{Benchmark, Report};
use crate::{
    calendar::MonthlyTable,
    drawdown,
    equity::EquityPoint,
    error::Result,
    returns::{Period, ReturnSeries},
    statistics::{Options, Statistics},
    trade::{self, Matching, PriceSeries, TradeStatistics, Trades},
};

/// How many of the deepest drawdowns are listed.
const DRAWDOWNS: usize = 10;

/// The title of a report without a title and a strategy.
const UNTITLED: &str = "Performance";

/// Collects what a [`Report`] is made from.
#[derive(Clone, Debug)]
#[must_use = "nothing is analyzed before `build`"]
pub struct ReportBuilder {
    title: String,
    strategy: Option<String>,
    parameters: Vec<(String, String)>,
    currency: Option<String>,
    notes: Vec<String>,
    run_hash: Option<String>,
    equity: Vec<EquityPoint>,
    market: Option<Vec<Timestamp>>,
    benchmark: Option<(String, Vec<EquityPoint>)>,
    prices: Vec<PriceSeries>,
    fills: Vec<Fill>,
    instruments: Vec<Instrument>,
    matching: Matching,
    options: Options,
}

impl ReportBuilder {
    pub(super) fn new(title: String, equity: Vec<EquityPoint>) -> Self {
        Self {
            title,
            strategy: None,
            parameters: Vec::new(),
            currency: None,
            notes: Vec::new(),
            run_hash: None,
            equity,
            market: None,
            benchmark: None,
            prices: Vec::new(),
            fills: Vec::new(),
            instruments: Vec::new(),
            matching: Matching::default(),
            options: Options::default(),
        }
    }

    /// Another title than the one at the start. An empty one is replaced by the name of the strategy.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The name of the strategy.
    pub fn strategy(mut self, name: impl Into<String>) -> Self {
        self.strategy = Some(name.into());
        self
    }

    /// Adds a parameter of the strategy, as it is to be shown.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Adds parameters of the strategy.
    pub fn parameters(mut self, parameters: impl IntoIterator<Item = (String, String)>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// What equity is counted in: `USD`.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = Some(currency.into());
        self
    }

    /// Adds an assumption or remark, such as a rule of the fill model.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// The hash that identifies the run.
    pub fn run_hash(mut self, hash: impl Into<String>) -> Self {
        self.run_hash = Some(hash.into());
        self
    }

    /// When there was news of the markets in which the account held something, in order: the close of each bar, or the
    /// times of trades and quotes. Returns are then of periods with news only; see
    /// [`ReturnSeries::from_equity_on_market`]. Without it every period with a point of equity counts.
    pub fn market_times(mut self, times: Vec<Timestamp>) -> Self {
        self.market = Some(times);
        self
    }

    /// What to compare with: the equity, or price, of a benchmark. It is scaled to the equity of the run where drawn.
    pub fn benchmark(mut self, name: impl Into<String>, points: Vec<EquityPoint>) -> Self {
        self.benchmark = Some((name.into(), points));
        self
    }

    /// Adds the prices of an instrument: drawn with its fills, and what excursions of trades are measured on.
    pub fn prices(mut self, series: PriceSeries) -> Self {
        self.prices.push(series);
        self
    }

    /// The fills of the run and the instruments that they are of.
    pub fn fills(mut self, fills: Vec<Fill>, instruments: Vec<Instrument>) -> Self {
        self.fills = fills;
        self.instruments = instruments;
        self
    }

    /// How fills are matched into trades; by average cost if not said.
    pub fn matching(mut self, matching: Matching) -> Self {
        self.matching = matching;
        self
    }

    /// How statistics are computed.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Computes everything.
    ///
    /// # Errors
    /// [`AnalyticsError`](crate::AnalyticsError) if the equity, the times of the market, the benchmark, the options or the
    /// fills are not valid.
    pub fn build(self) -> Result<Report> {
        let period = self.options.period;
        let returns = match &self.market {
            Some(market) => ReturnSeries::from_equity_on_market(&self.equity, period, market)?,
            None => ReturnSeries::from_equity(&self.equity, period)?,
        };
        let path = ReturnSeries::from_equity(&self.equity, Period::AsGiven)?;
        let mut statistics = Statistics::compute(&returns, &path, &self.options)?;
        let benchmark = match self.benchmark {
            Some((name, equity)) => {
                let own = ReturnSeries::from_equity(&equity, returns.period())?;
                statistics = statistics.with_benchmark(&returns, &own);
                Some(Benchmark { name, equity, returns: own })
            }
            None => None,
        };
        let prices = &self.prices[..];
        let (trades, exposure, turnover) = if self.fills.is_empty() {
            (Trades::default(), None, None)
        } else {
            (
                trade::round_trips(&self.fills, &self.instruments, self.matching, prices)?,
                trade::exposure(&self.fills, path.start(), path.end())?,
                trade::turnover(&self.fills, &self.instruments, &self.equity)?,
            )
        };
        let title = if self.title.trim().is_empty() {
            self.strategy.clone().unwrap_or_else(|| UNTITLED.into())
        } else {
            self.title
        };
        Ok(Report {
            drawdowns: drawdown::worst_drawdowns(&path, DRAWDOWNS),
            monthly: MonthlyTable::from_returns(&returns),
            trade_statistics: TradeStatistics::new(&trades.closed),
            title,
            strategy: self.strategy,
            parameters: self.parameters,
            currency: self.currency,
            notes: self.notes,
            run_hash: self.run_hash,
            equity: self.equity,
            benchmark,
            prices: self.prices,
            fills: self.fills,
            returns,
            path,
            statistics,
            trades,
            exposure,
            turnover,
        })
    }
}
