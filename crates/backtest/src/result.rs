use std::{collections::BTreeSet, path::Path, sync::Arc};

use algoflow_analytics::{
    EquityPoint, Report,
    trade::{PriceBar, PriceSeries},
};
use algoflow_core::{
    Decimal,
    id::{Asset, InstrumentId, StrategyId},
    instrument::Instrument,
    ledger::Portfolio,
    number::Money,
    order::OrderEvent,
    state::{Orders, Recorded},
    time::{TimeDelta, Timestamp},
};
use algoflow_data::BarSeries;
use algoflow_execution::{Halt, Journal, risk::RiskEvent};
use algoflow_sim::SimVenue;

use crate::{error::BacktestError, fills::Fills};

/// The most instruments that a title names.
const MAX_TITLE_NAMES: usize = 3;

/// Everything that a backtest did.
#[derive(Debug)]
pub struct BacktestResult {
    /// When the first data could be known.
    pub start: Timestamp,
    /// When the last data could be known.
    pub end: Timestamp,
    /// How many pieces of market data were processed.
    pub events: u64,
    /// The seed of the run.
    pub seed: u64,
    /// The asset in which the equity is counted.
    pub reporting: Asset,
    /// What was paid in.
    pub initial: Vec<Money>,
    /// What everything was worth at the end, exact. `None` if something was held whose price was not known.
    pub final_equity: Option<Money>,
    /// The equity over time, starting with what was paid in.
    pub equity: Vec<EquityPoint>,
    /// Every fill, in order.
    pub fills: Fills,
    /// Orders that a venue refused, with its reasons, in order.
    pub rejections: Vec<OrderEvent>,
    /// Orders that the engine refused before they were sent, with the reasons, in order.
    pub denials: Vec<OrderEvent>,
    /// Strategies that were halted by an error of theirs.
    pub halts: Vec<Halt>,
    /// What risk management did, in order: the last [`MAX_RISK_EVENTS`](algoflow_execution::risk::MAX_RISK_EVENTS).
    pub risk_events: Vec<RiskEvent>,
    /// Every order, in the order in which they were made.
    pub orders: Orders,
    /// The instruments.
    pub instruments: Vec<Instrument>,
    /// The strategies, by the index that is part of an order id.
    pub strategies: Vec<StrategyId>,
    /// What strategies recorded.
    pub recorded: Recorded,
    /// Accounts and positions at the end.
    pub portfolio: Portfolio,
    /// The venues and their models.
    pub venues: Vec<SimVenue>,
    /// The bars that were given as series, for the charts.
    pub prices: Vec<Arc<BarSeries>>,
    /// The engine's inputs and commands, if they were to be kept in memory.
    pub journal: Option<Journal>,
}

