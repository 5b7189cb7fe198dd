//! Replay of files in parts: the bytes written are those of one thread, wherever the parts are cut.

#[path = "support/folder.rs"]
mod folder;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use httpmon::render::text::Look;
use httpmon::run::{self, Ended, Feed, Message, Now, ReportWriter, Session, Threads};
use proptest::prelude::*;
use proptest::sample::select;

const START: i64 = 1_760_000_000;

/// What a line is.
#[derive(Debug, Clone)]
enum Line {
    /// A record so many seconds after the last one that was in time.
    Next(u8, Record),
    /// One that is off by so much.
    Off(i32, Record),
    /// Several that agree on another time.
    Jump(i32, u8),
    /// An entry of a W3C log, which the header in force reads.
    W3c(u8),
    /// Anything else, with its newline.
    Other(&'static str),
}

#[derive(Debug, Clone)]
struct Record {
    client: u8,
    section: u8,
    status: u16,
    bytes: u32,
    /// Seconds the request took, in thousandths.
    took: Option<u16>,
    json: bool,
}

const PLAIN: Record = Record {
    client: 1,
    section: 1,
    status: 200,
    bytes: 5,
    took: None,
    json: false,
};

fn record() -> impl Strategy<Value = Record> {
    let status = select(vec![200, 200, 200, 301, 404, 500, 503, 999]);
    (
        0u8..12,
        0u8..5,
        status,
        0u32..5000,
        proptest::option::weighted(0.3, 0u16..3000),
        proptest::bool::weighted(0.2),
    )
        .prop_map(|(client, section, status, bytes, took, json)| Record {
            client,
            section,
            status,
            bytes,
            took,
            json,
        })
}

const OTHERS: &[&str] = &[
    "\n",
    "  \r\n",
    "no entry\n",
    "neither is this\n",
    "192.0.2.1 - - [31/Feb/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n",
    "192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] \"GET /\n",
    "#Software: Microsoft Internet Information Services 10.0\n",
    "#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes time-taken\n",
    "#Fields: date time sc-status cs-uri-stem cs-method c-ip time-taken sc-bytes\n",
    "#Fields: time c-ip cs-method cs-uri-stem sc-status\n",
    "#Date: 2025-10-09 00:00:00\n",
    "==> a.log <==\n",
    "==> b.log <==\n",
    "\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n",
];

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        20 => (0u8..3, record()).prop_map(|(after, record)| Line::Next(after, record)),
        2 => (60u8..250, record()).prop_map(|(after, record)| Line::Next(after, record)),
        4 => (-300i32..1, record()).prop_map(|(off, record)| Line::Off(off, record)),
        2 => (select(vec![3600, 3601, 9000, 4_000_000, -9000]), record()).prop_map(|(off, record)| Line::Off(off, record)),
        1 => (select(vec![4000, 90_000]), 1u8..10).prop_map(|(off, count)| Line::Jump(off, count)),
        2 => (0u8..200).prop_map(Line::W3c),
        3 => select(OTHERS).prop_map(Line::Other),
    ]
}

fn write_record(log: &mut String, time: i64, record: &Record) {
    let at = jiff::Timestamp::from_second(time).expect("in range");
    let Record {
        client,
        section,
        status,
        bytes,
        ..
    } = record;
    let took = record.took.map(|took| f64::from(took) / 1000.0);
    let written = if record.json {
        let took = took.map_or(String::new(), |took| format!(",\"request_time\":{took:.3}"));
        writeln!(
            log,
            "{{\"time\":\"{at}\",\"remote_addr\":\"192.0.2.{client}\",\"request\":\"GET /s{section}/x HTTP/1.1\",\
             \"status\":{status},\"body_bytes_sent\":{bytes}{took}}}"
        )
    } else {
        let at = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
        let took = took.map_or(String::new(), |took| format!(" {took:.3}"));
        writeln!(
            log,
            "192.0.2.{client} - - [{at}] \"GET /s{section}/x HTTP/1.1\" {status} {bytes} \"-\" \"agent\"{took}"
        )
    };
    written.expect("a string takes every write");
}

