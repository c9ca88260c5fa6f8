//! Market data: what a venue tells about prices.
//!
//! Every record carries two times: `ts_event`, when it happened at the venue, and `ts_recv`, when we could
//! know it. The engine lives on `ts_recv`.

mod bar;
mod depth;
mod events;
mod tick;

pub use bar::Bar;
pub use depth::{BookAction, BookOrder, Depth, DepthKind, Level};
pub use events::{
    CorporateAction, CorporateActionKind, CustomData, FundingRate, InstrumentStatus, PoolState, PoolUpdate,
    TradingStatus,
};
pub use tick::{Quote, Trade};

use serde::{Deserialize, Serialize};

use crate::{id::InstrumentId, time::Timestamp};

/// Any piece of market data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarketData {
    /// A dividend or a split.
    CorporateAction(CorporateAction),
    /// Trading starts, halts or ends.
    Status(InstrumentStatus),
    /// A funding payment of a perpetual.
    Funding(FundingRate),
    /// Levels of an order book.
    Depth(Depth),
    /// One order in an order book.
    BookOrder(BookOrder),
    /// The best bid and ask.
    Quote(Quote),
    /// The state of a liquidity pool.
    Pool(PoolUpdate),
    /// A trade.
    Trade(Trade),
    /// A completed bar.
    Bar(Bar),
    /// Data of the user's own.
    Custom(CustomData),
}

impl MarketData {
    /// The instrument that it is about.
    #[must_use]
    pub fn instrument(&self) -> InstrumentId {
        match self {
            Self::CorporateAction(x) => x.instrument,
            Self::Status(x) => x.instrument,
            Self::Funding(x) => x.instrument,
            Self::Depth(x) => x.instrument,
            Self::BookOrder(x) => x.instrument,
            Self::Quote(x) => x.instrument,
            Self::Pool(x) => x.instrument,
            Self::Trade(x) => x.instrument,
            Self::Bar(x) => x.instrument,
            Self::Custom(x) => x.instrument,
        }
    }

    /// When it could be known: the time by which data are merged and replayed.
    #[must_use]
    pub fn ts_recv(&self) -> Timestamp {
        match self {
            Self::CorporateAction(x) => x.ts_recv,
            Self::Status(x) => x.ts_recv,
            Self::Funding(x) => x.ts_recv,
            Self::Depth(x) => x.ts_recv,
            Self::BookOrder(x) => x.ts_recv,
            Self::Quote(x) => x.ts_recv,
            Self::Pool(x) => x.ts_recv,
            Self::Trade(x) => x.ts_recv,
            Self::Bar(x) => x.ts_recv,
            Self::Custom(x) => x.ts_recv,
        }
    }

    /// The same data, known at another time: a delayed feed.
    pub fn set_ts_recv(&mut self, at: Timestamp) {
        match self {
            Self::CorporateAction(x) => x.ts_recv = at,
            Self::Status(x) => x.ts_recv = at,
            Self::Funding(x) => x.ts_recv = at,
            Self::Depth(x) => x.ts_recv = at,
            Self::BookOrder(x) => x.ts_recv = at,
            Self::Quote(x) => x.ts_recv = at,
            Self::Pool(x) => x.ts_recv = at,
            Self::Trade(x) => x.ts_recv = at,
            Self::Bar(x) => x.ts_recv = at,
            Self::Custom(x) => x.ts_recv = at,
        }
    }

    /// The place among data of one time: status and funding, books, trades, bars from short to long, corporate actions,
    /// then the user's own.
    ///
    /// Bars come before corporate actions because they tell of the time that ends: a split at midnight does not
    /// touch what filled in the bar that ends at midnight.
    ///
    /// Merges order by (`ts_recv`, rank, source, sequence), so that equal times have one order everywhere.
    #[must_use]
    pub fn rank(&self) -> (u8, i64) {
        match self {
            Self::CorporateAction(_) => (6, 0),
            Self::Status(_) => (1, 0),
            Self::Funding(_) => (2, 0),
            Self::Depth(_) | Self::BookOrder(_) | Self::Quote(_) | Self::Pool(_) => (3, 0),
            Self::Trade(_) => (4, 0),
            Self::Bar(bar) => (5, bar.spec.rank()),
            Self::Custom(_) => (7, 0),
        }
    }
}

/// A record that need not be wrapped to be handed on. Made with `into()`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum MarketRef<'a> {
    /// A completed bar.
    Bar(&'a Bar),
    /// A trade.
    Trade(&'a Trade),
    /// The best bid and ask.
    Quote(&'a Quote),
    /// Anything else.
    Other,
}

impl<'a> From<&'a MarketData> for MarketRef<'a> {
    #[inline]
    fn from(data: &'a MarketData) -> Self {
        match data {
            MarketData::Bar(bar) => Self::Bar(bar),
            MarketData::Trade(trade) => Self::Trade(trade),
            MarketData::Quote(quote) => Self::Quote(quote),
            _ => Self::Other,
        }
    }
}

macro_rules! from_variant {
    ($($variant:ident($type:ty)),* $(,)?) => {$(
        impl From<$type> for MarketData {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}
from_variant!(
    CorporateAction(CorporateAction),
    Status(InstrumentStatus),
    Funding(FundingRate),
    Depth(Depth),
    BookOrder(BookOrder),
    Quote(Quote),
    Pool(PoolUpdate),
    Trade(Trade),
    Bar(Bar),
    Custom(CustomData),
);
