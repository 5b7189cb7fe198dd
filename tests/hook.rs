//! The program of `--on-alert`: scripts of all sorts, run by httpmon and by a [`Hook`] alone.
#![cfg(unix)]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/fed.rs"]
mod fed;

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use folder::fresh;
use httpmon::run::{Hook, Notice};

/// A shell script in a folder; `$OUT` is a file beside it.
///
/// Another process writes it: while this one held it open for writing, a test beside this one could
/// fork and hold it open too, and a file that is open for writing cannot be run.
fn script(folder: &Path, body: &str) -> PathBuf {
    let (path, out) = (folder.join("program"), folder.join("out"));
    let text = format!("#!/bin/sh\nOUT='{}'\n{body}\n", out.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat >program && chmod +x program"]);
    let output = fed::output(shell.current_dir(folder), text);
    assert!(output.status.success());
    path
}

fn out(folder: &Path) -> String {
    fs::read_to_string(folder.join("out")).unwrap_or_default()
}

/// A log in which the rule `hits > 1 over 1s` fires and recovers `times` times.
fn log(times: usize) -> String {
    let mut log = String::new();
    for i in 0..times {
        // Two at once, a second without any, and one more.
        for second in [i * 3, i * 3, i * 3 + 2] {
            let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
            log += &format!(
                "10.0.0.1 - - [01/Jan/2026:{h:02}:{m:02}:{s:02} +0000] \"GET /a'$(id) HTTP/1.1\" 200 1\n"
            );
        }
    }
    log
}

/// Runs httpmon over a log with one rule and these arguments.
fn httpmon(args: &[&str], log: String) -> Output {
    deadline::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(["-qr", "json", "--alert", "Burst $(id): hits > 1 over 1s"])
        .args(args)
        .env_remove("HTTPMON_CONFIG_PATH");
    fed::output(&mut command, log)
}

fn replay(program: &Path, times: usize) -> Output {
    let program = program.to_str().expect("text");
    httpmon(
        &["--replay", "--on-alert-in-replay", "--on-alert", program],
        log(times),
    )
}

/// The JSON lines of alerts on standard output, as they are.
fn lines(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn notice(i: usize) -> Notice {
    Notice {
        id: i.to_string(),
        json: format!("{{\"n\":{i}}}\n").into_bytes(),
        state: "firing",
        rule: "Burst".into(),
        at: "2026-01-01T00:00:00Z".to_owned(),
        because: None,
        text: "two lines".to_owned(),
        summary: "a sentence".to_owned(),
        times: 0,
        repeat: 0,
        again: false,
    }
}

#[test]
fn each_transition_is_told_once_in_order_with_its_json_and_its_environment() {
    let folder = fresh("hook-told");
    // One that does not take turns would find the folder there.
    let program = script(
        &folder,
        "mkdir \"$OUT.busy\" || exit 9\n{ cat; echo \"$HTTPMON_STATE|$HTTPMON_RULE|$HTTPMON_AT|$HTTPMON_TIMES|$HTTPMON_TEXT|$HTTPMON_SUMMARY|$#\"; } >>\"$OUT\"\nrmdir \"$OUT.busy\"",
    );
    let output = replay(&program, 5);
    assert_eq!(errors(&output), "");
    assert_eq!(lines(&output).lines().count(), 10);
    let mut want = String::new();
    for line in lines(&output).lines() {
        let alert: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| alert[key].as_str().expect("a text").to_owned();
        let words = [text("state"), "Burst $(id)".to_owned(), text("at")].join("|");
        let (times, lines) = (&alert["times"], text("text"));
        assert!(lines.contains("\n  "), "{lines}");
        let summary = text("summary");
        want += &format!("{line}\n{words}|{times}|{lines}|{summary}|0\n");
    }
    assert_eq!(out(&folder), want);
}

/// The variable says how often; one that was there is not of this alert.
#[test]
fn an_alert_that_is_said_again_says_how_often_in_the_environment() {
    let folder = fresh("hook-repeat");
    let program = script(
        &folder,
        "echo \"$HTTPMON_STATE ${HTTPMON_REPEAT-unset}\" >>\"$OUT\"",
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(["-q", "--replay", "--on-alert-in-replay", "--on-alert"])
        .arg(program)
        .args(["--alert", "Any: hits > 1 over 1m repeat 1m"])
        .env("HTTPMON_REPEAT", "stale")
        .env_remove("HTTPMON_CONFIG_PATH");
    let log: String = (0..16)
        .map(|i| {
            format!(
                "10.0.0.1 - - [01/Jan/2026:00:{:02}:{:02} +0000] \"GET / HTTP/1.1\" 200 1\n",
                i / 6,
                i % 6 * 10
            )
        })
        .collect();
    let output = fed::output(&mut command, log);
    assert_eq!(errors(&output), "");
    assert_eq!(out(&folder), "firing unset\nfiring 1\nfiring 2\n");
}

/// The variable is of this transition, whatever httpmon's own environment has.
#[test]
fn an_alert_that_ends_with_too_few_hits_says_so_in_the_environment() {
    let folder = fresh("hook-because");
    let program = script(
        &folder,
        "echo \"$HTTPMON_STATE ${HTTPMON_BECAUSE-unset}\" >>\"$OUT\"",
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(["-q", "--replay", "--on-alert-in-replay", "--on-alert"])
        .arg(program)
        .args(["--alert", "Few: hits > 1 over 1s min 2"])
        .args(["--alert", "Well: hits > 1 over 1s"])
        .env("HTTPMON_BECAUSE", "stale")
        .env_remove("HTTPMON_CONFIG_PATH");
    let output = fed::output(&mut command, log(1));
    assert_eq!(errors(&output), "");
    let want = "firing unset\nfiring unset\nresolved min\nresolved unset\n";
    assert_eq!(out(&folder), want);
}

#[test]
fn history_is_told_to_nobody_unless_asked() {
    let folder = fresh("hook-replay");
    let program = script(&folder, "cat >>\"$OUT\"");
    let path = program.to_str().expect("text");
    let output = httpmon(&["--replay", "--on-alert", path], log(3));
    assert_eq!(lines(&output).lines().count(), 6);
    assert_eq!(out(&folder), "");
    // Nor are the old lines that a live stream begins with.
    let output = httpmon(&["--on-alert", path], log(3));
    assert_eq!(lines(&output).lines().count(), 6);
    assert_eq!(out(&folder), "");
    let output = httpmon(
        &["--replay", "--on-alert", path, "--on-alert-in-replay"],
        log(3),
    );
    assert_eq!(out(&folder), lines(&output));
}

#[test]
fn failures_are_told_and_counted_and_change_nothing_else() {
    let folder = fresh("hook-fails");
    let program = script(&folder, "cat >/dev/null; exit 3");
    let output = replay(&program, 5);
    assert!(output.status.success());
    assert_eq!(lines(&output).lines().count(), 10);
    let said = errors(&output);
    assert_eq!(said.matches("exit status: 3").count(), 5, "{said}");
    assert!(
        said.ends_with("httpmon: --on-alert: failed 10 times\n"),
        "{said}"
    );
    // Nobody knows before it is run.
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo '#!/no/such/shell' >program"]);
    assert!(shell.current_dir(&folder).status().expect("sh").success());
    let output = replay(&program, 1);
    assert!(output.status.success());
    assert_eq!(
        errors(&output).matches("No such file").count(),
        2,
        "{}",
        errors(&output)
    );
}

#[test]
fn one_that_cannot_be_run_is_told_before_anything_is_read() {
    let folder = fresh("hook-missing");
    script(&folder, "cat >/dev/null");
    fs::write(folder.join("plain"), "text").expect("a file");
    fs::create_dir(folder.join("folder")).expect("a folder");
    let path = |name: &str| folder.join(name).to_str().expect("text").to_owned();
    for (name, why) in [
        (path("nowhere"), "no such file"),
        (path("plain"), "not executable (chmod +x makes it so)"),
        (path("folder"), "not a file"),
        (path("plain/program"), "Not a directory (os error 20)"),
        (
            "program".to_owned(),
            "no such program in PATH (one in this folder: ./program)",
        ),
    ] {
        // A log that is not there would be the next mistake.
        let output = httpmon(&["--on-alert", &name, "no.log"], String::new());
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(lines(&output), "");
        assert_eq!(
            errors(&output),
            format!("httpmon: --on-alert: {name}: {why}\n")
        );
        // Nobody is notified of history: then it may be missing.
        let output = httpmon(&["--replay", "--on-alert", &name], log(1));
        assert!(output.status.success(), "{}", errors(&output));
    }
}

#[test]
fn a_bare_name_is_looked_for_in_path() {
    let folder = fresh("hook-bare");
    script(&folder, "cat >>\"$OUT\"");
    let usual = std::env::var("PATH").unwrap_or_default();
    let other = folder.join("other");
    fs::create_dir(&other).expect("a folder");
    // What cannot be run there does not hide what can further on.
    fs::write(other.join("program"), "text").expect("a file");
    for (path, runs) in [
        (
            format!("{}:{}:{usual}", other.display(), folder.display()),
            true,
        ),
        // A folder without a name is the current one.
        (format!(":{usual}"), true),
        (format!("{}:{usual}", other.display()), false),
    ] {
        let _ = fs::remove_file(folder.join("out"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
        command
            .args(["-qr", "json", "--alert", "Burst: hits > 1 over 1s"])
            .args(["--replay", "--on-alert-in-replay", "--on-alert", "program"])
            .env_remove("HTTPMON_CONFIG_PATH")
            .env("PATH", &path)
            .current_dir(&folder);
        let output = fed::output(&mut command, log(1));
        assert_eq!(output.status.success(), runs, "{path}: {}", errors(&output));
        assert_eq!(out(&folder), lines(&output), "{path}");
    }
}

#[test]
fn what_it_prints_goes_to_standard_error_whole() {
    let folder = fresh("hook-prints");
    let program = script(
        &folder,
        "cat >/dev/null; head -c 1000000 /dev/zero | tr '\\0' x",
    );
    let output = replay(&program, 1);
    assert_eq!(errors(&output).matches('x').count(), 2_000_000);
    assert_eq!(lines(&output).lines().count(), 2);
}

#[test]
fn one_that_does_not_read_is_no_failure() {
    let folder = fresh("hook-deaf");
    let program = script(&folder, "echo told >>\"$OUT\"");
    let output = replay(&program, 20);
    assert_eq!(errors(&output), "");
    assert_eq!(out(&folder).lines().count(), 40);
}

#[test]
fn a_thousand_transitions_in_a_row_are_all_told() {
    let folder = fresh("hook-thousand");
    let program = script(&folder, "cat >>\"$OUT\"");
    let output = replay(&program, 500);
    assert_eq!(errors(&output), "");
    assert_eq!(lines(&output).lines().count(), 1000);
    assert_eq!(out(&folder), lines(&output));
}

/// The first program is held until all notices were sent: 1,024 wait behind it, the rest is dropped.
#[test]
fn beyond_its_bound_the_queue_drops_the_newest() {
    let folder = fresh("hook-bound");
    let gate = folder.join("gate");
    let made = Command::new("mkfifo").arg(&gate).status().expect("mkfifo");
    assert!(made.success());
    // It says that it runs by opening the gate for writing, and waits for its end to be read.
    let program = script(
        &folder,
        "cat >>\"$OUT\"\n[ -e \"$OUT.open\" ] && exit\ntouch \"$OUT.open\"\necho >\"${OUT%out}gate\"\nread line <\"${OUT%out}gate\"",
    );
    let mut hook = Hook::new(program.into(), Some(Duration::from_secs(600))).expect("a thread");
    hook.send(notice(0));
    let mut line = String::new();
    let open = |write: bool| fs::OpenOptions::new().read(!write).write(write).open(&gate);
    open(false)
        .expect("it runs")
        .read_to_string(&mut line)
        .expect("a line");
    (1..=1100).for_each(|i| hook.send(notice(i)));
    open(true)
        .expect("it waits")
        .write_all(b"\n")
        .expect("it reads");
    hook.finish();
    let want: String = (0..=1024).map(|i| format!("{{\"n\":{i}}}\n")).collect();
    assert_eq!(out(&folder), want);
}

/// The limit ends what hangs, and what that has started; the next notice is delivered all the same.
#[test]
fn one_that_hangs_is_ended_with_its_group() {
    let folder = fresh("hook-hangs");
    // A fifo that is held open for writing by each process of the group, the one that ignores TERM too.
    let gate = folder.join("gate");
    let made = Command::new("mkfifo").arg(&gate).status().expect("mkfifo");
    assert!(made.success());
    let program = script(
        &folder,
        "cat >>\"$OUT\"\n[ -e \"$OUT.open\" ] && exit\ntouch \"$OUT.open\"\nexec >\"${OUT%out}gate\" 2>&1\n(trap '' TERM; while :; do sleep 1000; done) &\nwait",
    );
    let reader = std::thread::spawn({
        let gate = gate.clone();
        move || {
            let mut text = String::new();
            let mut gate = fs::File::open(gate).expect("it runs");
            gate.read_to_string(&mut text).expect("it ends")
        }
    });
    let mut hook = Hook::new(program.into(), Some(Duration::from_secs(1))).expect("a thread");
    hook.send(notice(0));
    hook.send(notice(1));
    hook.finish();
    // Should it have been ended before it opened the gate, nobody else would.
    drop(fs::OpenOptions::new().read(true).write(true).open(&gate));
    // All of the group are gone: else there would be no end to read.
    reader.join().expect("the gate is closed");
}
