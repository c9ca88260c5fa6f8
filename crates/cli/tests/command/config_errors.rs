//! What `algoflow check` says of each mistake, word for word: `config_errors.txt` holds the mistakes as changes of a
//! configuration that is right, and below each the whole of standard error.

use crate::{CONFIG, Folder, PRICES};

fn folder(config: &str) -> Folder {
    let folder = Folder::new();
    folder.write("algoflow.toml", config);
    folder.write("prices.csv", PRICES);
    folder
}

/// The lines that begin with `mark`, without it and the space behind it.
fn marked(section: &str, mark: char) -> String {
    let lines = section.lines().filter_map(|line| line.strip_prefix(mark));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_configuration_without_a_mistake_is_right() {
    folder(CONFIG).run(&["check", "--data"]).success();
    folder(CONFIG).run(&["backtest", "-q"]).success();
}

#[test]
fn limits_hold_and_are_told() {
    let with = |limit: &str| folder(&format!("{CONFIG}\n[risk]\nmax_order_quantity = {limit}\n"));
    let refused = with("1").run(&["backtest", "--json", "-q"]).success().json();
    assert!(refused["denials"].as_u64() > Some(0), "{refused}");
    assert!(
        refused["warnings"].to_string().contains("with RISK_MAX_ORDER_QUANTITY; the first at "),
        "{refused}"
    );
    let free = with("1000000").run(&["backtest", "--json", "-q"]).success().json();
    assert_eq!((&free["denials"], &free["risk_events"]), (&0.into(), &serde_json::json!([])));
    let of_one = format!("{CONFIG}risk = {{ max_order_quantity = 1 }}\n");
    let refused = folder(&of_one).run(&["backtest", "--json", "-q"]).success().json();
    assert!(refused["warnings"].to_string().contains("(strategy sma_cross)"), "{refused}");
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_to_do() {
    let cases: Vec<&str> = include_str!("config_errors.txt").split("##### ").skip(1).collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let (name, rest) = case.split_once('\n').unwrap();
        let (right, mistaken) = (marked(rest, '-'), marked(rest, '+'));
        assert_eq!(CONFIG.matches(&right).count(), 1, "{name}: {right}");
        let expected =
            rest.lines().filter(|line| !line.starts_with(['-', '+'])).collect::<Vec<_>>().join("\n");
        let run = folder(&CONFIG.replace(&right, &mistaken)).run(&["check"]).failure(2);
        assert_eq!(run.stdout(), "", "{name}");
        if run.stderr().trim_end() != expected.trim_end() {
            wrong.push(format!("##### {name}\nexpected:\n{expected}\nfound:\n{}", run.stderr()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn several_mistakes_are_told_at_once() {
    let config = CONFIG
        .replace("100000 USD", "-1 USD")
        .replace("prices.csv", "nothing.csv")
        .replace("fast = 2", "fast = 9");
    let stderr = folder(&config).run(&["check"]).failure(2).stderr();
    assert_eq!(stderr.matches("error: ").count(), 3, "{stderr}");
}

#[test]
fn machines_get_the_places_as_json() {
    let config = CONFIG.replace("sma_cross", "sma_crss");
    let run = folder(&config).run(&["check", "--json"]).failure(2);
    assert_eq!(run.stderr(), "");
    let error = &run.json()["error"];
    assert_eq!((&error["code"], &error["exit_code"]), (&"CONFIG_UNKNOWN_STRATEGY".into(), &2.into()));
    let place = &error["diagnostics"][0];
    assert_eq!((&place["line"], &place["column"]), (&18.into(), &8.into()));
    assert_eq!((&place["key"], &place["file"]), (&"strategy[0].name".into(), &"algoflow.toml".into()));
    assert!(place["help"].as_str().unwrap().starts_with("did you mean `sma_cross`?"));
}

#[test]
fn a_configuration_that_cannot_be_read_is_told() {
    let folder = folder(CONFIG);
    let missing = folder.run(&["check", "-c", "none.toml"]).failure(2).stderr();
    assert!(missing.starts_with("error: cannot read the configuration none.toml: "), "{missing}");
    assert!(missing.contains("help: `algoflow init` writes a configuration that runs"), "{missing}");
    let directory = folder.run(&["check", "-c", "."]).failure(2).stderr();
    assert!(directory.starts_with("error: . is a folder, not a configuration file"), "{directory}");
    folder.write("latin.toml", b"[backtest]\n# caf\xe9\n");
    let latin = folder.run(&["check", "-c", "latin.toml"]).failure(2).stderr();
    assert!(latin.starts_with("error: latin.toml is not UTF-8 text (line 2)"), "{latin}");
    folder.write("large.toml", vec![b'#'; 5 << 20]);
    let large = folder.run(&["check", "-c", "large.toml"]).failure(2).stderr();
    assert!(large.starts_with("error: large.toml has 5242880 bytes, too many"), "{large}");
    folder.write("deep.toml", format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000)));
    folder.run(&["check", "-c", "deep.toml"]).failure(2);
    folder.write("empty.toml", "");
    let empty = folder.run(&["check", "-c", "empty.toml"]).failure(2).stderr();
    assert_eq!(empty.matches("error: there is no [[").count(), 4, "{empty}");
}

#[test]
fn mistakes_of_the_command_line_are_told_as_such() {
    let folder = folder(CONFIG);
    for (assignment, expected) in [
        ("strategy.params.fast", "error: `--set strategy.params.fast` has no `=`"),
        (".x=1", "error: `--set .x=1`: \".x\" is not a key"),
        ("venue.9.fees=none", "error: `--set venue.9.fees=none`: `venue` has only 1 entries, counted from 0"),
        (
            "backtest.seed.x=1",
            "error: `backtest.seed.x`: expected a whole number of zero or more, found a table\n  --> the command line: --set backtest.seed.x=1",
        ),
        ("backtest.cash.x=1", "error: `--set backtest.cash.x=1`: `cash[0]` is not a table"),
        (
            "backtest.sed=1",
            "error: unknown key `sed` in [backtest]\n  --> the command line: --set backtest.sed=1",
        ),
        (
            "strategy.params.fast=9",
            "error: sma_cross, parameter `fast`: must be below slow (3), is 9\n  --> the command line: --set strategy.params.fast=9",
        ),
        (
            "venue.SIM.participation=2",
            "error: `participation` is 2, but it must be between 0 and 1\n  --> the command line: --set venue.SIM.participation=2",
        ),
    ] {
        let stderr = folder.run(&["check", "--set", assignment]).failure(2).stderr();
        assert!(stderr.starts_with(expected), "{assignment}: {stderr}");
    }
    let range = folder.run(&["backtest", "--from", "2020-01-01", "--to", "2019-01-01"]).failure(2).stderr();
    assert!(range.contains("--> the command line: --to 2019-01-01"), "{range}");
}

/// Every beginning of a configuration, and thousands of configurations with some bytes changed, are right or wrong; none
/// is a panic.
#[test]
fn no_text_is_a_panic() {
    let bytes = CONFIG.as_bytes();
    for length in 0..bytes.len() {
        let _ = algoflow_cli::check_text(&CONFIG[..length]);
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let marks = b"[]{}=\"'.,#\n\t 09-_aSX\\\0";
    for _ in 0..5_000 {
        let mut text = bytes.to_vec();
        for _ in 0..=draw(4) {
            let at = draw(text.len());
            match draw(3) {
                0 => text[at] = marks[draw(marks.len())],
                1 => text.insert(at, marks[draw(marks.len())]),
                _ => drop(text.remove(at)),
            }
        }
        let text = String::from_utf8(text).unwrap();
        if let Err(error) = algoflow_cli::check_text(&text) {
            assert!(!error.to_string().is_empty() && error.code().starts_with("CONFIG"), "{text}");
        }
    }
}
