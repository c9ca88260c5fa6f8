use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::{Anchor, Color, DASH, Font, Picture, Shape};
use crate::error::{AnalyticsError, Result};

fn failed(reason: impl Into<String>) -> AnalyticsError {
    AnalyticsError::Picture { reason: reason.into() }
}

impl Picture {
    /// The picture as a PNG file with `scale` pixels per unit. Text is set in Noto Sans.
    pub(crate) fn to_png(&self, scale: f32) -> Result<Vec<u8>> {
        let size = |length: f64| (length as f32 * scale).ceil() as u32;
        let (width, height) = (size(self.width), size(self.height));
        let mut pixels = Pixmap::new(width, height)
            .ok_or_else(|| failed(format!("{width} by {height} pixels are too many")))?;
        let fonts = Fonts::load()?;
        let transform = Transform::from_scale(scale, scale);
        for shape in &self.shapes {
            draw(&mut pixels, shape, &fonts, transform);
        }
        pixels.encode_png().map_err(|error| failed(error.to_string()))
    }
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let opacity = (color.3.clamp(0.0, 1.0) * 255.0).round() as u8;
    paint.set_color_rgba8(color.0, color.1, color.2, opacity);
    paint
}

fn path(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            builder.move_to(*x as f32, *y as f32);
        } else {
            builder.line_to(*x as f32, *y as f32);
        }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

/// A shape that is empty or not finite has no path and is not drawn.
fn draw(pixels: &mut Pixmap, shape: &Shape, fonts: &Fonts<'_>, transform: Transform) {
    match shape {
        Shape::Rect { x, y, width, height, radius, fill } => {
            let rect = Rect::from_xywh(*x as f32, *y as f32, *width as f32, *height as f32);
            if let Some(path) = rect.and_then(|rect| rounded(rect, *radius as f32)) {
                pixels.fill_path(&path, &paint(*fill), FillRule::Winding, transform, None);
            }
        }
        Shape::Line { points, color, width, dashed } => {
            let dash = if *dashed { StrokeDash::new(DASH.to_vec(), 0.0) } else { None };
            let stroke =
                Stroke { width: *width as f32, line_join: LineJoin::Round, dash, ..Stroke::default() };
            if let Some(path) = path(points, false) {
                pixels.stroke_path(&path, &paint(*color), &stroke, transform, None);
            }
        }
        Shape::Area { points, fill } => {
            if let Some(path) = path(points, true) {
                pixels.fill_path(&path, &paint(*fill), FillRule::Winding, transform, None);
            }
        }
        Shape::Text { x, y, text, anchor, font } => {
            if let Some(path) = fonts.text(text, (*x as f32, *y as f32), *anchor, font) {
                pixels.fill_path(&path, &paint(font.color), FillRule::Winding, transform, None);
            }
        }
    }
}

fn rounded(rect: Rect, radius: f32) -> Option<Path> {
    let (l, t, r, b) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    if radius <= 0.0 {
        return Some(PathBuilder::from_rect(rect));
    }
    let mut path = PathBuilder::new();
    path.move_to(l + radius, t);
    path.line_to(r - radius, t);
    path.quad_to(r, t, r, t + radius);
    path.line_to(r, b - radius);
    path.quad_to(r, b, r - radius, b);
    path.line_to(l + radius, b);
    path.quad_to(l, b, l, b - radius);
    path.line_to(l, t + radius);
    path.quad_to(l, t, l + radius, t);
    path.close();
    path.finish()
}

/// The embedded typeface.
struct Fonts<'a> {
    regular: Face<'a>,
    bold: Face<'a>,
}

impl Fonts<'static> {
    fn load() -> Result<Self> {
        let parse = |bytes| Face::parse(bytes, 0).map_err(|error| failed(error.to_string()));
        Ok(Self { regular: parse(ttf_noto_sans::REGULAR)?, bold: parse(ttf_noto_sans::BOLD)? })
    }
}

impl Fonts<'_> {
    fn text(&self, text: &str, (x, y): (f32, f32), anchor: Anchor, font: &Font) -> Option<Path> {
        let face = if font.bold { &self.bold } else { &self.regular };
        let scale = font.size as f32 / f32::from(face.units_per_em());
        // A character that the typeface lacks is drawn as its box for unknown ones.
        let glyphs: Vec<GlyphId> = text.chars().map(|c| face.glyph_index(c).unwrap_or(GlyphId(0))).collect();
        let advance = |glyph: GlyphId| f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        let width: f32 = glyphs.iter().map(|glyph| advance(*glyph)).sum();
        let start = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let mut outline = Outline { path: PathBuilder::new(), x: start, y, scale };
        for glyph in glyphs {
            face.outline_glyph(glyph, &mut outline);
            outline.x += advance(glyph);
        }
        outline.path.finish()
    }
}

/// Puts glyphs, whose y axis points up, where they belong in a picture, whose y axis points down.
struct Outline {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
