//! Rankings: a line each, or a table with bars on a colour terminal.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::super::bars::{bar_of, cut};
use super::super::units;
use super::extras::extras;
use super::{BAD, BAR, DIM, MIN_KEY, Page, TITLE};
use crate::report::{Block, Ranking, Report};

/// The widths of the columns of a table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Columns {
    keys: usize,
    bar: usize,
    digits: usize,
}

impl Page<'_> {
    /// One line: `sections  9 unique: /api 812 (63%)  /img 301 (23%)  other 73`.
    pub(super) fn list(&mut self, ranking: &Ranking) {
        let mut line = String::new();
        if ranking.unique > ranking.rows.len() as u64 {
            write!(line, "{}: ", unique(ranking)).expect("a string takes every write");
        }
        let mut items: Vec<String> = Vec::new();
        for row in &ranking.rows {
            let hits = row.count.hits;
            items.push(format!(
                "{} {hits} ({})",
                self.key(&row.key),
                units::percent(hits, ranking.hits)
            ));
        }
        if ranking.other() > 0 {
            items.push(format!("other {}", ranking.other()));
        }
        if ranking.error > 0 && ranking.rows.is_empty() {
            items.push(format!("none above {}", ranking.error));
        } else if ranking.error > 0 {
            items.push(format!("each up to {} more", ranking.error));
        }
        line.push_str(&items.join("  "));
        self.row(ranking.dimension.title, &line);
    }

    /// Keys with their hits, and what is not listed in a row of its own.
    pub(super) fn rows(&self, ranking: &Ranking) -> Vec<(String, u64)> {
        let mut rows: Vec<(String, u64)> = Vec::new();
        for row in &ranking.rows {
            rows.push((self.key(&row.key), row.count.hits));
        }
        if ranking.other() > 0 {
            let more = ranking.unique.saturating_sub(ranking.rows.len() as u64);
            let about = if ranking.unique_error > 0 {
                "about "
            } else {
                ""
            };
            rows.push((format!("{about}{more} other"), ranking.other()));
        }
        rows
    }

    /// The columns that all tables of a report share, so that their bars begin in one place.
    pub(super) fn columns(&self, report: &Report) -> Columns {
        let rankings = report.blocks.iter().filter_map(|block| match block {
            Block::Ranking(ranking) if !ranking.rows.is_empty() => Some(self.rows(ranking)),
            _ => None,
        });
        let rows: Vec<(String, u64)> = rankings.flatten().collect();
        let digits = rows
            .iter()
            .map(|row| row.1.to_string().len())
            .max()
            .unwrap_or(1);
        // Title, key, bar, hits, share: " 100%". The bar takes a quarter, the key what is left.
        // Where too little is left for a key the bar is shorter.
        let left = self.look.width.saturating_sub(TITLE + digits + 7);
        let bar = (self.look.width / 4)
            .clamp(8, 40)
            .min(left.saturating_sub(MIN_KEY));
        let room = (left - bar).max(MIN_KEY);
        let keys = rows
            .iter()
            .map(|row| row.0.width())
            .max()
            .unwrap_or(0)
            .min(room);
        Columns { keys, bar, digits }
    }

    /// A line per key, with a bar, and one for the others, which tells how many they are.
    pub(super) fn table(&mut self, ranking: &Ranking) {
        let rows = self.rows(ranking);
        let listed = ranking.rows.len();
        let Columns { keys, bar, digits } = self.columns;
        let most = rows[..listed]
            .iter()
            .map(|row| row.1)
            .max()
            .unwrap_or(1)
            .max(1);
        let room = self
            .look
            .width
            .saturating_sub(TITLE + keys + bar + digits + 7);
        let extras = extras(ranking, room);
        let mut title = ranking.dimension.title;
        for (i, (key, hits)) in rows.iter().enumerate() {
            let key = cut(key, keys, self.look.ascii);
            let pad = " ".repeat(keys - key.width());
            let (key, line) = if i < listed {
                (key, bar_of(*hits, most, bar, self.look.ascii))
            } else {
                (self.paint(DIM, &key), " ".repeat(bar))
            };
            let line = self.paint(BAR, &line);
            let share = units::percent(*hits, ranking.hits);
            let mut text = format!("{key}{pad} {line} {hits:>digits$} {share:>4}");
            if let Some(extras) = extras.get(i) {
                text.push_str(&extras.columns);
                text.push_str(&self.paint(BAD, &extras.errors));
            }
            self.row(title, &text);
            title = "";
        }
        if ranking.error > 0 {
            self.row("", &format!("each up to {} more", ranking.error));
        }
        if ranking.p95_error > 0.0 {
            let percent = ranking.p95_error * 100.0;
            self.row("", &format!("p95 up to {percent:.1}% off"));
        }
    }
}

/// `9 unique`, `about 1200000 unique (±0.8%)`.
fn unique(ranking: &Ranking) -> String {
    match ranking.unique_error {
        0 => format!("{} unique", ranking.unique),
        error => format!("about {} unique (+-{error})", ranking.unique),
    }
}
