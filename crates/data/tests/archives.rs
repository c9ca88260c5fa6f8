//! Compressed files, streaming, and headers and delimiters of many styles.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests, a panic is the report")]

use std::{
    io::{Cursor, Read, Write as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use algoflow_core::{bar_spec::BarSpec, id::InstrumentId};
use algoflow_data::{Column, CsvBars, CsvQuotes, CsvTrades, DataSource, Schema, StampIs};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

fn id() -> InstrumentId {
    "TEST.X".parse().unwrap()
}

const TEXT: &str = "ts,open,high,low,close,volume\n1704067260,5,6,4,5,1\n1704067320,5,6,4,5,1\n";

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn load(bytes: Vec<u8>, schema: Schema) -> Result<usize, String> {
    let file = CsvBars::from_bytes("test.zip", bytes).instrument(id()).schema(schema);
    file.load().map(|(bars, _)| bars.len()).map_err(|error| error.to_string())
}

#[test]
fn zips_are_read_and_checked() {
    let one = archive(&[("folder/", ""), ("folder/a.csv", TEXT)]);
    assert_eq!(load(one.clone(), Schema::default()), Ok(2));
    let two = archive(&[
        ("a.csv", TEXT),
        ("b.csv", "ts,open,high,low,close\n1704067260,1,1,1,1\n1704067320,1,1,1,1\n1704067380,1,1,1,1\n"),
    ]);
    let error = load(two.clone(), Schema::default()).unwrap_err();
    assert!(error.contains("a.csv, b.csv"), "{error}");
    let entry = |name: &str| Schema { entry: Some(name.into()), ..Schema::default() };
    assert_eq!(load(two.clone(), entry("b.csv")), Ok(3));
    assert!(load(two, entry("c.csv")).unwrap_err().contains("no \"c.csv\""));
    assert!(load(archive(&[]), Schema::default()).unwrap_err().contains("no file"));
    let reader = CsvBars::from_reader("pipe", Cursor::new(one)).instrument(id());
    assert!(reader.load().unwrap_err().to_string().contains("stream"));
}

proptest! {
    #[test]
    fn no_damaged_archive_panics_or_passes(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let whole = archive(&[("a.csv", TEXT)]);
        let mut damaged = whole.clone();
        let at = at.index(damaged.len());
        damaged[at] = byte;
        if let Ok(count) = load(damaged, Schema::default()) {
            prop_assert_eq!(count, 2);
        }
    }
}

/// Rows without end.
struct Endless {
    row: u64,
    pending: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.pending.is_empty() {
            if self.row == 0 {
                self.pending.extend_from_slice(b"ts,open,high,low,close\n");
            }
            for _ in 0..100 {
                self.row += 1;
                writeln!(self.pending, "{},5,6,4,5", 1_704_067_200 + self.row * 60)?;
            }
        }
        let count = buffer.len().min(self.pending.len());
        buffer[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_stream_begins_before_the_file_ends() {
    let file = CsvBars::from_reader("endless", Endless { row: 0, pending: Vec::new() }).instrument(id());
    let mut stream = file.stream().unwrap();
    for _ in 0..5_000 {
        assert!(DataSource::next(&mut stream).unwrap().is_some());
    }
    let report = stream.report();
    assert_eq!((report.kept, report.spec), (5_000, Some(BarSpec::minutes(1))));
    assert!(report.rows < 10_000, "it read {} rows for 5,000 bars", report.rows);
}

/// Counts what is read from it.
struct Counted(Cursor<Vec<u8>>, Arc<AtomicUsize>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn compressed_text_is_read_as_it_is_needed() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let mut rows = Endless { row: 0, pending: Vec::new() }.take(16 << 20);
    std::io::copy(&mut rows, &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    let whole = packed.len();
    let read = Arc::new(AtomicUsize::new(0));
    let reader = Counted(Cursor::new(packed), Arc::clone(&read));
    let mut stream = CsvBars::from_reader("packed", reader).instrument(id()).stream().unwrap();
    for _ in 0..5_000 {
        assert!(DataSource::next(&mut stream).unwrap().is_some());
    }
    let read = read.load(Ordering::Relaxed);
    assert!(read < whole / 16, "it read {read} of {whole} bytes for 5,000 bars");
}

#[test]
fn styles_are_recognized() {
    let semicolons = "20240102 093000;1,5;1,75;1,25;1,5;100\n20240102 093100;1,5;1,75;1,25;1,5;100\n";
    let tabs = "Date\tTime\tOpen\tHigh\tLow\tClose\tVol\n2024.01.02\t09:30\t5\t6\t4\t5\t1\n2024.01.02\t09:31\t5\t6\t4\t5\t1\n";
    let quoted = "\"open_time\",\"o\",\"h\",\"l\",\"c\",\"v\"\r\n\"1704187800000\",\"5\",\"6\",\"4\",\"5\",\"1\"\r\n\"1704187860000\",5,6,4,5,1\r\n";
    let marked = "\u{feff}timestamp,Open Price,High Price,Low Price,Close Price,Volume USD\n2024-01-02T09:30:00Z,5,6,4,5,1\n2024-01-02T09:31:00Z,5,6,4,5,1";
    let preamble = "https://example.org\nts|open|high|low|close\n1704187800|5|6|4|5\n1704187860|5|6|4|5\n";
    let unsaid = Schema::default;
    for (name, text, schema, opens_first) in [
        ("semicolons", semicolons, Schema { decimal_comma: true, ..unsaid() }, false),
        ("tabs", tabs, unsaid(), false),
        ("quoted", quoted, unsaid(), true),
        ("byte order mark", marked, Schema { stamp: Some(StampIs::Open), ..unsaid() }, true),
        ("preamble", preamble, Schema { skip_lines: 1, ..unsaid() }, false),
    ] {
        let (bars, report) =
            CsvBars::from_bytes(name, text.as_bytes()).instrument(id()).schema(schema).load().unwrap();
        let first = bars.first().unwrap();
        let stamp = if opens_first { first.ts_open } else { first.ts_close };
        assert_eq!(stamp, "2024-01-02T09:30:00Z".parse().unwrap(), "{name}");
        assert_eq!((bars.len(), bars.spec(), report.is_clean()), (2, BarSpec::minutes(1), true), "{name}");
    }
}

#[test]
fn ticks_without_header_and_by_index() {
    let (trades, _) =
        CsvTrades::from_bytes("t", &b"1704067260000,5.5,1,sell\n1704067260000,5.25,2,buy\n"[..])
            .instrument(id())
            .load()
            .unwrap();
    assert_eq!(trades.prices(), [5.5, 5.25]);
    // The style of aggregated trades: id, price, quantity, first id, last id, time, buyer is maker.
    let text = &b"26129,0.01633102,4.70443515,27781,27781,1498793709153,true,true\n"[..];
    let schema = Schema::default()
        .column(Column::Time, 5)
        .column(Column::Price, 1)
        .column(Column::Quantity, 2)
        .column(Column::BuyerMaker, 6);
    let (trades, _) = CsvTrades::from_bytes("t", text).instrument(id()).schema(schema).load().unwrap();
    let trade = trades.first().unwrap();
    assert_eq!(trade.aggressor, Some(algoflow_core::order::Side::Sell));
    assert_eq!(trade.ts_event, "2017-06-30T03:35:09.153Z".parse().unwrap());
    let (quotes, _) = CsvQuotes::from_bytes("q", &b"timestamp,bid,ask\n1704067260,5,6\n"[..])
        .instrument(id())
        .load()
        .unwrap();
    assert_eq!(quotes.first().unwrap().bid_size, "1".parse().unwrap(), "sizes that are not given are one");
}
