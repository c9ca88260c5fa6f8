//! The figures of a report with their names, in groups: one list for the page, the picture and the terminal.

use rust_decimal::Decimal;

use super::{
    Report,
    format::{self, amount, duration, loss, num, number, or_undefined, pct, percent, signed},
    plot::Rolling,
};
use crate::{BenchmarkStatistics, Statistics, measure, trade::TradeSummary};

/// A figure as it is shown.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: String,
    /// The benchmark's, where it has one.
    pub(super) benchmark: Option<String>,
}

/// Figures that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) figures: Vec<Figure>,
}

/// How a value is shown.
type Show = fn(Option<f64>) -> String;

pub(super) fn figure(name: impl Into<String>, value: String) -> Figure {
    Figure { name: name.into(), value, benchmark: None }
}

/// A figure that a benchmark has too. A loss is below zero.
pub(super) struct Compared {
    name: &'static str,
    own: fn(&Statistics) -> Option<f64>,
    benchmark: fn(&BenchmarkStatistics) -> Option<f64>,
}

pub(super) const TOTAL_RETURN: Compared =
    Compared { name: "Total return", own: |s| s.total_return, benchmark: |b| b.total_return };
pub(super) const CAGR: Compared = Compared { name: "CAGR", own: |s| s.cagr, benchmark: |b| b.cagr };
pub(super) const VOLATILITY: Compared =
    Compared { name: "Volatility", own: |s| s.volatility, benchmark: |b| b.volatility };
pub(super) const MAX_DRAWDOWN: Compared =
    Compared { name: "Max drawdown", own: |s| Some(-s.max_drawdown), benchmark: |b| Some(-b.max_drawdown) };
pub(super) const SHARPE: Compared = Compared { name: "Sharpe", own: |s| s.sharpe, benchmark: |b| b.sharpe };
pub(super) const SORTINO: Compared =
    Compared { name: "Sortino", own: |s| s.sortino, benchmark: |b| b.sortino };

impl Compared {
    fn values(&self, s: &Statistics, show: Show) -> (String, Option<String>) {
        (show((self.own)(s)), s.benchmark.as_ref().map(|b| show((self.benchmark)(b))))
    }

    pub(super) fn figure(&self, s: &Statistics, show: Show) -> Figure {
        let (value, benchmark) = self.values(s, show);
        Figure { name: self.name.into(), value, benchmark }
    }

    fn tile(&self, s: &Statistics, show: Show) -> Tile {
        let (value, benchmark) = self.values(s, show);
        let below = benchmark.map_or_else(String::new, |value| format!("benchmark {value}"));
        [self.name.into(), value, below]
    }
}

/// The figures of the returns and the account.
pub(super) fn groups(report: &Report) -> Vec<Group> {
    let mut groups = vec![returns(report), risk(report), ratios(report)];
    groups.extend(relative(report));
    groups
}

fn returns(report: &Report) -> Group {
    let s = report.statistics();
    let equity = |which: &str, point: Option<&crate::EquityPoint>| {
        figure(report.in_currency(which), num(point.map(|point| point.equity)))
    };
    let noun = s.period.noun();
    let [best, worst] =
        report.monthly.extremes().map_or([None; 2], |months| months.map(|month| Some(month.2)));
    Group {
        title: "Return",
        figures: vec![
            equity("First equity", report.equity.first()),
            equity("Final equity", report.equity.last()),
            TOTAL_RETURN.figure(s, pct),
            CAGR.figure(s, pct),
            figure(format!("Best {noun}"), pct(s.best_period)),
            figure(format!("Worst {noun}"), pct(s.worst_period)),
            figure("Best month", pct(best)),
            figure("Worst month", pct(worst)),
            figure("Months with a gain", pct(report.monthly.positive_share())),
            figure(plural(noun, " with a gain"), pct(s.positive_periods)),
            figure("Longest run of gains / losses", format!("{} / {}", s.streaks.wins, s.streaks.losses)),
        ],
    }
}

fn plural(noun: &str, rest: &str) -> String {
    let mut letters = noun.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}s{rest}", letters.as_str())
}

