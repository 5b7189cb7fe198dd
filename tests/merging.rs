//! Several files are one log sorted by time, whatever they are called, however they were cut, and in any order.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/packed.rs"]
mod packed;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use folder::fresh;
use packed::{gzip, zstd};
use proptest::prelude::*;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

/// The records of a server: how long after the one before, and a number that says everything else.
type Log = Vec<(i64, usize)>;

fn line(time: i64, server: usize, kind: usize) -> String {
    let at = jiff::Timestamp::from_second(time).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    let status = [200, 200, 404, 503][kind % 4];
    format!(
        "10.0.{server}.{} - - [{at}] \"GET /p{}/x HTTP/1.1\" {status} {kind}\n",
        kind % 5,
        kind % 7
    )
}

/// The lines of a server with their times.
fn lines(server: usize, log: &Log) -> Vec<(i64, String)> {
    let mut time = START + server as i64 * 40;
    let mut lines = Vec::new();
    for &(gap, kind) in log {
        time += gap;
        lines.push((time, line(time, server, kind)));
    }
    lines
}

fn logs() -> impl Strategy<Value = Vec<Log>> {
    let gap = prop_oneof![6 => 0i64..2, 3 => 2i64..8, 1 => 100i64..900];
    let log = prop::collection::vec((gap, 0usize..1000), 0..150);
    prop::collection::vec(log, 1..4)
}

fn httpmon(args: &[&str], files: &[PathBuf]) -> (Vec<u8>, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .arg("--replay")
        .args(args)
        .args(files)
        .env_remove("HTTPMON_CONFIG_PATH")
        .output()
        .expect("it runs");
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    // What files are called makes no difference to anything else.
    let lines = output.stdout.split_inclusive(|&b| b == b'\n');
    let unnamed = lines.filter(|line| !line.starts_with(b"  files "));
    (
        unnamed.collect::<Vec<_>>().concat(),
        errors,
        output.status.code(),
    )
}

const OPTIONS: [&[&str]; 4] = [
    &[
        "-rjson",
        "-i10s",
        "-t1",
        "-w20s",
        "--alert=E: 5xx > 30% over 1m min 5",
        "--alert=C: 404 > 2 over 1m by client",
    ],
    &["-i1m", "--lateness=0"],
    &["-q", "-t2", "-w10s", "--threads=1"],
    &["-rjson", "--top=path=3,status=4", "--since=00:01"],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Names say nothing: the files are named in an order of chance.
    #[test]
    fn any_cut_in_any_order_is_one_log_sorted_by_time(logs in logs(), cuts in prop::collection::vec(0usize..150, 0..6), names in any::<[u16; 12]>(), options in 0usize..4) {
        let folder = fresh("merging-cut");
        let mut all: Vec<(i64, usize, usize, String)> = Vec::new();
        let mut files = Vec::new();
        for (server, log) in logs.iter().enumerate() {
            let lines = lines(server, log);
            let mut cuts: Vec<usize> = cuts.iter().skip(server).step_by(2).map(|cut| (*cut).min(lines.len())).collect();
            cuts.extend([0, lines.len()]);
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                let text: String = lines[pair[0]..pair[1]].iter().map(|(_, line)| &line[..]).collect();
                let name = names[files.len() % names.len()];
                let file = folder.join(format!("{name}-{}", files.len()));
                let bytes = if name % 2 == 0 { gzip(text.as_bytes()) } else { text.into_bytes() };
                fs::write(&file, bytes).expect("a file");
                files.push(file);
            }
            let lines = lines.into_iter().enumerate();
            all.extend(lines.map(|(n, (time, line))| (time, server, n, line)));
        }
        files.sort();
        // An empty file more, so that there are several in any case.
        let empty = folder.join("empty");
        fs::write(&empty, "").expect("a file");
        files.push(empty);
        all.sort();
        let sorted = folder.join("sorted");
        fs::write(&sorted, all.into_iter().map(|(.., line)| line).collect::<String>()).expect("a file");
        let (merged, errors, status) = httpmon(OPTIONS[options], &files);
        let (want, said, _) = httpmon(OPTIONS[options], &[sorted]);
        prop_assert_eq!(String::from_utf8_lossy(&merged), String::from_utf8_lossy(&want));
        prop_assert_eq!((errors, status), (said, Some(0)));
        files.reverse();
        prop_assert_eq!(httpmon(OPTIONS[options], &files).0, merged);
    }
}

