//! The mock as an exchange on the network: signed requests over HTTP, a numbered stream over a WebSocket.

use std::sync::Arc;

use algoflow_core::{
    error::VenueError,
    market::MarketData,
    order::{OrderEvent, RejectCode},
    time::Timestamp,
    venue::{Venue, VenueEvent},
};
use algoflow_net::sign::HmacSigner;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, net::TcpStream, sync::broadcast, task::JoinHandle};
use tokio_tungstenite::{accept_async, tungstenite::Message};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::mock::MockVenue;

pub(crate) const KEY: &str = "the-key";
pub(crate) const SECRET: &str = "the-secret";

/// A refusal, as the exchange writes it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: RejectCode,
    pub(crate) text: String,
}

/// A message of the stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    Subscribed,
    Order { number: u64, event: OrderEvent },
    Market { number: u64, data: MarketData },
}

pub(crate) struct Exchange {
    http: MockServer,
    pub(crate) stream: String,
    cut: broadcast::Sender<()>,
    task: JoinHandle<()>,
}

impl Exchange {
    pub(crate) async fn open(venue: Arc<MockVenue>) -> Self {
        let http = MockServer::start().await;
        Mock::given(any()).respond_with(Desk(Arc::clone(&venue))).mount(&http).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = format!("ws://{}", listener.local_addr().unwrap());
        let (cut, _) = broadcast::channel(1);
        let cuts = cut.clone();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // It ends with its connection.
                tokio::spawn(serve(Arc::clone(&venue), socket, cuts.subscribe()));
            }
        });
        Self { http, stream, cut, task }
    }

    pub(crate) fn address(&self) -> String {
        self.http.uri()
    }

    /// Breaks all streams, without a word.
    pub(crate) fn cut(&self) {
        self.cut.send(()).unwrap();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(venue: Arc<MockVenue>, socket: TcpStream, mut cut: broadcast::Receiver<()>) {
    let Ok(mut socket) = accept_async(socket).await else { return };
    let Some(Ok(Message::Text(_))) = socket.next().await else { return };
    let mut events = venue.subscribe(&[]).await.unwrap();
    let mut number = 0;
    let mut news = Some(News::Subscribed);
    loop {
        if let Some(news) = news.take()
            && socket.send(Message::text(serde_json::to_string(&news).unwrap())).await.is_err()
        {
            return;
        }
        tokio::select! {
            // The client closes, or pings: the library answers.
            frame = socket.next() => if !matches!(frame, Some(Ok(_))) { return },
            _ = cut.recv() => return,
            event = events.next() => {
                number += 1;
                news = match event {
                    Some(VenueEvent::Order(event)) => Some(News::Order { number, event }),
                    Some(VenueEvent::Market(data)) => Some(News::Market { number, data }),
                    _ => return,
                };
            }
        }
    }
}

/// Answers requests. The mock never waits, so its futures are ready at once.
struct Desk(Arc<MockVenue>);

impl Respond for Desk {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let header = |name: &str| {
            request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (path, query) = (request.url.path(), request.url.query());
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut line = format!("{}{}{target}", header("x-time"), request.method).into_bytes();
        line.extend_from_slice(&request.body);
        let expected = HmacSigner::new(KEY, SECRET.into()).signature_of(&line).unwrap();
        if header("x-sign") != expected || header("x-key") != KEY {
            return ResponseTemplate::new(401);
        }
        let venue = &self.0;
        match (request.method.as_str(), path) {
            ("GET", "/instruments") => answer(venue.instruments().now_or_never()),
            ("GET", "/time") => answer(venue.time().now_or_never()),
            ("POST", "/order") => answer(venue.submit(&body(request)).now_or_never()),
            ("PATCH", "/order") => answer(venue.amend(&body(request)).now_or_never()),
            ("DELETE", "/order") => answer(venue.cancel(&body(request)).now_or_never()),
            ("GET", "/account") => {
                let since = request.url.query_pairs().find(|(name, _)| name == "since").unwrap().1;
                answer(venue.account(since.parse::<Timestamp>().unwrap()).now_or_never())
            }
            _ => ResponseTemplate::new(404),
        }
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> T {
    serde_json::from_slice(&request.body).unwrap()
}

fn answer<T: Serialize>(outcome: Option<Result<T, VenueError>>) -> ResponseTemplate {
    let refusal = |code, text| ResponseTemplate::new(400).set_body_json(Refusal { code, text });
    match outcome.unwrap() {
        Ok(value) => ResponseTemplate::new(200).set_body_json(value),
        Err(VenueError::Rejected { code, text }) => refusal(code, text),
        Err(VenueError::Unsupported { what, .. }) => refusal(RejectCode::Unsupported, what),
        Err(_) => ResponseTemplate::new(500),
    }
}
