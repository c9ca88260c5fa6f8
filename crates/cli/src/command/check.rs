//! `algoflow check`: says everything that is wrong with a configuration.

use serde_json::json;

use super::print_json;
use crate::{
    args::CheckArgs,
    connectors::Connectors,
    error::CliError,
    load,
    plan::{Origin, Override, Plan, Purpose},
    term::{Style, Term},
};

pub(crate) fn run(args: &CheckArgs, connectors: &Connectors, term: &Term) -> Result<(), CliError> {
    let overrides: Vec<Override> = args.set.iter().map(|assignment| Override::set(assignment)).collect();
    let plan = Plan::read(&args.config, &overrides, Purpose::Check(connectors))?;
    let loaded = if args.data { Some(load::all(&plan, term, !args.no_progress)?) } else { None };
    let mut warnings = plan.warnings.clone();
    if let Some(loaded) = &loaded {
        warnings.extend(loaded.warnings(&plan));
    }
    let strategies: Vec<&str> = plan.strategies.iter().map(|planned| planned.label.as_str()).collect();
    let instruments: Vec<&str> = plan.instruments().map(|instrument| instrument.id.as_str()).collect();
    let files: usize = plan
        .origins
        .iter()
        .map(|origin| match origin {
            Origin::Files(files) => files.len(),
            Origin::Catalog(_) => 1,
        })
        .sum();
    #[cfg(unix)]
    let secrets = crate::trade::described(&plan);
    #[cfg(not(unix))]
    let secrets: Vec<(String, bool)> = Vec::new();
    if term.json {
        return print_json(
            term,
            &json!({
                "ok": true,
                "config": args.config.display().to_string(),
                "venues": plan.config.venue.iter().map(|venue| venue.name).collect::<Vec<_>>(),
                "instruments": instruments,
                "strategies": strategies,
                "data": loaded.as_ref().map(load::LoadedData::document),
                "secrets": secrets.iter().map(|(secret, is_set)| json!({ "secret": secret, "set": is_set })).collect::<Vec<_>>(),
                "warnings": warnings,
            }),
        );
    }
    for warning in &warnings {
        term.warn(warning);
    }
    for (secret, is_set) in &secrets {
        term.say(format!("secret     {secret}: {}", if *is_set { "set" } else { "not set" }));
    }
    if let Some(loaded) = &loaded {
        term.say(loaded.table(term));
    }
    if term.verbose {
        for ((venue, account), written) in plan.venues.iter().zip(&plan.config.venue) {
            let settings = serde_json::to_value((account, venue.settings())).unwrap_or_default();
            term.say(format!("venue      {} {}", written.name, super::strategies::toml_inline(&settings)));
        }
        for planned in &plan.strategies {
            let params = serde_json::Value::Object(planned.params.clone());
            term.say(format!("strategy   {} {}", planned.label, super::strategies::toml_inline(&params)));
        }
    }
    term.say(format!(
        "{} {}: {} on {}, {}",
        term.paint(Style::Green, "ok"),
        args.config.display(),
        strategies.join(", "),
        instruments.join(", "),
        if files == 1 { "1 data source".to_owned() } else { format!("{files} data sources") },
    ));
    Ok(())
}
