//! HAProxy's `log-format`, verbatim: the whole directive, its quoted string, or the bare string.
//!
//! See "Custom log format" in HAProxy's configuration manual, section 8.2.6, which has the table of variables and of
//! flags. `%{+Q}o` quotes all strings behind it, `%{-Q}r` not this one; numbers and dates are never quoted. What
//! `%hr` and `%hs` capture may be nothing, and then the space before it is not written either.

use super::named::StringSteps;
use super::template::{Piece, PieceKind, PlacedBytes, Refused, compile};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};

/// How a variable is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum VariableForm {
    /// A number or a date: never in quotes.
    Plain,
    /// In quotes, where the flag `Q` is set.
    Text,
    /// What was captured: braces, or nothing.
    Captured,
}

const SKIPPED: fn() -> PieceKind = || PieceKind::Field(Field::Skipped, 0);

/// A variable: its name, how it is written, and what it means here.
type VariableRow = (&'static str, VariableForm, fn() -> PieceKind);

/// Every variable of the manual.
const VARIABLES: [VariableRow; 64] = [
    ("B", VariableForm::Plain, || {
        PieceKind::Field(Field::Bytes, 0)
    }),
    ("CC", VariableForm::Text, SKIPPED),
    ("CS", VariableForm::Text, SKIPPED),
    ("H", VariableForm::Text, SKIPPED),
    ("HM", VariableForm::Text, || {
        PieceKind::Field(Field::Method, 0)
    }),
    ("HP", VariableForm::Text, || {
        PieceKind::Field(Field::Target, 1)
    }),
    ("HPO", VariableForm::Text, || {
        PieceKind::Field(Field::Target, 2)
    }),
    ("HQ", VariableForm::Text, || PieceKind::Query),
    ("HU", VariableForm::Text, || {
        PieceKind::Field(Field::Target, 0)
    }),
    ("HV", VariableForm::Text, || {
        PieceKind::Field(Field::Protocol, 0)
    }),
    ("ID", VariableForm::Text, SKIPPED),
    ("OG", VariableForm::Text, SKIPPED),
    ("ST", VariableForm::Plain, || {
        PieceKind::Field(Field::Status, 0)
    }),
    ("T", VariableForm::Plain, || PieceKind::Time(TimeForm::Clf)),
    ("Ta", VariableForm::Plain, || duration(ACTIVE)),
    ("Tc", VariableForm::Plain, || duration(PART)),
    ("Td", VariableForm::Plain, || duration(PART)),
    ("Th", VariableForm::Plain, SKIPPED),
    ("Ti", VariableForm::Plain, SKIPPED),
    ("Tl", VariableForm::Plain, || PieceKind::Time(TimeForm::Clf)),
    ("Tq", VariableForm::Plain, || duration(FROM_ACCEPT)),
    ("Tr", VariableForm::Plain, || duration(SERVER)),
    ("TR", VariableForm::Plain, || duration(PART)),
    ("Ts", VariableForm::Plain, || {
        PieceKind::Time(TimeForm::Epoch)
    }),
    ("Tt", VariableForm::Plain, || duration(TOTAL)),
    ("Tu", VariableForm::Plain, SKIPPED),
    ("Tw", VariableForm::Plain, || duration(PART)),
    ("U", VariableForm::Plain, SKIPPED),
    ("ac", VariableForm::Plain, SKIPPED),
    ("b", VariableForm::Text, SKIPPED),
    ("bc", VariableForm::Plain, SKIPPED),
    ("bi", VariableForm::Text, SKIPPED),
    ("bp", VariableForm::Plain, SKIPPED),
    ("bq", VariableForm::Plain, SKIPPED),
    ("ci", VariableForm::Text, || {
        PieceKind::Field(Field::Client, 0)
    }),
    ("cp", VariableForm::Plain, SKIPPED),
    ("f", VariableForm::Text, SKIPPED),
    ("fc", VariableForm::Plain, SKIPPED),
    ("fi", VariableForm::Text, SKIPPED),
    ("fp", VariableForm::Plain, SKIPPED),
    ("ft", VariableForm::Text, SKIPPED),
    ("hr", VariableForm::Captured, SKIPPED),
    ("hrl", VariableForm::Captured, SKIPPED),
    ("hs", VariableForm::Captured, SKIPPED),
    ("hsl", VariableForm::Captured, SKIPPED),
    ("lc", VariableForm::Plain, SKIPPED),
    ("ms", VariableForm::Plain, SKIPPED),
    ("pid", VariableForm::Plain, SKIPPED),
    ("r", VariableForm::Text, || {
        PieceKind::Field(Field::Request, 0)
    }),
    ("rc", VariableForm::Plain, SKIPPED),
    ("rt", VariableForm::Plain, SKIPPED),
    ("s", VariableForm::Text, SKIPPED),
    ("sc", VariableForm::Plain, SKIPPED),
    ("si", VariableForm::Text, SKIPPED),
    ("sp", VariableForm::Plain, SKIPPED),
    ("sq", VariableForm::Plain, SKIPPED),
    ("sslc", VariableForm::Text, SKIPPED),
    ("sslv", VariableForm::Text, SKIPPED),
    ("t", VariableForm::Plain, || PieceKind::Time(TimeForm::Clf)),
    ("tr", VariableForm::Plain, || PieceKind::Time(TimeForm::Clf)),
    ("trg", VariableForm::Plain, || {
        PieceKind::Time(TimeForm::Clf)
    }),
    ("trl", VariableForm::Plain, || {
        PieceKind::Time(TimeForm::Clf)
    }),
    ("ts", VariableForm::Plain, SKIPPED),
    ("tsc", VariableForm::Plain, SKIPPED),
];

// The times of section 8.4, best first: from the request's date to its end, from the connection's date to its end, and
// the parts of both: up to the server's headers, others, and up to the request's last header, from the accept on.
const ACTIVE: u8 = 0;
const TOTAL: u8 = 1;
const SERVER: u8 = 2;
const PART: u8 = 3;
const FROM_ACCEPT: u8 = 4;

fn duration(rank: u8) -> PieceKind {
    PieceKind::Field(Field::Duration(DurationUnit::Milliseconds), rank)
}

/// Whether a format string is HAProxy's: no other has these.
pub(super) fn is_ours(text: &str) -> bool {
    text.trim_start().starts_with("log-format")
        || ["%ci", "%ST", "%[", "%{+", "%{-"]
            .iter()
            .any(|mark| text.contains(mark))
}

/// The default of `option httplog`, as a string.
const HTTP: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";

/// Its steps with the names of its variables.
pub(super) fn named_default() -> Option<StringSteps> {
    parse(HTTP).ok()
}

/// Compiles a `log-format`.
///
/// # Errors
///
/// Where in the string it cannot work, and why.
pub(super) fn parse(text: &str) -> Result<StringSteps, Refused> {
    let string = unquote(text);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut captured = false;
    let mut all_quoted = false;
    // Whether the date is that of the connection.
    let mut accepted = None;
    let mut rest = &string[..];
    while let Some(&(at, byte)) = rest.first() {
        rest = &rest[1..];
        let mut push = |kind| pieces.push(Piece { at, kind });
        if byte != b'%' {
            // Behind what may be nothing, the space before the next field belongs to it.
            if !(captured && byte == b' ') {
                push(PieceKind::Text(vec![byte]));
                captured = false;
            }
            continue;
        }
        if let [(_, b'%'), after @ ..] = rest {
            push(PieceKind::Text(b"%".to_vec()));
            (rest, captured) = (after, false);
            continue;
        }
        let (quoted, form, kind, after) = variable(at, rest, all_quoted)?;
        if matches!(kind, Some(PieceKind::Time(_))) {
            // `%t`, `%T`, `%Tl` and `%Ts` are of the connection, `%tr` and its like of the request.
            let said = &rest[..rest.len() - after.len()];
            let of_request = said.iter().any(|(_, b)| *b == b'r');
            accepted.get_or_insert(!of_request);
        }
        rest = after;
        let Some(kind) = kind else {
            all_quoted = quoted;
            // HAProxy writes nothing for it, and no space either.
            if let [(_, b' '), after @ ..] = rest {
                rest = after;
            }
            continue;
        };
        match form {
            VariableForm::Captured if captured => {}
            VariableForm::Captured => {
                push(kind);
                captured = true;
            }
            _ => {
                captured = false;
                let quotes = || {
                    PieceKind::Text(if quoted && form == VariableForm::Text {
                        b"\"".to_vec()
                    } else {
                        Vec::new()
                    })
                };
                push(quotes());
                push(kind);
                push(quotes());
            }
        }
    }
    let starts = times_from_start(&mut pieces, accepted == Some(true));
    let steps = compile(one_time(pieces), text)?;
    Ok(if starts { steps.starting() } else { steps })
}

/// Chooses the times that lead from the date, which is that of the connection if it was `accepted` then, else that of
/// the request, to the end: the total, or the sum of its parts. `false` if there are none that do.
fn times_from_start(pieces: &mut [Piece], accepted: bool) -> bool {
    let mut times: Vec<(&mut PieceKind, u8)> = pieces
        .iter_mut()
        .filter_map(|piece| match piece.kind {
            PieceKind::Field(Field::Duration(_), rank) => Some((&mut piece.kind, rank)),
            _ => None,
        })
        .collect();
    let has = |times: &[(&mut PieceKind, u8)], rank| times.iter().any(|(_, known)| *known == rank);
    if has(&times, ACTIVE) || has(&times, TOTAL) {
        if accepted && has(&times, TOTAL) {
            times
                .iter_mut()
                .filter(|(_, rank)| *rank == ACTIVE)
                .for_each(|(kind, _)| **kind = SKIPPED());
        }
        return true;
    }
    // `%TR` is the part of `%Tq` that is not idle.
    let twice = has(&times, PART) && !accepted;
    for (kind, rank) in &mut times {
        if twice && *rank == FROM_ACCEPT {
            **kind = SKIPPED();
        }
    }
    times.retain(|(kind, _)| **kind != SKIPPED());
    // What the server took is known by itself; any other part says little.
    let parts = times.len() > 1;
    for (kind, rank) in times {
        if parts {
            *kind = PieceKind::Part(Field::Duration(DurationUnit::Milliseconds));
        } else if rank != SERVER {
            *kind = SKIPPED();
        }
    }
    parts
}

type Variable<'a> = (bool, VariableForm, Option<PieceKind>, &'a PlacedBytes);

