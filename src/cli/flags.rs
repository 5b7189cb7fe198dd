//! The one table of options, and how the values that only it takes are read.

use super::flag::{Flag, NO_CHOICES, span};
use super::{Color, Command, Printout};
use crate::alert::measure::{Threshold, decimal};
use crate::alert::syntax::{self, Spec};
use crate::filter::period::Moment;
use crate::filter::{Filter, Mistake};
use crate::format::{Choice, EventTime, Proxies, formats};
use crate::quantity::Unit;
use crate::render::OUTPUTS;
use crate::stats::dimension::{DIMENSIONS, parse_top};
use crate::time::{Span, Zone};

/// The longest window and lateness: a week of seconds.
const WEEK: Span = Span(7 * 86_400);
/// The longest interval and idle time.
const YEAR: Span = Span(366 * 86_400);

/// Every option, in the order of the help.
pub static FLAGS: &[Flag] = &[
    Flag {
        long: "replay",
        short: None,
        value: None,
        help: "read history: alerts and a closing summary, no wall clock",
        more: "The result depends on the input alone, however fast or slow it comes. Periodic reports are \
               written only if --interval is given. Of regular files that take longer than a second, a \
               terminal at standard error shows the progress.",
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
        more: "Windows are aligned to multiples of D on the log's own clock: 1m reports on whole minutes, 1d on \
               days. A report is written once its last second is closed, which is --lateness after its end.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.interval = Some(span(v, Span::SECOND, YEAR)?);
            Ok(None)
        },
    },
    Flag {
        long: "threshold",
        short: Some('t'),
        value: Some("N"),
        help: "mean requests per second above which traffic is high (10)",
        more: "A decimal number. An alert fires when the hits in the window exceed N times its seconds, and is \
               over when they are below; at exactly that number the state stays.",
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
        help: "the sliding window of that mean (2m)",
        more: "From 1s to 7d.",
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
        more: "For example 'Server errors: 5xx > 5% over 5m min 100'. The traffic rule of --threshold stands when \
               no --alert is given, or when --threshold or --window is. See ALERT RULES.",
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
            Ok(None)
        },
    },
    Flag {
        long: "lateness",
        short: None,
        value: Some("D"),
        help: "how long to wait for lines out of order (5s, with --replay 1m)",
        more: "A second is closed once it is older than the newest by more than D; what comes for it afterwards \
               is counted as late and changes nothing that was written. 0 to 7d.",
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
        help: "how long a live source may hold back the others (1m)",
        more: "Live, with several files or pipes: a second is closed once all of them are past it. One that is more than \
               D behind the foremost is not waited for any longer; what comes of it then is late, and reports say how \
               far it is behind. 0 to 7d.",
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
        help: "what places a request in time: its end, or the stamp (end)",
        more: "Many servers stamp a line with the time at which the request ended, others with the time at which it \
               began: Apache, HAProxy, Envoy, Traefik, uWSGI, S3. With end, the duration is added to such a stamp \
               where the line has one, so that a request that hangs counts in the second in which it fails. With \
               stamp, every stamp is taken as it stands. See LOG FORMATS.",
        choices: || {
            vec![
                ("end", "the end of the request"),
                ("stamp", "the stamp as it stands"),
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
        help: "auto, a name, a LogFormat or a log_format (auto)",
        more: "auto recognises each line by its shape, also where a stream mixes formats. A name insists: a line \
               in another format is counted as unparsed. Anything else is a format string, pasted from the \
               server's configuration, or json: field=key ... for the keys of a JSON log. See LOG FORMATS.",
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
        help: "logged, or forwarded: as proxies hand it on (logged)",
        more: "forwarded takes the client from X-Forwarded-For where a line has it, behind the agent of combined \
               too: from its end, the first address that is not in --trusted. It is off by default, since a \
               client that reaches the server directly can write that header itself: use it where every \
               request comes through your own proxies.",
        choices: || {
            vec![
                ("logged", "the address that the log gives as the client"),
                (
                    "forwarded",
                    "the first address of X-Forwarded-For that is no proxy, from its end",
                ),
            ]
        },
        apply: |o, v| {
            o.forwarded = match v {
                "logged" => false,
                "forwarded" => true,
                _ => return Err(format!("'{v}' is neither logged nor forwarded")),
            };
            Ok(None)
        },
    },
    Flag {
        long: "trusted",
        short: None,
        value: Some("NET"),
        help: "the proxies of --client forwarded (private networks)",
        more: "Networks and addresses with commas between, such as 10.0.0.0/8,2001:db8::/32. Without it, \
               private, shared, link-local and loopback addresses are those of proxies.",
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
        help: "the zone of times in the log that have no offset (UTC)",
        more: "UTC, local, or an IANA name such as Europe/Berlin. Times with an offset are not affected.",
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
        more: "UTC, local, or an IANA name. It changes what is shown and where intervals begin, never what is counted.",
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
        help: "dimensions to list, and how many rows (section=5,client=5)",
        more: "A list such as section=10,client,path=3, separated by commas; without a number, five rows. \
               See DIMENSIONS.",
        choices: || {
            DIMENSIONS
                .iter()
                .map(|dimension| (dimension.name, dimension.about))
                .collect()
        },
        apply: |o, v| {
            o.top = parse_top(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "mmdb",
        short: None,
        value: Some("FILE"),
        help: "a database of networks or countries; may be given several times",
        more: "A file in the MaxMind DB format, such as GeoLite2-ASN.mmdb or GeoLite2-Country.mmdb, for the \
               dimensions asn and country. It is read into memory. Of several the first that knows something of an \
               address is believed; an address that none knows has no asn and no country.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.mmdb.push(v.into());
            Ok(None)
        },
    },
    Flag {
        long: "where",
        short: None,
        value: Some("EXPR"),
        help: "count only records that match",
        more: "Comparisons such as section=/api, status>=500, path~/img/*.png or client=10.0.0.0/8, joined by \
               and, or, not and parentheses. What is left out is counted as filtered and still moves the clock. \
               See EXPRESSIONS.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.filter = Some(Filter::parse(v).map_err(|mistake| caret(v, &mistake))?);
            Ok(None)
        },
    },
    Flag {
        long: "since",
        short: None,
        value: Some("T"),
        help: "count only records from T on",
        more: "A time such as 2026-11-20T09:30:00Z; a date, or a date and a time, in the zone shown \
               (2026-11-20, '2026-11-20 09:30'); a time of the log's day, which is that of its first record \
               (09:30); today, yesterday, or a day of the week, the last one of that name, each from its midnight \
               in the zone shown; or -2h: live, back from now, and in replay of regular files back from the newest \
               record, for which they are read once more. What lies outside is counted as filtered and still moves \
               the clock; but no rule is looked at, and no report written, for a second before T.",
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
        more: "As --since; the second T is not counted, and a date is its beginning. Where the log ends before T, \
               the seconds up to T are closed as empty ones: an alert that would be over by then is.",
        choices: NO_CHOICES,
        apply: |o, v| {
            o.until = Some(Moment::parse(v)?);
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
            o.report = found.ok_or_else(|| format!("unknown output '{v}' ({})", names()))?;
            Ok(None)
        },
    },
    Flag {
        long: "output",
        short: Some('o'),
        value: Some("FILE"),
        help: "write to FILE instead of standard output",
        more: "text, json and csv are written as they come: with --replay from the beginning of FILE, live behind what it \
               holds. When FILE is renamed meanwhile, a new one is begun. html, email and openmetrics are written as \
               a whole to a new file beside it, which then takes its name: with every report, and at the end. \
               Live, a file that cannot be written is named once and tried again. See OUTPUT.",
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
        help: "on a terminal: one screen, painted anew, instead of reports",
        more: "Traffic as a graph, status classes, the top of a dimension, and every alert of the run. Keys come from \
               the terminal, also while standard input is the log. When it ends, the summary is written as usual. \
               With --output, that file is written as without. See DASHBOARD.",
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
        help: "when to colour (auto)",
        more: "auto colours where standard output is a terminal, and honours NO_COLOR, CLICOLOR, CLICOLOR_FORCE \
               and TERM=dumb. Colour brings bars and a sparkline with it, fitted to the width of the terminal.",
        choices: || {
            vec![
                ("auto", "on a terminal"),
                ("always", "in any case"),
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
        more: "Without a shell and without arguments: the alert as JSON is on its standard input, and HTTPMON_STATE, \
               HTTPMON_RULE and HTTPMON_AT are in its environment. One at a time, for 30 seconds at most; what it \
               prints goes to standard error. Reading never waits for it. See NOTIFICATIONS.",
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
        more: "History is not news: without this, --replay tells nobody.",
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
        help: "exit 1 if an alert fired, 3 if no record could be read",
        more: "For scripts: a check must not pass on an empty or foreign log. See EXIT STATUS.",
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
        more: "No line is lost when a file is renamed, or copied and emptied: the old one is read until nothing has \
               been written to it for ten seconds, and what stood in one that was emptied is read from its copy. The \
               rotated files beside it are read first: see --history. What lies before the start is history: rules \
               and the summary know it, and nothing is told of it but the alerts that still fire.",
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
        help: "with --follow: how far back rotated files are read first (auto)",
        more: "Rotated files that were written to within D, such as access.log.1 and access.log.2.gz, and then the \
               whole of FILE. auto is as far back as the rules look. 0 begins at the end of FILE.",
        choices: || vec![("auto", "as far as the rules look")],
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
        help: "live: keep in FILE what was told, so that a restart does not tell it again",
        more: "What rules must remember stands in the log: read it back, with --follow, or on a pipe from further back. \
               FILE says up to which second reports and alerts were written, which alerts fire, and which programs of \
               --on-alert were begun and have not ended: those are run once more, with HTTPMON_AGAIN=1. Without FILE \
               yet, what lies before the start is history: nothing is told of it but the alerts that still fire. One \
               that is damaged is moved to FILE.damaged.",
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
        more: "The input is taken to have ended: what is open is closed and the summary is written. It has no \
               effect with --replay, which never looks at a clock.",
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
        more: "Up to 64; all cores are eight at most. It changes how long it takes and nothing else. Pipes are read by one, since the \
               program that writes needs the other; so is a live log, and a run with --verbose.",
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
        more: "What could not be read is still said on standard error.",
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
        more: "Each one once, with the line that it was first seen on.",
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
        help: "print the man page or the completions of a shell",
        more: "",
        choices: || {
            vec![
                ("man", "the man page"),
                ("complete-bash", "completions for bash"),
                ("complete-zsh", "completions for zsh"),
                ("complete-fish", "completions for fish"),
            ]
        },
        apply: |_, v| {
            Ok(Some(Command::Print(match v {
                "man" => Printout::Man,
                "complete-bash" => Printout::Bash,
                "complete-zsh" => Printout::Zsh,
                "complete-fish" => Printout::Fish,
                _ => {
                    return Err(format!(
                        "unknown kind '{v}' (man, complete-bash, complete-zsh, complete-fish)"
                    ));
                }
            })))
        },
    },
    Flag {
        long: "help",
        short: Some('h'),
        value: None,
        help: "-h prints this, --help more",
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
fn rate(text: &str) -> Result<Threshold, String> {
    if text.starts_with('-') {
        return Err("a rate cannot be negative".to_owned());
    }
    match decimal(text) {
        None => Err("expected a number of requests per second such as 10 or 0.5".to_owned()),
        Some(0) => Err(
            "a threshold of 0 would always be passed; give a rate above it, such as 0.1".to_owned(),
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
