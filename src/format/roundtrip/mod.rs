//! Records are written through every line format and format string, and the same records are read back.

mod writer;

use proptest::prelude::*;
use proptest::sample::select;

use super::choice::OwnSource;
use super::program::Program;
use super::record::{Record, Request};
use super::shown::ALL;
use super::step::{Head, Step};
use super::timestamp::TimeForm;
use super::unparsed::Field;
use super::{Choice, Outcome, Parser, formats};
use crate::time::{Second, Zone};
use writer::{carried, write};

/// Strings from the configuration of servers, and some that nobody should use.
const STRINGS: &[&str] = &[
    r#"LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\" %D" timed"#,
    r#"LogFormat "%v:%p %a %l %u %t \"%r\" %>s %O %{ms}T %k \"%{Cookie}i\"" vhost"#,
    r#"%a [%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] "%r" %>s %B %{us}T"#,
    r#"%{%Y-%m-%dT%H:%M:%S%z}t|%a|%m|%U%q|%H|%>s|%B|%{User-Agent}i|%v"#,
    r#"%{%s}t %a %r %>s %b"#,
    r#"%{end:sec}t "%a" "%u" "%m" "%U" "%H" "%>s" "%O" "%{s}T""#,
    r#"%h\t%{%c}t\t%>s\t%r"#,
    r#"[%{%a %b %e %T %Y}t] %a %>s %m %U"#,
    r#"log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';"#,
    r#"$msec $remote_addr $host $request_method $request_uri $server_protocol $status $bytes_sent $request_time $upstream_addr $upstream_response_time"#,
    r#""$time_iso8601" "$remote_addr" "$request" "$status" "$http_user_agent""#,
    r#"[$time_iso8601] <$http_host> ${remote_addr} {$request} ($status) $upstream_cache_status"#,
    r#"[$time_local] $remote_addr:$remote_port "$request" $status"#,
    r#"%{+Q}o %{-Q}ci:%cp [%tr] %ST %B "%r""#,
    r#"$remote_addr, $remote_user; $time_local; $request; $status; $body_bytes_sent; $http_referer"#,
];

fn choices() -> Vec<(String, Choice)> {
    let named = formats().map(|format| format.name);
    named
        .chain(STRINGS.iter().copied())
        .map(|text| {
            let choice = Choice::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            (text.to_owned(), choice)
        })
        .filter(|(_, choice)| !programs(choice).is_empty())
        .collect()
}

/// The programs that read lines in this format; none for JSON and W3C logs, which are read by keys and by
/// `#Fields`.
fn programs(choice: &Choice) -> Vec<Program> {
    let variants = match choice {
        Choice::Auto => Vec::new(),
        Choice::Only(format) => format.variants(),
        Choice::Own(own) => match &own.0 {
            OwnSource::Steps(own) => vec![own.steps.clone()],
            OwnSource::Json(_) | OwnSource::W3c(_) => Vec::new(),
        },
    };
    let program = |steps: &Vec<Step>| Program::new(steps, &ALL);
    variants.iter().map(program).collect()
}

/// What a program can say of a record, in the words of the record.
fn seen<'a>(program: &Program, record: &Record<'a>) -> Record<'a> {
    let mut seen = Record::EMPTY;
    let (mut whole, mut method, mut target, mut protocol) = (false, false, false, false);
    seen.time = record.time;
    for step in program.steps() {
        match step {
            Step::Head(head) => {
                seen.client = record.client;
                seen.user = record.user.or(Some(b"-"));
                seen.offset = record.offset;
                if *head == Head::Host {
                    seen.host = record.host;
                }
            }
            Step::Entry => {
                whole = true;
                (seen.status, seen.bytes) = (record.status, record.bytes);
            }
            Step::Tail => seen.duration_us = record.duration_us,
            Step::Time(form, _) => match form {
                TimeForm::Asctime => seen.zoned = false,
                TimeForm::Epoch => {}
                TimeForm::Pattern(pattern) => {
                    let zoned = pattern.windows(2).any(|pair| pair == b"%z");
                    seen.zoned = zoned;
                    seen.offset = if zoned { record.offset } else { 0 };
                }
                _ => seen.offset = record.offset,
            },
            Step::Field(field, _) => match field {
                Field::Client => seen.client = record.client,
                Field::Host => seen.host = record.host.or(Some(b"-")),
                Field::User => seen.user = record.user.or(Some(b"-")),
                Field::Request => whole = true,
                Field::Method => method = true,
                Field::Target => target = true,
                Field::Protocol => protocol = true,
                Field::Status => seen.status = record.status,
                Field::Bytes => seen.bytes = record.bytes,
                Field::Referrer => seen.referrer = record.referrer.or(Some(b"-")),
                Field::Agent => seen.agent = record.agent.or(Some(b"-")),
                Field::Cache => seen.cache = record.cache.or(Some(b"-")),
                Field::Duration(unit) => {
                    seen.duration_us = record.duration_us.map(|us| carried(us, *unit));
                }
                Field::Forwarded => seen.forwarded = Some(b"-"),
                Field::Skipped | Field::Line | Field::Time | Field::Start => {}
            },
            _ => {}
        }
    }
    seen.starts = program.starts;
    if seen.starts {
        seen.move_to_end();
    }
    seen.request = record.request.filter(|_| whole || target);
    if let Some(request) = &mut seen.request
        && !whole
    {
        if !method {
            request.method = b"-";
        }
        request.protocol = request.protocol.filter(|_| protocol);
    }
    seen
}

