use std::{fmt, str::FromStr};

use algoflow_core::{
    bar_spec::BarSpec,
    time::{TimeDelta, Timestamp},
};

use crate::error::DataError;

/// A kind of records that a catalog holds. Written `bars-1m`, `trades`, `quotes`, `depth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataKind {
    /// Bars of one spec.
    Bars(BarSpec),
    /// Trades.
    Trades,
    /// Quotes.
    Quotes,
    /// Levels of the order book.
    Depth,
}

impl fmt::Display for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bars(spec) => f.pad(&format!("bars-{spec}")),
            Self::Trades => f.pad("trades"),
            Self::Quotes => f.pad("quotes"),
            Self::Depth => f.pad("depth"),
        }
    }
}

impl FromStr for DataKind {
    type Err = DataError;
    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "trades" => Ok(Self::Trades),
            "quotes" => Ok(Self::Quotes),
            "depth" => Ok(Self::Depth),
            _ => match text.strip_prefix("bars-") {
                Some(spec) => Ok(Self::Bars(spec.parse()?)),
                None => {
                    let text: String = text.chars().take(64).collect();
                    let reason =
                        format!("{text:?} is not one; there are bars-1m and so on, trades, quotes, depth");
                    Err(DataError::option("kind", reason))
                }
            },
        }
    }
}

/// The begin of the day of a time, in UTC.
pub(super) fn day_of(time: Timestamp) -> Timestamp {
    time.floor_to(TimeDelta::days(1))
}

/// `2024-01-02`.
pub(super) fn day_name(day: Timestamp) -> String {
    let (year, month, day) = day.date();
    format!("{year:04}-{month:02}-{day:02}")
}

pub(super) fn parse_day(name: &str) -> Option<Timestamp> {
    let day: Timestamp = name.parse().ok()?;
    // Only the one spelling, so that no day has two files.
    (day_name(day) == name).then_some(day)
}

/// An id as the name of a folder: letters, digits, `-`, `_` and inner dots as they are, other bytes as `%2F`.
pub(super) fn escaped(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for (index, byte) in id.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && index > 0) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

pub(super) fn unescaped(name: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(name.len()), name.as_bytes());
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte == b'%' {
            let (hex, tail) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|id| escaped(id) == name)
}
