//! The line formats of proxies and application servers that are written in no server's format string.

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

/// The client's address, a colon and its port.
fn client_and_port() -> Step {
    Step::Field(Field::Client, Extent::WithPort(Box::new(SPACE)))
}

fn skip() -> Step {
    field(Field::Skipped)
}

/// Steps with a space between each two.
fn spaced(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut out = Vec::new();
    for step in steps {
        if !out.is_empty() {
            out.push(text(" "));
        }
        out.push(step);
    }
    out
}

fn haproxy() -> Vec<Vec<Step>> {
    let time = Step::Time(TimeForm::Clf, Extent::Until(b']'));
    let duration = Field::Duration(DurationUnit::Milliseconds);
    // Configuration manual, 8.2.3: the date is that at which the request began (before 1.7, the connection), and the
    // last of the times is the total from then on.
    let rest = |mut steps: Vec<Step>| {
        steps.insert(0, Step::Start);
        steps.extend(spaced([
            skip(),
            skip(),
            field(duration),
            field(Field::Status),
            field(Field::Bytes),
        ]));
        steps.extend([
            Step::Field(Field::Skipped, Extent::UntilText(b" \"".as_slice().into())),
            text(" \""),
            Step::Field(Field::Request, Extent::LastQuote),
        ]);
        steps
    };
    // "The IP address of the client which initiated the TCP connection", a colon and its port, without brackets.
    vec![
        rest(vec![
            client_and_port(),
            text(" ["),
            time.clone(),
            text("] "),
        ]),
        // The time and the unique id first, as many sites have it.
        rest(vec![
            text("["),
            time,
            text("] ["),
            Step::Field(Field::Skipped, Extent::Until(b']')),
            text("] "),
            client_and_port(),
            text(" "),
        ]),
    ]
}

/// HAProxy's HTTP log.
pub(super) const HAPROXY: Format = Format {
    name: "haproxy",
    about: "HAProxy's HTTP log (option httplog), with its syslog prefix or without",
    sample: r#"192.0.2.7:39759 [09/Dec/2025:12:59:46.633] www backend/web1 0/0/1/48/49 200 8328 - - ---- 8/8/1/1/0 0/0 "GET /image HTTP/1.1""#,
    begins: |b| b.is_ascii_alphanumeric() || b == b':' || b == b'[',
    source: FormatSource::Steps(haproxy),
};

// The time is that at which the line is written ("Squid logfile": "when the client socket was closed").
fn squid() -> Vec<Vec<Step>> {
    let mut steps = vec![Step::Time(TimeForm::Epoch, SPACE), Step::Spaces];
    steps.extend(spaced([
        field(Field::Duration(DurationUnit::Milliseconds)),
        field(Field::Client),
    ]));
    steps.extend([
        text(" "),
        Step::Field(Field::Cache, Extent::Until(b'/')),
        text("/"),
    ]);
    steps.extend(spaced([
        field(Field::Status),
        field(Field::Bytes),
        field(Field::Method),
        field(Field::Target),
        field(Field::User),
        skip(),
    ]));
    vec![steps]
}

/// Squid's native log.
pub(super) const SQUID: Format = Format {
    name: "squid",
    about: "Squid's native access.log",
    sample: "1760129736.356     12 192.0.2.7 TCP_MISS/200 2014 GET http://www.example.com/hello.txt ann HIER_DIRECT/198.51.100.1 text/plain",
    begins: |b| b.is_ascii_digit(),
    source: FormatSource::Steps(squid),
};

fn envoy() -> Vec<Vec<Step>> {
    // %START_TIME% is when the request began, %DURATION% what passed from then to the last byte out ("Access logging").
    let start = || {
        let mut steps = vec![
            Step::Start,
            text("["),
            Step::Time(TimeForm::Iso, Extent::Until(b']')),
            text("] \""),
        ];
        steps.extend([
            Step::Field(Field::Request, Extent::Quoted),
            text("\" "),
            field(Field::Status),
            text(" "),
            skip(),
            text(" "),
        ]);
        steps
    };
    // received, sent, duration, upstream's time
    let numbers = || {
        let mut steps = spaced([
            skip(),
            field(Field::Bytes),
            field(Field::Duration(DurationUnit::Milliseconds)),
            skip(),
        ]);
        steps.extend([
            Step::Optional,
            text(" \""),
            Step::Field(Field::Client, Extent::Quoted),
            text("\" \""),
            Step::Field(Field::Agent, Extent::Quoted),
            text("\" \""),
            Step::Field(Field::Skipped, Extent::Quoted),
            text("\" \""),
            Step::Field(Field::Host, Extent::Quoted),
        ]);
        steps
    };
    let mut plain = start();
    plain.extend(numbers());
    // Istio's: details of the response, of the connection's end, and the reason of a failure.
    let mut istio = start();
    istio.extend(spaced([skip(), skip()]));
    istio.extend([
        text(" \""),
        Step::Field(Field::Skipped, Extent::Quoted),
        text("\" "),
    ]);
    // Without X-Forwarded-For its client is the address of the connection, further on.
    let mut direct = istio.clone();
    direct.extend(spaced([
        skip(),
        field(Field::Bytes),
        field(Field::Duration(DurationUnit::Milliseconds)),
        skip(),
    ]));
    direct.extend([
        text(" \"-\" \""),
        Step::Field(Field::Agent, Extent::Quoted),
        text("\" \""),
        Step::Field(Field::Skipped, Extent::Quoted),
        text("\" \""),
        Step::Field(Field::Host, Extent::Quoted),
        text("\" \""),
        Step::Field(Field::Skipped, Extent::Quoted),
        text("\" "),
    ]);
    direct.extend(spaced([skip(), skip(), skip()]));
    direct.extend([
        text(" "),
        Step::Field(
            Field::Client,
            Extent::WithPort(Box::new(Extent::Until(b' '))),
        ),
    ]);
    istio.extend(numbers());
    vec![plain, direct, istio]
}

