//! The limits themselves: plain data.

use algoflow_core::{Decimal, id::InstrumentId, number::Quantity, time::TimeDelta};
use serde::{Deserialize, Serialize};

use super::RiskError;

/// The most orders that [`OrderRate`] counts: so many times are kept.
pub const MAX_ORDER_RATE: u32 = 10_000;

/// The most instruments that a list of [`RiskLimits`] names.
pub const MAX_LISTED: usize = 10_000;

const DAY: TimeDelta = TimeDelta::days(1);

/// What may be risked, by the account as a whole or by one strategy. What is not said is not limited.
///
/// Amounts are in the reporting asset. Of a strategy its own orders, positions and profit count; what is measured against
/// the equity is measured against that of all accounts.
///
/// ```
/// use algoflow_core::{Decimal, number::Quantity, time::TimeDelta};
/// use algoflow_execution::risk::{LossLimit, RiskLimits};
///
/// let limits = RiskLimits::new()
///     .max_order_notional(Decimal::from(25_000))
///     .max_position_quantity(Quantity::from_int(500))
///     .max_leverage(Decimal::TWO)
///     .max_daily_loss(LossLimit::amount(Decimal::from(1_000)).resume_next_day())
///     .max_drawdown(LossLimit::share("0.1".parse()?).halt().flatten());
/// limits.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RiskLimits {
    /// The largest order, in units of the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_order_quantity: Option<Quantity>,
    /// The most that an order may be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_order_notional: Option<Decimal>,
    /// How far the prices of an order may be from the market, in basis points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_collar_bps: Option<u32>,
    /// How many orders and changes may be sent in a length of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_order_rate: Option<OrderRate>,
    /// The most orders that work at a time, or wait for a trigger that the engine watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_open_orders: Option<u32>,
    /// Only these may be traded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<InstrumentId>>,
    /// These may not be traded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<InstrumentId>,
    /// The largest position in an instrument, long or short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_position_quantity: Option<Quantity>,
    /// The most that the position in an instrument may be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_position_notional: Option<Decimal>,
    /// The most that all positions may be worth, without their signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_exposure: Option<Decimal>,
    /// What all positions may be worth without their signs, as a multiple of the equity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_leverage: Option<Decimal>,
    /// What the position in one instrument may be worth, as a part of the equity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_instrument_share: Option<Decimal>,
    /// What the positions in all instruments of one base may be worth without their signs, as a part of the equity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_asset_share: Option<Decimal>,
    /// What may be lost since the day began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_loss: Option<LossLimit>,
    /// What may be lost since the best there ever was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_drawdown: Option<LossLimit>,
    /// A pause after losses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_down: Option<CoolDown>,
    /// When the day of the daily loss begins, as a time after midnight UTC.
    pub session_start: TimeDelta,
}

/// How many orders and changes may be sent in a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRate {
    /// How many: 1 to [`MAX_ORDER_RATE`].
    pub orders: u32,
    /// In how long.
    pub per: TimeDelta,
}

/// What a broken loss limit makes of trading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachAction {
    /// Only what makes a position smaller is let through.
    #[default]
    ReduceOnly,
    /// Nothing new is let through.
    Halt,
}

/// What may be lost, and what follows if it is. An amount, a part of the equity, or whichever is reached first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LossLimit {
    /// An amount of the reporting asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// A part of the equity of all accounts as it was when what the loss is measured from was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Decimal>,
    /// What follows.
    pub action: BreachAction,
    /// Positions are closed as well.
    pub flatten: bool,
    /// Trading goes on by itself when the next day begins. Only for the daily loss.
    pub resume_next_day: bool,
}

impl LossLimit {
    /// A limit of an amount of the reporting asset.
    #[must_use]
    pub fn amount(amount: Decimal) -> Self {
        Self { amount: Some(amount), ..Self::default() }
    }

    /// A limit of a part of the equity.
    #[must_use]
    pub fn share(share: Decimal) -> Self {
        Self { share: Some(share), ..Self::default() }
    }

    /// Nothing new is let through after it; else what makes positions smaller is.
    #[must_use]
    pub const fn halt(mut self) -> Self {
        self.action = BreachAction::Halt;
        self
    }

    /// Positions are closed.
    #[must_use]
    pub const fn flatten(mut self) -> Self {
        self.flatten = true;
        self
    }

    /// Trading goes on when the next day begins.
    #[must_use]
    pub const fn resume_next_day(mut self) -> Self {
        self.resume_next_day = true;
        self
    }
}

