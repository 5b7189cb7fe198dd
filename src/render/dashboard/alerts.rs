//! Every alert of the run: those that are firing, then the others, newest first.

use unicode_width::UnicodeWidthStr;

use super::super::bars::cut;
use super::super::text::{DIM, FIRING, GOOD, PLAIN, WARN};
use super::super::{escape, units};
use super::FrameWriter;
use super::layout::ScreenLayout;
use super::view::View;
use crate::report::Alert;
use crate::snapshot::Snapshot;
use crate::time::Span;

impl FrameWriter<'_> {
    pub(super) fn alerts(&mut self, seen: &Snapshot, view: &View, layout: &ScreenLayout) {
        let (all, firing) = seen.alerts;
        let mut line = self.line();
        line.put(PLAIN, " alerts  ");
        match (all, firing) {
            (0, _) => line.put(DIM, "none in this run"),
            (_, 0) => line.put(GOOD, "none firing"),
            _ => line.put(FIRING, &format!("{firing} firing")),
        }
        if all > 0 {
            line.put(DIM, &format!(", {all} in this run"));
        }
        if all as usize > layout.alerts {
            let first = view.alert + 1;
            let last = view.alert + seen.listed.len();
            line.right(DIM, &format!("{first}-{last} of {all}, PgUp and PgDn "));
        }
        self.end(line);
        let digits = seen
            .listed
            .iter()
            .map(|fired| fired.number)
            .max()
            .unwrap_or(0);
        let digits = digits.to_string().len();
        let lengths = seen.listed.iter().map(|fired| length_of(fired, seen).len());
        let lengths = lengths.max().unwrap_or(0);
        for row in 0..layout.alerts {
            match seen.listed.get(row) {
                Some(fired) => self.fired_row(fired, (digits, lengths), seen),
                None => {
                    let line = self.line();
                    self.end(line);
                }
            }
        }
    }

    /// `▲ 12. 11-20 09:04:00  3m12s  firing  High traffic for client 192.0.2.7  peak 14.48/s`, without the peak where it
    /// would cut what the alert is of.
    fn fired_row(&mut self, fired: &Alert, columns: (usize, usize), seen: &Snapshot) {
        let (digits, lengths) = columns;
        let fires = fired.until.is_none();
        let style = if fires { FIRING } else { PLAIN };
        let mut line = self.line();
        let mark = match (fires, self.look.ascii) {
            (true, false) => " ▲ ",
            (true, true) => " ! ",
            (false, _) => "   ",
        };
        line.push(style, mark, 3);
        line.put(DIM, &format!("{:>digits$}. ", fired.number));
        line.put(style, &self.brief(fired.since));
        line.put(style, &format!("  {:>lengths$}  ", length_of(fired, seen)));
        let any = seen.alerts.1 > 0;
        line.put(style, if fires { "firing" } else { "over" });
        line.put(PLAIN, if any && !fires { "    " } else { "  " });
        let peak = format!(
            "  {} {} ",
            fired.peak.peak_word(),
            units::figure(fired.peak.value, fired.unit)
        );
        let end = fired.why.map(|why| format!("({}) ", why.brief()));
        let end = end.unwrap_or_default();
        let mut what = fired.rule.to_string();
        if let Some(key) = &fired.key {
            let key_text = escape::terminal(&key.key, self.look.ascii);
            what = format!("{what} for {} {key_text}", key.dimension.name);
        }
        if let (None, Some(cause)) = (&fired.key, &fired.cause) {
            let key_text = escape::terminal(&cause.key, self.look.ascii);
            what = match cause.dimension.speaks_for_itself() {
                true => format!("{what} by {key_text}"),
                false => format!("{what} by {} {key_text}", cause.dimension.name),
            };
        }
        let room = line.left().saturating_sub(end.width());
        let peaked = what.width() + peak.width() <= room;
        let what = cut(&what, room.saturating_sub(1), self.look.ascii);
        line.put(style, &what);
        line.put(DIM, if peaked { &peak } else { " " });
        line.put(WARN, &end);
        self.end(line);
    }
}

/// How long an alert has fired, or fired until it was over.
fn length_of(fired: &Alert, seen: &Snapshot) -> String {
    let until = fired.until.or(seen.newest).unwrap_or(fired.since);
    (until - fired.since).max(Span(0)).to_string()
}
