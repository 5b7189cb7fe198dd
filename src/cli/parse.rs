//! Arguments to a command, by the table of options.

use std::ffi::OsString;

use lexopt::Arg;

use super::config::{ArgumentsFile, Given, Origin};
use super::flag::Flag;
use super::flags::FLAGS;
use super::{Command, Options, Printout};
use crate::error::Error;
use crate::nearest::nearest;

/// Reads arguments: those of the arguments file first, so that the command line takes precedence. The file is not
/// read if the command line asks for a text to print, so that help is there even when the file is broken.
///
/// # Errors
///
/// Names the option and the way out, and the line if the option is in the file.
pub fn parse(
    file: impl FnOnce() -> Result<Option<ArgumentsFile>, Error>,
    args: impl Iterator<Item = OsString>,
) -> Result<Command, Error> {
    let args: Vec<OsString> = args.collect();
    let mut unused = Options::default();
    if let (Some(command), _) = GRAMMAR.read(&mut unused, args.iter().cloned())? {
        return Ok(command);
    }
    let mut options = Options::default();
    let file = file()?;
    let mut of_file = Vec::new();
    if let Some(file) = &file {
        let read = IN_FILE.read(&mut options, file.arguments());
        let (instead, given) =
            read.map_err(|refused| file.locate(refused.argument, &refused.error))?;
        if let Some(command) = instead {
            return Ok(command);
        }
        of_file = given;
        // The lists of the command line take their place.
        options.top_given = false;
    }
    // These are the same arguments as above, so there is no command among them.
    let (_, of_line) = GRAMMAR.read(&mut options, args.into_iter())?;
    options.origin = Origin::new(file, of_file, of_line);
    options
        .check()
        .map_err(|error| options.origin.locate(error))?;
    Ok(Command::Run(Box::new(options)))
}

const GRAMMAR: Grammar<Options> = Grammar {
    flags: FLAGS,
    short_help: Printout::ShortHelp,
    name: "httpmon",
    operand: |options, file| {
        options.files.push(file);
        Ok(())
    },
};

/// The arguments file's.
const IN_FILE: Grammar<Options> = Grammar {
    operand: |_, operand| {
        let operand = operand.to_string_lossy();
        Err(Error::new(format!(
            "the arguments file may only have options, not '{operand}' (put a value on the line of its option: --top=path)"
        )))
    },
    ..GRAMMAR
};

/// What was wrong, and the index of the argument.
pub(super) struct RefusedArgument {
    pub(super) argument: usize,
    pub(super) error: Error,
}

impl From<RefusedArgument> for Error {
    fn from(refused: RefusedArgument) -> Error {
        refused.error
    }
}

/// How the arguments of httpmon, or of one of its commands, are read.
pub(super) struct Grammar<O: 'static> {
    pub(super) flags: &'static [Flag<O>],
    /// What `-h` prints.
    pub(super) short_help: Printout,
    /// What is called on the command line.
    pub(super) name: &'static str,
    /// Takes an argument that is not an option.
    pub(super) operand: fn(&mut O, OsString) -> Result<(), Error>,
}

impl<O> Grammar<O> {
    /// Reads arguments into `options`. Returns what one of them asks to do instead of the run, if one does, and the
    /// options before it.
    pub(super) fn read(
        &self,
        options: &mut O,
        args: impl Iterator<Item = OsString>,
    ) -> Result<(Option<Command>, Vec<Given>), RefusedArgument> {
        let args: Vec<OsString> = args.collect();
        let all = args.len();
        let mut parser = lexopt::Parser::from_args(args);
        let (mut argument, mut given) = (0, Vec::new());
        let mut after_option = false;
        loop {
            // Within an argument of several short options there is no count of those left: it is still the same
            // argument.
            if let Some(left) = parser.try_raw_args() {
                argument = all - left.as_slice().len();
            }
            let refused = |error| RefusedArgument { argument, error };
            let before: Option<&Given> = given.last().filter(|_| after_option);
            let next = self.next(&mut parser, options, before).map_err(refused)?;
            after_option = matches!(next, NextArgument::Given(..));
            match next {
                NextArgument::End => return Ok((None, given)),
                NextArgument::Command(command) => return Ok((Some(command), given)),
                NextArgument::Operand => {}
                NextArgument::Given(option, value) => given.push(Given {
                    option,
                    value,
                    argument,
                }),
            }
        }
    }

