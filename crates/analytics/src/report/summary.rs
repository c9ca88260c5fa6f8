//! The main figures as aligned text.

use super::{
    Report,
    figures::{self, CAGR, Figure, MAX_DRAWDOWN, SHARPE, SORTINO, TOTAL_RETURN, VOLATILITY, exact, figure},
    format::{self, duration, loss, num, number, or_undefined, pct, percent, signed},
};

/// The widths of a left column's name and value, and of a right column's.
const WIDTHS: [usize; 4] = [20, 16, 22, 16];

/// The summary: a heading and two columns of figures, at most 80 characters wide but for long names.
pub(super) fn write(report: &Report) -> String {
    let mut lines = vec![report.title.clone()];
    lines.extend(report.subtitle().map(str::to_owned));
    lines.extend(report.parameter_line());
    lines.push(figures::span(report));
    let width = WIDTHS.iter().sum::<usize>() + 4;
    lines.push("-".repeat(width));
    let (left, right) = (account(report), quality(report));
    for index in 0..left.len().max(right.len()) {
        let shown = |rows: &[Figure]| {
            rows.get(index).map_or_else(Default::default, |row| (row.name.clone(), plain(&row.value)))
        };
        let (a, b) = (shown(&left), shown(&right));
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
        let at = format::close(ruined, report.is_daily());
        lines.push(format!("The account was ruined at {at}: equity fell to zero or below."));
    }
    if let Some(hash) = &report.run_hash {
        lines.push("-".repeat(width));
        lines.push(format!("run {hash}"));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// A value in characters that every terminal has.
fn plain(value: &str) -> String {
    value.replace(format::UNDEFINED, "-").replace('×', "x")
}

fn account(report: &Report) -> Vec<Figure> {
    let s = report.statistics();
    let level = percent(s.confidence, 0);
    let mut rows = vec![
        figure("Final equity", num(report.equity.last().map(|point| point.equity))),
        TOTAL_RETURN.figure(s, |value| signed(value, 2)),
        CAGR.figure(s, |value| signed(value, 2)),
        VOLATILITY.figure(s, pct),
        MAX_DRAWDOWN.figure(s, pct),
        figure("Longest drawdown", duration(s.longest_drawdown)),
        figure(format!("VaR {level}"), loss(s.value_at_risk)),
        figure(format!("CVaR {level}"), loss(s.conditional_value_at_risk)),
        figure("Skewness", num(s.skewness)),
        figure("Excess kurtosis", num(s.kurtosis)),
        figure("Tail ratio", num(s.tail_ratio)),
    ];
    rows.extend(figures::activity(report));
    rows
}

fn quality(report: &Report) -> Vec<Figure> {
    let s = report.statistics();
    let mut rows = vec![
        SHARPE.figure(s, num),
        SORTINO.figure(s, num),
        figure("Calmar", num(s.calmar)),
        figure("Omega", num(s.omega)),
    ];
    let trades = &report.trade_statistics.all;
    if !report.fills.is_empty() {
        let open = report.trades.open.len();
        rows.extend([
            figure("Trades (open)", format!("{} ({open})", number(trades.count as f64, 0))),
            figure("Win rate", pct(trades.win_rate)),
            figure("Profit factor", num(trades.profit_factor)),
            figure("Expectancy", num(trades.expectancy)),
            figure("Average holding", or_undefined(trades.average_holding, duration)),
            figure("Fees", exact(trades.fees)),
        ]);
    }
    if let Some(b) = &s.benchmark {
        rows.extend([
            figure("Benchmark return", signed(b.total_return, 2)),
            figure("Alpha / beta", format!("{} / {}", pct(b.alpha), num(b.beta))),
            figure("Information ratio", num(b.information_ratio)),
        ]);
    }
    rows
}
