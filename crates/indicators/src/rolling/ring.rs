/// The latest `capacity` values, overwritten in a circle.
///
/// Invariant: `next < slots.len()`, which is why indexing by it cannot fail.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Ring<T> {
    slots: Box<[T]>,
    next: usize,
    full: bool,
}

impl<T: Copy + Default> Ring<T> {
    /// An empty ring. `capacity` is at least one: every constructor that leads here has checked its period.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { slots: vec![T::default(); capacity.max(1)].into_boxed_slice(), next: 0, full: false }
    }

    /// Stores a value and returns the one that it replaces, which is the oldest.
    #[inline]
    pub(crate) fn push(&mut self, value: T) -> Option<T> {
        let was_full = self.full;
        let evicted = self.swap(value);
        was_full.then_some(evicted)
    }

    /// As [`Ring::push`], but a value that replaces none gives the default value. For sums, to which that is nothing.
    #[inline]
    pub(crate) fn swap(&mut self, value: T) -> T {
        let evicted = std::mem::replace(&mut self.slots[self.next], value);
        self.next += 1;
        if self.next == self.slots.len() {
            self.next = 0;
            self.full = true;
        }
        evicted
    }

    /// The greatest number of values held.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// The slots in storage order; meaningful when the ring is full.
    #[inline]
    pub(crate) fn slots(&self) -> &[T] {
        &self.slots
    }

    pub(crate) fn clear(&mut self) {
        self.slots.fill(T::default());
        self.next = 0;
        self.full = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evicts_in_order_of_arrival() {
        let mut ring = Ring::new(3);
        let evicted: Vec<_> = (1..=7).map(|i| ring.push(f64::from(i))).collect();
        assert_eq!(evicted, [None, None, None, Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
        assert!(ring.is_full());
        ring.clear();
        assert_eq!(ring.push(9.0), None);
        assert!(!ring.is_full());
    }
}
