//! Direction and strength of a trend.

mod adx;
mod aroon;
mod directional_movement;
mod ichimoku;
mod linear_regression;
mod macd;
mod parabolic_sar;
mod super_trend;

pub use adx::{Adx, AdxOutput};
pub use aroon::{Aroon, AroonOutput};
pub use directional_movement::{DirectionalMovement, DirectionalMovementOutput};
pub use ichimoku::{Ichimoku, IchimokuOutput};
pub use linear_regression::{LinearRegression, LinearRegressionOutput};
pub use macd::{Macd, MacdOutput};
pub use parabolic_sar::{ParabolicSar, ParabolicSarOutput};
pub use super_trend::{SuperTrend, SuperTrendOutput};

/// Which way a trend-following indicator points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Trend {
    /// Rising: the indicator lies below the price.
    Up,
    /// Falling: the indicator lies above the price.
    Down,
}