fn log(lines: &[Line]) -> String {
    let mut now = START;
    let mut log = String::new();
    for line in lines {
        match line {
            Line::Next(after, record) => {
                now += i64::from(*after);
                write_record(&mut log, now, record);
            }
            Line::Off(off, record) => write_record(&mut log, now + i64::from(*off), record),
            Line::Jump(off, count) => {
                let there = now + i64::from(*off);
                (0..*count).for_each(|i| write_record(&mut log, there + i64::from(i), &PLAIN));
                if *count >= 8 {
                    now = there + i64::from(*count) - 1;
                }
            }
            Line::W3c(after) => {
                let at = jiff::Timestamp::from_second(now + i64::from(*after)).expect("in range");
                let at = at.strftime("%Y-%m-%d %H:%M:%S");
                writeln!(log, "{at} 192.0.2.9 GET /w/x 200 512 31")
                    .expect("a string takes every write");
            }
            Line::Other(text) => log.push_str(text),
        }
    }
    log
}

/// Collects what is written.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a replay of the files writes, by so many threads in parts of so many bytes.
fn replay(args: &[&str], files: &[OsString], parallel: Option<(usize, u64)>) -> String {
    run_replay(args, files, |session| {
        let parallel = parallel.map(|(threads, size)| session.parallel(threads, size));
        Box::new(Threads::of_files(files, parallel).expect("the files are there"))
    })
}

fn run_replay(
    args: &[&str],
    files: &[OsString],
    feed: impl FnOnce(&Session) -> Box<dyn Feed>,
) -> String {
    let args: Vec<&str> = ["--replay"].iter().chain(args).copied().collect();
    let mut options = run::options(&args).expect("the arguments ask for a run");
    options.files = files.to_vec();
    // A time of the log's day need not be known beforehand; a time back from its end must be.
    if options.period().told_ago().is_some() {
        run::resolve(&mut options);
    }
    let look = Look {
        rich: false,
        color: false,
        width: 80,
        ascii: false,
    };
    let stream = Stream::default();
    let output = ReportWriter::new(Box::new(stream.clone()), (options.report.make)(look), false);
    let mut session = match Session::new(&options, output) {
        Ok(session) => session,
        // The newest record leaves no time between the two.
        Err(error) => return error.to_string(),
    };
    let mut feed = feed(&session);
    let ended = session.run(&mut *feed);
    assert!(matches!(ended, Ended::Input), "{ended:?}");
    let written = stream.0.lock().expect("no panic").clone();
    String::from_utf8(written).expect("UTF-8")
}

/// What a replay of a file writes whose lines come one by one, so that each is taken before the next comes.
fn replay_lines(args: &[&str], name: &OsString, log: &str) -> String {
    struct ByLines(VecDeque<Message>);

    impl Feed for ByLines {
        fn next(&mut self, _: Option<Duration>) -> Message {
            self.0.pop_front().unwrap_or(Message::End)
        }

        fn now(&self) -> Now {
            Now {
                wall: Duration::ZERO,
                monotonic: Duration::ZERO,
            }
        }

        fn recycle(&mut self, _: Vec<u8>) {}
    }

    let begin = Message::Begin(Some(Arc::from(&*name.to_string_lossy())));
    let lines = log
        .split_inclusive('\n')
        .map(|line| Message::Block(line.into()));
    run_replay(args, std::slice::from_ref(name), |_| {
        Box::new(ByLines([begin].into_iter().chain(lines).collect()))
    })
}

