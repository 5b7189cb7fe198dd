//! What is before the time in a log derived from NCSA's: client, ident and user, and sometimes a
//! virtual host or a list of addresses before them. A user may contain spaces.

use memchr::{memchr, memchr_iter};

use super::carrier;
use super::record::Record;
use super::short;
use super::timestamp::{Stamp, Timestamps};
use super::unparsed::{Field, Why};
use super::values::{self, is_address};

/// What may be before the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// `client ident user`, with a virtual host before it or without: distinguished by shape.
    Any,
    /// `client ident user`.
    Client,
    /// `host client ident user`.
    Host,
}

impl Head {
    /// Reads the head of `line` and the time with its brackets; returns where the rest begins, or
    /// where and why it failed.
    #[inline]
    pub(super) fn read<'a>(
        self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<usize, (usize, Field, Why)> {
        if self != Head::Host
            && let Some(at) = plain(line, times, record)
            && !is_of_user(&line[at..], times)
        {
            return Ok(at);
        }
        self.any(line, times, record)
    }

    /// Any head: see [`Head::read`].
    fn any<'a>(
        self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<usize, (usize, Field, Why)> {
        // Another client and two dashes.
        let space = short::find(b' ', line).unwrap_or(0);
        if self != Head::Host
            && line[space..].starts_with(b" - - [")
            && space > 0
            && line[0] != b'"'
            && line[space - 1] != b','
            && line[0].is_ascii_alphanumeric()
            && (short::find(b':', &line[..space]).is_none()
                || is_address(values::client(&line[..space])))
            && let Ok(stamp) = times.clf(&line[space + 6..])
            && !is_of_user(&line[space + 7 + stamp.len..], times)
        {
            record.client = values::client(&line[..space]);
            record.user = Some(b"-");
            set_time(record, stamp);
            return Ok(space + 6 + stamp.len + 1);
        }
        let mut failed = None;
        for bracket in memchr_iter(b'[', line) {
            match times.clf(&line[bracket + 1..]) {
                // Other lines begin with a time too, such as those of error logs.
                Ok(_) if bracket == 0 && line.get(3) != Some(&b'/') => {}
                Ok(stamp) if is_of_user(&line[bracket + stamp.len + 2..], times) => {}
                Ok(stamp) => match self.split(&line[..bracket], record) {
                    Ok(()) => {
                        set_time(record, stamp);
                        return Ok(bracket + 1 + stamp.len + 1);
                    }
                    // What a client calls itself may hold a time, but no quote may come before the next.
                    Err((field, why)) => {
                        failed = failed.or(Some((bracket, field, why)));
                        let rest = &line[bracket..];
                        let next = memchr(b'[', &rest[1..]).map_or(rest.len(), |at| at + 1);
                        if rest[..next].contains(&b'"') {
                            break;
                        }
                    }
                },
                Err(Why::Missing) => {}
                Err(why) => {
                    failed = Some((bracket + 1, Field::Time, why));
                    break;
                }
            }
        }
        if self != Head::Host
            && let Some((start, bracket)) = anchor(line, times)
            && start > 0
            && let Ok(stamp) = times.clf(&line[bracket + 1..])
        {
            let text = &line[start..bracket];
            Head::Client
                .split(text, record)
                .map_err(|(field, why)| (bracket, field, why))?;
            if self == Head::Any {
                record.host = host_before(&line[..start]);
            }
            set_time(record, stamp);
            return Ok(bracket + 1 + stamp.len + 1);
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        Err((
            memchr(b'[', line).map_or(0, |bracket| bracket + 1),
            Field::Time,
            Why::Missing,
        ))
    }

    /// Finds which words are the client, the host and the user.
    pub(super) fn split<'a>(
        self,
        text: &'a [u8],
        record: &mut Record<'a>,
    ) -> Result<(), (Field, Why)> {
        // A quote that does not end before the time is around the whole line.
        let start = text.iter().position(|&b| b != b' ').unwrap_or(text.len());
        if let Some(inner) = text[start..].strip_prefix(b"\"")
            && memchr(b'"', inner).is_none()
            && inner.iter().any(|&b| b != b' ')
        {
            return self.split(inner, record);
        }
        // Where the first four words begin and end: of the others it only counts that they are there.
        let mut words = [(text.len(), text.len()); 4];
        let mut count = 0;
        let mut at = start;
        while at < text.len() {
            let end = short::find(b' ', &text[at..]).map_or(text.len(), |len| at + len);
            if let Some(word) = words.get_mut(count) {
                *word = (at, end);
            }
            count += 1;
            at = end;
            while text.get(at) == Some(&b' ') {
                at += 1;
            }
        }
        if count == 0 {
            return Err((Field::Client, Why::Missing));
        }
        let from = |n: usize| &text[words[n].0..];
        let word = |n: usize| &text[words[n].0..words[n].1];
        let all_from = |n: usize| match from(n).trim_ascii_end() {
            b"" => &b"-"[..],
            text => text,
        };
        let first = word(0);
        if self != Head::Host && (first.starts_with(b"\"") || first.ends_with(b",")) {
            // A list of addresses in quotes, or one whose commas say that it goes on. Ident and user follow.
            // The text begins with a word from here on, so there is a byte before each space.
            let text = from(0);
            let joined = |i: usize| matches!(text[i - 1], b',' | b' ');
            let end = match text.strip_prefix(b"\"") {
                Some(inner) => memchr(b'"', inner).map(|quote| quote + 2),
                None => memchr_iter(b' ', text).find(|&i| !joined(i)),
            };
            let (list, rest) = text.split_at(end.unwrap_or(text.len()));
            record.client = values::client(list);
            let rest = rest.trim_ascii();
            let user = memchr(b' ', rest).map_or(rest, |space| rest[space..].trim_ascii());
            record.user = Some(if user.is_empty() { b"-" } else { user });
            return Ok(());
        }
        let has_host = match self {
            Head::Host => true,
            Head::Client => false,
            Head::Any => {
                let port = || name_and_port(first) && (!is_dotted(first) || word(1) != b"-");
                let name =
                    || is_name(first) && ((count == 4 && word(2) == b"-") || is_address(word(1)));
                // `[2001:db8::1]:443`.
                let literal = || {
                    first.starts_with(b"[")
                        && is_address(values::client(first))
                        && is_address(word(1))
                };
                count >= 4 && (port() || name() || literal())
            }
        };
        if !has_host {
            if count != 3
                || !first[0].is_ascii_alphanumeric()
                || first.iter().any(|b| b":\t".contains(b))
            {
                return self.split_others(text, (first, word(1), count), record);
            }
            record.client = values::client(first);
            record.user = Some(all_from(2));
        } else if count < 2 {
            return Err((Field::Client, Why::Missing));
        } else {
            record.host = Some(behind_file(first));
            record.client = values::client(word(1));
            record.user = Some(all_from(3));
        }
        Ok(())
    }

