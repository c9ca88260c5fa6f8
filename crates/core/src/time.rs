//! Time: nanoseconds since the Unix epoch, UTC.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::TimeError;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A point in time: nanoseconds since 1970-01-01T00:00:00 UTC. Covers the years 1678 to 2262.
///
/// Text and serde use RFC 3339 (`2024-01-02T09:30:00Z`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The earliest time that can be held.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time that can be held.
    pub const MAX: Self = Self(i64::MAX);

    /// `nanos` nanoseconds after the epoch.
    #[must_use]
    #[inline]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// `millis` milliseconds after the epoch.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`] outside the years 1678 to 2262.
    pub const fn from_millis(millis: i64) -> Result<Self, TimeError> {
        Self::from_units(millis, 1_000_000)
    }

    /// `seconds` seconds after the epoch.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`] outside the years 1678 to 2262.
    pub const fn from_seconds(seconds: i64) -> Result<Self, TimeError> {
        Self::from_units(seconds, NANOS_PER_SECOND)
    }

    /// `count` units of `nanos_per_unit` nanoseconds after the epoch.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`] outside the years 1678 to 2262.
    pub const fn from_units(count: i64, nanos_per_unit: i64) -> Result<Self, TimeError> {
        match count.checked_mul(nanos_per_unit) {
            Some(nanos) => Ok(Self(nanos)),
            None => Err(TimeError::OutOfRange),
        }
    }

    /// Midnight UTC at the start of a calendar day.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`] if there is no such day or it is outside the years 1678 to 2262.
    pub fn from_date(year: i16, month: i8, day: i8) -> Result<Self, TimeError> {
        let date = jiff::civil::Date::new(year, month, day).map_err(|_| TimeError::OutOfRange)?;
        let days = date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs() / 86_400;
        Self::from_units(days, 86_400 * NANOS_PER_SECOND)
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    #[inline]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, with a fraction; rounded to a double.
    #[must_use]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// This time plus `delta`; `None` if that is out of range.
    #[must_use]
    #[inline]
    pub const fn checked_add(self, delta: TimeDelta) -> Option<Self> {
        match self.0.checked_add(delta.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// This time plus `delta`, or the nearest time that can be held.
    #[must_use]
    #[inline]
    pub const fn saturating_add(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_add(delta.0))
    }

    /// This time minus `delta`, or the nearest time that can be held.
    #[must_use]
    #[inline]
    pub const fn saturating_sub(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_sub(delta.0))
    }

    /// The time from `earlier` to this one, or the longest delta that can be held.
    #[must_use]
    #[inline]
    pub const fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta(self.0.saturating_sub(earlier.0))
    }

    /// The start of the interval of length `step` (aligned to the epoch) in which this time lies.
    /// A step of zero or less leaves the time as it is.
    #[must_use]
    #[inline]
    pub const fn floor_to(self, step: TimeDelta) -> Self {
        if step.0 <= 0 { self } else { Self(self.0.saturating_sub(self.0.rem_euclid(step.0))) }
    }

    /// The calendar date in UTC: year, month (1 to 12), day (1 to 31).
    #[must_use]
    pub fn date(self) -> (i16, i8, i8) {
        let date = self.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
        (date.year(), date.month(), date.day())
    }

    fn to_jiff(self) -> jiff::Timestamp {
        // Every i64 of nanoseconds lies within jiff's years -9999 to 9999.
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_jiff().to_string())
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}
impl FromStr for Timestamp {
    type Err = TimeError;
    /// An RFC 3339 time with its offset, or a date (`2024-01-02`), which means midnight UTC.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let invalid = || TimeError::Parse { text: text.chars().take(64).collect() };
        let nanos = if let Ok(time) = text.parse::<jiff::Timestamp>() {
            time.as_nanosecond()
        } else if text.len() <= 10 {
            let date: jiff::civil::Date = text.parse().map_err(|_| invalid())?;
            return Self::from_date(date.year(), date.month(), date.day());
        } else {
            return Err(invalid());
        };
        i64::try_from(nanos).map(Self).map_err(|_| TimeError::OutOfRange)
    }
}
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A signed length of time in nanoseconds.
///
/// Text and serde use `1h30m`, `500ms`, `2d`: whole numbers with the units `d`, `h`, `m`, `s`, `ms`, `us`, `ns`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TimeDelta(i64);

