//! Whatever is given as a format is compiled or refused with a place in it, and reads any line.

use httpmon::format::record::Record;
use httpmon::format::{Choice, Parser};
use httpmon::time::Zone;
use proptest::prelude::*;
use proptest::sample::select;

const PIECES: &[&str] = &[
    "LogFormat ",
    "log_format ",
    "main ",
    "escape=json ",
    "json:",
    "json: ",
    "time=",
    "status=",
    "a.b",
    ".",
    "=",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\t",
    "{",
    "}",
    "[",
    "]",
    " ",
    ";",
    ":",
    ",",
    "%",
    "%%",
    "$",
    "${",
    "é",
    "\u{ff}",
    "%h",
    "%t",
    "%r",
    "%>s",
    "%b",
    "%D",
    "%{",
    "%{%F %T}t",
    "%{sec}t",
    "%{msec_frac}t",
    "%{%",
    "%{end:",
    "%^ti",
    "%!200,304{X}i",
    "%U",
    "%q",
    "$remote_addr",
    "$time_local",
    "$time_iso8601",
    "$msec",
    "$request",
    "$status",
    "${uri}",
    "$is_args",
    "$args",
    "$upstream_response_time",
    "$http_x_forwarded_for",
    "{\"t\":\"$msec\",\"s\":$status}",
];

const LINES: &[&str] = &[
    "",
    "192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"",
    "{\"t\":\"1760104536\",\"s\":200}",
    "1760104536.123 192.0.2.7 200",
    "\"\\",
    "é\u{ff} - [",
    "2025-10-10 13:55:36",
];

proptest! {
    #[test]
    fn any_string_is_compiled_or_refused(pieces in prop::collection::vec(select(PIECES), 0..12)) {
        let text = pieces.concat();
        match Choice::parse(&text) {
            Ok(choice) => {
                let mut parser = Parser::new(&choice, Zone::UTC, &[]);
                for line in LINES {
                    for part in [line, &line[..line.len() / 2]] {
                        let mut record = Record::EMPTY;
                        let _ = parser.read(part.as_bytes(), &mut record);
                    }
                }
            }
            Err(why) => {
                if let Some((_, at)) = why.rsplit_once(", at byte ") {
                    let at: usize = at.parse().expect("a number");
                    prop_assert!(at <= text.len(), "{}: {}", text, why);
                }
            }
        }
    }
}
