//! The commands that ask and steer a run. Where no process runs, what is asked is read from the journal.

use std::path::PathBuf;

use algoflow_live::{
    control::{
        Answer, Client, ControlError, FillsReport, OrdersReport, PositionsReport, Request, StatusReport,
        Token,
    },
    driver::View,
};
use serde::Serialize;
use serde_json::json;

use super::print_json;
use crate::{
    args::{FillsArgs, HaltArgs, OrdersArgs, ResumeArgs, ScopeArgs, StateArgs, StatusArgs},
    error::CliError,
    plan::Plan,
    term::{Align, Style, Table, Term, count},
    trade::{Past, RunRecord, StateFolder, block_on},
};

/// The state folder that is meant.
pub(crate) fn folder_of(args: &StateArgs) -> Result<StateFolder, CliError> {
    let path: PathBuf = match &args.state {
        Some(state) => state.clone(),
        None => Plan::state_folder(&args.config)?,
    };
    StateFolder::open(&path)
}

/// Asks the process.
async fn ask(folder: &StateFolder, request: Request) -> Result<Answer, CliError> {
    let record = RunRecord::read(&folder.record())?;
    let socket = folder.file(&record.socket);
    if !socket.exists() {
        return Err(ControlError::NobodyThere(socket).into());
    }
    let token = Token::read(&folder.file(&record.token_file))?;
    Ok(Client::new(socket, token).ask(request).await?)
}

