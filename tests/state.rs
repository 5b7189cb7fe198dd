//! `--state`: a run that is killed and goes on writes what one unbroken run writes.
//!
//! The suite kills at some points; `cargo test --release --test state -- --ignored` does it at a thousand.
#![cfg(unix)]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/folder.rs"]
mod folder;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(folder::fresh(&format!("state-{name}")))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

/// Seconds of a log that begins at `base`, some of them busy.
fn log(base: i64, seconds: std::ops::Range<i64>) -> String {
    let mut text = String::new();
    for second in seconds {
        let time = jiff::Timestamp::from_second(base + second).expect("a time");
        let time = time.strftime("%d/%b/%Y:%H:%M:%S");
        let hits = if second / 30 % 2 == 1 { 40 } else { 1 };
        for _ in 0..hits {
            text += &format!("192.0.2.7 - - [{time} +0000] \"GET / HTTP/1.1\" 200 1\n");
        }
    }
    text
}

fn httpmon(folder: &Folder, args: &[&str]) -> Command {
    deadline::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args([
            "--report=json",
            "-i10s",
            "--lateness=0",
            "--window=20s",
            "--state=state",
        ])
        .args(args)
        .current_dir(&folder.0)
        .env_remove("HTTPMON_CONFIG_PATH")
        .env_remove("HTTPMON_AGAIN")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn follow(folder: &Folder) -> Child {
    let out = File::options()
        .append(true)
        .create(true)
        .open(folder.path("out"))
        .expect("a file");
    let rules = folder.read("rules");
    let mut args = vec!["--follow", "--history=1d", "--on-alert=./hook", "log"];
    args.extend(rules.lines());
    let mut command = httpmon(folder, &args);
    command.stdout(out).spawn().expect("it starts")
}

/// Reports and alerts, without the summaries.
fn written(folder: &Folder) -> Vec<String> {
    let out = folder.read("out");
    let lines = out.lines();
    lines
        .filter(|line| !line.contains("\"type\":\"summary\"") && !line.contains("\"partial\""))
        .map(str::to_owned)
        .collect()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_micros(500));
    }
}

fn append(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = File::options()
        .append(true)
        .create(true)
        .open(path)
        .expect("a file");
    file.write_all(text.as_bytes()).expect("it is written");
}

fn kill(mut child: Child) {
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

/// Ends a run as a user does: programs of --on-alert are waited for.
fn end(mut child: Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status();
    assert!(sent.expect("kill runs").success());
    child.wait().expect("it ends");
}

/// A folder in which a run has begun, with a program that notes what it was run for.
fn begin(name: &str, base: i64) -> Folder {
    begin_with(name, base, "")
}

/// The same, with these arguments more, one on each line.
fn begin_with(name: &str, base: i64, rules: &str) -> Folder {
    let folder = Folder::new(name);
    fs::write(folder.path("rules"), rules).expect("a file");
    let hook = folder.path("hook");
    let program = "#!/bin/sh\necho \"$HTTPMON_STATE $HTTPMON_AT ${HTTPMON_AGAIN-first}\" >>ran\n[ -e slow ] && exec sleep 30\nexit 0\n";
    fs::write(&hook, program).expect("a program");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a mode");
    // These seconds are history.
    append(&folder.path("log"), &log(base, 0..20));
    let child = follow(&folder);
    until("the ledger is begun", || {
        folder.read("state").contains("\"written\"")
    });
    kill(child);
    folder
}

/// The end of the report that is written last of a log of so many seconds.
fn last_report(base: i64, seconds: i64) -> String {
    let to = jiff::Timestamp::from_second((base + seconds - 1).div_euclid(10) * 10);
    format!("\"to\":\"{}\"", to.expect("a time"))
}

/// A number that depends on this one alone, below `below`.
fn chance(n: u64, below: u64) -> u64 {
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) % below
}

/// How often a program was run, and how often again.
#[derive(Default)]
struct Runs {
    first: u64,
    again: u64,
}

