//! The HTTP client against local servers: every outcome says what became of the request. Rules O1 to O8 are those of the
//! module `http`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use algoflow_core::{
    error::VenueError,
    time::{TimeDelta, Timestamp},
};
use algoflow_net::{
    backoff::Backoff,
    breaker::{CircuitBreaker, Trip},
    clock::VenueClock,
    http::{Effect, HttpClient, HttpSettings, Request},
    rate::{Cost, Quota, RateLimiter, RateLimits},
    retry::{Retry, RetryBudget},
    sign::{HmacSigner, Part, Place, Stamp},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_string, header, method, path, query_param},
};

fn client(base: &str, change: impl FnOnce(HttpSettings) -> HttpSettings) -> HttpClient {
    change(HttpSettings::new(base)).build().unwrap()
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&server).await;
    server
}

/// A server that reads a request, writes `answer`, and then closes, or hangs.
async fn raw(answer: &'static [u8], hangs: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let read = socket.read(&mut [0; 4_096]).await.unwrap();
            assert!(read > 0, "the request was sent");
            socket.write_all(answer).await.unwrap();
            if hangs {
                open.push(socket);
            }
        }
    });
    address
}

fn code<T>(outcome: &Result<T, VenueError>) -> &'static str {
    outcome.as_ref().err().map_or("OK", VenueError::code)
}

#[tokio::test]
async fn o1_what_never_left_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client(&address, |settings| settings);
    let outcome = client.send(&Request::post("/order").query("signature", "s3cret")).await;
    assert_eq!(code(&outcome), "VENUE_CONNECTION", "{outcome:?}");
    assert!(!outcome.unwrap_err().to_string().contains("s3cret"));

    let outcome = client.send(&Request::post("/order").header("bad name", "x")).await;
    assert_eq!(code(&outcome), "VENUE_NOT_SENT", "{outcome:?}");
    let outcome = client.send(&Request::post("/order").signed()).await;
    assert_eq!(code(&outcome), "VENUE_NOT_SENT", "no signer: {outcome:?}");
}

#[tokio::test]
async fn o2_no_whole_answer_leaves_an_unknown_outcome_of_what_can_have_one() {
    let servers = [
        ("silence", raw(b"", true).await),
        ("closed", raw(b"", false).await),
        ("garbage", raw(b"this is no HTTP\r\n\r\n", false).await),
        ("cut off", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"order\":", false).await),
        ("stalled", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"order\":", true).await),
    ];
    for (name, address) in servers {
        let hurried =
            |settings: HttpSettings| settings.timeouts(TimeDelta::seconds(5), TimeDelta::millis(300));
        let client = client(&address, hurried);
        let outcome = client.send(&Request::post("/order")).await;
        assert_eq!(code(&outcome), "VENUE_OUTCOME_UNKNOWN", "{name}: {outcome:?}");
        let outcome = client.send(&Request::get("/account")).await;
        assert_eq!(code(&outcome), "VENUE_CONNECTION", "{name}: {outcome:?}");
        let outcome = client.send(&Request::post("/info").effect(Effect::None)).await;
        assert_eq!(code(&outcome), "VENUE_CONNECTION", "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn o4_a_storm_of_429_is_bounded_by_the_budget_and_holds_the_limiter() {
    let server = answering(ResponseTemplate::new(429).insert_header("retry-after", "0")).await;
    let backoff = Backoff::new(TimeDelta::millis(1), TimeDelta::millis(2), 1).unwrap();
    let retry = Retry::new(backoff, RetryBudget::new(5, 0.0).unwrap()).attempts(4).unwrap();
    let client = client(&server.uri(), |settings| settings.retry(retry));
    let request = Request::post("/order");
    let outcomes = futures_util::future::join_all((0..20).map(|_| client.send(&request))).await;
    assert!(outcomes.iter().all(|outcome| code(outcome) == "VENUE_RATE_LIMITED"));
    assert_eq!(server.received_requests().await.unwrap().len(), 25, "20 requests, 5 retries");

    let server = answering(ResponseTemplate::new(418).insert_header("retry-after", "600")).await;
    let limiter = RateLimiter::new(RateLimits::none());
    let client = self::client(&server.uri(), |settings| settings.limiter(limiter, TimeDelta::seconds(1)));
    let banned = client.send(&request).await;
    assert_eq!(banned, Err(VenueError::RateLimited { retry_after: TimeDelta::minutes(10) }));
    assert_eq!(code(&client.send(&request).await), "VENUE_RATE_LIMITED");
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "the second was held back");
}

#[tokio::test]
async fn o5_o6_statuses_say_what_became_of_it() {
    for (status, expected) in
        [(200, "OK"), (400, "VENUE_REJECTED"), (401, "VENUE_AUTHENTICATION"), (502, "VENUE_OUTCOME_UNKNOWN")]
    {
        let server = answering(ResponseTemplate::new(status).set_body_string("words of the venue")).await;
        let outcome = client(&server.uri(), |settings| settings).send(&Request::post("/order")).await;
        assert_eq!(code(&outcome), expected, "{outcome:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().contains("words of the venue"), "{error}");
        }
    }
}

