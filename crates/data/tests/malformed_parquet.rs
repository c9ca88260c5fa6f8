//! Bad Parquet files have errors that say what is wrong; nothing panics.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

use std::sync::Arc;

use algoflow_core::{bar_spec::BarSpec, id::InstrumentId};
use algoflow_data::{BarSeries, CsvBars, ParquetBars, ParquetTrades, Schema, write_parquet};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray, TimestampMillisecondArray, UInt64Array, types::Int64Type,
};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

fn id() -> InstrumentId {
    "TEST.X".parse().unwrap()
}

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(ArrowSchema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, array)| array).collect());
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    writer.write(&batch.unwrap()).unwrap();
    writer.close().unwrap();
    bytes
}

fn times() -> (&'static str, ArrayRef) {
    ("ts", Arc::new(Int64Array::from(vec![1_704_067_260, 1_704_067_320, 1_704_067_380])))
}

fn floats(values: [f64; 3]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn bar_file(time: (&'static str, ArrayRef), high: ArrayRef) -> Vec<u8> {
    file(vec![
        time,
        ("open", floats([5.0; 3])),
        ("high", high),
        ("low", floats([4.0; 3])),
        ("close", floats([5.0; 3])),
    ])
}

#[test]
fn files_of_others_are_read() {
    let millis: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![
        1_704_067_260_000,
        1_704_067_320_000,
        1_704_067_380_000,
    ]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![19_723, 19_724, 19_725]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["2024-01-01", "2024-01-02", "2024-01-03"]));
    let high = || floats([6.1, 6.25, 6.0]);
    for (time, spec) in [
        (times(), BarSpec::minutes(1)),
        (("timestamp", millis), BarSpec::minutes(1)),
        (("Date", days), BarSpec::day()),
        (("date", text), BarSpec::day()),
    ] {
        let (series, report) =
            ParquetBars::from_bytes("p", bar_file(time, high())).instrument(id()).load().unwrap();
        assert_eq!((series.spec(), series.len(), report.rounded), (spec, 3, 0));
        assert_eq!(series.highs(), [6.1, 6.25, 6.0]);
        assert_eq!(series.header().price_scale.places(), 2);
    }
}

#[test]
fn times_without_a_zone_are_those_of_the_declared_one() {
    // Local hours around the change of the clocks on 2024-03-10: 00:00, 01:00, 03:00 (02:00 does not exist).
    let local = |hours: [i64; 3]| -> ArrayRef {
        let millis = hours.map(|hour| 1_710_028_800_000 + hour * 3_600_000);
        Arc::new(TimestampMillisecondArray::from(millis.to_vec()))
    };
    let load = |time: ArrayRef| {
        let schema = Schema { zone: Some("America/New_York".into()), ..Schema::default() };
        let file = ParquetBars::from_bytes("p", bar_file(("ts", time), floats([6.0; 3])));
        file.instrument(id()).schema(schema).load().map(|(bars, _)| bars)
    };
    let bars = load(local([0, 1, 3])).unwrap();
    assert_eq!(bars.spec(), BarSpec::hours(1), "the clock skips, time does not");
    assert_eq!(bars.first().unwrap().ts_close, "2024-03-10T05:00:00Z".parse().unwrap());
    assert_eq!(bars.last().unwrap().ts_close, "2024-03-10T07:00:00Z".parse().unwrap());
    let error = load(local([0, 1, 2])).unwrap_err().to_string();
    assert!(error.contains("row 3") && error.contains("does not exist"), "{error}");
    // A column that says its zone is not touched by the declared one.
    let utc = TimestampMillisecondArray::from(vec![1_710_028_800_000, 1_710_032_400_000, 1_710_036_000_000]);
    let bars = load(Arc::new(utc.with_timezone("UTC"))).unwrap();
    assert_eq!(bars.first().unwrap().ts_close, "2024-03-10T00:00:00Z".parse().unwrap());
}

#[test]
fn bars_of_another_spec_than_declared_are_refused() {
    let (series, bytes) = written();
    let error = ParquetBars::from_bytes("x", bytes.clone()).spec(BarSpec::hours(1)).load().unwrap_err();
    assert_eq!(error.code(), "DATA_MISMATCH");
    assert_eq!(ParquetBars::from_bytes("x", bytes).spec(BarSpec::minutes(1)).load().unwrap().0, series);
}

