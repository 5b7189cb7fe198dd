//! The one table of options, and the parsers of values that only they take.

use super::flag::{Flag, NO_CHOICES, span};
use super::{Color, Command, CompareWith, Printout};
use crate::alert::measure::{Threshold, decimal};
use crate::alert::syntax::{self, Spec};
use crate::filter::period::Moment;
use crate::filter::{Filter, Mistake};
use crate::format::{Choice, EventTime, Proxies, formats};
use crate::interval::Interval;
use crate::nearest;
use crate::quantity::Unit;
use crate::render::OUTPUTS;
use crate::report::{KEY_COLUMNS, KeyColumns};
use crate::stats::dimension::DIMENSIONS;
use crate::stats::top::{self, parse_top};
use crate::time::{Span, Zone};

/// The longest window and lateness.
const WEEK: Span = Span(7 * 86_400);
/// The longest interval and idle time.
const YEAR: Span = Span(366 * 86_400);

/// What `--generate` prints: its kind, what it is, and the text.
const GENERATED: [(&str, &str, Printout); 7] = [
    ("man", "the man page", Printout::Man),
    (
        "man-formats",
        "the man page on log formats",
        Printout::ManFormats,
    ),
    (
        "man-rules",
        "the man page on alert rules",
        Printout::ManRules,
    ),
    (
        "man-recipes",
        "the man page of recipes",
        Printout::ManRecipes,
    ),
    ("complete-bash", "completions for bash", Printout::Bash),
    ("complete-zsh", "completions for zsh", Printout::Zsh),
    ("complete-fish", "completions for fish", Printout::Fish),
];