fn risk(report: &Report) -> Group {
    let s = report.statistics();
    let level = percent(s.confidence, 0);
    let noun = s.period.noun();
    Group {
        title: "Risk",
        figures: vec![
            VOLATILITY.figure(s, pct),
            figure("Downside deviation", pct(s.downside_deviation)),
            MAX_DRAWDOWN.figure(s, pct),
            figure("Average drawdown", loss(s.average_drawdown)),
            figure("Longest drawdown", duration(s.longest_drawdown)),
            figure("Time under water", pct(s.time_under_water)),
            figure("Ulcer index", pct(s.ulcer_index)),
            figure(format!("Value at risk {level}, one {noun}"), loss(s.value_at_risk)),
            figure(format!("Expected shortfall {level}, one {noun}"), loss(s.conditional_value_at_risk)),
            figure("Skewness", num(s.skewness)),
            figure("Excess kurtosis", num(s.kurtosis)),
            figure("Tail ratio", num(s.tail_ratio)),
        ],
    }
}

fn ratios(report: &Report) -> Group {
    let s = report.statistics();
    let mut figures = vec![
        SHARPE.figure(s, num),
        figure("Probability that Sharpe > 0", pct(s.probabilistic_sharpe)),
        SORTINO.figure(s, num),
        figure("Calmar", num(s.calmar)),
        figure("Omega", num(s.omega)),
        figure("Gain to pain", num(s.gain_to_pain)),
        figure("Martin", num(s.martin)),
        figure("Recovery factor", num(s.recovery_factor)),
        figure("Stability (R²)", num(s.stability)),
    ];
    figures.extend(activity(report));
    Group { title: "Ratios and activity", figures }
}

/// How much was traded; nothing without fills.
pub(super) fn activity(report: &Report) -> Vec<Figure> {
    if report.fills.is_empty() {
        return Vec::new();
    }
    let turnover = or_undefined(report.turnover, |value| format!("{}×", number(value, 2)));
    vec![figure("Exposure", pct(report.exposure)), figure("Turnover per year", turnover)]
}

fn relative(report: &Report) -> Option<Group> {
    let b = report.statistics().benchmark.as_ref()?;
    Some(Group {
        title: "Against the benchmark",
        figures: vec![
            figure("Alpha", pct(b.alpha)),
            figure("Beta", num(b.beta)),
            figure("Correlation", num(b.correlation)),
            figure("R²", num(b.r_squared)),
            figure("Tracking error", pct(b.tracking_error)),
            figure("Information ratio", num(b.information_ratio)),
            figure("Treynor", num(b.treynor)),
            figure("Up capture", pct(b.up_capture)),
            figure("Down capture", pct(b.down_capture)),
        ],
    })
}

