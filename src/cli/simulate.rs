//! The command line of `httpmon simulate`: its table of options, and its help.

use std::ffi::OsString;

use super::flag::{Flag, NO_CHOICES, span};
use super::parse::Grammar;
use super::{Command, Printout};
use crate::alert::measure::decimal;
use crate::error::Error;
use crate::format::{Choice, formats};
use crate::simulate::{Settings, Start, durations, rates, shares};
use crate::time::Span;

/// What the command is called: the first argument.
pub const NAME: &str = "simulate";

/// What it does, in one sentence.
pub const ABOUT: &str = "write a synthetic access log";

/// How to call it.
pub const USAGE: &[&str] = &[
    "httpmon simulate [OPTIONS] | httpmon --replay",
    "httpmon simulate --speed 60 [OPTIONS] | httpmon --interval 1m",
];

/// The longest that a line can be late, and that a start can be slow.
const HOUR: Span = Span(3600);
/// As fast as a log can run: a day in less than a tenth of a second.
const FASTEST: u128 = 1_000_000;

const BILLION: u128 = 1_000_000_000;

/// Every option, in the order of the help.
pub static FLAGS: &[Flag<Settings>] = &[
    Flag {
        long: "rates",
        short: None,
        value: Some("LIST"),
        help: "requests per second in each step (9,11,8)",
        more: "Decimal numbers separated by commas; 0 is a pause. A whole number gives exactly that many lines \
               in each second. Any other number spreads the lines evenly: line k of a step, counted from 0, \
               has the time floor(k / rate) seconds after the step begins, so that the step has rate times \
               duration lines, rounded up.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.rates = rates(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "durations",
        short: None,
        value: Some("LIST"),
        help: "how long each step is (150)",
        more: "Durations such as 150, 90s or 5m, separated by commas; a single one applies to all steps. From \
               1s to 366d.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.durations = durations(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "errors",
        short: None,
        value: Some("LIST"),
        help: "the share of each step that is answered with 5xx, in percent (0)",
        more: "Percentages such as 0,20,0; a single one applies to all steps. Exactly this share of the lines \
               of a step, rounded down, are errors, spread over the step. No other line has a 5xx.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.errors = shares(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "flood",
        short: None,
        value: Some("LIST"),
        help: "the share of each step that is sent by one client, in percent (0)",
        more: "Percentages, as for --errors. The client is 203.0.113.66, which sends nothing else; the rates do not \
               change.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.flood = shares(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "slow-start",
        short: None,
        value: Some("D"),
        help: "requests are slow for the first D of the log (0)",
        more: "As after a restart with cold caches: requests take ten times as long at first, and as long as \
               usual after D. This shows in formats that have durations, such as nginx_timed and json. From 0 \
               to 1h.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.slow_start = span(v, Span(0), HOUR)?.0.unsigned_abs();
            Ok(None)
        },
    },
    Flag {
        long: "disorder",
        short: None,
        value: Some("D"),
        help: "one line in eight comes up to D late (0)",
        more: "If httpmon reads the log with a --lateness of D or more, none of these lines is late. From 0 to \
               1h.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.disorder = span(v, Span(0), HOUR)?.0.unsigned_abs();
            Ok(None)
        },
    },
    Flag {
        long: "format",
        short: Some('f'),
        value: Some("F"),
        help: "the log format: a name, a LogFormat or a log_format (combined)",
        more: "Everything that httpmon --format takes, except auto and rollup. W3C logs and CSV begin with their header. \
               See httpmon-formats(7).",
        choices: || {
            formats()
                .filter(|format| Choice::Only(format).layout().is_some())
                .map(|format| (format.name, format.about))
                .collect()
        },
        apply: |s, v| {
            s.format = Choice::parse(v)?;
            Ok(None)
        },
    },
    Flag {
        long: "start",
        short: None,
        value: Some("T"),
        help: "when the log begins (2026-01-01; with --realtime or --speed, now)",
        more: "A date, or a time such as 2026-01-01T12:00:00+01:00; lines have the same offset, if the format \
               has one. From 1974 to 4999.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.start = Some(Start::parse(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "seed",
        short: None,
        value: Some("N"),
        help: "the seed of all random choices (1)",
        more: "The same seed and options give the same bytes on every machine; another seed gives other \
               clients, and another order of requests at the same rates.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.seed = v
                .parse()
                .map_err(|_| format!("'{v}' is not a whole number from 0 to 2^64 - 1"))?;
            Ok(None)
        },
    },
    Flag {
        long: "realtime",
        short: None,
        value: None,
        help: "write each line when it is due by the wall clock",
        more: "Without this option, all lines are written at once.",
        choices: NO_CHOICES,
        apply: |s, _| {
            s.speed = Some(BILLION as u64);
            Ok(None)
        },
    },
    Flag {
        long: "speed",
        short: None,
        value: Some("N"),
        help: "like --realtime, with time in the log N times as fast",
        more: "A decimal number up to 1000000. Such a log runs ahead of the wall clock; httpmon reads it like \
               any other, by the log's own time. But during a pause, httpmon's clock goes on no faster than \
               the wall clock, and not at all if the log is more than five minutes from now.",
        choices: NO_CHOICES,
        apply: |s, v| {
            s.speed = Some(speed(v)?);
            Ok(None)
        },
    },
    Flag {
        long: "help",
        short: Some('h'),
        value: None,
        help: "-h prints a short help, --help all of it",
        more: "",
        choices: NO_CHOICES,
        apply: |_, _| Ok(Some(Command::Print(Printout::SimulateHelp))),
    },
];

