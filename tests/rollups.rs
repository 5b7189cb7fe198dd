//! Merging is replay: the rollups of any parts of a log, merged in any way, give what the log sorted by time gives, to the
//! byte, in every output and under every kind of rule.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/packed.rs"]
mod packed;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use folder::fresh;
use httpmon::stats::dimension::DIMENSIONS;
use packed::gzip;
use proptest::prelude::*;
use proptest::sample::Index;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

/// A record: how long after the one before, what says everything else, and in which part it is.
type Entry = (i64, u64, usize);

const TARGETS: [&str; 9] = [
    "/api/a?q=1",
    "/api/b",
    "/",
    "/static/x y",
    "/caf\u{e9}/\u{1F600}",
    "/a\\\\b/\\\"#\\u0009",
    "http://www.example.com/x/y",
    "*",
    "//",
];
const METHODS: [&str; 4] = ["GET", "GET", "POST", "PURGE"];
const AGENTS: [&str; 5] = ["Mozilla/5.0", "curl/8.5", "Googlebot/2.1", "", "-"];
const STATUSES: [&str; 8] = ["200", "200", "200", "304", "404", "404", "503", "999"];
const CACHES: [&str; 3] = ["HIT", "MISS", "-"];

/// A line of JSON. Its bytes are its number, so that no two parts are the same.
fn line(time: i64, number: usize, seed: u64) -> String {
    let pick = |list: &[&'static str], shift: u32| list[(seed >> shift) as usize % list.len()];
    let at = jiff::Timestamp::from_second(time).expect("in range");
    let request = match seed % 29 {
        0 => "\\u0016\\u0003\\u0001".to_owned(),
        n => format!(
            "{} {} HTTP/{}",
            pick(&METHODS, 8),
            pick(&TARGETS, 16),
            ["1.1", "2.0"][n as usize % 2]
        ),
    };
    let mut line = format!(
        r#"{{"time":"{at}","remote_addr":"10.0.{}.{}","remote_user":"{}","host":"{}","request":"{request}","status":{},"bytes":{number}"#,
        seed % 3,
        (seed >> 24) % 5,
        ["ann", "", "-"][(seed >> 28) as usize % 3],
        ["www", "api"][(seed >> 30) as usize % 2],
        pick(&STATUSES, 32),
    );
    if !seed.is_multiple_of(5) {
        let _ = write!(line, r#","request_time":0.{:03}"#, (seed >> 36) % 1000);
    }
    let _ = writeln!(
        line,
        r#","http_user_agent":"{}","upstream_cache_status":"{}"}}"#,
        pick(&AGENTS, 44),
        pick(&CACHES, 50)
    );
    line
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let gap = prop_oneof![8 => 0i64..2, 2 => 2i64..30, 1 => 60i64..900];
    let dense = prop_oneof![8 => 0i64..2, 2 => 2i64..50];
    let of = |gap| prop::collection::vec((gap, any::<u64>(), 0usize..6), 1..300);
    prop_oneof![of(gap.boxed()), of(dense.boxed())]
}

fn run(args: &[&str], files: &[PathBuf]) -> (Vec<u8>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .arg("--replay")
        .args(args)
        .args(files)
        .env_remove("HTTPMON_CONFIG_PATH")
        .output()
        .expect("it runs");
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{args:?} {files:?}: {errors}"
    );
    (output.stdout, errors)
}

/// The same of a file that is standard input, which has no name.
fn run_on(args: &[&str], file: &Path) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .arg("--replay")
        .args(args)
        .stdin(fs::File::open(file).expect("a file"))
        .env_remove("HTTPMON_CONFIG_PATH")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    output.stdout
}

/// What rollups carry.
const CARRIED: &str =
    "--rollup-by=section,client,path,user,host,referrer,agent,cache,field:upstream_cache_status";

