//! The dimensions to choose from, and rankings side by side: a key, its hits, its share, also as a bar, its errors,
//! the duration of its requests if that is known for the time shown, and its bytes.

use super::super::bars::{cut, push_bar};
use super::super::text::{BAD, BAR, BOLD, DIM, PLAIN};
use super::super::units;
use super::layout::ScreenLayout;
use super::line::ScreenLine;
use super::view::{View, is_expression};
use super::{CHOSEN, FrameWriter};
use crate::report::Ranking;
use crate::snapshot::Snapshot;

/// Columns between two rankings.
const GAP: usize = 3;
/// The columns of the share of 5xx, and of bytes.
const FAILED: usize = 4;
const BYTES: usize = 9;
/// The columns before the hits, before the share, of the share, and before the bar.
const BEFORE: usize = 1 + 1 + 4 + 1;
/// A bar is not made shorter than this to make room for durations.
const BAR_LEAST: usize = 6;

/// The columns of a ranking.
#[derive(Clone, Copy)]
struct RankingColumns {
    keys: usize,
    digits: usize,
    bar: usize,
    /// 0 if no duration is known, or if there is no room.
    slow: usize,
}

impl FrameWriter<'_> {
    /// Every dimension that has a key, with the chosen one marked, and the filter.
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
            if view.typing && is_expression(&view.filter) {
                line.put(DIM, "  enter: only what matches");
            } else if let Some((keys, hits)) = seen.matched {
                line.put(DIM, &format!("  {keys} match, {hits} hits"));
            }
        }
        self.end(line);
    }

    /// The rankings, side by side.
    pub(super) fn rankings(&mut self, seen: &Snapshot, view: &View, layout: &ScreenLayout) {
        let panels = layout.panels.min(seen.rankings.len()).max(1);
        let width = (layout.width - (panels - 1) * GAP) / panels;
        let shown = |place: usize| if place == 0 { view.row } else { 0 };
        let chosen = |place: usize, row: usize| place == 0 && view.chosen == Some(row);
        let columns = seen.rankings.iter();
        let columns: Vec<RankingColumns> = columns
            .map(|ranking| self.columns(ranking, width, layout.roomy))
            .collect();
        if layout.roomy {
            let mut line = self.line();
            for (place, ranking) in seen.rankings.iter().enumerate() {
                line.to(place * (width + GAP));
                line.append(self.heading(ranking, columns[place], width));
            }
            self.end(line);
        }
        for row in 0..layout.rows {
            let mut line = self.line();
            for (place, ranking) in seen.rankings.iter().enumerate() {
                line.to(place * (width + GAP));
                let row = shown(place) + row;
                line.append(self.ranked(ranking, row, chosen(place, row), columns[place], width));
            }
            self.end(line);
        }
    }

    fn heading(&self, ranking: &Ranking, columns: RankingColumns, width: usize) -> ScreenLine {
        let mut names = format!("{:>FAILED$}", "5xx");
        if columns.slow > 0 {
            names = format!("{names}  {:>1$}", "p95", columns.slow);
        }
        names = format!("{names} {:>BYTES$}", "bytes");
        let mut about = format!("  {} unique", ranking.unique);
        if ranking.unique_error > 0 {
            about = format!("  about {} unique", ranking.unique);
        }
        if ranking.error > 0 {
            about = format!("{about}, each up to {} more", ranking.error);
        }
        if columns.slow > 0 && ranking.p95_error > 0.0 {
            let percent = ranking.p95_error * 100.0;
            about = format!("{about}, p95 +-{percent:.1}%");
        }
        let mut line = self.line_of(width);
        line.put(BOLD, &format!(" {}", ranking.dimension.title));
        let room = line.left().saturating_sub(names.len() + 1);
        line.put(DIM, &cut(&about, room, self.look.ascii));
        line.right(DIM, &names);
        line
    }

    /// The column of keys is as wide as the widest key, but less than half. There are no durations without a heading
    /// above them.
    fn columns(&self, ranking: &Ranking, width: usize, named: bool) -> RankingColumns {
        let rows = ranking.rows.iter();
        let widest = rows.clone().map(|row| self.columns_of(&row.key)).max();
        let keys = widest.unwrap_or(0).clamp(12, width * 9 / 20);
        let most = ranking.most();
        let digits = most.to_string().len().max(4);
        let bar = width.saturating_sub(1 + keys + digits + BEFORE + 1 + FAILED + 1 + BYTES);
        let slow = rows.filter_map(|row| row.p95_ms);
        let slow = slow.map(|ms| units::milliseconds(ms).len()).max();
        match slow {
            Some(slow) if named && bar >= BAR_LEAST + 2 + slow => RankingColumns {
                keys,
                digits,
                bar: bar - 2 - slow,
                slow,
            },
            _ => RankingColumns {
                keys,
                digits,
                bar,
                slow: 0,
            },
        }
    }

    fn ranked(
        &self,
        ranking: &Ranking,
        at: usize,
        chosen: bool,
        columns: RankingColumns,
        width: usize,
    ) -> ScreenLine {
        let mut line = self.line_of(width);
        let Some(row) = ranking.rows.get(at) else {
            return line;
        };
        let RankingColumns {
            keys,
            digits,
            bar,
            slow,
        } = columns;
        let most = ranking.most();
        let (mark, style) = if chosen { (">", CHOSEN) } else { (" ", PLAIN) };
        line.put(style, mark);
        line.key(style, &row.key, keys);
        line.to(1 + keys + 1);
        let share = percent(row.count.hits, ranking.hits);
        line.put(PLAIN, &format!("{:>digits$} {share:>4} ", row.count.hits));
        let mut out = Vec::new();
        push_bar(row.count.hits, most, bar, self.look.ascii, &mut out);
        line.push(BAR, &String::from_utf8_lossy(&out), bar);
        let failed = match row.count.errors {
            0 => String::new(),
            errors => percent(errors, row.count.hits),
        };
        line.put(BAD, &format!(" {failed:>FAILED$}"));
        if slow > 0 {
            let ms = row.p95_ms.map_or(String::new(), units::milliseconds);
            line.put(PLAIN, &format!("  {ms:>slow$}"));
        }
        let bytes = units::bytes(row.count.bytes);
        line.put(DIM, &format!(" {bytes:>BYTES$}"));
        line
    }
}

