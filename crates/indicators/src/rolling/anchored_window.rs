/// What a window adds up of its values, as deviations from an anchor.
pub(crate) trait Accumulate: Copy + Default {
    /// Adds a deviation behind the ones there are, of which there are `count`.
    fn append(&mut self, count: f64, deviation: f64);

    /// Adds a deviation in front of the ones there are.
    fn prepend(&mut self, deviation: f64);

    /// What two neighbouring stretches add up to together, the earlier one being `earlier_count` long.
    fn join(earlier: Self, later: Self, earlier_count: f64) -> Self;
}

/// Sums over a sliding window in constant amortized time that never subtract.
///
/// The stream is cut into blocks of the length of the window, as in [`BlockScan`](super::BlockScan): the sums of a
/// window are those of a suffix of the previous block and of the current block so far. What has left the
/// window has therefore left no rounding error behind, and nothing drifts.
///
/// Values are added up as deviations from an anchor inside the window: the last value of the previous block, at
/// first the very first value. Deviations are of the order of the spread of the window, so that variances and
/// slopes do not suffer from cancellation however large the values are, and the sums over equal values are exactly
/// zero.
///
/// Invariant: `next < values.len() == suffixes.len()`, which is why indexing cannot fail.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct AnchoredWindow<A> {
    /// The values of the current block, `[0, next)`.
    values: Box<[f64]>,
    /// The sums of the previous block from each position to its end.
    suffixes: Box<[A]>,
    next: usize,
    full: bool,
    anchor: f64,
    current: A,
}

impl<A: Accumulate> AnchoredWindow<A> {
    /// An empty window. `period` is at least one: every constructor that leads here has checked it.
    pub(crate) fn new(period: usize) -> Self {
        let length = period.max(1);
        Self {
            values: vec![0.0; length].into_boxed_slice(),
            suffixes: vec![A::default(); length].into_boxed_slice(),
            next: 0,
            full: false,
            anchor: 0.0,
            current: A::default(),
        }
    }

    pub(crate) fn period(&self) -> usize {
        self.values.len()
    }

    /// What the deviations are measured from.
    #[inline]
    pub(crate) fn anchor(&self) -> f64 {
        self.anchor
    }

    /// Takes a value; returns the sums of the window once that is full.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<A> {
        if self.next == 0 {
            self.current = A::default();
            if !self.full {
                self.anchor = value;
            }
        }
        self.current.append(self.next as f64, value - self.anchor);
        self.values[self.next] = value;
        self.next += 1;
        if self.next == self.values.len() {
            return Some(self.end_block(value));
        }
        let count = (self.values.len() - self.next) as f64;
        self.full.then(|| A::join(self.suffixes[self.next], self.current, count))
    }

    #[inline(never)]
    fn end_block(&mut self, anchor: f64) -> A {
        self.anchor = anchor;
        self.next = 0;
        self.full = true;
        let mut sums = A::default();
        for (suffix, value) in self.suffixes.iter_mut().zip(&self.values).rev() {
            sums.prepend(value - anchor);
            *suffix = sums;
        }
        sums
    }

    pub(crate) fn clear(&mut self) {
        self.next = 0;
        self.full = false;
    }
}

/// The sum.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Total {
    pub(crate) sum: f64,
}

impl Accumulate for Total {
    #[inline]
    fn append(&mut self, _count: f64, deviation: f64) {
        self.sum += deviation;
    }

    #[inline]
    fn prepend(&mut self, deviation: f64) {
        self.sum += deviation;
    }

    #[inline]
    fn join(earlier: Self, later: Self, _earlier_count: f64) -> Self {
        Self { sum: earlier.sum + later.sum }
    }
}

/// The sum and the sum of squares.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Squares {
    pub(crate) sum: f64,
    pub(crate) squares: f64,
}

impl Accumulate for Squares {
    #[inline]
    fn append(&mut self, _count: f64, deviation: f64) {
        self.prepend(deviation);
    }

    #[inline]
    fn prepend(&mut self, deviation: f64) {
        self.sum += deviation;
        self.squares += deviation * deviation;
    }

    #[inline]
    fn join(earlier: Self, later: Self, _earlier_count: f64) -> Self {
        Self { sum: earlier.sum + later.sum, squares: earlier.squares + later.squares }
    }
}

/// The sum, and the sum of each deviation times its position, the oldest being at position 0.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Ramp {
    pub(crate) sum: f64,
    pub(crate) products: f64,
}

impl Accumulate for Ramp {
    #[inline]
    fn append(&mut self, count: f64, deviation: f64) {
        self.sum += deviation;
        self.products += count * deviation;
    }

    #[inline]
    fn prepend(&mut self, deviation: f64) {
        // All others move up by one position.
        self.products += self.sum;
        self.sum += deviation;
    }

    #[inline]
    fn join(earlier: Self, later: Self, earlier_count: f64) -> Self {
        Self {
            sum: earlier.sum + later.sum,
            products: earlier.products + (later.products + earlier_count * later.sum),
        }
    }
}

/// Both of two sets of sums.
impl<A: Accumulate, B: Accumulate> Accumulate for (A, B) {
    #[inline]
    fn append(&mut self, count: f64, deviation: f64) {
        self.0.append(count, deviation);
        self.1.append(count, deviation);
    }

    #[inline]
    fn prepend(&mut self, deviation: f64) {
        self.0.prepend(deviation);
        self.1.prepend(deviation);
    }

    #[inline]
    fn join(earlier: Self, later: Self, earlier_count: f64) -> Self {
        (A::join(earlier.0, later.0, earlier_count), B::join(earlier.1, later.1, earlier_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_is_added_up() {
        let values = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0];
        for period in 1..=values.len() {
            let mut window = AnchoredWindow::<(Squares, Ramp)>::new(period);
            for (i, value) in values.iter().enumerate() {
                let Some((squares, ramp)) = window.push(*value) else {
                    assert!(i + 1 < period);
                    continue;
                };
                let deviations: Vec<f64> =
                    values[i + 1 - period..=i].iter().map(|value| value - window.anchor()).collect();
                let products = deviations.iter().enumerate().map(|(i, deviation)| i as f64 * deviation);
                assert_eq!(ramp.products, products.sum::<f64>(), "period {period}, value {i}");
                assert_eq!(squares.sum, deviations.iter().sum::<f64>());
                assert_eq!(ramp.sum, squares.sum);
                assert_eq!(squares.squares, deviations.iter().map(|x| x * x).sum::<f64>());
                assert!(values[i + 1 - period..=i].contains(&window.anchor()));
            }
        }
    }
}
