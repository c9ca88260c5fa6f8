use std::sync::Arc;

use algoflow_core::{
    bar_spec::BarSpec,
    market::{Bar, Quote, Trade},
    time::TimeDelta,
};
use algoflow_data::{ParquetFile, Repairs, RowPolicy, Schema, StampIs, policy::OnBadValue};
use arrow_array::{
    ArrayRef, Decimal64Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray, TimestampSecondArray,
};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

use super::{check_both, drained, id, step};

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(ArrowSchema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// How the values of a column are held.
#[derive(Clone, Copy, Debug)]
enum Held {
    Float,
    Decimal64(i8),
    Decimal128(i8),
    Int,
    Text,
}

/// A column of values in thousandths; `None` is a null.
fn numbers(values: &[Option<f64>], held: Held) -> ArrayRef {
    let scaled = |places: i8| {
        let by = 10f64.powi(places.into());
        values.iter().map(move |value| value.map(|v| (v * by).round()))
    };
    match held {
        Held::Float => Arc::new(values.iter().copied().collect::<Float64Array>()),
        Held::Int => Arc::new(scaled(0).map(|v| v.map(|v| v as i64)).collect::<Int64Array>()),
        Held::Text => Arc::new(values.iter().map(|v| v.map(|v| v.to_string())).collect::<StringArray>()),
        Held::Decimal64(places) => {
            let array: Decimal64Array = scaled(places).map(|v| v.map(|v| v as i64)).collect();
            Arc::new(array.with_data_type(DataType::Decimal64(18, places)))
        }
        Held::Decimal128(places) => {
            let array: Decimal128Array = scaled(places).map(|v| v.map(|v| v as i128)).collect();
            Arc::new(array.with_data_type(DataType::Decimal128(38, places)))
        }
    }
}

fn times(seconds: &[i64], kind: usize) -> ArrayRef {
    match kind {
        0 => Arc::new(seconds.iter().copied().map(Some).collect::<Int64Array>()),
        1 => Arc::new(seconds.iter().map(|s| Some(s * 1_000)).collect::<TimestampMillisecondArray>()),
        2 => {
            Arc::new(seconds.iter().map(|s| Some(*s)).collect::<TimestampSecondArray>().with_timezone("UTC"))
        }
        _ => Arc::new(seconds.iter().map(|s| Some(s * 1_000_000_000)).collect::<Int64Array>()),
    }
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        5 => Just(Held::Float),
        2 => (2i8..6).prop_map(Held::Decimal64),
        2 => (2i8..20).prop_map(Held::Decimal128),
        1 => Just(Held::Int),
        1 => Just(Held::Text),
    ]
}

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        60 => (500i64..600).prop_map(|cents| Some(cents as f64 / 100.0)),
        4 => (5_000i64..6_000).prop_map(|m| Some(m as f64 / 1_000.0)),
        1 => Just(Some(f64::NAN)),
        1 => Just(Some(0.0)),
        1 => Just(Some(-5.0)),
        1 => Just(Some(1.0 / 3.0)),
        1 => Just(Some(1e17)),
        1 => Just(None),
    ]
}

fn policies() -> impl Strategy<Value = RowPolicy> {
    let fix = Repairs { out_of_scale: OnBadValue::Fix, quantity: OnBadValue::Fix, ..Repairs::drop_all() };
    prop_oneof![
        Just(RowPolicy::Strict),
        Just(RowPolicy::Repair(Repairs::drop_all())),
        Just(RowPolicy::Repair(fix)),
    ]
}

