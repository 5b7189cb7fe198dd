//! What is read: packed files, several at once, and those that cannot be read or are given twice.
#![cfg(unix)]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/fed.rs"]
mod fed;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/packed.rs"]
mod packed;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use packed::gzip;

/// A folder of its own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(folder::fresh(name))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

/// `lines` lines from this hour on, three a second.
fn log(hour: usize, lines: usize) -> Vec<u8> {
    (0..lines)
        .flat_map(|n| {
            let (minute, second) = (n / 180, n / 3 % 60);
            format!(
                "192.0.2.{} - - [20/Oct/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET /a/{} HTTP/1.1\" 200 {n}\n",
                n % 7,
                n % 5
            )
            .into_bytes()
        })
        .collect()
}

fn replay(files: &[&Path], stdin: &[u8]) -> Output {
    deadline::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(["--replay", "--report=json"])
        .args(files)
        .env_remove("HTTPMON_CONFIG_PATH");
    fed::output(&mut command, stdin)
}

/// Standard output, standard error and the exit status.
fn parts(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code(),
    )
}

fn hits(stdout: &str) -> u64 {
    let summary = stdout.lines().last().expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(summary).expect("JSON");
    summary["hits"].as_u64().expect("a number")
}

#[test]
fn packed_files_and_pipes_are_read_as_plain_ones() {
    let folder = Folder::new("packed");
    let (a, b) = (log(1, 3000), log(2, 3000));
    let plain = [folder.file("a", &a), folder.file("b", &b)];
    let want = parts(&replay(&[&plain[0], &plain[1]], b""));
    assert_eq!((hits(&want.0), want.2), (6000, Some(0)), "{}", want.1);
    let a_gz = folder.file("a.gz", &gzip(&a));
    assert_eq!(parts(&replay(&[&a_gz, &plain[1]], b"")), want);
    assert_eq!(
        parts(&replay(&[&plain[0], Path::new("-")], &gzip(&b))),
        want
    );
    let members = [gzip(&a), gzip(&b), vec![0; 512]].concat();
    let piped = parts(&replay(&[], &members));
    assert_eq!(piped, parts(&replay(&[], &[a.clone(), b.clone()].concat())));
    // Standard input that is a file.
    let both = folder.file("both.gz", &members);
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(["--replay", "--report=json", "--since=-30m"])
        .stdin(std::fs::File::open(&both).expect("the file"));
    let found = parts(&command.output().expect("it runs"));
    assert_eq!((hits(&found.0), found.2), (3000, Some(0)), "{}", found.1);
}

#[test]
fn a_file_that_is_cut_counts_up_to_there_and_is_named() {
    let folder = Folder::new("cut");
    let (a, b) = (log(1, 1000), log(2, 60));
    let packed = gzip(&a);
    let whole = folder.file("b.log", &b);
    let mut least = 0;
    for cut in (1..packed.len()).step_by(211).chain([packed.len() - 1]) {
        let file = folder.file("a.log.gz", &packed[..cut]);
        let (stdout, stderr, code) = parts(&replay(&[&file, &whole], b""));
        let found = hits(&stdout);
        assert!(found >= least, "{cut}: {found} after {least}");
        least = found;
        assert_eq!(code, Some(2), "{cut}: {stderr}");
        assert!(
            stderr.contains("a.log.gz: the gzip data is cut off after "),
            "{cut}: {stderr}"
        );
    }
    assert_eq!(least, 1060);
}

#[test]
fn one_that_cannot_be_read_is_named_and_the_others_go_on() {
    let folder = Folder::new("missing");
    let here = folder.file("here.log", &log(1, 60));
    let bzip2 = folder.file("old.bz2", b"BZh91AY&SY and so on");
    let nowhere = folder.0.join("nowhere.log");
    for (bad, word) in [
        (&nowhere, "nowhere.log: no such file"),
        (&folder.0, "is a directory (name the log files in it: "),
        (&bzip2, "(type: bzip2 -dc "),
    ] {
        let (stdout, stderr, code) = parts(&replay(&[bad, &here], b""));
        assert_eq!((hits(&stdout), code), (60, Some(2)), "{stderr}");
        assert!(stderr.contains(word), "{stderr}");
        let (stdout, stderr, code) = parts(&replay(&[bad, bad], b""));
        assert_eq!((&*stdout, code), ("", Some(2)), "{stderr}");
        assert_eq!(stderr.matches(word).count(), 2, "{stderr}");
    }
    let (_, stderr, code) = parts(&replay(&[], b"\xfd7zXZ\0\0"));
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("put xz -dc before it in the pipe"),
        "{stderr}"
    );
}

#[test]
fn what_is_given_twice_counts_once() {
    let folder = Folder::new("copies");
    let text = log(1, 300);
    let whole = folder.file("whole.log", &text);
    let copy = folder.file("copy.gz", &gzip(&text));
    let beginning = folder.file("beginning.log", &text[..9000]);
    let other = folder.file("other.log", &log(1, 301)[100..]);
    let link = folder.0.join("link.log");
    std::os::unix::fs::symlink(&whole, &link).expect("a link");
    for (files, want) in [
        ([&whole, &whole], 300),
        ([&whole, &link], 300),
        ([&whole, &copy], 300),
        ([&beginning, &copy], 300),
        ([&whole, &beginning], 300),
    ] {
        let (stdout, stderr, code) = parts(&replay(&files.map(PathBuf::as_path), b""));
        assert_eq!(
            (hits(&stdout), code),
            (want, Some(0)),
            "{files:?}: {stderr}"
        );
        assert!(stderr.contains("twice"), "{files:?}: {stderr}");
    }
    let (stdout, stderr, _) = parts(&replay(&[&whole, &other], b""));
    assert!(hits(&stdout) > 590 && !stderr.contains("twice"), "{stderr}");
    // Two that begin alike for less than is looked at are two.
    let short = folder.file("short.log", &text[..text.len() / 300]);
    let (stdout, stderr, _) = parts(&replay(&[&whole, &short], b""));
    assert!(hits(&stdout) > 300 && !stderr.contains("twice"), "{stderr}");
}

#[test]
fn live_pipes_are_read_side_by_side() {
    let folder = Folder::new("pipes");
    let pipes: Vec<PathBuf> = ["a", "b"].iter().map(|name| folder.0.join(name)).collect();
    let made = Command::new("mkfifo").args(&pipes).status();
    assert!(made.expect("mkfifo runs").success());
    let child = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .args(["--report=json", "--top=source"])
        .args(&pipes)
        .env_remove("HTTPMON_CONFIG_PATH")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    // Both are open at once, and neither ends before the other has begun; each cuts its lines where it likes.
    let mut writers: Vec<_> = pipes
        .iter()
        .map(|pipe| {
            std::fs::File::options()
                .write(true)
                .open(pipe)
                .expect("it is read")
        })
        .collect();
    let text = log(1, 600);
    for block in text.chunks(1000) {
        for writer in &mut writers {
            writer.write_all(block).expect("it is read");
        }
    }
    drop(writers);
    let (stdout, _, code) = parts(&child.wait_with_output().expect("it ends"));
    assert_eq!((hits(&stdout), code), (1200, Some(0)));
    let summary = stdout.lines().last().expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(summary).expect("JSON");
    assert_eq!(summary["unparsed"], 0);
    for row in summary["top"]["source"].as_array().expect("rows") {
        assert_eq!(row["hits"], 600, "{row}");
    }
}
