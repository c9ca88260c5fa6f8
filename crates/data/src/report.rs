//! What a reader found.

use std::collections::BTreeMap;

use algoflow_core::{bar_spec::BarSpec, number::Scale, time::Timestamp};
use serde::Serialize;

use crate::{
    policy::{Problem, RowError},
    schema::StampIs,
};

/// How many examples of bad rows a report keeps.
pub const MAX_EXAMPLES: usize = 10;
/// How many gaps a report lists.
pub const MAX_GAPS: usize = 100;

/// A stretch without bars between two bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When the last bar before it ends.
    pub from: Timestamp,
    /// When the first bar after it begins.
    pub to: Timestamp,
}

/// What a reader found in a file, and what it did about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LoadReport {
    /// The file.
    pub file: String,
    /// Rows read, without the header.
    pub rows: u64,
    /// Records that came of them. (Several levels of a book make one record.)
    pub kept: u64,
    /// Rows left out because of a problem.
    pub dropped: u64,
    /// Rows with a value that was mended.
    pub fixed: u64,
    /// Rows of other symbols.
    pub filtered: u64,
    /// Floating-point numbers that were rounded because no decimal of up to 12 places (more for numbers below 0.1)
    /// and 15 digits is near them.
    pub rounded: u64,
    /// How often each problem was met.
    pub problems: BTreeMap<Problem, u64>,
    /// The first few bad rows.
    pub examples: Vec<RowError>,
    /// How many gaps there are between bars of time.
    pub gaps: u64,
    /// The first of them.
    pub gap_list: Vec<Gap>,
    /// The columns that were used, `role=name`.
    pub columns: Vec<String>,
    /// What the bars cover.
    pub spec: Option<BarSpec>,
    /// Which end of a bar its time names; `None` for bars that are stamped with a date.
    pub stamp: Option<StampIs>,
    /// The places of prices.
    pub price_scale: Option<Scale>,
    /// The places of volumes and sizes.
    pub quantity_scale: Option<Scale>,
    /// The time of the first record.
    pub first: Option<Timestamp>,
    /// The time of the last record.
    pub last: Option<Timestamp>,
}

impl LoadReport {
    /// How often `problem` was met.
    #[must_use]
    pub fn count(&self, problem: Problem) -> u64 {
        self.problems.get(&problem).copied().unwrap_or(0)
    }

    /// Whether every row was kept as it was.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn gap(&mut self, from: Timestamp, to: Timestamp) {
        self.gaps += 1;
        if self.gap_list.len() < MAX_GAPS {
            self.gap_list.push(Gap { from, to });
        }
    }
}
