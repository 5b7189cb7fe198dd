//! The table of formats: each row has a golden case, and its sample is read by its name and without it.

#[path = "support/fed.rs"]
mod fed;

use std::path::Path;
use std::process::Command;

use httpmon::format::record::Record;
use httpmon::format::rollup::RollupLine;
use httpmon::format::unparsed::{DurationUnit, Field};
use httpmon::format::{Choice, Format, Outcome, Parser, formats};
use httpmon::time::Zone;

#[test]
fn every_format_has_a_golden_case() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/formats");
    let lacking: Vec<&str> = formats()
        .map(|format| format.name)
        .filter(|name| !cases.join(name).join("args").exists())
        .collect();
    assert!(
        lacking.is_empty(),
        "no case in {} for: {lacking:?}",
        cases.display()
    );
}

/// What the last line of a sample says.
fn read(choice: &Choice, format: &Format) -> String {
    let wanted = [
        Field::Host,
        Field::User,
        Field::Referrer,
        Field::Agent,
        Field::Cache,
        Field::Duration(DurationUnit::Seconds),
    ];
    let mut parser = Parser::new(choice, Zone::UTC, &wanted);
    let mut last = String::new();
    for line in format.sample.lines() {
        let mut record = Record::EMPTY;
        last = match parser.read(line.as_bytes(), &mut record) {
            Outcome::Record | Outcome::Rollup(RollupLine::Row(..)) => shown(&record),
            Outcome::Unparsed(unparsed) => panic!("{}: {unparsed}: {line}", format.name),
            Outcome::Skipped | Outcome::Source | Outcome::Rollup(_) => String::new(),
        };
    }
    last
}

fn shown(record: &Record<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{} {} {} user {:?} host {:?} request {:?} {:?} {} referrer {:?} agent {:?} us {:?} cache {:?}",
        record.time.0,
        record.offset,
        text(record.client),
        record.user.map(text),
        record.host.map(text),
        record
            .request
            .map(|r| (text(r.method), text(r.target), r.protocol.map(text))),
        record.status,
        record.bytes,
        record.referrer.map(text),
        record.agent.map(text),
        record.duration_us,
        record.cache.map(text),
    )
}

#[test]
fn every_sample_is_read_by_its_name() {
    for format in formats() {
        let record = read(&Choice::Only(format), format);
        assert!(!record.is_empty(), "{}", format.name);
    }
}

/// What a line cannot show, by format: how its name reads it, how `auto` does, and why.
const UNKNOWABLE: &[(&str, &str, &str, &str)] = &[
    (
        "apache_us",
        "us Some(50123)",
        "us None",
        "a bare integer may be %D, %T or a size",
    ),
    (
        "apache_s",
        "us Some(2000000)",
        "us None",
        "a bare integer may be %D, %T or a size",
    ),
    (
        "apache_s",
        "1760104538 ",
        "1760104536 ",
        "without a duration there is nothing to add to the stamp",
    ),
    (
        "icecast",
        "us Some(215000000)",
        "us None",
        "a bare integer may be %D, %T or a size",
    ),
    (
        "lighttpd",
        "host Some(\"www.example.com\")",
        "host None",
        "what comes second is the ident in all other formats",
    ),
    (
        "ovh",
        "host Some(\"www.example.com\")",
        "host None",
        "what comes second is the ident in all other formats",
    ),
];

#[test]
fn every_sample_is_read_in_the_same_way_by_auto() {
    let mut differences = String::new();
    for format in formats() {
        let mut named = read(&Choice::Only(format), format);
        for (name, by_name, by_shape, why) in UNKNOWABLE {
            if *name == format.name {
                assert!(named.contains(by_name), "{name}: {why}: {named}");
                named = named.replace(by_name, by_shape);
            }
        }
        let auto = read(&Choice::Auto, format);
        if named != auto {
            differences += &format!("\n{}\n  named {named}\n  auto  {auto}", format.name);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// A minute of few requests, then one of 12,000 that fail; the client of some of the first is what a client wrote.
fn flood(written: &[&str]) -> String {
    let mut log = String::new();
    let mut line = |client: &str, s: u32, status: u32| {
        log += &format!(
            "{client} - - [20/Nov/2026:10:{:02}:{:02} +0000] \"GET /a HTTP/1.1\" {status} 100 \"-\" \"2026-11-20 <==\"\n",
            s / 60,
            s % 60
        );
    };
    for s in 0..60 {
        line("192.0.2.7", s, 200);
        if (20..40).contains(&s) {
            written.iter().for_each(|client| line(client, s, 200));
        }
    }
    (0..12_000).for_each(|n| line("192.0.2.7", 60 + n / 200, 500));
    log
}

#[test]
fn no_header_that_a_client_writes_hides_a_flood() {
    let alerts = |log: String, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
        command
            .args([
                "--replay",
                "--quiet",
                "--alert",
                "Errors: 5xx > 50% over 10s",
            ])
            .args(args)
            .env_remove("HTTPMON_CONFIG_PATH");
        let output = fed::output(&mut command, log);
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let own = r#"%{X-Forwarded-For}i %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
    for args in [&[][..], &["--format", "combined"], &["--format", own]] {
        let plain = alerts(flood(&[]), args);
        assert!(plain.contains("Errors generated an alert"), "{plain}");
        let written = [
            "#Fields: date time sc-status cs-uri-stem c-ip",
            "#Date: 2001-01-01 00:00:00",
            "#",
            "==> other.log <==",
            "==> other.log",
            "\"remotehost\"",
        ];
        assert_eq!(alerts(flood(&written), args), plain, "{args:?}");
    }
}
