use algoflow_core::{bar_spec::BarSpec, number::Price};

use super::{layout::*, *};
use crate::source::DataSource;

fn bars(from_minute: i64, count: i64, price: i64) -> Vec<Bar> {
    (from_minute..from_minute + count)
        .map(|minute| {
            let ts_open = Timestamp::from_nanos(minute * 60_000_000_000);
            let ts_close = ts_open.saturating_add(TimeDelta::minutes(1));
            let price = Price::from_int(price);
            Bar {
                instrument: "A/B.X".parse().unwrap(),
                spec: BarSpec::minutes(1),
                ts_open,
                ts_close,
                ts_recv: ts_close,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: "0.5".parse().unwrap(),
            }
        })
        .collect()
}

fn all(source: &mut dyn DataSource) -> Vec<Bar> {
    let mut bars = Vec::new();
    while let Some(event) = source.next().unwrap() {
        match event {
            algoflow_core::market::MarketData::Bar(bar) => bars.push(bar),
            other => panic!("{other:?}"),
        }
    }
    bars
}

const KIND: DataKind = DataKind::Bars(BarSpec::minutes(1));

#[test]
fn ranges_go_over_days() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::create(folder.path().join("c")).unwrap();
    let written = bars(1_000, 2_000, 5);
    assert_eq!(catalog.write(written.clone(), WriteMode::Append).unwrap(), 2_000);
    let id = written[0].instrument;
    let entries = catalog.list().unwrap();
    assert_eq!(
        (entries.len(), entries[0].instrument, entries[0].kind, entries[0].days.len()),
        (1, id, KIND, 3)
    );
    assert_eq!(catalog.check().unwrap(), 2_000);
    let whole = all(&mut catalog.range(id, KIND, Timestamp::MIN, Timestamp::MAX).unwrap());
    assert_eq!(whole, written);
    let (from, to) = (written[300].ts_recv, written[1_700].ts_recv);
    assert_eq!(all(&mut catalog.range(id, KIND, from, to).unwrap()), written[300..1_700]);
    assert!(catalog.range(id, DataKind::Trades, from, to).is_err());
    assert!(catalog.root().join("A%2FB.X/bars-1m/1970-01-02.parquet").is_file());
}

#[test]
fn midnight_belongs_to_the_day_that_begins() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::create(folder.path()).unwrap();
    let midnight = |day: i64| Timestamp::from_nanos(day * 86_400_000_000_000);
    let nanosecond = TimeDelta::from_nanos(1);
    let id: InstrumentId = "T.X".parse().unwrap();
    let trade = |time: Timestamp| Trade {
        instrument: id,
        ts_event: time,
        ts_recv: time,
        price: Price::ONE,
        quantity: "1".parse().unwrap(),
        aggressor: None,
    };
    // The last nanosecond of each day, its midnight, and the first nanosecond; also before 1970.
    let times: Vec<Timestamp> = (-1..=2)
        .flat_map(|day| {
            let start = midnight(day);
            [start.saturating_sub(nanosecond), start, start.saturating_add(nanosecond)]
        })
        .collect();
    catalog.write(times.iter().map(|time| trade(*time)), WriteMode::Append).unwrap();
    let days = &catalog.list().unwrap()[0].days;
    assert_eq!(*days, [midnight(-2), midnight(-1), midnight(0), midnight(1), midnight(2)]);
    assert_eq!(catalog.check().unwrap(), 12);
    for from in &times {
        for to in &times {
            let mut range = catalog.range(id, DataKind::Trades, *from, *to).unwrap();
            let mut found = Vec::new();
            while let Some(event) = range.next().unwrap() {
                found.push(event.ts_recv());
            }
            let expected: Vec<_> = times.iter().copied().filter(|time| time >= from && time < to).collect();
            assert_eq!(found, expected, "{from} to {to}");
        }
    }
    // A bar that ends at midnight is known on the day that begins.
    let last = bars(1_439, 1, 5);
    catalog.write(last.clone(), WriteMode::Append).unwrap();
    let of = |from, to| all(&mut catalog.range(last[0].instrument, KIND, from, to).unwrap());
    assert_eq!((of(midnight(0), midnight(1)).len(), of(midnight(1), midnight(2)).len()), (0, 1));
}

