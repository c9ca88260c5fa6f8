//! The tear sheet as one HTML page: text and tables from here, charts drawn by its script from embedded data.

use std::fmt::Write as _;

use super::{
    Report,
    downsample::MAX_POINTS,
    figures::{self, Group},
    format::{amount, close, duration, escape, number, percent, price, time},
    plot::{MAX_TRADES, Plots},
};
use crate::{
    calendar::MONTH_NAMES,
    distribution::{Histogram, Quantiles},
    error::Result,
};

const STYLE: &str = include_str!("page/style.css");
const AXES: &str = include_str!("page/axes.js");
const CHART: &str = include_str!("page/chart.js");
const SCROLL: &str = include_str!("page/scroll.js");
const PAGE: &str = include_str!("page/page.js");

/// Nothing is loaded from anywhere; only what is in the page runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'";

pub(super) fn write(report: &Report) -> Result<String> {
    let plots = Plots::new(report);
    let data = embed(&serde_json::to_string(&plots)?);
    let title = escape(&report.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\" />\n\
         <meta name=\"color-scheme\" content=\"light dark\" />\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    header(&mut page, report);
    page.push_str("<main>\n");
    tiles(&mut page, report);
    performance(&mut page, report, &plots);
    prices(&mut page, report);
    page.push_str("<div class=\"pair\">\n");
    monthly(&mut page, report);
    distribution(&mut page, report);
    page.push_str("</div>\n");
    groups(&mut page, &figures::groups(report), report);
    drawdowns(&mut page, report);
    trades(&mut page, report);
    notes(&mut page, report, &plots);
    page.push_str("</main>\n");
    footer(&mut page, report);
    let _ = write!(
        page,
        "<div id=\"live\" class=\"hidden\" aria-live=\"polite\"></div>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>\n\"use strict\";\n{AXES}{CHART}{SCROLL}{PAGE}</script>\n</body>\n</html>\n"
    );
    Ok(page)
}

/// JSON that may stand inside a script element: nothing in it can end the element or begin a comment.
fn embed(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Text for the page: escaped, with a true minus sign before digits.
fn show(text: &str) -> String {
    escape(text).replace('-', "\u{2212}")
}

fn sign_class(text: &str) -> &'static str {
    if text.starts_with('-') {
        " class=\"loss\""
    } else if text.starts_with('+') {
        " class=\"gain\""
    } else {
        ""
    }
}

fn header(page: &mut String, report: &Report) {
    let _ = writeln!(page, "<header>\n<h1>{}</h1>", escape(&report.title));
    if let Some(strategy) = report.subtitle() {
        let _ = writeln!(page, "<p class=\"strategy\">{}</p>", escape(strategy));
    }
    let _ = writeln!(page, "<p class=\"span\">{}</p>", escape(&figures::span(report)));
    if !report.parameters.is_empty() {
        page.push_str("<dl class=\"chips\">\n");
        for (name, value) in &report.parameters {
            let _ = writeln!(page, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
        }
        page.push_str("</dl>\n");
    }
    if let Some(ruined) = report.statistics.ruined {
        let _ = writeln!(
            page,
            "<p class=\"warning\"><strong>Ruined.</strong> Equity fell to zero or below at {}; returns end there.</p>",
            escape(&close(ruined, report.is_daily()))
        );
    }
    page.push_str("</header>\n");
}

fn tiles(page: &mut String, report: &Report) {
    page.push_str("<section class=\"tiles\" aria-label=\"Key figures\">\n");
    for [name, value, below] in figures::headline(report) {
        let _ = writeln!(
            page,
            "<div class=\"tile\"><span class=\"name\">{}</span><strong{}>{}</strong><small>{}</small></div>",
            escape(&name),
            sign_class(&value),
            show(&value),
            show(&below)
        );
    }
    page.push_str("</section>\n");
}

/// A chart: its caption, where the values under the cross-hair are shown, and the canvas.
fn chart(page: &mut String, id: &str, title: &str, label: &str) {
    let _ = writeln!(
        page,
        "<figure class=\"chart\" id=\"{id}\">\n<figcaption><h3>{}</h3><div class=\"legend\"></div></figcaption>\n\
         <canvas tabindex=\"0\" role=\"img\" aria-label=\"{}\" aria-describedby=\"chart-help\"></canvas>\n</figure>",
        escape(title),
        escape(label)
    );
}

fn performance(page: &mut String, report: &Report, plots: &Plots) {
    page.push_str(
        "<section class=\"card\" aria-labelledby=\"performance\">\n<div class=\"bar\"><h2 id=\"performance\">Performance</h2>\n\
         <div class=\"tools\"><div class=\"ranges\" role=\"group\" aria-label=\"Range of time\"></div>\n",
    );
    if plots.has_benchmark() {
        page.push_str(
            "<label class=\"switch\"><input type=\"checkbox\" id=\"compare\" checked=\"\" /> Benchmark</label>\n",
        );
    }
    page.push_str(
        "<label class=\"switch\"><input type=\"checkbox\" id=\"log\" /> Log scale</label></div></div>\n",
    );
    let (first, last) = (report.equity.first(), report.equity.last());
    let label = first.zip(last).map_or_else(String::new, |(first, last)| {
        let (from, to) = (number(first.equity, 2), number(last.equity, 2));
        format!("Equity, from {from} on {} to {to} on {}", time(first.ts, true), close(last.ts, true))
    });
    chart(page, "equity", &report.in_currency("Equity"), &label);
    let deepest = percent(-report.statistics.max_drawdown, 2);
    chart(page, "drawdown", "Drawdown", &format!("Drawdown, {deepest} at the deepest"));
    if let Some(rolling) = plots.rolling() {
        let title = figures::rolling_title(report, rolling);
        chart(page, "rolling", &title, &title);
    }
    page.push_str(
        "<canvas id=\"navigator\" role=\"img\" aria-label=\"Overview: drag the window or its edges to choose the time shown\">\
         </canvas>\n<p id=\"chart-help\" class=\"hint\">Drag across a chart to zoom, double-click to see all. \
         On a touch screen pinch to zoom. <span class=\"keys\">Keys: <kbd>\u{2190}</kbd> <kbd>\u{2192}</kbd> move the \
         cross-hair, <kbd>+</kbd> <kbd>\u{2212}</kbd> zoom, <kbd>0</kbd> shows all.</span></p>\n</section>\n",
    );
}

fn prices(page: &mut String, report: &Report) {
    if report.prices.is_empty() {
        return;
    }
    page.push_str(
        "<section class=\"card\" aria-labelledby=\"prices\">\n<div class=\"bar\"><h2 id=\"prices\">Prices and trades</h2>\n\
         <div class=\"tools\">",
    );
    if report.prices.len() > 1 {
        page.push_str("<label class=\"switch\">Instrument <select id=\"instrument\">");
        for (index, series) in report.prices.iter().enumerate() {
            let _ =
                write!(page, "<option value=\"{index}\">{}</option>", escape(series.instrument().as_str()));
        }
        page.push_str("</select></label>");
    }
    page.push_str("</div></div>\n");
    let name = report.prices.first().map_or("", |series| series.instrument().as_str());
    chart(page, "price", name, "Prices with the fills of the run");
    page.push_str(
        "<p class=\"hint\"><span class=\"mark buy\">\u{25b2}</span> bought, <span class=\"mark sell\">\u{25bc}</span> sold. \
         Bars show when zoomed in.</p>\n</section>\n",
    );
}

fn monthly(page: &mut String, report: &Report) {
    page.push_str(
        "<section class=\"card\" aria-labelledby=\"monthly\">\n<h2 id=\"monthly\">Monthly returns, %</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"monthly\"><table class=\"heat\">\n<thead><tr><th scope=\"col\">Year</th>",
    );
    for month in MONTH_NAMES {
        let _ = write!(page, "<th scope=\"col\">{month}</th>");
    }
    page.push_str("<th scope=\"col\">Total</th></tr></thead>\n<tbody>\n");
    let heat = figures::heat(&report.monthly);
    for row in report.monthly.years.iter().rev() {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", row.year);
        for month in &row.months {
            match month {
                Some(value) => {
                    let strength = heat(*value) * 100.0;
                    let class = if *value < 0.0 { "down" } else { "up" };
                    let text = show(&number(value * 100.0, 1));
                    let _ = write!(page, "<td class=\"{class}\" style=\"--w:{strength:.0}%\">{text}</td>");
                }
                None => page.push_str("<td></td>"),
            }
        }
        let _ = writeln!(page, "<td class=\"total\">{}</td></tr>", show(&number(row.total * 100.0, 1)));
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

fn distribution(page: &mut String, report: &Report) {
    // Time out of the market has no return; as a bar it would dwarf all others.
    let values: Vec<f64> = report.returns.values().iter().copied().filter(|value| *value != 0.0).collect();
    let left_out = report.returns.len() - values.len();
    let (Some(histogram), Some(quantiles)) = (Histogram::new(&values), Quantiles::new(&values)) else {
        return;
    };
    let noun = report.statistics.period.noun();
    let _ = write!(
        page,
        "<section class=\"card tall\" aria-labelledby=\"distribution\">\n<h2 id=\"distribution\">Returns per {noun}</h2>\n\
         <div class=\"histogram\" role=\"img\" aria-label=\"Histogram: half of the returns lie between {} and {}\">\n",
        percent(quantiles.p25, 2),
        percent(quantiles.p75, 2)
    );
    let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1);
    for (index, count) in histogram.counts.iter().enumerate() {
        let (from, to) = (histogram.edge(index), histogram.edge(index + 1));
        let class = if from + to < 0.0 { "down" } else { "up" };
        let height = *count as f64 / most as f64 * 100.0;
        let tip = format!("{} to {}: {}", percent(from, 2), percent(to, 2), number(*count as f64, 0));
        let _ = write!(page, "<i class=\"{class}\" style=\"--h:{height:.1}%\" title=\"{}\"></i>", show(&tip));
    }
    let end = histogram.edge(histogram.counts.len());
    let zero = -histogram.start / (end - histogram.start) * 100.0;
    let _ = write!(page, "\n</div>\n<div class=\"ends\"><span>{}</span>", show(&percent(histogram.start, 1)));
    if (15.0..=85.0).contains(&zero) {
        let _ = write!(page, "<span class=\"zero\" style=\"--x:{zero:.1}%\">0</span>");
    }
    let _ = writeln!(page, "<span>{}</span></div>", show(&percent(end, 1)));
    page.push_str("<table class=\"quantiles\"><thead><tr>");
    for name in ["1 %", "5 %", "25 %", "Median", "75 %", "95 %", "99 %"] {
        let _ = write!(page, "<th scope=\"col\">{name}</th>");
    }
    page.push_str("</tr></thead><tbody><tr>");
    let q = quantiles;
    for value in [q.p01, q.p05, q.p25, q.p50, q.p75, q.p95, q.p99] {
        let _ = write!(page, "<td>{}</td>", show(&percent(value, 2)));
    }
    page.push_str("</tr></tbody></table>\n");
    if left_out > 0 {
        let (count, s) = (number(left_out as f64, 0), if left_out == 1 { "" } else { "s" });
        let _ = writeln!(page, "<p class=\"hint\">{count} {noun}{s} without a change left out.</p>");
    }
    page.push_str("</section>\n");
}

fn groups(page: &mut String, groups: &[Group], report: &Report) {
    page.push_str("<section class=\"card\" aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n<div class=\"groups\">\n");
    for group in groups {
        let compared = group.figures.iter().any(|figure| figure.benchmark.is_some());
        let _ = write!(page, "<table><thead><tr><th scope=\"col\">{}</th>", escape(group.title));
        page.push_str(if compared { "<th scope=\"col\">Strategy</th>" } else { "<th></th>" });
        if compared {
            let name = report.benchmark.as_ref().map_or("Benchmark", |benchmark| &benchmark.name);
            let _ = write!(page, "<th scope=\"col\">{}</th>", escape(name));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for figure in &group.figures {
            let _ = write!(
                page,
                "<tr><th scope=\"row\">{}</th><td>{}</td>",
                escape(&figure.name),
                show(&figure.value)
            );
            if compared {
                let _ = write!(page, "<td>{}</td>", show(figure.benchmark.as_deref().unwrap_or("")));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody></table>\n");
    }
    page.push_str("</div>\n</section>\n");
}

fn drawdowns(page: &mut String, report: &Report) {
    if report.drawdowns.is_empty() {
        return;
    }
    page.push_str(
        "<section class=\"card\" aria-labelledby=\"drawdowns\">\n<h2 id=\"drawdowns\">Deepest drawdowns</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"drawdowns\"><table class=\"rows\">\n<thead><tr><th scope=\"col\">Depth</th>\
         <th scope=\"col\">Peak</th><th scope=\"col\">Valley</th><th scope=\"col\">Recovered</th><th scope=\"col\">Length</th>\
         </tr></thead>\n<tbody>\n",
    );
    let dates_only = report.is_daily();
    for fall in &report.drawdowns {
        let recovered = fall.recovery.map_or_else(|| "not yet".to_owned(), |ts| close(ts, dates_only));
        let _ = writeln!(
            page,
            "<tr><td class=\"depth\" style=\"--w:{:.1}%\"><span>{}</span></td><td>{}</td><td>{}</td><td>{recovered}</td><td>{}</td></tr>",
            fall.depth / report.statistics.max_drawdown * 100.0,
            show(&percent(-fall.depth, 2)),
            close(fall.start, dates_only),
            close(fall.valley, dates_only),
            duration(fall.length)
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

fn trades(page: &mut String, report: &Report) {
    if report.fills.is_empty() {
        return;
    }
    page.push_str("<section class=\"card\" aria-labelledby=\"trades\">\n<h2 id=\"trades\">Trades</h2>\n");
    let s = &report.trade_statistics;
    if s.all.count > 0 {
        trade_statistics(page, report);
        if s.all.count > MAX_TRADES {
            let all = number(s.all.count as f64, 0);
            let _ = writeln!(
                page,
                "<p class=\"hint\">Below are the last {} of {all} trades.</p>",
                number(MAX_TRADES as f64, 0)
            );
        }
        page.push_str("<div id=\"trade-table\"></div>\n");
    }
    open_trades(page, report);
    page.push_str("</section>\n");
}

/// The figures of all trades; of long and short ones too where there are both.
fn trade_statistics(page: &mut String, report: &Report) {
    let s = &report.trade_statistics;
    let mut columns = vec![("All", &s.all)];
    if s.long.count > 0 && s.short.count > 0 {
        columns.extend([("Long", &s.long), ("Short", &s.short)]);
    }
    let unit = s.all.settlement.map_or_else(String::new, |asset| format!(", amounts in {asset}"));
    let _ = write!(
        page,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Trade statistics\">\
         <table class=\"rows figures columns-{}\">\n<thead><tr><th scope=\"col\">After fees{}</th>",
        columns.len(),
        escape(&unit)
    );
    for (name, _) in &columns {
        let _ = write!(page, "<th scope=\"col\">{name}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (name, value) in figures::TRADE_FIGURES {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escape(name));
        for (_, summary) in &columns {
            let _ = write!(page, "<td>{}</td>", show(&value(summary)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

fn open_trades(page: &mut String, report: &Report) {
    if report.trades.open.is_empty() {
        return;
    }
    page.push_str(
        "<h3>Open at the end</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Open positions\"><table class=\"rows\">\n<thead><tr><th scope=\"col\">Instrument</th>\
         <th scope=\"col\">Side</th><th scope=\"col\">Quantity</th><th scope=\"col\">Since</th><th scope=\"col\">Entry price</th>\
         <th scope=\"col\">Realized before fees</th></tr></thead>\n<tbody>\n",
    );
    for open in report.trades.open.iter().take(MAX_TRADES) {
        let side = if open.side == algoflow_core::order::Side::Buy { "long" } else { "short" };
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{side}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(open.instrument.as_str()),
            open.quantity.normalized(),
            time(open.entry_time, report.is_daily()),
            show(&price(open.entry_price)),
            show(&amount(open.realized_pnl, 2))
        );
    }
    page.push_str("</tbody></table></div>\n");
}

fn notes(page: &mut String, report: &Report, plots: &Plots) {
    page.push_str(
        "<section class=\"card notes\" aria-labelledby=\"notes\">\n<h2 id=\"notes\">Assumptions</h2>\n<ul>\n",
    );
    for note in &report.notes {
        let _ = writeln!(page, "<li>{}</li>", escape(note));
    }
    let s = &report.statistics;
    let _ = writeln!(
        page,
        "<li>Risk-free rate {} and target return {} a year. Returns are simple; CAGR, volatility, alpha and the ratios \
         are annual; values at risk are historical and of one {}.</li>",
        percent(s.risk_free, 2),
        percent(s.target, 2),
        s.period.noun()
    );
    if plots.is_thinned() {
        let _ = writeln!(
            page,
            "<li>Lines with more points are drawn with at most {} that keep highs and lows, and neighboring bars are \
             joined; all figures come from all points.</li>",
            number(MAX_POINTS as f64, 0)
        );
    }
    page.push_str("</ul>\n</section>\n");
}

fn footer(page: &mut String, report: &Report) {
    page.push_str("<footer>");
    if let Some(hash) = &report.run_hash {
        let _ = write!(page, "<p>Run <code>{}</code></p>", escape(hash));
    }
    let _ = writeln!(
        page,
        "<p>Made with Algoflow {}. Past results say little about future ones.</p></footer>",
        env!("CARGO_PKG_VERSION")
    );
}
