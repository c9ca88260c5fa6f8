//! Times from text and numbers.

use jiff::{
    civil::{Date, DateTime, Time},
    fmt::strtime::BrokenDownTime,
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{
    error::DataError,
    schema::{LocalTime, Schema, TimeUnit},
};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// A time as a file gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Nanoseconds since the epoch; for a date, its midnight in the zone.
    pub(crate) nanos: i64,
    /// Whether the file gives a date alone.
    pub(crate) is_date: bool,
}

impl Stamp {
    pub(crate) const fn instant(nanos: i64) -> Self {
        Self { nanos, is_date: false }
    }
}

/// Reads times as a schema declares them.
#[derive(Clone, Debug)]
pub(crate) struct StampReader {
    unit: Option<TimeUnit>,
    unit_is_declared: bool,
    format: Option<String>,
    zone: TimeZone,
    zone_is_utc: bool,
    local: LocalTime,
    session: Option<(Time, Time)>,
}

/// A reason why text is not a time.
type Fault = String;

impl StampReader {
    pub(crate) fn new(schema: &Schema) -> Result<Self, DataError> {
        let zone = match schema.zone.as_deref() {
            None | Some("UTC" | "utc" | "Z") => TimeZone::UTC,
            Some(name) => TimeZone::get(name)
                .map_err(|_| DataError::option("zone", format!("{name:?} is not a time zone known here")))?,
        };
        let session = match &schema.session {
            None => None,
            Some(session) => {
                let open = session.open.as_deref().map_or(Ok(Time::midnight()), clock_time)?;
                let close = clock_time(&session.close)?;
                if close <= open {
                    return Err(DataError::option("session", format!("{close} is not after {open}")));
                }
                Some((open, close))
            }
        };
        Ok(Self {
            unit: schema.time_unit,
            unit_is_declared: schema.time_unit.is_some(),
            format: schema.time_format.clone(),
            zone_is_utc: zone == TimeZone::UTC,
            zone,
            local: schema.local_time,
            session,
        })
    }

    /// Takes the unit that the name of a column says, unless one is declared.
    pub(crate) fn set_unit(&mut self, unit: Option<TimeUnit>) {
        if !self.unit_is_declared && unit.is_some() {
            (self.unit, self.unit_is_declared) = (unit, true);
        }
    }

    /// The time that a whole number stands for. The first one decides about the unit if it is not declared.
    #[inline]
    pub(crate) fn number(&mut self, value: i64) -> Result<Stamp, Fault> {
        let unit = match self.unit {
            Some(unit) if self.unit_is_declared => unit,
            _ => self.guessed_unit(value)?,
        };
        let nanos = value.checked_mul(unit.nanos()).ok_or("it lies outside the years 1678 to 2262")?;
        Ok(Stamp::instant(nanos))
    }

    #[inline]
    fn guessed_unit(&mut self, value: i64) -> Result<TimeUnit, Fault> {
        let guess = TimeUnit::by_magnitude(value);
        match self.unit {
            Some(unit) if unit == guess => Ok(unit),
            Some(unit) => Err(format!(
                "its size suggests {guess:?}, but the file began in {unit:?}; declare the time unit"
            )),
            None => {
                self.unit = Some(guess);
                Ok(guess)
            }
        }
    }

    /// The time that text stands for.
    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<Stamp, Fault> {
        if self.format.is_none()
            && text.len() <= 19
            && text.len() != 8
            && text.len() != 14
            && let Some(value) = digits(text)
        {
            return self.number(value);
        }
        self.any_text(text.trim_ascii())
    }

    fn any_text(&mut self, text: &[u8]) -> Result<Stamp, Fault> {
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if let Some(format) = &self.format {
            return self.formatted(format, text);
        }
        let number = match text {
            [b'-', rest @ ..] => digits(rest).map(|value| -value),
            _ => digits(text),
        };
        match (number, civil(text)) {
            // Eight or fourteen digits that are a date are a date: 20240102, 20240102093000.
            (_, Ok(parts)) => self.resolve(parts),
            (Some(value), Err(_)) => self.number(value),
            (None, Err(reason)) => match std::str::from_utf8(text).ok().and_then(epoch_with_fraction) {
                Some((whole, fraction)) => {
                    let stamp = self.number(whole)?;
                    let unit = self.unit.map_or(1, TimeUnit::nanos);
                    let part = i128::from(fraction) * i128::from(unit) / 1_000_000_000;
                    let part = i64::try_from(part).map_err(|_| "it is out of range")?;
                    let part = if whole < 0 || text.starts_with(b"-") { -part } else { part };
                    let nanos = stamp.nanos.checked_add(part).ok_or("it is out of range")?;
                    Ok(Stamp::instant(nanos))
                }
                None => Err(reason),
            },
        }
    }

