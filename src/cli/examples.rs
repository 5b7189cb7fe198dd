//! The examples of the man page: commands to copy, each of which runs in the tests.

use crate::error::{EXIT_ALERT, EXIT_OK};

/// A command worth copying.
#[derive(Debug)]
pub struct Example {
    /// What it is for, as a sentence.
    pub about: &'static str,
    /// The command, for `sh`.
    pub command: &'static str,
    /// How it exits on a log with an alert in it, as in the tests.
    pub status: u8,
}

/// Every example, the most common first.
pub static EXAMPLES: &[Example] = &[
    Example {
        about: "Watch a log: a report every ten seconds, alerts as they happen.",
        command: "tail -F access.log | httpmon",
        status: EXIT_OK,
    },
    Example {
        about: "Watch several logs, and count by file too: tail writes headers that name the source.",
        command: "tail -F access.log access.log.1 | httpmon --top section,client,source",
        status: EXIT_OK,
    },
    Example {
        about: "Watch a log on another machine.",
        command: "ssh web1 tail -F /var/log/nginx/access.log | httpmon",
        status: EXIT_OK,
    },
    Example {
        about: "Watch a service that logs to the journal.",
        command: "journalctl -o cat -fu nginx | httpmon",
        status: EXIT_OK,
    },
    Example {
        about: "Watch a container that logs to standard output.",
        command: "docker logs -f --since 1m web 2>/dev/null | httpmon",
        status: EXIT_OK,
    },
    Example {
        about: "Read history: every alert that would have fired, then a summary.",
        command: "httpmon --replay access.log.1",
        status: EXIT_OK,
    },
    Example {
        about: "Read rotated logs in any order, compressed or not, with a report for every hour.",
        command: "httpmon --replay --interval 1h access.log.1 access.log.2.gz",
        status: EXIT_OK,
    },
    Example {
        about: "List more: twenty paths, ten user agents, the status codes.",
        command: "httpmon --replay --top path=20,agent=10,status access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Read your own format: copy the string from the configuration of Apache or nginx.",
        command: r#"httpmon --replay --format '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"' access.log"#,
        status: EXIT_OK,
    },
    Example {
        about: "Look for short bursts: more than 15 requests per second over ten seconds.",
        command: "httpmon --replay --quiet --threshold 15 --window 10s access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Write alerts as JSON, for another program.",
        command: r#"httpmon --replay --report json access.log | jq -c 'select(.type == "alert")'"#,
        status: EXIT_OK,
    },
    Example {
        about: "Look at a part of the log: failed requests to one section.",
        command: "httpmon --replay --where 'section=/api and status>=500' access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Show the lines themselves: the errors of one section.",
        command: "httpmon --report lines --where 'section=/api and status>=500' access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Show the lines behind an alert.",
        command: "httpmon --report lines --alert 'Errors: 5xx > 5% over 2m min 100' --during Errors access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Look at two minutes of the log, on its first day.",
        command: "httpmon --replay --since 09:03 --until 09:05 access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Find what needs maintenance: paths that do not exist, and paths that fail.",
        command: "httpmon --replay --top not-found,failing access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Use your own rules: a share of errors, and an alert for each client that gets many 503s.",
        command: "tail -F access.log | httpmon --quiet --alert 'Errors: 5xx > 5% over 2m min 100 keep 5m' --alert 'Overloaded: 503 > 20 over 1m by client keep 5m'",
        status: EXIT_OK,
    },
    Example {
        about: "Notify someone: run a program when an alert fires and when it is over.",
        command: "tail -F access.log | httpmon --quiet --alert 'Errors: 5xx > 5% over 2m min 100 keep 5m' --on-alert ./notify",
        status: EXIT_OK,
    },
    Example {
        about: "Watch a deploy for five minutes. Exits 0 if all was calm, 1 if an alert fired, 3 if no request was logged.",
        command: "timeout 300 tail -n 0 -F access.log | httpmon --quiet --exit-code --alert 'Errors: 5xx > 5% over 5m min 100 keep 5m'",
        status: EXIT_ALERT,
    },
    Example {
        about: "Mail yesterday's summary, from cron.",
        command: "httpmon --replay --tz local access.log.1 | mail -s 'web1 yesterday' ops@example.com",
        status: EXIT_OK,
    },
    Example {
        about: "Mail yesterday's report with charts, from cron: a message in text and HTML.",
        command: "{ echo 'To: ops@example.com'; httpmon --replay --tz local --report email access.log.1; } | sendmail -i -t",
        status: EXIT_OK,
    },
    Example {
        about: "Make a page for a browser.",
        command: "httpmon --replay --report html --output yesterday.html --top section=10,client=10,path=10,status access.log.1",
        status: EXIT_OK,
    },
    Example {
        about: "Keep a page about a live log up to date, in a folder of a web server.",
        command: "tail -F access.log | httpmon --interval 1m --report html --output status.html",
        status: EXIT_OK,
    },
    Example {
        about: "Write requests and errors by the hour, for a spreadsheet.",
        command: "httpmon --replay --interval 1h --report csv --output hours.csv access.log",
        status: EXIT_OK,
    },
    Example {
        about: "Write metrics for Prometheus, in the folder of node_exporter's textfile collector.",
        command: "tail -n 0 -F access.log | httpmon --report openmetrics --output httpmon.prom",
        status: EXIT_OK,
    },
    Example {
        about: "See httpmon at work without a log at hand: a minute of flood, with errors.",
        command: "httpmon simulate --rates 6,30,6 --durations 2m,1m,4m --errors 0,25,0 --flood 0,80,0 | httpmon --replay --threshold 10 --alert 'Errors: 5xx > 5% over 1m min 100 keep 1m'",
        status: EXIT_OK,
    },
    Example {
        about: "Read this page without installing it.",
        command: "httpmon --generate man | man -l -",
        status: EXIT_OK,
    },
];
