//! What carries a line to us: prefixes of syslog, journald, Docker and Kubernetes, cut before the line.
//!
//! A carrier is known by its own shape alone, so that the same line is always read in the same way.
//! Its time is used only where the entry has none: see [`time`].

mod time;

use super::record::Record;
use super::values;

pub(super) use time::time;

/// How many carriers may lie around each other.
const DEPTH: usize = 4;

/// How many bytes of `line` belong to carriers.
#[inline]
pub(super) fn len(line: &[u8]) -> usize {
    let mut at = 0;
    for _ in 0..DEPTH {
        match one(&line[at..]) {
            0 => break,
            len => at += len,
        }
    }
    // HAProxy's own syslog has two spaces behind its name.
    if at > 0 {
        at += line[at..].iter().take_while(|&&b| b == b' ').count();
    }
    at
}

/// What the outermost carrier of `line` is called; `None` where it has none.
#[cold]
pub(super) fn name(line: &[u8]) -> Option<&'static str> {
    if one(line) == 0 {
        return None;
    }
    Some(match line {
        [b'[', ..] => "kubectl logs --prefix",
        [b'0'..=b'9', b'|', ..] | [b'0'..=b'9', b'0'..=b'9', b'|', ..] => "pm2",
        [b'0'..=b'9', b'0'..=b'9', b':', ..] => "foreman",
        [_, b',', ..] => "a logger of Ruby",
        [
            _,
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b' ',
            ..,
        ] => "klog",
        [b'0'..=b'9', ..] => {
            let rest = &line[iso_time(line).unwrap_or(0)..];
            match rest.starts_with(b"stdout ") || rest.starts_with(b"stderr ") {
                true => "the log of a container",
                false => "syslog",
            }
        }
        _ if line[0] == b'<' || bsd_time(line).is_some() => "syslog",
        _ => "docker compose logs",
    })
}

/// The length of the carrier that `line` begins with, its space included; 0 for none.
#[inline]
fn one(line: &[u8]) -> usize {
    let found = match line {
        [b'<', ..] => priority(line),
        [b'[', b'p', b'o', b'd', b'/', ..] => after(line, b"] "),
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..] => stamped(line),
        // pm2 writes a number and a bar before the name, foreman a time.
        [b'0'..=b'9', b'|', ..] | [b'0'..=b'9', b'0'..=b'9', b'|', ..] => compose(line),
        [
            b'0'..=b'9',
            b'0'..=b'9',
            b':',
            _,
            _,
            b':',
            _,
            _,
            b' ',
            rest @ ..,
        ] => compose(rest).map(|len| 9 + len),
        [
            b'D' | b'I' | b'W' | b'E' | b'F' | b'A',
            b',',
            b' ',
            b'[',
            ..,
        ] => ruby(line),
        [
            b'I' | b'W' | b'E' | b'F',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b' ',
            ..,
        ] => after(line, b"] "),
        [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] if bsd_time(line).is_some() => bsd(line),
        [b'a'..=b'z' | b'A'..=b'Z', ..] => compose(line),
        _ => None,
    };
    found.unwrap_or(0)
}

/// The length of a bare time and its space, which `kubectl logs --timestamps` writes before the line.
/// It is not in [`len`], since some formats begin with such a time.
pub(super) fn timestamp_len(line: &[u8]) -> usize {
    iso_time(line).unwrap_or(0)
}

/// `<34>` and what RFC 3164 or RFC 5424 puts behind it.
fn priority(line: &[u8]) -> Option<usize> {
    let end = line.iter().take(5).position(|&b| b == b'>')?;
    if end < 2 || !line[1..end].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let rest = &line[end + 1..];
    let body = match rest {
        [b'1', b' ', rest5424 @ ..] => 2 + rfc5424(rest5424)?,
        _ => bsd(rest).or_else(|| stamped(rest)).unwrap_or(0),
    };
    Some(end + 1 + body)
}

/// `TIMESTAMP HOST APP PROCID MSGID SD [BOM]` of RFC 5424, behind its version.
fn rfc5424(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..5 {
        at += word(&rest[at..])?;
    }
    if rest[at..].starts_with(b"-") {
        at += 1;
    } else {
        // Elements in brackets; in their quoted values a bracket is escaped.
        while rest[at..].starts_with(b"[") {
            let mut quoted = false;
            let mut escaped = false;
            let end = rest[at..].iter().position(|&b| {
                let ends = b == b']' && !quoted;
                quoted ^= b == b'"' && !escaped;
                escaped = b == b'\\' && !escaped;
                ends
            })?;
            at += end + 1;
        }
    }
    at += usize::from(rest[at..].starts_with(b" "));
    at += if rest[at..].starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    Some(at)
}

