//! HAProxy's `log-format`, verbatim: the whole directive, its quoted string, or the bare string.
//!
//! See "Custom log format" in HAProxy's configuration manual, section 8.2.6, which has the table of variables and of
//! flags. `%{+Q}o` quotes all strings behind it, `%{-Q}r` not this one; numbers and dates are never quoted. What
//! `%hr` and `%hs` capture may be nothing, and then the space before it is not written either.

use super::program::Step;
use super::template::{Kind, Piece, Refused, compile};
use super::timestamp::TimeForm;
use super::unparsed::{Field, Unit};

/// How a variable is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// A number or a date: never in quotes.
    Plain,
    /// In quotes, where the flag `Q` is set.
    Text,
    /// What was captured: braces, or nothing.
    Captured,
}

const SKIPPED: fn() -> Kind = || Kind::Field(Field::Skipped, 0);

/// A variable: its name, how it is written, and what it means here.
type Row = (&'static str, Form, fn() -> Kind);

/// Every variable of the manual.
const VARIABLES: [Row; 64] = [
    ("B", Form::Plain, || Kind::Field(Field::Bytes, 0)),
    ("CC", Form::Text, SKIPPED),
    ("CS", Form::Text, SKIPPED),
    ("H", Form::Text, SKIPPED),
    ("HM", Form::Text, || Kind::Field(Field::Method, 0)),
    ("HP", Form::Text, || Kind::Field(Field::Target, 1)),
    ("HPO", Form::Text, || Kind::Field(Field::Target, 2)),
    ("HQ", Form::Text, || Kind::Query),
    ("HU", Form::Text, || Kind::Field(Field::Target, 0)),
    ("HV", Form::Text, || Kind::Field(Field::Protocol, 0)),
    ("ID", Form::Text, SKIPPED),
    ("OG", Form::Text, SKIPPED),
    ("ST", Form::Plain, || Kind::Field(Field::Status, 0)),
    ("T", Form::Plain, || Kind::Time(TimeForm::Clf)),
    ("Ta", Form::Plain, || duration(ACTIVE)),
    ("Tc", Form::Plain, || duration(PART)),
    ("Td", Form::Plain, || duration(PART)),
    ("Th", Form::Plain, SKIPPED),
    ("Ti", Form::Plain, SKIPPED),
    ("Tl", Form::Plain, || Kind::Time(TimeForm::Clf)),
    ("Tq", Form::Plain, || duration(FROM_ACCEPT)),
    ("Tr", Form::Plain, || duration(SERVER)),
    ("TR", Form::Plain, || duration(PART)),
    ("Ts", Form::Plain, || Kind::Time(TimeForm::Epoch)),
    ("Tt", Form::Plain, || duration(TOTAL)),
    ("Tu", Form::Plain, SKIPPED),
    ("Tw", Form::Plain, || duration(PART)),
    ("U", Form::Plain, SKIPPED),
    ("ac", Form::Plain, SKIPPED),
    ("b", Form::Text, SKIPPED),
    ("bc", Form::Plain, SKIPPED),
    ("bi", Form::Text, SKIPPED),
    ("bp", Form::Plain, SKIPPED),
    ("bq", Form::Plain, SKIPPED),
    ("ci", Form::Text, || Kind::Field(Field::Client, 0)),
    ("cp", Form::Plain, SKIPPED),
    ("f", Form::Text, SKIPPED),
    ("fc", Form::Plain, SKIPPED),
    ("fi", Form::Text, SKIPPED),
    ("fp", Form::Plain, SKIPPED),
    ("ft", Form::Text, SKIPPED),
    ("hr", Form::Captured, SKIPPED),
    ("hrl", Form::Captured, SKIPPED),
    ("hs", Form::Captured, SKIPPED),
    ("hsl", Form::Captured, SKIPPED),
    ("lc", Form::Plain, SKIPPED),
    ("ms", Form::Plain, SKIPPED),
    ("pid", Form::Plain, SKIPPED),
    ("r", Form::Text, || Kind::Field(Field::Request, 0)),
    ("rc", Form::Plain, SKIPPED),
    ("rt", Form::Plain, SKIPPED),
    ("s", Form::Text, SKIPPED),
    ("sc", Form::Plain, SKIPPED),
    ("si", Form::Text, SKIPPED),
    ("sp", Form::Plain, SKIPPED),
    ("sq", Form::Plain, SKIPPED),
    ("sslc", Form::Text, SKIPPED),
    ("sslv", Form::Text, SKIPPED),
    ("t", Form::Plain, || Kind::Time(TimeForm::Clf)),
    ("tr", Form::Plain, || Kind::Time(TimeForm::Clf)),
    ("trg", Form::Plain, || Kind::Time(TimeForm::Clf)),
    ("trl", Form::Plain, || Kind::Time(TimeForm::Clf)),
    ("ts", Form::Plain, SKIPPED),
    ("tsc", Form::Plain, SKIPPED),
];

// The times of section 8.4, best first: from the request's date to its end, from the connection's date to its end, and
// the parts of both: up to the server's headers, others, and up to the request's last header, from the accept on.
const ACTIVE: u8 = 0;
const TOTAL: u8 = 1;
const SERVER: u8 = 2;
const PART: u8 = 3;
const FROM_ACCEPT: u8 = 4;

fn duration(rank: u8) -> Kind {
    Kind::Field(Field::Duration(Unit::Milliseconds), rank)
}

/// Whether a format string is HAProxy's: no other has these.
pub(super) fn is_ours(text: &str) -> bool {
    text.trim_start().starts_with("log-format")
        || ["%ci", "%ST", "%[", "%{+", "%{-"]
            .iter()
            .any(|mark| text.contains(mark))
}

/// Compiles a `log-format`.
///
/// # Errors
///
/// Where in the string it cannot work, and why.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, Refused> {
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
                push(Kind::Text(vec![byte]));
                captured = false;
            }
            continue;
        }
        if let [(_, b'%'), after @ ..] = rest {
            push(Kind::Text(b"%".to_vec()));
            (rest, captured) = (after, false);
            continue;
        }
        let (quoted, form, kind, after) = variable(at, rest, all_quoted)?;
        if matches!(kind, Some(Kind::Time(_))) {
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
            Form::Captured if captured => {}
            Form::Captured => {
                push(kind);
                captured = true;
            }
            _ => {
                captured = false;
                let quotes = || {
                    Kind::Text(if quoted && form == Form::Text {
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
    let mut steps = compile(one_time(pieces))?;
    if starts {
        steps.insert(0, Step::Start);
    }
    Ok(steps)
}

/// Chooses the times that lead from the date, which is that of the connection if it was `accepted` then, else that of
/// the request, to the end: the total, or the sum of its parts. `false` if there are none that do.
fn times_from_start(pieces: &mut [Piece], accepted: bool) -> bool {
    let mut times: Vec<(&mut Kind, u8)> = pieces
        .iter_mut()
        .filter_map(|piece| match piece.kind {
            Kind::Field(Field::Duration(_), rank) => Some((&mut piece.kind, rank)),
            _ => None,
        })
        .collect();
    let has = |times: &[(&mut Kind, u8)], rank| times.iter().any(|(_, known)| *known == rank);
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
            *kind = Kind::Part(Field::Duration(Unit::Milliseconds));
        } else if rank != SERVER {
            *kind = SKIPPED();
        }
    }
    parts
}

type Placed = [(usize, u8)];
type Variable<'a> = (bool, Form, Option<Kind>, &'a Placed);

/// Reads a variable behind its `%`: whether it is quoted, and what it means; `None` for `%o`.
fn variable(at: usize, mut rest: &Placed, all_quoted: bool) -> Result<Variable<'_>, Refused> {
    let mut quoted = all_quoted;
    let until = |rest: &Placed, end: u8| rest.iter().position(|&(_, b)| b == end);
    let word = |part: &Placed| -> String { part.iter().map(|&(_, b)| char::from(b)).collect() };
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
            Form::Text,
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
        return Ok((quoted, Form::Plain, None, &rest[len..]));
    }
    let row = VARIABLES.iter().find(|(known, ..)| *known == name);
    let (_, form, kind) =
        row.ok_or_else(|| Refused::new(at, format!("HAProxy has no variable '%{name}'")))?;
    Ok((quoted, *form, Some(kind()), &rest[len..]))
}