/// Every option, in the order of the help.
pub static FLAGS: &[Flag] = &[
    Flag {
        long: "replay",
        short: None,
        value: None,
        help: "read history: alerts and a final summary, without a wall clock",
        more: "This is how FILEs are read, without this option too, if all of them are regular files and \
               neither --follow nor --state is given. The output depends only on the input, not on how fast it \
               comes. Reports are written only if --interval is given. If reading regular files takes longer than a second and standard error is \
               a terminal, it shows the progress.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.replay = true;
            Ok(None)
        },
    },
    Flag {
        long: "interval",
        short: Some('i'),
        value: Some("D"),
        help: "write a report for every D of log time (10s)",
        more: "Intervals begin at multiples of D on the log's own clock: with 1m at whole minutes, with 1d at \
               midnight. 1w is a week from Monday on, 1mo a month, 3mo a quarter of a year. A report is written when its last second closes, which is --lateness after its end.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.interval = Some(Interval::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "threshold",
        short: Some('t'),
        value: Some("N"),
        help: "requests per second above which traffic is high (10)",
        more: "A decimal number. The alert fires when the hits in the window exceed N times the seconds of the \
               window, and recovers when they are below; at exactly that number nothing changes.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.threshold = Some(rate(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "window",
        short: Some('w'),
        value: Some("D"),
        help: "the sliding window of --threshold (2m)",
        more: "From 1s to 7d. Rules that name no window have it too.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.window = Some(span(v, Span::SECOND, WEEK)?);
            Ok(None)
        },
    },
    Flag {
        long: "alert",
        short: None,
        value: Some("RULE"),
        help: "an alert rule; may be given several times",
        more: "For example 'Server errors: 5xx > 5% over 5m min 100 keep 5m'. With --alert, the traffic rule is in \
               force only if --threshold or --window is given too. See httpmon-rules(7).",
        choices: NO_CHOICES,
        apply: |o, v| {
            let refused = |mistake: Mistake| {
                format!(
                    "{}\n  a rule that works: '{}'",
                    caret(v, &mistake),
                    syntax::EXAMPLE
                )
            };
            let spec = Spec::parse(v).map_err(refused)?;
            if o.alerts.iter().any(|known| known.label == spec.label) {
                return Err(format!("a second rule with the label '{}'", spec.label));
            }
            o.alerts.push(spec);
            o.rules.push(v.to_owned());
            Ok(None)
        },
    },
    Flag {
        long: "check",
        short: None,
        value: None,
        help: "try the rules on a log: how often each would have fired, and at which thresholds it would not",
        more: "It implies --replay. In the place of alerts and the summary there is a table: for each rule how many \
               alerts fired, for how long in all, how long the longest was, how many of them flapped, and the \
               worst value. Where a rule never fired or was noise, other thresholds are named with what it would \
               have done at them. See httpmon-rules(7).",
        choices: NO_CHOICES,
        apply: |o, _| {
            (o.check, o.replay) = (true, true);
            Ok(None)
        },
    },
    Flag {
        long: "lateness",
        short: None,
        value: Some("D"),
        help: "how long to wait for lines out of order (5s, with --replay 1m)",
        more: "A second closes when it is older than the newest one by more than D. Lines that come for it \
               later are counted as late and do not change what has been written. From 0 to 7d. See TIME.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.lateness = Some(span(v, Span(0), WEEK)?);
            Ok(None)
        },
    },
    Flag {
        long: "patience",
        short: None,
        value: Some("D"),
        help: "how long a live source may hold up the others (1m)",
        more: "Live, with several files or pipes, a second closes when all of them are past it. A source that \
               is more than D behind the foremost is no longer waited for: its lines are late, and reports say \
               how far behind it is. From 0 to 7d.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.patience = Some(span(v, Span(0), WEEK)?);
            Ok(None)
        },
    },
    Flag {
        long: "time",
        short: None,
        value: Some("T"),
        help: "the time of a request: when it ended, or the time in the log (end)",
        more: "Many servers log the time at which a request ended, others the time at which it began: Apache, \
               HAProxy, Envoy, Traefik, uWSGI, S3. With end, the duration is added to a time of the second \
               kind if the line has one, so that a request that hangs counts in the second in which it fails. \
               With stamp, every time counts as it is in the log. See httpmon-formats(7).",
        choices: || {
            vec![
                ("end", "the end of the request"),
                ("stamp", "the time in the log, as it is"),
            ]
        },
        apply: |o, v| {
            o.time = match v {
                "end" => EventTime::End,
                "stamp" => EventTime::Stamp,
                _ => return Err(format!("'{v}' is not end or stamp")),
            };
            Ok(None)
        },
    },
    Flag {
        long: "format",
        short: Some('f'),
        value: Some("F"),
        help: "the log format: auto, a name, a LogFormat or a log_format (auto)",
        more: "auto recognises each line by its shape, even if a stream mixes formats. With a name, lines in \
               any other format are counted as unparsed. Anything else is a format string, copied from the \
               configuration of the server, or json: field=key ... for the keys of a JSON log. See \
               httpmon-formats(7).",
        choices: || {
            let auto = ("auto", "each line by its shape");
            std::iter::once(auto)
                .chain(formats().map(|format| (format.name, format.about)))
                .collect()
        },
        apply: |o, v| {
            o.format = Choice::parse(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "client",
        short: None,
        value: Some("WHICH"),
        help: "the client as logged, or as forwarded by proxies (logged)",
        more: "forwarded takes the client from X-Forwarded-For if the line has it, also after the user agent \
               of the combined format: it is the last address in that list that is not in --trusted. It is off \
               by default because a client that reaches the server directly can write that header itself; use \
               it if every request comes through your own proxies.",
        choices: || {
            vec![
                ("logged", "the address that the log gives as the client"),
                (
                    "forwarded",
                    "the last address of X-Forwarded-For that is not a proxy",
                ),
            ]
        },
        apply: |o, v| {
            o.forwarded = match v {
                "logged" => false,
                "forwarded" => true,
                _ => return Err(format!("'{v}' is not logged or forwarded")),
            };
            Ok(None)
        },
    },
    Flag {
        long: "trusted",
        short: None,
        value: Some("NET"),
        help: "the proxies for --client forwarded (private networks)",
        more: "Networks and addresses separated by commas, such as 10.0.0.0/8,2001:db8::/32. By default, \
               private, shared, link-local and loopback addresses are proxies.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.trusted = Some(Proxies::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "log-tz",
        short: None,
        value: Some("TZ"),
        help: "the zone of log times without an offset (UTC)",
        more: "UTC, local, or an IANA name such as Europe/Berlin. It does not affect times with an offset.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.log_tz = Zone::parse(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "tz",
        short: None,
        value: Some("TZ"),
        help: "the zone to show times in (the offset of the first record)",
        more: "UTC, local, or an IANA name. It changes what is shown and where intervals begin, but not what \
               is counted.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.tz = Some(Zone::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "top",
        short: None,
        value: Some("LIST"),
        help: "dimensions to list, and how many rows of each (section=5,client=5)",
        more: "A list such as section=10,client,path=3, separated by commas; without a number, five rows. \
               Rows are ordered by hits, or as in 'path=10 by bytes': by bytes, by 4xx, by 5xx (errors), or in a summary by \
               p95 or by mean of the durations, where keys with ten hits or more come first. Several lists add \
               up. See DIMENSIONS.",
        choices: || {
            // One that needs a parameter is none without it.
            let whole = DIMENSIONS.iter().filter(|dimension| dimension.is_whole());
            whole
                .map(|dimension| (dimension.name, dimension.about))
                .collect()
        },
        apply: |o, v| {
            let list = parse_top(v)?;
            if !std::mem::replace(&mut o.top_given, true) {
                o.top.clear();
            }
            top::add_to_list(&mut o.top, list);
            Ok(None)
        },
    },
    Flag {
        long: "columns",
        short: None,
        value: Some("LIST"),
        help: "the columns of the summary's tables of keys, such as hits,5xx,first,last",
        more: "Without it a table has what there is to show, but for first and last. JSON has these two where one of them \
               is named, and everything else in any case. First and last are the times of records that are believed; \
               where rows are of a rollup, they are those of the log. On a terminal that is too narrow some \
               columns are left out. With --report csv there is a row for each key, not for each interval.",
        choices: || {
            let columns = KEY_COLUMNS.iter();
            columns.map(|&(name, _, about)| (name, about)).collect()
        },
        apply: |o, v| {
            o.columns = Some(KeyColumns::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "group",
        short: None,
        value: Some("PATTERN"),
        help: "paths that are one endpoint, such as '/user/*/orders'; may be given several times",
        more: "Of several patterns the first that matches the path counts; * is any number of characters, slashes \
               too, and ? is one. Paths that match none are endpoints as described at endpoint.",
        choices: NO_CHOICES,
        apply: |o, v| {
            // Of a request to a proxy it is the whole URL.
            if v.starts_with(|c: char| c.is_alphanumeric()) && !v.contains("://") {
                return Err(format!("a path begins with '/': '/{v}'"));
            }
            o.groups.push(v.to_owned());
            Ok(None)
        },
    },
    Flag {
        long: "own",
        short: None,
        value: Some("HOST"),
        help: "a host of the site itself, which is no referring host; may be given several times",
        more: "Its subdomains are too: with example.com, www.example.com is no referring host.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.own.push(host(v)?.to_owned());
            Ok(None)
        },
    },
    Flag {
        long: "rollup-by",
        short: None,
        value: Some("LIST"),
        help: "the dimensions that a rollup carries (those of --top)",
        more: "For --report rollup: a list such as section,path,host. With it a rollup carries these instead of those \
               of --top; those that rules and --where name, it always does. See ROLLUPS.",
        choices: || {
            // One that needs a parameter is none without it.
            let whole = DIMENSIONS.iter().filter(|dimension| dimension.is_whole());
            whole
                .map(|dimension| (dimension.name, dimension.about))
                .collect()
        },
        apply: |o, v| {
            o.rollup_by = Some(parse_top(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "mmdb",
        short: None,
        value: Some("FILE"),
        help: "a database of networks or countries; may be given several times",
        more: "A file in the MaxMind DB format, such as GeoLite2-ASN.mmdb or GeoLite2-Country.mmdb, for the \
               dimensions asn and country. It is read into memory. If several know an address, the first \
               counts; an address that none knows has no asn and no country.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.mmdb.push(v.into());
            Ok(None)
        },
    },
    Flag {
        long: "anonymize",
        short: None,
        value: None,
        help: "cut addresses of clients before they are counted",
        more: "Of an IPv4 address the first 24 bits are left, of an IPv6 address the first 48: 192.0.2.77 is \
               192.0.2.0. So it is in every output, in --where and in rules; the asn and country of --mmdb are \
               still those of the whole address. A client that is a name is `-`. Addresses in the examples of \
               lines that could not be read are cut as well; what stands in a path, a referrer or an agent is not.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.anonymize = true;
            Ok(None)
        },
    },
    Flag {
        long: "where",
        short: None,
        value: Some("EXPR"),
        help: "count only records that match",
        more: "Comparisons such as section=/api, status>=500, path~/img/*.png or client=10.0.0.0/8, combined \
               with and, or, not and parentheses. If it is given several times, records must match all of \
               them. Other records are counted as filtered and still move the clock. See httpmon-rules(7).",
        choices: NO_CHOICES,
        apply: |o, v| {
            let filter = Filter::parse(v).map_err(|mistake| caret(v, &mistake))?;
            o.filter = Some(match o.filter.take() {
                Some(others) => others.and(filter),
                None => filter,
            });
            o.expressions.push(v.to_owned());
            Ok(None)
        },
    },
    Flag {
        long: "since",
        short: None,
        value: Some("T"),
        help: "count only records from T on",
        more: "T is a time such as 2026-11-20T09:30:00Z; a date, or a date and a time, in the zone shown \
               (2026-11-20, '2026-11-20 09:30'); a time on the day of the log's first record (09:30); today, \
               yesterday, or a day of the week, meaning the last one of that name, each from midnight in the \
               zone shown; or -2h, which is two hours before now or, in replay of regular files, before the \
               newest record, for which they are read twice. Records outside are counted as filtered and still \
               move the clock, but no rule is evaluated and no report written for a second before T.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.since = Some(Moment::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "until",
        short: None,
        value: Some("T"),
        help: "count only records before T",
        more: "T is as for --since; the second T itself is not counted, and a date means its beginning. If the \
               log ends before T, the seconds up to T are closed as empty ones, so that an alert that would be \
               over by then is.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.until = Some(Moment::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "compare",
        short: None,
        value: Some("D"),
        help: "say in the summary what changed since D earlier, since a time, or since that in a file",
        more: "With a duration such as 1d or 1w, the time from --since to --until is compared with the same time so \
               much earlier: hits, the share of errors, the 95th percentile of durations and each row, with those \
               that are new or gone. Without --since it is the last D of the log, with the D before. With a time, as for --since, what comes from it on is \
               compared with what was before, by hits per second; so with a file, such as deploy.time, whose first line is such a time \
               or seconds since 1970, or which is empty and was last changed then. The log is read twice, so it must be regular files.",
        choices: NO_CHOICES,
        apply: |o, v| {
            let span = match v.strip_suffix('w').map(str::parse::<i64>) {
                Some(Ok(weeks @ 1..=52)) => Ok(Span(weeks * 7 * 86_400)),
                _ => Span::parse(v),
            };
            o.compare = Some(match span {
                Ok(Span(0)) => return Err("expected at least 1s".to_owned()),
                Ok(back) if back <= YEAR => CompareWith::Back(back),
                Ok(_) => return Err(format!("'{v}' is too long; at most {YEAR}")),
                Err(_) => match Moment::parse(v) {
                    Ok(moment) => CompareWith::At(moment),
                    Err(_) => CompareWith::File(v.into()),
                },
            });
            Ok(None)
        },
    },
    Flag {
        long: "report",
        short: Some('r'),
        value: Some("R"),
        help: "how to write reports and alerts (text)",
        more: "See OUTPUT.",
        choices: || {
            OUTPUTS
                .iter()
                .map(|output| (output.name, output.about))
                .collect()
        },
        apply: |o, v| {
            let found = OUTPUTS.iter().find(|output| output.name == v);
            let names = || {
                OUTPUTS
                    .iter()
                    .map(|output| output.name)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            o.report = found.ok_or_else(|| {
                let meant = nearest::question(v, OUTPUTS.iter().map(|output| output.name));
                format!("unknown output '{v}'{meant} ({})", names())
            })?;
            Ok(None)
        },
    },
    Flag {
        long: "during",
        short: None,
        value: Some("RULE"),
        help: "with --report lines: only the lines behind the alerts of this rule",
        more: "RULE is the label of a rule of --alert, or 'High traffic'. The lines are those that the rule counts \
               (the 5xx of a rule on 5xx, the slow ones of a percentile, those of the key of a rule by key), \
               from the beginning of the window that made it fire to the second in which it was over. The files \
               are read twice.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.during = Some(v.to_owned());
            Ok(None)
        },
    },
    Flag {
        long: "with-source",
        short: None,
        value: None,
        help: "with --report lines: put the file before each line",
        more: "",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.with_source = true;
            Ok(None)
        },
    },
    Flag {
        long: "output",
        short: Some('o'),
        value: Some("FILE"),
        help: "write to FILE instead of standard output",
        more: "text, json and csv are written as they come: with --replay, FILE is emptied first; \
               live, they are added to what it has. If FILE is renamed, a new one is begun. html, email and openmetrics are \
               written whole to a new file, which is then renamed to FILE, with every report and at the end. \
               Live, a FILE that cannot be written is reported once and tried again. See OUTPUT.",
        choices: NO_CHOICES,
        apply: |o, v| {
            if v.is_empty() {
                return Err("expected the name of a file".to_owned());
            }
            o.output = Some(v.into()).filter(|_| v != "-");
            Ok(None)
        },
    },
    Flag {
        long: "dashboard",
        short: None,
        value: None,
        help: "on a terminal, show one live screen instead of reports",
        more: "It shows traffic as a graph, status classes, the top of a dimension, and every alert of the \
               run. Keys are read from the terminal, even if standard input is the log. At the end the summary \
               is written as usual. With --output, FILE is written as it would be without --dashboard. See \
               DASHBOARD.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.dashboard = true;
            Ok(None)
        },
    },
    Flag {
        long: "color",
        short: None,
        value: Some("WHEN"),
        help: "when to use colour (auto)",
        more: "auto uses colour if standard output is a terminal, and obeys NO_COLOR, CLICOLOR, CLICOLOR_FORCE \
               and TERM=dumb. Bars and a sparkline, fitted to the width, come with colour, on every terminal, and \
               where COLUMNS says the width of a pager.",
        choices: || {
            vec![
                ("auto", "on a terminal"),
                ("always", "also in files and pipes"),
                ("never", "plain text"),
            ]
        },
        apply: |o, v| {
            o.color = match v {
                "auto" => Color::Auto,
                "always" => Color::Always,
                "never" => Color::Never,
                _ => return Err(format!("'{v}' is not auto, always or never")),
            };
            Ok(None)
        },
    },
    Flag {
        long: "on-alert",
        short: None,
        value: Some("PROG"),
        help: "run PROG when an alert fires and when it is over",
        more: "PROG is run without a shell and without arguments. The alert is on its standard input as JSON, \
               and HTTPMON_STATE, HTTPMON_RULE and HTTPMON_AT are in its environment. One is run at a time, \
               for 30 seconds at most, and what it prints goes to standard error. Reading never waits for it. \
               See httpmon-rules(7).",
        choices: NO_CHOICES,
        apply: |o, v| {
            if v.is_empty() {
                return Err("expected the name of a program".to_owned());
            }
            o.on_alert = Some(v.into());
            Ok(None)
        },
    },
    Flag {
        long: "on-alert-in-replay",
        short: None,
        value: None,
        help: "run the program of --on-alert in replay too",
        more: "Without this option, --replay runs no program: alerts of the past are not news.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.on_alert_in_replay = true;
            Ok(None)
        },
    },
    Flag {
        long: "exit-code",
        short: None,
        value: None,
        help: "exit 1 if an alert fired, 3 if no line was a record",
        more: "For scripts: a check must not pass because the log is empty or not an access log. The status is \
               4 if no alert fired but too much came late to be sure. See EXIT STATUS.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.exit_code = true;
            Ok(None)
        },
    },
    Flag {
        long: "follow",
        short: Some('F'),
        value: None,
        help: "live: read FILEs as they grow, through every rotation",
        more: "No line is lost when a file is renamed, or copied and emptied: the old file is read until \
               nothing has been written to it for ten seconds, and lines that were in an emptied file are read \
               from its copy. The rotated files beside it are read first: see --history. What is older than \
               the start is history: rules and the summary take it into account, but of it only the alerts \
               that are still firing are written.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.follow = true;
            Ok(None)
        },
    },
    Flag {
        long: "history",
        short: None,
        value: Some("D"),
        help: "with --follow: how far back to read rotated files first (auto)",
        more: "httpmon reads the rotated files that were written to within D, such as access.log.1 and \
               access.log.2.gz, and then all of FILE. auto is as far back as the rules look. With 0 it begins \
               at the end of FILE.",
        choices: || vec![("auto", "as far back as the rules look")],
        apply: |o, v| {
            o.history = match v {
                "auto" => None,
                _ => Some(span(v, Span(0), YEAR)?),
            };
            Ok(None)
        },
    },
    Flag {
        long: "state",
        short: None,
        value: Some("FILE"),
        help: "live: remember in FILE what was written, so a restart does not repeat it",
        more: "FILE says up to which second reports and alerts were written, which alerts are firing, and \
               which programs of --on-alert have not ended: these are run, with HTTPMON_AGAIN=1 if they were \
               started before. What the rules need to remember is in the log, so let httpmon read it again: \
               with --follow, or by starting the pipe further back. If FILE does not exist yet, what is older \
               than the start is history: of it only the alerts that are still firing are written. If the log \
               begins later than FILE ends, the time between was not read: it is a gap, not a time without \
               traffic. Until a full window has been read after it, no alert recovers, and no rule fires \
               because there is too little. A damaged FILE is renamed to FILE.damaged.",
        choices: NO_CHOICES,
        apply: |o, v| {
            if v.is_empty() {
                return Err("expected the name of a file".to_owned());
            }
            o.state = Some(v.into());
            Ok(None)
        },
    },
    Flag {
        long: "idle-exit",
        short: None,
        value: Some("D"),
        help: "live: end when no line has come for D",
        more: "httpmon then acts as if the input had ended: it closes what is open and writes the summary. \
               With --replay, which never looks at a clock, this has no effect.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.idle_exit = Some(span(v, Span::SECOND, YEAR)?);
            Ok(None)
        },
    },
    Flag {
        long: "threads",
        short: None,
        value: Some("N"),
        help: "count with N threads in replay of files (all cores)",
        more: "From 1 to 64; by default as many as there are cores, but not more than eight. It changes how \
               long the run takes and nothing else. Pipes are read by one thread, because the program that \
               writes needs the other core; so are live logs, and runs with --verbose.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.threads = Some(threads(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "quiet",
        short: Some('q'),
        value: None,
        help: "alerts only: no reports, no summary",
        more: "Standard error still says which lines could not be read.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.quiet = true;
            Ok(None)
        },
    },
    Flag {
        long: "verbose",
        short: Some('v'),
        value: None,
        help: "say on standard error which formats were recognised",
        more: "Each format is named once, with the first line that has it.",
        choices: NO_CHOICES,
        apply: |o, _| {
            o.verbose = true;
            Ok(None)
        },
    },
    Flag {
        long: "generate",
        short: None,
        value: Some("KIND"),
        help: "print a man page, or completions for a shell",
        more: "",
        choices: || GENERATED.map(|(kind, about, _)| (kind, about)).to_vec(),
        apply: |_, v| {
            let of_kind = GENERATED.iter().find(|(kind, ..)| *kind == v);
            let (_, _, printout) = of_kind.ok_or_else(|| {
                let kinds = GENERATED.map(|(kind, ..)| kind);
                let meant = nearest::question(v, kinds);
                format!("unknown kind '{v}'{meant} ({})", kinds.join(", "))
            })?;
            Ok(Some(Command::Print(*printout)))
        },
    },
    Flag {
        long: "help",
        short: Some('h'),
        value: None,
        help: "-h prints a short help, --help all of it",
        more: "",
        choices: NO_CHOICES,
        apply: |_, _| Ok(Some(Command::Print(Printout::Help))),
    },
    Flag {
        long: "version",
        short: Some('V'),
        value: None,
        help: "print the version",
        more: "",
        choices: NO_CHOICES,
        apply: |_, _| Ok(Some(Command::Print(Printout::Version))),
    },
];

