//! Instruments: what can be traded, and by which rules.

mod kind;

pub use kind::{ExpirySettlement, InstrumentKind, OptionRight, OptionStyle, PoolKind};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    error::InstrumentError,
    id::{Asset, InstrumentId, VenueId},
    number::{Price, Quantity, Rounding, notional},
    time::Timestamp,
};

/// The fees of an instrument as fractions of the notional: 0.001 is ten basis points. Negative is a rebate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRates {
    /// For orders that add liquidity.
    pub maker: Decimal,
    /// For orders that take liquidity.
    pub taker: Decimal,
}

/// The margin of an instrument as fractions of the notional. One means that the whole notional is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginRates {
    /// To open a position.
    pub initial: Decimal,
    /// To keep it.
    pub maintenance: Decimal,
}

impl Default for MarginRates {
    fn default() -> Self {
        Self { initial: Decimal::ONE, maintenance: Decimal::ONE }
    }
}

/// What can be ordered: bounds that a venue sets. `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLimits {
    /// The smallest quantity of an order.
    pub min_quantity: Option<Quantity>,
    /// The largest quantity of an order.
    pub max_quantity: Option<Quantity>,
    /// The smallest price times quantity times multiplier, in the quote asset.
    pub min_notional: Option<Decimal>,
    /// The largest price times quantity times multiplier, in the quote asset.
    pub max_notional: Option<Decimal>,
    /// The lowest price of an order.
    pub min_price: Option<Price>,
    /// The highest price of an order.
    pub max_price: Option<Price>,
}

/// One instrument at one venue: what it is and the rules by which it trades.
///
/// ```
/// use algoflow_core::instrument::Instrument;
/// let spy = Instrument::equity("SPY.NYSE", "USD")?;
/// assert_eq!(spy.price_increment.to_string(), "0.01");
/// # Ok::<(), algoflow_core::error::InstrumentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// Symbol and venue.
    pub id: InstrumentId,
    /// What it is.
    pub kind: InstrumentKind,
    /// What is bought and sold.
    pub base: Asset,
    /// What the price is counted in.
    pub quote: Asset,
    /// What profit, loss and margin are paid in; for instruments that are paid in full, the quote.
    pub settlement: Asset,
    /// The step of prices.
    pub price_increment: Price,
    /// The step of quantities.
    pub quantity_increment: Quantity,
    /// Bounds on orders.
    pub limits: OrderLimits,
    /// Units of the base per unit of quantity: 50 for an E-mini S&P future, 100 for a share option.
    pub multiplier: Decimal,
    /// Margin, as fractions of the notional.
    pub margin: MarginRates,
    /// The venue's fees, unless a fee model says otherwise.
    pub fees: FeeRates,
    /// The name of the trading calendar, for those who look it up. Nothing here opens or closes a market by it: halts and
    /// closes come as [`InstrumentStatus`](crate::market::InstrumentStatus).
    pub calendar: Option<String>,
    /// From when this specification holds.
    pub valid_from: Option<Timestamp>,
}

impl Instrument {
    /// An instrument of `kind` with base and quote; increments 0.01 and 1, no limits, no fees.
    #[must_use]
    pub fn new(id: InstrumentId, kind: InstrumentKind, base: Asset, quote: Asset) -> Self {
        let cent = crate::number::Scale::new(2).map_or(Price::ONE, |scale| Price::new(1, scale));
        Self {
            id,
            kind,
            base,
            quote,
            settlement: quote,
            price_increment: cent,
            quantity_increment: Quantity::ONE,
            limits: OrderLimits::default(),
            multiplier: Decimal::ONE,
            margin: MarginRates::default(),
            fees: FeeRates::default(),
            calendar: None,
            valid_from: None,
        }
    }

    /// A share or fund, priced in `quote` with a tick of 0.01, traded in whole shares. The base asset is named
    /// after the symbol.
    ///
    /// # Errors
    /// [`InstrumentError`] if a name is not valid.
    pub fn equity(id: &str, quote: &str) -> Result<Self, InstrumentError> {
        let id: InstrumentId = id.parse()?;
        Ok(Self::new(id, InstrumentKind::Equity, Asset::new(id.symbol())?, Asset::new(quote)?))
    }