/// Kills a run so many times, and compares what all of them wrote with what an unbroken run writes.
fn kill_often(round: u64, kills: u64) -> Runs {
    const SECONDS: i64 = 180;
    // More than five minutes ago, so that no silence adds to what is written, and less than ten, so that programs are run.
    // The last report ends before the log does.
    let base = (jiff::Timestamp::now().as_second() - 500) / 10 * 10 + 5;
    let rest = |from: i64, to: i64| log(base, from..to.min(SECONDS));
    let last = last_report(base, SECONDS);

    // One fires behind the history, to the end, and is said again.
    let rules = "--alert=Any: hits > 1 over 1m for 30s repeat 1m";
    let whole = begin_with(&format!("whole-{round}"), base, rules);
    append(&whole.path("log"), &rest(20, SECONDS));
    let child = follow(&whole);
    until("all is written", || whole.read("out").contains(&last));
    end(child);

    let cut = begin_with(&format!("cut-{round}"), base, rules);
    let length = |name: &str| fs::metadata(cut.path(name)).map_or(0, |data| data.len());
    for n in 0..kills {
        let at = |n: u64| 20 + (SECONDS - 20) * n as i64 / kills as i64;
        append(&cut.path("log"), &rest(at(n), at(n + 1)));
        let mut child = follow(&cut);
        // At any moment of what it does: when it has written so much, or has done so for so long without an end.
        let written = length("out") + chance(round * 7919 + n, 3000);
        let began = Instant::now();
        let longest = Duration::from_millis(chance(round * 104_729 + n, 60));
        until("it is killed", || {
            assert!(child.try_wait().expect("it is asked").is_none(), "it runs");
            length("out") > written || began.elapsed() > longest
        });
        kill(child);
    }
    let child = follow(&cut);
    until("all is written", || cut.read("out").contains(&last));
    end(child);
    let (want, found) = (written(&whole), written(&cut));
    for (found, want) in found.iter().zip(&want) {
        assert_eq!(found, want, "round {round}");
    }
    assert_eq!(found.len(), want.len(), "round {round}");
    let again: Vec<&String> = want
        .iter()
        .filter(|line| line.contains("\"repeat\""))
        .collect();
    assert_eq!(again.len(), 2, "round {round}");

    // Each transition has run its program once, and a second time only if it was killed meanwhile.
    let ran = cut.read("ran");
    let mut ran: Vec<&str> = ran.lines().collect();
    ran.sort_unstable();
    let again = ran.iter().filter(|line| line.ends_with(" 1")).count() as u64;
    ran.dedup_by_key(|line| line.rsplit_once(' ').map(|(id, _)| id));
    let events = want.iter().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let at: jiff::Timestamp = match event["at"].as_str() {
            Some(at) => at.parse().expect("a time"),
            None => return String::new(),
        };
        format!("{} {at}", event["state"].as_str().unwrap_or_default())
    });
    let mut events: Vec<String> = events.filter(|id| !id.is_empty()).collect();
    events.sort_unstable();
    let ids = ran
        .iter()
        .map(|line| line.rsplit_once(' ').expect("three words").0);
    assert_eq!(ids.collect::<Vec<_>>(), events, "round {round}");
    let all = cut.read("ran").lines().count() as u64;
    let first = cut
        .read("ran")
        .lines()
        .filter(|line| line.ends_with(" first"))
        .count() as u64;
    assert!(
        first <= events.len() as u64,
        "a program was run twice without a word"
    );
    assert_eq!(all, first + again);
    Runs { first, again }
}

#[test]
fn a_run_that_is_killed_again_and_again_writes_each_thing_once() {
    kill_often(0, 30);
}

#[test]
#[ignore = "takes minutes"]
fn a_run_that_is_killed_at_a_thousand_points_writes_each_thing_once() {
    let mut sum = Runs::default();
    for round in 1..=20 {
        let Runs { first, again } = kill_often(round, 50);
        sum = Runs {
            first: sum.first + first,
            again: sum.again + again,
        };
    }
    use std::io::Write;
    let _ = writeln!(
        std::io::stderr(),
        "1000 kills: {} programs run, {} of them once more",
        sum.first,
        sum.again
    );
}

