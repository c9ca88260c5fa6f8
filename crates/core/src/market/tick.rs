use serde::{Deserialize, Serialize};

use crate::{
    error::MarketDataError,
    id::InstrumentId,
    number::{Price, Quantity},
    order::Side,
    time::Timestamp,
};

/// A trade that happened at the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// What was traded.
    pub instrument: InstrumentId,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// At which price.
    pub price: Price,
    /// How much, in units of the base.
    pub quantity: Quantity,
    /// The side of the taker, where it is known.
    pub aggressor: Option<Side>,
}

impl Trade {
    /// Checks that the trade makes sense.
    ///
    /// # Errors
    /// [`MarketDataError`] if the quantity is not above zero.
    pub fn validate(&self) -> Result<(), MarketDataError> {
        if self.quantity.is_positive() {
            Ok(())
        } else {
            Err(MarketDataError::NegativeQuantity { quantity: self.quantity })
        }
    }
}

/// The best bid and ask with their sizes. A side with size zero is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What is quoted.
    pub instrument: InstrumentId,
    /// When it was quoted.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// The highest price that somebody pays.
    pub bid: Price,
    /// How much they buy.
    pub bid_size: Quantity,
    /// The lowest price at which somebody sells.
    pub ask: Price,
    /// How much they sell.
    pub ask_size: Quantity,
}

impl Quote {
    /// The middle between bid and ask, as a double.
    #[must_use]
    pub fn mid(&self) -> f64 {
        (self.bid.to_f64() + self.ask.to_f64()) / 2.0
    }

    /// Checks that the quote makes sense.
    ///
    /// # Errors
    /// [`MarketDataError`] for a negative size, or a bid above the ask where both sides have size.
    pub fn validate(&self) -> Result<(), MarketDataError> {
        for size in [self.bid_size, self.ask_size] {
            if size.is_negative() {
                return Err(MarketDataError::NegativeQuantity { quantity: size });
            }
        }
        if self.bid_size.is_positive() && self.ask_size.is_positive() && self.bid > self.ask {
            return Err(MarketDataError::Crossed { bid: self.bid, ask: self.ask });
        }
        Ok(())
    }
}