const RUNS: &[&[&str]] = &[
    &["--report=json", "--interval=10s", "--lateness=5"],
    &[
        "--report=json",
        "--interval=7s",
        "--lateness=0",
        "--threshold=0.2",
        "--window=20s",
    ],
    &["--interval=1m", "--top=section=3,client=3,status"],
    &["--report=json"],
    &[
        "--report=json",
        "--interval=1m",
        "--lateness=20s",
        "--alert=A: 5xx > 10% over 30s min 3",
        "--alert=B: hits > 3 over 1m by client",
        "--alert=C: unique client > 4 over 1m",
        "--alert=D: p95 > 1s over 1m",
        "--alert=E: hits > 4 over 30s where section = /s1 and status >= 400",
        "--alert=F: unparsed > 20% over 1m min 3",
    ],
    &[
        "--report=json",
        "--interval=30s",
        "--where=client != 192.0.2.3 and status < 500",
    ],
    &[
        "--report=json",
        "--interval=30s",
        "--since=2025-10-09T08:54:00Z",
        "--until=2025-10-09T09:10:00Z",
        "--where=section != /s2",
        "--alert=A: hits > 4 over 30s where section = /s1",
        "--alert=B: hits < 1 over 1m",
    ],
    &[
        "--report=json",
        "--top=network,not-found,failing=2,client,path,status,bot,cache",
        "--where=network = 192.0.2.0/29",
    ],
    &["--report=json", "--since=-5m", "--until=-20s"],
    &[
        "--report=json",
        "--columns=first,last",
        "--top=client,section",
    ],
    &[
        "--report=json",
        "--top=field:remote_addr,field:c-ip/status",
        "--alert=A: hits > 1 over 1m where field:request!=x by field:remote_addr",
    ],
    &[
        "--report=json",
        "--interval=1m",
        "--since=08:54",
        "--until=09:30",
    ],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_number_of_threads_and_any_size_of_parts_write_the_same(
        lines in proptest::collection::vec(line(), 1..120),
        more in proptest::collection::vec(line(), 0..30),
        cut in 0usize..60,
        run in 0..RUNS.len(),
        size in prop_oneof![1u64..400, 400u64..8000],
    ) {
        let mut first = log(&lines);
        // A file that ends inside a line.
        first.truncate(first.len().saturating_sub(cut));
        let folder = folder::fresh("parallel");
        let files = [(folder.join("1"), first), (folder.join("2"), log(&more))];
        for (path, text) in &files {
            std::fs::write(path, text).expect("a file");
        }
        let paths: Vec<OsString> = files.iter().map(|(path, _)| path.into()).collect();
        let one = replay(RUNS[run], &paths, None);
        for threads in [2, 3, 8] {
            prop_assert_eq!(&replay(RUNS[run], &paths, Some((threads, size))), &one, "{} threads", threads);
        }
        // One thread that counts in parts is not what --threads 1 is, and writes the same.
        prop_assert_eq!(&replay(RUNS[run], &paths, Some((1, size))), &one);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    /// Seconds that ascend close in columns as far as no rule changes: whatever stands at the bound of that, a window that is
    /// all but full, a second of many hits, a gap, a line out of order, the outcome is that of each second for itself.
    #[test]
    fn seconds_that_ascend_write_the_same_however_many_close_at_once(
        seconds in proptest::collection::vec(
            // Fewer than 64 that ascend without a gap of more than a minute are not worth it.
            (prop_oneof![200 => 1i64..4, 10 => 4i64..70, 1 => 1000i64..1100], prop_oneof![100 => 1u8..4, 1 => 20u8..60]),
            150..500,
        ),
        others in proptest::collection::vec((0usize..500, select(vec!["", "\n", "no entry\n", "late", "ahead", "huge"])), 0..8),
        (hits, window, lateness) in (1u32..120, 1u32..90, prop_oneof![Just(0u32), 1u32..70]),
        (errors, count) in (1u32..12, 1usize..5),
        huge in select(vec![(1u64 << 62) - 1, 1 << 62, u64::MAX]),
        timed in any::<bool>(),
        size in 4_000u64..60_000,
    ) {
        let (mut log, mut now) = (String::new(), START);
        for (place, &(after, count)) in seconds.iter().enumerate() {
            now += after;
            let record = |client, status| Record {
                client,
                section: client % 3,
                status,
                bytes: 100 * u32::from(client),
                took: timed.then_some(u16::from(client)),
                json: false,
            };
            for client in 0..count {
                write_record(&mut log, now, &record(client, if place % 7 == 0 { 503 } else { 200 }));
            }
            for (_, other) in others.iter().filter(|(at, _)| *at == place) {
                match *other {
                    "late" => write_record(&mut log, now - 3, &record(1, 404)),
                    // Wrong, and they ascend.
                    "ahead" => for off in 0..3 {
                        write_record(&mut log, now + 5000 + off, &record(2, 200));
                    },
                    "huge" => log.push_str(&format!(
                        "192.0.2.1 - - [{}] \"GET / HTTP/1.1\" 200 {huge}\n",
                        jiff::Timestamp::from_second(now).expect("in range").strftime("%d/%b/%Y:%H:%M:%S +0000"),
                    )),
                    other => log.push_str(other),
                }
            }
        }
        let path = folder::fresh("ascending").join("access.log");
        std::fs::write(&path, &log).expect("a file");
        let rules = [
            format!("--lateness={lateness}"),
            format!("--alert=A: hits > {hits} over {window}s"),
            format!("--alert=B: 5xx > {errors} over {window}s"),
            "--alert=C: hits > 2/s over 20s for 5s".to_owned(),
        ];
        let rules: Vec<&str> = rules.iter().take(count).map(String::as_str).collect();
        for output in [
            &["--report=json"][..],
            &["--report=text"],
            &["--report=html"],
            &["--report=json", "--interval=10s"],
            &["--report=text", "--interval=1m"],
        ] {
            let args = [output, &rules[..]].concat();
            let files = [path.clone().into()];
            let one_by_one = replay_lines(&args, &files[0], &log);
            prop_assert_eq!(&replay(&args, &files, None), &one_by_one);
            for threads in [1, 3] {
                prop_assert_eq!(&replay(&args, &files, Some((threads, size))), &one_by_one);
            }
        }
    }
}

/// Seconds may be held until others close with them: what a report says of lines that are no records is of those before it.
#[test]
fn a_report_counts_no_line_that_came_behind_it() {
    let mut log = String::new();
    for second in 0..120 {
        write_record(&mut log, START + second, &PLAIN);
        if second > 60 && second % 4 == 0 {
            log.push_str("no entry\n");
        }
    }
    let path = folder::fresh("behind").join("access.log");
    std::fs::write(&path, &log).expect("a file");
    let files = [path.into()];
    let args = ["--report=json", "--interval=10s", "--lateness=0"];
    let one_by_one = replay_lines(&args, &files[0], &log);
    assert!(one_by_one.contains(r#""count":2,"#), "{one_by_one}");
    assert_eq!(replay(&args, &files, None), one_by_one);
    for size in [1000, 100_000] {
        assert_eq!(replay(&args, &files, Some((2, size))), one_by_one);
    }
}

/// What is ahead is believed while lines go on: the first one behind it may be any of its second, and of lines that ascend.
#[test]
fn the_line_at_which_a_log_goes_back_is_the_same() {
    for (rate, between) in [
        (1, ""),
        (3, ""),
        (100, ""),
        (1, "\n"),
        (3, "\n"),
        (100, "\n"),
    ] {
        let mut log = String::new();
        let behind = (0..200).map(|n| (1000 + n / rate, if n % 2 == 0 { "" } else { between }));
        let times = (0..1000).chain(2200..2209).map(|at| (at, ""));
        for (at, between) in times.chain(behind) {
            write_record(&mut log, START + at, &PLAIN);
            log.push_str(between);
        }
        let path = folder::fresh("turning").join("access.log");
        std::fs::write(&path, &log).expect("a file");
        let files = [path.into()];
        let args = ["--report=json"];
        let one_by_one = replay_lines(&args, &files[0], &log);
        assert!(one_by_one.contains(r#""type":"rewind""#), "{one_by_one}");
        assert_eq!(replay(&args, &files, None), one_by_one);
        for threads in [1, 2] {
            assert_eq!(replay(&args, &files, Some((threads, 5000))), one_by_one);
        }
    }
}

/// After some seconds records wait for others; whichever second comes again then, it is late.
#[test]
fn a_late_record_is_late_whenever_others_begin_to_wait() {
    let path = folder::fresh("again").join("access.log");
    let files = [path.clone().into()];
    for again in 40..140 {
        let mut log = String::new();
        for at in (0..=again).chain([again + 50, again]) {
            write_record(&mut log, START + at, &PLAIN);
        }
        std::fs::write(&path, &log).expect("a file");
        let args = ["--report=json", "--lateness=0"];
        let written = replay(&args, &files, None);
        assert!(written.contains(r#""late":1,"#), "{again}: {written}");
    }
}

/// More distinct clients than are kept, and more lines that are no record than a part holds.
#[test]
fn parts_that_pass_a_cap_write_the_same() {
    let mut log = String::new();
    for i in 0..115_000u32 {
        let [_, a, b, c] = i.to_be_bytes();
        let second = i / 2000;
        writeln!(
            log,
            "10.{a}.{b}.{c} - - [20/Nov/2026:09:00:{second:02} +0000] \"GET /{} HTTP/1.1\" 200 5",
            i % 7
        )
        .expect("a string takes every write");
        if (30_000..50_000).contains(&i) {
            log.push_str("no entry\n");
        }
    }
    let path = folder::fresh("caps").join("access.log");
    std::fs::write(&path, log).expect("a file");
    let paths = [path.into()];
    let args = ["--report=json", "--interval=10s", "--top=client=20,section"];
    let one = replay(&args, &paths, None);
    assert!(one.contains("\"unique_error\":"), "the cap was passed");
    assert!(replay(&args, &paths, Some((2, 1 << 20))) == one);
}

/// Zones, and the second at which their clocks go back in 2026, by an hour or by half of one.
const BACK: &[(&str, i64)] = &[
    ("Europe/Berlin", 1_792_890_000),
    ("America/New_York", 1_793_512_800),
    ("Australia/Lord_Howe", 1_775_314_800),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// A log without offsets over a change of the clocks says what it says with them, whoever reads it.
    #[test]
    fn local_times_that_come_twice_are_read_in_their_order(
        (zone, back) in select(BACK),
        // Since the last one, and how much it comes late.
        lines in proptest::collection::vec((0i64..600, prop_oneof![3 => Just(0i64), 1 => 0i64..50]), 30..120),
        since in proptest::option::weighted(0.3, -1800i64..1800),
        (threads, size) in (1usize..5, 1u64..3000),
    ) {
        let tz = jiff::tz::TimeZone::get(zone).expect("a zone");
        let length: i64 = lines.iter().map(|(after, _)| after).sum();
        let (mut now, mut naive, mut zoned) = (back - length.min(9000) / 2 - 3600, String::new(), String::new());
        for (after, late) in lines {
            now += after;
            let at = jiff::Timestamp::from_second(now - late).expect("in range").to_zoned(tz.clone());
            for (log, form) in [(&mut naive, "%d/%b/%Y:%H:%M:%S"), (&mut zoned, "%d/%b/%Y:%H:%M:%S %z")] {
                writeln!(log, "192.0.2.1 - - [{}] \"GET / HTTP/1.1\" 200 5", at.strftime(form))
                    .expect("a string takes every write");
            }
        }
        let folder = folder::fresh("twice");
        let (with, without) = (folder.join("with"), folder.join("without"));
        std::fs::write(&with, zoned).expect("a file");
        std::fs::write(&without, naive).expect("a file");
        let log_tz = format!("--log-tz={zone}");
        let since = since.map(|since| format!("--since={}", jiff::Timestamp::from_second(back + since).expect("in range")));
        let mut args = vec!["--report=json", "--interval=10m", "--tz=UTC", "--threshold=0.02", "--window=5m", &log_tz];
        args.extend(since.as_deref());
        let want = replay(&args, &[with.into()], None);
        let paths = [without.into()];
        prop_assert_eq!(&replay(&args, &paths, None), &want, "{}", zone);
        prop_assert_eq!(&replay(&args, &paths, Some((threads, size))), &want, "{} threads", threads);
    }
}
