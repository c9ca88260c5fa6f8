use std::fmt;

use serde::{Deserialize, Serialize};

/// Which limit it is. The code stands at the beginning of the text of a refusal whose code is
/// [`RejectCode::RiskLimit`](algoflow_core::order::RejectCode::RiskLimit): `RISK_MAX_POSITION: ...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RiskCode {
    /// Trading is halted.
    Halted,
    /// Only what reduces may be sent.
    ReduceOnly,
    /// The instrument is on the list of those that are not traded, or not on that of those that are.
    NotAllowed,
    /// The order is for too much.
    MaxOrderQuantity,
    /// The order is worth too much.
    MaxOrderNotional,
    /// A price is too far from the market.
    PriceCollar,
    /// Too many orders in too short a time.
    OrderRate,
    /// Too many orders are open.
    MaxOpenOrders,
    /// The position would be too large.
    MaxPosition,
    /// The position would be worth too much.
    MaxPositionNotional,
    /// All positions would be worth too much.
    MaxExposure,
    /// All positions would be worth too large a multiple of the equity.
    MaxLeverage,
    /// One instrument would be too large a part of the equity.
    InstrumentShare,
    /// One base would be too large a part of the equity.
    AssetShare,
    /// Too much was lost today.
    DailyLoss,
    /// Too much was lost since the best there ever was.
    Drawdown,
    /// Losses in a row are followed by a pause.
    CoolDown,
    /// What a limit needs cannot be computed: a price is not known, or a number does not fit.
    NoValue,
}

impl RiskCode {
    /// A name that stays the same between versions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Halted => "RISK_HALTED",
            Self::ReduceOnly => "RISK_REDUCE_ONLY",
            Self::NotAllowed => "RISK_NOT_ALLOWED",
            Self::MaxOrderQuantity => "RISK_MAX_ORDER_QUANTITY",
            Self::MaxOrderNotional => "RISK_MAX_ORDER_NOTIONAL",
            Self::PriceCollar => "RISK_PRICE_COLLAR",
            Self::OrderRate => "RISK_ORDER_RATE",
            Self::MaxOpenOrders => "RISK_MAX_OPEN_ORDERS",
            Self::MaxPosition => "RISK_MAX_POSITION",
            Self::MaxPositionNotional => "RISK_MAX_POSITION_NOTIONAL",
            Self::MaxExposure => "RISK_MAX_EXPOSURE",
            Self::MaxLeverage => "RISK_MAX_LEVERAGE",
            Self::InstrumentShare => "RISK_INSTRUMENT_SHARE",
            Self::AssetShare => "RISK_ASSET_SHARE",
            Self::DailyLoss => "RISK_DAILY_LOSS",
            Self::Drawdown => "RISK_DRAWDOWN",
            Self::CoolDown => "RISK_COOL_DOWN",
            Self::NoValue => "RISK_NO_VALUE",
        }
    }
}

impl fmt::Display for RiskCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Limits that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RiskError {
    /// A limit that makes no sense.
    #[error("the limit {name} is {value}, which {reason}")]
    Limit {
        /// Which.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl RiskError {
    /// A name of the kind of error that stays the same between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "RISK_LIMIT_INVALID",
        }
    }
}
