//! Which format reads a line, and what it says, depends on the line alone: never on its neighbours.

use httpmon::format::record::Record;
use httpmon::format::unparsed::{DurationUnit, Field};
use httpmon::format::{Choice, Outcome, Parser, formats};
use httpmon::time::Zone;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const WANTED: [Field; 3] = [
    Field::Host,
    Field::Agent,
    Field::Duration(DurationUnit::Seconds),
];

const CARRIERS: &[&str] = &[
    "",
    "",
    "web-1  | ",
    "Oct 10 13:55:37 web nginx[7]: ",
    "<134>Oct 10 13:55:37 web nginx: ",
    "<34>1 2025-10-10T13:55:37.003Z web nginx 12 access - ",
    "2025-10-10T13:55:37.493035218Z stdout F ",
    "2025-10-10T13:55:37.493035218Z ",
    "[pod/web-5d8f/nginx] ",
];

/// Lines that no header decides about.
fn samples() -> Vec<Vec<u8>> {
    let lines = formats().flat_map(|format| format.sample.lines());
    lines
        .filter(|line| !line.starts_with('#'))
        .chain([
            "",
            "  ",
            "nonsense",
            "{}",
            "[",
            "\"",
            "2025/10/10 13:55:36 [error] 31#31: x",
        ])
        .map(|line| line.as_bytes().to_vec())
        .collect()
}

/// A sample in a carrier, often with a byte changed or its end cut off.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let damage = prop_oneof![
        2 => Just(None),
        1 => (any::<Index>(), prop::option::of(any::<u8>())).prop_map(Some),
    ];
    (select(CARRIERS), select(samples()), damage).prop_map(|(carrier, sample, damage)| {
        let mut line = [carrier.as_bytes(), &sample].concat();
        match damage {
            Some((at, byte)) if !line.is_empty() => {
                let at = at.index(line.len());
                match byte {
                    None => line.truncate(at),
                    Some(byte) => line[at] = byte,
                }
            }
            _ => {}
        }
        line
    })
}

fn said(parser: &mut Parser, line: &[u8]) -> String {
    let mut record = Record::EMPTY;
    match parser.read(line, &mut record) {
        // The file's name is the one thing that goes from line to line.
        Outcome::Record => format!("{record:?}"),
        other => format!("{other:?}"),
    }
}

/// A line that says what follows is in another state on purpose.
fn is_header(line: &[u8]) -> bool {
    line.starts_with(b"#") || line.starts_with(b"==> ")
}

proptest! {
    #[test]
    fn a_line_alone_says_what_it_says_in_a_stream(
        stream in prop::collection::vec(lines(), 1..40),
        choice in select(["auto", "combined", "json", "haproxy", "npm", "iis", "traefik"].to_vec()),
    ) {
        let choice = Choice::parse(choice).expect("a name");
        let new = || Parser::new(&choice, Zone::UTC, &WANTED);
        let mut together = new();
        for line in stream.iter().filter(|line| !is_header(line)) {
            prop_assert_eq!(said(&mut together, line), said(&mut new(), line), "{}", String::from_utf8_lossy(line));
        }
    }
}
