//! Time that was not read: over a gap between an earlier run and this one nothing recovers, and nothing fires because
//! there is little, until a full window has been read again.

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/folder.rs"]
mod folder;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use httpmon::alert::EarlierAlert;
use httpmon::evaluate::EarlierRun;
use httpmon::format::record::Record;
use httpmon::monitor::Monitor;
use httpmon::report::{AlertState, Event};
use httpmon::run;
use httpmon::time::Second;
use proptest::prelude::*;

/// 2020-01-01T00:00:00Z: so long ago that no silence adds to what is written.
const START: i64 = 1_577_836_800;

/// Seconds of a log, each with so many hits of one client.
fn log(seconds: std::ops::Range<i64>, hits: usize) -> String {
    let mut text = String::new();
    for second in seconds {
        let time = jiff::Timestamp::from_second(START + second).expect("a time");
        let time = time.strftime("%d/%b/%Y:%H:%M:%S");
        let line = format!("192.0.2.7 - - [{time} +0000] \"GET / HTTP/1.1\" 500 1\n");
        text += &line.repeat(hits);
    }
    text
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(folder::fresh(&format!("unread-{name}")))
    }

    /// What a run says of this log, on standard output and on standard error.
    fn run(&self, args: &[&str], log: &str) -> (Vec<String>, String) {
        deadline::start();
        let mut child = Command::new(env!("CARGO_BIN_EXE_httpmon"))
            .args(["--report=json", "--state=state", "--lateness=0"])
            .args(args)
            .current_dir(&self.0)
            .env_remove("HTTPMON_CONFIG_PATH")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let text = log.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("it is read");
        let stdout = String::from_utf8(output.stdout).expect("text");
        let stderr = String::from_utf8(output.stderr).expect("text");
        (stdout.lines().map(str::to_owned).collect(), stderr)
    }
}

/// What happened to which alert, and in which second after [`START`]; gaps that were not read.
fn transitions(lines: &[String]) -> Vec<(String, String, i64)> {
    let second = |value: &serde_json::Value| {
        let time: jiff::Timestamp = value.as_str().expect("a time").parse().expect("a time");
        time.as_second() - START
    };
    let event = |line: &String| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    let mut found = Vec::new();
    for event in lines.iter().map(event) {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        if event["type"] == "alert" {
            found.push((text("rule"), text("state"), second(&event["at"])));
        } else if event["unread"] == true {
            let from = format!("from {}", second(&event["from"]));
            found.push((text("type"), from, second(&event["to"])));
        }
    }
    found
}

const RULES: [&str; 4] = [
    "--threshold=10",
    "--alert=Low: hits < 1/s over 1m",
    "--alert=Quiet: silence > 30s",
    "--alert=Busy: hits > 300 over 30s by client",
];

#[test]
fn over_a_gap_of_ten_minutes_nothing_recovers_and_nothing_low_fires() {
    let folder = Folder::new("gap");
    let (first, stderr) = folder.run(&RULES, &log(0..300, 20));
    let fired = |rule: &str, at| (rule.to_owned(), "firing".to_owned(), at);
    let over = |rule: &str, at| (rule.to_owned(), "resolved".to_owned(), at);
    // All of it was history for a first run: what fires at its end is written.
    assert_eq!(
        transitions(&first),
        [fired("Busy", 15), fired("High traffic", 60)],
        "{stderr}"
    );
    // Nothing for ten minutes, and then a hit every ten seconds.
    let quiet: String = (90..120).map(|n| log(n * 10..n * 10 + 1, 1)).collect();
    let (second, stderr) = folder.run(&RULES, &quiet);
    assert_eq!(
        transitions(&second),
        [
            ("gap".to_owned(), "from 300".to_owned(), 900),
            over("Busy", 929),
            fired("Low", 959),
            over("High traffic", 1019),
        ],
        "{stderr}"
    );
    let since = second.iter().find(|line| line.contains("\"resolved\""));
    assert!(
        since.is_some_and(|line| line.contains("\"since\":\"2020-01-01T00:00:15Z\"")),
        "{since:?}"
    );
    // The report in which the gap ends is of a part of its interval.
    let (third, _) = folder.run(&RULES, &log(1905..1920, 1));
    let report = third.iter().find(|line| line.contains("\"report\""));
    assert!(
        report.is_some_and(|line| line.contains("\"partial\":true")),
        "{third:#?}"
    );
    // And it is written only once.
    let (fourth, _) = folder.run(&RULES, &log(1905..1920, 1));
    let reports = fourth.iter().filter(|line| line.contains("\"report\""));
    assert_eq!(reports.count(), 0, "{fourth:#?}");
}

