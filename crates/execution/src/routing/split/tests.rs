use proptest::prelude::*;

use super::*;
use algoflow_core::order::Side;

fn book(side: Side, levels: &[(i64, i64)], fee: f64, fixed: f64) -> Source {
    let all = levels.iter().map(|(price, quantity)| (*price as f64, *quantity as f64));
    let capacity = levels.iter().map(|(_, quantity)| quantity).sum();
    Source { curve: Curve::levels(side, all, fee), step: 1, capacity, least: 1, fixed }
}

fn cost_of(sources: &[Source], parts: &[i64]) -> f64 {
    let used = sources.iter().zip(parts).filter(|(_, part)| **part > 0);
    used.map(|(source, part)| source.fixed + source.between(0, *part, 1.0)).sum()
}

/// The cheapest way to place as much as can be placed, by looking at every quantity at every listing (dynamic programming): an
/// optimum that knows nothing of prices of one unit more.
fn optimum(sources: &[Source], total: i64) -> (i64, f64) {
    let size = total as usize + 1;
    let mut best = vec![f64::INFINITY; size];
    best[0] = 0.0;
    for source in sources {
        let before = best.clone();
        for placed in 0..size {
            for part in
                (source.least.max(1)..=source.capacity.min(placed as i64)).filter(|p| p % source.step == 0)
            {
                let cost = before[placed - part as usize] + source.fixed + source.between(0, part, 1.0);
                best[placed] = best[placed].min(cost);
            }
        }
    }
    let most = (0..size).rev().find(|placed| best[*placed].is_finite()).unwrap();
    (most as i64, best[most])
}

#[test]
fn the_cheaper_levels_come_first_after_fees() {
    // The fee of the second makes its 100 dearer than the 101 of the first.
    let sources = [
        book(Side::Buy, &[(100, 5), (101, 5), (103, 50)], 0.0, 0.0),
        book(Side::Buy, &[(100, 5), (102, 5)], 0.015, 0.0),
    ];
    assert_eq!(split(&sources, 5, 1.0), [5, 0]);
    assert_eq!(split(&sources, 12, 1.0), [10, 2]);
    assert_eq!(split(&sources, 16, 1.0), [11, 5]);
    assert_eq!(split(&sources, 1_000, 1.0), [60, 10], "all there is");
    let sales = [book(Side::Sell, &[(99, 5)], 0.0, 0.0), book(Side::Sell, &[(100, 2), (98, 9)], 0.0, 0.0)];
    assert_eq!(split(&sales, 8, 1.0), [5, 3]);
}

#[test]
fn equal_prices_go_to_the_earlier_listing() {
    let same = || book(Side::Buy, &[(100, 7)], 0.001, 0.0);
    assert_eq!(split(&[same(), same(), same()], 9, 1.0), [7, 2, 0]);
}

#[test]
fn a_fixed_cost_is_paid_where_it_pays() {
    let sources =
        |fixed| [book(Side::Buy, &[(101, 50)], 0.0, 0.0), book(Side::Buy, &[(100, 50)], 0.0, fixed)];
    assert_eq!(split(&sources(9.0), 10, 1.0), [0, 10]);
    assert_eq!(split(&sources(11.0), 10, 1.0), [10, 0]);
    assert_eq!(split(&sources(11.0), 60, 1.0), [10, 50], "there is no other way to place all of it");
}

#[test]
fn a_part_that_is_too_small_goes_to_others() {
    let mut large = book(Side::Buy, &[(100, 3), (104, 9)], 0.0, 0.0);
    large.least = 5;
    let other = book(Side::Buy, &[(101, 50)], 0.0, 0.0);
    assert_eq!(split(&[large.clone(), other.clone()], 10, 1.0), [0, 10]);
    assert_eq!(split(&[large, other], 56, 1.0), [6, 50]);
}

#[test]
fn steps_may_differ() {
    let mut tens = book(Side::Buy, &[(100, 95)], 0.0, 0.0);
    (tens.step, tens.least, tens.capacity) = (10, 10, 90);
    let ones = book(Side::Buy, &[(101, 500)], 0.0, 0.0);
    assert_eq!(split(&[tens.clone(), ones.clone()], 47, 1.0), [40, 7]);
    assert_eq!(split(&[tens, ones], 200, 1.0), [90, 110]);
}

fn levels() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((0_i64..4, 1_i64..9), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// SR4.
    #[test]
    fn no_split_into_lots_is_cheaper(
        books in proptest::collection::vec((levels(), 0_i64..30, 0_i64..3), 1..5),
        pools in proptest::collection::vec((30_u64..200, 0_i64..40, 0_i64..3), 0..4),
        is_buy in any::<bool>(),
        total in 1_i64..60,
    ) {
        let side = if is_buy { Side::Buy } else { Side::Sell };
        let mut sources: Vec<Source> = books.iter().map(|(gaps, fee, fixed)| {
            let mut price = 1_000;
            let worse: Vec<(i64, i64)> = gaps.iter().map(|(gap, quantity)| {
                price += if is_buy { *gap } else { -gap };
                (price, *quantity)
            }).collect();
            book(side, &worse, *fee as f64 * 1e-4, *fixed as f64 * 4.0)
        }).collect();
        sources.extend(pools.iter().filter_map(|(reserve, fee, fixed)| {
            let curve = crate::routing::curve::tests::pool_of(side, *reserve, reserve * 1_001, *fee)?;
            let capacity = (curve.most() * 0.9).min(40.0) as i64;
            Some(Source { curve, step: 1, capacity, least: 1, fixed: *fixed as f64 * 4.0 })
        }));
        let parts = split(&sources, total, 1.0);
        let (most, cheapest) = optimum(&sources, total);
        for (part, source) in parts.iter().zip(&sources) {
            prop_assert!((0..=source.capacity).contains(part));
        }
        prop_assert_eq!(parts.iter().sum::<i64>(), most);
        let cost = cost_of(&sources, &parts);
        prop_assert!((cost - cheapest).abs() <= 1e-9 * cheapest.abs(), "{} costs {}, not {}", cost, cheapest, cost - cheapest);
    }

    #[test]
    fn splits_keep_every_step_and_bound(
        sizes in proptest::collection::vec((1_i64..1_000_000, 1_i64..100_000, 0_i64..5, 1_u64..1 << 40), 1..17),
        total in 1_i64..i64::MAX,
    ) {
        let sources: Vec<Source> = sizes.iter().map(|(price, step, least, quantity)| {
            let quantity = *quantity as i64 / step * step;
            let mut source = book(Side::Buy, &[(*price, quantity)], 0.0, 0.0);
            (source.step, source.least) = (*step, step * least);
            source
        }).collect();
        let parts = split(&sources, total, 1.0);
        prop_assert!(parts.iter().sum::<i64>() <= total);
        for (part, source) in parts.iter().zip(&sources) {
            prop_assert!(*part == 0 || (*part >= source.least && *part <= source.capacity));
            prop_assert_eq!(part % source.step, 0);
        }
    }
}
