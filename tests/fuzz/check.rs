//! What must be true of the formats whatever bytes they are given: shared by the fuzz target and by `cargo test`.

use httpmon::format::record::Record;
use httpmon::format::unparsed::Field;
use httpmon::format::{Choice, EventTime, Outcome, Parser, Proxies, closest, detect, recognise};
use httpmon::time::Zone;

/// Choices that are read in ways of their own: by shape, by keys, by `#Fields`, by steps, by a string.
const CHOICES: [&str; 9] = [
    "auto",
    "combined",
    "json",
    "w3c",
    "uvicorn",
    "haproxy",
    "json: time=t status=s client=c path=p",
    "#Fields: date time c-ip cs-uri-stem sc-status x-forwarded-for",
    r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $request_time "$http_x_forwarded_for""#,
];

const WANTED: [Field; 6] = [
    Field::Host,
    Field::User,
    Field::Referrer,
    Field::Agent,
    Field::Cache,
    Field::Forwarded,
];

/// Reads the bytes as lines in each way, and as a format string.
///
/// # Panics
///
/// If something is not as it must be.
pub fn check(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|&b| b == b'\n').take(64).collect();
    for choice in CHOICES {
        let choice = Choice::parse(choice).expect(choice);
        let mut whole = Parser::new(&choice, Zone::UTC, &WANTED);
        let mut other = whole.clone();
        let by_stamp = whole.clone().timed_by(EventTime::Stamp);
        let mut forwarded = by_stamp.behind(Some(Proxies::default()));
        for line in &lines {
            let state = whole.state().clone();
            let mut record = Record::EMPTY;
            let read = whole.read(line, &mut record);
            if read == Outcome::Record {
                within(&record, line);
            }
            // Another parser in the same state reads the same: nothing else is remembered.
            other.resume(state.clone());
            let mut again = Record::EMPTY;
            assert_eq!(other.read(line, &mut again), read);
            assert!(read != Outcome::Record || again == record);
            assert_eq!(whole_state(&other), whole_state(&whole));
            as_plain(&mut other, &state, line);
            let mut record = Record::EMPTY;
            forwarded.resume(state);
            let _ = forwarded.read(line, &mut record);
            other.resume(whole.state().clone());
            if line.first() == Some(&b'{') {
                let _ = other.unknown_keys(line);
            }
        }
    }
    let first = lines.first().copied().unwrap_or_default();
    let _ = (recognise(first), closest(first), detect::looks_like(data));
    if let Ok(text) = std::str::from_utf8(first)
        && let Ok(choice) = Choice::parse(text)
    {
        let _ = choice.layout();
        let mut parser = Parser::new(&choice, Zone::UTC, &WANTED);
        for line in &lines {
            let mut record = Record::EMPTY;
            let _ = parser.read(line, &mut record);
        }
    }
}

fn whole_state(parser: &Parser) -> String {
    format!("{:?}", parser.state())
}

/// The way that most lines are read in, ahead of their end, reads what any line is read as.
fn as_plain(parser: &mut Parser, state: &httpmon::format::ParserState, line: &[u8]) {
    let text = [line, b"\nnext"].concat();
    parser.resume(state.clone());
    let mut plain = Record::EMPTY;
    let Some(len) = parser.read_plain(&text, &mut plain) else {
        return;
    };
    assert_eq!(len, line.len() + 1);
    let plain = format!("{plain:?}");
    parser.resume(state.clone());
    let mut record = Record::EMPTY;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    assert_eq!(parser.read(line, &mut record), Outcome::Record);
    assert_eq!(format!("{record:?}"), plain);
}

/// A value is no longer than its line, and the client is never empty.
fn within(record: &Record<'_>, line: &[u8]) {
    let values = [
        Some(record.client),
        record.host,
        record.user,
        record.referrer,
        record.agent,
        record.cache,
        record.forwarded,
        record.request.map(|request| request.method),
        record.request.map(|request| request.target),
        record.request.and_then(|request| request.protocol),
    ];
    for value in values.into_iter().flatten() {
        // What was not UTF-16 in an escape takes three bytes for its six.
        assert!(value.len() <= line.len().max(1));
    }
    assert!(!record.client.is_empty());
    assert!(record.fraction_us < 1_000_000);
}
