//! Expressions over a record: `section=/api and status>=500 and not client=10.0.0.0/8`.
//!
//! An expression compiles to a small tree that is evaluated without allocating. A comparison with a
//! dimension looks at its key, one with a quantity at a number. Where a record has no such key or
//! number, every comparison is false but `!=`.

mod parse;
#[cfg(feature = "regex")]
mod pattern;
#[cfg(not(feature = "regex"))]
#[path = "no_pattern.rs"]
mod pattern;
pub mod period;
mod slips;
mod words;

pub use parse::GRAMMAR;
use pattern::Pattern;

use std::net::IpAddr;

use memchr::memmem::{self, Finder};

use crate::format::record::Record;
use crate::format::unparsed::{DurationUnit, Field};
use crate::stats::dimension::{Dimension, Scratch};

/// An expression that a record matches or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Expr);

/// Why an expression cannot be read: at which byte of it, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The byte, from 0.
    pub at: usize,
    /// The reason, and the way out.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Key(&'static Dimension, Test),
    Number(Quantity, Order, u64),
    /// Its request could not be read.
    Malformed,
}

/// What is asked of a key.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Is(Vec<u8>),
    Begins(Vec<u8>),
    Ends(Vec<u8>),
    Contains(Needle),
    /// `*` for any bytes, `?` for one.
    Glob(Vec<u8>),
    /// A regular expression that is anywhere in it.
    Pattern(Pattern),
    /// An address with these leading bits.
    Network(IpAddr, u8),
    /// A class of status: its first digit.
    Class(u8),
    /// One of these keys.
    AnyOf(Vec<&'static str>),
}

/// Bytes to look for, with what finds them prepared once: that takes longer than to look through a key.
#[derive(Debug, Clone)]
struct Needle(Box<Finder<'static>>);

impl Needle {
    fn new(bytes: &[u8]) -> Needle {
        Needle(Box::new(Finder::new(bytes).into_owned()))
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Needle) -> bool {
        self.0.needle() == other.0.needle()
    }
}

/// A number of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Status,
    Bytes,
    /// In microseconds.
    Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// Where in the text it cannot be read, and why.
    pub fn parse(text: &str) -> Result<Filter, Mistake> {
        parse::expression(text).map(Filter)
    }

    /// Reads an expression at the beginning of a text, and says how long it is.
    ///
    /// # Errors
    ///
    /// As [`Filter::parse`].
    pub fn parse_prefix(text: &str) -> Result<(Filter, usize), Mistake> {
        parse::prefix(text).map(|(expr, len)| (Filter(expr), len))
    }

    /// The records with a status of this class, 1 to 5.
    pub fn class(class: u8) -> Filter {
        let least = u64::from(class) * 100;
        let at_least = Expr::Number(Quantity::Status, Order::AtLeast, least);
        Filter(Expr::And(vec![
            at_least,
            Expr::Number(Quantity::Status, Order::Less, least + 100),
        ]))
    }

    /// The records with this status.
    pub fn status(status: u16) -> Filter {
        Filter(Expr::Number(Quantity::Status, Order::Equal, status.into()))
    }

    /// The records whose request could not be read.
    pub fn malformed() -> Filter {
        Filter(Expr::Malformed)
    }

    /// The records that took longer than so many microseconds; or shorter, if `below`.
    pub fn timed(us: u64, below: bool) -> Filter {
        let order = if below { Order::Less } else { Order::More };
        Filter(Expr::Number(Quantity::Duration, order, us))
    }

    /// The least microseconds above which a duration matches, where nothing else is asked.
    pub fn longer_than(&self) -> Option<u64> {
        match self.0 {
            Expr::Number(Quantity::Duration, Order::More, us) => Some(us),
            _ => None,
        }
    }

    /// What both match.
    pub fn and(self, other: Filter) -> Filter {
        Filter(Expr::And(vec![self.0, other.0]))
    }

    /// In two: the parts of it that `is_first` takes, and the others; a record must match both.
    pub fn split(self, is_first: impl Fn(&Filter) -> bool) -> [Option<Filter>; 2] {
        let mut parts = Vec::new();
        self.0.add_parts(&mut parts);
        let (first, others): (Vec<Filter>, Vec<Filter>) = parts.into_iter().partition(is_first);
        [first, others].map(|parts| parts.into_iter().reduce(Filter::and))
    }

    /// Whether a record matches; the room to work in takes longer to make than most records to be looked at.
    pub fn matches(&self, record: &Record<'_>, scratch: &mut Scratch) -> bool {
        self.0.matches(record, scratch)
    }

    /// What may be wrong with it, where no record matched.
    pub fn advice(&self) -> Option<String> {
        self.0.advice()
    }

    /// The dimensions whose keys, with the status, decide alone; `None` where something else does too.
    pub fn keys(&self) -> Option<Vec<&'static str>> {
        let mut keys = Vec::new();
        self.0.add_keys(&mut keys).then_some(keys)
    }

    /// Whether it asks for the key of this dimension.
    pub fn asks(&self, dimension: &str) -> bool {
        self.0.asks(dimension)
    }

    /// The dimensions whose keys it compares.
    pub fn dimensions(&self) -> Vec<&'static Dimension> {
        let mut dimensions = Vec::new();
        self.0.add_dimensions(&mut dimensions);
        dimensions
    }

    /// The fields that must be read for it.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        self.0.add_fields(&mut fields);
        fields
    }
}

