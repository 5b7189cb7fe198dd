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
