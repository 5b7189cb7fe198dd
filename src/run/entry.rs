//! The lines of a ledger: what they say, and what all of them say together.
//!
//! Each is a JSON object with a checksum of itself. The last one says how many there are, and is written over by the
//! next: so a ledger that was cut between two lines is seen to be cut.

use std::collections::BTreeMap;

use flate2::Crc;

use crate::format;
use crate::render::escape;
use crate::time::Second;

/// How far the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Checkpoint {
    /// All events before this second were written.
    pub(super) second: Second,
    /// So many events of this second were written.
    pub(super) events: u64,
}

impl Checkpoint {
    /// The last second of which all events were written, as far as anyone can know: another event of the last one may
    /// have been to come.
    pub(super) fn last(self) -> Second {
        if self.events == 0 {
            Second(self.second.0 - 1)
        } else {
            self.second
        }
    }
}

/// What a program is given, field by field.
pub(super) type HookFields = Vec<(String, String)>;

/// An alert that fires as far as the output says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FiringAlert {
    /// When it began.
    pub(super) since: Second,
    /// How often it was said again.
    pub(super) repeats: u64,
    /// How many alerts of its name fired before it.
    pub(super) times: u64,
}

/// How often alerts of a name fired.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FiredAlerts {
    pub(super) times: u64,
    /// When the last of them began.
    last: Second,
}

/// What the output says of an alert.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WrittenAlert {
    /// It fires.
    Firing(String, FiringAlert),
    /// It is over.
    Over(String),
}

/// An event that is being written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Writing {
    /// How far the output will be; `None` where an event of the time before the first run is written.
    pub(super) checkpoint: Option<Checkpoint>,
    /// How long the output was before, where it is a file.
    pub(super) length: Option<u64>,
    /// How many bytes are written.
    pub(super) size: u64,
    /// What the event says of an alert.
    pub(super) alert: Option<WrittenAlert>,
}

/// A program that is to be run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Queued {
    /// The id of its notice.
    pub(super) id: String,
    pub(super) fields: HookFields,
    /// Whether it was started.
    pub(super) started: bool,
}

/// So many names are known with how often their alerts fired, and none that is longer.
const MOST_NAMES: usize = 10_000;
const LONGEST_NAME: usize = 1024;

/// What a ledger says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    /// How far the output is; `None` in a new ledger.
    pub(super) written: Option<Checkpoint>,
    /// What is being written.
    pub(super) writing: Option<Writing>,
    /// The alerts that fire as far as the output says, by name.
    pub(super) firing: BTreeMap<String, FiringAlert>,
    /// How often alerts fired, by name: at most [`MOST_NAMES`], of more the oldest quarter is dropped.
    pub(super) fired: BTreeMap<String, FiredAlerts>,
    /// The programs that have not ended, in the order in which they are run.
    pub(super) queued: Vec<Queued>,
    /// The ids of the notices of what is being written, whether their programs have ended or not.
    pub(super) recent: Vec<String>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LedgerEntry {
    /// An event is about to be written.
    Writing(Writing),
    /// It was written.
    Written(Option<Checkpoint>),
    /// What the output says of an alert.
    Alert(WrittenAlert),
    /// How often alerts of a name fired.
    Fired(String, FiredAlerts),
    /// A program is to be run.
    Queued(String, HookFields),
    /// It is about to be started.
    Started(String),
    /// It has ended.
    Ended(String),
    /// The last line: so many are before it.
    End(u64),
}

impl Known {
    pub(super) fn take(&mut self, entry: LedgerEntry) {
        match entry {
            LedgerEntry::Writing(writing) => self.writing = Some(writing),
            LedgerEntry::Written(checkpoint) => {
                self.written = checkpoint.or(self.written);
                let writing = self.writing.take();
                if let Some(alert) = writing.and_then(|writing| writing.alert) {
                    self.take_alert(alert);
                }
                self.recent.clear();
            }
            LedgerEntry::Alert(alert) => self.take_alert(alert),
            LedgerEntry::Fired(name, fired) => self.take_fired(name, fired),
            LedgerEntry::Queued(id, fields) => {
                self.recent.push(id.clone());
                self.queued.push(Queued {
                    id,
                    fields,
                    started: false,
                });
            }
            LedgerEntry::Started(id) => {
                let mut queued = self.queued.iter_mut();
                if let Some(queued) = queued.find(|queued| queued.id == id) {
                    queued.started = true;
                }
            }
            LedgerEntry::Ended(id) => self.queued.retain(|queued| queued.id != id),
            LedgerEntry::End(_) => {}
        }
    }

