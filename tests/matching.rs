//! `--report lines`: the lines themselves, whichever they are and wherever they come from.

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use folder::fresh;
use proptest::prelude::*;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

fn line(time: i64, client: usize, status: u16) -> String {
    let at = jiff::Timestamp::from_second(time).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("10.0.0.{client} - - [{at}] \"GET /a HTTP/1.1\" {status} 10\n")
}

fn httpmon(args: &[&str], files: &[PathBuf]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .args(["--report", "lines"])
        .args(args)
        .args(files)
        .env_remove("HTTPMON_CONFIG_PATH")
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Records in order, dealt out to files: all of them come back in order, and those of one second in that of the files.
    #[test]
    fn several_files_are_put_in_the_order_of_time(gaps in prop::collection::vec((0i64..3, 0usize..3, any::<bool>()), 1..300)) {
        let folder = fresh("matching-order");
        let mut files = [const { String::new() }; 3];
        let mut all: Vec<(i64, usize, String)> = Vec::new();
        let mut time = START;
        for (gap, n, bad) in gaps {
            time += gap;
            let line = line(time, n, if bad { 500 } else { 200 });
            files[n].push_str(&line);
            if bad {
                all.push((time, n, line));
            }
        }
        all.sort_by_key(|(time, n, _)| (*time, *n));
        let want: String = all.into_iter().map(|(_, _, line)| line).collect();
        let paths = [0, 1, 2].map(|n| file(&folder, &format!("{n}.log"), &files[n]));
        let (printed, said, _) = httpmon(&["--where", "status=500"], &paths);
        prop_assert_eq!(&printed, &want, "{}", said);
        // In whatever order they are named.
        let [a, b, c] = paths;
        let (again, ..) = httpmon(&["--where", "status=500"], &[c, a, b]);
        prop_assert_eq!(again, want);
    }
}

#[test]
fn a_wrong_time_moves_no_other_line() {
    let folder = fresh("matching-wrong");
    let of = |client: usize, wrong: Option<usize>| -> String {
        let seconds = (0..100).map(|n| {
            let ahead = if wrong == Some(n) { 86_400 } else { 0 };
            line(START + n as i64 + ahead, client, 200)
        });
        seconds.collect()
    };
    let (a, b) = (of(1, Some(20)), of(2, None));
    let paths = [file(&folder, "a.log", &a), file(&folder, "b.log", &b)];
    let (printed, ..) = httpmon(&[], &paths);
    let wrong = a.lines().nth(20).expect("a line");
    let rest: Vec<&str> = printed.lines().filter(|line| *line != wrong).collect();
    let in_turn = a.lines().zip(b.lines()).flat_map(|(a, b)| [a, b]);
    let want: Vec<&str> = in_turn.filter(|line| *line != wrong).collect();
    assert_eq!(rest, want);
    // It comes between those that it was written between.
    let place = printed.lines().position(|line| line == wrong);
    assert!(place.is_some_and(|at| (39..43).contains(&at)), "{place:?}");
}

#[test]
fn bytes_stand_as_they_do_in_the_log() {
    let folder = fresh("matching-bytes");
    let lines = [
        "10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET /\\x1b HTTP/1.1\" 200 10 \"-\" \"caf\u{e9} \u{1b}[2J\"\r\n",
        "no entry\n",
        "10.0.0.2 - - [01/Jan/2026:00:00:01 +0000] \"GET /b HTTP/1.1\" 404 10",
    ];
    let path = file(&folder, "access.log", &lines.concat());
    let (printed, said, status) = httpmon(&[], std::slice::from_ref(&path));
    assert_eq!(printed, format!("{}{}\n", lines[0], lines[2]));
    assert_eq!(
        said,
        "httpmon: 1 of 3 lines are no access-log entries, the first is line 2\n"
    );
    assert_eq!(status, Some(0));
    let name = path.display().to_string();
    let (printed, ..) = httpmon(
        &["--with-source", "--where", "status=404"],
        std::slice::from_ref(&path),
    );
    assert_eq!(printed, format!("{name}:{}\n", lines[2]));
    // Into a file too.
    let out = folder.join("out");
    let to_file = ["--quiet", "--output", out.to_str().expect("UTF-8")];
    let (printed, said, _) = httpmon(&to_file, std::slice::from_ref(&path));
    assert_eq!((printed, said), (String::new(), String::new()));
    let written = fs::read_to_string(out).expect("it was written");
    assert_eq!(written, format!("{}{}\n", lines[0], lines[2]));
}

