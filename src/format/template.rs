//! From the pieces of a server's format string to the steps of a program.
//!
//! Apache's and nginx's strings differ in spelling only: text, and variables between. Here it is
//! decided what each variable means to httpmon, how its end is found in a line, and whether the whole
//! can work at all. Where a format has a field twice, the one that says more counts.

use bstr::ByteSlice;

use super::extent::runs;
use super::named::StringSteps;
use super::step::{Extent, Step};
use super::timestamp::TimeForm;
use super::unparsed::Field;

/// A piece of a format string, and the byte at which it is there.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) at: usize,
    pub(super) kind: PieceKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PieceKind {
    /// Text that is in every line.
    Text(Vec<u8>),
    /// A variable; of several for one field that with the lowest rank counts.
    Field(Field, u8),
    /// One of the parts of which a field is the sum.
    Part(Field),
    /// The client's list of addresses, as proxies hand it on.
    Forwarded,
    /// The client's address, a colon, and its port.
    ClientAndPort,
    /// What nginx writes once for each upstream, with commas and colons between.
    Upstreams(Field),
    /// The query of a target that is before it.
    Query,
    /// The time.
    Time(TimeForm),
    /// A part of the time, as a pattern of `strftime`.
    TimePart(String),
}

/// Bytes of a format string with their places in the text that was given.
pub(super) type PlacedBytes = [(usize, u8)];

/// Why a format string cannot work: at which byte of it, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The byte, from 0.
    pub at: usize,
    /// The reason, and the way out.
    pub why: String,
}

impl Refused {
    pub(super) fn new(at: usize, why: impl Into<String>) -> Refused {
        Refused {
            at,
            why: why.into(),
        }
    }
}

/// Compiles the pieces of `string` to steps. Those without a time are of entries that something carries.
pub(super) fn compile(pieces: Vec<Piece>, string: &str) -> Result<StringSteps, Refused> {
    let end = pieces.last().map_or(0, |piece| piece.at);
    let (pieces, joined) = join_skipped(choose(join_times(join_texts(join_queries(pieces)))?));
    let pieces = join_ports(pieces);
    let mut steps: Vec<Step> = Vec::new();
    let mut places = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let before = match index.checked_sub(1).map(|i| &pieces[i].kind) {
            Some(PieceKind::Text(text)) => text.as_slice(),
            _ => b"",
        };
        let after = match pieces.get(index + 1).map(|piece| &piece.kind) {
            None => None,
            Some(PieceKind::Text(text)) => Some(text.as_slice()),
            Some(_) => Some(&b""[..]),
        };
        let step = match &piece.kind {
            PieceKind::Text(text) => Step::Literal(text.clone().into()),
            PieceKind::Time(form) => Step::Time(form.clone(), time_extent(form, piece.at, after)?),
            // A target begins with a stroke, and no host has one.
            PieceKind::Field(field @ (Field::Host | Field::Skipped), _)
                if matches!(
                    pieces.get(index + 1).map(|piece| &piece.kind),
                    Some(PieceKind::Field(Field::Target, _))
                ) =>
            {
                Step::Field(*field, Extent::Until(b'/'))
            }
            PieceKind::Field(field, _) => {
                let extent = extent(piece.at, before, after)?;
                let request = *field == Field::Request
                    && extent == Extent::Quoted
                    && status_and_bytes(&pieces[index + 1..]);
                let bare = *field == Field::Request && after.is_some_and(|a| a.starts_with(b" "));
                Step::Field(
                    *field,
                    match extent {
                        _ if request => Extent::Request,
                        Extent::Until(_) | Extent::UntilText(_) if bare => Extent::BareRequest,
                        Extent::UntilText(text) => before_time(text, &pieces[index + 2..]),
                        extent => extent,
                    },
                )
            }
            PieceKind::Part(field) => Step::Field(*field, extent(piece.at, before, after)?),
            PieceKind::ClientAndPort => Step::Field(
                Field::Client,
                Extent::WithPort(Box::new(extent(piece.at, before, after)?)),
            ),
            PieceKind::Forwarded => match extent(piece.at, before, after)? {
                Extent::Until(b' ') => Step::Field(Field::Forwarded, Extent::List),
                extent => Step::Field(Field::Forwarded, extent),
            },
            PieceKind::Upstreams(field) => match extent(piece.at, before, after)? {
                Extent::Until(b' ') => Step::Field(*field, Extent::Upstreams),
                extent => Step::Field(*field, extent),
            },
            PieceKind::Query | PieceKind::TimePart(_) => unreachable!("they were joined"),
        };
        if !matches!(piece.kind, PieceKind::Text(_)) && !joined.contains(&piece.at) {
            places.push((steps.len(), piece.at));
        }
        steps.push(step);
    }
    let counts = |step: &Step| {
        matches!(
            step,
            Step::Field(Field::Request | Field::Target | Field::Status, _)
        )
    };
    if !steps.iter().any(counts) {
        return Err(Refused::new(
            end,
            "neither a request nor a status in this format: nothing to count",
        ));
    }
    steps.push(Step::End);
    Ok(StringSteps::new(steps, string, places))
}