/// Reads a variable behind its `%`: whether it is quoted, and what it means; `None` for `%o`.
fn variable(at: usize, mut rest: &PlacedBytes, all_quoted: bool) -> Result<Variable<'_>, Refused> {
    let mut quoted = all_quoted;
    let until = |rest: &PlacedBytes, end: u8| rest.iter().position(|&(_, b)| b == end);
    let word =
        |part: &PlacedBytes| -> String { part.iter().map(|&(_, b)| char::from(b)).collect() };
    loop {
        match rest {
            [(_, b'('), ..] => {
                let end =
                    until(rest, b')').ok_or_else(|| Refused::new(at, "a '(' without its ')'"))?;
                rest = &rest[end + 1..];
            }
            [(_, b'{'), ..] => {
                let end =
                    until(rest, b'}').ok_or_else(|| Refused::new(at, "a '{' without its '}'"))?;
                for flag in word(&rest[1..end]).split(',') {
                    match flag.trim() {
                        "+Q" => quoted = true,
                        "-Q" => quoted = false,
                        "+E" | "-E" | "-X" | "" => {}
                        other => {
                            let why = format!(
                                "the flag '{other}' of HAProxy cannot be read (+Q, -Q, +E and -E can)"
                            );
                            return Err(Refused::new(at, why));
                        }
                    }
                }
                rest = &rest[end + 1..];
            }
            _ => break,
        }
    }
    if let [(_, b'['), ..] = rest {
        let end = until(rest, b']').ok_or_else(|| Refused::new(at, "a '[' without its ']'"))?;
        return Ok((
            quoted,
            VariableForm::Text,
            Some(sample(&word(&rest[1..end]))),
            &rest[end + 1..],
        ));
    }
    let len = rest
        .iter()
        .position(|(_, b)| !b.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let name = word(&rest[..len]);
    if name == "o" {
        return Ok((quoted, VariableForm::Plain, None, &rest[len..]));
    }
    let row = VARIABLES.iter().find(|(known, ..)| *known == name);
    let (_, form, kind) =
        row.ok_or_else(|| Refused::new(at, format!("HAProxy has no variable '%{name}'")))?;
    Ok((quoted, *form, Some(kind()), &rest[len..]))
}

