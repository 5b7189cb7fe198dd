//! Memory stays within what the README promises, however many keys a log has, and however many logs there are.
//!
//! The peak is read from the kernel while the program runs, again and again until it ends: what came last is the least that
//! the peak can have been, so this fails only where a bound is passed.
#![cfg(target_os = "linux")]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/packed.rs"]
mod packed;

use std::ffi::OsStr;
use std::fs::{self, File};
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

    fn peak(&self, args: &[&str]) -> u64 {
        peak(&[&["-q"], args].concat(), [&self.0], Stdio::null())
    }
}

/// The most memory that was seen in use, in MiB, while a replay with these arguments read these files.
fn peak(args: &[&str], files: impl IntoIterator<Item: AsRef<OsStr>>, out: Stdio) -> u64 {
    deadline::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .arg("--replay")
        .args(args)
        .args(files)
        .env_remove("HTTPMON_CONFIG_PATH")
        .stdin(Stdio::null())
        .stdout(out)
        .spawn()
        .expect("httpmon starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
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

/// Lines of a server over an hour, 2.4 MB of them; few of them, since only memory matters here.
fn server(n: u32) -> Vec<u8> {
    let agent = "x".repeat(6000);
    let lines = (0..400).map(|i| {
        let (minute, second) = (i / 10, i % 10 * 6);
        format!(
            "10.0.{n}.{i} - - [01/Jan/2026:00:{minute:02}:{second:02} +0000] \
             \"GET /{}/{n} HTTP/1.1\" {} {i} \"-\" \"{agent}\"\n",
            i % 7,
            [200, 500][(i / 100 % 2) as usize]
        )
    });
    lines.collect::<String>().into_bytes()
}

/// The decoders of all would take 90 MiB by themselves.
#[test]
fn many_packed_files_of_the_same_hours_stay_under_64_mib_and_count_as_if_they_were_not_packed() {
    let folder = folder::fresh("memory-packed");
    let mut reports = Vec::new();
    for (kind, pack) in [
        ("plain", &<[u8]>::to_vec as &dyn Fn(&[u8]) -> Vec<u8>),
        ("zstd", &packed::zstd),
    ] {
        let under = folder.join(kind);
        fs::create_dir(&under).expect("a folder");
        let files: Vec<PathBuf> = (0..20)
            .map(|n| {
                let file = under.join(format!("web{n}"));
                fs::write(&file, pack(&server(n))).expect("room");
                file
            })
            .collect();
        let report = under.join("report");
        let out = File::create(&report).expect("a file");
        let args = ["--report=json", "--interval=1m", "--top=section,client"];
        let peak = peak(&args, files, out.into());
        assert!(peak <= 64, "{kind}: {peak} MiB");
        reports.push(fs::read(&report).expect("a report"));
        fs::remove_dir_all(under).expect("it was there");
    }
    assert!(reports[0].len() > 1000);
    assert!(reports.iter().all(|report| *report == reports[0]));
}
