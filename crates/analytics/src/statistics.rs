//! All figures of a series of returns in one struct.

use algoflow_core::time::{TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    drawdown,
    equity::EquityPoint,
    error::{AnalyticsError, Result},
    measure,
    returns::{Period, ReturnSeries},
};

mod benchmark;

pub use benchmark::BenchmarkStatistics;

/// How [`Statistics`] are computed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Into which periods equity is cut.
    pub period: Period,
    /// Periods per year: 252 for daily returns of exchanges that close, 365 for those that never do. `None` derives
    /// it from the data, see [`ReturnSeries::observed_periods_per_year`].
    pub periods_per_year: Option<f64>,
    /// The risk-free rate per year, compounded: 0.02 is two percent.
    pub risk_free: f64,
    /// The return per year, compounded, below which a return counts as a shortfall (Sortino, omega, downside
    /// deviation).
    pub target: f64,
    /// The confidence of the values at risk, between 0 and 1.
    pub confidence: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { period: Period::Auto, periods_per_year: None, risk_free: 0.0, target: 0.0, confidence: 0.95 }
    }
}

impl Options {
    fn validate(&self) -> Result<()> {
        let check = |ok: bool, name, value, expected| {
            if ok { Ok(()) } else { Err(AnalyticsError::InvalidOption { name, value, expected }) }
        };
        let periods = self.periods_per_year.unwrap_or(1.0);
        check(periods.is_finite() && periods > 0.0, "periods_per_year", periods, "above zero")?;
        let rate = |value: f64| value.is_finite() && value > -1.0;
        check(rate(self.risk_free), "risk_free", self.risk_free, "above -1")?;
        check(rate(self.target), "target", self.target, "above -1")?;
        let inside = self.confidence > 0.0 && self.confidence < 1.0;
        check(inside, "confidence", self.confidence, "between 0 and 1")
    }
}

/// The figures of a series of returns.
///
/// Rates, drawdowns and values at risk are fractions (0.01 is one percent). A figure is `None` where it is not
/// defined; the functions of [`measure`] that compute them say when. Nothing here is ever NaN or infinite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// The time of the base, from which the first return is counted.
    pub start: Timestamp,
    /// The time of the last return.
    pub end: Timestamp,
    /// From start to end, in years of 365.2425 days.
    pub years: f64,
    /// The period of one return.
    pub period: Period,
    /// The number of returns.
    pub observations: usize,
    /// With how many periods per year figures are annualized.
    pub periods_per_year: f64,
    /// Whether that number was derived from the data instead of given.
    pub periods_per_year_derived: bool,
    /// The risk-free rate per year.
    pub risk_free: f64,
    /// The target return per year.
    pub target: f64,
    /// The confidence of the values at risk.
    pub confidence: f64,
    /// When equity fell to zero or below, if it did.
    pub ruined: Option<Timestamp>,

    /// [`measure::total_return`].
    pub total_return: Option<f64>,
    /// [`measure::cagr`].
    pub cagr: Option<f64>,
    /// The arithmetic mean return per period.
    pub mean_return: Option<f64>,
    /// The best return of one period.
    pub best_period: Option<f64>,
    /// The worst return of one period.
    pub worst_period: Option<f64>,
    /// The share of periods with a gain among those with a gain or a loss.
    pub positive_periods: Option<f64>,
    /// The longest runs of periods with a gain and with a loss.
    pub streaks: measure::Streaks,

    /// [`measure::volatility`].
    pub volatility: Option<f64>,
    /// [`measure::downside_deviation`] below the target.
    pub downside_deviation: Option<f64>,
    /// [`measure::skewness`].
    pub skewness: Option<f64>,
    /// [`measure::kurtosis`] (excess).
    pub kurtosis: Option<f64>,
    /// [`measure::tail_ratio`].
    pub tail_ratio: Option<f64>,
    /// [`measure::value_at_risk`] of one period.
    pub value_at_risk: Option<f64>,
    /// [`measure::conditional_value_at_risk`] of one period.
    pub conditional_value_at_risk: Option<f64>,

    /// [`drawdown::max_drawdown`], 0 to 1.
    pub max_drawdown: f64,
    /// The mean depth of all drawdowns.
    pub average_drawdown: Option<f64>,
    /// The longest time from a peak until it was reached again, or to the end.
    pub longest_drawdown: TimeDelta,
    /// The share of the time that was spent below an earlier peak.
    pub time_under_water: Option<f64>,
    /// [`drawdown::ulcer_index`].
    pub ulcer_index: Option<f64>,
    /// [`drawdown::pain_index`].
    pub pain_index: Option<f64>,

    /// [`measure::sharpe`].
    pub sharpe: Option<f64>,
    /// [`measure::probabilistic_sharpe`]: the probability that the true Sharpe ratio is above zero.
    pub probabilistic_sharpe: Option<f64>,
    /// [`measure::sortino`] against the target.
    pub sortino: Option<f64>,
    /// [`measure::calmar`].
    pub calmar: Option<f64>,
    /// [`measure::omega`] against the target.
    pub omega: Option<f64>,
    /// [`measure::gain_to_pain`].
    pub gain_to_pain: Option<f64>,
    /// The annual growth above the risk-free rate per unit of ulcer index (Martin's ratio).
    pub martin: Option<f64>,
    /// [`measure::recovery_factor`].
    pub recovery_factor: Option<f64>,
    /// [`measure::stability`].
    pub stability: Option<f64>,

    /// Against the benchmark, if there is one.
    pub benchmark: Option<BenchmarkStatistics>,
}