/// What an expression in brackets fetches.
fn sample(expression: &str) -> PieceKind {
    let fetch = expression
        .split(',')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    let header = ["req.hdr(", "req.fhdr(", "hdr(", "req.hdr_ip("]
        .iter()
        .find_map(|name| fetch.strip_prefix(name))
        .and_then(|rest| rest.strip_suffix(')'));
    match (header, fetch.as_str()) {
        (Some("host"), _) => PieceKind::Field(Field::Host, 0),
        (Some("referer"), _) => PieceKind::Field(Field::Referrer, 0),
        (Some("user-agent"), _) => PieceKind::Field(Field::Agent, 0),
        (Some("x-forwarded-for"), _) => PieceKind::Forwarded,
        (_, "src") => PieceKind::Field(Field::Client, 1),
        (_, "method" | "capture.req.method") => PieceKind::Field(Field::Method, 1),
        (_, "url" | "pathq" | "capture.req.uri") => PieceKind::Field(Field::Target, 3),
        (_, "path") => PieceKind::Field(Field::Target, 4),
        (_, "query") => PieceKind::Query,
        (_, "status") => PieceKind::Field(Field::Status, 1),
        (_, "req.ver" | "capture.req.ver") => PieceKind::Field(Field::Protocol, 1),
        _ => SKIPPED(),
    }
}

