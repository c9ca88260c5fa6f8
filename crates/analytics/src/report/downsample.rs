//! Thinning of lines that have more points than can be drawn.

use crate::trade::PriceBar;

/// The most points of a line, and the most bars of a price chart, that a page holds.
pub(super) const MAX_POINTS: usize = 6_000;

/// The indices of at most about `cap` values that keep the shape: the first and the last, and the lowest and the
/// highest of each of equal stretches. All of them if they are no more than the cap.
pub(super) fn min_max(values: &[f64], cap: usize) -> Vec<usize> {
    let length = values.len();
    if length <= cap || cap < 4 {
        return (0..length).collect();
    }
    let buckets = (cap - 2) / 2;
    let mut kept = vec![0];
    for bucket in 0..buckets {
        let (from, to) = (1 + bucket * (length - 2) / buckets, 1 + (bucket + 1) * (length - 2) / buckets);
        let stretch = || values.iter().enumerate().take(to).skip(from);
        let low = stretch().min_by(|a, b| a.1.total_cmp(b.1)).map(|(index, _)| index);
        let high = stretch().max_by(|a, b| a.1.total_cmp(b.1)).map(|(index, _)| index);
        let mut pair: Vec<usize> = low.into_iter().chain(high).collect();
        pair.sort_unstable();
        pair.dedup();
        kept.extend(pair);
    }
    kept.push(length - 1);
    kept
}

/// At most `cap` bars: neighbors are joined, from the first open to the last close.
pub(super) fn join_bars(bars: &[PriceBar], cap: usize) -> Vec<PriceBar> {
    let size = bars.len().div_ceil(cap.max(1)).max(1);
    bars.chunks(size)
        .filter_map(|chunk| {
            let [first, ..] = chunk else { return None };
            chunk.iter().copied().reduce(|joined, bar| PriceBar {
                ts: bar.ts,
                open: first.open,
                high: joined.high.max(bar.high),
                low: joined.low.min(bar.low),
                close: bar.close,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use algoflow_core::time::Timestamp;

    use super::*;

    #[test]
    fn extremes_survive_thinning() {
        let mut values: Vec<f64> = (0..100_000).map(|i| f64::from(i % 97)).collect();
        values[54_321] = -1e6;
        values[77_777] = 1e6;
        let kept = min_max(&values, 1_000);
        assert!(kept.len() <= 1_000, "{}", kept.len());
        assert!(kept.is_sorted_by(|a, b| a < b), "in order, none twice");
        assert_eq!((kept[0], kept[kept.len() - 1]), (0, 99_999));
        assert!(kept.contains(&54_321) && kept.contains(&77_777));
        assert_eq!(min_max(&[1.0, 2.0, 3.0], 1_000), [0, 1, 2]);
        assert_eq!(min_max(&[], 1_000), [0_usize; 0]);
    }

    #[test]
    fn joined_bars_keep_open_high_low_close() {
        let bar = |second, open: f64, high, low, close| PriceBar {
            ts: Timestamp::from_seconds(second).unwrap(),
            open,
            high,
            low,
            close,
        };
        let bars = [
            bar(1, 1.0, 5.0, 0.5, 2.0),
            bar(2, 2.0, 3.0, 0.1, 2.5),
            bar(3, 2.5, 2.6, 2.4, 2.5),
            bar(4, 9.0, 9.0, 8.0, 8.0),
        ];
        assert_eq!(join_bars(&bars, 2), [bar(2, 1.0, 5.0, 0.1, 2.5), bar(4, 2.5, 9.0, 2.4, 8.0)]);
        assert_eq!(join_bars(&bars, 4), bars);
        assert_eq!(join_bars(&[], 4), []);
    }
}
