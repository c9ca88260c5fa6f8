use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use algoflow_core::error::VenueError;
use futures_util::{SinkExt, StreamExt};
use tokio::{sync::mpsc, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, protocol::WebSocketConfig},
};
use tokio_util::sync::CancellationToken;

use super::{
    Dropped, Due, Event, Message, Protocol, WebSocketSettings,
    connection::{MAX_SEND_QUEUE, Order, Shared},
    dial::{self, Dial},
    queue::{Put, Queue},
};
use crate::clock::duration;

/// How long the closing handshake may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why the pump stopped.
enum Stop {
    Dropped(Dropped),
    Closing,
}

impl From<Dropped> for Stop {
    fn from(reason: Dropped) -> Self {
        Self::Dropped(reason)
    }
}

/// The task that owns the connection.
pub(super) struct Link<P, D> {
    pub(super) settings: WebSocketSettings,
    pub(super) protocol: P,
    pub(super) dial: D,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) queue: Arc<Queue>,
    pub(super) shared: Arc<Shared>,
    pub(super) closing: CancellationToken,
    /// How many connections were made.
    pub(super) connections: u64,
}

impl<P: Protocol, D: Dial> Link<P, D> {
    pub(super) async fn run(mut self) {
        let closing = self.closing.clone();
        let mut attempts = 0_u32;
        loop {
            let socket = tokio::select! {
                () = closing.cancelled() => break,
                socket = self.attempt() => socket,
            };
            attempts = attempts.saturating_add(1);
            let (reason, unsent) = match socket {
                Err(reason) if self.settings.give_up_after.is_some_and(|most| attempts >= most) => {
                    self.queue.notice(Event::GaveUp { reason });
                    break;
                }
                Err(reason) => (reason, None),
                Ok(socket) => match self.connected(socket, attempts).await {
                    Stop::Closing => break,
                    Stop::Dropped(reason) => {
                        attempts = 0;
                        (reason, Some(self.forget_orders()))
                    }
                },
            };
            let again_in = reason.at_least().saturating_add(self.settings.backoff.wait());
            tracing::info!(code = reason.code(), %reason, %again_in, "a WebSocket is down");
            self.queue.notice(match unsent {
                Some(unsent) => Event::Disconnected { reason, unsent, again_in },
                None => Event::Failed { reason, again_in },
            });
            tokio::select! {
                () = closing.cancelled() => break,
                () = tokio::time::sleep(duration(again_in)) => {}
            }
        }
        self.orders.close();
        self.queue.end();
    }