    /// Finds client and user where they are not three words as most are: the first two words, and how many there are.
    #[inline(never)]
    fn split_others<'a>(
        self,
        text: &'a [u8],
        (first, second, count): (&'a [u8], &'a [u8], usize),
        record: &mut Record<'a>,
    ) -> Result<(), (Field, Why)> {
        // Ident and user alone: the head of the line was cut off. With a space before them the client is empty.
        if count == 2 && text.starts_with(b"- -") {
            return Err((Field::Client, Why::NoClient));
        }
        // Words have spaces between them, and other white space inside: each begins behind spaces only.
        let rest = behind_spaces(&behind_spaces(text)[first.len()..]);
        if !is_address(values::client(first)) {
            let rest = || {
                text.split(|&b| b == b' ')
                    .filter(|word| !word.is_empty())
                    .skip(1)
            };
            let addresses = || rest().any(|word| carrier::address_in(word).is_some());
            // `name - user`: what else a user wrote is no client.
            let user = second == b"-" && !rest().nth(1).is_some_and(is_address);
            // What is behind a carrier is found by the caller.
            let carried = carrier::address_in(first).is_some() || count > 3 && !user && addresses();
            if carried || !may_be_client(first) {
                return Err((Field::Client, Why::NoClient));
            }
        }
        // A list of addresses in the place of the ident.
        let listed = || {
            let next = behind_spaces(&rest[second.len()..]);
            let end = short::find(b' ', next).unwrap_or(next.len());
            is_address(values::client(&next[..end]))
        };
        let ident = if second.ends_with(b",") && listed() {
            memchr_iter(b' ', rest)
                .find(|&i| !matches!(rest[i - 1], b',' | b' '))
                .unwrap_or(rest.len())
        } else {
            second.len()
        };
        let user = rest[ident..].trim_ascii();
        record.client = values::client(first);
        record.user = Some(if user.is_empty() { b"-" } else { user });
        Ok(())
    }
}

fn behind_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&b| b == b' ').count()..]
}

/// Reads the head of nearly every line, where it is no host's: an address, which has no list, quotes or port to lose,
/// and two dashes. Returns where the rest begins.
#[inline(always)] // Into both: see [`super::plain`].
pub(super) fn plain<'a>(
    line: &'a [u8],
    times: &mut Timestamps,
    record: &mut Record<'a>,
) -> Option<usize> {
    let mut len = short::dotted_len(line);
    if line.get(len) != Some(&b' ') {
        len = colons_len(line);
    }
    let (client, rest) = line.split_at(len);
    let (b" - - [", text) = rest.split_first_chunk()? else {
        return None;
    };
    if client.is_empty() {
        return None;
    }
    let stamp = times.clf(text).ok()?;
    record.client = client;
    record.user = Some(b"-");
    set_time(record, stamp);
    Some(client.len() + 6 + stamp.len + 1)
}

