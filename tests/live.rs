//! Live mode by a scripted input and a clock that only the script moves: nothing here waits.
//!
//! The wall clock begins at [`WALL`]; the script's times are milliseconds after it, by both clocks.

mod support;

use std::time::Duration;

use httpmon::run::{Ended, Message, Signal};
use serde_json::Value;
use support::Script;

/// 2026-01-01T00:00:00Z: a multiple of the intervals used here.
const WALL: i64 = 1_767_225_600;

/// What happens, at a number of milliseconds.
enum Event {
    /// So many lines of this second after [`WALL`].
    Lines(i64, usize),
    /// The lines that follow are of this one of several sources.
    Turn(&'static str),
    /// A line that is no entry.
    Junk,
    /// The process is stopped for so many milliseconds.
    Stopped(u64),
    /// The source of this name cannot be read, or can be again.
    Unreadable(&'static str, bool),
    /// Lines were lost.
    Lost,
    /// A signal.
    Signal(Signal),
    /// The input ends.
    End,
}
use Event::{End, Lines, Lost, Stopped, Turn, Unreadable};

fn line(second: i64) -> String {
    let at = jiff::Timestamp::from_second(WALL + second).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("192.0.2.7 - - [{at}] \"GET /a HTTP/1.1\" 200 100\n")
}

/// What was written, and at which millisecond.
fn run(args: &str, events: Vec<(u64, Event)>) -> (Ended, Vec<(u64, Value)>) {
    run_with(&args.split_whitespace().collect::<Vec<_>>(), events)
}

fn run_with(args: &[&str], events: Vec<(u64, Event)>) -> (Ended, Vec<(u64, Value)>) {
    let mut script = Script {
        wall: Duration::from_secs(WALL.unsigned_abs()),
        messages: Vec::new(),
        stops: Vec::new(),
        steps: Vec::new(),
    };
    for (at, event) in events {
        let at = Duration::from_millis(at);
        let message = match event {
            Lines(second, count) => Message::Block(line(second).repeat(count).into_bytes()),
            Event::Junk => Message::Block(b"starting up\n".to_vec()),
            Event::Signal(signal) => Message::Signal(signal),
            Turn(name) => Message::Turn(name.into()),
            Unreadable(name, is) => Message::Unreadable(name.into(), is),
            Lost => Message::Lost("lines are lost".to_owned()),
            End => Message::End,
            Stopped(length) => {
                script.stops.push((at, Duration::from_millis(length)));
                continue;
            }
        };
        script.messages.push((at, message));
    }
    let mut args = args.to_vec();
    args.push("--report=json");
    let (ended, written) = support::run(&args, script);
    let written = written.into_iter().map(|(at, bytes)| {
        let at = u64::try_from(at.as_millis()).expect("a short script");
        let value = serde_json::from_slice(&bytes).expect("one write is one event");
        (at, value)
    });
    (ended, written.collect())
}

/// Type, second of `from` or `at` after [`WALL`], and when it was written.
fn brief(written: &[(u64, Value)]) -> Vec<(String, i64, u64)> {
    let one = |(at, event): &(u64, Value)| {
        let time = event.get("at").unwrap_or(&event["from"]);
        let name = event.get("state").unwrap_or(&event["type"]);
        let name = name.as_str().expect("a name").to_owned();
        (name, second(time), *at)
    };
    written.iter().map(one).collect()
}

/// The second after [`WALL`] that a time says; the least there is for none.
fn second(time: &Value) -> i64 {
    let Some(text) = time.as_str() else {
        return i64::MIN;
    };
    text.parse::<jiff::Timestamp>().expect("a time").as_second() - WALL
}

fn named(name: &str, second: i64, at: u64) -> (String, i64, u64) {
    (name.to_owned(), second, at)
}

/// Lines at every second up to `last`, each `phase` milliseconds into its second.
fn stream(last: i64, phase: u64) -> Vec<(u64, Event)> {
    let at = |second: i64| second.unsigned_abs() * 1000 + phase;
    (0..=last).map(|s| (at(s), Lines(s, 1))).collect()
}

#[test]
fn a_report_comes_within_a_second_of_its_due_time_when_the_stream_falls_silent() {
    for (interval, lateness, last) in [(1, 0, 3), (5, 0, 7), (10, 5, 3), (10, 5, 9), (60, 30, 61)] {
        for phase in [0, 1, 300, 999] {
            let mut events = stream(last, phase);
            let end = (last - last % interval) + interval;
            events.push((((end + lateness + 5) as u64) * 1000, End));
            let args = format!("-i{interval}s --lateness={lateness}s");
            let (_, written) = run(&args, events);
            let due = (end + lateness) as u64 * 1000;
            let report = brief(&written)
                .into_iter()
                .find(|(name, from, _)| name == "report" && *from == end - interval);
            let (_, _, at) = report.expect("the last report is written");
            assert!(
                (due..=due + 1000).contains(&at),
                "{interval} {lateness} {last} {phase}: due {due}, written {at}"
            );
        }
    }
}

#[test]
fn an_alert_fires_once_and_recovers_by_itself_in_the_silence() {
    let (ended, written) = run(
        "-t1 -w10s -i10s --lateness=5s",
        vec![(300, Lines(0, 30)), (27_000, End)],
    );
    assert!(matches!(ended, Ended::Input));
    let expected = [
        named("firing", 0, 6300),
        named("report", 0, 15_300),
        named("resolved", 10, 16_300),
        named("report", 10, 25_300),
        named("report", 20, 27_000),
        named("summary", 0, 27_000),
    ];
    assert_eq!(brief(&written), expected);
    assert_eq!(written[0].1["hits"], 30);
    assert_eq!(written[2].1["hits"], 0);
    assert_eq!(written[4].1["partial"], true);
}

#[test]
fn reports_in_a_silence_are_empty_and_say_how_long_it_has_been() {
    let mut events = stream(9, 300);
    events.push((61_000, End));
    let (_, written) = run("-i10s --lateness=5s", events);
    let shown: Vec<_> = written
        .iter()
        .filter(|(_, event)| event["type"] == "report")
        .map(|(at, event)| (*at, event["hits"].as_u64(), event["silent_s"].as_u64()))
        .collect();
    let expected = [
        // Six seconds are a pause between two lines.
        (15_300, Some(10), None),
        (25_300, Some(0), Some(16)),
        (35_300, Some(0), Some(26)),
        (45_300, Some(0), Some(36)),
        (55_300, Some(0), Some(46)),
        // Closed by the end of input, with second 60 as the newest that the silence had reached.
        (61_000, Some(0), Some(51)),
    ];
    assert_eq!(shown, expected);
    assert!(written.iter().all(|(_, event)| event["type"] != "gap"));
    // Where reports are short, a silence as long as one is more than a pause.
    let mut events = stream(2, 300);
    events.push((10_000, End));
    let (_, written) = run("-i3s --lateness=0", events);
    let reports = written
        .iter()
        .filter(|(_, event)| event["type"] == "report");
    let shown: Vec<_> = reports
        .map(|(_, event)| event["silent_s"].as_u64())
        .collect();
    assert_eq!(shown, [None, Some(4), Some(7)]);
}

#[test]
fn no_silence_makes_a_report_of_the_time_before_the_log_begins() {
    let (_, written) = run(
        "-i1s --lateness=30s",
        vec![(300, Lines(0, 1)), (31_500, End)],
    );
    let expected = [named("report", 0, 31_300), named("summary", 0, 31_500)];
    assert_eq!(brief(&written), expected);
}

#[test]
fn lines_that_keep_coming_are_no_silence() {
    let mut events: Vec<_> = (0..80).map(|i| (i * 900 + 100, Lines(0, 1))).collect();
    events.push((71_500, End));
    let (_, written) = run("-i10s --lateness=5s", events);
    let expected = [named("report", 0, 71_500), named("summary", 0, 71_500)];
    assert_eq!(brief(&written), expected);
    assert_eq!(written[0].1["silent_s"], Value::Null);
}

#[test]
fn a_stopped_process_is_no_silence() {
    let (_, written) = run(
        "-i10s --lateness=5s",
        vec![(300, Lines(0, 1)), (2500, Stopped(60_000)), (76_000, End)],
    );
    let expected = [named("report", 0, 75_300), named("summary", 0, 76_000)];
    assert_eq!(brief(&written), expected);
    // Lines that were written in the meantime show what really happened: here nothing, for a minute.
    let (_, written) = run(
        "-i10s --lateness=5s",
        vec![
            (300, Lines(0, 1)),
            (2500, Stopped(60_000)),
            (63_100, Lines(61, 1)),
            (63_200, End),
        ],
    );
    let expected = [
        named("report", 0, 63_300),
        named("gap", 10, 63_300),
        named("report", 60, 63_300),
        named("summary", 0, 63_300),
    ];
    assert_eq!(brief(&written), expected);
}

#[test]
fn a_log_that_is_not_near_the_wall_clock_never_advances_by_silence() {
    let (_, written) = run(
        "-i10s -t1 -w10s",
        vec![(300, Lines(-1000, 30)), (100_000, End)],
    );
    let expected = [
        named("firing", -1000, 100_000),
        named("report", -1000, 100_000),
        named("summary", -1000, 100_000),
    ];
    assert_eq!(brief(&written), expected);
    // Some records that are not near end what one that is began, once it is known that the log went back.
    let back = (500, Lines(-1000, 64));
    let (_, written) = run("-i10s", vec![(300, Lines(0, 1)), back, (60_000, End)]);
    let expected = [
        named("report", 0, 500),
        named("rewind", 0, 500),
        named("report", -1000, 60_000),
        named("summary", -1000, 60_000),
    ];
    assert_eq!(brief(&written), expected);
}

/// What is far behind is late, and is a line like any other: it neither ends a silence's clock nor begins one.
#[test]
fn one_record_of_long_ago_leaves_the_stream_live() {
    let old = (500, Lines(-1000, 1));
    let (_, written) = run("-i10s", vec![(300, Lines(0, 1)), old, (31_000, End)]);
    let reports = brief(&written)
        .into_iter()
        .filter(|(name, ..)| name == "report");
    let reports: Vec<_> = reports.map(|(_, from, at)| (from, at)).collect();
    assert_eq!(
        reports,
        [(0, 15_300), (10, 25_300), (20, 31_000), (30, 31_000)]
    );
}

#[test]
fn records_that_come_after_a_silence_advanced_past_them_are_late() {
    let (_, written) = run(
        "-i10s --lateness=5s",
        vec![
            (300, Lines(0, 1)),
            (20_500, Lines(3, 1)),
            (20_600, Lines(16, 1)),
            (20_700, End),
        ],
    );
    let expected = [
        named("report", 0, 15_300),
        named("report", 10, 20_700),
        named("report", 20, 20_700),
        named("summary", 0, 20_700),
    ];
    assert_eq!(brief(&written), expected);
    let shown: Vec<_> = written
        .iter()
        .map(|(_, event)| (event["hits"].as_u64(), event["late"].as_u64()))
        .collect();
    let row_of = |hits, late| (Some(hits), Some(late));
    assert_eq!(
        shown,
        [row_of(1, 0), row_of(1, 0), row_of(0, 1), row_of(3, 1)],
        "the late one came while second 20 was the newest"
    );
}

#[test]
fn a_record_near_the_wall_clock_settles_the_records_that_wait() {
    let (_, written) = run(
        "-i10s",
        vec![(0, Lines(-9000, 1)), (100, Lines(0, 1)), (200, End)],
    );
    let (_, summary) = written.last().expect("a summary");
    assert_eq!(
        (second(&summary["from"]), second(&summary["to"])),
        (-9000, 0)
    );
    assert_eq!(summary["skewed"], 0);
}

/// One line from 2066 must not end the watch, whatever comes before and after it.
#[test]
fn a_wrong_time_in_a_live_stream_changes_nothing_but_skewed() {
    const FAR: i64 = 1_262_304_000;
    for wrong_at in [0, 1_500, 2_950] {
        let script = |wrong: bool| {
            let mut script: Vec<(u64, Event)> = (0..4)
                .map(|s| (s * 1000 + 100, Lines(s as i64, 30)))
                .collect();
            if wrong {
                script.push((wrong_at, Lines(FAR, 1)));
                script.sort_by_key(|&(at, _)| at);
            }
            script.push((30_000, End));
            run("-i5s --lateness=1s -w5s", script).1
        };
        let (mut with, mut without) = (script(true), script(false));
        let (_, summary) = with.pop().expect("a summary");
        without.pop().expect("a summary");
        assert_eq!(
            (&summary["hits"], &summary["skewed"]),
            (&121.into(), &1.into())
        );
        assert_eq!(with, without, "at {wrong_at}");
        assert!(with.iter().any(|(_, event)| event["state"] == "resolved"));
    }
}

/// The wrong line is the last for a while: the alert still recovers in the silence.
#[test]
fn a_wrong_time_before_a_silence_is_not_believed_for_it() {
    let (_, written) = run(
        "-i5s --lateness=1s -w5s",
        vec![
            (100, Lines(0, 60)),
            (200, Lines(7200, 1)),
            (20_000, Lines(20, 1)),
            (20_100, End),
        ],
    );
    let states: Vec<_> = written
        .iter()
        .filter(|(_, event)| event["type"] == "alert")
        .map(|(_, event)| (event["state"].as_str(), second(&event["at"])))
        .collect();
    assert_eq!(states, [(Some("firing"), 0), (Some("resolved"), 5)]);
    let (_, summary) = written.last().expect("a summary");
    assert_eq!(
        (&summary["skewed"], &summary["late"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn idle_exit_ends_a_run_that_no_line_reaches() {
    let (ended, written) = run(
        "--idle-exit=3s",
        vec![(300, Lines(0, 1)), (2000, Lines(1, 1))],
    );
    assert!(matches!(ended, Ended::Input));
    let expected = [named("report", 0, 5000), named("summary", 0, 5000)];
    assert_eq!(brief(&written), expected);

    let (_, written) = run("--idle-exit=3s", Vec::new());
    assert_eq!(brief(&written), [named("summary", i64::MIN, 3000)]);

    // The time in which the process was stopped does not count.
    let (_, written) = run("--idle-exit=3s", vec![(500, Stopped(60_000))]);
    assert_eq!(brief(&written), [named("summary", i64::MIN, 63_000)]);
}

#[test]
fn a_summary_so_far_is_partial_and_the_run_goes_on() {
    let (_, written) = run(
        "-i1m",
        vec![
            (300, Lines(0, 2)),
            (400, Event::Signal(Signal::Report)),
            (500, Lines(0, 3)),
            (600, End),
        ],
    );
    let shown: Vec<_> = written
        .iter()
        .filter(|(_, event)| event["type"] == "summary")
        .map(|(at, event)| (*at, event["hits"].as_u64(), event["partial"].as_bool()))
        .collect();
    assert_eq!(shown, [(400, Some(2), Some(true)), (600, Some(5), None)]);
}

/// Seconds that are open when it is asked for are among the times of keys.
#[test]
fn a_summary_so_far_has_the_times_of_seconds_that_are_open() {
    let (_, written) = run(
        "-i1m --top path --columns first,last",
        vec![
            (300, Lines(0, 2)),
            (1300, Lines(1, 1)),
            (1400, Event::Signal(Signal::Report)),
            (7300, Lines(7, 1)),
            (7600, End),
        ],
    );
    let times = |(_, event): &(u64, Value)| {
        let row = &event["top"]["path"][0];
        let second = |name: &str| row[name].as_str().map(|time| time[17..19].to_owned());
        (second("first"), second("last"))
    };
    let summaries = written
        .iter()
        .filter(|(_, event)| event["type"] == "summary");
    let shown: Vec<_> = summaries.map(times).collect();
    let second = |text: &str| Some(text.to_owned());
    let expected = [(second("00"), second("01")), (second("00"), second("07"))];
    assert_eq!(shown, expected);
}

#[test]
fn a_signal_closes_what_is_open_and_prints_the_summary_once() {
    let (ended, written) = run(
        "-i10s",
        vec![(300, Lines(0, 2)), (400, Event::Signal(Signal::End(15)))],
    );
    assert!(matches!(ended, Ended::Signal(15)));
    let expected = [named("report", 0, 400), named("summary", 0, 400)];
    assert_eq!(brief(&written), expected);
    assert_eq!(written[0].1["partial"], true);
}

/// Lines of both sources each second, those of `b` so much later than they were made.
fn two_sources(last: i64, lag: i64) -> Vec<(u64, Event)> {
    let mut events = Vec::new();
    for second in 0..=last + lag {
        let at = second.unsigned_abs() * 1000 + 300;
        if second <= last {
            events.extend([(at, Turn("a")), (at, Lines(second, 1))]);
        }
        events.extend([(at, Turn("b")), (at, Lines(second - lag, 1))]);
    }
    events.push(((last + lag).unsigned_abs() * 1000 + 5000, End));
    events
}

#[test]
fn a_second_closes_once_all_sources_are_past_it() {
    for lag in [0, 4, 40] {
        let (_, written) = run("-i10s --lateness=5s", two_sources(59, lag));
        let full: Vec<_> = written
            .iter()
            .filter(|(_, event)| event["type"] == "report" && second(&event["from"]) >= 0)
            .map(|(_, event)| event["hits"].as_u64())
            .take(5)
            .collect();
        assert_eq!(full, [Some(20); 5], "{lag}");
        // The log begins where the earlier of the two does.
        let (_, summary) = written.last().expect("a summary");
        assert_eq!(summary["late"], 0, "{lag}");
    }
}

#[test]
fn a_source_that_is_too_far_behind_is_not_waited_for_and_reports_say_so() {
    let (_, written) = run("-i10s --lateness=5s --patience=30s", two_sources(99, 40));
    let behind: Vec<_> = written
        .iter()
        .filter_map(|(_, event)| event.get("behind"))
        .collect();
    assert!(!behind.is_empty());
    assert_eq!(behind[0][0]["source"], "b");
    let (_, summary) = written.last().expect("a summary");
    assert_eq!(summary["hits"], 240);
    assert!(summary["late"].as_u64() > Some(0));
}

/// The lines of one come later than before for a moment: it is not silent, so it does not go on by its lag.
#[test]
fn a_source_that_is_not_silent_does_not_go_on_by_itself() {
    let mut events = Vec::new();
    for second in 0..11u64 {
        let (at, line) = (second * 1000 + 100, second.cast_signed());
        events.extend([(at, Turn("a")), (at, Lines(line, 1))]);
        events.extend([(at, Turn("b")), (at, Lines(line, 1))]);
    }
    events.extend([(11_950, Turn("b")), (11_950, Lines(11, 1))]);
    events.extend([(12_150, Turn("a")), (12_150, Lines(12, 1))]);
    events.extend([(12_200, Turn("b")), (12_200, Lines(11, 1))]);
    events.push((12_300, End));
    let (_, written) = run("-i10s --lateness=0s", events);
    let (_, summary) = written.last().expect("a summary");
    assert_eq!(summary["late"], 0, "{summary}");
}

/// What has closed is never opened again, whoever comes.
#[test]
fn a_source_that_begins_when_seconds_have_closed_is_late_for_them() {
    let mut events = stream(30, 300);
    events.insert(0, (0, Turn("a")));
    for second in 31..60u64 {
        let (at, line) = (second * 1000 + 300, second.cast_signed());
        events.extend([(at, Turn("a")), (at, Lines(line, 1))]);
        events.extend([(at, Turn("b")), (at, Lines(line - 15, 1))]);
    }
    events.push((60_000, End));
    let (_, written) = run("-i10s --lateness=5s", events);
    let reports: Vec<_> = brief(&written)
        .into_iter()
        .filter(|(name, ..)| name == "report")
        .map(|(_, from, _)| from)
        .collect();
    assert_eq!(reports, [0, 10, 20, 30, 40, 50], "each once, in order");
    let (_, summary) = written.last().expect("a summary");
    // Seconds 16 to 25 of b, while a had closed all up to 25.
    assert_eq!(summary["late"], 10, "{summary}");
}

/// A file that is no log, followed beside one that is.
#[test]
fn a_source_without_a_record_holds_nobody_up_for_longer_than_the_patience() {
    let mut events = vec![(100, Turn("b")), (100, Event::Junk)];
    for second in 0..60u64 {
        let at = second * 1000 + 300;
        events.extend([(at, Turn("a")), (at, Lines(second.cast_signed(), 1))]);
        events.extend([(at, Turn("b")), (at, Event::Junk)]);
    }
    events.push((60_000, End));
    let (_, written) = run("-i10s --lateness=5s --patience=20s", events);
    let reports: Vec<_> = written
        .iter()
        .filter(|(_, event)| event["type"] == "report")
        .map(|(at, event)| (*at / 1000, event["hits"].as_u64()))
        .collect();
    let full = Some(10);
    assert_eq!(
        reports,
        [
            (20, full),
            (25, full),
            (35, full),
            (45, full),
            (55, full),
            (60, full)
        ]
    );
}

#[test]
fn a_source_that_falls_silent_holds_nobody_up() {
    let mut events = Vec::new();
    for second in 0..40u64 {
        let at = second * 1000 + 300;
        events.extend([(at, Turn("a")), (at, Lines(second as i64, 1))]);
        if second < 8 {
            events.extend([(at, Turn("b")), (at, Lines(second as i64, 1))]);
        }
    }
    events.push((45_000, End));
    let (_, written) = run("-i10s --lateness=5s", events);
    let reports: Vec<_> = written
        .iter()
        .filter(|(_, event)| event["type"] == "report")
        .map(|(at, event)| (*at, event["hits"].as_u64()))
        .take(3)
        .collect();
    assert_eq!(
        reports,
        [(15_300, Some(18)), (25_300, Some(10)), (35_300, Some(10))]
    );
}

/// While another source goes on, and when nothing comes at all.
#[test]
fn a_source_that_stops_is_named_by_its_silence() {
    let mut events = Vec::new();
    for second in 0..12i64 {
        let at = 1000 * second.unsigned_abs();
        events.push((at, Turn("web1")));
        events.push((at, Lines(second, 1)));
        if second < 3 {
            events.push((at + 10, Turn("web2")));
            events.push((at + 10, Lines(second, 1)));
        }
    }
    let args = [
        "-q",
        "--lateness=1s",
        "--idle-exit=10s",
        "--alert=Lost: silence > 5s by source",
    ];
    let (_, written) = run_with(&args, events);
    let found: Vec<(String, i64)> = written
        .iter()
        .map(|(_, event)| {
            let key = event["key"].as_str().expect("a key").to_owned();
            assert_eq!(event["state"], "firing");
            (key, second(&event["at"]))
        })
        .collect();
    // The one that goes on is silent in the end too.
    assert_eq!(found, [("web2".to_owned(), 8), ("web1".to_owned(), 17)]);
}

/// Rules, and what happened to them: state, rule and second.
fn alerts(written: &[(u64, Value)]) -> Vec<(String, String, i64)> {
    let alert = |(_, event): &(u64, Value)| {
        let text = |name: &str| event[name].as_str().expect("text").to_owned();
        (text("state"), text("rule"), second(&event["at"]))
    };
    written.iter().map(alert).collect()
}

const BLIND: [&str; 6] = [
    "-q",
    "--lateness=0",
    "--idle-exit=60s",
    "--alert=High: hits > 2/s over 10s",
    "--alert=Low: hits < 1/s over 10s",
    "--alert=Silent: silence > 8s",
];

#[test]
fn a_source_that_cannot_be_read_is_not_silent() {
    let busy = (0..20i64).flat_map(|second| {
        let at = 1000 * second.unsigned_abs();
        [(at, Turn("log")), (at, Lines(second, 5))]
    });
    let mut events: Vec<(u64, Event)> = busy.collect();
    events.push((20_000, Unreadable("log", true)));
    events.push((60_000, Unreadable("log", false)));
    // What was written meanwhile is all there.
    events.extend((20..60).map(|second| (60_000, Lines(second, 5))));
    events.push((60_000, End));
    let (_, written) = run_with(&BLIND, events);
    assert_eq!(
        alerts(&written),
        [("firing".to_owned(), "High".to_owned(), 4)]
    );
}

#[test]
fn where_one_of_two_sources_cannot_be_read_nothing_recovers_and_nothing_low_fires() {
    let mut events = Vec::new();
    for second in 0..200i64 {
        let at = 1000 * second.unsigned_abs();
        events.push((at, Turn("web1")));
        events.push((at, Lines(second, if second < 40 { 2 } else { 0 })));
        if second % 5 == 0 {
            events.push((at, Lines(second, 1)));
        }
        if !(40..160).contains(&second) {
            events.push((at + 10, Turn("web2")));
            events.push((at + 10, Lines(second, if second < 40 { 3 } else { 0 })));
        }
        if second == 40 || second == 160 {
            events.push((at + 20, Unreadable("web2", second == 40)));
        }
    }
    events.push((200_000, End));
    let args = [&BLIND[..], &["--patience=20s"]].concat();
    let (_, written) = run_with(&args, events);
    let found = alerts(&written);
    let (fired, later) = found.split_first().expect("it fires");
    assert_eq!((&*fired.0, &*fired.1), ("firing", "High"));
    assert!(!later.is_empty(), "it recovers at last");
    for (state, rule, at) in later {
        assert!(*at >= 160, "{rule} {state} at {at}");
    }
}

#[test]
fn where_lines_are_lost_nothing_recovers_until_a_full_window_is_read() {
    let mut events: Vec<(u64, Event)> = (0..40i64)
        .map(|second| (1000 * second.unsigned_abs(), Lines(second, 5)))
        .filter(|(at, _)| *at < 20_000 || *at % 5000 == 0)
        .collect();
    events.push((21_000, Lost));
    events.sort_by_key(|(at, _)| *at);
    events.push((40_000, End));
    let (_, written) = run_with(&BLIND, events);
    let recovered = alerts(&written);
    let high = recovered.iter().find(|(state, ..)| state == "resolved");
    assert!(
        high.is_some_and(|(_, rule, at)| rule == "High" && (30..34).contains(at)),
        "{recovered:?}"
    );
}
