//! What `./dev bench` writes: figures with their aims, one file per subject.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

/// A quantity that was measured several times.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// In which unit.
    pub unit: String,
    /// The middle value.
    pub median: f64,
    /// 5 % of the values are smaller.
    pub p5: f64,
    /// 5 % of the values are greater.
    pub p95: f64,
    /// What was aimed at, in words; empty where there is no aim.
    pub aim: String,
    /// Whether the aim was reached; `None` where there is none.
    pub held: Option<bool>,
}

impl Figure {
    /// Of these values, which must not be empty; without an aim.
    pub fn of(name: &str, unit: &str, values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let index = (sorted.len().saturating_sub(1)) as f64 * part;
            sorted.get(index.round() as usize).copied().unwrap_or(f64::NAN)
        };
        let (name, unit) = (name.to_owned(), unit.to_owned());
        Self {
            name,
            unit,
            median: at(0.5),
            p5: at(0.05),
            p95: at(0.95),
            aim: String::new(),
            held: None,
        }
    }

    /// With an upper limit for the median, and one for the 95th percentile where there is one.
    pub fn aim(mut self, median: f64, p95: Option<f64>) -> Self {
        self.aim = match p95 {
            Some(p95) => format!("median ≤ {median}, p95 ≤ {p95}"),
            None => format!("median ≤ {median}"),
        };
        self.held = Some(self.median <= median && p95.is_none_or(|limit| self.p95 <= limit));
        self
    }
}

/// The figures of one subject.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// In the order of measuring.
    pub figures: Vec<Figure>,
}

impl Figures {
    /// A table for people.
    pub fn table(&self) -> String {
        let width = self
            .figures
            .iter()
            .map(|f| f.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut table = format!(
            "{:width$}  {:>9}  {:>9}  {:>9}  {:5}\n",
            "", "median", "p5", "p95", "unit"
        );
        for f in &self.figures {
            let held = match f.held {
                Some(true) => format!("ok ({})", f.aim),
                Some(false) => format!("MISSED ({})", f.aim),
                None => String::new(),
            };
            let row = format!(
                "{:width$}  {:9.4}  {:9.4}  {:9.4}  {:5}  {held}",
                f.name, f.median, f.p5, f.p95, f.unit
            );
            table.push_str(row.trim_end());
            table.push('\n');
        }
        table
    }

    /// Writes them to a JSON file; its folder is made.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_knows_whether_its_aim_was_held() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        let figure = Figure::of("a", "s", &values);
        assert!((figure.p5 - 6.0).abs() < 1.1 && (figure.p95 - 95.0).abs() < 1.1);
        assert_eq!(figure.clone().aim(60.0, Some(99.0)).held, Some(true));
        assert_eq!(figure.clone().aim(60.0, Some(90.0)).held, Some(false));
        assert_eq!(figure.held, None);
    }
}
