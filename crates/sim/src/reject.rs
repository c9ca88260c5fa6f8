use algoflow_core::order::RejectCode;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};

use crate::SimError;

/// New orders refused at random, to see what a strategy makes of it.
///
/// The draws come from ChaCha8 with the seed given to [`crate::SimVenue::start`]: one draw for every new order that
/// arrives, so the same commands in the same order are refused in the same places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectModel {
    /// The probability that a new order is refused, 0 to 1.
    pub probability: f64,
    /// The code that the report carries.
    #[serde(default = "simulated")]
    pub code: RejectCode,
    /// The words that the report carries.
    #[serde(default = "text")]
    pub text: String,
}

impl RejectModel {
    /// Refuses with this probability, with [`RejectCode::Simulated`].
    #[must_use]
    pub fn new(probability: f64) -> Self {
        Self { probability, code: simulated(), text: text() }
    }

    pub(crate) fn validate(&self) -> Result<(), SimError> {
        if (0.0..=1.0).contains(&self.probability) {
            Ok(())
        } else {
            Err(SimError::setting("reject.probability", self.probability, "it must be between 0 and 1"))
        }
    }
}

fn simulated() -> RejectCode {
    RejectCode::Simulated
}

fn text() -> String {
    "refused at random by the simulation".to_owned()
}

/// A reject model with its stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rejections {
    model: RejectModel,
    random: ChaCha8Rng,
}

impl Rejections {
    pub(crate) fn new(model: RejectModel, seed: u64) -> Self {
        Self { model, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// What the next order is refused with, if it is.
    pub(crate) fn draw(&mut self) -> Option<(RejectCode, String)> {
        // 53 random bits make a uniform double in [0, 1).
        let uniform = (self.random.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
        (uniform < self.model.probability).then(|| (self.model.code, self.model.text.clone()))
    }
}