pub(super) fn percent(part: u64, whole: u64) -> String {
    let mut out = Vec::new();
    units::push_percent(part, whole, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::FrameWriter;
    use super::*;
    use crate::quantity::{Count, KeyKind};
    use crate::render::text::Look;
    use crate::report::Row;
    use crate::time::Zone;
    use unicode_width::UnicodeWidthStr;

    /// The heading and the rows of a ranking.
    fn lines(ranking: &Ranking, width: usize, named: bool) -> Vec<String> {
        let look = Look {
            rich: false,
            color: false,
            width,
            ascii: false,
        };
        let page = FrameWriter {
            look,
            zone: &Zone::UTC,
            width,
            lines: Vec::new(),
        };
        let columns = page.columns(ranking, width, named);
        let rows =
            (0..ranking.rows.len()).map(|at| page.ranked(ranking, at, false, columns, width));
        let lines = std::iter::once(page.heading(ranking, columns, width)).chain(rows);
        let text = |line: ScreenLine| String::from_utf8(line.finish()).expect("a line is UTF-8");
        lines.map(text).collect()
    }

    fn ranking(key: &str, hits: u64, p95_ms: Option<f64>) -> Ranking {
        let count = Count {
            hits,
            errors: hits / 2,
            bytes: 999_900_000,
            client_errors: 0,
        };
        let row = |p95_ms| Row {
            key: key.as_bytes().into(),
            count,
            p95_ms,
            mean_ms: None,
            seen: None,
        };
        let paths = KeyKind {
            name: "path",
            title: "paths",
        };
        Ranking {
            p95_error: 0.016,
            ..Ranking::new(paths, vec![row(p95_ms), row(None)], 2 * hits, 1234, 5, 9)
        }
    }

    #[test]
    fn durations_are_shown_with_their_error_where_there_is_room() {
        let shown = lines(&ranking("/a", 100, Some(310.2)), 80, true);
        assert_eq!(
            shown,
            [
                " paths  about 1234 unique, each up to 9 more, p95 +-1.6%   5xx     p95     bytes",
                " /a            100  50% █████████████████████████████████  50%  310 ms  999.9 MB",
                " /a            100  50% █████████████████████████████████  50%          999.9 MB",
            ]
        );
        for (key, named) in [("/a", false), (&"k".repeat(99)[..], true)] {
            let shown = lines(&ranking(key, 100, Some(310.2)), 58, named);
            assert!(!shown.concat().contains("p95"), "{shown:?}");
            assert!(!shown.concat().contains("310 ms"), "{shown:?}");
        }
    }

    #[test]
    fn no_line_is_wider_than_its_place() {
        for width in 50..=250 {
            for hits in [1, 9_999_999, u64::MAX / 4] {
                for key in ["", "/a", &"\u{65e5}".repeat(99)] {
                    for ms in [None, Some(0.25), Some(1e12)] {
                        for line in lines(&ranking(key, hits, ms), width, true) {
                            assert!(line.width() <= width, "{width}: {line:?}");
                        }
                    }
                }
            }
        }
    }
}
