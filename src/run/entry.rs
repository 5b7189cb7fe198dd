//! The lines of a ledger.
//!
//! Each is a JSON object with a checksum of itself. The last one says how many there are, and is written over by the
//! next: so a ledger that was cut between two lines is seen to be cut.

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
    pub(super) last: Second,
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

    #[test]
    fn entries_read_back() {
        for entry in samples().into_iter().chain([LedgerEntry::End(12)]) {
            let mut line = Vec::new();
            entry.write(&mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            assert_eq!(LedgerEntry::read(&line), Some(entry));
            serde_json::from_slice::<serde_json::Value>(&line).expect("JSON");
        }
    }
}
