//! The figures as a picture: a panel for each unit, a bar for each median, a line to the 99th percentile.

use std::fmt::Write as _;

use super::figures::{Figure, Figures};

const NAMES: f64 = 220.0;
const BARS: f64 = 520.0;
const VALUES: f64 = 160.0;
const ROW: f64 = 22.0;
const HEAD: f64 = 34.0;

/// Units, and what a panel of them is called.
const PANELS: [(&str, &str); 3] =
    [("ms", "milliseconds"), ("us", "microseconds"), ("1/s", "per second: more is better")];

/// An SVG document; names are identifiers, so nothing in it has to be escaped.
pub fn svg(figures: &Figures) -> String {
    let (mut body, mut y) = (String::new(), 8.0);
    for (unit, title) in PANELS {
        let rows: Vec<(&String, &Figure)> = figures.all().filter(|(_, figure)| figure.unit == unit).collect();
        if rows.is_empty() {
            continue;
        }
        let widest = rows.iter().map(|(_, figure)| figure.median.max(figure.p99)).fold(f64::MIN_POSITIVE, f64::max);
        let _infallible = writeln!(body, r#"<text x="8" y="{:.0}" class="title">{title}</text>"#, y + 18.0);
        y += HEAD;
        for (name, figure) in rows {
            body += &row(name, figure, BARS / widest, y);
            y += ROW;
        }
        y += ROW / 2.0;
    }
    let width = NAMES + BARS + VALUES;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{y:.0}\" viewBox=\"0 0 {width:.0} {y:.0}\" \
         role=\"img\" aria-label=\"optimus bench\">\n<style>text {{ font: 12px sans-serif; fill: #222 }} .title {{ \
         font-weight: bold }} .bar {{ fill: #4c78a8 }} .p99 {{ stroke: #e45756; stroke-width: 2 }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

fn row(name: &str, figure: &Figure, scale: f64, y: f64) -> String {
    let Figure { median, p99, .. } = figure;
    let (bar, end, text) = (NAMES + median * scale, NAMES + p99 * scale, y + 12.0);
    let (from, to, middle) = (bar.min(end), bar.max(end), y + 8.0);
    format!(
        "<text x=\"8\" y=\"{text:.1}\">{name}</text><rect class=\"bar\" x=\"{NAMES:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
         height=\"16\"/><line class=\"p99\" x1=\"{from:.1}\" y1=\"{middle:.1}\" x2=\"{to:.1}\" y2=\"{middle:.1}\"/>\
         <text x=\"{:.1}\" y=\"{text:.1}\">{median:.3}, p99 {p99:.3}</text>\n",
        (median * scale).max(1.0),
        to + 8.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_figure_in_the_panel_of_its_unit() {
        let mut figures = Figures::default();
        figures.put("half_ms".to_owned(), Figure { median: 1.0, p99: 1.0, unit: "ms" });
        figures.put("whole_ms".to_owned(), Figure { median: 2.0, p99: 2.0, unit: "ms" });
        figures.put("jobs_per_s_x".to_owned(), Figure { median: 500.0, p99: 250.0, unit: "1/s" });
        let svg = svg(&figures);
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
        let of = |name: &str| svg.lines().find(|line| line.contains(&format!(">{name}<"))).unwrap();
        assert!(of("half_ms").contains("width=\"260.0\""), "{svg}");
        assert!(of("whole_ms").contains("width=\"520.0\""), "{svg}");
        // The lower percentile of a rate is left of the bar's end.
        assert!(of("jobs_per_s_x").contains("width=\"520.0\"") && of("jobs_per_s_x").contains("x1=\"480.0\""), "{svg}");
        assert_eq!(svg.matches("class=\"title\"").count(), 2, "a unit without figures has no panel");
    }
}
