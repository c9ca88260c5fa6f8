use algoflow_core::{market::MarketData, order::OrderEvent, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Everything that can reach an engine. The same inputs give the same commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Input {
    /// Trading begins: strategies are started.
    Start(Timestamp),
    /// Market data.
    Market(MarketData),
    /// Something happened to an order.
    Order(OrderEvent),
    /// A time has come; see [`Engine::next_wakeup`](crate::Engine::next_wakeup).
    Time(Timestamp),
    /// Trading ends: strategies are stopped.
    Stop(Timestamp),
}
