//! The dimensions to choose from, and rankings side by side: a key, its hits, its share as a bar, bytes, errors.

use super::super::bars::push_bar;
use super::super::text::{BAD, BAR, BOLD, DIM, PLAIN};
use super::super::units;
use super::layout::Layout;
use super::line::Line;
use super::view::View;
use super::{CHOSEN, Page};
use crate::report::Ranking;
use crate::snapshot::Snapshot;

/// Columns between two rankings.
const GAP: usize = 3;
/// Columns behind the bar: a gap, bytes, a gap, the share of 5xx.
const BEHIND: usize = 1 + 9 + 1 + 4;

impl Page<'_> {
    /// Every dimension that has a key, the chosen one marked; and the filter.
    pub(super) fn dimensions(&mut self, seen: &Snapshot, view: &View) {
        let mut line = self.line();
        for (place, (title, known)) in seen.dimensions.iter().enumerate() {
            if place == view.dimension {
                line.put(CHOSEN, &format!("[{title}]"));
            } else if *known {
                line.put(DIM, &format!(" {title} "));
            }
        }
        if view.typing || !view.filter.is_empty() {
            line.put(PLAIN, "  /");
            line.key(BOLD, view.filter.as_bytes(), usize::MAX);
            if view.typing {
                line.put(BOLD, "_");
            }
            if let Some((keys, hits)) = seen.matched {
                line.put(DIM, &format!("  {keys} match, {hits} hits"));
            }
        }
        self.end(line);
    }

    /// The rankings, side by side.
    pub(super) fn rankings(&mut self, seen: &Snapshot, view: &View, layout: &Layout) {
        let panels = layout.panels.min(seen.rankings.len()).max(1);
        let width = (layout.width - (panels - 1) * GAP) / panels;
        let shown = |place: usize| if place == 0 { view.row } else { 0 };
        let widths: Vec<usize> = seen
            .rankings
            .iter()
            .map(|ranking| self.key_columns(ranking, width))
            .collect();
        if layout.roomy {
            let mut line = self.line();
            for (place, ranking) in seen.rankings.iter().enumerate() {
                line.to(place * (width + GAP));
                line.append(self.heading(ranking, width));
            }
            self.end(line);
        }
        for row in 0..layout.rows {
            let mut line = self.line();
            for (place, ranking) in seen.rankings.iter().enumerate() {
                line.to(place * (width + GAP));
                line.append(self.ranked(ranking, shown(place) + row, widths[place], width));
            }
            self.end(line);
        }
    }

    fn heading(&self, ranking: &Ranking, width: usize) -> Line {
        let mut line = self.line_of(width);
        let about = if ranking.unique_error > 0 {
            "about "
        } else {
            ""
        };
        line.put(BOLD, &format!(" {}", ranking.dimension.title));
        line.put(DIM, &format!("  {about}{} unique", ranking.unique));
        if ranking.error > 0 {
            line.put(DIM, &format!(", each up to {} more", ranking.error));
        }
        line.right(DIM, &format!("{:>9} {:>4}", "bytes", "5xx"));
        line
    }

    /// The columns of the keys: as wide as the widest that is listed, but less than half.
    fn key_columns(&self, ranking: &Ranking, width: usize) -> usize {
        let widest = ranking
            .rows
            .iter()
            .map(|row| self.columns_of(&row.key))
            .max();
        widest.unwrap_or(0).clamp(12, width * 9 / 20)
    }

    fn ranked(&self, ranking: &Ranking, at: usize, keys: usize, width: usize) -> Line {
        let mut line = self.line_of(width);
        let Some(row) = ranking.rows.get(at) else {
            return line;
        };
        let most = ranking.rows.first().map_or(1, |row| row.count.hits);
        let digits = most.to_string().len().max(4);
        line.put(PLAIN, " ");
        line.key(PLAIN, &row.key, keys);
        line.to(1 + keys + 1);
        let share = percent(row.count.hits, ranking.hits);
        line.put(PLAIN, &format!("{:>digits$} {share:>4} ", row.count.hits));
        let bar = line.left().saturating_sub(BEHIND);
        let mut out = Vec::new();
        push_bar(row.count.hits, most, bar, self.look.ascii, &mut out);
        line.push(BAR, &String::from_utf8_lossy(&out), bar);
        line.put(DIM, &format!(" {:>9}", units::bytes(row.count.bytes)));
        if row.count.errors > 0 {
            line.put(
                BAD,
                &format!(" {:>4}", percent(row.count.errors, row.count.hits)),
            );
        }
        line
    }
}

pub(super) fn percent(part: u64, whole: u64) -> String {
    let mut out = Vec::new();
    units::push_percent(part, whole, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
