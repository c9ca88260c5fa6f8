use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::telemetry::{LiveMetrics, MetricLabels, Redactor};

fn any_port() -> HttpSettings {
    HttpSettings { listen: "127.0.0.1:0".parse().unwrap() }
}

async fn server() -> (HttpServer, LiveMetrics, Health) {
    let registry = MetricRegistry::new();
    let metrics = LiveMetrics::new(Arc::new(registry.clone()), &MetricLabels::default());
    let health = Health::new(Duration::ZERO, &Redactor::new());
    (HttpServer::start(&any_port(), &registry, &health).await.unwrap(), metrics, health)
}

/// The status, the headers and the body of an answer; the connection is read to its end.
async fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn metrics_are_text_for_prometheus() {
    let (server, metrics, _) = server().await;
    metrics.tick_to_order(2_500);
    let (status, head, body) = get(server.address(), "/metrics").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert!(body.contains("algoflow_tick_to_order_seconds_bucket{le=\"0.000005\"} 1\n"), "{body}");
    assert_eq!(get(server.address(), "/other").await.0, 404);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn n3_health_says_what_is_wrong() {
    let (server, _, health) = server().await;
    assert_eq!(get(server.address(), "/healthz").await.0, 200);
    health.beat();
    tokio::time::sleep(Duration::from_millis(2)).await;
    let (status, _, body) = get(server.address(), "/healthz").await;
    assert_eq!((status, &serde_json::from_str::<Value>(&body).unwrap()["alive"]), (503, &Value::from(false)));

    health.waits_for("venue KRAKEN", "not connected");
    health.is_met("journal");
    let (status, head, body) = get(server.address(), "/readyz").await;
    assert_eq!(status, 503);
    assert!(head.contains("content-type: application/json"));
    let expected = serde_json::json!({
        "ready": false, "waiting_for": { "venue KRAKEN": "not connected" }, "met": ["journal"]
    });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    health.is_met("venue KRAKEN");
    assert_eq!(get(server.address(), "/readyz").await.0, 200);
}

#[tokio::test]
async fn n1_connections_are_bounded_and_make_room() {
    let (server, _, _) = server().await;
    let mut idle = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        idle.push(TcpStream::connect(server.address()).await.unwrap());
    }
    // The system takes it, the server does not.
    let waits = get(server.address(), "/healthz");
    tokio::pin!(waits);
    assert!(timeout(Duration::from_millis(200), &mut waits).await.is_err());
    drop(idle);
    assert_eq!(waits.await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn n2_a_mute_connection_ends() {
    let (server, _, _) = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut rest = Vec::new();
    // The end comes as the end of the stream, or as a reset.
    let _ =
        timeout(3 * CONNECTION_TIME, stream.read_to_end(&mut rest)).await.expect("the connection should end");
    assert!(begun.elapsed() >= CONNECTION_TIME / 2);
}

#[tokio::test]
async fn n4_a_stopped_server_frees_its_address() {
    let (server, _, _) = server().await;
    let settings = HttpSettings { listen: server.address() };
    let (registry, health) = (MetricRegistry::new(), Health::new(Duration::ZERO, &Redactor::new()));
    let error = HttpServer::start(&settings, &registry, &health).await.unwrap_err();
    assert_eq!(error.code(), "TELEMETRY_LISTEN");
    server.stop().await.unwrap();
    HttpServer::start(&settings, &registry, &health).await.unwrap().stop().await.unwrap();
}
