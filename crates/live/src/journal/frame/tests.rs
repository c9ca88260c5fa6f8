use super::*;
use crate::journal::samples::{session, stop, stops};

#[test]
fn what_is_encoded_decodes_to_the_same() {
    let entries = session(40);
    let frames = Frame::encode(&entries, 0, Checksum::genesis()).unwrap();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].decode(Checksum::genesis()).unwrap(), entries);
    assert_eq!(frames[0].body.lines().count(), entries.len(), "an entry a line");
    let value: serde_json::Value = serde_json::from_str(&frames[0].body).unwrap();
    assert_eq!(value.as_array().unwrap().len(), entries.len(), "an array of JSON");
}

#[test]
fn large_groups_are_split_and_chained() {
    let entries = stops(11, 10_000);
    let frames = Frame::encode(&entries, 10, Checksum::genesis()).unwrap();
    let counts: Vec<_> = frames.iter().map(|frame| (frame.first, frame.count, frame.last())).collect();
    assert_eq!(counts, [(11, 4_096, 4_106), (4_107, 4_096, 8_202), (8_203, 1_808, 10_010)]);
    let mut previous = Checksum::genesis();
    let mut read = Vec::new();
    for frame in &frames {
        read.extend(frame.decode(previous).unwrap());
        previous = frame.checksum;
    }
    assert_eq!(read, entries);
    let again = Frame::encode(&entries, 10, previous).unwrap();
    assert_ne!(again[0].checksum, frames[0].checksum, "the same frame behind another");
}

#[test]
fn what_was_changed_is_seen() {
    let entries = session(10);
    let mut frames = Frame::encode(&entries[..5], 0, Checksum::genesis()).unwrap();
    frames.extend(Frame::encode(&entries[5..], 5, frames[0].checksum).unwrap());
    let (first, second) = (&frames[0], &frames[1]);
    let previous = Checksum::genesis();
    let altered = Frame { body: first.body.replacen("trader", "tradeR", 1), ..first.clone() };
    let shorter = Frame { count: first.count - 1, ..first.clone() };
    let moved = Frame { first: 2, ..first.clone() };
    for frame in [&altered, &shorter, &moved, second] {
        assert!(matches!(frame.decode(previous), Err(StoreError::Corrupt { .. })), "{frame:?}");
    }
    assert_eq!(second.decode(first.checksum).unwrap(), entries[5..]);
    // A frame that says of itself what is not so, with a checksum that fits.
    let checksum = checksum(previous, 1, 4, &first.body);
    let liar = Frame { count: 4, checksum, ..first.clone() };
    let error = liar.decode(previous).unwrap_err();
    assert!(error.to_string().contains("does not hold the 4 entries"), "{error}");
}

#[test]
fn entries_out_of_order_are_refused() {
    for (entries, last, found) in [
        (vec![stop(2)], 0, 2),
        (vec![stop(1), stop(3)], 1, 3),
        (vec![stop(1), stop(1)], 1, 1),
        (vec![stop(0)], 0, 0),
    ] {
        let error = Frame::encode(&entries, 0, Checksum::genesis()).unwrap_err();
        let StoreError::Sequence { last: l, found: f } = error else { panic!("{error}") };
        assert_eq!((l, f), (last, found));
    }
}
