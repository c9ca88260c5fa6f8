//! Every kind of bad CSV has an error of its own that says where and why; nothing panics.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

use std::io::Write as _;

use algoflow_core::{bar_spec::BarSpec, id::InstrumentId};
use algoflow_data::{
    Column, CsvActions, CsvBars, CsvDepth, CsvQuotes, CsvTrades, DataError, LocalTime, Problem, Repairs,
    RowPolicy, Schema, Session, TimeUnit,
    policy::{OnBadValue, OnDisorder, OnDuplicate},
};
use proptest::prelude::*;

fn id() -> InstrumentId {
    "TEST.X".parse().unwrap()
}

fn bars(text: &str) -> CsvBars {
    CsvBars::from_bytes("test.csv", text.as_bytes().to_vec()).instrument(id())
}

fn with_rows(rows: &str) -> String {
    format!("ts,open,high,low,close,volume\n1704067260,5,6,4,5,1\n1704067320,5,6,4,5,1\n{rows}\n")
}

#[test]
fn bad_rows_name_file_line_column_and_reason() {
    // Row, code, and what the message must hold besides file and line.
    let cases = [
        ("1704067380,5,6,4,5", "ROW_COLUMN_COUNT", "5 columns; the file has 6"),
        ("1704067380,5,6,4,5,1,9", "ROW_COLUMN_COUNT", "7 columns"),
        ("1704067380,5,six,4,5,1", "ROW_UNPARSABLE", "\"high\", value \"six\""),
        ("1704067380,5,6,,5,1", "ROW_UNPARSABLE", "it is empty"),
        ("1704067380,5,6,4,5,", "ROW_UNPARSABLE", "\"volume\""),
        ("yesterday,5,6,4,5,1", "ROW_UNPARSABLE", "\"ts\", value \"yesterday\""),
        (",5,6,4,5,1", "ROW_UNPARSABLE", "it is empty"),
        ("2024-01-01,5,6,4,5,1", "ROW_UNPARSABLE", "some times are dates"),
        ("1704067380000,5,6,4,5,1", "ROW_UNPARSABLE", "declare the time unit"),
        ("1704067380,5,nan,4,5,1", "ROW_NOT_FINITE", "finite"),
        ("1704067380,5,6,-inf,5,1", "ROW_NOT_FINITE", "\"low\""),
        ("1704067380,0,6,4,5,1", "ROW_NON_POSITIVE_PRICE", "above zero"),
        ("1704067380,5,6,-4,5,1", "ROW_NON_POSITIVE_PRICE", "\"-4\""),
        ("1704067380,5,6,4,5,-1", "ROW_QUANTITY", "negative"),
        ("1704067380,5,4,6,5,1", "ROW_HIGH_BELOW_LOW", "high 4 is below low 6"),
        ("1704067380,7,6,4,5,1", "ROW_OUTSIDE_RANGE", "open 7"),
        ("1704067380,5,6,4,3,1", "ROW_OUTSIDE_RANGE", "close 3"),
        ("1704067320,5,6,4,5,1", "ROW_DUPLICATE", "2024-01-01T00:02:00Z"),
        ("1704067261,5,6,4,5,1", "ROW_OUT_OF_ORDER", "2024-01-01T00:01:01Z comes after"),
        ("1704067380,5,6,4,5,1e30", "ROW_OUT_OF_SCALE", "digits"),
        ("1704067380,5,6,4,5,99999999999999999999", "ROW_OUT_OF_SCALE", "digits"),
        ("1704067380,5,6,4,5,0.0000000000000000001", "ROW_OUT_OF_SCALE", "\"volume\""),
        ("1704067380,\"5\"x,6,4,5,1", "ROW_UNPARSABLE", "follows the end of a quoted cell"),
        ("99999999999,5,6,4,5,1", "ROW_UNPARSABLE", "1678 to 2262"),
        ("1704067380;5;6;4;5;1", "ROW_COLUMN_COUNT", "1 columns"),
        ("1704067380,5,6,\u{fffd},5,1", "ROW_UNPARSABLE", "\"low\""),
    ];
    for (row, code, words) in cases {
        let error = bars(&with_rows(row)).load().expect_err(row);
        let message = error.to_string();
        assert_eq!(error.code(), code, "{row}: {message}");
        for word in ["test.csv", "line 4", words] {
            assert!(message.contains(word), "{row}: {message} lacks {word:?}");
        }
        let DataError::Row(row_error) = error else { panic!("{row}") };
        assert_eq!(row_error.problem.code(), code);
    }
}

