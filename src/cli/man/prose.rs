//! The prose of the man page: what no table holds. Backquotes make bold.

/// Paragraphs, in order.
pub(super) type Paragraphs = &'static [&'static str];
/// Names and what they mean.
pub(super) type Items = &'static [(&'static str, &'static str)];

pub(super) const DESCRIPTION: Paragraphs = &[
    "httpmon reads HTTP access logs on standard input, or from each FILE in the given order (`-` is standard \
     input), and writes reports and alerts on standard output. The timestamps in the log are its clock: a live \
     log and the same log read a year later give the same answers.",
    "Live, which is the default, it writes a report for every ten seconds of log time, an alert when traffic \
     is high, or by the rules of --alert, another line when that is over, and a summary when the input ends. With --replay it reads \
     history: the alerts that would have fired, then the summary.",
    "There is nothing to configure. The format of each line is recognised by its shape. Lines that cannot be \
     read are counted and the first of each kind is shown.",
];

pub(super) const OPTIONS: Paragraphs = &[
    "D is a duration such as `10s`, `2m`, `1h30m` or `1d`; a bare number is seconds. What stands in \
     parentheses is the default. The last of several wins.",
];

pub(super) const DIMENSIONS: Paragraphs = &[
    "What --top can list, by the names that JSON uses. Sections and clients are counted in any case. \
     An absolute-form target keeps its scheme and host: the section of `http://example.com/pages/create` is \
     `http://example.com/pages`. Query and fragment are cut off first.",
];

pub(super) const TEXT: Paragraphs = &["A report, as it looks in a file or a pipe:"];

pub(super) const REPORT: Paragraphs = &[
    "2026-11-20T09:04:00Z 1m   78 hits  1.30/s  385.4 kB   errors 15.4%",
    "  status    2xx 66  5xx 12",
    "  sections  6 unique: /api 60 (77%)  /img 6 (8%)  /shop 5 (6%)  other 7",
    "  clients   8 unique: 192.0.2.18 57 (73%)  198.51.100.24 5 (6%)  other 16",
    "  window    1251 hits in 2m  10.43/s of 10/s",
    "  alerts    High traffic firing for 59s",
];

pub(super) const TEXT_ROWS: Items = &[
    (
        "first line",
        "Where the interval begins and how long it is; `partial` where the input ended, or --since begins, within it. Then the hits, \
         the hits divided by the interval's length, the bytes sent (1 kB is 1000 bytes), and the share of hits \
         that were answered with 4xx or 5xx.",
    ),
    (
        "status",
        "Hits by class; a class without hits is left out. `other` is a status outside 100 to 599, or `-`.",
    ),
    (
        "latency",
        "Where the log has durations: the percentiles 50, 90, 95 and 99, and the longest. A percentile is the duration \
         of the nearest rank and at most 1 % off; the longest is exact.",
    ),
    (
        "methods, protocols",
        "In the summary: hits by the method and the protocol of their request, of those that have one. `HTTP/2` is also \
         HTTP/2.0; `other` is what is less common, and --top method,protocol names it.",
    ),
    (
        "peak, busiest",
        "In the summary: the second with the most hits, and the interval of --interval with the most, or the \
         minute where there is none; of equals the first. What came late or is skewed does not count here.",
    ),
    (
        "share",
        "In the summary, where it is not 0: `cached`, the share of hits with status 304 or of which the log says that \
         a cache answered (a cache status that holds `hit`, `revalidated`, `stale`, `updating` or `unmodified`, in any \
         case), and `bots`, the share of hits whose user agent names a robot. To look at every agent takes a fifth \
         longer, so text tells `bots` only with agent or bot in --top; JSON, pages, mail and metrics always do.",
    ),
    (
        "sections, clients, …",
        "Where not all are listed, how many distinct keys there were. Then the heaviest keys with their hits and \
         their share of the hits that have a key here; ties in the order of the keys' bytes. `other` is the hits \
         of all keys that are not listed. In a summary, what --top asks for has a line for each key instead, in this \
         order: the key, hits, share, `5xx`, `p95` (the percentile 95 of its durations, where the log has any; `-` where \
         none is known of this key) and bytes. A key of more than 60 columns moves the numbers behind it.",
    ),
    (
        "window",
        "Where the traffic rule stands at the end of the interval: the hits in its window, their mean rate, and \
         the threshold. Left out where that rule does not stand.",
    ),
    (
        "rules",
        "What must be known to read the silence of a rule: that its baseline is not ready, or that there were \
         too many keys to follow.",
    ),
    (
        "alerts",
        "What fires and for how long, how many alerts came earlier, and the newest three of those with their peak. \
         In the summary: all of them.",
    ),
    (
        "silent",
        "Live: for how long no line had come when the report was written, from 10 s or one interval on. No lines \
         is not the same as no traffic.",
    ),
    (
        "input",
        "Numbers that are not 0: `malformed` records, `unparsed` lines, records that came `late`; in the summary \
         also `skipped`, `filtered` and `skewed`. Below it the first unparsed line of each kind, with its number \
         and the field that could not be read.",
    ),
];

