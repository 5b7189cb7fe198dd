//! The headline of a report: its time, the leading numbers, and on a colour terminal their change since the report
//! before.

use super::super::{digits, units};
use super::alerts::points;
use super::{BAD, BOLD, DIM, GOOD, PLAIN, TextWriter, WARN, noun};
use crate::report::{Amount, Block, Report};
use crate::time::{Second, Span};

/// The numbers of a report that the next one is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    from: Second,
    to: Second,
    hits: u64,
    errors: u64,
}

impl Numbers {
    /// The numbers of a complete report; a partial one is only a beginning.
    pub(super) fn of(report: &Report) -> Option<Numbers> {
        let share = |block: &Block| match block {
            Block::Share { part, whole, .. } => Some((*part, *whole)),
            _ => None,
        };
        let (errors, hits) = report.blocks.iter().find_map(share)?;
        Some(Numbers {
            from: report.from?,
            to: report.to?,
            hits,
            errors,
        })
        .filter(|_| !report.partial)
    }

    /// Whether `before` has the same length and ended where this one begins. Intervals of a day differ in length when
    /// the clocks change.
    pub(super) fn can_be_compared_with(&self, before: &Numbers) -> bool {
        before.to == self.from && before.to - before.from == self.to - self.from
    }
}

/// The change of a number of hits: `+12%`, `-80%`, `x25` from ten times on, `from 0`; nothing if both are 0.
fn change(hits: u64, was: u64) -> Option<String> {
    if was == 0 {
        return (hits > 0).then(|| "from 0".to_owned());
    }
    let times = hits as f64 / was as f64;
    Some(if times >= 10.0 {
        format!("x{times:.0}")
    } else {
        format!("{:+.0}%", points(times, 1.0, 1.0))
    })
}

impl TextWriter<'_> {
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
        // A gap before the numbers, and between those of equal weight.
        const GAP: &str = "   ";
        let mut gap = GAP;
        for block in &report.blocks {
            match block {
                Block::Headline { key, value } => {
                    self.raw(gap);
                    match value {
                        Amount::Count(number) => {
                            self.number(*number);
                            self.raw(" ");
                            self.raw(noun(key, *number));
                        }
                        Amount::Bytes(number) => units::push_bytes(*number, self.out),
                        Amount::PerSecond(number) => {
                            units::push_rate(*number, self.out);
                            // In intervals of equal length, hits and rate change alike.
                            if let (Some(before), Some(now)) = (self.before, Numbers::of(report))
                                && let Some(change) = change(now.hits, before.hits)
                            {
                                self.paint(DIM, |page| page.write(format_args!(" ({change})")));
                            }
                        }
                    }
                    gap = "  ";
                }
                Block::Share { key, part, whole } => {
                    self.raw(GAP);
                    let style = match *part {
                        0 => PLAIN,
                        _ if self.look.rich && has_server_errors(report) => BAD,
                        _ => WARN,
                    };
                    self.paint(style, |page| {
                        page.raw(key);
                        page.raw(" ");
                        digits::fixed(units::share(*part, *whole), 1, page.out);
                        page.raw("%");
                    });
                    // A share of nothing has not changed.
                    if let Some(before) = self.before
                        && before.hits > 0
                        && *whole > 0
                    {
                        let share = |part: u64, whole: u64| part as f64 / whole as f64;
                        let was = share(before.errors, before.hits);
                        let points = points(share(*part, *whole), was, 10.0);
                        let style = match points {
                            1.0.. => style,
                            ..=-1.0 => GOOD,
                            _ => DIM,
                        };
                        self.paint(style, |page| page.write(format_args!(" ({points:+.1})")));
                    }
                }
                _ => {}
            }
        }
        // If the screen is too narrow for both, the numbers get their own line, in this report and in all later ones.
        // All of it is ASCII.
        let columns = self.out.len() - start - self.codes;
        let broken = columns > self.look.width || self.broken && !whole;
        if self.look.rich && broken && self.out.len() > numbers {
            self.out[numbers..numbers + GAP.len()].copy_from_slice(b"\n  ");
        }
        self.broken |= broken;
        self.raw("\n");
    }
}

/// Whether the server failed at all; a page that is not found is the client's error.
fn has_server_errors(report: &Report) -> bool {
    report.blocks.iter().any(|block| {
        matches!(block, Block::Group { caption, items, .. }
            if caption.key == "status" && items.iter().any(|(name, number)| *name == "5xx" && *number > 0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_percent_or_times() {
        let shown = |hits, was| change(hits, was).unwrap_or_default();
        assert_eq!(shown(112, 100), "+12%");
        assert_eq!(shown(20, 100), "-80%");
        assert_eq!(shown(0, 100), "-100%");
        assert_eq!(shown(1001, 1000), "+0%");
        assert_eq!(shown(999, 1000), "+0%");
        assert_eq!(shown(999, 100), "+899%");
        assert_eq!(shown(2500, 100), "x25");
        assert_eq!(shown(7, 0), "from 0");
        assert_eq!(shown(0, 0), "");
    }

    #[test]
    fn only_the_interval_before_of_the_same_length_is_compared() {
        let numbers = |from, to| Numbers {
            from: Second(from),
            to: Second(to),
            hits: 1,
            errors: 0,
        };
        let now = numbers(60, 120);
        assert!(now.can_be_compared_with(&numbers(0, 60)));
        assert!(!now.can_be_compared_with(&numbers(-60, 0)));
        assert!(!now.can_be_compared_with(&numbers(30, 60)));
    }
}