    /// Reads the next argument, and its value. `before` is the option that it follows.
    fn next(
        &self,
        parser: &mut lexopt::Parser,
        options: &mut O,
        before: Option<&Given>,
    ) -> Result<NextArgument, Error> {
        let usage = |error: lexopt::Error| {
            Error::new(format!("{error} ({} --help lists the options)", self.name))
        };
        let Some(arg) = parser.next().map_err(usage)? else {
            return Ok(NextArgument::End);
        };
        let is_long = matches!(arg, Arg::Long(_));
        let typed = match arg {
            Arg::Long(name) => name.to_owned(),
            _ => String::new(),
        };
        let found = match arg {
            Arg::Value(operand) => {
                self.check_unit(&operand, before)?;
                return (self.operand)(options, operand).map(|()| NextArgument::Operand);
            }
            Arg::Short('h') => return Ok(NextArgument::Command(Command::Print(self.short_help))),
            Arg::Short(name) => self.flags.iter().find(|flag| flag.short == Some(name)),
            Arg::Long(name) => self.flags.iter().find(|flag| flag.long == name),
        };
        let Some(flag) = found else {
            let unexpected = arg.unexpected();
            let meant = self.meant(&typed);
            let meant = meant.map_or(String::new(), |meant| format!(", did you mean '{meant}'?"));
            return Err(Error::new(format!(
                "{unexpected}{meant} ({} --help lists the options)",
                self.name
            )));
        };
        let value = match flag.value {
            // An option that ends the reading would never be asked for its value again.
            None if is_long => match parser.optional_value() {
                None => String::new(),
                Some(value) => {
                    let option = format!("--{}", flag.long);
                    return Err(usage(lexopt::Error::UnexpectedValue { option, value }));
                }
            },
            None => String::new(),
            Some(_) => parser
                .value()
                .map_err(usage)?
                .into_string()
                .map_err(|bad| wrong(flag, &format!("{bad:?} is not UTF-8")))?,
        };
        let command = (flag.apply)(options, &value).map_err(|why| wrong(flag, &why))?;
        Ok(command.map_or(NextArgument::Given(flag.long, value), NextArgument::Command))
    }

    /// The option that is meant by a long one that there is not: one that takes the word as its value, or one whose name
    /// is near or begins like it.
    fn meant(&self, typed: &str) -> Option<String> {
        let takes = |flag: &&Flag<O>| (flag.choices)().iter().any(|(name, _)| *name == typed);
        let mut of_choices = OF_CHOICES.iter().filter_map(|option| {
            let flag = self.flags.iter().find(|flag| flag.long == *option);
            flag.filter(takes)
        });
        if let Some(flag) = of_choices.next() {
            return Some(format!("--{} {typed}", flag.long));
        }
        let names = || self.flags.iter().map(|flag| flag.long);
        let begins = || {
            let mut longer = names().filter(|name| typed.len() > 1 && name.starts_with(typed));
            longer.next().filter(|_| longer.next().is_none())
        };
        let name = nearest(typed, names()).or_else(begins)?;
        Some(format!("--{name}"))
    }

