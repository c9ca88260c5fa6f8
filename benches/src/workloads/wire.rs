//! The messages of an exchange: trades as its stream tells them, new orders as it is sent them, both as JSON text.

use std::error::Error;

use algoflow_core::{command::Submit, market::Trade, number::Scale, order::OrderKind, prelude::*};
use serde::{Deserialize, Serialize, Serializer};

/// 2026-01-01T00:00:00Z in milliseconds.
const START_MS: i64 = 1_767_225_600_000;

/// A trade in the stream. There is more in such a message than a decoder reads.
#[derive(Serialize, Deserialize)]
struct TradeMessage<'m> {
    #[serde(rename = "e")]
    event: &'m str,
    #[serde(rename = "s")]
    symbol: &'m str,
    #[serde(rename = "t")]
    number: u64,
    #[serde(rename = "p")]
    price: Price,
    #[serde(rename = "q")]
    quantity: Quantity,
    #[serde(rename = "T")]
    time_ms: i64,
    #[serde(rename = "m")]
    buyer_is_maker: bool,
}

/// A new limit order, as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    symbol: &'static str,
    side: Side,
    #[serde(rename = "type")]
    kind: &'static str,
    time_in_force: TimeInForce,
    quantity: Quantity,
    price: Price,
    #[serde(serialize_with = "as_text")]
    new_client_order_id: OrderId,
}

fn as_text<S: Serializer>(id: &OrderId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// The text of the trade with this number: the price moves between 50,000.00 and 50,009.99.
///
/// # Errors
/// If it cannot be written.
pub(super) fn trade(instrument: InstrumentId, number: u64) -> Result<String, Box<dyn Error>> {
    let cents = 5_000_000 + i64::try_from(number.wrapping_mul(7_919) % 1_000)?;
    let message = TradeMessage {
        event: "trade",
        symbol: instrument.symbol(),
        number,
        price: Price::new(cents, Scale::new(2)?),
        quantity: Quantity::new(4, Scale::new(3)?),
        time_ms: START_MS.saturating_add(i64::try_from(number)?),
        buyer_is_maker: number.is_multiple_of(2),
    };
    Ok(serde_json::to_string(&message)?)
}

/// Reads the text of a trade that was received at a time.
///
/// # Errors
/// If it is not a trade of this instrument.
pub(super) fn decode(
    text: &str,
    instrument: InstrumentId,
    received: Timestamp,
) -> Result<Trade, Box<dyn Error>> {
    let message: TradeMessage<'_> = serde_json::from_str(text)?;
    if message.event != "trade" || message.symbol != instrument.symbol() {
        return Err(format!("not a trade of {instrument}: {text}").into());
    }
    let aggressor = if message.buyer_is_maker { Side::Sell } else { Side::Buy };
    Ok(Trade {
        instrument,
        ts_event: Timestamp::from_nanos(message.time_ms.saturating_mul(1_000_000)),
        ts_recv: received,
        price: message.price,
        quantity: message.quantity,
        aggressor: Some(aggressor),
    })
}

/// Writes a new order into `text`, in place of what was there.
///
/// # Errors
/// If it is no limit order.
pub(super) fn encode(submit: &Submit, text: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    let OrderKind::Limit { price } = submit.spec.kind else {
        return Err(format!("{} is no limit order", submit.order).into());
    };
    let message = NewOrder {
        symbol: submit.spec.instrument.symbol(),
        side: submit.spec.side,
        kind: "LIMIT",
        time_in_force: submit.spec.time_in_force,
        quantity: submit.spec.quantity.value(),
        price,
        new_client_order_id: submit.order,
    };
    text.clear();
    serde_json::to_writer(text, &message)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::pair;

    #[test]
    fn a_trade_is_read_as_it_was_written() {
        let text = trade(pair(), 7).unwrap();
        let read = decode(&text, pair(), Timestamp::EPOCH).unwrap();
        assert_eq!(read.price.to_string(), "50004.33");
        assert_eq!(read.quantity.to_string(), "0.004");
        assert_eq!(read.aggressor, Some(Side::Buy));
        assert!(decode(&text.replace("BTC", "ETH"), pair(), Timestamp::EPOCH).is_err());
    }

    #[test]
    fn an_order_is_written_with_all_its_terms() {
        let order = OrderId { run: 1, strategy: 0, sequence: 3 };
        let spec = OrderSpec::limit(
            pair(),
            Side::Sell,
            "0.004".parse::<Quantity>().unwrap(),
            "50004.33".parse().unwrap(),
        );
        let mut text = Vec::new();
        encode(&Submit { order, spec }, &mut text).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(read["newClientOrderId"], "r1-s0-3");
        assert_eq!((read["price"].as_str(), read["quantity"].as_str()), (Some("50004.33"), Some("0.004")));
    }
}
