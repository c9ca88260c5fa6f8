//! Oscillators: how fast and how far price has moved.

mod cci;
mod momentum_rate;
mod rsi;
mod stoch_rsi;
mod stochastic;
mod williams_r;

pub use cci::Cci;
pub use momentum_rate::{Momentum, Roc};
pub use rsi::Rsi;
pub use stoch_rsi::StochRsi;
pub(crate) use stochastic::StochasticCore;
pub use stochastic::{Stochastic, StochasticOutput};
pub use williams_r::WilliamsR;
