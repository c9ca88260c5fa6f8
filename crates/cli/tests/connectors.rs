//! A program that adds a connector of its own to the command.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use algoflow_cli::{Connectors, exit, run_with};
use algoflow_core::{
    capabilities::Capabilities,
    command::{OrderRef, Submit},
    error::VenueError,
    id::VenueId,
    instrument::Instrument,
    state::Subscription,
    time::Timestamp,
    venue::{AccountSnapshot, Ack, EventStream, Venue, VenueEvent},
};
use algoflow_live::driver::{Clock, SystemClock};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};

/// How often something is looked for that is about to happen.
const MAX_LOOKS: usize = 1_500;

/// A venue with an account that holds nothing, and without news.
struct Silent {
    id: VenueId,
    capabilities: Capabilities,
    instruments: Vec<Instrument>,
}

#[async_trait]
impl Venue for Silent {
    fn id(&self) -> VenueId {
        self.id
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        Ok(self.instruments.clone())
    }
    async fn subscribe(&self, _: &[Subscription]) -> Result<EventStream, VenueError> {
        Ok(Box::pin(stream::iter([VenueEvent::Connected]).chain(stream::pending())))
    }
    async fn submit(&self, _: &Submit) -> Result<Ack, VenueError> {
        panic!("an order was sent")
    }
    async fn cancel(&self, _: &OrderRef) -> Result<Ack, VenueError> {
        panic!("a cancellation was sent")
    }
    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        let watermark = SystemClock.wall();
        Ok(AccountSnapshot { complete_since: since, watermark, ..AccountSnapshot::default() })
    }
}

/// One connector, that counts how often it was asked for a venue.
fn connectors(made: &Arc<AtomicUsize>) -> Connectors {
    let made = Arc::clone(made);
    Connectors::new().with("silent", move |settings| {
        made.fetch_add(1, Ordering::SeqCst);
        if settings.options.get("mood").and_then(|mood| mood.as_str()) == Some("bad") {
            return Err("it is in a bad mood".to_owned());
        }
        if !settings.secrets.contains_key("api_key") || settings.secrets.contains_key("api_secret") {
            return Err("it wants a key and no secret".to_owned());
        }
        let (id, instruments) = (settings.venue, settings.instruments);
        Ok(Arc::new(Silent { id, capabilities: Capabilities::all_native(), instruments }))
    })
}

fn command(folder: &Path, made: &Arc<AtomicUsize>, arguments: &[&str]) -> ExitCode {
    let config = folder.join("algoflow.toml").display().to_string();
    let all = ["algoflow"].into_iter().chain(arguments.iter().copied()).chain(["-q", "-c", config.as_str()]);
    run_with(all, connectors(made))
}

fn write(folder: &Path, mode: &str, mood: &str) {
    use std::os::unix::fs::PermissionsExt;
    let key = folder.join("key");
    std::fs::write(&key, "hunter2\n").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!(
        "[live]\nmode = \"{mode}\"\nstate = \"state-{mode}\"\n\n[backtest]\ncash = [\"1000 USD\"]\n\n[[venue]]\nname = \"SIM\"\n\n\
         [venue.connector]\nkind = \"silent\"\napi_key_file = \"key\"\noptions = {{ mood = \"{mood}\" }}\n\n\
         [[instrument]]\nid = \"SPX.SIM\"\nkind = \"equity\"\nquote = \"USD\"\n\n\
         [[strategy]]\nname = \"sma_cross\"\nparams = {{ instrument = \"SPX.SIM\" }}\n"
    );
    std::fs::write(folder.join("algoflow.toml"), text).unwrap();
}

