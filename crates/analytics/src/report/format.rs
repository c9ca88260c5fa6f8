//! Numbers, times and text as they are shown.

use algoflow_core::time::{TimeDelta, Timestamp};
use rust_decimal::Decimal;

use crate::calendar::closing_date;

/// What is shown for a figure that is not defined.
pub(super) const UNDEFINED: &str = "–";

/// A number with `places` decimal places and commas between thousands; with an exponent from 10^15 on, where a double
/// has no places to show. A zero has no sign.
pub(super) fn number(value: f64, places: usize) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:.1e}");
    }
    grouped(&format!("{value:.places$}"))
}

/// An exact amount with at most `places` decimal places and commas between thousands.
pub(super) fn amount(value: Decimal, places: u32) -> String {
    grouped(&format!("{:.*}", usize::try_from(places).unwrap_or(2), value.round_dp(places)))
}

/// A price with all the places it has, up to eight.
pub(super) fn price(value: Decimal) -> String {
    let value = value.round_dp(8).normalize();
    let places = value.scale().max(2);
    grouped(&format!("{value:.*}", usize::try_from(places).unwrap_or(2)))
}

/// Text of a decimal number with commas between thousands.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let sign = if digits.bytes().all(|b| matches!(b, b'0' | b'.')) { "" } else { sign };
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && digit.is_ascii_digit() {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A fraction as a percentage. From 100,000 % on without places, from a billion on with an exponent.
pub(super) fn percent(fraction: f64, places: usize) -> String {
    let percent = (fraction * 100.0).clamp(f64::MIN, f64::MAX);
    if percent.abs() >= 1e9 {
        return format!("{percent:.1e}%");
    }
    let places = if percent.abs() >= 100_000.0 { 0 } else { places };
    format!("{}%", number(percent, places))
}

/// A fraction as a percentage with its sign.
fn signed_percent(fraction: f64, places: usize) -> String {
    let text = percent(fraction, places);
    let zero = !text.bytes().any(|b| matches!(b, b'1'..=b'9'));
    if fraction > 0.0 && !zero { format!("+{text}") } else { text }
}

/// A value by `show`, or the sign for undefined.
pub(super) fn or_undefined<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNDEFINED.to_owned(), show)
}

/// A fraction as a percentage with two places.
pub(super) fn pct(fraction: Option<f64>) -> String {
    or_undefined(fraction, |value| percent(value, 2))
}

/// A fraction as a percentage with its sign.
pub(super) fn signed(fraction: Option<f64>, places: usize) -> String {
    or_undefined(fraction, |value| signed_percent(value, places))
}

/// A loss, given as a positive fraction, as a percentage with its sign.
pub(super) fn loss(fraction: Option<f64>) -> String {
    pct(fraction.map(|value| -value))
}

/// A number with two places.
pub(super) fn num(value: Option<f64>) -> String {
    or_undefined(value, |value| number(value, 2))
}

/// A length of time by its two largest units: `412 days`, `3 h 20 min`.
pub(super) fn duration(length: TimeDelta) -> String {
    let seconds = length.nanos() / 1_000_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    let pair = |large: i64, unit: &str, small: i64, small_unit: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {small_unit}") }
    };
    match (days, hours, minutes) {
        (3.., ..) => format!("{} days", number(seconds as f64 / 86_400.0, 0)),
        (1.., ..) => pair(days, if days == 1 { "day" } else { "days" }, hours, "h"),
        (0, 1.., _) => pair(hours, "h", minutes, "min"),
        (0, 0, 1..) => pair(minutes, "min", seconds % 60, "s"),
        _ => match length.nanos() {
            0 => "0 s".to_owned(),
            nanos @ ..1_000_000 => format!("{} µs", number(nanos as f64 / 1e3, 0)),
            nanos @ ..1_000_000_000 => format!("{} ms", number(nanos as f64 / 1e6, 0)),
            nanos => format!("{} s", number(nanos as f64 / 1e9, 1)),
        },
    }
}

/// A date: `2024-01-31`.
fn date((year, month, day): (i16, i8, i8)) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// When something happened, in UTC: the date, and the time of day in minutes unless `dates_only`.
pub(super) fn time(ts: Timestamp, dates_only: bool) -> String {
    let minute = ts.since(ts.floor_to(TimeDelta::days(1))).nanos() / 60_000_000_000;
    if dates_only {
        return date(ts.date());
    }
    format!("{} {:02}:{:02}", date(ts.date()), minute / 60, minute % 60)
}

/// The time up to which a value tells: as [`time`], but with `dates_only` the day that it closes.
pub(super) fn close(ts: Timestamp, dates_only: bool) -> String {
    if dates_only { date(closing_date(ts)) } else { time(ts, false) }
}

/// Text with the characters that mean something in HTML, SVG and their attributes replaced. Control characters, which
/// no XML may hold, are dropped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(number(-123.0, 0), "-123");
        assert_eq!(number(-0.001, 2), "0.00", "a zero has no sign");
        assert_eq!(percent(0.12345, 2), "12.35%");
        assert_eq!(percent(-12_345.0, 2), "-1,234,500%");
        assert_eq!((percent(3.2e40, 2), number(1e20, 2)), ("3.2e42%".into(), "1.0e20".into()));
        assert_eq!(percent(f64::MAX, 2), "1.8e308%");
        assert_eq!(signed_percent(0.000_001, 2), "0.00%");
        assert_eq!(signed_percent(0.05, 1), "+5.0%");
        assert_eq!(amount(Decimal::from_str_exact("-1234.5").unwrap(), 2), "-1,234.50");
        assert_eq!(price(Decimal::from_str_exact("0.00001234").unwrap()), "0.00001234");
        assert_eq!(price(Decimal::from(7)), "7.00");
        assert_eq!(or_undefined(None, |value: f64| number(value, 2)), UNDEFINED);
    }

    #[test]
    fn durations_have_two_units() {
        let show = |text: &str| duration(text.parse().unwrap());
        assert_eq!(show("412d5h"), "412 days");
        assert_eq!(show("1d5h"), "1 day 5 h");
        assert_eq!(show("3h"), "3 h");
        assert_eq!(show("3h20m"), "3 h 20 min");
        assert_eq!(show("90s"), "1 min 30 s");
        assert_eq!(show("1s500ms"), "1.5 s");
        assert_eq!(show("250ms"), "250 ms");
        assert_eq!(show("0s"), "0 s");
    }

    #[test]
    fn a_close_at_midnight_is_of_the_day_before() {
        let midnight = "2019-01-01T00:00:00Z".parse().unwrap();
        assert_eq!((time(midnight, true), close(midnight, true)), ("2019-01-01".into(), "2018-12-31".into()));
        assert_eq!(close(midnight, false), "2019-01-01 00:00");
        let evening = "2018-12-31T21:00:00Z".parse().unwrap();
        assert_eq!(
            (close(evening, true), close(evening, false)),
            ("2018-12-31".into(), "2018-12-31 21:00".into())
        );
    }

    #[test]
    fn markup_is_harmless() {
        assert_eq!(escape("<script>'\"&\u{0}\u{8}"), "&lt;script&gt;&#39;&quot;&amp;");
    }
}
