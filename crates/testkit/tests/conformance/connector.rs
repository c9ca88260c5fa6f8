//! A connector as the guide describes it: a codec and a thin transport of `algoflow-net`, checked over the network by the suite.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use algoflow_core::{
    capabilities::Capabilities,
    command::{Amend, OrderRef, Submit},
    error::VenueError,
    id::{InstrumentId, VenueId},
    instrument::Instrument,
    number::{Price, Quantity},
    state::Subscription,
    time::{TimeDelta, Timestamp},
    venue::{AccountSnapshot, Ack, EventStream, Venue, VenueEvent},
};
use algoflow_net::{
    backoff::Backoff,
    breaker::{CircuitBreaker, Trip},
    http::{HttpClient, HttpSettings, Method, Request, Response},
    rate::{Cost, Priority, Quota, RateLimiter, RateLimits},
    retry::{Retry, RetryBudget},
    sequence::{Numbers, Order, Rules, SequenceTracker, Step},
    sign::{HmacSigner, Part, Place, Stamp},
    websocket::{Endpoint, Event, Events, Message, Protocol, Reaction, WebSocket, WebSocketSettings},
};
use algoflow_testkit::{Cannot, Conformance, Stage};
use async_trait::async_trait;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::{
    exchange::{Exchange, KEY, News, Refusal, SECRET},
    mock::{MockStage, Mutant},
};

/// The codec: what a message of the stream means. Pure, so that it is tested without a network.
fn decode(text: &str, tracker: &mut SequenceTracker<()>, found: &mut VecDeque<VenueEvent>) {
    let gap = |reason: String| VenueEvent::Gap { instruments: Vec::new(), reason };
    let (number, event) = match serde_json::from_str(text) {
        Ok(News::Subscribed) => return,
        Ok(News::Order { number, event }) => (number, VenueEvent::Order(event)),
        Ok(News::Market { number, data }) => (number, VenueEvent::Market(data)),
        Err(error) => return found.push_back(gap(format!("not understood: {error}"))),
    };
    match tracker.observe(&(), Numbers::one(number)) {
        Ok(Step::Next) => found.push_back(event),
        Ok(Step::Duplicate) => {}
        Ok(step) => {
            // Orders and fills are found again by a snapshot of the account, so the stream goes on from here.
            found.extend([gap(format!("{step:?}")), event]);
            if let Err(error) = tracker.snapshot(&(), number) {
                found.push_back(gap(error.to_string()));
            }
        }
        Err(error) => found.push_back(gap(error.to_string())),
    }
}

/// What the exchange means by its error bodies.
fn judge(response: &Response) -> Option<VenueError> {
    let refusal: Refusal = (response.status == 400).then(|| response.json().ok())??;
    Some(VenueError::Rejected { code: refusal.code, text: refusal.text })
}

struct Feed {
    url: String,
}

#[async_trait]
impl Protocol for Feed {
    async fn endpoint(&mut self) -> Result<Endpoint, VenueError> {
        Ok(Endpoint::new(self.url.clone()))
    }
    fn opened(&mut self) -> Vec<Message> {
        vec![Message::text("subscribe")]
    }
    fn received(&mut self, _message: &Message) -> Reaction {
        Reaction::deliver()
    }
}

struct Connector {
    id: VenueId,
    capabilities: Capabilities,
    http: HttpClient,
    stream: String,
    streams: AtomicU64,
}

impl Connector {
    fn new(id: VenueId, capabilities: Capabilities, exchange: &Exchange) -> Self {
        let orders = Quota::window(1_000, TimeDelta::seconds(1)).unwrap().reserving(100).unwrap();
        let backoff = Backoff::new(TimeDelta::millis(50), TimeDelta::seconds(2), 1).unwrap();
        let signer = HmacSigner::new(KEY, SECRET.into())
            .over([Part::Time, Part::Method, Part::PathAndQuery, Part::Body])
            .key(Place::Header("X-KEY"))
            .time(Place::Header("X-TIME"), Stamp::Millis)
            .signature(Place::Header("X-SIGN"));
        let http = HttpSettings::new(exchange.address())
            .limiter(RateLimiter::new(RateLimits::none().with("orders", orders)), TimeDelta::seconds(5))
            .retry(Retry::new(backoff, RetryBudget::new(10, 0.1).unwrap()))
            .breaker(CircuitBreaker::new(Trip::default()).unwrap())
            .signer(signer)
            .judge(judge)
            .build()
            .unwrap();
        let stream = exchange.stream.clone();
        Self { id, capabilities, http, stream, streams: AtomicU64::new(0) }
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T, VenueError> {
        self.http.send(&request.signed()).await?.json()
    }

    async fn order(
        &self,
        method: Method,
        priority: Priority,
        body: &impl serde::Serialize,
    ) -> Result<Ack, VenueError> {
        let body =
            serde_json::to_vec(body).map_err(|error| VenueError::NotSent { reason: error.to_string() })?;
        let request = Request::new(method, "/order").with_body(body);
        self.ask(request.costing(Cost::of("orders", 1)).priority(priority)).await
    }
}

/// A stream that is read.
struct Reading {
    _socket: WebSocket,
    events: Events,
    tracker: SequenceTracker<()>,
    found: VecDeque<VenueEvent>,
}

impl Reading {
    async fn next(mut self) -> Option<(VenueEvent, Self)> {
        loop {
            if let Some(event) = self.found.pop_front() {
                return Some((event, self));
            }
            match self.events.next().await? {
                Event::Message(message) => {
                    decode(message.as_text().unwrap_or_default(), &mut self.tracker, &mut self.found);
                }
                Event::Connected { .. } => {
                    self.tracker.disconnected();
                    let gap =
                        VenueEvent::Gap { instruments: Vec::new(), reason: "a new connection".to_owned() };
                    self.found.extend([VenueEvent::Connected, gap]);
                }
                Event::Disconnected { reason, .. } => {
                    self.found.push_back(VenueEvent::Disconnected { reason: reason.to_string() });
                }
                _ => {}
            }
        }
    }
}

#[async_trait]
impl Venue for Connector {
    fn id(&self) -> VenueId {
        self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        self.ask(Request::get("/instruments")).await
    }