/// Runs a command until it is stopped from outside.
fn until_stopped(folder: &Path, made: &Arc<AtomicUsize>, arguments: &'static [&'static str]) -> ExitCode {
    std::thread::scope(|scope| {
        let trading = scope.spawn(|| command(folder, made, arguments));
        for _ in 0..MAX_LOOKS {
            if command(folder, made, &["status", "--running"]) == ExitCode::from(exit::OK) {
                break;
            }
            assert!(!trading.is_finished(), "it ended at once");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(command(folder, made, &["positions"]), ExitCode::from(exit::OK));
        assert_eq!(command(folder, made, &["stop"]), ExitCode::from(exit::OK));
        trading.join().unwrap()
    })
}

#[test]
fn live_trading_needs_its_flag_and_then_goes_through_the_connector() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let made = Arc::new(AtomicUsize::new(0));
    write(folder, "live", "good");
    assert_eq!(command(folder, &made, &["check"]), ExitCode::from(exit::OK));
    assert_eq!(command(folder, &made, &["run"]), ExitCode::from(exit::USAGE));
    assert_eq!(made.load(Ordering::SeqCst), 0, "it was connected to without the flag");
    assert_eq!(until_stopped(folder, &made, &["run", "--trade-real-money"]), ExitCode::from(exit::OK));
    assert_eq!(made.load(Ordering::SeqCst), 1);
    assert_eq!(command(folder, &made, &["replay"]), ExitCode::from(exit::OK));
    // The same journal is not gone on with on paper.
    assert_eq!(command(folder, &made, &["paper"]), ExitCode::from(exit::USAGE));
    // A secret that others can read is refused before anything is connected to.
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.join("key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = made.load(Ordering::SeqCst);
    assert_eq!(command(folder, &made, &["run", "--trade-real-money"]), ExitCode::from(exit::USAGE));
    assert_eq!(made.load(Ordering::SeqCst), before);
}

#[test]
fn paper_trading_of_live_data_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let made = Arc::new(AtomicUsize::new(0));
    write(folder, "paper", "good");
    assert_eq!(until_stopped(folder, &made, &["paper"]), ExitCode::from(exit::OK));
    assert_eq!(until_stopped(folder, &made, &["run"]), ExitCode::from(exit::OK));
    assert_eq!(made.load(Ordering::SeqCst), 2);
    assert_eq!(command(folder, &made, &["replay"]), ExitCode::from(exit::OK));
    write(folder, "paper", "bad");
    assert_eq!(command(folder, &made, &["paper"]), ExitCode::from(exit::USAGE));
}

/// The wizard tries the venue before it writes anything.
#[test]
fn setup_asks_the_venue() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let made = Arc::new(AtomicUsize::new(0));
    let config = folder.join("made.toml").display().to_string();
    let answers = [
        "connector=silent",
        "api_key_env=ALGOFLOW_TEST_KEY_THAT_IS_NOT_SET",
        "api_secret_env=",
        "passphrase_env=",
        "venue=SIM",
        "account=cash",
        "instrument=SPX.SIM",
        "kind=equity",
        "quote=USD",
        "data=",
        "strategy=sma_cross",
        "cash=1000 USD",
        "max_order_notional=500",
        "max_daily_loss=",
        "max_leverage=1",
        "state=state",
        "mode=paper",
    ];
    let flags = answers.iter().flat_map(|answer| ["--answer", answer]);
    let arguments: Vec<&str> = ["algoflow", "setup", "-q", "-c", &config].into_iter().chain(flags).collect();
    // The key is not set, so the venue cannot be asked, and nothing is written.
    assert_eq!(run_with(arguments.clone(), connectors(&made)), ExitCode::from(exit::USAGE));
    assert!(!Path::new(&config).exists());
    let with_path: Vec<String> = arguments
        .iter()
        .map(|argument| argument.replace("ALGOFLOW_TEST_KEY_THAT_IS_NOT_SET", "PATH"))
        .collect();
    // Any variable that is set will do for this venue.
    assert_eq!(run_with(with_path, connectors(&made)), ExitCode::from(exit::OK));
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(
        written.contains("api_key_env = \"PATH\"") && written.contains("max_order_notional = \"500\""),
        "{written}"
    );
}