/// The names of trade figures, each with the way to show it.
type TradeFigure = (&'static str, fn(&TradeSummary) -> String);

pub(super) fn exact(value: Option<Decimal>) -> String {
    or_undefined(value, |value| amount(value, 2))
}

/// The rows of the table of trade statistics.
pub(super) const TRADE_FIGURES: [TradeFigure; 20] = [
    ("Trades", |t| number(t.count as f64, 0)),
    ("Won / lost", |t| format!("{} / {}", number(t.wins as f64, 0), number(t.losses as f64, 0))),
    ("Win rate", |t| pct(t.win_rate)),
    ("Net profit", |t| exact(t.net_profit)),
    ("Gross profit", |t| exact(t.gross_profit)),
    ("Gross loss", |t| exact(t.gross_loss)),
    ("Fees", |t| exact(t.fees)),
    ("Profit factor", |t| num(t.profit_factor)),
    ("Expectancy per trade", |t| num(t.expectancy)),
    ("Average return", |t| pct(t.average_return)),
    ("Average win", |t| num(t.average_win)),
    ("Average loss", |t| num(t.average_loss)),
    ("Payoff ratio", |t| num(t.payoff_ratio)),
    ("Largest win", |t| exact(t.largest_win)),
    ("Largest loss", |t| exact(t.largest_loss)),
    ("Longest run won / lost", |t| format!("{} / {}", t.streaks.wins, t.streaks.losses)),
    ("Average holding time", |t| or_undefined(t.average_holding, duration)),
    ("Median holding time", |t| or_undefined(t.median_holding, duration)),
    ("Average MAE", |t| pct(t.average_mae)),
    ("Average MFE", |t| pct(t.average_mfe)),
];

/// A name, a value, and a line below.
pub(super) type Tile = [String; 3];

/// The figures that stand out at the top.
pub(super) fn headline(report: &Report) -> Vec<Tile> {
    let s = report.statistics();
    let short: Show = |value| or_undefined(value, |value| percent(value, 1));
    let mut tiles = vec![
        TOTAL_RETURN.tile(s, |value| signed(value, 1)),
        CAGR.tile(s, |value| signed(value, 2)),
        SHARPE.tile(s, num),
        SORTINO.tile(s, num),
        MAX_DRAWDOWN.tile(s, short),
        VOLATILITY.tile(s, short),
    ];
    let trades = &report.trade_statistics.all;
    if trades.count > 0 {
        let s = if trades.count == 1 { "" } else { "s" };
        let count = format!("of {} trade{s}", number(trades.count as f64, 0));
        let exposure = or_undefined(report.exposure, |value| format!("exposure {}", percent(value, 0)));
        tiles.push(["Win rate".into(), short(trades.win_rate), count]);
        tiles.push(["Profit factor".into(), num(trades.profit_factor), exposure]);
    } else {
        let longest = format!("longest drawdown {}", duration(s.longest_drawdown));
        let what = format!("{}, one {}", percent(s.confidence, 0), s.period.noun());
        tiles.push(["Calmar".into(), num(s.calmar), longest]);
        tiles.push(["Value at risk".into(), loss(s.value_at_risk), what]);
    }
    tiles
}

/// How far a number of periods per year may be from that of the data without a word about it.
const PERIODS_TOLERANCE: f64 = 0.05;

/// From when to when, over which periods.
pub(super) fn span(report: &Report) -> String {
    let s = report.statistics();
    let dates_only = report.is_daily();
    let places = |value: f64| number(value, if value.fract() == 0.0 { 0 } else { 1 });
    let observed = report.returns.observed_periods_per_year();
    let source = if s.periods_per_year_derived {
        ", derived from the data".into()
    } else if (s.periods_per_year / observed - 1.0).abs() > PERIODS_TOLERANCE {
        format!(" as given; the data have {}", places(observed))
    } else {
        String::new()
    };
    let noun = s.period.noun();
    format!(
        "{} to {}, {} {noun}{}, annualized with {} {noun}s per year{source}",
        format::time(s.start, dates_only),
        format::close(s.end, dates_only),
        number(s.observations as f64, 0),
        if s.observations == 1 { "" } else { "s" },
        places(s.periods_per_year),
    )
}

/// `Rolling Sharpe, 126 days`.
pub(super) fn rolling_title(report: &Report, rolling: &Rolling) -> String {
    format!("Rolling Sharpe, {} {}s", rolling.window, report.statistics.period.noun())
}

/// How strong the color of a month is, 0 to 1. The strongest is for the 95 % quantile, so that one extreme month does not
/// pale all others.
pub(super) fn heat(table: &crate::MonthlyTable) -> impl Fn(f64) -> f64 {
    let sizes: Vec<f64> = table.months().map(|(_, _, value)| value.abs()).collect();
    let strongest = measure::quantile(&sizes, 0.95).unwrap_or(0.0).max(1e-9);
    move |value| (value.abs() / strongest).min(1.0)
}

impl Report {
    /// The strategy, unless the title names it.
    pub(super) fn subtitle(&self) -> Option<&str> {
        self.strategy.as_deref().filter(|name| !self.title.contains(name))
    }

    /// The parameters in one line; `None` without.
    pub(super) fn parameter_line(&self) -> Option<String> {
        let all: Vec<String> =
            self.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// `Equity, USD`: something that is counted in the currency of the report.
    pub(super) fn in_currency(&self, what: &str) -> String {
        self.currency.as_ref().map_or_else(|| what.into(), |currency| format!("{what}, {currency}"))
    }

    /// Whether times of day say nothing: all points lie at one time of the day or are days apart.
    pub(super) fn is_daily(&self) -> bool {
        let day = algoflow_core::time::TimeDelta::days(1);
        let median_gap = {
            let mut gaps: Vec<i64> = self
                .equity
                .iter()
                .zip(self.equity.iter().skip(1))
                .map(|(a, b)| b.ts.since(a.ts).nanos())
                .collect();
            gaps.sort_unstable();
            gaps.get(gaps.len() / 2).copied().unwrap_or(0)
        };
        median_gap >= day.nanos() / 2
    }
}
