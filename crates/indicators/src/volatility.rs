//! How far prices range: ranges, bands and channels.

mod atr;
mod bollinger;
mod donchian;
mod keltner;
mod z_score;

pub use atr::{Atr, FirstBar, TrueRange};
pub(crate) use atr::{AtrCore, true_range};
pub use bollinger::{BollingerBands, BollingerBandsOutput};
pub use donchian::{Donchian, DonchianWindow};
pub use keltner::Keltner;
pub use z_score::ZScore;

/// The values of [`Keltner`] and [`Donchian`], in units of price.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Channel {
    /// The upper line.
    pub upper: f64,
    /// The middle line.
    pub middle: f64,
    /// The lower line.
    pub lower: f64,
}

impl Channel {
    /// `upper - lower`.
    #[inline]
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }
}
