//! Comma-separated values under the header
//! `"remotehost","rfc931","authuser","date","request","status","bytes"`, with epoch seconds, and those of Google
//! Cloud Storage's usage logs, whose header begins with `"time_micros"`.

use super::step::{Extent, Step, literal};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};
use super::{Format, FormatSource};

/// The header lines of these formats, whole: a line that only begins so is an entry, whoever wrote its first field.
/// (Google's is that of its documentation, "Usage logs & storage logs".)
const HEADERS: [&[u8]; 2] = [
    br#""remotehost","rfc931","authuser","date","request","status","bytes""#,
    br#""time_micros","c_ip","c_ip_type","c_ip_region","cs_method","cs_uri","sc_status","cs_bytes","sc_bytes","time_taken_micros","cs_host","cs_referer","cs_user_agent","s_request_id","cs_operation","cs_bucket","cs_object""#,
];

/// Whether the line is a header.
pub(super) fn is_header(line: &[u8]) -> bool {
    HEADERS.contains(&line.trim_ascii_end())
}

/// The names in the header of a format.
pub(super) fn names(format: &str) -> Option<Vec<&'static [u8]>> {
    let at = [CSV.name, GCS.name]
        .iter()
        .position(|name| *name == format)?;
    let names = HEADERS[at].split(|&b| b == b',');
    Some(names.map(|name| &name[1..name.len() - 1]).collect())
}

fn steps() -> Vec<Vec<Step>> {
    let fields = [
        Field::Client,
        Field::Skipped,
        Field::User,
        Field::Time,
        Field::Request,
        Field::Status,
        Field::Bytes,
    ];
    vec![values(&fields)]
}

/// The steps of a line with these values.
fn values(fields: &[Field]) -> Vec<Step> {
    let mut steps = Vec::new();
    for field in fields {
        if !steps.is_empty() {
            steps.push(literal(b","));
        }
        steps.push(match field {
            Field::Time => Step::Time(TimeForm::Epoch, Extent::Csv),
            field => Step::Field(*field, Extent::Csv),
        });
    }
    steps.push(Step::End);
    steps
}

/// The CSV format.
pub(super) const CSV: Format = Format {
    name: "csv",
    about: "values under the header \"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\", the date in epoch seconds",
    sample: r#""192.0.2.7","-","ann",1760129736,"GET /pages/create HTTP/1.1",200,2326"#,
    begins: |b| b == b'"',
    source: FormatSource::Steps(steps),
};

// "The time that the request was completed, in microseconds since the Unix epoch."
fn gcs_steps() -> Vec<Vec<Step>> {
    use Field::{Agent, Bytes, Client, Host, Method, Referrer, Skipped, Status, Target, Time};
    vec![values(&[
        Time,
        Client,
        Skipped,
        Skipped,
        Method,
        Target,
        Status,
        Skipped,
        Bytes,
        Field::Duration(DurationUnit::Microseconds),
        Host,
        Referrer,
        Agent,
        Skipped,
        Skipped,
        Skipped,
        Skipped,
    ])]
}

/// Google Cloud Storage's usage log.
pub(super) const GCS: Format = Format {
    name: "gcs",
    about: "Google Cloud Storage usage log, CSV under the header \"time_micros\",…",
    sample: r#""1760104536123456","192.0.2.7","1","","GET","/bucket/a.txt","200","0","612","12000","storage.googleapis.com","","curl/8.5","AHP1","GET_Object","bucket","a.txt""#,
    begins: |b| b == b'"',
    source: FormatSource::Steps(gcs_steps),
};
