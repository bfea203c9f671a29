//! Numbers, and what is said of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::meaning::meaning;

/// A measured quantity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Half of the measurements are below.
    pub median: f64,
    /// 99 of 100 are below; for rates, 1 of 100.
    pub p99: f64,
    /// `ms`, `us`, `1/s`.
    pub unit: &'static str,
}

impl Figure {
    /// So many of what was measured.
    pub(super) fn times(self, factor: f64) -> Self {
        Self { median: self.median * factor, p99: self.p99 * factor, ..self }
    }
}

/// Figures by name.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Figures(BTreeMap<String, Figure>);

impl Figures {
    /// Adds one.
    pub fn put(&mut self, name: String, figure: Figure) {
        self.0.insert(name, figure);
    }

    /// By name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Figure)> {
        self.0.iter()
    }

    /// A table for people, each row with what it measures.
    pub fn table(&self) -> String {
        let width = self.0.keys().map(String::len).max().unwrap_or(0);
        let head = format!("{:<width$}  {:>10}  {:>10}\n", "", "median", "p99");
        let line = |(name, figure): (&String, &Figure)| {
            let Figure { median, p99, unit } = figure;
            let row = format!("{name:<width$}  {median:>10.3}  {p99:>10.3}  {unit:<3}  {}", meaning(name));
            row.trim_end().to_owned() + "\n"
        };
        let rows: String = self.0.iter().map(line).collect();
        format!("{head}{rows}p99: 99 of 100 measurements are below; of rates (1/s), 99 of 100 are above\n")
    }
}

/// Durations of the same thing, again and again.
#[derive(Debug, Default)]
pub(super) struct Series(Vec<f64>);

impl Series {
    pub(super) fn add(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn milliseconds(self) -> Figure {
        self.figure(1e3, "ms")
    }

    pub(super) fn microseconds(self) -> Figure {
        self.figure(1e6, "us")
    }

    fn figure(mut self, scale: f64, unit: &'static str) -> Figure {
        self.0.sort_by(f64::total_cmp);
        Figure { median: quantile(&self.0, 0.5) * scale, p99: quantile(&self.0, 0.99) * scale, unit }
    }
}

/// Counts per second, one for each slice of time.
pub(super) fn rate(mut slices: Vec<f64>) -> Figure {
    slices.sort_by(f64::total_cmp);
    Figure { median: quantile(&slices, 0.5), p99: quantile(&slices, 0.01), unit: "1/s" }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index between 0 and the length"
)]
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * q).round() as usize).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_measurements() {
        let mut series = Series::default();
        (1..=101).rev().for_each(|ms| series.add(Duration::from_millis(ms)));
        let figure = series.milliseconds();
        assert!((figure.median - 51.0).abs() < 1e-6 && (figure.p99 - 100.0).abs() < 1e-6, "{figure:?}");
    }
}
