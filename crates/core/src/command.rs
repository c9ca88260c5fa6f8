//! What the engine tells a venue.

use serde::{Deserialize, Serialize};

use crate::{
    id::{InstrumentId, OrderId, VenueOrderId},
    number::Quantity,
    order::{OrderKind, OrderSpec},
};

/// A new order for a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// The identity, from which the venue's client order id is made.
    pub order: OrderId,
    /// What is asked for.
    pub spec: OrderSpec,
}

/// A change of an open order: the prices and the total quantity that are to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amend {
    /// Which order.
    pub order: OrderId,
    /// The venue's own id of it, once it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_order: Option<VenueOrderId>,
    /// Its instrument.
    pub instrument: InstrumentId,
    /// The kind with its new prices. The kind itself stays.
    pub kind: OrderKind,
    /// The new total quantity in units of the base, including what has filled.
    pub quantity: Quantity,
}

/// An open order, as a venue is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRef {
    /// Which order.
    pub order: OrderId,
    /// The venue's own id of it, once it gave one: the only name of an order that was made elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_order: Option<VenueOrderId>,
    /// Its instrument.
    pub instrument: InstrumentId,
}

/// What the engine wants done. Commands leave the engine in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// Send a new order.
    Submit(Submit),
    /// Change an order.
    Amend(Amend),
    /// End an order.
    Cancel(OrderRef),
}

impl Command {
    /// The instrument that it is about; its venue is where the command goes.
    #[must_use]
    pub const fn instrument(&self) -> InstrumentId {
        match self {
            Self::Submit(submit) => submit.spec.instrument,
            Self::Amend(amend) => amend.instrument,
            Self::Cancel(order) => order.instrument,
        }
    }

    /// The order that it is about.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        match self {
            Self::Submit(submit) => submit.order,
            Self::Amend(amend) => amend.order,
            Self::Cancel(order) => order.order,
        }
    }
}