impl Expr {
    fn matches(&self, record: &Record<'_>, scratch: &mut Scratch) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|expr| expr.matches(record, scratch)),
            Expr::Or(any) => any.iter().any(|expr| expr.matches(record, scratch)),
            Expr::Not(expr) => !expr.matches(record, scratch),
            Expr::Key(dimension, test) => dimension
                .key_of(record, scratch)
                .is_some_and(|key| test.matches(key)),
            Expr::Number(quantity, order, number) => match quantity.of(record) {
                Some(value) => order.holds(value, *number),
                None => *order == Order::Unequal,
            },
            Expr::Malformed => record.request.is_none(),
        }
    }

    /// The expressions that a record must match, all of them.
    fn add_parts(self, parts: &mut Vec<Filter>) {
        match self {
            Expr::And(list) => list.into_iter().for_each(|expr| expr.add_parts(parts)),
            expr => parts.push(Filter(expr)),
        }
    }

    /// What may be wrong with a comparison in it that no record matched, the first of them.
    fn advice(&self) -> Option<String> {
        match self {
            Expr::And(list) | Expr::Or(list) => list.iter().find_map(Expr::advice),
            Expr::Key(dimension, test @ (Test::Is(value) | Test::Begins(value))) => {
                let begins = matches!(test, Test::Begins(_));
                slips::unmatched(dimension.name, begins, &String::from_utf8_lossy(value))
            }
            Expr::Number(Quantity::Duration, ..) => {
                Some("many formats of logs have no durations".to_owned())
            }
            _ => None,
        }
    }

    /// Whether keys and the status decide alone.
    fn add_keys(&self, keys: &mut Vec<&'static str>) -> bool {
        match self {
            Expr::And(list) | Expr::Or(list) => list.iter().all(|expr| expr.add_keys(keys)),
            Expr::Not(expr) => expr.add_keys(keys),
            Expr::Key(dimension, _) => {
                if dimension.name != "status" {
                    keys.push(dimension.name);
                }
                true
            }
            Expr::Number(quantity, ..) => *quantity == Quantity::Status,
            Expr::Malformed => false,
        }
    }

    fn asks(&self, name: &str) -> bool {
        match self {
            Expr::And(list) | Expr::Or(list) => list.iter().any(|expr| expr.asks(name)),
            Expr::Not(expr) => expr.asks(name),
            Expr::Key(dimension, _) => dimension.is_of(name),
            Expr::Number(..) | Expr::Malformed => false,
        }
    }

    fn add_dimensions(&self, dimensions: &mut Vec<&'static Dimension>) {
        match self {
            Expr::And(list) | Expr::Or(list) => {
                list.iter().for_each(|expr| expr.add_dimensions(dimensions));
            }
            Expr::Not(expr) => expr.add_dimensions(dimensions),
            Expr::Key(dimension, _) => dimensions.push(dimension),
            Expr::Number(..) | Expr::Malformed => {}
        }
    }

    fn add_fields(&self, fields: &mut Vec<Field>) {
        match self {
            Expr::And(list) | Expr::Or(list) => {
                list.iter().for_each(|expr| expr.add_fields(fields))
            }
            Expr::Not(expr) => expr.add_fields(fields),
            Expr::Key(dimension, _) => fields.extend(dimension.fields),
            Expr::Number(Quantity::Duration, ..) => {
                fields.push(Field::Duration(DurationUnit::Microseconds))
            }
            Expr::Number(..) => {}
            Expr::Malformed => fields.push(Field::Request),
        }
    }
}