/// A pause after losses: no new risk for a while. Losing trades count that follow one another without a winning one between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoolDown {
    /// After so many losing trades in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub losses: Option<u32>,
    /// Or after so much lost in a row, in the reporting asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Decimal>,
    /// How long.
    pub pause: TimeDelta,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, value: $type) -> Self {
            self.$name = Some(value);
            self
        }
    )*};
}

impl RiskLimits {
    /// No limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// With a largest order, in units of the base.
        max_order_quantity: Quantity;
        /// With a most that an order may be worth.
        max_order_notional: Decimal;
        /// With a bound on how far prices of orders may be from the market, in basis points.
        price_collar_bps: u32;
        /// With a most that may be sent in a length of time.
        max_order_rate: OrderRate;
        /// With a most that may work at a time.
        max_open_orders: u32;
        /// With only these instruments.
        allow: Vec<InstrumentId>;
        /// With a largest position in an instrument.
        max_position_quantity: Quantity;
        /// With a most that the position in an instrument may be worth.
        max_position_notional: Decimal;
        /// With a most that all positions may be worth.
        max_exposure: Decimal;
        /// With a largest multiple of the equity that all positions may be worth.
        max_leverage: Decimal;
        /// With a largest part of the equity in one instrument.
        max_instrument_share: Decimal;
        /// With a largest part of the equity in one base.
        max_asset_share: Decimal;
        /// With a limit on what is lost in a day.
        max_daily_loss: LossLimit;
        /// With a limit on what is lost since the best there ever was.
        max_drawdown: LossLimit;
        /// With a pause after losses.
        cool_down: CoolDown;
    }

    /// Without these instruments.
    #[must_use]
    pub fn deny(mut self, instruments: Vec<InstrumentId>) -> Self {
        self.deny = instruments;
        self
    }

    /// With days that begin at this time after midnight UTC.
    #[must_use]
    pub const fn session_start(mut self, after_midnight: TimeDelta) -> Self {
        self.session_start = after_midnight;
        self
    }

    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let session_start = self.session_start;
        *self == Self { session_start, ..Self::default() }
    }

    /// Whether losses are limited.
    pub(crate) const fn watches_losses(&self) -> bool {
        self.max_daily_loss.is_some() || self.max_drawdown.is_some()
    }

    /// Checks that the limits make sense.
    ///
    /// # Errors
    /// [`RiskError::Limit`] naming the one that does not.
    pub fn validate(&self) -> Result<(), RiskError> {
        for (name, quantity) in [
            ("max_order_quantity", self.max_order_quantity),
            ("max_position_quantity", self.max_position_quantity),
        ] {
            if let Some(quantity) = quantity.filter(|quantity| !quantity.is_positive()) {
                return wrong(name, quantity, "must be above zero");
            }
        }
        for (name, amount) in [
            ("max_order_notional", self.max_order_notional),
            ("max_position_notional", self.max_position_notional),
            ("max_exposure", self.max_exposure),
            ("max_leverage", self.max_leverage),
            ("max_instrument_share", self.max_instrument_share),
            ("max_asset_share", self.max_asset_share),
        ] {
            above_zero(name, amount)?;
        }
        if self.price_collar_bps == Some(0) {
            return wrong("price_collar_bps", 0, "must be above zero");
        }
        if self.max_open_orders == Some(0) {
            return wrong("max_open_orders", 0, "must be above zero; to send none, halt");
        }
        self.validate_lists()?;
        if let Some(OrderRate { orders, per }) = self.max_order_rate {
            if !(1..=MAX_ORDER_RATE).contains(&orders) {
                return wrong("max_order_rate.orders", orders, "must be 1 to 10000");
            }
            if per <= TimeDelta::ZERO {
                return wrong("max_order_rate.per", per, "must be above zero");
            }
        }
        for (name, limit) in [("max_daily_loss", self.max_daily_loss), ("max_drawdown", self.max_drawdown)] {
            validate_loss(name, limit)?;
        }
        if self.max_drawdown.is_some_and(|limit| limit.resume_next_day) {
            return wrong("max_drawdown.resume_next_day", true, "is for the daily loss only");
        }
        if let Some(CoolDown { losses, loss, pause }) = self.cool_down {
            above_zero("cool_down.loss", loss)?;
            if losses == Some(0) || (losses.is_none() && loss.is_none()) {
                return wrong("cool_down.losses", losses.unwrap_or(0), "must be above zero, or a loss given");
            }
            if pause <= TimeDelta::ZERO {
                return wrong("cool_down.pause", pause, "must be above zero");
            }
        }
        if self.session_start < TimeDelta::ZERO || self.session_start >= DAY {
            return wrong("session_start", self.session_start, "must be less than a day after midnight");
        }
        Ok(())
    }

    fn validate_lists(&self) -> Result<(), RiskError> {
        let allow = self.allow.as_deref();
        if allow.is_some_and(<[_]>::is_empty) {
            return wrong("allow", "[]", "must name an instrument; to trade none, halt");
        }
        for (name, list) in [("allow", allow.unwrap_or_default()), ("deny", self.deny.as_slice())] {
            if list.len() > MAX_LISTED {
                return wrong(name, list.len(), "instruments are too many; at most 10000");
            }
        }
        Ok(())
    }
}