#[test]
fn bad_files_say_what_is_wrong() {
    let gzip = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let good = gzip(&with_rows("1704067380,5,6,4,5,1"));
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("nothing", Vec::new(), "DATA_EMPTY", "holds no rows"),
        ("blank lines", b"\n\n  \n".to_vec(), "DATA_EMPTY", "holds no rows"),
        ("a header alone", b"ts,open,high,low,close,volume\n".to_vec(), "DATA_EMPTY", "holds no rows"),
        ("no close", b"ts,open,high,low\n1,2,3,4\n".to_vec(), "DATA_MISSING_COLUMN", "close"),
        ("no time", b"open,high,low,close\n2,3,4,5\n".to_vec(), "DATA_MISSING_COLUMN", "time"),
        ("prose", b"Dear reader,\nthis is no table.\n".to_vec(), "DATA_MISSING_COLUMN", "Dear reader"),
        ("too few columns without a header", b"1,2,3\n".to_vec(), "DATA_MISSING_COLUMN", "low"),
        ("gzip cut off", good[..good.len() - 10].to_vec(), "DATA_FORMAT", "after line"),
        ("gzip with a flipped bit", flipped, "DATA_FORMAT", "after line"),
        ("zstd", b"\x28\xb5\x2f\xfd1234".to_vec(), "DATA_FORMAT", "zstd"),
        ("bzip2", b"BZh91AY".to_vec(), "DATA_FORMAT", "bzip2"),
        ("xz", b"\xfd7zXZ\x00..".to_vec(), "DATA_FORMAT", "xz"),
        ("UTF-16", b"\xff\xfet\x00s\x00".to_vec(), "DATA_FORMAT", "UTF-16"),
        ("Parquet", b"PAR1....PAR1".to_vec(), "DATA_FORMAT", "Parquet"),
        ("UTF-16, big end first", b"\xfe\xff\x00t\x00s".to_vec(), "DATA_FORMAT", "UTF-16"),
        ("a zip that is none", b"PK\x03\x04garbage".to_vec(), "DATA_FORMAT", "zip"),
        ("gzip that is none", b"\x1f\x8bgarbage".to_vec(), "DATA_FORMAT", "line 0"),
        ("zeros", vec![0; 4_096], "DATA_MISSING_COLUMN", "time"),
        ("Latin-1 names", b"\xdchr,\xd6ffnung\n1,2\n".to_vec(), "DATA_MISSING_COLUMN", "time"),
        (
            "lines that end in CR alone",
            b"ts,open,high,low,close\r1,2,3,4,5\r".to_vec(),
            "DATA_FORMAT",
            "carriage return",
        ),
        (
            "a header twice",
            b"ts,open,high,low,close\nts,open,high,low,close\n1,2,3,4,5\n".to_vec(),
            "ROW_UNPARSABLE",
            "line 2, column \"ts\"",
        ),
        (
            "a quote that never closes",
            b"ts,open,high,low,close\n\"1,2,3\n4,5\n".to_vec(),
            "DATA_FORMAT",
            "not closed",
        ),
    ];
    cases.push(("a line without end", vec![b'x'; 3 << 20], "DATA_FORMAT", "1 MiB"));
    for (name, bytes, code, words) in cases {
        let error = CsvBars::from_bytes("test.csv", bytes).instrument(id()).load().expect_err(name);
        let message = error.to_string();
        assert_eq!(error.code(), code, "{name}: {message}");
        assert!(message.contains(words) && message.contains("test.csv"), "{name}: {message}");
    }
    assert_eq!(CsvBars::open("/no/such/file.csv").unwrap_err().code(), "DATA_IO");
    assert!(CsvBars::open(env!("CARGO_MANIFEST_DIR")).unwrap_err().to_string().contains("folder"));
}

