//! The prose on alert rules, expressions and the program of --on-alert. Backquotes make bold; the
//! grammars are the parsers' own.

use super::prose::{Items, Paragraphs};

pub(super) const ALERTS: Paragraphs = &[
    "A rule is evaluated for each second when that is closed, live and in replay alike. It fires when its measure \
     is strictly beyond its threshold, and is over when it is strictly back; at equality the state stays as it is. \
     Nothing is rounded on the way. Sums are over a sliding window of whole seconds, whose means are always \
     divided by its whole length, also when the log has only begun.",
    "The traffic rule, `High traffic`, is `hits > 10/s over 2m`, with the numbers of --threshold and --window: by \
     default it fires at 1201 hits in two minutes, not at 1200, and is over at 1199. It stands where no --alert is \
     given, or --threshold or --window is; so --alert alone speaks of its own rules alone. All rules of a run are \
     independent of each other. They see the records that --where leaves.",
    "One block is written for each transition and never again. The first line of each has exactly this form, on a \
     line of its own that is never cut, so that it can be searched for:",
];

pub(super) const ALERT_LINES: Paragraphs = &[
    "High traffic generated an alert - hits = 1210, triggered at 2026-11-20T09:04:00Z",
    "  10.08/s over 2m, threshold 10/s | /api 97% (+92) | client 192.0.2.18 97% (+97) | 5xx 12.0% (+12.0)",
    "High traffic alert recovered at 2026-11-20T09:05:02Z",
    "  after 1m2s, peak 1252 hits (10.43/s)",
];

pub(super) const ALERTS_MORE: Paragraphs = &[
    "That is: the label, the measure and its value at the end of the second that crossed, and that second. For \
     `hits` the value is always their number in the window. A rule by key says for which: `Scanner generated an \
     alert for client 10.0.0.4 - 404 = 21, …` and `Scanner alert for client 10.0.0.4 recovered at …`.",
    "The indented line says how the measure stands, and what changed in the window against the one before: for each \
     dimension that is listed the key whose share of all hits grew most, with the percentage points by which it \
     did where there was a window before, and the share of 5xx. The peak is the greatest value while it fired; of \
     a rule with `<`, the least.",
    "An alert that still fires when the input ends has no recovery line; the summary says so, and numbers all of \
     them.",
];

pub(super) const RULES: Paragraphs = &[
    "--alert takes one rule, and may be given several times; each has a label of its own, of at most 80 \
     characters. A rule that cannot work is refused before anything is read, with a caret under the place. Words \
     stand apart from each other; a number and its unit do not. Clauses stand in any order, each at most once.",
];

pub(super) const MEASURES: Items = &[
    (
        "hits",
        "Requests: as a number in the window (`> 300`), as a mean (`> 5/s`), or against the usual (`> 2x usual`, \
         see below).",
    ),
    (
        "5xx, 404, …",
        "Requests with a status of this class, or with this status: a number in the window, a mean per second, or \
         a share of the window's hits (`> 5%`). A share of nothing is not beyond.",
    ),
    (
        "bytes",
        "Bytes sent, in the window (`> 2GB`) or as a mean (`> 50MB/s`). 1 kB is 1000 bytes.",
    ),
    (
        "malformed",
        "Records whose request is none: number, mean or share of the hits.",
    ),
    (
        "unparsed",
        "Lines that are no record: number, mean, or share of hits and unparsed lines together. They have no \
         fields, hence no `where`. One has no time either and counts at that of the log's clock.",
    ),
    (
        "unique client, …",
        "Distinct keys of a dimension in the window. Exact while the run has had at most as many as LIMITS names; beyond \
         that the number is a lower bound, an alert may be over too early, and `rules` in reports and summary says \
         so.",
    ),
    (
        "p50, p90, p95, p99, max, mean",
        "Of the durations in the window, against `800ms` or `2s`. Percentiles are at most 1 % off. A window without \
         a duration is not beyond.",
    ),
    (
        "silence",
        "The time since the last record, by the log's clock, such as `> 2m`. It says nothing before the first one. \
         It has neither `over` nor `min`. With `where`: since the last record that matches.",
    ),
    (
        "slo",
        "How fast the error budget of an objective burns, such as `slo 99.9%` (no operator), where an error is a \
         5xx: the share of errors over the share that is allowed. It fires where both windows of a pair burn \
         faster than its rate: 1h and 5m at 14.4 times, 6h and 30m at 6, 3d and 6h at 1. Each short window \
         must hold `min` hits, 10 if none is named, and each long one two errors: one alone is no rate. The windows are always divided by what came in them, so a \
         log that has only begun is judged by its beginning.",
    ),
];

