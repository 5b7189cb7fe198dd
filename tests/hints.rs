//! What is said on standard error of input that is not what its reader takes it for: the same for any
//! number of threads, and nothing of it on standard output.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `count` lines a second apart, the first so many seconds into the day.
fn log(from: u32, count: u32) -> String {
    let line = |s: u32| {
        let (hour, minute, second) = (s / 3600, s / 60 % 60, s % 60);
        format!(
            "192.0.2.7 - - [20/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET /a HTTP/1.1\" 200 100\n"
        )
    };
    (from..from + count).map(line).collect()
}

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hints-{name}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("a file");
    }
    folder
}

/// What a replay with these arguments says on standard error, whatever `--threads`, with its exit status.
/// Every file is given more than one part where it has more than a block.
fn told(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let run = |threads: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
            .args(["--replay", "--threads", threads])
            .args(args)
            .current_dir(folder)
            .env_remove("HTTPMON_CONFIG_PATH")
            .output()
            .expect("httpmon runs");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        (output.stdout, (output.status.code(), stderr))
    };
    let (stdout, one) = run("1");
    for threads in ["2", "3"] {
        let (same, told) = run(threads);
        assert_eq!(told, one, "{threads} threads: {args:?}");
        assert!(same == stdout, "{threads} threads: {args:?}");
    }
    one
}

#[test]
fn every_file_that_begins_like_compressed_data_is_named_once() {
    let gzip = |len: usize| {
        [
            &b"\x1f\x8b\x08\x00\x1b[2J"[..],
            &vec![0x9c; len],
            b"\n\x80\n",
        ]
        .concat()
    };
    let (short, long) = (gzip(30), gzip(2 << 20));
    let (first, second) = (log(0, 6000), log(6000, 6000));
    let files: [(&str, &[u8]); 6] = [
        ("a.log", first.as_bytes()),
        ("b.log", second.as_bytes()),
        ("c.gz", &short),
        ("d.gz", &long),
        ("e.xz", b"\xfd7zXZ\0\0\x04\n\x80"),
        ("f.log", b"neither is this\n"),
    ];
    let folder = folder("compressed", &files);
    let gzip = |name: &str| {
        format!(
            "httpmon: {name}: this looks like gzip data (zcat -f FILE… | httpmon reads it, and plain files with it)\n"
        )
    };
    let all = ["a.log", "c.gz", "b.log", "d.gz", "e.xz", "f.log"];
    let xz = "httpmon: e.xz: this looks like xz data (xzcat FILE | httpmon reads it)\n";
    assert_eq!(told(&folder, &all).1, gzip("c.gz") + &gzip("d.gz") + xz);
    // In front of the log, and alone.
    assert_eq!(told(&folder, &["c.gz", "a.log", "b.log"]).1, gzip("c.gz"));
    assert_eq!(told(&folder, &["d.gz"]).1, gzip("d.gz"));
    let quiet = told(&folder, &["-q", "a.log", "c.gz"]).1;
    let unread = "httpmon: 2 of 6002 lines are no log entries, the first is c.gz line 1: ";
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
    assert!(quiet.starts_with(&(gzip("c.gz") + unread)), "{quiet}");
    assert!(quiet.ends_with(": \\x1f\\x8b\\x08\\x00\\x1b[2J\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\\x9c\n"), "{quiet}");
}