#[tokio::test]
async fn o7_redirects_are_not_followed() {
    let elsewhere = answering(ResponseTemplate::new(200)).await;
    let server = answering(ResponseTemplate::new(307).insert_header("location", elsewhere.uri())).await;
    let outcome = client(&server.uri(), |settings| settings).send(&Request::post("/order")).await;
    assert_eq!(code(&outcome), "VENUE_OUTCOME_UNKNOWN");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn o8_bodies_are_bounded() {
    let server = answering(ResponseTemplate::new(200).set_body_string("x".repeat(1_001))).await;
    let at_most = |bytes| client(&server.uri(), |settings| settings.max_body(bytes));
    assert_eq!(code(&at_most(1_000).send(&Request::get("/")).await), "VENUE_PROTOCOL");
    assert_eq!(code(&at_most(1_000).send(&Request::post("/")).await), "VENUE_OUTCOME_UNKNOWN");
    assert_eq!(at_most(1_001).send(&Request::get("/")).await.unwrap().body.len(), 1_001);
}

#[tokio::test]
async fn unknown_outcomes_are_never_sent_again_and_open_the_breaker() {
    let server = answering(ResponseTemplate::new(503)).await;
    let backoff = Backoff::new(TimeDelta::millis(1), TimeDelta::millis(2), 1).unwrap();
    let retry = Retry::new(backoff, RetryBudget::new(100, 1.0).unwrap());
    let rest = TimeDelta::hours(1);
    let trip = Trip { failures: 3, of: 3, rest, longest_rest: rest, probes: 1 };
    let breaker = CircuitBreaker::new(trip).unwrap();
    let client = client(&server.uri(), |settings| settings.retry(retry).breaker(breaker));
    for expected in
        ["VENUE_OUTCOME_UNKNOWN", "VENUE_OUTCOME_UNKNOWN", "VENUE_OUTCOME_UNKNOWN", "VENUE_NOT_SENT"]
    {
        assert_eq!(code(&client.send(&Request::post("/order")).await), expected);
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 3, "one request each, and none when open");
}

#[tokio::test]
async fn reads_are_tried_again() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).up_to_n_times(2).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let backoff = Backoff::new(TimeDelta::millis(1), TimeDelta::millis(2), 1).unwrap();
    let retry = Retry::new(backoff, RetryBudget::new(100, 1.0).unwrap());
    let client = client(&server.uri(), |settings| settings.retry(retry));
    assert_eq!(client.send(&Request::get("/account")).await.unwrap().status, 200);
}

#[tokio::test]
async fn limits_follow_what_the_venue_says() {
    let server = answering(ResponseTemplate::new(200).insert_header("X-Used-Weight-1M", "90")).await;
    let minute = Quota::window(100, TimeDelta::minutes(1)).unwrap();
    let limiter = RateLimiter::new(RateLimits::none().with("weight", minute));
    let client = client(&server.uri(), |settings| {
        settings.limiter(limiter.clone(), TimeDelta::ZERO).used_header("X-Used-Weight-1M", "weight")
    });
    let request = Request::get("/depth").costing(Cost::of("weight", 20));
    client.send(&request).await.unwrap();
    assert_eq!(limiter.used("weight"), Ok(90));
    assert_eq!(code(&client.send(&request).await), "VENUE_RATE_LIMITED");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn requests_are_signed_by_the_venues_clock() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/order"))
        .and(query_param("symbol", "A&B"))
        .and(header("X-KEY", "key"))
        .and(body_string("{}"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let venue_time = Timestamp::from_seconds(4_000_000_000).unwrap();
    Mock::given(path("/api/time"))
        .respond_with(ResponseTemplate::new(200).set_body_string("4000000000"))
        .mount(&server)
        .await;
    let signer = HmacSigner::new("key", "secret".into())
        .over([Part::Time, Part::Query, Part::Body])
        .key(Place::Header("X-KEY"))
        .time(Place::Header("X-TIME"), Stamp::Seconds)
        .signature(Place::Header("X-SIGN"));
    let clock = VenueClock::new(TimeDelta::hours(1));
    let base = format!("{}/api/", server.uri());
    let client = client(&base, |settings| settings.signer(signer.clone()).clock(clock.clone()));
    let read = |response: &algoflow_net::http::Response| {
        Timestamp::from_seconds(response.words().parse().ok()?).ok()
    };
    assert_eq!(client.time(&Request::get("/time"), read).await, Ok(venue_time));
    assert!(clock.now() >= venue_time.saturating_sub(TimeDelta::seconds(1)));

    let request = Request::post("/order").query("symbol", "A&B").with_body("{}").signed();
    assert_eq!(code(&client.send(&request).await), "OK");
    let received = server.received_requests().await.unwrap().pop().unwrap();
    let value = |name: &str| received.headers.get(name).unwrap().to_str().unwrap().to_owned();
    let time = value("x-time");
    assert!(time.parse::<i64>().unwrap() >= 3_999_999_999, "{time}");
    let line = format!("{time}symbol=A%26B{{}}");
    assert_eq!(value("x-sign"), signer.signature_of(line.as_bytes()).unwrap());
    assert_eq!(received.url.path(), "/api/order");
}

#[test]
fn addresses_that_cannot_be_used_are_refused() {
    for bad in ["ftp://venue.com", "venue.com", "https://venue.com/?key=abc", "https://user:abc@venue.com"] {
        let error = HttpSettings::new(bad).build().unwrap_err();
        assert_eq!(error.code(), "NET_ADDRESS", "{bad}");
    }
    let error = HttpSettings::new("https://venue.com/?key=abc").build().unwrap_err();
    assert!(!error.to_string().contains("abc"), "{error}");
    assert!(HttpSettings::new("https://venue.com").build().is_ok(), "TLS needs nothing installed");
}