    /// A spot pair whose symbol is written `BASE-QUOTE` or `BASE/QUOTE`, with a tick of 0.01 and a step of 0.00000001.
    ///
    /// # Errors
    /// [`InstrumentError`] if the symbol does not name two assets.
    pub fn spot(id: &str) -> Result<Self, InstrumentError> {
        let (id, base, quote) = pair(id)?;
        let mut instrument = Self::new(id, InstrumentKind::Spot, base, quote);
        instrument.quantity_increment =
            crate::number::Scale::new(8).map_or(Quantity::ONE, |scale| Quantity::new(1, scale));
        Ok(instrument)
    }

    /// A currency pair whose symbol is written `EUR-USD` or `EUR/USD`, with a tick of 0.00001.
    ///
    /// # Errors
    /// [`InstrumentError`] if the symbol does not name two assets.
    pub fn fx(id: &str) -> Result<Self, InstrumentError> {
        let (id, base, quote) = pair(id)?;
        let mut instrument = Self::new(id, InstrumentKind::FxPair, base, quote);
        instrument.price_increment =
            crate::number::Scale::new(5).map_or(Price::ONE, |scale| Price::new(1, scale));
        Ok(instrument)
    }

    /// A linear perpetual future on `BASE-QUOTE`, settled in the quote asset.
    ///
    /// # Errors
    /// [`InstrumentError`] if the symbol does not name two assets.
    pub fn perpetual(id: &str) -> Result<Self, InstrumentError> {
        let (id, base, quote) = pair(id)?;
        let kind = InstrumentKind::Perpetual { inverse: false, funding_interval: None };
        let mut instrument = Self::new(id, kind, base, quote);
        instrument.quantity_increment =
            crate::number::Scale::new(3).map_or(Quantity::ONE, |scale| Quantity::new(1, scale));
        Ok(instrument)
    }

    /// With another price step.
    #[must_use]
    pub fn with_price_increment(mut self, increment: Price) -> Self {
        self.price_increment = increment;
        self
    }

    /// With another quantity step.
    #[must_use]
    pub fn with_quantity_increment(mut self, increment: Quantity) -> Self {
        self.quantity_increment = increment;
        self
    }

    /// With other fee rates, as fractions of the notional.
    #[must_use]
    pub fn with_fees(mut self, maker: Decimal, taker: Decimal) -> Self {
        self.fees = FeeRates { maker, taker };
        self
    }

    /// With another multiplier.
    #[must_use]
    pub fn with_multiplier(mut self, multiplier: Decimal) -> Self {
        self.multiplier = multiplier;
        self
    }

    /// With other margin rates, as fractions of the notional.
    #[must_use]
    pub fn with_margin(mut self, initial: Decimal, maintenance: Decimal) -> Self {
        self.margin = MarginRates { initial, maintenance };
        self
    }

