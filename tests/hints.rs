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

const ORDER: &str =
    "came late, and alerts may miss them: files are read in the order in which they are named";
const LATENESS: &str = "came late, and alerts may miss them: a longer --lateness waits";

#[test]
fn files_that_are_named_newest_first_are_told_of_once_also_with_quiet() {
    let (old, new) = (log(0, 6000), log(6000, 6000));
    let files = [("L", new.as_bytes()), ("L.1", old.as_bytes())];
    let folder = folder("order", &files);
    let (status, stderr) = told(&folder, &["-q", "--exit-code", "L", "L.1"]);
    assert_eq!(
        stderr,
        format!(
            "httpmon: 6000 of 12000 hits {ORDER}, and L.1 begins before L ends (name the oldest first)\n"
        )
    );
    assert_eq!(status, Some(0));
    assert_eq!(told(&folder, &["L", "L.1"]).1, stderr);
    assert_eq!(
        told(
            &folder,
            &["-q", "--format=common", "--report=json", "L", "L.1"]
        )
        .1,
        stderr
    );
    assert_eq!(told(&folder, &["L.1", "L"]).1, "");
    // What is left out is not missed.
    let since = ["--since", "2026-11-20T01:40:00Z", "L", "L.1"];
    assert_eq!(told(&folder, &since).1, "");
}

#[test]
fn the_first_two_files_out_of_order_are_named_wherever_the_records_of_a_file_begin() {
    // More than a block of lines that are no records.
    let remarks = "#Remark: nothing to count is in this line\n".repeat(9000);
    let files = [
        ("a", log(9000, 200)),
        ("b\u{1b}[2J", log(9200, 200)),
        ("c", String::new()),
        ("d", remarks + &log(3000, 200)),
        ("e", log(0, 200)),
    ];
    let files: Vec<_> = files
        .iter()
        .map(|(n, text)| (*n, text.as_bytes()))
        .collect();
    let folder = folder("first-two", &files);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        told(&folder, &names).1,
        format!(
            "httpmon: 400 of 800 hits {ORDER}, and d begins before b\\x1b[2J ends (name the oldest first)\n"
        )
    );
}

#[test]
fn lines_out_of_order_in_a_log_are_told_of_where_they_are_many() {
    let whole = log(0, 3000);
    let mixed = |late: u32| log(3600, 2000) + &log(0, late);
    let few = mixed(99);
    let share = mixed(105);
    let many = mixed(106);
    let before = log(3500, 10);
    let files: [(&str, &[u8]); 5] = [
        ("whole", whole.as_bytes()),
        ("few", few.as_bytes()),
        ("share", share.as_bytes()),
        ("many", many.as_bytes()),
        ("before", before.as_bytes()),
    ];
    let folder = folder("lateness", &files);
    for calm in [
        &["whole"][..],
        &["few"],
        &["share"],
        &["many", "--lateness=2h"],
    ] {
        assert_eq!(told(&folder, calm).1, "", "{calm:?}");
    }
    let many = format!(
        "httpmon: 106 of 2106 hits {LATENESS} for lines out of order (of files put together, the oldest goes first)\n"
    );
    assert_eq!(told(&folder, &["many"]).1, many);
    assert_eq!(told(&folder, &["-q", "many"]).1, many);
    // Two files in order, of which one is not in itself.
    let (_, stderr) = told(&folder, &["before", "many"]);
    assert_eq!(stderr, many.replace("106 of 2106", "106 of 2116"));
}

#[test]
fn every_file_of_another_encoding_is_named_once() {
    let utf_16 = |len: usize| [&b"\xff\xfe\x1b[2J"[..], &vec![0x9c; len], b"\n\x80\n"].concat();
    let (short, long) = (utf_16(30), utf_16(2 << 20));
    let (first, second) = (log(0, 6000), log(6000, 6000));
    let files: [(&str, &[u8]); 5] = [
        ("a.log", first.as_bytes()),
        ("b.log", second.as_bytes()),
        ("c.txt", &short),
        ("d.txt", &long),
        ("f.log", b"neither is this\n"),
    ];
    let folder = folder("encoded", &files);
    let looks = |name: &str| {
        format!(
            "httpmon: {name}: this looks like UTF-16 text (iconv -f UTF-16 -t UTF-8 FILE | httpmon reads it)\n"
        )
    };
    let all = ["a.log", "c.txt", "b.log", "d.txt", "f.log"];
    assert_eq!(told(&folder, &all).1, looks("c.txt") + &looks("d.txt"));
    // In front of the log, and alone.
    assert_eq!(
        told(&folder, &["c.txt", "a.log", "b.log"]).1,
        looks("c.txt")
    );
    assert_eq!(told(&folder, &["d.txt"]).1, looks("d.txt"));
    let quiet = told(&folder, &["-q", "a.log", "c.txt"]).1;
    let unread = "httpmon: 2 of 6002 lines are no log entries, the first is c.txt line 1: ";
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
    assert!(quiet.starts_with(&(looks("c.txt") + unread)), "{quiet}");
    assert!(quiet.contains(": \\xff\\xfe\\x1b[2J\\x9c\\x9c"), "{quiet}");
}