fn validate_loss(name: &'static str, limit: Option<LossLimit>) -> Result<(), RiskError> {
    let Some(limit) = limit else { return Ok(()) };
    above_zero(name, limit.amount)?;
    above_zero(name, limit.share)?;
    if limit.share.is_some_and(|share| share > Decimal::ONE) {
        return wrong(name, limit.share.unwrap_or_default(), "must be a share of at most 1");
    }
    if limit.amount.is_none() && limit.share.is_none() {
        return wrong(name, "without a bound", "limits nothing: give an amount or a share");
    }
    Ok(())
}

fn above_zero(name: &'static str, value: Option<Decimal>) -> Result<(), RiskError> {
    match value.filter(|value| *value <= Decimal::ZERO) {
        Some(value) => wrong(name, value, "must be above zero"),
        None => Ok(()),
    }
}

fn wrong(name: &'static str, value: impl std::fmt::Display, reason: &'static str) -> Result<(), RiskError> {
    Err(RiskError::Limit { name, value: value.to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(limits: RiskLimits) -> String {
        limits.validate().unwrap_err().to_string()
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        let none = RiskLimits::new();
        assert!(none.is_empty() && none.validate().is_ok());
        assert!(none.clone().session_start(TimeDelta::hours(5)).is_empty());
        assert_eq!(
            refused(none.clone().max_order_quantity(Quantity::ZERO)),
            "the limit max_order_quantity is 0, which must be above zero"
        );
        let rate = |orders, per| OrderRate { orders, per: TimeDelta::from_nanos(per) };
        let loss = LossLimit::amount(Decimal::ONE);
        let pause = |losses, loss, pause| CoolDown { losses, loss, pause: TimeDelta::seconds(pause) };
        for limits in [
            none.clone().max_leverage(Decimal::NEGATIVE_ONE),
            none.clone().price_collar_bps(0),
            none.clone().max_open_orders(0),
            none.clone().allow(Vec::new()),
            none.clone().max_order_rate(rate(0, 1)),
            none.clone().max_order_rate(rate(MAX_ORDER_RATE + 1, 1)),
            none.clone().max_order_rate(rate(1, 0)),
            none.clone().max_daily_loss(LossLimit::default()),
            none.clone().max_daily_loss(LossLimit::share(Decimal::TWO)),
            none.clone().max_daily_loss(LossLimit::amount(Decimal::ZERO)),
            none.clone().max_drawdown(loss.resume_next_day()),
            none.clone().cool_down(pause(None, None, 1)),
            none.clone().cool_down(pause(Some(0), None, 1)),
            none.clone().cool_down(pause(Some(2), None, 0)),
            none.clone().session_start(DAY),
        ] {
            assert_eq!(limits.validate().unwrap_err().code(), "RISK_LIMIT_INVALID", "{limits:?}");
        }
        let right = none.max_daily_loss(loss.resume_next_day()).max_order_rate(rate(MAX_ORDER_RATE, 1));
        assert!(right.cool_down(pause(Some(1), None, 1)).validate().is_ok());
    }

    #[test]
    fn limits_are_read_as_they_are_written() {
        let limits = RiskLimits::new()
            .max_order_notional(Decimal::new(250_005, 1))
            .deny(vec!["SPY.NYSE".parse().unwrap()])
            .max_daily_loss(LossLimit::amount(Decimal::from(1_000)).halt().flatten())
            .cool_down(CoolDown { losses: Some(3), loss: None, pause: TimeDelta::minutes(5) });
        let text = serde_json::to_string(&limits).unwrap();
        assert_eq!(serde_json::from_str::<RiskLimits>(&text).unwrap(), limits);
        assert!(serde_json::from_str::<RiskLimits>(r#"{"max_order_notionel":"5"}"#).is_err());
        assert_eq!(serde_json::from_str::<RiskLimits>("{}").unwrap(), RiskLimits::new());
    }
}
