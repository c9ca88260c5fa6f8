//! Secure connections, with a certificate made for this test (self-signed, for `localhost`, until 2126; its key is worth nothing).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};

use algoflow_core::error::VenueError;
use algoflow_net::{
    http::{HttpSettings, Request},
    tls::Tls,
    websocket::{Dropped, Endpoint, Event, Message, Protocol, Reaction, WebSocket, WebSocketSettings},
};
use futures_util::StreamExt;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_tungstenite::tungstenite;

type Secure = StreamOwned<ServerConnection, TcpStream>;

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(include_bytes!("certificate.pem")).unwrap()
}

/// Trusts the test's certificate and nothing else.
fn trusting() -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Tls::custom(Arc::new(config))
}

/// A server for one connection; what it made of it comes back when it is joined.
fn server<T: Send + 'static>(serve: fn(Secure) -> T) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    let task = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        serve(StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket))
    });
    (port, task)
}

/// Whether a request came; it is answered.
fn answer(mut stream: Secure) -> bool {
    let came = stream.read(&mut [0; 4_096]).is_ok_and(|length| length > 0);
    came && stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").is_ok()
}

#[tokio::test]
async fn requests_go_to_who_is_trusted() {
    let (port, server) = server(answer);
    let settings = HttpSettings::new(format!("https://localhost:{port}")).tls(trusting());
    let response = settings.build().unwrap().send(&Request::post("/order")).await.unwrap();
    assert_eq!(&response.body[..], b"ok");
    assert!(server.join().unwrap());
}

#[tokio::test]
async fn who_is_not_trusted_gets_nothing_and_the_request_is_surely_not_there() {
    let (port, server) = server(answer);
    let settings = HttpSettings::new(format!("https://localhost:{port}"));
    let outcome = settings.build().unwrap().send(&Request::post("/order")).await;
    assert!(matches!(outcome, Err(VenueError::Connection { .. })), "{outcome:?}");
    assert!(!server.join().unwrap(), "no request came");

    let (port, server) = self::server(answer);
    // The certificate is not for this name.
    let settings = HttpSettings::new(format!("https://127.0.0.1:{port}")).tls(trusting());
    let outcome = settings.build().unwrap().send(&Request::post("/order")).await;
    assert!(matches!(outcome, Err(VenueError::Connection { .. })), "{outcome:?}");
    assert!(!server.join().unwrap());
}

struct Feed(String);

#[async_trait::async_trait]
impl Protocol for Feed {
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

fn echo(stream: Secure) -> bool {
    let Ok(mut socket) = tungstenite::accept(stream) else { return false };
    let first = socket.read().unwrap();
    socket.send(first).is_ok()
}

#[tokio::test]
async fn web_sockets_are_secured_in_the_same_way() {
    let (port, server) = server(echo);
    let settings = WebSocketSettings { tls: Some(trusting()), ..WebSocketSettings::new(1).unwrap() };
    let (_socket, mut events) =
        WebSocket::connect(settings, Feed(format!("wss://localhost:{port}"))).unwrap();
    assert_eq!(events.next().await, Some(Event::Connected { attempts: 1 }));
    assert_eq!(events.next().await, Some(Event::Message(Message::text("subscribe"))));
    assert!(server.join().unwrap());

    let (port, server) = self::server(echo);
    let settings = WebSocketSettings::new(1).unwrap();
    let (_socket, mut events) =
        WebSocket::connect(settings, Feed(format!("wss://localhost:{port}"))).unwrap();
    let event = events.next().await;
    assert!(matches!(event, Some(Event::Failed { reason: Dropped::NoConnection { .. }, .. })), "{event:?}");
    assert!(!server.join().unwrap());
}
