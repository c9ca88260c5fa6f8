//! Which fills were taken in already.

use algoflow_core::id::ExecutionId;

/// How many fills the engine remembers, over all orders, to tell a repetition from a new fill. Then it forgets the oldest:
/// if a venue repeats one of those, it is taken for a new fill.
pub const MAX_KNOWN_FILLS: usize = 65_536;

/// With how many of its order's latest fills a fill is compared.
const MAX_COMPARED: usize = 1_024;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Known {
    id: ExecutionId,
    /// The number of the order's fill before this one; zero if it is the first.
    earlier: u64,
}

/// A ring of fills, in which those of one order are linked from the newest to the oldest. What an order keeps is the number
/// of its newest fill, so a fill is compared with those of its own order only.
#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct KnownFills {
    ring: Vec<Known>,
    /// How many were ever taken in; they are numbered from one.
    count: u64,
}

impl KnownFills {
    /// Takes in a fill of the order whose newest fill has the number `last`. False if it is known already.
    #[inline]
    pub(crate) fn is_new(&mut self, last: &mut u64, id: &ExecutionId) -> bool {
        let mut number = *last;
        for _ in 0..MAX_COMPARED {
            let Some(known) = self.get(number) else { break };
            if known.id == *id {
                return false;
            }
            number = known.earlier;
        }
        let known = Known { id: id.clone(), earlier: *last };
        let place = self.place(self.count + 1);
        self.count += 1;
        match self.ring.get_mut(place) {
            Some(oldest) => *oldest = known,
            None => self.ring.push(known),
        }
        *last = self.count;
        true
    }

    /// Whether a fill of the order whose newest fill has the number `last` was taken in.
    pub(crate) fn knows(&self, last: u64, id: &ExecutionId) -> bool {
        let mut number = last;
        for _ in 0..MAX_COMPARED {
            match self.get(number) {
                None => return false,
                Some(known) if known.id == *id => return true,
                Some(known) => number = known.earlier,
            }
        }
        false
    }

    fn get(&self, number: u64) -> Option<&Known> {
        let is_kept = number > 0 && number + MAX_KNOWN_FILLS as u64 > self.count;
        self.ring.get(self.place(number)).filter(|_| is_kept)
    }

    /// Where the fill with this number is kept.
    fn place(&self, number: u64) -> usize {
        (number.wrapping_sub(1) % MAX_KNOWN_FILLS as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_is_new_once_for_each_order() {
        let mut known = KnownFills::default();
        let (mut a, mut b) = (0, 0);
        for n in 0..10 {
            assert!(known.is_new(&mut a, &format!("{n}").into()));
            assert!(known.is_new(&mut b, &format!("{n}").into()));
        }
        assert!((0..10).all(|n| !known.is_new(&mut a, &format!("{n}").into())));
        assert!(known.is_new(&mut a, &"10".into()));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut known = KnownFills::default();
        let (mut old, mut kept) = (0, 0);
        assert!(known.is_new(&mut old, &"x".into()));
        assert!(known.is_new(&mut kept, &"x".into()));
        for n in 0..MAX_KNOWN_FILLS - 1 {
            assert!(known.is_new(&mut 0, &format!("{n}").into()));
        }
        assert!(!known.is_new(&mut kept, &"x".into()), "the last {MAX_KNOWN_FILLS} are known");
        assert!(known.is_new(&mut old, &"x".into()));
        assert_eq!(known.ring.len(), MAX_KNOWN_FILLS);
    }
}
