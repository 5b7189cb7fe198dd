//! The access logs of frameworks and of the servers that languages bring along, where they are no relatives of
//! NCSA's. (Those of WEBrick, Puma, Werkzeug, `http.server`, Tomcat and many others are.)
//!
//! Each is what the source of the project writes: gin `logger.go`, chi `middleware/logger.go`, Django
//! `core/servers/basehttp.py`, PHP `sapi/cli/php_cli_server.c`, Cloud Foundry gorouter
//! `accesslog/schema/access_log_record.go`, IIS "IIS Log File Format". All but gorouter stamp a line with the time at
//! which they write it.

use super::step::{Extent, Step, literal};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};
use super::{Format, FormatSource};

const SPACE: Extent = Extent::Until(b' ');

fn text(text: &'static str) -> Step {
    literal(text.as_bytes())
}

fn field(field: Field) -> Step {
    Step::Field(field, SPACE)
}

fn until(text: &str) -> Extent {
    Extent::UntilText(text.as_bytes().into())
}

fn time(pattern: &str, extent: Extent) -> Step {
    Step::Time(TimeForm::Pattern(pattern.as_bytes().into()), extent)
}

fn quoted(field: Field) -> [Step; 2] {
    [Step::Field(field, Extent::Quoted), text("\"")]
}

fn gin() -> Vec<Vec<Step>> {
    // On a terminal the status and the method are coloured.
    let variant = |colour: bool| {
        let mut steps = vec![
            text("[GIN] "),
            time("%Y/%m/%d - %H:%M:%S", until(" |")),
            text(" |"),
        ];
        let open = [
            text("\x1b["),
            Step::Field(Field::Skipped, Extent::Until(b'm')),
            text("m"),
        ];
        let coloured = if colour { &open[..] } else { &[] };
        let after = |steps: &mut Vec<Step>| {
            steps.push(Step::Spaces);
            if colour {
                steps.push(text("\x1b[0m"));
            }
        };
        steps.extend_from_slice(coloured);
        steps.extend([Step::Spaces, field(Field::Status)]);
        after(&mut steps);
        steps.extend([
            text("|"),
            Step::Spaces,
            field(Field::Duration(DurationUnit::Written)),
            text(" |"),
            Step::Spaces,
            field(Field::Client),
            text(" |"),
        ]);
        steps.extend_from_slice(coloured);
        steps.extend([Step::Spaces, field(Field::Method)]);
        after(&mut steps);
        if colour {
            steps.push(Step::Spaces);
        }
        steps.push(text("\""));
        steps.extend(quoted(Field::Target));
        steps
    };
    vec![variant(false), variant(true)]
}

/// Gin's.
pub(super) const GIN: Format = Format {
    name: "gin",
    about: "Gin, the web framework of Go",
    sample: r#"[GIN] 2025/10/10 - 13:55:36 | 200 |    1.234567ms |       192.0.2.7 | GET      "/ping?a=b""#,
    begins: |b| b == b'[',
    source: FormatSource::Steps(gin),
};

fn chi() -> Vec<Vec<Step>> {
    let rest = || {
        let mut steps = quoted(Field::Request).to_vec();
        steps.extend([
            text(" from "),
            field(Field::Client),
            text(" - "),
            field(Field::Status),
            text(" "),
            Step::Field(Field::Bytes, Extent::Until(b'B')),
            text("B in "),
            Step::Field(Field::Duration(DurationUnit::Written), Extent::Rest),
        ]);
        steps
    };
    let pattern = "%Y/%m/%d %H:%M:%S";
    let mut plain = vec![time(pattern, until(" \"")), text(" \"")];
    plain.extend(rest());
    // With middleware.RequestID.
    let mut with_id = vec![
        time(pattern, until(" [")),
        text(" ["),
        Step::Field(Field::Skipped, until("] \"")),
        text("] \""),
    ];
    with_id.extend(rest());
    vec![plain, with_id]
}

/// Chi's.
pub(super) const CHI: Format = Format {
    name: "chi",
    about: "chi, the router of Go, with its middleware.Logger",
    sample: r#"2025/10/10 13:55:36 "GET http://www.example.com/a HTTP/1.1" from 192.0.2.7:54321 - 200 612B in 1.234567ms"#,
    begins: |b| b.is_ascii_digit(),
    source: FormatSource::Steps(chi),
};

fn django() -> Vec<Vec<Step>> {
    vec![vec![
        text("["),
        time("%d/%b/%Y %H:%M:%S", Extent::Until(b']')),
        text("] \""),
        Step::Field(Field::Request, Extent::Request),
        text("\" "),
        field(Field::Status),
        text(" "),
        Step::Field(Field::Bytes, Extent::Rest),
    ]]
}

