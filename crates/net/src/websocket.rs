//! A WebSocket that stays: it reconnects, resubscribes, notices when it is mute, and tells all of it.
//!
//! - **W1** *Connection.* If nothing came for [`WebSocketSettings::ping_after`], a ping is sent; if still nothing came after
//!   [`WebSocketSettings::dead_after`], the connection is dropped.
//! - **W2** *Streams.* A stream that is [watched](WebSocket::watch) and silent for longer than it may be is stale, however well the connection answers pings:
//!   the connection is dropped. Silence counts from the watch, the last message of the stream, or the connection, whichever is latest.
//! - **W3** *Heartbeat.* Where the protocol has one of its own ([`Protocol::heartbeat`]), it is sent in its interval.
//! - **W4** *Reconnection.* After a drop there is a wait with full jitter, and never less than the venue asked for; it gets longer until a connection
//!   has lasted [`WebSocketSettings::stable_after`], so that a venue that accepts and closes is not hammered. It goes on until it is closed, or
//!   [`WebSocketSettings::give_up_after`] attempts in a row failed.
//! - **W5** *Resubscription.* On each connection [`Protocol::opened`] says what is sent first. What waited to be sent when the connection was lost is not
//!   sent on the next: it is counted in [`Event::Disconnected`].
//! - **W6** *Events.* Each connection, each drop with its reason and each failed attempt is an event, in order with the messages. At most
//!   [`WebSocketSettings::queue`] messages and [`MAX_NOTICES`] other events wait to be read; what happens to a message that does not fit is the
//!   [`Overflow`] policy, and while other events do not fit, there is no new attempt to connect.
//! - **W7** *Size.* A message of more than [`WebSocketSettings::max_message`] bytes, or that breaks the protocol, ends the connection.
//! - **W8** *End.* Dropping the [`WebSocket`] or its [`Events`] closes the connection; [`WebSocket::close`] waits for it.

mod connection;
mod dial;
mod event;
mod link;
mod liveness;
mod protocol;
mod queue;
mod settings;

pub use connection::{MAX_SEND_QUEUE, WebSocket};
pub use event::{Dropped, Event};
pub use liveness::{Due, Liveness, MAX_WATCHED};
pub use protocol::{Endpoint, Message, Protocol, Reaction, Text};
pub use queue::{Events, MAX_NOTICES, Overflow};
pub use settings::WebSocketSettings;

#[cfg(test)]
mod tests;
