use crate::Folder;

const TRADES: &str = "\
ts,price,qty,side
2024-01-02T14:30:00.100Z,42000.5,0.25,buy
2024-01-02T14:30:01.250Z,42001.0,0.10,sell
2024-01-03T09:00:00.000Z,41950.0,1.5,sell
";

/// What puts a file into the catalog `store`.
fn import<'a>(file: &'a str, kind: &'a str) -> [&'a str; 9] {
    ["data", "import", file, "--catalog", "store", "--instrument", "BTC-USD.SIM", "--kind", kind]
}

fn minutes(count: u32) -> String {
    let rows = (0..count).map(|n| {
        let price = 100 + n % 7;
        format!("{},{price},{},{},{price},10\n", 1_704_205_800 + 60 * n, price + 1, price - 1)
    });
    rows.fold("open_time,open,high,low,close,volume\n".to_owned(), |text, row| text + &row)
}

#[test]
fn inspect_says_what_is_in_a_file_and_how_to_read_it() {
    let folder = Folder::new();
    folder.write("btc.csv", minutes(120));
    let said = folder.run(&["data", "inspect", "btc.csv"]).success().stdout();
    for line in [
        "file      btc.csv (csv)",
        "kind      bars 1m",
        "rows      120, which make 120 records",
        "prices    99 to 107, 0 decimal places",
        "gaps      0",
        "problems  none",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}: {said}");
    }
    let section = &said[said.find("[[data]]").unwrap()..];
    assert_eq!(
        section,
        "[[data]]\npath = \"btc.csv\"\nkind = \"bars\"\ninstrument = \"BTC.SIM\"\nbars = \"1m\"\n"
    );
}

/// The section that is suggested is pasted into a configuration, which then runs.
#[test]
fn what_inspect_suggests_can_be_pasted() {
    let folder = Folder::new();
    folder.write("my prices.csv", minutes(300).replace(',', ";"));
    let json =
        folder.run(&["data", "inspect", "my prices.csv", "--delimiter", ";", "--json"]).success().json();
    let section = json["section"].as_str().unwrap();
    assert!(section.contains("schema = { delimiter = \";\" }"), "{section}");
    folder.write(
        "algoflow.toml",
        format!(
            "[backtest]\ncash = [\"100000 USD\"]\n[[venue]]\nname = \"SIM\"\n[[instrument]]\nid = \"MY_PRICES.SIM\"\n\
             kind = \"equity\"\nquote = \"USD\"\n{section}\n[[strategy]]\nname = \"sma_cross\"\n\
             params = {{ instrument = \"MY_PRICES.SIM\", bars = \"5m\", fast = 2, slow = 5 }}\n"
        ),
    );
    let run = folder.run(&["backtest", "--json"]).success().json();
    assert_eq!(run["events"], 300);
    assert!(run["orders"].as_u64().unwrap() > 0, "{}", run["warnings"]);
}

#[test]
fn inspect_tells_kinds_apart_and_counts_problems() {
    let folder = Folder::new();
    folder.write("trades.csv", TRADES);
    let trades = folder.run(&["data", "inspect", "trades.csv", "--json"]).success().json();
    assert_eq!(trades["inspection"]["kind"], "trades");
    folder.write("quotes.csv", "ts,bid,bid_size,ask,ask_size\n1704205800,9,1,10,1\n1704205801,11,1,10,1\n");
    let quotes = folder.run(&["data", "inspect", "quotes.csv"]).success().stdout();
    assert!(quotes.contains("kind      quotes"), "{quotes}");
    assert!(quotes.contains("problems  1 bid above ask\n          line 3: "), "{quotes}");
    assert!(quotes.contains("policy = \"drop\""), "{quotes}");
    folder.write("other.csv", "name,color\nx,red\n");
    let other = folder.run(&["data", "inspect", "other.csv"]).failure(3).stderr();
    assert!(
        other.starts_with("error: other.csv: its columns are those of no kind of data: name, color\n"),
        "{other}"
    );
    let none = folder.run(&["data", "inspect", "none.csv"]).failure(3).stderr();
    assert!(none.starts_with("error: none.csv: "), "{none}");
}

#[test]
fn what_is_imported_is_listed_and_backtested_like_the_file() {
    let folder = Folder::new();
    folder.write("minutes.csv", minutes(2_000));
    let import = import("minutes.csv", "bars");
    let said = folder.run(&import).success().stdout();
    assert!(said.lines().last().unwrap().starts_with("minutes.csv  bars-1m  2,000"), "{said}");
    let list = folder.run(&["data", "list", "--catalog", "store", "--check", "--json"]).success().json();
    assert_eq!(list["checked_records"], 2_000);
    let entry = &list["entries"][0];
    assert_eq!((&entry["instrument"], &entry["kind"]), (&"BTC-USD.SIM".into(), &"bars-1m".into()));
    let table = folder.run(&["data", "list", "--catalog", "store"]).success().stdout();
    assert_eq!(table.lines().nth(1), Some("BTC-USD.SIM  bars-1m     2  2024-01-02  2024-01-03"), "{table}");

    let overlap = folder.run(&import).failure(3).stderr();
    assert!(overlap.contains("overlaps") && overlap.contains("--mode merge"), "{overlap}");
    let mut merge = import.to_vec();
    merge.extend(["--mode", "merge", "--json"]);
    assert_eq!(folder.run(&merge).success().json()["new"], 0, "they are all there");

    let config = |data: &str| {
        format!(
            "[backtest]\ncash = [\"100000 USD\"]\n[[venue]]\nname = \"SIM\"\n[[instrument]]\nid = \"BTC-USD.SIM\"\n\
             kind = \"spot\"\n[[data]]\n{data}\nkind = \"bars\"\ninstrument = \"BTC-USD.SIM\"\nbars = \"1m\"\n\
             [[strategy]]\nname = \"sma_cross\"\n\
             params = {{ instrument = \"BTC-USD.SIM\", bars = \"5m\", fast = 2, slow = 5 }}\n"
        )
    };
    folder.write("file.toml", config("path = \"minutes.csv\""));
    folder.write("catalog.toml", config("catalog = \"store\""));
    let run = |name: &str| folder.run(&["backtest", "-c", name, "--json"]).success().json();
    let (file, catalog) = (run("file.toml"), run("catalog.toml"));
    assert!(file["fills"].as_u64().unwrap() > 10, "{}", file["fills"]);
    assert_eq!(file["hash"], catalog["hash"]);
    folder.write("wrong.toml", config("catalog = \"store\"").replace("bars = \"1m\"", "bars = \"1h\""));
    let wrong = folder.run(&["backtest", "-c", "wrong.toml"]).failure(3).stderr();
    assert!(wrong.contains("there are no bars-1h of BTC-USD.SIM"), "{wrong}");
    assert!(wrong.contains("`algoflow data list --catalog DIR` shows what a catalog holds"), "{wrong}");
}