/// One of them is cut: what it holds up to there counts, it is named, and the others are read to their ends.
#[test]
fn a_packed_file_that_is_cut_is_counted_up_to_there() {
    let folder = fresh("merging-broken");
    let log: String = (0..2000).map(|n| line(START + n, 1, 0)).collect();
    let packed = gzip(log.as_bytes());
    let (cut, whole) = (folder.join("cut.gz"), folder.join("whole"));
    fs::write(&cut, &packed[..packed.len() - 20]).expect("a file");
    fs::write(&whole, line(START + 5000, 2, 0).repeat(100)).expect("a file");
    let (out, errors, status) = httpmon(&["-rjson"], &[whole, cut]);
    let summary: serde_json::Value = serde_json::from_slice(&out).expect("a summary");
    let hits = summary["hits"].as_u64().expect("a number");
    assert!((101..2100).contains(&hits), "{hits}");
    assert!(errors.contains("cut.gz"), "{errors}");
    assert_eq!(status, Some(2));
}

/// The last line of each needs no newline, also where nothing else is left of its file.
#[test]
fn last_lines_without_a_newline_count() {
    let folder = fresh("merging-last");
    let files = [1, 2].map(|server| folder.join(server.to_string()));
    for (lines, length) in [(1, 0), (5, 16 << 10), (2000, 0)] {
        for (server, file) in files.iter().enumerate() {
            let log: String = (0..lines).map(|n| line(START + n, server, 0)).collect();
            let log = log.trim_end();
            // As many bytes as are counted first.
            let remark = format!(
                "#{}\n",
                "-".repeat(length.max(log.len() + 2) - log.len() - 2)
            );
            fs::write(file, remark + log).expect("a file");
        }
        let (out, errors, status) = httpmon(&["-rjson"], &files);
        let summary: serde_json::Value = serde_json::from_slice(&out).expect("a summary");
        assert_eq!(summary["hits"], 2 * lines, "{errors}");
        assert_eq!(status, Some(0));
    }
}

/// One wrong time at the beginning of a file does not put all of it at the end.
#[test]
fn a_file_that_begins_with_a_wrong_time_is_read_in_its_place() {
    let folder = fresh("merging-wrong");
    let part = |from: i64| {
        (from..from + 300)
            .map(|n| line(START + n, 1, 0))
            .collect::<String>()
    };
    let (first, second) = (folder.join("b"), folder.join("a"));
    fs::write(&first, line(START + 90_000, 1, 0) + &part(0)).expect("a file");
    fs::write(&second, part(300)).expect("a file");
    let (out, _, _) = httpmon(&["-rjson"], &[second, first]);
    let summary: serde_json::Value = serde_json::from_slice(&out).expect("a summary");
    assert_eq!(summary["hits"], 601);
    assert_eq!(
        (&summary["late"], &summary["skewed"]),
        (&0.into(), &1.into())
    );
}

/// Where a table passes its cap, the ids of what other files hold follow.
#[test]
fn past_the_cap_of_keys_the_heavy_ones_are_still_exact() {
    let folder = fresh("merging-cap");
    let mut files = Vec::new();
    for server in 0..3 {
        let many = |n: i64| {
            let at = START + n / 100;
            let heavy = line(at, 9, 0);
            format!(
                "{heavy}{}",
                heavy.replace("/p0/x", &format!("/{server}-{n}/x"))
            )
        };
        let file = folder.join(format!("{server}"));
        fs::write(&file, (0..50_000).map(many).collect::<String>()).expect("a file");
        files.push(file);
    }
    let (out, errors, status) = httpmon(&["-rjson", "--top=path=1"], &files);
    assert_eq!((&errors[..], status), ("", Some(0)));
    let last = out
        .trim_ascii_end()
        .rsplit(|&b| b == b'\n')
        .next()
        .expect("a line");
    let summary: serde_json::Value = serde_json::from_slice(last).expect("a summary");
    assert_eq!(summary["hits"], 300_000);
    let heaviest = &summary["top"]["path"][0];
    assert_eq!(
        (&heaviest["key"], &heaviest["hits"]),
        (&"/p0/x".into(), &150_000.into())
    );
}

