//! The files that a run leaves behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

use algoflow_analytics::Report;
use algoflow_backtest::BacktestResult;
use algoflow_core::order::{OrderEvent, OrderEventKind};
use serde::Serialize;

use crate::error::CliError;

/// Writes text, making the folder if it is not there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    make_parent(path)?;
    fs::write(path, bytes).map_err(|error| CliError::write(path, error))
}

fn make_parent(path: &Path) -> Result<(), CliError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            fs::create_dir_all(parent).map_err(|error| CliError::write(parent, error))
        }
        _ => Ok(()),
    }
}

/// Writes the tear sheet in the form that the method gives it.
pub(crate) fn tear_sheet(
    path: &Path,
    content: impl FnOnce() -> algoflow_analytics::Result<Vec<u8>>,
) -> Result<PathBuf, CliError> {
    let bytes = content().map_err(|error| CliError::write(path, error))?;
    write(path, &bytes)?;
    Ok(path.to_owned())
}

/// Writes the rows of a table.
type WriteRows = fn(&BacktestResult, &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error>;

/// Writes everything into a folder; returns the files.
pub(crate) fn write_all(
    folder: &Path,
    result: &BacktestResult,
    report: &Report,
    summary: &serde_json::Value,
) -> Result<Vec<PathBuf>, CliError> {
    let mut files =
        vec![tear_sheet(&folder.join("report.html"), || report.to_html().map(String::into_bytes))?];
    let tables: [(&str, WriteRows); 3] =
        [("fills.csv", fills), ("orders.csv", orders), ("equity.csv", equity)];
    for (name, write_rows) in tables {
        let path = folder.join(name);
        let mut writer = csv::Writer::from_writer(Vec::new());
        write_rows(result, &mut writer).map_err(|error| CliError::write(&path, error))?;
        let bytes = writer.into_inner().map_err(|error| CliError::write(&path, error.error()))?;
        write(&path, &bytes)?;
        files.push(path);
    }
    let path = folder.join("result.json");
    let text = serde_json::to_string_pretty(summary).map_err(|error| CliError::write(&path, error))?;
    write(&path, format!("{text}\n").as_bytes())?;
    files.push(path);
    Ok(files)
}

fn fills(result: &BacktestResult, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
    writer.write_record([
        "time",
        "received",
        "id",
        "order",
        "strategy",
        "instrument",
        "side",
        "price",
        "quantity",
        "liquidity",
        "fee",
        "fee_asset",
    ])?;
    for fill in &result.fills {
        writer.write_record([
            fill.ts_event.to_string(),
            fill.ts_recv.to_string(),
            fill.id.to_string(),
            fill.order.to_string(),
            strategy(result, fill.order.strategy),
            fill.instrument.to_string(),
            word(&fill.side),
            fill.price.to_string(),
            fill.quantity.to_string(),
            word(&fill.liquidity),
            fill.fee.amount.to_string(),
            fill.fee.asset.to_string(),
        ])?;
    }
    Ok(())
}

fn orders(result: &BacktestResult, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
    writer.write_record([
        "id",
        "strategy",
        "instrument",
        "side",
        "kind",
        "role",
        "quantity",
        "quantity_in",
        "limit",
        "trigger",
        "time_in_force",
        "status",
        "filled",
        "average_price",
        "created",
        "updated",
        "refusal",
    ])?;
    for order in result.orders.iter() {
        let refusals = result.denials.iter().chain(&result.rejections);
        let refusal = refusals.filter(|event| event.order == order.id).find_map(refusal);
        let text = |value: Option<String>| value.unwrap_or_default();
        writer.write_record([
            order.id.to_string(),
            strategy(result, order.id.strategy),
            order.spec.instrument.to_string(),
            word(&order.spec.side),
            word(&order.spec.kind),
            word(&order.spec.contingency.role),
            order.spec.quantity.value().to_string(),
            word(&order.spec.quantity),
            text(order.spec.kind.limit_price().map(|price| price.to_string())),
            text(order.spec.kind.trigger_price().map(|price| price.to_string())),
            word(&order.spec.time_in_force),
            word(&order.status),
            order.filled.to_string(),
            text(order.average_price().map(|price| price.to_string())),
            order.ts_created.to_string(),
            order.ts_updated.to_string(),
            text(refusal.map(|(code, words)| format!("{code}: {words}"))),
        ])?;
    }
    Ok(())
}

fn equity(result: &BacktestResult, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
    writer.write_record(["time", "equity"])?;
    for point in &result.equity {
        writer.write_record([point.ts.to_string(), point.equity.to_string()])?;
    }
    Ok(())
}

/// The name of a strategy by its index in the engine.
fn strategy(result: &BacktestResult, index: u16) -> String {
    result.strategies.get(usize::from(index)).map(ToString::to_string).unwrap_or_default()
}

/// The code and the words with which an order was refused.
pub(crate) fn refusal(event: &OrderEvent) -> Option<(String, &str)> {
    match &event.kind {
        OrderEventKind::Denied { code, text } | OrderEventKind::Rejected { code, text } => {
            Some((code.to_string(), text))
        }
        _ => None,
    }
}

/// The word by which a value is known in JSON: the text, the tag, or the name of the variant.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Object(entries)) => match entries.get("kind") {
            Some(serde_json::Value::String(tag)) => tag.clone(),
            _ => entries.keys().next().cloned().unwrap_or_default(),
        },
        _ => String::new(),
    }
}