macro_rules! delta_units {
    ($($name:ident $doc:literal $nanos:expr;)*) => {$(
        #[doc = concat!("`count` ", $doc, ", or the longest delta that can be held.")]
        #[must_use]
        pub const fn $name(count: i64) -> Self {
            Self(count.saturating_mul($nanos))
        }
    )*};
}

impl TimeDelta {
    /// No time.
    pub const ZERO: Self = Self(0);

    delta_units! {
        micros "microseconds" 1_000;
        millis "milliseconds" 1_000_000;
        seconds "seconds" NANOS_PER_SECOND;
        minutes "minutes" 60 * NANOS_PER_SECOND;
        hours "hours" 3_600 * NANOS_PER_SECOND;
        days "days of 24 hours" 86_400 * NANOS_PER_SECOND;
    }

    /// `count` nanoseconds.
    #[must_use]
    #[inline]
    pub const fn from_nanos(count: i64) -> Self {
        Self(count)
    }

    /// The length in nanoseconds.
    #[must_use]
    #[inline]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The length in seconds, rounded to a double.
    #[must_use]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// The sum, or the longest delta that can be held.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

const DELTA_UNITS: [(&str, i64); 7] = [
    ("d", 86_400 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from(if self.0 < 0 { "-" } else { "" });
        let mut rest = self.0.unsigned_abs();
        for (unit, nanos) in DELTA_UNITS {
            let count = rest / nanos.unsigned_abs();
            if count > 0 {
                text.push_str(&format!("{count}{unit}"));
                rest %= nanos.unsigned_abs();
            }
        }
        f.pad(if self.0 == 0 { "0s" } else { &text })
    }
}
impl fmt::Debug for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeDelta({self})")
    }
}
impl FromStr for TimeDelta {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let invalid = || TimeError::Parse { text: text.chars().take(64).collect() };
        let (negative, mut rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let mut total = 0i64;
        if rest.is_empty() {
            return Err(invalid());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
            let (count, tail) = rest.split_at(digits);
            let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            let nanos =
                DELTA_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, n)| *n).ok_or_else(invalid)?;
            let part = count.parse::<i64>().map_err(|_| invalid())?.checked_mul(nanos);
            total = part.and_then(|part| total.checked_add(part)).ok_or(TimeError::OutOfRange)?;
            rest = tail;
        }
        Ok(Self(if negative { -total } else { total }))
    }
}
impl Serialize for TimeDelta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for TimeDelta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_and_print_rfc3339() {
        let time: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(time.nanos(), 1_704_067_200_000_000_000);
        assert_eq!(time.to_string(), "2024-01-01T00:00:00Z");
        assert_eq!("2024-01-01".parse::<Timestamp>().unwrap(), time);
        assert_eq!("2024-01-01T05:30:00+05:30".parse::<Timestamp>().unwrap(), time);
        assert_eq!(time.date(), (2024, 1, 1));
        assert_eq!(Timestamp::from_date(2024, 1, 1).unwrap(), time);
        for bad in ["", "yesterday", "2024-13-01", "2024-01-01T00:00:00"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad:?}");
        }
        for extreme in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(extreme.to_string().parse::<Timestamp>().unwrap(), extreme);
        }
    }

    #[test]
    fn floors_are_aligned_to_the_epoch() {
        let minute = TimeDelta::minutes(1);
        assert_eq!(Timestamp::from_nanos(-1).floor_to(minute).nanos(), -60 * NANOS_PER_SECOND);
        assert_eq!(
            Timestamp::from_nanos(61 * NANOS_PER_SECOND).floor_to(minute).nanos(),
            60 * NANOS_PER_SECOND
        );
    }

    #[test]
    fn deltas_read_and_print() {
        for text in ["0s", "1d2h3m4s5ms6us7ns", "90d", "-5m", "500ms"] {
            assert_eq!(text.parse::<TimeDelta>().unwrap().to_string(), text);
        }
        assert_eq!("90m".parse::<TimeDelta>().unwrap().to_string(), "1h30m");
        for bad in ["", "-", "5", "m5", "5x", "1.5h", "99999999999999d"] {
            assert!(bad.parse::<TimeDelta>().is_err(), "{bad:?}");
        }
    }
}
