//! Indicators that weigh price by volume.

mod mfi;
mod obv;
mod vwap;

pub use mfi::Mfi;
pub use obv::{Obv, ObvStart};
pub use vwap::{RollingVwap, Vwap};

use crate::Ohlcv;
use crate::input::{usable, usable_volume};
use crate::rolling::Combine;

/// Two sums over one window: what is weighed, and by how much or against what.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct PairSum;

impl Combine<[f64; 2]> for PairSum {
    #[inline]
    fn combine(earlier: [f64; 2], later: [f64; 2]) -> [f64; 2] {
        [earlier[0] + later[0], earlier[1] + later[1]]
    }
}

/// Whether a bar has all that is needed to weigh its typical price by its volume.
#[inline]
fn usable_with_volume(bar: &Ohlcv) -> bool {
    usable(bar.high) && usable(bar.low) && usable(bar.close) && usable_volume(bar.volume)
}
