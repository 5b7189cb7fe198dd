//! The headline of a report: which time it tells of, and the numbers that lead.

use super::super::{digits, units};
use super::{BAD, BOLD, PLAIN, Page, noun};
use crate::report::{Block, Report, Value};
use crate::time::Span;

impl Page<'_> {
    /// The first line, or the first two.
    pub(super) fn headline(&mut self, report: &Report, whole: bool) {
        self.codes = 0;
        let start = self.out.len();
        self.paint(BOLD, |page| match (report.from, report.to) {
            (Some(from), Some(to)) if whole => {
                page.raw("summary ");
                page.time(from);
                page.raw(" to ");
                page.time(to);
                page.write(format_args!(" ({})", Span((to - from).0 + 1)));
            }
            (Some(from), Some(to)) => {
                page.time(from);
                page.raw(" ");
                page.span(to - from);
            }
            _ => page.raw("summary: no record"),
        });
        if report.partial {
            self.raw(if whole { " so far" } else { " partial" });
        }
        let numbers = self.out.len();
        // A gap before the numbers and between those that weigh the same.
        const GAP: &str = "   ";
        let mut gap = GAP;
        for block in &report.blocks {
            match block {
                Block::Headline { key, value } => {
                    self.raw(gap);
                    match value {
                        Value::Count(number) => {
                            self.number(*number);
                            self.raw(" ");
                            self.raw(noun(key, *number));
                        }
                        Value::Bytes(number) => units::push_bytes(*number, self.out),
                        Value::PerSecond(number) => units::push_rate(*number, self.out),
                    }
                    gap = "  ";
                }
                Block::Share { key, part, whole } => {
                    self.raw(GAP);
                    self.paint(if *part > 0 { BAD } else { PLAIN }, |page| {
                        page.raw(key);
                        page.raw(" ");
                        digits::fixed(units::share(*part, *whole), 1, page.out);
                        page.raw("%");
                    });
                }
                _ => {}
            }
        }
        // On a screen too narrow for both the numbers get a line of their own. All of it is ASCII.
        let columns = self.out.len() - start - self.codes;
        if self.look.rich && columns > self.look.width && self.out.len() > numbers {
            self.out[numbers..numbers + GAP.len()].copy_from_slice(b"\n  ");
        }
        self.raw("\n");
    }
}
