use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use algoflow_core::time::TimeDelta;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    Events, Liveness, Message, Protocol, WebSocketSettings,
    dial::{Dial, Tcp},
    link::Link,
    queue::Queue,
};
use crate::{clock::Uptime, error::NetError};

/// How many messages wait to be sent at most; one more is refused.
pub const MAX_SEND_QUEUE: usize = 1_024;

/// What the handle tells the task.
pub(super) enum Order {
    /// Meant for the connection with this number alone (W5).
    Send(u64, Message),
    Reconnect(String),
}

/// What the handle and the task share.
pub(super) struct Shared {
    liveness: Mutex<Liveness>,
    pub(super) watches: Notify,
    /// The number of the connection that is up, from 1; zero if none is.
    pub(super) connection: AtomicU64,
    pub(super) clock: Uptime,
}

impl Shared {
    pub(super) fn liveness(&self) -> MutexGuard<'_, Liveness> {
        self.liveness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A WebSocket that stays (see the [module](super) for the rules).
///
/// ```no_run
/// use algoflow_core::{error::VenueError, time::TimeDelta};
/// use algoflow_net::websocket::{Endpoint, Event, Message, Protocol, Reaction, WebSocket, WebSocketSettings};
/// use futures_util::StreamExt;
///
/// struct Trades;
///
/// #[async_trait::async_trait]
/// impl Protocol for Trades {
///     async fn endpoint(&mut self) -> Result<Endpoint, VenueError> {
///         Ok(Endpoint::new("wss://stream.venue.com/ws"))
///     }
///     fn opened(&mut self) -> Vec<Message> {
///         vec![Message::text(r#"{"subscribe":"trades"}"#)]
///     }
///     fn received(&mut self, message: &Message) -> Reaction {
///         if message.as_text() == Some("pong") { Reaction::swallow() } else { Reaction::deliver().of("trades") }
///     }
/// }
///
/// # async fn example() -> Result<(), algoflow_net::NetError> {
/// let (socket, mut events) = WebSocket::connect(WebSocketSettings::new(1)?, Trades)?;
/// socket.watch("trades", TimeDelta::seconds(30))?;
/// while let Some(event) = events.next().await {
///     match event {
///         Event::Message(message) => println!("{message:?}"),
///         Event::Disconnected { reason, .. } => println!("lost: {reason}"),
///         _ => {}
///     }
/// }
/// socket.close().await;
/// # Ok(())
/// # }
/// ```
pub struct WebSocket {
    orders: mpsc::Sender<Order>,
    shared: Arc<Shared>,
    closing: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl WebSocket {
    /// Connects, and stays connected until it is closed. The first attempt begins at once; its outcome is an event.
    ///
    /// # Errors
    /// [`NetError::Setting`] or [`NetError::Tls`] for settings that make no sense.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn connect(settings: WebSocketSettings, protocol: impl Protocol) -> Result<(Self, Events), NetError> {
        let dial = Tcp::new(settings.tls.clone())?;
        Self::start(settings, protocol, dial)
    }

    pub(super) fn start(
        settings: WebSocketSettings,
        protocol: impl Protocol,
        dial: impl Dial,
    ) -> Result<(Self, Events), NetError> {
        settings.check()?;
        let clock = Uptime::start();
        let (ping, dead) = (settings.ping_after, settings.dead_after);
        let liveness = Liveness::new(ping, dead, protocol.heartbeat_interval(), clock.now());
        let shared = Arc::new(Shared {
            liveness: Mutex::new(liveness),
            watches: Notify::new(),
            connection: AtomicU64::new(0),
            clock,
        });
        let (orders, received) = mpsc::channel(MAX_SEND_QUEUE);
        let queue = Arc::new(Queue::new(settings.queue, settings.overflow));
        let closing = CancellationToken::new();
        let link = Link {
            settings,
            protocol,
            dial,
            orders: received,
            queue: Arc::clone(&queue),
            shared: Arc::clone(&shared),
            closing: closing.clone(),
            connections: 0,
        };
        let task = Some(tokio::spawn(link.run()));
        let events = Events { queue, closing: closing.clone() };
        Ok((Self { orders, shared, closing, task }, events))
    }

    /// Sends a message on the connection that is up.
    ///
    /// # Errors
    /// [`NetError::NotConnected`], [`NetError::SendQueueFull`], [`NetError::Closed`]. It was not sent then.
    pub fn send(&self, message: Message) -> Result<(), NetError> {
        match self.shared.connection.load(Ordering::Acquire) {
            0 if self.orders.is_closed() => Err(NetError::Closed),
            0 => Err(NetError::NotConnected),
            connection => self.order(Order::Send(connection, message)),
        }
    }

    /// Drops the connection and makes a new one.
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    pub fn reconnect(&self, reason: impl Into<String>) -> Result<(), NetError> {
        self.order(Order::Reconnect(reason.into()))
    }

    fn order(&self, order: Order) -> Result<(), NetError> {
        self.orders.try_send(order).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NetError::SendQueueFull { waiting: MAX_SEND_QUEUE },
            mpsc::error::TrySendError::Closed(_) => NetError::Closed,
        })
    }

    /// Watches a stream: if no message of it comes for `longest`, the connection is made anew (W2).
    ///
    /// # Errors
    /// As [`Liveness::watch`].
    pub fn watch(&self, stream: &str, longest: TimeDelta) -> Result<(), NetError> {
        let now = self.shared.clock.now();
        self.shared.liveness().watch(stream, longest, now)?;
        self.shared.watches.notify_one();
        Ok(())
    }

    /// Watches a stream no more.
    pub fn unwatch(&self, stream: &str) {
        self.shared.liveness().unwatch(stream);
    }

    /// Whether the connection is up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.connection.load(Ordering::Acquire) > 0
    }

    /// Closes the connection for good, and waits until it is.
    pub async fn close(mut self) {
        self.closing.cancel();
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the task of a WebSocket failed");
        }
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl std::fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocket").field("connected", &self.is_connected()).finish_non_exhaustive()
    }
}