    fn formatted(&self, format: &str, text: &[u8]) -> Result<Stamp, Fault> {
        let mut parsed = BrokenDownTime::parse(format, text)
            .map_err(|error| format!("it does not have the form {format:?}: {error}"))?;
        if let Ok(timestamp) = parsed.to_timestamp() {
            return in_range(timestamp).map(Stamp::instant);
        }
        if parsed.hour().is_some()
            && let Ok(datetime) = parsed.to_datetime()
        {
            return self.local_nanos(datetime).map(Stamp::instant);
        }
        if parsed.second().is_none() && parsed.minute().is_some() {
            parsed.set_second(Some(0)).map_err(|error| error.to_string())?;
            if let Ok(datetime) = parsed.to_datetime() {
                return self.local_nanos(datetime).map(Stamp::instant);
            }
        }
        let date = parsed.to_date().map_err(|error| error.to_string())?;
        Ok(Stamp { nanos: self.local_nanos(date.to_datetime(Time::midnight()))?, is_date: true })
    }

    fn resolve(&self, parts: Civil) -> Result<Stamp, Fault> {
        let day = days_from_civil(parts.year, parts.month, parts.day) * DAY_NANOS as i128;
        let nanos = day + i128::from(parts.nanos_of_day);
        match parts.offset_seconds {
            Some(offset) => {
                let nanos = nanos - i128::from(offset) * 1_000_000_000;
                i64::try_from(nanos).map(Stamp::instant).map_err(|_| "it is out of range".into())
            }
            None if self.zone_is_utc => i64::try_from(nanos)
                .map(|nanos| Stamp { nanos, is_date: parts.is_date })
                .map_err(|_| "it is out of range".into()),
            None => {
                let date =
                    Date::new(parts.year, parts.month, parts.day).map_err(|error| error.to_string())?;
                let time = Time::midnight() + jiff::SignedDuration::from_nanos(parts.nanos_of_day);
                Ok(Stamp { nanos: self.local_nanos(date.to_datetime(time))?, is_date: parts.is_date })
            }
        }
    }

    /// The instant of a local time in the zone.
    pub(crate) fn local_nanos(&self, datetime: DateTime) -> Result<i64, Fault> {
        let ambiguous = self.zone.to_ambiguous_timestamp(datetime);
        let zone = self.zone.iana_name().unwrap_or("the zone");
        let timestamp = match (self.local, ambiguous.offset()) {
            (_, AmbiguousOffset::Unambiguous { .. }) => ambiguous.compatible(),
            (LocalTime::Earlier, _) => ambiguous.earlier(),
            (LocalTime::Later, _) => ambiguous.later(),
            (LocalTime::Refuse, AmbiguousOffset::Gap { .. }) => {
                return Err(format!("{datetime} does not exist in {zone}: the clocks skip it"));
            }
            (LocalTime::Refuse, AmbiguousOffset::Fold { .. }) => {
                return Err(format!("{datetime} exists twice in {zone}: the clocks repeat it"));
            }
        };
        timestamp.map_err(|error| error.to_string()).and_then(in_range)
    }

    /// The begin and the end of the day whose midnight is `nanos`: the session, or midnight to midnight.
    pub(crate) fn day(&self, nanos: i64) -> Result<(i64, i64), Fault> {
        if self.zone_is_utc && self.session.is_none() {
            return Ok((nanos, nanos.checked_add(DAY_NANOS).ok_or("it is out of range")?));
        }
        let date = jiff::Timestamp::from_nanosecond(i128::from(nanos))
            .map_err(|error| error.to_string())?
            .to_zoned(self.zone.clone())
            .date();
        match self.session {
            Some((open, close)) => {
                Ok((self.local_nanos(date.to_datetime(open))?, self.local_nanos(date.to_datetime(close))?))
            }
            None => {
                let next = date.tomorrow().map_err(|error| error.to_string())?;
                Ok((nanos, self.local_nanos(next.to_datetime(Time::midnight()))?))
            }
        }
    }
}

fn clock_time(text: &str) -> Result<Time, DataError> {
    text.parse()
        .map_err(|_| DataError::option("session", format!("{text:?} is not a time of day like 16:00")))
}

fn in_range(timestamp: jiff::Timestamp) -> Result<i64, Fault> {
    i64::try_from(timestamp.as_nanosecond()).map_err(|_| "it lies outside the years 1678 to 2262".into())
}

