//! Exact values and fees of parts of fills.

use algoflow_core::{
    error::NumberError,
    instrument::{Instrument, InstrumentKind},
    number::{Money, Quantity},
    order::{Fill, Side},
    time::Timestamp,
};
use rust_decimal::Decimal;

use crate::error::{AnalyticsError, Result};

fn overflow() -> AnalyticsError {
    AnalyticsError::Number(NumberError::Overflow { operation: "the value of a trade" })
}

pub(super) fn add(a: Decimal, b: Decimal) -> Result<Decimal> {
    a.checked_add(b).ok_or_else(overflow)
}

pub(super) fn sub(a: Decimal, b: Decimal) -> Result<Decimal> {
    a.checked_sub(b).ok_or_else(overflow)
}

/// The part of `total` that `part` is of `whole`; all of it, exactly, for the whole.
pub(super) fn share(total: Decimal, part: Quantity, whole: Quantity) -> Result<Decimal> {
    if part == whole {
        return Ok(total);
    }
    let product = total.checked_mul(part.to_decimal());
    product.and_then(|product| product.checked_div(whole.to_decimal())).ok_or_else(overflow)
}

pub(super) fn is_inverse(instrument: &Instrument) -> bool {
    matches!(instrument.kind, InstrumentKind::Perpetual { inverse: true, .. })
}

/// Profit of buying for `entry` and selling for `exit` if `side` is `Buy`, the other way round otherwise.
///
/// The value of an inverse contract falls as its price rises, so its holder gains what the value loses.
pub(super) fn profit(instrument: &Instrument, side: Side, entry: Decimal, exit: Decimal) -> Result<Decimal> {
    if (side == Side::Buy) == is_inverse(instrument) { sub(entry, exit) } else { sub(exit, entry) }
}

/// The price at which `quantity` is worth `value`. Zero where that has no answer.
pub(super) fn average_price(instrument: &Instrument, quantity: Quantity, value: Decimal) -> Result<Decimal> {
    let units = quantity.to_decimal().checked_mul(instrument.multiplier).ok_or_else(overflow)?;
    let price = if is_inverse(instrument) { units.checked_div(value) } else { value.checked_div(units) };
    Ok(price.unwrap_or(Decimal::ZERO).normalize())
}

/// Fees: those in the settlement asset, and any others.
#[derive(Clone, Debug, Default)]
pub(super) struct Fees {
    pub(super) settled: Decimal,
    pub(super) other: Vec<Money>,
}

impl Fees {
    pub(super) fn add(&mut self, fees: Self) -> Result<()> {
        self.settled = add(self.settled, fees.settled)?;
        for fee in fees.other {
            match self.other.iter_mut().find(|known| known.asset == fee.asset) {
                Some(known) => *known = known.checked_add(fee)?,
                None => self.other.push(fee),
            }
        }
        Ok(())
    }

    /// Takes the part that `part` is of `whole` out.
    pub(super) fn split_off(&mut self, part: Quantity, whole: Quantity) -> Result<Self> {
        let settled = share(self.settled, part, whole)?;
        self.settled = sub(self.settled, settled)?;
        let mut other = Vec::with_capacity(self.other.len());
        for fee in &mut self.other {
            let taken = Money::new(share(fee.amount, part, whole)?, fee.asset);
            *fee = fee.checked_sub(taken)?;
            other.push(taken);
        }
        Ok(Self { settled, other })
    }
}

/// What of a fill has not been put to a trade yet.
pub(super) struct Part<'a> {
    fill: &'a Fill,
    instrument: &'a Instrument,
    pub(super) quantity: Quantity,
    fee: Decimal,
}

/// A piece of a fill that belongs to one trade.
pub(super) struct Piece {
    pub(super) quantity: Quantity,
    pub(super) value: Decimal,
    pub(super) fees: Fees,
}

impl<'a> Part<'a> {
    pub(super) fn new(fill: &'a Fill, instrument: &'a Instrument) -> Self {
        Self { fill, instrument, quantity: fill.quantity, fee: fill.fee.amount }
    }

    pub(super) fn is_left(&self) -> bool {
        self.quantity.is_positive()
    }

    pub(super) const fn side(&self) -> Side {
        self.fill.side
    }

    pub(super) const fn time(&self) -> Timestamp {
        self.fill.ts_event
    }

    pub(super) const fn fill(&self) -> &'a Fill {
        self.fill
    }

    /// Takes up to `quantity` out; the last piece takes what is left of the fee, so that the pieces add up.
    pub(super) fn take(&mut self, quantity: Quantity) -> Result<Piece> {
        let quantity = quantity.min(self.quantity);
        let fee = share(self.fee, quantity, self.quantity)?;
        self.quantity = self.quantity.checked_sub(quantity)?;
        self.fee = sub(self.fee, fee)?;
        let value = self.instrument.notional(self.fill.price, quantity)?;
        Ok(Piece { quantity, value, fees: self.fees_of(fee)? })
    }

    /// A fee of this fill in the settlement asset where its own price says how much that is.
    fn fees_of(&self, amount: Decimal) -> Result<Fees> {
        let (instrument, asset) = (self.instrument, self.fill.fee.asset);
        let price = self.fill.price.to_decimal();
        let settled = if asset == instrument.settlement || amount.is_zero() {
            Some(amount)
        } else if asset == instrument.base && instrument.settlement == instrument.quote {
            Some(amount.checked_mul(price).ok_or_else(overflow)?)
        } else if asset == instrument.quote && instrument.settlement == instrument.base {
            amount.checked_div(price)
        } else {
            None
        };
        Ok(match settled {
            Some(settled) => Fees { settled, other: Vec::new() },
            None => Fees { settled: Decimal::ZERO, other: vec![Money::new(amount, asset)] },
        })
    }
}