    fn take_alert(&mut self, alert: WrittenAlert) {
        match alert {
            WrittenAlert::Firing(name, alert) => {
                let fired = FiredAlerts {
                    times: alert.times.saturating_add(1),
                    last: alert.since,
                };
                self.take_fired(name.clone(), fired);
                self.firing.insert(name, alert);
            }
            WrittenAlert::Over(name) => {
                self.firing.remove(&name);
            }
        }
    }

    fn take_fired(&mut self, name: String, fired: FiredAlerts) {
        if name.len() > LONGEST_NAME {
            return;
        }
        let known = self.fired.entry(name).or_insert(fired);
        known.times = known.times.max(fired.times);
        known.last = known.last.max(fired.last);
        if self.fired.len() > MOST_NAMES {
            let mut lasts: Vec<Second> = self.fired.values().map(|fired| fired.last).collect();
            let (_, &mut oldest, _) = lasts.select_nth_unstable(MOST_NAMES / 4 - 1);
            let mut surplus = MOST_NAMES / 4;
            self.fired.retain(|_, fired| {
                let is_dropped = fired.last <= oldest && surplus > 0;
                surplus -= usize::from(is_dropped);
                !is_dropped
            });
        }
    }

    /// The entries that say all of it, without the last.
    pub(super) fn entries(&self) -> Vec<LedgerEntry> {
        let queue = |queued: &Queued| {
            let id = || queued.id.clone();
            let started = queued.started.then(|| LedgerEntry::Started(id()));
            [LedgerEntry::Queued(id(), queued.fields.clone())]
                .into_iter()
                .chain(started)
        };
        let is_recent = |queued: &&Queued| self.recent.contains(&queued.id);
        let before = self.queued.iter().filter(|queued| !is_recent(queued));
        let mut entries: Vec<LedgerEntry> = before.flat_map(queue).collect();
        if self.written.is_some() || !entries.is_empty() {
            // This ends what is recent.
            entries.push(LedgerEntry::Written(self.written));
        }
        let fired = self.fired.iter();
        entries.extend(fired.map(|(name, fired)| LedgerEntry::Fired(name.clone(), *fired)));
        let firing = self.firing.iter();
        entries.extend(
            firing.map(|(name, alert)| {
                LedgerEntry::Alert(WrittenAlert::Firing(name.clone(), *alert))
            }),
        );
        for id in &self.recent {
            match self.queued.iter().find(|queued| queued.id == *id) {
                Some(queued) => entries.extend(queue(queued)),
                None => entries.extend([
                    LedgerEntry::Queued(id.clone(), Vec::new()),
                    LedgerEntry::Ended(id.clone()),
                ]),
            }
        }
        entries.extend(self.writing.clone().map(LedgerEntry::Writing));
        entries
    }
}