/// A whole number of up to 18 digits, or of 19 that fit.
#[inline]
fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let (mut value, mut rest) = (0u64, text);
    while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
        value = value.wrapping_mul(100_000_000).wrapping_add(eight_digits(*eight)?);
        rest = tail;
    }
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    // 19 digits stay below 10^19, which a u64 holds.
    i64::try_from(value).ok()
}

/// Eight digits at once: neighbors are joined to pairs, pairs to fours, fours to eight.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let raw = u64::from_le_bytes(text);
    // A byte is a digit if its high half is 3, also after adding 6, which carries out of 10 to 15.
    let high = 0xf0f0_f0f0_f0f0_f0f0;
    if raw & high != 0x3030_3030_3030_3030
        || raw.wrapping_add(0x0606_0606_0606_0606) & high != 0x3030_3030_3030_3030
    {
        return None;
    }
    let ones = raw & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(1 + (10_000 << 32)) >> 32)
}

/// `1609459200.123` as whole units and billionths.
fn epoch_with_fraction(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.')?;
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let scale = 10i64.checked_pow(9u32.checked_sub(u32::try_from(fraction.len()).ok()?)?)?;
    let fraction = if fraction.is_empty() { 0 } else { digits(fraction.as_bytes())? };
    Some((whole.parse().ok()?, fraction.checked_mul(scale)?))
}

