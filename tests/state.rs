//! `--state`: a run that is killed and goes on tells what one unbroken run tells.
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path =
            std::env::temp_dir().join(format!("httpmon-state-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// 2020-01-01T00:00:00Z: so long ago that the stream is not live, and no silence adds to what it tells.
const LONG_AGO: i64 = 1_577_836_800;

/// Seconds of a log that begins at `base`, some of them busy.
fn log(base: i64, seconds: std::ops::Range<i64>) -> String {
    let mut text = String::new();
    for second in seconds {
        let time = jiff::Timestamp::from_second(base + second).expect("a time");
        let time = time.strftime("%d/%b/%Y:%H:%M:%S");
        let hits = if second / 100 % 2 == 1 { 40 } else { 1 };
        for _ in 0..hits {
            text += &format!("192.0.2.7 - - [{time} +0000] \"GET / HTTP/1.1\" 200 1\n");
        }
    }
    text
}

fn httpmon(folder: &Folder, args: &[&str]) -> Command {
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

fn follow(folder: &Folder, args: &[&str]) -> Child {
    let out = File::options()
        .append(true)
        .create(true)
        .open(folder.path("out"))
        .expect("a file");
    let mut command = httpmon(folder, &["--follow", "--history=1d", "log"]);
    command.args(args).stdout(out).spawn().expect("it starts")
}

/// Reports and alerts, without the summaries.
fn told(folder: &Folder) -> Vec<String> {
    let out = folder.read("out");
    out.lines()
        .filter(|line| !line.contains("\"summary\"") && !line.contains("\"partial\""))
        .map(str::to_owned)
        .collect()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
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

/// Starts with the first forty seconds, which are history.
fn begin(folder: &Folder, base: i64) {
    append(&folder.path("log"), &log(base, 0..40));
    let mut child = follow(folder, &[]);
    until("the ledger is begun", || {
        folder.read("state").contains("\"written\"")
    });
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

#[test]
fn a_run_that_is_killed_again_and_again_tells_each_thing_once() {
    let whole = Folder::new("whole");
    append(&whole.path("log"), "");
    let mut child = follow(&whole, &[]);
    // Once it has caught up with nothing, all that comes is new.
    std::thread::sleep(Duration::from_millis(400));
    append(&whole.path("log"), &log(LONG_AGO, 0..590));
    until("all is told", || {
        whole
            .read("out")
            .contains("\"to\":\"2020-01-01T00:09:40Z\"")
    });
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let want = told(&whole);
    assert!(
        want.iter()
            .filter(|line| line.contains("\"alert\""))
            .count()
            == 5,
        "{want:#?}"
    );

    let cut = Folder::new("cut");
    begin(&cut, LONG_AGO);
    let mut from = 40;
    let mut wait = 1;
    while from < 590 {
        append(&cut.path("log"), &log(LONG_AGO, from..(from + 23).min(590)));
        from += 23;
        let mut child = follow(&cut, &[]);
        std::thread::sleep(Duration::from_millis(wait));
        wait = wait * 37 % 101;
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }
    let mut child = follow(&cut, &[]);
    until("all is told", || {
        cut.read("out").contains("\"to\":\"2020-01-01T00:09:40Z\"")
    });
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let found = told(&cut);
    let times = |lines: &[String]| -> Vec<String> {
        let line = |line: &String| {
            let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!(
                "{} {} {} {} {}",
                event["type"], event["state"], event["from"], event["at"], event["hits"]
            )
        };
        lines.iter().map(line).collect()
    };
    // The first reports were history for the one that began anew.
    let want = times(&want);
    let found = times(&found);
    assert_eq!(found, want[want.len() - found.len()..], "{want:#?}");
    assert!(want.len() - found.len() <= 4, "{found:#?}");
}

#[test]
fn a_program_that_was_begun_and_not_ended_is_run_once_more() {
    let folder = Folder::new("hook");
    let hook = folder.path("hook");
    fs::write(&hook, "#!/bin/sh\necho \"$HTTPMON_STATE $HTTPMON_AT ${HTTPMON_AGAIN-first}\" >>ran\n[ -e slow ] && exec sleep 30\nexit 0\n").expect("a program");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a mode");
    let args = ["--on-alert=./hook"];
    let base = jiff::Timestamp::now().as_second() - 150;
    begin(&folder, base);
    fs::write(folder.path("slow"), "").expect("a file");
    append(&folder.path("log"), &log(base, 40..150));
    let mut child = follow(&folder, &args);
    until("it is run", || folder.read("ran").lines().count() == 1);
    until("it is told", || {
        folder.read("out").contains("\"firing\",\"rule\"")
    });
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    fs::remove_file(folder.path("slow")).expect("the file");
    for _ in 0..2 {
        let mut child = follow(&folder, &args);
        until("it has ended", || {
            folder.read("state").contains("\"ended\"") || folder.read("ran").lines().count() == 2
        });
        std::thread::sleep(Duration::from_millis(300));
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }
    let ran = folder.read("ran");
    let ran: Vec<&str> = ran.lines().collect();
    assert_eq!(ran.len(), 2, "{ran:?}");
    assert!(
        ran[0].starts_with("firing ") && ran[0].ends_with(" first"),
        "{ran:?}"
    );
    assert_eq!(ran[1], ran[0].replace(" first", " 1"));
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