impl LedgerEntry {
    /// Its line, with the checksum.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let mut line = FieldWriter { out, first: true };
        match self {
            LedgerEntry::Writing(writing) => {
                line.text("type", "writing");
                line.checkpoint(writing.checkpoint);
                if let Some(length) = writing.length {
                    line.count("length", length);
                }
                line.count("size", writing.size);
                if let Some(alert) = &writing.alert {
                    line.alert(alert);
                }
            }
            LedgerEntry::Written(checkpoint) => {
                line.text("type", "written");
                line.checkpoint(*checkpoint);
            }
            LedgerEntry::Alert(alert) => {
                line.text("type", "alert");
                line.alert(alert);
            }
            LedgerEntry::Fired(name, fired) => {
                line.text("type", "fired");
                line.text("name", name);
                line.count("times", fired.times);
                line.number("last", fired.last.0);
            }
            LedgerEntry::Queued(id, fields) => {
                line.text("type", "queued");
                line.text("id", id);
                for (name, value) in fields {
                    line.text(name, value);
                }
            }
            LedgerEntry::Started(id) => {
                line.text("type", "started");
                line.text("id", id);
            }
            LedgerEntry::Ended(id) => {
                line.text("type", "ended");
                line.text("id", id);
            }
            LedgerEntry::End(entries) => {
                line.text("type", "end");
                line.count("entries", *entries);
            }
        }
        let crc = checksum(&out[start..]);
        out.extend_from_slice(format!(",\"crc\":\"{crc:08x}\"}}\n").as_bytes());
    }

    /// Reads a line that [`LedgerEntry::write`] wrote; `None` for any other.
    pub(super) fn read(line: &[u8]) -> Option<LedgerEntry> {
        let line = std::str::from_utf8(line).ok()?;
        let (body, crc) = line.rsplit_once(",\"crc\":\"")?;
        if crc.strip_suffix("\"}")? != format!("{:08x}", checksum(body.as_bytes())) {
            return None;
        }
        let fields = fields(body)?;
        let text = |name: &str| {
            let field = fields.iter().find(|(found, _)| found == name);
            field.map(|(_, value)| value)
        };
        let count = |name: &str| text(name)?.parse::<u64>().ok();
        // Those that a calendar has, so that sums of them have no end to reach.
        let second = |name: &str| {
            let second = text(name)?.parse().ok()?;
            jiff::Timestamp::from_second(second).ok()?;
            Some(Second(second))
        };
        let checkpoint = || {
            Some(Checkpoint {
                second: second("second")?,
                events: count("events")?,
            })
        };
        let alert = || match (text("firing"), text("over")) {
            (Some(name), _) => Some(WrittenAlert::Firing(
                name.clone(),
                FiringAlert {
                    since: second("since")?,
                    repeats: count("repeats").unwrap_or(0),
                    times: count("times").unwrap_or(0),
                },
            )),
            (None, name) => name.map(|name| WrittenAlert::Over(name.clone())),
        };
        let id = || text("id").cloned();
        Some(match text("type")?.as_str() {
            "writing" => LedgerEntry::Writing(Writing {
                checkpoint: checkpoint(),
                length: count("length"),
                size: count("size")?,
                alert: alert(),
            }),
            "written" => LedgerEntry::Written(checkpoint()),
            "alert" => LedgerEntry::Alert(alert()?),
            "fired" => LedgerEntry::Fired(
                text("name")?.clone(),
                FiredAlerts {
                    times: count("times")?,
                    last: second("last")?,
                },
            ),
            "queued" => {
                let id = id()?;
                let is_own = |name: &str| name != "type" && name != "id";
                let fields = fields.into_iter().filter(|(name, _)| is_own(name));
                LedgerEntry::Queued(id, fields.collect())
            }
            "started" => LedgerEntry::Started(id()?),
            "ended" => LedgerEntry::Ended(id()?),
            "end" => LedgerEntry::End(count("entries")?),
            _ => return None,
        })
    }
}

