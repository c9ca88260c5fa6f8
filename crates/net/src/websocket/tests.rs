//! The whole client against servers in memory, on tokio's paused time.

use std::collections::VecDeque;

use algoflow_core::{error::VenueError, time::TimeDelta};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async, client_async_with_config,
    tungstenite::{
        Message as Frame,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    dial::{Dial, not_connected, request},
    *,
};
use crate::{backoff::Backoff, error::NetError};

/// Each attempt to connect gives the test the server's end.
struct InMemory(mpsc::UnboundedSender<DuplexStream>);

impl Dial for InMemory {
    type Stream = DuplexStream;

    async fn dial(
        &mut self,
        endpoint: &Endpoint,
        config: WebSocketConfig,
    ) -> Result<WebSocketStream<DuplexStream>, Dropped> {
        let request = request(endpoint)?;
        let (ours, theirs) = tokio::io::duplex(4_096);
        self.0.send(theirs).map_err(|_| Dropped::NoConnection { reason: "no server".to_owned() })?;
        client_async_with_config(request, ours, Some(config))
            .await
            .map(|(stream, _)| stream)
            .map_err(not_connected)
    }
}

#[derive(Default)]
struct Plain {
    heartbeat: Option<TimeDelta>,
    endpoints: VecDeque<Result<Endpoint, VenueError>>,
}

#[async_trait::async_trait]
impl Protocol for Plain {
    async fn endpoint(&mut self) -> Result<Endpoint, VenueError> {
        self.endpoints.pop_front().unwrap_or_else(|| Ok(Endpoint::new("ws://venue.test/ws?token=secret")))
    }
    fn opened(&mut self) -> Vec<Message> {
        vec![Message::text("subscribe")]
    }
    fn received(&mut self, message: &Message) -> Reaction {
        match message.as_text() {
            Some("pong") => Reaction::swallow(),
            Some("login ok") => Reaction::swallow().reply(Message::text("subscribe more")),
            Some("maintenance") => Reaction::deliver().reconnect("the venue said so"),
            Some(text) if text.starts_with("book") => Reaction::deliver().of("book"),
            _ => Reaction::deliver(),
        }
    }
    fn heartbeat_interval(&self) -> Option<TimeDelta> {
        self.heartbeat
    }
    fn heartbeat(&mut self) -> Option<Message> {
        Some(Message::text("ping"))
    }
}

struct Bench {
    socket: WebSocket,
    events: Events,
    servers: mpsc::UnboundedReceiver<DuplexStream>,
}

impl Bench {
    fn new(change: impl FnOnce(&mut WebSocketSettings)) -> Self {
        Self::with(Plain::default(), change)
    }

    fn with(protocol: Plain, change: impl FnOnce(&mut WebSocketSettings)) -> Self {
        let mut settings = WebSocketSettings::new(7).unwrap();
        change(&mut settings);
        let (dialled, servers) = mpsc::unbounded_channel();
        let (socket, events) = WebSocket::start(settings, protocol, InMemory(dialled)).unwrap();
        Self { socket, events, servers }
    }

    /// Accepts the next attempt, and takes the subscription.
    async fn accept(&mut self) -> WebSocketStream<DuplexStream> {
        let mut server = accept_async(self.servers.recv().await.unwrap()).await.unwrap();
        assert_eq!(server.next().await.unwrap().unwrap(), Frame::text("subscribe"));
        assert_eq!(self.event().await, Event::Connected { attempts: 1 });
        server
    }

    async fn event(&mut self) -> Event {
        self.events.next().await.unwrap()
    }