#[test]
fn overlaps_need_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::create(folder.path()).unwrap();
    catalog.write(bars(100, 100, 5), WriteMode::Append).unwrap();
    assert_eq!(catalog.write(bars(200, 10, 5), WriteMode::Append).unwrap(), 10, "it follows");
    assert_eq!(catalog.write(bars(50, 50, 5), WriteMode::Append).unwrap(), 50, "it precedes");
    let error = catalog.write(bars(205, 10, 5), WriteMode::Append).unwrap_err();
    assert!(error.code() == "DATA_CATALOG" && error.to_string().contains("overlaps"), "{error}");
    assert_eq!(catalog.write(bars(205, 10, 5), WriteMode::Merge).unwrap(), 5, "five are new");
    assert!(catalog.write(bars(205, 10, 6), WriteMode::Merge).is_err(), "other values at the same time");
    assert_eq!(catalog.check().unwrap(), 165);
    assert_eq!(catalog.write(bars(0, 3, 7), WriteMode::Replace).unwrap(), 3);
    assert_eq!(catalog.check().unwrap(), 3);
}

#[test]
fn disorder_and_strangers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::create(folder.path()).unwrap();
    let mut mixed = bars(0, 5, 5);
    mixed.swap(1, 3);
    assert_eq!(catalog.write(mixed, WriteMode::Append).unwrap_err().code(), "DATA_OUT_OF_ORDER");
    let mut mixed = bars(0, 5, 5);
    mixed[3].instrument = "C.X".parse().unwrap();
    assert_eq!(catalog.write(mixed, WriteMode::Append).unwrap_err().code(), "DATA_MISMATCH");
    assert_eq!(catalog.write(Vec::<Trade>::new(), WriteMode::Append).unwrap(), 0);
    assert!(Catalog::open(folder.path().join("none")).is_err());
}

#[test]
fn what_is_out_of_place_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::create(folder.path()).unwrap();
    catalog.write(bars(0, 5, 5), WriteMode::Append).unwrap();
    let kind = catalog.root().join("A%2FB.X/bars-1m");
    fs::copy(kind.join("1970-01-01.parquet"), kind.join("1970-01-09.parquet")).unwrap();
    assert!(catalog.check().unwrap_err().to_string().contains("1970-01-01"), "a record of another day");
    fs::remove_file(kind.join("1970-01-09.parquet")).unwrap();
    let other = catalog.root().join("C.X/bars-1m");
    fs::create_dir_all(&other).unwrap();
    fs::copy(kind.join("1970-01-01.parquet"), other.join("1970-01-01.parquet")).unwrap();
    assert!(catalog.check().unwrap_err().to_string().contains("A/B.X"), "a file of another instrument");
    fs::remove_dir_all(&other).unwrap();
    let hours = catalog.root().join("A%2FB.X/bars-1h");
    fs::create_dir_all(&hours).unwrap();
    fs::copy(kind.join("1970-01-01.parquet"), hours.join("1970-01-01.parquet")).unwrap();
    let hourly = DataKind::Bars(BarSpec::hours(1));
    let instrument = "A/B.X".parse().unwrap();
    let error =
        catalog.range(instrument, hourly, Timestamp::MIN, Timestamp::MAX).unwrap().next().unwrap_err();
    assert!(
        error.code() == "DATA_MISMATCH" && error.to_string().contains("1m"),
        "a file of other bars: {error}"
    );
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("notes.txt"), "x").unwrap();
    assert!(catalog.list().unwrap_err().to_string().contains("notes.txt"));
}

#[test]
fn names_escape_and_come_back() {
    for id in ["A.X", "BRK.B.NYSE", "a/b:c.X", "..X", "é%.X", "SOL-USDC_1.ORCA"] {
        let name = escaped(id);
        assert!(name.is_ascii() && !name.contains('/') && !name.starts_with('.'), "{name}");
        assert_eq!(unescaped(&name).as_deref(), Some(id));
    }
    for bad in ["%", "%2", "%zz", "%41", "a b"] {
        assert_eq!(unescaped(bad), None, "{bad}");
    }
    for kind in ["bars-1m", "bars-1mo", "trades", "quotes", "depth"] {
        assert_eq!(kind.parse::<DataKind>().unwrap().to_string(), kind);
    }
    assert!("candles".parse::<DataKind>().is_err() && "bars-0m".parse::<DataKind>().is_err());
    for bad in ["2024-1-2", "2024-01-02T00:00:00Z", "x"] {
        assert_eq!(parse_day(bad), None, "{bad}");
    }
}