#[test]
fn an_alert_whose_beginning_is_not_read_back_recovers() {
    let folder = Folder::new("beginning");
    folder.run(&RULES, &log(0..300, 20));
    // What is read back reaches to before the end of the first run, but not to where the alert began.
    let text = log(290..300, 20) + &log(300..600, 2);
    let (second, stderr) = folder.run(&RULES, &text);
    let found = transitions(&second);
    let over = |rule: &str, at| (rule.to_owned(), "resolved".to_owned(), at);
    assert_eq!(
        found,
        [over("Busy", 319), over("High traffic", 409)],
        "{stderr}"
    );
}

#[test]
fn an_alert_whose_rule_is_gone_is_said_to_be_unknown() {
    let folder = Folder::new("gone");
    folder.run(&RULES, &log(0..300, 20));
    let (second, stderr) = folder.run(&["--threshold=10"], &log(0..600, 2));
    assert!(
        stderr.contains("'Busy/192.0.2.7' fired when the earlier run ended"),
        "{stderr}"
    );
    assert!(
        !second.iter().any(|line| line.contains("Busy")),
        "{second:#?}"
    );
    let (_, stderr) = folder.run(&["--threshold=10"], &log(0..700, 2));
    assert!(!stderr.contains("Busy"), "it was said: {stderr}");
}

#[test]
fn an_alert_of_a_rule_that_is_new_is_written_though_it_began_before() {
    let folder = Folder::new("new");
    folder.run(&["--threshold=100"], &log(0..300, 20));
    let (second, stderr) = folder.run(&["--threshold=10"], &log(0..400, 20));
    assert_eq!(
        transitions(&second),
        [("High traffic".to_owned(), "firing".to_owned(), 60)],
        "{stderr}"
    );
    let (third, _) = folder.run(&["--threshold=10"], &log(0..500, 20));
    assert_eq!(transitions(&third), []);
}

/// Rules of every kind that has a window, and those windows.
const KINDS: [(&str, i64); 7] = [
    ("High: hits > 2/s over 20s", 20),
    ("Low: hits < 1/s over 15s", 15),
    ("Quiet: silence > 9s", 9),
    ("Errors: 5xx > 50% over 25s", 25),
    ("Few: 5xx < 50% over 25s", 25),
    ("Client: hits > 30 over 30s by client", 30),
    ("Many: unique client > 2 over 10s", 10),
];