/// Every kind of rule, with each clause somewhere.
const RULES: [&str; 19] = [
    "--alert=Hits: hits > 1/s over 20s",
    "--alert=Low: hits < 1 over 1m",
    "--alert=Class: 5xx > 20% over 1m min 3",
    "--alert=Code: 404 > 2 over 1m by client",
    "--alert=Bytes: bytes > 3kB over 30s",
    "--alert=Malformed: malformed > 2 over 5m",
    "--alert=Unparsed: unparsed > 0 over 5m",
    "--alert=Unique: unique client > 4 over 1m",
    "--alert=P95: p95 > 900ms over 1m",
    "--alert=Median: p50 > 600ms over 2m for 5s keep 1m",
    "--alert=Max: max > 990ms over 1m where section=/api",
    "--alert=Mean: mean > 600ms over 1m",
    "--alert=Silent: silence > 1m",
    "--alert=Lost: silence > 2m by host",
    "--alert=Slow: hits > 2 over 1m where duration > 900ms and bytes > 20",
    "--alert=Users: hits > 2 over 1m where user=ann and not method=GET by path",
    "--alert=Usual: hits > 2x usual over 1m",
    "--alert=Objective: slo 90% where cache=MISS",
    "--alert=Field: hits > 2 over 1m where field:upstream_cache_status!=HIT by field:upstream_cache_status",
];

/// What is asked, besides the rules.
const QUESTIONS: [&[&str]; 8] = [
    &["-rtext"],
    &[
        "-rtext",
        "-i10s",
        "--top=section,client=3,path=9,method,status,protocol,agent,bot,cache,user,host",
    ],
    &[
        "-rjson",
        "-i1m",
        "--top=network,not-found,failing,referrer,field:upstream_cache_status/status",
    ],
    &["-rcsv", "-i30s"],
    &["-rhtml", "--tz=Europe/Berlin"],
    &["-remail", "-i1h"],
    &["-ropenmetrics", "-i10m"],
    &[
        "-rjson",
        "-q",
        "--where=status<500 and not agent~curl*",
        "--since=2026-01-01T00:01",
    ],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_tree_of_rollups_of_any_parts_is_one_replay(
        entries in entries(),
        merges in prop::collection::vec((any::<Index>(), any::<Index>(), any::<bool>()), 0..5),
        twice in any::<Index>(),
        question in 0..QUESTIONS.len(),
        noise in any::<bool>(),
    ) {
        let folder = fresh("rollups-tree");
        let (mut whole, mut parts) = (String::new(), vec![String::new(); 6]);
        let mut time = START;
        // Nor does a replay know where they are, when the record before them waits to be believed.
        let dense = entries.iter().all(|entry| entry.0 < 60);
        // A line that is no record is shown with its number in its file, which is another for each part.
        let noise = noise && ["-rcsv", "-ropenmetrics"].contains(&QUESTIONS[question][0]);
        for (number, &(gap, seed, part)) in entries.iter().enumerate() {
            time += gap;
            let mut text = line(time, number, seed);
            // What is no record counts where it is only if a record of its part is before it.
            if noise && dense && seed.is_multiple_of(7) && number > 16 && parts[part].lines().count() > 16 {
                text += "\nno record\n";
            }
            whole += &text;
            parts[part] += &text;
        }
        let log = folder.join("whole.log");
        fs::write(&log, whole).expect("a file");
        let mut files = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let (from, to) = (folder.join(format!("{n}.log")), folder.join(format!("{n}.rollup")));
            fs::write(&from, part).expect("a file");
            fs::write(&to, run(&["-rrollup", CARRIED], &[from]).0).expect("a file");
            files.push(to);
        }
        for (n, (a, b, packed)) in merges.iter().enumerate() {
            let mut taken = vec![files.swap_remove(a.index(files.len()))];
            taken.push(files.swap_remove(b.index(files.len())));
            // Given twice, it counts once.
            taken.push(taken[0].clone());
            let merged = run(&["-rrollup", CARRIED], &taken).0;
            let to = folder.join(format!("merged{n}"));
            fs::write(&to, if *packed { gzip(&merged) } else { merged }).expect("a file");
            files.push(to);
        }
        let copy = folder.join("copy");
        fs::copy(&files[twice.index(files.len())], &copy).expect("a file");
        files.insert(0, copy);
        let args: Vec<&str> = QUESTIONS[question].iter().copied().chain(RULES).collect();
        // Some outputs name the files.
        let named = ["-rtext", "-rhtml", "-remail"].contains(&args[0]);
        let (want, found) = if named {
            let last = folder.join("last");
            fs::write(&last, run(&["-rrollup", CARRIED], &files).0).expect("a file");
            (run_on(&args, &log), run_on(&args, &last))
        } else {
            (run(&args, &[log]).0, run(&args, &files).0)
        };
        let (found, want) = (String::from_utf8_lossy(&found), String::from_utf8_lossy(&want));
        // A page says when it was made.
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.contains("<dt>Made</dt>"));
            lines.map(str::to_owned).collect()
        };
        let (found, want) = (lines(&found), lines(&want));
        let differs = found.iter().zip(&want).find(|(found, want)| found != want);
        prop_assert!(found == want, "{differs:#?} {args:?} {files:?}");
    }
}

