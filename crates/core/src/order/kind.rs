use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    error::NumberError,
    number::{Price, Quantity},
    time::Timestamp,
};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Take the base, give the quote.
    Buy,
    /// Give the base, take the quote.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// 1 for a buy, -1 for a sell.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// The quantity with the sign of the side: what a fill adds to a position.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] for a mantissa of `i64::MIN`.
    #[inline]
    pub fn signed(self, quantity: Quantity) -> Result<Quantity, NumberError> {
        match self {
            Self::Buy => Ok(quantity),
            Self::Sell => quantity.checked_neg(),
        }
    }

    /// Whether `price` is at least as good for this side as `limit`.
    #[must_use]
    #[inline]
    pub fn accepts(self, price: Price, limit: Price) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

impl FromStr for Side {
    type Err = NumberError;
    /// `buy`, `b`, `bid`, `sell`, `s`, `a`, `ask`, in any case.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        match text.to_ascii_lowercase().as_str() {
            "buy" | "b" | "bid" => Ok(Self::Buy),
            "sell" | "s" | "ask" | "a" => Ok(Self::Sell),
            _ => Err(NumberError::Parse { text: text.chars().take(64).collect() }),
        }
    }
}

/// How much is ordered. Always above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderQuantity {
    /// Units of the base (shares, contracts, tokens).
    Base(Quantity),
    /// As many units of the base as this amount of the quote pays for.
    Quote(Quantity),
    /// A swap that puts exactly this much in: the quote for a buy, the base for a sell.
    ExactIn(Quantity),
    /// A swap that takes exactly this much out: the base for a buy, the quote for a sell.
    ExactOut(Quantity),
}

impl OrderQuantity {
    /// The number, whatever it counts.
    #[must_use]
    pub const fn value(self) -> Quantity {
        match self {
            Self::Base(q) | Self::Quote(q) | Self::ExactIn(q) | Self::ExactOut(q) => q,
        }
    }

    /// The quantity in units of the base, if that is what is counted for an order on `side`.
    #[must_use]
    pub const fn base(self, side: Side) -> Option<Quantity> {
        match (self, side) {
            (Self::Base(q), _) | (Self::ExactOut(q), Side::Buy) | (Self::ExactIn(q), Side::Sell) => Some(q),
            _ => None,
        }
    }
}

impl From<Quantity> for OrderQuantity {
    fn from(quantity: Quantity) -> Self {
        Self::Base(quantity)
    }
}

/// How far a trailing stop stays behind the best price since it became active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailingOffset {
    /// A distance in price.
    Price(Price),
    /// A distance in basis points of the best price.
    BasisPoints(u32),
}

impl TrailingOffset {
    /// Where the stop of an order on `side` stands when the best price is `extreme`, rounded away from the market
    /// to the price step.
    ///
    /// # Errors
    /// [`NumberError`] if the result does not fit.
    pub fn stop_from(self, side: Side, extreme: Price, increment: Price) -> Result<Price, NumberError> {
        use crate::number::Rounding;
        let distance = match self {
            Self::Price(distance) => distance,
            Self::BasisPoints(points) => {
                let part =
                    extreme.to_decimal().abs().checked_mul(rust_decimal::Decimal::new(i64::from(points), 4));
                let part = part.ok_or(NumberError::Overflow { operation: "trailing offset" })?;
                let fine = crate::number::Scale::new(extreme.scale().places().saturating_add(4).min(18))?;
                Price::from_decimal_rounded(part, fine, Rounding::HalfEven)?
            }
        };
        match side {
            Side::Buy => extreme.checked_add(distance)?.round_to(increment, Rounding::Ceil),
            Side::Sell => extreme.checked_sub(distance)?.round_to(increment, Rounding::Floor),
        }
    }
}

/// Which price sets off a stop or an if-touched order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TriggerBy {
    /// The last trade, or the bar.
    #[default]
    Last,
    /// The ask for a buy, the bid for a sell.
    BidAsk,
}

/// What kind of order it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderKind {
    /// At the best price there is.
    Market,
    /// At `price` or better.
    Limit {
        /// The worst price.
        price: Price,
    },
    /// A market order once the price is at `trigger` or worse.
    Stop {
        /// Where it is set off.
        trigger: Price,
    },
    /// A limit order once the price is at `trigger` or worse.
    StopLimit {
        /// Where it is set off.
        trigger: Price,
        /// The worst price after that.
        price: Price,
    },
    /// A stop that follows the price at a distance.
    TrailingStop {
        /// The distance.
        offset: TrailingOffset,
        /// It follows only once the price has reached this; at once if none.
        activation: Option<Price>,
    },
    /// A market order once the price is at `trigger` or better.
    MarketIfTouched {
        /// Where it is set off.
        trigger: Price,
    },
    /// A limit order once the price is at `trigger` or better.
    LimitIfTouched {
        /// Where it is set off.
        trigger: Price,
        /// The worst price after that.
        price: Price,
    },
}

impl OrderKind {
    /// The limit price, for the kinds that have one.
    #[must_use]
    pub const fn limit_price(self) -> Option<Price> {
        match self {
            Self::Limit { price } | Self::StopLimit { price, .. } | Self::LimitIfTouched { price, .. } => {
                Some(price)
            }
            _ => None,
        }
    }

    /// The trigger price, for the kinds that have a fixed one.
    #[must_use]
    pub const fn trigger_price(self) -> Option<Price> {
        match self {
            Self::Stop { trigger }
            | Self::StopLimit { trigger, .. }
            | Self::MarketIfTouched { trigger }
            | Self::LimitIfTouched { trigger, .. } => Some(trigger),
            _ => None,
        }
    }

    /// Whether the order waits for a trigger before it can fill.
    #[must_use]
    pub const fn is_conditional(self) -> bool {
        !matches!(self, Self::Market | Self::Limit { .. })
    }

    /// What the order becomes when its trigger is reached: a market or a limit order.
    #[must_use]
    pub const fn triggered(self) -> Self {
        match self.limit_price() {
            Some(price) => Self::Limit { price },
            None => Self::Market,
        }
    }

    /// The name of the kind, as in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop { .. } => "stop",
            Self::StopLimit { .. } => "stop_limit",
            Self::TrailingStop { .. } => "trailing_stop",
            Self::MarketIfTouched { .. } => "market_if_touched",
            Self::LimitIfTouched { .. } => "limit_if_touched",
        }
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeInForce {
    /// Until it is filled or cancelled.
    #[default]
    Gtc,
    /// What does not fill at once is cancelled.
    Ioc,
    /// All of it fills at once, or nothing.
    Fok,
    /// Until a time.
    Gtd(Timestamp),
    /// Until the end of the day, midnight UTC.
    Day,
    /// In the opening auction, or at the next bar's open.
    AtOpen,
    /// In the closing auction, or at the next bar's close.
    AtClose,
}

impl TimeInForce {
    /// The name, as in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "gtc",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::Gtd(_) => "gtd",
            Self::Day => "day",
            Self::AtOpen => "at_open",
            Self::AtClose => "at_close",
        }
    }
}
