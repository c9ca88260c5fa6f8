//! The backtest driver.
mod builder;
mod curve;
mod driver;
mod error;
mod notes;
mod result;
mod sweep;
pub use builder::{Backtest, IntoMoney, Progress};
pub use error::BacktestError;
pub use result::BacktestResult;
pub use sweep::{Sweep, SweepProgress};