/// Every dimension can be asked of a rollup that carries it.
#[test]
fn every_dimension_is_carried() {
    let folder = fresh("rollups-dimensions");
    let lines: String = (0..500)
        .map(|n| {
            line(
                START + n as i64,
                n,
                (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            )
        })
        .collect();
    let log = folder.join("whole.log");
    fs::write(&log, lines).expect("a file");
    // Two need a database; the source is the rollup where its own is not carried.
    let others = ["asn", "country", "source"];
    for dimension in DIMENSIONS.iter().filter(|row| !others.contains(&row.name)) {
        // One with a parameter is none without it.
        let name = match dimension.name {
            "param" => "param:q",
            "field" => "field:upstream_cache_status",
            name => name,
        };
        let rollup = folder.join(format!("{}.rollup", dimension.name));
        let carries = format!("--rollup-by={name}");
        let written = run(&["-rrollup", &carries], std::slice::from_ref(&log)).0;
        fs::write(&rollup, written).expect("a file");
        let top = format!("--top={name}=20");
        let listed = |file: &Path| -> String {
            let summary = run(&["-rjson", "-t1000", &top], &[file.into()]).0;
            let summary = String::from_utf8(summary).expect("UTF-8");
            let (_, listed) = summary
                .split_once(&format!("\"{name}\":["))
                .expect("a list");
            listed.split_once(']').expect("its end").0.to_owned()
        };
        assert_eq!(listed(&rollup), listed(&log), "{name}");
    }
}

/// Rules are asked of a rollup that was written with them and carries nothing else, and are told the same of it: what it does
/// not carry is no cause.
#[test]
fn what_rules_name_is_carried() {
    let folder = fresh("rollups-rules");
    let entry = |n: usize| {
        let seed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        line(START + 2 * n as i64, n, seed)
    };
    let (log, rollup) = (folder.join("log"), folder.join("rollup"));
    fs::write(&log, (0..1500).map(entry).collect::<String>()).expect("a file");
    let mut fired = 0;
    for rule in RULES {
        let written = run(
            &["-rrollup", "--top=method", rule],
            std::slice::from_ref(&log),
        )
        .0;
        fs::write(&rollup, written).expect("a file");
        let carries_client = rule.contains("client");
        let alerts = |file: &PathBuf| {
            let args = ["-rjson", "--top=method", rule];
            let told = run(&args, std::slice::from_ref(file)).0;
            let told = String::from_utf8(told).expect("UTF-8");
            let alerts = told
                .lines()
                .filter(|line| line.contains(r#""type":"alert""#));
            let alerts = alerts.map(|line| {
                let mut alert: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let causes = alert.to_string().matches(r#""dim":"client""#).count();
                for told in ["text", "summary", "cause", "spread", "changed"] {
                    alert[told].take();
                }
                (alert, causes)
            });
            alerts.collect::<Vec<_>>()
        };
        let (found, want) = (alerts(&rollup), alerts(&log));
        fired += want.len();
        assert_eq!(found.len(), want.len(), "{rule}");
        for ((found, causes), (want, _)) in found.iter().zip(&want) {
            assert_eq!(found, want, "{rule}");
            assert!(carries_client || *causes == 0, "{rule}");
        }
    }
    assert!(fired > 100, "{fired}");
}

/// The bytes of a rollup do not depend on how many merged it.
#[test]
fn a_merged_rollup_is_that_of_the_whole() {
    let folder = fresh("rollups-same");
    let lines: Vec<String> = (0..4000)
        .map(|n| {
            line(
                START + n as i64 / 20,
                n,
                (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            )
        })
        .collect();
    let write = |name: String, lines: Vec<&str>| {
        let from = folder.join(name);
        fs::write(&from, lines.concat()).expect("a file");
        let to = from.with_extension("rollup");
        fs::write(&to, run(&["-rrollup", CARRIED], &[from]).0).expect("a file");
        to
    };
    let whole = write(
        "whole.log".to_owned(),
        lines.iter().map(|line| &line[..]).collect(),
    );
    let parts: Vec<PathBuf> = (0..64)
        .map(|part| {
            let lines = lines.iter().skip(part).step_by(64).map(|line| &line[..]);
            write(format!("{part}.log"), lines.collect())
        })
        .collect();
    let merged = run(&["-rrollup", CARRIED], &parts).0;
    assert!(merged == fs::read(&whole).expect("a file"));
    // On a pipe, and one behind the other.
    let mut piped = Command::new(env!("CARGO_BIN_EXE_httpmon"))
        .args(["--replay", "-rjson", "-i10s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    piped
        .stdin
        .take()
        .expect("a pipe")
        .write_all(&merged)
        .expect("a reader");
    let piped = piped.wait_with_output().expect("it ends");
    let log = whole.with_extension("log");
    assert!(piped.stdout == run(&["-rjson", "-i10s"], &[log]).0 && piped.stderr.is_empty());
    let joined = folder.join("joined");
    let all: Vec<u8> = parts
        .iter()
        .flat_map(|part| fs::read(part).expect("a file"))
        .collect();
    fs::write(&joined, all).expect("a file");
    assert!(run(&["-rrollup", CARRIED], &[joined]).0 == merged);
}

/// What comes an hour late in a part is in its place all the same.
#[test]
fn late_records_are_in_their_place() {
    let folder = fresh("rollups-late");
    let entry = |n: usize| {
        line(
            START + 40 * n as i64,
            n,
            (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        )
    };
    let sorted: String = (0..2000).map(entry).collect();
    let mut order: Vec<usize> = (0..2000).collect();
    // Every fiftieth comes some thirty records later: twenty minutes.
    for n in (50..1900).step_by(50).rev() {
        let late = order.remove(n);
        order.insert(n + 30, late);
    }
    let disordered: String = order.into_iter().map(entry).collect();
    let (log, late) = (folder.join("sorted.log"), folder.join("late.log"));
    fs::write(&log, sorted).expect("a file");
    fs::write(&late, disordered).expect("a file");
    let rollup = folder.join("late.rollup");
    fs::write(&rollup, run(&["-rrollup"], &[late]).0).expect("a file");
    let text = fs::read_to_string(&rollup).expect("UTF-8");
    assert!(text.lines().filter(|line| line.ends_with(" late")).count() > 1);
    let args = ["-rjson", "-i10m", RULES[0], RULES[2]];
    let (found, said) = run(&args, &[rollup]);
    assert_eq!(said, "");
    assert_eq!(
        String::from_utf8_lossy(&found),
        String::from_utf8_lossy(&run(&args, &[log]).0)
    );
}

/// What was not believed is told of by every merge of it.
#[test]
fn hits_without_a_time_are_in_a_rollup_of_rollups() {
    let folder = fresh("rollups-skewed");
    let entry = |n: usize| {
        let wrong = if n % 40 == 20 { 90 * 86_400 } else { 0 };
        let seed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        line(START + n as i64 / 4 + wrong, n, seed)
    };
    let (log, mut rollup) = (folder.join("log"), folder.join("0.rollup"));
    fs::write(&log, (0..400).map(entry).collect::<String>()).expect("a file");
    fs::write(
        &rollup,
        run(&["-rrollup", CARRIED], std::slice::from_ref(&log)).0,
    )
    .expect("a file");
    let json = |file: &Path| {
        let (found, _) = run(&["-rjson", "-i1m"], &[file.into()]);
        String::from_utf8(found).expect("UTF-8")
    };
    let want = json(&log);
    assert!(want.contains(r#""skewed":10,"#), "{want}");
    for n in 1..4 {
        assert_eq!(json(&rollup), want, "{n}");
        // Also on a pipe, where lines are taken one by one.
        let again = if n == 2 {
            run_on(&["-rrollup", CARRIED], &rollup)
        } else {
            run(&["-rrollup", CARRIED], std::slice::from_ref(&rollup)).0
        };
        rollup = folder.join(format!("{n}.rollup"));
        fs::write(&rollup, again).expect("a file");
    }
}

/// The clock of the lines goes back by an hour, or forward: an hour of the day is that of the line in a rollup, too, whoever
/// reads it, and whatever zone is shown.
#[test]
fn local_times_keep_their_offset_when_the_clock_changes() {
    let folder = fresh("rollups-zone");
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let local = [
        "--format=%{%Y-%m-%d %H:%M:%S}t %h %r %>s %b",
        "--log-tz=Europe/Berlin",
    ];
    // Both at 01:00 UTC.
    for change in [1_761_440_400, 1_774_746_000] {
        let lines: Vec<String> = (0..3000)
            .map(|n| {
                let time = jiff::Timestamp::from_second(change - 10_800 + 7 * n).expect("in range");
                let time = time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
                format!(
                    "{time} 10.0.0.{} GET /{}/x HTTP/1.1 200 {n}\n",
                    n % 7,
                    n % 5
                )
            })
            .collect();
        let write = |name: &str, lines: Vec<&String>| {
            let path = folder.join(name);
            let lines: Vec<&str> = lines.into_iter().map(|line| &line[..]).collect();
            fs::write(&path, lines.concat()).expect("a file");
            path
        };
        let whole = write("whole.log", lines.iter().collect());
        let parts = [0, 1].map(|part| {
            let name = format!("{part}.log");
            write(&name, lines.iter().skip(part).step_by(2).collect())
        });
        let args = ["-rrollup", "--rollup-by=hour,weekday,client"];
        let args = [&args[..], &local].concat();
        let rollups = [&parts[..], &parts[..1], &parts[1..]];
        let rollups: Vec<PathBuf> = (0..)
            .zip(rollups)
            .map(|(n, parts)| {
                let to = folder.join(format!("{n}.rollup"));
                fs::write(&to, run(&args, parts).0).expect("a file");
                to
            })
            .collect();
        for question in [
            &["-rjson", "-i1h", "--top=hour,weekday"][..],
            &["-rjson", "-i10m", "--tz=Europe/Berlin", "--top=hour"],
            &["-rcsv", "-i1d", "--tz=America/New_York", "--top=hour=30"],
            &[
                "-rjson",
                "--where=hour=2",
                "--top=hour",
                "--alert=A: hits > 1 over 10s where hour=3",
            ],
        ] {
            let want = run(&[question, &local].concat(), std::slice::from_ref(&whole)).0;
            let want = String::from_utf8(want).expect("UTF-8");
            for rollups in [&rollups[..1], &rollups[1..]] {
                let found = run(question, rollups).0;
                let found = String::from_utf8(found).expect("UTF-8");
                assert_eq!(found, want, "{change} {question:?} {rollups:?}");
            }
        }
    }
}

/// Each host writes a rollup as its seconds close, and one monitor reads them as they come.
#[cfg(unix)]
#[test]
fn rollups_that_come_at_once_are_whole_each_by_itself() {
    let folder = fresh("rollups-live");
    let parts = [0, 1].map(|part| {
        let lines = (0..200).filter(|n| n % 2 == part);
        let lines = lines.map(|n| line(START + n as i64, n, n as u64 * 0x9e37_79b9));
        let log = folder.join(format!("{part}.log"));
        fs::write(&log, lines.collect::<String>()).expect("a file");
        run(&["-rrollup"], &[log]).0
    });
    let read = |texts: &[Vec<u8>; 2]| {
        let pipes = [0, 1].map(|n| folder.join(format!("web{n}")));
        let made = Command::new("mkfifo").args(&pipes).status();
        assert!(made.expect("mkfifo runs").success());
        let httpmon = Command::new(env!("CARGO_BIN_EXE_httpmon"))
            .args(["-rjson", "-i1h", "--lateness=0"])
            .args(&pipes)
            .current_dir(&folder)
            .env_remove("HTTPMON_CONFIG_PATH")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let open = |pipe| fs::OpenOptions::new().write(true).open(pipe);
        let mut writers = pipes.clone().map(|pipe| open(pipe).expect("a reader"));
        for piece in 0..10 {
            for (writer, text) in writers.iter_mut().zip(texts) {
                let at = |piece| text.len() * piece / 10;
                let piece = &text[at(piece)..at(piece + 1)];
                writer.write_all(piece).expect("a reader");
            }
        }
        drop(writers);
        pipes
            .iter()
            .for_each(|pipe| fs::remove_file(pipe).expect("a pipe"));
        let output = httpmon.wait_with_output().expect("it ends");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        let summary = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(summary.contains(r#""lines":200,"hits":200,"#), "{summary}");
        (output.status.code(), said)
    };
    let (status, said) = read(&parts);
    assert!(status == Some(0) && !said.contains("rollup is"), "{said}");
    let cut = parts.map(|text| {
        let end = text.windows(5).rposition(|at| at == b"#end ");
        text[..end.expect("an end")].to_vec()
    });
    let (status, said) = read(&cut);
    assert_eq!(status, Some(2));
    for name in ["web0: the rollup is cut off", "web1: the rollup is cut off"] {
        assert!(said.contains(name), "{said}");
    }
}
