use std::{fs, os::unix::fs::PermissionsExt};

use proptest::prelude::*;

use super::*;

/// T2.
#[test]
fn a_token_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let made = Token::read_or_make(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.len(), 2 * TOKEN_BYTES);
    let again = Token::read_or_make(&path).unwrap();
    assert!(again.is(&text) && made.is(&text));
    assert!(!made.is("") && !made.is(&text[1..]) && !made.is(&text.replace(&text[..1], "x")));
    assert!(!format!("{made:?}").contains(&text));
    let other = Token::read_or_make(&folder.path().join("other")).unwrap();
    assert!(!other.is(&text), "two tokens are the same");
}

/// T2.
#[test]
fn a_file_that_is_no_token_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    assert!(matches!(Token::read(&path), Err(ControlError::File { .. })));
    for text in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = Token::read(&path).unwrap_err();
        assert_eq!(error.code(), "CONTROL_TOKEN_FILE");
        assert!(text.len() < 60 || !error.to_string().contains(text));
    }
    fs::write(&path, "a".repeat(64)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Token::read(&path), Err(ControlError::Exposed { mode: 0o640, .. })));
}

/// T4: what is not known is refused; what is known is read as it was written.
#[test]
fn calls_are_read_as_they_are_documented() {
    let reads = |request: &str| {
        serde_json::from_str::<Call>(&format!(r#"{{"version":1,"token":"t","request":{request}}}"#))
    };
    for (request, is_action) in [
        (r#"{"command":"status"}"#, false),
        (r#"{"command":"orders","all":true,"limit":5}"#, false),
        (r#"{"command":"positions"}"#, false),
        (r#"{"command":"fills"}"#, false),
        (r#"{"command":"halt"}"#, true),
        (r#"{"command":"halt","strategy":"a","cancel_all":true,"flatten":true,"why":"x"}"#, true),
        (r#"{"command":"reduce_only"}"#, true),
        (r#"{"command":"resume"}"#, true),
        (r#"{"command":"cancel_all","instrument":"A.X"}"#, true),
        (r#"{"command":"flatten","strategy":"a"}"#, true),
        (r#"{"command":"limits","limits":{"max_open_orders":3}}"#, true),
        (r#"{"command":"parameters","strategy":"a","parameters":{"fast":1}}"#, true),
        (r#"{"command":"reload"}"#, false),
        (r#"{"command":"stop"}"#, false),
    ] {
        let call = reads(request).unwrap();
        assert_eq!(call.request.action().is_some(), is_action, "{request}");
        let written = serde_json::to_string(&call).unwrap();
        assert_eq!(serde_json::from_str::<Call>(&written).unwrap().request, call.request);
        assert!(!format!("{call:?}").contains("\"t\""));
    }
    for request in [
        r#"{"command":"go"}"#,
        r#"{"command":"halt","wy":"x"}"#,
        r#"{"command":"limits","limits":{"max_open":3}}"#,
        r#"{"command":"parameters","strategy":"a"}"#,
        r#"{"command":"orders","limit":-1}"#,
        "{}",
        "null",
    ] {
        assert!(reads(request).is_err(), "{request}");
    }
}

proptest! {
    #[test]
    fn no_line_is_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(serde_json::from_slice::<Call>(&bytes).is_err());
    }
}