impl Statistics {
    /// The figures of `returns`; drawdowns are seen at the ends of its periods.
    ///
    /// # Errors
    /// [`AnalyticsError::InvalidOption`].
    pub fn from_returns(returns: &ReturnSeries, options: &Options) -> Result<Self> {
        Self::compute(returns, returns, options)
    }

    /// The figures of equity: returns of the period that the options say, but drawdowns at every point, so that a
    /// fall within a day is seen although returns are daily.
    ///
    /// # Errors
    /// [`AnalyticsError`] if the points (see [`crate::equity::validate`]) or the options are not valid.
    pub fn from_equity(points: &[EquityPoint], options: &Options) -> Result<Self> {
        let returns = ReturnSeries::from_equity(points, options.period)?;
        let path = ReturnSeries::from_equity(points, Period::AsGiven)?;
        Self::compute(&returns, &path, options)
    }

    pub(crate) fn compute(returns: &ReturnSeries, path: &ReturnSeries, options: &Options) -> Result<Self> {
        options.validate()?;
        let values = returns.values();
        let periods_per_year =
            options.periods_per_year.unwrap_or_else(|| returns.observed_periods_per_year());
        let risk_free = measure::per_period(options.risk_free, periods_per_year);
        let target = measure::per_period(options.target, periods_per_year);
        let (gains, losses) =
            (values.iter().filter(|value| **value > 0.0), values.iter().filter(|value| **value < 0.0));
        let (gains, losses) = (gains.count() as f64, losses.count() as f64);

        let falls = drawdown::drawdowns(path);
        let depths: Vec<f64> = falls.iter().map(|fall| fall.depth).collect();
        let max_drawdown = depths.iter().copied().fold(0.0, f64::max);
        let under_water: f64 = falls.iter().map(|fall| fall.length.as_seconds_f64()).sum();
        let ulcer_index = drawdown::ulcer_index(path.values());
        let cagr = measure::cagr(values, periods_per_year);

        Ok(Self {
            start: returns.start(),
            end: returns.end(),
            years: returns.years(),
            period: returns.period(),
            observations: values.len(),
            periods_per_year,
            periods_per_year_derived: options.periods_per_year.is_none(),
            risk_free: options.risk_free,
            target: options.target,
            confidence: options.confidence,
            ruined: path.ruined().or(returns.ruined()),

            total_return: measure::total_return(values),
            cagr,
            mean_return: measure::mean(values),
            best_period: values.iter().copied().reduce(f64::max),
            worst_period: values.iter().copied().reduce(f64::min),
            positive_periods: measure::ratio(gains, gains + losses),
            streaks: measure::streaks(values.iter().copied()),

            volatility: measure::volatility(values, periods_per_year),
            downside_deviation: measure::downside_deviation(values, target, periods_per_year),
            skewness: measure::skewness(values),
            kurtosis: measure::kurtosis(values),
            tail_ratio: measure::tail_ratio(values),
            value_at_risk: measure::value_at_risk(values, options.confidence),
            conditional_value_at_risk: measure::conditional_value_at_risk(values, options.confidence),

            max_drawdown,
            average_drawdown: measure::mean(&depths),
            longest_drawdown: falls.iter().map(|fall| fall.length).max().unwrap_or(TimeDelta::ZERO),
            time_under_water: measure::ratio(under_water, path.end().since(path.start()).as_seconds_f64()),
            ulcer_index,
            pain_index: drawdown::pain_index(path.values()),

            sharpe: measure::sharpe(values, risk_free, periods_per_year),
            probabilistic_sharpe: measure::probabilistic_sharpe(values, risk_free, 0.0),
            sortino: measure::sortino(values, target, periods_per_year),
            calmar: cagr.and_then(|cagr| measure::calmar(cagr, max_drawdown)),
            omega: measure::omega(values, target),
            gain_to_pain: measure::gain_to_pain(values),
            martin: cagr.zip(ulcer_index).and_then(|(c, ulcer)| measure::ratio(c - options.risk_free, ulcer)),
            recovery_factor: measure::recovery_factor(values, max_drawdown),
            stability: measure::stability(values),
            benchmark: None,
        })
    }

    /// The same with the figures against `benchmark` over the periods of `returns` (see
    /// [`ReturnSeries::pair_with`]), annualized in the same way.
    #[must_use]
    pub fn with_benchmark(mut self, returns: &ReturnSeries, benchmark: &ReturnSeries) -> Self {
        let paired = returns.pair_with(benchmark);
        self.benchmark = BenchmarkStatistics::new(&paired, self.risk_free, self.periods_per_year);
        self
    }
}

#[cfg(test)]
mod tests;