impl Test {
    fn matches(&self, key: &[u8]) -> bool {
        match self {
            Test::Is(value) => key == value,
            Test::Begins(value) => key.starts_with(value),
            Test::Ends(value) => key.ends_with(value),
            Test::Contains(needle) => needle.0.find(key).is_some(),
            Test::Glob(pattern) => glob(pattern, key),
            Test::Pattern(pattern) => pattern.is_in(key),
            Test::AnyOf(keys) => keys.iter().any(|one| one.as_bytes() == key),
            Test::Class(digit) => key.first() == Some(digit),
            Test::Network(network, bits) => {
                may_be_in_network(key, *network, *bits)
                    && std::str::from_utf8(key)
                        .ok()
                        .and_then(|key| key.parse().ok())
                        .is_some_and(|address| in_network(address, *network, *bits))
            }
        }
    }
}

impl Quantity {
    fn of(self, record: &Record<'_>) -> Option<u64> {
        match self {
            Quantity::Status => record.status.map(u64::from),
            Quantity::Bytes => Some(record.bytes),
            Quantity::Duration => record.duration_us,
        }
    }
}

impl Order {
    fn holds(self, value: u64, number: u64) -> bool {
        match self {
            Order::Equal => value == number,
            Order::Unequal => value != number,
            Order::Less => value < number,
            Order::AtMost => value <= number,
            Order::More => value > number,
            Order::AtLeast => value >= number,
        }
    }
}

