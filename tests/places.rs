//! `--mmdb`: networks and countries of clients, by databases that these tests write themselves.
#![cfg(feature = "mmdb")]

#[path = "support/mmdb.rs"]
mod mmdb;

use std::path::PathBuf;
use std::process::{Command, Output};

use mmdb::Value::{self, Map, Number, Short, Text};

fn country(code: &'static str) -> Value {
    Map(vec![
        ("continent", Map(vec![("code", Text("EU"))])),
        ("country", Map(vec![("iso_code", Text(code))])),
    ])
}

fn asn(number: u32, name: &'static str) -> Value {
    Map(vec![
        ("autonomous_system_number", Number(number)),
        ("autonomous_system_organization", Text(name)),
    ])
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// Of a test: one database of countries, one of networks, and one of both with the keys that IPinfo uses.
fn databases(test: &str) -> [PathBuf; 3] {
    let countries = [
        ("192.0.2.0", 25, country("DE")),
        ("192.0.2.128", 25, country("FR")),
        ("2001:db8:1::", 48, country("NL")),
    ];
    let networks = [
        // Some writers take the smallest type that holds a number.
        (
            "192.0.2.0",
            24,
            Map(vec![
                ("autonomous_system_number", Short(64496)),
                ("autonomous_system_organization", Text("Example")),
            ]),
        ),
        ("198.51.100.0", 26, asn(64500, "Naïve <Net>\u{1b}[1m")),
        (
            "2001:db8::",
            32,
            Map(vec![("autonomous_system_number", Number(4_294_967_295))]),
        ),
    ];
    let both = [(
        "198.51.100.0",
        24,
        Map(vec![
            ("asn", Text("AS64511")),
            ("as_name", Text("Other")),
            ("country_code", Text("SE")),
        ]),
    )];
    [
        file(
            &format!("{test}-countries.mmdb"),
            &mmdb::database("GeoLite2-Country", &countries),
        ),
        file(
            &format!("{test}-networks.mmdb"),
            &mmdb::database("GeoLite2-ASN", &networks),
        ),
        file(
            &format!("{test}-both.mmdb"),
            &mmdb::database("ipinfo lite", &both),
        ),
    ]
}

const CLIENTS: [&str; 10] = [
    "192.0.2.1",
    "192.0.2.1",
    "192.0.2.200",
    "198.51.100.7",
    "198.51.100.99",
    "203.0.113.5",
    "2001:db8:1::5",
    "2001:db8:2::5",
    "client.example.com",
    "::ffff:192.0.2.1",
];

fn log(test: &str) -> PathBuf {
    let line = |(i, client)| {
        format!("{client} - - [20/Nov/2026:09:00:{i:02} +0000] \"GET /a HTTP/1.1\" 200 5\n")
    };
    let text: String = CLIENTS.iter().enumerate().map(line).collect();
    file(&format!("{test}-places.log"), text.as_bytes())
}

fn httpmon(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command.args(args).env_clear().env("LC_ALL", "C.UTF-8");
    command.output().expect("it runs")
}

/// The databases as arguments.
fn with_databases<'a>(args: &[&'a str], databases: &'a [PathBuf]) -> Vec<&'a str> {
    let mut all = args.to_vec();
    for database in databases {
        all.extend(["--mmdb", database.to_str().expect("UTF-8")]);
    }
    all
}

/// The keys of a dimension in the summary, with their hits.
fn keys(output: &Output, dimension: &str) -> Vec<(String, u64)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let summary: serde_json::Value =
        serde_json::from_str(text.lines().last().expect("a summary")).expect("JSON");
    let rows = summary["top"][dimension].as_array().expect("rows");
    let row = |row: &serde_json::Value| {
        let key = row["key"].as_str().expect("a key").to_owned();
        (key, row["hits"].as_u64().expect("hits"))
    };
    rows.iter().map(row).collect()
}