pub(super) const TEXT_MORE: Paragraphs = &[
    "The summary begins with its first and last second, both inclusive, and the number of lines. \
     In every summary lines = hits + unparsed + skipped + filtered.",
    "A run of empty intervals that the clock jumps over is one line, `gap of`, with where it ends.",
    "On a colour terminal there are bars as long as a key's share, the 5xx of each key and, where there is room, its \
     p95 (in a summary, as in JSON below) and its bytes; a sparkline of the hits in each of the last 120 seconds \
     (`trend`, with the most in one second), and colour; meaning is never carried by \
     colour alone. Behind the rate and the errors stands in brackets how they changed against the report before: \
     the hits in percent, or in times from ten on, and the errors in percentage points. There is nothing where \
     that report does not end where this one begins, or is not as long, and in a partial one.",
    "Bytes from the log that could command a terminal are written as `\\x1b` or `\\u{202e}`. A key of more than 200 \
     columns is cut there; JSON has it whole.",
];

pub(super) const JSON: Paragraphs = &[
    "One object per line. Keys are only ever added; `v` is raised where that promise has to be broken. Times are \
     strings as in text, rates are per second, counts are integers. What could command a terminal is escaped; \
     bytes that are not UTF-8 are U+FFFD.",
];

pub(super) const JSON_OBJECTS: &[(&str, Items)] = &[
    (
        "In every object:",
        &[
            ("v", "1."),
            ("type", "`report`, `alert`, `gap` or `summary`."),
        ],
    ),
    (
        "In a report and in a summary:",
        &[
            (
                "from, to",
                "Its span. `to` is exclusive in a report and in a gap, inclusive in a summary; both are null in \
                 the summary of a log without a believed time.",
            ),
            (
                "partial",
                "true where the input ended, or --since begins, within the interval, and in the summary that USR1 asks \
                 for; else left out.",
            ),
            ("hits", "Records."),
            ("bytes", "The sum of bytes sent."),
            ("status", "Hits by class: `1xx` to `5xx`, and `other`."),
            (
                "latency_ms",
                "Where the log has durations: `p50`, `p90`, `p95`, `p99` and `max`, in milliseconds. The percentiles \
                 are at most 1 % off, `max` is exact. Else left out.",
            ),
            ("malformed", "Records whose request is none."),
            ("unparsed", "Lines that are no record."),
            ("late", "Records that came when their second was closed."),
            (
                "unique",
                "Distinct keys, by dimension: section, client, and what --top lists.",
            ),
            (
                "top",
                "The rows of each dimension that --top lists, heaviest first: `key`, `hits`, `bytes` and \
                 `errors` (5xx). In a summary also `p95_ms`, at most 1 % off, where --top is given and the \
                 log has durations.",
            ),
            (
                "other",
                "Hits of the keys that are not listed, by dimension.",
            ),
            (
                "error, unique_error",
                "Past a cap (see LIMITS), by dimension: how many hits a row may be short of, and how far the \
                 number of distinct keys may be off (a report's never by more, a summary's by three standard \
                 errors). Left out while all is exact.",
            ),
            (
                "alerts",
                "In a report those that fire now, in a summary all: `rule`, `dim` and `key` (of a rule by key), \
                 `since`, `until` (null while it fires), `peak`, in the unit of `value` below, and `because`, as below.",
            ),
            (
                "notes",
                "What must be known to read the silence of a rule: `rule` and `note`. Left out where there is \
                 none.",
            ),
            (
                "unparsed_examples",
                "The first unparsed line of each kind: `file` (where files were named), `line` (its number, \
                 from 1), `field`, `reason`, `byte` (where in the line, from 0), `count` (such lines so far) and \
                 `text` (at most 160 bytes). Left out where there is none.",
            ),
        ],
    ),
    (
        "Only in a report:",
        &[
            ("rate", "Hits divided by the interval's length."),
            (
                "window",
                "Where the traffic rule stands: `hits`, `rate`, `threshold` and `window_s`, its length in seconds. Left \
                 out where that rule does not.",
            ),
            (
                "silent_s",
                "Live: for how many seconds no line has come. Left out where lines come.",
            ),
        ],
    ),
    (
        "Only in a summary:",
        &[
            (
                "lines",
                "All lines: hits, unparsed, skipped and filtered together.",
            ),
            (
                "skipped",
                "Lines with nothing to count: white space, headers, directives.",
            ),
            (
                "filtered",
                "Records that --where, --since or --until left out.",
            ),
            ("skewed", "Records whose time cannot be believed; see TIME."),
            (
                "methods, protocols",
                "Hits by method and by protocol of the request, each under its name, and `other`.",
            ),
            (
                "peak, busiest",
                "The second with the most hits, and the interval (the minute, where there are no reports): `from`, `to` \
                 (exclusive) and `hits`. Left out where no second has closed.",
            ),
            ("cached", "Hits that a cache answered; see `share` above."),
            (
                "bots",
                "Hits whose user agent names a robot. Left out where no line has one.",
            ),
            (
                "p95_error",
                "By dimension: by which part of itself a `p95_ms` may be off where it is more than 1 %, as there were \
                 too many different durations of too many keys (see LIMITS). Left out where there were not.",
            ),
            (
                "alerts_omitted",
                "How many alerts before those in `alerts` are no longer remembered; left out where it is 0.",
            ),
        ],
    ),
    (
        "In an alert:",
        &[
            ("state", "`firing` or `resolved`."),
            ("rule", "The label of the rule."),
            ("measure", "What it measures: `hits`, `5xx`, `p95` …"),
            (
                "dim, key",
                "Of a rule by key: the dimension and its key. Else left out.",
            ),
            (
                "id",
                "The same when it fires and when it is resolved: the label, a slash and the key (of a rule by \
                 key), @, and the epoch second of `since`.",
            ),
            ("at", "The second of the transition."),
            (
                "hits",
                "Hits in the window at the end of that second, of those that the rule speaks of; 0 for silence.",
            ),
            (
                "value, threshold",
                "What the rule measures, and what it is held against: numbers as such, means per second, shares as \
                 fractions from 0 to 1, durations in milliseconds, bytes, silence in seconds, of slo how many times \
                 too fast the budget burns, of a rule on the usual hits per second.",
            ),
            ("window_s", "The length of the window in seconds."),
            (
                "detail",
                "The measure in words, of slo and of rules on the usual. Else left out.",
            ),
            (
                "since",
                "The second from which the measure was beyond; before `at` where the rule has `for`.",
            ),
            (
                "changed",
                "When firing: for each dimension the key whose share of the hits grew most against the window \
                 before. `dim`, `key`, `share` and `was` (null where that window was empty).",
            ),
            (
                "resolution_s",
                "When firing: `changed` is known only to so many seconds, since the traffic was too heavy to \
                 keep each. Else left out.",
            ),
            (
                "duration_s, peak",
                "When resolved: how long ago `since` is, and the greatest value meanwhile; with `<`, the least.",
            ),
            (
                "because",
                "When resolved: `min` where fewer hits are left than the rule asks for, so that nobody knows \
                 whether it got well. Else left out.",
            ),
            ("top", "The rows of the window, as in a report."),
        ],
    ),
    (
        "In a gap:",
        &[("from, to", "Empty intervals that the clock jumped over.")],
    ),
];

