use serde::{Deserialize, Serialize};

use crate::{
    bar_spec::BarSpec,
    id::{InstrumentId, OrderId},
    number::Quantity,
    order::{OrderKind, algorithm::Algorithm, route::Route},
    time::{TimeDelta, Timestamp},
};

/// What a strategy wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subscription {
    /// Completed bars; built from finer data where the venue does not give them.
    Bars {
        /// Of which instrument.
        instrument: InstrumentId,
        /// Which bars.
        spec: BarSpec,
        /// How many of them to keep for [`Context::history`](crate::context::Context::history).
        keep: usize,
    },
    /// Trades.
    Trades(InstrumentId),
    /// The best bid and ask.
    Quotes(InstrumentId),
    /// Order book changes, levels and orders.
    Book(InstrumentId),
    /// Pool states.
    Pools(InstrumentId),
    /// Everything else about an instrument: corporate actions, status, funding, the user's own data.
    Events(InstrumentId),
}

impl Subscription {
    /// Bars of `instrument`.
    #[must_use]
    pub const fn bars(instrument: InstrumentId, spec: BarSpec) -> Self {
        Self::Bars { instrument, spec, keep: 0 }
    }

    /// For bars: keep the last `count` of them for [`Context::history`](crate::context::Context::history).
    #[must_use]
    pub const fn keep(self, count: usize) -> Self {
        match self {
            Self::Bars { instrument, spec, .. } => Self::Bars { instrument, spec, keep: count },
            other => other,
        }
    }

    /// Of which instrument.
    #[must_use]
    pub const fn instrument(&self) -> InstrumentId {
        match self {
            Self::Bars { instrument, .. }
            | Self::Trades(instrument)
            | Self::Quotes(instrument)
            | Self::Book(instrument)
            | Self::Pools(instrument)
            | Self::Events(instrument) => *instrument,
        }
    }
}

/// A time that a strategy asked to be told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// The name that the strategy gave it.
    pub name: String,
    /// The time that was asked for. The engine's own time is the same or later.
    pub at: Timestamp,
    /// It comes again after this long, if set.
    pub every: Option<TimeDelta>,
}

/// What a strategy asked the engine to do.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Request {
    /// Check and send an order that was made.
    Submit(OrderId),
    /// Check an order that was made, and work it.
    Work {
        /// Which.
        order: OrderId,
        /// How.
        algorithm: Box<Algorithm>,
        /// Where, if not at its own instrument alone.
        route: Option<Box<Route>>,
    },
    /// End an order.
    Cancel(OrderId),
    /// Change an order.
    Amend {
        /// Which.
        order: OrderId,
        /// The kind with its new prices.
        kind: OrderKind,
        /// The new total quantity.
        quantity: Quantity,
    },
    /// Tell the strategy more.
    Subscribe {
        /// Which strategy.
        strategy: usize,
        /// What.
        subscription: Subscription,
    },
    /// Tell the strategy a time.
    Schedule {
        /// Which strategy.
        strategy: usize,
        /// When.
        timer: Timer,
    },
    /// Stop telling the strategy a time.
    Unschedule {
        /// Which strategy.
        strategy: usize,
        /// The timer's name.
        name: String,
    },
}
