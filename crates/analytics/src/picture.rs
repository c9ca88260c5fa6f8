//! A picture as a list of shapes, written as SVG or drawn as PNG, so that both look the same.

mod svg;

#[cfg(feature = "png")]
mod png;

/// A color: red, green, blue, and how opaque it is, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Color(pub(crate) u8, pub(crate) u8, pub(crate) u8, pub(crate) f32);

impl Color {
    /// A mixture: this color at `share`, 0 to 1, over the other.
    pub(crate) fn over(self, other: Self, share: f64) -> Self {
        let mix = |a: u8, b: u8| (f64::from(a) * share + f64::from(b) * (1.0 - share)).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2), 1.0)
    }
}

/// Where text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Font {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) color: Color,
}

/// What a picture is made of. Lengths are units of the picture, from its top left corner.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Rect {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        radius: f64,
        fill: Color,
    },
    Line {
        points: Vec<(f64, f64)>,
        color: Color,
        width: f64,
        dashed: bool,
    },
    Area {
        points: Vec<(f64, f64)>,
        fill: Color,
    },
    /// The point is on the baseline.
    Text {
        x: f64,
        y: f64,
        text: String,
        anchor: Anchor,
        font: Font,
    },
}

/// A picture.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) shapes: Vec<Shape>,
}

impl Picture {
    pub(crate) fn rect(&mut self, [x, y, width, height]: [f64; 4], radius: f64, fill: Color) {
        self.shapes.push(Shape::Rect { x, y, width, height, radius, fill });
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, width: f64, color: Color) {
        self.shapes.push(Shape::Line { points, color, width, dashed: false });
    }

    pub(crate) fn dashed_line(&mut self, points: Vec<(f64, f64)>, width: f64, color: Color) {
        self.shapes.push(Shape::Line { points, color, width, dashed: true });
    }

    pub(crate) fn area(&mut self, points: Vec<(f64, f64)>, fill: Color) {
        self.shapes.push(Shape::Area { points, fill });
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, font: Font, text: impl Into<String>) {
        self.shapes.push(Shape::Text { x, y, text: text.into(), anchor, font });
    }
}

/// The length of a dash and of the gap after it.
const DASH: [f32; 2] = [5.0, 3.0];
