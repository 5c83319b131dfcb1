//! The part of SVG that our charts need.

use std::fmt::Write as _;

/// The colours of all charts. The charts have an opaque light ground, so that they look the same
/// on a light page and on a dark page.
pub mod colour {
    /// The ground.
    pub const GROUND: &str = "#fcfcfa";
    /// The ground of every other lane.
    pub const LANE: &str = "#f1f2ee";
    /// Text.
    pub const TEXT: &str = "#22262b";
    /// Text of less weight.
    pub const MUTED: &str = "#6c747d";
    /// Grid lines.
    pub const GRID: &str = "#d5d9d8";
    /// The colour of our marks.
    pub const OURS: &str = "#d9480f";
    /// Counting peers.
    pub const COUNTING: &str = "#2563c9";
    /// Tracing peers.
    pub const TRACING: &str = "#14825f";
    /// The yardstick.
    pub const RC: &str = "#3d434a";
    /// CPython.
    pub const PYTHON: &str = "#8749c4";
    /// A limit.
    pub const BAR: &str = "#b3261e";
}

/// The position of text relative to its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// The text is to the right of its point.
    Start,
    /// The text is centred on its point.
    Middle,
    /// The text is to the left of its point.
    End,
}

/// A drawing to which elements are added.
#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// Makes an empty drawing on an opaque ground.
    pub fn new(width: f64, height: f64) -> Svg {
        let mut svg = Svg { width, height, body: String::new() };
        let (inner_width, inner_height) = (width - 1.0, height - 1.0);
        let _ = writeln!(
            svg.body,
            r#"<rect x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="8" fill="{}" stroke="{}"/>"#,
            colour::GROUND,
            colour::GRID
        );
        svg
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, [x, y, width, height]: [f64; 4], radius: f64, fill: &str) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{radius}" fill="{fill}"/>"#
        );
    }

    /// Adds a line. The line is dashed if `dashes` is not empty.
    pub fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], stroke: &str, width: f64, dashes: &str) {
        let dashes = if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) };
        let _ = writeln!(
            self.body,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{stroke}" stroke-width="{width}"{dashes}/>"#
        );
    }

    /// Adds a line through points.
    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        let _ = writeln!(
            self.body,
            r#"<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="2" stroke-linejoin="round"/>"#
        );
    }

    /// Adds a filled dot.
    pub fn dot(&mut self, (x, y): (f64, f64), radius: f64, fill: &str) {
        let _ = writeln!(self.body, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{fill}"/>"#);
    }

    /// Adds text with its baseline at the point.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, style: Style<'_>, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if style.bold { r#" font-weight="600""# } else { "" };
        let Style { size, fill, .. } = style;
        let _ = writeln!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{weight}>{}</text>"#,
            escaped(text)
        );
    }

    /// Returns the text of the SVG file.
    pub fn finish(self, title: &str) -> String {
        let Svg { width, height, body } = self;
        let title = escaped(title);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img">
<title>{title}</title>
{body}</svg>
"#
        )
    }
}

/// The size, colour and weight of text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Style<'a> {
    size: f64,
    fill: &'a str,
    bold: bool,
}

impl<'a> Style<'a> {
    /// Makes a style for plain text.
    pub fn plain(size: f64, fill: &'a str) -> Style<'a> {
        Style { size, fill, bold: false }
    }

    /// Makes a style for bold text.
    pub fn bold(size: f64, fill: &'a str) -> Style<'a> {
        Style { size, fill, bold: true }
    }
}

/// Escapes the characters that have a meaning in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A logarithmic axis from one value to another, drawn from one place to another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LogAxis {
    /// The values at both ends.
    pub values: (f64, f64),
    /// The coordinates of both ends.
    pub places: (f64, f64),
}

impl LogAxis {
    /// Returns the coordinate of a value. A value beyond an end is drawn at that end.
    pub fn place(&self, value: f64) -> f64 {
        let (from, to) = (self.values.0.ln(), self.values.1.ln());
        let share = ((value.ln() - from) / (to - from)).clamp(0.0, 1.0);
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// Returns the powers of ten on the axis.
    pub fn decades(&self) -> impl Iterator<Item = f64> {
        let (first, last) = (self.values.0.log10().ceil() as i32, self.values.1.log10().floor() as i32);
        (first..=last).map(|power| 10f64.powi(power))
    }
}

/// Returns true if every tag is closed, in order, and has balanced quotes. This check is enough
/// for the drawings of this module.
#[cfg(test)]
pub fn is_well_formed(text: &str) -> bool {
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return false };
        match tag.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            None if !tag.ends_with('/') => open.extend(tag.split_whitespace().next()),
            _ => {}
        }
        if tag.matches('"').count() % 2 != 0 {
            return false;
        }
    }
    open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_are_well_formed() {
        let mut svg = Svg::new(100.0, 50.0);
        svg.rect([1.0, 2.0, 3.0, 4.0], 1.0, colour::OURS);
        svg.line([0.0, 0.0, 1.0, 1.0], colour::GRID, 1.0, "2 2");
        svg.polyline(&[(0.0, 0.0), (1.0, 1.0)], colour::RC);
        svg.dot((5.0, 5.0), 2.0, colour::RC);
        svg.text((1.0, 1.0), Anchor::End, Style::bold(10.0, colour::TEXT), "a < b & \"c\"");
        let text = svg.finish("<title>");
        assert!(is_well_formed(&text), "{text}");
        assert!(text.contains("a &lt; b &amp; &quot;c&quot;"));
        assert!(!is_well_formed("<a><b></a></b>") && !is_well_formed("<a>"));
    }

    #[test]
    fn logarithms() {
        let axis = LogAxis { values: (0.1, 1000.0), places: (0.0, 400.0) };
        assert_eq!(
            [0.01, 0.1, 1.0, 1000.0, 1e9].map(|value| axis.place(value).round()),
            [0.0, 0.0, 100.0, 400.0, 400.0]
        );
        assert_eq!(axis.decades().count(), 5);
    }
}
