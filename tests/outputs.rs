//! What the reports for other programs promise to them: that a browser, a mail program, a spreadsheet and
//! Prometheus read what was meant, whatever is in the log; and where `--output` puts it.

#[cfg(unix)]
#[path = "outputs/on_unix.rs"]
mod on_unix;
#[path = "outputs/read.rs"]
mod read;

#[path = "support/folder.rs"]
mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use folder::fresh;
use read::{Message, metrics, rows, tags};

const LOG: &str = "tests/data/access.log";
const HOSTILE: &str = "tests/cases/html/hostile_bytes/input";
/// What makes keys of the hostile log occur wherever a key can.
const EVERYWHERE: &[&str] = &[
    "--top=path=20,client=20,agent,referrer",
    "--alert=Hot <i>&\"'\\: hits > 0 over 2s by path",
    "--alert==Many: hits > 0 over 5s by client",
];
const REPORTS: [&str; 6] = ["text", "json", "html", "email", "openmetrics", "csv"];

fn httpmon(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        // Two pages are made at the same time.
        .env("SOURCE_DATE_EPOCH", "1800000000")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
    command
}

/// What a replay prints.
fn report(name: &str, args: &[&str], log: &str) -> String {
    let output = httpmon(&["--replay", "--report", name, log])
        .args(args)
        .output()
        .expect("httpmon starts");
    said(&output)
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("text")
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// Nothing that a terminal or an eye would not take as it is.
fn is_harmless(text: &str) -> bool {
    let hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    !text
        .chars()
        .any(|c| (c.is_control() && c != '\n') || hidden(c))
}

#[test]
fn a_page_has_no_element_that_is_not_its_own() {
    const OWN: &[&str] = &[
        "!doctype", "b", "body", "caption", "dd", "details", "div", "dl", "dt", "footer", "g",
        "h1", "h2", "h3", "head", "header", "html", "i", "li", "meta", "p", "path", "pre", "rect",
        "section", "small", "span", "style", "summary", "svg", "table", "tbody", "td", "th",
        "thead", "title", "tr", "ul",
    ];
    for log in [HOSTILE, LOG] {
        let page = report("html", EVERYWHERE, log);
        assert!(is_harmless(&page));
        for (tag, attributes) in tags(&page) {
            assert!(OWN.contains(&tag.as_str()), "<{tag}>");
            for (name, value) in attributes {
                assert!(!name.starts_with("on"), "<{tag} {name}>");
                let elsewhere = ["src", "href", "action", "data", "srcset", "xlink:href"];
                assert!(
                    !elsewhere.contains(&name.as_str()),
                    "<{tag} {name}={value}>"
                );
            }
        }
        assert!(!page.contains("url(") && !page.contains("@import"));
    }
}

#[test]
fn the_chart_of_a_page_is_as_high_as_the_busiest_point() {
    let page = report("html", &[], LOG);
    let label = "aria-label=\"Hits per 5s, at most ";
    let (_, after) = page.split_once(label).expect("a chart");
    let (most, _) = after.split_once('"').expect("a quote");
    // Counted by hand: each line's time, cut to five seconds.
    let mut points: BTreeMap<String, u32> = BTreeMap::new();
    for line in fs::read_to_string(LOG).expect("a log").lines() {
        if let Some((_, after)) = line.split_once("[20/Nov/2026:") {
            let (minute, second) = (&after[..6], &after[6..8]);
            let second: u32 = second.parse().expect("digits");
            *points.entry(format!("{minute}{}", second / 5)).or_default() += 1;
        }
    }
    assert_eq!(most.parse().ok(), points.values().max().copied());
}

#[test]
fn a_message_says_the_same_twice_in_lines_that_mail_can_carry() {
    for (log, args) in [(HOSTILE, EVERYWHERE), (LOG, &[])] {
        let message = report("email", args, log);
        assert!(message.is_ascii() && is_harmless(&message));
        for line in message.lines() {
            assert!(line.len() <= 76, "{line}");
            assert!(line != "." && !line.starts_with("From "), "{line}");
        }
        let message = Message::parse(&message);
        let names: Vec<&str> = message.headers.iter().map(|h| h.0.as_str()).collect();
        let expected = ["Subject", "Auto-Submitted", "MIME-Version", "Content-Type"];
        assert_eq!(names, expected, "To and From are the sender's");
        let [plain, html] = &message.parts[..] else {
            panic!("two parts, the better one last");
        };
        assert_eq!(plain.0, "text/plain; charset=utf-8");
        assert_eq!(html.0, "text/html; charset=utf-8");
        // The alerts as they happen are no part of it, but the summary is that of the text.
        let text = report("text", args, log);
        let start = text.find("summary ").expect("a summary");
        assert_eq!(plain.1, text[start..]);
        let own = [
            "!doctype", "body", "div", "head", "html", "meta", "span", "table", "td", "th",
            "title", "tr",
        ];
        assert!(is_harmless(&html.1));
        for (tag, attributes) in tags(&html.1) {
            assert!(own.contains(&tag.as_str()), "<{tag}>");
            assert!(attributes.iter().all(|(name, _)| !name.starts_with("on")));
        }
    }
}

#[test]
fn metrics_are_well_formed_in_both_formats_and_agree_with_the_summary() {
    for (log, args) in [(HOSTILE, EVERYWHERE), (LOG, &[])] {
        let text = report("openmetrics", args, log);
        assert!(is_harmless(&text));
        let metrics = metrics(&text);
        let json = report("json", args, log);
        let summary = json.lines().last().expect("a summary");
        let summary: serde_json::Value = serde_json::from_str(summary).expect("JSON");
        for (sample, key) in [
            ("httpmon_lines_total", "lines"),
            ("httpmon_hits_total", "hits"),
            ("httpmon_sent_bytes_total", "bytes"),
            ("httpmon_malformed_total", "malformed"),
            ("httpmon_unparsed_total", "unparsed"),
        ] {
            assert_eq!(metrics[sample], summary[key].as_f64().expect(key), "{key}");
        }
        let failed = metrics["httpmon_responses_total{class=\"5xx\"}"];
        assert_eq!(Some(failed), summary["status"]["5xx"].as_f64());
        let clients = metrics["httpmon_unique{dimension=\"client\"}"];
        assert_eq!(Some(clients), summary["unique"]["client"].as_f64());
    }
}

#[test]
fn counters_never_fall_as_a_log_grows() {
    let folder = fresh("outputs-growing");
    let log = fs::read_to_string(LOG).expect("a log");
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let mut before: BTreeMap<String, f64> = BTreeMap::new();
    for length in [1, 40, 500, 1000, lines.len()] {
        let part = folder.join("part.log");
        fs::write(&part, lines[..length].concat()).expect("a file");
        // All keys are listed: one that is overtaken would be missing, not less.
        let args = ["--top=section=100,client=100"];
        let now = metrics(&report("openmetrics", &args, part.to_str().expect("text")));
        for (sample, number) in &before {
            if sample.contains("_total") {
                assert!(now[sample] >= *number, "{sample} fell after {length} lines");
            }
        }
        before = now;
    }
    assert_eq!(before["httpmon_hits_total"], 1365.0);
}

#[test]
fn a_spreadsheet_gets_equal_rows_and_no_formula() {
    for (log, args) in [(HOSTILE, EVERYWHERE), (LOG, &[])] {
        let args = [args, &["--interval=1m"]].concat();
        let text = report("csv", &args, log);
        assert!(is_harmless(&text));
        let rows = rows(&text);
        let head = &rows[0];
        let hits = head.iter().position(|name| name == "hits").expect("hits");
        let mut sum = 0;
        for row in &rows[1..] {
            assert_eq!(row.len(), head.len());
            sum += row[hits].parse::<u64>().expect("a number");
            for cell in row {
                assert!(
                    !cell.trim_start().starts_with(['=', '+', '-', '@', '\t']),
                    "{cell}"
                );
            }
        }
        let expected = if log == LOG { 1365 } else { 13 };
        assert_eq!(sum, expected);
    }
}

#[test]
fn a_file_gets_what_standard_output_would() {
    for name in REPORTS {
        let folder = fresh(&format!("outputs-file-{name}"));
        let file = folder.join("out");
        // Something longer is there, which is gone afterwards.
        fs::write(&file, "x".repeat(200_000)).expect("a file");
        let path = file.to_str().expect("text");
        let args = ["--interval=1m", "--output", path];
        assert_eq!(
            report(name, &args, LOG),
            "",
            "{name}: all of it is in the file"
        );
        let written = fs::read_to_string(&file).expect("a file");
        assert_eq!(written, report(name, &args[..1], LOG), "{name}");
        assert_eq!(names_in(&folder), ["out"], "{name}: nothing else is left");
    }
}

#[test]
fn colour_is_for_a_file_only_where_it_is_asked_for() {
    let folder = fresh("outputs-colour");
    let file = folder.join("out");
    let path = file.to_str().expect("text");
    for (when, coloured) in [("auto", false), ("always", true)] {
        let command = httpmon(&["--replay", "--color", when, "-o", path, LOG])
            .env("CLICOLOR_FORCE", "1")
            .output()
            .expect("it starts");
        assert_eq!(said(&command), "");
        let written = fs::read_to_string(&file).expect("a file");
        assert_eq!(written.contains('\u{1b}'), coloured, "{when}");
    }
}

#[test]
fn a_dash_is_standard_output() {
    let plain = report("text", &[], LOG);
    assert_eq!(report("text", &["--output=-"], LOG), plain);
}
