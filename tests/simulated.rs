//! `httpmon simulate` as a program: its alerts are where arithmetic says, it keeps to the clock when
//! asked to, and it ends as a filter should.
#![cfg(unix)]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/fed.rs"]
mod fed;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

/// 2026-01-01T00:00:00Z, where a log begins.
const START: i64 = 1_767_225_600;

fn httpmon(args: &[&str]) -> Command {
    deadline::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(args)
        .env_remove("HTTPMON_CONFIG_PATH")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What `simulate` writes with these arguments.
fn simulated(args: &[&str]) -> Vec<u8> {
    let output = httpmon(&[&["simulate"], args].concat()).output();
    let output = output.expect("it runs");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    output.stdout
}

/// The objects that a replay of a log writes with these arguments.
fn replayed(log: &[u8], args: &[&str]) -> Vec<serde_json::Value> {
    let mut command = httpmon(&[&["--replay", "--report=json"], args].concat());
    let output = fed::output(&mut command, log);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

/// State, second from the start, and hits of each alert.
fn alerts(log: &[u8], args: &[&str]) -> Vec<(bool, i64, u64)> {
    let alert = |object: serde_json::Value| {
        let at: jiff::Timestamp = object["at"].as_str()?.parse().ok()?;
        let firing = object["state"] == "firing";
        Some((firing, at.as_second() - START, object["hits"].as_u64()?))
    };
    let quiet = [&["--quiet"], args].concat();
    replayed(log, &quiet)
        .into_iter()
        .filter_map(alert)
        .collect()
}

/// 9, 11 and 8 a second for 150 seconds each. At the end of second `s` of the second step, which
/// begins at 150, the window of 120 s holds 1080 + 2 (s − 149) hits: 1202 at s = 210, the first above
/// 1200. In the third, from 300 on, it holds 1320 − 3 (s − 299): 1197 at s = 340, the first below.
#[test]
fn the_demo_fires_and_recovers_where_arithmetic_says() {
    let want = [(true, 210, 1202), (false, 340, 1197)];
    assert_eq!(alerts(&simulated(&[]), &[]), want);
    let asked = ["--rates", "9,11,8", "--durations", "150,150,150"];
    for format in ["json", "iis", "uwsgi"] {
        let log = simulated(&[&asked[..], &["--format", format]].concat());
        assert_eq!(alerts(&log, &[]), want, "{format}");
    }
    let log = simulated(&["--seed=5", "--disorder=30s", "--errors=3", "--flood=40"]);
    assert_eq!(alerts(&log, &[]), want);
}

#[test]
fn disorder_is_late_only_where_httpmon_waits_for_less() {
    let log = simulated(&["--disorder", "30s"]);
    let late = |lateness: &str| {
        let objects = replayed(&log, &["--lateness", lateness]);
        let summary = objects.last().expect("a summary");
        assert_eq!(summary["hits"], 4200);
        summary["late"].as_u64().expect("a number")
    };
    assert_eq!(late("30s"), 0);
    assert!(late("29s") > 0);
}

/// The README's demo: a paced log, read live. How soon it is read changes nothing.
#[test]
fn a_paced_log_that_is_read_live_fires_and_recovers_there_too() {
    let program = env!("CARGO_BIN_EXE_httpmon");
    let output = Command::new("sh")
        .args([
            "-c",
            r#""$0" simulate --speed=500 | "$0" --report=json"#,
            program,
        ])
        .env_remove("HTTPMON_CONFIG_PATH")
        .output()
        .expect("sh runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let objects: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let second = |time: &serde_json::Value| {
        let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("a time");
        time.as_second()
    };
    let summary = objects.last().expect("a summary");
    assert_eq!(summary["hits"], 4200);
    let start = second(&summary["from"]);
    let alert = |object: &&serde_json::Value| object["type"] == "alert";
    let found: Vec<(i64, u64)> = objects
        .iter()
        .filter(alert)
        .map(|o| {
            (
                second(&o["at"]) - start,
                o["hits"].as_u64().expect("a number"),
            )
        })
        .collect();
    assert_eq!(found, [(210, 1202), (340, 1197)]);
    assert!(output.stderr.is_empty(), "{:?}", output.stderr);
}

/// What a rule on the mean of a window does with so many hits in each second.
fn plain_alerts(seconds: &[u64], window: usize, threshold: u64) -> Vec<(bool, i64, u64)> {
    let (mut firing, mut alerts) = (false, Vec::new());
    let limit = threshold * window as u64;
    for s in 0..seconds.len() {
        let hits: u64 = seconds[(s + 1).saturating_sub(window)..=s].iter().sum();
        if hits > limit && !firing || hits < limit && firing {
            firing = !firing;
            alerts.push((firing, s as i64, hits));
        }
    }
    alerts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn alerts_are_where_arithmetic_says(
        steps in prop::collection::vec((1u64..20, 1u64..100), 1..6),
        window in 1usize..60,
        threshold in 1u64..20,
        disorder in 0u64..40,
    ) {
        let list = |of: fn(&(u64, u64)) -> u64| {
            let items: Vec<String> = steps.iter().map(|step| of(step).to_string()).collect();
            items.join(",")
        };
        let log = simulated(&[
            "--format=common",
            &format!("--rates={}", list(|step| step.0)),
            &format!("--durations={}", list(|step| step.1)),
            &format!("--disorder={disorder}"),
        ]);
        let seconds: Vec<u64> = steps
            .iter()
            .flat_map(|&(rate, length)| vec![rate; length as usize])
            .collect();
        let args = [format!("--window={window}"), format!("--threshold={threshold}")];
        let found = alerts(&log, &[&args[0], &args[1]]);
        prop_assert_eq!(found, plain_alerts(&seconds, window, threshold));
    }
}

#[test]
fn the_pace_changes_no_byte() {
    let asked = [
        "--rates=50,0,5",
        "--durations=1h",
        "--disorder=9",
        "--format=w3c",
    ];
    let start = ["--start=2026-01-01"];
    let paced = [&asked[..], &start, &["--speed=1000000"]].concat();
    assert_eq!(simulated(&paced), simulated(&asked));
}

/// A program under way, and the first line that it wrote.
fn under_way(args: &[&str]) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut child = httpmon(args).spawn().expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("it writes");
    (child, stdout, line)
}

#[test]
fn a_paced_log_begins_now_and_ends_by_the_signal() {
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.expect("after 1970").as_secs() as i64
    };
    for pace in ["--realtime", "--speed=2"] {
        let before = now();
        let args = [
            "simulate",
            pace,
            "--rates=20",
            "--durations=1h",
            "--format=json",
        ];
        let (mut child, mut stdout, line) = under_way(&args);
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let time: jiff::Timestamp = line["time"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        assert!((before..=now()).contains(&time.as_second()), "{pace}");
        let pid = child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(killed.expect("kill runs").success());
        assert_eq!(child.wait().expect("it ends").signal(), Some(15));
        let mut stderr = String::new();
        let mut pipe = child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("text");
        assert_eq!(stderr, "");
        stdout.read_to_end(&mut Vec::new()).expect("an end");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    // A billion lines a second for a year: more than any disk holds, and no more memory than one.
    let asked = ["--rates=1000000000", "--durations=366d", "--disorder=1h"];
    for pace in [&[][..], &["--speed=1000000"]] {
        let (mut child, stdout, line) = under_way(&[&["simulate"], &asked[..], pace].concat());
        assert!(line.contains("] \"") && line.ends_with('\n'), "{line}");
        drop(stdout);
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        let mut stderr = String::new();
        let mut pipe = child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("text");
        assert_eq!(stderr, "");
    }
}

#[test]
fn a_file_called_simulate_can_be_read() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulated");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("simulate"), simulated(&["--format=csv"])).expect("a file");
    let output = httpmon(&["--replay", "--report=json", "./simulate"])
        .current_dir(&folder)
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("\"lines\":4201,\"hits\":4200,"), "{text}");
}

/// The arguments file holds options of httpmon itself: it says nothing of this command.
#[test]
fn the_arguments_file_is_not_looked_at() {
    let output = httpmon(&["simulate", "--rates=1", "--durations=1"])
        .env("HTTPMON_CONFIG_PATH", "/no/such/file")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
}
