//! The control socket: how a running process is asked and steered by another on the same machine.
//!
//! A Unix domain socket carries lines of JSON, a [`Call`] and its [`Reply`] at a time. Tests cite these numbers.
//!
//! - **T1** *Local.* The socket has the mode 0600 in a directory of mode 0700. The process at the other end must run as the user who
//!   owns the socket, or as root; the operating system says who it is.
//! - **T2** *Authenticated.* Every call bears the [token](Token): 32 random bytes in a file of mode 0600, made at the first start. A
//!   wrong one ends the connection. Tokens are compared in a time that does not depend on them, and never shown.
//! - **T3** *Bounded.* At most [`MAX_CONNECTIONS`] at a time, a line of at most [`MAX_CALL_BYTES`], [`IDLE_TIMEOUT`] for a call to
//!   come in whole and [`ANSWER_TIMEOUT`] for its answer, [`MAX_CALLS`] calls of one connection. A connection that breaks a
//!   bound is told so and ended; others do not notice.
//! - **T4** *Versioned.* A call bears [`PROTOCOL_VERSION`]; another version is refused, and so is a key that is not known.
//! - **T5** *Nothing is decided here.* What changes trading is an input of the engine and in the journal, like everything else.
//! - **T6** *One process.* A socket at which somebody answers is not taken over; one that a process left behind is.

mod call;
mod client;
mod error;
mod report;
mod server;
mod token;

pub use call::{Answer, Call, Change, PROTOCOL_VERSION, Reply, Request};
pub use client::{Client, MAX_REPLY_BYTES};
pub use error::ControlError;
pub use report::{
    BalanceRow, FillRow, FillsReport, MAX_ROWS, OrderRow, OrdersReport, PositionRow, PositionsReport,
    StatusReport, StrategyRow, VenueRow,
};
pub use server::{
    ANSWER_TIMEOUT, ControlServer, IDLE_TIMEOUT, MAX_CALL_BYTES, MAX_CALLS, MAX_CONNECTIONS, Operator,
};
pub use token::{TOKEN_BYTES, Token};

#[cfg(test)]
mod tests;
