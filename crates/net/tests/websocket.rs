//! The WebSocket over TCP. What it does in time is tested in memory, beside the code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use algoflow_core::error::VenueError;
use algoflow_net::websocket::{
    Dropped, Endpoint, Event, Message, Protocol, Reaction, WebSocket, WebSocketSettings,
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::{accept_async, tungstenite::Message as Frame};

struct Echo(String);

#[async_trait::async_trait]
impl Protocol for Echo {
    async fn endpoint(&mut self) -> Result<Endpoint, VenueError> {
        Ok(Endpoint::new(self.0.clone()))
    }
    fn opened(&mut self) -> Vec<Message> {
        vec![Message::text("subscribe")]
    }
    fn received(&mut self, _message: &Message) -> Reaction {
        Reaction::deliver()
    }
}

#[tokio::test]
async fn a_server_that_restarts_is_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for text in ["one", "two"] {
            let mut socket = accept_async(listener.accept().await.unwrap().0).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), Frame::text("subscribe"));
            socket.send(Frame::text(text)).await.unwrap();
            socket.close(None).await.unwrap();
        }
    });
    let (socket, mut events) = WebSocket::connect(WebSocketSettings::new(5).unwrap(), Echo(url)).unwrap();
    for text in ["one", "two"] {
        assert_eq!(events.next().await, Some(Event::Connected { attempts: 1 }));
        assert_eq!(events.next().await, Some(Event::Message(Message::text(text))));
        let event = events.next().await;
        assert!(
            matches!(event, Some(Event::Disconnected { reason: Dropped::Closed { .. }, .. })),
            "{event:?}"
        );
    }
    server.await.unwrap();
    // Nobody listens any more.
    let event = events.next().await;
    assert!(matches!(event, Some(Event::Failed { reason: Dropped::NoConnection { .. }, .. })), "{event:?}");
    socket.close().await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn tls_is_not_spoken_to_a_server_that_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { accept_async(listener.accept().await.unwrap().0).await.is_err() });
    let (_socket, mut events) = WebSocket::connect(WebSocketSettings::new(5).unwrap(), Echo(url)).unwrap();
    let event = events.next().await;
    assert!(matches!(event, Some(Event::Failed { reason: Dropped::NoConnection { .. }, .. })), "{event:?}");
    assert!(server.await.unwrap(), "it saw the beginning of TLS, and no handshake");
}
