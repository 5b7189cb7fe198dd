//! JSON Lines: one object for each event. Keys may be added; for any other change `v` is raised.

use std::io::Write;
use std::sync::Arc;

use super::Render;
use super::digits;
use super::escape;
use super::text::sentence;
use crate::quantity::Figure;
use crate::report::{
    Alert, AlertState, Alerts, Amount, Block, Checked, CheckedThreshold, Comparison, Event,
    Ranking, Report, Transition, UnparsedExample,
};
use crate::time::{Second, Span, Zone};

/// The JSON output.
#[derive(Debug)]
pub struct Json;

impl Render for Json {
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>) {
        if matches!(event, Event::Rolled(_)) {
            return;
        }
        let mut json = ObjectWriter { out, zone };
        json.raw("{\"v\":1,\"type\":");
        match event {
            Event::Transition(alert) => {
                json.alert(alert);
                json.string("text", &sentence::lines(event, zone));
                json.string("summary", &sentence::sentence(alert, zone));
            }
            Event::Report(report) => {
                json.raw("\"report\"");
                json.report(report, false);
            }
            Event::Gap { from, to, unread } => {
                json.raw("\"gap\"");
                json.time("from", Some(*from));
                json.time("to", Some(*to));
                if *unread {
                    json.raw(",\"unread\":true");
                }
            }
            Event::Rewind(rewind) => {
                json.raw("\"rewind\"");
                json.time("from", Some(rewind.from));
                json.time("to", Some(rewind.to));
                if let Some(source) = &rewind.file {
                    json.string("source", source.as_bytes());
                }
                json.number("line", rewind.line);
            }
            Event::Rolled(_) => {}
            Event::Summary(report) => {
                json.raw("\"summary\"");
                json.report(report, true);
            }
            Event::Check(checked) => json.checked(checked),
        }
        json.raw("}\n");
    }
}

/// Writes members of the current object, whose first member is always `v`.
struct ObjectWriter<'a> {
    out: &'a mut Vec<u8>,
    zone: &'a Zone,
}

