//! The parser's slow, plain twin: character by character, with strings for everything.
//!
//! It shares no code with the parser and no idea of how that one is built. It knows common, combined,
//! vhost_combined and the CSV by what their lines say.

/// What a line says; `None` for a field that it does not have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    pub time: i64,
    pub client: String,
    pub user: String,
    pub host: Option<String>,
    pub request: Option<Request>,
    pub status: Option<u16>,
    pub bytes: u64,
    pub referrer: Option<String>,
    pub agent: Option<String>,
}

/// A request line that is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub protocol: Option<String>,
    pub section: String,
}

/// What a line is.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    Entry(Box<Entry>),
    Skipped,
    Unparsed,
}

/// Reads a line, without its newline.
pub fn read(line: &str) -> Read {
    let blank = line.chars().all(|c| c == ' ' || c == '\t' || c == '\r');
    let holds_entry = matches!(find_time(line), Some((_, Some(_), _)));
    let remark = line.starts_with('#') && !holds_entry;
    let header =
        line.trim_end() == r#""remotehost","rfc931","authuser","date","request","status","bytes""#;
    let source =
        line.starts_with("==> ") && line.ends_with(" <==") && line.len() >= 8 && !holds_entry;
    if blank || remark || header || source {
        return Read::Skipped;
    }
    match csv(line).or_else(|| clf(line)) {
        Some(entry) => Read::Entry(Box::new(entry)),
        None => Read::Unparsed,
    }
}

fn csv(line: &str) -> Option<Entry> {
    let values = csv_values(line)?;
    if values.len() != 7 || !line.starts_with('"') {
        return None;
    }
    let text = |i: usize| values[i].as_str();
    let date = match text(3).split_once('.') {
        Some((date, fraction)) if is_number(fraction) => date,
        _ => text(3),
    };
    if !(9..=19).contains(&date.len()) || !is_number(date) {
        return None;
    }
    // Seconds, or thousandths of them and so on.
    let mut time: u64 = date.parse().ok()?;
    while time > 100_000_000_000 {
        time /= 1000;
    }
    let client = client(text(0));
    // A client is one word: more of them are what somebody wrote into the first field of another log.
    if client.contains([' ', '"']) {
        return None;
    }
    Some(Entry {
        time: time as i64,
        client,
        user: or_dash(text(2)),
        host: None,
        request: request(text(4)),
        status: status(text(5))?,
        bytes: bytes(text(6))?,
        referrer: None,
        agent: None,
    })
}

/// The values between commas.
fn csv_values(line: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = line;
    loop {
        let value;
        if rest.starts_with('"') {
            let (inside, after) = rest[1..].split_once('"')?;
            value = inside;
            rest = after;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            value = &rest[..end];
            rest = &rest[end..];
            if value.contains('"') {
                return None;
            }
        }
        values.push(value.to_owned());
        if rest.is_empty() {
            return Some(values);
        }
        rest = rest.strip_prefix(',')?;
    }
}

fn clf(line: &str) -> Option<Entry> {
    let (head, time, rest) = find_time(line)?;
    let (host, client, user) = split_head(head)?;
    let mut rest = rest;
    if let Some(remark) = rest.strip_prefix(" (") {
        rest = remark.split_once(')')?.1;
    }
    let rest = rest.strip_prefix(" \"")?;
    let end = request_end(rest)?;
    let (status_text, bytes_text, after) = numbers(&rest[end + 1..])?;
    let (referrer, agent) = referrer_and_agent(after);
    Some(Entry {
        time: time?,
        client,
        user,
        host,
        request: request(&rest[..end]),
        status: status(&status_text)?,
        bytes: bytes(&bytes_text)?,
        referrer,
        agent,
    })
}

/// Whether the time is written in the common form, and the quoted request comes right behind it.
pub fn is_common(line: &str) -> bool {
    find_time(line).is_some_and(|(_, time, rest)| time.is_some() && rest.starts_with(" \""))
}