/// Envoy's default.
pub(super) const ENVOY: Format = Format {
    name: "envoy",
    about: "Envoy's default text format, and Istio's",
    sample: r#"[2025-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "192.0.2.7" "curl/8.5" "cc21d9b0" "www.example.com" "10.0.2.1:80""#,
    begins: |b| b == b'[',
    source: FormatSource::Steps(envoy),
};

// nginx's $time_local, which is when the line is written; so is that of NPMplus.
fn npm() -> Vec<Vec<Step>> {
    let start = || {
        vec![
            text("["),
            Step::Time(TimeForm::Clf, Extent::Until(b']')),
            text("] "),
        ]
    };
    let end = || {
        let mut steps = vec![text(" - ")];
        steps.extend(spaced([field(Field::Method), skip(), field(Field::Host)]));
        steps.extend([
            text(" \""),
            Step::Field(Field::Target, Extent::Quoted),
            text("\" [Client "),
            Step::Field(Field::Client, Extent::Until(b']')),
            text("] [Length "),
            Step::Field(Field::Bytes, Extent::Until(b']')),
            text("]"),
            Step::Optional,
            Step::Field(Field::Skipped, Extent::UntilText(b" \"".as_slice().into())),
            text(" \""),
            Step::Field(Field::Agent, Extent::Quoted),
            text("\" \""),
            Step::Field(Field::Referrer, Extent::Quoted),
        ]);
        steps
    };
    let variant = |status: Vec<Step>| {
        let mut steps = start();
        steps.extend(spaced(status));
        steps.extend(end());
        steps
    };
    vec![
        variant(vec![field(Field::Cache), skip(), field(Field::Status)]),
        variant(vec![skip(), field(Field::Status)]),
        variant(vec![field(Field::Status)]),
    ]
}

/// Nginx Proxy Manager's.
pub(super) const NPM: Format = Format {
    name: "npm",
    about: "Nginx Proxy Manager, its proxy and its standard log",
    sample: r#"[10/Oct/2025:14:32:15 +0000] HIT 200 200 - GET https www.example.com "/api/users" [Client 192.0.2.7] [Length 1543] [Gzip 2.45] [Sent-to 10.0.0.15] "Mozilla/5.0" "-""#,
    begins: |b| b == b'[',
    source: FormatSource::Steps(npm),
};

fn npmplus() -> Vec<Vec<Step>> {
    let mut steps = vec![
        text("["),
        Step::Time(TimeForm::Clf, Extent::Until(b']')),
        text("] "),
    ];
    steps.extend(spaced([
        field(Field::Host),
        field(Field::Client),
        field(Field::Duration(DurationUnit::Seconds)),
    ]));
    steps.extend([
        text(" \""),
        Step::Field(Field::Request, Extent::Request),
        text("\" "),
        field(Field::Status),
        text(" "),
        field(Field::Bytes),
    ]);
    vec![steps]
}

/// NPMplus's.
pub(super) const NPMPLUS: Format = Format {
    name: "npmplus",
    about: "NPMplus, a fork of Nginx Proxy Manager",
    sample: r#"[10/Oct/2025:14:32:15 +0000] www.example.com 192.0.2.7 0.012 "GET /api/users HTTP/2.0" 200 1543 320 "Mozilla/5.0" "-""#,
    begins: |b| b == b'[',
    source: FormatSource::Steps(npmplus),
};

fn uwsgi() -> Vec<Vec<Step>> {
    let until = |text: &'static str| Extent::UntilText(text.as_bytes().into());
    // core/logging.c: the time is that of start_of_request, what follows "in" is end_of_request less that.
    let steps = vec![
        Step::Start,
        text("[pid: "),
        Step::Field(Field::Skipped, until("] ")),
        text("] "),
        field(Field::Client),
        text(" ("),
        Step::Field(Field::User, Extent::Until(b')')),
        text(") {"),
        Step::Field(Field::Skipped, Extent::Until(b'}')),
        text("} ["),
        Step::Time(TimeForm::Asctime, Extent::Until(b']')),
        text("] "),
        field(Field::Method),
        text(" "),
        Step::Field(Field::Target, until(" => generated ")),
        text(" => generated "),
        field(Field::Bytes),
        text(" bytes in "),
    ];
    let end = |unit: DurationUnit, name: &'static str| {
        let mut steps = steps.clone();
        steps.extend([
            field(Field::Duration(unit)),
            text(name),
            Step::Field(Field::Protocol, SPACE),
            text(" "),
            Step::Field(Field::Status, Extent::Until(b')')),
            text(")"),
        ]);
        steps
    };
    vec![
        end(DurationUnit::Milliseconds, " msecs ("),
        end(DurationUnit::Microseconds, " micros ("),
    ]
}

/// uWSGI's request log.
pub(super) const UWSGI: Format = Format {
    name: "uwsgi",
    about: "the request log of uWSGI",
    sample: "[pid: 88185|app: 0|req: 1/1] 192.0.2.7 () {38 vars in 696 bytes} [Sun Mar 16 22:49:12 2025] POST /update => generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)",
    begins: |b| b == b'[',
    source: FormatSource::Steps(uwsgi),
};
