//! Moving averages.

mod dema;
mod ema;
mod hma;
mod kama;
mod rma;
mod sma;
mod smoother;
mod tema;
mod wma;

pub use dema::Dema;
pub use ema::Ema;
pub use hma::Hma;
pub use kama::Kama;
pub use rma::Rma;
pub use sma::Sma;
pub use smoother::Seed;
pub(crate) use smoother::Smoother;
pub use tema::Tema;
pub use wma::Wma;
