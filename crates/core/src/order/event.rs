use std::fmt;

use serde::{Deserialize, Serialize};

use super::{OrderKind, Side};
use crate::{
    id::{ExecutionId, InstrumentId, OrderId, VenueOrderId},
    number::{Money, Price, Quantity},
    time::Timestamp,
};

/// Whether a fill added or took liquidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// The order rested in the book.
    Maker,
    /// The order met a resting one.
    Taker,
}

/// An execution of an order, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's id of the execution, unique within the venue: the same id twice is the same fill.
    pub id: ExecutionId,
    /// Which order.
    pub order: OrderId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much, in units of the base. Above zero.
    pub quantity: Quantity,
    /// Whether it added or took liquidity.
    pub liquidity: Liquidity,
    /// What the venue took for it (negative: paid for it).
    pub fee: Money,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When we knew.
    pub ts_recv: Timestamp,
}

/// Why an order was refused: a stable code. The words of the venue come beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum RejectCode {
    /// The instrument is not known, or cannot be traded.
    UnknownInstrument,
    /// Trading is halted or closed.
    MarketClosed,
    /// A quantity, price or flag breaks a rule of the instrument.
    InvalidOrder,
    /// The order is worth less or more than the venue takes.
    NotionalLimit,
    /// There is not enough money or margin.
    InsufficientFunds,
    /// A cash account cannot sell what it does not hold.
    ShortNotAllowed,
    /// A reduce-only order that would not reduce.
    ReduceOnly,
    /// A post-only order that would fill at once.
    PostOnlyWouldTake,
    /// A fill-or-kill order that cannot be filled in full.
    CannotFillInFull,
    /// No price is known, so the order cannot be valued.
    NoPrice,
    /// The price moved beyond the bound of the order.
    SlippageExceeded,
    /// The fee would be above the bound of the order.
    FeeExceeded,
    /// The venue does not do this, and it is not emulated.
    Unsupported,
    /// A limit of the risk rules.
    RiskLimit,
    /// Too many requests.
    RateLimited,
    /// The order is not known, or no longer open.
    UnknownOrder,
    /// It never reached the venue.
    NotSent,
    /// It is proven that the venue never took it: its outcome was unknown, and it can take no effect any more.
    Lost,
    /// The venue cannot be traded at now: the connection is lost, or what is known of the account is not certain.
    VenueNotReady,
    /// A rejection drawn at random by a simulated venue.
    Simulated,
    /// Anything else: see the text.
    Other,
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::UnknownInstrument => "UNKNOWN_INSTRUMENT",
            Self::MarketClosed => "MARKET_CLOSED",
            Self::InvalidOrder => "INVALID_ORDER",
            Self::NotionalLimit => "NOTIONAL_LIMIT",
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Self::ShortNotAllowed => "SHORT_NOT_ALLOWED",
            Self::ReduceOnly => "REDUCE_ONLY",
            Self::PostOnlyWouldTake => "POST_ONLY_WOULD_TAKE",
            Self::CannotFillInFull => "CANNOT_FILL_IN_FULL",
            Self::NoPrice => "NO_PRICE",
            Self::SlippageExceeded => "SLIPPAGE_EXCEEDED",
            Self::FeeExceeded => "FEE_EXCEEDED",
            Self::Unsupported => "UNSUPPORTED",
            Self::RiskLimit => "RISK_LIMIT",
            Self::RateLimited => "RATE_LIMITED",
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::NotSent => "NOT_SENT",
            Self::Lost => "LOST",
            Self::VenueNotReady => "VENUE_NOT_READY",
            Self::Simulated => "SIMULATED",
            Self::Other => "OTHER",
        })
    }
}

/// Why an order was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelReason {
    /// Somebody asked for it.
    Requested,
    /// What did not fill at once of an IOC or FOK order.
    NotFilledAtOnce,
    /// Another order of its group filled or ended.
    Contingent,
    /// The position that it would have reduced is gone.
    ReduceOnly,
    /// The price moved beyond the bound of the order.
    Protection,
    /// The strategy was stopped.
    StrategyStopped,
    /// It had to change, which the venue does not do: a new order takes its place.
    Replaced,
    /// A limit of the risk rules, or the state of trading.
    RiskLimit,
    /// The venue's own reasons.
    Venue,
    /// What is left of an order with an algorithm cannot be sent: its slices were refused too often, or it is less than
    /// the venue takes.
    Unworkable,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderEventKind {
    /// The engine refused it; it never left.
    Denied {
        /// Why.
        code: RejectCode,
        /// The numbers.
        text: String,
    },
    /// The engine holds it back, until its parent fills or its trigger is reached.
    Held,
    /// It was sent.
    Submitted,
    /// The venue has it.
    Accepted {
        /// The venue's own id.
        venue_order: Option<VenueOrderId>,
    },
    /// The venue refused it.
    Rejected {
        /// Why.
        code: RejectCode,
        /// The venue's words.
        text: String,
    },
    /// Its trigger was reached.
    Triggered,
    /// It filled, whole or in part.
    Filled(Fill),
    /// A change of it was asked for.
    AmendRequested,
    /// It was changed.
    Amended {
        /// The kind with the prices that now hold.
        kind: OrderKind,
        /// The total quantity that now holds, in units of the base.
        quantity: Quantity,
    },
    /// The venue refused to change it; it stays as it was.
    AmendRejected {
        /// Why.
        code: RejectCode,
        /// The venue's words.
        text: String,
    },
    /// Its end was asked for.
    CancelRequested,
    /// It was cancelled.
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
    /// The venue refused to cancel it; it stays as it was.
    CancelRejected {
        /// Why.
        code: RejectCode,
        /// The venue's words.
        text: String,
    },
    /// Its time ran out.
    Expired,
    /// Nobody knows whether the venue has it: only proof ends this.
    OutcomeUnknown {
        /// What was seen.
        evidence: String,
    },
}

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Which order.
    pub order: OrderId,
    /// Its instrument.
    pub instrument: InstrumentId,
    /// When it happened at the venue.
    pub ts_event: Timestamp,
    /// When we knew.
    pub ts_recv: Timestamp,
    /// What happened.
    pub kind: OrderEventKind,
}

impl OrderEvent {
    /// The fill, if this is one.
    #[must_use]
    pub const fn fill(&self) -> Option<&Fill> {
        match &self.kind {
            OrderEventKind::Filled(fill) => Some(fill),
            _ => None,
        }
    }
}