pub(super) const TIME: Paragraphs = &[
    "Time is the log's own, in whole seconds; fractions are cut. It is shown with the offset of the first record, or \
     in the zone of --tz. Intervals are aligned to multiples of their length in that zone.",
    "A second is `closed` once it is older than the newest time by more than --lateness. Seconds close in order; \
     reports and alerts are written when they do. A record for a closed second is `late`: it counts in the summary, \
     in a report of its interval that is not yet written, and in the window while that still holds its second. It \
     never changes a line that was written. Where ten hits and more than one in a hundred are late or skewed, \
     standard error says so and names the --lateness that would have taken them; with --exit-code the status is \
     then 4 where it would be 0.",
    "A wrong timestamp does not move the clock. A record is ahead if it lies more than a minute past the newest time, \
     or more than --lateness if that is longer; before anything is believed, every record is. One that is ahead \
     waits until 16 more have come: those agree that lie no more than that before it. If half of them do, it is \
     believed; if not, it is `skewed`: a hit in the summary without a place in time. At the end of input the votes \
     that there are decide; without any it is believed, unless it is 31 days ahead.",
    "A clock that is set back is followed. A record that lies more than ten minutes before the newest time is late, \
     like any other; but 64 in a row mean that the log itself went back. What is open closes then, a `rewind` is \
     written, and the log is counted anew from the first of them: with empty windows and quiet rules, and the same \
     totals. An alert that was firing has no end.",
    "Several files of a --replay are merged by time: each has a clock of its own, and next is read the one that has \
     come least far, a second at a time. So neither the order in which they are named nor how they were cut or \
     packed makes a difference.",
    "Live, the wall clock is a witness. The lag of a log is the least by which its last three records came after \
     their time. A record that lies more than 5 s (or --lateness, if that is longer) past what the log can have \
     reached by that lag is ahead, however near the newest time it is; one from the five minutes before the wall \
     clock is believed at once otherwise. Where the lag is more than five minutes, the wall clock has no say.",
    "Live, when the lag is less than five minutes and nothing has come for a second, time goes on to the wall clock \
     less the lag, so that recoveries and empty reports are written on time. A blocked output or a stopped process \
     is not silence. How long a log is silent counts from its last line, of whatever time. A program of --on-alert \
     is not run for a transition of more than ten minutes before the wall clock. With --replay no clock but the \
     log's is ever looked at.",
];

