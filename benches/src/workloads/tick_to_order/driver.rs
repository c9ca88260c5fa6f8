//! The same messages through the driver: its tasks, its channels, a journal in a file.

use std::{
    error::Error,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use algoflow_core::{
    capabilities::Capabilities,
    command::{OrderRef, Submit},
    error::VenueError,
    ledger::AccountKind,
    market::Trade,
    prelude::*,
    venue::{AccountSnapshot, Ack, EventStream, Venue, VenueEvent},
};
use algoflow_live::{
    driver::{Clock, Live, LiveConfig, SystemClock},
    journal::{Location, SqlStore},
};
use async_trait::async_trait;
use tokio::sync::Notify;

use super::{InTurn, Latencies, MESSAGES_AN_ORDER, WARM_UP, account, instrument, limits, replies, settings};
use crate::{data::pair, workloads::wire};

/// How long after the account was asked for the messages begin.
const BEFORE_MESSAGES: Duration = Duration::from_millis(200);

/// How long a message may take; then the run has failed.
const LONGEST_MESSAGE: Duration = Duration::from_secs(30);

/// What the venue and the strategy share.
#[derive(Debug, Default)]
struct Course {
    /// The message that is on its way, and since when.
    number: u64,
    begun: Option<Instant>,
    /// Its order has filled, which is still to be told.
    filled: Option<OrderEvent>,
    latencies: Latencies,
    text: Vec<u8>,
    wrong: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    course: Mutex<Course>,
    /// The message has led to all that it leads to.
    over: Notify,
    asked: Notify,
    done: Notify,
}

impl Shared {
    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message has led to what it leads to.
    fn end(&self, with_order: bool) {
        let mut course = self.course();
        let course = &mut *course;
        if let Some(begun) = course.begun.take() {
            course.latencies.take(course.number, begun, with_order);
            self.over.notify_one();
        }
    }
}

/// A strategy that says when it has decided that there is nothing to do.
struct Watched {
    inner: InTurn,
    shared: Arc<Shared>,
}

impl Strategy for Watched {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.inner.on_start(ctx)
    }
    fn on_trade(&mut self, ctx: &mut Context<'_>, trade: &Trade) -> StrategyResult {
        self.inner.on_trade(ctx, trade)?;
        if !self.inner.trades.is_multiple_of(MESSAGES_AN_ORDER) {
            self.shared.end(false);
        }
        Ok(())
    }
}

/// A venue that tells a message once the one before has led to all that it leads to.
struct Exchange {
    capabilities: Capabilities,
    messages: u64,
    shared: Arc<Shared>,
}

impl Exchange {
    /// Takes an order: its text is written, and it fills.
    fn accept(&self, order: &Submit) -> Result<Ack, Box<dyn Error>> {
        let mut text = std::mem::take(&mut self.shared.course().text);
        wire::encode(order, &mut text)?;
        let now = SystemClock.wall();
        let (ack, filled) = replies(order, now)?;
        let mut course = self.shared.course();
        (course.text, course.filled) = (text, Some(filled));
        drop(course);
        self.shared.end(true);
        Ok(ack)
    }
}

/// What the stream told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Message,
    Fill,
}

/// The next event of the stream; `None` after the last, or if something is wrong.
async fn next(
    shared: &Shared,
    messages: u64,
    last: Told,
) -> Result<Option<(VenueEvent, Told)>, Box<dyn Error>> {
    match last {
        Told::Nothing => {
            shared.asked.notified().await;
            tokio::time::sleep(BEFORE_MESSAGES).await;
        }
        Told::Message => tokio::time::timeout(LONGEST_MESSAGE, shared.over.notified()).await?,
        Told::Fill => {}
    }
    let mut course = shared.course();
    if let Some(event) = course.filled.take() {
        return Ok(Some((VenueEvent::Order(event), Told::Fill)));
    }
    let number = course.number + 1;
    if number > messages || course.wrong.is_some() {
        return Ok(None);
    }
    let text = wire::trade(pair(), number)?;
    (course.number, course.begun) = (number, Some(Instant::now()));
    let trade = wire::decode(&text, pair(), SystemClock.wall())?;
    Ok(Some((VenueEvent::Market(trade.into()), Told::Message)))
}

#[async_trait]
impl Venue for Exchange {
    fn id(&self) -> VenueId {
        pair().venue()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        instrument()
            .map(|spot| vec![spot])
            .map_err(|error| VenueError::Protocol { reason: error.to_string() })
    }
    async fn subscribe(&self, wanted: &[Subscription]) -> Result<EventStream, VenueError> {
        let connected = futures_util::stream::iter([VenueEvent::Connected]);
        if wanted.is_empty() {
            return Ok(Box::pin(futures_util::StreamExt::chain(connected, futures_util::stream::pending())));
        }
        let messages = WARM_UP + self.messages;
        let begin = (Arc::clone(&self.shared), Told::Nothing);
        let told = futures_util::stream::unfold(begin, move |(shared, last)| async move {
            let found = next(&shared, messages, last).await.map_err(|error| error.to_string());
            match found {
                Ok(Some((event, last))) => return Some((event, (shared, last))),
                Ok(None) => {}
                Err(wrong) => shared.course().wrong = Some(wrong),
            }
            shared.done.notify_one();
            std::future::pending().await
        });
        Ok(Box::pin(futures_util::StreamExt::chain(connected, told)))
    }
    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError> {
        self.accept(order).map_err(|error| {
            let reason = error.to_string();
            self.shared.course().wrong = Some(reason.clone());
            self.shared.done.notify_one();
            VenueError::Protocol { reason }
        })
    }
    async fn cancel(&self, _: &OrderRef) -> Result<Ack, VenueError> {
        Err(VenueError::Unsupported {
            venue: self.id(),
            what: "a cancellation: orders fill at once".to_owned(),
        })
    }
    async fn account(&self, _: Timestamp) -> Result<AccountSnapshot, VenueError> {
        self.shared.asked.notify_one();
        account(SystemClock.wall()).map_err(|error| VenueError::Protocol { reason: error.to_string() })
    }
}

/// So many messages through the driver, with the journal in this directory.
///
/// # Errors
/// What the driver says, or if it does not send what it should.
pub fn run(directory: &Path, messages: u64) -> Result<Latencies, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(trade(directory, messages))
}

async fn trade(directory: &Path, messages: u64) -> Result<Latencies, Box<dyn Error>> {
    let store = SqlStore::open(&Location::sqlite(directory.join("journal.db"))).await?;
    let shared = Arc::new(Shared::default());
    let venue = Exchange { capabilities: Capabilities::all_native(), messages, shared: Arc::clone(&shared) };
    let mut config = LiveConfig::new("USD".parse()?);
    config.session = settings();
    let strategy = Watched { inner: InTurn::new()?, shared: Arc::clone(&shared) };
    let live = Live::new(config)
        .store(store)
        .venue(venue, AccountKind::Cash)
        .setup(limits()?)
        .strategy("in-turn", strategy);
    let ready = live.ready().await?;
    let handle = ready.handle();
    let running = tokio::spawn(ready.run());
    shared.done.notified().await;
    handle.stop().await?;
    running.await??;
    let mut course = shared.course();
    if let Some(wrong) = course.wrong.take() {
        return Err(wrong.into());
    }
    let mut latencies = std::mem::take(&mut course.latencies);
    drop(course);
    if latencies.orders.len() as u64 != messages / MESSAGES_AN_ORDER {
        return Err(format!("{messages} messages led to {} orders", latencies.orders.len()).into());
    }
    latencies.orders.sort_unstable();
    latencies.decisions.sort_unstable();
    Ok(latencies)
}
