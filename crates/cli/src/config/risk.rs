//! Risk limits as they are written in a file.

use algoflow_core::{Decimal, id::InstrumentId, number::Quantity, time::TimeDelta};
use algoflow_execution::risk::{BreachAction, CoolDown, LossLimit, OrderRate, RiskLimits};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{schema, value};

/// What may be risked. What is not given is not limited. Amounts are in the asset in which results are counted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RiskConfig {
    /// The largest order.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_order_quantity: Option<Quantity>,
    /// The most that an order may be worth.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_order_notional: Option<Decimal>,
    /// How far the prices of an order may be from the market, in basis points.
    pub price_collar_bps: Option<u32>,
    /// How many orders and changes may be sent in a length of time: `{ orders = 10, per = "1s" }`.
    pub max_order_rate: Option<RateConfig>,
    /// The most orders that work at a time.
    pub max_open_orders: Option<u32>,
    /// Only these may be traded: `["SPY.NYSE"]`.
    #[schemars(with = "Option<Vec<String>>")]
    pub allow: Option<Vec<InstrumentId>>,
    /// These may not be traded.
    #[schemars(with = "Vec<String>")]
    pub deny: Vec<InstrumentId>,
    /// The largest position in an instrument, long or short.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_position_quantity: Option<Quantity>,
    /// The most that the position in an instrument may be worth.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_position_notional: Option<Decimal>,
    /// The most that all positions may be worth, without their signs.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_exposure: Option<Decimal>,
    /// What all positions may be worth, as a multiple of the equity.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_leverage: Option<Decimal>,
    /// What the position in one instrument may be worth, as a part of the equity: 0.2 is a fifth.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_instrument_share: Option<Decimal>,
    /// What the positions in all instruments of one base may be worth, as a part of the equity.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_asset_share: Option<Decimal>,
    /// What may be lost in a day: `{ share = 0.02, action = "halt", flatten = true, resume_next_day = true }`.
    pub max_daily_loss: Option<LossConfig>,
    /// What may be lost since the best there ever was: `{ share = 0.1 }`.
    pub max_drawdown: Option<LossConfig>,
    /// A pause after losing trades in a row: `{ losses = 3, pause = "4h" }`.
    pub cool_down: Option<CoolDownConfig>,
    /// When the day of the daily loss begins, as a time after midnight UTC: `"13h30m"`. Midnight if not given.
    #[schemars(with = "Option<String>")]
    pub session_start: Option<TimeDelta>,
}

/// How many orders and changes may be sent in a length of time.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// How many, at most 10000.
    pub orders: u32,
    /// In how long: `"1s"`.
    #[schemars(with = "String")]
    pub per: TimeDelta,
}

/// What may be lost, and what follows if it is. An amount, a share, or whichever is reached first.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// An amount.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub amount: Option<Decimal>,
    /// A part of the equity: 0.02 is two percent.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub share: Option<Decimal>,
    /// What follows: `"reduce_only"` (the default) or `"halt"`.
    #[schemars(schema_with = "schema::breach_action")]
    pub action: BreachAction,
    /// Positions are closed as well.
    pub flatten: bool,
    /// Trading goes on by itself when the next day begins. Only for the daily loss.
    pub resume_next_day: bool,
}

/// A pause after losing trades in a row.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoolDownConfig {
    /// After so many.
    pub losses: Option<u32>,
    /// Or after so much is lost by them.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub loss: Option<Decimal>,
    /// How long: `"4h"`.
    #[schemars(with = "String")]
    pub pause: TimeDelta,
}

impl LossConfig {
    fn limit(self) -> LossLimit {
        let mut limit = LossLimit::default();
        let Self { amount, share, action, flatten, resume_next_day } = self;
        (limit.amount, limit.share, limit.action) = (amount, share, action);
        (limit.flatten, limit.resume_next_day) = (flatten, resume_next_day);
        limit
    }
}

impl RiskConfig {
    /// The limits.
    #[must_use]
    pub fn limits(&self) -> RiskLimits {
        let mut limits = RiskLimits::new();
        limits.max_order_quantity = self.max_order_quantity;
        limits.max_order_notional = self.max_order_notional;
        limits.price_collar_bps = self.price_collar_bps;
        limits.max_order_rate =
            self.max_order_rate.map(|RateConfig { orders, per }| OrderRate { orders, per });
        limits.max_open_orders = self.max_open_orders;
        limits.allow = self.allow.clone();
        limits.deny = self.deny.clone();
        limits.max_position_quantity = self.max_position_quantity;
        limits.max_position_notional = self.max_position_notional;
        limits.max_exposure = self.max_exposure;
        limits.max_leverage = self.max_leverage;
        limits.max_instrument_share = self.max_instrument_share;
        limits.max_asset_share = self.max_asset_share;
        limits.max_daily_loss = self.max_daily_loss.map(LossConfig::limit);
        limits.max_drawdown = self.max_drawdown.map(LossConfig::limit);
        limits.cool_down =
            self.cool_down.map(|CoolDownConfig { losses, loss, pause }| CoolDown { losses, loss, pause });
        limits.session_start = self.session_start.unwrap_or(TimeDelta::ZERO);
        limits
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_limit_can_be_written() {
        let written = r#"
            max_order_quantity = 10
            max_order_notional = "1000.5"
            price_collar_bps = 100
            max_order_rate = { orders = 5, per = "1s" }
            max_open_orders = 3
            allow = ["SPY.NYSE"]
            deny = ["QQQ.NYSE"]
            max_position_quantity = 100
            max_position_notional = 10000
            max_exposure = 20000
            max_leverage = 1.5
            max_instrument_share = 0.2
            max_asset_share = 0.3
            max_daily_loss = { amount = 500, share = 0.02, action = "halt", flatten = true, resume_next_day = true }
            max_drawdown = { share = 0.1 }
            cool_down = { losses = 3, loss = 100, pause = "4h" }
            session_start = "13h30m"
        "#;
        let limits = toml::from_str::<RiskConfig>(written).unwrap().limits();
        limits.validate().unwrap();
        // As the engine has it: no limit is left out.
        let text = serde_json::to_value(&limits).unwrap();
        let engine: BTreeSet<_> = text.as_object().unwrap().keys().cloned().collect();
        let schema = schemars::schema_for!(RiskConfig).to_value();
        let ours: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(engine, ours);
        assert_eq!(text["max_daily_loss"]["action"], "halt");
        assert_eq!(text["max_leverage"], "1.5");
        assert!(toml::from_str::<RiskConfig>("max_order_quantiti = 1").is_err());
        assert!(toml::from_str::<RiskConfig>("").unwrap().limits().is_empty());
    }
}