impl ObjectWriter<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn key(&mut self, key: &str) {
        // Keys are this program's own, never log bytes.
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
        self.raw("\"");
        self.raw(key);
        self.raw("\":");
    }

    fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        digits::whole(number, self.out);
    }

    fn float(&mut self, key: &str, number: f64) {
        self.key(key);
        digits::shortest(number, self.out);
    }

    fn seconds(&mut self, key: &str, span: Span) {
        self.key(key);
        write!(self.out, "{}", span.0).expect("a vector takes every write");
    }

    /// `true`, `null`
    fn word(&mut self, key: &str, word: &str) {
        self.key(key);
        self.raw(word);
    }

    fn string(&mut self, key: &str, bytes: &[u8]) {
        self.key(key);
        escape::json(bytes, self.out);
    }

    fn time(&mut self, key: &str, second: Option<Second>) {
        self.key(key);
        match second {
            None => self.raw("null"),
            Some(second) => {
                self.raw("\"");
                self.zone.write(second, self.out);
                self.raw("\"");
            }
        }
    }

    /// `"key":{…}` with what `fill` writes.
    fn object(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        self.raw("{");
        fill(self);
        self.raw("}");
    }

    /// `"key":[{…},…]` with one object per item.
    fn array<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.key(key);
        self.raw("[");
        for item in items {
            self.raw(if self.out.last() == Some(&b'[') {
                "{"
            } else {
                ",{"
            });
            fill(self, item);
            self.raw("}");
        }
        self.raw("]");
    }

    fn alert(&mut self, alert: &Transition) {
        self.raw("\"alert\"");
        self.string("state", alert.state.name().as_bytes());
        if alert.repeat > 0 {
            self.number("repeat", alert.repeat);
        }
        self.string("rule", alert.rule.as_bytes());
        self.string("measure", alert.subject.measure.as_bytes());
        if let Some(key) = &alert.key {
            self.string("dim", key.dimension.name.as_bytes());
            self.string("key", &key.key);
        }
        self.string("id", alert.id().as_bytes());
        self.time("at", Some(alert.at));
        let Figure {
            hits,
            value,
            threshold,
            window,
            ..
        } = alert.figure;
        self.number("hits", hits);
        self.float("value", value);
        self.float("threshold", threshold);
        self.seconds("window_s", window);
        if let Some(detail) = &alert.detail {
            self.string("detail", detail.as_bytes());
        }
        self.time("since", Some(alert.since));
        self.number("times", alert.times);
        match &alert.state {
            AlertState::Resolved { peak, .. } => {
                self.seconds("duration_s", alert.at - alert.since);
                self.float("peak", peak.value);
                self.because(alert.state.because());
            }
            AlertState::Firing {
                changed,
                causes,
                resolution,
                ..
            } => {
                let named = causes
                    .iter()
                    .filter_map(|cause| Some((cause, cause.key.as_ref()?)));
                self.array("cause", named, |json, (cause, key)| {
                    json.string("dim", cause.dimension.name.as_bytes());
                    json.string("key", key);
                    json.float("part", cause.part);
                    json.number("hits", cause.hits);
                    json.number("was", cause.was);
                });
                let spread = causes.iter().filter(|cause| cause.key.is_none());
                if spread.clone().next().is_some() {
                    self.array("spread", spread, |json, cause| {
                        json.string("dim", cause.dimension.name.as_bytes());
                        json.number("keys", cause.keys);
                    });
                }
                self.array("changed", changed.iter(), |json, change| {
                    json.string("dim", change.dimension.name.as_bytes());
                    json.string("key", &change.key);
                    json.float("share", change.share);
                    match change.was {
                        Some(was) => json.float("was", was),
                        None => json.word("was", "null"),
                    }
                });
                if let Some(resolution) = resolution {
                    self.seconds("resolution_s", *resolution);
                }
            }
        }
        self.top(alert.top.iter());
    }

    /// Why an alert is over, if it is not because things are well.
    fn because(&mut self, because: Option<&str>) {
        if let Some(because) = because {
            self.string("because", because.as_bytes());
        }
    }

    /// What was at another time; the hits of each row now, too.
    fn comparison(&mut self, comparison: &Comparison) {
        self.object("compared", |json| {
            json.time("from", comparison.from);
            json.time("to", comparison.to);
            json.number("hits", comparison.hits[0]);
            json.number("errors", comparison.errors[0]);
            if let Some(p95) = comparison.p95_ms[0] {
                json.float("p95_ms", p95);
            }
            json.object("top", |json| {
                for keys in &comparison.keys {
                    json.array(keys.dimension.name, &keys.rows, |json, row| {
                        json.string("key", &row.key);
                        json.number("hits", row.hits);
                        json.number("before", row.before);
                        json.number("errors_before", row.errors[0]);
                        json.number("errors", row.errors[1]);
                    });
                }
            });
        });
    }

    fn report(&mut self, report: &Report, whole: bool) {
        self.time("from", report.from);
        self.time("to", report.to);
        if report.partial {
            self.word("partial", "true");
        }
        let mut rankings = report.blocks.iter().filter_map(|block| match block {
            Block::Ranking(ranking) => Some(&**ranking),
            _ => None,
        });
        for block in &report.blocks {
            match block {
                Block::Headline { key, value } => match value {
                    Amount::Count(number) | Amount::Bytes(number) => self.number(key, *number),
                    Amount::PerSecond(number) => self.float(key, *number),
                },
                Block::Group {
                    caption,
                    items,
                    error,
                } => self.object(caption.key, |json| {
                    items
                        .iter()
                        .for_each(|(name, number)| json.number(name, *number));
                    if *error > 0 {
                        json.number("error", *error);
                    }
                }),
                Block::Durations { .. } => {}
                Block::Latency(items) => self.object("latency_ms", |json| {
                    items.iter().for_each(|(name, ms)| json.float(name, *ms));
                }),
                Block::Peak { key, peak } => self.object(key, |json| {
                    json.time("from", Some(peak.from));
                    json.time("to", Some(peak.to));
                    json.number("hits", peak.hits);
                }),
                Block::Pause(pause) => self.object("pause", |json| {
                    json.time("from", Some(pause.from));
                    json.time("to", Some(pause.to));
                    json.seconds("silent_s", pause.to - pause.from);
                }),
                Block::Comparison(comparison) => self.comparison(comparison),
                Block::Portions { items, .. } => items
                    .iter()
                    .for_each(|(caption, number)| self.number(caption.key, *number)),
                Block::Notes(notes) => self.notes(notes),
                Block::Input { key, value, errors } => {
                    self.number(key, *value);
                    if *errors > 0 {
                        self.number(&format!("{key}_5xx"), *errors);
                    }
                }
                Block::Ranking(_) => {
                    // All rankings are written at the place of the first.
                    let all: Vec<&Ranking> = rankings.by_ref().collect();
                    if !all.is_empty() {
                        self.rankings(&all);
                    }
                }
                Block::Window(figure) => self.object("window", |json| {
                    json.number("hits", figure.hits);
                    json.float("rate", figure.value);
                    json.float("threshold", figure.threshold);
                    json.seconds("window_s", figure.window);
                }),
                Block::Alerts(alerts) => self.alerts(alerts, whole),
                Block::Unparsed(examples) if !examples.is_empty() => self.examples(examples),
                Block::Silent(span) => self.seconds("silent_s", *span),
                Block::Behind(behind) => self.array("behind", behind, |json, (source, span)| {
                    json.string("source", source.as_bytes());
                    json.seconds("behind_s", *span);
                }),
                // These follow from other numbers, or are only for looking at; and who made the run knows its options.
                Block::Share { .. }
                | Block::Trend { .. }
                | Block::Series(_)
                | Block::Scope(_)
                | Block::Timing(_)
                | Block::Week(_)
                | Block::VisitorsByDay(_)
                | Block::Unparsed(_) => {}
            }
        }
    }

    fn checked(&mut self, checked: &Checked) {
        self.raw("\"check\"");
        self.time("from", checked.span.map(|(from, _)| from));
        self.time("to", checked.span.map(|(_, to)| to));
        self.array("rules", &checked.rules, |json, rule| {
            json.string("rule", rule.rule.as_bytes());
            json.string("measure", rule.subject.measure.as_bytes());
            json.checked_threshold(&rule.written);
            match rule.worst {
                Some(worst) => json.float("worst", worst.value),
                None => json.word("worst", "null"),
            }
            json.array("others", &rule.others, Self::checked_threshold);
            json.array(
                "proposals",
                rule.proposals(checked.length()),
                Self::checked_threshold,
            );
        });
        self.notes(&checked.notes);
    }

    fn checked_threshold(&mut self, at: &CheckedThreshold) {
        self.string("value", at.text.as_bytes());
        self.float("threshold", at.value);
        self.number("fired", at.fired);
        self.seconds("firing_s", at.firing);
        self.seconds("longest_s", at.longest);
        self.number("flaps", at.flaps);
    }

    fn notes(&mut self, notes: &[(Arc<str>, String)]) {
        self.array("notes", notes, |json, (rule, note)| {
            json.string("rule", rule.as_bytes());
            json.string("note", note.as_bytes());
        });
    }

    fn rankings(&mut self, rankings: &[&Ranking]) {
        let listed = || rankings.iter().copied().filter(|ranking| ranking.listed);
        self.object("unique", |json| {
            rankings
                .iter()
                .for_each(|r| json.number(r.dimension.name, r.unique))
        });
        self.top(listed());
        self.object("other", |json| {
            listed().for_each(|r| json.number(r.dimension.name, r.other()))
        });
        if rankings.iter().any(|r| r.error > 0) {
            let rough = || rankings.iter().filter(|r| r.error > 0);
            self.object("error", |json| {
                rough().for_each(|r| json.number(r.dimension.name, r.error))
            });
        }
        if rankings.iter().any(|r| r.p95_error > 0.0) {
            let coarse = || rankings.iter().filter(|r| r.p95_error > 0.0);
            self.object("p95_error", |json| {
                coarse().for_each(|r| json.float(r.dimension.name, r.p95_error.into()))
            });
        }
        if rankings.iter().any(|r| r.unique_error > 0) {
            let rough = || rankings.iter().filter(|r| r.unique_error > 0);
            self.object("unique_error", |json| {
                rough().for_each(|r| json.number(r.dimension.name, r.unique_error))
            });
        }
    }

    fn top<'r>(&mut self, rankings: impl Iterator<Item = &'r Ranking>) {
        self.object("top", |json| {
            for ranking in rankings.filter(|ranking| ranking.listed) {
                json.array(ranking.dimension.name, &ranking.rows, |json, row| {
                    json.string("key", &row.key);
                    json.number("hits", row.count.hits);
                    json.number("bytes", row.count.bytes);
                    json.number("errors", row.count.errors);
                    json.number("client_errors", row.count.client_errors);
                    if let Some(p95) = row.p95_ms {
                        json.float("p95_ms", p95);
                    }
                    if let Some(mean) = row.mean_ms {
                        json.float("mean_ms", mean);
                    }
                    if let Some((first, last)) = row.seen {
                        json.time("first", Some(first));
                        json.time("last", Some(last));
                    }
                });
            }
        });
    }

    /// In a summary all alerts, in a report those that are firing; of very many keys the newest, and how many more there are.
    fn alerts(&mut self, alerts: &Alerts, whole: bool) {
        let listed = alerts
            .listed
            .iter()
            .filter(|fired| whole || fired.until.is_none());
        self.array("alerts", listed, |json, fired: &Alert| {
            json.string("rule", fired.rule.as_bytes());
            if let Some(key) = &fired.key {
                json.string("dim", key.dimension.name.as_bytes());
                json.string("key", &key.key);
            }
            json.time("since", Some(fired.since));
            json.time("until", fired.until);
            json.float("peak", fired.peak.value);
            if let Some(cause) = &fired.cause {
                json.object("cause", |json| {
                    json.string("dim", cause.dimension.name.as_bytes());
                    json.string("key", &cause.key);
                });
            }
            json.because(fired.because());
        });
        let omitted = if whole {
            alerts.omitted
        } else {
            alerts.omitted_firing
        };
        if omitted > 0 {
            self.number("alerts_omitted", omitted);
        }
    }

    fn examples(&mut self, examples: &[UnparsedExample]) {
        self.array("unparsed_examples", examples, |json, example| {
            if let Some(file) = &example.file {
                json.string("file", file.as_bytes());
            }
            json.number("line", example.line);
            json.string("field", example.unparsed.field.name().as_bytes());
            json.string("reason", example.unparsed.reason().as_bytes());
            json.number("byte", example.unparsed.at as u64);
            json.number("count", example.count);
            json.string("text", &example.text);
        });
    }
}