/// Of several times the first counts: they are of one moment.
fn one_time(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut found = false;
    for piece in &mut pieces {
        if matches!(piece.kind, PieceKind::Time(_)) && std::mem::replace(&mut found, true) {
            piece.kind = SKIPPED();
        }
    }
    pieces
}

/// The bytes of the format with their places in `text`: the directive's name, quotes and backslashes undone.
fn unquote(text: &str) -> Vec<(usize, u8)> {
    let end = text.trim_end().len();
    let mut at = text.len() - text.trim_start().len();
    if let Some(rest) = text[at..].strip_prefix("log-format") {
        at = end.min(text.len() - rest.trim_start().len());
    }
    let bytes = &text.as_bytes()[..end];
    let around = match &bytes[at..] {
        [open @ (b'"' | b'\''), .., close] if open == close => 1,
        _ => 0,
    };
    let mut out = Vec::new();
    let mut i = at + around;
    while i < end - around {
        if bytes[i] == b'\\' && i + 1 < end - around {
            i += 1;
        }
        out.push((i, bytes[i]));
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::shown::ALL;
    use super::super::{Choice, Outcome, Parser};
    use super::*;
    use crate::format::record::Record;
    use crate::time::Zone;
    use bstr::BStr;

    fn read<'a>(parser: &'a mut Parser, line: &'a str) -> Record<'a> {
        let mut record = Record::EMPTY;
        assert_eq!(
            parser.read(line.as_bytes(), &mut record),
            Outcome::Record,
            "{line}"
        );
        record
    }

    #[test]
    fn strings_of_the_manual_read_their_lines() {
        let http = r#""GET /a?b HTTP/1.1""#;
        for (string, line) in [
            (
                r#"log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r""#,
                format!(
                    "192.0.2.7:39759 [09/Dec/2025:12:59:46.633] www~ be/web1 0/0/1/48/49 200 8328 - - ---- 8/8/1/1/0 0/0 {http}"
                ),
            ),
            (
                r#"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"#,
                format!(
                    "192.0.2.7:39759 [09/Dec/2025:12:59:46.633] www~ be/web1 0/0/1/48/+49 200 +8328 - - ---- 8/8/1/1/0 0/0 {{a b|}} {{c}} {http}"
                ),
            ),
            (
                r#"log-format %{+Q}o\ %{-Q}ci\ -\ -\ [%T]\ %r\ %ST\ %B\ \"\"\ \"\"\ %cp\ %ms\ %ft\ %b\ %s\ %TR\ %Tw\ %Tc\ %Tr\ %Ta\ %tsc"#,
                format!(
                    "192.0.2.7 - - [09/Dec/2025:12:59:46 +0000] {http} 200 8328 \"\" \"\" 39759 633 \"www\" \"be\" \"web1\" 0 0 1 48 49 ----"
                ),
            ),
            (
                "%[src] %Ts %HM %HU %HV %ST %B %Ta",
                "192.0.2.7 1765285186 GET /a?b HTTP/1.1 200 8328 49".to_owned(),
            ),
        ] {
            let choice = Choice::parse(string).unwrap_or_else(|why| panic!("{string}: {why}"));
            let mut parser = Parser::new(&choice, Zone::UTC, &ALL);
            let record = read(&mut parser, &line);
            assert_eq!(BStr::new(record.client), "192.0.2.7", "{line}");
            assert_eq!(record.time.0, 1_765_285_186, "{line}");
            assert_eq!(BStr::new(record.request.unwrap().target), "/a?b", "{line}");
            assert_eq!((record.status, record.bytes), (Some(200), 8328), "{line}");
            assert_eq!(record.duration_us, Some(49_000), "{line}");
        }
    }

    #[test]
    fn every_variable_is_known_once_and_others_are_refused() {
        let mut names: Vec<_> = VARIABLES.iter().map(|row| row.0).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for name in names {
            let string = format!("%{name} [%tr] %ST %{{+Q}}r");
            assert!(is_ours(&string));
            assert!(parse(&string).is_ok(), "{string}: {:?}", parse(&string));
        }
        for (string, why) in [
            ("%ci %zz", "no variable '%zz'"),
            ("%ci [%tr", "neither a request"),
            ("%{+X}Ts %ST", "'+X'"),
            ("%{+Q", "without its '}'"),
            ("%[src", "without its ']'"),
            ("%ci%ST %t", "nothing separates"),
        ] {
            let refused = parse(string).expect_err(string);
            assert!(refused.why.contains(why), "{string}: {}", refused.why);
        }
    }
}
