//! A log that was simulated, read back through the parser: exactly what was asked for.

use std::collections::BTreeMap;

use httpmon::format::record::Record;
use httpmon::format::unparsed::{DurationUnit, Field};
use httpmon::format::{Choice, Outcome, Parser, formats};
use httpmon::simulate::{FLOOD_CLIENT, Log, Settings, Start};
use httpmon::time::{Second, Zone};
use proptest::prelude::*;
use proptest::sample::select;

/// Format strings of people's own, beside the formats that have names.
const STRINGS: &[&str] = &[
    r#"LogFormat "%v:%p %a %l %u %t \"%r\" %>s %O %{ms}T %k \"%{Cookie}i\"" vhost"#,
    r#"%{%Y-%m-%dT%H:%M:%S%z}t|%a|%m|%U%q|%H|%>s|%B|%{User-Agent}i|%v"#,
    r#"%{%s}t %a %r %>s %b"#,
    r#"$msec $remote_addr $host $request_method $request_uri $server_protocol $status $bytes_sent $request_time $http_user_agent $upstream_response_time"#,
    r#"$remote_addr, $remote_user; $time_local; $request; $status; $body_bytes_sent; $http_referer; $http_user_agent"#,
    r#"log_format j escape=json '{"at":"$time_iso8601","who":"$remote_addr","req":"$request","st":"$status","n":"$bytes_sent"}';"#,
    "json: time=@timestamp status=resp.code path=req.url bytes=resp.size client=req.from",
];

fn choices() -> Vec<&'static str> {
    // A rollup is written by a run, not by the simulator.
    let named = formats().map(|format| format.name);
    let named = named.filter(|name| *name != "rollup");
    named.chain(STRINGS.iter().copied()).collect()
}