/// Whether `key` matches `pattern` as a whole.
///
/// What stands between two `*` is looked for where it comes first, once: so it is linear in the key, whatever is repeated
/// in either. Only a piece with a `?` costs its own length for each byte of the key.
pub fn glob(pattern: &[u8], mut key: &[u8]) -> bool {
    let mut pieces = pattern.split(|&b| b == b'*');
    let first = pieces.next().unwrap_or_default();
    let Some(last) = pieces.next_back() else {
        return first.len() == key.len() && is_piece(first, key);
    };
    if key.len() < first.len() + last.len() {
        return false;
    }
    let (begins, rest) = key.split_at(first.len());
    let (middle, ends) = rest.split_at(rest.len() - last.len());
    if !is_piece(first, begins) || !is_piece(last, ends) {
        return false;
    }
    key = middle;
    pieces.all(|piece| match find_piece(piece, key) {
        Some(at) => {
            key = &key[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// Where a piece of a pattern, without `*`, is first.
fn find_piece(piece: &[u8], key: &[u8]) -> Option<usize> {
    if piece.is_empty() {
        return Some(0);
    }
    if !piece.contains(&b'?') {
        return memmem::find(key, piece);
    }
    key.windows(piece.len())
        .position(|part| is_piece(piece, part))
}

/// Whether bytes of the length of a piece match it.
fn is_piece(piece: &[u8], bytes: &[u8]) -> bool {
    let mut pairs = piece.iter().zip(bytes);
    pairs.all(|(&want, &byte)| want == b'?' || want == byte)
}

/// Whether the leading `bits` of two addresses of one family agree. An IPv4 address that is mapped
/// into IPv6 counts as IPv4.
/// Whether a key could be an address with these leading bits: to read one takes long, and many rules may ask this of the same key.
fn may_be_in_network(key: &[u8], network: IpAddr, bits: u8) -> bool {
    match (network, key.first()) {
        // An address of version 4 in the form of version 6 begins with zeros.
        (IpAddr::V4(_), Some(b'0' | b':')) => true,
        (IpAddr::V4(network), _) => {
            let digits = key.iter().take_while(|byte| byte.is_ascii_digit()).take(4);
            let number = digits.fold(0, |number, byte| 10 * number + u32::from(byte - b'0'));
            bits < 8 || number == u32::from(network.octets()[0])
        }
        (IpAddr::V6(_), _) => key.contains(&b':'),
    }
}

fn in_network(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let shift = width - u32::from(bits);
        shift >= width || a >> shift == b >> shift
    };
    match (address.to_canonical(), network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::record::Request;

    fn record() -> Record<'static> {
        Record {
            client: b"10.1.2.3",
            request: Some(Request {
                method: b"GET",
                target: b"/api/v1/users?id=7",
                protocol: Some(b"HTTP/1.1"),
            }),
            status: Some(503),
            bytes: 2048,
            duration_us: Some(812_000),
            agent: Some(b"curl/8.5 (x)"),
            ..Record::EMPTY
        }
    }

    fn hold(comparisons: &[(&str, bool)]) {
        for &(text, want) in comparisons {
            let filter =
                Filter::parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
            let found = filter.matches(&record(), &mut Scratch::default());
            assert_eq!(found, want, "{text}");
        }
    }

    /// In quotes, what is between slashes is a regular expression; else it is a glob as ever.
    #[test]
    #[cfg(feature = "regex")]
    fn regular_expressions_hold_as_they_read() {
        hold(&[
            ("path~'/^/api/v\\d+/users$/'", true),
            ("path~'/v[2-9]/'", false),
            ("path~\"/(?i)API/\"", true),
            ("path~'//'", true),
            ("agent~'/\\(x\\)$/'", true),
        ]);
    }

    #[test]
    fn comparisons_hold_as_they_read() {
        hold(&[
            ("section=/api", true),
            ("section!=/api", false),
            ("path^=/api/v1", true),
            ("path$=users", true),
            ("path*=v1", true),
            ("path~/api/*/users", true),
            ("path~/api/*/user", false),
            ("path~/api/v?/users", true),
            ("path~/v[1]/", false),
            ("path~'/api/*/users'", true),
            // 1970-01-01T00:00:00Z, a Thursday.
            ("hour=0", true),
            ("hour=00", true),
            ("hour=22..6 and hour=0..0", true),
            ("hour=9..17", false),
            ("hour!=9..17", true),
            ("hour<9 and hour<=0 and hour>=0", true),
            ("hour>0 or hour<0 or hour>23", false),
            ("weekday=thu", true),
            ("weekday=Mon..fri", true),
            ("weekday=fri..mon", false),
            ("weekday>wed", true),
            ("client=10.0.0.0/8", true),
            ("client=10.1.2.0/24", true),
            ("client=10.1.3.0/24", false),
            ("client=2001:db8::/32", false),
            ("client!=10.0.0.0/8", false),
            ("client=10.1.2.3", true),
            ("client=0.0.0.0/0", true),
            ("status=503", true),
            ("status=5xx", true),
            ("status!=5xx", false),
            ("status>=500", true),
            ("status<500", false),
            ("status > 502 and status <= 503", true),
            ("bytes>2kB", true),
            ("bytes>2.047kB", true),
            ("bytes>2.048kB", false),
            ("bytes<0.0021MB", true),
            ("bytes>2048", false),
            ("bytes>=2048", true),
            ("duration>800ms", true),
            ("duration>1s", false),
            ("duration<=812000us", true),
            ("method=GET", true),
            ("agent*='8.5 ('", true),
            ("agent=\"curl/8.5 (x)\"", true),
            ("host=x", false),
            ("host!=x", true),
            ("user=-", false),
            ("not section=/api", false),
            ("section=/x or status=503", true),
            ("section=/x or section=/y and status=503", false),
            (
                "(section=/x or section=/api) and not (status<500 or bytes<10)",
                true,
            ),
            ("NOT section=/x AND status=503", true),
        ]);
    }

    #[test]
    fn what_a_record_lacks_is_unequal_and_nothing_else() {
        let bare = Record::EMPTY;
        for (text, want) in [
            ("section=/", false),
            ("section!=/", true),
            ("status=200", false),
            ("status!=200", true),
            ("status<600", false),
            ("duration>0ms", false),
            ("duration!=0ms", true),
        ] {
            let filter = Filter::parse(text).unwrap();
            let found = filter.matches(&bare, &mut Scratch::default());
            assert_eq!(found, want, "{text}");
        }
    }

    /// As [`glob`], the plain way.
    fn plain_glob(pattern: &[u8], key: &[u8]) -> bool {
        match (pattern.split_first(), key.split_first()) {
            (None, _) => key.is_empty(),
            (Some((b'*', rest)), None) => plain_glob(rest, key),
            (Some((b'*', rest)), Some((_, tail))) => {
                plain_glob(rest, key) || plain_glob(pattern, tail)
            }
            (Some((&want, rest)), Some((&byte, tail))) => {
                (want == b'?' || want == byte) && plain_glob(rest, tail)
            }
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn an_address_that_is_in_a_network_may_be(octets in any::<[u8; 4]>(), groups in any::<[u16; 8]>(), bits in 0u8..=32) {
            let short: std::net::Ipv4Addr = octets.into();
            let [mapped, long] = [short.to_ipv6_mapped(), groups.into()];
            let groups = mapped.segments().map(|group| format!("{group:x}"));
            for (key, network) in [
                (short.to_string(), IpAddr::V4(short)),
                (mapped.to_string(), IpAddr::V4(short)),
                (groups.join(":"), IpAddr::V4(short)),
                (long.to_string(), IpAddr::V6(long)),
            ] {
                prop_assert!(Test::Network(network, bits).matches(key.as_bytes()), "{} {}", key, network);
            }
        }

        #[test]
        fn globs_match_what_the_plain_way_matches(pattern in "[ab?*]{0,8}", key in "[ab]{0,10}") {
            let (pattern, key) = (pattern.as_bytes(), key.as_bytes());
            prop_assert_eq!(glob(pattern, key), plain_glob(pattern, key));
        }
    }

    /// With the steps of the plain way this would not end.
    #[test]
    fn a_glob_on_a_long_key_takes_no_longer_than_the_key() {
        let key = [&[b'a'; 1 << 20][..], b"c"].concat();
        for pattern in ["*a*a*a*b", "*aaaaaaaaaaaaaaaaaaaaaaaaab*c", "a*b*a*b*c"] {
            assert!(!glob(pattern.as_bytes(), &key), "{pattern}");
        }
    }

    #[test]
    fn globs_cover_the_whole_key() {
        for (pattern, key, want) in [
            ("", "", true),
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("?", "", false),
            ("**", "x", true),
            ("*aab", "aaaab", true),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("a*?c*d", "abcxd", true),
            ("a*?c*d", "acd", false),
            ("*a?a*", "xaaba", true),
        ] {
            assert_eq!(
                glob(pattern.as_bytes(), key.as_bytes()),
                want,
                "{pattern} {key}"
            );
        }
    }
}
