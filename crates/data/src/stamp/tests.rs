use algoflow_core::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::schema::Session;

fn reader(schema: Schema) -> StampReader {
    StampReader::new(&schema).unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().nanos()
}

#[test]
fn the_usual_forms_are_read() {
    let expected = at("2024-01-02T09:30:00Z");
    for text in [
        "1704187800",
        "1704187800000",
        "1704187800000000",
        "1704187800000000000",
        "1704187800.0",
        "2024-01-02T09:30:00Z",
        "2024-01-02 09:30:00",
        "2024-01-02 09:30",
        "2024/01/02 09:30:00.000",
        "2024.01.02T09:30:00",
        "20240102 093000000",
        "20240102093000",
        "2024-01-02T10:30:00+01:00",
        "2024-01-02 05:30:00-0400",
        "2024-01-02 05:30:00-04",
        "2024-01-02 09:30:00 UTC",
    ] {
        let stamp = reader(Schema::default()).text(text.as_bytes());
        assert_eq!(stamp, Ok(Stamp::instant(expected)), "{text}");
    }
    let day = Stamp { nanos: at("2024-01-02"), is_date: true };
    for text in ["2024-01-02", "20240102", "2024/01/02"] {
        assert_eq!(reader(Schema::default()).text(text.as_bytes()), Ok(day), "{text}");
    }
    let fraction = reader(Schema::default()).text(b"2024-01-02T09:30:00.000000001Z");
    assert_eq!(fraction, Ok(Stamp::instant(expected + 1)));
    let fraction = reader(Schema::default()).text(b"1704187800.25");
    assert_eq!(fraction, Ok(Stamp::instant(expected + 250_000_000)));
    #[cfg(feature = "parquet")]
    assert_eq!(reader(Schema::default()).float(1_704_187_800.25), fraction);
}

#[test]
fn what_is_no_time_says_why() {
    for text in [
        "",
        "soon",
        "2024-13-01",
        "2023-02-29",
        "2024-01-02T25:00:00",
        "2024-01-02T09",
        "2024-01-02X09:30",
        "99999999999999999999",
        "2024-01-02 09:30:00+99:00",
        "2024-1-2",
        "12/31/2024",
        "2024-01-02 09:30:61",
        "2024-01-02 09:30:00.1234567890",
        "\u{ff12}024-01-02",
    ] {
        let error = reader(Schema::default()).text(text.as_bytes()).unwrap_err();
        assert!(!error.is_empty(), "{text:?}");
    }
}

#[test]
fn a_change_of_unit_is_not_followed() {
    let mut times = reader(Schema::default());
    times.text(b"1704187800000").unwrap();
    let error = times.text(b"1704187860000000").unwrap_err();
    assert!(error.contains("Micros") && error.contains("Millis"), "{error}");
    let mut declared = reader(Schema { time_unit: Some(TimeUnit::Seconds), ..Schema::default() });
    assert_eq!(declared.text(b"86400"), Ok(Stamp::instant(DAY_NANOS)));
    assert!(declared.text(b"1704187800000000").is_err(), "beyond the year 2262");
}

#[test]
fn local_times_follow_the_zone_and_the_rule() {
    let new_york = |local_time| {
        reader(Schema { zone: Some("America/New_York".into()), local_time, ..Schema::default() })
    };
    let mut refuse = new_york(LocalTime::Refuse);
    assert_eq!(refuse.text(b"2024-01-02 09:30"), Ok(Stamp::instant(at("2024-01-02T14:30:00Z"))));
    assert_eq!(refuse.text(b"2024-07-02 09:30"), Ok(Stamp::instant(at("2024-07-02T13:30:00Z"))));
    assert!(refuse.text(b"2024-03-10 02:30").unwrap_err().contains("does not exist"));
    assert!(refuse.text(b"2024-11-03 01:30").unwrap_err().contains("twice"));
    let (mut early, mut late) = (new_york(LocalTime::Earlier), new_york(LocalTime::Later));
    assert_eq!(early.text(b"2024-11-03 01:30"), Ok(Stamp::instant(at("2024-11-03T05:30:00Z"))));
    assert_eq!(late.text(b"2024-11-03 01:30"), Ok(Stamp::instant(at("2024-11-03T06:30:00Z"))));
    let day = refuse.text(b"2024-03-10").unwrap();
    assert_eq!(refuse.day(day.nanos), Ok((at("2024-03-10T05:00:00Z"), at("2024-03-11T04:00:00Z"))));
}

#[test]
fn sessions_bound_the_day() {
    let session = Session { open: Some("09:30".into()), close: "16:00".into() };
    let schema =
        Schema { zone: Some("America/New_York".into()), session: Some(session), ..Schema::default() };
    let mut times = reader(schema);
    let day = times.text(b"2024-07-02").unwrap();
    assert_eq!(times.day(day.nanos), Ok((at("2024-07-02T13:30:00Z"), at("2024-07-02T20:00:00Z"))));
    for close in ["noon", "00:00"] {
        let session = Some(Session { open: None, close: close.into() });
        assert!(StampReader::new(&Schema { session, ..Schema::default() }).is_err(), "{close}");
    }
    let zone = Some("Mars/Olympus".to_string());
    assert!(StampReader::new(&Schema { zone, ..Schema::default() }).is_err());
}

#[test]
fn declared_forms_are_read() {
    let with = |format: &str| reader(Schema { time_format: Some(format.into()), ..Schema::default() });
    let stamp = with("%m/%d/%Y %H:%M").text(b"8/30/2025 17:52");
    assert_eq!(stamp, Ok(Stamp::instant(at("2025-08-30T17:52:00Z"))));
    let stamp = with("%d.%m.%Y").text(b"30.08.2025");
    assert_eq!(stamp, Ok(Stamp { nanos: at("2025-08-30"), is_date: true }));
    assert!(with("%d.%m.%Y").text(b"2025-08-30").unwrap_err().contains("%d.%m.%Y"));
    let parts = reader(Schema::default()).date_and_time(b"2024.01.02", b"09:30");
    assert_eq!(parts, Ok(Stamp::instant(at("2024-01-02T09:30:00Z"))));
}

proptest! {
    #[test]
    fn digits_are_read_as_the_standard_library_reads_them(text in "[0-9]{0,19}|[0-9:x ]{0,9}") {
        prop_assert_eq!(digits(text.as_bytes()), text.parse::<i64>().ok());
    }

    #[test]
    fn every_written_time_reads_back(nanos in any::<i64>()) {
        let time = Timestamp::from_nanos(nanos);
        let stamp = reader(Schema::default()).text(time.to_string().as_bytes());
        prop_assert_eq!(stamp, Ok(Stamp::instant(nanos)));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = reader(Schema::default()).text(&bytes);
        let _ = reader(Schema::default()).date_and_time(&bytes, &bytes);
    }

    #[test]
    fn no_text_of_digits_panics(text in "[0-9TZ:. +/-]{0,30}") {
        let _ = reader(Schema::default()).text(text.as_bytes());
    }
}