fn choice(text: &str) -> Choice {
    Choice::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// All of a log, in blocks of whatever size.
fn written(settings: &Settings, start: Start, room: usize) -> Vec<u8> {
    let mut log = Log::new(settings, start).unwrap_or_else(|why| panic!("{why}"));
    let (mut all, mut block) = (Vec::new(), Vec::new());
    loop {
        let due = log.write(&mut block, room, None);
        all.append(&mut block);
        if due.is_none() {
            return all;
        }
    }
}

/// What a log was read back as.
#[derive(Debug, Default, PartialEq)]
struct Read {
    /// Records by second from the start.
    seconds: BTreeMap<i64, u64>,
    /// 5xx, and records of the client that floods, by second from the start.
    errors: BTreeMap<i64, u64>,
    flood: BTreeMap<i64, u64>,
    /// The farthest that a record is behind the newest before it.
    late: i64,
    other_lines: u64,
}

fn read(format: &Choice, log: &[u8], start: Start) -> Read {
    let wanted = [Field::Agent, Field::Duration(DurationUnit::Seconds)];
    let mut parser = Parser::new(format, Zone::UTC, &wanted);
    let mut read = Read::default();
    let mut newest = Second(i64::MIN);
    let lines = log
        .strip_suffix(b"\n")
        .unwrap_or(log)
        .split(|&b| b == b'\n');
    for line in lines {
        let mut record = Record::EMPTY;
        match parser.read(line, &mut record) {
            Outcome::Record => {}
            Outcome::Skipped => {
                read.other_lines += u64::from(!line.is_empty());
                continue;
            }
            other => panic!("{other:?}: {}", String::from_utf8_lossy(line)),
        }
        let second = (record.time - start.second).0;
        *read.seconds.entry(second).or_default() += 1;
        if record.status_class() == 5 {
            *read.errors.entry(second).or_default() += 1;
        }
        if record.client == FLOOD_CLIENT.as_bytes() {
            *read.flood.entry(second).or_default() += 1;
        }
        newest = newest.max(record.time);
        read.late = read.late.max((newest - record.time).0);
    }
    read
}

const BILLION: u64 = 1_000_000_000;

/// Lines stamped with each second, by the rule itself: line `k` of a step at `floor(k / rate)`.
fn plain_seconds(settings: &Settings) -> BTreeMap<i64, u64> {
    let (mut seconds, mut begin) = (BTreeMap::new(), 0);
    for step in settings.steps().expect("steps that go together") {
        for k in 0u128.. {
            let Some(second) = (k * u128::from(BILLION)).checked_div(step.rate.into()) else {
                break;
            };
            if second >= step.seconds.into() {
                break;
            }
            *seconds.entry(begin + second as i64).or_default() += 1;
        }
        begin += step.seconds as i64;
    }
    seconds
}

prop_compose! {
    fn settings()(steps in prop::collection::vec((
        prop_oneof![
            3 => (0u64..30).prop_map(|n| n * BILLION),
            2 => 1_000_000u64..20 * BILLION,
        ],
        1u64..90,
        prop_oneof![Just(0), 0u64..=BILLION, Just(BILLION)],
        prop_oneof![Just(0), 0u64..=BILLION],
    ), 1..4),
        format in select(choices()),
        (disorder, slow_start) in (prop_oneof![Just(0u64), 1u64..80], prop_oneof![Just(0u64), 1u64..60]),
        seed in any::<u64>(),
    ) -> (Settings, &'static str) {
        let list = |of: fn(&(u64, u64, u64, u64)) -> u64| steps.iter().map(of).collect();
        let settings = Settings {
            rates: list(|step| step.0),
            durations: list(|step| step.1),
            errors: list(|step| step.2),
            flood: list(|step| step.3),
            disorder,
            slow_start,
            format: choice(format),
            seed,
            ..Settings::default()
        };
        (settings, format)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_back_is_what_was_asked_for(
        (settings, format) in settings(),
        hours in -14i32..=14,
        at in 200_000_000i64..10_000_000_000,
        room in 1usize..100_000,
    ) {
        let start = Start { second: Second(at), offset: hours * 3600 };
        let log = written(&settings, start, room);
        let read = read(&settings.format, &log, start);
        prop_assert_eq!(&read.seconds, &plain_seconds(&settings), "{}", format);
        let mut begin = 0;
        for step in settings.steps().expect("steps that go together") {
            let end = begin + step.seconds as i64;
            let sum = |counts: &BTreeMap<i64, u64>| counts.range(begin..end).map(|(_, n)| n).sum::<u64>();
            let lines = sum(&read.seconds);
            prop_assert_eq!(lines, step.lines());
            let share = |share: u64| (u128::from(lines) * u128::from(share) / u128::from(BILLION)) as u64;
            prop_assert_eq!(sum(&read.errors), share(step.errors), "{}", format);
            let flood = sum(&read.flood);
            // These name no client.
            let named = !["django", "morgan", "nextjs", "negroni"].contains(&format);
            prop_assert_eq!(flood, share(step.flood) * u64::from(named), "{}", format);
            begin = end;
        }
        prop_assert!(read.late <= settings.disorder as i64, "{} {}", read.late, settings.disorder);
        // Whole in one block or cut into many: the same bytes.
        prop_assert!(log == written(&settings, start, usize::MAX));
    }
}

/// Every format, where chance would choose some.
#[test]
fn every_format_is_read_back_also_when_nobody_says_which_it_is() {
    let start = Start::FIXED;
    for name in choices() {
        let settings = Settings {
            rates: vec![20 * BILLION],
            durations: vec![40],
            errors: vec![BILLION / 4],
            disorder: 3,
            format: choice(name),
            ..Settings::default()
        };
        let log = written(&settings, start, 4096);
        let found = read(&settings.format, &log, start);
        assert_eq!(found.seconds, plain_seconds(&settings), "{name}");
        assert_eq!(found.errors.values().sum::<u64>(), 200, "{name}");
        assert!(found.late <= 3, "{name}");
        // A bare integer has no unit to auto: there is nothing for it to add to these stamps of the start.
        let unknowable = ["apache_us", "apache_s"].contains(&name);
        if formats().any(|format| format.name == name) && !unknowable {
            assert_eq!(read(&Choice::Auto, &log, start), found, "{name}");
        }
    }
}

/// The durations of a log, in microseconds.
fn durations(written_in: &str, read_as: &Choice) -> Vec<Option<u64>> {
    let settings = Settings {
        rates: vec![50 * BILLION],
        durations: vec![40],
        errors: vec![BILLION / 10],
        slow_start: 20,
        format: choice(written_in),
        ..Settings::default()
    };
    let log = written(&settings, Start::FIXED, 4096);
    let mut parser = Parser::new(
        read_as,
        Zone::UTC,
        &[Field::Duration(DurationUnit::Seconds)],
    );
    let lines = log.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut record = Record::EMPTY;
            assert_eq!(parser.read(line, &mut record), Outcome::Record);
            record.duration_us
        })
        .collect()
}

/// The same requests, in units that have more of them and less.
#[test]
fn durations_are_read_back_in_the_unit_of_the_format() {
    let exact = durations("apache_us", &choice("apache_us"));
    assert_eq!(exact.len(), 2000);
    assert!(exact.iter().flatten().any(|us| *us > 1_000_000));
    let in_units_of = |unit: u64| -> Vec<Option<u64>> {
        let down = |us: u64| us - us % unit;
        exact.iter().map(|us| us.map(down)).collect()
    };
    for (format, read_as, unit) in [
        ("nginx_timed", "nginx_timed", 1000),
        ("ingress", "ingress", 1000),
        ("ingress", "auto", 1000),
        ("apache_s", "apache_s", 1_000_000),
        ("icecast", "icecast", 1_000_000),
        ("%t %>s %h %{s}T", "%t %>s %h %{s}T", 1_000_000),
    ] {
        let found = durations(format, &choice(read_as));
        assert_eq!(found, in_units_of(unit), "{format} as {read_as}");
    }
}