#[test]
fn columns_that_cannot_be_told_apart_are_refused() {
    let row = "1704067260,5,6,4,5,1,2\n1704067320,5,6,4,5,1,2\n";
    let load = |header: &str, schema: Schema| {
        let text = format!("{header}\n{row}");
        bars(&text).schema(schema).load().map(|(bars, _)| bars.closes()).map_err(|error| error.to_string())
    };
    let plain = Schema::default;
    for (header, schema, words) in [
        ("ts,open,high,low,close,volume,close", plain(), "2 columns may be the close (close, close)"),
        ("ts,open,high,low,close,volume,Close", plain(), "2 columns may be the close (close, Close)"),
        ("ts,open,high,low,close,volume,ts", plain(), "2 columns may be the time"),
        (
            "ts,open,high,low,x,volume,x",
            plain().column(Column::Close, "x"),
            "2 columns may be the close (x, x)",
        ),
        (
            "ts,open,high,low,close,volume,x",
            plain().column(Column::Close, "x").column(Column::Volume, 6),
            "close and volume are both mapped to \"x\"",
        ),
    ] {
        let error = load(header, schema).expect_err(header);
        assert!(error.contains(words), "{header}: {error}");
    }
    let error = load("ts,open,high,low,close,volume,close", plain()).unwrap_err();
    assert!(error.contains("test.csv") && error.contains("index"), "{error}");
    // An index says which one is meant, and columns that are not read may be called anything.
    let by_index = plain().column(Column::Close, 4);
    assert_eq!(load("ts,open,high,low,close,volume,close", by_index), Ok(vec![5.0, 5.0]));
    assert_eq!(load("ts,open,high,low,close,note,note", plain()), Ok(vec![5.0, 5.0]));
    let prices = "ts,price\n1704067260,5\n1704067320,6\n";
    let (lines, _) = bars(prices).schema(plain().column(Column::Close, "price")).load().unwrap();
    assert_eq!(lines.highs(), [5.0, 6.0], "a close alone is open, high and low too");
}

