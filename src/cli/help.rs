//! The short and the long help of httpmon and of its command.

use std::fmt::Write;

use super::flag::Flag;
use super::flags::FLAGS;
use super::simulate;

/// What httpmon is, in one sentence.
pub const ABOUT: &str = "watch HTTP access logs: reports and alerts, live or from history";

/// How to call it.
pub const USAGE: &[&str] = &[
    "tail -F access.log | httpmon [OPTIONS]",
    "httpmon --replay [OPTIONS] [FILE]...",
    "httpmon simulate [OPTIONS]",
];

/// `-h`: one line an option.
pub fn short() -> String {
    head(ABOUT, USAGE) + &lines(FLAGS)
}

/// `--help`: everything about each option.
pub fn long() -> String {
    let mut out = head(ABOUT, USAGE) + &paragraphs(FLAGS);
    out.push_str("httpmon simulate --help explains the command that writes a log.\n");
    out.push_str(MORE);
    out
}

/// `httpmon simulate -h`.
pub fn short_of_simulate() -> String {
    head(simulate::ABOUT, simulate::USAGE) + &lines(simulate::FLAGS)
}

/// `httpmon simulate --help`.
pub fn long_of_simulate() -> String {
    head(simulate::ABOUT, simulate::USAGE) + &paragraphs(simulate::FLAGS) + MORE
}

/// Where the rest is.
const MORE: &str = "The man page, httpmon(1), has the rest: httpmon --generate man | man -l -\n";

/// A line for each option.
fn lines<O>(flags: &[Flag<O>]) -> String {
    let mut out = String::new();
    for flag in flags {
        writeln!(out, "  {:<24} {}", names(flag), flag.help).expect("a string takes every write");
    }
    out
}

/// Everything about each option.
fn paragraphs<O>(flags: &[Flag<O>]) -> String {
    let mut out = String::new();
    for flag in flags {
        writeln!(out, "  {}\n{}", names(flag), wrap(&sentence(flag.help), 8))
            .expect("a string takes every write");
        if !flag.more.is_empty() {
            writeln!(out, "{}", wrap(flag.more, 8)).expect("a string takes every write");
        }
        let choices = (flag.choices)();
        for (name, about) in &choices {
            writeln!(out, "{}", wrap(&format!("{name}: {about}"), 12))
                .expect("a string takes every write");
        }
        out.push('\n');
    }
    out
}

/// What is above the options.
fn head(about: &str, usage: &[&str]) -> String {
    let usage = usage.join("\n       ");
    format!(
        "httpmon {}: {about}\n\nusage: {usage}\n\noptions:\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// `-i, --interval D`
fn names<O>(flag: &Flag<O>) -> String {
    let short = flag
        .short
        .map_or("    ".to_owned(), |short| format!("-{short}, "));
    let value = flag
        .value
        .map_or(String::new(), |value| format!(" {value}"));
    format!("{short}--{}{value}", flag.long)
}

/// A help line as a sentence.
pub(super) fn sentence(help: &str) -> String {
    let mut chars = help.chars();
    let first = chars.next().map_or(String::new(), |c| {
        if help.starts_with('-') {
            c.to_string()
        } else {
            c.to_uppercase().to_string()
        }
    });
    let stop = if help.ends_with('…') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// `text` in lines of at most 79 columns, each after `indent` spaces.
fn wrap(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let columns = word.chars().count();
        if column == 0 || column + 1 + columns > 79 {
            if column > 0 {
                out.push('\n');
            }
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += columns;
    }
    out
}