/// `Oct 11 22:14:15 [host ]program[123]: `
fn bsd(line: &[u8]) -> Option<usize> {
    let time = bsd_time(line)?;
    Some(time + program(&line[time..])?)
}

/// `Oct 11 22:14:15 `, as journald and syslog write it.
fn bsd_time(line: &[u8]) -> Option<usize> {
    let shape = line.first_chunk::<16>()?;
    let fits = matches!(shape, [m, o, n, b' ', d1, d2, b' ', h1, h2, b':', m1, m2, b':', s1, s2, b' ']
        if m.is_ascii_uppercase() && o.is_ascii_lowercase() && n.is_ascii_lowercase()
            && (*d1 == b' ' || d1.is_ascii_digit())
            && [d2, h1, h2, m1, m2, s1, s2].iter().all(|b| b.is_ascii_digit()));
    fits.then_some(16)
}

/// `[host ]program[123]: `: at most two words, the last with a colon.
fn program(rest: &[u8]) -> Option<usize> {
    let first = word(rest)?;
    if rest[..first].ends_with(b": ") {
        return Some(first);
    }
    let second = word(&rest[first..])?;
    rest[first..first + second]
        .ends_with(b": ")
        .then_some(first + second)
}

/// A line that begins with `2025-12-31T17:37:40.493+01:00 `: of CRI or a syslog with such times.
fn stamped(line: &[u8]) -> Option<usize> {
    let time = iso_time(line)?;
    let rest = &line[time..];
    for stream in [&b"stdout "[..], b"stderr "] {
        if let Some([b'F' | b'P', b' ', ..]) = rest.strip_prefix(stream) {
            return Some(time + stream.len() + 2);
        }
    }
    Some(time + program(rest).or_else(|| machine(rest))?)
}

/// `web1 ` before `ADDRESS ident user [`, behind a time: syslog without a tag, and `aws logs tail`. (A virtual host has a
/// dot or a port.)
fn machine(rest: &[u8]) -> Option<usize> {
    let name = word(rest)?;
    let mut words = rest[name..].split(|&b| b == b' ');
    (!rest[..name].iter().any(|b| b".:".contains(b))
        && values::is_address(words.next()?)
        && words.skip(2).take(4).any(|word| word.starts_with(b"[")))
    .then_some(name)
}

/// A time of RFC 3339 and the space behind it.
fn iso_time(line: &[u8]) -> Option<usize> {
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = |(&want, &b): (&u8, &u8)| {
        if want == b'd' {
            b.is_ascii_digit()
        } else {
            b == want
        }
    };
    // The letter first: the lines of W3C logs begin with such a date, and have a space there.
    if line.len() <= shape.len() || line[10] != b'T' || !shape.iter().zip(line).all(fits) {
        return None;
    }
    let end = shape.len()
        + line[shape.len()..]
            .iter()
            .take(20)
            .position(|&b| b == b' ')?;
    let zone = &line[shape.len()..end];
    zone.iter()
        .all(|b| b.is_ascii_digit() || b".+-:Z".contains(b))
        .then_some(end + 1)
}

/// `I, [2025-10-10T13:55:36.123456 #17]  INFO -- name: ` of Ruby's Logger.
fn ruby(line: &[u8]) -> Option<usize> {
    let name = after(line, b"] ")? + after(&line[after(line, b"] ")?..], b" -- ")?;
    Some(name + after(&line[name..], b": ")?)
}

/// Where in `word` an address begins that ends with it, perhaps with a port: behind the name of a file and a colon,
/// as `grep -H` writes, or with the word.
pub(super) fn address_in(word: &[u8]) -> Option<usize> {
    let marks = memchr::memchr2_iter(b':', b'\t', word).map(|mark| mark + 1);
    let of_no_address = |b: &u8| !b.is_ascii_hexdigit() && !b".:[".contains(b);
    // `grep -n` and `cat -n` write a number only.
    let numbered = |at: usize| {
        let number = &word[..at - 1];
        !number.is_empty() && number.iter().all(u8::is_ascii_digit) && word[at..].contains(&b'.')
    };
    // An address of IPv6 has at most seven, a file few.
    std::iter::once(0)
        .chain(marks.take(9))
        .filter(|&at| at == 0 || word[..at].iter().any(of_no_address) || numbered(at))
        .find(|&at| values::is_address(values::client(&word[at..])))
}

/// Cuts the name of a file off a client that is an address otherwise.
pub(super) fn cut_name(record: &mut Record<'_>) {
    let client = record.client;
    if memchr::memchr2(b':', b'\t', client).is_some()
        && let Some(at) = address_in(client)
    {
        record.client = values::client(&client[at..]);
    }
}

