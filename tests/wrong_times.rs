//! Whole runs over logs with wrong times: what fires, and when, is what would have fired without them.

mod support;

use std::time::Duration;

use httpmon::run::Message;
use proptest::prelude::*;
use serde_json::Value;
use support::Script;

/// 2026-01-01T00:00:00Z: a multiple of the intervals used here.
const START: i64 = 1_767_225_600;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// Hits a second. Each rate is 1 more than a multiple of 19, so a window of a minute always holds 60 more than a
/// multiple of 19, and no threshold of [`RULES`] is within 7 hits of what a window can hold: so many hits more move
/// no alert to another second.
const IDLE: usize = 1;
const CALM: usize = 20;
const FLOOD: usize = 39;
const RULES: [&str; 3] = [
    "--alert=flood: hits > 1969 over 1m",
    "--alert=errors: 5xx > 370 over 1m",
    "--alert=quiet: hits < 639 over 1m",
];

/// A line of a second.
fn line(second: i64, status: u16) -> Vec<u8> {
    let at = jiff::Timestamp::from_second(START + second).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("192.0.2.7 - - [{at}] \"GET /a HTTP/1.1\" {status} 100\n").into_bytes()
}

/// What a log is made of: so many seconds each of calm, flood, failures or nearly nothing.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Calm,
    Flood,
    Failing,
    Idle,
}

fn phases() -> impl Strategy<Value = Vec<(Phase, i64)>> {
    let phase = prop_oneof![
        Just(Phase::Calm),
        Just(Phase::Flood),
        Just(Phase::Failing),
        Just(Phase::Idle),
    ];
    prop::collection::vec((phase, 20..100i64), 2..6)
}

/// Each line as its second and status, in order. It begins with a calm minute.
fn log(phases: &[(Phase, i64)]) -> Vec<(i64, u16)> {
    let mut log = Vec::new();
    let mut second = 0;
    for &(phase, length) in [(Phase::Calm, 60)].iter().chain(phases) {
        for _ in 0..length {
            let (count, status) = match phase {
                Phase::Calm => (CALM, 200),
                Phase::Flood => (FLOOD, 200),
                Phase::Failing => (FLOOD, 503),
                Phase::Idle => (IDLE, 200),
            };
            log.extend((0..count).map(|_| (second, status)));
            second += 1;
        }
    }
    log
}

/// What a replay of these lines writes.
fn replay(log: &[(i64, u16)]) -> Vec<Value> {
    let bytes = log
        .iter()
        .flat_map(|&(second, status)| line(second, status));
    let bytes = bytes.collect();
    let args = ["--replay", "--report=json", "-i1h"];
    let args: Vec<&str> = args.iter().chain(&RULES).copied().collect();
    let script = Script {
        wall: Duration::ZERO,
        messages: vec![
            (Duration::ZERO, Message::Block(bytes)),
            (Duration::ZERO, Message::End),
        ],
        stops: Vec::new(),
        steps: Vec::new(),
    };
    let (_, written) = support::run(&args, script);
    let events = written
        .iter()
        .flat_map(|(_, bytes)| bytes.split(|&b| b == b'\n'));
    let events = events.filter(|line| !line.is_empty());
    events
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect()
}

/// Rule, transition and second of each alert.
fn alerts(events: &[Value]) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let alerts = events.iter().filter(|event| event["type"] == "alert");
    alerts
        .map(|alert| {
            (
                text(&alert["rule"]),
                text(&alert["state"]),
                text(&alert["at"]),
            )
        })
        .collect()
}