proptest! {
    #[test]
    fn what_fired_before_a_gap_recovers_when_it_is_known_to_be_over(
        gap in 1i64..2000,
        firing in prop::collection::vec(any::<bool>(), KINDS.len()),
        hits in prop::collection::vec((1i64..12, 1usize..6, any::<bool>()), 20..60),
    ) {
        let mut args = vec!["--replay".to_owned(), "--lateness=0".to_owned()];
        args.extend(KINDS.map(|(rule, _)| format!("--alert={rule}")));
        let config = run::options(&args).and_then(|options| options.config());
        let mut monitor = Monitor::new(config.expect("rules that work"));
        let name = |rule: &str| match rule.split_once(':').expect("a label").0 {
            "Client" => "Client/192.0.2.1".to_owned(),
            label => label.to_owned(),
        };
        let fired: Vec<(String, i64)> = KINDS.iter().zip(&firing)
            .filter(|(_, firing)| **firing)
            .map(|((rule, window), _)| (name(rule), *window))
            .collect();
        let earlier = EarlierRun {
            until: Second(START),
            firing: fired.iter().map(|(name, _)| EarlierAlert {
                name: name.clone(),
                since: Second(START - 100),
                repeats: 0,
                times: 0,
            }).collect(),
            fired: Vec::new(),
        };
        prop_assert!(monitor.resume(earlier).is_empty());
        let first = START + 1 + gap;
        let mut second = first;
        for (pause, count, error) in hits {
            for client in 0..count {
                let mut record = Record::empty();
                let name = format!("192.0.2.{client}");
                record.time = Second(second);
                record.client = name.as_bytes();
                record.status = Some(if error { 500 } else { 200 });
                monitor.observe(&record, None);
            }
            second += pause;
        }
        monitor.finish();
        let mut over = Vec::new();
        let mut unread = None;
        while let Some(event) = monitor.next_event() {
            match event {
                Event::Gap { from, to, unread: true } => unread = Some((from.0, to.0)),
                Event::Transition(alert) => {
                    let (_, window) = KINDS.iter().find(|(rule, _)| rule.starts_with(&*alert.rule)).expect("a rule");
                    let whole = alert.at.0 >= first + window - 1;
                    match alert.state {
                        AlertState::Resolved { .. } => {
                            prop_assert!(whole, "{} is over after {} s", alert.rule, alert.at.0 - first);
                            if alert.since.0 == START - 100 {
                                over.push(alert.name());
                            }
                        }
                        AlertState::Firing { .. } => {
                            let low = ["Low", "Quiet", "Few"].contains(&&*alert.rule);
                            prop_assert!(whole || !low, "{} fires after {} s", alert.rule, alert.at.0 - first);
                            let since = fired.iter().any(|(name, _)| *name == alert.name());
                            prop_assert!(!since || over.contains(&alert.name()), "{} fires twice", alert.name());
                        }
                    }
                }
                _ => {}
            }
        }
        prop_assert_eq!(unread, Some((START + 1, first)));
        // Between hits there are never more than eleven seconds, and clients differ: a key that fired is over when a
        // whole window shows little of it.
        let length = second - first;
        if let Some((name, _)) = fired.iter().find(|(name, _)| name == "Quiet") {
            prop_assert!(length < 30 || over.contains(name), "a silence of before is over");
        }
    }
}

/// What an earlier run said again is not said once more, and what it missed is said at once.
#[test]
fn an_alert_that_goes_on_is_said_again_on_the_clock_of_its_beginning() {
    for (rule, name) in [
        ("R: hits > 0 over 1h for 10s repeat 1m", "R"),
        (
            "R: hits > 0 over 1h for 10s repeat 1m by client",
            "R/192.0.2.1",
        ),
    ] {
        for (repeats, want) in [(4, vec![(1, 5), (41, 6)]), (5, vec![(41, 6)])] {
            let args = ["--replay", "--lateness=0", "--alert", rule];
            let config = run::options(&args).and_then(|options| options.config());
            let mut monitor = Monitor::new(config.expect("a rule that works"));
            let earlier = EarlierRun {
                until: Second(START),
                firing: vec![EarlierAlert {
                    name: name.to_owned(),
                    // Said again at START - 259, and so on up to START - 19.
                    since: Second(START - 329),
                    repeats,
                    times: 0,
                }],
                fired: Vec::new(),
            };
            assert!(monitor.resume(earlier).is_empty());
            for second in 1..100 {
                let mut record = Record::empty();
                record.time = Second(START + second);
                record.client = b"192.0.2.1";
                monitor.observe(&record, None);
            }
            monitor.finish();
            let events = std::iter::from_fn(|| monitor.next_event());
            let again: Vec<(i64, u64)> = events
                .filter_map(|event| match event {
                    Event::Transition(alert) => Some((alert.at.0 - START, alert.repeat)),
                    _ => None,
                })
                .collect();
            assert_eq!(again, want, "{rule}, said {repeats} times");
        }
    }
}