/// A date and time as written.
#[derive(Clone, Copy, Debug)]
struct Civil {
    year: i16,
    month: i8,
    day: i8,
    nanos_of_day: i64,
    offset_seconds: Option<i32>,
    is_date: bool,
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i16, month: i8, day: i8) -> i128 {
    // Years start in March, so that the leap day is the last; 400 years have 146,097 days.
    let (year, month) = if month > 2 {
        (i128::from(year), i128::from(month) - 3)
    } else {
        (i128::from(year) - 1, i128::from(month) + 9)
    };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + i128::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Takes `count` digits off the front.
fn take(text: &mut &[u8], count: usize) -> Option<i64> {
    let (front, rest) = text.split_at_checked(count)?;
    let value = digits(front)?;
    *text = rest;
    Some(value)
}

fn skip(text: &mut &[u8], wanted: u8) -> bool {
    match text {
        [first, rest @ ..] if *first == wanted => {
            *text = rest;
            true
        }
        _ => false,
    }
}

/// Reads `2024-01-02`, `2024/01/02 09:30`, `20240102 093000123`, `2024-01-02T09:30:00.5+01:00`.
fn civil(text: &[u8]) -> Result<Civil, Fault> {
    let invalid = || "it is not a date or time of a form known here; declare the time format".to_string();
    let mut rest = text;
    let year = take(&mut rest, 4).ok_or_else(invalid)?;
    let separator = rest.first().copied().filter(|byte| matches!(byte, b'-' | b'/' | b'.'));
    let mut next = || -> Option<i64> {
        if let Some(separator) = separator
            && !skip(&mut rest, separator)
        {
            return None;
        }
        take(&mut rest, 2)
    };
    let (month, day) = (next().ok_or_else(invalid)?, next().ok_or_else(invalid)?);
    let (year, month, day) = (year as i16, month as i8, day as i8);
    Date::new(year, month, day).map_err(|_| "there is no such date".to_string())?;
    let mut parts = Civil { year, month, day, nanos_of_day: 0, offset_seconds: None, is_date: true };
    if rest.is_empty() {
        return Ok(parts);
    }
    if !(skip(&mut rest, b'T') || skip(&mut rest, b' ') || skip(&mut rest, b't')) && separator.is_some() {
        return Err(invalid());
    }
    parts.is_date = false;
    parts.nanos_of_day = time_of_day(&mut rest).ok_or_else(invalid)?;
    while skip(&mut rest, b' ') {}
    parts.offset_seconds = match rest {
        [] => None,
        b"Z" | b"z" | b"UTC" | b"GMT" => Some(0),
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let mut offset = offset;
            let hours = take(&mut offset, 2).ok_or_else(invalid)?;
            skip(&mut offset, b':');
            let minutes = if offset.is_empty() { 0 } else { take(&mut offset, 2).ok_or_else(invalid)? };
            if !offset.is_empty() || hours > 23 || minutes > 59 {
                return Err(invalid());
            }
            let seconds = (hours * 3_600 + minutes * 60) as i32;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return Err(invalid()),
    };
    Ok(parts)
}

/// Reads `09:30`, `09:30:00.123`, `093000`, `093000123`, as nanoseconds since midnight.
fn time_of_day(rest: &mut &[u8]) -> Option<i64> {
    let hours = take(rest, 2)?;
    let colons = skip(rest, b':');
    let minutes = take(rest, 2)?;
    let seconds = if colons && !skip(rest, b':') { 0 } else { take(rest, 2)? };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let point = skip(rest, b'.') || skip(rest, b',');
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = if (point && (1..=9).contains(&count)) || (!point && !colons && count == 3) {
        take(rest, count)? * 10i64.pow(9u32.saturating_sub(u32::try_from(count).ok()?))
    } else if point || count > 0 {
        return None;
    } else {
        0
    };
    Some((hours * 3_600 + minutes * 60 + seconds) * 1_000_000_000 + fraction)
}

/// The time of day in a column of its own, as nanoseconds since midnight.
pub(crate) fn parse_time_of_day(text: &[u8]) -> Option<i64> {
    let mut rest = text.trim_ascii();
    let nanos = time_of_day(&mut rest)?;
    rest.is_empty().then_some(nanos)
}

/// Whether text looks like a time rather than the name of a column.
pub(crate) fn looks_like_time(text: &[u8]) -> bool {
    civil(text.trim_ascii()).is_ok()
}

impl StampReader {
    /// A date in one column and the time of day in another.
    pub(crate) fn date_and_time(&mut self, date: &[u8], time: &[u8]) -> Result<Stamp, Fault> {
        let mut parts = civil(date.trim_ascii())?;
        if !parts.is_date {
            return Err("it should be a date alone, as the time is in another column".into());
        }
        parts.nanos_of_day = parse_time_of_day(time).ok_or("the time of day is not one")?;
        parts.is_date = false;
        self.resolve(parts)
    }
}

/// Times as columns of tables hold them.
#[cfg(feature = "parquet")]
impl StampReader {
    /// The time of a number of seconds, milliseconds and so on with a fraction.
    pub(crate) fn float(&mut self, value: f64) -> Result<Stamp, Fault> {
        if !value.is_finite() || value.abs() >= 9.2e18 {
            return Err("it is not a time".into());
        }
        let whole = value.trunc();
        let stamp = self.number(whole as i64)?;
        let unit = self.unit.map_or(1, TimeUnit::nanos);
        // Microseconds are as fine as a double of seconds can tell.
        let part = ((value - whole) * unit as f64 / 1_000.0).round() as i64 * 1_000;
        let part = if unit == 1 { 0 } else { part };
        stamp.nanos.checked_add(part).map(Stamp::instant).ok_or_else(|| "it is out of range".into())
    }

    /// The unit of numbers, as far as it is known.
    #[inline]
    pub(crate) fn unit(&self) -> Option<TimeUnit> {
        self.unit
    }

    /// Whether the times of a clock are those of UTC.
    pub(crate) fn is_utc(&self) -> bool {
        self.zone_is_utc
    }

    /// The unit of all of `values`, if it is known and [`number`](Self::number) takes each of them to be of it.
    pub(crate) fn unit_of(&self, values: &[i64]) -> Option<TimeUnit> {
        let unit = self.unit?;
        if self.unit_is_declared {
            return Some(unit);
        }
        // The guess rises with the magnitude, so the smallest and the largest speak for all.
        let (least, most) = values.iter().fold((u64::MAX, 0), |(least, most), value| {
            (least.min(value.unsigned_abs()), most.max(value.unsigned_abs()))
        });
        let is_ours = |magnitude: u64| TimeUnit::by_magnitude(magnitude as i64) == unit;
        (is_ours(least) && is_ours(most)).then_some(unit)
    }

    /// The date that is `days` after 1970-01-01.
    pub(crate) fn date(&self, days: i64) -> Result<Stamp, Fault> {
        let nanos = days.checked_mul(DAY_NANOS).ok_or("it lies outside the years 1678 to 2262")?;
        Ok(Stamp { is_date: true, ..self.naive(nanos)? })
    }

    /// The time of a clock in the zone, given as nanoseconds since the epoch as if the zone were UTC.
    #[inline]
    pub(crate) fn naive(&self, nanos: i64) -> Result<Stamp, Fault> {
        if self.zone_is_utc {
            return Ok(Stamp::instant(nanos));
        }
        let local = jiff::Timestamp::from_nanosecond(i128::from(nanos)).map_err(|error| error.to_string())?;
        self.local_nanos(local.to_zoned(TimeZone::UTC).datetime()).map(Stamp::instant)
    }
}

#[cfg(test)]
mod tests;