#[test]
fn unknown_keys_are_refused() {
    let repairs = serde_json::from_str::<Repairs>(r#"{"duplicates": "keep_first"}"#).unwrap_err();
    assert!(repairs.to_string().contains("duplicates"), "{repairs}");
    let policy = serde_json::from_str::<RowPolicy>(r#"{"repair": {"crosed": "fix"}}"#).unwrap_err();
    assert!(policy.to_string().contains("crosed"), "{policy}");
    let session = serde_json::from_str::<Session>(r#"{"close": "16:00", "opens": "09:30"}"#).unwrap_err();
    assert!(session.to_string().contains("opens"), "{session}");
    let schema = serde_json::from_str::<Schema>(r#"{"delimeter": ";"}"#).unwrap_err();
    assert!(schema.to_string().contains("delimeter"), "{schema}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let text = with_rows("");
    let schema = Schema::default;
    let cases = [
        ("zone", Schema { zone: Some("Nowhere/Town".into()), ..schema() }),
        ("delimiter", Schema { delimiter: Some('"'), ..schema() }),
        ("delimiter", Schema { delimiter: Some('é'), ..schema() }),
        ("decimal_comma", Schema { decimal_comma: true, delimiter: Some(','), ..schema() }),
        ("session", Schema { session: Some(Session { open: None, close: "25:00".into() }), ..schema() }),
        ("there is no \"adj\"", schema().column(Column::Close, "adj")),
        ("there is no index 9", schema().column(Column::Close, 9)),
        ("bid is mapped", schema().column(Column::Bid, 1)),
        ("no zip", Schema { entry: Some("a.csv".into()), ..schema() }),
        ("symbol", Schema { symbol: Some("A".into()), ..schema() }),
    ];
    for (words, schema) in cases {
        let error = bars(&text).schema(schema).load().expect_err(words);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let unnamed = CsvBars::from_bytes("test.csv", text.clone().into_bytes());
    assert!(unnamed.load().unwrap_err().to_string().contains("instrument"));
    assert!(bars(&text).spec(BarSpec::Ticks(0)).load().unwrap_err().to_string().contains("spec"));
    let one = bars("ts,open,high,low,close\n1704067260,5,6,4,5\n").load().unwrap_err();
    assert!(one.to_string().contains("too few bars"), "{one}");
    let filtered = "ts,symbol,open,high,low,close\n1704067260,A,5,6,4,5\n";
    let error = bars(filtered).schema(Schema { symbol: Some("B".into()), ..schema() }).load().unwrap_err();
    assert!(error.to_string().contains("none of the 1 rows"), "{error}");
    let sorting = RowPolicy::Repair(Repairs { out_of_order: OnDisorder::Sort, ..Repairs::refuse_all() });
    assert!(bars(&text).policy(sorting).stream().unwrap_err().to_string().contains("load()"));
}

#[test]
fn bad_ticks_levels_and_actions_are_refused() {
    let header = "ts,price,quantity,side\n1704067260,5,1,buy\n";
    for (row, code) in [
        ("1704067261,5,0,buy", "ROW_QUANTITY"),
        ("1704067261,5,1,up", "ROW_UNPARSABLE"),
        ("1704067259,5,1,sell", "ROW_OUT_OF_ORDER"),
        ("1704067261,0,1,sell", "ROW_NON_POSITIVE_PRICE"),
    ] {
        let file = CsvTrades::from_bytes("t.csv", format!("{header}{row}\n").into_bytes()).instrument(id());
        assert_eq!(file.load().unwrap_err().code(), code, "{row}");
    }
    let header = "ts,bid,bid_size,ask,ask_size\n1704067260,5,1,6,1\n";
    for (row, code) in [
        ("1704067261,7,1,6,1", "ROW_CROSSED"),
        ("1704067261,5,-1,6,1", "ROW_QUANTITY"),
        ("1704067261,5,1,,1", "ROW_UNPARSABLE"),
    ] {
        let file = CsvQuotes::from_bytes("q.csv", format!("{header}{row}\n").into_bytes()).instrument(id());
        assert_eq!(file.load().unwrap_err().code(), code, "{row}");
    }
    let header = "ts,is_snapshot,sequence,side,price,quantity\n1704067260,true,1,bid,5,1\n";
    for (row, words) in [
        ("1704067261,maybe,2,bid,5,1", "snapshot"),
        ("1704067261,true,x,bid,5,1", "sequence number"),
        ("1704067261,true,2,middle,5,1", "not a side"),
        ("1704067259,true,2,bid,5,1", "comes after"),
    ] {
        let file = CsvDepth::from_bytes("d.csv", format!("{header}{row}\n").into_bytes()).instrument(id());
        let error = file.load().unwrap_err();
        assert!(error.to_string().contains(words), "{row}: {error}");
    }
    for (row, words) in [
        ("2024-01-02,merger,1", "dividend and split"),
        ("2024-01-02,split,0:1", "4:1"),
        ("2024-01-02,split,1.5", "4:1"),
        ("2024-01-02,dividend,-1", "above zero"),
        ("2024-01-02,dividend,1", "currency"),
    ] {
        let text = format!("date,kind,value\n{row}\n");
        let mut file = CsvActions::from_bytes("a.csv", text.into_bytes()).instrument(id());
        if !row.ends_with("dividend,1") {
            file = file.currency("USD".parse().unwrap());
        }
        let error = file.load().unwrap_err();
        assert!(error.to_string().contains(words), "{row}: {error}");
    }
}

#[test]
fn clock_changes_are_refused_unless_a_rule_is_declared() {
    let text = "time,open,high,low,close\n2024-11-03 00:30,5,6,4,5\n2024-11-03 01:30,5,6,4,5\n";
    let schema =
        |local_time| Schema { zone: Some("America/New_York".into()), local_time, ..Schema::default() };
    let error = bars(text).schema(schema(LocalTime::Refuse)).load().unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
    assert_eq!(bars(text).schema(schema(LocalTime::Later)).load().unwrap().0.len(), 2);
}

const MESSY: &str = "\
ts,open,high,low,close,volume
1704067260,5,6,4,5,1
1704067320,5,6,4,5,nan
1704067320,5,6,4,5.5,2
1704067440,5,4,6,5,1
1704067380,5,6,4,5,1
1704067500,9,6,4,5,1
1704067560,5,6,4,5,-3
1704067620,5,6,4,5,1,extra
1704067680,x,6,4,5,1
1704067740,5,6,0,5,1
1704068040,5,6,4,5,1
";

#[test]
fn repairs_are_counted() {
    let (dropped, report) = bars(MESSY).policy(RowPolicy::Repair(Repairs::drop_all())).load().unwrap();
    assert_eq!((report.rows, report.kept, report.dropped, report.fixed), (11, 4, 7, 0));
    assert_eq!((dropped.len(), report.count(Problem::HighBelowLow)), (4, 1));
    // Of what is kept only the last bar leaves a gap: 00:03 to 00:13.
    assert_eq!((report.gaps, report.gap_list.len()), (1, 1));
    assert_eq!(report.examples.len(), 7);

    let (fixed, report) = bars(MESSY).policy(RowPolicy::Repair(Repairs::fix_all())).load().unwrap();
    assert_eq!(report.problems.values().sum::<u64>(), 9, "{:?}", report.problems);
    assert_eq!((fixed.len(), report.dropped, report.fixed), (8, 3, 5));
    assert_eq!(fixed.get(1).unwrap().close, "5.5".parse().unwrap(), "the last of a time is kept");
    assert!(fixed.iter().all(|bar| bar.validate().is_ok()));
    assert_eq!(report.kept, 8);

    let keep_last = Repairs { duplicate: OnDuplicate::KeepLast, ..Repairs::drop_all() };
    let stream =
        bars("ts,open,high,low,close\n60,1,1,1,1\n120,1,1,1,1\n120,2,2,2,2\n180,3,3,3,3\n180,4,4,4,4\n")
            .schema(Schema { time_unit: Some(TimeUnit::Seconds), ..Schema::default() })
            .spec(BarSpec::minutes(1))
            .policy(RowPolicy::Repair(keep_last));
    let mut stream = stream.stream().unwrap();
    let mut closes = Vec::new();
    while let Some(bar) = stream.next_record().unwrap() {
        closes.push(bar.close.mantissa());
    }
    assert_eq!(closes, [1, 2, 4]);
    assert_eq!((stream.report().kept, stream.report().dropped), (3, 2));
}

#[test]
fn declared_scales_are_kept_or_rounded_to_by_policy() {
    let text = "ts,open,high,low,close\n1704067260,5.123,6,4,5\n1704067320,5,6,4,5\n";
    let schema =
        Schema { price_scale: Some(algoflow_core::number::Scale::new(2).unwrap()), ..Schema::default() };
    let error = bars(text).schema(schema.clone()).load().unwrap_err();
    assert_eq!(error.code(), "ROW_OUT_OF_SCALE");
    let fix = Repairs { out_of_scale: OnBadValue::Fix, ..Repairs::refuse_all() };
    let (series, report) = bars(text).schema(schema).policy(RowPolicy::Repair(fix)).load().unwrap();
    assert_eq!((series.get(0).unwrap().open, report.fixed), ("5.12".parse().unwrap(), 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = CsvBars::from_bytes("x", bytes.clone()).instrument(id()).load();
        let _ = CsvTrades::from_bytes("x", bytes.clone()).instrument(id()).load();
        let _ = CsvQuotes::from_bytes("x", bytes.clone()).instrument(id()).load();
        let _ = CsvDepth::from_bytes("x", bytes).instrument(id()).load();
    }

    #[test]
    fn no_table_panics(rows in proptest::collection::vec("[-0-9.,:TZeE \"a-c]{0,40}", 0..12)) {
        let text = format!("ts,open,high,low,close,volume\n{}\n", rows.join("\n"));
        let repair = RowPolicy::Repair(Repairs::fix_all());
        let _ = bars(&text).policy(repair.clone()).load();
        let _ = bars(&rows.join("\r\n")).policy(repair).load();
    }

    #[test]
    fn a_broken_file_never_passes_for_another(
        at in 0usize..400,
        byte in any::<u8>(),
    ) {
        let mut bytes = MESSY.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let policy = RowPolicy::Repair(Repairs::drop_all());
        if let Ok((series, report)) = CsvBars::from_bytes("x", bytes).instrument(id()).policy(policy).load() {
            prop_assert_eq!(report.kept, series.len() as u64);
            prop_assert_eq!(report.kept + report.dropped, report.rows);
            prop_assert!(series.iter().all(|bar| bar.validate().is_ok()));
        }
    }
}
