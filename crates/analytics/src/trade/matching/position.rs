//! A position from flat to flat at its average cost.

use algoflow_core::{instrument::Instrument, number::Quantity, order::Side, time::Timestamp};
use rust_decimal::Decimal;

use super::value::{Fees, Part, Piece, add, average_price, profit, share, sub};
use crate::{
    error::Result,
    trade::{OpenTrade, RoundTrip},
};

/// What was filled on one side.
struct Leg {
    quantity: Quantity,
    value: Decimal,
    fills: u32,
}

impl Leg {
    const EMPTY: Self = Self { quantity: Quantity::ZERO, value: Decimal::ZERO, fills: 0 };

    fn add(&mut self, piece: &Piece) -> Result<()> {
        self.quantity = self.quantity.checked_add(piece.quantity)?;
        self.value = add(self.value, piece.value)?;
        self.fills = self.fills.saturating_add(1);
        Ok(())
    }
}

pub(super) struct Position {
    side: Side,
    entered: Leg,
    exited: Leg,
    /// What is held now, its cost and the cost of what was closed.
    held: Quantity,
    held_cost: Decimal,
    peak: Quantity,
    entry_time: Timestamp,
    exit_time: Timestamp,
    fees: Fees,
}

impl Position {
    pub(super) fn open(part: &mut Part<'_>) -> Result<Self> {
        let mut position = Self {
            side: part.side(),
            entered: Leg::EMPTY,
            exited: Leg::EMPTY,
            held: Quantity::ZERO,
            held_cost: Decimal::ZERO,
            peak: Quantity::ZERO,
            entry_time: part.time(),
            exit_time: part.time(),
            fees: Fees::default(),
        };
        position.add(part)?;
        Ok(position)
    }

    pub(super) const fn side(&self) -> Side {
        self.side
    }

    pub(super) const fn is_flat(&self) -> bool {
        self.held.is_zero()
    }

    pub(super) fn add(&mut self, part: &mut Part<'_>) -> Result<()> {
        let piece = part.take(part.quantity)?;
        self.entered.add(&piece)?;
        self.held = self.held.checked_add(piece.quantity)?;
        self.held_cost = add(self.held_cost, piece.value)?;
        self.peak = self.peak.max(self.held);
        self.fees.add(piece.fees)
    }

    pub(super) fn reduce(&mut self, part: &mut Part<'_>) -> Result<()> {
        let piece = part.take(self.held)?;
        self.exited.add(&piece)?;
        let cost = share(self.held_cost, piece.quantity, self.held)?;
        self.held_cost = sub(self.held_cost, cost)?;
        self.held = self.held.checked_sub(piece.quantity)?;
        self.exit_time = part.time();
        self.fees.add(piece.fees)
    }

    pub(super) fn into_round_trip(self, instrument: &Instrument) -> Result<RoundTrip> {
        let gross_pnl = profit(instrument, self.side, self.entered.value, self.exited.value)?;
        Ok(RoundTrip {
            instrument: instrument.id,
            side: self.side,
            quantity: self.entered.quantity,
            peak_quantity: self.peak,
            entry_time: self.entry_time,
            exit_time: self.exit_time,
            entry_price: average_price(instrument, self.entered.quantity, self.entered.value)?,
            exit_price: average_price(instrument, self.exited.quantity, self.exited.value)?,
            entry_value: self.entered.value,
            gross_pnl,
            fees: self.fees.settled,
            net_pnl: sub(gross_pnl, self.fees.settled)?,
            settlement: instrument.settlement,
            other_fees: self.fees.other,
            entries: self.entered.fills,
            exits: self.exited.fills,
            excursion: None,
        })
    }

    pub(super) fn to_open_trade(&self, instrument: &Instrument) -> Result<OpenTrade> {
        let closed_cost = sub(self.entered.value, self.held_cost)?;
        Ok(OpenTrade {
            instrument: instrument.id,
            side: self.side,
            quantity: self.held,
            entry_time: self.entry_time,
            entry_price: average_price(instrument, self.held, self.held_cost)?,
            realized_pnl: profit(instrument, self.side, closed_cost, self.exited.value)?,
            fees: self.fees.settled,
            settlement: instrument.settlement,
            other_fees: self.fees.other.clone(),
        })
    }
}
