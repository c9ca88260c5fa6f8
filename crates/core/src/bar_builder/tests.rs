use super::*;

const SECOND: i64 = 1_000_000_000;

fn trade(nanos: i64, price: i64, quantity: i64) -> BarInput {
    let time = Timestamp::from_nanos(nanos);
    let trade = Trade {
        instrument: "T.X".parse().unwrap(),
        ts_event: time,
        ts_recv: time,
        price: Price::new(price, Scale::new(2).unwrap()),
        quantity: Quantity::new(quantity, Scale::new(1).unwrap()),
        aggressor: None,
    };
    BarInput::trade(&trade, time)
}

fn run(spec: BarSpec, inputs: &[BarInput]) -> (Vec<Bar>, BarBuilder) {
    let (mut builder, mut bars) = (BarBuilder::new(spec), Vec::new());
    for input in inputs {
        builder.add(input, |bar| bars.push(bar)).unwrap();
    }
    (bars, builder)
}

#[test]
fn a_bar_of_time_is_told_at_its_end_and_not_before() {
    let inputs = [trade(1, 100, 10), trade(SECOND - 1, 120, 10), trade(3 * SECOND, 90, 5)];
    let (bars, mut builder) = run(BarSpec::seconds(1), &inputs[..2]);
    assert!(bars.is_empty());
    let forming = builder.forming().unwrap();
    assert_eq!((forming.high.mantissa(), forming.ts_close.nanos()), (120, SECOND));
    assert_eq!(forming.ts_recv.nanos(), SECOND - 1, "the forming bar is as old as its last input");
    assert_eq!(builder.ends_at(), Some(Timestamp::from_nanos(SECOND)));
    assert_eq!(builder.end(Timestamp::from_nanos(SECOND - 1)), None);
    let ended = builder.end(Timestamp::from_nanos(SECOND)).unwrap();
    assert_eq!((ended.ts_open.nanos(), ended.ts_close.nanos(), ended.ts_recv.nanos()), (0, SECOND, SECOND));
    let (bars, builder) = run(BarSpec::seconds(1), &inputs);
    assert_eq!(bars, [ended], "the empty seconds make no bars");
    assert_eq!(builder.forming().unwrap().ts_open.nanos(), 3 * SECOND);
}

#[test]
fn what_belongs_to_a_bar_that_was_told_is_late() {
    let (_, mut builder) = run(BarSpec::seconds(1), &[trade(1, 100, 10)]);
    assert!(builder.end(Timestamp::from_nanos(SECOND)).is_some());
    let mut told = 0;
    builder.add(&trade(2, 100, 10), |_| told += 1).unwrap();
    assert_eq!((told, builder.late(), builder.forming()), (0, 1, None));
}

#[test]
fn an_input_that_overshoots_is_not_split() {
    let inputs = [trade(1, 100, 15), trade(2, 200, 100), trade(3, 300, 19), trade(4, 400, 1)];
    let volumes = |spec| run(spec, &inputs).0.iter().map(|bar| bar.volume.mantissa()).collect::<Vec<_>>();
    assert_eq!(volumes(BarSpec::Volume(2)), [115, 20]);
    assert_eq!(volumes(BarSpec::Ticks(3)), [134]);
    // 1.5 + 20 + 5.7 + 0.4
    assert_eq!(volumes(BarSpec::Notional(21)), [115]);
}

#[test]
fn a_shorter_bar_completes_the_bar_that_ends_with_it() {
    let minute = |i: i64| {
        let input = trade(i * 60 * SECOND, 100 + i, 10);
        let to = Timestamp::from_nanos((i + 1) * 60 * SECOND);
        BarInput { to, recv: to, is_bar: true, ..input }
    };
    let (bars, builder) = run(BarSpec::minutes(2), &[minute(0), minute(1), minute(3), minute(4)]);
    let seen: Vec<_> =
        bars.iter().map(|bar| (bar.ts_close.nanos() / 60 / SECOND, bar.volume.mantissa())).collect();
    assert_eq!((seen, builder.forming().is_some()), (vec![(2, 20), (4, 10)], true));
    let (bars, _) = run(BarSpec::Ticks(1), &[minute(0)]);
    assert!(bars.is_empty(), "a bar is no tick");
}

#[test]
fn what_does_not_fit_is_left_out() {
    let mut builder = BarBuilder::new(BarSpec::seconds(1));
    let huge = trade(1, 100, i64::MAX);
    builder.add(&huge, |_| {}).unwrap();
    assert!(builder.add(&huge, |_| {}).is_err());
    assert_eq!(builder.forming().unwrap().volume.mantissa(), i64::MAX);
}

#[test]
fn the_middle_of_a_quote_is_exact() {
    let quote = |bid: &str, ask: &str, bid_size: i64| Quote {
        instrument: "T.X".parse().unwrap(),
        ts_event: Timestamp::EPOCH,
        ts_recv: Timestamp::EPOCH,
        bid: bid.parse().unwrap(),
        bid_size: Quantity::from_int(bid_size),
        ask: ask.parse().unwrap(),
        ask_size: Quantity::ONE,
    };
    for (bid, ask, expected) in
        [("10.01", "10.02", "10.015"), ("10.01", "10.03", "10.02"), ("-1", "2", "0.5")]
    {
        assert_eq!(middle(&quote(bid, ask, 1)).unwrap(), expected.parse().unwrap());
    }
    // At 18 places there is no room for one more: half to even.
    let tiny = |units: &str| format!("0.00000000000000000{units}");
    assert_eq!(middle(&quote(&tiny("2"), &tiny("3"), 1)).unwrap(), tiny("2").parse().unwrap());
    assert_eq!(
        BarInput::quote(&quote("1", "2", 0), Timestamp::EPOCH),
        Ok(None),
        "an empty side has no middle"
    );
}