/// What an expression in brackets fetches.
fn sample(expression: &str) -> Kind {
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
        (Some("host"), _) => Kind::Field(Field::Host, 0),
        (Some("referer"), _) => Kind::Field(Field::Referrer, 0),
        (Some("user-agent"), _) => Kind::Field(Field::Agent, 0),
        (Some("x-forwarded-for"), _) => Kind::Forwarded,
        (_, "src") => Kind::Field(Field::Client, 1),
        (_, "method" | "capture.req.method") => Kind::Field(Field::Method, 1),
        (_, "url" | "pathq" | "capture.req.uri") => Kind::Field(Field::Target, 3),
        (_, "path") => Kind::Field(Field::Target, 4),
        (_, "query") => Kind::Query,
        (_, "status") => Kind::Field(Field::Status, 1),
        (_, "req.ver" | "capture.req.ver") => Kind::Field(Field::Protocol, 1),
        _ => SKIPPED(),
    }
}

/// Of several times the first counts: they are of one moment.
fn one_time(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut found = false;
    for piece in &mut pieces {
        if matches!(piece.kind, Kind::Time(_)) && std::mem::replace(&mut found, true) {
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
    use super::super::{Choice, Line, Parser};
    use super::*;
    use crate::format::record::Record;
    use crate::time::Zone;
    use bstr::BStr;

    fn read<'a>(parser: &'a mut Parser, line: &'a str) -> Record<'a> {
        let mut record = Record::EMPTY;
        assert_eq!(
            parser.read(line.as_bytes(), &mut record),
            Line::Record,
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
            ("%ci %ST", "no time"),
            ("%{+X}Ts %ST", "'+X'"),
            ("%{+Q", "without its '}'"),
            ("%[src", "without its ']'"),
            ("%ci%ST %t", "nothing stands between"),
        ] {
            let refused = parse(string).expect_err(string);
            assert!(refused.why.contains(why), "{string}: {}", refused.why);
        }
    }
}
