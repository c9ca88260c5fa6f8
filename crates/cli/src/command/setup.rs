//! `algoflow setup`: asks what is to be traded and how, checks it, also against the venue, and writes the configuration.

mod ask;

use std::{collections::BTreeMap, path::PathBuf};

use algoflow_core::{
    Decimal,
    id::{Asset, InstrumentId, VenueId},
    number::Money,
    time::TimeDelta,
};
use serde_json::{Map, Value, json};

use self::ask::{Asker, Question};
use super::{
    print_json,
    strategies::{Parameter, by_name, section},
};
use crate::{
    args::SetupArgs,
    artifacts,
    connectors::{ConnectorSettings, Connectors},
    document::Source,
    error::CliError,
    load,
    plan::{Plan, Purpose},
    term::{Style, Term},
    trade,
};

/// What stands for no connector.
const SIMULATED: &str = "none";

/// How far back the account is asked about when a venue is tried.
const TRIED_SINCE: TimeDelta = TimeDelta::minutes(1);

/// The answers.
struct Answers {
    connector: Option<String>,
    secrets: Vec<(&'static str, String)>,
    venue: VenueId,
    account: String,
    leverage: Option<Decimal>,
    instrument: InstrumentId,
    kind: String,
    quote: Option<Asset>,
    data: Option<String>,
    strategy: String,
    cash: Money,
    state: String,
    mode: String,
    limits: Vec<(&'static str, String)>,
}

pub(crate) fn run(args: &SetupArgs, connectors: &Connectors, term: &Term) -> Result<(), CliError> {
    if !args.force && args.config.exists() {
        return Err(CliError::usage(
            format!("{} is already there", args.config.display()),
            "write another with -c FILE, or overwrite it with --force",
        ));
    }
    let mut given = BTreeMap::new();
    for answer in &args.answer {
        let (key, value) = answer
            .split_once('=')
            .ok_or_else(|| CliError::usage(format!("`--answer {answer}` has no `=`"), "write KEY=VALUE"))?;
        given.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    let mut asker = Asker::new(given, term);
    let answers = ask(&mut asker, connectors)?;
    if let Some(unknown) = asker.left().first() {
        return Err(CliError::usage(
            format!("nothing asks for `{unknown}`"),
            "`algoflow setup --help` lists the keys",
        ));
    }
    let text = answers.text()?;
    let name = args.config.display().to_string();
    let base = args.config.parent().map(PathBuf::from).unwrap_or_default();
    let source = Source::new(name.clone(), text.clone());
    let plan = Plan::check(&source.parse()?, base, Purpose::Check(connectors))?;
    if !plan.origins.is_empty() {
        load::all(&plan, term, false)?;
    }
    let checked = try_venue(&plan, connectors)?;
    artifacts::write(&args.config, text.as_bytes())?;
    let next = match (&answers.connector, answers.mode.as_str()) {
        (None, _) => format!("algoflow paper --replay -c {name}"),
        (Some(_), "live") => format!("algoflow run --trade-real-money -c {name}"),
        (Some(_), _) => format!("algoflow paper -c {name}"),
    };
    if term.json {
        return print_json(term, &json!({ "config": name, "checked": checked, "next": next }));
    }
    for line in &checked {
        term.say(line);
    }
    term.say(format!("wrote {name}\n\nNow run  {}", term.paint(Style::Bold, &next)));
    Ok(())
}

/// An answer that may be empty.
fn perhaps<T>(read: impl Fn(&str) -> Result<T, String>) -> impl Fn(&str) -> Result<Option<T>, String> {
    move |text| if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn one_of(known: &[&str]) -> impl Fn(&str) -> Result<String, String> {
    let known: Vec<String> = known.iter().map(|word| (*word).to_owned()).collect();
    move |text| {
        if known.iter().any(|word| word == text) {
            Ok(text.to_owned())
        } else {
            Err(format!("write one of: {}", known.join(", ")))
        }
    }
}

fn above_zero(text: &str) -> Result<Decimal, String> {
    let number: Decimal = parsed(text)?;
    if number > Decimal::ZERO { Ok(number) } else { Err("it must be above zero".to_owned()) }
}

const fn question<'q>(key: &'static str, text: &'q str, default: Option<&'q str>) -> Question<'q> {
    Question { key, text, default }
}

fn ask(asker: &mut Asker<'_>, connectors: &Connectors) -> Result<Answers, CliError> {
    let mut kinds: Vec<&str> = connectors.kinds().collect();
    kinds.push(SIMULATED);
    let connector = if kinds.len() > 1 {
        let text = format!("Which connector reaches the venue ({})", kinds.join(", "));
        let kind = asker.ask(question("connector", &text, Some(SIMULATED)), one_of(&kinds))?;
        (kind != SIMULATED).then_some(kind)
    } else {
        None
    };
    let mut secrets = Vec::new();
    if connector.is_some() {
        for (key, text) in [
            ("api_key_env", "The environment variable that holds the API key, if there is one"),
            ("api_secret_env", "The environment variable that holds the API secret, if there is one"),
            ("passphrase_env", "The environment variable that holds the passphrase, if there is one"),
        ] {
            if let Some(name) = asker.ask(question(key, text, Some("")), perhaps(parsed::<String>))? {
                secrets.push((key, name));
            }
        }
    }
    let name = "The name of the venue, which is the last part of the ids of its instruments";
    let venue: VenueId = asker.ask(question("venue", name, Some("SIM")), parsed)?;
    let account = "The kind of account (cash, margin)";
    let account = asker.ask(question("account", account, Some("cash")), one_of(&["cash", "margin"]))?;
    let leverage = if account == "margin" {
        Some(
            asker
                .ask(question("leverage", "How many times its equity it may hold", Some("1")), above_zero)?,
        )
    } else {
        None
    };
    let id = format!("The instrument to trade, like SPY.{venue} or BTC-USDT.{venue}");
    let instrument = asker.ask(question("instrument", &id, None), |text| {
        let id: InstrumentId = parsed(text)?;
        if id.venue() == venue { Ok(id) } else { Err(format!("its id must end with .{venue}")) }
    })?;
    let pair = instrument.symbol().split_once(['-', '/']);
    let kind = "What it is (equity, spot, fx, perpetual)";
    let usual = if pair.is_some() { "spot" } else { "equity" };
    let words = ["equity", "spot", "fx", "perpetual"];
    let kind = asker.ask(question("kind", kind, Some(usual)), one_of(&words))?;
    let in_name = pair.map(|(_, quote)| quote.to_owned()).filter(|_| kind != "equity");
    let quote = match &in_name {
        Some(_) => None,
        None => {
            Some(asker.ask(question("quote", "In what its price is counted", Some("USD")), parsed::<Asset>)?)
        }
    };
    let data = "A file of its recorded bars, for backtests and for paper trading without a network";
    let data = match &connector {
        Some(_) => asker.ask(question("data", data, Some("")), perhaps(parsed::<String>))?,
        None => Some(asker.ask(question("data", data, None), parsed::<String>)?),
    };
    // One that trades several instruments cannot be set up with one.
    let single = |info: &&algoflow_strategies::StrategyInfo| {
        let parameters = Parameter::all(&info.schema());
        parameters.iter().filter(|parameter| parameter.required).count() == 1
    };
    let names: Vec<&str> =
        algoflow_strategies::registry().iter().filter(single).map(|info| info.name).collect();
    let text = format!("The strategy ({})", names.join(", "));
    let strategy = asker.ask(question("strategy", &text, Some("sma_cross")), one_of(&names))?;
    let currency = quote.map(|quote| quote.to_string()).or(in_name).unwrap_or_else(|| "USD".to_owned());
    let cash = format!("100000 {currency}");
    let cash = asker.ask(
        question("cash", "What the account holds on paper and in backtests", Some(&cash)),
        |text| {
            let money: Money = parsed(text)?;
            if money.amount > Decimal::ZERO { Ok(money) } else { Err("it must be above zero".to_owned()) }
        },
    )?;
    let mut limits = Vec::new();
    for (key, text) in [
        ("max_order_notional", "The most that one order may be worth; empty for no limit"),
        (
            "max_daily_loss",
            "The most that may be lost in a day before only exits are sent; empty for no limit",
        ),
        (
            "max_leverage",
            "The most that all positions may be worth, as a multiple of the equity; empty for no limit",
        ),
    ] {
        if let Some(limit) = asker.ask(question(key, text, Some("")), perhaps(above_zero))? {
            limits.push((key, limit.to_string()));
        }
    }
    let state = asker.ask(question("state", "The folder of the journal", Some("state")), parsed::<String>)?;
    let mode = match &connector {
        Some(_) => {
            let text = "The mode: paper, or live for real money";
            asker.ask(question("mode", text, Some("paper")), one_of(&["paper", "live"]))?
        }
        None => "paper".to_owned(),
    };
    Ok(Answers {
        connector,
        secrets,
        venue,
        account,
        leverage,
        instrument,
        kind,
        quote,
        data,
        strategy,
        cash,
        state,
        mode,
        limits,
    })
}

/// Text as it is written in a file.
fn quoted(text: impl std::fmt::Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

impl Answers {
    /// The configuration.
    fn text(&self) -> Result<String, CliError> {
        let mut text = format!(
            "# Written by `algoflow setup`. Check it with `algoflow check`; `algoflow schema` describes every key.\n\n\
             [live]\nmode = {}          # \"live\" sends orders for real money\nstate = {}\n\n",
            quoted(&self.mode),
            quoted(&self.state),
        );
        if !self.limits.is_empty() {
            text.push_str("[risk]\n");
            for (key, limit) in &self.limits {
                let line = match *key {
                    "max_daily_loss" => format!("{key} = {{ amount = {} }}\n", quoted(limit)),
                    _ => format!("{key} = {}\n", quoted(limit)),
                };
                text.push_str(&line);
            }
            text.push('\n');
        }
        text.push_str(&format!("[backtest]\ncash = [{}]\n\n", quoted(self.cash)));
        text.push_str(&format!(
            "[[venue]]\nname = {}\naccount = {}\n",
            quoted(self.venue),
            quoted(&self.account)
        ));
        if let Some(leverage) = self.leverage {
            text.push_str(&format!("leverage = {}\n", quoted(leverage)));
        }
        if let Some(kind) = &self.connector {
            text.push_str(&format!("\n[venue.connector]\nkind = {}\n", quoted(kind)));
            for (key, name) in &self.secrets {
                text.push_str(&format!("{key} = {}\n", quoted(name)));
            }
        }
        text.push_str(&format!(
            "\n[[instrument]]\nid = {}\nkind = {}\n",
            quoted(self.instrument),
            quoted(&self.kind)
        ));
        if let Some(quote) = self.quote {
            text.push_str(&format!("quote = {}\n", quoted(quote)));
        }
        if let Some(path) = &self.data {
            text.push_str(&format!(
                "\n[[data]]\npath = {}\nkind = \"bars\"\ninstrument = {}\n",
                quoted(path),
                quoted(self.instrument)
            ));
        }
        let info = by_name(&self.strategy)?;
        let required = Parameter::all(&info.schema()).into_iter().filter(|parameter| parameter.required);
        let params: Vec<(String, Value)> = required
            .map(|parameter| {
                let id = self.instrument.to_string();
                let value = match parameter.kind.as_str() {
                    "list of text" => json!([id]),
                    kind if kind.starts_with("table") => Value::Object(Map::from_iter([(id, json!(0.95))])),
                    _ => json!(id),
                };
                (parameter.name, value)
            })
            .collect();
        text.push_str(&format!("\n{}\n", section(info, &params)));
        Ok(text)
    }
}

/// Connects to each venue, and sees that it lists the instruments and lets the account be read. Nothing is sent.
fn try_venue(plan: &Plan, connectors: &Connectors) -> Result<Vec<String>, CliError> {
    let mut checked = Vec::new();
    for ((sim, _), written) in plan.venues.iter().zip(&plan.config.venue) {
        let Some(connector) = &written.connector else { continue };
        let Some(connect) = connectors.get(&connector.kind) else { continue };
        let settings = ConnectorSettings {
            venue: written.name,
            instruments: sim.instruments().to_vec(),
            secrets: trade::secrets(connector, plan)?,
            options: connector.options.clone(),
        };
        let failed = |reason: String| {
            let help = "nothing was written; correct it and try again";
            CliError::usage(format!("{} cannot be used: {reason}", written.name), help)
        };
        let listed = trade::block_on(async {
            let venue = connect(settings).map_err(failed)?;
            let listed = venue.instruments().await.map_err(|error| failed(error.to_string()))?;
            let since = trade::wall().saturating_sub(TRIED_SINCE);
            venue.account(since).await.map_err(|error| failed(format!("its account: {error}")))?;
            Ok(listed)
        })?;
        if let Some(missing) = sim.instruments().iter().find(|own| !listed.iter().any(|one| one.id == own.id))
        {
            return Err(failed(format!("it does not list {}", missing.id)));
        }
        checked.push(format!(
            "{} answers, lists {} instruments, and lets the account be read",
            written.name,
            listed.len()
        ));
    }
    Ok(checked)
}