/// Writes the fields of one line.
struct FieldWriter<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl FieldWriter<'_> {
    fn name(&mut self, name: &str) {
        self.out.push(if std::mem::take(&mut self.first) {
            b'{'
        } else {
            b','
        });
        escape::json(name.as_bytes(), self.out);
        self.out.push(b':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        escape::json(text.as_bytes(), self.out);
    }

    fn number(&mut self, name: &str, number: i64) {
        self.name(name);
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    fn count(&mut self, name: &str, count: u64) {
        self.number(name, i64::try_from(count).unwrap_or(i64::MAX));
    }

    fn checkpoint(&mut self, checkpoint: Option<Checkpoint>) {
        if let Some(Checkpoint { second, events }) = checkpoint {
            self.number("second", second.0);
            self.count("events", events);
        }
    }

    fn alert(&mut self, alert: &WrittenAlert) {
        match alert {
            WrittenAlert::Firing(name, alert) => {
                self.text("firing", name);
                self.number("since", alert.since.0);
                if alert.repeats > 0 {
                    self.count("repeats", alert.repeats);
                }
                if alert.times > 0 {
                    self.count("times", alert.times);
                }
            }
            WrittenAlert::Over(name) => self.text("over", name),
        }
    }
}

/// The names and values of a line's fields, without the brace that ends it.
fn fields(line: &str) -> Option<HookFields> {
    let mut rest = line.strip_prefix('{')?;
    let mut fields = Vec::new();
    loop {
        let (name, after) = string(rest)?;
        rest = after.strip_prefix(':')?;
        let value = if rest.starts_with('"') {
            let (value, after) = string(rest)?;
            rest = after;
            value
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let value = rest[..end].to_owned();
            rest = &rest[end..];
            value
        };
        fields.push((name, value));
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// The string that `text` begins with, and what follows.
fn string(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = text.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })?;
    let mut found = Vec::new();
    format::json_text(&text.as_bytes()[..end], &mut found);
    Some((String::from_utf8(found).ok()?, &text[end + 1..]))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Entries of every kind.
#[cfg(test)]
pub(super) fn samples() -> Vec<LedgerEntry> {
    let checkpoint = |second, events| {
        Some(Checkpoint {
            second: Second(second),
            events,
        })
    };
    let firing = |name: &str, since, repeats, times| {
        let since = Second(since);
        let alert = FiringAlert {
            since,
            repeats,
            times,
        };
        WrittenAlert::Firing(name.to_owned(), alert)
    };
    let fields = vec![
        (
            "rule".to_owned(),
            "A \"rule\",\\ \n\u{1b}[2J \u{e9}\u{1f600}".to_owned(),
        ),
        ("json".to_owned(), "{\"v\":1,\"crc\":\"0\"}\n".to_owned()),
    ];
    let id = |id: &str| id.to_owned();
    vec![
        LedgerEntry::Queued(id("High@90 firing"), fields.clone()),
        LedgerEntry::Writing(Writing {
            checkpoint: checkpoint(100, 1),
            length: Some(4096),
            size: 300,
            alert: Some(firing("High", 90, 0, 0)),
        }),
        LedgerEntry::Started(id("High@90 firing")),
        LedgerEntry::Written(checkpoint(100, 1)),
        LedgerEntry::Queued(id("Errors/a,b@95 firing"), fields),
        LedgerEntry::Ended(id("High@90 firing")),
        LedgerEntry::Alert(firing("Errors/a,b", -95, 3, 2)),
        LedgerEntry::Fired(
            id("Errors/\n"),
            FiredAlerts {
                times: 7,
                last: Second(-100),
            },
        ),
        LedgerEntry::Written(checkpoint(120, 0)),
        LedgerEntry::Alert(WrittenAlert::Over(id("High"))),
        LedgerEntry::Queued(id("Errors/a,b@95 resolved"), Vec::new()),
        LedgerEntry::Writing(Writing {
            checkpoint: checkpoint(121, 3),
            length: None,
            size: 0,
            alert: Some(WrittenAlert::Over(id("Errors/a,b"))),
        }),
        LedgerEntry::Ended(id("Errors/a,b@95 resolved")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(entries: &[LedgerEntry]) -> Known {
        let mut known = Known::default();
        entries.iter().for_each(|entry| known.take(entry.clone()));
        known
    }

    #[test]
    fn entries_read_back_and_one_ledger_says_what_all_of_them_said() {
        for entry in samples().into_iter().chain([LedgerEntry::End(12)]) {
            let mut line = Vec::new();
            entry.write(&mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            assert_eq!(LedgerEntry::read(&line), Some(entry));
            serde_json::from_slice::<serde_json::Value>(&line).expect("JSON");
        }
        for count in 0..=samples().len() {
            let whole = known(&samples()[..count]);
            assert_eq!(known(&whole.entries()), whole, "{count}");
        }
    }

    #[test]
    fn of_very_many_names_the_last_to_fire_are_known() {
        let mut known = Known::default();
        let fires = |known: &mut Known, name: String, second| {
            let alert = FiringAlert {
                since: Second(second),
                repeats: 0,
                times: 0,
            };
            known.take(LedgerEntry::Alert(WrittenAlert::Firing(name, alert)));
        };
        fires(&mut known, "x".repeat(LONGEST_NAME + 1), 0);
        assert!(known.fired.is_empty());
        for n in 0..=MOST_NAMES as i64 {
            assert_eq!(known.fired.len(), n as usize);
            fires(&mut known, format!("R/{n}"), n);
        }
        assert_eq!(known.fired.len(), MOST_NAMES - MOST_NAMES / 4 + 1);
        let oldest = known.fired.values().map(|fired| fired.last).min();
        assert_eq!(oldest, Some(Second(MOST_NAMES as i64 / 4)));
        // All of one second are as old as each other.
        for n in 0..2 * MOST_NAMES {
            fires(&mut known, format!("S/{n}"), 1 << 20);
            assert!((MOST_NAMES / 2..=MOST_NAMES).contains(&known.fired.len()));
        }
    }

    #[test]
    fn what_was_being_written_and_was_written_changes_its_alert() {
        let mut known = known(&samples());
        assert_eq!(known.firing.len(), 1);
        known.take(LedgerEntry::Written(None));
        assert!(known.firing.is_empty() && known.writing.is_none());
        assert_eq!(known.written.map(Checkpoint::last), Some(Second(119)));
    }
}
