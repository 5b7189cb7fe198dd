//! nginx's `log_format`, verbatim: the whole directive, its quoted pieces, or the bare string.

use super::json::Path;
use super::named::StringSteps;
use super::template::{Piece, PieceKind, Refused, compile};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};

/// What a `log_format` compiles to.
#[derive(Debug)]
pub(super) enum Compiled {
    /// Steps over a line.
    Steps(StringSteps),
    /// The keys of a JSON object, best first for each field.
    Json(Vec<(Field, super::json::Path)>),
}

/// Compiles a `log_format`.
///
/// # Errors
///
/// Where in the string it cannot work, and why.
pub(super) fn parse(text: &str) -> Result<Compiled, Refused> {
    let string = unquote(text)?;
    let bytes: Vec<u8> = string.iter().map(|&(_, b)| b).collect();
    let open = |&i: &usize| bytes[i..].starts_with(b"${") && variable(&bytes[i..]).is_none();
    if let Some(i) = (0..bytes.len()).find(open) {
        return Err(Refused::new(string[i].0, "a '${' without its name and '}'"));
    }
    if bytes.trim_ascii_start().starts_with(b"{") {
        return json(&string);
    }
    let mut pieces = Vec::new();
    let mut index = 0;
    while index < string.len() {
        let (at, byte) = string[index];
        match variable(&bytes[index..]) {
            Some((name, len)) => {
                pieces.push(Piece {
                    at,
                    kind: meaning(name),
                });
                index += len;
            }
            None => {
                pieces.push(Piece {
                    at,
                    kind: PieceKind::Text(vec![byte]),
                });
                index += 1;
            }
        }
    }
    Ok(Compiled::Steps(compile(pieces, text)?))
}

