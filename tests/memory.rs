//! Memory stays within what the README promises, however many keys a log has.
//!
//! The peak is read from the kernel while the program runs, again and again until it ends: what came last is the least that
//! the peak can have been, so this fails only where a bound is passed.
#![cfg(target_os = "linux")]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/folder.rs"]
mod folder;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Lines with so many clients, sections and agents, 5,000 in a second or all in one; removed when it is dropped.
struct Log(PathBuf);

impl Log {
    fn new(name: &str, lines: u32, rate: u32) -> Log {
        let path = folder::fresh(name).join("access.log");
        let mut file = BufWriter::new(File::create(&path).expect("a file"));
        for i in 0..lines {
            let (second, [_, a, b, c]) = (i / rate, i.to_be_bytes());
            let (minute, second) = (second / 60, second % 60);
            writeln!(
                file,
                "10.{a}.{b}.{c} - - [01/Jan/2026:00:{minute:02}:{second:02} +0000] \
                 \"GET /{i:x}/{i} HTTP/1.1\" 200 5 \"-\" \"agent {i:x}\""
            )
            .expect("room");
        }
        file.flush().expect("room");
        Log(path)
    }

    /// The most memory that was seen in use, in MiB, while a replay with these arguments read it.
    fn peak(&self, args: &[&str]) -> u64 {
        deadline::start();
        let mut child = Command::new(env!("CARGO_BIN_EXE_httpmon"))
            .args(["--replay", "-q"])
            .args(args)
            .arg(&self.0)
            .env_remove("HTTPMON_CONFIG_PATH")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("httpmon starts");
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        loop {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            if let Some(kib) = line.and_then(|line| line.split_whitespace().next()) {
                peak = peak.max(kib.parse::<u64>().expect("a number") / 1024);
            }
            if let Some(ended) = child.try_wait().expect("it can be asked") {
                assert!(ended.success(), "{ended}");
                assert!(peak > 10, "it was seen at work: {peak} MiB");
                return peak;
            }
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A debug build takes a little more for its stacks.
#[test]
fn a_default_run_stays_under_64_mib_and_eight_threads_under_128_when_every_key_is_new() {
    let log = Log::new("distinct", 160_000, 5000);
    for (threads, bound) in [("1", 64), ("2", 64), ("8", 128)] {
        let peak = log.peak(&["--threads", threads]);
        assert!(peak <= bound, "{threads} threads: {peak} MiB");
    }
}

#[test]
fn a_log_whose_clock_stands_is_one_second_and_takes_no_more() {
    let log = Log::new("standing", 160_000, 160_000);
    for threads in ["1", "2"] {
        let peak = log.peak(&["--threads", threads]);
        assert!(peak <= 64, "{threads} threads: {peak} MiB");
    }
}
