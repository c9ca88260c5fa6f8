use serde::{Deserialize, Serialize};

use crate::{
    error::OrderError,
    market::Bar,
    time::{TimeDelta, Timestamp},
};

/// The most parts into which a day can be divided.
pub const MAX_PROFILE_BINS: usize = 86_400;

const DAY: i64 = TimeDelta::days(1).nanos();

/// How the volume of a day is spread over it: one weight for each part of the UTC day, all of the same length. Only their
/// proportions matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct VolumeProfile {
    bin: TimeDelta,
    weights: Vec<f64>,
    /// The sums of the weights before each part, and of all.
    sums: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    bin: TimeDelta,
    weights: Vec<f64>,
}

impl From<VolumeProfile> for Parts {
    fn from(profile: VolumeProfile) -> Self {
        Self { bin: profile.bin, weights: profile.weights }
    }
}

impl TryFrom<Parts> for VolumeProfile {
    type Error = OrderError;
    fn try_from(parts: Parts) -> Result<Self, OrderError> {
        Self::new(parts.bin, parts.weights)
    }
}

fn invalid(problem: String) -> OrderError {
    OrderError::Algorithm { algorithm: "vwap", parameter: "profile", problem }
}

impl VolumeProfile {
    /// The first weight is for the time from midnight UTC to `bin` after it, and so on to the end of the day.
    ///
    /// # Errors
    /// [`OrderError::Algorithm`] unless the parts make up a day, of at most [`MAX_PROFILE_BINS`], and every weight is finite
    /// and zero or more.
    pub fn new(bin: TimeDelta, weights: Vec<f64>) -> Result<Self, OrderError> {
        let count = Self::bins(bin)?;
        if weights.len() != count {
            return Err(invalid(format!(
                "a day has {count} parts of {bin}, but there are {} weights",
                weights.len()
            )));
        }
        if let Some(bad) = weights.iter().find(|weight| !weight.is_finite() || **weight < 0.0) {
            return Err(invalid(format!("weights are zero or more, not {bad}")));
        }
        let mut sums = Vec::with_capacity(count + 1);
        sums.push(0.0);
        let mut sum = 0.0;
        for weight in &weights {
            sum += weight;
            sums.push(sum);
        }
        if !sum.is_finite() {
            return Err(invalid("the sum of the weights does not fit".to_owned()));
        }
        Ok(Self { bin, weights, sums })
    }

    /// Learns the profile from bars: the volume of all of them by time of the day. The volume of a bar is spread evenly over
    /// its time; bars of a day or longer say nothing about it and are skipped.
    ///
    /// # Errors
    /// [`OrderError::Algorithm`] unless a whole number of `bin`s, at most [`MAX_PROFILE_BINS`], make up a day.
    pub fn from_bars<'a>(
        bars: impl IntoIterator<Item = &'a Bar>,
        bin: TimeDelta,
    ) -> Result<Self, OrderError> {
        let mut weights = vec![0.0; Self::bins(bin)?];
        for bar in bars {
            let (open, close) = (bar.ts_open.nanos(), bar.ts_close.nanos());
            let length = close.saturating_sub(open);
            if length <= 0 || length >= DAY || !bar.volume.is_positive() {
                continue;
            }
            let volume = bar.volume.to_f64();
            let mut from = open;
            while from < close {
                let end = from.saturating_add(bin.nanos() - from.rem_euclid(bin.nanos())).min(close);
                let part = from.rem_euclid(DAY) / bin.nanos();
                if let Some(weight) = usize::try_from(part).ok().and_then(|part| weights.get_mut(part)) {
                    *weight += volume * (end - from) as f64 / length as f64;
                }
                from = end;
            }
        }
        Self::new(bin, weights)
    }

    fn bins(bin: TimeDelta) -> Result<usize, OrderError> {
        let nanos = bin.nanos();
        let count = if nanos > 0 && DAY % nanos == 0 { usize::try_from(DAY / nanos).ok() } else { None };
        let problem = || {
            invalid(format!(
                "a whole number of parts, at most {MAX_PROFILE_BINS}, make up a day, not of {bin}"
            ))
        };
        count.filter(|count| *count <= MAX_PROFILE_BINS).ok_or_else(problem)
    }

    /// The length of a part.
    #[must_use]
    pub const fn bin(&self) -> TimeDelta {
        self.bin
    }

    /// The weights, from midnight UTC.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The volume that is usual between two times, in the unit of the weights; within a part it is even.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> f64 {
        if to <= from {
            return 0.0;
        }
        let days = to.nanos().div_euclid(DAY) - from.nanos().div_euclid(DAY);
        let whole = self.sums.last().copied().unwrap_or(0.0);
        (days as f64).mul_add(whole, self.before(to) - self.before(from))
    }

    /// The volume of a day before this time of it.
    fn before(&self, time: Timestamp) -> f64 {
        let since_midnight = time.nanos().rem_euclid(DAY);
        let (part, rest) = (since_midnight / self.bin.nanos(), since_midnight % self.bin.nanos());
        let Ok(part) = usize::try_from(part) else { return 0.0 };
        let weight = self.weights.get(part).copied().unwrap_or(0.0);
        let sum = self.sums.get(part).copied().unwrap_or(0.0);
        weight.mul_add(rest as f64 / self.bin.nanos() as f64, sum)
    }
}
