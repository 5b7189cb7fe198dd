//! The section SIMULATE: the command that writes a log. Backquotes make bold.

use super::prose::Paragraphs;
use super::roff::Roff;
use crate::cli::simulate::{FLAGS, USAGE};

/// Writes what stands below the section's title.
pub(super) fn section(page: &mut Roff) {
    page.paragraphs(WHAT);
    page.example(USAGE);
    FLAGS.iter().for_each(|flag| super::option(page, flag));
    page.request("PP", &[]);
    page.paragraphs(MORE);
}

const WHAT: Paragraphs = &[
    "`httpmon simulate` writes an access log that is made up, on standard output: to see what httpmon does without a \
     log at hand, to try a rule, to test what reads logs. (A file of the name simulate is read as `./simulate`.)",
];

const MORE: Paragraphs = &[
    "Requests are for some 340 pages and from 1,000 clients, both by Zipf's law; addresses and hosts are those that are \
     kept for documentation. Without --errors there are statuses below 500 only. The log has the same requests in \
     every format.",
    "Without options there are 9 requests a second for 150 seconds, then 11, then 8. That fires the traffic rule 211 \
     seconds into the log, in its second 210, with 1202 hits in two minutes, and resolves it in second 340, at 1197.",
    "Written at once, it is history, for --replay. With --realtime or --speed it begins now, for httpmon to read live. \
     A signal ends it where it is, in the middle of a line even; a reader that goes away ends it with status 0. The file that \
     HTTPMON_CONFIG_PATH names is not for this command.",
];
