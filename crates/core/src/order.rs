//! Orders: what is asked of a venue, the states an order passes through, and what the venue says of it.

pub mod algorithm;
mod event;
mod kind;
pub mod route;
mod spec;
mod state;

pub use event::{CancelReason, Fill, Liquidity, OrderEvent, OrderEventKind, RejectCode};
pub use kind::{OrderKind, OrderQuantity, Side, TimeInForce, TrailingOffset, TriggerBy};
pub use spec::{Contingency, OrderFlags, OrderRole, OrderSpec, Protection};
pub use state::{Order, OrderStatus};