/// The length of the address of colons and hexadecimal digits that `line` begins with; 0 for none. One colon may
/// precede a port.
fn colons_len(line: &[u8]) -> usize {
    let mut colons = 0;
    let in_address = |b: &&u8| {
        colons += usize::from(**b == b':');
        **b == b':' || b.is_ascii_hexdigit()
    };
    let len = line.iter().take(40).take_while(in_address).count();
    if colons >= 2 { len } else { 0 }
}

/// Whether something is before the head of a line of NCSA's family that is no part of it.
pub(super) fn is_carried(line: &[u8]) -> bool {
    let mut times = Timestamps::new(crate::time::Zone::UTC);
    let anchored = anchor(line, &mut times).filter(|(start, _)| *start > 0);
    anchored.is_some_and(|(_, bracket)| {
        let mut record = Record::EMPTY;
        Head::Any.split(&line[..bracket], &mut record).is_err()
    })
}

/// Whether a line of NCSA's family begins with a virtual host.
pub(super) fn has_host(line: &[u8]) -> bool {
    let mut record = Record::EMPTY;
    let read = Head::Any.read(
        line,
        &mut Timestamps::new(crate::time::Zone::UTC),
        &mut record,
    );
    read.is_ok() && record.host.is_some()
}

pub(super) fn set_time(record: &mut Record<'_>, stamp: Stamp) {
    record.time = stamp.time;
    record.fraction_us = stamp.fraction_us;
    record.again_in = stamp.again_in;
    record.offset = stamp.offset;
    record.zoned = stamp.zoned;
}

/// `name:443`: one colon, digits after it.
fn name_and_port(word: &[u8]) -> bool {
    match short::find(b':', word) {
        Some(colon) => {
            colon > 0 && colon + 1 < word.len() && word[colon + 1..].iter().all(u8::is_ascii_digit)
        }
        None => false,
    }
}

/// Whether the time before `rest` is what a client calls itself: another is right before the quoted request. Servers
/// escape the quotes that a client writes.
fn is_of_user(rest: &[u8], times: &mut Timestamps) -> bool {
    if matches!(rest, [b'"', ..] | [b' ', b'"', ..]) {
        return false;
    }
    let Some(end) = memchr::memmem::find(rest, b"] \"") else {
        return false;
    };
    super::extent::quote(&rest[..end]).is_none()
        && memchr::memrchr(b'[', &rest[..end])
            .is_some_and(|bracket| times.clf(&rest[bracket + 1..]).is_ok())
}

/// The virtual host that the words before a client end with: a name and a port, or what a carrier is right before.
#[cold]
fn host_before(before: &[u8]) -> Option<&[u8]> {
    let words = before.trim_ascii_end();
    let start = words
        .iter()
        .rposition(|b| b" \t".contains(b))
        .map_or(0, |at| at + 1);
    let word = behind_file(&words[start..]);
    let last = word.rsplit(|&b| b == b'.').next().unwrap_or_default();
    let dotted =
        || is_name(word) && last.len() < word.len() && last.iter().all(u8::is_ascii_alphabetic);
    let alone = || words[..start].is_empty() || carrier::len(before) == start;
    (name_and_port(word) && !is_dotted(word) || dotted() && alone()).then_some(word)
}

/// A host without the name of a file that `grep -H` writes before it, and a number of a line.
fn behind_file(word: &[u8]) -> &[u8] {
    // And `cat -n`.
    let word = &word[memchr::memrchr(b'\t', word).map_or(0, |tab| tab + 1)..];
    let port = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let name = word[..word.len() - port].strip_suffix(b":").unwrap_or(word);
    // A literal of IPv6 has colons of its own.
    let colon = match name.ends_with(b"]") {
        true => memchr::memmem::rfind(name, b":["),
        false => memchr::memrchr(b':', name),
    };
    colon.map_or(word, |colon| &word[colon + 1..])
}

/// Only digits and dots, before a port where there is one.
fn is_dotted(word: &[u8]) -> bool {
    let name = &word[..short::find(b':', word).unwrap_or(word.len())];
    name.iter().all(|&b| b.is_ascii_digit() || b == b'.')
}

/// A name of a host: neither dotted digits nor an IPv6 address, and not what a carrier puts before an entry.
fn is_name(word: &[u8]) -> bool {
    let of_carrier = |b: &u8| b"/[](){}|,;\"'+\x1b".contains(b);
    !word.iter().all(|&b| b.is_ascii_digit() || b == b'.')
        && memchr_iter(b':', word).count() < 2
        && !word.ends_with(b":")
        && !word.iter().any(of_carrier)
}

