//! Lots that are closed in the order in which they were opened.

use algoflow_core::{
    instrument::Instrument,
    number::{Price, Quantity},
    order::Side,
    time::Timestamp,
};
use rust_decimal::Decimal;

use super::value::{Fees, Part, profit, sub};
use crate::{
    error::Result,
    trade::{OpenTrade, RoundTrip},
};

pub(super) struct Lot {
    side: Side,
    price: Price,
    quantity: Quantity,
    time: Timestamp,
    fees: Fees,
}

impl Lot {
    pub(super) fn open(part: &mut Part<'_>) -> Result<Self> {
        let (side, price, time) = (part.side(), part.fill().price, part.time());
        let piece = part.take(part.quantity)?;
        Ok(Self { side, price, quantity: piece.quantity, time, fees: piece.fees })
    }

    pub(super) const fn side(&self) -> Side {
        self.side
    }

    pub(super) const fn is_used_up(&self) -> bool {
        self.quantity.is_zero()
    }

    /// Closes as much of the lot as the fill can.
    pub(super) fn close(&mut self, part: &mut Part<'_>, instrument: &Instrument) -> Result<RoundTrip> {
        let exit = part.take(self.quantity)?;
        let mut fees = self.fees.split_off(exit.quantity, self.quantity)?;
        fees.add(exit.fees)?;
        self.quantity = self.quantity.checked_sub(exit.quantity)?;
        let entry_value = instrument.notional(self.price, exit.quantity)?;
        let gross_pnl = profit(instrument, self.side, entry_value, exit.value)?;
        Ok(RoundTrip {
            instrument: instrument.id,
            side: self.side,
            quantity: exit.quantity,
            peak_quantity: exit.quantity,
            entry_time: self.time,
            exit_time: part.time(),
            entry_price: self.price.to_decimal().normalize(),
            exit_price: part.fill().price.to_decimal().normalize(),
            entry_value,
            gross_pnl,
            fees: fees.settled,
            net_pnl: sub(gross_pnl, fees.settled)?,
            settlement: instrument.settlement,
            other_fees: fees.other,
            entries: 1,
            exits: 1,
            excursion: None,
        })
    }

    pub(super) fn to_open_trade(&self, instrument: &Instrument) -> Result<OpenTrade> {
        Ok(OpenTrade {
            instrument: instrument.id,
            side: self.side,
            quantity: self.quantity,
            entry_time: self.time,
            entry_price: self.price.to_decimal().normalize(),
            realized_pnl: Decimal::ZERO,
            fees: self.fees.settled,
            settlement: instrument.settlement,
            other_fees: self.fees.other.clone(),
        })
    }
}