    /// With bounds on orders.
    #[must_use]
    pub fn with_limits(mut self, limits: OrderLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The venue where it trades.
    #[must_use]
    pub fn venue(&self) -> VenueId {
        self.id.venue()
    }

    /// Whether a trade exchanges the base for the quote at once (shares, spot, currencies, option premiums), as
    /// opposed to a contract whose gains and losses alone are paid (futures, perpetuals).
    #[must_use]
    pub const fn is_paid_in_full(&self) -> bool {
        !matches!(self.kind, InstrumentKind::Future { .. } | InstrumentKind::Perpetual { .. })
    }

    /// Whether it is an inverse contract: counted in the quote, worth quantity by price in the settlement asset.
    #[must_use]
    #[inline]
    pub const fn is_inverse(&self) -> bool {
        matches!(self.kind, InstrumentKind::Perpetual { inverse: true, .. })
    }

    /// Whether what it is worth is just price times quantity: its multiplier is one, and it is no inverse contract. False may also
    /// mean that the multiplier is written otherwise, such as 1.0.
    #[must_use]
    #[inline]
    pub const fn is_counted_in_units(&self) -> bool {
        // Other ways to write a multiplier of one only cost the multiplication.
        self.multiplier.mantissa() == 1 && self.multiplier.scale() == 0 && !self.is_inverse()
    }

    /// Checks that the specification makes sense.
    ///
    /// # Errors
    /// [`InstrumentError::Invalid`] naming the field: increments and multiplier must be above zero, a price
    /// band in order, the margin rates not negative.
    pub fn validate(&self) -> Result<(), InstrumentError> {
        let invalid = |field, reason| Err(InstrumentError::Invalid { instrument: self.id, field, reason });
        if !self.price_increment.is_positive() {
            return invalid("price_increment", "must be above zero");
        }
        if !self.quantity_increment.is_positive() {
            return invalid("quantity_increment", "must be above zero");
        }
        if self.multiplier <= Decimal::ZERO {
            return invalid("multiplier", "must be above zero");
        }
        if self.margin.initial < Decimal::ZERO || self.margin.maintenance < Decimal::ZERO {
            return invalid("margin", "must not be negative");
        }
        if self.margin.maintenance > self.margin.initial {
            return invalid("margin", "maintenance must not exceed initial");
        }
        if matches!((self.limits.min_price, self.limits.max_price), (Some(low), Some(high)) if low > high) {
            return invalid("limits", "min_price is above max_price");
        }
        if matches!((self.limits.min_quantity, self.limits.max_quantity), (Some(low), Some(high)) if low > high)
        {
            return invalid("limits", "min_quantity is above max_quantity");
        }
        if self.base == self.quote {
            return invalid("base", "must differ from the quote");
        }
        if matches!(self.kind, InstrumentKind::Perpetual { inverse: true, .. })
            && self.settlement == self.quote
        {
            return invalid("settlement", "an inverse contract settles in its base asset");
        }
        Ok(())
    }

    /// The price nearest to `value` that the venue takes.
    ///
    /// # Errors
    /// [`crate::error::NumberError`] for NaN, infinities and prices that do not fit.
    pub fn price(&self, value: f64) -> Result<Price, crate::error::NumberError> {
        self.round_price(
            Price::from_f64(value, self.fine_scale(self.price_increment.scale()))?,
            Rounding::HalfEven,
        )
    }

    /// The largest quantity not above `value` (in magnitude) that the venue takes.
    ///
    /// # Errors
    /// [`crate::error::NumberError`] for NaN, infinities and quantities that do not fit.
    pub fn quantity(&self, value: f64) -> Result<Quantity, crate::error::NumberError> {
        let fine = Quantity::from_f64(value, self.fine_scale(self.quantity_increment.scale()))?;
        fine.round_to(self.quantity_increment, Rounding::Truncate)
    }

    /// A price rounded to the price step.
    ///
    /// # Errors
    /// [`crate::error::NumberError`] if the result does not fit.
    pub fn round_price(&self, price: Price, rounding: Rounding) -> Result<Price, crate::error::NumberError> {
        price.round_to(self.price_increment, rounding)
    }

    /// What `quantity` is worth at `price`, in the quote asset; for an inverse contract in the settlement asset.
    /// Signed like the quantity.
    ///
    /// # Errors
    /// [`crate::error::NumberError`] on overflow, or for an inverse contract at a price of zero.
    #[inline]
    pub fn notional(&self, price: Price, quantity: Quantity) -> Result<Decimal, crate::error::NumberError> {
        if let InstrumentKind::Perpetual { inverse: true, .. } = self.kind {
            let overflow = crate::error::NumberError::Overflow { operation: "inverse notional" };
            let contracts = quantity.to_decimal().checked_mul(self.multiplier);
            return contracts.and_then(|c| c.checked_div(price.to_decimal())).ok_or(overflow);
        }
        notional(price, quantity, self.multiplier)
    }

    /// How many units of the base `amount` of the quote pays for at `price`, rounded down to the quantity step:
    /// `amount / (price * multiplier)`, or `amount / multiplier` for an inverse contract, which is worth a fixed amount of
    /// the quote. Zero where the price is not above zero.
    ///
    /// # Errors
    /// [`crate::error::NumberError`] if a number does not fit.
    pub fn base_for(&self, amount: Quantity, price: Price) -> Result<Quantity, crate::error::NumberError> {
        let overflow =
            || crate::error::NumberError::Overflow { operation: "a quantity in units of the base" };
        let unit = match self.kind {
            InstrumentKind::Perpetual { inverse: true, .. } => self.multiplier,
            _ => price.to_decimal().checked_mul(self.multiplier).ok_or_else(overflow)?,
        };
        if unit <= Decimal::ZERO {
            return Ok(Quantity::ZERO);
        }
        let step = self.quantity_increment;
        let exact = amount.to_decimal().checked_div(unit).ok_or_else(overflow)?;
        let quantity = Quantity::from_decimal_rounded(exact, step.scale(), Rounding::Floor)?
            .round_to(step, Rounding::Floor)?;
        // The quotient may have been rounded up at its last digit.
        let cost = quantity.to_decimal().checked_mul(unit).ok_or_else(overflow)?;
        if cost > amount.to_decimal() { quantity.checked_sub(step) } else { Ok(quantity) }
    }

    /// Four more places than `scale`, so that rounding to a step sees more than the step.
    fn fine_scale(&self, scale: crate::number::Scale) -> crate::number::Scale {
        let places = scale.places().saturating_add(4).min(12).max(scale.places());
        crate::number::Scale::new(places).unwrap_or(scale)
    }
}

fn pair(id: &str) -> Result<(InstrumentId, Asset, Asset), InstrumentError> {
    let id: InstrumentId = id.parse()?;
    let (base, quote) = id
        .symbol()
        .split_once(['-', '/'])
        .ok_or_else(|| InstrumentError::NotAPair { symbol: id.symbol().to_owned() })?;
    Ok((id, Asset::new(base)?, Asset::new(quote)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_name_their_assets() {
        let sol = Instrument::spot("SOL-USDC.ORCA").unwrap();
        assert_eq!((sol.base.as_str(), sol.quote.as_str(), sol.venue().as_str()), ("SOL", "USDC", "ORCA"));
        assert!(matches!(Instrument::spot("SOL.ORCA"), Err(InstrumentError::NotAPair { .. })));
        assert!(Instrument::fx("EUR/USD.SIM").unwrap().validate().is_ok());
    }

    #[test]
    fn floats_become_prices_and_quantities_the_venue_takes() {
        let spy = Instrument::equity("SPY.NYSE", "USD").unwrap();
        assert_eq!(spy.price(101.23456).unwrap().to_string(), "101.23");
        assert_eq!(spy.quantity(9.99).unwrap().to_string(), "9");
        assert_eq!(spy.quantity(-9.99).unwrap().to_string(), "-9", "towards zero, so never more than asked");
        assert!(spy.price(f64::INFINITY).is_err());
    }

    #[test]
    fn nonsense_is_refused_by_field() {
        let spy = Instrument::equity("SPY.NYSE", "USD").unwrap();
        let bad = spy.clone().with_multiplier(Decimal::ZERO);
        assert!(matches!(bad.validate(), Err(InstrumentError::Invalid { field: "multiplier", .. })));
        let bad = spy.clone().with_price_increment(Price::ZERO);
        assert!(matches!(bad.validate(), Err(InstrumentError::Invalid { field: "price_increment", .. })));
        let bad = spy.with_margin(Decimal::ONE, Decimal::TWO);
        assert!(matches!(bad.validate(), Err(InstrumentError::Invalid { field: "margin", .. })));
    }

    #[test]
    fn amounts_of_the_quote_pay_for_whole_steps() {
        let sol = Instrument::spot("SOL-USDC.X").unwrap().with_quantity_increment("0.01".parse().unwrap());
        let base = |amount: &str, price: &str| {
            sol.base_for(amount.parse().unwrap(), price.parse().unwrap()).unwrap().to_string()
        };
        assert_eq!(base("100", "30"), "3.33");
        assert_eq!(base("90", "30"), "3.00");
        assert_eq!(base("0.29", "30"), "0.00");
        assert_eq!(base("10", "-1"), "0");
        let option = Instrument::equity("SPY.NYSE", "USD").unwrap().with_multiplier(Decimal::from(100));
        let contracts = option.base_for(Quantity::from_int(900), Price::from_int(4)).unwrap();
        assert_eq!(contracts, Quantity::from_int(2), "one costs 400");
        let mut perp = Instrument::perpetual("BTC-USD.X").unwrap().with_multiplier(Decimal::from(100));
        perp.kind = InstrumentKind::Perpetual { inverse: true, funding_interval: None };
        let contracts = perp.base_for(Quantity::from_int(1000), Price::from_int(50_000)).unwrap();
        assert_eq!(contracts, Quantity::from_int(10));
    }

    #[test]
    fn inverse_contracts_are_worth_the_settlement_asset() {
        let mut perp = Instrument::perpetual("BTC-USD.X").unwrap();
        perp.kind = InstrumentKind::Perpetual { inverse: true, funding_interval: None };
        assert!(perp.validate().is_err());
        perp.settlement = perp.base;
        assert!(perp.validate().is_ok());
        let value = perp.notional(Price::from_int(50_000), Quantity::from_int(100)).unwrap();
        assert_eq!(value.to_string(), "0.002");
    }
}