    /// One attempt to connect, once there is room to tell of it (W6).
    async fn attempt(&mut self) -> Result<WebSocketStream<D::Stream>, Dropped> {
        self.queue.room_for_notices().await;
        let max = Some(self.settings.max_message);
        let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max);
        let limit = self.settings.connect_timeout;
        let connect = async {
            let endpoint = self.protocol.endpoint().await.map_err(|error: VenueError| {
                Dropped::NoConnection { reason: format!("there is no address: {error}") }
            })?;
            self.dial.dial(&endpoint, config).await
        };
        let late = || Dropped::NoConnection { reason: format!("it took longer than {limit}") };
        timeout(duration(limit), connect).await.unwrap_or_else(|_| Err(late()))
    }

    /// The life of one connection.
    async fn connected(&mut self, mut socket: WebSocketStream<D::Stream>, attempts: u32) -> Stop {
        let since = self.shared.clock.now();
        self.shared.liveness().connected(since);
        // What was ordered before this connection was not meant for it (W5).
        self.forget_orders();
        let stop = match self.opened(&mut socket, attempts).await {
            Ok(()) => self.pump(&mut socket).await,
            Err(reason) => reason.into(),
        };
        self.shared.connection.store(0, Ordering::Release);
        if self.shared.clock.now().since(since) >= self.settings.stable_after {
            self.settings.backoff.reset();
        }
        // It may be broken, so nobody waits long for it, and nobody minds how it ends.
        let closed = timeout(CLOSE_TIMEOUT, socket.close(None)).await;
        tracing::trace!(?closed, "the closing of a WebSocket");
        stop
    }

    async fn opened(
        &mut self,
        socket: &mut WebSocketStream<D::Stream>,
        attempts: u32,
    ) -> Result<(), Dropped> {
        for message in self.protocol.opened() {
            self.send(socket, message.into()).await?;
        }
        self.connections += 1;
        self.shared.connection.store(self.connections, Ordering::Release);
        self.queue.notice(Event::Connected { attempts });
        Ok(())
    }

    /// Moves messages until the connection is to be dropped.
    async fn pump(&mut self, socket: &mut WebSocketStream<D::Stream>) -> Stop {
        let (queue, shared) = (Arc::clone(&self.queue), Arc::clone(&self.shared));
        let closing = self.closing.clone();
        // A message for which there is no room yet.
        let mut waiting: Option<Message> = None;
        loop {
            let now = shared.clock.now();
            let due = shared.liveness().due(now);
            if let Some(due) = due {
                match self.do_due(socket, due, waiting.is_some()).await {
                    Ok(()) => continue,
                    Err(reason) => return reason.into(),
                }
            }
            let wake = duration(shared.liveness().next_due().since(now));
            let step = tokio::select! {
                biased;
                () = closing.cancelled() => return Stop::Closing,
                order = self.orders.recv() => match order {
                    Some(Order::Send(connection, message)) if connection == self.connections => {
                        self.send(socket, message.into()).await
                    }
                    // It was meant for a connection that is no more (W5).
                    Some(Order::Send(..)) => {
                        tracing::warn!("a message for a lost connection was not sent");
                        Ok(())
                    }
                    Some(Order::Reconnect(reason)) => Err(Dropped::Asked { reason }),
                    None => return Stop::Closing,
                },
                () = queue.room_for_message(), if waiting.is_some() => {
                    let message = waiting.take();
                    message.map_or(Ok(()), |message| put(&queue, message, &mut waiting))
                }
                frame = socket.next(), if waiting.is_none() => {
                    self.frame(socket, frame, &mut waiting).await
                }
                () = shared.watches.notified() => Ok(()),
                () = tokio::time::sleep(wake) => Ok(()),
            };
            if let Err(reason) = step {
                return reason.into();
            }
        }
    }

    async fn do_due(
        &mut self,
        socket: &mut WebSocketStream<D::Stream>,
        due: Due,
        reading_stopped: bool,
    ) -> Result<(), Dropped> {
        match due {
            Due::Ping => self.send(socket, tungstenite::Message::Ping(bytes::Bytes::new())).await,
            Due::Heartbeat => match self.protocol.heartbeat() {
                Some(message) => self.send(socket, message.into()).await,
                None => Ok(()),
            },
            // Nothing is read, so nothing can be heard: that is no fault of the venue.
            Due::Drop(_) if reading_stopped => {
                let now = self.shared.clock.now();
                self.shared.liveness().excuse(now);
                Ok(())
            }
            Due::Drop(reason) => Err(reason),
        }
    }

    /// What came from the connection.
    async fn frame(
        &mut self,
        socket: &mut WebSocketStream<D::Stream>,
        frame: Option<Result<tungstenite::Message, tungstenite::Error>>,
        waiting: &mut Option<Message>,
    ) -> Result<(), Dropped> {
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(dial::dropped(&error)),
            None => return Err(Dropped::Ended { reason: "nothing follows".to_owned() }),
        };
        let now = self.shared.clock.now();
        self.shared.liveness().heard(now);
        let message = match frame {
            tungstenite::Message::Text(text) => Message::from_frame(text),
            tungstenite::Message::Binary(bytes) => Message::Binary(bytes),
            tungstenite::Message::Close(frame) => {
                let (code, text) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.as_str().to_owned())
                });
                return Err(Dropped::Closed { code, text });
            }
            // A pong was sent by the library.
            tungstenite::Message::Ping(_)
            | tungstenite::Message::Pong(_)
            | tungstenite::Message::Frame(_) => return Ok(()),
        };
        let reaction = self.protocol.received(&message);
        if let Some(stream) = &reaction.stream {
            self.shared.liveness().heard_of(stream, now);
        }
        for reply in reaction.replies {
            self.send(socket, reply.into()).await?;
        }
        if reaction.deliver {
            put(&self.queue, message, waiting)?;
        }
        match reaction.reconnect {
            Some(reason) => Err(Dropped::Asked { reason }),
            None => Ok(()),
        }
    }

    async fn send(
        &mut self,
        socket: &mut WebSocketStream<D::Stream>,
        message: tungstenite::Message,
    ) -> Result<(), Dropped> {
        let limit = self.settings.send_timeout;
        match timeout(duration(limit), socket.send(message)).await {
            Ok(sent) => sent.map_err(|error| dial::dropped(&error)),
            Err(_) => Err(Dropped::Ended { reason: format!("a message was not taken for {limit}") }),
        }
    }

    /// Drops the orders that wait, and counts the messages among them.
    fn forget_orders(&mut self) -> usize {
        let mut unsent = 0;
        // The channel is bounded, and nothing is added to it while the connection is down.
        for _ in 0..MAX_SEND_QUEUE {
            match self.orders.try_recv() {
                Ok(Order::Send(..)) => unsent += 1,
                Ok(Order::Reconnect(_)) => {}
                Err(_) => break,
            }
        }
        unsent
    }
}

fn put(queue: &Queue, message: Message, waiting: &mut Option<Message>) -> Result<(), Dropped> {
    match queue.message(message) {
        Put::Done => Ok(()),
        Put::Wait(message) => {
            *waiting = Some(message);
            Ok(())
        }
        Put::Overflow(waiting) => Err(Dropped::Overflow { waiting }),
    }
}
