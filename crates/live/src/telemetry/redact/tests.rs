use proptest::prelude::*;
use serde::Serialize;

use super::*;

fn knows(secrets: &[&str]) -> Redactor {
    let redactor = Redactor::new();
    for secret in secrets {
        redactor.register(&SecretString::from(*secret)).unwrap();
    }
    redactor
}

#[test]
fn s1_registered_secrets_are_hidden_in_every_form() {
    let secret = "p\"a/ss\\wo\nrd+1 ä";
    let redactor = knows(&[secret]);
    let json = serde_json::json!({ "body": secret }).to_string();
    let texts = [
        secret.to_owned(),
        format!("{secret:?}"),
        json.clone(),
        format!("{json:?}"),
        serde_json::json!({ "outer": json }).to_string(),
        format!("https://host/?q={}", percent_encoded(secret, false)),
        format!("https://host/?q={}", percent_encoded(secret, true)),
    ];
    for text in texts {
        let shown = redactor.text(&text);
        assert!(!shown.contains("ss") && !shown.contains("rd"), "{shown}");
        assert!(shown.contains(MARK));
    }
}

#[test]
fn s1_lines_of_a_key_are_secrets_themselves() {
    let redactor = knows(&["first line of it\nMIIEvQIBADANBgkq\nend"]);
    assert_eq!(redactor.text("bad line MIIEvQIBADANBgkq at 2"), "bad line *** at 2");
}

#[test]
fn s2_names_say_what_is_secret() {
    let secret = [
        "key",
        "api_key",
        "apiKey",
        "API-KEY",
        "x-api-key",
        "secret",
        "clientSecret",
        "token",
        "bot_token",
        "password",
        "smtp.password",
        "Authorization",
        "signature",
        "private_key",
        "privatekey",
        "mnemonic",
        "seed_phrase",
        "seedphrase",
        "apisecret",
        "keypair",
    ];
    for name in secret {
        assert!(Redactor::is_secret_name(name), "{name}");
    }
    for name in
        ["instrument", "monkey", "keyboard", "tokens", "public_key", "pubkey", "dedup_key", "side", "", "_"]
    {
        assert!(!Redactor::is_secret_name(name), "{name}");
    }
    assert_eq!(Redactor::new().field("api_key", "abc"), MARK);
    assert_eq!(Redactor::new().field("venue", "abc"), "abc");
}

