use algoflow_core::{bar_spec::BarSpec, market::Bar, market::Quote, market::Trade, time::TimeDelta};
use algoflow_data::{
    CsvFile, Repairs, RowPolicy, Schema, StampIs,
    policy::{OnBadValue, OnDuplicate},
};
use proptest::prelude::*;

use super::{check_both, id, step};

fn policies() -> impl Strategy<Value = RowPolicy> {
    let keep_last = Repairs { duplicate: OnDuplicate::KeepLast, ..Repairs::drop_all() };
    let fix = Repairs { out_of_scale: OnBadValue::Fix, quantity: OnBadValue::Fix, ..Repairs::drop_all() };
    prop_oneof![
        Just(RowPolicy::Strict),
        Just(RowPolicy::Repair(Repairs::drop_all())),
        Just(RowPolicy::Repair(keep_last)),
        Just(RowPolicy::Repair(fix)),
    ]
}

/// Prices that mostly make sense, with several spellings.
fn price() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => (500i64..600).prop_map(|cents| format!("{}.{:02}", cents / 100, cents % 100)),
        5 => (500i64..600).prop_map(|cents| format!("{}.{:02}0000", cents / 100, cents % 100)),
        3 => (5_000i64..6_000).prop_map(|m| format!("{}.{:03}", m / 1_000, m % 1_000)),
        1 => Just("5".to_string()),
        1 => Just("nan".to_string()),
        1 => Just("0".to_string()),
        1 => Just("-5".to_string()),
        1 => Just("5.5e0".to_string()),
        1 => Just(String::new()),
        1 => Just("99999999999999999".to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bars(
        rows in proptest::collection::vec((step(), price(), price(), price(), price(), 0i64..50), 1..30),
        policy in policies(),
        opens in any::<bool>(),
        declared in any::<bool>(),
        delay in 0i64..3,
    ) {
        let (mut text, mut at) = (String::from("ts,open,high,low,close,volume\n"), 1_704_067_200i64);
        for (step, open, high, low, close, volume) in &rows {
            at += step;
            // Most rows are made to make sense.
            let mut sorted = [open, high, low, close];
            if *volume % 5 != 0 {
                sorted.sort_by(|a, b| a.parse::<f64>().unwrap_or(0.0).total_cmp(&b.parse().unwrap_or(0.0)));
            }
            let [low, open, close, high] = sorted;
            text.push_str(&format!("{at},{open},{high},{low},{close},{}\n", volume - 1));
        }
        let file = || {
            let stamp = Some(if opens { StampIs::Open } else { StampIs::Close });
            let file = CsvFile::<Bar>::from_bytes("x", text.clone().into_bytes())
                .instrument(id())
                .schema(Schema { stamp, ..Schema::default() })
                .policy(policy.clone())
                .recv_delay(TimeDelta::from_nanos(delay));
            if declared { file.spec(BarSpec::minutes(1)) } else { file }
        };
        check_both!(file);
    }

    #[test]
    fn ticks(
        rows in proptest::collection::vec((step(), price(), price(), -1i64..50, 0u8..5), 1..30),
        policy in policies(),
        delay in 0i64..3,
    ) {
        let mut trades = String::from("ts,price,quantity,side\n");
        let mut quotes = String::from("ts,bid,bid_size,ask,ask_size\n");
        let mut at = 1_704_067_200i64;
        for (step, low, high, size, side) in &rows {
            at += step;
            let side = ["buy", "sell", "", "-1", "up"][usize::from(*side)];
            trades.push_str(&format!("{at},{low},{size},{side}\n"));
            quotes.push_str(&format!("{at},{low},{size},{high},1\n"));
        }
        let file = || CsvFile::<Trade>::from_bytes("x", trades.clone().into_bytes())
            .instrument(id()).policy(policy.clone()).recv_delay(TimeDelta::from_nanos(delay));
        check_both!(file);
        let file = || CsvFile::<Quote>::from_bytes("x", quotes.clone().into_bytes())
            .instrument(id()).policy(policy.clone()).recv_delay(TimeDelta::from_nanos(delay));
        check_both!(file);
    }
}