/// Whether a word may be the client: anything but what a header of a log and a colour begin with. (A proxy passes on
/// whatever a client calls itself, and its requests are hits nonetheless.)
fn may_be_client(word: &[u8]) -> bool {
    !word.starts_with(b"#") && word != b"==>" && !word.starts_with(b"\x1b[")
}

/// Where the last `ADDRESS ident user [time]` before the request begins, and its bracket: what is before it is of a
/// carrier, whatever that may be.
#[cold]
fn anchor(line: &[u8], times: &mut Timestamps) -> Option<(usize, usize)> {
    let quote = memchr::memmem::find(line, b"] \"").or_else(|| memchr(b'"', line));
    let head = &line[..quote.unwrap_or(line.len())];
    for bracket in memchr::memrchr_iter(b'[', head).take(MOST_BRACKETS) {
        let mut words = 0;
        let mut end = bracket;
        for start in memchr::memrchr_iter(b' ', &line[..bracket])
            .map(|space| space + 1)
            .chain([0])
        {
            let word = line[start..end]
                .strip_suffix(b" ")
                .unwrap_or(&line[start..end]);
            end = start;
            if word.is_empty() {
                continue;
            }
            // An address just before the time: aiohttp's, which has no ident and no user.
            if words != 1
                && let Some(within) = carrier::address_in(word)
                && times.clf(&line[bracket + 1..]).is_ok()
            {
                return Some((start + within, bracket));
            }
            words += 1;
            if words > MOST_WORDS {
                break;
            }
        }
    }
    None
}

/// So many brackets are tried, from the last.
const MOST_BRACKETS: usize = 4;

/// Ident and user have at most so many words.
const MOST_WORDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #[test]
        fn any_bytes_before_the_time_are_told_apart_or_refused(
            head in select(vec![Head::Any, Head::Client, Head::Host]),
            text in r#"([ \t\r\x0c\x00,:\-"\[ab.1]|192\.0\.2\.7|::1){0,12}"#,
        ) {
            let mut record = Record::EMPTY;
            if head.split(text.as_bytes(), &mut record).is_ok() {
                prop_assert!(!record.client.is_empty());
                prop_assert!(record.user.is_some_and(|user| !user.is_empty()));
            }
        }

        #[test]
        fn an_address_is_read_as_any_head_is(
            head in select(vec![Head::Any, Head::Client, Head::Host]),
            client in "[0-9./]{0,20}|[0-9.]{1,9}[,: x\\[\"][0-9.]{0,9}|\"?[0-9.]{0,9}\"?",
            rest in select(vec![" - - [", " - ann [", " [", " - - x [", "  - - [", ", 10.0.0.1 - - ["]),
            time in select(vec!["10/Oct/2000:13:55:36 -0700]", "1/Oct/2000:13:55:36]", "32/Oct/2000:13:55:36 -0700]", "x]", "10/Oct/2000"]),
        ) {
            let line = format!("{client}{rest}{time} \"-\" 200 5");
            let mut records = [Record::EMPTY; 2];
            let [one, other] = &mut records;
            let read = head.read(line.as_bytes(), &mut Timestamps::new(Zone::UTC), one);
            let any = head.any(line.as_bytes(), &mut Timestamps::new(Zone::UTC), other);
            prop_assert_eq!(read, any, "{}", line);
            if read.is_ok() {
                prop_assert_eq!(records[0], records[1], "{}", line);
            }
        }
    }

    #[test]
    fn a_list_of_clients_ends_with_its_quotes_or_commas() {
        for (head, client, user) in [
            ("\"10.0.0.3, 10.0.0.1\" - ann ", "10.0.0.3", "ann"),
            ("\"10.0.0.3\" - - ", "10.0.0.3", "-"),
            ("\"10.0.0.3\" - Ann Lee ", "10.0.0.3", "Ann Lee"),
            ("\"10.0.0.3 - - ", "10.0.0.3", "-"),
            (" \" 10.0.0.3 - Ann Lee ", "10.0.0.3", "Ann Lee"),
            ("\"10.0.0.3, 10.0.0.1 - ann ", "10.0.0.3", "ann"),
            ("10.0.0.2, 10.0.0.1 - ann ", "10.0.0.2", "ann"),
            ("10.0.0.2,  10.0.0.1 ann ", "10.0.0.2", "ann"),
            (" 10.0.0.2, 10.0.0.1 - Ann Lee ", "10.0.0.2", "Ann Lee"),
            (" \"\" - - ", "-", "-"),
            ("10.0.0.2, ", "10.0.0.2", "-"),
            ("\"", "-", "-"),
        ] {
            let mut record = Record::EMPTY;
            Head::Any.split(head.as_bytes(), &mut record).unwrap();
            let found = (record.client, record.user.unwrap());
            assert_eq!(found, (client.as_bytes(), user.as_bytes()), "{head}");
        }
    }
}