pub(super) const SIGNALS: Items = &[
    (
        "INT, TERM",
        "Close what is open, write the summary, and end by that signal. A second one ends at once.",
    ),
    (
        "USR1",
        "Write the summary so far, and go on; nothing with --dashboard.",
    ),
    (
        "HUP, QUIT, TSTP, CONT, WINCH",
        "With --dashboard the first two are like INT. Before httpmon stops, the terminal is as it was; when it goes on, \
         or the terminal has another size, all is painted anew.",
    ),
];

pub(super) const ENVIRONMENT: Items = &[
    (
        "HTTPMON_CONFIG_PATH",
        "Names a file of options, one argument a line, as `--top=path`; blank lines and those that begin with `#` \
         are left out. They stand before the command line's, which win. It may name no log files. \
         What is wrong in it is told with its line; --help, --version and --generate work without it.",
    ),
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM",
        "Whether --color `auto` colours. Without TERM, or where it is `dumb`, no progress is shown.",
    ),
    (
        "COLUMNS",
        "The width to fit, where the terminal does not tell it.",
    ),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "Whether the locale is UTF-8. Text is ASCII where it is not.",
    ),
    ("TZ", "What `local` means in --tz and --log-tz."),
];

pub(super) const EXAMPLES: Paragraphs =
    &["Each of these runs, with stand-ins for the other programs, in the tests of httpmon."];

pub(super) const LIMITS: Paragraphs = &[
    "Clients are shown as the log has them. Addresses are not looked up in the DNS: that would tell the owner of \
     each address that you read about it, and stall on every slow answer.",
    "A line longer than 1 MiB is cut there and counted as unparsed.",
    "Counts are exact while a dimension has at most 100,000 distinct keys and 16 MiB of key bytes. Beyond that \
     the light half of the keys is dropped, `each up to N more` says by how many hits a row may be short, and the \
     number of distinct keys is an estimate with its error. Nothing is approximate without saying so.",
    "The p95 of a key is at most 1 % off while a dimension has at most 524,288 pairs of a key and a duration, where \
     durations that differ by less than 1 % are one. Beyond that it is off by twice as much for each doubling, \
     which is told beside it.",
    "A summary remembers the newest 100,000 alerts.",
    "gzip and zstd are unpacked, by content, on standard input too. bzip2, xz, zip, lz4 and compress are not: the message \
     names the command that does it.",
];

pub(super) const SEE_ALSO: &str = "tail(1), zcat(1), jq(1), journalctl(1), timeout(1)";
