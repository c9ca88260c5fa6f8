//! Everything that is shown of a run, and the ways to show it.

mod builder;
mod downsample;
mod figures;
mod format;
mod html;
mod json;
mod plot;
mod sheet;
mod summary;

pub use builder::ReportBuilder;
pub(crate) use format::escape;

use std::path::Path;

use algoflow_core::order::Fill;

use crate::{
    calendar::MonthlyTable,
    drawdown::Drawdown,
    equity::EquityPoint,
    error::{AnalyticsError, Result},
    returns::ReturnSeries,
    statistics::Statistics,
    trade::{PriceSeries, TradeStatistics, Trades},
};

/// A run with its analysis: figures, tables and pictures are made from it.
///
/// Built with [`Report::builder`]. What the pictures cannot show in full (more than a few thousand points a line) is
/// thinned so that highs and lows stay; the figures always come from all data.
#[derive(Clone, Debug)]
pub struct Report {
    title: String,
    strategy: Option<String>,
    parameters: Vec<(String, String)>,
    currency: Option<String>,
    notes: Vec<String>,
    run_hash: Option<String>,
    equity: Vec<EquityPoint>,
    benchmark: Option<Benchmark>,
    prices: Vec<PriceSeries>,
    fills: Vec<Fill>,
    returns: ReturnSeries,
    /// Returns from point to point, of which the drawdowns are.
    path: ReturnSeries,
    statistics: Statistics,
    drawdowns: Vec<Drawdown>,
    monthly: MonthlyTable,
    trades: Trades,
    trade_statistics: TradeStatistics,
    exposure: Option<f64>,
    turnover: Option<f64>,
}

/// What a run is compared with.
#[derive(Clone, Debug)]
struct Benchmark {
    name: String,
    equity: Vec<EquityPoint>,
    returns: ReturnSeries,
}

impl Report {
    /// Begins a report on the equity of a run.
    pub fn builder(title: impl Into<String>, equity: Vec<EquityPoint>) -> ReportBuilder {
        ReportBuilder::new(title.into(), equity)
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The equity as given.
    #[must_use]
    pub fn equity(&self) -> &[EquityPoint] {
        &self.equity
    }

    /// The returns of which the statistics are.
    #[must_use]
    pub const fn returns(&self) -> &ReturnSeries {
        &self.returns
    }

    /// The returns of the benchmark, if there is one.
    #[must_use]
    pub fn benchmark_returns(&self) -> Option<&ReturnSeries> {
        self.benchmark.as_ref().map(|benchmark| &benchmark.returns)
    }

    /// The figures.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The ten deepest drawdowns, the deepest first.
    #[must_use]
    pub fn drawdowns(&self) -> &[Drawdown] {
        &self.drawdowns
    }

    /// Returns by month and year.
    #[must_use]
    pub const fn monthly(&self) -> &MonthlyTable {
        &self.monthly
    }

    /// Closed trades and open positions.
    #[must_use]
    pub const fn trades(&self) -> &Trades {
        &self.trades
    }

    /// The figures of the closed trades.
    #[must_use]
    pub const fn trade_statistics(&self) -> &TradeStatistics {
        &self.trade_statistics
    }

    /// The share of the time with an open position, see [`crate::trade::exposure`]. `None` without fills.
    #[must_use]
    pub const fn exposure(&self) -> Option<f64> {
        self.exposure
    }

    /// The value traded per year over the mean equity, see [`crate::trade::turnover`]. `None` without fills.
    #[must_use]
    pub const fn turnover(&self) -> Option<f64> {
        self.turnover
    }

    /// The main figures as a table of about 20 lines for a terminal.
    #[must_use]
    pub fn summary(&self) -> String {
        summary::write(self)
    }

    /// All figures, tables, trades and the returns as JSON. Amounts of money are decimal strings, rates fractions,
    /// times RFC 3339.
    ///
    /// # Errors
    /// [`AnalyticsError::Json`] if that cannot be written.
    pub fn to_json(&self) -> Result<String> {
        json::write(self)
    }

    /// The tear sheet as one self-contained HTML page.
    ///
    /// # Errors
    /// [`AnalyticsError::Json`] if the data in it cannot be written.
    pub fn to_html(&self) -> Result<String> {
        html::write(self)
    }

    /// Writes [`to_html`](Self::to_html) to a file.
    ///
    /// # Errors
    /// [`AnalyticsError::Json`], or [`AnalyticsError::Write`] naming the path.
    pub fn write_html(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), self.to_html()?.as_bytes())
    }

    /// The tear sheet as a picture in SVG: figures, equity, drawdown, monthly returns.
    #[must_use]
    pub fn to_svg(&self) -> String {
        sheet::draw(self).to_svg()
    }

    /// Writes [`to_svg`](Self::to_svg) to a file.
    ///
    /// # Errors
    /// [`AnalyticsError::Write`] naming the path.
    pub fn write_svg(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), self.to_svg().as_bytes())
    }

    /// The picture of [`to_svg`](Self::to_svg) as PNG, at two pixels per unit.
    ///
    /// # Errors
    /// [`AnalyticsError::Picture`] if it is too large to be drawn.
    #[cfg(feature = "png")]
    pub fn to_png(&self) -> Result<Vec<u8>> {
        sheet::draw(self).to_png(2.0)
    }

    /// Writes [`to_png`](Self::to_png) to a file.
    ///
    /// # Errors
    /// [`AnalyticsError::Picture`], or [`AnalyticsError::Write`] naming the path.
    #[cfg(feature = "png")]
    pub fn write_png(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_png()?)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|source| AnalyticsError::Write { path: path.to_owned(), source })
}
