//! A line chart in a picture.

use super::{GRID, OTHER, QUIET, axes};
use crate::{
    picture::{Anchor, Color, Font, Picture},
    report::{
        format::{number, percent},
        plot::Line,
    },
};

/// Room for the numbers at the right and the dates below.
const VALUE_AXIS: f64 = 70.0;
const TIME_AXIS: f64 = 20.0;

/// A line and how it looks.
pub(super) struct Series<'a> {
    pub(super) line: &'a Line,
    pub(super) color: Color,
    pub(super) width: f64,
    pub(super) dashed: bool,
    /// The color between the line and the base.
    pub(super) wash: Option<Color>,
}

/// Where a chart stands (x, y, width, height), from when to when, and what its axes show.
pub(super) struct Chart {
    pub(super) frame: [f64; 4],
    pub(super) range: (f64, f64),
    /// Whether zero is in view and is what the color reaches to.
    pub(super) zero: bool,
    pub(super) percent: bool,
    pub(super) dates: bool,
}

impl Chart {
    /// The lowest and highest value, with some room around them.
    fn bounds(&self, series: &[Series<'_>]) -> (f64, f64) {
        let values = || series.iter().flat_map(|s| s.line.v.iter().copied());
        let low = values().fold(if self.zero { 0.0 } else { f64::INFINITY }, f64::min);
        let high = values().fold(if self.zero { 0.0 } else { f64::NEG_INFINITY }, f64::max);
        if low > high {
            return (0.0, 1.0);
        }
        let size = if high > low { high - low } else { high.abs().max(1.0) };
        let room = size * 0.05;
        (
            if self.zero && low == 0.0 { low } else { low - room },
            if self.zero && high == 0.0 && low < 0.0 { high } else { high + room },
        )
    }

    pub(super) fn draw(&self, picture: &mut Picture, series: &[Series<'_>]) {
        let [left, top, width, height] = self.frame;
        let (width, bottom) = (width - VALUE_AXIS, top + height);
        let (low, high) = self.bounds(series);
        let (from, to) = self.range;
        let span = if to > from { to - from } else { 1.0 };
        let x = |t: f64| left + ((t - from) / span).clamp(0.0, 1.0) * width;
        let y = |value: f64| top + (1.0 - (value - low) / (high - low)) * height;
        let small = Font { size: 11.5, ..QUIET };

        let (ticks, places) = axes::values(low, high, (height / 38.0).max(3.0) as usize);
        for tick in ticks {
            let color = if self.zero && tick == 0.0 { OTHER } else { GRID };
            picture.line(vec![(left, y(tick)), (left + width, y(tick))], 1.0, color);
            let text =
                if self.percent { percent(tick, places.saturating_sub(2)) } else { number(tick, places) };
            picture.text((left + width + 10.0, y(tick) + 4.0), Anchor::Start, small, super::typeset(&text));
        }
        for (time, label) in axes::times(from, to, 12) {
            picture.line(vec![(x(time), top), (x(time), bottom)], 1.0, GRID);
            if self.dates && x(time) - left > 16.0 {
                picture.text((x(time), bottom + TIME_AXIS - 3.0), Anchor::Middle, small, label);
            }
        }
        for s in series {
            let points: Vec<(f64, f64)> =
                s.line.t.iter().zip(&s.line.v).map(|(t, v)| (x(*t), y(*v))).collect();
            if let (Some(wash), Some(first), Some(last)) = (s.wash, points.first(), points.last()) {
                let base = if self.zero { y(0.0) } else { bottom };
                let mut area = points.clone();
                area.extend([(last.0, base), (first.0, base)]);
                picture.area(area, wash);
            }
            if s.dashed {
                picture.dashed_line(points, s.width, s.color)
            } else {
                picture.line(points, s.width, s.color)
            }
        }
    }
}
