//! What an option is: a row in the table of httpmon, [`FLAGS`](super::flags::FLAGS), or in that of a command.

use super::{Command, Options};
use crate::time::Span;

/// An option of httpmon or of one of its commands, whose options are an `O`.
#[derive(Debug)]
pub struct Flag<O: 'static = Options> {
    /// The long name, without dashes.
    pub long: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// What its value is called; `None` for a switch.
    pub value: Option<&'static str>,
    /// One line, for the short help and the completions.
    pub help: &'static str,
    /// Everything else, for the long help and the man page.
    pub more: &'static str,
    /// The values that it takes and what each means, for the completions and the texts.
    pub choices: fn() -> Vec<(&'static str, &'static str)>,
    /// Changes the options, or returns what to do instead of the run. The value is empty for a switch. The error says
    /// what is wrong with the value.
    pub apply: fn(&mut O, &str) -> Result<Option<Command>, String>,
}

/// For an option whose values cannot be listed, or that takes none.
pub(super) const NO_CHOICES: fn() -> Vec<(&'static str, &'static str)> = Vec::new;

/// A duration between two bounds.
pub(super) fn span(text: &str, least: Span, most: Span) -> Result<Span, String> {
    let span = Span::parse(text)?;
    if span < least {
        return Err(format!("'{text}' is too short; at least {least}"));
    }
    if span > most {
        return Err(format!("'{text}' is too long; at most {most}"));
    }
    Ok(span)
}

/// Checks that every option of a table has its own name and takes every value that it offers.
#[cfg(test)]
pub(super) fn check<O: Default>(flags: &[Flag<O>]) {
    for (i, flag) in flags.iter().enumerate() {
        assert!(
            flags[..i].iter().all(|other| other.long != flag.long
                && (flag.short.is_none() || other.short != flag.short))
        );
        for (choice, _) in (flag.choices)() {
            let done = (flag.apply)(&mut O::default(), choice);
            assert!(done.is_ok(), "--{} {choice}", flag.long);
        }
    }
}

/// Checks that a message about these arguments has all of these words, and no full stop, since more may follow it.
#[cfg(test)]
pub(super) fn check_message(args: &[&str], message: &str, words: &[&str]) {
    let has_all = words.iter().all(|word| message.contains(word));
    assert!(has_all, "{args:?}: {message}");
    assert!(!message.ends_with('.'), "{message}");
}