    async fn subscribe(&self, _wanted: &[Subscription]) -> Result<EventStream, VenueError> {
        let seed = self.streams.fetch_add(1, Ordering::Relaxed);
        let settings = WebSocketSettings::new(seed)?;
        let (socket, mut events) = WebSocket::connect(settings, Feed { url: self.stream.clone() })?;
        // Until the exchange confirms, events could be missed without anybody knowing.
        loop {
            match events.next().await {
                Some(Event::Message(_)) => break,
                Some(Event::Connected { .. }) => {}
                other => return Err(VenueError::Connection { reason: format!("no stream: {other:?}") }),
            }
        }
        let tracker = SequenceTracker::new(Rules::new(Order::Contiguous));
        let reading = Reading { _socket: socket, events, tracker, found: VecDeque::new() };
        Ok(Box::pin(futures_util::stream::unfold(reading, Reading::next)))
    }

    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError> {
        self.order(Method::Post, Priority::Order, order).await
    }

    async fn amend(&self, change: &Amend) -> Result<Ack, VenueError> {
        self.order(Method::Patch, Priority::Order, change).await
    }

    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError> {
        self.order(Method::Delete, Priority::Cancel, order).await
    }

    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError> {
        self.ask(Request::get("/account").query("since", since.to_string())).await
    }

    async fn time(&self) -> Result<Timestamp, VenueError> {
        self.ask(Request::get("/time")).await
    }
}

struct Network {
    mock: MockStage,
    exchange: Option<Exchange>,
}

impl Network {
    fn connect(&self) -> Option<Arc<dyn Venue>> {
        let (exchange, venue) = (self.exchange.as_ref()?, self.mock.venue.as_ref()?);
        Some(Arc::new(Connector::new(venue.id(), venue.capabilities().clone(), exchange)))
    }
}

#[async_trait]
impl Stage for Network {
    async fn open(&mut self) -> Result<Arc<dyn Venue>, VenueError> {
        self.mock.open().await?;
        self.exchange = Some(Exchange::open(self.mock.venue.clone().unwrap()).await);
        Ok(self.connect().unwrap())
    }
    fn instrument(&self) -> InstrumentId {
        self.mock.instrument()
    }
    fn quantity(&self) -> Quantity {
        self.mock.quantity()
    }
    fn now(&self) -> Timestamp {
        self.mock.now()
    }
    async fn market(&mut self) -> Result<(Price, Price), VenueError> {
        self.mock.market().await
    }
    async fn move_market(&mut self, bid: Price, ask: Price) -> Result<(), Cannot> {
        self.mock.move_market(bid, ask).await
    }
    async fn disconnect(&mut self) -> Result<(), Cannot> {
        self.exchange.as_ref().unwrap().cut();
        Ok(())
    }
    async fn reopen(&mut self) -> Result<Arc<dyn Venue>, Cannot> {
        Ok(self.connect().unwrap())
    }
    fn open_streams(&self) -> Option<usize> {
        self.mock.open_streams()
    }
}

/// The kit and the suite together: what is lost, cut, signed, limited and found again on a real socket is as the rules want it.
#[tokio::test]
async fn a_connector_over_the_network_passes_every_case() {
    let mut stage = Network { mock: MockStage::new(Mutant::None), exchange: None };
    let report = Conformance::new().patience(TimeDelta::millis(700)).run(&mut stage).await;
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.skipped().count(), 0);
}

#[test]
fn lost_messages_are_gaps_and_repeated_ones_are_dropped() {
    let data = r#"{"type":"trade","instrument":"A.X","ts_event":"2024-01-01T00:00:00Z","ts_recv":"2024-01-01T00:00:00Z","price":"1","quantity":"1","aggressor":null}"#;
    let news = |number| format!(r#"{{"market":{{"number":{number},"data":{data}}}}}"#);
    let (mut tracker, mut found) = (SequenceTracker::new(Rules::new(Order::Contiguous)), VecDeque::new());
    for number in [1, 2, 2, 4, 5] {
        decode(&news(number), &mut tracker, &mut found);
    }
    decode("no json", &mut tracker, &mut found);
    let gaps = found.iter().map(|event| matches!(event, VenueEvent::Gap { .. }));
    assert_eq!(gaps.collect::<Vec<_>>(), [false, false, true, false, false, true], "{found:?}");
}
