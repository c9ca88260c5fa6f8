//! Building what trades, and keeping it running until it ends.

use std::{pin::pin, sync::Arc};

use algoflow_core::{id::Asset, market::MarketData, number::Money};
use algoflow_data::Merge;
use algoflow_live::{
    control::{ControlServer, Token},
    driver::{Handle, Live, LiveConfig, Outcome},
    journal::Store,
    paper::{PaperError, PaperVenue},
    session::TimeSource,
    telemetry::Redactor,
};
use tokio::task::JoinSet;

use super::{
    Signal, Signals, StateFolder,
    record::{self, RunRecord, When},
    reload::{Reading, Reloader},
    secrets::secrets,
    watch::Watch,
};
use crate::{
    config::{Mode, VenueConfig},
    connectors::{ConnectorSettings, Connectors},
    error::CliError,
    load::LoadedData,
    plan::Plan,
    term::Term,
};

/// Where market data come from and orders go.
#[derive(Debug)]
pub(crate) enum Feeds {
    /// Recorded data, to simulated venues. With a speed it waits between them.
    Recorded { data: LoadedData, speed: Option<f64> },
    /// Live data, to simulated venues.
    Paper,
    /// To the venues.
    Live,
}

impl Feeds {
    const fn mode(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "replay",
            Self::Paper => Mode::Paper.as_str(),
            Self::Live => Mode::Live.as_str(),
        }
    }
}

/// Recorded data of one venue, in the order of time.
struct Recorded(Merge);

impl Iterator for Recorded {
    type Item = Result<MarketData, PaperError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.0.next_event(MarketData::clone);
        next.map_err(|error| PaperError::Recording(error.to_string())).transpose()
    }
}

/// What everything is valued in: what is said, or the asset of the first cash, as in a backtest.
fn reporting(plan: &Plan) -> Result<Asset, CliError> {
    let run = &plan.config.backtest;
    let venues = plan.config.venue.iter().flat_map(|venue| &venue.cash);
    let first = run.cash.iter().chain(venues).next().map(|money| money.asset);
    run.report_in.or(first).ok_or_else(|| {
        CliError::usage("nothing says what everything is valued in", "add report_in = \"USD\" to [backtest]")
    })
}

/// What a venue's account holds on paper.
fn cash(plan: &Plan, index: usize, written: &VenueConfig) -> Vec<Money> {
    let first = if index == 0 { plan.config.backtest.cash.as_slice() } else { &[] };
    first.iter().chain(&written.cash).cloned().collect()
}

/// Adds the venues.
fn venues(
    mut live: Live,
    plan: &Plan,
    feeds: Feeds,
    connectors: &Connectors,
    redactor: &Redactor,
) -> Result<Live, CliError> {
    let mode = feeds.mode();
    let run = &plan.config.backtest;
    let (mut recorded, speed) = match feeds {
        Feeds::Recorded { data, speed } => (Some(data.feeds_by_venue(run.from, run.to)?), speed),
        Feeds::Paper | Feeds::Live => (None, None),
    };
    for (index, ((sim, kind), written)) in plan.venues.iter().zip(&plan.config.venue).enumerate() {
        let seed = run.seed.wrapping_add(index as u64);
        let money = cash(plan, index, written);
        if let Some(recorded) = &mut recorded {
            let own = recorded.remove(&written.name).unwrap_or_default();
            let paper = PaperVenue::replay(sim, Recorded(Merge::new(own)), *kind, &money, seed)?;
            live = live.paper(match speed {
                Some(speed) => paper.at_speed(speed),
                None => paper,
            });
            continue;
        }
        let connector = written.connector.as_ref();
        let made = connector.and_then(|connector| Some((connector, connectors.get(&connector.kind)?)));
        let Some((connector, connect)) = made else {
            let help = "`algoflow check` says more";
            return Err(CliError::usage(format!("{} has no connector", written.name), help));
        };
        let secrets = secrets(connector, plan)?;
        for secret in secrets.values() {
            redactor.register(secret).map_err(|error| CliError::Run { message: error.to_string() })?;
        }
        let settings = ConnectorSettings {
            venue: written.name,
            instruments: sim.instruments().to_vec(),
            secrets,
            options: connector.options.clone(),
        };
        let venue = connect(settings).map_err(|reason| {
            let help = "correct [venue.connector]; `algoflow check` shows which secrets are set";
            CliError::usage(format!("the connector of {}: {reason}", written.name), help)
        })?;
        live = if mode == Mode::Live.as_str() {
            live.shared_venue(venue, *kind)
        } else {
            live.paper(PaperVenue::live(sim, venue, *kind, &money, seed)?)
        };
    }
    Ok(live)
}