    async fn text(&mut self) -> String {
        match self.event().await {
            Event::Message(message) => message.as_text().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// Why the connection was dropped.
    async fn dropped(&mut self) -> Dropped {
        match self.event().await {
            Event::Disconnected { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_go_both_ways() {
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.socket.send(Message::text("too early")), Err(NetError::NotConnected));
    let mut server = bench.accept().await;
    server.send(Frame::text("hello")).await.unwrap();
    server.send(Frame::binary(vec![1, 2])).await.unwrap();
    assert_eq!(bench.text().await, "hello");
    assert_eq!(bench.event().await, Event::Message(Message::Binary(vec![1, 2].into())));
    bench.socket.send(Message::text("order")).unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Frame::text("order"));
    // What is of the protocol is answered, and not shown.
    server.send(Frame::text("login ok")).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Frame::text("subscribe more"));
    server.send(Frame::Ping("x".into())).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Frame::Pong("x".into()));
}

#[tokio::test(start_paused = true)]
async fn w1_a_server_that_goes_mute_is_pinged_and_dropped() {
    let mut bench = Bench::new(|_| {});
    let server = bench.accept().await;
    // It reads nothing, so it answers no ping.
    let silence = TimeDelta::seconds(40);
    let Dropped::Silent { silence: seen } = bench.dropped().await else { panic!("another reason") };
    assert!(seen >= silence && seen < silence.saturating_add(TimeDelta::millis(10)), "{seen}");
    drop(server);
    bench.accept().await;
}

#[tokio::test(start_paused = true)]
async fn w1_pings_keep_a_quiet_connection() {
    let mut bench = Bench::new(|_| {});
    let mut server = bench.accept().await;
    let answers = tokio::spawn(async move {
        let mut pings = 0;
        while let Some(Ok(frame)) = server.next().await {
            pings += usize::from(frame.is_ping());
            if pings == 10 && frame.is_ping() {
                server.send(Frame::text("still here")).await.unwrap();
            }
        }
        pings
    });
    assert_eq!(bench.text().await, "still here");
    bench.socket.close().await;
    assert_eq!(answers.await.unwrap(), 10);
    assert_eq!(bench.events.next().await, None, "it ends without a drop");
}

#[tokio::test(start_paused = true)]
async fn w2_a_mute_stream_is_stale_though_pings_are_answered() {
    let mut bench = Bench::new(|_| {});
    let mut server = bench.accept().await;
    bench.socket.watch("book", TimeDelta::seconds(20)).unwrap();
    server.send(Frame::text("book 1")).await.unwrap();
    assert_eq!(bench.text().await, "book 1");
    let alive = tokio::spawn(async move {
        // Another stream goes on.
        while server.send(Frame::text("trade")).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    });
    let reason = loop {
        match bench.event().await {
            Event::Message(message) => assert_eq!(message.as_text(), Some("trade")),
            Event::Disconnected { reason, .. } => break reason,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(&reason, Dropped::Stale { stream, .. } if stream == "book"), "{reason:?}");
    alive.await.unwrap();
    // The watch goes on with the new connection.
    let _server = bench.accept().await;
    assert!(matches!(bench.dropped().await, Dropped::Stale { .. }));
}

#[tokio::test(start_paused = true)]
async fn w3_the_protocols_heartbeat_is_sent() {
    let heartbeat = Some(TimeDelta::seconds(5));
    let mut bench = Bench::with(Plain { heartbeat, ..Plain::default() }, |_| {});
    let mut server = bench.accept().await;
    for _ in 0..3 {
        assert_eq!(server.next().await.unwrap().unwrap(), Frame::text("ping"));
        server.send(Frame::text("pong")).await.unwrap();
    }
    server.send(Frame::text("data")).await.unwrap();
    assert_eq!(bench.text().await, "data", "heartbeats are not shown");
}

#[tokio::test(start_paused = true)]
async fn w4_close_codes_are_told_and_waits_grow_until_it_is_stable() {
    let mut bench = Bench::new(|settings| {
        settings.backoff = Backoff::new(TimeDelta::seconds(1), TimeDelta::minutes(5), 3).unwrap();
    });
    let mut longest = TimeDelta::ZERO;
    for _ in 0..8 {
        let mut server = bench.accept().await;
        let frame = CloseFrame { code: CloseCode::Restart, reason: "deploy".into() };
        server.close(Some(frame)).await.unwrap();
        let Event::Disconnected { reason, again_in, .. } = bench.event().await else { panic!("no drop") };
        assert_eq!(reason, Dropped::Closed { code: 1012, text: "deploy".to_owned() });
        longest = longest.max(again_in);
    }
    assert!(longest > TimeDelta::seconds(2), "a venue that accepts and closes is not hammered: {longest}");

    let mut server = bench.accept().await;
    tokio::time::sleep(std::time::Duration::from_secs(31)).await;
    server.close(None).await.unwrap();
    let Event::Disconnected { reason, again_in, .. } = bench.event().await else { panic!("no drop") };
    assert_eq!(reason, Dropped::Closed { code: 1005, text: String::new() });
    assert!(again_in <= TimeDelta::seconds(1), "short again after a stable one: {again_in}");
}

#[tokio::test(start_paused = true)]
async fn w4_refused_handshakes_and_addresses_that_fail() {
    let failed = Err(VenueError::Authentication { reason: "no listen key".to_owned() });
    let endpoints =
        VecDeque::from([failed, Ok(Endpoint::new("ws://venue.test/").header("bad name", "secret"))]);
    let plain = Plain { endpoints, ..Plain::default() };
    let mut bench = Bench::with(plain, |settings| settings.give_up_after = Some(4));
    for expected in ["no listen key", "bad name"] {
        let Event::Failed { reason: Dropped::NoConnection { reason }, .. } = bench.event().await else {
            panic!("no failure")
        };
        assert!(reason.contains(expected) && !reason.contains("secret"), "{reason}");
    }

    let mut refuse = async |answer: &str| {
        let mut server = bench.servers.recv().await.unwrap();
        let mut request = vec![0; 4_096];
        let length = server.read(&mut request).await.unwrap();
        assert!(request[..length].starts_with(b"GET /ws?token=secret"));
        server.write_all(answer.as_bytes()).await.unwrap();
    };
    refuse("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 4\r\n\r\nslow").await;
    let Event::Failed { reason, again_in } = bench.events.next().await.unwrap() else { panic!("no failure") };
    let Dropped::Refused { status: 429, retry_after: Some(retry_after), .. } = reason else {
        panic!("{reason:?}")
    };
    assert!(retry_after == TimeDelta::seconds(30) && again_in >= retry_after);
    refuse("garbage that is no HTTP\r\n\r\n").await;
    let given_up = bench.events.next().await.unwrap();
    assert!(matches!(given_up, Event::GaveUp { reason: Dropped::NoConnection { .. } }), "{given_up:?}");
    assert_eq!(bench.events.next().await, None);
    assert_eq!(bench.socket.send(Message::text("x")), Err(NetError::Closed));
}

#[tokio::test(start_paused = true)]
async fn w4_a_handshake_that_hangs_times_out() {
    let mut bench = Bench::new(|_| {});
    let _mute = bench.servers.recv().await.unwrap();
    let event = bench.event().await;
    assert!(matches!(event, Event::Failed { reason: Dropped::NoConnection { .. }, .. }), "{event:?}");
    let mut server = accept_async(bench.servers.recv().await.unwrap()).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Frame::text("subscribe"));
    assert_eq!(bench.event().await, Event::Connected { attempts: 2 });
}

#[tokio::test(start_paused = true)]
async fn w5_what_waited_is_not_sent_on_the_next_connection() {
    let mut bench = Bench::new(|_| {});
    let server = bench.accept().await;
    // The order to reconnect comes first, so the message behind it waits.
    bench.socket.reconnect("a new key").unwrap();
    bench.socket.send(Message::text("stale order")).unwrap();
    let event = bench.event().await;
    let Event::Disconnected { reason, unsent: 1, .. } = event else { panic!("{event:?}") };
    assert_eq!(reason, Dropped::Asked { reason: "a new key".to_owned() });
    drop(server);
    let mut server = bench.accept().await;
    bench.socket.send(Message::text("fresh order")).unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Frame::text("fresh order"));
}

#[tokio::test(start_paused = true)]
async fn w6_a_reader_that_is_too_slow() {
    let mut bench = Bench::new(|settings| settings.queue = 2);
    let mut server = bench.accept().await;
    for text in ["1", "2", "3"] {
        server.send(Frame::text(text)).await.unwrap();
    }
    assert!(server.next().await.is_none_or(|frame| frame.is_ok_and(|frame| frame.is_close())));
    assert_eq!((bench.text().await, bench.text().await), ("1".to_owned(), "2".to_owned()));
    assert_eq!(bench.dropped().await, Dropped::Overflow { waiting: 2 });

    let mut bench = Bench::new(|settings| (settings.queue, settings.overflow) = (2, Overflow::Wait));
    let mut server = bench.accept().await;
    let sender = tokio::spawn(async move {
        for number in 0..1_000 {
            server.send(Frame::text(number.to_string())).await.unwrap();
        }
        server
    });
    // Longer than silence may last: the fault is ours.
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
    for number in 0..1_000 {
        assert_eq!(bench.text().await, number.to_string(), "nothing is lost");
    }
    sender.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn w7_messages_that_are_too_large_or_broken_end_the_connection() {
    let mut bench = Bench::new(|settings| settings.max_message = 100);
    let mut server = bench.accept().await;
    server.send(Frame::text("x".repeat(100))).await.unwrap();
    assert_eq!(bench.text().await.len(), 100);
    server.send(Frame::text("x".repeat(101))).await.unwrap();
    let reason = bench.dropped().await;
    assert!(matches!(reason, Dropped::TooLarge { .. }), "{reason:?}");

    // A text that is not one, a frame with a reserved bit, and a hundred frames of one message that never ends.
    let broken = [
        vec![0x81, 2, 0xff, 0xfe],
        vec![0xf1, 0],
        [vec![0x01, 2, b'a', b'b'], [0x00, 2, b'c', b'd'].repeat(100)].concat(),
    ];
    let codes = ["WS_PROTOCOL", "WS_PROTOCOL", "WS_TOO_LARGE"];
    for (bytes, code) in broken.into_iter().zip(codes) {
        let server = bench.accept().await;
        let mut raw = server.into_inner();
        raw.write_all(&bytes).await.unwrap();
        let reason = bench.dropped().await;
        assert_eq!(reason.code(), code, "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_come_in_pieces_are_put_together() {
    let mut bench = Bench::new(|_| {});
    let mut raw = bench.accept().await.into_inner();
    let message = [vec![0x01, 3], b"hel".to_vec(), vec![0x80, 2], b"lo".to_vec()].concat();
    for byte in message {
        raw.write_all(&[byte]).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(bench.text().await, "hello");
    drop(raw);
    let reason = bench.dropped().await;
    assert!(matches!(reason, Dropped::Ended { .. }), "cut off without a close: {reason:?}");
}

#[tokio::test(start_paused = true)]
async fn the_protocol_can_ask_for_a_new_connection() {
    let mut bench = Bench::new(|_| {});
    let mut server = bench.accept().await;
    server.send(Frame::text("maintenance")).await.unwrap();
    assert_eq!(bench.text().await, "maintenance");
    assert_eq!(bench.dropped().await, Dropped::Asked { reason: "the venue said so".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn w8_dropping_the_reader_closes_the_connection() {
    let mut bench = Bench::new(|_| {});
    let mut server = bench.accept().await;
    drop(bench.events);
    assert!(matches!(server.next().await, Some(Ok(Frame::Close(_))) | None));
    // The task is gone: its end of the channel is closed.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(bench.socket.send(Message::text("x")), Err(NetError::Closed));
    assert!(!bench.socket.is_connected());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |change: fn(&mut WebSocketSettings)| {
        let mut settings = WebSocketSettings::new(1).unwrap();
        change(&mut settings);
        settings.check().unwrap_err().code() == "NET_SETTING"
    };
    assert!(refused(|settings| settings.dead_after = settings.ping_after));
    assert!(refused(|settings| settings.connect_timeout = TimeDelta::ZERO));
    assert!(refused(|settings| settings.queue = 0));
    assert!(refused(|settings| settings.give_up_after = Some(0)));
}

#[test]
fn tokens_are_not_shown() {
    let endpoint = Endpoint::new("wss://v.test/ws?listenKey=abc").header("authorization", "abc");
    let shown = format!("{endpoint:?}");
    assert!(
        shown.contains("wss://v.test/ws") && shown.contains("authorization") && !shown.contains("abc"),
        "{shown}"
    );
}