#[test]
fn clients_have_the_places_that_the_databases_know() {
    let (databases, log) = (databases("keys"), log("keys"));
    let log = log.to_str().expect("UTF-8");
    let args = ["--replay", "-rjson", "--top", "asn=9,country=9", log];
    let output = httpmon(&with_databases(&args, &databases));
    let own = |keys: &[(&str, u64)]| -> Vec<(String, u64)> {
        keys.iter()
            .map(|(key, hits)| (key.to_string(), *hits))
            .collect()
    };
    assert_eq!(
        keys(&output, "country"),
        own(&[("DE", 3), ("SE", 2), ("FR", 1), ("NL", 1)])
    );
    // The second database knows one half of a network, the third the whole of it.
    let asns = [
        ("AS64496 Example", 4),
        ("AS4294967295", 2),
        ("AS64500 Naïve <Net>\u{1b}[1m", 1),
        ("AS64511 Other", 1),
    ];
    assert_eq!(keys(&output, "asn"), own(&asns));
    // What a database holds is no more to be trusted than a log.
    let text = httpmon(&with_databases(
        &["--replay", "--top", "asn", log],
        &databases,
    ));
    let text = String::from_utf8(text.stdout).expect("UTF-8");
    assert!(text.contains("Naïve <Net>\\x1b[1m  1  12%"), "{text}");
}

#[test]
fn expressions_and_rules_know_places() {
    let (databases, log) = (databases("rules"), log("rules"));
    let log = log.to_str().expect("UTF-8");
    let args = [
        "--replay",
        "-rjson",
        "--where",
        "country=DE or asn^=AS64500",
        "--top",
        "client",
        log,
    ];
    let output = httpmon(&with_databases(&args, &databases));
    assert_eq!(
        keys(&output, "client"),
        [
            ("192.0.2.1", 2),
            ("198.51.100.7", 1),
            ("::ffff:192.0.2.1", 1)
        ]
        .map(|(key, hits)| (key.to_owned(), hits))
    );
    let args = [
        "--replay",
        "-q",
        "--alert",
        "Many: hits > 2 over 1m by country",
        log,
    ];
    let output = httpmon(&with_databases(&args, &databases));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.starts_with("Many generated an alert for country DE - hits = 3"),
        "{text}"
    );
}

#[test]
fn what_cannot_work_is_refused_with_the_way_out() {
    let (databases, log) = (databases("refused"), log("refused"));
    let log = log.to_str().expect("UTF-8");
    let mut broken = std::fs::read(&databases[0]).expect("it was written");
    broken.truncate(broken.len() - 40);
    let broken = file("broken.mmdb", &broken);
    let broken = broken.to_str().expect("UTF-8");
    for (args, words) in [
        (&["--top", "country"][..], &["country", "--mmdb FILE"][..]),
        (&["--where", "asn^=AS64496"], &["asn", "--mmdb FILE"]),
        (
            &["--alert", "A: hits > 1 over 1m by country"],
            &["country", "--mmdb FILE"],
        ),
        (
            &["--alert", "A: hits > 1 over 1m where country=DE"],
            &["country", "--mmdb FILE"],
        ),
        (
            &["--top", "asn", "--mmdb", "nowhere.mmdb"],
            &["--mmdb: nowhere.mmdb: no such file"],
        ),
        (
            &["--top", "asn", "--mmdb", log],
            &["places.log: not a MaxMind DB"],
        ),
        (
            &["--top", "asn", "--mmdb", broken],
            &["broken.mmdb: not a MaxMind DB"],
        ),
    ] {
        let all: Vec<&str> = ["--replay", log].iter().chain(args).copied().collect();
        let output = httpmon(&all);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            words.iter().all(|word| error.contains(word)),
            "{args:?}: {error}"
        );
        assert!(
            output.stdout.is_empty() && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn any_number_of_threads_finds_the_same_places() {
    let databases = databases("threads");
    let mut text = String::new();
    for i in 0..60_000u32 {
        let client = CLIENTS[(i * 7 % 11 % 10) as usize];
        let (minute, second) = (i / 3000 % 60, i / 50 % 60);
        let line = format!(
            "{client} - - [20/Nov/2026:09:{minute:02}:{second:02} +0000] \"GET /a HTTP/1.1\" 200 5\n"
        );
        text.push_str(&line);
    }
    let log = file("many-places.log", text.as_bytes());
    let log = log.to_str().expect("UTF-8");
    let run = |threads| {
        let args = [
            "--replay",
            "-rjson",
            "-i1m",
            "--top",
            "asn,country,client",
            "--threads",
            threads,
            log,
        ];
        httpmon(&with_databases(&args, &databases)).stdout
    };
    let one = run("1");
    assert!(one.len() > 1000 && run("2") == one && run("5") == one);
}
