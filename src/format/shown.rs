//! For the tests of the formats: what a line says, as text, so that a table of samples reads well.

use bstr::BStr;

use super::record::Record;
use super::unparsed::{DurationUnit, Field};
use super::{Choice, Outcome, Parser};
use crate::time::Zone;

/// The optional fields, all of them.
pub(super) const ALL: [Field; 6] = [
    Field::Host,
    Field::User,
    Field::Referrer,
    Field::Agent,
    Field::Cache,
    Field::Duration(DurationUnit::Seconds),
];

/// Reads lines in one format and says what each was.
pub(super) struct Shown(Parser);

impl Shown {
    /// A reader that insists on `format`, or leaves it to the lines with `auto`.
    pub(super) fn new(format: &str) -> Shown {
        Shown::in_zone(format, Zone::UTC)
    }

    pub(super) fn in_zone(format: &str, zone: Zone) -> Shown {
        let choice = Choice::parse(format).unwrap_or_else(|why| panic!("{format}: {why}"));
        Shown(Parser::new(&choice, zone, &ALL))
    }

    /// `TIME name=value …` of a record, with the names that it has; what else the line was.
    pub(super) fn line(&mut self, line: impl AsRef<[u8]>) -> String {
        let mut record = Record::EMPTY;
        match self.0.read(line.as_ref(), &mut record) {
            Outcome::Record | Outcome::Rollup(_) => {}
            Outcome::Skipped => return "skipped".to_owned(),
            Outcome::Source => return "source".to_owned(),
            Outcome::Unparsed(unparsed) => return unparsed.to_string(),
        }
        let mut shown = record.time.0.to_string();
        let mut put = |name: &str, value: Option<&[u8]>| {
            if let Some(value) = value {
                shown += &format!(" {name}={}", BStr::new(value));
            }
        };
        let request = record.request;
        put("client", Some(record.client).filter(|&c| c != b"-"));
        put("user", record.user.filter(|&user| user != b"-"));
        put("host", record.host);
        put("method", request.map(|r| r.method).filter(|&m| m != b"-"));
        put("target", request.map(|r| r.target));
        put("protocol", request.and_then(|r| r.protocol));
        let status = record.status.map(|status| status.to_string());
        put("status", status.as_deref().map(str::as_bytes));
        let bytes = record.bytes.to_string();
        put("bytes", Some(bytes.as_bytes()).filter(|&b| b != b"0"));
        put("referrer", record.referrer.filter(|&r| r != b"-"));
        put("agent", record.agent.filter(|&a| a != b"-"));
        let duration = record.duration_us.map(|us| us.to_string());
        put("us", duration.as_deref().map(str::as_bytes));
        put("cache", record.cache);
        shown
    }
}

/// Reads one line in `format`.
pub(super) fn shown(format: &str, line: impl AsRef<[u8]>) -> String {
    Shown::new(format).line(line)
}

/// Why a format string is refused: the reason and the byte.
pub(super) fn refused(format: &str) -> String {
    match Choice::parse(format) {
        Ok(_) => "accepted".to_owned(),
        Err(why) => why,
    }
}

/// Differences between what was found and what is wanted, gathered over a table of samples.
#[derive(Default)]
pub(super) struct Table(String);

impl Table {
    pub(super) fn row(&mut self, label: impl std::fmt::Display, found: &str, want: &str) {
        if found != want {
            self.0 += &format!("\n{label}\n  found {found}\n  want  {want}");
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        assert!(self.0.is_empty() || std::thread::panicking(), "{}", self.0);
    }
}
