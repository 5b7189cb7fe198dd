//! What a user reads is true: the man page and the completions are what the program prints, the
//! README shows what it writes, and every example runs.
//!
//! `HTTPMON_BLESS=1 cargo test --test docs` rewrites the man page, the completions and the outputs in
//! the README; read its diff before you commit it.
#![cfg(unix)]

#[path = "support/fed.rs"]
mod fed;
#[path = "docs/shell.rs"]
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use httpmon::alert::syntax::Spec;
use httpmon::cli::examples::EXAMPLES;
use httpmon::cli::flags::FLAGS;
use httpmon::cli::simulate;
use httpmon::error::{EXIT_ALERT, EXIT_ERROR, EXIT_NO_RECORD, EXIT_OK};
use httpmon::filter::Filter;
use httpmon::format::Choice;
use shell::{Shell, httpmon, httpmon_reading};

const BLESS: &str = "HTTPMON_BLESS=1 cargo test --test docs";
const LOG: &str = "tests/data/access.log";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds a file against what it should be; writes it instead where blessing was asked for.
fn holds(path: &str, should: &str) {
    let file: PathBuf = root().join(path);
    if std::env::var_os("HTTPMON_BLESS").is_some() {
        fs::write(&file, should).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let is = fs::read_to_string(&file).unwrap_or_default();
    let differs = is
        .lines()
        .zip(should.lines())
        .find(|(is, should)| is != should);
    assert!(
        is == should,
        "{path} is not current ({differs:?}); rewrite it with: {BLESS}"
    );
}

#[test]
fn the_man_pages_and_the_completions_are_what_generate_prints() {
    for (kind, path) in [
        ("man", "man/httpmon.1"),
        ("man-formats", "man/httpmon-formats.7"),
        ("man-rules", "man/httpmon-rules.7"),
        ("man-recipes", "man/httpmon-recipes.7"),
        ("complete-bash", "completions/httpmon.bash"),
        ("complete-zsh", "completions/_httpmon"),
        ("complete-fish", "completions/httpmon.fish"),
    ] {
        holds(path, &httpmon(&["--generate", kind]));
    }
}

/// The commands in fenced blocks of the README that show what they print, with their place in it:
/// blocks of `console`, whose first line is `$ cargo run --release -- …`.
#[test]
fn the_readme_shows_what_the_program_writes() {
    let readme = read("README.md");
    let mut should = String::new();
    let mut rest = readme.as_str();
    let mut blocks = 0;
    while let Some(start) = rest.find("```console\n") {
        let (before, block) = rest.split_at(start + "```console\n".len());
        let (command, shown) = block.split_once('\n').expect("a command");
        let end = shown.find("```").expect("a fence that closes");
        let arguments = command
            .strip_prefix("$ cargo run --release -- ")
            .or_else(|| command.strip_prefix("$ httpmon "))
            .unwrap_or_else(|| panic!("not a command of httpmon: {command}"));
        // Only httpmon is piped into here.
        let stages = arguments.split(" | httpmon ").map(arguments_of);
        let shown_now = stages.fold(String::new(), |input, arguments| {
            httpmon_reading(&arguments, input)
        });
        should.push_str(before);
        should.push_str(command);
        should.push('\n');
        should.push_str(&shown_now);
        rest = &shown[end..];
        blocks += 1;
    }
    should.push_str(rest);
    assert!(blocks > 0, "the README shows no output");
    holds("README.md", &should);
}

/// The arguments of a command; only single quotes quote.
fn arguments_of(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    parts
        .flat_map(|(i, part)| match i % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        })
        .collect()
}

#[test]
fn every_rule_and_expression_that_is_shown_can_be_copied() {
    let examples: String = EXAMPLES
        .iter()
        .map(|e| format!("{}\n", e.command))
        .collect();
    let (mut rules, mut expressions) = (0, 0);
    for text in [read("README.md"), man(), examples] {
        for after in text.split("--alert '").skip(1) {
            let (rule, _) = after.split_once('\'').expect("a closing quote");
            // What the form of a rule shows is none.
            if !rule.starts_with("LABEL: ") {
                Spec::parse(rule).unwrap_or_else(|why| panic!("{rule}: {why:?}"));
                rules += 1;
            }
        }
        for after in text.split("--where '").skip(1) {
            let (expression, _) = after.split_once('\'').expect("a closing quote");
            Filter::parse(expression).unwrap_or_else(|why| panic!("{expression}: {why:?}"));
            expressions += 1;
        }
    }
    let refused = Spec::parse("Errors: 5xx >= 5% over 5m").expect_err("no such operator");
    assert!(read("README.md").contains(&format!("--alert: {}\n", refused.why)));
    assert!(rules >= 15 && expressions >= 5, "{rules} {expressions}");
}