/// What is before the first time in brackets, that time (`None` where it does not exist), and
/// what is after it.
fn find_time(line: &str) -> Option<(&str, Option<i64>, &str)> {
    for (at, c) in line.char_indices() {
        if c == '['
            && let Some((text, rest)) = line[at + 1..].split_once(']')
            && let Some(time) = clf_time(text)
        {
            return Some((&line[..at], time, rest));
        }
    }
    None
}

/// `10/Oct/2025:13:55:36 -0700`: `None` for another text, `Some(None)` for no time there is.
fn clf_time(text: &str) -> Option<Option<i64>> {
    let (stamp, zone) = match text.split_once(' ') {
        Some((stamp, zone)) => (stamp, Some(zone)),
        None => (text, None),
    };
    let stamp = match stamp.split_once('.') {
        Some((stamp, fraction)) if is_number(fraction) => stamp,
        Some(_) => return None,
        None => stamp,
    };
    let parts: Vec<&str> = stamp.split([':', '/']).collect();
    let [day, month, year, hour, minute, second] = parts[..] else {
        return None;
    };
    let separators: String = stamp.chars().filter(|c| *c == ':' || *c == '/').collect();
    let sizes = [year.len(), hour.len(), minute.len(), second.len()];
    let numbers = [day, year, hour, minute, second];
    let case: Vec<bool> = month.chars().map(|c| c.is_ascii_uppercase()).collect();
    if separators != "//:::"
        || sizes != [4, 2, 2, 2]
        || !(1..=2).contains(&day.len())
        || !numbers.iter().all(|text| is_number(text))
        || case != [true, false, false]
        || !month.chars().all(|c| c.is_ascii_alphabetic())
    {
        return None;
    }
    let offset = match zone {
        None => Some(0),
        Some(zone) => offset(zone)?,
    };
    let [day, year, hour, minute, second] =
        numbers.map(|text| text.parse::<i64>().expect("digits"));
    let second = if second == 60 { 59 } else { second };
    if hour > 23 || minute > 59 || second > 59 {
        return Some(None);
    }
    let days = days_since_1970(year, month, day);
    let time = |(days, offset)| days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(days.zip(offset).map(time))
}

fn offset(text: &str) -> Option<Option<i64>> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = match text[1..].split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 => format!("{hours}{minutes}"),
        Some(_) => return None,
        None => text[1..].to_owned(),
    };
    if digits.len() != 4 || !is_number(&digits) {
        return None;
    }
    let (hours, minutes) = (&digits[..2], &digits[2..]);
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some((hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60)))
}

