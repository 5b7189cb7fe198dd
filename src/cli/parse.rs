//! Arguments to a command, by the table of options.

use std::ffi::OsString;

use lexopt::Arg;

use super::flag::Flag;
use super::flags::FLAGS;
use super::{Command, Options, help};
use crate::error::Error;

/// Reads arguments: those of the arguments file first, so that the command line wins.
///
/// # Errors
///
/// Names the option and the way out.
pub fn parse(
    config: Vec<OsString>,
    args: impl Iterator<Item = OsString>,
) -> Result<Command, Error> {
    let mut options = Options::default();
    if let Some(command) = GRAMMAR.read(&mut options, config.into_iter())? {
        return Ok(command);
    }
    if let Some(file) = options.files.first() {
        let file = file.to_string_lossy();
        return Err(Error::new(format!(
            "the arguments file may hold options only, not '{file}' (a value goes on its option's line: --top=path)"
        )));
    }
    if let Some(command) = GRAMMAR.read(&mut options, args)? {
        return Ok(command);
    }
    options.check()?;
    Ok(Command::Run(Box::new(options)))
}

const GRAMMAR: Grammar<Options> = Grammar {
    flags: FLAGS,
    help: help::short,
    name: "httpmon",
    operand: |options, file| {
        options.files.push(file);
        Ok(())
    },
};

/// How the arguments of httpmon, or of one of its commands, are read.
pub(super) struct Grammar<O: 'static> {
    pub(super) flags: &'static [Flag<O>],
    /// What `-h` prints.
    pub(super) help: fn() -> String,
    /// What is called.
    pub(super) name: &'static str,
    /// Takes what is no option.
    pub(super) operand: fn(&mut O, OsString) -> Result<(), Error>,
}

impl<O> Grammar<O> {
    /// Reads arguments into `options`; returns what one of them asks to do instead of the run.
    pub(super) fn read(
        &self,
        options: &mut O,
        args: impl Iterator<Item = OsString>,
    ) -> Result<Option<Command>, Error> {
        let mut parser = lexopt::Parser::from_args(args);
        let usage = |error: lexopt::Error| {
            Error::new(format!("{error} ({} --help lists the options)", self.name))
        };
        while let Some(arg) = parser.next().map_err(usage)? {
            let is_long = matches!(arg, Arg::Long(_));
            let found = match arg {
                Arg::Value(operand) => {
                    (self.operand)(options, operand)?;
                    continue;
                }
                Arg::Short('h') => return Ok(Some(Command::Print((self.help)()))),
                Arg::Short(name) => self.flags.iter().find(|flag| flag.short == Some(name)),
                Arg::Long(name) => self.flags.iter().find(|flag| flag.long == name),
            };
            let Some(flag) = found else {
                return Err(usage(arg.unexpected()));
            };
            let value = match flag.value {
                // One that ends the reading would never be asked about its value again.
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
            if let Some(command) = (flag.apply)(options, &value).map_err(|why| wrong(flag, &why))? {
                return Ok(Some(command));
            }
        }
        Ok(None)
    }
}

fn wrong<O>(flag: &Flag<O>, why: &str) -> Error {
    Error::new(format!("--{}: {why}", flag.long))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn run(config: &[&str], args: &[&str]) -> Result<Options, String> {
        let os = |args: &[&str]| args.iter().map(OsString::from).collect::<Vec<_>>();
        match parse(os(config), os(args).into_iter()) {
            Ok(Command::Run(options)) => Ok(*options),
            Ok(Command::Print(text)) => Err(text),
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
        assert!(run(&["a.log"], &[]).unwrap_err().contains("options only"));
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
            (&["-x"], &["-x", "httpmon --help"]),
            (&["--window"], &["--window", "httpmon --help"]),
        ] {
            let error = run(&[], args).unwrap_err();
            assert!(
                words.iter().all(|word| error.contains(word)),
                "{args:?}: {error}"
            );
            assert!(!error.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn every_option_has_one_name_and_every_choice_is_accepted() {
        super::super::flag::check(FLAGS);
    }
}
