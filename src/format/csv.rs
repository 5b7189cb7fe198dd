//! Comma-separated values under the header
//! `"remotehost","rfc931","authuser","date","request","status","bytes"`, with epoch seconds.

use super::program::{Extent, Step, literal};
use super::timestamp::TimeForm;
use super::unparsed::Field;
use super::{Format, Source};

/// How a header line of this format begins.
pub(super) const HEADER: &[u8] = b"\"remotehost\"";

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
    let mut steps = Vec::new();
    for field in fields {
        if !steps.is_empty() {
            steps.push(literal(b","));
        }
        steps.push(match field {
            Field::Time => Step::Time(TimeForm::Epoch, Extent::Csv),
            field => Step::Field(field, Extent::Csv),
        });
    }
    steps.push(Step::End);
    vec![steps]
}

/// The CSV format.
pub(super) const CSV: Format = Format {
    name: "csv",
    about: "values under the header \"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\", the date in epoch seconds",
    sample: r#""192.0.2.7","-","ann",1760129736,"GET /pages/create HTTP/1.1",200,2326"#,
    begins: |b| b == b'"',
    source: Source::Steps(steps),
};
