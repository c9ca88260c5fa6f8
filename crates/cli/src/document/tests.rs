use super::*;

fn path(text: &str) -> KeyPath {
    KeyPath::parse(text).unwrap()
}

#[test]
fn paths_are_read_and_written() {
    for text in ["seed", "backtest.seed", "strategy[0].params.fast", "a[1][2].b"] {
        assert_eq!(path(text).to_string(), text);
    }
    assert_eq!(path("instrument.\"SPX.SIM\".kind"), KeyPath::top("instrument").key("SPX.SIM").key("kind"));
    for bad in ["", ".", "a.", ".a", "a..b", "a[x]", "a[0", "\"a", "a]"] {
        assert_eq!(KeyPath::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn places_count_characters_and_lines() {
    let source = Source::new("test.toml", "# \u{e9}\u{e9}\n\t\"\u{e4}\" = [1, 2]\r\nb = 5\n");
    let document = source.parse().unwrap();
    let diagnostic = document.at_value(&KeyPath::top("\u{e4}").index(1), "CODE", "message");
    assert_eq!((diagnostic.line(), diagnostic.column()), (Some(2), Some(12)));
    assert_eq!(
        diagnostic.to_string(),
        "message\n  --> test.toml:2:12\n   |\n 2 |  \"\u{e4}\" = [1, 2]\n   |            ^"
    );
    let diagnostic = document.at_key(&KeyPath::top("b").key("missing"), "CODE", "message");
    assert_eq!(
        (diagnostic.line(), diagnostic.column(), diagnostic.key()),
        (Some(3), Some(1), Some("b.missing"))
    );
}

#[test]
fn an_error_at_the_end_of_the_file_has_a_place() {
    for text in ["a = ", "a = \"", "[a", "a"] {
        let source = Source::new("test.toml", text);
        let CliError::Config(all) = source.parse().unwrap_err() else { panic!("{text}") };
        assert_eq!((all.len(), all[0].line()), (1, Some(1)), "{text}: {}", all[0]);
    }
}

#[derive(Debug, serde::Deserialize)]
struct Example {
    run: toml::Table,
    #[serde(default)]
    item: Vec<toml::Table>,
}

fn with(text: &str, assignments: &[&str]) -> Result<Example, CliError> {
    let mut source = Source::new("test.toml", text);
    for assignment in assignments {
        source.set(&format!("--set {assignment}"), assignment)?;
    }
    source.parse()?.read()
}

#[test]
fn overrides_change_add_and_choose_entries() {
    let text = "[run]\nseed = 1\n[[item]]\nname = \"a\"\n[[item]]\nname = \"b\"\nlist = [1, 2]\n";
    let read =
        with(text, &["run.seed=2", "run.deep.key=x y", "item.b.size=0.5", "item[0].day=2024-01-02"]).unwrap();
    assert_eq!(read.run["seed"].as_integer(), Some(2));
    assert_eq!(read.run["deep"]["key"].as_str(), Some("x y"), "what is no TOML is text");
    assert_eq!(read.item[1]["size"].as_float(), Some(0.5));
    assert!(read.item[0]["day"].is_datetime());
    let one = with("[run]\n[[item]]\nname = \"a\"\n", &["item.size=1", "item.size=2"]).unwrap();
    assert_eq!(one.item[0]["size"].as_integer(), Some(2), "the last one counts");
    for bad in ["item.size=1", "item.7.size=1", "run.seed.x=1", "item[0]=1", "run", "=1"] {
        assert!(with(text, &[bad]).is_err(), "{bad}");
    }
}

#[test]
fn an_error_in_an_override_names_the_option() {
    let error = with("[run]\n", &["run=5"]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("--> the command line: --set run=5\n   = help: write it in braces: { key = value }"),
        "{error}"
    );
}