/// Django's.
pub(super) const DJANGO: Format = Format {
    name: "django",
    about: "Django's runserver, which names no client",
    sample: r#"[10/Oct/2025 13:55:36] "GET /polls/ HTTP/1.1" 200 612"#,
    begins: |b| b == b'[',
    source: FormatSource::Steps(django),
};

fn php() -> Vec<Vec<Step>> {
    vec![vec![
        text("["),
        Step::Time(TimeForm::Asctime, Extent::Until(b']')),
        text("] "),
        field(Field::Client),
        text(" ["),
        Step::Field(Field::Status, Extent::Until(b']')),
        text("]: "),
        Step::Field(Field::Request, Extent::BareRequest),
    ]]
}

/// PHP's.
pub(super) const PHP: Format = Format {
    name: "php",
    about: "the web server built into PHP, php -S",
    sample: "[Fri Oct 10 13:55:36 2025] 192.0.2.7:54321 [200]: GET /index.php",
    begins: |b| b == b'[',
    source: FormatSource::Steps(php),
};

fn gorouter() -> Vec<Vec<Step>> {
    // The time is the record's StartedAt, response_time what passed until FinishedAt.
    let mut steps = vec![
        Step::Start,
        field(Field::Host),
        text(" - ["),
        Step::Time(TimeForm::Iso, Extent::Until(b']')),
        text("] \""),
    ];
    steps.extend(quoted(Field::Request));
    steps.extend([
        text(" "),
        field(Field::Status),
        text(" "),
        field(Field::Skipped),
        text(" "),
        field(Field::Bytes),
    ]);
    for place in [Field::Referrer, Field::Agent, Field::Client, Field::Skipped] {
        steps.push(text(" \""));
        steps.extend(quoted(place));
    }
    steps.push(text(" x_forwarded_for:\""));
    steps.extend(quoted(Field::Forwarded));
    steps.extend([
        Step::Optional,
        Step::Field(Field::Skipped, until(" response_time:")),
        text(" response_time:"),
        field(Field::Duration(DurationUnit::Seconds)),
    ]);
    vec![steps]
}

/// Gorouter's.
pub(super) const GOROUTER: Format = Format {
    name: "gorouter",
    about: "gorouter, the router of Cloud Foundry",
    sample: r#"www.example.com - [2025-10-10T13:55:36.123456789Z] "GET /a HTTP/1.1" 200 0 612 "-" "curl/8.5" "192.0.2.7:54321" "10.0.0.5:61003" x_forwarded_for:"192.0.2.7" x_forwarded_proto:"https" vcap_request_id:"7f3f2bb2" response_time:0.012345 gorouter_time:0.000123 app_id:"5f1c" app_index:"0""#,
    begins: |b| b.is_ascii_alphanumeric() || b == b'[',
    source: FormatSource::Steps(gorouter),
};

fn iis_native() -> Vec<Vec<Step>> {
    let variant = |pattern: &str| {
        let comma = || until(", ");
        let mut steps = vec![
            Step::Field(Field::Client, comma()),
            text(", "),
            Step::Field(Field::User, comma()),
            text(", "),
            // Date and time, which has a comma too.
            time(pattern, Extent::Nth(b',', 1)),
        ];
        let fields = [
            Field::Skipped,
            Field::Skipped,
            Field::Skipped,
            Field::Duration(DurationUnit::Milliseconds),
            Field::Skipped,
            Field::Bytes,
            Field::Status,
            Field::Skipped,
            Field::Method,
            Field::Target,
        ];
        for field in fields {
            steps.extend([text(", "), Step::Field(field, comma())]);
        }
        steps.extend([text(", "), Step::Field(Field::Skipped, Extent::Rest)]);
        steps
    };
    // Two digits first: four would take them for a year of the first century.
    vec![variant("%m/%d/%y, %H:%M:%S"), variant("%m/%d/%Y, %H:%M:%S")]
}

/// IIS, its own format.
pub(super) const IIS_NATIVE: Format = Format {
    name: "iis_native",
    about: "Microsoft IIS, its own format with commas; the month comes first, times are local",
    sample: "192.0.2.7, -, 10/10/2025, 13:55:36, W3SVC2, SERVER, 198.51.100.1, 4502, 163, 3223, 200, 0, GET, /logo.gif, -,",
    begins: |b| b.is_ascii_hexdigit() || b == b':',
    source: FormatSource::Steps(iis_native),
};
