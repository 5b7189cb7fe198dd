//! Apache's `LogFormat`, verbatim: see `mod_log_config` and `mod_logio`; and the patterns of Java's servers, which are
//! written alike.

use bstr::ByteSlice;

use super::named::StringSteps;
use super::template::{Piece, PieceKind, PlacedBytes, Refused, compile};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};

/// Whose string it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Dialect {
    /// Apache's, and that of all who took it over.
    Apache,
    /// That of Tomcat up to 9 and of Undertow, which is the web server of WildFly and JBoss EAP. `%D` is in
    /// milliseconds ("Access Log Valve": "time taken to process the request in millis"; Tomcat 10.1 has microseconds, as
    /// Apache). `%t` is the time at which the entry is written, unless it is `%{begin:…}t`. Undertow names a header
    /// `%{i,Name}`.
    Java,
}

/// Words before a pattern that say that a server of [`Dialect::Java`] writes it.
const JAVA: [&str; 4] = ["tomcat:", "wildfly:", "undertow:", "jboss:"];

/// The pattern behind one of the words that name a server of Java.
pub(super) fn java(text: &str) -> Option<&str> {
    JAVA.iter().find_map(|word| {
        let start = text.get(..word.len())?;
        start
            .eq_ignore_ascii_case(word)
            .then_some(&text[word.len()..])
    })
}

/// Compiles the pattern of a server of Java: see [`java`].
///
/// # Errors
///
/// Where in the pattern it cannot work, and why.
pub(super) fn parse_java(pattern: &str) -> Result<StringSteps, Refused> {
    compile_string(pattern, Dialect::Java)
}

/// Compiles a `LogFormat`: the whole directive with or without its nickname, its quoted string, or
/// the bare string.
///
/// # Errors
///
/// Where in the string it cannot work, and why.
pub(super) fn parse(text: &str) -> Result<StringSteps, Refused> {
    compile_string(text, Dialect::Apache)
}

fn compile_string(text: &str, dialect: Dialect) -> Result<StringSteps, Refused> {
    let string = unquote(text);
    let mut pieces = Vec::new();
    // `%t` of Apache is "the time the request was received", and so is every other form of it but `%{end:…}t`.
    let mut begins = dialect == Dialect::Apache;
    let mut rest = &string[..];
    while let Some(&(at, byte)) = rest.first() {
        rest = &rest[1..];
        if byte != b'%' {
            pieces.push(Piece {
                at,
                kind: PieceKind::Text(vec![byte]),
            });
            continue;
        }
        let (kinds, after) = directive(at, rest, dialect)?;
        let said: Vec<u8> = rest[..rest.len() - after.len()]
            .iter()
            .map(|&(_, b)| b)
            .collect();
        if said.ends_with(b"t") {
            begins = (begins || said.contains_str("{begin:")) && !said.contains_str("{end:");
        }
        pieces.extend(kinds.into_iter().map(|kind| Piece { at, kind }));
        rest = after;
    }
    let steps = compile(pieces, text)?;
    Ok(if begins { steps.starting() } else { steps })
}

/// The bytes of the format with their places in `text`; quotes and backslashes of the configuration
/// file undone.
fn unquote(text: &str) -> Vec<(usize, u8)> {
    // A string that was read from a file ends with a newline.
    let text = text.trim_end_matches(['\r', '\n']);
    let trimmed = text.trim_start();
    let mut start = text.len() - trimmed.len();
    if trimmed
        .get(..9)
        .is_some_and(|word| word.eq_ignore_ascii_case("logformat"))
    {
        start += 9 + trimmed[9..].len() - trimmed[9..].trim_start().len();
    }
    let body = &text.as_bytes()[start..];
    let quote = body.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    // A bare string may itself begin with a quote: then it does not end with one that closes it.
    let quote = quote.filter(|&quote| closes(body, quote));
    let mut out = Vec::new();
    let mut bytes = body.iter().enumerate().skip(usize::from(quote.is_some()));
    while let Some((i, &byte)) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some((_, b't')) => out.push((start + i, b'\t')),
                Some((_, b'n')) => out.push((start + i, b'\n')),
                Some((_, &escaped)) => out.push((start + i, escaped)),
                None => out.push((start + i, byte)),
            },
            byte if Some(byte) == quote => break,
            byte => out.push((start + i, byte)),
        }
    }
    out
}