#[test]
fn s3_values_behind_secret_names_are_hidden() {
    let redactor = Redactor::new();
    let cases = [
        ("api_key=abc123, side=buy", "api_key=***, side=buy"),
        ("GET /order?symbol=BTC&signature=beef&x=1", "GET /order?symbol=BTC&signature=***&x=1"),
        (r#"{"password":"a \" b","n":1}"#, r#"{"password":***,"n":1}"#),
        (r#""{\"token\":\"a b\",\"n\":1}""#, r#""{\"token\":***,\"n\":1}""#),
        ("Config { api_secret: \"x y\", port: 1 }", "Config { api_secret: ***, port: 1 }"),
        ("Config { token: Some(\"x) y\"), port: 1 }", "Config { token: ***, port: 1 }"),
        ("keys: [\"a\", \"b\"] done", "keys: *** done"),
        ("Authorization: Bearer abc.def and more", "Authorization: *** and more"),
        ("X-API-KEY: abc\nnext", "X-API-KEY: ***\nnext"),
        ("mnemonic: one two three\nnext", "mnemonic: ***\nnext"),
        ("password=", "password="),
        ("seed=42 side=buy", "seed=42 side=buy"),
        ("seed=12ab side=buy", "seed=***"),
        ("seed=42", "seed=42"),
        ("seed: 42, n: 1", "seed: 42, n: 1"),
        ("nothing: here = now", "nothing: here = now"),
    ];
    for (text, shown) in cases {
        assert_eq!(redactor.text(text), shown, "{text}");
    }
}

#[test]
fn s4_urls_bearers_and_pem_keys() {
    let redactor = Redactor::new();
    let cases = [
        ("postgres://bob:hunter2@db:5432/x?a=b@c", "postgres://***@db:5432/x?a=b@c"),
        ("https://host/a@b", "https://host/a@b"),
        ("sent bearer 0123456789abcdef ok", "sent bearer *** ok"),
        ("the bearer of news", "the bearer of news"),
        (
            "x -----BEGIN EC PRIVATE KEY-----\nMII\n-----END EC PRIVATE KEY-----",
            "x -----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY-----",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMII", "-----BEGIN PRIVATE KEY-----***"),
    ];
    for (text, shown) in cases {
        assert_eq!(redactor.text(text), shown, "{text}");
    }
}

/// A venue can say what it likes: a long text must not take time by its square. (A minute and more, if it did.)
#[test]
fn long_texts_are_looked_through_once() {
    let redactor = Redactor::new();
    for part in [
        "key=(",
        "key: \"",
        "seed=a ",
        "://",
        "key=",
        "PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "\\\"key",
        "bearer ",
    ] {
        let text = part.repeat(4_000_000 / part.len());
        assert!(redactor.text(&text).len() <= text.len());
    }
}

#[test]
fn s5_overlapping_secrets_become_one_mark() {
    assert_eq!(knows(&["abcdef", "defghi"]).text("<abcdefghi>"), "<***>");
    assert_eq!(knows(&["abcdef", "abcdefgh"]).text("<abcdefgh>"), "<***>");
}

#[test]
fn what_cannot_be_hidden_is_refused() {
    let redactor = Redactor::new();
    let error = redactor.register(&SecretString::from("short")).unwrap_err();
    assert_eq!(error.code(), "TELEMETRY_SECRET_TOO_SHORT");
    for n in 0..MAX_SECRETS {
        redactor.register(&SecretString::from(format!("secret-{n}"))).unwrap();
    }
    redactor.register(&SecretString::from("secret-0")).unwrap();
    let error = redactor.register(&SecretString::from("secret-more")).unwrap_err();
    assert_eq!(error.code(), "TELEMETRY_TOO_MANY_SECRETS");
    assert_eq!(format!("{redactor:?}"), "Redactor { secrets: 1024 }");
}

#[derive(Debug, Serialize)]
struct Nested<'a> {
    harmless: &'a str,
    list: Vec<Option<&'a str>>,
}

proptest! {
    /// S1: whatever stands around it, in whatever form, a registered secret is not in what is shown.
    #[test]
    fn no_registered_secret_is_shown(
        secret in "[!-~äß€ ]{8,40}",
        other in "[!-~]{8,20}",
        before in "\\PC{0,30}",
        after in "\\PC{0,30}",
    ) {
        prop_assume!(!secret.contains(MARK) && !other.contains(MARK));
        let redactor = knows(&[&secret, &other]);
        let message = format!("{before}{secret}{after}");
        let nested = Nested { harmless: &message, list: vec![Some(&other), Some(&secret)] };
        let json = serde_json::to_string(&nested).unwrap();
        for text in [message.clone(), json.clone(), format!("{nested:?}"), format!("{json:?}"), format!("{secret}{other}")] {
            let shown = redactor.text(&text);
            for form in [secret.clone(), debug_escaped(&secret), json_escaped(&secret), other.clone()] {
                prop_assert!(!shown.contains(&form), "{shown}");
            }
        }
    }

    /// S3: the value of a field named as a secret is not shown, though nobody registered it.
    #[test]
    fn no_named_secret_is_shown(secret in "[a-zA-Z0-9+/\"\\\\ ]{8,40}", name in "(api_key|password|botToken|X-SECRET)") {
        let redactor = Redactor::new();
        let field = serde_json::json!({ (name.clone()): secret, "n": 1 });
        for text in [field.to_string(), format!("{:?}", field.to_string()), format!("{name}={secret:?}")] {
            let shown = redactor.text(&text);
            prop_assert!(!shown.contains(secret.trim_matches(['"', '\\', ' '])) || secret.trim_matches(['"', '\\', ' ']).len() < 8, "{shown}");
        }
    }

    /// Any text is taken, and text without a secret stays as it is.
    #[test]
    fn any_text_is_taken(text in "\\PC{0,200}") {
        let _ = knows(&["a secret that is not there"]).text(&text);
    }
}