/// Writes the record through each program of the format, where one can, and reads it back.
fn check(name: &str, choice: &Choice, record: &Record<'_>) -> Result<(), TestCaseError> {
    for program in programs(choice) {
        let Some(line) = write(&program, record) else {
            continue;
        };
        let shown = String::from_utf8_lossy(&line);
        let mut parser = Parser::new(choice, Zone::UTC, &ALL);
        let mut found = Record::EMPTY;
        match parser.read(&line, &mut found) {
            Outcome::Record => {
                prop_assert_eq!(found, seen(&program, record), "{}: {}", name, shown)
            }
            other => prop_assert!(false, "{}: {:?}: {}", name, other, shown),
        }
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct Made {
    time: i64,
    offset: i32,
    client: String,
    user: Option<String>,
    host: Option<String>,
    request: Option<(String, Vec<u8>, Option<String>)>,
    status: Option<u16>,
    bytes: u64,
    referrer: Option<Vec<u8>>,
    agent: Option<Vec<u8>>,
    duration_us: Option<u64>,
    cache: Option<String>,
}

impl Made {
    fn record(&self) -> Record<'_> {
        Record {
            time: Second(self.time),
            offset: self.offset,
            client: self.client.as_bytes(),
            user: self.user.as_deref().map(str::as_bytes),
            host: self.host.as_deref().map(str::as_bytes),
            request: self
                .request
                .as_ref()
                .map(|(method, target, protocol)| Request {
                    method: method.as_bytes(),
                    target,
                    protocol: protocol.as_deref().map(str::as_bytes),
                }),
            status: self.status,
            bytes: self.bytes,
            referrer: self.referrer.as_deref(),
            agent: self.agent.as_deref(),
            duration_us: self.duration_us,
            cache: self.cache.as_deref().map(str::as_bytes),
            ..Record::EMPTY
        }
    }
}

fn words(list: &[&str]) -> impl Strategy<Value = String> + use<> {
    select(list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
}

/// Bytes that end a field somewhere, more often than others.
fn odd() -> impl Strategy<Value = Vec<u8>> {
    let delimiters = b" \"\\[]{}()<>,;:|/?#%-=\t\r\n\xff\xc3".to_vec();
    let byte = prop_oneof![4 => (b'a'..=b'z').boxed(), 1 => select(delimiters).boxed()];
    prop::collection::vec(byte, 1..12)
}

prop_compose! {
    fn records()(
        (time, offset) in (900_000_000i64..4_000_000_000, (-14i32..=14).prop_map(|h| h * 3600 + h.signum() * 1800)),
        client in prop_oneof![
            any::<std::net::Ipv4Addr>().prop_map(|ip| ip.to_string()),
            any::<std::net::Ipv6Addr>().prop_map(|ip| ip.to_string()),
            words(&["a.example", "-"]),
        ],
        user in prop::option::of(words(&["-", "ann", "Ann Lee", "a@b.example", "x\"y", "[x]"])),
        host in prop::option::of(words(&["www.example.com", "www.example.com:443", "-"])),
        request in prop::option::weighted(0.9, (
            words(&["GET", "POST", "M-SEARCH", "PROPFIND"]),
            odd().prop_map(|tail| [b"/", tail.as_slice()].concat()),
            prop::option::of(words(&["HTTP/1.1", "HTTP/2.0", "HTTP/2"])),
        )),
        (status, bytes) in (prop::option::of(0u16..1100), 0u64..1_000_000_000_000),
        (referrer, agent) in (prop::option::of(odd()), prop::option::of(odd())),
        duration_us in prop::option::of(prop_oneof![
            (0u64..10_000_000).prop_map(|ms| ms * 1000),
            0u64..100_000_000,
        ]),
        cache in prop::option::of(words(&["HIT", "TCP_MISS"])),
    ) -> Made {
        Made { time, offset, client, user, host, request, status, bytes, referrer, agent, duration_us, cache }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(made in records()) {
        for (name, choice) in choices() {
            check(&name, &choice, &made.record())?;
        }
    }
}

/// So that the property is not true of nothing: every program writes a record without surprises.
#[test]
fn every_program_writes_a_tame_record() {
    let made = Made {
        time: 1_760_104_536,
        offset: 7200,
        client: "192.0.2.7".to_owned(),
        user: Some("ann".to_owned()),
        host: Some("www.example.com".to_owned()),
        request: Some((
            "GET".to_owned(),
            b"/a/b?c".to_vec(),
            Some("HTTP/1.1".to_owned()),
        )),
        status: Some(404),
        bytes: 1234,
        referrer: Some(b"https://r.example/".to_vec()),
        agent: Some(b"curl/8.5".to_vec()),
        duration_us: Some(3_012_000),
        cache: Some("HIT".to_owned()),
    };
    // A line of S3 about a lifecycle has no request.
    let without = Made {
        request: None,
        ..made.clone()
    };
    for (name, choice) in choices() {
        for record in [made.record(), without.record()] {
            check(&name, &choice, &record).unwrap_or_else(|why| panic!("{why}"));
        }
        for program in programs(&choice) {
            let written = write(&program, &made.record()).is_some();
            let lifecycle = name == "s3" && write(&program, &without.record()).is_some();
            assert!(written || lifecycle, "{name}: {:?}", program.steps());
        }
    }
}
