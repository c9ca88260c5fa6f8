use proptest::prelude::*;

use super::*;
use crate::error::NetError;

fn tracker(rules: Rules) -> SequenceTracker<&'static str> {
    SequenceTracker::new(rules)
}

/// What the tracker says of each message of one stream.
fn steps(tracker: &mut SequenceTracker<&'static str>, messages: &[Numbers]) -> Vec<Step> {
    messages.iter().map(|numbers| tracker.observe(&"book", *numbers).unwrap()).collect()
}

#[test]
fn s1_contiguous_numbers() {
    let mut tracker = tracker(Rules::new(Order::Contiguous));
    let gap = Step::Gap { expected: 3, got: 5 };
    assert_eq!(
        steps(&mut tracker, &[1, 2, 2, 5, 6].map(Numbers::one)),
        [Step::Next, Step::Next, Step::Duplicate, gap, Step::Stale]
    );
    assert!(gap.needs_snapshot() && !tracker.is_in_step(&"book"));
    assert_eq!(tracker.observe(&"other", Numbers::one(9)), Ok(Step::Next), "streams do not mix");
}

/// The procedure of Binance's futures documentation, "How to manage a local order book correctly".
#[test]
fn s2_s6_chained_ranges_after_a_snapshot() {
    let mut tracker = tracker(Rules::new(Order::Chained).from_snapshot());
    assert_eq!(steps(&mut tracker, &[Numbers::range(90, 95).after(89)]), [Step::Stale]);
    tracker.snapshot(&"book", 100).unwrap();
    let messages = [
        Numbers::range(96, 99).after(95),
        Numbers::range(100, 104).after(99),
        // The venue skips numbers of other books; the chain holds.
        Numbers::range(107, 110).after(104),
        Numbers::range(115, 120).after(112),
    ];
    let gap = Step::Gap { expected: 111, got: 115 };
    assert_eq!(steps(&mut tracker, &messages), [Step::Duplicate, Step::Next, Step::Next, gap]);

    tracker.snapshot(&"book", 50).unwrap();
    let too_old = steps(&mut tracker, &[Numbers::range(125, 126).after(120)]);
    assert_eq!(too_old, [Step::Gap { expected: 51, got: 125 }]);
}

#[test]
fn s2_ranges_without_a_chain_must_touch() {
    let mut tracker = tracker(Rules::new(Order::Chained).from_snapshot());
    tracker.snapshot(&"book", 10).unwrap();
    let messages = [Numbers::range(8, 12), Numbers::range(13, 13), Numbers::range(15, 16)];
    let gap = Step::Gap { expected: 14, got: 15 };
    assert_eq!(steps(&mut tracker, &messages), [Step::Next, Step::Next, gap]);
}

#[test]
fn s3_holes_mean_nothing_where_numbers_only_grow() {
    let mut tracker = tracker(Rules::new(Order::Increasing));
    assert_eq!(
        steps(&mut tracker, &[5, 9, 9, 7, 1_000].map(Numbers::one)),
        [Step::Next, Step::Next, Step::Duplicate, Step::Duplicate, Step::Next]
    );
}

#[test]
fn s4_a_much_lower_number_is_of_a_new_count() {
    let mut tracker = tracker(Rules { reset_below: 10, ..Rules::new(Order::Contiguous) });
    let messages = [100, 90, 89].map(Numbers::one);
    let reset = Step::Reset { last: 100, got: 89 };
    assert_eq!(steps(&mut tracker, &messages), [Step::Next, Step::Duplicate, reset]);
    tracker.snapshot(&"book", 100).unwrap();
    let old = steps(&mut tracker, &[Numbers::one(3)]);
    assert_eq!(old, [Step::Duplicate], "it was on its way before the snapshot");
}

#[test]
fn s5_checksums_that_differ_put_a_stream_out_of_step() {
    let mut tracker = tracker(Rules::new(Order::Contiguous));
    assert_eq!(tracker.checksum(&"book", 1, || panic!("nothing to compute")), Ok(Step::Stale));
    tracker.observe(&"book", Numbers::one(1)).unwrap();
    assert_eq!(tracker.checksum(&"book", 7, || 7), Ok(Step::Next));
    assert_eq!(tracker.checksum(&"book", 7, || 8), Ok(Step::Mismatch { theirs: 7, ours: 8 }));
    assert_eq!(tracker.observe(&"book", Numbers::one(2)), Ok(Step::Stale));
}

#[test]
fn a_lost_connection_loses_books_and_lets_trades_begin_anew() {
    let mut books = tracker(Rules::new(Order::Contiguous).from_snapshot());
    books.snapshot(&"book", 5).unwrap();
    books.disconnected();
    assert_eq!(steps(&mut books, &[Numbers::one(6)]), [Step::Stale]);

    let mut trades = tracker(Rules::new(Order::Contiguous));
    trades.observe(&"book", Numbers::one(5)).unwrap();
    trades.disconnected();
    assert!(!trades.is_in_step(&"book"));
    assert_eq!(steps(&mut trades, &[Numbers::one(9)]), [Step::Next]);
}

#[test]
fn streams_are_bounded() {
    let mut tracker = SequenceTracker::new(Rules::new(Order::Contiguous));
    for stream in 0..MAX_STREAMS {
        tracker.observe(&stream, Numbers::one(1)).unwrap();
    }
    let error = tracker.observe(&MAX_STREAMS, Numbers::one(1)).unwrap_err();
    assert_eq!(error, NetError::TooManyStreams { stream: MAX_STREAMS.to_string(), most: MAX_STREAMS });
    tracker.forget(&0);
    assert_eq!(tracker.observe(&MAX_STREAMS, Numbers::one(1)), Ok(Step::Next));
}

proptest! {
    /// Whatever is lost or repeated on the way: what was taken as next is a run without a hole, and a loss in the middle is noticed with
    /// the next message that comes.
    #[test]
    fn no_loss_goes_unnoticed(
        sizes in prop::collection::vec(1_u64..5, 2..60),
        fates in prop::collection::vec(0_u8..8, 60),
        chained: bool,
    ) {
        let rules = Rules::new(if chained { Order::Chained } else { Order::Contiguous });
        let mut tracker = tracker(rules);
        let (mut end, mut seen, mut lost) = (100, false, false);
        for (size, fate) in sizes.into_iter().zip(fates) {
            let numbers = Numbers::range(end + 1, end + size);
            let numbers = if chained { numbers.after(end) } else { numbers };
            end += size;
            if fate == 0 {
                lost = lost || seen;
                continue;
            }
            let step = tracker.observe(&"book", numbers).unwrap();
            if lost {
                let is_gap = matches!(step, Step::Gap { .. });
                prop_assert!(is_gap, "{:?}", step);
                tracker.snapshot(&"book", end).unwrap();
                lost = false;
            } else {
                prop_assert_eq!(step, Step::Next);
            }
            seen = true;
            if fate == 1 {
                prop_assert_eq!(tracker.observe(&"book", numbers).unwrap(), Step::Duplicate);
            }
        }
    }
}
