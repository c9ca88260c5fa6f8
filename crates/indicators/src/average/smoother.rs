/// How an exponential average begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Seed {
    /// With the simple average of the first `period` values, which is also the first value given. Used by
    /// TA-Lib and by Wilder.
    #[default]
    Sma,
    /// With the first value, which is also the first value given. Used by TradingView's `ema` and by pandas'
    /// `ewm(adjust=False)`.
    First,
}

/// Exponential smoothing, `level += alpha (x - level)`: the core of EMA, RMA and all that is built on them.
///
/// A constant input is preserved exactly.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Smoother {
    alpha: f64,
    /// How many values are averaged to begin with.
    seed_length: usize,
    /// By what the sum of those is divided.
    seed_divisor: f64,
    /// How many values it takes until the level is given out.
    ready_at: usize,
    seen: usize,
    level: f64,
}

impl Smoother {
    fn with_alpha(alpha: f64, period: usize, seed: Seed) -> Self {
        let length = match seed {
            Seed::Sma => period,
            Seed::First => 1,
        };
        Self {
            alpha,
            seed_length: length,
            seed_divisor: length as f64,
            ready_at: length,
            seen: 0,
            level: 0.0,
        }
    }

    /// `alpha = 2 / (period + 1)`.
    pub(crate) fn exponential(period: usize, seed: Seed) -> Self {
        Self::with_alpha(2.0 / (period as f64 + 1.0), period, seed)
    }

    /// `alpha = 1 / period`.
    pub(crate) fn wilder(period: usize, seed: Seed) -> Self {
        Self::with_alpha(1.0 / period as f64, period, seed)
    }

    /// An explicit weight; begins with the first value.
    pub(crate) fn weighted(alpha: f64) -> Self {
        Self::with_alpha(alpha, 1, Seed::First)
    }

    /// Wilder's smoothing begun as TA-Lib begins its directional movement: with the sum of one value fewer than
    /// the period, which the first value given has already been smoothed into.
    pub(crate) fn wilder_short_seed(period: usize) -> Self {
        let mut smoother = Self::wilder(period, Seed::Sma);
        smoother.seed_length = period - 1;
        smoother
    }

    pub(crate) fn warm_up(&self) -> usize {
        self.ready_at
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
        if self.seen == self.ready_at {
            self.level += self.alpha * (value - self.level);
            Some(self.level)
        } else {
            self.begin(value)
        }
    }

    #[inline]
    fn begin(&mut self, value: f64) -> Option<f64> {
        self.seen += 1;
        if self.seen > self.seed_length {
            self.level += self.alpha * (value - self.level);
        } else {
            self.level += value;
            if self.seen == self.seed_length {
                self.level /= self.seed_divisor;
            }
        }
        (self.seen == self.ready_at).then_some(self.level)
    }

    #[inline]
    pub(crate) fn value(&self) -> Option<f64> {
        (self.seen == self.ready_at).then_some(self.level)
    }

    pub(crate) fn clear(&mut self) {
        self.seen = 0;
        self.level = 0.0;
    }
}