#[test]
fn every_option_is_in_the_man_page_and_the_helps_and_the_readme_names_no_other() {
    let (page, long, short) = (man(), httpmon(&["--help"]), httpmon(&["-h"]));
    for flag in FLAGS {
        let name = format!("--{}", flag.long);
        for (place, text) in [("man page", &page), ("--help", &long), ("-h", &short)] {
            assert!(words(text).contains(&name), "{name} is not in {place}");
        }
    }
    let (long, short) = (
        httpmon(&["simulate", "--help"]),
        httpmon(&["simulate", "-h"]),
    );
    for flag in simulate::FLAGS {
        let name = format!("--{}", flag.long);
        for (place, text) in [("man page", &page), ("--help", &long), ("-h", &short)] {
            assert!(words(text).contains(&name), "{name} is not in {place}");
        }
    }
    let of_simulate = simulate::FLAGS.iter().map(|flag| flag.long);
    let known: BTreeSet<String> = FLAGS
        .iter()
        .map(|flag| flag.long)
        .chain(of_simulate)
        .map(|name| format!("--{name}"))
        .collect();
    // Options of other programs that the README calls.
    let others = [
        "--log-format",
        "--all-targets",
        "--collector",
        "--locked",
        "--path",
        "--prefix",
        "--release",
        "--since",
        "--test",
    ];
    for name in words(&read("README.md")) {
        assert!(
            known.contains(&name) || others.contains(&name.as_str()),
            "README.md: {name} is no option"
        );
    }
}

#[test]
fn the_readme_has_every_exit_status() {
    let readme = read("README.md");
    for status in [EXIT_OK, EXIT_ALERT, EXIT_ERROR, EXIT_NO_RECORD] {
        assert!(readme.contains(&format!("\n| {status} | ")), "{status}");
    }
}

#[test]
fn what_the_readme_says_of_a_foreign_log_is_said() {
    let readme = read("README.md");
    let said = read("tests/cases/errors/closest_format/stderr");
    assert_eq!(said.lines().count(), 2);
    for line in said.lines() {
        assert!(readme.contains(&format!("\n    {line}\n")), "{line}");
    }
}

#[test]
fn every_format_string_that_is_shown_can_be_pasted() {
    let mut shown = 0;
    for text in [read("README.md"), man()] {
        for after in text.split("--format '").skip(1) {
            let (string, _) = after.split_once('\'').expect("a closing quote");
            // What is said where nothing fits shows three dots.
            if string != "…" {
                Choice::parse(string).unwrap_or_else(|why| panic!("{string}: {why}"));
                shown += 1;
            }
        }
        for after in text.split("`--format=").skip(1) {
            let (string, _) = after.split_once('`').expect("a closing backquote");
            Choice::parse(string).unwrap_or_else(|why| panic!("{string}: {why}"));
            shown += 1;
        }
    }
    assert!(shown >= 6, "{shown}");
}

/// Every `--word` of a text.
fn words(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
    text.split(|c: char| !is_name(c))
        .filter(|word| word.len() > 2 && word.starts_with("--") && !word.starts_with("---"))
        .map(str::to_owned)
        .collect()
}

/// The man page without its escapes: enough to look for words and lines in.
fn man() -> String {
    let kinds = ["man", "man-formats", "man-rules", "man-recipes"];
    let pages = kinds.map(|kind| httpmon(&["--generate", kind]));
    let mut page = pages.concat().replace("\\\n", "");
    for (roff, text) in [
        ("\\-", "-"),
        ("\\fB", ""),
        ("\\fI", ""),
        ("\\fR", ""),
        ("\\(aq", "'"),
        ("\\e", "\\"),
    ] {
        page = page.replace(roff, text);
    }
    page
}

fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let start = page.find(&format!(".SH \"{title}\"\n")).expect(title);
    let body = &page[start + 1..];
    &body[..body.find("\n.SH ").unwrap_or(body.len())]
}