/// Counted on the fingers: year by year, month by month.
fn days_since_1970(year: i64, month: &str, day: i64) -> Option<i64> {
    const MONTHS: [(&str, i64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length =
        |year: i64, (name, days): (&str, i64)| days + i64::from(name == "Feb" && leap(year));
    let of_year = |year: i64| 365 + i64::from(leap(year));
    let mut days = if year >= 1970 {
        (1970..year).map(of_year).sum::<i64>()
    } else {
        -(year..1970).map(of_year).sum::<i64>()
    };
    for entry in MONTHS {
        if entry.0 == month {
            return (1..=length(year, entry))
                .contains(&day)
                .then_some(days + day - 1);
        }
        days += length(year, entry);
    }
    None
}

/// Host, client and user.
fn split_head(head: &str) -> Option<(Option<String>, String, String)> {
    // Such a line is never an entry: its client may have written a directive.
    if head.starts_with('#') {
        return None;
    }
    // A line in quotes of its own: the quote stays open here.
    let head = match head.strip_prefix('"') {
        Some(inside) if !inside.is_empty() && !inside.contains('"') => inside,
        _ => head,
    };
    let words: Vec<&str> = head.split(' ').filter(|word| !word.is_empty()).collect();
    let first = *words.first()?;
    // A quote that does not end before the time is around the whole line.
    if let Some(inner) = head.trim_matches(' ').strip_prefix('"')
        && !inner.contains('"')
        && !inner.trim_matches(' ').is_empty()
    {
        return split_head(inner);
    }
    if first.starts_with('"') || first.ends_with(',') {
        let (list, rest) = match head.trim_matches(' ').strip_prefix('"') {
            Some(inside) => inside.split_once('"').unwrap_or((inside, "")),
            None => {
                let words = words.iter().take_while(|word| word.ends_with(','));
                (first, after_words(head, words.count() + 1))
            }
        };
        // A single word after the list is the user.
        let ident = usize::from(!after_words(rest, 1).is_empty());
        return Some((None, client(list), or_dash(after_words(rest, ident))));
    }
    if words.len() >= 4 && is_host(&words) {
        // A name, a colon and no port: the file that `grep -H` puts before the host.
        let behind = first.rsplit_once(':').map(|(_, behind)| behind);
        let host = behind.filter(|behind| !behind.is_empty() && !is_number(behind));
        let host = Some(host.unwrap_or(first).to_owned());
        return Some((host, client(words[1]), or_dash(after_words(head, 3))));
    }
    let is_address = |text: &str| client(text).parse::<std::net::IpAddr>().is_ok();
    // What is an address, at the beginning of a word or behind a colon.
    let address_in = |word: &str| {
        let marks = word.match_indices([':', '\t']).map(|(at, _)| at + 1);
        let mut ends = std::iter::once(0).chain(marks);
        let name = |text: &str| {
            text.is_empty() || text.contains(|c: char| !c.is_ascii_hexdigit() && !".:[".contains(c))
        };
        // The number of a line.
        let number = |at: usize| is_number(&word[..at.max(1) - 1]) && word[at..].contains('.');
        ends.find(|&at| (name(&word[..at]) || number(at)) && is_address(&word[at..]))
            .map(|at| client(&word[at..]))
    };
    if !is_address(first) {
        let user = words.get(1) == Some(&"-")
            && words
                .get(2)
                .is_none_or(|w| w.parse::<std::net::IpAddr>().is_err());
        let behind = words.len() > 3 && !user && words[1..].iter().any(|w| address_in(w).is_some());
        let header = first.starts_with('#') || first.starts_with("\x1b[") || first == "==>";
        if behind || address_in(first).is_some() || header {
            // The last address with ident and user behind it, or with nothing: what is before it is of a carrier.
            let last = (0..words.len()).rev().filter(|n| n + 2 != words.len());
            return last
                .filter_map(|n| {
                    Some((
                        None,
                        address_in(words[n])?,
                        or_dash(after_words(head, n + 2)),
                    ))
                })
                .next();
        }
    }
    // A list has an address behind its first comma.
    let listed = words.get(2).is_some_and(|word| is_address(word));
    let of_list = words[1..].iter().take_while(|word| word.ends_with(','));
    let list = if listed { of_list.count() } else { 0 };
    let user = after_words(head, 2 + list);
    Some((None, client(first), or_dash(user)))
}

/// What is after so many words, unchanged.
fn after_words(text: &str, count: usize) -> &str {
    let mut rest = text.trim_matches(' ');
    for _ in 0..count {
        rest = rest
            .split_once(' ')
            .map_or("", |(_, rest)| rest)
            .trim_matches(' ');
    }
    rest
}

/// Whether the first of at least four words is a name, or a name and a port, before the client.
fn is_host(words: &[&str]) -> bool {
    let dotted = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let address = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    let colons = words[0].chars().filter(|c| *c == ':').count();
    let (name, port) = words[0].split_once(':').unwrap_or((words[0], ""));
    if colons == 1 && !name.is_empty() && is_number(port) {
        // An address with its port is a client, unless a client follows.
        return !dotted(name) || words[1] != "-";
    }
    // `[2001:db8::1]:443`, before an address.
    if words[0].starts_with('[') && address(&client(words[0])) && address(words[1]) {
        return true;
    }
    let of_carrier = words[0].contains(|c| "/[](){}|,;\"'+\x1b".contains(c));
    let plain = colons < 2 && !dotted(words[0]) && !words[0].ends_with(':') && !of_carrier;
    plain && (address(words[1]) || (words.len() == 4 && words[2] == "-"))
}

/// The first address of a list, without quotes and port.
fn client(text: &str) -> String {
    let first = text.split(',').next().unwrap_or("");
    let first = first.trim_matches([' ', '"']);
    if let Some((inside, _)) = first
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return or_dash(inside);
    }
    match first.split_once(':') {
        Some((name, port)) if !name.is_empty() && is_number(port) => name.to_owned(),
        _ => or_dash(first),
    }
}

/// The quote at which the request ends: the first without a backslash before it, if status and bytes
/// follow it, else the first at all that they follow.
fn request_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    let mut unescaped = None;
    for (at, c) in text.char_indices() {
        if c == '"' && !escaped {
            unescaped = Some(at);
            break;
        }
        escaped = c == '\\' && !escaped;
    }
    let ends = |at: usize| numbers(&text[at + 1..]).is_some();
    let all = text.match_indices('"').map(|(at, _)| at);
    unescaped.into_iter().chain(all).find(|&at| ends(at))
}

