//! Charts as inline SVG, coloured by the page's style sheet.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 628.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 192.0;

/// A line of a chart.
pub struct Series<'a> {
    /// What it shows.
    pub name: &'a str,
    /// Seconds, and values.
    pub points: Vec<(f64, f64)>,
}

/// What a chart shows.
pub struct Chart<'a> {
    pub title: &'static str,
    pub series: Vec<Series<'a>>,
    /// Times of collections.
    pub marks: Vec<f64>,
    /// A line that is not to be passed.
    pub limit: Option<f64>,
    /// How values are shown.
    pub show: fn(f64) -> String,
}

impl Chart<'_> {
    /// The picture; empty where there is nothing to show.
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        if points().count() < 2 {
            return String::new();
        }
        let end = points().map(|&(x, _)| x).fold(0.0, f64::max).max(1e-9);
        let most = points().map(|&(_, y)| y).chain(self.limit).fold(0.0, f64::max).max(4.0) * 1.05;
        let x = |value: f64| LEFT + (RIGHT - LEFT) * value / end;
        let y = |value: f64| BOTTOM - (BOTTOM - TOP) * value / most;
        let mut out = String::new();
        let _ =
            write!(out, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escape(self.title));
        for part in 0..=4 {
            let value = most * f64::from(part) / 4.0;
            let at = y(value);
            let _ = write!(out, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
            let _ = write!(out, "<text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">", LEFT - 6.0, at + 4.0);
            let _ = write!(out, "{}</text>", escape(&(self.show)(value)));
        }
        for mark in &self.marks {
            let at = x(mark.min(end));
            let _ = write!(
                out,
                "<line class=\"mark\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{}\" y2=\"{BOTTOM}\"/>",
                BOTTOM - 8.0
            );
        }
        if let Some(limit) = self.limit {
            let at = y(limit);
            let _ = write!(out, "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        }
        for (number, series) in self.series.iter().enumerate() {
            let place = |&(at, value): &(f64, f64)| format!("{:.1},{:.1}", x(at), y(value));
            let line: Vec<String> = series.points.iter().map(place).collect();
            let _ = write!(out, "<polyline class=\"line l{number}\" points=\"{}\"/>", line.join(" "));
            let label = LEFT + 150.0 * number as f64;
            let _ = write!(out, "<rect class=\"key k{number}\" x=\"{label}\" y=\"8\" width=\"12\" height=\"4\"/>");
            let _ = write!(out, "<text class=\"tick\" x=\"{}\" y=\"14\">{}</text>", label + 18.0, escape(series.name));
        }
        let _ = write!(out, "<text class=\"tick\" x=\"{LEFT}\" y=\"212\">0</text>");
        let _ = write!(
            out,
            "<text class=\"tick\" x=\"{RIGHT}\" y=\"212\" text-anchor=\"end\">{}</text></svg>",
            seconds(end)
        );
        out
    }
}

/// A path as boxes, one below the other.
pub fn path(steps: &[(String, String)]) -> String {
    const STEP: f64 = 62.0;
    let height = STEP * steps.len() as f64 + 6.0;
    let mut out = String::new();
    let _ = write!(out, "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"the path to a root\">");
    for (number, (edge, object)) in steps.iter().enumerate() {
        let top = STEP * number as f64 + 3.0;
        if number > 0 {
            let _ = write!(out, "<line class=\"arrow\" x1=\"80\" x2=\"80\" y1=\"{}\" y2=\"{top}\"/>", top - 26.0);
            let _ = write!(out, "<path class=\"head\" d=\"M76 {0} L84 {0} L80 {1} Z\"/>", top - 7.0, top);
            let _ = write!(out, "<text class=\"tick\" x=\"94\" y=\"{}\">{}</text>", top - 9.0, escape(&cut(edge, 70)));
        }
        let class = if number == 0 { "box root" } else { "box" };
        let _ = write!(out, "<rect class=\"{class}\" x=\"8\" y=\"{top}\" width=\"420\" height=\"36\" rx=\"6\"/>");
        let _ = write!(out, "<text class=\"label\" x=\"20\" y=\"{}\">{}</text>", top + 23.0, escape(&cut(object, 52)));
    }
    out + "</svg>"
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// A time for an axis.
fn seconds(value: f64) -> String {
    match value {
        value if value < 0.01 => format!("{:.0} µs", value * 1e6),
        value if value < 1.0 => format!("{:.0} ms", value * 1e3),
        value => format!("{value:.1} s"),
    }
}

/// Text within markup.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Chart, Series, cut, escape, path};

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
        let svg = chart.svg();
        assert_eq!((svg.matches("<polyline").count(), svg.matches("class=\"limit\"").count()), (2, 1));
        assert!(svg.contains("a &lt;title&gt;") && svg.contains("2.0 s"));
        assert_eq!(Chart { series: Vec::new(), ..chart }.svg(), "");
    }

    #[test]
    fn a_path_is_boxes_with_edges_between() {
        let svg = path(&[(String::new(), "Root".into()), (".by[\"<key>\"]".into(), "Leaf".into())]);
        assert_eq!((svg.matches("<rect").count(), svg.matches("<line").count()), (2, 1));
        assert!(svg.contains("&lt;key&gt;"));
        assert_eq!((cut("abcdef", 4), escape("a&\"")), ("abc…".into(), "a&amp;&quot;".into()));
    }
}
