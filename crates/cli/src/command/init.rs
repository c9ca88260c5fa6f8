//! `algoflow init`: writes a configuration and data that run at once.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{
    print_json,
    strategies::{Parameter, by_name, section},
};
use crate::{
    args::InitArgs,
    artifacts,
    error::CliError,
    sample::{LICENSES, SAMPLES, Sample},
    term::{Style, Term},
};

/// The name of the configuration that is written.
const CONFIG: &str = "algoflow.toml";

pub(crate) fn run(args: &InitArgs, term: &Term) -> Result<(), CliError> {
    let info = by_name(&args.strategy)?;
    if args.path.is_file() {
        return Err(CliError::usage(
            format!("{} is a file, not a folder", args.path.display()),
            "name a folder; it is made if it is not there",
        ));
    }
    let given = instruments_for(&Parameter::all(&info.schema()));
    let samples: Vec<&Sample> = SAMPLES.iter().take(given.instruments).collect();
    let folder = args.path.strip_prefix(".").unwrap_or(&args.path);
    let config = folder.join(CONFIG);
    let mut files: Vec<(PathBuf, Vec<u8>)> =
        vec![(config.clone(), template(&section(info, &given.params), &samples).into_bytes())];
    files.extend(samples.iter().map(|sample| (folder.join(sample.path), sample.bytes.to_vec())));
    files.push((folder.join("data/LICENSES.md"), LICENSES.as_bytes().to_vec()));
    if !args.force
        && let Some((there, _)) = files.iter().find(|(path, _)| path.exists())
    {
        return Err(CliError::usage(
            format!("{} is already there", there.display()),
            "write into another folder, or overwrite with --force",
        ));
    }
    for (path, bytes) in &files {
        artifacts::write(path, bytes)?;
    }
    let paths: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    let next = format!("algoflow backtest -c {}", config.display());
    if term.json {
        return print_json(
            term,
            &json!({ "config": config.display().to_string(), "files": paths, "next": next }),
        );
    }
    for path in &paths {
        term.say(format!("wrote {path}"));
    }
    term.say(format!("\nNow run  {}", term.paint(Style::Bold, &next)));
    Ok(())
}

/// Values for the parameters that name instruments, and how many instruments they name.
struct Given {
    params: Vec<(String, Value)>,
    instruments: usize,
}

/// Gives every parameter that is required an instrument, or all of them, by what it takes.
fn instruments_for(parameters: &[Parameter]) -> Given {
    let names: Vec<&str> = SAMPLES.iter().map(|sample| sample.instrument).collect();
    let mut given = Given { params: Vec::new(), instruments: 0 };
    for parameter in parameters.iter().filter(|parameter| parameter.required) {
        let (value, used) = match parameter.kind.as_str() {
            "list of text" => (json!(names), names.len()),
            kind if kind.starts_with("table") => {
                let weights: Map<String, Value> = names
                    .iter()
                    .zip([0.6, 0.35])
                    .map(|(name, weight)| ((*name).to_owned(), json!(weight)))
                    .collect();
                (Value::Object(weights), names.len())
            }
            _ => {
                let next = given.instruments.min(names.len().saturating_sub(1));
                (json!(names.get(next)), next + 1)
            }
        };
        given.instruments = given.instruments.max(used);
        given.params.push((parameter.name.clone(), value));
    }
    given
}

/// The configuration. Everything that it does not need to run is there as a comment.
fn template(strategy: &str, samples: &[&Sample]) -> String {
    let several = samples.len() > 1;
    let account = if several {
        "account = \"margin\"       # \"cash\": nothing is sold short, nothing bought on credit\nleverage = 2             # how many times its equity the account may hold"
    } else {
        "account = \"cash\"         # nothing is sold short, nothing bought on credit; or \"margin\"\n# leverage = 2           # of a margin account: how many times its equity it may hold"
    };
    let mut text = format!(
        r#"# A backtest of Algoflow. Check it with `algoflow check`, run it with `algoflow backtest -c {CONFIG}`.
# `algoflow schema` describes every key; `algoflow strategies` lists the strategies.
# Paths are relative to this file. Lengths of time are written "20ms", "5m", "1h30m".

[backtest]
cash = ["100000 USD"]    # what the account at the first venue starts with
seed = 0                 # of everything that is drawn at random
# from = 2005-01-01      # begin with the data known at this time or later
# to = 2015-01-01        # end before the data known at this time
# report_in = "USD"      # in which asset results are counted; that of the first cash if not given
# sample_equity_every = "1h"    # minutes, or longer in a long run, if not given
# on_error = "keep_positions"   # of a strategy that fails; or "flatten"

# A simulated venue. Its name is the last part of the ids of its instruments.
[[venue]]
name = "SIM"
{account}
fees = {{ bps = {{ maker = 1, taker = 1 }} }}     # basis points of the notional
slippage = {{ bps = 1 }}                        # how much worse than the market a taker fills
fill = {{ bar = "next_open" }}                  # or "same_close", "next_close", "next_vwap"
# participation = 0.1                         # our fills take at most a tenth of a bar's volume
# latency = {{ entry = "20ms", ack = "20ms" }}
# reject = {{ probability = 0.01 }}             # orders refused at random
"#
    );
    for sample in samples {
        text.push_str(&format!(
            r#"
# {} as if it were a fund. An index itself cannot be traded.
[[instrument]]
id = "{}"
kind = "equity"          # or "spot", "fx", "future", "perpetual", "option"
quote = "USD"            # what the price is counted in
price_increment = 0.01
quantity_increment = 1

# `algoflow data inspect FILE` writes this section for a file of your own.
[[data]]
path = "{}"
kind = "bars"            # or "trades", "quotes", "depth"
instrument = "{}"
bars = "1d"
# What the columns mean is found out from the file, except what it cannot say: when the day of New York begins and ends.
schema = {{ zone = "America/New_York", session = {{ open = "09:30", close = "16:00" }} }}
policy = "strict"        # the first bad row is an error; "drop" leaves it out, "repair" mends what can be mended
"#,
            capitalized(sample.name),
            sample.instrument,
            sample.path,
            sample.instrument,
        ));
    }
    let benchmark = samples.first().map_or("", |sample| sample.instrument);
    text.push_str(&format!(
        r#"
{strategy}

[report]
html = "report.html"     # the tear sheet: one file that needs nothing else
# svg = "report.svg"
# png = "report.png"
benchmark = "{benchmark}"    # buying and holding this is what the run is compared with
# risk_free = 0.02       # per year
"#
    ));
    text
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
