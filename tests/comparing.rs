//! `--compare`: what changed since another time is what two runs say of the two times.

use std::path::PathBuf;
use std::process::Command;

/// A day and the one before it.
const LOG: &str = "\
192.0.2.1 - - [19/Nov/2026:08:00:00 +0000] \"GET /early HTTP/1.1\" 500 100
192.0.2.1 - - [19/Nov/2026:10:00:00 +0000] \"GET /api HTTP/1.1\" 200 100
192.0.2.1 - - [19/Nov/2026:11:00:00 +0000] \"GET /api HTTP/1.1\" 200 100
192.0.2.1 - - [19/Nov/2026:12:00:00 +0000] \"GET /old HTTP/1.1\" 502 100
192.0.2.1 - - [19/Nov/2026:13:00:00 +0000] \"GET /img HTTP/1.1\" 503 100
192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] \"GET /api HTTP/1.1\" 200 100
192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] \"GET /api HTTP/1.1\" 500 100
192.0.2.1 - - [20/Nov/2026:11:00:00 +0000] \"GET /api HTTP/1.1\" 500 100
192.0.2.1 - - [20/Nov/2026:12:00:00 +0000] \"GET /new HTTP/1.1\" 200 100
192.0.2.1 - - [20/Nov/2026:13:00:00 +0000] \"GET /img HTTP/1.1\" 200 100
";

fn run(name: &str, args: &[&str]) -> (String, String) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, LOG).expect("a file");
    let run = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .args(args)
        .arg(&path)
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (text(run.stdout), text(run.stderr))
}

#[test]
fn a_day_is_compared_with_the_one_before() {
    let (out, said) = run("day", &["--compare", "1d", "--top", "section=2"]);
    let compared: Vec<&str> = out
        .lines()
        .filter(|l| l.contains("compared") || l.contains("gone"))
        .collect();
    assert_eq!(
        compared,
        [
            "  compared  with 2026-11-19T08:00:00Z to 2026-11-19T13:00:00Z  hits 5 (+0%)  errors 40.0%, 60.0% before",
            "            sections  /api 3 (+50%) 5xx 2, 0 before  /img 1 (+0%) 5xx 0, 1 before  /early 0 (gone, 1 before) 5xx 0, 1 before",
        ],
        "{said}"
    );
    // The rows are those that were asked for.
    assert!(out.contains("1 other"), "{out}");
}

#[test]
fn json_has_the_numbers_of_both_times() {
    let args = [
        "--compare",
        "1d",
        "--since",
        "2026-11-20",
        "--report",
        "json",
    ];
    let (out, _) = run("json", &args);
    let summary: serde_json::Value = serde_json::from_str(out.trim()).expect("one object");
    let compared = &summary["compared"];
    assert_eq!(
        (&summary["hits"], &compared["hits"]),
        (&5.into(), &5.into())
    );
    assert_eq!(compared["errors"], 3);
    let mut rows = std::collections::BTreeMap::new();
    for row in compared["top"]["section"].as_array().expect("rows") {
        rows.insert(
            row["key"].as_str().expect("text"),
            ["before", "hits", "errors_before", "errors"].map(|name| row[name].as_u64()),
        );
    }
    for (path, want) in [
        ("/api", [2, 3, 0, 2]),
        ("/img", [1, 1, 1, 0]),
        ("/new", [0, 1, 0, 0]),
        ("/old", [1, 0, 1, 0]),
        ("/early", [1, 0, 1, 0]),
    ] {
        assert_eq!(rows.get(path), Some(&want.map(Some)), "{path}");
    }
}

#[test]
fn after_a_moment_is_compared_with_before_it_by_rates() {
    let args = [
        "--compare",
        "2026-11-20T00:00:00Z",
        "--since",
        "2026-11-19T10:00:00Z",
    ];
    let (out, _) = run("moment", &args);
    // Five hits in 4 h 1 s and four in 3 h 1 s.
    assert!(
        out.contains("with 2026-11-19T10:00:00Z to 2026-11-19T13:00:00Z  hits 5 (-6%)"),
        "{out}"
    );
}

#[test]
fn the_moment_may_be_that_in_a_file() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("comparing-deploy");
    std::fs::create_dir_all(&folder).expect("a folder");
    let deploy = folder.join("deploy.time");
    let file = deploy.to_str().expect("UTF-8");
    let midnight = 1_795_132_800;
    let compared = || {
        let (out, said) = run(
            "file",
            &["--compare", file, "--since", "2026-11-19T10:00:00Z"],
        );
        let line = out.lines().find(|line| line.contains("compared"));
        line.unwrap_or_else(|| panic!("{out} {said}")).to_owned()
    };
    let want = "with 2026-11-19T10:00:00Z to 2026-11-19T13:00:00Z  hits 5 (-6%)";
    for text in [
        "2026-11-20T00:00:00Z\nby ann\n",
        "  1795132800\n",
        "2026-11-20",
    ] {
        std::fs::write(&deploy, text).expect("a file");
        assert!(compared().contains(want), "{text}: {}", compared());
    }
    // An empty one says it by its own time.
    let empty = std::fs::File::create(&deploy).expect("a file");
    let changed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(midnight);
    empty.set_modified(changed).expect("a time");
    assert!(compared().contains(want), "{}", compared());
    for text in ["soon", "-", "99999999999999"] {
        std::fs::write(&deploy, text).expect("a file");
        let (out, said) = run("file", &["--compare", file]);
        assert!(
            out.is_empty() && said.contains("deploy.time: expected a time"),
            "{text}: {said}"
        );
    }
    let (out, said) = run("file", &["--compare", folder.to_str().expect("UTF-8")]);
    assert!(
        out.is_empty() && said.contains("or a file that holds one"),
        "{said}"
    );
}
