use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{method, path},
};

use super::*;
use crate::{
    alerts::AlertLevel,
    telemetry::{MetricLabels, MetricRegistry},
};

const DEADLINE: Duration = Duration::from_secs(20);

fn alert(code: &'static str) -> Alert {
    Alert::new(Timestamp::EPOCH, AlertLevel::Critical, code, format!("title of {code}"))
        .label("venue", "KRAKEN")
}

fn start(settings: Value, redactor: &Redactor) -> (AlertSender, MetricRegistry) {
    let settings = serde_json::from_value(settings).unwrap();
    let registry = MetricRegistry::new();
    let metrics = LiveMetrics::new(Arc::new(registry.clone()), &MetricLabels::default());
    (AlertSender::start(&settings, redactor, &metrics).unwrap(), registry)
}

#[tokio::test]
async fn a_webhook_gets_json_with_a_signature() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/hook/1234"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let url = format!("{}/hook/1234", server.uri());
    let (sender, registry) = start(
        json!({
            "rules": [{"sinks": ["hook"]}],
            "webhook": {"hook": {
                "url": url, "signing_secret": "the-secret", "headers": {"authorization": "Bearer abcdef"}
            }}
        }),
        &Redactor::new(),
    );
    sender.alert(alert("RISK_LOSS").text("the url is ".to_owned() + &url));
    assert!(sender.stop(DEADLINE).await);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let header = |name: &str| requests[0].headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        (header("content-type"), header("authorization")),
        ("application/json".into(), "Bearer abcdef".into())
    );
    assert!(header("x-algoflow-timestamp").parse::<i64>().unwrap() > 1_700_000_000);
    assert!(header("x-algoflow-signature").starts_with("sha256="));
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!((&body["code"], &body["labels"]["venue"]), (&json!("RISK_LOSS"), &json!("KRAKEN")));
    assert_eq!(body["text"], "the url is ***");
    assert!(registry.render().contains("algoflow_alerts_total{outcome=\"sent\",sink=\"hook\"} 1\n"));
}

/// Answers each request with the next of these, and the last from then on.
struct Answers(Vec<ResponseTemplate>, AtomicUsize);
impl Respond for Answers {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let at = self.1.fetch_add(1, Ordering::Relaxed);
        self.0[at.min(self.0.len() - 1)].clone()
    }
}

#[tokio::test]
async fn telegram_is_asked_again_when_it_says() {
    let server = MockServer::start().await;
    let busy =
        ResponseTemplate::new(429).set_body_json(json!({ "ok": false, "parameters": { "retry_after": 0 } }));
    let answers = Answers(
        vec![busy, ResponseTemplate::new(200).set_body_json(json!({ "ok": true }))],
        AtomicUsize::new(0),
    );
    Mock::given(method("POST"))
        .and(path("/bot123:abcdef/sendMessage"))
        .respond_with(answers)
        .mount(&server)
        .await;
    let (sender, _) = start(
        json!({
            "rules": [{"sinks": ["phone"]}],
            "telegram": {"phone": {"token": "123:abcdef", "chat": "-100", "server": server.uri()}}
        }),
        &Redactor::new(),
    );
    sender.alert(alert("X").text("with the token 123:abcdef"));
    assert!(sender.stop(DEADLINE).await);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(body["chat_id"], "-100");
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("[CRITICAL] title of X\nwith the token ***\nvenue=KRAKEN\nX 1970"), "{text}");
    assert_eq!(sender.counts(), [("phone".to_owned(), SinkCounts { sent: 1, ..SinkCounts::default() })]);
}

#[tokio::test]
async fn a_refusal_is_final_and_secrets_in_it_are_not_logged() {
    let server = MockServer::start().await;
    let refuses = ResponseTemplate::new(404).set_body_string("no bot of token 123:abcdef here");
    Mock::given(method("POST")).respond_with(refuses).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    let telemetry = json!({ "console": false, "file": { "path": log, "format": "compact" } });
    let telemetry: crate::telemetry::Telemetry = serde_json::from_value(telemetry).unwrap();
    let redactor = Redactor::new();
    let (subscriber, guard) = telemetry.subscriber(&redactor).unwrap();
    let set = tracing::subscriber::set_default(subscriber);
    let (sender, registry) = start(
        json!({
            "rules": [{"sinks": ["phone"]}],
            "telegram": {"phone": {"token": "123:abcdef", "chat": "-100", "server": server.uri()}}
        }),
        &redactor,
    );
    sender.alert(alert("X"));
    sender.alert(alert("Y"));
    assert!(sender.stop(DEADLINE).await);
    drop(set);
    assert!(guard.flush());
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
    assert!(registry.render().contains("algoflow_alerts_total{outcome=\"failed\",sink=\"phone\"} 2\n"));
    let log = std::fs::read_to_string(log).unwrap();
    // Once, though both failed (D2).
    assert_eq!(log.matches("an alert was not sent").count(), 1, "{log}");
    assert!(log.contains("status 404") && !log.contains("123:abcdef"), "{log}");
}

