//! What the names in `#Fields` mean, by the documentation of those who write them.
//!
//! The draft has a grammar of names, and every server its own words. Where a list has several names for one thing,
//! the one that is first in the table here counts, and the others are read over.

use bstr::ByteSlice;

use super::super::unparsed::{DurationUnit, Field};

/// How the value under a name is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameReading {
    /// As this field.
    Plain(Field),
    /// The date of the time.
    Date,
    /// The time of the day.
    Clock,
    /// All of the time, since 1970.
    Epoch,
    /// All of the time, in brackets, with a space in it.
    Bracketed,
    /// Brackets with something in them.
    SkippedBrackets,
    /// A word of the cache, a stroke, and the status: `TCP_HIT/200`.
    CacheAndStatus,
}

const SECONDS: DurationUnit = DurationUnit::Seconds;

/// What a list can say, and the names for it, the best first.
///
/// * The draft (WD-logfile-960323), IIS and HTTP.sys ("W3C Logging"), CloudFront ("Standard logging reference"), Tomcat
///   (`ExtendedAccessLogValve`), Shoutcast;
/// * Blue Coat's SGOS ("Access Log Fields"): `cs-uri-path`, `cs-user-agent`, `s-action`, `localtime`, `x-timestamp-unix`;
/// * NetCache: `x-timestamp`, `x-transaction`, `x-username`;
/// * EdgeCast ("Raw Log File Field Definitions"): `timestamp`, `c-referrer`, `c-user-agent`, and a `sc-status` that is
///   "[Cache and HTTP] Status Codes";
/// * Cisco's Web Security Appliance: `timestamp` ("in UNIX epoch"), `x-elapsed-time`, `x-resultcode-httpstatus`,
///   `sc-http-status`, `sc-result-code`, `cs-url`;
/// * ISA Server and TMG ("Web proxy log fields"): `c-agent`, `cs-referred`, `s-operation`, `r-host`.
const NAMES: [(NameReading, &[&str]); 19] = [
    (NameReading::Date, &["date", "date-local"]),
    (NameReading::Clock, &["time", "time-local"]),
    (NameReading::Bracketed, &["localtime"]),
    (
        NameReading::Epoch,
        &[
            "timestamp",
            "timestamp(ms)",
            "x-timestamp",
            "x-timestamp-unix-utc",
            "x-timestamp-unix",
        ],
    ),
    (NameReading::SkippedBrackets, &["gmttime"]),
    (
        NameReading::Plain(Field::Client),
        &["c-ip", "cs-client-ip", "c-dns"],
    ),
    (
        NameReading::Plain(Field::User),
        &["cs-username", "cs-user", "c-auth-id", "x-username"],
    ),
    (
        NameReading::Plain(Field::Method),
        &["cs-method", "s-operation"],
    ),
    // That without a host is best: the path counts.
    (
        NameReading::Plain(Field::Target),
        &["cs-uri-stem", "cs-uri-path", "cs-uri", "cs-url"],
    ),
    (
        NameReading::Plain(Field::Protocol),
        &["cs-version", "cs-protocol-version"],
    ),
    (
        NameReading::Plain(Field::Status),
        &["sc-status", "c-status", "sc-http-status"],
    ),
    (
        NameReading::CacheAndStatus,
        &["x-resultcode-httpstatus", "x-transaction"],
    ),
    (NameReading::Plain(Field::Bytes), &["sc-bytes", "bytes"]),
    (
        NameReading::Plain(Field::Host),
        &["x-host-header", "cs(host)", "cs-host", "r-host"],
    ),
    (
        NameReading::Plain(Field::Agent),
        &["cs(user-agent)", "cs-user-agent", "c-user-agent", "c-agent"],
    ),
    (
        NameReading::Plain(Field::Referrer),
        &[
            "cs(referer)",
            "cs(referrer)",
            "cs-referer",
            "cs-referrer",
            "c-referrer",
            "cs-referred",
        ],
    ),
    (
        NameReading::Plain(Field::Cache),
        &["x-edge-result-type", "s-action", "sc-result-code"],
    ),
    // CloudFront's, and what IIS and others call the header.
    (
        NameReading::Plain(Field::Forwarded),
        &[
            "x-forwarded-for",
            "cs(x-forwarded-for)",
            "cs-x-forwarded-for",
        ],
    ),
    (
        NameReading::Plain(Field::Duration(SECONDS)),
        &["time-taken", "timetakenms", "x-elapsed-time"],
    ),
];

/// Servers whose `time-taken` is in milliseconds, as `#Software` names them. The draft has seconds; IIS, and Blue Coat's
/// ProxySG ("Access Log Formats", `time-taken`: "time taken (in milliseconds) to process the request"), do not.
const IN_MILLISECONDS: [&str; 5] = ["Microsoft", "IIS", "SGOS", "Blue Coat", "ProxySG"];