#[test]
fn nothing_that_matches_and_no_log_at_all_are_said() {
    let folder = fresh("matching-nothing");
    let log = file(&folder, "access.log", &line(START, 1, 200));
    let (printed, said, status) = httpmon(&["--where", "status=500"], &[log]);
    assert_eq!((printed.as_str(), status), ("", Some(0)));
    assert_eq!(said, "httpmon: none of the 1 entries matches\n");
    let other = file(&folder, "notes", "one\ntwo\n");
    let (_, said, status) = httpmon(&[], &[other]);
    assert!(
        said.contains("not one of 2 lines is an access-log entry"),
        "{said}"
    );
    assert_eq!(status, Some(2));
}

/// Two of three fail from 100 on for a minute, and one client asks for what is not there.
fn incident() -> Vec<(i64, usize, u16)> {
    let mut records = Vec::new();
    for second in 0..400 {
        for client in 1..4 {
            let bad = (100..160).contains(&second) && client < 3;
            records.push((second, client, if bad { 503 } else { 200 }));
        }
        if (200..230).contains(&second) {
            records.push((second, 9, 404));
        }
    }
    records
}

#[test]
fn the_lines_behind_an_alert_are_those_that_its_rule_counts() {
    let folder = fresh("matching-during");
    let records = incident();
    let text: String = records
        .iter()
        .map(|&(second, client, status)| line(START + second, client, status))
        .collect();
    let path = file(&folder, "access.log", &text);
    let all = |wanted: fn(&(i64, usize, u16)) -> bool| -> String {
        let of_alert = records.iter().filter(|record| wanted(record));
        of_alert
            .map(|&(second, client, status)| line(START + second, client, status))
            .collect()
    };
    let rules = [
        "--alert=Errors: 5xx > 20% over 30s",
        "--alert=Scanner: 404 > 10 over 1m by client",
        "--alert=Much: hits > 100 over 30s where status=404",
        "--alert=Busy: hits > 94 over 30s",
    ];
    let during = |rule: &str| {
        let mut args = rules.to_vec();
        args.extend(["--during", rule]);
        httpmon(&args, std::slice::from_ref(&path))
    };
    assert_eq!(during("Errors").0, all(|record| record.2 == 503));
    assert_eq!(during("Scanner").0, all(|record| record.1 == 9));
    // It did not fire.
    let (printed, said, status) = during("Much");
    assert_eq!((printed.as_str(), status), ("", Some(0)));
    assert!(said.contains("none of the 1230 entries matches"), "{said}");
    // All hits from the beginning of its window on: 94 in 30 s fires with the fifth 404, at 204, and is over at 225 + 29.
    let (printed, ..) = during("Busy");
    let seconds: Vec<&str> = printed
        .lines()
        .map(|line| line.split(['[', ' ']).nth(4).expect("a time"))
        .collect();
    assert_eq!(seconds.first(), Some(&"01/Jan/2026:00:02:55"));
    assert_eq!(seconds.last(), Some(&"01/Jan/2026:00:04:16"));
    // A log is read twice, so a pipe is refused.
    let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .args(["--report", "lines", "--replay", "--during", "High traffic"])
        .stdin(Stdio::piped())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--during: reads the log twice"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

/// As a filter in a pipe: each line comes out before the next one goes in.
#[test]
fn live_lines_come_at_once() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .args(["--report", "lines", "--where", "status>=500"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut input = child.stdin.take().expect("piped");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    for n in 0..5 {
        let (good, bad) = (line(START + n, 1, 200), line(START + n, 2, 500));
        input
            .write_all(format!("{good}{bad}").as_bytes())
            .expect("it reads");
        let mut printed = String::new();
        output.read_line(&mut printed).expect("it writes");
        assert_eq!(printed, bad);
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

/// A file that is no log is a mistake of whoever named it; what comes in a pipe may be anything.
#[test]
fn a_file_without_an_entry_ends_with_2_and_a_pipe_does_not() {
    let other = file(&fresh("matching-foreign"), "notes", "one\ntwo\n");
    let run = |command: &mut Command| {
        let output = command
            .env_remove("HTTPMON_CONFIG_PATH")
            .output()
            .expect("it runs");
        output.status.code()
    };
    let httpmon = || Command::new(env!("CARGO_BIN_EXE_httpmon"));
    assert_eq!(run(httpmon().arg(&other)), Some(2));
    let input = fs::File::open(&other).expect("it is there");
    assert_eq!(run(httpmon().arg("--replay").stdin(input)), Some(0));
}