#[tokio::test]
async fn d3_a_dead_receiver_holds_nothing_up() {
    // A port on which nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    drop(listener);
    let settings = json!({ "rules": [{"sinks": ["hook"]}], "webhook": {"hook": {"url": url}} });
    let (sender, registry) = start(settings, &Redactor::new());
    sender.alert(alert("X"));
    assert!(!sender.stop(Duration::from_millis(100)).await);
    assert!(registry.render().contains("algoflow_alerts_total{outcome=\"failed\",sink=\"hook\"} 1\n"));
    sender.alert(alert("AFTER"));
    assert_eq!(sender.counts()[0].1, SinkCounts { failed: 1, ..SinkCounts::default() });
}

#[tokio::test]
async fn d4_the_task_ends_with_its_last_handle() {
    let settings =
        json!({ "rules": [{"sinks": ["hook"]}], "webhook": {"hook": {"url": "http://127.0.0.1:9/hook"}} });
    let (sender, _) = start(settings, &Redactor::new());
    let shared = Arc::downgrade(&sender.shared);
    drop(sender.clone());
    tokio::task::yield_now().await;
    assert!(shared.upgrade().is_some());
    drop(sender);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(shared.upgrade().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_was_counted_is_told_when_its_window_ends() {
    // The clock of the runtime jumps to the next timer whenever nothing else is to do; no network is involved before.
    let settings: AlertSettings = serde_json::from_value(json!({
        "rules": [{"sinks": ["hook"]}], "dedup": "5m",
        "webhook": {"hook": {"url": "http://127.0.0.1:9/hook"}}
    }))
    .unwrap();
    let sender = AlertSender::start(&settings, &Redactor::new(), &LiveMetrics::none()).unwrap();
    for _ in 0..13 {
        sender.alert(alert("X"));
    }
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    // The first, and "12 more of X in 5m": both were given up after six tries.
    let counts = sender.counts().remove(0).1;
    assert_eq!((counts.sent, counts.failed, counts.suppressed), (0, 2, 12));
}

/// A mail server for one message: what it was told, line by line.
async fn mail_server(listener: TcpListener) -> Vec<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.unwrap();
    let (mut lines, mut is_data) = (Vec::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return lines;
        }
        let line = line.trim_end().to_owned();
        let answer: &[u8] = match line.as_str() {
            "." if is_data => {
                is_data = false;
                b"250 taken\r\n"
            }
            _ if is_data => b"",
            "DATA" => {
                is_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            hello if hello.starts_with("EHLO") => b"250-test\r\n250 AUTH PLAIN\r\n",
            auth if auth.starts_with("AUTH") => b"235 welcome\r\n",
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await.unwrap();
        lines.push(line);
    }
}

#[tokio::test]
async fn e_mail_goes_to_a_mail_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(mail_server(listener));
    let (sender, _) = start(
        json!({
            "rules": [{"sinks": ["mail"]}],
            "email": {"mail": {
                "host": "127.0.0.1", "port": port, "tls": "none", "user": "bob", "password": "hunter2-hunter2",
                "from": "Algoflow <bot@example.org>", "to": ["a@example.org", "b@example.org"]
            }}
        }),
        &Redactor::new(),
    );
    sender.alert(alert("X").text("the password is hunter2-hunter2"));
    assert!(sender.stop(DEADLINE).await);
    assert_eq!(sender.counts()[0].1.sent, 1);
    let lines = server.await.unwrap();
    let has = |line: &str| assert!(lines.iter().any(|said| said == line), "{line} is missing in {lines:#?}");
    // base64 of NUL bob NUL hunter2-hunter2
    has("AUTH PLAIN AGJvYgBodW50ZXIyLWh1bnRlcjI=");
    has("MAIL FROM:<bot@example.org>");
    has("RCPT TO:<a@example.org>");
    has("RCPT TO:<b@example.org>");
    has("Subject: [algoflow] CRITICAL title of X");
    has("the password is ***");
}
