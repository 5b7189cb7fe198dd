//! Rules by key under more keys than are followed: what could not be followed is reported.

#[path = "support/fed.rs"]
mod fed;

use std::fmt::Write;
use std::process::Command;

/// One 404 of each of `clients` clients within a minute, then 60 of one client.
fn log(clients: u32) -> String {
    let mut log = String::new();
    let mut line = |address: u32, time: &str| {
        let [a, b, c, d] = address.to_be_bytes();
        writeln!(
            log,
            "{a}.{b}.{c}.{d} - - [20/Nov/2026:09:{time} +0000] \"GET /x HTTP/1.1\" 404 0"
        )
        .expect("a string takes every write");
    };
    for i in 0..clients {
        line(0x0a00_0000 + i, &format!("00:{:02}", i * 60 / clients));
    }
    for second in 0..60 {
        line(0xc000_0212, &format!("02:{second:02}"));
    }
    log
}

const RULE: &str = "Scanner: 404 > 20 over 1h by client";

/// What a replay prints of it, with a rule.
fn replay(log: &str, lateness: &str, rule: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command.args(["--replay", "--lateness", lateness, "--alert", rule]);
    let output = fed::output(command.env_remove("HTTPMON_CONFIG_PATH"), log);
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Keys are dropped while their second is open with a long lateness, and after it closed with a short one.
#[test]
fn hits_that_were_not_followed_are_told_whenever_their_key_was_dropped() {
    let (many, few) = (log(120_000), log(1000));
    for lateness in ["0s", "1m", "10m"] {
        let said = replay(&many, lateness, RULE);
        assert!(
            said.contains("  rules     Scanner: too many keys: "),
            "{lateness}: {said}"
        );
        assert!(
            said.contains("Scanner generated an alert for client 192.0.2.18 - 404 = 21, "),
            "{lateness}: {said}"
        );
        assert!(!replay(&few, lateness, RULE).contains("too many keys"));
    }
}

#[test]
fn a_number_of_keys_that_is_a_lower_bound_is_told_to_be() {
    let rule = "Crowd: unique client > 99999 over 1h";
    for lateness in ["0s", "10m"] {
        let exceeds = |clients| {
            replay(&log(clients), lateness, rule).contains("  rules     Crowd: too many keys: ")
        };
        assert!(exceeds(120_000), "{lateness}");
        assert!(!exceeds(1000), "{lateness}");
    }
}

/// Past their cap the clients that have come least are dropped, and the others have new numbers: what reports, rules, causes
/// and columns know of them is theirs still.
#[test]
fn what_is_known_of_keys_stays_theirs_when_others_are_dropped() {
    let mut log = String::new();
    let mut line = |client: u32, second: u32, status: u32| {
        let [a, b, c, d] = client.to_be_bytes();
        let (minute, second) = (second / 60, second % 60);
        writeln!(
            log,
            "{a}.{b}.{c}.{d} - - [20/Nov/2026:09:{minute:02}:{second:02} +0000] \"GET /x HTTP/1.1\" {status} 0"
        )
        .expect("a string takes every write");
    };
    let (failing, scanner) = (0xc000_0201, 0xc000_0202);
    let few = |second: u32| (second * 2000..(second + 1) * 2000).map(|i| 0x0a00_0000 + i);
    for second in 0..70 {
        match second {
            30..35 | 65..70 => {
                (0..60).for_each(|_| line(failing, second, 500));
                (0..20).for_each(|_| line(scanner, second, 404));
            }
            _ => few(second).for_each(|client| line(client, second, 200)),
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command.args(["--replay", "--report=json", "--interval=1h", "--lateness=0"]);
    command.args(["--top=client=2", "--columns=hits,first,last"]);
    command.args(["--alert=Errors: 5xx > 300 over 2m"]);
    command.args(["--alert=Scanner: 404 > 110 over 2m by client"]);
    let output = fed::output(command.env_remove("HTTPMON_CONFIG_PATH"), log);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let objects: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [errors, scans, report, summary] = &objects[..] else {
        panic!("two alerts, a report and a summary: {said}");
    };
    assert_eq!(errors["at"], "2026-11-20T09:01:05Z");
    assert_eq!(errors["cause"][0]["key"], "192.0.2.1");
    assert_eq!(errors["cause"][0]["hits"], 360);
    assert_eq!(
        (&scans["at"], &scans["key"]),
        (&"2026-11-20T09:01:05Z".into(), &"192.0.2.2".into())
    );
    for listed in [report, summary] {
        let rows = &listed["top"]["client"];
        for (row, key, hits) in [(0, "192.0.2.1", 600), (1, "192.0.2.2", 200)] {
            assert_eq!(
                (&rows[row]["key"], &rows[row]["hits"]),
                (&key.into(), &hits.into())
            );
        }
    }
    let row = &summary["top"]["client"][0];
    let times = ("2026-11-20T09:00:30Z".into(), "2026-11-20T09:01:09Z".into());
    assert_eq!((&row["first"], &row["last"]), (&times.0, &times.1));
}
