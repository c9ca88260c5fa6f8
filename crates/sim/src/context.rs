use algoflow_core::{
    error::NumberError,
    instrument::Instrument,
    number::{Price, Quantity},
    order::{Liquidity, Side},
    time::Timestamp,
};
use rust_decimal::Decimal;

/// A fill that is about to happen, as a slippage or fee model sees it.
#[derive(Clone, Copy, Debug)]
pub struct FillContext<'a> {
    /// What is traded.
    pub instrument: &'a Instrument,
    /// Bought or sold.
    pub side: Side,
    /// The price: before slippage for a slippage model, after it for a fee model.
    pub price: Price,
    /// How much fills, in units of the base.
    pub quantity: Quantity,
    /// Whether the fill adds or takes liquidity.
    pub liquidity: Liquidity,
    /// The volume of the bar, the quantity of the trade or the displayed size against which it fills, if known.
    pub volume: Option<Quantity>,
    /// When it happens.
    pub ts: Timestamp,
}

impl FillContext<'_> {
    /// What the fill is worth in the quote (for an inverse contract in the settlement asset), without sign.
    ///
    /// # Errors
    /// [`NumberError`] if it does not fit.
    pub fn notional(&self) -> Result<Decimal, NumberError> {
        Ok(self.instrument.notional(self.price, self.quantity)?.abs())
    }

    /// The quantity as a part of the volume; `None` if the volume is not known.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        self.volume.filter(|volume| volume.is_positive()).map(|v| self.quantity.to_f64() / v.to_f64())
    }
}
