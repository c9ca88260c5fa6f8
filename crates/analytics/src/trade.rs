//! Trades: fills matched into round trips, and their statistics.

mod activity;
mod excursion;
mod matching;
mod summary;

pub use activity::{exposure, turnover};
pub use excursion::{Excursion, PriceBar, PriceRange, PriceSeries};
pub use matching::{Matching, round_trips};
pub use summary::{TradeStatistics, TradeSummary};

use algoflow_core::{
    id::{Asset, InstrumentId},
    number::{Money, Quantity},
    order::Side,
    time::{TimeDelta, Timestamp},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

/// A position from its opening to its closing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoundTrip {
    /// What was traded.
    pub instrument: InstrumentId,
    /// The side of the opening: `Buy` is a long trade, `Sell` a short one.
    pub side: Side,
    /// How much was opened, and closed, in all.
    pub quantity: Quantity,
    /// The largest position held at once.
    pub peak_quantity: Quantity,
    /// The first fill that opened.
    pub entry_time: Timestamp,
    /// The last fill that closed.
    pub exit_time: Timestamp,
    /// The average price of the opening fills (for an inverse contract the harmonic mean), rounded at the 28th digit.
    pub entry_price: Decimal,
    /// The average price of the closing fills, likewise.
    pub exit_price: Decimal,
    /// The value of all opening fills, in the settlement asset.
    pub entry_value: Decimal,
    /// Profit or loss before fees: exact, from the values of the fills, not from the average prices.
    pub gross_pnl: Decimal,
    /// Fees, as far as they can be told in the settlement asset.
    pub fees: Decimal,
    /// Profit or loss after [`fees`](Self::fees).
    pub net_pnl: Decimal,
    /// What profit, loss and fees are counted in.
    pub settlement: Asset,
    /// Fees in other assets, which are part of neither `fees` nor `net_pnl`; one entry per asset.
    pub other_fees: Vec<Money>,
    /// How many fills opened (a fill that reversed the position counts in both trades).
    pub entries: u32,
    /// How many fills closed.
    pub exits: u32,
    /// How far the price went against and in favor of the trade, where prices are known.
    pub excursion: Option<Excursion>,
}

impl RoundTrip {
    /// Whether the trade was long.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.side == Side::Buy
    }

    /// From the first opening to the last closing fill.
    #[must_use]
    pub const fn holding_time(&self) -> TimeDelta {
        self.exit_time.since(self.entry_time)
    }

    /// The net profit over the value of the opening fills, as a fraction. `None` for a value of zero.
    #[must_use]
    pub fn net_return(&self) -> Option<f64> {
        let fraction = self.net_pnl.checked_div(self.entry_value.abs())?;
        fraction.to_f64().filter(|value| value.is_finite())
    }
}

/// A position that was still open after the last fill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenTrade {
    /// What is held.
    pub instrument: InstrumentId,
    /// `Buy` for a long position, `Sell` for a short one.
    pub side: Side,
    /// How much is held; above zero.
    pub quantity: Quantity,
    /// The first fill that opened.
    pub entry_time: Timestamp,
    /// The average price of what is held, rounded at the 28th digit.
    pub entry_price: Decimal,
    /// Profit or loss of what was closed already, before fees, at the average entry price.
    pub realized_pnl: Decimal,
    /// Fees so far, as far as they can be told in the settlement asset.
    pub fees: Decimal,
    /// What profit, loss and fees are counted in.
    pub settlement: Asset,
    /// Fees in other assets; one entry per asset.
    pub other_fees: Vec<Money>,
}

/// What fills make: trades that are closed and positions that are open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trades {
    /// In order of their exit, then of their instrument.
    pub closed: Vec<RoundTrip>,
    /// In order of their instrument, then of their entry.
    pub open: Vec<OpenTrade>,
}

#[cfg(test)]
mod tests;
