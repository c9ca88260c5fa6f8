//! `algoflow data import`: stores files in a catalog.

use algoflow_core::time::TimeDelta;
use algoflow_data::{Catalog, DataError, LoadReport, WriteMode};
use serde_json::json;

use crate::{
    args::{ImportArgs, ModeArg, PolicyArg},
    command::print_json,
    config::DataKind,
    error::CliError,
    files,
    load::{self, Place, Records, Request, advice},
    term::{Align, Table, Term, count},
};

/// What became of one file.
struct Imported {
    report: LoadReport,
    /// Records that were not there before.
    new: u64,
    kind: String,
}

pub(crate) fn run(args: &ImportArgs, term: &Term) -> Result<(), CliError> {
    if args.kind == DataKind::Actions {
        return Err(CliError::usage(
            "a catalog holds no corporate actions",
            "name the file in the configuration: [[data]] with kind = \"actions\" and path = \"...\"",
        ));
    }
    let mut paths = Vec::new();
    for pattern in &args.files {
        let found = files::find(pattern).map_err(|fault| CliError::NoData {
            message: fault.message,
            help: Some(fault.help.replace("paths are relative to the configuration file", "check the path")),
        })?;
        paths.extend(found);
    }
    let word = if args.repair { PolicyArg::Repair } else { args.policy };
    let policy = word.word().policy();
    let schema = args.schema.schema();
    let request = Request {
        kind: args.kind,
        instrument: args.instrument,
        currency: None,
        bars: args.bars,
        schema: &schema,
        policy: &policy.0,
        delay: args.delay.unwrap_or(TimeDelta::ZERO),
    };
    let failed = |source: DataError| {
        let help = advice(&source, Place::Options);
        CliError::data("", source, help)
    };
    let not_stored = |source: DataError| match (&source, args.mode) {
        (DataError::Catalog { .. }, ModeArg::Append) => {
            let help = "--mode merge adds what is not there yet, --mode replace writes these days anew";
            CliError::data("", source, Some(help.to_owned()))
        }
        _ => failed(source),
    };
    let catalog = Catalog::create(&args.catalog).map_err(failed)?;
    let bar = term.bar(!args.no_progress, "importing", Some(paths.len() as u64));
    let mut all = Vec::new();
    for path in &paths {
        bar.set_message(path.display().to_string());
        let (records, report) = load::file(path, &request).map_err(failed)?;
        let new = store(&catalog, &records, args.mode.mode()).map_err(not_stored)?;
        let kind = args.kind.stored(records.spec()).map(|kind| kind.to_string()).unwrap_or_default();
        all.push(Imported { report, new, kind });
        bar.inc(1);
    }
    bar.finish_and_clear();
    say(args, &all, term)
}

fn store(catalog: &Catalog, records: &Records, mode: WriteMode) -> Result<u64, DataError> {
    match records {
        Records::Bars(series) => catalog.write(series.iter(), mode),
        Records::Trades(series) => catalog.write(series.iter(), mode),
        Records::Quotes(series) => catalog.write(series.iter(), mode),
        Records::Depth(all) => catalog.write(all.iter().cloned(), mode),
        // Refused before anything is read.
        Records::Actions(_) | Records::Stored { .. } => Ok(0),
    }
}

fn say(args: &ImportArgs, all: &[Imported], term: &Term) -> Result<(), CliError> {
    if term.json {
        let files: Vec<_> =
            all.iter().map(|one| json!({ "kind": one.kind, "new": one.new, "report": one.report })).collect();
        let document = json!({
            "catalog": args.catalog.display().to_string(),
            "instrument": args.instrument,
            "new": all.iter().map(|one| one.new).sum::<u64>(),
            "files": files,
        });
        return print_json(term, &document);
    }
    let mut table = Table::new(&[
        ("file", Align::Left),
        ("kind", Align::Left),
        ("rows", Align::Right),
        ("dropped", Align::Right),
        ("mended", Align::Right),
        ("new", Align::Right),
    ]);
    for Imported { report, new, kind } in all {
        let numbers = [report.rows, report.dropped, report.fixed, *new].map(count);
        table.row([report.file.clone(), kind.clone()].into_iter().chain(numbers));
    }
    term.say(table.render(term));
    for one in all.iter().filter(|one| !one.report.is_clean()) {
        let problems: Vec<String> = one
            .report
            .problems
            .iter()
            .map(|(problem, number)| format!("{} {problem}", count(*number)))
            .collect();
        term.warn(format!("{}: {}", one.report.file, problems.join(", ")));
    }
    Ok(())
}

impl ModeArg {
    const fn mode(self) -> WriteMode {
        match self {
            Self::Append => WriteMode::Append,
            Self::Merge => WriteMode::Merge,
            Self::Replace => WriteMode::Replace,
        }
    }
}