#[test]
fn the_lines_that_man_page_and_readme_show_are_real() {
    let (page, readme) = (man(), read("README.md"));
    let real = httpmon(&[
        "--replay",
        "--interval",
        "1m",
        "--top",
        "section=3,client=2",
        LOG,
    ]);
    let real: Vec<&str> = real.lines().collect();
    for title in ["OUTPUT", "ALERTS"] {
        let shown: Vec<&str> = section(&page, title)
            .split(".EX\n")
            .skip(1)
            .flat_map(|block| block.split(".EE\n").next().unwrap_or("").lines())
            .collect();
        assert!(shown.len() > 3, "{title} shows no lines");
        for line in shown {
            assert!(real.contains(&line), "{title}: never written: {line}");
            assert!(
                readme.contains(&format!("\n    {line}\n")),
                "README.md: shows another {title}: {line}"
            );
        }
    }
}

#[test]
fn every_key_of_the_json_is_in_the_man_page() {
    fn collect(value: &serde_json::Value, path: &str, keys: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(object) => {
                for (key, value) in object {
                    // Below these, keys are dimensions, which have a section of their own, or names of HTTP.
                    let others = ["unique", "top", "other", "error", "unique_error"];
                    if !others.contains(&path) && !["methods", "protocols"].contains(&path) {
                        keys.insert(key.clone());
                    }
                    collect(value, key, keys);
                }
            }
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| collect(item, "", keys));
            }
            _ => {}
        }
    }
    let mut keys = BTreeSet::new();
    for line in httpmon(&["--replay", "--interval", "7s", "--report", "json", LOG]).lines() {
        collect(&serde_json::from_str(line).expect(line), "", &mut keys);
    }
    for key in [
        "silent_s",
        "error",
        "unique_error",
        "resolution_s",
        "alerts_omitted",
    ] {
        keys.insert(key.to_owned());
    }
    assert!(keys.len() > 40, "{keys:?}");
    let page = man();
    let output = section(&page, "OUTPUT");
    let json = &output[output.find(".SS \"JSON Lines\"").expect("JSON Lines")..];
    let json = json.split("\n.SS \"Documents").next().unwrap_or(json);
    let names: BTreeSet<&str> = json
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    for key in keys.iter().filter(|key| !key.ends_with("xx")) {
        assert!(
            names.contains(key.as_str()),
            "the man page says nothing of {key}"
        );
    }
}

/// What each example prints of the log in `tests/data`, which takes the place of every log they name.
fn printed_by(command: &str) -> &'static [&'static str] {
    const ALERT: &str = "High traffic generated an alert - hits = ";
    const SUMMARY: &str = "summary 2026-11-20T09:00:02Z";
    let first = command.split_whitespace().next().unwrap_or("");
    match first {
        // What is in the files is looked at afterwards.
        _ if command.contains("--output") => &[],
        _ if command.contains("sendmail") => &[
            "To: ops@example.com\nSubject: httpmon 2026-11-20: 1,365 hits, 11.8% errors, 1 alert\n",
            "--=_httpmon--",
        ],
        _ if command.contains("simulate") => &[
            "Errors generated an alert - 5xx = 5.1%, triggered at 2026-01-01T00:02:02Z",
            "High traffic generated an alert - hits = 1224, triggered at 2026-01-01T00:02:20Z",
            "Errors alert recovered at ",
            "High traffic alert recovered at ",
        ],
        _ if command.contains("--on-alert") => &["Errors generated an alert - 5xx = "],
        _ if command.contains("--report lines") => &["GET /api/items HTTP/1.1\" 503 0"],
        _ if command.contains("by client") => &[
            "Overloaded generated an alert for client 192.0.2.18 - 503 = 21",
            "Errors generated an alert - 5xx = 5.6%",
        ],
        _ if command.contains("--where") => &["156 hits", "filtered 1209"],
        _ if command.contains("--until 09:05") => &[ALERT, "summary 2026-11-20T09:03:00Z"],
        _ if command.contains("--top not-found") => &["  not found ", "  failing   "],
        _ if command.contains("--top section,client,source") => &[ALERT, SUMMARY, "  sources   "],
        "tail" | "ssh" | "journalctl" | "docker" => &["2026-11-20T09:00:00Z 10s", ALERT, SUMMARY],
        _ if command.contains("access.log.2.gz") => &["2026-11-20T09:00:00Z 1h", SUMMARY],
        "timeout" => &["Errors generated an alert - 5xx = 5.4%"],
        _ if command.contains("--top path=20") => &["  paths     ", "  agents    ", "  statuses  "],
        _ if command.contains("--window 10s") => {
            &["threshold 15/s", "High traffic alert recovered at"]
        }
        _ if command.contains("jq") => &["\"type\":\"alert\",\"state\":\"firing\"", "\"resolved\""],
        _ if command.contains("mail") => &[
            "To: ops@example.com",
            "Subject: web1 yesterday",
            "summary 2026-11-20T",
        ],
        _ if command.contains("man -l") => &[".TH \"HTTPMON\" \"1\""],
        "httpmon" => &[ALERT, SUMMARY],
        _ => panic!("say here what this example must print: {command}"),
    }
}

