use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    id::InstrumentId,
    number::{Money, Price},
    time::Timestamp,
};

/// The state of a liquidity pool, in base units of its two tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PoolState {
    /// A constant-product pool.
    ConstantProduct {
        /// The reserve of the base token.
        base_reserve: u64,
        /// The reserve of the quote token.
        quote_reserve: u64,
    },
    /// A concentrated-liquidity pool at its present tick.
    Concentrated {
        /// The square root of the price, Q64.64.
        sqrt_price: u128,
        /// The liquidity in range.
        liquidity: u128,
        /// The present tick.
        tick: i32,
    },
}

/// A change of a liquidity pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUpdate {
    /// Which pool.
    pub instrument: InstrumentId,
    /// When it changed.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// The slot or block of the chain.
    pub slot: u64,
    /// The pool after the change.
    pub state: PoolState,
    /// The marginal price after the change.
    pub price: Price,
}

/// A funding payment: longs pay `rate` times the notional to shorts (or receive it, if negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingRate {
    /// Which perpetual.
    pub instrument: InstrumentId,
    /// When it is paid.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// The rate for the interval that ends, as a fraction: 0.0001 is one basis point.
    pub rate: Decimal,
    /// The price at which the position is valued for the payment; the last price where it is not given.
    pub mark: Option<Price>,
}

/// Whether an instrument can be traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TradingStatus {
    /// Orders match.
    #[default]
    Open,
    /// Orders wait.
    Halted,
    /// No orders are taken until the next session.
    Closed,
    /// The instrument is gone for good.
    Delisted,
}

/// Trading in an instrument starts, halts or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentStatus {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What holds from then on.
    pub status: TradingStatus,
}

/// What a company does to its shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CorporateActionKind {
    /// Cash for every share held at the ex-date; a short position pays it.
    Dividend {
        /// The amount per share.
        per_share: Money,
    },
    /// Every `from` shares become `to` shares; prices change by the inverse.
    Split {
        /// Shares after.
        to: u32,
        /// Shares before.
        from: u32,
    },
}

/// A dividend or a split, effective from `ts_event` (the ex-date) on: after the bars that end at that time, before any
/// later trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorporateAction {
    /// Whose shares.
    pub instrument: InstrumentId,
    /// When it takes effect.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What happens.
    pub action: CorporateActionKind,
}

/// Data of the user's own: a signal, a sentiment score, a weather report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomData {
    /// The instrument that it is about.
    pub instrument: InstrumentId,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What it is called.
    pub name: Arc<str>,
    /// Its numbers.
    pub values: Arc<[f64]>,
}