/// A jump that no line may make: past the lateness, which is a minute in a replay, either way.
fn jump() -> impl Strategy<Value = i64> {
    prop_oneof![
        MINUTE + 1..10 * MINUTE,
        10 * MINUTE..40 * 365 * 24 * HOUR,
        -10 * MINUTE..-MINUTE - 1,
        -40 * 365 * 24 * HOUR..-10 * MINUTE,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Wherever they come, but for the first line and the last sixteen: nothing before a first line makes it wrong,
    /// and what nothing follows cannot be contradicted.
    #[test]
    fn up_to_seven_wrong_lines_change_no_alert(
        phases in phases(),
        wrong in prop::collection::vec((0.0..1.0f64, jump(), prop_oneof![Just(200u16), Just(503)]), 1..=7),
    ) {
        let right = log(&phases);
        let mut with = right.clone();
        for &(at, jump, status) in &wrong {
            let at = 1 + (at * (right.len() - 17) as f64) as usize;
            with.insert(at, (with[at].0 + jump, status));
        }
        let (right, with) = (replay(&right), replay(&with));
        prop_assert_eq!(alerts(&with), alerts(&right));
        prop_assert!(with.iter().all(|event| event["type"] != "rewind"));
    }

    /// A log that goes back is two logs: each stretch raises what it raises alone. What is firing where the log goes
    /// back has no end, and the summary alone says what is still firing, so transitions are compared.
    #[test]
    fn a_jump_back_raises_what_its_two_stretches_raise_apart(
        first in phases(),
        second in phases(),
        back in 12 * MINUTE..90 * 24 * HOUR,
    ) {
        let first = log(&first);
        let shift = first.last().expect("a line").0 - back;
        let second = log(&second).into_iter().map(|(at, status)| (at + shift, status));
        let second: Vec<_> = second.collect();
        let both = replay(&[&first[..], &second].concat());
        let apart = [replay(&first), replay(&second)];
        let apart: Vec<_> = apart.iter().flat_map(|events| alerts(events)).collect();
        prop_assert_eq!(alerts(&both), apart);
        prop_assert_eq!(both.iter().filter(|event| event["type"] == "rewind").count(), 1);
    }
}

/// What happens to a live source in the second `at`.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// One more line, off by so many seconds.
    Wrong(i64),
    /// The source's own clock is set by so many seconds.
    Step(i64),
    /// The wall clock of this machine is set by so many seconds.
    Wall(i64),
    /// This process is stopped for so many seconds.
    Stop(i64),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => prop_oneof![-1_000_000i64..-10, 70..1_000_000i64].prop_map(Fault::Wrong),
        2 => (-300i64..300).prop_map(Fault::Step),
        1 => (-7200i64..7200).prop_map(Fault::Wall),
        1 => (2i64..60).prop_map(Fault::Stop),
    ]
}

/// Lines that each source writes in a second.
const RATE: i64 = 2;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Sources whose clocks are off by anything up to an hour, each with faults of its own. A step back makes late
    /// what comes until the clock is where it was, and no more; nothing else is late but
    /// a wrong line. And while lines come, no silence is
    /// reported.
    #[test]
    fn live_nothing_is_late_for_longer_than_a_clock_was_set_back(
        lags in prop::collection::vec(-HOUR..HOUR, 1..=3),
        faults in prop::collection::vec((0usize..3, 20i64..170, fault()), 0..5),
    ) {
        const SECONDS: i64 = 200;
        let names = ["a", "b", "c"];
        let mut script = Script {
            wall: Duration::from_secs(START.unsigned_abs()),
            messages: Vec::new(),
            stops: Vec::new(),
            steps: Vec::new(),
        };
        // The second in which what is written at `second` is read: a stopped process reads it later.
        let mut may_be_late = 0;
        let mut off = lags.iter().map(|lag| -lag).collect::<Vec<_>>();
        for second in 0..SECONDS {
            let at = Duration::from_millis(second.unsigned_abs() * 1000 + 300);
            for &(source, when, fault) in faults.iter().filter(|(_, when, _)| *when == second) {
                let source = source % lags.len();
                match fault {
                    Fault::Wrong(by) => {
                        may_be_late += 1;
                        script.messages.push((at, Message::Turn(names[source].into())));
                        script.messages.push((at, Message::Block(line(second + off[source] + by, 200))));
                    }
                    Fault::Step(by) => {
                        off[source] += by;
                        may_be_late += RATE * (-by).max(0);
                    }
                    Fault::Wall(by) => script.steps.push((Duration::from_secs(when.unsigned_abs()), by)),
                    Fault::Stop(length) => script.stops.push((
                        Duration::from_secs(when.unsigned_abs()),
                        Duration::from_secs(length.unsigned_abs()),
                    )),
                }
            }
            for (source, off) in off.iter().enumerate() {
                script.messages.push((at, Message::Turn(names[source].into())));
                let lines = (0..RATE).flat_map(|_| line(second + off, 200)).collect();
                script.messages.push((at, Message::Block(lines)));
            }
        }
        script.messages.push((Duration::from_secs(SECONDS.unsigned_abs()), Message::End));
        let args = ["--report=json", "-i10s", "--lateness=5s", "--patience=3h"];
        let (_, written) = support::run(&args, script);
        let events: Vec<Value> = written
            .iter()
            .map(|(_, bytes)| serde_json::from_slice(bytes).expect("one write is one event"))
            .collect();
        let summary = events.last().expect("a summary");
        let late = summary["late"].as_i64().expect("a number");
        prop_assert!(late <= may_be_late, "{late} late, of at most {may_be_late}: {summary}");
        for event in &events {
            prop_assert!(event["silent_s"].is_null(), "{event}");
        }
    }
}
