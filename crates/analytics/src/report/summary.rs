//! The main figures as aligned text.

use super::{
    Report, figures,
    format::{self, duration, number, or_undefined, percent, signed_percent},
};

/// The widths of a left column's name and value, and of a right column's.
const WIDTHS: [usize; 4] = [20, 16, 22, 16];

/// The summary: a heading and two columns of figures, at most 80 characters wide but for long names.
pub(super) fn write(report: &Report) -> String {
    let mut lines = vec![report.title.clone()];
    if let Some(strategy) = report.strategy.as_ref().filter(|name| **name != report.title) {
        lines.push(strategy.clone());
    }
    if !report.parameters.is_empty() {
        let parameters: Vec<String> =
            report.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
        lines.push(parameters.join(", "));
    }
    lines.push(figures::span(report));
    let width = WIDTHS.iter().sum::<usize>() + 4;
    lines.push("-".repeat(width));
    let (left, right) = (account(report), quality(report));
    for index in 0..left.len().max(right.len()) {
        let empty = (String::new(), String::new());
        let (a, b) = (left.get(index).unwrap_or(&empty), right.get(index).unwrap_or(&empty));
        let line = format!(
            "{:<w0$}{:>w1$}    {:<w2$}{:>w3$}",
            a.0,
            a.1,
            b.0,
            b.1,
            w0 = WIDTHS[0],
            w1 = WIDTHS[1],
            w2 = WIDTHS[2],
            w3 = WIDTHS[3],
        );
        lines.push(line.trim_end().to_owned());
    }
    if let Some(ruined) = report.statistics.ruined {
        lines.push(format!("The account was ruined at {ruined}: equity fell to zero or below."));
    }
    if let Some(hash) = &report.run_hash {
        lines.push("-".repeat(width));
        lines.push(format!("run {hash}"));
    }
    let mut text = lines.join("\n").replace(format::UNDEFINED, "-");
    text.push('\n');
    text
}

type Row = (String, String);

fn row(name: &str, value: String) -> Row {
    (name.to_owned(), value)
}

fn pct(value: Option<f64>) -> String {
    or_undefined(value, |value| percent(value, 2))
}

fn num(value: Option<f64>) -> String {
    or_undefined(value, |value| number(value, 2))
}

fn account(report: &Report) -> Vec<Row> {
    let s = report.statistics();
    let mut rows = vec![
        row("Final equity", or_undefined(report.equity.last(), |point| number(point.equity, 2))),
        row("Total return", or_undefined(s.total_return, |value| signed_percent(value, 2))),
        row("CAGR", or_undefined(s.cagr, |value| signed_percent(value, 2))),
        row("Volatility", pct(s.volatility)),
        row("Max drawdown", percent(-s.max_drawdown, 2)),
        row("Longest drawdown", duration(s.longest_drawdown)),
        row(&format!("VaR {}", percent(s.confidence, 0)), pct(s.value_at_risk.map(|value| -value))),
        row(
            &format!("CVaR {}", percent(s.confidence, 0)),
            pct(s.conditional_value_at_risk.map(|value| -value)),
        ),
        row("Skewness", num(s.skewness)),
        row("Excess kurtosis", num(s.kurtosis)),
        row("Tail ratio", num(s.tail_ratio)),
    ];
    if !report.fills.is_empty() {
        rows.push(row("Exposure", pct(report.exposure)));
        rows.push(row(
            "Turnover per year",
            or_undefined(report.turnover, |value| format!("{}x", number(value, 2))),
        ));
    }
    rows
}

fn quality(report: &Report) -> Vec<Row> {
    let s = report.statistics();
    let mut rows = vec![
        row("Sharpe", num(s.sharpe)),
        row("Sortino", num(s.sortino)),
        row("Calmar", num(s.calmar)),
        row("Omega", num(s.omega)),
    ];
    let trades = &report.trade_statistics.all;
    if !report.fills.is_empty() {
        rows.push(row(
            "Trades (open)",
            format!("{} ({})", number(trades.count as f64, 0), report.trades.open.len()),
        ));
        rows.push(row("Win rate", pct(trades.win_rate)));
        rows.push(row("Profit factor", num(trades.profit_factor)));
        rows.push(row("Expectancy", num(trades.expectancy)));
        rows.push(row("Average holding", or_undefined(trades.average_holding, duration)));
        rows.push(row("Fees", or_undefined(trades.fees, |fees| format::amount(fees, 2))));
    }
    if let Some(b) = &s.benchmark {
        rows.push(row("Benchmark return", or_undefined(b.total_return, |value| signed_percent(value, 2))));
        rows.push(row("Alpha / beta", format!("{} / {}", pct(b.alpha), num(b.beta))));
        rows.push(row("Information ratio", num(b.information_ratio)));
    }
    rows
}
