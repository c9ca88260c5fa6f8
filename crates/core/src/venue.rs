//! [`Venue`]: a place where orders execute.

use std::pin::Pin;

use async_trait::async_trait;
use futures_core::Stream;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    capabilities::Capabilities,
    command::{Amend, OrderRef, Submit},
    error::VenueError,
    id::{Asset, InstrumentId, VenueId, VenueOrderId},
    instrument::Instrument,
    market::MarketData,
    number::{Money, Price, Quantity},
    order::{Fill, Order, OrderEvent, OrderQuantity, Side},
    state::Subscription,
    time::Timestamp,
};

/// What a venue tells while it is subscribed to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum VenueEvent {
    /// Market data.
    Market(MarketData),
    /// Something happened to one of our orders.
    Order(OrderEvent),
    /// A balance changed for another reason than a fill.
    Balance(Money),
    /// Data were lost, or may have been: what is known of these instruments is stale until a snapshot comes.
    Gap {
        /// Which; all if empty.
        instruments: Vec<InstrumentId>,
        /// What was seen.
        reason: String,
    },
    /// The connection is up (again).
    Connected,
    /// The connection is lost; the venue is reconnecting.
    Disconnected {
        /// Why.
        reason: String,
    },
}

/// The events of a venue, until the subscription is dropped.
pub type EventStream = Pin<Box<dyn Stream<Item = VenueEvent> + Send>>;

/// The venue's confirmation that it has a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The venue's own id of the order, if it gave one.
    pub venue_order: Option<VenueOrderId>,
    /// When the venue confirmed it.
    pub ts_event: Timestamp,
}

/// What an account holds, as the venue says: what reconciliation compares against.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// Every balance: total and the part that is not free.
    pub balances: Vec<(Asset, Decimal, Decimal)>,
    /// Every position, signed.
    pub positions: Vec<(InstrumentId, Quantity)>,
    /// Every open order that was made through this account.
    pub open_orders: Vec<Order>,
    /// Fills since the time asked for.
    pub fills: Vec<Fill>,
    /// Everything up to here is in the snapshot; events before it must not be applied again.
    pub watermark: Timestamp,
}

/// A question: what would this get right now?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRequest {
    /// What is to be traded.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub quantity: OrderQuantity,
}

/// The answer: what an order would get at the moment of asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VenueQuote {
    /// The average price.
    pub average: Price,
    /// The price of the last unit.
    pub worst: Price,
    /// How much of the request this covers, in units of the base.
    pub quantity: Quantity,
    /// The fees.
    pub fees: Vec<Money>,
    /// Until when the answer holds, if the venue says.
    pub valid_until: Option<Timestamp>,
}

/// What a book or a pool would give: sync, without changing it. Routers, slippage models and risk checks use only this.
pub trait Quoter {
    /// What `quantity` on `side` would get.
    ///
    /// # Errors
    /// [`VenueError::Rejected`] if there is nothing to trade against.
    fn quote(&self, side: Side, quantity: OrderQuantity) -> Result<VenueQuote, VenueError>;
}

/// A place where orders execute. Implement it and every strategy, algorithm and tool can trade there.
///
/// A request that cannot be confirmed must say what is known ([`VenueError`]): a timeout after sending is
/// [`VenueError::Unknown`], never an error that invites another try.
#[async_trait]
pub trait Venue: Send + Sync {
    /// Its name.
    fn id(&self) -> VenueId;

    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// What can be traded there.
    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError>;

    /// Market and account events; reconnects by itself and reports each gap as an event.
    async fn subscribe(&self, wanted: &[Subscription]) -> Result<EventStream, VenueError>;

    /// Sends an order.
    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError>;

    /// Changes an order.
    async fn amend(&self, change: &Amend) -> Result<Ack, VenueError> {
        let what = format!("amending {}", change.order);
        Err(VenueError::Unsupported { venue: self.id(), what })
    }

    /// Ends an order.
    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError>;

    /// Balances, positions, open orders, and the fills since `since`, with a watermark.
    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError>;

    /// What an order would get right now (book walk, pool, aggregator, request for quote).
    async fn quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueError> {
        let what = format!("quotes for {}", request.instrument);
        Err(VenueError::Unsupported { venue: self.id(), what })
    }
}
