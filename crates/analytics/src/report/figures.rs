//! The figures of a report with their names, in groups: one list for the page, the picture and the terminal.

use rust_decimal::Decimal;

use super::{
    Report,
    format::{self, amount, duration, number, or_undefined, percent, signed_percent},
};
use crate::trade::TradeSummary;

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

fn figure(name: impl Into<String>, value: String) -> Figure {
    Figure { name: name.into(), value, benchmark: None }
}

fn pct(value: Option<f64>) -> String {
    or_undefined(value, |value| percent(value, 2))
}

fn num(value: Option<f64>) -> String {
    or_undefined(value, |value| number(value, 2))
}

/// A loss, given as a positive fraction, with its sign.
fn loss(value: Option<f64>) -> String {
    pct(value.map(|value| -value))
}

/// The figures of the returns and the account.
pub(super) fn groups(report: &Report) -> Vec<Group> {
    let mut groups = vec![returns(report), risk(report), ratios(report)];
    groups.extend(relative(report));
    groups
}

fn with_benchmark(mut figure: Figure, value: Option<String>) -> Figure {
    figure.benchmark = value;
    figure
}

fn returns(report: &Report) -> Group {
    let s = report.statistics();
    let b = s.benchmark.as_ref();
    let unit = report.currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
    let money = |value: Option<f64>| or_undefined(value, |value| format!("{}{unit}", number(value, 2)));
    let noun = s.period.noun();
    let extreme = |index: usize| {
        let months = report.monthly.extremes();
        or_undefined(months.and_then(|m| m.get(index).copied()), |(_, _, value)| percent(value, 2))
    };
    Group {
        title: "Return",
        figures: vec![
            figure("First equity", money(report.equity.first().map(|point| point.equity))),
            figure("Final equity", money(report.equity.last().map(|point| point.equity))),
            with_benchmark(figure("Total return", pct(s.total_return)), b.map(|b| pct(b.total_return))),
            with_benchmark(figure("CAGR", pct(s.cagr)), b.map(|b| pct(b.cagr))),
            figure(format!("Best {noun}"), pct(s.best_period)),
            figure(format!("Worst {noun}"), pct(s.worst_period)),
            figure("Best month", extreme(0)),
            figure("Worst month", extreme(1)),
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
    let b = s.benchmark.as_ref();
    let level = percent(s.confidence, 0);
    let noun = s.period.noun();
    Group {
        title: "Risk",
        figures: vec![
            with_benchmark(figure("Volatility", pct(s.volatility)), b.map(|b| pct(b.volatility))),
            figure("Downside deviation", pct(s.downside_deviation)),
            with_benchmark(
                figure("Max drawdown", loss(Some(s.max_drawdown))),
                b.map(|b| loss(Some(b.max_drawdown))),
            ),
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
    let b = s.benchmark.as_ref();
    let mut figures = vec![
        with_benchmark(figure("Sharpe", num(s.sharpe)), b.map(|b| num(b.sharpe))),
        figure("Probability that Sharpe > 0", pct(s.probabilistic_sharpe)),
        with_benchmark(figure("Sortino", num(s.sortino)), b.map(|b| num(b.sortino))),
        figure("Calmar", num(s.calmar)),
        figure("Omega", num(s.omega)),
        figure("Gain to pain", num(s.gain_to_pain)),
        figure("Martin", num(s.martin)),
        figure("Recovery factor", num(s.recovery_factor)),
        figure("Stability (R²)", num(s.stability)),
    ];
    if !report.fills.is_empty() {
        figures.push(figure("Exposure", pct(report.exposure)));
        figures.push(figure(
            "Turnover per year",
            or_undefined(report.turnover, |value| format!("{}×", number(value, 2))),
        ));
    }
    Group { title: "Ratios and activity", figures }
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

fn money(value: Option<f64>) -> String {
    num(value)
}

fn exact(value: Option<Decimal>) -> String {
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
    ("Expectancy per trade", |t| money(t.expectancy)),
    ("Average return", |t| pct(t.average_return)),
    ("Average win", |t| money(t.average_win)),
    ("Average loss", |t| money(t.average_loss)),
    ("Payoff ratio", |t| num(t.payoff_ratio)),
    ("Largest win", |t| exact(t.largest_win)),
    ("Largest loss", |t| exact(t.largest_loss)),
    ("Longest run won / lost", |t| format!("{} / {}", t.streaks.wins, t.streaks.losses)),
    ("Average holding time", |t| or_undefined(t.average_holding, duration)),
    ("Median holding time", |t| or_undefined(t.median_holding, duration)),
    ("Average MAE", |t| pct(t.average_mae)),
    ("Average MFE", |t| pct(t.average_mfe)),
];

/// The figures that stand out at the top: name, value, and a line below.
pub(super) fn headline(report: &Report) -> Vec<[String; 3]> {
    let s = report.statistics();
    let against = |value: Option<f64>, show: fn(Option<f64>) -> String| {
        s.benchmark.as_ref().map_or_else(String::new, |_| format!("benchmark {}", show(value)))
    };
    let b = |f: fn(&crate::BenchmarkStatistics) -> Option<f64>| s.benchmark.as_ref().and_then(f);
    let trades = &report.trade_statistics.all;
    let mut tiles = vec![
        [
            "Total return".into(),
            or_undefined(s.total_return, |v| signed_percent(v, 1)),
            against(b(|b| b.total_return), |v| or_undefined(v, |v| signed_percent(v, 1))),
        ],
        [
            "CAGR".into(),
            or_undefined(s.cagr, |v| signed_percent(v, 2)),
            against(b(|b| b.cagr), |v| or_undefined(v, |v| signed_percent(v, 2))),
        ],
        ["Sharpe".into(), num(s.sharpe), against(b(|b| b.sharpe), num)],
        ["Sortino".into(), num(s.sortino), against(b(|b| b.sortino), num)],
        [
            "Max drawdown".into(),
            or_undefined(Some(-s.max_drawdown), |v| percent(v, 1)),
            against(b(|b| Some(-b.max_drawdown)), |v| or_undefined(v, |v| percent(v, 1))),
        ],
        [
            "Volatility".into(),
            or_undefined(s.volatility, |v| percent(v, 1)),
            against(b(|b| b.volatility), |v| or_undefined(v, |v| percent(v, 1))),
        ],
    ];
    if trades.count > 0 {
        tiles.push([
            "Win rate".into(),
            or_undefined(trades.win_rate, |v| percent(v, 1)),
            format!("of {} trades", number(trades.count as f64, 0)),
        ]);
        tiles.push([
            "Profit factor".into(),
            num(trades.profit_factor),
            or_undefined(report.exposure, |v| format!("exposure {}", percent(v, 0))),
        ]);
    } else {
        tiles.push([
            "Calmar".into(),
            num(s.calmar),
            format!("longest drawdown {}", duration(s.longest_drawdown)),
        ]);
        tiles.push([
            "Value at risk".into(),
            loss(s.value_at_risk),
            format!("{}, one {}", percent(s.confidence, 0), s.period.noun()),
        ]);
    }
    tiles
}

/// From when to when, over which periods.
pub(super) fn span(report: &Report) -> String {
    let s = report.statistics();
    let dates_only = report.is_daily();
    let derived = if s.periods_per_year_derived { ", derived from the data" } else { "" };
    let periods = format::number(s.periods_per_year, if s.periods_per_year.fract() == 0.0 { 0 } else { 1 });
    let noun = s.period.noun();
    format!(
        "{} to {}, {} {noun}{}, annualized with {periods} {noun}s per year{derived}",
        format::time(s.start, dates_only),
        format::time(s.end, dates_only),
        format::number(s.observations as f64, 0),
        if s.observations == 1 { "" } else { "s" },
    )
}

impl Report {
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
