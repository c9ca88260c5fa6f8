//! Windows over the latest values: the building blocks of the other indicators.

mod anchored_window;
mod block_scan;
mod compensated;
mod extremum;
mod ring;
mod sum;
mod variance;

pub(crate) use anchored_window::{AnchoredWindow, Ramp, Squares, Total};
pub(crate) use block_scan::{BlockScan, Combine};
pub(crate) use compensated::CompensatedSum;
pub use extremum::{RollingMax, RollingMin};
pub(crate) use ring::Ring;
pub use sum::RollingSum;
pub use variance::{Estimator, StdDev, Variance};
pub(crate) use variance::{Moments, Spread};
