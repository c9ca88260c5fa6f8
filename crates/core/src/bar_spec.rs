//! What a bar covers: an amount of time, trades, volume or money.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    error::TimeError,
    time::{TimeDelta, Timestamp},
};

/// What one bar covers.
///
/// Written `1s`, `5m`, `4h`, `1d`, `1w`, `1mo`, `100t` (trades), `2500v` (volume), `1000000n` (notional).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BarSpec {
    /// A fixed time, aligned to the Unix epoch in UTC; days start at midnight UTC.
    Time(TimeDelta),
    /// A calendar week, Monday to Sunday, UTC.
    Week,
    /// A calendar month, UTC.
    Month,
    /// A number of trades.
    Ticks(u64),
    /// A traded volume of at least this many whole units of the base.
    Volume(u64),
    /// A traded price times volume of at least this many whole units of the quote.
    Notional(u64),
}

impl BarSpec {
    /// Bars of `count` seconds.
    #[must_use]
    pub const fn seconds(count: i64) -> Self {
        Self::Time(TimeDelta::seconds(count))
    }

    /// Bars of `count` minutes.
    #[must_use]
    pub const fn minutes(count: i64) -> Self {
        Self::Time(TimeDelta::minutes(count))
    }

    /// Bars of `count` hours.
    #[must_use]
    pub const fn hours(count: i64) -> Self {
        Self::Time(TimeDelta::hours(count))
    }

    /// Bars of one day.
    #[must_use]
    pub const fn day() -> Self {
        Self::Time(TimeDelta::days(1))
    }

    /// Whether the bar has a usable size (above zero).
    #[must_use]
    pub const fn is_valid(self) -> bool {
        match self {
            Self::Time(step) => step.nanos() > 0,
            Self::Week | Self::Month => true,
            Self::Ticks(n) | Self::Volume(n) | Self::Notional(n) => n > 0,
        }
    }

    /// For bars of time: the start and the end of the interval that holds `time`. `None` for other bars.
    #[must_use]
    pub fn interval(self, time: Timestamp) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Time(step) if step.nanos() > 0 => {
                let start = time.floor_to(step);
                Some((start, start.saturating_add(step)))
            }
            Self::Week => {
                // The epoch was a Thursday: shift so that weeks start on Monday.
                let (week, shift) = (TimeDelta::days(7), TimeDelta::days(3));
                let start = time.saturating_add(shift).floor_to(week).saturating_sub(shift);
                Some((start, start.saturating_add(week)))
            }
            Self::Month => {
                let (year, month, _) = time.date();
                let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                let start = Timestamp::from_date(year, month, 1).unwrap_or(Timestamp::MIN);
                Some((start, Timestamp::from_date(next_year, next_month, 1).unwrap_or(Timestamp::MAX)))
            }
            _ => None,
        }
    }

    /// A length by which bars of time sort from short to long; other bars sort before all of them.
    #[must_use]
    pub const fn rank(self) -> i64 {
        match self {
            Self::Time(step) => step.nanos(),
            Self::Week => TimeDelta::days(7).nanos(),
            Self::Month => TimeDelta::days(28).nanos(),
            Self::Ticks(_) | Self::Volume(_) | Self::Notional(_) => 0,
        }
    }
}

impl fmt::Display for BarSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(step) => step.fmt(f),
            Self::Week => f.pad("1w"),
            Self::Month => f.pad("1mo"),
            Self::Ticks(n) => f.pad(&format!("{n}t")),
            Self::Volume(n) => f.pad(&format!("{n}v")),
            Self::Notional(n) => f.pad(&format!("{n}n")),
        }
    }
}

impl FromStr for BarSpec {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let invalid = || TimeError::Parse { text: text.chars().take(64).collect() };
        let count = |suffix: char| text.strip_suffix(suffix).and_then(|digits| digits.parse::<u64>().ok());
        let spec = match text {
            "1w" => Self::Week,
            "1mo" => Self::Month,
            _ => {
                if let Some(n) = count('t') {
                    Self::Ticks(n)
                } else if let Some(n) = count('v') {
                    Self::Volume(n)
                } else if let Some(n) = count('n') {
                    Self::Notional(n)
                } else {
                    Self::Time(text.parse()?)
                }
            }
        };
        if spec.is_valid() { Ok(spec) } else { Err(invalid()) }
    }
}

impl Serialize for BarSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for BarSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_read_and_print() {
        for text in ["1s", "5m", "4h", "1d", "1w", "1mo", "100t", "2500v", "1000000n"] {
            assert_eq!(text.parse::<BarSpec>().unwrap().to_string(), text);
        }
        for bad in ["", "0m", "-5m", "0t", "m", "5y"] {
            assert!(bad.parse::<BarSpec>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn calendar_intervals_hold_their_time() {
        let time: Timestamp = "2024-02-29T12:00:00Z".parse().unwrap();
        let day = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(BarSpec::Month.interval(time), Some((day("2024-02-01"), day("2024-03-01"))));
        assert_eq!(BarSpec::Week.interval(time), Some((day("2024-02-26"), day("2024-03-04"))));
        assert_eq!(BarSpec::day().interval(time), Some((day("2024-02-29"), day("2024-03-01"))));
        assert_eq!(BarSpec::Ticks(5).interval(time), None);
    }
}