/// Where an entry may begin in a line that begins with words of a carrier: at any of the first words, or only at those that
/// are an address or begin with a bracket. None is behind a quote, where a client may have written it.
pub(super) fn entries(line: &[u8], any: bool) -> impl Iterator<Item = usize> {
    let quote = memchr::memchr(b'"', line).unwrap_or(line.len());
    let mut next = 0;
    let words = line[..quote].split(|b| b" \t".contains(b));
    let words = words.take(MOST_WORDS).filter_map(move |word| {
        let at = next;
        next += word.len() + 1;
        let begins = match word.first()? {
            b'[' => Some(0),
            // The name of a file may be before a time too.
            _ if any => memchr::memmem::find(word, b":[").map_or(Some(0), |colon| Some(colon + 1)),
            _ => address_in(word),
        };
        begins.map(|within| at + within).filter(|at| *at > 0)
    });
    // The quote itself may be where an entry begins.
    words.chain((any && quote > 0 && quote < line.len()).then_some(quote))
}

/// Where the first address in the first few words of a line begins. None is behind a quote.
pub(super) fn to_address(line: &[u8]) -> Option<usize> {
    let line = &line[..memchr::memchr(b'"', line).unwrap_or(line.len())];
    let mut at = 0;
    for word in line.split(|&b| b == b' ').take(MOST_WORDS) {
        if let Some(within) = address_in(word) {
            return Some(at + within);
        }
        at += word.len() + 1;
    }
    None
}

/// A carrier that is known by what it carries only has at most so many words.
const MOST_WORDS: usize = 12;

/// `name   | ` of `docker compose logs`, `docker service logs`, pm2 and foreman.
fn compose(line: &[u8]) -> Option<usize> {
    // The bar first: a line that begins with a host has none, and its name need not be looked at.
    let name = super::short::find(b' ', line)?;
    let spaces = line[name..].iter().take_while(|&&b| b == b' ').count();
    let of_name = |&b: &u8| b.is_ascii_alphanumeric() || b"._-@|".contains(&b);
    (line[name + spaces..].starts_with(b"| ") && line[..name].iter().all(of_name))
        .then_some(name + spaces + 2)
}

/// The length of a word and one space.
fn word(rest: &[u8]) -> Option<usize> {
    match rest.iter().position(|&b| b == b' ')? {
        0 => None,
        len => Some(len + 1),
    }
}

fn after(line: &[u8], mark: &[u8]) -> Option<usize> {
    memchr::memmem::find(line, mark).map(|at| at + mark.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriers_are_cut_and_nothing_else_is() {
        let body = r#"10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5"#;
        for carrier in [
            "",
            "Oct 11 22:14:15 web nginx: ",
            "Oct  1 22:14:15 nginx[12]: ",
            "<134>Oct 11 22:14:15 web nginx: ",
            "<34>1 2003-10-11T22:14:15.003Z web nginx 12 access - ",
            "<34>1 2003-10-11T22:14:15.003Z web nginx - - [x@1 a=\"]\\\"\"][y] \u{feff}",
            "2015-08-26T02:09:48+02:00 web haproxy[14389]: ",
            "2025-12-31T17:37:40.493035218+01:00 stdout F ",
            "2025-12-31T17:37:40.493035218Z stderr P ",
            "web-1  | ",
            "[pod/web-5d/nginx] ",
            "[pod/web-5d/nginx] 2025-12-31T17:37:40.49Z stdout F ",
            "web-1  | Oct 11 22:14:15 web nginx: ",
            "Oct 11 22:14:15 lb haproxy[1]:  ",
            "web.1.x2c@node1    | ",
            "0|app      | ",
            "12|app  | ",
            "22:14:15 web.1   | ",
            "I1011 22:14:15.123456       1 httplog.go:132] ",
            "I, [2000-10-10T13:55:36.123456 #17]  INFO -- : ",
            "2000-10-10T13:55:36.123456+00:00 web1 ",
            "2000-10-10T13:55:36.123456+00:00 web/nginx/4f2a ",
            "I, [2000-10-10T13:55:36.123456 #17]  INFO -- app: ",
        ] {
            let line = format!("{carrier}{body}");
            assert_eq!(len(line.as_bytes()), carrier.len(), "{carrier}");
        }
        for line in [
            "web.example.com 10.0.0.1 - - [",
            "2014-02-15T23:39:43.945958Z my-elb 10.0.0.1:2817 -",
            "Oct",
            "<",
            "<x>",
            "2025-12-31",
            "[pod",
            "a |",
            "<34>1 ",
        ] {
            assert_eq!(len(line.as_bytes()), 0, "{line}");
        }
        assert_eq!(timestamp_len(b"2025-12-31T17:37:40.49Z 10.0.0.1"), 24);
    }
}