/// The reason, the text, and a caret under the place.
fn caret(text: &str, mistake: &Mistake) -> String {
    let column = text[..mistake.at].chars().count();
    format!("{}\n  {text}\n  {}^", mistake.why, " ".repeat(column))
}

/// A mean rate in requests per second.
/// A host as referrers name it.
fn host(text: &str) -> Result<&str, String> {
    let bare = text.trim_start_matches("https://");
    let bare = bare.trim_start_matches("http://");
    let bare = bare.trim_start_matches("*.").trim_start_matches('.');
    let bare = bare.split('/').next().unwrap_or_default();
    if bare.is_empty() {
        return Err(format!("expected a host such as example.com, not '{text}'"));
    }
    if bare != text {
        return Err(format!(
            "only the host is named, and its subdomains are too: {bare}"
        ));
    }
    Ok(text)
}

fn rate(text: &str) -> Result<Threshold, String> {
    if text.starts_with('-') {
        return Err("a rate cannot be negative".to_owned());
    }
    match decimal(text) {
        None => Err("expected a number of requests per second such as 10 or 0.5".to_owned()),
        Some(0) => Err(
            "a threshold of 0 would always be exceeded; give a rate above 0, such as 0.1"
                .to_owned(),
        ),
        Some(billionths) => Ok(Threshold {
            billionths,
            unit: Unit::PerSecond,
        }),
    }
}

/// A number of threads.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=64) => Ok(threads),
        _ => Err(format!("expected a number from 1 to 64, not '{text}'")),
    }
}