/// The extent of a field up to `text`, behind which these pieces are.
fn before_time(text: Box<[u8]>, behind: &[Piece]) -> Extent {
    if let [time, end, ..] = behind
        && matches!(time.kind, PieceKind::Time(_))
        && let PieceKind::Text(end) = &end.kind
        && let Some(quote) = memchr::memchr(b'"', end)
    {
        return Extent::BeforeTime(text, end[..=quote].into());
    }
    Extent::UntilText(text)
}

/// A query goes with the target right before it; elsewhere it is read over.
fn join_queries(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    let mut after_query = false;
    for piece in pieces {
        let query = piece.kind == PieceKind::Query;
        let target = joined
            .last()
            .is_some_and(|piece| matches!(piece.kind, PieceKind::Field(Field::Target, _)));
        if !query {
            joined.push(piece);
        } else if !target && !after_query {
            joined.push(Piece {
                kind: PieceKind::Field(Field::Skipped, 0),
                ..piece
            });
        }
        after_query = query;
    }
    joined
}

/// Fields that are only read over need not be separated. Where those are that were made of several.
fn join_skipped(pieces: Vec<Piece>) -> (Vec<Piece>, Vec<usize>) {
    let skipped = |piece: &Piece| {
        matches!(
            piece.kind,
            PieceKind::Field(Field::Skipped, _) | PieceKind::Upstreams(Field::Skipped)
        )
    };
    let mut joined: Vec<Piece> = Vec::new();
    let mut several = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if skipped(last) && skipped(&piece) => {
                several.push(last.at);
                // A list of upstreams is the one that may have spaces.
                if !matches!(piece.kind, PieceKind::Field(..)) {
                    last.kind = piece.kind;
                }
            }
            _ => joined.push(piece),
        }
    }
    (joined, several)
}

/// The client, a colon and what is only read over are one field: an address of IPv6 has colons too.
fn join_ports(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined = Vec::new();
    let mut rest = &pieces[..];
    while let [first, more @ ..] = rest {
        let (kind, more) = match (&first.kind, more) {
            (PieceKind::Field(Field::Client, _), [colon, port, more @ ..])
                if colon.kind == PieceKind::Text(b":".to_vec())
                    && matches!(port.kind, PieceKind::Field(Field::Skipped, _)) =>
            {
                (PieceKind::ClientAndPort, more)
            }
            (kind, more) => (kind.clone(), more),
        };
        joined.push(Piece { at: first.at, kind });
        rest = more;
    }
    joined
}

fn join_texts(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut().map(|piece| &mut piece.kind), piece.kind) {
            (Some(PieceKind::Text(text)), PieceKind::Text(more)) => text.extend(more),
            (_, PieceKind::Text(text)) if text.is_empty() => {}
            (_, kind) => joined.push(Piece { at: piece.at, kind }),
        }
    }
    joined
}

/// Apache can write a time in several parts: they and the text between make one pattern.
fn join_times(pieces: Vec<Piece>) -> Result<Vec<Piece>, Refused> {
    let is_part = |piece: &Piece| matches!(piece.kind, PieceKind::TimePart(_));
    let (Some(first), Some(last)) = (
        pieces.iter().position(is_part),
        pieces.iter().rposition(is_part),
    ) else {
        return Ok(pieces);
    };
    let mut pattern = String::new();
    for piece in &pieces[first..=last] {
        match &piece.kind {
            PieceKind::TimePart(part) => pattern.push_str(part),
            PieceKind::Text(text) => pattern.push_str(&text.to_str_lossy().replace('%', "%%")),
            _ => {
                return Err(Refused::new(
                    piece.at,
                    "another field stands between the parts of the time",
                ));
            }
        }
    }
    let at = pieces[first].at;
    let form = match pattern.as_str() {
        "%s" => TimeForm::Epoch,
        "%d/%b/%Y:%H:%M:%S %z" => TimeForm::Clf,
        pattern => {
            readable(pattern).map_err(|why| Refused::new(at, why))?;
            TimeForm::Pattern(pattern.as_bytes().into())
        }
    };
    let mut joined = pieces[..first].to_vec();
    joined.push(Piece {
        at,
        kind: PieceKind::Time(form),
    });
    joined.extend_from_slice(&pieces[last + 1..]);
    Ok(joined)
}

/// A moment in which no part of date and time of day is what a missing one would be taken for.
const MOMENT: i64 = 1_550_437_956;

/// A time by this pattern, to see how it looks.
fn sample(pattern: &str) -> Result<String, String> {
    let moment = jiff::Timestamp::from_second(MOMENT)
        .expect("a time of 2019")
        .to_zoned(jiff::tz::TimeZone::UTC);
    jiff::fmt::strtime::format(pattern, &moment)
        .map_err(|error| format!("this time cannot be read: {error}"))
}

