//! Amazon's access logs: S3, the classic and the application load balancer. (CloudFront's is W3C.)

use super::step::{Extent, Step, literal};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};
use super::{Format, FormatSource};

const SPACE: Extent = Extent::Until(b' ');

fn text(text: &'static str) -> Step {
    literal(text.as_bytes())
}

/// Fields with a space behind each.
fn fields(list: impl IntoIterator<Item = Field>) -> Vec<Step> {
    list.into_iter()
        .flat_map(|field| [Step::Field(field, SPACE), text(" ")])
        .collect()
}

fn s3() -> Vec<Vec<Step>> {
    use Field::{Agent, Bytes, Client, Duration, Host, Referrer, Request, Skipped, Status};
    // "The time at which the request was received"; total time is what it was in flight from then on.
    let mut start = vec![Step::Start];
    start.extend(fields([Skipped, Host]));
    start.extend([
        text("["),
        Step::Time(TimeForm::Clf, Extent::Until(b']')),
        text("] "),
    ]);
    start.extend(fields([Client, Skipped, Skipped, Skipped, Skipped]));
    let mut with = start.clone();
    with.extend([
        text("\""),
        Step::Field(Request, Extent::Quoted),
        text("\" "),
    ]);
    // A lifecycle action has no request.
    let mut without = start;
    without.extend([Step::Field(Request, SPACE), text(" ")]);
    let mut end = fields([
        Status,
        Skipped,
        Bytes,
        Skipped,
        Duration(DurationUnit::Milliseconds),
        Skipped,
    ]);
    end.extend([
        Step::Optional,
        text("\""),
        Step::Field(Referrer, Extent::Quoted),
        text("\" \""),
        Step::Field(Agent, Extent::Quoted),
        text("\""),
    ]);
    with.extend(end.iter().cloned());
    without.extend(end);
    vec![with, without]
}

/// S3's server access log.
pub(super) const S3: Format = Format {
    name: "s3",
    about: "Amazon S3 server access log",
    sample: r#"79a59df900b949e5 mybucket [06/Feb/2025:00:00:38 +0000] 192.0.2.3 - A1206F460EXAMPLE REST.GET.OBJECT foo/bar.html "GET /foo/bar.html HTTP/1.1" 200 - 113 113 7 6 "-" "S3Console/0.4" -"#,
    begins: |b| b.is_ascii_alphanumeric() || b == b':',
    source: FormatSource::Steps(s3),
};

/// The fields that both load balancers have: name, client, target, the three times, the two statuses
/// and sizes. The status is what the client saw; the duration is the sum of the times.
fn balancer(kind: bool) -> Vec<Vec<Step>> {
    use Field::{Agent, Bytes, Client, Request, Skipped, Status};
    let seconds = Field::Duration(DurationUnit::Seconds);
    // The classic one: "the time when the load balancer received the request from the client"; the application's:
    // "the time when the load balancer generated a response to the client".
    let mut steps = if kind {
        fields([Skipped])
    } else {
        vec![Step::Start]
    };
    steps.extend([Step::Time(TimeForm::Iso, SPACE), text(" ")]);
    steps.extend(fields([Skipped]));
    // "client:port".
    steps.extend([
        Step::Field(Client, Extent::WithPort(Box::new(SPACE))),
        text(" "),
    ]);
    steps.extend(fields([
        Skipped, seconds, seconds, seconds, Status, Skipped, Skipped, Bytes,
    ]));
    steps.extend([
        text("\""),
        Step::Field(Request, Extent::Quoted),
        text("\""),
        Step::Optional,
        text(" \""),
        Step::Field(Agent, Extent::Quoted),
        text("\""),
    ]);
    vec![steps]
}

/// The classic load balancer.
pub(super) const ELB: Format = Format {
    name: "elb",
    about: "Amazon Elastic Load Balancing, classic",
    sample: r#"2025-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.39:2817 10.0.0.1:80 0.000086 0.001048 0.001337 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/8.5" DHE-RSA-AES128-SHA TLSv1.2"#,
    begins: |b| b.is_ascii_digit(),
    source: FormatSource::Steps(|| balancer(false)),
};

/// The application load balancer.
pub(super) const ALB: Format = Format {
    name: "alb",
    about: "Amazon Application Load Balancer",
    sample: r#"https 2025-04-26T12:23:00.186641Z app/my-lb/50dc6c495c0c9188 192.0.2.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/8.5" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"#,
    begins: |b| matches!(b, b'h' | b'w' | b'g'),
    source: FormatSource::Steps(|| balancer(true)),
};

fn cloudfront_realtime() -> Vec<Vec<Step>> {
    use Field::{
        Agent, Bytes, Client, Duration, Host, Method, Protocol, Referrer, Skipped, Status, Target,
    };
    let tab = Extent::Until(b'\t');
    // "The date and time at which the edge server finished responding to the request."
    let mut steps = vec![Step::Time(TimeForm::Epoch, tab.clone())];
    // The fields that are there to choose, in the order in which they always are: the first time is that to the
    // first byte.
    for field in [
        Client,
        Skipped,
        Status,
        Bytes,
        Method,
        Skipped,
        Host,
        Target,
        Skipped,
        Skipped,
        Skipped,
        Skipped,
        Duration(DurationUnit::Seconds),
        Protocol,
        Skipped,
        Agent,
        Referrer,
    ] {
        steps.extend([text("\t"), Step::Field(field, tab.clone())]);
    }
    vec![steps]
}

/// CloudFront's real-time log.
pub(super) const CLOUDFRONT_REALTIME: Format = Format {
    name: "cloudfront_realtime",
    about: "Amazon CloudFront real-time log with all its fields, tab-separated",
    sample: "1760104536.851\t192.0.2.7\t0.113\t200\t642\tGET\thttps\twww.example.com\t/index.html\t537\tFRA50-P2\tabc==\td111111abcdef8.cloudfront.net\t0.455\tHTTP/2.0\tIPv4\tcurl/8.5\t-\t-\t-\tHit",
    begins: |b| b.is_ascii_digit(),
    source: FormatSource::Steps(cloudfront_realtime),
};
