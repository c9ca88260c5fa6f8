//! `algoflow data inspect`: says what a file holds, and how to read it.

use std::path::Path;

use algoflow_core::id::InstrumentId;
use algoflow_data::{DataError, Inspection, LoadReport, inspect, report::MAX_EXAMPLES};
use serde_json::{Value, json};

use crate::{
    args::{InspectArgs, SchemaArgs},
    command::{print_json, strategies::toml_inline},
    error::CliError,
    load::{Place, advice},
    term::{Style, Term, count},
};

/// How many gaps and bad rows are shown unless all are asked for.
const SHOWN: usize = 3;
/// How many columns are named when they are those of no kind.
const SHOWN_COLUMNS: usize = 12;

pub(crate) fn run(args: &InspectArgs, term: &Term) -> Result<(), CliError> {
    let instrument = match args.instrument {
        Some(instrument) => instrument,
        None => named_after(&args.file)?,
    };
    let found = inspect(&args.file, &args.schema.schema()).map_err(failed)?;
    let section = section(args, instrument, &found);
    if term.json {
        let document = json!({ "instrument": instrument, "inspection": found, "section": section });
        return print_json(term, &document);
    }
    for (name, value) in lines(&found, term) {
        term.result(format!("{} {value}", term.paint(Style::Cyan, &format!("{name:<9}"))));
    }
    term.result(format!("\n{}\n{section}", term.paint(Style::Dim, "To read it, add to the configuration:")));
    Ok(())
}

fn failed(source: DataError) -> CliError {
    // With columns of no kind, no single column is what is missing.
    if let DataError::MissingColumn { file, found, .. } = &source {
        let names: Vec<&str> = found.split(", ").collect();
        let more = names.len().saturating_sub(SHOWN_COLUMNS);
        let list = names.iter().take(SHOWN_COLUMNS).copied().collect::<Vec<_>>().join(", ");
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        return CliError::NoData {
            message: format!("{file}: its columns are those of no kind of data: {list}{rest}"),
            help: Some(
                "bars have time, open, high, low, close; quotes time, bid, ask; trades time, price, quantity; depth \
                 time, side, price, quantity, snapshot. Say which column is which: --column close=NAME"
                    .into(),
            ),
        };
    }
    let help = advice(&source, Place::Options);
    CliError::data("", source, help)
}

/// An instrument with the name of a file: `SP500_DAILY.SIM`.
fn named_after(file: &Path) -> Result<InstrumentId, CliError> {
    let name = file.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let symbol: String = stem
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' })
        .take(64)
        .collect();
    let symbol = if symbol.is_empty() { "DATA".to_owned() } else { symbol };
    format!("{symbol}.SIM").parse().map_err(|_| {
        CliError::usage(
            format!("{name} makes no name of an instrument"),
            "give one with --instrument SPY.NYSE",
        )
    })
}

fn lines(found: &Inspection, term: &Term) -> Vec<(&'static str, String)> {
    let report = &found.report;
    let spec = report.spec.map(|spec| format!(" {spec}")).unwrap_or_default();
    let mut lines = vec![
        ("file", format!("{} ({})", report.file, found.format)),
        ("kind", format!("{}{spec}", found.kind)),
        ("columns", report.columns.join(", ")),
        ("rows", rows(report)),
    ];
    if let (Some(first), Some(last)) = (report.first, report.last) {
        lines.push(("time", format!("{first} to {last}")));
    }
    if found.kind == "bars" {
        let stamp = report.stamp.map_or_else(
            || "dates, each of which names a whole day or session".into(),
            |stamp| format!("taken for the {} of each bar; if that is wrong, give --stamp", word(&stamp)),
        );
        lines.push(("stamps", stamp));
    }
    if let (Some(low), Some(high)) = (found.lowest, found.highest) {
        let places = report.price_scale.map(|scale| format!(", {} decimal places", scale.places()));
        lines.push(("prices", format!("{low} to {high}{}", places.unwrap_or_default())));
    }
    if found.kind == "bars" {
        lines.push(("gaps", gaps(report, term)));
    }
    lines.push(("problems", problems(report, term)));
    lines
}

fn rows(report: &LoadReport) -> String {
    let mut text = format!("{}, which make {} records", count(report.rows), count(report.kept));
    for (number, what) in [
        (report.dropped, "make no sense"),
        (report.filtered, "are of other symbols"),
        (report.rounded, "numbers were rounded"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {} {what}", count(number)));
        }
    }
    text
}

fn gaps(report: &LoadReport, term: &Term) -> String {
    let shown = if term.verbose { report.gap_list.len() } else { SHOWN.min(report.gap_list.len()) };
    let mut text = count(report.gaps);
    for gap in report.gap_list.iter().take(shown) {
        text.push_str(&format!("\n          {} to {}", gap.from, gap.to));
    }
    let hidden = report.gaps.saturating_sub(shown as u64);
    if hidden > 0 {
        text.push_str(&format!("\n          and {} more", count(hidden)));
    }
    text
}

fn problems(report: &LoadReport, term: &Term) -> String {
    if report.is_clean() {
        return term.paint(Style::Green, "none");
    }
    let kinds: Vec<String> =
        report.problems.iter().map(|(problem, number)| format!("{} {problem}", count(*number))).collect();
    let mut text = term.paint(Style::Yellow, &kinds.join(", "));
    let shown = if term.verbose { MAX_EXAMPLES } else { SHOWN };
    for example in report.examples.iter().take(shown) {
        let cell = example.column.as_ref().map(|column| format!(" {column} = {:?}:", example.value));
        text.push_str(&format!(
            "\n          {}:{} {}",
            example.position,
            cell.unwrap_or_default(),
            example.reason
        ));
    }
    text
}

/// The section of a configuration that reads the file in the same way.
fn section(args: &InspectArgs, instrument: InstrumentId, found: &Inspection) -> String {
    let mut lines = vec![
        "[[data]]".to_owned(),
        format!("path = {}", toml_inline(&Value::from(args.file.display().to_string()))),
        format!("kind = \"{}\"", found.kind),
        format!("instrument = \"{instrument}\""),
    ];
    if let Some(spec) = found.report.spec {
        lines.push(format!("bars = \"{spec}\""));
    }
    let schema = schema(&args.schema);
    if !schema.is_empty() {
        lines.push(format!("schema = {}", toml_inline(&Value::Object(schema))));
    }
    if !found.report.is_clean() {
        let comment = "or \"repair\": mend what can be mended; or \"strict\": refuse the file";
        lines.push(format!("policy = \"drop\"    # {comment}"));
    }
    lines.join("\n")
}

/// What was said of the columns, as it is written in a configuration.
fn schema(args: &SchemaArgs) -> serde_json::Map<String, Value> {
    let given = serde_json::to_value(args.schema()).unwrap_or_default();
    let default = serde_json::to_value(algoflow_data::Schema::default()).unwrap_or_default();
    let entries = given.as_object().cloned().unwrap_or_default();
    entries.into_iter().filter(|(key, value)| default.get(key) != Some(value)).collect()
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
