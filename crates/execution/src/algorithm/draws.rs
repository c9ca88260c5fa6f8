//! What strays at random, the same in every run of the same order.

use algoflow_core::id::OrderId;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};

/// A stream of random numbers that an order's id and a seed determine: ChaCha8 with a key made of both. Only how many were
/// drawn has to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draws {
    parent: OrderId,
    seed: u64,
    drawn: u64,
}

impl Draws {
    pub(crate) fn new(parent: OrderId, seed: u64) -> Self {
        Self { parent, seed, drawn: 0 }
    }

    /// The next number, uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        let mut key = [0; 32];
        let parts =
            [u64::from(self.parent.run), u64::from(self.parent.strategy), self.parent.sequence, self.seed];
        for (place, part) in key.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        let mut random = ChaCha8Rng::from_seed(key);
        // A draw takes two words.
        random.set_word_pos(u128::from(self.drawn) * 2);
        self.drawn += 1;
        // 53 random bits make a uniform double in [0, 1).
        (random.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform between `1 - spread` and `1 + spread`; draws nothing for no spread.
    pub(crate) fn around_one(&mut self, spread: f64) -> f64 {
        if spread > 0.0 { spread.mul_add(2.0 * self.unit() - 1.0, 1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_the_seed_say_what_is_drawn() {
        let parent = OrderId { run: 1, strategy: 2, sequence: 3 };
        let mut draws = Draws::new(parent, 7);
        let first: Vec<f64> = (0..100).map(|_| draws.unit()).collect();
        let mut again = Draws::new(parent, 7);
        assert!(first.iter().all(|number| *number == again.unit() && (0.0..1.0).contains(number)));
        let mean = first.iter().sum::<f64>() / 100.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
        for other in [
            Draws::new(parent, 8),
            Draws::new(OrderId { run: 2, ..parent }, 7),
            Draws::new(OrderId { strategy: 1, ..parent }, 7),
            Draws::new(OrderId { sequence: 4, ..parent }, 7),
        ] {
            let mut other = other;
            assert!(first.iter().any(|number| *number != other.unit()));
        }
        // The stream goes on where it was.
        let json = serde_json::to_string(&again).unwrap();
        let mut read: Draws = serde_json::from_str(&json).unwrap();
        assert_eq!(read.unit(), again.unit());
        assert_eq!(Draws::new(parent, 7).around_one(0.0), 1.0);
    }
}
