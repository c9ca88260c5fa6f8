//! `algoflow data list`: says what a catalog holds.

use algoflow_core::time::Timestamp;
use algoflow_data::{Catalog, CatalogEntry, DataError};
use serde_json::{Value, json};

use crate::{
    args::ListArgs,
    command::print_json,
    error::CliError,
    load::{Place, advice},
    term::{Align, Table, Term, count},
};

pub(crate) fn run(args: &ListArgs, term: &Term) -> Result<(), CliError> {
    let failed = |source: DataError| {
        let help = match &source {
            DataError::Catalog { .. } => {
                Some("`algoflow data import FILES --catalog DIR ...` makes a catalog".into())
            }
            other => advice(other, Place::Options),
        };
        CliError::data("", source, help)
    };
    let catalog = Catalog::open(&args.catalog).map_err(failed)?;
    let entries = catalog.list().map_err(failed)?;
    let checked = if args.check { Some(catalog.check().map_err(failed)?) } else { None };
    if term.json {
        let all: Vec<Value> = entries.iter().map(document).collect();
        let root = args.catalog.display().to_string();
        return print_json(term, &json!({ "catalog": root, "entries": all, "checked_records": checked }));
    }
    if entries.is_empty() {
        term.say(format!("the catalog {} is empty", args.catalog.display()));
        return Ok(());
    }
    let mut table = Table::new(&[
        ("instrument", Align::Left),
        ("kind", Align::Left),
        ("days", Align::Right),
        ("first day", Align::Left),
        ("last day", Align::Left),
    ]);
    for entry in &entries {
        table.row([
            entry.instrument.to_string(),
            entry.kind.to_string(),
            count(entry.days.len() as u64),
            day(entry.days.first()),
            day(entry.days.last()),
        ]);
    }
    term.result(table.render(term));
    if let Some(records) = checked {
        term.say(format!("\n{} records are there, in order and where they belong", count(records)));
    }
    Ok(())
}

fn document(entry: &CatalogEntry) -> Value {
    json!({
        "instrument": entry.instrument,
        "kind": entry.kind.to_string(),
        "days": entry.days.len(),
        "first_day": day(entry.days.first()),
        "last_day": day(entry.days.last()),
    })
}

/// A day in UTC: `2024-01-02`.
fn day(time: Option<&Timestamp>) -> String {
    time.map(|time| time.date()).map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")).unwrap_or_default()
}