#[test]
fn a_program_that_was_started_and_not_ended_is_run_once_more() {
    let base = jiff::Timestamp::now().as_second() - 500;
    let folder = begin("hook", base);
    fs::write(folder.path("slow"), "").expect("a file");
    append(&folder.path("log"), &log(base, 20..60));
    let child = follow(&folder);
    until("it is run", || folder.read("ran").lines().count() == 1);
    until("it is written", || {
        folder.read("out").contains("\"firing\",\"rule\"")
    });
    // The alert is over, but the program of its beginning still runs: that of its end waits.
    append(&folder.path("log"), &log(base, 60..80));
    until("it is written", || {
        folder.read("out").contains("\"resolved\",\"rule\"")
    });
    kill(child);
    fs::remove_file(folder.path("slow")).expect("the file");
    for seconds in [80, 90] {
        append(&folder.path("log"), &log(base + seconds, 0..10));
        let child = follow(&folder);
        let last = last_report(base, seconds + 10);
        until("it goes on", || folder.read("out").contains(&last));
        end(child);
    }
    let ran = folder.read("ran");
    let ran: Vec<&str> = ran.lines().collect();
    assert_eq!(ran.len(), 3, "{ran:?}");
    assert!(
        ran[0].starts_with("firing ") && ran[0].ends_with(" first"),
        "{ran:?}"
    );
    assert_eq!(ran[1], ran[0].replace(" first", " 1"));
    assert!(
        ran[2].starts_with("resolved ") && ran[2].ends_with(" first"),
        "it was not started: {ran:?}"
    );
}

#[test]
fn an_event_that_was_written_in_part_is_cut_off_and_written_again() {
    let base = jiff::Timestamp::now().as_second() - 500;
    let folder = begin("torn", base);
    append(&folder.path("log"), &log(base, 20..60));
    let child = follow(&folder);
    let last = last_report(base, 60);
    until("all is written", || {
        let out = folder.read("out");
        out.contains(&last) && out.ends_with('\n')
    });
    kill(child);
    let whole = folder.read("out");
    let state = folder.read("state");
    // As if the kill had fallen into the last of it.
    let lines: Vec<&str> = state.split_inclusive('\n').collect();
    let writing = lines.iter().rposition(|line| line.contains("\"writing\""));
    let kept = &lines[..=writing.expect("it was written")];
    fs::write(folder.path("state"), kept.concat()).expect("a file");
    fs::write(folder.path("out"), &whole[..whole.len() - 100]).expect("a file");
    let child = follow(&folder);
    until("it is written again", || folder.read("out") == whole);
    kill(child);
}

/// What the lines of a rule's alerts say of how often it fired before, in their order.
fn times(lines: &[String], rule: &str) -> Vec<Option<u64>> {
    let rule = format!("\"rule\":\"{rule}\"");
    let is_of_rule = |line: &&String| line.contains("\"type\":\"alert\"") && line.contains(&rule);
    let times = |line: &String| {
        let (_, after) = line.split_once("\"times\":")?;
        after.split(',').next()?.parse().ok()
    };
    lines.iter().filter(is_of_rule).map(times).collect()
}

#[test]
fn how_often_an_alert_fired_outlives_the_log_and_its_end() {
    let base = jiff::Timestamp::now().as_second() - 500;
    let rules = "--alert=K: hits > 300 over 10s by client";
    let folder = begin_with("times", base, rules);
    let run_to = |seconds: i64| {
        let child = follow(&folder);
        let last = last_report(base, seconds);
        until("all is written", || {
            let out = folder.read("out");
            out.contains(&last) && out.ends_with('\n')
        });
        child
    };
    append(&folder.path("log"), &log(base, 20..150));
    kill(run_to(150));
    // Only the ledger knows of the first two from here on, and is written anew before the next.
    fs::write(folder.path("log"), log(base, 140..150)).expect("a log");
    let child = follow(&folder);
    until("the ledger is written anew", || {
        let known = "\"name\":\"K/192.0.2.7\",\"times\":2";
        folder.read("state").contains(known)
    });
    kill(child);
    append(&folder.path("log"), &log(base, 150..200));
    kill(run_to(200));
    // It is read back, and not counted twice.
    append(&folder.path("log"), &log(base, 200..285));
    kill(run_to(280));
    // The next fires, and its beginning is not in the log any more.
    fs::write(folder.path("log"), log(base, 280..340)).expect("a log");
    end(run_to(340));
    let all = written(&folder);
    let want: Vec<Option<u64>> = (0..5).flat_map(|n| [Some(n), Some(n)]).collect();
    for rule in ["High traffic", "K"] {
        assert_eq!(times(&all, rule)[..10], want, "{rule}: {all:#?}");
    }
}

#[test]
fn a_file_that_is_no_ledger_is_left_as_it_is() {
    let folder = Folder::new("foreign");
    fs::write(folder.path("state"), "my diary\n").expect("a file");
    for args in [&["-"][..], &["--replay", "-"]] {
        let output = httpmon(&folder, args)
            .stderr(Stdio::piped())
            .output()
            .expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("--state: "), "{stderr}");
        assert_eq!(folder.read("state"), "my diary\n");
    }
}
