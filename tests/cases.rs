//! Golden cases: what a user types and what httpmon answers, byte for byte.
//!
//! A case is a folder `tests/cases/<topic>/<name>/`. The program runs in it, with a clean environment
//! (`LC_ALL=C.UTF-8`, `TZ=UTC`, `SOURCE_DATE_EPOCH`, and what `env` adds), and the folder holds
//!
//! * `args`: the arguments, one per line;
//! * `input`: standard input, or `input.gen`: a recipe for it, see [`generate`]; neither for none;
//! * `env`: further variables, `NAME=value`, one per line;
//! * `feature`: the feature without which the case is left out;
//! * `stdout`, always; `stderr`, unless it is empty; `status`, unless it is 0;
//! * any other file that the arguments name.
//!
//! `HTTPMON_BLESS=1 cargo test --test cases` rewrites the expected files with what the program says
//! now. Read that diff before it is committed: it is what users will see change.

#[path = "support/fed.rs"]
mod fed;

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn every_case_answers_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let bless = std::env::var_os("HTTPMON_BLESS").is_some();
    if let Err(failures) = check_tree(&root, bless) {
        panic!("{failures}");
    }
}

/// What a run said.
#[derive(Debug, PartialEq)]
struct Said {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: String,
}

/// Runs every case below `root`, and says what differs.
fn check_tree(root: &Path, bless: bool) -> Result<(), String> {
    let cases: Vec<PathBuf> = folders(root)
        .iter()
        .flat_map(|topic| folders(topic))
        .collect();
    if cases.is_empty() {
        return Err(format!("no cases in {}", root.display()));
    }
    let mut failures = String::new();
    let mut failed = 0;
    for case in &cases {
        if !has_its_feature(case) {
            continue;
        }
        let result = run(case).and_then(|said| {
            if bless {
                write_expected(case, &said)
            } else {
                compare(&read_expected(case)?, &said)
            }
        });
        if let Err(why) = result {
            failed += 1;
            let name = case.strip_prefix(root).unwrap_or(case);
            write!(failures, "\n--- {} ---\n{why}", name.display()).expect("a string");
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(format!(
        "{failed} of {} cases differ (- expected, + now):\n{failures}\n\
         If this is meant: HTTPMON_BLESS=1 cargo test --test cases, and read the diff.",
        cases.len()
    ))
}

/// Whether the program was built with what the case is about.
fn has_its_feature(case: &Path) -> bool {
    let feature = read(case, "feature").ok().flatten().unwrap_or_default();
    match feature.trim_ascii() {
        b"" => true,
        b"regex" => cfg!(feature = "regex"),
        other => panic!("feature: {}", String::from_utf8_lossy(other)),
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = match fs::read_dir(of) {
        Err(_) => Vec::new(),
        Ok(entries) => entries
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.is_dir())
            .collect(),
    };
    found.sort();
    found
}

fn run(case: &Path) -> Result<Said, String> {
    let args = read(case, "args")?.ok_or("no file 'args'")?;
    let args = String::from_utf8(args).map_err(|_| "args: not UTF-8")?;
    let env = String::from_utf8(read(case, "env")?.unwrap_or_default())
        .map_err(|_| "env: not UTF-8".to_owned())?;
    let input = match (read(case, "input")?, read(case, "input.gen")?) {
        (Some(_), Some(_)) => return Err("both 'input' and 'input.gen'".to_owned()),
        (Some(input), None) => input,
        (None, Some(recipe)) => generate(&recipe)?,
        (None, None) => Vec::new(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(args.lines())
        .current_dir(case)
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        // When a page is made.
        .env("SOURCE_DATE_EPOCH", "1800000000");
    for line in env.lines() {
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| format!("env: '{line}' is not NAME=value"))?;
        command.env(name, value);
    }
    let output = fed::output(&mut command, input);
    Ok(Said {
        stdout: output.stdout,
        stderr: output.stderr,
        status: match output.status.code() {
            Some(code) => code.to_string(),
            None => output.status.to_string(),
        },
    })
}

fn read(case: &Path, name: &str) -> Result<Option<Vec<u8>>, String> {
    match fs::read(case.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn read_expected(case: &Path) -> Result<Said, String> {
    let status = read(case, "status")?.unwrap_or_else(|| b"0".to_vec());
    Ok(Said {
        stdout: read(case, "stdout")?.ok_or("no file 'stdout': nothing is expected")?,
        stderr: read(case, "stderr")?.unwrap_or_default(),
        status: String::from_utf8_lossy(&status).trim().to_owned(),
    })
}

fn write_expected(case: &Path, said: &Said) -> Result<(), String> {
    let write = |name: &str, bytes: &[u8], needed: bool| {
        let path = case.join(name);
        let done = if needed {
            fs::write(path, bytes)
        } else {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        done.map_err(|error| format!("{name}: {error}"))
    };
    write("stdout", &said.stdout, true)?;
    write("stderr", &said.stderr, !said.stderr.is_empty())?;
    let status = format!("{}\n", said.status);
    write("status", status.as_bytes(), said.status != "0")
}

fn compare(expected: &Said, said: &Said) -> Result<(), String> {
    if expected == said {
        return Ok(());
    }
    let mut report = String::new();
    for (name, old, new) in [
        ("stdout", &expected.stdout, &said.stdout),
        ("stderr", &expected.stderr, &said.stderr),
    ] {
        if old != new {
            write!(report, "{name}:\n{}", difference(old, new)).expect("a string");
        }
    }
    if expected.status != said.status {
        let (old, new) = (&expected.status, &said.status);
        write!(report, "status:\n- {old}\n+ {new}\n").expect("a string");
    }
    Err(report)
}

/// The lines between the first and the last that differ, old then new.
fn difference(old: &[u8], new: &[u8]) -> String {
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        text.split_inclusive(|&b| b == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (old, new) = (lines(old), lines(new));
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let after = old[before..]
        .iter()
        .rev()
        .zip(new[before..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut report = format!("  ({before} equal lines)\n");
    for (mark, lines) in [('-', &old), ('+', &new)] {
        for line in &lines[before..lines.len() - after] {
            writeln!(report, "{mark} {}", visible(line)).expect("a string");
        }
    }
    report
}

/// A line as it can be on a terminal; one without its newline says so.
fn visible(line: &[u8]) -> String {
    let (text, end) = match line.strip_suffix(b"\n") {
        Some(text) => (text, ""),
        None => (line, " (no newline)"),
    };
    let mut shown = String::new();
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                shown.extend(c.escape_default());
            } else {
                shown.push(c);
            }
        }
        for byte in chunk.invalid() {
            write!(shown, "\\x{byte:02x}").expect("a string");
        }
    }
    shown + end
}

/// Log lines by recipe, so that a case of 1,200 hits is one line long.
///
/// Each line is `COUNT SECONDS CLIENT TIME TARGET STATUS`: COUNT lines in common format, of 100 bytes
/// each, spread evenly over SECONDS seconds from TIME (in UTC), the first at TIME itself. What is
/// after `| ` is taken as it is; `#` begins a remark.
fn generate(recipe: &[u8]) -> Result<Vec<u8>, String> {
    let recipe = std::str::from_utf8(recipe).map_err(|_| "input.gen: not UTF-8")?;
    let mut out = Vec::new();
    for line in recipe.lines() {
        if let Some(text) = line.strip_prefix("| ") {
            out.extend_from_slice(text.as_bytes());
            out.push(b'\n');
        } else if !line.starts_with('#') && !line.is_empty() {
            generate_line(line, &mut out).ok_or_else(|| format!("input.gen: '{line}'"))?;
        }
    }
    Ok(out)
}

fn generate_line(line: &str, out: &mut Vec<u8>) -> Option<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [count, seconds, client, time, target, status] = words[..] else {
        return None;
    };
    let (count, seconds): (i64, i64) = (count.parse().ok()?, seconds.parse().ok()?);
    let start: jiff::Timestamp = time.parse().ok()?;
    for i in 0..count {
        let at = jiff::Timestamp::from_second(start.as_second() + i * seconds / count).ok()?;
        let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
        writeln!(
            out,
            "{client} - - [{at}] \"GET {target} HTTP/1.1\" {status} 100"
        )
        .ok()?;
    }
    Some(())
}

/// An empty folder for a test of this harness.
fn fresh(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(root.join("topic/case")).expect("a folder");
    root
}

#[test]
fn a_case_without_expected_output_fails() {
    let root = fresh("cases-unexpected");
    fs::write(root.join("topic/case/args"), "--version\n").expect("a file");
    let why = check_tree(&root, false).expect_err("nothing is expected");
    assert!(why.contains("no file 'stdout'"), "{why}");
}

#[test]
fn a_tree_without_cases_fails() {
    let root = fresh("cases-none");
    fs::remove_dir(root.join("topic/case")).expect("it is empty");
    assert!(check_tree(&root, false).is_err());
    assert!(check_tree(&root.join("nowhere"), false).is_err());
}

#[test]
fn every_difference_is_seen_and_blessing_ends_it() {
    let root = fresh("cases-bless");
    let case = root.join("topic/case");
    fs::write(case.join("args"), "--nope\n").expect("a file");
    fs::write(case.join("stdout"), "old\n").expect("a file");
    let why = check_tree(&root, false).expect_err("all three differ");
    for part in [
        "stdout:",
        "- old",
        "stderr:",
        "+ httpmon:",
        "status:",
        "+ 2",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    check_tree(&root, true).expect("blessing writes");
    check_tree(&root, false).expect("what was blessed holds");
    for (file, text) in [("stdout", "x"), ("stderr", "x"), ("status", "0\n")] {
        let kept = fs::read(case.join(file)).expect("blessed");
        fs::write(case.join(file), text).expect("a file");
        assert!(check_tree(&root, false).is_err(), "{file}");
        fs::write(case.join(file), kept).expect("a file");
    }
}

#[test]
fn a_recipe_spreads_its_lines_evenly() {
    let text = generate(b"# two\n2 10 h 2026-01-01T00:00:00Z /a 200\n| as it is\n").unwrap();
    let want = "h - - [01/Jan/2026:00:00:00 +0000] \"GET /a HTTP/1.1\" 200 100\n\
                h - - [01/Jan/2026:00:00:05 +0000] \"GET /a HTTP/1.1\" 200 100\n\
                as it is\n";
    assert_eq!(String::from_utf8(text).unwrap(), want);
    assert!(generate(b"2 10 h yesterday /a 200\n").is_err());
}