/// Whether a time written by the pattern can be read by it.
fn readable(pattern: &str) -> Result<(), String> {
    let text = sample(pattern)?;
    let mut times = super::timestamp::Timestamps::new(crate::time::Zone::UTC);
    match times.read(
        &TimeForm::Pattern(pattern.as_bytes().into()),
        text.as_bytes(),
    ) {
        Ok(stamp) if stamp.time.0 == MOMENT => Ok(()),
        _ => Err(
            "this time has no date, no time of day to the second, or a part that cannot be read"
                .to_owned(),
        ),
    }
}

/// Leaves one piece for each field; the others are read over.
fn choose(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let has = |pieces: &[Piece], field: Field| {
        pieces
            .iter()
            .any(|piece| matches!(piece.kind, PieceKind::Field(known, _) if known == field))
    };
    let whole_request = has(&pieces, Field::Request);
    if !has(&pieces, Field::Client)
        && let Some(piece) = pieces
            .iter_mut()
            .find(|piece| piece.kind == PieceKind::Forwarded)
    {
        piece.kind = PieceKind::Field(Field::Client, 0);
    }
    let same =
        |a: Field, b: Field| a == b || matches!((a, b), (Field::Duration(_), Field::Duration(_)));
    let ranks: Vec<Option<(Field, u8)>> = pieces
        .iter()
        .map(|piece| match piece.kind {
            PieceKind::Field(field, rank) => Some((field, rank)),
            PieceKind::Upstreams(field @ Field::Duration(_)) => Some((field, u8::MAX)),
            _ => None,
        })
        .collect();
    for (index, piece) in pieces.iter_mut().enumerate() {
        let Some((field, rank)) = ranks[index] else {
            continue;
        };
        let better = |(other, &known): (usize, &Option<(Field, u8)>)| {
            known.is_some_and(|(known, other_rank)| {
                same(known, field) && (other_rank, other) < (rank, index)
            })
        };
        let part =
            matches!(field, Field::Method | Field::Target | Field::Protocol) && whole_request;
        if part || ranks.iter().enumerate().any(better) {
            piece.kind = match piece.kind {
                PieceKind::Upstreams(_) => PieceKind::Upstreams(Field::Skipped),
                _ => PieceKind::Field(Field::Skipped, 0),
            };
        }
    }
    pieces
}

/// How a field ends between the texts around it; `after` is `None` at the end of the line.
fn extent(at: usize, before: &[u8], after: Option<&[u8]>) -> Result<Extent, Refused> {
    match after {
        None => Ok(Extent::Rest),
        Some([]) => Err(Refused::new(
            at,
            "nothing separates this field from the next",
        )),
        Some([b'"', ..]) if before.ends_with(b"\"") => Ok(Extent::Quoted),
        Some([byte]) => Ok(Extent::Until(*byte)),
        Some(text) => Ok(Extent::UntilText(text.into())),
    }
}

/// A time may itself hold the byte that ends it.
fn time_extent(form: &TimeForm, at: usize, after: Option<&[u8]>) -> Result<Extent, Refused> {
    let looks = match form {
        TimeForm::Pattern(pattern) => sample(&pattern.to_str_lossy()).unwrap_or_default(),
        TimeForm::Clf => "10/Oct/2000:13:55:36 -0700".to_owned(),
        TimeForm::Asctime => "Sun Mar 13 22:49:12 2016".to_owned(),
        _ => String::new(),
    };
    match extent(at, b"", after)? {
        Extent::Until(byte) => match runs(looks.as_bytes(), byte).count() {
            0 => Ok(Extent::Until(byte)),
            count => Ok(Extent::Nth(byte, count)),
        },
        Extent::UntilText(text) if looks.as_bytes().contains_str(&text) => {
            Err(Refused::new(at, "the time holds the text that ends it"))
        }
        extent => Ok(extent),
    }
}

/// Whether a quote, the status and the bytes follow: then a stray quote in the request is known for one.
fn status_and_bytes(pieces: &[Piece]) -> bool {
    let kinds: Vec<&PieceKind> = pieces.iter().take(5).map(|piece| &piece.kind).collect();
    let text =
        |kind: &PieceKind, want: &[u8]| matches!(kind, PieceKind::Text(text) if text == want);
    match kinds.as_slice() {
        [
            quote,
            PieceKind::Field(Field::Status, _),
            space,
            PieceKind::Field(Field::Bytes, _),
        ] => text(quote, b"\" ") && text(space, b" "),
        [
            quote,
            PieceKind::Field(Field::Status, _),
            space,
            PieceKind::Field(Field::Bytes, _),
            PieceKind::Text(after),
        ] => text(quote, b"\" ") && text(space, b" ") && after.starts_with(b" "),
        _ => false,
    }
}