/// Whether the quote that `body` begins with is closed before nothing or a nickname.
fn closes(body: &[u8], quote: u8) -> bool {
    let mut escaped = false;
    let end = body.iter().skip(1).position(|&b| {
        let ends = b == quote && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    let Some(end) = end else { return false };
    let after = body[end + 2..].trim_ascii();
    after
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b))
}

const NO_DIRECTIVE: &str = "a '%' with no directive behind it (a percent sign is %%)";

/// Reads one directive behind its `%`.
fn directive(
    at: usize,
    rest: &PlacedBytes,
    dialect: Dialect,
) -> Result<(Vec<PieceKind>, &PlacedBytes), Refused> {
    let mut rest = rest;
    let mut first = false;
    let mut argument: Option<String> = None;
    loop {
        let Some(&(_, byte)) = rest.first() else {
            if dialect == Dialect::Java && argument.is_some() {
                break;
            }
            return Err(Refused::new(at, NO_DIRECTIVE));
        };
        match byte {
            b'<' => first = true,
            b'>' | b'!' | b',' | b'0'..=b'9' => {}
            b'{' => {
                let end = rest
                    .iter()
                    .position(|&(_, b)| b == b'}')
                    .ok_or_else(|| Refused::new(at, "a '{' without its '}'"))?;
                let bytes: Vec<u8> = rest[1..end].iter().map(|&(_, b)| b).collect();
                argument = Some(String::from_utf8_lossy(&bytes).into_owned());
                rest = &rest[end..];
            }
            _ => break,
        }
        rest = &rest[1..];
    }
    let java = dialect == Dialect::Java;
    let comma = argument
        .as_deref()
        .filter(|_| java)
        .and_then(|argument| argument.split_once(','))
        .filter(|(kind, _)| matches!(*kind, "i" | "o" | "c" | "q" | "r" | "s"))
        .map(|(kind, name)| (kind.as_bytes()[0], name.to_owned()));
    let letter = if let Some((letter, name)) = comma {
        argument = Some(name);
        letter
    } else {
        let Some((&(_, letter), after)) = rest.split_first() else {
            return Err(Refused::new(at, NO_DIRECTIVE));
        };
        rest = after;
        letter
    };
    if letter == b'^' {
        // %{…}^ti and %{…}^to: trailers.
        if let [(_, b't'), (_, b'i' | b'o'), after @ ..] = rest {
            return Ok((vec![PieceKind::Field(Field::Skipped, 0)], after));
        }
        return Err(Refused::new(
            at,
            "unknown directive '%^' (%{Name}^ti, %{Name}^to)",
        ));
    }
    let field = |field, rank| vec![PieceKind::Field(field, rank)];
    let header = argument.as_deref().unwrap_or("").to_ascii_lowercase();
    let kinds = match letter {
        b'%' => vec![PieceKind::Text(b"%".to_vec())],
        b'a' if header == "c" => field(Field::Client, 2),
        b'a' => field(Field::Client, 0),
        b'h' => field(Field::Client, 1),
        b'b' | b'B' => field(Field::Bytes, 0),
        b'O' => field(Field::Bytes, 1),
        b'D' if java => field(Field::Duration(DurationUnit::Milliseconds), 0),
        b'D' => field(Field::Duration(DurationUnit::Microseconds), 0),
        // Tomcat's: the time to the first byte, an attribute of the request or of the session, a cookie.
        b'F' | b'c' if java => field(Field::Skipped, 0),
        b'r' | b's' if java && argument.is_some() => field(Field::Skipped, 0),
        b'T' => match header.as_str() {
            "us" => field(Field::Duration(DurationUnit::Microseconds), 0),
            "ms" => field(Field::Duration(DurationUnit::Milliseconds), 1),
            "" | "s" => field(Field::Duration(DurationUnit::WholeSeconds), 2),
            unit => {
                return Err(Refused::new(
                    at,
                    format!("unknown unit '{unit}' (ms, us, s)"),
                ));
            }
        },
        b'H' => field(Field::Protocol, 0),
        b'm' => field(Field::Method, 0),
        b'r' => field(Field::Request, 0),
        b'q' if java && argument.is_some() => field(Field::Skipped, 0),
        b'q' => vec![PieceKind::Query],
        b's' => field(Field::Status, u8::from(first)),
        b't' => time(at, argument.as_deref())?,
        b'u' => field(Field::User, 0),
        b'U' => field(Field::Target, 0),
        b'v' | b'V' => field(Field::Host, 0),
        b'i' => match header.as_str() {
            "referer" | "referrer" => field(Field::Referrer, 0),
            "user-agent" => field(Field::Agent, 0),
            "host" => field(Field::Host, 1),
            "x-forwarded-for" => vec![PieceKind::Forwarded],
            _ => field(Field::Skipped, 0),
        },
        b'A' | b'C' | b'E' | b'I' | b'L' | b'P' | b'R' | b'S' | b'X' | b'e' | b'f' | b'k'
        | b'l' | b'n' | b'o' | b'p' | b'x' => field(Field::Skipped, 0),
        other => {
            let bytes: Vec<u8> = [other]
                .into_iter()
                .chain(rest.iter().take(3).map(|&(_, b)| b))
                .collect();
            let name = bytes.chars().next().unwrap_or('%');
            return Err(Refused::new(
                at,
                format!("unknown directive '%{name}' (see LOG FORMATS in httpmon(1))"),
            ));
        }
    };
    Ok((kinds, rest))
}

