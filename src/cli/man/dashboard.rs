//! The prose of the man page on the dashboard, and its keys.

use super::prose::{Items, Paragraphs};

pub(super) const DASHBOARD: Paragraphs = &[
    "--dashboard shows one screen in place of reports, and of alerts as they happen: the hits per second as a graph, \
     with the threshold of the traffic rule dotted behind it, and under it when there were 5xx and when an alert fired; \
     figures and status classes; the top of a dimension, on a wide terminal of the next ones too; and the alerts of the \
     run, those that fire first, then the newest. It is painted at most four times a second, and at once for an alert. \
     A slow terminal does not hold up reading.",
    "Figures and dimensions are those of the last two minutes before the newest second that is closed, and with \
     --replay those of the whole run; `w` turns from one to the other. The dimensions are those of --top, and path, \
     status and agent. Percentages of keys are shares of the hits that have a key, as in reports; those behind the \
     bar are the share of its hits that were answered with 5xx. Latencies are of the whole run; so the percentile 95 of the \
     durations of a key is there when the whole run is shown, for what --top asks for, where there is room. Above the graph \
     stand, where there is room, the second and the interval of the run with the most hits, as in the summary, and at \
     the end the highest column of the graph.",
    "It stays when the input has ended, until `q`, but not when --idle-exit ends it. Then the summary is written as usual. Standard output must be a \
     terminal of at least 60 columns and 15 rows, and the keys come from /dev/tty. What is to be said on standard error \
     stands in the last row, and is written when the terminal is back; what the program of --on-alert prints is \
     dropped. NO_COLOR and --color `never` take away colour and nothing else. Ctrl-C, Ctrl-Z and the signals that \
     end httpmon leave the terminal as it was; after KILL, `reset` does that.",
];

pub(super) const KEYS: Items = &[
    ("q", "Quit: the log is taken to end here."),
    (
        "p, space",
        "Pause, and go on. The screen stands still while the input is read and counted on; another key that changes \
         what is shown shows it as it stands then.",
    ),
    (
        "Tab, Right; Shift-Tab, Left",
        "The next dimension that has a key, the one before.",
    ),
    ("Down, Up", "The next rows of the dimension, those before."),
    (
        "/",
        "Only keys of the dimension that contain what is typed now, as it stands in the log; Enter ends typing, Esc \
         clears it.",
    ),
    ("w", "The last two minutes, or the whole run."),
    (
        "+, -, 0",
        "A shorter time for each column of the graph, a longer one, or the shortest in which the run fits.",
    ),
    (
        "PgDn, PgUp, End",
        "Alerts further down, further up, the last.",
    ),
    (
        "Home",
        "The first rows of the dimension, and the first of the alerts.",
    ),
    ("?", "All keys."),
];
