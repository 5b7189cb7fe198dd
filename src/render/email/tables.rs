//! The tables of a mail: a bar stands beside the name of a class, and below a key, so that its numbers have
//! room on a phone too.

use super::super::digest::{self, grouped, titled};
use super::super::{escape, units};
use super::Page;
use super::cells::{BAD, HITS, LINE, SOFT, TEXT, bar, color_of, head, number};
use crate::report::Ranking;

impl Page<'_> {
    /// The parts of a whole.
    pub(super) fn group(&mut self, key: &str, items: &[(&'static str, u64)]) {
        let whole: u64 = items.iter().map(|item| item.1).sum();
        if whole == 0 {
            return;
        }
        self.title(&titled(key), "");
        self.open();
        for (name, hits) in items.iter().filter(|item| item.1 > 0) {
            self.part(name, *hits, whole);
        }
        self.close();
    }

    /// The keys of a dimension.
    pub(super) fn ranking(&mut self, ranking: &Ranking) {
        let about = units::about(ranking.unique_error);
        let all = format!("{about}{} in all", grouped(ranking.unique));
        self.title(&titled(ranking.dimension.title), &all);
        let names = ["", "Hits", "Share", "5xx", "p95", "Bytes"];
        let names = names.iter().filter(|&&name| name != "p95" || self.timed);
        let heads: Vec<String> = names.map(|name| head(name, !name.is_empty())).collect();
        self.open();
        self.put(format_args!("<tr>{}</tr>", heads.concat()));
        let most = ranking.rows.first().map_or(1, |row| row.count.hits);
        for row in &ranking.rows {
            let count = row.count;
            let key = escape::html(&escape::shown(&row.key));
            let bar = bar(&[(count.hits, HITS)], most);
            let mut cells = vec![
                number(&grouped(count.hits), TEXT, true),
                number(&percent(count.hits, ranking.hits), SOFT, true),
                match count.errors {
                    0 => number("", SOFT, true),
                    failed => number(&grouped(failed), BAD, true),
                },
            ];
            if self.timed {
                let slow = row.p95_ms.map_or(String::new(), units::milliseconds);
                cells.push(number(&slow, TEXT, true));
            }
            cells.push(number(&units::bytes(count.bytes), SOFT, true));
            self.keyed(&format!("{key}{bar}"), &cells.concat());
        }
        if ranking.other() > 0 {
            let more = ranking.unlisted();
            let name = format!(
                "<span style=\"color:{SOFT}\">{about}{} other</span>",
                grouped(more)
            );
            let mut cells = vec![
                number(&grouped(ranking.other()), TEXT, true),
                number(&percent(ranking.other(), ranking.hits), SOFT, true),
            ];
            cells.resize(heads.len() - 1, number("", SOFT, true));
            self.keyed(&name, &cells.concat());
        }
        self.close();
        for error in digest::errors(ranking) {
            self.put(format_args!("<div style=\"color:{SOFT}\">{error}</div>"));
        }
    }

    /// A key with its bar below it (both as HTML), and the cells of its numbers.
    fn keyed(&mut self, key: &str, numbers: &str) {
        self.put(format_args!(
            "<tr><td width=\"100%\" valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE};word-break:break-word\">{key}</td>{numbers}</tr>"
        ));
    }

    /// A part of a whole, with a bar.
    fn part(&mut self, name: &str, hits: u64, whole: u64) {
        let bar = bar(&[(hits, color_of(name))], whole);
        self.put(format_args!(
            "<tr><td width=\"50%\" valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE}\">{name}</td>\
             <td width=\"30%\" valign=\"top\" style=\"padding:9px 0 0;border-top:1px solid {LINE}\">{bar}</td>{}{}</tr>",
            number(&grouped(hits), TEXT, true),
            number(&percent(hits, whole), SOFT, true),
        ));
    }
}

fn percent(part: u64, whole: u64) -> String {
    escape::html(&units::percent(part, whole))
}
