use crate::Folder;

#[test]
fn strategies_are_listed_and_described() {
    let folder = Folder::new();
    let list = folder.run(&["strategies"]).success().stdout();
    for name in
        ["sma_cross", "rsi_reversion", "donchian_breakout", "pairs_reversion", "trend_momentum", "rebalance"]
    {
        assert!(list.lines().any(|line| line.starts_with(name)), "{name}: {list}");
    }
    let one = folder.run(&["strategies", "sma_cross"]).success().stdout();
    assert!(one.contains("[[strategy]]\nname = \"sma_cross\"\n\n[strategy.params]\n"), "{one}");
    assert!(one.contains("\nfast = 20\n"), "{one}");
    let row = one.lines().find(|line| line.starts_with("fast ")).unwrap();
    let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells[1..3], ["whole number from 1", "20"], "{row}");
    let json = folder.run(&["strategies", "sma_cross", "--json"]).success().json();
    assert_eq!(json["defaults"]["slow"], 50);
    let schema = folder.run(&["strategies", "sma_cross", "--schema"]).success().json();
    assert_eq!(schema["properties"]["fast"]["default"], 20);
}

#[test]
fn an_unknown_strategy_is_a_usage_error_with_the_nearest_name() {
    let run = Folder::new().run(&["strategies", "sma_crss"]).failure(2);
    assert_eq!(
        run.stderr(),
        "error: there is no strategy `sma_crss`\n = help: did you mean `sma_cross`? strategies: donchian_breakout, \
         pairs_reversion, rebalance, rsi_reversion, sma_cross, trend_momentum\n"
    );
    assert_eq!(run.stdout(), "");
}

#[test]
fn the_schema_describes_the_file() {
    let schema = Folder::new().run(&["schema"]).success().json();
    assert_eq!(schema["title"], "Algoflow configuration");
    assert_eq!(schema["additionalProperties"], false);
    for section in ["backtest", "venue", "instrument", "data", "strategy", "report"] {
        assert!(schema["properties"][section].is_object(), "{section}");
    }
}

#[test]
fn help_says_the_exit_codes_and_a_wrong_option_is_exit_code_2() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]).success().stdout();
    assert!(help.contains("Exit codes:"), "{help}");
    assert!(folder.run(&["--version"]).success().stdout().starts_with("algoflow "));
    folder.run(&["backtest", "--frm", "2020-01-01"]).failure(2);
    folder.run(&["backtest", "--from", "yesterday"]).failure(2);
    folder.run(&[]).failure(2);
    let json = folder.run(&["backtest", "--json", "--frm", "2020-01-01"]).failure(2).json();
    assert_eq!(json["error"]["code"], "CLI_USAGE");
    assert!(json["error"]["message"].as_str().unwrap().contains("--frm"), "{json}");
}
