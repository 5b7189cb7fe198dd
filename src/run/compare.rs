//! `--compare`: a summary beside that of another time, for which the files are read once more.
//!
//! The run before counts every key, and so does this one: a key is new, or gone, only where the other has no hit of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use super::operands::Operand;
use super::{ahead, beforehand};
use crate::cli::{CompareWith, Options};
use crate::error::Error;
use crate::filter::period::Moment;
use crate::quantity::Count;
use crate::render::Render;
use crate::render::escape;
use crate::render::lines::NoEvents;
use crate::report::{Block, ChangedKeys, ChangedRow, Comparison, Event, Report, Row};
use crate::stats::top;
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
            let of_now = ranking.rows.iter().take(*rows).map(|row| {
                let before = then.get(&*row.key).copied().unwrap_or_default();
                ChangedRow {
                    key: row.key.clone(),
                    hits: row.count.hits,
                    before: before.hits,
                    errors: [before.errors, row.count.errors],
                }
            });
            let gone = earlier.iter().take(*rows);
            let gone = gone.filter(|row| !today.contains_key(&*row.key));
            let gone = gone.map(|row| ChangedRow {
                key: row.key.clone(),
                hits: 0,
                before: row.count.hits,
                errors: [row.count.errors, 0],
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

fn by_key(rows: &[Row]) -> HashMap<&[u8], Count> {
    rows.iter().map(|row| (&*row.key, row.count)).collect()
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

    fn shows_trend(&self) -> bool {
        self.inner.shows_trend()
    }
}

/// Bytes of a file in which a time is looked for.
const LONGEST_TIME: u64 = 1024;

/// The time that a file says in its first line; of an empty one, that of its last change.
///
/// # Errors
///
/// If it cannot be read, or says none.
fn time_in(path: &Path) -> Result<Moment, Error> {
    let name = || escape::shown(path.as_os_str().as_encoded_bytes());
    let expected = "expected a duration such as 1d or 1w, a time such as 2026-11-20T09:30:00Z, or a file that holds one";
    let failed =
        |error: io::Error| Error::new(format!("--compare: {expected}, not '{}' ({error})", name()));
    let file = File::open(path).map_err(failed)?;
    let data = file.metadata().map_err(failed)?;
    if !data.is_file() {
        return Err(failed(io::Error::other("no regular file")));
    }
    let mut text = String::new();
    file.take(LONGEST_TIME)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        let changed = data.modified().map_err(failed)?;
        let since = changed.duration_since(SystemTime::UNIX_EPOCH);
        let second = since.map_or(0, |since| since.as_secs() as i64);
        return Ok(Moment::At(Second(second)));
    }
    match line.parse() {
        // As `date +%s` writes it.
        Ok(second @ 0..=MOST_SECONDS) => Ok(Moment::At(Second(second))),
        _ => Moment::parse(line).map_err(|why| {
            Error::new(format!(
                "--compare: {}: {why} (date -Is > {0} writes one)",
                name()
            ))
        }),
    }
}

/// The last second of the year 9999.
const MOST_SECONDS: i64 = 253_402_300_799;

fn second(moment: Option<Moment>) -> Option<Second> {
    match moment {
        Some(Moment::At(second)) => Some(second),
        _ => None,
    }
}

/// From where up to where a run counts.
type FromTo = (Option<Moment>, Option<Moment>);

/// Two times of a log, the earlier first, and whether they are equally long.
type BothTimes = (FromTo, FromTo, bool);

fn check(options: &Options, files: &[Operand]) -> Result<(), Error> {
    let example = "httpmon --compare 1d access.log";
    beforehand::check(options, files, "--compare", example)
}

/// The period of `options`, and the same so much earlier; `None` if there is no record.
fn earlier(options: &mut Options, span: Span) -> Option<BothTimes> {
    let open = options.until.is_none();
    options.until = options.until.or(Some(Moment::Ago(Span(0))));
    ahead::resolve(options);
    let until = second(options.until)? + Span(i64::from(open));
    let since = second(options.since).unwrap_or(until - span);
    let at = |second| Some(Moment::At(second));
    let before = (at(since - span), at(until - span));
    Some((before, (at(since), at(until)), true))
}

/// What of the period of `options` is before a moment, and what is not; `None` if there is no record.
fn before_and_after(options: &mut Options, moment: Moment) -> Option<BothTimes> {
    let since = options.since.replace(moment);
    ahead::resolve(options);
    let at = options.since;
    options.since = since;
    ahead::resolve(options);
    let times = ((options.since, at), (at, options.until), false);
    second(at).map(|_| times)
}

/// Reads the time to compare with, and makes the period of `options` the one that is compared; `None` where nothing is to be
/// compared, or there is no record. `seen` makes a day one of the calendar.
///
/// # Errors
///
/// If it is no replay of regular files, or one cannot be read.
pub(super) fn with_before(
    options: &mut Options,
    files: &[Operand],
    seen: impl Fn(Moment) -> Moment,
) -> Result<Option<Comparing>, Error> {
    let Some(with) = options.compare.clone() else {
        ahead::resolve(options);
        return Ok(None);
    };
    let Some((before, now, same_length)) = (match with {
        CompareWith::Back(span) => {
            check(options, files)?;
            earlier(options, span)
        }
        CompareWith::At(moment) => {
            check(options, files)?;
            before_and_after(options, seen(moment))
        }
        CompareWith::File(path) => {
            let moment = time_in(&path)?;
            check(options, files)?;
            before_and_after(options, seen(moment))
        }
    }) else {
        return Ok(None);
    };
    if options.report.page && !options.top_given {
        options.top = top::page_top();
        options.top_given = true;
    }
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
