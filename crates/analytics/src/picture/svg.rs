use std::fmt::Write as _;

use super::{Anchor, Color, DASH, Font, Picture, Shape};
use crate::report::escape;

/// Fonts that are there; the first that has even figures by default.
const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif";

impl Picture {
    /// The picture as an SVG document.
    pub(crate) fn to_svg(&self) -> String {
        let (width, height) = (self.width, self.height);
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\" \
             style=\"font-variant-numeric: tabular-nums\">\n<title>{}</title>\n",
            escape(&self.title)
        );
        for shape in &self.shapes {
            write_shape(&mut out, shape);
        }
        out.push_str("</svg>\n");
        out
    }
}

/// `name="#rrggbb"`, and the opacity where it is not full.
fn paint(name: &str, color: Color) -> String {
    let Color(r, g, b, opacity) = color;
    let solid = format!("{name}=\"#{r:02x}{g:02x}{b:02x}\"");
    if opacity < 1.0 { format!("{solid} {name}-opacity=\"{opacity}\"") } else { solid }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(text, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
    }
    text
}

fn write_shape(out: &mut String, shape: &Shape) {
    let _ = match shape {
        Shape::Rect { x, y, width, height, radius, fill } => writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius}\" {}/>",
            paint("fill", *fill)
        ),
        Shape::Line { points, color, width, dashed } => {
            let dash = if *dashed {
                format!(" stroke-dasharray=\"{} {}\"", DASH[0], DASH[1])
            } else {
                String::new()
            };
            writeln!(
                out,
                "<path d=\"{}\" fill=\"none\" {} stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}/>",
                path(points),
                paint("stroke", *color)
            )
        }
        Shape::Area { points, fill } => {
            writeln!(out, "<path d=\"{}Z\" {}/>", path(points), paint("fill", *fill))
        }
        Shape::Text { x, y, text, anchor, font } => {
            let Font { size, bold, color } = font;
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let weight = if *bold { " font-weight=\"650\"" } else { "" };
            writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\"{weight}{anchor} {}>{}</text>",
                paint("fill", *color),
                escape(text)
            )
        }
    };
}
