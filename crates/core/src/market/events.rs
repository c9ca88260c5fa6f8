use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    id::InstrumentId,
    number::{Money, Price},
    time::Timestamp,
};

/// The state of a liquidity pool, in base units of its two tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PoolState {
    /// A constant-product pool.
    ConstantProduct {
        /// The reserve of the base token.
        base_reserve: u64,
        /// The reserve of the quote token.
        quote_reserve: u64,
    },
    /// A concentrated-liquidity pool at its present tick. The two large numbers are written as text: most readers of JSON
    /// hold numbers as doubles, and serde buffers none of 128 bits.
    Concentrated {
        /// The square root of the price, Q64.64.
        #[serde(with = "decimal_text")]
        sqrt_price: u128,
        /// The liquidity in range.
        #[serde(with = "decimal_text")]
        liquidity: u128,
        /// The present tick.
        tick: i32,
    },
}

/// A change of a liquidity pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUpdate {
    /// Which pool.
    pub instrument: InstrumentId,
    /// When it changed.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// The slot or block of the chain.
    pub slot: u64,
    /// The pool after the change.
    pub state: PoolState,
    /// The marginal price after the change.
    pub price: Price,
}

/// A funding payment: longs pay `rate` times the notional to shorts (or receive it, if negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingRate {
    /// Which perpetual.
    pub instrument: InstrumentId,
    /// When it is paid.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// The rate for the interval that ends, as a fraction: 0.0001 is one basis point.
    pub rate: Decimal,
    /// The price at which the position is valued for the payment; the last price where it is not given.
    pub mark: Option<Price>,
}

/// Whether an instrument can be traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TradingStatus {
    /// Orders match.
    #[default]
    Open,
    /// Orders wait.
    Halted,
    /// No orders are taken until the next session.
    Closed,
    /// The instrument is gone for good.
    Delisted,
}

/// Trading in an instrument starts, halts or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentStatus {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What holds from then on.
    pub status: TradingStatus,
}

/// What a company does to its shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CorporateActionKind {
    /// Cash for every share held at the ex-date; a short position pays it.
    Dividend {
        /// The amount per share.
        per_share: Money,
    },
    /// Every `from` shares become `to` shares; prices change by the inverse.
    Split {
        /// Shares after.
        to: u32,
        /// Shares before.
        from: u32,
    },
}

/// A dividend or a split, effective from `ts_event` (the ex-date) on: after the bars that end at that time, before any
/// later trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorporateAction {
    /// Whose shares.
    pub instrument: InstrumentId,
    /// When it takes effect.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What happens.
    pub action: CorporateActionKind,
}

/// Data of the user's own: a signal, a sentiment score, a weather report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomData {
    /// The instrument that it is about.
    pub instrument: InstrumentId,
    /// When it happened.
    pub ts_event: Timestamp,
    /// When it could be known.
    pub ts_recv: Timestamp,
    /// What it is called.
    pub name: Arc<str>,
    /// Its numbers. Those that are not finite are written as the text `NaN`, `inf` and `-inf`, since JSON has no other
    /// way; a NaN is read as the one that [`f64::NAN`] is.
    #[serde(with = "doubles")]
    pub values: Arc<[f64]>,
}

/// Numbers of 128 bits as text.
mod decimal_text {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Doubles of which those that are not finite are text.
mod doubles {
    use std::{borrow::Cow, sync::Arc};

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Double<'a> {
        Finite(f64),
        Text(Cow<'a, str>),
    }

    pub(super) fn serialize<S: Serializer>(values: &Arc<[f64]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| {
            if value.is_finite() { Double::Finite(*value) } else { Double::Text(value.to_string().into()) }
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[f64]>, D::Error> {
        let read = |value| match value {
            Double::Finite(value) => Ok(value),
            Double::Text(text) => match text.as_ref() {
                "NaN" => Ok(f64::NAN),
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                other => Err(D::Error::custom(format!("{other:?} is not a number"))),
            },
        };
        Vec::<Double<'_>>::deserialize(deserializer)?.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::MarketData;

    fn again(data: &MarketData) -> MarketData {
        serde_json::from_str(&serde_json::to_string(data).unwrap()).unwrap()
    }

    #[test]
    fn pools_with_numbers_of_128_bits_round_trip() {
        for number in [0, 7, 1 << 70, u128::MAX] {
            let pool = MarketData::Pool(PoolUpdate {
                instrument: "SOL-USDC.ORCA".parse().unwrap(),
                ts_event: Timestamp::EPOCH,
                ts_recv: Timestamp::EPOCH,
                slot: u64::MAX,
                state: PoolState::Concentrated { sqrt_price: number, liquidity: number, tick: i32::MIN },
                price: Price::ONE,
            });
            assert_eq!(again(&pool), pool);
        }
    }

    #[test]
    fn every_double_round_trips() {
        let values =
            [0.1, -0.0, 5.0, f64::MIN_POSITIVE, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let data = MarketData::Custom(CustomData {
            instrument: "SPY.NYSE".parse().unwrap(),
            ts_event: Timestamp::EPOCH,
            ts_recv: Timestamp::EPOCH,
            name: "mood".into(),
            values: values.into(),
        });
        let MarketData::Custom(read) = again(&data) else { panic!("not custom") };
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read.values), bits(&values));
        let text = serde_json::to_string(&data).unwrap();
        assert!(text.ends_with(r#""NaN","inf","-inf"]}"#), "{text}");
        assert!(serde_json::from_str::<MarketData>(&text.replace("-inf", "minus")).is_err());
    }
}
