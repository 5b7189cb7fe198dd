//! The outputs that are not for reading as they come: what the man page says of pages, messages, metrics
//! and rows. Names of metrics and columns come from the tables of their renderers.

use super::prose::Paragraphs;
use super::roff::{Roff, bold};
use crate::render::csv::COLUMNS;
use crate::render::openmetrics::FAMILIES;

const DOCUMENTS: Paragraphs = &[
    "`html`, `email` and `openmetrics` are documents about the run so far. On standard output one is written once, at the \
     end of the input. A file that --output names is written at the end too, and before that with every \
     report (live, every ten seconds) and on USR1: each time to a new file beside it, which then takes its name, so \
     whoever reads it finds all of the old one or all of the new. Its mode is kept, and of a symbolic link the \
     target is replaced. A device or a named pipe is written to once, as standard output is.",
    "`text`, `json` and `csv` are written to FILE from its beginning, as they come, and coloured with --color `always` only. \
     A place that cannot be written to is told before anything is read; an input file is refused.",
];

const HTML: Paragraphs = &[
    "One page that needs nothing else: no script, nothing from elsewhere; it follows the reader's light or dark, fits \
     a phone and prints. The time line has up to 300 points of one length, from 1s to as long as the log asks for. \
     A point in which nothing came is 0; a late record counts in its own second, a skewed one in none. Every alert \
     is drawn; listed are up to 1,000, those that still fire and the newest.",
];

const EMAIL: Paragraphs = &[
    "A whole message in plain text and HTML, for sendmail(8) with -t; the time line is a table of up to 31 rows, and \
     up to 50 alerts are listed, those that still fire and the newest. Put a line `To:` before it, and `From:` if need be; sendmail adds the date.",
];

const METRICS: Paragraphs = &[
    "For the textfile collector of node_exporter: let --output name a file `*.prom` in its folder. The text is OpenMetrics 1.0 \
     and valid in the older format of Prometheus too, which that collector reads (and in which it does not know \
     that a counter is one; rate() does not ask). Counters are of the whole run and begin anew with it. The collector refuses two files with the \
     same metrics, so let one httpmon read all logs of a machine, with `source` in --top to tell them apart. In names a dash is `_`.",
];

const CSV: Paragraphs = &[
    "A header, then a row for every report, so --replay needs an --interval. The columns are always the same; one of \
     which nothing is known is empty. A run of empty intervals is one row, whose counts are 0. Records that were late for \
     their interval, or skewed, are in no row. Text never begins like a formula: it has an apostrophe before it.",
];

pub(super) fn section(page: &mut Roff) {
    page.subsection("Documents and files");
    page.paragraphs(DOCUMENTS);
    page.subsection("HTML");
    page.paragraphs(HTML);
    page.subsection("Mail");
    page.paragraphs(EMAIL);
    page.subsection("OpenMetrics");
    page.paragraphs(METRICS);
    for family in FAMILIES {
        let suffix = if family.kind == "counter" {
            "_total"
        } else {
            ""
        };
        let name = bold(&format!("httpmon_{}{suffix}", family.name));
        page.item(
            &name.replace("KEY", "\\fR\\fIdimension\\fR\\fB"),
            &format!("{}.", family.about),
        );
    }
    page.subsection("CSV");
    page.paragraphs(CSV);
    for column in COLUMNS {
        page.item(&bold(column.name), &format!("{}.", column.about));
    }
}
