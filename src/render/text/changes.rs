//! What changed since another time.

use super::writer::TextWriter;
use crate::render::units;
use crate::report::Comparison;

impl TextWriter<'_> {
    pub(super) fn comparison(&mut self, comparison: &Comparison) {
        self.row("compared", |page| {
            page.raw("with ");
            match (comparison.from, comparison.to) {
                (Some(from), Some(to)) => {
                    page.time(from);
                    page.raw(" to ");
                    page.time(to);
                }
                _ => page.raw("a time without a hit"),
            }
            let [before, now] = comparison.hits;
            page.raw("  hits ");
            page.change(before, now, comparison.scale);
            let share = |n: usize| units::fine_percent(comparison.errors[n], comparison.hits[n]);
            page.write(format_args!("  errors {}, {} before", share(1), share(0)));
            if let [Some(before), Some(now)] = comparison.p95_ms {
                let (now, before) = (units::milliseconds(now), units::milliseconds(before));
                page.write(format_args!("  p95 {now}, {before} before"));
            }
        });
        for keys in &comparison.keys {
            if keys.rows.is_empty() {
                continue;
            }
            self.row("", |page| {
                page.raw(keys.dimension.title);
                for row in &keys.rows {
                    page.raw("  ");
                    page.key(&row.key);
                    page.raw(" ");
                    page.change(row.before, row.hits, comparison.scale);
                    if row.errors != [0, 0] {
                        let [before, now] = row.errors;
                        page.write(format_args!(" 5xx {now}, {before} before"));
                    }
                }
            });
        }
    }

    /// `812 (+103%)`, `31 (new)`, `0 (gone, 50 before)`
    fn change(&mut self, before: u64, now: u64, scale: f64) {
        self.number(now);
        match units::change([before, now], scale) {
            change if change.is_empty() => {}
            gone if now == 0 => self.write(format_args!(" ({gone}, {before} before)")),
            change => self.write(format_args!(" ({change})")),
        }
    }
}
