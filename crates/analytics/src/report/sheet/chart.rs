//! A line chart in a picture.

use super::{DOWN, GRID, OTHER, PAPER, QUIET, UP, axes};
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
    /// The indices of points that are not joined with the point before them.
    pub(super) breaks: &'a [usize],
    /// Fills to mark: time, price, signed quantity.
    pub(super) fills: &'a [[f64; 3]],
}

impl<'a> Series<'a> {
    /// A plain line.
    pub(super) const fn new(line: &'a Line, color: Color, width: f64) -> Self {
        Self { line, color, width, dashed: false, wash: None, breaks: &[], fills: &[] }
    }
}

/// Where a chart stands (x, y, width, height), from when to when, and what its axes show.
pub(super) struct Chart {
    pub(super) frame: [f64; 4],
    pub(super) range: (f64, f64),
    /// Whether zero is in view and is what the color reaches to.
    pub(super) zero: bool,
    pub(super) percent: bool,
}

impl Chart {
    /// The lowest and highest value, with some room around them.
    fn bounds(&self, series: &[Series<'_>]) -> (f64, f64) {
        let values = || {
            series
                .iter()
                .flat_map(|s| s.line.v.iter().copied().chain(s.fills.iter().map(|[_, price, _]| *price)))
        };
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
        let (from_time, to_time) = self.range;
        let span = if to_time > from_time { to_time - from_time } else { 1.0 };
        let x = |t: f64| left + ((t - from_time) / span).clamp(0.0, 1.0) * width;
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
        for (time, label) in axes::times(from_time, to_time, 12) {
            picture.line(vec![(x(time), top), (x(time), bottom)], 1.0, GRID);
            if x(time) - left > 16.0 {
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
            let mut from = 0;
            for to in s.breaks.iter().copied().chain([points.len()]) {
                let piece = points.get(from..to).unwrap_or_default().to_vec();
                from = to;
                if s.dashed {
                    picture.dashed_line(piece, s.width, s.color);
                } else {
                    picture.line(piece, s.width, s.color);
                }
            }
            let inside = |fill: &&[f64; 3]| (from_time..=to_time).contains(&fill[0]);
            for [time, price, quantity] in s.fills.iter().filter(inside) {
                mark(picture, (x(*time), y(*price)), *quantity > 0.0);
            }
        }
    }
}

/// A triangle beside the price that points at it: from below for a buy, from above for a sell.
fn mark(picture: &mut Picture, (x, y): (f64, f64), bought: bool) {
    let (way, color) = if bought { (1.0, UP) } else { (-1.0, DOWN) };
    let triangle = |tip: f64, size: f64| {
        let base = y + way * (tip + size * 1.8);
        vec![(x, y + way * tip), (x - size, base), (x + size, base)]
    };
    // A rim in the color of the paper keeps marks apart.
    picture.area(triangle(1.0, 5.4), PAPER);
    picture.area(triangle(2.5, 4.2), color);
}
