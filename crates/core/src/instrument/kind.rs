use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    id::Asset,
    number::Price,
    time::{TimeDelta, Timestamp},
};

/// What an instrument is, with the data that its kind needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum InstrumentKind {
    /// Two assets exchanged at once.
    Spot,
    /// A share or an exchange-traded fund.
    Equity,
    /// Two currencies.
    FxPair,
    /// A contract that ends at a date.
    Future {
        /// What it is on.
        underlying: Asset,
        /// When it ends.
        expiry: Timestamp,
        /// What happens at the end.
        settles: ExpirySettlement,
    },
    /// A contract without an end, held to its underlying by funding payments.
    Perpetual {
        /// Whether it is counted in units of the quote and settled in the base.
        inverse: bool,
        /// How often funding is paid, where it is fixed.
        funding_interval: Option<TimeDelta>,
    },
    /// A right to buy or sell.
    Option {
        /// What it is on.
        underlying: Asset,
        /// To buy or to sell.
        right: OptionRight,
        /// When it may be used.
        style: OptionStyle,
        /// At which price.
        strike: Price,
        /// When it ends.
        expiry: Timestamp,
        /// What happens at the end.
        settles: ExpirySettlement,
    },
    /// A liquidity pool of an automated market maker.
    AmmPool {
        /// By which formula it prices.
        pool: PoolKind,
        /// Its address on the chain.
        address: String,
        /// Decimal places of the base token's base units.
        base_decimals: u8,
        /// Decimal places of the quote token's base units.
        quote_decimals: u8,
        /// The fee of a swap, as a fraction of what goes in.
        fee: Decimal,
    },
}

/// What happens when a contract expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpirySettlement {
    /// The difference is paid.
    Cash,
    /// The underlying is delivered.
    Physical,
}

/// What an option lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionRight {
    /// Buy.
    Call,
    /// Sell.
    Put,
}

/// When an option may be exercised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionStyle {
    /// At expiry.
    European,
    /// At any time until expiry.
    American,
}

/// The formula of a liquidity pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PoolKind {
    /// x times y stays the same.
    ConstantProduct,
    /// Liquidity in ranges of ticks.
    Concentrated,
    /// Liquidity in bins of one price each.
    Bins,
    /// For assets that are worth about the same.
    Stable,
    /// A price that rises with what was sold.
    BondingCurve,
}
