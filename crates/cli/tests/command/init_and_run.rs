use crate::Folder;

#[test]
fn what_init_writes_is_checked_and_runs_and_is_the_same_twice() {
    let folder = Folder::new();
    let said = folder.run(&["init"]).success().stdout();
    assert!(said.ends_with("\nNow run  algoflow backtest -c algoflow.toml\n"), "{said}");
    folder.run(&["check", "-c", "algoflow.toml"]).success();
    let first = folder.run(&["backtest", "-c", "algoflow.toml"]).success();
    assert!(first.stdout().contains("Total return"), "{}", first.stdout());
    assert!(first.stdout().contains("wrote report.html"), "{}", first.stdout());
    assert!(folder.read("report.html").starts_with("<!DOCTYPE html>"));

    let hash = |folder: &Folder| {
        let summary = folder.run(&["backtest", "-c", "algoflow.toml", "--json"]).success().json();
        (summary["hash"].as_str().unwrap().to_owned(), summary["fills"].as_u64().unwrap())
    };
    let (one, fills) = hash(&folder);
    assert!(fills > 10, "{fills}");
    assert!(first.stdout().contains(&one), "the summary shows the hash");
    let elsewhere = Folder::initialized();
    assert_eq!(hash(&elsewhere).0, one, "another process in another folder gives the same run");
}