/// Fields that only a server with milliseconds has: IIS the first two, ISA Server the third, ProxySG the next two,
/// EdgeCast the others.
const OF_MILLISECONDS: [&str; 7] = [
    "sc-win32-status",
    "sc-substatus",
    "s-object-source",
    "s-action",
    "s-hierarchy",
    "rs-duration",
    "x-ec_custom-1",
];

/// Whether the server that `#Software` names writes its durations in milliseconds.
pub(super) fn writes_milliseconds(software: &[u8]) -> bool {
    IN_MILLISECONDS
        .iter()
        .any(|name| software.contains_str(name))
}

/// A list of names, and how the values under them are read.
pub(super) struct Names {
    /// One for each name.
    pub(super) readings: Vec<NameReading>,
    /// Date and time of the day are in the zone of times without an offset.
    pub(super) local: bool,
}

impl Names {
    /// How `list` is read, by a server that is known to write its durations in milliseconds or may write seconds;
    /// `dated` where lines need no date.
    pub(super) fn new(list: &[&[u8]], milliseconds: bool, dated: bool) -> Names {
        let list: Vec<String> = list
            .iter()
            .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
            .collect();
        let has = |name: &str| list.iter().any(|known| known == name);
        let any = |names: &[&str]| names.iter().any(|name| has(name));
        let milliseconds = milliseconds
            || any(&OF_MILLISECONDS)
            || list.iter().any(|name| name.starts_with("x-bluecoat-"));
        let edgecast = any(&OF_MILLISECONDS[5..]);
        // Where the best name of each row is.
        let best = NAMES.map(|(_, names)| {
            let place = |name: &&str| list.iter().position(|known| known == name);
            names.iter().find_map(place)
        });
        let [date, clock, brackets, ..] = best;
        let in_parts = clock.is_some() && (date.is_some() || dated);
        let reading = |(at, name): (usize, &String)| {
            let names = |(_, names): &(NameReading, &[&str])| names.contains(&name.as_str());
            let Some(row) = NAMES.iter().position(names) else {
                return NameReading::Plain(Field::Skipped);
            };
            let counts = best[row] == Some(at);
            match NAMES[row].0 {
                NameReading::Bracketed if in_parts || !counts => NameReading::SkippedBrackets,
                NameReading::SkippedBrackets => NameReading::SkippedBrackets,
                _ if !counts => NameReading::Plain(Field::Skipped),
                NameReading::Date | NameReading::Clock if !in_parts => {
                    NameReading::Plain(Field::Skipped)
                }
                NameReading::Epoch if in_parts || brackets.is_some() => {
                    NameReading::Plain(Field::Skipped)
                }
                NameReading::Plain(Field::Status) if edgecast => NameReading::CacheAndStatus,
                NameReading::Plain(Field::Duration(_)) if milliseconds || name != "time-taken" => {
                    NameReading::Plain(Field::Duration(DurationUnit::Milliseconds))
                }
                reading => reading,
            }
        };
        Names {
            readings: list.iter().enumerate().map(reading).collect(),
            local: in_parts && !has("time"),
        }
    }

    /// Whether one of the values is read so.
    pub(super) fn has(&self, reading: NameReading) -> bool {
        self.readings.contains(&reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_thing() {
        let mut all: Vec<_> = NAMES.iter().flat_map(|(_, names)| names.iter()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|name| **name == name.to_ascii_lowercase()));
    }

    #[test]
    fn of_several_names_the_best_counts_wherever_it_stands() {
        let skipped = NameReading::Plain(Field::Skipped);
        let target = NameReading::Plain(Field::Target);
        for (list, want) in [
            (
                &["cs-uri", "cs-uri-path", "CS-URI-Stem"][..],
                &[skipped, skipped, target][..],
            ),
            (&["cs-uri-stem", "cs-uri-stem"], &[target, skipped]),
            (
                &["date", "date-local", "time", "time-local"],
                &[NameReading::Date, skipped, NameReading::Clock, skipped],
            ),
            (
                &["date", "time", "timestamp", "localtime", "gmttime"],
                &[
                    NameReading::Date,
                    NameReading::Clock,
                    skipped,
                    NameReading::SkippedBrackets,
                    NameReading::SkippedBrackets,
                ],
            ),
            (
                &["x-timestamp", "timestamp", "date"],
                &[skipped, NameReading::Epoch, skipped],
            ),
            (
                &["time-taken", "x-elapsed-time"],
                &[NameReading::Plain(Field::Duration(SECONDS)), skipped],
            ),
            (&["", "\u{fffd}", "-"], &[skipped, skipped, skipped]),
        ] {
            let list: Vec<&[u8]> = list.iter().map(|name| name.as_bytes()).collect();
            assert_eq!(Names::new(&list, false, false).readings, want, "{list:?}");
        }
    }
}