/// The bytes of the format with their places in `text`: the directive's name, `escape=` and quotes undone.
fn unquote(text: &str) -> Result<Vec<(usize, u8)>, Refused> {
    let bytes = text.as_bytes();
    let mut at = text.len() - text.trim_start().len();
    let skip_word = |at: usize| {
        let word = bytes[at..]
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(bytes.len() - at);
        let space = bytes[at + word..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        at + word + space
    };
    let directive = text[at..].starts_with("log_format");
    if directive {
        at = skip_word(skip_word(at));
    }
    let escape = text[at..].starts_with("escape=");
    if escape {
        at = skip_word(at);
    }
    if !directive && !escape && !is_quoted(&text[at..]) {
        let end = text.trim_end_matches(['\r', '\n']).len();
        return Ok((at..end).map(|i| (i, bytes[i])).collect());
    }
    let mut out = Vec::new();
    let mut quote: Option<(usize, u8)> = None;
    let mut rest = (at..bytes.len()).peekable();
    while let Some(i) = rest.next() {
        match (quote, bytes[i]) {
            (Some(_), b'\\') => {
                if let Some(next) = rest.next() {
                    let escaped = if bytes[next] == b't' {
                        b'\t'
                    } else {
                        bytes[next]
                    };
                    out.push((i, escaped));
                }
            }
            (Some((_, open)), byte) if byte == open => quote = None,
            (Some(_), byte) => out.push((i, byte)),
            (None, open @ (b'\'' | b'"')) => quote = Some((i, open)),
            (None, b';') => break,
            (None, byte) if byte.is_ascii_whitespace() => {}
            (None, byte) => out.push((i, byte)),
        }
    }
    if let Some((at, open)) = quote {
        return Err(Refused::new(
            at,
            format!("a {} without the one that closes it", char::from(open)),
        ));
    }
    Ok(out)
}

/// Whether `text` is quoted as in a configuration file: nothing is outside the quotes. A bare
/// string may look the same, `"$time_local" "$request"`: then its first piece is one variable.
fn is_quoted(text: &str) -> bool {
    let mut rest = text.trim_end().trim_end_matches(';').as_bytes();
    let mut pieces: Vec<&[u8]> = Vec::new();
    while let [quote @ (b'\'' | b'"'), inner @ ..] = rest.trim_ascii_start() {
        let mut escaped = false;
        let end = inner.iter().position(|b| {
            let ends = b == quote && !escaped;
            escaped = *b == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else { return false };
        pieces.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    let variable = |piece: &[u8]| variable(piece).is_some_and(|(_, len)| len == piece.len());
    rest.trim_ascii().is_empty()
        && pieces
            .first()
            .is_some_and(|first| pieces.len() == 1 || !variable(first))
}

/// `$name` or `${name}` at the beginning of `text`, and its length.
fn variable(text: &[u8]) -> Option<(&str, usize)> {
    let rest = text.strip_prefix(b"$")?;
    let word = |text: &[u8]| {
        text.iter()
            .position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))
            .unwrap_or(text.len())
    };
    let (name, around) = match rest {
        [b'{', inner @ ..] => {
            let (name, after) = inner.split_at(word(inner));
            after.first().filter(|&&b| b == b'}')?;
            (name, 3)
        }
        _ => (&rest[..word(rest)], 1),
    };
    let name = std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty())?;
    Some((name, name.len() + around))
}

/// What a variable means; any that is not known is read over.
fn meaning(name: &str) -> PieceKind {
    match name {
        "remote_addr" => PieceKind::Field(Field::Client, 0),
        "realip_remote_addr" | "proxy_protocol_addr" | "the_real_ip" => {
            PieceKind::Field(Field::Client, 1)
        }
        "remote_user" => PieceKind::Field(Field::User, 0),
        "time_local" => PieceKind::Time(TimeForm::Clf),
        "time_iso8601" => PieceKind::Time(TimeForm::Iso),
        "msec" => PieceKind::Time(TimeForm::Epoch),
        "request" => PieceKind::Field(Field::Request, 0),
        "request_method" => PieceKind::Field(Field::Method, 0),
        "request_uri" => PieceKind::Field(Field::Target, 0),
        "uri" | "document_uri" => PieceKind::Field(Field::Target, 1),
        "is_args" | "args" | "query_string" => PieceKind::Query,
        "server_protocol" => PieceKind::Field(Field::Protocol, 0),
        "status" => PieceKind::Field(Field::Status, 0),
        "body_bytes_sent" => PieceKind::Field(Field::Bytes, 0),
        "bytes_sent" => PieceKind::Field(Field::Bytes, 1),
        "http_referer" => PieceKind::Field(Field::Referrer, 0),
        "http_user_agent" => PieceKind::Field(Field::Agent, 0),
        "http_x_forwarded_for" | "proxy_add_x_forwarded_for" => PieceKind::Forwarded,
        "http_host" => PieceKind::Field(Field::Host, 0),
        "host" => PieceKind::Field(Field::Host, 1),
        "server_name" => PieceKind::Field(Field::Host, 2),
        "request_time" => PieceKind::Field(Field::Duration(DurationUnit::Seconds), 0),
        "upstream_response_time" => PieceKind::Upstreams(Field::Duration(DurationUnit::Seconds)),
        "upstream_cache_status" => PieceKind::Field(Field::Cache, 0),
        _ if name.starts_with("upstream_") => PieceKind::Upstreams(Field::Skipped),
        // Sites make such variables by a map of the time, mostly to add parts of a second.
        _ if name.contains("time_local") => PieceKind::Time(TimeForm::Clf),
        _ if ["time_iso8601", "timestamp", "msec"]
            .iter()
            .any(|part| name.contains(part)) =>
        {
            PieceKind::Time(TimeForm::Any)
        }
        _ => PieceKind::Field(Field::Skipped, 0),
    }
}

/// A format that writes an object: which key holds which variable.
fn json(string: &[(usize, u8)]) -> Result<Compiled, Refused> {
    let bytes: Vec<u8> = string.iter().map(|&(_, b)| b).collect();
    let mut keys: Vec<(Field, u8, Path)> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut key: Option<String> = None;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => path.extend(key.take()),
            b'}' => {
                path.pop();
            }
            b',' => key = None,
            b'"' => {
                let len = super::extent::quote(&bytes[at + 1..]).ok_or_else(|| {
                    Refused::new(string[at].0, "a string without its closing quote")
                })?;
                let text = &bytes[at + 1..at + 1 + len];
                let after = bytes[at + 2 + len..].trim_ascii_start();
                if after.starts_with(b":") {
                    key = Some(String::from_utf8_lossy(text).into_owned());
                } else {
                    keep(&mut keys, &path, key.as_deref(), text);
                }
                at += len + 1;
            }
            b'$' => {
                let len = variable(&bytes[at..]).map_or(1, |(_, len)| len);
                keep(&mut keys, &path, key.as_deref(), &bytes[at..at + len]);
                at += len - 1;
            }
            _ => {}
        }
        at += 1;
    }
    let has = |field: Field| keys.iter().any(|(known, ..)| *known == field);
    let end = string.last().map_or(0, |&(at, _)| at);
    if !has(Field::Time) {
        return Err(Refused::new(
            end,
            "no time in this format: httpmon counts by the log's own clock",
        ));
    }
    if !has(Field::Status) {
        return Err(Refused::new(end, "no status in this format"));
    }
    keys.sort_by_key(|&(_, rank, _)| rank);
    Ok(Compiled::Json(
        keys.into_iter()
            .map(|(field, _, path)| (field, path))
            .collect(),
    ))
}

/// Notes that the value under `key` is one variable, if it is and means something.
fn keep(keys: &mut Vec<(Field, u8, Path)>, path: &[String], key: Option<&str>, value: &[u8]) {
    let (Some(key), Some((name, len))) = (key, variable(value)) else {
        return;
    };
    if len != value.len() {
        return;
    }
    let (field, rank) = match meaning(name) {
        PieceKind::Field(Field::Skipped, _) => return,
        PieceKind::Field(field, rank) => (field, rank),
        PieceKind::Time(_) => (Field::Time, 0),
        PieceKind::Forwarded => (Field::Client, 9),
        PieceKind::Upstreams(field @ Field::Duration(_)) => (field, 9),
        _ => return,
    };
    keys.push((
        field,
        rank,
        path.iter().cloned().chain([key.to_owned()]).collect(),
    ));
}

#[cfg(test)]
mod tests;
