use super::Trend;
use crate::indicator::inherent_api;
use crate::input::usable;
use crate::{Indicator, IndicatorError, Ohlcv, parameter};

/// The values of [`ParabolicSar`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ParabolicSarOutput {
    /// The stop-and-reverse price of this bar.
    pub sar: f64,
    /// The direction of the trend after this bar.
    pub trend: Trend,
    /// Whether this bar touched the stop and turned the trend.
    pub reversal: bool,
}

/// Parabolic stop and reverse (Wilder 1978).
///
/// The stop follows the trend: after each bar it moves by `factor × (extreme - sar)`, where the factor starts at
/// `step`, grows by `step` with each new extreme and ends at `maximum`. It never enters the range of the latest
/// two bars. A bar that reaches the stop turns the trend; the stop is then the extreme of the trend that ended.
///
/// The first trend is down if the second bar has downward directional movement (its low fell, and by more than
/// its high rose), else up; the first stop is the extreme of the first bar. That is TA-Lib's rule; Wilder leaves
/// the start to the reader. After the first reversals the choice no longer matters. The first value comes with the
/// second bar.
///
/// ```
/// use algoflow_indicators::{Ohlcv, ParabolicSar, Trend};
///
/// let bar = |low: f64| Ohlcv { open: low, high: low + 2.0, low, close: low + 1.0, volume: 0.0 };
/// let mut sar = ParabolicSar::new(0.02, 0.2)?;
/// assert_eq!(sar.update(bar(10.0)), None);
/// assert_eq!(sar.update(bar(11.0)).unwrap().sar, 10.0);
/// let turned = sar.update(bar(9.0)).unwrap();
/// assert_eq!((turned.sar, turned.trend, turned.reversal), (13.0, Trend::Down, true));
/// # Ok::<(), algoflow_indicators::IndicatorError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ParabolicSar {
    step: f64,
    maximum: f64,
    previous: Option<Ohlcv>,
    state: Option<State>,
    value: Option<ParabolicSarOutput>,
}

#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct State {
    trend: Trend,
    /// The stop of the next bar.
    sar: f64,
    /// The highest high or lowest low of the trend.
    extreme: f64,
    factor: f64,
}

impl ParabolicSar {
    /// A stop whose acceleration factor grows by `step` up to `maximum`; usually 0.02 and 0.2.
    ///
    /// # Errors
    ///
    /// [`IndicatorError::ParameterOutOfRange`] unless `0 < step <= 1` and `0 < maximum <= 1`, and
    /// [`IndicatorError::Order`] if `step > maximum`.
    pub fn new(step: f64, maximum: f64) -> Result<Self, IndicatorError> {
        let step = parameter::weight("ParabolicSar", "step", step)?;
        let maximum = parameter::weight("ParabolicSar", "maximum", maximum)?;
        if step > maximum {
            parameter::ascending("ParabolicSar", ("step", step), ("maximum", maximum))?;
        }
        Ok(Self { step, maximum, previous: None, state: None, value: None })
    }

    fn begin(&self, first: &Ohlcv, second: &Ohlcv) -> State {
        let up = second.high - first.high;
        let down = first.low - second.low;
        if down > 0.0 && down > up {
            State { trend: Trend::Down, sar: first.high, extreme: second.low, factor: self.step }
        } else {
            State { trend: Trend::Up, sar: first.low, extreme: second.high, factor: self.step }
        }
    }
}

impl State {
    /// The stop of the bar after `bar`, outside the range of the latest two bars.
    #[inline]
    fn advance(&mut self, previous: &Ohlcv, bar: &Ohlcv) {
        let sar = self.sar + self.factor * (self.extreme - self.sar);
        self.sar = match self.trend {
            Trend::Up => sar.min(previous.low).min(bar.low),
            Trend::Down => sar.max(previous.high).max(bar.high),
        };
    }
}

impl Indicator for ParabolicSar {
    type Input = Ohlcv;
    type Output = ParabolicSarOutput;

    #[inline]
    fn update(&mut self, bar: Ohlcv) -> Option<ParabolicSarOutput> {
        if !(usable(bar.high) && usable(bar.low)) {
            return None;
        }
        let mut previous = self.previous.replace(bar)?;
        let mut state = match self.state {
            Some(state) => state,
            None => {
                let state = self.begin(&previous, &bar);
                // The first stop is the extreme of the first bar, which must not hold back the second.
                previous = bar;
                state
            }
        };
        let reversal = match state.trend {
            Trend::Up => bar.low <= state.sar,
            Trend::Down => bar.high >= state.sar,
        };
        let sar = if reversal {
            let (trend, sar, extreme) = match state.trend {
                Trend::Up => (Trend::Down, state.extreme.max(previous.high).max(bar.high), bar.low),
                Trend::Down => (Trend::Up, state.extreme.min(previous.low).min(bar.low), bar.high),
            };
            state = State { trend, sar, extreme, factor: self.step };
            sar
        } else {
            let extended = match state.trend {
                Trend::Up => bar.high > state.extreme,
                Trend::Down => bar.low < state.extreme,
            };
            if extended {
                state.extreme = if state.trend == Trend::Up { bar.high } else { bar.low };
                state.factor = (state.factor + self.step).min(self.maximum);
            }
            state.sar
        };
        state.advance(&previous, &bar);
        self.state = Some(state);
        let value = Some(ParabolicSarOutput { sar, trend: state.trend, reversal });
        self.value = value;
        value
    }

    #[inline]
    fn value(&self) -> Option<ParabolicSarOutput> {
        self.value
    }

    fn warm_up(&self) -> usize {
        2
    }

    fn reset(&mut self) {
        self.previous = None;
        self.state = None;
        self.value = None;
    }
}

inherent_api!(ParabolicSar, Ohlcv => ParabolicSarOutput);
