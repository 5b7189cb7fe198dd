//! What holds for every input: nothing panics, the books balance, reads and clocks change nothing.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use httpmon::format::record::Record;
use httpmon::format::{Choice, Outcome, Parser, detect};
use httpmon::input::lines::Lines;
use httpmon::run::{Ended, Message};
use httpmon::time::Zone;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use support::Script;

const START: i64 = 1_760_000_000;
const RECORD: &[u8] = b"192.0.2.7 - - [09/Oct/2025:08:53:20 +0000] \"GET /first HTTP/1.1\" 200 5\n";

fn line(time: i64, client: &str, request: &str, status: &str, bytes: u64) -> Vec<u8> {
    let at = jiff::Timestamp::from_second(time).expect("in range");
    let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("{client} - - [{at}] \"{request}\" {status} {bytes}\n").into_bytes()
}

/// Lines that httpmon reads.
fn records() -> impl Strategy<Value = Vec<u8>> {
    (
        START..START + 3000,
        select(vec!["192.0.2.7", "2001:db8::1", "a.example", "-"]),
        select(vec![
            "GET /a/b HTTP/1.1",
            "GET / HTTP/2.0",
            "-",
            "",
            "\\x16\\x03",
            "POST /c d",
        ]),
        select(vec!["200", "301", "404", "503", "-", "999"]),
        0u64..5000,
    )
        .prop_map(|(time, client, request, status, bytes)| {
            line(time, client, request, status, bytes)
        })
}

/// Anything that may be in a stream, most of it close to a log.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<&[u8]> = vec![
        b"\n",
        b"\r\n",
        b"==> /var/log/x <==\n",
        b"==> ",
        b"#Fields: date time\n",
        b"\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n",
        b"\"10.0.0.2\",\"-\",\"a\",1760000100,\"GET /api HTTP/1.0\",200,1234\n",
        b"www.example.com:443 192.0.2.7 - - [09/Oct/2025:08:53:21 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"\n",
        b"192.0.2.7 - - [09/Oct/2066:08:53:21 +0000] \"GET / HTTP/1.1\" 200 5\n",
        b"192.0.2.7 - - [31/Feb/2025:08:53:21 +0000] \"GET / HTTP/1.1\" 200 5\n",
        b"[",
        b"\"",
        b"\\",
        b" - - [",
        b"\x1b[2J\xe2\x80\xae",
    ];
    prop_oneof![
        4 => records(),
        2 => select(fixed).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        // A line with one byte changed, and one that is cut.
        1 => (records(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut line, at, byte)| {
            let at = at.index(line.len());
            line[at] = byte;
            line
        }),
        1 => (records(), any::<prop::sample::Index>()).prop_map(|(mut line, at)| {
            line.truncate(at.index(line.len()));
            line
        }),
    ]
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(pieces(), 0..40).prop_map(|pieces| pieces.concat())
}

/// Runs httpmon over blocks that come one after the other, a tenth of a second apart.
fn run(args: &[&str], wall: i64, blocks: &[&[u8]]) -> Vec<u8> {
    let at = |i: usize| Duration::from_millis(100 * i as u64);
    let messages = blocks
        .iter()
        .map(|block| Message::Block(block.to_vec()))
        .chain([Message::End]);
    let script = Script {
        wall: Duration::from_secs(wall.unsigned_abs()),
        messages: messages.enumerate().map(|(i, m)| (at(i), m)).collect(),
        stops: Vec::new(),
        steps: Vec::new(),
    };
    let (ended, written) = support::run(args, script);
    assert!(matches!(ended, Ended::Input), "{ended:?}");
    written.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// `bytes` in blocks that end at `cuts`.
fn blocks<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter()
        .map(|end| &bytes[std::mem::replace(&mut from, end)..end])
        .collect()
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}

fn json(output: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(output).expect("JSON is UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect()
}

fn of_type<'v>(events: &'v [Value], name: &str) -> Vec<&'v Value> {
    events
        .iter()
        .filter(|event| event["type"] == name)
        .collect()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().expect("a number")
}

fn sum(events: &[&Value], key: &str) -> u64 {
    events.iter().map(|event| number(event, key)).sum()
}

const REPLAY: [&str; 7] = [
    "--replay",
    "-i10s",
    "-w20s",
    "-t0.2",
    "--lateness=5s",
    "--top=path=1000,client=1000",
    "-rjson",
];