pub(super) const CLAUSES: Items = &[
    (
        "over D",
        "The window, from 1s to 7d. Without it, that of --window (2m).",
    ),
    (
        "where EXPR",
        "Counts only records that match, for the hits of a share too. See EXPRESSIONS. The expression ends where \
         no `and` or `or` goes on.",
    ),
    (
        "by DIM",
        "An alert for each key of a dimension, of the measures hits, a status and bytes, with `>`, over at most 1d. At \
         most 100,000 keys and 1,300,000 pairs of key and second are followed at once, 32 MiB together; hits beyond \
         that, and of keys beyond LIMITS, are told at `rules` in reports and summary, as not followed.",
    ),
    (
        "min N",
        "With fewer than N hits in the window the measure is not beyond, and a firing alert is on its way back. Use it \
         with shares and percentiles, where one request in the night would be all of them. An alert that ends with too \
         few hits says so behind the time, `— too few hits: 3 of the 20 it asks for`: nobody knows that it got well.",
    ),
    (
        "for D",
        "Fires only when the measure has been beyond in each second for D; a second at equality begins \
         the wait anew. `since` in JSON says from when. 0 to 7d.",
    ),
    (
        "keep D",
        "Is over only when the measure has been back for D. 0 to 7d.",
    ),
];

pub(super) const RULES_MORE: Paragraphs = &[
    "A rule with `<` on a number or mean says nothing before the log is a full window old. `hits < 0.1/s` \
     sees a log that becomes quiet while other lines move its clock, or live, time itself; so does `silence`.",
    "Equality keeps the state, with one exception: nothing is below 0, so a rule such as `malformed > 0` is over \
     at 0. `unique` is exact below 100,000 distinct keys in a run, and cannot be held against more.",
    "`2x usual`: the usual is the 99th percentile of the hits in each minute of the last 24 hours, leaving out the \
     newest hour, and needs 8 hours of those; until then reports and summary say at `rules` that the baseline is \
     not ready. The rule fires where the mean of the window is more than that many times the usual, and its hits \
     exceed the usual by 5 times its square root and 10, at the ends of two minutes in a row. While it fires \
     the baseline stands still, for 6 hours at most. The message says it in words: `310/s is 2.6x the usual peak \
     of 119/s`.",
    "The expressions and status codes of all rules together may be 64 different ones.",
];

pub(super) const EXPRESSIONS: Paragraphs = &[
    "What --where and the clause `where` of a rule take. What --where leaves out is counted as filtered, and \
     still moves the clock.",
];

pub(super) const COMPARISONS: Items = &[
    ("= !=", "The whole key, or not."),
    ("^= $= *=", "The key begins with, ends with, contains."),
    (
        "~",
        "The whole key matches a glob: `*` for any characters, a slash too, `?` for one byte.",
    ),
    (
        "< <= > >=",
        "Of status, bytes and duration: numbers. Bytes may have a unit (`20kB`), a duration must (`250ms`, `1.5s`).",
    ),
];

pub(super) const EXPRESSIONS_MORE: Paragraphs = &[
    "The keys are those that --top lists; see DIMENSIONS. Case matters in them, not in `and`, `or` and `not`. `not` \
     binds closest, then `and`, then `or`. With = and !=, status also takes a class (`status=5xx`) and client a \
     network (`client=10.0.0.0/8`, `client=2001:db8::/32`).",
    "Of a record without such a key or number every comparison is false, but != is true: of a log without \
     durations no record has `duration>1s`.",
];

pub(super) const TELLING: Paragraphs = &[
    "--on-alert names a program that is run at each transition of an alert, without a shell and without arguments: a \
     script takes what needs any. Nothing of the log stands in its arguments. A name without a folder is looked for in PATH; one that is not \
     found, or cannot be executed, is told before anything is read. With --replay it is run only if \
     --on-alert-in-replay is given.",
    "On its standard input is the alert, the object that --report `json` would write (see JSON Lines), whatever \
     --report says. In its environment:",
];

pub(super) const TELLING_ENVIRONMENT: Items = &[
    ("HTTPMON_STATE", "`firing` or `resolved`."),
    ("HTTPMON_RULE", "The label of the rule."),
    (
        "HTTPMON_AT",
        "The second of the transition, as text shows it.",
    ),
    (
        "HTTPMON_BECAUSE",
        "`min` where the alert is over because too few hits are left; else it is not set.",
    ),
    (
        "HTTPMON_AGAIN",
        "1 where a run before this one began the program for the same transition and ended before it did: see --state.",
    ),
];

pub(super) const TELLING_MORE: Paragraphs = &[
    "Programs run one at a time, in the order of the transitions. Reading never waits for them: up to 1,024 \
     transitions wait their turn; more are dropped and counted. At the end of the input httpmon waits for those \
     in the queue, for a minute at most. One that takes more than 30 seconds gets TERM, and two seconds later KILL, with its whole process \
     group. What it prints goes to standard error, which also tells of those that failed: the first five one by \
     one, then their number at the end. A program that fails is not run again for that transition, and does not \
     change the exit status.",
    "`id` in the object is the same when an alert fires and when it is resolved, and the same in every run over the \
     same log; so a receiver can match and deduplicate. It holds the key of a rule by key. Keys such as the path and \
     the agent are whatever a client sent: check them before use.",
];
