//! Finds secrets by what stands around them.

use std::ops::Range;

use super::PUBLIC_NAMES;

/// A name with one of these words is secret.
const WORDS: &[&str] = &[
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "key",
    "keypair",
    "keys",
    "mnemonic",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "private",
    "privkey",
    "pwd",
    "secret",
    "secrets",
    "seed",
    "signature",
    "token",
];

/// A name that has one of these anywhere is secret, for names that run words together.
const PARTS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "authkey",
    "authtoken",
    "authorization",
    "credential",
    "mnemonic",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "seedphrase",
    "signature",
];

/// What a name with one of these words holds has several words itself.
const PHRASES: &[&str] = &["mnemonic", "phrase", "seed", "seedphrase"];

/// The value of an authorization header starts with one of these, and the secret is the word behind it.
const SCHEMES: &[&str] = &["basic", "bearer", "digest", "hmac", "token"];

/// What follows the word `Bearer` in running text is a secret from this length on, in bytes.
const MIN_BEARER: usize = 12;

/// A name in a text has at most this many bytes; what is longer is no name.
const MAX_NAME: usize = 64;

pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let joined = words.join("_");
    if PUBLIC_NAMES.contains(&joined.as_str()) {
        return false;
    }
    let run_together = words.concat();
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || PARTS.iter().any(|part| run_together.contains(part))
}

/// The words of a name in lower case: split at what is neither letter nor digit, and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_small = false;
    for c in name.chars() {
        let splits = !c.is_alphanumeric() || (last_small && c.is_uppercase());
        if splits && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        last_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Adds the ranges of the text that its context says are secret (S3, S4). Takes time in proportion to the length of the text,
/// whatever it is: it may come from a venue.
pub(super) fn find(text: &str, hidden: &mut Vec<Range<usize>>) {
    let mut hidden_to = 0;
    for (at, byte) in text.bytes().enumerate() {
        // What is hidden already is not looked into.
        if at < hidden_to || !matches!(byte, b'=' | b':') {
            continue;
        }
        if let Some(name) = name_before(text, at)
            && is_secret(name)
        {
            let value = value_after(text, at + 1, name);
            if !value.is_empty() {
                hidden_to = value.end;
                hidden.push(value);
            }
        }
        if byte == b':' && text.get(at..).is_some_and(|rest| rest.starts_with("://")) {
            hidden.extend(user_of_url(text, at + 3));
        }
    }
    hidden.extend(bearers(text));
    private_keys(text, hidden);
}

/// The name that ends before `at`: `name=`, `"name":`, `\"name\" :`, `[name]=`.
fn name_before(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?.trim_end_matches([' ', '"', '\'', '`', '\\', ']']);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = before.char_indices().rev().take_while(|(_, c)| is_name(*c)).last()?.0;
    // Of a long run the end decides: `x.y.z.api_key`.
    let start = start.max(before.len().saturating_sub(MAX_NAME));
    (start..=before.len()).find_map(|from| before.get(from..))
}

/// The range of the value that starts behind `from`.
fn value_after(text: &str, from: usize, name: &str) -> Range<usize> {
    let rest = text.get(from..).unwrap_or_default();
    let start = from + rest.len() - rest.trim_start_matches([' ', '\t', '=', '>', ':']).len();
    let rest = text.get(start..).unwrap_or_default();
    let words = words(name);
    let is_phrase = words.iter().any(|word| PHRASES.contains(&word.as_str()));
    // The seed of a simulation is a number that everybody may see.
    let number = rest.bytes().take_while(u8::is_ascii_digit).count();
    let behind = rest.get(number..).and_then(|tail| tail.chars().next());
    let ends_there = behind.is_none_or(|c| !c.is_alphanumeric());
    if number > 0 && ends_there && words.last().is_some_and(|word| word == "seed") {
        return start..start;
    }
    let length = quoted(rest).or_else(|| bracketed(rest)).unwrap_or_else(|| {
        let length = if is_phrase { line(rest) } else { word(rest) };
        match rest.get(..length) {
            Some(scheme) if SCHEMES.contains(&scheme.to_lowercase().as_str()) => {
                let tail = rest.get(length..).unwrap_or_default();
                let gap = tail.len() - tail.trim_start_matches(' ').len();
                length + gap + word(tail.get(gap..).unwrap_or_default())
            }
            _ => length,
        }
    });
    start..start + length
}

/// The length of a quoted value with its quotes; to the end if it is not closed. Where the opening quote is escaped itself, by
/// `level` backslashes, each backslash of the value is written as `level + 1`.
fn quoted(text: &str) -> Option<usize> {
    let level = text.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = *text.as_bytes().get(level).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let mut backslashes = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(level + 1) {
        if byte == quote {
            // Fewer than the level: the string around this one ends.
            let of_value = backslashes.checked_sub(level).map_or(0, |more| more / (level + 1));
            if of_value % 2 == 0 {
                return Some(at + 1);
            }
        }
        backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
    }
    Some(text.len())
}

/// The length of `Some("..")`, `[..]`, `Name { .. }`, if the value is one; to the end if it is not closed.
fn bracketed(text: &str) -> Option<usize> {
    let name = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let tail = text.get(name..)?;
    let gap = usize::from(name > 0 && tail.starts_with(" {"));
    let open = tail.as_bytes().get(gap)?;
    if !matches!(open, b'(' | b'[' | b'{') {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = name + gap;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                at += text.get(at..).and_then(quoted).unwrap_or(1);
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

fn word(text: &str) -> usize {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | ')' | '}' | ']' | '"' | '\'' | '<');
    text.find(ends).unwrap_or(text.len())
}

fn line(text: &str) -> usize {
    text.find(['\n', '\r', '"', '}', ']']).unwrap_or(text.len())
}

/// `user:password` of `scheme://user:password@host/path`.
fn user_of_url(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let authority = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '<'));
    let at = rest.get(..authority.unwrap_or(rest.len()))?.rfind('@')?;
    (at > 0).then_some(from..from + at)
}

fn bearers(text: &str) -> Vec<Range<usize>> {
    const SCHEME: &str = "bearer ";
    // Only ASCII changes, so places stay.
    let lower = text.to_ascii_lowercase();
    let starts = lower.match_indices(SCHEME).map(|(at, _)| at + SCHEME.len());
    let ranges = starts.map(|start| start..start + word(text.get(start..).unwrap_or_default()));
    ranges.filter(|range| range.len() >= MIN_BEARER).collect()
}

fn private_keys(text: &str, hidden: &mut Vec<Range<usize>>) {
    const BEGIN: &str = "-----BEGIN ";
    const LABEL: &str = "PRIVATE KEY-----";
    const END: &str = "-----END";
    /// The name of the kind of key (`EC `, `ENCRYPTED `) is no longer, in bytes.
    const MAX_KIND: usize = 32;
    let mut from = 0;
    while let Some(label) = text.get(from..).and_then(|rest| rest.find(LABEL)) {
        let label = from + label;
        let start = label + LABEL.len();
        from = start;
        let head =
            text.as_bytes().get(label.saturating_sub(BEGIN.len() + MAX_KIND)..label).unwrap_or_default();
        if head.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes()) {
            let body = text.get(start..).unwrap_or_default();
            from = start + body.find(END).unwrap_or(body.len());
            if from > start {
                hidden.push(start..from);
            }
        }
    }
}
