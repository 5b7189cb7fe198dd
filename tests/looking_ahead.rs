//! `--since -2h` and its like: what must be known of a log before its first record is counted.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn log(name: &str) -> PathBuf {
    let mut text = String::from("no entry\n");
    // An hour and a quarter, out of order by up to a minute, and a wrong date among them.
    for i in 0..4500i64 {
        let at = 32_400 + i + (i * 37 % 60);
        let (h, m, s) = (at / 3600, at / 60 % 60, at % 60);
        let year = if i == 2000 { 2066 } else { 2026 };
        text.push_str(&format!(
            "192.0.2.{} - - [20/Nov/{year}:{h:02}:{m:02}:{s:02} +0100] \"GET /{} HTTP/1.1\" 200 5\n",
            i % 7,
            i % 5
        ));
    }
    // The last line has no newline, and is not the newest.
    text.push_str("192.0.2.9 - - [20/Nov/2026:10:14:00 +0100] \"GET /last HTTP/1.1\" 200 5");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

fn httpmon(args: &[&str], stdin: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command.args(args).env_clear().stdin(stdin);
    command.output().expect("it runs")
}

/// The newest record is at 10:15:50 there.
const PERIODS: [([&str; 2], [&str; 2]); 3] = [
    (
        ["--since=-10m", "--until=-0"],
        [
            "--since=2026-11-20T10:05:50+01:00",
            "--until=2026-11-20T10:15:50+01:00",
        ],
    ),
    (
        ["--since=-1h", "--until=10:00"],
        [
            "--since=2026-11-20T09:15:50+01:00",
            "--until=2026-11-20T09:00:00Z",
        ],
    ),
    (
        ["--since=09:30", "--until=2026-11-20 10:00:30"],
        [
            "--since=2026-11-20T08:30:00Z",
            "--until=2026-11-20T09:00:30Z",
        ],
    ),
];

#[test]
fn a_period_told_by_the_log_is_the_one_told_by_the_clock() {
    let path = log("ahead.log");
    let name = path.to_str().expect("UTF-8");
    for (by_log, by_clock) in PERIODS {
        let run = |period: [&str; 2], from_stdin: bool| {
            let mut args = vec!["--replay", "-rjson", "-i", "5m"];
            args.extend(period);
            let stdin = if from_stdin {
                Stdio::from(File::open(&path).expect("the log"))
            } else {
                args.push(name);
                Stdio::null()
            };
            let output = httpmon(&args, stdin);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            // Where a line came from is said of files only.
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            text.replace(&format!("\"file\":\"{name}\","), "")
        };
        let want = run(by_clock, false);
        for from_stdin in [false, true] {
            assert_eq!(run(by_log, from_stdin), want, "{by_log:?}");
        }
    }
}

#[test]
fn live_the_wall_clock_is_the_newest_and_the_first_record_tells_its_day() {
    let path = log("ahead-live.log");
    // The log is of some time ago by the wall clock.
    let stdin = || Stdio::from(File::open(&path).expect("the log"));
    let ago = httpmon(&["-rjson", "--since=-1h"], stdin());
    assert_eq!(ago.status.code(), Some(0), "{ago:?}");
    let text = String::from_utf8(ago.stdout).expect("UTF-8");
    // But for the one line that lies years ahead.
    assert!(text.contains("\"hits\":1,"), "{text}");
    let live = httpmon(&["--quiet", "-i", "5m", "--since=10:05"], stdin());
    assert_eq!(live.status.code(), Some(0), "{live:?}");
    let summary = |args: &[&str]| {
        let output = httpmon(args, stdin());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines().last().expect("a summary").to_owned()
    };
    let args = ["-rjson", "-i1h", "--lateness=1m", "--since=10:05"];
    let replayed: Vec<&str> = ["--replay"].iter().chain(&args).copied().collect();
    assert_eq!(summary(&args), summary(&replayed));
}
