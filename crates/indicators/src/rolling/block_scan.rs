use std::marker::PhantomData;

/// An associative way to make one value of two neighbouring ones: the greater of them, their sum.
pub(crate) trait Combine<T> {
    /// Combines a value with one that arrived after it.
    fn combine(earlier: T, later: T) -> T;
}

/// All values of a sliding window combined, in constant amortized time (van Herk 1992, Gil and Werman 1993).
///
/// The stream is cut into blocks of the length of the window. A window ends in one block and begins in the one
/// before, so it is a suffix of the previous block and the current block so far. The suffixes are combined in one
/// pass backwards when a block ends and stored where the block was; the current block overwrites those that
/// are no longer needed. For extremes this has, unlike a monotonic deque, the same cost for every input and no
/// branch that depends on the data; for sums nothing is ever subtracted, so nothing drifts.
///
/// Invariant: `next < slots.len()`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct BlockScan<T, C> {
    /// `[0, next)`: values of the current block; `[next, len)`: suffixes of the previous block, combined.
    slots: Box<[T]>,
    next: usize,
    running: T,
    full: bool,
    rule: PhantomData<C>,
}

impl<T: Copy + Default, C: Combine<T>> BlockScan<T, C> {
    pub(crate) fn new(period: usize) -> Self {
        Self {
            slots: vec![T::default(); period.max(1)].into_boxed_slice(),
            next: 0,
            running: T::default(),
            full: false,
            rule: PhantomData,
        }
    }

    pub(crate) fn period(&self) -> usize {
        self.slots.len()
    }

    /// Takes a value; returns the combined window once that is full.
    #[inline]
    pub(crate) fn push(&mut self, value: T) -> Option<T> {
        self.running = if self.next == 0 { value } else { C::combine(self.running, value) };
        self.slots[self.next] = value;
        self.next += 1;
        if self.next == self.slots.len() {
            return Some(self.end_block());
        }
        self.full.then(|| C::combine(self.slots[self.next], self.running))
    }

    #[inline(never)]
    fn end_block(&mut self) -> T {
        self.next = 0;
        self.full = true;
        let mut suffix = self.slots[self.slots.len() - 1];
        for slot in self.slots.iter_mut().rev().skip(1) {
            suffix = C::combine(*slot, suffix);
            *slot = suffix;
        }
        suffix
    }

    pub(crate) fn clear(&mut self) {
        self.next = 0;
        self.full = false;
    }
}
