use secrecy::SecretString;

use super::*;
use crate::http::Method;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

/// RFC 4231, test case 2.
#[test]
fn signatures_are_those_of_the_standard() {
    let signer = HmacSigner::new("", SecretString::from("Jefe"));
    let text = b"what do ya want for nothing?";
    assert_eq!(
        signer.signature_of(text).unwrap(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    let long = signer.clone().digest(Digest::Sha512).signature_of(text).unwrap();
    assert!(long.starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"), "{long}");
    assert_eq!(
        signer.encoding(Encoding::Base64).signature_of(text).unwrap(),
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
    );
}

/// The example of Binance's documentation, "Signed endpoint examples for POST /api/v3/order".
#[test]
fn a_request_as_binance_wants_it() {
    let secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
    let signer =
        HmacSigner::new("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", secret.into())
            .over([Part::Query, Part::Body])
            .key(Place::Header("X-MBX-APIKEY"))
            .lifetime(Place::Query("recvWindow"), algoflow_core::time::TimeDelta::seconds(5))
            .time(Place::Query("timestamp"), Stamp::Millis)
            .signature(Place::Query("signature"));
    let mut request = Request::post("/api/v3/order");
    for (name, value) in [
        ("symbol", "LTCBTC"),
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("timeInForce", "GTC"),
        ("quantity", "1"),
        ("price", "0.1"),
    ] {
        request = request.query(name, value);
    }
    signer.sign(&mut request, at(1_499_827_319_559)).unwrap();
    assert_eq!(
        request.query_string(),
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000\
         &timestamp=1499827319559\
         &signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    );
    assert!(request.headers().iter().any(|(name, _)| name == "X-MBX-APIKEY"));
}

#[test]
fn parts_are_signed_in_their_order() {
    let signer = HmacSigner::new("key", SecretString::from("s"))
        .over([
            Part::Time,
            Part::Key,
            Part::Lifetime,
            Part::Method,
            Part::PathAndQuery,
            Part::Text("|"),
            Part::Body,
        ])
        .lifetime(Place::Header("window"), algoflow_core::time::TimeDelta::millis(250))
        .time(Place::Header("time"), Stamp::Rfc3339)
        .signature(Place::Header("sign"));
    let mut request = Request::new(Method::Delete, "/o").query("id", "a b&c").with_body("{}");
    signer.sign(&mut request, at(1_607_418_537_715)).unwrap();
    let line = b"2020-12-08T09:08:57.715Zkey250DELETE/o?id=a+b%26c|{}";
    let expected = ("sign".to_owned(), signer.signature_of(line).unwrap());
    assert!(request.headers().contains(&expected), "{:?}", request.headers());
}

#[test]
fn secrets_are_not_shown() {
    let signer = HmacSigner::new("key", SecretString::from("swordfish!"));
    assert!(!format!("{signer:?}").contains("swordfish"));
    let error = signer.clone().with_base64_secret().unwrap_err();
    assert!(!error.to_string().contains("swordfish"), "{error}");
    let error = signer.sign(&mut Request::get("/"), at(0)).unwrap_err();
    assert_eq!(error.code(), "NET_SIGNING", "nothing says where the signature goes");

    let decoded = HmacSigner::new("", SecretString::from("SmVmZQ==")).with_base64_secret().unwrap();
    let plain = HmacSigner::new("", SecretString::from("Jefe"));
    assert_eq!(decoded.signature_of(b"x"), plain.signature_of(b"x"));
}
