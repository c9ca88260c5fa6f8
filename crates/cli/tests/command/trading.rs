//! Trading as an operator does it: the whole stack in a process of its own, steered by others.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{CONFIG, Folder, PRICES, Run};

/// How often something is looked for that is about to happen, and how long between.
const MAX_LOOKS: usize = 1_500;
const PAUSE: Duration = Duration::from_millis(20);

/// A process that trades, as long as it is kept.
struct Trading<'f> {
    folder: &'f Folder,
    child: Option<Child>,
}

impl Drop for Trading<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl<'f> Trading<'f> {
    /// Plays the data of the folder back, ten days a second, once it answers.
    fn start(folder: &'f Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_algoflow"))
            .args(["paper", "--replay", "--speed", "864000", "--json"])
            .current_dir(folder.0.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for _ in 0..MAX_LOOKS {
            if folder.run(&["status", "--json", "--state", "state"]).0.status.success()
                && folder.path("state/control.sock").exists()
            {
                return Self { folder, child: Some(child) };
            }
            assert!(child.try_wait().unwrap().is_none(), "it ended at once");
            std::thread::sleep(PAUSE);
        }
        panic!("it does not answer");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the end.
    fn end(mut self) -> Run {
        Run(self.child.take().unwrap().wait_with_output().unwrap())
    }

    fn ask(&self, command: &[&str]) -> Value {
        self.folder.run(&[command, &["--json", "--state", "state"]].concat()).success().json()
    }

    /// Asks until it is so.
    fn until(&self, command: &[&str], is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..MAX_LOOKS {
            let answer = self.ask(command);
            if is_so(&answer) {
                return answer;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("{command:?}: {}", self.ask(command));
    }

    /// Sends bytes to the socket, and reads what comes back until the end.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.folder.path("state/control.sock")).unwrap();
        // It may have hung up before all of it was sent.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text
    }
}

/// A folder with a strategy that always holds something: every order is seen soon.
fn holding() -> Folder {
    let folder = Folder::initialized();
    let config = folder.read("algoflow.toml");
    let at = config.find("[[strategy]]").unwrap();
    let report = config.find("[report]").unwrap();
    let strategy = "[[strategy]]\nname = \"rebalance\"\nparams = { weights = { \"SPX.SIM\" = 0.5 } }\n\n";
    folder.write("algoflow.toml", format!("{}{strategy}{}", &config[..at], &config[report..]));
    folder
}

/// The whole live stack over recorded data gives what a backtest gives.
#[test]
fn paper_trading_of_recorded_data_is_a_backtest() {
    let several = [("sma_cross", 100), ("trend_momentum", 20), ("rebalance", 20), ("pairs_reversion", 20)];
    for (strategy, least) in several {
        let folder = Folder::new();
        folder.run(&["init", "--strategy", strategy]).success();
        let backtest = folder.run(&["backtest", "--json"]).success().json();
        let paper = folder.run(&["paper", "--replay", "--json"]).success().json();
        assert_eq!(paper["final_equity"], backtest["final_equity"], "{strategy}");
        assert_eq!(paper["orders"], backtest["orders"], "{strategy}");
        assert!(paper["orders"].as_u64().unwrap() >= least, "{strategy}: {paper}");
        assert_eq!((&paper["clean"], &paper["stopped"]), (&json!(true), &json!(false)));

        let replay = folder.run(&["replay", "--json"]).success().json();
        assert_eq!((&replay["ok"], &replay["clean"]), (&json!(true), &json!(true)));
        assert!(replay["commands"].as_u64() >= paper["orders"].as_u64(), "{replay}");
        let status = folder.run(&["status", "--json"]).success().json();
        assert_eq!((&status["running"], &status["phase"]), (&json!(false), &json!("stopped")));
        let fills = folder.run(&["fills", "--json", "--limit", "3"]).success().json();
        assert_eq!(fills["fills"].as_array().unwrap().len(), 3);
        assert_eq!(
            fills["left_out"].as_u64().unwrap() + 3,
            backtest["fills"].as_u64().unwrap().min(1_000),
            "{strategy}"
        );
    }
}

#[test]
fn a_run_is_asked_and_steered_while_it_goes_on() {
    let folder = holding();
    let trading = Trading::start(&folder);
    folder.run(&["status", "--running"]).success();
    let status = trading.ask(&["status"]);
    assert_eq!((&status["running"], &status["trading"]), (&json!(true), &json!("active")), "{status}");
    let held = trading.until(&["positions"], |held| !held["positions"].as_array().unwrap().is_empty());
    assert_eq!(held["positions"][0]["instrument"], "SPX.SIM");
    let fills = trading.ask(&["fills", "--limit", "1"]);
    assert_eq!(fills["fills"][0]["side"], "buy");

    let halted = trading.ask(&["halt", "--flatten", "--why", "a test"]);
    assert_eq!(halted["done"]["events"][0]["kind"]["why"], "a test", "{halted}");
    assert_eq!(trading.ask(&["status"])["trading"], "halted");
    trading.until(&["positions"], |held| held["positions"].as_array().unwrap().is_empty());
    let count = trading.ask(&["orders", "--all"])["orders"].as_array().unwrap().len();

    trading.ask(&["resume"]);
    assert_eq!(trading.ask(&["status"])["trading"], "active");
    trading.until(&["orders", "--all"], |orders| orders["orders"].as_array().unwrap().len() > count);
    trading.until(&["positions"], |held| !held["positions"].as_array().unwrap().is_empty());
    trading.ask(&["reduce-only", "--strategy", "rebalance"]);
    let status = trading.ask(&["status"]);
    assert_eq!(
        (&status["trading"], &status["strategies"][0]["trading"]),
        (&json!("active"), &json!("reduce_only"))
    );
    trading.ask(&["flatten", "--instrument", "SPX.SIM"]);
    trading.until(&["positions"], |held| held["positions"].as_array().unwrap().is_empty());
    trading.ask(&["cancel-all"]);

    let refused = folder.run(&["halt", "--strategy", "nobody", "--state", "state"]).failure(4).stderr();
    assert!(refused.contains("there is no strategy nobody"), "{refused}");
    assert_eq!(trading.ask(&["stop"]), json!("stopping"));
    let end = trading.end().success().json();
    assert_eq!(end["clean"], true, "{end}");
    folder.run(&["replay", "--json"]).success();
    folder.run(&["status", "--running"]).failure(4);
    let gone = folder.run(&["halt"]).failure(4).stderr();
    assert!(gone.contains("no process answers") && gone.contains("= help: start it"), "{gone}");
}

/// What an address answers over HTTP to a request for a path.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_run_is_watched_and_its_operator_is_told() {
    let folder = holding();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    // An address of this machine that nobody else has at the moment.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    folder.write("webhook", format!("http://{}/alerts", receiver.local_addr().unwrap()));
    folder.write("key", "hunter2-hunter2");
    for secret in ["webhook", "key"] {
        std::fs::set_permissions(folder.path(secret), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let config = folder.read("algoflow.toml");
    let watched = format!(
        "{config}\n[telemetry]\nconsole = false\nfile = {{ path = \"algoflow.log\" }}\nhttp = {{ listen = \"{free}\" }}\n\
         [[alerts.rules]]\ncodes = [\"TRADING_*\"]\nsinks = [\"own\"]\n\
         [alerts.webhook.own]\nurl_file = \"webhook\"\nsigning_secret_file = \"key\"\nauthorization_file = \"key\"\n"
    );
    folder.write("algoflow.toml", watched);
    let checked = folder.run(&["check"]).success().stdout();
    assert!(checked.contains("alerts.webhook.own url") && !checked.contains("hunter2"), "{checked}");

    let trading = Trading::start(&folder);
    trading.until(&["positions"], |held| !held["positions"].as_array().unwrap().is_empty());
    assert!(get(&free, "/healthz").starts_with("HTTP/1.1 200"), "{}", get(&free, "/healthz"));
    let ready = get(&free, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"venue SIM\""), "{ready}");
    let metrics = get(&free, "/metrics");
    for series in [
        "algoflow_events_total{kind=\"market\",venue=\"SIM\"}",
        "algoflow_tick_to_order_seconds_count",
        "algoflow_equity{",
    ] {
        assert!(metrics.contains(series), "{series} in {metrics}");
    }

    trading.ask(&["halt", "--why", "a test of alerts"]);
    let (mut stream, _) = receiver.accept().unwrap();
    let (mut request, mut bytes) = (String::new(), [0; 4_096]);
    while !request.contains("a test of alerts") {
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{request}");
        request.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    let request = request.to_lowercase();
    for part in
        ["post /alerts", "x-algoflow-signature: sha256=", "authorization: hunter2", "\"trading_halted\""]
    {
        assert!(request.contains(part), "{part} in {request}");
    }
    trading.ask(&["stop"]);
    trading.end().success();
    let log = folder.read("algoflow.log");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    assert!(!log.contains("hunter2"));
}

#[test]
fn a_new_configuration_changes_limits_and_nothing_else() {
    let folder = holding();
    let config = folder.read("algoflow.toml");
    let trading = Trading::start(&folder);
    assert_eq!(trading.ask(&["reload"]), json!({ "reloaded": { "changes": [] }, "running": true }));

    folder.write("algoflow.toml", format!("{config}\n[risk]\nmax_open_orders = 7\n"));
    let changed = trading.ask(&["reload"]);
    assert_eq!(changed["reloaded"]["changes"][0]["what"], "risk", "{changed}");
    assert_eq!(trading.ask(&["status"])["limits"]["max_open_orders"], 7);

    let wrong = config.replace("seed = 0", "seed = 1") + "\n[risk]\nmax_open_orders = 8\n";
    folder.write("algoflow.toml", &wrong);
    let refused = folder.run(&["reload", "--state", "state"]).failure(4).stderr();
    assert!(
        refused.contains("backtest.seed cannot change while trading runs; nothing was changed"),
        "{refused}"
    );
    assert_eq!(trading.ask(&["status"])["limits"]["max_open_orders"], 7);
    folder.write("algoflow.toml", format!("{config}\n[risk]\nmax_open_orders = -1\n"));
    let refused = folder.run(&["reload", "--state", "state"]).failure(4).stderr();
    assert!(refused.contains("max_open_orders"), "{refused}");

    // A strategy that does not take parameters while it runs says so, and nothing else changes.
    let other = config.replace("\"SPX.SIM\" = 0.5", "\"SPX.SIM\" = 0.25") + "\n[risk]\nmax_open_orders = 8\n";
    folder.write("algoflow.toml", &other);
    let refused = folder.run(&["reload", "--state", "state"]).failure(4).stderr();
    assert!(refused.contains("`strategy.rebalance.params` was not changed"), "{refused}");
    assert_eq!(trading.ask(&["status"])["limits"]["max_open_orders"], 7);

    folder.write("algoflow.toml", format!("{config}\n[risk]\nmax_open_orders = 9\n"));
    trading.signal("-HUP");
    trading.until(&["status"], |status| status["limits"]["max_open_orders"] == 9);
    trading.signal("-TERM");
    trading.end().success();

    // A run that goes on has the limits that its file says now, and what its journal was made with.
    folder.write(
        "algoflow.toml",
        format!("{config}\n[risk]\nmax_open_orders = 11\n[live]\nstop_within = \"20s\"\n"),
    );
    let trading = Trading::start(&folder);
    trading.until(&["status"], |status| status["limits"]["max_open_orders"] == 11);
    trading.signal("-INT");
    trading.end().success();
    folder.run(&["replay"]).success();
    folder.write("algoflow.toml", config.replace("maker = 1", "maker = 2"));
    let refused = folder.run(&["paper", "--replay"]).failure(2).stderr();
    assert!(refused.contains("venue[0].fees.bps.maker cannot change in a run that goes on"), "{refused}");
}

/// SIGTERM leaves a journal that is whole and says that it ended; the run goes on from there to the end of a backtest.
#[test]
fn a_run_that_was_stopped_goes_on() {
    let folder = Folder::initialized();
    let backtest = folder.run(&["backtest", "--json"]).success().json();
    let keep = ["--set", "live.cancel_on_stop=false"];
    let trading = Trading::start(&folder);
    trading.until(&["status"], |status| status["sequence"].as_u64().unwrap() > 30);
    trading.signal("-TERM");
    let end = trading.end().success().json();
    assert_eq!((&end["clean"], &end["stopped"]), (&json!(true), &json!(true)), "{end}");
    assert!(!folder.path("state/control.sock").exists());
    let replay = folder.run(&["replay", "--json"]).success().json();
    assert_eq!((&replay["clean"], &replay["sessions"]), (&json!(true), &json!(1)));
    let end = folder.run(&[&["paper", "--replay", "--json"], &keep[..]].concat()).success().json();
    assert_eq!(end["final_equity"], backtest["final_equity"]);
    assert_eq!(folder.run(&["replay", "--json"]).success().json()["clean"], json!(true));
}

#[test]
fn two_processes_do_not_trade_on_one_journal() {
    let folder = holding();
    let trading = Trading::start(&folder);
    let second = folder.run(&["paper", "--replay"]).failure(4).stderr();
    assert!(second.contains("two must not trade on one journal"), "{second}");
    assert_eq!(trading.ask(&["status"])["running"], true);
    trading.signal("-TERM");
    trading.end().success();
}

/// T1 to T4.
#[test]
fn only_who_knows_the_token_is_heard() {
    let folder = holding();
    let trading = Trading::start(&folder);
    let mode = |name: &str| std::fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        ["state", "state/control.sock", "state/control.token", "state/run.json"].map(mode),
        [0o700, 0o600, 0o600, 0o600]
    );
    let token = folder.read("state/control.token");
    let call = |version: u32, token: &str, request: &str| {
        format!("{{\"version\":{version},\"token\":\"{token}\",\"request\":{request}}}\n")
    };
    let status = "{\"command\":\"status\"}";
    let wrong = "0".repeat(64);
    let long = vec![b'x'; 300_000];
    for (bytes, code) in [
        (call(1, &wrong, "{\"command\":\"stop\"}").into_bytes(), "CONTROL_TOKEN"),
        (call(1, "", status).into_bytes(), "CONTROL_TOKEN"),
        (call(2, &token, status).into_bytes(), "CONTROL_VERSION"),
        (call(1, &token, "{\"command\":\"explode\"}").into_bytes(), "CONTROL_CALL"),
        (call(1, &token, "{\"command\":\"halt\",\"wy\":1}").into_bytes(), "CONTROL_CALL"),
        (b"{\"command\":\"status\"}\n".to_vec(), "CONTROL_CALL"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "CONTROL_CALL"),
        (vec![0, 255, 254, b'\n', 7], "CONTROL_CALL"),
        (b"[[[[[[[[".repeat(1_000), "CONTROL_CALL"),
        (long, "CONTROL_TOO_LONG"),
    ] {
        let reply = trading.send(&bytes);
        let reply: Value = serde_json::from_str(&reply).unwrap_or_else(|error| panic!("{error}: {reply}"));
        assert_eq!(reply["answer"]["error"]["code"], code, "{reply}");
        assert!(!reply.to_string().contains(&token));
    }
    assert_eq!(trading.send(b""), "");
    // Only who knows the token is told what is wrong.
    let told = trading.send(call(1, &token, "{\"command\":\"explode\"}").as_bytes());
    assert!(told.contains("unknown variant"), "{told}");
    let told = trading.send(call(1, &wrong, "{\"command\":\"explode\"}").as_bytes());
    assert!(!told.contains("explode"), "{told}");
    // Several calls of one connection, each with its reply.
    let both = trading.send(call(1, &token, status).repeat(2).as_bytes());
    assert_eq!(both.lines().count(), 2, "{both}");

    folder.write("state/control.token", &wrong);
    let refused = folder.run(&["halt"]).failure(4).stderr();
    assert!(refused.contains("the token is wrong"), "{refused}");
    std::fs::set_permissions(folder.path("state/control.token"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    let refused = folder.run(&["halt"]).failure(4).stderr();
    assert!(refused.contains("can be read by others (mode 644)"), "{refused}");
    trading.signal("-TERM");
    trading.end().success();
}

#[test]
fn a_state_folder_that_is_open_to_others_is_refused() {
    let folder = Folder::initialized();
    std::fs::create_dir(folder.path("state")).unwrap();
    std::fs::set_permissions(folder.path("state"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = folder.run(&["paper", "--replay"]).failure(2).stderr();
    assert!(refused.contains("is open to others (mode 755)") && refused.contains("chmod 700"), "{refused}");
    let missing = folder.run(&["status", "--state", "none"]).failure(2).stderr();
    assert!(missing.contains("there is no state folder none"), "{missing}");
}

/// Nothing is sent for real money but by who says so twice, and only where there is a connector.
#[test]
fn real_money_needs_a_connector_and_two_words() {
    let folder = Folder::new();
    folder.write("prices.csv", PRICES);
    let paper = folder.run(&["paper", "-c", "none.toml"]).failure(2).stderr();
    assert!(paper.contains("cannot read the configuration none.toml"), "{paper}");
    folder.write("algoflow.toml", CONFIG);
    for arguments in [["run", "-q"], ["paper", "-q"]] {
        let refused = folder.run(&arguments).failure(2).stderr();
        assert!(
            refused.contains("SIM has no `connector`") && refused.contains("paper --replay"),
            "{refused}"
        );
    }
    let connector = "name = \"SIM\"\nconnector = { kind = \"nowhere\", api_key_env = \"ALGOFLOW_TEST_KEY\" }";
    let live = CONFIG.replace("name = \"SIM\"", connector) + "\n[live]\nmode = \"live\"\n";
    folder.write("algoflow.toml", &live);
    let refused = folder.run(&["run", "--trade-real-money"]).failure(2).stderr();
    assert!(refused.contains("no connector of kind `nowhere` is built in"), "{refused}");
    let refused = folder.run(&["check"]).failure(2).stderr();
    assert!(refused.contains("no connector of kind `nowhere` is built in"), "{refused}");
    // The same file is fine for a backtest, and on paper with recorded data whatever its mode.
    folder.run(&["backtest", "-q"]).success();
    folder.run(&["paper", "--replay", "-q"]).success();
}

/// The wizard, by flags and by lines; what it writes runs.
#[test]
fn what_setup_writes_runs() {
    let folder = Folder::new();
    folder.write("prices.csv", PRICES);
    let fast = ["strategy=rebalance", "instrument=SPX.SIM", "data=prices.csv", "max_daily_loss=1000"];
    let arguments: Vec<&str> =
        ["setup", "--json"].into_iter().chain(fast.iter().flat_map(|answer| ["--answer", answer])).collect();
    let set_up = folder.run(&arguments).success().json();
    assert_eq!(set_up["next"], "algoflow paper --replay -c algoflow.toml");
    folder.run(&["check", "--data"]).success();
    folder.run(&["paper", "--replay", "-q"]).success();
    let status = folder.run(&["status", "--json"]).success().json();
    assert_eq!(status["limits"]["max_daily_loss"]["amount"], "1000");
    let there = folder.run(&arguments).failure(2).stderr();
    assert_eq!(there, "");

    for (answers, expected) in [
        (vec!["instrument=SPX.NYSE"], "instrument: its id must end with .SIM"),
        (vec!["instrument=SPX.SIM", "data=none.csv"], "there is no file none.csv"),
        (vec!["instrument=SPX.SIM", "data=prices.csv", "cash=-5 USD"], "cash: it must be above zero"),
        (vec!["instrument=SPX.SIM", "data=prices.csv", "strategy=sma"], "strategy: write one of: "),
        (
            vec!["instrument=SPX.SIM", "data=prices.csv", "max_leverage=0"],
            "max_leverage: it must be above zero",
        ),
        (vec!["instrument=SPX.SIM", "data=prices.csv", "colour=red"], "nothing asks for `colour`"),
        (vec!["instrument"], "`--answer instrument` has no `=`"),
        (vec![], "instrument: there is no answer"),
    ] {
        let arguments: Vec<&str> = ["setup", "-c", "other.toml"]
            .into_iter()
            .chain(answers.iter().flat_map(|answer| ["--answer", answer]))
            .collect();
        let stderr = folder.run(&arguments).failure(2).stderr();
        assert!(stderr.contains(expected), "{answers:?}: {stderr}");
        assert!(!folder.path("other.toml").exists(), "{answers:?}");
    }

    let mut child = Command::new(env!("CARGO_BIN_EXE_algoflow"))
        .args(["setup", "-c", "lines.toml"])
        .current_dir(folder.0.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "NYSE\nmargin\n2\nSPX.NYSE\n\nUSD\nprices.csv\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    Run(child.wait_with_output().unwrap()).success();
    let written = folder.read("lines.toml");
    assert!(written.contains("leverage = \"2\"") && written.contains("id = \"SPX.NYSE\""), "{written}");
    folder.run(&["backtest", "-q", "-c", "lines.toml"]).success();
}
