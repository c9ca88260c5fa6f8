use std::collections::{BTreeMap, VecDeque};

use crate::{bar_spec::BarSpec, market::Bar, time::Timestamp};

/// Room for at most so many bars is made before they come.
const FIRST_ROOM: usize = 4_096;

/// The last bars of the kinds that strategies asked to keep.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct BarHistory {
    /// By instrument index.
    rings: Vec<Vec<Ring>>,
    /// By instrument index: bars that are being built and are not complete.
    forming: Vec<Vec<Bar>>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Ring {
    spec: BarSpec,
    keep: usize,
    bars: VecDeque<Bar>,
}

impl BarHistory {
    /// Keeps the last `keep` bars from now on (or more, if more were asked for before).
    pub fn keep(&mut self, instrument: usize, spec: BarSpec, keep: usize) {
        if keep == 0 {
            return;
        }
        if self.rings.len() <= instrument {
            self.rings.resize_with(instrument + 1, Vec::new);
        }
        let Some(rings) = self.rings.get_mut(instrument) else { return };
        match rings.iter_mut().find(|ring| ring.spec == spec) {
            Some(ring) => ring.keep = ring.keep.max(keep),
            None => rings.push(Ring { spec, keep, bars: VecDeque::with_capacity(keep.min(FIRST_ROOM)) }),
        }
    }

    /// Whether a strategy asked to keep any bars.
    #[must_use]
    #[inline]
    pub fn keeps_any(&self) -> bool {
        !self.rings.is_empty()
    }

    /// Takes in a completed bar.
    #[inline]
    pub fn push(&mut self, instrument: usize, bar: &Bar) {
        let Some(rings) = self.rings.get_mut(instrument) else { return };
        for ring in rings.iter_mut().filter(|ring| ring.spec == bar.spec) {
            if ring.bars.len() == ring.keep {
                ring.bars.pop_front();
            }
            ring.bars.push_back(*bar);
        }
    }

    /// Replaces the forming bars of an instrument, those that are built from finer data.
    pub fn set_forming(&mut self, instrument: usize, bars: impl IntoIterator<Item = Bar>) {
        if self.forming.len() <= instrument {
            self.forming.resize_with(instrument + 1, Vec::new);
        }
        if let Some(forming) = self.forming.get_mut(instrument) {
            forming.clear();
            forming.extend(bars);
        }
    }

    /// A bar that is being built and is not complete.
    #[must_use]
    pub fn forming(&self, instrument: usize, spec: BarSpec) -> Option<&Bar> {
        self.forming.get(instrument)?.iter().find(|bar| bar.spec == spec)
    }

    /// The bars kept, oldest first; `None` if they were not asked for.
    #[must_use]
    pub fn get(&self, instrument: usize, spec: BarSpec) -> Option<&VecDeque<Bar>> {
        self.rings.get(instrument)?.iter().find(|ring| ring.spec == spec).map(|ring| &ring.bars)
    }
}

/// Named series of numbers that strategies record for the report.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Bits", into = "Bits")]
pub struct Recorded {
    series: BTreeMap<String, Vec<(Timestamp, f64)>>,
}

/// Series as they are written: the bits of the values, since JSON has no NaN and no infinity.
#[derive(serde::Serialize, serde::Deserialize)]
struct Bits(BTreeMap<String, Vec<(Timestamp, u64)>>);

impl From<Bits> for Recorded {
    fn from(Bits(series): Bits) -> Self {
        let value = |(at, bits)| (at, f64::from_bits(bits));
        let series = series.into_iter().map(|(name, all)| (name, all.into_iter().map(value).collect()));
        Self { series: series.collect() }
    }
}

impl From<Recorded> for Bits {
    fn from(recorded: Recorded) -> Self {
        let bits = |(at, value): (Timestamp, f64)| (at, value.to_bits());
        let series = recorded.series.into_iter();
        Self(series.map(|(name, all)| (name, all.into_iter().map(bits).collect())).collect())
    }
}

impl Recorded {
    /// Adds a value to a series.
    pub fn push(&mut self, name: &str, at: Timestamp, value: f64) {
        match self.series.get_mut(name) {
            Some(series) => series.push((at, value)),
            None => {
                self.series.insert(name.to_owned(), vec![(at, value)]);
            }
        }
    }

    /// The values of one series.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[(Timestamp, f64)]> {
        self.series.get(name).map(Vec::as_slice)
    }

    /// All series, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[(Timestamp, f64)])> {
        self.series.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}