#[test]
fn bad_files_say_what_is_wrong() {
    let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
        Some(vec![Some(1)]),
        Some(vec![Some(2)]),
        Some(vec![Some(3)]),
    ]));
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    let nulls: ArrayRef = Arc::new(Float64Array::from(vec![Some(6.0), None, Some(6.0)]));
    let words: ArrayRef = Arc::new(StringArray::from(vec!["6", "six", "6"]));
    let backwards: ArrayRef = Arc::new(Int64Array::from(vec![1_704_067_260, 1_704_067_380, 1_704_067_320]));
    let good = bar_file(times(), floats([6.0; 3]));
    let no_time: ArrayRef = Arc::new(Int64Array::from(vec![Some(1_704_067_260), None, Some(1_704_067_380)]));
    let units = ints([1_704_067_260, 1_704_067_320_000, 1_704_067_380]);
    let late = ints([99_999_999_997, 99_999_999_998, 99_999_999_999]);
    let decimal = |values: Vec<i128>, places| -> ArrayRef {
        let array = Decimal128Array::from(values).with_data_type(DataType::Decimal128(38, places));
        Arc::new(array)
    };
    let wide = decimal(vec![600, 600, 1 << 70], 2);
    let fine = decimal(vec![6, 6, 6], 30);
    let unsigned: ArrayRef = Arc::new(UInt64Array::from(vec![6, u64::MAX, 6]));
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("nothing", Vec::new(), "DATA_EMPTY", "no rows"),
        ("text", b"ts,open\n1,2\n".to_vec(), "DATA_FORMAT", "not a Parquet file"),
        ("cut off", good[..good.len() / 2].to_vec(), "DATA_FORMAT", "not a Parquet file"),
        ("a magic alone", b"PAR1PAR1".to_vec(), "DATA_FORMAT", "not a Parquet file"),
        ("no high", file(vec![times(), ("open", floats([5.0; 3]))]), "DATA_MISSING_COLUMN", "high"),
        ("a list", bar_file(times(), list), "DATA_COLUMN_TYPE", "\"high\" is List"),
        ("booleans", bar_file(times(), flags.clone()), "DATA_COLUMN_TYPE", "Boolean"),
        ("booleans for times", bar_file(("ts", flags), floats([6.0; 3])), "DATA_COLUMN_TYPE", "time"),
        ("a null", bar_file(times(), nulls), "ROW_UNPARSABLE", "row 2"),
        ("words", bar_file(times(), words.clone()), "ROW_UNPARSABLE", "\"six\""),
        ("NaN", bar_file(times(), floats([6.0, f64::NAN, 6.0])), "ROW_NOT_FINITE", "row 2"),
        ("infinity", bar_file(times(), floats([6.0, f64::INFINITY, 6.0])), "ROW_NOT_FINITE", "\"high\""),
        ("too large", bar_file(times(), floats([6.0, 1e300, 6.0])), "ROW_OUT_OF_SCALE", "row 2"),
        ("high below low", bar_file(times(), floats([6.0, 3.0, 6.0])), "ROW_HIGH_BELOW_LOW", "row 2"),
        ("a negative price", bar_file(times(), floats([6.0, -6.0, 6.0])), "ROW_NON_POSITIVE_PRICE", "-6"),
        ("disorder", bar_file(("ts", backwards), floats([6.0; 3])), "ROW_OUT_OF_ORDER", "row 3"),
        ("no rows", file(empty()), "DATA_EMPTY", "no rows"),
        ("a body cut out", cut_out(&good), "DATA_FORMAT", "test.parquet"),
        ("open above high", bar_file(times(), floats([6.0, 4.5, 6.0])), "ROW_OUTSIDE_RANGE", "row 2"),
        ("a time twice", bar_file(("ts", ints([60, 120, 120])), floats([6.0; 3])), "ROW_DUPLICATE", "row 3"),
        (
            "zero",
            bar_file(times(), floats([6.0, 0.0, 6.0])),
            "ROW_NON_POSITIVE_PRICE",
            "row 2, column \"high\"",
        ),
        (
            "a null for a time",
            bar_file(("ts", no_time), floats([6.0; 3])),
            "ROW_UNPARSABLE",
            "row 2, column \"ts\"",
        ),
        ("no time", bar_file(("ts", words), floats([6.0; 3])), "ROW_UNPARSABLE", "value \"six\""),
        ("units that change", bar_file(("ts", units), floats([6.0; 3])), "ROW_UNPARSABLE", "time unit"),
        ("a time past 2262", bar_file(("ts", late), floats([6.0; 3])), "ROW_UNPARSABLE", "1678 to 2262"),
        ("beyond 64 bits", bar_file(times(), wide), "ROW_OUT_OF_SCALE", "row 3, column \"high\""),
        ("an unsigned beyond 64 bits", bar_file(times(), unsigned), "ROW_OUT_OF_SCALE", "row 2"),
        ("too many places", bar_file(times(), fine), "DATA_COLUMN_TYPE", "Decimal128(38, 30)"),
        (
            "a negative volume",
            volumes([1.0, -1.0, 1.0]),
            "ROW_QUANTITY",
            "row 2, column \"volume\", value \"-1\"",
        ),
        ("an infinite volume", volumes([1.0, 1.0, f64::NEG_INFINITY]), "ROW_NOT_FINITE", "row 3"),
        (
            "a name twice",
            file(vec![times(), ("open", floats([5.0; 3])), ("Open", floats([5.0; 3]))]),
            "DATA_FORMAT",
            "2 columns may be the open (open, Open)",
        ),
    ];
    for (name, bytes, code, words) in cases {
        let error = ParquetBars::from_bytes("test.parquet", bytes).instrument(id()).load().expect_err(name);
        let message = error.to_string();
        assert_eq!(error.code(), code, "{name}: {message}");
        assert!(message.contains(words) && message.contains("test.parquet"), "{name}: {message}");
    }
    assert_eq!(ParquetBars::open("/no/such/file.parquet").unwrap_err().code(), "DATA_IO");
    assert!(ParquetBars::open(env!("CARGO_MANIFEST_DIR")).unwrap_err().to_string().contains("folder"));
    let schema = Schema { delimiter: Some(';'), ..Schema::default() };
    let error =
        ParquetBars::from_bytes("p", good.clone()).instrument(id()).schema(schema).load().unwrap_err();
    assert!(error.to_string().contains("Parquet"), "{error}");
    assert_eq!(
        ParquetTrades::from_bytes("p", good).instrument(id()).load().unwrap_err().code(),
        "DATA_MISSING_COLUMN"
    );
}

