//! `algoflow backtest`: runs a configuration.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use algoflow_analytics::{Options, Report};
use algoflow_backtest::{Backtest, BacktestResult};
use algoflow_core::order::OrderEvent;
use algoflow_execution::risk::RiskEventKind;
use serde_json::{Value, json};

use super::{print_json, strategies::toml_inline};
use crate::{
    args::BacktestArgs,
    artifacts,
    error::CliError,
    load::{self, LoadedData},
    plan::{Override, Plan, Purpose},
    term::{Style, Term, count},
};

/// How much of a refusal's words is shown.
const MAX_WORDS: usize = 160;

/// A length of time: `0.45 ms`, `12.70 s`.
fn took(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

pub(crate) fn run(args: &BacktestArgs, term: &Term) -> Result<(), CliError> {
    let mut plan = Plan::read(&args.config, &overrides(args), Purpose::Backtest)?;
    let data = load::all(&plan, term, !args.no_progress)?;
    let mut warnings = plan.warnings.clone();
    warnings.extend(data.warnings(&plan));
    let parameters = parameters(&plan);
    let started = Instant::now();
    let result = simulate(&mut plan, &data, term, !args.no_progress)?;
    let seconds = started.elapsed().as_secs_f64();
    warnings.extend(remarks(&result));
    let report = report(&plan, &data, &result, &parameters)?;
    let summary = document(&plan, &data, &result, &report, &parameters, &warnings);
    let files = write(args, &plan, &result, &report, &summary)?;
    if term.json {
        let mut summary = summary;
        if let Value::Object(entries) = &mut summary {
            entries.insert("files".into(), json!(files));
        }
        print_json(term, &summary)?;
    } else {
        term.say(report.summary().trim_end());
        let rate = result.events as f64 / seconds.max(1e-9);
        term.say(term.paint(
            Style::Dim,
            &format!("{} events in {}, {} a second", count(result.events), took(seconds), count(rate as u64)),
        ));
        for file in &files {
            term.say(format!("wrote {file}"));
        }
        for warning in &warnings {
            term.warn(warning);
        }
    }
    halted(&result)
}

/// What the command line changes, as if it were written in the file.
fn overrides(args: &BacktestArgs) -> Vec<Override> {
    let mut all: Vec<Override> = args.set.iter().map(|assignment| Override::set(assignment)).collect();
    all.extend(args.seed.map(|seed| Override::option("--seed", "backtest.seed", seed)));
    all.extend(args.from.map(|from| Override::option("--from", "backtest.from", from)));
    all.extend(args.to.map(|to| Override::option("--to", "backtest.to", to)));
    all
}

fn simulate(
    plan: &mut Plan,
    data: &LoadedData,
    term: &Term,
    progress: bool,
) -> Result<BacktestResult, CliError> {
    let run = &plan.config.backtest;
    let mut backtest = Backtest::new().seed(run.seed).on_error(run.on_error);
    for (venue, account) in &plan.venues {
        backtest = backtest.venue_with(venue.clone(), *account);
    }
    for money in &run.cash {
        backtest = backtest.cash(*money);
    }
    for venue in &plan.config.venue {
        for money in &venue.cash {
            backtest = backtest.cash_at(venue.name, *money);
        }
    }
    if let Some(asset) = run.report_in {
        backtest = backtest.report_in(asset);
    }
    if let Some(every) = run.sample_equity_every {
        backtest = backtest.sample_equity_every(every);
    }
    for feed in data.feeds(run.from, run.to)? {
        backtest = backtest.data(feed);
    }
    let limits = plan.config.risk.limits();
    if !limits.is_empty() {
        backtest = backtest.limits(limits);
    }
    for written in &plan.config.strategy {
        let limits = written.risk.limits();
        if !limits.is_empty() {
            backtest = backtest.strategy_limits(written.label(), limits);
        }
    }
    for planned in plan.strategies.drain(..) {
        backtest = backtest.boxed_strategy(planned.label, planned.strategy);
    }
    let bar = term.bar(progress, "running", data.len());
    let shown = bar.clone();
    let result = backtest
        .on_progress(move |progress| {
            if let Some(total) = progress.total {
                shown.set_length(total);
            }
            shown.set_position(progress.events);
            let (year, month, day) = progress.now.date();
            shown.set_message(format!("{year:04}-{month:02}-{day:02}"));
        })
        .run();
    bar.finish_and_clear();
    Ok(result?)
}

/// The parameters of the strategies as they are shown; with several strategies, each under its label.
fn parameters(plan: &Plan) -> Vec<(String, Value)> {
    let several = plan.strategies.len() > 1;
    let mut all = Vec::new();
    for planned in &plan.strategies {
        for (name, value) in &planned.params {
            let name = if several { format!("{}.{name}", planned.label) } else { name.clone() };
            all.push((name, value.clone()));
        }
    }
    all
}

fn report(
    plan: &Plan,
    data: &LoadedData,
    result: &BacktestResult,
    parameters: &[(String, Value)],
) -> Result<Report, CliError> {
    let settings = &plan.config.report;
    let failed = |error: algoflow_analytics::AnalyticsError| {
        CliError::from(algoflow_backtest::BacktestError::Report(error.to_string()))
    };
    let mut builder = result.report_builder()?.options(Options {
        risk_free: settings.risk_free,
        periods_per_year: settings.periods_per_year,
        ..Options::default()
    });
    for (name, value) in parameters {
        builder = builder.parameter(name, toml_inline(value));
    }
    if let Some(benchmark) = settings.benchmark {
        let run = &plan.config.backtest;
        let points = data.closes(benchmark, run.from, run.to);
        builder = builder.benchmark(format!("{benchmark} held"), points);
    }
    builder.build().map_err(failed)
}

/// What went otherwise than a strategy wanted, in a line for each kind.
fn remarks(result: &BacktestResult) -> Vec<String> {
    let mut remarks = Vec::new();
    for (who, events) in [("the engine", &result.denials), ("the venue", &result.rejections)] {
        let mut kinds: BTreeMap<String, (u64, &OrderEvent, &str)> = BTreeMap::new();
        for event in events {
            if let Some((code, words)) = artifacts::refusal(event) {
                // Which limit it was stands in front of the words.
                let code = match words.split_once(": ") {
                    Some((limit, _)) if code == "RISK_LIMIT" => limit.to_owned(),
                    _ => code,
                };
                kinds.entry(code).or_insert((0, event, words)).0 += 1;
            }
        }
        for (code, (number, first, words)) in kinds {
            let words: String = words.chars().take(MAX_WORDS).collect();
            remarks.push(format!(
                "{who} refused {} with {code}; the first at {}: {} {words}",
                if number == 1 { "1 order".to_owned() } else { format!("{} orders", count(number)) },
                first.ts_event,
                first.instrument,
            ));
        }
    }
    for event in &result.risk_events {
        let who = event.strategy.map_or_else(|| "the account".to_owned(), |name| format!("strategy {name}"));
        match &event.kind {
            RiskEventKind::Breach { code, text } => {
                remarks.push(format!("{who} broke a limit at {}: {code}: {text}", event.at));
            }
            RiskEventKind::CoolDown { text, until } => {
                remarks.push(format!("{who} paused at {} until {until}: {text}", event.at));
            }
            _ => {}
        }
    }
    if result.orders.is_empty() && result.halts.is_empty() {
        remarks.push("no order was made: are there enough bars for the indicators, and do the bars of the strategy fit the data?".into());
    }
    remarks
}

/// Everything about the run that does not depend on when or how fast it ran.
fn document(
    plan: &Plan,
    data: &LoadedData,
    result: &BacktestResult,
    report: &Report,
    parameters: &[(String, Value)],
    warnings: &[String],
) -> Value {
    let parameters: serde_json::Map<String, Value> = parameters.iter().cloned().collect();
    let text = |money: &algoflow_core::number::Money| money.to_string();
    let halts: Vec<Value> = result
        .halts
        .iter()
        .map(|halt| json!({ "strategy": halt.strategy, "at": halt.at, "code": halt.code, "reason": halt.reason }))
        .collect();
    json!({
        "hash": result.hash(),
        "seed": result.seed,
        "start": result.start,
        "end": result.end,
        "events": result.events,
        "orders": result.orders.len(),
        "fills": result.fills.len(),
        "rejections": result.rejections.len(),
        "denials": result.denials.len(),
        "reporting": result.reporting,
        "initial": result.initial.iter().map(text).collect::<Vec<_>>(),
        "final_equity": result.final_equity.as_ref().map(text),
        "total_return": result.total_return(),
        "venues": plan.config.venue.iter().map(|venue| venue.name).collect::<Vec<_>>(),
        "strategies": result.strategies,
        "parameters": parameters,
        "data": data.document(),
        "statistics": report.statistics(),
        "trade_statistics": report.trade_statistics(),
        "exposure": report.exposure(),
        "turnover": report.turnover(),
        "notes": result.notes(),
        "warnings": warnings,
        "halts": halts,
        "risk_events": result.risk_events,
    })
}

/// Writes what is asked for; returns the files.
fn write(
    args: &BacktestArgs,
    plan: &Plan,
    result: &BacktestResult,
    report: &Report,
    summary: &Value,
) -> Result<Vec<String>, CliError> {
    let settings = &plan.config.report;
    let chosen = |option: &Option<PathBuf>, written: &Option<String>| {
        option.clone().or_else(|| written.as_ref().map(|path| plan.path(path)))
    };
    let mut files = Vec::new();
    if let Some(path) = chosen(&args.report, &settings.html) {
        files.push(artifacts::tear_sheet(&path, || report.to_html().map(String::into_bytes))?);
    }
    if let Some(path) = chosen(&args.svg, &settings.svg) {
        files.push(artifacts::tear_sheet(&path, || Ok(report.to_svg().into_bytes()))?);
    }
    if let Some(path) = chosen(&None, &settings.png) {
        files.push(artifacts::tear_sheet(&path, || report.to_png())?);
    }
    if let Some(folder) = &args.out {
        files.extend(artifacts::write_all(folder, result, report, summary)?);
    }
    Ok(files.iter().map(|file| file.display().to_string()).collect())
}

/// A strategy that failed makes the command fail, after everything was written.
fn halted(result: &BacktestResult) -> Result<(), CliError> {
    let lines: Vec<String> = result
        .halts
        .iter()
        .map(|halt| {
            format!(
                "the strategy {} was halted at {}: {} ({})",
                halt.strategy, halt.at, halt.reason, halt.code
            )
        })
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(CliError::Halted { message: lines.join("\n") }) }
}