#[test]
fn init_works_for_every_strategy() {
    let list = Folder::new().run(&["strategies", "--json"]).success().json();
    let names: Vec<&str> =
        list["strategies"].as_array().unwrap().iter().map(|info| info["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let folder = Folder::new();
        folder.run(&["init", "sub/folder", "--strategy", name]).success();
        let config = "sub/folder/algoflow.toml";
        let checked = folder.run(&["check", "-c", config, "--data"]).success();
        assert_eq!(checked.stderr(), "", "{name}: no warning");
        let run = folder.run(&["backtest", "-c", config, "--json"]).success().json();
        assert!(run["fills"].as_u64().unwrap() > 0, "{name} traded");
        assert!(folder.path("sub/folder/report.html").is_file());
    }
}

#[test]
fn init_does_not_overwrite_unless_forced() {
    let folder = Folder::initialized();
    folder.write("algoflow.toml", "mine");
    let refused = folder.run(&["init"]).failure(2);
    assert_eq!(
        refused.stderr(),
        "error: algoflow.toml is already there\n = help: write into another folder, or overwrite with --force\n"
    );
    assert_eq!(folder.read("algoflow.toml"), "mine");
    folder.run(&["init", "--force"]).success();
    folder.run(&["check"]).success();
}

#[test]
fn out_holds_everything() {
    let folder = Folder::initialized();
    let run = folder
        .run(&[
            "backtest",
            "--out",
            "results",
            "--svg",
            "picture.svg",
            "--json",
            "--set",
            "report.png=a/b.png",
        ])
        .success()
        .json();
    let files: Vec<&str> =
        run["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let wanted = ["fills.csv", "orders.csv", "equity.csv", "result.json", "report.html"];
    for name in wanted {
        let path = format!("results/{name}");
        assert!(files.contains(&path.as_str()), "{files:?}");
        assert!(folder.path(&path).is_file());
    }
    assert!(folder.read("picture.svg").contains("<svg"));
    assert!(std::fs::read(folder.path("a/b.png")).unwrap().starts_with(b"\x89PNG"));
    let fills = folder.read("results/fills.csv");
    assert!(fills.starts_with(
        "time,received,id,order,strategy,instrument,side,price,quantity,liquidity,fee,fee_asset\n"
    ));
    assert_eq!(fills.lines().count() as u64, run["fills"].as_u64().unwrap() + 1);
    let orders = folder.read("results/orders.csv");
    assert_eq!(orders.lines().count() as u64, run["orders"].as_u64().unwrap() + 1);
    let equity = folder.read("results/equity.csv");
    let last: f64 = equity.lines().last().unwrap().split(',').nth(1).unwrap().parse().unwrap();
    let final_equity: f64 = run["final_equity"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((last - final_equity).abs() < 1e-6, "{last} {final_equity}");
    let stored: serde_json::Value = serde_json::from_str(&folder.read("results/result.json")).unwrap();
    assert_eq!(stored["hash"], run["hash"]);
    assert_eq!(stored["statistics"], run["statistics"]);
}

#[test]
fn the_command_line_changes_keys() {
    let folder = Folder::initialized();
    let hash = |arguments: &[&str]| {
        let mut all = vec!["backtest", "--json"];
        all.extend(arguments);
        folder.run(&all).success().json()["hash"].as_str().unwrap().to_owned()
    };
    let base = hash(&[]);
    assert_eq!(hash(&["--set", "strategy.params.fast=20"]), base, "20 is what the file says");
    let other = hash(&["--set", "strategy.params.fast=10"]);
    assert_ne!(other, base);
    assert_eq!(hash(&["--set", "strategy.0.params.fast=10"]), other);
    assert_eq!(hash(&["--set", "strategy.sma_cross.params.fast = 10"]), other);
    assert_eq!(hash(&["--set", "strategy[0].params.fast=10"]), other);
    assert_ne!(hash(&["--set", "venue.SIM.fees=none"]), base, "a word needs no quotes");
    let short =
        folder.run(&["backtest", "--json", "--from", "2005-01-01", "--to", "2010-01-01"]).success().json();
    assert!(short["start"].as_str().unwrap().starts_with("2005-01-0"), "{}", short["start"]);
    assert!(short["end"].as_str().unwrap().starts_with("2009-12-31"), "{}", short["end"]);
    assert_eq!(folder.run(&["backtest", "--json", "--seed", "7"]).success().json()["seed"], 7);
}

#[test]
fn json_is_one_document_with_everything() {
    let folder = Folder::initialized();
    let run = folder.run(&["backtest", "--json"]).success();
    assert_eq!(run.stderr(), "");
    let run = run.json();
    for key in [
        "hash",
        "seed",
        "start",
        "end",
        "events",
        "orders",
        "fills",
        "rejections",
        "denials",
        "reporting",
        "initial",
        "final_equity",
        "total_return",
        "strategies",
        "parameters",
        "data",
        "statistics",
        "trade_statistics",
        "exposure",
        "turnover",
        "notes",
        "warnings",
        "halts",
        "files",
    ] {
        assert!(run.get(key).is_some_and(|value| !value.is_null()), "{key}");
    }
    assert_eq!(run["events"], 5031);
    assert_eq!(run["strategies"][0], "sma_cross");
    assert_eq!(run["parameters"]["slow"], 50);
    assert_eq!(run["data"][0]["records"], 5031);
    assert!(run["statistics"]["benchmark"].is_object(), "buying and holding the index is the benchmark");
}

#[test]
fn quiet_says_nothing_and_colors_come_when_asked_for() {
    let folder = Folder::initialized();
    let quiet = folder.run(&["backtest", "-q"]).success();
    assert_eq!((quiet.stdout(), quiet.stderr()), (String::new(), String::new()));
    assert!(!folder.run(&["check"]).success().stdout().contains('\u{1b}'));
    assert!(folder.run(&["check", "--color", "always"]).success().stdout().contains("\u{1b}[32mok\u{1b}[0m"));
}

/// Two strategies, one of which fails at its start: the quantity is no multiple of the step.
#[test]
fn a_halted_strategy_is_exit_code_1_after_the_report_is_written() {
    let folder = Folder::initialized();
    let run = folder.run(&["backtest", "--set", "strategy.params.sizing={ quantity = \"0.5\" }"]).failure(1);
    let error = run.stderr();
    assert!(error.contains("error: the strategy sma_cross was halted at "), "{error}");
    assert!(error.contains("multiples of 1, quantity is 0.5 (STRATEGY_PARAMETER)"), "{error}");
    assert!(folder.path("report.html").is_file());
    let json = folder.run(&["backtest", "--json", "--set", "strategy.params.sizing={ quantity = \"0.5\" }"]);
    assert_eq!(json.code(), 1);
}

#[test]
fn refused_orders_are_told_once_for_each_kind() {
    let folder = Folder::initialized();
    let run =
        folder.run(&["backtest", "--set", "strategy.params.sizing={ quantity = \"100000\" }"]).success();
    let error = run.stderr();
    assert!(error.contains("warning: the engine refused "), "{error}");
    assert!(error.contains("INSUFFICIENT_FUNDS"), "{error}");
    assert_eq!(error.matches("warning:").count(), 1, "{error}");
}

#[test]
fn a_result_that_cannot_be_written_is_exit_code_1() {
    let folder = Folder::initialized();
    folder.write("taken", "a file where a folder is wanted");
    let run = folder.run(&["backtest", "--report", "taken/report.html"]).failure(1);
    assert!(run.stderr().starts_with("error: cannot write taken: "), "{}", run.stderr());
}
