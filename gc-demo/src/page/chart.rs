//! Charts as inline SVG, coloured by the page's style sheet.

use std::fmt::Write as _;

/// The size of a picture, in pixels at the text's normal size.
#[derive(Clone, Copy)]
pub struct Size {
    width: f64,
    /// Left edge of the plot area and of the legend. The legend has `columns` columns, each `label`
    /// pixels wide. The legend has `columns` columns, each `label`
    /// pixels wide.
    left: f64,
    columns: usize,
    label: f64,
    /// Greatest number of characters of an object's name in a box.
    name: usize,
}

/// The size of a picture for a wide page.
pub const WIDE: Size = Size { width: 640.0, left: 64.0, columns: 3, label: 150.0, name: 52 };
/// The size of a picture for a telephone 375 pixels wide.
pub const NARROW: Size = Size { width: 310.0, left: 60.0, columns: 1, label: 0.0, name: 34 };

const HEIGHT: f64 = 220.0;
/// Height of a line of the legend.
const ROW: f64 = 18.0;

/// A line of a chart.
pub struct Series<'a> {
    /// The name of the series.
    pub name: &'a str,
    /// Points of the series: seconds and values.
    pub points: Vec<(f64, f64)>,
}

/// The data of a chart.
pub struct Chart<'a> {
    pub title: &'static str,
    pub series: Vec<Series<'a>>,
    /// Times of collections, in seconds.
    pub marks: Vec<f64>,
    /// The greatest allowed value, drawn as a line.
    pub limit: Option<f64>,
    /// Formats a value for the axis.
    pub show: fn(f64) -> String,
}

