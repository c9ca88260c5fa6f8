//! Indicators that weigh price by volume.

mod mfi;
mod obv;
mod vwap;

pub use mfi::Mfi;
pub use obv::{Obv, ObvStart};
pub use vwap::{RollingVwap, Vwap};

use crate::Ohlcv;
use crate::input::{usable, usable_volume};

/// Whether a bar has all that is needed to weigh its typical price by its volume.
#[inline]
fn usable_with_volume(bar: &Ohlcv) -> bool {
    usable(bar.high) && usable(bar.low) && usable(bar.close) && usable_volume(bar.volume)
}
