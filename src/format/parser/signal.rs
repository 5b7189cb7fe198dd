//! Lines that speak of the log instead of being an entry of it: directives, the headers of `tail` and of CSV.
//!
//! A client can write a field of a line, and often the first one (`%{X-Forwarded-For}i` behind a balancer). So a line
//! that holds an entry is no signal, whatever it begins and ends with, and a header is believed only where no client
//! can have written it: see [`Above`](super::w3c::Above). What is not believed is counted as unparsed, and shown.

use super::super::{csv, rollup};
use super::{OWN, Outcome, Parser};
use crate::format::record::Record;
use crate::format::unparsed::{Field, Unparsed, Why};

/// No path is longer, so no name between `==>` and `<==` is: Linux's PATH_MAX.
const LONGEST_PATH: usize = 4096;

impl Parser {
    /// What a line is that speaks of the log instead of being an entry of it; `None` where it is to be read.
    ///
    /// A client can write a field of a line, and often the first one: a line that holds an entry is no signal,
    /// whatever it begins and ends with.
    #[cold]
    pub(super) fn signal(&mut self, line: &[u8]) -> Option<Outcome> {
        match line[0] {
            // Only the whole line that `tail` writes. Lines above and below it are read as they would be in two files, each
            // with what was above it there; so the most that a client can bring about who writes both ends of a
            // line, in a log that no reader of this parser reads, is another name of the source. It is no other format: a
            // header below it is believed only at the head of that source, and is itself no entry.
            b'=' => {
                let name = line.strip_prefix(b"==> ")?.strip_suffix(b" <==")?;
                if name.len() > LONGEST_PATH || self.holds_entry(line) {
                    return None;
                }
                self.continue_source(name);
                Some(Outcome::Source)
            }
            // With a format string nothing is a directive: the string says what a line begins with.
            b'#' if self.w3c.is_none() && matches!(self.choice, Some(OWN)) => None,
            // As a directive of a W3C log: no client can have written it where it is believed.
            b'#' if line.starts_with(rollup::MAGIC)
                && (self.choice.is_none() && self.state.header.may_follow()
                    || self.choice == Some(rollup::NAME)) =>
            {
                Some(self.begin_rollup(line))
            }
            b'#' => Some(self.remark(line)),
            _ if self.own => None,
            _ => csv::is_header(line).then_some(Outcome::Skipped),
        }
    }

    /// What a line is that begins with `#`, where no format string is given.
    fn remark(&mut self, line: &[u8]) -> Outcome {
        let unparsed = |field, why| {
            Outcome::Unparsed(Unparsed {
                field,
                why,
                at: 0,
                timed: true,
            })
        };
        if self.holds_entry(line) {
            return unparsed(Field::Client, Why::NoClient);
        }
        if self.w3c.is_none() {
            return Outcome::Skipped;
        }
        let state = &mut self.state;
        if self.choice.is_some() || state.header.may_follow() {
            let others = state.others.values();
            let read = state
                .header
                .directive(line, &mut self.times, &self.wanted, others);
            return read.map_or_else(Outcome::Unparsed, |()| Outcome::Skipped);
        }
        if line.starts_with(b"#Fields:") {
            return unparsed(Field::Line, Why::Directive);
        }
        Outcome::Skipped
    }