impl Chart<'_> {
    /// Returns the chart as SVG; empty if there are fewer than two points.
    pub fn svg(&self, size: Size) -> String {
        let (left, right) = (size.left, size.width - 12.0);
        let rows = self.series.len().div_ceil(size.columns) as f64;
        let (top, bottom) = (8.0 + ROW * rows, HEIGHT + ROW * (rows - 1.0) - 28.0);
        let (width, height) = (size.width, bottom + 28.0);
        let points = || self.series.iter().flat_map(|series| &series.points);
        if points().count() < 2 {
            return String::new();
        }
        let start = points().map(|&(x, _)| x).fold(f64::INFINITY, f64::min);
        let end = points().map(|&(x, _)| x).fold(0.0, f64::max).max(start + 1e-9);
        let most = points().map(|&(_, y)| y).chain(self.limit).fold(0.0, f64::max).max(4.0) * 1.05;
        let x = |value: f64| left + (right - left) * (value - start) / (end - start);
        let y = |value: f64| bottom - (bottom - top) * value / most;
        let mut out = String::new();
        let _ =
            write!(out, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">", escape(self.title));
        for part in 0..=4 {
            let value = most * f64::from(part) / 4.0;
            let at = y(value);
            let _ = write!(out, "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
            let _ = write!(out, "<text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">", left - 6.0, at + 4.0);
            let _ = write!(out, "{}</text>", escape(&(self.show)(value)));
        }
        for mark in self.marks.iter().filter(|&&mark| mark >= start) {
            let at = x(mark.min(end));
            let _ = write!(
                out,
                "<line class=\"mark\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{}\" y2=\"{bottom}\"/>",
                bottom - 8.0
            );
        }
        if let Some(limit) = self.limit {
            let at = y(limit);
            let _ = write!(out, "<line class=\"limit\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        }
        for (number, series) in self.series.iter().enumerate() {
            let place = |&(at, value): &(f64, f64)| format!("{:.1},{:.1}", x(at), y(value));
            let line: Vec<String> = series.points.iter().map(place).collect();
            let _ = write!(out, "<polyline class=\"line l{number}\" points=\"{}\"/>", line.join(" "));
            let label = left + size.label * (number % size.columns) as f64;
            let line = 8.0 + ROW * (number / size.columns) as f64;
            let _ = write!(out, "<rect class=\"key k{number}\" x=\"{label}\" y=\"{line}\" width=\"12\" height=\"4\"/>");
            let (after, base) = (label + 18.0, line + 6.0);
            let _ = write!(out, "<text class=\"tick\" x=\"{after}\" y=\"{base}\">{}</text>", escape(series.name));
        }
        let base = bottom + 20.0;
        let _ = write!(out, "<text class=\"tick\" x=\"{left}\" y=\"{base}\">{}</text>", seconds(start));
        let _ = write!(
            out,
            "<text class=\"tick\" x=\"{right}\" y=\"{base}\" text-anchor=\"end\">{}</text></svg>",
            seconds(end)
        );
        out
    }
}

/// Draws a path as boxes, one below the other.
pub fn path(steps: &[(String, String)], size: Size) -> String {
    let width = size.width;
    let (room, names) = ((width - 16.0).min(420.0), size.name);
    const STEP: f64 = 62.0;
    let height = STEP * steps.len() as f64 + 6.0;
    let mut out = String::new();
    let _ = write!(out, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"the path to a root\">");
    for (number, (edge, object)) in steps.iter().enumerate() {
        let top = STEP * number as f64 + 3.0;
        if number > 0 {
            let _ = write!(out, "<line class=\"arrow\" x1=\"80\" x2=\"80\" y1=\"{}\" y2=\"{top}\"/>", top - 26.0);
            let _ = write!(out, "<path class=\"head\" d=\"M76 {0} L84 {0} L80 {1} Z\"/>", top - 7.0, top);
            let _ =
                write!(out, "<text class=\"tick\" x=\"94\" y=\"{}\">{}</text>", top - 9.0, escape(&cut(edge, names)));
        }
        let class = if number == 0 { "box root" } else { "box" };
        let _ = write!(out, "<rect class=\"{class}\" x=\"8\" y=\"{top}\" width=\"{room}\" height=\"36\" rx=\"6\"/>");
        let _ =
            write!(out, "<text class=\"label\" x=\"20\" y=\"{}\">{}</text>", top + 23.0, escape(&cut(object, names)));
    }
    out + "</svg>"
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Formats a time for an axis.
fn seconds(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        value if value < 0.01 => format!("{:.0} µs", value * 1e6),
        value if value < 1.0 => format!("{:.0} ms", value * 1e3),
        value => format!("{value:.1} s"),
    }
}

/// Escapes text for use within markup.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Chart, NARROW, Series, WIDE, cut, escape, path};

    #[test]
    fn a_chart_has_a_line_for_each_series() {
        let series = |name| Series { name, points: vec![(0.0, 1.0), (1.0, 5.0), (2.0, 3.0)] };
        let chart = Chart {
            title: "a <title>",
            series: vec![series("one"), series("two")],
            marks: vec![0.5],
            limit: Some(10.0),
            show: |value| format!("{value:.0}"),
        };
        let svg = chart.svg(WIDE);
        assert_eq!((svg.matches("<polyline").count(), svg.matches("class=\"limit\"").count()), (2, 1));
        assert!(svg.contains("a &lt;title&gt;") && svg.contains("2.0 s"));
        assert!(chart.svg(NARROW).contains("viewBox=\"0 0 310 "));
        assert_eq!(Chart { series: Vec::new(), ..chart }.svg(WIDE), "");
    }

    #[test]
    fn a_path_is_boxes_with_edges_between() {
        let svg = path(&[(String::new(), "Root".into()), (".by[\"<key>\"]".into(), "Leaf".into())], WIDE);
        assert_eq!((svg.matches("<rect").count(), svg.matches("<line").count()), (2, 1));
        assert!(svg.contains("&lt;key&gt;"));
        assert_eq!((cut("abcdef", 4), escape("a&\"")), ("abc…".into(), "a&amp;&quot;".into()));
    }
}
