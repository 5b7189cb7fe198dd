//! Several live sources, each as far behind the wall clock as it is, are one log sorted by time: byte for byte what a
//! replay of that log writes.

mod support;

use std::time::Duration;

use httpmon::run::Message;
use proptest::prelude::*;
use support::Script;

/// 2026-01-01T00:00:00Z: a multiple of the intervals used here.
const START: i64 = 1_767_225_600;

fn line(source: usize, second: i64, kind: usize) -> Vec<u8> {
    let at = jiff::Timestamp::from_second(START + second).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    let status = [200, 200, 404, 503][kind % 4];
    format!(
        "10.0.{source}.{} - - [{at}] \"GET /p{}/x HTTP/1.1\" {status} {kind}\n",
        kind % 5,
        kind % 7
    )
    .into_bytes()
}

const ARGS: [&str; 7] = [
    "--report=json",
    "--interval=10s",
    "--lateness=5s",
    "--alert=High: hits > 4/s over 10s",
    "--alert=Errors: 5xx > 30% over 20s min 5",
    "--alert=Client: 404 > 3 over 30s by client",
    "--alert=Low: hits < 2/s over 10s",
];

fn run(args: &[&str], messages: Vec<(Duration, Message)>) -> String {
    let script = Script {
        wall: Duration::from_secs(START.unsigned_abs()),
        messages,
        stops: Vec::new(),
        steps: Vec::new(),
    };
    let (_, written) = support::run(&[&ARGS[..], args].concat(), script);
    let pieces = written.into_iter().flat_map(|(_, bytes)| bytes);
    String::from_utf8(pieces.collect()).expect("text")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn live_sources_within_the_patience_are_one_log_sorted_by_time(
        // Of each how many seconds it is behind, and what it logs in each second: never nothing for a second, since a
        // source that is silent goes on by its lag.
        sources in prop::collection::vec(
            (0i64..55, prop::collection::vec(prop::collection::vec(0usize..1000, 2..5), 60)),
            1..6,
        ),
    ) {
        let mut live = Vec::new();
        let mut sorted = Vec::new();
        for (source, (lag, seconds)) in sources.iter().enumerate() {
            for (second, kinds) in seconds.iter().enumerate() {
                for (n, &kind) in kinds.iter().enumerate() {
                    let line = line(source, second as i64 - lag, kind);
                    let half = if n == 0 { 0 } else { 500 };
                    let at = Duration::from_millis(1000 * second as u64 + half + kind as u64 % 400);
                    sorted.push((second as i64 - lag, source, line.clone()));
                    live.push((at, source, line));
                }
            }
        }
        live.sort();
        sorted.sort();
        let mut messages = Vec::new();
        for (at, source, line) in live {
            messages.push((at, Message::Turn(format!("web{source}").into())));
            messages.push((at, Message::Block(line)));
        }
        let end = messages.last().expect("there are some").0;
        messages.push((end, Message::End));
        let live = run(&["--patience=1m"], messages);
        let sorted = sorted.into_iter().flat_map(|(.., line)| line).collect();
        let zero = Duration::ZERO;
        let replay = run(&["--replay"], vec![(zero, Message::Block(sorted)), (zero, Message::End)]);
        prop_assert_eq!(live, replay);
    }
}
