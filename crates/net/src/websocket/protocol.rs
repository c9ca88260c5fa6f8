use std::{fmt, ops::Deref};

use algoflow_core::{error::VenueError, time::TimeDelta};
use async_trait::async_trait;
use bytes::Bytes;
use tokio_tungstenite::tungstenite;

/// The text of a message. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(tungstenite::Utf8Bytes);

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), f)
    }
}

/// A message of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// A message with this text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text(text.into().into()))
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    pub(super) fn from_frame(text: tungstenite::Utf8Bytes) -> Self {
        Self::Text(Text(text))
    }
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(Text(text)) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// Where to connect. `Debug` shows neither the query nor the values of headers, which can hold tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Endpoint {
    /// This address, which begins with `ws://` or `wss://`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), headers: Vec::new() }
    }

    /// The same, with one more header in the handshake.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Endpoint").field("url", &url).field("headers", &headers).finish()
    }
}

/// What is to be done with a message that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Reaction {
    pub(super) deliver: bool,
    pub(super) stream: Option<String>,
    pub(super) replies: Vec<Message>,
    pub(super) reconnect: Option<String>,
}

impl Reaction {
    /// It is for the reader.
    pub fn deliver() -> Self {
        Self { deliver: true, ..Self::default() }
    }

    /// It was of the protocol, and nobody else needs it: an answer to a heartbeat, the confirmation of a subscription.
    pub fn swallow() -> Self {
        Self::default()
    }

    /// The same, and it is a sign of life of this stream.
    pub fn of(mut self, stream: impl Into<String>) -> Self {
        self.stream = Some(stream.into());
        self
    }

    /// The same, and this is sent: subscriptions once the login is confirmed.
    pub fn reply(mut self, message: Message) -> Self {
        self.replies.push(message);
        self
    }

    /// The same, and the connection is of no use any more: the venue said that it will close, the login was refused.
    pub fn reconnect(mut self, reason: impl Into<String>) -> Self {
        self.reconnect = Some(reason.into());
        self
    }
}

/// What a venue's WebSocket wants to be told, and how its messages are read. No function may block.
#[async_trait]
pub trait Protocol: Send + 'static {
    /// Where to connect; asked before each attempt, so that a token in it is fresh.
    ///
    /// # Errors
    /// What went wrong when a token was asked for. The attempt failed then, and there is another one.
    async fn endpoint(&mut self) -> Result<Endpoint, VenueError>;

    /// The connection is up: what is to be sent first, as the login and everything that is subscribed to.
    fn opened(&mut self) -> Vec<Message>;

    /// A message came.
    fn received(&mut self, message: &Message) -> Reaction;

    /// How often the venue wants a heartbeat of its own, if it does.
    fn heartbeat_interval(&self) -> Option<TimeDelta> {
        None
    }

    /// The heartbeat.
    fn heartbeat(&mut self) -> Option<Message> {
        None
    }
}
