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
    id::{Asset, ExecutionId, InstrumentId, OrderId, VenueId, VenueOrderId},
    instrument::Instrument,
    market::MarketData,
    number::{Money, Price, Quantity},
    order::{Liquidity, OrderEvent, OrderQuantity, OrderSpec, RejectCode, Side},
    state::Subscription,
    time::{TimeDelta, Timestamp},
};

/// What a venue tells while it is subscribed to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum VenueEvent {
    /// Market data.
    Market(MarketData),
    /// Something happened to one of our orders.
    Order(OrderEvent),
    /// Something happened in the account that is not of an order of ours: an order made elsewhere, a deposit, a liquidation.
    /// What it was is found out from the next [`AccountSnapshot`].
    Account {
        /// What was seen.
        what: String,
    },
    /// Data were lost, or may have been: what is known of these instruments is stale until a snapshot comes.
    Gap {
        /// Which; all if empty.
        instruments: Vec<InstrumentId>,
        /// What was seen.
        reason: String,
    },
    /// Every event to come is of this time or later. Venues that play back recorded data say it before each of them, so that
    /// what is due before that time happens before.
    Time(Timestamp),
    /// The recorded data are over: only what becomes of orders is told from now on.
    End,
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
    /// The venue's own id of the order. A venue that gives a new order a name has accepted it. Without one it has received
    /// the request, and what comes of it is told by the stream.
    pub venue_order: Option<VenueOrderId>,
    /// When the venue confirmed it.
    pub ts_event: Timestamp,
}

/// How an order stands, as the venue says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportedStatus {
    /// It works.
    Open,
    /// It filled in full.
    Filled,
    /// It was cancelled.
    Cancelled,
    /// Its time ran out.
    Expired,
    /// It was refused.
    Rejected {
        /// Why.
        code: RejectCode,
        /// The venue's words.
        text: String,
    },
}

/// What a venue knows of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// Which order, if its client id is one of ours.
    pub order: Option<OrderId>,
    /// The venue's own id.
    pub venue_order: Option<VenueOrderId>,
    /// What is asked for, as the venue has it: the total, with what has filled.
    pub spec: OrderSpec,
    /// How it stands.
    pub status: ReportedStatus,
    /// How much has filled, in units of the base.
    pub filled: Quantity,
    /// When it last changed.
    pub ts_event: Timestamp,
}

/// A fill, as the venue tells it when it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillReport {
    /// Of which order, if its client id is one of ours.
    pub order: Option<OrderId>,
    /// The venue's own id of the order.
    pub venue_order: Option<VenueOrderId>,
    /// The id of the execution: the same as in the stream.
    pub id: ExecutionId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much, in units of the base.
    pub quantity: Quantity,
    /// Whether it added or took liquidity.
    pub liquidity: Liquidity,
    /// What the venue took for it (negative: paid for it).
    pub fee: Money,
    /// When it happened.
    pub ts_event: Timestamp,
}

/// What an account holds of an asset, as the venue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceReport {
    /// What.
    pub asset: Asset,
    /// How much in all: what orders have set aside is part of it.
    pub total: Decimal,
    /// How much of it is set aside.
    pub locked: Decimal,
}

/// What an account holds, as the venue says: what reconciliation compares against. All of it as of one moment, the
/// [watermark](Self::watermark).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// Every balance that is not zero. What is paid in full (coins, shares) is a balance of its base.
    pub balances: Vec<BalanceReport>,
    /// Every position in contracts (futures, perpetuals) that is not zero, signed.
    pub positions: Vec<(InstrumentId, Quantity)>,
    /// Every open order of the account, and every order that ended since the time asked for.
    pub orders: Vec<OrderReport>,
    /// Every fill since the time asked for.
    pub fills: Vec<FillReport>,
    /// The orders and fills are complete from here on: an order that was made after this, was at the venue before the
    /// watermark and is not in the snapshot was never taken.
    pub complete_since: Timestamp,
    /// Everything up to here is in the snapshot, by the venue's clock.
    pub watermark: Timestamp,
}

/// Which of a venue's past data are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRequest {
    /// What.
    pub subscription: Subscription,
    /// From here.
    pub from: Timestamp,
    /// To here, exclusive.
    pub to: Timestamp,
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

    /// Balances, positions, open orders, and the orders that ended and the fills since `since`, with a watermark: the account as it
    /// was at a moment after the call began, never an older one. A venue that cannot promise that answers with an error.
    async fn account(&self, since: Timestamp) -> Result<AccountSnapshot, VenueError>;

    /// What the venue knows of one order, now; `None` if it surely has none of that id. Quicker than
    /// [`Venue::account`], where the venue has it.
    async fn order(&self, order: &OrderRef) -> Result<Option<OrderReport>, VenueError> {
        let what = format!("a question about {}", order.order);
        Err(VenueError::Unsupported { venue: self.id(), what })
    }

    /// How long after it was sent a request can still take effect, whatever delays it: the lifetime that is signed into it, or
    /// that of a block hash. An order that the venue does not know of after that never will be.
    fn request_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(60)
    }

    /// Past data, oldest first: what strategies are warmed up from.
    async fn history(&self, request: &HistoryRequest) -> Result<Vec<MarketData>, VenueError> {
        let what = format!("history of {}", request.subscription.instrument());
        Err(VenueError::Unsupported { venue: self.id(), what })
    }

    /// The venue's clock.
    async fn time(&self) -> Result<Timestamp, VenueError> {
        Err(VenueError::Unsupported { venue: self.id(), what: "a question about its clock".to_owned() })
    }

    /// Whether the venue waits with the next event of its stream until all that the last one led to is done, as recorded data
    /// that are played back do.
    fn is_paced(&self) -> bool {
        false
    }

    /// What time it is for the requests to come, at a venue that plays back recorded data: time stands still for it between
    /// events.
    fn set_time(&self, _now: Timestamp) {}

    /// What an order would get right now (book walk, pool, aggregator, request for quote).
    async fn quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueError> {
        let what = format!("quotes for {}", request.instrument);
        Err(VenueError::Unsupported { venue: self.id(), what })
    }
}