const GRAMMAR: Grammar<Settings> = Grammar {
    flags: FLAGS,
    short_help: Printout::SimulateShortHelp,
    name: "httpmon simulate",
    operand: |_, operand| {
        let operand = operand.to_string_lossy();
        Err(Error::new(format!(
            "simulate takes options only, not '{operand}' (to read a log file called simulate: httpmon ./simulate)"
        )))
    },
};

/// Reads the arguments after the name of the command.
///
/// # Errors
///
/// Names the option and the way out.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, Error> {
    let mut settings = Settings::default();
    let (instead, _) = GRAMMAR.read(&mut settings, args)?;
    Ok(instead.unwrap_or_else(|| Command::Simulate(Box::new(settings))))
}

fn speed(text: &str) -> Result<u64, String> {
    decimal(text)
        .filter(|speed| (1..=FASTEST * BILLION).contains(speed))
        .and_then(|speed| u64::try_from(speed).ok())
        .ok_or_else(|| format!("'{text}' is not a number above 0 and up to {FASTEST}, such as 60"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Result<Settings, String> {
        match parse(args.iter().map(OsString::from)) {
            Ok(Command::Simulate(settings)) => Ok(*settings),
            Ok(_) => Err("something to print".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn errors_name_the_option_and_the_way_out() {
        for (args, words) in [
            (&["--rates", ""][..], &["--rates", "9,11,8"][..]),
            (&["--rates", "9,,8"], &["--rates", "''", "0.5"]),
            (&["--rates", "-1"], &["--rates", "negative"]),
            (&["--rates", "1e9"], &["--rates", "'1e9'"]),
            (&["--rates", "1000000001"], &["--rates", "too large"]),
            (&["--durations", "0"], &["--durations", "too short"]),
            (&["--durations", "9,0"], &["--durations", "too short"]),
            (&["--durations", "367d"], &["--durations", "too long"]),
            (&["--errors", "101"], &["--errors", "from 0 to 100"]),
            (&["--errors", "-1"], &["--errors", "from 0 to 100"]),
            (&["--flood", "nan"], &["--flood", "from 0 to 100"]),
            (&["--disorder", "2h"], &["--disorder", "at most 1h"]),
            (&["--slow-start", "x"], &["--slow-start", "10s"]),
            (&["--format", "x"], &["--format", "combined"]),
            (&["--start", "yesterday"], &["--start", "2026-01-01"]),
            (&["--start", "2026-02-30"], &["--start", "2026-01-01"]),
            (&["--seed", "-1"], &["--seed", "whole number"]),
            (&["--speed", "0"], &["--speed", "above 0"]),
            (&["--speed", "inf"], &["--speed", "above 0"]),
            (&["--realtime=1"], &["--realtime", "simulate --help"]),
            (&["--nope"], &["--nope", "simulate --help"]),
            (&["access.log"], &["access.log", "options only"]),
        ] {
            let error = run(args).unwrap_err();
            super::super::flag::check_message(args, &error, words);
        }
    }

    #[test]
    fn every_option_has_one_name_and_every_choice_is_accepted() {
        super::super::flag::check(FLAGS);
    }

    #[test]
    fn the_last_of_realtime_and_speed_wins() {
        let speed = |args: &[&str]| run(args).unwrap().speed;
        assert_eq!(speed(&[]), None);
        assert_eq!(speed(&["--speed=0.5", "--realtime"]), Some(1_000_000_000));
        assert_eq!(speed(&["--realtime", "--speed=0.5"]), Some(500_000_000));
    }
}
