//! The control socket of trading that runs, from the other side.

#![cfg(all(unix, feature = "control"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use algoflow_core::{ledger::AccountKind, market::MarketData, number::Scale, prelude::*};
use algoflow_execution::risk::RiskLimits;
use algoflow_live::{
    control::{
        Answer, Change, Client, ControlError, ControlServer, MAX_CONNECTIONS, Operator, Request,
        StatusReport, Token,
    },
    driver::{Handle, Live, LiveConfig, LiveError, Outcome},
    journal::{Faults, MemoryDisk, MemoryStore},
    paper::PaperVenue,
    session::TimeSource,
};
use algoflow_sim::SimVenue;
use async_trait::async_trait;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    task::JoinHandle,
};

/// Buys once, and then only watches.
#[derive(Default)]
struct Holder {
    bought: bool,
}

impl Strategy for Holder {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(id(), BarSpec::minutes(1)))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, _: &Bar) -> StrategyResult {
        if !std::mem::replace(&mut self.bought, true) {
            ctx.buy(id(), Quantity::from_int(3)).submit()?;
        }
        Ok(())
    }
}

fn id() -> InstrumentId {
    "ACME.NYSE".parse().unwrap()
}

fn bars(count: i64) -> impl Iterator<Item = MarketData> {
    let cents = |value| Price::new(value, Scale::new(2).unwrap());
    let at = |minutes| Timestamp::EPOCH.saturating_add(TimeDelta::minutes(minutes));
    (0..count).map(move |minute| {
        MarketData::Bar(Bar {
            instrument: id(),
            spec: BarSpec::minutes(1),
            ts_open: at(minute),
            ts_close: at(minute + 1),
            ts_recv: at(minute + 1),
            open: cents(10_000),
            high: cents(10_010),
            low: cents(9_990),
            close: cents(10_000),
            volume: Quantity::from_int(1_000),
        })
    })
}

struct Nothing;

#[async_trait]
impl Operator for Nothing {
    async fn reload(&self) -> Result<Vec<Change>, (String, String)> {
        Err(("TEST".to_owned(), "there is no configuration".to_owned()))
    }
}

struct Trading {
    folder: tempfile::TempDir,
    handle: Handle,
    running: JoinHandle<Result<Outcome, LiveError>>,
    serving: JoinHandle<()>,
}

impl Trading {
    /// Four bars a second, for hours.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = LiveConfig::new("USD".parse().unwrap());
        config.session.time = TimeSource::Data;
        let venue = SimVenue::new("NYSE").with_instruments([Instrument::equity("ACME.NYSE", "USD").unwrap()]);
        let cash = ["100000 USD".parse().unwrap()];
        let data = bars(100_000).map(Ok);
        let paper = PaperVenue::replay(&venue, data, AccountKind::Cash, &cash, 0).unwrap().at_speed(240.0);
        let store = MemoryStore::open(&MemoryDisk::default(), Faults::none()).unwrap();
        let ready = Live::new(config)
            .store(store)
            .paper(paper)
            .strategy("holder", Holder::default())
            .ready()
            .await
            .unwrap();
        let handle = ready.handle();
        let socket = folder.path().join("control.sock");
        let token = Token::read_or_make(&folder.path().join("token")).unwrap();
        let server = ControlServer::listen(&socket, token, handle.clone(), Box::new(Nothing)).unwrap();
        Self { folder, handle, running: tokio::spawn(ready.run()), serving: tokio::spawn(server.serve()) }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    fn token(&self) -> Token {
        Token::read(&self.folder.path().join("token")).unwrap()
    }

    fn client(&self) -> Client {
        Client::new(self.socket(), self.token())
    }

    async fn status(&self) -> StatusReport {
        match self.client().ask(Request::Status).await.unwrap() {
            Answer::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_asked_for_is_done_and_said() {
    let trading = Trading::start().await;
    let client = trading.client();
    while trading.status().await.phase != "running" {
        tokio::task::yield_now().await;
    }
    let limits = Box::new(RiskLimits::new().max_open_orders(4));
    let Answer::Done { sequence, .. } = client.ask(Request::Limits { strategy: None, limits }).await.unwrap()
    else {
        panic!("no answer")
    };
    let status = trading.status().await;
    assert!(status.sequence >= sequence);
    assert_eq!(status.limits.max_open_orders, Some(4));
    let parameters = serde_json::json!({ "fast": 1 });
    let refused = client.ask(Request::Parameters { strategy: "holder".parse().unwrap(), parameters }).await;
    assert!(matches!(refused, Err(ControlError::Refused { .. })), "{refused:?}");
    let refused = client.ask(Request::Reload).await.unwrap_err();
    assert_eq!((refused.code(), refused.to_string().as_str()), ("TEST", "there is no configuration"));
    // T6: it is not taken over.
    let taken =
        ControlServer::listen(&trading.socket(), trading.token(), trading.handle.clone(), Box::new(Nothing));
    assert!(matches!(taken, Err(ControlError::Taken(_))));

    assert_eq!(client.ask(Request::Stop).await.unwrap(), Answer::Stopping);
    let outcome = trading.running.await.unwrap().unwrap();
    assert!(outcome.clean);
    let gone = client.ask(Request::Status).await.unwrap_err();
    assert_eq!(gone.code(), "LIVE_GONE");
    trading.serving.abort();
    assert!(trading.serving.await.unwrap_err().is_cancelled());
    assert!(!trading.folder.path().join("control.sock").exists());
    assert!(matches!(client.ask(Request::Status).await, Err(ControlError::NobodyThere(_))));
}

/// T3: more connections than are allowed are turned away, and others do not notice.
#[tokio::test]
async fn connections_are_bounded() {
    let trading = Trading::start().await;
    let mut idle = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        idle.push(UnixStream::connect(trading.socket()).await.unwrap());
    }
    let mut text = String::new();
    let mut one_more = UnixStream::connect(trading.socket()).await.unwrap();
    one_more.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("CONTROL_BUSY"), "{text}");
    drop(idle);
    // Their places are free once the other side has seen that they went.
    while let Err(error) = trading.client().ask(Request::Status).await {
        assert!(error.code() == "CONTROL_BUSY" || error.code() == "CONTROL_CONNECTION", "{error}");
    }
    trading.handle.stop().await.unwrap();
    trading.running.await.unwrap().unwrap();
}

/// T6: a socket that a process left behind is taken over; another file is not.
#[tokio::test]
async fn what_was_left_behind_is_taken_over() {
    let trading = Trading::start().await;
    let left = trading.folder.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    assert!(left.exists());
    let server =
        ControlServer::listen(&left, trading.token(), trading.handle.clone(), Box::new(Nothing)).unwrap();
    let serving = tokio::spawn(server.serve());
    assert!(Client::new(&left, trading.token()).ask(Request::Positions).await.is_ok());
    serving.abort();
    let file = trading.folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let refused = ControlServer::listen(&file, trading.token(), trading.handle.clone(), Box::new(Nothing));
    assert_eq!(refused.unwrap_err().code(), "CONTROL_FILE");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    // A call in pieces is a call.
    let mut stream = UnixStream::connect(trading.socket()).await.unwrap();
    let token = std::fs::read_to_string(trading.folder.path().join("token")).unwrap();
    let call = format!("{{\"version\":1,\"token\":\"{token}\",\"request\":{{\"command\":\"status\"}}}}\n");
    for piece in call.as_bytes().chunks(7) {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    stream.shutdown().await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("\"status\""), "{text}");
    trading.handle.stop().await.unwrap();
    trading.running.await.unwrap().unwrap();
}
