//! `algoflow paper`, `algoflow run`, `algoflow replay`: trading, and its proof afterwards.

use std::{path::Path, sync::Arc};

use algoflow_live::driver::Outcome;
use serde_json::json;

use super::{print_json, steer::folder_of};
use crate::{
    args::{PaperArgs, RunArgs, StateArgs, TradeArgs},
    config::Mode,
    connectors::Connectors,
    error::CliError,
    load,
    plan::Override,
    term::{Style, Term, count},
    trade::{self, Feeds, Reading, block_on},
};

/// Trades on paper.
pub(crate) fn paper(args: &PaperArgs, connectors: Connectors, term: &Term) -> Result<(), CliError> {
    let reading = reading(&args.trade, args.replay, true)?;
    let plan = reading.read(&connectors)?;
    let feeds = if args.replay {
        let data = load::all(&plan, term, !args.no_progress)?;
        for warning in data.warnings(&plan) {
            term.warn(warning);
        }
        Feeds::Recorded { data, speed: args.speed }
    } else {
        Feeds::Paper
    };
    for warning in &plan.warnings {
        term.warn(warning);
    }
    finish(block_on(trade::run(plan, feeds, reading, Arc::new(connectors), term))?, term)
}

/// Trades as the configuration says.
pub(crate) fn run(args: &RunArgs, connectors: Connectors, term: &Term) -> Result<(), CliError> {
    let reading = reading(&args.trade, false, false)?;
    let plan = reading.read(&connectors)?;
    let feeds = match plan.config.live.mode {
        Mode::Paper => Feeds::Paper,
        Mode::Live if args.trade_real_money => Feeds::Live,
        Mode::Live => {
            return Err(CliError::usage(
                format!(
                    "{} has mode = \"live\": orders would be sent for real money",
                    args.trade.config.display()
                ),
                "say that you mean it with --trade-real-money, or trade on paper: `algoflow paper`",
            ));
        }
    };
    for warning in &plan.warnings {
        term.warn(warning);
    }
    finish(block_on(trade::run(plan, feeds, reading, Arc::new(connectors), term))?, term)
}

fn reading(args: &TradeArgs, replays: bool, on_paper: bool) -> Result<Reading, CliError> {
    let mut overrides: Vec<Override> = args.set.iter().map(|assignment| Override::set(assignment)).collect();
    if let Some(state) = &args.state {
        overrides.push(Override::option("--state", "live.state", absolute(state)?.display()));
    }
    Ok(Reading { config: args.config.clone(), overrides, replays, on_paper })
}

/// A path of the command line is relative to where it is given, not to the configuration.
fn absolute(path: &Path) -> Result<std::path::PathBuf, CliError> {
    std::path::absolute(path)
        .map_err(|error| CliError::usage(format!("{}: {error}", path.display()), "name another folder"))
}

/// Says how it ended.
fn finish((outcome, stopped): (Outcome, bool), term: &Term) -> Result<(), CliError> {
    let state = &outcome.state;
    let portfolio = &state.portfolio;
    let equity = portfolio.equity().ok();
    let equity = equity.map(|amount| algoflow_core::number::Money::new(amount, portfolio.reporting_asset()));
    let positions = portfolio.positions().filter(|(_, position)| !position.is_flat()).count();
    let open = state.orders.open().count();
    let halts: Vec<String> = outcome
        .halts
        .iter()
        .map(|halt| {
            format!(
                "the strategy {} was halted at {}: {} ({})",
                halt.strategy, halt.at, halt.reason, halt.code
            )
        })
        .collect();
    if term.json {
        print_json(
            term,
            &json!({
                "clean": outcome.clean,
                "stopped": stopped,
                "sequence": outcome.sequence,
                "now": state.now,
                "final_equity": equity.as_ref().map(ToString::to_string),
                "orders": state.orders.len(),
                "open_orders": open,
                "open_positions": positions,
                "halts": halts,
            }),
        )?;
    } else {
        let worth = equity.map_or_else(|| "of unknown worth".to_owned(), |equity| format!("worth {equity}"));
        term.say(format!(
            "{} at {}: {}, {} orders, {open} of them open, {positions} open positions, {} entries in the journal",
            term.paint(Style::Green, "ended"),
            state.now,
            worth,
            count(state.orders.len() as u64),
            count(outcome.sequence),
        ));
    }
    if !halts.is_empty() {
        return Err(CliError::Halted { message: halts.join("\n") });
    }
    if !outcome.clean {
        return Err(CliError::Unclean {
            message: format!(
                "trading ended before everything was settled: {open} orders are open, and of some it may not be known what became of them"
            ),
        });
    }
    Ok(())
}

/// Replays a journal and proves that it leads to the same.
pub(crate) fn replay(args: &StateArgs, term: &Term) -> Result<(), CliError> {
    let folder = folder_of(args)?;
    let (verified, past) = block_on(trade::prove(&folder))?;
    let done = &past.replayed;
    let checksum: String = verified.checksum.to_string();
    if term.json {
        return print_json(
            term,
            &json!({
                "ok": true,
                "entries": verified.entries,
                "checksum": checksum,
                "inputs": done.inputs,
                "commands": done.commands,
                "sessions": done.sessions,
                "clean": past.stop.as_ref().map(|stop| stop.clean),
            }),
        );
    }
    let ended = match &past.stop {
        Some(stop) if stop.clean => "the last session ended cleanly",
        Some(_) => "the last session ended with something in doubt",
        None => "the last session has not said that it ended",
    };
    term.say(format!(
        "{} {}: {} entries are whole, {} inputs of {} sessions led to the same {} commands; {ended}",
        term.paint(Style::Green, "ok"),
        folder.journal().display(),
        count(verified.entries),
        count(done.inputs),
        count(done.sessions),
        count(done.commands),
    ));
    term.say(term.paint(Style::Dim, &format!("checksum {checksum}")));
    Ok(())
}
