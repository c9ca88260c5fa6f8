//! What is said of malformed data, word for word: `data_errors.txt` holds the files, and below each the whole of standard
//! error.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::{CONFIG, Folder, PRICES};

fn folder(prices: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::new();
    folder.write("algoflow.toml", CONFIG);
    folder.write("prices.csv", prices);
    folder
}

#[test]
fn every_bad_file_is_told_with_line_and_what_to_do() {
    let cases: Vec<&str> = include_str!("data_errors.txt").split("##### ").skip(1).collect();
    assert!(cases.len() >= 20, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let (name, rest) = case.split_once('\n').unwrap();
        let lines = rest.lines().filter_map(|line| line.strip_prefix("| "));
        let content = lines.fold(String::new(), |text, line| text + line + "\n");
        let expected = rest.lines().filter(|line| !line.starts_with("| ")).collect::<Vec<_>>().join("\n");
        let run = folder(content).run(&["backtest"]).failure(3);
        assert_eq!(run.stdout(), "", "{name}");
        if run.stderr().trim_end() != expected.trim_end() {
            wrong.push(format!("##### {name}\nexpected:\n{expected}\nfound:\n{}", run.stderr()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let whole = gzip(&PRICES.repeat(200));
    let parquet = [b"PAR1".as_slice(), &[7; 200], b"PAR1"].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a gzip that is cut off", whole[..whole.len() / 2].to_vec(), "prices.csv"),
        ("no Parquet", parquet, "prices.csv"),
        ("a Parquet file of four bytes", b"PAR1".to_vec(), "prices.csv"),
        ("a zip that is none", b"PK\x03\x04nothing".to_vec(), "not a zip"),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0], "zstd"),
        ("UTF-16", vec![0xff, 0xfe, b'd', 0, b'a', 0], "UTF-16"),
        ("zeros", vec![0; 4096], "prices.csv"),
        ("noise", (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect(), "prices.csv"),
    ];
    for (name, bytes, expected) in cases {
        let stderr = folder(bytes).run(&["backtest"]).failure(3).stderr();
        assert!(stderr.starts_with("error: data[0]: "), "{name}: {stderr}");
        assert!(stderr.contains(expected), "{name}: {stderr}");
    }
    folder(gzip(PRICES)).run(&["backtest", "-q"]).success();
}

#[test]
fn a_policy_mends_what_strict_refuses_and_says_so() {
    let bad = PRICES.replace("2024-01-04,101,103,100", "2024-01-04,101,99,100");
    let folder = folder(bad);
    folder.run(&["backtest", "-q"]).failure(3);
    let run = folder.run(&["backtest", "--set", "data.policy=drop"]).success();
    assert!(
        run.stderr()
            .contains("warning: data[0] (prices.csv): 1 of 4 rows dropped, 0 mended: 1 high below low"),
        "{}",
        run.stderr()
    );
    let run = folder.run(&["backtest", "--json", "--set", "data.policy=repair"]).success().json();
    assert_eq!((&run["events"], &run["data"][0]["reports"][0]["fixed"]), (&4.into(), &1.into()));
}

#[test]
fn an_empty_range_says_what_the_data_cover() {
    let run = folder(PRICES).run(&["backtest", "--from", "2030-01-01"]).failure(3);
    assert_eq!(
        run.stderr(),
        "error: there are no data between 2030-01-01T00:00:00Z and the end\n = help: the data cover SPX.SIM \
         2024-01-02T00:00:00Z to 2024-01-06T00:00:00Z\n"
    );
}

#[test]
fn bars_that_are_too_long_for_a_strategy_are_warned_about() {
    let run = folder(PRICES).run(&["check", "--data", "--set", "strategy.params.bars=5m"]).success();
    assert_eq!(
        run.stderr(),
        "warning: sma_cross asks for 5m bars of SPX.SIM, but all data of it are longer bars: it will see none\n"
    );
}

#[test]
fn an_unrelated_currency_is_warned_about() {
    let run = folder(PRICES).run(&["check", "--set", "backtest.cash=[\"100000 EUR\"]"]).success();
    assert!(run.stderr().contains("the cash account at SIM holds neither USD nor SPX"), "{}", run.stderr());
}
