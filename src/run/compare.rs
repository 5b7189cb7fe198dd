//! `--compare`: a summary beside that of another time, for which the files are read once more.
//!
//! The run before counts every key, and so does this one: a key is new, or gone, only where the other has no hit of it.

use std::collections::HashMap;

use super::operands::Operand;
use super::{ahead, beforehand};
use crate::cli::{CompareWith, Options};
use crate::error::Error;
use crate::filter::period::Moment;
use crate::render::Render;
use crate::render::lines::NoEvents;
use crate::report::{Block, ChangedKeys, ChangedRow, Comparison, Event, Report, Row};
use crate::time::{Second, Span, Zone};

/// Rows of a dimension: all of them.
const ALL: usize = 1 << 20;

/// A renderer that puts what changed since another time into the summary.
pub(super) struct Comparing {
    inner: Box<dyn Render>,
    before: Report,
    /// Whether both times are equally long: then numbers are compared, else rates.
    same_length: bool,
    /// How many rows of each dimension are shown.
    rows: Vec<(&'static str, usize)>,
}

impl Comparing {
    /// The same, rendered by `inner`.
    pub(super) fn rendered_by(mut self, inner: Box<dyn Render>) -> Comparing {
        self.inner = inner;
        self
    }

    /// Leaves the rows that were asked for.
    fn shorten(&self, report: &mut Report) {
        for block in &mut report.blocks {
            if let Block::Ranking(ranking) = block {
                let name = ranking.dimension.name;
                let rows = self.rows.iter().find(|(known, _)| *known == name);
                ranking.rows.truncate(rows.map_or(0, |(_, rows)| *rows));
            }
        }
    }

    fn comparison(&self, now: &Report) -> Comparison {
        let before = &self.before;
        let scale = match (self.same_length, length(before), length(now)) {
            (false, Some(before), Some(now)) => now.0 as f64 / before.0 as f64,
            _ => 1.0,
        };
        let keys = now.listed().filter_map(|ranking| {
            let name = ranking.dimension.name;
            let (_, rows) = self.rows.iter().find(|(known, _)| *known == name)?;
            let earlier = before.listed().find(|known| known.dimension.name == name);
            let earlier = earlier.map_or(&[][..], |known| &known.rows);
            let (then, today) = (by_key(earlier), by_key(&ranking.rows));
            let hits_in = |keys: &HashMap<&[u8], u64>, key| keys.get(key).copied().unwrap_or(0);
            let of_now = ranking.rows.iter().take(*rows).map(|row| ChangedRow {
                key: row.key.clone(),
                hits: row.count.hits,
                before: hits_in(&then, &*row.key),
            });
            let gone = earlier.iter().take(*rows);
            let gone = gone.filter(|row| !today.contains_key(&*row.key));
            let gone = gone.map(|row| ChangedRow {
                key: row.key.clone(),
                hits: 0,
                before: row.count.hits,
            });
            Some(ChangedKeys {
                dimension: ranking.dimension,
                rows: of_now.chain(gone).collect(),
            })
        });
        let (errors_before, hits_before) = errors_of_hits(before);
        let (errors_now, hits_now) = errors_of_hits(now);
        Comparison {
            from: before.from,
            to: before.to,
            scale,
            hits: [hits_before, hits_now],
            errors: [errors_before, errors_now],
            p95_ms: [p95(before), p95(now)],
            keys: keys.collect(),
        }
    }
}

fn by_key(rows: &[Row]) -> HashMap<&[u8], u64> {
    rows.iter().map(|row| (&*row.key, row.count.hits)).collect()
}

/// How long a summary is, where anything was believed.
fn length(report: &Report) -> Option<Span> {
    Some(report.to?.next() - report.from?)
}

/// How many hits were errors, and how many hits there were.
fn errors_of_hits(report: &Report) -> (u64, u64) {
    let shares = report.blocks.iter().find_map(|block| match block {
        Block::Share { part, whole, .. } => Some((*part, *whole)),
        _ => None,
    });
    shares.unwrap_or_default()
}

fn p95(report: &Report) -> Option<f64> {
    report.blocks.iter().find_map(|block| match block {
        Block::Latency(items) => items.iter().find(|item| item.0 == "p95").map(|item| item.1),
        _ => None,
    })
}

impl Render for Comparing {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        match event {
            Event::Summary(report) => {
                let mut report = report.clone();
                let comparison = Block::Comparison(Box::new(self.comparison(&report)));
                self.shorten(&mut report);
                let is_alerts = |block: &Block| matches!(block, Block::Alerts(_));
                let at = report.blocks.iter().position(is_alerts);
                let at = at.unwrap_or(report.blocks.len());
                report.blocks.insert(at, comparison);
                self.inner.render(&Event::Summary(report), zone, out);
            }
            Event::Report(report) => {
                let mut report = report.clone();
                self.shorten(&mut report);
                self.inner.render(&Event::Report(report), zone, out);
            }
            other => self.inner.render(other, zone, out),
        }
    }
}

fn second(moment: Option<Moment>) -> Option<Second> {
    match moment {
        Some(Moment::At(second)) => Some(second),
        _ => None,
    }
}

/// Reads the time to compare with, and makes the period of `options` the one that is compared; `None` where nothing is to be
/// compared, or there is no record.
///
/// # Errors
///
/// If it is no replay of regular files, or one cannot be read.
pub(super) fn with_before(
    options: &mut Options,
    files: &[Operand],
) -> Result<Option<Comparing>, Error> {
    let Some(with) = options.compare else {
        ahead::resolve(options)?;
        return Ok(None);
    };
    let example = "httpmon --compare 1d access.log";
    beforehand::check(options, files, "--compare", example)?;
    let (before, now, same_length) = match with {
        CompareWith::Back(span) => {
            let open = options.until.is_none();
            options.until = options.until.or(Some(Moment::Ago(Span(0))));
            ahead::resolve(options)?;
            let Some(until) = second(options.until) else {
                return Ok(None);
            };
            let until = until + Span(i64::from(open));
            let since = second(options.since).unwrap_or(until - span);
            let at = |second| Some(Moment::At(second));
            let before = (at(since - span), at(until - span));
            (before, (at(since), at(until)), true)
        }
        CompareWith::At(moment) => {
            let since = options.since.replace(moment);
            ahead::resolve(options)?;
            let at = options.since;
            options.since = since;
            ahead::resolve(options)?;
            if second(at).is_none() {
                return Ok(None);
            }
            ((options.since, at), (at, options.until), false)
        }
    };
    let mut rows = Vec::new();
    for top in options.top.iter_mut().filter(|top| top.rows > 0) {
        rows.push((top.dimension.name, top.rows));
        top.rows = ALL;
    }
    (options.since, options.until) = before;
    let keep = |kept: &mut Option<Report>, event: &Event| {
        if let Event::Summary(report) = event {
            *kept = Some(report.clone());
        }
    };
    let before = beforehand::read(options, files, keep)?;
    (options.since, options.until) = now;
    Ok(before.map(|before| Comparing {
        inner: Box::new(NoEvents),
        before,
        same_length,
        rows,
    }))
}
