//! Rankings: a line each, or a table with bars on a colour terminal.

use unicode_width::UnicodeWidthStr;

use super::super::bars::{cut, push_bar};
use super::super::{digits, escape, units};
use super::extras::extras;
use super::{BAD, BAR, DIM, MIN_KEY, PLAIN, Page, TITLE};
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
        self.title(ranking.dimension.title);
        if ranking.unique > ranking.rows.len() as u64 {
            self.unique(ranking);
            self.raw(": ");
        }
        let mut gap = "";
        for row in &ranking.rows {
            self.raw(gap);
            self.key(&row.key);
            self.raw(" ");
            self.number(row.count.hits);
            self.raw(" (");
            units::push_percent(row.count.hits, ranking.hits, self.out);
            self.raw(")");
            gap = "  ";
        }
        if ranking.other() > 0 {
            self.raw(gap);
            self.raw("other ");
            self.number(ranking.other());
            gap = "  ";
        }
        if ranking.error > 0 {
            self.raw(gap);
            if ranking.rows.is_empty() {
                self.write(format_args!("none above {}", ranking.error));
            } else {
                self.write(format_args!("each up to {} more", ranking.error));
            }
        }
        self.raw("\n");
    }

    /// `9 unique`, `about 1200000 unique (+-9600)`.
    fn unique(&mut self, ranking: &Ranking) {
        if ranking.unique_error > 0 {
            self.raw("about ");
        }
        self.number(ranking.unique);
        self.raw(" unique");
        if ranking.unique_error > 0 {
            self.write(format_args!(" (+-{})", ranking.unique_error));
        }
    }

    /// The columns that a key takes.
    fn width_of(&self, key: &[u8]) -> usize {
        if escape::is_plain(key) {
            key.len()
        } else {
            escape::terminal(key, self.look.ascii).width()
        }
    }

    /// The columns that all tables of a report share, so that their bars begin in one place.
    pub(super) fn columns(&self, report: &Report) -> Columns {
        let (mut keys, mut most) = (0, 0);
        for block in &report.blocks {
            let Block::Ranking(ranking) = block else {
                continue;
            };
            for row in &ranking.rows {
                keys = self.width_of(&row.key).max(keys);
                most = row.count.hits.max(most);
            }
            if ranking.other() > 0 && !ranking.rows.is_empty() {
                keys = others(ranking).len().max(keys);
                most = ranking.other().max(most);
            }
        }
        let digits = most.checked_ilog10().unwrap_or(0) as usize + 1;
        // Title, key, bar, hits, share: " 100%". The bar takes a quarter, the key what is left.
        // Where too little is left for a key the bar is shorter.
        let left = self.look.width.saturating_sub(TITLE + digits + 7);
        let bar = (self.look.width / 4)
            .clamp(8, 40)
            .min(left.saturating_sub(MIN_KEY));
        let room = (left - bar).max(MIN_KEY);
        Columns {
            keys: keys.min(room),
            bar,
            digits,
        }
    }

    /// A line per key, with a bar, and one for the others, which tells how many they are.
    pub(super) fn table(&mut self, ranking: &Ranking) {
        let Columns { keys, bar, digits } = self.columns;
        let ascii = self.look.ascii;
        let most = ranking.rows.iter().map(|row| row.count.hits).max();
        let room = self
            .look
            .width
            .saturating_sub(TITLE + keys + bar + digits + 7);
        let mut title = ranking.dimension.title;
        for (row, extras) in ranking.rows.iter().zip(extras(ranking, room)) {
            self.title(title);
            self.cell(PLAIN, &row.key);
            self.paint(BAR, |page| {
                push_bar(row.count.hits, most.unwrap_or(0), bar, ascii, page.out);
            });
            self.hits(row.count.hits, ranking);
            self.raw(&extras.columns);
            self.paint(BAD, |page| page.raw(&extras.errors));
            self.raw("\n");
            title = "";
        }
        if ranking.other() > 0 {
            self.title(title);
            self.cell(DIM, others(ranking).as_bytes());
            self.paint(BAR, |page| page.blanks(bar));
            self.hits(ranking.other(), ranking);
            self.raw("\n");
        }
        if ranking.error > 0 {
            self.row("", |page| {
                page.write(format_args!("each up to {} more", ranking.error));
            });
        }
        if ranking.p95_error > 0.0 {
            let percent = ranking.p95_error * 100.0;
            self.row("", |page| {
                page.write(format_args!("p95 up to {percent:.1}% off"));
            });
        }
    }

    /// A key, cut or filled up to where the bars begin.
    fn cell(&mut self, style: &str, key: &[u8]) {
        let keys = self.columns.keys;
        let mut width = self.width_of(key);
        if width <= keys {
            self.paint(style, |page| page.key(key));
        } else {
            let ascii = self.look.ascii;
            let key = cut(&escape::terminal(key, ascii), keys, ascii);
            self.paint(style, |page| page.raw(&key));
            width = key.width();
        }
        self.blanks(keys - width + 1);
    }

    /// Hits and their share, at the right of their columns.
    fn hits(&mut self, hits: u64, ranking: &Ranking) {
        self.raw(" ");
        self.right(self.columns.digits, |out| digits::whole(hits, out));
        self.raw(" ");
        self.right(4, |out| units::push_percent(hits, ranking.hits, out));
    }

    fn right(&mut self, width: usize, number: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        number(self.out);
        let missing = width.saturating_sub(self.out.len() - start);
        self.blanks(missing);
        self.out[start..].rotate_right(missing);
    }
}

/// What stands for the keys that are not listed: `70 other`, `about 70 other`.
fn others(ranking: &Ranking) -> String {
    let about = if ranking.unique_error > 0 {
        "about "
    } else {
        ""
    };
    let more = ranking.unique.saturating_sub(ranking.rows.len() as u64);
    format!("{about}{more} other")
}