/// `%t` and `%{…}t`.
fn time(at: usize, argument: Option<&str>) -> Result<Vec<PieceKind>, Refused> {
    let Some(pattern) = argument else {
        return Ok(vec![
            PieceKind::Text(b"[".to_vec()),
            PieceKind::Time(TimeForm::Clf),
            PieceKind::Text(b"]".to_vec()),
        ]);
    };
    let pattern = pattern
        .strip_prefix("begin:")
        .or(pattern.strip_prefix("end:"))
        .unwrap_or(pattern);
    Ok(match pattern {
        "sec" => vec![PieceKind::TimePart("%s".to_owned())],
        "msec" | "usec" => vec![PieceKind::Time(TimeForm::Epoch)],
        "msec_frac" | "usec_frac" => vec![PieceKind::TimePart("%f".to_owned())],
        "" => return Err(Refused::new(at, "an empty pattern of the time")),
        pattern => {
            let pattern = of_java(pattern).unwrap_or_else(|| pattern.to_owned());
            vec![PieceKind::TimePart(in_c_locale(&pattern))]
        }
    })
}

/// What a locale decides, as the C locale of a server does.
/// A pattern of Java's `SimpleDateFormat`, which Tomcat takes (`%{yyyy-MM-dd HH:mm:ss}t`), as one of `strftime`; `None` for any
/// other, or where it has a letter with no such meaning.
fn of_java(pattern: &str) -> Option<String> {
    if pattern.contains('%') || !pattern.contains("yyyy") {
        return None;
    }
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(first).len();
        let (letters, after) = rest.split_at(run);
        out += match letters {
            "yyyy" => "%Y",
            "MMM" => "%b",
            "MM" => "%m",
            "dd" => "%d",
            "HH" => "%H",
            "mm" => "%M",
            "ss" => "%S",
            "SSS" => "%f",
            "Z" | "XX" => "%z",
            "XXX" => "%:z",
            "EEE" => "%a",
            // Text is between apostrophes.
            "'" => {
                let end = after.find('\'')?;
                out += &after[..end];
                rest = &after[end + 1..];
                continue;
            }
            other if !first.is_ascii_alphabetic() => other,
            _ => return None,
        };
        rest = after;
    }
    Some(out)
}

fn in_c_locale(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out += &rest[..at];
        let length = 1 + rest[at + 1..].chars().next().map_or(0, char::len_utf8);
        let conversion = &rest[at..at + length];
        out += match conversion {
            "%c" => "%a %b %e %H:%M:%S %Y",
            "%x" => "%m/%d/%y",
            "%X" => "%H:%M:%S",
            "%r" => "%I:%M:%S %p",
            other => other,
        };
        rest = &rest[at + length..];
    }
    out + rest
}

#[cfg(test)]
mod tests;
