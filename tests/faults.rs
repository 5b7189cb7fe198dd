//! What fails around the program: it ends with a clear error, or as if nothing had been.
//!
//! Limits are set by `prlimit`; nothing waits for a time to pass.
#![cfg(target_os = "linux")]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/fed.rs"]
mod fed;
#[path = "support/folder.rs"]
mod folder;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A file with one line a second, or a copy of the program; removed when it is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn path(name: &str) -> PathBuf {
        folder::fresh(&format!("faults-{name}")).join(name)
    }

    fn log(name: &str, lines: u32) -> Temporary {
        let path = Temporary::path(name);
        std::fs::write(&path, log(lines)).expect("a file");
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn log(lines: u32) -> Vec<u8> {
    let line = |i: u32| {
        let (hour, minute, second) = (i / 3600, i / 60 % 60, i % 60);
        format!(
            "192.0.2.{} - - [01/Jan/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET /{}/x HTTP/1.1\" 200 {i}\n",
            i % 7,
            i % 5
        )
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}

fn command(program: &std::ffi::OsStr, args: &[&str]) -> Command {
    deadline::start();
    let mut command = Command::new(program);
    command
        .args(args)
        .env_remove("HTTPMON_CONFIG_PATH")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn httpmon(args: &[&str]) -> Command {
    command(env!("CARGO_BIN_EXE_httpmon").as_ref(), args)
}

/// The program under a limit of the system.
fn limited(limit: &str, args: &[&str]) -> Command {
    let program = [limit, env!("CARGO_BIN_EXE_httpmon")];
    command("prlimit".as_ref(), &[&program[..], args].concat())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// It ended by itself, with status 2, and said why.
fn is_error(output: &Output, why: &str) {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(output).contains(why), "{output:?}");
}

#[test]
fn a_thread_that_cannot_start_is_an_error() {
    // The limit is one of a user, and not of root. Another user may not reach where this was built.
    let program = Temporary(Temporary::path("program"));
    std::fs::copy(env!("CARGO_BIN_EXE_httpmon"), &program.0).expect("a copy");
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program.0, all).expect("its own file");
    let log = Temporary::log("threads", 5000);
    let log = log.0.to_str().expect("text");
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|data| {
        use std::os::unix::fs::MetadataExt;
        data.uid() == 0
    });
    for args in [
        &["--replay", "--threads", "2", log][..],
        &["--replay", "--threads", "1", log],
        &["--replay", "--on-alert", "true", log],
        &["--follow", log],
        &["-q"],
    ] {
        let program = program.0.to_str().expect("text");
        let mut run = command("prlimit".as_ref(), &["--nproc=1", program]);
        run.args(args);
        if is_root {
            // A user that has no process but this one may have one.
            run.uid(65_534).gid(65_534);
        }
        let output = run.output().expect("prlimit runs");
        is_error(&output, "a thread cannot be started");
    }
}

#[test]
fn a_zone_that_is_a_device_is_an_error() {
    for zone in [
        "/dev/zero",
        ":/dev/zero",
        "../../../../../../../../dev/zero",
        "/",
    ] {
        let output = limited("--as=2000000000", &["--replay", "--tz", "local"])
            .env("TZ", zone)
            .output();
        is_error(&output.expect("prlimit runs"), "TZ names");
    }
    for asked in [
        ["--tz", "local"],
        ["--tz", "Europe/Berlin"],
        ["--log-tz", "zero"],
    ] {
        let output = limited("--as=2000000000", &[&["--replay"], &asked[..]].concat())
            .envs([("TZ", "zero"), ("TZDIR", "/dev")])
            .output();
        is_error(&output.expect("prlimit runs"), "TZDIR names");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let log = Temporary::log("full", 5000);
    let log = log.0.to_str().expect("text");
    for args in [
        &["--replay", log][..],
        &["--replay", "--interval", "10s", log],
        &["--replay", "-o", "/dev/full", log],
        &["simulate"],
        &["--help"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = httpmon(args).stdout(full.expect("it is there")).output();
        is_error(&output.expect("httpmon runs"), "No space left on device");
    }
}

#[test]
fn a_closed_standard_output_is_an_error_and_the_null_device_is_none() {
    let log = Temporary::log("closed", 5000);
    let log = log.0.to_str().expect("text");
    for args in [&["--replay", log][..], &["-q", log], &["--help"]] {
        let shell = |redirected: &str| {
            let script = format!("exec \"$0\" \"$@\" {redirected}");
            let mut shell = command("sh".as_ref(), &["-c", &script]);
            shell.arg(env!("CARGO_BIN_EXE_httpmon")).args(args);
            shell.stdin(Stdio::null()).output().expect("sh runs")
        };
        is_error(&shell(">&-"), "standard output is closed");
        let file = Temporary(Temporary::path("closed-output"));
        let to_file = format!("-o {} >&-", file.0.display());
        if args != ["--help"] {
            assert!(shell(&to_file).status.success(), "{args:?}");
            assert!(file.0.exists(), "{args:?}");
        }
        for open in [">/dev/null", "<>/dev/null >&0", "<&-"] {
            let output = shell(open);
            assert!(output.status.success(), "{open}: {output:?}");
        }
        let silent = httpmon(args).stdout(Stdio::null()).output();
        assert!(silent.expect("httpmon runs").status.success());
    }
}

/// What an unbroken run writes.
fn unbroken(args: &[&str], text: &[u8]) -> Vec<u8> {
    let output = fed::output(&mut httpmon(args), text);
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

const REPORTS: [&str; 3] = ["--replay", "--report=json", "--interval=10s"];

/// A pipe gives a few bytes at a time, and the program is stopped again and again.
#[test]
fn short_reads_and_stops_change_nothing() {
    let text = log(400);
    let mut child = httpmon(&REPORTS)
        .stdin(Stdio::piped())
        .spawn()
        .expect("httpmon starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let id = child.id().to_string();
    let reader = std::thread::spawn(move || child.wait_with_output());
    for (n, bytes) in text.chunks(7).enumerate() {
        if n % 500 == 499 {
            for signal in ["-STOP", "-CONT"] {
                let status = Command::new("kill").args([signal, &id]).status();
                assert!(status.expect("kill runs").success());
            }
        }
        stdin.write_all(bytes).expect("it reads");
    }
    drop(stdin);
    let output = reader.join().expect("no panic").expect("it ends");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, unbroken(&REPORTS, &text));
}

/// The reports are more than the pipe holds, and are taken in small pieces once it is full.
#[test]
fn a_reader_that_stalls_changes_nothing() {
    let log = Temporary::log("stalls", 3000);
    let args = ["--replay", "--report=json", "--interval=1s"];
    let mut child = httpmon(&args).arg(&log.0).spawn().expect("httpmon starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    let (mut all, mut few) = (Vec::new(), [0; 100]);
    loop {
        match stdout.read(&mut few).expect("a pipe") {
            0 => break,
            count => all.extend_from_slice(&few[..count]),
        }
    }
    assert!(child.wait().expect("it ends").success());
    assert!(all.len() > 1 << 20, "{}", all.len());
    assert!(all == unbroken(&args, &std::fs::read(&log.0).expect("it is there")));
}

/// Files that follow each other are opened one after the other, those that are read beforehand too.
#[test]
fn more_files_than_descriptors_change_nothing() {
    let folder = folder::fresh("faults-files");
    let text = log(6000);
    let lines: Vec<&[u8]> = text.split_inclusive(|&b| b == b'\n').collect();
    let names = (0..40).map(|n| folder.join(format!("{n}.log")));
    let names: Vec<PathBuf> = names.collect();
    for (name, lines) in names.iter().zip(lines.chunks(150)) {
        std::fs::write(name, lines.concat()).expect("a file");
    }
    for period in [
        &["--interval=10m"][..],
        &["--since=00:30"],
        &["--until=-10m"],
        &["--compare=20m"],
        &[
            "--alert=A: hits > 50 over 1m",
            "--during=A",
            "--report=lines",
        ],
    ] {
        let args = [&["--replay", "--report=json"], period].concat();
        let mut run = limited("--nofile=64", &args);
        let whole = run.args(&names).output().expect("prlimit runs");
        let mut run = limited("--nofile=20", &args);
        let output = run.args(&names).output().expect("prlimit runs");
        assert!(whole.status.success(), "{whole:?}");
        assert!(!whole.stdout.is_empty());
        assert_eq!(output, whole, "{period:?}");
    }
}

/// All of them at once: so many stay open, and the others are opened each time.
#[test]
fn more_files_at_once_than_descriptors_lose_nothing() {
    const FILES: usize = 170;
    let folder = folder::fresh("faults-along");
    let text = log(400);
    let names: Vec<PathBuf> = (0..FILES).map(|n| folder.join(n.to_string())).collect();
    for (n, name) in names.iter().enumerate() {
        // They differ from the first line on.
        let first =
            format!("192.0.2.{n} - - [01/Jan/2026:00:00:00 +0000] \"GET /first HTTP/1.1\" 200 1\n");
        std::fs::write(name, [first.as_bytes(), &text].concat()).expect("a file");
    }
    let mut run = limited("--nofile=150", &["--replay", "--report=json"]);
    let output = run.args(&names).output().expect("prlimit runs");
    assert!(output.status.success(), "{output:?}");
    let summary = String::from_utf8_lossy(&output.stdout);
    let hits = format!(r#""hits":{},"#, FILES * 401);
    assert!(
        summary.contains(&hits) && summary.contains(r#""late":0,"#),
        "{summary}"
    );
}

/// Whatever is missing: it ends as if nothing were, or says what is.
#[test]
fn few_descriptors_or_little_memory_are_an_error_or_change_nothing() {
    let log = Temporary::log("little", 3000);
    let whole = unbroken(&REPORTS, &std::fs::read(&log.0).expect("it is there"));
    let path = log.0.to_str().expect("text");
    let args = [&REPORTS[..], &["--threads", "2", path]].concat();
    let descriptors = (3..12).map(|count| format!("--nofile={count}"));
    let memory = (4..40).map(|count| format!("--as={}", count * 8_000_000));
    let (mut failed, mut passed) = (0, 0);
    for limit in descriptors.chain(memory) {
        let output = limited(&limit, &args).output().expect("prlimit runs");
        let said = stderr(&output);
        if output.status.success() {
            assert!(output.stdout == whole, "{limit}: {output:?}");
            passed += 1;
        } else {
            // The loader, the allocator and the program have words of their own.
            let known = [
                "memory",
                "open files",
                "thread",
                "error while loading",
                "prlimit",
            ];
            let known = known.iter().any(|word| said.contains(word));
            assert!(known, "{limit}: {output:?}");
            failed += 1;
        }
    }
    assert!(failed > 0 && passed > 0, "{failed} {passed}");
}
