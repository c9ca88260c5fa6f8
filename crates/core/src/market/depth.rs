use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    id::InstrumentId,
    number::{Price, Quantity},
    order::Side,
    time::Timestamp,
};

/// One price level of an order book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Which side of the book.
    pub side: Side,
    /// The price of the level.
    pub price: Price,
    /// The total quantity resting there; zero removes the level.
    pub quantity: Quantity,
}

/// How a [`Depth`] record is to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthKind {
    /// The whole book: what is not listed is gone.
    Snapshot,
    /// Only the levels listed change, each to the quantity given.
    Update,
}

/// Price levels of an order book (L2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Whose book.
    pub instrument: InstrumentId,
    /// When the book was so.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// A whole book or a change.
    pub kind: DepthKind,
    /// The venue's sequence number, where it gives one: a gap means that an update was lost.
    pub sequence: Option<u64>,
    /// The levels, in the order of the venue.
    pub levels: Arc<[Level]>,
}

/// What happened to one order of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BookAction {
    /// It joined the book.
    Add,
    /// Its price or quantity changed.
    Modify,
    /// It left the book.
    Delete,
    /// It traded, by the quantity given.
    Fill,
    /// The whole book was emptied.
    Clear,
}

/// A change of one order in a book (L3, market by order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookOrder {
    /// Whose book.
    pub instrument: InstrumentId,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What happened.
    pub action: BookAction,
    /// The order's side.
    pub side: Side,
    /// The venue's id of the order.
    pub order: u64,
    /// The order's price.
    pub price: Price,
    /// The order's quantity, or the quantity traded.
    pub quantity: Quantity,
}
