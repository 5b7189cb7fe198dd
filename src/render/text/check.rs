//! What rules would have done over a log: a table, and in words what other thresholds would do.

use unicode_width::UnicodeWidthStr;

use super::super::units;
use super::{DIM, TextWriter};
use crate::report::{Checked, CheckedRule, CheckedThreshold};
use crate::time::Span;

/// The titles of the columns. Numbers are right-aligned.
const TITLES: [&str; 7] = ["rule", "at", "fired", "in all", "longest", "flaps", "worst"];

impl TextWriter<'_> {
    pub(super) fn checked(&mut self, checked: &Checked) {
        let Some((from, to)) = checked.span else {
            return self.raw("check: no line could be read\n");
        };
        self.raw("check ");
        self.time(from);
        self.raw(" to ");
        self.time(to);
        self.raw("\n");
        let rows: Vec<[String; 7]> = checked.rules.iter().map(row).collect();
        let titles = TITLES.map(str::to_owned);
        let columns: [usize; 7] = std::array::from_fn(|column| {
            let cells = rows.iter().chain([&titles]).map(|row| row[column].width());
            cells.max().unwrap_or(0)
        });
        self.paint(DIM, |page| page.cells(&titles, &columns));
        rows.iter().for_each(|row| self.cells(row, &columns));
        for (rule, note) in &checked.notes {
            self.write(format_args!("  {rule}: {note}\n"));
        }
        let length = checked.length();
        for rule in &checked.rules {
            let proposals = rule.proposals(length);
            let written = &rule.written;
            if written.fired > 0 && !written.is_noise(length) {
                continue;
            }
            self.write(format_args!("  {}: ", rule.rule));
            self.write(format_args!(
                "{} in {} at {}",
                often(written, length),
                round(length),
                written.text
            ));
            for other in &proposals {
                self.write(format_args!("; {} at {}", often(other, length), other.text));
            }
            if proposals.is_empty() {
                self.raw(match written.fired {
                    0 => "; nor at any other that was tried",
                    _ => "; no other that was tried is of use",
                });
            }
            self.raw("\n");
        }
    }

    /// A row: what is no number on the left, all else on the right.
    fn cells(&mut self, row: &[String; 7], columns: &[usize; 7]) {
        for (column, (cell, width)) in row.iter().zip(columns).enumerate() {
            self.raw("  ");
            let missing = width.saturating_sub(cell.width());
            let left = column == 0;
            self.blanks(if left { 0 } else { missing });
            self.raw(cell);
            self.blanks(if left { missing } else { 0 });
        }
        self.raw("\n");
    }
}

fn row(rule: &CheckedRule) -> [String; 7] {
    let written = &rule.written;
    let span = |span: Span| match written.fired {
        0 => "-".to_owned(),
        _ => span.to_string(),
    };
    let worst = rule.worst.map_or("-".to_owned(), |worst| {
        units::figure(worst.value, rule.subject.unit)
    });
    [
        rule.rule.to_string(),
        written.text.clone(),
        written.fired.to_string(),
        span(written.firing),
        span(written.longest),
        written.flaps.to_string(),
        worst,
    ]
}

/// `never`, `once`, `41 times`; `firing for 97%` where that is what is wrong.
fn often(at: &CheckedThreshold, length: Span) -> String {
    if at.firing.0 * 2 > length.0 {
        let part = units::percent(at.firing.0.unsigned_abs(), length.0.unsigned_abs());
        return format!("firing {part} of the time");
    }
    match at.fired {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        times => format!("{times} times"),
    }
}

/// `15 days`, `7 hours`, `40 minutes`, `12s`.
fn round(length: Span) -> String {
    for (unit, name) in [(86_400, "days"), (3600, "hours"), (60, "minutes")] {
        if length.0 >= 2 * unit {
            return format!("{} {name}", (length.0 + unit / 2) / unit);
        }
    }
    length.to_string()
}
