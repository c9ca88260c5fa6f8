//! Moving averages.

mod dema;
mod exponential;
mod hma;
mod kama;
mod smoother;
mod tema;
mod window;

pub use dema::Dema;
pub use exponential::{Ema, Rma};
pub use hma::Hma;
pub use kama::Kama;
pub use smoother::Seed;
pub(crate) use smoother::Smoother;
pub use tema::Tema;
pub use window::{Sma, Wma};