/// Asks the process, or else the journal; says which of the two it was.
fn learn(
    args: &StateArgs,
    request: Request,
    term: &Term,
    read: impl FnOnce(View<'_>) -> Answer,
) -> Result<(Answer, bool), CliError> {
    let folder = folder_of(args)?;
    block_on(async {
        match ask(&folder, request).await {
            Err(CliError::Control { source: ControlError::NobodyThere(_), .. }) => {
                let past = Past::read(&folder).await?;
                term.note("no process runs; this is what the journal says");
                Ok((read(past.view()), false))
            }
            other => Ok((other?, true)),
        }
    })
}

fn unexpected(answer: &Answer) -> CliError {
    CliError::Control { source: ControlError::Reply(format!("{answer:?} was not asked for")), help: None }
}

fn print<T: Serialize>(report: &T, running: bool, term: &Term) -> Result<(), CliError> {
    let mut value = serde_json::to_value(report)
        .map_err(|error| CliError::Run { message: format!("the answer cannot be written: {error}") })?;
    if let serde_json::Value::Object(entries) = &mut value {
        entries.insert("running".to_owned(), json!(running));
    }
    print_json(term, &value)
}

/// `algoflow status`
pub(crate) fn status(args: &StatusArgs, term: &Term) -> Result<(), CliError> {
    if args.running {
        return order(&args.state, Request::Status, "", term);
    }
    let args = &args.state;
    let read = |view: View<'_>| Answer::Status(Box::new(StatusReport::of(view)));
    let (answer, running) = learn(args, Request::Status, term, read)?;
    let Answer::Status(status) = answer else { return Err(unexpected(&answer)) };
    if term.json {
        return print(&status, running, term);
    }
    let worth = status.equity.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let mut lines = vec![
        format!(
            "phase        {}{}",
            status.phase,
            if running { format!(", process {}", status.pid) } else { String::new() }
        ),
        format!("trading      {}", status.trading),
        format!("time         {}", status.now),
        format!("equity       {worth}"),
        format!("open orders  {}, {} in doubt", status.open_orders, status.in_doubt),
        format!("journal      {} entries, {} durable", count(status.sequence), count(status.durable)),
    ];
    for venue in &status.venues {
        let ready = if venue.ready { "ready" } else { "not ready" };
        lines.push(format!("venue        {} {ready}", venue.venue));
    }
    for strategy in &status.strategies {
        let halted = strategy.halted.as_ref().map(|why| format!(", halted by {why}")).unwrap_or_default();
        lines.push(format!("strategy     {} {}{halted}", strategy.strategy, strategy.trading));
    }
    term.say(lines.join("\n"));
    Ok(())
}

/// `algoflow orders`
pub(crate) fn orders(args: &OrdersArgs, term: &Term) -> Result<(), CliError> {
    let (all, limit) = (args.all, args.limit);
    let read = |view: View<'_>| Answer::Orders(OrdersReport::of(view, all, limit));
    let (answer, running) = learn(&args.state, Request::Orders { all, limit }, term, read)?;
    let Answer::Orders(report) = answer else { return Err(unexpected(&answer)) };
    if term.json {
        return print(&report, running, term);
    }
    let mut table = Table::new(&[
        ("order", Align::Left),
        ("strategy", Align::Left),
        ("instrument", Align::Left),
        ("side", Align::Left),
        ("quantity", Align::Right),
        ("filled", Align::Right),
        ("status", Align::Left),
        ("created", Align::Left),
    ]);
    for order in &report.orders {
        table.row([
            order.order.to_string(),
            order.strategy.map(|name| name.to_string()).unwrap_or_default(),
            order.instrument.to_string(),
            order.side.to_string(),
            order.quantity.to_string(),
            order.filled.to_string(),
            order.status.to_string(),
            order.created.to_string(),
        ]);
    }
    shown(&table, report.orders.len(), report.left_out, "orders", term);
    Ok(())
}

/// `algoflow positions`
pub(crate) fn positions(args: &StateArgs, term: &Term) -> Result<(), CliError> {
    let read = |view: View<'_>| Answer::Positions(PositionsReport::of(view));
    let (answer, running) = learn(args, Request::Positions, term, read)?;
    let Answer::Positions(report) = answer else { return Err(unexpected(&answer)) };
    if term.json {
        return print(&report, running, term);
    }
    let mut table = Table::new(&[
        ("strategy", Align::Left),
        ("instrument", Align::Left),
        ("quantity", Align::Right),
        ("average", Align::Right),
        ("last", Align::Right),
        ("unrealized", Align::Right),
        ("realized", Align::Right),
    ]);
    let text = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    for row in &report.positions {
        table.row([
            row.strategy.to_string(),
            row.instrument.to_string(),
            row.quantity.to_string(),
            text(row.average_price.map(|price| price.normalize().to_string())),
            text(row.mark.map(|price| price.to_string())),
            text(row.unrealized.map(|amount| amount.normalize().to_string())),
            row.realized.normalize().to_string(),
        ]);
    }
    shown(&table, report.positions.len(), 0, "positions", term);
    let mut table = Table::new(&[
        ("venue", Align::Left),
        ("asset", Align::Left),
        ("total", Align::Right),
        ("reserved", Align::Right),
    ]);
    for row in &report.balances {
        let (total, reserved) = (row.total.normalize().to_string(), row.reserved.normalize().to_string());
        table.row([row.venue.to_string(), row.asset.to_string(), total, reserved]);
    }
    shown(&table, report.balances.len(), 0, "balances", term);
    Ok(())
}

/// `algoflow fills`
pub(crate) fn fills(args: &FillsArgs, term: &Term) -> Result<(), CliError> {
    let limit = args.limit;
    let read = |view: View<'_>| Answer::Fills(FillsReport::of(view, limit));
    let (answer, running) = learn(&args.state, Request::Fills { limit }, term, read)?;
    let Answer::Fills(report) = answer else { return Err(unexpected(&answer)) };
    if term.json {
        return print(&report, running, term);
    }
    let mut table = Table::new(&[
        ("time", Align::Left),
        ("order", Align::Left),
        ("strategy", Align::Left),
        ("instrument", Align::Left),
        ("side", Align::Left),
        ("quantity", Align::Right),
        ("price", Align::Right),
        ("fee", Align::Right),
    ]);
    for fill in &report.fills {
        table.row([
            fill.at.to_string(),
            fill.order.to_string(),
            fill.strategy.map(|name| name.to_string()).unwrap_or_default(),
            fill.instrument.to_string(),
            fill.side.to_string(),
            fill.quantity.to_string(),
            fill.price.to_string(),
            fill.fee.to_string(),
        ]);
    }
    shown(&table, report.fills.len(), report.left_out, "fills", term);
    Ok(())
}

fn shown(table: &Table, rows: usize, left_out: usize, what: &str, term: &Term) {
    if rows == 0 {
        return term.say(format!("no {what}"));
    }
    term.say(table.render(term));
    if left_out > 0 {
        term.say(term.paint(Style::Dim, &format!("and {} more", count(left_out as u64))));
    }
}

/// Asks for something that only a process can do.
fn order(args: &StateArgs, request: Request, done: &str, term: &Term) -> Result<(), CliError> {
    let folder = folder_of(args)?;
    let answer = block_on(ask(&folder, request)).map_err(|error| match error {
        CliError::Control { source: source @ ControlError::NobodyThere(_), .. } => {
            let help =
                "start it with `algoflow run` or `algoflow paper`; `algoflow status` reads the journal";
            CliError::Control { source, help: Some(help.to_owned()) }
        }
        other => other,
    })?;
    if term.json {
        return print(&answer, true, term);
    }
    match &answer {
        Answer::Done { sequence, events } => {
            term.say(format!("{done}: entry {sequence} of the journal"));
            for event in events {
                let kind = serde_json::to_string(&event.kind).unwrap_or_default();
                let whose = event.strategy.map_or_else(|| "all".to_owned(), |strategy| strategy.to_string());
                term.say(term.paint(Style::Dim, &format!("  {whose}: {kind}")));
            }
        }
        Answer::Reloaded { changes } if changes.is_empty() => term.say("nothing has changed"),
        Answer::Reloaded { changes } => {
            for change in changes {
                term.say(format!("changed {}: entry {} of the journal", change.what, change.sequence));
            }
        }
        Answer::Stopping => term.say(done),
        Answer::Status(status) => term.say(format!("{}, process {}", status.phase, status.pid)),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

/// `algoflow halt`
pub(crate) fn halt(args: &HaltArgs, term: &Term) -> Result<(), CliError> {
    let (cancel_all, flatten) = (args.cancel_all, args.flatten);
    let request = Request::Halt { strategy: args.strategy, cancel_all, flatten, why: args.why.clone() };
    order(&args.state, request, "halted", term)
}

/// `algoflow reduce-only`
pub(crate) fn reduce_only(args: &ResumeArgs, term: &Term) -> Result<(), CliError> {
    let request = Request::ReduceOnly { strategy: args.strategy, why: args.why.clone() };
    order(&args.state, request, "only what reduces is sent", term)
}

/// `algoflow resume`
pub(crate) fn resume(args: &ResumeArgs, term: &Term) -> Result<(), CliError> {
    let request = Request::Resume { strategy: args.strategy, why: args.why.clone() };
    order(&args.state, request, "resumed", term)
}

/// `algoflow flatten`
pub(crate) fn flatten(args: &ScopeArgs, term: &Term) -> Result<(), CliError> {
    let request = Request::Flatten { strategy: args.strategy, instrument: args.instrument };
    order(&args.state, request, "positions are being closed", term)
}

/// `algoflow cancel-all`
pub(crate) fn cancel_all(args: &ScopeArgs, term: &Term) -> Result<(), CliError> {
    let request = Request::CancelAll { strategy: args.strategy, instrument: args.instrument };
    order(&args.state, request, "open orders are being cancelled", term)
}

/// `algoflow reload`
pub(crate) fn reload(args: &StateArgs, term: &Term) -> Result<(), CliError> {
    order(args, Request::Reload, "reloaded", term)
}

/// `algoflow stop`
pub(crate) fn stop(args: &StateArgs, term: &Term) -> Result<(), CliError> {
    order(args, Request::Stop, "trading is coming to its end", term)
}