/// ` status bytes` and what follows: nothing, a space or a quote.
fn numbers(text: &str) -> Option<(String, String, &str)> {
    let text = text.strip_prefix(' ')?;
    let (status, text) = text.split_once(' ')?;
    let three_digits = status.len() == 3 && is_number(status);
    if !three_digits && !matches!(status, "-" | "0") {
        return None;
    }
    let end = text.find([' ', '"']).unwrap_or(text.len());
    let (bytes, rest) = text.split_at(end);
    let fits = bytes == "-" || is_number(bytes);
    fits.then(|| (status.to_owned(), bytes.to_owned(), rest))
}

/// What is in the two quoted fields after the bytes.
fn referrer_and_agent(text: &str) -> (Option<String>, Option<String>) {
    let Some((referrer, rest)) = text.strip_prefix(" \"").and_then(quoted) else {
        return (None, None);
    };
    let agent = rest.strip_prefix(" \"").and_then(quoted);
    (
        Some(or_dash(&referrer)),
        agent.map(|(agent, _)| or_dash(&agent)),
    )
}

/// The text before the closing quote, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == '"' && !escaped {
            return Some((text[..at].to_owned(), &text[at + 1..]));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

fn request(text: &str) -> Option<Request> {
    let (method, rest) = text.split_once(' ')?;
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if method.is_empty() || !method.chars().all(token) {
        return None;
    }
    let rest = rest.trim_matches(' ');
    let (target, protocol) = match rest.rsplit_once(' ') {
        Some((target, last)) if is_protocol(last) => (target.trim_matches(' '), Some(last)),
        _ => (rest, None),
    };
    let alone = target.starts_with('/') || target == "*" || scheme(target).is_some();
    (!target.is_empty() && (alone || protocol.is_some())).then(|| Request {
        method: method.to_owned(),
        target: target.to_owned(),
        protocol: protocol.map(str::to_owned),
        section: section(target),
    })
}

fn is_protocol(text: &str) -> bool {
    let version: Vec<char> = match text.strip_prefix("HTTP/") {
        Some(version) => version.chars().collect(),
        None => return false,
    };
    match version[..] {
        [major] => major.is_ascii_digit(),
        [major, '.', minor] => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}

/// The text up to `://`, where that begins the target.
fn scheme(target: &str) -> Option<&str> {
    let (scheme, _) = target.split_once("://")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (begins && scheme.chars().all(fits)).then_some(scheme)
}

fn section(target: &str) -> String {
    let (kept, rest) = match scheme(target) {
        Some(scheme) => target.split_at(scheme.len() + 3),
        None => ("", target),
    };
    let path = rest.split(['?', '#']).next().unwrap_or("");
    // With a leading slash the first of these is empty; else it is a host.
    let parts: Vec<&str> = path.split('/').take(2).collect();
    let section = format!("{kept}{}", parts.join("/"));
    if section.is_empty() {
        "/".to_owned()
    } else {
        section
    }
}

fn status(text: &str) -> Option<Option<u16>> {
    match text {
        // Envoy's for a client that left.
        "-" | "0" => Some(None),
        _ if text.len() == 3 && is_number(text) => Some(text.parse().ok()),
        _ => None,
    }
}

fn bytes(text: &str) -> Option<u64> {
    match text {
        "-" => Some(0),
        _ if text.len() <= 18 && is_number(text) => text.parse().ok(),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

fn or_dash(text: &str) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text.to_owned()
    }
}