    /// Whether an entry is in a line, whatever it begins with.
    fn holds_entry(&mut self, line: &[u8]) -> bool {
        let mut programs = self.lines.iter().flatten();
        programs.any(|program| {
            let mut record = Record::EMPTY;
            program.read(line, &mut self.times, &mut record).is_ok()
        }) || !self.own
            && memchr::memchr_iter(b'[', line)
                .any(|bracket| self.times.clf(&line[bracket + 1..]).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use crate::format::shown::{Shown, Table};

    /// Reads lines one after the other; each with how what it is begins.
    fn stream(format: &str, lines: &[(&str, &str)]) {
        let mut table = Table::default();
        let mut reader = Shown::new(format);
        for (line, want) in lines {
            let found = reader.line(line);
            if !found.starts_with(want) {
                table.row(format!("{format}: {line}"), &found, want);
            }
        }
    }

    const ENTRY: &str =
        r#"192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "-" "x""#;
    const READ: &str = "1760104536 client=192.0.2.7";
    const FIELDS: &str = "#Fields: date time c-ip sc-status";
    const W3C: &str = "2025-10-10 13:55:36 192.0.2.7 200";
    const NO_CLIENT: &str = "client: neither an address";

    #[test]
    fn a_header_is_believed_at_the_head_of_a_source_and_below_a_w3c_log_only() {
        let not_believed = "line: a W3C header below lines in another format";
        stream(
            "auto",
            &[
                ("no entry", "time: no"),
                ("# a remark", "skipped"),
                (FIELDS, "skipped"),
                (W3C, READ),
                ("#Fields: date time sc-status c-ip", "skipped"),
                ("2025-10-10 13:55:36 200 192.0.2.7", READ),
                (ENTRY, READ),
                ("# a remark", "skipped"),
                (FIELDS, not_believed),
                ("2025-10-10 13:55:36 200 192.0.2.7", READ),
                (FIELDS, "skipped"),
                ("==> other.log <==", "source"),
                (ENTRY, READ),
                (FIELDS, not_believed),
                ("==> new.log <==", "source"),
                (FIELDS, "skipped"),
                (W3C, READ),
                ("==> other.log <==", "source"),
                (FIELDS, not_believed),
                ("==> new.log <==", "source"),
                (W3C, READ),
            ],
        );
        stream(
            "w3c",
            &[
                (W3C, "line: "),
                (FIELDS, "skipped"),
                (W3C, READ),
                (FIELDS, "skipped"),
            ],
        );
        stream(
            "combined",
            &[(ENTRY, READ), (FIELDS, "skipped"), (W3C, "time: ")],
        );
    }

    #[test]
    fn what_holds_an_entry_is_no_signal() {
        let behind = r#" - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "-" "x""#;
        for format in ["auto", "combined", "w3c"] {
            for first in [
                "#",
                "#Fields: date time sc-status c-ip",
                "#Date: 2001-01-01,",
            ] {
                let line = format!("{first}{behind}");
                stream(
                    format,
                    &[
                        (&line, NO_CLIENT),
                        (
                            W3C,
                            if format == "w3c" {
                                "line: no"
                            } else {
                                "time: no"
                            },
                        ),
                    ],
                );
            }
        }
        // A string says what a line begins with.
        let own = r#"%{X-Forwarded-For}i %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
        let line = format!("#Fields:{behind}");
        stream(
            own,
            &[
                (&line, "1760104536 client=#Fields:"),
                (FIELDS, "user: "),
                ("==> a b <==", "source"),
            ],
        );
        let own = r#"%{X-Forwarded-For}i %t "%r" %>s %b %{User-Agent}i"#;
        stream(
            own,
            &[(
                r#"==> [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 x <=="#,
                "1760104536 client===>",
            )],
        );
        let line = r#""remotehost","rfc931","authuser","date","request","status","bytes""#;
        stream(
            "auto",
            &[
                (line, "skipped"),
                (
                    r#""remotehost","-","-",1760104536,"GET /a HTTP/1.1",200,5"#,
                    "1760104536",
                ),
            ],
        );
    }

    #[test]
    fn headers_are_bounded_and_shared() {
        let long = "line: #Fields longer than";
        let header = |count: usize, name: &str| {
            format!(
                "#Fields: date time sc-status{}",
                format!(" {name}").repeat(count - 3)
            )
        };
        let name = "n".repeat(64);
        for (header, want) in [
            (header(1000, "a"), "skipped"),
            (header(1001, "a"), long),
            (header(900, &name), "skipped"),
            // 64 KiB of names to the byte, and one more.
            (header(1000, &name) + &"n".repeat(711), "skipped"),
            (header(1000, &name) + &"n".repeat(712), long),
        ] {
            let mut reader = Shown::new("auto");
            let found = reader.line(&header);
            assert!(found.starts_with(want), "{found}");
            let found = reader.line("2025-10-10 13:55:36 200");
            assert!(want == "skipped" || found.starts_with(long), "{found}");
        }
        // 60 KB each: 17 of them come to less than 1 MiB.
        let mut reader = Shown::new("auto");
        for source in 0..20 {
            assert_eq!(reader.line(format!("==> {source} <==")), "source");
            let found = reader.line(header(900, &name));
            assert!(
                found.starts_with(if source < 17 { "skipped" } else { long }),
                "{source}: {found}"
            );
        }
    }
}
