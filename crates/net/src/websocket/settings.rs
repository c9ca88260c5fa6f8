use algoflow_core::time::TimeDelta;

use super::Overflow;
use crate::{backoff::Backoff, error::NetError, tls::Tls};

/// How a WebSocket behaves. The numbers are in the [module](super)'s rules.
#[derive(Clone, Debug)]
pub struct WebSocketSettings {
    /// How the connection is secured; [`Tls::public`] if nothing is set.
    pub tls: Option<Tls>,
    /// How long an attempt to connect may take, handshake included.
    pub connect_timeout: TimeDelta,
    /// How long the venue may take to accept what is sent.
    pub send_timeout: TimeDelta,
    /// After how much silence a ping is sent (W1).
    pub ping_after: TimeDelta,
    /// After how much silence the connection is dropped (W1).
    pub dead_after: TimeDelta,
    /// How long a connection has to last for the next wait to be short again (W4).
    pub stable_after: TimeDelta,
    /// After how many failed attempts in a row it gives up (W4); never, if nothing is set.
    pub give_up_after: Option<u32>,
    /// How long it waits between attempts (W4).
    pub backoff: Backoff,
    /// How many messages wait to be read at most (W6).
    pub queue: usize,
    /// What happens to one more (W6).
    pub overflow: Overflow,
    /// The largest message, in bytes (W7).
    pub max_message: usize,
}

impl WebSocketSettings {
    /// Pings after 15 seconds of silence, drops after 40; waits up to 250 ms before the first attempt, up to 30 s later; 8,192 messages wait,
    /// and one more drops the connection; messages of up to 16 MiB. `seed` is for the jitter: give each connection its own.
    ///
    /// # Errors
    /// None with these numbers; the signature is that of [`Backoff::new`].
    pub fn new(seed: u64) -> Result<Self, NetError> {
        Ok(Self {
            tls: None,
            connect_timeout: TimeDelta::seconds(10),
            send_timeout: TimeDelta::seconds(5),
            ping_after: TimeDelta::seconds(15),
            dead_after: TimeDelta::seconds(40),
            stable_after: TimeDelta::seconds(30),
            give_up_after: None,
            backoff: Backoff::new(TimeDelta::millis(250), TimeDelta::seconds(30), seed)?,
            queue: 8_192,
            overflow: Overflow::Reconnect,
            max_message: 16 << 20,
        })
    }

    pub(super) fn check(&self) -> Result<(), NetError> {
        let times = [
            ("the connect timeout", self.connect_timeout),
            ("the send timeout", self.send_timeout),
            ("the silence before a ping", self.ping_after),
        ];
        for (name, time) in times {
            if time <= TimeDelta::ZERO {
                return Err(NetError::setting(name, time, "it must be above zero"));
            }
        }
        if self.dead_after <= self.ping_after {
            let reason = "it must be above the silence before a ping";
            return Err(NetError::setting("the silence before a drop", self.dead_after, reason));
        }
        for (name, size) in [("the queue", self.queue), ("the largest message", self.max_message)] {
            if size == 0 {
                return Err(NetError::setting(name, size, "it must be above zero"));
            }
        }
        if self.give_up_after == Some(0) {
            return Err(NetError::setting("the number of attempts", 0, "it must be above zero"));
        }
        Ok(())
    }
}
