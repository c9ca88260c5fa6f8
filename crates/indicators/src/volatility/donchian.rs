use super::Channel;
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::rolling::{RollingMax, RollingMin};
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// Which bars a [`Donchian`] channel spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DonchianWindow {
    /// The latest `period` bars, the current one among them: the price never leaves the channel.
    #[default]
    Including,
    /// The `period` bars before the current one: a close outside the channel is a breakout.
    Before,
}

/// Donchian channel: the highest high and lowest low of `period` bars, and the middle between them.
///
/// ```
/// use algoflow_indicators::{Channel, Donchian, DonchianWindow};
///
/// let mut including = Donchian::new(2)?;
/// let mut before = Donchian::with_window(2, DonchianWindow::Before)?;
/// for price in [5.0, 3.0, 9.0] {
///     including.update(price);
///     before.update(price);
/// }
/// assert_eq!(including.value(), Some(Channel { upper: 9.0, middle: 6.0, lower: 3.0 }));
/// assert_eq!(before.value(), Some(Channel { upper: 5.0, middle: 4.0, lower: 3.0 }));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Donchian {
    highest: RollingMax,
    lowest: RollingMin,
    window: DonchianWindow,
    value: Option<Channel>,
}

impl Donchian {
    /// A channel over `period` bars, [`DonchianWindow::Including`].
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        Self::with_window(period, DonchianWindow::Including)
    }

    /// A channel over `period` bars, which are chosen by `window`.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::PeriodOutOfRange`] unless `1 <= period <= MAX_PERIOD`.
    pub fn with_window(period: usize, window: DonchianWindow) -> Result<Self, IndicatorError> {
        let period = parameter::period("Donchian", "period", period)?;
        Ok(Self { highest: RollingMax::new(period)?, lowest: RollingMin::new(period)?, window, value: None })
    }

    #[inline]
    fn channel(&self) -> Option<Channel> {
        let (upper, lower) = (self.highest.value()?, self.lowest.value()?);
        Some(Channel { upper, middle: (upper + lower) / 2.0, lower })
    }
}

impl Indicator for Donchian {
    type Input = Ohlcv;
    type Output = Channel;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<Channel> {
        if !(usable(bar.high) && usable(bar.low)) {
            return None;
        }
        let before = self.channel();
        self.highest.push(bar.high);
        self.lowest.push(bar.low);
        let value = match self.window {
            DonchianWindow::Including => self.channel(),
            DonchianWindow::Before => before,
        };
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<Channel> {
        self.value
    }

    fn warm_up(&self) -> usize {
        self.highest.warm_up()
            + match self.window {
                DonchianWindow::Including => 0,
                DonchianWindow::Before => 1,
            }
    }

    fn reset(&mut self) {
        self.highest.reset();
        self.lowest.reset();
        self.value = None;
    }
}

inherent_api!(Donchian, Ohlcv => Channel);