#[test]
fn every_example_runs_and_prints_what_it_should() {
    let shell = Shell::new("examples", &read(LOG));
    for example in EXAMPLES {
        let command = example.command;
        let (status, printed) = shell.run(command);
        assert_eq!(
            status,
            Some(i32::from(example.status)),
            "{command}\n{printed}"
        );
        for words in printed_by(command) {
            assert!(
                printed.contains(words),
                "{command}\nno '{words}' in\n{printed}"
            );
        }
    }
    for (file, begins, ends) in [
        ("yesterday.html", "<!doctype html>", "</html>\n"),
        ("status.html", "<!doctype html>", "</html>\n"),
        ("hours.csv", "from,to,", "\n"),
        ("httpmon.prom", "# TYPE httpmon_lines counter\n", "# EOF\n"),
    ] {
        let written = shell.read(file);
        assert!(
            written.starts_with(begins) && written.ends_with(ends),
            "{file}"
        );
    }
    // The log is old: live, nobody is called for it.
    assert_eq!(shell.read("told"), "");
    shell.run(
        "httpmon --replay --on-alert-in-replay --quiet --alert 'Errors: 5xx > 5% over 2m min 100' --on-alert ./notify access.log",
    );
    assert_eq!(
        shell.read("told"),
        "firing Errors 2026-11-20T09:03:34Z\nresolved Errors 2026-11-20T09:05:59Z\n"
    );
    let (_, alerts) = shell
        .run(r#"httpmon --replay --report json access.log | jq -c 'select(.type == "alert")'"#);
    assert_eq!(alerts.lines().count(), 2, "only alerts pass: {alerts}");
}

/// Each question of the README has a command that runs and answers.
#[test]
fn every_question_has_an_answer() {
    let shell = Shell::new("questions", &read(LOG));
    let readme = read("README.md");
    let (_, table) = readme
        .split_once("\n| question | command |\n")
        .expect("the questions");
    let rows = table.lines().skip(1).take_while(|row| row.starts_with('|'));
    let mut asked = 0;
    for row in rows {
        let (question, rest) = row[2..].split_once(" | `").expect("two cells");
        let command = rest.trim_end_matches("` |").replace("\\|", "|");
        asked += 1;
        // What follows a file does not end; a database and rollups have tests of their own.
        if ["--follow", "--mmdb", ".rollup"]
            .iter()
            .any(|word| command.contains(word))
        {
            continue;
        }
        let (status, printed) = shell.run(&command);
        assert!(
            matches!(status, Some(0 | 1)),
            "{question}: {status:?}\n{printed}"
        );
        // What is in a file is looked at in other tests.
        let elsewhere = command.contains(" > ") || command.contains("--output");
        assert!(
            elsewhere || printed.lines().count() > 1,
            "{question}\n{printed}"
        );
        assert!(!printed.contains("httpmon: --"), "{question}\n{printed}");
    }
    assert!(asked >= 25, "{asked} questions");
}

/// The table of what each server takes names formats and options that there are.
#[test]
fn what_a_server_takes_is_there_to_give() {
    let readme = read("README.md");
    let (_, table) = readme
        .split_once("\n| server | what to give |\n")
        .expect("the table");
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let give = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .expect("a cell")
            .trim();
        for option in give.split('`').filter(|part| part.starts_with("--")) {
            let (flag, value) = option.split_once(' ').unwrap_or((option, ""));
            let row = FLAGS.iter().find(|row| flag == format!("--{}", row.long));
            let row = row.unwrap_or_else(|| panic!("{flag} is no option"));
            let named = (row.choices)();
            let name = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let known = value.is_empty() || named.iter().any(|(known, _)| *known == value);
            assert!(known || !name || named.is_empty(), "{option}");
            count += 1;
        }
        assert!(give == "nothing" || give.contains("`--"), "{give}");
    }
    assert!(count >= 8, "{count} options in the table");
}