/// Ten logs that begin so many seconds after each other, packed so that what unpacks all of them would take more memory than
/// it may.
fn wide(folder: &std::path::Path, apart: i64) -> Vec<PathBuf> {
    let agent = "x".repeat(3000);
    let log = |server| {
        let lines = (0..700).map(|n| {
            let time = START + server as i64 * apart + n * 5;
            let line = line(time, server, n as usize);
            format!("{} \"-\" \"{agent}\"\n", line.trim_end())
        });
        lines.collect::<String>()
    };
    let logs = (0..10).map(|server| {
        let file = folder.join(format!("{apart}-{server}.zst"));
        fs::write(&file, zstd(log(server).as_bytes())).expect("a file");
        file
    });
    logs.collect()
}

#[test]
fn where_packed_files_cannot_be_put_aside_they_are_named_and_the_others_are_read() {
    let folder = fresh("merging-aside");
    let run = |files: &[PathBuf], temporary: &std::path::Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
            .args(["--replay", "-rjson"])
            .args(files)
            .env_remove("HTTPMON_CONFIG_PATH")
            .env("TMPDIR", temporary)
            .output()
            .expect("it runs");
        let summary = output.stdout.split(|&b| b == b'\n').rev().nth(1);
        let summary: serde_json::Value =
            serde_json::from_slice(summary.expect("a line")).expect("a summary");
        let errors = String::from_utf8(output.stderr).expect("UTF-8");
        (
            summary["hits"].as_u64().expect("a number"),
            errors,
            output.status.code(),
        )
    };
    let nowhere = folder.join("nowhere");
    // One after the other, each gives back what it took.
    let follow = run(&wide(&folder, 4000), &nowhere);
    assert_eq!(follow, (7000, String::new(), Some(0)));
    let files = wide(&folder, 0);
    let (hits, errors, status) = run(&files, &folder);
    assert_eq!((hits, &errors[..], status), (7000, "", Some(0)));
    let left = fs::read_dir(&folder).expect("it is there").count();
    assert_eq!(left, 2 * files.len(), "nothing stays behind");
    let (hits, errors, status) = run(&files, &nowhere);
    assert!((700..7000).contains(&hits), "{hits}");
    let said = format!("cannot be unpacked into {}: ", nowhere.display());
    assert!(errors.contains(&said), "{errors}");
    assert!(errors.contains("(TMPDIR names another folder)"), "{errors}");
    assert_eq!(status, Some(2));
}

/// More files of the same hour than may be open.
#[cfg(unix)]
#[test]
fn more_files_than_may_be_open_are_read_along_with_each_other() {
    let folder = fresh("merging-many");
    let mut all = Vec::new();
    for server in 0..250 {
        let lines: Vec<(i64, String)> = (0..40)
            .map(|n| (START + n * 7, line(START + n * 7, server, n as usize)))
            .collect();
        let text: String = lines.iter().map(|(_, line)| &line[..]).collect();
        let text = if server % 5 == 0 {
            gzip(text.as_bytes())
        } else {
            text.into_bytes()
        };
        fs::write(folder.join(format!("web{server:03}")), text).expect("a file");
        all.extend(lines.into_iter().map(|(time, line)| (time, server, line)));
    }
    all.sort();
    let sorted = folder.join("sorted");
    let lines = all.into_iter().map(|(.., line)| line);
    fs::write(&sorted, lines.collect::<String>()).expect("a file");
    let (want, ..) = httpmon(OPTIONS[0], &[sorted]);
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 150 && exec \"$0\" --replay \"$@\""])
        .arg(env!("CARGO_BIN_EXE_httpmon"))
        .args(OPTIONS[0])
        .args((0..250).map(|server| folder.join(format!("web{server:03}"))))
        .env_remove("HTTPMON_CONFIG_PATH")
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&want)
    );
}
