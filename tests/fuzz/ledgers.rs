//! What must be true of a ledger of `--state` whatever it holds: it is taken or refused, and what is refused stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Crc;
use httpmon::run::{Message, SharedLedger};
use httpmon::time::Second;

use crate::support::{Script, run_with};

/// When the run begins: 2026-11-20T09:00:00Z.
const NOW: i64 = 1_795_165_200;
const ARGUMENTS: [&str; 5] = [
    "--report=json",
    "--interval=10s",
    "--window=10s",
    "--threshold=1",
    "--lateness=0",
];

/// The first byte says whether the rest are lines that get their checksums here, or a whole file.
///
/// # Panics
///
/// If something is not as it must be.
pub fn check(data: &[u8]) {
    let [kind, rest @ ..] = data else {
        return;
    };
    let bytes = match kind {
        b'f' => rest.to_vec(),
        kind => sealed(rest, *kind == b's'),
    };
    // A thread may be beside another one in the same process.
    let thread = format!("{:?}", std::thread::current().id());
    let name = format!("httpmon-ledgers-{}-{thread}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("state");
    fs::write(&path, &bytes).expect("a file");
    if written(&path).is_none() {
        assert_eq!(fs::read(&path).expect("it is there"), bytes);
        assert_eq!(files(&folder), [path]);
    } else {
        // All was written then: a second run over the same log has nothing to tell.
        let (_, said) = SharedLedger::open(&path).expect("it is one now");
        assert_eq!(said, None);
        assert_eq!(written(&path), Some(String::new()));
    }
    fs::remove_dir_all(&folder).expect("it is there");
}

/// A ledger of these lines, each with its checksum; with an end if it is to be `whole`.
fn sealed(lines: &[u8], whole: bool) -> Vec<u8> {
    let mut bytes = b"{\"v\":1,\"type\":\"httpmon-state\"}\n".to_vec();
    let mut seal = |line: &[u8]| {
        let mut crc = Crc::new();
        crc.update(line);
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(format!(",\"crc\":\"{:08x}\"}}\n", crc.sum()).as_bytes());
    };
    let lines = lines.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    let count = lines.clone().count();
    lines.for_each(&mut seal);
    if whole {
        seal(format!("{{\"type\":\"end\",\"entries\":{count}").as_bytes());
    }
    bytes
}

/// What a run over a log that ends now writes before its summary, if it takes the ledger.
fn written(path: &Path) -> Option<String> {
    let (ledger, _) = SharedLedger::open(path).ok()?;
    let mut log = String::new();
    for second in NOW - 60..NOW {
        let time = jiff::Timestamp::from_second(second).expect("a time");
        let time = time.strftime("%d/%b/%Y:%H:%M:%S");
        // An alert begins and ends.
        for _ in 0..if (20..40).contains(&(second % 60)) {
            3
        } else {
            1
        } {
            log += &format!("192.0.2.7 - - [{time} +0000] \"GET / HTTP/1.1\" 200 1\n");
        }
    }
    let messages = [Message::Block(log.into_bytes()), Message::End];
    let script = Script {
        wall: Duration::from_secs(NOW as u64),
        messages: messages.map(|message| (Duration::ZERO, message)).into(),
        stops: Vec::new(),
        steps: Vec::new(),
    };
    let (_, written) = run_with(&ARGUMENTS, script, |session| {
        session.resume(&ledger, Second(NOW));
    });
    let bytes: Vec<u8> = written.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let text = String::from_utf8(bytes).expect("what is written is UTF-8");
    let lines = text.split_inclusive('\n');
    Some(
        lines
            .filter(|line| !line.contains("\"type\":\"summary\""))
            .collect(),
    )
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}