/// Trades until it ends: recorded data are over, a signal or the control socket stops it.
pub(crate) async fn run(
    plan: Plan,
    feeds: Feeds,
    reading: Reading,
    connectors: Arc<Connectors>,
    term: &Term,
) -> Result<(Outcome, bool), CliError> {
    let folder = StateFolder::make(&plan.path(&plan.config.live.state))?;
    let store = folder.open_store().await?;
    let mode = feeds.mode();
    let reporting = reporting(&plan)?;
    let mut config = LiveConfig::new(reporting);
    let time = if mode == "replay" { TimeSource::Data } else { TimeSource::Clock };
    config.run = plan.config.live.run;
    config.session = plan.config.live.session(time);
    config.on_error = plan.config.backtest.on_error;
    config.snapshot_every = Some(plan.config.live.snapshot_every).filter(|every| *every > 0);
    config.seed = plan.config.backtest.seed;
    config.fingerprint = blake3::hash(plan.written.to_string().as_bytes()).to_hex().to_string();
    let begun = store.last_sequence();
    let mut live = Live::new(config).store(store);
    let fresh = RunRecord::new(&plan, reporting, mode);
    let new_record = if begun == 0 {
        for action in record::limits(&plan)? {
            live = live.setup(action);
        }
        fresh
    } else {
        let old = RunRecord::read(&folder.record())?;
        if old.mode != mode {
            return Err(CliError::usage(
                format!("{} holds a run in mode {}, not {mode}", folder.path().display(), old.mode),
                "name another state folder: --state DIR",
            ));
        }
        for (_, action) in old.changes(&plan, When::Restarting)? {
            live = live.at_start(action);
        }
        fresh.going_on(old)
    };
    for (label, strategy) in new_record.strategies()? {
        live = live.boxed_strategy(&label, strategy);
    }
    let redactor = Redactor::new();
    let watch = Watch::start(&plan, &redactor, reporting, mode).await?;
    live = venues(live, &plan, feeds, &connectors, &redactor)?.observe(watch.observer());
    new_record.write(&folder.record())?;
    let ready = live.ready().await?;
    let handle = ready.handle();
    let mut signals = Signals::listen()?;
    let reloader = Reloader::new(reading, connectors, handle.clone(), new_record, folder.record());
    let _server = serve(&plan, &folder, &handle, &reloader)?;
    term.note(format!(
        "{mode} trading: run {}, state {}{}",
        plan.config.live.run,
        folder.path().display(),
        if begun == 0 { String::new() } else { format!(", going on after entry {begun}") }
    ));
    if let Some(address) = watch.address() {
        term.note(format!("metrics and health at http://{address}/metrics, /healthz and /readyz"));
    }
    let mut running = pin!(ready.run());
    let mut stopping = false;
    loop {
        tokio::select! {
            outcome = &mut running => {
                if !watch.stop().await {
                    term.warn("not every alert was sent in time");
                }
                return Ok((outcome?, stopping));
            }
            signal = signals.next() => match signal {
                Signal::Stop if stopping => return Err(CliError::Interrupted),
                Signal::Stop => {
                    stopping = true;
                    term.note("stopping; once more to end at once");
                    let handle = handle.clone();
                    // Trading may have ended meanwhile, which is what is wanted.
                    tokio::spawn(async move { drop(handle.stop().await) });
                }
                Signal::Reload => {
                    let (reloader, term) = (reloader.clone(), *term);
                    tokio::spawn(async move {
                        match reloader.reload().await {
                            Ok(changes) => {
                                let keys: Vec<_> = changes.iter().map(|change| change.what.as_str()).collect();
                                let keys = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
                                term.note(format!("the configuration was read again; changed: {keys}"));
                            }
                            Err(error) => term.error(&error.to_string(), error.help()),
                        }
                    });
                }
            },
        }
    }
}

/// Listens at the control socket for as long as what is returned is kept.
fn serve(
    plan: &Plan,
    folder: &StateFolder,
    handle: &Handle,
    reloader: &Reloader,
) -> Result<JoinSet<()>, CliError> {
    let mut tasks = JoinSet::new();
    let control = &plan.config.control;
    if control.enabled {
        let token = Token::read_or_make(&folder.file(&control.token_file))?;
        let socket = folder.file(&control.socket);
        let server = ControlServer::listen(&socket, token, handle.clone(), Box::new(reloader.clone()))?;
        tasks.spawn(server.serve());
    }
    Ok(tasks)
}
