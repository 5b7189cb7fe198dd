//! What must be true of whole runs whatever the log is: the books balance, and it makes no difference how the input is cut.

use std::time::Duration;

use httpmon::run::Message;

use crate::support::{Script, run};

/// Options that meet other code on the way.
const OPTIONS: [&[&str]; 8] = [
    &[],
    &["--interval=10s", "--lateness=0"],
    &[
        "--interval=1m",
        "--top=section,path,client,status,agent,host",
    ],
    &[
        "--alert=A: hits > 1 over 5s",
        "--alert=B: 404 > 1 over 1m by client",
    ],
    &[
        "--alert=U: unique client > 2 over 1m",
        "--alert=S: 5xx > 5% over 1m min 2",
        "--interval=7s",
    ],
    &["--where=status >= 400 or path ~ /a*", "--lateness=2s"],
    &[
        "--alert=Q: silence > 30s by client",
        "--alert=P: p95 > 100ms over 1m",
        "--window=10s",
    ],
    &[
        "--time=stamp",
        "--client=forwarded",
        "--since=2020-01-01",
        "--quiet",
    ],
];

/// The first byte is the options, the second how the input is cut; the rest is the log.
///
/// # Panics
///
/// If something is not as it must be.
pub fn check(data: &[u8]) {
    let [options, cut, log @ ..] = data else {
        return;
    };
    let log = &log[..log.len().min(1 << 14)];
    let options = OPTIONS[usize::from(*options) % OPTIONS.len()];
    let size = usize::from(*cut) + 1;
    let replay = [&["--replay", "--report=json"], options].concat();
    let whole = written(&replay, [log].into_iter(), Duration::ZERO);
    balance(&whole);
    assert_eq!(written(&replay, log.chunks(size), Duration::ZERO), whole);
    let live = [&["--report=json"], options].concat();
    let step = Duration::from_millis(u64::from(*cut) * 40);
    balance(&written(&live, log.chunks(size.max(64)), step));
}

/// What a run writes over these pieces, one after each step of the clocks.
fn written<'l>(args: &[&str], pieces: impl Iterator<Item = &'l [u8]>, step: Duration) -> String {
    let blocks = pieces.map(|piece| Message::Block(piece.to_vec()));
    let messages = (0..).zip(blocks.chain([Message::End]));
    let script = Script {
        // 2026-11-20T09:00:00Z, about when the golden cases' logs were written.
        wall: Duration::from_secs(1_795_165_200),
        messages: messages.map(|(n, message)| (step * n, message)).collect(),
        stops: Vec::new(),
        steps: Vec::new(),
    };
    let (_, written) = run(args, script);
    let bytes: Vec<u8> = written.into_iter().flat_map(|(_, bytes)| bytes).collect();
    String::from_utf8(bytes).expect("what is written is UTF-8")
}

/// Every line became a hit, or is said to be something else.
fn balance(text: &str) {
    let Some(summary) = text
        .lines()
        .rfind(|line| line.contains("\"type\":\"summary\""))
    else {
        return;
    };
    let number = |name: &str| -> u64 {
        let found = summary.split_once(&format!("\"{name}\":"));
        let digits = found.map_or("", |(_, rest)| rest);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        digits[..end].parse().expect(name)
    };
    let parts = ["hits", "unparsed", "skipped", "filtered"].map(number);
    assert_eq!(number("lines"), parts.iter().sum::<u64>(), "{summary}");
    assert!(
        number("late") + number("skewed") <= number("hits"),
        "{summary}"
    );
}
