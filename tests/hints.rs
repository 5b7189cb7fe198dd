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
fn stderr_of(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
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
        let (same, said) = run(threads);
        assert_eq!(said, one, "{threads} threads: {args:?}");
        assert!(same == stdout, "{threads} threads: {args:?}");
    }
    one
}

#[test]
fn a_log_that_goes_back_is_said_once_also_with_quiet() {
    let (old, new) = (log(0, 6000), log(6000, 6000));
    let files = [("L", (new.clone() + &old + &new + &old).into_bytes())];
    let files: Vec<_> = files.iter().map(|(n, text)| (*n, &text[..])).collect();
    let folder = folder("order", &files);
    let (status, stderr) = stderr_of(&folder, &["-q", "--exit-code", "L"]);
    assert_eq!(
        stderr,
        "httpmon: L line 6001: the log goes back from 2026-11-20T03:19:59Z to 2026-11-20T00:00:00Z, and is counted \
         anew from there (if older lines were put behind newer ones, name the files instead: --replay FILE... reads them by time)\n"
    );
    assert_eq!(status, Some(0));
    assert_eq!(stderr_of(&folder, &["L"]).1, stderr);
    assert_eq!(
        stderr_of(&folder, &["-q", "--format=common", "--report=json", "L"]).1,
        stderr
    );
}

#[test]
fn lines_out_of_order_in_a_log_are_told_of_where_they_are_many() {
    // Every second line of some comes so late that nothing waits for it, and not so late that the log goes back.
    let mixed = |late: u32| {
        let late = log(3000, late);
        let mut late = late.lines();
        let line = |line: &str| format!("{line}\n{}\n", late.next().unwrap_or("#"));
        log(3500, 2000).lines().map(line).collect::<String>()
    };
    let (few, many) = (mixed(20), mixed(21));
    let whole = log(0, 3000);
    let files = [("whole", &whole), ("few", &few), ("many", &many)];
    let files: Vec<_> = files
        .iter()
        .map(|(n, text)| (*n, text.as_bytes()))
        .collect();
    let folder = folder("lateness", &files);
    for calm in [&["whole"][..], &["few"], &["many", "--lateness=9m"]] {
        let (status, stderr) = stderr_of(&folder, &[calm, &["--exit-code"]].concat());
        assert_eq!((status, &stderr[..]), (Some(0), ""), "{calm:?}");
    }
    let said = "httpmon: 21 of 2021 hits have no place in time, and alerts may miss them: --lateness 8m20s would have \
                taken the 21 that came late\n";
    let not_known = (Some(4), said.to_owned());
    assert_eq!(stderr_of(&folder, &["many", "--exit-code"]), not_known);
    assert_eq!(
        stderr_of(&folder, &["-q", "many", "--exit-code"]),
        not_known
    );
    // What it says is enough.
    let enough = stderr_of(&folder, &["many", "--exit-code", "--lateness=8m20s"]);
    assert_eq!(enough, (Some(0), String::new()));
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
    assert_eq!(stderr_of(&folder, &all).1, looks("c.txt") + &looks("d.txt"));
    // In front of the log, and alone.
    assert_eq!(
        stderr_of(&folder, &["c.txt", "a.log", "b.log"]).1,
        looks("c.txt")
    );
    assert_eq!(stderr_of(&folder, &["d.txt"]).1, looks("d.txt"));
    let quiet = stderr_of(&folder, &["-q", "a.log", "c.txt"]).1;
    let unread = "httpmon: 2 of 6002 lines are no log entries, the first is c.txt line 1: ";
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
    assert!(quiet.starts_with(&(looks("c.txt") + unread)), "{quiet}");
    assert!(quiet.contains(": \\xff\\xfe\\x1b[2J\\x9c\\x9c"), "{quiet}");
}

/// A thousand silent keys are followed; whether others were silent, nobody knows.
#[test]
fn a_rule_by_key_that_cannot_follow_all_keys_says_so_also_with_quiet() {
    let clients = |count: usize| -> String {
        let lines = log(0, 60).repeat(20);
        let of_client = |(n, line): (usize, &str)| {
            line.replace("192.0.2.7", &format!("10.0.{}.{}", n / 250, n % 250)) + "\n"
        };
        let mut lines: Vec<String> = lines
            .lines()
            .take(count)
            .enumerate()
            .map(of_client)
            .collect();
        lines.sort_by_key(|line| line.split('[').nth(1).map(str::to_owned));
        lines.concat()
    };
    let (few, many) = (clients(1000), clients(1005));
    let folder = folder("keys", &[("F", few.as_bytes()), ("M", many.as_bytes())]);
    let rule = "Lost: silence > 5m by client";
    let args = |file| ["-q", "--exit-code", "--alert", rule, file];
    assert_eq!(stderr_of(&folder, &args("F")), (Some(0), String::new()));
    let (status, stderr) = stderr_of(&folder, &args("M"));
    assert_eq!(
        stderr,
        "httpmon: Lost: 5 hits of the rarer keys are not followed, and it may miss alerts: there are too many keys\n"
    );
    assert_eq!(status, Some(4));
}