#[test]
fn trades_of_a_catalog_are_streamed_in_the_range() {
    let folder = Folder::new();
    folder.write("trades.csv", TRADES);
    folder.run(&import("trades.csv", "trades")).success();
    folder.write(
        "algoflow.toml",
        "[backtest]\ncash = [\"100000 USD\"]\n[[venue]]\nname = \"SIM\"\n[[instrument]]\nid = \"BTC-USD.SIM\"\n\
         kind = \"spot\"\n[[data]]\ncatalog = \"store\"\nkind = \"trades\"\ninstrument = \"BTC-USD.SIM\"\n\
         [[strategy]]\nname = \"sma_cross\"\nparams = { instrument = \"BTC-USD.SIM\", bars = \"1s\", fast = 1, slow = 2 }\n",
    );
    assert_eq!(folder.run(&["backtest", "--json"]).success().json()["events"], 3);
    assert_eq!(folder.run(&["backtest", "--json", "--to", "2024-01-03"]).success().json()["events"], 2);
}

#[test]
fn several_files_are_read_in_the_order_of_their_names() {
    let folder = Folder::new();
    let all = minutes(200);
    let (head, rows) = all.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    for (name, part) in [("part-1.csv", &rows[..100]), ("part-2.csv", &rows[100..])] {
        folder.write(name, format!("{head}\n{}\n", part.join("\n")));
    }
    let config = "[backtest]\ncash = [\"100000 USD\"]\n[[venue]]\nname = \"SIM\"\n[[instrument]]\nid = \"X.SIM\"\n\
         kind = \"equity\"\nquote = \"USD\"\n[[data]]\npath = \"part-?.csv\"\nkind = \"bars\"\ninstrument = \"X.SIM\"\n\
         [[strategy]]\nname = \"sma_cross\"\nparams = { instrument = \"X.SIM\", bars = \"1m\", fast = 2, slow = 5 }\n";
    folder.write("algoflow.toml", config);
    assert_eq!(folder.run(&["backtest", "--json"]).success().json()["events"], 200);
    std::fs::rename(folder.path("part-1.csv"), folder.path("part-3.csv")).unwrap();
    let stderr = folder.run(&["backtest"]).failure(3).stderr();
    assert!(stderr.contains("files of one section must follow each other in time"), "{stderr}");
}

#[test]
fn a_dividend_and_a_split_reach_the_account() {
    let folder = Folder::new();
    folder.write("prices.csv", "date,open,high,low,close,volume\n2024-01-02,100,100,100,100,9\n2024-01-03,100,100,100,100,9\n2024-01-04,50,50,50,50,9\n2024-01-05,50,50,50,50,9\n");
    folder.write("actions.csv", "date,kind,value\n2024-01-04,split,2:1\n");
    folder.write(
        "algoflow.toml",
        "[backtest]\ncash = [\"10000 USD\"]\n[[venue]]\nname = \"SIM\"\n[[instrument]]\nid = \"X.SIM\"\nkind = \"equity\"\n\
         quote = \"USD\"\n[[data]]\npath = \"prices.csv\"\nkind = \"bars\"\ninstrument = \"X.SIM\"\n[[data]]\n\
         path = \"actions.csv\"\nkind = \"actions\"\ninstrument = \"X.SIM\"\n[[strategy]]\nname = \"rebalance\"\n\
         params = { weights = { \"X.SIM\" = 0.5 } }\n",
    );
    let run = folder.run(&["backtest", "--json"]).success().json();
    assert_eq!(run["events"], 5);
    let equity: f64 = run["final_equity"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((equity - 10_000.0).abs() < 1e-9, "the split loses nothing: {equity}");
}

#[test]
fn an_import_refuses_bad_rows_unless_told_to_repair() {
    let folder = Folder::new();
    folder.write("bad.csv", TRADES.replace("42001.0", "-1"));
    let import = import("bad.csv", "trades");
    let refused = folder.run(&import).failure(3).stderr();
    assert!(refused.contains("--policy drop or --policy repair"), "{refused}");
    let mut repair = import.to_vec();
    repair.push("--repair");
    let said = folder.run(&repair).success();
    assert!(said.stderr().contains("warning: bad.csv: 1 zero or negative price"), "{}", said.stderr());
    let missing = folder.run(&["data", "list", "--catalog", "nowhere"]).failure(3).stderr();
    assert!(missing.contains("makes a catalog"), "{missing}");
    let actions =
        ["data", "import", "bad.csv", "--catalog", "store", "--instrument", "X.SIM", "--kind", "actions"];
    folder.run(&actions).failure(2);
}