impl BacktestResult {
    /// A hash of everything that the run did: fills, orders, refusals, equity, balances, recorded series. Equal inputs and
    /// seeds give equal hashes, in any process and on any number of threads. 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Hasher(blake3::Hasher::new());
        hasher.number(self.start.nanos());
        hasher.number(self.end.nanos());
        hasher.number(self.events as i64);
        for fill in &self.fills {
            hasher.text(&fill.id);
            hasher.text(fill.instrument.as_str());
            hasher.number(fill.order.sequence as i64);
            hasher.number(fill.side.sign());
            hasher.decimal(fill.price.to_decimal());
            hasher.decimal(fill.quantity.to_decimal());
            hasher.decimal(fill.fee.amount);
            hasher.text(fill.fee.asset.as_str());
            hasher.number(fill.ts_event.nanos());
            hasher.number(fill.ts_recv.nanos());
        }
        for order in self.orders.iter() {
            hasher.text(order.id.to_string().as_str());
            hasher.number(order.status as i64);
            hasher.decimal(order.filled.to_decimal());
            hasher.number(order.ts_updated.nanos());
        }
        for event in self.denials.iter().chain(&self.rejections) {
            hasher.text(&format!("{event:?}"));
        }
        for halt in &self.halts {
            hasher.text(&format!("{halt:?}"));
        }
        for event in &self.risk_events {
            hasher.text(&format!("{event:?}"));
        }
        for point in &self.equity {
            hasher.number(point.ts.nanos());
            hasher.float(point.equity);
        }
        for (venue, asset, balance) in self.portfolio.balances() {
            hasher.text(venue.as_str());
            hasher.text(asset.as_str());
            hasher.decimal(balance.total);
        }
        for (name, values) in self.recorded.iter() {
            hasher.text(name);
            for (at, value) in values {
                hasher.number(at.nanos());
                hasher.float(*value);
            }
        }
        hasher.0.finalize().to_hex().to_string()
    }

    /// What was earned, as a fraction of what was paid in: 0.1 is ten percent. `None` if the equity at the start or the end
    /// is not known, or nothing was paid in.
    #[must_use]
    pub fn total_return(&self) -> Option<f64> {
        let first = self.equity.first()?.equity;
        let last = self.final_equity.and_then(|money| f64::try_from(money.amount).ok())?;
        (first.is_finite() && first > 0.0).then(|| last / first - 1.0)
    }

    /// The report: statistics, trades, drawdowns, charts. Titled after the strategies and what they traded.
    ///
    /// Returns are of the periods in which there was a bar of what was traded, if all of it was given as series of bars of
    /// a day or less; else of all periods with a point of equity. So a dividend on a weekend makes no day of its own, and
    /// what trades around the clock has returns on weekends (see
    /// [`algoflow_analytics::ReturnSeries::from_equity_on_market`]).
    ///
    /// # Errors
    /// [`BacktestError::Report`] if the equity curve or the prices cannot be analyzed.
    pub fn report(&self) -> Result<Report, BacktestError> {
        self.report_builder()?.build().map_err(|error| BacktestError::Report(error.to_string()))
    }

    /// The report before it is computed, to add a benchmark, parameters or options.
    ///
    /// # Errors
    /// [`BacktestError::Report`] if the prices cannot be charted.
    pub fn report_builder(&self) -> Result<algoflow_analytics::ReportBuilder, BacktestError> {
        let names: Vec<&str> = self.strategies.iter().map(|id| id.as_str()).collect();
        let strategies = names.join(" + ");
        let traded: BTreeSet<InstrumentId> = self.fills.iter().map(|fill| fill.instrument).collect();
        let equity: Vec<EquityPoint> =
            self.equity.iter().copied().filter(|point| point.equity.is_finite()).collect();
        let mut builder = Report::builder(self.title(&strategies, &traded), equity)
            .strategy(strategies)
            .currency(self.reporting.as_str())
            .run_hash(self.hash())
            .fills(self.fills.to_vec(), self.instruments.clone());
        for note in self.notes() {
            builder = builder.note(note);
        }
        if let Some(times) = self.market_times(&traded) {
            builder = builder.market_times(times);
        }
        for series in &self.prices {
            let bars = series.iter().map(|bar| PriceBar::from(&bar));
            let prices = PriceSeries::new(series.instrument(), bars.collect());
            builder = builder.prices(prices.map_err(|error| BacktestError::Report(error.to_string()))?);
        }
        Ok(builder)
    }

    /// `SmaCross on SPX.INDEX`: the strategies and what they traded, or could have if there was no trade.
    fn title(&self, strategies: &str, traded: &BTreeSet<InstrumentId>) -> String {
        let mut names: Vec<&str> = traded.iter().map(|id| id.as_str()).collect();
        if names.is_empty() {
            names = self.instruments.iter().map(|instrument| instrument.id.as_str()).collect();
        }
        match &names[..] {
            [] => strategies.to_owned(),
            some if some.len() <= MAX_TITLE_NAMES => format!("{strategies} on {}", some.join(", ")),
            many => format!("{strategies} on {} instruments", many.len()),
        }
    }

    /// When each bar of what was traded ended, of everything given if nothing was. `None` where bars do not tell every day
    /// of a market: something was traded on trades or quotes alone, or on bars longer than a day.
    fn market_times(&self, traded: &BTreeSet<InstrumentId>) -> Option<Vec<Timestamp>> {
        let counts = |series: &&Arc<BarSeries>| traded.is_empty() || traded.contains(&series.instrument());
        let known: Vec<_> = self.prices.iter().filter(counts).collect();
        let daily = |id: &InstrumentId| {
            let day = TimeDelta::days(1).nanos();
            known.iter().any(|series| series.instrument() == *id && series.spec().rank() <= day)
        };
        if known.is_empty() || !traded.iter().all(daily) {
            return None;
        }
        let mut times: Vec<Timestamp> =
            known.iter().flat_map(|series| series.iter().map(|bar| bar.ts_close)).collect();
        // Each series is in order already, which a stable sort makes use of.
        times.sort();
        times.dedup();
        Some(times)
    }

    /// What the figures rest on, and what went wrong: the models of the venues, refused orders, halted strategies.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.venues.iter().map(crate::notes::assumptions).collect();
        if !self.denials.is_empty() {
            notes.push(format!(
                "The engine refused {} before sending.",
                crate::notes::orders(self.denials.len())
            ));
        }
        if !self.rejections.is_empty() {
            notes.push(format!("Venues rejected {}.", crate::notes::orders(self.rejections.len())));
        }
        for account in self.portfolio.accounts() {
            for (asset, lowest) in self.portfolio.overdrawn(account) {
                notes.push(format!(
                    "The cash account at {} was overdrawn by up to {} {asset}: an order filled at a worse price, or with a \
                     higher fee, than when it was sent.",
                    account.venue,
                    lowest.abs().normalize()
                ));
            }
        }
        for halt in &self.halts {
            notes.push(format!(
                "{} was halted at {}: {} ({})",
                halt.strategy, halt.at, halt.reason, halt.code
            ));
        }
        let open = self.orders.iter().filter(|order| order.is_open()).count();
        if open > 0 {
            let were = if open == 1 { "was" } else { "were" };
            notes.push(format!("{} {were} still open at the end.", crate::notes::orders(open)));
        }
        notes
    }

    /// A table of the key figures, for a terminal.
    ///
    /// # Errors
    /// [`BacktestError::Report`] if the equity curve cannot be analyzed.
    pub fn summary(&self) -> Result<String, BacktestError> {
        Ok(self.report()?.summary())
    }

    /// Writes the tear sheet: one HTML file that needs nothing else.
    ///
    /// # Errors
    /// [`BacktestError::Report`] if the equity curve cannot be analyzed or the file cannot be written.
    pub fn tear_sheet(&self, path: impl AsRef<Path>) -> Result<(), BacktestError> {
        self.report()?.write_html(path).map_err(|error| BacktestError::Report(error.to_string()))
    }
}

/// Feeds values to the hash so that two different sequences of values are never the same bytes.
struct Hasher(blake3::Hasher);

impl Hasher {
    fn number(&mut self, value: i64) {
        self.0.update(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.0.update(text.as_bytes());
    }

    /// Equal values hash equally, whatever their scale.
    fn decimal(&mut self, value: Decimal) {
        let value = value.normalize();
        self.0.update(&value.mantissa().to_le_bytes());
        self.number(i64::from(value.scale()));
    }

    fn float(&mut self, value: f64) {
        self.0.update(&value.to_bits().to_le_bytes());
    }
}