    /// Refuses a unit that stands behind the number of a duration, as in `--interval 10 min`, and a number of rows behind
    /// a dimension.
    fn check_unit(&self, operand: &OsString, before: Option<&Given>) -> Result<(), Error> {
        if let (Some(rows), Some(given)) = (operand.to_str(), before)
            && given.option == "top"
            && !given.value.ends_with(|last: char| last.is_ascii_digit())
            && !rows.is_empty()
            && rows.bytes().all(|b| b.is_ascii_digit())
        {
            let top = &given.value;
            return Err(Error::new(format!(
                "--top: a dimension and its rows are one word: --top {top}={rows}"
            )));
        }
        let is_number = |given: &&Given| given.value.bytes().all(|b| b.is_ascii_digit());
        let (Some(word), Some(given)) = (operand.to_str(), before.filter(is_number)) else {
            return Ok(());
        };
        let flag = self.flags.iter().find(|flag| flag.long == given.option);
        let flag = flag.filter(|flag| flag.value == Some("D"));
        let unit = UNITS.iter().find(|(_, names)| names.contains(&word));
        match (flag, unit) {
            (Some(flag), Some((unit, _))) => Err(wrong(
                flag,
                &format!(
                    "a number and its unit are one word: --{} {}{unit}",
                    flag.long, given.value
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// The options whose values are taken for options, first those that are meant more often.
const OF_CHOICES: [&str; 3] = ["report", "top", "format"];

/// What units of time are called.
const UNITS: [(&str, &[&str]); 4] = [
    ("s", &["s", "sec", "secs", "second", "seconds"]),
    ("m", &["m", "min", "mins", "minute", "minutes"]),
    ("h", &["h", "hr", "hrs", "hour", "hours"]),
    ("d", &["d", "day", "days"]),
];

/// What the next argument was.
enum NextArgument {
    /// There was none.
    End,
    /// What to do instead of the run.
    Command(Command),
    Operand,
    /// An option, and its value.
    Given(&'static str, String),
}

fn wrong<O>(flag: &Flag<O>, why: &str) -> Error {
    Error::new(format!("--{}: {why}", flag.long))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::time::Span;

    fn run(file: &[&str], args: &[&str]) -> Result<Options, String> {
        let file =
            || ArgumentsFile::new(Path::new("my.args"), file.join("\n").as_bytes()).map(Some);
        match parse(file, args.iter().map(OsString::from)) {
            Ok(Command::Run(options)) => Ok(*options),
            Ok(Command::Print(printout)) => Err(printout.text()),
            Ok(Command::Simulate(_)) => Err("no run".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_command_line_wins_over_the_arguments_file() {
        let options = run(
            &["--window=5m", "-t", "3"],
            &["-t20", "--replay", "a.log", "-"],
        )
        .unwrap();
        assert_eq!(
            (
                options.window,
                options.threshold.map(|threshold| threshold.value()),
                options.replay
            ),
            (Some(Span(300)), Some(20.0), true)
        );
        assert_eq!(options.files, ["a.log", "-"]);
    }

    #[test]
    fn a_mistake_in_the_arguments_file_is_reported_with_its_line() {
        let rule = "--alert=Errors: 5xx > 5% over 5m";
        for (file, args, want) in [
            (
                &["a.log"][..],
                &[][..],
                "my.args line 1: the arguments file",
            ),
            (&["#", "", "--foo"], &[], "my.args line 3: invalid option"),
            (&["-q", "-qix"], &[], "my.args line 2: --interval: "),
            (&["--replay", "--top=pth"], &[], "my.args line 2: --top: "),
            (&["--top", "pth", "-q"], &[], "my.args line 1: --top: "),
            (&["-v", "-w", "1d", "-i", "x"], &[], "my.args line 4: --int"),
            (&["-v", "--window"], &[], "my.args line 2: missing argument"),
            (&["-v", "--replay=x"], &[], "my.args line 2: unexpected"),
            (&["--alert=x"], &[], "my.args line 1: --alert: "),
            (&[rule, rule], &[], "my.args line 2: --alert: a second"),
            // If options do not go together, the message is about the one that must change.
            (&["", "--quiet"], &["-r", "html"], "my.args line 2: --quiet"),
            (
                &["-r", "csv", "-r", "csv"],
                &["--replay"],
                "my.args line 3: ",
            ),
            (&["-r", "csv"], &["--replay", "-r", "csv"], "--report csv: "),
            // A mistake on the command line is not one in the file.
            (&["--foo"], &["--bar"], "invalid option '--bar'"),
            (&["--top=path"], &["--top=pth"], "--top: "),
            (&[rule], &[rule], "--alert: a second"),
        ] {
            let error = run(file, args).unwrap_err();
            assert!(error.starts_with(want), "{file:?} {args:?}: {error}");
        }
    }

    #[test]
    fn of_several_values_the_one_that_is_named_is_reported() {
        let busy = "--alert=Busy: hits > 900 over 1m";
        let errors = "--alert=Errors: 5xx > 5% over 5m";
        let file = ["--mmdb=a", "--mmdb", "b", "--mmdb=ab", busy, errors];
        let options = run(&file, &["--mmdb=c"]).unwrap();
        let place = |why: &str| options.origin.locate(Error::new(why)).to_string();
        for (why, want) in [
            ("--mmdb: a: no such file", "my.args line 1: --mmdb: a: no"),
            ("--mmdb: b: no such file", "my.args line 2: --mmdb: b: no"),
            ("--mmdb: c: no such file", "--mmdb: c: no such file"),
            ("--alert: Busy: one too many", "my.args line 5: --alert: B"),
            ("--alert: one too many", "my.args line 6: --alert: one"),
            ("--mmdb: what is wrong", "--mmdb: what is wrong"),
            ("--top: what is wrong", "--top: what is wrong"),
            ("a: --mmdb", "a: --mmdb"),
        ] {
            assert!(place(why).starts_with(want), "{}", place(why));
        }
    }

    #[test]
    fn a_text_to_print_needs_no_arguments_file() {
        for (args, wanted) in [
            (&["-h"][..], Printout::ShortHelp),
            (&["--help"], Printout::Help),
            (&["-qV"], Printout::Version),
            (&["--generate=man"], Printout::Man),
            (&["--generate=man-rules"], Printout::ManRules),
        ] {
            let gone = || Err(Error::new("the file is gone"));
            match parse(gone, args.iter().map(OsString::from)) {
                Ok(Command::Print(printout)) => assert_eq!(printout, wanted, "{args:?}"),
                other => panic!("{args:?}: {other:?}"),
            }
        }
        let gone = || Err(Error::new("the file is gone"));
        assert!(parse(gone, std::iter::empty()).is_err());
    }

    #[test]
    fn errors_name_the_option_and_the_way_out() {
        for (args, words) in [
            (
                &["--interval", "0"][..],
                &["--interval", "too short", "1s"][..],
            ),
            (&["--interval", "-1"], &["--interval", "negative"]),
            (&["--interval", "x"], &["--interval", "10s"]),
            (&["-w", "8d"], &["--window", "at most 7d"]),
            (&["-t", "0"], &["--threshold", "0.1"]),
            (&["-t", "-5"], &["--threshold", "negative"]),
            (&["-t", "inf"], &["--threshold", "such as 10"]),
            (&["--format", "x"], &["--format", "combined"]),
            (&["--tz", "Mars/Base"], &["--tz", "Europe/Berlin"]),
            (&["--report", "xml"], &["--report", "text, json"]),
            (&["--top", "x"], &["--top", "section"]),
            (&["--color", "x"], &["--color", "auto"]),
            (&["--replay=x"], &["--replay", "httpmon --help"]),
            (&["--version=x"], &["--version", "httpmon --help"]),
            (&["--nope"], &["--nope", "httpmon --help"]),
            (&["--replya"], &["'--replya', did you mean '--replay'?"]),
            (&["--own", ""], &["--own", "a host such as example.com"]),
            (
                &["--own", "https://www.example.com/"],
                &["subdomains are too: www.example.com"],
            ),
            (&["--own", "*.example.com"], &["are too: example.com"]),
            (&["--out"], &["did you mean '--output'?"]),
            (&["--json"], &["did you mean '--report json'?"]),
            (&["--status=500"], &["did you mean '--top status'?"]),
            (&["--top", "10"], &["did you mean 'path=10'?"]),
            (&["--top", "path", "10"], &["one word: --top path=10"]),
            (&["--top", "path:10"], &["did you mean 'path=10'?"]),
            (&["--top", "ip"], &["'ip', did you mean 'client'?"]),
            (&["--top", "sections"], &["did you mean 'section'?"]),
            (&["--where", "url=/a"], &["did you mean 'path'?"]),
            (&["--where", "latency>2s"], &["mean 'duration'?"]),
            (&["--report", "jsno"], &["did you mean 'json'?"]),
            (&["--format", "combind"], &["did you mean 'combined'?"]),
            (&["--alert", "a: hit > 1"], &["did you mean 'hits'?"]),
            (&["--alert", "a: hits > 1 ovr 5m"], &["mean 'over'?"]),
            (&["--alert", "a: hits > 1 by ip"], &["mean 'client'?"]),
            (&["--interval", "10", "min"], &["--interval 10m"]),
            (&["-w5", "hours", "a.log"], &["--window 5h"]),
            (&["--where", "status=200&path=/a"], &["'and'", "'&'"]),
            (&["--where", "path=/a,status=200"], &["'and'", "','"]),
            (&["--where", "path=/a||path=/b"], &["'or'", "'||'"]),
            (&["--where", "status=200 && path=/a"], &["'and'", "'&&'"]),
            (&["--where", "method=post"], &["method=POST"]),
            (&["--where", "path==/a"], &["'='", "'=='"]),
            (&["--where", "agent=~bot"], &["'~'", "'=~'"]),
            (&["--where", "status"], &["operator", "quotes"]),
            (&["-x"], &["-x", "httpmon --help"]),
            (&["--window"], &["--window", "httpmon --help"]),
        ] {
            let error = run(&[], args).unwrap_err();
            super::super::flag::check_message(args, &error, words);
        }
    }

    #[test]
    fn a_word_that_is_no_stray_unit_is_a_file() {
        for args in [
            &["--interval", "10m", "min"][..],
            &["--threshold", "10", "m"],
            &["--interval", "10", "-q", "m"],
            &["--interval", "10", "a.log", "m"],
            &["--interval", "10", "./m"],
        ] {
            assert!(run(&[], args).is_ok(), "{args:?}");
        }
    }

    #[test]
    fn expressions_are_joined_and_lists_add_up() {
        let args = [
            "--top=path",
            "--where",
            "status=200",
            "--where=path=/a",
            "--top=status",
        ];
        let options = run(&["--where=method=GET", "--top=host"], &args).unwrap();
        assert_eq!(options.expressions, ["method=GET", "status=200", "path=/a"]);
        let names: Vec<_> = options.top.iter().map(|top| top.dimension.name).collect();
        assert_eq!(names, ["path", "status"]);
    }

    #[test]
    fn every_option_has_one_name_and_every_choice_is_accepted() {
        super::super::flag::check(FLAGS);
    }
}