proptest! {
    /// Straight through the library, which says nothing on standard error about all the garbage.
    #[test]
    fn any_bytes_at_all_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), choice in select(vec!["auto", "common", "combined", "vhost_combined", "csv"])) {
        let mut parser = Parser::new(&Choice::parse(choice).expect("a format"), Zone::UTC, &[]);
        let mut lines = Lines::default();
        let mut count = 0;
        let mut read = |text: &[u8]| {
            count += 1;
            let mut record = Record::EMPTY;
            if let Outcome::Unparsed(unparsed) = parser.read(text, &mut record) {
                assert!(unparsed.at <= text.len());
            }
        };
        lines.feed(&bytes, &mut |line: httpmon::input::lines::Line<'_>| read(line.bytes));
        lines.finish(&mut |line: httpmon::input::lines::Line<'_>| read(line.bytes));
        let ends = bytes.iter().filter(|b| **b == b'\n').count();
        prop_assert_eq!(count, ends + usize::from(bytes.last().is_some_and(|b| *b != b'\n')));
        prop_assert!(!detect::looks_like(&bytes).is_empty());
    }

    #[test]
    fn the_books_balance_whatever_comes(stream in streams()) {
        let stream = [RECORD, &stream].concat();
        let events = json(&run(&REPLAY, 0, &[&stream]));
        let summary = events.last().expect("a summary");
        prop_assert_eq!(&summary["type"], "summary");
        let ends = stream.iter().filter(|b| **b == b'\n').count() as u64;
        prop_assert_eq!(number(summary, "lines"), ends + u64::from(stream.last() != Some(&b'\n')));
        let parts = ["hits", "unparsed", "skipped", "filtered"].map(|key| number(summary, key));
        prop_assert_eq!(number(summary, "lines"), parts.iter().sum::<u64>());
        for event in of_type(&events, "report").into_iter().chain([summary]) {
            let status = event["status"].as_object().expect("classes");
            prop_assert_eq!(status.values().filter_map(Value::as_u64).sum::<u64>(), number(event, "hits"));
            let rows = event["top"]["client"].as_array().expect("rows");
            let listed: u64 = rows.iter().map(|row| number(row, "hits")).sum();
            prop_assert_eq!(listed + number(&event["other"], "client"), number(event, "hits"));
            let rows = event["top"]["path"].as_array().expect("rows");
            let listed: u64 = rows.iter().map(|row| number(row, "hits")).sum();
            prop_assert_eq!(listed + number(event, "malformed"), number(event, "hits"));
        }
        // No report holds a hit twice, and none that has no place in time.
        let reported = sum(&of_type(&events, "report"), "hits");
        prop_assert!(reported + number(summary, "skewed") <= number(summary, "hits"));
        prop_assert!(reported + number(summary, "skewed") + number(summary, "late") >= number(summary, "hits"));
    }

    #[test]
    fn nothing_in_plain_text_can_steer_a_terminal(stream in streams()) {
        let stream = [RECORD, &stream].concat();
        let output = run(&["--replay", "-i10s", "--lateness=5s", "--top=path,source"], 0, &[&stream]);
        let text = String::from_utf8(output).expect("UTF-8");
        let steers = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        prop_assert!(!text.contains(steers), "{:?}", text);
    }

    #[test]
    fn any_split_into_blocks_gives_the_same_bytes(stream in streams(), cuts in cuts()) {
        let stream = [RECORD, &stream].concat();
        prop_assert_eq!(run(&REPLAY, 0, &blocks(&stream, &cuts)), run(&REPLAY, 0, &[&stream]));
    }

    /// An old log: no second of it is near the wall clock, half an hour after its end.
    #[test]
    fn live_and_replay_write_the_same_bytes_for_an_old_log(stream in streams(), cuts in cuts(), json in any::<bool>()) {
        let stream = [RECORD, &stream].concat();
        let mut args = vec!["--replay", "-i10s", "-w20s", "-t0.2", "--lateness=5s"];
        args.extend(json.then_some("-rjson"));
        let wall = START + 3000 + 600;
        let replayed = run(&args, wall, &[&stream]);
        prop_assert_eq!(run(&args[1..], wall, &blocks(&stream, &cuts)), replayed);
    }

    #[test]
    fn reports_add_up_to_the_summary(records in prop::collection::vec(records(), 1..60), gaps in prop::collection::vec(0i64..200, 1..20), interval in 1i64..100) {
        // In time: each record gets a time of its own, not before the last.
        let mut time = START;
        let mut stream = Vec::new();
        for (record, gap) in records.iter().zip(gaps.iter().cycle()) {
            time += gap;
            let text = std::str::from_utf8(record).expect("text");
            let (head, tail) = (text.find('[').expect("a time"), text.find(']').expect("a time"));
            let at = jiff::Timestamp::from_second(time).expect("in range");
            let at = at.strftime("[%d/%b/%Y:%H:%M:%S +0000");
            stream.extend_from_slice(format!("{}{at}{}", &text[..head], &text[tail..]).as_bytes());
        }
        let interval_arg = format!("--interval={interval}");
        let args = ["--replay", &interval_arg, "--lateness=0", "--top=path=1000,client=1000,status", "-rjson"];
        // One record with a section: its lack is no matter here.
        let stream = [RECORD, &stream].concat();
        let events = json(&run(&args, 0, &[&stream]));
        let (reports, summary) = (of_type(&events, "report"), events.last().expect("a summary"));
        for key in ["hits", "bytes", "malformed"] {
            prop_assert_eq!(sum(&reports, key), number(summary, key), "{}", key);
        }
        for class in ["1xx", "2xx", "3xx", "4xx", "5xx", "other"] {
            let shown: u64 = reports.iter().map(|report| number(&report["status"], class)).sum();
            prop_assert_eq!(shown, number(&summary["status"], class));
        }
        for dimension in ["path", "client"] {
            let rows = |event: &Value| -> Vec<(String, [u64; 3])> {
                let rows = event["top"][dimension].as_array().expect("rows");
                rows.iter().map(|row| (row["key"].to_string(), ["hits", "bytes", "errors"].map(|key| number(row, key)))).collect()
            };
            let mut shown: BTreeMap<String, [u64; 3]> = BTreeMap::new();
            for (key, counts) in reports.iter().flat_map(|report| rows(report)) {
                let sum = shown.entry(key).or_default();
                *sum = std::array::from_fn(|i| sum[i] + counts[i]);
            }
            prop_assert_eq!(shown, rows(summary).into_iter().collect::<BTreeMap<_, _>>());
        }
        // Reports and gaps follow each other without a hole.
        let spans: Vec<&Value> = events.iter().filter(|event| event["type"] == "report" || event["type"] == "gap").collect();
        for pair in spans.windows(2) {
            prop_assert_eq!(&pair[0]["to"], &pair[1]["from"]);
        }
    }
}