fn clock(steps: impl Iterator<Item = i64>) -> Vec<i64> {
    steps
        .scan(1_704_067_200i64, |at, step| {
            *at += step;
            Some(*at)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bars(
        rows in proptest::collection::vec((step(), value(), value(), value(), value(), 0i64..50), 1..30),
        (prices, volumes, time) in (held(), held(), 0usize..4),
        policy in policies(),
        (opens, declared) in any::<(bool, bool)>(),
        delay in 0i64..3,
    ) {
        let stamps = clock(rows.iter().map(|row| row.0));
        let sorted: Vec<[Option<f64>; 4]> = rows.iter().map(|(_, a, b, c, d, turn)| {
            let mut four = [*a, *b, *c, *d];
            // Most rows are made to make sense.
            if turn % 10 != 0 {
                four.sort_by(|a, b| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
            }
            four
        }).collect();
        let column = |at: usize| numbers(&sorted.iter().map(|four| four[at]).collect::<Vec<_>>(), prices);
        let volume: Vec<Option<f64>> = rows.iter().map(|row| Some((row.5 - 1) as f64)).collect();
        let bytes = file(vec![
            ("ts", times(&stamps, time)), ("open", column(1)), ("high", column(3)), ("low", column(0)),
            ("close", column(2)), ("volume", numbers(&volume, volumes)),
        ]);
        let file = || {
            let stamp = Some(if opens { StampIs::Open } else { StampIs::Close });
            let file = ParquetFile::<Bar>::from_bytes("x", bytes.clone())
                .instrument(id())
                .schema(Schema { stamp, ..Schema::default() })
                .policy(policy.clone())
                .recv_delay(TimeDelta::from_nanos(delay));
            if declared { file.spec(BarSpec::minutes(1)) } else { file }
        };
        check_both!(file);
    }

    #[test]
    fn ticks(
        rows in proptest::collection::vec((step(), value(), value(), -1i64..50, 0usize..40), 1..30),
        (prices, sizes, time) in (held(), held(), 0usize..4),
        (received, delay) in (any::<bool>(), 0i64..3),
        policy in policies(),
    ) {
        let stamps = clock(rows.iter().map(|row| row.0));
        let low: Vec<_> = rows.iter().map(|row| row.1).collect();
        let high: Vec<_> = rows.iter().map(|row| row.2.map(|high| high + 0.5)).collect();
        let size: Vec<_> = rows.iter().map(|row| Some(row.3 as f64)).collect();
        let sides = ["up", "sell", "", "-1", "buy"];
        let side: StringArray = rows.iter().map(|row| Some(sides[row.4.min(4)])).collect();
        let mut trades = vec![
            ("ts", times(&stamps, time)), ("price", numbers(&low, prices)), ("quantity", numbers(&size, sizes)),
            ("side", Arc::new(side) as ArrayRef),
        ];
        if received {
            trades.push(("received", times(&stamps, time)));
        }
        let trades = file(trades);
        let file_of = || ParquetFile::<Trade>::from_bytes("x", trades.clone())
            .instrument(id()).policy(policy.clone()).recv_delay(TimeDelta::from_nanos(delay));
        check_both!(file_of);
        let quotes = file(vec![
            ("ts", times(&stamps, time)), ("bid", numbers(&low, prices)), ("bid_size", numbers(&size, sizes)),
            ("ask", numbers(&high, prices)), ("ask_size", numbers(&size, sizes)),
        ]);
        let file_of = || ParquetFile::<Quote>::from_bytes("x", quotes.clone())
            .instrument(id()).policy(policy.clone()).recv_delay(TimeDelta::from_nanos(delay));
        check_both!(file_of);
    }
}

/// More rows than one batch has, with a finer price in the first batch, one in the second, and a gap.
#[test]
fn scales_that_grow_between_batches() {
    let count = 20_000i64;
    let stamps: Vec<i64> = (0..count).map(|i| 1_704_067_260 + (i + i64::from(i > 12_000)) * 60).collect();
    let mut low: Vec<Option<f64>> = (0..count).map(|i| Some(100.0 + (i % 100) as f64 / 10.0)).collect();
    low[5_000] = Some(100.25);
    low[9_000] = Some(100.125);
    let above = |by: f64| low.iter().map(|low| low.map(|low| low + by)).collect::<Vec<_>>();
    for time in 0..4 {
        let bytes = file(vec![
            ("ts", times(&stamps, time)),
            ("open", numbers(&above(0.5), Held::Float)),
            ("high", numbers(&above(1.0), Held::Float)),
            ("low", numbers(&low, Held::Float)),
            ("close", numbers(&above(0.5), Held::Float)),
        ]);
        let file = || ParquetFile::<Bar>::from_bytes("x", bytes.clone()).instrument(id());
        let (bars, report) = file().load().unwrap();
        assert_eq!((bars.len(), bars.header().price_scale.places()), (20_000, 3));
        assert_eq!((report.kept, report.gaps, report.rounded, report.is_clean()), (20_000, 1, 0, true));
        assert_eq!(bars.get(9_000).unwrap().low, "100.125".parse().unwrap());
        assert_eq!(bars.lows(), low.iter().flatten().copied().collect::<Vec<_>>());
        let mut stream = file().stream().unwrap();
        assert_eq!(drained(|| stream.next_record()), Ok(bars.iter().collect()));
        assert_eq!(stream.report(), report);
    }
}

/// What is wrong in the middle of a batch is found there, and the message shows the value as the file has it.
#[test]
fn a_bad_row_deep_in_a_file_is_named() {
    let stamps: Vec<i64> = (1..=20_000).map(|i| 1_704_067_200 + i * 60).collect();
    let fives = vec![Some(5.0); 20_000];
    let mut highs = vec![Some(6.0); 20_000];
    highs[12_345] = Some(4.5);
    let bytes = file(vec![
        ("ts", times(&stamps, 0)),
        ("open", numbers(&fives, Held::Float)),
        ("high", numbers(&highs, Held::Float)),
        ("low", numbers(&fives, Held::Float)),
        ("close", numbers(&fives, Held::Float)),
    ]);
    let error =
        ParquetFile::<Bar>::from_bytes("x.parquet", bytes.clone()).instrument(id()).load().unwrap_err();
    let message = error.to_string();
    assert_eq!(error.code(), "ROW_HIGH_BELOW_LOW");
    assert!(message.contains("x.parquet, row 12346") && message.contains("high 4.5"), "{message}");
    let policy = RowPolicy::Repair(Repairs::drop_all());
    let file = ParquetFile::<Bar>::from_bytes("x.parquet", bytes).instrument(id()).policy(policy);
    let (bars, report) = file.load().unwrap();
    assert_eq!((bars.len(), report.rows, report.dropped, report.gaps), (19_999, 20_000, 1, 1));
}