fn ints(values: [i64; 3]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn volumes(values: [f64; 3]) -> Vec<u8> {
    file(vec![
        times(),
        ("open", floats([5.0; 3])),
        ("high", floats([6.0; 3])),
        ("low", floats([4.0; 3])),
        ("close", floats([5.0; 3])),
        ("volume", floats(values)),
    ])
}

/// A file whose end is whole and whose first half is missing.
fn cut_out(whole: &[u8]) -> Vec<u8> {
    [b"PAR1", &whole[whole.len() / 3..]].concat()
}

fn empty() -> Vec<(&'static str, ArrayRef)> {
    let none = || -> ArrayRef { Arc::new(Float64Array::from(Vec::<f64>::new())) };
    let ts: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    vec![("ts", ts), ("open", none()), ("high", none()), ("low", none()), ("close", none())]
}

fn written() -> (BarSeries, Vec<u8>) {
    let mut text = String::from("ts,open,high,low,close,volume\n");
    for i in 0..300 {
        text.push_str(&format!("{},5.{i:03},7,4,6,{i}\n", 1_704_067_260 + i * 60));
    }
    let (series, _) = CsvBars::from_bytes("x", text.into_bytes()).instrument(id()).load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write_parquet(&path, &series).unwrap();
    (series, std::fs::read(path).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ParquetBars::from_bytes("x", bytes).instrument(id()).load();
    }

    #[test]
    fn no_damaged_file_panics(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        static FILE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = FILE.get_or_init(|| written().1).clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = ParquetBars::from_bytes("x", bytes).load();
    }
}

#[test]
fn an_undamaged_file_is_read_without_being_told_anything() {
    let (series, bytes) = written();
    assert_eq!(ParquetBars::from_bytes("x", bytes).load().unwrap().0, series);
}
